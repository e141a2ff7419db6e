//! Labels that a text asks for.

use crate::actions;
use crate::checks::{Scope, is_of_target};
use crate::finding::{Finding, Fix};
use crate::flow::{Flow, flow};
use crate::project::{Query, Text};
use phoenix_model::Span;
use phoenix_model::suggest::nearest;
use phoenix_promql::ast::ExprKind;

pub(in crate::checks) fn check(scope: &Scope, query: &Query, found: &mut Vec<Finding>) {
    let Some(rule) = query.alert() else { return };
    let labels = flow(query.expr, scope.facts);
    for (key, text) in rule.templates() {
        found.extend(gone(query, &key.value, text, &labels));
    }
    found.extend(none_named(query, &labels));
}

fn gone(query: &Query, key: &str, text: &Text, flow: &Flow) -> Vec<Finding> {
    let mut found = Vec::new();
    // A text that asks first whether the label is there knows that it may not be.
    let asked_first: Vec<String> = actions::actions(&text.value)
        .iter()
        .filter(|action| ["if", "with", "else if", "else with"].iter().any(|word| action.inner.trim_start().starts_with(word)))
        .flat_map(|action| actions::labels(&text.value[action.span.start..action.span.end]))
        .map(|label| label.name)
        .collect();
    for label in actions::labels(&text.value) {
        if !flow.lacks(&label.name) || asked_first.contains(&label.name) || found.iter().any(|(name, _)| *name == label.name) {
            continue;
        }
        let by = flow.taken_by(&label.name).map(|span| query.shown(span).replace('\n', " ")).filter(|by| !by.is_empty() && by.len() <= 80);
        let message = match by {
            Some(by) => format!("`{key}` names the label `{}`, which `{by}` takes away: nothing stands there", label.name),
            None => format!("`{key}` names the label `{}`, which the expression does not give: nothing stands there", label.name),
        };
        let finding = Finding::at("template/label-is-gone", query.file, text.locate(label.span), message);
        let left: Vec<&str> = flow.only.iter().flatten().map(String::as_str).collect();
        let help = match (nearest(&label.name, left.iter().copied()), left.as_slice()) {
            (Some(near), _) => format!("did you mean `{near}`?"),
            (None, []) => format!("keep it in the expression: `by ({})`", label.name),
            (None, left) => {
                format!("the expression gives `{}`; keep `{}` in it, or leave it out of the text", left.join("`, `"), label.name)
            }
        };
        let fix = keep(query, &label.name);
        found.push((label.name, finding.help(help).fix(fix)));
    }
    found.into_iter().map(|(_, finding)| finding).collect()
}

/// The label in the grouping of each aggregation that takes it away. Whoever applies it looks whether it is there then.
fn keep(query: &Query, label: &str) -> Option<Fix> {
    let mut edits = Vec::new();
    let mut possible = true;
    query.expr.walk(&mut |expr| {
        let ExprKind::Aggregate(aggregate) = &expr.kind else { return };
        match &aggregate.grouping {
            None => edits.push(query.text.edit(Span::new(aggregate.name_span.end, aggregate.name_span.end), &format!(" by ({label}) "))),
            Some(grouping) if grouping.without => possible = false,
            Some(grouping) if grouping.labels.iter().any(|named| named == label) => {}
            Some(grouping) => {
                let rest = &query.text.value[aggregate.name_span.end..expr.span.end];
                // `by (…)` stands before what is aggregated, or behind it.
                let before = rest.trim_start().get(..2).is_some_and(|word| word.eq_ignore_ascii_case("by"));
                let Some(open) = rest.find('(').filter(|_| before) else { return possible = false };
                let at = aggregate.name_span.end + open + 1;
                let text = if grouping.labels.is_empty() { label.to_owned() } else { format!("{label}, ") };
                edits.push(query.text.edit(Span::new(at, at), &text));
            }
        }
    });
    let edits: Vec<_> = edits.into_iter().collect::<Option<_>>()?;
    // What is matched by labels, or taken away by something else, takes more than this.
    let mut plain = true;
    query.expr.walk(&mut |expr| match &expr.kind {
        ExprKind::Binary(binary) => plain &= !binary.matching.on && binary.matching.labels.is_empty(),
        ExprKind::Call(call) => {
            plain &= !matches!(call.function.name, "absent" | "absent_over_time" | "scalar" | "vector" | "label_replace");
        }
        _ => {}
    });
    (possible && plain && !edits.is_empty()).then(|| Fix { title: format!("keep `{label}`"), edits })
}

/// An alert for each of many series whose texts are all the same.
fn none_named(query: &Query, flow: &Flow) -> Option<Finding> {
    let rule = query.alert()?;
    let one = flow.only.as_ref().is_some_and(std::collections::BTreeSet::is_empty) || super::super::is_constant(query.expr);
    let text = rule.annotation("description").or_else(|| rule.annotation("message")).or_else(|| rule.annotation("summary"))?;
    let dynamic = |text: &Text| text.value.contains("abels") || text.value.contains("query");
    if one || rule.templates().any(|(_, text)| dynamic(text) && text.value.contains("{{")) {
        // What a text names may still leave others apart: a label of the exporter that tells the series apart.
        return named_too_few(query, flow, text);
    }
    let message = format!("`{}` may fire for several series, and no text says for which", rule.name.value);
    let help = "name what tells them apart: `{{ $labels.instance }}`, or aggregate";
    Some(Finding::at("template/no-label-named", query.file, text.span, message).help(help))
}

fn named_too_few(query: &Query, flow: &Flow, text: &Text) -> Option<Finding> {
    let rule = query.alert()?;
    let exported = flow.exported.as_ref()?;
    let named = super::super::labels_asked_for(rule);
    let missing: Vec<&str> =
        exported.iter().map(String::as_str).filter(|label| !named.iter().any(|n| n == label) && !is_of_target(label)).collect();
    let pinned = |label: &str| {
        phoenix_promql::analysis::selectors(query.expr)
            .iter()
            .any(|used| used.selector.matchers.iter().any(|m| m.name == label && m.op == phoenix_model::MatchOp::Equal))
    };
    let missing: Vec<&str> = missing.into_iter().filter(|label| !pinned(label)).collect();
    if missing.is_empty() || named.is_empty() {
        return None;
    }
    let message = format!("alerts that differ in `{}` have the same texts", missing.join("`, `"));
    Some(Finding::at("template/no-label-named", query.file, text.span, message).help("name them, or aggregate them away"))
}
