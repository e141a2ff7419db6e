use super::*;
use prost::Message;

#[test]
fn zipkin_spans() {
    let fixture = fixture(TraceLimits::default());
    for (span, want) in [
        (
            r#""traceId":"5982fe77008310cc80f1da5e10147517","parentId":"90394f6bcffb5d13","id":"67fae42571535f60","kind":"SERVER","name":"/m/n/2.6.1",
               "timestamp":1516781775726000,"duration":26000,"localEndpoint":{"serviceName":"api","ipv4":"10.0.0.1","port":80},
               "remoteEndpoint":{"serviceName":"apip","ipv6":"::1"},"tags":{"http.path":"/","code":201},"annotations":[{"timestamp":1516781775726001,"value":"ws"}]"#,
            "{service.name=\"api\"} 5982fe77008310cc80f1da5e10147517 67fae42571535f60 < 90394f6bcffb5d13 \"/m/n/2.6.1\" server \
             1516781775726000000+26000000 unset [http.path=\"/\" code=\"201\" net.host.ip=\"10.0.0.1\" net.host.port=80 \
             peer.service=\"apip\" net.peer.ip=\"::1\"]\n  @1516781775726001000 \"ws\" [] 0\n",
        ),
        // Ids of 64 bits, fewer digits, and a root that names itself.
        (
            r#""traceId":"80f1da5e10147517","id":"1","parentId":"1","timestamp":1"#,
            "{} 000000000000000080f1da5e10147517 0000000000000001 < root \"\" unspecified 1000+0 unset []\n",
        ),
        // Without a time: that of the first annotation, or now.
        (
            r#""traceId":"1","id":"2","annotations":[{"timestamp":9,"value":"b"},{"timestamp":5,"value":"a"}]"#,
            "{} 00000000000000000000000000000001 0000000000000002 < root \"\" unspecified 5000+0 unset [otel.zipkin.absentField.startTime=true]\n  \
             @9000 \"b\" [] 0\n  @5000 \"a\" [] 0\n",
        ),
        (
            r#""traceId":"1","id":"2","duration":3"#,
            "{} 00000000000000000000000000000001 0000000000000002 < root \"\" unspecified 1700000000000000000+3000 unset \
             [otel.zipkin.absentField.startTime=true]\n",
        ),
        (
            r#""traceId":"1","id":"2","timestamp":1,"tags":{"error":"true","span.kind":"internal"}"#,
            "{} 00000000000000000000000000000001 0000000000000002 < root \"\" internal 1000+0 error []\n",
        ),
        (
            r#""traceId":"1","id":"2","timestamp":1,"tags":{"error":"timed out"}"#,
            "{} 00000000000000000000000000000001 0000000000000002 < root \"\" unspecified 1000+0 error [error=\"timed out\"]\n",
        ),
        (
            r#""traceId":"1","id":"2","timestamp":1,"tags":{"otel.status_code":"ERROR","otel.status_description":"no","w3c.tracestate":"a=b",
               "otel.scope.name":"lib","otel.scope.version":"1","k8s.pod.name":"p"},"localEndpoint":{"serviceName":"s"}"#,
            "{service.name=\"s\" k8s.pod.name=\"p\"} lib@1(  0) 00000000000000000000000000000001 0000000000000002 < root \"\" unspecified 1000+0 error:\"no\" \
             state=a=b []\n",
        ),
    ] {
        let text = format!("[{{{span}}}]");
        let accepted =
            fixture.receiver.zipkin_body(body("application/json", text.as_bytes())).unwrap_or_else(|e| panic!("{span}: {}", e.message));
        assert_eq!((accepted, fixture.shown()), (Accepted::default(), want.to_owned()), "{span}");
    }
    let mixed = br#"[{"traceId":"1","id":"2","timestamp":1,"name":"good"},{"traceId":"zz","id":"2","name":"bad"},{"traceId":"1","id":"12345678901234567"}]"#;
    let accepted = fixture.receiver.zipkin_body(body("application/json", mixed)).unwrap();
    assert_eq!(accepted.rejected, 2);
    assert!(accepted.message.starts_with("1 span has a trace id that is not"), "{}", accepted.message);
    assert_eq!(fixture.store.take(), ["/good"]);
    let refusal = fixture.receiver.zipkin_body(body("application/json", b"{}")).unwrap_err();
    assert_eq!((refusal.status, refusal.message.as_str()), (400, "the body can't be read: expected a list, found '{' at byte 0"));
    assert_eq!(fixture.receiver.zipkin_body(body("text/html", b"[]")).unwrap_err().status, 415);
}

