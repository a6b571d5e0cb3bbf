//! The way back from a provider: whose answer it is, whether this browser asked for it, who came, and the session that opens.
//! The state is used up before anything else is done, so that nothing happens twice.

use super::super::form::Browser;
use super::super::purpose::Purpose;
use super::super::session::{self, SignedIn};
use super::begin::{ask, gone};
use super::trouble::{self, Failed, Why};
use super::{Held, PURPOSE, Pending, profile, redirect_uri, unguessable};
use crate::config::{IdentityProvider, ProviderKind};
use crate::gateway::{Snapshot, World};
use crate::relying_party::{Told, Trouble};
use crate::request::Request;
use crate::store::{Account, ProviderSession};
use bytes::Bytes;
use http::Response;
use oauth::parameters::Parameters;
use oauth::secret::SecretHash;
use oauth::store::StoreError;
use std::sync::Arc;

/// Who came, by which word of the provider.
struct Arrived {
    told: Told,
    issuer: String,
    /// The tokens, of an OpenID provider.
    held: Option<Held>,
}

/// `GET /.doorward/callback` and `GET /.doorward/callback/PROVIDER` at the login origin.
pub(crate) async fn callback(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
) -> Result<Response<Bytes>, StoreError> {
    let parameters = Parameters::parse(request.target.query().unwrap_or_default().as_bytes());
    let Some((state, pending)) = pending(world, snapshot, request, &parameters).await? else {
        return Ok(trouble::page(snapshot, request, &Failed { provider: None, purpose: None, why: Why::NotBegun }));
    };
    let provider = snapshot.config.identity_providers.get(&pending.provider);
    // The answer to what one provider was asked is not taken at another one's door (OAuth 2.1 section 2.3.4).
    let Some(provider) = provider.filter(|it| it.callback().as_deref() == Some(request.target.path())) else {
        return Ok(trouble::page(snapshot, request, &Failed { provider: None, purpose: None, why: Why::NotBegun }));
    };
    let failed = |why| Failed { provider: Some(&**provider), purpose: Some(&pending.purpose), why };
    let arrived = match arrive(world, snapshot, request, provider, (&state, &pending, &parameters)).await {
        Ok(arrived) => arrived,
        Err(trouble) => return Ok(trouble::page(snapshot, request, &failed(trouble.into()))),
    };
    if let Some(missing) = missing(&pending.purpose, &arrived.told) {
        let why = Trouble::TooWeak(format!("the provider did not say that it used `{missing}`"));
        return Ok(trouble::page(snapshot, request, &failed(why.into())));
    }
    let described = profile(&provider.name, &arrived.issuer, arrived.told.clone());
    let account = world.store.welcome(&described, &snapshot.oauth.new_id("u"), request.now).await?;
    world.heed_revocations().await?;
    if account.disabled {
        return Ok(trouble::page(snapshot, request, &failed(Why::Disabled)));
    }
    open(world, snapshot, request, provider, (&account, arrived), &pending.purpose).await
}

/// What this browser has begun with this state; it is gone for everybody from now on.
async fn pending(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    parameters: &Parameters,
) -> Result<Option<(String, Pending)>, StoreError> {
    let origin = &snapshot.config.auth.origin;
    let (Some(state), None) = (parameters.get("state"), parameters.repeated()) else { return Ok(None) };
    let Some(browser) = Browser::known(origin, request) else { return Ok(None) };
    let Some(attempt) = world.store.take(&SecretHash::of(state), PURPOSE, request.now).await? else { return Ok(None) };
    let pending = browser.open::<Pending>(world, PURPOSE, &attempt.content, request.now);
    Ok(pending.map(|pending| (state.to_owned(), pending)))
}

async fn arrive(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    provider: &IdentityProvider,
    (state, pending, parameters): (&str, &Pending, &Parameters),
) -> Result<Arrived, Trouble> {
    let redirect_uri = redirect_uri(snapshot, provider);
    let openid = snapshot.providers.openid(&provider.name);
    if let Some(openid) = openid {
        openid.check_issuer(parameters.get("iss"), request.now).await?;
    }
    if let Some(code) = parameters.get("error") {
        let words = parameters.get("error_description").unwrap_or_default();
        return Err(Trouble::Refused { code: code.to_owned(), words: words.to_owned() });
    }
    let code = parameters.get("code").ok_or_else(|| Trouble::unbelievable("it sent neither a code nor an error"))?;
    match (&provider.kind, openid, snapshot.providers.github(&provider.name)) {
        (ProviderKind::Oidc(oidc), Some(openid), _) => {
            let ask = ask(&redirect_uri, state, pending);
            let redeemed = openid.redeem(code, ask, unguessable(world), request.now).await?;
            let held = Held { id_token: redeemed.id_token, refresh_token: redeemed.refresh_token };
            Ok(Arrived { told: redeemed.told, issuer: oidc.issuer.clone(), held: Some(held) })
        }
        (ProviderKind::Github(_), _, Some(github)) => {
            let told = github.redeem(code, &redirect_uri, &pending.verifier).await?;
            Ok(Arrived { told, issuer: github.issuer(), held: None })
        }
        _ => Err(gone()),
    }
}

/// What the sign-in should have been proven by, and was not as far as the provider says.
fn missing<'a>(purpose: &'a Purpose, told: &Told) -> Option<&'a str> {
    let wanted = purpose.step_up.as_ref().map(|step_up| &step_up.auth_methods)?;
    wanted.iter().map(String::as_str).find(|method| !told.amr.iter().any(|used| used == method))
}

async fn open(
    world: &World,
    snapshot: &Snapshot,
    request: &Request,
    provider: &Arc<IdentityProvider>,
    (account, arrived): (&Account, Arrived),
    purpose: &Purpose,
) -> Result<Response<Bytes>, StoreError> {
    let Arrived { told, issuer, held } = arrived;
    let session = snapshot.oauth.new_id("g");
    if let (Some(held), ProviderKind::Oidc(oidc)) = (held, &provider.kind) {
        let due = held.refresh_token.as_ref().map(|_| request.now.plus(oidc.refresh_interval));
        let kept = ProviderSession {
            grant: session.clone(),
            provider: provider.name.clone(),
            subject: account.subject.clone(),
            issuer,
            sub: told.sub,
            sid: told.sid,
            sealed: held.seal(world),
            due,
            created_at: request.now,
        };
        world.store.keep_provider_session(&kept).await?;
    }
    let signed_in = SignedIn {
        session,
        account,
        login_method: &provider.name,
        amr: told.amr,
        authenticated_at: told.auth_time.filter(|at| *at <= request.now).unwrap_or(request.now),
    };
    session::open(world, snapshot, request, signed_in, purpose).await
}
