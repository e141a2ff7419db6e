//! What a record holds beside floats: native histograms and exemplars.

use crate::bytes::{Reader, put_i64, put_slice, put_u64};
use crate::codec::{Layout, hint_of};
use crate::exemplars::{put_exemplar, read_exemplar};
use crate::rows::Rows;
use crate::runs::HistogramSamples;
use crate::series::SeriesId;
use phoenix_model::{Exemplar, Histogram, Labels};
use std::sync::Arc;

/// Whole numbers beyond are not all representable in a double.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

const WHOLE: u8 = 0;
const FLOATS: u8 = 1;

/// Appends the histograms and exemplars of a batch.
pub(super) fn put_more(rows: &Rows, out: &mut Vec<u8>) {
    put_u64(out, rows.histograms.len() as u64);
    for (id, samples) in &rows.histograms {
        put_u64(out, u64::from(*id));
        put_u64(out, samples.len() as u64);
        for (timestamp_ms, histogram) in samples {
            put_i64(out, *timestamp_ms);
            put_histogram(histogram, out);
        }
    }
    put_u64(out, rows.exemplars.len() as u64);
    for (labels, exemplars) in &rows.exemplars {
        put_slice(out, labels.as_bytes());
        put_u64(out, exemplars.len() as u64);
        for exemplar in exemplars {
            put_exemplar(exemplar, out);
        }
    }
}

pub(super) type More = (Vec<(SeriesId, HistogramSamples)>, Vec<(Labels, Vec<Exemplar>)>);

/// Reads them back; `None` when the bytes are something else.
pub(super) fn read_more(reader: &mut Reader<'_>) -> Option<More> {
    let histograms = (0..reader.count()?)
        .map(|_| {
            let id = reader.u32()?;
            let samples = (0..reader.count()?).map(|_| Some((reader.i64()?, Arc::new(read_histogram(reader)?))));
            Some((id, samples.collect::<Option<Vec<_>>>()?))
        })
        .collect::<Option<Vec<_>>>()?;
    let exemplars = (0..reader.count()?)
        .map(|_| {
            let labels = Labels::from_bytes(reader.slice()?)?;
            let exemplars = (0..reader.count()?).map(|_| read_exemplar(reader));
            Some((labels, exemplars.collect::<Option<Vec<_>>>()?))
        })
        .collect::<Option<Vec<_>>>()?;
    Some((histograms, exemplars))
}

fn put_histogram(histogram: &Histogram, out: &mut Vec<u8>) {
    Layout::put(histogram, out);
    out.push(histogram.counter_reset as u8);
    for value in [histogram.count, histogram.zero_count, histogram.sum] {
        out.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    let buckets = || histogram.positive.iter().chain(&histogram.negative);
    if buckets().all(|count| is_whole(*count)) {
        out.push(WHOLE);
        buckets().for_each(|count| put_u64(out, *count as u64));
    } else {
        out.push(FLOATS);
        buckets().for_each(|count| out.extend_from_slice(&count.to_bits().to_le_bytes()));
    }
}

/// Whether a count comes back from a whole number, bit for bit: -0.0 does not.
fn is_whole(count: f64) -> bool {
    (0.0..LARGEST_WHOLE).contains(&count) && (count as u64 as f64).to_bits() == count.to_bits()
}

fn read_histogram(reader: &mut Reader<'_>) -> Option<Histogram> {
    let layout = Layout::read(reader)?;
    let hint = hint_of(reader.u8()?)?;
    let mut float = || reader.fixed_u64().map(f64::from_bits);
    let mut histogram = layout.histogram(hint, [float()?, float()?, float()?]);
    let kind = reader.u8()?;
    let mut bucket = || match kind {
        WHOLE => reader.u64().map(|count| count as f64),
        FLOATS => reader.fixed_u64().map(f64::from_bits),
        _ => None,
    };
    for (side, length) in [(&mut histogram.positive, layout.positive.buckets), (&mut histogram.negative, layout.negative.buckets)] {
        for _ in 0..length {
            side.push(bucket()?);
        }
    }
    Some(histogram)
}
