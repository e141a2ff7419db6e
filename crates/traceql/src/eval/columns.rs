//! The columns that a query looks at, and the values that stand in them.

use super::value::{Several, Value};
use crate::ast::{AttributeName, IntrinsicName};
use crate::source::{ColumnValues, Intrinsic, ReadError, Scope, SpanBatch, SpanField, SpanValue};
use phoenix_model::traces::{SpanKind, SpanStatus};
use std::borrow::Cow;

/// The order in which scopes are looked at for an attribute without one.
const UNSCOPED: [Scope; 5] = [Scope::Span, Scope::Resource, Scope::Event, Scope::Link, Scope::Instrumentation];

/// The columns of a query, each once.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    pub fields: Vec<SpanField>,
    /// Whether something is asked of spans' parents, for which whole traces are needed.
    pub parents: bool,
    /// Whether something is asked of traces' roots.
    pub roots: bool,
}

/// A field: the first of its places that has a value counts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Field {
    pub of_parent: bool,
    pub places: Vec<Place>,
}

/// Where a field's value stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Column { at: usize, shape: Shape, several: Several },
    TraceId,
    TraceDuration,
    RootName,
    RootService,
}

/// What whole numbers in a column mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    Plain,
    Duration,
    Status,
    Kind,
}

impl Columns {
    /// The place of a column.
    pub fn at(&mut self, field: SpanField) -> usize {
        self.fields.iter().position(|f| *f == field).unwrap_or_else(|| {
            self.fields.push(field);
            self.fields.len() - 1
        })
    }

    pub fn intrinsic_at(&mut self, intrinsic: Intrinsic) -> usize {
        self.at(SpanField::Intrinsic(intrinsic))
    }

    fn root(&mut self, place: Place) -> Field {
        self.roots = true;
        Field { of_parent: false, places: vec![place] }
    }

    fn place(&mut self, field: SpanField, shape: Shape, several: Several) -> Field {
        Field { of_parent: false, places: vec![Place::Column { at: self.at(field), shape, several }] }
    }

    pub fn attribute(&mut self, name: &AttributeName) -> Field {
        let scopes = name.scope.as_ref().map_or(&UNSCOPED[..], std::slice::from_ref);
        let places = scopes.iter().map(|scope| {
            let several = if matches!(scope, Scope::Event | Scope::Link) { Several::Events } else { Several::Array };
            Place::Column { at: self.at(SpanField::Attribute(*scope, name.key.clone())), shape: Shape::Plain, several }
        });
        let places = places.collect();
        if name.of_parent {
            self.need_parents();
        }
        Field { of_parent: name.of_parent, places }
    }

    fn need_parents(&mut self) {
        self.parents = true;
        self.intrinsic_at(Intrinsic::NestedSetLeft);
        self.intrinsic_at(Intrinsic::NestedSetParent);
    }

