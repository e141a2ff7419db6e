//! What bounds traces: huge attributes, a trace of 100,000 spans, queries for everything, costly ones, and
//! clients that go away. Memory stays bounded throughout.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use opentelemetry_proto::tonic::trace::v1::TracesData;
use program::logs::peak_memory_mb;
use program::traces::{
    MS_NS, Made, OTLP, PROTOBUF, SECOND_NS, ask, configure, counted, found, ids, metric, metrics, now_ns, otlp, push, query_string, root,
    send, spans_of, trace,
};
use program::{Server, eventually};
use prost::Message;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

fn start(dir: &Path, config: &str) -> Server {
    Server::start(dir, Some(&configure(dir, config)))
}

/// What the program may take at its worst in these tests: a debug build with 48 MiB of spans in memory,
/// bodies of 64 MiB and the page cache.
const MEMORY_MB: u64 = 900;

#[test]
fn a_span_with_ten_megabytes_of_attributes_is_cut() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "");
    let huge = root(1, "big", "one").with("long", "é".repeat(5 << 20)).with("short", "kept");
    push(server.address, &[huge]);
    let mut wide = root(2, "big", "many");
    for n in 0..10_000 {
        wide = wide.with(&format!("key_{n:05}"), "v".repeat(1_000));
    }
    push(server.address, &[wide]);
    let check = |server: &Server| {
        let spans = spans_of(&trace(server, 1).unwrap(), "batches");
        let value = |key: &str| {
            let attributes = spans[0]["attributes"].as_array().unwrap();
            attributes.iter().find(|one| one["key"] == key).unwrap()["value"]["stringValue"].as_str().unwrap().to_owned()
        };
        assert_eq!((value("long"), value("short")), ("é".repeat(1_024), "kept".to_owned()), "2048 bytes, cut between characters");
        let spans = spans_of(&trace(server, 2).unwrap(), "batches");
        assert_eq!(spans[0]["attributes"].as_array().unwrap().len(), 256);
        assert_eq!(spans[0]["droppedAttributesCount"], 9_744);
        assert_eq!(found(server, "{ span.short = \"kept\" }"), [1]);
        assert_eq!(found(server, "{ span.key_00007 != nil }"), [2]);
    };
    check(&server);
    assert_eq!(metric(&server, "phoenix_traces_values_truncated_total"), Some(1.0));
    let left_out: f64 = metrics(&server, "phoenix_traces_left_out_total").into_iter().map(|(_, n)| n).sum();
    assert_eq!(left_out, 9_744.0);
    let peak = peak_memory_mb(server.pid());
    assert!(peak < MEMORY_MB, "{peak} MB");
    let address = server.address;
    assert_eq!(server.stop().code(), Some(0));
    check(&Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address));
}

