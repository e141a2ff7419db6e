//! New samples in memory.
//!
//! A scrape brings the same series in the same order each time, so a *group* keeps them as rows
//! with one column of timestamps for all; appending is one copy. Every so many rows are turned
//! into packed columns. Samples that come in any other shape are kept *loose*, series by series, and
//! so are native histograms.
//!
//! Every batch has a number. It decides which of two samples with the same timestamp was written
//! last, and lets a reader see whole batches only.

mod group;
mod histograms;
mod loose;

use crate::rows::{Rows, Samples};
use crate::runs::HistogramSamples;
use crate::series::SeriesId;
use group::Group;
use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use histograms::Histograms;
use loose::Loose;
use phoenix_model::Histogram;
use std::hash::BuildHasher;
use std::sync::Arc;
use std::time::Duration;

/// Samples between two moves to parts.
#[derive(Default)]
pub(crate) struct Head {
    hasher: DefaultHashBuilder,
    groups: Vec<Group>,
    groups_by_ids: HashTable<u32>,
    established_groups: usize,
    places: HashMap<SeriesId, Places>,
    loose: HashMap<SeriesId, Loose>,
    histograms: HashMap<SeriesId, Histograms>,
    next_batch: u32,
    samples: u64,
    memory_bytes: u64,
    bounds_ms: Option<(i64, i64)>,
    first_write: Option<Duration>,
}

/// Where a series stands in groups: (group, column).
enum Places {
    One(u32, u32),
    Many(Vec<(u32, u32)>),
}

impl Places {
    fn iter(&self) -> impl Iterator<Item = (u32, u32)> {
        let (single, several) = match self {
            Self::One(group, column) => (Some((*group, *column)), &[][..]),
            Self::Many(all) => (None, &all[..]),
        };
        single.into_iter().chain(several.iter().copied())
    }
}

/// Samples of one series as they were found; [`Gathered::finish`] puts them in order.
#[derive(Default)]
pub(crate) struct Gathered {
    pub(crate) timestamps_ms: Vec<i64>,
    pub(crate) values: Vec<f64>,
    batches: Vec<u32>,
    pub(crate) histograms: HistogramSamples,
    histogram_batches: Vec<u32>,
}

impl Gathered {
    fn push(&mut self, timestamp_ms: i64, value: f64, batch: u32) {
        self.timestamps_ms.push(timestamp_ms);
        self.values.push(value);
        self.batches.push(batch);
    }

    pub(crate) fn clear(&mut self) {
        self.timestamps_ms.clear();
        self.values.clear();
        self.batches.clear();
        self.histograms.clear();
        self.histogram_batches.clear();
    }

    /// Timestamps strictly ascending; of two samples at one time, of whatever kind, the one written
    /// last stays.
    pub(crate) fn finish(&mut self) {
        if !self.histograms.is_empty() {
            self.finish_both();
            return;
        }
        if self.timestamps_ms.windows(2).all(|pair| pair[0] < pair[1]) {
            return;
        }
        let mut order: Vec<u32> = (0..self.timestamps_ms.len() as u32).collect();
        // Stable, since two samples of one batch have the same number.
        order.sort_by_key(|i| (self.timestamps_ms[*i as usize], self.batches[*i as usize]));
        let (mut timestamps_ms, mut values) = (Vec::with_capacity(order.len()), Vec::with_capacity(order.len()));
        for i in order {
            let (at_ms, value) = (self.timestamps_ms[i as usize], self.values[i as usize]);
            if timestamps_ms.last() == Some(&at_ms) {
                *values.last_mut().expect("both columns have the same length") = value;
            } else {
                timestamps_ms.push(at_ms);
                values.push(value);
            }
        }
        (self.timestamps_ms, self.values) = (timestamps_ms, values);
        self.batches.clear();
    }

