//! What makes a histogram a histogram.
//!
//! The rules are those of <https://prometheus.io/docs/specs/native_histograms/>, "Data model".

use super::{BucketSpan, CUSTOM_BUCKETS_SCHEMA, Histogram, MAX_SCHEMA, MIN_SCHEMA};

/// The most buckets that a histogram may have, those of both signs together: 64 doublings of both
/// signs at the largest schema.
pub const MAX_BUCKETS: usize = 1 << 15;

/// Why a histogram can't be stored.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum HistogramError {
    /// There is no such schema.
    #[error("the schema is {0}, and has to be -53 or one of -4 to 8")]
    Schema(i32),
    /// Too many buckets or spans.
    #[error("it has more than {MAX_BUCKETS} buckets or spans")]
    TooLarge,
    /// Spans and buckets don't go together.
    #[error("the spans of its {side} buckets have {spans} buckets, and there are {buckets}")]
    SpanLength {
        /// `positive` or `negative`.
        side: &'static str,
        /// Buckets by the spans.
        spans: u64,
        /// Buckets that there are.
        buckets: usize,
    },
    /// A span begins before the end of the one before it, or beyond the range of indexes.
    #[error("a span of its {0} buckets overlaps the one before it, or lies beyond the range of indexes")]
    SpanOffset(&'static str),
    /// A count below 0.
    #[error("a count of observations is negative")]
    NegativeCount,
    /// The zero bucket's width is no width.
    #[error("the zero threshold is {0}")]
    ZeroThreshold(f64),
    /// Bounds that are not strictly ascending and finite.
    #[error("the custom bounds are not finite and strictly ascending")]
    CustomBounds,
    /// Custom buckets with what only exponential ones have, or the other way round.
    #[error("{0}")]
    Mixed(&'static str),
}

impl Histogram {
    /// Whether the histogram can be stored: spans that lie one behind the other and have as many
    /// buckets as there are, counts that are not negative (NaN passes, as in Prometheus), bounds that
    /// ascend. Whether the count is the sum of the buckets is not asked: sums of floats are not exact.
    pub fn validate(&self) -> Result<(), HistogramError> {
        let spans = self.positive_spans.len() + self.negative_spans.len();
        if self.positive.len() + self.negative.len() > MAX_BUCKETS || spans > MAX_BUCKETS || self.custom_values.len() > MAX_BUCKETS {
            return Err(HistogramError::TooLarge);
        }
        check_spans("positive", &self.positive_spans, self.positive.len())?;
        check_spans("negative", &self.negative_spans, self.negative.len())?;
        let counts = [self.count, self.zero_count];
        if counts.iter().chain(&self.positive).chain(&self.negative).any(|count| *count < 0.0) {
            return Err(HistogramError::NegativeCount);
        }
        if self.schema == CUSTOM_BUCKETS_SCHEMA {
            return self.check_custom();
        }
        if !(MIN_SCHEMA..=MAX_SCHEMA).contains(&self.schema) {
            return Err(HistogramError::Schema(self.schema));
        }
        if !self.custom_values.is_empty() {
            return Err(HistogramError::Mixed("it has custom bounds and exponential buckets"));
        }
        // An infinite width would leave nothing to other buckets; NaN fails the comparison.
        if !(self.zero_threshold >= 0.0 && self.zero_threshold.is_finite()) {
            return Err(HistogramError::ZeroThreshold(self.zero_threshold));
        }
        Ok(())
    }

    fn check_custom(&self) -> Result<(), HistogramError> {
        if self.zero_count != 0.0 || self.zero_threshold != 0.0 || !self.negative.is_empty() || !self.negative_spans.is_empty() {
            return Err(HistogramError::Mixed("it has custom bounds, and a zero bucket or negative buckets"));
        }
        if self.custom_values.iter().any(|bound| !bound.is_finite()) || self.custom_values.windows(2).any(|pair| pair[0] >= pair[1]) {
            return Err(HistogramError::CustomBounds);
        }
        let last = indexes(&self.positive_spans).last();
        let first = indexes(&self.positive_spans).next();
        if first.is_some_and(|index| index < 0) || last.is_some_and(|index| index > self.custom_values.len() as i64) {
            return Err(HistogramError::Mixed("it has buckets beyond its custom bounds"));
        }
        Ok(())
    }

    /// About the bytes that it takes in memory.
    pub fn memory_bytes(&self) -> u64 {
        let numbers = self.positive.len() + self.negative.len() + self.custom_values.len();
        let spans = self.positive_spans.len() + self.negative_spans.len();
        (size_of::<Self>() + numbers * size_of::<f64>() + spans * size_of::<BucketSpan>()) as u64
    }
}

/// The indexes of the buckets of spans that were checked, ascending.
pub fn indexes(spans: &[BucketSpan]) -> impl Iterator<Item = i64> + '_ {
    let mut next = 0_i64;
    spans.iter().flat_map(move |span| {
        let start = next + i64::from(span.offset);
        next = start + i64::from(span.length);
        start..next
    })
}

