//! Logs over the wire, as the clients of Loki speak it: pushes in every encoding with their errors, queries
//! with their answers, paging as `logcli` does it, live tails, deletes, and rules that alert.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{
    JSON, PROTOBUF, PUSH, PushRequest, SECOND_NS, WebSocket, ask, configure, count, entries_of, now_ns, push, push_until_taken,
    query_string, read_as_logcli, stream_json,
};
use program::{Server, eventually, exchange, request};
use serde_json::{Value, json};
use std::io::Write;
use std::time::{Duration, Instant};

fn start(dir: &std::path::Path, config: &str) -> Server {
    Server::start(dir, Some(&configure(dir, config)))
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// One push, as a client sends it.
struct Pushed {
    client: &'static str,
    path: &'static str,
    headers: Vec<(&'static str, &'static str)>,
    body: Vec<u8>,
    status: u16,
    /// What the answer says, or a part of it.
    says: &'static str,
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn pushes_are_answered_as_clients_expect() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let now = now_ns();
    let protobuf = |app: &str, line: &str| PushRequest::of(&format!("{{app=\"{app}\"}}"), &[(now, line, &[("trace_id", "abc")])]).snappy();
    let values = |values: Value| json!({"streams": [{"stream": {"app": "bad"}, "values": values}]}).to_string().into_bytes();
    let labels = |labels: Value| json!({"streams": [{"stream": labels, "values": [[now.to_string(), "x"]]}]}).to_string().into_bytes();
    let many = |n: usize| (0..n).map(|i| (format!("l{i:02}"), json!("x"))).collect::<serde_json::Map<_, _>>();
    let good = |client, headers: &[(&'static str, &'static str)], body| Pushed {
        client,
        path: PUSH,
        headers: headers.to_vec(),
        body,
        status: 204,
        says: "",
    };
    let bad = |client, body, says| Pushed { client, path: PUSH, headers: vec![JSON], body, status: 400, says };
    let plain = |app: &str| stream_json(&json!({"app": app}), &[(now, "hello".to_owned())]).into_bytes();
    let old = (now - 8 * 24 * 3_600 * SECOND_NS).to_string();
    let table = vec![
        // Each client's own way.
        good("Promtail", &[PROTOBUF, ("User-Agent", "promtail/3.0.0"), ("X-Scope-OrgID", "tenant")], protobuf("promtail", "a")),
        good("Alloy", &[PROTOBUF, ("User-Agent", "Alloy/1.5.0 (linux; alloy-linux)")], protobuf("alloy", "a")),
        good("no type at all is protobuf", &[], protobuf("untyped", "a")),
        good("Fluent Bit", &[JSON, ("User-Agent", "Fluent-Bit")], json!({"streams": [
            {"stream": {"job": "fluent-bit", "app": "fluent"}, "values": [[now.to_string(), "{\"log\":\"one\"}"]]},
            {"stream": {"job": "fluent-bit", "app": "fluent"}, "values": [[(now + 1).to_string(), "{\"log\":\"two\"}"]]},
        ]}).to_string().into_bytes()),
        good("Fluent Bit, compress gzip", &[JSON, ("Content-Encoding", "gzip")], gzip(&plain("gzip"))),
        good("deflate", &[JSON, ("Content-Encoding", "deflate")], zlib(&plain("deflate"))),
        good("a charset", &[("Content-Type", "application/json; charset=utf-8")], plain("charset")),
        good("metadata", &[JSON], json!({"streams": [{"stream": {"app": "metadata"}, "values": [[now.to_string(), "x", {"trace_id": "t", "user": "u"}]]}]}).to_string().into_bytes()),
        good("no entries", &[JSON], values(json!([]))),
        good("an empty line", &[JSON], stream_json(&json!({"app": "empty"}), &[(now, String::new())]).into_bytes()),
        good("keys that nobody knows", &[JSON], format!(r#"{{"more":[1,{{"a":null}}],"streams":[{{"x":true,"stream":{{"app":"extra"}},"values":[["{now}","x"]]}}]}}"#).into_bytes()),
        good("characters beyond the first plane", &[JSON], format!(r#"{{"streams":[{{"stream":{{"app":"emoji"}},"values":[["{now}","\ud83d\ude00 \u0000 \"q\" \\"]]}}]}}"#).into_bytes()),
        Pushed { client: "the first API, JSON", path: "/api/prom/push", headers: vec![JSON], status: 204, says: "",
            body: json!({"streams": [{"labels": "{app=\"legacy\"}", "entries": [{"ts": jiff::Timestamp::from_nanosecond(now.into()).unwrap().to_string(), "line": "x"}]}]}).to_string().into_bytes() },
        Pushed { client: "the first API, protobuf", path: "/api/prom/push", headers: vec![PROTOBUF], status: 204, says: "", body: protobuf("legacy_pb", "x") },
        // What is wrong, said so that it can be mended.
        bad("times as numbers", values(json!([[now, "x"]])), "a string of nanoseconds"),
        bad("a time that is none", values(json!([["yesterday", "x"]])), "not a number of nanoseconds"),
        bad("a line that is no text", values(json!([[now.to_string(), 5]])), "the line of an entry"),
        bad("no line", values(json!([[now.to_string()]])), "the line of an entry"),
        bad("metadata that is no text", values(json!([[now.to_string(), "x", {"a": {"b": 1}}]])), "structured metadata"),
        bad("four things in an entry", values(json!([[now.to_string(), "x", {}, "y"]])), "the end of an entry"),
        bad("nothing", Vec::new(), "the text ends"),
        bad("a list", b"[]".to_vec(), "expected the request"),
        bad("deep nesting", vec![b'['; 100_000], "expected the request"),
        bad("half of it", plain("half")[..40].to_vec(), "does not end"),
        bad("more behind the end", [plain("behind"), b"x".to_vec()].concat(), "expected the end"),
        bad("no labels", labels(json!({})), "at least one label pair is required per stream"),
        bad("a label's name that is none", labels(json!({"a-b": "x"})), "a-b"),
        bad("a label's value that is no text", labels(json!({"a": 5})), "the value of label \"a\""),
        bad("sixteen labels", labels(Value::Object(many(16))), "has 16 label names; limit 15"),
        bad("a long name of a label", labels(json!({"l".repeat(1025): "x"})), "label name too long"),
        bad("a long value of a label", labels(json!({"l": "x".repeat(2049)})), "label value too long"),
        bad("too old", values(json!([[old, "x"]])), "has timestamp too old"),
        bad("too new", values(json!([[(now + 3_600 * SECOND_NS).to_string(), "x"]])), "has timestamp too new"),
        bad("a long line", values(json!([[now.to_string(), "x".repeat(262_145)]])), "max entry size '262144' bytes exceeded"),
        bad("much metadata", values(json!([[now.to_string(), "x", {"m": "y".repeat(65_536)}]])), "structured metadata too large"),
        bad("many pairs of metadata", values(json!([[now.to_string(), "x", Value::Object(many(129))]])), "too many structured metadata labels"),
        Pushed { client: "no stream", path: PUSH, headers: vec![JSON], body: b"{\"streams\":[]}".to_vec(), status: 422, says: "at least one valid stream is required" },
        Pushed { client: "broken gzip", path: PUSH, headers: vec![JSON, ("Content-Encoding", "gzip")], body: b"junk".to_vec(), status: 400, says: "not gzip" },
        Pushed { client: "brotli", path: PUSH, headers: vec![JSON, ("Content-Encoding", "br")], body: b"junk".to_vec(), status: 400, says: "Content-Encoding \"br\" not supported" },
        Pushed { client: "broken snappy", path: PUSH, headers: vec![PROTOBUF], body: b"junk".to_vec(), status: 400, says: "snappy" },
        Pushed { client: "a gzip bomb", path: PUSH, headers: vec![JSON, ("Content-Encoding", "gzip")], body: gzip(&vec![b' '; 70 << 20]), status: 413, says: "limit" },
    ];
    for pushed in &table {
        let (status, head, body) = exchange(server.address, "POST", pushed.path, &pushed.headers, &pushed.body);
        assert_eq!(status, pushed.status, "{}: {body}", pushed.client);
        assert!(body.contains(pushed.says), "{}: {body}", pushed.client);
        if status == 204 {
            assert_eq!(body, "", "{}", pushed.client);
        } else {
            assert!(head.to_ascii_lowercase().contains("content-type: text/plain"), "{}: {head}", pushed.client);
        }
    }
    assert_eq!(server.get(PUSH).0, 405);

    // Of a request with a bad entry the good ones are kept.
    let mixed = json!([[now.to_string(), "good"], ["1", "old"], [(now + 1).to_string(), "good too"]]);
    let (status, body) = server.post(PUSH, &json!({"streams": [{"stream": {"app": "mixed"}, "values": mixed}]}));
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("{app=\"mixed\"") && body.contains("too old"), "{body}");

    let counted: Vec<(&str, u64)> = [
        ("promtail", 1),
        ("alloy", 1),
        ("untyped", 1),
        ("fluent", 2),
        ("gzip", 1),
        ("deflate", 1),
        ("charset", 1),
        ("metadata", 1),
        ("empty", 1),
        ("extra", 1),
        ("emoji", 1),
        ("legacy", 1),
        ("legacy_pb", 1),
        ("mixed", 2),
    ]
    .to_vec();
    for (app, want) in counted {
        assert_eq!(count(&server, &format!("sum(count_over_time({{app=\"{app}\"}}[1h]))")), Some(want), "{app}");
    }
    for app in ["bad", "half", "behind"] {
        assert_eq!(count(&server, &format!("sum(count_over_time({{app=\"{app}\"}}[1h]))")), None, "{app}");
    }
    let emoji = ask(&server, "query_range", &[("query", "{app=\"emoji\"}"), ("start", &(now - 1).to_string())]);
    assert_eq!(entries_of(&emoji)[0].1, "\u{1f600} \0 \"q\" \\");

    // What a client says of its tenant is in Phoenix' own log, which is among the logs.
    eventually("Phoenix' own log", Duration::from_secs(10), || {
        count(&server, "sum(count_over_time({service_name=\"phoenix\"} |= \"tenant\" [1h]))").filter(|n| *n == 1)
    });
}

#[test]
fn otlp_is_taken_on_its_port_and_on_the_main_one() {
    let dir = tempfile::tempdir().unwrap();
    let otlp = program::free_address();
    let server = start(dir.path(), &format!("otlp: {{grpc: off, http: '{otlp}'}}\n"));
    let now = now_ns();
    let body = |name: &str| {
        json!({"resourceLogs": [{
            "resource": {"attributes": [
                {"key": "service.name", "value": {"stringValue": name}}, {"key": "host.name", "value": {"stringValue": "h1"}}]},
            "scopeLogs": [{"scope": {"name": "lib"}, "logRecords": [{
                "timeUnixNano": now.to_string(), "severityNumber": 17, "severityText": "ERROR", "body": {"stringValue": "it broke"},
                "attributes": [{"key": "http.status_code", "value": {"intValue": "500"}}],
                "traceId": "5b8efff798038103d269b633813fc60c", "spanId": "eee19b7ec3c1b174"}]}]}]})
        .to_string()
    };
    for (address, path, name) in
        [(otlp, "/v1/logs", "one"), (server.address, "/v1/logs", "two"), (server.address, "/otlp/v1/logs", "three")]
    {
        let (status, head, answer) = exchange(address, "POST", path, &[JSON], body(name).as_bytes());
        assert_eq!((status, answer.as_str()), (200, "{}"), "{path}");
        assert!(head.to_ascii_lowercase().contains("content-type: application/json"), "{head}");
        let (status, _) = request(
            address,
            "POST",
            path,
            &[JSON, ("Content-Encoding", "gzip")],
            &gzip(body(name).replace("it broke", "zipped").as_bytes()),
        );
        assert_eq!(status, 200, "{path}");
        let query = format!(
            "{{service_name=\"{name}\"}} | detected_level=\"error\" | trace_id=\"5b8efff798038103d269b633813fc60c\" | host_name=\"h1\" | http_status_code=500"
        );
        let found = entries_of(&ask(&server, "query_range", &[("query", &query)]));
        let mut lines: Vec<&str> = found.iter().map(|entry| entry.1.as_str()).collect();
        lines.sort_unstable();
        assert_eq!(lines, ["it broke", "zipped"], "{name}");
    }
    for (headers, body, status) in
        [(PROTOBUF, &b"junk"[..], 400), (JSON, b"{", 400), (PROTOBUF, b"", 200), (("Content-Type", "text/plain"), b"x", 415)]
    {
        assert_eq!(request(otlp, "POST", "/v1/logs", &[headers], body).0, status, "{headers:?}");
    }
    assert_eq!(request(otlp, "POST", "/v1/traces", &[PROTOBUF], b"").0, 200);
}

/// A hundred lines of two streams, a second apart, two of each moment; the first moment.
fn fill(server: &Server) -> i64 {
    let base = (now_ns() / (60 * SECOND_NS) - 10) * 60 * SECOND_NS;
    for (env, ms) in [("p", 0), ("q", 7)] {
        let line = |i: i64| format!("level={} msg=\"m {i}\" took={}ms", if i % 10 == 0 { "error" } else { "info" }, i + ms);
        let entries: Vec<(i64, String)> = (0..50).map(|i| (base + i * SECOND_NS, line(i))).collect();
        let (status, body) = push(server.address, &json!({"job": "wire", "env": env}), &entries);
        assert_eq!(status, 204, "{body}");
    }
    base
}

#[test]
#[expect(clippy::too_many_lines, reason = "a table")]
fn queries_are_answered_in_lokis_shapes() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let base = fill(&server);
    let (start, end) = (base.to_string(), (base + 60 * SECOND_NS).to_string());
    let (from, to) = (base / SECOND_NS, base / SECOND_NS + 60);
    let with_range = |pairs: &[(&'static str, &str)]| {
        let mut all: Vec<(&str, String)> = pairs.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        all.extend([("start", start.clone()), ("end", end.clone())]);
        all
    };
    let data = |path: &str, pairs: &[(&'static str, &str)]| {
        let all = with_range(pairs);
        let pairs: Vec<(&str, &str)> = all.iter().map(|(name, value)| (*name, value.as_str())).collect();
        ask(&server, path, &pairs)
    };
    // Without statistics, which differ from run to run but are always there.
    let result = |path: &str, pairs: &[(&'static str, &str)]| {
        let answer = data(path, pairs);
        assert_eq!(answer["status"], "success");
        for key in ["summary", "querier", "ingester", "cache"] {
            assert!(answer["data"]["stats"][key].is_object(), "{path}: stats.{key}");
        }
        json!({"resultType": answer["data"]["resultType"], "result": answer["data"]["result"]})
    };
    let wire = "{job=\"wire\"}";
    let last = (base + 49 * SECOND_NS).to_string();
    let labels = |env: &str, level: &str| json!({"job": "wire", "env": env, "service_name": "wire", "detected_level": level});
    let table = [
        (
            result("query_range", &[("query", wire), ("limit", "2")]),
            json!({"resultType": "streams", "result": [
            {"stream": labels("p", "info"), "values": [[last, "level=info msg=\"m 49\" took=49ms"]]},
            {"stream": labels("q", "info"), "values": [[last, "level=info msg=\"m 49\" took=56ms"]]}]}),
        ),
        (
            result("query_range", &[("query", wire), ("limit", "2"), ("direction", "forward")]),
            json!({"resultType": "streams", "result": [
            {"stream": labels("p", "error"), "values": [[start, "level=error msg=\"m 0\" took=0ms"]]},
            {"stream": labels("q", "error"), "values": [[start, "level=error msg=\"m 0\" took=7ms"]]}]}),
        ),
        (result("query_range", &[("query", "{job=\"wire\"} |= \"nothing like it\"")]), json!({"resultType": "streams", "result": []})),
        (
            result("query_range", &[("query", "{job=\"wire\",env=\"p\"} | logfmt | took > 48ms | line_format `{{.msg}}`")]),
            json!({"resultType": "streams", "result": [
            {"stream": {"job": "wire", "env": "p", "service_name": "wire", "detected_level": "info", "level": "info", "msg": "m 49", "took": "49ms"}, "values": [[last, "m 49"]]}]}),
        ),
        (
            result("query_range", &[("query", "sum by (detected_level) (count_over_time({job=\"wire\"}[1m]))"), ("step", "60")]),
            json!({"resultType": "matrix", "result": [
            {"metric": {"detected_level": "error"}, "values": [[from, "2"], [to, "8"]]},
            {"metric": {"detected_level": "info"}, "values": [[to, "90"]]}]}),
        ),
        (
            result("query_range", &[("query", "max(max_over_time({job=\"wire\"} | logfmt | unwrap duration(took) [1m]))"), ("step", "1m")]),
            json!({"resultType": "matrix", "result": [
            {"metric": {}, "values": [[from, "0.007"], [to, "0.056"]]}]}),
        ),
        (result("query_range", &[("query", "rate({job=\"nobody\"}[1m])")]), json!({"resultType": "matrix", "result": []})),
        (
            result("query", &[("query", "sum(count_over_time({job=\"wire\"}[1m]))"), ("time", &end)]),
            json!({"resultType": "vector", "result": [{"metric": {}, "value": [to, "98"]}]}),
        ),
        (
            result("query", &[("query", "topk(1, sum by (env) (bytes_over_time({job=\"wire\"}[2m])))"), ("time", &to.to_string())]),
            json!({"resultType": "vector", "result": [{"metric": {"env": "q"}, "value": [to, "1542"]}]}),
        ),
        (result("query", &[("query", "1+1"), ("time", &end)]), json!({"resultType": "scalar", "result": [to, "2"]})),
        // Grafana's health check.
        (
            result("query", &[("query", "vector(1)+vector(1)"), ("time", "4000000000"), ("direction", "backward"), ("limit", "1000")]),
            json!({"resultType": "vector", "result": [{"metric": {}, "value": [4_000_000_000_i64, "2"]}]}),
        ),
        (
            result("index/volume", &[("query", wire)]),
            json!({"resultType": "vector", "result": [{"metric": {"job": "wire"}, "value": [to, "3077"]}]}),
        ),
        (
            result("index/volume", &[("query", wire), ("targetLabels", "env")]),
            json!({"resultType": "vector", "result": [
            {"metric": {"env": "q"}, "value": [to, "1542"]}, {"metric": {"env": "p"}, "value": [to, "1535"]}]}),
        ),
        (
            result("index/volume", &[("query", wire), ("aggregateBy", "labels"), ("targetLabels", "env")]),
            json!({"resultType": "vector", "result": [{"metric": {"env": ""}, "value": [to, "3077"]}]}),
        ),
        (
            result("index/volume_range", &[("query", wire), ("step", "60")]),
            json!({"resultType": "matrix", "result": [{"metric": {"job": "wire"}, "values": [[to, "3077"]]}]}),
        ),
        (data("labels", &[]), json!({"status": "success", "data": ["env", "job", "service_name"]})),
        (data("label", &[("query", "{env=\"p\"}")]), json!({"status": "success", "data": ["env", "job", "service_name"]})),
        (data("label/env/values", &[]), json!({"status": "success", "data": ["p", "q"]})),
        (data("label/env/values", &[("query", "{env=\"q\"}")]), json!({"status": "success", "data": ["q"]})),
        (data("label/nobody/values", &[]), json!({"status": "success", "data": []})),
        (
            data("series", &[("match[]", "{env=\"q\"}")]),
            json!({"status": "success", "data": [{"env": "q", "job": "wire", "service_name": "wire"}]}),
        ),
        (data("series", &[("match[]", "{env=\"nobody\"}")]), json!({"status": "success", "data": []})),
        (data("index/stats", &[("query", wire)]), json!({"streams": 2, "chunks": 2, "bytes": 3077, "entries": 100})),
        (
            data("detected_labels", &[("query", wire)]),
            json!({"detectedLabels": [
            {"label": "env", "cardinality": 2}, {"label": "job", "cardinality": 1}, {"label": "service_name", "cardinality": 1}]}),
        ),
        (
            data("detected_fields", &[("query", wire), ("line_limit", "1000")]),
            json!({"limit": 1000, "fields": [
            {"label": "detected_level", "type": "string", "cardinality": 2, "parsers": null},
            {"label": "level", "type": "string", "cardinality": 2, "parsers": ["logfmt"]},
            {"label": "msg", "type": "string", "cardinality": 50, "parsers": ["logfmt"]},
            {"label": "took", "type": "duration", "cardinality": 57, "parsers": ["logfmt"]}]}),
        ),
        (
            data("format_query", &[("query", "sum(rate({job=\"wire\"}|=\"x\"[5m]))by(env)")]),
            json!({"status": "success", "data": "sum by (env) (rate({job=\"wire\"} |= \"x\" [5m]))"}),
        ),
    ];
    for (number, (got, want)) in table.iter().enumerate() {
        assert_eq!(got, want, "answer {number}\n got {got}\nwant {want}");
    }

    // As Grafana asks: labels by where they come from.
    let path = format!(
        "/loki/api/v1/query_range?{}",
        query_string(&[("query", "{env=\"p\"} | logfmt msg"), ("start", &start), ("end", &end), ("limit", "1")])
    );
    let (status, _, body) = exchange(server.address, "GET", &path, &[("X-Loki-Response-Encoding-Flags", "categorize-labels")], b"");
    let answer: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 200);
    assert_eq!(answer["data"]["encodingFlags"], json!(["categorize-labels"]));
    assert_eq!(
        answer["data"]["result"],
        json!([{"stream": {"env": "p", "job": "wire", "service_name": "wire"}, "values": [
        [last, "level=info msg=\"m 49\" took=49ms", {"structuredMetadata": {"detected_level": "info"}, "parsed": {"msg": "m 49"}}]]}])
    );

    // A form in a POST asks the same.
    for (path, pairs) in [
        ("query_range", [("query", wire), ("limit", "1")]),
        ("series", [("match[]", wire), ("since", "1h")]),
        ("labels", [("query", wire), ("since", "1h")]),
    ] {
        let form = query_string(&pairs);
        let (status, posted) = request(
            server.address,
            "POST",
            &format!("/loki/api/v1/{path}"),
            &[("Content-Type", "application/x-www-form-urlencoded")],
            form.as_bytes(),
        );
        let posted: Value = serde_json::from_str(&posted).unwrap_or_else(|_| panic!("{path}: {posted}"));
        let got = ask(&server, path, &pairs);
        let bare = |mut answer: Value| {
            if let Some(data) = answer["data"].as_object_mut() {
                data.remove("stats");
            }
            answer
        };
        assert_eq!((status, bare(posted)), (200, bare(got)), "{path}");
    }

    let wrong = [
        (
            "query",
            vec![("query", wire)],
            "log queries are not supported as an instant query type, please change your query to a range query type",
        ),
        ("query_range", vec![("query", "{job=\"wire\"")], "parse error at line 1, col 12: syntax error: unexpected $end, expecting } or ,"),
        (
            "query_range",
            vec![("query", "{}")],
            "parse error : queries require at least one regexp or equality matcher that does not have an empty-compatible value. For instance, app=~\".*\" does not meet this requirement, but app=~\".+\" will",
        ),
        (
            "query_range",
            vec![("query", "sum_over_time({job=\"wire\"}[5m])")],
            "parse error : invalid aggregation sum_over_time without unwrap",
        ),
        ("query_range", vec![("query", "")], "parse error : syntax error: unexpected $end"),
        (
            "query_range",
            vec![("query", wire), ("limit", "5001")],
            "max entries limit per query exceeded, limit > max_entries_limit_per_query (5001 > 5000); see `limits.query_max_log_entries`",
        ),
        ("query_range", vec![("query", wire), ("limit", "0")], "limit must be a positive value"),
        ("query_range", vec![("query", wire), ("start", "2"), ("end", "1")], "end timestamp must not be before or equal to start time"),
        ("query_range", vec![("query", wire), ("direction", "up")], "invalid direction 'up'"),
        (
            "query_range",
            vec![("query", "rate({job=\"wire\"}[1m])"), ("step", "0")],
            "zero or negative query resolution step widths are not accepted. Try a positive integer",
        ),
        (
            "query_range",
            vec![("query", "rate({job=\"wire\"}[1m])"), ("step", "1ms")],
            "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
        ),
        ("tail", vec![("query", wire)], "a tail needs a WebSocket: Connection header did not include 'upgrade'"),
    ];
    for (path, pairs, says) in &wrong {
        let (status, head, body) = exchange(server.address, "GET", &format!("/loki/api/v1/{path}?{}", query_string(pairs)), &[], b"");
        assert_eq!((status, body.trim_end()), (400, *says), "{path} {pairs:?}");
        assert!(head.to_ascii_lowercase().contains("content-type: text/plain; charset=utf-8"), "{head}");
    }

    // What else clients look at when they begin.
    assert_eq!(server.get("/ready"), (200, "ready\n".to_owned()));
    let build = server.json("/loki/api/v1/status/buildinfo");
    assert!(build["version"].as_str().is_some_and(|version| version.starts_with("3.")), "{build}");
    assert_eq!(server.json("/loki/api/v1/drilldown-limits")["limits"]["volume_enabled"], true);
    assert_eq!(server.get("/loki/api/v1/no/such/path").0, 404);
    assert_eq!(server.get("/loki/api/v1/rules").0, 404, "there are no groups in LogQL");
}

#[test]
fn logcli_pages_through_everything_once() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "logs: {memtable: 1MiB}\n");
    let base = now_ns() - 600 * SECOND_NS;
    // Six entries of each moment, in three streams; partly in memory, partly in segments.
    for part in 0..4_i64 {
        for stream in 0..3 {
            let entries: Vec<(i64, String)> =
                (0..500_i64).map(|i| (base + (part * 250 + i / 2) * 1_000, format!("{stream} {part} {i} {}", "pad ".repeat(20)))).collect();
            push_until_taken(server.address, &json!({"job": "pages", "n": stream.to_string()}), &entries);
        }
    }
    let range = (base - SECOND_NS, now_ns());
    for (batch, forward) in [(1_000, false), (1_000, true), (37, false), (37, true), (5_000, false)] {
        let read = read_as_logcli(&server, "{job=\"pages\"}", range, batch, forward);
        let mut unique: Vec<&(i64, String, String)> = read.iter().collect();
        unique.sort();
        unique.dedup();
        assert_eq!((read.len(), unique.len()), (6_000, 6_000), "batches of {batch}, forward: {forward}");
        assert!(read.windows(2).all(|pair| if forward { pair[0].0 <= pair[1].0 } else { pair[0].0 >= pair[1].0 }), "in order");
    }
    // The start belongs to a range, the end does not.
    for (start, end, want) in [(base, base + 1, 6), (base, base + 1_000, 6), (base, base + 1_001, 12), (base + 1, base + 1_000, 0)] {
        let read = read_as_logcli(&server, "{job=\"pages\"}", (start, end), 1_000, true);
        assert_eq!(read.len(), want, "[{}, {})", start - base, end - base);
    }
}

#[test]
fn deletes_act_at_once_and_can_be_taken_back() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let base = fill(&server);
    let (start, end) = ((base / SECOND_NS - 1).to_string(), (now_ns() / SECOND_NS).to_string());
    let delete = |method: &str, query: &str| {
        let path = format!("/loki/api/v1/delete?{}", query_string(&[("query", query), ("start", &start), ("end", &end)]));
        request(server.address, method, &path, &[], b"")
    };
    let left = || count(&server, "sum(count_over_time({job=\"wire\"}[1h]))");
    assert_eq!(delete("POST", "{job=\"wire\",env=\"p\"} |= \"level=error\"").0, 204);
    assert_eq!(left(), Some(95));
    assert_eq!(delete("PUT", "{job=\"wire\",env=\"q\"}").0, 204);
    assert_eq!(left(), Some(45));
    let list = server.json("/loki/api/v1/delete");
    let requests = list.as_array().unwrap();
    assert_eq!(requests.len(), 2, "{list}");
    assert_eq!((&requests[1]["query"], &requests[1]["status"]), (&json!("{job=\"wire\",env=\"q\"}"), &json!("received")));
    assert_eq!(requests[1]["start_time"].to_string(), start);
    let id = requests[1]["request_id"].as_str().unwrap();
    assert_eq!(request(server.address, "DELETE", &format!("/loki/api/v1/delete?request_id={id}"), &[], b"").0, 204);
    assert_eq!(left(), Some(95));
    assert_eq!(request(server.address, "DELETE", "/loki/api/v1/delete?request_id=none", &[], b"").0, 404);
    for (query, says) in
        [("", "query not set"), ("x", "parse error"), ("rate({a=\"b\"}[1m])", "line filters"), ("{a=\"b\"} | json", "line filters")]
    {
        let (status, body) = delete("POST", query);
        assert_eq!(status, 400, "{query}");
        assert!(body.contains(says), "{query}: {body}");
    }
    // A delete outlives the process.
    server.kill();
    let server = Server::start(dir.path(), Some(&dir.path().join("phoenix.yaml")));
    assert_eq!(count(&server, "sum(count_over_time({job=\"wire\"}[1h]))"), Some(95));
}

#[test]
fn a_tail_gives_what_was_and_what_comes() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "limits: {log_tails: 2}\n");
    let labels = json!({"job": "tail"});
    let send = |line: &str| assert_eq!(push(server.address, &labels, &[(now_ns(), line.to_owned())]).0, 204);
    send("one");
    send("two");
    send("other");
    let start = (now_ns() - 60 * SECOND_NS).to_string();
    let path = |query: &str| {
        format!("/loki/api/v1/tail?{}", query_string(&[("query", query), ("delay_for", "0"), ("limit", "2"), ("start", &start)]))
    };
    let mut tail = WebSocket::open(server.address, &path("{job=\"tail\"} !~ \"other|skip\"")).unwrap();
    let lines_of = |message: &Value| -> Vec<String> {
        let streams = message["streams"].as_array().unwrap();
        assert!(streams.iter().all(|stream| stream["stream"]["job"] == "tail"), "{message}");
        streams.iter().flat_map(|stream| stream["values"].as_array().unwrap()).map(|value| value[1].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(lines_of(&tail.next().unwrap()), ["one", "two"]);
    send("skip this");
    send("three");
    assert_eq!(lines_of(&tail.next().unwrap()), ["three"]);

    let _second = WebSocket::open(server.address, &path("{job=\"tail\"}")).unwrap();
    let third = WebSocket::open(server.address, &path("{job=\"tail\"}")).err().unwrap();
    assert!(third.0 == 400 && third.1.contains("limits.log_tails"), "{third:?}");
    for (query, says) in [("rate({a=\"b\"}[1m])", "log lines"), ("{", "parse error")] {
        let (status, body) = WebSocket::open(server.address, &path(query)).err().unwrap();
        assert!(status == 400 && body.contains(says), "{query}: {body}");
    }
    // The end of the server is told, not waited for.
    let began = Instant::now();
    assert_eq!(server.stop().code(), Some(0));
    assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
    assert!(tail.next().is_none());
}

#[test]
fn a_client_that_does_not_read_holds_up_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let path = format!("/loki/api/v1/tail?{}", query_string(&[("query", "{job=\"flood\"}"), ("delay_for", "0")]));
    let mut lazy = WebSocket::open(server.address, &path).unwrap();
    // Some 24 MB: more than sockets and the tail's queue take together.
    let mut pushed = 0;
    for round in 0..48_i64 {
        let entries: Vec<(i64, String)> = (0..500).map(|i| (now_ns() + i, format!("{round} {i} {}", "x".repeat(1_000)))).collect();
        push_until_taken(server.address, &json!({"job": "flood"}), &entries);
        pushed += 500;
    }
    assert_eq!(count(&server, "sum(count_over_time({job=\"flood\"}[1h]))"), Some(pushed));
    // When it reads at last, it is told what it missed.
    let mut dropped = 0;
    let mut got = 0;
    while dropped == 0 {
        let message = lazy.next().expect("the tail goes on");
        got += message["streams"].as_array().unwrap().iter().map(|stream| stream["values"].as_array().unwrap().len()).sum::<usize>();
        dropped += message["dropped_entries"].as_array().map_or(0, Vec::len);
    }
    assert!(got > 0 && dropped > 0, "{got} came, {dropped} are told as missed");
}

#[test]
fn a_rule_in_logql_alerts_and_opens_an_incident() {
    let dir = tempfile::tempdir().unwrap();
    let rules = "groups:\n  - name: from logs\n    language: logql\n    interval: 1s\n    rules:\n      - alert: PaymentsFail\n        expr: 'sum by (app) (count_over_time({app=\"pay\"} |= \"refused\" [5m])) > 2'\n        labels: {severity: critical}\n        annotations: {summary: '{{ $labels.app }}: {{ $value }} refused'}\n      - record: pay:lines\n        expr: 'sum by (app) (count_over_time({app=\"pay\"}[5m]))'\n";
    std::fs::write(dir.path().join("rules.yaml"), rules).unwrap();
    let server = start(dir.path(), "rules: [rules.yaml]\n");
    let now = now_ns();
    let entries: Vec<(i64, String)> = (0..4).map(|i| (now + i, format!("card {i} refused"))).collect();
    assert_eq!(push(server.address, &json!({"app": "pay"}), &entries).0, 204);
    let alert = eventually("the alert fires", Duration::from_secs(20), || {
        let alerts = server.json("/api/v1/alerts");
        alerts["data"]["alerts"]
            .as_array()?
            .iter()
            .find(|alert| alert["state"] == "firing" && alert["labels"]["alertname"] == "PaymentsFail")
            .cloned()
    });
    assert_eq!(alert["labels"]["app"], "pay");
    assert_eq!(alert["annotations"]["summary"], "pay: 4 refused");
    let incident = eventually("the incident", Duration::from_secs(40), || {
        let list = server.json("/api/phoenix/v1/incidents?state=open,acknowledged,resolved");
        list["incidents"].as_array()?.iter().find(|incident| incident.to_string().contains("PaymentsFail")).cloned()
    });
    assert_eq!(incident["severity"], "critical", "{incident}");
    // What a rule records is a series.
    eventually("the recorded series", Duration::from_secs(20), || {
        server.value("pay:lines{app=\"pay\"}").filter(|value| (value - 4.0).abs() < f64::EPSILON)
    });

    let (status, head, yaml) = exchange(server.address, "GET", "/loki/api/v1/rules", &[], b"");
    assert_eq!(status, 200);
    assert!(head.to_ascii_lowercase().contains("content-type: application/yaml"), "{head}");
    for part in ["name: \"from logs\"", "alert: \"PaymentsFail\"", "record: \"pay:lines\"", "interval: 1s", "\"severity\": \"critical\""] {
        assert!(yaml.contains(part), "{part}: {yaml}");
    }
    for path in ["/api/v1/rules", "/prometheus/api/v1/rules"] {
        let groups = server.json(path);
        let group = groups["data"]["groups"]
            .as_array()
            .unwrap()
            .iter()
            .find(|group| group["name"] == "from logs")
            .cloned()
            .unwrap_or_else(|| panic!("{path}: {groups}"));
        assert_eq!(
            (&group["rules"][0]["name"], &group["rules"][0]["state"], &group["rules"][0]["health"]),
            (&json!("PaymentsFail"), &json!("firing"), &json!("ok")),
            "{path}"
        );
        assert_eq!(group["rules"][1]["type"], "recording", "{path}");
    }
}
