//! Dashboards beside their queries, which get the checks of all expressions.

use super::Scope;
use super::keys::{items, key_span, text};
use crate::finding::{Edit, Finding, Fix};
use crate::project::{Asked, File, FileKind, Language};
use phoenix_model::{Severity, Span};
use phoenix_promql::analysis::metric_names;
use phoenix_promql::ast::{AggregateOp, Expr, ExprKind};
use phoenix_yaml::Node;

/// How deep rows and panels are followed.
const MAX_DEPTH: usize = 8;

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::Dashboard) {
        let Some(tree) = file.tree.as_deref() else { continue };
        if let Some(span) = tree.get("dashboard").filter(|node| !node.entries().is_empty()).and_then(|_| key_span(tree, "dashboard")) {
            let message = "the dashboard stands below `dashboard`, as in a call of Grafana's API";
            let help = "a file for provisioning is the dashboard itself; Phoenix reads both";
            found.push(Finding::at("dashboard/wrapped", file, span, message).help(help).fix(unwrapped(tree)));
        }
        found.extend(file.asked.iter().filter_map(|asked| unreadable(file, asked)));
        panels(scope, file, tree.get("dashboard").filter(|node| !node.entries().is_empty()).unwrap_or(tree), 0, found);
    }
}

fn panels(scope: &Scope, file: &File, node: &Node, depth: usize, found: &mut Vec<Finding>) {
    if depth > MAX_DEPTH {
        return;
    }
    for row in items(node, "rows") {
        panels(scope, file, row, depth + 1, found);
    }
    for panel in items(node, "panels") {
        if panel.get("type").is_none() && panel.get("libraryPanel").is_none() && panel.get("targets").is_some() {
            let message = format!("the panel `{}` has no type: there is nothing to draw", text(panel, "title").unwrap_or(""));
            found.push(
                Finding::at("dashboard/panel-without-type", file, Span::new(panel.span.start, panel.span.start + 1), message)
                    .help("add `\"type\": \"timeseries\"`, or `stat`")
                    .fix(with_key(file, panel, "\"type\": \"timeseries\"")),
            );
        }
        found.extend(unit(scope, file, panel));
        panels(scope, file, panel, depth + 1, found);
    }
}

/// A query that its data source refuses. What a variable stands for is not known, unless it is a range.
fn unreadable(file: &File, asked: &Asked) -> Option<Finding> {
    let text = asked.with_ranges();
    if asked.parsed.is_some() || text.trim().is_empty() || has_variable(&text) {
        return None;
    }
    let (diagnostics, language) = match asked.language? {
        Language::PromQl => (phoenix_promql::parse(&text).diagnostics, "PromQL"),
        Language::LogQl => (phoenix_logql::parse(&text).diagnostics, "LogQL"),
    };
    let first = diagnostics.into_iter().find(|diagnostic| diagnostic.severity == Severity::Error)?;
    let message = format!("this is not {language}: {}", first.message);
    let finding = Finding::at("dashboard/query-syntax", file, asked.text.locate(first.span), message);
    Some(match first.help {
        Some(help) => finding.help(help),
        None => finding,
    })
}

/// `$name`, `${name}` or `[[name]]`, outside of which `$` only ends a regular expression.
fn has_variable(text: &str) -> bool {
    let named = |rest: &str| rest.starts_with('{') || rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    text.contains("[[") || text.match_indices('$').any(|(at, _)| named(&text[at + 1..]))
}

/// A panel that shows one metric whose unit is known, as a bare number.
fn unit(scope: &Scope, file: &File, panel: &Node) -> Option<Finding> {
    let shows_numbers =
        text(panel, "type").is_none_or(|kind| matches!(kind, "stat" | "gauge" | "timeseries" | "graph" | "bargauge" | "singlestat"));
    let said = panel.get("fieldConfig").and_then(|config| config.get("defaults")).is_some_and(|defaults| defaults.get("unit").is_some())
        || panel.get("yaxes").is_some()
        || panel.get("format").is_some();
    if !shows_numbers || said {
        return None;
    }
    let targets: Vec<&Node> = items(panel, "targets").collect();
    let [target] = targets.as_slice() else { return None };
    let expr = target.get("expr")?;
    let parsed = phoenix_promql::parse(expr.text()?).into_result().ok()?;
    let names = metric_names(&parsed);
    let [name] = names.as_slice() else { return None };
    // What a function makes of it may have another unit.
    if keeps_unit(&parsed) {
        let unit = scope.facts.metric(name).and_then(|metric| metric.unit).or_else(|| name.ends_with("_usd").then(|| "USD".to_owned()))?;
        let message = format!("the panel `{}` shows `{name}`, which is in {unit}, as a bare number", text(panel, "title").unwrap_or(""));
        let finding = Finding::at("dashboard/no-unit", file, expr.span, message);
        let grafanas = GRAFANAS.iter().find(|(ours, _)| *ours == unit);
        let fix = grafanas
            .filter(|_| panel.get("fieldConfig").is_none())
            .and_then(|(_, unit)| with_key(file, panel, &format!("\"fieldConfig\": {{\"defaults\": {{\"unit\": \"{unit}\"}}}}")));
        return Some(finding.help("set `fieldConfig.defaults.unit`").fix(fix));
    }
    None
}

/// Units, and what Grafana calls them.
const GRAFANAS: [(&str, &str); 7] = [
    ("seconds", "s"),
    ("milliseconds", "ms"),
    ("bytes", "bytes"),
    ("ratio", "percentunit"),
    ("celsius", "celsius"),
    ("volts", "volt"),
    ("USD", "currencyUSD"),
];

/// The dashboard alone, when what stands beside it is only for the call.
fn unwrapped(tree: &Node) -> Option<Fix> {
    const OF_THE_CALL: [&str; 7] = ["dashboard", "overwrite", "folderId", "folderUid", "message", "meta", "inputs"];
    let inner = tree.get("dashboard")?;
    let only = tree.entries().iter().all(|(key, _)| key.text().is_some_and(|key| OF_THE_CALL.contains(&key)));
    let edit = |start: usize, end: usize| Edit { span: Span::new(start, end), text: String::new() };
    let edits = vec![edit(tree.span.start, inner.span.start), edit(inner.span.end, tree.span.end)];
    only.then(|| Fix { title: "leave the dashboard alone".to_owned(), edits })
}

/// Another key at the beginning of a mapping in JSON.
fn with_key(file: &File, node: &Node, key: &str) -> Option<Fix> {
    let rest = file.source.text.get(node.span.start..)?.strip_prefix('{')?;
    let space = &rest[..rest.len() - rest.trim_start().len()];
    let at = node.span.start + 1;
    let edits = vec![Edit { span: Span::new(at, at), text: format!("{space}{key},") }];
    Some(Fix { title: format!("add {key}"), edits })
}

/// Whether the value of an expression has the unit of the series that it reads.
fn keeps_unit(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Selector(_) => true,
        ExprKind::Paren(inner) => keeps_unit(inner),
        ExprKind::Aggregate(aggregate) => {
            let keeps =
                matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg | AggregateOp::Min | AggregateOp::Max | AggregateOp::Topk);
            keeps && keeps_unit(&aggregate.expr)
        }
        _ => false,
    }
}
