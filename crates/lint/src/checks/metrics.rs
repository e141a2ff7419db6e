//! Metrics that do not exist, and what is known of single ones.

use super::Scope;
use super::walk::{aggregates, selector, with_ancestors};
use crate::finding::{Finding, Fix, RestsOn};
use crate::project::Query;
use phoenix_model::suggest::nearest;
use phoenix_model::{MatchOp, Severity, Span};
use phoenix_promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind, Selector, ValueType};

pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    with_ancestors(query.expr, &mut |expr, around| {
        let Some(inner) = selector(expr) else { return };
        let Some(name) = inner.name.as_deref() else { return };
        found.extend(unknown(scope, query, expr, name, around));
        found.extend(no_series(scope, query, expr, inner, name, around));
        found.extend(cadvisor(query, expr, inner, name, around));
        found.extend(mixed_units(query, expr, inner, name, around));
        if name == "container_memory_usage_bytes" && query.alert().is_some() {
            let message = "`container_memory_usage_bytes` holds the page cache, which the kernel gives back when memory is short";
            let help = "`container_memory_working_set_bytes` is what the limit is compared with";
            let name_span = Span::new(expr.span.start, expr.span.start + name.len());
            let fix = query.replace(name_span, "container_memory_working_set_bytes", "read what the limit is compared with");
            let finding = Finding::at("promql/misleading-metric", query.file, query.locate(expr.span), message).help(help);
            found.push(finding.fix(fix.filter(|_| query.shown(name_span) == name)));
        }
        let bare = inner.matchers.iter().all(|matcher| matcher.name == phoenix_model::labels::METRIC_NAME);
        if bare && name.starts_with("container_") && !around.iter().any(|outer| joins(outer)) {
            let message = format!("`{name}` is read of everything in the cluster");
            let help = "name the namespace, the pods or the containers";
            found.push(Finding::at("promql/selector-without-matchers", query.file, query.locate(expr.span), message).help(help));
        }
    });
}

fn joins(expr: &Expr) -> bool {
    let vector = |side: &Expr| side.value_type() == ValueType::Vector;
    matches!(&expr.kind, ExprKind::Binary(binary) if vector(&binary.lhs) && vector(&binary.rhs))
}

/// What `ALERTS` and the like are, which the server itself writes.
const OF_THE_SERVER: [&str; 3] = ["ALERTS", "ALERTS_FOR_STATE", "up"];

fn unknown(scope: &Scope, query: &Query, expr: &Expr, name: &str, around: &[&Expr]) -> Option<Finding> {
    let facts = scope.facts;
    // Whoever asks whether it is absent, or offers another, knows.
    let optional = around.iter().any(|outer| {
        super::walk::called(outer).is_some_and(|name| name.starts_with("absent"))
            || matches!(&outer.kind, ExprKind::Binary(binary) if binary.op == BinaryOp::Or)
    });
    if OF_THE_SERVER.contains(&name) || facts.is_recorded(name) || optional {
        return None;
    }
    let name_span = Span::new(expr.span.start, expr.span.start + name.len());
    let rename = |near: &str| {
        let edits: Vec<_> = query.text.edit(name_span, near).into_iter().collect();
        (query.shown(name_span) == name && !edits.is_empty()).then(|| Fix { title: format!("read `{near}`"), edits })
    };
    let at = |message: String| Finding::at("promql/unknown-metric", query.file, query.locate(expr.span), message);
    match facts.exists(name) {
        Some(true) => return None,
        Some(false) => {
            let finding = at(format!("the server has no series of `{name}`")).rests_on(RestsOn::Server);
            let near = nearest(name, facts.server_names());
            return Some(match near {
                // A name that is only close may be another metric: `--fix` mends what lacks a known ending.
                Some(near) if near.starts_with(name) => finding.help(format!("did you mean `{near}`?")).fix(rename(near)),
                Some(near) => finding.help(format!("did you mean `{near}`?")),
                None => finding.help("no target exports it, or not yet"),
            });
        }
        None => {}
    }
    if let Some((entry, now)) = facts.catalogue().entry(name).and_then(|(entry, _)| Some((entry, entry.now()?))) {
        let message = format!("`{name}` is a name of older versions of {}", entry.exporter);
        let finding = at(message).rests_on(RestsOn::Catalogue).level(Severity::Info);
        return Some(finding.help(format!("it is called `{now}` now")));
    }
    if facts.metric(name).is_some_and(|metric| metric.rests_on != RestsOn::Naming) {
        return None;
    }
    let surely = facts.catalogue().unknown_to(name);
    let finding = match surely {
        Some(exporter) => at(format!("`{name}` is no metric of {exporter}")).rests_on(RestsOn::Catalogue),
        None => at(format!("`{name}` is neither recorded here nor a metric of a known exporter")).rests_on(RestsOn::Naming),
    };
    let similar = facts.catalogue().similar(name, 3);
    Some(if similar.is_empty() {
        finding.help("`--against URL` asks a server")
    } else {
        finding.help(format!("there is `{}`", similar.join("`, `")))
    })
}

