//! Adding and removing passkeys.

use super::Visit;
use crate::limits::Bucket;
use crate::login::local::passkey;
use crate::pages::AccountDone;
use crate::respond::as_json;
use crate::store::Passkey as Kept;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use http::{Response, StatusCode};
use oauth::parameters::Parameters;
use oauth::store::StoreError;
use serde_json::json;
use webauthn_rs::prelude::{PasskeyRegistration, RegisterPublicKeyCredential};

const PURPOSE: &str = "new passkey";
const MOST_PASSKEYS: usize = 20;

impl Visit<'_> {
    /// A challenge for a new passkey.
    pub(super) async fn offer_passkey(&self) -> Result<Response<Bytes>, StoreError> {
        let origin = &self.snapshot.config.auth.origin;
        let factors = self.world.store.factors(&self.account.subject).await?;
        let full = factors.passkeys.len() >= MOST_PASSKEYS;
        if full || !passkey::are_possible(origin) || !self.world.limits.take(Bucket::PasskeyChallenge, self.request.ip)
        {
            return Ok(passkey::no_challenge());
        }
        let known = factors.passkeys.iter().filter_map(passkey::read).map(|known| known.cred_id().clone()).collect();
        let (username, shown) = (&self.account.username, self.account.name.as_deref());
        let started = passkey::relying_party(origin).and_then(|party| {
            let handle = passkey::handle(&self.account.subject);
            party.start_passkey_registration(handle, username, shown.unwrap_or(username), Some(known))
        });
        let Ok((options, state)) = started else { return Ok(passkey::no_challenge()) };
        let state = (self.person.session.clone(), state);
        let attempt = passkey::keep(self.world, &self.browser, (PURPOSE, &state), self.request).await?;
        let options = passkey::preferring_discoverable(json!(options.public_key));
        Ok(as_json(StatusCode::OK, &json!({ "options": options, "attempt": attempt })))
    }

    pub(super) async fn add_passkey(&self, form: &Parameters) -> Result<Response<Bytes>, StoreError> {
        let refused = || self.show(StatusCode::FORBIDDEN, None, Some("passkey-refused"));
        let attempt = (PURPOSE, form.get("attempt").unwrap_or_default());
        let state = passkey::take::<(String, PasskeyRegistration)>(self.world, &self.browser, attempt, self.request);
        let Some((_, state)) = state.await?.filter(|(session, _)| *session == self.person.session) else {
            return refused().await;
        };
        let made = serde_json::from_str::<RegisterPublicKeyCredential>(form.get("credential").unwrap_or_default()).ok();
        let party = passkey::relying_party(&self.snapshot.config.auth.origin);
        let made = party.ok().zip(made).and_then(|(party, made)| party.finish_passkey_registration(&made, &state).ok());
        let Some(made) = made else { return refused().await };
        let before = self.world.store.factors(&self.account.subject).await?;
        let number = [("number", (before.passkeys.len() + 1).into())];
        let look = self.snapshot.look(self.request);
        let kept = Kept {
            id: made.cred_id().to_vec(),
            subject: self.account.subject.clone(),
            name: look.say_with("account-passkey-named", &number),
            credential: serde_json::to_string(&made).map_err(|error| StoreError(error.to_string()))?,
            created_at: self.request.now,
            last_used_at: None,
        };
        if !self.world.store.add_passkey(&kept).await? {
            return refused().await;
        }
        self.tell("passkey_added");
        self.after_adding(before.any(), AccountDone::PasskeyAdded).await
    }

    pub(super) async fn remove_passkey(&self, form: &Parameters) -> Result<Response<Bytes>, StoreError> {
        let id = URL_SAFE_NO_PAD.decode(form.get("passkey").unwrap_or_default()).unwrap_or_default();
        if self.world.store.remove_passkey(&self.account.subject, &id).await? {
            self.tell("passkey_removed");
        }
        self.show(StatusCode::OK, Some(AccountDone::PasskeyRemoved), None).await
    }
}
