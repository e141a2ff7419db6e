//! Experiments: what they are, how they go on, and where they are kept.

mod memory;
mod postgres;

use memory::Memory;
use phoenix_telemetry::ExperimentState as State;
use postgres::Postgres;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::broadcast;
use tracing::Instrument;

/// The service keeps this many experiments; the oldest that is over goes first.
const MAX_EXPERIMENTS: usize = 1_000;
/// Experiments that are not over yet; who asks for more is told to come again.
const MAX_OPEN: usize = 50;
/// Changes that wait for a listener; a slower one loses the oldest.
const MAX_CHANGES: usize = 64;

/// One experiment: does a pipeline that aggregates give fewer series than one that does not?
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Experiment {
    pub(crate) id: u64,
    pub(crate) name: String,
    pub(crate) tenant_id: Arc<str>,
    /// The candidate keeps the series of so many processes, and sums up the others by name.
    pub(crate) keep: usize,
    #[serde(serialize_with = "state_name", deserialize_with = "state_named")]
    pub(crate) state: State,
    /// What was found, once it is over.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) result: Option<Outcome>,
    /// How long ago somebody asked for it, by the clock of the store. Only [`Experiments::open`] says so.
    #[serde(skip)]
    pub(crate) age: Duration,
}

/// What an experiment ended with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    pub(crate) baseline_series: usize,
    pub(crate) candidate_series: usize,
    pub(crate) reduction_ratio: f64,
    pub(crate) monthly_savings_usd: f64,
    /// Why it failed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) failure: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it with a reference")]
fn state_name<S: Serializer>(state: &State, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(state.as_str())
}

fn state_named<'de, D: Deserializer<'de>>(deserializer: D) -> Result<State, D::Error> {
    let name = Box::<str>::deserialize(deserializer)?;
    state(&name).ok_or_else(|| serde::de::Error::custom(format!("`{name}` is no state")))
}

fn state(name: &str) -> Option<State> {
    State::ALL.into_iter().find(|known| known.as_str() == name)
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

/// What somebody asks for.
#[derive(Debug, Clone)]
pub(crate) struct New {
    pub(crate) name: String,
    pub(crate) tenant_id: Arc<str>,
    pub(crate) keep: usize,
}

/// The database does not do what it is asked.
#[derive(Debug)]
pub(crate) struct StoreError {
    what: &'static str,
    why: String,
}

impl std::fmt::Display for StoreError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} failed: {}", self.what, self.why)
    }
}

impl std::error::Error for StoreError {}

/// All experiments. Each call of a request is a span, as a query of a database is.
#[derive(Debug)]
pub(crate) struct Experiments {
    kept: Kept,
    changes: broadcast::Sender<Experiment>,
}

#[derive(Debug)]
enum Kept {
    Memory(Memory),
    Postgres(Postgres),
}

impl Default for Experiments {
    fn default() -> Self {
        Self::new(Kept::Memory(Memory::default()))
    }
}

impl Experiments {
    fn new(kept: Kept) -> Self {
        Self { kept, changes: broadcast::channel(MAX_CHANGES).0 }
    }

    /// Those of a PostgreSQL (`postgres://user:password@host/database`), whose table is made if there is none. It may be
    /// away: whoever asks meanwhile hears that it is.
    pub(crate) fn in_postgres(url: &str) -> Result<Self, StoreError> {
        let experiments = Self::new(Kept::Postgres(Postgres::new(url)?));
        if let Kept::Postgres(postgres) = &experiments.kept {
            tokio::spawn(postgres.follow(experiments.changes.clone()));
        }
        Ok(experiments)
    }

    fn span(&self, what: &'static str) -> tracing::Span {
        let system = match self.kept {
            Kept::Memory(_) => "memory",
            Kept::Postgres(_) => "postgresql",
        };
        tracing::info_span!("query", otel.name = what, otel.kind = "client", db.system = system, db.statement = what)
    }

    /// Adds one; `None` when too many are not over yet.
    pub(crate) async fn create(&self, new: New) -> Result<Option<Experiment>, StoreError> {
        let made = match &self.kept {
            Kept::Memory(memory) => self.span("INSERT experiment").in_scope(|| memory.create(new)),
            Kept::Postgres(postgres) => postgres.create(new).instrument(self.span("INSERT experiment")).await?,
        };
        if let Some(experiment) = &made {
            self.changed(experiment).await;
        }
        Ok(made)
    }

    pub(crate) async fn get(&self, id: u64) -> Result<Option<Experiment>, StoreError> {
        match &self.kept {
            Kept::Memory(memory) => Ok(self.span("SELECT experiment").in_scope(|| memory.get(id))),
            Kept::Postgres(postgres) => postgres.get(id).instrument(self.span("SELECT experiment")).await,
        }
    }

    /// The newest first.
    pub(crate) async fn newest(&self, limit: usize) -> Result<Vec<Experiment>, StoreError> {
        match &self.kept {
            Kept::Memory(memory) => Ok(self.span("SELECT experiments").in_scope(|| memory.newest(limit))),
            Kept::Postgres(postgres) => postgres.newest(limit).instrument(self.span("SELECT experiments")).await,
        }
    }

    /// Those that are not over, the oldest first.
    pub(crate) async fn open(&self) -> Result<Vec<Experiment>, StoreError> {
        match &self.kept {
            Kept::Memory(memory) => Ok(memory.open()),
            Kept::Postgres(postgres) => postgres.open_ones().await,
        }
    }

