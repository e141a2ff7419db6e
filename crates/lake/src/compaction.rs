//! Merging segments of a day, in tiers; leaving out what was deleted or is past its retention.

use crate::LakeError;
use crate::deletes::Deletion;
use crate::flush::{DAY_NS, LATE, LazyWriter};
use crate::manifest::SegmentEntry;
use crate::retention::Cutoffs;
use crate::segment::Rows;
use crate::store::{Held, Lake, View};
use crate::tombstone::Tombstone;
use crate::upkeep::{Doomed, Upkeep};
use phoenix_model::logs::Stream;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Segments of this level are not merged any more, so that an entry is written by merges at most this often.
const TOP_LEVEL: u8 = 3;

/// After so many rows a merge looks whether something else is more urgent.
const ROWS_PER_STEP: u64 = 4096;

/// Of entries with the same stream and time, so many are looked at to find one that is the same as another.
const MAX_COMPARED: usize = 1000;

/// What to write anew, as what.
struct Job {
    inputs: Vec<Arc<Held>>,
    level: u8,
}

/// A segment that is merged.
struct Input<'a> {
    rows: Rows<'a>,
    clean_to: u64,
    /// The tombstones that touch the stream it is at.
    touching: Vec<&'a Tombstone>,
}

/// The rows with the same stream and time that were written, for finding ones that are the same.
#[derive(Default)]
struct Written {
    timestamp_ns: i64,
    rows: Vec<(usize, String, Vec<u8>)>,
}

impl Lake {
    /// Does the most urgent merge; whether there may be another one.
    pub(crate) fn merge_once(&self, upkeep: &mut Upkeep) -> Result<bool, LakeError> {
        let due_to = self.begin_deletes();
        let view = self.view.read().clone();
        let now_ms = self.clock.now_ms();
        let cutoffs = view.retention.cutoffs(if upkeep.may_expire(&*self.clock) { now_ms } else { i64::MIN });
        let Some(job) = self.choose(&view, &cutoffs, due_to, now_ms)? else { return Ok(false) };
        let Some(merged) = self.merge(upkeep, &job, &view, &cutoffs, due_to)? else { return Ok(false) };
        let new = merged.as_ref().map(|entry| self.hold(entry)).transpose()?;
        let replaced = self.replace_segments(upkeep, &job.inputs, new);
        if let Err(error) = replaced {
            let sequence = self.record.lock().sequence;
            let keys = merged.iter().flat_map(|entry| entry.info.keys(&self.options.prefix));
            upkeep.doomed.extend(keys.map(|key| Doomed::failed(key, sequence + 1)));
            return Err(error);
        }
        self.metrics.merges.inc();
        self.metrics.merged_bytes.inc_by(merged.map_or(0, |entry| entry.info.size_bytes));
        Ok(true)
    }

    fn choose(&self, view: &View, cutoffs: &Cutoffs<'_>, due_to: u64, now_ms: i64) -> Result<Option<Job>, LakeError> {
        if let Some(held) = self.choose_rewrite(view, cutoffs, due_to)? {
            return Ok(Some(Job { level: held.entry.level, inputs: vec![held] }));
        }
        Ok(choose_merge(&view.segments, &self.options.compaction, now_ms))
    }

    /// A segment with entries that were deleted, or with streams that are past their retention.
    fn choose_rewrite(&self, view: &View, cutoffs: &Cutoffs<'_>, due_to: u64) -> Result<Option<Arc<Held>>, LakeError> {
        for deletion in view.deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to) {
            for held in view.segments.iter() {
                if self.is_touched(held, deletion)? {
                    return Ok(Some(Arc::clone(held)));
                }
            }
        }
        if cutoffs.is_uniform() {
            return Ok(None);
        }
        let latest_ns = cutoffs.distinct().last().copied().unwrap_or(i64::MIN);
        for held in view.segments.iter().filter(|held| held.entry.info.max_ns < latest_ns) {
            let max_ns = held.entry.info.max_ns;
            if held.segment.streams()?.iter().any(|stream| max_ns < cutoffs.of(stream)) {
                return Ok(Some(Arc::clone(held)));
            }
        }
        Ok(None)
    }

    /// Writes the inputs into one segment; the inner `None` when nothing is left of them, the outer one
    /// when the store is about to be closed.
    fn merge(
        &self,
        upkeep: &mut Upkeep,
        job: &Job,
        view: &View,
        cutoffs: &Cutoffs<'_>,
        due_to: u64,
    ) -> Result<Option<Option<SegmentEntry>>, LakeError> {
        let due: Vec<&Arc<Deletion>> = view.deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to).collect();
        let mut inputs = Vec::new();
        for held in &job.inputs {
            inputs.push(Input { rows: held.segment.rows()?, clean_to: held.entry.clean_to, touching: Vec::new() });
        }
        let partition = job.inputs[0].entry.partition;
        let mut writer = LazyWriter::new(self, partition);
        let mut until_pause = ROWS_PER_STEP;
        while let Some(stream) = first_stream(&inputs) {
            let cutoff_ns = cutoffs.of(&stream);
            let mut taking: Vec<usize> = Vec::new();
            for (index, input) in inputs.iter_mut().enumerate() {
                if input.is_at(&stream) {
                    let counts = |d: &&&Arc<Deletion>| d.entry.number > input.clean_to && d.tombstone.touches_stream(&stream);
                    input.touching = due.iter().filter(counts).map(|d| &d.tombstone).collect();
                    taking.push(index);
                }
            }
            let mut written = Written::default();
            while let Some((timestamp_ns, index)) = taking.iter().map(|index| (inputs[*index].timestamp_ns(), *index)).min() {
                let shared = taking.iter().filter(|other| inputs[**other].timestamp_ns() == timestamp_ns).count() > 1;
                let input = &mut inputs[index];
                if let Some((_, entry)) = input.rows.current()
                    && entry.timestamp_ns >= cutoff_ns
                    && !input.touching.iter().any(|tombstone| tombstone.covers(entry.timestamp_ns, entry.line))
                    && written.is_new(index, &entry, shared)
                {
                    writer.push(&stream, entry)?;
                }
                input.rows.advance()?;
                if !input.is_at(&stream) {
                    taking.retain(|other| *other != index);
                }
                until_pause -= 1;
                if until_pause == 0 {
                    until_pause = ROWS_PER_STEP;
                    if self.wake.is_closing() {
                        return Ok(None);
                    }
                    self.journal.sync_if_due();
                    if let Err(error) = self.flush_if_due(upkeep) {
                        tracing::warn!(%error, "entries in memory could not be moved to segments, it will be tried again");
                    }
                }
            }
        }
        let clean_to = job.inputs.iter().map(|held| held.entry.clean_to).fold(due_to, u64::max);
        let created_ms = self.clock.now_ms();
        Ok(Some(writer.finish()?.map(|info| SegmentEntry { info, partition, level: job.level, clean_to, created_ms })))
    }
}

