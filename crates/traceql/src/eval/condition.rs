//! Field expressions made ready: constants worked out, names turned into columns, and simple
//! comparisons of a field with a literal told from what needs a look at each row.

use super::EvalError;
use super::columns::{Columns, Field, Frame};
use super::value::{Several, Value, arithmetic, compare, negative};
use crate::ast::{FieldExpr, FieldKind, FieldOp, IntrinsicName, Static};
use phoenix_model::matcher::AnchoredRegex;
use phoenix_model::traces::{SpanId, TraceId};
use regex::Regex;

/// An expression over one span.
#[derive(Debug, Clone)]
pub(crate) enum Expr {
    Literal(Value<'static>),
    Field(Field),
    Not(Box<Expr>),
    Negative(Box<Expr>),
    Compare(FieldOp, Box<Expr>, Box<Expr>),
    /// Whether a text matches, or (`true`) does not.
    Matches(Box<Expr>, Regex, bool),
    /// Whether there is no value, or (`false`) there is one.
    IsNil(Box<Expr>, bool),
    All(Box<Expr>, Box<Expr>),
    Any(Box<Expr>, Box<Expr>),
    Arithmetic(FieldOp, Box<Expr>, Box<Expr>),
}

/// A condition on one span.
#[derive(Debug)]
pub(crate) enum Cond {
    Const(bool),
    Test(Test),
    All(Vec<Cond>),
    Any(Vec<Cond>),
    Not(Box<Cond>),
    /// Looked at row by row.
    General(Expr),
}

/// A field beside a literal.
#[derive(Debug)]
pub(crate) struct Test {
    pub field: Field,
    pub check: Check,
    /// Where verdicts on values of dictionaries are kept, for each place of the field.
    pub slots: Vec<usize>,
}

/// What a value has to be.
#[derive(Debug)]
pub(crate) enum Check {
    Compare(FieldOp, Value<'static>),
    Matches(Regex, bool),
    Exists,
    Absent,
}

impl Check {
    pub fn holds(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Compare(op, literal) => compare(*op, value, literal),
            Self::Matches(regex, negated) => matches(value, regex, *negated),
            Self::Exists => *value != Value::Nil,
            Self::Absent => *value == Value::Nil,
        }
    }

    /// Whether an array meets it only if all of its values do.
    pub fn wants_every(&self) -> bool {
        matches!(self, Self::Compare(FieldOp::Ne, _) | Self::Matches(_, true))
    }
}

fn matches(value: &Value<'_>, regex: &Regex, negated: bool) -> bool {
    match value {
        Value::Text(text) => regex.is_match(text) != negated,
        Value::List(values, Several::Array) if negated => {
            let mut texts = values.iter().filter_map(|v| if let Value::Text(text) = v { Some(text) } else { None }).peekable();
            texts.peek().is_some() && texts.all(|text| !regex.is_match(text))
        }
        Value::List(values, _) => values.iter().any(|value| matches(value, regex, negated)),
        _ => false,
    }
}

impl Expr {
    pub fn compile(expr: &FieldExpr, columns: &mut Columns) -> Result<Self, EvalError> {
        Ok(match &expr.kind {
            FieldKind::Static(value) => Self::Literal(Value::from_static(value).into_owned()),
            FieldKind::Attribute(name) => Self::Field(columns.attribute(name)),
            FieldKind::Intrinsic(name) => Self::Field(columns.intrinsic(*name)),
            FieldKind::Paren(inner) => Self::compile(inner, columns)?,
            FieldKind::Not(inner) => Self::Not(Box::new(Self::compile(inner, columns)?)).folded(),
            FieldKind::Negative(inner) => Self::Negative(Box::new(Self::compile(inner, columns)?)).folded(),
            FieldKind::Binary(op @ (FieldOp::Regex | FieldOp::NotRegex), lhs, rhs) => {
                let FieldKind::Static(Static::Text(pattern)) = &stripped(rhs).kind else {
                    return Err(EvalError::Execution("a regular expression has to be a text".to_owned()));
                };
                let regex = AnchoredRegex::new(pattern).map_err(|error| EvalError::Execution(error.to_string()))?;
                Self::Matches(Box::new(Self::compile(lhs, columns)?), regex.regex().clone(), *op == FieldOp::NotRegex).folded()
            }
            FieldKind::Binary(op, lhs, rhs) => {
                let l = with_id_of(rhs, Self::compile(lhs, columns)?);
                let r = with_id_of(lhs, Self::compile(rhs, columns)?);
                Self::binary(*op, l, r).folded()
            }
            FieldKind::Error => return Err(EvalError::Execution("the query has a part that could not be read".to_owned())),
        })
    }

