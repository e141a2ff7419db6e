//! Where traces wait until it is decided whether they are kept.
//!
//! A span is acknowledged when it stands in the journal. A trace is decided when it is due, or before
//! when there is no room for more; then its spans go to the store or are dropped, the decision is
//! noted in the journal, and files of which all traces are decided go. After a restart the traces
//! that were not decided wait again, with what of them was there. Between the store's write and the
//! note a crash lets a trace be stored twice, which the store makes one of.
//!
//! Spans that come after the decision follow it while it is remembered; kept ones go to the store
//! before they are acknowledged.

mod decided;
mod journal;
mod metrics;
mod record;
mod waiting;

use decided::{Decided, Settled};
use hashbrown::HashMap;
use journal::Journal;
use metrics::{BufferMetrics, DecisionLabels, LateLabel};
use parking_lot::Mutex;
use phoenix_engine::traces::TraceWriteOutcome;
use phoenix_engine::{TracesEngine, WriteError};
use phoenix_env::{DiskError, SharedClock, SharedDisk};
use phoenix_model::traces::{SpanRef, TraceId, TraceWrite};
use phoenix_sampling::{Decision, Sampler};
use prometheus_client::registry::Registry;
use record::Record;
use std::collections::VecDeque;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use waiting::{WaitingTrace, WaitingTraces};

/// What a span takes in the memory of a store beside its bytes, at most.
const SPAN_IN_STORE_BYTES: usize = 512;
/// Between calls of [`SamplingBuffer::tick`], at most.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// What bounds the buffer, beside [`phoenix_sampling::Settings::num_traces`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BufferLimits {
    /// Bytes in memory of traces that wait. When it is reached, the oldest are decided at once. Default 256 MiB.
    pub memory_bytes: usize,
    /// Spans that wait; the same. Default 1,000,000.
    pub spans: usize,
    /// Bytes of the journal; the same. Default 1 GiB.
    pub journal_bytes: u64,
    /// Bytes in the store's memory that spans may take which go there at once; less than half of all that the
    /// store has, since it refuses what it has no room for. Default 16 MiB.
    pub write_bytes: usize,
    /// Whether each acknowledgement waits for an fsync, which writers share. Without it a crash of
    /// Phoenix still loses nothing, the loss of power may. Default true.
    pub sync: bool,
}

impl Default for BufferLimits {
    fn default() -> Self {
        Self { memory_bytes: 256 << 20, spans: 1_000_000, journal_bytes: 1 << 30, write_bytes: 16 << 20, sync: true }
    }
}

/// Why the buffer could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum BufferError {
    /// The journal's folder can't be read or written.
    #[error("the journal of spans that wait for sampling: {0}")]
    Journal(#[from] DiskError),
}

/// Holds traces back until they are decided. Calls block on the disk and the store.
pub struct SamplingBuffer {
    engine: Arc<dyn TracesEngine>,
    clock: SharedClock,
    limits: BufferLimits,
    journal: Journal,
    state: Mutex<State>,
    /// Held while decided traces go to the store, so that one call does at a time.
    settling: Mutex<()>,
    metrics: BufferMetrics,
}

struct State {
    sampler: Sampler,
    waiting: WaitingTraces,
    decided: Decided,
    /// Traces that were decided and not yet brought to where they go, oldest first.
    unsettled: VecDeque<Unsettled>,
    /// Bytes of those that are kept.
    unsettled_bytes: usize,
    /// Why kept traces could not be stored the last time.
    stalled: Option<String>,
}

struct Unsettled {
    id: TraceId,
    settled: Settled,
    /// The spans, as they are stored; `None` for a trace that is dropped.
    write: Option<TraceWrite>,
    file: u64,
}

impl SamplingBuffer {
    /// Opens the buffer over a folder of its own. Traces that had not been decided wait again.
    pub fn open(
        engine: Arc<dyn TracesEngine>,
        sampler: Sampler,
        disk: SharedDisk,
        clock: SharedClock,
        folder: &Path,
        limits: BufferLimits,
        registry: &mut Registry,
    ) -> Result<Self, BufferError> {
        let mut state = State {
            sampler,
            waiting: WaitingTraces::default(),
            decided: Decided::default(),
            unsettled: VecDeque::new(),
            unsettled_bytes: 0,
            stalled: None,
        };
        let metrics = BufferMetrics::new(registry);
        let now_ms = monotonic_ms(&clock);
        let file_bytes = (limits.journal_bytes / 16).clamp(1 << 16, 64 << 20);
        let journal = Journal::open(disk, folder, file_bytes, limits.sync, |file, record| state.replay(file, record, now_ms))?;
        for file in state.files() {
            journal.pin(file, 1);
        }
        let buffer = Self { engine, clock, limits, journal, state: Mutex::new(state), settling: Mutex::default(), metrics };
        {
            let mut state = buffer.state.lock();
            buffer.evict(&mut state);
        }
        buffer.settle();
        buffer.show(&buffer.state.lock());
        Ok(buffer)
    }

