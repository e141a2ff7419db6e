//! Reads the entries of a page that pass.
//!
//! In this order, each for what the steps before have left: streams and time, conditions on lines,
//! deletes, levels, lines, metadata.

use super::layout::{Head, Run};
use super::lines::PageColumns;
use super::{PageReader, PageRef, Prepared, Segment};
use crate::Tombstone;
use crate::table::SegmentError;
use crate::table::cache::Part;
use phoenix_lines::{Filter, Lines, Patterns, RowSet, render};
use phoenix_model::LabelsRef;
use phoenix_model::logs::{Direction, Level, LineFilter, LogBatch, LogVisitor, ReadError, ReadLimits, ReadStats};
use std::ops::Range;
use std::sync::Arc;

/// Bytes that reading holds for each row beside its line.
const ROW_BYTES: u64 = 64;
/// Up to so many runs of a page have their lines put together one by one, so that the visitor's
/// bound may spare some.
const RUNS_APART: usize = 8;

impl Segment {
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
        if (limits.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        let head = self.head()?;
        let Some(page_head) = head.pages.get(page.page as usize) else { return Ok(()) };
        let mut reader = PageReader::new(&self.files, Arc::clone(&head), true);
        let select = prepared.select();
        let lines = select.need.lines || !select.filters.is_empty() || tombstones.iter().any(|t| !t.filters.is_empty());
        let mut bytes = u64::from(page_head.rows) * ROW_BYTES;
        bytes += if lines { page_head.raw_bytes } else { 0 };
        bytes += if select.need.metadata { head.metadata_memory(page.page) } else { 0 };
        let _charge = limits.budget.charge(bytes)?;
        let read = Reading { page: page.page, prepared, tombstones, limits };
        let outcome = read.run(&head, &PageColumns::new(&mut reader, page.page), visitor, stats);
        stats.compressed_bytes += reader.bytes;
        outcome
    }
}

impl PageReader<'_> {
    /// The times of a page, from the cache if they are there.
    pub(super) fn cached_times(&mut self, page: u32) -> Result<Arc<Vec<i64>>, SegmentError> {
        let files = self.files;
        files.cached(Part::Times { page }, || {
            let times = self.times(page)?;
            let bytes = times.len() * 8;
            Ok((times, bytes))
        })
    }
}

/// A page that is read for a question.
pub(super) struct Reading<'a> {
    pub page: u32,
    pub prepared: &'a Prepared<'a>,
    pub tombstones: &'a [Tombstone],
    pub limits: &'a ReadLimits<'a>,
}

/// What passes in a page; at least one row.
pub(super) struct Selected<'h> {
    /// Runs of streams that are asked for.
    pub runs: Vec<&'h Run>,
    pub rows: RowSet,
}

/// The range of `rows`, which ascend in time, whose times lie in `[start_ns, end_ns)`.
pub(super) fn rows_between(times: &[i64], rows: Range<usize>, start_ns: i64, end_ns: i64) -> Range<usize> {
    let times = &times[rows.clone()];
    let start = times.partition_point(|time| *time < start_ns);
    let end = times.partition_point(|time| *time < end_ns).max(start);
    rows.start + start..rows.start + end
}

