//! Reads columns of pages.

use super::cache::Part;
use super::encoding::{Input, take_deltas, take_hybrid};
use super::layout::{DictionaryPlace, PageEncoding, PagePlace};
use super::{Files, NO_TEXT, Present, SegmentError, TableHead, TextColumn, TextTable};
use std::sync::Arc;

/// Numbers of a page, zero for rows without one.
pub(crate) struct NumberColumn {
    pub numbers: Vec<i64>,
    /// Which rows have one; `None` if all have.
    pub present: Option<Present>,
}

/// Numbers of a page that have a dictionary.
pub(crate) struct CodedNumbers<T> {
    /// [`NO_TEXT`] for rows without one.
    pub codes: Vec<u32>,
    /// What was made of the dictionary.
    pub values: Arc<T>,
}

/// A page of a column.
struct PageBytes {
    /// Which rows have a value; `None` if all have.
    present: Option<Present>,
    bytes: Vec<u8>,
    /// Where the values begin in `bytes`.
    start: usize,
}

impl PageBytes {
    fn values(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

/// Reads columns of one page after the other.
pub(crate) struct ColumnReader<'a, H> {
    pub files: &'a Files,
    pub head: Arc<H>,
    zstd: Option<zstd::bulk::Decompressor<'static>>,
    /// Whether what pages share goes through the cache.
    cached: bool,
    /// A row group of a remote store that is read once and not cached.
    group: Option<(usize, Vec<u8>)>,
    /// Bytes that were read.
    pub bytes: u64,
}

impl<'a, H: TableHead> ColumnReader<'a, H> {
    pub(crate) fn new(files: &'a Files, head: Arc<H>, cached: bool) -> Self {
        Self { files, head, zstd: None, cached, group: None, bytes: 0 }
    }

    /// What is wrong with a column of a page.
    pub(crate) fn corrupt(&self, page: u32, column: usize, reason: &str) -> SegmentError {
        let name = self.head.table().columns.get(column).map_or("", |column| &column.name);
        self.files.corrupt_parquet(format!("page {page} of column `{name}`: {reason}"))
    }

    /// Reads bytes of a column's row group. From a remote store the whole column of the row group
    /// is read at once and kept, since the next page is likely to be asked for; and all columns of
    /// it are when the reader goes through all pages.
    fn read(&mut self, group: usize, column: usize, offset: u64, length: u32) -> Result<Vec<u8>, SegmentError> {
        let files = self.files;
        let beyond = || files.corrupt_parquet("a page lies beyond its column".to_owned());
        if !files.objects.is_remote() {
            self.bytes += u64::from(length);
            return Ok(files.objects.read_range(&files.parquet_key, offset, length as usize)?);
        }
        let chunks = &self.head.table().groups[group].chunks;
        if !self.cached {
            let (start, end) = chunks.first().zip(chunks.last()).map(|(a, b)| (a.bytes.start, b.bytes.end)).ok_or_else(beyond)?;
            if self.group.as_ref().is_none_or(|(number, _)| *number != group) {
                self.group = None;
                let length = usize::try_from(end.saturating_sub(start)).map_err(|_| beyond())?;
                self.bytes += length as u64;
                self.group = Some((group, files.objects.read_range(&files.parquet_key, start, length)?));
            }
            let bytes = self.group.as_ref().map(|(_, bytes)| bytes.as_slice()).unwrap_or_default();
            let from = offset.checked_sub(start).and_then(|from| usize::try_from(from).ok()).ok_or_else(beyond)?;
            return bytes.get(from..).and_then(|bytes| bytes.get(..length as usize)).map(<[u8]>::to_vec).ok_or_else(beyond);
        }
        let place = &chunks[column].bytes;
        let read = &mut self.bytes;
        let chunk = files.cached(Part::Chunk { group: group as u32, column: column as u32 }, || {
            let length = (place.end - place.start) as usize;
            *read += length as u64;
            let bytes = files.objects.read_range(&files.parquet_key, place.start, length)?;
            Ok((bytes, length))
        })?;
        let from = (offset - place.start) as usize;
        chunk.get(from..from + length as usize).map(<[u8]>::to_vec).ok_or_else(beyond)
    }

