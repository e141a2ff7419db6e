//! Conditions over whole batches: columns in, a bit for each row out. What is decided of a value of
//! a dictionary is kept as long as batches share the dictionary.

use super::bits::Bits;
use super::columns::{Frame, Place, Shape, element, shown, span_of, whole};
use super::condition::{Check, Cond, Test};
use super::value::{Several, Value};
use crate::ast::FieldOp;
use crate::source::{ColumnValues, SpanColumn, SpanValue};
use std::sync::Arc;

/// How many dictionaries a condition remembers.
const KEPT: usize = 4;

/// What was decided of dictionaries' values.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    slots: Vec<Vec<Table>>,
}

#[derive(Debug)]
struct Table {
    dictionary: Arc<[SpanValue]>,
    verdicts: Vec<Verdict>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    Open,
    Fails,
    Holds,
}

impl Verdicts {
    fn of(&mut self, slot: usize, dictionary: &Arc<[SpanValue]>) -> &mut [Verdict] {
        if self.slots.len() <= slot {
            self.slots.resize_with(slot + 1, Vec::new);
        }
        let tables = &mut self.slots[slot];
        let at = tables.iter().position(|table| Arc::ptr_eq(&table.dictionary, dictionary)).unwrap_or_else(|| {
            if tables.len() == KEPT {
                tables.remove(0);
            }
            tables.push(Table { dictionary: dictionary.clone(), verdicts: vec![Verdict::Open; dictionary.len()] });
            tables.len() - 1
        });
        &mut tables[at].verdicts
    }
}

impl Cond {
    /// The rows that meet it.
    pub fn rows(&self, frame: &Frame<'_>, verdicts: &mut Verdicts) -> Bits {
        let len = frame.batch.rows;
        match self {
            Self::Const(all) => Bits::of(len, *all),
            Self::Test(test) => test.rows(frame, verdicts),
            Self::Not(inner) => {
                let mut rows = inner.rows(frame, verdicts);
                rows.negate();
                rows
            }
            Self::Any(any) => any.iter().fold(Bits::of(len, false), |mut rows, cond| {
                rows.or(&cond.rows(frame, verdicts));
                rows
            }),
            Self::All(all) => {
                let mut rows = Bits::of(len, true);
                for cond in all.iter().filter(|cond| !matches!(cond, Self::General(_))) {
                    if rows.is_empty() {
                        return rows;
                    }
                    rows.and(&cond.rows(frame, verdicts));
                }
                // What looks at single rows comes last, and only where it decides.
                all.iter().filter(|cond| matches!(cond, Self::General(_))).fold(rows, |rows, cond| cond.row_by_row(frame, &rows))
            }
            Self::General(_) => self.row_by_row(frame, &Bits::of(len, true)),
        }
    }

    /// Those of some rows that meet it, each looked at by itself: the same answer as [`Cond::rows`].
    pub fn row_by_row(&self, frame: &Frame<'_>, among: &Bits) -> Bits {
        let mut rows = Bits::of(frame.batch.rows, false);
        for trace in 0..frame.batch.traces.len() {
            for row in among.rows_in(frame.rows(trace)).filter(|row| self.holds(frame, trace, *row)) {
                rows.set(row);
            }
        }
        rows
    }

    /// Whether one span meets it.
    pub fn holds(&self, frame: &Frame<'_>, trace: usize, row: usize) -> bool {
        match self {
            Self::Const(all) => *all,
            Self::Test(test) => test.check.holds(&frame.value(&test.field, trace, row)),
            Self::Not(inner) => !inner.holds(frame, trace, row),
            Self::Any(any) => any.iter().any(|cond| cond.holds(frame, trace, row)),
            Self::All(all) => all.iter().all(|cond| cond.holds(frame, trace, row)),
            Self::General(expr) => expr.value(frame, trace, row).is_true(),
        }
    }
}

impl Test {
    fn rows(&self, frame: &Frame<'_>, verdicts: &mut Verdicts) -> Bits {
        let rows = self.own_rows(frame, verdicts);
        if !self.field.of_parent {
            return rows;
        }
        let without = matches!(self.check, Check::Absent);
        Bits::fill(frame.batch.rows, |row| frame.row_of(&self.field, row).map_or(without, |parent| rows.get(parent)))
    }

