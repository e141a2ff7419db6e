//! Inhibition: an alert is muted while another one explains it.

use crate::alerts::HeldAlert;
use crate::fingerprint::Fingerprint;
use crate::matchers::Matchers;
use phoenix_model::Labels;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// One rule: alerts that match `target` are muted while one that matches `source` fires and both
/// have the same values for the labels in `equal` (an absent label counts as empty).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InhibitRule {
    /// Its name, if it has one.
    pub name: Option<String>,
    /// What explains.
    pub source: Matchers,
    /// What is explained.
    pub target: Matchers,
    /// Labels that have to be the same on both.
    pub equal: Vec<String>,
}

impl InhibitRule {
    fn equal_key(&self, labels: &Labels) -> Vec<String> {
        self.equal.iter().map(|name| labels.value(name).to_owned()).collect()
    }
}

/// The sources of a rule that fire, by their values for its `equal` labels.
type Sources = HashMap<Vec<String>, BTreeMap<Fingerprint, Labels>>;

/// The rules, with the sources that fire at one moment looked up once.
#[derive(Debug, Default)]
pub struct Inhibitor {
    rules: Vec<(InhibitRule, Sources)>,
}

impl Inhibitor {
    /// Looks up which of `alerts` are sources at `now_ms`.
    pub fn new<'a>(rules: &[InhibitRule], alerts: impl Iterator<Item = &'a Arc<HeldAlert>>, now_ms: i64) -> Self {
        let mut inhibitor = Self { rules: rules.iter().map(|rule| (rule.clone(), HashMap::new())).collect() };
        if rules.is_empty() {
            return inhibitor;
        }
        for alert in alerts.filter(|alert| !alert.alert.is_resolved_at(now_ms)) {
            for (rule, sources) in &mut inhibitor.rules {
                if rule.source.matches(&alert.alert.labels) {
                    let same_labels = sources.entry(rule.equal_key(&alert.alert.labels)).or_default();
                    same_labels.insert(alert.fingerprint, alert.alert.labels.clone());
                }
            }
        }
        inhibitor
    }

    /// The alert that mutes this one; `None` when it is not inhibited.
    ///
    /// An alert that matches both sides of a rule cannot be muted by another one that does, nor by
    /// itself: otherwise two such alerts would silence each other.
    pub fn inhibited_by(&self, labels: &Labels) -> Option<Fingerprint> {
        self.rules.iter().find_map(|(rule, sources)| {
            if !rule.target.matches(labels) {
                return None;
            }
            let candidates = sources.get(&rule.equal_key(labels))?;
            let is_source_too = rule.source.matches(labels);
            candidates.iter().find(|(_, source)| !is_source_too || !rule.target.matches(source)).map(|(fingerprint, _)| *fingerprint)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matchers::parse_matchers;
    use phoenix_model::Alert;

    fn held(labels: &[(&str, &str)], ends_at_ms: i64) -> Arc<HeldAlert> {
        Arc::new(HeldAlert::new(Alert {
            labels: Labels::from_pairs(labels.iter().copied()),
            annotations: Labels::empty(),
            starts_at_ms: 0,
            ends_at_ms,
            generator_url: String::new(),
            condition_since_ms: None,
            expression: None,
            updated_at_ms: 0,
            timeout: false,
        }))
    }

    fn rule(source: &str, target: &str, equal: &[&str]) -> InhibitRule {
        let list = |text: &str| Matchers::new(parse_matchers(text).unwrap().matchers);
        InhibitRule { name: None, source: list(source), target: list(target), equal: equal.iter().map(|s| (*s).to_owned()).collect() }
    }

    #[test]
    fn who_is_muted() {
        let rules = [rule("severity=critical", "severity=~\"warning|critical\"", &["cluster", "zone"])];
        let critical = held(&[("alertname", "Down"), ("severity", "critical"), ("cluster", "a")], 100);
        for (sources, target, now, want) in [
            (vec![critical.clone()], vec![("alertname", "Slow"), ("severity", "warning"), ("cluster", "a")], 0, true),
            // another cluster; no cluster; a source that has ended; no source; not a target
            (vec![critical.clone()], vec![("alertname", "Slow"), ("severity", "warning"), ("cluster", "b")], 0, false),
            (vec![critical.clone()], vec![("alertname", "Slow"), ("severity", "warning")], 0, false),
            (vec![critical.clone()], vec![("alertname", "Slow"), ("severity", "warning"), ("cluster", "a")], 100, false),
            (vec![], vec![("alertname", "Slow"), ("severity", "warning"), ("cluster", "a")], 0, false),
            (vec![critical.clone()], vec![("alertname", "Slow"), ("severity", "info"), ("cluster", "a")], 0, false),
            // both sides match both alerts: neither mutes the other, nor itself
            (vec![critical.clone()], vec![("alertname", "Down"), ("severity", "critical"), ("cluster", "a")], 0, false),
            (vec![critical.clone()], vec![("alertname", "Other"), ("severity", "critical"), ("cluster", "a")], 0, false),
        ] {
            let inhibitor = Inhibitor::new(&rules, sources.iter(), now);
            let by = inhibitor.inhibited_by(&Labels::from_pairs(target.clone()));
            assert_eq!(by, want.then_some(critical.fingerprint), "{target:?} at {now}");
        }
    }

    #[test]
    fn an_alert_on_both_sides_is_muted_by_a_pure_source() {
        let rules = [rule("severity=critical", "team=db", &[])];
        let pure = held(&[("severity", "critical"), ("team", "net")], 100);
        let both = held(&[("severity", "critical"), ("team", "db")], 100);
        let inhibitor = Inhibitor::new(&rules, [&pure, &both].into_iter(), 0);
        assert_eq!(inhibitor.inhibited_by(&both.alert.labels), Some(pure.fingerprint));
        assert_eq!(inhibitor.inhibited_by(&pure.alert.labels), None);
    }
}
