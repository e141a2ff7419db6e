//! The engine of logs within this process: LogQL over the store of logs.

use crate::logs::{
    DeleteRequest, DeleteStatus, DetectedField, IndexStats, LogRange, LogScope, LogWriteOutcome, LogsEngine, PatternCounts, TailGuard,
    TailSink,
};
use crate::{Changed, QueryError, QueryLimits, Settled, WriteError};
use phoenix_env::SharedClock;
use phoenix_lake::{Lake, LakeError, Tombstone};
use phoenix_logql::{EvalError, EvalOptions, FieldSampler, LogOutput, LogSource, LogValue, RangeParams, Tail, line_filters, parse_log};
use phoenix_model::logs::{
    Direction, FieldSelect, FieldVisitor, LogSelect, LogVisitor, LogWrite, Need, ReadError, ReadLimits, ReadStats, StreamCounts,
};
use phoenix_model::{Budget, Labels, Matcher};
use std::sync::Arc;

/// Memory that a listing of streams or labels may take while it is put together.
const LISTING_BYTES: u64 = 256 << 20;

/// Fields of entries that are told apart.
const MAX_FIELDS: usize = 1_000;

/// LogQL over a [`Lake`].
#[derive(Clone)]
pub struct EmbeddedLogs {
    store: Arc<Lake>,
    clock: SharedClock,
}

impl EmbeddedLogs {
    /// An engine over a store.
    pub fn new(store: Arc<Lake>, clock: SharedClock) -> Self {
        Self { store, clock }
    }

    fn now_ns(&self) -> i64 {
        self.clock.now_ms().saturating_mul(1_000_000)
    }

    fn evaluate<T>(&self, limits: &QueryLimits, work: impl FnOnce(&Source<'_>, &EvalOptions<'_>) -> T) -> T {
        let cancelled = || limits.cancelled.is_cancelled();
        let options = EvalOptions {
            budget: &limits.budget,
            cancelled: &cancelled,
            max_bytes: limits.max_log_bytes,
            max_series: limits.max_log_series,
            max_samples: limits.max_samples,
            now_ns: self.now_ns(),
        };
        work(&Source(&self.store), &options)
    }
}

/// A store as LogQL reads it.
struct Source<'a>(&'a Lake);

impl LogSource for Source<'_> {
    fn read(&self, select: &LogSelect<'_>, limits: &ReadLimits<'_>, visitor: &mut dyn LogVisitor) -> Result<ReadStats, ReadError> {
        self.0.read(select, limits, visitor)
    }

    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], limits: &ReadLimits<'_>) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        self.0.counts(matchers, edges_ns, limits)
    }

    fn may_have_metadata(&self, names: Option<&[&str]>, start_ns: i64, end_ns: i64) -> bool {
        self.0.may_have_metadata(names, start_ns, end_ns)
    }

    fn read_fields(
        &self,
        select: &LogSelect<'_>,
        fields: &FieldSelect<'_>,
        limits: &ReadLimits<'_>,
        visitor: &mut dyn FieldVisitor,
    ) -> Option<Result<ReadStats, ReadError>> {
        Some(self.0.read_fields(select, fields, limits, visitor))
    }
}

fn eval_error(error: EvalError) -> QueryError {
    match error {
        EvalError::Parse(diagnostics) => QueryError::Parse(diagnostics),
        EvalError::Execution(message) => QueryError::Execution(message),
        EvalError::Limit(message) => QueryError::Limit(message),
        EvalError::Cancelled => QueryError::Cancelled,
        EvalError::Storage(message) => QueryError::Storage(message),
    }
}

fn read_error(error: ReadError) -> QueryError {
    match error {
        ReadError::Limit(message) => QueryError::Limit(message),
        ReadError::Cancelled => QueryError::Cancelled,
        ReadError::Storage(message) => QueryError::Storage(message),
    }
}

fn lake_error(error: &LakeError) -> QueryError {
    match error {
        LakeError::Limit(message) => QueryError::Limit(message.clone()),
        LakeError::Cancelled => QueryError::Cancelled,
        other => QueryError::Storage(other.to_string()),
    }
}

