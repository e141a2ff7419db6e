//! Native histograms as Prometheus' messages have them: spans, and counts either as floats or as whole
//! numbers that are told as differences from bucket to bucket.
//! <https://prometheus.io/docs/specs/native_histograms/>

use phoenix_model::histogram::{HistogramError, MAX_BUCKETS, MAX_SCHEMA};
use phoenix_model::{BucketSpan, CounterReset, Histogram, is_stale};

/// The largest schema that is taken, and brought down to [`MAX_SCHEMA`]: beyond it the bounds of
/// buckets are not told apart in a float.
const LARGEST_SCHEMA: i32 = 52;

/// A span of a message: offset and length.
#[derive(Clone, Copy, PartialEq, prost::Message)]
pub(crate) struct SpanMessage {
    #[prost(sint32, tag = "1")]
    pub(crate) offset: i32,
    #[prost(uint32, tag = "2")]
    pub(crate) length: u32,
}

/// The buckets of one sign. Where a histogram is one of floats, `counts` are read, else `deltas`.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct SideParts<'a> {
    pub(crate) spans: &'a [SpanMessage],
    pub(crate) deltas: &'a [i64],
    pub(crate) counts: &'a [f64],
}

/// The counts that stand beside the buckets.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Counts {
    Whole { count: u64, zero_count: u64 },
    Floats { count: f64, zero_count: f64 },
}

/// A histogram of a message.
#[derive(Debug, Clone)]
pub(crate) struct Parts<'a> {
    pub(crate) counter_reset: CounterReset,
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) counts: Counts,
    pub(crate) sum: f64,
    pub(crate) positive: SideParts<'a>,
    pub(crate) negative: SideParts<'a>,
    pub(crate) custom_values: &'a [f64],
}

/// Why a message is no histogram.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(crate) enum PartsError {
    #[error(transparent)]
    Histogram(#[from] HistogramError),
    #[error("it has {0} observations, and {1} in its buckets")]
    Count(u64, u64),
}

impl Parts<'_> {
    /// The histogram, checked. A schema above 8 becomes 8, as Prometheus does it. Where counts are whole
    /// numbers, the count has to be the sum of the buckets, or may be more when the sum of observations
    /// is NaN: observations that are NaN are in no bucket.
    pub(crate) fn histogram(&self) -> Result<Histogram, PartsError> {
        if is_stale(self.sum) {
            return Ok(Histogram::stale());
        }
        for side in [self.positive, self.negative] {
            if side.spans.len() > MAX_BUCKETS || side.deltas.len() > MAX_BUCKETS || side.counts.len() > MAX_BUCKETS {
                return Err(HistogramError::TooLarge.into());
            }
        }
        let (count, zero_count, positive, negative) = match self.counts {
            Counts::Floats { count, zero_count } => (count, zero_count, self.positive.counts.to_vec(), self.negative.counts.to_vec()),
            Counts::Whole { count, zero_count } => {
                let (positive, in_positive) = whole_counts(self.positive.deltas)?;
                let (negative, in_negative) = whole_counts(self.negative.deltas)?;
                let in_buckets = zero_count.saturating_add(in_positive).saturating_add(in_negative);
                if count < in_buckets || count > in_buckets && !self.sum.is_nan() {
                    return Err(PartsError::Count(count, in_buckets));
                }
                (count as f64, zero_count as f64, positive, negative)
            }
        };
        let spans = |side: SideParts<'_>| side.spans.iter().map(|s| BucketSpan { offset: s.offset, length: s.length }).collect();
        let mut histogram = Histogram {
            counter_reset: self.counter_reset,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count,
            count,
            sum: self.sum,
            positive_spans: spans(self.positive),
            negative_spans: spans(self.negative),
            positive,
            negative,
            custom_values: self.custom_values.to_vec(),
        };
        if histogram.schema > MAX_SCHEMA && histogram.schema <= LARGEST_SCHEMA {
            // Spans have to be valid before buckets can be merged.
            Histogram { schema: MAX_SCHEMA, ..histogram.clone() }.validate()?;
            histogram.reduce_resolution(MAX_SCHEMA);
        }
        histogram.validate()?;
        Ok(histogram)
    }
}

