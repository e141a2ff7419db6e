//! When a target is scraped: on a grid of its own, spread by its hash, the same after a restart.

use std::time::Duration;

/// How far behind its moment on the grid a scrape may begin and still carry the grid's timestamp.
/// Timestamps at equal distances take far less room in the store, and a five-hundredth of the
/// interval, at most 20 ms, is less than what the target's own answer varies by.
fn tolerance_ms(interval: Duration) -> i64 {
    (interval.as_millis() as i64 / 500).min(20)
}

/// The first moment of the grid after `now_ms`.
pub(crate) fn next_ms(now_ms: i64, interval: Duration, offset: Duration) -> i64 {
    let interval_ms = (interval.as_millis() as i64).max(1);
    let since = (now_ms - offset.as_millis() as i64).rem_euclid(interval_ms);
    now_ms + interval_ms - since
}

/// The timestamp of a scrape that was due at `due_ms` and begins at `now_ms`.
pub(crate) fn timestamp_ms(due_ms: i64, now_ms: i64, interval: Duration) -> i64 {
    // A clock that was set in between is far away from the grid's moment: then the clock is right.
    if (now_ms - due_ms).abs() <= tolerance_ms(interval) { due_ms } else { now_ms }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_next_moment_is_on_the_grid(now_ms in -1_000_000_i64..2_000_000_000_000, interval_ms in 1_u64..100_000, offset in 0_u64..100_000) {
            let (interval, offset) = (Duration::from_millis(interval_ms), Duration::from_millis(offset % interval_ms));
            let next = next_ms(now_ms, interval, offset);
            prop_assert!(next > now_ms && next <= now_ms + interval_ms as i64);
            prop_assert_eq!(next.rem_euclid(interval_ms as i64), offset.as_millis() as i64);
            prop_assert_eq!(next_ms(next, interval, offset), next + interval_ms as i64);
        }
    }

    #[test]
    fn late_scrapes_carry_the_time_they_began() {
        let interval = Duration::from_secs(15);
        for (due, now, want) in
            [(1000, 1000, 1000), (1000, 1020, 1000), (1000, 1021, 1021), (1000, 3_601_000, 3_601_000), (1000, 999, 1000)]
        {
            assert_eq!(timestamp_ms(due, now, interval), want);
        }
        assert_eq!(timestamp_ms(1000, 1003, Duration::from_secs(1)), 1003);
    }
}
