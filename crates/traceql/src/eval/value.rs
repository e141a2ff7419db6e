//! Values of spans: comparison, arithmetic, and what is shown of them.

use crate::ast::{FieldOp, Static};
use phoenix_model::traces::{SpanKind, SpanStatus};
use std::borrow::Cow;
use std::cmp::Ordering;

/// The value of a field or an expression.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value<'a> {
    Nil,
    Text(Cow<'a, str>),
    Int(i64),
    Float(f64),
    Bool(bool),
    /// Nanoseconds.
    Duration(i64),
    Status(SpanStatus),
    Kind(SpanKind),
    List(Vec<Value<'a>>, Several),
}

/// Where several values come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Several {
    /// An array: it differs from a value if none of its values equals it.
    Array,
    /// Events or links: one that differs is enough.
    Events,
}

impl<'a> Value<'a> {
    /// Whether it is `true`. Everything else, also what is not there, counts as false.
    pub fn is_true(&self) -> bool {
        *self == Value::Bool(true)
    }

    /// As a number; durations are nanoseconds.
    pub fn number(&self) -> Option<f64> {
        match self {
            Value::Int(int) | Value::Duration(int) => Some(*int as f64),
            Value::Float(float) => Some(*float),
            _ => None,
        }
    }

    pub fn into_static(self) -> Static {
        match self {
            Value::Nil => Static::Nil,
            Value::Text(text) => Static::Text(text.into()),
            Value::Int(int) => Static::Int(int),
            Value::Float(float) => Static::Float(float),
            Value::Bool(bool) => Static::Bool(bool),
            Value::Duration(ns) => Static::Duration(ns),
            Value::Status(status) => Static::Status(status),
            Value::Kind(kind) => Static::Kind(kind),
            Value::List(values, _) => Static::Array(values.into_iter().map(Value::into_static).collect()),
        }
    }

    pub fn from_static(value: &'a Static) -> Self {
        match value {
            Static::Nil => Value::Nil,
            Static::Text(text) => Value::Text(Cow::Borrowed(text)),
            Static::Int(int) => Value::Int(*int),
            Static::Float(float) => Value::Float(*float),
            Static::Bool(bool) => Value::Bool(*bool),
            Static::Duration(ns) => Value::Duration(*ns),
            Static::Status(status) => Value::Status(*status),
            Static::Kind(kind) => Value::Kind(*kind),
            Static::Array(values) => Value::List(values.iter().map(Value::from_static).collect(), Several::Array),
        }
    }

    pub fn into_owned(self) -> Value<'static> {
        match self {
            Value::Text(text) => Value::Text(Cow::Owned(text.into_owned())),
            Value::List(values, several) => Value::List(values.into_iter().map(Value::into_owned).collect(), several),
            Value::Nil => Value::Nil,
            Value::Int(int) => Value::Int(int),
            Value::Float(float) => Value::Float(float),
            Value::Bool(bool) => Value::Bool(bool),
            Value::Duration(ns) => Value::Duration(ns),
            Value::Status(status) => Value::Status(status),
            Value::Kind(kind) => Value::Kind(kind),
        }
    }

    fn elements(&self) -> &[Value<'a>] {
        match self {
            Value::List(values, _) => values,
            one => std::slice::from_ref(one),
        }
    }
}

/// Whether `lhs op rhs` holds. Values of different types never compare; whole numbers, numbers and
/// durations are numbers. Of several values one has to, but an array differs only if none is equal.
pub(crate) fn compare(op: FieldOp, lhs: &Value<'_>, rhs: &Value<'_>) -> bool {
    let array = |value: &Value<'_>| matches!(value, Value::List(_, Several::Array));
    let pairs = || lhs.elements().iter().flat_map(|l| rhs.elements().iter().map(move |r| (l, r)));
    if op == FieldOp::Ne && (array(lhs) || array(rhs)) {
        let mut comparable = false;
        return pairs().all(|(l, r)| {
            let equal = compare_one(FieldOp::Eq, l, r);
            comparable |= equal.is_some();
            equal != Some(true)
        }) && comparable;
    }
    pairs().any(|(l, r)| compare_one(op, l, r) == Some(true))
}

