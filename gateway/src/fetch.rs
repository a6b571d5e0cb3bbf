//! Reading what others publish, when strangers say where (CM-13): https only, public addresses only, no redirects, little
//! time and little data. The only outbound HTTP that a caller of ours can cause.

mod address;

use address::is_public;
use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::{HeaderMap, header};
use oauth::world::{Fetch, FetchError, Fetched};
use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Response};
use std::error::Error;
use std::net::SocketAddr;
use std::time::Duration;
use url::{Host, Url};

const CONNECT_WITHIN: Duration = Duration::from_secs(2);
const ALL_WITHIN: Duration = Duration::from_secs(5);
const MAX_BYTES: usize = 64 * 1024;

/// Reads from the public web.
pub(crate) struct PublicWeb {
    /// Or why there is none: on a machine without certificates of authorities everything else works.
    client: Result<Client, String>,
}

impl PublicWeb {
    pub(crate) fn new() -> Self {
        let client = rules().build().map_err(|error| describe(&error));
        if let Err(what) = &client {
            tracing::warn!(target: "fetch", what, "documents of clients cannot be fetched");
        }
        Self { client }
    }
}

#[async_trait]
impl Fetch for PublicWeb {
    async fn fetch(&self, url: &Url) -> Result<Fetched, FetchError> {
        // The resolver is not asked for addresses.
        if !matches!(url.host(), Some(Host::Domain(_))) {
            return Err(FetchError::Forbidden("its host is an address".to_owned()));
        }
        if url.scheme() != "https" {
            return Err(FetchError::Forbidden("it is not https".to_owned()));
        }
        let client = self.client.as_ref().map_err(|what| FetchError::Failed(what.clone()))?;
        get(client, url).await
    }
}

fn rules() -> ClientBuilder {
    Client::builder()
        .https_only(true)
        .redirect(Policy::none())
        // A proxy would look the host up once more, and by its own rules.
        .no_proxy()
        .referer(false)
        .dns_resolver(PublicOnly)
        .connect_timeout(CONNECT_WITHIN)
        .timeout(ALL_WITHIN)
        // Each fetch is looked up afresh.
        .pool_max_idle_per_host(0)
        .user_agent(concat!("doorward/", env!("CARGO_PKG_VERSION")))
}

async fn get(client: &Client, url: &Url) -> Result<Fetched, FetchError> {
    let sent = client.get(url.clone()).header(header::ACCEPT, "application/json").send().await;
    let response = sent.map_err(|error| failure(&error))?;
    let (status, max_age) = (response.status().as_u16(), max_age(response.headers()));
    let content_type = response.headers().get(header::CONTENT_TYPE);
    let content_type = content_type.and_then(|value| value.to_str().ok()).map(str::to_owned);
    Ok(Fetched { status, content_type, max_age, body: body(response).await? })
}

/// Looks names up, once for each connection: what is checked here is what is connected to, so that no second answer of a
/// name server (DNS rebinding) can lead elsewhere.
struct PublicOnly;

impl Resolve for PublicOnly {
    fn resolve(&self, name: Name) -> Resolving {
        Box::pin(async move {
            let found: Vec<_> = tokio::net::lookup_host((name.as_str(), 0)).await?.collect();
            public_only(name.as_str(), &found)?;
            Ok(Box::new(found.into_iter()) as Addrs)
        })
    }
}

/// One address that is not public refuses them all: who publishes both has something in mind.
fn public_only(name: &str, found: &[SocketAddr]) -> Result<(), NotPublic> {
    match found.iter().find(|address| !is_public(address.ip())) {
        Some(address) => Err(NotPublic(format!("`{name}` has the address {}", address.ip()))),
        None if found.is_empty() => Err(NotPublic(format!("`{name}` has no address"))),
        None => Ok(()),
    }
}

#[derive(Debug, thiserror::Error)]
#[error("{0}, which is not public")]
struct NotPublic(String);

/// Reads as it comes, so that the size is known before it hurts.
async fn body(mut response: Response) -> Result<Bytes, FetchError> {
    let mut read = BytesMut::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| failure(&error))? {
        if read.len() + chunk.len() > MAX_BYTES {
            return Err(FetchError::TooLarge(MAX_BYTES));
        }
        read.extend_from_slice(&chunk);
    }
    Ok(read.freeze())
}

/// RFC 9111 section 5.2.2, as far as it says how long.
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let values = headers.get_all(header::CACHE_CONTROL).iter().filter_map(|value| value.to_str().ok());
    let directives: Vec<_> =
        values.flat_map(|value| value.split(',')).map(|directive| directive.trim().to_ascii_lowercase()).collect();
    if directives.iter().any(|directive| matches!(directive.as_str(), "no-store" | "no-cache")) {
        return Some(Duration::ZERO);
    }
    let seconds = directives.iter().find_map(|directive| directive.strip_prefix("max-age="));
    seconds.map(|seconds| Duration::from_secs(seconds.trim_matches('"').parse().unwrap_or_default()))
}

fn failure(error: &reqwest::Error) -> FetchError {
    let forbidden = causes(error).find_map(|cause| cause.downcast_ref::<NotPublic>());
    match forbidden {
        Some(forbidden) => FetchError::Forbidden(forbidden.to_string()),
        None if error.is_timeout() => FetchError::Failed(format!("not in time: {}", describe(error))),
        None => FetchError::Failed(describe(error)),
    }
}

/// The whole story: the first cause alone says little.
fn describe(error: &reqwest::Error) -> String {
    std::iter::once(error.to_string()).chain(causes(error).map(ToString::to_string)).collect::<Vec<_>>().join(": ")
}

fn causes(error: &reqwest::Error) -> impl Iterator<Item = &(dyn Error + 'static)> {
    std::iter::successors(error.source(), |cause| (**cause).source())
}

#[cfg(test)]
mod tests;
