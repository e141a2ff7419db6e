//! `composite`: policies in an order, each with a share of the spans a second.

use super::{Limit, Policy, Verdict};
use crate::threshold::Randomness;
use crate::trace::TraceSpans;

/// Policies in the order in which they are asked. The first that samples decides: its share has room
/// for the trace, or the trace is not kept.
#[derive(Debug, Clone)]
pub struct Composite {
    parts: Vec<CompositePart>,
    total: Limit,
}

/// One policy of a [`Composite`], with the spans that it may keep in each second of the clock.
#[derive(Debug, Clone)]
pub struct CompositePart {
    policy: Policy,
    share: Limit,
}

impl CompositePart {
    /// A policy with its share.
    pub fn new(policy: Policy, spans_per_second: u64) -> Self {
        Self { policy, share: Limit::each_second(spans_per_second) }
    }
}

impl Composite {
    /// Policies in their order, which keep so many spans together in each second of the clock.
    pub fn new(max_total_spans_per_second: u64, parts: Vec<CompositePart>) -> Self {
        Self { parts, total: Limit::each_second(max_total_spans_per_second) }
    }

    /// Its policies, in their order.
    pub fn policies(&self) -> impl Iterator<Item = &Policy> {
        self.parts.iter().map(|part| &part.policy)
    }

    pub(super) fn evaluate(&mut self, trace: &TraceSpans<'_>, randomness: Randomness, now_ms: i64) -> Verdict {
        let spans = trace.len() as u64;
        let sampling = self.parts.iter_mut().find_map(|part| {
            let samples = part.policy.kind.evaluate(trace, randomness, now_ms).samples(randomness);
            samples.then_some(&mut part.share)
        });
        let fits = sampling.is_some_and(|share| self.total.fits(spans, now_ms) && share.take(spans, now_ms));
        Verdict::limited(fits && self.total.take(spans, now_ms))
    }
}