    /// Moves one on from the state that it is known in; whether it did. It does not if it may not go there, or if it is
    /// in another state by now.
    pub(crate) async fn go(&self, experiment: &Experiment, to: State, result: Option<Outcome>) -> Result<bool, StoreError> {
        if !may_follow(experiment.state, to) {
            return Ok(false);
        }
        let gone = Experiment { state: to, result: result.or_else(|| experiment.result.clone()), ..experiment.clone() };
        let is_gone = match &self.kept {
            Kept::Memory(memory) => memory.replace(experiment.state, &gone),
            Kept::Postgres(postgres) => postgres.replace(experiment.state, &gone).await?,
        };
        if is_gone {
            self.changed(&gone).await;
        }
        Ok(is_gone)
    }

    /// Tells whoever listens, in each process that has the same store.
    async fn changed(&self, experiment: &Experiment) {
        match &self.kept {
            // Nobody need listen.
            Kept::Memory(_) => drop(self.changes.send(experiment.clone())),
            Kept::Postgres(postgres) => postgres.notify(experiment).await,
        }
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
    }

    fn new() -> New {
        New { name: "a".into(), tenant_id: "acme".into(), keep: 10 }
    }

    /// What both stores must do alike. The store is empty at first.
    async fn check(experiments: Experiments) {
        let made = experiments.create(new()).await.unwrap().unwrap();
        assert_eq!((made.state, made.keep, &*made.tenant_id, &*made.name), (State::Pending, 10, "acme", "a"));
        assert!(!experiments.go(&made, State::Completed, None).await.unwrap(), "states are not jumped over");
        for to in [State::Deploying, State::Running, State::Analysing] {
            let known = experiments.get(made.id).await.unwrap().unwrap();
            assert!(experiments.go(&known, to, None).await.unwrap());
            assert!(!experiments.go(&known, to, None).await.unwrap(), "what is known is old by now");
        }
        assert_eq!(experiments.open().await.unwrap().len(), 1);
        let result =
            Outcome { baseline_series: 10, candidate_series: 4, reduction_ratio: 0.6, monthly_savings_usd: 0.5, failure: Some("x".into()) };
        let known = experiments.get(made.id).await.unwrap().unwrap();
        assert!(experiments.go(&known, State::Failed, Some(result.clone())).await.unwrap());
        assert_eq!(experiments.newest(5).await.unwrap()[0].result, Some(result));
        for _ in 0..MAX_OPEN {
            experiments.create(new()).await.unwrap().unwrap();
        }
        assert!(experiments.create(new()).await.unwrap().is_none(), "there is a limit to those that are not over");
        assert!(experiments.get(u64::MAX).await.unwrap().is_none());
        for _ in 0..MAX_EXPERIMENTS {
            assert!(experiments.go(&experiments.open().await.unwrap()[0], State::Failed, None).await.unwrap());
            experiments.create(new()).await.unwrap().unwrap();
        }
        assert_eq!(experiments.newest(2 * MAX_EXPERIMENTS).await.unwrap().len(), MAX_EXPERIMENTS);
        assert!(experiments.get(made.id).await.unwrap().is_none(), "the oldest is gone");
    }

    /// Who listens to a database hears of what comes once it is connected, so it is tried until something is heard.
    async fn check_changes(ours: &Experiments, theirs: &Experiments) {
        for open in ours.open().await.unwrap() {
            assert!(ours.go(&open, State::Failed, None).await.unwrap());
        }
        let mut changes = theirs.changes();
        let heard = loop {
            let made = ours.create(new()).await.unwrap().unwrap();
            assert!(ours.go(&made, State::Failed, None).await.unwrap());
            for _ in 0..100 {
                tokio::task::yield_now().await;
            }
            if let Ok(heard) = changes.try_recv() {
                break heard;
            }
        };
        assert_eq!((heard.state, &*heard.tenant_id), (State::Pending, "acme"));
        let next = changes.recv().await.unwrap();
        assert_eq!((next.id, next.state), (heard.id, State::Failed));
    }

    #[tokio::test]
    async fn in_memory() {
        let experiments = Experiments::default();
        check_changes(&experiments, &experiments).await;
        check(Experiments::default()).await;
    }

    #[tokio::test]
    async fn in_postgresql() {
        let Ok(url) = std::env::var("PHOENIX_TEST_POSTGRES") else {
            eprintln!("NOT TESTED: PHOENIX_TEST_POSTGRES names no PostgreSQL, such as postgres://postgres@127.0.0.1:5432/empty");
            return;
        };
        check(Experiments::in_postgres(&url).unwrap()).await;
        check_changes(&Experiments::in_postgres(&url).unwrap(), &Experiments::in_postgres(&url).unwrap()).await;
    }

    #[tokio::test]
    async fn a_database_that_makes_no_sense_is_told_without_its_password() {
        let error = Experiments::in_postgres("postgres://me:secret@[").unwrap_err().to_string();
        assert!(error.starts_with("reading --database failed: ") && !error.contains("secret"), "{error}");
        // Nobody listens there: that is no reason not to begin, and each who asks is told.
        let away = Experiments::in_postgres("postgres://me:secret@127.0.0.1:1/phoenix").unwrap();
        let error = away.newest(1).await.unwrap_err().to_string();
        assert!(error.starts_with("making the table of experiments failed: ") && !error.contains("secret"), "{error}");
    }
}