#[test]
fn a_trace_of_a_hundred_thousand_spans() {
    const SPANS: u64 = 100_000;
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "traces: {memtable: 8MiB}\n");
    let base = now_ns() - 60 * SECOND_NS;
    // A chain of a thousand, below each of which a hundred hang.
    let span = |n: u64| {
        let mut made = root(77, if n.is_multiple_of(2) { "even" } else { "odd" }, "step").at(base + n as i64 * 1_000, MS_NS);
        (made.id, made.parent) = (
            n + 1,
            if n == 0 {
                0
            } else if n.is_multiple_of(100) {
                n - 99
            } else {
                n / 100 * 100 + 1
            },
        );
        made.with("n", n as i64)
    };
    for part in 0..20 {
        let spans: Vec<Made> = (part * SPANS / 20..(part + 1) * SPANS / 20).map(span).collect();
        push(server.address, &spans);
    }
    let check = |server: &Server, when: &str| {
        let (status, body) = send(server.address, "GET", &format!("/api/traces/{:032x}", 77), &[("Accept", "application/protobuf")], b"");
        assert_eq!(status, 200, "{when}: {}", String::from_utf8_lossy(&body[..body.len().min(300)]));
        let data = TracesData::decode(body.as_slice()).unwrap();
        let mut there: Vec<_> =
            data.resource_spans.iter().flat_map(|r| &r.scope_spans).flat_map(|s| &s.spans).map(|s| s.span_id.clone()).collect();
        assert_eq!(there.len() as u64, SPANS, "{when}");
        there.sort_unstable();
        there.dedup();
        assert_eq!(there.len() as u64, SPANS, "{when}: each once");
        assert_eq!(spans_of(&trace(server, 77).unwrap(), "batches").len() as u64, SPANS, "{when}");
        assert_eq!(counted(server, "{ } | count_over_time()"), SPANS as f64, "{when}");
        let answer = ask(server, "/api/search", &[("q", "{ span.n = 12345 } << { span.n = 99999 }")]);
        assert_eq!(ids(&answer), Vec::<u128>::new(), "{when}");
        // 900 levels below one another.
        let answer = ask(server, "/api/search", &[("q", "{ span.n = 10000 } >> { span.n = 99999 }")]);
        assert_eq!(ids(&answer), [77], "{when}");
        let answer = ask(server, "/api/search", &[("q", "{ } | count() = 100000"), ("spss", "1")]);
        assert_eq!(answer["traces"][0]["spanSets"][0]["matched"].as_u64(), Some(SPANS), "{when}");
    };
    check(&server, "while it comes");
    let peak = peak_memory_mb(server.pid());
    println!("peak {peak} MB");
    assert!(peak < MEMORY_MB, "{peak} MB");
    let address = server.address;
    assert_eq!(server.stop().code(), Some(0));
    let server = Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address);
    check(&server, "in segments");
    let peak = peak_memory_mb(server.pid());
    assert!(peak < MEMORY_MB, "{peak} MB");
}

#[test]
fn queries_for_everything_answer_and_clients_that_go_away_are_noticed() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "traces: {memtable: 8MiB}\nlimits: {query_timeout: 20s}\n");
    let base = now_ns() - 600 * SECOND_NS;
    for part in 0..8_u128 {
        let spans = (part * 5_000 + 1..=(part + 1) * 5_000).flat_map(|n| {
            let front = root(n, "all", "root")
                .at(base + n as i64 * MS_NS, MS_NS)
                .with("n", n as i64)
                .with("text", format!("{n:x}-{:x}", n * 7_919));
            [front.child(2, "all", "child").with("path", format!("/a/{n}/b/{}", n % 97)), front]
        });
        push(server.address, &spans.collect::<Vec<_>>());
    }
    let answer = ask(&server, "/api/search", &[("q", "{ }"), ("limit", "100000"), ("spss", "0")]);
    assert_eq!(ids(&answer).len(), 40_000);
    // A value for each span: it comes, or a limit is named.
    let pairs = [("q", "{ } | rate() by(span.text)"), ("since", "1h"), ("step", "1s")];
    let (status, body) = server.get(&format!("/api/metrics/query_range?{}", query_string(&pairs)));
    assert!(status == 200 || (status == 422 && body.contains("limit")), "{status} {}", body.get(..500).unwrap_or(&body));
    let (status, body) = server.get("/api/v2/search/tag/span.text/values");
    assert!(status == 200, "{status} {}", body.get(..500).unwrap_or(&body));
    let (status, body) = server.get("/api/v2/search/tag/span.text/values?limit=10");
    assert!(status == 200 && body.matches("\"value\"").count() == 10, "{status} {body}");

    // No backtracking, so that this ends.
    let costly = "{ span.path =~ \"(([0-9a-f/]+ ?)*)*([0-9a-z/]+ ?)*zz$\" } >> { span.text =~ \"(([0-9a-f]+-)*)*x\" } | count() > 1";
    let began = Instant::now();
    let (status, body) = server.get(&format!("/api/search?{}", query_string(&[("q", costly)])));
    assert!(matches!(status, 200 | 504), "{status} {body}");
    assert!(began.elapsed() < Duration::from_secs(40), "{:?}", began.elapsed());
    let huge = format!("{{ name =~ \"{}\" }}", "(a{50}){50}".repeat(400));
    let (status, body) = server.get(&format!("/api/search?{}", query_string(&[("q", &huge)])));
    assert_eq!(status, 400, "{body}");
    let deep = format!("{}{{ }}{}", "(".repeat(10_000), ")".repeat(10_000));
    let (status, body) = server.get(&format!("/api/search?{}", query_string(&[("q", &deep)])));
    assert_eq!(status, 400, "{body}");

    // The client goes away: nothing runs any more.
    let slow = "{ } &>> { span.text =~ \".*z.*\" || span.path =~ \".*z.*\" } | by(span.n) | count() > 3";
    let started = || metric(&server, "phoenix_queries_started_total").unwrap();
    for _ in 0..3 {
        let before = started();
        let mut client = std::net::TcpStream::connect(server.address).unwrap();
        let path = format!("/api/search?{}", query_string(&[("q", slow), ("limit", "100000")]));
        client.write_all(format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", server.address).as_bytes()).unwrap();
        eventually("it runs, or has run", Duration::from_secs(10), || (started() > before).then_some(()));
        drop(client);
    }
    eventually("nothing runs any more", Duration::from_secs(10), || metric(&server, "phoenix_queries_running").filter(|n| n.abs() < 0.5));
    let peak = peak_memory_mb(server.pid());
    println!("peak {peak} MB");
    assert!(peak < MEMORY_MB, "{peak} MB");
    server.kill();

    // A query that may have little memory says so.
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "limits: {query_memory: 4MiB}\n")));
    let (status, body) = server.get(&format!("/api/search?{}", query_string(&[("q", "{ }"), ("limit", "100000"), ("spss", "0")])));
    assert_eq!(status, 422, "{}", body.get(..500).unwrap_or(&body));
    assert!(body.contains("query_memory"), "{body}");
    assert_eq!(ids(&ask(&server, "/api/search", &[("q", "{ span.n = 7 }")])), [7], "others go on");
}

