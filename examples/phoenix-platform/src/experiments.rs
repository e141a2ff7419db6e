//! Experiments: what they are, how they go on, and where they are kept.

use parking_lot::Mutex;
use phoenix_telemetry::ExperimentState as State;
use serde::{Serialize, Serializer};
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::sync::broadcast;

/// The service keeps this many experiments; the oldest that is over goes first.
const MAX_EXPERIMENTS: usize = 1_000;
/// Experiments that are not over yet; who asks for more is told to come again.
const MAX_OPEN: usize = 50;
/// Changes that wait for a listener; a slower one loses the oldest.
const MAX_CHANGES: usize = 64;

/// One experiment: does a pipeline that aggregates give fewer series than one that does not?
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Experiment {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) tenant_id: Arc<str>,
    /// The candidate keeps the series of so many processes, and sums up the others by name.
    pub(crate) keep: usize,
    #[serde(serialize_with = "state_name")]
    pub(crate) state: State,
    /// What was found, once it is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Outcome>,
}

/// What an experiment ended with.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub(crate) struct Outcome {
    pub(crate) baseline_series: usize,
    pub(crate) candidate_series: usize,
    pub(crate) reduction_ratio: f64,
    pub(crate) monthly_savings_usd: f64,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn state_name<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

/// Whether an experiment may go from one state into another.
pub(crate) fn may_follow(from: State, to: State) -> bool {
    matches!(
        (from, to),
        (State::Pending, State::Deploying)
            | (State::Deploying, State::Running)
            | (State::Running, State::Analysing)
            | (State::Analysing, State::Completed)
            // Anything that is not over can fail.
            | (State::Pending | State::Deploying | State::Running | State::Analysing, State::Failed)
    )
}

pub(crate) fn is_over(state: State) -> bool {
    matches!(state, State::Completed | State::Failed)
}

/// All experiments, in memory.
#[derive(Debug)]
pub(crate) struct Experiments {
    kept: Mutex<(u64, VecDeque<Experiment>)>,
    changes: broadcast::Sender<Experiment>,
}

impl Default for Experiments {
    fn default() -> Self {
        Self { kept: Mutex::default(), changes: broadcast::channel(MAX_CHANGES).0 }
    }
}

impl Experiments {
    /// Adds one; `None` when too many are not over yet.
    pub(crate) fn create(&self, name: String, tenant_id: Arc<str>, keep: usize) -> Option<Experiment> {
        let mut kept = self.kept.lock();
        if kept.1.iter().filter(|experiment| !is_over(experiment.state)).count() >= MAX_OPEN {
            return None;
        }
        if kept.1.len() >= MAX_EXPERIMENTS {
            let oldest = kept.1.iter().position(|experiment| is_over(experiment.state)).expect("most are over");
            kept.1.remove(oldest);
        }
        kept.0 += 1;
        let experiment = Experiment { id: kept.0, name, tenant_id, keep, state: State::Pending, result: None };
        kept.1.push_back(experiment.clone());
        // Nobody need listen.
        let _ = self.changes.send(experiment.clone());
        Some(experiment)
    }

    pub(crate) fn get(&self, id: u64) -> Option<Experiment> {
        self.kept.lock().1.iter().find(|experiment| experiment.id == id).cloned()
    }

    /// The newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<Experiment> {
        self.kept.lock().1.iter().rev().take(limit).cloned().collect()
    }

    /// Those that are not over, the oldest first.
    pub(crate) fn open(&self) -> Vec<Experiment> {
        self.kept.lock().1.iter().filter(|experiment| !is_over(experiment.state)).cloned().collect()
    }

    /// Moves one on; `None` if it is gone or may not go there.
    pub(crate) fn go(&self, id: u64, to: State, result: Option<Outcome>) -> Option<Experiment> {
        let mut kept = self.kept.lock();
        let experiment = kept.1.iter_mut().find(|experiment| experiment.id == id)?;
        if !may_follow(experiment.state, to) {
            return None;
        }
        experiment.state = to;
        experiment.result = result.or(experiment.result.take());
        let _ = self.changes.send(experiment.clone());
        Some(experiment.clone())
    }

    /// What changes from now on.
    pub(crate) fn changes(&self) -> broadcast::Receiver<Experiment> {
        self.changes.subscribe()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_experiment_goes_through_its_states_and_never_back() {
        let way = [State::Pending, State::Deploying, State::Running, State::Analysing, State::Completed];
        for (at, from) in State::ALL.into_iter().enumerate() {
            for (to_at, to) in State::ALL.into_iter().enumerate() {
                let is_next = to_at == at + 1 && way.contains(&from) && way.contains(&to);
                let fails = to == State::Failed && !is_over(from);
                assert_eq!(may_follow(from, to), is_next || fails, "{from} {to}");
            }
        }
        let experiments = Experiments::default();
        let mut changes = experiments.changes();
        let id = experiments.create("a".into(), "acme".into(), 10).unwrap().id;
        assert!(experiments.go(id, State::Completed, None).is_none());
        for to in &way[1..] {
            assert_eq!(experiments.go(id, *to, None).unwrap().state, *to);
        }
        assert!(experiments.go(id, State::Failed, None).is_none() && experiments.open().is_empty());
        let seen: Vec<State> = std::iter::from_fn(|| changes.try_recv().ok()).map(|experiment| experiment.state).collect();
        assert_eq!(seen, way);
    }

    #[test]
    fn there_is_a_limit_to_open_ones_and_to_old_ones() {
        let experiments = Experiments::default();
        for _ in 0..MAX_OPEN {
            experiments.create(String::new(), "acme".into(), 10).unwrap();
        }
        assert!(experiments.create(String::new(), "acme".into(), 10).is_none());
        for _ in 0..MAX_EXPERIMENTS {
            experiments.go(experiments.open()[0].id, State::Failed, None).unwrap();
            experiments.create(String::new(), "acme".into(), 10).unwrap();
        }
        assert_eq!(experiments.newest(usize::MAX).len(), MAX_EXPERIMENTS);
        assert!(experiments.get(1).is_none(), "the oldest is gone");
    }
}
