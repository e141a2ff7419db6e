//! What telemetry does: from code, and from the variables that OpenTelemetry and Phoenix know.
//! <https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/>

mod rules;
mod variables;

pub use rules::{read_rules, strategy_rules};
pub(crate) use variables::Variables;

use crate::error::TelemetryError;
use crate::head::ServiceSampler;
use crate::push::{Endpoint, PushSettings};
use crate::{HeadSampler, sampling::SamplingRules};
use std::time::Duration;

/// One of the three kinds of telemetry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Signal {
    /// Spans.
    Traces,
    /// Metrics.
    Metrics,
    /// Log entries.
    Logs,
}

impl Signal {
    /// Its name in OpenTelemetry's variables.
    fn variable(self) -> &'static str {
        match self {
            Self::Traces => "TRACES",
            Self::Metrics => "METRICS",
            Self::Logs => "LOGS",
        }
    }

    /// Its name in labels.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Traces => "traces",
            Self::Metrics => "metrics",
            Self::Logs => "logs",
        }
    }
}

/// What the program says. Of what both say, the environment counts: who runs a service knows where it runs.
#[derive(Debug, Clone, Default)]
pub(crate) struct InCode {
    pub(crate) service: String,
    pub(crate) version: Option<String>,
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) endpoint: Option<String>,
    pub(crate) pushed: Vec<Signal>,
    pub(crate) rules: Option<SamplingRules>,
    pub(crate) log_filter: Option<String>,
}

/// What holds, once all is known.
#[derive(Debug, Clone)]
pub(crate) struct Settings {
    pub(crate) service: String,
    pub(crate) version: String,
    pub(crate) cluster: Option<String>,
    /// The attributes of the resource, with the service's name and version.
    pub(crate) attributes: Vec<(String, String)>,
    pub(crate) log_filter: String,
    pub(crate) sampler: ServiceSampler,
    pub(crate) traces: Option<PushSettings>,
    pub(crate) metrics: Option<PushSettings>,
    pub(crate) logs: Option<PushSettings>,
    /// How long ending may take.
    pub(crate) flush_timeout: Duration,
}

impl Settings {
    pub(crate) fn new(code: &InCode, variables: &Variables) -> Result<Self, TelemetryError> {
        let mut attributes = code.attributes.clone();
        let mut set = |name: &str, value: &str| {
            attributes.retain(|(known, _)| known != name);
            attributes.push((name.to_owned(), value.to_owned()));
        };
        let of_environment = variables.pairs("OTEL_RESOURCE_ATTRIBUTES")?;
        for (name, value) in &of_environment {
            set(name, value);
        }
        let told = |name: &str| of_environment.iter().rev().find(|(known, _)| known == name).map(|(_, value)| value.clone());
        let service = variables.text("OTEL_SERVICE_NAME").or_else(|| told("service.name")).unwrap_or_else(|| code.service.clone());
        let version = variables
            .text("PHOENIX_SERVICE_VERSION")
            .or_else(|| told("service.version"))
            .or_else(|| code.version.clone())
            .unwrap_or_else(|| "unknown".to_owned());
        let cluster = variables.text("CLUSTER_NAME").or_else(|| told("k8s.cluster.name"));
        set("service.name", &service);
        set("service.version", &version);
        if let Some(cluster) = &cluster {
            set("k8s.cluster.name", cluster);
        }
        // Two instances of a service would write into the same series.
        if told("service.instance.id").is_none() && !code.attributes.iter().any(|(name, _)| name == "service.instance.id") {
            set("service.instance.id", &instance());
        }
        set("telemetry.sdk.name", "phoenix-telemetry");
        set("telemetry.sdk.language", "rust");
        set("telemetry.sdk.version", env!("CARGO_PKG_VERSION"));
        let is_disabled = variables.truth("OTEL_SDK_DISABLED")?;
        let push = |signal| if is_disabled { Ok(None) } else { push(signal, code, variables) };
        Ok(Self {
            sampler: sampler(code, variables, &service)?,
            log_filter: variables.text("RUST_LOG").or_else(|| code.log_filter.clone()).unwrap_or_else(|| "info".to_owned()),
            traces: push(Signal::Traces)?,
            metrics: push(Signal::Metrics)?,
            logs: push(Signal::Logs)?,
            flush_timeout: variables.milliseconds("PHOENIX_FLUSH_TIMEOUT", 5_000)?,
            service,
            version,
            cluster,
            attributes,
        })
    }
}

/// This process among all of them: the machine's name, which is the container's, and the process' number.
fn instance() -> String {
    format!("{}:{}", rustix::system::uname().nodename().to_string_lossy(), std::process::id())
}