    /// Puts other rules in the place of those that hold. Traces that wait are decided by the new ones, and
    /// wait as long as those say.
    pub fn set_sampler(&self, sampler: Sampler) {
        let mut state = self.state.lock();
        state.waiting.reschedule(&sampler.settings());
        state.sampler = sampler;
    }

    /// Takes spans. When it returns, they survive `kill -9` until their trace is decided.
    pub fn write(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError> {
        let (mut undecided, mut late) = (Vec::with_capacity(write.len()), Vec::new());
        {
            let state = self.state.lock();
            self.check_room(&state)?;
            for number in 0..write.len() as u32 {
                match state.decided.get(write.fixed(number as usize).trace_id) {
                    Some(settled) => late.push((number, settled)),
                    None => undecided.push(number),
                }
            }
        }
        self.metrics.seen_spans.inc_by(write.len() as u64);
        let mut outcome = self.write_late(write, &late)?;
        if undecided.is_empty() {
            return Ok(outcome);
        }
        let file = self.journal.commit(record::of_spans(write, &undecided)).map_err(|error| write_error(&error))?;
        outcome.stored += undecided.len() as u64;
        late.clear();
        let is_over = {
            let now_ms = monotonic_ms(&self.clock);
            let mut state = self.state.lock();
            let settings = state.sampler.settings();
            let mut new_traces = 0;
            for number in undecided {
                let span = write.span(number as usize);
                // It may have been decided meanwhile.
                match state.decided.get(span.fixed.trace_id) {
                    Some(settled) => late.push((number, settled)),
                    None => new_traces += u64::from(state.waiting.add(write, &span, file, now_ms, &settings)),
                }
            }
            self.metrics.seen_traces.inc_by(new_traces);
            self.journal.pin(file, new_traces);
            let is_over = self.evict(&mut state);
            self.show(&state);
            is_over
        };
        self.journal.unpin([file]);
        let stored_late = self.write_late(write, &late)?;
        outcome.too_old += stored_late.too_old;
        if is_over {
            self.settle();
        }
        Ok(outcome)
    }

    /// Decides the traces that are due and brings them to where they go. Returns how long until the next
    /// call is due.
    pub fn tick(&self) -> Duration {
        let now_ms = monotonic_ms(&self.clock);
        {
            let mut state = self.state.lock();
            let settings = state.sampler.settings();
            while let Some((id, trace)) = state.waiting.take_due(now_ms, &settings) {
                self.decide(&mut state, id, trace, now_ms);
            }
        }
        self.settle();
        let state = self.state.lock();
        self.show(&state);
        let next = state.waiting.next_due_ms().map_or(LONGEST_PAUSE, |due_ms| Duration::from_millis((due_ms - now_ms).max(0) as u64));
        next.min(LONGEST_PAUSE)
    }

    /// Ends the buffer's work. Traces that wait stay in the journal for the next start, or are dropped where
    /// the settings say so. Returns how many were dropped.
    pub fn close(&self) -> usize {
        self.settle();
        let mut dropped = 0;
        {
            let mut state = self.state.lock();
            if state.sampler.settings().drop_pending_on_shutdown {
                while let Some((id, trace)) = state.waiting.take_oldest() {
                    let settled = Settled { keep: false, probability: 0.0, is_exact: true };
                    state.unsettled.push_back(Unsettled { id, settled, write: None, file: trace.file });
                    dropped += 1;
                }
            }
        }
        self.settle();
        dropped
    }

    /// Why kept traces could not be stored the last time; they are tried again.
    pub fn stalled(&self) -> Option<String> {
        self.state.lock().stalled.clone()
    }

    /// How many traces wait.
    pub fn waiting(&self) -> usize {
        self.state.lock().waiting.len()
    }

    /// Pushes back while the store takes too little of what is kept.
    fn check_room(&self, state: &State) -> Result<(), WriteError> {
        if state.unsettled_bytes > self.limits.memory_bytes / 2 {
            let message = format!(
                "{} bytes of kept traces wait for the store, and the buffer may have {} bytes",
                state.unsettled_bytes, self.limits.memory_bytes
            );
            return Err(WriteError::Busy(message));
        }
        let bytes = self.journal.bytes();
        if !state.unsettled.is_empty() && bytes > self.limits.journal_bytes {
            let message = format!("the journal of spans that wait has {bytes} bytes, and may have {}", self.limits.journal_bytes);
            return Err(WriteError::Busy(message));
        }
        Ok(())
    }

    /// Spans of traces that were decided: kept ones are stored now.
    fn write_late(&self, write: &TraceWrite, late: &[(u32, Settled)]) -> Result<TraceWriteOutcome, WriteError> {
        if late.is_empty() {
            return Ok(TraceWriteOutcome::default());
        }
        let mut merged = Merged::default();
        let (mut kept, mut dropped) = (0, 0);
        for (number, settled) in late {
            let span = write.span(*number as usize);
            if settled.keep {
                merged.push(write, &span, *settled);
                kept += 1;
            } else {
                dropped += 1;
            }
        }
        // What is dropped counts as taken: the sender has no part in it.
        let mut outcome = TraceWriteOutcome { stored: dropped, too_old: 0 };
        if kept > 0 {
            let stored = self.store(&merged.write)?;
            outcome = TraceWriteOutcome { stored: dropped + stored.stored, too_old: stored.too_old };
            self.metrics.late.get_or_create(&LateLabel { decision: "kept" }).inc_by(kept);
        }
        if dropped > 0 {
            self.metrics.late.get_or_create(&LateLabel { decision: "dropped" }).inc_by(dropped);
        }
        Ok(outcome)
    }

    /// Decides the oldest traces while there is too much; whether there was.
    fn evict(&self, state: &mut State) -> bool {
        let now_ms = monotonic_ms(&self.clock);
        let most_traces = state.sampler.settings().num_traces.max(1);
        let mut evicted = 0;
        while state.waiting.len() > most_traces || state.waiting.bytes > self.limits.memory_bytes || state.waiting.spans > self.limits.spans
        {
            let Some((id, trace)) = state.waiting.take_oldest() else { break };
            self.decide(state, id, trace, now_ms);
            evicted += 1;
        }
        if self.journal.bytes() > self.limits.journal_bytes {
            // Those that hold the first file go, and the file with them.
            self.journal.end_file();
            let first = self.journal.first_pinned();
            while first.is_some() && state.waiting.oldest_file() <= first {
                let Some((id, trace)) = state.waiting.take_oldest() else { break };
                self.decide(state, id, trace, now_ms);
                evicted += 1;
            }
        }
        self.metrics.evicted.inc_by(evicted);
        evicted > 0
    }

    fn decide(&self, state: &mut State, id: TraceId, trace: WaitingTrace, now_ms: i64) {
        let decision = state.sampler.decide(&trace.write, &trace.numbers(), now_ms);
        let settled = Settled { keep: decision.keep, probability: decision.probability, is_exact: decision.is_exact };
        let settings = state.sampler.settings();
        state.decided.insert(id, settled, &settings);
        let labels = DecisionLabels { decision: if decision.keep { "kept" } else { "dropped" }, rule: decision.rule.to_string() };
        self.metrics.traces.get_or_create(&labels).inc();
        self.metrics.spans.get_or_create(&labels).inc_by(trace.write.len() as u64);
        self.metrics.wait_seconds.observe((now_ms - trace.first_ms()).max(0) as f64 / 1000.0);
        let file = trace.file;
        let write = decision.keep.then(|| with_trace_states(trace.write, &decision));
        state.unsettled_bytes += write.as_ref().map_or(0, TraceWrite::size_bytes);
        state.unsettled.push_back(Unsettled { id, settled, write, file });
    }

    /// Brings decided traces to where they go: kept ones to the store, and all into the journal as decided.
    /// What the store does not take stays for the next time.
    fn settle(&self) {
        let _one_at_a_time = self.settling.lock();
        loop {
            // Traces at the front, as many as go to the store at once.
            let mut batch = Vec::new();
            let mut merged = Merged::default();
            {
                let mut state = self.state.lock();
                while in_store_bytes(&merged.write) < self.limits.write_bytes
                    && let Some(next) = state.unsettled.pop_front()
                {
                    state.unsettled_bytes -= next.write.as_ref().map_or(0, TraceWrite::size_bytes);
                    if let Some(write) = &next.write {
                        merged.copy_all(write);
                    }
                    batch.push(next);
                }
            }
            if batch.is_empty() {
                break;
            }
            if !merged.write.is_empty()
                && let Err(error) = self.store(&merged.write)
            {
                self.metrics.store_failures.inc();
                tracing::debug!(%error, "kept traces could not be stored; they are tried again");
                let mut state = self.state.lock();
                state.stalled = Some(error.to_string());
                for back in batch.into_iter().rev() {
                    state.unsettled_bytes += back.write.as_ref().map_or(0, TraceWrite::size_bytes);
                    state.unsettled.push_front(back);
                }
                return;
            }
            self.state.lock().stalled = None;
            let decisions: Vec<_> = batch.iter().map(|trace| (trace.id, trace.settled)).collect();
            if let Err(error) = self.journal.note(&record::of_decisions(&decisions)) {
                // After a crash they would be decided again, by the same rules.
                tracing::debug!(%error, "decisions could not be noted in the journal of spans");
            }
            self.journal.unpin(batch.iter().map(|trace| trace.file));
        }
        if let Err(error) = self.journal.prune() {
            tracing::warn!(%error, "files of the journal of spans could not be removed");
        }
    }

    /// Writes spans to the store, in parts where they are many: the store refuses what is larger than its memory.
    fn store(&self, write: &TraceWrite) -> Result<TraceWriteOutcome, WriteError> {
        if in_store_bytes(write) <= self.limits.write_bytes {
            return self.engine.write(write);
        }
        let mut all = TraceWriteOutcome::default();
        let mut put = |part: &TraceWrite| {
            let stored = self.engine.write(part)?;
            all.stored += stored.stored;
            all.too_old += stored.too_old;
            Ok::<_, WriteError>(())
        };
        let mut part = Merged::default();
        for span in write.spans() {
            part.copy(write, &span);
            if in_store_bytes(&part.write) >= self.limits.write_bytes {
                put(&std::mem::take(&mut part).write)?;
            }
        }
        if !part.write.is_empty() {
            put(&part.write)?;
        }
        Ok(all)
    }

    fn show(&self, state: &State) {
        self.metrics.waiting_traces.set(state.waiting.len() as i64);
        self.metrics.waiting_spans.set(state.waiting.spans as i64);
        self.metrics.waiting_bytes.set((state.waiting.bytes + state.unsettled_bytes) as i64);
        self.metrics.journal_bytes.set(self.journal.bytes() as i64);
    }
}

impl State {
    /// Takes in a record from before the start.
    fn replay(&mut self, file: u64, record: Record, now_ms: i64) {
        let settings = self.sampler.settings();
        match record {
            Record::Spans(write) => {
                let mut late: HashMap<TraceId, (Settled, Merged)> = HashMap::new();
                for span in write.spans() {
                    match self.decided.get(span.fixed.trace_id) {
                        None => _ = self.waiting.add(&write, &span, file, now_ms, &settings),
                        Some(settled) if settled.keep => {
                            late.entry(span.fixed.trace_id).or_insert((settled, Merged::default())).1.push(&write, &span, settled);
                        }
                        Some(_) => {}
                    }
                }
                for (id, (settled, merged)) in late {
                    self.unsettled_bytes += merged.write.size_bytes();
                    self.unsettled.push_back(Unsettled { id, settled, write: Some(merged.write), file });
                }
            }
            Record::Decisions(decisions) => {
                for (id, settled) in decisions {
                    self.waiting.take(id);
                    self.decided.insert(id, settled, &settings);
                }
            }
        }
    }

