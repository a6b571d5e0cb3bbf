//! Client authentication, at every endpoint that asks for it (OAuth 2.1 section 2.4): exactly one method, the registered one.

use crate::app::App;
use crate::call::Server;
use crate::client::{Authentication, Client, ClientId};
use crate::client_document;
use crate::error::{Code, Error};
use crate::parameters::Parameters;
use crate::secret::{Kind, Secret};
use crate::world::Timestamp;
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use percent_encoding::percent_decode_str;
use zeroize::Zeroizing;

/// What a request says of its client.
struct Presented {
    id: String,
    secret: Option<Zeroizing<String>>,
    basic: bool,
}

/// The client that makes a request, authenticated as it registered.
pub(crate) async fn authenticate(
    server: &Server,
    app: &App,
    request: &Request<Bytes>,
    form: &Parameters,
    now: Timestamp,
) -> Result<Client, Error> {
    let presented = present(request.headers(), form)?;
    let refused = |log: &str| {
        Error::new(
            Code::InvalidClient { basic: presented.basic },
            "the client is not known here, or did not authenticate as it registered",
        )
        .logged(format!("client `{}`: {log}", shorten(&presented.id)))
    };
    if presented.id.len() > ClientId::MAX_CHARS {
        return Err(refused("its id is too long"));
    }
    let id = ClientId::new(presented.id.as_str());
    if id.is_browser() {
        return Err(refused("the first-party browser client has no token endpoint"));
    }
    if id.is_url() {
        // Its document was read when the code was given, and is not fetched here: what was kept then does.
        let rules = app.managed.as_ref().and_then(|managed| managed.client_documents.as_ref());
        let rules = rules.ok_or_else(|| refused("client documents are off for this app"))?;
        client_document::admit(rules, id.as_str()).map_err(|unusable| refused(&unusable.to_string()))?;
    }
    let client = server.store.client(&app.id, &id).await?.ok_or_else(|| refused("not registered at this app"))?;
    match (&client.authentication, &presented.secret, presented.basic) {
        (Authentication::None, None, _) => Ok(client),
        (Authentication::None, Some(_), _) => Err(refused("a public client sent a secret")),
        (Authentication::ClientSecretBasic { secret }, Some(given), true)
        | (Authentication::ClientSecretPost { secret }, Some(given), false) => {
            let given = Secret::parse(Kind::Client, given).ok_or_else(|| refused("the secret is malformed"))?;
            // CA-13: after a rotation, the secret before it does for a while.
            let previous = client.details.previous_secret.as_ref();
            let does = given.hash().matches(secret) || previous.is_some_and(|old| old.matches(&given.hash(), now));
            if does { Ok(client) } else { Err(refused("wrong secret")) }
        }
        _ => Err(refused("not the registered authentication method")),
    }
}

fn present(headers: &HeaderMap, form: &Parameters) -> Result<Presented, Error> {
    let from_header = basic(headers)?;
    let from_body = form.get("client_secret");
    for unsupported in ["client_assertion", "client_assertion_type"] {
        if form.get(unsupported).is_some() {
            return Err(Error::new(Code::InvalidClient { basic: false }, "client assertions are not supported"));
        }
    }
    match (from_header, from_body, form.get("client_id")) {
        (Some(_), Some(_), _) => Err(Error::new(Code::InvalidRequest, "more than one way of client authentication")),
        (Some((id, _)), None, Some(body)) if id != body => {
            Err(Error::new(Code::InvalidRequest, "two different client identifiers"))
        }
        (Some((id, secret)), None, _) => {
            Ok(Presented { id, secret: Some(secret).filter(|s| !s.is_empty()), basic: true })
        }
        (None, secret, Some(id)) => {
            Ok(Presented { id: id.to_owned(), secret: secret.map(|s| Zeroizing::new(s.to_owned())), basic: false })
        }
        (None, _, None) => Err(Error::new(Code::InvalidClient { basic: false }, "`client_id` is missing")),
    }
}

/// HTTP Basic (RFC 6749 section 2.3.1). Identifiers and secrets are made of unreserved characters only, so clients that
/// form-encode them and clients that do not send the same bytes.
fn basic(headers: &HeaderMap) -> Result<Option<(String, Zeroizing<String>)>, Error> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let malformed = || Error::new(Code::InvalidClient { basic: true }, "the Authorization header is malformed");
    let text = value.to_str().map_err(|_| malformed())?;
    let (scheme, credentials) = text.split_once(' ').ok_or_else(malformed)?;
    if values.next().is_some() || !scheme.eq_ignore_ascii_case("basic") {
        return Err(malformed());
    }
    let decoded = Zeroizing::new(STANDARD.decode(credentials.trim()).map_err(|_| malformed())?);
    let (id, secret) =
        std::str::from_utf8(&decoded).ok().and_then(|pair| pair.split_once(':')).ok_or_else(malformed)?;
    let decode =
        |part: &str| percent_decode_str(part).decode_utf8().map(|text| text.into_owned()).map_err(|_| malformed());
    Ok(Some((decode(id)?, Zeroizing::new(decode(secret)?))))
}

fn shorten(id: &str) -> String {
    id.chars().filter(|c| !c.is_control()).take(80).collect()
}
