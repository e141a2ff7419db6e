//! Alerting rules: from the elements of a result to alerts and their series.

use crate::active::{Active, AlertState, Detection};
use crate::error::RulesError;
use crate::group::Context;
use crate::options::Options;
use crate::spec::{AlertingSpec, RuleSpec};
use crate::status::{ActiveAlert, AlertingStatus};
use phoenix_engine::Language;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Alert, Labels};
use phoenix_query::VectorSample;
use phoenix_template::{Functions, Template, TemplateError, value};
use std::collections::BTreeMap;
use std::time::Duration;

pub(crate) const ALERTS: &str = "ALERTS";
pub(crate) const ALERTS_FOR_STATE: &str = "ALERTS_FOR_STATE";
pub(crate) const ALERT_NAME: &str = "alertname";
const ALERT_STATE: &str = "alertstate";

type Templates = Vec<(String, Result<Template, TemplateError>)>;

/// An alerting rule with its alerts.
#[derive(Debug)]
pub(crate) struct AlertingRule {
    labels: Templates,
    annotations: Templates,
    functions: Functions,
    pub active: BTreeMap<Labels, Active>,
    /// Whether the state of an earlier process was taken up, or there is none to take up: only
    /// then are `ALERTS` and `ALERTS_FOR_STATE` written, for not to overwrite what is to be read.
    pub restored: bool,
    /// Until then alerts are held that the expression does not give.
    pub settles_at_ms: Option<i64>,
}

impl AlertingRule {
    pub(crate) fn new(spec: &RuleSpec, alerting: &AlertingSpec, options: &Options) -> Self {
        let functions = Functions::prometheus(&options.external_url);
        let parse = |pairs: &[(String, String)]| {
            let name = format!("__alert_{}", spec.name);
            pairs.iter().map(|(key, text)| (key.clone(), Template::parse_rule(&name, text, &functions))).collect()
        };
        Self {
            labels: parse(&spec.labels),
            annotations: parse(&alerting.annotations),
            active: BTreeMap::new(),
            restored: true,
            settles_at_ms: None,
            functions,
        }
    }

    /// Brings the alerts up to date with a result and gives the series to store.
    pub(crate) fn evaluate(
        &mut self,
        spec: &RuleSpec,
        alerting: &AlertingSpec,
        elements: &[VectorSample],
        limit: usize,
        at_ms: i64,
        context: &Context,
    ) -> Result<Vec<(Labels, f64)>, RulesError> {
        let found = self.expand(spec, elements, at_ms, context)?;
        for (labels, alert) in &found {
            match self.active.get_mut(labels) {
                Some(known) if known.state != AlertState::Inactive => {
                    known.value = alert.value;
                    known.annotations = alert.annotations.clone();
                }
                _ => {
                    self.active.insert(labels.clone(), alert.clone());
                }
            }
        }
        let held = self.settles_at_ms.is_some_and(|settled| at_ms < settled);
        if !held {
            self.settles_at_ms = None;
        }
        let mut series = Vec::new();
        let mut count = 0;
        let restored = self.restored;
        self.active.retain(|labels, alert| {
            if found.contains_key(labels) {
                alert.keep_firing_since_ms = None;
            } else if !(held && alert.state != AlertState::Inactive) {
                let was_pending = alert.state == AlertState::Pending;
                let forgotten = alert.is_forgotten(at_ms);
                if !alert.vanish(at_ms, alerting.keep_firing) {
                    return !was_pending && !forgotten;
                }
            }
            count += 1;
            if found.contains_key(labels) {
                alert.ripen(at_ms, alerting.hold);
            }
            if restored {
                series.extend(state_series(alert));
            }
            true
        });
        if limit > 0 && count > limit {
            self.active.clear();
            return Err(RulesError::Limit { limit, found: count, what: "alerts" });
        }
        Ok(series)
    }

    /// The alerts that a result asks for, labels before annotations as these may not see them, but
    /// a failing label is noticed first.
    fn expand(
        &self,
        spec: &RuleSpec,
        elements: &[VectorSample],
        at_ms: i64,
        context: &Context,
    ) -> Result<BTreeMap<Labels, Active>, RulesError> {
        if elements.is_empty() {
            return Ok(BTreeMap::new());
        }
        let functions = self.functions.clone().with_query(context.template_query(at_ms)).with_now(at_ms);
        let external_labels = value::labels(&context.options.external_labels);
        let mut found = BTreeMap::new();
        // One log line for each evaluation, however many alerts have the same fault.
        let failed = std::cell::RefCell::new((0_usize, None));
        for element in elements {
            let data = value::object(
                "template data",
                [
                    ("Labels", value::labels(&element.labels)),
                    ("ExternalLabels", external_labels.clone()),
                    ("ExternalURL", value::string(context.options.external_url.as_str())),
                    ("Value", template_value(element)),
                ],
            );
            let render = |name: &str, template: &Result<Template, TemplateError>| {
                let rendered = template.as_ref().map_err(Clone::clone).and_then(|t| t.render_with(&functions, &data));
                rendered.unwrap_or_else(|error| {
                    let text = format!("<error expanding template: {error}>");
                    let mut failed = failed.borrow_mut();
                    failed.0 += 1;
                    failed.1.get_or_insert_with(|| (name.to_owned(), error));
                    text
                })
            };
            let mut labels = element.labels.to_builder();
            labels.remove(METRIC_NAME);
            for (name, template) in &self.labels {
                labels.set(name, &render(name, template));
            }
            labels.set(ALERT_NAME, &spec.name);
            let annotations = Labels::from_pairs(self.annotations.iter().map(|(name, template)| (name, render(name, template))));
            let labels = labels.build();
            let alert = Active::new(labels.clone(), annotations, element.sample.value, at_ms);
            if found.insert(labels, alert).is_some() {
                return Err(RulesError::SameLabels("alert"));
            }
        }
        if let (count, Some((field, error))) = failed.into_inner() {
            tracing::warn!(alert = %spec.name, count, %field, %error, "expanding templates of an alert failed; this is the first of them");
        }
        Ok(found)
    }