/// `None` where the two can't be compared.
fn compare_one(op: FieldOp, lhs: &Value<'_>, rhs: &Value<'_>) -> Option<bool> {
    let ordered = |ordering: Ordering| match op {
        FieldOp::Eq => ordering.is_eq(),
        FieldOp::Ne => ordering.is_ne(),
        FieldOp::Lt => ordering.is_lt(),
        FieldOp::Le => ordering.is_le(),
        FieldOp::Gt => ordering.is_gt(),
        FieldOp::Ge => ordering.is_ge(),
        _ => false,
    };
    let equality = |equal: bool| match op {
        FieldOp::Eq => Some(equal),
        FieldOp::Ne => Some(!equal),
        _ => None,
    };
    match (lhs, rhs) {
        (Value::Text(l), Value::Text(r)) => Some(ordered(l.cmp(r))),
        (Value::Int(l) | Value::Duration(l), Value::Int(r) | Value::Duration(r)) => Some(ordered(l.cmp(r))),
        (Value::Bool(l), Value::Bool(r)) => equality(l == r),
        (Value::Status(l), Value::Status(r)) => equality(l == r),
        (Value::Kind(l), Value::Kind(r)) => equality(l == r),
        _ => Some(match lhs.number()?.partial_cmp(&rhs.number()?) {
            Some(ordering) => ordered(ordering),
            None => op == FieldOp::Ne,
        }),
    }
}

/// `lhs op rhs` for `+ - * / % ^`; nil if one is no number, or there is no answer (division of whole numbers by zero).
///
/// Whole numbers stay whole as long as the result is one that fits; what has a duration in it stays
/// one, but a duration divided by another is a number.
pub(crate) fn arithmetic(op: FieldOp, lhs: &Value<'_>, rhs: &Value<'_>) -> Value<'static> {
    let (Some(l), Some(r)) = (lhs.number(), rhs.number()) else { return Value::Nil };
    if let (Value::Int(a) | Value::Duration(a), Value::Int(b) | Value::Duration(b)) = (lhs, rhs) {
        let (a, b) = (*a, *b);
        let exact = match op {
            FieldOp::Add => a.checked_add(b),
            FieldOp::Sub => a.checked_sub(b),
            FieldOp::Mul => a.checked_mul(b),
            FieldOp::Div if a.checked_rem(b) == Some(0) => a.checked_div(b),
            FieldOp::Mod => a.checked_rem(b),
            FieldOp::Pow => u32::try_from(b).ok().and_then(|b| a.checked_pow(b)),
            _ => None,
        };
        if b == 0 && matches!(op, FieldOp::Div | FieldOp::Mod) {
            return Value::Nil;
        }
        if let Some(exact) = exact {
            return if is_duration(op, lhs, rhs) { Value::Duration(exact) } else { Value::Int(exact) };
        }
    }
    let result = match op {
        FieldOp::Add => l + r,
        FieldOp::Sub => l - r,
        FieldOp::Mul => l * r,
        FieldOp::Div => l / r,
        FieldOp::Mod => l % r,
        FieldOp::Pow => l.powf(r),
        _ => return Value::Nil,
    };
    if is_duration(op, lhs, rhs) { Value::Duration(result as i64) } else { Value::Float(result) }
}

fn is_duration(op: FieldOp, lhs: &Value<'_>, rhs: &Value<'_>) -> bool {
    match (matches!(lhs, Value::Duration(_)), matches!(rhs, Value::Duration(_))) {
        (true, true) => op != FieldOp::Div,
        (false, false) => false,
        (true, false) => op != FieldOp::Pow,
        (false, true) => !matches!(op, FieldOp::Div | FieldOp::Pow),
    }
}

