//! Writing a part, series by series, in one pass over the file.

use super::meta::{Blob, Meta, Name, footer};
use super::pairs::{PairRow, encode_pair_rows, put_posting};
use super::tables::{ChunkRow, ColumnRow, Place, SeriesRowEncoder};
use super::{BLOB_BYTES, MAGIC, TABLE_ROWS};
use crate::TsdbError;
use crate::codec::{Effort, MAX_COLUMN, column_length, encode_histograms, encode_timestamps, encode_values};
use hashbrown::{DefaultHashBuilder, HashMap};
use phoenix_env::{Disk, DiskError, DiskFile, OpenMode};
use phoenix_model::{Histogram, Labels};
use std::hash::BuildHasher;
use std::path::Path;
use std::sync::Arc;

/// What distinguishes a part.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PartIdentity {
    /// Days since the Unix epoch.
    pub(crate) day: i64,
    /// Parts with a higher number take precedence.
    pub(crate) order: u64,
}

/// Bytes are handed to the disk in pieces of this size.
const WRITE_BYTES: usize = 1 << 20;

/// A part under construction. Series must come sorted by metric name, then labels.
pub(crate) struct PartWriter {
    file: Box<dyn DiskFile>,
    buffer: Vec<u8>,
    offset: u64,
    effort: Effort,
    meta: Meta,
    values: OpenBlob,
    timestamps: OpenBlob,
    hashers: [DefaultHashBuilder; 2],
    columns_by_hash: HashMap<(u64, u64), u32>,
    columns: Vec<ColumnRow>,
    /// Name, then value, to the position in `pairs`.
    pairs_by_name: HashMap<Box<str>, HashMap<Box<str>, u32>>,
    pairs: Vec<PostingList>,
    /// The pairs of all series, one after the other, as positions in `pairs`; and where each ends.
    series_pairs: Vec<u32>,
    series_chunks: Vec<ChunkRow>,
    series_ends: Vec<(u32, u32)>,
}

#[derive(Default)]
struct PostingList {
    bytes: Vec<u8>,
    last: u32,
    count: u32,
}

/// A blob that is being filled; its number is given out when the first bytes come.
#[derive(Default)]
struct OpenBlob {
    number: Option<u32>,
    bytes: Vec<u8>,
}

impl PartWriter {
    pub(crate) fn create(disk: &dyn Disk, path: &Path, identity: PartIdentity, effort: Effort) -> Result<Self, DiskError> {
        let meta = Meta { day: identity.day, order: identity.order, oldest_ms: i64::MAX, newest_ms: i64::MIN, ..Meta::default() };
        Ok(Self {
            file: disk.open(path, OpenMode::Create)?,
            buffer: MAGIC.to_vec(),
            offset: 0,
            effort,
            meta,
            values: OpenBlob::default(),
            timestamps: OpenBlob::default(),
            hashers: [DefaultHashBuilder::default(), DefaultHashBuilder::default()],
            columns_by_hash: HashMap::new(),
            columns: Vec::new(),
            pairs_by_name: HashMap::new(),
            pairs: Vec::new(),
            series_pairs: Vec::new(),
            series_chunks: Vec::new(),
            series_ends: Vec::new(),
        })
    }

    /// Adds a series with its samples, floats and histograms each with timestamps strictly ascending;
    /// one without samples is left out.
    pub(crate) fn add(
        &mut self,
        labels: &Labels,
        timestamps_ms: &[i64],
        values: &[f64],
        histograms: &[(i64, Arc<Histogram>)],
    ) -> Result<(), DiskError> {
        if timestamps_ms.is_empty() && histograms.is_empty() {
            return Ok(());
        }
        let number = self.meta.series;
        self.meta.series += 1;
        self.meta.samples += (timestamps_ms.len() + histograms.len()) as u64;
        let ends = [timestamps_ms.first(), timestamps_ms.last(), histograms.first().map(|h| &h.0), histograms.last().map(|h| &h.0)];
        for at_ms in ends.into_iter().flatten() {
            self.meta.oldest_ms = self.meta.oldest_ms.min(*at_ms);
            self.meta.newest_ms = self.meta.newest_ms.max(*at_ms);
        }
        for (name, value) in labels {
            let pair = self.pair(name, value);
            let list = &mut self.pairs[pair as usize];
            put_posting(&mut list.bytes, &mut list.last, number);
            list.count += 1;
            self.series_pairs.push(pair);
        }
        for (timestamps_ms, values) in timestamps_ms.chunks(MAX_COLUMN).zip(values.chunks(MAX_COLUMN)) {
            let column = self.column(timestamps_ms)?;
            let effort = self.effort;
            let place = self.put_values(|out| encode_values(values, effort, out))?;
            self.series_chunks.push(ChunkRow { column, values: place });
        }
        self.add_histograms(histograms)?;
        self.series_ends.push((self.series_pairs.len() as u32, self.series_chunks.len() as u32));
        Ok(())
    }

