//! The controller: brings experiments through their states, and tells what they find.

use crate::experiments::{Experiment, Experiments, Outcome, StoreError};
use crate::faults::{Fault, Faults};
use crate::pipelines::{Pipeline, Process, Spoilt, reduction};
use phoenix_telemetry::prometheus_client::metrics::histogram::Histogram;
use phoenix_telemetry::{
    CollectorLabels, ExperimentDurationLabels, ExperimentLabels, ExperimentState as State, PhoenixMetrics, PipelineLabels, SavingsLabels,
    Telemetry, Variant,
};
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::sync::Notify;

mod serve;
mod source;

pub(crate) use serve::{Settings, serve};
pub(crate) use source::Source;

/// So long experiments wait for a sample before they fail.
const PATIENCE: Duration = Duration::from_secs(10);

/// Buckets of `phoenix_pipeline_deployment_duration_seconds`; the objective is 300.
const DEPLOYMENT_BUCKETS: [f64; 10] = [0.1, 0.5, 1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0];

/// What the controller is told.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// How long both pipelines run.
    pub(crate) run_for: Duration,
    /// Dollars a month for a thousand series, by which savings are estimated.
    pub(crate) price_per_1000_series_usd: f64,
    /// Who is paid.
    pub(crate) provider: Arc<str>,
    /// The name of this machine.
    pub(crate) node: Arc<str>,
    /// Whose experiments there can be.
    pub(crate) tenants: Vec<Arc<str>>,
}

/// A decision: an experiment goes into a state, with a result when it is over.
struct Move {
    experiment: Experiment,
    to: State,
    outcome: Option<Outcome>,
}

/// The controller of one host.
pub(crate) struct Controller {
    plan: Plan,
    experiments: Arc<Experiments>,
    faults: Arc<Faults>,
    metrics: PhoenixMetrics,
    deployments: Histogram,
    running: HashMap<u64, Run>,
}

/// An experiment that is not over.
struct Run {
    /// When somebody asked for it.
    since: Instant,
    deployed: Option<Instant>,
    baseline: Pipeline,
    candidate: Pipeline,
}

impl Controller {
    pub(crate) fn new(plan: Plan, experiments: Arc<Experiments>, faults: Arc<Faults>, telemetry: &Telemetry) -> Self {
        let deployments = Histogram::new(DEPLOYMENT_BUCKETS);
        let help = "Time from the wish for an experiment until both of its pipelines give data, in seconds";
        telemetry.metrics().register("phoenix_pipeline_deployment_duration_seconds", help, deployments.clone());
        let metrics = telemetry.phoenix().clone();
        // From 0 on, so that the first failure is an increase.
        for tenant_id in &plan.tenants {
            for state in State::ALL {
                metrics.experiments.inc_by(&ExperimentLabels { state, tenant_id: Arc::clone(tenant_id) }, 0);
            }
        }
        Self { plan, experiments, faults, metrics, deployments, running: HashMap::new() }
    }

    /// One step of the experiments that are open, with a sample of the host: who goes into which state.
    fn step(&mut self, now: Instant, open: Vec<Experiment>, sample: &Result<Vec<Process>, String>) -> Vec<Move> {
        let spoilt =
            Spoilt { loses_others: self.faults.is_on(Fault::FailingExperiments), keeps_all: self.faults.is_on(Fault::LowReduction) };
        let mut moves = Vec::new();
        for experiment in open {
            let is_new = !self.running.contains_key(&experiment.id);
            let run = self.running.entry(experiment.id).or_insert_with(|| Run {
                since: now.checked_sub(experiment.age).unwrap_or(now),
                // One that an earlier process has deployed; its pipelines begin anew.
                deployed: (experiment.state == State::Running).then_some(now),
                baseline: Pipeline::default(),
                candidate: Pipeline::default(),
            });
            if is_new && experiment.state == State::Pending {
                entered(&self.metrics, &experiment, State::Pending);
            }
            let sample = match sample {
                Ok(sample) => sample,
                Err(error) => {
                    let outcome = outcome(run, &self.plan, Some(error.clone()));
                    moves.push(Move { experiment, to: State::Failed, outcome: Some(outcome) });
                    continue;
                }
            };
            if matches!(experiment.state, State::Deploying | State::Running) {
                run.baseline.take_all(sample);
                run.candidate.take_top(sample, experiment.keep, spoilt);
            }
            let (to, outcome) = match experiment.state {
                State::Pending => (State::Deploying, None),
                // Both have given their first data: they are deployed.
                State::Deploying => {
                    run.deployed = Some(now);
                    self.deployments.observe(now.duration_since(run.since).as_secs_f64());
                    (State::Running, None)
                }
                State::Running => {
                    let ran = now.duration_since(run.deployed.unwrap_or(run.since));
                    self.tell(&experiment, ran);
                    if ran < self.plan.run_for {
                        continue;
                    }
                    (State::Analysing, None)
                }
                State::Analysing => {
                    let lost = is_new.then(|| "the controller ended while it analysed".to_owned());
                    let failure = lost.or_else(|| run.candidate.lost_against(&run.baseline));
                    let to = if failure.is_some() { State::Failed } else { State::Completed };
                    (to, Some(outcome(run, &self.plan, failure)))
                }
                State::Completed | State::Failed => continue,
            };
            moves.push(Move { experiment, to, outcome });
        }
        moves
    }

