//! What a provider says of itself (OpenID Connect Discovery 1.0): asked for at first use, again each hour, and kept while it
//! cannot be asked.

use super::Trouble;
use super::web::Web;
use crate::config::{Oidc, is_safe};
use oauth::world::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreClaimName, CoreClaimType, CoreClientAuthMethod, CoreGrantType, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJweKeyManagementAlgorithm, CoreResponseMode, CoreResponseType,
    CoreSubjectIdentifierType,
};
use openidconnect::{AdditionalProviderMetadata, AuthUrl, ProviderMetadata, TokenUrl};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// How long the document is good without another look.
const FRESH: Duration = Duration::from_secs(3600);

/// How soon a provider that could not be asked is asked again, where an old document serves.
const RETRY: Duration = Duration::from_secs(60);

/// The endpoints of a provider.
#[derive(Clone, Debug)]
pub(super) struct Discovered {
    pub(super) authorization_endpoint: AuthUrl,
    pub(super) token_endpoint: TokenUrl,
    pub(super) userinfo_endpoint: Option<Url>,
    pub(super) end_session_endpoint: Option<Url>,
    pub(super) jwks_uri: Url,
    /// Whether each authorization response has `iss` (RFC 9207 section 3).
    pub(super) sends_iss: bool,
}

/// How long a failure is remembered where nothing else serves: those who wait do not each wait for a dead provider.
const FAILED: Duration = Duration::from_secs(5);

/// The document of now.
#[derive(Debug, Default)]
pub(super) struct Discovery(Mutex<Option<Kept>>);

#[derive(Debug)]
struct Kept {
    document: Result<Arc<Discovered>, Trouble>,
    until: Timestamp,
}

impl Discovery {
    /// The endpoints; fetched if need be, once at a time.
    pub(super) async fn find(&self, web: &Web, oidc: &Oidc, now: Timestamp) -> Result<Arc<Discovered>, Trouble> {
        let mut kept = self.0.lock().await;
        if let Some(kept) = kept.as_ref().filter(|kept| now < kept.until) {
            return kept.document.clone();
        }
        let old = kept.take().and_then(|old| old.document.ok());
        let (document, lasts) = match (fetch(web, oidc).await, old) {
            (Ok(document), _) => (Ok(Arc::new(document)), FRESH),
            (Err(trouble), Some(old)) => {
                tracing::warn!(target: "oidc", issuer = oidc.issuer, what = %trouble, "the discovery document could not be read again; the old one serves");
                (Ok(old), RETRY)
            }
            (Err(trouble), None) => (Err(trouble), FAILED),
        };
        *kept = Some(Kept { document: document.clone(), until: now.plus(lasts) });
        document
    }
}

/// Members that the library does not know.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
#[serde(default)]
struct More {
    end_session_endpoint: Option<Url>,
    authorization_response_iss_parameter_supported: Option<bool>,
}

impl AdditionalProviderMetadata for More {}

type Document = ProviderMetadata<
    More,
    CoreAuthDisplay,
    CoreClientAuthMethod,
    CoreClaimName,
    CoreClaimType,
    CoreGrantType,
    CoreJweContentEncryptionAlgorithm,
    CoreJweKeyManagementAlgorithm,
    CoreJsonWebKey,
    CoreResponseMode,
    CoreResponseType,
    CoreSubjectIdentifierType,
>;

async fn fetch(web: &Web, oidc: &Oidc) -> Result<Discovered, Trouble> {
    let at = format!("{}/.well-known/openid-configuration", oidc.issuer.trim_end_matches('/'));
    let at = Url::parse(&at).map_err(Trouble::unbelievable)?;
    let answer = web.get(&at, &[]).await?.expect_ok("its discovery document")?;
    let document: Document = serde_json::from_slice(&answer.body)
        .map_err(|_| Trouble::unbelievable("its discovery document is not what Discovery 1.0 section 3 says"))?;
    read(&document, oidc)
}

fn read(document: &Document, oidc: &Oidc) -> Result<Discovered, Trouble> {
    // Section 4.3: byte for byte.
    if document.issuer().as_str() != oidc.issuer {
        return Err(Trouble::unbelievable("its discovery document is of another issuer"));
    }
    let more = document.additional_metadata();
    let token_endpoint = document.token_endpoint().cloned();
    let token_endpoint = token_endpoint.ok_or_else(|| Trouble::unbelievable("it has no token endpoint"))?;
    let discovered = Discovered {
        authorization_endpoint: document.authorization_endpoint().clone(),
        token_endpoint,
        userinfo_endpoint: document.userinfo_endpoint().map(|url| url.url().clone()),
        end_session_endpoint: more.end_session_endpoint.clone(),
        jwks_uri: document.jwks_uri().url().clone(),
        sends_iss: more.authorization_response_iss_parameter_supported == Some(true),
    };
    let endpoints = [
        Some(discovered.authorization_endpoint.url()),
        Some(discovered.token_endpoint.url()),
        discovered.userinfo_endpoint.as_ref(),
        discovered.end_session_endpoint.as_ref(),
        Some(&discovered.jwks_uri),
    ];
    let secure = oidc.issuer.starts_with("https:");
    let good = |url: &Url| is_safe(url) && (url.scheme() == "https" || !secure);
    if !endpoints.into_iter().flatten().all(good) {
        return Err(Trouble::unbelievable("one of its endpoints is not https"));
    }
    Ok(discovered)
}