#[test]
fn rates_are_limited_and_told_as_otlp_tells_them() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "traces: {limits: {rate: 1KiB, burst: 64KiB}}\n");
    let body = otlp(&[root(1, "fast", "x").with("text", "y".repeat(2_000))]).encode_to_vec();
    let mut taken = 0;
    let said = eventually("it is held back", Duration::from_secs(20), || {
        let (status, said) = send(server.address, "POST", OTLP, &[PROTOBUF], &body);
        taken += u32::from(status == 200);
        (status != 200).then_some((status, String::from_utf8_lossy(&said).into_owned()))
    });
    assert!(taken >= 20, "the burst is taken: {taken}");
    assert_eq!(said.0, 429, "{said:?}");
    assert!(said.1.contains("rate") || said.1.contains("burst"), "{said:?}");
    let refused: f64 = metrics(&server, "phoenix_traces_requests_refused_total").into_iter().map(|(_, n)| n).sum();
    assert!(refused >= 1.0);
}

#[test]
fn a_request_larger_than_the_memory_for_spans_is_refused_by_name() {
    let dir = tempfile::tempdir().unwrap();
    let server = start(dir.path(), "traces: {memtable: 1MiB}\n");
    let body = |count: u64| {
        let spans: Vec<Made> = (1..=count).map(|id| Made { id, ..root(u128::from(id), "many", "x") }).collect();
        otlp(&spans).encode_to_vec()
    };
    let (status, said) = send(server.address, "POST", OTLP, &[PROTOBUF], &body(10_000));
    let said = String::from_utf8_lossy(&said).into_owned();
    assert!(status >= 400 && said.contains("memtable") && said.contains("smaller"), "{status} {said}");
    assert_eq!(found(&server, "{ }").len(), 0, "nothing of it is there");
    assert_eq!(send(server.address, "POST", OTLP, &[PROTOBUF], &body(1_000)).0, 200);
    assert_eq!(found(&server, "{ }").len(), 1_000);
}
