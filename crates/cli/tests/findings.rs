//! What a running Phoenix finds in what it has loaded, and in a query: over its API, with its own metrics.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, eventually, request};
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

fn write(dir: &Path, name: &str, text: &str) {
    std::fs::write(dir.join(name), text).expect("the folder is writable");
}

/// One alert that divides a series by itself, one over a metric that nothing has.
const RULES: &str = "groups:
  - name: api
    rules:
      - alert: Fine
        expr: node_load1 > 1000
        for: 1m
        labels: {severity: warning}
      - alert: Failing
        expr: |
          rate(orders_total{state=\"failed\"}[5m]) /
            rate(orders_total[5m]) > 0.1
        for: 5m
        labels: {severity: critical}
      - alert: Nothing
        expr: nodes_load1 > 3
        for: 5m
        labels: {severity: warning}
";

const DASHBOARD: &str = r#"{"uid": "shop", "title": "Shop", "panels": [{"id": 1, "type": "timeseries", "title": "Load",
  "gridPos": {"x": 0, "y": 0, "w": 12, "h": 8}, "datasource": {"type": "prometheus"},
  "targets": [{"refId": "A", "expr": "sum by (a) (node_load1) / sum by (b) (node_load5)"}]}]}"#;

/// The findings once the run is as wanted.
fn findings(server: &Server, what: &str, is: impl Fn(&Value) -> bool) -> Value {
    eventually(what, Duration::from_mins(1), || Some(server.json("/api/phoenix/v1/findings")).filter(|report| is(report)))
}

fn shown(report: &Value) -> Vec<String> {
    let all = report["findings"].as_array().expect("a list").iter();
    all.map(|f| format!("{} {}:{} {} {}", f["rule"], f["file"], f["line"], f["group"], f["rule_name"]))
        .map(|f| f.replace('"', ""))
        .collect()
}

#[test]
fn what_is_loaded_is_linted_with_the_metrics_that_are_there() {
    let dir = tempfile::tempdir().unwrap();
    write(dir.path(), "rules.yaml", RULES);
    write(dir.path(), "phoenix.yaml", "rules: [rules.yaml]\notlp: off\n");
    let server = Server::start(dir.path(), Some(&dir.path().join("phoenix.yaml")));
    let place = |line: u32| format!("{}:{line}", dir.path().join("rules.yaml").display());

    // Before targets had the time to be scraped, nothing is said of metrics that are not there.
    let first = findings(&server, "the first run", |report| !report["checked_at"].is_null());
    assert_eq!(first["asked_store"], false);
    assert_eq!(shown(&first), [format!("promql/ratio-matches-itself {} api Failing", place(10))], "{first}");

    let report = findings(&server, "a run with metrics", |report| report["asked_store"] == true);
    let want = [
        format!("promql/ratio-matches-itself {} api Failing", place(10)),
        format!("promql/unknown-metric {} api Failing", place(10)),
        format!("promql/unknown-metric {} api Failing", place(11)),
        format!("promql/unknown-metric {} api Nothing", place(15)),
    ];
    assert_eq!(shown(&report), want, "{report}");
    let (never, unknown) = (&report["findings"][0], &report["findings"][3]);
    assert_eq!((&never["severity"], &never["rule_number"], &never["column"]), (&json!("error"), &json!(1), &json!(11)));
    assert!(never["why"].as_str().is_some_and(|why| !why.is_empty()) && never["help"].is_string(), "{never}");
    assert_eq!((&unknown["rests_on"], &unknown["help"]), (&json!("server"), &json!("did you mean `node_load1`?")));
    assert_eq!((&report["errors"], &report["more"], &report["left_out"]), (&json!(1), &json!(0), &json!([])));
    // Where the change is known it is shown, and the rule has its page here.
    let diff = never["diff"].as_str().unwrap_or_else(|| panic!("{never}"));
    assert!(diff.starts_with("--- ") && diff.lines().any(|line| line.starts_with("+  ")), "{diff}");
    let (status, page) = server.get(never["link"].as_str().unwrap());
    assert!(status == 200 && page.starts_with('#'), "{page}");
    assert_eq!(server.get("/docs/lint/promql/none.md").0, 404);
    assert_eq!(server.get("/docs/lint/..%2f..%2fREADME.md").0, 404);

    // A dashboard that is saved is linted, too; what was mended is no longer told after a reload.
    let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
    assert_eq!(server.post("/api/phoenix/v1/dashboards", &json!({"dashboard": dashboard})).0, 201);
    write(dir.path(), "rules.yaml", RULES.split("      - alert: Failing").next().unwrap());
    assert_eq!(request(server.address, "POST", "/-/reload", &[], b""), (200, String::new()));
    let report = findings(&server, "the dashboard's alone", |report| {
        report["asked_store"] == true && report["findings"].as_array().is_some_and(|all| all.iter().all(|f| f["dashboard_uid"] == "shop"))
    });
    assert_eq!(report["findings"][0]["rule"], "promql/labels-never-match", "{report}");
    assert!(report["findings"][0]["message"].as_str().unwrap().contains("panel `Load`"), "{report}");
}

#[test]
fn one_query_is_linted() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    findings(&server, "a run with metrics", |report| report["asked_store"] == true);
    let ask = |body: &Value| server.post("/api/phoenix/v1/lint_query", body);
    let found = |query: &str, language: &str| {
        let (status, body) = ask(&json!({"query": query, "language": language}));
        assert_eq!(status, 200, "{body}");
        let answer: Value = serde_json::from_str(&body).unwrap();
        let all = answer["findings"].as_array().unwrap().iter();
        all.map(|f| format!("{} {} {}", f["rule"].as_str().unwrap(), f["start"], f["end"])).collect::<Vec<_>>()
    };
    assert_eq!(found("up", "promql"), Vec::<String>::new());
    assert_eq!(found("sum by (a) (up)\n\n/ sum by (b) (up)", "promql"), ["promql/labels-never-match 17 18"]);
    assert_eq!(found("nodes_load1", "promql"), ["promql/unknown-metric 0 11"]);
    assert_eq!(found("up{job=\"nobody\"}", "promql"), ["promql/no-series 3 15"]);
    // What can't be read is the parser's, and traces have no rules yet.
    assert_eq!(found("up{", "promql"), Vec::<String>::new());
    assert_eq!(found("{ status = error }", "traceql"), Vec::<String>::new());
    assert_eq!(found("{app=\"a\"} |= \"ERROR\"", "logql"), ["logs/text-instead-of-level 0 20"]);
    for wrong in [json!({"query": "up", "language": "sql"}), json!({"query": "u".repeat(40_000)}), json!({"q": "up"})] {
        let (status, body) = ask(&wrong);
        assert!((400..500).contains(&status), "{status} {body}");
    }
}
