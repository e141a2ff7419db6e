//! What metrics are made of spans.

use std::time::Duration;

/// What metrics are made of spans. The names of settings are those of Tempo's `metrics_generator`.
#[derive(Debug, Clone, PartialEq)]
pub struct GeneratorConfig {
    /// Requests, errors and durations of services and their operations; `None` makes none of it.
    pub span_metrics: Option<SpanMetricsConfig>,
    /// Requests between services; `None` makes none of it.
    pub service_graphs: Option<GraphConfig>,
    /// How often the metrics are written into the store of metrics. Default 15 s.
    pub collection_interval: Duration,
    /// After which time without a span a series ends. Default 15 min.
    pub stale_duration: Duration,
    /// Series of all metrics together. Spans that would need more are counted in series that have only the
    /// label `metric_overflow="true"`. Default 100,000.
    pub max_active_series: usize,
    /// Labels that all series get.
    pub external_labels: Vec<(String, String)>,
}

impl Default for GeneratorConfig {
    fn default() -> Self {
        Self {
            span_metrics: Some(SpanMetricsConfig::default()),
            service_graphs: Some(GraphConfig::default()),
            collection_interval: Duration::from_secs(15),
            stale_duration: Duration::from_mins(15),
            max_active_series: 100_000,
            external_labels: Vec::new(),
        }
    }
}

/// `traces_spanmetrics_calls_total`, `traces_spanmetrics_latency` and `traces_spanmetrics_size_total`.
#[derive(Debug, Clone, PartialEq)]
pub struct SpanMetricsConfig {
    /// Upper bounds of buckets in seconds, ascending. Default 0.002, doubled up to 16.384.
    pub histogram_buckets: Vec<f64>,
    /// Attributes of resources or spans that become labels beside `service`, `span_name`, `span_kind` and `status_code`.
    pub dimensions: Vec<String>,
    /// Whether `status_message` is a label. Default false.
    pub status_message: bool,
    /// Whether there is `traces_target_info` with the attributes of resources, and the labels `job` and
    /// `instance` on the other metrics. Default false.
    pub enable_target_info: bool,
}

impl Default for SpanMetricsConfig {
    fn default() -> Self {
        Self {
            histogram_buckets: (0..14).map(|i| 0.002 * f64::from(1 << i)).collect(),
            dimensions: Vec::new(),
            status_message: false,
            enable_target_info: false,
        }
    }
}

/// `traces_service_graph_request_total`, `…_failed_total`, `…_server_seconds` and `…_client_seconds`.
#[derive(Debug, Clone, PartialEq)]
pub struct GraphConfig {
    /// How long a span waits for the other side of its request. Default 10 s.
    pub wait: Duration,
    /// Spans that wait at most. Default 10,000.
    pub max_items: usize,
    /// Upper bounds of buckets in seconds, ascending. Default 0.1, doubled up to 12.8.
    pub histogram_buckets: Vec<f64>,
    /// Attributes of resources or spans that become labels.
    pub dimensions: Vec<String>,
    /// Whether the labels of `dimensions` begin with `client_` and `server_`. Default false.
    pub enable_client_server_prefix: bool,
    /// Attributes of a client's span, and of a root that is a server's, of which the first names the other side
    /// where no span of it comes. A root that has none comes from `user`. Default `peer.service`, `db.name`, `db.system`.
    pub peer_attributes: Vec<String>,
    /// Attributes that make a client's span a request to a database. It is named by `peer.service`,
    /// `server.address`, `network.peer.address` with its port, or else the first of these. Default `db.namespace`, `db.name`, `db.system`.
    pub database_name_attributes: Vec<String>,
}

impl Default for GraphConfig {
    fn default() -> Self {
        let list = |names: [&str; 3]| names.map(str::to_owned).to_vec();
        Self {
            wait: Duration::from_secs(10),
            max_items: 10_000,
            histogram_buckets: (0..8).map(|i| 0.1 * f64::from(1 << i)).collect(),
            dimensions: Vec::new(),
            enable_client_server_prefix: false,
            peer_attributes: list(["peer.service", "db.name", "db.system"]),
            database_name_attributes: list(["db.namespace", "db.name", "db.system"]),
        }
    }
}
