//! What the index of a segment of spans says.
//!
//! ```text
//! magic, version, length and checksum of the head, checksum of all this
//! head       zstd: columns, pages, places of pages, names of attributes, lengths and checksums of what follows
//! split      ids of traces that other places may hold too, ascending
//! filters    a piece for each row group: the filters of its pages
//! directory  buckets of traces by hash: three bytes of the hash and the page, ascending
//! ```

use crate::table::encoding::{Input, put_signed, put_varint};
use crate::table::layout::{put_text, take_text, take_u32};
use crate::table::{Column, ColumnKind, Places, SegmentError, TableHead};
use phoenix_model::traces::Scope;
use std::ops::Range;

const MAGIC: &[u8; 8] = b"phxspans";
/// The version of the format.
pub(super) const FORMAT_VERSION: u32 = 1;
/// Bytes before the head.
pub(super) const PREAMBLE_BYTES: usize = 8 + 4 + 8 + 4 + 4;
/// The most that a head may become.
const HEAD_LIMIT_BYTES: usize = 1 << 30;

// The columns that every segment has, by number.
pub(super) const TRACE_ID: usize = 0;
pub(super) const TRACE_START: usize = 1;
pub(super) const TRACE_DURATION: usize = 2;
pub(super) const ROOT_SERVICE: usize = 3;
pub(super) const ROOT_NAME: usize = 4;
pub(super) const SPAN_ID: usize = 5;
pub(super) const PARENT: usize = 6;
pub(super) const PARENT_ID: usize = 7;
pub(super) const START: usize = 8;
pub(super) const DURATION: usize = 9;
pub(super) const SERVICE: usize = 10;
pub(super) const NAME: usize = 11;
pub(super) const KIND: usize = 12;
pub(super) const STATUS: usize = 13;
pub(super) const STATUS_MESSAGE: usize = 14;
pub(super) const RESOURCE: usize = 15;
pub(super) const SCOPE: usize = 16;
pub(super) const TRACE_STATE: usize = 17;
pub(super) const FLAGS: usize = 18;
pub(super) const DROPPED: usize = 19;
pub(super) const SHAPE: usize = 20;
pub(super) const ATTRIBUTES: usize = 21;
pub(super) const EVENTS: usize = 22;
pub(super) const LINKS: usize = 23;
/// How many there are; promoted attributes follow.
pub(super) const FIXED_COLUMNS: usize = 24;

/// The columns that every segment has.
pub(super) fn fixed_columns() -> Vec<Column> {
    use ColumnKind::{Bytes, Numbers, Texts};
    let column = |(name, kind, optional): (&str, ColumnKind, bool)| Column { name: name.to_owned(), kind, optional };
    let columns = [
        ("trace_id", Bytes, true),
        ("trace_start", Numbers, true),
        ("trace_duration", Numbers, true),
        ("root_service", Texts, true),
        ("root_name", Texts, true),
        ("span_id", Bytes, false),
        ("parent", Numbers, true),
        ("parent_id", Bytes, true),
        ("start", Numbers, false),
        ("duration", Numbers, false),
        ("service", Texts, false),
        ("name", Texts, false),
        ("kind", Texts, false),
        ("status", Texts, false),
        ("status_message", Texts, true),
        ("resource", Bytes, false),
        ("scope", Bytes, false),
        ("trace_state", Texts, true),
        ("flags", Numbers, true),
        ("dropped", Bytes, true),
        ("shape", Bytes, true),
        ("attributes", Bytes, true),
        ("events", Bytes, true),
        ("links", Bytes, true),
    ];
    debug_assert_eq!(columns.len(), FIXED_COLUMNS);
    columns.into_iter().map(column).collect()
}

/// The type of an attribute with a column of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub(super) enum PromotedKind {
    Text = 0,
    Int = 1,
    Bool = 2,
}

impl PromotedKind {
    pub(super) const ALL: [Self; 3] = [Self::Text, Self::Int, Self::Bool];
}

/// An attribute of spans with a column of its own. Values of other types stand among the others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Promoted {
    pub key: String,
    pub kind: PromotedKind,
}

/// The name of an attribute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag {
    pub scope: Scope,
    pub key: String,
    /// How many spans have it, by [`PromotedKind`]; only for attributes of spans.
    pub counts: [u64; 3],
}

/// A page: whole traces, or a part of one that is too large for a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PageHead {
    pub rows: u32,
    pub traces: u32,
    /// Whether its first rows belong to the last trace of the page before.
    pub continues: bool,
    /// The first and the last start of a trace, and the last end.
    pub first_trace_ns: i64,
    pub last_trace_ns: i64,
    pub end_ns: i64,
    /// The first and the last start of a span.
    pub first_span_ns: i64,
    pub last_span_ns: i64,
    pub min_duration_ns: i64,
    pub max_duration_ns: i64,
    /// Which promoted attributes have values among the others too, by bit.
    pub leftovers: u64,
    /// Bytes of the row group's filters.
    pub filter: Range<u32>,
}

