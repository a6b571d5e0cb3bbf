//! The keys that a provider signs by (OpenID Connect Core section 10.1.1): kept, fetched again for a key that is not among
//! them but not more than once a minute, and the last good ones serve while the provider is away.

use super::Trouble;
use super::web::Web;
use oauth::jose::{Allowed, Claims, Jws, KeySet, Unverified};
use oauth::world::Timestamp;
use serde_json::Value;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Mutex;
use url::Url;

/// How long keys are used without another look.
const FRESH: Duration = Duration::from_secs(3600);

/// However many tokens name strange keys, the provider is asked once in this time.
const PAUSE: Duration = Duration::from_secs(60);

/// How long a failure is remembered where no keys serve: those who wait do not each wait for a dead provider.
const FAILED: Duration = Duration::from_secs(5);

/// The keys of now.
#[derive(Debug, Default)]
pub(super) struct Keys(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    keys: Option<Arc<KeySet>>,
    /// When they were fetched, and when that was last tried.
    fetched_at: Option<Timestamp>,
    tried_at: Option<Timestamp>,
    /// Why there are none, and until when that is enough to know.
    failed: Option<(Trouble, Timestamp)>,
}

impl Keys {
    /// The claims of a token that one of the keys at `url` signed.
    pub(super) async fn verify<'t>(
        &self,
        (web, url): (&Web, &Url),
        token: &'t Jws<'_>,
        allowed: Allowed<'_>,
        now: Timestamp,
    ) -> Result<&'t Claims, Trouble> {
        let keys = self.find(web, url, FRESH, now).await?;
        match token.verify(&keys, allowed) {
            Err(Unverified::UnknownKey) => {
                let newer = self.find(web, url, Duration::ZERO, now).await?;
                token.verify(&newer, allowed).map_err(Trouble::unbelievable)
            }
            verified => verified.map_err(Trouble::unbelievable),
        }
    }

    /// Keys that are younger than `age`, as far as the provider may be asked and answers.
    async fn find(&self, web: &Web, url: &Url, age: Duration, now: Timestamp) -> Result<Arc<KeySet>, Trouble> {
        let mut state = self.0.lock().await;
        let young = state.fetched_at.is_some_and(|at| now < at.plus(age));
        let paused = state.tried_at.is_some_and(|at| now < at.plus(PAUSE));
        if let Some(keys) = state.keys.as_ref().filter(|_| young || paused) {
            return Ok(Arc::clone(keys));
        }
        if let Some((trouble, _)) = state.failed.as_ref().filter(|(_, until)| now < *until) {
            return Err(trouble.clone());
        }
        state.tried_at = Some(now);
        match fetch(web, url).await {
            Ok(keys) => {
                let keys = Arc::new(keys);
                (state.keys, state.fetched_at) = (Some(Arc::clone(&keys)), Some(now));
                Ok(keys)
            }
            Err(trouble) => match &state.keys {
                Some(old) => {
                    tracing::warn!(target: "oidc", %url, what = %trouble, "the provider's keys could not be fetched; the old ones serve");
                    Ok(Arc::clone(old))
                }
                None => {
                    state.failed = Some((trouble.clone(), now.plus(FAILED)));
                    Err(trouble)
                }
            },
        }
    }
}

async fn fetch(web: &Web, url: &Url) -> Result<KeySet, Trouble> {
    let answer = web.get(url, &[]).await?.expect_ok("its keys")?;
    let set: Value = serde_json::from_slice(&answer.body).map_err(|_| Trouble::unbelievable("its keys are no JSON"))?;
    KeySet::parse(&set).map_err(|why| Trouble::Unbelievable(format!("its keys: {why}")))
}
