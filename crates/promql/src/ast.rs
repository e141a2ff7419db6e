//! The syntax tree. Every node carries the span of its text.

use crate::functions::Function;
use phoenix_model::{Matcher, Span};
pub use phoenix_query::{BinaryOp, Cardinality, Grouping, VectorMatching};
use std::fmt;

/// An expression and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Expr {
    /// What it is.
    pub kind: ExprKind,
    /// The bytes of the text that it was read from.
    pub span: Span,
}

/// The kinds of expression.
#[derive(Debug, Clone, PartialEq)]
pub enum ExprKind {
    /// A number.
    Number(Number),
    /// A text.
    String(String),
    /// The newest sample of each matching series.
    Selector(Selector),
    /// All samples of each matching series within a range that ends at the moment of evaluation.
    Range(RangeSelector),
    /// An expression evaluated repeatedly over a range.
    Subquery(Box<Subquery>),
    /// A function call.
    Call(Call),
    /// An aggregation over series.
    Aggregate(Box<Aggregate>),
    /// `-x` or `+x`.
    Unary(Sign, Box<Expr>),
    /// An operator between two expressions.
    Binary(Box<Binary>),
    /// `( … )`
    Paren(Box<Expr>),
    /// Text that could not be read as an expression. There is a diagnostic for it.
    Error,
}

/// A number literal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Number {
    /// Its value; for a duration, seconds.
    pub value: f64,
    /// Whether it was written as a duration, such as `5m`.
    pub is_duration: bool,
}

/// The sign of a unary expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sign {
    /// `+`
    Plus,
    /// `-`
    Minus,
}

/// `name{matchers} offset … @ …`
#[derive(Debug, Clone, PartialEq)]
pub struct Selector {
    /// The metric's name when it was written before the braces or quoted alone within them.
    pub name: Option<String>,
    /// All matchers, with one for `name`, which is then the last.
    pub matchers: Vec<Matcher>,
    /// Where each matcher stands; for the name, the name itself.
    pub matcher_spans: Vec<Span>,
    /// The shift in time.
    pub time: TimeShift,
}

/// `offset` and `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TimeShift {
    /// How far to look back, in milliseconds; negative looks ahead. Zero without `offset`.
    pub offset_ms: i64,
    /// The fixed moment.
    pub at: Option<At>,
}

/// What follows `@`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum At {
    /// A moment, in milliseconds since the Unix epoch.
    Time(i64),
    /// `start()`: the start of the whole query.
    Start,
    /// `end()`: the end of the whole query.
    End,
}

/// `selector[range]`
#[derive(Debug, Clone, PartialEq)]
pub struct RangeSelector {
    /// The series. Offset and `@` stand here, though they are written after the brackets.
    pub selector: Selector,
    /// The span of the selector without the brackets.
    pub selector_span: Span,
    /// The range in milliseconds, above zero.
    pub range_ms: i64,
}

/// `expr[range:step]`
#[derive(Debug, Clone, PartialEq)]
pub struct Subquery {
    /// What is evaluated.
    pub expr: Expr,
    /// The range in milliseconds, above zero.
    pub range_ms: i64,
    /// The distance between evaluations in milliseconds; `None` for the default.
    pub step_ms: Option<i64>,
    /// The shift in time.
    pub time: TimeShift,
}

/// `function(args)`
#[derive(Debug, Clone, PartialEq)]
pub struct Call {
    /// The function.
    pub function: &'static Function,
    /// The arguments.
    pub args: Vec<Expr>,
    /// Where the name stands.
    pub name_span: Span,
}

/// `op by (labels) (param, expr)`
#[derive(Debug, Clone, PartialEq)]
pub struct Aggregate {
    /// The operator.
    pub op: AggregateOp,
    /// The parameter of `topk` and its kin.
    pub param: Option<Expr>,
    /// What is aggregated.
    pub expr: Expr,
    /// `by` or `without`; `None` when neither is written, which is `by ()`.
    pub grouping: Option<Grouping>,
    /// Where the operator's name stands.
    pub name_span: Span,
}

/// `lhs op rhs`
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// The left side.
    pub lhs: Expr,
    /// The right side.
    pub rhs: Expr,
    /// Whether `bool` is given.
    pub returns_bool: bool,
    /// How series meet.
    pub matching: VectorMatching,
    /// Where the operator stands.
    pub op_span: Span,
}

