//! The engine of traces within this process: TraceQL over the store of spans.

use crate::traces::{MetricsOutput, SearchOutput, SearchRange, Static, TraceWriteOutcome, TracesEngine};
use crate::{QueryError, QueryLimits, WriteError};
use phoenix_lake::TraceLake;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{SpanSelect, SpanStats, SpanVisitor, TagName, TraceId, TraceWrite};
use phoenix_traceql::ast::IntrinsicName;
use phoenix_traceql::eval::{EvalError, EvalOptions, MetricsParams, SearchParams, TagField, TagParams};
use phoenix_traceql::{Query, SpanSource, eval};
use std::sync::Arc;

/// Spans that the answer to one search may have.
const MAX_SPANS: usize = 500_000;

/// TraceQL over a [`TraceLake`].
#[derive(Clone)]
pub struct EmbeddedTraces {
    store: Arc<TraceLake>,
    threads: usize,
}

impl EmbeddedTraces {
    /// An engine over a store, whose queries read with so many threads each.
    pub fn new(store: Arc<TraceLake>, threads: usize) -> Self {
        Self { store, threads: threads.max(1) }
    }

    fn evaluate<T>(
        &self,
        limits: &QueryLimits,
        work: impl FnOnce(&Source<'_>, &EvalOptions<'_>) -> Result<T, EvalError>,
    ) -> Result<T, QueryError> {
        let cancelled = || limits.cancelled.is_cancelled();
        let options = EvalOptions {
            cancelled: &cancelled,
            max_bytes: limits.max_log_bytes,
            max_series: limits.max_log_series,
            max_samples: limits.max_samples,
            max_spans: MAX_SPANS,
            threads: self.threads,
            ..EvalOptions::new(&limits.budget)
        };
        work(&Source(&self.store), &options).map_err(eval_error)
    }
}

/// Reads without a query.
fn read<T>(limits: &QueryLimits, work: impl FnOnce(&ReadLimits<'_>) -> Result<T, ReadError>) -> Result<T, QueryError> {
    let cancelled = || limits.cancelled.is_cancelled();
    let limits = ReadLimits { budget: &limits.budget, cancelled: &cancelled, max_bytes: limits.max_log_bytes };
    work(&limits).map_err(|error| eval_error(error.into()))
}

/// A store as TraceQL reads it.
struct Source<'a>(&'a TraceLake);

impl SpanSource for Source<'_> {
    fn read(
        &self,
        select: &SpanSelect<'_>,
        limits: &ReadLimits<'_>,
        visitors: &mut [&mut (dyn SpanVisitor + Send)],
    ) -> Result<SpanStats, ReadError> {
        self.0.read(select, limits, visitors)
    }

    fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &ReadLimits<'_>) -> Result<Vec<TagName>, ReadError> {
        self.0.tag_names(start_ns, end_ns, limits)
    }
}

fn parse(query: &str) -> Result<Query, QueryError> {
    phoenix_traceql::parse(query).into_result().map_err(QueryError::Parse)
}

/// What a tag names: an intrinsic, or an attribute with or without its scope.
fn field_of(tag: &str) -> Result<TagField, QueryError> {
    if let Some(intrinsic) = IntrinsicName::from_name(tag) {
        return Ok(TagField::Intrinsic(intrinsic));
    }
    let query = parse(&format!("{{ {tag} != nil }}"))?;
    let attribute = match query.attributes().as_slice() {
        [only] => Some((*only).clone()),
        _ => None,
    };
    // Anything but the name alone would be written differently.
    let attribute = attribute.filter(|name| query.to_string() == format!("{{ {name} != nil }}"));
    attribute.map(TagField::Attribute).ok_or_else(|| QueryError::Execution(format!("`{tag}` is not the name of an attribute")))
}

fn eval_error(error: EvalError) -> QueryError {
    match error {
        EvalError::Execution(message) => QueryError::Execution(message),
        EvalError::Limit(message) => QueryError::Limit(message),
        EvalError::Cancelled => QueryError::Cancelled,
        EvalError::Storage(message) => QueryError::Storage(message),
    }
}

impl TracesEngine for EmbeddedTraces {
    fn trace(&self, id: TraceId, range: Option<(i64, i64)>, limits: &QueryLimits) -> Result<TraceWrite, QueryError> {
        read(limits, |limits| self.store.trace(id, range.map(|(start_ns, end_ns)| start_ns..end_ns), limits))
    }

    fn search(&self, query: &str, range: &SearchRange, limits: &QueryLimits) -> Result<SearchOutput, QueryError> {
        let query = parse(query)?;
        let SearchRange { start_ns, end_ns, limit, spans_per_set } = *range;
        let params = SearchParams { start_ns, end_ns, limit, spans_per_set };
        self.evaluate(limits, |source, options| eval::search(&query, &params, source, options))
    }

    fn metrics_range(
        &self,
        query: &str,
        start_ns: i64,
        end_ns: i64,
        step_ns: i64,
        exemplars: usize,
        limits: &QueryLimits,
    ) -> Result<MetricsOutput, QueryError> {
        let query = parse(query)?;
        let params = MetricsParams { start_ns, end_ns, step_ns, exemplars };
        self.evaluate(limits, |source, options| eval::metrics_range(&query, &params, source, options))
    }

    fn metrics_instant(&self, query: &str, start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<MetricsOutput, QueryError> {
        let query = parse(query)?;
        let params = MetricsParams { start_ns, end_ns, step_ns: end_ns.saturating_sub(start_ns).max(1), exemplars: 0 };
        self.evaluate(limits, |source, options| eval::metrics_instant(&query, &params, source, options))
    }

    fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<Vec<TagName>, QueryError> {
        read(limits, |limits| self.store.tag_names(start_ns, end_ns, limits))
    }

    fn tag_values(
        &self,
        tag: &str,
        query: &str,
        start_ns: i64,
        end_ns: i64,
        limit: usize,
        limits: &QueryLimits,
    ) -> Result<(Vec<Static>, bool), QueryError> {
        let query = if query.trim().is_empty() { None } else { Some(parse(query)?) };
        let field = field_of(tag)?;
        let params = TagParams { start_ns, end_ns, limit };
        self.evaluate(limits, |source, options| eval::tag_values(&field, query.as_ref(), &params, source, options))
    }

    fn write(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError> {
        let outcome = self.store.write(write)?;
        Ok(TraceWriteOutcome { stored: outcome.stored, too_old: outcome.too_old })
    }
}
