//! A write batch whose series are found, on its way to the log and the head.

use crate::series::SeriesId;

/// Samples of numbered series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    /// The series, in the order of the batch.
    pub(crate) ids: Vec<SeriesId>,
    /// Their samples.
    pub(crate) samples: Samples,
}

/// How the samples of a batch stand to each other.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Samples {
    /// One sample for each series, all at one time: a scrape.
    Row {
        /// The time they share.
        timestamp_ms: i64,
        /// One for each series.
        values: Vec<f64>,
    },
    /// Anything else.
    Mixed {
        /// How many samples each series has.
        counts: Vec<u32>,
        /// The samples' times, series after series.
        timestamps_ms: Vec<i64>,
        /// The samples' values, series after series.
        values: Vec<f64>,
    },
}

impl Rows {
    /// The number of samples.
    pub(crate) fn len(&self) -> usize {
        match &self.samples {
            Samples::Row { values, .. } | Samples::Mixed { values, .. } => values.len(),
        }
    }
}

impl Rows {
    /// Keeps the series at those positions for which `keep` holds, with their samples.
    pub(crate) fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let kept = |position: &usize| keep(*position);
        self.ids = (0..self.ids.len()).filter(kept).map(|p| self.ids[p]).collect();
        match &mut self.samples {
            Samples::Row { values, .. } => *values = (0..values.len()).filter(kept).map(|p| values[p]).collect(),
            Samples::Mixed { counts, timestamps_ms, values } => {
                let keeps: Vec<bool> = counts.iter().enumerate().flat_map(|(p, n)| std::iter::repeat_n(keep(p), *n as usize)).collect();
                let mut at = 0..;
                timestamps_ms.retain(|_| keeps[at.next().expect("it does not end")]);
                let mut at = 0..;
                values.retain(|_| keeps[at.next().expect("it does not end")]);
                let mut at = 0..;
                counts.retain(|_| keep(at.next().expect("it does not end")));
            }
        }
    }
}
