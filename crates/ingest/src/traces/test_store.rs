//! Stores that remember what was written, for tests.

use parking_lot::Mutex;
use phoenix_engine::traces::{MetricsOutput, SearchOutput, SearchRange, Static, TraceWriteOutcome};
use phoenix_engine::{MetricsEngine, QueryError, QueryLimits, TracesEngine, WriteError};
use phoenix_model::traces::{TagName, TraceId, TraceWrite};
use phoenix_model::{Exemplar, Labels, Matcher, SeriesSamples, WriteBatch, WriteOutcome};
use phoenix_query::QueryOutput;

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("no queries here".to_owned()))
}

/// A store of traces that answers writes as it is told.
pub(crate) struct Traces {
    pub answer: Mutex<Result<TraceWriteOutcome, WriteError>>,
    pub writes: Mutex<Vec<TraceWrite>>,
}

impl Default for Traces {
    fn default() -> Self {
        Self { answer: Mutex::new(Ok(TraceWriteOutcome::default())), writes: Mutex::default() }
    }
}

impl Traces {
    /// `service/name` of the spans that were written since the last call, sorted.
    pub(crate) fn take(&self) -> Vec<String> {
        let writes = std::mem::take(&mut *self.writes.lock());
        let name = |write: &TraceWrite, number| {
            let span = write.span(number);
            format!("{}/{}", write.resource(span.resource).service(), span.name)
        };
        let mut names: Vec<String> = writes.iter().flat_map(|write| (0..write.len()).map(move |number| name(write, number))).collect();
        names.sort();
        names
    }
}

impl TracesEngine for Traces {
    fn trace(&self, _: TraceId, _: Option<(i64, i64)>, _: &QueryLimits) -> Result<TraceWrite, QueryError> {
        no_query()
    }
    fn search(&self, _: &str, _: &SearchRange, _: &QueryLimits) -> Result<SearchOutput, QueryError> {
        no_query()
    }
    fn metrics_range(&self, _: &str, _: i64, _: i64, _: i64, _: usize, _: &QueryLimits) -> Result<MetricsOutput, QueryError> {
        no_query()
    }
    fn metrics_instant(&self, _: &str, _: i64, _: i64, _: &QueryLimits) -> Result<MetricsOutput, QueryError> {
        no_query()
    }
    fn tag_names(&self, _: i64, _: i64, _: &QueryLimits) -> Result<Vec<TagName>, QueryError> {
        no_query()
    }
    fn tag_values(&self, _: &str, _: &str, _: i64, _: i64, _: usize, _: &QueryLimits) -> Result<(Vec<Static>, bool), QueryError> {
        no_query()
    }
    fn write(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError> {
        let outcome = self.answer.lock().clone()?;
        self.writes.lock().push(write.clone());
        Ok(TraceWriteOutcome { stored: write.len() as u64 - outcome.too_old, ..outcome })
    }
}

/// A store of metrics.
pub(crate) struct Metrics {
    pub answer: Mutex<Result<WriteOutcome, WriteError>>,
    pub batches: Mutex<Vec<WriteBatch>>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self { answer: Mutex::new(Ok(WriteOutcome::default())), batches: Mutex::default() }
    }
}

impl MetricsEngine for Metrics {
    fn instant(&self, _: &str, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        no_query()
    }
    fn range(&self, _: &str, _: i64, _: i64, _: i64, _: &QueryLimits) -> Result<QueryOutput, QueryError> {
        no_query()
    }
    fn select(&self, _: &[Matcher], _: i64, _: i64, _: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError> {
        no_query()
    }
    fn series(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        no_query()
    }
    fn label_names(&self, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn label_values(&self, _: &str, _: &[Vec<Matcher>], _: i64, _: i64, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn exemplars(&self, _: &[Vec<Matcher>], _: i64, _: i64) -> Result<Vec<(Labels, Vec<Exemplar>)>, QueryError> {
        no_query()
    }
    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError> {
        let outcome = self.answer.lock().clone()?;
        self.batches.lock().push(batch.clone());
        Ok(outcome)
    }
}
