//! What an index says of its table: columns, and where each page of them stands.

use super::encoding::{Input, put_varint};
use std::ops::Range;

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

/// The columns of a table, and where their pages stand.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Places {
    pub columns: Vec<Column>,
    pub groups: Vec<RowGroup>,
}

/// What the index of a segment says.
pub(crate) trait TableHead {
    /// Its table.
    fn table(&self) -> &Places;
    /// Rows of a page.
    fn rows(&self, page: u32) -> usize;
}

impl Places {
    /// A column by its name.
    pub(crate) fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }

    /// The row group of a page, and the page's number within it.
    pub(crate) fn group_of(&self, page: u32) -> (usize, usize) {
        let group = self.groups.partition_point(|group| group.first_page <= page) - 1;
        (group, (page - self.groups[group].first_page) as usize)
    }

    /// Where a page stands; `None` if no row of it has a value.
    pub(crate) fn page(&self, page: u32, column: usize) -> Option<PagePlace> {
        let (group, within) = self.group_of(page);
        self.groups[group].chunks[column].pages[within]
    }

    /// Memory that it takes, roughly.
    pub(crate) fn size_bytes(&self) -> usize {
        let chunks = self.groups.iter().flat_map(|group| &group.chunks);
        chunks.map(|chunk| 64 + chunk.pages.len() * size_of::<Option<PagePlace>>()).sum()
    }

    /// Appends all but the columns.
    pub(crate) fn put_groups(&self, out: &mut Vec<u8>) {
        put_varint(out, self.groups.len() as u64);
        for group in &self.groups {
            put_varint(out, group.pages() as u64);
            group.chunks.iter().for_each(|chunk| put_chunk(out, chunk));
        }
    }

    /// Reads what [`Places::put_groups`] wrote for a table of `pages` pages.
    pub(crate) fn take(input: &mut Input<'_>, columns: Vec<Column>, pages: usize) -> Option<Self> {
        let count = input.count(1)?;
        let mut groups = Vec::with_capacity(count);
        let mut first_page = 0_u32;
        for _ in 0..count {
            let group_pages = input.count(1)?;
            let chunks = columns.iter().map(|_| take_chunk(input, group_pages)).collect::<Option<_>>()?;
            groups.push(RowGroup { first_page, chunks });
            first_page = first_page.checked_add(u32::try_from(group_pages).ok().filter(|pages| *pages > 0)?)?;
        }
        (first_page as usize == pages).then_some(Self { columns, groups })
    }
}

impl RowGroup {
    /// How many pages it has.
    pub(crate) fn pages(&self) -> usize {
        self.chunks.first().map_or(0, |chunk| chunk.pages.len())
    }
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

fn put_chunk(out: &mut Vec<u8>, chunk: &Chunk) {
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

fn take_chunk(input: &mut Input<'_>, pages: usize) -> Option<Chunk> {
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
