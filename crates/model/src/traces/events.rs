//! Events and links of spans in packed form, one after the other without a count before them.

use super::{Attributes, AttributesBuilder, SpanId, TraceId};
use crate::labels::{put_varint, take_varint};

/// The events of a span in packed form, in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Events<'a>(&'a [u8]);

/// An event of a span.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventRef<'a> {
    /// Nanoseconds since the Unix epoch.
    pub time_ns: i64,
    /// Its name.
    pub name: &'a str,
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// How many attributes the sender left out.
    pub dropped_attributes: u32,
}

/// The links of a span in packed form, in the order in which they came.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Links<'a>(&'a [u8]);

/// A link from a span to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkRef<'a> {
    /// The other span's trace.
    pub trace_id: TraceId,
    /// The other span.
    pub span_id: SpanId,
    /// The other span's `tracestate`.
    pub trace_state: &'a str,
    /// The link's attributes.
    pub attributes: Attributes<'a>,
    /// OTLP's flags.
    pub flags: u32,
    /// How many attributes the sender left out.
    pub dropped_attributes: u32,
}

impl<'a> Events<'a> {
    /// Bytes that [`Events::as_bytes`] gave.
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes from somewhere else; `None` when they are not well-formed.
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            take_event(&mut rest, Attributes::checked)?;
        }
        Some(Self(bytes))
    }

    /// The packed form.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The events, in order.
    pub fn iter(self) -> impl Iterator<Item = EventRef<'a>> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || if rest.is_empty() { None } else { take_event(&mut rest, |bytes| Some(Attributes::trusted(bytes))) })
    }
}

impl<'a> Links<'a> {
    /// Bytes that [`Links::as_bytes`] gave.
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    /// Bytes from somewhere else; `None` when they are not well-formed.
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        while !rest.is_empty() {
            take_link(&mut rest, Attributes::checked)?;
        }
        Some(Self(bytes))
    }

    /// The packed form.
    pub fn as_bytes(self) -> &'a [u8] {
        self.0
    }

    /// Whether there is none.
    pub fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The links, in order.
    pub fn iter(self) -> impl Iterator<Item = LinkRef<'a>> + Clone {
        let mut rest = self.0;
        std::iter::from_fn(move || if rest.is_empty() { None } else { take_link(&mut rest, |bytes| Some(Attributes::trusted(bytes))) })
    }
}

type ReadAttributes<'a> = fn(&'a [u8]) -> Option<Attributes<'a>>;

fn take_event<'a>(rest: &mut &'a [u8], attributes: ReadAttributes<'a>) -> Option<EventRef<'a>> {
    Some(EventRef {
        time_ns: i64::from_le_bytes(rest.split_off(..8)?.try_into().ok()?),
        name: std::str::from_utf8(take_bytes(rest)?).ok()?,
        dropped_attributes: take_varint(rest)? as u32,
        attributes: attributes(take_bytes(rest)?)?,
    })
}

fn take_link<'a>(rest: &mut &'a [u8], attributes: ReadAttributes<'a>) -> Option<LinkRef<'a>> {
    Some(LinkRef {
        trace_id: TraceId(rest.split_off(..16)?.try_into().ok()?),
        span_id: SpanId(rest.split_off(..8)?.try_into().ok()?),
        trace_state: std::str::from_utf8(take_bytes(rest)?).ok()?,
        flags: take_varint(rest)? as u32,
        dropped_attributes: take_varint(rest)? as u32,
        attributes: attributes(take_bytes(rest)?)?,
    })
}

fn take_bytes<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let length = take_varint(rest)?;
    rest.split_off(..length)
}

/// Packs an event.
pub(super) fn put_event(
    time_ns: i64,
    name: &str,
    dropped_attributes: u32,
    fill: impl FnOnce(&mut AttributesBuilder<'_>),
    arena: &mut Vec<u8>,
) {
    arena.extend(time_ns.to_le_bytes());
    put_text(name, arena);
    put_varint(dropped_attributes as usize, arena);
    put_attributes(arena, fill);
}

/// Packs a link.
pub(super) fn put_link(link: &LinkRef<'_>, arena: &mut Vec<u8>) {
    arena.extend(link.trace_id.0);
    arena.extend(link.span_id.0);
    put_text(link.trace_state, arena);
    put_varint(link.flags as usize, arena);
    put_varint(link.dropped_attributes as usize, arena);
    put_varint(link.attributes.as_bytes().len(), arena);
    arena.extend(link.attributes.as_bytes());
}

fn put_text(text: &str, arena: &mut Vec<u8>) {
    put_varint(text.len(), arena);
    arena.extend_from_slice(text.as_bytes());
}

/// Attributes with their length before them.
fn put_attributes(arena: &mut Vec<u8>, fill: impl FnOnce(&mut AttributesBuilder<'_>)) {
    let start = arena.len();
    fill(&mut AttributesBuilder::new(arena));
    let mut length = Vec::with_capacity(5);
    put_varint(arena.len() - start, &mut length);
    arena.extend_from_slice(&length);
    arena[start..].rotate_right(length.len());
}
