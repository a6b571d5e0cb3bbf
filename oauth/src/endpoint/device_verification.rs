//! What a person does with the code of a device (RFC 8628 section 3.3): finds its request, is shown who asks for what and
//! from where, and decides. The gateway has the page; it is on the login origin, and is the same for all apps.
//!
//! A code says nothing of who made the device show it, so whoever can be talked into entering one lets a stranger in (RFC
//! 10027). So nothing happens before a person has seen the request and pressed a button, each time.

use super::permit;
use crate::app::CONSENT_LIFETIME;
use crate::approval::Ask;
use crate::call::{AskingDevice, Call, Consent, Person, Reply, Server, VouchedBy};
use crate::client::{Client, RegisteredBy};
use crate::consent::{Allowed, Question};
use crate::error::{Code, Error};
use crate::grant_type::GrantType;
use crate::parameters::Parameters;
use crate::store::{DeviceAuthorization, DeviceDecision, StoreError};
use crate::user_code::UserCode;
use crate::world::Timestamp;
use serde::{Deserialize, Serialize};

const PURPOSE: &str = "device consent";

/// What became of a person's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decided {
    /// The device gets its grant when it asks next.
    Allowed,
    /// The device is told so.
    Denied,
    /// There is nothing to decide any more: it has expired, or somebody decided before.
    Gone,
}

/// The sealed form.
#[derive(Serialize, Deserialize)]
struct Pending {
    app: String,
    user_code: String,
    subject: String,
    session: String,
    expires_at: Timestamp,
}

impl Server {
    /// The request with the code that somebody typed, if it can still be decided. Unknown, expired and decided ones are
    /// the same.
    ///
    /// # Errors
    /// When the store is out of order.
    pub async fn find_device(
        &self,
        user_code: &UserCode,
        now: Timestamp,
    ) -> Result<Option<DeviceAuthorization>, StoreError> {
        for hash in user_code.hashes(&self.keys.sealer(now)) {
            if let Some(found) = self.store.device(&hash).await? {
                return Ok(Some(found).filter(|device| device.is_pending(now)));
            }
        }
        Ok(None)
    }

    /// Asks the person of `call` about a request at its app; `None` when the app or the client does not do so any more.
    ///
    /// # Errors
    /// An answer too: what is shown instead.
    pub async fn ask_about_device(
        &self,
        call: Call<'_>,
        person: &Person,
        (device, user_code): (&DeviceAuthorization, &UserCode),
    ) -> Result<Option<Consent>, Reply> {
        let Some(client) = self.client_of(call, device).await? else { return Ok(None) };
        permit(self, ask(call, person, &client)).await?;
        let pending = Pending {
            app: call.app.id.clone(),
            user_code: user_code.to_string(),
            subject: person.subject.clone(),
            session: person.session.clone(),
            expires_at: call.now.plus(CONSENT_LIFETIME),
        };
        let token = self.keys.sealer(call.now).seal(PURPOSE, &pending, &*self.random);
        let asking =
            AskingDevice { user_code: user_code.clone(), asked_from: device.asked_from, asked_at: device.asked_at };
        let page = question(&client, device).page(call, &[], token);
        Ok(Some(Consent { device: Some(asking), ..page }))
    }

    /// The app that a form of [`Self::ask_about_device`] is about.
    pub fn app_of_device_form(&self, form: &Parameters, now: Timestamp) -> Option<String> {
        self.open(form, now).map(|pending| pending.app)
    }

