//! Dropping what is past its retention, day by day.

use crate::TsdbError;
use crate::part::{DAY_MS, Part};
use crate::store::Tsdb;
use phoenix_env::Clock;
use std::sync::Arc;
use std::time::Duration;

/// The wall clock may run ahead of the monotonic one by this much before it is thought to have been set.
const JUMP_MS: i64 = 3_600_000;

/// After a jump nothing is removed for this long, so that whoever set the clock wrongly can mend it.
const GRACE: Duration = Duration::from_hours(1);

/// Notices when the wall clock jumps ahead: samples must not be removed for that.
pub(crate) struct ClockWatch {
    /// Wall time less monotonic time.
    offset_ms: i64,
    /// Nothing is removed before this monotonic time.
    wait_until: Duration,
}

impl ClockWatch {
    pub(crate) fn new(clock: &dyn Clock) -> Self {
        Self { offset_ms: offset_ms(clock), wait_until: Duration::ZERO }
    }

    /// Whether the wall clock may decide what is removed.
    fn is_calm(&mut self, clock: &dyn Clock) -> bool {
        let offset_ms = offset_ms(clock);
        if offset_ms - self.offset_ms > JUMP_MS {
            self.wait_until = clock.monotonic() + GRACE;
            tracing::warn!(ahead_ms = offset_ms - self.offset_ms, "the clock jumped ahead; for an hour nothing is removed for its age");
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

/// The parts to drop: days that are over `oldest_ms`, then the oldest days until the rest fits.
fn choose(parts: &[Arc<Part>], oldest_ms: i64, limit_bytes: u64) -> Vec<Arc<Part>> {
    let mut by_age: Vec<&Arc<Part>> = parts.iter().collect();
    by_age.sort_by_key(|part| (part.day(), part.order()));
    let newest_day = by_age.last().map_or(i64::MIN, |part| part.day());
    let mut bytes: u64 = parts.iter().map(|part| part.file_bytes()).sum();
    let mut dropped = Vec::new();
    let mut dropped_day = None;
    for part in by_age {
        let expired = (part.day() + 1).saturating_mul(DAY_MS) <= oldest_ms;
        // A day goes as a whole; the newest one stays even if it is too large by itself.
        let too_much = part.day() != newest_day && (bytes > limit_bytes || dropped_day == Some(part.day()));
        if expired || too_much {
            bytes -= part.file_bytes();
            dropped_day = Some(part.day());
            dropped.push(part.clone());
        }
    }
    dropped
}

impl Tsdb {
    /// Samples before this may be removed.
    pub(crate) fn removable_before_ms(&self) -> i64 {
        if self.clock_watch.lock().is_calm(&*self.clock) { self.options.oldest_ms(self.clock.now_ms()) } else { i64::MIN }
    }

    /// Drops parts that are past the retention by time or by size.
    pub(crate) fn drop_expired(&self) -> Result<(), TsdbError> {
        let oldest_ms = self.removable_before_ms();
        let limit_bytes = self.options.retention_bytes.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
        let manifest = self.manifest.lock();
        let before = self.view().parts;
        let dropped = choose(&before, oldest_ms, limit_bytes);
        if dropped.is_empty() {
            return Ok(());
        }
        let after = before.iter().filter(|part| !dropped.iter().any(|d| Arc::ptr_eq(d, part))).cloned().collect();
        let committed = self.commit_parts(manifest, after, &dropped, None);
        // Whatever became of it, and after it: readers may have lost these days.
        if let Some(day) = dropped.iter().map(|part| part.day()).max() {
            self.past.removed_to((day + 1).saturating_mul(DAY_MS));
        }
        committed?;
        self.metrics.parts_expired.inc_by(dropped.len() as u64);
        Ok(())
    }
}
