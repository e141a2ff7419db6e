//! Writing: bounds, series, commit.

use crate::TsdbError;
use crate::rows::{Rows, Samples};
use crate::series::SeriesId;
use crate::store::Tsdb;
use phoenix_model::{WriteBatch, WriteOutcome};

/// Stands for a series that would exceed the limit.
const REFUSED: SeriesId = SeriesId::MAX;

impl Tsdb {
    /// Stores a batch. When it returns, the batch survives `kill -9` (and more, by
    /// [`crate::FsyncPolicy`]), and the next query sees it. Of two samples of a series with the same
    /// timestamp the one written last stays.
    ///
    /// Samples older than the retention or further ahead than `max_future` are left out and counted,
    /// and so are samples of new series beyond `max_series`; series that exist go on. After an error
    /// nothing was acknowledged and nothing is visible.
    pub fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, TsdbError> {
        // Series that this batch found must not be removed before their samples are in the head.
        let _in_flight = self.in_flight.read();
        let (oldest_ms, newest_ms) = self.options.bounds_ms(self.clock.now_ms());
        let in_bounds = |sample: &(i64, f64)| sample.0 >= oldest_ms && sample.0 <= newest_ms;
        let mut outcome = WriteOutcome::default();
        let ids = self.find_or_insert(batch, |samples| samples.iter().any(in_bounds));

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
        outcome.stored = values.len() as u64;
        self.metrics.out_of_bounds.inc_by(outcome.out_of_bounds);
        self.metrics.over_series_limit.inc_by(outcome.over_series_limit);
        if values.is_empty() {
            return Ok(outcome);
        }
        let one_row =
            timestamps_ms.len() == counts.len() && timestamps_ms.iter().all(|t| *t == timestamps_ms[0]) && counts.iter().all(|c| *c == 1);
        let samples = if one_row {
            Samples::Row { timestamp_ms: timestamps_ms[0], values }
        } else {
            Samples::Mixed { counts, timestamps_ms, values }
        };
        match self.commit(Rows { ids: taken, samples }) {
            Ok(()) => Ok(outcome),
            Err(error) => {
                self.metrics.write_failures.inc();
                Err(error)
            }
        }
    }

    /// The number of each series of the batch: `None` when none of its samples is wanted.
    fn find_or_insert(&self, batch: &WriteBatch, wanted: impl Fn(&[(i64, f64)]) -> bool) -> Vec<Option<SeriesId>> {
        let mut ids = Vec::with_capacity(batch.series.len());
        let mut missing = Vec::new();
        {
            let index = self.index.read();
            for (position, (labels, samples)) in batch.series.iter().enumerate() {
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
                let labels = &batch.series[*position].0;
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
