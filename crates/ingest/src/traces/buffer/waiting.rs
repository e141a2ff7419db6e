//! Traces that wait for their decision.

use hashbrown::HashMap;
use phoenix_model::traces::{ResourceRef, ScopeRef, SpanRef, TraceId, TraceWrite};
use phoenix_sampling::{EarlyDecision, Settings, TraceSpans};
use std::collections::{BTreeMap, BTreeSet};

/// What a span, and a trace, take in memory beside their bytes.
const SPAN_BYTES: usize = 192;
const TRACE_BYTES: usize = 512;

/// A trace.
#[derive(Debug)]
pub(super) struct WaitingTrace {
    pub(super) write: TraceWrite,
    /// The file of the journal from which on its spans stand.
    pub(super) file: u64,
    first_ms: i64,
    last_ms: i64,
    root_ms: Option<i64>,
    due_ms: i64,
    /// Its place among all traces, by when they came.
    place: u64,
    bytes: usize,
}

impl WaitingTrace {
    /// When its first span came, in milliseconds of the monotonic clock.
    pub(super) fn first_ms(&self) -> i64 {
        self.first_ms
    }

    /// The numbers of its spans.
    pub(super) fn numbers(&self) -> Vec<u32> {
        (0..self.write.len() as u32).collect()
    }

    /// When it is due if it is complete, which is looked at only then.
    fn due_ms(&self, settings: &Settings) -> i64 {
        let may_be_complete = self.root_ms.is_some() && matches!(settings.early, EarlyDecision::Complete(_));
        settings.due_ms(self.first_ms, self.last_ms, self.root_ms, may_be_complete)
    }

    fn is_complete(&self) -> bool {
        TraceSpans::new(&self.write, &self.numbers()).is_complete()
    }
}

/// All of them.
#[derive(Debug, Default)]
pub(super) struct WaitingTraces {
    traces: HashMap<TraceId, WaitingTrace>,
    due: BTreeSet<(i64, TraceId)>,
    by_place: BTreeMap<u64, TraceId>,
    next_place: u64,
    pub(super) bytes: usize,
    pub(super) spans: usize,
}

impl WaitingTraces {
    pub(super) fn len(&self) -> usize {
        self.traces.len()
    }

    /// Adds a span of another write, which stands in this file of the journal; whether its trace is new.
    pub(super) fn add(&mut self, write: &TraceWrite, span: &SpanRef<'_>, file: u64, now_ms: i64, settings: &Settings) -> bool {
        let id = span.fixed.trace_id;
        let is_new = !self.traces.contains_key(&id);
        let next_place = &mut self.next_place;
        let by_place = &mut self.by_place;
        let trace = self.traces.entry(id).or_insert_with(|| {
            let place = *next_place;
            *next_place += 1;
            by_place.insert(place, id);
            WaitingTrace {
                write: TraceWrite::default(),
                file,
                first_ms: now_ms,
                last_ms: now_ms,
                root_ms: None,
                due_ms: i64::MAX,
                place,
                bytes: 0,
            }
        });
        let resource = own_resource(&mut trace.write, &write.resource(span.resource));
        let scope = own_scope(&mut trace.write, &write.scope(span.scope));
        trace.write.copy_span(resource, scope, span);
        trace.last_ms = now_ms;
        if span.fixed.parent_id.is_none() {
            trace.root_ms.get_or_insert(now_ms);
        }
        let due_ms = trace.due_ms(settings);
        if due_ms != trace.due_ms {
            self.due.remove(&(trace.due_ms, id));
            self.due.insert((due_ms, id));
            trace.due_ms = due_ms;
        }
        let bytes = trace.write.size_bytes() + SPAN_BYTES * trace.write.len() + TRACE_BYTES;
        self.bytes += bytes - trace.bytes;
        trace.bytes = bytes;
        self.spans += 1;
        is_new
    }

    /// Finds anew when each trace is due, since other settings hold.
    pub(super) fn reschedule(&mut self, settings: &Settings) {
        self.due.clear();
        for (id, trace) in &mut self.traces {
            trace.due_ms = trace.due_ms(settings);
            self.due.insert((trace.due_ms, *id));
        }
    }

    /// Takes a trace that is due out.
    pub(super) fn take_due(&mut self, now_ms: i64, settings: &Settings) -> Option<(TraceId, WaitingTrace)> {
        while let Some(&(due_ms, id)) = self.due.first()
            && due_ms <= now_ms
        {
            let trace = self.traces.get_mut(&id)?;
            let is_complete = matches!(settings.early, EarlyDecision::Complete(_)) && trace.root_ms.is_some() && trace.is_complete();
            let really_due_ms = settings.due_ms(trace.first_ms, trace.last_ms, trace.root_ms, is_complete);
            if really_due_ms <= now_ms {
                return self.take(id).map(|trace| (id, trace));
            }
            self.due.remove(&(due_ms, id));
            self.due.insert((really_due_ms, id));
            trace.due_ms = really_due_ms;
        }
        None
    }

    /// Takes the trace out that came first.
    pub(super) fn take_oldest(&mut self) -> Option<(TraceId, WaitingTrace)> {
        let (_, &id) = self.by_place.first_key_value()?;
        self.take(id).map(|trace| (id, trace))
    }

    /// The file of the trace that came first.
    pub(super) fn oldest_file(&self) -> Option<u64> {
        let (_, id) = self.by_place.first_key_value()?;
        self.traces.get(id).map(|trace| trace.file)
    }

    /// Takes a trace out.
    pub(super) fn take(&mut self, id: TraceId) -> Option<WaitingTrace> {
        let trace = self.traces.remove(&id)?;
        self.due.remove(&(trace.due_ms, id));
        self.by_place.remove(&trace.place);
        self.bytes -= trace.bytes;
        self.spans -= trace.write.len();
        Some(trace)
    }

    /// The file that each trace holds.
    pub(super) fn files(&self) -> impl Iterator<Item = u64> + '_ {
        self.traces.values().map(|trace| trace.file)
    }

    /// When the next trace is due, in milliseconds of the monotonic clock.
    pub(super) fn next_due_ms(&self) -> Option<i64> {
        self.due.first().map(|(due_ms, _)| *due_ms)
    }
}

/// The number of a resource within a trace's own write; the last ones added are the likely ones.
fn own_resource(write: &mut TraceWrite, resource: &ResourceRef<'_>) -> usize {
    let known = (0..write.resource_count()).rev().take(16).find(|number| write.resource(*number) == *resource);
    known.unwrap_or_else(|| write.copy_resource(resource))
}

fn own_scope(write: &mut TraceWrite, scope: &ScopeRef<'_>) -> usize {
    let known = (0..write.scope_count()).rev().take(16).find(|number| write.scope(*number) == *scope);
    known.unwrap_or_else(|| write.copy_scope(scope))
}
