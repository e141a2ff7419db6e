//! What bounds logs: huge lines, a million names of fields, many streams, queries for everything, costly
//! ones, and clients that go away. Memory stays bounded throughout.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{ask, configure, count, entries_of, metric, now_ns, peak_memory_mb, push, push_until_taken, query_string, stream_json};
use program::{Server, eventually, request};
use serde_json::json;
use std::fmt::Write as _;
use std::io::{Read as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

fn start(dir: &Path, config: &str) -> Server {
    Server::start(dir, Some(&configure(dir, config)))
}

/// What the program may take at its worst in these tests: a debug build with 48 MiB of entries in memory,
/// bodies of 64 MiB and the page cache.
const MEMORY_MB: u64 = 900;

#[test]
fn a_line_of_ten_megabytes() {
    let dir = tempfile::tempdir().unwrap();
    let line = format!("{{\"needle\":\"first\",\"filler\":\"{}\",\"end\":\"last\"}}", "0123456789".repeat(1 << 20));
    let labels = json!({"app": "big"});
    let server = start(dir.path(), "");
    let (status, body) = push(server.address, &labels, &[(now_ns(), line.clone())]);
    assert_eq!(status, 400);
    assert!(body.contains("max entry size '262144' bytes exceeded") && body.len() < 1_000, "{body}");
    assert_eq!(count(&server, "count_over_time({app=\"big\"}[1h])"), None);
    server.kill();

    let server = start(dir.path(), "logs: {limits: {max_line_size_truncate: true}}\n");
    assert_eq!(push(server.address, &labels, &[(now_ns(), line.clone())]).0, 204);
    let found = entries_of(&ask(&server, "query_range", &[("query", "{app=\"big\"}")]));
    assert_eq!(found.iter().map(|entry| entry.1.len()).collect::<Vec<_>>(), [262_144], "cut");
    server.kill();

    let server = start(dir.path(), "logs: {limits: {max_line_size: 16MB}}\n");
    push_until_taken(server.address, &json!({"app": "whole"}), &[(now_ns(), line.clone())]);
    let check = |server: &Server| {
        for filter in ["|= \"\\\"end\\\":\\\"last\\\"\"", "|~ \"9\\\",.end\"", "| json end | end=\"last\"", "!= \"nothing\""] {
            let found = entries_of(&ask(server, "query_range", &[("query", &format!("{{app=\"whole\"}} {filter}"))]));
            assert_eq!(found.len(), 1, "{filter}");
            assert!(found[0].1 == line, "{filter}: it comes back as it was");
        }
    };
    check(&server);
    let peak = peak_memory_mb(server.pid());
    assert!(peak < MEMORY_MB, "{peak} MB");
    // From a segment, too.
    assert_eq!(server.stop().code(), Some(0));
    let server = start(dir.path(), "logs: {limits: {max_line_size: 16MB}}\n");
    check(&server);
    // A body longer than the limit of bodies is refused before it is read.
    let mut client = std::net::TcpStream::connect(server.address).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = "POST /loki/api/v1/push HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: 100000000\r\n\r\n";
    client.write_all(head.as_bytes()).unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    let peak = peak_memory_mb(server.pid());
    assert!(peak < MEMORY_MB, "{peak} MB");
}

#[test]
fn a_million_names_of_fields() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "logs: {memtable: 8MiB}\n");
    let base = now_ns() - 1_000_000;
    for part in 0..100_i64 {
        let entries: Vec<(i64, String)> = (0..10)
            .map(|i| {
                let mut line = "{".to_owned();
                for k in 0..1_000 {
                    let _ = write!(line, "{}\"field_{}\":{k}", if k > 0 { "," } else { "" }, (part * 10 + i) * 1_000 + k);
                }
                line.push('}');
                (base + part * 10 + i, line)
            })
            .collect();
        push_until_taken(server.address, &json!({"app": "wide"}), &entries);
    }
    let one = |name: &str, query: &str| {
        let found = entries_of(&ask(&server, "query_range", &[("query", query)]));
        assert_eq!(found.len(), 1, "{name}");
        assert!(found[0].1.contains("\"field_777123\":123,"), "{name}");
    };
    one("as text", "{app=\"wide\"} |= `\"field_777123\"`");
    one("as a field", "{app=\"wide\"} | json field_777123 | field_777123=\"123\"");
    // With every field as a label an answer of all lines has a million of them: it comes, or a limit is named.
    let (status, body) =
        server.get(&format!("/loki/api/v1/query_range?{}", query_string(&[("query", "{app=\"wide\"} | json"), ("limit", "1000")])));
    assert!(status == 200 || (status == 400 && body.contains("limit")), "{status} {}", body.get(..500).unwrap_or(&body));
    let (status, body) =
        server.get(&format!("/loki/api/v1/query?{}", query_string(&[("query", "count_over_time({app=\"wide\"} | json [1h])")])));
    assert!(status == 200 || (status == 400 && body.contains("limit")), "{status} {}", body.get(..500).unwrap_or(&body));
    let fields = ask(&server, "detected_fields", &[("query", "{app=\"wide\"}"), ("limit", "50")]);
    assert!(fields["fields"].as_array().unwrap().len() <= 50);
    let peak = peak_memory_mb(server.pid());
    println!("peak {peak} MB");
    assert!(peak < MEMORY_MB, "{peak} MB");
}

