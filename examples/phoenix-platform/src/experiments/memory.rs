//! Experiments in memory, gone when the service ends.

use super::{Experiment, MAX_EXPERIMENTS, MAX_OPEN, New, State, is_over};
use parking_lot::Mutex;
use std::collections::VecDeque;

/// The number of the newest, and those that are kept.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<(u64, VecDeque<Experiment>)>);

impl Memory {
    pub(super) fn create(&self, new: New) -> Option<Experiment> {
        let mut kept = self.0.lock();
        if kept.1.iter().filter(|experiment| !is_over(experiment.state)).count() >= MAX_OPEN {
            return None;
        }
        if kept.1.len() >= MAX_EXPERIMENTS {
            let oldest = kept.1.iter().position(|experiment| is_over(experiment.state)).expect("most are over");
            kept.1.remove(oldest);
        }
        kept.0 += 1;
        let New { name, tenant_id, keep } = new;
        let experiment = Experiment { id: kept.0, name, tenant_id, keep, state: State::Pending, result: None };
        kept.1.push_back(experiment.clone());
        Some(experiment)
    }

    pub(super) fn get(&self, id: u64) -> Option<Experiment> {
        self.0.lock().1.iter().find(|experiment| experiment.id == id).cloned()
    }

    pub(super) fn newest(&self, limit: usize) -> Vec<Experiment> {
        self.0.lock().1.iter().rev().take(limit).cloned().collect()
    }

    pub(super) fn open(&self) -> Vec<Experiment> {
        self.0.lock().1.iter().filter(|experiment| !is_over(experiment.state)).cloned().collect()
    }

    pub(super) fn replace(&self, from: State, by: &Experiment) -> bool {
        let mut kept = self.0.lock();
        let Some(known) = kept.1.iter_mut().find(|known| known.id == by.id && known.state == from) else { return false };
        known.clone_from(by);
        true
    }
}
