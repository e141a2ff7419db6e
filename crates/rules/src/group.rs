//! A group of rules, evaluated one after the other at one moment.

use crate::active::DetectionObserver;
use crate::alerting::AlertingRule;
use crate::error::RulesError;
use crate::metrics::RuleMetrics;
use crate::options::{Bounds, Options};
use crate::query::QueryDoor;
use crate::recording::{elements, recorded};
use crate::restore::AlertStateStore;
use crate::spec::{GroupSpec, RuleKind, RuleSpec};
use crate::status::{GroupStatus, Health, RuleStatus};
use parking_lot::Mutex;
use phoenix_engine::{Language, MetricsEngine, QueryError, WriteBatch};
use phoenix_env::SharedClock;
use phoenix_model::{AlertSink, Labels, stale_nan};
use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

/// What rules work with. Cloning is cheap.
#[derive(Clone)]
pub struct Context {
    /// Asked for results in PromQL, and given what rules of all languages record.
    pub engine: Arc<dyn MetricsEngine>,
    /// Asked for results in LogQL.
    pub logs: Option<Arc<dyn QueryDoor>>,
    /// Asked for results in TraceQL.
    pub traces: Option<Arc<dyn QueryDoor>>,
    /// The language of the group.
    pub language: Language,
    /// Where alerts go.
    pub sink: Arc<dyn AlertSink>,
    /// Told how long detection took.
    pub detections: Option<Arc<dyn DetectionObserver>>,
    /// Where the state of alerts outlives the process.
    pub store: Option<Arc<dyn AlertStateStore>>,
    /// What bounds each query.
    pub bounds: Arc<dyn Bounds>,
    /// Measures how long evaluations take; the moment evaluated is told to [`Group::evaluate`].
    pub clock: SharedClock,
    /// What holds for all groups.
    pub options: Arc<Options>,
    /// Counts evaluations.
    pub metrics: RuleMetrics,
}

/// A rule at work.
#[derive(Debug)]
pub(crate) struct Rule {
    pub spec: RuleSpec,
    pub alerting: Option<AlertingRule>,
    /// What the last evaluation stored; what is missing from the next gets a staleness marker.
    pub previous: HashSet<Labels>,
}

/// A group at work.
#[derive(Debug)]
pub struct Group {
    pub(crate) spec: GroupSpec,
    pub(crate) key: String,
    pub(crate) interval: Duration,
    query_offset: Duration,
    pub(crate) rules: Vec<Rule>,
    /// Series of rules that a reload took away, to be marked stale at the next evaluation.
    leftover: HashSet<Labels>,
    evaluations: u64,
    pub(crate) saved_empty: bool,
    status: Arc<Mutex<GroupStatus>>,
}

impl Group {
    /// A group that was never evaluated.
    pub fn new(spec: GroupSpec, options: &Options) -> Self {
        let rules: Vec<Rule> = spec
            .rules
            .iter()
            .map(|rule| Rule {
                alerting: match &rule.kind {
                    RuleKind::Alerting(alerting) => Some(AlertingRule::new(rule, alerting, options)),
                    RuleKind::Recording => None,
                },
                spec: rule.clone(),
                previous: HashSet::new(),
            })
            .collect();
        let interval = spec.interval.filter(|i| !i.is_zero()).unwrap_or(options.interval);
        let query_offset = spec.query_offset.unwrap_or(options.query_offset);
        let status = GroupStatus {
            file: spec.file.to_string(),
            name: spec.name.clone(),
            interval,
            query_offset,
            limit: spec.limit,
            language: spec.language,
            last_evaluation_ms: None,
            evaluation_time: Duration::ZERO,
            rules: rules.iter().map(rule_status).collect(),
        };
        Self {
            key: spec.key(),
            interval,
            query_offset,
            rules,
            leftover: HashSet::new(),
            evaluations: 0,
            saved_empty: false,
            status: Arc::new(Mutex::new(status)),
            spec,
        }
    }

    /// What the group was made from.
    pub fn spec(&self) -> &GroupSpec {
        &self.spec
    }

    /// How often it is to be evaluated.
    pub fn interval(&self) -> Duration {
        self.interval
    }

