//! The gate: each span of a request is checked and put into the write.

mod packer;
mod refused;

pub(super) use packer::{MOST_READ_ITEMS, Packer};
pub(super) use refused::Refused;

use super::limits::TraceLimits;
use hashbrown::HashMap;
use phoenix_model::traces::{
    Attributes, AttributesBuilder, LinkRef, ResourceRef, ScopeRef, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite,
};
use refused::Fault;

/// The most bytes of a write: places in its arena have 32 bits.
const MOST_BYTES: usize = 1 << 30;

/// What was changed to keep limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Changes {
    /// Keys, values, names and messages that were cut.
    pub(super) cut: u64,
    /// Attributes, events and links that were left out.
    pub(super) left_out: [u64; 3],
}

/// Puts a request's spans into a write.
pub(super) struct Intake<'l> {
    limits: &'l TraceLimits,
    write: TraceWrite,
    /// Bytes of each span as it came.
    sizes: Vec<u32>,
    refused: Refused,
    changes: Changes,
    /// Spans that were begun or refused.
    spans: usize,
    is_too_much: bool,
    /// Whether a span may be without an id of its own.
    is_lenient: bool,
    /// Resources and scopes of protocols that tell them with each span, by their packed form.
    resources: HashMap<Vec<u8>, usize>,
    scopes: HashMap<Vec<u8>, usize>,
    scratch: Vec<u8>,
}

/// What a request became.
pub(super) struct Taken {
    pub(super) write: TraceWrite,
    /// Bytes of each span of the write as it came.
    pub(super) sizes: Vec<u32>,
    pub(super) refused: Refused,
    pub(super) changes: Changes,
}

/// What of a span is read before the rest. An id is `None` when it is malformed.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Head {
    pub(super) trace_id: Option<TraceId>,
    pub(super) span_id: Option<SpanId>,
    pub(super) parent_id: Option<SpanId>,
    pub(super) start_ns: i64,
    pub(super) duration_ns: i64,
    pub(super) kind: SpanKind,
    pub(super) status: SpanStatus,
    pub(super) flags: u32,
    pub(super) dropped: [u32; 3],
    /// Bytes of the span as it came.
    pub(super) size_bytes: usize,
}

impl<'l> Intake<'l> {
    pub(super) fn new(limits: &'l TraceLimits) -> Self {
        Self {
            limits,
            write: TraceWrite::default(),
            sizes: Vec::new(),
            refused: Refused::default(),
            changes: Changes::default(),
            spans: 0,
            is_too_much: false,
            is_lenient: false,
            resources: HashMap::new(),
            scopes: HashMap::new(),
            scratch: Vec::new(),
        }
    }

    /// One that takes spans without an id of their own, and as roots those whose parent's id is malformed.
    pub(super) fn lenient(limits: &'l TraceLimits) -> Self {
        Self { is_lenient: true, ..Self::new(limits) }
    }

    /// Spans that were not taken.
    pub(super) fn refused(&self) -> &Refused {
        &self.refused
    }

    pub(super) fn finish(self) -> Taken {
        Taken { write: self.write, sizes: self.sizes, refused: self.refused, changes: self.changes }
    }

    /// Whether reading ended since the request has more than a request may have.
    pub(super) fn is_too_much(&self) -> bool {
        self.is_too_much
    }

    /// Adds a resource.
    pub(super) fn resource(
        &mut self,
        schema_url: &str,
        dropped: u32,
        fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>,
    ) -> Result<usize, String> {
        self.pack(fill)?;
        let schema_url = self.shortened(schema_url);
        let attributes = Attributes::trusted(&self.scratch);
        Ok(self.write.copy_resource(&ResourceRef { attributes, schema_url, dropped_attributes: dropped }))
    }

    /// Adds an instrumentation scope: its name, version and schema.
    pub(super) fn scope(
        &mut self,
        [name, version, schema_url]: [&str; 3],
        dropped: u32,
        fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>,
    ) -> Result<usize, String> {
        self.pack(fill)?;
        let [name, version, schema_url] = [name, version, schema_url].map(|text| self.shortened(text));
        let attributes = Attributes::trusted(&self.scratch);
        Ok(self.write.copy_scope(&ScopeRef { name, version, attributes, schema_url, dropped_attributes: dropped }))
    }

    /// The resource with these attributes, which is added if the request had none like it yet.
    pub(super) fn known_resource(&mut self, fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>) -> Result<usize, String> {
        self.pack(fill)?;
        if let Some(&number) = self.resources.get(&self.scratch) {
            return Ok(number);
        }
        let attributes = Attributes::trusted(&self.scratch);
        let number = self.write.copy_resource(&ResourceRef { attributes, ..ResourceRef::default() });
        self.resources.insert(self.scratch.clone(), number);
        Ok(number)
    }

