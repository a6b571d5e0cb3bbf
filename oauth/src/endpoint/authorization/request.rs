//! An authorization request, held against the client and the app: the same checks however its parameters came here.

use super::client::{Known, find_client};
use super::step_up::Demand;
use crate::app::{App, Dpop};
use crate::call::{Call, Server, VouchedBy};
use crate::client::{Authentication, ClientId};
use crate::consent::Question;
use crate::error::{Code, Error};
use crate::grant::{check_resource, check_scope};
use crate::parameters::Parameters;
use crate::pkce;
use crate::redirect_uri;
use serde::{Deserialize, Serialize};

/// A request that a code can be given for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Authorization {
    pub(super) client: ClientId,
    /// `None` for the browser.
    pub(super) client_name: Option<String>,
    pub(super) client_uri: Option<String>,
    pub(super) client_refreshes: bool,
    pub(super) client_authentication: Authentication,
    pub(super) client_fingerprint: String,
    pub(super) vouched_by: VouchedBy,
    pub(super) redirect_uri: String,
    pub(super) state: Option<String>,
    pub(super) code_challenge: String,
    pub(super) scope: String,
    pub(super) prompt: Prompt,
    #[serde(default)]
    pub(super) demand: Demand,
    /// Thumbprint of the key that the code is bound to.
    pub(super) dpop_jkt: Option<String>,
    /// A single sign-on session that does not do: under it, the person signed out of the app.
    pub(super) except_session: Option<String>,
    /// The id of the consent, if the request was pushed: however often it is asked for, one code comes of it.
    pub(super) pushed: Option<String>,
}

/// How the parameters of a request came here.
#[derive(Clone, Copy)]
pub(super) enum Way<'a> {
    /// In the query, through the browser.
    Query,
    /// From the client itself (RFC 9126).
    Pushed {
        /// The id of the consent that comes of it.
        id: &'a str,
    },
}

/// `prompt` (OpenID Connect Core section 3.1.2.1), of which only whether the person is asked counts here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Prompt {
    /// When it is needed.
    Usual,
    /// Never: `none`.
    Never,
    /// In any case: `consent`, and whatever else wants the person to do something.
    Always,
}

/// Why no code can be given, and who is told.
pub(super) enum Failure {
    /// The person alone: the redirect URI cannot be trusted.
    Page(Error),
    /// Nobody yet: somebody must sign in before the client is looked for.
    SignIn { host: String },
    /// The client, once somebody is signed in.
    Client { error: Box<Error>, client_name: Option<String>, redirect_uri: String, state: Option<String> },
}

impl Authorization {
    /// Holds the parameters of a request, however they came here, against the client and the app.
    pub(super) async fn check(
        server: &Server,
        call: Call<'_>,
        parameters: &Parameters,
        way: Way<'_>,
    ) -> Result<Self, Failure> {
        for name in ["client_id", "redirect_uri"] {
            if parameters.is_repeated(name) {
                return Err(page(Code::InvalidRequest, &format!("`{name}` is repeated")));
            }
        }
        let client = find_client(server, call, parameters).await?;
        let redirect_uri = find_redirect_uri(&client, parameters)?;
        // First-party: nobody else's is heeded.
        let except_session = parameters.get("except_session").filter(|_| client.id.is_browser()).map(str::to_owned);
        let state = parameters.get("state").map(str::to_owned);
        let must_be_pushed = client.pushes || (!client.id.is_browser() && requires_push(call.app));
        match check_way(must_be_pushed, way)
            .and_then(|()| check_parameters(call.app, client.most.as_deref(), parameters))
        {
            Ok(Checked { code_challenge, scope, prompt, demand, dpop_jkt }) => Ok(Self {
                client: client.id,
                client_name: client.name,
                client_uri: client.uri,
                client_refreshes: client.refreshes,
                client_authentication: client.authentication,
                client_fingerprint: client.fingerprint,
                vouched_by: client.vouched_by,
                redirect_uri,
                state,
                code_challenge,
                scope,
                prompt,
                demand,
                dpop_jkt,
                except_session,
                pushed: match way {
                    Way::Query => None,
                    Way::Pushed { id } => Some(id.to_owned()),
                },
            }),
            Err(error) => {
                Err(Failure::Client { error: Box::new(error), client_name: client.name, redirect_uri, state })
            }
        }
    }

    /// What the person is asked.
    pub(super) fn question(&self) -> Question<'_> {
        Question {
            client: &self.client,
            client_name: self.client_name.as_deref().unwrap_or_default(),
            client_uri: self.client_uri.as_deref(),
            vouched_by: &self.vouched_by,
            redirect_uri: Some(&self.redirect_uri),
            scope: &self.scope,
            refreshes: self.client_refreshes,
            confidential: self.client_authentication.is_confidential(),
            fingerprint: &self.client_fingerprint,
        }
    }

    /// The id of the consent to it.
    pub(super) fn consent_id(&self, server: &Server) -> String {
        self.pushed.clone().unwrap_or_else(|| server.new_id("c"))
    }
}

