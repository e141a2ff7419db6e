//! Values of one field for the spans of a unit.

use crate::table::{NO_TEXT, TextTable};
use hashbrown::HashTable;
use phoenix_model::traces::{AttributeValue, ColumnValues, Scalar, SpanColumn, SpanId, SpanValue};
use std::hash::{BuildHasher, Hash, Hasher};
use std::sync::Arc;

/// The code of an absent value.
pub(super) const ABSENT: u32 = ColumnValues::ABSENT;

// Codes of rows go from pages to readers as they are.
const _: () = assert!(ABSENT == NO_TEXT);

/// A column that owns its values; see [`SpanColumn`].
#[derive(Debug, Clone)]
pub(super) struct Column {
    pub ends: Option<Vec<u32>>,
    pub values: Values,
}

/// See [`ColumnValues`].
#[derive(Debug, Clone)]
pub(super) enum Values {
    Absent,
    Coded(Vec<u32>, Arc<[SpanValue]>),
    /// As `Coded`, with texts that are not made values yet.
    Texts(Vec<u32>, Arc<TextTable>),
    Ints(Vec<i64>, Vec<bool>),
    Floats(Vec<f64>, Vec<bool>),
    Ids(Vec<SpanId>),
}

impl Column {
    pub(super) const ABSENT: Self = Self { ends: None, values: Values::Absent };

    pub(super) fn of(values: Values) -> Self {
        Self { ends: None, values }
    }

    pub(super) fn ints(ints: Vec<i64>) -> Self {
        Self::of(Values::Ints(ints, Vec::new()))
    }

    /// As readers want it: all texts are values.
    pub(super) fn settled(&self) -> Option<Self> {
        let Values::Texts(codes, table) = &self.values else { return None };
        let values = (0..table.len() as u32).map(|code| SpanValue::Text(table.text(code).into())).collect();
        Some(Self { ends: self.ends.clone(), values: Values::Coded(codes.clone(), values) })
    }

    /// Gives the values of a row.
    pub(super) fn each_in_row(&self, row: usize, take: &mut dyn FnMut(Piece<'_>)) {
        let range = match &self.ends {
            None => row..row + 1,
            Some(ends) => (if row == 0 { 0 } else { ends[row - 1] as usize })..ends[row] as usize,
        };
        for at in range {
            match &self.values {
                Values::Coded(codes, values) => values.get(codes[at] as usize).into_iter().for_each(|value| take(piece_of(value))),
                Values::Texts(codes, table) if codes[at] != ABSENT => take(Piece::Text(table.text(codes[at]))),
                Values::Ints(ints, absent) if !absent.get(at).is_some_and(|absent| *absent) => take(Piece::Int(ints[at])),
                Values::Floats(floats, absent) if !absent.get(at).is_some_and(|absent| *absent) => take(Piece::Float(floats[at])),
                _ => {}
            }
        }
    }

    /// The column as readers see it. Texts that are not values yet are none: see [`Column::settled`].
    pub(super) fn view(&self) -> SpanColumn<'_> {
        let values = match &self.values {
            Values::Absent | Values::Texts(..) => ColumnValues::Absent,
            Values::Coded(codes, dictionary) => ColumnValues::Coded(codes, dictionary),
            Values::Ints(ints, absent) => ColumnValues::Ints(ints, absent),
            Values::Floats(floats, absent) => ColumnValues::Floats(floats, absent),
            Values::Ids(ids) => ColumnValues::Ids(ids),
        };
        // Without a value anywhere, a list is as good as no column.
        let ends = self.ends.as_deref().filter(|_| !matches!(values, ColumnValues::Absent));
        SpanColumn { ends, values }
    }

    /// The values of some rows.
    pub(super) fn gather(&self, rows: &[u32]) -> Self {
        let Some(ends) = &self.ends else { return Self::of(self.values.gather(rows.iter().copied())) };
        let range = |row: u32| (if row == 0 { 0 } else { ends[row as usize - 1] })..ends[row as usize];
        let mut end = 0;
        let new_ends = rows
            .iter()
            .map(|row| {
                end += range(*row).len() as u32;
                end
            })
            .collect();
        Self { ends: Some(new_ends), values: self.values.gather(rows.iter().flat_map(|row| range(*row))) }
    }

    /// Memory that it takes, roughly, without its dictionary.
    pub(super) fn size_bytes(&self) -> usize {
        self.ends.as_ref().map_or(0, |ends| ends.len() * 4)
            + match &self.values {
                Values::Absent => 0,
                Values::Coded(codes, _) => codes.len() * 4,
                Values::Texts(codes, table) => codes.len() * 4 + table.size_bytes(),
                Values::Ints(ints, absent) => ints.len() * 8 + absent.len(),
                Values::Floats(floats, absent) => floats.len() * 8 + absent.len(),
                Values::Ids(ids) => ids.len() * 8,
            }
    }
}

impl Values {
    fn gather(&self, at: impl Iterator<Item = u32> + Clone) -> Self {
        fn pick<T: Copy>(from: &[T], at: impl Iterator<Item = u32>) -> Vec<T> {
            if from.is_empty() { Vec::new() } else { at.map(|at| from[at as usize]).collect() }
        }
        match self {
            Self::Absent => Self::Absent,
            Self::Coded(codes, dictionary) => Self::Coded(pick(codes, at), Arc::clone(dictionary)),
            Self::Texts(codes, table) => {
                let (mut new, mut values) = (vec![ABSENT; table.len()], Vec::new());
                let mut code = |at: u32| {
                    let code = codes[at as usize];
                    let Some(new) = new.get_mut(code as usize) else { return ABSENT };
                    if *new == ABSENT {
                        *new = values.len() as u32;
                        values.push(SpanValue::Text(table.text(code).into()));
                    }
                    *new
                };
                let codes = at.map(&mut code).collect();
                Self::Coded(codes, values.into())
            }
            Self::Ints(ints, absent) => Self::Ints(pick(ints, at.clone()), pick(absent, at)),
            Self::Floats(floats, absent) => Self::Floats(pick(floats, at.clone()), pick(absent, at)),
            Self::Ids(ids) => Self::Ids(pick(ids, at)),
        }
    }
}

