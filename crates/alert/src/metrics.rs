//! Metrics under Alertmanager's names.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::{Family, MetricConstructor};
use prometheus_client::metrics::gauge::{ConstGauge, Gauge};
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;

type Labels<const N: usize> = [(&'static str, &'static str); N];

/// How long a notification took, in seconds.
#[derive(Clone)]
struct LatencyBuckets;

impl MetricConstructor<Histogram> for LatencyBuckets {
    fn new_metric(&self) -> Histogram {
        Histogram::new([1.0, 5.0, 10.0, 15.0, 20.0])
    }
}

/// Counters and gauges of the room.
#[derive(Debug, Default)]
pub(crate) struct Metrics {
    pub received: Family<Labels<2>, Counter>,
    pub invalid: Family<Labels<1>, Counter>,
    pub notifications: Family<Labels<1>, Counter>,
    pub notifications_failed: Family<Labels<2>, Counter>,
    pub requests: Family<Labels<1>, Counter>,
    pub requests_failed: Family<Labels<1>, Counter>,
    pub suppressed: Family<Labels<1>, Counter>,
    pub latency: Latency,
    pub limited: Family<Labels<1>, Counter>,
    pub state_errors: Counter,
    pub reload_successful: Gauge,
    pub reload_time_seconds: Gauge<f64, AtomicU64>,
}

#[derive(Debug, Clone)]
pub(crate) struct Latency(Family<Labels<1>, Histogram, LatencyBuckets>);

impl std::fmt::Debug for LatencyBuckets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LatencyBuckets")
    }
}

impl Default for Latency {
    fn default() -> Self {
        Self(Family::new_with_constructor(LatencyBuckets))
    }
}

impl Latency {
    pub(crate) fn observe(&self, integration: &'static str, seconds: f64) {
        self.0.get_or_create(&[("integration", integration)]).observe(seconds);
    }
}

impl Metrics {
    pub(crate) fn register(&self, registry: &mut Registry) {
        for (name, help, family) in [
            ("alertmanager_notifications", "Attempts to notify, successful or not", &self.notifications),
            ("alertmanager_notification_requests", "Requests sent to receivers, each retry counted", &self.requests),
            ("alertmanager_notification_requests_failed", "Requests to receivers that failed", &self.requests_failed),
            ("alertmanager_notifications_suppressed", "Notifications that were not sent, by reason", &self.suppressed),
            ("alertmanager_alerts_invalid", "Alerts that were refused as invalid", &self.invalid),
            ("phoenix_alert_limit_hits", "Alerts and groups that found no place, by limit", &self.limited),
        ] {
            registry.register(name, help, family.clone());
        }
        registry.register("alertmanager_alerts_received", "Alerts that came in", self.received.clone());
        registry.register(
            "alertmanager_notifications_failed",
            "Notifications that failed for good, by reason",
            self.notifications_failed.clone(),
        );
        registry.register("alertmanager_notification_latency_seconds", "How long notifications took", self.latency.0.clone());
        registry.register("phoenix_alert_state_errors", "Failed writes to or reads from the state store", self.state_errors.clone());
        registry.register(
            "alertmanager_config_last_reload_successful",
            "Whether the last attempt to load the alerting config succeeded",
            self.reload_successful.clone(),
        );
        registry.register(
            "alertmanager_config_last_reload_success_timestamp_seconds",
            "When the alerting config was last loaded with success",
            self.reload_time_seconds.clone(),
        );
    }
}

/// What is counted at the moment of the scrape.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub alerts_active: usize,
    pub alerts_suppressed: usize,
    pub silences_active: usize,
    pub silences_pending: usize,
    pub silences_expired: usize,
    pub groups: usize,
    pub receivers: usize,
    pub integrations: usize,
}

/// Asks for the counts with every scrape.
pub(crate) struct CountsCollector<F>(pub F);

impl<F> std::fmt::Debug for CountsCollector<F> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("CountsCollector")
    }
}

impl<F: Fn() -> Option<Counts> + Send + Sync + 'static> Collector for CountsCollector<F> {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let Some(counts) = (self.0)() else { return Ok(()) };
        let state = |state: &'static str| vec![("state", state)];
        for (name, help, values) in [
            (
                "alertmanager_alerts",
                "Alerts that have not resolved, by state",
                vec![(state("active"), counts.alerts_active), (state("suppressed"), counts.alerts_suppressed), (state("unprocessed"), 0)],
            ),
            (
                "alertmanager_silences",
                "Silences by state",
                vec![
                    (state("active"), counts.silences_active),
                    (state("expired"), counts.silences_expired),
                    (state("pending"), counts.silences_pending),
                ],
            ),
            ("alertmanager_dispatcher_aggregation_groups", "Groups of alerts", vec![(vec![], counts.groups)]),
            ("alertmanager_receivers", "Receivers of the config", vec![(vec![], counts.receivers)]),
            ("alertmanager_integrations", "Integrations of all receivers that act", vec![(vec![], counts.integrations)]),
        ] {
            let family = Family::<Vec<(&'static str, &'static str)>, Gauge>::default();
            let metric = encoder.encode_descriptor(name, help, None, prometheus_client::metrics::MetricType::Gauge)?;
            if values.len() == 1 && values[0].0.is_empty() {
                ConstGauge::new(values[0].1 as i64).encode(metric)?;
                continue;
            }
            for (labels, value) in values {
                family.get_or_create(&labels).set(value as i64);
            }
            family.encode(metric)?;
        }
        Ok(())
    }
}
