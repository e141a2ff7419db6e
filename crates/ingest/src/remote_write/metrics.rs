//! What Phoenix tells about what it received.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::registry::Registry;

/// The label of metrics that are kept per reason.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(super) struct ReasonLabel {
    pub(super) reason: &'static str,
}

/// Counters of the receiver.
#[derive(Debug, Clone, Default)]
pub(super) struct ReceiverMetrics {
    pub(super) requests: Counter,
    pub(super) samples: Counter,
    pub(super) refused_requests: Family<ReasonLabel, Counter>,
    pub(super) refused: Family<ReasonLabel, Counter>,
}

impl ReceiverMetrics {
    pub(super) fn new(registry: &mut Registry) -> Self {
        let metrics = Self::default();
        registry.register("phoenix_remote_write_requests", "Requests received.", metrics.requests.clone());
        registry.register("phoenix_remote_write_samples_stored", "Samples received and stored.", metrics.samples.clone());
        registry.register(
            "phoenix_remote_write_requests_refused",
            "Requests of which nothing was stored, by reason.",
            metrics.refused_requests.clone(),
        );
        registry.register(
            "phoenix_remote_write_refused",
            "Samples, series, histograms and exemplars that were received and not stored, by reason.",
            metrics.refused.clone(),
        );
        metrics
    }
}
