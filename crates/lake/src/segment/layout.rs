//! What an index object says: streams, pages, and where in the Parquet object each part stands.
//!
//! ```text
//! magic, version, a row for each section (offset, length, checksum), checksum of all this
//! head      zstd: streams, runs, pages, columns, places of pages, patterns
//! minutes   zstd: counts per stream, level and minute
//! words     word filters of all pages, one after the other
//! trigrams  trigram filters of all pages
//! ```

use super::encoding::{Input, put_signed, put_varint};
use super::{FORMAT_VERSION, LineEncoding, SegmentError};
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
pub(super) type Preamble = [SectionPlace; SECTIONS];

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
    if version != FORMAT_VERSION {
        return Err(SegmentError::Version { key: key.to_owned(), version });
    }
    let mut preamble = Preamble::default();
    for place in &mut preamble {
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

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ColumnKind {
    /// Numbers of 64 bits.
    Numbers,
    /// Texts.
    Texts,
    /// Bytes.
    Bytes,
}

/// A column of the Parquet object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Column {
    pub name: String,
    pub kind: ColumnKind,
    /// Whether rows may have no value.
    pub optional: bool,
}

/// How values of a page stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum PageEncoding {
    /// Parquet's `DELTA_BINARY_PACKED`.
    Deltas = 0,
    /// Parquet's `RLE_DICTIONARY`.
    Dictionary = 1,
    /// Parquet's `DELTA_LENGTH_BYTE_ARRAY`.
    Lengths = 2,
}

/// Where the data of a page of one column stands: behind its header in the Parquet object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct PagePlace {
    /// Within the object.
    pub offset: u64,
    pub length: u32,
    /// Bytes of the definition levels, which stand first and are not compressed.
    pub levels: u32,
    /// Bytes of values when they are not compressed.
    pub values: u32,
    /// Rows that have a value.
    pub present: u32,
    pub encoding: PageEncoding,
    pub compressed: bool,
    pub checksum: u32,
}

/// Where the dictionary of a column stands in a row group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct DictionaryPlace {
    pub offset: u64,
    pub length: u32,
    pub values: u32,
    pub entries: u32,
    pub checksum: u32,
}

/// A column of a row group.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Chunk {
    /// All of its bytes in the Parquet object.
    pub bytes: Range<u64>,
    pub dictionary: Option<DictionaryPlace>,
    /// For each page of the row group, or `None` where no row has a value.
    pub pages: Vec<Option<PagePlace>>,
}

/// Some pages that were put together in memory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct RowGroup {
    pub first_page: u32,
    /// By column.
    pub chunks: Vec<Chunk>,
}

/// A page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageHead {
    pub rows: u32,
    /// Bytes of its lines.
    pub raw_bytes: u64,
    /// Bytes of metadata.
    pub metadata_bytes: u64,
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
    pub columns: Vec<Column>,
    pub groups: Vec<RowGroup>,
    pub patterns: Patterns,
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

    /// The row group of a page, and the page's number within it.
    pub(super) fn group_of(&self, page: u32) -> (usize, usize) {
        let group = self.groups.partition_point(|group| group.first_page <= page) - 1;
        (group, (page - self.groups[group].first_page) as usize)
    }

    /// A column by its name.
    pub(super) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// Memory that it takes, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        let streams: usize = self.streams.iter().map(|s| s.labels.as_bytes().len() + 96).sum();
        let chunks: usize = self.groups.iter().flat_map(|g| &g.chunks).map(|c| 64 + c.pages.len() * size_of::<Option<PagePlace>>()).sum();
        streams
            + chunks
            + self.runs.len() * size_of::<Run>()
            + self.pages.len() * size_of::<PageHead>()
            + self.minutes.len() * 8
            + self.patterns.text_bytes() * 3
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
        put_varint(&mut out, self.columns.len() as u64);
        for column in &self.columns {
            put_text(&mut out, column.name.as_bytes());
            out.push(column.kind as u8 | u8::from(column.optional) << 4);
        }
        put_varint(&mut out, self.groups.len() as u64);
        for group in &self.groups {
            put_varint(&mut out, group.chunks.first().map_or(0, |chunk| chunk.pages.len()) as u64);
            group.chunks.iter().for_each(|chunk| put_chunk(&mut out, chunk));
        }
        put_varint(&mut out, self.patterns.len() as u64);
        self.patterns.iter().for_each(|pattern| put_text(&mut out, pattern.text().as_bytes()));
        out
    }

    /// Reads what [`Head::encode`] wrote. `None` when it does not fit together.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
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
        let count = input.count(1)?;
        let mut groups = Vec::with_capacity(count);
        let mut first_page = 0_u32;
        for _ in 0..count {
            let group_pages = input.count(1)?;
            let chunks = columns.iter().map(|_| take_chunk(&mut input, group_pages)).collect::<Option<_>>()?;
            groups.push(RowGroup { first_page, chunks });
            first_page = first_page.checked_add(u32::try_from(group_pages).ok().filter(|pages| *pages > 0)?)?;
        }
        if first_page as usize != pages.len() {
            return None;
        }
        let count = input.count(1)?;
        let texts = (0..count).map(|_| std::str::from_utf8(take_text(&mut input)?).ok()).collect::<Option<Vec<_>>>()?;
        let patterns = Patterns::from_texts(texts).ok()?;
        input.rest().is_empty().then_some(Self { encoding, streams: streams.into(), minutes, runs, pages, columns, groups, patterns })
    }
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

