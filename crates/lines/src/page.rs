//! Pages: lines as columns.

use crate::{Kind, LinesError, Store, Variable};
use hashbrown::{DefaultHashBuilder, HashTable};
use phoenix_model::logs::ReadError;
use std::hash::BuildHasher;

/// Columns `n0…` of numbers.
pub const NUMBER_SLOTS: u8 = 24;
/// Columns `h0…` of bytes.
pub const HEX_SLOTS: u8 = 4;
/// Columns `t0…` of texts.
pub const TEXT_SLOTS: u8 = 16;

/// The columns of a page, loaded when they are asked for. A column that was asked for once may be
/// asked for again, and has to be at hand then.
///
/// Columns may be shorter than the page; see [the crate](crate) for what they hold in rows that
/// have no such variable.
pub trait Columns {
    /// How many lines the page has.
    fn rows(&self) -> usize;
    /// The number of each line's pattern, [`Columns::rows`] of them.
    fn patterns(&self) -> Result<&[u32], ReadError>;
    /// A column of numbers, one for each row.
    fn numbers(&self, slot: u8) -> Result<&[i64], ReadError>;
    /// A column of bytes: of rows that have the variable, [`Kind::hex_bytes`] each.
    fn hex(&self, slot: u8) -> Result<&[u8], ReadError>;
    /// A column of texts.
    fn texts(&self, slot: u8) -> Result<Texts<'_>, ReadError>;
}

/// A column of texts: for each row the number of its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Texts<'a> {
    /// For each row the number of a text.
    pub codes: &'a [u32],
    /// For each text where it ends in `bytes`; it begins where the one before ends.
    pub ends: &'a [u32],
    /// All texts, one after the other.
    pub bytes: &'a [u8],
}

impl<'a> Texts<'a> {
    /// A text by its number.
    #[inline]
    pub fn get(&self, code: u32) -> Option<&'a [u8]> {
        let code = code as usize;
        let start = if code == 0 { 0 } else { *self.ends.get(code - 1)? };
        self.bytes.get(start as usize..*self.ends.get(code)? as usize)
    }

    /// The text of a row.
    #[inline]
    pub fn row(&self, row: usize) -> Result<&'a [u8], LinesError> {
        self.codes.get(row).and_then(|code| self.get(*code)).ok_or(LinesError::Columns("a row has no text"))
    }
}

/// Lines as columns, in memory. [`crate::Encoder::encode`] adds a row.
#[derive(Debug, Clone, Default)]
pub struct Page {
    patterns: Vec<u32>,
    numbers: Vec<Vec<i64>>,
    hex: Vec<Vec<u8>>,
    texts: Vec<TextColumn>,
    hasher: DefaultHashBuilder,
    line_bytes: u64,
}

#[derive(Debug, Clone, Default)]
struct TextColumn {
    codes: Vec<u32>,
    ends: Vec<u32>,
    bytes: Vec<u8>,
    by_text: HashTable<u32>,
}

impl TextColumn {
    fn as_texts(&self) -> Texts<'_> {
        Texts { codes: &self.codes, ends: &self.ends, bytes: &self.bytes }
    }

    fn code(&mut self, text: &[u8], hasher: &DefaultHashBuilder) -> u32 {
        let texts = Texts { codes: &self.codes, ends: &self.ends, bytes: &self.bytes };
        if let Some(last) = self.codes.last()
            && texts.get(*last) == Some(text)
        {
            return *last;
        }
        let hash = hasher.hash_one(text);
        if let Some(code) = self.by_text.find(hash, |code| texts.get(*code) == Some(text)) {
            return *code;
        }
        let code = self.ends.len() as u32;
        self.bytes.extend_from_slice(text);
        self.ends.push(self.bytes.len() as u32);
        let texts = Texts { codes: &[], ends: &self.ends, bytes: &self.bytes };
        self.by_text.insert_unique(hash, code, |code| hasher.hash_one(texts.get(*code).unwrap_or_default()));
        code
    }

    fn push(&mut self, row: usize, text: &[u8], hasher: &DefaultHashBuilder) {
        let code = self.code(text, hasher);
        self.codes.resize(row, 0);
        self.codes.push(code);
    }

    fn clear(&mut self) {
        self.codes.clear();
        self.ends.clear();
        self.bytes.clear();
        self.by_text.clear();
    }
}

impl Page {
    /// How many lines there are.
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether there is no line.
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// Bytes of all lines, as they were given.
    pub fn line_bytes(&self) -> u64 {
        self.line_bytes
    }

    /// Counts the bytes of a line that is about to be added; offsets are 32 bits wide.
    pub(crate) fn charge(&mut self, bytes: usize) -> Result<(), LinesError> {
        let total = self.line_bytes + bytes as u64;
        if total > u64::from(u32::MAX) {
            return Err(LinesError::PageFull);
        }
        self.line_bytes = total;
        Ok(())
    }

