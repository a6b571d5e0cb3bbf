//! Authorization requests that their client pushed (RFC 9126). The gateway keeps none of them: the parameters go out sealed
//! in the `request_uri`, so that nobody can guess, change or fill anything, and every node can read them. At the
//! authorization endpoint they are held against client and app once more, since the rules may have changed.

use super::request::{Authorization, Failure, Way, check_parameters};
use crate::app::CONSENT_LIFETIME;
use crate::call::{Call, Server};
use crate::client::ClientId;
use crate::error::{Code, Error};
use crate::parameters::Parameters;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a client has to send the person here (RFC 9126 section 2.2).
pub(crate) const REQUEST_LIFETIME: Duration = Duration::from_secs(90);

/// Longest `request_uri`: with it, a URL is still one that the gateway and browsers read.
const MAX_URI_BYTES: usize = 12 * 1024;

/// RFC 9449 section 10.1: a proof at the push binds the code, as this parameter does.
pub(crate) const DPOP_JKT: &str = "dpop_jkt";

const PURPOSE: &str = "pushed authorization request";
const PREFIX: &str = "urn:ietf:params:oauth:request_uri:";

/// What a `request_uri` stands for.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Pushed {
    /// Names the one consent that comes of it: one code is issued for it, on whichever node.
    id: String,
    app: String,
    client: ClientId,
    /// As a form, without what authenticated the client.
    parameters: String,
    expires_at: Timestamp,
    /// Whether it was prolonged for a sign-in already.
    prolonged: bool,
}

impl Pushed {
    /// What `client` posted, if a person could be asked for it.
    pub(crate) async fn check(
        server: &Server,
        call: Call<'_>,
        (client, jkt): (&ClientId, Option<&str>),
        body: &[u8],
    ) -> Result<Self, Error> {
        let pushed = Self {
            id: server.new_id("p"),
            app: call.app.id.clone(),
            client: client.clone(),
            parameters: parameters((client, jkt), body),
            expires_at: call.now.plus(REQUEST_LIFETIME),
            prolonged: false,
        };
        let parameters = Parameters::parse(pushed.parameters.as_bytes());
        match Authorization::check(server, call, &parameters, Way::Pushed { id: &pushed.id }).await {
            Ok(_) => Ok(pushed),
            // Its document is read once somebody has signed in; section 2.1 allows to check the redirect URI then.
            Err(Failure::SignIn { .. }) => check_parameters(call.app, None, &parameters).map(|_| pushed),
            Err(Failure::Page(error)) => Err(error),
            Err(Failure::Client { error, .. }) => Err(*error),
        }
    }

    /// Its name for the client.
    pub(crate) fn request_uri(&self, server: &Server, now: Timestamp) -> Result<String, Error> {
        let uri = format!("{PREFIX}{}", server.keys.sealer(now).seal(PURPOSE, self, &*server.random));
        if uri.len() > MAX_URI_BYTES {
            return Err(Error::new(Code::TooLarge, "the request is too large; shorten its `state`"));
        }
        Ok(uri)
    }

    /// The pushed request that a query names; `None` if it names none of ours. Everything but `client_id` beside it is
    /// ignored (section 4).
    pub(super) async fn find(server: &Server, call: Call<'_>, query: &Parameters) -> Result<Option<Self>, Error> {
        let Some(sealed) = query.get("request_uri").and_then(|uri| uri.strip_prefix(PREFIX)) else { return Ok(None) };
        let refused = |why: &str| Err(Error::new(Code::InvalidRequestUri, why));
        let opened = server.keys.sealer(call.now).open::<Self>(PURPOSE, sealed);
        let Some(pushed) = opened.filter(|pushed| pushed.app == call.app.id) else {
            return refused("`request_uri` is not from here; start again at the client");
        };
        let named_twice = query.is_repeated("request_uri") || query.is_repeated("client_id");
        if named_twice || query.get("client_id") != Some(pushed.client.as_str()) {
            return refused("`request_uri` belongs to another client; start again at the client");
        }
        if call.now >= pushed.expires_at {
            return refused("this request is too old; start again at the client");
        }
        // A page that is loaded again may ask again; once there is a code, nobody may.
        match server.store.is_consent_used(&pushed.id).await {
            Ok(false) => Ok(Some(pushed)),
            Ok(true) => refused("this request was answered already; start again at the client"),
            Err(broken) => Err(broken.into()),
        }
    }

    /// The id of the consent that comes of it.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    /// What the client pushed.
    pub(super) fn parameters(&self) -> Parameters {
        Parameters::parse(self.parameters.as_bytes())
    }

    /// The query with which the person comes back from a sign-in, which may take as long as a consent page; once.
    pub(super) fn prolonged(self, server: &Server, call: Call<'_>) -> Option<String> {
        if self.prolonged {
            return None;
        }
        let prolonged = Self { expires_at: call.now.plus(CONSENT_LIFETIME), prolonged: true, ..self };
        let uri = prolonged.request_uri(server, call.now).ok()?;
        let mut query = form_urlencoded::Serializer::new(String::new());
        Some(query.append_pair("client_id", prolonged.client.as_str()).append_pair("request_uri", &uri).finish())
    }
}

/// The posted parameters, with the client that authenticated and the key that it proved, and without its credentials.
fn parameters((client, jkt): (&ClientId, Option<&str>), body: &[u8]) -> String {
    const LEFT_OUT: [&str; 4] = ["client_id", "client_secret", "client_assertion", "client_assertion_type"];
    let is_left_out = |name: &str| LEFT_OUT.contains(&name) || (jkt.is_some() && name == DPOP_JKT);
    let posted = form_urlencoded::parse(body).filter(|(name, _)| !is_left_out(name));
    form_urlencoded::Serializer::new(String::new())
        .append_pair("client_id", client.as_str())
        .extend_pairs(posted)
        .extend_pairs(jkt.map(|jkt| (DPOP_JKT, jkt)))
        .finish()
}
