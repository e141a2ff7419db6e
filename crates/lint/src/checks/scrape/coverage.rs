//! What rules ask for and no job brings.

use super::{Job, by_project};
use crate::checks::Scope;
use crate::checks::keys::{is_on, items, key_span, text, texts};
use crate::finding::Finding;
use crate::project::{FileKind, Query, Text};
use phoenix_model::MatchOp;
use phoenix_model::matcher::AnchoredRegex;
use phoenix_promql::analysis::selectors;
use phoenix_yaml::Node;
use std::collections::{BTreeMap, HashSet};

/// By catalogue file: words of which one stands in the job that scrapes the exporter, and its usual name.
const EXPORTERS: [(&str, &[&str], &str); 12] = [
    ("alertmanager", &["alertmanager", "9093"], "Alertmanager"),
    ("blackbox", &["blackbox", "probe", "9115"], "the blackbox exporter"),
    ("cadvisor", &["cadvisor", "kubelet", "10250", "docker", "role: node"], "cAdvisor"),
    ("coredns", &["dns", "9153"], "CoreDNS"),
    ("haproxy", &["haproxy"], "HAProxy"),
    ("kube_state_metrics", &["kube-state", "kube_state", "ksm", "kubestate"], "kube-state-metrics"),
    ("mysqld", &["mysql", "mariadb", "9104"], "the MySQL exporter"),
    ("node", &["node", "9100", "host"], "the node exporter"),
    ("postgres", &["postgres", "pg", "9187"], "the PostgreSQL exporter"),
    ("redis", &["redis", "9121"], "the Redis exporter"),
    ("vault", &["vault", "8200", "openbao"], "Vault"),
    ("windows", &["windows", "wmi", "9182"], "the Windows exporter"),
];

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let jobs: Vec<Job> = scope.project.of_kind(FileKind::Prometheus).flat_map(Job::of).collect();
    let Some(first) = jobs.first() else { return };
    // What is scraped by other means may bring anything under any name.
    let elsewhere = scope.project.of_kind(FileKind::Phoenix).next().is_some()
        || jobs.iter().any(|job| {
            job.tree.get("scrape_config_files").is_some()
                || text(job.node, "metrics_path") == Some("/federate")
                || is_on(job.node, "honor_labels")
        });
    if elsewhere {
        return;
    }
    let query = |query: &Query| query.file.kind != FileKind::Dashboard;
    let queries: Vec<Query> = scope.project.queries().filter(query).collect();
    exporters(scope, &jobs, first, &queries, found);
    names(scope, &jobs, &queries, found);
    probes(&jobs, &queries, found);
}

/// Alerts that name the `instance` of a probe where no job makes the probed target one.
fn probes(jobs: &[Job], queries: &[Query], found: &mut Vec<Finding>) {
    let passed = |step: &Node| text(step, "target_label").is_some_and(|label| label.starts_with("__param_"));
    if jobs.iter().any(|job| job.relabelling().any(passed)) {
        return;
    }
    for query in queries {
        let Some(rule) = query.alert() else { continue };
        let probes = phoenix_promql::analysis::metric_names(query.expr).iter().any(|name| name.starts_with("probe_"));
        let named = |text: &Text| crate::actions::labels(&text.value).into_iter().find(|label| label.name == "instance");
        if let Some((text, label)) = rule.templates().find_map(|(_, text)| Some((text, named(text)?))).filter(|_| probes) {
            let message = "`instance` is the blackbox exporter itself: no job makes the probed target the instance";
            let finding = Finding::at("scrape/blackbox-without-relabelling", query.file, text.locate(label.span), message);
            let help = "the job needs a step with `source_labels: [__param_target]` and `target_label: instance`";
            found.push(by_project(finding.help(help), false));
        }
    }
}

