//! Traces: spans of `tracing` go to Phoenix, or to whatever else takes OTLP (section 6.1 of the
//! monitoring strategy).
//!
//! ```no_run
//! # async fn run() -> Result<(), phoenix_telemetry::TracesError> {
//! use phoenix_telemetry::{JsonLogs, Traces};
//! use tracing_subscriber::layer::SubscriberExt;
//! use tracing_subscriber::util::SubscriberInitExt;
//!
//! let traces = Traces::start("phoenix-api", "1.2.3", "http://127.0.0.1:4317")?;
//! tracing_subscriber::registry().with(traces.layer()).with(JsonLogs::new("phoenix-api", "1.2.3")).init();
//! // The fields `otel.kind`, `otel.name` and `otel.status_code` say what OpenTelemetry wants to know.
//! let span = tracing::info_span!("GET /api/v1/experiments", otel.kind = "server", http.request.method = "GET");
//! # drop(span);
//! # traces.stop();
//! # Ok(())
//! # }
//! ```

use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry::{Context, KeyValue};
use opentelemetry_otlp::{SpanExporter, WithExportConfig};
use opentelemetry_sdk::Resource;
use opentelemetry_sdk::trace::{SdkTracerProvider, ShouldSample};
use std::str::FromStr;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The libraries by which spans are sent.
const SENDERS: [&str; 6] = ["h2", "hyper", "opentelemetry", "reqwest", "tonic", "tower"];

/// Sends the spans of a service, in batches, from a thread of its own. What nobody takes is dropped.
#[derive(Debug, Clone)]
pub struct Traces {
    provider: SdkTracerProvider,
}

/// The exporter could not be made: the address makes no sense.
#[derive(Debug)]
pub struct TracesError(String);

impl std::fmt::Display for TracesError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "traces can't be sent: {}", self.0)
    }
}

impl std::error::Error for TracesError {}

impl Traces {
    /// Sends all spans of a service and its version by OTLP over gRPC to `endpoint`
    /// (`http://127.0.0.1:4317`). Call it on a Tokio runtime that lives as long as the service.
    pub fn start(service: &str, version: &str, endpoint: &str) -> Result<Self, TracesError> {
        Self::start_with(
            service,
            version,
            endpoint,
            opentelemetry_sdk::trace::Sampler::ParentBased(Box::new(opentelemetry_sdk::trace::Sampler::AlwaysOn)),
        )
    }

    /// As [`Traces::start`]; a sampler decides which traces are begun.
    pub fn start_with(service: &str, version: &str, endpoint: &str, sampler: impl ShouldSample + 'static) -> Result<Self, TracesError> {
        let exporter = SpanExporter::builder().with_tonic().with_endpoint(endpoint).build().map_err(|e| TracesError(e.to_string()))?;
        let resource = Resource::builder()
            .with_service_name(service.to_owned())
            .with_attribute(KeyValue::new("service.version", version.to_owned()))
            .build();
        let provider = SdkTracerProvider::builder().with_batch_exporter(exporter).with_sampler(sampler).with_resource(resource).build();
        Ok(Self { provider })
    }

    /// The layer that makes spans of those of `tracing`, but for those of the libraries that send them:
    /// each request with spans would make spans of its own.
    pub fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(&self) -> impl Layer<S> + use<S> {
        let layer = tracing_opentelemetry::layer().with_tracer(self.provider.tracer("phoenix-telemetry"));
        // Where the code stands and which thread ran it is of little use once the span is somewhere else.
        let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
        layer.with_filter(filter_fn(|metadata| !SENDERS.iter().any(|sender| metadata.target().starts_with(sender))))
    }

    /// Sends what is left, and ends. It blocks for some seconds at most.
    pub fn stop(&self) {
        // Only a try: nobody may be there to take it.
        let _ = self.provider.shutdown();
    }
}

/// Puts a span below the one that a request's W3C headers `traceparent` and `tracestate` name. What
/// makes no sense is left out, and the span begins a trace of its own.
pub fn follow(span: &Span, traceparent: Option<&str>, tracestate: Option<&str>) {
    let Some(parent) = traceparent.and_then(|header| context_of(header, tracestate.unwrap_or_default())) else { return };
    // A span that nobody looks at has no parent either.
    let _ = span.set_parent(Context::new().with_remote_span_context(parent));
}

/// The header `traceparent` for a request that a span makes; `None` outside of a trace.
pub fn traceparent(span: &Span) -> Option<String> {
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8()))
}

/// The ids of a span's trace and of the span, in hexadecimal; `None` outside of a trace.
pub(crate) fn ids(span: &Span) -> Option<(String, String)> {
    let context = span.context();
    let span = context.span();
    let context = span.span_context();
    context.is_valid().then(|| (context.trace_id().to_string(), context.span_id().to_string()))
}

/// <https://www.w3.org/TR/trace-context/#traceparent-header>
fn context_of(traceparent: &str, tracestate: &str) -> Option<SpanContext> {
    let mut parts = traceparent.trim().split('-');
    let (version, trace, span, flags) = (parts.next()?, parts.next()?, parts.next()?, parts.next()?);
    let lower_hex = |text: &str, length: usize| text.len() == length && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    let more = parts.next().is_some();
    if !lower_hex(version, 2)
        || version == "ff"
        || (version == "00" && more)
        || !lower_hex(trace, 32)
        || !lower_hex(span, 16)
        || !lower_hex(flags, 2)
    {
        return None;
    }
    let context = SpanContext::new(
        TraceId::from_hex(trace).ok()?,
        SpanId::from_hex(span).ok()?,
        TraceFlags::new(u8::from_str_radix(flags, 16).ok()?),
        true,
        TraceState::from_str(tracestate).unwrap_or_default(),
    );
    context.is_valid().then_some(context)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headers_are_read_as_w3c_says() {
        let good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
        let context = context_of(good, "ot=th:8,a=b").unwrap();
        assert_eq!(context.trace_id().to_string(), "0af7651916cd43dd8448eb211c80319c");
        assert!(context.is_remote() && context.is_sampled());
        assert_eq!(context.trace_state().get("ot"), Some("th:8"));
        for bad in [
            "",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331",
            "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
            "00-00000000000000000000000000000000-b7ad6b7169203331-01",
            "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
            "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
        ] {
            assert!(context_of(bad, "").is_none(), "{bad}");
        }
        assert!(context_of("01-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-more", "").is_some(), "later versions may go on");
    }
}
