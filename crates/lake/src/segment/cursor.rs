//! All rows of a segment, one after the other.

use super::lines::PageColumns;
use super::metadata::PackedSets;
use super::{PageReader, Segment};
use crate::table::SegmentError;
use phoenix_lines::{Lines, RowSet, render};
use phoenix_model::logs::{EntryRef, Level, Stream};
use std::sync::Arc;

/// Goes through the rows of a segment in the order of stream and time. Begins at the first row.
pub struct Rows<'a> {
    reader: PageReader<'a>,
    page: u32,
    row: usize,
    /// The run of the row, by number.
    run: usize,
    loaded: PageOfRows,
}

/// A page as rows.
#[derive(Default)]
struct PageOfRows {
    timestamps: Vec<i64>,
    levels: Vec<Level>,
    lines: Lines,
    metadata: PackedSets,
}

impl<'a> Rows<'a> {
    pub(super) fn new(segment: &'a Segment) -> Result<Self, SegmentError> {
        let head = segment.head()?;
        let mut rows =
            Self { reader: PageReader::new(&segment.files, head, false), page: 0, row: 0, run: 0, loaded: PageOfRows::default() };
        rows.load()?;
        Ok(rows)
    }

    /// Reads the page at which it stands, if there is one.
    fn load(&mut self) -> Result<(), SegmentError> {
        if self.page as usize >= self.reader.head.pages.len() {
            return Ok(());
        }
        let page = self.page;
        let rows = &mut self.loaded;
        rows.timestamps = self.reader.times(page)?;
        rows.levels = self.reader.levels(page)?;
        rows.lines.clear();
        let head = Arc::clone(&self.reader.head);
        let all = RowSet::all(rows.timestamps.len());
        rows.metadata = self.reader.metadata(page, None)?.sets(&self.reader, &all)?;
        render(&head.patterns, &PageColumns::new(&mut self.reader, page), &all, &mut rows.lines)
            .map_err(|error| self.reader.files.corrupt_parquet(format!("page {page}: {error}")))?;
        Ok(())
    }

    /// The row at which it stands; `None` at the end.
    pub fn current(&self) -> Option<(&Arc<Stream>, EntryRef<'_>)> {
        let head = &self.reader.head;
        let run = head.runs.get(self.run)?;
        let rows = &self.loaded;
        let entry = EntryRef {
            timestamp_ns: rows.timestamps[self.row],
            line: rows.lines.get(self.row),
            metadata: rows.metadata.get(self.row),
            level: rows.levels[self.row],
        };
        Some((&head.streams[run.stream as usize], entry))
    }

    /// Goes to the next row.
    pub fn advance(&mut self) -> Result<(), SegmentError> {
        let head = &self.reader.head;
        let Some(run) = head.runs.get(self.run) else { return Ok(()) };
        self.row += 1;
        if self.row == run.end as usize {
            self.run += 1;
            if self.row == head.pages[self.page as usize].rows as usize {
                self.page += 1;
                self.row = 0;
                self.load()?;
            }
        }
        Ok(())
    }
}