/// A value on its way into a column.
#[derive(Debug, Clone, Copy)]
pub(super) enum Piece<'a> {
    Text(&'a str),
    Int(i64),
    Float(f64),
    Bool(bool),
}

impl Piece<'_> {
    fn is(self, value: &SpanValue) -> bool {
        match (self, value) {
            (Self::Text(a), SpanValue::Text(b)) => a == &**b,
            (Self::Int(a), SpanValue::Int(b)) => a == *b,
            (Self::Float(a), SpanValue::Float(b)) => a.to_bits() == b.to_bits(),
            (Self::Bool(a), SpanValue::Bool(b)) => a == *b,
            _ => false,
        }
    }

    pub(super) fn to_value(self) -> SpanValue {
        match self {
            Self::Text(text) => SpanValue::Text(text.into()),
            Self::Int(int) => SpanValue::Int(int),
            Self::Float(float) => SpanValue::Float(float),
            Self::Bool(bool) => SpanValue::Bool(bool),
        }
    }
}

/// Gives each value of an attribute, which are several if it is an array.
pub(super) fn each_value(value: &AttributeValue<'_>, mut take: impl FnMut(Piece<'_>)) {
    match value {
        AttributeValue::Text(text) => take(Piece::Text(text)),
        AttributeValue::Int(int) => take(Piece::Int(*int)),
        AttributeValue::Float(float) => take(Piece::Float(*float)),
        AttributeValue::Bool(bool) => take(Piece::Bool(*bool)),
        AttributeValue::Array(values) => values.iter().for_each(|value| {
            take(match value {
                Scalar::Text(text) => Piece::Text(text),
                Scalar::Int(int) => Piece::Int(*int),
                Scalar::Float(float) => Piece::Float(*float),
                Scalar::Bool(bool) => Piece::Bool(*bool),
            });
        }),
    }
}

/// Puts a column together, row by row, with a dictionary of its own.
#[derive(Default)]
pub(super) struct ColumnBuilder {
    hasher: hashbrown::DefaultHashBuilder,
    known: HashTable<u32>,
    dictionary: Vec<SpanValue>,
    codes: Vec<u32>,
    ends: Vec<u32>,
    lists: bool,
}

impl ColumnBuilder {
    /// A column of lists, also if no row has more than one value.
    pub(super) fn lists() -> Self {
        Self { lists: true, ..Self::default() }
    }

    fn hash(&self, piece: Piece<'_>) -> u64 {
        let mut hasher = self.hasher.build_hasher();
        match piece {
            Piece::Text(text) => text.hash(&mut hasher),
            Piece::Int(int) => int.hash(&mut hasher),
            Piece::Float(float) => float.to_bits().hash(&mut hasher),
            Piece::Bool(bool) => bool.hash(&mut hasher),
        }
        hasher.finish()
    }

    /// The code of a value.
    pub(super) fn code(&mut self, piece: Piece<'_>) -> u32 {
        let hash = self.hash(piece);
        if let Some(code) = self.known.find(hash, |code| piece.is(&self.dictionary[*code as usize])) {
            return *code;
        }
        let code = self.dictionary.len() as u32;
        self.dictionary.push(piece.to_value());
        let mut known = std::mem::take(&mut self.known);
        known.insert_unique(hash, code, |code| self.hash(piece_of(&self.dictionary[*code as usize])));
        self.known = known;
        code
    }

    /// Adds a value to the row.
    pub(super) fn push(&mut self, piece: Piece<'_>) {
        let code = self.code(piece);
        self.codes.push(code);
    }

    /// Adds values to the row by their codes.
    pub(super) fn push_codes(&mut self, codes: &[u32]) {
        self.codes.extend_from_slice(codes);
    }

    /// The row has all of its values.
    pub(super) fn end_row(&mut self) {
        let before = self.ends.last().copied().unwrap_or_default();
        self.lists |= self.codes.len() as u32 - before > 1;
        self.ends.push(self.codes.len() as u32);
    }

    /// Only the dictionary.
    pub(super) fn into_dictionary(self) -> Arc<[SpanValue]> {
        self.dictionary.into()
    }

    pub(super) fn finish(self) -> Column {
        if self.codes.is_empty() {
            return Column::ABSENT;
        }
        let dictionary = self.dictionary.into();
        if self.lists {
            return Column { ends: Some(self.ends), values: Values::Coded(self.codes, dictionary) };
        }
        let mut start = 0;
        let single = |end: &u32| {
            let at = std::mem::replace(&mut start, *end);
            if at < *end { self.codes[at as usize] } else { ABSENT }
        };
        let codes = self.ends.iter().map(single).collect();
        Column::of(Values::Coded(codes, dictionary))
    }
}

pub(super) fn piece_of(value: &SpanValue) -> Piece<'_> {
    match value {
        SpanValue::Text(text) => Piece::Text(text),
        SpanValue::Int(int) => Piece::Int(*int),
        SpanValue::Float(float) => Piece::Float(*float),
        SpanValue::Bool(bool) => Piece::Bool(*bool),
    }
}
