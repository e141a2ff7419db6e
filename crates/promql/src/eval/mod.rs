//! Evaluation: series by series, in columns over all steps of a query. An instant query is a range
//! query of one step.

mod absent;
mod aggregate;
mod annotations;
mod binary;
mod block;
mod calendar;
mod call;
mod elementwise;
mod evaluator;
mod fold;
mod histogram;
mod histogram_aggregate;
mod histogram_rate;
mod labels;
mod native;
mod over_time;
mod plan;
mod rate;
mod select;
mod sliding;
mod windows;

use crate::ast::{Expr, ExprKind, ValueType};
use crate::source::{SeriesSource, SourceError};
use block::Evaluated;
use evaluator::Evaluator;
pub(crate) use over_time::carries_over_steps;
use phoenix_model::{Budget, BudgetExceeded, Diagnostic, Sample, Source};
use phoenix_query::{Grid, MatchError, MatrixSeries, QueryOutput, Value, VectorSample, is_absent};
pub(crate) use plan::is_step_invariant;

/// What bounds an evaluation, and the settings that it depends on.
#[derive(Clone, Copy)]
pub struct EvalOptions<'a> {
    /// How far back an instant selector looks for its newest sample, in milliseconds.
    pub lookback_ms: i64,
    /// The step of a subquery that names none, in milliseconds: Prometheus' global evaluation interval.
    pub default_step_ms: i64,
    /// How many samples may be read and how many may come out.
    pub max_samples: u64,
    /// Memory for samples and results.
    pub budget: &'a Budget,
    /// Asked regularly; a `true` ends the evaluation.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// The text of the query, for positions as line and column in annotations.
    pub text: &'a str,
}

impl<'a> EvalOptions<'a> {
    /// Prometheus' defaults, with no limit but the budget.
    pub fn new(text: &'a str, budget: &'a Budget) -> Self {
        Self { lookback_ms: 300_000, default_step_ms: 60_000, max_samples: u64::MAX, budget, cancelled: &|| false, text }
    }
}

