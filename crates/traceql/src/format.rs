//! Writing queries: `Display` for one line in canonical form, [`pretty`] and [`format`] for people,
//! with long queries broken over lines.

mod pretty;

use crate::ast::{
    Body, FieldExpr, FieldKind, Hint, MetricsExpr, MetricsKind, MetricsOp, MetricsStage, Pipeline, Query, ScalarExpr, ScalarFilter,
    ScalarKind, SpansetExpr, SpansetKind, Stage, StageKind, Static,
};
use phoenix_model::Diagnostic;
use phoenix_query::List;
use phoenix_query::cursor::quote;
use phoenix_query::units::format_go_duration_ns;
pub use pretty::pretty;
use std::fmt::{self, Display, Formatter};

/// Lays a query out for people: comments are lost, and what is longer than 100 characters is broken
/// over lines. The errors are those of [`crate::parse`].
pub fn format(text: &str) -> Result<String, Vec<Diagnostic>> {
    crate::parse(text).into_result().map(|query| pretty(&query))
}

/// As a literal of the language. Several values, which the language cannot write, stand in brackets.
impl Display for Static {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nil => f.write_str("nil"),
            Self::Text(text) => f.write_str(&quote(text)),
            Self::Int(number) => write!(f, "{number}"),
            // With its point or exponent, so that it stays apart from whole numbers.
            Self::Float(number) => write!(f, "{number:?}"),
            Self::Bool(value) => write!(f, "{value}"),
            Self::Duration(ns) => f.write_str(&format_go_duration_ns(*ns)),
            Self::Status(status) => f.write_str(status.as_str()),
            Self::Kind(kind) => f.write_str(kind.as_str()),
            Self::Array(values) => write!(f, "[{}]", List(values)),
        }
    }
}

impl Display for Query {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.body)?;
        if self.hints.is_empty() { Ok(()) } else { write!(f, " with ({})", List(&self.hints)) }
    }
}

impl Display for Body {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Self::Search(pipeline) => write!(f, "{pipeline}"),
            Self::Metrics(metrics) => write!(f, "{metrics}"),
        }
    }
}

impl Display for Hint {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

impl Pipeline {
    /// The stages that are written. What compares pipelines stands alone, as Tempo wants it: the set
    /// of all spans before it is left out.
    fn written(&self) -> &[Stage] {
        let all = |stage: &Stage| matches!(&stage.kind, StageKind::Spanset(SpansetExpr { kind: SpansetKind::Filter(None), .. }));
        match self.stages.as_slice() {
            [first, second, ..] if all(first) && matches!(&second.kind, StageKind::ScalarFilter(f) if f.has_pipeline()) => {
                &self.stages[1..]
            }
            stages => stages,
        }
    }
}

impl ScalarFilter {
    fn has_pipeline(&self) -> bool {
        fn within(scalar: &ScalarExpr) -> bool {
            match &scalar.kind {
                ScalarKind::Pipeline(..) => true,
                ScalarKind::Binary(_, lhs, rhs) => within(lhs) || within(rhs),
                ScalarKind::Paren(inner) => within(inner),
                ScalarKind::Static(_) | ScalarKind::Aggregate(..) | ScalarKind::Error => false,
            }
        }
        within(&self.lhs) || within(&self.rhs)
    }
}

impl Display for Pipeline {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        for (index, stage) in self.written().iter().enumerate() {
            if index > 0 {
                f.write_str(" | ")?;
            }
            write!(f, "{stage}")?;
        }
        Ok(())
    }
}

impl Display for Stage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            StageKind::Spanset(spans) => write!(f, "{spans}"),
            StageKind::ScalarFilter(filter) => write!(f, "{filter}"),
            StageKind::By(field) => write!(f, "by({field})"),
            StageKind::Coalesce => f.write_str("coalesce()"),
            StageKind::Select(fields) => write!(f, "select({})", List(fields)),
            StageKind::Error => f.write_str("<error>"),
        }
    }
}

