//! The syntax tree. Every node carries the span of its text.

pub use crate::result::Static;
use phoenix_model::Span;
use phoenix_model::traces::Scope;
use std::sync::Arc;

/// A query as a whole.
#[derive(Debug, Clone, PartialEq)]
pub struct Query {
    /// What it asks.
    pub body: Body,
    /// `with(name=value, …)`, in order.
    pub hints: Vec<Hint>,
    /// The bytes of the text that it was read from.
    pub span: Span,
}

/// What a query asks.
#[derive(Debug, Clone, PartialEq)]
pub enum Body {
    /// Traces.
    Search(Pipeline),
    /// Numbers over time.
    Metrics(MetricsExpr),
}

/// A hint to the evaluation.
#[derive(Debug, Clone, PartialEq)]
pub struct Hint {
    /// Its name: `most_recent`, `exemplars`, `sample`, ….
    pub name: String,
    /// Its value.
    pub value: Static,
    /// Where it stands.
    pub span: Span,
}

/// Stages, separated by `|`. The first is a set of spans, unless text could not be read: `{ }` where
/// the text begins with another stage, such as `count() > 2`.
#[derive(Debug, Clone, PartialEq)]
pub struct Pipeline {
    /// In order.
    pub stages: Vec<Stage>,
    /// Where it stands.
    pub span: Span,
}

/// A stage and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What it does.
    pub kind: StageKind,
    /// Where it stands, without the `|` before it.
    pub span: Span,
}

/// The kinds of stage.
#[derive(Debug, Clone, PartialEq)]
pub enum StageKind {
    /// `{ … }`, and what operators make of several.
    Spanset(SpansetExpr),
    /// `count() > 2`
    ScalarFilter(ScalarFilter),
    /// `by(span.x)`
    By(FieldExpr),
    /// `coalesce()`
    Coalesce,
    /// `select(span.x, name)`
    Select(Vec<FieldExpr>),
    /// Text that could not be read. There is a diagnostic for it.
    Error,
}

/// A set of spans and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct SpansetExpr {
    /// What it is.
    pub kind: SpansetKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of sets of spans.
#[derive(Debug, Clone, PartialEq)]
pub enum SpansetKind {
    /// `{ condition }`; `{}` has none.
    Filter(Option<FieldExpr>),
    /// `a && b`, `a >> b`, …
    Binary(SpansetOp, Box<SpansetExpr>, Box<SpansetExpr>),
    /// `(…)`, which may be a pipeline of its own.
    Paren(Box<Pipeline>),
    /// Text that could not be read. There is a diagnostic for it.
    Error,
}

/// Operators between sets of spans.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SpansetOp {
    /// `&&`
    And,
    /// `||`
    Or,
    /// An operator of structure.
    Structural(Relation, Form),
}

/// How the span on the right lies to that on the left.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Relation {
    /// `>`: right below it.
    Child,
    /// `>>`: somewhere below it.
    Descendant,
    /// `<`: right above it.
    Parent,
    /// `<<`: somewhere above it.
    Ancestor,
    /// `~`: below the same parent.
    Sibling,
}

/// Which spans an operator of structure gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Form {
    /// `>>`: those on the right that have one on the left.
    Plain,
    /// `!>>`: those on the right that have none on the left.
    Negated,
    /// `&>>`: those of both sides that have one another.
    Union,
}

/// `scalar op scalar`
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarFilter {
    /// One of `=`, `!=`, `<`, `<=`, `>`, `>=`.
    pub op: FieldOp,
    /// The left side.
    pub lhs: ScalarExpr,
    /// The right side.
    pub rhs: ScalarExpr,
}

/// A number for a set of spans and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct ScalarExpr {
    /// What it is.
    pub kind: ScalarKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of numbers for sets of spans.
#[derive(Debug, Clone, PartialEq)]
pub enum ScalarKind {
    /// `2`, `10ms`
    Static(Static),
    /// `count()`, `avg(duration)`
    Aggregate(Aggregate, Option<Box<FieldExpr>>),
    /// `+ - * / % ^`
    Binary(FieldOp, Box<ScalarExpr>, Box<ScalarExpr>),
    /// `({ … } | count())`: a pipeline that ends in a number.
    Pipeline(Box<Pipeline>, Box<ScalarExpr>),
    /// `( … )`
    Paren(Box<ScalarExpr>),
    /// Text that could not be read. There is a diagnostic for it.
    Error,
}

/// Aggregations of the spans of a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Aggregate {
    /// `count()`
    Count,
    /// `max(field)`
    Max,
    /// `min(field)`
    Min,
    /// `avg(field)`
    Avg,
    /// `sum(field)`
    Sum,
}

/// A value of a span and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldExpr {
    /// What it is.
    pub kind: FieldKind,
    /// Where it stands.
    pub span: Span,
}

