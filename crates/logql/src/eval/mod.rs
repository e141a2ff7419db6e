//! Evaluation: entries for queries of logs, columns over all steps for queries of numbers. An
//! instant query is a range query of one step.

mod accumulate;
mod entries;
mod metric;
mod over_range;
mod series;
mod windows;

use crate::ast::{Expr, ExprKind, VectorOp};
use crate::result::{LogOutput, LogValue};
use crate::source::{LogSource, ReadError, ReadLimits, ReadStats};
use crate::stages::StageError;
use metric::{Evaluated, MetricEvaluator};
use phoenix_model::logs::Direction;
use phoenix_model::{Budget, BudgetExceeded, Diagnostic, Labels, Sample};
use phoenix_query::{Column, MatchError, MatrixSeries, QueryOutput, Value, VectorSample, is_absent};
use windows::Steps;

/// The most steps of a range query, as in Prometheus and Loki.
pub const MAX_STEPS: u64 = 11_000;

/// What bounds an evaluation, and the settings that it depends on.
#[derive(Clone, Copy)]
pub struct EvalOptions<'a> {
    /// Memory for entries, samples and results.
    pub budget: &'a Budget,
    /// Asked regularly; a `true` ends the evaluation.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Bytes of lines that may be read.
    pub max_bytes: u64,
    /// How many series an aggregation over a range, and the answer, may have.
    pub max_series: usize,
    /// How many values the answer may have: series times steps.
    pub max_samples: u64,
    /// What `now` gives in templates, in nanoseconds since the Unix epoch.
    pub now_ns: i64,
}

impl<'a> EvalOptions<'a> {
    /// No limit but the budget and Loki's 500 series.
    pub fn new(budget: &'a Budget, now_ns: i64) -> Self {
        Self { budget, cancelled: &|| false, max_bytes: u64::MAX, max_series: 500, max_samples: u64::MAX, now_ns }
    }

    fn read_limits(&self) -> ReadLimits<'a> {
        ReadLimits { budget: self.budget, cancelled: self.cancelled, max_bytes: self.max_bytes }
    }
}

/// A range of time with what a query says beside its text. Nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RangeParams {
    /// The first moment that counts; for numbers, the first step.
    pub start_ns: i64,
    /// For entries, the first moment that does not count any more; for numbers, the last step.
    pub end_ns: i64,
    /// The distance between the steps of numbers.
    pub step_ns: i64,
    /// For entries: at most one each so many nanoseconds for a stream; 0 for all.
    pub interval_ns: i64,
    /// The most entries.
    pub limit: usize,
    /// Which entries come first, and count if there are more than the limit.
    pub direction: Direction,
}

/// Why an evaluation gave no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EvalError {
    /// The query is not one: what the parser said of it.
    #[error("{}", .0.first().map_or("the query has errors", |d| d.message.as_str()))]
    Parse(Vec<Diagnostic>),
    /// The query does not fit the data, or the kind of query.
    #[error("{0}")]
    Execution(String),
    /// A limit was hit; the message names it.
    #[error("{0}")]
    Limit(String),
    /// The query was given up.
    #[error("query was cancelled")]
    Cancelled,
    /// The store could not be read.
    #[error("{0}")]
    Storage(String),
}

impl From<BudgetExceeded> for EvalError {
    fn from(error: BudgetExceeded) -> Self {
        Self::Limit(error.to_string())
    }
}

impl From<ReadError> for EvalError {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::Limit(message) => Self::Limit(message),
            ReadError::Cancelled => Self::Cancelled,
            ReadError::Storage(message) => Self::Storage(message),
        }
    }
}

impl From<MatchError> for EvalError {
    fn from(error: MatchError) -> Self {
        Self::Execution(error.to_string())
    }
}

impl From<StageError> for EvalError {
    fn from(error: StageError) -> Self {
        Self::Execution(error.0)
    }
}

/// Parses a text and evaluates it at one moment. Loki refuses queries of logs here; `limit` and
/// `direction` say nothing to others.
pub fn instant(
    query: &str,
    at_ns: i64,
    limit: usize,
    direction: Direction,
    source: &dyn LogSource,
    options: &EvalOptions<'_>,
) -> Result<LogOutput, EvalError> {
    let _ = (limit, direction);
    let expr = crate::parse(query).into_result().map_err(EvalError::Parse)?;
    eval_instant(&expr, at_ns, source, options)
}

/// Parses a text and evaluates it over a range.
pub fn range(query: &str, params: &RangeParams, source: &dyn LogSource, options: &EvalOptions<'_>) -> Result<LogOutput, EvalError> {
    let expr = crate::parse(query).into_result().map_err(EvalError::Parse)?;
    eval_range(&expr, params, source, options)
}

