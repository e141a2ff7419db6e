//! A span, its resource and its instrumentation scope, as they are looked at.

use super::{Attributes, Events, Links, SpanId, SpanKind, SpanStatus, TraceId};

/// What of a span has a fixed size.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct SpanRecord {
    /// The trace.
    pub trace_id: TraceId,
    /// The span.
    pub span_id: SpanId,
    /// The span above it; [`SpanId::NONE`] for a root.
    pub parent_id: SpanId,
    /// Nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// Nanoseconds, not negative: a span that ends before it starts has none.
    pub duration_ns: i64,
    /// Its role.
    pub kind: SpanKind,
    /// How it ended.
    pub status: SpanStatus,
    /// OTLP's flags: the W3C trace flags in the lowest byte.
    pub flags: u32,
    /// How many attributes, events and links the sender left out.
    pub dropped: [u32; 3],
}

/// A resource: what a service says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ResourceRef<'a> {
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// The schema of its attributes; empty if it has none.
    pub schema_url: &'a str,
    /// How many attributes the sender left out.
    pub dropped_attributes: u32,
}

impl<'a> ResourceRef<'a> {
    /// `service.name`; empty if it has none.
    pub fn service(&self) -> &'a str {
        self.attributes.text("service.name").unwrap_or_default()
    }
}

/// An instrumentation scope.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct ScopeRef<'a> {
    /// The name of the library.
    pub name: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// The schema of its spans' attributes; empty if it has none.
    pub schema_url: &'a str,
    /// How many attributes the sender left out.
    pub dropped_attributes: u32,
}

/// One span of a [`TraceWrite`](super::TraceWrite).
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SpanRef<'a> {
    /// Ids, times, kind and status.
    pub fixed: SpanRecord,
    /// The resource's number within the write.
    pub resource: usize,
    /// The scope's number within the write.
    pub scope: usize,
    /// Its name.
    pub name: &'a str,
    /// What its status says beside its code.
    pub status_message: &'a str,
    /// W3C's `tracestate`.
    pub trace_state: &'a str,
    /// Its attributes.
    pub attributes: Attributes<'a>,
    /// Its events.
    pub events: Events<'a>,
    /// Its links.
    pub links: Links<'a>,
}
