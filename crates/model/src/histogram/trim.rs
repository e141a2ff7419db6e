//! Histograms without the observations on one side of a value.

use super::Histogram;
use super::buckets::{Bucket, spans_of};
use crate::CompensatedSum;

/// Which observations go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trim {
    /// Those above the value.
    Upper,
    /// Those below the value.
    Lower,
}

impl Histogram {
    /// The histogram without the observations above or below a value. A bucket that the value cuts
    /// keeps an interpolated share. When anything goes, the sum is estimated anew from what stays,
    /// each observation at the middle of its bucket. Custom buckets without an end hold infinities
    /// only, as nothing else is known of them.
    ///
    /// <https://prometheus.io/docs/prometheus/latest/querying/operators/#histogram-trim-operators>
    #[must_use]
    pub fn trimmed(&self, trim: Trim, at: f64) -> Self {
        if at.is_nan() {
            return self.clone();
        }
        let mut kept = Kept { histogram: self, trim, at, cut: false, count: CompensatedSum::default(), sum: CompensatedSum::default() };
        let negative: Vec<_> = self.negative_cells().map(|(i, count)| (i, kept.take(self.negative_bucket(i, count)))).collect();
        let zero_count = if self.uses_custom_buckets() { self.zero_count } else { kept.take(self.zero_bucket()) };
        let positive: Vec<_> = self.positive_cells().map(|(i, count)| (i, kept.take(self.positive_bucket(i, count)))).collect();
        if !kept.cut {
            return self.clone();
        }
        let (count, sum) = (kept.count.value(), kept.sum.value());
        let (positive_spans, positive) = spans_of(positive);
        let (negative_spans, negative) = spans_of(negative);
        Self {
            zero_count,
            count,
            sum,
            positive_spans,
            negative_spans,
            positive,
            negative,
            custom_values: self.custom_values.clone(),
            ..*self
        }
    }
}

/// What stays of the buckets seen so far.
struct Kept<'a> {
    histogram: &'a Histogram,
    trim: Trim,
    at: f64,
    cut: bool,
    count: CompensatedSum,
    sum: CompensatedSum,
}

impl Kept<'_> {
    /// The count that a bucket keeps.
    fn take(&mut self, bucket: Bucket) -> f64 {
        if bucket.count == 0.0 {
            return 0.0;
        }
        let bucket = self.histogram.assumed(bucket);
        let (mut lower, mut upper) = (bucket.lower, bucket.upper);
        let custom = self.histogram.uses_custom_buckets();
        let below = if upper <= self.at || (custom && lower == f64::NEG_INFINITY) {
            1.0
        } else if lower >= self.at || (custom && upper == f64::INFINITY) {
            0.0
        } else {
            self.histogram.share_below(&bucket, self.at)
        };
        let share = if self.trim == Trim::Upper { below } else { 1.0 - below };
        if share < 1.0 {
            self.cut = true;
        }
        if share <= 0.0 {
            return 0.0;
        }
        if share < 1.0 {
            *(if self.trim == Trim::Upper { &mut upper } else { &mut lower }) = self.at;
        }
        let middle = match (lower.is_infinite(), upper.is_infinite()) {
            (true, _) => upper,
            (_, true) => lower,
            _ => self.histogram.middle(lower, upper),
        };
        let count = bucket.count * share;
        self.count.add(count);
        self.sum.add(count * middle);
        count
    }
}
