//! How often something is fetched in a minute: in total, so that nobody makes the gateway work for them, and per host,
//! so that nobody uses it against others (section 8.6).

use crate::world::Timestamp;
use std::collections::HashMap;

const PER_MINUTE: u32 = 300;
const PER_HOST_AND_MINUTE: u32 = 20;

/// The counts of this minute. The map has at most as many hosts as there may be fetches.
#[derive(Debug, Default)]
pub(super) struct Budget {
    minute: i64,
    total: u32,
    by_host: HashMap<String, u32>,
}

impl Budget {
    /// Counts a fetch; `false` when there may be none now.
    pub(super) fn take(&mut self, host: &str, now: Timestamp) -> bool {
        let minute = now.seconds().div_euclid(60);
        if minute != self.minute {
            *self = Self { minute, ..Self::default() };
        }
        let of_host = self.by_host.get(host).copied().unwrap_or_default();
        if self.total >= PER_MINUTE || of_host >= PER_HOST_AND_MINUTE {
            return false;
        }
        self.total += 1;
        self.by_host.insert(host.to_owned(), of_host + 1);
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_800_000_000);

    #[test]
    fn cm_21_one_host_has_an_end_and_others_do_not_pay_for_it() {
        let mut budget = Budget::default();
        assert!((0..PER_HOST_AND_MINUTE).all(|_| budget.take("a.ex", NOW)));
        assert!(!budget.take("a.ex", NOW));
        assert!(budget.take("b.ex", NOW));
        assert!(budget.take("a.ex", NOW.plus(std::time::Duration::from_secs(60))));
    }

    #[test]
    fn cm_21_all_hosts_together_have_an_end() {
        let mut budget = Budget::default();
        assert!((0..PER_MINUTE).all(|n| budget.take(&format!("{n}.ex"), NOW)));
        assert!(!budget.take("one-more.ex", NOW));
        assert_eq!(budget.by_host.len(), PER_MINUTE as usize);
    }
}