impl Input<'_> {
    fn is_at(&self, stream: &Arc<Stream>) -> bool {
        self.rows.current().is_some_and(|(current, _)| Arc::ptr_eq(current, stream) || current == stream)
    }

    fn timestamp_ns(&self) -> i64 {
        self.rows.current().map_or(i64::MAX, |(_, entry)| entry.timestamp_ns)
    }
}

impl Written {
    /// Whether no row of another segment with the same time, line and metadata was written. `shared`
    /// says whether another segment stands at the same time.
    fn is_new(&mut self, index: usize, entry: &phoenix_model::logs::EntryRef<'_>, shared: bool) -> bool {
        if self.timestamp_ns != entry.timestamp_ns {
            self.timestamp_ns = entry.timestamp_ns;
            self.rows.clear();
        }
        if !shared && self.rows.is_empty() {
            return true;
        }
        let same = |(other, line, metadata): &(usize, String, Vec<u8>)| {
            *other != index && line == entry.line && metadata == entry.metadata.as_bytes()
        };
        if self.rows.iter().any(same) {
            return false;
        }
        if self.rows.len() < MAX_COMPARED {
            self.rows.push((index, entry.line.to_owned(), entry.metadata.as_bytes().to_vec()));
        }
        true
    }
}

fn first_stream(inputs: &[Input<'_>]) -> Option<Arc<Stream>> {
    inputs.iter().filter_map(|input| input.rows.current()).map(|(stream, _)| stream).min().cloned()
}

/// Segments of one day that are worth merging.
fn choose_merge(segments: &[Arc<Held>], limits: &crate::options::CompactionLimits, now_ms: i64) -> Option<Job> {
    let entries: Vec<&SegmentEntry> = segments.iter().map(|held| &held.entry).collect();
    let (chosen, level) = choose_entries(&entries, limits, now_ms)?;
    Some(Job { inputs: chosen.into_iter().map(|index| Arc::clone(&segments[index])).collect(), level })
}

fn choose_entries(segments: &[&SegmentEntry], limits: &crate::options::CompactionLimits, now_ms: i64) -> Option<(Vec<usize>, u8)> {
    let mut partitions: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, entry) in segments.iter().enumerate().filter(|(_, entry)| entry.level < TOP_LEVEL) {
        partitions.entry(entry.partition).or_default().push(index);
    }
    let settle_ms = limits.settle_after.as_millis() as i64;
    for (partition, mut indexes) in partitions.into_iter().rev() {
        indexes.sort_by_key(|index| (segments[*index].created_ms, segments[*index].info.id.clone()));
        for level in 0..TOP_LEVEL {
            let of_level = || indexes.iter().copied().filter(|index| segments[*index].level == level);
            if of_level().count() < limits.fan_in.max(2) {
                continue;
            }
            let chosen = that_fit(segments, of_level().take(limits.fan_in.max(2)), limits.max_raw_bytes);
            if chosen.len() > 1 {
                return Some((chosen, level + 1));
            }
        }
        let over_ms = partition.saturating_add(1).saturating_mul(DAY_NS / 1_000_000).saturating_add(settle_ms);
        let newest_ms = indexes.iter().map(|index| segments[*index].created_ms).max().unwrap_or(i64::MAX);
        if partition != LATE && now_ms >= over_ms && now_ms >= newest_ms.saturating_add(settle_ms) {
            let chosen = that_fit(segments, indexes.iter().copied(), limits.max_raw_bytes);
            if chosen.len() > 1 {
                return Some((chosen, TOP_LEVEL));
            }
        }
    }
    None
}

/// The first segments that are not larger than a limit together, those left out that are too large alone.
fn that_fit(segments: &[&SegmentEntry], indexes: impl Iterator<Item = usize>, max_raw_bytes: u64) -> Vec<usize> {
    let mut chosen = Vec::new();
    let mut bytes = 0_u64;
    for index in indexes {
        let raw_bytes = segments[index].info.raw_bytes;
        if bytes.saturating_add(raw_bytes) <= max_raw_bytes {
            bytes += raw_bytes;
            chosen.push(index);
        }
    }
    chosen
}
