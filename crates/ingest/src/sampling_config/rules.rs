//! Rules of the monitoring strategy, section 6.2, as they are written.

use super::rate;
use super::settings::{Checked, RawDecisionCache};
use phoenix_model::{Diagnostic, Source};
use phoenix_sampling::{AdaptiveConfig, EarlyDecision, Pattern, Rules, SamplingRule, SamplingRules, Settings, Strategy};
use phoenix_yaml::{Duration, Spanned};
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration as StdDuration;

/// The most rules of a file: each is tried on each trace.
const MAX_RULES: usize = 1000;
/// The most endpoints that have a rate of their own.
const MAX_ENDPOINTS: u64 = 100_000;
const DEFAULT_ENDPOINTS: usize = 10_000;
const DEFAULT_FLOOR: f64 = 0.001;
const DEFAULT_WINDOW: StdDuration = StdDuration::from_secs(15);
const WINDOWS: std::ops::RangeInclusive<StdDuration> = StdDuration::from_secs(1)..=StdDuration::from_mins(10);

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RawRules {
    sampling_rules: Vec<Spanned<RawRule>>,
    default_sample_rate: Option<Spanned<f64>>,
    adaptive: Option<Spanned<RawAdaptive>>,
    decision_wait: Option<Spanned<Duration>>,
    complete_wait: Option<Spanned<Duration>>,
    num_traces: Option<Spanned<u64>>,
    maximum_trace_size_bytes: Option<Spanned<u64>>,
    decision_cache: RawDecisionCache,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    name: Option<Spanned<String>>,
    service: Option<Spanned<String>>,
    endpoint: Option<Spanned<String>>,
    method: Option<Spanned<String>>,
    error: Option<bool>,
    sample_rate: Spanned<f64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawAdaptive {
    target_spans_per_second: Spanned<f64>,
    floor: Option<Spanned<f64>>,
    ceiling: Option<Spanned<f64>>,
    window: Option<Spanned<Duration>>,
    max_endpoints: Option<Spanned<u64>>,
}

impl RawRules {
    pub(super) fn resolve(self, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Rules {
        if let Some(first_beyond) = self.sampling_rules.get(MAX_RULES) {
            let message = format!("there are {} rules; at most {MAX_RULES} are possible", self.sampling_rules.len());
            diagnostics.push(Diagnostic::error(source, first_beyond.span, message));
        }
        let mut rules: Vec<SamplingRule> = Vec::with_capacity(self.sampling_rules.len().min(MAX_RULES));
        let mut names: HashMap<String, usize> = HashMap::new();
        for raw in self.sampling_rules.into_iter().take(MAX_RULES) {
            let span = raw.span;
            let mut rule = rule_of(&raw.value, source, diagnostics);
            let asks = |rule: &SamplingRule| (rule.service.clone(), rule.endpoint.clone(), rule.method.clone(), rule.error);
            if let Some(same) = rules.iter().find(|before| asks(before) == asks(&rule)) {
                let message = format!("this rule asks the same as `{}` above; the higher of their rates holds", same.name);
                diagnostics.push(Diagnostic::warning(source, span, message));
            }
            let count = names.entry(rule.name.to_string()).and_modify(|count| *count += 1).or_insert(1);
            if *count > 1 {
                rule.name = format!("{} #{count}", rule.name).into();
            }
            rules.push(rule);
        }
        let default_sample_rate = self.default_sample_rate.map_or(1.0, |written| rate(&written, source, diagnostics));
        let adaptive = self.adaptive.map(|raw| adaptive_of(&raw.value, source, diagnostics));
        let mut checked = Checked { source, diagnostics };
        let default = Settings::default();
        let complete_wait = checked.wait(self.complete_wait.as_ref(), StdDuration::from_secs(2));
        let settings = Settings {
            decision_wait: checked.wait(self.decision_wait.as_ref(), default.decision_wait),
            early: EarlyDecision::Complete(complete_wait),
            num_traces: checked.traces(self.num_traces.as_ref(), 1, default.num_traces),
            max_trace_bytes: self.maximum_trace_size_bytes.map(|bytes| bytes.value).filter(|bytes| *bytes > 0),
            sampled_cache: checked.traces(self.decision_cache.sampled_cache_size.as_ref(), 0, default.sampled_cache),
            non_sampled_cache: checked.traces(self.decision_cache.non_sampled_cache_size.as_ref(), 0, default.non_sampled_cache),
            ..default
        };
        Rules { strategy: Strategy::Rules(SamplingRules { rules, default_sample_rate, adaptive }), settings }
    }
}

fn rule_of(raw: &RawRule, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> SamplingRule {
    for (key, written) in [("name", &raw.name), ("service", &raw.service), ("endpoint", &raw.endpoint), ("method", &raw.method)] {
        if let Some(written) = written.as_ref().filter(|written| written.value.trim().is_empty()) {
            let diagnostic = Diagnostic::error(source, written.span, format!("the rule's {key} is empty"));
            diagnostics.push(diagnostic.with_help(format!("leave `{key}` out, or write what it is")));
        }
    }
    if let Some(method) = raw.method.as_ref().filter(|method| method.value.contains('*')) {
        let diagnostic = Diagnostic::error(source, method.span, "a method has no `*`");
        diagnostics.push(diagnostic.with_help("leave `method` out for any method"));
    }
    if let Some(endpoint) = raw.endpoint.as_ref().filter(|endpoint| endpoint.value.contains('?')) {
        let diagnostic =
            Diagnostic::warning(source, endpoint.span, "this endpoint never matches: endpoints are compared without their query");
        diagnostics.push(diagnostic.with_help("leave out what begins with `?`"));
    }
    let [service, endpoint, method] = [&raw.service, &raw.endpoint, &raw.method].map(|text| text.as_ref().map(|text| text.value.as_str()));
    let error = match raw.error {
        Some(true) => Some("error"),
        Some(false) => Some("no error"),
        None => None,
    };
    let service = service.unwrap_or("*");
    let derived = || [Some(service), method, endpoint, error].into_iter().flatten().collect::<Vec<_>>().join(" ").into();
    SamplingRule {
        name: raw.name.as_ref().map_or_else(derived, |name| Arc::from(name.value.as_str())),
        service: Pattern::new(service),
        endpoint: endpoint.map(Pattern::new),
        method: method.map(Box::from),
        error: raw.error,
        sample_rate: rate(&raw.sample_rate, source, diagnostics),
    }
}

fn adaptive_of(raw: &RawAdaptive, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> AdaptiveConfig {
    let target = &raw.target_spans_per_second;
    if !(target.value > 0.0 && target.value.is_finite()) {
        let message = format!("`{}` is not a target: it has to be above 0", target.value);
        diagnostics.push(Diagnostic::error(source, target.span, message));
    }
    let floor = raw.floor.as_ref().map_or(DEFAULT_FLOOR, |written| rate(written, source, diagnostics));
    let ceiling = raw.ceiling.as_ref().map_or(1.0, |written| rate(written, source, diagnostics));
    if let Some(written) = raw.floor.as_ref().or(raw.ceiling.as_ref()).filter(|_| floor > ceiling) {
        let message = format!("the floor ({floor}) is above the ceiling ({ceiling})");
        diagnostics.push(Diagnostic::error(source, written.span, message));
    }
    let window = raw.window.as_ref().map_or(DEFAULT_WINDOW, |window| window.get());
    if let Some(written) = raw.window.as_ref().filter(|_| !WINDOWS.contains(&window)) {
        diagnostics.push(Diagnostic::error(source, written.span, "a window is from 1s to 10m"));
    }
    let max_endpoints = raw
        .max_endpoints
        .as_ref()
        .map_or(DEFAULT_ENDPOINTS, |written| Checked { source, diagnostics }.within(written, 1..=MAX_ENDPOINTS) as usize);
    AdaptiveConfig { target_spans_per_second: target.value, floor, ceiling, window, max_endpoints }
}
