//! What a file is, by its name and its keys.

use phoenix_model::Source;
use phoenix_yaml::Node;

/// What a file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FileKind {
    /// Groups of recording and alerting rules.
    Rules,
    /// Rules without `groups:` around them, which Prometheus refuses.
    RulesFragment,
    /// Prometheus' configuration.
    Prometheus,
    /// Alertmanager's configuration.
    Alertmanager,
    /// Phoenix' own configuration.
    Phoenix,
    /// Who is on call.
    OnCall,
    /// Objectives.
    Slos,
    /// A dashboard of Grafana.
    Dashboard,
    /// Fluent Bit's configuration, also within the values of its chart.
    FluentBit,
    /// The configuration of an OpenTelemetry collector.
    Collector,
    /// Rules for the sampling of traces.
    Sampling,
    /// Expressions in PromQL, apart by empty lines.
    Queries,
    /// A runbook or other prose.
    Prose,
    /// Source code in Go, which may declare metrics.
    Source,
    /// Something else.
    Other,
}

impl FileKind {
    /// Recognises a file.
    pub(super) fn of(source: &Source, tree: Option<&Node>) -> Self {
        match ending(&source.name) {
            Some("promql") => return Self::Queries,
            Some("md") => return Self::Prose,
            Some("go") => return Self::Source,
            _ => {}
        }
        let Some(tree) = tree else {
            let classic = source.text.lines().any(|line| matches!(line.trim(), "[INPUT]" | "[OUTPUT]" | "[FILTER]" | "[SERVICE]"));
            return if classic { Self::FluentBit } else { Self::Other };
        };
        let has = |names: &[&str]| names.iter().any(|name| tree.get(name).is_some());
        let rules = |node: &Node| node.items().iter().any(|item| is_rule(item) || is_group(item));
        if has(&["groups"]) || tree.get("kind").and_then(Node::text) == Some("PrometheusRule") {
            Self::Rules
        } else if rules(tree) || tree.entries().iter().any(|(_, value)| rules(value)) {
            Self::RulesFragment
        } else if has(&["panels", "dashboard", "rows"]) || tree.get("spec").is_some_and(|spec| spec.get("elements").is_some()) {
            Self::Dashboard
        } else if has(&["route", "receivers", "inhibit_rules", "time_intervals"]) && !has(&["exporters", "pipelines"]) {
            // Receivers of a collector are a mapping, those of Alertmanager a list.
            if tree.get("receivers").is_some_and(|node| !node.entries().is_empty()) { Self::Collector } else { Self::Alertmanager }
        } else if has(&["clients", "positions"]) && has(&["scrape_configs"]) {
            // Promtail's jobs are files, and their labels those of streams.
            Self::Other
        } else if has(&["scrape_configs", "rule_files", "remote_write", "alerting"]) || is_global(tree) {
            Self::Prometheus
        } else if has(&["on_call_schedule", "people", "teams", "page_on"]) {
            Self::OnCall
        } else if tree.get("slos").is_some_and(|slos| slos.items().iter().any(|slo| !slo.entries().is_empty())) {
            Self::Slos
        } else if has(&["sampling_rules"]) {
            Self::Sampling
        } else if has(&["exporters", "processors", "receivers"]) {
            Self::Collector
        } else if has(&["pipeline"]) || tree.get("config").is_some_and(|config| config.get("inputs").or(config.get("outputs")).is_some()) {
            Self::FluentBit
        } else if has(&["metrics", "alertmanager", "storage", "listen", "state", "on_call", "slos"]) {
            Self::Phoenix
        } else {
            Self::Other
        }
    }
}

/// Whether a file of this name is read as YAML, of which JSON is a part.
pub(super) fn is_tree(name: &str) -> bool {
    !matches!(ending(name), Some("promql" | "md" | "go" | "conf" | "logql"))
}

fn ending(name: &str) -> Option<&str> {
    name.rsplit(['/', '\\']).next()?.rsplit_once('.').map(|(_, ending)| ending)
}

fn is_global(tree: &Node) -> bool {
    tree.get("global")
        .is_some_and(|global| ["scrape_interval", "evaluation_interval", "external_labels"].iter().any(|key| global.get(key).is_some()))
}

pub(super) fn is_rule(node: &Node) -> bool {
    node.get("expr").is_some() && (node.get("alert").is_some() || node.get("record").is_some())
}

pub(super) fn is_group(node: &Node) -> bool {
    node.get("name").is_some() && node.get("rules").is_some_and(|rules| rules.items().iter().any(|rule| is_rule(rule)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_recognised() {
        for (name, text, want) in [
            ("a.yaml", "groups: []\n", FileKind::Rules),
            ("a.yaml", "kind: PrometheusRule\nspec: {groups: []}\n", FileKind::Rules),
            ("a.yaml", "  - name: g\n    rules:\n    - alert: A\n      expr: up\n", FileKind::RulesFragment),
            ("a.yaml", "security:\n  - alert: A\n    expr: up\n", FileKind::RulesFragment),
            ("a.yaml", "- record: a\n  expr: up\n", FileKind::RulesFragment),
            ("a.yaml", "route: {receiver: a}\nreceivers: [{name: a}]\n", FileKind::Alertmanager),
            ("a.yaml", "receivers: {otlp: {}}\nexporters: {}\n", FileKind::Collector),
            ("a.yaml", "global: {scrape_interval: 15s}\n", FileKind::Prometheus),
            ("a.yaml", "global: {external_labels: {a: b}}\n", FileKind::Prometheus),
            ("a.yaml", "scrape_configs: []\n", FileKind::Prometheus),
            ("a.yaml", "clients: [{url: u}]\nscrape_configs: []\n", FileKind::Other),
            ("a.yaml", "slos:\n- name: a\n", FileKind::Slos),
            ("a.yaml", "slos: [slos.yaml]\n", FileKind::Phoenix),
            ("a.yaml", "config:\n  inputs: |\n    [INPUT]\n", FileKind::FluentBit),
            ("a.conf", "[INPUT]\n  Name tail\n", FileKind::FluentBit),
            ("a.json", "{\"dashboard\": {\"panels\": []}}", FileKind::Dashboard),
            ("a.promql", "up", FileKind::Queries),
            ("a.go", "package a", FileKind::Source),
            ("a.yaml", ": : :\n  - [", FileKind::Other),
        ] {
            let source = Source::new(name, text);
            let tree = if is_tree(name) { phoenix_yaml::tree(&source).ok().flatten() } else { None };
            assert_eq!(FileKind::of(&source, tree.as_deref()), want, "{name}: {text}");
        }
    }
}
