//! Deciding on a whole trace.

use crate::adaptive::{Adaptive, EndpointRate};
use crate::policy::Policies;
use crate::rules::{DEFAULT_RULE, SamplingRules};
use crate::settings::Settings;
use crate::threshold::{Randomness, Threshold};
use crate::trace::TraceSpans;
use crate::trace_state::{threshold_in, trace_state_with, with_threshold};
use phoenix_model::traces::{TraceId, TraceWrite, sampling_weight};
use std::borrow::Cow;
use std::sync::Arc;

/// The name under which traces are counted that no policy samples or drops.
pub const NO_POLICY: &str = "none";
/// The name under which traces are counted that are larger than a trace may be.
pub const OVERSIZED: &str = "maximum_trace_size_bytes";

/// What is kept, and how traces wait for it.
#[derive(Debug, Clone)]
pub struct Rules {
    /// What is kept.
    pub strategy: Strategy,
    /// How traces wait.
    pub settings: Settings,
}

/// What is kept.
#[derive(Debug, Clone)]
pub enum Strategy {
    /// Rules of the monitoring strategy, section 6.2.
    Rules(SamplingRules),
    /// Policies of the collector's tail sampling processor.
    Policies(Policies),
}

/// Decides on traces. Limits and rates that follow the traffic live in it.
#[derive(Debug, Clone)]
pub struct Sampler {
    strategy: Strategy,
    settings: Settings,
    adaptive: Option<Adaptive>,
    default_rule: Arc<str>,
    no_policy: Arc<str>,
    oversized: Arc<str>,
}

/// What is done with a trace. Spans that come late follow it.
#[derive(Debug, Clone, PartialEq)]
pub struct Decision {
    /// Whether it is kept.
    pub keep: bool,
    /// With which probability traces like it are kept, from 0 to 1; 1 when it is certain or not known.
    pub probability: f64,
    /// The rule or policy that decided.
    pub rule: Arc<str>,
    /// Whether the probability is known. Limits keep what they have room for: then it is not.
    pub is_exact: bool,
    randomness: Randomness,
}

impl Decision {
    /// A decision of which was remembered whether the trace is kept, and with which probability. The span's
    /// `tracestate` may hold an explicit randomness; the name of the rule is empty.
    pub fn remembered(keep: bool, probability: f64, is_exact: bool, trace_id: TraceId, trace_state: &str) -> Self {
        Self { keep, probability, rule: Arc::from(""), is_exact, randomness: Randomness::of(trace_id, trace_state) }
    }

    /// The `tracestate` that a kept span is stored with. It tells the lower of the probabilities with which
    /// samplers before and this one kept it. A threshold is taken out when the probability is not known,
    /// or when the span could not have been kept by it; OpenTelemetry asks for both.
    pub fn trace_state<'a>(&self, trace_state: &'a str) -> Cow<'a, str> {
        let before = threshold_in(trace_state);
        let is_consistent = before.is_none_or(|before| before.admits(self.randomness));
        match (self.is_exact, is_consistent) {
            (true, true) if self.probability >= 1.0 => Cow::Borrowed(trace_state),
            (true, true) => Cow::Owned(trace_state_with(trace_state, self.probability)),
            (true, false) => Cow::Owned(trace_state_with(&with_threshold(trace_state, None), self.probability)),
            (false, _) if before.is_some() => Cow::Owned(with_threshold(trace_state, None)),
            (false, _) => Cow::Borrowed(trace_state),
        }
    }
}

impl Sampler {
    /// By these rules.
    pub fn new(rules: Rules) -> Self {
        let adaptive = match &rules.strategy {
            Strategy::Rules(rules) => rules.adaptive.map(|adaptive| Adaptive::new(adaptive, rules.default_sample_rate)),
            Strategy::Policies(_) => None,
        };
        let Rules { strategy, settings } = rules;
        let [default_rule, no_policy, oversized] = [DEFAULT_RULE, NO_POLICY, OVERSIZED].map(Arc::from);
        Self { strategy, settings, adaptive, default_rule, no_policy, oversized }
    }

    /// How traces wait for their decision.
    pub fn settings(&self) -> Settings {
        self.settings
    }

    /// All names that [`Decision::rule`] can have, for metrics.
    pub fn rule_names(&self) -> Vec<Arc<str>> {
        let own: Vec<Arc<str>> = match &self.strategy {
            Strategy::Rules(rules) => rules.rules.iter().map(|rule| rule.name.clone()).chain([self.default_rule.clone()]).collect(),
            Strategy::Policies(policies) => {
                policies.policies.iter().map(|policy| policy.name.clone()).chain([self.no_policy.clone()]).collect()
            }
        };
        own.into_iter().chain(self.settings.max_trace_bytes.map(|_| self.oversized.clone())).collect()
    }

    /// The rates that follow the traffic, of the busiest endpoint first; none without `adaptive`.
    pub fn endpoint_rates(&self) -> Vec<EndpointRate> {
        self.adaptive.as_ref().map(Adaptive::rates).unwrap_or_default()
    }

    /// Decides on the trace whose spans have these numbers in the write. `now_ms` is the time of the
    /// clock in milliseconds; limits and rates go by it. Ask once for a trace: they count it each time.
    pub fn decide(&mut self, write: &TraceWrite, spans: &[u32], now_ms: i64) -> Decision {
        let trace = TraceSpans::new(write, spans);
        let randomness = trace.randomness();
        if self.settings.max_trace_bytes.is_some_and(|most| trace.size_bytes() > most) {
            return Decision { keep: false, probability: 0.0, rule: self.oversized.clone(), is_exact: true, randomness };
        }
        match &mut self.strategy {
            Strategy::Policies(policies) => {
                let outcome = policies.decide(&trace, randomness, now_ms).outcome();
                Decision {
                    keep: outcome.keep,
                    probability: outcome.threshold.probability(),
                    rule: outcome.policy.unwrap_or_else(|| self.no_policy.clone()),
                    is_exact: outcome.is_exact,
                    randomness,
                }
            }
            Strategy::Rules(rules) => {
                let deciding = rules.deciding(&trace);
                let rate = match (deciding, &mut self.adaptive) {
                    (Some(rule), adaptive) => {
                        if let Some(adaptive) = adaptive {
                            adaptive.count_by_rule(trace.len(), rule.sample_rate, now_ms);
                        }
                        rule.sample_rate
                    }
                    (None, Some(adaptive)) => followed_rate(adaptive, &trace, now_ms),
                    (None, None) => rules.default_sample_rate,
                };
                let threshold = Threshold::from_probability(rate);
                Decision {
                    keep: threshold.admits(randomness),
                    probability: threshold.probability(),
                    rule: deciding.map_or_else(|| self.default_rule.clone(), |rule| rule.name.clone()),
                    is_exact: true,
                    randomness,
                }
            }
        }
    }
}

/// The rate of the endpoint of the span that stands for the trace.
fn followed_rate(adaptive: &mut Adaptive, trace: &TraceSpans<'_>, now_ms: i64) -> f64 {
    let Some(first) = trace.first() else { return 1.0 };
    let request = trace.request(&first);
    adaptive.rate(request.service, request.counted_endpoint(), trace.len(), sampling_weight(first.trace_state), now_ms)
}