    fn binary(op: FieldOp, lhs: Self, rhs: Self) -> Self {
        let is_nil = |expr: &Self| matches!(expr, Self::Literal(Value::Nil));
        let (lhs, rhs) = (Box::new(lhs), Box::new(rhs));
        match op {
            FieldOp::And => Self::All(lhs, rhs),
            FieldOp::Or => Self::Any(lhs, rhs),
            FieldOp::Eq | FieldOp::Ne if is_nil(&rhs) => Self::IsNil(lhs, op == FieldOp::Eq),
            FieldOp::Eq | FieldOp::Ne if is_nil(&lhs) => Self::IsNil(rhs, op == FieldOp::Eq),
            FieldOp::Add | FieldOp::Sub | FieldOp::Mul | FieldOp::Div | FieldOp::Mod | FieldOp::Pow => Self::Arithmetic(op, lhs, rhs),
            _ => Self::Compare(op, lhs, rhs),
        }
    }

    /// With its value in its place if it names no field.
    fn folded(self) -> Self {
        let constant = match &self {
            Self::Not(inner) | Self::Negative(inner) | Self::IsNil(inner, _) | Self::Matches(inner, ..) => {
                matches!(**inner, Self::Literal(_))
            }
            Self::Compare(_, l, r) | Self::All(l, r) | Self::Any(l, r) | Self::Arithmetic(_, l, r) => {
                matches!((&**l, &**r), (Self::Literal(_), Self::Literal(_)))
            }
            Self::Literal(_) | Self::Field(_) => false,
        };
        if constant { Self::Literal(self.fold(&mut |_| Value::Nil).into_owned()) } else { self }
    }

    /// Its value for a span.
    pub fn value<'x>(&'x self, frame: &Frame<'x>, trace: usize, row: usize) -> Value<'x> {
        self.fold(&mut |field| frame.value(field, trace, row))
    }

    fn fold<'x>(&'x self, read: &mut impl FnMut(&Field) -> Value<'x>) -> Value<'x> {
        match self {
            Self::Literal(Value::Text(text)) => Value::Text(text.as_ref().into()),
            Self::Literal(value) => value.clone(),
            Self::Field(field) => read(field),
            Self::Not(inner) => match inner.fold(read) {
                Value::Bool(bool) => Value::Bool(!bool),
                _ => Value::Nil,
            },
            Self::Negative(inner) => negative(&inner.fold(read)),
            Self::Compare(op, l, r) => Value::Bool(compare(*op, &l.fold(read), &r.fold(read))),
            Self::Matches(inner, regex, negated) => Value::Bool(matches(&inner.fold(read), regex, *negated)),
            Self::IsNil(inner, nil) => Value::Bool((inner.fold(read) == Value::Nil) == *nil),
            Self::All(l, r) => Value::Bool(l.fold(read).is_true() && r.fold(read).is_true()),
            Self::Any(l, r) => Value::Bool(l.fold(read).is_true() || r.fold(read).is_true()),
            Self::Arithmetic(op, l, r) => arithmetic(*op, &l.fold(read), &r.fold(read)),
        }
    }