    fn finish_both(&mut self) {
        let floats = (0..self.timestamps_ms.len()).map(|i| (self.timestamps_ms[i], self.batches[i], false, i));
        let histograms = (0..self.histograms.len()).map(|i| (self.histograms[i].0, self.histogram_batches[i], true, i));
        // By time and batch; within a batch floats, then histograms, each in the order of writing.
        let mut order: Vec<(i64, u32, bool, usize)> = floats.chain(histograms).collect();
        order.sort_unstable();
        let (mut timestamps_ms, mut values, mut kept) = (Vec::new(), Vec::new(), Vec::new());
        let mut order = order.into_iter().peekable();
        while let Some((at_ms, _, is_histogram, i)) = order.next() {
            if order.peek().is_some_and(|next| next.0 == at_ms) {
                continue;
            }
            if is_histogram {
                kept.push((at_ms, Arc::clone(&self.histograms[i].1)));
            } else {
                timestamps_ms.push(at_ms);
                values.push(self.values[i]);
            }
        }
        (self.timestamps_ms, self.values, self.histograms) = (timestamps_ms, values, kept);
        self.batches.clear();
        self.histogram_batches.clear();
    }
}

impl Head {
    /// The number of samples, duplicates included.
    pub(crate) fn samples(&self) -> u64 {
        self.samples
    }

