//! Access tokens in the shape of RFC 9068, without personal data: whoever reads one learns an opaque subject.

use crate::app::App;
use crate::dpop::Confirmation;
use crate::grant_type::GrantType;
use crate::jwt::{self, Expected, Invalid, Registered};
use crate::keys::{Keyring, Signer};
use crate::store::{Actor, Grant, KeyPurpose};
use crate::world::{Random, Timestamp};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use serde::{Deserialize, Serialize};

/// `typ` of an access token (RFC 9068 section 2.1).
pub const TYPE: &str = "at+jwt";

/// The claims of a verified access token, as far as the door needs them. None but `type` is optional.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
pub struct AccessToken {
    /// Opaque id of the person.
    pub sub: String,
    /// The client that holds it.
    pub client_id: String,
    /// Granted scope.
    pub scope: String,
    /// Unique id of the token.
    pub jti: String,
    /// The grant that it belongs to.
    pub grant: String,
    /// `service` for a client in its own name; absent for a person's.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// Seconds since the epoch at which it ends.
    pub exp: Timestamp,
    /// The key that it is bound to, if it is: then it is worth nothing without a proof of it (RFC 9449 section 6).
    #[serde(default)]
    pub cnf: Option<Confirmation>,
}

impl AccessToken {
    /// How it is presented.
    pub fn token_type(&self) -> &'static str {
        token_type(self.cnf.is_some())
    }
}

/// `token_type` (RFC 6750, RFC 9449 section 5).
pub(crate) fn token_type(is_bound: bool) -> &'static str {
    if is_bound { "DPoP" } else { "Bearer" }
}

#[derive(Serialize)]
struct Custom<'a> {
    client_id: &'a str,
    scope: &'a str,
    grant: &'a str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    kind: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    act: Option<&'a Actor>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cnf: Option<Confirmation>,
    #[serde(flatten)]
    sign_in: Option<SignIn<'a>>,
}

/// How and when the person signed in (RFC 9068 section 2.2.1, RFC 9470 section 6.1).
#[derive(Serialize)]
pub(crate) struct SignIn<'a> {
    auth_time: Timestamp,
    #[serde(skip_serializing_if = "Option::is_none")]
    acr: Option<&'a str>,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    amr: &'a [String],
}

impl<'a> SignIn<'a> {
    /// The sign-in that a grant came from; `None` where nobody did. The class is the strongest thing that can be said in one
    /// word: that several factors were used, or else the first of the methods.
    pub(crate) fn of(grant: &'a Grant) -> Option<Self> {
        let amr = grant.details.amr.as_slice();
        let several = amr.iter().find(|method| *method == "mfa");
        let acr = several.or(amr.first()).map(String::as_str);
        // Who brings an assertion of another issuer's has not seen the person sign in.
        let unseen = grant.is_of_service() || grant.details.opened_by == Some(GrantType::JwtBearer);
        (!unseen).then_some(Self { auth_time: grant.authenticated_at, acr, amr })
    }
}

/// `type` of a token that a client holds in its own name (OAuth 2.1 section 7.4).
pub const SERVICE: &str = "service";

/// Issues a token of `grant` at `app` with `scope`, bound to the key with the thumbprint `jkt` if there is one, from `now` to
/// `expires_at`.
pub(crate) fn issue(
    signer: &Signer,
    app: &App,
    grant: &Grant,
    (scope, jkt): (&str, Option<&str>),
    (now, expires_at): (Timestamp, Timestamp),
    random: &dyn Random,
) -> Option<String> {
    let registered = Registered {
        issuer: &app.issuer,
        audience: app.resource.canonical(),
        subject: &grant.subject,
        id: Some(URL_SAFE_NO_PAD.encode(random.bytes::<16>())),
        issued_at: now,
        expires_at,
    };
    let kind = grant.is_of_service().then_some(SERVICE);
    let cnf = jkt.map(|jkt| Confirmation { jkt: jkt.to_owned() });
    let act = grant.details.actor.as_ref();
    jwt::sign(
        signer,
        TYPE,
        registered,
        Custom {
            client_id: grant.client.as_str(),
            scope,
            grant: &grant.id,
            kind,
            act,
            cnf,
            sign_in: SignIn::of(grant),
        },
    )
}

/// Verifies a token presented at `app` (RFC 9068 section 4). Whether its grant still lives is the store's to say.
pub fn verify(keys: &Keyring, app: &App, token: &str, now: Timestamp) -> Result<AccessToken, Invalid> {
    let find = |kid: &str| keys.verifier(KeyPurpose::AccessToken, kid, now);
    jwt::verify(find, token, Expected { typ: TYPE, issuer: &app.issuer, audience: app.resource.canonical(), now })
}