    /// Bytes of all columns.
    pub fn size_bytes(&self) -> usize {
        let texts = self.texts.iter().map(|t| t.bytes.len() + (t.codes.len() + t.ends.len()) * 4);
        self.patterns.len() * 4
            + self.numbers.iter().map(|n| n.len() * 8).sum::<usize>()
            + self.hex.iter().map(Vec::len).sum::<usize>()
            + texts.sum::<usize>()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.patterns.clear();
        self.line_bytes = 0;
        self.numbers.iter_mut().for_each(Vec::clear);
        self.hex.iter_mut().for_each(Vec::clear);
        self.texts.iter_mut().for_each(TextColumn::clear);
    }

    /// Makes all columns of numbers and texts that hold something as long as the page. Rows without
    /// the variable get zero, or the empty text.
    pub fn pad(&mut self) {
        let rows = self.patterns.len();
        for column in self.numbers.iter_mut().filter(|column| !column.is_empty()) {
            column.resize(rows, 0);
        }
        for column in self.texts.iter_mut().filter(|column| !column.codes.is_empty()) {
            if column.codes.len() < rows {
                let code = column.code(b"", &self.hasher);
                column.codes.resize(rows, code);
            }
        }
    }

    /// Whether any row has a variable in a column.
    pub fn has(&self, store: Store, slot: u8) -> bool {
        let slot = usize::from(slot);
        match store {
            Store::Numbers => self.numbers.get(slot).is_some_and(|column| !column.is_empty()),
            Store::Hex => self.hex.get(slot).is_some_and(|column| !column.is_empty()),
            Store::Texts => self.texts.get(slot).is_some_and(|column| !column.codes.is_empty()),
        }
    }

    /// Adds a row; its variables follow.
    pub(crate) fn begin(&mut self, pattern: u32) {
        self.patterns.push(pattern);
    }

    /// Adds a number to the row begun last.
    #[inline]
    pub(crate) fn push_number(&mut self, slot: u8, value: i64) {
        let row = self.patterns.len() - 1;
        let column = at(&mut self.numbers, slot);
        column.resize(row, 0);
        column.push(value);
    }

    /// Where the bytes of the row begun last go.
    #[inline]
    pub(crate) fn hex_column(&mut self, slot: u8) -> &mut Vec<u8> {
        at(&mut self.hex, slot)
    }

    /// Adds a text to the row begun last.
    #[inline]
    pub(crate) fn push_text(&mut self, slot: u8, text: &str) {
        let row = self.patterns.len() - 1;
        at(&mut self.texts, slot).push(row, text.as_bytes(), &self.hasher);
    }
}

/// A column that is made when it is first needed.
#[inline]
fn at<T: Default>(columns: &mut Vec<T>, slot: u8) -> &mut T {
    let slot = usize::from(slot);
    if columns.len() <= slot {
        columns.resize_with(slot + 1, T::default);
    }
    &mut columns[slot]
}

impl Columns for Page {
    fn rows(&self) -> usize {
        self.patterns.len()
    }

    fn patterns(&self) -> Result<&[u32], ReadError> {
        Ok(&self.patterns)
    }

    fn numbers(&self, slot: u8) -> Result<&[i64], ReadError> {
        Ok(self.numbers.get(usize::from(slot)).map_or(&[], Vec::as_slice))
    }

    fn hex(&self, slot: u8) -> Result<&[u8], ReadError> {
        Ok(self.hex.get(usize::from(slot)).map_or(&[], Vec::as_slice))
    }

    fn texts(&self, slot: u8) -> Result<Texts<'_>, ReadError> {
        Ok(self.texts.get(usize::from(slot)).map(TextColumn::as_texts).unwrap_or_default())
    }
}

/// What a variable of a row is, as its column holds it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// Of [`Store::Numbers`].
    Number(i64),
    /// Of [`Store::Hex`].
    Hex(&'a [u8]),
    /// Of [`Store::Texts`].
    Text(&'a [u8]),
}

impl Value<'_> {
    /// Writes the text that stands in the line.
    #[inline]
    pub fn push(&self, kind: Kind, out: &mut Vec<u8>) {
        match self {
            Self::Number(value) => kind.push_number(out, *value),
            Self::Hex(bytes) => kind.push_hex(out, bytes),
            Self::Text(text) => out.extend_from_slice(text),
        }
    }

    /// How many bytes [`Value::push`] writes.
    pub fn len(&self, variable: Variable) -> usize {
        match self {
            Self::Number(value) => variable.kind.number_len(*value),
            Self::Hex(_) => variable.kind.hex_len(),
            Self::Text(text) => text.len(),
        }
    }
}
