//! A page's columns while they are read, with where each row's value lies.

use crate::{Columns, HEX_SLOTS, LinesError, NUMBER_SLOTS, Patterns, Store, TEXT_SLOTS, Texts, Value, Variable};
use phoenix_model::logs::ReadError;
use std::cell::OnceCell;

/// Columns of a page that were checked against the patterns.
pub(crate) struct View<'a> {
    pub(crate) patterns: &'a Patterns,
    columns: &'a dyn Columns,
    /// The number of each row's pattern; all exist.
    pub(crate) ids: &'a [u32],
    /// The pattern of all rows, if they share it.
    pub(crate) single: Option<u32>,
    numbers: [OnceCell<&'a [i64]>; NUMBER_SLOTS as usize],
    hex: [OnceCell<HexColumn<'a>>; HEX_SLOTS as usize],
    texts: [OnceCell<Texts<'a>>; TEXT_SLOTS as usize],
}

/// A column of bytes and where rows begin in it.
pub(crate) struct HexColumn<'a> {
    pub(crate) bytes: &'a [u8],
    rows: HexRows,
}

enum HexRows {
    /// All rows have that many bytes.
    Stride(usize),
    /// Where each row begins, and the end of the last one.
    Starts(Vec<u32>),
}

impl HexColumn<'_> {
    /// The row that a byte belongs to.
    pub(crate) fn row_at(&self, at: usize) -> usize {
        match &self.rows {
            HexRows::Stride(stride) => at / stride,
            HexRows::Starts(starts) => starts.partition_point(|start| *start as usize <= at).saturating_sub(1),
        }
    }

    /// The bytes of a row.
    pub(crate) fn row(&self, row: usize) -> &[u8] {
        let range = match &self.rows {
            HexRows::Stride(stride) => row * stride..(row + 1) * stride,
            HexRows::Starts(starts) => starts[row] as usize..starts[row + 1] as usize,
        };
        &self.bytes[range]
    }
}

fn load<T>(cell: &OnceCell<T>, make: impl FnOnce() -> Result<T, ReadError>) -> Result<&T, ReadError> {
    if let Some(value) = cell.get() {
        return Ok(value);
    }
    let value = make()?;
    Ok(cell.get_or_init(|| value))
}

impl<'a> View<'a> {
    pub(crate) fn new(patterns: &'a Patterns, columns: &'a dyn Columns) -> Result<Self, ReadError> {
        let ids = columns.patterns()?;
        if ids.len() != columns.rows() {
            return Err(LinesError::Columns("not every row has a pattern").into());
        }
        let (mut lowest, mut highest) = (u32::MAX, 0);
        for id in ids {
            lowest = lowest.min(*id);
            highest = highest.max(*id);
        }
        if highest as usize >= patterns.len() {
            return Err(LinesError::Columns("a row has a pattern that does not exist").into());
        }
        Ok(Self {
            patterns,
            columns,
            ids,
            single: (lowest == highest).then_some(lowest),
            numbers: Default::default(),
            hex: Default::default(),
            texts: Default::default(),
        })
    }

    pub(crate) fn numbers(&self, slot: u8) -> Result<&'a [i64], ReadError> {
        load(&self.numbers[usize::from(slot)], || self.columns.numbers(slot)).copied()
    }

    pub(crate) fn texts(&self, slot: u8) -> Result<Texts<'a>, ReadError> {
        load(&self.texts[usize::from(slot)], || {
            let texts = self.columns.texts(slot)?;
            let is_whole = texts.ends.last().copied().unwrap_or(0) as usize <= texts.bytes.len();
            if !is_whole || !texts.ends.is_sorted() {
                return Err(LinesError::Columns("texts do not end where they should").into());
            }
            Ok(texts)
        })
        .copied()
    }

    pub(crate) fn hex(&self, slot: u8) -> Result<&HexColumn<'a>, ReadError> {
        load(&self.hex[usize::from(slot)], || {
            let bytes = self.columns.hex(slot)?;
            let width = |id: u32| {
                let variables = self.patterns.get(id).map(crate::Pattern::variables).unwrap_or_default();
                variables.iter().find(|v| v.kind.store() == Store::Hex && v.slot == slot).map_or(0, |v| v.kind.hex_bytes())
            };
            let (rows, total) = match self.single.map(width) {
                Some(stride) if stride > 0 => (HexRows::Stride(stride), stride * self.ids.len()),
                _ => {
                    let widths: Vec<u32> = (0..self.patterns.len() as u32).map(|id| width(id) as u32).collect();
                    let mut starts = Vec::with_capacity(self.ids.len() + 1);
                    let mut at = 0u32;
                    for id in self.ids {
                        starts.push(at);
                        at = at.checked_add(widths[*id as usize]).ok_or(LinesError::Columns("a column of ids is too long"))?;
                    }
                    starts.push(at);
                    (HexRows::Starts(starts), at as usize)
                }
            };
            if total != bytes.len() {
                return Err(LinesError::Columns("a column of ids has not the length that its patterns say").into());
            }
            Ok(HexColumn { bytes, rows })
        })
    }

    /// The value of a variable that the row's pattern has.
    pub(crate) fn value(&self, variable: Variable, row: usize) -> Result<Value<'_>, ReadError> {
        Ok(match variable.kind.store() {
            Store::Numbers => Value::Number(*self.numbers(variable.slot)?.get(row).ok_or(LinesError::Columns("a row has no number"))?),
            Store::Hex => Value::Hex(self.hex(variable.slot)?.row(row)),
            Store::Texts => Value::Text(self.texts(variable.slot)?.row(row)?),
        })
    }
}
