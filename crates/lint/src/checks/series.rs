//! Expressions whose series an exporter tells apart by labels that nobody asks for.

use super::Scope;
use super::walk::{called, is_rate, selector, with_ancestors};
use crate::facts::Part;
use crate::finding::{Finding, RestsOn};
use crate::project::Query;
use phoenix_model::{MatchOp, Severity};
use phoenix_promql::ast::{BinaryOp, Expr, ExprKind, Selector};

/// By which labels series stand apart.
pub(super) struct Apart {
    labels: Vec<String>,
    /// Whether a text names some label, so that it is known to be about one of several.
    named: bool,
    pub(super) rests_on: RestsOn,
}

impl Apart {
    /// The labels in words.
    pub(super) fn words(&self) -> String {
        match self.labels.split_last() {
            None => "series".to_owned(),
            Some((last, [])) => format!("`{last}`"),
            Some((last, rest)) => format!("`{}` and `{last}`", rest.join("`, `")),
        }
    }

    /// Sure only where the labels are known.
    pub(super) fn level(&self) -> Severity {
        if self.labels.is_empty() || self.named { Severity::Info } else { Severity::Warning }
    }
}

/// By which labels the series of an expression that does not aggregate stand apart, unless the alert's texts name them.
pub(super) fn apart(scope: &Scope, query: &Query, expr: &Expr) -> Option<Apart> {
    let asked: Vec<String> = query.alert().map(super::labels_asked_for).unwrap_or_default();
    let used = phoenix_promql::analysis::selectors(expr);
    let first = used.first()?.selector;
    let metric = scope.facts.metric(first.name.as_deref()?);
    let labels = metric.and_then(|metric| metric.labels);
    let Some(labels) = labels else {
        return asked.iter().all(|label| super::is_of_target(label)).then(|| Apart {
            labels: Vec::new(),
            named: !asked.is_empty(),
            rests_on: RestsOn::Naming,
        });
    };
    let pinned = |label: &str| pins(first, label);
    let free: Vec<String> = labels.into_iter().filter(|label| !matches!(label.as_str(), "le" | "quantile") && !pinned(label)).collect();
    if free.is_empty() || free.iter().any(|label| asked.contains(label)) {
        return None;
    }
    Some(Apart { labels: free, named: !asked.is_empty(), rests_on: RestsOn::Catalogue })
}

/// Whether a selector leaves a label one value only.
fn pins(selector: &Selector, label: &str) -> bool {
    selector.matchers.iter().any(|matcher| matcher.name == label && matcher.op == MatchOp::Equal)
}

/// Alerts that compare the rate of each series of a counter with a number.
pub(super) fn thresholds(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    if query.alert().is_none() {
        return;
    }
    let mut alone: Option<(&Expr, &Selector, f64, BinaryOp)> = None;
    with_ancestors(query.expr, &mut |expr, around| {
        let ExprKind::Binary(binary) = &expr.kind else { return };
        let ExprKind::Number(number) = &binary.rhs.without_parens().kind else { return };
        let aggregated = around.iter().any(|outer| super::walk::aggregates(outer));
        if !matches!(binary.op, BinaryOp::Greater | BinaryOp::GreaterOrEqual) || number.value <= 0.0 || aggregated {
            return;
        }
        if let ExprKind::Call(call) = &binary.lhs.without_parens().kind
            && is_rate(call.function.name)
            && let Some(inner) = call.args.first().and_then(selector)
        {
            alone = alone.or(Some((expr, inner, number.value, binary.op)));
        }
    });
    let Some((expr, inner, value, _)) = alone else { return };
    let seconds = inner.name.as_deref().is_some_and(|name| name.contains("_seconds"));
    let whole = scope.facts.metric(inner.name.as_deref().unwrap_or("")).is_none_or(|metric| metric.part != Part::Bucket);
    if let Some(apart) = apart(scope, query, expr).filter(|_| !seconds && whole) {
        let message = format!("the threshold {value} is for each {} alone, and no text names them", apart.words());
        let help = "sum what belongs together: `sum by (…) (rate(…)) > N`, or name the labels in the texts";
        let finding = Finding::at("promql/threshold-per-series", query.file, query.locate(expr.span), message).help(help);
        found.push(finding.level(apart.level()).rests_on(apart.rests_on));
    }
}

/// An alert for each series of one metric, whose texts name none of them.
pub(super) fn unnamed(query: &Query, found: &mut Vec<Finding>) {
    let Some(rule) = query.alert().filter(|rule| !rule.annotations.is_empty()) else { return };
    let ExprKind::Binary(binary) = &query.expr.without_parens().kind else { return };
    let mut texts = rule.templates().map(|(_, text)| text.value.as_str());
    let named = texts.any(|text| text.contains("{{") && (text.contains("abels") || text.contains("query")));
    if binary.op.is_comparison() && selector(binary.lhs.without_parens()).is_some() && !named {
        let message = "each series alone fires, and the texts speak of all of them";
        let help = "aggregate when it is about all, or name the labels in the texts";
        let finding = Finding::at("promql/threshold-per-series", query.file, query.locate(query.expr.span), message).help(help);
        found.push(finding.level(Severity::Info));
    }
}

/// A ratio of two plain selectors or rates: one for each series.
pub(super) fn ratios(query: &Query, found: &mut Vec<Finding>) {
    query.expr.walk(&mut |expr| {
        let ExprKind::Binary(binary) = &expr.kind else { return };
        let plain = |side: &Expr| {
            let side = side.without_parens();
            selector(side).is_some() || called(side).is_some_and(is_rate)
        };
        let share = binary.op == BinaryOp::Sub
            && matches!(binary.lhs.kind, ExprKind::Number(_))
            && called(binary.rhs.without_parens()).is_some_and(is_rate);
        if binary.op == BinaryOp::Div && plain(&binary.lhs) && plain(&binary.rhs) || share {
            let message = "the ratio is that of each series alone";
            let help = "aggregate both sides when it is meant for all of them";
            let finding = Finding::at("promql/threshold-per-series", query.file, query.locate(expr.span), message).help(help);
            found.push(finding.level(Severity::Info).rests_on(RestsOn::Text));
        }
    });
}