/// The metric is there, and no series of it has these labels.
fn no_series(scope: &Scope, query: &Query, expr: &Expr, inner: &Selector, name: &str, around: &[&Expr]) -> Option<Finding> {
    let server = scope.facts.server?;
    let narrowed = inner.matchers.iter().any(|matcher| matcher.name != phoenix_model::labels::METRIC_NAME);
    let optional = around.iter().any(|outer| {
        super::walk::called(outer).is_some_and(|name| name.starts_with("absent"))
            || matches!(&outer.kind, ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::Or | BinaryOp::Unless))
    });
    if scope.facts.exists(name) != Some(true) || !narrowed || optional || OF_THE_SERVER[..2].contains(&name) {
        return None;
    }
    let bare = Selector { time: phoenix_promql::ast::TimeShift::default(), ..inner.clone() };
    if server.series(&bare.to_string())? > 0 {
        return None;
    }
    // Which of the matchers is too much.
    let culprit = inner.matchers.iter().zip(&inner.matcher_spans).find(|(matcher, _)| {
        let alone = matcher.name != phoenix_model::labels::METRIC_NAME;
        alone && server.series(&format!("{name}{{{}}}", phoenix_promql::format::matcher(matcher))) == Some(0)
    });
    let (span, message) = match culprit {
        Some((matcher, span)) => (*span, format!("the server has `{name}`, and none of its series has `{matcher}`")),
        None => (expr.span, format!("the server has `{name}`, and none of its series has all of these labels")),
    };
    let help = match culprit.and_then(|(matcher, _)| Some((matcher, server.label_names(name)?))) {
        Some((matcher, labels)) if !labels.contains(&matcher.name) => {
            let labels: Vec<&str> =
                labels.iter().map(String::as_str).filter(|label| *label != phoenix_model::labels::METRIC_NAME).collect();
            format!("it has no label `{}`, but `{}`", matcher.name, labels.join("`, `"))
        }
        _ => "a label that comes with the first event, such as that of an error, is no mistake: give it a zero with `or`".to_owned(),
    };
    let finding = Finding::at("promql/no-series", query.file, query.locate(span), message).help(help);
    Some(finding.rests_on(RestsOn::Server))
}

/// cAdvisor gives the sums of pods and nodes, and pause containers, beside the containers.
fn cadvisor(query: &Query, expr: &Expr, inner: &Selector, name: &str, around: &[&Expr]) -> Option<Finding> {
    let about = [
        "container_cpu_usage_seconds_total",
        "container_memory_usage_bytes",
        "container_memory_working_set_bytes",
        "container_memory_rss",
        "container_memory_cache",
    ];
    if !about.contains(&name) {
        return None;
    }
    let tells_apart = ["container", "container_name", "image", "name", "id"];
    if inner.matchers.iter().any(|matcher| tells_apart.contains(&matcher.name.as_str())) {
        return None;
    }
    // Grouped by container the doubles are in groups of their own; joined with another metric they may fall away.
    let grouped = around.iter().any(|outer| match &outer.kind {
        ExprKind::Aggregate(aggregate) => {
            aggregate.grouping.as_ref().is_some_and(|g| !g.without && g.labels.iter().any(|l| tells_apart.contains(&l.as_str())))
        }
        ExprKind::Binary(binary) => binary.op.is_set(),
        _ => false,
    });
    if grouped {
        return None;
    }
    let summed = around.iter().any(|outer| aggregates(outer));
    let message = if summed {
        format!(
            "`{name}` is summed with the sums of pods and nodes that cAdvisor gives beside the containers: each is counted more than once"
        )
    } else {
        format!("`{name}` is also that of the pod and of its pause container: one container gives several series")
    };
    let help = "add `container!=\"\", container!=\"POD\"`, or `image!=\"\"`";
    let finding = Finding::at("promql/cadvisor-duplicates", query.file, query.locate(expr.span), message).help(help);
    Some(finding.rests_on(RestsOn::Catalogue).fix(containers_only(query, inner, around)))
}