impl Reading<'_> {
    /// The times that still matter to the visitor: from, and up to.
    fn wanted_ns(&self, visitor: &dyn LogVisitor) -> (i64, i64) {
        let select = self.prepared.select();
        match (select.direction, visitor.bound_ns()) {
            (Some(Direction::Backward), Some(bound)) => (select.start_ns.max(bound.saturating_add(1)), select.end_ns),
            (Some(Direction::Forward), Some(bound)) => (select.start_ns, select.end_ns.min(bound)),
            _ => (select.start_ns, select.end_ns),
        }
    }

    /// Finds the rows that pass in `[start_ns, end_ns)`.
    pub(super) fn select<'h>(
        &self,
        head: &'h Head,
        columns: &PageColumns<'_, '_>,
        (start_ns, end_ns): (i64, i64),
        stats: &mut ReadStats,
    ) -> Result<Option<Selected<'h>>, ReadError> {
        let select = self.prepared.select();
        let page_head = &head.pages[self.page as usize];
        let runs: Vec<&Run> = head
            .runs_in(self.page)
            .iter()
            .filter(|run| run.min_ns < end_ns && run.max_ns >= start_ns && self.prepared.wants(&head.streams[run.stream as usize]))
            .collect();
        if runs.is_empty() {
            return Ok(None);
        }
        let page_rows = page_head.rows as usize;
        let mut rows = RowSet::none(page_rows);
        for run in &runs {
            // Times are read only where they decide something.
            let mut range = run.start as usize..run.end as usize;
            if run.min_ns < start_ns || run.max_ns >= end_ns {
                range = rows_between(columns.times()?, range, start_ns, end_ns);
            }
            range.for_each(|row| rows.insert(row));
        }
        let looked_at = rows.count() as u64;
        if looked_at == 0 {
            return Ok(None);
        }
        stats.pages_read += 1;
        stats.lines += looked_at;
        if select.need.lines || !select.filters.is_empty() {
            stats.bytes += page_head.raw_bytes * looked_at / u64::from(page_head.rows.max(1));
            if stats.bytes > self.limits.max_bytes {
                return Err(ReadError::Limit(format!(
                    "the query reads more than {} bytes of lines: ask for less time, fewer streams, or raise the limit of bytes that a query may read",
                    self.limits.max_bytes
                )));
            }
        }
        if !select.filters.is_empty() {
            self.prepared.plan(columns.segment_number(), &head.patterns).select(&head.patterns, columns, &mut rows)?;
        }
        // Where only lines and metadata can hold a text that must be held, rows without it are done with.
        let metadata = head.may_have_keys(self.page, select.metadata_names);
        if !select.hints.is_empty() && !page_head.backslash && (!metadata || select.need.metadata) {
            for (text, held) in self.prepared.held(&runs.iter().map(|run| head.streams[run.stream as usize].as_ref())) {
                let mut found = if metadata { columns.metadata(select)?.holding(text) } else { RowSet::none(page_rows) };
                found.intersect(&rows);
                if !select.need.lines {
                    rows = found;
                    continue;
                }
                rows.subtract(&found);
                keep_passing(std::slice::from_ref(held), &head.patterns, columns, &mut rows)?;
                rows.union(&found);
            }
        }
        let (min_ns, max_ns) = runs.iter().fold((i64::MAX, i64::MIN), |(min, max), run| (min.min(run.min_ns), max.max(run.max_ns)));
        for tombstone in self.tombstones.iter().filter(|tombstone| tombstone.touches_time(min_ns, max_ns)) {
            let mut covered = RowSet::none(page_rows);
            for run in runs.iter().filter(|run| tombstone.touches_stream(&head.streams[run.stream as usize])) {
                let range = rows_between(columns.times()?, run.start as usize..run.end as usize, tombstone.start_ns, tombstone.end_ns);
                range.filter(|row| rows.contains(*row)).for_each(|row| covered.insert(row));
            }
            keep_passing(&tombstone.filters, &head.patterns, columns, &mut covered)?;
            rows.subtract(&covered);
        }
        stats.passed += rows.count() as u64;
        Ok((!rows.is_empty()).then_some(Selected { runs, rows }))
    }

    fn run(
        &self,
        head: &Head,
        columns: &PageColumns<'_, '_>,
        visitor: &mut dyn LogVisitor,
        stats: &mut ReadStats,
    ) -> Result<(), ReadError> {
        let select = self.prepared.select();
        let Some(Selected { mut runs, mut rows }) = self.select(head, columns, self.wanted_ns(visitor), stats)? else {
            return Ok(());
        };
        let times = columns.times()?;
        // The runs that reach farthest come first, so that the visitor's bound leaves out more of the others.
        match select.direction {
            Some(Direction::Backward) => runs.sort_by_key(|run| std::cmp::Reverse(run.max_ns)),
            Some(Direction::Forward) => runs.sort_by_key(|run| run.min_ns),
            None => {}
        }
        let levels = columns.reader.borrow_mut().levels(self.page)?;
        let sets = columns.sets(select, &rows)?;
        let sizes = if select.need.sizes { columns.reader.borrow_mut().sizes(self.page)? } else { Vec::new() };
        let mut lines = Lines::default();
        let in_one = runs.len() > RUNS_APART;
        if select.need.lines && in_one {
            render(&head.patterns, columns, &rows, &mut lines)?;
        }
        let selected: Vec<usize> = rows.iter().collect();
        let mut batch = Batch::default();
        for run in runs {
            let (start_ns, end_ns) = self.wanted_ns(visitor);
            let range = rows_between(times, run.start as usize..run.end as usize, start_ns, end_ns);
            let first = selected.partition_point(|row| *row < range.start);
            let taken = &selected[first..selected.partition_point(|row| *row < range.end).max(first)];
            if taken.is_empty() {
                continue;
            }
            batch.clear();
            batch.timestamps.extend(taken.iter().map(|row| times[*row]));
            batch.levels.extend(taken.iter().map(|row| levels[*row]));
            if select.need.sizes {
                batch.sizes.extend(taken.iter().map(|row| sizes[*row] as u32));
            }
            let metadata: Vec<LabelsRef<'_>> =
                if select.need.metadata { taken.iter().map(|row| sets.get(*row)).collect() } else { Vec::new() };
            let texts: Vec<&str> = if !select.need.lines {
                Vec::new()
            } else if in_one {
                (first..first + taken.len()).map(|i| lines.get(i)).collect()
            } else {
                rows.clear(times.len());
                for row in taken {
                    rows.insert(*row);
                }
                lines.clear();
                render(&head.patterns, columns, &rows, &mut lines)?;
                lines.iter().collect()
            };
            visitor.batch(&LogBatch {
                stream: &head.streams[run.stream as usize],
                timestamps_ns: &batch.timestamps,
                levels: &batch.levels,
                lines: &texts,
                metadata: &metadata,
                sizes: &batch.sizes,
            })?;
        }
        Ok(())
    }
}

/// What a batch is made of, where its memory can be used again.
#[derive(Default)]
struct Batch {
    timestamps: Vec<i64>,
    levels: Vec<Level>,
    sizes: Vec<u32>,
}

impl Batch {
    fn clear(&mut self) {
        self.timestamps.clear();
        self.levels.clear();
        self.sizes.clear();
    }
}

/// Keeps the rows whose lines pass all conditions.
pub(super) fn keep_passing(
    filters: &[LineFilter],
    patterns: &Patterns,
    columns: &PageColumns<'_, '_>,
    rows: &mut RowSet,
) -> Result<(), ReadError> {
    if filters.is_empty() || rows.is_empty() {
        return Ok(());
    }
    Filter::new(filters).plan(patterns).select(patterns, columns, rows)
}
