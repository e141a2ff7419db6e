//! Exponential histograms as native ones, as Prometheus makes them of OTLP's.
//!
//! Bucket `i` of scale `s` holds values in `(b^i, b^(i+1)]` with `b = 2^(2^-s)`, that of a native
//! histogram those in `(b^(i-1), b^i]`: the same buckets under numbers that are one higher. A scale
//! above 8 becomes 8, one step less merging each two buckets; one below -4 has no schema.
//! <https://opentelemetry.io/docs/specs/otel/metrics/data-model/#exponentialhistogram>,
//! <https://prometheus.io/docs/specs/native_histograms/>

use opentelemetry_proto::tonic::metrics::v1::ExponentialHistogramDataPoint;
use opentelemetry_proto::tonic::metrics::v1::exponential_histogram_data_point::Buckets;
use phoenix_model::Histogram;
use phoenix_model::histogram::{MAX_BUCKETS, MAX_SCHEMA, MIN_SCHEMA, spans_of};
use std::collections::BTreeMap;

/// Scales beyond which bounds are not told apart in a float.
const LARGEST_SCALE: i32 = 52;
/// The width of the zero bucket of points that tell none, as Prometheus has it.
const ZERO_THRESHOLD: f64 = 1e-128;
/// Empty buckets between two others that are written as such; a longer gap begins a new span.
const SHORT_GAP: i64 = 2;

/// An exponential histogram that others can be added to.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Exponential {
    scale: i32,
    zero_count: u64,
    zero_threshold: f64,
    /// Counts by the number of their bucket, as OTLP has it. No count is 0.
    negative: BTreeMap<i64, u64>,
    positive: BTreeMap<i64, u64>,
    count: u64,
    /// The sum of all values, if it is known.
    sum: Option<f64>,
}

impl Exponential {
    /// Reads a point. An error says what of it makes no sense.
    pub(super) fn new(point: &ExponentialHistogramDataPoint) -> Result<Self, String> {
        if point.scale < MIN_SCHEMA || point.scale > LARGEST_SCALE {
            return Err(format!("an exponential histogram has scale {}, which has to be {MIN_SCHEMA} or more", point.scale));
        }
        let shift = (point.scale - MAX_SCHEMA).max(0) as u32;
        let threshold = point.zero_threshold;
        let read = Self {
            scale: point.scale - shift as i32,
            zero_count: point.zero_count,
            zero_threshold: if threshold.is_finite() && threshold > 0.0 { threshold } else { ZERO_THRESHOLD },
            negative: shifted(counted(point.negative.as_ref()), shift),
            positive: shifted(counted(point.positive.as_ref()), shift),
            count: point.count,
            sum: point.sum,
        };
        let in_buckets = read.positive.values().chain(read.negative.values()).fold(read.zero_count, |sum, n| sum.saturating_add(*n));
        // Values that are NaN are in no bucket, and make the sum NaN.
        if in_buckets > read.count || in_buckets < read.count && read.sum.is_some_and(|sum| !sum.is_nan()) {
            return Err(format!("an exponential histogram has {} values, and {in_buckets} in its buckets", read.count));
        }
        Ok(read)
    }

    /// Adds another histogram. The scale is then the lower one, and the zero bucket the wider one.
    pub(super) fn add(&mut self, other: &Self) {
        let scale = self.scale.min(other.scale);
        let (own, others) = ((self.scale - scale) as u32, (other.scale - scale) as u32);
        for (into, from) in [(&mut self.negative, &other.negative), (&mut self.positive, &other.positive)] {
            let mut merged = shifted(into.iter().map(|(i, n)| (*i, *n)), own);
            for (index, count) in from {
                let slot = merged.entry(index >> others).or_insert(0);
                *slot = slot.saturating_add(*count);
            }
            *into = merged;
        }
        self.scale = scale;
        self.zero_count = self.zero_count.saturating_add(other.zero_count);
        self.zero_threshold = self.zero_threshold.max(other.zero_threshold);
        self.count = self.count.saturating_add(other.count);
        self.sum = self.sum.zip(other.sum).map(|(a, b)| a + b);
        // Values all over the range of floats are no reason to grow without end.
        while self.scale > MIN_SCHEMA && self.negative.len() + self.positive.len() > MAX_BUCKETS / 8 {
            self.scale -= 1;
            self.negative = shifted(std::mem::take(&mut self.negative).into_iter(), 1);
            self.positive = shifted(std::mem::take(&mut self.positive).into_iter(), 1);
        }
    }

