//! A batch of log entries as the payload of a record of the write-ahead log.
//!
//! A byte for the kind of record ([`KIND_LOGS`]), then for each stream: its labels (0 and the packed
//! labels, or the number, from 1, of the place in this record where they stood first), the number of
//! entries, and for each entry the time as the difference to the one before in the record, level,
//! line, metadata.

use crate::bytes::{Reader, put_i64, put_slice, put_u64};
use crate::retention::Cutoffs;
use crate::write::Encoded;
use hashbrown::HashMap;
use phoenix_model::logs::{Level, LogWrite};
use phoenix_model::{Labels, LabelsRef};

/// The kind of records that hold log entries. Others, for other schemas, get numbers of their own.
const KIND_LOGS: u8 = 1;

/// Writes the entries that are not past their retention.
pub(crate) fn encode_batch(write: &LogWrite, cutoffs: &Cutoffs<'_>, out: &mut Vec<u8>) -> Encoded {
    let mut encoded = Encoded::default();
    out.push(KIND_LOGS);
    out.reserve(write.size_bytes() + write.len() * 12);
    let mut known: HashMap<&[u8], u64> = HashMap::new();
    let mut before_ns = 0_i64;
    for (labels, entries) in write.streams() {
        let cutoff_ns = cutoffs.of_labels(labels);
        let (mut count, mut too_old) = (0_u64, 0_u64);
        for entry in entries.clone() {
            if entry.timestamp_ns < cutoff_ns { too_old += 1 } else { count += 1 }
        }
        encoded.too_old += too_old;
        if count == 0 {
            continue;
        }
        encoded.kept += count;
        let next = known.len() as u64 + 1;
        let place = *known.entry(labels.as_bytes()).or_insert(next);
        if place == next {
            put_u64(out, 0);
            put_slice(out, labels.as_bytes());
        } else {
            put_u64(out, place);
        }
        put_u64(out, count);
        for entry in entries.filter(|entry| entry.timestamp_ns >= cutoff_ns) {
            put_i64(out, entry.timestamp_ns.wrapping_sub(before_ns));
            before_ns = entry.timestamp_ns;
            out.push(entry.level as u8);
            put_slice(out, entry.line.as_bytes());
            put_slice(out, entry.metadata.as_bytes());
        }
    }
    encoded
}

/// Reads a payload back; `None` when it can't be understood.
pub(crate) fn decode_batch(payload: &[u8]) -> Option<LogWrite> {
    let mut reader = Reader::new(payload);
    if reader.u8()? != KIND_LOGS {
        return None;
    }
    let mut write = LogWrite::default();
    let mut known: Vec<Labels> = Vec::new();
    let mut before_ns = 0_i64;
    while !reader.rest.is_empty() {
        let labels = match reader.usize()? {
            0 => {
                known.push(Labels::from_bytes(reader.slice()?)?);
                known.last()?
            }
            place => known.get(place - 1)?,
        };
        write.begin_stream(labels.clone());
        for _ in 0..reader.count()? {
            before_ns = before_ns.wrapping_add(reader.i64()?);
            let level = Level::from_number(reader.u8()?)?;
            let line = reader.str()?;
            let metadata = LabelsRef::checked(reader.slice()?)?;
            write.push(before_ns, line, metadata, level);
        }
    }
    Some(write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::retention::Retention;
    use proptest::prelude::*;
    use std::time::Duration;

    type Entry = (i64, String, Vec<(String, String)>, u8);

    fn write(streams: &[(u8, Vec<Entry>)]) -> LogWrite {
        let mut write = LogWrite::default();
        for (stream, entries) in streams {
            write.begin_stream(Labels::from_pairs([("app", stream.to_string())]));
            for (t, line, metadata, level) in entries {
                let metadata = Labels::from_pairs(metadata.iter().map(|(n, v)| (n, v)));
                write.push(*t, line, metadata.as_ref(), Level::from_number(*level).unwrap());
            }
        }
        write
    }

    fn flat(write: &LogWrite) -> Vec<(String, i64, String, Labels, Level)> {
        let entries = write.streams().flat_map(|(labels, entries)| entries.map(move |e| (labels, e)));
        entries.map(|(l, e)| (l.to_string(), e.timestamp_ns, e.line.to_owned(), e.metadata.to_labels(), e.level)).collect()
    }

    fn entries() -> impl Strategy<Value = Vec<Entry>> {
        let metadata = prop::collection::vec(("[a-c]", "[a-z]{0,3}"), 0..3);
        prop::collection::vec((any::<i64>(), ".{0,20}", metadata, 0u8..9), 0..5)
    }

    proptest! {
        #[test]
        fn a_batch_is_the_same_after_writing_and_reading(streams in prop::collection::vec((0u8..3, entries()), 0..6)) {
            let write = write(&streams);
            let mut bytes = Vec::new();
            let encoded = encode_batch(&write, &Cutoffs::NONE, &mut bytes);
            prop_assert_eq!(encoded, Encoded { kept: write.len() as u64, too_old: 0 });
            prop_assert_eq!(flat(&decode_batch(&bytes).unwrap()), flat(&write));
        }

        #[test]
        fn arbitrary_payloads_never_panic(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            decode_batch(&bytes);
            if let Some(kind) = bytes.first_mut() {
                *kind = KIND_LOGS;
            }
            decode_batch(&bytes);
        }
    }

    #[test]
    fn what_is_past_its_retention_is_left_out() {
        let retention = Retention { default: Some(Duration::from_secs(10)), ..Retention::default() };
        let entry = |t: i64| (t, "x".to_owned(), vec![], 0);
        let write = write(&[(1, vec![entry(9_999_999_999), entry(10_000_000_000)]), (2, vec![entry(5)])]);
        let mut bytes = Vec::new();
        let encoded = encode_batch(&write, &retention.cutoffs(20_000), &mut bytes);
        assert_eq!(encoded, Encoded { kept: 1, too_old: 2 });
        assert_eq!(flat(&decode_batch(&bytes).unwrap()).len(), 1);
    }
}
