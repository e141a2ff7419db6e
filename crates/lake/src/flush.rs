//! From memory to segments.

use crate::LakeError;
use crate::journal::Rotated;
use crate::manifest::SegmentEntry;
use crate::memtable::{MemoryView, Memtable};
use crate::segment::{Segment, SegmentError, SegmentInfo, SegmentWriter};
use crate::store::{Held, Lake};
use crate::tombstone::Tombstone;
use crate::upkeep::Upkeep;
use crate::wal::file_numbers;
use parking_lot::Mutex;
use phoenix_model::logs::{EntryRef, Stream};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Nanoseconds of a day.
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;

/// The partition of entries that lie further back than the newest [`MAX_DAYS`] days of a memtable.
pub(crate) const LATE: i64 = i64::MIN;

/// A memtable becomes at most so many segments.
const MAX_DAYS: usize = 32;

/// A memtable on its way to segments.
pub(crate) struct Frozen {
    pub(crate) table: Arc<Memtable>,
    /// The number of the memtable in this life.
    pub(crate) generation: u64,
    rotated: Rotated,
    /// The segments of its first partitions, with how many partitions these are. They are kept when a
    /// flush fails, so that one with many days gets on although the object store fails now and then.
    progress: Mutex<(usize, Vec<SegmentEntry>)>,
}

/// A row and its place in the order of segments.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    partition: u32,
    stream_rank: u32,
    timestamp_ns: i64,
    block: u32,
    row: u32,
}

/// Writes a segment, beginning when there is something to write.
pub(crate) struct LazyWriter<'a> {
    store: &'a Lake,
    partition: i64,
    writer: Option<SegmentWriter>,
    stream: Option<Arc<Stream>>,
}

impl<'a> LazyWriter<'a> {
    pub(crate) fn new(store: &'a Lake, partition: i64) -> Self {
        Self { store, partition, writer: None, stream: None }
    }

    /// Adds an entry; streams ascend, and times within them.
    pub(crate) fn push(&mut self, stream: &Arc<Stream>, entry: EntryRef<'_>) -> Result<(), SegmentError> {
        if self.writer.is_none() {
            let id = format!("{}/{}", partition_name(self.partition), self.store.take_segment_name());
            let options = &self.store.options;
            self.writer = Some(SegmentWriter::create(&self.store.objects, &options.prefix, &id, &options.segment)?);
        }
        let writer = self.writer.as_mut().expect("it was just made");
        if !self.stream.as_ref().is_some_and(|before| Arc::ptr_eq(before, stream)) {
            writer.begin_stream(stream)?;
            self.stream = Some(Arc::clone(stream));
        }
        writer.push(entry)
    }

    /// Makes the segment exist; `None` when nothing was pushed.
    pub(crate) fn finish(self) -> Result<Option<SegmentInfo>, SegmentError> {
        self.writer.map(SegmentWriter::finish).transpose()
    }
}

impl Lake {
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
    pub(crate) fn flush_frozen(&self, upkeep: &mut Upkeep) -> Result<bool, LakeError> {
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
    fn freeze(&self) -> Option<Arc<Frozen>> {
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
        let mut table = std::mem::replace(&mut *active, Memtable::new(self.hasher.clone(), None));
        table.close();
        let frozen = Arc::new(Frozen { table: Arc::new(table), generation: record.generation, rotated, progress: Mutex::default() });
        active.previous = Some(Arc::clone(&frozen.table));
        record.generation += 1;
        view.frozen = Some(Arc::clone(&frozen));
        Some(frozen)
    }

    fn write_frozen(&self, frozen: &Frozen, due_to: u64, may_expire: bool) -> Result<(), LakeError> {
        let view = frozen.table.closed_view();
        let now_ms = self.clock.now_ms();
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(if may_expire { now_ms } else { i64::MIN });
        let deletes = self.view.read().deletes.clone();
        let due: Vec<&Tombstone> =
            deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to).map(|d| &d.tombstone).collect();
        let (partitions, places) = sort_rows(&view);
        let mut rest = &places[..];
        let mut progress = frozen.progress.lock();
        for (index, partition) in partitions.iter().enumerate() {
            let (of_partition, later) = rest.split_at(rest.partition_point(|place| place.partition as usize == index));
            rest = later;
            if index < progress.0 {
                continue;
            }
            let mut writer = LazyWriter::new(self, *partition);
            let mut touching: Vec<&Tombstone> = Vec::new();
            let mut cutoff_ns = i64::MIN;
            let mut before = None;
            for place in of_partition {
                let block = &view.blocks[place.block as usize];
                let (row, number) = (place.row as usize, block.streams[place.row as usize]);
                let stream = view.streams.get(number);
                if before != Some(number) {
                    before = Some(number);
                    cutoff_ns = cutoffs.of(stream);
                    touching.clear();
                    touching.extend(due.iter().copied().filter(|tombstone| tombstone.touches_stream(stream)));
                }
                let entry = block.entry(row);
                if entry.timestamp_ns < cutoff_ns || touching.iter().any(|t| t.covers(entry.timestamp_ns, entry.line)) {
                    continue;
                }
                writer.push(stream, entry)?;
            }
            if let Some(info) = writer.finish()? {
                progress.1.push(SegmentEntry { info, partition: *partition, level: 0, clean_to: due_to, created_ms: now_ms });
            }
            progress.0 = index + 1;
        }
        Ok(())
    }