    fn decompress(&mut self, bytes: &[u8], length: usize) -> std::io::Result<Vec<u8>> {
        let mut zstd = match self.zstd.take() {
            Some(zstd) => zstd,
            None => self.files.cache.decompressor()?,
        };
        let outcome = zstd.decompress(bytes, length);
        self.zstd = Some(zstd);
        outcome
    }

    fn page(&mut self, page: u32, column: usize, place: &PagePlace) -> Result<PageBytes, SegmentError> {
        let (group, _) = self.head.table().group_of(page);
        let bytes = self.read(group, column, place.offset, place.length)?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(self.corrupt(page, column, "its checksum is wrong"));
        }
        let rows = self.head.rows(page);
        let levels = place.levels as usize;
        if place.present as usize > rows {
            return Err(self.corrupt(page, column, "it has more values than rows"));
        }
        let mut present = None;
        if (place.present as usize) < rows {
            let flags = Present::take(&bytes[..levels], rows)
                .filter(|flags| flags.count() == place.present as usize)
                .ok_or_else(|| self.corrupt(page, column, "it does not say which rows have values"))?;
            present = Some(flags);
        }
        if place.compressed {
            let values =
                self.decompress(&bytes[levels..], place.values as usize).map_err(|error| self.corrupt(page, column, &error.to_string()))?;
            return Ok(PageBytes { present, bytes: values, start: 0 });
        }
        Ok(PageBytes { present, bytes, start: levels })
    }

    /// Whether some row of a page has a value.
    pub(crate) fn has(&self, page: u32, column: usize) -> bool {
        self.head.table().page(page, column).is_some()
    }

    fn take_numbers(&mut self, page: u32, column: usize, place: &PagePlace) -> Result<(Vec<i64>, Option<Present>), SegmentError> {
        if place.encoding != PageEncoding::Deltas {
            return Err(self.corrupt(page, column, "it holds no numbers"));
        }
        let bytes = self.page(page, column, place)?;
        let mut numbers = Vec::new();
        take_deltas(&mut Input::new(bytes.values()), place.present as usize, &mut numbers)
            .ok_or_else(|| self.corrupt(page, column, "its numbers make no sense"))?;
        Ok((numbers, bytes.present))
    }

    /// Numbers.
    pub(crate) fn numbers(&mut self, page: u32, column: usize) -> Result<NumberColumn, SegmentError> {
        let rows = self.head.rows(page);
        let Some(place) = self.head.table().page(page, column) else {
            return Ok(NumberColumn { numbers: vec![0; rows], present: Some(Present::none(rows)) });
        };
        let (numbers, present) = self.take_numbers(page, column, &place)?;
        Ok(NumberColumn { numbers: spread(present.as_ref(), numbers, 0), present })
    }

    /// The numbers of the rows that have one.
    pub(crate) fn dense_numbers(&mut self, page: u32, column: usize) -> Result<Vec<i64>, SegmentError> {
        let Some(place) = self.head.table().page(page, column) else { return Ok(Vec::new()) };
        Ok(self.take_numbers(page, column, &place)?.0)
    }

    /// The bytes of the rows that have some, and which these are (all, if `None`), of a column
    /// without a dictionary.
    pub(crate) fn dense_texts(&mut self, page: u32, column: usize) -> Result<(TextTable, Option<Present>), SegmentError> {
        let Some(place) = self.head.table().page(page, column) else {
            return Ok((TextTable::default(), Some(Present::none(self.head.rows(page)))));
        };
        if place.encoding != PageEncoding::Lengths {
            return Err(self.corrupt(page, column, "it holds no bytes"));
        }
        let PageBytes { present, bytes, start } = self.page(page, column, &place)?;
        let table = TextTable::with_lengths(bytes, start, place.present as usize)
            .ok_or_else(|| self.corrupt(page, column, "its texts make no sense"))?;
        Ok((table, present))
    }

    /// Texts, or bytes.
    pub(crate) fn texts(&mut self, page: u32, column: usize) -> Result<TextColumn, SegmentError> {
        let Some(place) = self.head.table().page(page, column) else {
            return Ok(TextColumn { codes: vec![NO_TEXT; self.head.rows(page)], ..TextColumn::default() });
        };
        match place.encoding {
            PageEncoding::Deltas => Err(self.corrupt(page, column, "it holds numbers")),
            PageEncoding::Lengths => {
                let (table, present) = self.dense_texts(page, column)?;
                let codes = spread(present.as_ref(), (0..place.present).collect(), NO_TEXT);
                Ok(TextColumn { codes, table: Arc::new(table), group: None })
            }
            PageEncoding::Dictionary => {
                let table = self.dictionary(page, column)?;
                let codes = self.codes(page, column, &place, table.len())?;
                Ok(TextColumn { codes, table, group: Some(self.head.table().group_of(page).0 as u32) })
            }
        }
    }

