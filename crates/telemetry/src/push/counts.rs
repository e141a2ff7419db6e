//! What was sent and what was lost, among the service's own metrics.

use crate::metrics::Metrics;
use crate::settings::Signal;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct SentLabels {
    signal: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct DroppedLabels {
    signal: &'static str,
    reason: &'static str,
}

/// `phoenix_telemetry_sent_total{signal}` and `phoenix_telemetry_dropped_total{signal,reason}`: spans, log entries
/// and points of metrics.
#[derive(Debug, Clone)]
pub(crate) struct Counts {
    sent: Family<SentLabels, Counter>,
    dropped: Family<DroppedLabels, Counter>,
}

/// Why something is dropped: its queue was full; nobody took it in time; it was taken and refused.
const REASONS: [&str; 3] = ["queue_full", "unreachable", "refused"];

impl Counts {
    pub(crate) fn register(metrics: &Metrics) -> Self {
        let counts = Self { sent: Family::default(), dropped: Family::default() };
        metrics.register("phoenix_telemetry_sent_total", "Spans, log entries and points of metrics sent by OTLP", counts.sent.clone());
        let help = "Spans, log entries and points of metrics that were lost on the way to OTLP";
        metrics.register("phoenix_telemetry_dropped_total", help, counts.dropped.clone());
        counts
    }

    /// Makes the series of a signal appear, so that the first loss is an increase.
    pub(crate) fn begin(&self, signal: Signal) {
        self.sent(signal);
        for reason in REASONS {
            self.dropped(signal, reason);
        }
    }

    pub(crate) fn sent(&self, signal: Signal) -> Counter {
        self.sent.get_or_create_owned(&SentLabels { signal: signal.as_str() })
    }

    pub(crate) fn dropped(&self, signal: Signal, reason: &'static str) -> Counter {
        self.dropped.get_or_create_owned(&DroppedLabels { signal: signal.as_str(), reason })
    }
}
