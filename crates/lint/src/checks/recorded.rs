//! Recording rules beside those that could read them, or do.

use super::Scope;
use crate::finding::{Finding, RestsOn};
use crate::project::Query;
use phoenix_promql::Expr;
use phoenix_promql::ast::ExprKind;
use std::collections::HashMap;

/// Where something is recorded: file and group.
type Place = (usize, usize);

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    let mut places: HashMap<&str, Vec<Place>> = HashMap::new();
    let mut expressions: Expressions = HashMap::new();
    for (file_at, file) in scope.project.files.iter().enumerate() {
        for (group_at, group) in file.groups.iter().enumerate() {
            for (rule_at, rule) in group.rules.iter().enumerate().filter(|(_, rule)| !rule.is_alert) {
                places.entry(rule.name.value.as_str()).or_default().push((file_at, group_at));
                // With labels of its own it is not the same series.
                if let Some(expr) = rule.parsed.as_ref().filter(|expr| computes(expr) && rule.labels.is_empty() && group.labels.is_empty())
                {
                    let known = expressions.entry(shown(expr)).or_insert(Some((&rule.name.value, (file_at, group_at), rule_at)));
                    *known = known.filter(|(name, _, _)| *name == rule.name.value);
                }
            }
        }
    }
    expressions.retain(|_, known| known.is_some_and(|(name, _, _)| places[name].len() == 1));
    if places.is_empty() {
        return;
    }
    for (file_at, file) in scope.project.files.iter().enumerate() {
        for (group_at, group) in file.groups.iter().enumerate() {
            for (rule_at, rule) in group.rules.iter().enumerate() {
                let (Some(text), Some(expr)) = (rule.expr.as_ref(), rule.parsed.as_ref()) else { continue };
                let query = Query { file, text, expr, rule: Some((group, rule)) };
                if !expressions.is_empty() {
                    again(&query, expr, ((file_at, group_at), rule_at), &expressions, found);
                }
                if !rule.is_alert {
                    found.extend(of_other_group(&query, (file_at, group_at), &places));
                }
            }
        }
    }
}

/// By expression what records it: its name and place; `None` where several do.
type Expressions<'a> = HashMap<String, Option<(&'a str, Place, usize)>>;

/// Whether evaluating it costs more than reading it.
fn computes(expr: &Expr) -> bool {
    match &expr.kind {
        ExprKind::Paren(inner) => computes(inner),
        ExprKind::Aggregate(_) | ExprKind::Call(_) => !phoenix_promql::analysis::selectors(expr).is_empty(),
        _ => false,
    }
}

fn shown(expr: &Expr) -> String {
    expr.without_parens().to_string()
}

/// The largest parts that are recorded already. What a recording reads has to be new: recorded before it in its group.
fn again(query: &Query, expr: &Expr, here: (Place, usize), expressions: &Expressions, found: &mut Vec<Finding>) {
    let fresh = |place: Place, at: usize| query.alert().is_some() || place == here.0 && at < here.1;
    if computes(expr)
        && let Some((name, ..)) = expressions.get(&shown(expr)).copied().flatten().filter(|(_, place, at)| fresh(*place, *at))
    {
        let message = format!("this is recorded as `{name}`");
        let fix = query.replace(expr.span, name, format!("read `{name}`"));
        let finding = Finding::at("promql/recorded-already", query.file, query.locate(expr.span), message).rests_on(RestsOn::Project);
        found.push(finding.help(format!("read `{name}`, which is there already")).fix(fix));
        return;
    }
    for child in expr.children() {
        again(query, child, here, expressions, found);
    }
}

/// A recording of what another group records, which may be as old as the interval.
fn of_other_group(query: &Query, here: Place, places: &HashMap<&str, Vec<Place>>) -> Option<Finding> {
    let used = phoenix_promql::analysis::selectors(query.expr);
    let (name, span) = used.iter().find_map(|used| {
        let name = used.selector.name.as_deref()?;
        // A range smooths what is a little late.
        let elsewhere = places.get(name).is_some_and(|places| !places.contains(&here)) && used.range_ms.is_none();
        elsewhere.then_some((name, used.span))
    })?;
    let message = format!("`{name}` is recorded by another group: it is up to one interval old");
    let finding = Finding::at("promql/recorded-in-other-group", query.file, query.locate(span), message).rests_on(RestsOn::Project);
    Some(finding.help("put both into one group, in this order"))
}
