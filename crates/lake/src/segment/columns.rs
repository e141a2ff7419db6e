//! Reads columns of pages.

use super::cache::Part;
use super::encoding::{Input, take_deltas, take_hybrid};
use super::layout::{DictionaryPlace, Head, PageEncoding, PagePlace};
use super::{Segment, SegmentError};
use phoenix_lines::Texts;
use phoenix_model::logs::ReadStats;
use std::sync::Arc;

/// The code of rows that have no text.
pub(super) const NO_TEXT: u32 = u32::MAX;

/// Texts of a page: for each row a code, and the texts by code.
#[derive(Debug, Default)]
pub(super) struct TextColumn {
    pub codes: Vec<u32>,
    texts: TextTable,
}

#[derive(Debug)]
enum TextTable {
    Own(Dictionary),
    Shared(Arc<Dictionary>),
}

impl Default for TextTable {
    fn default() -> Self {
        Self::Own(Dictionary::default())
    }
}

/// Texts one after the other.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    ends: Vec<u32>,
    bytes: Vec<u8>,
    /// Where the first text begins in `bytes`; ends are counted from here.
    start: usize,
}

impl TextColumn {
    fn dictionary(&self) -> &Dictionary {
        match &self.texts {
            TextTable::Own(own) => own,
            TextTable::Shared(shared) => shared,
        }
    }

    /// How many texts there are.
    pub(super) fn distinct(&self) -> usize {
        self.dictionary().ends.len()
    }

    /// Codes of rows and texts. Rows without a text have [`NO_TEXT`].
    pub(super) fn texts(&self) -> Texts<'_> {
        let dictionary = self.dictionary();
        Texts { codes: &self.codes, ends: &dictionary.ends, bytes: &dictionary.bytes[dictionary.start..] }
    }
}

/// A page of a column.
struct PageBytes {
    /// For each row whether it has a value, one or zero; `None` if all have one.
    present: Option<Vec<u32>>,
    bytes: Vec<u8>,
    /// Where the values begin in `bytes`.
    start: usize,
}

/// Reads columns of one page after the other.
pub(super) struct ColumnReader<'a> {
    pub segment: &'a Segment,
    pub head: Arc<Head>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    /// Whether parts go through the cache.
    cached: bool,
    /// A row group of a remote store that is read once and not cached.
    group: Option<(usize, Vec<u8>)>,
    pub stats: ReadStats,
}

impl<'a> ColumnReader<'a> {
    pub(super) fn new(segment: &'a Segment, head: Arc<Head>, cached: bool) -> Self {
        Self { segment, head, zstd: None, cached, group: None, stats: ReadStats::default() }
    }

    fn corrupt(&self, page: u32, column: usize, reason: &str) -> SegmentError {
        let name = self.head.columns.get(column).map_or("", |column| &column.name);
        self.segment.corrupt_parquet(format!("page {page} of column `{name}`: {reason}"))
    }

    fn place(&self, page: u32, column: usize) -> Option<PagePlace> {
        let (group, within) = self.head.group_of(page);
        self.head.groups[group].chunks[column].pages[within]
    }

