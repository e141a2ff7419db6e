//! A trace as OTLP, in protobuf and in the JSON that Tempo gives: ids in base64, kinds by name.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use opentelemetry_proto::tonic::common::v1 as common;
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1 as otlp;
use phoenix_model::traces::{Attribute, AttributeValue, Attributes, EventRef, LinkRef, Scalar, SpanKind, SpanRef, SpanStatus, TraceWrite};
use prost::Message;
use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

/// The number of a scope, and those of its spans.
type ScopeGroup = (usize, Vec<usize>);
/// The number of a resource, and its scopes.
type ResourceGroup = (usize, Vec<ScopeGroup>);

/// The spans of a trace by resource and scope, in the order of their first span.
struct Grouped<'a> {
    trace: &'a TraceWrite,
    resources: Vec<ResourceGroup>,
}

impl<'a> Grouped<'a> {
    fn new(trace: &'a TraceWrite) -> Self {
        let mut resources: Vec<ResourceGroup> = Vec::new();
        // The same resource or scope may have come several times.
        let same_resource = first_of_each((0..trace.resource_count()).map(|number| trace.resource(number)));
        let same_scope = first_of_each((0..trace.scope_count()).map(|number| trace.scope(number)));
        let mut places = std::collections::HashMap::new();
        for (number, span) in trace.spans().enumerate() {
            let (resource, scope) = (same_resource[span.resource], same_scope[span.scope]);
            let (at, scopes) = places.entry(resource).or_insert_with(|| {
                resources.push((resource, Vec::new()));
                (resources.len() - 1, std::collections::HashMap::new())
            });
            let groups = &mut resources[*at].1;
            let group = *scopes.entry(scope).or_insert_with(|| {
                groups.push((scope, Vec::new()));
                groups.len() - 1
            });
            groups[group].1.push(number);
        }
        Self { trace, resources }
    }
}

/// For each value the place of the first one that equals it.
fn first_of_each<T: Eq + std::hash::Hash>(values: impl Iterator<Item = T>) -> Vec<usize> {
    let mut firsts = std::collections::HashMap::new();
    values.enumerate().map(|(place, value)| *firsts.entry(value).or_insert(place)).collect()
}

/// OTLP's `TracesData`, which is Tempo's `Trace`.
pub(super) fn trace_protobuf(trace: &TraceWrite) -> Vec<u8> {
    let grouped = Grouped::new(trace);
    let resource_spans = grouped.resources.iter().map(|(number, scopes)| {
        let resource = trace.resource(*number);
        otlp::ResourceSpans {
            resource: Some(Resource {
                attributes: key_values(resource.attributes),
                dropped_attributes_count: resource.dropped_attributes,
                ..Resource::default()
            }),
            scope_spans: scopes.iter().map(|(scope, spans)| scope_spans(trace, *scope, spans)).collect(),
            schema_url: resource.schema_url.to_owned(),
        }
    });
    otlp::TracesData { resource_spans: resource_spans.collect() }.encode_to_vec()
}

fn scope_spans(trace: &TraceWrite, scope: usize, spans: &[usize]) -> otlp::ScopeSpans {
    let scope = trace.scope(scope);
    otlp::ScopeSpans {
        scope: Some(common::InstrumentationScope {
            name: scope.name.to_owned(),
            version: scope.version.to_owned(),
            attributes: key_values(scope.attributes),
            dropped_attributes_count: scope.dropped_attributes,
        }),
        spans: spans.iter().map(|number| span_message(&trace.span(*number))).collect(),
        schema_url: scope.schema_url.to_owned(),
    }
}

fn span_message(span: &SpanRef<'_>) -> otlp::Span {
    let fixed = &span.fixed;
    let [dropped_attributes_count, dropped_events_count, dropped_links_count] = fixed.dropped;
    otlp::Span {
        trace_id: fixed.trace_id.0.to_vec(),
        span_id: fixed.span_id.0.to_vec(),
        trace_state: span.trace_state.to_owned(),
        parent_span_id: if fixed.parent_id.is_none() { Vec::new() } else { fixed.parent_id.0.to_vec() },
        flags: fixed.flags,
        name: span.name.to_owned(),
        kind: fixed.kind as i32,
        start_time_unix_nano: fixed.start_ns.cast_unsigned(),
        end_time_unix_nano: fixed.start_ns.saturating_add(fixed.duration_ns).cast_unsigned(),
        attributes: key_values(span.attributes),
        dropped_attributes_count,
        events: span.events.iter().map(event_message).collect(),
        dropped_events_count,
        links: span.links.iter().map(link_message).collect(),
        dropped_links_count,
        status: (fixed.status != SpanStatus::Unset || !span.status_message.is_empty())
            .then(|| otlp::Status { message: span.status_message.to_owned(), code: fixed.status as i32 }),
    }
}

