//! The instrumentation library that services use.
//!
//! It begins with what a first service needs: its request metrics under the names and labels of the
//! monitoring strategy (section 2.2), the text that a scrape gets, and structured logs ([`JsonLogs`],
//! section 5.1), traces ([`Traces`], section 6.1), and the decision whether a trace is recorded
//! ([`HeadSampler`], section 6.2). Of the other rooms it knows `sampling` alone, whose rules decide at the
//! head as they do where traces are stored.
//!
//! ```
//! use phoenix_telemetry::{ApiMetrics, Metrics, RequestLabels};
//! use std::time::Duration;
//!
//! let mut metrics = Metrics::new();
//! let api = ApiMetrics::register(&mut metrics);
//! let labels = RequestLabels { method: "GET".into(), endpoint: "/api/v1/experiments".into(), status: 200 };
//! api.observe(&labels, Duration::from_millis(12));
//! assert!(metrics.encode().contains("phoenix_api_request_duration_seconds_count"));
//! ```

mod api;
mod head;
mod logs;
mod traces;

pub use api::{ApiMetrics, RequestLabels, WebSocketGuard};
pub use head::{HeadDecision, HeadSampler, Parent, ServiceSampler};
pub use logs::JsonLogs;
pub use traces::{Traces, TracesError, follow, traceparent};

/// Rules of sampling.
pub use phoenix_sampling as sampling;

use prometheus_client::registry::Registry;

/// The media type of [`Metrics::encode`].
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// All metrics of one service.
#[derive(Debug, Default)]
pub struct Metrics {
    registry: Registry,
}

impl Metrics {
    /// Without any metric yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// The registry, for metrics of the service's own.
    pub fn registry(&mut self) -> &mut Registry {
        &mut self.registry
    }

    /// The answer to a scrape, as OpenMetrics 1.0.
    pub fn encode(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("writing to a string does not fail");
        text
    }
}
