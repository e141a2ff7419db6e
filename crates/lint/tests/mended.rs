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

#[test]
fn metrics_and_ratios() {
    check(&[
        (
            "promql/misleading-metric",
            "a.yaml",
            &rules(&["alert: A\n    expr: container_memory_usage_bytes{pod=\"a\"} > 1"]),
            &rules(&["alert: A\n    expr: container_memory_working_set_bytes{pod=\"a\"} > 1"]),
        ),
        (
            "promql/cadvisor-duplicates",
            "a.promql",
            "container_memory_rss{pod=~\"a.+\"}",
            "container_memory_rss{pod=~\"a.+\", container!=\"\", container!=\"POD\"}",
        ),
        (
            "promql/cadvisor-duplicates",
            "a.promql",
            "sum by (pod) (container_memory_rss)",
            "sum by (pod) (container_memory_rss{container!=\"\", container!=\"POD\"})",
        ),
        ("promql/cadvisor-duplicates", "a.promql", "sum(container_memory_rss)", ""),
        (
            "promql/ratio-without-denominator",
            "a.promql",
            "1 - rate(a_total{code=~\"5..\"}[5m])",
            "1 - sum(rate(a_total{code=~\"5..\"}[5m])) / sum(rate(a_total[5m]))",
        ),
        (
            "promql/ratio-without-denominator",
            "a.promql",
            "100 - sum by (job) (rate(a_total{b=\"c\", code=\"500\"}[5m]))",
            "100 - sum by (job) (rate(a_total{b=\"c\", code=\"500\"}[5m])) / sum by (job) (rate(a_total{b=\"c\"}[5m]))",
        ),
        ("promql/ratio-without-denominator", "a.promql", "1 - rate(a_total[5m])", ""),
        (
            "promql/absent-means-zero",
            "a.promql",
            "1 - sum(rate(a_total{code=\"500\"}[5m])) / sum(rate(a_total[5m]))",
            "1 - (sum(rate(a_total{code=\"500\"}[5m])) or 0 * sum(rate(a_total[5m]))) / sum(rate(a_total[5m]))",
        ),
        ("promql/absent-means-zero", "a.promql", "1 - sum by (x) (rate(a_total{code=\"500\"}[5m])) / on (x) sum(rate(a_total[5m]))", ""),
        (
            "promql/rate-against-counter",
            "a.promql",
            "rate(a_total[5m]) > 3 * avg_over_time(a_total[1h:5m])",
            "rate(a_total[5m]) > 3 * rate(a_total[1h])",
        ),
    ]);
}

#[test]
fn alerts_and_their_texts() {
    check(&[
        (
            "template/label-is-gone",
            "a.yaml",
            &rules(&["alert: A\n    expr: sum(rate(a_total[5m])) > 1\n    annotations: {summary: '{{ $labels.shop }}'}"]),
            &rules(&["alert: A\n    expr: sum by (shop) (rate(a_total[5m])) > 1\n    annotations: {summary: '{{ $labels.shop }}'}"]),
        ),
        (
            "template/label-is-gone",
            "a.yaml",
            &rules(&["alert: A\n    expr: sum by (job) (a) / sum by (job) (b) > 1\n    annotations: {summary: '{{ $labels.shop }}'}"]),
            &rules(&[
                "alert: A\n    expr: sum by (shop, job) (a) / sum by (shop, job) (b) > 1\n    annotations: {summary: '{{ $labels.shop }}'}",
            ]),
        ),
        (
            "template/label-is-gone",
            "a.yaml",
            &rules(&["alert: A\n    expr: absent(up)\n    annotations: {summary: '{{ $labels.shop }}'}"]),
            "",
        ),
        (
            "alerts/for-below-interval",
            "a.yaml",
            "groups:\n- name: g\n  interval: 1m\n  rules:\n  - {alert: A, expr: a > 1, for: 1m}\n",
            "groups:\n- name: g\n  interval: 1m\n  rules:\n  - {alert: A, expr: a > 1, for: 2m}\n",
        ),
        (
            "alerts/interval-near-lookback",
            "a.yaml",
            "groups:\n- name: g\n  interval: 10m\n  rules: [{record: a, expr: b}]\n",
            "groups:\n- name: g\n  interval: 2m\n  rules: [{record: a, expr: b}]\n",
        ),
    ]);
}

