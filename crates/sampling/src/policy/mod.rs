//! The policies of the OpenTelemetry collector's tail sampling processor.
//!
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/processor/tailsamplingprocessor>

mod attribute;
mod composite;
mod limit;
mod verdict;

pub use attribute::{NumericRange, TextMatch};
pub use composite::{Composite, CompositePart};
pub use limit::Limit;
pub(crate) use verdict::{Ballot, Verdict};

use crate::threshold::{Randomness, Threshold};
use crate::trace::TraceSpans;
use crate::trace_state;
use phoenix_model::traces::{AttributeValue, SpanStatus};
use std::sync::Arc;

/// The bit of W3C's trace flags that says "sampled".
const SAMPLED_FLAG: u32 = 1;

/// Policies in the order of their file. Each is asked, and [`Ballot`] says what follows.
#[derive(Debug, Clone)]
pub struct Policies {
    /// The policies.
    pub policies: Vec<Policy>,
    /// Whether the first policy that samples or drops ends the asking.
    pub sample_on_first_match: bool,
}

/// A policy with its name.
#[derive(Debug, Clone)]
pub struct Policy {
    /// What it is called in metrics.
    pub name: Arc<str>,
    /// What it asks.
    pub kind: PolicyKind,
}

/// What a policy asks of a trace.
#[derive(Debug, Clone)]
pub enum PolicyKind {
    /// `always_sample`
    AlwaysSample,
    /// `latency`: from the earliest start to the latest end, longer than `threshold_ms`, and not longer
    /// than `upper_threshold_ms` if there is one.
    Latency {
        /// Milliseconds, exclusive.
        threshold_ms: i64,
        /// Milliseconds, inclusive.
        upper_threshold_ms: Option<i64>,
    },
    /// `numeric_attribute`
    Numeric(NumericRange),
    /// `boolean_attribute`: a span or a resource has this value.
    Boolean {
        /// The attribute.
        key: String,
        /// Its value.
        value: bool,
        /// Whether no span and no resource may have it.
        invert_match: bool,
    },
    /// `string_attribute`
    Text(TextMatch),
    /// `status_code`: a span has one of these.
    StatusCode(Vec<SpanStatus>),
    /// `probabilistic`: this share, by the randomness of the trace.
    Probabilistic(Threshold),
    /// `rate_limiting`: this many spans a second of the clock.
    RateLimiting(Limit),
    /// `bytes_limiting`: a bucket of bytes that fills steadily.
    BytesLimiting(Limit),
    /// `span_count`: so many spans, both ends included.
    SpanCount {
        /// At least.
        min_spans: u64,
        /// At most; `None`: any number.
        max_spans: Option<u64>,
    },
    /// `trace_state`: a span's `tracestate` has this key with one of these values.
    TraceState {
        /// The key of a list member.
        key: String,
        /// Its values.
        values: Vec<String>,
    },
    /// `trace_flags`: a span has the sampled flag.
    TraceFlags,
    /// `ottl_condition`: OTTL is not understood; it never samples.
    Ottl,
    /// `and`: all of them sample. They are asked in order, up to the first that does not.
    And(Vec<Policy>),
    /// `not`: it does not sample.
    Not(Box<Policy>),
    /// `drop`: when all of them sample, the trace is dropped, whatever others say.
    Drop(Vec<Policy>),
    /// `composite`
    Composite(Composite),
}

impl Policies {
    /// Asks the policies about a trace.
    pub(crate) fn decide(&mut self, trace: &TraceSpans<'_>, randomness: Randomness, now_ms: i64) -> Ballot {
        let mut ballot = Ballot::new(randomness);
        for policy in &mut self.policies {
            // What follows a first match is asked only for the probability it would have had; a limit would count the trace.
            let is_settled = self.sample_on_first_match && ballot.has_sample();
            if ballot.is_closed() || (is_settled && policy.kind.is_limited()) {
                continue;
            }
            let name = &policy.name;
            match &mut policy.kind {
                PolicyKind::Drop(_) if is_settled => (),
                PolicyKind::Drop(parts) => ballot.drop(all(parts, trace, randomness, now_ms), name),
                kind if kind.is_inverted() && is_settled => (),
                kind if kind.is_inverted() => ballot.invert(kind.evaluate(trace, randomness, now_ms), name),
                kind => ballot.vote(kind.evaluate(trace, randomness, now_ms), name),
            }
        }
        ballot
    }
}

