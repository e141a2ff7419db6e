//! Traces for tests of the whole program: spans in every protocol, calls over gRPC, and what searches find.

use super::{Server, request};
use opentelemetry_proto::tonic::collector::trace::v1::{ExportTraceServiceRequest, ExportTraceServiceResponse};
use opentelemetry_proto::tonic::common::v1::any_value::Value as Any;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use prost::Message;
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

#[allow(unused_imports, reason = "each test uses a part of it")]
pub use super::logs::{configure, metric, now_ns, query_string};

/// The path of OTLP over HTTP.
pub const OTLP: &str = "/v1/traces";
pub const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");
pub const JSON: (&str, &str) = ("Content-Type", "application/json");

pub const MS_NS: i64 = 1_000_000;
pub const SECOND_NS: i64 = 1_000 * MS_NS;

/// Kinds as OTLP numbers them.
pub const INTERNAL: i32 = 1;
pub const SERVER: i32 = 2;
pub const CLIENT: i32 = 3;

/// A span as a test thinks of it.
#[derive(Debug, Clone)]
pub struct Made {
    pub trace: u128,
    pub id: u64,
    /// 0 for a root.
    pub parent: u64,
    pub service: String,
    pub name: String,
    pub kind: i32,
    pub start_ns: i64,
    pub duration_ns: i64,
    pub error: bool,
    pub attributes: Vec<(String, Value)>,
    pub state: String,
}

/// A root that began a second ago and took 100 ms.
pub fn root(trace: u128, service: &str, name: &str) -> Made {
    Made {
        trace,
        id: 1,
        parent: 0,
        service: service.to_owned(),
        name: name.to_owned(),
        kind: SERVER,
        start_ns: now_ns() - SECOND_NS,
        duration_ns: 100 * MS_NS,
        error: false,
        attributes: Vec::new(),
        state: String::new(),
    }
}

impl Made {
    /// A span below this one, within its time.
    pub fn child(&self, id: u64, service: &str, name: &str) -> Self {
        let (start_ns, duration_ns) = (self.start_ns + MS_NS, self.duration_ns / 2);
        let mut child = root(self.trace, service, name);
        (child.id, child.parent, child.kind, child.start_ns, child.duration_ns) = (id, self.id, INTERNAL, start_ns, duration_ns);
        child
    }

    pub fn of_kind(mut self, kind: i32) -> Self {
        self.kind = kind;
        self
    }

    pub fn failed(mut self) -> Self {
        self.error = true;
        self
    }

    pub fn at(mut self, start_ns: i64, duration_ns: i64) -> Self {
        (self.start_ns, self.duration_ns) = (start_ns, duration_ns);
        self
    }

    /// With an attribute.
    pub fn with(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.attributes.push((key.to_owned(), value.into()));
        self
    }

    fn otlp(&self) -> Span {
        Span {
            trace_id: self.trace.to_be_bytes().to_vec(),
            span_id: self.id.to_be_bytes().to_vec(),
            parent_span_id: if self.parent == 0 { Vec::new() } else { self.parent.to_be_bytes().to_vec() },
            trace_state: self.state.clone(),
            name: self.name.clone(),
            kind: self.kind,
            start_time_unix_nano: self.start_ns as u64,
            end_time_unix_nano: (self.start_ns + self.duration_ns) as u64,
            attributes: self.attributes.iter().map(|(key, value)| key_value(key, value)).collect(),
            status: self.error.then(|| Status { code: 2, message: "it broke".to_owned() }),
            ..Span::default()
        }
    }
}

fn key_value(key: &str, value: &Value) -> KeyValue {
    let any = match value {
        Value::String(text) => Any::StringValue(text.clone()),
        Value::Bool(is) => Any::BoolValue(*is),
        Value::Number(n) if n.is_i64() => Any::IntValue(n.as_i64().expect("it is one")),
        other => Any::DoubleValue(other.as_f64().expect("attributes of tests are texts, truths and numbers")),
    };
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(any) }), ..KeyValue::default() }
}

