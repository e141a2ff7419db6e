//! Living with findings: mending them, hiding them, knowing them.

use phoenix_lint::{Baseline, Facts, Finding, Options, Project, lint, mend};
use phoenix_model::{Severity, Source};

const STRATEGY: [(&str, &str); 5] = [
    ("critical.yaml", include_str!("strategy/3.1-critical.yaml")),
    ("warnings.yaml", include_str!("strategy/3.2-warnings.yaml")),
    ("info.yaml", include_str!("strategy/3.3-info.yaml")),
    ("security.yaml", include_str!("strategy/9.1-security.yaml")),
    ("executive.json", include_str!("strategy/4.1-executive.json")),
];

fn everything() -> Options {
    Options { level: Severity::Info, ..Options::default() }
}

fn found(sources: &[Source], options: &Options) -> Vec<Finding> {
    let project = Project::of(sources.to_vec());
    let facts = Facts::of(&project, None);
    lint(&project, &facts, options)
}

fn ids(found: &[Finding]) -> Vec<&str> {
    found.iter().map(|finding| finding.rule.id).collect()
}

#[test]
fn what_is_mended_can_be_read_and_is_found_no_more() {
    let sources = STRATEGY.map(|(name, text)| Source::new(name, text));
    let options = everything();
    let before = found(&sources, &options);
    let rules = |sources: &[Source]| Project::of(sources.to_vec()).rules().filter(|(_, _, rule)| rule.parsed.is_some()).count();
    let mended = mend(&sources, None, &options);
    let now: Vec<Source> = sources.iter().map(|old| mended.iter().find(|new| new.name == old.name).unwrap_or(old).clone()).collect();
    assert_eq!(rules(&sources), rules(&now));
    let after = found(&now, &options);
    for id in ["promql/ratio-matches-itself", "promql/division-by-zero-limit", "alerts/no-groups", "alerts/up-without-absent"] {
        assert!(ids(&before).contains(&id), "{id} is not found");
        assert!(!ids(&after).contains(&id), "{id} is still found");
    }
    // Nothing is left that could be mended, and mending again changes nothing.
    assert!(mend(&now, None, &options).is_empty());
    insta::assert_snapshot!(phoenix_lint::unified("critical.yaml", &sources[0].text, &now[0].text), @r#"
    --- critical.yaml
    +++ critical.yaml
    @@ -5,7 +5,7 @@
         rules:
           # Service availability
           - alert: PhoenixAPIDown
    -        expr: up{job="phoenix-api"} == 0
    +        expr: up{job="phoenix-api"} == 0 or absent(up{job="phoenix-api"})
             for: 2m
             labels:
               severity: critical
    @@ -31,8 +31,8 @@
           # Experiment failures
           - alert: HighExperimentFailureRate
             expr: |
    -          rate(phoenix_experiment_total{state="failed"}[15m]) /
    -          rate(phoenix_experiment_total[15m]) > 0.1
    +          sum(rate(phoenix_experiment_total{state="failed"}[15m])) /
    +          sum(rate(phoenix_experiment_total[15m])) > 0.1
             for: 10m
             labels:
               severity: critical
    "#);
    insta::assert_snapshot!(phoenix_lint::unified("security.yaml", &sources[3].text, &now[3].text), @r#"
    --- security.yaml
    +++ security.yaml
    @@ -1,4 +1,6 @@
    -security_alerts:
    +groups:
    +- name: security_alerts
    +  rules:
       - alert: UnauthorizedAPIAccess
         expr: |
           rate(phoenix_api_request_total{status="403"}[5m]) > 10
    @@ -10,4 +12,4 @@
       - alert: SecretAccessAnomaly
         expr: |
           rate(vault_secret_access_total[5m]) > 
    -      avg_over_time(vault_secret_access_total[1h:5m]) * 3
    +      rate(vault_secret_access_total[1h]) * 3
    "#);
}

const RATIO: &str = "rate(x_total{a=\"1\"}[5m]) / rate(x_total[5m])";

#[test]
fn comments_hide_what_they_stand_at() {
    let itself = "promql/ratio-matches-itself";
    let (hidden, reason) = (format!("# phoenix:ignore {itself} one series only"), "lint/ignore-without-reason");
    for (what, text, want) in [
        ("above the rule", format!("groups:\n- name: g\n  rules:\n  {hidden}\n  - record: a\n    expr: {RATIO}\n"), vec![]),
        ("above the expression", format!("groups:\n- name: g\n  rules:\n  - record: a\n    {hidden}\n    expr: {RATIO}\n"), vec![]),
        ("behind the expression", format!("groups:\n- name: g\n  rules:\n  - record: a\n    expr: {RATIO} {hidden}\n"), vec![]),
        (
            "behind the head of a block",
            format!("groups:\n- name: g\n  rules:\n  - record: a\n    expr: | {hidden}\n      {RATIO}\n"),
            vec![],
        ),
        (
            "within the expression",
            format!("groups:\n- name: g\n  rules:\n  - record: a\n    expr: |\n      {hidden}\n      {RATIO}\n"),
            vec![],
        ),
        (
            "at another rule",
            format!("groups:\n- name: g\n  rules:\n  {hidden}\n  - record: b\n    expr: up\n  - record: a\n    expr: {RATIO}\n"),
            vec!["lint/ignore-hides-nothing", itself],
        ),
        (
            "of another finding",
            format!(
                "groups:\n- name: g\n  rules:\n  # phoenix:ignore promql/labels-never-match it is meant\n  - record: a\n    expr: {RATIO}\n"
            ),
            vec!["lint/ignore-hides-nothing", itself],
        ),
        (
            "of no rule",
            format!("groups:\n- name: g\n  rules:\n  # phoenix:ignore promql/nothing it is meant\n  - record: a\n    expr: {RATIO}\n"),
            vec!["lint/ignore-hides-nothing", itself],
        ),
        (
            "without a reason",
            format!("groups:\n- name: g\n  rules:\n  # phoenix:ignore {itself}\n  - record: a\n    expr: {RATIO}\n"),
            vec![reason],
        ),
    ] {
        let found = found(&[Source::new("rules.yaml", text.as_str())], &Options::default());
        assert_eq!(ids(&found), want, "{what}:\n{text}");
    }
}

#[test]
fn a_baseline_knows_each_finding_as_often_as_it_was_there() {
    let rule = |name: &str| format!("  - record: {name}\n    expr: {RATIO}\n");
    let file = |rules: &str| [Source::new("rules.yaml", format!("groups:\n- name: g\n  rules:\n{rules}"))];
    let options = Options::default();
    let text = Baseline::write(&found(&file(&rule("a")), &options));
    let baseline = Baseline::parse(&text);
    for (rules, told, gone) in [
        (rule("a"), 0, 0),
        (format!("  # moved\n\n{}", rule("a")), 0, 0),
        (rule("a") + &rule("b"), 1, 0),
        (format!("  - record: a\n    expr: {RATIO} * 2\n"), 1, 1),
        ("  - record: a\n    expr: up\n".to_owned(), 0, 1),
    ] {
        let mut findings = found(&file(&rules), &options);
        let left = baseline.hide(&mut findings);
        assert_eq!((findings.len(), left), (told, gone), "{rules}");
    }
}

#[test]
fn positions_are_exact_however_the_expression_is_written() {
    for (what, expr) in [
        ("plain", "rate(x_total{a='1'}[5m]) / sum(rate(x_total[5m]))".to_owned()),
        ("in double quotes", "\"rate(x_total{a=\\\"1\\\"}[5m]) / sum(rate(x_total[5m]))\"".to_owned()),
        ("in single quotes", "'rate(x_total{a=\"1\"}[5m]) / sum(rate(x_total[5m]))'".to_owned()),
        ("a block", "|\n      rate(x_total{a=\"1\"}[5m])\n        / sum(rate(x_total[5m]))".to_owned()),
        ("folded", ">-\n      rate(x_total{a=\"1\"}[5m])\n      / sum(rate(x_total[5m]))".to_owned()),
        ("plain over lines", "rate(x_total{a='1'}[5m])\n      / sum(rate(x_total[5m]))".to_owned()),
    ] {
        let text = format!("groups:\n- name: g\n  rules:\n  - record: a\n    expr: {expr}\n");
        let found = found(&[Source::new("rules.yaml", text.as_str())], &Options::default());
        let marked: Vec<&str> = found.iter().map(|finding| &text[finding.diagnostic.span.start..finding.diagnostic.span.end]).collect();
        assert_eq!((ids(&found), marked), (vec!["promql/labels-never-match"], vec!["/"]), "{what}:\n{text}");
    }
}
