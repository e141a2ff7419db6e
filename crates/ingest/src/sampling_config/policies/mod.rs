//! The configuration of the OpenTelemetry collector's tail sampling processor, as it is written.

mod raw;

pub(super) use raw::RawProcessor;

use super::settings::Checked;
use phoenix_model::matcher::search_regex;
use phoenix_model::suggest::nearest;
use phoenix_model::traces::SpanStatus;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_sampling::{
    Composite, CompositePart, EarlyDecision, Limit, NumericRange, Policies, Policy, PolicyKind, Rules, Settings, Strategy, TextMatch,
    Threshold,
};
use phoenix_yaml::Spanned;
use raw::{
    RawBoolean, RawComposite, RawLatency, RawNumeric, RawPolicy, RawProbabilistic, RawSpanCount, RawStatusCode, RawText, RawTraceState,
};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// The types of policies, of which each has a key of its own name with what it asks.
pub const POLICY_TYPES: [&str; 16] = [
    "always_sample",
    "latency",
    "numeric_attribute",
    "probabilistic",
    "status_code",
    "string_attribute",
    "trace_state",
    "trace_flags",
    "rate_limiting",
    "bytes_limiting",
    "span_count",
    "boolean_attribute",
    "ottl_condition",
    "and",
    "not",
    "drop",
];
/// Stands on its own in the messages: it holds others.
const COMPOSITE: &str = "composite";
/// The most policies of a file, those within others included: each is asked about each trace.
const MAX_POLICIES: usize = 1000;
/// How deep policies stand within each other.
const MAX_DEPTH: usize = 8;
/// The most values of one `string_attribute` or `trace_state`.
const MAX_VALUES: usize = 10_000;
/// The most patterns of one `string_attribute`: each is tried on each span.
const MAX_PATTERNS: usize = 200;

/// Keys of the processor that are accepted and don't act, with what that means.
pub const NOT_ACTING: &[(&str, &str)] = &[
    ("block_on_overflow", "beyond `num_traces` the oldest trace is decided at once; nothing is lost and nobody waits"),
    ("num_shards", "Phoenix divides its work itself"),
    ("tail_storage", "spans that wait are journaled in Phoenix' data folder"),
    (
        "policies[].probabilistic.hash_salt",
        "decisions go by the randomness of the trace's id, as OpenTelemetry specifies, on which all samplers agree",
    ),
];

impl RawProcessor {
    /// What is meant. `prefix` is the way to the processor's keys.
    pub(super) fn resolve(self, prefix: &str, source: &Source, diagnostics: &mut Vec<Diagnostic>) -> Rules {
        for key in phoenix_yaml::keys(source).iter().filter(|key| !key.is_empty) {
            let path = key.path.strip_prefix(prefix).unwrap_or(&key.path);
            let is_salt = path.starts_with("policies[]") && path.ends_with(".probabilistic.hash_salt");
            let listed = NOT_ACTING.iter().find(|(listed, _)| *listed == path || (is_salt && listed.ends_with(".hash_salt")));
            if let Some((_, reason)) = listed {
                let name = key.path.rsplit('.').next().unwrap_or(&key.path);
                diagnostics.push(Diagnostic::warning(source, key.span, format!("`{name}` is not acting: {reason}")));
            }
        }
        match &self.sampling_strategy {
            Some(strategy) if strategy.value == "span-ingest" => diagnostics.push(Diagnostic::warning(
                source,
                strategy.span,
                "`span-ingest` is not acting: traces are decided when they are whole, or have waited",
            )),
            Some(strategy) if strategy.value != "trace-complete" => {
                let message = format!("unknown value `{}`", strategy.value);
                diagnostics.push(Diagnostic::error(source, strategy.span, message).with_help("one of trace-complete, span-ingest"));
            }
            _ => (),
        }
        let mut reader = Reader { source, diagnostics, count: 0 };
        if self.policies.value.is_empty() {
            reader.wrong(
                self.policies.span,
                "there is no policy",
                "list at least one under `policies`; without any, no trace would be kept",
            );
        }
        let policies = reader.list(self.policies.into_inner(), 0);
        let mut checked = Checked { source, diagnostics };
        let default = Settings::default();
        let root_wait = checked.wait(self.decision_wait_after_root_received.as_ref(), std::time::Duration::ZERO);
        let settings = Settings {
            decision_wait: checked.wait(self.decision_wait.as_ref(), default.decision_wait),
            early: if root_wait.is_zero() { EarlyDecision::Never } else { EarlyDecision::Root(root_wait) },
            num_traces: checked.traces(self.num_traces.as_ref(), 1, default.num_traces),
            expected_new_traces_per_sec: self.expected_new_traces_per_sec.unwrap_or(0),
            max_trace_bytes: self.maximum_trace_size_bytes.filter(|bytes| *bytes > 0),
            sampled_cache: checked.traces(self.decision_cache.sampled_cache_size.as_ref(), 0, default.sampled_cache),
            non_sampled_cache: checked.traces(self.decision_cache.non_sampled_cache_size.as_ref(), 0, default.non_sampled_cache),
            drop_pending_on_shutdown: self.drop_pending_traces_on_shutdown,
        };
        Rules { strategy: Strategy::Policies(Policies { policies, sample_on_first_match: self.sample_on_first_match }), settings }
    }
}

