//! How often one address may call what costs us most: a count per minute and bucket, in a bounded map. Generous, because fifty
//! people behind one address sign in on the same morning.

use super::bucket::Bucket;
use super::guess::{Guess, Subject, Whence};
use moka::sync::Cache;
use oauth::world::Guesses;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

/// The seconds after which a refused caller may try again.
pub(crate) const RETRY_AFTER: u64 = 60;

const WINDOW: Duration = Duration::from_secs(RETRY_AFTER);
const STRANGERS_WINDOW: Duration = Duration::from_secs(600);
const WRONG_SECRETS_PER_CLIENT: u32 = 20;

/// The seconds after which somebody who guessed at codes of devices may try again.
pub(crate) const DEVICE_RETRY_AFTER: u64 = 300;

const WRONG_DEVICE_CODES: u32 = 5;

/// Whom a count of tries is about; without a place, all strangers together.
type Tried = (Guess, String, Option<Whence>);

/// The counts of the last minute. Clones count together.
#[derive(Clone, Debug)]
pub(crate) struct Limits {
    by_address: Cache<(Bucket, IpAddr), Arc<AtomicU32>>,
    by_account: Cache<Tried, Arc<AtomicU32>>,
    /// What strangers tried in the last ten minutes.
    by_strangers: Cache<Tried, Arc<AtomicU32>>,
    by_client: Cache<(String, IpAddr), Arc<AtomicU32>>,
    /// Who enters codes of devices, in whatever browser.
    by_guesser: Cache<String, Arc<AtomicU32>>,
}

impl Limits {
    pub(crate) fn new() -> Self {
        let by_address = Cache::builder().max_capacity(100_000).time_to_live(WINDOW).build();
        let by_account = Cache::builder().max_capacity(100_000).time_to_live(WINDOW).build();
        let by_client = Cache::builder().max_capacity(100_000).time_to_live(WINDOW).build();
        let window = Duration::from_secs(DEVICE_RETRY_AFTER);
        let by_guesser = Cache::builder().max_capacity(100_000).time_to_live(window).build();
        let by_strangers = Cache::builder().max_capacity(100_000).time_to_live(STRANGERS_WINDOW).build();
        Self { by_address, by_account, by_strangers, by_client, by_guesser }
    }

    /// What counts the secrets of clients that `ip` tries.
    pub(crate) fn guesser(&self, ip: IpAddr) -> Guesser {
        Guesser { limits: self.clone(), ip }
    }

    /// Counts a call; `false` when the budget of this minute is used up.
    pub(crate) fn take(&self, bucket: Bucket, ip: IpAddr) -> bool {
        let count = self.by_address.get_with((bucket, network(ip)), Arc::default);
        count.fetch_add(1, Ordering::Relaxed) < bucket.per_minute()
    }

    /// Whether an account may be tried; counted before it is, so that a thousand tries at once are a thousand.
    ///
    /// INVARIANT: nobody locks others out. Each place has its own count, and the count that strangers share does not
    /// concern places that the account knows.
    pub(crate) fn try_guess(&self, subject: &Subject<'_>) -> bool {
        let Whence::Strange(ip) = subject.whence else { return self.count_of_place(subject).allows() };
        if !self.take(Bucket::WrongPassword, ip) || !self.count_of_place(subject).allows() {
            return false;
        }
        self.count_of_strangers(subject).allows()
    }

