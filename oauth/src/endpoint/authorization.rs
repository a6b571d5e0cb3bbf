//! The authorization endpoint (OAuth 2.1 section 3.1). A request is read in three steps: client and redirect URI, whose
//! errors are pages; everything else, whose errors go to the client; and the person, who signs in and consents. The
//! first-party browser client needs no consent.

mod client;
mod consent;
mod pushed;
mod request;
mod step_up;

pub(crate) use pushed::{DPOP_JKT, Pushed, REQUEST_LIFETIME};

use super::permit;
use crate::app::{App, CODE_LIFETIME};
use crate::approval::{Ask, INSUFFICIENT_USER_AUTHENTICATION, StepUp};
use crate::call::{Call, Person, Reply, Server};
use crate::client::ClientId;
use crate::consent::Allowed;
use crate::error::{Code as ErrorCode, Error};
use crate::grant_type::GrantType;
use crate::parameters::Parameters;
use crate::redirect_uri::with_parameters;
use crate::secret::{Kind, Secret};
use crate::store::{Code, ConsentRecord, Issued, StoreError};
use crate::world::Timestamp;
use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, header};
use request::{Authorization, Failure, Prompt, Way};
use step_up::Asked;

/// Answers a call. `Err` is an answer too: the one that ended the reading.
pub(crate) async fn answer(server: &Server, call: Call<'_>, request: &Request<Bytes>) -> Result<Reply, Reply> {
    match *request.method() {
        Method::GET | Method::HEAD => ask(server, call, request.uri().query().unwrap_or_default()).await,
        Method::POST => consent::answer(server, call, request).await,
        _ => Err(page(
            ErrorCode::MethodNotAllowed { allow: "GET, POST" },
            "this page is opened or its form is sent; nothing else",
        )),
    }
}

async fn ask(server: &Server, call: Call<'_>, raw: &str) -> Result<Reply, Reply> {
    let query = Parameters::parse(raw.as_bytes());
    let pushed = Pushed::find(server, call, &query).await.map_err(Reply::Page)?;
    let checked = match &pushed {
        Some(pushed) => Authorization::check(server, call, &pushed.parameters(), Way::Pushed { id: pushed.id() }).await,
        None => Authorization::check(server, call, &query, Way::Query).await,
    };
    let sign_in = |client, step_up: Option<StepUp>| {
        let prolonged = pushed.and_then(|pushed| pushed.prolonged(server, call));
        let marked = || Asked::mark(server, call, prolonged.as_deref().unwrap_or(raw));
        Reply::LoginRequired { client, query: if step_up.is_some() { Some(marked()) } else { prolonged }, step_up }
    };
    let asked = match checked {
        Ok(asked) => asked,
        Err(Failure::Page(error)) => return Err(Reply::Page(error)),
        Err(Failure::SignIn { host }) => return Err(sign_in(Some(host), None)),
        // Who is not signed in is not sent on: else every registered client had an open redirector here
        // (OAuth 2.1 section 7.13.2).
        Err(Failure::Client { client_name, .. }) if call.person.is_none() => {
            return Err(sign_in(client_name, None));
        }
        Err(Failure::Client { error, redirect_uri, state, .. }) => {
            return Err(refuse(call, StatusCode::FOUND, (&redirect_uri, state.as_deref()), &error));
        }
    };
    let does = |person: &&Person| asked.except_session.as_ref().is_none_or(|ended| *ended != person.session);
    let Some(person) = call.person.filter(does) else {
        // Only a client that nobody can pretend to be is told so: others would have an open redirector here.
        if asked.prompt == Prompt::Never && asked.question().is_assured() {
            return Err(silent(call, &asked, ErrorCode::LoginRequired, "nobody is signed in"));
        }
        let step_up = asked.demand.step_up();
        return Err(sign_in(asked.client_name, step_up));
    };
    let before = Asked::find(server, call, &query);
    let may_ask = asked.prompt != Prompt::Never && !before.as_ref().is_some_and(|asked| asked.in_vain(person));
    let client = asked.client_name.clone();
    let decided = match asked.demand.unmet(person, before.as_ref(), call.now) {
        Some(step_up) if may_ask => return Err(sign_in(client, Some(step_up))),
        Some(step_up) => Err(unmet(call, &asked, step_up)),
        None => decide(server, call, person, asked).await,
    };
    match decided {
        Err(Reply::Refused { step_up: Some(step_up), .. }) if may_ask => Err(sign_in(client, Some(step_up))),
        decided => decided,
    }
}

/// The answer to a request that asks for a stronger or fresher sign-in than is to be had.
fn unmet(call: Call<'_>, asked: &Authorization, step_up: StepUp) -> Reply {
    match asked.prompt {
        _ if asked.client.is_browser() => {
            Reply::Refused { reason: INSUFFICIENT_USER_AUTHENTICATION, rule: None, step_up: Some(step_up) }
        }
        Prompt::Never => silent(call, asked, ErrorCode::LoginRequired, "the sign-in is too old or too weak"),
        _ => {
            let why = "the person signed in anew, and not as `max_age` and `acr_values` ask";
            silent(call, asked, ErrorCode::UnmetAuthenticationRequirements, why)
        }
    }
}