/// Bytes of the index with a checksum of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Piece {
    pub offset: u64,
    pub length: u32,
    pub checksum: u32,
}

/// Everything that has to be known before anything is read.
#[derive(Debug)]
pub(super) struct Head {
    pub table: Places,
    pub promoted: Vec<Promoted>,
    pub pages: Vec<PageHead>,
    pub tags: Vec<Tag>,
    pub split: Piece,
    /// By row group.
    pub filters: Vec<Piece>,
    /// As many as a power of two.
    pub buckets: Vec<Piece>,
    /// Bytes of a page's number in the directory.
    pub page_bytes: u8,
}

/// Puts an index together.
pub(super) fn put_index(
    head: &mut Head,
    split: &[u8],
    filters: &[Vec<u8>],
    buckets: &[Vec<u8>],
    zstd_level: i32,
) -> Result<Vec<u8>, std::io::Error> {
    let piece = |bytes: &[u8]| Piece { offset: 0, length: bytes.len() as u32, checksum: crc32fast::hash(bytes) };
    head.split = piece(split);
    head.filters = filters.iter().map(|bytes| piece(bytes)).collect();
    head.buckets = buckets.iter().map(|bytes| piece(bytes)).collect();
    let encoded = zstd::bulk::compress(&head.encode(), zstd_level)?;
    let mut out = Vec::new();
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
    out.extend_from_slice(&(encoded.len() as u64).to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&encoded).to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
    out.extend_from_slice(&encoded);
    out.extend_from_slice(split);
    filters.iter().chain(buckets).for_each(|bytes| out.extend_from_slice(bytes));
    Ok(out)
}

/// The length and the checksum of the head.
pub(super) fn take_preamble(key: &str, bytes: &[u8], index_bytes: u64) -> Result<(u64, u32), SegmentError> {
    let corrupt = |reason: &str| SegmentError::Corrupt { key: key.to_owned(), reason: reason.to_owned() };
    let mut input = Input::new(bytes);
    if input.bytes(8) != Some(MAGIC) {
        return Err(corrupt("it does not begin as an index of spans does"));
    }
    let mut next = || {
        let version = input.u32()?;
        let length = u64::from_le_bytes(input.bytes(8)?.try_into().ok()?);
        Some((version, length, input.u32()?, input.u32()?))
    };
    let (version, length, checksum, own) = next().ok_or_else(|| corrupt("it ends too early"))?;
    if crc32fast::hash(&bytes[..PREAMBLE_BYTES - 4]) != own {
        return Err(corrupt("the checksum of its beginning is wrong"));
    }
    if version != FORMAT_VERSION {
        return Err(SegmentError::Version { key: key.to_owned(), version });
    }
    if length.checked_add(PREAMBLE_BYTES as u64).is_none_or(|end| end > index_bytes) {
        return Err(corrupt("its head lies beyond its end"));
    }
    Ok((length, checksum))
}

