//! Whether a trace is recorded, decided before it begins.

use opentelemetry::trace::{Link, SpanKind, TraceContextExt, TraceId, TraceState};
use opentelemetry::{Context, KeyValue};
use opentelemetry_sdk::trace::{SamplingDecision, SamplingResult, ShouldSample};
use phoenix_sampling::{Randomness, Request, SamplingRules, Threshold, threshold_in, with_threshold};
use std::borrow::Cow;
use std::str::FromStr;

/// Decides on traces where they begin, by the rules that decide on them again where they are stored.
///
/// Rules with `error: true` (or `false`) don't count here: nobody knows yet how the request ends. So that
/// errors of thinned endpoints are not lost, let the head keep more and leave the rest to Phoenix.
/// Of `adaptive` nothing is known here either; `default_sample_rate` holds.
///
/// ```
/// use phoenix_telemetry::{HeadSampler, sampling::{Pattern, SamplingRule, SamplingRules}};
///
/// let health = SamplingRule {
///     name: "health".into(),
///     service: Pattern::new("phoenix-api"),
///     endpoint: Some(Pattern::new("/health")),
///     method: None,
///     error: None,
///     sample_rate: 0.25,
/// };
/// let sampler = HeadSampler::new(SamplingRules { rules: vec![health], default_sample_rate: 1.0, adaptive: None });
/// let kept = sampler.should_sample([0xff; 16], None, "phoenix-api", "/health", "GET");
/// assert!(kept.sample && kept.trace_state == "ot=th:c");
/// ```
#[derive(Debug, Clone)]
pub struct HeadSampler {
    rules: SamplingRules,
}

/// What the caller has decided, as its headers tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parent<'a> {
    /// The sampled flag of `traceparent`.
    pub sampled: bool,
    /// The header `tracestate`.
    pub trace_state: &'a str,
}

/// Whether a trace is recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeadDecision {
    /// Whether it is.
    pub sample: bool,
    /// The `tracestate` of its spans, which is also what is told to whom it calls.
    pub trace_state: String,
}

impl HeadSampler {
    /// By these rules.
    pub fn new(rules: SamplingRules) -> Self {
        Self { rules }
    }

    /// Decides on a request. `trace_id` is the trace's id as on the wire.
    ///
    /// What a caller has decided holds, so that traces stay whole; a threshold that contradicts its own
    /// decision is taken out of the state. Without a caller, the rules give a rate, and the randomness of
    /// the trace's id decides.
    pub fn should_sample(
        &self,
        trace_id: [u8; 16],
        parent: Option<Parent<'_>>,
        service: &str,
        endpoint: &str,
        method: &str,
    ) -> HeadDecision {
        self.decide(trace_id, parent, &Request::known(service, endpoint, method))
    }

    /// The sampler for the spans of a service, as OpenTelemetry's SDK wants it.
    pub fn of_service(self, service: &str) -> ServiceSampler {
        ServiceSampler { sampler: self, service: service.to_owned(), follows_parent: true }
    }

    fn decide(&self, trace_id: [u8; 16], parent: Option<Parent<'_>>, request: &Request<'_>) -> HeadDecision {
        let trace_state = parent.map_or("", |parent| parent.trace_state);
        let randomness = Randomness::of_bytes(trace_id, trace_state);
        if let Some(parent) = parent {
            let is_consistent = threshold_in(trace_state).is_none_or(|threshold| threshold.admits(randomness) == parent.sampled);
            let trace_state = if is_consistent { Cow::Borrowed(trace_state) } else { with_threshold(trace_state, None).into() };
            return HeadDecision { sample: parent.sampled, trace_state: trace_state.into_owned() };
        }
        self.begin(trace_id, trace_state, request)
    }

    /// Decides on a trace as if it began here. What else stands in its state stays.
    fn begin(&self, trace_id: [u8; 16], trace_state: &str, request: &Request<'_>) -> HeadDecision {
        let randomness = Randomness::of_bytes(trace_id, trace_state);
        let threshold = Threshold::from_probability(self.rules.head_rate(request));
        let sample = threshold.admits(randomness);
        HeadDecision { sample, trace_state: with_threshold(trace_state, sample.then_some(threshold)) }
    }
}

/// A [`HeadSampler`] for the spans of one service. The request is read from the name and the attributes that
/// a span begins with: `url.path`, `http.target`, `http.route`, `http.request.method`, `http.method`.
#[derive(Debug, Clone)]
pub struct ServiceSampler {
    sampler: HeadSampler,
    service: String,
    follows_parent: bool,
}

impl ServiceSampler {
    /// Decides for itself, whatever a caller has decided: `always_on` and the like without `parentbased_`.
    #[must_use]
    pub fn without_parents(mut self) -> Self {
        self.follows_parent = false;
        self
    }

    #[cfg(test)]
    pub(crate) fn decide(&self, trace_id: [u8; 16], parent: Option<Parent<'_>>, endpoint: &str, method: &str) -> HeadDecision {
        self.decide_request(trace_id, parent, &Request::known(&self.service, endpoint, method))
    }

    fn decide_request(&self, trace_id: [u8; 16], parent: Option<Parent<'_>>, request: &Request<'_>) -> HeadDecision {
        if self.follows_parent {
            return self.sampler.decide(trace_id, parent, request);
        }
        self.sampler.begin(trace_id, parent.map_or("", |parent| parent.trace_state), request)
    }
}

