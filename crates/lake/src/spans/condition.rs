//! Decides conditions on the columns of a unit.

use super::column::{Column, Piece, Values, piece_of};
use phoenix_model::traces::{Compare, SpanField, SpanPredicate, SpanValue};
use std::cmp::Ordering;

/// Whole numbers beyond this are not all numbers of 64 bits.
pub(super) const EXACT: u64 = 1 << 53;

/// Which rows meet a condition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Mask {
    All,
    None,
    Some(Vec<bool>),
}

impl Mask {
    pub(super) fn has(&self, row: usize) -> bool {
        match self {
            Self::All => true,
            Self::None => false,
            Self::Some(rows) => rows[row],
        }
    }

    pub(super) fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::None, _) | (_, Self::None) => Self::None,
            (Self::All, mask) | (mask, Self::All) => mask,
            (Self::Some(mut a), Self::Some(b)) => {
                a.iter_mut().zip(&b).for_each(|(a, b)| *a &= b);
                Self::of(a)
            }
        }
    }

    pub(super) fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, mask) | (mask, Self::None) => mask,
            (Self::Some(mut a), Self::Some(b)) => {
                a.iter_mut().zip(&b).for_each(|(a, b)| *a |= b);
                Self::Some(a)
            }
        }
    }

    pub(super) fn of(rows: Vec<bool>) -> Self {
        if rows.contains(&true) { Self::Some(rows) } else { Self::None }
    }

    /// Whether one of some rows is in it.
    pub(super) fn any(&self, rows: std::ops::Range<usize>) -> bool {
        match self {
            Self::All => !rows.is_empty(),
            Self::None => false,
            Self::Some(mask) => mask[rows].contains(&true),
        }
    }
}

/// The rows that meet a predicate; `column` gives the columns that it asks for.
pub(super) fn evaluate<C: AsRef<Column>, E>(
    predicate: &SpanPredicate,
    rows: usize,
    column: &mut dyn FnMut(&SpanField) -> Result<C, E>,
) -> Result<Mask, E> {
    match predicate {
        SpanPredicate::True => Ok(Mask::All),
        SpanPredicate::Is(condition) => Ok(compare_column(&condition.compare, column(&condition.field)?.as_ref(), rows)),
        SpanPredicate::All(all) => {
            let mut mask = Mask::All;
            for predicate in all {
                if mask == Mask::None {
                    break;
                }
                mask = mask.and(evaluate(predicate, rows, column)?);
            }
            Ok(mask)
        }
        SpanPredicate::Any(any) => {
            let mut mask = Mask::None;
            for predicate in any {
                if mask == Mask::All {
                    break;
                }
                mask = mask.or(evaluate(predicate, rows, column)?);
            }
            Ok(mask)
        }
    }
}

fn compare_column(compare: &Compare, column: &Column, rows: usize) -> Mask {
    let absent = matches!(compare, Compare::Absent);
    // For each value whether it meets the condition (for `Absent`: whether it is there).
    let values: Vec<bool> = match &column.values {
        Values::Absent => return if absent { Mask::All } else { Mask::None },
        Values::Coded(codes, dictionary) => {
            let met = dictionary.iter().map(|value| absent || meets(compare, piece_of(value))).collect();
            match by_code(codes, met) {
                None if !absent => return Mask::None,
                values => values.unwrap_or_else(|| vec![false; codes.len()]),
            }
        }
        Values::Texts(codes, table) => {
            let met = (0..table.len() as u32).map(|code| absent || meets(compare, Piece::Text(table.text(code)))).collect();
            match by_code(codes, met) {
                None if !absent => return Mask::None,
                values => values.unwrap_or_else(|| vec![false; codes.len()]),
            }
        }
        Values::Ints(ints, none) => with_absent(compare_ints(compare, ints), none),
        Values::Floats(floats, none) => {
            with_absent(floats.iter().map(|float| absent || meets(compare, Piece::Float(*float))).collect(), none)
        }
        Values::Ids(ids) => ids.iter().map(|id| absent || meets(compare, Piece::Text(&id.to_string()))).collect(),
    };
    let mut met = match &column.ends {
        None => values,
        Some(ends) => {
            let mut start = 0;
            ends.iter().map(|end| values[std::mem::replace(&mut start, *end as usize)..*end as usize].contains(&true)).collect()
        }
    };
    debug_assert_eq!(met.len(), rows);
    if absent {
        for there in &mut met {
            *there = !*there;
        }
    }
    Mask::of(met)
}