    /// Hands over what has to be handed over at this evaluation.
    pub(crate) fn send(&mut self, spec: &RuleSpec, group_key: &str, interval: Duration, at_ms: i64, context: &Context) {
        let options = &context.options;
        let lives_ms = 4 * interval.max(options.resend_delay).as_millis() as i64;
        let mut alerts = Vec::new();
        for alert in self.active.values_mut() {
            if alert.state == AlertState::Firing
                && alert.fired_at_ms == Some(at_ms)
                && alert.last_sent_at_ms.is_none()
                && let Some(observer) = &context.detections
            {
                observer.detected(&Detection {
                    group: group_key.to_owned(),
                    labels: with_external(&alert.labels, &options.external_labels),
                    condition_since_ms: alert.condition_since_ms,
                    fired_at_ms: at_ms,
                });
            }
            if !alert.needs_sending(at_ms, options.resend_delay) {
                continue;
            }
            alert.last_sent_at_ms = Some(at_ms);
            alerts.push(Alert {
                labels: with_external(&alert.labels, &options.external_labels),
                annotations: alert.annotations.clone(),
                starts_at_ms: alert.fired_at_ms.unwrap_or(alert.active_at_ms),
                ends_at_ms: alert.resolved_at_ms.unwrap_or(at_ms + lives_ms),
                generator_url: generator_url(&options.external_url, context.language, &spec.expr),
                condition_since_ms: Some(alert.condition_since_ms),
                expression: Some((context.language.as_str().to_owned(), spec.expr.clone())),
                updated_at_ms: at_ms,
                timeout: false,
            });
        }
        if !alerts.is_empty() {
            context.sink.send(alerts);
        }
    }

    pub(crate) fn status(&self, alerting: &AlertingSpec) -> AlertingStatus {
        let alerts: Vec<ActiveAlert> = self
            .active
            .values()
            .filter(|alert| alert.state != AlertState::Inactive)
            .map(|alert| ActiveAlert {
                labels: alert.labels.clone(),
                annotations: alert.annotations.clone(),
                state: alert.state,
                active_at_ms: alert.active_at_ms,
                condition_since_ms: alert.condition_since_ms,
                fired_at_ms: alert.fired_at_ms,
                keep_firing_since_ms: alert.keep_firing_since_ms,
                value: alert.value,
            })
            .collect();
        AlertingStatus {
            hold: alerting.hold,
            keep_firing: alerting.keep_firing,
            annotations: Labels::from_pairs(alerting.annotations.iter().map(|(n, v)| (n, v))),
            state: alerts.iter().map(|a| a.state).max().unwrap_or(AlertState::Inactive),
            alerts,
        }
    }
}

/// `ALERTS` and `ALERTS_FOR_STATE` of one alert.
fn state_series(alert: &Active) -> [(Labels, f64); 2] {
    let mut state = alert.labels.to_builder();
    state.set(METRIC_NAME, ALERTS).set(ALERT_STATE, alert.state.as_str());
    let mut since = alert.labels.to_builder();
    since.set(METRIC_NAME, ALERTS_FOR_STATE);
    [(state.build(), 1.0), (since.build(), alert.active_at_ms.div_euclid(1000) as f64)]
}

/// An element's value as templates see it: a native histogram is a text.
fn template_value(element: &VectorSample) -> value::Value {
    match &element.histogram {
        Some(histogram) => value::string(histogram.to_string()),
        None => value::Value::Float(element.sample.value),
    }
}

/// The alert's own labels win over external ones.
fn with_external(labels: &Labels, external: &Labels) -> Labels {
    if external.is_empty() {
        return labels.clone();
    }
    let mut all = external.to_builder();
    for (name, value) in labels {
        all.set(name, value);
    }
    all.build()
}

/// A link to the expression's table, as Prometheus writes it; for logs and traces, to Phoenix' own pages.
fn generator_url(external_url: &str, language: Language, expr: &str) -> String {
    let (base, expr) = (external_url.trim_end_matches('/'), phoenix_template::query_escape(expr));
    match language {
        Language::LogQl => format!("{base}/logs?q={expr}"),
        Language::TraceQl => format!("{base}/traces?q={expr}"),
        Language::PromQl => format!("{base}/graph?g0.expr={expr}&g0.tab=1"),
    }
}

/// What a template's `query` asks, at the moment of the evaluation.
impl Context {
    fn template_query(&self, at_ms: i64) -> impl Fn(&str) -> Result<Vec<(Labels, value::Value)>, String> + Send + Sync + 'static {
        let context = self.clone();
        move |query| {
            let (limits, _running) = context.bounds.next();
            let output = context.query(query, at_ms, &limits).map_err(|e| e.to_string())?;
            let elements = crate::recording::elements(output.value).map_err(|e| e.to_string())?;
            Ok(elements.into_iter().map(|e| (e.labels.clone(), template_value(&e))).collect())
        }
    }
}
