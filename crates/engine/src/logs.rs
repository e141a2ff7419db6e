//! The door to a store of logs with its language.

use crate::{Changed, QueryError, QueryLimits, Settled, WriteError};
pub use phoenix_lake::{DeleteStatus, IndexStats};
pub use phoenix_logql::SampledField as DetectedField;
use phoenix_logql::{LogEntry, LogOutput};
use phoenix_model::logs::{Direction, Level, LogWrite, ReadStats, StreamCounts};
use phoenix_model::{Labels, Matcher};

/// A range of time with what a query of logs says beside its text. Nanoseconds since the Unix epoch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogRange {
    /// The first moment that counts; for metric queries, the first step.
    pub start_ns: i64,
    /// For entries, the first moment that does not count any more; for metric queries, the last step.
    pub end_ns: i64,
    /// The distance between the steps of a metric query.
    pub step_ns: i64,
    /// For entries: at most one each so many nanoseconds for a stream; 0 for all.
    pub interval_ns: i64,
    /// The most entries.
    pub limit: usize,
    /// Which entries come first, and count if there are more than the limit.
    pub direction: Direction,
}

/// What was stored of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LogWriteOutcome {
    /// Entries stored.
    pub stored: u64,
    /// Entries left out because they are older than the retention.
    pub too_old: u64,
}

/// A pattern of lines with how often it occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatternCounts {
    /// The pattern: literals, with `<_>` for what varies.
    pub pattern: String,
    /// The level of its entries.
    pub level: Level,
    /// For each step that has any: the step's start in nanoseconds, and the number of lines.
    pub samples: Vec<(i64, u64)>,
}

/// What a request to delete names.
#[derive(Debug, Clone)]
pub struct DeleteRequest {
    /// The query as written.
    pub query: String,
    /// The first moment that counts.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
}

/// Takes entries as they arrive, after their way through a query's pipeline. Called from the
/// writer's thread: it must not block, and what it cannot take it must count and drop.
pub type TailSink = Box<dyn FnMut(LogEntry) + Send>;

/// A running tail; dropping it ends it.
pub struct TailGuard(#[expect(dead_code, reason = "held to be dropped")] pub(crate) Box<dyn std::any::Any + Send>);

impl TailGuard {
    /// Holds what ends the tail when it is dropped.
    pub fn new(ends: impl std::any::Any + Send) -> Self {
        Self(Box::new(ends))
    }
}

/// What `matchers` select, in a range of time: `[start_ns, end_ns)`.
#[derive(Debug, Clone, Copy)]
pub struct LogScope<'a> {
    /// Sets of conditions on streams; a stream counts if it meets one of them. None means all streams.
    pub sets: &'a [Vec<Matcher>],
    /// The first moment that counts.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
}

/// A store of logs with its language. Object-safe; calls block.
pub trait LogsEngine: Send + Sync {
    /// Evaluates at one moment. A query of entries gives those of the hour before it.
    fn instant(&self, query: &str, at_ns: i64, limit: usize, direction: Direction, limits: &QueryLimits) -> Result<LogOutput, QueryError>;

    /// Evaluates over a range.
    fn range(&self, query: &str, range: &LogRange, limits: &QueryLimits) -> Result<LogOutput, QueryError>;

    /// Labels of streams with entries in the scope, sorted, at most `limit`; the flag says whether some were left out.
    fn series(&self, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<Labels>, bool), QueryError>;

    /// Names of labels of the streams in the scope, sorted.
    fn label_names(&self, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<String>, bool), QueryError>;

    /// Values of one label of the streams in the scope, sorted.
    fn label_values(&self, name: &str, scope: &LogScope<'_>, limit: usize) -> Result<(Vec<String>, bool), QueryError>;

    /// What lies in a range of time, from the index.
    fn index_stats(&self, matchers: &[Matcher], start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<IndexStats, QueryError>;

    /// Entries and bytes of each stream and level between neighbouring edges, from the index.
    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], limits: &QueryLimits) -> Result<Vec<StreamCounts>, QueryError>;

    /// The patterns of the lines that a selector (which may have line filters) gives, most frequent first.
    fn patterns(
        &self,
        query: &str,
        start_ns: i64,
        end_ns: i64,
        step_ns: i64,
        limits: &QueryLimits,
    ) -> Result<Vec<PatternCounts>, QueryError>;

    /// The fields of the newest `lines` entries that a query gives, with at most `values` values each.
    fn detected_fields(
        &self,
        query: &str,
        range: &LogRange,
        lines: usize,
        values: usize,
        limits: &QueryLimits,
    ) -> Result<(Vec<DetectedField>, ReadStats), QueryError>;

    /// Gives every entry that arrives from now on and passes the query to the sink.
    fn tail(&self, query: &str, sink: TailSink) -> Result<TailGuard, QueryError>;

    /// How far an answer holds whose entries are read after this call; `None` where changes are not told.
    fn settled(&self) -> Option<Settled> {
        None
    }

    /// Which answers may be different from what they were at [`Settled::mark`].
    fn changed_since(&self, _mark: u64) -> Changed {
        Changed::EVERYTHING
    }

    /// Stores entries. When it returns, they survive `kill -9`, and the next query sees them.
    fn write(&self, write: &LogWrite) -> Result<LogWriteOutcome, WriteError>;

    /// Deletes what a selector with line filters gives. It is gone from answers at once. Returns the request's name.
    fn delete(&self, request: &DeleteRequest) -> Result<String, QueryError>;

    /// The requests to delete, oldest first.
    fn deletes(&self) -> Result<Vec<DeleteStatus>, QueryError>;

    /// Takes back a request whose entries are still in storage; they are in answers again. Whether there was one.
    fn cancel_delete(&self, id: &str) -> Result<bool, QueryError>;

    /// Streams that entries arrived for lately.
    fn active_streams(&self) -> u64;
}
