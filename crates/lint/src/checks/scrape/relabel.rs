//! Steps of relabelling that cannot do what they are for.

use super::Job;
use crate::checks::keys::{items, text, texts};
use crate::finding::{Edit, Finding, Fix};
use phoenix_model::matcher::AnchoredRegex;
use phoenix_model::{MatchOp, Matcher};
use phoenix_yaml::Node;

pub(super) fn check(job: &Job, found: &mut Vec<Finding>) {
    let mut kept: Vec<(Vec<&str>, &str)> = Vec::new();
    for step in job.relabelling() {
        if action(step) == "replace" && text(step, "target_label") == Some("__address__") {
            found.extend(address(job, step));
        }
        found.extend(drops_all(job, step, true).or_else(|| excludes(job, step, &mut kept)));
    }
    let mut kept = Vec::new();
    for step in items(job.node, "metric_relabel_configs") {
        found.extend(drops_all(job, step, false).or_else(|| excludes(job, step, &mut kept)));
    }
}

fn action(step: &Node) -> String {
    text(step, "action").unwrap_or("replace").to_ascii_lowercase()
}

/// The group of `$1` or `${1}` at the beginning, and what follows it.
fn group(template: &str) -> Option<(&str, &str)> {
    let rest = template.strip_prefix('$')?;
    if let Some(braced) = rest.strip_prefix('{') {
        return braced.split_once('}');
    }
    let end = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    Some(rest.split_at(end)).filter(|(group, _)| !group.is_empty())
}

/// An address that is a port twice, or a port without a host.
fn address(job: &Job, step: &Node) -> Option<Finding> {
    let sources = texts(step, "source_labels");
    let of_ports = !sources.is_empty() && sources.iter().all(|source| source.text().is_some_and(is_port));
    let replacement = step.get("replacement").and_then(Node::text).unwrap_or("$1");
    let (first, rest) = group(replacement)?;
    let twice = rest.strip_prefix(':').and_then(group).is_some_and(|(second, rest)| second == first && rest.is_empty());
    let message = if twice {
        format!("`{replacement}` is the same text twice: the address becomes `8080:8080`, where nothing listens")
    } else if of_ports && rest.is_empty() {
        "the address becomes a port without a host".to_owned()
    } else {
        return None;
    };
    // The step as a whole, as what is wrong is how its parts fit together.
    let finding = Finding::at("scrape/relabel-address", job.file, step.get("replacement").map_or(step.head(), |node| node.span), message)
        .help(r"take the host from `__address__`: `source_labels: [__address__, …port]`, `regex: ([^:]+)(?::\d+)?;(\d+)`, `replacement: $1:$2`");
    Some(finding.fix(if of_ports && sources.len() == 1 { mended(job, step, sources[0]) } else { None }))
}

fn is_port(label: &str) -> bool {
    label.ends_with("port") || label.ends_with("port_number")
}

/// The usual form, where all three parts are written down.
fn mended(job: &Job, step: &Node, port: &Node) -> Option<Fix> {
    let (sources, regex, replacement) = (step.get("source_labels")?, step.get("regex")?, step.get("replacement")?);
    let inline = job.file.source.text.get(sources.span.start..sources.span.end)?.starts_with('[');
    let edit = |node: &Node, text: String| Edit { span: node.span, text };
    let edits = vec![
        edit(sources, format!("[__address__, {}]", port.text()?)),
        edit(regex, r"'([^:]+)(?::\d+)?;(\d+)'".to_owned()),
        edit(replacement, "$1:$2".to_owned()),
    ];
    inline.then(|| Fix { title: "take the host from `__address__`".to_owned(), edits })
}

