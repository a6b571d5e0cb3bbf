//! Our own answers, and how they are dressed: nobody keeps them, frames them, or loads anything through them.

use crate::brand::{Logo, english};
use crate::pages::{self, ErrorPage, Look};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use serde_json::json;
use sha2::{Digest, Sha256};

/// What differs from page to page.
#[derive(Debug, Default)]
pub(crate) struct Dress {
    /// Cookies to set.
    pub(crate) cookies: Vec<String>,
    /// Where the page's forms may lead, redirects included.
    pub(crate) forms: Forms,
    /// The URL of the one script that the page needs, which may ask our own origin.
    pub(crate) script: Option<String>,
    /// The one script in the page itself, word for word, which asks nobody.
    pub(crate) inline_script: Option<&'static str>,
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

/// A page with this look.
pub(crate) fn html(look: &Look<'_>, status: StatusCode, body: String, dress: Dress) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    if let Ok(policy) = HeaderValue::from_str(&content_security_policy(look, &dress)) {
        headers.insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    headers.insert(header::VARY, HeaderValue::from_name(header::ACCEPT_LANGUAGE));
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

/// The logo. It is public and never changes at its address; an SVG gets no more rights when somebody opens it by itself.
pub(crate) fn logo(logo: &Logo) -> Response<Bytes> {
    let mut response = Response::new(logo.bytes());
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(logo.media()));
    let inert = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
    headers.insert(header::CONTENT_SECURITY_POLICY, inert);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=31536000, immutable"));
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let own = HeaderValue::from_static("same-origin");
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), own);
    response
}

/// A script of ours. Browsers may keep it for an hour: it is the same for everybody.
pub(crate) fn script(source: &'static str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::from_static(source.as_bytes()));
    harden(&mut response, &[]);
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/javascript; charset=utf-8"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=3600"));
    headers.insert(HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin"));
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
#[derive(Default)]
pub(crate) struct Problem<'a> {
    pub(crate) status: u16,
    /// For programs.
    pub(crate) code: &'a str,
    /// The id of the message that says it: its value is the title, its attribute `sentence` what happened.
    pub(crate) text: &'a str,
    /// More than the message says, for whoever looks into it; in English.
    pub(crate) detail: Option<&'a str>,
    pub(crate) app: Option<&'a str>,
}

/// A page or JSON that says a problem. Programs are told in English.
pub(crate) fn problem(look: &Look<'_>, as_html: bool, id: &str, problem: Problem<'_>) -> Response<Bytes> {
    let status = StatusCode::from_u16(problem.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let sentence = format!("{}.sentence", problem.text);
    if !as_html {
        let description = problem.detail.map_or_else(|| english(&sentence), str::to_owned);
        return as_json(status, &json!({ "error": problem.code, "error_description": description, "decision_id": id }));
    }
    let page = ErrorPage {
        status: problem.status,
        title: &look.say(problem.text),
        sentence: &look.say(&sentence),
        detail: problem.detail,
        hint: problem.app,
        decision_id: Some(id),
    };
    html(look, status, pages::error(look, &page), Dress::default())
}

fn content_security_policy(look: &Look<'_>, dress: &Dress) -> String {
    let forms = match &dress.forms {
        Forms::Own => "; form-action 'self'".to_owned(),
        Forms::And(source) => format!("; form-action 'self' {source}"),
        Forms::Anywhere => String::new(),
    };
    let style = look.brand().style_source();
    let logo = look.brand().logo().map_or("", |_| "; img-src 'self'");
    let script = match (&dress.script, dress.inline_script) {
        (Some(url), _) => format!("; script-src {url}; connect-src 'self'"),
        (None, Some(script)) => format!("; script-src 'sha256-{}'", STANDARD.encode(Sha256::digest(script))),
        (None, None) => String::new(),
    };
    format!("default-src 'none'; style-src {style}{logo}{script}; base-uri 'none'; frame-ancestors 'none'{forms}")
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
