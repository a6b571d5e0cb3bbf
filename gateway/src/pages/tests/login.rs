//! The login form: its fields, and what it says when a login did not work.

use super::*;

#[test]
fn the_login_form_has_the_promised_fields() {
    let page = login(&LOOK, &LoginPage { username: "ada@example.com", ..login_page() });
    for part in [
        "<title>Sign in to Team wiki · Doorward</title>",
        "<form method=\"post\" action=\"/.doorward/login?to=a&amp;b=c\">",
        "<input type=\"hidden\" name=\"form\" value=\"form-token\">",
        "<label for=\"username\">",
        "name=\"username\" type=\"text\" inputmode=\"email\" autocomplete=\"username webauthn\"",
        "value=\"ada@example.com\"",
        "<label for=\"password\">",
        "name=\"password\" type=\"password\" autocomplete=\"current-password\"",
        "type=\"submit\">Sign in</button>",
    ] {
        assert!(page.contains(part), "{part} in {page}");
    }
    assert!(!body(&page).contains("role=\"alert\"") && !body(&page).contains("aria-invalid"));
}

#[test]
fn a_wrong_password_is_said_and_tied_to_the_fields() {
    let page = login(&LOOK, &LoginPage { problem: Some(LoginProblem::WrongPassword), ..login_page() });
    assert!(page.contains("role=\"alert\">Wrong e-mail address or password.</p>"));
    assert_eq!(body(&page).matches("aria-invalid=\"true\"").count(), 2);
    assert_eq!(page.matches("aria-describedby=\"problem\"").count(), 2);
    assert!(page.contains("id=\"problem\""));
}

#[test]
fn other_login_problems_blame_no_field() {
    let waiting = LoginProblem::TooManyAttempts { retry_after_seconds: 90 };
    for (problem, text) in [(waiting, "Try again in 2 minutes."), (LoginProblem::FormExpired, "Please sign in again.")]
    {
        let page = login(&LOOK, &LoginPage { problem: Some(problem), ..login_page() });
        assert!(page.contains("role=\"alert\"") && page.contains(text));
        assert!(!body(&page).contains("aria-invalid"));
    }
}

pub(super) fn login_page<'a>() -> LoginPage<'a> {
    LoginPage {
        app: Some("Team wiki"),
        client: None,
        action: "/.doorward/login?to=a&b=c",
        form_token: "form-token",
        username: "",
        ways: Ways { password: true, ..Ways::default() },
        notice: None,
        problem: None,
    }
}

/// The page without its head, where the style sheet names attributes too.
fn body(page: &str) -> &str {
    page.split_once("<body").map_or("", |(_, body)| body)
}

#[test]
fn ways_in_are_shown_as_they_are_offered() {
    let providers = [ProviderButton { name: "company", label: "Example & Co" }];
    let offer = PasskeyOffer { endpoint: "/.doorward/passkey", token: "t" };
    let page = |ways| login(&LOOK, &LoginPage { ways, ..login_page() });
    let all = page(Ways {
        password: true,
        email_code: Some("mail"),
        passkey: Some(offer),
        providers: &providers,
        forgotten: Some("/f"),
    });
    for part in [
        "name=\"password\"",
        "name=\"provider\" value=\"mail\" formnovalidate",
        "name=\"provider\" value=\"company\">Continue with <bdi>Example &amp; Co</bdi></button>",
        "<div id=\"passkey\" hidden data-ceremony=\"sign-in\"",
        "<a href=\"/f\">",
    ] {
        assert!(all.contains(part), "{part} in {all}");
    }
    let external = page(Ways { providers: &providers, ..Ways::default() });
    assert!(!body(&external).contains("username") && !body(&external).contains("id=\"passkey\""));
    let code = page(Ways { email_code: Some("mail"), ..Ways::default() });
    assert!(
        code.contains("name=\"username\"") && !code.contains("name=\"password\"") && !code.contains("formnovalidate")
    );
    assert!(page(Ways::default()).contains("There is no way to sign in for this app."));
}