/// Exporters whose metrics are asked for and that no job scrapes.
fn exporters(scope: &Scope, jobs: &[Job], first: &Job, queries: &[Query], found: &mut Vec<Finding>) {
    let sure = jobs.iter().all(is_concrete);
    let text: String = jobs.iter().map(|job| job.source().to_ascii_lowercase()).collect();
    let mut missing: BTreeMap<&str, (String, String)> = BTreeMap::new();
    for query in queries {
        for name in phoenix_promql::analysis::metric_names(query.expr) {
            let catalogue = scope.facts.catalogue();
            let exporter = catalogue.entry(name).map(|(entry, _)| entry.exporter).or_else(|| catalogue.unknown_to(name));
            if let Some(exporter) = exporter.filter(|_| !scope.facts.is_recorded(name)) {
                let asked_by = query.rule.map_or_else(|| query.file.source.name.to_string(), |(_, rule)| rule.name.value.clone());
                missing.entry(exporter).or_insert_with(|| (name.to_owned(), asked_by));
            }
        }
    }
    let span = key_span(first.tree, "scrape_configs").unwrap_or(first.node.head());
    for (exporter, words, title) in EXPORTERS {
        let Some((metric, asked_by)) = missing.get(exporter) else { continue };
        if words.iter().any(|word| text.contains(word)) {
            continue;
        }
        let message = format!("no job scrapes {title}: `{metric}`, which `{asked_by}` asks for, does not exist");
        let finding = Finding::at("scrape/missing-job", first.file, span, message).help(format!("add a job for {title}"));
        found.push(by_project(finding, sure));
    }
}

/// Whether the targets of a job are surely of one kind: they are listed, or chosen by the name of an application.
fn is_concrete(job: &Job) -> bool {
    let chosen = |step: &Node| {
        let named = texts(step, "source_labels")
            .into_iter()
            .filter_map(Node::text)
            .any(|label| label.contains("_label_") || label.ends_with("_name"));
        let literal = text(step, "regex").is_some_and(|regex| !regex.contains(['*', '+', '.']));
        text(step, "action") == Some("keep") && named && literal
    };
    job.discoveries().next().is_none() || job.relabelling().any(chosen)
}

/// `job="…"` of jobs that are not there.
fn names(scope: &Scope, jobs: &[Job], queries: &[Query], found: &mut Vec<Finding>) {
    let renamed = |step: &Node| matches!(text(step, "target_label"), Some("job")) || matches!(text(step, "action"), Some("labelmap"));
    // Targets of files and of HTTP may bring a label `job` of their own.
    let open = |job: &Job| {
        job.relabelling().chain(items(job.node, "metric_relabel_configs")).any(renamed)
            || job.discoveries().any(|kind| matches!(kind, "file" | "http"))
    };
    if jobs.iter().any(open) {
        return;
    }
    let mut known: HashSet<&str> = jobs.iter().map(Job::name).collect();
    for job in jobs {
        known.extend(items(job.node, "static_configs").filter_map(|targets| text(targets.get("labels")?, "job")));
    }
    for query in queries {
        for used in selectors(query.expr) {
            let recorded = used.selector.name.as_deref().is_some_and(|name| name.contains(':') || scope.facts.is_recorded(name));
            for matcher in used.selector.matchers.iter().filter(|matcher| matcher.name == "job" && !recorded) {
                let none = match matcher.op {
                    MatchOp::Equal => !matcher.value.is_empty() && !known.contains(matcher.value.as_str()),
                    MatchOp::Regex => AnchoredRegex::new(&matcher.value)
                        .is_ok_and(|regex| !known.iter().any(|job| regex.is_match(job)) && !regex.is_match("")),
                    _ => false,
                };
                if none {
                    let message = format!("no job of the Prometheus configuration matches `{matcher}`");
                    let finding = Finding::at("scrape/unknown-job", query.file, query.locate(used.span), message);
                    let mut names: Vec<&str> = known.iter().copied().collect();
                    names.sort_unstable();
                    names.truncate(8);
                    found.push(by_project(finding.help(format!("its jobs are `{}`", names.join("`, `"))), true));
                }
            }
        }
    }
}
