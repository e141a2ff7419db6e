//! What Phoenix tells about logs that came in.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::Registry;

/// The label of metrics that are kept per reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct ReasonLabel {
    reason: &'static str,
}

/// Counters of the receiver.
#[derive(Debug, Clone, Default)]
pub(super) struct LogMetrics {
    pub(super) requests: Counter,
    pub(super) entries: Counter,
    pub(super) bytes: Counter,
    pub(super) streams: Gauge,
    refused_requests: Family<ReasonLabel, Counter>,
    discarded: Family<ReasonLabel, Counter>,
    discarded_bytes: Family<ReasonLabel, Counter>,
}

impl LogMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("phoenix_logs_push_requests", "Requests received at Loki's push addresses.", metrics.requests.clone());
        registry.register("phoenix_logs_received", "Entries received and stored, of every origin.", metrics.entries.clone());
        registry.register("phoenix_logs_received_bytes", "Bytes of lines and metadata received and stored.", metrics.bytes.clone());
        registry.register("phoenix_logs_streams", "Streams that got an entry within the last half hour.", metrics.streams.clone());
        registry.register(
            "phoenix_logs_requests_refused",
            "Batches of which nothing was stored, by reason.",
            metrics.refused_requests.clone(),
        );
        registry.register("phoenix_logs_discarded", "Entries received and not stored, by reason.", metrics.discarded.clone());
        registry.register(
            "phoenix_logs_discarded_bytes",
            "Bytes of entries received and not stored, by reason.",
            metrics.discarded_bytes.clone(),
        );
        metrics
    }

    pub(super) fn refuse(&self, reason: &'static str) {
        self.refused_requests.get_or_create(&ReasonLabel { reason }).inc();
    }

    pub(super) fn discard(&self, reason: &'static str, entries: u64, bytes: u64) {
        self.discarded.get_or_create(&ReasonLabel { reason }).inc_by(entries);
        self.discarded_bytes.get_or_create(&ReasonLabel { reason }).inc_by(bytes);
    }
}
