//! A batch of spans as the payload of a record of the write-ahead log.
//!
//! A byte for the kind of record ([`KIND_SPANS`]); the number of resources, and each; the number of
//! scopes, and each; then the spans to the end. A span is a byte of flags (kind, status, and which of
//! the following parts are there), the numbers of its resource and its scope, its trace's id unless
//! that is the one before's, its id and its parent's, its start as the difference to the one
//! before, its duration, its name, its attributes, and the rarer parts. Numbers are varints, texts and
//! packed sets have their length before them.

use crate::bytes::{Reader, put_i64, put_slice, put_u64};
use crate::write::Encoded;
use phoenix_model::traces::{
    Attributes, Events, Links, ResourceRef, ScopeRef, SpanId, SpanKind, SpanRecord, SpanRef, SpanStatus, TraceId, TraceWrite,
};

/// The kind of records that hold spans.
const KIND_SPANS: u8 = 2;

/// The lowest bits of a span's flags are its kind, the next two its status.
const KIND_BITS: u8 = 0b111;
const STATUS_SHIFT: u8 = 3;
const STATUS_BITS: u8 = 0b11;

/// The trace is that of the span before.
const SAME_TRACE: u8 = 1 << 5;
/// It has events or links.
const EVENTS: u8 = 1 << 6;
/// It has a status message, a `tracestate`, flags, or counts of what was dropped.
const RARE: u8 = 1 << 7;

/// Writes the spans that do not end before `cutoff_ns`.
pub(super) fn encode_spans(write: &TraceWrite, cutoff_ns: i64, out: &mut Vec<u8>) -> Encoded {
    let mut encoded = Encoded::default();
    out.push(KIND_SPANS);
    out.reserve(write.size_bytes() + write.len() * 48);
    put_u64(out, write.resource_count() as u64);
    for number in 0..write.resource_count() {
        let resource = write.resource(number);
        put_slice(out, resource.attributes.as_bytes());
        put_slice(out, resource.schema_url.as_bytes());
        put_u64(out, resource.dropped_attributes.into());
    }
    put_u64(out, write.scope_count() as u64);
    for number in 0..write.scope_count() {
        let scope = write.scope(number);
        put_slice(out, scope.name.as_bytes());
        put_slice(out, scope.version.as_bytes());
        put_slice(out, scope.attributes.as_bytes());
        put_slice(out, scope.schema_url.as_bytes());
        put_u64(out, scope.dropped_attributes.into());
    }
    let (mut trace_id, mut start_ns) = (TraceId::default(), 0_i64);
    for span in write.spans() {
        if span.fixed.start_ns.saturating_add(span.fixed.duration_ns) < cutoff_ns {
            encoded.too_old += 1;
            continue;
        }
        encoded.kept += 1;
        put_span(&span, trace_id, start_ns, out);
        (trace_id, start_ns) = (span.fixed.trace_id, span.fixed.start_ns);
    }
    encoded
}

fn put_span(span: &SpanRef<'_>, trace_id: TraceId, start_ns: i64, out: &mut Vec<u8>) {
    let fixed = &span.fixed;
    let mut flags = fixed.kind as u8 | ((fixed.status as u8) << STATUS_SHIFT);
    let same_trace = fixed.trace_id == trace_id;
    let has_events = !span.events.is_empty() || !span.links.is_empty();
    let is_rare = !span.status_message.is_empty() || !span.trace_state.is_empty() || fixed.flags != 0 || fixed.dropped != [0; 3];
    for (holds, flag) in [(same_trace, SAME_TRACE), (has_events, EVENTS), (is_rare, RARE)] {
        if holds {
            flags |= flag;
        }
    }
    out.push(flags);
    put_u64(out, span.resource as u64);
    put_u64(out, span.scope as u64);
    if !same_trace {
        out.extend_from_slice(&fixed.trace_id.0);
    }
    out.extend_from_slice(&fixed.span_id.0);
    out.extend_from_slice(&fixed.parent_id.0);
    put_i64(out, fixed.start_ns.wrapping_sub(start_ns));
    put_i64(out, fixed.duration_ns);
    put_slice(out, span.name.as_bytes());
    put_slice(out, span.attributes.as_bytes());
    if has_events {
        put_slice(out, span.events.as_bytes());
        put_slice(out, span.links.as_bytes());
    }
    if is_rare {
        put_slice(out, span.status_message.as_bytes());
        put_slice(out, span.trace_state.as_bytes());
        put_u64(out, fixed.flags.into());
        for dropped in fixed.dropped {
            put_u64(out, dropped.into());
        }
    }
}

