//! How often somebody may ask: a bucket of requests for each, filled again at a steady rate (token bucket), in bounded maps.
//!
//! It goes by the machine's uptime: a clock that is set changes nothing.

use super::network;
use crate::config::{Per, RequestLimit};
use governor::clock::{Clock, DefaultClock};
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use moka::Expiry;
use moka::policy::EvictionPolicy;
use moka::sync::Cache;
use std::hash::{BuildHasher, RandomState};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Asker<'a> {
    /// A person or service, by its subject; or a client, by its id.
    Known(&'a str),
    /// An address.
    Address(IpAddr),
}

/// A limit that is used up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TooMany {
    /// Which limit.
    pub(crate) limit: RequestLimit,
    /// The seconds after which there is room for a request again; at least one.
    pub(crate) retry_after: u64,
}

/// The buckets of everybody who has asked of late.
pub(crate) struct Buckets<C: Clock = DefaultClock> {
    /// Those of people, services and clients: strangers have none here, so that no flood of them drives any out.
    known: Cache<u64, Arc<Bucket<C>>>,
    addresses: Cache<u64, Arc<Bucket<C>>>,
    /// Nobody can choose whom to be mixed up with.
    hasher: RandomState,
    clock: C,
}

struct Bucket<C: Clock> {
    limiter: RateLimiter<NotKeyed, InMemoryState, C, NoOpMiddleware<C::Instant>>,
    /// When it is as good as new.
    full_after: Duration,
}

/// Somebody who has not asked for so long that the bucket is full again is forgotten.
struct WhenFull;

impl<C: Clock> Expiry<u64, Arc<Bucket<C>>> for WhenFull {
    fn expire_after_create(&self, _: &u64, bucket: &Arc<Bucket<C>>, _: Instant) -> Option<Duration> {
        Some(bucket.full_after)
    }

    fn expire_after_read(
        &self,
        _: &u64,
        bucket: &Arc<Bucket<C>>,
        _: Instant,
        _: Option<Duration>,
        _: Instant,
    ) -> Option<Duration> {
        Some(bucket.full_after)
    }
}

/// About 200 bytes each.
const MOST_BUCKETS: u64 = 100_000;

impl Buckets {
    pub(crate) fn new() -> Self {
        Self::with_clock(DefaultClock::default())
    }
}

impl<C: Clock + Clone + Send + Sync + 'static> Buckets<C> {
    fn with_clock(clock: C) -> Self {
        // Who came last stays: whoever keeps asking is counted on, also while a thousand others come once each.
        let buckets = || {
            let lru = EvictionPolicy::lru();
            Cache::builder().max_capacity(MOST_BUCKETS).eviction_policy(lru).expire_after(WhenFull).build()
        };
        Self { known: buckets(), addresses: buckets(), hasher: RandomState::new(), clock }
    }

    /// Takes a request from the bucket of `asker` at `scope`, an app or the whole gateway. A changed limit has new buckets.
    pub(crate) fn take(&self, scope: &str, limit: &RequestLimit, asker: Asker<'_>) -> Result<(), TooMany> {
        let asker = match asker {
            Asker::Address(ip) => Asker::Address(network(ip)),
            known => known,
        };
        let all = if limit.per == Per::Address { &self.addresses } else { &self.known };
        let whose = self.hasher.hash_one((scope, limit, asker));
        let bucket = all.get_with(whose, || Arc::new(Bucket::new(limit, &self.clock)));
        bucket.limiter.check().map_err(|not_until| {
            let wait = not_until.wait_time_from(self.clock.now());
            let retry_after = (wait.as_secs() + u64::from(wait.subsec_nanos() > 0)).max(1);
            TooMany { limit: *limit, retry_after }
        })
    }
}

