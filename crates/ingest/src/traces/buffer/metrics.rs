//! What Phoenix tells about traces that wait and what was decided on them.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct DecisionLabels {
    pub(super) decision: &'static str,
    pub(super) rule: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct LateLabel {
    pub(super) decision: &'static str,
}

pub(super) struct BufferMetrics {
    pub(super) seen_spans: Counter,
    pub(super) seen_traces: Counter,
    pub(super) traces: Family<DecisionLabels, Counter>,
    pub(super) spans: Family<DecisionLabels, Counter>,
    pub(super) late: Family<LateLabel, Counter>,
    pub(super) evicted: Counter,
    pub(super) wait_seconds: Histogram,
    pub(super) store_failures: Counter,
    pub(super) waiting_traces: Gauge,
    pub(super) waiting_spans: Gauge,
    pub(super) waiting_bytes: Gauge,
    pub(super) journal_bytes: Gauge,
}

impl BufferMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self {
            seen_spans: Counter::default(),
            seen_traces: Counter::default(),
            traces: Family::default(),
            spans: Family::default(),
            late: Family::default(),
            evicted: Counter::default(),
            // From a quarter of a second to two minutes.
            wait_seconds: Histogram::new(exponential_buckets(0.25, 2.0, 10)),
            store_failures: Counter::default(),
            waiting_traces: Gauge::default(),
            waiting_spans: Gauge::default(),
            waiting_bytes: Gauge::default(),
            journal_bytes: Gauge::default(),
        };
        registry.register("phoenix_sampling_seen_spans", "Spans that came to the sampling buffer.", metrics.seen_spans.clone());
        registry.register("phoenix_sampling_seen_traces", "Traces of which a first span came.", metrics.seen_traces.clone());
        registry.register("phoenix_sampling_traces", "Traces decided, by decision and rule.", metrics.traces.clone());
        registry.register("phoenix_sampling_spans", "Spans of traces when they were decided, by decision and rule.", metrics.spans.clone());
        registry.register(
            "phoenix_sampling_late_spans",
            "Spans that came after the decision on their trace, which they follow.",
            metrics.late.clone(),
        );
        registry.register(
            "phoenix_sampling_evicted_traces",
            "Traces decided before they were due since there was no room for more.",
            metrics.evicted.clone(),
        );
        registry.register("phoenix_sampling_wait_seconds", "From a trace's first span to its decision.", metrics.wait_seconds.clone());
        registry.register(
            "phoenix_sampling_store_failures",
            "Writes of kept traces that the store refused; they are tried again.",
            metrics.store_failures.clone(),
        );
        registry.register("phoenix_sampling_waiting_traces", "Traces that wait for their decision.", metrics.waiting_traces.clone());
        registry.register("phoenix_sampling_waiting_spans", "Spans that wait for their decision.", metrics.waiting_spans.clone());
        registry.register(
            "phoenix_sampling_waiting_bytes",
            "Bytes in memory of traces that wait for their decision or for the store.",
            metrics.waiting_bytes.clone(),
        );
        registry.register("phoenix_sampling_journal_bytes", "Bytes of the journal of spans that wait.", metrics.journal_bytes.clone());
        metrics
    }
}
