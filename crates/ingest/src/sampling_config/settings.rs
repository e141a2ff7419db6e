//! How traces wait: the keys that both formats share.

use phoenix_model::{Diagnostic, Source};
use phoenix_yaml::{Duration, Spanned};
use serde::Deserialize;
use std::ops::RangeInclusive;
use std::time::Duration as StdDuration;

/// The longest that a trace may wait.
const MAX_WAIT: StdDuration = StdDuration::from_hours(1);
/// How many traces may wait or be remembered.
const MAX_TRACES: u64 = 10_000_000;

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawDecisionCache {
    pub sampled_cache_size: Option<Spanned<u64>>,
    pub non_sampled_cache_size: Option<Spanned<u64>>,
}

/// Checks what is written against what Phoenix can hold.
pub(super) struct Checked<'s, 'd> {
    pub source: &'s Source,
    pub diagnostics: &'d mut Vec<Diagnostic>,
}

impl Checked<'_, '_> {
    /// A time to wait, or its default.
    pub fn wait(&mut self, written: Option<&Spanned<Duration>>, default: StdDuration) -> StdDuration {
        let Some(written) = written else { return default };
        if written.get() > MAX_WAIT {
            let message = format!("{} is longer than a trace may wait: 1h", written.value);
            self.diagnostics.push(Diagnostic::error(self.source, written.span, message));
        }
        written.get()
    }

    /// How many traces, or the default.
    pub fn traces(&mut self, written: Option<&Spanned<u64>>, least: u64, default: usize) -> usize {
        written.map_or(default, |written| self.within(written, least..=MAX_TRACES) as usize)
    }

    /// A number within a range.
    pub fn within(&mut self, written: &Spanned<u64>, range: RangeInclusive<u64>) -> u64 {
        let number = written.value;
        if !range.contains(&number) {
            let message = format!("{number} is outside of what is possible here: {} to {}", range.start(), range.end());
            self.diagnostics.push(Diagnostic::error(self.source, written.span, message));
        }
        number
    }
}
