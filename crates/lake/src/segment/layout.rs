//! What an index object says: streams, pages, and where in the Parquet object each part stands.
//!
//! ```text
//! magic, version, a row for each section (offset, length, checksum), checksum of all this
//! head      zstd: streams, runs, pages, columns, places of pages, patterns, keys of metadata
//! minutes   zstd: counts per stream, level and minute
//! words     word filters of all pages, one after the other
//! trigrams  trigram filters of all pages
//! ```

use super::metadata::{Keys, key_column};
use super::{FORMAT_VERSION, LineEncoding, OLDEST_VERSION};
use crate::table::encoding::{Input, put_signed, put_varint};
use crate::table::layout::{put_text, take_text, take_u32};
use crate::table::{Column, ColumnKind, Places, SegmentError, TableHead};
use phoenix_lines::Patterns;
use phoenix_model::Labels;
use phoenix_model::logs::Stream;
use std::ops::Range;
use std::sync::Arc;

const MAGIC: &[u8; 8] = b"phxlogsi";
const SECTIONS: usize = 4;
const SECTION_BYTES: usize = 8 + 8 + 4;
/// Bytes before the first section.
pub(super) const PREAMBLE_BYTES: usize = 8 + 4 + SECTIONS * SECTION_BYTES + 4;
/// The most that a compressed section may become.
const SECTION_LIMIT_BYTES: usize = 1 << 30;

/// The sections of an index, by their place in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(usize)]
pub(crate) enum Section {
    Head = 0,
    Minutes = 1,
    Words = 2,
    Trigrams = 3,
}

/// Where a section stands.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SectionPlace {
    pub offset: u64,
    pub length: u64,
    checksum: u32,
}

/// Where all sections stand.
pub(super) struct Preamble {
    pub version: u32,
    pub sections: [SectionPlace; SECTIONS],
}

/// Puts an index together.
pub(super) fn put_index(head: &Head, minutes: &[u8], words: &[u8], trigrams: &[u8], zstd_level: i32) -> Result<Vec<u8>, std::io::Error> {
    let sections =
        [zstd::bulk::compress(&head.encode(), zstd_level)?, zstd::bulk::compress(minutes, zstd_level)?, words.to_vec(), trigrams.to_vec()];
    let mut out = Vec::with_capacity(PREAMBLE_BYTES + sections.iter().map(Vec::len).sum::<usize>());
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    let mut offset = PREAMBLE_BYTES as u64;
    for section in &sections {
        out.extend_from_slice(&offset.to_le_bytes());
        out.extend_from_slice(&(section.len() as u64).to_le_bytes());
        out.extend_from_slice(&crc32fast::hash(section).to_le_bytes());
        offset += section.len() as u64;
    }
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    for section in &sections {
        out.extend_from_slice(section);
    }
    Ok(out)
}

/// Reads where the sections stand.
pub(super) fn take_preamble(key: &str, bytes: &[u8], index_bytes: u64) -> Result<Preamble, SegmentError> {
    let corrupt = |reason: &str| SegmentError::Corrupt { key: key.to_owned(), reason: reason.to_owned() };
    let mut input = Input::new(bytes);
    if input.bytes(8) != Some(MAGIC) {
        return Err(corrupt("it does not begin as an index of logs does"));
    }
    let ended = || corrupt("it ends too early");
    let version = input.u32().ok_or_else(ended)?;
    let checked = bytes.get(..PREAMBLE_BYTES - 4).ok_or_else(ended)?;
    let checksum = Input::new(&bytes[PREAMBLE_BYTES - 4..]).u32().ok_or_else(ended)?;
    if crc32fast::hash(checked) != checksum {
        return Err(corrupt("the checksum of its beginning is wrong"));
    }
    if !(OLDEST_VERSION..=FORMAT_VERSION).contains(&version) {
        return Err(SegmentError::Version { key: key.to_owned(), version });
    }
    let mut preamble = Preamble { version, sections: Default::default() };
    for place in &mut preamble.sections {
        let mut number = || Some(u64::from_le_bytes(input.bytes(8)?.try_into().ok()?));
        let (offset, length) = number().zip(number()).ok_or_else(ended)?;
        *place = SectionPlace { offset, length, checksum: input.u32().ok_or_else(ended)? };
        if offset.checked_add(length).is_none_or(|end| end > index_bytes) {
            return Err(corrupt("a section lies beyond its end"));
        }
    }
    Ok(preamble)
}