fn event_message(event: EventRef<'_>) -> otlp::span::Event {
    otlp::span::Event {
        time_unix_nano: event.time_ns.cast_unsigned(),
        name: event.name.to_owned(),
        attributes: key_values(event.attributes),
        dropped_attributes_count: event.dropped_attributes,
    }
}

fn link_message(link: LinkRef<'_>) -> otlp::span::Link {
    otlp::span::Link {
        trace_id: link.trace_id.0.to_vec(),
        span_id: link.span_id.0.to_vec(),
        trace_state: link.trace_state.to_owned(),
        attributes: key_values(link.attributes),
        dropped_attributes_count: link.dropped_attributes,
        flags: link.flags,
    }
}

fn key_values(attributes: Attributes<'_>) -> Vec<common::KeyValue> {
    let message = |Attribute { key, value }: Attribute<'_>| common::KeyValue {
        key: key.to_owned(),
        value: Some(any_value(&value)),
        ..common::KeyValue::default()
    };
    attributes.iter().map(message).collect()
}

fn any_value(value: &AttributeValue<'_>) -> common::AnyValue {
    use common::any_value::Value;
    let scalar = |scalar: &Scalar<'_>| match scalar {
        Scalar::Text(text) => Value::StringValue(text.to_string()),
        Scalar::Int(int) => Value::IntValue(*int),
        Scalar::Float(float) => Value::DoubleValue(*float),
        Scalar::Bool(bool) => Value::BoolValue(*bool),
    };
    let value = match value {
        AttributeValue::Text(text) => Value::StringValue(text.to_string()),
        AttributeValue::Int(int) => Value::IntValue(*int),
        AttributeValue::Float(float) => Value::DoubleValue(*float),
        AttributeValue::Bool(bool) => Value::BoolValue(*bool),
        AttributeValue::Array(values) => Value::ArrayValue(common::ArrayValue {
            values: values.iter().map(|value| common::AnyValue { value: Some(scalar(value)) }).collect(),
        }),
    };
    common::AnyValue { value: Some(value) }
}

/// The trace as JSON: an object with the list of resources under `key`.
pub(super) fn trace_json(key: &str, trace: &TraceWrite) -> String {
    let grouped = Grouped::new(trace);
    let list = serde_json::to_string(&Json(&grouped)).expect("texts and numbers serialize");
    format!("{{\"{key}\":{list}}}")
}

/// Serializes what it holds as Tempo does: defaults are left out.
struct Json<T>(T);

fn list<S: Serializer, T: Serialize>(serializer: S, values: impl Iterator<Item = T>) -> Result<S::Ok, S::Error> {
    let mut list = serializer.serialize_seq(None)?;
    for value in values {
        list.serialize_element(&value)?;
    }
    list.end()
}

/// Serializes the values of an iterator that can be gone through again.
struct List<I>(I);

impl<I: Iterator<Item = T> + Clone, T: Serialize> Serialize for List<I> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        list(serializer, self.0.clone())
    }
}

impl Serialize for Json<&Grouped<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let trace = self.0.trace;
        list(serializer, self.0.resources.iter().map(|(number, scopes)| Json((trace, *number, scopes.as_slice()))))
    }
}

impl Serialize for Json<(&TraceWrite, usize, &[ScopeGroup])> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (trace, number, scopes) = self.0;
        let resource = trace.resource(number);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("resource", &Json((resource.attributes, resource.dropped_attributes)))?;
        map.serialize_entry("scopeSpans", &List(scopes.iter().map(|(scope, spans)| Json((trace, *scope, spans.as_slice())))))?;
        text_entry(&mut map, "schemaUrl", resource.schema_url)?;
        map.end()
    }
}

impl Serialize for Json<(Attributes<'_>, u32)> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        attribute_entries(&mut map, self.0.0, self.0.1)?;
        map.end()
    }
}

impl Serialize for Json<(&TraceWrite, usize, &[usize])> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (trace, number, spans) = self.0;
        let scope = trace.scope(number);
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("scope", &Json(scope))?;
        map.serialize_entry("spans", &List(spans.iter().map(|number| Json(trace.span(*number)))))?;
        text_entry(&mut map, "schemaUrl", scope.schema_url)?;
        map.end()
    }
}

impl Serialize for Json<phoenix_model::traces::ScopeRef<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        text_entry(&mut map, "name", self.0.name)?;
        text_entry(&mut map, "version", self.0.version)?;
        attribute_entries(&mut map, self.0.attributes, self.0.dropped_attributes)?;
        map.end()
    }
}

