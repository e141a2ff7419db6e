use super::*;
use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, InstrumentationScope, KeyValue, KeyValueList};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::span::{Event, Link};
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status};
use phoenix_model::traces::{AttributesBuilder, LinkRef, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId};
use proptest::prelude::*;
use prost::Message;

fn any_values() -> impl Strategy<Value = AnyValue> {
    let leaf = prop_oneof![
        "[a-zé\"\\\\\n]{0,8}".prop_map(Value::StringValue),
        any::<bool>().prop_map(Value::BoolValue),
        any::<i64>().prop_map(Value::IntValue),
        any::<i16>().prop_map(|number| Value::DoubleValue(f64::from(number) / 8.0)),
        prop::collection::vec(any::<u8>(), 0..5).prop_map(Value::BytesValue),
    ];
    let value = leaf.prop_recursive(3, 12, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(|values| {
                Value::ArrayValue(ArrayValue { values: values.into_iter().map(|value| AnyValue { value: Some(value) }).collect() })
            }),
            prop::collection::btree_map("[a-c]{1,2}", inner, 0..3).prop_map(|pairs| {
                let pair = |(key, value)| KeyValue { key, value: Some(AnyValue { value: Some(value) }), key_strindex: 0 };
                Value::KvlistValue(KeyValueList { values: pairs.into_iter().map(pair).collect() })
            }),
        ]
    });
    prop::option::weighted(0.95, value).prop_map(|value| AnyValue { value })
}

fn pairs() -> impl Strategy<Value = Vec<KeyValue>> {
    let pair = ("[a-d.]{0,3}", prop::option::weighted(0.95, any_values()));
    prop::collection::vec(pair.prop_map(|(key, value)| KeyValue { key, value, key_strindex: 0 }), 0..6)
}

fn ids(length: usize) -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        8 => prop::collection::vec(any::<u8>(), length..=length),
        1 => prop::collection::vec(any::<u8>(), 0..20),
        1 => Just(vec![0; length]),
    ]
}

fn spans() -> impl Strategy<Value = Span> {
    let event = (any::<u64>(), "[a-z]{0,4}", pairs(), 0_u32..3).prop_map(|(time_unix_nano, name, attributes, dropped)| Event {
        time_unix_nano,
        name,
        attributes,
        dropped_attributes_count: dropped,
    });
    let link = (prop::collection::vec(any::<u8>(), 16..=16), prop::collection::vec(any::<u8>(), 8..=8), "[a-z=]{0,4}", pairs(), 0_u32..300);
    let link = link.prop_map(|(trace_id, span_id, trace_state, attributes, number)| Link {
        trace_id,
        span_id,
        trace_state,
        attributes,
        dropped_attributes_count: number,
        flags: number,
    });
    let status = ("[a-z]{0,4}", 0..4).prop_map(|(message, code)| Status { message, code });
    let parts = (
        pairs(),
        prop::collection::vec(event, 0..3),
        prop::collection::vec(link, 0..3),
        prop::option::of(status),
        prop_oneof![ids(8), Just(vec![])],
        (any::<u64>(), 0_u64..1 << 40, -1..8, any::<u32>()),
    );
    (ids(16), ids(8), "[a-z=,]{0,5}", "[a-zé]{0,5}", parts).prop_map(|(trace_id, span_id, trace_state, name, parts)| {
        let (attributes, events, links, status, parent_span_id, (start, duration, kind, flags)) = parts;
        Span {
            trace_id,
            span_id,
            trace_state,
            parent_span_id,
            flags,
            name,
            kind,
            start_time_unix_nano: start,
            end_time_unix_nano: start.wrapping_add(duration),
            attributes,
            dropped_attributes_count: flags % 3,
            events,
            dropped_events_count: flags % 5,
            links,
            dropped_links_count: flags % 7,
            status,
        }
    })
}