    /// The native histogram, or why there is none. Whether counts begin again is left to be found out.
    pub(super) fn native(&self) -> Result<Histogram, String> {
        let (positive, negative) = (dense(&self.positive), dense(&self.negative));
        let spans = |buckets: &[(i64, u64)]| {
            // Prometheus' number of a bucket is one higher.
            let indexes: Option<Vec<i32>> = buckets.iter().map(|(index, _)| i32::try_from(index + 1).ok()).collect();
            indexes.map(spans_of).ok_or_else(|| "an exponential histogram has buckets beyond the range of floats".to_owned())
        };
        let histogram = Histogram {
            schema: self.scale,
            zero_threshold: self.zero_threshold,
            zero_count: self.zero_count as f64,
            count: self.count as f64,
            sum: self.sum.unwrap_or(0.0),
            positive_spans: spans(&positive)?,
            negative_spans: spans(&negative)?,
            positive: positive.into_iter().map(|(_, count)| count as f64).collect(),
            negative: negative.into_iter().map(|(_, count)| count as f64).collect(),
            ..Histogram::default()
        };
        histogram.validate().map_err(|e| format!("an exponential histogram can't be stored: {e}"))?;
        Ok(histogram)
    }
}

/// Buckets with the empty ones of short gaps.
fn dense(buckets: &BTreeMap<i64, u64>) -> Vec<(i64, u64)> {
    let mut all: Vec<(i64, u64)> = Vec::with_capacity(buckets.len());
    for (index, count) in buckets {
        if let Some((last, _)) = all.last().copied()
            && index - last - 1 <= SHORT_GAP
        {
            all.extend((last + 1..*index).map(|empty| (empty, 0)));
        }
        all.push((*index, *count));
    }
    all
}

/// Buckets with values.
fn counted(buckets: Option<&Buckets>) -> impl Iterator<Item = (i64, u64)> {
    buckets.into_iter().flat_map(|buckets| {
        let offset = i64::from(buckets.offset);
        buckets.bucket_counts.iter().enumerate().filter(|(_, count)| **count > 0).map(move |(i, count)| (offset + i as i64, *count))
    })
}

