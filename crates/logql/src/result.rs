//! What a query of logs gives.

use phoenix_model::Labels;
use phoenix_model::logs::ReadStats;
use phoenix_query::QueryOutput;

/// The answer to a query.
#[derive(Debug, Clone, PartialEq)]
pub struct LogOutput {
    /// The value.
    pub value: LogValue,
    /// What reading took.
    pub stats: ReadStats,
}

/// The value of a query.
#[derive(Debug, Clone, PartialEq)]
pub enum LogValue {
    /// Entries, in the order that was asked for.
    Entries(Vec<LogEntry>),
    /// Numbers: a vector, a matrix or a scalar.
    Metric(QueryOutput),
}

/// One entry after its way through the pipeline. The three sets of labels are disjoint; together
/// they are the labels of the stream under which Loki's API shows the entry.
#[derive(Debug, Clone, PartialEq)]
pub struct LogEntry {
    /// Nanoseconds since the Unix epoch.
    pub timestamp_ns: i64,
    /// The line, as the pipeline left it.
    pub line: String,
    /// Labels of the stream that are still there.
    pub stream: Labels,
    /// Structured metadata that is still there, `detected_level` included.
    pub metadata: Labels,
    /// Labels that the pipeline made.
    pub parsed: Labels,
}
