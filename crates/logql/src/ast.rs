//! The syntax tree. Every node carries the span of its text.

use phoenix_model::{Matcher, Span};
pub use phoenix_query::{BinaryOp, Cardinality, Grouping, VectorMatching};

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
    /// Entries of streams: a selector with a pipeline.
    Logs(LogExpr),
    /// A number. With a sign it is still a literal.
    Number(f64),
    /// `vector(1)`
    Vector(f64),
    /// An aggregation of entries over a range of time.
    RangeAggregation(Box<RangeAggregation>),
    /// An aggregation over series.
    VectorAggregation(Box<VectorAggregation>),
    /// `label_replace(x, "dst", "replacement", "src", "regex")`
    LabelReplace(Box<LabelReplace>),
    /// An operator between two expressions.
    Binary(Box<Binary>),
    /// `( … )`
    Paren(Box<Expr>),
    /// Text that could not be read as an expression. There is a diagnostic for it.
    Error,
}

/// `{app="a"} | json | …`
#[derive(Debug, Clone, PartialEq)]
pub struct LogExpr {
    /// The stream selector.
    pub matchers: Vec<Matcher>,
    /// Where `{ … }` stands.
    pub selector_span: Span,
    /// The pipeline, in order.
    pub stages: Vec<Stage>,
}

/// A stage of a pipeline and where it stands (from its `|`).
#[derive(Debug, Clone, PartialEq)]
pub struct Stage {
    /// What it does.
    pub kind: StageKind,
    /// The bytes of the text that it was read from.
    pub span: Span,
}

/// The kinds of stage.
#[derive(Debug, Clone, PartialEq)]
pub enum StageKind {
    /// `|= "a" or "b"`
    LineFilter(LineFilterExpr),
    /// `| json` with extractions (`name="path"`), or none to take all fields.
    Json(Vec<Extraction>),
    /// `| logfmt`
    Logfmt {
        /// `--strict`
        strict: bool,
        /// `--keep-empty`
        keep_empty: bool,
        /// `name="key"`; none to take all fields.
        fields: Vec<Extraction>,
    },
    /// `| pattern "<ip> - <_>"`
    Pattern(String),
    /// `| regexp "(?P<name>…)"`
    Regexp(String),
    /// `| unpack`
    Unpack,
    /// `| decolorize`
    Decolorize,
    /// `| status >= 500 and method = "GET"`
    LabelFilter(LabelFilter),
    /// `| line_format "{{.app}}"`
    LineFormat(String),
    /// `| label_format dst=src, other="{{.x}}"`
    LabelFormat(Vec<LabelFormat>),
    /// `| drop a, b="x"`
    Drop(Vec<LabelSelector>),
    /// `| keep a, b="x"`
    Keep(Vec<LabelSelector>),
    /// `| distinct a, b`: the first entry (in the order of the result) for each set of values.
    /// Phoenix' own.
    Distinct(Vec<String>),
}

/// How a line filter compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum LineOp {
    /// `|=`
    Contains,
    /// `!=`
    NotContains,
    /// `|~`
    Regex,
    /// `!~`
    NotRegex,
    /// `|>`
    Pattern,
    /// `!>`
    NotPattern,
}

/// `|= "a" or "b" or ip("10.0.0.0/8")`
#[derive(Debug, Clone, PartialEq)]
pub struct LineFilterExpr {
    /// The operator, which holds for all alternatives.
    pub op: LineOp,
    /// At least one. With a negated operator, none of them may be found.
    pub alternatives: Vec<LineTerm>,
}

/// An alternative of a line filter.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineTerm {
    /// A text, a regular expression or a pattern, as the operator says.
    Text(String),
    /// `ip("…")`: an address, a range `a-b`, or a CIDR block. Only with `|=` and `!=`.
    Ip(String),
}

/// `name="path"` of `json` and `logfmt`. Written as `name` alone, the path is the name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extraction {
    /// The label to set.
    pub name: String,
    /// Where its value is: a JSON path (`a.b[0]["c"]`), or a key of logfmt.
    pub path: String,
}

/// A condition on labels.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelFilter {
    /// `name="value"` and its kin.
    Matcher(Matcher),
    /// A comparison with a number: `status >= 500`.
    Number {
        /// The label.
        name: String,
        /// The comparison.
        op: CompareOp,
        /// What to compare with.
        value: f64,
    },
    /// A comparison with a duration: `latency > 250ms`.
    Duration {
        /// The label.
        name: String,
        /// The comparison.
        op: CompareOp,
        /// Nanoseconds.
        value_ns: i64,
    },
    /// A comparison with a size: `size > 20kb`.
    Bytes {
        /// The label.
        name: String,
        /// The comparison.
        op: CompareOp,
        /// Bytes.
        value: u64,
    },
    /// `addr = ip("10.0.0.0/8")`, or `!=`.
    Ip {
        /// The label.
        name: String,
        /// `!=`
        negated: bool,
        /// An address, a range `a-b`, or a CIDR block.
        range: String,
    },
    /// `and`, `,` or two filters side by side.
    And(Box<LabelFilter>, Box<LabelFilter>),
    /// `or`
    Or(Box<LabelFilter>, Box<LabelFilter>),
}