    /// Keeps what a step has decided, and tells of it.
    async fn apply(&mut self, now: Instant, moves: Vec<Move>) -> Result<(), StoreError> {
        for Move { experiment, to, outcome } in moves {
            if !self.experiments.go(&experiment, to, outcome.clone()).await? {
                continue;
            }
            entered(&self.metrics, &experiment, to);
            if let Some(outcome) = &outcome {
                self.end(&experiment, to, outcome, now);
            }
            let (experiment_id, from_state, to_state) = (experiment.id, experiment.state.as_str(), to.as_str());
            if let Some(why) = outcome.and_then(|outcome| outcome.failure) {
                tracing::error!(experiment_id, from_state, to_state, why, "experiment state transition");
            } else {
                tracing::info!(experiment_id, from_state, to_state, "experiment state transition");
            }
        }
        Ok(())
    }

    /// Tells how both pipelines of a running experiment do.
    fn tell(&self, experiment: &Experiment, ran: Duration) {
        let Some(run) = self.running.get(&experiment.id) else { return };
        for (labels, pipeline, ratio) in [
            (pipeline_labels(experiment, Variant::Baseline), &run.baseline, 0.0),
            (pipeline_labels(experiment, Variant::Candidate), &run.candidate, reduction(&run.baseline, &run.candidate)),
        ] {
            self.metrics.cardinality_reduction.set(&labels, ratio);
            let cores = pipeline.cpu_seconds / ran.as_secs_f64().max(1.0);
            for (resource, value) in [("cpu_cores", cores), ("memory_bytes", pipeline.memory_bytes() as f64)] {
                self.metrics.collector_usage.set(&self.collector_labels(experiment, labels.variant, resource), value);
            }
        }
    }

    fn collector_labels(&self, experiment: &Experiment, variant: Variant, resource: &str) -> CollectorLabels {
        let node = Arc::clone(&self.plan.node);
        CollectorLabels { experiment_id: experiment.id.to_string().into(), variant, resource: resource.into(), node }
    }

    fn end(&mut self, experiment: &Experiment, to: State, outcome: &Outcome, now: Instant) {
        // Series of what is over say nothing any more, and would be one more for each experiment.
        for variant in [Variant::Baseline, Variant::Candidate] {
            self.metrics.cardinality_reduction.remove(&pipeline_labels(experiment, variant));
            for resource in ["cpu_cores", "memory_bytes"] {
                self.metrics.collector_usage.remove(&self.collector_labels(experiment, variant, resource));
            }
        }
        if to == State::Completed {
            let labels = SavingsLabels { tenant_id: Arc::clone(&experiment.tenant_id), provider: Arc::clone(&self.plan.provider) };
            self.metrics.monthly_savings.set(&labels, outcome.monthly_savings_usd);
        }
        if let Some(run) = self.running.remove(&experiment.id) {
            let labels = ExperimentDurationLabels { state: to, pipeline_type: "process".into() };
            self.metrics.experiment_duration.observe(&labels, now.duration_since(run.since));
        }
    }
}

/// Counts that an experiment has come into a state.
fn entered(metrics: &PhoenixMetrics, experiment: &Experiment, state: State) {
    metrics.experiments.inc(&ExperimentLabels { state, tenant_id: Arc::clone(&experiment.tenant_id) });
}

fn pipeline_labels(experiment: &Experiment, variant: Variant) -> PipelineLabels {
    let pipeline = match variant {
        Variant::Baseline => "process-all",
        Variant::Candidate => "process-top",
    };
    PipelineLabels { experiment_id: experiment.id.to_string().into(), pipeline: pipeline.into(), variant }
}

fn outcome(run: &Run, plan: &Plan, failure: Option<String>) -> Outcome {
    let (before, after) = (run.baseline.series(), run.candidate.series());
    Outcome {
        baseline_series: before,
        candidate_series: after,
        reduction_ratio: reduction(&run.baseline, &run.candidate),
        monthly_savings_usd: before.saturating_sub(after) as f64 / 1_000.0 * plan.price_per_1000_series_usd,
        failure,
    }
}

/// Steps once a second, and when `wake` says so, for as long as the service runs; away from the threads that answer
/// requests.
#[expect(clippy::disallowed_methods, reason = "a service of one's own has no simulated clock")]
pub(crate) async fn run(mut controller: Controller, source: Source, wake: Arc<Notify>) {
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut without_sample: Option<Instant> = None;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = wake.notified() => {}
        }
        let open = match controller.experiments.open().await {
            Ok(open) => open,
            Err(error) => {
                tracing::error!(%error, "experiments stand still");
                continue;
            }
        };
        // Nothing open: the host is left alone.
        let sample = if open.is_empty() { Ok(Vec::new()) } else { source.read().await };
        let now = Instant::now();
        match &sample {
            Ok(_) => without_sample = None,
            // A collector may begin anew meanwhile.
            Err(error) if now.duration_since(*without_sample.get_or_insert(now)) < PATIENCE => {
                tracing::warn!(%error, "experiments stand still");
                continue;
            }
            Err(_) => {}
        }
        let stepped = tokio::task::spawn_blocking(move || {
            let moves = controller.step(now, open, &sample);
            (controller, moves)
        });
        let moves = match stepped.await {
            Ok((back, moves)) => {
                controller = back;
                moves
            }
            Err(error) => {
                tracing::error!(%error, "the controller has ended");
                return;
            }
        };
        if let Err(error) = controller.apply(now, moves).await {
            tracing::error!(%error, "experiments stand still");
        }
    }
}

#[cfg(test)]
mod tests;