    pub fn intrinsic(&mut self, name: IntrinsicName) -> Field {
        let (intrinsic, shape) = match name {
            IntrinsicName::Duration => (Intrinsic::Duration, Shape::Duration),
            IntrinsicName::Name => (Intrinsic::Name, Shape::Plain),
            IntrinsicName::Status => (Intrinsic::Status, Shape::Status),
            IntrinsicName::StatusMessage => (Intrinsic::StatusMessage, Shape::Plain),
            IntrinsicName::Kind => (Intrinsic::Kind, Shape::Kind),
            IntrinsicName::SpanId => (Intrinsic::SpanId, Shape::Plain),
            IntrinsicName::ParentId => (Intrinsic::ParentId, Shape::Plain),
            IntrinsicName::ChildCount => (Intrinsic::ChildCount, Shape::Plain),
            IntrinsicName::EventName => (Intrinsic::EventName, Shape::Plain),
            IntrinsicName::EventTimeSinceStart => (Intrinsic::EventTimeSinceStart, Shape::Duration),
            IntrinsicName::LinkTraceId => (Intrinsic::LinkTraceId, Shape::Plain),
            IntrinsicName::LinkSpanId => (Intrinsic::LinkSpanId, Shape::Plain),
            IntrinsicName::InstrumentationName => (Intrinsic::ScopeName, Shape::Plain),
            IntrinsicName::InstrumentationVersion => (Intrinsic::ScopeVersion, Shape::Plain),
            IntrinsicName::NestedSetLeft => (Intrinsic::NestedSetLeft, Shape::Plain),
            IntrinsicName::NestedSetRight => (Intrinsic::NestedSetRight, Shape::Plain),
            IntrinsicName::NestedSetParent => (Intrinsic::NestedSetParent, Shape::Plain),
            IntrinsicName::TraceId => return Field { of_parent: false, places: vec![Place::TraceId] },
            IntrinsicName::TraceDuration => return Field { of_parent: false, places: vec![Place::TraceDuration] },
            IntrinsicName::RootName => return self.root(Place::RootName),
            IntrinsicName::RootService => return self.root(Place::RootService),
        };
        self.place(SpanField::Intrinsic(intrinsic), shape, Several::Events)
    }
}

/// A batch with what is worked out for it.
#[derive(Debug)]
pub(crate) struct Frame<'b> {
    pub batch: SpanBatch<'b>,
    /// The row of each row's parent, [`Frame::NO_PARENT`] where it has none; empty unless asked for.
    parents: Vec<u32>,
}

impl<'b> Frame<'b> {
    pub const NO_PARENT: u32 = u32::MAX;

    /// An error if the store gives what is always there in another form than whole numbers.
    pub fn new(batch: &SpanBatch<'b>, columns: &Columns) -> Result<Self, ReadError> {
        let mut frame = Self { batch: *batch, parents: Vec::new() };
        for (at, field) in columns.fields.iter().enumerate() {
            let whole = matches!(
                field,
                SpanField::Intrinsic(
                    Intrinsic::Start
                        | Intrinsic::Duration
                        | Intrinsic::NestedSetLeft
                        | Intrinsic::NestedSetRight
                        | Intrinsic::NestedSetParent
                )
            );
            if whole && frame.ints(at).len() != batch.rows {
                return Err(ReadError::Storage(format!("the store gave no whole numbers for {field:?}")));
            }
        }
        if columns.parents {
            let at = |intrinsic| columns.fields.iter().position(|f| *f == SpanField::Intrinsic(intrinsic));
            let (left, parent) = (at(Intrinsic::NestedSetLeft), at(Intrinsic::NestedSetParent));
            let (left, parent) = (frame.ints(left.unwrap_or_default()), frame.ints(parent.unwrap_or_default()));
            frame.parents = vec![Self::NO_PARENT; batch.rows];
            for trace in batch.traces {
                let rows = trace.rows.start as usize..trace.rows.end as usize;
                let lefts = &left[rows.clone()];
                for row in rows.clone() {
                    let at = lefts.partition_point(|l| *l < parent[row]);
                    if parent[row] > 0 && lefts.get(at) == Some(&parent[row]) {
                        frame.parents[row] = (rows.start + at) as u32;
                    }
                }
            }
        }
        Ok(frame)
    }

