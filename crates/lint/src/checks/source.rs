//! Metrics as source code declares them: what is wrong with a declaration, and what queries make of it.

use super::Scope;
use crate::facts::Kind;
use crate::finding::{Finding, RestsOn};
use crate::project::{Declared, File};
use phoenix_model::Severity;

/// What is told at the query and is mended, or at least known, where the metric is declared.
const TOLD: [&str; 3] = ["promql/counter-as-gauge", "promql/label-mixes-populations", "promql/sum-counts-replicas"];

/// Last words of names of amounts that are not the amount of one thing.
const AMOUNTS: [&str; 9] = ["usage", "used", "limit", "limits", "request", "requests", "capacity", "allocatable", "quota"];

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in &scope.project.files {
        for declared in &file.declared {
            let told: Vec<Finding> = TOLD.iter().filter_map(|id| by_query(file, declared, id, found)).collect();
            found.extend(told);
            found.extend(mixed_units(file, declared));
            found.extend(without_total(file, declared));
        }
    }
}

/// The first query of which a finding is about the metric.
fn by_query(file: &File, declared: &Declared, id: &str, found: &[Finding]) -> Option<Finding> {
    let first = found.iter().find(|finding| finding.rule.id == id && finding.about.as_deref() == Some(&declared.name))?;
    let source = first.diagnostic.source.as_ref()?;
    let (line, _) = first.diagnostic.position()?;
    let place = format!("line {line} of {}", source.name);
    let name = &declared.name;
    let (span, message) = match id {
        "promql/counter-as-gauge" => (declared.name_span, format!("`{name}` is a counter, and {place} reads it as an amount of now")),
        "promql/sum-counts-replicas" => (declared.name_span, format!("each replica that sets `{name}` exports it, and {place} adds them")),
        _ => {
            let labels = declared.labels.iter().flatten();
            let span =
                labels.into_iter().find(|(label, _)| first.diagnostic.message.contains(&format!("`{label}`"))).map(|(_, span)| *span);
            (span.unwrap_or(declared.name_span), format!("a label of `{name}` tells groups apart, and {place} takes them as one"))
        }
    };
    let finding = Finding::at(id, file, span, message).rests_on(RestsOn::Project).level(Severity::Info);
    let help = first.diagnostic.help.clone();
    Some(match help {
        Some(help) => finding.help(help),
        None => finding,
    })
}

/// A gauge whose label says what it is an amount of, so that cores and bytes have one name.
fn mixed_units(file: &File, declared: &Declared) -> Option<Finding> {
    let labels = declared.labels.as_ref()?;
    let amount = declared.name.rsplit('_').next().is_some_and(|word| AMOUNTS.contains(&word));
    let has = |name: &str| labels.iter().any(|(label, _)| label == name);
    if declared.kind != Kind::Gauge || !amount || !has("resource") || has("unit") {
        return None;
    }
    let message = format!("`{}` has no unit, and a label `resource`: any sum over it adds cores to bytes", declared.name);
    let finding = Finding::at("promql/mixed-units", file, declared.name_span, message).rests_on(RestsOn::Naming);
    Some(finding.help("make a metric of each, such as `…_cpu_cores` and `…_memory_bytes`, or add a label `unit`"))
}

fn without_total(file: &File, declared: &Declared) -> Option<Finding> {
    if declared.kind != Kind::Counter || declared.name.ends_with("_total") {
        return None;
    }
    let message = format!("`{}` is a counter and its name does not end in `_total`", declared.name);
    let finding = Finding::at("promql/counter-without-total", file, declared.name_span, message);
    Some(finding.help(format!("call it `{}_total`", declared.name)).rests_on(RestsOn::Naming))
}