    fn add_histograms(&mut self, mut histograms: &[(i64, Arc<Histogram>)]) -> Result<(), DiskError> {
        while !histograms.is_empty() {
            let (some, rest) = histograms.split_at(column_length(histograms));
            let timestamps_ms: Vec<i64> = some.iter().map(|(t, _)| *t).collect();
            let samples: Vec<&Histogram> = some.iter().map(|(_, histogram)| &**histogram).collect();
            let column = self.column(&timestamps_ms)?;
            let effort = self.effort;
            let place = self.put_values(|out| encode_histograms(&samples, effort, out))?;
            self.series_chunks.push(ChunkRow { column, values: place });
            histograms = rest;
        }
        Ok(())
    }

    /// The number of series so far.
    pub(crate) fn series(&self) -> u32 {
        self.meta.series
    }

    fn pair(&mut self, name: &str, value: &str) -> u32 {
        let values = match self.pairs_by_name.get_mut(name) {
            Some(values) => values,
            None => self.pairs_by_name.entry(name.into()).or_default(),
        };
        if let Some(pair) = values.get(value) {
            return *pair;
        }
        let pair = self.pairs.len() as u32;
        values.insert(value.into(), pair);
        self.pairs.push(PostingList::default());
        pair
    }

    /// The column with these timestamps, packed when it is new.
    fn column(&mut self, timestamps_ms: &[i64]) -> Result<u32, DiskError> {
        // 128 bits under keys that nobody knows beforehand: two columns do not meet by chance.
        let key = (self.hashers[0].hash_one(timestamps_ms), self.hashers[1].hash_one(timestamps_ms));
        if let Some(column) = self.columns_by_hash.get(&key) {
            return Ok(*column);
        }
        let mut blob = std::mem::take(&mut self.timestamps);
        let number = *blob.number.get_or_insert_with(|| self.next_blob());
        let offset = blob.bytes.len();
        encode_timestamps(timestamps_ms, self.effort, &mut blob.bytes);
        let place = Place { blob: number, offset: offset as u32, length: (blob.bytes.len() - offset) as u32 };
        self.timestamps = self.write_if_full(blob)?;
        let column = self.columns.len() as u32;
        self.columns.push(ColumnRow {
            place,
            count: timestamps_ms.len() as u32,
            oldest_ms: timestamps_ms[0],
            newest_ms: timestamps_ms[timestamps_ms.len() - 1],
        });
        self.columns_by_hash.insert(key, column);
        Ok(column)
    }

    fn put_values(&mut self, encode: impl FnOnce(&mut Vec<u8>)) -> Result<Place, DiskError> {
        let mut blob = std::mem::take(&mut self.values);
        let number = *blob.number.get_or_insert_with(|| self.next_blob());
        let offset = blob.bytes.len();
        encode(&mut blob.bytes);
        let place = Place { blob: number, offset: offset as u32, length: (blob.bytes.len() - offset) as u32 };
        self.values = self.write_if_full(blob)?;
        Ok(place)
    }

    fn next_blob(&mut self) -> u32 {
        self.meta.blobs.push(Blob::default());
        self.meta.blobs.len() as u32 - 1
    }

    fn write_if_full(&mut self, blob: OpenBlob) -> Result<OpenBlob, DiskError> {
        if blob.bytes.len() < BLOB_BYTES {
            return Ok(blob);
        }
        self.write_open(&blob)?;
        Ok(OpenBlob::default())
    }

    fn write_open(&mut self, blob: &OpenBlob) -> Result<(), DiskError> {
        let Some(number) = blob.number else { return Ok(()) };
        self.meta.blobs[number as usize] = self.write(&blob.bytes)?;
        Ok(())
    }

