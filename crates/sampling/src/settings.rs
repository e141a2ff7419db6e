//! What whoever holds spans back has to know.

use std::time::Duration;

/// How traces wait for their decision. The names are those of the collector's tail sampling processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// How long after its first span a trace is decided at the latest.
    pub decision_wait: Duration,
    /// What makes a decision come earlier.
    pub early: EarlyDecision,
    /// How many traces wait at most; beyond, the oldest is decided at once.
    pub num_traces: usize,
    /// How many new traces a second to make room for; 0: nobody said.
    pub expected_new_traces_per_sec: u64,
    /// Bytes ([`crate::TraceSpans::size_bytes`]) beyond which a trace is dropped; `None`: no such limit.
    pub max_trace_bytes: Option<u64>,
    /// For how many kept traces the decision is remembered, for spans that come late.
    pub sampled_cache: usize,
    /// The same for traces that were not kept.
    pub non_sampled_cache: usize,
    /// Whether traces that wait when Phoenix ends are dropped rather than decided with what is there.
    pub drop_pending_on_shutdown: bool,
}

/// What makes a decision come before `decision_wait` is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EarlyDecision {
    /// Nothing.
    Never,
    /// The trace is complete ([`crate::TraceSpans::is_complete`]), and no span of it came for so long.
    Complete(Duration),
    /// The root came so long ago: `decision_wait_after_root_received`.
    Root(Duration),
}

impl Default for Settings {
    /// 30 seconds and 50,000 traces, as the collector has it; decided when complete for two seconds;
    /// decisions remembered for 100,000 traces each way.
    fn default() -> Self {
        Self {
            decision_wait: Duration::from_secs(30),
            early: EarlyDecision::Complete(Duration::from_secs(2)),
            num_traces: 50_000,
            expected_new_traces_per_sec: 0,
            max_trace_bytes: None,
            sampled_cache: 100_000,
            non_sampled_cache: 100_000,
            drop_pending_on_shutdown: false,
        }
    }
}

impl Settings {
    /// When a trace is due for its decision, in milliseconds of the clock that gave the others: when its
    /// first and its last span came, when its root came if it did, and whether it is complete.
    pub fn due_ms(&self, first_ms: i64, last_ms: i64, root_ms: Option<i64>, is_complete: bool) -> i64 {
        let after = |from: i64, wait: Duration| from.saturating_add(i64::try_from(wait.as_millis()).unwrap_or(i64::MAX));
        let latest = after(first_ms, self.decision_wait);
        match (self.early, root_ms) {
            (EarlyDecision::Complete(quiet), _) if is_complete => latest.min(after(last_ms, quiet)),
            (EarlyDecision::Root(wait), Some(root_ms)) => latest.min(after(root_ms, wait)),
            _ => latest,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_comes_early_when_it_can() {
        let complete = Settings::default();
        let root = Settings { early: EarlyDecision::Root(Duration::from_secs(5)), ..complete };
        let never = Settings { early: EarlyDecision::Never, ..complete };
        for (settings, last_ms, root_ms, is_complete, want) in [
            (complete, 3_000, Some(3_000), true, 5_000),
            (complete, 3_000, Some(3_000), false, 30_000),
            (complete, 29_500, Some(0), true, 30_000),
            (root, 3_000, Some(2_000), false, 7_000),
            (root, 3_000, None, false, 30_000),
            (never, 0, Some(0), true, 30_000),
        ] {
            assert_eq!(settings.due_ms(0, last_ms, root_ms, is_complete), want, "{settings:?}");
        }
    }
}
