//! Merging segments of a day, in tiers; leaving out what was deleted or is past its retention.

use crate::LakeError;
use crate::manifest::SegmentEntry;
use crate::options::CompactionLimits;
use crate::partition::{DAY_NS, LATE};
use crate::schema::{Flush, Merged, Schema};
use crate::segment::SegmentInfo;
use crate::store::{Held, Store, View};
use crate::upkeep::{Doomed, Upkeep};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Segments of this level are not merged any more, so that an entry is written by merges at most this often.
const TOP_LEVEL: u8 = 3;

/// While entries pour in, a level waits until it has so many times the segments of a merge.
const BUSY_FACTOR: usize = 4;

/// After so many rows a merge looks whether something else is more urgent.
const ROWS_PER_STEP: u64 = 4096;

/// What to write anew, as what.
struct Job<S: Schema> {
    inputs: Vec<Arc<Held<S>>>,
    level: u8,
}

/// A merge under way.
pub(crate) struct Merge<'a, S: Schema> {
    pub(crate) inputs: &'a [Arc<Held<S>>],
    pub(crate) partition: i64,
    /// What is left out.
    pub(crate) what: Flush<'a>,
}

/// Lets a long merge look now and then whether something else is more urgent.
pub(crate) struct Pace<'a, S: Schema> {
    upkeep: &'a mut Upkeep<S>,
    until_pause: u64,
}

impl<S: Schema> Pace<'_, S> {
    /// To be called for each entry; false when the store is about to be closed.
    pub(crate) fn goes_on(&mut self, store: &Store<S>) -> bool {
        self.until_pause -= 1;
        self.until_pause > 0 || self.looks_around(store)
    }

    /// To be called every few thousand entries by who does not call [`Pace::goes_on`].
    pub(crate) fn looks_around(&mut self, store: &Store<S>) -> bool {
        self.until_pause = ROWS_PER_STEP;
        if store.wake.is_closing() {
            return false;
        }
        store.journal.sync_if_due();
        if let Err(error) = store.flush_if_due(self.upkeep) {
            tracing::warn!(%error, "{} in memory could not be moved to segments, it will be tried again", S::WORDS.entries);
        }
        true
    }
}

impl<S: Schema> Store<S> {
    /// Does the most urgent merge; whether there may be another one.
    pub(crate) fn merge_once(&self, upkeep: &mut Upkeep<S>) -> Result<bool, LakeError> {
        let due_to = self.begin_deletes();
        let mut view = self.view.read().clone();
        if !upkeep.damaged.is_empty() {
            view.segments = view.segments.iter().filter(|held| !upkeep.damaged.contains(&held.entry.info.id)).cloned().collect();
        }
        let limits = &self.options.compaction;
        let is_quiet = upkeep.is_quiet(self.clock.monotonic(), limits.quiet_for);
        let now_ms = self.clock.now_ms();
        let may_expire = upkeep.may_expire(&*self.clock);
        let cutoffs = view.retention.cutoffs(if may_expire { now_ms } else { i64::MIN });
        let chosen = choose(&view, limits, is_quiet, may_expire, due_to, now_ms);
        let Some(job) = chosen.inspect_err(|error| self.set_aside(upkeep, &view.segments, error))? else { return Ok(false) };
        let deletes = view.deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to);
        let what = Flush { cutoffs, due: deletes.collect() };
        let partition = job.inputs[0].entry.partition;
        let merge = Merge { inputs: &job.inputs, partition, what };
        let merged = match S::merge(self, &merge, &mut Pace { upkeep, until_pause: ROWS_PER_STEP }) {
            Ok(Merged::Done(info)) => info.map(|info| job.entry(info, due_to)),
            Ok(Merged::GivenUp) => return Ok(false),
            Err(error) => {
                self.set_aside(upkeep, &job.inputs, &error);
                return Err(error);
            }
        };
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

