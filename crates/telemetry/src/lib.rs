//! Metrics, logs and traces of a service, set up by one call.
//!
//! ```no_run
//! # fn main() -> Result<(), phoenix_telemetry::TelemetryError> {
//! let telemetry = phoenix_telemetry::Telemetry::init("phoenix-api")?;
//! tracing::info!(experiment_id = 7, "experiment state transition");
//! telemetry.phoenix().experiments.inc(&phoenix_telemetry::ExperimentLabels {
//!     state: phoenix_telemetry::ExperimentState::Running,
//!     tenant_id: "acme".into(),
//! });
//! // What waits is sent when `telemetry` is dropped.
//! # Ok(())
//! # }
//! ```
//!
//! * Metrics: the seven of the monitoring strategy (section 2.2) as typed handles ([`PhoenixMetrics`]), and the
//!   service's own ([`Metrics::register`]); for scrapes ([`Telemetry::scrape`]) and by OTLP, from one registry.
//! * Logs: what is said through `tracing`, as lines of JSON with the fields of section 5.1 ([`JsonLogs`]), and by OTLP.
//! * Traces: the spans of `tracing` by OTLP over gRPC; at the head thinned by the rules of section 6.2
//!   ([`HeadSampler`]).
//! * HTTP: a layer for servers ([`HttpLayer`]), one for clients ([`ClientLayer`]).
//!
//! Nothing of it needs the rest of Phoenix; of its rooms it knows `sampling` alone, whose rules decide at the head as
//! they do where traces are stored. The README lists the variables of the environment.

mod error;
mod head;
mod http;
mod logs;
mod metrics;
mod panics;
mod push;
mod settings;
mod telemetry;
mod traces;

pub use error::TelemetryError;
pub use head::{HeadDecision, HeadSampler, Parent, ServiceSampler};
#[cfg(feature = "reqwest")]
pub use http::send;
pub use http::{ClientLayer, ClientService, HttpFuture, HttpLayer, HttpService, Route, Scrape};
pub use logs::JsonLogs;
pub use metrics::{
    CONTENT_TYPE, CollectorLabels, Counters, DEFAULT_BUCKETS, EXPERIMENT_BUCKETS, Endpoint, Endpoints, ExperimentDurationLabels,
    ExperimentLabels, ExperimentState, Gauges, Histograms, Labels, Method, Metrics, PhoenixMetrics, PipelineLabels, RequestLabels,
    SavingsLabels, Variant, WebSocketGuard,
};
pub use settings::{Signal, read_rules, strategy_rules};
pub use telemetry::{Telemetry, TelemetryBuilder};
pub use traces::{follow, lead};

/// The library that metrics are made with, for metrics of the service's own.
pub use prometheus_client;

/// Rules of sampling.
pub use phoenix_sampling as sampling;
