//! The client of an authorization request: the browser, one that registered here, or one whose id is the URL of a document.

use super::request::{Authorization, Failure, page};
use crate::app::{App, Managed};
use crate::call::{Call, Server, VouchedBy};
use crate::client::{Authentication, Client, ClientDetails, ClientId, RegisteredBy};
use crate::client_document::{self, Document, DocumentUrl, Unusable};
use crate::client_metadata::{PUSHES, fingerprint};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::parameters::Parameters;
use crate::redirect_uri;
use crate::store::StoreError;

/// A client that may ask here.
pub(super) struct Known {
    pub(super) id: ClientId,
    /// `None` for the browser.
    pub(super) name: Option<String>,
    pub(super) uri: Option<String>,
    pub(super) redirect_uris: Vec<String>,
    pub(super) refreshes: bool,
    /// The most that it may be granted; `None` for all that the app offers.
    pub(super) most: Option<String>,
    pub(super) authentication: Authentication,
    /// Whether it says that it pushes all its requests (RFC 9126 section 6).
    pub(super) pushes: bool,
    pub(super) vouched_by: VouchedBy,
    pub(super) fingerprint: String,
}

/// Finds the client that a request names.
pub(super) async fn find_client(server: &Server, call: Call<'_>, parameters: &Parameters) -> Result<Known, Failure> {
    let presented = parameters.get("client_id").ok_or_else(|| page(Code::InvalidRequest, "`client_id` is missing"))?;
    let id = ClientId::new(presented);
    if id.is_browser() {
        return Ok(browser(call.app, id));
    }
    let unknown = || page(INVALID_CLIENT, "no such client is registered at this app; let it register again");
    let Some(managed) = call.app.managed.as_ref().filter(|_| presented.len() <= ClientId::MAX_CHARS) else {
        return Err(unknown());
    };
    if id.is_url() {
        return by_document(server, call, managed, id).await;
    }
    let found = server.store.client(&call.app.id, &id).await.map_err(|broken| Failure::Page(broken.into()))?;
    let found = found.ok_or_else(unknown)?;
    if !found.may_use(GrantType::AuthorizationCode) {
        return Err(page(
            Code::UnauthorizedClient,
            "the client registered without the grant type `authorization_code`",
        ));
    }
    Ok(registered(managed, found))
}

/// Whether a client that was found a moment ago may still be used: the configuration may have changed.
pub(super) fn check_admitted(app: &App, client: &ClientId) -> Result<(), Error> {
    match &app.managed {
        Some(managed) if client.is_url() => admit(managed, client).map(|_| ()),
        _ => Ok(()),
    }
}

/// Keeps a client that has a document, so that the token endpoint and each request know it without asking its host again.
pub(super) async fn keep(server: &Server, call: Call<'_>, asked: &Authorization) -> Result<(), StoreError> {
    if !asked.client.is_url() {
        return Ok(());
    }
    let uri = asked.client_uri.iter().map(|uri| ("client_uri".to_owned(), uri.as_str().into()));
    let client = Client {
        app: call.app.id.clone(),
        id: asked.client.clone(),
        name: asked.client_name.clone().unwrap_or_default(),
        redirect_uris: vec![asked.redirect_uri.clone()],
        authentication: asked.client_authentication.clone(),
        grant_types: GrantType::of_code_client(asked.client_refreshes),
        metadata: uri.collect(),
        registered_at: call.now,
        registered_by: RegisteredBy::Itself,
        details: ClientDetails::default(),
    };
    server.store.keep_client(&client).await
}

fn browser(app: &App, id: ClientId) -> Known {
    Known {
        id,
        name: None,
        uri: None,
        redirect_uris: app.browser_redirect_uris.clone(),
        refreshes: false,
        most: None,
        authentication: Authentication::None,
        pushes: false,
        vouched_by: VouchedBy::Nobody,
        fingerprint: String::new(),
    }
}