/// Checks the head and decompresses it.
pub(super) fn open_head(key: &str, bytes: &[u8], checksum: u32) -> Result<Head, SegmentError> {
    let corrupt = |reason: String| SegmentError::Corrupt { key: key.to_owned(), reason };
    if crc32fast::hash(bytes) != checksum {
        return Err(corrupt("the checksum of its head is wrong".to_owned()));
    }
    let length = zstd::zstd_safe::get_frame_content_size(bytes).ok().flatten().map(|length| length as usize);
    let length = length.filter(|length| *length <= HEAD_LIMIT_BYTES).ok_or_else(|| corrupt("it is too large".to_owned()))?;
    let plain = zstd::bulk::decompress(bytes, length).map_err(|error| corrupt(error.to_string()))?;
    Head::decode(&plain, (PREAMBLE_BYTES + bytes.len()) as u64).ok_or_else(|| corrupt("its parts do not fit together".to_owned()))
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
    /// The pages of a row group.
    pub(super) fn pages_of(&self, group: usize) -> Range<u32> {
        let group = &self.table.groups[group];
        group.first_page..group.first_page + group.pages() as u32
    }

    /// The pages that are read together with one that does not continue the one before.
    pub(super) fn unit(&self, page: u32) -> Range<u32> {
        let rest = &self.pages[page as usize + 1..];
        page..page + 1 + rest.iter().take_while(|page| page.continues).count() as u32
    }

    /// The number of a promoted attribute.
    pub(super) fn promoted(&self, key: &str) -> Option<usize> {
        self.promoted.iter().position(|promoted| promoted.key == key)
    }

    /// Memory that it takes, roughly.
    pub(super) fn size_bytes(&self) -> usize {
        self.table.size_bytes()
            + self.pages.len() * size_of::<PageHead>()
            + self.tags.iter().map(|tag| tag.key.len() + size_of::<Tag>()).sum::<usize>()
            + (self.buckets.len() + self.filters.len()) * size_of::<Piece>()
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_varint(&mut out, self.promoted.len() as u64);
        for promoted in &self.promoted {
            put_text(&mut out, promoted.key.as_bytes());
            out.push(promoted.kind as u8);
        }
        put_varint(&mut out, self.pages.len() as u64);
        let mut before = 0;
        for page in &self.pages {
            put_varint(&mut out, u64::from(page.rows) << 1 | u64::from(page.continues));
            put_varint(&mut out, u64::from(page.traces));
            for time in [page.first_trace_ns, page.last_trace_ns, page.end_ns, page.first_span_ns, page.last_span_ns] {
                put_signed(&mut out, time.wrapping_sub(before));
                before = time;
            }
            put_signed(&mut out, page.min_duration_ns);
            put_signed(&mut out, page.max_duration_ns);
            put_varint(&mut out, page.leftovers);
            put_varint(&mut out, u64::from(page.filter.start));
            put_varint(&mut out, page.filter.len() as u64);
        }
        self.table.put_groups(&mut out);
        put_varint(&mut out, self.tags.len() as u64);
        for tag in &self.tags {
            out.push(tag.scope as u8);
            put_text(&mut out, tag.key.as_bytes());
            tag.counts.iter().for_each(|count| put_varint(&mut out, *count));
        }
        out.push(self.page_bytes);
        put_varint(&mut out, self.buckets.len() as u64);
        for piece in [&self.split].into_iter().chain(&self.filters).chain(&self.buckets) {
            put_varint(&mut out, u64::from(piece.length));
            out.extend_from_slice(&piece.checksum.to_le_bytes());
        }
        out
    }

    /// Reads what [`Head::encode`] wrote; `end` is where the head ends in the index. `None` when it
    /// does not fit together.
    fn decode(bytes: &[u8], end: u64) -> Option<Self> {
        let mut input = Input::new(bytes);
        let mut columns = fixed_columns();
        let count = input.count(1)?;
        let mut promoted = Vec::new();
        for _ in 0..count {
            let key = std::str::from_utf8(take_text(&mut input)?).ok()?.to_owned();
            let kind = *PromotedKind::ALL.get(usize::from(input.byte()?))?;
            columns.push(promoted_column(&key, kind));
            promoted.push(Promoted { key, kind });
        }
        let count = input.count(1)?;
        let mut pages = Vec::with_capacity(count);
        let mut before = 0_i64;
        for number in 0..count {
            let rows = input.varint()?;
            let traces = take_u32(&mut input)?;
            let mut time = || {
                before = before.wrapping_add(input.signed()?);
                Some(before)
            };
            let times = [time()?, time()?, time()?, time()?, time()?];
            let (min_duration_ns, max_duration_ns, leftovers) = (input.signed()?, input.signed()?, input.varint()?);
            let start = take_u32(&mut input)?;
            let filter = start..start.checked_add(take_u32(&mut input)?)?;
            let continues = rows & 1 == 1;
            if continues && number == 0 {
                return None;
            }
            pages.push(PageHead {
                rows: u32::try_from(rows >> 1).ok()?,
                traces,
                continues,
                first_trace_ns: times[0],
                last_trace_ns: times[1],
                end_ns: times[2],
                first_span_ns: times[3],
                last_span_ns: times[4],
                min_duration_ns,
                max_duration_ns,
                leftovers,
                filter,
            });
        }
        let table = Places::take(&mut input, columns, pages.len())?;
        let count = input.count(1)?;
        let mut tags = Vec::with_capacity(count);
        for _ in 0..count {
            let scope = *Scope::ALL.get(usize::from(input.byte()?))?;
            let key = std::str::from_utf8(take_text(&mut input)?).ok()?.to_owned();
            tags.push(Tag { scope, key, counts: [input.varint()?, input.varint()?, input.varint()?] });
        }
        let page_bytes = input.byte().filter(|bytes| (1..=4).contains(bytes))?;
        let count = input.count(1).filter(|count| count.is_power_of_two())?;
        let mut offset = end;
        let mut piece = || {
            let (length, checksum) = (take_u32(&mut input)?, input.u32()?);
            let piece = Piece { offset, length, checksum };
            offset = offset.checked_add(u64::from(length))?;
            Some(piece)
        };
        let split = piece()?;
        let filters: Vec<Piece> = (0..table.groups.len()).map(|_| piece()).collect::<Option<_>>()?;
        let buckets = (0..count).map(|_| piece()).collect::<Option<_>>()?;
        let head = Self { table, promoted, pages, tags, split, filters, buckets, page_bytes };
        let fits = |(number, page): (usize, &PageHead)| page.filter.end <= head.filters[head.table.group_of(number as u32).0].length;
        (input.rest().is_empty() && head.pages.iter().enumerate().all(fits)).then_some(head)
    }
}

/// The column of a promoted attribute.
pub(super) fn promoted_column(key: &str, kind: PromotedKind) -> Column {
    let kind = if kind == PromotedKind::Int { ColumnKind::Numbers } else { ColumnKind::Texts };
    Column { name: format!("span.{key}"), kind, optional: true }
}