    /// Reads bytes of a column's row group. From a remote store the whole column of the row group
    /// is read at once and kept, since the next page is likely to be asked for; and all columns of
    /// it are when the reader goes through all pages.
    fn bytes(&mut self, group: usize, column: usize, offset: u64, length: u32) -> Result<Vec<u8>, SegmentError> {
        let segment = self.segment;
        let beyond = || segment.corrupt_parquet("a page lies beyond its column".to_owned());
        if segment.objects.is_remote() && !self.cached {
            let chunks = &self.head.groups[group].chunks;
            let (start, end) = chunks.first().zip(chunks.last()).map(|(a, b)| (a.bytes.start, b.bytes.end)).ok_or_else(beyond)?;
            if self.group.as_ref().is_none_or(|(number, _)| *number != group) {
                self.group = None;
                let length = usize::try_from(end.saturating_sub(start)).map_err(|_| beyond())?;
                self.stats.compressed_bytes += length as u64;
                self.group = Some((group, segment.objects.read_range(&segment.parquet_key, start, length)?));
            }
            let bytes = self.group.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
            let from = offset.checked_sub(start).and_then(|from| usize::try_from(from).ok()).ok_or_else(beyond)?;
            return bytes.get(from..).and_then(|bytes| bytes.get(..length as usize)).map(<[u8]>::to_vec).ok_or_else(beyond);
        }
        if !segment.objects.is_remote() {
            self.stats.compressed_bytes += u64::from(length);
            return Ok(segment.objects.read_range(&segment.parquet_key, offset, length as usize)?);
        }
        let place = &self.head.groups[group].chunks[column].bytes;
        let stats = &mut self.stats;
        let chunk = segment.cache.get(segment.number, Part::Chunk { group: group as u32, column: column as u32 }, || {
            let length = (place.end - place.start) as usize;
            stats.compressed_bytes += length as u64;
            let bytes = segment.objects.read_range(&segment.parquet_key, place.start, length)?;
            Ok((bytes, length))
        })?;
        let from = (offset - place.start) as usize;
        chunk.get(from..from + length as usize).map(<[u8]>::to_vec).ok_or_else(beyond)
    }

    fn decompress(&mut self, bytes: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
        let mut zstd = match self.zstd.take() {
            Some(zstd) => zstd,
            None => self.segment.cache.decompressor()?,
        };
        let outcome = zstd.decompress(bytes, length);
        self.zstd = Some(zstd);
        outcome
    }

    /// Reads a page.
    fn page(&mut self, page: u32, column: usize, place: &PagePlace) -> Result<PageBytes, SegmentError> {
        let (group, _) = self.head.group_of(page);
        let bytes = self.bytes(group, column, place.offset, place.length)?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(self.corrupt(page, column, "its checksum is wrong"));
        }
        let rows = self.head.pages[page as usize].rows;
        let levels = place.levels as usize;
        if place.present > rows {
            return Err(self.corrupt(page, column, "it has more values than rows"));
        }
        let mut present = None;
        if place.present < rows {
            let mut flags = Vec::new();
            take_hybrid(&bytes[..levels], 1, rows as usize, &mut flags)
                .filter(|()| flags.iter().filter(|flag| **flag == 1).count() == place.present as usize)
                .ok_or_else(|| self.corrupt(page, column, "it does not say which rows have values"))?;
            present = Some(flags);
        }
        if place.compressed {
            let values =
                self.decompress(&bytes[levels..], place.values as usize).map_err(|e| self.corrupt(page, column, &e.to_string()))?;
            return Ok(PageBytes { present, bytes: values, start: 0 });
        }
        Ok(PageBytes { present, bytes, start: levels })
    }

    /// Numbers, one for each row; zero where there is none.
    pub(super) fn numbers(&mut self, page: u32, column: usize) -> Result<Vec<i64>, SegmentError> {
        let rows = self.head.pages[page as usize].rows as usize;
        let Some(place) = self.place(page, column) else { return Ok(vec![0; rows]) };
        let PageBytes { present, bytes: values, start } = self.page(page, column, &place)?;
        let mut numbers = Vec::new();
        (place.encoding == PageEncoding::Deltas)
            .then(|| take_deltas(&mut Input::new(&values[start..]), place.present as usize, &mut numbers))
            .flatten()
            .ok_or_else(|| self.corrupt(page, column, "its numbers make no sense"))?;
        Ok(spread(present.as_deref(), numbers, 0))
    }

    /// Texts.
    pub(super) fn texts(&mut self, page: u32, column: usize) -> Result<TextColumn, SegmentError> {
        let rows = self.head.pages[page as usize].rows as usize;
        let Some(place) = self.place(page, column) else {
            return Ok(TextColumn { codes: vec![NO_TEXT; rows], texts: TextTable::default() });
        };
        let PageBytes { present, bytes: values, start } = self.page(page, column, &place)?;
        match place.encoding {
            PageEncoding::Deltas => Err(self.corrupt(page, column, "it holds numbers")),
            PageEncoding::Lengths => {
                let dictionary = with_lengths(values, start, place.present as usize)
                    .ok_or_else(|| self.corrupt(page, column, "its texts make no sense"))?;
                let codes = spread(present.as_deref(), (0..place.present).collect(), NO_TEXT);
                Ok(TextColumn { codes, texts: TextTable::Own(dictionary) })
            }
            PageEncoding::Dictionary => {
                let dictionary = self.dictionary(page, column)?;
                let mut codes = Vec::new();
                let mut input = Input::new(&values[start..]);
                input
                    .byte()
                    .and_then(|width| take_hybrid(input.rest(), u32::from(width), place.present as usize, &mut codes))
                    .filter(|()| (codes.iter().fold(0, |most, code| (*code).max(most)) as usize) < dictionary.ends.len())
                    .ok_or_else(|| self.corrupt(page, column, "its codes make no sense"))?;
                Ok(TextColumn { codes: spread(present.as_deref(), codes, NO_TEXT), texts: TextTable::Shared(dictionary) })
            }
        }
    }

    fn dictionary(&mut self, page: u32, column: usize) -> Result<Arc<Dictionary>, SegmentError> {
        let (group, _) = self.head.group_of(page);
        let segment = self.segment;
        let place = self.head.groups[group].chunks[column].dictionary;
        let place = place.ok_or_else(|| self.corrupt(page, column, "it has no dictionary"))?;
        segment.cache.get(segment.number, Part::Dictionary { group: group as u32, column: column as u32 }, || {
            let bytes = self.bytes(group, column, place.offset, place.length)?;
            if crc32fast::hash(&bytes) != place.checksum {
                return Err(self.corrupt(page, column, "its dictionary's checksum is wrong"));
            }
            let values = self.decompress(&bytes, place.values as usize).map_err(|error| self.corrupt(page, column, &error.to_string()))?;
            let dictionary = plain_texts(&values, &place).ok_or_else(|| self.corrupt(page, column, "its dictionary makes no sense"))?;
            let size = dictionary.bytes.len() + dictionary.ends.len() * 4;
            Ok((dictionary, size))
        })
    }
}

