//! Which entries lie in the window of which step.
//!
//! The window of a step at `t` is `(t - range - offset, t - offset]`. The ends of all windows cut
//! time into buckets such that each window is a run of whole buckets: an entry is added to one
//! bucket, however many windows overlap. There are at most four buckets for each step.

use super::EvalError;
use phoenix_query::units::format_duration_ns;

/// The moments at which numbers are computed, in nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Steps {
    pub(super) start_ns: i64,
    pub(super) step_ns: i64,
    pub(super) count: usize,
}

impl Steps {
    pub(super) fn time_ns(&self, step: usize) -> i64 {
        self.start_ns + self.step_ns * step as i64
    }

    pub(super) fn time_ms(&self, step: usize) -> i64 {
        self.time_ns(step).div_euclid(1_000_000)
    }

    fn last_ns(&self) -> i64 {
        self.time_ns(self.count.saturating_sub(1))
    }
}

/// The windows of all steps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Windows {
    pub(super) steps: Steps,
    pub(super) range_ns: i64,
    /// The moment before the first window's first nanosecond.
    before_ns: i64,
    /// The last nanosecond of the last window.
    last_ns: i64,
    step_ns: i64,
    /// Whole steps in the range, and what is left of it.
    whole: usize,
    rest_ns: i64,
}

impl Windows {
    /// Fails where windows lie so far from now that their times would not fit into 64 bits.
    pub(super) fn new(steps: Steps, range_ns: i64, offset_ns: i64) -> Result<Self, EvalError> {
        let range_ns = range_ns.max(1);
        let far =
            |when: &str| EvalError::Execution(format!("the range of {} reaches too far into the {when}", format_duration_ns(range_ns)));
        // The distance of any two times stays below 2^63.
        let before_ns = steps.start_ns.checked_sub(offset_ns).and_then(|start| start.checked_sub(range_ns));
        let before_ns = before_ns.filter(|before| *before >= -(i64::MAX / 4)).ok_or_else(|| far("past"))?;
        let last_ns = steps.last_ns().checked_sub(offset_ns).filter(|last| *last <= i64::MAX / 4 * 3).ok_or_else(|| far("future"))?;
        // A single step has no distance of its own: one bucket is its window.
        let step_ns = if steps.count <= 1 { range_ns } else { steps.step_ns };
        Ok(Self { steps, range_ns, before_ns, last_ns, step_ns, whole: (range_ns / step_ns) as usize, rest_ns: range_ns % step_ns })
    }

    /// The first moment that counts.
    pub(super) fn start_ns(&self) -> i64 {
        self.before_ns + 1
    }

    /// The first moment that does not count any more.
    pub(super) fn end_ns(&self) -> i64 {
        self.last_ns + 1
    }

    /// Buckets in the distance of two steps.
    fn parts(&self) -> usize {
        if self.rest_ns > 0 { 2 } else { 1 }
    }

    /// Whether all windows have a time in common, which is one bucket then: those before it end
    /// where windows begin, those behind it where windows end. Else windows begin and end in turn.
    fn is_long(&self) -> bool {
        self.whole >= self.steps.count
    }

    /// The number of buckets.
    pub(super) fn buckets(&self) -> usize {
        self.window(self.steps.count.saturating_sub(1)).end
    }

    /// The bucket that an entry belongs to; none if it is in no window.
    #[inline]
    pub(super) fn bucket(&self, timestamp_ns: i64) -> Option<usize> {
        if timestamp_ns <= self.before_ns || timestamp_ns > self.last_ns {
            return None;
        }
        let since = timestamp_ns - self.before_ns - 1;
        if self.is_long() {
            let (behind, count) = (since - self.range_ns, self.steps.count);
            return Some(if behind >= 0 {
                count + (behind / self.step_ns) as usize
            } else {
                ((since / self.step_ns) as usize).min(count - 1)
            });
        }
        let interval = (since / self.step_ns) as usize;
        if self.rest_ns == 0 {
            return Some(interval);
        }
        let second = since - interval as i64 * self.step_ns >= self.rest_ns;
        // Between windows that are shorter than the distance of the steps.
        if second && self.whole == 0 { None } else { Some(interval * 2 + usize::from(second)) }
    }

    /// The buckets of a step's window.
    pub(super) fn window(&self, step: usize) -> std::ops::Range<usize> {
        if self.is_long() {
            return step..step + self.steps.count;
        }
        let first = step * self.parts();
        first..first + self.whole * self.parts() + usize::from(self.rest_ns > 0)
    }

    /// The first moment of each bucket, and the first one behind the last bucket.
    pub(super) fn edges(&self) -> Vec<i64> {
        if self.is_long() {
            let begins = (0..self.steps.count).map(|step| self.bounds_ns(step).0 + 1);
            let ends = (0..self.steps.count).map(|step| self.bounds_ns(step).1 + 1);
            return begins.chain(ends).collect();
        }
        let parts = self.parts();
        let edge = |bucket: usize| {
            let interval = (bucket / parts) as i64 * self.step_ns;
            self.start_ns() + interval + if bucket.is_multiple_of(parts) { 0 } else { self.rest_ns }
        };
        (0..=self.buckets()).map(edge).collect()
    }

    /// The range in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.range_ns as f64 / 1e9
    }

    /// The window of a step: the moment before its first nanosecond, and its last nanosecond.
    pub(super) fn bounds_ns(&self, step: usize) -> (i64, i64) {
        let before = self.before_ns + self.step_ns * step as i64;
        (before, before + self.range_ns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(3_000))]

        #[test]
        fn buckets_make_up_windows(start in -50_i64..50, step in 1_i64..12, count in 1_usize..9, range in 1_i64..90, offset in -9_i64..20, at in -180_i64..220) {
            let steps = Steps { start_ns: start, step_ns: step, count };
            let windows = Windows::new(steps, range, offset).unwrap();
            let bucket = windows.bucket(at);
            for i in 0..count {
                let t = steps.time_ns(i);
                let inside = t - range - offset < at && at <= t - offset;
                let got = bucket.is_some_and(|bucket| windows.window(i).contains(&bucket));
                prop_assert_eq!(got, inside, "step {} at {}", i, t);
                prop_assert_eq!(windows.bounds_ns(i), (t - range - offset, t - offset));
            }
            let edges = windows.edges();
            prop_assert_eq!(edges.len(), windows.buckets() + 1);
            prop_assert!(edges.windows(2).all(|pair| pair[0] < pair[1]), "{:?}", edges);
            prop_assert!(windows.buckets() <= 4 * count);
            if let Some(bucket) = bucket {
                prop_assert!(edges[bucket] <= at && at < edges[bucket + 1], "{:?} {}", edges, bucket);
            }
        }
    }
}
