//! Spans to write, few enough that they meet each other.

use super::*;
use phoenix_model::traces::{Attribute, AttributeValue, Attributes, AttributesBuilder, LinkRef, Scalar, Scope, SpanRecord, SpanStatus};
use proptest::prelude::*;

pub(super) const MINUTE_NS: i64 = 60_000_000_000;

type Set = Vec<(u8, Value)>;

#[derive(Debug, Clone)]
pub(super) struct Spec {
    trace: u8,
    span: u8,
    parent: u8,
    start: i64,
    duration: i64,
    kind: u8,
    status: u8,
    name: u8,
    resource: u8,
    attributes: Set,
    events: Vec<(u8, i64, Set)>,
    links: Vec<(u8, Set)>,
    rare: u8,
}

#[derive(Debug, Clone)]
pub(super) enum Value {
    Text(u8),
    Int(i64),
    Float(i32),
    Bool(bool),
    Array(Vec<u8>),
}

impl Value {
    pub(super) fn get(&self) -> AttributeValue<'static> {
        match self {
            Self::Text(number) => AttributeValue::Text(format!("text-{number}").into()),
            Self::Int(int) => AttributeValue::Int(*int),
            Self::Float(number) => AttributeValue::Float(f64::from(*number) / 2.0),
            Self::Bool(bool) => AttributeValue::Bool(*bool),
            Self::Array(numbers) => AttributeValue::Array(
                numbers
                    .iter()
                    .map(|n| if n % 2 == 0 { Scalar::Int(i64::from(*n)) } else { Scalar::Text(format!("text-{n}").into()) })
                    .collect(),
            ),
        }
    }
}

pub(super) fn values() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => (0_u8..6).prop_map(Value::Text),
        3 => prop_oneof![0_i64..4, any::<i64>()].prop_map(Value::Int),
        1 => (-3_i32..7).prop_map(Value::Float),
        1 => any::<bool>().prop_map(Value::Bool),
        1 => prop::collection::vec(0_u8..5, 0..3).prop_map(Value::Array),
    ]
}

fn attributes(most: usize) -> impl Strategy<Value = Vec<(u8, Value)>> {
    prop::collection::vec((0_u8..5, values()), 0..most)
}

pub(super) fn specs(most: usize) -> impl Strategy<Value = Vec<Spec>> {
    let times = (prop_oneof![0_i64..40, Just(i64::from(u32::MAX))], 0_i64..30);
    let ids = (0_u8..8, 1_u8..12, 0_u8..13, 0_u8..6, 0_u8..3, 0_u8..4, 0_u8..3);
    let inner = prop::collection::vec((0_u8..3, -5_i64..50, attributes(3)), 0..3);
    let links = prop::collection::vec((0_u8..4, attributes(2)), 0..2);
    let spec = (ids, times, attributes(5), inner, links, 0_u8..6).prop_map(|(ids, times, attributes, events, links, rare)| Spec {
        trace: ids.0,
        span: ids.1,
        parent: ids.2,
        kind: ids.3,
        status: ids.4,
        name: ids.5,
        resource: ids.6,
        start: times.0,
        duration: times.1,
        attributes,
        events,
        links,
        rare,
    });
    prop::collection::vec(spec, 0..most)
}

pub(super) fn id(number: u8) -> SpanId {
    SpanId(if number == 0 { [0; 8] } else { [number, 0, 7, 7, 7, 7, 7, number] })
}

pub(super) fn trace_id(number: u8) -> TraceId {
    TraceId([number + 1; 16])
}

fn fill(builder: &mut AttributesBuilder<'_>, attributes: &[(u8, Value)]) {
    for (key, value) in attributes {
        builder.push(&format!("key-{key}"), &value.get());
    }
}

/// The start of all, on the edge of a day.
pub(super) const BASE_NS: i64 = 20_000 * 86_400_000_000_000 - MINUTE_NS;