    /// It was right: the try does not count.
    pub(crate) fn right_guess(&self, subject: &Subject<'_>) {
        self.by_account.invalidate(&tried(subject, Some(subject.whence)));
        if let Whence::Strange(ip) = subject.whence {
            let address = self.by_address.get(&(Bucket::WrongPassword, network(ip)));
            let strangers = self.by_strangers.get(&tried(subject, None));
            for count in [address, strangers].iter().flatten() {
                count.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }

    fn count_of_place(&self, subject: &Subject<'_>) -> Count {
        let tries = self.by_account.get_with(tried(subject, Some(subject.whence)), Arc::default);
        Count { tries, most: subject.guess.at_a_place() }
    }

    fn count_of_strangers(&self, subject: &Subject<'_>) -> Count {
        let tries = self.by_strangers.get_with(tried(subject, None), Arc::default);
        Count { tries, most: subject.guess.strangers() }
    }

    /// Whether somebody who is signed in may try a code of a device; counted before it is tried. It is the one who guesses
    /// that is stopped: the code stays good for whomever it was given to.
    pub(crate) fn try_device_code(&self, subject: &str, ip: IpAddr) -> bool {
        let guesses = self.by_guesser.get_with(subject.to_owned(), Arc::default);
        let allowed = guesses.fetch_add(1, Ordering::Relaxed) < WRONG_DEVICE_CODES;
        allowed && self.take(Bucket::WrongDeviceCode, ip)
    }

    /// The code was one that somebody has: the try does not count.
    pub(crate) fn right_device_code(&self, subject: &str, ip: IpAddr) {
        for count in [self.by_guesser.get(subject), self.by_address.get(&(Bucket::WrongDeviceCode, network(ip)))]
            .iter()
            .flatten()
        {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

fn tried(subject: &Subject<'_>, whence: Option<Whence>) -> Tried {
    let whence = whence.map(|whence| match whence {
        Whence::Strange(ip) => Whence::Strange(network(ip)),
        familiar => familiar,
    });
    (subject.guess, subject.account.to_owned(), whence)
}

/// A count and where it ends.
struct Count {
    tries: Arc<AtomicU32>,
    most: u32,
}

impl Count {
    /// Counts one more.
    fn allows(&self) -> bool {
        self.tries.fetch_add(1, Ordering::Relaxed) < self.most
    }
}

/// Counts the secrets of clients that one address tries, like passwords: per client *and* address (OAuth 2.1 section
/// 2.4.1).
pub(crate) struct Guesser {
    limits: Limits,
    ip: IpAddr,
}

impl Guesses for Guesser {
    fn may_try(&self, client: &str) -> bool {
        if !self.limits.take(Bucket::WrongSecret, self.ip) {
            return false;
        }
        let count = self.limits.by_client.get_with((client.to_owned(), network(self.ip)), Arc::default);
        count.fetch_add(1, Ordering::Relaxed) < WRONG_SECRETS_PER_CLIENT
    }

    fn was_right(&self, client: &str) {
        self.limits.by_client.invalidate(&(client.to_owned(), network(self.ip)));
        if let Some(count) = self.limits.by_address.get(&(Bucket::WrongSecret, network(self.ip))) {
            count.fetch_sub(1, Ordering::Relaxed);
        }
    }
}

/// What is counted together: an IPv4 address, or the /64 that one subscriber of IPv6 has.
pub(crate) fn network(ip: IpAddr) -> IpAddr {
    match ip {
        IpAddr::V4(_) => ip,
        IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() >> 64 << 64)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use oauth::secret::SecretHash;

    fn password(account: &str, whence: Whence) -> Subject<'_> {
        Subject { guess: Guess::Password, account, whence }
    }

    fn strange(ip: &str) -> Whence {
        Whence::Strange(ip.parse().unwrap())
    }

    #[test]
    fn ten_wrong_passwords_stop_one_address_at_one_account_only() {
        let limits = Limits::new();
        let (here, there) = (strange("10.0.0.1"), strange("10.0.0.2"));
        for _ in 0..10 {
            assert!(limits.try_guess(&password("ada", here)));
        }
        assert!(!limits.try_guess(&password("ada", here)));
        assert!(limits.try_guess(&password("ada", there)), "others are not locked out");
        assert!(limits.try_guess(&password("bob", here)));
        for _ in 0..100 {
            assert!(limits.try_guess(&password("bob", there)));
            limits.right_guess(&password("bob", there));
        }
    }

    #[test]
    fn who_has_many_addresses_gets_no_further_and_locks_nobody_out_who_is_known() {
        let limits = Limits::new();
        let whence = |n: u32| Whence::Strange(std::net::Ipv4Addr::from_bits(n).into());
        let passed = (0..10_000).filter(|n| limits.try_guess(&password("ada", whence(*n)))).count();
        assert_eq!(passed, 50, "all strangers together");
        assert!(!limits.try_guess(&password("ada", whence(20_000))), "a stranger more is one too many");
        assert!(limits.try_guess(&password("bob", whence(20_000))), "another account has its own count");
        let browser = Whence::Familiar(SecretHash::of("her browser"));
        assert!((0..10).all(|_| limits.try_guess(&password("ada", browser))), "she is not stopped by them");
        assert!(!limits.try_guess(&password("ada", browser)), "but her browser guesses no faster than others");
        assert!(limits.try_guess(&password("ada", Whence::Familiar(SecretHash::of("her office")))));
    }

    #[test]
    fn ca_10_wrong_secrets_stop_one_address_at_one_client_only() {
        let limits = Limits::new();
        let (here, there) = (limits.guesser("10.0.0.1".parse().unwrap()), limits.guesser("10.0.0.2".parse().unwrap()));
        assert!((0..20).all(|_| here.may_try("a")));
        assert!(!here.may_try("a"));
        assert!(there.may_try("a") && here.may_try("b"), "others are not locked out");
        for _ in 0..1000 {
            assert!(there.may_try("b"), "a right secret does not count");
            there.was_right("b");
        }
        assert!((0..1000).filter(|n| there.may_try(&n.to_string())).count() < 300, "nor can one address try them all");
    }

    #[test]
    fn dv_03_who_guesses_codes_of_devices_is_stopped_in_every_browser_and_nobody_else_is() {
        let limits = Limits::new();
        let here: IpAddr = "10.0.0.1".parse().unwrap();
        for _ in 0..100 {
            assert!(limits.try_device_code("ada", here));
            limits.right_device_code("ada", here);
        }
        assert!((0..5).all(|_| limits.try_device_code("ada", here)));
        assert!(!limits.try_device_code("ada", "10.0.0.2".parse().unwrap()));
        assert!((0..15).all(|n| limits.try_device_code(&format!("mallory {n}"), here)));
        assert!(!limits.try_device_code("bob", here), "an address has so many");
        assert!(limits.try_device_code("bob", "10.0.0.2".parse().unwrap()));
    }

    #[test]
    fn a_subscriber_of_ipv6_is_counted_as_one() {
        let limits = Limits::new();
        for host in 0..10 {
            assert!(limits.try_guess(&password("ada", strange(&format!("2001:db8::{host}")))));
        }
        assert!(!limits.try_guess(&password("ada", strange("2001:db8::ffff:1"))));
        assert!(limits.try_guess(&password("ada", strange("2001:db8:0:1::1"))));
    }

    #[test]
    fn op_03_a_bucket_has_an_end_and_is_not_shared() {
        let limits = Limits::new();
        let ip = "10.0.0.1".parse().unwrap();
        assert!((0..240).all(|_| limits.take(Bucket::Registration, ip)));
        assert!(!limits.take(Bucket::Registration, ip));
        assert!(limits.take(Bucket::Token, ip));
    }
}