impl Serialize for Json<SpanRef<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(span) = self;
        let fixed = &span.fixed;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("traceId", &STANDARD.encode(fixed.trace_id.0))?;
        map.serialize_entry("spanId", &STANDARD.encode(fixed.span_id.0))?;
        text_entry(&mut map, "traceState", span.trace_state)?;
        if !fixed.parent_id.is_none() {
            map.serialize_entry("parentSpanId", &STANDARD.encode(fixed.parent_id.0))?;
        }
        count_entry(&mut map, "flags", fixed.flags)?;
        text_entry(&mut map, "name", span.name)?;
        if fixed.kind != SpanKind::Unspecified {
            map.serialize_entry("kind", &format!("SPAN_KIND_{}", fixed.kind.as_str().to_uppercase()))?;
        }
        map.serialize_entry("startTimeUnixNano", &fixed.start_ns.to_string())?;
        map.serialize_entry("endTimeUnixNano", &fixed.start_ns.saturating_add(fixed.duration_ns).to_string())?;
        attribute_entries(&mut map, span.attributes, fixed.dropped[0])?;
        if !span.events.is_empty() {
            map.serialize_entry("events", &List(span.events.iter().map(Json)))?;
        }
        count_entry(&mut map, "droppedEventsCount", fixed.dropped[1])?;
        if !span.links.is_empty() {
            map.serialize_entry("links", &List(span.links.iter().map(Json)))?;
        }
        count_entry(&mut map, "droppedLinksCount", fixed.dropped[2])?;
        map.serialize_entry("status", &Json((span.status_message, fixed.status)))?;
        map.end()
    }
}

impl Serialize for Json<(&str, SpanStatus)> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (message, status) = self.0;
        let mut map = serializer.serialize_map(None)?;
        text_entry(&mut map, "message", message)?;
        if status != SpanStatus::Unset {
            map.serialize_entry("code", &format!("STATUS_CODE_{}", status.as_str().to_uppercase()))?;
        }
        map.end()
    }
}

impl Serialize for Json<EventRef<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("timeUnixNano", &self.0.time_ns.to_string())?;
        text_entry(&mut map, "name", self.0.name)?;
        attribute_entries(&mut map, self.0.attributes, self.0.dropped_attributes)?;
        map.end()
    }
}

impl Serialize for Json<LinkRef<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("traceId", &STANDARD.encode(self.0.trace_id.0))?;
        map.serialize_entry("spanId", &STANDARD.encode(self.0.span_id.0))?;
        text_entry(&mut map, "traceState", self.0.trace_state)?;
        attribute_entries(&mut map, self.0.attributes, self.0.dropped_attributes)?;
        count_entry(&mut map, "flags", self.0.flags)?;
        map.end()
    }
}

impl Serialize for Json<Attribute<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        map.serialize_entry("key", self.0.key)?;
        map.serialize_entry("value", &Json(&self.0.value))?;
        map.end()
    }
}

impl Serialize for Json<&AttributeValue<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let scalar = match self.0 {
            AttributeValue::Text(text) => Scalar::Text(text.as_ref().into()),
            AttributeValue::Int(int) => Scalar::Int(*int),
            AttributeValue::Float(float) => Scalar::Float(*float),
            AttributeValue::Bool(bool) => Scalar::Bool(*bool),
            AttributeValue::Array(values) => {
                let mut map = serializer.serialize_map(Some(1))?;
                map.serialize_entry("arrayValue", &Json(values.as_slice()))?;
                return map.end();
            }
        };
        Json(&scalar).serialize(serializer)
    }
}

impl Serialize for Json<&[Scalar<'_>]> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry("values", &List(self.0.iter().map(Json)))?;
        map.end()
    }
}

impl Serialize for Json<&Scalar<'_>> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        match self.0 {
            Scalar::Text(text) => map.serialize_entry("stringValue", text)?,
            Scalar::Int(int) => map.serialize_entry("intValue", &int.to_string())?,
            Scalar::Float(float) if float.is_finite() => map.serialize_entry("doubleValue", float)?,
            Scalar::Float(float) if float.is_nan() => map.serialize_entry("doubleValue", "NaN")?,
            Scalar::Float(float) => map.serialize_entry("doubleValue", if *float > 0.0 { "Infinity" } else { "-Infinity" })?,
            Scalar::Bool(bool) => map.serialize_entry("boolValue", bool)?,
        }
        map.end()
    }
}

fn attribute_entries<M: SerializeMap>(map: &mut M, attributes: Attributes<'_>, dropped: u32) -> Result<(), M::Error> {
    if !attributes.is_empty() {
        map.serialize_entry("attributes", &List(attributes.iter().map(Json)))?;
    }
    count_entry(map, "droppedAttributesCount", dropped)
}

fn text_entry<M: SerializeMap>(map: &mut M, key: &str, text: &str) -> Result<(), M::Error> {
    if text.is_empty() { Ok(()) } else { map.serialize_entry(key, text) }
}

fn count_entry<M: SerializeMap>(map: &mut M, key: &str, count: u32) -> Result<(), M::Error> {
    if count == 0 { Ok(()) } else { map.serialize_entry(key, &count) }
}
