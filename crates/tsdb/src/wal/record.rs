//! One batch as bytes.

use super::more::{put_more, read_more};
use super::{RECORD_HEADER_BYTES, record_crc};
use crate::bytes::{Reader, put_i64, put_slice, put_u64};
use crate::rows::{Rows, Samples};
use crate::series::SeriesId;
use phoenix_model::Labels;

const ROW: u8 = 1;
const MIXED: u8 = 2;

/// Added to the kind when histograms and exemplars follow the floats. Format 1 of the folder has none.
const WITH_MORE: u8 = 0x10;

/// A series that a record is the first of its segment to use.
pub(crate) type SeriesDefinition = (SeriesId, Labels);

/// Appends a record with its header.
pub(crate) fn encode_record(definitions: &[SeriesDefinition], rows: &Rows, out: &mut Vec<u8>) {
    let start = out.len();
    out.reserve(RECORD_HEADER_BYTES + rows.len() * 10 + 32);
    out.extend_from_slice(&[0; RECORD_HEADER_BYTES]);
    let has_more = !rows.histograms.is_empty() || !rows.exemplars.is_empty();
    let kind = match rows.samples {
        Samples::Row { .. } => ROW,
        Samples::Mixed { .. } => MIXED,
    };
    out.push(if has_more { kind | WITH_MORE } else { kind });
    put_u64(out, definitions.len() as u64);
    for (id, labels) in definitions {
        put_u64(out, u64::from(*id));
        put_slice(out, labels.as_bytes());
    }
    put_u64(out, rows.ids.len() as u64);
    let mut previous = 0;
    for id in &rows.ids {
        put_i64(out, i64::from(*id) - previous);
        previous = i64::from(*id);
    }
    let values = match &rows.samples {
        Samples::Row { timestamp_ms, values } => {
            put_i64(out, *timestamp_ms);
            values
        }
        Samples::Mixed { counts, timestamps_ms, values } => {
            let mut previous = 0;
            for count in counts {
                put_u64(out, u64::from(*count));
            }
            for timestamp_ms in timestamps_ms {
                put_i64(out, timestamp_ms.wrapping_sub(previous));
                previous = *timestamp_ms;
            }
            values
        }
    };
    for value in values {
        out.extend_from_slice(&value.to_bits().to_le_bytes());
    }
    if has_more {
        put_more(rows, out);
    }
    let length = (out.len() - start - RECORD_HEADER_BYTES) as u32;
    let crc = record_crc(length, &out[start + RECORD_HEADER_BYTES..]);
    out[start..start + 4].copy_from_slice(&length.to_le_bytes());
    out[start + 4..start + 8].copy_from_slice(&crc.to_le_bytes());
}

