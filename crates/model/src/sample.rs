//! Samples, and the series of columns that the stores hand to the query languages.

use crate::{Histogram, Labels};
use std::ops::ControlFlow;
use std::sync::Arc;

/// The bit pattern of Prometheus' staleness marker: a NaN that says "this series ended here".
pub const STALE_NAN_BITS: u64 = 0x7ff0_0000_0000_0002;

/// The staleness marker as a float. Compare with [`is_stale`], never with `==`.
pub fn stale_nan() -> f64 {
    f64::from_bits(STALE_NAN_BITS)
}

/// Whether a value is the staleness marker, bit for bit.
pub fn is_stale(value: f64) -> bool {
    value.to_bits() == STALE_NAN_BITS
}

/// One float at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Sample {
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// The value; may be NaN, infinite or the staleness marker.
    pub value: f64,
}

/// One series over a time range, as columns of equal length, timestamps strictly ascending.
/// Staleness markers are included.
#[derive(Debug, Clone)]
pub struct SeriesSamples {
    /// The series' labels, with its metric name.
    pub labels: Labels,
    /// Milliseconds since the Unix epoch. Series of one scrape may share the column.
    pub timestamps_ms: Arc<[i64]>,
    /// The values, one for each timestamp.
    pub values: Vec<f64>,
    /// Samples that are native histograms, by time in milliseconds; none has the time of a float.
    pub histograms: Vec<(i64, Arc<Histogram>)>,
}

impl SeriesSamples {
    /// The samples as pairs.
    pub fn samples(&self) -> impl Iterator<Item = Sample> + '_ {
        self.timestamps_ms.iter().zip(&self.values).map(|(&timestamp_ms, &value)| Sample { timestamp_ms, value })
    }
}

/// Takes series piece by piece, so that not all of them are in memory at once.
pub trait SeriesSink {
    /// What was taken so far does not count: it is read anew.
    fn start_over(&mut self);

    /// Takes some series, in the order of labels within a piece and from piece to piece. A break ends the read.
    fn take(&mut self, series: Vec<SeriesSamples>) -> ControlFlow<()>;
}

/// A measurement that stands for many, with what leads to its trace.
#[derive(Debug, Clone, PartialEq)]
pub struct Exemplar {
    /// Labels such as `trace_id`, of at most 128 characters together.
    pub labels: Labels,
    /// What was measured.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
}