fn with_absent(mut met: Vec<bool>, absent: &[bool]) -> Vec<bool> {
    met.iter_mut().zip(absent).for_each(|(met, absent)| *met &= !absent);
    met
}

fn compare_ints(compare: &Compare, ints: &[i64]) -> Vec<bool> {
    let each = |met: &dyn Fn(i64) -> bool| ints.iter().map(|int| met(*int)).collect();
    match compare {
        Compare::Gt(SpanValue::Int(than)) => ints.iter().map(|int| int > than).collect(),
        Compare::Ge(SpanValue::Int(than)) => ints.iter().map(|int| int >= than).collect(),
        Compare::Lt(SpanValue::Int(than)) => ints.iter().map(|int| int < than).collect(),
        Compare::Le(SpanValue::Int(than)) => ints.iter().map(|int| int <= than).collect(),
        Compare::Eq(SpanValue::Int(than)) => ints.iter().map(|int| int == than).collect(),
        Compare::Absent => vec![true; ints.len()],
        _ => each(&|int| meets(compare, Piece::Int(int))),
    }
}

/// Whether a value meets a condition. Whole numbers that a number of 64 bits cannot hold meet all
/// comparisons with such numbers, since languages differ in how they compare them.
pub(super) fn meets(compare: &Compare, value: Piece<'_>) -> bool {
    let ordered = |than: &SpanValue, wanted: &dyn Fn(Ordering) -> bool| match (value, than) {
        (Piece::Text(a), SpanValue::Text(b)) => wanted(a.cmp(&**b)),
        (Piece::Int(a), SpanValue::Int(b)) => wanted(a.cmp(b)),
        (Piece::Bool(a), SpanValue::Bool(b)) => wanted(a.cmp(b)),
        (Piece::Float(a), SpanValue::Float(b)) => a.partial_cmp(b).is_some_and(wanted),
        (Piece::Int(a), SpanValue::Float(b)) => a.unsigned_abs() > EXACT || (a as f64).partial_cmp(b).is_some_and(wanted),
        (Piece::Float(a), SpanValue::Int(b)) => b.unsigned_abs() > EXACT || a.partial_cmp(&(*b as f64)).is_some_and(wanted),
        _ => false,
    };
    match compare {
        Compare::Eq(than) => ordered(than, &Ordering::is_eq),
        Compare::Ne(than) => ordered(than, &Ordering::is_ne) || is_nan(value) || is_nan(piece_of(than)),
        Compare::Gt(than) => ordered(than, &Ordering::is_gt),
        Compare::Ge(than) => ordered(than, &Ordering::is_ge),
        Compare::Lt(than) => ordered(than, &Ordering::is_lt),
        Compare::Le(than) => ordered(than, &Ordering::is_le),
        Compare::Matches(regex) => matches!(value, Piece::Text(text) if regex.is_match(text)),
        Compare::MatchesNot(regex) => matches!(value, Piece::Text(text) if !regex.is_match(text)),
        Compare::Exists => true,
        Compare::Absent => false,
    }
}

fn is_nan(value: Piece<'_>) -> bool {
    matches!(value, Piece::Float(float) if float.is_nan())
}

/// For each row whether its value is one of those that meet a condition; `None` if none is.
fn by_code(codes: &[u32], mut met: Vec<bool>) -> Option<Vec<bool>> {
    if !met.contains(&true) {
        return None;
    }
    let last = met.len();
    met.push(false);
    Some(codes.iter().map(|code| met[(*code as usize).min(last)]).collect())
}
