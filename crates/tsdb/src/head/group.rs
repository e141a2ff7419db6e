//! Series that are always written together.

use crate::codec::{Effort, decode_values, encode_values};
use crate::series::SeriesId;

/// After this many rows they are turned into packed columns. Rows take 8 bytes a value, so this is
/// what most of the memory of a series depends on.
const SEAL_ROWS: usize = 32;

/// Rows of one source. Rows are in the order of writing, not of time.
pub(super) struct Group {
    ids: Box<[SeriesId]>,
    rows: usize,
    sealed: Vec<Sealed>,
    timestamps_ms: Vec<i64>,
    batches: Vec<u32>,
    /// Row after row, `ids.len()` values each.
    values: Vec<f64>,
    sealed_bytes: u64,
}

/// Rows as packed columns.
struct Sealed {
    timestamps_ms: Box<[i64]>,
    batches: Box<[u32]>,
    /// Where each column ends in `bytes`.
    ends: Box<[u32]>,
    bytes: Box<[u8]>,
    oldest_ms: i64,
    newest_ms: i64,
}

impl Group {
    pub(super) fn new(ids: &[SeriesId]) -> Self {
        Self {
            ids: ids.into(),
            rows: 0,
            sealed: Vec::new(),
            timestamps_ms: Vec::new(),
            batches: Vec::new(),
            values: Vec::new(),
            sealed_bytes: 0,
        }
    }

    pub(super) fn ids(&self) -> &[SeriesId] {
        &self.ids
    }

    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        let tail = self.values.capacity() * 8 + self.timestamps_ms.capacity() * 8 + self.batches.capacity() * 4;
        self.sealed_bytes + (tail + self.ids.len() * 4 + size_of::<Self>()) as u64
    }

    pub(super) fn push(&mut self, timestamp_ms: i64, batch: u32, values: &[f64]) {
        debug_assert_eq!(values.len(), self.ids.len());
        self.rows += 1;
        self.timestamps_ms.push(timestamp_ms);
        self.batches.push(batch);
        self.values.extend_from_slice(values);
        if self.timestamps_ms.len() >= SEAL_ROWS {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let (width, rows) = (self.ids.len(), self.timestamps_ms.len());
        let mut bytes = Vec::new();
        let mut ends = Vec::with_capacity(width);
        let mut column_values = Vec::with_capacity(rows);
        for column in 0..width {
            column_values.clear();
            column_values.extend(self.values.iter().skip(column).step_by(width));
            encode_values(&column_values, Effort::Fast, &mut bytes);
            ends.push(bytes.len() as u32);
        }
        let sealed = Sealed {
            oldest_ms: self.timestamps_ms.iter().copied().min().unwrap_or(i64::MAX),
            newest_ms: self.timestamps_ms.iter().copied().max().unwrap_or(i64::MIN),
            timestamps_ms: self.timestamps_ms.as_slice().into(),
            batches: self.batches.as_slice().into(),
            ends: ends.into(),
            bytes: bytes.into(),
        };
        self.sealed_bytes += (sealed.bytes.len() + sealed.ends.len() * 4 + rows * 12 + size_of::<Sealed>()) as u64;
        self.sealed.push(sealed);
        self.timestamps_ms.clear();
        self.batches.clear();
        self.values.clear();
    }

    pub(super) fn has_rows(&self, start_ms: i64, end_ms: i64) -> bool {
        let within = |t: &i64| *t >= start_ms && *t <= end_ms;
        self.timestamps_ms.iter().any(within)
            || self.sealed.iter().any(|s| s.newest_ms >= start_ms && s.oldest_ms <= end_ms && s.timestamps_ms.iter().any(within))
    }

    /// Hands (timestamp, value, batch) of a column to `keep`; may hand over more than the range.
    pub(super) fn gather(&self, column: usize, start_ms: i64, end_ms: i64, keep: &mut impl FnMut(i64, f64, u32)) {
        for sealed in self.sealed.iter().filter(|s| s.newest_ms >= start_ms && s.oldest_ms <= end_ms) {
            let start = column.checked_sub(1).map_or(0, |before| sealed.ends[before] as usize);
            let bytes = &sealed.bytes[start..sealed.ends[column] as usize];
            let values = decode_values(bytes, sealed.timestamps_ms.len()).expect("this process packed the column");
            for (row, value) in values.into_iter().enumerate() {
                keep(sealed.timestamps_ms[row], value, sealed.batches[row]);
            }
        }
        for (row, timestamp_ms) in self.timestamps_ms.iter().enumerate() {
            keep(*timestamp_ms, self.values[row * self.ids.len() + column], self.batches[row]);
        }
    }
}