/// Checks a section, and decompresses it if it is one of those that are compressed.
pub(super) fn open_section(key: &str, section: Section, place: &SectionPlace, bytes: Vec<u8>) -> Result<Vec<u8>, SegmentError> {
    let corrupt = |reason: String| SegmentError::Corrupt { key: key.to_owned(), reason };
    if crc32fast::hash(&bytes) != place.checksum {
        return Err(corrupt(format!("the checksum of its part `{section:?}` is wrong")));
    }
    match section {
        Section::Head | Section::Minutes => {
            let length = zstd::zstd_safe::get_frame_content_size(&bytes).ok().flatten().map(|length| length as usize);
            let length = length.filter(|length| *length <= SECTION_LIMIT_BYTES).ok_or_else(|| corrupt("it is too large".to_owned()))?;
            zstd::bulk::decompress(&bytes, length).map_err(|e| corrupt(e.to_string()))
        }
        Section::Words | Section::Trigrams => Ok(bytes),
    }
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageHead {
    pub rows: u32,
    /// Bytes of its lines.
    pub raw_bytes: u64,
    /// Bytes of metadata.
    pub metadata_bytes: u64,
    /// Which of the segment's keys of metadata it has, by bit, where that is known.
    pub keys: Option<u64>,
    pub longest_word: u64,
    pub backslash: bool,
    /// Bytes in the section of words.
    pub words: Range<usize>,
    /// Bytes in the section of trigrams.
    pub trigrams: Range<usize>,
    /// Which runs are in it.
    pub runs: Range<usize>,
}

/// Neighbouring rows of one stream in one page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Run {
    pub stream: u32,
    pub page: u32,
    /// Rows within the page.
    pub start: u32,
    pub end: u32,
    pub min_ns: i64,
    pub max_ns: i64,
}

/// Everything about a segment but filters and counts.
#[derive(Debug)]
pub(super) struct Head {
    pub encoding: LineEncoding,
    pub streams: Arc<[Arc<Stream>]>,
    /// For each stream where its counts begin in the section of minutes; and where the last ends.
    pub minutes: Vec<u64>,
    /// In the order of rows.
    pub runs: Vec<Run>,
    pub pages: Vec<PageHead>,
    pub table: Places,
    pub patterns: Patterns,
    /// The keys of metadata that have columns, the last ones of the table: ascending.
    pub metadata_columns: Vec<String>,
    pub keys: Keys,
}

impl TableHead for Head {
    fn table(&self) -> &Places {
        &self.table
    }

    fn rows(&self, page: u32) -> usize {
        self.pages[page as usize].rows as usize
    }
}

impl Head {
    /// The runs of a stream.
    pub(super) fn runs_of(&self, stream: u32) -> &[Run] {
        let start = self.runs.partition_point(|run| run.stream < stream);
        let end = self.runs.partition_point(|run| run.stream <= stream);
        &self.runs[start..end]
    }

    /// The runs of a page.
    pub(super) fn runs_in(&self, page: u32) -> &[Run] {
        &self.runs[self.pages[page as usize].runs.clone()]
    }

