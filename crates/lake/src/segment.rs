//! Immutable segments: entries of many streams in a Parquet object, and beside it an index object
//! with what rules pages out and what counts entries without reading them.
//!
//! A segment `ID` below `PREFIX` is two objects, `PREFIX/ID.parquet` and `PREFIX/ID.index`. The
//! index is written last: a segment exists when its index does. Rows are sorted by stream and
//! time. A page is at most [`SegmentOptions::page_rows`] rows, at the same rows in all columns,
//! and is what is read, filtered and checked as one.
//!
//! | column | holds |
//! |---|---|
//! | `timestamp` | nanoseconds since the Unix epoch, in UTC |
//! | `stream` | the stream's labels, `{app="a"}` |
//! | `level` | the level that was found; null where nobody looked |
//! | `metadata` | structured metadata that has no column of its own, a JSON map of texts; null without any |
//! | `size` | bytes of the line |
//! | `line` | the line, with [`LineEncoding::Text`]; else the following |
//! | `pattern` | the line's pattern, with placeholders for its variables |
//! | `n0`…, `h0`…, `t0`… | the pattern's variables in their order: numbers, bytes, texts; moments as nanoseconds after `timestamp`, cut to the precision of the pattern |
//! | `metadata.KEY`… | the metadata that most entries have; null where an entry does not have it |
//!
//! Which keys of metadata get columns is decided before the first row is written: from the rows in
//! memory, or from what the index objects of segments that are merged say of their keys. An index
//! names the keys that occur, and for each page which of them it has, unless there are very many.
//!
//! Searching goes by what costs least: streams and time, then the pages' words and trigrams, then
//! patterns, then columns, and lines are put together last and only where they are asked for.

mod condition;
mod counting;
mod cursor;
mod fields;
pub(crate) mod layout;
mod lines;
pub(crate) mod metadata;
mod minutes;
mod patterns;
mod pending;
mod prepared;
mod read;
#[cfg(test)]
mod tests;
mod values;
mod words;
pub(crate) mod writer;

pub use cursor::Rows;
pub use prepared::Prepared;
pub(crate) use values::PreparedFields;
pub use writer::SegmentWriter;

use crate::table::cache::Part;
pub use crate::table::{PageCache, SegmentError};

use crate::table::{ColumnReader, Files, keys};
use layout::{Head, PREAMBLE_BYTES, Preamble, Run, Section, open_section, take_preamble};
use metadata::KeyCounts;
use phoenix_env::objects::SharedObjects;
use phoenix_lines::RowSet;
use phoenix_model::logs::{Level, ReadStats, Stream};
use prepared::LoadedFilters;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The newest version of the format that this program reads, and the one that it writes.
///
/// Version 1 had all metadata in one column, and an index said nothing of keys.
pub(crate) const FORMAT_VERSION: u32 = 2;
/// The oldest version that it reads.
pub(crate) const OLDEST_VERSION: u32 = 1;

/// Of a segment that does not say which keys of metadata it has, so many pages are read to find the
/// frequent ones.
const SAMPLED_PAGES: usize = 4;

/// How lines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEncoding {
    /// In one column of text.
    Text,
    /// As patterns and variables (crate `phoenix-lines`).
    #[default]
    Patterns,
}

/// How segments are written. Segments written under any options can be read.
#[derive(Debug, Clone)]
pub struct SegmentOptions {
    /// Rows of a page.
    pub page_rows: usize,
    /// Bytes of lines and metadata at which a page ends before it is full of rows.
    pub page_bytes: usize,
    /// Pages of a row group, which is put together in memory.
    pub row_group_pages: usize,
    /// zstd's level.
    pub zstd_level: i32,
    /// How lines are kept.
    pub lines: LineEncoding,
    /// The most keys of structured metadata that get a column of their own.
    pub metadata_columns: usize,
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self {
            page_rows: 8192,
            page_bytes: 4 << 20,
            row_group_pages: 16,
            zstd_level: 3,
            lines: LineEncoding::default(),
            metadata_columns: 32,
        }
    }
}

