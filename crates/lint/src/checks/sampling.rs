//! Rules that say which traces are kept.

use super::Scope;
use super::keys::{items, key_span, text};
use crate::finding::{Finding, RestsOn};
use crate::project::{File, FileKind};
use phoenix_model::{Severity, Span};
use phoenix_sampling::Pattern;
use phoenix_yaml::Node;

/// A rule, as far as it can be read.
struct Rule<'a> {
    node: &'a Node,
    service: &'a str,
    endpoint: Option<&'a str>,
    method: Option<&'a str>,
    error: Option<bool>,
    rate: f64,
}

impl<'a> Rule<'a> {
    fn of(node: &'a Node) -> Option<Self> {
        let error = match text(node, "error") {
            None => None,
            Some("true") => Some(true),
            Some("false") => Some(false),
            Some(_) => return None,
        };
        Some(Self {
            node,
            service: text(node, "service")?,
            endpoint: text(node, "endpoint"),
            method: text(node, "method"),
            error,
            rate: text(node, "sample_rate")?.parse().ok()?,
        })
    }

    /// What it is about, in words.
    fn words(&self) -> String {
        match (text(self.node, "name"), self.endpoint) {
            (Some(name), _) => format!("`{name}`"),
            (None, Some(endpoint)) => format!("`{endpoint}` of `{}`", self.service),
            (None, None) => format!("`{}`", self.service),
        }
    }

    /// Whether every trace to which the other applies is one to which this applies.
    fn covers(&self, other: &Self) -> bool {
        let all = |wide: &str, narrow: &str| wide == narrow || wide == "*" || !narrow.contains('*') && Pattern::new(wide).matches(narrow);
        let asked = |wide: Option<&str>, narrow: Option<&str>| wide.is_none_or(|wide| narrow.is_some_and(|narrow| all(wide, narrow)));
        let methods = self.method.is_none_or(|wide| other.method.is_some_and(|narrow| wide.eq_ignore_ascii_case(narrow)));
        // An error counts in the spans of the rule's service: without one there, others may still have some.
        let errors = match (self.error, other.error) {
            (None, _) | (Some(true), Some(true)) => true,
            (Some(false), Some(false)) => self.service == other.service,
            _ => false,
        };
        all(self.service, other.service) && asked(self.endpoint, other.endpoint) && methods && errors
    }

    /// Whether a trace may be one of both.
    fn meets(&self, other: &Self) -> bool {
        let may = |a: &str, b: &str| a == b || Pattern::new(a).matches(b) || Pattern::new(b).matches(a);
        let both = |a: Option<&str>, b: Option<&str>| a.zip(b).is_none_or(|(a, b)| may(a, b));
        may(self.service, other.service) && both(self.endpoint, other.endpoint) && both(self.method, other.method)
    }
}

pub(super) fn check(scope: &Scope, found: &mut Vec<Finding>) {
    for file in scope.project.of_kind(FileKind::Sampling) {
        let Some(tree) = file.tree.as_deref().or(file.recovered.as_deref()) else { continue };
        let rules: Vec<Rule> = items(tree, "sampling_rules").filter_map(Rule::of).collect();
        for (at, rule) in rules.iter().enumerate() {
            found.extend(shadowed(file, &rules, at).or_else(|| before_errors(file, rule, &rules[at + 1..])));
            found.extend(error_at_head(scope, file, rule));
        }
    }
}

/// Of several rules that apply the highest rate counts: one that another covers with at least its rate says nothing.
fn shadowed(file: &File, rules: &[Rule], at: usize) -> Option<Finding> {
    let rule = &rules[at];
    let (_, wider) = rules.iter().enumerate().find(|(other_at, other)| {
        let same = other.rate <= rule.rate && rule.covers(other);
        *other_at != at && other.covers(rule) && other.rate >= rule.rate && (!same || *other_at < at)
    })?;
    let message = format!("{} at {} never counts: {} covers it and keeps {}", rule.words(), rule.rate, wider.words(), wider.rate);
    let finding = Finding::at("sampling/rule-shadowed", file, rate_span(rule), message);
    Some(
        finding
            .help("of several rules that apply the highest rate counts: narrow the wider one, or remove this one")
            .level(Severity::Warning),
    )
}

/// A low rate before the rule for errors, which only the order of other samplers would make lose them.
fn before_errors(file: &File, rule: &Rule, behind: &[Rule]) -> Option<Finding> {
    let errors = behind.iter().find(|other| other.error == Some(true) && other.rate > rule.rate && other.meets(rule))?;
    if rule.error.is_some() || rule.rate >= 1.0 {
        return None;
    }
    let message = format!(
        "where the first rule that fits decides, as in most samplers, errors of {} are kept at {}, not at {}",
        rule.words(),
        rule.rate,
        errors.rate
    );
    let finding = Finding::at("sampling/rule-shadowed", file, rate_span(rule), message);
    Some(finding.help("Phoenix takes the highest rate wherever it stands; put the rule for errors first all the same"))
}

fn rate_span(rule: &Rule) -> Span {
    rule.node.get("sample_rate").map_or(rule.node.head(), |rate| rate.span)
}

/// Whether an error occurred is known when a trace has ended.
fn error_at_head(scope: &Scope, file: &File, rule: &Rule) -> Option<Finding> {
    let span = rule.error.and_then(|_| key_span(rule.node, "error"))?;
    let sampler = scope.project.files.iter().find(|file| decides_at_head(file))?;
    if scope.project.files.iter().any(decides_on_whole_traces) {
        return None;
    }
    let message = "whether a trace has an error is known at its end, and nothing here decides on whole traces";
    let help = format!(
        "`{}` makes traces, which can be dropped at their head only; name these rules as `traces.sampling`, or use a collector's `tail_sampling`",
        sampler.source.name
    );
    Some(Finding::at("sampling/error-at-head", file, span, message).help(help).rests_on(RestsOn::Project))
}

/// Whether a file sets up a tracer, or chooses its sampler.
fn decides_at_head(file: &File) -> bool {
    let text = &*file.source.text;
    let code = matches!(file.kind, FileKind::Source | FileKind::Other) && file.tree.is_none() && text.contains("TracerProvider(");
    let chosen = file.tree.is_some() && text.contains("OTEL_TRACES_SAMPLER");
    let collector = file.kind == FileKind::Collector && text.contains("probabilistic_sampler");
    code || chosen || collector
}

fn decides_on_whole_traces(file: &File) -> bool {
    let phoenix = || file.tree.as_deref().and_then(|tree| tree.get("traces")).is_some_and(|traces| traces.get("sampling").is_some());
    match file.kind {
        FileKind::Collector => file.source.text.contains("tail_sampling"),
        // Another sampler of whole traces may stand anywhere behind.
        _ => phoenix() || file.tree.is_some() && file.source.text.contains("tail_sampling"),
    }
}
