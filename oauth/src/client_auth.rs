//! Client authentication, at every endpoint that asks for it (OAuth 2.1 section 2.4): exactly one method, the registered one.

mod assertion;

use self::assertion::Refused;
use crate::app::App;
use crate::call::Server;
use crate::client::{Authentication, Client, ClientId, Signer};
use crate::client_document;
use crate::error::{Code, Error};
use crate::jose::Jws;
use crate::parameters::Parameters;
use crate::secret::{Kind, Secret, SecretHash};
use crate::world::{Guesses, Timestamp};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{HeaderMap, Request, header};
use percent_encoding::percent_decode_str;
use std::sync::Arc;
use zeroize::Zeroizing;

/// An extension of a request: counts the guesses of whoever sent it. The gateway knows from where that was.
#[derive(Clone)]
pub struct Guesser(pub Arc<dyn Guesses>);

/// What a request says of its client.
struct Presented<'a> {
    id: String,
    basic: bool,
    credential: Credential<'a>,
}

enum Credential<'a> {
    None,
    Secret(Zeroizing<String>),
    Assertion(Jws<'a>),
}

/// The client that makes a request, authenticated as it registered. Its `authentication` says how it did now: a client
/// that may sign and did not is public.
pub(crate) async fn authenticate(
    server: &Server,
    app: &App,
    request: &Request<Bytes>,
    form: &Parameters,
    now: Timestamp,
) -> Result<Client, Error> {
    let presented = present(request.headers(), form)?;
    let refused = |log: &str| refusal(&presented, log);
    let client = find(server, app, &presented).await?;
    match (&client.authentication, &presented.credential, presented.basic) {
        (Authentication::None, Credential::None, _) => Ok(client),
        (Authentication::None, ..) => Err(refused("a public client sent a secret or an assertion")),
        (Authentication::ClientSecretBasic { secret }, Credential::Secret(given), true)
        | (Authentication::ClientSecretPost { secret }, Credential::Secret(given), false) => {
            check_secret(request, &presented, given, |given| {
                // CA-13: after a rotation, the secret before it does for a while.
                let previous = client.details.previous_secret.as_ref();
                given.matches(secret) || previous.is_some_and(|old| old.matches(given, now))
            })?;
            Ok(client)
        }
        (Authentication::PrivateKeyJwt(signer), Credential::Assertion(assertion), _) => {
            let verified = assertion::verify(server, app, &client, (signer, assertion), now).await;
            verified.map_err(|why| assertion_refusal(&presented, why))?;
            Ok(client)
        }
        (Authentication::PrivateKeyJwt(Signer { or_none: true, .. }), Credential::None, false) => {
            Ok(Client { authentication: Authentication::None, ..client })
        }
        (Authentication::PrivateKeyJwt(_), Credential::None, _) => {
            Err(refused("it must send a `client_assertion`, as its metadata says"))
        }
        _ => Err(refused("not the registered authentication method")),
    }
}

/// The client that is named, if it may come to the app at all.
async fn find(server: &Server, app: &App, presented: &Presented<'_>) -> Result<Client, Error> {
    let refused = |log: &str| refusal(presented, log);
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
    server.store.client(&app.id, &id).await?.ok_or_else(|| refused("not registered at this app"))
}

fn refusal(presented: &Presented<'_>, log: &str) -> Error {
    let error = Error::new(
        Code::InvalidClient { basic: presented.basic },
        "the client is not known here, or did not authenticate as it registered",
    );
    let client = shorten(&presented.id);
    // What is to be audited says so at its beginning.
    match log.strip_prefix("security: ") {
        Some(log) => error.logged(format!("security: client `{client}`: {log}")),
        None => error.logged(format!("client `{client}`: {log}")),
    }
}

