mod foreign;
mod hostile;
mod otlp;

use super::*;
use crate::traces::test_store::Traces;
use phoenix_env::SimClock;
use phoenix_model::traces::{AttributeValue, Attributes, Scalar};
use std::fmt::Write;
use std::io::Write as _;
use std::time::Duration;

pub(super) struct Fixture {
    pub(super) store: Arc<Traces>,
    pub(super) clock: Arc<SimClock>,
    pub(super) receiver: TraceReceiver,
    pub(super) registry: Registry,
}

pub(super) fn fixture(limits: TraceLimits) -> Fixture {
    let (store, clock) = (Arc::new(Traces::default()), SimClock::new(1_700_000_000_000));
    let mut registry = Registry::default();
    let push = PushLimits { compressed_bytes: 1 << 20, uncompressed_bytes: 1 << 20, in_flight_bytes: 64 << 20 };
    let receiver = TraceReceiver::new(SpanSink::Store(store.clone()), None, clock.clone(), push, limits, &mut registry);
    Fixture { store, clock, receiver, registry }
}

impl Fixture {
    /// What was written since the last call.
    pub(super) fn shown(&self) -> String {
        std::mem::take(&mut *self.store.writes.lock()).iter().map(show).collect()
    }

    fn metric(&self, line: &str) -> bool {
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry).unwrap();
        out.lines().any(|l| l == line)
    }
}

fn attributes(set: Attributes<'_>) -> String {
    let scalar = |value: &Scalar<'_>| match value {
        Scalar::Text(text) => format!("{text:?}"),
        Scalar::Int(number) => number.to_string(),
        Scalar::Float(number) => format!("{number:?}"),
        Scalar::Bool(value) => value.to_string(),
    };
    let value = |value: AttributeValue<'_>| match value {
        AttributeValue::Text(text) => scalar(&Scalar::Text(text)),
        AttributeValue::Int(number) => scalar(&Scalar::Int(number)),
        AttributeValue::Float(number) => scalar(&Scalar::Float(number)),
        AttributeValue::Bool(value) => scalar(&Scalar::Bool(value)),
        AttributeValue::Array(items) => format!("[{}]", items.iter().map(scalar).collect::<Vec<_>>().join(" ")),
    };
    set.iter().map(|attribute| format!("{}={}", attribute.key, value(attribute.value))).collect::<Vec<_>>().join(" ")
}

/// A write as text: a line for each span, event and link.
pub(super) fn show(write: &TraceWrite) -> String {
    let mut out = String::new();
    for span in write.spans() {
        let (resource, scope, fixed) = (write.resource(span.resource), write.scope(span.scope), &span.fixed);
        let _ = write!(out, "{{{}}}", attributes(resource.attributes));
        if !resource.schema_url.is_empty() || resource.dropped_attributes > 0 {
            let _ = write!(out, "({} {})", resource.schema_url, resource.dropped_attributes);
        }
        if !scope.name.is_empty() || !scope.version.is_empty() || !scope.attributes.is_empty() || scope.dropped_attributes > 0 {
            let _ = write!(out, " {}@{}", scope.name, scope.version);
            let _ = write!(out, "({} {} {})", attributes(scope.attributes), scope.schema_url, scope.dropped_attributes);
        }
        let parent = if fixed.parent_id.is_none() { "root".to_owned() } else { fixed.parent_id.to_string() };
        let _ = write!(out, " {} {} < {parent} {:?}", fixed.trace_id, fixed.span_id, span.name);
        let _ = write!(out, " {} {}+{} {}", fixed.kind.as_str(), fixed.start_ns, fixed.duration_ns, fixed.status.as_str());
        if !span.status_message.is_empty() {
            let _ = write!(out, ":{:?}", span.status_message);
        }
        if !span.trace_state.is_empty() {
            let _ = write!(out, " state={}", span.trace_state);
        }
        if fixed.flags != 0 || fixed.dropped != [0; 3] {
            let _ = write!(out, " flags={:x} dropped={:?}", fixed.flags, fixed.dropped);
        }
        let _ = writeln!(out, " [{}]", attributes(span.attributes));
        for event in span.events.iter() {
            let _ = write!(out, "  @{} {:?} [{}]", event.time_ns, event.name, attributes(event.attributes));
            let _ = writeln!(out, " {}", event.dropped_attributes);
        }
        for link in span.links.iter() {
            let _ = write!(out, "  ~{} {} {} {:x}", link.trace_id, link.span_id, link.trace_state, link.flags);
            let _ = writeln!(out, " [{}] {}", attributes(link.attributes), link.dropped_attributes);
        }
    }
    out
}

pub(super) fn protobuf(bytes: &[u8]) -> HttpBody<'_> {
    HttpBody { content_type: Some("application/x-protobuf"), content_encoding: None, bytes }
}

