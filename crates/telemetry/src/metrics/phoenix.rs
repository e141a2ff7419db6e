//! The seven metrics of the monitoring strategy (section 2.2), with exactly its names, labels, help and buckets.

use super::Metrics;
use super::handles::{Counters, Gauges, Histograms};
use super::labels::{CollectorLabels, ExperimentDurationLabels, ExperimentLabels, PipelineLabels, RequestLabels, SavingsLabels};
use prometheus_client::metrics::exemplar::HistogramWithExemplars;
use prometheus_client::metrics::gauge::Gauge;

/// The default buckets of Prometheus' Go client (`DefBuckets`), in seconds.
pub const DEFAULT_BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

/// `ExponentialBuckets(60, 2, 10)`, in seconds: from a minute to 8 hours and 32 minutes.
pub const EXPERIMENT_BUCKETS: [f64; 10] = [60.0, 120.0, 240.0, 480.0, 960.0, 1920.0, 3840.0, 7680.0, 15360.0, 30720.0];

/// The strategy's metrics. A clone is another handle on the same.
///
/// ```
/// use phoenix_telemetry::{Endpoint, Method, Metrics, PhoenixMetrics, RequestLabels};
/// use std::time::Duration;
///
/// let metrics = Metrics::new();
/// let phoenix = PhoenixMetrics::register(&metrics);
/// let labels = RequestLabels { method: Method::new("GET"), endpoint: Endpoint::new("/api/v1/experiments"), status: 200 };
/// phoenix.requests.observe(&labels, Duration::from_millis(12));
/// assert!(metrics.encode().contains("phoenix_api_request_duration_seconds_count"));
/// ```
///
/// Labels of another metric don't compile, nor do labels of which one is missing:
///
/// ```compile_fail,E0308
/// # use phoenix_telemetry::{Endpoint, Method, Metrics, PhoenixMetrics, RequestLabels};
/// # let phoenix = PhoenixMetrics::register(&Metrics::new());
/// let labels = RequestLabels { method: Method::new("GET"), endpoint: Endpoint::new("/"), status: 200 };
/// phoenix.experiments.inc(&labels);
/// ```
///
/// ```compile_fail,E0063
/// # use phoenix_telemetry::{ExperimentLabels, ExperimentState, Metrics, PhoenixMetrics};
/// # let phoenix = PhoenixMetrics::register(&Metrics::new());
/// phoenix.experiments.inc(&ExperimentLabels { state: ExperimentState::Failed });
/// ```
#[derive(Debug, Clone)]
pub struct PhoenixMetrics {
    /// `phoenix_experiment_total{state,tenant_id}`: experiments that came into a state.
    pub experiments: Counters<ExperimentLabels>,
    /// `phoenix_experiment_duration_seconds{state,pipeline_type}`.
    pub experiment_duration: Histograms<ExperimentDurationLabels>,
    /// `phoenix_pipeline_cardinality_reduction_ratio{experiment_id,pipeline,variant}`.
    pub cardinality_reduction: Gauges<PipelineLabels>,
    /// `phoenix_collector_resource_usage{experiment_id,variant,resource,node}`.
    pub collector_usage: Gauges<CollectorLabels>,
    /// `phoenix_estimated_monthly_savings_usd{tenant_id,provider}`.
    pub monthly_savings: Gauges<SavingsLabels>,
    /// `phoenix_api_request_duration_seconds{method,endpoint,status}`.
    pub requests: Histograms<RequestLabels>,
    web_sockets: Gauge,
}

impl PhoenixMetrics {
    /// Adds them to a service's metrics; once for each [`Metrics`].
    pub fn register(metrics: &Metrics) -> Self {
        let phoenix = Self {
            experiments: Counters::default(),
            experiment_duration: Histograms::new(|| HistogramWithExemplars::new(EXPERIMENT_BUCKETS.into_iter())),
            cardinality_reduction: Gauges::default(),
            collector_usage: Gauges::default(),
            monthly_savings: Gauges::default(),
            requests: Histograms::new(|| HistogramWithExemplars::new(DEFAULT_BUCKETS.into_iter())),
            web_sockets: Gauge::default(),
        };
        let it = phoenix.clone();
        metrics.register("phoenix_experiment_total", "Total number of experiments by state", it.experiments.0);
        metrics.register("phoenix_experiment_duration_seconds", "Duration of experiments in seconds", it.experiment_duration.0);
        metrics.register(
            "phoenix_pipeline_cardinality_reduction_ratio",
            "Cardinality reduction ratio achieved by pipeline",
            it.cardinality_reduction.0,
        );
        metrics.register("phoenix_collector_resource_usage", "Resource usage of OTel collectors", it.collector_usage.0);
        metrics.register("phoenix_estimated_monthly_savings_usd", "Estimated monthly cost savings in USD", it.monthly_savings.0);
        metrics.register("phoenix_api_request_duration_seconds", "API request duration in seconds", it.requests.0);
        metrics.register("phoenix_websocket_connections_active", "Number of active WebSocket connections", it.web_sockets);
        phoenix
    }