#[test]
fn a_thousand_streams_and_a_query_for_everything() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "logs: {limits: {max_streams: 1000}}\nlimits: {query_max_log_series: 1500}\n");
    let now = now_ns();
    // As Fluent Bit sends records whose labels differ: an object for each.
    for part in 0..10_i64 {
        let streams: Vec<_> = (0..1_000_i64)
            .map(|i| json!({"stream": {"pod": format!("pod-{i}")}, "values": [[(now + part).to_string(), format!("line {part} of {i}")]]}))
            .collect();
        let (status, body) = server.post("/loki/api/v1/push", &json!({"streams": streams}));
        assert_eq!(status, 204, "{body}");
    }
    assert_eq!(count(&server, "sum(count_over_time({pod=~\".+\"}[1h]))"), Some(10_000));
    assert_eq!(count(&server, "count(count_over_time({pod=~\"pod-1.*\"}[1h]))"), Some(111));
    let (status, body) = push(server.address, &json!({"pod": "one too many"}), &[(now, "x".to_owned())]);
    assert_eq!(status, 429, "{body}");
    assert!(body.contains("maximum active stream limit exceeded"), "{body}");
    assert_eq!(push(server.address, &json!({"pod": "pod-7"}), &[(now + 11, "x".to_owned())]).0, 204, "streams that are there go on");

    let everything = ask(&server, "query_range", &[("query", "{pod=~\".+\"}"), ("limit", "5000"), ("end", &(now + 20).to_string())]);
    assert_eq!(entries_of(&everything).len(), 5_000);
    let (status, body) =
        server.get(&format!("/loki/api/v1/query_range?{}", query_string(&[("query", "{pod=~\".+\"}"), ("limit", "5001")])));
    assert_eq!(status, 400);
    assert!(body.contains("max_entries_limit_per_query (5001 > 5000)"), "{body}");
    // More series than an answer may have: the limit is named.
    let query = "count_over_time({pod=~\".+\"} | pattern `line <n> of <_>` [1h])";
    let (status, body) = server.get(&format!("/loki/api/v1/query?{}", query_string(&[("query", query)])));
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("1500") && body.contains("series"), "{body}");
    let series = ask(&server, "series", &[("match[]", "{pod=~\".+\"}")]);
    assert_eq!(series["data"].as_array().unwrap().len(), 1_000);
}

