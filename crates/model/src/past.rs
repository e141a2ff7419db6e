//! What a store tells of changes to its past, so that answers about the past can be kept.
//!
//! Data arrives in order but for a little. Whoever keeps an answer takes a [`Settled`] before the
//! data is read; later [`PastChanges::since`] says which moments may look different by now. Nothing
//! that arrives behind the margin goes untold, however the clock is set, so a kept answer never
//! depends on the margin being long enough: it only decides how often answers are dropped.

use parking_lot::Mutex;
use std::collections::VecDeque;
use std::sync::atomic::{AtomicI64, Ordering};

/// How far behind the newest moment data counts as late. Scrapes are stored some seconds after
/// their time, and what clients push may wait for a minute or for a retry.
pub const LATE_AFTER_MS: i64 = 120_000;

/// Changes that are told apart; older ones are told as one.
const MAX_RECORDS: usize = 256;

/// How far an answer holds that is worked out now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settled {
    /// For [`PastChanges::since`].
    pub mark: u64,
    /// Up to here, changes are told; in milliseconds since the Unix epoch.
    pub until_ms: i64,
    /// What lies before this may go without being told, since it is past its retention.
    pub from_ms: i64,
}

/// Which moments may look different, in milliseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Changed {
    /// From here on, data came or went; `i64::MAX` if none did.
    pub from_ms: i64,
    /// Up to here, data went; `i64::MIN` if none did.
    pub removed_to_ms: i64,
}

impl Changed {
    /// Nothing did.
    pub const NOTHING: Self = Self { from_ms: i64::MAX, removed_to_ms: i64::MIN };

    /// Anything may have.
    pub const EVERYTHING: Self = Self { from_ms: i64::MIN, removed_to_ms: i64::MAX };

    fn and(self, other: Self) -> Self {
        Self { from_ms: self.from_ms.min(other.from_ms), removed_to_ms: self.removed_to_ms.max(other.removed_to_ms) }
    }
}

/// Keeps the changes to a store's past.
#[derive(Debug)]
pub struct PastChanges {
    /// The latest moment that a writer or a reader has seen.
    now_ms: AtomicI64,
    inner: Mutex<Inner>,
}

#[derive(Debug, Default)]
struct Inner {
    mark: u64,
    /// By mark, ascending. Changes after a mark have that mark or a later one.
    records: VecDeque<(u64, Changed)>,
}

impl Default for PastChanges {
    fn default() -> Self {
        Self { now_ms: AtomicI64::new(i64::MIN / 2), inner: Mutex::default() }
    }
}

impl PastChanges {
    /// How far an answer holds whose data is read after this call. `kept_from_ms` is the moment
    /// before which data is past its retention.
    pub fn settled(&self, now_ms: i64, kept_from_ms: i64) -> Settled {
        let now_ms = self.now_ms.fetch_max(now_ms, Ordering::AcqRel).max(now_ms);
        let mut inner = self.inner.lock();
        if inner.records.back().is_some_and(|(mark, _)| *mark == inner.mark) {
            inner.mark += 1;
        }
        Settled { mark: inner.mark, until_ms: now_ms.saturating_sub(LATE_AFTER_MS), from_ms: kept_from_ms }
    }

    /// What changed since a mark was taken.
    pub fn since(&self, mark: u64) -> Changed {
        let inner = self.inner.lock();
        inner.records.iter().rev().take_while(|(at, _)| *at >= mark).fold(Changed::NOTHING, |sum, (_, changed)| sum.and(*changed))
    }

    /// Notes data that readers see from now on, of which the oldest is of `oldest_ms`. To be called
    /// after they see it and before it is acknowledged.
    pub fn stored(&self, oldest_ms: i64, now_ms: i64) {
        let now_ms = self.now_ms.fetch_max(now_ms, Ordering::AcqRel).max(now_ms);
        if oldest_ms <= now_ms.saturating_sub(LATE_AFTER_MS) {
            self.note(Changed { from_ms: oldest_ms, ..Changed::NOTHING });
        }
    }

    /// Notes that data from a moment on may look different: it was deleted, or came back.
    pub fn changed_from(&self, from_ms: i64) {
        self.note(Changed { from_ms, ..Changed::NOTHING });
    }

    /// Notes that data up to a moment went.
    pub fn removed_to(&self, removed_to_ms: i64) {
        self.note(Changed { removed_to_ms, ..Changed::NOTHING });
    }

    fn note(&self, changed: Changed) {
        let mut inner = self.inner.lock();
        let mark = inner.mark;
        match inner.records.back_mut() {
            Some((at, last)) if *at == mark => *last = last.and(changed),
            _ => inner.records.push_back((mark, changed)),
        }
        if inner.records.len() > MAX_RECORDS
            && let (Some((_, oldest)), Some((_, next))) = (inner.records.pop_front(), inner.records.front_mut())
        {
            *next = next.and(oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = 1_700_000_000_000;

    #[test]
    fn what_comes_late_is_told_to_those_who_looked_before() {
        let past = PastChanges::default();
        let first = past.settled(NOW, 5);
        assert_eq!((first.until_ms, first.from_ms), (NOW - LATE_AFTER_MS, 5));
        past.stored(NOW - 1_000, NOW);
        assert_eq!(past.since(first.mark), Changed::NOTHING, "in the ordinary course");
        past.stored(NOW - 500_000, NOW + 10);
        past.stored(NOW - 400_000, NOW + 10);
        let second = past.settled(NOW + 20, 5);
        assert_eq!(past.since(first.mark).from_ms, NOW - 500_000);
        assert_eq!(past.since(second.mark), Changed::NOTHING);
        past.removed_to(7);
        assert_eq!(past.since(second.mark), Changed { from_ms: i64::MAX, removed_to_ms: 7 });
        assert_eq!(past.since(first.mark), Changed { from_ms: NOW - 500_000, removed_to_ms: 7 });
    }

    #[test]
    fn a_clock_that_is_set_back_hides_nothing() {
        let past = PastChanges::default();
        let settled = past.settled(NOW, 0);
        // An hour back: what arrives now is new by the clock and old by what was kept.
        past.stored(settled.until_ms, NOW - 3_600_000);
        assert_eq!(past.since(settled.mark).from_ms, settled.until_ms);
        assert_eq!(past.settled(NOW - 3_600_000, 0).until_ms, settled.until_ms);
    }

    #[test]
    fn old_changes_are_told_as_one() {
        let past = PastChanges::default();
        let mut marks = Vec::new();
        for i in 0..3 * MAX_RECORDS as i64 {
            marks.push(past.settled(NOW, 0).mark);
            past.changed_from(i);
        }
        assert!(past.inner.lock().records.len() <= MAX_RECORDS);
        for (i, mark) in marks.into_iter().enumerate() {
            let told = past.since(mark).from_ms;
            assert!(told <= i as i64, "never less than what changed: {told} for {i}");
            let is_recent = i > 2 * MAX_RECORDS;
            assert!(!is_recent || told == i as i64, "recent changes are told exactly: {told} for {i}");
        }
    }
}
