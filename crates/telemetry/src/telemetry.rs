//! The one call.

use crate::error::TelemetryError;
use crate::http::Scrape;
use crate::logs::{JsonLogs, PushLogs};
use crate::metrics::{Metrics, PhoenixMetrics};
use crate::push::Push;
use crate::sampling::SamplingRules;
use crate::settings::{InCode, Settings, Signal, Variables};
use crate::{panics, traces};
use opentelemetry_sdk::trace::SdkTracerProvider;
use std::time::Duration;
use tracing::Subscriber;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, Registry};

/// Metrics, logs and traces of this process. When it is dropped, what waits is sent; that takes five seconds at most
/// (`PHOENIX_FLUSH_TIMEOUT`, in milliseconds). Keep it to the end of `main`.
#[derive(Debug)]
#[must_use = "telemetry ends when this is dropped"]
pub struct Telemetry {
    metrics: Metrics,
    phoenix: PhoenixMetrics,
    settings: Settings,
    push: Option<Push>,
    // Spans hold it weakly: without it none is made.
    provider: Option<SdkTracerProvider>,
}

/// Says in code what telemetry does. What the environment says too, counts instead.
#[derive(Debug, Clone)]
pub struct TelemetryBuilder {
    code: InCode,
    variables: Option<Variables>,
}

impl Telemetry {
    /// Sets up all three signals as the environment says: metrics for [`Telemetry::scrape`], logs as JSON on standard
    /// output, traces where an endpoint is named. Panics are counted.
    ///
    /// # Errors
    /// A variable makes no sense, or this process has a subscriber of `tracing` already.
    pub fn init(service: &str) -> Result<Self, TelemetryError> {
        Self::builder(service).init()
    }

    /// The same with more said in code.
    pub fn builder(service: &str) -> TelemetryBuilder {
        TelemetryBuilder { code: InCode { service: service.to_owned(), ..InCode::default() }, variables: None }
    }

    /// The strategy's metrics.
    pub fn phoenix(&self) -> &PhoenixMetrics {
        &self.phoenix
    }

    /// All metrics, for some of the service's own.
    pub fn metrics(&self) -> &Metrics {
        &self.metrics
    }

    /// The service for the path `/metrics`.
    pub fn scrape(&self) -> Scrape {
        Scrape(self.metrics.clone())
    }

    /// The layer for a router of axum.
    #[cfg(feature = "axum")]
    pub fn http_layer(&self) -> crate::HttpLayer {
        crate::HttpLayer::axum(&self.phoenix)
    }

    /// The layers for a subscriber of the service's own: logs on standard output, spans, and logs by OTLP.
    ///
    /// # Errors
    /// `RUST_LOG` makes no sense.
    pub fn layers<S: Subscriber + for<'s> LookupSpan<'s> + Send + Sync>(&self) -> Result<Box<dyn Layer<S> + Send + Sync>, TelemetryError> {
        let filter = || {
            let wrong =
                |e: tracing_subscriber::filter::ParseError| TelemetryError::setting("RUST_LOG", &self.settings.log_filter, e.to_string());
            EnvFilter::try_new(&self.settings.log_filter).map_err(wrong)
        };
        let Settings { service, version, cluster, .. } = &self.settings;
        let json = JsonLogs::new(service, version).with_cluster(cluster.clone()).with_level(tracing::Level::TRACE);
        let mut layers: Vec<Box<dyn Layer<S> + Send + Sync>> = vec![Box::new(json.with_filter(filter()?))];
        if let Some(provider) = &self.provider {
            layers.push(Box::new(traces::layer(provider)));
        }
        if let Some(queue) = self.push.as_ref().and_then(|push| push.logs.clone()) {
            layers.push(Box::new(PushLogs(queue).with_filter(filter()?)));
        }
        Ok(Box::new(layers))
    }

    /// Sends what waits by OTLP, for at most `timeout`; what is not taken then is dropped. Gives whether all was taken.
    /// It blocks.
    pub fn flush(&self, timeout: Duration) -> bool {
        self.push.as_ref().is_none_or(|push| push.flush(timeout))
    }
}

impl Drop for Telemetry {
    fn drop(&mut self) {
        // First the spans that still run: those that end from now on have no way to go.
        self.provider = None;
        if let Some(push) = &mut self.push {
            push.stop(self.settings.flush_timeout);
        }
    }
}

impl TelemetryBuilder {
    /// The version of the service; `PHOENIX_SERVICE_VERSION`, or `service.version` in `OTEL_RESOURCE_ATTRIBUTES`.
    #[must_use]
    pub fn version(mut self, version: &str) -> Self {
        self.code.version = Some(version.to_owned());
        self
    }

    /// An attribute of the resource: what all telemetry of this process says of where it comes from.
    #[must_use]
    pub fn attribute(mut self, name: &str, value: &str) -> Self {
        self.code.attributes.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where traces go, by OTLP over gRPC: `http://127.0.0.1:4317`; `OTEL_EXPORTER_OTLP_ENDPOINT`.
    #[must_use]
    pub fn endpoint(mut self, url: &str) -> Self {
        self.code.endpoint = Some(url.to_owned());
        self
    }

    /// Sends metrics or logs to the endpoint too; `OTEL_METRICS_EXPORTER=otlp`, `OTEL_LOGS_EXPORTER=otlp`.
    #[must_use]
    pub fn push(mut self, signal: Signal) -> Self {
        self.code.pushed.push(signal);
        self
    }

    /// Which traces are begun; `PHOENIX_SAMPLING_RULES`, a file, or `OTEL_TRACES_SAMPLER`. All without.
    #[must_use]
    pub fn sampling(mut self, rules: SamplingRules) -> Self {
        self.code.rules = Some(rules);
        self
    }

    /// Which entries of the log are written, in the language of `RUST_LOG`: `info` without.
    #[must_use]
    pub fn log_filter(mut self, filter: &str) -> Self {
        self.code.log_filter = Some(filter.to_owned());
        self
    }

    /// Takes these variables for the environment, for tests and for programs that read theirs elsewhere.
    #[must_use]
    pub fn variables(mut self, variables: impl IntoIterator<Item = (String, String)>) -> Self {
        self.variables = Some(Variables::of(variables));
        self
    }

    /// Starts to send, and leaves the subscriber of `tracing` and the hook for panics to the caller: see
    /// [`Telemetry::layers`].
    ///
    /// # Errors
    /// A variable makes no sense.
    pub fn start(self) -> Result<Telemetry, TelemetryError> {
        let variables = self.variables.unwrap_or_else(Variables::of_process);
        let settings = Settings::new(&self.code, &variables)?;
        let metrics = Metrics::new();
        let phoenix = PhoenixMetrics::register(&metrics);
        let push = Push::start(&settings, &variables, &metrics)?;
        let spans = push.as_ref().and_then(|push| push.spans.clone());
        let provider = spans.map(|queue| traces::provider(settings.sampler.clone(), queue));
        Ok(Telemetry { metrics, phoenix, settings, push, provider })
    }

    /// Starts, takes the entries and spans of the whole process, and counts its panics.
    ///
    /// # Errors
    /// A variable makes no sense, or this process has a subscriber of `tracing` already.
    pub fn init(self) -> Result<Telemetry, TelemetryError> {
        let telemetry = self.start()?;
        Registry::default().with(telemetry.layers()?).try_init().map_err(|_| TelemetryError::SubscriberIsSet)?;
        panics::count(&telemetry.metrics);
        Ok(telemetry)
    }
}