fn requests() -> impl Strategy<Value = ExportTraceServiceRequest> {
    let scope = ("[a-z]{0,3}", "[0-9]{0,2}", pairs()).prop_map(|(name, version, attributes)| InstrumentationScope {
        name,
        version,
        attributes,
        dropped_attributes_count: 1,
    });
    let scope_spans = (prop::option::of(scope), prop::collection::vec(spans(), 0..4), "[a-z]{0,3}")
        .prop_map(|(scope, spans, schema_url)| ScopeSpans { scope, spans, schema_url });
    let resource = pairs().prop_map(|attributes| Resource { attributes, dropped_attributes_count: 2, entity_refs: vec![] });
    let resource_spans = (prop::option::of(resource), prop::collection::vec(scope_spans, 0..3), "[a-z]{0,3}")
        .prop_map(|(resource, scope_spans, schema_url)| ResourceSpans { resource, scope_spans, schema_url });
    prop::collection::vec(resource_spans, 0..3).prop_map(|resource_spans| ExportTraceServiceRequest { resource_spans })
}

/// A value within a map or a nested list, as JSON.
fn plain(value: Option<&AnyValue>) -> serde_json::Value {
    use base64_of_tests as base64;
    match value.and_then(|value| value.value.as_ref()) {
        None | Some(Value::StringValueStrindex(_)) => serde_json::Value::Null,
        Some(Value::StringValue(text)) => text.as_str().into(),
        Some(Value::BoolValue(value)) => (*value).into(),
        Some(Value::IntValue(number)) => (*number).into(),
        // JSON has one kind of number: a whole one has no fraction.
        Some(Value::DoubleValue(number)) if number.fract() == 0.0 => (*number as i64).into(),
        Some(Value::DoubleValue(number)) => (*number).into(),
        Some(Value::BytesValue(bytes)) => base64(bytes).into(),
        Some(Value::ArrayValue(array)) => array.values.iter().map(|value| plain(Some(value))).collect(),
        Some(Value::KvlistValue(list)) => {
            // Of a map that has a key twice, which nobody should send, this oracle knows nothing.
            let pairs: std::collections::BTreeMap<_, _> =
                list.values.iter().map(|pair| (pair.key.clone(), plain(pair.value.as_ref()))).collect();
            serde_json::Value::Object(pairs.into_iter().collect())
        }
    }
}

fn base64_of_tests(bytes: &[u8]) -> String {
    let bits: Vec<u8> = bytes.iter().flat_map(|byte| (0..8).rev().map(move |i| byte >> i & 1)).collect();
    let alphabet: Vec<char> = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['+', '/']).collect();
    let digit = |chunk: &[u8]| alphabet[(0..6).fold(0, |number, i| number << 1 | usize::from(chunk.get(i).copied().unwrap_or(0)))];
    let mut out: String = bits.chunks(6).map(digit).collect();
    while !out.len().is_multiple_of(4) {
        out.push('=');
    }
    out
}

fn expected_value(value: &AnyValue) -> Option<AttributeValue<'_>> {
    Some(match value.value.as_ref()? {
        Value::StringValue(text) => AttributeValue::Text(text.into()),
        Value::BoolValue(value) => AttributeValue::Bool(*value),
        Value::IntValue(number) => AttributeValue::Int(*number),
        Value::DoubleValue(number) => AttributeValue::Float(*number),
        Value::ArrayValue(array) => {
            let item = |item: &AnyValue| match &item.value {
                Some(Value::StringValue(text)) => Scalar::Text(text.clone().into()),
                Some(Value::BoolValue(value)) => Scalar::Bool(*value),
                Some(Value::IntValue(number)) => Scalar::Int(*number),
                Some(Value::DoubleValue(number)) => Scalar::Float(*number),
                Some(Value::BytesValue(bytes)) => Scalar::Text(base64_of_tests(bytes).into()),
                _ => Scalar::Text(plain(Some(item)).to_string().into()),
            };
            AttributeValue::Array(array.values.iter().map(item).collect())
        }
        Value::BytesValue(bytes) => AttributeValue::Text(base64_of_tests(bytes).into()),
        Value::KvlistValue(_) => AttributeValue::Text(plain(Some(value)).to_string().into()),
        Value::StringValueStrindex(_) => return None,
    })
}