/// Why an evaluation gave no result.
#[derive(Debug, Clone, thiserror::Error)]
pub enum EvalError {
    /// The expression is not one: what the parser said of it.
    #[error("{}", .0.first().map_or("the expression has errors", |d| d.message.as_str()))]
    Parse(Vec<Diagnostic>),
    /// The expression does not fit the data, or the kind of query.
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

impl From<SourceError> for EvalError {
    fn from(error: SourceError) -> Self {
        match error {
            SourceError::Limit(message) => Self::Limit(message),
            SourceError::Cancelled => Self::Cancelled,
            SourceError::Storage(message) => Self::Storage(message),
        }
    }
}

impl From<MatchError> for EvalError {
    fn from(error: MatchError) -> Self {
        Self::Execution(error.to_string())
    }
}

/// Parses a text and evaluates it at one moment.
pub fn instant(text: &str, at_ms: i64, source: &dyn SeriesSource, options: &EvalOptions<'_>) -> Result<QueryOutput, EvalError> {
    let expr = crate::parse(text).into_result().map_err(EvalError::Parse)?;
    eval_instant(&expr, at_ms, source, &EvalOptions { text, ..*options })
}

/// Parses a text and evaluates it at `start_ms`, `start_ms + step_ms`, … up to `end_ms`.
pub fn range(
    text: &str,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
    source: &dyn SeriesSource,
    options: &EvalOptions<'_>,
) -> Result<QueryOutput, EvalError> {
    let expr = crate::parse(text).into_result().map_err(EvalError::Parse)?;
    eval_range(&expr, start_ms, end_ms, step_ms, source, &EvalOptions { text, ..*options })
}

/// Evaluates at one moment, in milliseconds since the Unix epoch.
pub fn eval_instant(expr: &Expr, at_ms: i64, source: &dyn SeriesSource, options: &EvalOptions<'_>) -> Result<QueryOutput, EvalError> {
    let grid = Grid::instant(checked_time(at_ms)?);
    let evaluator = Evaluator::prepare(expr, grid, at_ms, source, options)?;
    if expr.value_type() == ValueType::Matrix {
        let mut series = evaluator.raw_windows(expr, grid)?;
        series.sort_by(|a, b| a.labels.cmp(&b.labels));
        return Ok(QueryOutput { value: Value::Matrix(series), annotations: evaluator.into_annotations() });
    }
    let sample = |value: f64| Sample { timestamp_ms: at_ms, value };
    let value = match evaluator.evaluate(expr, grid)? {
        Evaluated::Scalar(values) => Value::Scalar(sample(values[0])),
        Evaluated::String(text) => Value::String(sample(0.0), text),
        Evaluated::Block(block) => Value::Vector(
            block
                .columns
                .into_iter()
                .filter(|column| column.is_present(0))
                .map(|mut column| match column.histograms.pop() {
                    Some((_, histogram)) => VectorSample::histogram(column.labels, at_ms, histogram),
                    None => VectorSample::float(column.labels, sample(column.values[0])),
                })
                .collect(),
        ),
    };
    Ok(QueryOutput { value, annotations: evaluator.into_annotations() })
}

/// Evaluates at `start_ms`, `start_ms + step_ms`, … up to `end_ms`. The result is a matrix, sorted
/// by labels; a scalar becomes one series without labels.
pub fn eval_range(
    expr: &Expr,
    start_ms: i64,
    end_ms: i64,
    step_ms: i64,
    source: &dyn SeriesSource,
    options: &EvalOptions<'_>,
) -> Result<QueryOutput, EvalError> {
    if step_ms <= 0 {
        return Err(EvalError::Execution(
            "zero or negative query resolution step widths are not accepted; try a positive number".to_owned(),
        ));
    }
    if end_ms < start_ms {
        return Err(EvalError::Execution("end timestamp must not be before start time".to_owned()));
    }
    let found = expr.value_type();
    if matches!(found, ValueType::Matrix | ValueType::String) {
        let name = if found == ValueType::Matrix { "range vector" } else { "string" };
        let source = phoenix_model::Source::new("query", options.text);
        let message = format!("invalid expression type {name:?} for range query, must be Scalar or instant Vector");
        return Err(EvalError::Parse(vec![Diagnostic::error(&source, expr.span, message)]));
    }
    let grid = Grid::range(checked_time(start_ms)?, checked_time(end_ms)?, step_ms);
    let evaluator = Evaluator::prepare(expr, grid, end_ms, source, options)?;
    let mut series = match evaluator.evaluate(expr, grid)? {
        Evaluated::Scalar(values) => vec![MatrixSeries::floats(phoenix_model::Labels::empty(), samples(&values, grid))],
        Evaluated::String(_) => Vec::new(),
        Evaluated::Block(block) => block
            .columns
            .into_iter()
            .map(|column| MatrixSeries {
                samples: samples(&column.values, grid),
                histograms: column.histograms.into_iter().map(|(step, histogram)| (grid.time_ms(step), histogram)).collect(),
                labels: column.labels,
            })
            .filter(|series| !series.samples.is_empty() || !series.histograms.is_empty())
            .collect(),
    };
    series.sort_by(|a, b| a.labels.cmp(&b.labels));
    Ok(QueryOutput { value: Value::Matrix(series), annotations: evaluator.into_annotations() })
}

fn samples(values: &[f64], grid: Grid) -> Vec<Sample> {
    let present = values.iter().filter(|v| !is_absent(**v)).count();
    let mut samples = Vec::with_capacity(present);
    samples.extend(
        values.iter().zip(grid.times_ms()).filter(|(v, _)| !is_absent(**v)).map(|(&value, timestamp_ms)| Sample { timestamp_ms, value }),
    );
    samples
}

/// Keeps sums of times, ranges and offsets inside of 64 bits.
fn checked_time(ms: i64) -> Result<i64, EvalError> {
    let fits = ms.unsigned_abs() <= i64::MAX as u64 / 4;
    if fits { Ok(ms) } else { Err(EvalError::Execution(format!("the time {ms} ms is out of range"))) }
}

/// An expression with errors in it is refused before anything is read.
fn refuse_errors(expr: &Expr, text: &str) -> Result<(), EvalError> {
    let mut bad = None;
    expr.walk(&mut |node| {
        if matches!(node.kind, ExprKind::Error) {
            bad.get_or_insert(node.span);
        }
    });
    let mut diagnostics = Vec::new();
    let source = Source::new("query", text);
    crate::check::check(expr, &source, &mut diagnostics);
    if let Some(span) = bad {
        diagnostics.push(Diagnostic::error(&source, span, "the expression could not be read"));
    }
    if diagnostics.is_empty() { Ok(()) } else { Err(EvalError::Parse(diagnostics)) }
}