impl<C: Clock + Clone> Bucket<C> {
    fn new(limit: &RequestLimit, clock: &C) -> Self {
        let each = (limit.within / limit.count.get()).max(Duration::from_nanos(1));
        // It is never zero.
        let quota = Quota::with_period(each).unwrap_or(Quota::per_second(limit.count)).allow_burst(limit.burst);
        Self {
            limiter: RateLimiter::direct_with_clock(quota, clock.clone()),
            full_after: quota.burst_size_replenished_in().max(Duration::from_secs(1)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use governor::clock::FakeRelativeClock;
    use std::net::Ipv4Addr;
    use std::num::NonZeroU32;

    fn limit(per: Per, count: u32, within: u64, burst: u32) -> RequestLimit {
        let number = |number| NonZeroU32::new(number).unwrap();
        RequestLimit { per, count: number(count), within: Duration::from_secs(within), burst: number(burst) }
    }

    #[test]
    fn hp_25_a_bucket_holds_its_burst_and_is_filled_steadily() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::with_clock(clock.clone());
        let limit = limit(Per::Identity, 60, 60, 3);
        let take = || buckets.take("wiki", &limit, Asker::Known("ada")).map_err(|too_many| too_many.retry_after);
        assert_eq!([take(), take(), take(), take()], [Ok(()), Ok(()), Ok(()), Err(1)]);
        clock.advance(Duration::from_millis(900));
        assert_eq!(take(), Err(1), "not before it is told");
        clock.advance(Duration::from_millis(100));
        assert_eq!([take(), take()], [Ok(()), Err(1)]);
        clock.advance(Duration::from_secs(3600));
        assert_eq!(
            [take(), take(), take(), take()],
            [Ok(()), Ok(()), Ok(()), Err(1)],
            "it holds no more than its burst"
        );
    }

    #[test]
    fn hp_25_retry_after_is_when_there_is_room_again() {
        let clock = FakeRelativeClock::default();
        let buckets = Buckets::with_clock(clock.clone());
        let limit = limit(Per::Client, 2, 3600, 1);
        let take = || buckets.take("wiki", &limit, Asker::Known("c")).map_err(|too_many| too_many.retry_after);
        assert_eq!([take(), take()], [Ok(()), Err(1800)]);
        clock.advance(Duration::from_secs(1799));
        assert_eq!(take(), Err(1));
        clock.advance(Duration::from_secs(1));
        assert_eq!(take(), Ok(()));
        clock.advance(Duration::from_millis(500));
        assert_eq!(take(), Err(1800), "a part of a second is waited for as a whole one");
    }

    #[test]
    fn hp_25_each_has_a_bucket_and_a_network_of_ipv6_has_one() {
        let buckets = Buckets::new();
        let (identity, address) = (limit(Per::Identity, 1, 3600, 1), limit(Per::Address, 1, 3600, 1));
        let ip = |text: &str| Asker::Address(text.parse().unwrap());
        let take = |scope, limit, asker| buckets.take(scope, limit, asker).is_ok();
        assert!(take("wiki", &identity, Asker::Known("ada")) && !take("wiki", &identity, Asker::Known("ada")));
        assert!(take("wiki", &identity, Asker::Known("bob")) && take("notes", &identity, Asker::Known("ada")));
        assert!(take("", &address, ip("192.0.2.1")) && take("", &address, ip("192.0.2.2")));
        assert!(take("", &address, ip("2001:db8::1")) && !take("", &address, ip("2001:db8::ffff:1")));
        assert!(take("", &address, ip("2001:db8:0:1::1")));
    }

    #[test]
    fn hp_25_a_flood_of_strangers_drives_nobody_out_who_is_known_or_keeps_asking() {
        let buckets = Buckets::new();
        let (identity, address) = (limit(Per::Identity, 1, 86_400, 1), limit(Per::Address, 1, 86_400, 1));
        let persistent = Asker::Address(Ipv4Addr::new(192, 0, 2, 1).into());
        assert!(buckets.take("wiki", &identity, Asker::Known("ada")).is_ok());
        assert!(buckets.take("", &address, persistent).is_ok());
        for number in 0..250_000_u32 {
            let stranger = Asker::Address(Ipv4Addr::from_bits(0x0a00_0000 + number).into());
            assert!(buckets.take("", &address, stranger).is_ok());
            if number % 10_000 == 0 {
                assert!(buckets.take("", &address, persistent).is_err(), "who keeps asking is counted on");
            }
        }
        buckets.addresses.run_pending_tasks();
        assert!(buckets.addresses.entry_count() <= MOST_BUCKETS, "{}", buckets.addresses.entry_count());
        assert!(buckets.take("wiki", &identity, Asker::Known("ada")).is_err(), "she has her one request behind her");
    }
}
