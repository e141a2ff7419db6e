//! A store of logs that remembers what was written, for the tests of receivers.

use parking_lot::Mutex;
use phoenix_engine::logs::{
    DeleteRequest, DeleteStatus, DetectedField, IndexStats, LogRange, LogScope, LogWriteOutcome, PatternCounts, TailGuard, TailSink,
};
use phoenix_engine::{LogsEngine, QueryError, QueryLimits, WriteError};
use phoenix_logql::LogOutput;
use phoenix_model::logs::{Direction, LogWrite, ReadStats, StreamCounts};
use phoenix_model::{Labels, Matcher};

/// Answers writes as it is told, and remembers them.
pub(crate) struct Store {
    pub answer: Mutex<Result<LogWriteOutcome, WriteError>>,
    lines: Mutex<Vec<String>>,
}

impl Default for Store {
    fn default() -> Self {
        Self { answer: Mutex::new(Ok(LogWriteOutcome::default())), lines: Mutex::default() }
    }
}

impl Store {
    /// What was written since the last call: `{labels} time level {metadata} line`, one for each entry.
    pub(crate) fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.lines.lock())
    }
}

fn no_query<T>() -> Result<T, QueryError> {
    Err(QueryError::Storage("no queries here".to_owned()))
}

impl LogsEngine for Store {
    fn instant(&self, _: &str, _: i64, _: usize, _: Direction, _: &QueryLimits) -> Result<LogOutput, QueryError> {
        no_query()
    }
    fn range(&self, _: &str, _: &LogRange, _: &QueryLimits) -> Result<LogOutput, QueryError> {
        no_query()
    }
    fn series(&self, _: &LogScope<'_>, _: usize) -> Result<(Vec<Labels>, bool), QueryError> {
        no_query()
    }
    fn label_names(&self, _: &LogScope<'_>, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn label_values(&self, _: &str, _: &LogScope<'_>, _: usize) -> Result<(Vec<String>, bool), QueryError> {
        no_query()
    }
    fn index_stats(&self, _: &[Matcher], _: i64, _: i64, _: &QueryLimits) -> Result<IndexStats, QueryError> {
        no_query()
    }
    fn counts(&self, _: &[Matcher], _: &[i64], _: &QueryLimits) -> Result<Vec<StreamCounts>, QueryError> {
        no_query()
    }
    fn patterns(&self, _: &str, _: i64, _: i64, _: i64, _: &QueryLimits) -> Result<Vec<PatternCounts>, QueryError> {
        no_query()
    }
    fn detected_fields(
        &self,
        _: &str,
        _: &LogRange,
        _: usize,
        _: usize,
        _: &QueryLimits,
    ) -> Result<(Vec<DetectedField>, ReadStats), QueryError> {
        no_query()
    }
    fn tail(&self, _: &str, _: TailSink) -> Result<TailGuard, QueryError> {
        no_query()
    }
    fn write(&self, write: &LogWrite) -> Result<LogWriteOutcome, WriteError> {
        let outcome = self.answer.lock().clone()?;
        let mut lines = self.lines.lock();
        for (labels, entries) in write.streams() {
            for entry in entries {
                let metadata = entry.metadata.to_labels();
                lines.push(format!("{labels} {} {} {metadata} {}", entry.timestamp_ns, entry.level, entry.line));
            }
        }
        Ok(LogWriteOutcome { stored: write.len() as u64, ..outcome })
    }
    fn delete(&self, _: &DeleteRequest) -> Result<String, QueryError> {
        no_query()
    }
    fn deletes(&self) -> Result<Vec<DeleteStatus>, QueryError> {
        no_query()
    }
    fn cancel_delete(&self, _: &str) -> Result<bool, QueryError> {
        no_query()
    }
    fn active_streams(&self) -> u64 {
        0
    }
}
