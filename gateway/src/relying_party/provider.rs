//! One OpenID provider: where people are sent, what is made of the code that they bring back, and of what the provider tells
//! later.

use super::Trouble;
use super::claims::{self, Sources, Told};
use super::discovery::{Discovered, Discovery};
use super::id_token::{self, Expected};
use super::keys::Keys;
use super::logout_token::{self, LoggedOut};
use super::tokens::{self, Tokens};
use super::web::Web;
use crate::config::{Oidc, Userinfo};
use http::header;
use oauth::jose::{Claims, Jws};
use oauth::world::Timestamp;
use openidconnect::core::{CoreAuthPrompt, CoreAuthenticationFlow};
use openidconnect::{
    AuthenticationContextClass, CsrfToken, Nonce, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl, Scope,
};
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::time::Duration;
use url::Url;

/// A provider, with what was learned from it since the configuration was read.
#[derive(Debug)]
pub(crate) struct OpenIdProvider {
    oidc: Oidc,
    web: Web,
    discovery: Discovery,
    keys: Keys,
}

/// What a sign-in asks for.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ask<'a> {
    pub(crate) redirect_uri: &'a str,
    pub(crate) state: &'a str,
    pub(crate) nonce: &'a str,
    /// The PKCE verifier (RFC 7636).
    pub(crate) verifier: &'a str,
    /// `login_hint`, where somebody else began the sign-in.
    pub(crate) login_hint: Option<&'a str>,
    /// The most seconds since the person proved who they are; zero is now.
    pub(crate) max_age: Option<u64>,
    /// Whether more than one factor is needed.
    pub(crate) stronger: bool,
}

/// What a code was good for.
#[derive(Debug)]
pub(crate) struct Redeemed {
    pub(crate) told: Told,
    pub(crate) id_token: String,
    pub(crate) refresh_token: Option<String>,
}

/// What a refresh brought.
#[derive(Debug)]
pub(crate) struct Refreshed {
    /// `None` if the provider told nothing new.
    pub(crate) told: Option<Told>,
    pub(crate) id_token: Option<String>,
    pub(crate) refresh_token: Option<String>,
}

impl OpenIdProvider {
    pub(super) fn new(oidc: Oidc) -> Self {
        let web = Web::new(&oidc.reached);
        Self { oidc, web, discovery: Discovery::default(), keys: Keys::default() }
    }

    /// Its settings.
    pub(crate) fn settings(&self) -> &Oidc {
        &self.oidc
    }

    /// Where the person is sent (section 3.1.2.1).
    pub(crate) async fn authorization_url(&self, ask: Ask<'_>, now: Timestamp) -> Result<Url, Trouble> {
        let discovered = self.discovered(now).await?;
        let client = tokens::client(&self.oidc, &discovered)?;
        let redirect = RedirectUrl::new(ask.redirect_uri.to_owned()).map_err(Trouble::unbelievable)?;
        let challenge = PkceCodeChallenge::from_code_verifier_sha256(&PkceCodeVerifier::new(ask.verifier.to_owned()));
        let (state, nonce) = (ask.state.to_owned(), ask.nonce.to_owned());
        let mut request = client
            .authorize_url(CoreAuthenticationFlow::AuthorizationCode, || CsrfToken::new(state), || Nonce::new(nonce))
            .set_redirect_uri(Cow::Owned(redirect))
            .set_pkce_challenge(challenge)
            .add_scopes(self.oidc.scopes.iter().map(|scope| Scope::new(scope.clone())));
        if let Some(max_age) = ask.max_age {
            request = request.set_max_age(Duration::from_secs(max_age));
        }
        if ask.stronger {
            for value in &self.oidc.step_up_acr_values {
                request = request.add_auth_context_value(AuthenticationContextClass::new(value.clone()));
            }
        }
        let prompt = if ask.max_age == Some(0) { Some("login") } else { self.oidc.prompt.as_deref() };
        if let Some(prompt) = prompt {
            request = request.add_prompt(CoreAuthPrompt::Extension(prompt.to_owned()));
        }
        for (name, value) in self.oidc.parameters {
            request = request.add_extra_param(*name, *value);
        }
        if let Some(hint) = ask.login_hint {
            request = request.add_extra_param("login_hint", hint.to_owned());
        }
        Ok(request.url().0)
    }