    fn commit_frozen(&self, frozen: &Frozen) -> Result<(), LakeError> {
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
            self.active.lock().previous = None;
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
    pub(crate) fn hold(&self, entry: &SegmentEntry) -> Result<Arc<Held>, LakeError> {
        let segment = Segment::open(&self.objects, &self.options.prefix, &entry.info, &self.cache)?;
        Ok(Held::new(entry.clone(), segment))
    }

    fn take_segment_name(&self) -> String {
        let mut record = self.record.lock();
        let number = record.next_segment;
        record.next_segment += 1;
        // Two machines that use one bucket by mistake must not overwrite each other's objects.
        if self.objects.is_remote() { format!("{number:016}-{}", record.owner) } else { format!("{number:016}") }
    }
}

/// The partitions of a memtable, ascending, and its rows in the order of partition, stream and time.
fn sort_rows(view: &MemoryView) -> (Vec<i64>, Vec<Place>) {
    let mut days = BTreeSet::new();
    let mut before = None;
    for timestamp_ns in view.blocks.iter().flat_map(|block| &block.timestamps_ns) {
        let day = timestamp_ns.div_euclid(DAY_NS);
        if before != Some(day) {
            days.insert(day);
            before = Some(day);
        }
    }
    let oldest = if days.len() > MAX_DAYS { days.iter().rev().nth(MAX_DAYS - 2).copied() } else { None };
    let mut partitions: Vec<i64> = days.into_iter().filter(|day| oldest.is_none_or(|oldest| *day >= oldest)).collect();
    if oldest.is_some() {
        partitions.insert(0, LATE);
    }
    let mut by_labels: Vec<(&Arc<Stream>, u32)> = view.streams.iter().zip(0..).collect();
    by_labels.sort_unstable_by(|a, b| a.0.cmp(b.0));
    let mut ranks = vec![0_u32; by_labels.len()];
    for (rank, (_, number)) in (0..).zip(&by_labels) {
        ranks[*number as usize] = rank;
    }
    let mut places = Vec::with_capacity(view.blocks.iter().map(|block| block.len()).sum());
    for (block_number, block) in (0..).zip(&view.blocks) {
        for row in 0..block.len() {
            let timestamp_ns = block.timestamps_ns[row];
            // What is older than the oldest day of its own comes before them all.
            let partition = partitions.partition_point(|day| *day <= timestamp_ns.div_euclid(DAY_NS)).saturating_sub(1) as u32;
            let stream_rank = ranks[block.streams[row] as usize];
            places.push(Place { partition, stream_rank, timestamp_ns, block: block_number, row: row as u32 });
        }
    }
    places.sort_unstable();
    (partitions, places)
}

/// A partition as the first part of its segments' names: `2026-11-22`.
fn partition_name(partition: i64) -> String {
    if partition == LATE {
        return "late".to_owned();
    }
    // Days to a date of the proleptic Gregorian calendar, after Howard Hinnant's `civil_from_days`.
    let shifted = partition + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_named_by_their_date() {
        for (days, name) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (106_751, "2262-04-11"),
            (-106_752, "1677-09-21"),
            (LATE, "late"),
        ] {
            assert_eq!(partition_name(days), name);
        }
    }
}
