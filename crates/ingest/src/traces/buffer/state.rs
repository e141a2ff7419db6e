//! What the buffer knows of traces, and how it learns it again from the journal.

use super::decided::{Decided, Settled};
use super::merged::Merged;
use super::record::Record;
use super::waiting::WaitingTraces;
use hashbrown::HashMap;
use phoenix_model::traces::{TraceId, TraceWrite};
use phoenix_sampling::Sampler;
use std::collections::VecDeque;

/// Traces that wait, and traces that were decided.
pub(super) struct State {
    pub(super) sampler: Sampler,
    pub(super) waiting: WaitingTraces,
    pub(super) decided: Decided,
    /// Traces that were decided and not yet brought to where they go, oldest first.
    pub(super) unsettled: VecDeque<Unsettled>,
    /// Bytes of those that are kept.
    pub(super) unsettled_bytes: usize,
    /// Why kept traces could not be stored the last time.
    pub(super) stalled: Option<String>,
}

/// A trace that was decided and has not been brought to where it goes.
pub(super) struct Unsettled {
    pub(super) id: TraceId,
    pub(super) settled: Settled,
    /// The spans, as they are stored; `None` for a trace that is dropped.
    pub(super) write: Option<TraceWrite>,
    pub(super) file: u64,
}

impl State {
    /// Without traces.
    pub(super) fn new(sampler: Sampler) -> Self {
        Self {
            sampler,
            waiting: WaitingTraces::default(),
            decided: Decided::default(),
            unsettled: VecDeque::new(),
            unsettled_bytes: 0,
            stalled: None,
        }
    }

    /// Takes in a record from before the start.
    pub(super) fn replay(&mut self, file: u64, record: Record, now_ms: i64) {
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
    pub(super) fn files(&self) -> Vec<u64> {
        self.waiting.files().chain(self.unsettled.iter().map(|trace| trace.file)).collect()
    }
}
