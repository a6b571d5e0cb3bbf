//! Requests to a configured provider: little time, little data, no redirects. Its URLs are the administrator's, so that
//! private addresses are reached too.

use super::Trouble;
use crate::config::Reached;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, Request, Response, StatusCode, header};
use openidconnect::AsyncHttpClient;
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Proxy};
use std::error::Error;
use std::pin::Pin;
use std::time::Duration;
use url::Url;

const CONNECT_WITHIN: Duration = Duration::from_secs(3);
const ALL_WITHIN: Duration = Duration::from_secs(10);
const MAX_BYTES: usize = 512 * 1024;

/// The way to one provider.
#[derive(Debug)]
pub(super) struct Web {
    /// Or why there is none.
    client: Result<Client, String>,
}

impl Web {
    pub(super) fn new(reached: &Reached) -> Self {
        Self { client: client(reached).map_err(|error| describe(&error)) }
    }

    /// A JSON document, with its headers.
    pub(super) async fn get(&self, url: &Url, headers: &[(header::HeaderName, String)]) -> Result<Answer, Trouble> {
        let mut request = Request::get(url.as_str());
        for (name, value) in headers {
            request = request.header(name, value);
        }
        let request = request.body(Vec::new()).map_err(Trouble::unbelievable)?;
        let answer = self.send(request).await?;
        let (head, body) = answer.into_parts();
        Ok(Answer { status: head.status, headers: head.headers, body: body.into() })
    }

    /// Any request. A status that says that the provider is out of order is an error here.
    pub(super) async fn send(&self, request: Request<Vec<u8>>) -> Result<Response<Vec<u8>>, Trouble> {
        let client = self.client.as_ref().map_err(|what| Trouble::Unreachable(what.clone()))?;
        let mut request = reqwest::Request::try_from(request).map_err(|error| unreachable(&error))?;
        let accept = HeaderValue::from_static("application/json");
        request.headers_mut().entry(header::ACCEPT).or_insert(accept);
        let answer = client.execute(request).await.map_err(|error| unreachable(&error))?;
        let (status, headers) = (answer.status(), answer.headers().clone());
        if status.is_server_error() || status == StatusCode::TOO_MANY_REQUESTS {
            return Err(Trouble::Unreachable(format!("status {}", status.as_u16())));
        }
        let mut response = Response::new(read(answer).await?.to_vec());
        *response.status_mut() = status;
        *response.headers_mut() = headers;
        Ok(response)
    }
}

/// The library sends its requests this way.
impl<'c> AsyncHttpClient<'c> for Web {
    type Error = Trouble;
    type Future = Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Trouble>> + Send + 'c>>;

    fn call(&'c self, request: Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

/// An answer as received.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

impl Answer {
    /// The body of a 200.
    pub(super) fn expect_ok(self, what: &str) -> Result<Self, Trouble> {
        if self.status == StatusCode::OK {
            return Ok(self);
        }
        Err(Trouble::Unbelievable(format!("{what}: status {}", self.status.as_u16())))
    }

    /// The media type, without its parameters.
    pub(super) fn media_type(&self) -> String {
        let given = self.headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
        given.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }
}

fn client(reached: &Reached) -> Result<Client, reqwest::Error> {
    let mut builder = Client::builder()
        .redirect(Policy::none())
        .referer(false)
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ALL_WITHIN)
        .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")));
    builder = match &reached.proxy {
        Some(proxy) => builder.proxy(Proxy::all(proxy.as_str())?),
        None => builder.no_proxy(),
    };
    if let Some(pem) = &reached.ca {
        builder = builder.tls_certs_only(Certificate::from_pem_bundle(pem)?);
    }
    builder.build()
}

/// Reads as it comes, so that the size is known before it hurts.
async fn read(mut answer: reqwest::Response) -> Result<Bytes, Trouble> {
    let mut read = BytesMut::new();
    while let Some(chunk) = answer.chunk().await.map_err(|error| unreachable(&error))? {
        if read.len() + chunk.len() > MAX_BYTES {
            return Err(Trouble::Unbelievable(format!("it is larger than {MAX_BYTES} bytes")));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}

/// The URL may have a code or a token in it.
fn unreachable(error: &reqwest::Error) -> Trouble {
    Trouble::Unreachable(describe(error))
}

fn describe(error: &reqwest::Error) -> String {
    let kind = if error.is_timeout() { "not in time" } else { "no connection" };
    let causes = std::iter::successors(error.source(), |cause| (**cause).source());
    std::iter::once(kind.to_owned()).chain(causes.map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}