/// What is known of a segment without opening it; it stands in the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentInfo {
    /// Its name below the prefix.
    pub id: String,
    /// Entries.
    pub rows: u64,
    /// Bytes of their lines.
    pub raw_bytes: u64,
    /// Bytes of both objects.
    pub size_bytes: u64,
    /// Bytes of these in the index.
    pub index_bytes: u64,
    /// The time of the oldest entry, in nanoseconds since the Unix epoch.
    pub min_ns: i64,
    /// The time of the newest entry.
    pub max_ns: i64,
    /// Streams.
    pub streams: u64,
}

impl SegmentInfo {
    /// The keys of its objects below a prefix: Parquet, index.
    pub fn keys(&self, prefix: &str) -> [String; 2] {
        keys(prefix, &self.id)
    }

    /// Whether an entry may lie in `[start_ns, end_ns)`.
    pub fn overlaps(&self, start_ns: i64, end_ns: i64) -> bool {
        self.rows > 0 && self.min_ns < end_ns && self.max_ns >= start_ns
    }
}

/// A page of a segment that may hold something of what a query asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PageRef {
    /// Its number within the segment.
    pub page: u32,
    /// The time of the oldest entry of the streams that are asked for.
    pub min_ns: i64,
    /// The time of their newest entry.
    pub max_ns: i64,
    /// How many entries these streams have in the page.
    pub rows: u32,
}

/// How often a pattern of lines occurred.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternCounts {
    /// The pattern, with `<_>` for each variable.
    pub pattern: String,
    /// The level of the lines.
    pub level: Level,
    /// The starts of steps in nanoseconds since the Unix epoch, ascending, and the lines in each.
    pub counts: Vec<(i64, u64)>,
}

/// A segment that is open for reading. It holds little memory itself: index and pages are in the
/// [`PageCache`] and are read again when they have left it.
pub struct Segment {
    info: SegmentInfo,
    files: Files,
}

/// Reads columns of one page after the other.
pub(crate) type PageReader<'a> = ColumnReader<'a, Head>;

impl Segment {
    /// Opens a segment. Reads nothing yet; what is wrong with its objects shows at the first use.
    pub fn open(objects: &SharedObjects, prefix: &str, info: &SegmentInfo, cache: &Arc<PageCache>) -> Result<Self, SegmentError> {
        Ok(Self { info: info.clone(), files: Files::new(objects, prefix, &info.id, cache) })
    }

    /// What the manifest says of it.
    pub fn info(&self) -> &SegmentInfo {
        &self.info
    }

    /// The streams, ascending.
    pub fn streams(&self) -> Result<Arc<[Arc<Stream>]>, SegmentError> {
        Ok(Arc::clone(&self.head()?.streams))
    }

    /// The pages that may hold something of what is asked, in the order of the segment. Pages that
    /// are in the range of time and have one of the streams, but that the filters rule out, are
    /// counted as skipped.
    pub fn plan(&self, prepared: &Prepared<'_>, stats: &mut ReadStats) -> Result<Vec<PageRef>, SegmentError> {
        let select = prepared.select();
        if !self.info.overlaps(select.start_ns, select.end_ns) {
            return Ok(Vec::new());
        }
        let head = self.head()?;
        let wanted: Vec<bool> = head.streams.iter().map(|stream| prepared.wants(stream)).collect();
        let mut pages: Vec<PageRef> = Vec::new();
        let runs = || {
            let wanted = |run: &&Run| wanted[run.stream as usize] && run.min_ns < select.end_ns && run.max_ns >= select.start_ns;
            head.runs.iter().filter(wanted)
        };
        for run in runs() {
            match pages.last_mut().filter(|page| page.page == run.page) {
                Some(page) => {
                    page.min_ns = page.min_ns.min(run.min_ns);
                    page.max_ns = page.max_ns.max(run.max_ns);
                    page.rows += run.end - run.start;
                }
                None => {
                    pages.push(PageRef { page: run.page, min_ns: run.min_ns, max_ns: run.max_ns, rows: run.end - run.start });
                }
            }
        }
        if pages.is_empty() {
            return Ok(pages);
        }
        let before = pages.len();
        let streams_in = |page: u32| {
            let wanted = |run: &&Run| wanted[run.stream as usize];
            head.runs_in(page).iter().filter(wanted).map(|run| head.streams[run.stream as usize].as_ref())
        };
        for section in [Section::Words, Section::Trigrams] {
            let asks = if section == Section::Words { prepared.asks_words() } else { prepared.asks_trigrams() };
            if !asks || pages.is_empty() {
                continue;
            }
            let bytes = self.section(section)?;
            pages.retain(|page| {
                let page_head = &head.pages[page.page as usize];
                let (mut words, mut trigrams) = (None, None);
                if section == Section::Words {
                    words = bytes.get(page_head.words.clone());
                } else {
                    trigrams = bytes.get(page_head.trigrams.clone());
                }
                let filters = LoadedFilters { words, trigrams, longest_word: page_head.longest_word };
                prepared.may_pass(filters, page_head.backslash, &streams_in(page.page))
            });
        }
        stats.pages_skipped += (before - pages.len()) as u64;
        Ok(pages)
    }

