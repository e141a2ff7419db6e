//! Bodies of the compatible API as a client sees them: envelopes, error types, status codes and positions.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::{Server, eventually, exchange, request};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::time::Duration;

const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// One server for the whole file's questions, with limits that a test can reach.
fn server(dir: &std::path::Path) -> Server {
    let write = |name: &str, text: &str| -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, text).expect("the folder is writable");
        path
    };
    write(
        "rules.yaml",
        "groups:\n  - name: g\n    interval: 1s\n    rules:\n      - {alert: Always, expr: vector(1) > 0, labels: {severity: info}, annotations: {summary: 'v {{ $value }}'}}\n      - {record: two, expr: 1 + 1}\n",
    );
    let config = write(
        "phoenix.yaml",
        "rules: [rules.yaml]\nlimits: {query_max_samples: 2000, query_timeout: 5s, query_concurrency: 2, body_size: 1MB}\n",
    );
    Server::start(dir, Some(&config))
}

/// Status and body of a GET, on one line each.
fn get(server: &Server, path: &str) -> String {
    let (status, body) = server.get(path);
    format!("{status} {body}")
}

fn post(server: &Server, path: &str, form: &str) -> String {
    let (status, body) = request(server.address, "POST", path, &[FORM], form.as_bytes());
    format!("{status} {body}")
}