mod zipkin {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct ListOfSpans {
        #[prost(message, repeated, tag = "1")]
        pub spans: Vec<Span>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Span {
        #[prost(bytes = "vec", tag = "1")]
        pub trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "3")]
        pub id: Vec<u8>,
        #[prost(int32, tag = "4")]
        pub kind: i32,
        #[prost(string, tag = "5")]
        pub name: String,
        #[prost(fixed64, tag = "6")]
        pub timestamp: u64,
        #[prost(uint64, tag = "7")]
        pub duration: u64,
        #[prost(map = "string, string", tag = "11")]
        pub tags: std::collections::HashMap<String, String>,
    }
}

#[test]
fn zipkin_protobuf() {
    let fixture = fixture(TraceLimits::default());
    let span = zipkin::Span {
        trace_id: vec![1; 16],
        id: vec![2; 8],
        kind: 1,
        name: "get".into(),
        timestamp: 7,
        duration: 8,
        tags: [("a".to_owned(), "b".to_owned())].into(),
    };
    let bytes = zipkin::ListOfSpans { spans: vec![span] }.encode_to_vec();
    fixture.receiver.zipkin_body(body("application/x-protobuf", &bytes)).unwrap();
    assert_eq!(fixture.shown(), "{} 01010101010101010101010101010101 0202020202020202 < root \"get\" client 7000+8000 unset [a=\"b\"]\n");
}

