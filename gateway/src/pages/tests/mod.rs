//! What every page promises to browsers, to people who cannot see it, and to whoever is attacked.

mod connected;
mod consent;
mod gallery;
mod login;

use super::*;
use connected::connected_page;
use consent::consent_page;
use login::login_page;
use std::time::Duration;

/// The usual look.
pub(super) static LOOK: std::sync::LazyLock<Look<'static>> = std::sync::LazyLock::new(|| BRAND.look(None));
static BRAND: std::sync::LazyLock<Brand> = std::sync::LazyLock::new(Brand::default);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
const NASTY: &str = "<script>alert(1)</script>\u{202E}\u{2066}\u{0}\"'";

/// Every page, with `text` wherever a page shows or sends something that others wrote.
fn all_pages(look: &Look<'_>, text: &str) -> Vec<String> {
    let url = "https://wiki.example.com/";
    let scopes = [ScopeLine { name: text, description: text, includes: vec![text], optional: true }];
    let tile = |name, url| AppTile { name, url, description: Some(text) };
    let tiles = [tile(text, url), tile("Other", text)];
    let offer = PasskeyOffer { endpoint: text, token: text };
    let providers = [ProviderButton { name: text, label: text }];
    let ways = Ways {
        password: true,
        email_code: Some(text),
        passkey: Some(offer),
        providers: &providers,
        forgotten: Some(text),
    };
    let passkeys = [PasskeyLine { id: text, name: text, since: text, last_used: Some(text) }];
    let own = OwnAccount {
        password: true,
        totp: Some(text),
        recovery_codes: Some(1),
        passkeys: &passkeys,
        add_passkey: Some(offer),
    };
    let links = AccountLinks { password: "/p", totp: "/t" };
    let fields = [(text.to_owned(), text.to_owned())];
    let codes = [text.to_owned()];
    let weak = Some(PasswordProblem::Weak(text));
    let (action, form_token, least, back) = (text, text, 10, "/");
    let last_use = Some(UseLine { at: text, address: text, agent: Some(text) });
    let grant = GrantLine { id: text, since: text, until: text, last_use };
    let notices =
        [NoticeLine { id: text, client_name: text, app: text, what: Reused::Token, at: text, brought_by: last_use }];
    let browsers = [BrowserLine { grant, app: None, this: true }, BrowserLine { grant, app: Some(text), this: false }];
    let hosts = [text.to_owned()];
    let agents =
        [AgentLine { grant, client_name: text, client_id: text, redirect_hosts: &hosts, scope: text, elsewhere: true }];
    let held = [ConnectedApp { id: text, name: text, agents: &agents }];
    vec![
        login(
            look,
            &LoginPage { app: Some(text), client: Some(text), form_token: text, username: text, ways, ..login_page() },
        ),
        consent(
            look,
            &ConsentPage {
                vouched_by: VouchedBy::Document { host: text },
                client_name: text,
                scopes: &scopes,
                ..consent_page()
            },
        ),
        consent(
            look,
            &ConsentPage {
                person: text,
                client_name: text,
                client_id: text,
                vouched_by: VouchedBy::SelfRegistered,
                client_uri_host: Some(text),
                redirect_host: Some(text),
                loopback: true,
                app: text,
                resource: text,
                scopes: &scopes,
                lifetime: WEEK,
                without_refresh: Some(WEEK),
                first_seen: Some(text),
                nothing_ticked: true,
                device: Some(DeviceLine { user_code: text, from: text, elsewhere: Some(text), ago: WEEK }),
                action: text,
                consent_token: text,
            },
        ),
        device(
            look,
            &DevicePage {
                user_code: text,
                action: text,
                form_token: text,
                problem: Some(DeviceProblem::TooManyAttempts { retry_after_seconds: 300 }),
            },
        ),
        device_done(look, &DeviceDonePage { allowed: true, app: text, connected: text }),
        device_done(look, &DeviceDonePage { allowed: false, app: text, connected: text }),
        refused(
            look,
            &RefusedPage {
                person: Some(text),
                app: Some(text),
                decision_id: text,
                sentence: text,
                sign_out: Some(text),
            },
        ),
        error(
            look,
            &ErrorPage {
                status: 500,
                title: text,
                sentence: text,
                detail: Some(text),
                hint: Some(text),
                decision_id: Some(text),
            },
        ),
        connected(
            look,
            &ConnectedPage { person: text, notices: &notices, form_token: text, ..connected_page(&browsers, &held) },
        ),
        apps(look, &AppsPage { person: text, apps: &tiles, arrived: true }),
        second_factor(
            look,
            &SecondFactorPage {
                person: text,
                action,
                form_token,
                totp: true,
                recovery: true,
                passkey: Some(offer),
                problem: Some(CodeProblem::Wrong),
                start_over: "/",
            },
        ),
        email_code(
            look,
            &EmailCodePage {
                address: text,
                lifetime: WEEK,
                action,
                form_token,
                problem: Some(CodeProblem::TooManyAttempts { retry_after_seconds: 60 }),
                sent_again: true,
                start_over: "/",
            },
        ),
        invitation(look, &InvitationPage { person: text, reset: false, least, action, form_token, problem: weak }),
        forgotten(look, &ForgottenPage { action, form_token, username: text, sent: false, login: "/" }),
        forgotten(look, &ForgottenPage { action, form_token, username: text, sent: true, login: "/" }),
        account(
            look,
            &AccountPage {
                problem: None,
                person: text,
                done: Some(AccountDone::PasskeyAdded),
                own: Some(own),
                providers: &[text],
                action,
                form_token,
                links,
            },
        ),
        password(
            look,
            &PasswordPage { person: text, ask_current: true, least, action, form_token, problem: weak, back },
        ),
        totp(
            look,
            &TotpPage { uri: text, secret: text, action, form_token, problem: Some(CodeProblem::Expired), back },
        ),
        recovery_codes(look, &RecoveryCodesPage { codes: &codes, back }),
        session_ended(
            look,
            &SessionEndedPage { app: text, login: text, again: Some(SendAgain { action: "/x", fields: &fields }) },
        ),
        provider_trouble(
            look,
            &ProviderTroublePage {
                provider: text,
                trouble: ProviderTrouble::Refused,
                detail: Some(text),
                decision_id: text,
                again: Some(text),
                cancel: Some(text),
            },
        ),
        logout(
            look,
            &LogoutPage { person: Some(text), app: Some(text), action: text, form_token: text, everywhere: false },
        ),
        signed_out(look, &SignedOutPage { app: Some(text), back: Some(text), everywhere: false }),
    ]
}

