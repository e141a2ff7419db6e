//! Columns of native histograms, bit for bit.
//!
//! A dictionary of layouts (schema, zero threshold, spans, custom bounds), which sample has which,
//! then a column of floats each for count, zero count, sum, and for each bucket that any sample has,
//! with the values of the samples that have it. So a bucket that is added later begins a column and
//! leaves the others as they are.

use super::layout::{BucketKey, Layout, bucket_keys, hint_of};
use super::{Effort, decode_values, encode_values};
use crate::bytes::{Reader, put_slice, put_u64};
use hashbrown::HashMap;
use phoenix_model::Histogram;
use phoenix_model::histogram::MAX_BUCKETS;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What such a column starts with. Columns of floats start with smaller numbers.
const HISTOGRAMS: u8 = 16;

/// No column of histograms has more values than this and those of one histogram.
const MAX_VALUES: usize = 1 << 20;

/// Whether these bytes are a column of histograms, and not one of floats.
pub(crate) fn is_histograms(bytes: &[u8]) -> bool {
    bytes.first() == Some(&HISTOGRAMS)
}

/// How many histograms from the front make one column.
pub(crate) fn column_length(histograms: &[(i64, Arc<Histogram>)]) -> usize {
    let mut values = 0;
    let fits = histograms.iter().take(super::MAX_COLUMN).take_while(|(_, histogram)| {
        values += size(histogram);
        values <= MAX_VALUES
    });
    fits.count().max(1).min(histograms.len())
}

/// Values that a histogram takes in columns.
fn size(histogram: &Histogram) -> usize {
    histogram.positive.len() + histogram.negative.len() + 3
}

/// Packs a column; its length is kept elsewhere. Histograms have to be valid.
pub(crate) fn encode_histograms(histograms: &[&Histogram], effort: Effort, out: &mut Vec<u8>) {
    let mut layouts: HashMap<Vec<u8>, usize> = HashMap::new();
    // Of each layout one sample that has it.
    let mut examples: Vec<&Histogram> = Vec::new();
    let mut dictionary = Vec::new();
    let mut of_sample = Vec::with_capacity(histograms.len());
    for histogram in histograms {
        let mut key = Vec::new();
        Layout::put(histogram, &mut key);
        let number = *layouts.entry(key).or_insert_with_key(|key| {
            dictionary.extend_from_slice(key);
            examples.push(histogram);
            examples.len() - 1
        });
        of_sample.push(number);
    }
    out.push(HISTOGRAMS);
    put_u64(out, examples.len() as u64);
    out.extend_from_slice(&dictionary);
    put_runs(of_sample.iter().map(|number| *number as u64), out);
    put_runs(histograms.iter().map(|h| h.counter_reset as u64), out);
    for part in [|h: &Histogram| h.count, |h: &Histogram| h.zero_count, |h: &Histogram| h.sum] {
        put_column(&histograms.iter().map(|h| part(h)).collect::<Vec<_>>(), effort, out);
    }
    let keys = examples.iter().map(|h| bucket_keys(h.schema, &h.positive_spans, &h.negative_spans));
    let (of_layout, buckets) = columns_of(keys);
    let mut columns = vec![Vec::new(); buckets];
    for (histogram, layout) in histograms.iter().zip(of_sample) {
        for (value, column) in histogram.positive.iter().chain(&histogram.negative).zip(&of_layout[layout]) {
            columns[*column as usize].push(*value);
        }
    }
    for column in columns {
        put_column(&column, effort, out);
    }
}

/// For each layout the columns of its buckets; and how many columns there are, in the order of the keys.
fn columns_of(layouts: impl Iterator<Item = impl Iterator<Item = BucketKey>>) -> (Vec<Vec<u32>>, usize) {
    let layouts: Vec<Vec<BucketKey>> = layouts.map(Iterator::collect).collect();
    let mut numbers: BTreeMap<BucketKey, u32> = layouts.iter().flatten().map(|key| (*key, 0)).collect();
    for (position, number) in numbers.values_mut().enumerate() {
        *number = position as u32;
    }
    let of_layout = layouts.iter().map(|keys| keys.iter().map(|key| numbers[key]).collect()).collect();
    (of_layout, numbers.len())
}

fn put_column(values: &[f64], effort: Effort, out: &mut Vec<u8>) {
    let mut bytes = Vec::new();
    encode_values(values, effort, &mut bytes);
    put_slice(out, &bytes);
}

/// Numbers as runs of equal ones.
fn put_runs(numbers: impl Iterator<Item = u64>, out: &mut Vec<u8>) {
    let mut run: Option<(u64, u64)> = None;
    let mut flush = |run: Option<(u64, u64)>| {
        if let Some((number, length)) = run {
            put_u64(out, number);
            put_u64(out, length);
        }
    };
    for number in numbers {
        match &mut run {
            Some((last, length)) if *last == number => *length += 1,
            _ => flush(run.replace((number, 1))),
        }
    }
    flush(run);
}

