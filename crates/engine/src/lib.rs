//! The engine traits that rules, API and UI query through, and the embedded metrics engine.
//!
//! Calls block: whoever calls decides on which threads. That keeps rules usable in simulated time
//! and lets paging have threads of its own.

mod embedded;
mod embedded_logs;
mod embedded_traces;
pub mod logs;
pub mod traces;

pub use embedded::EmbeddedMetrics;
pub use embedded_logs::EmbeddedLogs;
pub use embedded_traces::EmbeddedTraces;
pub use logs::LogsEngine;
pub use traces::TracesEngine;

use phoenix_lake::LakeError;
use phoenix_model::{Budget, Diagnostic, Exemplar, Labels, Matcher, SeriesSamples};
pub use phoenix_model::{Changed, Settled, WriteBatch, WriteOutcome};
use phoenix_query::QueryOutput;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// The query languages that rules and Explore may name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Language {
    /// Metrics, in Prometheus' language.
    #[default]
    PromQl,
    /// Logs, in Loki's language.
    LogQl,
    /// Traces, in Tempo's language.
    TraceQl,
}

impl Language {
    /// The name as written in `language:` and in the API: `promql`, `logql`, `traceql`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::PromQl => "promql",
            Self::LogQl => "logql",
            Self::TraceQl => "traceql",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::PromQl, Self::LogQl, Self::TraceQl].into_iter().find(|l| l.as_str() == name)
    }
}

impl fmt::Display for Language {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What bounds a query.
#[derive(Debug, Clone)]
pub struct QueryLimits {
    /// Memory that the query may use.
    pub budget: Budget,
    /// Samples that the query may load.
    pub max_samples: u64,
    /// Set by whoever gives up on the query: a deadline that passed, a client that went away.
    pub cancelled: Cancel,
    /// How far back an instant selector looks for its newest sample.
    pub lookback: Duration,
    /// Bytes of log lines that the query may read, before filters decide.
    pub max_log_bytes: u64,
    /// Series that the answer to a metric query over logs may have.
    pub max_log_series: usize,
}

impl QueryLimits {
    /// Without limits, with Prometheus' lookback of five minutes. For tests.
    pub fn unlimited() -> Self {
        Self {
            budget: Budget::unlimited(),
            max_samples: u64::MAX,
            cancelled: Cancel::default(),
            lookback: Duration::from_mins(5),
            max_log_bytes: u64::MAX,
            max_log_series: usize::MAX,
        }
    }
}

/// A flag that ends a query at its next check.
#[derive(Debug, Clone, Default)]
pub struct Cancel(Arc<AtomicBool>);

impl Cancel {
    /// Ends the query.
    pub fn cancel(&self) {
        self.0.store(true, Ordering::Relaxed);
    }

    /// Whether the query shall end.
    pub fn is_cancelled(&self) -> bool {
        self.0.load(Ordering::Relaxed)
    }
}

/// Why a query gave no answer. The API maps these onto Prometheus' error types.
#[derive(Debug, Clone, thiserror::Error)]
pub enum QueryError {
    /// The text is not a query (`bad_data`).
    #[error("{}", .0.first().map_or_else(String::new, |d| d.message.clone()))]
    Parse(Vec<Diagnostic>),
    /// The query is well-formed, but evaluation failed (`execution`).
    #[error("{0}")]
    Execution(String),
    /// A limit was hit (`execution`, status 422); the message names the limit.
    #[error("{0}")]
    Limit(String),
    /// The query was given up (`canceled`).
    #[error("query was cancelled")]
    Cancelled,
    /// It took too long (`timeout`).
    #[error("query timed out after {0:?}")]
    Timeout(Duration),
    /// The store could not be read (`internal`).
    #[error("{0}")]
    Storage(String),
}

/// Why a batch was not stored. Nothing of it was acknowledged.
#[derive(Debug, Clone, thiserror::Error)]
pub enum WriteError {
    /// The disk is full: try again later.
    #[error("the disk is full: {0}")]
    DiskFull(String),
    /// The store pushes back: try again later.
    #[error("the store is busy: {0}")]
    Busy(String),
    /// The store can't be written.
    #[error("{0}")]
    Storage(String),
}

impl From<LakeError> for WriteError {
    fn from(error: LakeError) -> Self {
        match error {
            LakeError::DiskFull(message) => Self::DiskFull(message),
            LakeError::Busy(message) => Self::Busy(message),
            other => Self::Storage(other.to_string()),
        }
    }
}

/// Descriptions of metrics, from `# TYPE`, `# HELP` and `# UNIT`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Hash)]
pub struct MetricMetadata {
    /// `counter`, `gauge`, `histogram`, `summary`, `info`, `stateset`, `gaugehistogram` or `unknown`.
    pub kind: String,
    /// The help text.
    pub help: String,
    /// The unit, or the empty string.
    pub unit: String,
}

/// A metrics store with its language. Object-safe; calls block.
pub trait MetricsEngine: Send + Sync {
    /// Evaluates at one moment.
    fn instant(&self, query: &str, at_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError>;

    /// Evaluates at `start_ms`, `start_ms + step_ms`, … up to `end_ms`.
    fn range(&self, query: &str, start_ms: i64, end_ms: i64, step_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError>;

    /// Raw samples of the series that match all of `matchers`, with `start_ms <= t <= end_ms`.
    fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, limits: &QueryLimits) -> Result<Vec<SeriesSamples>, QueryError>;

    /// Labels of the series that match any of the matcher sets and have samples in the range,
    /// sorted, at most `limit`; the flag says whether some were left out.
    fn series(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64, limit: usize) -> Result<(Vec<Labels>, bool), QueryError>;

    /// Names of labels, sorted, of the series as in [`MetricsEngine::series`]; no sets means all series.
    fn label_names(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64, limit: usize) -> Result<(Vec<String>, bool), QueryError>;

    /// Values of one label, sorted.
    fn label_values(
        &self,
        name: &str,
        sets: &[Vec<Matcher>],
        start_ms: i64,
        end_ms: i64,
        limit: usize,
    ) -> Result<(Vec<String>, bool), QueryError>;

    /// Exemplars with `start_ms <= t <= end_ms` of the series that match all matchers of any of the sets:
    /// sorted by the labels of the series, those of one series by time.
    fn exemplars(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64) -> Result<Vec<(Labels, Vec<Exemplar>)>, QueryError>;

    /// How far an answer holds whose samples are read after this call; `None` where changes are not told.
    fn settled(&self) -> Option<Settled> {
        None
    }

    /// Which answers may be different from what they were at [`Settled::mark`].
    fn changed_since(&self, _mark: u64) -> Changed {
        Changed::EVERYTHING
    }

    /// Stores a batch. When it returns, the batch survives `kill -9`, and the next query sees it.
    fn write(&self, batch: &WriteBatch) -> Result<WriteOutcome, WriteError>;
}