/// The redirect URI of the request, if it is a registered one; the only registered one may be left out.
fn find_redirect_uri(client: &Known, parameters: &Parameters) -> Result<String, Failure> {
    let fits = |known: &String, presented: &str| match client.id.is_browser() {
        true => redirect_uri::is_first_party(known, presented),
        false => redirect_uri::matches(known, presented),
    };
    match (parameters.get("redirect_uri"), client.redirect_uris.as_slice()) {
        (Some(presented), registered) if registered.iter().any(|known| fits(known, presented)) => {
            Ok(presented.to_owned())
        }
        (None, [only]) => Ok(only.clone()),
        (Some(_), _) => Err(page(Code::InvalidRequest, "`redirect_uri` is not one of this client's")),
        (None, _) => Err(page(Code::InvalidRequest, "`redirect_uri` is missing")),
    }
}

/// RFC 9126 section 5 for the app, section 6 for the client.
fn requires_push(app: &App) -> bool {
    app.managed.as_ref().is_some_and(|managed| managed.require_pushed_authorization_requests)
}

fn check_way(must_be_pushed: bool, way: Way<'_>) -> Result<(), Error> {
    match way {
        Way::Query if must_be_pushed => Err(Error::new(
            Code::InvalidRequest,
            "authorization requests must be pushed to `pushed_authorization_request_endpoint` first",
        )),
        _ => Ok(()),
    }
}

/// The parameters whose mistakes the client may be told.
pub(super) struct Checked {
    code_challenge: String,
    scope: String,
    prompt: Prompt,
    demand: Demand,
    dpop_jkt: Option<String>,
}

/// Everything whose failure the client may be told.
pub(super) fn check_parameters(app: &App, most: Option<&str>, parameters: &Parameters) -> Result<Checked, Error> {
    if let Some(name) = parameters.repeated() {
        return Err(Error::new(Code::InvalidRequest, "a parameter is repeated").logged(format!("`{name}` is repeated")));
    }
    check_form(parameters)?;
    let code_challenge = check_challenge(parameters)?;
    check_resource(app, parameters)?;
    let scope = check_scope(app, most, parameters)?;
    let (prompt, demand) = (check_prompt(parameters)?, Demand::check(app, parameters)?);
    Ok(Checked { code_challenge, scope, prompt, demand, dpop_jkt: check_jkt(app, parameters)? })
}

fn check_prompt(parameters: &Parameters) -> Result<Prompt, Error> {
    let asked: Vec<_> = parameters.get("prompt").unwrap_or_default().split(' ').collect();
    match asked.contains(&"none") {
        true if asked.len() > 1 => Err(Error::new(Code::InvalidRequest, "`prompt=none` stands alone")),
        true => Ok(Prompt::Never),
        // None of the others is offered on its own: the page is where a person can stop.
        false if ["consent", "login", "select_account"].iter().any(|word| asked.contains(word)) => Ok(Prompt::Always),
        false => Ok(Prompt::Usual),
    }
}

fn check_form(parameters: &Parameters) -> Result<(), Error> {
    if parameters.get("request").is_some() {
        return Err(Error::new(Code::RequestNotSupported, "request objects are not supported"));
    }
    if parameters.get("request_uri").is_some() {
        return Err(Error::new(Code::RequestUriNotSupported, "request objects are not supported"));
    }
    match parameters.get("response_type") {
        Some("code") => {}
        Some(_) => return Err(Error::new(Code::UnsupportedResponseType, "`response_type` must be `code`")),
        None => return Err(Error::new(Code::InvalidRequest, "`response_type` is missing")),
    }
    match parameters.get("response_mode") {
        None | Some("query") => Ok(()),
        Some(_) => Err(Error::new(Code::InvalidRequest, "`response_mode` must be `query`")),
    }
}

fn check_challenge(parameters: &Parameters) -> Result<String, Error> {
    let challenge = parameters
        .get("code_challenge")
        .ok_or_else(|| Error::new(Code::InvalidRequest, "`code_challenge` is missing; PKCE is required"))?;
    if parameters.get("code_challenge_method") != Some("S256") {
        return Err(Error::new(Code::InvalidRequest, "`code_challenge_method` must be `S256`"));
    }
    if !pkce::is_challenge(challenge) {
        return Err(Error::new(Code::InvalidRequest, "`code_challenge` must be 43 characters of base64url"));
    }
    Ok(challenge.to_owned())
}

/// `dpop_jkt` (RFC 9449 section 10): of the form of an RFC 7638 thumbprint with SHA-256.
fn check_jkt(app: &App, parameters: &Parameters) -> Result<Option<String>, Error> {
    let is_off = app.managed.as_ref().is_none_or(|managed| managed.dpop == Dpop::Off);
    match parameters.get("dpop_jkt").filter(|_| !is_off) {
        Some(jkt) if !pkce::is_challenge(jkt) => {
            Err(Error::new(Code::InvalidRequest, "`dpop_jkt` must be 43 characters of base64url"))
        }
        jkt => Ok(jkt.map(str::to_owned)),
    }
}

pub(super) fn page(code: Code, description: &str) -> Failure {
    Failure::Page(Error::new(code, description))
}
