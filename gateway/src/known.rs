//! Credentials that were verified, remembered by their hash, so that a repeated request asks no store and checks no
//! signature. Whatever takes something away makes everything remembered before it forgotten.

use crate::assertion::{self, About};
use crate::config::{App, Origin};
use http::HeaderValue;
use moka::sync::Cache;
use oauth::client::ClientId;
use oauth::grant_type::GrantType;
use oauth::keys::Keyring;
use oauth::store::Actor;
use oauth::world::Timestamp;
use policy::{Identity, Kind, Via};
use sha2::{Digest, Sha256};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::IpAddr;
use std::ops::Deref;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Who a credential proves, remembered.
#[derive(Debug)]
pub(crate) struct Known {
    verified: Verified,
    /// The assertion for the upstream, signed at most once in its lifetime.
    assertion: assertion::Cell,
    generation: u64,
    /// The minute and address of its last use that was told.
    last_use: AtomicU64,
}

/// Who a credential proves.
#[derive(Debug)]
pub(crate) struct Verified {
    /// The person or service, as of the verification.
    pub(crate) identity: Identity,
    /// By which transport.
    pub(crate) via: Via,
    /// Through which client.
    pub(crate) client: ClientId,
    /// What the client calls itself; `None` for the browser.
    pub(crate) client_name: Option<String>,
    /// The grant behind it; empty for a service token or certificate, which has none.
    pub(crate) grant: String,
    /// Granted scope; empty for the browser, a service token or a certificate, which no scope binds.
    pub(crate) scope: String,
    /// The app whose upstream acts for the person, if one does.
    pub(crate) linked_app: Option<String>,
    /// Who acted for the person before the client did.
    pub(crate) earlier: Option<Box<Actor>>,
    /// Thumbprint of the key that the credential is bound to: each request proves it afresh.
    pub(crate) jkt: Option<String>,
    /// When the person proved who they are; `None` for a service.
    pub(crate) authenticated_at: Option<Timestamp>,
    /// From when on a use of the session moves its end; `None` if no use does.
    pub(crate) prolonged_from: Option<Timestamp>,
    /// When the credential ends. Checked at every use: forgetting is not an expiry check.
    pub(crate) expires_at: Timestamp,
}

impl Verified {
    /// A service that proves itself by a credential of its own: no grant is behind it, no scope binds it.
    pub(crate) fn service((id, name): (&str, &str), login_method: &str, expires_at: Timestamp) -> Self {
        Self {
            identity: service(id, name, login_method),
            via: Via::Service,
            client: ClientId::new(id),
            client_name: Some(name.to_owned()),
            grant: String::new(),
            scope: String::new(),
            linked_app: None,
            earlier: None,
            jkt: None,
            authenticated_at: None,
            prolonged_from: None,
            expires_at,
        }
    }

    /// Whether it is an access token: neither a browser's session nor a service's own credential.
    pub(crate) fn is_access_token(&self) -> bool {
        self.via != Via::Browser && !self.grant.is_empty()
    }

    /// Whether this use of a session is to be noted in the store, so that it does not end idle.
    pub(crate) fn is_to_be_prolonged(&self, now: Timestamp) -> bool {
        self.prolonged_from.is_some_and(|from| now >= from)
    }

    /// How long ago the person proved who they are.
    pub(crate) fn authenticated_for(&self, now: Timestamp) -> Option<Duration> {
        self.authenticated_at.map(|at| now.since(at))
    }

    /// What it comes from, by its id: the grant, or the service whose own credential it is.
    pub(crate) fn source(&self) -> &str {
        if self.grant.is_empty() { &self.identity.subject } else { &self.grant }
    }

    /// The OAuth client, and what it calls itself.
    pub(crate) fn oauth_client(&self) -> Option<(&ClientId, &str)> {
        let name = self.client_name.as_deref().filter(|_| self.is_access_token())?;
        Some((&self.client, name))
    }
}

/// A service: a client in its own name, a service token, or a certificate. Its subject begins like no person's.
pub(crate) fn service(subject: &str, name: &str, login_method: &str) -> Identity {
    Identity {
        kind: Kind::Service,
        subject: subject.to_owned(),
        email: None,
        name: Some(name.to_owned()),
        groups: Vec::new(),
        login_method: login_method.to_owned(),
        auth_methods: Vec::new(),
        claims: Default::default(),
    }
}

/// Through what kind of client a grant is used that was opened in this way.
pub(crate) fn via(client: &ClientId, opened_by: Option<GrantType>) -> Via {
    match opened_by {
        _ if client.is_browser() => Via::Browser,
        Some(GrantType::DeviceCode) => Via::Device,
        _ => Via::Agent,
    }
}

impl Deref for Known {
    type Target = Verified;

    fn deref(&self) -> &Verified {
        &self.verified
    }
}

impl Known {
    /// Whether a use at this time from this address is worth being told: not the second one of a minute.
    pub(crate) fn is_news(&self, ip: IpAddr, now: Timestamp) -> bool {
        let mut hasher = DefaultHasher::new();
        (ip, now.seconds() / 60).hash(&mut hasher);
        // Zero is no use yet.
        let mark = hasher.finish() | 1;
        self.last_use.load(Ordering::Relaxed) != mark && self.last_use.swap(mark, Ordering::Relaxed) != mark
    }

