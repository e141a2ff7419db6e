//! One column of a row group on its way into the Parquet object.

use super::encoding::{bit_width, put_deltas, put_hybrid};
use super::layout::{Chunk, Column, ColumnKind, DictionaryPlace, PageEncoding, PagePlace};
use bytes::Bytes;
use parquet::basic::{Compression, Encoding, ZstdLevel};
use parquet::column::page::{CompressedPage, Page, PageWriter};
use parquet::column::writer::ColumnCloseResult;
use parquet::errors::Result;
use parquet::file::metadata::ColumnChunkMetaData;
use parquet::file::writer::{SerializedPageWriter, TrackedWrite};
use parquet::schema::types::ColumnDescPtr;
use phoenix_lines::{RowSet, Texts};
use std::collections::HashMap;

/// Bytes of a dictionary beyond which a page is written without it.
const DICTIONARY_BYTES: usize = 128 << 10;
/// Entries of a dictionary.
const DICTIONARY_ENTRIES: usize = 1 << 15;
/// After a page that did not get smaller, so many are not compressed.
const PAGES_AFTER_POOR: u32 = 7;
/// Compression that saves less than a part in so many is not worth its decompression.
const POOR_SHARE: usize = 12;

/// The values of a page of one column.
pub(crate) enum Values<'a> {
    /// A number for each row; what stands at rows without a value does not matter.
    Numbers(&'a [i64]),
    /// A code for each row; what stands at rows without a value does not matter.
    Texts(Texts<'a>),
    /// A code for each row; each text is the eight bytes, lowest first, of a number.
    Integers(Texts<'a>),
    /// A piece of bytes for each row that has a value: where each ends, and all of them.
    Bytes(&'a [u32], &'a [u8]),
}

/// Collects the pages of one column of a row group.
pub(crate) struct ChunkWriter {
    descriptor: ColumnDescPtr,
    optional: bool,
    sink: TrackedWrite<Vec<u8>>,
    pages: Vec<Option<PagePlace>>,
    /// Rows of pages without values that are not written yet; neighbours make one page.
    empty_rows: u32,
    rows: u64,
    dictionary: HashMap<Box<[u8]>, u32>,
    dictionary_bytes: Vec<u8>,
    uncompressed_bytes: usize,
    not_compressed: u32,
    scratch: Vec<u8>,
    codes: Vec<u32>,
    translation: Vec<u32>,
}

impl ChunkWriter {
    pub(crate) fn new(column: &Column, descriptor: ColumnDescPtr) -> Self {
        debug_assert!(matches!(column.kind, ColumnKind::Numbers | ColumnKind::Texts | ColumnKind::Bytes));
        Self {
            descriptor,
            optional: column.optional,
            sink: TrackedWrite::new(Vec::new()),
            pages: Vec::new(),
            empty_rows: 0,
            rows: 0,
            dictionary: HashMap::new(),
            dictionary_bytes: Vec::new(),
            uncompressed_bytes: 0,
            not_compressed: 0,
            scratch: Vec::new(),
            codes: Vec::new(),
            translation: Vec::new(),
        }
    }

    /// Bytes that it holds.
    pub(crate) fn size_bytes(&self) -> usize {
        self.sink.bytes_written() + self.dictionary_bytes.len() * 2
    }

    /// Adds a page of `rows` rows, of which `present` have a value (all, if `None`).
    pub(crate) fn page(
        &mut self,
        values: &Values<'_>,
        rows: usize,
        present: Option<&RowSet>,
        zstd: &mut zstd::bulk::Compressor<'_>,
    ) -> Result<()> {
        self.rows += rows as u64;
        let count = present.map_or(rows, RowSet::count);
        if count == 0 {
            self.pages.push(None);
            self.empty_rows += rows as u32;
            return Ok(());
        }
        self.write_empty_rows()?;
        let present = present.filter(|_| count < rows);
        let mut data = std::mem::take(&mut self.scratch);
        data.clear();
        if self.optional {
            let mut levels = std::mem::take(&mut self.codes);
            levels.clear();
            levels.extend((0..rows).map(|row| u32::from(present.is_none_or(|present| present.contains(row)))));
            put_hybrid(&mut data, &levels, 1);
            self.codes = levels;
        }
        let levels = data.len();
        let encoding = self.put_values(&mut data, values, rows, present);
        let raw = data.len() - levels;
        let compressed = self.compress(&data[levels..], zstd)?;
        let is_compressed = compressed.is_some();
        if let Some(compressed) = compressed {
            data.truncate(levels);
            data.extend_from_slice(&compressed);
        }
        let place = PagePlace {
            offset: 0,
            length: data.len() as u32,
            levels: levels as u32,
            values: raw as u32,
            present: count as u32,
            encoding,
            compressed: is_compressed,
            checksum: crc32fast::hash(&data),
        };
        let page = Page::DataPageV2 {
            buf: Bytes::copy_from_slice(&data),
            num_values: rows as u32,
            encoding: match encoding {
                PageEncoding::Deltas => Encoding::DELTA_BINARY_PACKED,
                PageEncoding::Dictionary => Encoding::RLE_DICTIONARY,
                PageEncoding::Lengths => Encoding::DELTA_LENGTH_BYTE_ARRAY,
            },
            num_nulls: (rows - count) as u32,
            num_rows: rows as u32,
            def_levels_byte_len: levels as u32,
            rep_levels_byte_len: 0,
            is_compressed,
            statistics: None,
        };
        self.scratch = data;
        self.write(page, levels + raw)?;
        let end = self.sink.bytes_written() as u64;
        self.pages.push(Some(PagePlace { offset: end - u64::from(place.length), ..place }));
        Ok(())
    }

    fn write(&mut self, page: Page, uncompressed: usize) -> Result<()> {
        let spec = SerializedPageWriter::new(&mut self.sink).write_page(CompressedPage::new(page, uncompressed))?;
        self.uncompressed_bytes += spec.uncompressed_size;
        Ok(())
    }

    /// A page for rows that have no value.
    fn write_empty_rows(&mut self) -> Result<()> {
        let rows = std::mem::take(&mut self.empty_rows);
        if rows == 0 {
            return Ok(());
        }
        let mut levels = Vec::new();
        put_hybrid(&mut levels, &vec![0; rows as usize], 1);
        let length = levels.len();
        let page = Page::DataPageV2 {
            buf: levels.into(),
            num_values: rows,
            encoding: Encoding::PLAIN,
            num_nulls: rows,
            num_rows: rows,
            def_levels_byte_len: length as u32,
            rep_levels_byte_len: 0,
            is_compressed: false,
            statistics: None,
        };
        self.write(page, length)
    }

    fn put_values(&mut self, out: &mut Vec<u8>, values: &Values<'_>, rows: usize, present: Option<&RowSet>) -> PageEncoding {
        let all = (0..rows).filter(|row| present.is_none_or(|present| present.contains(*row)));
        match values {
            Values::Numbers(numbers) => {
                if let Some(present) = present {
                    let dense: Vec<i64> = present.iter().map(|row| numbers[row]).collect();
                    put_deltas(out, dense.iter().copied());
                } else {
                    put_deltas(out, numbers.iter().copied());
                }
                PageEncoding::Deltas
            }
            Values::Texts(texts) | Values::Integers(texts) => {
                let integers = matches!(values, Values::Integers(_));
                if self.translate(texts, integers) {
                    self.codes.clear();
                    self.codes.extend(all.map(|row| self.translation[texts.codes[row] as usize]));
                    // The width that the dictionary has when the page is written is enough for it.
                    let width = bit_width(self.dictionary.len().saturating_sub(1) as u64).max(1);
                    out.push(width as u8);
                    put_hybrid(out, &self.codes, width);
                    return PageEncoding::Dictionary;
                }
                let dense: Vec<&[u8]> = all.map(|row| texts.get(texts.codes[row]).unwrap_or_default()).collect();
                if integers {
                    put_deltas(out, dense.iter().map(|bytes| i64::from_le_bytes((*bytes).try_into().unwrap_or_default())));
                    return PageEncoding::Deltas;
                }
                put_deltas(out, dense.iter().map(|text| text.len() as i64));
                for text in dense {
                    out.extend_from_slice(text);
                }
                PageEncoding::Lengths
            }
            Values::Bytes(ends, bytes) => {
                let mut start = 0;
                let lengths: Vec<i64> = ends.iter().map(|end| i64::from(*end - std::mem::replace(&mut start, *end))).collect();
                put_deltas(out, lengths.iter().copied());
                out.extend_from_slice(bytes);
                PageEncoding::Lengths
            }
        }
    }

    /// Finds the texts of a page in the dictionary, where they are added unless it gets too large.
    fn translate(&mut self, texts: &Texts<'_>, integers: bool) -> bool {
        let distinct = texts.ends.len();
        let page_bytes = texts.bytes.len() + distinct * 4;
        // Where every other row has a text of its own, a dictionary does not help.
        if distinct * 2 > texts.codes.len() + 64 && page_bytes > 4096 {
            return false;
        }
        if page_bytes > DICTIONARY_BYTES {
            return false;
        }
        self.translation.clear();
        let (mut new_bytes, mut new) = (0, Vec::new());
        for code in 0..distinct {
            let text = texts.get(code as u32).unwrap_or_default();
            if let Some(known) = self.dictionary.get(text) {
                self.translation.push(*known);
            } else {
                self.translation.push((self.dictionary.len() + new.len()) as u32);
                new_bytes += text.len() + 4;
                new.push(text);
            }
        }
        if self.dictionary_bytes.len() + new_bytes > DICTIONARY_BYTES || self.dictionary.len() + new.len() > DICTIONARY_ENTRIES {
            return false;
        }
        for text in new {
            let code = self.dictionary.len() as u32;
            self.dictionary.insert(text.into(), code);
            if !integers {
                self.dictionary_bytes.extend_from_slice(&(text.len() as u32).to_le_bytes());
            }
            self.dictionary_bytes.extend_from_slice(text);
        }
        true
    }

    fn compress(&mut self, values: &[u8], zstd: &mut zstd::bulk::Compressor<'_>) -> Result<Option<Vec<u8>>> {
        if values.len() < 64 {
            return Ok(None);
        }
        if self.not_compressed > 0 {
            self.not_compressed -= 1;
            return Ok(None);
        }
        let compressed = zstd.compress(values)?;
        if compressed.len() + values.len() / POOR_SHARE < values.len() {
            return Ok(Some(compressed));
        }
        self.not_compressed = PAGES_AFTER_POOR;
        Ok(None)
    }

    /// Ends the row group: gives the bytes of the column and what the library wants to know of it,
    /// and begins the next row group. `start` is where the bytes will stand in the object.
    pub(crate) fn finish(&mut self, start: u64, zstd: &mut zstd::bulk::Compressor<'_>) -> Result<(Bytes, ColumnCloseResult, Chunk)> {
        self.write_empty_rows()?;
        let data = std::mem::replace(&mut self.sink, TrackedWrite::new(Vec::new())).into_inner()?;
        let (mut bytes, mut dictionary) = (Vec::new(), None);
        if !self.dictionary.is_empty() {
            let compressed = zstd.compress(&self.dictionary_bytes)?;
            let place = DictionaryPlace {
                offset: 0,
                length: compressed.len() as u32,
                values: self.dictionary_bytes.len() as u32,
                entries: self.dictionary.len() as u32,
                checksum: crc32fast::hash(&compressed),
            };
            let page =
                Page::DictionaryPage { buf: compressed.into(), num_values: place.entries, encoding: Encoding::PLAIN, is_sorted: false };
            self.write(page, place.values as usize)?;
            bytes = std::mem::replace(&mut self.sink, TrackedWrite::new(Vec::new())).into_inner()?;
            dictionary = Some(DictionaryPlace { offset: start + bytes.len() as u64 - u64::from(place.length), ..place });
        }
        let dictionary_bytes = bytes.len();
        bytes.extend_from_slice(&data);
        let shift = start + dictionary_bytes as u64;
        let pages = self.pages.drain(..).map(|page| page.map(|p| PagePlace { offset: p.offset + shift, ..p })).collect();
        let metadata = ColumnChunkMetaData::builder(self.descriptor.clone())
            .set_compression(Compression::ZSTD(ZstdLevel::default()))
            .set_encodings(self.encodings(dictionary.is_some()))
            .set_total_compressed_size(bytes.len() as i64)
            .set_total_uncompressed_size(self.uncompressed_bytes as i64)
            .set_num_values(self.rows as i64)
            .set_data_page_offset(dictionary_bytes as i64)
            .set_dictionary_page_offset(dictionary.as_ref().map(|_| 0))
            .build()?;
        let close = ColumnCloseResult {
            bytes_written: bytes.len() as u64,
            rows_written: self.rows,
            metadata,
            bloom_filter: None,
            column_index: None,
            offset_index: None,
        };
        let chunk = Chunk { bytes: start..start + bytes.len() as u64, dictionary, pages };
        (self.rows, self.uncompressed_bytes, self.not_compressed) = (0, 0, 0);
        self.dictionary.clear();
        self.dictionary_bytes.clear();
        Ok((bytes.into(), close, chunk))
    }

    fn encodings(&self, dictionary: bool) -> Vec<Encoding> {
        let mut encodings = vec![Encoding::RLE, Encoding::PLAIN];
        if dictionary {
            encodings.push(Encoding::RLE_DICTIONARY);
        }
        encodings.push(match self.descriptor.physical_type() {
            parquet::basic::Type::INT64 => Encoding::DELTA_BINARY_PACKED,
            _ => Encoding::DELTA_LENGTH_BYTE_ARRAY,
        });
        encodings
    }
}