pub(super) fn write_of(specs: &[Spec]) -> TraceWrite {
    let mut write = TraceWrite::default();
    let resources: Vec<usize> = (0..3)
        .map(|number| {
            write.add_resource(if number == 1 { "https://schema" } else { "" }, number, |builder| {
                if number < 2 {
                    builder.text("service.name", &format!("service-{number}"));
                }
                builder.push("key-0", &Value::Array(vec![1, 2]).get());
                builder.push("instance", &AttributeValue::Int(i64::from(number)));
            })
        })
        .collect();
    let scopes = [
        write.add_scope("", "", "", 0, |_| ()),
        write.add_scope("library", "1.0", "https://scope", 2, |builder| builder.text("key-1", "text-1")),
    ];
    for spec in specs {
        // Some traces begin minutes or days after the others.
        let start_ns = BASE_NS + i64::from(spec.trace / 2) * MINUTE_NS * 700 + spec.start * 1_000_000;
        let fixed = SpanRecord {
            trace_id: trace_id(spec.trace),
            span_id: id(spec.span),
            parent_id: id(spec.parent),
            start_ns,
            duration_ns: spec.duration * 1_000_000,
            kind: SpanKind::from_number(i32::from(spec.kind)),
            status: SpanStatus::from_number(i32::from(spec.status)),
            flags: if spec.rare == 1 { 257 } else { 0 },
            dropped: if spec.rare == 2 { [1, 0, 300] } else { [0; 3] },
        };
        write.begin_span(resources[usize::from(spec.resource)], scopes[usize::from(spec.name % 2)], fixed, &format!("name-{}", spec.name));
        if spec.rare == 3 {
            write.set_trace_state("ot=th:8");
        }
        if spec.status == 2 {
            write.set_status_message("it broke");
        }
        write.set_attributes(|builder| fill(builder, &spec.attributes));
        for (name, time, attributes) in &spec.events {
            write.push_event(start_ns + time, &format!("event-{name}"), u32::from(*name), |builder| fill(builder, attributes));
        }
        for (number, attributes) in &spec.links {
            let mut bytes = Vec::new();
            fill(&mut AttributesBuilder::new(&mut bytes), attributes);
            write.push_link(&LinkRef {
                trace_id: trace_id(*number),
                span_id: id(*number),
                trace_state: if *number == 0 { "x=y" } else { "" },
                attributes: Attributes::trusted(&bytes),
                flags: u32::from(*number),
                dropped_attributes: 0,
            });
        }
    }
    write
}

/// A service's requests: a trace has a root and some spans below it.
pub(super) fn requests(traces: u32, spans: u32, seed: u64) -> TraceWrite {
    let mut write = TraceWrite::default();
    let resources: Vec<usize> =
        (0..12).map(|n| write.add_resource("", 0, |builder| builder.text("service.name", &format!("service-{n}")))).collect();
    let scope = write.add_scope("library", "1.0", "", 0, |_| ());
    let mut state = seed | 1;
    let mut random = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state
    };
    for trace in 0..traces {
        let trace_id = TraceId([random().to_be_bytes(), random().to_be_bytes()].concat().try_into().unwrap());
        let start_ns = BASE_NS + i64::from(trace) * 1_000_000;
        let mut ids: Vec<[u8; 8]> = Vec::new();
        for span in 0..spans {
            let id = (random() | 1).to_be_bytes();
            let parent = if span == 0 { [0; 8] } else { ids[(random() % ids.len() as u64) as usize] };
            ids.push(id);
            let fixed = SpanRecord {
                trace_id,
                span_id: SpanId(id),
                parent_id: SpanId(parent),
                start_ns: start_ns + i64::from(span) * 10_000,
                duration_ns: (random() % 50_000_000) as i64,
                kind: SpanKind::Server,
                status: if random() % 50 == 0 { SpanStatus::Error } else { SpanStatus::Unset },
                flags: 1,
                dropped: [0; 3],
            };
            write.begin_span(resources[(random() % 12) as usize], scope, fixed, &format!("GET /path/{}", random() % 30));
            write.set_attributes(|builder| {
                builder.push("http.status_code", &AttributeValue::Int(200 + (random() % 5) as i64 * 100));
                builder.text("user.id", &format!("user-{}", random() % 100_000));
            });
        }
    }
    write
}

