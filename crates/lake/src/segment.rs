//! Immutable segments: entries of many streams in a Parquet object, and beside it an index object
//! with what rules pages out and what counts entries without reading them.
//!
//! A segment `ID` below `PREFIX` is two objects, `PREFIX/ID.parquet` and `PREFIX/ID.index`. The
//! index is written last: a segment exists when its index does. Rows are sorted by stream and
//! time. A page is at most [`SegmentOptions::page_rows`] rows, at the same rows in all columns,
//! and is what is read, filtered and checked as one.

mod cache;
mod cursor;
mod error;
mod prepared;
mod writer;

pub use cache::PageCache;
pub use cursor::Rows;
pub use error::SegmentError;
pub use prepared::Prepared;
pub use writer::SegmentWriter;

use crate::Tombstone;
use phoenix_env::objects::SharedObjects;
use phoenix_model::Matcher;
use phoenix_model::logs::{Level, LogVisitor, ReadError, ReadLimits, ReadStats, Stream, StreamCounts};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// The newest version of the format that this program reads, and the one that it writes.
pub(crate) const FORMAT_VERSION: u32 = 1;

/// How lines are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum LineEncoding {
    /// In one column of text.
    #[default]
    Text,
    /// As patterns and variables (crate `phoenix-lines`).
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
}

impl Default for SegmentOptions {
    fn default() -> Self {
        Self { page_rows: 8192, page_bytes: 4 << 20, row_group_pages: 16, zstd_level: 3, lines: LineEncoding::default() }
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

pub(crate) fn keys(prefix: &str, id: &str) -> [String; 2] {
    let folder = if prefix.is_empty() { String::new() } else { format!("{prefix}/") };
    [format!("{folder}{id}.parquet"), format!("{folder}{id}.index")]
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
    objects: SharedObjects,
    cache: Arc<PageCache>,
}

impl Segment {
    /// Opens a segment. Reads nothing yet; what is wrong with its objects shows at the first use.
    pub fn open(objects: &SharedObjects, prefix: &str, info: &SegmentInfo, cache: &Arc<PageCache>) -> Result<Self, SegmentError> {
        let _ = prefix;
        Ok(Self { info: info.clone(), objects: Arc::clone(objects), cache: Arc::clone(cache) })
    }

    /// What the manifest says of it.
    pub fn info(&self) -> &SegmentInfo {
        &self.info
    }

    /// The streams, ascending.
    pub fn streams(&self) -> Result<Arc<[Arc<Stream>]>, SegmentError> {
        let _ = (&self.objects, &self.cache);
        Err(SegmentError::Unfinished)
    }

    /// The pages that may hold something of what is asked, in the order of the segment. Pages that
    /// are in the range of time and have one of the streams, but that the filters rule out, are
    /// counted as skipped.
    pub fn plan(&self, prepared: &Prepared<'_>, stats: &mut ReadStats) -> Result<Vec<PageRef>, SegmentError> {
        let _ = (prepared, stats);
        Err(SegmentError::Unfinished)
    }

    /// Gives the visitor what passes in a page: a batch per stream, ascending in time. Entries
    /// beyond the visitor's bound are left out.
    pub fn read_page(
        &self,
        page: &PageRef,
        prepared: &Prepared<'_>,
        tombstones: &[Tombstone],
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
        visitor: &mut dyn LogVisitor,
    ) -> Result<(), ReadError> {
        let _ = (page, prepared, tombstones, limits, stats, visitor);
        Err(SegmentError::Unfinished.into())
    }

    /// Counts entries and bytes of their lines between neighbouring edges, exactly. Streams and
    /// levels without entries there are left out. Edges ascend.
    pub fn counts(
        &self,
        matchers: &[Matcher],
        edges_ns: &[i64],
        tombstones: &[Tombstone],
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
    ) -> Result<Vec<StreamCounts>, ReadError> {
        let _ = (matchers, edges_ns, tombstones, limits, stats);
        Err(SegmentError::Unfinished.into())
    }

    /// Counts the patterns of lines per level and step of `step_ns` (which begin at multiples of
    /// it), among the entries that are asked for.
    pub fn patterns(
        &self,
        prepared: &Prepared<'_>,
        step_ns: i64,
        tombstones: &[Tombstone],
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
    ) -> Result<Vec<PatternCounts>, ReadError> {
        let _ = (prepared, step_ns, tombstones, limits, stats);
        Err(SegmentError::Unfinished.into())
    }

    /// All rows in the order of stream and time, for merging. Holds a page in memory at a time, and
    /// does not go through the cache.
    pub fn rows(&self) -> Result<Rows, SegmentError> {
        Err(SegmentError::Unfinished)
    }
}