    /// All rows in the order of stream and time, for merging. Holds a page in memory at a time, and
    /// does not go through the cache.
    pub fn rows(&self) -> Result<Rows<'_>, SegmentError> {
        Rows::new(self)
    }

    /// Adds the keys of metadata that it has. Of a segment that does not say so, some pages are read.
    pub(crate) fn count_keys(&self, counts: &mut KeyCounts) -> Result<(), SegmentError> {
        let head = self.head()?;
        if self.preamble()?.version > 1 {
            counts.add_keys(&head.keys);
            return Ok(());
        }
        let mut reader = PageReader::new(&self.files, Arc::clone(&head), false);
        let with_metadata = (0..).zip(&head.pages).filter(|(_, page)| page.metadata_bytes > 0);
        let step = head.pages.len().div_ceil(SAMPLED_PAGES).max(1);
        for (number, page) in with_metadata.step_by(step) {
            let rows = RowSet::all(page.rows as usize);
            let sets = reader.metadata(number, None)?.sets(&reader, &rows)?;
            rows.iter().for_each(|row| counts.add_set(sets.get(row), step as u64));
        }
        Ok(())
    }

    /// Whether one of its entries in `[start_ns, end_ns)` may have structured metadata under one of
    /// these keys, or any at all if `keys` is `None`.
    pub(crate) fn may_have_metadata(&self, keys: Option<&[&str]>, start_ns: i64, end_ns: i64) -> Result<bool, SegmentError> {
        if !self.info.overlaps(start_ns, end_ns) {
            return Ok(false);
        }
        let head = self.head()?;
        let in_time = |run: &&Run| run.min_ns < end_ns && run.max_ns >= start_ns;
        Ok(head.runs.iter().filter(in_time).any(|run| head.may_have_keys(run.page, keys)))
    }

    fn preamble(&self) -> Result<Arc<Preamble>, SegmentError> {
        self.files.cached(Part::Preamble, || {
            let bytes = self.files.index(0, PREAMBLE_BYTES)?;
            Ok((take_preamble(&self.files.index_key, &bytes, self.info.index_bytes)?, size_of::<Preamble>()))
        })
    }

    fn read_section(&self, section: Section) -> Result<Vec<u8>, SegmentError> {
        let place = self.preamble()?.sections[section as usize];
        let bytes = self.files.index(place.offset, place.length as usize)?;
        open_section(&self.files.index_key, section, &place, bytes)
    }

    /// The bytes of a section other than the head.
    fn section(&self, section: Section) -> Result<Arc<Vec<u8>>, SegmentError> {
        self.files.cached(Part::Section(section), || {
            let bytes = self.read_section(section)?;
            let length = bytes.len();
            Ok((bytes, length))
        })
    }

    fn head(&self) -> Result<Arc<Head>, SegmentError> {
        self.files.cached(Part::Section(Section::Head), || {
            let bytes = self.read_section(Section::Head)?;
            let head = Head::decode(&bytes, self.preamble()?.version)
                .ok_or_else(|| self.files.corrupt("its parts do not fit together".to_owned()))?;
            let size = head.size_bytes();
            Ok((head, size))
        })
    }
}
