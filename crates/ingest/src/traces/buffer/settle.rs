//! Brings spans of decided traces to where they go: kept ones to the store, in writes that it has room
//! for, and the decisions into the journal.

use super::decided::Settled;
use super::merged::Merged;
use super::metrics::LateLabel;
use super::{SamplingBuffer, record};
use phoenix_engine::WriteError;
use phoenix_engine::traces::TraceWriteOutcome;
use phoenix_model::traces::TraceWrite;

/// What a span takes in the memory of a store beside its bytes, at most.
const SPAN_IN_STORE_BYTES: usize = 512;

impl SamplingBuffer {
    /// Spans of traces that were decided: kept ones are stored now.
    pub(super) fn write_late(&self, write: &TraceWrite, late: &[(u32, Settled)]) -> Result<TraceWriteOutcome, WriteError> {
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

    /// Brings decided traces to where they go: kept ones to the store, and all into the journal as decided.
    /// What the store does not take stays for the next time.
    pub(super) fn settle(&self) {
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
}

/// What a write takes in the memory of a store, at most.
pub(super) fn in_store_bytes(write: &TraceWrite) -> usize {
    write.size_bytes() + write.len() * SPAN_IN_STORE_BYTES
}
