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
mod merged;
mod metrics;
mod record;
mod settle;
mod state;
mod waiting;

use decided::Settled;
use journal::Journal;
use merged::with_trace_states;
use metrics::{BufferMetrics, DecisionLabels};
use parking_lot::Mutex;
use phoenix_engine::traces::TraceWriteOutcome;
use phoenix_engine::{TracesEngine, WriteError};
use phoenix_env::{DiskError, SharedClock, SharedDisk};
use phoenix_model::traces::{TraceId, TraceWrite};
use phoenix_sampling::Sampler;
use prometheus_client::registry::Registry;
use state::{State, Unsettled};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use waiting::WaitingTrace;

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
        let mut state = State::new(sampler);
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

    fn show(&self, state: &State) {
        self.metrics.waiting_traces.set(state.waiting.len() as i64);
        self.metrics.waiting_spans.set(state.waiting.spans as i64);
        self.metrics.waiting_bytes.set((state.waiting.bytes + state.unsettled_bytes) as i64);
        self.metrics.journal_bytes.set(self.journal.bytes() as i64);
    }
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
