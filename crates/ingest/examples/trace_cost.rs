//! What it costs to take in spans: CPU time a span to read a request of OTLP in protobuf, and to make metrics of
//! it. `cargo run --release -p phoenix-ingest --example trace_cost`; the request has 1,000 spans with twelve
//! attributes each, as an instrumented HTTP service sends them.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span::Event};
use phoenix_ingest::traces::replay::TraceReplay;
use prost::Message;

const SPANS: u64 = 1_000;
const ROUNDS: u32 = 300;

fn pair(key: &str, value: Value) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(value) }), key_strindex: 0 }
}

fn text(key: &str, value: &str) -> KeyValue {
    pair(key, Value::StringValue(value.to_owned()))
}

fn span(number: u64) -> Span {
    let start = 1_700_000_000_000_000_000 + number * 1_000_003;
    let event = Event {
        time_unix_nano: start,
        name: "exception".to_owned(),
        attributes: vec![text("exception.message", "connection reset by peer")],
        dropped_attributes_count: 0,
    };
    Span {
        trace_id: (u128::from(number / 8).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835) | 1).to_be_bytes().to_vec(),
        span_id: (number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).to_be_bytes().to_vec(),
        parent_span_id: if number.is_multiple_of(8) {
            vec![]
        } else {
            ((number - 1).wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1).to_be_bytes().to_vec()
        },
        name: format!("GET /api/items/{{id}}/{}", number % 20),
        kind: if number.is_multiple_of(2) { 2 } else { 3 },
        start_time_unix_nano: start,
        end_time_unix_nano: start + 2_000_000 + number % 1000 * 10_000,
        attributes: vec![
            text("http.request.method", "GET"),
            text("url.path", &format!("/api/items/{number}")),
            text("url.scheme", "https"),
            text("http.route", "/api/items/{id}"),
            pair("http.response.status_code", Value::IntValue(200)),
            text("server.address", "shop.example.com"),
            pair("server.port", Value::IntValue(443)),
            text("client.address", "203.0.113.7"),
            text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) Gecko/20100101 Firefox/128.0"),
            text("network.protocol.version", "1.1"),
            pair("thread.id", Value::IntValue(17)),
            text("thread.name", "http-nio-8080-exec-3"),
        ],
        events: if number.is_multiple_of(16) { vec![event] } else { vec![] },
        status: Some(Status { message: String::new(), code: i32::from(number.is_multiple_of(16)) * 2 }),
        flags: 257,
        ..Span::default()
    }
}

fn request() -> Vec<u8> {
    let resource = Resource {
        attributes: vec![
            text("service.name", "shop"),
            text("service.instance.id", "shop-5d8f7c"),
            text("k8s.pod.name", "shop-5d8f7c-x2x4z"),
            text("telemetry.sdk.language", "java"),
        ],
        ..Resource::default()
    };
    let scope =
        InstrumentationScope { name: "io.opentelemetry.tomcat".to_owned(), version: "2.9.0".to_owned(), ..InstrumentationScope::default() };
    let spans = (0..SPANS).map(span).collect();
    let scope_spans = vec![ScopeSpans { scope: Some(scope), spans, schema_url: String::new() }];
    ExportTraceServiceRequest { resource_spans: vec![ResourceSpans { resource: Some(resource), scope_spans, schema_url: String::new() }] }
        .encode_to_vec()
}

fn thread_cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

/// Nanoseconds of CPU a span.
fn cost(mut run: impl FnMut()) -> f64 {
    run();
    let began = thread_cpu_seconds();
    (0..ROUNDS).for_each(|_| run());
    (thread_cpu_seconds() - began) * 1e9 / f64::from(ROUNDS) / SPANS as f64
}

fn main() {
    let bytes = request();
    let replay = TraceReplay::default();
    println!("{SPANS} spans in {} bytes", bytes.len());
    println!("reading:              {:8.1} ns a span", cost(|| assert_eq!(replay.read(&bytes), Ok(SPANS as usize))));
    println!("reading with prost:   {:8.1} ns a span", cost(|| drop(ExportTraceServiceRequest::decode(&*bytes))));
    println!("reading and metrics:  {:8.1} ns a span", cost(|| assert_eq!(replay.read_and_measure(&bytes), Ok(SPANS as usize))));
    println!("record of a journal:  {:8.1} ns a span with reading", cost(|| assert!(replay.record(&bytes).is_ok_and(|length| length > 0))));
}
