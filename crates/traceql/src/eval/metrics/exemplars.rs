//! Spans that stand for others: some for each series, spread over the range.

use super::steps::Steps;
use crate::result::{SpanExemplar, Static};
use hashbrown::HashMap;
use phoenix_model::traces::{SpanId, TraceId};

/// The most exemplars that may be asked for.
pub(crate) const MAX: usize = 1000;

/// One candidate for each group and part of the range: that with the least hash, so that it does not
/// depend on the order in which spans come.
#[derive(Debug, Default)]
pub(crate) struct Exemplars {
    /// The most that are given, and the number of parts.
    wanted: usize,
    /// For each group and part the hash of its candidate.
    least: Vec<u64>,
    found: HashMap<usize, Candidate>,
}

#[derive(Debug, Clone)]
struct Candidate {
    trace_id: TraceId,
    span_id: SpanId,
    start_ns: i64,
    value: f64,
    measured: Static,
}

/// Roughly what a candidate takes, and each place for one.
const CANDIDATE_BYTES: u64 = 128;

impl Exemplars {
    pub fn new(wanted: usize) -> Self {
        Self { wanted, ..Self::default() }
    }

    pub fn size_bytes(&self) -> u64 {
        self.least.len() as u64 * 8 + self.found.len() as u64 * CANDIDATE_BYTES
    }

    pub fn grow(&mut self, groups: usize) {
        self.least.resize(groups * self.wanted, u64::MAX);
    }

    /// Offers a span; `trace` and `measured` are asked for only if it is taken.
    #[inline]
    pub fn offer(
        &mut self,
        group: usize,
        steps: &Steps,
        start_ns: i64,
        span_id: SpanId,
        (value, trace, measured): (f64, impl FnOnce() -> TraceId, impl FnOnce() -> Static),
    ) {
        let place = group * self.wanted + steps.part(start_ns, self.wanted);
        let hash = mixed(u64::from_le_bytes(span_id.0));
        if hash < self.least[place] {
            self.least[place] = hash;
            self.found.insert(place, Candidate { trace_id: trace(), span_id, start_ns, value, measured: measured() });
        }
    }

    pub fn merge(&mut self, other: Self, group_of: &[usize]) {
        for (place, candidate) in other.found {
            let here = group_of[place / self.wanted] * self.wanted + place % self.wanted;
            if other.least[place] < self.least[here] {
                self.least[here] = other.least[place];
                self.found.insert(here, candidate);
            }
        }
    }

    /// The exemplars with their groups: no more than wanted, taken in turn from all parts of the range.
    pub fn chosen(&self, label: &str, labels: impl Fn(usize) -> Vec<(std::sync::Arc<str>, Static)>) -> Vec<(usize, SpanExemplar)> {
        let mut candidates: Vec<(usize, usize)> = self.found.keys().map(|place| (place % self.wanted, *place)).collect();
        candidates.sort_unstable_by_key(|(part, place)| (*part, self.least[*place]));
        // The first of each part, then the second of each, and so on.
        let mut nth = 0;
        let mut last = None;
        let mut turns: Vec<(usize, usize, usize)> = Vec::with_capacity(candidates.len());
        for (part, place) in candidates {
            nth = if last == Some(part) { nth + 1 } else { 0 };
            last = Some(part);
            turns.push((nth, part, place));
        }
        turns.sort_unstable();
        turns.truncate(self.wanted);
        let mut chosen: Vec<(usize, SpanExemplar)> = Vec::with_capacity(turns.len());
        for (_, _, place) in turns {
            let candidate = &self.found[&place];
            let group = place / self.wanted;
            let measured = (candidate.measured != Static::Nil).then(|| (label.into(), candidate.measured.clone()));
            let labels = labels(group).into_iter().chain(measured).collect();
            let exemplar = SpanExemplar {
                trace_id: candidate.trace_id,
                span_id: candidate.span_id,
                value: candidate.value,
                timestamp_ms: candidate.start_ns.div_euclid(1_000_000),
                labels,
            };
            chosen.push((group, exemplar));
        }
        chosen.sort_by_key(|(group, exemplar)| (*group, exemplar.timestamp_ms, exemplar.span_id));
        chosen
    }
}

/// Spreads bits, by the finalizer of MurmurHash3 (A. Appleby).
fn mixed(mut bits: u64) -> u64 {
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xff51_afd7_ed55_8ccd);
    bits ^= bits >> 33;
    bits = bits.wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    // The greatest stands for no candidate.
    (bits ^ bits >> 33).min(u64::MAX - 1)
}
