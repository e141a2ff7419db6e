//! What the grammar allows and makes no sense all the same: types, nil, regular expressions.
//!
//! The rules and their words are those of Tempo's validation.

use crate::ast::{
    Body, FieldExpr, FieldKind, FieldOp, IntrinsicName, MetricsExpr, MetricsKind, MetricsOp, MetricsStage, Pipeline, ScalarExpr,
    ScalarFilter, ScalarKind, SpansetExpr, SpansetKind, SpansetOp, StageKind, Static,
};
use crate::parser::MAX_REGEXES;
use phoenix_model::Span;
use phoenix_model::matcher::AnchoredRegex;

/// Something that is wrong.
#[derive(Debug)]
pub(crate) struct Finding {
    /// Where.
    pub span: Span,
    /// What.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
    /// Whether the query works all the same.
    pub is_warning: bool,
}

/// The type of a value, as far as the query tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// That of an attribute, known only for each span.
    Any,
    Nil,
    Text,
    Int,
    Float,
    Bool,
    Duration,
    Status,
    Kind,
}

impl Type {
    fn is_numeric(self) -> bool {
        matches!(self, Self::Int | Self::Float | Self::Duration)
    }

    fn matches(self, other: Self) -> bool {
        let open = |t| matches!(t, Self::Any | Self::Nil);
        open(self) || open(other) || self == other || (self.is_numeric() && other.is_numeric())
    }

    fn takes(self, op: FieldOp) -> bool {
        let equality = matches!(op, FieldOp::Eq | FieldOp::Ne);
        match self {
            Self::Any => true,
            Self::Bool => equality || matches!(op, FieldOp::And | FieldOp::Or),
            Self::Int | Self::Float | Self::Duration => op.is_arithmetic() || op.is_comparison(),
            Self::Text => op.is_comparison() || op.is_regex(),
            Self::Nil | Self::Status | Self::Kind => equality,
        }
    }

    fn of_static(value: &Static) -> Self {
        match value {
            Static::Nil => Self::Nil,
            Static::Text(_) => Self::Text,
            Static::Int(_) => Self::Int,
            Static::Float(_) => Self::Float,
            Static::Bool(_) => Self::Bool,
            Static::Duration(_) => Self::Duration,
            Static::Status(_) => Self::Status,
            Static::Kind(_) => Self::Kind,
            Static::Array(_) => Self::Any,
        }
    }

    fn of_intrinsic(name: IntrinsicName) -> Self {
        use IntrinsicName as I;
        match name {
            I::Duration | I::TraceDuration | I::EventTimeSinceStart => Self::Duration,
            I::Status => Self::Status,
            I::Kind => Self::Kind,
            I::ChildCount | I::NestedSetLeft | I::NestedSetRight | I::NestedSetParent => Self::Int,
            _ => Self::Text,
        }
    }

    /// That of what an operator gives.
    fn of_binary(op: FieldOp, lhs: Self, rhs: Self) -> Self {
        match (lhs, rhs) {
            _ if !op.is_arithmetic() => Self::Bool,
            (Self::Any, _) => rhs,
            // A duration stays one beside a plain number.
            (_, Self::Duration) => Self::Duration,
            (Self::Int, Self::Float) => Self::Float,
            _ => lhs,
        }
    }
}

/// What is wrong with a query.
pub(crate) fn query(query: &crate::ast::Query) -> Vec<Finding> {
    let mut checker = Checker { findings: Vec::new(), regexes: 0 };
    match &query.body {
        Body::Search(pipeline) => checker.pipeline(pipeline),
        Body::Metrics(metrics) => checker.metrics(metrics),
    }
    checker.findings
}

struct Checker {
    findings: Vec<Finding>,
    /// How many regular expressions there were.
    regexes: usize,
}

const SAME_TYPE: &str = "binary operations must operate on the same type";
const ILLEGAL: &str = "illegal operation for the given type";