    /// Whether an authorization response is this provider's, before anything in it is used (RFC 9207 section 2.4).
    pub(crate) async fn check_issuer(&self, iss: Option<&str>, now: Timestamp) -> Result<(), Trouble> {
        match iss {
            Some(iss) if iss == self.oidc.issuer => Ok(()),
            Some(_) => Err(Trouble::unbelievable("the authorization response has another `iss`")),
            None if self.discovered(now).await?.sends_iss => {
                Err(Trouble::unbelievable("the authorization response lacks the `iss` that the provider promises"))
            }
            None => Ok(()),
        }
    }

    /// Redeems a code, once, and reads who came. `jti` is for the assertion that may be needed.
    pub(crate) async fn redeem(
        &self,
        code: &str,
        ask: Ask<'_>,
        jti: String,
        now: Timestamp,
    ) -> Result<Redeemed, Trouble> {
        let discovered = self.discovered(now).await?;
        let assertion = tokens::assertion(&self.oidc, jti, now)?;
        let parts = (&self.web, &self.oidc, &*discovered);
        let tokens = tokens::redeem(parts, (code, ask.verifier, ask.redirect_uri), assertion.as_deref()).await?;
        let id_token = tokens.id_token.as_deref().ok_or_else(|| Trouble::unbelievable("it sent no ID token"))?;
        let expected = Expected { nonce: Some(ask.nonce), max_age: ask.max_age, access_token: tokens.access(), now };
        let told = self.told(&discovered, &tokens, id_token, expected).await?;
        Ok(Redeemed { told, id_token: id_token.to_owned(), refresh_token: tokens.refresh().map(str::to_owned) })
    }

    /// Asks anew about the person `sub` (section 12.2).
    pub(crate) async fn refresh(
        &self,
        (refresh_token, sub): (&str, &str),
        jti: String,
        now: Timestamp,
    ) -> Result<Refreshed, Trouble> {
        let discovered = self.discovered(now).await?;
        let assertion = tokens::assertion(&self.oidc, jti, now)?;
        let tokens =
            tokens::refresh((&self.web, &self.oidc, &*discovered), refresh_token, assertion.as_deref()).await?;
        let told = match &tokens.id_token {
            Some(id_token) => {
                let expected = Expected { nonce: None, max_age: None, access_token: tokens.access(), now };
                Some(self.told(&discovered, &tokens, id_token, expected).await?)
            }
            None => self.told_by_userinfo(&discovered, &tokens, sub, now).await?,
        };
        if told.as_ref().is_some_and(|told| told.sub != sub) {
            return Err(Trouble::unbelievable("the refreshed tokens are about somebody else"));
        }
        let refresh_token = tokens.refresh().map(str::to_owned);
        Ok(Refreshed { told, id_token: tokens.id_token, refresh_token })
    }

    /// Where the browser signs out of the provider (RP-Initiated Logout section 2), if that is wanted and possible.
    pub(crate) async fn logout_url(&self, (id_token, state): (&str, &str), back: &str, now: Timestamp) -> Option<Url> {
        if !self.oidc.logout {
            return None;
        }
        let mut url = self.discovered(now).await.ok()?.end_session_endpoint.clone()?;
        url.query_pairs_mut()
            .append_pair("id_token_hint", id_token)
            .append_pair("client_id", &self.oidc.client_id)
            .append_pair("post_logout_redirect_uri", back)
            .append_pair("state", state);
        Some(url)
    }

    /// Whether a logout token says that it is of this provider and for us; nothing of it is verified yet.
    pub(crate) fn is_named_by(&self, token: &Jws<'_>) -> bool {
        let claims = token.unverified_claims();
        let named = claims.audience().is_ok_and(|audience| audience.contains(&self.oidc.client_id.as_str()));
        claims.text("iss") == Ok(Some(self.oidc.issuer.as_str())) && named
    }

