//! The table of label pairs with their posting lists.

use super::tables::Place;
use crate::bytes::{Reader, put_slice, put_u64};

/// A value of a label, and the series that have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PairRow {
    pub(super) value: Box<str>,
    /// Series with this pair.
    pub(super) series: u32,
    pub(super) postings: Place,
}

/// Packs rows of one blob: a value is stored without what it shares with the one before.
pub(super) fn encode_pair_rows(rows: &[PairRow], out: &mut Vec<u8>) {
    let mut previous: &[u8] = &[];
    for row in rows {
        let value = row.value.as_bytes();
        let shared = value.iter().zip(previous).take_while(|(a, b)| a == b).count();
        put_u64(out, shared as u64);
        put_slice(out, &value[shared..]);
        for word in [row.series, row.postings.blob, row.postings.offset, row.postings.length] {
            put_u64(out, u64::from(word));
        }
        previous = value;
    }
}

/// Reads all rows of one blob.
pub(super) fn decode_pair_rows(bytes: &[u8]) -> Option<Vec<PairRow>> {
    let mut reader = Reader::new(bytes);
    let mut rows: Vec<PairRow> = Vec::new();
    let mut value = Vec::new();
    while !reader.rest.is_empty() {
        let shared = reader.usize().filter(|shared| *shared <= value.len())?;
        value.truncate(shared);
        value.extend_from_slice(reader.slice()?);
        let series = reader.u32()?;
        let postings = Place { blob: reader.u32()?, offset: reader.u32()?, length: reader.u32()? };
        rows.push(PairRow { value: std::str::from_utf8(&value).ok()?.into(), series, postings });
    }
    Some(rows)
}

/// Adds a series to a packed posting list; numbers ascend.
pub(super) fn put_posting(out: &mut Vec<u8>, last: &mut u32, series: u32) {
    put_u64(out, u64::from(series - *last));
    *last = series;
}

/// Unpacks a posting list; `None` unless it ascends below `limit`.
pub(super) fn decode_postings(bytes: &[u8], count: u32, limit: u32) -> Option<Vec<u32>> {
    let mut reader = Reader::new(bytes);
    let mut series = 0_u32;
    let mut out = Vec::with_capacity((count as usize).min(bytes.len()));
    for position in 0..count {
        let step = reader.u32()?;
        if position > 0 && step == 0 {
            return None;
        }
        series = series.checked_add(step).filter(|s| *s < limit)?;
        out.push(series);
    }
    Some(out)
}
