//! What policies say, and what follows from all of it.

use crate::threshold::{Randomness, Threshold};
use std::sync::Arc;

/// What a policy says of a trace: it samples it if its randomness is admitted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub threshold: Threshold,
    /// Whether the threshold tells the probability. A limit lets some through and does not know
    /// which share, and the rest of a share has no threshold.
    pub is_exact: bool,
}

impl Verdict {
    pub const ALWAYS: Self = Self { threshold: Threshold::ALWAYS, is_exact: true };
    pub const NEVER: Self = Self { threshold: Threshold::NEVER, is_exact: true };

    pub fn with_threshold(threshold: Threshold) -> Self {
        Self { threshold, is_exact: true }
    }

    /// What a limit says.
    pub fn limited(samples: bool) -> Self {
        Self { is_exact: false, ..Self::from(samples) }
    }

    pub fn samples(self, randomness: Randomness) -> bool {
        self.threshold.admits(randomness)
    }

    pub fn and(self, other: Self) -> Self {
        Self { threshold: self.threshold.max(other.threshold), is_exact: self.is_exact && other.is_exact }
    }

    pub fn not(self, randomness: Randomness) -> Self {
        let is_certain = [Threshold::ALWAYS, Threshold::NEVER].contains(&self.threshold);
        Self { is_exact: self.is_exact && is_certain, ..Self::from(!self.samples(randomness)) }
    }
}

impl From<bool> for Verdict {
    fn from(samples: bool) -> Self {
        if samples { Self::ALWAYS } else { Self::NEVER }
    }
}

/// Collects what the policies say of one trace.
///
/// What follows is the collector's order: a trace is not kept when a policy drops it; nor when an
/// inverted match says no; it is kept when a policy samples it; or when an inverted match says yes
/// and no policy says no. Otherwise it is not kept.
#[derive(Debug)]
pub(crate) struct Ballot {
    randomness: Randomness,
    /// The lowest threshold of the exact verdicts.
    exact: Threshold,
    /// The first policy that samples.
    sampled_by: Option<Arc<str>>,
    /// Whether a verdict samples whose probability is not known.
    by_limit: bool,
    /// Whether a policy says no.
    refused: bool,
    inverted_yes: Option<Arc<str>>,
    inverted_no: Option<Arc<str>>,
    dropped_by: Option<Arc<str>>,
    /// Whether what drops depends on chance, so that no threshold tells what is left.
    drops_by_chance: bool,
}

/// What follows from all verdicts.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Outcome {
    pub keep: bool,
    pub threshold: Threshold,
    pub is_exact: bool,
    pub policy: Option<Arc<str>>,
}

impl Ballot {
    pub fn new(randomness: Randomness) -> Self {
        Self {
            randomness,
            exact: Threshold::NEVER,
            sampled_by: None,
            by_limit: false,
            refused: false,
            inverted_yes: None,
            inverted_no: None,
            dropped_by: None,
            drops_by_chance: false,
        }
    }

    /// A policy's verdict.
    pub fn vote(&mut self, verdict: Verdict, name: &Arc<str>) {
        let samples = verdict.samples(self.randomness);
        if verdict.is_exact {
            self.exact = self.exact.min(verdict.threshold);
        } else {
            self.by_limit |= samples;
        }
        self.refused |= !samples;
        if samples {
            self.sampled_by.get_or_insert_with(|| name.clone());
        }
    }

    /// The verdict of an inverted match, which is certain.
    pub fn invert(&mut self, verdict: Verdict, name: &Arc<str>) {
        let place = if verdict.samples(self.randomness) { &mut self.inverted_yes } else { &mut self.inverted_no };
        place.get_or_insert_with(|| name.clone());
    }

    /// What the policies within a `drop` say together.
    pub fn drop(&mut self, verdict: Verdict, name: &Arc<str>) {
        if verdict.samples(self.randomness) {
            self.dropped_by.get_or_insert_with(|| name.clone());
        } else {
            self.drops_by_chance |= !verdict.is_exact || verdict.threshold != Threshold::NEVER;
        }
    }

    /// Whether a policy samples.
    pub fn has_sample(&self) -> bool {
        self.sampled_by.is_some()
    }

    /// Whether nothing can change what follows.
    pub fn is_closed(&self) -> bool {
        self.dropped_by.is_some()
    }

    pub fn outcome(self) -> Outcome {
        let not_kept = |policy| Outcome { keep: false, threshold: Threshold::NEVER, is_exact: true, policy };
        if let Some(by) = self.dropped_by {
            return not_kept(Some(by));
        }
        if let Some(by) = self.inverted_no {
            return not_kept(Some(by));
        }
        if let Some(by) = self.sampled_by {
            // Certain is certain, whatever a limit let through.
            let is_exact = !self.drops_by_chance && (self.exact == Threshold::ALWAYS || !self.by_limit);
            let threshold = if is_exact { self.exact } else { Threshold::ALWAYS };
            return Outcome { keep: true, threshold, is_exact, policy: Some(by) };
        }
        match self.inverted_yes {
            Some(by) if !self.refused => {
                Outcome { keep: true, threshold: Threshold::ALWAYS, is_exact: !self.drops_by_chance, policy: Some(by) }
            }
            _ => Outcome { threshold: self.exact, ..not_kept(None) },
        }
    }
}
