//! Operators between vectors whose series can never meet, or meet only themselves.

use super::Scope;
use crate::finding::{Edit, Finding, Fix, RestsOn};
use crate::flow::{Flow, flow};
use crate::project::Query;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{MatchOp, Matcher, Severity, Span};
use phoenix_promql::ast::{Binary, BinaryOp, Cardinality, Expr, ExprKind, Selector, ValueType};

pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    query.expr.walk(&mut |expr| {
        if let ExprKind::Binary(binary) = &expr.kind
            && binary.lhs.value_type() == ValueType::Vector
            && binary.rhs.value_type() == ValueType::Vector
            && !matches!(binary.op, BinaryOp::Or)
        {
            match itself(query, binary) {
                Some(finding) => found.push(finding),
                None => found.extend(never(scope, query, binary)),
            }
        }
    });
}

/// One side that can be compared with another: what is done to which series.
struct Side<'a> {
    /// The functions and signs around the selector, from the outside.
    around: Vec<&'static str>,
    selector: &'a Selector,
    range_ms: Option<i64>,
}

/// A selector with nothing but functions that keep labels around it.
fn side(expr: &Expr) -> Option<Side<'_>> {
    match &expr.kind {
        ExprKind::Paren(inner) => side(inner),
        ExprKind::Selector(selector) => Some(Side { around: Vec::new(), selector, range_ms: None }),
        ExprKind::Range(range) => Some(Side { around: Vec::new(), selector: &range.selector, range_ms: Some(range.range_ms) }),
        ExprKind::Call(call) if call.args.len() == 1 && !matches!(call.function.name, "absent" | "absent_over_time" | "scalar") => {
            let mut inner = side(&call.args[0])?;
            inner.around.insert(0, call.function.name);
            Some(inner)
        }
        _ => None,
    }
}

/// Whether all labels are compared.
fn compares_all(binary: &Binary) -> bool {
    !binary.matching.on && binary.matching.labels.is_empty()
}

fn itself(query: &Query, binary: &Binary) -> Option<Finding> {
    if !compares_all(binary) || binary.op.is_set() {
        return None;
    }
    let (left, right) = (side(&binary.lhs)?, side(&binary.rhs)?);
    let same = left.around == right.around && left.range_ms == right.range_ms && left.selector.time == right.selector.time;
    let named = left.selector.name.is_some() && left.selector.name == right.selector.name;
    let narrower = |a: &Selector, b: &Selector| b.matchers.iter().all(|matcher| a.matchers.contains(matcher));
    if !same || !named || !(narrower(left.selector, right.selector) || narrower(right.selector, left.selector)) {
        return None;
    }
    let extra: Vec<&str> = left.selector.matchers.iter().chain(&right.selector.matchers).map(|m| m.name.as_str()).collect();
    let differs = left.selector.matchers.len() != right.selector.matchers.len();
    let constant = match binary.op {
        BinaryOp::Div => "1",
        BinaryOp::Sub | BinaryOp::Mod => "0",
        _ if differs => "that of a series with itself",
        _ => return None,
    };
    let name = left.selector.name.as_deref().unwrap_or("");
    let labels: Vec<&str> =
        extra.iter().copied().filter(|label| *label != METRIC_NAME && extra.iter().filter(|l| *l == label).count() == 1).collect();
    let what = if labels.is_empty() {
        format!("`{name}` stands on both sides of `{}`: the result is always {constant}", binary.op.as_str())
    } else {
        let labels = labels.join("`, `");
        format!(
            "both sides of `{}` are `{name}` and match on all labels, `{labels}` too: the result is always {constant}",
            binary.op.as_str()
        )
    };
    let finding = Finding::at("promql/ratio-matches-itself", query.file, query.locate(binary.lhs.span.to(binary.rhs.span)), what)
        .help("aggregate both sides, as in `sum(rate(errors_total[5m])) / sum(rate(requests_total[5m]))`");
    Some(finding.fix(aggregate_both(query, binary)))
}

/// `sum by (…)` around both sides, with the labels that the rule's templates ask for.
fn aggregate_both(query: &Query, binary: &Binary) -> Option<Fix> {
    let labels = query.alert().map(super::labels_asked_for).unwrap_or_default();
    let open = if labels.is_empty() { "sum(".to_owned() } else { format!("sum by ({}) (", labels.join(", ")) };
    let around = |span: Span| -> Option<[Edit; 2]> {
        let begin = query.text.edit(Span::new(span.start, span.start), &open)?;
        let end = query.locate(Span::new(span.end - 1, span.end)).end;
        Some([begin, Edit { span: Span::new(end, end), text: ")".to_owned() }])
    };
    let edits: Vec<Edit> = around(binary.lhs.span)?.into_iter().chain(around(binary.rhs.span)?).collect();
    Some(Fix { title: "aggregate both sides".to_owned(), edits })
}