fn expected_pairs(pairs: &[KeyValue], builder: &mut AttributesBuilder<'_>) {
    for pair in pairs {
        if let Some(value) = pair.value.as_ref().and_then(expected_value) {
            builder.push(&pair.key, &value);
        }
    }
}

/// The write of a request that prost has read.
fn expected(request: &ExportTraceServiceRequest) -> (TraceWrite, u64) {
    let (mut write, mut rejected) = (TraceWrite::default(), 0);
    for resource_spans in &request.resource_spans {
        let resource = resource_spans.resource.clone().unwrap_or_default();
        let number = write.add_resource(&resource_spans.schema_url, resource.dropped_attributes_count, |builder| {
            expected_pairs(&resource.attributes, builder);
        });
        for scope_spans in &resource_spans.scope_spans {
            let scope = scope_spans.scope.clone().unwrap_or_default();
            let dropped = scope.dropped_attributes_count;
            let scope = write.add_scope(&scope.name, &scope.version, &scope_spans.schema_url, dropped, |builder| {
                expected_pairs(&scope.attributes, builder);
            });
            for span in &scope_spans.spans {
                let trace_id = span.trace_id.as_slice().try_into().map(TraceId).ok().filter(|id| !id.is_zero());
                let span_id = span.span_id.as_slice().try_into().map(SpanId).ok().filter(|id| !id.is_none());
                let parent =
                    if span.parent_span_id.is_empty() { Ok(SpanId::NONE) } else { span.parent_span_id.as_slice().try_into().map(SpanId) };
                let (Some(trace_id), Some(span_id), Ok(parent_id)) = (trace_id, span_id, parent) else {
                    rejected += 1;
                    continue;
                };
                let status = span.status.clone().unwrap_or_default();
                let fixed = SpanRecord {
                    trace_id,
                    span_id,
                    parent_id,
                    start_ns: i64::try_from(span.start_time_unix_nano).unwrap_or(i64::MAX),
                    duration_ns: span.end_time_unix_nano.saturating_sub(span.start_time_unix_nano) as i64,
                    kind: SpanKind::from_number(span.kind),
                    status: SpanStatus::from_number(status.code),
                    flags: span.flags,
                    dropped: [span.dropped_attributes_count, span.dropped_events_count, span.dropped_links_count],
                };
                write.begin_span(number, scope, fixed, &span.name);
                write.set_status_message(&status.message);
                write.set_trace_state(&span.trace_state);
                write.set_attributes(|builder| expected_pairs(&span.attributes, builder));
                for event in &span.events {
                    let time_ns = i64::try_from(event.time_unix_nano).unwrap_or(i64::MAX);
                    write.push_event(time_ns, &event.name, event.dropped_attributes_count, |builder| {
                        expected_pairs(&event.attributes, builder);
                    });
                }
                for link in &span.links {
                    let mut packed = Vec::new();
                    expected_pairs(&link.attributes, &mut AttributesBuilder::new(&mut packed));
                    write.push_link(&LinkRef {
                        trace_id: link.trace_id.as_slice().try_into().map(TraceId).unwrap(),
                        span_id: link.span_id.as_slice().try_into().map(SpanId).unwrap(),
                        trace_state: &link.trace_state,
                        attributes: Attributes::trusted(&packed),
                        flags: link.flags,
                        dropped_attributes: link.dropped_attributes_count,
                    });
                }
            }
        }
    }
    (write, rejected)
}

