//! Expressions outside of rules: in dashboards, and in files of queries.

use super::text::Text;
use phoenix_model::{Source, Span};
use phoenix_promql::Expr;
use phoenix_yaml::Node;

/// An expression that somebody asks.
#[derive(Debug)]
pub struct Asked {
    /// Whose it is: the title of a panel; empty for a file of queries.
    pub panel: String,
    /// As written.
    pub text: Text,
    /// As read, when it is PromQL without variables and without an error.
    pub parsed: Option<Expr>,
}

/// How deep rows and panels are followed.
const MAX_DEPTH: usize = 8;

/// The expressions of all panels.
pub(super) fn of_dashboard(source: &Source, tree: &Node) -> Vec<Asked> {
    let mut found = Vec::new();
    panels(source, tree.get("dashboard").unwrap_or(tree), 0, &mut found);
    found
}

fn panels(source: &Source, node: &Node, depth: usize, found: &mut Vec<Asked>) {
    if depth > MAX_DEPTH {
        return;
    }
    for key in ["panels", "rows"] {
        for panel in node.get(key).map(Node::items).unwrap_or_default() {
            let title = panel.get("title").and_then(Node::text).unwrap_or("").to_owned();
            for target in panel.get("targets").map(Node::items).unwrap_or_default() {
                let kind = |node: &Node| node.get("datasource").and_then(|data| data.get("type")).and_then(Node::text).map(str::to_owned);
                if kind(target).or_else(|| kind(panel)).is_some_and(|kind| kind != "prometheus") {
                    continue;
                }
                if let Some(text) = target.get("expr").and_then(|expr| Text::of(source, expr)) {
                    let parsed = phoenix_promql::parse(&text.value).into_result().ok();
                    found.push(Asked { panel: title.clone(), text, parsed });
                }
            }
            panels(source, panel, depth + 1, found);
        }
    }
}

/// Expressions apart by empty lines.
pub(super) fn of_lines(source: &Source) -> Vec<Asked> {
    let (mut found, mut start, mut at) = (Vec::new(), None, 0);
    for line in source.text.split_inclusive('\n').chain(std::iter::once("")) {
        if line.trim().is_empty() {
            found.extend(start.take().map(|from| Span::new(from, from + source.text[from..at].trim_end().len())));
        } else if start.is_none() {
            start = Some(at);
        }
        at += line.len();
    }
    let asked = |span| {
        let text = Text::bare(source, span);
        let parsed = phoenix_promql::parse(&text.value).into_result().ok();
        Asked { panel: String::new(), text, parsed }
    };
    found.into_iter().map(asked).collect()
}
