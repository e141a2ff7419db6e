//! How long entries are kept, and what is past that.

use phoenix_env::Clock;
use phoenix_model::Matcher;
use phoenix_model::logs::Stream;
use std::time::Duration;

/// How long entries are kept.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Retention {
    /// For streams that no other rule names; `None` or zero keeps everything.
    pub default: Option<Duration>,
    /// For chosen streams. Of those that match, the highest priority counts, and of these the
    /// shortest period, as with Loki's `retention_stream`.
    pub streams: Vec<StreamRetention>,
    /// Bytes that segments may take in storage before the oldest are dropped; `None` or zero for no limit.
    pub max_bytes: Option<u64>,
}

/// How long entries of chosen streams are kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StreamRetention {
    /// Conditions on the stream's labels; all must hold.
    pub matchers: Vec<Matcher>,
    /// How long; zero keeps everything.
    pub period: Duration,
    /// Which rule counts when several match: the highest.
    pub priority: i32,
}

/// The moments before which entries are past their retention, at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Cutoffs<'a> {
    default_ns: i64,
    rules: Vec<(&'a StreamRetention, i64)>,
}

fn cutoff_ns(now_ms: i64, period: Duration) -> i64 {
    if period.is_zero() {
        return i64::MIN;
    }
    let period_ms = i64::try_from(period.as_millis()).unwrap_or(i64::MAX);
    now_ms.saturating_sub(period_ms).saturating_mul(1_000_000)
}

impl Retention {
    /// The moments before which entries are too old, seen from `now_ms`.
    pub(crate) fn cutoffs(&self, now_ms: i64) -> Cutoffs<'_> {
        let mut rules: Vec<_> = self.streams.iter().map(|rule| (rule, cutoff_ns(now_ms, rule.period))).collect();
        // The first that matches counts.
        rules.sort_by_key(|(rule, cutoff)| (std::cmp::Reverse(rule.priority), std::cmp::Reverse(*cutoff)));
        Cutoffs { default_ns: self.default.map_or(i64::MIN, |period| cutoff_ns(now_ms, period)), rules }
    }
}

impl Cutoffs<'_> {
    /// Nothing is too old.
    pub(crate) const NONE: Cutoffs<'static> = Cutoffs { default_ns: i64::MIN, rules: Vec::new() };

    /// What no rule for chosen streams names is too old before this moment.
    pub(crate) fn default_ns(&self) -> i64 {
        self.default_ns
    }

    /// Entries of the stream before this moment are too old.
    pub(crate) fn of(&self, stream: &Stream) -> i64 {
        self.of_labels(&stream.labels)
    }

    /// As [`Cutoffs::of`].
    pub(crate) fn of_labels(&self, labels: &phoenix_model::Labels) -> i64 {
        let rule = self.rules.iter().find(|(rule, _)| rule.matchers.iter().all(|m| m.matches_labels(labels)));
        rule.map_or(self.default_ns, |(_, cutoff)| *cutoff)
    }

    /// Whether all streams have the same one.
    pub(crate) fn is_uniform(&self) -> bool {
        self.rules.iter().all(|(_, cutoff)| *cutoff == self.default_ns)
    }

    /// No stream keeps what lies before this.
    pub(crate) fn earliest(&self) -> i64 {
        self.rules.iter().map(|(_, cutoff)| *cutoff).fold(self.default_ns, i64::min)
    }

    /// The different moments that streams may have, ascending.
    pub(crate) fn distinct(&self) -> Vec<i64> {
        let mut all: Vec<i64> = self.rules.iter().map(|(_, cutoff)| *cutoff).chain([self.default_ns]).collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

/// From which moments on the streams of a segment are kept, in nanoseconds, seen from the time 0.
#[derive(Debug, Clone, Copy)]
pub(crate) struct KeptFrom {
    /// Of the stream that is kept longest.
    pub(crate) earliest: i64,
    /// Of the stream that is kept shortest.
    pub(crate) latest: i64,
}

impl KeptFrom {
    /// Whether no stream keeps what is not newer than `max_ns`.
    pub(crate) fn all_gone(self, max_ns: i64, now_ns: i64) -> bool {
        self.earliest != i64::MIN && max_ns < self.earliest.saturating_add(now_ns)
    }

    /// Whether some stream does not keep what is not newer than `max_ns`.
    pub(crate) fn some_gone(self, max_ns: i64, now_ns: i64) -> bool {
        self.latest != i64::MIN && max_ns < self.latest.saturating_add(now_ns)
    }
}

/// The wall clock may run ahead of the monotonic one by this much before it is thought to have been set.
const JUMP_MS: i64 = 3_600_000;

/// After a jump nothing is removed for this long, so that whoever set the clock wrongly can mend it.
const GRACE: Duration = Duration::from_hours(1);

/// Notices when the wall clock jumps ahead: entries must not be removed for that.
pub(crate) struct ClockWatch {
    /// What is not removed then: `logs`.
    signal: &'static str,
    /// Wall time less monotonic time.
    offset_ms: i64,
    /// Nothing is removed before this monotonic time.
    wait_until: Duration,
}

impl ClockWatch {
    pub(crate) fn new(clock: &dyn Clock, signal: &'static str) -> Self {
        Self { signal, offset_ms: offset_ms(clock), wait_until: Duration::ZERO }
    }

    /// Whether the wall clock may decide what is removed.
    pub(crate) fn is_calm(&mut self, clock: &dyn Clock) -> bool {
        let offset_ms = offset_ms(clock);
        if offset_ms - self.offset_ms > JUMP_MS {
            self.wait_until = clock.monotonic() + GRACE;
            let signal = self.signal;
            tracing::warn!(
                ahead_ms = offset_ms - self.offset_ms,
                "the clock jumped ahead; for an hour no {signal} are removed for their age"
            );
        } else if self.offset_ms - offset_ms > JUMP_MS {
            // It was set back: what it says now is as good as it was before the jump.
            self.wait_until = Duration::ZERO;
        }
        self.offset_ms = offset_ms;
        clock.monotonic() >= self.wait_until
    }
}

fn offset_ms(clock: &dyn Clock) -> i64 {
    clock.now_ms() - clock.monotonic().as_millis() as i64
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Labels;

    #[test]
    fn the_highest_priority_counts_and_then_the_shortest_period() {
        let day = Duration::from_hours(24);
        let rule = |name: &str, value: &str, days: u32, priority| StreamRetention {
            matchers: vec![Matcher::equal(name, value)],
            period: day * days,
            priority,
        };
        let retention = Retention {
            default: Some(day * 10),
            streams: vec![rule("env", "dev", 3, 1), rule("app", "a", 30, 2), rule("env", "dev", 2, 1), rule("keep", "y", 0, 9)],
            max_bytes: None,
        };
        let now_ms = 1_000 * 86_400_000;
        let cutoffs = retention.cutoffs(now_ms);
        for (labels, days) in [
            (vec![("env", "prod")], Some(10)),
            (vec![("env", "dev")], Some(2)),
            (vec![("env", "dev"), ("app", "a")], Some(30)),
            (vec![("env", "dev"), ("app", "a"), ("keep", "y")], None),
        ] {
            let want = days.map_or(i64::MIN, |days: i64| (now_ms - days * 86_400_000) * 1_000_000);
            assert_eq!(cutoffs.of_labels(&Labels::from_pairs(labels.clone())), want, "{labels:?}");
        }
        assert!(!cutoffs.is_uniform());
        assert_eq!(cutoffs.earliest(), i64::MIN);
        assert_eq!(cutoffs.distinct().len(), 5);
    }
}
