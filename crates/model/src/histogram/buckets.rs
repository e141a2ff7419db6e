//! Buckets with their bounds, and the way between spans and indices.

use super::bounds::exponential_bound;
use super::{BucketSpan, CUSTOM_BUCKETS_SCHEMA, Histogram};

/// A bucket with its bounds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    /// The smallest value it may hold.
    pub lower: f64,
    /// The largest value it may hold.
    pub upper: f64,
    /// Whether the lower bound itself belongs to it.
    pub lower_inclusive: bool,
    /// Whether the upper bound itself belongs to it.
    pub upper_inclusive: bool,
    /// The number of observations.
    pub count: f64,
}

impl Histogram {
    /// Whether the bounds are given one by one.
    pub fn uses_custom_buckets(&self) -> bool {
        self.schema == CUSTOM_BUCKETS_SCHEMA
    }

    /// About how many bytes it takes in memory.
    pub fn size_bytes(&self) -> usize {
        let floats = self.positive.len() + self.negative.len() + self.custom_values.len();
        let spans = self.positive_spans.len() + self.negative_spans.len();
        size_of::<Self>() + floats * size_of::<f64>() + spans * size_of::<BucketSpan>()
    }

    /// The positive (or custom) buckets by index, ascending.
    pub(super) fn positive_cells(&self) -> impl Iterator<Item = (i32, f64)> + '_ {
        cells(&self.positive_spans, &self.positive)
    }

    /// The negative buckets by index, from the one nearest to zero on.
    pub(super) fn negative_cells(&self) -> impl Iterator<Item = (i32, f64)> + '_ {
        cells(&self.negative_spans, &self.negative)
    }

    /// The bucket of an index on the positive side.
    pub(super) fn positive_bucket(&self, index: i32, count: f64) -> Bucket {
        let (lower, upper) = self.bounds_of(index);
        Bucket { lower, upper, lower_inclusive: false, upper_inclusive: true, count }
    }

    /// The bucket of an index on the negative side.
    pub(super) fn negative_bucket(&self, index: i32, count: f64) -> Bucket {
        let (lower, upper) = self.bounds_of(index);
        Bucket { lower: -upper, upper: -lower, lower_inclusive: true, upper_inclusive: false, count }
    }

    fn bounds_of(&self, index: i32) -> (f64, f64) {
        if self.uses_custom_buckets() {
            let bound = |index: i64| match usize::try_from(index) {
                Ok(index) => self.custom_values.get(index).copied().unwrap_or(f64::INFINITY),
                Err(_) => f64::NEG_INFINITY,
            };
            (bound(i64::from(index) - 1), bound(i64::from(index)))
        } else {
            (exponential_bound(index.saturating_sub(1), self.schema), exponential_bound(index, self.schema))
        }
    }

    /// The zero bucket.
    pub fn zero_bucket(&self) -> Bucket {
        let bound = self.zero_threshold;
        Bucket { lower: -bound, upper: bound, lower_inclusive: true, upper_inclusive: true, count: self.zero_count }
    }

    /// All buckets that are represented, from the lowest values to the highest; the zero bucket is
    /// among them when it has observations. A bucket that reaches into the zero bucket begins where
    /// that ends.
    pub fn buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let threshold = if self.uses_custom_buckets() { 0.0 } else { self.zero_threshold };
        self.stored_buckets().map(move |mut bucket| {
            if bucket.lower > 0.0 && bucket.lower < threshold {
                bucket.lower = threshold.min(bucket.upper);
            } else if bucket.upper < 0.0 && bucket.upper > -threshold {
                bucket.upper = bucket.lower.max(-threshold);
            }
            bucket
        })
    }

    /// As [`Self::buckets`], each with the bounds that its index stands for.
    pub(super) fn stored_buckets(&self) -> impl DoubleEndedIterator<Item = Bucket> + '_ {
        let mut buckets = Vec::with_capacity(self.positive.len() + self.negative.len() + 1);
        buckets.extend(self.negative_cells().map(|(index, count)| self.negative_bucket(index, count)));
        buckets.reverse();
        if self.zero_count != 0.0 && !self.uses_custom_buckets() {
            buckets.push(self.zero_bucket());
        }
        buckets.extend(self.positive_cells().map(|(index, count)| self.positive_bucket(index, count)));
        buckets.into_iter()
    }

    /// Whether any positive and any negative bucket has observations.
    pub(super) fn populated_sides(&self) -> (bool, bool) {
        (self.positive.iter().any(|count| *count != 0.0), self.negative.iter().any(|count| *count != 0.0))
    }
}

/// The buckets of spans by index. Spans without counts, and counts without spans, are left out.
fn cells<'a>(spans: &'a [BucketSpan], counts: &'a [f64]) -> impl Iterator<Item = (i32, f64)> + 'a {
    let mut next = 0_i32;
    let indices = spans.iter().flat_map(move |span| {
        let first = next.saturating_add(span.offset);
        next = first.saturating_add(i32::try_from(span.length).unwrap_or(i32::MAX));
        first..next
    });
    indices.zip(counts.iter().copied())
}

/// Spans and counts of the buckets that have observations; indices must ascend.
pub(super) fn spans_of(cells: impl IntoIterator<Item = (i32, f64)>) -> (Vec<BucketSpan>, Vec<f64>) {
    let (indices, counts): (Vec<i32>, Vec<f64>) = cells.into_iter().filter(|(_, count)| *count != 0.0).unzip();
    (super::validate::spans_of(indices), counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_the_indices_of_populated_buckets() {
        for (populated, want) in [
            (vec![], vec![]),
            (vec![(-3, 1.0), (-2, 2.0), (5, 1.0)], vec![(-3, 2), (6, 1)]),
            (vec![(0, 1.0), (1, 0.0), (2, 1.0)], vec![(0, 1), (1, 1)]),
        ] {
            let (spans, counts) = spans_of(populated.iter().copied());
            assert_eq!(spans.iter().map(|s| (s.offset, s.length)).collect::<Vec<_>>(), want);
            let back: Vec<_> = cells(&spans, &counts).collect();
            assert_eq!(back, populated.into_iter().filter(|(_, count)| *count != 0.0).collect::<Vec<_>>());
        }
    }

    #[test]
    fn buckets_ascend() {
        let span = |offset, length| BucketSpan { offset, length };
        let histogram = Histogram {
            zero_threshold: 0.25,
            zero_count: 1.0,
            positive_spans: vec![span(0, 2)],
            positive: vec![1.0, 2.0],
            negative_spans: vec![span(0, 1), span(1, 1)],
            negative: vec![3.0, 4.0],
            ..Histogram::default()
        };
        let bounds: Vec<_> = histogram.buckets().map(|b| (b.lower, b.upper, b.count)).collect();
        assert_eq!(bounds, [(-4.0, -2.0, 4.0), (-1.0, -0.5, 3.0), (-0.25, 0.25, 1.0), (0.5, 1.0, 1.0), (1.0, 2.0, 2.0)]);
        let overlapping = Histogram { zero_threshold: 0.75, ..histogram };
        let bounds: Vec<_> = overlapping.buckets().map(|b| (b.lower, b.upper)).collect();
        assert_eq!(bounds, [(-4.0, -2.0), (-1.0, -0.75), (-0.75, 0.75), (0.75, 1.0), (1.0, 2.0)]);
    }
}
