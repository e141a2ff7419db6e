//! Texts that stand where they do harm, and queries within texts.

use crate::actions::{Action, actions};
use crate::checks::Scope;
use crate::finding::Finding;
use phoenix_model::{Severity, Span};

pub(in crate::checks) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for (file, group, rule) in scope.project.rules().filter(|(_, _, rule)| rule.is_alert) {
        for (key, text) in group.labels.iter().chain(&rule.labels) {
            if let Some(action) = actions(&text.value).iter().find(|action| shows_value(action)) {
                let message = format!("the label `{}` holds the value: each evaluation makes another alert of it", key.value);
                let finding = Finding::at("template/value-in-label", file, text.locate(action.span), message);
                found.push(finding.help("put it into an annotation"));
            }
        }
        for (_, text) in rule.templates() {
            for action in actions(&text.value) {
                let Some((query, start)) = asked(&action) else { continue };
                let errors = phoenix_promql::parse(query).diagnostics;
                if let Some(error) = errors.into_iter().find(|found| found.severity == Severity::Error) {
                    let span = Span::new(start + error.span.start, start + error.span.end);
                    let message = format!("the query within the text is not PromQL: {}", error.message);
                    found.push(Finding::at("template/query-syntax", file, text.locate(span), message));
                }
            }
        }
    }
}

/// Whether it writes the value, and does not only decide by it.
fn shows_value(action: &Action) -> bool {
    let inner = action.inner.trim();
    let first = inner.split_whitespace().next().unwrap_or("");
    let decides =
        matches!(first, "if" | "else" | "with" | "range" | "eq" | "ne" | "lt" | "le" | "gt" | "ge" | "and" | "or" | "not" | "template");
    let word = |mark: &str| {
        inner.match_indices(mark).any(|(at, _)| {
            let (before, after) = (inner[..at].chars().next_back(), inner[at + mark.len()..].chars().next());
            let part = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric() || "_.$".contains(c));
            !part(before) && !part(after)
        })
    };
    !decides && !inner.contains(":=") && (word("$value") || word(".Value"))
}

/// The text of a `query "…"` that stands in one piece, and where it begins.
fn asked<'a>(action: &Action<'a>) -> Option<(&'a str, usize)> {
    let at = action.inner.find("query ")?;
    let alone = !action.inner[..at].ends_with(|c: char| c.is_ascii_alphanumeric() || "_.$\"`".contains(c));
    let rest = action.inner[at + "query ".len()..].trim_start();
    let start = action.start + (action.inner.len() - rest.len()) + 1;
    let quote = rest.chars().next().filter(|quote| matches!(quote, '"' | '`'))?;
    let end = rest[1..].find(quote)?;
    let query = &rest[1..=end];
    // Escapes would move every place; what is put together is not known.
    (alone && !query.contains('\\') && !query.contains('%')).then_some((query, start))
}
