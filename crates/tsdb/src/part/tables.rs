//! Rows of a part's tables.

use crate::bytes::{Reader, put_u64};

/// A place within a blob.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Place {
    pub(super) blob: u32,
    pub(super) offset: u32,
    pub(super) length: u32,
}

/// A column of timestamps that any number of series share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ColumnRow {
    pub(super) place: Place,
    pub(super) count: u32,
    pub(super) oldest_ms: i64,
    pub(super) newest_ms: i64,
}

/// A row of the table of columns takes this many bytes.
pub(super) const COLUMN_ROW_BYTES: usize = 32;

impl ColumnRow {
    pub(super) fn encode(&self, out: &mut Vec<u8>) {
        for word in [self.place.blob, self.place.offset, self.place.length, self.count] {
            out.extend_from_slice(&word.to_le_bytes());
        }
        out.extend_from_slice(&self.oldest_ms.to_le_bytes());
        out.extend_from_slice(&self.newest_ms.to_le_bytes());
    }

    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let place = Place { blob: reader.fixed_u32()?, offset: reader.fixed_u32()?, length: reader.fixed_u32()? };
        Some(Self { place, count: reader.fixed_u32()?, oldest_ms: reader.fixed_u64()? as i64, newest_ms: reader.fixed_u64()? as i64 })
    }
}

/// One chunk of a series: its column of timestamps and where its values lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct ChunkRow {
    pub(super) column: u32,
    pub(super) values: Place,
}

/// A series: the numbers of its label pairs, ascending, and its chunks: those of floats by time, then
/// those of histograms by time.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct SeriesRow {
    pub(super) pairs: Vec<u32>,
    pub(super) chunks: Vec<ChunkRow>,
}

/// Packs rows of the table of series; each blob stands alone.
#[derive(Default)]
pub(super) struct SeriesRowEncoder {
    end: Place,
}

impl SeriesRowEncoder {
    pub(super) fn encode(&mut self, pairs: &[u32], chunks: &[ChunkRow], out: &mut Vec<u8>) {
        put_u64(out, pairs.len() as u64);
        let mut previous = 0;
        for pair in pairs {
            put_u64(out, u64::from(pair - previous));
            previous = *pair;
        }
        put_u64(out, chunks.len() as u64);
        for chunk in chunks {
            put_u64(out, u64::from(chunk.column));
            put_u64(out, u64::from(chunk.values.length));
            // Values lie one after the other: 0 says "right behind the last one".
            if chunk.values.blob == self.end.blob && chunk.values.offset == self.end.offset {
                out.push(0);
            } else {
                put_u64(out, u64::from(chunk.values.blob) + 1);
                put_u64(out, u64::from(chunk.values.offset));
            }
            self.end = Place { offset: chunk.values.offset + chunk.values.length, ..chunk.values };
        }
    }
}

/// Reads all rows of one blob of the table of series.
pub(super) fn decode_series_rows(bytes: &[u8]) -> Option<Vec<SeriesRow>> {
    let mut reader = Reader::new(bytes);
    let mut rows = Vec::new();
    let mut end = Place::default();
    while !reader.rest.is_empty() {
        let mut pair = 0_u32;
        let pairs = (0..reader.count()?)
            .map(|_| {
                pair = pair.checked_add(reader.u32()?)?;
                Some(pair)
            })
            .collect::<Option<Vec<_>>>()?;
        let chunks = (0..reader.count()?)
            .map(|_| {
                let (column, length) = (reader.u32()?, reader.u32()?);
                let values = match reader.u64()? {
                    0 => Place { length, ..end },
                    blob => Place { blob: u32::try_from(blob - 1).ok()?, offset: reader.u32()?, length },
                };
                end = Place { offset: values.offset.checked_add(length)?, ..values };
                Some(ChunkRow { column, values })
            })
            .collect::<Option<Vec<_>>>()?;
        rows.push(SeriesRow { pairs, chunks });
    }
    Some(rows)
}
