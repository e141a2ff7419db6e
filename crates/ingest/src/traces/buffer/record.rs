//! What the journal holds: spans, and what was decided on traces.
//!
//! A record is its length, a checksum (CRC-32) and its body; the first byte of the body says what it is.
//! Numbers are little-endian, texts and packed parts have their length before them, in four bytes.

use super::decided::Settled;
use phoenix_model::traces::{
    Attributes, Events, Links, ResourceRef, ScopeRef, SpanId, SpanKind, SpanRecord, SpanRef, SpanStatus, TraceId, TraceWrite,
};

/// Bytes before a record's body.
pub(super) const HEAD_BYTES: usize = 8;

const SPANS: u8 = 1;
const DECISIONS: u8 = 2;

/// A record, read.
pub(super) enum Record {
    Spans(TraceWrite),
    Decisions(Vec<(TraceId, Settled)>),
}

/// A record of some of a write's spans.
pub(super) fn of_spans(write: &TraceWrite, numbers: &[u32]) -> Vec<u8> {
    framed(write.size_bytes() + 128 * numbers.len(), |out| {
        out.push(SPANS);
        put_length(write.resource_count(), out);
        for number in 0..write.resource_count() {
            let resource = write.resource(number);
            put_bytes(resource.attributes.as_bytes(), out);
            put_bytes(resource.schema_url.as_bytes(), out);
            out.extend(resource.dropped_attributes.to_le_bytes());
        }
        put_length(write.scope_count(), out);
        for number in 0..write.scope_count() {
            let scope = write.scope(number);
            put_bytes(scope.name.as_bytes(), out);
            put_bytes(scope.version.as_bytes(), out);
            put_bytes(scope.attributes.as_bytes(), out);
            put_bytes(scope.schema_url.as_bytes(), out);
            out.extend(scope.dropped_attributes.to_le_bytes());
        }
        put_length(numbers.len(), out);
        for number in numbers {
            put_span(&write.span(*number as usize), out);
        }
    })
}

fn put_span(span: &SpanRef<'_>, out: &mut Vec<u8>) {
    let fixed = &span.fixed;
    out.extend(fixed.trace_id.0);
    out.extend(fixed.span_id.0);
    out.extend(fixed.parent_id.0);
    out.extend(fixed.start_ns.to_le_bytes());
    out.extend(fixed.duration_ns.to_le_bytes());
    out.extend([fixed.kind as u8, fixed.status as u8]);
    out.extend(fixed.flags.to_le_bytes());
    for number in fixed.dropped {
        out.extend(number.to_le_bytes());
    }
    put_length(span.resource, out);
    put_length(span.scope, out);
    for bytes in [
        span.name.as_bytes(),
        span.status_message.as_bytes(),
        span.trace_state.as_bytes(),
        span.attributes.as_bytes(),
        span.events.as_bytes(),
        span.links.as_bytes(),
    ] {
        put_bytes(bytes, out);
    }
}

/// A record of decisions.
pub(super) fn of_decisions(decisions: &[(TraceId, Settled)]) -> Vec<u8> {
    framed(26 * decisions.len(), |out| {
        out.push(DECISIONS);
        put_length(decisions.len(), out);
        for (id, settled) in decisions {
            out.extend(id.0);
            out.push(u8::from(settled.keep) | u8::from(settled.is_exact) << 1);
            out.extend(settled.probability.to_le_bytes());
        }
    })
}

fn framed(most_likely: usize, fill: impl FnOnce(&mut Vec<u8>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEAD_BYTES + most_likely + 64);
    out.extend([0; HEAD_BYTES]);
    fill(&mut out);
    let length = u32::try_from(out.len() - HEAD_BYTES).expect("a request is smaller than 4 GiB");
    let checksum = checksum(length, &out[HEAD_BYTES..]);
    out[..4].copy_from_slice(&length.to_le_bytes());
    out[4..HEAD_BYTES].copy_from_slice(&checksum.to_le_bytes());
    out
}

/// The checksum of a body.
pub(super) fn checksum(_length: u32, body: &[u8]) -> u32 {
    crc32fast::hash(body)
}