pub(super) fn json(text: &str) -> HttpBody<'_> {
    HttpBody { content_type: Some("application/json"), content_encoding: None, bytes: text.as_bytes() }
}

pub(super) fn body<'a>(content_type: &'a str, bytes: &'a [u8]) -> HttpBody<'a> {
    HttpBody { content_type: Some(content_type), content_encoding: None, bytes }
}

/// A request in JSON with one span, whose fields are given.
pub(super) fn one_span(fields: &str) -> String {
    format!(
        r#"{{"resourceSpans":[{{"resource":{{"attributes":[{{"key":"service.name","value":{{"stringValue":"shop"}}}}]}},
           "scopeSpans":[{{"spans":[{{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331",{fields}}}]}}]}}]}}"#
    )
}

const SHOP: &str = "{service.name=\"shop\"} 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 < root";

#[test]
fn bodies_come_compressed() {
    let fixture = fixture(TraceLimits::default());
    let text = one_span(r#""name":"a""#);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(text.as_bytes()).unwrap();
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    zlib.write_all(text.as_bytes()).unwrap();
    for (encoding, bytes) in [
        ("gzip", gzip.finish().unwrap()),
        ("deflate", zlib.finish().unwrap()),
        ("zstd", zstd::encode_all(text.as_bytes(), 1).unwrap()),
        ("identity", text.clone().into_bytes()),
    ] {
        let body = HttpBody { content_encoding: Some(encoding), bytes: &bytes, ..json("") };
        assert!(fixture.receiver.otlp_body(body).is_ok(), "{encoding}");
        assert_eq!(fixture.shown(), format!("{SHOP} \"a\" unspecified 0+0 unset []\n"), "{encoding}");
        let cut = HttpBody { content_encoding: Some(encoding), bytes: &bytes[..bytes.len() - 1], ..json("") };
        assert_eq!(fixture.receiver.otlp_body(cut).unwrap_err().status, 400, "{encoding}");
    }
    let bomb = zstd::encode_all(&vec![0; 2 << 20][..], 1).unwrap();
    let refusal = fixture.receiver.otlp_body(HttpBody { content_encoding: Some("zstd"), bytes: &bomb, ..json("") }).unwrap_err();
    assert_eq!(refusal.status, 413);
    let unknown = HttpBody { content_encoding: Some("br"), ..json("{}") };
    assert_eq!(fixture.receiver.otlp_body(unknown).unwrap_err().message, "Content-Encoding \"br\" not supported");
    let unknown = HttpBody { content_type: Some("text/plain"), ..json("{}") };
    assert_eq!(fixture.receiver.otlp_body(unknown).unwrap_err().status, 415);
}

#[test]
fn stores_push_back() {
    let fixture = fixture(TraceLimits::default());
    let text = one_span(r#""name":"a""#);
    for (answer, status, retry) in [
        (WriteError::Busy("full".into()), 503, true),
        (WriteError::DiskFull("no space".into()), 503, true),
        (WriteError::Storage("broken".into()), 500, false),
    ] {
        *fixture.store.answer.lock() = Err(answer);
        let refusal = fixture.receiver.otlp_body(json(&text)).unwrap_err();
        assert_eq!((refusal.status, refusal.retry_after_seconds.is_some()), (status, retry));
    }
    *fixture.store.answer.lock() = Ok(TraceWriteOutcome { stored: 0, too_old: 1 });
    let answer = fixture.receiver.otlp_body(json(&text)).unwrap();
    assert_eq!(
        String::from_utf8(answer.bytes).unwrap(),
        r#"{"partialSuccess":{"rejectedSpans":"1","errorMessage":"1 span is older than the retention of traces"}}"#
    );
    assert!(fixture.metric("phoenix_traces_requests_refused_total{reason=\"busy\"} 1"));
    assert!(fixture.metric("phoenix_traces_discarded_spans_total{reason=\"older_than_retention\"} 1"));
}

#[test]
fn rates_are_limited_over_all_protocols() {
    let text = one_span(r#""name":"a""#);
    let bytes = text.len() as u64;
    let fixture = fixture(TraceLimits { rate_limit_bytes: bytes / 10, burst_size_bytes: 2 * bytes, ..TraceLimits::default() });
    assert!(fixture.receiver.otlp_body(json(&text)).is_ok());
    assert!(fixture.receiver.otlp_body(json(&text)).is_ok());
    let refusal = fixture.receiver.zipkin_body(body("application/json", b"[]")).map_err(|_| ());
    assert!(refusal.is_err(), "two bytes are more than nothing");
    let refusal = fixture.receiver.otlp_body(json(&text)).unwrap_err();
    assert_eq!((refusal.status, refusal.retry_after_seconds), (429, Some(5)));
    fixture.clock.advance(Duration::from_secs(11));
    assert!(fixture.receiver.otlp_body(json(&text)).is_ok());
}
