//! Indicators that cannot be counted over a window.

use crate::checks::Scope;
use crate::checks::keys::{items, text};
use crate::checks::walk::{called, selector};
use crate::finding::{Finding, RestsOn};
use crate::project::FileKind;
use phoenix_model::Severity;
use phoenix_promql::Expr;
use phoenix_promql::ast::{AggregateOp, BinaryOp, ExprKind};

const HELP: &str = "count the requests that are fast enough: `sum(rate(…_bucket{le=\"0.1\"}[5m])) / sum(rate(…_count[5m]))`";

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let mut named: Vec<&str> = Vec::new();
    for file in scope.project.of_kind(FileKind::Slos) {
        let Some(tree) = file.tree.as_deref() else { continue };
        for slo in items(tree, "slos") {
            for key in ["sli", "good", "total"] {
                let Some(node) = slo.get(key) else { continue };
                let Some(expr) = node.text().and_then(|text| phoenix_promql::parse(text).into_result().ok()) else { continue };
                let recorded = selector(expr.without_parens()).and_then(|inner| inner.name.as_deref());
                let by_rule = recorded.and_then(|name| {
                    scope
                        .project
                        .rules()
                        .find(|(_, _, rule)| !rule.is_alert && rule.name.value == name && rule.parsed.as_ref().is_some_and(is_quantile))
                });
                let what = match (is_quantile(&expr), by_rule) {
                    (true, _) => "is a quantile".to_owned(),
                    (false, Some((_, _, rule))) => {
                        named.push(rule.name.value.as_str());
                        format!("is recorded as `{}`, which is a quantile", rule.name.value)
                    }
                    (false, None) => continue,
                };
                let basis = if by_rule.is_some() { RestsOn::Project } else { RestsOn::Text };
                let name = text(slo, "name").unwrap_or("");
                let message = format!("`{name}`: `{key}` {what}, and quantiles cannot be counted over a window");
                found.push(Finding::at("slo/quantile-as-sli", file, node.span, message).help(HELP).rests_on(basis));
            }
        }
    }
    // What is recorded as an indicator says so in its name.
    for (file, _, rule) in scope.project.rules().filter(|(_, _, rule)| !rule.is_alert && !named.contains(&rule.name.value.as_str())) {
        let says = rule.name.value.split([':', '_']).any(|word| word.eq_ignore_ascii_case("sli"));
        if says && rule.parsed.as_ref().is_some_and(is_quantile) {
            let message = format!("`{}` is a quantile, and quantiles cannot be counted over a window", rule.name.value);
            let finding = Finding::at("slo/quantile-as-sli", file, rule.name.span, message).help(HELP);
            found.push(finding.rests_on(RestsOn::Naming).level(Severity::Info));
        }
    }
}

/// Whether the value is that of a quantile; one that is compared with a bound counts moments that are good.
fn is_quantile(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) | ExprKind::Unary(_, inner) => is_quantile(inner),
        ExprKind::Selector(inner) => inner.matchers.iter().any(|matcher| matcher.name == "quantile" && !matcher.matches_empty()),
        ExprKind::Call(call) => {
            let of_quantiles = || call.args.iter().any(is_quantile);
            matches!(called(expr), Some("histogram_quantile" | "quantile_over_time")) || of_quantiles()
        }
        ExprKind::Aggregate(aggregate) => {
            aggregate.op == AggregateOp::Quantile
                || matches!(aggregate.op, AggregateOp::Avg | AggregateOp::Max | AggregateOp::Min | AggregateOp::Sum)
                    && is_quantile(&aggregate.expr)
        }
        ExprKind::Binary(binary) => {
            matches!(binary.op, BinaryOp::Mul | BinaryOp::Div | BinaryOp::Sub | BinaryOp::Add)
                && (is_quantile(&binary.lhs) || is_quantile(&binary.rhs))
        }
        _ => false,
    }
}