/// `-value`
pub(crate) fn negative(value: &Value<'_>) -> Value<'static> {
    match value {
        Value::Int(int) => int.checked_neg().map_or(Value::Float(-(*int as f64)), Value::Int),
        Value::Duration(ns) => Value::Duration(ns.saturating_neg()),
        Value::Float(float) => Value::Float(-float),
        _ => Value::Nil,
    }
}

/// An order over all values: by type, then by value; numbers together.
pub(crate) fn order(a: &Static, b: &Static) -> Ordering {
    let rank = |value: &Static| match value {
        Static::Nil => 0,
        Static::Bool(_) => 1,
        Static::Int(_) | Static::Float(_) | Static::Duration(_) => 2,
        Static::Text(_) => 3,
        Static::Status(_) => 4,
        Static::Kind(_) => 5,
        Static::Array(_) => 6,
    };
    let number = |value: &Static| Value::from_static(value).number().unwrap_or(f64::NAN);
    match (a, b) {
        (Static::Int(a) | Static::Duration(a), Static::Int(b) | Static::Duration(b)) => a.cmp(b),
        (Static::Text(a), Static::Text(b)) => a.cmp(b),
        (Static::Bool(a), Static::Bool(b)) => a.cmp(b),
        (Static::Status(a), Static::Status(b)) => a.cmp(b),
        (Static::Kind(a), Static::Kind(b)) => a.cmp(b),
        (Static::Array(a), Static::Array(b)) => {
            a.iter().zip(b).map(|(a, b)| order(a, b)).find(|o| o.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
        }
        _ => rank(a).cmp(&rank(b)).then_with(|| number(a).total_cmp(&number(b))),
    }
}

/// As [`order`], with an order of equal numbers of different types too, so that what is sorted does
/// not depend on how it came together.
pub(crate) fn total_order(a: &Static, b: &Static) -> Ordering {
    let turn = |value: &Static| match value {
        Static::Int(_) => 0,
        Static::Duration(_) => 1,
        _ => 2,
    };
    order(a, b).then_with(|| turn(a).cmp(&turn(b)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(text: &str) -> Value<'_> {
        Value::Text(text.into())
    }

    #[test]
    fn values_compare_within_their_type() {
        use FieldOp::{Eq, Ge, Gt, Lt, Ne};
        for (op, lhs, rhs, want) in [
            (Eq, text("a"), text("a"), true),
            (Lt, text("a"), text("b"), true),
            (Eq, text("1"), Value::Int(1), false),
            (Ne, text("1"), Value::Int(1), false),
            (Eq, Value::Int(1), Value::Float(1.0), true),
            (Gt, Value::Duration(1500), Value::Int(1000), true),
            (Ge, Value::Duration(1500), Value::Float(1500.5), false),
            (Gt, Value::Int(i64::MAX), Value::Int(i64::MAX - 1), true),
            (Eq, Value::Nil, Value::Nil, false),
            (Ne, Value::Nil, Value::Int(1), false),
            (Gt, Value::Status(SpanStatus::Error), Value::Status(SpanStatus::Ok), false),
            (Ne, Value::Status(SpanStatus::Error), Value::Status(SpanStatus::Ok), true),
            (Eq, Value::Status(SpanStatus::Error), Value::Int(2), false),
            (Ne, Value::Float(f64::NAN), Value::Float(1.0), true),
        ] {
            assert_eq!(compare(op, &lhs, &rhs), want, "{lhs:?} {op:?} {rhs:?}");
        }
    }

    #[test]
    fn equal_numbers_have_an_order() {
        let sorted = [Static::Float(1.5), Static::Int(2), Static::Duration(2), Static::Float(2.0), Static::Int(3)];
        for (i, a) in sorted.iter().enumerate() {
            for (j, b) in sorted.iter().enumerate() {
                assert_eq!(total_order(a, b), i.cmp(&j), "{a:?} {b:?}");
            }
        }
        assert!(order(&sorted[1], &sorted[3]).is_eq());
    }

    #[test]
    fn of_several_values_one_has_to_match() {
        let list = |several| Value::List(vec![text("a"), text("b"), Value::Int(3)], several);
        for (op, rhs, array, events) in [
            (FieldOp::Eq, text("b"), true, true),
            (FieldOp::Ne, text("b"), false, true),
            (FieldOp::Ne, text("c"), true, true),
            (FieldOp::Ne, Value::Bool(true), false, false),
            (FieldOp::Gt, Value::Int(2), true, true),
        ] {
            assert_eq!(compare(op, &list(Several::Array), &rhs), array, "array {op:?} {rhs:?}");
            assert_eq!(compare(op, &list(Several::Events), &rhs), events, "events {op:?} {rhs:?}");
        }
    }

    #[test]
    fn arithmetic_keeps_whole_numbers_and_durations() {
        use FieldOp::{Add, Div, Mod, Mul, Pow, Sub};
        for (op, lhs, rhs, want) in [
            (Add, Value::Int(1), Value::Int(2), Value::Int(3)),
            (Div, Value::Int(1), Value::Int(2), Value::Float(0.5)),
            (Div, Value::Int(4), Value::Int(2), Value::Int(2)),
            (Div, Value::Int(1), Value::Int(0), Value::Nil),
            (Mod, Value::Int(1), Value::Int(0), Value::Nil),
            (Pow, Value::Int(2), Value::Int(10), Value::Int(1024)),
            (Pow, Value::Int(2), Value::Int(-1), Value::Float(0.5)),
            (Add, Value::Int(i64::MAX), Value::Int(1), Value::Float(9_223_372_036_854_775_808.0)),
            (Mul, Value::Duration(10), Value::Float(1.5), Value::Duration(15)),
            (Sub, Value::Duration(10), Value::Duration(3), Value::Duration(7)),
            (Div, Value::Duration(10), Value::Duration(4), Value::Float(2.5)),
            (Add, text("a"), Value::Int(1), Value::Nil),
        ] {
            assert_eq!(arithmetic(op, &lhs, &rhs), want, "{lhs:?} {op:?} {rhs:?}");
        }
        assert_eq!(negative(&Value::Int(i64::MIN)), Value::Float(9_223_372_036_854_775_808.0));
    }
}