impl PolicyKind {
    /// What it says alone, or within another: there an inverted match is a sample like any other.
    fn evaluate(&mut self, trace: &TraceSpans<'_>, randomness: Randomness, now_ms: i64) -> Verdict {
        match self {
            Self::AlwaysSample => Verdict::ALWAYS,
            Self::Latency { threshold_ms, upper_threshold_ms } => {
                // Whole milliseconds, as the collector counts.
                let duration_ms = trace.duration_ns() / 1_000_000;
                Verdict::from(duration_ms > *threshold_ms && upper_threshold_ms.is_none_or(|upper| duration_ms <= upper))
            }
            Self::Numeric(range) => range.evaluate(trace),
            Self::Boolean { key, value, invert_match } => {
                let has = attribute::any(trace, |attributes| matches!(attributes.get(key), Some(AttributeValue::Bool(b)) if b == *value));
                Verdict::from(has != *invert_match)
            }
            Self::Text(text) => text.evaluate(trace),
            Self::StatusCode(codes) => Verdict::from(trace.iter().any(|span| codes.contains(&span.fixed.status))),
            Self::Probabilistic(threshold) => Verdict::with_threshold(*threshold),
            Self::RateLimiting(limit) => Verdict::limited(limit.take(trace.len() as u64, now_ms)),
            Self::BytesLimiting(limit) => Verdict::limited(limit.take(trace.size_bytes(), now_ms)),
            Self::SpanCount { min_spans, max_spans } => {
                let count = trace.len() as u64;
                Verdict::from(count >= *min_spans && max_spans.is_none_or(|most| count <= most))
            }
            Self::TraceState { key, values } => {
                let has = |state: &str| trace_state::value_of(state, key).is_some_and(|value| values.iter().any(|wanted| wanted == value));
                Verdict::from(trace.iter().any(|span| has(span.trace_state)))
            }
            Self::TraceFlags => Verdict::from(trace.iter().any(|span| span.fixed.flags & SAMPLED_FLAG != 0)),
            Self::Ottl => Verdict::NEVER,
            // A policy that drops has no place within others; alone it stands in `Policies::decide`.
            Self::And(parts) | Self::Drop(parts) => all(parts, trace, randomness, now_ms),
            Self::Not(part) => part.kind.evaluate(trace, randomness, now_ms).not(randomness),
            Self::Composite(composite) => composite.evaluate(trace, randomness, now_ms),
        }
    }

    /// Whether it is a match of an attribute with `invert_match`.
    fn is_inverted(&self) -> bool {
        match self {
            Self::Numeric(range) => range.invert_match,
            Self::Text(text) => text.invert_match,
            Self::Boolean { invert_match, .. } => *invert_match,
            _ => false,
        }
    }

    /// Whether asking it changes what it says next.
    fn is_limited(&self) -> bool {
        match self {
            Self::RateLimiting(_) | Self::BytesLimiting(_) | Self::Composite(_) => true,
            Self::And(parts) | Self::Drop(parts) => parts.iter().any(|part| part.kind.is_limited()),
            Self::Not(part) => part.kind.is_limited(),
            _ => false,
        }
    }
}

/// What policies say together of which all have to sample.
fn all(parts: &mut [Policy], trace: &TraceSpans<'_>, randomness: Randomness, now_ms: i64) -> Verdict {
    let mut together = Verdict::ALWAYS;
    for part in parts {
        together = together.and(part.kind.evaluate(trace, randomness, now_ms));
        if !together.samples(randomness) {
            break;
        }
    }
    together
}
