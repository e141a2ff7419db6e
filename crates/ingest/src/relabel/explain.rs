//! Relabelling shown rule by rule, for the Targets page.

use super::{Action, RelabelConfig};
use phoenix_model::{Labels, LabelsBuilder};
use serde::Serialize;

/// What one rule did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The rule's position in its list, from 0.
    pub index: usize,
    /// What the rule does.
    pub action: Action,
    /// The rule as it stands in the config.
    pub rule: serde_json::Value,
    /// The labels that the rule changed, sorted by name; empty when it changed none.
    pub changes: Vec<Change>,
    /// Whether the set goes on; a set that was dropped meets no further rule.
    pub kept: bool,
}

/// One label before and after a rule; `None` where it is absent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// The label.
    pub name: String,
    /// Its value before.
    pub before: Option<String>,
    /// Its value after.
    pub after: Option<String>,
}

/// Applies the rules one by one and says what each did. Ends with the rule that drops the set.
pub fn explain(labels: &Labels, configs: &[RelabelConfig]) -> Vec<Step> {
    let mut builder = labels.to_builder();
    let mut steps = Vec::with_capacity(configs.len());
    for (index, config) in configs.iter().enumerate() {
        let before = builder.clone();
        let kept = config.apply(&mut builder);
        let rule = serde_json::to_value(config).unwrap_or_default();
        steps.push(Step { index, action: config.action(), rule, changes: diff(&before, &builder), kept });
        if !kept {
            break;
        }
    }
    steps
}

fn diff(before: &LabelsBuilder, after: &LabelsBuilder) -> Vec<Change> {
    let value = |labels: &LabelsBuilder, name: &str| Some(labels.value(name)).filter(|v| !v.is_empty()).map(str::to_owned);
    let mut names: Vec<&str> = before.pairs().chain(after.pairs()).map(|(name, _)| name).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .map(|name| Change { name: name.to_owned(), before: value(before, name), after: value(after, name) })
        .filter(|change| change.before != change.after)
        .collect()
}
