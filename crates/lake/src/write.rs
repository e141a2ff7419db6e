//! Taking entries.

use crate::LakeError;
use crate::memtable::Inserted;
use crate::schema::{Schema, Table};
use crate::store::Store;
use crate::wal::frame;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// The log may have so many times the bytes of the memtable: entries that are the same as others
/// take room there and none in memory.
const WAL_FACTOR: u64 = 4;

/// What became of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Outcome {
    /// Entries stored, those included that were stored already.
    pub stored: u64,
    /// Entries left out because they are older than the retention.
    pub too_old: u64,
}

/// What became of the entries of a batch in its record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Encoded {
    /// Entries in the record.
    pub(crate) kept: u64,
    /// Entries left out as past their retention.
    pub(crate) too_old: u64,
}

/// Bytes taken of the memtable's budget, given back on drop.
struct Reservation<'a> {
    memory: &'a AtomicU64,
    bytes: u64,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl<S: Schema> Store<S> {
    /// Stores a batch that takes at most `estimate` bytes in memory: `encode` writes it as the payload
    /// of a record of the log, without what is past its retention, and `insert` puts the same into
    /// the memtable.
    pub(crate) fn take(
        &self,
        estimate: u64,
        encode: impl FnOnce(&mut Vec<u8>) -> Encoded,
        insert: impl FnOnce(&mut S::Table, Duration) -> Inserted,
    ) -> Result<Outcome, LakeError> {
        let taken = self.take_batch(estimate, encode, insert);
        match &taken {
            Ok(_) => {}
            Err(LakeError::Busy(_)) => {
                self.metrics.busy.inc();
                self.wake_for_flush();
            }
            Err(_) => {
                self.metrics.write_failures.inc();
            }
        }
        taken
    }

    fn take_batch(
        &self,
        estimate: u64,
        encode: impl FnOnce(&mut Vec<u8>) -> Encoded,
        insert: impl FnOnce(&mut S::Table, Duration) -> Inserted,
    ) -> Result<Outcome, LakeError> {
        // Before the gate: who waits for room must not keep the memtable from being flushed.
        let reservation = self.reserve(estimate)?;
        let gate = self.gate.read();
        if self.journal.is_closed() {
            return Err(LakeError::Closed);
        }
        let (record, encoded) = frame(encode);
        self.metrics.too_old.inc_by(encoded.too_old);
        if encoded.kept == 0 {
            return Ok(Outcome { stored: 0, too_old: encoded.too_old });
        }
        self.journal.commit(record)?;
        let (inserted, half) = self.insert(insert, reservation);
        drop(gate);
        self.count(&encoded, &inserted);
        if half {
            self.wake_for_flush();
        }
        Ok(Outcome { stored: encoded.kept, too_old: encoded.too_old })
    }

    /// Takes room for a batch, or says that there is none.
    fn reserve(&self, bytes: u64) -> Result<Reservation<'_>, LakeError> {
        let limit = self.options.memtable_bytes;
        if bytes > limit {
            return Err(LakeError::Limit(format!(
                "a batch would take {bytes} bytes in memory, more than all {} in memory may (`memtable_bytes`, {limit} bytes): send smaller batches",
                S::WORDS.entries
            )));
        }
        if !self.take_room(bytes) && !self.wait_for_room(bytes) {
            return Err(LakeError::Busy(format!(
                "{} in memory have reached their limit (`memtable_bytes`, {limit} bytes) and are on their way to storage{}",
                S::WORDS.entries,
                self.stalled.lock().as_ref().map(|error| format!("; the last try failed: {error}")).unwrap_or_default()
            )));
        }
        let reservation = Reservation { memory: &self.memory, bytes };
        let wal_limit = limit * WAL_FACTOR;
        if self.journal.bytes() > wal_limit {
            return Err(LakeError::Busy(format!(
                "the write-ahead log has reached its limit ({WAL_FACTOR} times `memtable_bytes`, {wal_limit} bytes)"
            )));
        }
        Ok(reservation)
    }

    /// Wakes the thread of upkeep, unless it knows: a memtable that is on its way is tried again in its time.
    fn wake_for_flush(&self) {
        if self.view.read().frozen.is_none() {
            self.wake.up();
        }
    }

    fn take_room(&self, bytes: u64) -> bool {
        let take = |used: u64| used.checked_add(bytes).filter(|sum| *sum <= self.options.memtable_bytes);
        self.memory.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_ok()
    }

    /// Waits for room as long as the options say; whether it was taken.
    fn wait_for_room(&self, bytes: u64) -> bool {
        let patience = self.options.busy_wait;
        if patience.is_zero() || self.journal.is_closed() {
            return false;
        }
        self.wake_for_flush();
        let mut guard = self.room.0.lock();
        let mut taken = false;
        let goes_on = |(): &mut ()| {
            taken = self.take_room(bytes);
            !taken && self.stalled.lock().is_none()
        };
        self.room.1.wait_while_for(&mut guard, goes_on, patience);
        taken
    }

    /// Puts a batch that is in the log into the memtable; the flag says whether that is due to be flushed.
    fn insert(&self, insert: impl FnOnce(&mut S::Table, Duration) -> Inserted, reservation: Reservation<'_>) -> (Inserted, bool) {
        let now = self.clock.monotonic();
        let mut active = self.active.lock();
        let before = active.bytes();
        let inserted = insert(&mut active, now);
        // What was really taken stays, what was taken too much goes back.
        self.memory.fetch_add(active.bytes() - before, Ordering::Relaxed);
        drop(reservation);
        let half = active.bytes() >= self.options.memtable_bytes / 2;
        self.metrics.memory_entries.set(active.rows() as i64);
        self.metrics.memory_groups.set(active.groups() as i64);
        (inserted, half)
    }

    fn count(&self, encoded: &Encoded, inserted: &Inserted) {
        self.metrics.entries.inc_by(inserted.stored);
        self.metrics.raw_bytes.inc_by(inserted.line_bytes);
        self.metrics.duplicates.inc_by(inserted.duplicates);
        self.metrics.memory_bytes.set(self.memory.load(Ordering::Relaxed) as i64);
        debug_assert_eq!(encoded.kept, inserted.stored + inserted.duplicates);
    }
}