    /// The group as it is now.
    pub fn status(&self) -> GroupStatus {
        self.status.lock().clone()
    }

    pub(crate) fn shared_status(&self) -> Arc<Mutex<GroupStatus>> {
        Arc::clone(&self.status)
    }

    /// Takes over the state of the group that had this place before a reload: alerts and series of
    /// rules of the same name and labels, in order. What is left of the old group gets staleness
    /// markers at the next evaluation.
    pub fn take_over(&mut self, old: Self) {
        self.leftover.extend(old.leftover);
        self.evaluations = old.evaluations;
        let mut left: Vec<Option<Rule>> = old.rules.into_iter().map(Some).collect();
        for rule in &mut self.rules {
            let place = left.iter_mut().find(|l| l.as_ref().is_some_and(|l| l.spec.same_identity(&rule.spec)));
            if let Some(from) = place.and_then(Option::take) {
                rule.previous = from.previous;
                if let (Some(to), Some(from)) = (&mut rule.alerting, from.alerting) {
                    to.active = from.active;
                    to.restored = from.restored;
                    to.settles_at_ms = from.settles_at_ms;
                }
            }
        }
        for rule in left.into_iter().flatten() {
            self.leftover.extend(rule.previous);
        }
        let mut status = self.status.lock();
        status.rules = self.rules.iter().map(rule_status).collect();
    }

    /// The series that would be left without an end if the group were dropped now.
    pub fn into_series(self) -> Vec<Labels> {
        self.rules.into_iter().flat_map(|rule| rule.previous).chain(self.leftover).collect()
    }

    /// Brings the status up to date with the alerts.
    pub(crate) fn show_alerts(&self) {
        for (rule, status) in self.rules.iter().zip(&mut self.status.lock().rules) {
            if let (Some(alerting), RuleKind::Alerting(spec)) = (&rule.alerting, &rule.spec.kind) {
                status.alerting = Some(alerting.status(spec));
            }
        }
    }

    pub(crate) fn alerting_rules(&mut self) -> impl Iterator<Item = (&RuleSpec, &mut AlertingRule)> {
        self.rules.iter_mut().filter_map(|rule| rule.alerting.as_mut().map(|alerting| (&rule.spec, alerting)))
    }

    /// Evaluates all rules at `at_ms`, each seeing what those before it recorded. Failures are kept
    /// in the status and counted; they do not stop the rules behind.
    pub fn evaluate(&mut self, at_ms: i64, context: &Context) {
        let begin = context.clock.monotonic();
        let data_ms = at_ms - self.query_offset.as_millis() as i64;
        let mut samples = 0;
        for i in 0..self.rules.len() {
            let rule_begin = context.clock.monotonic();
            let result = self.evaluate_rule(i, at_ms, data_ms, context);
            let took = context.clock.monotonic().saturating_sub(rule_begin);
            context.metrics.evaluated(&self.key, took, result.is_err());
            let mut status = self.status.lock();
            let rule_status = &mut status.rules[i];
            rule_status.last_evaluation_ms = Some(at_ms);
            rule_status.evaluation_time = took;
            match result {
                Ok(stored) => {
                    samples += stored;
                    rule_status.health = Health::Ok;
                    rule_status.last_error.clear();
                }
                Err(error) => {
                    tracing::warn!(group = %self.key, rule = %self.rules[i].spec.name, %error, "evaluating a rule failed");
                    rule_status.health = Health::Err;
                    rule_status.last_error = error.to_string();
                }
            }
            if let (Some(alerting), RuleKind::Alerting(spec)) = (&self.rules[i].alerting, &self.rules[i].spec.kind) {
                rule_status.alerting = Some(alerting.status(spec));
            }
        }
        self.end_leftover(data_ms, context);
        self.evaluations += 1;
        if self.evaluations >= 2 {
            self.restore_from_series(at_ms, context);
        }
        self.save(at_ms, context);
        let took = context.clock.monotonic().saturating_sub(begin);
        context.metrics.iterated(&self.key, at_ms, took, samples);
        let mut status = self.status.lock();
        status.last_evaluation_ms = Some(at_ms);
        status.evaluation_time = took;
    }