pub(crate) fn put_text(out: &mut Vec<u8>, text: &[u8]) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text);
}

pub(crate) fn take_text<'a>(input: &mut Input<'a>) -> Option<&'a [u8]> {
    let length = usize::try_from(input.varint()?).ok()?;
    input.bytes(length)
}

pub(crate) fn take_u32(input: &mut Input<'_>) -> Option<u32> {
    u32::try_from(input.varint()?).ok()
}

pub(crate) fn put_chunk(out: &mut Vec<u8>, chunk: &Chunk) {
    put_varint(out, chunk.bytes.start);
    put_varint(out, chunk.bytes.end - chunk.bytes.start);
    match &chunk.dictionary {
        None => out.push(0),
        Some(place) => {
            out.push(1);
            put_varint(out, place.offset - chunk.bytes.start);
            for number in [place.length, place.values, place.entries] {
                put_varint(out, u64::from(number));
            }
            out.extend_from_slice(&place.checksum.to_le_bytes());
        }
    }
    let mut at = chunk.bytes.start;
    for page in &chunk.pages {
        match page {
            None => out.push(0),
            Some(place) => {
                out.push(1 | (place.encoding as u8) << 1 | u8::from(place.compressed) << 4);
                put_varint(out, place.offset - at);
                for number in [place.length, place.levels, place.values, place.present] {
                    put_varint(out, u64::from(number));
                }
                out.extend_from_slice(&place.checksum.to_le_bytes());
                at = place.offset;
            }
        }
    }
}

pub(crate) fn take_chunk(input: &mut Input<'_>, pages: usize) -> Option<Chunk> {
    let start = input.varint()?;
    let end = start.checked_add(input.varint()?)?;
    let inside = |offset: u64, length: u32| offset >= start && offset.checked_add(u64::from(length)).is_some_and(|to| to <= end);
    let dictionary = match input.byte()? {
        0 => None,
        1 => {
            let offset = start.checked_add(input.varint()?)?;
            let (length, values, entries) = (take_u32(input)?, take_u32(input)?, take_u32(input)?);
            Some(DictionaryPlace { offset, length, values, entries, checksum: input.u32()? }).filter(|d| inside(d.offset, d.length))
        }
        _ => return None,
    };
    let mut chunk = Chunk { bytes: start..end, dictionary, pages: Vec::with_capacity(pages) };
    let mut at = start;
    for _ in 0..pages {
        let flags = input.byte()?;
        if flags & 1 == 0 {
            chunk.pages.push(None);
            continue;
        }
        let encoding = [PageEncoding::Deltas, PageEncoding::Dictionary, PageEncoding::Lengths].get(usize::from(flags >> 1 & 7)).copied()?;
        at = at.checked_add(input.varint()?)?;
        let (length, levels, values, present) = (take_u32(input)?, take_u32(input)?, take_u32(input)?, take_u32(input)?);
        let place =
            PagePlace { offset: at, length, levels, values, present, encoding, compressed: flags & 16 != 0, checksum: input.u32()? };
        chunk.pages.push(Some(place).filter(|place| inside(place.offset, place.length) && levels <= length));
        chunk.pages.last()?.as_ref()?;
    }
    Some(chunk)
}
