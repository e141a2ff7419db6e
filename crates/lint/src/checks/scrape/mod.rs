//! Prometheus' configuration: what is scraped, how it is relabelled, what is sent on.

mod coverage;
mod discovery;
mod limits;
mod relabel;
mod remote_write;

use super::Scope;
use super::keys::{duration, items, key_span, text, walk};
use crate::finding::{Edit, Finding, Fix, RestsOn};
use crate::project::{File, FileKind};
use phoenix_model::{Severity, Span};
use phoenix_yaml::Node;
use std::collections::HashMap;

/// A job of a configuration.
#[derive(Clone, Copy)]
struct Job<'a> {
    file: &'a File,
    tree: &'a Node,
    node: &'a Node,
}

impl<'a> Job<'a> {
    fn of(file: &'a File) -> impl Iterator<Item = Self> {
        let tree = file.tree.as_deref();
        tree.into_iter().flat_map(move |tree| items(tree, "scrape_configs").map(move |node| Self { file, tree, node }))
    }

    fn name(&self) -> &'a str {
        text(self.node, "job_name").unwrap_or("")
    }

    /// The steps that targets go through.
    fn relabelling(&self) -> impl Iterator<Item = &'a Node> + use<'a> {
        items(self.node, "relabel_configs")
    }

    /// The blocks of a kind of discovery, such as `kubernetes_sd_configs`.
    fn discovery(&self, kind: &str) -> impl Iterator<Item = &'a Node> + use<'a> {
        items(self.node, &format!("{kind}_sd_configs")).collect::<Vec<_>>().into_iter()
    }

    /// The kinds of discovery, such as `kubernetes`.
    fn discoveries(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        self.node.entries().iter().filter_map(|(key, _)| key.text()?.strip_suffix("_sd_configs"))
    }

    /// As written.
    fn source(&self) -> &'a str {
        self.file.source.text.get(self.node.span.start..self.node.span.end).unwrap_or("")
    }
}

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::Prometheus) {
        let Some(tree) = file.tree.as_deref() else { continue };
        halves(scope, file, tree, found);
        duplicates(file, found);
        intervals(file, tree, found);
        deprecated(file, tree, found);
        remote_write::check(file, tree, found);
        for job in Job::of(file) {
            relabel::check(&job, found);
            discovery::check(&job, found);
            limits::check(&job, found);
        }
    }
    coverage::check(scope, found);
}

/// A configuration that scrapes and neither evaluates nor tells, beside rules.
fn halves(scope: &Scope, file: &File, tree: &Node, found: &mut Vec<Finding>) {
    if tree.get("global").is_none() || tree.get("scrape_configs").is_none() {
        return;
    }
    // One configuration of several may be an agent's.
    let nowhere = |key: &str| {
        let others = scope.project.of_kind(FileKind::Prometheus).chain(scope.project.of_kind(FileKind::Phoenix));
        others.into_iter().all(|file| file.tree.as_deref().is_none_or(|tree| file.kind == FileKind::Prometheus && tree.get(key).is_none()))
    };
    let span = tree.head();
    let Some(level) = remote_write::evaluates_here(scope, tree) else { return };
    // The operator names rules of its own kind, and its Alertmanagers, by itself.
    let of_operator = |file: &File| file.tree.as_deref().is_some_and(|tree| text(tree, "kind") == Some("PrometheusRule"));
    if scope.project.rules().all(|(file, _, _)| of_operator(file)) {
        return;
    }
    if scope.project.rules().next().is_some() && nowhere("rule_files") {
        let message = "no `rule_files`: none of the rules beside this file is evaluated";
        let finding = Finding::at("scrape/no-rule-files", file, span, message).rests_on(RestsOn::Project);
        found.push(finding.level(level).help("name them: `rule_files: [rules/*.yaml]`"));
    }
    if scope.project.rules().any(|(_, _, rule)| rule.is_alert) && nowhere("alerting") {
        let message = "no `alerting`: alerts that fire are sent to nobody";
        let finding = Finding::at("routing/no-alertmanager", file, span, message).rests_on(RestsOn::Project);
        found.push(
            finding
                .level(level)
                .help("name the Alertmanagers: `alerting: {alertmanagers: [{static_configs: [{targets: [alertmanager:9093]}]}]}`"),
        );
    }
}

fn duplicates(file: &File, found: &mut Vec<Finding>) {
    let mut first: HashMap<&str, &Node> = HashMap::new();
    for job in Job::of(file) {
        let Some(name) = job.node.get("job_name") else { continue };
        let Some(before) = first.insert(job.name(), name) else { continue };
        let (line, _) = file.source.position(before.span.start);
        let message = format!("the job `{}` stands twice; it is already on line {line}", job.name());
        found.push(
            Finding::at("scrape/duplicate-job", file, name.span, message).help("rename one of them, or put their targets into one job"),
        );
    }
}

fn intervals(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    const DEFAULT_INTERVAL_S: u64 = 60;
    let default = std::time::Duration::from_secs(DEFAULT_INTERVAL_S);
    let global = tree.get("global").and_then(|global| duration(global, "scrape_interval")).unwrap_or(default);
    let blocks = tree.get("global").into_iter().chain(items(tree, "scrape_configs"));
    for block in blocks {
        let (Some(timeout), Some(node)) = (duration(block, "scrape_timeout"), block.get("scrape_timeout")) else { continue };
        let interval = duration(block, "scrape_interval").unwrap_or(global);
        if timeout > interval {
            let shown = phoenix_model::format_duration(interval);
            let message = format!("the timeout of {} is longer than the interval of {shown}", node.text().unwrap_or(""));
            let edits = vec![Edit { span: node.span, text: shown }];
            let fix = Fix { title: "wait for an interval at most".to_owned(), edits };
            let finding = Finding::at("scrape/timeout-exceeds-interval", file, node.span, message);
            found.push(finding.help("make it at most the interval").fix(Some(fix)));
        }
    }
}

fn deprecated(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    walk(tree, &mut |node| {
        for key in ["bearer_token", "bearer_token_file"] {
            if let Some(span) = key_span(node, key) {
                let now = if key == "bearer_token" { "credentials" } else { "credentials_file" };
                let message = format!("`{key}` is the old form");
                let value = node.get(key).and_then(|value| Some((value.span, file.source.text.get(value.span.start..value.span.end)?)));
                let fix = value.filter(|(_, text)| !text.is_empty() && node.get("authorization").is_none()).map(|(value, text)| Fix {
                    title: "write `authorization`".to_owned(),
                    edits: vec![Edit { span: Span::new(span.start, value.end), text: format!("authorization: {{{now}: {text}}}") }],
                });
                let finding = Finding::at("scrape/deprecated-field", file, span, message);
                found.push(finding.help(format!("write `authorization: {{{now}: …}}`")).fix(fix));
            }
        }
    });
}

/// Rests on other files of the project, at a level that other files may make less sure.
fn by_project(finding: Finding, sure: bool) -> Finding {
    let level = if sure { finding.rule.level } else { Severity::Info };
    finding.rests_on(RestsOn::Project).level(level)
}
