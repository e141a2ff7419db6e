//! Writing: bounds, series, commit.

use crate::TsdbError;
use crate::rows::{Rows, Samples};
use crate::runs::HistogramSamples;
use crate::series::SeriesId;
use crate::store::Tsdb;
use phoenix_model::{Exemplar, Labels, WriteBatch, WriteOutcome};
use std::ops::RangeInclusive;
use std::sync::Arc;

/// Stands for a series that would exceed the limit.
const REFUSED: SeriesId = SeriesId::MAX;

impl Tsdb {
    /// Stores a batch. When it returns, the batch survives `kill -9` (and more, by
    /// [`crate::FsyncPolicy`]), and the next query sees it. Of two samples of a series with the same
    /// timestamp the one written last stays, be they floats or histograms; within a batch the histogram.
    ///
    /// Samples older than the retention or further ahead than `max_future` are left out and counted,
    /// and so are samples of new series beyond `max_series`; series that exist go on. After an error
    /// nothing was acknowledged and nothing is visible.
    ///
    /// Exemplars that the series' newest one equals or precedes are left out, and so are those with
    /// labels of more than 128 characters; neither is an error.
    pub fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, TsdbError> {
        // Series that this batch found must not be removed before their samples are in the head.
        let _in_flight = self.in_flight.read();
        let (oldest_ms, newest_ms) = self.options.bounds_ms(self.clock.now_ms());
        let in_bounds = |sample: &(i64, f64)| sample.0 >= oldest_ms && sample.0 <= newest_ms;
        let mut outcome = WriteOutcome::default();
        let histograms = self.take_histograms(batch, &(oldest_ms..=newest_ms), &mut outcome)?;
        let exemplars = self.take_exemplars(batch, &(oldest_ms..=newest_ms));
        let ids = self.find_or_insert(&batch.series, |samples| samples.iter().any(in_bounds));

        let mut taken = Vec::with_capacity(ids.len());
        let mut counts = Vec::with_capacity(ids.len());
        let mut timestamps_ms = Vec::with_capacity(ids.len());
        let mut values = Vec::with_capacity(ids.len());
        for ((_, samples), id) in batch.series.iter().zip(ids) {
            let before = values.len();
            let kept = samples.iter().filter(|sample| in_bounds(sample));
            match id {
                Some(REFUSED) => outcome.over_series_limit += kept.count() as u64,
                Some(id) => {
                    for (timestamp_ms, value) in kept {
                        timestamps_ms.push(*timestamp_ms);
                        values.push(*value);
                    }
                    taken.push(id);
                    counts.push((values.len() - before) as u32);
                }
                None => {}
            }
            outcome.out_of_bounds += samples.iter().filter(|sample| !in_bounds(sample)).count() as u64;
        }
        outcome.stored += values.len() as u64;
        self.metrics.out_of_bounds.inc_by(outcome.out_of_bounds);
        self.metrics.over_series_limit.inc_by(outcome.over_series_limit);
        if values.is_empty() && histograms.is_empty() && exemplars.is_empty() {
            return Ok(outcome);
        }
        let one_row = !values.is_empty()
            && timestamps_ms.len() == counts.len()
            && timestamps_ms.iter().all(|t| *t == timestamps_ms[0])
            && counts.iter().all(|c| *c == 1);
        let samples = if one_row {
            Samples::Row { timestamp_ms: timestamps_ms[0], values }
        } else {
            Samples::Mixed { counts, timestamps_ms, values }
        };
        match self.commit(Rows { ids: taken, samples, histograms, exemplars }) {
            Ok(()) => Ok(outcome),
            Err(error) => {
                self.metrics.write_failures.inc();
                Err(error)
            }
        }
    }

    /// The histograms of a batch that are within bounds, with the numbers of their series.
    fn take_histograms(
        &self,
        batch: &WriteBatch,
        bounds_ms: &RangeInclusive<i64>,
        outcome: &mut WriteOutcome,
    ) -> Result<Vec<(SeriesId, HistogramSamples)>, TsdbError> {
        if batch.histograms.is_empty() {
            return Ok(Vec::new());
        }
        for (labels, samples) in &batch.histograms {
            for (_, histogram) in samples {
                histogram.validate().map_err(|reason| TsdbError::BadHistogram { series: labels.to_string(), reason })?;
            }
        }
        let ids = self.find_or_insert(&batch.histograms, |samples| samples.iter().any(|(t, _)| bounds_ms.contains(t)));
        let mut taken = Vec::with_capacity(ids.len());
        for ((_, samples), id) in batch.histograms.iter().zip(ids) {
            let kept = samples.iter().filter(|(t, _)| bounds_ms.contains(t));
            let number = kept.clone().count() as u64;
            outcome.out_of_bounds += samples.len() as u64 - number;
            match id {
                Some(REFUSED) => outcome.over_series_limit += number,
                Some(id) => {
                    outcome.stored += number;
                    taken.push((id, kept.map(|(t, histogram)| (*t, Arc::new(histogram.clone()))).collect()));
                }
                None => {}
            }
        }
        Ok(taken)
    }

    /// The exemplars of a batch that are new.
    fn take_exemplars(&self, batch: &WriteBatch, bounds_ms: &RangeInclusive<i64>) -> Vec<(Labels, Vec<Exemplar>)> {
        if batch.exemplars.is_empty() {
            return Vec::new();
        }
        let ring = self.exemplars.lock();
        let mut taken = Vec::new();
        for (labels, exemplars) in &batch.exemplars {
            let mut new = ring.admitted(labels, exemplars);
            new.retain(|exemplar| bounds_ms.contains(&exemplar.timestamp_ms));
            if !new.is_empty() {
                taken.push((labels.clone(), new));
            }
        }
        taken
    }

    /// The number of each series: `None` when none of its samples is wanted.
    fn find_or_insert<S>(&self, series: &[(Labels, Vec<S>)], wanted: impl Fn(&[S]) -> bool) -> Vec<Option<SeriesId>> {
        let mut ids = Vec::with_capacity(series.len());
        let mut missing = Vec::new();
        {
            let index = self.index.read();
            for (position, (labels, samples)) in series.iter().enumerate() {
                let id = if wanted(samples) { index.find(labels).or(Some(REFUSED)) } else { None };
                if id == Some(REFUSED) {
                    missing.push(position);
                }
                ids.push(id);
            }
            if missing.is_empty() || index.len() as u64 >= self.options.max_series {
                return ids;
            }
        }
        // A short hold at a time, so that a batch of a million new series does not keep readers out.
        for some in missing.chunks(1024) {
            let mut index = self.index.write();
            for position in some {
                let labels = &series[*position].0;
                // Somebody else, or this batch itself, may have added it meanwhile.
                let mut id = index.find(labels);
                if id.is_none() && (index.len() as u64) < self.options.max_series {
                    id = index.insert(labels);
                }
                ids[*position] = id.or(Some(REFUSED));
            }
            self.metrics.head_series.set(index.len() as i64);
        }
        ids
    }
}
