//! Zipkin's spans, v2, as the OpenTelemetry collector puts them.
//! <https://zipkin.io/zipkin-api/> and
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/zipkin>
//!
//! ```text
//! ListOfSpans { repeated Span spans = 1 }
//! Span { bytes trace_id = 1, bytes parent_id = 2, bytes id = 3, Kind kind = 4, string name = 5, fixed64 timestamp = 6,
//!        uint64 duration = 7, Endpoint local_endpoint = 8, Endpoint remote_endpoint = 9,
//!        repeated Annotation annotations = 10, map<string, string> tags = 11, bool debug = 12, bool shared = 13 }
//! Endpoint   { string service_name = 1, bytes ipv4 = 2, bytes ipv6 = 3, int32 port = 4 }
//! Annotation { fixed64 timestamp = 1, string value = 2 }
//! ```
//!
//! Times are microseconds. Tags stay texts, as with the collector's `parse_string_tags: false`. Other
//! than the collector: a span without a timestamp starts with its first annotation, or else when it
//! was received (there: in 1970, which no retention keeps); tags of the namespaces of resources go to
//! the resource (there: those of a list, and only of a service's first span); any `error` tag with a
//! text but `false` makes an error, as Zipkin's own pages show it; links and events that the
//! collector's Zipkin exporter packs into tags and values are left as they are.

use super::attributes::text;
use super::foreign::{ForeignEvent, ForeignSpan, Tags, span_id, trace_id};
use super::intake::{Head, Intake};
use crate::wire::{Value, Wire};
use phoenix_model::traces::{AttributeValue, SpanId, SpanKind, SpanStatus};
use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

/// Namespaces of attributes that say something of the resource.
const RESOURCE_NAMESPACES: [&str; 10] =
    ["cloud.", "container.", "deployment.", "device.", "host.", "k8s.", "os.", "process.", "service.", "telemetry."];

const SERVICE_NAME_SOURCE: &str = "otlp.service.name.source";

/// Annotations of one span that are looked at.
const MOST_ANNOTATIONS: usize = 4096;

/// Reads a list of spans. `now_ns` is when it was received.
pub(super) fn read(bytes: &[u8], now_ns: i64, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        if let (1, Value::Bytes(span)) = (field, value) {
            read_span(span, now_ns, intake)?;
        }
    }
    Ok(())
}

#[derive(Default)]
struct Endpoint<'a> {
    service: Cow<'a, str>,
    address: Option<String>,
    port: i64,
}

fn read_span(bytes: &[u8], now_ns: i64, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut span =
        ForeignSpan { head: Head { parent_id: Some(SpanId::NONE), size_bytes: bytes.len(), ..Head::default() }, ..ForeignSpan::default() };
    let (mut local, mut remote) = (Endpoint::default(), Endpoint::default());
    let (mut timestamp, mut duration) = (0, 0);
    let mut dropped_events = 0_u32;
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(id)) => span.head.trace_id = trace_id(id),
            (2, Value::Bytes(b"")) => {}
            (2, Value::Bytes(id)) => span.head.parent_id = span_id(id),
            (3, Value::Bytes(id)) => span.head.span_id = span_id(id),
            (4, Value::Varint(number)) => {
                span.head.kind = match number {
                    1 => SpanKind::Client,
                    2 => SpanKind::Server,
                    3 => SpanKind::Producer,
                    4 => SpanKind::Consumer,
                    _ => SpanKind::Unspecified,
                }
            }
            (5, Value::Bytes(name)) => span.name = text(name),
            (6, Value::Fixed64(micros)) => timestamp = nanoseconds(micros),
            (7, Value::Varint(micros)) => duration = nanoseconds(micros),
            (8, Value::Bytes(endpoint)) => local = read_endpoint(endpoint)?,
            (9, Value::Bytes(endpoint)) => remote = read_endpoint(endpoint)?,
            (10, Value::Bytes(_)) if span.events.len() >= MOST_ANNOTATIONS => dropped_events = dropped_events.saturating_add(1),
            (10, Value::Bytes(annotation)) => span.events.push(read_annotation(annotation)?),
            (11, Value::Bytes(tag)) => read_tag(tag, &mut span.tags)?,
            _ => {}
        }
    }
    // A root of Zipkin may name itself.
    if span.head.parent_id == span.head.span_id {
        span.head.parent_id = Some(SpanId::NONE);
    }
    span.head.dropped[1] = dropped_events;
    span.head.duration_ns = duration;
    span.head.start_ns = timestamp;
    if timestamp == 0 {
        span.head.start_ns = span.events.iter().map(|event| event.time_ns).filter(|time| *time > 0).min().unwrap_or(now_ns);
        span.tags.push(Cow::Borrowed("otel.zipkin.absentField.startTime"), AttributeValue::Bool(true));
    }
    translate(&mut span);
    let resource = resource(&mut span.tags, &local, intake)?;
    let name = span.tags.take_text("otel.scope.name").or_else(|| span.tags.take_text("otel.library.name"));
    let version = span.tags.take_text("otel.scope.version").or_else(|| span.tags.take_text("otel.library.version"));
    let scope = intake.known_scope(name.as_deref().unwrap_or(""), version.as_deref().unwrap_or(""));
    endpoint_tags(&local, ["", "net.host.ip", "net.host.port"], &mut span.tags);
    endpoint_tags(&remote, ["peer.service", "net.peer.ip", "net.peer.port"], &mut span.tags);
    span.put(resource, scope, intake)
}

