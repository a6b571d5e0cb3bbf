//! The one place where a refusal becomes bytes: a page for a person's navigation, JSON for everybody else.

mod challenge;
mod ended;

use crate::brand::english;
use crate::cors;
use crate::gateway::World;
use crate::login::handoff;
use crate::mcp::{Called, Fault};
use crate::pages::{self, Look, RefusedPage};
use crate::refusal::{At, BadCredential, Denial, NONCE_NEEDED, Refusal, TOO_MANY};
use crate::request::Request;
use crate::respond::{Dress, Problem, as_json, html, problem};
use bytes::Bytes;
use http::{HeaderValue, Response, StatusCode, header};
use policy::StepUp;
use serde_json::json;

/// The answer to a refused request that could be read.
pub(crate) fn refusal(
    world: &World,
    look: &Look<'_>,
    request: &Request,
    (refusal, form): (&Refusal, Option<&[u8]>),
) -> Response<Bytes> {
    let mut response = undressed(world, look, request, (refusal, form));
    if let Some(cors) = refusal.at().and_then(|at| at.app.cors.as_ref()) {
        cors::dress(cors, request, response.headers_mut());
    }
    response
}

fn undressed(
    world: &World,
    look: &Look<'_>,
    request: &Request,
    (refusal, form): (&Refusal, Option<&[u8]>),
) -> Response<Bytes> {
    match refusal {
        Refusal::LoginRequired(at) if request.is_form() => ended::page(look, request, (at, None), form),
        Refusal::StepUp(at, needed, _) if request.is_form() => ended::page(look, request, (at, Some(needed)), form),
        Refusal::LoginRequired(at) => login_required(world, request, at),
        Refusal::InvalidToken(at, bad) => {
            let mut response = challenge::unauthorized(request, at, Some(bad));
            let nonce = oauth::dpop::nonce(&world.keys.sealer(request.now), &*world.random, request.now);
            if let (NONCE_NEEDED, Ok(nonce)) = (bad.code, HeaderValue::from_str(&nonce)) {
                response.headers_mut().insert(oauth::dpop::NONCE_HEADER, nonce);
            }
            response
        }
        Refusal::InsufficientScope(at, scope, _) => challenge::insufficient_scope(request, at, scope),
        Refusal::Denied(at, denial) => match &denial.called {
            Some(called) => denied_message(request, denial, called),
            None => denied(look, request, at, denial),
        },
        Refusal::Message(_, fault) => bad_message(request, fault),
        Refusal::StepUp(at, needed, _) => step_up(world, request, at, needed),
        Refusal::CrossOrigin(at, _) => {
            let app = Some(at.app.name.as_str());
            let told =
                Problem { status: 403, code: "cross_origin", text: "problem-cross-origin", app, ..Problem::default() };
            problem(look, request.hints.accepts_html, &request.id, told)
        }
        Refusal::Maintenance(at) => maintenance(look, request, at),
        other => unread(look, other, request.hints.accepts_html, &request.id),
    }
}

/// The app is closed for now.
fn maintenance(look: &Look<'_>, request: &Request, at: &At) -> Response<Bytes> {
    let closed = at.app.upstream.maintenance.as_ref();
    let told = Problem {
        status: 503,
        code: "maintenance",
        text: "problem-maintenance",
        detail: closed.and_then(|closed| closed.message.as_deref()),
        app: Some(at.app.name.as_str()),
    };
    let mut response = problem(look, request.hints.accepts_html, &request.id, told);
    let after = closed.map_or(0, |closed| closed.retry_after.as_secs());
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(after));
    response
}

/// Whether the body of a refused request is worth reading, up to [`ended::MAX_FORM`] bytes: it can be sent again.
pub(crate) fn keeps_form(request: &Request, refusal: &Refusal, content_type: Option<&HeaderValue>) -> bool {
    let at = match refusal {
        Refusal::LoginRequired(at) | Refusal::StepUp(at, ..) => at,
        _ => return false,
    };
    request.is_form() && request.is_surely_from(&at.origin.url()) && ended::is_urlencoded(content_type)
}

pub(crate) use ended::MAX_FORM;

/// The answer to a request of which no more is known than that it is refused.
pub(crate) fn unread(look: &Look<'_>, refusal: &Refusal, html: bool, id: &str) -> Response<Bytes> {
    let problem_of =
        |status, code, text, detail| problem(look, html, id, Problem { status, code, text, detail, app: None });
    match refusal {
        Refusal::Malformed(why) => problem_of(400, "invalid_request", "problem-malformed", Some(*why)),
        Refusal::TooLarge(status, _) => problem_of(*status, "request_too_large", "problem-too-large", None),
        Refusal::TooMany(_, exceeded, _) => too_many(look, html, id, exceeded.retry_after),
        Refusal::Misdirected(_) => problem_of(421, "misdirected_request", "problem-misdirected", None),
        Refusal::NoSuchApp => problem_of(404, "not_found", "problem-nothing-here", None),
        _ => {
            let mut response = problem_of(503, "unavailable", "problem-unavailable", None);
            response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from_static("2"));
            response
        }
    }
}