struct Reader<'s, 'd> {
    source: &'s Source,
    diagnostics: &'d mut Vec<Diagnostic>,
    count: usize,
}

impl Reader<'_, '_> {
    fn wrong(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.diagnostics.push(Diagnostic::error(self.source, span, message).with_help(help));
    }

    /// Policies side by side, whose names differ.
    fn list(&mut self, raws: Vec<Spanned<RawPolicy>>, depth: usize) -> Vec<Policy> {
        let mut names = HashSet::new();
        for raw in &raws {
            if !names.insert(raw.name.value.clone()) {
                self.wrong(raw.name.span, format!("two policies are named `{}`", raw.name.value), "give each a name of its own");
            }
        }
        raws.into_iter().filter_map(|raw| self.policy(raw, depth)).collect()
    }

    fn policy(&mut self, raw: Spanned<RawPolicy>, depth: usize) -> Option<Policy> {
        self.count += 1;
        if self.count > MAX_POLICIES || depth > MAX_DEPTH {
            // Said once, not for each.
            if self.count == MAX_POLICIES + 1 || depth > MAX_DEPTH {
                let message = format!("at most {MAX_POLICIES} policies are possible, {MAX_DEPTH} deep within each other");
                self.wrong(raw.span, message, "take some out");
            }
            return None;
        }
        let (name, written) = (raw.name.clone(), raw.r#type.clone());
        if name.value.is_empty() {
            self.wrong(name.span, "the policy's name is empty", "it is what the policy is counted under");
        }
        let kind = self.kind(raw.into_inner(), &written, depth)?;
        Some(Policy { name: Arc::from(name.value), kind })
    }

    /// What stands under the key of the policy's type.
    fn body<T>(&mut self, body: Option<T>, written: &Spanned<String>) -> Option<T> {
        if body.is_none() {
            let message = format!("the policy is of the type `{}`, and has no key `{}`", written.value, written.value);
            self.wrong(written.span, message, format!("add `{}: {{…}}` beside `type`", written.value));
        }
        body
    }

    fn kind(&mut self, raw: RawPolicy, written: &Spanned<String>, depth: usize) -> Option<PolicyKind> {
        let _ = (raw.always_sample, raw.trace_flags);
        Some(match written.value.as_str() {
            "always_sample" => PolicyKind::AlwaysSample,
            "trace_flags" => PolicyKind::TraceFlags,
            "latency" => {
                let body = self.body(raw.latency, written)?;
                self.latency(&body)
            }
            "numeric_attribute" => {
                let body = self.body(raw.numeric_attribute, written)?;
                self.numeric(body)?
            }
            "probabilistic" => {
                let body = self.body(raw.probabilistic, written)?;
                self.probabilistic(&body)
            }
            "status_code" => {
                let body = self.body(raw.status_code, written)?;
                self.status_code(&body)
            }
            "string_attribute" => {
                let body = self.body(raw.string_attribute, written)?;
                self.text(body)?
            }
            "trace_state" => {
                let body = self.body(raw.trace_state, written)?;
                self.trace_state(body)
            }
            "rate_limiting" => PolicyKind::RateLimiting(Limit::each_second(self.body(raw.rate_limiting, written)?.spans_per_second)),
            "bytes_limiting" => {
                let body = self.body(raw.bytes_limiting, written)?;
                let per_second = body.bytes_per_second;
                PolicyKind::BytesLimiting(Limit::bucket(per_second, body.burst_capacity.unwrap_or(per_second.saturating_mul(2))))
            }
            "span_count" => {
                let body = self.body(raw.span_count, written)?;
                self.span_count(&body)
            }
            "boolean_attribute" => {
                let body = self.body(raw.boolean_attribute, written)?;
                self.key(&body.key, body.span);
                let RawBoolean { key, value, invert_match } = body.into_inner();
                PolicyKind::Boolean { key, value, invert_match }
            }
            "ottl_condition" => {
                let body = self.body(raw.ottl_condition, written)?;
                let message = "`ottl_condition` is not acting: conditions in OTTL are not understood; this policy never samples";
                let help = "say it with policies about attributes, status or latency";
                self.diagnostics.push(Diagnostic::warning(self.source, body.span, message).with_help(help));
                PolicyKind::Ottl
            }
            "and" => {
                let parts = self.body(raw.and, written)?.and_sub_policy;
                PolicyKind::And(self.parts(parts, "and_sub_policy", depth))
            }
            "drop" => {
                if depth > 0 {
                    self.wrong(
                        written.span,
                        "`drop` stands within another policy",
                        "a policy that drops decides alone; list it under `policies`",
                    );
                }
                let parts = self.body(raw.drop, written)?.drop_sub_policy;
                PolicyKind::Drop(self.parts(parts, "drop_sub_policy", depth))
            }
            "not" => {
                let part = self.body(raw.not, written)?.not_sub_policy;
                let span = part.r#type.span;
                let part = self.policy(*part, depth + 1)?;
                if has_ottl(&part.kind) {
                    self.wrong(span, "`ottl_condition` is not acting, and its opposite would keep everything", "take this policy out");
                }
                PolicyKind::Not(Box::new(part))
            }
            COMPOSITE => {
                let body = self.body(raw.composite, written)?;
                self.composite(body.into_inner(), depth)
            }
            other => {
                let known = || POLICY_TYPES.iter().copied().chain([COMPOSITE]);
                let help = nearest(other, known())
                    .map_or_else(|| format!("one of {}", known().collect::<Vec<_>>().join(", ")), |near| format!("did you mean `{near}`?"));
                self.wrong(written.span, format!("unknown type of policy `{other}`"), help);
                return None;
            }
        })
    }

    fn parts(&mut self, parts: Spanned<Vec<Spanned<RawPolicy>>>, key: &str, depth: usize) -> Vec<Policy> {
        if parts.value.is_empty() {
            self.wrong(parts.span, format!("`{key}` is empty, which every trace would match"), "list at least one policy");
        }
        self.list(parts.into_inner(), depth + 1)
    }

    fn key(&mut self, key: &str, span: Span) {
        if key.is_empty() {
            self.wrong(span, "the attribute's key is empty", "write it as `key: http.route`");
        }
    }

    fn latency(&mut self, body: &Spanned<RawLatency>) -> PolicyKind {
        let (threshold, upper) = (body.value.threshold_ms.value, body.value.upper_threshold_ms);
        if threshold < 0 || (upper != 0 && upper <= threshold) {
            let message = "these thresholds let no trace through, or are below 0";
            self.wrong(body.span, message, "`threshold_ms` is 0 or more, and below `upper_threshold_ms` if there is one");
        }
        PolicyKind::Latency { threshold_ms: threshold, upper_threshold_ms: Some(upper).filter(|upper| *upper != 0) }
    }

    fn numeric(&mut self, body: Spanned<RawNumeric>) -> Option<PolicyKind> {
        self.key(&body.value.key, body.span);
        let RawNumeric { key, min_value, max_value, invert_match } = body.value;
        if min_value.is_none() && max_value.is_none() {
            self.wrong(body.span, "neither `min_value` nor `max_value` is there", "set at least one of them");
            return None;
        }
        if min_value.zip(max_value).is_some_and(|(min, max)| min > max) {
            self.wrong(body.span, "`min_value` is above `max_value`", "no number is between them");
        }
        Some(PolicyKind::Numeric(NumericRange { key, min_value, max_value, invert_match }))
    }

    fn probabilistic(&mut self, body: &RawProbabilistic) -> PolicyKind {
        let percent = &body.sampling_percentage;
        if percent.value.is_nan() || percent.value < 0.0 {
            self.wrong(percent.span, format!("`{}` is not a percentage", percent.value), "it goes from 0 (none) to 100 (all)");
        }
        PolicyKind::Probabilistic(Threshold::from_probability(percent.value / 100.0))
    }

    fn status_code(&mut self, body: &RawStatusCode) -> PolicyKind {
        if body.status_codes.value.is_empty() {
            self.wrong(body.status_codes.span, "there is no status code", "one or more of OK, ERROR, UNSET");
        }
        let mut codes = Vec::new();
        for code in &body.status_codes.value {
            match code.value.as_str() {
                "OK" => codes.push(SpanStatus::Ok),
                "ERROR" => codes.push(SpanStatus::Error),
                "UNSET" => codes.push(SpanStatus::Unset),
                other => self.wrong(code.span, format!("unknown status code `{other}`"), "one of OK, ERROR, UNSET"),
            }
        }
        PolicyKind::StatusCode(codes)
    }

    fn text(&mut self, body: Spanned<RawText>) -> Option<PolicyKind> {
        self.key(&body.value.key, body.span);
        let RawText { key, values, enabled_regex_matching, invert_match, .. } = body.value;
        if values.is_empty() || values.len() > MAX_VALUES {
            self.wrong(body.span, format!("there are {} values", values.len()), format!("list from 1 to {MAX_VALUES} under `values`"));
            return None;
        }
        let texts: Vec<String> = values.iter().map(|value| value.value.clone()).collect();
        if !enabled_regex_matching {
            return Some(PolicyKind::Text(TextMatch { key, values: texts, patterns: None, invert_match }));
        }
        if values.len() > MAX_PATTERNS {
            let message = format!("there are {} patterns; at most {MAX_PATTERNS} are possible", values.len());
            self.wrong(body.span, message, "put several into one: `a|b`");
            return None;
        }
        let mut patterns = Vec::with_capacity(values.len());
        for value in &values {
            match search_regex(&value.value) {
                Ok(pattern) => patterns.push(pattern),
                Err(error) => {
                    let help = "write it in RE2's syntax, without look-around; in single quotes a backslash needs no doubling";
                    self.wrong(value.span, format!("`{}` is not a regular expression: {}", value.value, error.reason), help);
                }
            }
        }
        Some(PolicyKind::Text(TextMatch { key, values: Vec::new(), patterns: Some(patterns), invert_match }))
    }

    fn trace_state(&mut self, body: Spanned<RawTraceState>) -> PolicyKind {
        self.key(&body.value.key, body.span);
        let RawTraceState { key, values } = body.value;
        if values.is_empty() || values.len() > MAX_VALUES {
            self.wrong(body.span, format!("there are {} values", values.len()), format!("list from 1 to {MAX_VALUES} under `values`"));
        }
        PolicyKind::TraceState { key, values }
    }

    fn span_count(&mut self, body: &Spanned<RawSpanCount>) -> PolicyKind {
        let min_spans = body.value.min_spans.unwrap_or(0);
        let max_spans = body.value.max_spans.filter(|most| *most > 0);
        if max_spans.is_some_and(|most| most < min_spans) {
            self.wrong(body.span, "`min_spans` is above `max_spans`", "no trace has so many spans");
        }
        PolicyKind::SpanCount { min_spans, max_spans }
    }

    fn composite(&mut self, body: RawComposite, depth: usize) -> PolicyKind {
        let total = body.max_total_spans_per_second;
        let shared = total / (body.composite_sub_policy.len().max(1) as u64);
        let mut percents: HashMap<String, i64> = HashMap::new();
        for allocation in &body.rate_allocation {
            if !body.composite_sub_policy.iter().any(|part| part.name.value == allocation.policy.value) {
                let message = format!("there is no policy `{}` in `composite_sub_policy`", allocation.policy.value);
                self.wrong(allocation.policy.span, message, "write the name of one of them");
            }
            if !(0..=100).contains(&allocation.percent.value) {
                self.wrong(allocation.percent.span, format!("`{}` is not a percentage", allocation.percent.value), "it goes from 0 to 100");
            }
            percents.insert(allocation.policy.value.clone(), allocation.percent.value);
        }
        let mut policies: HashMap<String, Policy> = HashMap::new();
        for policy in self.list(body.composite_sub_policy, depth + 1) {
            policies.insert(policy.name.to_string(), policy);
        }
        let mut parts = Vec::new();
        for name in &body.policy_order {
            let Some(policy) = policies.remove(&name.value) else {
                let message = format!("there is no policy `{}` in `composite_sub_policy`, or it is listed twice", name.value);
                self.wrong(name.span, message, "list the name of each of them once");
                continue;
            };
            let share = percents.get(&name.value).filter(|percent| **percent > 0);
            let spans_per_second = share.map_or(shared, |percent| total.saturating_mul(percent.unsigned_abs()) / 100);
            parts.push(CompositePart::new(policy, spans_per_second));
        }
        PolicyKind::Composite(Composite::new(total, parts))
    }
}

/// Whether OTTL stands anywhere in it.
fn has_ottl(kind: &PolicyKind) -> bool {
    match kind {
        PolicyKind::Ottl => true,
        PolicyKind::And(parts) | PolicyKind::Drop(parts) => parts.iter().any(|part| has_ottl(&part.kind)),
        PolicyKind::Not(part) => has_ottl(&part.kind),
        PolicyKind::Composite(composite) => composite.policies().any(|part| has_ottl(&part.kind)),
        _ => false,
    }
}