#[test]
fn costly_queries_end_and_clients_that_go_away_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "limits: {query_timeout: 20s, query_max_log_bytes: 30MB}\n");
    // Some 24 MB of lines that differ.
    let base = now_ns() - 60_000_000_000;
    let mut state = 1_u64;
    for part in 0..24_i64 {
        let entries: Vec<(i64, String)> = (0..1_000_i64)
            .map(|i| {
                let mut line = format!("{part} {i} ");
                while line.len() < 1_000 {
                    state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                    let _ = write!(line, "{:08x} ", state >> 32);
                }
                (base + part * 1_000 + i, line)
            })
            .collect();
        push_until_taken(server.address, &json!({"app": "costly"}), &entries);
    }
    // No backtracking, so that this ends: (a|b|ab)* is exponential elsewhere.
    let costly = "sum(count_over_time({app=\"costly\"} |~ \"(([0-9a-f]+ )*)*([0-9a-f]+ ?)*zz$\" [1h]))";
    let began = Instant::now();
    let (status, body) = server.get(&format!("/loki/api/v1/query?{}", query_string(&[("query", costly)])));
    assert!(matches!(status, 200 | 504), "{status} {body}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    // A regular expression too large to compile is an error that says so.
    let huge = format!("{{app=\"costly\"}} |~ \"{}\"", "(a{50}){50}".repeat(400));
    let (status, body) = server.get(&format!("/loki/api/v1/query_range?{}", query_string(&[("query", &huge)])));
    assert_eq!(status, 400, "{body}");

    // The client goes away: the query ends long before it would have.
    let slow = "sum(count_over_time({app=\"costly\"} | line_format `{{ regexReplaceAll \"([0-9a-f]+) \" __line__ \"$1-\" | b64enc | b64enc }}` |= \"zz\" [1h]))";
    let started = || metric(&server, "phoenix_queries_started_total").unwrap();
    for _ in 0..3 {
        let before = started();
        let mut client = std::net::TcpStream::connect(server.address).unwrap();
        let path = format!("/loki/api/v1/query?{}", query_string(&[("query", slow)]));
        client.write_all(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes()).unwrap();
        eventually("it runs, or has run", Duration::from_secs(10), || (started() > before).then_some(()));
        drop(client);
    }
    eventually("nothing runs any more", Duration::from_secs(10), || metric(&server, "phoenix_queries_running").filter(|n| n.abs() < 0.5));
    // Too much to read: said with the limit's name.
    push_until_taken(
        server.address,
        &json!({"app": "costly"}),
        &(0..1_000).map(|i| (base - 1_000 + i, format!("{i} {}", "y".repeat(8_000)))).collect::<Vec<_>>(),
    );
    let (status, body) = server.get(&format!(
        "/loki/api/v1/query?{}",
        query_string(&[("query", "sum(count_over_time({app=\"costly\"} |~ \"[^x]y?$\" | line_format `{{.app}}` | app=`costly` [1h]))")])
    ));
    assert_eq!(status, 400, "{body}");
    assert!(body.contains("query_max_log_bytes"), "{body}");
    let peak = peak_memory_mb(server.pid());
    println!("peak {peak} MB");
    assert!(peak < MEMORY_MB, "{peak} MB");
}

#[test]
fn rates_are_limited_and_told_as_loki_tells_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(
        dir.path(),
        "logs: {limits: {per_stream_rate_limit: 1KB, per_stream_rate_limit_burst: 20KB, ingestion_rate_mb: 1, ingestion_burst_size_mb: 1}}\n",
    );
    let body = |app: &str, bytes: usize| stream_json(&json!({"app": app}), &[(now_ns(), "x".repeat(bytes))]);
    let send = |app: &str, bytes: usize| {
        request(server.address, "POST", "/loki/api/v1/push", &[("Content-Type", "application/json")], body(app, bytes).as_bytes())
    };
    assert_eq!(send("a", 15_000).0, 204);
    let (status, said) = send("a", 15_000);
    assert_eq!(status, 429, "{said}");
    assert!(said.contains("Per stream rate limit exceeded"), "{said}");
    // Another stream is not held back by that one.
    assert_eq!(send("b", 15_000).0, 204);
    let lines: Vec<(i64, String)> = (0..10).map(|_| (now_ns(), "y".repeat(200_000))).collect();
    let (status, said) = push(server.address, &json!({"app": "c"}), &lines);
    assert_eq!(status, 429, "{said}");
    assert!(said.contains("ngestion rate limit exceeded"), "{said}");
}