/// Reads a payload back; `None` when it can't be understood.
pub(super) fn decode_spans(payload: &[u8]) -> Option<TraceWrite> {
    let mut reader = Reader::new(payload);
    if reader.u8()? != KIND_SPANS {
        return None;
    }
    let mut write = TraceWrite::default();
    for _ in 0..reader.count()? {
        write.copy_resource(&ResourceRef {
            attributes: Attributes::checked(reader.slice()?)?,
            schema_url: reader.str()?,
            dropped_attributes: take_u32(&mut reader)?,
        });
    }
    for _ in 0..reader.count()? {
        write.copy_scope(&ScopeRef {
            name: reader.str()?,
            version: reader.str()?,
            attributes: Attributes::checked(reader.slice()?)?,
            schema_url: reader.str()?,
            dropped_attributes: take_u32(&mut reader)?,
        });
    }
    let (mut trace_id, mut start_ns) = (TraceId::default(), 0_i64);
    while !reader.rest.is_empty() {
        let span = take_span(&mut reader, trace_id, start_ns)?;
        if span.resource >= write.resource_count() || span.scope >= write.scope_count() {
            return None;
        }
        write.copy_span(span.resource, span.scope, &span);
        (trace_id, start_ns) = (span.fixed.trace_id, span.fixed.start_ns);
    }
    Some(write)
}

fn take_span<'a>(reader: &mut Reader<'a>, trace_id: TraceId, start_ns: i64) -> Option<SpanRef<'a>> {
    let flags = reader.u8()?;
    let resource = reader.usize()?;
    let scope = reader.usize()?;
    let trace_id = if flags & SAME_TRACE == 0 { TraceId(reader.take(16)?.try_into().ok()?) } else { trace_id };
    let span_id = SpanId(reader.take(8)?.try_into().ok()?);
    let parent_id = SpanId(reader.take(8)?.try_into().ok()?);
    let start_ns = start_ns.wrapping_add(reader.i64()?);
    let duration_ns = reader.i64()?;
    let name = reader.str()?;
    let attributes = Attributes::checked(reader.slice()?)?;
    let (mut events, mut links) = (Events::default(), Links::default());
    if flags & EVENTS != 0 {
        events = Events::checked(reader.slice()?)?;
        links = Links::checked(reader.slice()?)?;
    }
    let (mut status_message, mut trace_state, mut span_flags, mut dropped) = ("", "", 0, [0; 3]);
    if flags & RARE != 0 {
        status_message = reader.str()?;
        trace_state = reader.str()?;
        span_flags = take_u32(reader)?;
        for count in &mut dropped {
            *count = take_u32(reader)?;
        }
    }
    let fixed = SpanRecord {
        trace_id,
        span_id,
        parent_id,
        start_ns,
        duration_ns,
        kind: *SpanKind::ALL.get(usize::from(flags & KIND_BITS))?,
        status: *SpanStatus::ALL.get(usize::from((flags >> STATUS_SHIFT) & STATUS_BITS))?,
        flags: span_flags,
        dropped,
    };
    Some(SpanRef { fixed, resource, scope, name, status_message, trace_state, attributes, events, links })
}