/// How numbers, durations and sizes are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==` or `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
}

/// One assignment of `label_format`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabelFormat {
    /// The label to set.
    pub name: String,
    /// What to set it to.
    pub value: LabelFormatValue,
}

/// The right side of an assignment of `label_format`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LabelFormatValue {
    /// `dst=src`: the label is renamed.
    Rename(String),
    /// `dst="{{ … }}"`: a template.
    Template(String),
}

/// What `drop` and `keep` name: a label, or a label if its value matches.
#[derive(Debug, Clone, PartialEq)]
pub enum LabelSelector {
    /// By name.
    Name(String),
    /// By name and value.
    Matcher(Matcher),
}

/// `quantile_over_time(0.99, {…} | unwrap x [5m] offset 1h) by (app)`
#[derive(Debug, Clone, PartialEq)]
pub struct RangeAggregation {
    /// What is computed.
    pub op: RangeOp,
    /// The quantile.
    pub param: Option<f64>,
    /// Whose entries.
    pub logs: LogExpr,
    /// Which label is the value.
    pub unwrap: Option<Unwrap>,
    /// The length of the range, in nanoseconds.
    pub range_ns: i64,
    /// How far the range is moved into the past, in nanoseconds.
    pub offset_ns: i64,
    /// `by` or `without`, which only some operations take.
    pub grouping: Option<Grouping>,
}

/// The operations over a range.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RangeOp {
    /// `rate`: entries per second, or the sum of unwrapped values per second.
    Rate,
    /// `rate_counter`: like PromQL's `rate`, over unwrapped values.
    RateCounter,
    /// `count_over_time`
    CountOverTime,
    /// `bytes_rate`
    BytesRate,
    /// `bytes_over_time`
    BytesOverTime,
    /// `sum_over_time`
    SumOverTime,
    /// `avg_over_time`
    AvgOverTime,
    /// `min_over_time`
    MinOverTime,
    /// `max_over_time`
    MaxOverTime,
    /// `stdvar_over_time`
    StdvarOverTime,
    /// `stddev_over_time`
    StddevOverTime,
    /// `quantile_over_time`
    QuantileOverTime,
    /// `first_over_time`
    FirstOverTime,
    /// `last_over_time`
    LastOverTime,
    /// `absent_over_time`
    AbsentOverTime,
}

/// `| unwrap duration(latency) | __error__=""`
#[derive(Debug, Clone, PartialEq)]
pub struct Unwrap {
    /// The label that holds the value.
    pub label: String,
    /// How the text becomes a number.
    pub conversion: Conversion,
    /// Filters after the unwrap.
    pub filters: Vec<LabelFilter>,
    /// Where it stands.
    pub span: Span,
}

/// How `unwrap` reads a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Conversion {
    /// As a number.
    #[default]
    None,
    /// `bytes(x)`
    Bytes,
    /// `duration(x)`: seconds
    Duration,
    /// `duration_seconds(x)`: seconds
    DurationSeconds,
}

/// `topk by (app) (3, …)`
#[derive(Debug, Clone, PartialEq)]
pub struct VectorAggregation {
    /// What is computed.
    pub op: VectorOp,
    /// How many, for `topk`, `bottomk` and `approx_topk`.
    pub param: Option<u64>,
    /// `by` or `without`.
    pub grouping: Option<Grouping>,
    /// Over what.
    pub expr: Expr,
}

/// The aggregations over series.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VectorOp {
    /// `sum`
    Sum,
    /// `avg`
    Avg,
    /// `max`
    Max,
    /// `min`
    Min,
    /// `count`
    Count,
    /// `stddev`
    Stddev,
    /// `stdvar`
    Stdvar,
    /// `topk`
    Topk,
    /// `bottomk`
    Bottomk,
    /// `approx_topk`
    ApproxTopk,
    /// `sort`
    Sort,
    /// `sort_desc`
    SortDesc,
}

/// `label_replace(…)`
#[derive(Debug, Clone, PartialEq)]
pub struct LabelReplace {
    /// Whose labels.
    pub expr: Expr,
    /// The label to set.
    pub dst: String,
    /// What to set it to, with `$1` and `${name}`.
    pub replacement: String,
    /// The label to read.
    pub src: String,
    /// Matched against the whole value.
    pub regex: String,
}

/// An operator between two expressions.
#[derive(Debug, Clone, PartialEq)]
pub struct Binary {
    /// The operator.
    pub op: BinaryOp,
    /// `bool`: give 0 or 1 rather than filter.
    pub returns_bool: bool,
    /// How series of both sides meet.
    pub matching: VectorMatching,
    /// The left side.
    pub lhs: Expr,
    /// The right side.
    pub rhs: Expr,
}