/// The spans of buckets with these indexes, which have to ascend strictly.
pub fn spans_of(indexes: impl IntoIterator<Item = i32>) -> Vec<BucketSpan> {
    let mut spans: Vec<BucketSpan> = Vec::new();
    let mut next = 0_i64;
    for index in indexes {
        let mut gap = i64::from(index) - next;
        match spans.last_mut() {
            Some(span) if gap == 0 => span.length += 1,
            _ => {
                // A gap that no offset can hold is bridged by a span without buckets.
                while gap > i64::from(i32::MAX) {
                    spans.push(BucketSpan { offset: i32::MAX, length: 0 });
                    gap -= i64::from(i32::MAX);
                }
                spans.push(BucketSpan { offset: gap as i32, length: 1 });
            }
        }
        next = i64::from(index) + 1;
    }
    spans
}

fn check_spans(side: &'static str, spans: &[BucketSpan], buckets: usize) -> Result<(), HistogramError> {
    let length: u64 = spans.iter().map(|span| u64::from(span.length)).sum();
    if length != buckets as u64 {
        return Err(HistogramError::SpanLength { side, spans: length, buckets });
    }
    let mut end = 0_i64;
    for (i, span) in spans.iter().enumerate() {
        end += i64::from(span.offset) + i64::from(span.length);
        if i > 0 && span.offset < 0 || i32::try_from(end).is_err() {
            return Err(HistogramError::SpanOffset(side));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span(offset: i32, length: u32) -> BucketSpan {
        BucketSpan { offset, length }
    }

    fn exponential() -> Histogram {
        Histogram {
            schema: 3,
            zero_threshold: 0.001,
            zero_count: 1.0,
            count: 7.0,
            sum: -3.5,
            positive_spans: vec![span(-2, 2), span(3, 1)],
            positive: vec![1.0, 2.0, 1.0],
            negative_spans: vec![span(i32::MAX - 1, 1)],
            negative: vec![2.0],
            ..Histogram::default()
        }
    }

    fn custom() -> Histogram {
        Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            count: 3.0,
            positive_spans: vec![span(0, 1), span(1, 1)],
            positive: vec![1.0, 2.0],
            custom_values: vec![0.5, 1.0],
            ..Histogram::default()
        }
    }

    #[test]
    fn what_is_valid() {
        for good in [exponential(), custom(), Histogram::default(), Histogram::stale(), Histogram { sum: f64::NAN, ..exponential() }] {
            assert_eq!(good.validate(), Ok(()));
        }
        let length = |side, spans, buckets| HistogramError::SpanLength { side, spans, buckets };
        for (bad, want) in [
            (Histogram { schema: 9, ..exponential() }, HistogramError::Schema(9)),
            (Histogram { schema: -5, ..exponential() }, HistogramError::Schema(-5)),
            (Histogram { positive: vec![1.0], ..exponential() }, length("positive", 3, 1)),
            (Histogram { negative: vec![], ..exponential() }, length("negative", 1, 0)),
            (Histogram { positive_spans: vec![span(0, 2), span(-1, 1)], ..exponential() }, HistogramError::SpanOffset("positive")),
            (Histogram { negative_spans: vec![span(i32::MAX, 1)], ..exponential() }, HistogramError::SpanOffset("negative")),
            (Histogram { negative: vec![-1.0], ..exponential() }, HistogramError::NegativeCount),
            (Histogram { zero_threshold: f64::INFINITY, ..exponential() }, HistogramError::ZeroThreshold(f64::INFINITY)),
            (Histogram { positive_spans: vec![span(0, u32::MAX)], ..exponential() }, length("positive", u64::from(u32::MAX), 3)),
            (
                Histogram { positive: vec![0.0; MAX_BUCKETS], positive_spans: vec![span(0, MAX_BUCKETS as u32)], ..exponential() },
                HistogramError::TooLarge,
            ),
            (
                Histogram { custom_values: vec![1.0], ..exponential() },
                HistogramError::Mixed("it has custom bounds and exponential buckets"),
            ),
            (Histogram { custom_values: vec![1.0, 1.0], ..custom() }, HistogramError::CustomBounds),
            (Histogram { custom_values: vec![1.0, f64::INFINITY], ..custom() }, HistogramError::CustomBounds),
            (Histogram { custom_values: vec![1.0], ..custom() }, HistogramError::Mixed("it has buckets beyond its custom bounds")),
            (
                Histogram { zero_count: 1.0, ..custom() },
                HistogramError::Mixed("it has custom bounds, and a zero bucket or negative buckets"),
            ),
        ] {
            assert_eq!(bad.validate(), Err(want));
        }
    }

    #[test]
    fn spans_and_indexes_are_each_others_inverse() {
        for (list, want) in [
            (vec![], vec![]),
            (vec![-3, -2, 0, 4, 5], vec![span(-3, 2), span(1, 1), span(3, 2)]),
            (vec![7], vec![span(7, 1)]),
            (vec![i32::MIN, i32::MAX - 1], vec![span(i32::MIN, 1), span(i32::MAX, 0), span(i32::MAX - 1, 1)]),
        ] {
            let spans = spans_of(list.iter().copied());
            assert_eq!(spans, want);
            assert_eq!(indexes(&spans).collect::<Vec<_>>(), list.iter().map(|i| i64::from(*i)).collect::<Vec<_>>());
        }
    }
}
