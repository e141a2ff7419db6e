//! OpenTelemetry collectors: pipelines and what they are made of.

use super::Scope;
use super::keys::{items, key_span};
use crate::finding::Finding;
use crate::project::{File, FileKind};
use phoenix_model::Span;
use phoenix_yaml::Node;
use std::collections::HashSet;

const KINDS: [&str; 3] = ["receivers", "processors", "exporters"];

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::Collector) {
        let Some(tree) = file.tree.as_deref() else { continue };
        let Some(pipelines) = tree.get("service").and_then(|service| service.get("pipelines")) else { continue };
        // A file that only adds to another one is checked when it is whole.
        if tree.get("receivers").is_some() && tree.get("exporters").is_some() {
            check_pipelines(file, tree, pipelines, found);
        }
    }
}

fn defined<'a>(tree: &'a Node, kind: &str) -> impl Iterator<Item = (&'a str, Span)> + use<'a> {
    let entries = tree.get(kind).map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(name, _)| Some((name.text()?, name.span)))
}

fn check_pipelines(file: &File, tree: &Node, pipelines: &Node, found: &mut Vec<Finding>) {
    let connectors: HashSet<&str> = defined(tree, "connectors").map(|(name, _)| name).collect();
    let (mut used, mut fed, mut drained) = (HashSet::new(), HashSet::new(), HashSet::new());
    for (name, pipeline) in pipelines.entries() {
        let shown = name.text().unwrap_or("");
        for kind in KINDS {
            let known: HashSet<&str> = defined(tree, kind).map(|(name, _)| name).collect();
            for part in items(pipeline, kind) {
                let Some(id) = part.text() else { continue };
                used.insert((kind, id));
                let connects = kind != "processors" && connectors.contains(id);
                if connects {
                    if kind == "exporters" {
                        fed.insert(id)
                    } else {
                        drained.insert(id)
                    };
                } else if !known.contains(id) {
                    let message = format!("the pipeline `{shown}` uses `{id}`, which is not defined below `{kind}`");
                    found.push(
                        Finding::at("collector/undefined-component", file, part.span, message)
                            .help(format!("define it: `{kind}: {{{id}: …}}`")),
                    );
                }
            }
        }
        for kind in ["receivers", "exporters"] {
            if items(pipeline, kind).next().is_none() {
                let what = if kind == "receivers" { "nothing comes in" } else { "nothing goes out" };
                let message = format!("the pipeline `{shown}` has no `{kind}`: {what}");
                found.push(
                    Finding::at("collector/open-pipeline", file, name.span, message).help(format!("add `{kind}`, or remove the pipeline")),
                );
            }
        }
    }
    for (id, span) in defined(tree, "connectors") {
        if fed.contains(id) != drained.contains(id) {
            let (has, lacks) =
                if fed.contains(id) { ("an exporter", "a receiver of another") } else { ("a receiver", "an exporter of another") };
            let message = format!("the connector `{id}` is {has} of a pipeline and not {lacks}");
            let help = "a connector ends one pipeline and begins another";
            found.push(Finding::at("collector/half-connector", file, span, message).help(help));
        }
    }
    for kind in KINDS {
        for (id, span) in defined(tree, kind).filter(|(id, _)| !used.contains(&(kind, *id))) {
            let message = format!("no pipeline uses `{id}` of `{kind}`");
            found.push(Finding::at("collector/unused-component", file, span, message).help("add it to a pipeline, or remove it"));
        }
    }
    let service = tree.get("service").expect("the pipelines are below it");
    let known: HashSet<&str> = defined(tree, "extensions").map(|(name, _)| name).collect();
    for extension in items(service, "extensions").filter(|extension| extension.text().is_some_and(|id| !known.contains(id))) {
        let message = format!("`{}` is not defined below `extensions`", extension.text().unwrap_or(""));
        found.push(Finding::at("collector/undefined-component", file, extension.span, message).help("define it, or remove it"));
    }
    let enabled: HashSet<&str> = items(service, "extensions").filter_map(Node::text).collect();
    for (id, span) in defined(tree, "extensions").filter(|(id, _)| !enabled.contains(id)) {
        let message = format!("the extension `{id}` is not named below `service`: it does not run");
        let span = key_span(tree.get("extensions").unwrap_or(tree), id).unwrap_or(span);
        found.push(Finding::at("collector/unused-component", file, span, message).help("add it to `service.extensions`, or remove it"));
    }
}