/// Evaluates numbers at one moment, in nanoseconds since the Unix epoch.
pub fn eval_instant(expr: &Expr, at_ns: i64, source: &dyn LogSource, options: &EvalOptions<'_>) -> Result<LogOutput, EvalError> {
    if logs_of(expr).is_some() {
        return Err(EvalError::Execution(
            "log queries are not supported as an instant query type, please change your query to a range query type".to_owned(),
        ));
    }
    let steps = Steps { start_ns: checked_time(at_ns)?, step_ns: 1, count: 1 };
    let mut evaluator = MetricEvaluator::new(source, options, steps);
    let evaluated = evaluator.evaluate(expr)?;
    let sample = |value| Sample { timestamp_ms: steps.time_ms(0), value };
    let value = match evaluated {
        Evaluated::Scalar(value) => Value::Scalar(sample(value)),
        Evaluated::Columns(mut columns) => {
            columns.retain(|column| !is_absent(column.values[0]));
            if !keeps_order(expr) {
                columns.sort_by(|a, b| a.labels.cmp(&b.labels));
            }
            refuse_many(columns.len(), options)?;
            Value::Vector(columns.into_iter().map(|c| VectorSample::float(c.labels, sample(c.values[0]))).collect())
        }
    };
    Ok(metric_output(value, evaluator.stats))
}

/// Evaluates over a range: entries in the order of `direction`, or a matrix, sorted by labels; a
/// number becomes one series without labels.
pub fn eval_range(expr: &Expr, params: &RangeParams, source: &dyn LogSource, options: &EvalOptions<'_>) -> Result<LogOutput, EvalError> {
    if let Some(logs) = logs_of(expr) {
        let (entries, stats) = entries::read(logs, params, source, options)?;
        return Ok(LogOutput { value: LogValue::Entries(entries), stats });
    }
    let (start_ns, end_ns) = (checked_time(params.start_ns)?, checked_time(params.end_ns)?);
    if params.step_ns <= 0 {
        return Err(EvalError::Execution(
            "zero or negative query resolution step widths are not accepted; try a positive number".to_owned(),
        ));
    }
    if end_ns < start_ns {
        return Err(EvalError::Execution("end timestamp must not be before or equal to start time".to_owned()));
    }
    let count = (end_ns - start_ns) as u64 / params.step_ns as u64 + 1;
    if count > MAX_STEPS {
        return Err(EvalError::Execution(
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter".to_owned(),
        ));
    }
    let steps = Steps { start_ns, step_ns: params.step_ns, count: count as usize };
    let mut evaluator = MetricEvaluator::new(source, options, steps);
    let columns = match evaluator.evaluate(expr)? {
        Evaluated::Scalar(value) => vec![Column::floats(Labels::empty(), vec![value; steps.count])],
        Evaluated::Columns(columns) => columns,
    };
    let mut series: Vec<MatrixSeries> = columns
        .into_iter()
        .map(|column| MatrixSeries::floats(column.labels, samples(&column.values, steps)))
        .filter(|series| !series.samples.is_empty())
        .collect();
    refuse_many(series.len(), options)?;
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(metric_output(Value::Matrix(series), evaluator.stats))
}

fn metric_output(value: Value, stats: ReadStats) -> LogOutput {
    LogOutput { value: LogValue::Metric(QueryOutput { value, annotations: Vec::new() }), stats }
}

fn samples(values: &[f64], steps: Steps) -> Vec<Sample> {
    let present = values.iter().enumerate().filter(|(_, value)| !is_absent(**value));
    present.map(|(step, &value)| Sample { timestamp_ms: steps.time_ms(step), value }).collect()
}

/// The selector with its pipeline, if the query gives entries.
fn logs_of(expr: &Expr) -> Option<&crate::ast::LogExpr> {
    match &expr.kind {
        ExprKind::Logs(logs) => Some(logs),
        ExprKind::Paren(inner) => logs_of(inner),
        _ => None,
    }
}

/// Whether the order of a vector is a part of the result.
fn keeps_order(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) => keeps_order(inner),
        ExprKind::VectorAggregation(aggregation) => {
            matches!(aggregation.op, VectorOp::Topk | VectorOp::Bottomk | VectorOp::ApproxTopk | VectorOp::Sort | VectorOp::SortDesc)
        }
        _ => false,
    }
}

fn refuse_many(series: usize, options: &EvalOptions<'_>) -> Result<(), EvalError> {
    if series > options.max_series { Err(too_many_series(options)) } else { Ok(()) }
}

fn too_many_series(options: &EvalOptions<'_>) -> EvalError {
    EvalError::Limit(format!(
        "maximum number of series ({}) reached for a single query; consider reducing query cardinality by adding more specific stream selectors, reducing the time range, or aggregating results with functions like sum(), count() or topk()",
        options.max_series
    ))
}

/// Keeps sums of times, ranges and offsets inside of 64 bits.
fn checked_time(ns: i64) -> Result<i64, EvalError> {
    let fits = ns.unsigned_abs() <= i64::MAX as u64 / 4 * 3;
    if fits { Ok(ns) } else { Err(EvalError::Execution(format!("the time {ns} ns is out of range"))) }
}
