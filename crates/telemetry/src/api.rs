//! Request metrics of an HTTP API.

use crate::Metrics;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use std::time::Duration;

/// The default buckets of Prometheus' Go client, in seconds.
const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// The labels of one request.
#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
pub struct RequestLabels {
    /// The HTTP method.
    pub method: String,
    /// The route's template, such as `/api/v1/experiments/{id}`; never a raw path, whose number has no bound.
    pub endpoint: String,
    /// The status code of the answer.
    pub status: u16,
}

/// `phoenix_api_request_duration_seconds{method,endpoint,status}` and `phoenix_websocket_connections_active`.
#[derive(Debug, Clone)]
pub struct ApiMetrics {
    requests: Family<RequestLabels, Histogram, fn() -> Histogram>,
    web_sockets: Gauge,
}

impl ApiMetrics {
    /// Adds the metrics to a service's.
    pub fn register(metrics: &mut Metrics) -> Self {
        let api = Self { requests: Family::new_with_constructor(|| Histogram::new(DEFAULT_BUCKETS)), web_sockets: Gauge::default() };
        let registry = metrics.registry();
        registry.register("phoenix_api_request_duration_seconds", "API request duration in seconds", api.requests.clone());
        registry.register("phoenix_websocket_connections_active", "Number of active WebSocket connections", api.web_sockets.clone());
        api
    }

    /// Counts one finished request.
    pub fn observe(&self, labels: &RequestLabels, duration: Duration) {
        self.requests.get_or_create_owned(labels).observe(duration.as_secs_f64());
    }

    /// Counts a WebSocket connection for as long as the guard lives.
    pub fn web_socket(&self) -> WebSocketGuard {
        self.web_sockets.inc();
        WebSocketGuard(self.web_sockets.clone())
    }
}

/// One open WebSocket connection.
#[derive(Debug)]
pub struct WebSocketGuard(Gauge);

impl Drop for WebSocketGuard {
    fn drop(&mut self) {
        self.0.dec();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_labels_and_buckets_are_the_strategys() {
        let mut metrics = Metrics::new();
        let api = ApiMetrics::register(&mut metrics);
        api.observe(&RequestLabels { method: "GET".into(), endpoint: "/health".into(), status: 200 }, Duration::from_millis(30));
        let guard = api.web_socket();
        let text = metrics.encode();
        for line in [
            r#"phoenix_api_request_duration_seconds_bucket{le="0.025",method="GET",endpoint="/health",status="200"} 0"#,
            r#"phoenix_api_request_duration_seconds_bucket{le="0.05",method="GET",endpoint="/health",status="200"} 1"#,
            r#"phoenix_api_request_duration_seconds_count{method="GET",endpoint="/health",status="200"} 1"#,
            "phoenix_websocket_connections_active 1",
        ] {
            assert!(text.contains(line), "{line} is not in\n{text}");
        }
        drop(guard);
        assert!(metrics.encode().contains("phoenix_websocket_connections_active 0"));
    }
}
