//! Routes that no alert ever takes.

use super::matchers::{contradiction, implies, of};
use crate::checks::keys::{is_on, items};
use crate::finding::Finding;
use crate::project::File;
use phoenix_model::Matcher;
use phoenix_yaml::Node;

/// How deep routes are followed.
const MAX_DEPTH: usize = 32;

pub(super) fn check(file: &File, tree: &Node, found: &mut Vec<Finding>) {
    if let Some(root) = tree.get("route") {
        below(file, root, &[], 0, found);
    }
}

/// A route that was seen before, with what an alert needs to end there.
struct Earlier<'a> {
    node: &'a Node,
    matchers: Vec<Matcher>,
}

fn below(file: &File, parent: &Node, held: &[Matcher], depth: usize, found: &mut Vec<Finding>) {
    if depth > MAX_DEPTH {
        return;
    }
    let mut earlier: Vec<Earlier> = Vec::new();
    for node in items(parent, "routes") {
        let Some(matchers) = of(node, "") else { continue };
        let span = ["matchers", "match", "match_re"].iter().find_map(|key| node.get(key)).map_or(node.head(), |node| node.span);
        let all: Vec<Matcher> = matchers.iter().chain(held).cloned().collect();
        if let Some((one, other)) = contradiction(&matchers, held) {
            let place = if held.contains(other) { "which a route above demands" } else { "which it demands too" };
            let message = format!("no alert takes this route: `{one}` excludes `{other}`, {place}");
            let help = "the matchers of a route and of all routes above it must fit together";
            found.push(Finding::at("routing/contradictory-route", file, span, message).help(help));
        } else if let Some(first) = earlier.iter().find(|first| first.matchers.iter().all(|matcher| implies(&all, matcher))) {
            let (line, _) = file.source.position(first.node.head().start);
            let what = if first.matchers.is_empty() { "takes all alerts" } else { "takes all of its alerts" };
            let message = format!("no alert takes this route: the one on line {line} {what}");
            let help = "put the narrower route first, or `continue: true` into the wider one";
            found.push(Finding::at("routing/unreachable-route", file, span, message).help(help));
        }
        below(file, node, &all, depth + 1, found);
        if !is_on(node, "continue") {
            earlier.push(Earlier { node, matchers });
        }
    }
}