fn shifted(counts: impl Iterator<Item = (i64, u64)>, shift: u32) -> BTreeMap<i64, u64> {
    let mut merged = BTreeMap::new();
    for (index, count) in counts {
        let slot = merged.entry(index >> shift).or_insert(0_u64);
        *slot = slot.saturating_add(count);
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::BucketSpan;
    use proptest::prelude::*;

    fn point(scale: i32, zero: u64, negative: (i32, &[u64]), positive: (i32, &[u64])) -> ExponentialHistogramDataPoint {
        let buckets = |(offset, counts): (i32, &[u64])| Some(Buckets { offset, bucket_counts: counts.to_vec() });
        ExponentialHistogramDataPoint {
            scale,
            zero_count: zero,
            count: zero + negative.1.iter().chain(positive.1).sum::<u64>(),
            sum: Some(1.5),
            negative: buckets(negative),
            positive: buckets(positive),
            ..ExponentialHistogramDataPoint::default()
        }
    }

    fn span(offset: i32, length: u32) -> BucketSpan {
        BucketSpan { offset, length }
    }

    fn native(point: &ExponentialHistogramDataPoint) -> Result<Histogram, String> {
        Exponential::new(point)?.native()
    }

    #[test]
    fn buckets() {
        for (point, schema, spans, counts) in [
            (point(0, 0, (0, &[]), (0, &[])), 0, vec![], vec![]),
            (point(3, 1, (0, &[]), (0, &[1, 2])), 3, vec![span(1, 2)], vec![1.0, 2.0]),
            (point(0, 0, (0, &[]), (-3, &[0, 1, 0, 0, 2, 0])), 0, vec![span(-1, 4)], vec![1.0, 0.0, 0.0, 2.0]),
            (point(0, 0, (0, &[]), (0, &[1, 0, 0, 0, 2])), 0, vec![span(1, 1), span(3, 1)], vec![1.0, 2.0]),
            // Buckets -1 to 4 of scale 10 are -1, 0 and 1 of scale 8.
            (point(10, 0, (0, &[]), (-1, &[1, 2, 3, 4, 5, 6])), 8, vec![span(0, 3)], vec![1.0, 14.0, 6.0]),
            (point(-4, 0, (0, &[]), (0, &[7])), -4, vec![span(1, 1)], vec![7.0]),
        ] {
            let found = native(&point).unwrap();
            assert_eq!((found.schema, found.positive_spans, found.positive), (schema, spans, counts));
            assert_eq!((found.zero_threshold, found.count), (1e-128, point.count as f64));
        }
        let both = native(&ExponentialHistogramDataPoint { zero_threshold: 0.25, sum: None, ..point(1, 4, (-1, &[2]), (0, &[])) }).unwrap();
        assert_eq!((both.zero_threshold, both.zero_count, both.sum), (0.25, 4.0, 0.0));
        assert_eq!((both.negative_spans, both.negative), (vec![span(0, 1)], vec![2.0]));
    }

    #[test]
    fn what_makes_no_sense() {
        for (point, want) in [
            (point(-5, 0, (0, &[]), (0, &[])), "an exponential histogram has scale -5, which has to be -4 or more"),
            (point(60, 0, (0, &[]), (0, &[])), "an exponential histogram has scale 60, which has to be -4 or more"),
            (
                ExponentialHistogramDataPoint { count: 2, ..point(0, 0, (0, &[]), (0, &[3])) },
                "an exponential histogram has 2 values, and 3 in its buckets",
            ),
            (point(0, 0, (0, &[]), (i32::MAX, &[1])), "an exponential histogram has buckets beyond the range of floats"),
        ] {
            assert_eq!(native(&point).unwrap_err(), want);
        }
        let nan = ExponentialHistogramDataPoint { count: 4, sum: Some(f64::NAN), ..point(0, 0, (0, &[]), (0, &[3])) };
        assert!(native(&nan).is_ok());
    }

    #[test]
    fn histograms_add_up() {
        let mut sum = Exponential::new(&point(1, 1, (0, &[]), (0, &[1, 2]))).unwrap();
        sum.add(&Exponential::new(&point(0, 0, (0, &[]), (1, &[5]))).unwrap());
        let found = sum.native().unwrap();
        assert_eq!((found.schema, found.positive_spans, found.positive), (0, vec![span(1, 2)], vec![3.0, 5.0]));
        assert_eq!((found.count, found.zero_count, found.sum), (9.0, 1.0, 3.0));
    }

    proptest! {
        #[test]
        fn no_value_is_lost_and_any_offset_is_taken(
            scale in -4..20_i32, zero in 0..3_u64, offset in prop_oneof![any::<i32>(), -2000..2000_i32],
            negative in prop::collection::vec(0..4_u64, 0..200), positive in prop::collection::vec(0..4_u64, 0..200),
        ) {
            let point = point(scale, zero, (-7, &negative), (offset, &positive));
            let Ok(found) = native(&point) else {
                prop_assert!(offset > i32::MAX - 300);
                return Ok(());
            };
            let in_buckets: f64 = found.positive.iter().chain(&found.negative).sum();
            prop_assert_eq!(in_buckets + found.zero_count, found.count);
            let mut twice = Exponential::new(&point).unwrap();
            twice.add(&Exponential::new(&point).unwrap());
            prop_assert_eq!(twice.native().unwrap().positive, found.positive.iter().map(|n| n * 2.0).collect::<Vec<_>>());
        }
    }
}
