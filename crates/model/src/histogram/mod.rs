//! Native histograms: one sample that holds a whole distribution, in Prometheus' terms.
//!
//! <https://prometheus.io/docs/specs/native_histograms/>

mod bounds;
mod buckets;
mod quantile;
mod reset;
mod resolution;
mod sum;
#[cfg(test)]
mod tests;
mod text;
mod trim;
mod validate;

pub use bounds::exponential_bound;
pub use buckets::Bucket;
pub use quantile::NanObservations;
pub use sum::{HistogramSum, IncompatibleLayouts};
pub use trim::Trim;
pub use validate::{HistogramError, MAX_BUCKETS, indexes, spans_of};

/// The schema of histograms whose bounds are given one by one (`custom_values`), as classic
/// histograms have them.
pub const CUSTOM_BUCKETS_SCHEMA: i32 = -53;

/// The smallest schema of exponential buckets: each is 2^16 times as wide as the one before.
pub const MIN_SCHEMA: i32 = -4;

/// The largest schema of exponential buckets: 256 to a doubling.
pub const MAX_SCHEMA: i32 = 8;

/// Whether the counts begin again in a sample, compared with the one before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[repr(u8)]
pub enum CounterReset {
    /// It has to be found out by comparing.
    #[default]
    Unknown = 0,
    /// They begin again.
    Yes = 1,
    /// They go on.
    No = 2,
    /// A gauge: counts may go down without beginning again.
    Gauge = 3,
}

/// Buckets that follow each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BucketSpan {
    /// For the first span the index of its first bucket; for others the number of buckets that are
    /// left out since the span before.
    pub offset: i32,
    /// The number of buckets.
    pub length: u32,
}

/// A histogram with counts as floats, as evaluation needs them. Counts that were whole numbers stay
/// exact up to 2^53.
///
/// Bucket `i` of an exponential schema `s` holds observations in `(base^(i-1), base^i]` with
/// `base = 2^(2^-s)`; negative buckets mirror them. With custom bounds, bucket `i` holds
/// `(custom_values[i-1], custom_values[i]]`, and the last one everything above.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Histogram {
    /// Whether counts begin again here.
    pub counter_reset: CounterReset,
    /// [`MIN_SCHEMA`] to [`MAX_SCHEMA`], or [`CUSTOM_BUCKETS_SCHEMA`].
    pub schema: i32,
    /// Observations with an absolute value up to this are in the zero bucket.
    pub zero_threshold: f64,
    /// The count of the zero bucket.
    pub zero_count: f64,
    /// The number of observations, NaN among them.
    pub count: f64,
    /// The sum of observations. The staleness marker here makes the whole sample one.
    pub sum: f64,
    /// Where the positive buckets lie.
    pub positive_spans: Vec<BucketSpan>,
    /// Where the negative buckets lie.
    pub negative_spans: Vec<BucketSpan>,
    /// The counts of the positive buckets, each for itself.
    pub positive: Vec<f64>,
    /// The counts of the negative buckets, each for itself.
    pub negative: Vec<f64>,
    /// The upper bounds of custom buckets, strictly ascending, without infinity.
    pub custom_values: Vec<f64>,
}

impl Histogram {
    /// The sample that says "this series ended here".
    pub fn stale() -> Self {
        Self { sum: crate::stale_nan(), ..Self::default() }
    }

    /// Whether it is the staleness marker.
    pub fn is_stale(&self) -> bool {
        crate::is_stale(self.sum)
    }
}
