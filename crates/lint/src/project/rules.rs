//! Groups of rules, whole or as fragments.

use super::kind::{is_group, is_rule};
use super::text::Text;
use phoenix_model::{Source, Span, parse_duration};
use phoenix_promql::Expr;
use phoenix_yaml::Node;
use std::time::Duration;

/// A group of rules.
#[derive(Debug)]
pub struct Group {
    /// Its name; `None` in a fragment without groups.
    pub name: Option<Text>,
    /// How often it is evaluated, when it says so.
    pub interval: Option<Duration>,
    /// Where that is said.
    pub interval_span: Option<Span>,
    /// Labels of all of its rules.
    pub labels: Vec<(Text, Text)>,
    /// Its rules.
    pub rules: Vec<Rule>,
}

/// A rule.
#[derive(Debug)]
pub struct Rule {
    /// Alerts, or records.
    pub is_alert: bool,
    /// The name of the alert, or of what is recorded.
    pub name: Text,
    /// What is evaluated.
    pub expr: Option<Text>,
    /// The same, read, when it is PromQL without an error.
    pub parsed: Option<Expr>,
    /// `for`, when it is given.
    pub hold: Option<Duration>,
    /// Where that is given.
    pub hold_span: Option<Span>,
    /// `keep_firing_for`, when it is given.
    pub keep_firing: Option<Duration>,
    /// Labels of its own.
    pub labels: Vec<(Text, Text)>,
    /// Texts for people.
    pub annotations: Vec<(Text, Text)>,
    /// Where the key `annotations` stands.
    pub annotations_span: Option<Span>,
    /// All of the rule.
    pub span: Span,
}

impl Rule {
    /// A label that the rule or its group puts on, as written.
    pub fn label<'a>(&'a self, group: &'a Group, name: &str) -> Option<&'a Text> {
        self.labels.iter().chain(&group.labels).find(|(key, _)| key.value == name).map(|(_, text)| text)
    }

    /// An annotation, as written.
    pub fn annotation(&self, name: &str) -> Option<&Text> {
        self.annotations.iter().find(|(key, _)| key.value == name).map(|(_, text)| text)
    }

    /// Every template: labels and annotations, with their names.
    pub fn templates(&self) -> impl Iterator<Item = &(Text, Text)> {
        self.labels.iter().chain(&self.annotations)
    }
}

/// All groups of a file; rules that stand alone are a group without a name.
pub(super) fn read(source: &Source, tree: &Node) -> Vec<Group> {
    let root = if tree.get("kind").and_then(Node::text) == Some("PrometheusRule") { tree.get("spec").unwrap_or(tree) } else { tree };
    if let Some(groups) = root.get("groups") {
        return groups.items().iter().map(|node| group(source, node)).collect();
    }
    let lists: Vec<&Node> = std::iter::once(root).chain(root.entries().iter().map(|(_, value)| &**value)).collect();
    let mut found = Vec::new();
    for list in lists {
        found.extend(list.items().iter().filter(|item| is_group(item)).map(|item| group(source, item)));
        let rules: Vec<Rule> = list.items().iter().filter(|item| is_rule(item)).filter_map(|item| rule(source, item, true)).collect();
        if !rules.is_empty() {
            found.push(Group { name: None, interval: None, interval_span: None, labels: Vec::new(), rules });
        }
    }
    found
}

fn group(source: &Source, node: &Node) -> Group {
    let (interval, interval_span) = duration(node, "interval");
    let promql = node.get("language").and_then(Node::text).is_none_or(|language| language == "promql");
    Group {
        name: node.get("name").and_then(|name| Text::of(source, name)),
        interval,
        interval_span,
        labels: pairs(source, node.get("labels")),
        rules: node.get("rules").map(Node::items).unwrap_or_default().iter().filter_map(|item| rule(source, item, promql)).collect(),
    }
}

fn rule(source: &Source, node: &Node, promql: bool) -> Option<Rule> {
    let (name, is_alert) = match (node.get("alert"), node.get("record")) {
        (Some(name), _) => (name, true),
        (None, name) => (name?, false),
    };
    let expr = node.get("expr").and_then(|expr| Text::of(source, expr));
    let (hold, hold_span) = duration(node, "for");
    Some(Rule {
        is_alert,
        name: Text::of(source, name)?,
        parsed: expr.as_ref().filter(|_| promql).and_then(|text| phoenix_promql::parse(&text.value).into_result().ok()),
        expr,
        hold,
        hold_span,
        keep_firing: duration(node, "keep_firing_for").0,
        labels: pairs(source, node.get("labels")),
        annotations: pairs(source, node.get("annotations")),
        annotations_span: node.entries().iter().find(|(key, _)| key.text() == Some("annotations")).map(|(key, _)| key.span),
        span: node.span,
    })
}

fn duration(node: &Node, key: &str) -> (Option<Duration>, Option<Span>) {
    let found = node.get(key);
    (found.and_then(Node::text).and_then(|text| parse_duration(text).ok()), found.map(|found| found.span))
}

fn pairs(source: &Source, node: Option<&Node>) -> Vec<(Text, Text)> {
    let entries = node.map(Node::entries).unwrap_or_default();
    entries.iter().filter_map(|(key, value)| Some((Text::of(source, key)?, Text::of(source, value)?))).collect()
}