    /// Counts a WebSocket connection in `phoenix_websocket_connections_active` for as long as the guard lives.
    #[must_use = "the connection counts for as long as this lives"]
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
    use crate::metrics::{Endpoint, ExperimentState, Method, Variant};
    use std::time::Duration;

    #[test]
    fn names_labels_help_and_buckets_are_the_strategys() {
        let metrics = Metrics::new();
        let phoenix = PhoenixMetrics::register(&metrics);
        phoenix.experiments.inc(&ExperimentLabels { state: ExperimentState::Failed, tenant_id: "acme".into() });
        let took = ExperimentDurationLabels { state: ExperimentState::Completed, pipeline_type: "process".into() };
        phoenix.experiment_duration.observe(&took, Duration::from_mins(9));
        let pipeline = PipelineLabels { experiment_id: "7".into(), pipeline: "top-k".into(), variant: Variant::Candidate };
        phoenix.cardinality_reduction.set(&pipeline, 0.75);
        let collector =
            CollectorLabels { experiment_id: "7".into(), variant: Variant::Baseline, resource: "cpu_cores".into(), node: "n1".into() };
        phoenix.collector_usage.set(&collector, 1.5);
        phoenix.monthly_savings.set(&SavingsLabels { tenant_id: "acme".into(), provider: "newrelic".into() }, 12.0);
        let request = RequestLabels { method: Method::new("GET"), endpoint: Endpoint::new("/health"), status: 200 };
        phoenix.requests.observe(&request, Duration::from_millis(30));
        let guard = phoenix.web_socket();

        let want = r#"# HELP phoenix_experiment Total number of experiments by state
# TYPE phoenix_experiment counter
phoenix_experiment_total{state="failed",tenant_id="acme"} 1
# HELP phoenix_experiment_duration_seconds Duration of experiments in seconds
# TYPE phoenix_experiment_duration_seconds histogram
phoenix_experiment_duration_seconds_sum{state="completed",pipeline_type="process"} 540.0
phoenix_experiment_duration_seconds_count{state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="60.0",state="completed",pipeline_type="process"} 0
phoenix_experiment_duration_seconds_bucket{le="120.0",state="completed",pipeline_type="process"} 0
phoenix_experiment_duration_seconds_bucket{le="240.0",state="completed",pipeline_type="process"} 0
phoenix_experiment_duration_seconds_bucket{le="480.0",state="completed",pipeline_type="process"} 0
phoenix_experiment_duration_seconds_bucket{le="960.0",state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="1920.0",state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="3840.0",state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="7680.0",state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="15360.0",state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="30720.0",state="completed",pipeline_type="process"} 1
phoenix_experiment_duration_seconds_bucket{le="+Inf",state="completed",pipeline_type="process"} 1
# HELP phoenix_pipeline_cardinality_reduction_ratio Cardinality reduction ratio achieved by pipeline
# TYPE phoenix_pipeline_cardinality_reduction_ratio gauge
phoenix_pipeline_cardinality_reduction_ratio{experiment_id="7",pipeline="top-k",variant="candidate"} 0.75
# HELP phoenix_collector_resource_usage Resource usage of OTel collectors
# TYPE phoenix_collector_resource_usage gauge
phoenix_collector_resource_usage{experiment_id="7",variant="baseline",resource="cpu_cores",node="n1"} 1.5
# HELP phoenix_estimated_monthly_savings_usd Estimated monthly cost savings in USD
# TYPE phoenix_estimated_monthly_savings_usd gauge
phoenix_estimated_monthly_savings_usd{tenant_id="acme",provider="newrelic"} 12.0
# HELP phoenix_api_request_duration_seconds API request duration in seconds
# TYPE phoenix_api_request_duration_seconds histogram
phoenix_api_request_duration_seconds_sum{method="GET",endpoint="/health",status="200"} 0.03
phoenix_api_request_duration_seconds_count{method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="0.005",method="GET",endpoint="/health",status="200"} 0
phoenix_api_request_duration_seconds_bucket{le="0.01",method="GET",endpoint="/health",status="200"} 0
phoenix_api_request_duration_seconds_bucket{le="0.025",method="GET",endpoint="/health",status="200"} 0
phoenix_api_request_duration_seconds_bucket{le="0.05",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="0.1",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="0.25",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="0.5",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="1.0",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="2.5",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="5.0",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="10.0",method="GET",endpoint="/health",status="200"} 1
phoenix_api_request_duration_seconds_bucket{le="+Inf",method="GET",endpoint="/health",status="200"} 1
# HELP phoenix_websocket_connections_active Number of active WebSocket connections
# TYPE phoenix_websocket_connections_active gauge
phoenix_websocket_connections_active 1
# EOF
"#;
        assert_eq!(metrics.encode(), want);
        drop(guard);
        assert!(metrics.encode().contains("phoenix_websocket_connections_active 0"));
    }
}