/// A label for which the two sides can never agree, who says so, and why.
struct Obstacle {
    label: String,
    rests_on: RestsOn,
    reason: String,
}

fn never(scope: &Scope, query: &Query, binary: &Binary) -> Option<Finding> {
    let (left, right) = (flow(&binary.lhs, scope.facts), flow(&binary.rhs, scope.facts));
    let obstacle = missing(query, binary, &left, &right)
        .or_else(|| missing(query, binary, &right, &left))
        .or_else(|| disjoint(binary))
        .or_else(|| not_exported(binary, &left, &right))
        .or_else(|| not_exported(binary, &right, &left))?;
    let result = match binary.op {
        BinaryOp::Unless => "takes nothing away",
        _ => "is always empty",
    };
    let message = format!("`{}` {result}: {}", binary.op.as_str(), obstacle.reason);
    let label = &obstacle.label;
    let help = if binary.matching.on {
        format!("leave `{label}` out of `on (…)`, or keep it on both sides")
    } else if matches!(binary.matching.cardinality, Cardinality::OneToOne | Cardinality::ManyToMany) {
        format!(
            "aggregate both sides to the same labels, or compare without it: `ignoring ({label})`, or `on (…)` with the labels that both have"
        )
    } else {
        format!("name the labels that both sides have: `on (…)`, or add `{label}` to `ignoring (…)`")
    };
    let level = if obstacle.rests_on == RestsOn::Text { Severity::Error } else { Severity::Warning };
    let finding = Finding::at("promql/labels-never-match", query.file, query.locate(binary.op_span), message).help(help);
    Some(finding.rests_on(obstacle.rests_on).level(level))
}

/// Whether a label is compared.
fn is_compared(binary: &Binary, label: &str) -> bool {
    label != METRIC_NAME && binary.matching.on == binary.matching.labels.iter().any(|named| named == label)
}

/// A label that one side surely has and the other surely lacks.
fn missing(query: &Query, binary: &Binary, has: &Flow, lacks: &Flow) -> Option<Obstacle> {
    let candidates = has.sure.iter().filter(|(label, _)| is_compared(binary, label) && lacks.lacks(label));
    let (label, basis) = candidates.min_by_key(|(_, basis)| **basis)?;
    let by = lacks.taken_by(label).filter(|span| !span_is_empty(*span)).map(|span| query.shown(span).replace('\n', " "));
    let reason = match by.filter(|by| by.len() <= 60) {
        Some(by) => format!("one side has the label `{label}`, which `{by}` takes away on the other"),
        None => format!("one side has the label `{label}`, the other lacks it"),
    };
    // Whoever groups by a label expects it; it need not be there.
    Some(Obstacle { label: label.clone(), rests_on: *basis, reason })
}

fn span_is_empty(span: Span) -> bool {
    span.start >= span.end
}

/// A label that the exporter gives one side's metric and not the other's.
fn not_exported(binary: &Binary, has: &Flow, lacks: &Flow) -> Option<Obstacle> {
    let own = has.exported.as_ref()?;
    let candidates = has.sure.iter().filter(|(label, _)| is_compared(binary, label) && own.contains(*label) && lacks.exporter_lacks(label));
    let (label, _) = candidates.min_by_key(|(_, basis)| **basis)?;
    let reason = format!("one side has the label `{label}`, which the exporter does not give the metric of the other");
    Some(Obstacle { label: label.clone(), rests_on: RestsOn::Catalogue, reason })
}

/// A label whose matchers on both sides have no value in common.
fn disjoint(binary: &Binary) -> Option<Obstacle> {
    let (left, right) = (side(&binary.lhs)?, side(&binary.rhs)?);
    for a in &left.selector.matchers {
        for b in right.selector.matchers.iter().filter(|b| b.name == a.name) {
            if is_compared(binary, &a.name) && exclude_each_other(a, b) {
                let reason = format!("no value of `{}` is both `{a}` and `{b}`", a.name);
                return Some(Obstacle { label: a.name.clone(), rests_on: RestsOn::Text, reason });
            }
        }
    }
    None
}

/// Whether no value can satisfy both.
pub(super) fn exclude_each_other(a: &Matcher, b: &Matcher) -> bool {
    let none =
        |values: &Matcher, other: &Matcher| values.literal_values().is_some_and(|values| values.iter().all(|value| !other.matches(value)));
    let negated = matches!(
        (a.op, b.op),
        (MatchOp::Equal, MatchOp::NotEqual)
            | (MatchOp::NotEqual, MatchOp::Equal)
            | (MatchOp::Regex, MatchOp::NotRegex)
            | (MatchOp::NotRegex, MatchOp::Regex)
    );
    none(a, b) || none(b, a) || (negated && a.value == b.value)
}
