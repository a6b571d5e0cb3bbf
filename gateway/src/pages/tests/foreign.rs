//! Every page, with text of others wherever it shows or sends any.

use super::*;

/// Every page, with `text` in all these places.
pub(super) fn all_pages(look: &Look<'_>, text: &str) -> Vec<String> {
    [signing_in, of_clients, of_accounts, of_a_person, of_trouble].iter().flat_map(|pages| pages(look, text)).collect()
}

fn signing_in(look: &Look<'_>, text: &str) -> Vec<String> {
    let providers = [ProviderButton { name: text, label: text }];
    let offer = PasskeyOffer { endpoint: text, token: text };
    let ways = Ways {
        password: true,
        email_code: Some(text),
        passkey: Some(offer),
        providers: &providers,
        forgotten: Some(text),
    };
    let (action, form_token) = (text, text);
    vec![
        login(
            look,
            &LoginPage { app: Some(text), client: Some(text), form_token: text, username: text, ways, ..login_page() },
        ),
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
        logout(
            look,
            &LogoutPage { person: Some(text), app: Some(text), action: text, form_token: text, everywhere: false },
        ),
        signed_out(look, &SignedOutPage { app: Some(text), back: Some(text), everywhere: false }),
    ]
}

fn of_clients(look: &Look<'_>, text: &str) -> Vec<String> {
    let scopes = [ScopeLine { name: text, description: text, includes: vec![text], optional: true }];
    vec![
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
    ]
}

fn of_accounts(look: &Look<'_>, text: &str) -> Vec<String> {
    let offer = PasskeyOffer { endpoint: text, token: text };
    let passkeys = [PasskeyLine { id: text, name: text, since: text, last_used: Some(text) }];
    let own = OwnAccount {
        password: true,
        totp: Some(text),
        recovery_codes: Some(1),
        passkeys: &passkeys,
        add_passkey: Some(offer),
    };
    let links = AccountLinks { password: "/p", totp: "/t" };
    let codes = [text.to_owned()];
    let weak = Some(PasswordProblem::Weak(text));
    let (action, form_token, least, back) = (text, text, 10, "/");
    vec![
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
    ]
}

fn of_a_person(look: &Look<'_>, text: &str) -> Vec<String> {
    let tile = |name, url| AppTile { name, url, description: Some(text) };
    let tiles = [tile(text, "https://wiki.example.com/"), tile("Other", text)];
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
        connected(
            look,
            &ConnectedPage { person: text, notices: &notices, form_token: text, ..connected_page(&browsers, &held) },
        ),
        apps(look, &AppsPage { person: text, apps: &tiles, arrived: true }),
    ]
}

fn of_trouble(look: &Look<'_>, text: &str) -> Vec<String> {
    let fields = [(text.to_owned(), text.to_owned())];
    vec![
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
    ]
}