impl Checker {
    fn report(&mut self, span: Span, message: String, help: Option<&str>) {
        self.findings.push(Finding { span, message, help: help.map(str::to_owned), is_warning: false });
    }

    /// Most languages would take `a || b && c` for `a || (b && c)`, so that it is said once.
    fn warn_of_order(&mut self, span: Span) {
        if !self.findings.iter().any(|finding| finding.is_warning) {
            let message = "`&&` and `||` bind alike and are read from left to right: this is `(a || b) && c`".to_owned();
            let help = Some("put parentheses where they are meant".to_owned());
            self.findings.push(Finding { span, message, help, is_warning: true });
        }
    }

    fn pipeline(&mut self, pipeline: &Pipeline) {
        for stage in &pipeline.stages {
            match &stage.kind {
                StageKind::Spanset(spans) => self.spanset(spans),
                StageKind::ScalarFilter(filter) => self.scalar_filter(filter, stage.span),
                StageKind::By(field) => {
                    self.field(field);
                    if !references_span(field) {
                        let message = format!("grouping field expressions must reference the span: by({field})");
                        self.report(stage.span, message, Some("group by an attribute or an intrinsic"));
                    }
                }
                StageKind::Coalesce | StageKind::Select(_) | StageKind::Error => {}
            }
        }
    }

    fn spanset(&mut self, spans: &SpansetExpr) {
        match &spans.kind {
            SpansetKind::Filter(Some(condition)) => {
                let found = self.field(condition);
                if !matches!(found, Some(Type::Any | Type::Bool) | None) {
                    let message = format!("span filter field expressions must resolve to a boolean: {{ {condition} }}");
                    let help = if matches!(condition.kind, FieldKind::Static(Static::Text(_))) {
                        "write what has this value, such as `name = \"x\"`"
                    } else {
                        "compare the value with another, such as `duration > 1s`"
                    };
                    self.report(condition.span, message, Some(help));
                }
            }
            SpansetKind::Binary(op, lhs, rhs) => {
                if *op == SpansetOp::And && matches!(lhs.kind, SpansetKind::Binary(SpansetOp::Or, ..)) {
                    self.warn_of_order(spans.span);
                }
                self.spanset(lhs);
                self.spanset(rhs);
            }
            SpansetKind::Paren(pipeline) => self.pipeline(pipeline),
            SpansetKind::Filter(None) | SpansetKind::Error => {}
        }
    }

    fn scalar_filter(&mut self, filter: &ScalarFilter, span: Span) {
        let (lhs, rhs) = (self.scalar(&filter.lhs), self.scalar(&filter.rhs));
        self.operands(lhs, filter.op, rhs, span, || filter.to_string());
    }

    /// The type of a number, `None` if it could not be read or is wrong already.
    fn scalar(&mut self, scalar: &ScalarExpr) -> Option<Type> {
        match &scalar.kind {
            ScalarKind::Static(value) => Some(Type::of_static(value)),
            ScalarKind::Aggregate(_, None) => Some(Type::Int),
            ScalarKind::Aggregate(_, Some(field)) => {
                let found = self.field(field)?;
                if found != Type::Any && !found.is_numeric() {
                    let message = format!("aggregate field expressions must resolve to a number type: {scalar}");
                    self.report(scalar.span, message, Some("aggregate a number, such as `duration`"));
                    return None;
                }
                if !references_span(field) {
                    let message = format!("aggregate field expressions must reference the span: {scalar}");
                    self.report(scalar.span, message, Some("aggregate an attribute or an intrinsic"));
                    return None;
                }
                Some(found)
            }
            ScalarKind::Binary(op, lhs, rhs) => {
                let (lhs, rhs) = (self.scalar(lhs), self.scalar(rhs));
                self.operands(lhs, *op, rhs, scalar.span, || scalar.to_string())
            }
            ScalarKind::Pipeline(pipeline, number) => {
                self.pipeline(pipeline);
                self.scalar(number)
            }
            ScalarKind::Paren(inner) => self.scalar(inner),
            ScalarKind::Error => None,
        }
    }