    /// Writes a blob under the next number.
    fn write_blob(&mut self, bytes: &[u8]) -> Result<(), DiskError> {
        let number = self.next_blob();
        self.meta.blobs[number as usize] = self.write(bytes)?;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<Blob, DiskError> {
        let blob = Blob { offset: self.offset + self.buffer.len() as u64, length: bytes.len() as u32, crc: crc32fast::hash(bytes) };
        self.buffer.extend_from_slice(bytes);
        if self.buffer.len() >= WRITE_BYTES {
            self.write_through()?;
        }
        Ok(blob)
    }

    fn write_through(&mut self) -> Result<(), DiskError> {
        self.file.append(&self.buffer)?;
        self.offset += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Writes the tables and makes the file durable. Its name is durable after a sync of the folder.
    pub(crate) fn finish(mut self) -> Result<(), TsdbError> {
        let (values, timestamps) = (std::mem::take(&mut self.values), std::mem::take(&mut self.timestamps));
        self.write_open(&values)?;
        self.write_open(&timestamps)?;
        let numbers = self.write_pairs()?;
        self.write_series(&numbers)?;
        self.meta.columns_at = self.meta.blobs.len() as u32;
        let columns = std::mem::take(&mut self.columns);
        for rows in columns.chunks(TABLE_ROWS) {
            let mut bytes = Vec::new();
            for row in rows {
                row.encode(&mut bytes);
            }
            self.write_blob(&bytes)?;
        }
        let meta = self.meta.encode();
        let offset = self.offset + self.buffer.len() as u64;
        self.buffer.extend_from_slice(&meta);
        self.buffer.extend_from_slice(&footer(offset, &meta));
        self.write_through()?;
        self.file.sync()?;
        Ok(())
    }

    /// Writes posting lists and the table of pairs; gives the number of the pair at each position.
    fn write_pairs(&mut self) -> Result<Vec<u32>, DiskError> {
        let mut names: Vec<_> = std::mem::take(&mut self.pairs_by_name).into_iter().collect();
        names.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let lists = std::mem::take(&mut self.pairs);
        let mut numbers = vec![0; lists.len()];
        let mut rows = Vec::with_capacity(lists.len());
        let mut blob = OpenBlob::default();
        for (name, values) in names {
            let mut values: Vec<(Box<str>, u32)> = values.into_iter().collect();
            values.sort_unstable();
            self.meta.names.push(Name { text: name, first_pair: rows.len() as u32, pairs: values.len() as u32 });
            for (value, position) in values {
                let list = &lists[position as usize];
                numbers[position as usize] = rows.len() as u32;
                let number = *blob.number.get_or_insert_with(|| self.next_blob());
                let postings = Place { blob: number, offset: blob.bytes.len() as u32, length: list.bytes.len() as u32 };
                blob.bytes.extend_from_slice(&list.bytes);
                rows.push(PairRow { value, series: list.count, postings });
                blob = self.write_if_full(blob)?;
            }
        }
        self.write_open(&blob)?;
        self.meta.pairs_at = self.meta.blobs.len() as u32;
        for some in rows.chunks(TABLE_ROWS) {
            let mut bytes = Vec::new();
            encode_pair_rows(some, &mut bytes);
            self.write_blob(&bytes)?;
            self.meta.first_values.push(some[0].value.clone());
        }
        Ok(numbers)
    }

    fn write_series(&mut self, numbers: &[u32]) -> Result<(), DiskError> {
        self.meta.series_at = self.meta.blobs.len() as u32;
        let ends = std::mem::take(&mut self.series_ends);
        let (mut pairs_at, mut chunks_at) = (0, 0);
        let mut pairs: Vec<u32> = Vec::new();
        for some in ends.chunks(TABLE_ROWS) {
            let mut bytes = Vec::new();
            let mut encoder = SeriesRowEncoder::default();
            for (pairs_end, chunks_end) in some {
                pairs.clear();
                // Labels are sorted by name and so are pairs: the numbers ascend.
                pairs.extend(self.series_pairs[pairs_at..*pairs_end as usize].iter().map(|position| numbers[*position as usize]));
                encoder.encode(&pairs, &self.series_chunks[chunks_at..*chunks_end as usize], &mut bytes);
                (pairs_at, chunks_at) = (*pairs_end as usize, *chunks_end as usize);
            }
            self.write_blob(&bytes)?;
        }
        Ok(())
    }
}
