//! Writes a segment of spans.

use super::directory::put_directory;
use super::layout::{FORMAT_VERSION, Head, PageHead, Piece, Promoted, fixed_columns, promoted_column, put_index};
use super::nesting::{Nesting, ROOT};
use super::page::{PageRows, PageTrace};
use super::rows::{At, extent, link};
use super::tags::TagCounts;
use crate::segment::SegmentInfo;
use crate::table::{Column, ColumnKind, SegmentError, TableOptions, TableWriter, keys};
use parquet::basic::{LogicalType, TimeUnit};
use phoenix_env::objects::SharedObjects;
use phoenix_model::traces::{SpanRef, TraceId, TraceWrite};
use std::sync::Arc;

/// A larger trace is written in parts, so that a part can be read and merged in bounded memory.
pub(super) const PART_ROWS: usize = 1 << 16;
/// The same, in bytes of variable length.
pub(super) const PART_BYTES: usize = 16 << 20;

/// What a span takes in raw bytes beside its texts.
const SPAN_BYTES: usize = 48;

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
    /// The most attributes of spans that get a column of their own, up to 64.
    pub promoted: usize,
}

impl Default for SpanSegmentOptions {
    fn default() -> Self {
        Self { page_rows: 8192, page_bytes: 4 << 20, row_group_pages: 16, zstd_level: 3, promoted: 64 }
    }
}

/// Where a segment shall be written.
pub(crate) struct SpanTarget<'a> {
    /// The store of objects.
    pub(crate) objects: &'a SharedObjects,
    /// Below which segments are.
    pub(crate) prefix: &'a str,
    /// The segment's name.
    pub(crate) id: &'a str,
    /// How it is written.
    pub(crate) options: &'a SpanSegmentOptions,
}

/// The key of a trace in the order of segments: the minute of its start, and its id.
pub(super) fn sort_key(start_ns: i64, id: TraceId) -> (i64, TraceId) {
    (start_ns.div_euclid(60_000_000_000), id)
}

/// Bytes of a span, as [`SegmentInfo::raw_bytes`] counts.
pub(super) fn raw_bytes(span: &SpanRef<'_>) -> usize {
    SPAN_BYTES
        + span.name.len()
        + span.status_message.len()
        + span.trace_state.len()
        + span.attributes.as_bytes().len()
        + span.events.as_bytes().len()
        + span.links.as_bytes().len()
}

/// Writes a segment, with a row group in memory at a time. Dropped before
/// [`SpanSegmentWriter::finish`], nothing of the segment exists.
pub(super) struct SpanSegmentWriter {
    id: String,
    options: SpanSegmentOptions,
    objects: SharedObjects,
    index_key: String,
    table: TableWriter,
    page: PageRows,
    page_head: PageHead,
    pages: Vec<PageHead>,
    filters: Vec<Vec<u8>>,
    filter: Vec<u8>,
    tags: TagCounts,
    /// Each trace with the first page of each of its parts.
    traces: Vec<(TraceId, u32)>,
    split: Vec<TraceId>,
    nesting: Nesting,
    raw_bytes: u64,
    min_ns: i64,
    max_ns: i64,
    rows: u64,
}

/// What other programs shall take a column's values for.
fn logical(column: &Column) -> Option<LogicalType> {
    match (column.kind, column.name.as_str()) {
        (ColumnKind::Numbers, "trace_start") => Some(LogicalType::timestamp(true, TimeUnit::NANOS)),
        (ColumnKind::Texts, _) => Some(LogicalType::String),
        (ColumnKind::Numbers | ColumnKind::Bytes, _) => None,
    }
}

const EMPTY_PAGE: PageHead = PageHead {
    rows: 0,
    traces: 0,
    continues: false,
    first_trace_ns: i64::MAX,
    last_trace_ns: i64::MIN,
    end_ns: i64::MIN,
    first_span_ns: i64::MAX,
    last_span_ns: i64::MIN,
    min_duration_ns: i64::MAX,
    max_duration_ns: i64::MIN,
    leftovers: 0,
    filter: 0..0,
};

