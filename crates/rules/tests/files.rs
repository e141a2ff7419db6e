//! Rule files: the strategy's own, and broken ones with what is said about them.

use phoenix_engine::Language;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_rules::{RuleFile, RuleKind, parse};
use proptest::prelude::*;
use std::time::Duration;

/// Knows one mistake: an unclosed parenthesis.
fn checker(_: Language, expr: &str) -> Vec<Diagnostic> {
    let open = expr.matches('(').count();
    if open == expr.matches(')').count() {
        return Vec::new();
    }
    let at = expr.rfind('(').unwrap_or(0);
    vec![Diagnostic::error(&Source::new("query", expr), Span::new(at, at + 1), "unclosed parenthesis")]
}

fn read(name: &str, text: &str) -> (RuleFile, String) {
    let (file, diagnostics) = parse(&Source::new(name, text), &checker);
    let shown: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    (file, shown.join("\n"))
}

fn wrong(text: &str) -> String {
    read("rules.yaml", text).1
}

const CRITICAL: &str = include_str!("data/strategy_3_1_critical.yaml");
const WARNING: &str = include_str!("data/strategy_3_2_warning.yaml");
const INFO: &str = include_str!("data/strategy_3_3_info.yaml");
const SECURITY: &str = include_str!("data/strategy_9_1_security.yaml");

/// Sections 3.2 and 3.3 of the strategy go on with the list that 3.1 begins.
#[test]
fn the_strategys_rules_load_as_they_stand() {
    let (file, said) = read("critical.yaml", &format!("{CRITICAL}{WARNING}{INFO}"));
    assert_eq!(said, "");
    let groups: Vec<_> = file.groups.iter().map(|g| (g.name.as_str(), g.interval.unwrap().as_secs(), g.rules.len())).collect();
    assert_eq!(groups, [("phoenix_critical", 30, 3), ("phoenix_warnings", 60, 3), ("phoenix_info", 300, 2)]);
    let down = &file.groups[0].rules[0];
    assert_eq!((down.name.as_str(), down.expr.as_str(), down.line), ("PhoenixAPIDown", "up{job=\"phoenix-api\"} == 0", 7));
    assert_eq!(down.labels, [("severity".to_owned(), "critical".to_owned()), ("team".to_owned(), "platform".to_owned())]);
    let RuleKind::Alerting(alerting) = &down.kind else { panic!("an alert") };
    assert_eq!(alerting.hold, Duration::from_mins(2));
    assert_eq!(alerting.annotations.len(), 3);
}

