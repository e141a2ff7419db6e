//! The door to a store of traces with its language.

use crate::{QueryError, QueryLimits, WriteError};
use phoenix_model::traces::{TagName, TraceId, TraceWrite};
pub use phoenix_traceql::result::{FoundSpan, FoundSpanset, FoundTrace, MetricsOutput, MetricsSeries, SearchOutput, SpanExemplar, Static};

/// What a search says beside its text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SearchRange {
    /// The first moment that counts, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// The most traces.
    pub limit: usize,
    /// The most spans of each set.
    pub spans_per_set: usize,
}

/// What was stored of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TraceWriteOutcome {
    /// Spans stored.
    pub stored: u64,
    /// Spans left out because they are older than the retention.
    pub too_old: u64,
}

/// A store of traces with its language. Object-safe; calls block.
pub trait TracesEngine: Send + Sync {
    /// A whole trace: its spans by start, each once, and an empty write if there is none.
    /// `range` says where to look: `[start_ns, end_ns)`; `None` means everywhere.
    fn trace(&self, id: TraceId, range: Option<(i64, i64)>, limits: &QueryLimits) -> Result<TraceWrite, QueryError>;

    /// The traces that a query finds, latest start first.
    fn search(&self, query: &str, range: &SearchRange, limits: &QueryLimits) -> Result<SearchOutput, QueryError>;

    /// Evaluates a metrics query at `start_ns`, `start_ns + step_ns`, … as Tempo does: a sample covers
    /// the step that ends at its time.
    fn metrics_range(
        &self,
        query: &str,
        start_ns: i64,
        end_ns: i64,
        step_ns: i64,
        exemplars: usize,
        limits: &QueryLimits,
    ) -> Result<MetricsOutput, QueryError>;

    /// Evaluates a metrics query once over the whole of `[start_ns, end_ns)`: each series has one sample.
    fn metrics_instant(&self, query: &str, start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<MetricsOutput, QueryError>;

    /// Names of attributes in a range of time, sorted.
    fn tag_names(&self, start_ns: i64, end_ns: i64, limits: &QueryLimits) -> Result<Vec<TagName>, QueryError>;

    /// Values of an attribute or intrinsic (as TraceQL writes it: `resource.service.name`, `status`, `.x`)
    /// of the spans that meet a query (an empty text: all), sorted, at most `limit`; the flag says whether some were left out.
    fn tag_values(
        &self,
        tag: &str,
        query: &str,
        start_ns: i64,
        end_ns: i64,
        limit: usize,
        limits: &QueryLimits,
    ) -> Result<(Vec<Static>, bool), QueryError>;

    /// Stores spans. When it returns, they survive `kill -9`, and the next query sees them.
    fn write(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError>;
}
