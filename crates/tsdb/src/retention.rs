//! Dropping what is past its retention, day by day.

use crate::TsdbError;
use crate::part::{DAY_MS, Part};
use crate::store::Tsdb;
use std::sync::Arc;

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
    /// Drops parts that are past the retention by time or by size.
    pub(crate) fn drop_expired(&self) -> Result<(), TsdbError> {
        let oldest_ms = self.options.oldest_ms(self.clock.now_ms());
        let limit_bytes = self.options.retention_bytes.filter(|limit| *limit > 0).unwrap_or(u64::MAX);
        let manifest = self.manifest.lock();
        let before = self.view().parts;
        let dropped = choose(&before, oldest_ms, limit_bytes);
        if dropped.is_empty() {
            return Ok(());
        }
        let after = before.iter().filter(|part| !dropped.iter().any(|d| Arc::ptr_eq(d, part))).cloned().collect();
        self.commit_parts(manifest, after, &dropped, None)?;
        self.metrics.parts_expired.inc_by(dropped.len() as u64);
        Ok(())
    }
}
