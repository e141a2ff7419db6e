//! Expressions whose result changes, or is lost, without anything having changed.

use super::Scope;
use super::walk::{aggregates, is_rate, selector, with_ancestors};
use crate::finding::Finding;
use crate::project::Query;
use phoenix_model::Severity;
use phoenix_promql::ast::{AggregateOp, BinaryOp, Expr, ExprKind};

pub(super) fn check(_scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    with_ancestors(query.expr, &mut |expr, around| match &expr.kind {
        ExprKind::Aggregate(_) => found.extend(few_of_many(query, expr, around)),
        ExprKind::Binary(binary) if binary.op == BinaryOp::Div => found.extend(not_a_number(query, &binary.rhs, around)),
        _ => {}
    });
}

/// The first few of many, as the series of a rule: which they are differs from evaluation to evaluation.
fn few_of_many(query: &Query, expr: &Expr, around: &[&Expr]) -> Option<Finding> {
    let (_, rule) = query.rule?;
    let ExprKind::Aggregate(aggregate) = &expr.kind else { return None };
    let chooses = matches!(aggregate.op, AggregateOp::Topk | AggregateOp::Bottomk | AggregateOp::Limitk | AggregateOp::LimitRatio);
    // An aggregation around it has the same series each time; a join may be what adds the labels of one of them.
    let hidden = around.iter().any(|outer| match &outer.kind {
        ExprKind::Binary(binary) => binary.op.is_set() || binary.matching.on || !binary.matching.labels.is_empty(),
        ExprKind::Call(call) => matches!(call.function.name, "scalar" | "absent"),
        _ => aggregates(outer),
    });
    if !chooses || hidden {
        return None;
    }
    let what = if rule.is_alert { "alerts come and go" } else { "series begin and end" };
    let name = aggregate.op.as_str();
    let message = format!("`{name}` gives other series at each evaluation: {what} though nothing has changed");
    let finding = Finding::at("promql/topk-in-rule", query.file, query.locate(expr.span), message);
    // An alert is about whatever passes the comparison.
    let fix = query.replace(expr.span, query.shown(aggregate.expr.span), format!("leave out `{name}`")).filter(|_| rule.is_alert);
    Some(finding.help("compare with what is too much, and look at the first few on a dashboard").fix(fix))
}

/// A quotient for each series, which are then added: one whose divisor is 0 makes the whole no number.
fn not_a_number(query: &Query, divisor: &Expr, around: &[&Expr]) -> Option<Finding> {
    // Only what stands still is 0 for sure at times.
    let ExprKind::Call(call) = &divisor.without_parens().kind else { return None };
    let inner = call.args.first().and_then(selector).filter(|_| is_rate(call.function.name))?;
    let mut nearest = around.iter().rev().filter(|outer| !matches!(outer.kind, ExprKind::Paren(_)));
    // A factor changes nothing, a comparison leaves out what is no number.
    let op = nearest.find_map(|outer| match &outer.kind {
        ExprKind::Aggregate(aggregate) => Some(Some(aggregate.op)),
        ExprKind::Binary(binary) if matches!(binary.op, BinaryOp::Mul | BinaryOp::Sub | BinaryOp::Add | BinaryOp::Div) => None,
        _ => Some(None),
    })??;
    if !matches!(op, AggregateOp::Sum | AggregateOp::Avg | AggregateOp::Stddev | AggregateOp::Stdvar) {
        return None;
    }
    let name = inner.name.as_deref().unwrap_or("the divisor");
    let message = format!("while `{name}` of one series stands still its quotient is no number, and so is the whole `{}`", op.as_str());
    let shown = query.shown(divisor.span);
    let fix = query.replace(divisor.span, &format!("({shown} > 0)"), "leave out what stands still");
    let finding = Finding::at("promql/nan-in-aggregate", query.file, query.locate(divisor.span), message);
    // A panel has a hole then; what is recorded or alerted on is lost.
    let level = if query.rule.is_some() { Severity::Warning } else { Severity::Info };
    let help = "sum both sides first and divide then, or divide by `(… > 0)`";
    Some(finding.level(level).help(help).fix(fix))
}
