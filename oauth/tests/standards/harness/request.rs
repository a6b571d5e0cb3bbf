//! What clients and browsers send.

use super::{REDIRECT, VERIFIER};
use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use http::{Method, Request, header};
use oauth::pkce;

/// A whole authorization request, with the challenge of [`VERIFIER`].
pub(crate) fn authorization(client: &str) -> Fields {
    fields([
        ("response_type", "code"),
        ("client_id", client),
        ("redirect_uri", REDIRECT),
        ("state", "xyz"),
        ("code_challenge", &pkce::challenge(VERIFIER)),
        ("code_challenge_method", "S256"),
    ])
}

pub(crate) fn redemption(client: &str, code: &str) -> Fields {
    fields([
        ("grant_type", "authorization_code"),
        ("client_id", client),
        ("code", code),
        ("redirect_uri", REDIRECT),
        ("code_verifier", VERIFIER),
    ])
}

pub(crate) fn refreshing(client: &str, token: &str) -> Fields {
    fields([("grant_type", "refresh_token"), ("client_id", client), ("refresh_token", token)])
}

/// The header of HTTP Basic.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Form or query parameters, in order.
#[derive(Clone, Debug)]
pub(crate) struct Fields(Vec<(String, String)>);

pub(crate) fn fields<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Fields {
    Fields(pairs.into_iter().map(|(name, value)| (name.to_owned(), value.to_owned())).collect())
}

impl Fields {
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.0.retain(|(other, _)| other != name);
        self
    }

    pub(crate) fn with(self, name: &str, value: &str) -> Self {
        self.without(name).and(name, value)
    }

    /// Adds one more, even if there is one.
    pub(crate) fn and(mut self, name: &str, value: &str) -> Self {
        self.0.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn encode(&self) -> String {
        form_urlencoded::Serializer::new(String::new()).extend_pairs(&self.0).finish()
    }

    pub(crate) fn post(&self) -> Request<Bytes> {
        let mut request = request(Method::POST, "/", self.encode().into());
        let form = "application/x-www-form-urlencoded".parse().unwrap();
        request.headers_mut().insert(header::CONTENT_TYPE, form);
        request
    }
}

pub(crate) fn request(method: Method, uri: &str, body: Bytes) -> Request<Bytes> {
    Request::builder().method(method).uri(uri).body(body).unwrap()
}

pub(crate) fn json_post(body: impl Into<Bytes>) -> Request<Bytes> {
    let mut request = request(Method::POST, "/", body.into());
    request.headers_mut().insert(header::CONTENT_TYPE, "application/json".parse().unwrap());
    request
}