/// Too many calls: the caller may try again after so many seconds (RFC 6585 section 4).
pub(crate) fn too_many(look: &Look<'_>, html: bool, id: &str, retry_after: u64) -> Response<Bytes> {
    let (code, text) = (TOO_MANY, "problem-too-many-requests");
    let mut response = problem(look, html, id, Problem { status: 429, code, text, ..Problem::default() });
    response.headers_mut().insert(header::RETRY_AFTER, HeaderValue::from(retry_after));
    response
}

/// 302 for a person's navigation, else 401; an app can say otherwise.
fn login_required(world: &World, request: &Request, at: &At) -> Response<Bytes> {
    if may_be_sent_to_login(request, at) {
        handoff::begin(world, at, request, (request.target.as_str(), None))
    } else {
        challenge::unauthorized(request, at, None::<&BadCredential>)
    }
}

/// The same for somebody whose sign-in is too weak or too old (RFC 9470).
fn step_up(world: &World, request: &Request, at: &At, needed: &StepUp) -> Response<Bytes> {
    if may_be_sent_to_login(request, at) {
        handoff::begin(world, at, request, (request.target.as_str(), Some(needed)))
    } else {
        challenge::insufficient_user_authentication(request, at, needed)
    }
}

fn may_be_sent_to_login(request: &Request, at: &At) -> bool {
    use crate::config::Challenge;
    match at.app.challenge {
        Challenge::Auto => request.is_navigation(),
        Challenge::Redirect => {
            request.method == http::Method::GET && request.authorization.is_none() && !request.upgrade
        }
        Challenge::Unauthorized => false,
    }
}

/// 403: the person is known, so no redirect and no `insufficient_scope`; another token would not help (SC-05).
fn denied(look: &Look<'_>, request: &Request, at: &At, denial: &Denial) -> Response<Bytes> {
    if !request.hints.accepts_html {
        return as_json(
            StatusCode::FORBIDDEN,
            &json!({ "error": denial.reason, "error_description": english(refused_sentence(denial.reason)), "decision_id": request.id }),
        );
    }
    let sign_out = format!("{}/.doorward/logout?app={}&everywhere", at.origin.url(), at.app.id);
    let refused = Refused { person: denial.person(), reason: denial.reason, step_up: None, sign_out: Some(&sign_out) };
    refused_page(look, &request.id, Some(&at.app.name), &refused)
}

/// The same to an MCP client: the status is for its library, the body for whoever reads its error.
fn denied_message(request: &Request, denial: &Denial, called: &Called) -> Response<Bytes> {
    let sentence = english(refused_sentence(denial.reason));
    as_json(StatusCode::FORBIDDEN, &called.denied(denial.reason, &sentence, &request.id))
}

fn bad_message(request: &Request, fault: &Fault) -> Response<Bytes> {
    let status = StatusCode::from_u16(fault.status).unwrap_or(StatusCode::BAD_REQUEST);
    as_json(status, &fault.body(&request.id))
}

/// Who is refused, and why.
pub(crate) struct Refused<'a> {
    pub(crate) person: Option<&'a str>,
    pub(crate) reason: &'a str,
    /// What the sign-in would have to be.
    pub(crate) step_up: Option<&'a StepUp>,
    /// Where to sign in as somebody else.
    pub(crate) sign_out: Option<&'a str>,
}

/// The refused page.
pub(crate) fn refused_page(look: &Look<'_>, id: &str, app: Option<&str>, refused: &Refused<'_>) -> Response<Bytes> {
    let sentence = match refused.step_up {
        Some(step_up) => needs(look, step_up),
        None => look.say(refused_sentence(refused.reason)),
    };
    let page =
        RefusedPage { person: refused.person, app, decision_id: id, sentence: &sentence, sign_out: refused.sign_out };
    html(look, StatusCode::FORBIDDEN, pages::refused(look, &page), Dress::default())
}

/// What a sign-in that is let in must be.
fn needs(look: &Look<'_>, step_up: &StepUp) -> String {
    let methods =
        step_up.auth_methods.iter().map(|method| look.say(method_text(method))).collect::<Vec<_>>().join(", ");
    let age = step_up.max_age.map(|age| pages::lasting(look, age)).unwrap_or_default();
    let text = match (methods.is_empty(), age.is_empty()) {
        (false, true) => "refused-needs-methods",
        (true, false) => "refused-needs-fresh",
        _ => "refused-needs-both",
    };
    look.say_with(text, &[("methods", methods.into()), ("age", age.into())])
}

/// The id of what people call an authentication method (RFC 8176 section 2).
fn method_text(method: &str) -> &'static str {
    match method {
        "pwd" => "method-pwd",
        "otp" | "sms" | "tel" => "method-otp",
        "hwk" | "swk" | "pop" => "method-hwk",
        "fpt" | "face" | "iris" | "retina" | "vbm" => "method-fpt",
        "mfa" | "mca" => "method-mfa",
        _ => "method-other",
    }
}

/// The id of the sentence that says why.
fn refused_sentence(reason: &str) -> &'static str {
    match reason {
        "blocked" => "refused-blocked",
        "account_disabled" => "refused-account-disabled",
        "identity_provider_not_allowed" => "refused-identity-provider",
        _ => "refused-no-rule",
    }
}
