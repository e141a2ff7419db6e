//! A dashboard's queries in one request: every kind in every language over data that clients pushed,
//! each different one answered once, and from what is known when it is asked again.

mod program;

use program::logs::{configure, now_ns, push};
use program::metrics::{Exemplar, REFRESH, labels, refresh, remote_write, series};
use program::traces::{JSON, MS_NS, Made, OTLP, PROTOBUF, otlp, root, send};
use program::{Server, eventually, request};
use prost::Message;
use serde_json::{Value, json};
use std::path::Path;
use std::time::Duration;

const MINUTE_MS: i64 = 60_000;

fn start(dir: &Path, config: &str) -> Server {
    Server::start(dir, Some(&configure(dir, config)))
}

/// The start of a minute, half an hour ago.
fn begin_ms() -> i64 {
    (now_ns() / MS_NS / MINUTE_MS - 30) * MINUTE_MS
}

fn query(id: &str, language: &str, kind: &str, text: &str, range_ms: (i64, i64)) -> Value {
    json!({"id": id, "language": language, "kind": kind, "query": text, "from_ms": range_ms.0, "to_ms": range_ms.1, "step_ms": MINUTE_MS})
}

/// The line of a query.
fn line<'a>(lines: &'a [Value], id: &str) -> &'a Value {
    let has = |line: &&Value| line["ids"].as_array().is_some_and(|ids| ids.iter().any(|other| other == id));
    lines.iter().find(has).unwrap_or_else(|| panic!("no line for {id}: {lines:#?}"))
}

/// A counter of two jobs, one of which begins later, with an exemplar; half a request failed.
fn push_metrics(server: &Server, begin_ms: i64) {
    let samples = |from: i64, rate: f64| -> Vec<(i64, f64)> {
        (from..=120).map(|i| (begin_ms + i * 15_000, (i - from) as f64 * 15.0 * rate)).collect()
    };
    let mut first = series(&[("__name__", "orders_total"), ("job", "shop")], &samples(0, 2.0));
    first.exemplars =
        vec![Exemplar { labels: labels(&[("trace_id", "0000000000000000000000000000002a")]), value: 1.0, timestamp_ms: begin_ms + 60_000 }];
    remote_write(server, vec![first, series(&[("__name__", "orders_total"), ("job", "late")], &samples(60, 1.0))]);
    remote_write(server, vec![series(&[("__name__", "limit"), ("job", "shop")], &[(begin_ms + 20 * MINUTE_MS, f64::INFINITY)])]);
}

fn push_logs(server: &Server, begin_ms: i64) {
    let entries: Vec<(i64, String)> = (0..60).map(|i| ((begin_ms + i * 30_000) * MS_NS + 1, format!("level=info n={i}"))).collect();
    let (status, text) = push(server.address, &json!({"app": "shop"}), &entries);
    assert_eq!(status, 204, "{text}");
}

fn push_traces(server: &Server, begin_ms: i64) {
    let spans: Vec<Made> = (0..3)
        .map(|i| {
            let mut made = root(42 + i as u128, "shop", "POST /order");
            made.start_ns = (begin_ms + 5 * MINUTE_MS + i * 1_000) * MS_NS;
            made
        })
        .collect();
    let (status, _) = send(server.address, "POST", OTLP, &[PROTOBUF], &otlp(&spans).encode_to_vec());
    assert_eq!(status, 200);
}

