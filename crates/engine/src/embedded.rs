//! The metrics engine within this process: PromQL over the metrics store.

use crate::{Changed, MetricsEngine, QueryError, QueryLimits, Settled, WriteBatch, WriteError, WriteOutcome};
use phoenix_model::{Budget, Exemplar, Labels, Matcher, SeriesSamples, SeriesSink};
use phoenix_promql::{EvalError, EvalOptions, SelectHints, SeriesSource, SourceError};
use phoenix_query::QueryOutput;
use phoenix_tsdb::{SelectLimits, Tsdb, TsdbError};
use std::sync::Arc;
use std::time::Duration;

/// PromQL over a [`Tsdb`].
#[derive(Clone)]
pub struct EmbeddedMetrics {
    store: Arc<Tsdb>,
    /// The step of subqueries that name none.
    default_step: Duration,
}

impl EmbeddedMetrics {
    /// An engine over a store. `default_step` is the step of subqueries that name none: Prometheus
    /// takes the global evaluation interval.
    pub fn new(store: Arc<Tsdb>, default_step: Duration) -> Self {
        Self { store, default_step }
    }
}

impl EmbeddedMetrics {
    fn evaluate(
        &self,
        query: &str,
        limits: &QueryLimits,
        evaluation: impl FnOnce(&dyn SeriesSource, &EvalOptions<'_>) -> Result<QueryOutput, EvalError>,
    ) -> Result<QueryOutput, QueryError> {
        let cancelled = || limits.cancelled.is_cancelled();
        let options = EvalOptions {
            lookback_ms: limits.lookback.as_millis() as i64,
            default_step_ms: self.default_step.as_millis() as i64,
            max_samples: limits.max_samples,
            budget: &limits.budget,
            cancelled: &cancelled,
            text: query,
        };
        evaluation(&Source { store: &self.store, limits }, &options).map_err(eval_error)
    }
}

/// A store as PromQL reads it, within the limits of one query.
struct Source<'a> {
    store: &'a Tsdb,
    limits: &'a QueryLimits,
}

impl SeriesSource for Source<'_> {
    fn select(&self, hints: &SelectHints, budget: &Budget) -> Result<Vec<SeriesSamples>, SourceError> {
        let cancelled = || self.limits.cancelled.is_cancelled();
        let limits = SelectLimits { max_samples: self.limits.max_samples, cancelled: &cancelled, ..SelectLimits::within(budget) };
        let selected = self.store.select(&hints.matchers, hints.start_ms, hints.end_ms, &limits).map_err(source_error)?;
        // The evaluation charges what it is given, so the store's own charge ends here.
        Ok(selected.series)
    }

    fn select_each(&self, hints: &SelectHints, budget: &Budget, sink: &mut dyn SeriesSink) -> Result<(), SourceError> {
        let cancelled = || self.limits.cancelled.is_cancelled();
        let limits = SelectLimits { max_samples: self.limits.max_samples, cancelled: &cancelled, ..SelectLimits::within(budget) };
        self.store.select_each(&hints.matchers, hints.start_ms, hints.end_ms, &limits, sink).map_err(source_error)
    }
}

fn source_error(error: TsdbError) -> SourceError {
    match error {
        TsdbError::Limit(message) => SourceError::Limit(message),
        TsdbError::Cancelled => SourceError::Cancelled,
        other => SourceError::Storage(other.to_string()),
    }
}

fn eval_error(error: EvalError) -> QueryError {
    let message = error.to_string();
    match error {
        EvalError::Parse(diagnostics) => QueryError::Parse(diagnostics),
        EvalError::Limit(_) => QueryError::Limit(message),
        EvalError::Cancelled => QueryError::Cancelled,
        EvalError::Storage(_) => QueryError::Storage(message),
        EvalError::Execution(_) => QueryError::Execution(message),
    }
}

fn read_error(error: TsdbError) -> QueryError {
    match error {
        TsdbError::Limit(message) => QueryError::Limit(message),
        TsdbError::Cancelled => QueryError::Cancelled,
        other => QueryError::Storage(other.to_string()),
    }
}

impl MetricsEngine for EmbeddedMetrics {
    fn instant(&self, query: &str, at_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError> {
        self.evaluate(query, limits, |source, options| phoenix_promql::instant(query, at_ms, source, options))
    }

    fn range(&self, query: &str, start_ms: i64, end_ms: i64, step_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError> {
        self.evaluate(query, limits, |source, options| phoenix_promql::range(query, start_ms, end_ms, step_ms, source, options))
    }

    fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, limits: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError> {
        let cancelled = || limits.cancelled.is_cancelled();
        let bounds = SelectLimits { max_samples: limits.max_samples, cancelled: &cancelled, ..SelectLimits::within(&limits.budget) };
        self.store.select(matchers, start_ms, end_ms, &bounds).map(|selected| selected.series).map_err(read_error)
    }

    fn series(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64, limit: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        self.store.series(sets, start_ms, end_ms, limit).map_err(read_error)
    }

    fn label_names(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64, limit: usize) -> Result<(Vec<String>, bool), QueryError> {
        self.store.label_names(sets, start_ms, end_ms, limit).map_err(read_error)
    }

    fn label_values(
        &self,
        name: &str,
        sets: &[Vec<Matcher>],
        start_ms: i64,
        end_ms: i64,
        limit: usize,
    ) -> Result<(Vec<String>, bool), QueryError> {
        self.store.label_values(name, sets, start_ms, end_ms, limit).map_err(read_error)
    }

    fn exemplars(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64) -> Result<Vec<(Labels, Vec<Exemplar>)>, QueryError> {
        Ok(self.store.exemplars(sets, start_ms, end_ms))
    }

    fn settled(&self) -> Option<Settled> {
        Some(self.store.settled())
    }

    fn changed_since(&self, mark: u64) -> Changed {
        self.store.changed_since(mark)
    }

    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        self.store.write(batch).map_err(|e| match e {
            TsdbError::DiskFull(message) => WriteError::DiskFull(message),
            TsdbError::Busy(message) => WriteError::Busy(message),
            other => WriteError::Storage(other.to_string()),
        })
    }
}