impl ShouldSample for ServiceSampler {
    fn should_sample(
        &self,
        parent: Option<&Context>,
        trace_id: TraceId,
        name: &str,
        _: &SpanKind,
        attributes: &[KeyValue],
        _: &[Link],
    ) -> SamplingResult {
        let parent = parent.filter(|context| context.has_active_span()).map(|context| context.span().span_context().clone());
        let parent = parent.filter(opentelemetry::trace::SpanContext::is_valid);
        let state = parent.as_ref().map(|parent| (parent.is_sampled(), parent.trace_state().header()));
        let told = state.as_ref().map(|(sampled, trace_state)| Parent { sampled: *sampled, trace_state });
        let values: Vec<(&str, Cow<'_, str>)> = attributes.iter().map(|pair| (pair.key.as_str(), pair.value.as_str())).collect();
        let request = Request::read(&self.service, name, |key| values.iter().find(|(name, _)| *name == key).map(|(_, value)| &**value));
        let decision = self.decide_request(trace_id.to_bytes(), told, &request);
        SamplingResult {
            decision: if decision.sample { SamplingDecision::RecordAndSample } else { SamplingDecision::Drop },
            attributes: Vec::new(),
            trace_state: TraceState::from_str(&decision.trace_state).unwrap_or_default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_sampling::{Pattern, SamplingRule};

    fn sampler() -> HeadSampler {
        let rule = |service: &str, endpoint: Option<&str>, method: Option<&str>, error, sample_rate| SamplingRule {
            name: service.into(),
            service: Pattern::new(service),
            endpoint: endpoint.map(Pattern::new),
            method: method.map(Box::from),
            error,
            sample_rate,
        };
        let rules = vec![
            rule("api", Some("/orders"), Some("POST"), None, 1.0),
            rule("api", Some("/orders*"), None, None, 0.25),
            rule("*", None, None, Some(true), 1.0),
            rule("*", None, None, Some(false), 0.9),
        ];
        HeadSampler::new(SamplingRules { rules, default_sample_rate: 0.5, adaptive: None })
    }

    #[test]
    fn rates_of_rules_that_are_known_at_the_head() {
        let id = |first: u8| {
            let mut id = [0; 16];
            id[9] = first;
            id
        };
        for (service, endpoint, method, first, want) in [
            ("api", "/orders", "POST", 0x00, Some("ot=th:0")),
            ("api", "/orders?x=1", "post", 0x00, Some("ot=th:0")),
            ("api", "/orders", "GET", 0xc0, Some("ot=th:c")),
            ("api", "/orders/7", "POST", 0xbf, None),
            ("web", "/orders", "POST", 0x80, Some("ot=th:8")),
            ("web", "/orders", "POST", 0x7f, None),
        ] {
            let decision = sampler().should_sample(id(first), None, service, endpoint, method);
            assert_eq!(decision.sample.then_some(decision.trace_state.as_str()), want, "{service} {endpoint} {method} {first:x}");
        }
    }

    #[test]
    fn the_caller_decides() {
        for (sampled, trace_state, want) in [
            (true, "a=b", "a=b"),
            (false, "a=b", "a=b"),
            (true, "a=b,ot=th:8", "a=b,ot=th:8"),
            // The trace's randomness is half of all: above 8, below c.
            (true, "a=b,ot=th:c;p:1", "ot=p:1,a=b"),
            (false, "a=b,ot=th:8", "a=b"),
            (true, "ot=rv:d0000000000000;th:c", "ot=rv:d0000000000000;th:c"),
        ] {
            let mut id = [0; 16];
            id[9] = 0x80;
            let decision = sampler().should_sample(id, Some(Parent { sampled, trace_state }), "web", "/", "GET");
            assert_eq!((decision.sample, decision.trace_state.as_str()), (sampled, want), "{trace_state}");
        }
    }

    #[test]
    fn the_sdk_asks_with_what_a_span_begins_with() {
        let sampler = sampler().of_service("api");
        let ask = |name: &str, attributes: &[KeyValue], first: u8, parent: Option<&Context>| {
            let mut id = [0; 16];
            (id[0], id[9]) = (1, first);
            let result = sampler.should_sample(parent, TraceId::from_bytes(id), name, &SpanKind::Server, attributes, &[]);
            (result.decision == SamplingDecision::RecordAndSample, result.trace_state.header())
        };
        assert_eq!(ask("POST /orders", &[], 0, None), (true, "ot=th:0".to_owned()));
        let get = [KeyValue::new("url.path", "/orders/7"), KeyValue::new("http.request.method", "GET")];
        assert_eq!(ask("anything", &get, 0xc0, None), (true, "ot=th:c".to_owned()));
        assert_eq!(ask("anything", &get, 0xbf, None), (false, String::new()));
        let remote = |flags, state: &str| {
            let ids = (TraceId::from_bytes([1; 16]), opentelemetry::trace::SpanId::from_bytes([1; 8]));
            let state = TraceState::from_str(state).unwrap();
            let context = opentelemetry::trace::SpanContext::new(ids.0, ids.1, opentelemetry::TraceFlags::new(flags), true, state);
            Context::new().with_remote_span_context(context)
        };
        assert_eq!(ask("POST /orders", &[], 0, Some(&remote(0, "a=b"))), (false, "a=b".to_owned()));
        assert_eq!(ask("GET /orders", &[], 0x90, Some(&remote(1, "ot=th:8,a=b"))), (true, "ot=th:8,a=b".to_owned()));
        assert_eq!(
            ask("POST /orders", &[], 0, Some(&Context::new())),
            (true, "ot=th:0".to_owned()),
            "a context without a span is no caller"
        );
    }
}
