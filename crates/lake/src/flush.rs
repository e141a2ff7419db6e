//! From memory to segments.

use crate::LakeError;
use crate::journal::Rotated;
use crate::manifest::SegmentEntry;
use crate::partition::partition_name;
use crate::schema::{Flush, Schema, Table};
use crate::store::{Held, Store};
use crate::upkeep::Upkeep;
use crate::wal::file_numbers;
use parking_lot::Mutex;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A memtable on its way to segments.
pub(crate) struct Frozen<S: Schema> {
    pub(crate) table: Arc<S::Table>,
    /// The number of the memtable in this life.
    pub(crate) generation: u64,
    rotated: Rotated,
    /// The segments of its first partitions, with how many partitions these are. They are kept when a
    /// flush fails, so that one with many days gets on although the object store fails now and then.
    progress: Mutex<(usize, Vec<SegmentEntry>)>,
}

impl<S: Schema> Store<S> {
    /// Whether the entries in memory are many or old enough, or have to move since the log can't be trusted.
    pub(crate) fn flush_is_due(&self) -> bool {
        if self.view.read().frozen.is_some() {
            return true;
        }
        let (rows, bytes, first_write) = {
            let active = self.active.lock();
            (active.rows(), active.bytes(), active.first_write())
        };
        if self.journal.bytes() >= self.options.memtable_bytes.saturating_mul(2) {
            return true;
        }
        if rows == 0 {
            return false;
        }
        bytes >= self.options.memtable_bytes / 2
            || self.journal.is_distrusted()
            || first_write.is_some_and(|first| self.clock.monotonic().saturating_sub(first) >= self.options.flush_after)
    }

    /// Moves the entries in memory to segments now, whatever their size. After an error they stay in
    /// memory and in the log.
    pub fn flush(&self) -> Result<(), LakeError> {
        let mut upkeep = self.upkeep.lock();
        if self.journal.is_closed() {
            return Err(LakeError::Closed);
        }
        let left = self.view.read().frozen.is_some();
        self.flush_frozen(&mut upkeep)?;
        if left {
            // That was what an earlier flush had left.
            self.flush_frozen(&mut upkeep)?;
        }
        if let Err(error) = self.tidy(&mut upkeep) {
            tracing::warn!(%error, "the copy of the manifest could not be written, it will be tried again");
        }
        Ok(())
    }

    /// Moves a memtable to segments; whether there was one. After an error its entries stay in memory
    /// and in the log, and the next call tries again.
    pub(crate) fn flush_frozen(&self, upkeep: &mut Upkeep<S>) -> Result<bool, LakeError> {
        let Some(frozen) = self.freeze() else { return Ok(false) };
        let due_to = self.begin_deletes();
        let may_expire = upkeep.may_expire(&*self.clock);
        let written = self.write_frozen(&frozen, due_to, may_expire).and_then(|()| self.commit_frozen(&frozen));
        match written {
            Ok(()) => {
                upkeep.flushed(self.clock.monotonic());
                *self.stalled.lock() = None;
                self.metrics.flushes.inc();
                self.show();
                Ok(true)
            }
            Err(error) => {
                self.metrics.flush_failures.inc();
                *self.stalled.lock() = Some(error.to_string());
                // Who waits for room need not wait any longer.
                drop(self.room.0.lock());
                self.room.1.notify_all();
                Err(error)
            }
        }
    }

    /// Puts an empty memtable in the place of the active one; gives the frozen one, also one that is
    /// left from a flush that failed. `None` when there is nothing to move.
    fn freeze(&self) -> Option<Arc<Frozen<S>>> {
        let _no_writer = self.gate.write();
        let mut record = self.record.lock();
        let mut view = self.view.write();
        if let Some(frozen) = &view.frozen {
            return Some(Arc::clone(frozen));
        }
        let mut active = self.active.lock();
        if active.rows() == 0 && self.journal.bytes() == 0 {
            return None;
        }
        let rotated = self.journal.rotate();
        let mut table = std::mem::replace(&mut *active, self.schema.table(None));
        table.close();
        let table = Arc::new(table);
        *active = self.schema.table(Some(Arc::clone(&table)));
        let frozen = Arc::new(Frozen { table, generation: record.generation, rotated, progress: Mutex::default() });
        record.generation += 1;
        view.frozen = Some(Arc::clone(&frozen));
        Some(frozen)
    }

    fn write_frozen(&self, frozen: &Frozen<S>, due_to: u64, may_expire: bool) -> Result<(), LakeError> {
        let view = frozen.table.closed_view();
        let now_ms = self.clock.now_ms();
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(if may_expire { now_ms } else { i64::MIN });
        let deletes = self.view.read().deletes.clone();
        let due = deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to).collect();
        let what = Flush { cutoffs, due };
        let (partitions, order) = S::order(&view);
        let mut progress = frozen.progress.lock();
        for (index, partition) in partitions.iter().enumerate().skip(progress.0) {
            let written = S::write_partition(self, &view, &order, (index, *partition), &what)?;
            if let Some(info) = written {
                progress.1.push(SegmentEntry { info, partition: *partition, level: 0, clean_to: due_to, created_ms: now_ms });
            }
            progress.0 = index + 1;
        }
        Ok(())
    }

    fn commit_frozen(&self, frozen: &Frozen<S>) -> Result<(), LakeError> {
        let progress = frozen.progress.lock();
        let mut record = self.record.lock();
        let view = self.view.read().clone();
        let mut segments = view.segments.to_vec();
        for entry in &progress.1 {
            segments.push(self.hold(entry)?);
        }
        let first_wal = std::mem::replace(&mut record.first_wal, frozen.rotated.end);
        if let Err(error) = self.store_manifest(&mut record, &segments, &view.deletes) {
            record.first_wal = first_wal;
            return Err(error);
        }
        {
            let mut view = self.view.write();
            view.segments = segments.into();
            view.frozen = None;
            self.active.lock().forget_previous();
        }
        drop(record);
        self.memory.fetch_sub(frozen.table.bytes(), Ordering::Relaxed);
        // Locked, so that nobody is between finding no room and waiting for it.
        drop(self.room.0.lock());
        self.room.1.notify_all();
        self.journal.forget(frozen.rotated);
        let numbers = file_numbers(&*self.disk, &self.wal_folder()).unwrap_or_default();
        let done: Vec<u64> = numbers.into_iter().filter(|number| *number < frozen.rotated.end).collect();
        self.remove_wal_files(&done);
        Ok(())
    }

    /// Opens a segment that is to become part of the store.
    pub(crate) fn hold(&self, entry: &SegmentEntry) -> Result<Arc<Held<S>>, LakeError> {
        let segment = self.schema.open_segment(&self.objects, &self.options.prefix, &entry.info)?;
        Ok(Held::new(entry.clone(), segment))
    }

    /// A name for a new segment of a partition: `2026-11-22/0000000000000007`.
    pub(crate) fn take_segment_name(&self, partition: i64) -> String {
        let mut record = self.record.lock();
        let number = record.next_segment;
        record.next_segment += 1;
        let day = partition_name(partition);
        // Two machines that use one bucket by mistake must not overwrite each other's objects.
        if self.objects.is_remote() { format!("{day}/{number:016}-{}", record.owner) } else { format!("{day}/{number:016}") }
    }
}