/// Jaeger's messages as prost writes them.
#[expect(clippy::struct_field_names, reason = "the names of the definition")]
pub(super) mod jaeger {
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct PostSpansRequest {
        #[prost(message, optional, tag = "1")]
        pub batch: Option<Batch>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Batch {
        #[prost(message, repeated, tag = "1")]
        pub spans: Vec<Span>,
        #[prost(message, optional, tag = "2")]
        pub process: Option<Process>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Process {
        #[prost(string, tag = "1")]
        pub service_name: String,
        #[prost(message, repeated, tag = "2")]
        pub tags: Vec<KeyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Span {
        #[prost(bytes = "vec", tag = "1")]
        pub trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub span_id: Vec<u8>,
        #[prost(string, tag = "3")]
        pub operation_name: String,
        #[prost(message, repeated, tag = "4")]
        pub references: Vec<SpanRef>,
        #[prost(message, optional, tag = "6")]
        pub start_time: Option<Time>,
        #[prost(message, optional, tag = "7")]
        pub duration: Option<Time>,
        #[prost(message, repeated, tag = "8")]
        pub tags: Vec<KeyValue>,
        #[prost(message, repeated, tag = "9")]
        pub logs: Vec<Log>,
        #[prost(message, optional, tag = "10")]
        pub process: Option<Process>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct SpanRef {
        #[prost(bytes = "vec", tag = "1")]
        pub trace_id: Vec<u8>,
        #[prost(bytes = "vec", tag = "2")]
        pub span_id: Vec<u8>,
        #[prost(int32, tag = "3")]
        pub ref_type: i32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Time {
        #[prost(int64, tag = "1")]
        pub seconds: i64,
        #[prost(int32, tag = "2")]
        pub nanos: i32,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct Log {
        #[prost(message, optional, tag = "1")]
        pub timestamp: Option<Time>,
        #[prost(message, repeated, tag = "2")]
        pub fields: Vec<KeyValue>,
    }
    #[derive(Clone, PartialEq, prost::Message)]
    pub struct KeyValue {
        #[prost(string, tag = "1")]
        pub key: String,
        #[prost(int32, tag = "2")]
        pub v_type: i32,
        #[prost(string, tag = "3")]
        pub v_str: String,
        #[prost(bool, tag = "4")]
        pub v_bool: bool,
        #[prost(int64, tag = "5")]
        pub v_int64: i64,
        #[prost(double, tag = "6")]
        pub v_float64: f64,
        #[prost(bytes = "vec", tag = "7")]
        pub v_binary: Vec<u8>,
    }
}

fn text(key: &str, value: &str) -> jaeger::KeyValue {
    jaeger::KeyValue { key: key.into(), v_str: value.into(), ..jaeger::KeyValue::default() }
}

fn int(key: &str, value: i64) -> jaeger::KeyValue {
    jaeger::KeyValue { key: key.into(), v_type: 2, v_int64: value, ..jaeger::KeyValue::default() }
}

fn truth(key: &str, value: bool) -> jaeger::KeyValue {
    jaeger::KeyValue { key: key.into(), v_type: 1, v_bool: value, ..jaeger::KeyValue::default() }
}

fn jaeger_span(tags: Vec<jaeger::KeyValue>) -> jaeger::Span {
    jaeger::Span { trace_id: vec![1; 16], span_id: vec![2; 8], tags, ..jaeger::Span::default() }
}

/// A batch as Thrift's binary protocol has it, of the same messages.
pub(super) fn thrift(batch: &jaeger::Batch) -> Vec<u8> {
    fn head(kind: u8, number: i16, out: &mut Vec<u8>) {
        out.push(kind);
        out.extend(number.to_be_bytes());
    }
    fn words(number: i16, bytes: &[u8], out: &mut Vec<u8>) {
        head(11, number, out);
        out.extend((bytes.len() as i32).to_be_bytes());
        out.extend(bytes);
    }
    fn long(number: i16, value: i64, out: &mut Vec<u8>) {
        head(10, number, out);
        out.extend(value.to_be_bytes());
    }
    fn enumeration(number: i16, value: i32, out: &mut Vec<u8>) {
        head(8, number, out);
        out.extend(value.to_be_bytes());
    }
    fn list<T>(number: i16, items: &[T], out: &mut Vec<u8>, put: impl Fn(&T, &mut Vec<u8>)) {
        head(15, number, out);
        out.push(12);
        out.extend((items.len() as i32).to_be_bytes());
        for item in items {
            put(item, out);
            out.push(0);
        }
    }
    fn tag(tag: &jaeger::KeyValue, out: &mut Vec<u8>) {
        words(1, tag.key.as_bytes(), out);
        enumeration(2, [0, 2, 3, 1, 4][tag.v_type as usize], out);
        match tag.v_type {
            0 => words(3, tag.v_str.as_bytes(), out),
            1 => {
                head(2, 5, out);
                out.push(u8::from(tag.v_bool));
            }
            2 => long(6, tag.v_int64, out),
            3 => {
                head(4, 4, out);
                out.extend(tag.v_float64.to_be_bytes());
            }
            _ => words(7, &tag.v_binary, out),
        }
    }
    let micros = |time: &Option<jaeger::Time>| time.as_ref().map_or(0, |time| time.seconds * 1_000_000 + i64::from(time.nanos) / 1000);
    let id = |bytes: &[u8]| i64::from_be_bytes(bytes.try_into().unwrap());
    let mut out = Vec::new();
    // Behind the spans, as some clients do.
    list(2, &batch.spans, &mut out, |span, out| {
        long(1, id(&span.trace_id[8..]), out);
        long(2, id(&span.trace_id[..8]), out);
        long(3, id(&span.span_id), out);
        long(4, 0, out);
        words(5, span.operation_name.as_bytes(), out);
        list(6, &span.references, out, |reference, out| {
            enumeration(1, reference.ref_type, out);
            long(2, id(&reference.trace_id[8..]), out);
            long(3, id(&reference.trace_id[..8]), out);
            long(4, id(&reference.span_id), out);
        });
        enumeration(7, 1, out);
        long(8, micros(&span.start_time), out);
        long(9, micros(&span.duration), out);
        list(10, &span.tags, out, tag);
        list(11, &span.logs, out, |log, out| {
            long(1, micros(&log.timestamp), out);
            list(2, &log.fields, out, tag);
        });
    });
    head(12, 1, &mut out);
    let process = batch.process.clone().unwrap_or_default();
    words(1, process.service_name.as_bytes(), &mut out);
    list(2, &process.tags, &mut out, tag);
    out.push(0);
    // A field that nobody knows.
    head(13, 9, &mut out);
    out.extend([11, 8, 0, 0, 0, 1, 0, 0, 0, 1, b'k', 0, 0, 0, 7]);
    out.push(0);
    out
}

/// The span of most tests, with a parent, another reference, a log and each type of tag.
pub(super) fn full_batch() -> jaeger::Batch {
    let reference = |trace: u8, span: u8, ref_type| jaeger::SpanRef { trace_id: vec![trace; 16], span_id: vec![span; 8], ref_type };
    let span = jaeger::Span {
        operation_name: "get".into(),
        references: vec![reference(1, 9, 1), reference(1, 3, 0), reference(4, 5, 0)],
        start_time: Some(jaeger::Time { seconds: 1_700_000_000, nanos: 5_000 }),
        duration: Some(jaeger::Time { seconds: 1, nanos: 1_000 }),
        logs: vec![jaeger::Log {
            timestamp: Some(jaeger::Time { seconds: 1_700_000_000, nanos: 6_000 }),
            fields: vec![text("event", "retry"), int("number", 2)],
        }],
        ..jaeger_span(vec![
            text("span.kind", "client"),
            text("otel.scope.name", "lib"),
            text("otel.scope.version", "2"),
            text("w3c.tracestate", "a=b"),
            int("n", -7),
            truth("t", true),
            jaeger::KeyValue { key: "f".into(), v_type: 3, v_float64: 0.5, ..jaeger::KeyValue::default() },
            jaeger::KeyValue { key: "y".into(), v_type: 4, v_binary: vec![1, 2], ..jaeger::KeyValue::default() },
        ])
    };
    let process =
        jaeger::Process { service_name: "shop".into(), tags: vec![text("hostname", "h"), text("jaeger.version", "Go-2"), int("pid", 4)] };
    jaeger::Batch { spans: vec![span], process: Some(process) }
}

#[test]
fn jaeger_in_both_encodings() {
    let fixture = fixture(TraceLimits::default());
    let want = "{service.name=\"shop\" host.name=\"h\" pid=4 opencensus.exporterversion=\"Jaeger-Go-2\"} lib@2(  0) \
                01010101010101010101010101010101 0202020202020202 < 0303030303030303 \"get\" client 1700000000000005000+1000001000 unset \
                state=a=b [n=-7 t=true f=0.5 y=\"AQI=\"]\n  @1700000000000006000 \"retry\" [number=2] 0\n  \
                ~01010101010101010101010101010101 0909090909090909  0 [opentracing.ref_type=\"follows_from\"] 0\n  \
                ~04040404040404040404040404040404 0505050505050505  0 [opentracing.ref_type=\"child_of\"] 0\n";
    let batch = full_batch();
    fixture.receiver.jaeger_body(body("application/x-thrift", &thrift(&batch))).unwrap();
    assert_eq!(fixture.shown(), want);
    fixture.receiver.jaeger_message(&jaeger::PostSpansRequest { batch: Some(batch) }.encode_to_vec()).unwrap();
    assert_eq!(fixture.shown(), want);
}

#[test]
fn jaeger_says_how_spans_ended_in_tags() {
    let fixture = fixture(TraceLimits::default());
    for (tags, want) in [
        (vec![truth("error", true)], "unspecified 0+0 error []"),
        (vec![truth("error", true), text("otel.status_description", "no")], "unspecified 0+0 error:\"no\" []"),
        (vec![truth("error", false)], "unspecified 0+0 unset [error=false]"),
        (vec![text("error", "true")], "unspecified 0+0 unset [error=\"true\"]"),
        (vec![text("otel.status_code", "ok")], "unspecified 0+0 ok []"),
        (vec![text("otel.status_code", "ERROR"), text("otel.status_description", "no")], "unspecified 0+0 error:\"no\" []"),
        (
            vec![int("http.status_code", 503), text("http.status_message", "busy")],
            "unspecified 0+0 error:\"busy\" [http.status_code=503 http.status_message=\"busy\"]",
        ),
        (vec![text("http.status_code", "404"), text("span.kind", "server")], "server 0+0 unset [http.status_code=\"404\"]"),
        (vec![int("http.status_code", 404), text("span.kind", "client")], "client 0+0 error [http.status_code=404]"),
        (vec![int("http.status_code", 200)], "unspecified 0+0 unset [http.status_code=200]"),
    ] {
        let batch = jaeger::Batch { spans: vec![jaeger_span(tags.clone())], process: None };
        fixture.receiver.jaeger_message(&jaeger::PostSpansRequest { batch: Some(batch) }.encode_to_vec()).unwrap();
        let span = "{} 01010101010101010101010101010101 0202020202020202 < root \"\"";
        assert_eq!(fixture.shown(), format!("{span} {want}\n"), "{tags:?}");
    }
}

#[test]
fn jaeger_ids_of_64_bits_and_processes_of_spans() {
    let fixture = fixture(TraceLimits::default());
    let process = jaeger::Process { service_name: "own".into(), tags: vec![] };
    let span = jaeger::Span { trace_id: vec![7; 8], process: Some(process), ..jaeger_span(vec![]) };
    let bad = jaeger::Span { trace_id: vec![0; 16], operation_name: "zero".into(), ..jaeger_span(vec![]) };
    let batch = jaeger::Batch { spans: vec![span, bad], process: None };
    let accepted = fixture.receiver.jaeger_message(&jaeger::PostSpansRequest { batch: Some(batch) }.encode_to_vec()).unwrap();
    assert_eq!(accepted.rejected, 1);
    assert_eq!(
        fixture.shown(),
        "{service.name=\"own\"} 00000000000000000707070707070707 0202020202020202 < root \"\" unspecified 0+0 unset []\n"
    );
}
