//! What discovery finds and a job does not sort out.

use super::Job;
use crate::checks::keys::{key_span, text, texts};
use crate::finding::{Edit, Finding, Fix};
use phoenix_model::Span;
use phoenix_yaml::Node;

pub(super) fn check(job: &Job, found: &mut Vec<Finding>) {
    pods(job, found);
    probes(job, found);
}

/// Whether a step reads a label whose name contains one of these.
fn reads(step: &Node, parts: &[&str]) -> bool {
    texts(step, "source_labels").into_iter().filter_map(Node::text).any(|label| parts.iter().any(|part| label.contains(part)))
}

fn pods(job: &Job, found: &mut Vec<Finding>) {
    let Some(role) = job.discovery("kubernetes").find(|block| text(block, "role") == Some("pod")) else { return };
    let here = job.node.head();
    let steps: Vec<&Node> = job.relabelling().collect();
    let chooses = |step: &&&Node| matches!(text(step, "action"), Some("keep" | "drop" | "keepequal" | "dropequal"));
    // An annotation that says where to scrape chooses the pod, and its port when it is joined with the address.
    if !steps.iter().filter(chooses).any(|step| reads(step, &["port", "scrape", "container_name"])) {
        let address = steps.iter().find(|step| text(step, "target_label") == Some("__address__")).and_then(|step| step.get("regex"));
        let span = address.map_or(role.head(), |regex| regex.span);
        let message = format!("every port of every pod becomes a target of `{}`", job.name());
        let help = "keep one: `{source_labels: [__meta_kubernetes_pod_container_port_name], regex: metrics, action: keep}`";
        found.push(Finding::at("scrape/every-port-is-a-target", job.file, span, message).help(help));
    }
    if !steps.iter().any(|step| reads(step, &["pod_phase"])) && !has_selectors(role) {
        let message = format!("pods that have finished stay targets of `{}` until they are deleted", job.name());
        let help = "`{source_labels: [__meta_kubernetes_pod_phase], regex: Succeeded|Failed|Completed, action: drop}`";
        let step = "{source_labels: [__meta_kubernetes_pod_phase], regex: Succeeded|Failed|Completed, action: drop}";
        let finding = Finding::at("scrape/finished-pods", job.file, here, message).help(help);
        found.push(finding.fix(with_step(job, step, "drop pods that have finished")));
    }
    let maps = |step: &&Node| {
        text(step, "action") == Some("labelmap")
            && text(step, "regex").is_some_and(|regex| regex.contains("_pod_name") || regex.starts_with("__meta_kubernetes_("))
    };
    if !steps.iter().any(|step| maps(step) || reads(step, &["_pod_name", "pod_uid"])) {
        let message = format!("nothing of the pod's name stays on the series of `{}`", job.name());
        let help = "`{source_labels: [__meta_kubernetes_pod_name], target_label: pod}`, and the same for the namespace and the node";
        let step = "{source_labels: [__meta_kubernetes_pod_name], target_label: pod}";
        let finding = Finding::at("scrape/no-pod-label", job.file, here, message).help(help);
        found.push(finding.fix(with_step(job, step, "keep the pod's name")));
    }
}

/// Another step behind the others of a job.
fn with_step(job: &Job, step: &str, title: &str) -> Option<Fix> {
    let text = &*job.file.source.text;
    let steps = job.node.get("relabel_configs")?;
    let (first, last) = (steps.items().first()?, steps.items().last()?);
    let start = text[..first.span.start].rfind('\n').map_or(0, |at| at + 1);
    // In brackets items stand otherwise.
    let head = text[start..first.span.start].strip_suffix("- ").filter(|indent| indent.trim().is_empty())?;
    let at = last.span.end;
    let edits = vec![Edit { span: Span::new(at, at), text: format!("\n{head}- {step}") }];
    Some(Fix { title: title.to_owned(), edits })
}

fn has_selectors(role: &Node) -> bool {
    role.get("selectors").is_some()
}

/// A job of the blackbox exporter whose targets are asked themselves instead of the exporter.
fn probes(job: &Job, found: &mut Vec<Finding>) {
    let params = job.node.get("params");
    let probes = text(job.node, "metrics_path") == Some("/probe") && params.is_some_and(|params| params.get("module").is_some());
    let given = params.is_some_and(|params| params.get("target").is_some());
    let passed = |step: &Node| text(step, "target_label").or(text(step, "replacement")).is_some_and(|label| label.starts_with("__param_"));
    if probes && !given && !job.relabelling().any(passed) {
        let span: Span = key_span(job.node, "metrics_path").unwrap_or(job.node.head());
        let message = format!("the job `{}` asks each target for `/probe` instead of the blackbox exporter", job.name());
        let help = "three steps: `__address__` into `__param_target`, `__param_target` into `instance`, and the exporter's address into `__address__`";
        found.push(Finding::at("scrape/blackbox-without-relabelling", job.file, span, message).help(help));
    }
}
