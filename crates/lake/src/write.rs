//! Taking entries.

use crate::LakeError;
use crate::batch::{Encoded, encode_batch};
use crate::memtable::{Inserted, Memtable};
use crate::retention::Cutoffs;
use crate::store::Lake;
use crate::wal::frame;
use phoenix_model::logs::LogWrite;
use std::sync::atomic::Ordering;

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

/// Bytes taken of the memtable's budget, given back on drop.
struct Reservation<'a> {
    store: &'a Lake,
    bytes: u64,
}

impl Drop for Reservation<'_> {
    fn drop(&mut self) {
        self.store.memory.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Lake {
    /// Stores entries. When it returns, they are durable by the policy of `sync`, and the next read
    /// sees them. Subscribers have been told.
    ///
    /// Errors: [`LakeError::Busy`] and [`LakeError::DiskFull`], which pass; [`LakeError::Limit`] for a
    /// batch that is larger than the memtable may ever be. Nothing of the batch was acknowledged;
    /// after an error other than these it may nevertheless be there after a restart.
    pub fn write(&self, write: &LogWrite) -> Result<Outcome, LakeError> {
        if write.is_empty() {
            return Ok(Outcome::default());
        }
        let written = self.write_batch(write);
        match &written {
            Ok(_) => {}
            Err(LakeError::Busy(_)) => {
                self.metrics.busy.inc();
                self.wake_for_flush();
            }
            Err(_) => {
                self.metrics.write_failures.inc();
            }
        }
        written
    }

    fn write_batch(&self, write: &LogWrite) -> Result<Outcome, LakeError> {
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let mut stored = Vec::new();
        let wants_stored = self.subscribers.any();
        // Before the gate: who waits for room must not keep the memtable from being flushed.
        let reservation = self.reserve(Memtable::estimate(write))?;
        let gate = self.gate.read();
        if self.journal.is_closed() {
            return Err(LakeError::Closed);
        }
        let (record, encoded) = frame(|out| encode_batch(write, &cutoffs, out));
        self.metrics.too_old.inc_by(encoded.too_old);
        if encoded.kept == 0 {
            return Ok(Outcome { stored: 0, too_old: encoded.too_old });
        }
        self.journal.commit(record)?;
        let (inserted, half) = self.insert(write, &cutoffs, reservation, wants_stored.then_some(&mut stored));
        drop(gate);
        self.count(&encoded, &inserted);
        if half {
            self.wake_for_flush();
        }
        if wants_stored {
            self.subscribers.tell(&stored);
        }
        Ok(Outcome { stored: encoded.kept, too_old: encoded.too_old })
    }

    /// Takes room for a batch, or says that there is none.
    fn reserve(&self, bytes: u64) -> Result<Reservation<'_>, LakeError> {
        let limit = self.options.memtable_bytes;
        if bytes > limit {
            return Err(LakeError::Limit(format!(
                "a batch would take {bytes} bytes in memory, more than all entries in memory may (`memtable_bytes`, {limit} bytes): send smaller batches"
            )));
        }
        if !self.take_room(bytes) && !self.wait_for_room(bytes) {
            return Err(LakeError::Busy(format!(
                "entries in memory have reached their limit (`memtable_bytes`, {limit} bytes) and are on their way to storage{}",
                self.stalled.lock().as_ref().map(|error| format!("; the last try failed: {error}")).unwrap_or_default()
            )));
        }
        let reservation = Reservation { store: self, bytes };
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
    fn insert<'w>(
        &self,
        write: &'w LogWrite,
        cutoffs: &Cutoffs<'_>,
        reservation: Reservation<'_>,
        stored: Option<&mut Vec<(std::sync::Arc<phoenix_model::logs::Stream>, phoenix_model::logs::EntryRef<'w>)>>,
    ) -> (Inserted, bool) {
        let now = self.clock.monotonic();
        let mut active = self.active.lock();
        let before = active.bytes();
        let inserted = active.insert(write, cutoffs, now, stored);
        // What was really taken stays, what was taken too much goes back.
        self.memory.fetch_add(active.bytes() - before, Ordering::Relaxed);
        drop(reservation);
        let half = active.bytes() >= self.options.memtable_bytes / 2;
        self.metrics.memory_entries.set(active.rows() as i64);
        self.metrics.memory_streams.set(active.stream_count() as i64);
        (inserted, half)
    }

    fn count(&self, encoded: &Encoded, inserted: &Inserted) {
        self.metrics.entries.inc_by(inserted.stored);
        self.metrics.line_bytes.inc_by(inserted.line_bytes);
        self.metrics.duplicates.inc_by(inserted.duplicates);
        self.metrics.memory_bytes.set(self.memory.load(Ordering::Relaxed) as i64);
        debug_assert_eq!(encoded.kept, inserted.stored + inserted.duplicates);
    }
}