/// The rules of now: what an administrator no longer allows is no longer a place where codes go. They are about clients
/// that register themselves; what an administrator registered stays.
fn registered(managed: &Managed, client: Client) -> Known {
    let vouched = client.registered_by == RegisteredBy::Administrator;
    let allowed =
        |uri: &String| vouched || managed.registration.as_ref().is_none_or(|now| now.redirect_rules.check(uri).is_ok());
    Known {
        refreshes: client.may_use(GrantType::RefreshToken),
        authentication: client.authentication,
        pushes: client.metadata.get(PUSHES).is_some_and(|pushes| *pushes == true),
        fingerprint: fingerprint(&client.name, &client.redirect_uris, &client.metadata),
        id: client.id,
        uri: client.metadata.get("client_uri").and_then(|uri| uri.as_str()).map(str::to_owned),
        name: Some(client.name),
        redirect_uris: client.redirect_uris.into_iter().filter(allowed).collect(),
        most: client.details.scope,
        vouched_by: if vouched { VouchedBy::Administrator } else { VouchedBy::Nobody },
    }
}

/// Nothing is fetched before somebody has signed in: strangers cannot make the gateway ask others for anything.
async fn by_document(server: &Server, call: Call<'_>, managed: &Managed, id: ClientId) -> Result<Known, Failure> {
    let url = admit(managed, &id).map_err(Failure::Page)?;
    let host = url.host().to_owned();
    if let Some(document) = client_document::pinned(&url) {
        return vouched(managed, id, &document, VouchedBy::Pinned { host });
    }
    if call.person.is_none() {
        return Err(Failure::SignIn { host });
    }
    let found = server.documents.find(&*server.fetch, &url, call.now).await;
    let document = found.map_err(|unusable| Failure::Page(refusal(&id, &unusable)))?;
    vouched(managed, id, &document, VouchedBy::Document { host })
}

fn admit(managed: &Managed, id: &ClientId) -> Result<DocumentUrl, Error> {
    let Some(rules) = &managed.client_documents else {
        return Err(documents_off());
    };
    client_document::admit(rules, id.as_str()).map_err(|unusable| refusal(id, &unusable))
}

fn vouched(managed: &Managed, id: ClientId, document: &Document, vouched_by: VouchedBy) -> Result<Known, Failure> {
    let rules = managed.client_documents.as_ref().ok_or_else(|| Failure::Page(documents_off()))?;
    let agreed = document.methods.agree(rules, managed.client_assertions.as_ref());
    let authentication = agreed.map_err(|unusable| Failure::Page(refusal(&id, &unusable)))?;
    let usable = |uri: &&String| {
        // RU-07: anybody can claim a scheme without a dot, so an administrator lists it.
        let owned = redirect_uri::has_owner(uri);
        owned || managed.registration.as_ref().is_some_and(|rules| rules.redirect_rules.check(uri).is_ok())
    };
    Ok(Known {
        id,
        name: Some(document.name.clone()),
        uri: document.uri.clone(),
        redirect_uris: document.redirect_uris.iter().filter(usable).cloned().collect(),
        refreshes: document.refreshes,
        most: None,
        authentication,
        pushes: document.pushes,
        vouched_by,
        fingerprint: document.fingerprint.clone(),
    })
}

fn documents_off() -> Error {
    Error::new(INVALID_CLIENT, "client documents are off for this app; the client must register")
}

/// CM-22, CM-27: a page for the person, whatever is wrong with the document; the details are for the log.
fn refusal(id: &ClientId, unusable: &Unusable) -> Error {
    let code = match unusable {
        Unusable::TooMany => Code::TooManyDocuments,
        _ => INVALID_CLIENT,
    };
    let detail = match unusable {
        Unusable::NotFetched(failed) => failed.to_string(),
        other => other.to_string(),
    };
    let printable: String = id.as_str().chars().filter(char::is_ascii_graphic).take(200).collect();
    Error::new(code, unusable.to_string()).logged(format!("client document `{printable}`: {detail}"))
}

const INVALID_CLIENT: Code = Code::InvalidClient { basic: false };
