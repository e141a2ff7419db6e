//! What checks of configurations ask a tree for.

use phoenix_model::{Span, parse_duration};
use phoenix_yaml::Node;
use std::time::Duration;

/// The text of a key's value.
pub(super) fn text<'a>(node: &'a Node, key: &str) -> Option<&'a str> {
    node.get(key)?.text()
}

/// Where a key itself stands.
pub(super) fn key_span(node: &Node, key: &str) -> Option<Span> {
    node.entries().iter().find(|(name, _)| name.text() == Some(key)).map(|(name, _)| name.span)
}

/// The items of a key's list; none when it is something else.
pub(super) fn items<'a>(node: &'a Node, key: &str) -> impl Iterator<Item = &'a Node> {
    node.get(key).map(Node::items).unwrap_or_default().iter().map(|item| &**item)
}

/// The texts of a key's list, or its one text.
pub(super) fn texts<'a>(node: &'a Node, key: &str) -> Vec<&'a Node> {
    let Some(value) = node.get(key) else { return Vec::new() };
    if value.text().is_some() {
        vec![value]
    } else {
        value.items().iter().map(|item| &**item).filter(|item| item.text().is_some()).collect()
    }
}

/// The duration of a key, when it is one.
pub(super) fn duration(node: &Node, key: &str) -> Option<Duration> {
    parse_duration(text(node, key)?).ok()
}

/// Whether a key says yes.
pub(super) fn is_on(node: &Node, key: &str) -> bool {
    text(node, key).is_some_and(|value| matches!(value.to_ascii_lowercase().as_str(), "true" | "on" | "yes" | "1"))
}

/// Visits a node and everything below it.
pub(super) fn walk(node: &Node, visit: &mut impl FnMut(&Node)) {
    visit(node);
    for item in node.items() {
        walk(item, visit);
    }
    for (_, value) in node.entries() {
        walk(value, visit);
    }
}
