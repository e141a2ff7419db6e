//! Findings that can be mended: the mended text is what a person would write, and the finding is gone.

use phoenix_lint::{Facts, Finding, Options, Project, apply, lint};
use phoenix_model::{Severity, Source};

fn found(name: &str, text: &str, id: &str) -> Vec<Finding> {
    let project = Project::of(vec![Source::new(name, text)]);
    let options = Options { level: Severity::Info, ..Options::default() };
    lint(&project, &Facts::of(&project, None), &options).into_iter().filter(|finding| finding.rule.id == id).collect()
}

/// (rule, file, before, after); an empty text after: nothing can be derived.
fn check(cases: &[(&str, &str, &str, &str)]) {
    let mut wrong = Vec::new();
    for (id, name, before, after) in cases {
        let findings = found(name, before, id);
        let fixes: Vec<_> = findings.iter().filter_map(|finding| finding.fix.as_ref()).collect();
        let mended = apply(before, fixes.iter().copied());
        if findings.is_empty() {
            wrong.push(format!("{id}: nothing is found in\n{before}"));
        } else if after.is_empty() != fixes.is_empty() || !after.is_empty() && mended != *after {
            wrong.push(format!("{id}: mended is\n{mended}\n, expected\n{after}"));
        } else if !after.is_empty() && !found(name, after, id).is_empty() {
            wrong.push(format!("{id}: still found in\n{after}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn files_that_are_no_yaml() {
    let id = "yaml/syntax";
    check(&[
        (id, "a.yaml", "a:\n\t- b\n\t- c: 1\n", "a:\n  - b\n  - c: 1\n"),
        (id, "a.yaml", "a: |\n  x\nb:\n\t- c\n", ""),
        (id, "a.yaml", "a:\n  b:\n    - c: 1\n\n    d: 2\n    e: 3\n", "a:\n  b:\n    - c: 1\n\n  d: 2\n  e: 3\n"),
        (id, "a.yaml", "a:\n  - c: 1\n  d: 2\n  - e: 3\n", ""),
        (id, "a.yaml", "a:\n  - c: 1\n\n  d:\n    e: 2\n", "a:\n  - c: 1\n\nd:\n  e: 2\n"),
        (id, "a.yaml", "a: {{ $labels.pod }} is down\n", "a: '{{ $labels.pod }} is down'\n"),
        (id, "a.yaml", "- a: it's down: look\n", "- a: 'it''s down: look'\n"),
        (id, "a.yaml", "a: @home\n", "a: '@home'\n"),
        (id, "a.yaml", "a: [1, 2\nb: 3\n", ""),
        (id, "a.json", "{\"panels\": [1,]}", ""),
    ]);
}

#[test]
fn expressions() {
    check(&[
        ("promql/regex-anchored", "a.promql", "up{job=~\"^a.+$\"}", "up{job=~\"a.+\"}"),
        (
            "promql/recorded-already",
            "a.yaml",
            &rules(&["record: a:rate5m\n    expr: rate(a_total[5m])", "alert: A\n    expr: sum(rate(a_total[5m])) > 1"]),
            &rules(&["record: a:rate5m\n    expr: rate(a_total[5m])", "alert: A\n    expr: sum(a:rate5m) > 1"]),
        ),
        ("promql/topk-in-rule", "a.yaml", &rules(&["alert: A\n    expr: topk(3, a) > 1"]), &rules(&["alert: A\n    expr: a > 1"])),
        ("promql/topk-in-rule", "a.yaml", &rules(&["record: a\n    expr: topk(3, b)"]), ""),
        ("promql/nan-in-aggregate", "a.promql", "avg(a / rate(b_total[5m]))", "avg(a / (rate(b_total[5m]) > 0))"),
        (
            "promql/sum-counts-replicas",
            "a.promql",
            "sum(phoenix_estimated_monthly_savings_usd)",
            "sum(max by (provider, tenant_id) (phoenix_estimated_monthly_savings_usd))",
        ),
        (
            "promql/sum-counts-replicas",
            "a.promql",
            "sum by (shop) (basket_eur{a=\"b\"})",
            "sum by (shop) (max without (instance, pod) (basket_eur{a=\"b\"}))",
        ),
        (
            "promql/quantile-without-le",
            "a.yaml",
            &rules(&[
                "alert: A\n    expr: histogram_quantile(0.9, rate(phoenix_api_request_duration_seconds_bucket[5m])) > 1\n    annotations: {summary: '{{ $labels.job }}'}",
            ]),
            &rules(&[
                "alert: A\n    expr: histogram_quantile(0.9, sum by (le, job) (rate(phoenix_api_request_duration_seconds_bucket[5m]))) > 1\n    annotations: {summary: '{{ $labels.job }}'}",
            ]),
        ),
        ("promql/quantile-without-le", "a.promql", "histogram_quantile(0.9, rate(a_bucket[5m]))", ""),
    ]);
}

/// A file of rules, each of its first key on.
fn rules(rules: &[&str]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("  - {rule}\n")).collect();
    format!("groups:\n- name: g\n  rules:\n{}", rules.concat())
}
