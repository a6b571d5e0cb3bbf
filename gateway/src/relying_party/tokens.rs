//! The token endpoint of a provider (OpenID Connect Core section 3.1.3): the library's requests and errors, and an answer
//! whose ID token stays as it came, for our own verifier.

use super::Trouble;
use super::discovery::Discovered;
use super::web::Web;
use crate::config::{ClientAuth, Oidc};
use oauth::world::Timestamp;
use openidconnect::core::{
    CoreAuthDisplay, CoreAuthPrompt, CoreErrorResponseType, CoreGenderClaim, CoreIdToken, CoreJsonWebKey,
    CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm, CoreRevocableToken, CoreRevocationErrorResponse,
    CoreTokenIntrospectionResponse, CoreTokenType,
};
use openidconnect::{
    AccessToken, AuthType, AuthorizationCode, Client, ClientId, ClientSecret, EmptyAdditionalClaims, EndpointNotSet,
    EndpointSet, IssuerUrl, JsonWebKeySet, OAuth2TokenResponse, PkceCodeVerifier, RedirectUrl, RefreshToken,
    RequestTokenError, Scope, StandardErrorResponse, TokenResponse,
};
use serde::{Deserialize, Serialize};
use std::time::Duration;

/// How long a client assertion is good.
const ASSERTION_LIFETIME: Duration = Duration::from_secs(60);

type ProviderError = StandardErrorResponse<CoreErrorResponseType>;

/// The library's client of a provider whose endpoints are known.
pub(super) type OidcClient = Client<
    EmptyAdditionalClaims,
    CoreAuthDisplay,
    CoreGenderClaim,
    CoreJweContentEncryptionAlgorithm,
    CoreJsonWebKey,
    CoreAuthPrompt,
    ProviderError,
    Tokens,
    CoreTokenIntrospectionResponse,
    CoreRevocableToken,
    CoreRevocationErrorResponse,
    EndpointSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointNotSet,
    EndpointSet,
    EndpointNotSet,
>;

/// What the token endpoint answers.
#[derive(Debug, Deserialize, Serialize)]
pub(super) struct Tokens {
    access_token: AccessToken,
    token_type: CoreTokenType,
    expires_in: Option<u64>,
    refresh_token: Option<RefreshToken>,
    pub(super) id_token: Option<String>,
}

impl Tokens {
    pub(super) fn access(&self) -> &str {
        self.access_token.secret()
    }

    pub(super) fn refresh(&self) -> Option<&str> {
        self.refresh_token.as_ref().map(|token| token.secret().as_str())
    }
}

impl OAuth2TokenResponse for Tokens {
    type TokenType = CoreTokenType;

    fn access_token(&self) -> &AccessToken {
        &self.access_token
    }

    fn token_type(&self) -> &CoreTokenType {
        &self.token_type
    }

    fn expires_in(&self) -> Option<Duration> {
        self.expires_in.map(Duration::from_secs)
    }

    fn refresh_token(&self) -> Option<&RefreshToken> {
        self.refresh_token.as_ref()
    }

    fn scopes(&self) -> Option<&Vec<Scope>> {
        None
    }
}

/// The library's ID token takes no claim of an unusual type, and no `alg` that it does not know: ours is `id_token`.
impl TokenResponse<EmptyAdditionalClaims, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>
    for Tokens
{
    fn id_token(&self) -> Option<&CoreIdToken> {
        None
    }
}

/// The client of this provider.
pub(super) fn client(oidc: &Oidc, discovered: &Discovered) -> Result<OidcClient, Trouble> {
    let issuer = IssuerUrl::new(oidc.issuer.clone()).map_err(Trouble::unbelievable)?;
    // The keys are ours to keep.
    let client = Client::new(ClientId::new(oidc.client_id.clone()), issuer, JsonWebKeySet::default())
        .set_auth_uri(discovered.authorization_endpoint.clone())
        .set_token_uri(discovered.token_endpoint.clone())
        .disable_openid_scope();
    Ok(match &oidc.client_auth {
        ClientAuth::Basic(secret) => {
            client.set_client_secret(ClientSecret::new(secret.expose().clone())).set_auth_type(AuthType::BasicAuth)
        }
        ClientAuth::Post(secret) => {
            client.set_client_secret(ClientSecret::new(secret.expose().clone())).set_auth_type(AuthType::RequestBody)
        }
        ClientAuth::PrivateKey(_) | ClientAuth::None => client.set_auth_type(AuthType::RequestBody),
    })
}

/// Redeems a code; whatever comes of it, it is not tried again.
pub(super) async fn redeem(
    (web, oidc, discovered): (&Web, &Oidc, &Discovered),
    (code, verifier, redirect_uri): (&str, &str, &str),
    assertion: Option<&str>,
) -> Result<Tokens, Trouble> {
    let client = client(oidc, discovered)?;
    let redirect = RedirectUrl::new(redirect_uri.to_owned()).map_err(Trouble::unbelievable)?;
    let mut request = client
        .exchange_code(AuthorizationCode::new(code.to_owned()))
        .set_pkce_verifier(PkceCodeVerifier::new(verifier.to_owned()))
        .set_redirect_uri(std::borrow::Cow::Owned(redirect));
    for (name, value) in asserted(assertion) {
        request = request.add_extra_param(name, value);
    }
    request.request_async(web).await.map_err(trouble)
}

/// Uses a refresh token (section 12).
pub(super) async fn refresh(
    (web, oidc, discovered): (&Web, &Oidc, &Discovered),
    refresh_token: &str,
    assertion: Option<&str>,
) -> Result<Tokens, Trouble> {
    let client = client(oidc, discovered)?;
    let token = RefreshToken::new(refresh_token.to_owned());
    let mut request = client.exchange_refresh_token(&token);
    for (name, value) in asserted(assertion) {
        request = request.add_extra_param(name, value);
    }
    request.request_async(web).await.map_err(trouble)
}

/// The assertion by which the gateway proves itself, where it has a key to do so (RFC 7523 section 3): for the issuer, which
/// is the audience that cannot be mistaken for another server's.
pub(super) fn assertion(oidc: &Oidc, jti: String, now: Timestamp) -> Result<Option<String>, Trouble> {
    let ClientAuth::PrivateKey(key) = &oidc.client_auth else { return Ok(None) };
    let signed = key.client_assertion(&oidc.client_id, &oidc.issuer, jti, (now, now.plus(ASSERTION_LIFETIME)));
    signed.map(Some).map_err(Trouble::unbelievable)
}

fn asserted(assertion: Option<&str>) -> Vec<(&'static str, String)> {
    const TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
    let Some(assertion) = assertion else { return Vec::new() };
    vec![("client_assertion_type", TYPE.to_owned()), ("client_assertion", assertion.to_owned())]
}

/// What the library calls an error may hold the body with the tokens in it: only its kind is told.
fn trouble(error: RequestTokenError<Trouble, ProviderError>) -> Trouble {
    match error {
        RequestTokenError::ServerResponse(said) => Trouble::Refused {
            code: said.error().as_ref().to_owned(),
            words: said.error_description().cloned().unwrap_or_default(),
        },
        RequestTokenError::Request(trouble) => trouble,
        RequestTokenError::Parse(..) => {
            Trouble::unbelievable("its token response is not what OAuth 2.1 section 3.2.3 says")
        }
        RequestTokenError::Other(_) => Trouble::unbelievable("its token response is empty"),
    }
}
