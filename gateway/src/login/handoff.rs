//! Browser sign-in at an app: an authorization of the first-party browser client through the same engine as any agent's.
//! The state is sealed and bound to this browser at this host, so a code is worth nothing in any other one, and any number
//! of tabs can be on their way at once.

use super::form::Browser;
use crate::config::{App, Origin};
use crate::gateway::{Snapshot, World};
use crate::identify::session::{cookie_name, set_cookie};
use crate::pages::{self, PopupPage};
use crate::refusal::{At, Refusal};
use crate::request::{Request, Target};
use crate::respond::{self, Dress, Problem, see_other};
use crate::route::{OWN, parameter};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::error::Code;
use oauth::grant::authorization_code::BrowserSession;
use oauth::pkce;
use policy::StepUp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

const PURPOSE: &str = "handoff";

/// Longer ways back are forgotten: the person lands on the app's first page.
const MAX_RETURN_CHARS: usize = 2048;

/// Most characters of the methods that a link asks for.
const MAX_METHODS: usize = 256;

#[derive(Serialize, Deserialize)]
struct State {
    app: String,
    return_to: String,
    /// Sealed like the rest: only we can read it (RFC 7636 section 4.1).
    verifier: String,
}

/// Sends the browser to sign in, as strong and fresh as it must be, and then back to `return_to` at the app.
pub(crate) fn begin(
    world: &World,
    at: &At,
    request: &Request,
    (return_to, step_up): (&str, Option<&StepUp>),
) -> Response<Bytes> {
    lead(world, at, request, (return_path(return_to), step_up))
}

/// The same in a window that a page of the app opened: it ends at [`popup`].
pub(crate) fn begin_in_popup(world: &World, at: &At, request: &Request, step_up: Option<&StepUp>) -> Response<Bytes> {
    lead(world, at, request, (format!("{POPUP}?app={}", at.app.id), step_up))
}

fn lead(world: &World, at: &At, request: &Request, (return_to, step_up): (String, Option<&StepUp>)) -> Response<Bytes> {
    let browser = Browser::of(world, &at.origin, request);
    let verifier = URL_SAFE_NO_PAD.encode(world.random.bytes::<32>());
    let challenge = pkce::challenge(&verifier);
    let state = State { app: at.app.id.clone(), return_to, verifier };
    let state = browser.seal(world, PURPOSE, state, request.now);
    let mut query = form_urlencoded::Serializer::new(String::new());
    query.append_pair("response_type", "code");
    query.append_pair("client_id", oauth::client::ClientId::browser().as_str());
    query.append_pair("redirect_uri", &callback(&at.origin));
    query.append_pair("code_challenge", &challenge).append_pair("code_challenge_method", "S256");
    query.append_pair("state", &state);
    query.extend_pairs(step_up.iter().flat_map(|step_up| parameters(step_up)));
    if let Some(session) = request.cookie(&signed_out_cookie(&at.origin, &at.app)).filter(|session| session.len() <= 64)
    {
        query.append_pair("except_session", session);
    }
    let location = format!("{}?{}", at.app.oauth.endpoints.authorization, query.finish());
    see_other(StatusCode::FOUND, &location, &browser.cookies(&at.origin))
}

/// The end of a sign-in in a window: it tells the pages of this origin, and closes itself. Without script it says that it
/// can be closed. Nothing secret is told, so any page of the origin may listen.
pub(crate) fn popup(snapshot: &Snapshot, request: &Request) -> Response<Bytes> {
    let look = snapshot.look(request);
    let app = request.target.query().and_then(|query| parameter(query, "app")).unwrap_or_default();
    let name = snapshot.config.apps.get(&app).map_or(look.brand().name(), |app| app.name.as_str());
    let page = pages::popup(&look, &PopupPage { app: name, script: TELL });
    respond::html(&look, StatusCode::OK, page, Dress { inline_script: Some(TELL), ..Dress::default() })
}

/// The names of the channel and of the message are part of the interface: pages of apps listen for them.
const TELL: &str = "new BroadcastChannel('doorward').postMessage('signed_in');window.close()";
const POPUP: &str = "/.doorward/popup";

/// What a sign-in must be, in the words of an authorization request (RFC 9470 section 4).
pub(crate) fn parameters(step_up: &StepUp) -> impl Iterator<Item = (&'static str, String)> {
    let methods = (!step_up.auth_methods.is_empty()).then(|| step_up.auth_methods.join("+"));
    let age = step_up.max_age.map(|age| age.as_secs().to_string());
    methods.map(|methods| ("acr_values", methods)).into_iter().chain(age.map(|age| ("max_age", age)))
}