impl Display for SpansetExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            SpansetKind::Filter(None) => f.write_str("{ }"),
            SpansetKind::Filter(Some(condition)) => write!(f, "{{ {condition} }}"),
            SpansetKind::Binary(op, lhs, rhs) => write!(f, "{lhs} {op} {rhs}"),
            SpansetKind::Paren(pipeline) => write!(f, "({pipeline})"),
            SpansetKind::Error => f.write_str("<error>"),
        }
    }
}

impl Display for ScalarFilter {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{} {} {}", self.lhs, self.op, self.rhs)
    }
}

impl Display for ScalarExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            ScalarKind::Static(value) => write!(f, "{value}"),
            ScalarKind::Aggregate(op, None) => write!(f, "{op}()"),
            ScalarKind::Aggregate(op, Some(field)) => write!(f, "{op}({field})"),
            ScalarKind::Binary(op, lhs, rhs) => write!(f, "{lhs} {op} {rhs}"),
            ScalarKind::Pipeline(pipeline, number) => write!(f, "({pipeline} | {number})"),
            ScalarKind::Paren(inner) => write!(f, "({inner})"),
            ScalarKind::Error => f.write_str("<error>"),
        }
    }
}

impl Display for FieldExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            FieldKind::Static(value) => write!(f, "{value}"),
            FieldKind::Attribute(name) => write!(f, "{name}"),
            FieldKind::Intrinsic(name) => write!(f, "{name}"),
            FieldKind::Not(inner) => write!(f, "!{inner}"),
            FieldKind::Negative(inner) => write!(f, "-{inner}"),
            FieldKind::Binary(op, lhs, rhs) => write!(f, "{lhs} {op} {rhs}"),
            FieldKind::Paren(inner) => write!(f, "({inner})"),
            FieldKind::Error => f.write_str("<error>"),
        }
    }
}

impl Display for MetricsExpr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match &self.kind {
            MetricsKind::Pipeline(pipeline, stage) => write!(f, "{pipeline} | {stage}"),
            MetricsKind::TopK(inner, k) => write!(f, "{inner} | topk({k})"),
            MetricsKind::BottomK(inner, k) => write!(f, "{inner} | bottomk({k})"),
            MetricsKind::Filter(inner, op, limit) => write!(f, "{inner} {op} {}", Number(*limit)),
            MetricsKind::Binary(op, lhs, rhs) => write!(f, "{lhs} {op} {rhs}"),
            MetricsKind::Number(number) => write!(f, "{}", Number(*number)),
            MetricsKind::Paren(inner) => write!(f, "({inner})"),
        }
    }
}

/// A number where whole ones need no point. Large and small ones have an exponent.
struct Number(f64);

impl Display for Number {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let text = format!("{:?}", self.0);
        f.write_str(text.strip_suffix(".0").unwrap_or(&text))
    }
}

impl Display for MetricsStage {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.op)?;
        if self.by.is_empty() { Ok(()) } else { write!(f, " by ({})", List(&self.by)) }
    }
}

impl Display for MetricsOp {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        write!(f, "{}(", self.as_str())?;
        match self {
            Self::Rate | Self::CountOverTime => {}
            Self::MinOverTime(field)
            | Self::MaxOverTime(field)
            | Self::AvgOverTime(field)
            | Self::SumOverTime(field)
            | Self::HistogramOverTime(field) => write!(f, "{field}")?,
            Self::QuantileOverTime(field, quantiles) => {
                write!(f, "{field}")?;
                quantiles.iter().try_for_each(|quantile| write!(f, ", {}", Number(*quantile)))?;
            }
            Self::Compare { selection, top, range } => {
                write!(f, "{selection}")?;
                // The times stand behind the number of values, which is 10 unless it is said.
                if let Some(top) = top.or(range.map(|_| 10)) {
                    write!(f, ", {top}")?;
                }
                if let Some((start, end)) = range {
                    write!(f, ", {start}, {end}")?;
                }
            }
        }
        f.write_str(")")
    }
}