/// A request of OTLP; neighbours of one service share a resource.
pub fn otlp(spans: &[Made]) -> ExportTraceServiceRequest {
    let resource_spans = spans.chunk_by(|a, b| a.service == b.service).map(|of_one| ResourceSpans {
        resource: Some(Resource {
            attributes: vec![key_value("service.name", &json!(of_one[0].service)), key_value("service.version", &json!("3.1"))],
            ..Resource::default()
        }),
        scope_spans: vec![ScopeSpans {
            scope: Some(InstrumentationScope { name: "tests".to_owned(), version: "1.2".to_owned(), ..InstrumentationScope::default() }),
            spans: of_one.iter().map(Made::otlp).collect(),
            ..ScopeSpans::default()
        }],
        ..ResourceSpans::default()
    });
    ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
}

/// Pushes as OTLP in protobuf; all spans have to be taken.
pub fn push(address: SocketAddr, spans: &[Made]) {
    let (status, body) = send(address, "POST", OTLP, &[PROTOBUF], &otlp(spans).encode_to_vec());
    assert_eq!(status, 200, "{}", String::from_utf8_lossy(&body));
    let answer = ExportTraceServiceResponse::decode(body.as_slice()).expect("OTLP's answer");
    assert!(answer.partial_success.is_none_or(|part| part.rejected_spans == 0 && part.error_message.is_empty()));
}

/// One HTTP request; the status and the bytes of the body.
pub fn send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, Vec<u8>) {
    try_send(address, method, path, headers, body).expect("an answer")
}

/// The same to a process that may die meanwhile. HTTP/1.0, so that the body is not chunked.
pub fn try_send(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Option<(u16, Vec<u8>)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_mins(1))).ok()?;
    let mut head = format!("{method} {path} HTTP/1.0\r\nHost: {address}\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    // A server that refuses a long body may not read it to its end.
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body));
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")?;
    let status = std::str::from_utf8(&answer[..end]).ok()?.split(' ').nth(1)?.parse().ok()?;
    Some((status, answer.split_off(end + 4)))
}

/// GET of JSON from a path of Tempo's API; fails when it is no success.
pub fn ask(server: &Server, path: &str, pairs: &[(&str, &str)]) -> Value {
    let (status, body) = server.get(&format!("{path}?{}", query_string(pairs)));
    assert_eq!(status, 200, "{path} {pairs:?}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path} answered no JSON ({e}): {body}"))
}

/// The ids of the traces that a search finds, in its order.
pub fn found(server: &Server, query: &str) -> Vec<u128> {
    let answer = ask(server, "/api/search", &[("q", query), ("limit", "100000")]);
    ids(&answer)
}

/// The ids in a search's answer; zeros at their beginning are left out.
pub fn ids(answer: &Value) -> Vec<u128> {
    let traces = answer["traces"].as_array().expect("traces").iter();
    traces.map(|trace| u128::from_str_radix(trace["traceID"].as_str().expect("an id"), 16).expect("hexadecimal")).collect()
}

/// A trace by its id; `None` where there is none.
pub fn trace(server: &Server, id: u128) -> Option<Value> {
    let (status, body) = server.get(&format!("/api/traces/{id:032x}"));
    match status {
        200 => Some(serde_json::from_str(&body).expect("JSON")),
        404 => None,
        other => panic!("{other}: {body}"),
    }
}

/// The spans of a trace, whose resources stand below `key`.
pub fn spans_of(trace: &Value, key: &str) -> Vec<Value> {
    let resources = trace[key].as_array().unwrap_or_else(|| panic!("{key}: {trace}")).iter();
    let scopes = resources.flat_map(|resource| resource["scopeSpans"].as_array().expect("scopes"));
    scopes.flat_map(|scope| scope["spans"].as_array().expect("spans").clone()).collect()
}

/// The number that `{ … } | count_over_time()` gives over all of the last hour, summed over its series.
pub fn counted(server: &Server, query: &str) -> f64 {
    let answer = ask(server, "/api/metrics/query", &[("q", query), ("since", "1h")]);
    answer["series"].as_array().map_or(0.0, |series| series.iter().map(|one| one["value"].as_f64().unwrap_or_default()).sum())
}

/// The series of one of Phoenix' own metrics: their labels as `/metrics` writes them, and their values.
pub fn metrics(server: &Server, name: &str) -> Vec<(String, f64)> {
    let (_, text) = server.get("/metrics");
    let one = |line: &str| {
        let (labels, value) = line.strip_prefix(name)?.strip_prefix('{')?.rsplit_once("} ")?;
        Some((labels.to_owned(), value.parse().ok()?))
    };
    text.lines().filter_map(one).collect()
}

