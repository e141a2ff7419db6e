//! Alerts on an indicator that let its objective be missed.

use super::{Objective, percent, watches_budgets};
use crate::checks::Scope;
use crate::checks::keys::text;
use crate::checks::unit::constant;
use crate::checks::walk::selector;
use crate::finding::{Finding, RestsOn};
use crate::project::{File, Query, Rule};
use phoenix_model::{Span, format_duration};
use phoenix_promql::Expr;
use phoenix_promql::ast::{BinaryOp, ExprKind};
use std::time::Duration;

/// An alert that compares an indicator with a number.
struct Watch<'a> {
    file: &'a File,
    rule: &'a Rule,
    span: Span,
    /// From which share of bad events on it fires.
    bad: f64,
}

pub(super) fn check(scope: &Scope, objectives: &[Objective], found: &mut Vec<Finding>) {
    // Alerts on how fast budgets are spent are what watches them; others may say something else.
    if objectives.is_empty() || watches_budgets(scope) {
        return;
    }
    let queries: Vec<Query> = scope.project.queries().filter(|query| query.alert().is_some()).collect();
    for objective in objectives {
        let indicators: Vec<String> = [text(objective.node, "sli").and_then(written), ratio(objective)].into_iter().flatten().collect();
        let watches: Vec<Watch> = queries.iter().filter_map(|query| watch(query, &indicators)).collect();
        let Some(first) = watches.iter().min_by(|a, b| a.bad.total_cmp(&b.bad)) else { continue };
        let name = objective.name;
        // Room for what is only rounded.
        if first.bad > objective.budget() * 1.01 {
            let message = format!(
                "`{name}` allows {} to be bad, and `{}` fires from {} on: what lies between spends the budget unseen",
                percent(objective.budget()),
                first.rule.name.value,
                percent(first.bad)
            );
            let finding = Finding::at("slo/alert-misses-objective", first.file, first.span, message).rests_on(RestsOn::Project);
            found.push(
                finding.help("alert on how fast the budget is spent: 14.4 times over 1h and 5m, 6 times over 6h and 30m, once over 3d"),
            );
        }
        let slowest = watches.iter().filter_map(|watch| Some((watch.rule.hold?, watch))).min_by_key(|(hold, _)| *hold);
        if let Some((hold, watch)) = slowest.filter(|_| watches.iter().all(|watch| watch.rule.hold.is_some()))
            && let Some(window) = objective.window
        {
            let spent = Duration::from_secs_f64((window.as_secs_f64() * objective.budget()).round());
            if hold > spent {
                let message = format!(
                    "an outage spends the budget of `{name}` in {}, and `{}` waits for {}",
                    format_duration(spent),
                    watch.rule.name.value,
                    format_duration(hold)
                );
                let span = watch.rule.hold_span.unwrap_or(watch.span);
                let finding = Finding::at("slo/alert-misses-objective", watch.file, span, message).rests_on(RestsOn::Project);
                found.push(finding.help("wait for a small part of that"));
            }
        }
    }
}

/// As the formatter writes it, so that texts can be compared.
fn written(text: &str) -> Option<String> {
    Some(shown(&phoenix_promql::parse(text).into_result().ok()?))
}

fn shown(expr: &Expr) -> String {
    expr.without_parens().to_string().split_whitespace().collect::<Vec<_>>().join(" ")
}

fn ratio(objective: &Objective) -> Option<String> {
    let (good, total) = (text(objective.node, "good")?, text(objective.node, "total")?);
    written(&format!("{good} / {total}"))
}

/// An alert whose one comparison is of an indicator with a number.
fn watch<'a>(query: &Query<'a>, indicators: &[String]) -> Option<Watch<'a>> {
    let (_, rule) = query.rule?;
    let ExprKind::Binary(binary) = &query.expr.without_parens().kind else { return None };
    let number = constant(&binary.rhs)?;
    let is = |expr: &Expr| {
        let plain = selector(expr.without_parens()).is_none_or(|inner| inner.matchers.len() <= 1);
        plain && indicators.contains(&shown(expr))
    };
    let bad = match (binary.op, &binary.lhs.without_parens().kind) {
        (BinaryOp::Less | BinaryOp::LessOrEqual, _) if is(&binary.lhs) => 1.0 - number,
        (BinaryOp::Greater | BinaryOp::GreaterOrEqual, ExprKind::Binary(inner))
            if inner.op == BinaryOp::Sub && constant(&inner.lhs) == Some(1.0) && is(&inner.rhs) =>
        {
            number
        }
        _ => return None,
    };
    let span = query.locate(query.expr.span);
    (0.0..1.0).contains(&bad).then_some(Watch { file: query.file, rule, span, bad })
}
