//! Spans: in memory, in segments, and the reading of both.
//!
//! A span is the same as another if trace id, span id, start and kind are the same; it is stored
//! once, and the one that came first stays.
//!
//! A trace may lie in several places: in both memtables, and in several segments. Of any two
//! segments that hold a trace, the one that was written later lists it as *split*
//! ([`SpanSegment::split`]). A reader leaves out the traces of all lists, and those in memory that
//! segments hold, wherever it meets them, and reads each of them from all places at once.
#![allow(dead_code, unused_variables, clippy::todo, clippy::needless_pass_by_value, clippy::unused_self)]

use crate::segment::{PageCache, SegmentError, SegmentInfo};
use hashbrown::DefaultHashBuilder;
use phoenix_env::objects::SharedObjects;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{SpanSelect, SpanStats, SpanVisitor, TagName, TraceId, TraceWrite};
use std::sync::Arc;
use std::time::Duration;

/// Spans in memory.
pub(crate) struct SpanMemtable;

/// What a batch became.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct SpansInserted {
    /// Spans that were stored.
    pub(crate) stored: u64,
    /// Spans that are here already.
    pub(crate) duplicates: u64,
    /// Spans that end before the cutoff.
    pub(crate) too_old: u64,
    /// Bytes of what was stored, as [`TraceWrite::size_bytes`] counts.
    pub(crate) raw_bytes: u64,
}

/// What a reader looks at; cheap to clone.
#[derive(Clone)]
pub(crate) struct SpanView;

impl SpanMemtable {
    /// An empty memtable. All memtables of a store share a hasher.
    pub(crate) fn new(hasher: DefaultHashBuilder, previous: Option<Arc<SpanMemtable>>) -> Self {
        todo!()
    }
    /// About the most bytes that a batch can take here.
    pub(crate) fn estimate(write: &TraceWrite) -> u64 {
        todo!()
    }
    /// Adds the spans that do not end before `cutoff_ns` and are not here already.
    pub(crate) fn insert(&mut self, write: &TraceWrite, cutoff_ns: i64, now: Duration) -> SpansInserted {
        todo!()
    }
    /// Forgets the memtable before this one.
    pub(crate) fn forget_previous(&mut self) {
        todo!()
    }
    /// Ends it: no more rows will come.
    pub(crate) fn close(&mut self) {
        todo!()
    }
    /// The spans as they are now.
    pub(crate) fn view(&mut self) -> SpanView {
        todo!()
    }
    /// The spans of a memtable that takes no more.
    pub(crate) fn closed_view(&self) -> SpanView {
        todo!()
    }
    /// About the bytes of memory that it takes.
    pub(crate) fn bytes(&self) -> u64 {
        todo!()
    }
    /// The number of spans.
    pub(crate) fn rows(&self) -> u64 {
        todo!()
    }
    /// The number of traces.
    pub(crate) fn trace_count(&self) -> usize {
        todo!()
    }
    /// When the first span came; `None` when there is none.
    pub(crate) fn first_write(&self) -> Option<Duration> {
        todo!()
    }
}

impl SpanView {
    /// Whether it holds a trace.
    pub(crate) fn holds(&self, id: TraceId) -> bool {
        todo!()
    }
}

/// A closed memtable, put in the order of segments: by the UTC day on which a trace's first span
/// (of those in this memtable) starts, then by minute and trace id.
pub(crate) struct SpanFlush;

impl SpanFlush {
    /// At most `max_days` partitions; what is older than the newest ones is in [`crate::flush::LATE`].
    pub(crate) fn new(view: &SpanView, max_days: usize) -> Self {
        todo!()
    }
    /// The partitions, ascending, as days since 1970.
    pub(crate) fn partitions(&self) -> &[i64] {
        todo!()
    }
    /// Writes a partition (by its place in [`SpanFlush::partitions`]) into a segment. `elsewhere` says
    /// whether another segment, another partition or the active memtable may hold a trace
    /// ([`SpanSegment::may_hold`], [`SpanView::holds`]); other partitions of this flush are looked at here.
    /// Traces whose last span starts before `cutoff_ns` are left out; `None` if nothing is left.
    pub(crate) fn write(
        &self,
        partition: usize,
        target: &SpanTarget<'_>,
        cutoff_ns: i64,
        elsewhere: &mut dyn FnMut(TraceId) -> Result<bool, SegmentError>,
    ) -> Result<Option<SegmentInfo>, SegmentError> {
        todo!()
    }
}