    /// Who signed out, by a logout token (Back-Channel Logout section 2.6).
    pub(crate) async fn logged_out(&self, token: &Jws<'_>, now: Timestamp) -> Result<LoggedOut, Trouble> {
        let discovered = self.discovered(now).await?;
        let claims = self.verify(&discovered, token, now).await?;
        logout_token::check(&self.oidc, token, claims, now).map_err(Trouble::Unbelievable)
    }

    async fn discovered(&self, now: Timestamp) -> Result<std::sync::Arc<Discovered>, Trouble> {
        self.discovery.find(&self.web, &self.oidc, now).await
    }

    async fn verify<'t>(
        &self,
        discovered: &Discovered,
        token: &'t Jws<'_>,
        now: Timestamp,
    ) -> Result<&'t Claims, Trouble> {
        self.keys.verify((&self.web, &discovered.jwks_uri), token, &self.oidc.algorithms, now).await
    }

    async fn told(
        &self,
        discovered: &Discovered,
        tokens: &Tokens,
        id_token: &str,
        expected: Expected<'_>,
    ) -> Result<Told, Trouble> {
        let token = Jws::parse(id_token).map_err(|why| Trouble::Unbelievable(format!("the ID token: {why}")))?;
        let claims = self.verify(discovered, &token, expected.now).await?;
        id_token::check(&self.oidc, &token, claims, expected)?;
        let alone = Sources { id_token: Some(claims), userinfo: None };
        let wanted = match self.oidc.userinfo {
            Userinfo::Always => true,
            Userinfo::Auto => alone.lack(&self.oidc.mapping),
            Userinfo::Never => false,
        };
        let sub = claims.text("sub").ok().flatten().unwrap_or_default();
        let userinfo = if wanted { self.userinfo(discovered, tokens, sub, expected.now).await? } else { None };
        claims::read(&self.oidc, &Sources { id_token: Some(claims), userinfo: userinfo.as_ref() })
    }

    /// A refresh without an ID token: userinfo tells what is new.
    async fn told_by_userinfo(
        &self,
        discovered: &Discovered,
        tokens: &Tokens,
        sub: &str,
        now: Timestamp,
    ) -> Result<Option<Told>, Trouble> {
        if self.oidc.userinfo == Userinfo::Never {
            return Ok(None);
        }
        let Some(fresh) = self.userinfo(discovered, tokens, sub, now).await? else { return Ok(None) };
        claims::read(&self.oidc, &Sources { id_token: None, userinfo: Some(&fresh) }).map(Some)
    }

    /// Section 5.3: plain or signed, and about nobody else than the ID token.
    async fn userinfo(
        &self,
        discovered: &Discovered,
        tokens: &Tokens,
        sub: &str,
        now: Timestamp,
    ) -> Result<Option<Map<String, Value>>, Trouble> {
        let Some(endpoint) = &discovered.userinfo_endpoint else { return Ok(None) };
        let headers = [(header::AUTHORIZATION, format!("Bearer {}", tokens.access()))];
        let answer = self.web.get(endpoint, &headers).await?.expect_ok("userinfo")?;
        let claims = if answer.media_type() == "application/jwt" {
            let text = std::str::from_utf8(&answer.body).map_err(Trouble::unbelievable)?;
            let token = Jws::parse(text).map_err(|why| Trouble::Unbelievable(format!("userinfo: {why}")))?;
            let claims = self.verify(discovered, &token, now).await?;
            self.check_userinfo(claims)?;
            claims.members().clone()
        } else {
            serde_json::from_slice(&answer.body).map_err(|_| Trouble::unbelievable("userinfo is no JSON object"))?
        };
        if claims.get("sub").and_then(Value::as_str) != Some(sub) {
            return Err(Trouble::unbelievable("userinfo is about somebody else than the ID token"));
        }
        Ok(Some(claims))
    }

    /// Section 5.3.2: a signed answer names its issuer and us.
    fn check_userinfo(&self, claims: &Claims) -> Result<(), Trouble> {
        let by = claims.text("iss").ok().flatten() == Some(self.oidc.issuer.as_str());
        let to = claims.audience().is_ok_and(|audience| audience.contains(&self.oidc.client_id.as_str()));
        if by && to {
            Ok(())
        } else {
            Err(Trouble::unbelievable("signed userinfo is of another issuer, or for another"))
        }
    }
}
