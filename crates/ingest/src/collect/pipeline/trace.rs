//! What each stage did with an entry, for `phoenix test pipeline`.

use super::{Entry, Flow};
use serde::Serialize;
use std::collections::BTreeMap;

/// What one stage did.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepTrace {
    /// The stage's name.
    pub stage: &'static str,
    /// How deep within `match` stages it stands; 0 at the top.
    pub depth: usize,
    /// What changed, as `label app=a`, `extracted level=info`, `line "…"`.
    pub changes: Vec<String>,
    /// What the stage says about itself, such as why it did nothing.
    pub notes: Vec<String>,
    /// What became of the entry: `passed`, `held`, `dropped: reason`, `gave 2 entries`.
    pub outcome: String,
}

/// Collects what stages do.
#[derive(Debug, Default)]
pub struct Trace {
    steps: Vec<StepTrace>,
    notes: Vec<String>,
    /// Where the steps of each `match` stage that runs begin.
    open: Vec<usize>,
    /// Where those of the one that just ended begin.
    ended: Option<usize>,
}

impl Trace {
    /// The steps since the last call.
    pub fn take(&mut self) -> Vec<StepTrace> {
        std::mem::take(&mut self.steps)
    }

    pub(super) fn note(&mut self, note: String) {
        self.notes.push(note);
    }

    pub(super) fn enter(&mut self) {
        self.open.push(self.steps.len());
    }

    pub(super) fn leave(&mut self) {
        self.ended = self.open.pop();
    }

    pub(super) fn step(&mut self, stage: &'static str, before: &Entry, flow: &Flow) {
        let (changes, outcome) = match flow {
            Flow::Pass(after) => (changes(before, after), "passed".to_owned()),
            Flow::Drop(reason) => (Vec::new(), format!("dropped: {reason}")),
            Flow::Hold => (Vec::new(), "held".to_owned()),
            Flow::Several(entries) => match entries.as_slice() {
                [one] => (changes(before, one), "gave 1 entry".to_owned()),
                several => (Vec::new(), format!("gave {} entries", several.len())),
            },
        };
        let mut step = StepTrace { stage, depth: self.open.len(), changes, notes: std::mem::take(&mut self.notes), outcome };
        // A stage with stages of its own stands before them, and they tell what changed.
        let at = self.ended.take().unwrap_or(self.steps.len());
        if let Some(nested) = self.steps.get(at).filter(|nested| nested.depth > step.depth) {
            debug_assert!(nested.depth == step.depth + 1, "stages within stages end before the stage around them");
            step.changes.clear();
            match flow {
                Flow::Several(entries) if entries.is_empty() => "no entry came out".clone_into(&mut step.outcome),
                Flow::Several(entries) if entries.len() == 1 => "passed".clone_into(&mut step.outcome),
                _ => {}
            }
        }
        self.steps.insert(at, step);
    }
}

fn changes(before: &Entry, after: &Entry) -> Vec<String> {
    let mut found = Vec::new();
    if before.timestamp_ns != after.timestamp_ns {
        found.push(format!("timestamp {}", show_time(after.timestamp_ns)));
    }
    for (name, field) in &after.extracted {
        if before.extracted.get(name) != Some(field) {
            found.push(format!("extracted {name}={}", field.text().as_deref().unwrap_or("null")));
        }
    }
    found.extend(
        before.extracted.keys().filter(|name| !after.extracted.contains_key(*name)).map(|name| format!("extracted {name} removed")),
    );
    compare("label", &pairs(before.labels.build().iter()), &pairs(after.labels.build().iter()), &mut found);
    compare("metadata", &pairs(before.metadata.pairs()), &pairs(after.metadata.pairs()), &mut found);
    if before.line != after.line {
        found.push(format!("line {:?}", after.line));
    }
    found
}

fn pairs<'a>(pairs: impl Iterator<Item = (&'a str, &'a str)>) -> BTreeMap<String, String> {
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

fn compare(what: &str, before: &BTreeMap<String, String>, after: &BTreeMap<String, String>, found: &mut Vec<String>) {
    for (name, value) in after {
        if before.get(name) != Some(value) {
            found.push(format!("{what} {name}={value}"));
        }
    }
    found.extend(before.keys().filter(|name| !after.contains_key(*name)).map(|name| format!("{what} {name} removed")));
}

/// A moment as RFC 3339 with nanoseconds.
pub(super) fn show_time(timestamp_ns: i64) -> String {
    jiff::Timestamp::from_nanosecond(i128::from(timestamp_ns)).map_or_else(|_| timestamp_ns.to_string(), |time| time.to_string())
}