impl SpanSegmentWriter {
    /// Begins a segment in which some attributes have columns of their own.
    pub(super) fn create(target: &SpanTarget<'_>, promoted: Vec<Promoted>) -> Result<Self, SegmentError> {
        let id = target.id.to_owned();
        let [_, index_key] = keys(target.prefix, &id);
        let mut columns = fixed_columns();
        columns.extend(promoted.iter().map(|promoted| promoted_column(&promoted.key, promoted.kind)));
        let table = TableOptions {
            name: "spans",
            version: FORMAT_VERSION,
            row_group_pages: target.options.row_group_pages,
            zstd_level: target.options.zstd_level,
            sorted_by: Vec::new(),
            logical,
        };
        let table = TableWriter::create(target.objects, target.prefix, &id, columns, &table)?;
        Ok(Self {
            options: target.options.clone(),
            objects: Arc::clone(target.objects),
            index_key,
            table,
            page: PageRows::new(promoted),
            page_head: EMPTY_PAGE,
            pages: Vec::new(),
            filters: Vec::new(),
            filter: Vec::new(),
            tags: TagCounts::default(),
            traces: Vec::new(),
            split: Vec::new(),
            nesting: Nesting::default(),
            raw_bytes: 0,
            min_ns: i64::MAX,
            max_ns: i64::MIN,
            rows: 0,
            id,
        })
    }

    /// Says that another place may hold spans of a trace.
    pub(super) fn mark_split(&mut self, id: TraceId) {
        self.split.push(id);
    }

    /// The blocks that [`SpanSegmentWriter::push`] is given from now on are others.
    pub(super) fn forget_blocks(&mut self) {
        self.page.forget_blocks();
    }

    /// Adds the spans of a trace, in any order, without duplicates. Traces ascend by [`sort_key`].
    /// A very large trace becomes several parts, and is marked as split.
    pub(super) fn push(&mut self, id: TraceId, blocks: &[Arc<TraceWrite>], spans: &[At]) -> Result<(), SegmentError> {
        let bytes = |at: &At| raw_bytes(&blocks[at.block as usize].span(at.row as usize));
        let total: usize = spans.iter().map(bytes).sum();
        self.raw_bytes += total as u64;
        if spans.len() <= PART_ROWS && total <= PART_BYTES {
            return self.push_part(id, blocks, spans, total);
        }
        self.mark_split(id);
        let mut spans = spans.to_vec();
        spans.sort_by_key(|at| blocks[at.block as usize].fixed(at.row as usize).start_ns);
        let (mut start, mut in_part) = (0, 0);
        for end in 1..=spans.len() {
            in_part += bytes(&spans[end - 1]);
            if end == spans.len() || end - start >= PART_ROWS || in_part >= PART_BYTES {
                self.push_part(id, blocks, &spans[start..end], in_part)?;
                (start, in_part) = (end, 0);
            }
        }
        Ok(())
    }

    fn push_part(&mut self, id: TraceId, blocks: &[Arc<TraceWrite>], spans: &[At], bytes: usize) -> Result<(), SegmentError> {
        if spans.is_empty() {
            return Ok(());
        }
        let links: Vec<_> = spans.iter().map(|at| link(blocks, *at)).collect();
        let mut nesting = std::mem::take(&mut self.nesting);
        nesting.arrange(&links);
        let (start_ns, end_ns) = extent(spans.iter().map(|at| {
            let fixed = blocks[at.block as usize].fixed(at.row as usize);
            (fixed.start_ns, fixed.duration_ns)
        }));
        let of_row = |row: usize| spans[nesting.order[row] as usize];
        let root = (nesting.distances[0] == ROOT).then(|| {
            let at = of_row(0);
            let write = &blocks[at.block as usize];
            let span = write.span(at.row as usize);
            (write.resource(span.resource).service(), span.name)
        });
        let trace = PageTrace { id, start_ns, duration_ns: end_ns.saturating_sub(start_ns), root };
        let full = self.page.rows + spans.len() > self.options.page_rows || self.page.raw_bytes + bytes > self.options.page_bytes;
        if full && self.page.rows > 0 {
            self.end_page()?;
        }
        self.traces.push((id, self.pages.len() as u32));
        self.begin_trace(&trace);
        for row in 0..spans.len() {
            if self.page.rows >= self.options.page_rows || self.page.raw_bytes >= self.options.page_bytes {
                self.end_page()?;
                self.page_head.continues = true;
                self.begin_trace(&trace);
            }
            let at = of_row(row);
            let write = &blocks[at.block as usize];
            let span = write.span(at.row as usize);
            self.page.raw_bytes += raw_bytes(&span);
            self.page.push(write, at.block, &span, nesting.distances[row], start_ns, &mut self.tags);
            let head = &mut self.page_head;
            head.first_span_ns = head.first_span_ns.min(span.fixed.start_ns);
            head.last_span_ns = head.last_span_ns.max(span.fixed.start_ns);
            head.min_duration_ns = head.min_duration_ns.min(span.fixed.duration_ns);
            head.max_duration_ns = head.max_duration_ns.max(span.fixed.duration_ns);
        }
        self.min_ns = self.min_ns.min(start_ns);
        self.max_ns = self.max_ns.max(end_ns);
        self.rows += spans.len() as u64;
        self.nesting = nesting;
        // No other trace begins in a page that goes on with one.
        if self.page_head.continues { self.end_page() } else { Ok(()) }
    }

