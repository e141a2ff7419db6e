use super::foreign::{full_batch, jaeger, thrift};
use super::*;
use proptest::prelude::*;
use prost::Message;

/// Bodies of each protocol with what takes them.
fn bodies() -> Vec<(&'static str, Vec<u8>)> {
    let otlp = one_span(
        r#""name":"a","attributes":[{"key":"k","value":{"arrayValue":{"values":[{"intValue":"1"}]}}}],"events":[{"name":"e"}],"links":[{}]"#,
    );
    let zipkin = r#"[{"traceId":"1","id":"2","timestamp":1,"tags":{"a":"b"},"localEndpoint":{"ipv4":"1.2.3.4"}}]"#;
    vec![
        ("otlp", super::super::json::to_wire(&otlp, &super::super::json::OTLP).unwrap()),
        ("otlp json", otlp.into_bytes()),
        ("zipkin", super::super::json::list_to_wire(zipkin, &super::super::json::ZIPKIN).unwrap()),
        ("zipkin json", zipkin.as_bytes().to_vec()),
        ("thrift", thrift(&full_batch())),
        ("jaeger", jaeger::PostSpansRequest { batch: Some(full_batch()) }.encode_to_vec()),
    ]
}

fn take(receiver: &TraceReceiver, protocol: &str, bytes: &[u8]) -> Result<(), Refusal> {
    match protocol {
        "otlp" => receiver.otlp_message(bytes).map(|_| ()),
        "otlp json" => receiver.otlp_body(HttpBody { content_type: Some("application/json"), content_encoding: None, bytes }).map(|_| ()),
        "zipkin" => receiver.zipkin_body(body("application/x-protobuf", bytes)).map(|_| ()),
        "zipkin json" => receiver.zipkin_body(body("application/json", bytes)).map(|_| ()),
        "thrift" => receiver.jaeger_body(body("application/x-thrift", bytes)).map(|_| ()),
        _ => receiver.jaeger_message(bytes).map(|_| ()),
    }
}

#[test]
fn bodies_that_end_too_early_are_refused_or_have_less() {
    let fixture = fixture(TraceLimits { rate_limit_bytes: 0, ..TraceLimits::default() });
    for (protocol, bytes) in bodies() {
        assert!(take(&fixture.receiver, protocol, &bytes).is_ok(), "{protocol}");
        let whole = fixture.shown();
        assert!(!whole.is_empty(), "{protocol}");
        for length in 0..bytes.len() {
            match take(&fixture.receiver, protocol, &bytes[..length]) {
                Err(refusal) => assert_eq!((refusal.status, refusal.retry_after_seconds), (400, None), "{protocol} {length}"),
                // The wire format of protobuf may end between two fields of the outermost message.
                Ok(()) => assert!(length == 0 || fixture.shown().len() < whole.len(), "{protocol} {length}"),
            }
        }
    }
}

#[test]
fn lengths_that_lie_are_refused() {
    let fixture = fixture(TraceLimits::default());
    for (protocol, bytes, want) in [
        ("otlp", &b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\x7f"[..], "a field ends behind its message"),
        ("otlp", b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "a number has more than ten bytes"),
        ("otlp", b"\x0f", "a field has wire type 7"),
        ("otlp", b"\x00\x00", "a field has number 0"),
        ("thrift", b"\x0f\x00\x02\x0c\x7f\xff\xff\xff", "the batch ends too early"),
        ("thrift", b"\x0f\x00\x02\x0c\xff\xff\xff\xff", "a length is -1"),
        ("thrift", b"\x0f\x00\x09\x02\x7f\xff\xff\xff", "the batch ends too early"),
        ("thrift", b"\x63\x00\x09", "a value has the unknown type 99"),
    ] {
        let refusal = take(&fixture.receiver, protocol, bytes).unwrap_err();
        assert!(refusal.message.ends_with(want), "{protocol} {bytes:?}: {}", refusal.message);
    }
}

#[test]
fn deep_values_are_refused_or_flat() {
    let fixture = fixture(TraceLimits::default());
    // Lists in Thrift, one within the other, in a field that nobody reads.
    let mut nested = b"\x0f\x00\x09".to_vec();
    for _ in 0..50_000 {
        nested.extend(b"\x0f\x00\x00\x00\x01");
    }
    let refusal = take(&fixture.receiver, "thrift", &nested).unwrap_err();
    assert!(refusal.message.ends_with("values are nested deeper than 32 levels"), "{}", refusal.message);
    // Values in protobuf.
    let mut value = Vec::new();
    for _ in 0..3_000 {
        let mut array = vec![0x0a];
        put_varint(value.len(), &mut array);
        array.extend(&value);
        value = vec![0x2a];
        put_varint(array.len(), &mut value);
        value.extend(array);
    }
    let mut bytes = value;
    // KeyValue.value, Span.attributes, ScopeSpans.spans, ResourceSpans.scope_spans, the request.
    for field in [2_u8, 9, 2, 2, 1] {
        let mut outer = if field == 9 {
            [&[0x0a, 16][..], &[1; 16], &[0x12, 8], &[2; 8]].concat()
        } else if field == 2 && bytes.first() == Some(&0x2a) {
            vec![0x0a, 1, b'k']
        } else {
            Vec::new()
        };
        outer.push(field << 3 | 2);
        put_varint(bytes.len(), &mut outer);
        outer.extend(bytes);
        bytes = outer;
    }
    let refusal = take(&fixture.receiver, "otlp", &bytes).unwrap_err();
    assert!(refusal.message.ends_with("the value of an attribute is nested deeper than 64 levels"), "{}", refusal.message);
}

fn put_varint(mut number: usize, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

proptest! {
    #[test]
    fn damaged_bodies_never_panic(which in 0_usize..6, at in any::<prop::sample::Index>(), byte in any::<u8>(), noise in prop::collection::vec(any::<u8>(), 0..40)) {
        let fixture = fixture(TraceLimits { rate_limit_bytes: 0, ..TraceLimits::default() });
        let (protocol, mut bytes) = bodies().swap_remove(which);
        let at = at.index(bytes.len());
        bytes[at] = byte;
        let _ = take(&fixture.receiver, protocol, &bytes);
        bytes.splice(at..at, noise.iter().copied());
        let _ = take(&fixture.receiver, protocol, &bytes);
        let _ = take(&fixture.receiver, protocol, &noise);
        // What was let through can be read back.
        let _ = fixture.shown();
    }
}
