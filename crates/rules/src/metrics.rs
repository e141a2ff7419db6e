//! What the rules tell about themselves, under Prometheus' names.

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;
use prometheus_client::registry::Registry;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfGroup {
    rule_group: String,
}

type FloatGauge = Gauge<f64, AtomicU64>;

/// Counters and gauges of all groups. Cloning is cheap.
#[derive(Debug, Clone)]
pub struct RuleMetrics {
    evaluations: Family<OfGroup, Counter>,
    failures: Family<OfGroup, Counter>,
    iterations: Family<OfGroup, Counter>,
    missed: Family<OfGroup, Counter>,
    last_duration: Family<OfGroup, FloatGauge>,
    last_evaluation: Family<OfGroup, FloatGauge>,
    last_samples: Family<OfGroup, Gauge>,
    interval: Family<OfGroup, FloatGauge>,
    rules: Family<OfGroup, Gauge>,
    rule_duration: Histogram,
    state_failures: Counter,
}

impl Default for RuleMetrics {
    fn default() -> Self {
        Self {
            evaluations: Family::default(),
            failures: Family::default(),
            iterations: Family::default(),
            missed: Family::default(),
            last_duration: Family::default(),
            last_evaluation: Family::default(),
            last_samples: Family::default(),
            interval: Family::default(),
            rules: Family::default(),
            rule_duration: Histogram::new([0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0, 10.0, 60.0]),
            state_failures: Counter::default(),
        }
    }
}

impl RuleMetrics {
    /// Makes them visible.
    pub fn register(&self, registry: &mut Registry) {
        registry.register("prometheus_rule_evaluations", "Rules evaluated", self.evaluations.clone());
        registry.register("prometheus_rule_evaluation_failures", "Rules whose evaluation failed", self.failures.clone());
        registry.register("prometheus_rule_evaluation_duration_seconds", "How long a rule took", self.rule_duration.clone());
        registry.register(
            "prometheus_rule_group_iterations",
            "Evaluations of the group that were due, done or missed",
            self.iterations.clone(),
        );
        registry.register(
            "prometheus_rule_group_iterations_missed",
            "Evaluations left out because the one before took too long",
            self.missed.clone(),
        );
        registry.register(
            "prometheus_rule_group_last_duration_seconds",
            "How long the group's last evaluation took",
            self.last_duration.clone(),
        );
        registry.register(
            "prometheus_rule_group_last_evaluation_timestamp_seconds",
            "The moment of the group's last evaluation, in seconds since the Unix epoch",
            self.last_evaluation.clone(),
        );
        registry.register(
            "prometheus_rule_group_last_evaluation_samples",
            "Samples that the group's last evaluation stored",
            self.last_samples.clone(),
        );
        registry.register("prometheus_rule_group_interval_seconds", "How often the group is evaluated", self.interval.clone());
        registry.register(
            "phoenix_rule_state_failures",
            "Times that the state of a group's alerts could not be read or saved; a restart may then begin anew",
            self.state_failures.clone(),
        );
        registry.register("prometheus_rule_group_rules", "Rules in the group", self.rules.clone());
    }

    pub(crate) fn group_loaded(&self, group: &str, interval: Duration, rules: usize) {
        let group = of(group);
        self.interval.get_or_create(&group).set(interval.as_secs_f64());
        self.rules.get_or_create(&group).set(rules as i64);
        // There from the beginning, so that `rate` sees the first failure.
        for counter in [&self.evaluations, &self.failures, &self.iterations, &self.missed] {
            drop(counter.get_or_create(&group));
        }
    }

    pub(crate) fn group_removed(&self, group: &str) {
        let group = of(group);
        for counter in [&self.evaluations, &self.failures, &self.iterations, &self.missed] {
            counter.remove(&group);
        }
        for gauge in [&self.last_duration, &self.last_evaluation, &self.interval] {
            gauge.remove(&group);
        }
        for gauge in [&self.last_samples, &self.rules] {
            gauge.remove(&group);
        }
    }

    pub(crate) fn evaluated(&self, group: &str, took: Duration, failed: bool) {
        let group = of(group);
        self.evaluations.get_or_create(&group).inc();
        if failed {
            self.failures.get_or_create(&group).inc();
        }
        self.rule_duration.observe(took.as_secs_f64());
    }

    pub(crate) fn iterated(&self, group: &str, at_ms: i64, took: Duration, samples: u64) {
        let group = of(group);
        self.iterations.get_or_create(&group).inc();
        self.last_duration.get_or_create(&group).set(took.as_secs_f64());
        self.last_evaluation.get_or_create(&group).set(at_ms as f64 / 1000.0);
        self.last_samples.get_or_create(&group).set(samples as i64);
    }

    pub(crate) fn state_failed(&self) {
        self.state_failures.inc();
    }

    pub(crate) fn missed(&self, group: &str, count: u64) {
        let group = of(group);
        self.missed.get_or_create(&group).inc_by(count);
        self.iterations.get_or_create(&group).inc_by(count);
    }
}

fn of(group: &str) -> OfGroup {
    OfGroup { rule_group: group.to_owned() }
}
