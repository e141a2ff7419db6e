//! The doors of the rules: their state in the state store, their alerts relabelled and routed.

use parking_lot::RwLock;
use phoenix_engine::{LogsEngine, QueryError, QueryLimits};
use phoenix_env::SharedClock;
use phoenix_ingest::relabel::RelabelConfig;
use phoenix_logql::LogValue;
use phoenix_model::logs::Direction;
use phoenix_model::{Alert, AlertSink};
use phoenix_query::QueryOutput;
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
