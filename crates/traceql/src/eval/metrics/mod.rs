//! Numbers over time.

mod buckets;
mod cells;
mod compare;
mod exemplars;
mod groups;
mod matched;
mod second;
mod stage;
mod steps;

use super::value::total_order;
use super::{EvalError, EvalOptions, flag};
use crate::ast::{Body, MetricsExpr, MetricsKind, MetricsOp, Query, Static};
use crate::result::{MetricsOutput, MetricsSeries, SpanExemplar};
use crate::source::{SpanSource, SpanStats};
use compare::Compared;
use stage::Stage;
use std::cmp::Ordering;
use std::sync::Arc;
use steps::Steps;

/// What a metrics query says beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MetricsParams {
    /// Where the range begins, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Where it ends.
    pub end_ns: i64,
    /// The time between two samples, in nanoseconds. Ignored for an answer with one sample.
    pub step_ns: i64,
    /// The most exemplars, if the query does not say; they stand beside the series of a stage, and all series share them.
    pub exemplars: usize,
}

/// A series on its way: NaN where it has no value.
#[derive(Debug, Clone)]
pub(crate) struct Series {
    labels: Vec<(Arc<str>, Static)>,
    values: Vec<f64>,
    exemplars: Vec<SpanExemplar>,
}

/// One side of an operator.
#[derive(Debug)]
pub(crate) enum Operand {
    Series(Vec<Series>),
    Number(f64),
}

/// Evaluates at multiples of the step, from the last that is not behind the start to the first that is
/// not before the end. A sample covers the step that ends at its time.
pub fn metrics_range(
    query: &Query,
    params: &MetricsParams,
    source: &dyn SpanSource,
    options: &EvalOptions<'_>,
) -> Result<MetricsOutput, EvalError> {
    evaluate(query, Steps::range(params.start_ns, params.end_ns, params.step_ns)?, params.exemplars, source, options)
}

/// Evaluates once over `[start_ns, end_ns)`: each series has one sample, at the end.
pub fn metrics_instant(
    query: &Query,
    params: &MetricsParams,
    source: &dyn SpanSource,
    options: &EvalOptions<'_>,
) -> Result<MetricsOutput, EvalError> {
    evaluate(query, Steps::instant(params.start_ns, params.end_ns)?, params.exemplars, source, options)
}

fn evaluate(
    query: &Query,
    steps: Steps,
    exemplars: usize,
    source: &dyn SpanSource,
    options: &EvalOptions<'_>,
) -> Result<MetricsOutput, EvalError> {
    let Body::Metrics(expr) = &query.body else {
        return Err(EvalError::Execution("a query without a metrics stage, such as `| rate()`, gives traces and no numbers".to_owned()));
    };
    if steps.count as u64 > options.max_samples {
        let (count, max) = (steps.count, options.max_samples);
        return Err(EvalError::Limit(format!("limit `max_samples` reached: {count} steps are more than {max} values")));
    }
    let exemplars = match query.hint("exemplars") {
        None => exemplars,
        Some(Static::Bool(true)) => exemplars.max(1),
        Some(Static::Bool(false)) => 0,
        Some(Static::Int(count)) => {
            usize::try_from(*count).map_err(|_| EvalError::Execution("hint `exemplars` has to be zero or more".to_owned()))?
        }
        Some(_) => return Err(EvalError::Execution("hint `exemplars` has to be a number, true or false".to_owned())),
    };
    if exemplars > exemplars::MAX {
        return Err(EvalError::Limit(format!("limit of {} exemplars reached: {exemplars} were asked for", exemplars::MAX)));
    }
    let mut evaluation =
        Evaluation { steps, exemplars, weighted: flag(query, "weighted")?.unwrap_or(true), source, options, stats: SpanStats::default() };
    let series = match evaluation.operand(expr)? {
        Operand::Series(series) => series,
        Operand::Number(number) => vec![Series { labels: Vec::new(), values: vec![number; steps.count], exemplars: Vec::new() }],
    };
    let samples = |values: Vec<f64>| {
        let there = values.into_iter().enumerate().filter(|(_, value)| !value.is_nan());
        there.map(|(at, value)| (steps.time_ms(at), value)).collect()
    };
    let shown = |series: Series| MetricsSeries { labels: series.labels, samples: samples(series.values), exemplars: series.exemplars };
    Ok(MetricsOutput { series: series.into_iter().map(shown).collect(), stats: evaluation.stats })
}

struct Evaluation<'p> {
    steps: Steps,
    exemplars: usize,
    weighted: bool,
    source: &'p dyn SpanSource,
    options: &'p EvalOptions<'p>,
    stats: SpanStats,
}

impl Evaluation<'_> {
    fn operand(&mut self, expr: &MetricsExpr) -> Result<Operand, EvalError> {
        Ok(match &expr.kind {
            MetricsKind::Number(number) => Operand::Number(*number),
            MetricsKind::Paren(inner) => self.operand(inner)?,
            MetricsKind::Binary(op, lhs, rhs) => {
                let lhs = self.operand(lhs)?;
                second::binary(*op, lhs, self.operand(rhs)?)?
            }
            MetricsKind::TopK(inner, k) => Operand::Series(second::top(self.series(inner)?, *k, true)),
            MetricsKind::BottomK(inner, k) => Operand::Series(second::top(self.series(inner)?, *k, false)),
            MetricsKind::Filter(inner, op, than) => Operand::Series(second::filter(self.series(inner)?, *op, *than)?),
            MetricsKind::Pipeline(pipeline, stage) => {
                let (mut series, stats) = if let MetricsOp::Compare { selection, top, range } = &stage.op {
                    let compared = Compared { selection, top: *top, range: *range, weighted: self.weighted };
                    compare::compare(pipeline, &compared, self.steps, self.source, self.options)?
                } else {
                    Stage::new(pipeline, stage, self.steps, self.weighted, self.exemplars)?.evaluate(self.source, self.options)?
                };
                self.stats += stats;
                series.sort_by(|a, b| by_labels(&a.labels, &b.labels));
                Operand::Series(series)
            }
        })
    }

    fn series(&mut self, expr: &MetricsExpr) -> Result<Vec<Series>, EvalError> {
        match self.operand(expr)? {
            Operand::Series(series) => Ok(series),
            Operand::Number(_) => Err(EvalError::Execution("a number stands where a metric has to".to_owned())),
        }
    }
}

fn quantile_label(quantile: f64) -> (Arc<str>, Static) {
    ("p".into(), Static::Float(quantile))
}

fn by_labels(a: &[(Arc<str>, Static)], b: &[(Arc<str>, Static)]) -> Ordering {
    let pairs = a.iter().zip(b).map(|((x, v), (y, w))| x.cmp(y).then_with(|| total_order(v, w)));
    pairs.into_iter().find(|o| o.is_ne()).unwrap_or_else(|| a.len().cmp(&b.len()))
}