#[test]
fn configurations_and_dashboards() {
    let job = |steps: &str| {
        format!(
            "scrape_configs:\n- job_name: a\n  kubernetes_sd_configs: [{{role: pod}}]\n  relabel_configs:\n    - {{regex: x, action: labeldrop}}\n{steps}  sample_limit: 1\n"
        )
    };
    let (dropped, named) = (
        "    - {source_labels: [__meta_kubernetes_pod_phase], regex: Succeeded|Failed|Completed, action: drop}\n",
        "    - {source_labels: [__meta_kubernetes_pod_name], target_label: pod}\n",
    );
    check(&[
        ("scrape/finished-pods", "a.yaml", &job(""), &job(dropped)),
        ("scrape/no-pod-label", "a.yaml", &job(""), &job(named)),
        (
            "scrape/deprecated-field",
            "a.yaml",
            "remote_write:\n- url: u\n  bearer_token_file: /run/t\n",
            "remote_write:\n- url: u\n  authorization: {credentials_file: /run/t}\n",
        ),
        (
            "scrape/timeout-exceeds-interval",
            "a.yaml",
            "global: {scrape_interval: 10s, scrape_timeout: 1m}\n",
            "global: {scrape_interval: 10s, scrape_timeout: 10s}\n",
        ),
        (
            "scrape/remote-write-drops-recordings",
            "a.yaml",
            "remote_write:\n- url: u\n  write_relabel_configs:\n  - {source_labels: [__name__], regex: 'shop_.*', action: keep}\n",
            "remote_write:\n- url: u\n  write_relabel_configs:\n  - {source_labels: [__name__], regex: 'shop_.*|[^:]+:.+|up|ALERTS', action: keep}\n",
        ),
        ("dashboard/wrapped", "a.json", "{\"dashboard\": {\"panels\": []}, \"overwrite\": true}", "{\"panels\": []}"),
        ("dashboard/wrapped", "a.json", "{\"dashboard\": {\"panels\": []}, \"other\": 1}", ""),
        (
            "dashboard/panel-without-type",
            "a.json",
            "{\"panels\": [\n  {\n    \"targets\": []\n  }]}",
            "{\"panels\": [\n  {\n    \"type\": \"timeseries\",\n    \"targets\": []\n  }]}",
        ),
        (
            "dashboard/no-unit",
            "a.json",
            "{\"panels\": [{\"type\": \"stat\", \"targets\": [{\"expr\": \"process_resident_memory_bytes\"}]}]}",
            "{\"panels\": [{\"fieldConfig\": {\"defaults\": {\"unit\": \"bytes\"}},\"type\": \"stat\", \"targets\": [{\"expr\": \"process_resident_memory_bytes\"}]}]}",
        ),
    ]);
}

/// A range is too short for the configuration beside it.
#[test]
fn ranges() {
    let config = Source::new("prometheus.yml", "global: {scrape_interval: 30s}\nscrape_configs: []\n");
    let of = |text: &str| {
        let project = Project::of(vec![config.clone(), Source::new("a.promql", text)]);
        let found = lint(&project, &Facts::of(&project, None), &Options::default());
        let fixes: Vec<_> = found.iter().filter_map(|finding| finding.fix.clone()).collect();
        (found.len(), apply(text, &fixes))
    };
    for (before, after) in [
        ("rate(node_intr_total [30s] offset 1m)", "rate(node_intr_total [2m] offset 1m)"),
        ("rate(node_intr_total[45s])", "rate(node_intr_total[2m])"),
    ] {
        assert_eq!(of(before), (1, after.to_owned()), "{before}");
        assert_eq!(of(after).0, 0, "{after}");
    }
}

/// A file of rules, each of its first key on.
fn rules(rules: &[&str]) -> String {
    let rules: Vec<String> = rules.iter().map(|rule| format!("  - {rule}\n")).collect();
    format!("groups:\n- name: g\n  rules:\n{}", rules.concat())
}
