//! Every page as a person meets it, written as a file for a browser to look at (`gateway/tests/clients/node/pages.mjs`).

mod accounts;

use super::*;
use std::fs;
use std::path::Path;

const PERSON: &str = "ada.lovelace@example.com";

#[test]
fn every_page_is_written_for_a_browser_to_look_at() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/pages");
    for lang in ["en", "de"] {
        let look = BRAND.look(Some(lang));
        // A page that is no more would be looked at for ever.
        let _ = fs::remove_dir_all(folder.join(lang));
        fs::create_dir_all(folder.join(lang)).unwrap();
        for (name, page) in gallery(&look) {
            assert!(page.contains(&format!("<html lang=\"{lang}\"")), "{name}");
            assert!(page.len() < 24 * 1024, "{name} has {} bytes", page.len());
            fs::write(folder.join(lang).join(format!("{name}.html")), page).unwrap();
        }
    }
    fs::write(folder.join("style-source.txt"), BRAND.style_source()).unwrap();
    fs::write(folder.join("script-source.txt"), crate::brand::hash_source(POPUP_SCRIPT)).unwrap();
}

/// Stands for the script of the last page of a sign-in in a window.
const POPUP_SCRIPT: &str = "document.documentElement.dataset.told = 'yes';";

const OFFER: PasskeyOffer<'static> = PasskeyOffer { endpoint: "/.doorward/passkey", token: "form-token" };

fn gallery(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let mut pages = signing_in(look);
    pages.extend(second_steps(look));
    pages.extend(of_clients(look));
    pages.extend(accounts::own(look));
    pages.extend(accounts::links(look));
    pages.extend(of_a_person(look));
    pages.extend(of_trouble(look));
    pages
}

fn signing_in(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let providers = [
        ProviderButton { name: "company", label: "Example Company" },
        ProviderButton { name: "github", label: "GitHub" },
    ];
    let all = Ways {
        password: true,
        email_code: Some("mail"),
        passkey: Some(OFFER),
        providers: &providers,
        forgotten: Some("/.doorward/invitation?forgotten"),
    };
    let page = |ways| LoginPage { ways, ..login_page() };
    let wrong = Some(LoginProblem::WrongPassword);
    vec![
        ("login", login(look, &page(Ways { password: true, ..Ways::default() }))),
        ("login-all", login(look, &LoginPage { client: Some("Claude Code"), ..page(all) })),
        ("login-wrong", login(look, &LoginPage { username: PERSON, problem: wrong, ..page(all) })),
        ("login-providers", login(look, &page(Ways { providers: &providers, ..Ways::default() }))),
        ("login-code", login(look, &page(Ways { email_code: Some("mail"), ..Ways::default() }))),
        (
            "login-stronger",
            login(
                look,
                &LoginPage {
                    notice: Some(LoginNotice::Stronger),
                    app: None,
                    ..page(Ways { password: true, ..Ways::default() })
                },
            ),
        ),
    ]
}

/// What follows a password or an address, and ends a sign-in.
fn second_steps(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let second = SecondFactorPage {
        person: PERSON,
        action: "/.doorward/login",
        form_token: "form-token",
        totp: true,
        recovery: true,
        passkey: Some(OFFER),
        problem: None,
        start_over: "/.doorward/login",
    };
    let mailed = EmailCodePage {
        address: PERSON,
        lifetime: Duration::from_secs(600),
        action: "/.doorward/login",
        form_token: "form-token",
        problem: None,
        sent_again: false,
        start_over: "/.doorward/login",
    };
    vec![
        ("second-factor", second_factor(look, &second)),
        (
            "second-factor-wrong",
            second_factor(look, &SecondFactorPage { problem: Some(CodeProblem::Wrong), passkey: None, ..second }),
        ),
        ("email-code", email_code(look, &mailed)),
        (
            "email-code-again",
            email_code(look, &EmailCodePage { sent_again: true, problem: Some(CodeProblem::Wrong), ..mailed }),
        ),
        ("popup", popup(look, &PopupPage { app: "Team wiki", script: POPUP_SCRIPT })),
    ]
}

fn of_clients(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let line = |name, description, optional| ScopeLine { name, description, includes: Vec::new(), optional };
    let scopes = [
        line("access", "Use the app as you", false),
        ScopeLine { includes: vec!["See pages"], ..line("wiki:write", "Change pages", true) },
        line("wiki:history", "See who changed what", true),
    ];
    let agent = ConsentPage { person: PERSON, scopes: &scopes, ..consent_page() };
    let known = ConsentPage {
        vouched_by: VouchedBy::Pinned { host: "claude.ai" },
        redirect_host: Some("claude.ai"),
        loopback: false,
        first_seen: Some("2026-03-03"),
        ..agent
    };
    let line = DeviceLine {
        user_code: "WDJB-MJHT",
        from: "198.51.100.7",
        elsewhere: Some("203.0.113.1"),
        ago: Duration::from_secs(40),
    };
    let waiting =
        ConsentPage { redirect_host: None, loopback: false, device: Some(line), without_refresh: None, ..agent };
    let code =
        DevicePage { user_code: "WDJB-MJHT", action: "/.doorward/device", form_token: "form-token", problem: None };
    let done = DeviceDonePage { allowed: true, app: "Team wiki", connected: "/.doorward/connected" };
    vec![
        ("consent", consent(look, &agent)),
        ("consent-known", consent(look, &known)),
        ("consent-nothing-ticked", consent(look, &ConsentPage { nothing_ticked: true, ..known })),
        ("consent-device", consent(look, &waiting)),
        ("device", device(look, &code)),
        ("device-unknown", device(look, &DevicePage { problem: Some(DeviceProblem::Unknown), ..code })),
        ("device-allowed", device_done(look, &done)),
        ("device-denied", device_done(look, &DeviceDonePage { allowed: false, ..done })),
    ]
}

