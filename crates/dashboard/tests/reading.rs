//! What dashboards are once they are read.

use phoenix_dashboard::{Read, ReadError, ReadOptions, read};
use serde_json::{Value, json};

fn of(value: &Value) -> Read {
    read(&value.to_string(), &ReadOptions::default()).expect("it is a dashboard")
}

/// The fragment of the strategy, as it stands there.
const STRATEGY: &str = r#"{
  "dashboard": {
    "title": "Phoenix Platform - Executive Overview",
    "panels": [
      {"title": "Active Experiments", "targets": [{"expr": "sum(phoenix_experiment_total{state=\"running\"})"}]},
      {"title": "Monthly Cost Savings", "targets": [{"expr": "sum(phoenix_estimated_monthly_savings_usd)"}]},
      {"title": "Average Cardinality Reduction", "targets": [{"expr": "avg(phoenix_pipeline_cardinality_reduction_ratio)"}]},
      {"title": "System Health Score", "targets": [{"expr": "(1 - rate(phoenix_api_request_duration_seconds{status=~\"5..\"}[5m])) * 100"}]}
    ]
  }
}"#;

#[test]
fn a_fragment_becomes_a_whole_dashboard() {
    let read = read(STRATEGY, &ReadOptions::default()).expect("it is a dashboard");
    assert_eq!(read.dashboard.uid(), "phoenix-platform-executive-overview");
    assert!(!read.has_uid);
    assert_eq!(read.report, []);
    let panels: Vec<_> = read.dashboard.panels().map(|panel| (panel.id, panel.kind.to_owned(), panel.json["gridPos"].clone())).collect();
    let at = |x: i64, y: i64, w: i64, h: i64| json!({"x": x, "y": y, "w": w, "h": h});
    let expected =
        [(1, "stat", at(0, 0, 6, 5)), (2, "stat", at(6, 0, 6, 5)), (3, "stat", at(12, 0, 6, 5)), (4, "timeseries", at(0, 5, 12, 8))];
    assert_eq!(panels, expected.map(|(id, kind, at)| (id, kind.to_owned(), at)));
    for target in read.dashboard.targets() {
        assert_eq!((target.ref_id, target.source_type), ("A", "prometheus"), "{}", target.path);
    }
}

#[test]
fn envelopes_are_opened() {
    let inner = json!({"title": "Orders", "uid": "orders", "panels": [{"type": "text", "title": "Hello"}], "schemaVersion": 39});
    let bare = of(&inner).dashboard;
    let mut without_uid = inner.clone();
    without_uid.as_object_mut().expect("it is one").remove("uid");
    let envelopes = [
        json!({"dashboard": inner, "meta": {"slug": "orders"}}),
        json!({"dashboard": inner, "overwrite": true, "folderUid": "x", "inputs": []}),
        json!({"json": inner, "slug": "orders", "downloads": 7}),
        json!({"apiVersion": "dashboard.grafana.app/v1beta1", "kind": "Dashboard", "metadata": {"name": "orders"}, "spec": without_uid}),
        json!({"apiVersion": "grafana.integreatly.org/v1beta1", "kind": "GrafanaDashboard", "spec": {"json": inner.to_string()}}),
    ];
    for envelope in envelopes {
        assert_eq!(of(&envelope).dashboard, bare, "{envelope}");
    }
}

