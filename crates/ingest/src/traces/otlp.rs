//! OTLP's `ExportTraceServiceRequest`, from the wire format of protobuf into a write.
//! <https://github.com/open-telemetry/opentelemetry-proto/blob/main/opentelemetry/proto/trace/v1/trace.proto>
//!
//! ```text
//! ExportTraceServiceRequest { repeated ResourceSpans resource_spans = 1 }
//! ResourceSpans { Resource resource = 1, repeated ScopeSpans scope_spans = 2, string schema_url = 3 }
//! Resource      { repeated KeyValue attributes = 1, uint32 dropped_attributes_count = 2 }
//! ScopeSpans    { InstrumentationScope scope = 1, repeated Span spans = 2, string schema_url = 3 }
//! InstrumentationScope { string name = 1, string version = 2, repeated KeyValue attributes = 3, uint32 dropped = 4 }
//! Span   { bytes trace_id = 1, bytes span_id = 2, string trace_state = 3, bytes parent_span_id = 4, string name = 5,
//!          SpanKind kind = 6, fixed64 start_time_unix_nano = 7, fixed64 end_time_unix_nano = 8,
//!          repeated KeyValue attributes = 9, uint32 dropped = 10, repeated Event events = 11, uint32 dropped = 12,
//!          repeated Link links = 13, uint32 dropped = 14, Status status = 15, fixed32 flags = 16 }
//! Event  { fixed64 time_unix_nano = 1, string name = 2, repeated KeyValue attributes = 3, uint32 dropped = 4 }
//! Link   { bytes trace_id = 1, bytes span_id = 2, string trace_state = 3, repeated KeyValue attributes = 4,
//!          uint32 dropped = 5, fixed32 flags = 6 }
//! Status { string message = 2, StatusCode code = 3 }
//! ```
//!
//! What a message says once may stand behind what it says many times, so each message is gone
//! through twice: once for its own fields, once for those within.

use super::attributes::{put, text};
use super::intake::{Head, Intake};
use crate::wire::{Value, Wire};
use phoenix_model::traces::{Attributes, LinkRef, SpanId, SpanKind, SpanStatus, TraceId};

/// Reads a request. Returns what is wrong with the bytes, in words.
pub(super) fn read(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        if let (1, Value::Bytes(resource_spans)) = (field, value) {
            read_resource(resource_spans, intake)?;
        }
    }
    Ok(())
}

fn read_resource(bytes: &[u8], intake: &mut Intake<'_>) -> Result<(), String> {
    let (mut resource, mut schema_url, mut has_scopes): (&[u8], &[u8], bool) = (b"", b"", false);
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        match (field, value) {
            (1, Value::Bytes(bytes)) => resource = bytes,
            (2, Value::Bytes(_)) => has_scopes = true,
            (3, Value::Bytes(bytes)) => schema_url = bytes,
            _ => {}
        }
    }
    if !has_scopes {
        return Ok(());
    }
    let mut dropped = 0;
    let mut wire = Wire::new(resource);
    while let Some((field, value)) = wire.next()? {
        if let (2, Value::Varint(number)) = (field, value) {
            dropped = number as u32;
        }
    }
    let number = intake.resource(&text(schema_url), dropped, |packer| {
        let mut wire = Wire::new(resource);
        while let Some((field, value)) = wire.next()? {
            if let (1, Value::Bytes(pair)) = (field, value) {
                put(pair, packer)?;
            }
        }
        Ok(())
    })?;
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        if let (2, Value::Bytes(scope_spans)) = (field, value) {
            read_scope(scope_spans, number, intake)?;
        }
    }
    Ok(())
}

fn read_scope(bytes: &[u8], resource: usize, intake: &mut Intake<'_>) -> Result<(), String> {
    let (mut scope, mut schema_url, mut has_spans): (&[u8], &[u8], bool) = (b"", b"", false);
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        match (field, value) {
            (1, Value::Bytes(bytes)) => scope = bytes,
            (2, Value::Bytes(_)) => has_spans = true,
            (3, Value::Bytes(bytes)) => schema_url = bytes,
            _ => {}
        }
    }
    if !has_spans {
        return Ok(());
    }
    let (mut name, mut version, mut dropped): (&[u8], &[u8], u32) = (b"", b"", 0);
    let mut wire = Wire::new(scope);
    while let Some((field, value)) = wire.next()? {
        match (field, value) {
            (1, Value::Bytes(bytes)) => name = bytes,
            (2, Value::Bytes(bytes)) => version = bytes,
            (4, Value::Varint(number)) => dropped = number as u32,
            _ => {}
        }
    }
    let number = intake.scope([&text(name), &text(version), &text(schema_url)], dropped, |packer| {
        let mut wire = Wire::new(scope);
        while let Some((field, value)) = wire.next()? {
            if let (3, Value::Bytes(pair)) = (field, value) {
                put(pair, packer)?;
            }
        }
        Ok(())
    })?;
    let mut wire = Wire::new(bytes);
    while let Some((field, value)) = wire.next()? {
        if let (2, Value::Bytes(span)) = (field, value) {
            read_span(span, resource, number, intake)?;
        }
    }
    Ok(())
}

