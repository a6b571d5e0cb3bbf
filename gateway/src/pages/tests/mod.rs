//! What every page promises to browsers, to people who cannot see it, and to whoever is attacked.

mod connected;
mod consent;
mod foreign;
mod gallery;
mod login;

use super::*;
use connected::connected_page;
use consent::consent_page;
use foreign::all_pages;
use login::login_page;
use std::time::Duration;

/// The usual look.
pub(super) static LOOK: std::sync::LazyLock<Look<'static>> = std::sync::LazyLock::new(|| BRAND.look(None));
static BRAND: std::sync::LazyLock<Brand> = std::sync::LazyLock::new(Brand::default);
const WEEK: Duration = Duration::from_secs(7 * 86_400);
const NASTY: &str = "<script>alert(1)</script>\u{202E}\u{2066}\u{0}\"'";

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
