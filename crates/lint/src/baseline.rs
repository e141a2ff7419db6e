//! Findings that were there before: what is old is not told again.

use crate::finding::Finding;
use std::collections::BTreeMap;

const HEAD: &str = "# What `phoenix check --baseline` does not tell: rule, file and line, apart by tabs.\n";

/// Findings that are known, by rule, file and the text of the line; a finding that moves with its line stays known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Baseline {
    known: BTreeMap<String, usize>,
}

fn key(finding: &Finding) -> String {
    let (name, line) = match (&finding.diagnostic.source, finding.diagnostic.position()) {
        (Some(source), Some((line, _))) => (source.name.to_string(), source.line(line).split_whitespace().collect::<Vec<_>>().join(" ")),
        _ => (String::new(), String::new()),
    };
    format!("{}\t{name}\t{line}", finding.rule.id)
}

impl Baseline {
    /// Reads a baseline. A line that is none hides nothing.
    pub fn parse(text: &str) -> Self {
        let mut known = BTreeMap::new();
        for line in text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty()) {
            *known.entry(line.to_owned()).or_insert(0) += 1;
        }
        Self { known }
    }

    /// The text of a baseline that knows all of these.
    pub fn write(findings: &[Finding]) -> String {
        let mut lines: Vec<String> = findings.iter().map(key).collect();
        lines.sort_unstable();
        lines.iter().fold(HEAD.to_owned(), |text, line| text + line + "\n")
    }

    /// Leaves out what is known, each as often as it is known; gives how many known ones are no longer found.
    pub fn hide(&self, findings: &mut Vec<Finding>) -> usize {
        let mut left = self.known.clone();
        findings.retain(|finding| match left.get_mut(&key(finding)) {
            Some(count) if *count > 0 => {
                *count -= 1;
                false
            }
            _ => true,
        });
        left.values().sum()
    }
}