proptest! {
    #[test]
    fn requests_are_read_as_prost_reads_them(request in requests()) {
        let fixture = fixture(TraceLimits::default());
        let bytes = request.encode_to_vec();
        let response = fixture.receiver.otlp_message(&bytes).unwrap();
        let (write, rejected) = expected(&request);
        prop_assert_eq!(fixture.shown(), show(&write));
        prop_assert_eq!(response.partial_success.map_or(0, |partial| partial.rejected_spans), rejected as i64);
    }

    #[test]
    fn json_says_the_same_as_protobuf(request in requests()) {
        let fixture = fixture(TraceLimits::default());
        let text = serde_json::to_string(&request).unwrap();
        fixture.receiver.otlp_body(json(&text)).unwrap();
        let from_json = fixture.shown();
        fixture.receiver.otlp_body(protobuf(&request.encode_to_vec())).unwrap();
        prop_assert_eq!(from_json, fixture.shown(), "{}", text);
    }
}

#[test]
fn json_in_its_forms() {
    let fixture = fixture(TraceLimits::default());
    for (fields, want) in [
        (r#""name":"GET /","kind":2"#, r#""GET /" server 0+0 unset []"#),
        (r#""name":"é\n","kind":"SPAN_KIND_CLIENT""#, r#""é\n" client 0+0 unset []"#),
        (r#""kind":"SPAN_KIND_NEWER","kind":null"#, r#""" unspecified 0+0 unset []"#),
        (
            r#""startTimeUnixNano":"1700000000000000000","endTimeUnixNano":"1700000000000000005""#,
            r#""" unspecified 1700000000000000000+5 unset []"#,
        ),
        (r#""start_time_unix_nano":7,"end_time_unix_nano":9"#, r#""" unspecified 7+2 unset []"#),
        (r#""startTimeUnixNano":9,"endTimeUnixNano":7"#, r#""" unspecified 9+0 unset []"#),
        (r#""status":{"code":2,"message":"bad"}"#, r#""" unspecified 0+0 error:"bad" []"#),
        (r#""status":{"code":"STATUS_CODE_OK"}"#, r#""" unspecified 0+0 ok []"#),
        (r#""traceState":"ot=th:8,x=y","flags":769"#, r#""" unspecified 0+0 unset state=ot=th:8,x=y flags=301 dropped=[0, 0, 0] []"#),
        (r#""dropped_attributes_count":3"#, r#""" unspecified 0+0 unset flags=0 dropped=[3, 0, 0] []"#),
        (
            r#""attributes":[{"key":"i","value":{"intValue":"-5"}},{"key":"j","value":{"intValue":5}},{"key":"d","value":{"doubleValue":"NaN"}},
               {"key":"b","value":{"boolValue":false}},{"key":"y","value":{"bytesValue":"AQI="}},{"key":"n"},{"key":"o","value":{}},
               {"key":"a","value":{"arrayValue":{"values":[{"stringValue":"x"},{"intValue":"1"}]}}},
               {"key":"m","value":{"kvlistValue":{"values":[{"key":"z","value":{"intValue":1}},{"key":"a","value":{"boolValue":true}}]}}},
               {"key":"i","value":{"intValue":"6"}}]"#,
            r#""" unspecified 0+0 unset [i=-5 j=5 d=NaN b=false y="AQI=" a=["x" 1] m="{\"a\":true,\"z\":1}"]"#,
        ),
        (
            r#""baggage":{"deep":[1,{"a":[]}]},"attributes":[{"key":"baggage.user","value":{"stringValue":"u"}}]"#,
            r#""" unspecified 0+0 unset [baggage.user="u"]"#,
        ),
    ] {
        let answer = fixture.receiver.otlp_body(json(&one_span(fields))).unwrap_or_else(|e| panic!("{fields}: {}", e.message));
        assert_eq!(answer.bytes, b"{}");
        assert_eq!(fixture.shown(), format!("{SHOP} {want}\n"), "{fields}");
    }
}

#[test]
fn a_bad_span_is_refused_alone() {
    let fixture = fixture(TraceLimits::default());
    let span = |trace: &str, id: &str, parent: &str, name: &str| {
        format!(r#"{{"traceId":"{trace}","spanId":"{id}","parentSpanId":"{parent}","name":"{name}"}}"#)
    };
    let (trace, id) = ("0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331");
    let spans = [
        span(trace, id, "", "good"),
        span("", id, "", "none"),
        span(&"0".repeat(32), id, "", "zero"),
        span("xyz", id, "", "words"),
        span(trace, &id[..8], "", "short"),
        span(trace, id, &id[..4], "parent"),
    ];
    let text = format!(r#"{{"resource_spans":[{{"scope_spans":[{{"spans":[{}]}}]}}]}}"#, spans.join(","));
    let answer = fixture.receiver.otlp_body(json(&text)).unwrap();
    let message = "3 spans have a trace id that is not 16 bytes of which one is not zero, first the span \\\"none\\\"; \
                   1 span has a span id that is not 8 bytes of which one is not zero, first the span \\\"short\\\"; \
                   1 span has a parent's id that is not 8 bytes, first the span \\\"parent\\\"";
    let want = format!(r#"{{"partialSuccess":{{"rejectedSpans":"5","errorMessage":"{message}"}}}}"#);
    assert_eq!(String::from_utf8(answer.bytes).unwrap(), want);
    assert_eq!(fixture.shown(), format!("{{}} {trace} {id} < root \"good\" unspecified 0+0 unset []\n"));
    assert!(fixture.metric("phoenix_traces_discarded_spans_total{reason=\"invalid_trace_id\"} 3"));
    assert!(fixture.metric("phoenix_traces_received_spans_total{protocol=\"otlp\"} 1"));
}

#[test]
fn limits_cut_and_leave_out() {
    let limits = TraceLimits { max_attributes: 2, max_attribute_bytes: 4, max_events: 1, max_links: 0, ..TraceLimits::default() };
    let fixture = fixture(limits);
    let text = |key: &str, value: &str| format!(r#"{{"key":"{key}","value":{{"stringValue":"{value}"}}}}"#);
    let fields = format!(
        r#""name":"longer","traceState":"a=bcd","status":{{"message":"réés"}},"attributes":[{},{},{}],"events":[{{"name":"e"}},{{"name":"f"}}],"links":[{{}}]"#,
        text("keykey", "values"),
        text("k", "värt"),
        text("m", "n")
    );
    // The name of the service is short enough, its key is not.
    fixture.receiver.otlp_body(json(&one_span(&fields))).unwrap();
    assert_eq!(
        fixture.shown(),
        "{serv=\"shop\"} 0af7651916cd43dd8448eb211c80319c b7ad6b7169203331 < root \"long\" unspecified 0+0 unset:\"ré\" \
         flags=0 dropped=[1, 1, 1] [keyk=\"valu\" k=\"vär\"]\n  @0 \"e\" [] 0\n"
    );
    assert!(fixture.metric("phoenix_traces_values_truncated_total 7"));
    assert!(fixture.metric("phoenix_traces_left_out_total{part=\"attributes\"} 1"));
    assert!(fixture.metric("phoenix_traces_left_out_total{part=\"links\"} 1"));
}

#[test]
fn a_request_with_too_many_spans_is_refused_whole() {
    let fixture = fixture(TraceLimits { max_spans_per_request: 2, ..TraceLimits::default() });
    let span = r#"{"traceId":"0af7651916cd43dd8448eb211c80319c","spanId":"b7ad6b7169203331"}"#;
    let request = |number| format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{}]}}]}}]}}"#, vec![span; number].join(","));
    assert!(fixture.receiver.otlp_body(json(&request(2))).is_ok());
    let refusal = fixture.receiver.otlp_body(json(&request(3))).unwrap_err();
    assert_eq!((refusal.status, refusal.message.as_str()), (413, "the request has more than 2 spans: send fewer at once"));
    assert_eq!(fixture.store.writes.lock().len(), 1);
}