    /// Leaves segments out of merges from now on that are the reason of an error: damaged, missing or
    /// too short. A store of objects that is away is no such reason.
    fn set_aside(&self, upkeep: &mut Upkeep<S>, segments: &[Arc<Held<S>>], error: &LakeError) {
        for held in segments {
            let info = &held.entry.info;
            let keys = info.keys(&self.options.prefix);
            let found = match error {
                LakeError::Corrupt { file, reason } => keys.contains(file).then(|| (file.clone(), reason.clone())),
                _ => keys.into_iter().zip([info.size_bytes - info.index_bytes, info.index_bytes]).find_map(|(key, want)| {
                    match self.objects.size(&key) {
                        Ok(size) if size != want => Some((key, format!("it has {size} bytes in the place of {want}"))),
                        Err(error) if error.is_not_found() => Some((key, "it is missing".to_owned())),
                        _ => None,
                    }
                }),
            };
            if let Some((file, reason)) = found
                && upkeep.damaged.insert(info.id.clone())
            {
                held.set_damaged();
                // A reader may have told it before, with less to say.
                self.problems.lock().retain(|problem| problem.file != file);
                self.report(&file, format!("{reason}; it is left out of merges, and queries that need it fail"));
            }
        }
    }
}

impl<S: Schema> Job<S> {
    /// What the manifest says of the segment that came of it.
    fn entry(&self, info: SegmentInfo, due_to: u64) -> SegmentEntry {
        let entries = || self.inputs.iter().map(|held| &held.entry);
        SegmentEntry {
            info,
            partition: self.inputs[0].entry.partition,
            level: self.level,
            clean_to: entries().map(|entry| entry.clean_to).fold(due_to, u64::max),
            created_ms: entries().map(|entry| entry.created_ms).max().unwrap_or_default(),
        }
    }
}

/// The most urgent work.
fn choose<S: Schema>(
    view: &View<S>,
    limits: &CompactionLimits,
    is_quiet: bool,
    may_expire: bool,
    due_to: u64,
    now_ms: i64,
) -> Result<Option<Job<S>>, LakeError> {
    if let Some(held) = S::choose_rewrite(view, may_expire.then(|| now_ms.saturating_mul(1_000_000)), due_to)? {
        return Ok(Some(Job { level: held.entry.level, inputs: vec![held] }));
    }
    Ok(choose_merge(&view.segments, limits, is_quiet, now_ms))
}

/// Segments of one day that are worth merging.
fn choose_merge<S: Schema>(segments: &[Arc<Held<S>>], limits: &CompactionLimits, is_quiet: bool, now_ms: i64) -> Option<Job<S>> {
    let entries: Vec<&SegmentEntry> = segments.iter().map(|held| &held.entry).collect();
    let (chosen, level) = choose_entries(&entries, limits, is_quiet, now_ms)?;
    Some(Job { inputs: chosen.into_iter().map(|index| Arc::clone(&segments[index])).collect(), level })
}