    /// About the bytes that the samples take.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes
    }

    /// The oldest and newest timestamp; `None` when empty.
    pub(crate) fn bounds_ms(&self) -> Option<(i64, i64)> {
        self.bounds_ms
    }

    /// When the first batch came, by the monotonic clock; `None` when empty.
    pub(crate) fn first_write(&self) -> Option<Duration> {
        self.first_write
    }

    /// The number of the next batch; those below are complete.
    pub(crate) fn next_batch(&self) -> u32 {
        self.next_batch
    }

    /// Whether it holds samples of a series.
    pub(crate) fn contains(&self, id: SeriesId) -> bool {
        self.places.contains_key(&id) || self.loose.contains_key(&id) || self.histograms.contains_key(&id)
    }

    /// The series with samples, ascending.
    pub(crate) fn ids(&self) -> Vec<SeriesId> {
        let mut ids: Vec<_> = self.places.keys().chain(self.loose.keys()).chain(self.histograms.keys()).copied().collect();
        ids.sort_unstable();
        ids.dedup();
        ids
    }

    /// Adds a batch.
    pub(crate) fn apply(&mut self, rows: &Rows, now: Duration) {
        if rows.len() == 0 && rows.exemplars.is_empty() {
            return;
        }
        // Exemplars alone count as a write as well, so that the log that holds them has an end.
        self.first_write.get_or_insert(now);
        let batch = self.next_batch;
        self.next_batch += 1;
        self.samples += rows.len() as u64;
        for (id, samples) in &rows.histograms {
            for (timestamp_ms, histogram) in samples {
                self.widen(*timestamp_ms);
                let place = self.histograms.entry(*id).or_default();
                let before = if place.is_empty() { 0 } else { place.memory_bytes() };
                place.push(*timestamp_ms, Arc::clone(histogram), batch);
                self.memory_bytes = self.memory_bytes + place.memory_bytes() - before;
            }
        }
        if rows.ids.is_empty() {
            return;
        }
        match &rows.samples {
            Samples::Row { timestamp_ms, values } => {
                self.widen(*timestamp_ms);
                match self.group_of(&rows.ids) {
                    Some(number) => {
                        let group = &mut self.groups[number as usize];
                        let before = group.memory_bytes();
                        group.push(*timestamp_ms, batch, values);
                        self.memory_bytes = self.memory_bytes + group.memory_bytes() - before;
                        if group.rows() == ESTABLISHED_ROWS {
                            self.established_groups += 1;
                        }
                    }
                    None => {
                        for (id, value) in rows.ids.iter().zip(values) {
                            self.push_loose(*id, *timestamp_ms, *value, batch);
                        }
                    }
                }
            }
            Samples::Mixed { counts, timestamps_ms, values } => {
                let mut at = 0;
                for (id, count) in rows.ids.iter().zip(counts) {
                    for i in at..at + *count as usize {
                        self.widen(timestamps_ms[i]);
                        self.push_loose(*id, timestamps_ms[i], values[i], batch);
                    }
                    at += *count as usize;
                }
            }
        }
    }

    fn widen(&mut self, timestamp_ms: i64) {
        let (oldest, newest) = self.bounds_ms.unwrap_or((timestamp_ms, timestamp_ms));
        self.bounds_ms = Some((oldest.min(timestamp_ms), newest.max(timestamp_ms)));
    }

    fn push_loose(&mut self, id: SeriesId, timestamp_ms: i64, value: f64, batch: u32) {
        let loose = self.loose.entry(id).or_default();
        let before = loose.memory_bytes();
        loose.push(timestamp_ms, value, batch);
        self.memory_bytes = self.memory_bytes + loose.memory_bytes() - before;
    }

    /// The group with exactly these series; a new one if that promises to be used again.
    fn group_of(&mut self, ids: &[SeriesId]) -> Option<u32> {
        let hash = self.hasher.hash_one(ids);
        if let Some(number) = self.groups_by_ids.find(hash, |number| self.groups[*number as usize].ids() == ids) {
            return Some(*number);
        }
        // Sources whose series differ each time would leave a group behind with each batch.
        if self.groups.len() >= FREE_GROUPS + 4 * self.established_groups || has_duplicates(ids) {
            return None;
        }
        let number = self.groups.len() as u32;
        let group = Group::new(ids);
        self.memory_bytes += group.memory_bytes();
        self.groups.push(group);
        let Self { groups_by_ids, groups, hasher, .. } = self;
        groups_by_ids.insert_unique(hash, number, |number| hasher.hash_one(groups[*number as usize].ids()));
        for (column, id) in ids.iter().enumerate() {
            let place = (number, column as u32);
            match self.places.get_mut(id) {
                None => {
                    self.places.insert(*id, Places::One(place.0, place.1));
                    self.memory_bytes += 32;
                }
                Some(Places::Many(places)) => {
                    places.push(place);
                    self.memory_bytes += 8;
                }
                Some(slot @ Places::One(..)) => {
                    let mut places: Vec<_> = slot.iter().collect();
                    places.push(place);
                    *slot = Places::Many(places);
                    self.memory_bytes += 32;
                }
            }
        }
        Some(number)
    }

    /// Collects the samples of a series with `start_ms <= t <= end_ms` from the batches below `next_batch`.
    pub(crate) fn gather(&self, id: SeriesId, start_ms: i64, end_ms: i64, next_batch: u32, out: &mut Gathered) {
        let mut keep = |timestamp_ms: i64, value: f64, batch: u32| {
            if timestamp_ms >= start_ms && timestamp_ms <= end_ms && batch < next_batch {
                out.push(timestamp_ms, value, batch);
            }
        };
        if let Some(places) = self.places.get(&id) {
            for (group, column) in places.iter() {
                self.groups[group as usize].gather(column as usize, start_ms, end_ms, &mut keep);
            }
        }
        if let Some(loose) = self.loose.get(&id) {
            loose.gather(start_ms, end_ms, &mut keep);
        }
        if let Some(histograms) = self.histograms.get(&id) {
            let mut keep = |timestamp_ms: i64, histogram: Arc<Histogram>, batch: u32| {
                if timestamp_ms >= start_ms && timestamp_ms <= end_ms && batch < next_batch {
                    out.histograms.push((timestamp_ms, histogram));
                    out.histogram_batches.push(batch);
                }
            };
            histograms.gather(start_ms, end_ms, &mut keep);
        }
    }

    /// Whether a series has a sample with `start_ms <= t <= end_ms`, without unpacking values.
    pub(crate) fn has_samples(&self, id: SeriesId, start_ms: i64, end_ms: i64) -> bool {
        self.places.get(&id).is_some_and(|places| places.iter().any(|(group, _)| self.groups[group as usize].has_rows(start_ms, end_ms)))
            || self.loose.get(&id).is_some_and(|loose| loose.has_samples(start_ms, end_ms))
            || self.histograms.get(&id).is_some_and(|histograms| histograms.has_samples(start_ms, end_ms))
    }
}

/// A group with this many rows has shown that its source repeats itself.
const ESTABLISHED_ROWS: usize = 3;

/// Groups that may be tried before any has shown that it is used again.
const FREE_GROUPS: usize = 256;

fn has_duplicates(ids: &[SeriesId]) -> bool {
    if ids.is_sorted_by(|a, b| a < b) {
        return false;
    }
    let mut sorted = ids.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).any(|pair| pair[0] == pair[1])
}

#[cfg(test)]
mod tests;