/// A step that drops every target, or every series.
fn drops_all(job: &Job, step: &Node, of_targets: bool) -> Option<Finding> {
    let what = if of_targets { "target" } else { "series" };
    let sources = texts(step, "source_labels");
    let pattern = text(step, "regex").unwrap_or("(.*)");
    let (node, reason) = match action(step).as_str() {
        "drop" if matches!(pattern, ".*" | "(.*)" | "^.*$") => {
            (step.get("regex").unwrap_or(step), "its pattern matches everything".to_owned())
        }
        "keep" if of_targets && !sources.is_empty() => {
            let regex = AnchoredRegex::new(pattern).ok()?;
            let separator = text(step, "separator").unwrap_or(";");
            let missing = sources.iter().find_map(|source| Some((*source, absent(job, source.text()?)?)));
            let all_absent = sources.iter().all(|source| source.text().is_some_and(|label| absent(job, label).is_some()));
            // With a label that is always empty the pattern may still match the others.
            if !all_absent || regex.is_match(&separator.repeat(sources.len() - 1)) {
                return None;
            }
            missing?
        }
        _ => return None,
    };
    let message = format!("no {what} is left: {reason}");
    let finding =
        Finding::at("scrape/relabel-drops-all", job.file, if node.span.start < node.span.end { node.span } else { step.head() }, message);
    Some(finding.help("correct the label or the pattern, or remove the step"))
}

/// Kinds of discovery whose meta labels begin with their name. What is not here may give any.
const KNOWN: [&str; 11] = ["kubernetes", "consul", "ec2", "azure", "gce", "dns", "docker", "dockerswarm", "openstack", "static", "nomad"];

/// Why a meta label is on no target of a job.
fn absent(job: &Job, label: &str) -> Option<String> {
    let meta = label.strip_prefix("__meta_")?;
    let kinds: Vec<&str> = job.discoveries().collect();
    if kinds.iter().any(|kind| !KNOWN.contains(kind)) {
        return None;
    }
    if !kinds.iter().any(|kind| meta.starts_with(&format!("{kind}_"))) {
        return Some(if kinds.is_empty() {
            format!("targets that are listed have no label `{label}`")
        } else {
            format!("the discovery of this job gives no label `{label}`")
        });
    }
    let of_kubernetes = meta.strip_prefix("kubernetes_")?;
    let object = of_kubernetes.split('_').next()?;
    let fits = |role: &str| match role {
        "pod" => matches!(object, "pod" | "namespace" | "node"),
        "node" => object == "node",
        "service" => matches!(object, "service" | "namespace"),
        "ingress" => matches!(object, "ingress" | "namespace"),
        _ => true,
    };
    let roles: Vec<&str> = job.discovery("kubernetes").filter_map(|block| text(block, "role")).collect();
    (!roles.is_empty() && !roles.iter().any(|role| fits(role)) && kinds == ["kubernetes"])
        .then(|| format!("the role `{}` gives no label `{label}`", roles.join("`, `")))
}

/// Two `keep` of the same labels that no value satisfies.
fn excludes<'a>(job: &Job, step: &'a Node, kept: &mut Vec<(Vec<&'a str>, &'a str)>) -> Option<Finding> {
    if action(step) != "keep" {
        // What writes a label may change what was kept.
        let target = text(step, "target_label").unwrap_or("");
        if matches!(action(step).as_str(), "labelmap" | "labeldrop" | "labelkeep") {
            kept.clear();
        }
        kept.retain(|(labels, _)| !labels.contains(&target));
        return None;
    }
    let labels: Vec<&str> = texts(step, "source_labels").into_iter().filter_map(Node::text).collect();
    let pattern = text(step, "regex")?;
    let before = kept.iter().find(|(other, _)| *other == labels).map(|(_, pattern)| *pattern);
    kept.push((labels, pattern));
    let values = Matcher::new("x", MatchOp::Regex, pattern).ok()?;
    let other = Matcher::new("x", MatchOp::Regex, before?).ok()?;
    let none = |a: &Matcher, b: &Matcher| a.literal_values().is_some_and(|values| values.iter().all(|value| !b.matches(value)));
    if !none(&values, &other) && !none(&other, &values) {
        return None;
    }
    let message = format!("nothing is left: an earlier step keeps only what matches `{}`, and none of that matches `{pattern}`", before?);
    let finding = Finding::at("scrape/relabel-drops-all", job.file, step.get("regex")?.span, message);
    Some(finding.help(format!("both belong into one pattern: `{}|{pattern}`", before?)))
}
