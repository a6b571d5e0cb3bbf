//! What every page promises to browsers, to people who cannot see it, and to whoever is attacked.

mod connected;
mod consent;
mod login;

use super::*;
use connected::connected_page;
use consent::consent_page;
use login::login_page;

const BRAND: Brand<'static> = Brand { name: "Doorward" };
const NASTY: &str = "<script>alert(1)</script>\u{202E}\u{2066}\u{0}\"'";

/// Every page, with `text` wherever a page shows or sends something that others wrote.
fn all_pages(text: &str) -> Vec<String> {
    let brand = Brand { name: text };
    let url = "https://wiki.example.com/";
    let scopes = [ScopeLine { name: text, description: text, includes: vec![text], optional: true }];
    let apps = [AppLink { name: text, url }, AppLink { name: "Other", url: text }];
    let last_use = Some(UseLine { at: text, address: text, agent: Some(text) });
    let grant = GrantLine { id: text, since: text, until: text, last_use };
    let notices =
        [NoticeLine { id: text, client_name: text, app: text, what: "token", at: text, brought_by: last_use }];
    let browsers = [BrowserLine { grant, app: None, this: true }, BrowserLine { grant, app: Some(text), this: false }];
    let hosts = [text.to_owned()];
    let agents =
        [AgentLine { grant, client_name: text, client_id: text, redirect_hosts: &hosts, scope: text, elsewhere: true }];
    let held = [ConnectedApp { id: text, name: text, agents: &agents }];
    vec![
        login(
            &brand,
            &LoginPage { app: Some(text), client: Some(text), form_token: text, username: text, ..login_page() },
        ),
        consent(
            &brand,
            &ConsentPage {
                vouched_by: VouchedBy::Document { host: text },
                client_name: text,
                scopes: &scopes,
                ..consent_page()
            },
        ),
        consent(
            &brand,
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
                lifetime: text,
                without_refresh: Some(text),
                first_seen: Some(text),
                nothing_ticked: true,
                device: Some(DeviceLine { user_code: text, from: text, elsewhere: Some(text), ago: text }),
                action: text,
                consent_token: text,
            },
        ),
        device(
            &brand,
            &DevicePage {
                user_code: text,
                action: text,
                form_token: text,
                problem: Some(DeviceProblem::TooManyAttempts { retry_after_seconds: 300 }),
            },
        ),
        device_done(&brand, &DeviceDonePage { allowed: true, app: text, connected: text }),
        device_done(&brand, &DeviceDonePage { allowed: false, app: text, connected: text }),
        refused(
            &brand,
            &RefusedPage {
                person: Some(text),
                app: Some(text),
                decision_id: text,
                sentence: text,
                sign_out: Some(text),
            },
        ),
        error(
            &brand,
            &ErrorPage { status: 500, title: text, sentence: text, hint: Some(text), decision_id: Some(text) },
        ),
        connected(
            &brand,
            &ConnectedPage { person: text, notices: &notices, form_token: text, ..connected_page(&browsers, &held) },
        ),
        signed_in(&brand, &SignedInPage { person: text, apps: &apps, connected: text, logout: text }),
        logout(
            &brand,
            &LogoutPage { person: Some(text), app: Some(text), action: text, form_token: text, everywhere: false },
        ),
        signed_out(&brand, &SignedOutPage { app: Some(text), back: Some(text), everywhere: false }),
    ]
}

#[test]
fn foreign_text_is_inert_on_every_page() {
    for page in all_pages(NASTY) {
        assert!(!page.contains("<script"), "{page}");
        assert!(page.contains("&lt;script&gt;alert(1)&lt;/script&gt;"), "{page}");
    }
}

#[test]
fn every_page_is_one_document_with_landmarks() {
    for page in all_pages("Plain") {
        assert!(page.starts_with("<!DOCTYPE html><html lang=\"en\">"));
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
    for page in all_pages("Plain") {
        for forbidden in ["<script", "<link", "<img", "<iframe", " style=", " src=", " onclick", "url(", "@import"] {
            assert!(!page.contains(forbidden), "{forbidden} in {page}");
        }
    }
}

#[test]
fn the_style_element_is_byte_for_byte_what_is_hashed() {
    assert!(!style_sha256_source().contains("</style") && !style_sha256_source().contains('\r'));
    let style = format!("<style>{}</style>", style_sha256_source());
    for page in all_pages("Plain") {
        assert_eq!(page.matches(&style).count(), 1);
        assert_eq!(page.matches("<style").count(), 1);
    }
}

#[test]
fn refusals_and_errors_show_the_decision_id() {
    let page = RefusedPage { person: None, app: None, decision_id: "d-4k2m9x", sentence: "No.", sign_out: None };
    assert!(refused(&BRAND, &page).contains("<code>d-4k2m9x</code>"));
    let page = ErrorPage { status: 502, title: "T", sentence: "S", hint: None, decision_id: Some("d-4k2m9x") };
    assert!(error(&BRAND, &page).contains("<code>d-4k2m9x</code>"));
}

#[test]
fn sign_out_is_a_posted_form() {
    let page =
        LogoutPage { person: None, app: None, action: "/.doorward/logout", form_token: "form-token", everywhere: true };
    let everywhere = logout(&BRAND, &page);
    for part in [
        "<form method=\"post\" action=\"/.doorward/logout\">",
        "<input type=\"hidden\" name=\"form\" value=\"form-token\">",
        "<input type=\"hidden\" name=\"everywhere\" value=\"1\">",
        "type=\"submit\">Sign out</button>",
    ] {
        assert!(everywhere.contains(part), "{part} in {everywhere}");
    }
    assert!(!logout(&BRAND, &LogoutPage { everywhere: false, ..page }).contains("everywhere"));
}

#[test]
fn links_never_run_script() {
    let apps = [AppLink { name: "App", url: "javascript:alert(1)" }];
    let page = signed_in(
        &BRAND,
        &SignedInPage { person: "ada", apps: &apps, connected: "javascript:alert(1)", logout: "javascript:alert(1)" },
    );
    assert!(!page.contains("javascript:"));
}
