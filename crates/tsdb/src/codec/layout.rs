//! Where the buckets of histograms lie, as bytes.

use crate::bytes::{Reader, put_i64, put_u64};
use phoenix_model::histogram::{MAX_BUCKETS, indexes};
use phoenix_model::{BucketSpan, CounterReset, Histogram};

/// What samples of a histogram have in common while no bucket is added.
#[derive(Debug, Clone, Default)]
pub(crate) struct Layout {
    pub(crate) schema: i32,
    pub(crate) zero_threshold: f64,
    pub(crate) positive: Side,
    pub(crate) negative: Side,
    pub(crate) custom_values: Vec<f64>,
}

/// The buckets of one sign.
#[derive(Debug, Clone, Default)]
pub(crate) struct Side {
    pub(crate) spans: Vec<BucketSpan>,
    pub(crate) buckets: usize,
}

impl Layout {
    /// Appends the layout of a histogram. Equal bytes are equal layouts, bit for bit.
    pub(crate) fn put(histogram: &Histogram, out: &mut Vec<u8>) {
        put_i64(out, i64::from(histogram.schema));
        out.extend_from_slice(&histogram.zero_threshold.to_bits().to_le_bytes());
        for spans in [&histogram.positive_spans, &histogram.negative_spans] {
            put_u64(out, spans.len() as u64);
            for span in spans {
                put_i64(out, i64::from(span.offset));
                put_u64(out, u64::from(span.length));
            }
        }
        put_u64(out, histogram.custom_values.len() as u64);
        for value in &histogram.custom_values {
            out.extend_from_slice(&value.to_bits().to_le_bytes());
        }
    }

    /// Reads a layout; `None` when it is none that a histogram can have.
    pub(crate) fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let schema = i32::try_from(reader.i64()?).ok()?;
        let zero_threshold = f64::from_bits(reader.fixed_u64()?);
        let (positive, negative) = (Side::read(reader)?, Side::read(reader)?);
        let bounds = reader.count()?;
        let custom_values = (0..bounds).map(|_| reader.fixed_u64().map(f64::from_bits)).collect::<Option<Vec<_>>>()?;
        let layout = Self { schema, zero_threshold, positive, negative, custom_values };
        (layout.buckets() <= MAX_BUCKETS).then_some(layout)
    }

    /// The number of buckets, those of both signs.
    pub(crate) fn buckets(&self) -> usize {
        self.positive.buckets + self.negative.buckets
    }

    /// A histogram of this layout.
    pub(crate) fn histogram(&self, hint: CounterReset, [count, zero_count, sum]: [f64; 3]) -> Histogram {
        Histogram {
            counter_reset: hint,
            schema: self.schema,
            zero_threshold: self.zero_threshold,
            zero_count,
            count,
            sum,
            positive_spans: self.positive.spans.clone(),
            negative_spans: self.negative.spans.clone(),
            positive: Vec::with_capacity(self.positive.buckets),
            negative: Vec::with_capacity(self.negative.buckets),
            custom_values: self.custom_values.clone(),
        }
    }
}

impl Side {
    fn read(reader: &mut Reader<'_>) -> Option<Self> {
        let mut side = Self::default();
        for _ in 0..reader.count()? {
            let span = BucketSpan { offset: i32::try_from(reader.i64()?).ok()?, length: reader.u32()? };
            side.buckets = side.buckets.checked_add(span.length as usize).filter(|buckets| *buckets <= MAX_BUCKETS)?;
            side.spans.push(span);
        }
        Some(side)
    }
}

/// A bucket among all that a chunk has: schema, sign, index.
pub(super) type BucketKey = (i32, bool, i64);

/// The buckets of a layout in the order in which histograms hold them: positive ones, then negative ones.
pub(super) fn bucket_keys<'a>(schema: i32, positive: &'a [BucketSpan], negative: &'a [BucketSpan]) -> impl Iterator<Item = BucketKey> + 'a {
    let positive = indexes(positive).map(move |index| (schema, false, index));
    positive.chain(indexes(negative).map(move |index| (schema, true, index)))
}

/// The hint as it stands in files.
pub(crate) fn hint_of(byte: u8) -> Option<CounterReset> {
    match byte {
        0 => Some(CounterReset::Unknown),
        1 => Some(CounterReset::Yes),
        2 => Some(CounterReset::No),
        3 => Some(CounterReset::Gauge),
        _ => None,
    }
}
