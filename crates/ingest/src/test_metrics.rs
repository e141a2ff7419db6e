//! A store of metrics that remembers what was written, for tests.

use parking_lot::Mutex;
use phoenix_engine::{MetricsEngine, QueryError, QueryLimits, WriteError};
use phoenix_model::{Exemplar, Labels, Matcher, SeriesSamples, WriteBatch, WriteOutcome};
use phoenix_query::QueryOutput;

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("no queries here".to_owned()))
}

/// Answers writes as it is told, and no queries.
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
