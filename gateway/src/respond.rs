//! Our own answers, and how they are dressed: nobody keeps them, frames them, or loads anything through them.

use crate::pages::{self, Brand, ErrorPage};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

/// What differs from page to page.
#[derive(Debug, Default)]
pub(crate) struct Dress {
    /// Cookies to set.
    pub(crate) cookies: Vec<String>,
    /// Where the page's forms may lead, redirects included.
    pub(crate) forms: Forms,
}

/// CSP `form-action`: Chromium holds it against every redirect that follows a form.
#[derive(Debug, Default)]
pub(crate) enum Forms {
    /// Our own origin alone.
    #[default]
    Own,
    /// And this source: where the client waits for its code.
    And(String),
    /// Anywhere: signing in leads on to the app, and the app may lead on to wherever it likes.
    Anywhere,
}

/// A page.
pub(crate) fn html(status: StatusCode, body: String, dress: Dress) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(&dress.forms)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin"));
    harden(&mut response, &dress.cookies);
    response
}

/// JSON.
pub(crate) fn as_json(status: StatusCode, body: &serde_json::Value) -> Response<Bytes> {
    let mut response = oauth::error::json_response(status, body);
    harden(&mut response, &[]);
    response
}

/// A redirect to one of our own places, after a form (303) or a navigation (302).
pub(crate) fn see_other(status: StatusCode, location: &str, cookies: &[String]) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    match HeaderValue::from_str(location) {
        Ok(location) => {
            *response.status_mut() = status;
            response.headers_mut().insert(header::LOCATION, location);
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    harden(&mut response, cookies);
    response
}

/// Something that a person or program is told.
pub(crate) struct Problem<'a> {
    pub(crate) status: u16,
    pub(crate) code: &'a str,
    pub(crate) title: &'a str,
    pub(crate) sentence: &'a str,
    pub(crate) app: Option<&'a str>,
}

/// A page or JSON that says a problem.
pub(crate) fn problem(as_html: bool, id: &str, problem: Problem<'_>) -> Response<Bytes> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    if !as_html {
        return as_json(
            status,
            &json!({ "error": problem.code, "error_description": problem.sentence, "decision_id": id }),
        );
    }
    let page = ErrorPage {
        status: problem.status,
        title: problem.title,
        sentence: problem.sentence,
        hint: problem.app,
        decision_id: Some(id),
    };
    html(status, pages::error(&Brand::default(), &page), Dress::default())
}

/// The hash source of our one style sheet.
fn style_hash() -> &'static str {
    static HASH: LazyLock<String> = LazyLock::new(|| {
        format!("'sha256-{}'", STANDARD.encode(Sha256::digest(pages::style_sha256_source().as_bytes())))
    });
    &HASH
}

fn content_security_policy(forms: &Forms) -> String {
    let forms = match forms {
        Forms::Own => "; form-action 'self'".to_owned(),
        Forms::And(source) => format!("; form-action 'self' {source}"),
        Forms::Anywhere => String::new(),
    };
    format!("default-src 'none'; style-src {}; base-uri 'none'; frame-ancestors 'none'{forms}", style_hash())
}

fn harden(response: &mut Response<Bytes>, cookies: &[String]) {
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    for cookie in cookies {
        if let Ok(cookie) = HeaderValue::from_str(cookie) {
            headers.append(header::SET_COOKIE, cookie);
        }
    }
}