    /// The type of a value, `None` if it could not be read or is wrong already.
    fn field(&mut self, field: &FieldExpr) -> Option<Type> {
        match &field.kind {
            FieldKind::Static(value) => Some(Type::of_static(value)),
            FieldKind::Attribute(_) => Some(Type::Any),
            FieldKind::Intrinsic(name) => Some(Type::of_intrinsic(*name)),
            FieldKind::Paren(inner) => self.field(inner),
            FieldKind::Not(inner) => {
                let found = self.field(inner)?;
                self.unary(field, found, matches!(found, Type::Any | Type::Bool), Type::Bool)
            }
            FieldKind::Negative(inner) => {
                let found = self.field(inner)?;
                self.unary(field, found, found == Type::Any || found.is_numeric(), found)
            }
            FieldKind::Binary(op, lhs, rhs) => self.binary(field, *op, lhs, rhs),
            FieldKind::Error => None,
        }
    }

    fn unary(&mut self, field: &FieldExpr, found: Type, fits: bool, gives: Type) -> Option<Type> {
        if fits {
            return Some(gives);
        }
        let help = if found == Type::Nil { "nil can only be compared with `=` and `!=`" } else { "`!` negates conditions, `-` numbers" };
        self.report(field.span, format!("{ILLEGAL}: {field}"), Some(help));
        None
    }

    fn binary(&mut self, field: &FieldExpr, op: FieldOp, lhs: &FieldExpr, rhs: &FieldExpr) -> Option<Type> {
        if op == FieldOp::And && matches!(lhs.kind, FieldKind::Binary(FieldOp::Or, ..)) {
            self.warn_of_order(field.span);
        }
        let (left, right) = (self.field(lhs), self.field(rhs));
        let found = self.operands(left, op, right, field.span, || field.to_string())?;
        if op.is_regex() {
            self.regex(rhs);
        }
        // An intrinsic is always there, so that this asks for what cannot be.
        for (side, other) in [(lhs, right), (rhs, left)] {
            if op == FieldOp::Eq && other == Some(Type::Nil) && matches!(inner(side).kind, FieldKind::Intrinsic(_)) {
                let message = format!("{field} is not valid because intrinsics cannot be nil");
                self.report(field.span, message, Some("only attributes can be missing; compare texts with `\"\"`"));
                return None;
            }
        }
        Some(found)
    }

    /// Checks two sides of an operator, and gives the type of what it makes of them.
    fn operands(&mut self, lhs: Option<Type>, op: FieldOp, rhs: Option<Type>, span: Span, show: impl Fn() -> String) -> Option<Type> {
        let (Some(lhs), Some(rhs)) = (lhs, rhs) else { return (!op.is_arithmetic()).then_some(Type::Bool) };
        if !lhs.matches(rhs) {
            let help = match (lhs, rhs) {
                (Type::Status, _) | (_, Type::Status) => Some("a status is `error`, `ok` or `unset`, without quotes"),
                (Type::Kind, _) | (_, Type::Kind) => {
                    Some("a kind is `server`, `client`, `producer`, `consumer`, `internal` or `unspecified`, without quotes")
                }
                (Type::Duration, Type::Text) | (Type::Text, Type::Duration) => Some("durations stand without quotes, such as `100ms`"),
                _ => None,
            };
            self.report(span, format!("{SAME_TYPE}: {}", show()), help);
            return None;
        }
        if !lhs.takes(op) || !rhs.takes(op) {
            let help = match op {
                FieldOp::Regex | FieldOp::NotRegex => Some("regular expressions match texts alone"),
                FieldOp::And | FieldOp::Or => Some("both sides of `&&` and `||` are conditions"),
                _ => None,
            };
            self.report(span, format!("{ILLEGAL}s: {}", show()), help);
            return None;
        }
        Some(Type::of_binary(op, lhs, rhs))
    }

