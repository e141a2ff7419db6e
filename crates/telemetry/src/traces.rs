//! Traces: spans of `tracing` as OpenTelemetry's, and the headers by which they go on in another process
//! (W3C Trace Context; section 6.1 of the monitoring strategy).

use crate::head::ServiceSampler;
use crate::push::{Queue, QueueSpans};
use http::{HeaderMap, HeaderValue};
use opentelemetry::Context;
use opentelemetry::trace::{SpanContext, SpanId, TraceContextExt, TraceFlags, TraceId, TraceState, TracerProvider};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};
use std::str::FromStr;
use tracing::{Span, Subscriber};
use tracing_opentelemetry::OpenTelemetrySpanExt;
use tracing_subscriber::Layer;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::registry::LookupSpan;

/// The libraries by which spans are sent.
const SENDERS: [&str; 6] = ["h2", "hyper", "opentelemetry", "reqwest", "tonic", "tower"];

/// What makes spans for a queue.
pub(crate) fn provider(sampler: ServiceSampler, queue: Queue<SpanData>) -> SdkTracerProvider {
    SdkTracerProvider::builder().with_span_processor(QueueSpans(queue)).with_sampler(sampler).build()
}

/// The layer that makes spans of those of `tracing`, but for those of the libraries that send them:
/// each request with spans would make spans of its own.
pub(crate) fn layer<S: Subscriber + for<'s> LookupSpan<'s>>(provider: &SdkTracerProvider) -> impl Layer<S> + use<S> {
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("phoenix-telemetry"));
    // Where the code stands and which thread ran it is of little use once the span is somewhere else.
    let layer = layer.with_location(false).with_threads(false).with_tracked_inactivity(false).with_target(false);
    layer.with_filter(filter_fn(|metadata| !SENDERS.iter().any(|sender| metadata.target().starts_with(sender))))
}

/// Puts a span below the one that a request's headers `traceparent` and `tracestate` name. What makes no sense is
/// left out, and the span begins a trace of its own.
pub fn follow(span: &Span, headers: &HeaderMap) {
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let Some(parent) = header("traceparent").and_then(|told| context_of(told, header("tracestate").unwrap_or_default())) else { return };
    // A span that nobody looks at has no parent either.
    let _ = span.set_parent(Context::new().with_remote_span_context(parent));
}

/// Adds the headers by which whoever gets a request goes on with the trace of a span; nothing outside of a trace.
pub fn lead(span: &Span, headers: &mut HeaderMap) {
    let Some(context) = span_context(span) else { return };
    let told = format!("00-{}-{}-{:02x}", context.trace_id(), context.span_id(), context.trace_flags().to_u8());
    headers.insert("traceparent", HeaderValue::try_from(told).expect("digits and hyphens are a header"));
    let state = context.trace_state().header();
    if let (false, Ok(state)) = (state.is_empty(), HeaderValue::try_from(state)) {
        headers.insert("tracestate", state);
    }
}

/// Which span of which trace a span is; `None` outside of a trace.
pub(crate) fn span_context(span: &Span) -> Option<SpanContext> {
    if span.is_none() {
        return None;
    }
    let context = span.context();
    let context = context.span().span_context().clone();
    context.is_valid().then_some(context)
}

/// The span in which this is called; `None` outside of a trace. It asks OpenTelemetry, which works within a layer too,
/// and whatever the filters of that layer hide.
pub(crate) fn current_span_context() -> Option<SpanContext> {
    Context::map_current(|context| context.has_active_span().then(|| context.span().span_context().clone())).filter(SpanContext::is_valid)
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

    proptest::proptest! {
        #[test]
        fn what_is_led_is_followed(trace in 1..=u128::MAX, span in 1..=u64::MAX, sampled: bool, noise in ".{0,80}") {
            let text = format!("00-{trace:032x}-{span:016x}-{:02x}", u8::from(sampled));
            let context = context_of(&text, &noise).unwrap();
            proptest::prop_assert_eq!(context.trace_id(), TraceId::from_bytes(trace.to_be_bytes()));
            proptest::prop_assert_eq!(context.is_sampled(), sampled);
            // And no text makes it panic.
            let _ = context_of(&noise, &noise);
        }
    }
}
