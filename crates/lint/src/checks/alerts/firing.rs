//! Alerts that fire for everything, or never.

use crate::checks::unit::constant;
use crate::checks::walk::selector;
use crate::checks::{Scope, is_constant};
use crate::finding::{Edit, Finding, Fix, RestsOn};
use crate::project::Query;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{Severity, Span};
use phoenix_promql::ast::{AggregateOp, Binary, BinaryOp, Expr, ExprKind, ValueType};

pub(in crate::checks) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    if query.alert().is_none() {
        return;
    }
    found.extend(always(scope, query));
    query.expr.walk(&mut |expr| {
        if let ExprKind::Binary(binary) = &expr.kind {
            found.extend(impossible(query, binary));
        }
    });
    found.extend(event(query));
}

/// Nothing is compared: the alert fires for each series that is there.
fn always(scope: &Scope, query: &Query) -> Option<Finding> {
    if is_constant(query.expr) {
        return None;
    }
    if let ExprKind::Binary(binary) = &query.expr.without_parens().kind
        && binary.returns_bool
        && binary.op.is_comparison()
    {
        let message = "with `bool` the comparison gives 0 or 1 for each series, and the alert fires for both";
        let text = query.shown(Span::new(binary.op_span.end, binary.rhs.span.start));
        let edits: Vec<Edit> = text
            .find("bool")
            .and_then(|_| {
                let from = binary.op_span.end + query.text.value[binary.op_span.end..].find("bool")?;
                let spaces = query.text.value[from + 4..].len() - query.text.value[from + 4..].trim_start_matches(' ').len();
                query.text.edit(Span::new(from, from + 4 + spaces), "")
            })
            .into_iter()
            .collect();
        let fix = (!edits.is_empty()).then(|| Fix { title: "leave out `bool`".to_owned(), edits });
        return Some(
            Finding::at("alerts/always-fires", query.file, query.locate(binary.op_span), message).help("leave out `bool`").fix(fix),
        );
    }
    let mut decides = false;
    let mut unknown = false;
    query.expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Binary(binary) => decides |= binary.op.is_comparison() || binary.op.is_set(),
        ExprKind::Call(call) => decides |= call.function.name.starts_with("absent"),
        ExprKind::Aggregate(aggregate) => decides |= matches!(aggregate.op, AggregateOp::Topk | AggregateOp::Bottomk),
        _ => {
            if let Some(inner) = selector(expr) {
                // A recording rule may compare; `ALERTS` has series of what fires only.
                let name = inner.name.as_deref().unwrap_or("");
                unknown |= name.is_empty() || name.starts_with("ALERTS") || name.contains(':') || scope.facts.is_recorded(name);
            }
        }
    });
    if decides || unknown || query.expr.value_type() != ValueType::Vector {
        return None;
    }
    let message = "nothing is compared: the alert fires for each series that is there, whatever its value";
    let finding = Finding::at("alerts/always-fires", query.file, query.locate(query.expr.span), message);
    // Some metrics are there only when something is wrong, which their labels say.
    let presence = selector(query.expr.without_parens()).is_some_and(|inner| inner.matchers.iter().any(|m| m.name != METRIC_NAME));
    let level = if presence { Severity::Info } else { Severity::Warning };
    Some(finding.help("compare with what is too much: `… > N`").level(level))
}

/// Metrics that are 0 or 1.
const BOOLEAN: [&str; 9] = [
    "up",
    "probe_success",
    "pg_up",
    "mysql_up",
    "redis_up",
    "kube_node_status_condition",
    "kube_pod_status_ready",
    "kube_pod_status_phase",
    "node_filesystem_readonly",
];

/// A comparison that no value of the metric passes.
fn impossible(query: &Query, binary: &Binary) -> Option<Finding> {
    let number = constant(&binary.rhs)?;
    if binary.returns_bool {
        return None;
    }
    let left = binary.lhs.without_parens();
    let (low, high, what) = bounds(left)?;
    let never = match binary.op {
        BinaryOp::Greater => number >= high,
        BinaryOp::GreaterOrEqual => number > high,
        BinaryOp::Less => number <= low,
        BinaryOp::LessOrEqual => number < low,
        BinaryOp::Equal => number < low || number > high,
        _ => false,
    };
    never.then(|| {
        let message = format!("{what} is never {} {number}", binary.op.as_str());
        let finding = Finding::at("alerts/never-fires", query.file, query.locate(binary.lhs.span.to(binary.rhs.span)), message);
        finding.rests_on(RestsOn::Text)
    })
}

/// What values an expression can have.
fn bounds(expr: &Expr) -> Option<(f64, f64, String)> {
    match &expr.kind {
        ExprKind::Selector(inner) => {
            let name = inner.name.as_deref().filter(|name| BOOLEAN.contains(name))?;
            Some((0.0, 1.0, format!("`{name}`, which is 0 or 1,")))
        }
        ExprKind::Aggregate(aggregate) => match aggregate.op {
            AggregateOp::Count => Some((1.0, f64::INFINITY, "a `count`, which is at least 1 where there is one,".to_owned())),
            AggregateOp::Avg | AggregateOp::Min | AggregateOp::Max => bounds(aggregate.expr.without_parens()),
            _ => None,
        },
        ExprKind::Call(call) => match call.function.name {
            "rate" | "irate" | "increase" | "changes" | "resets" | "abs" => {
                Some((0.0, f64::INFINITY, format!("`{}`, which is never below 0,", call.function.name)))
            }
            "absent" | "absent_over_time" => Some((1.0, 1.0, format!("`{}`, which is 1,", call.function.name))),
            "avg_over_time" | "min_over_time" | "max_over_time" | "last_over_time" => match &call.args.first()?.kind {
                ExprKind::Range(range) => {
                    let name = range.selector.name.as_deref().filter(|name| BOOLEAN.contains(name))?;
                    Some((0.0, 1.0, format!("`{name}`, which is 0 or 1,")))
                }
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// Something that happened is told as if it were a state.
fn event(query: &Query) -> Option<Finding> {
    let rule = query.alert()?;
    let ExprKind::Binary(binary) = &query.expr.without_parens().kind else { return None };
    let ExprKind::Call(call) = &binary.lhs.without_parens().kind else { return None };
    let once = call.function.name == "changes" && binary.op == BinaryOp::Greater && constant(&binary.rhs) == Some(0.0);
    (once && rule.hold.is_none_or(|hold| hold.is_zero())).then(|| {
        let message = "a single change fires, and the alert resolves by itself when the range has passed: nobody can act on it";
        let help = "alert on the state that is wrong; show changes as annotations on a dashboard";
        Finding::at("alerts/event-not-state", query.file, query.locate(query.expr.span), message).help(help)
    })
}
