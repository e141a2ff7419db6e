//! Spans of several writes put together, as they go to the store.

use super::decided::Settled;
use hashbrown::HashMap;
use phoenix_model::traces::{SpanRef, TraceWrite};
use phoenix_sampling::Decision;

/// Spans of several writes in one, resources and scopes that are alike once.
#[derive(Default)]
pub(super) struct Merged {
    pub(super) write: TraceWrite,
    resources: HashMap<Vec<u8>, usize>,
    scopes: HashMap<Vec<u8>, usize>,
}

impl Merged {
    /// Adds a span with the `tracestate` that the decision gives it.
    pub(super) fn push(&mut self, from: &TraceWrite, span: &SpanRef<'_>, settled: Settled) {
        let decision = Decision::remembered(settled.keep, settled.probability, settled.is_exact, span.fixed.trace_id, span.trace_state);
        let trace_state = decision.trace_state(span.trace_state);
        self.copy(from, &SpanRef { trace_state: &trace_state, ..*span });
    }

    /// Adds a span as it is.
    pub(super) fn copy(&mut self, from: &TraceWrite, span: &SpanRef<'_>) {
        let (resource, scope) = (self.resource(from, span.resource), self.scope(from, span.scope));
        self.write.copy_span(resource, scope, span);
    }

    /// Adds all spans of a write as they are.
    pub(super) fn copy_all(&mut self, from: &TraceWrite) {
        let resources: Vec<usize> = (0..from.resource_count()).map(|number| self.resource(from, number)).collect();
        let scopes: Vec<usize> = (0..from.scope_count()).map(|number| self.scope(from, number)).collect();
        from.spans().for_each(|span| self.write.copy_span(resources[span.resource], scopes[span.scope], &span));
    }

    fn resource(&mut self, from: &TraceWrite, number: usize) -> usize {
        let resource = from.resource(number);
        let mut key = resource.attributes.as_bytes().to_vec();
        key.extend_from_slice(resource.schema_url.as_bytes());
        key.extend(resource.dropped_attributes.to_le_bytes());
        *self.resources.entry(key).or_insert_with(|| self.write.copy_resource(&resource))
    }

    fn scope(&mut self, from: &TraceWrite, number: usize) -> usize {
        let scope = from.scope(number);
        let mut key = Vec::new();
        for text in [scope.name, scope.version, scope.schema_url] {
            key.extend_from_slice(text.as_bytes());
            key.push(0);
        }
        key.extend_from_slice(scope.attributes.as_bytes());
        key.extend(scope.dropped_attributes.to_le_bytes());
        *self.scopes.entry(key).or_insert_with(|| self.write.copy_scope(&scope))
    }
}

/// A kept trace as it is stored: its spans say how many traces they stand for.
pub(super) fn with_trace_states(trace: TraceWrite, decision: &Decision) -> TraceWrite {
    if trace.spans().all(|span| decision.trace_state(span.trace_state) == span.trace_state) {
        return trace;
    }
    let mut merged = Merged::default();
    for span in trace.spans() {
        let trace_state = decision.trace_state(span.trace_state);
        merged.copy(&trace, &SpanRef { trace_state: &trace_state, ..span });
    }
    merged.write
}