/// Takes out the tags that say what OTLP has fields for.
fn translate(span: &mut ForeignSpan<'_>) {
    let tags = &mut span.tags;
    if let Some(trace_state) = tags.take_text("w3c.tracestate") {
        span.trace_state = trace_state;
    }
    if span.head.kind == SpanKind::Unspecified && tags.text("span.kind") == Some("internal") {
        tags.take("span.kind");
        span.head.kind = SpanKind::Internal;
    }
    if let Some(code) = tags.take_text("otel.status_code") {
        span.head.status = match code.trim_start_matches("STATUS_CODE_") {
            "OK" => SpanStatus::Ok,
            "ERROR" => SpanStatus::Error,
            _ => SpanStatus::Unset,
        };
        span.status_message = tags.take_text("otel.status_description").unwrap_or_default();
    }
    match tags.text("error") {
        Some("true") => {
            tags.take("error");
            span.head.status = SpanStatus::Error;
        }
        None | Some("false") => {}
        // What went wrong stands here, and stays.
        Some(_) => span.head.status = SpanStatus::Error,
    }
}

fn resource(tags: &mut Tags<'_>, local: &Endpoint<'_>, intake: &mut Intake<'_>) -> Result<usize, String> {
    let source = tags.take_text(SERVICE_NAME_SOURCE).filter(|source| !source.is_empty());
    let of_resource = tags.take_all(|key| RESOURCE_NAMESPACES.iter().any(|namespace| key.starts_with(namespace)));
    intake.known_resource(|packer| {
        if !local.service.is_empty() {
            packer.add(source.as_deref().unwrap_or("service.name"), AttributeValue::Text(Cow::Borrowed(&local.service)));
        }
        for (key, value) in of_resource {
            packer.add(&key, value);
        }
        Ok(())
    })
}

fn endpoint_tags(endpoint: &Endpoint<'_>, [service, address, port]: [&'static str; 3], tags: &mut Tags<'_>) {
    if !service.is_empty() && !endpoint.service.is_empty() {
        tags.push(Cow::Borrowed(service), AttributeValue::Text(Cow::Owned(endpoint.service.clone().into_owned())));
    }
    if let Some(ip) = &endpoint.address {
        tags.push(Cow::Borrowed(address), AttributeValue::Text(Cow::Owned(ip.clone())));
    }
    if endpoint.port > 0 {
        tags.push(Cow::Borrowed(port), AttributeValue::Int(endpoint.port));
    }
}

fn nanoseconds(micros: u64) -> i64 {
    i64::try_from(micros).unwrap_or(i64::MAX).saturating_mul(1000)
}

fn read_endpoint(bytes: &[u8]) -> Result<Endpoint<'_>, String> {
    let mut endpoint = Endpoint::default();
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(name)) => endpoint.service = text(name),
            // The first address counts, as an attribute is there once.
            (2 | 3, Value::Bytes(bytes)) if endpoint.address.is_none() => {
                let four = <[u8; 4]>::try_from(bytes).map(|octets| Ipv4Addr::from(octets).to_string());
                let sixteen = <[u8; 16]>::try_from(bytes).map(|octets| Ipv6Addr::from(octets).to_string());
                endpoint.address = four.or(sixteen).ok();
            }
            (4, Value::Varint(port)) => endpoint.port = i64::from(port as i32),
            _ => {}
        }
    }
    Ok(endpoint)
}

fn read_annotation(bytes: &[u8]) -> Result<ForeignEvent<'_>, String> {
    let mut event = ForeignEvent::default();
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Fixed64(micros)) => event.time_ns = nanoseconds(micros),
            (2, Value::Bytes(value)) => event.name = text(value),
            _ => {}
        }
    }
    Ok(event)
}

fn read_tag<'a>(bytes: &'a [u8], tags: &mut Tags<'a>) -> Result<(), String> {
    let (mut key, mut value) = (Cow::Borrowed(""), Cow::Borrowed(""));
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(bytes)) => key = text(bytes),
            (2, Value::Bytes(bytes)) => value = text(bytes),
            _ => {}
        }
    }
    tags.push(key, AttributeValue::Text(value));
    Ok(())
}