/// The kinds of values of a span.
#[derive(Debug, Clone, PartialEq)]
pub enum FieldKind {
    /// A literal.
    Static(Static),
    /// `span.x`, `.x`, `parent.x`
    Attribute(AttributeName),
    /// `duration`, `trace:id`
    Intrinsic(IntrinsicName),
    /// `!x`
    Not(Box<FieldExpr>),
    /// `-x`
    Negative(Box<FieldExpr>),
    /// `x = y`, `x && y`, `x + y`
    Binary(FieldOp, Box<FieldExpr>, Box<FieldExpr>),
    /// `( … )`
    Paren(Box<FieldExpr>),
    /// Text that could not be read. There is a diagnostic for it.
    Error,
}

/// The name of an attribute.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AttributeName {
    /// Whether it is that of the span's parent (`parent.x`, `parent.span.x`).
    pub of_parent: bool,
    /// Whose it is; `None` (`.x`) looks at span, resource, event, link and instrumentation in this order.
    pub scope: Option<Scope>,
    /// Its key, without quotes and escapes.
    pub key: Arc<str>,
}

/// The intrinsics under their scoped names; names without a scope (`duration`) are other spellings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum IntrinsicName {
    /// `span:duration`, `duration`
    Duration,
    /// `span:name`, `name`
    Name,
    /// `span:status`, `status`
    Status,
    /// `span:statusMessage`, `statusMessage`
    StatusMessage,
    /// `span:kind`, `kind`
    Kind,
    /// `span:id`
    SpanId,
    /// `span:parentID`
    ParentId,
    /// `span:childCount`
    ChildCount,
    /// `trace:duration`, `traceDuration`
    TraceDuration,
    /// `trace:rootName`, `rootName`
    RootName,
    /// `trace:rootService`, `rootServiceName`
    RootService,
    /// `trace:id`
    TraceId,
    /// `event:name`
    EventName,
    /// `event:timeSinceStart`
    EventTimeSinceStart,
    /// `link:traceID`
    LinkTraceId,
    /// `link:spanID`
    LinkSpanId,
    /// `instrumentation:name`
    InstrumentationName,
    /// `instrumentation:version`
    InstrumentationVersion,
    /// `nestedSetLeft`
    NestedSetLeft,
    /// `nestedSetRight`
    NestedSetRight,
    /// `nestedSetParent`
    NestedSetParent,
}

/// Operators between values.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FieldOp {
    /// `=`
    Eq,
    /// `!=`
    Ne,
    /// `<`
    Lt,
    /// `<=`
    Le,
    /// `>`
    Gt,
    /// `>=`
    Ge,
    /// `=~`
    Regex,
    /// `!~`
    NotRegex,
    /// `&&`
    And,
    /// `||`
    Or,
    /// `+`
    Add,
    /// `-`
    Sub,
    /// `*`
    Mul,
    /// `/`
    Div,
    /// `%`
    Mod,
    /// `^`
    Pow,
}

/// Numbers over time and where they stand.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsExpr {
    /// What they are.
    pub kind: MetricsKind,
    /// Where they stand.
    pub span: Span,
}

/// The kinds of numbers over time.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricsKind {
    /// `{ … } | rate() by (x)`
    Pipeline(Pipeline, MetricsStage),
    /// `m | topk(5)`
    TopK(Box<MetricsExpr>, u64),
    /// `m | bottomk(5)`
    BottomK(Box<MetricsExpr>, u64),
    /// `m > 5`: the samples for which it holds. `m | > 5` is another spelling.
    Filter(Box<MetricsExpr>, FieldOp, f64),
    /// `m / n`, on series with equal labels.
    Binary(FieldOp, Box<MetricsExpr>, Box<MetricsExpr>),
    /// A number beside a metric.
    Number(f64),
    /// `( … )`
    Paren(Box<MetricsExpr>),
}

/// The stage that makes numbers of spans.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsStage {
    /// What it works out.
    pub op: MetricsOp,
    /// `by(…)`; empty for none.
    pub by: Vec<FieldExpr>,
    /// Where it stands.
    pub span: Span,
}

/// What a metrics stage works out.
#[derive(Debug, Clone, PartialEq)]
pub enum MetricsOp {
    /// `rate()`: spans a second.
    Rate,
    /// `count_over_time()`
    CountOverTime,
    /// `min_over_time(field)`
    MinOverTime(FieldExpr),
    /// `max_over_time(field)`
    MaxOverTime(FieldExpr),
    /// `avg_over_time(field)`
    AvgOverTime(FieldExpr),
    /// `sum_over_time(field)`
    SumOverTime(FieldExpr),
    /// `quantile_over_time(field, 0.9, 0.5)`
    QuantileOverTime(FieldExpr, Vec<f64>),
    /// `histogram_over_time(field)`
    HistogramOverTime(FieldExpr),
    /// `compare({selection}, top, start, end)`; times in nanoseconds since the Unix epoch.
    Compare {
        /// What is compared with the rest.
        selection: Box<SpansetExpr>,
        /// How many values of each attribute; 10 if not said.
        top: Option<u64>,
        /// The selection's first and last moment, if said.
        range: Option<(i64, i64)>,
    },
}
