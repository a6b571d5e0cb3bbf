//! Dynamic client registration (RFC 7591). Nobody vouches for what registers itself: only redirect URIs that the app's
//! rules allow are kept, texts are cleaned, and the same public content always gives the same client.

mod metadata;
mod signer;

use crate::app::{App, Managed, Registration};
use crate::call::Server;
use crate::client::{Authentication, Client, ClientDetails, ClientId, RegisteredBy, SignerKeys};
use crate::error::{Code, Error, json_response};
use crate::grant_type::GrantType;
use crate::redirect_uri::{RedirectRules, Unacceptable};
use crate::secret::{Kind, Secret};
use crate::store::Registered;
use crate::world::Timestamp;
use bytes::Bytes;
use http::{Request, Response, StatusCode};
use metadata::Metadata;
pub(super) use metadata::Method;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

/// Most bytes of a registration.
pub const MAX_BYTES: usize = 16 * 1024;

pub(crate) async fn answer(
    server: &Server,
    (app, managed): (&App, &Managed),
    request: &Request<Bytes>,
    now: Timestamp,
) -> Result<Response<Bytes>, Error> {
    let Some(rules) = &managed.registration else {
        return Err(Error::new(
            Code::NotFound,
            "dynamic client registration is off for this app; ask its administrator for a client",
        ));
    };
    if request.body().len() > MAX_BYTES {
        return Err(Error::new(Code::TooLarge, "the body is too large"));
    }
    let metadata = parse(request.body(), (app, managed))?;
    let redirect_uris = acceptable(&metadata.redirect_uris, &rules.redirect_rules, app)?;
    let (mut client, secret) = new_client(server, app, metadata, redirect_uris, now);
    // RFC 7592: only what is this client's alone can be changed by it.
    let token = secret.is_some().then(|| Secret::generate(Kind::Registration, &*server.random));
    client.details.registration_token = token.as_ref().map(Secret::hash);
    let client = keep(server, client, rules, now).await?;
    Ok(json_response(StatusCode::CREATED, &describe(app, &client, secret.as_ref(), token.as_ref())))
}

/// The body of a registration at this app.
pub(super) fn parse(body: &[u8], (app, managed): (&App, &Managed)) -> Result<Metadata, Error> {
    let offered = managed.grant_types();
    Metadata::parse(body, &app.scopes, (&offered, managed.client_assertions.is_some()))
}

/// The URIs that may be registered. A dangerous one refuses all; one that is merely not allowed here is left out of the
/// answer, because clients register several at once and use the one that fits.
pub(super) fn acceptable(uris: &[String], rules: &RedirectRules, app: &App) -> Result<Vec<String>, Error> {
    let mut kept = Vec::new();
    let mut refused = None;
    for uri in uris {
        match rules.check(uri) {
            Ok(()) => kept.push(uri.clone()),
            Err(Unacceptable::NotAllowed) => refused = refused.or(Some(uri)),
            Err(Unacceptable::Never(why)) => {
                return Err(Error::new(
                    Code::InvalidRedirectUri,
                    format!("`{}` cannot be registered: {why}", printable(uri)),
                ));
            }
        }
    }
    match refused {
        Some(uri) if kept.is_empty() => Err(Error::new(
            Code::InvalidRedirectUri,
            format!(
                "`{}` is not allowed at `{}`; an administrator can add it to `apps.{}.oauth.dynamic_client_registration.allowed_uris`",
                printable(uri),
                app.name,
                app.id
            ),
        )),
        _ => Ok(kept),
    }
}

fn new_client(
    server: &Server,
    app: &App,
    metadata: Metadata,
    redirect_uris: Vec<String>,
    now: Timestamp,
) -> (Client, Option<Secret>) {
    let (authentication, secret) = authentication(server, metadata.method);
    let mut client = Client {
        app: app.id.clone(),
        id: ClientId::new(""),
        name: metadata.client_name,
        redirect_uris,
        authentication,
        grant_types: metadata.grant_types,
        metadata: metadata.others,
        registered_at: Timestamp::default(),
        registered_by: RegisteredBy::Itself,
        details: ClientDetails::default(),
    };
    client.id = client_id(&client);
    client.registered_at = now;
    (client, secret)
}

