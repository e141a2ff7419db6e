//! Experiments in memory, gone when the service ends.

use super::{Experiment, MAX_EXPERIMENTS, MAX_OPEN, New, State, is_over};
use parking_lot::Mutex;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The number of the newest, and those that are kept.
#[derive(Debug, Default)]
pub(super) struct Memory(Mutex<(u64, VecDeque<(Instant, Experiment)>)>);

#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
impl Memory {
    pub(super) fn create(&self, new: New) -> Option<Experiment> {
        let mut kept = self.0.lock();
        if kept.1.iter().filter(|(_, experiment)| !is_over(experiment.state)).count() >= MAX_OPEN {
            return None;
        }
        if kept.1.len() >= MAX_EXPERIMENTS {
            let oldest = kept.1.iter().position(|(_, experiment)| is_over(experiment.state)).expect("most are over");
            kept.1.remove(oldest);
        }
        kept.0 += 1;
        let New { name, tenant_id, keep } = new;
        let experiment = Experiment { id: kept.0, name, tenant_id, keep, state: State::Pending, result: None, age: Duration::ZERO };
        kept.1.push_back((Instant::now(), experiment.clone()));
        Some(experiment)
    }

    pub(super) fn get(&self, id: u64) -> Option<Experiment> {
        self.0.lock().1.iter().map(|(_, experiment)| experiment).find(|experiment| experiment.id == id).cloned()
    }

    pub(super) fn newest(&self, limit: usize) -> Vec<Experiment> {
        self.0.lock().1.iter().rev().take(limit).map(|(_, experiment)| experiment.clone()).collect()
    }

    pub(super) fn open(&self) -> Vec<Experiment> {
        let kept = self.0.lock();
        let open = kept.1.iter().filter(|(_, experiment)| !is_over(experiment.state));
        open.map(|(since, experiment)| Experiment { age: since.elapsed(), ..experiment.clone() }).collect()
    }

    pub(super) fn replace(&self, from: State, by: &Experiment) -> bool {
        let mut kept = self.0.lock();
        let Some(known) = kept.1.iter_mut().map(|(_, known)| known).find(|known| known.id == by.id && known.state == from) else {
            return false;
        };
        known.clone_from(by);
        true
    }
}
