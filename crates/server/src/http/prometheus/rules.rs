//! `/api/v1/rules` and `/api/v1/alerts`.

use super::values::format_value;
use crate::http::Api;
use crate::http::envelope::{ApiError, Success};
use crate::http::native::rfc3339;
use crate::http::params::Params;
use axum::extract::State;
use phoenix_rules::{ActiveAlert, AlertState, GroupStatus, RuleStatus};
use serde_json::{Value, json};

/// What Go writes for a time that never was.
const NEVER: &str = "0001-01-01T00:00:00Z";

pub(super) async fn rules(State(api): State<Api>, params: Params) -> Result<Success, ApiError> {
    let wanted_type = match params.non_empty("type") {
        None => None,
        Some("alert") => Some(true),
        Some("record") => Some(false),
        Some(other) => return Err(ApiError::bad_data(format!("invalid parameter \"type\": not supported value \"{other}\""))),
    };
    let exclude_alerts = match params.non_empty("exclude_alerts") {
        None => false,
        Some(text) => {
            text.parse().map_err(|_| ApiError::bad_data("invalid parameter \"exclude_alerts\": it is neither true nor false".to_owned()))?
        }
    };
    let sets = params.matcher_sets()?;
    let named = |parameter: &'static str, value: &str| {
        let mut names = params.all(parameter).peekable();
        names.peek().is_none() || names.any(|name| name == value)
    };
    let groups: Vec<Value> = api
        .parts
        .rules
        .status()
        .iter()
        .filter(|group| named("file[]", &group.file) && named("rule_group[]", &group.name))
        .filter_map(|group| {
            let rules: Vec<Value> = group
                .rules
                .iter()
                .filter(|rule| wanted_type.is_none_or(|alerting| rule.alerting.is_some() == alerting))
                .filter(|rule| named("rule_name[]", &rule.name))
                .filter(|rule| sets.is_empty() || sets.iter().any(|set| set.iter().all(|m| m.matches_labels(&rule.labels))))
                .map(|rule| rule_json(rule, exclude_alerts))
                .collect();
            (!rules.is_empty() || group.rules.is_empty()).then(|| group_json(group, &rules))
        })
        .collect();
    Ok(Success::new(&json!({"groups": groups})))
}

pub(super) async fn alerts(State(api): State<Api>) -> Success {
    let groups = api.parts.rules.status();
    let rules = groups.iter().flat_map(|group| &group.rules);
    let alerts: Vec<Value> = rules.filter_map(|rule| rule.alerting.as_ref()).flat_map(|a| &a.alerts).map(alert_json).collect();
    Success::new(&json!({"alerts": alerts}))
}

fn group_json(group: &GroupStatus, rules: &[Value]) -> Value {
    json!({
        "name": group.name,
        "file": group.file,
        "language": group.language.as_str(),
        "rules": rules,
        "interval": group.interval.as_secs_f64(),
        "queryOffset": group.query_offset.as_secs_f64(),
        "limit": group.limit,
        "evaluationTime": group.evaluation_time.as_secs_f64(),
        "lastEvaluation": group.last_evaluation_ms.map_or_else(|| NEVER.to_owned(), rfc3339),
    })
}

fn rule_json(rule: &RuleStatus, exclude_alerts: bool) -> Value {
    let mut body = json!({
        "name": rule.name,
        "query": rule.expr,
        "labels": rule.labels,
        "health": rule.health.as_str(),
        "evaluationTime": rule.evaluation_time.as_secs_f64(),
        "lastEvaluation": rule.last_evaluation_ms.map_or_else(|| NEVER.to_owned(), rfc3339),
        "line": rule.line,
    });
    if !rule.last_error.is_empty() {
        body["lastError"] = json!(rule.last_error);
    }
    match &rule.alerting {
        None => body["type"] = json!("recording"),
        Some(alerting) => {
            body["type"] = json!("alerting");
            body["state"] = json!(alerting.state.as_str());
            body["duration"] = json!(alerting.hold.as_secs_f64());
            body["keepFiringFor"] = json!(alerting.keep_firing.as_secs_f64());
            body["annotations"] = json!(alerting.annotations);
            let alerts: Vec<Value> = if exclude_alerts { Vec::new() } else { alerting.alerts.iter().map(alert_json).collect() };
            body["alerts"] = json!(alerts);
        }
    }
    body
}

fn alert_json(alert: &ActiveAlert) -> Value {
    let mut body = json!({
        "labels": alert.labels,
        "annotations": alert.annotations,
        "state": alert.state.as_str(),
        "activeAt": rfc3339(alert.active_at_ms),
        // As Go's FormatFloat with 'e': 1e+00.
        "value": exponent(alert.value),
    });
    if let Some(since) = alert.keep_firing_since_ms {
        body["keepFiringSince"] = json!(rfc3339(since));
    }
    body
}

/// A float as Go's `strconv.FormatFloat(v, 'e', -1, 64)` writes it.
fn exponent(value: f64) -> String {
    if !value.is_finite() {
        return format_value(value);
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').expect("the format has an exponent");
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
}

/// The numbers of firing and pending alerts.
pub(in crate::http) fn count(groups: &[GroupStatus]) -> (usize, usize) {
    let alerts = groups.iter().flat_map(|g| &g.rules).filter_map(|r| r.alerting.as_ref()).flat_map(|a| &a.alerts);
    alerts.fold((0, 0), |(firing, pending), alert| match alert.state {
        AlertState::Firing => (firing + 1, pending),
        AlertState::Pending => (firing, pending + 1),
        AlertState::Inactive => (firing, pending),
    })
}

#[cfg(test)]
mod tests {
    use super::exponent;

    #[test]
    fn values_of_alerts_have_an_exponent() {
        for (value, want) in
            [(1.0, "1e+00"), (0.25, "2.5e-01"), (1.5e300, "1.5e+300"), (0.0, "0e+00"), (-12.0, "-1.2e+01"), (f64::NAN, "NaN")]
        {
            assert_eq!(exponent(value), want);
        }
    }
}
