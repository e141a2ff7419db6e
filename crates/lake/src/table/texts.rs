//! Texts of a page.

use super::encoding::{Input, take_deltas};
use super::layout::DictionaryPlace;
use phoenix_lines::Texts;
use std::sync::Arc;

/// The code of rows that have no text.
pub(crate) const NO_TEXT: u32 = u32::MAX;

/// Texts one after the other.
#[derive(Debug, Default)]
pub(crate) struct TextTable {
    /// Where each ends, counted from the first.
    pub ends: Vec<u32>,
    bytes: Vec<u8>,
    /// Where the first text begins in `bytes`.
    start: usize,
}

impl TextTable {
    /// Texts after their lengths, as a page without a dictionary has them.
    pub(super) fn with_lengths(bytes: Vec<u8>, start: usize, count: usize) -> Option<Self> {
        let mut input = Input::new(bytes.get(start..)?);
        let mut lengths = Vec::new();
        take_deltas(&mut input, count, &mut lengths)?;
        let mut end = 0_u32;
        let mut ends = Vec::with_capacity(count);
        for length in lengths {
            end = end.checked_add(u32::try_from(length).ok()?)?;
            ends.push(end);
        }
        let start = bytes.len() - input.rest().len();
        (input.rest().len() == end as usize).then_some(Self { ends, bytes, start })
    }

    /// Parquet's plain texts, as a dictionary has them: each after four bytes of its length.
    pub(super) fn plain(bytes: &[u8], place: &DictionaryPlace) -> Option<Self> {
        let mut input = Input::new(bytes);
        let mut table = Self::default();
        for _ in 0..place.entries {
            let length = input.u32()? as usize;
            table.bytes.extend_from_slice(input.bytes(length)?);
            table.ends.push(table.bytes.len() as u32);
        }
        input.rest().is_empty().then_some(table)
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len()
    }

    /// All of them.
    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub(crate) fn get(&self, code: u32) -> &[u8] {
        let code = code as usize;
        let start = if code == 0 { 0 } else { self.ends[code - 1] };
        &self.bytes[self.start + start as usize..self.start + self.ends[code] as usize]
    }

    /// A text; what is no UTF-8 does not come from the writer.
    pub(crate) fn text(&self, code: u32) -> &str {
        std::str::from_utf8(self.get(code)).unwrap_or_default()
    }

    pub(crate) fn size_bytes(&self) -> usize {
        self.bytes.len() + self.ends.len() * 4
    }
}

/// Texts of a page: for each row a code, and the texts by code.
#[derive(Debug, Clone, Default)]
pub(crate) struct TextColumn {
    /// [`NO_TEXT`] for rows without one.
    pub codes: Vec<u32>,
    pub table: Arc<TextTable>,
    /// The row group, if the texts are its dictionary.
    pub group: Option<u32>,
}

impl TextColumn {
    /// How many texts there are.
    pub(crate) fn distinct(&self) -> usize {
        self.table.len()
    }

    /// The text of a row, if it has one.
    pub(crate) fn get(&self, row: usize) -> Option<&[u8]> {
        let code = self.codes[row];
        (code != NO_TEXT).then(|| self.table.get(code))
    }

    /// The text of a row; empty if it has none.
    pub(crate) fn text(&self, row: usize) -> &str {
        std::str::from_utf8(self.get(row).unwrap_or_default()).unwrap_or_default()
    }

    /// Codes of rows and texts, as `phoenix-lines` takes them.
    pub(crate) fn texts(&self) -> Texts<'_> {
        Texts { codes: &self.codes, ends: &self.table.ends, bytes: self.table.bytes() }
    }
}