    /// A column of whole numbers; empty if it is none.
    pub fn ints(&self, at: usize) -> &'b [i64] {
        match self.batch.columns[at].values {
            ColumnValues::Ints(ints, _) => ints,
            _ => &[],
        }
    }

    /// The row that a field is read from; `None` if it is the parent's and there is none.
    pub fn row_of(&self, field: &Field, row: usize) -> Option<usize> {
        if !field.of_parent {
            return Some(row);
        }
        self.parents.get(row).filter(|parent| **parent != Self::NO_PARENT).map(|parent| *parent as usize)
    }

    /// The rows of a trace.
    pub fn rows(&self, trace: usize) -> std::ops::Range<usize> {
        let rows = &self.batch.traces[trace].rows;
        rows.start as usize..rows.end as usize
    }

    /// A field's value for a span.
    pub fn value(&self, field: &Field, trace: usize, row: usize) -> Value<'b> {
        let Some(row) = self.row_of(field, row) else { return Value::Nil };
        field.places.iter().map(|place| self.place(*place, trace, row)).find(|value| *value != Value::Nil).unwrap_or(Value::Nil)
    }

    /// What stands in one place.
    pub fn place(&self, place: Place, trace: usize, row: usize) -> Value<'b> {
        let info = &self.batch.traces[trace];
        let text = |text: &'b str| if text.is_empty() { Value::Nil } else { Value::Text(Cow::Borrowed(text)) };
        match place {
            Place::TraceId => Value::Text(Cow::Owned(info.id.to_string())),
            Place::TraceDuration => Value::Duration(info.duration_ns),
            Place::RootName => text(info.root_name),
            Place::RootService => text(info.root_service),
            Place::Column { at, shape, several } => self.cell(at, shape, several, row),
        }
    }

    /// What stands in a column of plain values.
    pub fn cell_at(&self, at: usize, row: usize) -> Value<'b> {
        self.cell(at, Shape::Plain, Several::Events, row)
    }

    pub fn cell(&self, at: usize, shape: Shape, several: Several, row: usize) -> Value<'b> {
        let column = &self.batch.columns[at];
        let Some(ends) = column.ends else { return element(&column.values, shape, row) };
        let values = span_of(ends, row).map(|i| element(&column.values, shape, i));
        let mut values: Vec<_> = values.filter(|value| *value != Value::Nil).collect();
        match values.len() {
            0 => Value::Nil,
            1 => values.pop().unwrap_or(Value::Nil),
            _ => Value::List(values, several),
        }
    }
}

/// Where the values of a row stand in a column of lists.
pub(crate) fn span_of(ends: &[u32], row: usize) -> std::ops::Range<usize> {
    let from = if row == 0 { 0 } else { ends[row - 1] as usize };
    from..ends[row] as usize
}

/// One value of a column.
pub(crate) fn element<'b>(values: &ColumnValues<'b>, shape: Shape, at: usize) -> Value<'b> {
    match values {
        ColumnValues::Coded(codes, dictionary) => match codes[at] {
            ColumnValues::ABSENT => Value::Nil,
            code => shown(&dictionary[code as usize], shape),
        },
        ColumnValues::Ints(ints, absent) if !absent.get(at).copied().unwrap_or(false) => whole(ints[at], shape),
        ColumnValues::Floats(floats, absent) if !absent.get(at).copied().unwrap_or(false) => Value::Float(floats[at]),
        // A root has no parent to name.
        ColumnValues::Ids(ids) if !ids[at].is_none() => Value::Text(Cow::Owned(ids[at].to_string())),
        ColumnValues::Absent | ColumnValues::Ints(..) | ColumnValues::Floats(..) | ColumnValues::Ids(_) => Value::Nil,
    }
}

pub(crate) fn shown(value: &SpanValue, shape: Shape) -> Value<'_> {
    match value {
        SpanValue::Text(text) => Value::Text(Cow::Borrowed(text)),
        SpanValue::Int(int) => whole(*int, shape),
        SpanValue::Float(float) => Value::Float(*float),
        SpanValue::Bool(bool) => Value::Bool(*bool),
    }
}

pub(crate) fn whole(int: i64, shape: Shape) -> Value<'static> {
    let number = || i32::try_from(int).unwrap_or(-1);
    match shape {
        Shape::Plain => Value::Int(int),
        Shape::Duration => Value::Duration(int),
        Shape::Status => Value::Status(SpanStatus::from_number(number())),
        Shape::Kind => Value::Kind(SpanKind::from_number(number())),
    }
}
