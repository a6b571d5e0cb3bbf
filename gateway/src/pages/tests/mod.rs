//! What every page promises to browsers, to people who cannot see it, and to whoever is attacked.

mod connected;
mod consent;
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
    let apps = [AppLink { name: text, url }, AppLink { name: "Other", url: text }];
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
            &LoginPage { app: Some(text), client: Some(text), form_token: text, username: text, ..login_page() },
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
        signed_in(look, &SignedInPage { person: text, apps: &apps, connected: text, logout: text }),
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
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }
}

#[test]
fn every_page_is_one_document_with_landmarks() {
    for page in all_pages(&LOOK, "Plain") {
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\" dir=\"ltr\">"));
        for once in [
            "<title>",
            "<header>",
            "<main>",
            "<h1>",
            "name=\"viewport\"",
            "content=\"noindex\"",
            "content=\"no-referrer\"",
        ] {
            assert_eq!(page.matches(once).count(), 1, "{once} in {page}");
        }
    }
}

#[test]
fn pages_bring_no_script_and_no_resource_of_their_own() {
    for page in all_pages(&LOOK, "Plain") {
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
    let apps = [AppLink { name: "App", url: "javascript:alert(1)" }];
    let page = signed_in(
        &LOOK,
        &SignedInPage { person: "ada", apps: &apps, connected: "javascript:alert(1)", logout: "javascript:alert(1)" },
    );
    assert!(!page.contains("javascript:"));
}
