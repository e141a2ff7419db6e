//! What Phoenix tells about spans that came in.

use super::intake::{Changes, Refused};
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ProtocolLabel {
    protocol: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct PartLabel {
    part: &'static str,
}

/// Counters of the receiver.
#[derive(Debug, Clone, Default)]
pub(super) struct TraceMetrics {
    requests: Family<ProtocolLabel, Counter>,
    spans: Family<ProtocolLabel, Counter>,
    bytes: Family<ProtocolLabel, Counter>,
    refused_requests: Family<ReasonLabel, Counter>,
    discarded: Family<ReasonLabel, Counter>,
    cut: Counter,
    left_out: Family<PartLabel, Counter>,
}

impl TraceMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("phoenix_traces_requests", "Requests with spans received, by protocol.", metrics.requests.clone());
        registry.register("phoenix_traces_received_spans", "Spans received and taken, by protocol.", metrics.spans.clone());
        registry.register(
            "phoenix_traces_received_bytes",
            "Bytes of requests without compression of which spans were taken, by protocol.",
            metrics.bytes.clone(),
        );
        registry.register(
            "phoenix_traces_requests_refused",
            "Requests of which no span was taken, by reason.",
            metrics.refused_requests.clone(),
        );
        registry.register(
            "phoenix_traces_discarded_spans",
            "Spans received and not taken while their request was, by reason.",
            metrics.discarded.clone(),
        );
        registry.register(
            "phoenix_traces_values_truncated",
            "Keys and values of attributes, names and messages that were longer than `max_attribute_bytes` and were cut.",
            metrics.cut.clone(),
        );
        registry.register(
            "phoenix_traces_left_out",
            "Attributes, events and links left out since their span had more than it may have.",
            metrics.left_out.clone(),
        );
        metrics
    }

    pub(super) fn request(&self, protocol: &'static str) {
        self.requests.get_or_create(&ProtocolLabel { protocol }).inc();
    }

    pub(super) fn take(&self, protocol: &'static str, spans: u64, bytes: u64) {
        self.spans.get_or_create(&ProtocolLabel { protocol }).inc_by(spans);
        self.bytes.get_or_create(&ProtocolLabel { protocol }).inc_by(bytes);
    }

    pub(super) fn refuse(&self, reason: &'static str) {
        self.refused_requests.get_or_create(&ReasonLabel { reason }).inc();
    }

    pub(super) fn discard(&self, reason: &'static str, spans: u64) {
        self.discarded.get_or_create(&ReasonLabel { reason }).inc_by(spans);
    }

    pub(super) fn look_at(&self, refused: &Refused, changes: &Changes) {
        for (fault, number) in refused.counts() {
            self.discard(fault.reason(), number);
        }
        self.cut.inc_by(changes.cut);
        for (part, number) in ["attributes", "events", "links"].into_iter().zip(changes.left_out) {
            if number > 0 {
                self.left_out.get_or_create(&PartLabel { part }).inc_by(number);
            }
        }
    }
}
