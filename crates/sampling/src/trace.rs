//! The spans of one trace, as a decision sees them.

use crate::request::Request;
use crate::threshold::Randomness;
use phoenix_model::traces::{Attributes, SpanKind, SpanRef, SpanStatus, TraceId, TraceWrite};
use std::collections::HashSet;

/// Bytes that a span counts with beside its texts, attributes, events and links.
pub const SPAN_FIXED_BYTES: u64 = 64;

/// The spans of one trace among those of a write.
#[derive(Debug, Clone, Copy)]
pub struct TraceSpans<'a> {
    write: &'a TraceWrite,
    numbers: &'a [u32],
}

impl<'a> TraceSpans<'a> {
    /// The spans of these numbers. All belong to one trace; nothing else is assumed of them.
    ///
    /// # Panics
    /// Later, when a number is not that of a span of the write.
    pub fn new(write: &'a TraceWrite, numbers: &'a [u32]) -> Self {
        Self { write, numbers }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.numbers.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.numbers.is_empty()
    }

    /// The trace; all zero when there is no span.
    pub fn trace_id(&self) -> TraceId {
        self.numbers.first().map_or_else(TraceId::default, |number| self.write.fixed(*number as usize).trace_id)
    }

    /// The spans.
    pub fn iter(self) -> impl Iterator<Item = SpanRef<'a>> + Clone {
        self.numbers.iter().map(move |number| self.write.span(*number as usize))
    }

    /// The attributes of a span's resource.
    pub(crate) fn resource(&self, span: &SpanRef<'a>) -> Attributes<'a> {
        self.write.resource(span.resource).attributes
    }

    /// The service of a span; empty when its resource names none.
    pub(crate) fn service(&self, span: &SpanRef<'a>) -> &'a str {
        self.write.resource(span.resource).service()
    }

    /// What is asked of a span's service.
    pub fn request(&self, span: &SpanRef<'a>) -> Request<'a> {
        Request::of(self.service(span), span)
    }

    /// The requests of the trace: its roots and what servers answer.
    pub fn requests(self) -> impl Iterator<Item = Request<'a>> + Clone {
        self.iter().filter(is_request).map(move |span| self.request(&span))
    }

    /// The span that stands for the trace: the root, else the first request, else the first span, in
    /// the order of time.
    pub fn first(&self) -> Option<SpanRef<'a>> {
        self.iter().min_by_key(|span| (!span.fixed.parent_id.is_none(), !is_request(span), span.fixed.start_ns))
    }

    /// Whether a span of it ended in an error.
    pub fn has_error(&self) -> bool {
        self.numbers.iter().any(|number| self.write.fixed(*number as usize).status == SpanStatus::Error)
    }

    /// Its randomness: an explicit one of the span that stands for it, else of any span, else that of its id.
    pub fn randomness(&self) -> Randomness {
        let first = self.first().map(|span| span.trace_state).unwrap_or_default();
        let states = std::iter::once(first).chain(self.iter().map(|span| span.trace_state));
        let explicit = states.filter(|state| !state.is_empty()).find_map(crate::trace_state::randomness_in);
        explicit.unwrap_or_else(|| Randomness::of(self.trace_id(), ""))
    }

    /// Nanoseconds from the earliest start to the latest end.
    pub fn duration_ns(&self) -> i64 {
        let fixed = || self.numbers.iter().map(|number| self.write.fixed(*number as usize));
        let start = fixed().map(|span| span.start_ns).min().unwrap_or(0);
        let end = fixed().map(|span| span.start_ns.saturating_add(span.duration_ns)).max().unwrap_or(0);
        end.saturating_sub(start)
    }

    /// Bytes that it takes: names, attributes, events, links and states of all its spans, the attributes
    /// of each resource once, and [`SPAN_FIXED_BYTES`] a span.
    pub fn size_bytes(&self) -> u64 {
        let mut resources = HashSet::new();
        self.iter()
            .map(|span| {
                let own = span.name.len()
                    + span.status_message.len()
                    + span.trace_state.len()
                    + span.attributes.as_bytes().len()
                    + span.events.as_bytes().len()
                    + span.links.as_bytes().len();
                let resource = if resources.insert(span.resource) { self.resource(&span).as_bytes().len() } else { 0 };
                (own + resource) as u64 + SPAN_FIXED_BYTES
            })
            .sum()
    }

    /// Whether the root is there, and every span that another names as its parent. More may still
    /// come: a child that nobody names is not missed, which is why a decision waits a little longer.
    pub fn is_complete(&self) -> bool {
        let fixed = || self.numbers.iter().map(|number| self.write.fixed(*number as usize));
        let ids: HashSet<_> = fixed().map(|span| span.span_id).collect();
        let mut has_root = false;
        let linked = fixed().all(|span| {
            has_root |= span.parent_id.is_none();
            span.parent_id.is_none() || ids.contains(&span.parent_id)
        });
        has_root && linked
    }
}

/// A root, or what a server or a consumer answers.
fn is_request(span: &SpanRef<'_>) -> bool {
    span.fixed.parent_id.is_none() || matches!(span.fixed.kind, SpanKind::Server | SpanKind::Consumer)
}
