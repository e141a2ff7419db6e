//! What is looked for: every rule with its id, level and reason. Its page is `docs/lint/ID.md`.

mod alerts;
mod collector;
mod dashboard;
mod lint;
mod logs;
mod promql;
mod routing;
mod runbooks;
mod sampling;
mod scrape;
mod slo;
mod template;
mod yaml;

use phoenix_model::Severity;

/// A rule.
#[derive(Debug, PartialEq, Eq)]
pub struct RuleInfo {
    /// Subject and name, such as `promql/labels-never-match`.
    pub id: &'static str,
    /// The level of its findings, unless a finding is less sure. What is a matter of taste, or rests on names alone,
    /// is an info, which is not told unless it is asked for.
    pub level: Severity,
    /// What is wrong, in a few words.
    pub title: &'static str,
    /// Why it matters, in one sentence.
    pub why: &'static str,
}

impl RuleInfo {
    /// The path of its page in the repository.
    pub fn doc_path(&self) -> String {
        format!("docs/lint/{}.md", self.id)
    }
}

/// All rules, by subject.
pub static RULES: &[&[RuleInfo]] = &[
    promql::RULES,
    alerts::RULES,
    template::RULES,
    scrape::RULES,
    routing::RULES,
    logs::RULES,
    slo::RULES,
    sampling::RULES,
    collector::RULES,
    dashboard::RULES,
    runbooks::RULES,
    yaml::RULES,
    lint::RULES,
];

/// The rule of an id.
pub fn rule(id: &str) -> Option<&'static RuleInfo> {
    RULES.iter().flat_map(|rules| rules.iter()).find(|rule| rule.id == id)
}

const fn error(id: &'static str, title: &'static str, why: &'static str) -> RuleInfo {
    RuleInfo { id, level: Severity::Error, title, why }
}

const fn warning(id: &'static str, title: &'static str, why: &'static str) -> RuleInfo {
    RuleInfo { id, level: Severity::Warning, title, why }
}

const fn info(id: &'static str, title: &'static str, why: &'static str) -> RuleInfo {
    RuleInfo { id, level: Severity::Info, title, why }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_well_formed_and_unique() {
        let all: Vec<&str> = RULES.iter().flat_map(|rules| rules.iter()).map(|rule| rule.id).collect();
        for (at, id) in all.iter().enumerate() {
            let (subject, name) = id.split_once('/').expect("an id has a subject");
            let kebab = |text: &str| !text.is_empty() && text.chars().all(|c| c.is_ascii_lowercase() || c == '-');
            assert!(kebab(subject) && kebab(name), "{id}");
            assert!(!all[..at].contains(id), "{id} stands twice");
        }
    }
}