/// Calls a method over HTTP/2 as gRPC's clients do: the code if the answer told one at its beginning, and the messages.
pub fn grpc(address: SocketAddr, method: &str, message: &[u8]) -> (Option<String>, Vec<Vec<u8>>) {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let framed = [&[0][..], &(message.len() as u32).to_be_bytes(), message].concat();
    let (code, mut body) = runtime.block_on(async {
        let client = reqwest::Client::builder().http2_prior_knowledge().build().expect("a client");
        let call = client.post(format!("http://{address}/{method}")).header("content-type", "application/grpc").header("te", "trailers");
        let answer = call.body(framed).send().await.expect("an answer");
        assert_eq!(answer.status(), 200, "{method}");
        let code = answer.headers().get("grpc-status").map(|code| code.to_str().expect("text").to_owned());
        (code, answer.bytes().await.expect("the answer ends").to_vec())
    });
    let mut messages = Vec::new();
    while !body.is_empty() {
        assert_eq!(body[0], 0, "not compressed");
        let length = u32::from_be_bytes(body[1..5].try_into().expect("four bytes")) as usize;
        messages.push(body[5..5 + length].to_vec());
        body.drain(..5 + length);
    }
    (code, messages)
}

/// Spans as Zipkin's clients send them, in JSON.
pub fn zipkin(spans: &[Made]) -> String {
    let one = |made: &Made| {
        let mut span = json!({
            "traceId": format!("{:032x}", made.trace),
            "id": format!("{:016x}", made.id),
            "name": made.name,
            "timestamp": made.start_ns / 1_000,
            "duration": made.duration_ns / 1_000,
            "localEndpoint": {"serviceName": made.service, "ipv4": "127.0.0.1"},
            "tags": made.attributes.iter().map(|(key, value)| (key.clone(), value.clone())).collect::<serde_json::Map<_, _>>(),
        });
        if made.parent != 0 {
            span["parentId"] = json!(format!("{:016x}", made.parent));
        }
        match made.kind {
            SERVER => span["kind"] = json!("SERVER"),
            CLIENT => span["kind"] = json!("CLIENT"),
            _ => {}
        }
        span
    };
    Value::Array(spans.iter().map(one).collect()).to_string()
}

/// A batch of one service as Jaeger's clients send it, in Thrift's binary protocol.
pub fn jaeger(service: &str, spans: &[Made]) -> Vec<u8> {
    let field = |out: &mut Vec<u8>, kind: u8, number: i16| {
        out.push(kind);
        out.extend(number.to_be_bytes());
    };
    let text = |out: &mut Vec<u8>, text: &str| {
        out.extend((text.len() as i32).to_be_bytes());
        out.extend(text.as_bytes());
    };
    let mut out = Vec::new();
    field(&mut out, 12, 1);
    field(&mut out, 11, 1);
    text(&mut out, service);
    out.push(0);
    field(&mut out, 15, 2);
    out.push(12);
    out.extend((spans.len() as i32).to_be_bytes());
    for made in spans {
        let longs = [made.trace as u64, (made.trace >> 64) as u64, made.id, made.parent];
        for (number, long) in (1_i16..).zip(longs) {
            field(&mut out, 10, number);
            out.extend(long.to_be_bytes());
        }
        field(&mut out, 11, 5);
        text(&mut out, &made.name);
        field(&mut out, 8, 7);
        out.extend(1_i32.to_be_bytes());
        for (number, ns) in [(8, made.start_ns), (9, made.duration_ns)] {
            field(&mut out, 10, number);
            out.extend((ns / 1_000).to_be_bytes());
        }
        let tags: Vec<_> = made.attributes.iter().filter_map(|(key, value)| Some((key, value.as_str()?))).collect();
        field(&mut out, 15, 10);
        out.push(12);
        out.extend((tags.len() as i32).to_be_bytes());
        for (key, value) in tags {
            field(&mut out, 11, 1);
            text(&mut out, key);
            field(&mut out, 8, 2);
            out.extend(0_i32.to_be_bytes());
            field(&mut out, 11, 3);
            text(&mut out, value);
            out.push(0);
        }
        out.push(0);
    }
    out.push(0);
    out
}

/// A request whose answer is text.
pub fn text(address: SocketAddr, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    request(address, "POST", path, headers, body)
}