    fn own_rows(&self, frame: &Frame<'_>, verdicts: &mut Verdicts) -> Bits {
        let len = frame.batch.rows;
        let by_presence = matches!(self.check, Check::Exists | Check::Absent);
        if let ([place], false) = (&self.field.places[..], by_presence) {
            return self.place_rows(*place, self.slots[0], frame, verdicts);
        }
        // Only the first place that has a value counts.
        let (mut rows, mut rest) = (Bits::of(len, false), Bits::of(len, true));
        for (place, slot) in self.field.places.iter().zip(&self.slots) {
            let present = presence(*place, frame);
            if !by_presence {
                let mut here = self.place_rows(*place, *slot, frame, verdicts);
                here.and(&rest);
                rows.or(&here);
            }
            rest.and_not(&present);
        }
        match self.check {
            Check::Absent => rest,
            Check::Exists => {
                rest.negate();
                rest
            }
            _ => rows,
        }
    }

    fn place_rows(&self, place: Place, slot: usize, frame: &Frame<'_>, verdicts: &mut Verdicts) -> Bits {
        let Place::Column { at, shape, several } = place else {
            let mut rows = Bits::of(frame.batch.rows, false);
            for trace in 0..frame.batch.traces.len() {
                if self.check.holds(&frame.place(place, trace, 0)) {
                    rows.set_range(frame.rows(trace));
                }
            }
            return rows;
        };
        let column = &frame.batch.columns[at];
        if column.ends.is_some() && several == Several::Array && self.check.wants_every() {
            return Bits::fill(frame.batch.rows, |row| self.check.holds(&frame.cell(at, shape, several, row)));
        }
        let len = frame.batch.rows;
        let literal = match &self.check {
            Check::Compare(op, Value::Int(int) | Value::Duration(int)) => Some((*op, *int)),
            _ => None,
        };
        match (&column.values, literal) {
            (ColumnValues::Absent, _) => Bits::of(len, false),
            (ColumnValues::Coded(codes, dictionary), _) => {
                let verdicts = verdicts.of(slot, dictionary);
                each(column, len, |i| {
                    let code = codes[i];
                    if code == ColumnValues::ABSENT {
                        return false;
                    }
                    let verdict = &mut verdicts[code as usize];
                    if *verdict == Verdict::Open {
                        let holds = self.check.holds(&shown(&dictionary[code as usize], shape));
                        *verdict = if holds { Verdict::Holds } else { Verdict::Fails };
                    }
                    *verdict == Verdict::Holds
                })
            }
            (ColumnValues::Ints(ints, absent), Some((op, int))) if matches!(shape, Shape::Plain | Shape::Duration) => {
                let there = |i: usize| absent.get(i) != Some(&true);
                match op {
                    FieldOp::Eq => each(column, len, |i| ints[i] == int && there(i)),
                    FieldOp::Ne => each(column, len, |i| ints[i] != int && there(i)),
                    FieldOp::Lt => each(column, len, |i| ints[i] < int && there(i)),
                    FieldOp::Le => each(column, len, |i| ints[i] <= int && there(i)),
                    FieldOp::Gt => each(column, len, |i| ints[i] > int && there(i)),
                    FieldOp::Ge => each(column, len, |i| ints[i] >= int && there(i)),
                    _ => Bits::of(len, false),
                }
            }
            (ColumnValues::Ints(ints, []), _) if matches!(shape, Shape::Status | Shape::Kind) => {
                let known: Vec<bool> = (0..8).map(|int| self.check.holds(&whole(int, shape))).collect();
                let other = self.check.holds(&whole(-1, shape));
                each(column, len, |i| usize::try_from(ints[i]).ok().and_then(|int| known.get(int).copied()).unwrap_or(other))
            }
            (values, _) => each(column, len, |i| match element(values, shape, i) {
                Value::Nil => false,
                value => self.check.holds(&value),
            }),
        }
    }
}

/// The rows with a value for which it holds.
fn each(column: &SpanColumn<'_>, len: usize, mut holds: impl FnMut(usize) -> bool) -> Bits {
    match column.ends {
        None => Bits::fill(len, holds),
        Some(ends) => Bits::fill(len, |row| span_of(ends, row).any(&mut holds)),
    }
}

/// The rows that have a value in a place.
fn presence(place: Place, frame: &Frame<'_>) -> Bits {
    let len = frame.batch.rows;
    let Place::Column { at, shape, .. } = place else {
        let mut rows = Bits::of(len, false);
        for trace in (0..frame.batch.traces.len()).filter(|trace| frame.place(place, *trace, 0) != Value::Nil) {
            rows.set_range(frame.rows(trace));
        }
        return rows;
    };
    let column = &frame.batch.columns[at];
    match &column.values {
        ColumnValues::Absent => Bits::of(len, false),
        ColumnValues::Coded(codes, _) => each(column, len, |i| codes[i] != ColumnValues::ABSENT),
        values => each(column, len, |i| element(values, shape, i) != Value::Nil),
    }
}