#[test]
fn every_kind_in_every_language() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let begin = begin_ms();
    push_metrics(&server, begin);
    push_logs(&server, begin);
    push_traces(&server, begin);
    let range = (begin + 10 * MINUTE_MS, begin + 20 * MINUTE_MS);
    let all = (begin, begin + 30 * MINUTE_MS);
    let mut newest = query("lines", "logql", "logs", "{app=\"shop\"} | logfmt", all);
    newest["limit"] = json!(2);
    let mut oldest = newest.clone();
    (oldest["id"], oldest["direction"]) = (json!("oldest"), json!("forward"));
    let queries = [
        query("rate", "promql", "range", "sum by(job)(rate(orders_total[2m]))", range),
        query("same", "promql", "range", "sum  by (job) (rate(orders_total[120s]))", range),
        query("limit", "promql", "range", "limit or limit offset 1m * NaN", (begin + 19 * MINUTE_MS, begin + 21 * MINUTE_MS)),
        query("now", "promql", "instant", "sort_desc(orders_total)", range),
        query("one", "promql", "instant", "1 + 1", range),
        query("text", "promql", "instant", "\"a\"", range),
        query("points", "promql", "exemplars", "rate(orders_total[5m])", all),
        query("lograte", "logql", "range", "sum by (app) (count_over_time({app=\"shop\"} |= \"n=\" [1m]))", range),
        query("lognow", "logql", "instant", "sum(count_over_time({app=\"shop\"}[30m]))", all),
        newest,
        oldest,
        query("search", "traceql", "traces", "{resource.service.name = \"shop\"}", all),
        query("spans", "traceql", "range", "{} | count_over_time() by (resource.service.name)", all),
        query("spannow", "traceql", "instant", "{} | count_over_time() by (resource.service.name)", all),
        json!({"id": "trace", "language": "traceql", "kind": "trace", "query": "2a"}),
        query("wrong", "promql", "range", "sum(rate(orders_total))", range),
        query("gone", "traceql", "trace", "ffff", all),
    ];
    let lines = refresh(&server, &queries);
    assert_eq!(lines.len(), queries.len() - 1, "two are the same");

    let rate = line(&lines, "rate");
    assert_eq!(rate["ids"], json!(["rate", "same"]));
    assert_eq!(
        (&rate["kind"], &rate["start_ms"], &rate["step_ms"], &rate["points"]),
        (&json!("matrix"), &json!(range.0), &json!(MINUTE_MS), &json!(11))
    );
    // `late` begins at the fifteenth minute; its first rate needs two samples.
    let late: Vec<Value> = (0..11).map(|i| if i < 6 { Value::Null } else { json!(1) }).collect();
    assert_eq!(rate["series"][0]["labels"], json!({"job": "late"}));
    let got = rate["series"][0]["values"].as_array().unwrap();
    assert_eq!(got.iter().map(Value::is_null).collect::<Vec<_>>(), late.iter().map(Value::is_null).collect::<Vec<_>>(), "{got:?}");
    assert_eq!(rate["series"][1]["labels"], json!({"job": "shop"}));
    // A rate is a quotient: its last digit is the evaluation's.
    let rates: Vec<f64> = rate["series"][1]["values"].as_array().unwrap().iter().filter_map(Value::as_f64).collect();
    assert!(rates.len() == 11 && rates.iter().all(|rate| (rate - 2.0).abs() < 1e-12), "{rates:?}");
    assert_eq!(rate["stats"]["cached_points"], json!(0));

    assert_eq!(line(&lines, "limit")["series"][0]["values"], json!([null, "+Inf", "+Inf"]));
    let now = line(&lines, "now");
    assert_eq!((&now["kind"], &now["time_ms"]), (&json!("vector"), &json!(range.1)));
    assert_eq!(now["series"][0], json!({"labels": {"__name__": "orders_total", "job": "shop"}, "value": 2400}));
    assert_eq!(now["series"][1]["value"], json!(300), "the order of sort_desc");
    assert_eq!((&line(&lines, "one")["kind"], &line(&lines, "one")["value"]), (&json!("scalar"), &json!(2)));
    assert_eq!((&line(&lines, "text")["kind"], &line(&lines, "text")["value"]), (&json!("string"), &json!("a")));
    let exemplars = &line(&lines, "points")["series"];
    assert_eq!(exemplars[0]["labels"]["job"], json!("shop"));
    assert_eq!(
        exemplars[0]["exemplars"],
        json!([{"labels": {"trace_id": "0000000000000000000000000000002a"}, "value": 1, "time_ms": begin + 60_000}])
    );

    assert_eq!(line(&lines, "lograte")["series"], json!([{"labels": {"app": "shop"}, "values": vec![json!(2); 11]}]));
    assert_eq!(line(&lines, "lognow")["series"][0]["value"], json!(60));
    let entries = |id: &str| line(&lines, id)["entries"].as_array().unwrap().clone();
    assert_eq!(entries("lines").iter().map(|e| e["line"].clone()).collect::<Vec<_>>(), ["level=info n=59", "level=info n=58"]);
    assert_eq!(entries("oldest")[0]["line"], json!("level=info n=0"));
    assert_eq!(entries("oldest")[0]["time_ns"], json!((begin * MS_NS + 1).to_string()));
    assert_eq!((&entries("lines")[0]["labels"]["app"], &entries("lines")[0]["labels"]["n"]), (&json!("shop"), &json!("59")));

    let found = line(&lines, "search")["traces"].as_array().unwrap();
    assert_eq!(found.iter().map(|trace| trace["traceID"].clone()).collect::<Vec<_>>(), ["2c", "2b", "2a"]);
    let spans = line(&lines, "spans");
    let sum: f64 = spans["series"][0]["values"].as_array().unwrap().iter().filter_map(Value::as_f64).sum();
    assert_eq!((sum, &spans["series"][0]["labels"]["resource.service.name"]), (3.0, &json!("shop")), "{spans}");
    assert_eq!(line(&lines, "spannow")["series"][0]["value"], json!(3));
    let trace = &line(&lines, "trace")["trace"]["resourceSpans"];
    assert_eq!(trace[0]["scopeSpans"][0]["spans"][0]["name"], json!("POST /order"));

    assert_eq!(line(&lines, "wrong")["error"]["type"], json!("bad_data"));
    assert_eq!(line(&lines, "wrong")["error"]["diagnostics"][0]["column"], json!(10));
    assert_eq!(line(&lines, "gone")["error"], json!({"type": "execution", "message": "there is no trace `ffff`"}));
}