/// Section 9.1 has no `groups:`, which is what a rule file consists of.
#[test]
fn the_strategys_security_alerts_are_no_rule_file() {
    let (file, said) = read("security.yaml", SECURITY);
    assert!(file.groups.is_empty());
    insta::assert_snapshot!(said, @r#"
    security.yaml:1:1: error: unknown key `security_alerts`
     1 | security_alerts:
       | ^^^^^^^^^^^^^^^
      help: known here: groups
    "#);
}

#[test]
fn all_keys_of_a_group_are_read() {
    let (file, said) = read(
        "rules.yaml",
        "groups:\n- name: a\n  interval: 15s\n  query_offset: 30s\n  limit: 10\n  labels: {team: x, tier: '1'}\n  language: promql\n  rules:\n  \
         - record: job:up:sum\n    expr: sum by (job) (up)\n    labels: {tier: '2'}\n  - alert: Down\n    expr: 1\n    keep_firing_for: 5m\n- name: b\n",
    );
    assert_eq!(said, "");
    let a = &file.groups[0];
    assert_eq!((a.interval, a.query_offset, a.limit, a.line), (Some(Duration::from_secs(15)), Some(Duration::from_secs(30)), 10, 2));
    assert_eq!(a.rules[0].labels, [("team".to_owned(), "x".to_owned()), ("tier".to_owned(), "2".to_owned())]);
    assert_eq!(a.rules[0].kind, RuleKind::Recording);
    assert_eq!((a.rules[1].expr.as_str(), a.rules[1].line, a.rules[1].column), ("1", 12, 5));
    assert_eq!(file.groups[1].rules, []);
    assert_eq!(a.key(), "rules.yaml;a");
    for text in ["", "groups:\n", "groups: []\n"] {
        assert_eq!(wrong(text), "", "{text:?}");
    }
}

#[test]
fn names_and_keys_that_are_wrong() {
    insta::assert_snapshot!(wrong("groups:\n- name: a\n  intervall: 15s\n  rules:\n  - alert: X\n    expr: up\n    fur: 5m\n"), @r#"
    rules.yaml:3:3: error: unknown key `intervall`
     3 |   intervall: 15s
       |   ^^^^^^^^^
      help: did you mean `interval`?
    rules.yaml:7:5: error: unknown key `fur`
     7 |     fur: 5m
       |     ^^^
      help: did you mean `for`?
    "#);
    insta::assert_snapshot!(wrong("groups:\n- name: a\n  rules:\n  - alert: X\n    record: y\n    expr: up\n  - expr: up\n"), @r#"
    rules.yaml:5:13: error: a rule has both `record` and `alert`
     5 |     record: y
       |             ^
      help: make two rules of it: one records, one alerts
    rules.yaml:7:5: error: a rule has neither `record` nor `alert`
     7 |   - expr: up
       |     ^^^^^^^^
      help: `record` names a new metric, `alert` an alert
    "#);
    insta::assert_snapshot!(wrong("groups:\n- name: a\n- name: a\n- rules: []\n- name: ''\n"), @r#"
    rules.yaml:3:9: error: the group `a` exists twice in this file
     3 | - name: a
       |         ^
      help: the first one is in line 2
    rules.yaml:4:3: error: the key `name` is missing
     4 | - rules: []
       |   ^^^^^
      help: add `name: …` to this mapping
    rules.yaml:5:9: error: a group's name is empty
     5 | - name: ''
       |         ^^
    "#);
    insta::assert_snapshot!(
        wrong("groups:\n- name: a\n  rules:\n  - record: sum(up)\n    expr: up\n  - record: a-b\n    expr: up\n    for: 5m\n    annotations: {a: b}\n"),
        @r#"
        rules.yaml:4:13: error: `sum(up)` is not a metric name
         4 |   - record: sum(up)
           |             ^^^^^^^
          help: `record` takes a name such as `job:up:sum`; the expression belongs to `expr`, labels to `labels`
        rules.yaml:6:13: warning: the metric name `a-b` has to be quoted in queries
         6 |   - record: a-b
           |             ^^^
          help: letters, digits, `_` and `:` need no quotes
        rules.yaml:8:10: error: the recording rule `a-b` has `for`, which only alerts have
         8 |     for: 5m
           |          ^^
        rules.yaml:9:18: error: the recording rule `a-b` has `annotations`, which only alerts have
         9 |     annotations: {a: b}
           |                  ^^^^^^
        "#
    );
    insta::assert_snapshot!(
        wrong("groups:\n- name: a\n  labels: {__name__: x}\n  rules:\n  - alert: X\n    expr: up\n    labels:\n      '': a\n      a-b: c\n"),
        @r#"
        rules.yaml:3:12: error: a rule can't put on the label `__name__`
         3 |   labels: {__name__: x}
           |            ^^^^^^^^
          help: the name comes from `record` or `alert`
        rules.yaml:8:7: error: a label's name is empty
         8 |       '': a
           |       ^^
        rules.yaml:9:7: warning: the label name `a-b` has to be quoted in queries
         9 |       a-b: c
           |       ^^^
          help: letters, digits and `_` need no quotes
        "#
    );
    insta::assert_snapshot!(
        wrong("groups:\n- name: a\n  rules:\n  - alert: X\n    expr: up\n  - alert: X\n    expr: down\n  - alert: X\n    expr: up\n    labels: {a: b}\n"),
        @r#"
        rules.yaml:6:5: warning: the alert `X` exists twice with the same labels
         6 |   - alert: X
           |     ^^^^^^^^
          help: the first one is in line 4; both give the same series
        "#
    );
}

#[test]
fn values_that_are_wrong() {
    insta::assert_snapshot!(wrong("groups:\n- name: a\n  interval: 15\n  limit: -1\n  rules:\n  - alert: X\n    expr: ''\n    for: 5 m\n  - alert: Y\n"), @r#"
    rules.yaml:3:13: error: `15` is not a duration: `15` has no unit; one of y, w, d, h, m, s, ms
     3 |   interval: 15
       |             ^^
      help: add a unit, as in `15s` or `15m`
    rules.yaml:4:10: error: `limit` is negative
     4 |   limit: -1
       |          ^^
      help: 0 means no limit
    rules.yaml:7:11: error: `expr` of `X` is empty
     7 |     expr: ''
       |           ^^
    rules.yaml:8:10: error: `5 m` is not a duration: `5` has no unit; one of y, w, d, h, m, s, ms
     8 |     for: 5 m
       |          ^^^
      help: write a duration as `30s`, `5m` or `1h30m`
    rules.yaml:9:5: error: `Y` has no `expr`
     9 |   - alert: Y
       |     ^^^^^^^^
    "#);
    insta::assert_snapshot!(wrong("groups:\n- name: a\n  rules: nothing\n"), @r#"
    rules.yaml:3:10: error: expected a list, found text
     3 |   rules: nothing
       |          ^^^^^^^
      help: write `- item` on lines of its own, or `[item, item]`
    "#);
    insta::assert_snapshot!(wrong("groups: [\n"), @r#"
    rules.yaml:1:9: error: `[` is opened and never closed
     1 | groups: [
       |         ^
    "#);
}

#[test]
fn languages() {
    insta::assert_snapshot!(
        wrong("groups:\n- name: a\n  language: traceql\n  rules:\n  - alert: X\n    expr: '{a=\"b\"}'\n- name: b\n  language: promq\n"),
        @r#"
        rules.yaml:8:13: error: unknown query language `promq`
         8 |   language: promq
           |             ^^^^^
          help: did you mean `promql`?
        "#
    );
    let (file, _) = read("r", "groups:\n- {name: a, language: traceql}\n- {name: b}\n- {name: c, language: logql}\n");
    let groups: Vec<_> = file.groups.iter().map(|g| (g.name.as_str(), g.language)).collect();
    assert_eq!(groups, [("a", Language::TraceQl), ("b", Language::PromQl), ("c", Language::LogQl)]);
}

#[test]
fn expressions_and_templates_are_marked_where_they_stand() {
    insta::assert_snapshot!(
        wrong("groups:\n- name: a\n  rules:\n  - alert: X\n    expr: |\n      sum(up)\n        / count(up > 1\n    annotations:\n      summary: \"{{ $labels.job }} {{ $valu }}\"\n"),
        @r#"
        rules.yaml:7:16: error: unclosed parenthesis
         7 |         / count(up > 1
           |                ^
        rules.yaml:9:38: error: the template of the annotation `summary` of `X` can't be used: undefined variable "$valu"
         9 |       summary: "{{ $labels.job }} {{ $valu }}"
           |                                      ^
        "#
    );
    insta::assert_snapshot!(
        wrong("groups:\n- name: a\n  rules:\n  - alert: X\n    expr: 'sum(up'\n    labels:\n      severity: '{{ if true }}x'\n    annotations:\n      text: |\n        first\n        {{ humanise 1 }}\n"),
        @r#"
        rules.yaml:5:15: error: unclosed parenthesis
         5 |     expr: 'sum(up'
           |               ^
        rules.yaml:7:21: error: the template of the label `severity` of `X` can't be used: {{if}} has no {{end}}
         7 |       severity: '{{ if true }}x'
           |                     ^
        rules.yaml:11:12: error: the template of the annotation `text` of `X` can't be used: function "humanise" not defined; did you mean humanize?
         11 |         {{ humanise 1 }}
            |            ^
        "#
    );
    // A recording rule's labels are no templates.
    assert_eq!(wrong("groups:\n- name: a\n  rules:\n  - record: x\n    expr: up\n    labels: {a: '{{ x'}\n"), "");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn mutated_files_never_panic(at in any::<prop::sample::Index>(), drop in 0_usize..12, put in "[-{}\\[\\]:|>'\"a-z0-9 \n#&*!]{0,6}") {
        let mut letters: Vec<char> = CRITICAL.chars().collect();
        let start = at.index(letters.len());
        let end = (start + drop).min(letters.len());
        letters.splice(start..end, put.chars());
        let text: String = letters.into_iter().collect();
        let (_, said) = read("r.yaml", &text);
        prop_assert!(said.len() < 100_000);
    }
}