#[test]
fn foreign_text_is_inert_on_every_page() {
    let brand = Brand::named(NASTY);
    for page in all_pages(&brand.look(None), NASTY) {
        assert_eq!(
            page.matches("<script").count(),
            page.matches("<script src=\"/.doorward/passkey.js\" defer></script>").count(),
            "{page}"
        );
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }
}

#[test]
fn every_page_is_one_document_with_landmarks() {
    for page in all_pages(&LOOK, "Plain") {
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\">"));
        for once in
            ["<title>", "<header>", "<main>", "<h1>", "name=\"viewport\"", "content=\"noindex\"", "name=\"referrer\""]
        {
            assert_eq!(page.matches(once).count(), 1, "{once} in {page}");
        }
        // AZ-17: but a form that is sent again comes from the app's own host, and says so.
        let referrer = if page.contains("action=\"/x\"") { "same-origin" } else { "no-referrer" };
        assert!(page.contains(&format!("content=\"{referrer}\"")), "{page}");
    }
}

#[test]
fn pages_bring_no_script_but_that_of_passkeys_and_no_resource_of_their_own() {
    for page in all_pages(&LOOK, "Plain") {
        let page = page.replace("<script src=\"/.doorward/passkey.js\" defer></script>", "");
        for forbidden in ["<script", "<link", "<img", "<iframe", " style=", " src=", " onclick", "url(", "@import"] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
    }
}

#[test]
fn the_style_element_is_byte_for_byte_what_is_hashed() {
    assert!(!BRAND.style().contains("</style") && !BRAND.style().contains('\r'));
    let style = format!("<style>{}</style>", BRAND.style());
    for page in all_pages(&LOOK, "Plain") {
        assert_eq!(page.matches(&style).count(), 1);
        assert_eq!(page.matches("<style").count(), 1);
    }
}

#[test]
fn refusals_and_errors_show_the_decision_id() {
    let page = RefusedPage { person: None, app: None, decision_id: "d-4k2m9x", sentence: "No.", sign_out: None };
    assert!(refused(&LOOK, &page).contains("<code>d-4k2m9x</code>"));
    let page =
        ErrorPage { status: 502, title: "T", sentence: "S", detail: None, hint: None, decision_id: Some("d-4k2m9x") };
    assert!(error(&LOOK, &page).contains("<code>d-4k2m9x</code>"));
}

#[test]
fn sign_out_is_a_posted_form() {
    let page =
        LogoutPage { person: None, app: None, action: "/.doorward/logout", form_token: "form-token", everywhere: true };
    let everywhere = logout(&LOOK, &page);
    for part in [
        "<form method=\"post\" action=\"/.doorward/logout\">",
        "<input type=\"hidden\" name=\"form\" value=\"form-token\">",
        "<input type=\"hidden\" name=\"everywhere\" value=\"1\">",
        "type=\"submit\">Sign out</button>",
    ] {
        assert!(everywhere.contains(part), "{part} in {everywhere}");
    }
    assert!(!logout(&LOOK, &LogoutPage { everywhere: false, ..page }).contains("everywhere"));
}

#[test]
fn links_never_run_script() {
    let evil = "javascript:alert(1)";
    let tiles = [AppTile { name: "App", url: evil, description: None }];
    let page = apps(&LOOK, &AppsPage { person: "ada", apps: &tiles, arrived: false });
    assert!(!page.contains("javascript:"));
    let again = Some(SendAgain { action: evil, fields: &[] });
    let page = session_ended(&LOOK, &SessionEndedPage { app: "App", login: evil, again });
    assert!(!page.contains("javascript:"));
}
