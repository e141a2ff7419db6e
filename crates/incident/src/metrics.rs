//! Metrics of this room.

use crate::incident::Status;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;

type Text = Vec<(&'static str, String)>;

/// The handles.
#[derive(Debug, Clone)]
pub struct IncidentMetrics {
    incidents: Family<Text, Gauge>,
    pages: Family<Text, Counter>,
    page_delay: Histogram,
    escalations: Family<Text, Counter>,
    store_failures: Counter,
    groups_dropped: Counter,
}

impl IncidentMetrics {
    /// Registers them.
    pub fn register(registry: &mut Registry) -> Self {
        let metrics = Self {
            incidents: Family::default(),
            pages: Family::default(),
            page_delay: Histogram::new([0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 900.0, 3600.0]),
            escalations: Family::default(),
            store_failures: Counter::default(),
            groups_dropped: Counter::default(),
        };
        registry.register("phoenix_incidents", "Incidents by state", metrics.incidents.clone());
        registry.register("phoenix_pages", "Attempts to page somebody, by method and outcome", metrics.pages.clone());
        registry.register(
            "phoenix_page_delay_seconds",
            "From the opening of an incident to its first delivered page",
            metrics.page_delay.clone(),
        );
        registry.register("phoenix_escalations", "Steps of escalation taken, by level", metrics.escalations.clone());
        let help = "Writes of incidents that failed; they are tried again, and paging goes on meanwhile";
        registry.register("phoenix_incident_store_failures", help, metrics.store_failures.clone());
        let help = "Flushed groups that opened or changed no incident because a limit was hit";
        registry.register("phoenix_incident_groups_dropped", help, metrics.groups_dropped.clone());
        metrics
    }

    pub(crate) fn set_incidents(&self, status: Status, count: i64) {
        self.incidents.get_or_create(&vec![("state", status.as_str().to_owned())]).set(count);
    }

    pub(crate) fn page(&self, method: &str, outcome: &str) {
        self.pages.get_or_create(&vec![("method", method.to_owned()), ("outcome", outcome.to_owned())]).inc();
    }

    pub(crate) fn page_delay(&self, delay_ms: i64) {
        self.page_delay.observe(delay_ms.max(0) as f64 / 1000.0);
    }

    pub(crate) fn escalation(&self, level: &str) {
        self.escalations.get_or_create(&vec![("level", level.to_owned())]).inc();
    }

    pub(crate) fn store_failure(&self) {
        self.store_failures.inc();
    }

    pub(crate) fn groups_dropped(&self, count: u64) {
        self.groups_dropped.inc_by(count);
    }
}
