//! The doors of the rules: their state in the state store, their alerts relabelled and routed.

use parking_lot::RwLock;
use phoenix_engine::traces::{MetricsOutput, MetricsSeries, Static};
use phoenix_engine::{LogsEngine, QueryError, QueryLimits, TracesEngine};
use phoenix_env::SharedClock;
use phoenix_ingest::relabel::RelabelConfig;
use phoenix_logql::LogValue;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::logs::Direction;
use phoenix_model::{Alert, AlertSink, Labels, Sample};
use phoenix_query::{MatrixSeries, QueryOutput, Value, VectorSample};
use phoenix_rules::{AlertStateStore, QueryDoor};
use phoenix_state::State;
use std::sync::Arc;
use tokio::runtime::Handle;

/// Keeps the state of alerts in the state store. Called from the rules' own threads, which may block.
pub(crate) struct StateOfRules {
    pub(crate) state: State,
    pub(crate) clock: SharedClock,
    pub(crate) runtime: Handle,
}

impl AlertStateStore for StateOfRules {
    fn save(&self, group: &str, json: &str) -> Result<(), String> {
        let now_ms = self.clock.now_ms();
        self.runtime.block_on(self.state.save_rule_state(group, json, now_ms)).map_err(|e| e.to_string())
    }

    fn load(&self, group: &str) -> Result<Option<String>, String> {
        self.runtime.block_on(self.state.load_rule_state(group)).map_err(|e| e.to_string())
    }
}

/// Evaluates LogQL for rules.
pub(crate) struct LogRules(pub(crate) Arc<dyn LogsEngine>);

impl QueryDoor for LogRules {
    fn instant(&self, expr: &str, at_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError> {
        let output = self.0.instant(expr, at_ms.saturating_mul(1_000_000), 1, Direction::Backward, limits)?;
        match output.value {
            LogValue::Metric(metric) => Ok(metric),
            LogValue::Entries(_) => Err(QueryError::Execution("a rule needs numbers, and this expression gives log lines".to_owned())),
        }
    }
}

/// Evaluates TraceQL for rules: over the time that `with(window=…)` names, else over the last five minutes.
pub(crate) struct TraceRules(pub(crate) Arc<dyn TracesEngine>);

impl TraceRules {
    /// The hint that says how far back an expression looks.
    const WINDOW: &str = "window";
}

impl QueryDoor for TraceRules {
    fn instant(&self, expr: &str, at_ms: i64, limits: &QueryLimits) -> Result<QueryOutput, QueryError> {
        let query = phoenix_traceql::parse(expr).into_result().map_err(QueryError::Parse)?;
        if matches!(query.body, phoenix_traceql::Body::Search(_)) {
            return Err(QueryError::Execution(
                "this query gives traces and no numbers: end it with a metrics stage, such as `| rate()`".to_owned(),
            ));
        }
        let window_ns = match query.hints.iter().find(|hint| hint.name == Self::WINDOW).map(|hint| &hint.value) {
            None => i64::try_from(limits.lookback.as_nanos()).unwrap_or(i64::MAX),
            Some(Static::Duration(ns)) if *ns > 0 => *ns,
            Some(_) => return Err(QueryError::Execution("the hint `window` is a duration, such as `with(window=10m)`".to_owned())),
        };
        let at_ns = at_ms.saturating_mul(1_000_000);
        let output = self.0.metrics_instant(expr, at_ns.saturating_sub(window_ns), at_ns, limits)?;
        let samples = output.series.iter().filter_map(|series| {
            let (_, value) = *series.samples.last()?;
            Some(VectorSample::float(labels_of(series), Sample { timestamp_ms: at_ms, value }))
        });
        Ok(QueryOutput { value: Value::Vector(samples.collect()), annotations: Vec::new() })
    }
}

/// Series over time as other languages give them.
pub(crate) fn matrix_of(output: &MetricsOutput) -> QueryOutput {
    let series = output.series.iter().map(|series| {
        let samples = series.samples.iter().map(|&(timestamp_ms, value)| Sample { timestamp_ms, value });
        MatrixSeries::floats(labels_of(series), samples.collect())
    });
    QueryOutput { value: Value::Matrix(series.collect()), annotations: Vec::new() }
}

fn labels_of(series: &MetricsSeries) -> Labels {
    let named = series.labels.iter().filter(|(name, _)| name.as_ref() != METRIC_NAME);
    Labels::from_pairs(named.map(|(name, value)| (label_name(name), label_value(value))))
}

/// The name of an attribute as a label: `resource.service.name` is `resource_service_name`.
fn label_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '_' }).collect()
}

/// The value of an attribute as a label. What is not there is not there.
fn label_value(value: &Static) -> String {
    match value {
        Static::Nil => String::new(),
        other => crate::http::tempo::text_of(other),
    }
}

/// Applies `alert_relabel_configs` before alerts are routed.
pub(crate) struct RelabelledAlerts {
    next: Arc<dyn AlertSink>,
    rules: RwLock<Arc<Vec<RelabelConfig>>>,
}

impl RelabelledAlerts {
    pub(crate) fn new(next: Arc<dyn AlertSink>) -> Self {
        Self { next, rules: RwLock::default() }
    }

    /// Puts other rules in force.
    pub(crate) fn set(&self, rules: Vec<RelabelConfig>) {
        *self.rules.write() = Arc::new(rules);
    }
}

impl AlertSink for RelabelledAlerts {
    fn send(&self, alerts: Vec<Alert>) {
        let rules = Arc::clone(&self.rules.read());
        if rules.is_empty() {
            return self.next.send(alerts);
        }
        let relabelled = alerts.into_iter().filter_map(|mut alert| {
            let mut labels = alert.labels.to_builder();
            if !rules.iter().all(|rule| rule.apply(&mut labels)) {
                return None;
            }
            alert.labels = labels.build();
            Some(alert)
        });
        self.next.send(relabelled.collect());
    }
}
