//! Alerts that fall silent when what they watch is gone.

use crate::checks::Scope;
use crate::checks::walk::{called, selector, with_ancestors};
use crate::finding::{Edit, Finding, Fix};
use crate::project::{FileKind, Project, Query};
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{MatchOp, Matcher, Severity, Span};
use phoenix_promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind, Selector};
use phoenix_yaml::Node;

pub(in crate::checks) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    if query.alert().is_some() {
        found.extend(up_is_zero(scope, query));
        found.extend(other(scope, query));
    }
}

/// `up{job="x"} == 0` without anything that asks whether there is an `up` at all.
fn up_is_zero(scope: &Scope, query: &Query) -> Option<Finding> {
    let ExprKind::Binary(binary) = &query.expr.without_parens().kind else { return None };
    let ExprKind::Selector(up) = &binary.lhs.without_parens().kind else { return None };
    let zero = super::super::unit::constant(&binary.rhs) == Some(0.0) || super::super::unit::constant(&binary.rhs) == Some(1.0);
    let down = matches!(binary.op, BinaryOp::Equal | BinaryOp::NotEqual | BinaryOp::Less | BinaryOp::LessOrEqual);
    if up.name.as_deref() != Some("up") || !zero || !down {
        return None;
    }
    let fixed: Vec<&Matcher> = up.matchers.iter().filter(|m| m.op == MatchOp::Equal && m.name != METRIC_NAME).collect();
    let job = fixed.iter().find(|matcher| matcher.name == "job")?;
    if watched(scope.project, &job.value) || is_static(scope.project, &job.value) {
        return None;
    }
    let shown = query.shown(binary.lhs.span).to_owned();
    let message = format!("when no target of `{}` is left there is no `up`, and the alert is silent", job.value);
    let finding = Finding::at("alerts/up-without-absent", query.file, query.locate(query.expr.span), message);
    let end = query.locate(Span::new(query.expr.span.end - 1, query.expr.span.end)).end;
    let wrapped = query.text.edit(Span::new(query.expr.span.end, query.expr.span.end), " or absent()").is_some();
    let edits = vec![Edit { span: Span::new(end, end), text: format!(" or absent({shown})") }];
    // In a scalar with quotes the selector's own quotes would have to be escaped.
    let plain = query.file.source.text.get(query.locate(binary.lhs.span).start..query.locate(binary.lhs.span).end) == Some(shown.as_str());
    let fix = (wrapped && plain).then(|| Fix { title: "fire when it is absent too".to_owned(), edits });
    // Targets that are listed stay when they are down, and without the configuration nobody knows.
    let discovered = scope.project.of_kind(FileKind::Prometheus).next().is_some();
    let level = if discovered { Severity::Warning } else { Severity::Info };
    Some(finding.level(level).help(format!("add `or absent({shown})`, or an alert of its own on it")).fix(fix))
}

/// Whether the targets of a job are written in the configuration, so that they stay when they are down.
fn is_static(project: &Project, job: &str) -> bool {
    let configs = project.of_kind(FileKind::Prometheus).filter_map(|file| file.tree.as_deref()?.get("scrape_configs"));
    let mut jobs = configs.flat_map(Node::items).filter(|config| config.get("job_name").and_then(Node::text) == Some(job)).peekable();
    let found = |config: &Node| config.entries().iter().any(|(key, _)| key.text().is_some_and(|key| key.ends_with("_sd_configs")));
    jobs.peek().is_some() && jobs.all(|config| !found(config))
}

/// Whether any alert fires when a job has no targets: `absent` of its series, or a count that is compared.
fn watched(project: &Project, job: &str) -> bool {
    let of_job = |inner: &Selector| inner.matchers.iter().any(|m| m.name == "job" && m.matches(job));
    project.queries().filter(|query| query.alert().is_some()).any(|query| {
        let mut asks = false;
        with_ancestors(query.expr, &mut |expr, around| {
            if !selector(expr).is_some_and(of_job) {
                return;
            }
            let absent = around.iter().any(|outer| called(outer).is_some_and(|name| name.starts_with("absent")));
            let defaulted =
                around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(b) if matches!(b.op, BinaryOp::Or | BinaryOp::Unless)));
            asks |= absent || defaulted;
        });
        asks
    })
}

/// Other alerts on the state of one exporter's metric.
fn other(scope: &Scope, query: &Query) -> Option<Finding> {
    let mut optional = false;
    let mut counted = false;
    query.expr.walk(&mut |expr: &Expr| match &expr.kind {
        ExprKind::Call(call) => optional |= call.function.name.starts_with("absent"),
        ExprKind::Binary(binary) => optional |= matches!(binary.op, BinaryOp::Or | BinaryOp::Unless),
        ExprKind::Aggregate(aggregate) => counted |= matches!(aggregate.op, AggregateOp::Count),
        _ => {}
    });
    let used = phoenix_promql::analysis::selectors(query.expr);
    let first = used.first()?;
    let name = first.selector.name.as_deref()?;
    let exporter = scope
        .facts
        .exporter_of(name)
        .filter(|exporter| !["scrape", "node", "cadvisor", "kube_state_metrics", "phoenix"].contains(exporter))?;
    let absent = scope.project.queries().filter(|query| query.alert().is_some()).any(|other| {
        let mut asks = false;
        with_ancestors(other.expr, &mut |expr, around| {
            let same =
                selector(expr).and_then(|inner| inner.name.as_deref()).and_then(|name| scope.facts.exporter_of(name)) == Some(exporter);
            asks |= same && around.iter().any(|outer| called(outer).is_some_and(|name| name.starts_with("absent")));
        });
        asks
    });
    if optional || counted || absent {
        return None;
    }
    let message = format!("when the {exporter} exporter is gone there is no `{name}`, and the alert is silent");
    let help = format!("add one alert that fires then, such as `absent({name})`");
    Some(Finding::at("alerts/silent-when-absent", query.file, query.locate(first.span), message).help(help))
}