#[test]
fn a_refresh_takes_what_is_known_and_sees_what_came_late() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let begin = begin_ms();
    push_metrics(&server, begin);
    push_logs(&server, begin);
    let at = |minutes: i64| begin + minutes * MINUTE_MS;
    let ask = |from: i64, to: i64| {
        let range = (at(from), at(to));
        let queries = [
            query("metrics", "promql", "range", "sum(increase(orders_total[2m]))", range),
            query("logs", "logql", "range", "sum(count_over_time({app=\"shop\"}[1m]))", range),
        ];
        refresh(&server, &queries)
    };
    let points = |lines: &[Value], id: &str| {
        let stats = &line(lines, id)["stats"];
        (stats["cached_points"].as_u64().unwrap(), stats["computed_points"].as_u64().unwrap())
    };
    let values = |lines: &[Value], id: &str| line(lines, id)["series"][0]["values"].clone();
    let first = ask(2, 20);
    assert_eq!((points(&first, "metrics"), points(&first, "logs")), ((0, 19), (0, 19)));
    // Four minutes later: two steps at least are evaluated, and nothing else.
    let second = ask(6, 24);
    assert_eq!((points(&second, "metrics"), points(&second, "logs")), ((15, 4), (15, 4)));
    for id in ["metrics", "logs"] {
        assert_eq!(values(&first, id).as_array().unwrap()[4..], values(&second, id).as_array().unwrap()[..15], "{id}");
    }
    let whole = ask(6, 24);
    assert_eq!((points(&whole, "metrics"), points(&whole, "logs")), ((19, 0), (19, 0)));
    // What comes late is seen at once, and steps before it are still known.
    remote_write(&server, vec![series(&[("__name__", "orders_total"), ("job", "forgotten")], &[(at(15), 0.0), (at(16), 60.0)])]);
    push(server.address, &json!({"app": "shop"}), &[(at(12) * MS_NS, "level=info late".to_owned())]);
    let later = ask(6, 24);
    assert_eq!((points(&later, "metrics"), points(&later, "logs")), ((9, 10), (6, 13)));
    let at_sixteen = |lines: &[Value]| values(lines, "metrics")[10].as_f64().unwrap();
    assert!(at_sixteen(&later) > at_sixteen(&whole) + 30.0, "{later:?}");
    assert_eq!((&values(&whole, "logs")[6], &values(&later, "logs")[6]), (&json!(2), &json!(3)));
    // Deleted lines are gone at once.
    let (status, text) = request(
        server.address,
        "POST",
        &format!("/loki/api/v1/delete?query=%7Bapp%3D%22shop%22%7D%20%7C%3D%20%22late%22&start={}&end={}", at(11) / 1_000, at(13) / 1_000),
        &[JSON],
        b"",
    );
    assert_eq!(status, 204, "{text}");
    assert_eq!(values(&ask(6, 24), "logs"), values(&whole, "logs"));
    let hits = || server.value("sum(phoenix_dashboard_cache_hits_total)");
    let told = eventually("the cache tells of itself", Duration::from_mins(1), || hits().filter(|hits| *hits >= 6.0));
    assert!(told >= 6.0);
}

#[test]
fn requests_are_bounded() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let begin = begin_ms();
    push_metrics(&server, begin);
    let range = (begin, begin + 30 * MINUTE_MS);
    let many: Vec<Value> = (0..501).map(|i| query(&i.to_string(), "promql", "range", "orders_total", range)).collect();
    let (status, text) = server.post(REFRESH, &json!({"queries": many}));
    assert_eq!((status, text.contains("the limit is 500")), (400, true), "{text}");
    let lines = refresh(&server, &many[..500]);
    assert_eq!(lines.len(), 1, "five hundred of the same are one");
    assert_eq!(lines[0]["ids"].as_array().unwrap().len(), 500);
    let different: Vec<Value> = (0..300).map(|i| query(&i.to_string(), "promql", "range", &format!("orders_total + {i}"), range)).collect();
    let lines = refresh(&server, &different);
    assert_eq!(lines.len(), 300, "more than may run or wait at once");
    assert!(lines.iter().all(|line| line["kind"] == "matrix"), "{lines:?}");
    let mut steps = query("steps", "promql", "range", "orders_total", (begin, begin + 11_002));
    steps["step_ms"] = json!(1);
    assert_eq!(refresh(&server, &[steps])[0]["error"]["type"], json!("bad_data"));
}
