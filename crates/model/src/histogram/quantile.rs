//! Quantiles, shares and variance, estimated from buckets.

use super::Histogram;
use super::buckets::Bucket;
use crate::CompensatedSum;

/// What observations of NaN, which are in no bucket, mean for a quantile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NanObservations {
    /// There are none.
    None,
    /// They count as larger than all others, so that the result is too high.
    Skew,
    /// The quantile falls among them, so that the result is NaN.
    Result,
}

impl Histogram {
    /// The φ-quantile: −∞ below 0, +∞ above 1, NaN for no observations. Interpolates exponentially
    /// within exponential buckets, linearly within the zero bucket and custom buckets.
    ///
    /// <https://prometheus.io/docs/specs/native_histograms/#interpolation-within-a-bucket>
    pub fn quantile(&self, q: f64) -> (f64, NanObservations) {
        if q < 0.0 {
            return (f64::NEG_INFINITY, NanObservations::None);
        }
        if q > 1.0 {
            return (f64::INFINITY, NanObservations::None);
        }
        if self.count == 0.0 || q.is_nan() {
            return (f64::NAN, NanObservations::None);
        }
        // From the nearer end, which is more precise; but observations of NaN lie beyond the upper end.
        let maybe_nan = self.sum.is_nan();
        let forward = maybe_nan || q < 0.5;
        let wanted = if forward { q * self.count } else { (1.0 - q) * self.count };
        let mut found: Option<Bucket> = None;
        let mut count = 0.0;
        let mut buckets = self.buckets().filter(|bucket| bucket.count != 0.0);
        while let Some(bucket) = if forward { buckets.next() } else { buckets.next_back() } {
            count += bucket.count;
            found = Some(bucket);
            if count >= wanted {
                break;
            }
        }
        let Some(bucket) = found else {
            return (f64::NAN, if maybe_nan { NanObservations::Result } else { NanObservations::None });
        };
        if maybe_nan && count.min(self.count) < wanted {
            return (f64::NAN, NanObservations::Result);
        }
        let skewed = maybe_nan && count + buckets.map(|bucket| bucket.count).sum::<f64>() < self.count;
        let nan = if skewed { NanObservations::Skew } else { NanObservations::None };
        let Bucket { lower, upper, .. } = self.assumed(bucket);
        if lower == f64::NEG_INFINITY && self.uses_custom_buckets() {
            return (upper, nan);
        }
        if upper == f64::INFINITY && self.uses_custom_buckets() {
            return (lower, nan);
        }
        let count = count.min(self.count);
        if count < wanted {
            // Rounding, as nothing else is missing.
            return (if forward { upper } else { lower }, nan);
        }
        let within = if forward { wanted - (count - bucket.count) } else { count - wanted };
        (self.interpolated(lower, upper, within / bucket.count), nan)
    }

    /// The share of observations between two bounds, and whether there are observations of NaN,
    /// which are outside of any bounds.
    pub fn fraction(&self, lower: f64, upper: f64) -> (f64, bool) {
        if self.count == 0.0 || lower.is_nan() || upper.is_nan() {
            return (f64::NAN, false);
        }
        let (mut total, mut has_nan) = (self.count, false);
        if self.sum.is_nan() {
            let in_buckets: f64 = self.buckets().map(|bucket| bucket.count).sum();
            has_nan = in_buckets < self.count;
            total = total.min(in_buckets);
        }
        if lower >= upper {
            return (0.0, has_nan);
        }
        let below = |bound: f64| {
            let mut below = 0.0;
            for bucket in self.buckets() {
                let bucket = self.assumed(bucket);
                if bucket.lower >= bound {
                    return below;
                }
                if bucket.upper > bound {
                    return below + bucket.count * self.share_below(&bucket, bound);
                }
                below += bucket.count;
            }
            total
        };
        ((below(upper).min(total) - below(lower).min(total)) / self.count, has_nan)
    }

    /// The variance, with every observation at the mean of its bucket's bounds: the geometric mean
    /// for exponential buckets, the arithmetic one for the zero bucket and custom buckets.
    pub fn variance(&self) -> f64 {
        let mean = self.sum / self.count;
        let mut squares = CompensatedSum::default();
        for bucket in self.buckets().filter(|bucket| bucket.count != 0.0) {
            let distance = self.middle(bucket.lower, bucket.upper) - mean;
            squares.add(bucket.count * distance * distance);
        }
        squares.value() / self.count
    }

    /// A bucket with the bounds that are assumed for interpolation: a zero bucket lies on the side
    /// on which all other observations are, and the lowest custom bucket begins at zero if it ends
    /// above.
    pub(super) fn assumed(&self, mut bucket: Bucket) -> Bucket {
        if self.uses_custom_buckets() {
            if bucket.lower == f64::NEG_INFINITY && bucket.upper > 0.0 {
                bucket.lower = 0.0;
            }
        } else if bucket.lower <= 0.0 && bucket.upper >= 0.0 {
            match self.populated_sides() {
                (true, false) => bucket.lower = 0.0,
                (false, true) => bucket.upper = 0.0,
                _ => {}
            }
        }
        bucket
    }

    /// Whether values spread evenly between two bounds rather than exponentially.
    fn is_linear(&self, lower: f64, upper: f64) -> bool {
        self.uses_custom_buckets() || (lower <= 0.0 && upper >= 0.0)
    }

    /// The value up to which a share of a bucket's observations lie.
    fn interpolated(&self, lower: f64, upper: f64, share: f64) -> f64 {
        if self.is_linear(lower, upper) {
            return lower + (upper - lower) * share;
        }
        let (log_lower, log_upper) = (lower.abs().log2(), upper.abs().log2());
        if lower > 0.0 {
            (log_lower + (log_upper - log_lower) * share).exp2()
        } else {
            -(log_upper + (log_lower - log_upper) * (1.0 - share)).exp2()
        }
    }

    /// The share of a bucket's observations up to a value within it. Nothing is known of a bucket
    /// without an end: all of it is above.
    pub(super) fn share_below(&self, bucket: &Bucket, value: f64) -> f64 {
        let Bucket { lower, upper, .. } = *bucket;
        if lower.is_infinite() || upper.is_infinite() {
            return 0.0;
        }
        if self.is_linear(lower, upper) {
            return (value - lower) / (upper - lower);
        }
        let (log_lower, log_upper, log_value) = (lower.abs().log2(), upper.abs().log2(), value.abs().log2());
        if value > 0.0 {
            (log_value - log_lower) / (log_upper - log_lower)
        } else {
            1.0 - (log_value - log_upper) / (log_lower - log_upper)
        }
    }

    /// The value that stands for all between two bounds.
    pub(super) fn middle(&self, lower: f64, upper: f64) -> f64 {
        if self.is_linear(lower, upper) {
            return f64::midpoint(lower, upper);
        }
        // Roots first, so that the product does not overflow.
        let mean = lower.abs().sqrt() * upper.abs().sqrt();
        if upper < 0.0 { -mean } else { mean }
    }
}