/// Where a segment shall be written.
pub(crate) struct SpanTarget<'a> {
    pub(crate) objects: &'a SharedObjects,
    pub(crate) prefix: &'a str,
    pub(crate) id: &'a str,
    pub(crate) options: &'a SpanSegmentOptions,
}

/// How segments are written. Segments written under any options can be read.
#[derive(Debug, Clone)]
pub struct SpanSegmentOptions {
    /// Rows of a page.
    pub page_rows: usize,
    /// Bytes at which a page ends before it is full of rows.
    pub page_bytes: usize,
    /// Pages of a row group, which is put together in memory.
    pub row_group_pages: usize,
    /// zstd's level.
    pub zstd_level: i32,
    /// The most attributes of spans that get a column of their own.
    pub promoted: usize,
}

/// A segment that is open for reading. [`SegmentInfo::streams`] is its number of traces;
/// `min_ns` is the first start, `max_ns` the last end of a span.
pub(crate) struct SpanSegment;

impl SpanSegment {
    /// Opens a segment. Reads nothing yet.
    pub(crate) fn open(objects: &SharedObjects, prefix: &str, info: &SegmentInfo, cache: &Arc<PageCache>) -> Result<Self, SegmentError> {
        todo!()
    }
    /// What the manifest says of it.
    pub(crate) fn info(&self) -> &SegmentInfo {
        todo!()
    }
    /// Whether it may hold a trace; wrong in one of some 60,000 cases. Reads a piece of the index.
    pub(crate) fn may_hold(&self, id: TraceId) -> Result<bool, SegmentError> {
        todo!()
    }
    /// The traces that another place may hold too, ascending.
    pub(crate) fn split(&self) -> Result<Arc<Vec<TraceId>>, SegmentError> {
        todo!()
    }
}

/// Writes segments into one, in bounded memory. Traces whose last span starts before `cutoff_ns` are left out. `elsewhere`
/// is asked for traces that an input lists as split: whether a segment that is not among the inputs,
/// or a memtable, holds it. `go_on` is called every few thousand spans; false gives up, which is
/// [`SpanMerged::GivenUp`].
pub(crate) fn merge_spans(
    inputs: &[&SpanSegment],
    target: &SpanTarget<'_>,
    cutoff_ns: i64,
    elsewhere: &mut dyn FnMut(TraceId) -> Result<bool, SegmentError>,
    go_on: &mut dyn FnMut() -> bool,
) -> Result<SpanMerged, SegmentError> {
    todo!()
}

/// What came of a merge.
pub(crate) enum SpanMerged {
    Segment(SegmentInfo),
    /// No span is left.
    Nothing,
    GivenUp,
}

/// All places where spans lie: all held segments, also those out of the range of time, since parts of traces may lie there.
pub(crate) struct SpanScene<'a> {
    /// The memtables, the frozen one first.
    pub(crate) memory: Vec<SpanView>,
    pub(crate) segments: Vec<&'a SpanSegment>,
    /// Traces whose last span ends before this are past their retention.
    pub(crate) cutoff_ns: i64,
}

impl SpanScene<'_> {
    /// See `SpanSource::read` of TraceQL.
    pub(crate) fn read(
        &self,
        select: &SpanSelect<'_>,
        limits: &ReadLimits<'_>,
        visitors: &mut [&mut (dyn SpanVisitor + Send)],
    ) -> Result<SpanStats, ReadError> {
        todo!()
    }
    /// The spans of a trace by start; none if it is not there, or if none of it lies within the range.
    pub(crate) fn trace(&self, id: TraceId, range: Option<(i64, i64)>, limits: &ReadLimits<'_>) -> Result<TraceWrite, ReadError> {
        todo!()
    }
    /// Names of attributes, sorted.
    pub(crate) fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &ReadLimits<'_>) -> Result<Vec<TagName>, ReadError> {
        todo!()
    }
}