    /// Memory that it takes, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        let streams: usize = self.streams.iter().map(|s| s.labels.as_bytes().len() + 96).sum();
        streams
            + self.table.size_bytes()
            + self.runs.len() * size_of::<Run>()
            + self.pages.len() * size_of::<PageHead>()
            + self.minutes.len() * 8
            + self.patterns.text_bytes() * 3
            + self.keys.size_bytes()
            + self.metadata_columns.iter().map(|key| key.len() + 24).sum::<usize>()
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        out.push(match self.encoding {
            LineEncoding::Text => 0,
            LineEncoding::Patterns => 1,
        });
        put_varint(&mut out, self.streams.len() as u64);
        for (stream, ends) in self.streams.iter().zip(self.minutes.windows(2)) {
            put_text(&mut out, stream.labels.as_bytes());
            put_varint(&mut out, ends[1] - ends[0]);
        }
        put_varint(&mut out, self.pages.len() as u64);
        for page in &self.pages {
            put_varint(&mut out, u64::from(page.rows));
            put_varint(&mut out, page.raw_bytes);
            put_varint(&mut out, page.metadata_bytes);
            put_varint(&mut out, page.longest_word << 1 | u64::from(page.backslash));
            put_varint(&mut out, page.words.len() as u64);
            put_varint(&mut out, page.trigrams.len() as u64);
            put_varint(&mut out, page.runs.len() as u64);
        }
        let mut stream = 0;
        let mut before = 0_i64;
        for run in &self.runs {
            put_varint(&mut out, u64::from(run.stream - stream));
            put_varint(&mut out, u64::from(run.end - run.start));
            put_signed(&mut out, run.min_ns.wrapping_sub(before));
            put_signed(&mut out, run.max_ns.wrapping_sub(run.min_ns));
            (stream, before) = (run.stream, run.max_ns);
        }
        put_varint(&mut out, self.table.columns.len() as u64);
        for column in &self.table.columns {
            put_text(&mut out, column.name.as_bytes());
            out.push(column.kind as u8 | u8::from(column.optional) << 4);
        }
        self.table.put_groups(&mut out);
        put_varint(&mut out, self.patterns.len() as u64);
        self.patterns.iter().for_each(|pattern| put_text(&mut out, pattern.text().as_bytes()));
        put_varint(&mut out, self.metadata_columns.len() as u64);
        self.metadata_columns.iter().for_each(|key| put_text(&mut out, key.as_bytes()));
        self.keys.put(&mut out);
        if self.keys.are_short() {
            self.pages.iter().for_each(|page| put_varint(&mut out, page.keys.unwrap_or(u64::MAX)));
        }
        out
    }

    /// Reads what [`Head::encode`] wrote, in this version or in an older one. `None` when it does not
    /// fit together.
    pub(super) fn decode(bytes: &[u8], version: u32) -> Option<Self> {
        let mut input = Input::new(bytes);
        let encoding = match input.byte()? {
            0 => LineEncoding::Text,
            1 => LineEncoding::Patterns,
            _ => return None,
        };
        let count = input.count(1)?;
        let mut streams = Vec::with_capacity(count);
        let mut minutes = vec![0];
        let mut minutes_end = 0_u64;
        for _ in 0..count {
            streams.push(Arc::new(Stream { labels: Labels::from_bytes(take_text(&mut input)?)? }));
            minutes_end = minutes_end.checked_add(input.varint()?)?;
            minutes.push(minutes_end);
        }
        let count = input.count(1)?;
        let mut pages = Vec::with_capacity(count);
        let (mut words, mut trigrams, mut runs) = (0, 0, 0);
        for _ in 0..count {
            let rows = take_u32(&mut input)?;
            let (raw_bytes, metadata_bytes, longest) = (input.varint()?, input.varint()?, input.varint()?);
            let mut next = |end: &mut usize| {
                let start = *end;
                *end = start.checked_add(usize::try_from(input.varint()?).ok()?)?;
                Some(start..*end)
            };
            pages.push(PageHead {
                rows,
                raw_bytes,
                metadata_bytes,
                keys: None,
                longest_word: longest >> 1,
                backslash: longest & 1 == 1,
                words: next(&mut words)?,
                trigrams: next(&mut trigrams)?,
                runs: next(&mut runs)?,
            });
        }
        let runs = take_runs(&mut input, &pages, runs, streams.len())?;
        let count = input.count(1)?;
        let mut columns = Vec::with_capacity(count);
        for _ in 0..count {
            let name = String::from_utf8(take_text(&mut input)?.to_vec()).ok()?;
            let flags = input.byte()?;
            let kind = [ColumnKind::Numbers, ColumnKind::Texts, ColumnKind::Bytes].get(usize::from(flags & 15)).copied()?;
            columns.push(Column { name, kind, optional: flags & 16 != 0 });
        }
        let table = Places::take(&mut input, columns, pages.len())?;
        let count = input.count(1)?;
        let texts = (0..count).map(|_| std::str::from_utf8(take_text(&mut input)?).ok()).collect::<Option<Vec<_>>>()?;
        let patterns = Patterns::from_texts(texts).ok()?;
        let (mut metadata_columns, mut keys) = (Vec::new(), Keys::default());
        if version > 1 {
            metadata_columns = take_metadata_columns(&mut input, &table)?;
            keys = Keys::take(&mut input)?;
            if keys.are_short() {
                for page in &mut pages {
                    page.keys = Some(input.varint()?);
                }
            }
        }
        let streams = streams.into();
        input.rest().is_empty().then_some(Self { encoding, streams, minutes, runs, pages, table, patterns, metadata_columns, keys })
    }
}

/// The keys of the last columns.
fn take_metadata_columns(input: &mut Input<'_>, table: &Places) -> Option<Vec<String>> {
    let count = input.count(1)?;
    let columns = table.columns.get(table.columns.len().checked_sub(count)?..)?;
    let key = |column: &Column| {
        let key = std::str::from_utf8(take_text(input)?).ok()?.to_owned();
        (*column == key_column(&key)).then_some(key)
    };
    let keys: Vec<String> = columns.iter().map(key).collect::<Option<_>>()?;
    keys.is_sorted_by(|a, b| a < b).then_some(keys)
}

fn take_runs(input: &mut Input<'_>, pages: &[PageHead], count: usize, streams: usize) -> Option<Vec<Run>> {
    let mut runs = Vec::with_capacity(count.min(input.rest().len()));
    let (mut stream, mut before) = (0_u32, 0_i64);
    for (number, page) in pages.iter().enumerate() {
        let mut row = 0_u32;
        for _ in page.runs.clone() {
            stream = stream.checked_add(take_u32(input)?).filter(|stream| (*stream as usize) < streams)?;
            let start = row;
            row = row.checked_add(take_u32(input)?)?;
            let min_ns = before.wrapping_add(input.signed()?);
            let max_ns = min_ns.wrapping_add(input.signed()?);
            before = max_ns;
            runs.push(Run { stream, page: number as u32, start, end: row, min_ns, max_ns });
        }
        if row != page.rows {
            return None;
        }
    }
    Some(runs)
}