    /// Whether its value is true or false for every span.
    fn is_bool(&self) -> bool {
        match self {
            Self::Compare(..) | Self::Matches(..) | Self::IsNil(..) | Self::All(..) | Self::Any(..) | Self::Literal(Value::Bool(_)) => true,
            Self::Not(inner) => inner.is_bool(),
            _ => false,
        }
    }
}

/// Without parentheses around it.
pub(crate) fn stripped(expr: &FieldExpr) -> &FieldExpr {
    match &expr.kind {
        FieldKind::Paren(inner) => stripped(inner),
        _ => expr,
    }
}

/// A text that stands beside an id, with all of its digits: ids may be written without zeros in front.
fn with_id_of(beside: &FieldExpr, expr: Expr) -> Expr {
    let (Expr::Literal(Value::Text(text)), FieldKind::Intrinsic(name)) = (&expr, &stripped(beside).kind) else { return expr };
    let full = match name {
        IntrinsicName::TraceId | IntrinsicName::LinkTraceId => TraceId::from_hex(text).map(|id| id.to_string()),
        IntrinsicName::SpanId | IntrinsicName::ParentId | IntrinsicName::LinkSpanId => SpanId::from_hex(text).map(|id| id.to_string()),
        _ => None,
    };
    full.map_or(expr, |full| Expr::Literal(Value::Text(full.into())))
}

impl Cond {
    /// Makes an expression a condition; `slots` counts the places for verdicts.
    pub fn new(expr: Expr, slots: &mut usize) -> Self {
        let mut test = |field: Field, check: Check| {
            let first = *slots;
            *slots += field.places.len();
            Self::Test(Test { slots: (first..*slots).collect(), field, check })
        };
        match expr {
            Expr::Literal(value) => Self::Const(value.is_true()),
            Expr::Field(field) => test(field, Check::Compare(FieldOp::Eq, Value::Bool(true))),
            Expr::Not(inner) => match *inner {
                Expr::Field(field) => test(field, Check::Compare(FieldOp::Eq, Value::Bool(false))),
                inner if inner.is_bool() => Self::Not(Box::new(Self::new(inner, slots))),
                inner => Self::General(Expr::Not(Box::new(inner))),
            },
            Expr::All(l, r) => {
                let mut all = Vec::new();
                for side in [*l, *r] {
                    match Self::new(side, slots) {
                        Self::All(inner) => all.extend(inner),
                        other => all.push(other),
                    }
                }
                Self::All(all)
            }
            Expr::Any(l, r) => {
                let mut any = Vec::new();
                for side in [*l, *r] {
                    match Self::new(side, slots) {
                        Self::Any(inner) => any.extend(inner),
                        other => any.push(other),
                    }
                }
                Self::Any(any)
            }
            Expr::Compare(op, l, r) => match (*l, *r) {
                (Expr::Field(field), Expr::Literal(value)) => test(field, Check::Compare(op, value)),
                (Expr::Literal(value), Expr::Field(field)) => test(field, Check::Compare(flipped(op), value)),
                (l, r) => Self::General(Expr::Compare(op, Box::new(l), Box::new(r))),
            },
            Expr::Matches(inner, regex, negated) => match *inner {
                Expr::Field(field) => test(field, Check::Matches(regex, negated)),
                inner => Self::General(Expr::Matches(Box::new(inner), regex, negated)),
            },
            Expr::IsNil(inner, nil) => match *inner {
                Expr::Field(field) => test(field, if nil { Check::Absent } else { Check::Exists }),
                inner => Self::General(Expr::IsNil(Box::new(inner), nil)),
            },
            other => Self::General(other),
        }
    }
}

fn flipped(op: FieldOp) -> FieldOp {
    match op {
        FieldOp::Lt => FieldOp::Gt,
        FieldOp::Le => FieldOp::Ge,
        FieldOp::Gt => FieldOp::Lt,
        FieldOp::Ge => FieldOp::Le,
        other => other,
    }
}
