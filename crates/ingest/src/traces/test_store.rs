//! A store of traces that remembers what was written, for tests.

use parking_lot::Mutex;
use phoenix_engine::traces::{MetricsOutput, SearchOutput, SearchRange, Static, TraceWriteOutcome};
use phoenix_engine::{QueryError, QueryLimits, TracesEngine, WriteError};
use phoenix_model::traces::{TagName, TraceId, TraceWrite};

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