    fn begin_trace(&mut self, trace: &PageTrace<'_>) {
        self.page.begin_trace(trace);
        let head = &mut self.page_head;
        head.traces += 1;
        head.first_trace_ns = head.first_trace_ns.min(trace.start_ns);
        head.last_trace_ns = head.last_trace_ns.max(trace.start_ns);
        head.end_ns = head.end_ns.max(trace.start_ns.saturating_add(trace.duration_ns));
    }

    fn end_page(&mut self) -> Result<(), SegmentError> {
        let rows = self.page.rows;
        if rows == 0 {
            return Ok(());
        }
        let filter = self.filter.len() as u32;
        let Self { table, page, filter: filters, tags, .. } = self;
        table.page(|chunks, zstd| page.write(chunks, filters, tags, zstd))?;
        let head = std::mem::replace(&mut self.page_head, EMPTY_PAGE);
        let filter = filter..self.filter.len() as u32;
        self.pages.push(PageHead { rows: rows as u32, leftovers: self.page.leftovers, filter, ..head });
        self.page.clear(self.options.page_bytes * 2);
        if self.table.is_full() { self.end_group() } else { Ok(()) }
    }

    fn end_group(&mut self) -> Result<(), SegmentError> {
        self.filters.push(std::mem::take(&mut self.filter));
        self.table.end_group()
    }

    /// Makes the segment exist, whole and durable: first its Parquet object, then its index.
    pub(super) fn finish(mut self) -> Result<SegmentInfo, SegmentError> {
        self.end_page()?;
        if self.table.has_pages() {
            self.end_group()?;
        }
        let (table, parquet_bytes) = self.table.finish()?;
        let id = self.id;
        self.split.sort_unstable();
        self.split.dedup();
        let split: Vec<u8> = self.split.iter().flat_map(|id| id.0).collect();
        let (buckets, page_bytes) = put_directory(&self.traces, self.pages.len());
        let mut head = Head {
            table,
            promoted: self.page.promoted().to_vec(),
            pages: self.pages,
            tags: self.tags.finish(),
            split: Piece { offset: 0, length: 0, checksum: 0 },
            filters: Vec::new(),
            buckets: Vec::new(),
            page_bytes,
        };
        let index = put_index(&mut head, &split, &self.filters, &buckets, self.options.zstd_level)
            .map_err(|error| SegmentError::Encode { id: id.clone(), reason: error.to_string() })?;
        self.objects.put(&self.index_key, &index)?;
        Ok(SegmentInfo {
            rows: self.rows,
            raw_bytes: self.raw_bytes,
            size_bytes: parquet_bytes + index.len() as u64,
            index_bytes: index.len() as u64,
            min_ns: if self.rows == 0 { 0 } else { self.min_ns },
            max_ns: if self.rows == 0 { 0 } else { self.max_ns },
            streams: self.traces.len() as u64,
            id,
        })
    }
}