    /// The rows' codes in a dictionary of so many entries; [`NO_TEXT`] for rows without a value.
    fn codes(&mut self, page: u32, column: usize, place: &PagePlace, entries: usize) -> Result<Vec<u32>, SegmentError> {
        let bytes = self.page(page, column, place)?;
        let mut codes = Vec::new();
        let mut input = Input::new(bytes.values());
        input
            .byte()
            .and_then(|width| take_hybrid(input.rest(), u32::from(width), place.present as usize, &mut codes))
            .filter(|()| (codes.iter().fold(0, |most, code| (*code).max(most)) as usize) < entries)
            .ok_or_else(|| self.corrupt(page, column, "its codes make no sense"))?;
        Ok(spread(bytes.present.as_ref(), codes, NO_TEXT))
    }

    /// The bytes of a column's dictionary, decompressed.
    fn dictionary_bytes(&mut self, page: u32, column: usize) -> Result<(Vec<u8>, DictionaryPlace), SegmentError> {
        let (group, _) = self.head.table().group_of(page);
        let place = self.head.table().groups[group].chunks[column].dictionary;
        let place = place.ok_or_else(|| self.corrupt(page, column, "it has no dictionary"))?;
        let bytes = self.read(group, column, place.offset, place.length)?;
        if crc32fast::hash(&bytes) != place.checksum {
            return Err(self.corrupt(page, column, "its dictionary's checksum is wrong"));
        }
        let bytes = self.decompress(&bytes, place.values as usize).map_err(|error| self.corrupt(page, column, &error.to_string()))?;
        Ok((bytes, place))
    }

    fn dictionary(&mut self, page: u32, column: usize) -> Result<Arc<TextTable>, SegmentError> {
        let files = self.files;
        let part = Part::Dictionary { group: self.head.table().group_of(page).0 as u32, column: column as u32 };
        files.cached(part, || {
            let (bytes, place) = self.dictionary_bytes(page, column)?;
            let table = TextTable::plain(&bytes, &place).ok_or_else(|| self.corrupt(page, column, "its dictionary makes no sense"))?;
            let size = table.size_bytes();
            Ok((table, size))
        })
    }

    /// A column of numbers that has a dictionary in this page: what `make` makes of the dictionary, which is
    /// kept in the cache with its size, and the rows' codes. `None` without a dictionary.
    pub(crate) fn coded_numbers<T: std::any::Any + Send + Sync>(
        &mut self,
        page: u32,
        column: usize,
        make: impl FnOnce(&[[u8; 8]]) -> (T, usize),
    ) -> Result<Option<CodedNumbers<T>>, SegmentError> {
        let Some(place) = self.head.table().page(page, column).filter(|place| place.encoding == PageEncoding::Dictionary) else {
            return Ok(None);
        };
        let files = self.files;
        let (group, _) = self.head.table().group_of(page);
        let entries = self.head.table().groups[group].chunks[column].dictionary.map_or(0, |place| place.entries as usize);
        let values = files.cached(Part::Values { group: group as u32, column: column as u32 }, || {
            let (bytes, _) = self.dictionary_bytes(page, column)?;
            let (numbers, rest) = bytes.as_chunks::<8>();
            if !rest.is_empty() || numbers.len() != entries {
                return Err(self.corrupt(page, column, "its dictionary makes no sense"));
            }
            Ok(make(numbers))
        })?;
        Ok(Some(CodedNumbers { codes: self.codes(page, column, &place, entries)?, values }))
    }
}

impl<H> Drop for ColumnReader<'_, H> {
    fn drop(&mut self) {
        if let Some(zstd) = self.zstd.take() {
            self.files.cache.keep_decompressor(zstd);
        }
    }
}

/// Puts values to the rows that have one, and `filler` to the others.
fn spread<T: Copy>(present: Option<&Present>, values: Vec<T>, filler: T) -> Vec<T> {
    match present {
        Some(present) => present.spread(&values, filler),
        None => values,
    }
}