/// Counts from differences, and their sum.
fn whole_counts(deltas: &[i64]) -> Result<(Vec<f64>, u64), HistogramError> {
    let (mut count, mut sum) = (0_i64, 0_u64);
    let mut counts = Vec::with_capacity(deltas.len());
    for delta in deltas {
        count = count.checked_add(*delta).filter(|count| *count >= 0).ok_or(HistogramError::NegativeCount)?;
        sum = sum.saturating_add(count as u64);
        counts.push(count as f64);
    }
    Ok((counts, sum))
}

/// The largest schema whose buckets are each at least by `factor` wider than the one before, as
/// `native_histogram_min_bucket_factor` asks for; a factor of 0 asks for none.
pub(crate) fn schema_of_factor(factor: f64) -> i32 {
    if factor <= 1.0 {
        return MAX_SCHEMA;
    }
    // base = 2^(2^-schema)
    (-factor.log2().log2()).floor().clamp(f64::from(phoenix_model::histogram::MIN_SCHEMA), f64::from(MAX_SCHEMA)) as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    const SPANS: [SpanMessage; 2] = [SpanMessage { offset: -1, length: 2 }, SpanMessage { offset: 2, length: 1 }];

    fn parts(schema: i32, count: u64, sum: f64, deltas: &[i64]) -> Parts<'_> {
        Parts {
            counter_reset: CounterReset::Unknown,
            schema,
            zero_threshold: 0.5,
            counts: Counts::Whole { count, zero_count: 1 },
            sum,
            positive: SideParts { spans: &SPANS, deltas, counts: &[] },
            negative: SideParts::default(),
            custom_values: &[],
        }
    }

    #[test]
    fn messages() {
        let got = parts(3, 11, 2.5, &[2, 1, 2]).histogram().unwrap();
        assert_eq!((got.count, got.zero_count, got.positive), (11.0, 1.0, vec![2.0, 3.0, 5.0]));
        assert_eq!(got.positive_spans[1], BucketSpan { offset: 2, length: 1 });
        // Buckets -1, 0 and 3 of schema 9.
        let fine = parts(9, 11, 2.5, &[2, 1, 2]).histogram().unwrap();
        assert_eq!((fine.schema, fine.positive), (8, vec![5.0, 5.0]));
        let stale = parts(3, 0, phoenix_model::stale_nan(), &[]).histogram().unwrap();
        assert!(stale.is_stale());
        assert!(parts(3, 12, f64::NAN, &[2, 1, 2]).histogram().is_ok(), "an observation was NaN");
        for (bad, want) in [
            (parts(3, 12, 2.5, &[2, 1, 2]), "it has 12 observations, and 11 in its buckets"),
            (parts(3, 10, f64::NAN, &[2, 1, 2]), "it has 10 observations, and 11 in its buckets"),
            (parts(3, 1, 2.5, &[2, -3, 2]), "a count of observations is negative"),
            (parts(3, 5, 2.5, &[i64::MAX, 1, 2]), "a count of observations is negative"),
            (parts(3, 5, 2.5, &[2, 0]), "the spans of its positive buckets have 3 buckets, and there are 2"),
            (parts(60, 11, 2.5, &[2, 1, 2]), "the schema is 60, and has to be -53 or one of -4 to 8"),
        ] {
            assert_eq!(bad.histogram().unwrap_err().to_string(), want);
        }
    }

    #[test]
    fn factors() {
        for (factor, want) in [(0.0, 8), (1.0, 8), (1.002, 8), (1.1, 2), (1.2, 1), (2.0, 0), (4.0, -1), (70_000.0, -4), (1e300, -4)] {
            assert_eq!(schema_of_factor(factor), want, "{factor}");
        }
    }
}
