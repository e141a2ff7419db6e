//! Runs all checks over a project.

use crate::checks::{CHECKS, Scope};
use crate::facts::Facts;
use crate::finding::Finding;
use crate::ignore;
use crate::project::Project;
use phoenix_model::Severity;
use std::cmp::Reverse;

/// What is told.
#[derive(Debug, Clone)]
pub struct Options {
    /// The least level that is told.
    pub level: Severity,
    /// Rules that are told whatever their level, by id.
    pub enabled: Vec<String>,
}

/// What is based on names alone or is a matter of taste is not told.
impl Default for Options {
    fn default() -> Self {
        Self { level: Severity::Warning, enabled: Vec::new() }
    }
}

/// Everything that is found in a project, by file and place. What a comment hides is left out, and what hides nothing
/// is told.
pub fn lint(project: &Project, facts: &Facts, options: &Options) -> Vec<Finding> {
    let scope = Scope { project, facts };
    let mut found = Vec::new();
    for check in CHECKS {
        check(&scope, &mut found);
    }
    name_panels(project, &mut found);
    let mut found = ignore::apply(project, found);
    found.retain(|finding| finding.severity() >= options.level || options.enabled.iter().any(|id| id == finding.rule.id));
    let order = |finding: &Finding| {
        let name = finding.diagnostic.source.as_ref().map(|source| source.name.clone());
        let file = name.and_then(|name| project.files.iter().position(|file| file.source.name == name));
        (file, finding.diagnostic.span.start, Reverse(finding.severity()), finding.rule.id)
    };
    found.sort_by_cached_key(order);
    found.dedup_by(|a, b| a.rule.id == b.rule.id && a.diagnostic == b.diagnostic);
    found
}

/// What is found in a query of a dashboard says whose it is: lines of generated JSON tell nobody.
fn name_panels(project: &Project, found: &mut [Finding]) {
    for file in project.files.iter().filter(|file| file.asked.iter().any(|asked| !asked.panel.is_empty())) {
        for finding in found.iter_mut().filter(|finding| finding.diagnostic.source.as_ref().is_some_and(|s| s.name == file.source.name)) {
            let at = finding.diagnostic.span.start;
            let inside = |asked: &&crate::project::Asked| asked.text.span.start <= at && at < asked.text.span.end;
            if let Some(asked) = file.asked.iter().find(inside).filter(|asked| !finding.diagnostic.message.contains(&asked.panel)) {
                finding.diagnostic.message = format!("panel `{}`: {}", asked.panel, finding.diagnostic.message);
            }
        }
    }
}