/// What a link to the sign-in at an app asks for.
pub(crate) fn asked_for(request: &Request) -> Option<StepUp> {
    let query = request.target.query()?;
    let auth_methods =
        parameter(query, "acr_values").filter(|methods| !methods.is_empty() && methods.len() <= MAX_METHODS);
    let max_age = parameter(query, "max_age").and_then(|age| age.parse().ok()).map(Duration::from_secs);
    let auth_methods: Vec<_> = auth_methods.iter().flat_map(|methods| methods.split('+')).map(str::to_owned).collect();
    (!auth_methods.is_empty() || max_age.is_some()).then_some(StepUp { auth_methods, max_age })
}

/// The browser comes back with a code: it becomes a session at the app.
pub(crate) async fn finish(
    world: &World,
    snapshot: &Snapshot,
    origin: &Origin,
    request: &Request,
) -> Result<Response<Bytes>, Refusal> {
    let query = request.target.query().unwrap_or_default();
    let state = parameter(query, "state").unwrap_or_default();
    let opened =
        Browser::known(origin, request).and_then(|browser| browser.open::<State>(world, PURPOSE, &state, request.now));
    let Some(state) = opened else {
        return Ok(failed(snapshot, request, "problem-sign-in-not-begun"));
    };
    let Some(app) = snapshot.config.apps.get(&state.app) else {
        return Ok(failed(snapshot, request, "problem-sign-in-app-gone"));
    };
    // RFC 9207 section 2.4: the answer must come from this app's issuer.
    let code = parameter(query, "code").filter(|_| parameter(query, "iss").as_deref() == Some(&app.oauth.issuer));
    let Some(code) = code else { return Ok(failed(snapshot, request, "problem-sign-in-failed")) };
    let back = format!("{}{}", origin.url(), state.return_to);
    if request.has_cookie_twice(&cookie_name(origin, &app.id)) {
        // The new one would count as none too, and the browser would be sent in a circle.
        return Ok(failed(snapshot, request, "problem-sign-in-two-cookies"));
    }
    match snapshot.oauth.redeem_browser_code(&app.oauth, (&code, &state.verifier, &callback(origin)), request.now).await
    {
        Ok(session) => Ok(see_other(StatusCode::FOUND, &back, &session_cookies(origin, app, request, &session))),
        Err(error) if error.code == Code::TemporarilyUnavailable => Err(Refusal::Unavailable(error.log)),
        // The page was reloaded, or reached with the back button: the app decides whether a session is there.
        Err(_) => Ok(see_other(StatusCode::FOUND, &back, &[])),
    }
}

fn session_cookies(origin: &Origin, app: &App, request: &Request, session: &BrowserSession) -> Vec<String> {
    let lasting = app.oauth.session_duration;
    let mut cookies = vec![set_cookie(origin, &cookie_name(origin, &app.id), session.secret.expose(), lasting)];
    let signed_out = signed_out_cookie(origin, app);
    cookies.extend(request.cookie(&signed_out).map(|_| set_cookie(origin, &signed_out, "", Duration::ZERO)));
    cookies
}

/// After a sign-out of one app, the next sign-in there must not be silent: this cookie names the single sign-on session
/// (its public id) that does not do any more.
pub(crate) fn signed_out_cookie(origin: &Origin, app: &App) -> String {
    format!("{}doorward.out-{}", if origin.secure { "__Host-" } else { "" }, app.id)
}

fn callback(origin: &Origin) -> String {
    format!("{}/.doorward/callback", origin.url())
}

/// A path of the app's own host, or its first page. The host itself always comes from the configuration.
pub(crate) fn return_path(asked: &str) -> String {
    let path = Target::read(asked.as_bytes()).ok().filter(|_| asked.len() <= MAX_RETURN_CHARS);
    path.filter(|target| !target.path().starts_with(OWN))
        .map_or_else(|| "/".to_owned(), |target| target.as_str().to_owned())
}

fn failed(snapshot: &Snapshot, request: &Request, text: &str) -> Response<Bytes> {
    let problem = Problem { status: 400, code: "sign_in_failed", text, ..Problem::default() };
    respond::problem(&snapshot.look(request), request.hints.accepts_html, &request.id, problem)
}

#[cfg(test)]
mod tests {
    use super::return_path;

    #[test]
    fn bs_07_the_way_back_is_a_path_of_the_same_host() {
        for evil in [
            "//evil",
            "/\\evil",
            "https:evil",
            "https://evil",
            "/%2f/evil",
            "/%5cevil",
            "/a\r\nX: y",
            "@evil",
            "/\u{2215}evil",
            "/a/../b",
            "",
            "/.doorward/logout",
            "/%2edoorward/logout",
            "/.doorward/callback?x",
        ] {
            assert_eq!(return_path(evil), "/", "{evil:?}");
        }
        assert_eq!(return_path("/wiki/x?y=//z#".trim_end_matches('#')), "/wiki/x?y=//z");
        assert_eq!(return_path(&format!("/{}", "a".repeat(3000))), "/");
    }
}