/// The aggregation operators.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are the operators' own")]
pub enum AggregateOp {
    Sum,
    Avg,
    Count,
    Min,
    Max,
    Group,
    Stddev,
    Stdvar,
    Topk,
    Bottomk,
    CountValues,
    Quantile,
    Limitk,
    LimitRatio,
}

impl AggregateOp {
    /// All operators.
    pub const ALL: [Self; 14] = [
        Self::Sum,
        Self::Avg,
        Self::Count,
        Self::Min,
        Self::Max,
        Self::Group,
        Self::Stddev,
        Self::Stdvar,
        Self::Topk,
        Self::Bottomk,
        Self::CountValues,
        Self::Quantile,
        Self::Limitk,
        Self::LimitRatio,
    ];

    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Sum => "sum",
            Self::Avg => "avg",
            Self::Count => "count",
            Self::Min => "min",
            Self::Max => "max",
            Self::Group => "group",
            Self::Stddev => "stddev",
            Self::Stdvar => "stdvar",
            Self::Topk => "topk",
            Self::Bottomk => "bottomk",
            Self::CountValues => "count_values",
            Self::Quantile => "quantile",
            Self::Limitk => "limitk",
            Self::LimitRatio => "limit_ratio",
        }
    }

    /// Reads the operator's name, in any case.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|op| op.as_str().eq_ignore_ascii_case(name))
    }

    /// The type of its parameter, if it takes one.
    pub fn param_type(self) -> Option<ValueType> {
        match self {
            Self::Topk | Self::Bottomk | Self::Quantile | Self::Limitk | Self::LimitRatio => Some(ValueType::Scalar),
            Self::CountValues => Some(ValueType::String),
            _ => None,
        }
    }
}

/// The types of expressions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ValueType {
    /// One number at each moment.
    Scalar,
    /// One text.
    String,
    /// One number for each series at each moment.
    Vector,
    /// Several samples for each series at each moment.
    Matrix,
    /// Unknown, because of an error that has been reported.
    Unknown,
}

impl fmt::Display for ValueType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Scalar => "scalar",
            Self::String => "string",
            Self::Vector => "instant vector",
            Self::Matrix => "range vector",
            Self::Unknown => "unknown",
        })
    }
}

impl Expr {
    /// The type of its value.
    pub fn value_type(&self) -> ValueType {
        match &self.kind {
            ExprKind::Number(_) => ValueType::Scalar,
            ExprKind::String(_) => ValueType::String,
            ExprKind::Selector(_) | ExprKind::Aggregate(_) => ValueType::Vector,
            ExprKind::Range(_) | ExprKind::Subquery(_) => ValueType::Matrix,
            ExprKind::Call(call) => call.function.returns,
            ExprKind::Unary(_, inner) | ExprKind::Paren(inner) => inner.value_type(),
            ExprKind::Binary(binary) => match (binary.lhs.value_type(), binary.rhs.value_type()) {
                (ValueType::Unknown, _) | (_, ValueType::Unknown) => ValueType::Unknown,
                (ValueType::Scalar, ValueType::Scalar) => ValueType::Scalar,
                _ => ValueType::Vector,
            },
            ExprKind::Error => ValueType::Unknown,
        }
    }

    /// The expression within any parentheses.
    pub fn without_parens(&self) -> &Self {
        match &self.kind {
            ExprKind::Paren(inner) => inner.without_parens(),
            _ => self,
        }
    }

    /// The direct parts, in the order of the text.
    pub fn children(&self) -> Vec<&Self> {
        match &self.kind {
            ExprKind::Subquery(subquery) => vec![&subquery.expr],
            ExprKind::Call(call) => call.args.iter().collect(),
            ExprKind::Aggregate(aggregate) => aggregate.param.iter().chain([&aggregate.expr]).collect(),
            ExprKind::Unary(_, inner) | ExprKind::Paren(inner) => vec![inner],
            ExprKind::Binary(binary) => vec![&binary.lhs, &binary.rhs],
            ExprKind::Number(_) | ExprKind::String(_) | ExprKind::Selector(_) | ExprKind::Range(_) | ExprKind::Error => Vec::new(),
        }
    }

    /// Calls `visit` for this expression and everything in it, parents first.
    pub fn walk<'a>(&'a self, visit: &mut dyn FnMut(&'a Self)) {
        visit(self);
        for child in self.children() {
            child.walk(visit);
        }
    }
}