fn read_runs(reader: &mut Reader<'_>, count: usize) -> Option<Vec<u64>> {
    let mut numbers = Vec::with_capacity(count);
    while numbers.len() < count {
        let (number, length) = (reader.u64()?, reader.usize()?);
        if length == 0 || length > count - numbers.len() {
            return None;
        }
        numbers.resize(numbers.len() + length, number);
    }
    Some(numbers)
}

/// Unpacks `count` histograms; `None` when the bytes are not a column of that length.
pub(crate) fn decode_histograms(bytes: &[u8], count: usize) -> Option<Vec<Histogram>> {
    let mut reader = Reader::new(bytes);
    if reader.u8()? != HISTOGRAMS {
        return None;
    }
    let mut layouts = Vec::new();
    let mut sizes = 0;
    for _ in 0..reader.count()? {
        let layout = Layout::read(&mut reader)?;
        // Each layout has a sample, so together they are not larger than a column may be.
        sizes += layout.buckets();
        if sizes > MAX_VALUES + MAX_BUCKETS {
            return None;
        }
        layouts.push(layout);
    }
    let of_sample = read_runs(&mut reader, count)?;
    let of_sample: Vec<usize> =
        of_sample.into_iter().map(|n| usize::try_from(n).ok().filter(|n| *n < layouts.len())).collect::<Option<_>>()?;
    let hints = read_runs(&mut reader, count)?;
    let total: usize = of_sample.iter().map(|number| layouts[*number].buckets()).sum();
    if total > MAX_VALUES + MAX_BUCKETS {
        return None;
    }
    let mut column = |count: usize| decode_values(reader.slice()?, count).filter(|values| values.len() == count);
    let (counts, zero_counts, sums) = (column(count)?, column(count)?, column(count)?);
    let keys = layouts.iter().map(|layout| bucket_keys(layout.schema, &layout.positive.spans, &layout.negative.spans));
    let (of_layout, buckets) = columns_of(keys);
    let mut lengths = vec![0_usize; buckets];
    for number in &of_sample {
        for column in &of_layout[*number] {
            lengths[*column as usize] += 1;
        }
    }
    let columns = lengths.into_iter().map(column).collect::<Option<Vec<_>>>()?;
    let mut columns: Vec<_> = columns.into_iter().map(Vec::into_iter).collect();
    if !reader.rest.is_empty() {
        return None;
    }
    let mut histograms = Vec::with_capacity(count);
    for (at, number) in of_sample.into_iter().enumerate() {
        let hint = hint_of(u8::try_from(hints[at]).ok()?)?;
        let layout = &layouts[number];
        let mut histogram = layout.histogram(hint, [counts[at], zero_counts[at], sums[at]]);
        let (positive, negative) = of_layout[number].split_at(layout.positive.buckets);
        for (side, numbers) in [(&mut histogram.positive, positive), (&mut histogram.negative, negative)] {
            for column in numbers {
                side.push(columns[*column as usize].next()?);
            }
        }
        histograms.push(histogram);
    }
    Some(histograms)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::{BucketSpan, CounterReset};
    use proptest::prelude::*;

    /// Bits, since NaN does not equal itself.
    fn bits(h: &Histogram) -> impl PartialEq + std::fmt::Debug + use<> {
        let of = |values: &[f64]| values.iter().map(|v| v.to_bits()).collect::<Vec<_>>();
        let numbers = of(&[h.zero_threshold, h.zero_count, h.count, h.sum]);
        let lists = [of(&h.positive), of(&h.negative), of(&h.custom_values)];
        (h.counter_reset, h.schema, numbers, lists, h.positive_spans.clone(), h.negative_spans.clone())
    }

    fn check(histograms: &[Histogram]) -> usize {
        let mut size = 0;
        let references: Vec<_> = histograms.iter().collect();
        for effort in [Effort::Fast, Effort::Small] {
            let mut bytes = Vec::new();
            encode_histograms(&references, effort, &mut bytes);
            let back = decode_histograms(&bytes, histograms.len()).expect("what was packed can be unpacked");
            assert_eq!(back.iter().map(bits).collect::<Vec<_>>(), histograms.iter().map(bits).collect::<Vec<_>>());
            size = bytes.len();
        }
        size
    }

    fn any_spans() -> impl Strategy<Value = (Vec<BucketSpan>, Vec<f64>)> {
        let spans = prop::collection::vec((0_i32..3, 0_u32..4), 0..4);
        (-20_i32..20, spans, any::<u64>()).prop_map(|(start, spans, seed)| {
            let spans: Vec<_> = spans
                .into_iter()
                .enumerate()
                .map(|(i, (gap, length))| BucketSpan { offset: if i == 0 { start } else { gap }, length })
                .collect();
            let buckets: u32 = spans.iter().map(|span| span.length).sum();
            (spans, (0..buckets).map(|i| f64::from_bits(seed.rotate_left(i))).collect())
        })
    }

    fn any_histogram() -> impl Strategy<Value = Histogram> {
        let numbers = (any::<u64>(), any::<u64>(), any::<u64>());
        let layout = (prop::sample::select(vec![-53, -4, 0, 3, 8]), 0_u8..4, prop::collection::vec(any::<f64>(), 0..4));
        (numbers, layout, any_spans(), any_spans()).prop_map(|((count, zero, sum), (schema, hint, custom), positive, negative)| Histogram {
            counter_reset: hint_of(hint).unwrap(),
            schema,
            zero_threshold: 1e-128,
            zero_count: f64::from_bits(zero),
            count: f64::from_bits(count),
            sum: f64::from_bits(sum),
            positive_spans: positive.0,
            positive: positive.1,
            negative_spans: negative.0,
            negative: negative.1,
            custom_values: custom,
        })
    }

    /// A latency histogram as a busy server has it: 40 buckets of schema 3, of which some come later.
    pub(crate) fn latencies(samples: usize) -> Vec<Histogram> {
        let mut state = 7_u64;
        let mut random = |end: u64| {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state % end
        };
        let mut counts = [0_u64; 40];
        let mut sum = 0.0;
        (0..samples)
            .map(|at| {
                for (i, count) in counts.iter_mut().enumerate() {
                    let height = 40_u64.saturating_sub(i.abs_diff(18) as u64 * 2);
                    let more = if height == 0 { u64::from(random(200) == 0) } else { random(height + 1) };
                    *count += more;
                    sum += more as f64 * 0.000_123 * i as f64;
                }
                let buckets = if at < samples / 3 { 38 } else { 40 };
                Histogram {
                    schema: 3,
                    zero_threshold: 2_f64.powi(-128),
                    count: counts[..buckets].iter().sum::<u64>() as f64,
                    sum,
                    positive_spans: vec![BucketSpan { offset: -30, length: buckets as u32 }],
                    positive: counts[..buckets].iter().map(|count| *count as f64).collect(),
                    ..Histogram::default()
                }
            })
            .collect()
    }

    #[test]
    fn usual_histograms_are_small() {
        let size = check(&latencies(240));
        println!("{} bytes per histogram of 40 buckets, an hour at 15 s", size as f64 / 240.0);
        assert!(size < 240 * 36, "{size}");
        let still = vec![latencies(1).remove(0); 240];
        assert!(check(&still) < 600);
    }

    #[test]
    fn odd_histograms_keep_their_bits() {
        let mut histograms = latencies(3);
        histograms[1] = Histogram::stale();
        histograms[2].counter_reset = CounterReset::Gauge;
        histograms.push(Histogram { sum: f64::NEG_INFINITY, custom_values: vec![-0.0], schema: -53, ..Histogram::default() });
        check(&histograms);
        check(&[]);
    }

    #[test]
    fn columns_have_an_end() {
        let wide = Histogram {
            positive: vec![1.0; MAX_BUCKETS],
            positive_spans: vec![BucketSpan { offset: 0, length: MAX_BUCKETS as u32 }],
            ..Histogram::default()
        };
        let many: Vec<_> = (0..40).map(|t| (t, Arc::new(wide.clone()))).collect();
        assert_eq!(column_length(&many), 31);
        assert_eq!(column_length(&many[..3]), 3);
        assert_eq!(column_length(&[]), 0);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

        #[test]
        fn histograms_round_trip(histograms in prop::collection::vec(any_histogram(), 0..20), repeat in 1_usize..4) {
            let many: Vec<_> = histograms.iter().flat_map(|h| std::iter::repeat_n(h.clone(), repeat)).collect();
            check(&many);
        }

        #[test]
        fn garbled_histograms_never_panic(
            histograms in prop::collection::vec(any_histogram(), 1..9),
            changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
            cut: prop::sample::Index,
        ) {
            let mut bytes = Vec::new();
            encode_histograms(&histograms.iter().collect::<Vec<_>>(), Effort::Fast, &mut bytes);
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            let _ = decode_histograms(&bytes, histograms.len());
            bytes.truncate(cut.index(bytes.len() + 1));
            for count in [0, 1, histograms.len(), histograms.len() + 1] {
                let _ = decode_histograms(&bytes, count);
            }
        }
    }
}
