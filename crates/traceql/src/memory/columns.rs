//! Columns of a batch, in all the forms that stores give.

use super::MemorySource;
use super::tree::{Row, Trace};
use crate::source::{ColumnValues, Intrinsic, SpanColumn, SpanField, SpanValue};
use phoenix_model::traces::{SpanId, SpanRef};
use std::collections::HashMap;
use std::sync::Arc;

/// A column of a batch.
pub(super) struct Column {
    ends: Option<Vec<u32>>,
    values: Values,
}

enum Values {
    Coded(Vec<u32>, Arc<[SpanValue]>),
    Ints(Vec<i64>, Vec<bool>),
    Floats(Vec<f64>, Vec<bool>),
    Ids(Vec<SpanId>),
}

impl MemorySource {
    /// A field's values for the rows of a batch. `coded` asks for a dictionary where there is a choice.
    pub(super) fn column(&self, rows: &[(&Trace, Row)], field: &SpanField, coded: bool) -> Column {
        let fixed = |id: &dyn Fn(&SpanRef<'_>) -> SpanId| rows.iter().map(|(_, row)| id(&self.write.span(row.span))).collect();
        match field {
            SpanField::Intrinsic(Intrinsic::SpanId) => return Column { ends: None, values: Values::Ids(fixed(&|s| s.fixed.span_id)) },
            SpanField::Intrinsic(Intrinsic::ParentId) => return Column { ends: None, values: Values::Ids(fixed(&|s| s.fixed.parent_id)) },
            _ => {}
        }
        let values: Vec<Vec<SpanValue>> = rows.iter().map(|(trace, row)| self.values(trace, row, field)).collect();
        let ints = || {
            typed(&values, |value| match value {
                SpanValue::Int(int) => Some(*int),
                _ => None,
            })
        };
        let floats = || {
            typed(&values, |value| match value {
                SpanValue::Float(float) => Some(*float),
                _ => None,
            })
        };
        let few = matches!(field, SpanField::Intrinsic(Intrinsic::Kind | Intrinsic::Status | Intrinsic::Weight) | SpanField::Attribute(..));
        if !(coded && few) {
            if let Some((ints, absent)) = ints() {
                return Column { ends: None, values: Values::Ints(ints, absent) };
            }
            if let Some((floats, absent)) = floats() {
                return Column { ends: None, values: Values::Floats(floats, absent) };
            }
        }
        let mut dictionary = Vec::new();
        let mut places: HashMap<String, u32> = HashMap::new();
        let mut code = |value: &SpanValue| {
            *places.entry(format!("{value:?}")).or_insert_with(|| {
                dictionary.push(value.clone());
                dictionary.len() as u32 - 1
            })
        };
        let (ends, codes) = if values.iter().any(|values| values.len() > 1) {
            let ends = values.iter().scan(0, |end, values| {
                *end += values.len() as u32;
                Some(*end)
            });
            (Some(ends.collect()), values.iter().flatten().map(&mut code).collect())
        } else {
            (None, values.iter().map(|values| values.first().map_or(ColumnValues::ABSENT, &mut code)).collect())
        };
        Column { ends, values: Values::Coded(codes, dictionary.into()) }
    }
}

impl Column {
    /// As visitors take it.
    pub(super) fn as_span_column(&self) -> SpanColumn<'_> {
        let values = match &self.values {
            Values::Coded(codes, dictionary) => ColumnValues::Coded(codes, dictionary),
            Values::Ints(ints, absent) => ColumnValues::Ints(ints, absent),
            Values::Floats(floats, absent) => ColumnValues::Floats(floats, absent),
            Values::Ids(ids) => ColumnValues::Ids(ids),
        };
        SpanColumn { ends: self.ends.as_deref(), values }
    }
}

/// The values with those that are absent marked, if all are of one type and no span has several.
fn typed<T: Default>(values: &[Vec<SpanValue>], of: impl Fn(&SpanValue) -> Option<T>) -> Option<(Vec<T>, Vec<bool>)> {
    let one = |value: &[SpanValue]| match value {
        [] => Some((T::default(), true)),
        [value] => Some((of(value)?, false)),
        _ => None,
    };
    let (values, absent): (Vec<T>, Vec<bool>) = values.iter().map(|value| one(value)).collect::<Option<Vec<_>>>()?.into_iter().unzip();
    // None is absent: the mark is left out.
    if absent.contains(&true) { Some((values, absent)) } else { Some((values, Vec::new())) }
}
