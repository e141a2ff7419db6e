//! The lines of a page as `phoenix-lines` reads them.

use super::metadata::{PackedSets, PageMetadata};
use super::{LineEncoding, PageReader};
use crate::table::{NO_TEXT, TextColumn};
use phoenix_lines::{Columns, HEX_SLOTS, Kind, NUMBER_SLOTS, Pattern, Patterns, RowSet, Spelling, Store, TEXT_SLOTS, Texts};
use phoenix_model::logs::{LogSelect, ReadError};
use std::cell::{OnceCell, RefCell};
use std::sync::Arc;

/// The columns of one page, read when they are asked for. Where lines are kept as text, all of
/// them have the pattern of lines that are not taken apart.
pub(super) struct PageColumns<'r, 's> {
    pub reader: RefCell<&'r mut PageReader<'s>>,
    page: u32,
    rows: usize,
    encoding: LineEncoding,
    times: OnceCell<Arc<Vec<i64>>>,
    patterns: OnceCell<Vec<u32>>,
    numbers: [OnceCell<Vec<i64>>; NUMBER_SLOTS as usize],
    hex: [OnceCell<TextColumn>; HEX_SLOTS as usize],
    texts: [OnceCell<TextColumn>; TEXT_SLOTS as usize],
    metadata: OnceCell<PageMetadata>,
}

/// The nanoseconds to which a variable of a pattern tells a moment, in each column of numbers; zero
/// where it has none there.
///
/// Most lines tell when they were written, as their entry does. Of moments is kept how much later
/// they are than the entry, to the same precision; that is nearly always the same number.
pub(super) fn moments(pattern: &Pattern) -> [i64; NUMBER_SLOTS as usize] {
    let mut units = [0; NUMBER_SLOTS as usize];
    for variable in pattern.variables().iter().filter(|variable| variable.kind.store() == Store::Numbers) {
        if let Kind::Time(spelling) = variable.kind {
            let digits = if spelling.digits == Spelling::TRIMMED { 9 } else { u32::from(spelling.digits.min(9)) };
            units[usize::from(variable.slot)] = 10_i64.pow(9 - digits);
        }
    }
    units
}

/// The moment of an entry to a precision.
pub(super) fn rounded(timestamp_ns: i64, unit_ns: i64) -> i64 {
    timestamp_ns.wrapping_sub(timestamp_ns.rem_euclid(unit_ns))
}

fn load<T>(cell: &OnceCell<T>, read: impl FnOnce() -> Result<T, ReadError>) -> Result<&T, ReadError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = read()?;
    Ok(cell.get_or_init(|| value))
}

impl<'r, 's> PageColumns<'r, 's> {
    pub(super) fn new(reader: &'r mut PageReader<'s>, page: u32) -> Self {
        let rows = reader.head.pages[page as usize].rows as usize;
        let encoding = reader.head.encoding;
        Self {
            reader: RefCell::new(reader),
            page,
            rows,
            encoding,
            times: OnceCell::new(),
            patterns: OnceCell::new(),
            numbers: Default::default(),
            hex: Default::default(),
            texts: Default::default(),
            metadata: OnceCell::new(),
        }
    }

    /// The number of the segment in the cache.
    pub(super) fn segment_number(&self) -> u64 {
        self.reader.borrow().files.number
    }

    /// The times of all rows.
    pub(super) fn times(&self) -> Result<&[i64], ReadError> {
        let read = || Ok(self.reader.borrow_mut().cached_times(self.page)?);
        load(&self.times, read).map(|times| times.as_slice())
    }

    /// The metadata of all rows, as far as a question looks at it.
    pub(super) fn metadata(&self, select: &LogSelect<'_>) -> Result<&PageMetadata, ReadError> {
        let read = || Ok(self.reader.borrow_mut().metadata(self.page, select.metadata_names)?);
        load(&self.metadata, read)
    }