/// Reads a body; `None` where it can't be understood.
pub(super) fn read(body: &[u8]) -> Option<Record> {
    let (kind, mut body) = body.split_first()?;
    let record = match *kind {
        SPANS => Record::Spans(take_spans(&mut body)?),
        DECISIONS => Record::Decisions(take_decisions(&mut body)?),
        _ => return None,
    };
    body.is_empty().then_some(record)
}

fn take_spans(body: &mut &[u8]) -> Option<TraceWrite> {
    let mut write = TraceWrite::default();
    for _ in 0..take_length(body)? {
        let attributes = Attributes::checked(take_bytes(body)?)?;
        let schema_url = take_text(body)?;
        write.copy_resource(&ResourceRef { attributes, schema_url, dropped_attributes: u32::from_le_bytes(take_fixed(body)?) });
    }
    for _ in 0..take_length(body)? {
        let (name, version) = (take_text(body)?, take_text(body)?);
        let attributes = Attributes::checked(take_bytes(body)?)?;
        let schema_url = take_text(body)?;
        let dropped_attributes = u32::from_le_bytes(take_fixed(body)?);
        write.copy_scope(&ScopeRef { name, version, attributes, schema_url, dropped_attributes });
    }
    for _ in 0..take_length(body)? {
        let fixed = SpanRecord {
            trace_id: TraceId(take_fixed(body)?),
            span_id: SpanId(take_fixed(body)?),
            parent_id: SpanId(take_fixed(body)?),
            start_ns: i64::from_le_bytes(take_fixed(body)?),
            duration_ns: i64::from_le_bytes(take_fixed(body)?),
            kind: SpanKind::from_number(i32::from(take_fixed::<1>(body)?[0])),
            status: SpanStatus::from_number(i32::from(take_fixed::<1>(body)?[0])),
            flags: u32::from_le_bytes(take_fixed(body)?),
            dropped: [u32::from_le_bytes(take_fixed(body)?), u32::from_le_bytes(take_fixed(body)?), u32::from_le_bytes(take_fixed(body)?)],
        };
        let (resource, scope) = (take_length(body)?, take_length(body)?);
        if resource >= write.resource_count() || scope >= write.scope_count() {
            return None;
        }
        let span = SpanRef {
            fixed,
            resource,
            scope,
            name: take_text(body)?,
            status_message: take_text(body)?,
            trace_state: take_text(body)?,
            attributes: Attributes::checked(take_bytes(body)?)?,
            events: Events::checked(take_bytes(body)?)?,
            links: Links::checked(take_bytes(body)?)?,
        };
        write.copy_span(resource, scope, &span);
    }
    Some(write)
}

fn take_decisions(body: &mut &[u8]) -> Option<Vec<(TraceId, Settled)>> {
    let number = take_length(body)?;
    // Each has 25 bytes.
    if number > body.len() / 25 {
        return None;
    }
    let mut decisions = Vec::with_capacity(number);
    for _ in 0..number {
        let id = TraceId(take_fixed(body)?);
        let [flags] = take_fixed(body)?;
        let probability = f64::from_le_bytes(take_fixed(body)?);
        decisions.push((id, Settled { keep: flags & 1 != 0, is_exact: flags & 2 != 0, probability }));
    }
    Some(decisions)
}

fn put_length(length: usize, out: &mut Vec<u8>) {
    out.extend((length as u32).to_le_bytes());
}

fn take_length(rest: &mut &[u8]) -> Option<usize> {
    take_fixed(rest).map(|bytes| u32::from_le_bytes(bytes) as usize)
}

fn put_bytes(bytes: &[u8], out: &mut Vec<u8>) {
    put_length(bytes.len(), out);
    out.extend_from_slice(bytes);
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_length(rest)?;
    rest.split_off(..length)
}

fn take_text<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    std::str::from_utf8(take_bytes(rest)?).ok()
}

fn take_fixed<const N: usize>(rest: &mut &[u8]) -> Option<[u8; N]> {
    let (taken, behind) = rest.split_first_chunk()?;
    *rest = behind;
    Some(*taken)
}
