//! The rules of the monitoring strategy, section 6.2.

use crate::adaptive::AdaptiveConfig;
use crate::pattern::Pattern;
use crate::request::Request;
use crate::trace::TraceSpans;
use phoenix_model::traces::SpanStatus;
use std::sync::Arc;

/// The name under which traces are counted to which no rule applies.
pub const DEFAULT_RULE: &str = "default";

/// Which traces, and how many of them.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingRule {
    /// What it is called in metrics.
    pub name: Arc<str>,
    /// The service.
    pub service: Pattern,
    /// The endpoint of a request; `None`: any, also traces without a request.
    pub endpoint: Option<Pattern>,
    /// The method of a request, in any case; `None`: any.
    pub method: Option<Box<str>>,
    /// `Some(true)`: traces with an error in a span of the service; `Some(false)`: traces without one.
    pub error: Option<bool>,
    /// The share of the traces that is kept, from 0 to 1.
    pub sample_rate: f64,
}

/// Rules, and what holds where none applies.
#[derive(Debug, Clone, PartialEq)]
pub struct SamplingRules {
    /// The rules. Where several apply, the highest rate counts, so their order says nothing.
    pub rules: Vec<SamplingRule>,
    /// The share of other traces that is kept, from 0 to 1. With `adaptive`, the share of what is not
    /// known yet.
    pub default_sample_rate: f64,
    /// Rates by service and endpoint for traces to which no rule applies.
    pub adaptive: Option<AdaptiveConfig>,
}

impl SamplingRule {
    /// Whether it applies to a trace. With an endpoint or a method, one request of the service (a root,
    /// or a span of a server or a consumer) has to have both; without, any span of the service does.
    /// An error counts in any span of the service.
    pub fn applies(&self, trace: &TraceSpans<'_>) -> bool {
        let of_service = || trace.iter().filter(|span| self.service.matches(trace.service(span)));
        let asked = if self.endpoint.is_none() && self.method.is_none() {
            of_service().next().is_some()
        } else {
            trace.requests().any(|request| self.is_asked(&request))
        };
        asked && self.error.is_none_or(|wanted| wanted == of_service().any(|span| span.fixed.status == SpanStatus::Error))
    }

    fn is_asked(&self, request: &Request<'_>) -> bool {
        self.service.matches(request.service)
            && self.endpoint.as_ref().is_none_or(|endpoint| request.is_for(endpoint))
            && self.method.as_ref().is_none_or(|method| method.eq_ignore_ascii_case(request.method))
    }
}

impl SamplingRules {
    /// The rule that decides on a trace: of those that apply the one with the highest rate, the first of
    /// equals.
    pub fn deciding(&self, trace: &TraceSpans<'_>) -> Option<&SamplingRule> {
        highest(self.rules.iter().filter(|rule| rule.applies(trace)))
    }

    /// The rate for a trace that is about to begin with this request. Rules about errors don't count:
    /// nobody knows yet.
    pub fn head_rate(&self, request: &Request<'_>) -> f64 {
        let known = self.rules.iter().filter(|rule| rule.error.is_none() && rule.is_asked(request));
        highest(known).map_or(self.default_sample_rate, |rule| rule.sample_rate)
    }
}

fn highest<'r>(rules: impl Iterator<Item = &'r SamplingRule>) -> Option<&'r SamplingRule> {
    rules.fold(None, |best: Option<&SamplingRule>, rule| match best {
        Some(best) if best.sample_rate >= rule.sample_rate => Some(best),
        _ => Some(rule),
    })
}