/// The values of a field of a span, by what the contract says.
pub(super) fn values_of(write: &TraceWrite, number: usize, field: &SpanField) -> Vec<SpanValue> {
    let span = write.span(number);
    let set = |attributes: Attributes<'_>, key: &str| {
        let found: Vec<Attribute<'_>> = attributes.iter().filter(|attribute| attribute.key == key).collect();
        let scalar = |value: &Scalar<'_>| match value {
            Scalar::Text(text) => SpanValue::Text((&**text).into()),
            Scalar::Int(int) => SpanValue::Int(*int),
            Scalar::Float(float) => SpanValue::Float(*float),
            Scalar::Bool(bool) => SpanValue::Bool(*bool),
        };
        let of_one = |attribute: &Attribute<'_>| match &attribute.value {
            AttributeValue::Text(text) => vec![SpanValue::Text((&**text).into())],
            AttributeValue::Int(int) => vec![SpanValue::Int(*int)],
            AttributeValue::Float(float) => vec![SpanValue::Float(*float)],
            AttributeValue::Bool(bool) => vec![SpanValue::Bool(*bool)],
            AttributeValue::Array(values) => values.iter().map(scalar).collect(),
        };
        found.iter().flat_map(of_one).collect::<Vec<_>>()
    };
    match field {
        SpanField::Attribute(Scope::Span, key) => set(span.attributes, key),
        SpanField::Attribute(Scope::Resource, key) => set(write.resource(span.resource).attributes, key),
        SpanField::Attribute(Scope::Instrumentation, key) => set(write.scope(span.scope).attributes, key),
        SpanField::Attribute(Scope::Event, key) => span.events.iter().flat_map(|event| set(event.attributes, key)).collect(),
        SpanField::Attribute(Scope::Link, key) => span.links.iter().flat_map(|link| set(link.attributes, key)).collect(),
        SpanField::Intrinsic(intrinsic) => match intrinsic {
            Intrinsic::Start => vec![SpanValue::Int(span.fixed.start_ns)],
            Intrinsic::Duration => vec![SpanValue::Int(span.fixed.duration_ns)],
            Intrinsic::Name => vec![SpanValue::Text(span.name.into())],
            Intrinsic::Kind => vec![SpanValue::Int(span.fixed.kind as i64)],
            Intrinsic::Status => vec![SpanValue::Int(span.fixed.status as i64)],
            Intrinsic::StatusMessage => vec![SpanValue::Text(span.status_message.into())],
            Intrinsic::ScopeName => vec![SpanValue::Text(write.scope(span.scope).name.into())],
            Intrinsic::ScopeVersion => vec![SpanValue::Text(write.scope(span.scope).version.into())],
            Intrinsic::Weight => vec![SpanValue::Float(phoenix_model::traces::sampling_weight(span.trace_state))],
            Intrinsic::EventName => span.events.iter().map(|event| SpanValue::Text(event.name.into())).collect(),
            Intrinsic::EventTimeSinceStart => span.events.iter().map(|event| SpanValue::Int(event.time_ns - span.fixed.start_ns)).collect(),
            Intrinsic::LinkTraceId => span.links.iter().map(|link| SpanValue::Text(link.trace_id.to_string().into())).collect(),
            Intrinsic::LinkSpanId => span.links.iter().map(|link| SpanValue::Text(link.span_id.to_string().into())).collect(),
            Intrinsic::SpanId => vec![SpanValue::Text(span.fixed.span_id.to_string().into())],
            Intrinsic::ParentId => vec![SpanValue::Text(span.fixed.parent_id.to_string().into())],
            Intrinsic::TraceId => vec![SpanValue::Text(span.fixed.trace_id.to_string().into())],
            other => panic!("{other:?} is not asked for"),
        },
    }
}
