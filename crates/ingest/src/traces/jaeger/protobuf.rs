//! `jaeger.api_v2.PostSpansRequest`.
//! <https://github.com/jaegertracing/jaeger-idl/blob/main/proto/api_v2/model.proto>
//!
//! ```text
//! PostSpansRequest { Batch batch = 1 }
//! Batch    { repeated Span spans = 1, Process process = 2 }
//! Span     { bytes trace_id = 1, bytes span_id = 2, string operation_name = 3, repeated SpanRef references = 4, uint32 flags = 5,
//!            Timestamp start_time = 6, Duration duration = 7, repeated KeyValue tags = 8, repeated Log logs = 9, Process process = 10 }
//! SpanRef  { bytes trace_id = 1, bytes span_id = 2, SpanRefType ref_type = 3 }
//! Process  { string service_name = 1, repeated KeyValue tags = 2 }
//! KeyValue { string key = 1, ValueType v_type = 2, string v_str = 3, bool v_bool = 4, int64 v_int64 = 5, double v_float64 = 6,
//!            bytes v_binary = 7 }
//! Log      { Timestamp timestamp = 1, repeated KeyValue fields = 2 }
//! ```

use super::super::attributes::text;
use super::super::foreign::{ForeignEvent, Reference, Tags, span_id, trace_id};
use super::super::intake::{Head, Intake};
use super::{JaegerSpan, Process};
use crate::otlp::value::base64;
use crate::wire::{Value, Wire};
use phoenix_model::traces::{AttributeValue, SpanId, TraceId};
use std::borrow::Cow;

/// Reads a request.
pub(in super::super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut request = Wire::new(bytes);
    while let Some((field, value)) = request.next()? {
        if let (1, Value::Bytes(batch)) = (field, value) {
            read_batch(batch, intake)?;
        }
    }
    Ok(())
}

fn read_batch(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut process = Process::default();
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        if let (2, Value::Bytes(bytes)) = (field, value) {
            process = read_process(bytes)?;
        }
    }
    let resource = process.resource(intake)?;
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        if let (1, Value::Bytes(span)) = (field, value) {
            read_span(span, resource, intake)?;
        }
    }
    Ok(())
}

fn read_span(bytes: &[u8], resource: usize, intake: &mut Intake<'_>) -> Result<(), String> {
    let mut resource = resource;
    let mut span = JaegerSpan::default();
    span.0.head = Head { parent_id: Some(SpanId::NONE), size_bytes: bytes.len(), ..Head::default() };
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(id)) => span.0.head.trace_id = trace_id(id),
            (2, Value::Bytes(id)) => span.0.head.span_id = span_id(id),
            (3, Value::Bytes(name)) => span.0.name = text(name),
            (4, Value::Bytes(reference)) => span.push_reference(read_reference(reference)?),
            (6, Value::Bytes(time)) => span.0.head.start_ns = read_time(time)?,
            (7, Value::Bytes(duration)) => span.0.head.duration_ns = read_time(duration)?,
            (8, Value::Bytes(tag)) => read_tag(tag, &mut span.0.tags)?,
            (9, Value::Bytes(log)) => span.push_log(read_log(log)?),
            // A span's own process counts before that of its batch.
            (10, Value::Bytes(process)) => resource = read_process(process)?.resource(intake)?,
            _ => {}
        }
    }
    span.put(resource, intake)
}

fn read_process(bytes: &[u8]) -> Result<Process<'_>, String> {
    let mut process = Process::default();
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(name)) => process.service = text(name),
            (2, Value::Bytes(tag)) => read_tag(tag, &mut process.tags)?,
            _ => {}
        }
    }
    Ok(process)
}

fn read_reference(bytes: &[u8]) -> Result<Reference, String> {
    let mut reference = Reference { trace_id: TraceId::default(), span_id: SpanId::NONE, is_child_of: true };
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(id)) => reference.trace_id = trace_id(id).unwrap_or_default(),
            (2, Value::Bytes(id)) => reference.span_id = span_id(id).unwrap_or_default(),
            (3, Value::Varint(kind)) => reference.is_child_of = kind == 0,
            _ => {}
        }
    }
    Ok(reference)
}

/// A `Timestamp` or `Duration` in nanoseconds.
fn read_time(bytes: &[u8]) -> Result<i64, String> {
    let (mut seconds, mut nanos) = (0_i64, 0_i64);
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Varint(number)) => seconds = number as i64,
            (2, Value::Varint(number)) => nanos = i64::from(number as i32),
            _ => {}
        }
    }
    Ok(seconds.saturating_mul(1_000_000_000).saturating_add(nanos))
}

fn read_log(bytes: &[u8]) -> Result<ForeignEvent<'_>, String> {
    let mut log = ForeignEvent::default();
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(time)) => log.time_ns = read_time(time)?,
            (2, Value::Bytes(tag)) => read_tag(tag, &mut log.tags)?,
            _ => {}
        }
    }
    Ok(log)
}

fn read_tag<'a>(bytes: &'a [u8], tags: &mut Tags<'a>) -> Result<(), String> {
    let mut key = Cow::Borrowed("");
    let mut kind = 0;
    let (mut words, mut truth, mut int, mut float, mut binary): (&[u8], bool, i64, f64, &[u8]) = (b"", false, 0, 0.0, b"");
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(bytes)) => key = text(bytes),
            (2, Value::Varint(number)) => kind = number,
            (3, Value::Bytes(bytes)) => words = bytes,
            (4, Value::Varint(number)) => truth = number != 0,
            (5, Value::Varint(number)) => int = number as i64,
            (6, Value::Fixed64(bits)) => float = f64::from_bits(bits),
            (7, Value::Bytes(bytes)) => binary = bytes,
            _ => {}
        }
    }
    let value = match kind {
        0 => AttributeValue::Text(text(words)),
        1 => AttributeValue::Bool(truth),
        2 => AttributeValue::Int(int),
        3 => AttributeValue::Float(float),
        4 => AttributeValue::Text(Cow::Owned(base64(binary))),
        kind => return Err(format!("a tag has the unknown type {kind}")),
    };
    tags.push(key, value);
    Ok(())
}
