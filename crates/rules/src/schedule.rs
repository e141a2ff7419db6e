//! When a group is evaluated.

use std::time::Duration;

/// The moments at which one group is evaluated: one in each interval, at an offset that follows
/// from the group's name, so that groups do not all run at once and a restart changes nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Slots {
    interval_ms: i64,
    offset_ms: i64,
}

impl Slots {
    /// The slots of a group, named `file;name`.
    pub fn new(group_key: &str, interval: Duration) -> Self {
        let interval_ms = (interval.as_millis() as i64).max(1);
        let offset_ms = (fnv1a(group_key.as_bytes()) % interval_ms as u64) as i64;
        Self { interval_ms, offset_ms }
    }

    /// The last slot at or before a moment.
    pub fn at_or_before(self, now_ms: i64) -> i64 {
        (now_ms - self.offset_ms).div_euclid(self.interval_ms) * self.interval_ms + self.offset_ms
    }

    /// The first slot after a moment.
    pub fn after(self, now_ms: i64) -> i64 {
        self.at_or_before(now_ms) + self.interval_ms
    }

    /// The slot to evaluate now, when the one evaluated last is known, and how many between the
    /// two were missed. `None` when the next slot is still to come.
    pub fn due(self, last_ms: i64, now_ms: i64) -> Option<(i64, u64)> {
        let slot = self.at_or_before(now_ms);
        (slot > last_ms).then(|| (slot, (((slot - last_ms) / self.interval_ms) - 1).max(0) as u64))
    }

    /// How long to wait for the next slot. A wall clock that was set back does not make a group
    /// wait until the old time comes again: it goes on within one interval.
    pub fn wait(self, last_ms: i64, now_ms: i64) -> Duration {
        let next = (last_ms + self.interval_ms).min(self.after(now_ms));
        Duration::from_millis(next.saturating_sub(now_ms).max(0) as u64)
    }
}

/// The Fowler–Noll–Vo hash, variant 1a, 64 bits: stable over versions and machines.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_are_spread_and_stable() {
        let minute = Duration::from_mins(1);
        let offsets: std::collections::BTreeSet<i64> = (0..20).map(|i| Slots::new(&format!("f;{i}"), minute).offset_ms).collect();
        assert!(offsets.len() > 15, "{offsets:?}");
        assert_eq!(Slots::new("rules.yaml;a", minute), Slots::new("rules.yaml;a", minute));
    }

    #[test]
    fn what_is_due() {
        let slots = Slots { interval_ms: 1000, offset_ms: 300 };
        assert_eq!(slots.at_or_before(10_299), 9_300);
        assert_eq!(slots.at_or_before(10_300), 10_300);
        assert_eq!(slots.after(10_300), 11_300);
        assert_eq!(slots.at_or_before(-1), -700);
        for (last, now, due, wait_ms) in [
            (9_300, 10_299, None, 1),
            (9_300, 10_300, Some((10_300, 0)), 0),
            (9_300, 10_900, Some((10_300, 0)), 0),
            (9_300, 12_400, Some((12_300, 2)), 0),
            // The clock was set back by an hour: on with the slots of the new time.
            (3_609_300, 9_900, None, 400),
        ] {
            assert_eq!(slots.due(last, now), due, "{last} {now}");
            assert_eq!(slots.wait(last, now), Duration::from_millis(wait_ms), "{last} {now}");
        }
    }
}