    /// The metadata of some rows, if a question needs it.
    pub(super) fn sets(&self, select: &LogSelect<'_>, rows: &RowSet) -> Result<PackedSets, ReadError> {
        if !select.need.metadata {
            return Ok(PackedSets::default());
        }
        let page = self.metadata(select)?;
        Ok(page.sets(&self.reader.borrow(), rows)?)
    }

    fn column(&self, name: &str) -> Result<usize, ReadError> {
        Ok(self.reader.borrow().column(name)?)
    }

    fn read_texts(&self, name: &str) -> Result<TextColumn, ReadError> {
        let column = self.column(name)?;
        let mut texts = self.reader.borrow_mut().texts(self.page, column)?;
        // Rows without the variable may hold any text that exists.
        for code in &mut texts.codes {
            *code = if *code == NO_TEXT { 0 } else { *code };
        }
        Ok(texts)
    }

    /// Makes moments of what is kept of them.
    fn add_times(&self, slot: u8, numbers: &mut [i64]) -> Result<(), ReadError> {
        let head = Arc::clone(&self.reader.borrow().head);
        let units: Vec<i64> = head.patterns.iter().map(|pattern| moments(pattern)[usize::from(slot)]).collect();
        if units.iter().all(|unit| *unit == 0) {
            return Ok(());
        }
        let patterns = self.patterns()?;
        let times = self.times()?;
        for ((number, pattern), time) in numbers.iter_mut().zip(patterns).zip(times.iter()) {
            let unit = units.get(*pattern as usize).copied().unwrap_or_default();
            if unit > 0 {
                *number = number.wrapping_add(rounded(*time, unit));
            }
        }
        Ok(())
    }

    fn read_patterns(&self) -> Result<Vec<u32>, ReadError> {
        if self.encoding == LineEncoding::Text {
            return Ok(vec![Patterns::RAW; self.rows]);
        }
        let column = self.column("pattern")?;
        let mut reader = self.reader.borrow_mut();
        let column = reader.texts(self.page, column)?;
        let texts = column.texts();
        let known: Vec<Option<u32>> = (0..column.distinct() as u32)
            .map(|code| texts.get(code).and_then(|text| std::str::from_utf8(text).ok()).and_then(|text| reader.head.patterns.find(text)))
            .collect();
        let of_row = |code: &u32| known.get(*code as usize).copied().flatten();
        let patterns: Option<Vec<u32>> = texts.codes.iter().map(of_row).collect();
        Ok(patterns.ok_or_else(|| reader.files.corrupt_parquet(format!("page {} has a pattern that is not in the index", self.page)))?)
    }
}

impl Columns for PageColumns<'_, '_> {
    fn rows(&self) -> usize {
        self.rows
    }

    fn patterns(&self) -> Result<&[u32], ReadError> {
        load(&self.patterns, || self.read_patterns()).map(Vec::as_slice)
    }

    fn numbers(&self, slot: u8) -> Result<&[i64], ReadError> {
        let cell = &self.numbers[usize::from(slot)];
        let read = || {
            let column = self.column(&format!("n{slot}"))?;
            let mut numbers = self.reader.borrow_mut().numbers(self.page, column)?.numbers;
            self.add_times(slot, &mut numbers)?;
            Ok(numbers)
        };
        load(cell, read).map(Vec::as_slice)
    }

    fn hex(&self, slot: u8) -> Result<&[u8], ReadError> {
        let read = || {
            let column = self.column(&format!("h{slot}"))?;
            Ok(self.reader.borrow_mut().texts(self.page, column)?)
        };
        load(&self.hex[usize::from(slot)], read).map(|column| column.texts().bytes)
    }

    fn texts(&self, slot: u8) -> Result<Texts<'_>, ReadError> {
        // Asked row by row: the name is made only where the column is read.
        let read = || match self.encoding {
            LineEncoding::Text => self.read_texts("line"),
            LineEncoding::Patterns => self.read_texts(&format!("t{slot}")),
        };
        let column = load(&self.texts[usize::from(slot)], read)?;
        // Without any text no row has the variable.
        Ok(if column.distinct() == 0 { Texts::default() } else { column.texts() })
    }
}
