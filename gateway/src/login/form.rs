//! Forms that change something: proof that the browser that sends one is the one that was given it, and that no other site
//! made it do so (RFC 9700 section 4.7).

use crate::config::Origin;
use crate::gateway::World;
use crate::identify::session::set_cookie;
use crate::request::Request;
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use oauth::secret::SecretHash;
use oauth::world::Timestamp;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use std::time::Duration;

/// How long a form can be sent, and a sign-in can take.
const LIFETIME: Duration = Duration::from_secs(3600);

/// How long the mark of a browser in which somebody signed in is kept: it tells the owner of an account from strangers.
const FAMILIAR: Duration = Duration::from_secs(180 * 24 * 3600);

const CHARS: usize = 32;

/// The random value that marks a browser at one host while somebody signs in. One cookie for all tabs and attempts.
#[derive(Debug)]
pub(crate) struct Browser {
    value: String,
    is_new: bool,
}

#[derive(Serialize, Deserialize)]
struct Sealed<T> {
    browser: SecretHash,
    expires_at: Timestamp,
    content: T,
}

impl Browser {
    /// The browser's mark, or a new one.
    pub(crate) fn of(world: &World, origin: &Origin, request: &Request) -> Self {
        Self::known(origin, request).unwrap_or_else(|| {
            let value = URL_SAFE_NO_PAD.encode(world.random.bytes::<24>());
            Self { value, is_new: true }
        })
    }

    /// The browser's mark, if it has one.
    pub(crate) fn known(origin: &Origin, request: &Request) -> Option<Self> {
        let value = request.cookie(&cookie_name(origin))?;
        let well_formed = value.len() == CHARS && URL_SAFE_NO_PAD.decode(value).is_ok();
        well_formed.then(|| Self { value: value.to_owned(), is_new: false })
    }

    /// The `Set-Cookie` that a new mark needs.
    pub(crate) fn cookies(&self, origin: &Origin) -> Vec<String> {
        let cookie = || set_cookie(origin, &cookie_name(origin), &self.value, LIFETIME);
        self.is_new.then(cookie).into_iter().collect()
    }

    /// The `Set-Cookie` that keeps the mark of a browser in which somebody signed in.
    pub(crate) fn lasting_cookie(&self, origin: &Origin) -> String {
        set_cookie(origin, &cookie_name(origin), &self.value, FAMILIAR)
    }

    /// What the store knows the browser by.
    pub(crate) fn mark(&self) -> SecretHash {
        SecretHash::of(&self.value)
    }

    /// A name for something of this browser's that is found again without being kept: nobody else can know it.
    pub(crate) fn name_of(&self, what: &str) -> String {
        URL_SAFE_NO_PAD.encode(SecretHash::of_two(&self.value, what).as_bytes())
    }

    /// Seals `content` for this browser and purpose.
    pub(crate) fn seal<T: Serialize>(&self, world: &World, purpose: &str, content: T, now: Timestamp) -> String {
        let sealed = Sealed { browser: SecretHash::of(&self.value), expires_at: now.plus(LIFETIME), content };
        world.keys.sealer(now).seal(purpose, &sealed, &*world.random)
    }

    /// What was sealed for this browser and purpose, if it is not too old.
    pub(crate) fn open<T: DeserializeOwned>(
        &self,
        world: &World,
        purpose: &str,
        text: &str,
        now: Timestamp,
    ) -> Option<T> {
        let sealed = world.keys.sealer(now).open::<Sealed<T>>(purpose, text)?;
        let fresh = sealed.browser.matches(&SecretHash::of(&self.value)) && now < sealed.expires_at;
        fresh.then_some(sealed.content)
    }
}

fn cookie_name(origin: &Origin) -> String {
    format!("{}doorward.browser", if origin.secure { "__Host-" } else { "" })
}