impl Drop for ColumnReader<'_> {
    fn drop(&mut self) {
        if let Some(zstd) = self.zstd.take() {
            self.segment.cache.keep_decompressor(zstd);
        }
    }
}

/// Puts values to the rows that have one, and `filler` to the others.
fn spread<T: Copy>(present: Option<&[u32]>, values: Vec<T>, filler: T) -> Vec<T> {
    let Some(present) = present else { return values };
    let mut next = 0;
    let of_row = |flag: &u32| {
        let value = values.get(next).copied().unwrap_or(filler);
        next += *flag as usize & 1;
        if *flag == 1 { value } else { filler }
    };
    present.iter().map(of_row).collect()
}

/// Texts after their lengths.
fn with_lengths(bytes: Vec<u8>, start: usize, count: usize) -> Option<Dictionary> {
    let mut input = Input::new(&bytes[start..]);
    let mut lengths = Vec::new();
    take_deltas(&mut input, count, &mut lengths)?;
    let mut end = 0_u32;
    let mut ends = Vec::with_capacity(count);
    for length in lengths {
        end = end.checked_add(u32::try_from(length).ok()?)?;
        ends.push(end);
    }
    let start = bytes.len() - input.rest().len();
    (input.rest().len() == end as usize).then_some(Dictionary { ends, bytes, start })
}

/// Parquet's plain texts: each after four bytes of its length.
fn plain_texts(bytes: &[u8], place: &DictionaryPlace) -> Option<Dictionary> {
    let mut input = Input::new(bytes);
    let mut dictionary = Dictionary::default();
    for _ in 0..place.entries {
        let length = input.u32()? as usize;
        dictionary.bytes.extend_from_slice(input.bytes(length)?);
        dictionary.ends.push(dictionary.bytes.len() as u32);
    }
    input.rest().is_empty().then_some(dictionary)
}