    /// The scope of this name and version, which is added if the request had none like it yet.
    pub(super) fn known_scope(&mut self, name: &str, version: &str) -> usize {
        self.scratch.clear();
        self.scratch.extend_from_slice(name.as_bytes());
        self.scratch.push(0);
        self.scratch.extend_from_slice(version.as_bytes());
        if let Some(&number) = self.scopes.get(&self.scratch) {
            return number;
        }
        let (name, version) = (self.shortened(name), self.shortened(version));
        let number = self.write.copy_scope(&ScopeRef { name, version, ..ScopeRef::default() });
        self.scopes.insert(self.scratch.clone(), number);
        number
    }

    /// Begins a span if it is sound; whether it is. What comes next is its. An error ends the request.
    pub(super) fn begin(&mut self, resource: usize, scope: usize, head: &Head, name: &str) -> Result<bool, String> {
        self.spans += 1;
        if self.spans > self.limits.max_spans_per_request {
            self.is_too_much = true;
            return Err(format!("the request has more than {} spans", self.limits.max_spans_per_request));
        }
        if self.write.size_bytes() > MOST_BYTES {
            self.is_too_much = true;
            return Err(format!("the spans of the request need more than {MOST_BYTES} bytes"));
        }
        let fault = match (head.trace_id, head.span_id, head.parent_id) {
            (None | Some(TraceId([0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0])), _, _) => Some(Fault::Trace),
            _ if self.is_lenient => None,
            (_, None | Some(SpanId::NONE), _) => Some(Fault::Span),
            (_, _, None) => Some(Fault::Parent),
            _ => None,
        };
        if let Some(fault) = fault {
            self.refused.add(fault, name);
            return Ok(false);
        }
        let fixed = SpanRecord {
            trace_id: head.trace_id.unwrap_or_default(),
            span_id: head.span_id.unwrap_or_default(),
            parent_id: head.parent_id.unwrap_or_default(),
            start_ns: head.start_ns,
            duration_ns: head.duration_ns.max(0),
            kind: head.kind,
            status: head.status,
            flags: head.flags,
            dropped: head.dropped,
        };
        let name = self.shortened(name);
        self.write.begin_span(resource, scope, fixed, name);
        self.sizes.push(u32::try_from(head.size_bytes).unwrap_or(u32::MAX));
        Ok(true)
    }

    pub(super) fn status_message(&mut self, message: &str) {
        if !message.is_empty() {
            let message = self.shortened(message);
            self.write.set_status_message(message);
        }
    }

    /// A `tracestate` that is cut can't be read, so one that is too long is left out.
    pub(super) fn trace_state(&mut self, trace_state: &str) {
        if self.limits.cut(trace_state).1 {
            self.changes.cut += 1;
        } else if !trace_state.is_empty() {
            self.write.set_trace_state(trace_state);
        }
    }

    pub(super) fn attributes(&mut self, fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>) -> Result<(), String> {
        let mut outcome = Ok(());
        let (limits, changes) = (self.limits, &mut self.changes);
        let mut left_out = 0;
        self.write.set_attributes(|builder| {
            let mut packer = Packer::new(builder, limits, changes);
            outcome = fill(&mut packer);
            left_out = packer.left_out;
        });
        if left_out > 0 {
            self.write.add_dropped([left_out, 0, 0]);
        }
        outcome
    }

    /// Adds an event to the span; `number` is how many it had.
    pub(super) fn event(
        &mut self,
        number: usize,
        time_ns: i64,
        name: &str,
        dropped: u32,
        fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if number >= self.limits.max_events {
            self.changes.left_out[1] += 1;
            self.write.add_dropped([0, 1, 0]);
            return Ok(());
        }
        let left_out = self.pack(fill)?;
        let name = self.shortened(name);
        let packed = Attributes::trusted(&self.scratch);
        self.write.push_event(time_ns, name, dropped.saturating_add(left_out), |builder| builder.extend(packed));
        Ok(())
    }

    /// Adds a link to the span; `number` is how many it had. `link` has no attributes: `fill` gives them.
    pub(super) fn link(
        &mut self,
        number: usize,
        link: &LinkRef<'_>,
        fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>,
    ) -> Result<(), String> {
        if number >= self.limits.max_links {
            self.changes.left_out[2] += 1;
            self.write.add_dropped([0, 0, 1]);
            return Ok(());
        }
        let left_out = self.pack(fill)?;
        let trace_state = if self.limits.cut(link.trace_state).1 { "" } else { link.trace_state };
        let dropped_attributes = link.dropped_attributes.saturating_add(left_out);
        self.write.push_link(&LinkRef { attributes: Attributes::trusted(&self.scratch), trace_state, dropped_attributes, ..*link });
        Ok(())
    }

    /// Packs attributes into the scratch space; how many were left out.
    fn pack(&mut self, fill: impl FnOnce(&mut Packer<'_, '_>) -> Result<(), String>) -> Result<u32, String> {
        self.scratch.clear();
        let mut builder = AttributesBuilder::new(&mut self.scratch);
        let mut packer = Packer::new(&mut builder, self.limits, &mut self.changes);
        fill(&mut packer)?;
        Ok(packer.left_out)
    }

    fn shortened<'t>(&mut self, text: &'t str) -> &'t str {
        let (text, is_cut) = self.limits.cut(text);
        self.changes.cut += u64::from(is_cut);
        text
    }
}