/// Gives what was consented to before, or asks the person.
async fn decide(server: &Server, call: Call<'_>, person: &Person, asked: Authorization) -> Result<Reply, Reply> {
    approve(server, call.app, person, &asked.client, call.now).await?;
    if asked.client.is_browser() {
        let allowed = Allowed { scope: asked.scope.clone(), refreshes: false };
        let given = Given { asked, allowed, consent: server.new_id("s"), record: None };
        return issue(server, call, person, given, StatusCode::FOUND).await;
    }
    let known = known(server, call, person, &asked.client).await?;
    if asked.prompt != Prompt::Always
        && let Some(allowed) = asked.question().answered(call, &known)
    {
        let consent = asked.consent_id(server);
        let given = Given { asked, allowed, consent, record: None };
        return issue(server, call, person, given, StatusCode::FOUND).await;
    }
    if asked.prompt == Prompt::Never {
        return Err(silent(call, &asked, ErrorCode::ConsentRequired, "the person must be asked"));
    }
    Ok(Reply::Consent(Box::new(consent::prompt(server, call, person, asked, &known))))
}

/// What the person consented to before for this client.
async fn known(
    server: &Server,
    call: Call<'_>,
    person: &Person,
    client: &ClientId,
) -> Result<Vec<ConsentRecord>, Reply> {
    let known = server.store.consents(&call.app.id, client, &person.subject).await;
    known.map_err(|broken| Reply::Page(broken.into()))
}

/// The answer to a request that must not show anything, and would have to.
fn silent(call: Call<'_>, asked: &Authorization, code: ErrorCode, description: &str) -> Reply {
    let error = Error::new(code, description);
    refuse(call, StatusCode::FOUND, (&asked.redirect_uri, asked.state.as_deref()), &error)
}

/// Asks the policy before anything is given.
async fn approve(server: &Server, app: &App, person: &Person, client: &ClientId, now: Timestamp) -> Result<(), Reply> {
    let Person { subject, login_method, amr, authenticated_at, .. } = person;
    let (opened_by, authenticated_at) = (GrantType::AuthorizationCode, *authenticated_at);
    let ask = Ask { app, client, opened_by, subject, login_method, amr, authenticated_at, linked_app: None, now };
    permit(server, ask).await
}

/// What a code is issued for.
struct Given {
    asked: Authorization,
    allowed: Allowed,
    /// Id of the one act that gave it.
    consent: String,
    /// The consent to keep.
    record: Option<ConsentRecord>,
}

/// Issues the code and sends it to the client.
async fn issue(
    server: &Server,
    call: Call<'_>,
    person: &Person,
    Given { asked, allowed, consent, record }: Given,
    status: StatusCode,
) -> Result<Reply, Reply> {
    client::keep(server, call, &asked).await.map_err(|broken| Reply::Page(broken.into()))?;
    let secret = Secret::generate(Kind::Code, &*server.random);
    let code = Code {
        hash: secret.hash(),
        consent,
        app: call.app.id.clone(),
        client: asked.client,
        subject: person.subject.clone(),
        redirect_uri: asked.redirect_uri,
        code_challenge: asked.code_challenge,
        scope: allowed.scope,
        refreshes: allowed.refreshes,
        dpop_jkt: asked.dpop_jkt,
        login_method: person.login_method.clone(),
        amr: person.amr.clone(),
        authenticated_at: person.authenticated_at,
        session: Some(person.session.clone()),
        expires_at: call.now.plus(CODE_LIFETIME),
    };
    match server.store.issue_code(&code).await {
        Ok(Issued::New) => {}
        Ok(Issued::ConsentUsed) => {
            return Err(page(ErrorCode::AccessDenied, "this consent was used already; start again at the client"));
        }
        Err(StoreError(broken)) => return Err(Reply::Page(StoreError(broken).into())),
    }
    if let Some(record) = &record {
        // If it cannot be kept, the person is asked once more.
        let _ = server.store.keep_consent(record).await;
    }
    let to = (code.redirect_uri.as_str(), asked.state.as_deref());
    Ok(Reply::Response(send_back(call, status, to, &[("code", secret.expose())])))
}

/// Sends the person back to the client with these parameters, its `state`, and our `iss` (RFC 9207).
fn send_back(
    call: Call<'_>,
    status: StatusCode,
    (redirect_uri, state): (&str, Option<&str>),
    parameters: &[(&str, &str)],
) -> Response<Bytes> {
    let state = state.map(|state| ("state", state));
    let issuer = ("iss", call.app.issuer.as_str());
    let parameters: Vec<_> = parameters.iter().copied().chain(state).chain([issuer]).collect();
    redirect(status, &with_parameters(redirect_uri, &parameters))
}

/// Tells the client why there is no code (OAuth 2.1 section 4.1.2.1).
fn refuse(call: Call<'_>, status: StatusCode, to: (&str, Option<&str>), error: &Error) -> Reply {
    let parameters = [("error", error.code.as_str()), ("error_description", error.description.as_str())];
    let mut response = send_back(call, status, to, &parameters);
    response.extensions_mut().insert(error.clone());
    Reply::Response(response)
}

fn redirect(status: StatusCode, location: &str) -> Response<Bytes> {
    let mut response = Response::new(Bytes::new());
    let headers = response.headers_mut();
    match HeaderValue::from_str(location) {
        Ok(location) => {
            headers.insert(header::LOCATION, location);
            headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
            headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
            *response.status_mut() = status;
        }
        Err(_) => *response.status_mut() = StatusCode::BAD_REQUEST,
    }
    response
}

fn page(code: ErrorCode, description: &str) -> Reply {
    Reply::Page(Error::new(code, description))
}