/// Matchers that leave the containers themselves. Outside of Kubernetes containers have no label `container`, so that
/// something has to speak of pods.
fn containers_only(query: &Query, inner: &Selector, around: &[&Expr]) -> Option<Fix> {
    let of_pods = |label: &str| ["pod", "namespace", "pod_name"].contains(&label);
    let grouped = around.iter().any(|outer| match &outer.kind {
        ExprKind::Aggregate(aggregate) => {
            aggregate.grouping.as_ref().is_some_and(|g| !g.without && g.labels.iter().any(|label| of_pods(label)))
        }
        _ => false,
    });
    let (last, span) = inner.matchers.iter().zip(&inner.matcher_spans).max_by_key(|(_, span)| span.end)?;
    if !grouped && !inner.matchers.iter().any(|matcher| of_pods(&matcher.name)) {
        return None;
    }
    let bare = last.name == phoenix_model::labels::METRIC_NAME;
    let at = Span::new(span.end, span.end);
    // Empty braces, or a name within braces, are nothing that people write.
    if bare && query.text.value[span.end..].trim_start().starts_with(['{', '}']) {
        return None;
    }
    let matchers = "container!=\"\", container!=\"POD\"";
    let text = if bare { format!("{{{matchers}}}") } else { format!(", {matchers}") };
    query.replace(at, &text, "leave the containers themselves")
}

/// Metrics whose label `resource` tells cores from bytes.
const BY_RESOURCE: [&str; 9] = [
    "kube_pod_container_resource_requests",
    "kube_pod_container_resource_limits",
    "kube_pod_init_container_resource_requests",
    "kube_pod_init_container_resource_limits",
    "kube_node_status_capacity",
    "kube_node_status_allocatable",
    "kube_resourcequota",
    "kube_limitrange",
    "phoenix_collector_resource_usage",
];

fn mixed_units(query: &Query, expr: &Expr, inner: &Selector, name: &str, around: &[&Expr]) -> Option<Finding> {
    if !BY_RESOURCE.contains(&name) {
        return None;
    }
    let tells = ["resource", "unit"];
    let pinned = inner.matchers.iter().any(|m| tells.contains(&m.name.as_str()) && matches!(m.op, MatchOp::Equal | MatchOp::Regex));
    let aggregate = around.iter().rev().find_map(|outer| match &outer.kind {
        ExprKind::Aggregate(aggregate) => Some(aggregate),
        _ => None,
    })?;
    let kept = aggregate.grouping.as_ref().is_some_and(|g| g.without != g.labels.iter().any(|label| tells.contains(&label.as_str())));
    // A ratio of used to hard within one resource, or anything that is matched first, keeps them apart.
    let joined = around.iter().any(|outer| matches!(&outer.kind, ExprKind::Binary(binary) if binary.op.is_set()));
    if pinned || kept || joined || !matches!(aggregate.op, AggregateOp::Sum | AggregateOp::Avg | AggregateOp::Max | AggregateOp::Min) {
        return None;
    }
    let message = format!("`{}` of `{name}` adds cores to bytes: its label `resource` tells them apart", aggregate.op.as_str());
    let help = "choose one with `resource=\"cpu\"`, or group by `resource`";
    Some(Finding::at("promql/mixed-units", query.file, query.locate(expr.span), message).help(help).rests_on(RestsOn::Catalogue))
}
