//! Relabelling: rules that rewrite a set of labels or drop it, as in Prometheus'
//! `relabel_configs` and `metric_relabel_configs`.

mod action;
mod config;
mod explain;
mod template;

pub use action::Action;
pub use config::RelabelConfig;
pub use explain::{Change, Step, explain};

use phoenix_model::{Labels, LabelsBuilder};

/// Applies the rules in their order. `None` means that a rule dropped the set.
pub fn relabel(labels: &Labels, configs: &[RelabelConfig]) -> Option<Labels> {
    if configs.is_empty() {
        return Some(labels.clone());
    }
    let mut builder = labels.to_builder();
    apply_all(&mut builder, configs).then(|| builder.build())
}

/// Applies the rules to labels under construction. False means that a rule dropped the set,
/// whose labels are then as they were at that rule.
pub fn apply_all(labels: &mut LabelsBuilder, configs: &[RelabelConfig]) -> bool {
    configs.iter().all(|config| config.apply(labels))
}

#[cfg(test)]
mod tests;
