//! A write batch whose series are found, on its way to the log and the head.

use crate::runs::HistogramSamples;
use crate::series::SeriesId;
use phoenix_model::{Exemplar, Labels};

/// Samples of numbered series.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Rows {
    /// The series with floats, in the order of the batch.
    pub(crate) ids: Vec<SeriesId>,
    /// Their samples.
    pub(crate) samples: Samples,
    /// The series with native histograms, and their samples. Where a batch has a float and a histogram
    /// of one series at one time, the histogram counts as written later.
    pub(crate) histograms: Vec<(SeriesId, HistogramSamples)>,
    /// Exemplars by the labels of their series, which need not have a number.
    pub(crate) exemplars: Vec<(Labels, Vec<Exemplar>)>,
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
    /// Rows of floats.
    #[cfg(test)]
    pub(crate) fn floats(ids: Vec<SeriesId>, samples: Samples) -> Self {
        Self { ids, samples, histograms: Vec::new(), exemplars: Vec::new() }
    }

    /// The number of samples, histograms among them.
    pub(crate) fn len(&self) -> usize {
        let floats = match &self.samples {
            Samples::Row { values, .. } | Samples::Mixed { values, .. } => values.len(),
        };
        floats + self.histograms.iter().map(|(_, samples)| samples.len()).sum::<usize>()
    }

    /// The time of the oldest sample.
    pub(crate) fn oldest_ms(&self) -> Option<i64> {
        let floats = match &self.samples {
            Samples::Row { timestamp_ms, values } => (!values.is_empty()).then_some(*timestamp_ms),
            Samples::Mixed { timestamps_ms, .. } => timestamps_ms.iter().min().copied(),
        };
        let histograms = self.histograms.iter().flat_map(|(_, samples)| samples.iter().map(|(timestamp_ms, _)| *timestamp_ms));
        histograms.chain(floats).min()
    }

    /// The series with samples of either kind; those with both occur twice.
    pub(crate) fn all_ids(&self) -> impl Iterator<Item = SeriesId> + '_ {
        self.ids.iter().copied().chain(self.histograms.iter().map(|(id, _)| *id))
    }
}

impl Rows {
    /// Keeps the floats of the series at those positions for which `keep` holds.
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
