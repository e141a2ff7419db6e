//! What a query of traces gives.

use phoenix_model::traces::{SpanId, SpanStats, TraceId};
use std::sync::Arc;

/// A value as TraceQL knows it.
#[derive(Debug, Clone, PartialEq)]
pub enum Static {
    /// `nil`: not there.
    Nil,
    /// `"text"`
    Text(Arc<str>),
    /// `42`
    Int(i64),
    /// `1.5`
    Float(f64),
    /// `true`
    Bool(bool),
    /// `10ms`, in nanoseconds.
    Duration(i64),
    /// `error`, `ok`, `unset`
    Status(phoenix_model::traces::SpanStatus),
    /// `server`, `client`, …
    Kind(phoenix_model::traces::SpanKind),
    /// Several values of an attribute.
    Array(Vec<Static>),
}

/// The traces that a search found, latest start first.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct SearchOutput {
    /// At most as many as were asked for.
    pub traces: Vec<FoundTrace>,
    /// What reading took.
    pub stats: SpanStats,
}

/// A trace that a search found.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundTrace {
    /// Its id.
    pub id: TraceId,
    /// Its first moment in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// From its first moment to its last, in nanoseconds.
    pub duration_ns: i64,
    /// The root's service; empty if the root has not arrived.
    pub root_service: Arc<str>,
    /// The root's name; empty if the root has not arrived.
    pub root_name: Arc<str>,
    /// Services by name, with the number of their spans, and of those with an error.
    pub services: Vec<(Arc<str>, u32, u32)>,
    /// The sets of spans that matched; several after `by(…)`.
    pub spansets: Vec<FoundSpanset>,
}

/// Spans of a trace that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSpanset {
    /// At most as many as were asked for, by start.
    pub spans: Vec<FoundSpan>,
    /// How many matched.
    pub matched: u64,
    /// What pipeline stages worked out for the set, by name: `count()`, `by(span.x)`, ….
    pub attributes: Vec<(Arc<str>, Static)>,
}

/// A span that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct FoundSpan {
    /// Its id.
    pub id: SpanId,
    /// Its name; empty unless the query names it.
    pub name: Arc<str>,
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Nanoseconds.
    pub duration_ns: i64,
    /// What conditions and `select(…)` name, by key without scope, as Tempo gives it.
    pub attributes: Vec<(Arc<str>, Static)>,
}

/// The answer to a metrics query.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct MetricsOutput {
    /// Sorted by labels, unless `topk` or `bottomk` sorted them.
    pub series: Vec<MetricsSeries>,
    /// What reading took.
    pub stats: SpanStats,
}

/// A series of a metrics query.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricsSeries {
    /// Labels with their values, in the query's order: `resource.service.name` or `__name__`, …; under Tempo's names.
    pub labels: Vec<(Arc<str>, Static)>,
    /// Milliseconds since the Unix epoch and value, for each step that has one.
    pub samples: Vec<(i64, f64)>,
    /// Spans that stand for others.
    pub exemplars: Vec<SpanExemplar>,
}

/// A span that stands for others in a series.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanExemplar {
    /// Its trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// What was measured: for durations seconds, or NaN where nothing was.
    pub value: f64,
    /// Milliseconds since the Unix epoch.
    pub timestamp_ms: i64,
    /// Its values of the series' labels and of what was measured.
    pub labels: Vec<(Arc<str>, Static)>,
}
