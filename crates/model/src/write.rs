//! A batch of samples on its way into a store.

use crate::{Exemplar, Histogram, Labels};

/// Samples to store: each series' labels once, with its samples as (milliseconds, value).
#[derive(Debug, Clone, Default)]
pub struct WriteBatch {
    /// The series. Labels are complete (with `__name__`, `job`, `instance`).
    pub series: Vec<(Labels, Vec<(i64, f64)>)>,
    /// Series of native histograms, each with its samples as (milliseconds, histogram).
    pub histograms: Vec<(Labels, Vec<(i64, Histogram)>)>,
    /// Exemplars of series, which need not have samples in this batch.
    pub exemplars: Vec<(Labels, Vec<Exemplar>)>,
}

impl WriteBatch {
    /// A batch of floats.
    pub fn floats(series: Vec<(Labels, Vec<(i64, f64)>)>) -> Self {
        Self { series, ..Self::default() }
    }
}

/// What became of a batch that was accepted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct WriteOutcome {
    /// Samples stored.
    pub stored: u64,
    /// Samples left out because they are older than the retention or absurdly far in the future.
    pub out_of_bounds: u64,
    /// Samples left out because their series would exceed the limit on series.
    pub over_series_limit: u64,
}