/// Where a signal goes by OTLP, if anywhere. An endpoint alone sends traces: metrics are scraped and logs
/// read from standard output, and would arrive twice.
fn push(signal: Signal, code: &InCode, variables: &Variables) -> Result<Option<PushSettings>, TelemetryError> {
    let of_signal = |what: &str| format!("OTEL_EXPORTER_OTLP_{}_{what}", signal.variable());
    let either = |what: &str| {
        let (own, general) = (of_signal(what), format!("OTEL_EXPORTER_OTLP_{what}"));
        if variables.text(&own).is_some() { own } else { general }
    };
    let exporter = format!("OTEL_{}_EXPORTER", signal.variable());
    let endpoint_name = either("ENDPOINT");
    let endpoint = variables.text(&endpoint_name).or_else(|| code.endpoint.clone());
    let is_pushed = match variables.text(&exporter).as_deref() {
        Some("otlp") => true,
        Some("none") => false,
        Some(other) => return Err(TelemetryError::setting(exporter, other, "Phoenix' telemetry knows `otlp` and `none`")),
        None => {
            let is_wanted = signal == Signal::Traces || code.pushed.contains(&signal);
            variables.text(&of_signal("ENDPOINT")).is_some() || (endpoint.is_some() && is_wanted)
        }
    };
    if !is_pushed {
        return Ok(None);
    }
    let protocol = either("PROTOCOL");
    if let Some(other) = variables.text(&protocol).filter(|protocol| protocol != "grpc") {
        return Err(TelemetryError::setting(
            protocol,
            other,
            "only `grpc` is spoken; leave it out, and name the port for gRPC, mostly 4317",
        ));
    }
    let compression = either("COMPRESSION");
    let is_compressed = match variables.text(&compression).as_deref() {
        None | Some("none") => false,
        Some("gzip") => true,
        Some(other) => return Err(TelemetryError::setting(compression, other, "it is `gzip` or `none`")),
    };
    let endpoint = Endpoint {
        url: endpoint.unwrap_or_else(|| "http://localhost:4317".to_owned()),
        headers: variables.pairs(&either("HEADERS"))?,
        headers_name: either("HEADERS"),
        timeout: variables.milliseconds(&either("TIMEOUT"), 10_000)?,
        is_compressed,
        certificate: variables.text(&either("CERTIFICATE")),
        certificate_name: either("CERTIFICATE"),
        name: endpoint_name,
    };
    // The names and defaults of OpenTelemetry's batch processors and of its reader of metrics.
    let (batch, delay_ms) = match signal {
        Signal::Traces => ("OTEL_BSP", 5_000),
        Signal::Logs => ("OTEL_BLRP", 1_000),
        Signal::Metrics => ("OTEL_METRIC_EXPORT", 60_000),
    };
    let delay = if signal == Signal::Metrics { "OTEL_METRIC_EXPORT_INTERVAL".to_owned() } else { format!("{batch}_SCHEDULE_DELAY") };
    let queue = variables.number(&format!("{batch}_MAX_QUEUE_SIZE"), 2_048, 1..=1_000_000)?;
    let most = variables.number(&format!("{batch}_MAX_EXPORT_BATCH_SIZE"), 512, 1..=100_000)?;
    Ok(Some(PushSettings { endpoint, queue, batch: most.min(queue), delay: variables.milliseconds(&delay, delay_ms)? }))
}

/// Which traces are begun. Ratios are told to whom gets the spans (`ot=th:…`), so that it counts what they stand for.
fn sampler(code: &InCode, variables: &Variables, service: &str) -> Result<ServiceSampler, TelemetryError> {
    let of_rate = |rate| HeadSampler::new(SamplingRules { rules: Vec::new(), default_sample_rate: rate, adaptive: None });
    let ratio = || variables.ratio("OTEL_TRACES_SAMPLER_ARG", 1.0);
    let name = variables.text("OTEL_TRACES_SAMPLER");
    let (sampler, follows_parent) = match name.as_deref() {
        Some("always_on") => (of_rate(1.0), false),
        Some("always_off") => (of_rate(0.0), false),
        Some("traceidratio") => (of_rate(ratio()?), false),
        Some("parentbased_always_on") => (of_rate(1.0), true),
        Some("parentbased_always_off") => (of_rate(0.0), true),
        Some("parentbased_traceidratio") => (of_rate(ratio()?), true),
        Some(other) => {
            let why = "it is one of always_on, always_off, traceidratio, or these with `parentbased_` before";
            return Err(TelemetryError::setting("OTEL_TRACES_SAMPLER", other, why));
        }
        None => match variables.file("PHOENIX_SAMPLING_RULES")? {
            Some(text) => {
                let rules = read_rules(&text).map_err(|why| TelemetryError::setting("PHOENIX_SAMPLING_RULES", "…", why))?;
                (HeadSampler::new(rules), true)
            }
            None => (code.rules.clone().map_or_else(|| of_rate(1.0), HeadSampler::new), true),
        },
    };
    let sampler = sampler.of_service(service);
    Ok(if follows_parent { sampler } else { sampler.without_parents() })
}

#[cfg(test)]
mod tests;