fn choose_entries(segments: &[&SegmentEntry], limits: &CompactionLimits, is_quiet: bool, now_ms: i64) -> Option<(Vec<usize>, u8)> {
    let fan_in = limits.fan_in.max(2);
    let needed = if is_quiet { fan_in } else { fan_in.saturating_mul(BUSY_FACTOR) };
    let mut partitions: BTreeMap<i64, Vec<usize>> = BTreeMap::new();
    for (index, entry) in segments.iter().enumerate().filter(|(_, entry)| entry.level < TOP_LEVEL) {
        partitions.entry(entry.partition).or_default().push(index);
    }
    let settle_ms = limits.settle_after.as_millis() as i64;
    for (partition, mut indexes) in partitions.into_iter().rev() {
        indexes.sort_by_key(|index| (segments[*index].created_ms, segments[*index].info.id.clone()));
        for level in 0..TOP_LEVEL {
            let of_level = || indexes.iter().copied().filter(|index| segments[*index].level == level);
            if of_level().count() < needed {
                continue;
            }
            let chosen = that_fit(segments, of_level().take(fan_in), limits.max_raw_bytes);
            if chosen.len() > 1 {
                return Some((chosen, level + 1));
            }
        }
        let over_ms = partition.saturating_add(1).saturating_mul(DAY_NS / 1_000_000).saturating_add(settle_ms);
        let newest_ms = indexes.iter().map(|index| segments[*index].created_ms).max().unwrap_or(i64::MAX);
        if is_quiet && partition != LATE && now_ms >= over_ms && now_ms >= newest_ms.saturating_add(settle_ms) {
            let chosen = that_fit(segments, indexes.iter().copied().take(2 * fan_in), limits.max_raw_bytes);
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

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    const HOUR_MS: i64 = 3_600_000;
    const DAY: i64 = 20_000;

    fn entry(number: u64, partition: i64, level: u8, raw_bytes: u64, created_ms: i64) -> SegmentEntry {
        let info =
            SegmentInfo { id: format!("{number:04}"), rows: 1, raw_bytes, size_bytes: 1, index_bytes: 1, min_ns: 0, max_ns: 0, streams: 1 };
        SegmentEntry { info, partition, level, clean_to: 0, created_ms }
    }

    fn limits() -> CompactionLimits {
        CompactionLimits { fan_in: 4, max_raw_bytes: 1000, settle_after: Duration::from_hours(2), quiet_for: Duration::ZERO }
    }

    /// Flushes at random for three days and merges as chosen: each entry is written at most three times
    /// more, and few segments are left.
    #[test]
    fn writing_is_amplified_at_most_three_times() {
        let limits = CompactionLimits { max_raw_bytes: 100_000, ..limits() };
        let mut segments: Vec<SegmentEntry> = Vec::new();
        let (mut flushed, mut merged, mut number) = (0, 0, 0);
        for step in 0..600_i64 {
            let now_ms = DAY * 24 * HOUR_MS + step * HOUR_MS / 8;
            number += 1;
            let raw_bytes = 10 + number * 7919 % 40;
            flushed += raw_bytes;
            segments.push(entry(number, now_ms / (24 * HOUR_MS), 0, raw_bytes, now_ms));
            while let Some((mut chosen, level)) = choose_entries(&segments.iter().collect::<Vec<_>>(), &limits, true, now_ms) {
                chosen.sort_unstable();
                let inputs: Vec<SegmentEntry> = chosen.iter().rev().map(|index| segments.remove(*index)).collect();
                assert!(inputs.iter().all(|input| input.partition == inputs[0].partition && input.level < level));
                let raw_bytes = inputs.iter().map(|input| input.info.raw_bytes).sum();
                assert!(raw_bytes <= limits.max_raw_bytes);
                merged += raw_bytes;
                number += 1;
                let created_ms = inputs.iter().map(|input| input.created_ms).max().unwrap();
                segments.push(entry(number, inputs[0].partition, level, raw_bytes, created_ms));
            }
            let per_day = segments.iter().filter(|s| s.partition == segments[0].partition).count();
            assert!(per_day <= 4 * usize::from(TOP_LEVEL), "{per_day} at step {step}");
        }
        assert_eq!(segments.iter().map(|s| s.info.raw_bytes).sum::<u64>(), flushed);
        assert!(merged <= 3 * flushed, "{merged} of {flushed}");
        // Three full tiers of 4 · 4 · 4 flushes.
        assert_eq!(segments.iter().filter(|s| s.partition == DAY).count(), 3);
    }

    #[test]
    fn only_full_tiers_and_days_that_are_over_are_merged() {
        let now_ms = DAY * 24 * HOUR_MS + HOUR_MS;
        let check = |segments: &[SegmentEntry], now_ms, want: Option<(Vec<usize>, u8)>| {
            assert_eq!(choose_entries(&segments.iter().collect::<Vec<_>>(), &limits(), true, now_ms), want);
        };
        let three: Vec<_> = (0..3).map(|i| entry(i, DAY, 0, 10, now_ms)).collect();
        check(&three, now_ms, None);
        let mut four = three.clone();
        four.push(entry(9, DAY, 0, 10, now_ms - 1));
        check(&four, now_ms, Some((vec![3, 0, 1, 2], 1)));
        four[0].info.raw_bytes = 991;
        check(&four, now_ms, Some((vec![3, 1, 2], 1)));
        let later = now_ms + 26 * HOUR_MS;
        check(&three, later, Some((vec![0, 1, 2], TOP_LEVEL)));
        check(&three[..1], later, None);
        let many: Vec<_> = (0..16).map(|i| entry(i, DAY, 0, 10, now_ms)).collect();
        let busy = |segments: &[SegmentEntry]| choose_entries(&segments.iter().collect::<Vec<_>>(), &limits(), false, later);
        assert_eq!(busy(&many[..15]), None, "entries pour in");
        assert_eq!(busy(&many), Some((vec![0, 1, 2, 3], 1)));
        let late: Vec<_> = (0..3).map(|i| entry(i, LATE, 0, 10, now_ms)).collect();
        check(&late, later, None);
    }
}