    /// What the upstream `app` is told, signed in the name of the login origin.
    pub(crate) fn assertion(&self, keys: &Keyring, login: &Origin, app: &App, now: Timestamp) -> Option<HeaderValue> {
        let about = About {
            identity: &self.identity,
            grant: &self.grant,
            scope: &self.scope,
            client: self.oauth_client(),
            earlier: self.earlier.as_deref(),
        };
        self.assertion.get_or_sign((keys, app.assertion_algorithm), (&login.url(), &app.id), &about, now)
    }
}

/// Where a credential is remembered: a hash of the credential and the app it was presented at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Place([u8; 32]);

impl Place {
    /// The place of a credential of one kind at one app.
    pub(crate) fn of(kind: &str, app: &str, credential: &str) -> Self {
        let mut hash = Sha256::new();
        for part in [kind, app] {
            hash.update(part.as_bytes());
            hash.update([0]);
        }
        hash.update(credential.as_bytes());
        Self(hash.finalize().into())
    }
}

/// The bounded memory of verified credentials.
#[derive(Debug)]
pub(crate) struct Memory {
    entries: Cache<Place, Arc<Known>>,
    generation: AtomicU64,
}

const MOST_ENTRIES: u64 = 100_000;
const LONGEST: Duration = Duration::from_secs(3600);

impl Memory {
    pub(crate) fn new() -> Self {
        let entries = Cache::builder().max_capacity(MOST_ENTRIES).time_to_live(LONGEST).build();
        Self { entries, generation: AtomicU64::new(0) }
    }

    /// What is remembered and still holds.
    pub(crate) fn find(&self, place: &Place, now: Timestamp) -> Option<Arc<Known>> {
        let known = self.entries.get(place)?;
        (known.generation == self.generation() && now < known.expires_at).then_some(known)
    }

    /// The generation that a verification begins in. It must be read before the store is asked: a revocation in between
    /// then leaves an entry that is never found.
    pub(crate) fn generation(&self) -> u64 {
        self.generation.load(Ordering::Acquire)
    }

    /// Remembers what was verified in `generation`.
    pub(crate) fn keep(&self, place: Place, generation: u64, verified: Verified) -> Arc<Known> {
        let known = Arc::new(Known {
            verified,
            assertion: assertion::Cell::default(),
            generation,
            last_use: AtomicU64::new(0),
        });
        self.entries.insert(place, Arc::clone(&known));
        known
    }

    /// Forgets everything: the next request of each credential is verified afresh.
    pub(crate) fn forget(&self) {
        self.generation.fetch_add(1, Ordering::AcqRel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verified(expires_at: i64) -> Verified {
        Verified {
            identity: Identity {
                kind: Kind::User,
                subject: "s".into(),
                email: None,
                name: None,
                groups: vec![],
                login_method: "local".into(),
                auth_methods: Vec::new(),
                claims: Default::default(),
            },
            via: Via::Browser,
            client: ClientId::browser(),
            client_name: None,
            grant: "g".into(),
            scope: String::new(),
            linked_app: None,
            earlier: None,
            jkt: None,
            authenticated_at: Some(Timestamp::from_seconds(0)),
            prolonged_from: None,
            expires_at: Timestamp::from_seconds(expires_at),
        }
    }

    #[test]
    fn an_entry_ends_with_its_credential() {
        let memory = Memory::new();
        let place = Place::of("session", "a", "x");
        memory.keep(place, memory.generation(), verified(10));
        assert!(memory.find(&place, Timestamp::from_seconds(9)).is_some());
        assert!(memory.find(&place, Timestamp::from_seconds(10)).is_none());
    }

    #[test]
    fn one_use_a_minute_and_address_is_news() {
        let memory = Memory::new();
        let known = memory.keep(Place::of("session", "a", "x"), memory.generation(), verified(1000));
        let (here, there) = ("192.0.2.1".parse().unwrap(), "192.0.2.2".parse().unwrap());
        let news = |ip, at| known.is_news(ip, Timestamp::from_seconds(at));
        assert!(news(here, 60) && !news(here, 61) && !news(here, 119));
        assert!(news(here, 120) && news(there, 120) && !news(there, 121));
    }

    #[test]
    fn jw_10_what_was_verified_before_a_revocation_is_never_found_after() {
        let memory = Memory::new();
        let place = Place::of("session", "a", "x");
        let before = memory.generation();
        memory.forget();
        memory.keep(place, before, verified(10));
        assert!(memory.find(&place, Timestamp::from_seconds(1)).is_none());
    }

    #[test]
    fn a_credential_of_one_app_or_kind_is_unknown_at_another() {
        let places =
            [Place::of("s", "a", "x"), Place::of("s", "b", "x"), Place::of("b", "a", "x"), Place::of("s", "ax", "")];
        for (i, place) in places.iter().enumerate() {
            assert!(places.iter().skip(i + 1).all(|other| other != place));
        }
    }
}
