//! The columns of a page that all encodings of lines have.

use super::PageReader;
use crate::table::SegmentError;
use phoenix_model::logs::Level;

impl PageReader<'_> {
    pub(super) fn column(&self, name: &str) -> Result<usize, SegmentError> {
        self.head.table.column(name).ok_or_else(|| self.files.corrupt(format!("it has no column `{name}`")))
    }

    /// The times of a page's rows.
    pub(super) fn times(&mut self, page: u32) -> Result<Vec<i64>, SegmentError> {
        let column = self.column("timestamp")?;
        Ok(self.numbers(page, column)?.numbers)
    }

    /// The levels of a page's rows.
    pub(super) fn levels(&mut self, page: u32) -> Result<Vec<Level>, SegmentError> {
        let column = self.column("level")?;
        let column = self.texts(page, column)?;
        let texts = column.texts();
        let known = (0..column.distinct() as u32)
            .map(|code| Level::ALL.into_iter().find(|level| texts.get(code) == Some(level.as_str().as_bytes())))
            .collect::<Option<Vec<_>>>()
            .ok_or_else(|| self.files.corrupt_parquet(format!("page {page} has a level that is none")))?;
        Ok(column.codes.iter().map(|code| known.get(*code as usize).copied().unwrap_or_default()).collect())
    }

    /// The lengths of a page's lines in bytes.
    pub(super) fn sizes(&mut self, page: u32) -> Result<Vec<i64>, SegmentError> {
        let column = self.column("size")?;
        Ok(self.numbers(page, column)?.numbers)
    }
}