#[test]
fn what_is_no_dashboard_says_why() {
    let deep = format!("{{\"panels\": {}{}}}", "[".repeat(110), "]".repeat(110));
    let many = format!("{{\"panels\": [{}]}}", vec!["{}"; 2001].join(","));
    let cases = [
        ("", "line 1, column 1: EOF while parsing a value"),
        ("<html>", "line 1, column 1: expected value"),
        ("{\n  \"title\": \"x\",\n  \"panels\": [}\n", "line 3, column 14: expected value"),
        ("[{}]", "the text is a list, not one dashboard"),
        ("3", "the text is no JSON object"),
        ("{}", "the JSON object is empty"),
        ("{\"groups\": []}", "the JSON has none of the keys of a dashboard; it has `groups`"),
        ("{\"apiVersion\": \"v1\", \"kind\": \"ConfigMap\", \"spec\": {}}", "the text is a `ConfigMap` of `v1`, not a dashboard"),
        (&deep, "lists and objects of the dashboard stand 111 deep within each other, 100 are allowed"),
        (&many, "the dashboard has 2001 panels, 2000 are allowed"),
    ];
    for (text, expected) in cases {
        let error = read(text, &ReadOptions::default()).expect_err(text);
        assert_eq!(error.to_string(), expected, "{:?}", &text[..text.len().min(60)]);
    }
    let long = " ".repeat(phoenix_dashboard::MAX_BYTES + 1);
    assert!(matches!(read(&long, &ReadOptions::default()), Err(ReadError::TooLong { .. })));
}

#[test]
fn inputs_are_filled_in() {
    let value = json!({
        "__inputs": [
            {"name": "DS_PROM", "label": "Prom", "type": "datasource", "pluginId": "prometheus"},
            {"name": "VAR_JOB", "type": "constant", "value": "node"},
            {"name": "VAR_ENV", "type": "constant"}
        ],
        "__requires": [{"type": "grafana", "id": "grafana", "version": "8.0.0"}],
        "title": "Nodes",
        "panels": [{"id": 1, "type": "timeseries", "datasource": "${DS_PROM}", "targets": [{"refId": "A", "expr": "up{job=\"${VAR_JOB}\", env=\"${VAR_ENV}\"}"}]}]
    });
    let read_with = |inputs: &[(&str, &str)]| {
        let inputs = inputs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
        read(&value.to_string(), &ReadOptions { inputs, ..ReadOptions::default() }).expect("it is a dashboard")
    };
    let read = read_with(&[]);
    assert_eq!(read.report[0].message, "the input `VAR_ENV` has no value");
    let target = read.dashboard.targets().next().expect("there is one");
    assert_eq!(target.json["expr"], "up{job=\"node\", env=\"${VAR_ENV}\"}");
    assert_eq!(target.json["datasource"], json!({"type": "prometheus", "uid": "prometheus"}));
    assert_eq!(
        serde_json::to_value(&read.inputs[..2]).expect("inputs are JSON"),
        json!([
            {"name": "DS_PROM", "label": "Prom", "type": "datasource", "pluginId": "prometheus", "value": "prometheus"},
            {"name": "VAR_JOB", "label": "VAR_JOB", "type": "constant", "pluginId": "", "value": "node"}
        ])
    );
    let read = read_with(&[("VAR_ENV", "prod"), ("VAR_JOB", "api")]);
    assert_eq!(read.report, []);
    assert_eq!(read.dashboard.targets().next().expect("there is one").json["expr"], "up{job=\"api\", env=\"prod\"}");
}

#[test]
fn an_export_reads_as_what_it_was_made_of() {
    let read = of(&serde_json::from_str(STRATEGY).expect("it is JSON"));
    let exported = read.dashboard.export();
    assert_eq!(exported["__inputs"][0]["pluginId"], "prometheus");
    assert_eq!(exported["panels"][0]["datasource"]["uid"], "${DS_PROMETHEUS}");
    assert_eq!(of(&exported).dashboard, read.dashboard);
}

#[test]
fn what_is_unknown_is_kept() {
    let value = json!({"title": "x", "ours": {"a": 1}, "panels": [{"type": "stat", "ours": [1, 2], "options": {"ours": true}}]});
    let read = of(&value);
    assert_eq!(read.dashboard.json()["ours"], json!({"a": 1}));
    let panel = read.dashboard.panels().next().expect("there is one");
    assert_eq!((&panel.json["ours"], &panel.json["options"]["ours"]), (&json!([1, 2]), &json!(true)));
}