    /// Evaluates one rule and stores what it gives; says how many samples.
    fn evaluate_rule(&mut self, i: usize, at_ms: i64, data_ms: i64, context: &Context) -> Result<u64, RulesError> {
        let rule = &mut self.rules[i];
        let (limits, running) = context.bounds.next();
        let output = context.query(&rule.spec.expr, data_ms, &limits).map_err(|error| match error {
            // Nobody else cancels a rule's query.
            QueryError::Cancelled => QueryError::Timeout(context.options.query_timeout),
            other => other,
        })?;
        drop(running);
        let elements = elements(output.value)?;
        let mut batch = match (&mut rule.alerting, &rule.spec.kind) {
            (Some(alerting), RuleKind::Alerting(spec)) => {
                let series = alerting.evaluate(&rule.spec, spec, &elements, self.spec.limit, at_ms, context)?;
                // Before anything is stored: a full disk must not keep an alert from leaving.
                alerting.send(&rule.spec, &self.key, self.interval, at_ms, context);
                WriteBatch::floats(series.into_iter().map(|(labels, value)| (labels, vec![(data_ms, value)])).collect())
            }
            _ => recorded(&rule.spec, &elements, self.spec.limit, data_ms)?,
        };
        let stored = (batch.series.len() + batch.histograms.len()) as u64;
        let floats = batch.series.iter().map(|(labels, _)| labels);
        let current: HashSet<Labels> = floats.chain(batch.histograms.iter().map(|(labels, _)| labels)).cloned().collect();
        let mut vanished: Vec<&Labels> = rule.previous.difference(&current).collect();
        vanished.sort();
        batch.series.extend(vanished.into_iter().map(|labels| (labels.clone(), vec![(data_ms, stale_nan())])));
        let written = write(&batch, context);
        // Also after a failure: some of it may be there, and what vanishes later must be ended.
        if written.is_ok() {
            rule.previous = current;
        } else {
            rule.previous.extend(current);
        }
        written.map(|()| stored)
    }

    /// Ends the series of rules that are no more.
    fn end_leftover(&mut self, data_ms: i64, context: &Context) {
        for rule in &self.rules {
            self.leftover.retain(|labels| !rule.previous.contains(labels));
        }
        if self.leftover.is_empty() {
            return;
        }
        let mut gone: Vec<Labels> = self.leftover.iter().cloned().collect();
        gone.sort();
        match end_series(gone, data_ms, context) {
            Ok(()) => self.leftover.clear(),
            Err(error) => {
                tracing::warn!(group = %self.key, %error, "series of removed rules could not be marked stale; tried again at the next evaluation");
            }
        }
    }
}

/// Writes a staleness marker to each series.
pub(crate) fn end_series(series: Vec<Labels>, at_ms: i64, context: &Context) -> Result<(), RulesError> {
    write(&WriteBatch::floats(series.into_iter().map(|labels| (labels, vec![(at_ms, stale_nan())])).collect()), context)
}

fn write(batch: &WriteBatch, context: &Context) -> Result<(), RulesError> {
    if batch.series.is_empty() && batch.histograms.is_empty() {
        return Ok(());
    }
    let outcome = context.engine.write(batch)?;
    if outcome.over_series_limit > 0 || outcome.out_of_bounds > 0 {
        return Err(RulesError::LeftOut { over_series_limit: outcome.over_series_limit, out_of_bounds: outcome.out_of_bounds });
    }
    Ok(())
}

fn rule_status(rule: &Rule) -> RuleStatus {
    RuleStatus {
        name: rule.spec.name.clone(),
        expr: rule.spec.expr.clone(),
        labels: rule.spec.label_set(),
        health: Health::Unknown,
        last_error: String::new(),
        last_evaluation_ms: None,
        evaluation_time: Duration::ZERO,
        line: rule.spec.line,
        column: rule.spec.column,
        alerting: match (&rule.alerting, &rule.spec.kind) {
            (Some(alerting), RuleKind::Alerting(spec)) => Some(alerting.status(spec)),
            _ => None,
        },
    }
}
