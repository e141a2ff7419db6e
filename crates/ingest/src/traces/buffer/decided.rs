//! Decisions that are remembered for spans that come late.

use hashbrown::HashMap;
use phoenix_model::traces::TraceId;
use phoenix_sampling::Settings;
use std::collections::VecDeque;

/// What was decided on a trace.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Settled {
    pub(super) keep: bool,
    /// With which probability traces like it are kept.
    pub(super) probability: f64,
    /// Whether that is known.
    pub(super) is_exact: bool,
}

/// The latest decisions, as many each way as the settings say.
#[derive(Debug, Default)]
pub(super) struct Decided {
    by_trace: HashMap<TraceId, Settled>,
    /// In the order in which they were decided: those dropped, those kept.
    order: [VecDeque<TraceId>; 2],
}

impl Decided {
    pub(super) fn get(&self, id: TraceId) -> Option<Settled> {
        self.by_trace.get(&id).copied()
    }

    pub(super) fn insert(&mut self, id: TraceId, settled: Settled, settings: &Settings) {
        let most = if settled.keep { settings.sampled_cache } else { settings.non_sampled_cache };
        if most == 0 || self.by_trace.insert(id, settled).is_some() {
            return;
        }
        let order = &mut self.order[usize::from(settled.keep)];
        order.push_back(id);
        while order.len() > most {
            if let Some(oldest) = order.pop_front() {
                self.by_trace.remove(&oldest);
            }
        }
    }
}