/// Reads a record's payload; `None` when it is not one.
pub(crate) fn decode_record(payload: &[u8]) -> Option<(Vec<SeriesDefinition>, Rows)> {
    let mut reader = Reader::new(payload);
    let kind = reader.u8()?;
    let definitions = (0..reader.count()?)
        .map(|_| {
            let id = reader.u32()?;
            Some((id, Labels::from_bytes(reader.slice()?)?))
        })
        .collect::<Option<Vec<_>>>()?;
    let mut previous = 0_i64;
    let ids = (0..reader.count()?)
        .map(|_| {
            previous = previous.checked_add(reader.i64()?)?;
            u32::try_from(previous).ok()
        })
        .collect::<Option<Vec<_>>>()?;
    let values = |reader: &mut Reader<'_>, count: usize| {
        let bytes = reader.take(count.checked_mul(8)?)?;
        let values = bytes.chunks_exact(8).map(|b| f64::from_bits(u64::from_le_bytes(b.try_into().expect("chunks of eight"))));
        Some(values.collect::<Vec<_>>())
    };
    let samples = match kind & !WITH_MORE {
        ROW => {
            let timestamp_ms = reader.i64()?;
            Samples::Row { timestamp_ms, values: values(&mut reader, ids.len())? }
        }
        MIXED => {
            let counts = ids.iter().map(|_| reader.u32()).collect::<Option<Vec<_>>>()?;
            let total: u64 = counts.iter().map(|c| u64::from(*c)).sum();
            let total = usize::try_from(total).ok().filter(|total| *total <= reader.rest.len())?;
            let mut previous = 0_i64;
            let timestamps_ms = (0..total)
                .map(|_| {
                    previous = previous.wrapping_add(reader.i64()?);
                    Some(previous)
                })
                .collect::<Option<Vec<_>>>()?;
            Samples::Mixed { counts, timestamps_ms, values: values(&mut reader, total)? }
        }
        _ => return None,
    };
    let (histograms, exemplars) = if kind & WITH_MORE == 0 { Default::default() } else { read_more(&mut reader)? };
    reader.rest.is_empty().then_some((definitions, Rows { ids, samples, histograms, exemplars }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::{BucketSpan, CounterReset, Exemplar, Histogram};
    use proptest::prelude::*;
    use std::sync::Arc;

    fn any_rows() -> impl Strategy<Value = Rows> {
        let row = (prop::collection::vec((any::<u32>(), any::<u64>()), 0..20), any::<i64>()).prop_map(|(series, timestamp_ms)| {
            let values = series.iter().map(|s| f64::from_bits(s.1)).collect();
            Rows::floats(series.iter().map(|s| s.0).collect(), Samples::Row { timestamp_ms, values })
        });
        let mixed = prop::collection::vec((any::<u32>(), prop::collection::vec((any::<i64>(), any::<f64>()), 0..5)), 0..9).prop_map(|s| {
            let samples = Samples::Mixed {
                counts: s.iter().map(|s| s.1.len() as u32).collect(),
                timestamps_ms: s.iter().flat_map(|s| s.1.iter().map(|x| x.0)).collect(),
                values: s.iter().flat_map(|s| s.1.iter().map(|x| x.1)).collect(),
            };
            Rows::floats(s.iter().map(|s| s.0).collect(), samples)
        });
        let exemplar = (any::<i64>(), any::<f64>(), "[a-z]{0,9}").prop_map(|(timestamp_ms, value, trace)| Exemplar {
            labels: Labels::from_pairs([("trace_id", trace)]),
            value,
            timestamp_ms,
        });
        let exemplars = prop::collection::vec(exemplar, 0..3).prop_map(|all| (Labels::from_pairs([("__name__", "x")]), all));
        let histograms = prop::collection::vec((any::<u32>(), prop::collection::vec((any::<i64>(), any_histogram()), 0..3)), 0..3);
        (prop_oneof![row, mixed], histograms, prop::collection::vec(exemplars, 0..3)).prop_map(|(rows, histograms, exemplars)| Rows {
            histograms: histograms.into_iter().map(|(id, s)| (id, s.into_iter().map(|(t, h)| (t, Arc::new(h))).collect())).collect(),
            exemplars,
            ..rows
        })
    }

    fn any_histogram() -> impl Strategy<Value = Histogram> {
        let counts = prop_oneof![any::<f64>(), (0_u32..9).prop_map(f64::from)];
        (any::<f64>(), prop::collection::vec(counts, 0..6), -50_i32..50, any::<bool>()).prop_map(|(sum, counts, offset, is_custom)| {
            let spans = vec![BucketSpan { offset, length: counts.len() as u32 }];
            let hint = if is_custom { CounterReset::Gauge } else { CounterReset::No };
            let custom_values = if is_custom { vec![1.0, sum] } else { Vec::new() };
            Histogram {
                counter_reset: hint,
                sum,
                positive_spans: spans,
                positive: counts,
                custom_values,
                schema: 3,
                ..Histogram::default()
            }
        })
    }

    proptest! {
        #[test]
        fn records_round_trip(rows in any_rows(), names in prop::collection::vec("[a-z]{1,9}", 0..4)) {
            let definitions: Vec<_> = names.iter().enumerate().map(|(i, n)| (i as u32, Labels::from_pairs([("__name__", n)]))).collect();
            let mut bytes = Vec::new();
            encode_record(&definitions, &rows, &mut bytes);
            let (got_definitions, got) = decode_record(&bytes[RECORD_HEADER_BYTES..]).unwrap();
            prop_assert_eq!(got_definitions, definitions);
            // Through bytes again, since NaN does not equal itself.
            let mut again = Vec::new();
            encode_record(&[], &got, &mut again);
            let mut want = Vec::new();
            encode_record(&[], &rows, &mut want);
            prop_assert_eq!(again, want);
        }

        #[test]
        fn garbled_records_never_panic(rows in any_rows(), at: prop::sample::Index, byte: u8, cut: prop::sample::Index) {
            let mut bytes = Vec::new();
            encode_record(&[(1, Labels::from_pairs([("a", "b")]))], &rows, &mut bytes);
            let mut payload = bytes.split_off(RECORD_HEADER_BYTES);
            let at = at.index(payload.len());
            payload[at] = byte;
            let _ = decode_record(&payload);
            let _ = decode_record(&payload[..cut.index(payload.len())]);
        }
    }
}