/// Limits of a listing, which has none of a query.
fn listing<T>(work: impl FnOnce(&ReadLimits<'_>) -> Result<T, ReadError>) -> Result<T, QueryError> {
    let budget = Budget::new("the memory of a listing of labels", LISTING_BYTES);
    work(&ReadLimits { budget: &budget, cancelled: &|| false, max_bytes: u64::MAX }).map_err(read_error)
}

fn within<T>(limits: &QueryLimits, work: impl FnOnce(&ReadLimits<'_>) -> Result<T, ReadError>) -> Result<T, QueryError> {
    let cancelled = || limits.cancelled.is_cancelled();
    work(&ReadLimits { budget: &limits.budget, cancelled: &cancelled, max_bytes: limits.max_log_bytes }).map_err(read_error)
}

impl LogsEngine for EmbeddedLogs {
    fn instant(&self, query: &str, at_ns: i64, limit: usize, direction: Direction, limits: &QueryLimits) -> Result<LogOutput, QueryError> {
        self.evaluate(limits, |source, options| phoenix_logql::instant(query, at_ns, limit, direction, source, options)).map_err(eval_error)
    }

    fn range(&self, query: &str, range: &LogRange, limits: &QueryLimits) -> Result<LogOutput, QueryError> {
        let params = RangeParams {
            start_ns: range.start_ns,
            end_ns: range.end_ns,
            step_ns: range.step_ns,
            interval_ns: range.interval_ns,
            limit: range.limit,
            direction: range.direction,
        };
        self.evaluate(limits, |source, options| phoenix_logql::range(query, &params, source, options)).map_err(eval_error)
    }

    fn series(&self, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        listing(|limits| self.store.series(scope.sets, scope.start_ns, scope.end_ns, limit, limits))
    }

    fn label_names(&self, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<String>, bool), QueryError> {
        listing(|limits| self.store.label_names(scope.sets, scope.start_ns, scope.end_ns, limit, limits))
    }

    fn label_values(&self, name: &str, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<String>, bool), QueryError> {
        listing(|limits| self.store.label_values(name, scope.sets, scope.start_ns, scope.end_ns, limit, limits))
    }

    fn index_stats(&self, matchers: &[Matcher], start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<IndexStats, QueryError> {
        within(limits, |limits| self.store.index_stats(matchers, start_ns, end_ns, limits))
    }

    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], limits: &QueryLimits) -> Result<Vec<StreamCounts>, QueryError> {
        within(limits, |limits| self.store.counts(matchers, edges_ns, limits)).map(|(counts, _)| counts)
    }

    fn patterns(
        &self,
        query: &str,
        start_ns: i64,
        end_ns: i64,
        step_ns: i64,
        limits: &QueryLimits,
    ) -> Result<Vec<PatternCounts>, QueryError> {
        let logs = parse_log(query).map_err(QueryError::Parse)?;
        let filters = line_filters(&logs).map_err(eval_error)?;
        let need = Need { lines: true, ..Need::default() };
        let select = LogSelect {
            matchers: &logs.matchers,
            start_ns,
            end_ns,
            direction: None,
            filters: &filters,
            hints: &[],
            need,
            metadata_names: None,
        };
        let (found, _) = within(limits, |limits| self.store.patterns(&select, step_ns, limits))?;
        let shown = |each: phoenix_lake::PatternCounts| PatternCounts { pattern: each.pattern, level: each.level, samples: each.counts };
        Ok(found.into_iter().map(shown).collect())
    }

    fn detected_fields(
        &self,
        query: &str,
        range: &LogRange,
        lines: usize,
        values: usize,
        limits: &QueryLimits,
    ) -> Result<(Vec<DetectedField>, ReadStats), QueryError> {
        let output = self.range(query, &LogRange { limit: lines, ..*range }, limits)?;
        let LogValue::Entries(entries) = output.value else {
            return Err(QueryError::Execution("fields are those of lines: give a query that begins with a stream selector".to_owned()));
        };
        let mut sampler = FieldSampler::new(MAX_FIELDS);
        for entry in &entries {
            sampler.add(entry);
        }
        Ok((sampler.finish(values), output.stats))
    }

    fn tail(&self, query: &str, mut sink: TailSink) -> Result<TailGuard, QueryError> {
        let mut tail = Tail::new(query).map_err(eval_error)?;
        let matchers = tail.matchers().to_vec();
        let subscription = self.store.subscribe(
            matchers,
            Box::new(move |stream, entry| {
                if let Some(entry) = tail.process(stream, entry) {
                    sink(entry);
                }
            }),
        );
        Ok(TailGuard::new(subscription))
    }

    fn settled(&self) -> Option<Settled> {
        Some(self.store.settled())
    }

    fn changed_since(&self, mark: u64) -> Changed {
        self.store.changed_since(mark)
    }

    fn write(&self, write: &LogWrite) -> Result<LogWriteOutcome, WriteError> {
        let outcome = self.store.write(write)?;
        Ok(LogWriteOutcome { stored: outcome.stored, too_old: outcome.too_old })
    }

    fn delete(&self, request: &DeleteRequest) -> Result<String, QueryError> {
        let logs = parse_log(&request.query).map_err(QueryError::Parse)?;
        let filters = line_filters(&logs).map_err(eval_error)?;
        let tombstone = Tombstone { matchers: logs.matchers, start_ns: request.start_ns, end_ns: request.end_ns, filters };
        self.store.delete(&request.query, tombstone).map_err(|e| lake_error(&e))
    }

    fn deletes(&self) -> Result<Vec<DeleteStatus>, QueryError> {
        Ok(self.store.deletes())
    }

    fn cancel_delete(&self, id: &str) -> Result<bool, QueryError> {
        self.store.cancel_delete(id).map_err(|e| lake_error(&e))
    }

    fn active_streams(&self) -> u64 {
        self.store.status().active_streams
    }
}