    /// The form came back from the person of `call`. The policy is asked again, it may have changed.
    ///
    /// # Errors
    /// An answer too: what is shown instead.
    pub async fn decide_device(&self, call: Call<'_>, person: &Person, form: &Parameters) -> Result<Decided, Reply> {
        let user_code = self.check_form(call, person, form).map_err(Reply::Page)?;
        let found = self.find_device(&user_code, call.now).await.map_err(broken)?;
        let Some(device) = found.filter(|device| device.app == call.app.id) else { return Ok(Decided::Gone) };
        let Some(client) = self.client_of(call, &device).await? else { return Ok(Decided::Gone) };
        let (decision, decided) = match form.get("decision") {
            Some("deny") => (DeviceDecision::Denied, Decided::Denied),
            Some("allow") => {
                permit(self, ask(call, person, &client)).await?;
                let Some(allowed) = question(&client, &device).allowed(form) else {
                    let page = self.ask_about_device(call, person, (&device, &user_code)).await?;
                    let again = page.map(|page| Reply::Consent(Box::new(Consent { nothing_ticked: true, ..page })));
                    return again.map_or(Ok(Decided::Gone), Err);
                };
                (decision(person, allowed), Decided::Allowed)
            }
            _ => return Err(Reply::Page(Error::new(Code::InvalidRequest, "press Allow or Deny"))),
        };
        let kept = self.store.decide_device(&device.user_code, &decision, call.now).await.map_err(broken)?;
        Ok(if kept { decided } else { Decided::Gone })
    }

    /// The form is one that this person was given, in this browser, not too long ago.
    fn check_form(&self, call: Call<'_>, person: &Person, form: &Parameters) -> Result<UserCode, Error> {
        let refused = |why: &str| Error::new(Code::AccessDenied, why);
        let pending =
            self.open(form, call.now).filter(|pending| pending.app == call.app.id && form.repeated().is_none());
        let pending = pending.ok_or_else(|| refused("this page is not from here; enter the code again"))?;
        if call.now >= pending.expires_at {
            return Err(refused("this page is too old; enter the code again"));
        }
        if person.session != pending.session || person.subject != pending.subject {
            return Err(refused("this page belongs to another sign-in; enter the code again"));
        }
        UserCode::parse(&pending.user_code).ok_or_else(|| refused("this page is not from here; enter the code again"))
    }

    fn open(&self, form: &Parameters, now: Timestamp) -> Option<Pending> {
        form.get("consent").and_then(|token| self.keys.sealer(now).open(PURPOSE, token))
    }

    /// The client of a request, if it and the app still do this.
    async fn client_of(&self, call: Call<'_>, device: &DeviceAuthorization) -> Result<Option<Client>, Reply> {
        let on = call.app.managed.as_ref().is_some_and(|managed| managed.device.is_some());
        let client = self.store.client(&call.app.id, &device.client).await.map_err(broken)?;
        Ok(client.filter(|client| on && client.may_use(GrantType::DeviceCode)))
    }
}

fn ask<'a>(call: Call<'a>, person: &'a Person, client: &'a Client) -> Ask<'a> {
    Ask {
        app: call.app,
        client: &client.id,
        opened_by: GrantType::DeviceCode,
        subject: &person.subject,
        login_method: &person.login_method,
        amr: &person.amr,
        authenticated_at: person.authenticated_at,
        linked_app: None,
        now: call.now,
    }
}

/// Nothing is remembered of an earlier consent: each request of a device is somebody's, and perhaps not the person's.
fn question<'a>(client: &'a Client, device: &'a DeviceAuthorization) -> Question<'a> {
    Question {
        client: &client.id,
        client_name: &client.name,
        client_uri: client.metadata.get("client_uri").and_then(|uri| uri.as_str()),
        vouched_by: match client.registered_by {
            RegisteredBy::Itself => &VouchedBy::Nobody,
            RegisteredBy::Administrator => &VouchedBy::Administrator,
        },
        redirect_uri: None,
        scope: &device.scope,
        refreshes: client.may_use(GrantType::RefreshToken),
        confidential: client.is_confidential(),
        fingerprint: "",
    }
}

fn decision(person: &Person, allowed: Allowed) -> DeviceDecision {
    DeviceDecision::Allowed {
        subject: person.subject.clone(),
        login_method: person.login_method.clone(),
        amr: person.amr.clone(),
        authenticated_at: person.authenticated_at,
        session: person.session.clone(),
        scope: allowed.scope,
        refreshes: allowed.refreshes,
    }
}

fn broken(broken: StoreError) -> Reply {
    Reply::Page(broken.into())
}