#[test]
fn answers_and_refusals() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let get = |path: &str| get(&server, path);
    let post = |path: &str, form: &str| post(&server, path, form);

    // Each kind of value.
    insta::assert_snapshot!(get("/api/v1/query?query=1%2B1&time=100"), @r#"200 {"status":"success","data":{"resultType":"scalar","result":[100,"2"]}}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=%22text%22&time=100"), @r#"200 {"status":"success","data":{"resultType":"string","result":[100,"text"]}}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=vector(0.1)&time=100.5"), @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[100.500,"0.1"]}]}}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=vector(1)/0&time=1970-01-01T00:01:40Z"), @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[100,"+Inf"]}]}}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=nothing_here&time=100"), @r#"200 {"status":"success","data":{"resultType":"vector","result":[]}}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=nothing_here[5m]&time=100"), @r#"200 {"status":"success","data":{"resultType":"matrix","result":[]}}"#);
    insta::assert_snapshot!(get("/api/v1/query_range?query=vector(time())&start=100&end=130&step=15"), @r#"200 {"status":"success","data":{"resultType":"matrix","result":[{"metric":{},"values":[[100,"100"],[115,"115"],[130,"130"]]}]}}"#);
    // GET and POST, and both at once: the form wins.
    assert_eq!(post("/api/v1/query", "query=1%2B1&time=100"), get("/api/v1/query?query=1%2B1&time=100"));
    assert_eq!(post("/api/v1/query?query=5&time=1", "query=1%2B1&time=100"), get("/api/v1/query?query=1%2B1&time=100"));
    let range = "query=vector(time())&start=100&end=130&step=15";
    assert_eq!(post("/api/v1/query_range", range), get(&format!("/api/v1/query_range?{range}")));
    assert_eq!(post("/api/v1/series", "match[]=nothing"), get("/api/v1/series?match[]=nothing"));
    assert_eq!(post("/api/v1/labels", "match[]=nothing"), "200 {\"status\":\"success\",\"data\":[]}");

    // What is wrong with the request: 400, with the place in the query.
    insta::assert_snapshot!(get("/api/v1/query"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": it is missing"}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=sum(rate(up))"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:10: parse error: expected type range vector in call to function \"rate\", got instant vector; add a range, such as `[5m]`"}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=up%20%2B%0A%20%20up%7Bjob"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 2:9: parse error: unexpected end of input in label matching, expected label matching operator"}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=raet(up[5m])"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:1: parse error: unknown function with name \"raet\"; did you mean `rate`?"}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=up&time=yesterday"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"time\": cannot parse \"yesterday\" to a valid timestamp"}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=up&timeout=soon"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"timeout\": cannot parse \"soon\" to a valid duration"}"#);
    insta::assert_snapshot!(get("/api/v1/query_range?query=up&start=100&end=50&step=1"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"end\": end timestamp must not be before start time"}"#);
    insta::assert_snapshot!(get("/api/v1/query_range?query=up&start=1&end=50&step=0"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"step\": zero or negative query resolution step widths are not accepted. Try a positive integer"}"#);
    insta::assert_snapshot!(get("/api/v1/query_range?query=up&start=0&end=1000000&step=1"), @r#"400 {"status":"error","errorType":"bad_data","error":"exceeded maximum resolution of 11000 points per timeseries. Try decreasing the query resolution (?step=XX)"}"#);
    insta::assert_snapshot!(get("/api/v1/query_range?query=up[5m]&start=0&end=10&step=1"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"query\": 1:1: parse error: invalid expression type \"range vector\" for range query, must be Scalar or instant Vector"}"#);
    insta::assert_snapshot!(get("/api/v1/series"), @r#"400 {"status":"error","errorType":"bad_data","error":"no match[] parameter provided"}"#);
    insta::assert_snapshot!(get("/api/v1/series?match[]=%7B%7D"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": vector selector must contain at least one non-empty matcher"}"#);
    insta::assert_snapshot!(get("/api/v1/series?match[]=up%7Bjob%3D~%22(%22%7D"), @r#"400 {"status":"error","errorType":"bad_data","error":"invalid parameter \"match[]\": invalid regular expression \"(\": unclosed group"}"#);

    // What can't be evaluated: 422. Limits are named.
    insta::assert_snapshot!(get("/api/v1/query?query=%7B%7D&language=traceql"), @r#"422 {"status":"error","errorType":"execution","error":"this query gives traces and no numbers: end it with a metrics stage, such as `| rate()`"}"#);
    insta::assert_snapshot!(get("/api/v1/query?query=vector(1)%20*%20on()%20group_left()%20(vector(1)%20or%20label_replace(vector(2),%22a%22,%22b%22,%22%22,%22%22))&time=100"), @r#"422 {"status":"error","errorType":"execution","error":"found duplicate series for the match group {} on the right hand-side of the operation: [{a=\"b\"}, {}];many-to-many matching not allowed: matching labels must be unique on one side"}"#);
    insta::assert_snapshot!(get("/api/v1/query_range?query=sum_over_time(vector(1)[1h:1s])&start=0&end=1000&step=1"), @r#"422 {"status":"error","errorType":"execution","error":"query processing would load too many samples into memory in query execution: the limit `limits.query_max_samples` is 2000"}"#);
    // No such path, no such method.
    insta::assert_snapshot!(get("/api/v1/nothing"), @r#"404 {"status":"error","errorType":"not_found","error":"there is no such path in Prometheus' API, or Phoenix does not have it"}"#);
    insta::assert_snapshot!(get("/api/v2/nothing"), @r#"404 {"code":404,"message":"there is no such path in Alertmanager's API"}"#);
    insta::assert_snapshot!(get("/api/phoenix/v1/nothing"), @r#"404 {"error":"there is no such path in Phoenix' API; see docs/reference/http-api.md"}"#);
    insta::assert_snapshot!(get("/api/phoenix/v1/incidents/INC-77"), @r#"404 {"error":"there is no incident INC-77"}"#);
    insta::assert_snapshot!(get("/api/phoenix/v1/incidents?state=lost"), @r#"400 {"error":"`lost` is not a state of incidents; they are open, acknowledged, resolved"}"#);
    assert_eq!(request(server.address, "DELETE", "/api/v1/query", &[], b"").0, 405);
    insta::assert_snapshot!(post("/api/v1/format_query", "query=sum(up)%20by(job)"), @r#"200 {"status":"success","data":"sum by (job) (up)"}"#);

    // Warnings stand beside the data.
    insta::assert_snapshot!(get("/api/v1/query?query=quantile(2,vector(1))&time=100"), @r#"200 {"status":"success","data":{"resultType":"vector","result":[{"metric":{},"value":[100,"+Inf"]}]},"warnings":["PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"]}"#);
}

/// Replaces what differs in each run.
fn steady(mut value: Value, server: &Server) -> String {
    fn walk(value: &mut Value) {
        match value {
            Value::Object(map) => {
                for (key, value) in map.iter_mut() {
                    let key = key.to_ascii_lowercase();
                    if ["time", "at", "evaluation", "duration"].iter().any(|end| key.ends_with(end))
                        && !key.contains('.')
                        && !value.is_object()
                    {
                        *value = json!("…");
                    }
                    walk(value);
                }
            }
            Value::Array(list) => list.iter_mut().for_each(walk),
            _ => {}
        }
    }
    walk(&mut value);
    let text = serde_json::to_string_pretty(&value).expect("JSON is text");
    let dir = server.data_dir.parent().expect("the folder stands in another").display().to_string();
    text.replace(&server.address.to_string(), "ADDRESS").replace(&dir, "DIR")
}

#[test]
fn rules_alerts_and_status() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    eventually("both rules are evaluated", Duration::from_secs(20), || {
        let rules = server.json("/api/v1/rules");
        rules["data"]["groups"][0]["rules"].as_array()?.iter().all(|r| r["health"] == "ok").then_some(())
    });
    insta::assert_snapshot!(steady(server.json("/api/v1/rules"), &server), @r#"
    {
      "status": "success",
      "data": {
        "groups": [
          {
            "name": "g",
            "file": "DIR/rules.yaml",
            "language": "promql",
            "rules": [
              {
                "name": "Always",
                "query": "vector(1) > 0",
                "labels": {
                  "severity": "info"
                },
                "health": "ok",
                "evaluationTime": "…",
                "lastEvaluation": "…",
                "line": 5,
                "type": "alerting",
                "state": "firing",
                "duration": "…",
                "keepFiringFor": 0.0,
                "annotations": {
                  "summary": "v {{ $value }}"
                },
                "alerts": [
                  {
                    "labels": {
                      "alertname": "Always",
                      "severity": "info"
                    },
                    "annotations": {
                      "summary": "v 1"
                    },
                    "state": "firing",
                    "activeAt": "…",
                    "value": "1e+00"
                  }
                ]
              },
              {
                "name": "two",
                "query": "1 + 1",
                "labels": {},
                "health": "ok",
                "evaluationTime": "…",
                "lastEvaluation": "…",
                "line": 6,
                "type": "recording"
              }
            ],
            "interval": 1.0,
            "queryOffset": 0.0,
            "limit": 0,
            "evaluationTime": "…",
            "lastEvaluation": "…"
          }
        ]
      }
    }
    "#);
    insta::assert_snapshot!(steady(server.json("/api/v1/alerts"), &server), @r#"
    {
      "status": "success",
      "data": {
        "alerts": [
          {
            "labels": {
              "alertname": "Always",
              "severity": "info"
            },
            "annotations": {
              "summary": "v 1"
            },
            "state": "firing",
            "activeAt": "…",
            "value": "1e+00"
          }
        ]
      }
    }
    "#);
    let types = |query: &str| server.json(&format!("/api/v1/rules?{query}"))["data"]["groups"][0]["rules"].as_array().map(Vec::len);
    assert_eq!((types("type=alert"), types("type=record"), types("")), (Some(1), Some(1), Some(2)));
    assert_eq!(server.get("/api/v1/rules?type=other").0, 400);
    insta::assert_snapshot!(steady(server.json("/api/v1/status/flags"), &server), @r#"
    {
      "status": "success",
      "data": {
        "config.file": "DIR/phoenix.yaml",
        "storage.tsdb.path": "DIR/data",
        "storage.tsdb.retention.time": "15d",
        "web.listen-address": "ADDRESS",
        "web.external-url": "http://ADDRESS/",
        "web.enable-lifecycle": "true",
        "web.enable-remote-write-receiver": "true",
        "query.timeout": "5s",
        "query.max-samples": "2000",
        "query.max-concurrency": "2",
        "query.lookback-delta": "5m"
      }
    }
    "#);
    insta::assert_snapshot!(steady(server.json("/api/v1/status/config"), &server), @r##"
    {
      "status": "success",
      "data": {
        "yaml": "# DIR/phoenix.yaml\nrules: [rules.yaml]\nlimits: {query_max_samples: 2000, query_timeout: 5s, query_concurrency: 2, body_size: 1MB}\n\n---\n# DIR/rules.yaml\ngroups:\n  - name: g\n    interval: 1s\n    rules:\n      - {alert: Always, expr: vector(1) > 0, labels: {severity: info}, annotations: {summary: 'v {{ $value }}'}}\n      - {record: two, expr: 1 + 1}\n"
      }
    }
    "##);
    assert_eq!(server.json("/api/v1/status/buildinfo")["data"]["application"], "phoenix");
    assert_eq!(server.json("/api/v1/status/runtimeinfo")["data"]["storageRetention"], "15d");
    assert!(server.json("/api/v1/status/tsdb")["data"]["headStats"]["numSeries"].as_u64().is_some_and(|n| n > 0));
    assert_eq!(server.value("two"), Some(2.0));

    let (status, head, text) = exchange(server.address, "GET", "/federate?match[]=two", &[], b"");
    assert_eq!(status, 200);
    assert!(head.to_ascii_lowercase().contains("content-type: text/plain"), "{head}");
    assert!(text.starts_with("# TYPE two untyped\ntwo{") || text.starts_with("# TYPE two unknown\ntwo"), "{text}");
    let (_, head, text) = exchange(server.address, "GET", "/metrics", &[], b"");
    assert!(head.contains("application/openmetrics-text") && text.ends_with("# EOF\n"), "{head}");
}

#[test]
fn a_query_has_its_time_and_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), None);
    let long = "/api/v1/query?query=sum_over_time((vector(1)%2Bvector(2)%2Bvector(3))[20d:1s])&time=10000000";
    let (status, body) = server.get(&format!("{long}&timeout=20ms"));
    assert_eq!(status, 503, "{body}");
    insta::assert_snapshot!(body, @r#"{"status":"error","errorType":"timeout","error":"query timed out after 20ms"}"#);
    // It is stopped, rather than only forgotten.
    eventually("nothing runs any more", Duration::from_secs(10), || {
        let (_, metrics) = server.get("/metrics");
        metrics.lines().any(|line| line == "phoenix_queries_running 0").then_some(())
    });
    let (_, metrics) = server.get("/metrics");
    assert!(metrics.lines().any(|line| line == "phoenix_queries_timed_out_total 1"), "the metric tells of it");
    assert_eq!(server.value("vector(1)"), Some(1.0));
}

#[test]
fn bodies_have_limits_and_must_be_readable() {
    let dir = tempfile::tempdir().unwrap();
    let server = server(dir.path());
    let write = |body: &[u8]| {
        let headers = [("Content-Type", "application/x-protobuf"), ("Content-Encoding", "snappy")];
        request(server.address, "POST", "/api/v1/write", &headers, body)
    };
    let (status, text) = write(b"\x20\xff\xff this is no snappy");
    assert_eq!(status, 400, "{text}");
    // A length of 1 GB in the first bytes is refused before anything is allocated.
    let (status, text) = write(b"\x80\x80\x80\x80\x04rest");
    assert_eq!(status, 413, "{text}");
    assert!(text.contains("limits.body_size"), "{text}");
    let (status, text) = server.post("/api/v2/alerts", &json!([{"labels": {}}]));
    assert_eq!(status, 400, "{text}");
    let (status, text) = server.post("/api/v2/silences", &json!({"matchers": []}));
    assert_eq!(status, 400, "{text}");
    let (status, text) = server.post("/api/phoenix/v1/incidents/INC-1/acknowledge", &json!({"note": "who?"}));
    assert_eq!(status, 400, "{text}");
    assert!(text.contains("`who` is missing"), "{text}");
    assert_eq!(server.get("/-/ready").0, 200);
}
