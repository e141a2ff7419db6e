//! The state of alerts across restarts: exact from a store, else from `ALERTS_FOR_STATE`.

use crate::active::{Active, AlertState};
use crate::alerting::{ALERT_NAME, ALERTS_FOR_STATE, AlertingRule};
use crate::group::{Context, Group};
use crate::spec::{AlertingSpec, RuleKind, RuleSpec};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Labels, Matcher, is_stale};
use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Where pending and firing alerts outlive the process. Calls may block; they come from the
/// scheduler's own threads.
pub trait AlertStateStore: Send + Sync {
    /// Keeps the state of a group, in place of what was kept before.
    fn save(&self, group: &str, json: &str) -> Result<(), String>;

    /// What was kept for a group; `None` when there is nothing.
    fn load(&self, group: &str) -> Result<Option<String>, String>;
}

const VERSION: u32 = 1;

#[derive(Debug, Serialize, Deserialize)]
struct Saved {
    version: u32,
    at_ms: i64,
    rules: Vec<SavedRule>,
}

#[derive(Debug, Serialize, Deserialize)]
struct SavedRule {
    name: String,
    labels: Vec<(String, String)>,
    alerts: Vec<Active>,
}

impl Group {
    /// Takes up the state of an earlier process, from the store. Rules that the store knows
    /// nothing of will be restored from `ALERTS_FOR_STATE` after the second evaluation, as
    /// Prometheus does: before that, recording rules may not have caught up.
    pub fn restore(&mut self, now_ms: i64, context: &Context) {
        let key = self.key.clone();
        let saved = match context.store.as_ref().map(|store| store.load(&key)) {
            Some(Ok(saved)) => saved,
            Some(Err(error)) => {
                context.metrics.state_failed();
                tracing::error!(group = %key, %error, "the state of the group's alerts could not be read; ALERTS_FOR_STATE is asked instead");
                None
            }
            None => None,
        };
        let saved: Option<Saved> = saved.and_then(|json| match serde_json::from_str(&json) {
            Ok(saved @ Saved { version: VERSION, .. }) => Some(saved),
            Ok(Saved { version, .. }) => {
                tracing::error!(group = %key, version, "the state of the group's alerts is of another version of Phoenix and is left alone");
                None
            }
            Err(error) => {
                context.metrics.state_failed();
                tracing::error!(group = %key, %error, "the state of the group's alerts is not what was saved and is left alone");
                None
            }
        });
        let interval_ms = self.interval.as_millis() as i64;
        let settles_at_ms = now_ms + context.options.restore_settle.as_millis() as i64;
        for (spec, rule) in self.alerting_rules() {
            let kept = saved.as_ref().and_then(|s| s.rules.iter().find(|r| r.name == spec.name && r.labels == spec.labels));
            let Some(kept) = kept else {
                // Below the grace period nothing would be restored, so nothing is waited for.
                let hold = if let RuleKind::Alerting(alerting) = &spec.kind { alerting.hold } else { std::time::Duration::ZERO };
                rule.restored = hold < context.options.for_grace_period;
                continue;
            };
            let saved_at_ms = saved.as_ref().map_or(now_ms, |s| s.at_ms);
            rule.restored = true;
            let away_ms = now_ms - saved_at_ms;
            if away_ms > context.options.outage_tolerance.as_millis() as i64 {
                continue;
            }
            // What is between two evaluations anyway is no outage.
            let outage_ms = (away_ms - interval_ms).max(0);
            for alert in &kept.alerts {
                let mut alert = alert.clone();
                if alert.state == AlertState::Pending {
                    // Nobody saw whether the condition held meanwhile, so that time does not count.
                    alert.active_at_ms += outage_ms;
                }
                // Whoever routes alerts may have started anew as well: tell them at once.
                alert.last_sent_at_ms = None;
                rule.active.insert(alert.labels.clone(), alert);
            }
            rule.settles_at_ms = (!rule.active.is_empty()).then_some(settles_at_ms);
        }
        // The alerts are to be seen before the first evaluation.
        self.show_alerts();
    }

    /// Keeps the alerts' state when there is any, or when there was some the last time.
    pub(crate) fn save(&mut self, at_ms: i64, context: &Context) {
        let Some(store) = &context.store else { return };
        let mut rules = Vec::new();
        let mut any = false;
        for rule in &self.rules {
            // A rule still to be restored must not be saved as one without alerts.
            if let Some(alerting) = rule.alerting.as_ref().filter(|a| a.restored) {
                any |= !alerting.active.is_empty();
                rules.push(SavedRule {
                    name: rule.spec.name.clone(),
                    labels: rule.spec.labels.clone(),
                    alerts: alerting.active.values().cloned().collect(),
                });
            }
        }
        if rules.is_empty() || (!any && self.saved_empty) {
            return;
        }
        let saved = Saved { version: VERSION, at_ms, rules };
        let json = serde_json::to_string(&saved).expect("the state of alerts is plain data");
        match store.save(&self.key, &json) {
            Ok(()) => self.saved_empty = !any,
            Err(error) => {
                context.metrics.state_failed();
                tracing::error!(group = %self.key, %error, "the state of the group's alerts could not be saved; a restart would find what was saved before");
            }
        }
    }

    /// Restores rules that the store knew nothing of, once they were evaluated twice.
    pub(crate) fn restore_from_series(&mut self, at_ms: i64, context: &Context) {
        for (spec, rule) in self.alerting_rules() {
            if !rule.restored {
                let RuleKind::Alerting(alerting) = &spec.kind else { continue };
                from_series(spec, alerting, rule, at_ms, context);
                rule.restored = true;
            }
        }
    }
}

/// Moves `active_at` of pending alerts back to where `ALERTS_FOR_STATE` says it was.
fn from_series(spec: &RuleSpec, alerting: &AlertingSpec, rule: &mut AlertingRule, at_ms: i64, context: &Context) {
    let options = &context.options;
    let hold_ms = alerting.hold.as_millis() as i64;
    let grace_ms = options.for_grace_period.as_millis() as i64;
    if hold_ms < grace_ms || rule.active.is_empty() {
        return;
    }
    let matchers = [Matcher::equal(METRIC_NAME, ALERTS_FOR_STATE), Matcher::equal(ALERT_NAME, &spec.name)];
    let (limits, _running) = context.bounds.next();
    let earliest_ms = at_ms - options.outage_tolerance.as_millis() as i64;
    let series = match context.engine.select(&matchers, earliest_ms, at_ms, &limits) {
        Ok(series) => series,
        Err(error) => {
            tracing::error!(alert = %spec.name, %error, "ALERTS_FOR_STATE could not be read; pending alerts of this rule begin anew");
            return;
        }
    };
    let last: HashMap<Labels, (i64, f64)> = series
        .iter()
        .filter_map(|s| s.samples().last().map(|sample| (s.labels.without_name(), (sample.timestamp_ms, sample.value))))
        .collect();
    for alert in rule.active.values_mut() {
        let Some(&(down_at_ms, since_seconds)) = last.get(&alert.labels) else { continue };
        if is_stale(since_seconds) || !since_seconds.is_finite() {
            continue;
        }
        let since_ms = (since_seconds as i64).saturating_mul(1000);
        let remaining_ms = hold_ms - (down_at_ms - since_ms);
        alert.condition_since_ms = alert.condition_since_ms.min(since_ms);
        alert.active_at_ms = if remaining_ms <= 0 {
            // It was firing before the outage and fires again at the next evaluation.
            since_ms
        } else if remaining_ms < grace_ms {
            at_ms + grace_ms - hold_ms
        } else {
            since_ms + (at_ms - down_at_ms)
        };
    }
}