/// How a client authenticates from now on, with a new secret if it has one.
pub(super) fn authentication(server: &Server, method: Method) -> (Authentication, Option<Secret>) {
    let new_secret = || Secret::generate(Kind::Client, &*server.random);
    match method {
        Method::None => (Authentication::None, None),
        Method::PrivateKeyJwt(signer) => (Authentication::PrivateKeyJwt(signer), None),
        Method::ClientSecretBasic => {
            let secret = new_secret();
            (Authentication::ClientSecretBasic { secret: secret.hash() }, Some(secret))
        }
        Method::ClientSecretPost => {
            let secret = new_secret();
            (Authentication::ClientSecretPost { secret: secret.hash() }, Some(secret))
        }
    }
}

/// The id is a hash of the content: the same public client registering again, from any machine, is the same client. The
/// content of a confidential one includes its secret, so each is its own.
fn client_id(client: &Client) -> ClientId {
    let content = serde_json::to_vec(&serde_json::to_value(client).unwrap_or_default()).unwrap_or_default();
    let mut bytes = [0; 18];
    bytes.copy_from_slice(&Sha256::digest(&content)[..18]);
    ClientId::from_bytes(&bytes)
}

async fn keep(server: &Server, client: Client, rules: &Registration, now: Timestamp) -> Result<Client, Error> {
    match server.store.register_client(&client, rules.limits, now).await? {
        Registered::New => Ok(client),
        Registered::Known => Ok(server.store.client(&client.app, &client.id).await?.unwrap_or(client)),
        Registered::Full => {
            Err(Error::new(Code::TooManyRegistrations, "too many clients are registered at this app; try again later")
                .logged(format!("app `{}` has its most registered clients ({})", client.app, rules.limits.total)))
        }
    }
}

/// The client information response (section 3.2.1): everything as registered, nothing null, nothing empty.
pub(super) fn describe(app: &App, client: &Client, secret: Option<&Secret>, token: Option<&Secret>) -> Value {
    let mut answer: Map<String, Value> = client.metadata.clone();
    answer.insert("client_id".into(), json!(client.id));
    answer.insert("client_id_issued_at".into(), json!(client.registered_at));
    answer.insert("client_name".into(), json!(client.name));
    answer.insert("redirect_uris".into(), json!(client.redirect_uris));
    answer.insert("token_endpoint_auth_method".into(), json!(client.authentication.as_str()));
    answer.insert("grant_types".into(), json!(client.grant_types));
    if client.may_use(GrantType::AuthorizationCode) {
        answer.insert("response_types".into(), json!(["code"]));
    }
    if let Authentication::PrivateKeyJwt(signer) = &client.authentication {
        let (name, keys) = match &signer.keys {
            SignerKeys::Jwks(keys) => ("jwks", json!(keys)),
            SignerKeys::JwksUri(uri) => ("jwks_uri", json!(uri)),
        };
        answer.insert(name.into(), keys);
        let algorithm = signer.algorithm.map(|algorithm| json!(algorithm));
        answer.extend(algorithm.map(|algorithm| ("token_endpoint_auth_signing_alg".to_owned(), algorithm)));
    }
    if let Some(token) = token {
        let uri = format!("{}/{}", app.endpoints.registration, client.id);
        answer.insert("registration_client_uri".into(), json!(uri));
        answer.insert("registration_access_token".into(), json!(token.expose()));
    }
    if let Some(secret) = secret {
        answer.insert("client_secret".into(), json!(secret.expose()));
        answer.insert("client_secret_expires_at".into(), json!(0));
    }
    Value::Object(answer)
}

fn printable(uri: &str) -> String {
    uri.chars().filter(|c| c.is_ascii_graphic() && *c != '"' && *c != '\\').take(200).collect()
}