fn take_u32(reader: &mut Reader<'_>) -> Option<u32> {
    u32::try_from(reader.u64()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::traces::{AttributeValue, LinkRef};
    use proptest::prelude::*;

    /// Trace, span and parent, start and duration, kind and status, what is rare, texts.
    type Span = ((u8, u8, u8), (i64, i64), (usize, usize), (u32, [u32; 3]), (String, String, String, String));

    fn spans() -> impl Strategy<Value = Vec<Span>> {
        let ids = (0u8..3, any::<u8>(), 0u8..3);
        let times = (any::<i64>(), prop_oneof![0i64..1000, 0..=i64::MAX]);
        let rare = prop_oneof![Just((0, [0; 3])), (any::<u32>(), any::<[u32; 3]>())];
        let texts = (".{0,9}", ".{0,5}", ".{0,5}", ".{0,9}");
        prop::collection::vec((ids, times, (0usize..6, 0usize..3), rare, texts), 0..8)
    }

    fn write_of(spans: &[Span]) -> TraceWrite {
        let mut write = TraceWrite::default();
        for number in 0..3 {
            write.add_resource("url", number, |attributes| attributes.text("service.name", &format!("s{number}")));
            write.add_scope("lib", "1", "", number, |attributes| attributes.push("n", &AttributeValue::Int(number.into())));
        }
        for ((trace, span, parent), (start_ns, duration_ns), (kind, status), (flags, dropped), texts) in spans {
            let fixed = SpanRecord {
                trace_id: TraceId([*trace; 16]),
                span_id: SpanId([*span; 8]),
                parent_id: SpanId([*parent; 8]),
                start_ns: *start_ns,
                duration_ns: *duration_ns,
                kind: SpanKind::ALL[*kind],
                status: SpanStatus::ALL[*status],
                flags: *flags,
                dropped: *dropped,
            };
            let (name, message, state, value) = texts;
            write.begin_span(usize::from(*span) % 3, usize::from(*parent) % 3, fixed, name);
            write.set_attributes(|attributes| attributes.text("k", value));
            write.set_status_message(message);
            write.set_trace_state(state);
            if span % 2 == 0 {
                write.push_event(start_ns.wrapping_add(7), name, 1, |attributes| attributes.text("k", value));
            }
            if span % 3 == 0 {
                let (trace_id, span_id) = (fixed.trace_id, fixed.span_id);
                write.push_link(&LinkRef {
                    trace_id,
                    span_id,
                    trace_state: state,
                    attributes: Attributes::EMPTY,
                    flags: 1,
                    dropped_attributes: 2,
                });
            }
        }
        write
    }

    proptest! {
        #[test]
        fn a_batch_is_the_same_after_writing_and_reading(spans in spans()) {
            let write = write_of(&spans);
            let mut bytes = Vec::new();
            prop_assert_eq!(encode_spans(&write, i64::MIN, &mut bytes), Encoded { kept: spans.len() as u64, too_old: 0 });
            let read = decode_spans(&bytes).unwrap();
            prop_assert_eq!(read.spans().collect::<Vec<_>>(), write.spans().collect::<Vec<_>>());
            prop_assert_eq!(
                (0..3).map(|n| (read.resource(n), read.scope(n))).collect::<Vec<_>>(),
                (0..3).map(|n| (write.resource(n), write.scope(n))).collect::<Vec<_>>()
            );
        }

        #[test]
        fn arbitrary_and_cut_payloads_never_panic(spans in spans(), mut bytes in prop::collection::vec(any::<u8>(), 0..200), at in any::<u16>()) {
            if let Some(kind) = bytes.first_mut() {
                *kind = KIND_SPANS;
            }
            decode_spans(&bytes);
            let mut good = Vec::new();
            encode_spans(&write_of(&spans), i64::MIN, &mut good);
            let at = usize::from(at) % good.len();
            decode_spans(&good[..at]);
            good[at] ^= 0x10;
            decode_spans(&good);
        }
    }

    #[test]
    fn what_ended_before_the_retention_is_left_out() {
        let span = |start_ns, duration_ns| ((1, 1, 0), (start_ns, duration_ns), (0, 0), (0, [0; 3]), Default::default());
        let write = write_of(&[span(5, 4), span(5, 5), span(20, 0), span(i64::MAX, i64::MAX)]);
        let mut bytes = Vec::new();
        assert_eq!(encode_spans(&write, 10, &mut bytes), Encoded { kept: 3, too_old: 1 });
        assert_eq!(decode_spans(&bytes).unwrap().len(), 3);
    }

    #[test]
    fn records_of_logs_are_not_understood() {
        assert!(decode_spans(&[1, 0, 0]).is_none() && decode_spans(&[]).is_none());
        assert_eq!(decode_spans(&[KIND_SPANS, 0, 0]).unwrap().len(), 0);
    }
}