    /// Checks the right side of `=~` and `!~`.
    fn regex(&mut self, field: &FieldExpr) {
        let FieldKind::Static(Static::Text(pattern)) = &inner(field).kind else {
            let message = format!("invalid type for =~ or !~: {field}");
            self.report(field.span, message, Some("the right side is a regular expression in quotes"));
            return;
        };
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            if self.regexes == MAX_REGEXES + 1 {
                let message = format!("the query has too many regular expressions: the limit is {MAX_REGEXES}");
                self.report(field.span, message, Some("join them with `|` into fewer ones"));
            }
            return;
        }
        if let Err(error) = AnchoredRegex::new(pattern) {
            self.report(field.span, format!("invalid regex: {}: {}", phoenix_query::cursor::quote(pattern), error.reason), None);
        }
    }

    fn metrics(&mut self, metrics: &MetricsExpr) {
        match &metrics.kind {
            MetricsKind::Pipeline(pipeline, stage) => {
                self.pipeline(pipeline);
                self.metrics_stage(stage);
            }
            MetricsKind::TopK(inner, _) | MetricsKind::BottomK(inner, _) | MetricsKind::Filter(inner, ..) => {
                self.metrics(inner);
                self.no_comparison_of(inner, metrics.span, "second stage functions");
            }
            MetricsKind::Binary(_, lhs, rhs) => {
                self.metrics(lhs);
                self.metrics(rhs);
                self.no_comparison_of(lhs, lhs.span, "operators");
                self.no_comparison_of(rhs, rhs.span, "operators");
            }
            MetricsKind::Paren(inner) => self.metrics(inner),
            MetricsKind::Number(_) => {}
        }
    }

    /// The series of `compare` are counts of different attributes, which nothing can be made of.
    fn no_comparison_of(&mut self, metrics: &MetricsExpr, span: Span, with: &str) {
        let mut inner = metrics;
        while let MetricsKind::Paren(next) = &inner.kind {
            inner = next;
        }
        if let MetricsKind::Pipeline(_, MetricsStage { op: MetricsOp::Compare { .. }, .. }) = &inner.kind {
            self.report(span, format!("`compare()` cannot be used with {with}"), None);
        }
    }

    fn metrics_stage(&mut self, stage: &MetricsStage) {
        match &stage.op {
            MetricsOp::Rate | MetricsOp::CountOverTime => {}
            MetricsOp::MinOverTime(field)
            | MetricsOp::MaxOverTime(field)
            | MetricsOp::AvgOverTime(field)
            | MetricsOp::SumOverTime(field)
            | MetricsOp::QuantileOverTime(field, _)
            | MetricsOp::HistogramOverTime(field) => {
                if let Some(found) = self.field(field)
                    && found != Type::Any
                    && !found.is_numeric()
                {
                    let message = format!("{} needs a number, and {field} is none", stage.op.as_str());
                    self.report(field.span, message, Some("give it an attribute with numbers, or a duration"));
                }
            }
            MetricsOp::Compare { selection, .. } => self.spanset(selection),
        }
    }
}

fn inner(field: &FieldExpr) -> &FieldExpr {
    let mut field = field;
    while let FieldKind::Paren(next) = &field.kind {
        field = next;
    }
    field
}

/// Whether a value depends on the span.
fn references_span(field: &FieldExpr) -> bool {
    match &field.kind {
        FieldKind::Attribute(_) | FieldKind::Intrinsic(_) | FieldKind::Error => true,
        FieldKind::Static(_) => false,
        FieldKind::Not(inner) | FieldKind::Negative(inner) | FieldKind::Paren(inner) => references_span(inner),
        FieldKind::Binary(_, lhs, rhs) => references_span(lhs) || references_span(rhs),
    }
}