    /// The file that each trace holds.
    fn files(&self) -> Vec<u64> {
        self.waiting.files().chain(self.unsettled.iter().map(|trace| trace.file)).collect()
    }
}

/// Spans of several writes in one, resources and scopes that are alike once.
#[derive(Default)]
struct Merged {
    write: TraceWrite,
    resources: HashMap<Vec<u8>, usize>,
    scopes: HashMap<Vec<u8>, usize>,
}

impl Merged {
    /// Adds a span with the `tracestate` that the decision gives it.
    fn push(&mut self, from: &TraceWrite, span: &SpanRef<'_>, settled: Settled) {
        let decision = Decision::remembered(settled.keep, settled.probability, settled.is_exact, span.fixed.trace_id, span.trace_state);
        let trace_state = decision.trace_state(span.trace_state);
        self.copy(from, &SpanRef { trace_state: &trace_state, ..*span });
    }

    /// Adds a span as it is.
    fn copy(&mut self, from: &TraceWrite, span: &SpanRef<'_>) {
        let (resource, scope) = (self.resource(from, span.resource), self.scope(from, span.scope));
        self.write.copy_span(resource, scope, span);
    }

    /// Adds all spans of a write as they are.
    fn copy_all(&mut self, from: &TraceWrite) {
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
fn with_trace_states(trace: TraceWrite, decision: &Decision) -> TraceWrite {
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

fn in_store_bytes(write: &TraceWrite) -> usize {
    write.size_bytes() + write.len() * SPAN_IN_STORE_BYTES
}

/// The journal's record of all spans of a write.
pub(super) fn record_of(write: &TraceWrite) -> Vec<u8> {
    let numbers: Vec<u32> = (0..write.len() as u32).collect();
    record::of_spans(write, &numbers)
}

fn monotonic_ms(clock: &SharedClock) -> i64 {
    clock.monotonic().as_millis() as i64
}

fn write_error(error: &DiskError) -> WriteError {
    let message = format!("the journal of spans that wait for sampling: {error}");
    if error.is_full() { WriteError::DiskFull(message) } else { WriteError::Storage(message) }
}

#[cfg(test)]
mod tests;