fn of_a_person(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let tile = |name, url, description| AppTile { name, url, description };
    let tiles = [
        tile("Team wiki", "https://wiki.example.com", Some("What we know")),
        tile("Mail", "https://mail.example.com", None),
        tile("Metrics and dashboards", "https://metrics.example.com/grafana", Some("How the machines are doing")),
    ];
    let all = AppsPage { person: PERSON, apps: &tiles, arrived: false };
    let last_use = UseLine { at: "2026-11-22T07:15:00Z", address: "203.0.113.9", agent: Some("Firefox 142 on Linux") };
    let grant =
        |id| GrantLine { id, since: "2026-11-22T07:00:00Z", until: "2026-11-23T07:00:00Z", last_use: Some(last_use) };
    let browsers = [
        BrowserLine { grant: grant("g_1"), app: None, this: true },
        BrowserLine { grant: grant("g_2"), app: Some("Team wiki"), this: true },
        BrowserLine { grant: GrantLine { last_use: None, ..grant("g_3") }, app: None, this: false },
    ];
    let (claude, local) = (["claude.ai".to_owned()], ["127.0.0.1".to_owned(), "[::1]".to_owned()]);
    let agent = |id, client_name, client_id, redirect_hosts| AgentLine {
        grant: grant(id),
        client_name,
        client_id,
        redirect_hosts,
        scope: "access wiki:write",
        elsewhere: false,
    };
    let agents = [
        agent("g_4", "Claude", "https://claude.ai/oauth/claude-code-client-metadata", &claude),
        AgentLine { elsewhere: true, ..agent("g_5", "Wiki importer", "dw_client_7f3a9k", &local) },
    ];
    let connected_apps = [ConnectedApp { id: "wiki", name: "Team wiki", agents: &agents }];
    let notices = [NoticeLine {
        id: "g_9",
        client_name: "Wiki importer",
        app: "Team wiki",
        what: Reused::Token,
        at: "2026-11-21T22:10:00Z",
        brought_by: Some(last_use),
    }];
    let held = ConnectedPage { person: PERSON, notices: &notices, ..connected_page(&browsers, &connected_apps) };
    let leave =
        LogoutPage { person: Some(PERSON), app: Some("Team wiki"), action: "/", form_token: "t", everywhere: false };
    let left = SignedOutPage { app: Some("Team wiki"), back: Some("https://wiki.example.com"), everywhere: false };
    vec![
        ("apps", apps(look, &all)),
        ("apps-none", apps(look, &AppsPage { apps: &[], arrived: true, ..all })),
        ("connected", connected(look, &held)),
        ("connected-empty", connected(look, &ConnectedPage { person: PERSON, ..connected_page(&browsers[..1], &[]) })),
        ("logout", logout(look, &leave)),
        ("logout-everywhere", logout(look, &LogoutPage { everywhere: true, ..leave })),
        ("signed-out", signed_out(look, &left)),
    ]
}

fn of_trouble(look: &Look<'_>) -> Vec<(&'static str, String)> {
    let no_rule = look.say("refused-no-rule");
    let denied = RefusedPage {
        person: Some(PERSON),
        app: Some("Team wiki"),
        decision_id: "d_4k2m9xq7w3hn",
        sentence: &no_rule,
        sign_out: Some("/.doorward/logout?everywhere"),
    };
    let (title, sentence) = (look.say("problem-upstream-failed"), look.say("problem-upstream-failed.sentence"));
    let down = ErrorPage {
        status: 502,
        title: &title,
        sentence: &sentence,
        detail: None,
        hint: None,
        decision_id: Some("d_4k2m9xq7w3hn"),
    };
    let (title, sentence) = (look.say("problem-malformed"), look.say("problem-malformed.sentence"));
    let malformed = ErrorPage {
        status: 400,
        title: &title,
        sentence: &sentence,
        detail: Some("the target has an encoded slash"),
        ..down
    };
    let fields = [("title".to_owned(), "Minutes".to_owned()), ("text".to_owned(), "We met.".to_owned())];
    let again = SendAgain { action: "/pages/new", fields: &fields };
    let ended = SessionEndedPage { app: "Team wiki", login: "/.doorward/login", again: Some(again) };
    let provider = ProviderTroublePage {
        provider: "Example Company",
        trouble: ProviderTrouble::Down,
        detail: None,
        decision_id: "d_4k2m9xq7w3hn",
        again: Some("/.doorward/login"),
        cancel: None,
    };
    let refused_there = ProviderTroublePage {
        trouble: ProviderTrouble::Refused,
        detail: Some("access_denied: the user is not assigned to this application"),
        cancel: Some("/.doorward/login?cancel"),
        ..provider
    };
    vec![
        ("refused", refused(look, &denied)),
        ("error", error(look, &down)),
        ("error-malformed", error(look, &malformed)),
        ("session-ended", session_ended(look, &ended)),
        ("session-ended-elsewhere", session_ended(look, &SessionEndedPage { again: None, ..ended })),
        ("provider-down", provider_trouble(look, &provider)),
        ("provider-refused", provider_trouble(look, &refused_there)),
    ]
}