fn assertion_refusal(presented: &Presented<'_>, why: Refused) -> Error {
    match why {
        Refused::Rule(log) => refusal(presented, &log),
        Refused::KeysUnavailable(unavailable) => {
            let client = shorten(&presented.id);
            let error = Error::new(Code::TemporarilyUnavailable, "the client's keys cannot be fetched now; try again");
            error.logged(format!(
                "client `{client}`: {unavailable}; a gateway without a way out sets `client_assertions.enabled = false`"
            ))
        }
        Refused::Store(broken) => broken.into(),
    }
}

/// Counted before it is tried, so that a thousand guesses at once are a thousand (OAuth 2.1 section 2.4.1).
fn check_secret(
    request: &Request<Bytes>,
    presented: &Presented<'_>,
    given: &str,
    is_right: impl FnOnce(&SecretHash) -> bool,
) -> Result<(), Error> {
    let guesser = request.extensions().get::<Guesser>();
    if guesser.is_some_and(|Guesser(guesses)| !guesses.may_try(&presented.id)) {
        let error = Error::new(Code::TooManyGuesses, "too many wrong secrets; try again in a minute");
        return Err(error.logged(format!("security: client `{}`: too many wrong secrets", shorten(&presented.id))));
    }
    let given = Secret::parse(Kind::Client, given).ok_or_else(|| refusal(presented, "the secret is malformed"))?;
    if !is_right(&given.hash()) {
        return Err(refusal(presented, "wrong secret"));
    }
    if let Some(Guesser(guesses)) = guesser {
        guesses.was_right(&presented.id);
    }
    Ok(())
}

fn present<'a>(headers: &HeaderMap, form: &'a Parameters) -> Result<Presented<'a>, Error> {
    let from_header = basic(headers)?;
    let from_body = form.get("client_secret");
    let several = || Error::new(Code::InvalidRequest, "more than one way of client authentication");
    if let Some(assertion) = assertion(form)? {
        if from_header.is_some() || from_body.is_some() {
            return Err(several());
        }
        // RFC 7523 section 3: the assertion names its client; a `client_id` beside it says the same.
        let named = assertion.unverified_claims().text("sub").ok().flatten().unwrap_or_default().to_owned();
        if form.get("client_id").is_some_and(|id| id != named) {
            let error =
                Error::new(Code::InvalidClient { basic: false }, "`client_id` is not whom the assertion is about");
            return Err(error);
        }
        return Ok(Presented { id: named, basic: false, credential: Credential::Assertion(assertion) });
    }
    let (id, secret, basic) = match (from_header, from_body, form.get("client_id")) {
        (Some(_), Some(_), _) => return Err(several()),
        (Some((id, _)), None, Some(body)) if id != body => {
            return Err(Error::new(Code::InvalidRequest, "two different client identifiers"));
        }
        (Some((id, secret)), None, _) => (id, Some(secret).filter(|s| !s.is_empty()), true),
        (None, secret, Some(id)) => (id.to_owned(), secret.map(|s| Zeroizing::new(s.to_owned())), false),
        (None, _, None) => {
            return Err(Error::new(Code::InvalidClient { basic: false }, "`client_id` is missing"));
        }
    };
    Ok(Presented { id, basic, credential: secret.map_or(Credential::None, Credential::Secret) })
}

/// The assertion of a form, taken apart (RFC 7521 section 4.2).
fn assertion(form: &Parameters) -> Result<Option<Jws<'_>>, Error> {
    let invalid = |description: &str| Error::new(Code::InvalidClient { basic: false }, description);
    match (form.get("client_assertion"), form.get("client_assertion_type")) {
        (None, None) => Ok(None),
        (Some(text), Some(assertion::TYPE)) => {
            Jws::parse(text).map(Some).map_err(|why| invalid(&format!("`client_assertion`: {why}")))
        }
        (Some(_), _) => Err(invalid(&format!("`client_assertion_type` must be `{}`", assertion::TYPE))),
        (None, Some(_)) => Err(invalid("`client_assertion` is missing")),
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