fn read_span(bytes: &[u8], resource: usize, scope: usize, intake: &mut Intake<'_>) -> Result<(), String> {
    // A parent's id that is not there says that there is none.
    let mut head = Head { parent_id: Some(SpanId::NONE), size_bytes: bytes.len(), ..Head::default() };
    let (mut trace_state, mut name, mut message): (&[u8], &[u8], &[u8]) = (b"", b"", b"");
    let (mut start, mut end) = (0_u64, 0_u64);
    // Whether there are attributes, events and links.
    let mut has = [false; 3];
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(id)) => head.trace_id = id.try_into().ok().map(TraceId),
            (2, Value::Bytes(id)) => head.span_id = id.try_into().ok().map(SpanId),
            (3, Value::Bytes(text)) => trace_state = text,
            (4, Value::Bytes(b"")) => head.parent_id = Some(SpanId::NONE),
            (4, Value::Bytes(id)) => head.parent_id = id.try_into().ok().map(SpanId),
            (5, Value::Bytes(text)) => name = text,
            (6, Value::Varint(number)) => head.kind = SpanKind::from_number(number as i32),
            (7, Value::Fixed64(time)) => start = time,
            (8, Value::Fixed64(time)) => end = time,
            (9, Value::Bytes(_)) => has[0] = true,
            (10, Value::Varint(number)) => head.dropped[0] = number as u32,
            (11, Value::Bytes(_)) => has[1] = true,
            (12, Value::Varint(number)) => head.dropped[1] = number as u32,
            (13, Value::Bytes(_)) => has[2] = true,
            (14, Value::Varint(number)) => head.dropped[2] = number as u32,
            (15, Value::Bytes(status)) => read_status(status, &mut head, &mut message)?,
            (16, Value::Fixed32(flags)) => head.flags = flags,
            _ => {}
        }
    }
    head.start_ns = i64::try_from(start).unwrap_or(i64::MAX);
    head.duration_ns = i64::try_from(end.saturating_sub(start)).unwrap_or(i64::MAX);
    if !intake.begin(resource, scope, &head, &text(name))? {
        return Ok(());
    }
    intake.status_message(&text(message));
    intake.trace_state(&text(trace_state));
    if has[0] {
        intake.attributes(|packer| {
            let mut wire = Wire::new(bytes);
            while let Some((field, value)) = wire.next()? {
                if let (9, Value::Bytes(pair)) = (field, value) {
                    put(pair, packer)?;
                }
            }
            Ok(())
        })?;
    }
    // Events and links stand one after the other in the write, whatever their order on the wire.
    for (there, wanted, read) in [(has[1], 11, read_event as ReadPart), (has[2], 13, read_link as ReadPart)] {
        let mut number = 0;
        let mut wire = Wire::new(if there { bytes } else { b"" });
        while let Some((field, value)) = wire.next()? {
            if let Value::Bytes(part) = value
                && field == wanted
            {
                read(part, number, intake)?;
                number += 1;
            }
        }
    }
    Ok(())
}

type ReadPart = fn(&[u8], usize, &mut Intake<'_>) -> Result<(), String>;

fn read_status<'a>(bytes: &'a [u8], head: &mut Head, message: &mut &'a [u8]) -> Result<(), String> {
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (2, Value::Bytes(text)) => *message = text,
            (3, Value::Varint(number)) => head.status = SpanStatus::from_number(number as i32),
            _ => {}
        }
    }
    Ok(())
}

fn read_event(bytes: &[u8], number: usize, intake: &mut Intake<'_>) -> Result<(), String> {
    let (mut time, mut name, mut dropped): (u64, &[u8], u32) = (0, b"", 0);
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Fixed64(number)) => time = number,
            (2, Value::Bytes(text)) => name = text,
            (4, Value::Varint(number)) => dropped = number as u32,
            _ => {}
        }
    }
    intake.event(number, i64::try_from(time).unwrap_or(i64::MAX), &text(name), dropped, |packer| {
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.next()? {
            if let (3, Value::Bytes(pair)) = (field, value) {
                put(pair, packer)?;
            }
        }
        Ok(())
    })
}

fn read_link(bytes: &[u8], number: usize, intake: &mut Intake<'_>) -> Result<(), String> {
    let (mut trace_id, mut span_id) = (TraceId::default(), SpanId::NONE);
    let (mut trace_state, mut flags, mut dropped_attributes): (&[u8], u32, u32) = (b"", 0, 0);
    let mut wire = Wire::new(bytes);
    while let Some(field) = wire.next()? {
        match field {
            (1, Value::Bytes(id)) => trace_id = id.try_into().map(TraceId).unwrap_or_default(),
            (2, Value::Bytes(id)) => span_id = id.try_into().map(SpanId).unwrap_or_default(),
            (3, Value::Bytes(text)) => trace_state = text,
            (5, Value::Varint(number)) => dropped_attributes = number as u32,
            (6, Value::Fixed32(number)) => flags = number,
            _ => {}
        }
    }
    let trace_state = text(trace_state);
    let link = LinkRef { trace_id, span_id, trace_state: &trace_state, attributes: Attributes::EMPTY, flags, dropped_attributes };
    intake.link(number, &link, |packer| {
        let mut wire = Wire::new(bytes);
        while let Some((field, value)) = wire.next()? {
            if let (4, Value::Bytes(pair)) = (field, value) {
                put(pair, packer)?;
            }
        }
        Ok(())
    })
}
