//! Matchers that can't match, match everything, or are not what they look like.

use super::Scope;
use super::matching::exclude_each_other;
use super::walk::selector;
use crate::finding::{Finding, Fix, RestsOn};
use crate::project::Query;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::{MatchOp, Matcher, Severity, Span};
use phoenix_promql::ast::{Expr, Selector};

pub(super) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    query.expr.walk(&mut |expr| {
        let Some(inner) = selector(expr) else { return };
        found.extend(impossible(query, expr, inner));
        for (matcher, span) in inner.matchers.iter().zip(&inner.matcher_spans).filter(|(m, _)| m.name != METRIC_NAME) {
            found.extend(regex(query, matcher, *span));
            found.extend(anchored(query, matcher, *span));
        }
        found.extend(missing_labels(scope, query, inner));
    });
}

fn impossible(query: &Query, expr: &Expr, inner: &Selector) -> Option<Finding> {
    for (at, a) in inner.matchers.iter().enumerate() {
        let never = match a.op {
            MatchOp::NotRegex => matches!(a.value.as_str(), ".*" | "(.*)"),
            _ => false,
        };
        if never {
            let message = format!("`{a}` matches nothing");
            return Some(Finding::at("promql/selector-impossible", query.file, query.locate(inner.matcher_spans[at]), message));
        }
        for b in &inner.matchers[at + 1..] {
            if a.name == b.name && exclude_each_other(a, b) {
                let message = format!("no value of `{}` is both `{a}` and `{b}`: no series is ever found", a.name);
                let finding = Finding::at("promql/selector-impossible", query.file, query.locate(expr.span), message);
                let both = a.op == MatchOp::Equal && b.op == MatchOp::Equal;
                return Some(if both {
                    finding.help(format!("either of them is `{}=~\"{}|{}\"`", a.name, a.value, b.value))
                } else {
                    finding
                });
            }
        }
    }
    None
}

/// What a regular expression would need to be one.
fn has_pattern(value: &str) -> bool {
    value.contains(|c: char| "\\.+*?()[]{}^$|".contains(c))
}

fn regex(query: &Query, matcher: &Matcher, span: Span) -> Option<Finding> {
    let place = query.locate(span);
    let at = |id: &str, message: String| Finding::at(id, query.file, place, message);
    match matcher.op {
        MatchOp::Regex if matches!(matcher.value.as_str(), ".*" | "(.*)") => Some(
            at("promql/regex-matches-all", format!("`{matcher}` matches every series"))
                .help("leave it out, or write `.+` for those that have the label"),
        ),
        MatchOp::Regex | MatchOp::NotRegex if !has_pattern(&matcher.value) && !matcher.value.is_empty() => {
            let op = if matcher.op == MatchOp::Regex { "=" } else { "!=" };
            let edit = replace_op(query, matcher, span, op);
            Some(at("promql/regex-without-pattern", format!("`{matcher}` is no pattern")).help(format!("write `{op}`")).fix(edit))
        }
        MatchOp::Equal | MatchOp::NotEqual => {
            let value = &matcher.value;
            let pattern =
                [".*", ".+"].iter().any(|mark| value.contains(mark)) || (value.contains('|') && !value.contains(' ') && value.len() > 1);
            // Code and paths may hold anything; what stands between bars looks like a list of values.
            if !pattern || value.contains("||") || matches!(matcher.name.as_str(), "query" | "le" | "__name__") {
                return None;
            }
            let op = if matcher.op == MatchOp::Equal { "=~" } else { "!~" };
            let edit = replace_op(query, matcher, span, op);
            let message = format!("`{matcher}` compares with exactly this text, which looks like a pattern");
            Some(at("promql/pattern-in-equality", message).help(format!("write `{op}` for a regular expression")).fix(edit))
        }
        _ => None,
    }
}

/// `^` at the beginning and `$` at the end, where neither is needed.
fn anchored(query: &Query, matcher: &Matcher, span: Span) -> Option<Finding> {
    let value = &matcher.value;
    let (begin, end) = (value.starts_with('^'), value.ends_with('$') && !value.ends_with("\\$"));
    // Within alternatives an anchor belongs to one of them.
    if !matches!(matcher.op, MatchOp::Regex | MatchOp::NotRegex) || !(begin || end) || value.contains('|') && !value.starts_with("^(") {
        return None;
    }
    let text = query.text.value.get(span.start..span.end)?;
    let at = span.start + text.find(value.as_str())?;
    let bare = value.strip_prefix('^').unwrap_or(value);
    let bare = if end { &bare[..bare.len() - 1] } else { bare };
    let fix = query.replace(Span::new(at, at + value.len()), bare, "leave out the anchors");
    let message = format!("`{matcher}` is anchored already: a matcher is of the whole text");
    let finding = Finding::at("promql/regex-anchored", query.file, query.locate(span), message);
    Some(finding.help(format!("write `{bare}`")).fix(fix))
}

/// Writes another operator into a matcher.
fn replace_op(query: &Query, matcher: &Matcher, span: Span, op: &str) -> Option<Fix> {
    let text = query.text.value.get(span.start..span.end)?;
    let at = text.find(matcher.op.as_str())? + span.start;
    let edit = query.text.edit(Span::new(at, at + matcher.op.as_str().len()), op)?;
    Some(Fix { title: format!("write `{op}`"), edits: vec![edit] })
}

/// Labels that the exporter gives other metrics and not this one.
fn missing_labels(scope: &Scope, query: &Query, inner: &Selector) -> Vec<Finding> {
    let mut found = Vec::new();
    let Some(name) = inner.name.as_deref() else { return found };
    let Some(metric) = scope.facts.metric(name).filter(|metric| metric.is_documented() && !metric.open) else {
        return found;
    };
    let Some(labels) = metric.labels else { return found };
    for (matcher, span) in inner.matchers.iter().zip(&inner.matcher_spans) {
        let label = matcher.name.as_str();
        if label == METRIC_NAME || matcher.matches_empty() || labels.iter().any(|known| known == label) || super::is_of_target(label) {
            continue;
        }
        let message = format!("`{name}` has no label `{label}` ({}): no series is found", metric.from);
        let help = match labels.as_slice() {
            [] => "it has no labels of its own".to_owned(),
            labels => format!("it has `{}`", labels.join("`, `")),
        };
        // A label that no metric of the exporter has may be one of the targets here.
        let exporter = scope.facts.exporter_of(name);
        let known = metric.rests_on == RestsOn::Catalogue && exporter.is_some_and(|exporter| scope.facts.gives_label(exporter, label));
        let level = if known { Severity::Warning } else { Severity::Info };
        let finding = Finding::at("promql/label-missing", query.file, query.locate(*span), message).help(help);
        found.push(finding.rests_on(metric.rests_on).level(level));
    }
    found
}
