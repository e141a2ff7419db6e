//! Traces from end to end: OTLP in, disk, memory, queries, each answer checked first.
//!
//! `make bench-traces` runs it on 200,000 traces of ten spans; `BENCH_TRACES=N` on another number. CPU
//! seconds are those of the server's process from `/proc`, wall times include HTTP and JSON on loopback.

#![expect(clippy::disallowed_methods, reason = "a bench measures real time on a real disk")]

#[path = "traces/corpus.rs"]
mod corpus;
#[path = "measure/mod.rs"]
mod measure;
#[path = "../tests/program/mod.rs"]
mod program;

use corpus::{Corpus, SERVICES, SPANS};
use measure::{Client, Table, cpu_seconds, settle, size_of, status_mib};
use program::Server;
use prost::Message;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const TRACES_PER_REQUEST: u64 = 100;
const SECOND: i64 = 1_000_000_000;
const LIMIT: usize = 20;
const LOOKUPS: u64 = 1_000;

/// What the answers must be.
#[derive(Default)]
struct Truth {
    /// Traces by number that have an erring span of `payment`, latest last; and so on.
    payment_errors: Vec<u64>,
    slow_and_wrong: Vec<u64>,
    error_below_checkout: Vec<u64>,
    two_errors: Vec<u64>,
    by_service: BTreeMap<&'static str, u64>,
    errors_by_service: BTreeMap<&'static str, u64>,
    durations: BTreeMap<&'static str, Vec<i64>>,
}

fn main() {
    let traces: u64 = std::env::var("BENCH_TRACES").ok().and_then(|n| n.parse().ok()).unwrap_or(200_000);
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_nanos() as i64;
    let span_ns = 3600 * SECOND;
    let start_ns = (now_ns - span_ns) / (60 * SECOND) * (60 * SECOND) - 60 * SECOND;
    let corpus = Corpus { traces, start_ns, span_ns };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = dir.path().join("phoenix.yaml");
    std::fs::write(&config, "otlp: off\n").expect("the folder is writable");
    let server = Server::start(dir.path(), Some(&config));
    println!("{traces} traces, {} spans, {} services", traces * SPANS as u64, SERVICES.len());

    let truth = push(&corpus, &server);
    let mut client = Client::connect(server.address);
    let (start_s, end_s) = (start_ns / SECOND, start_ns / SECOND + 3600 + 120);
    lookups(&corpus, &mut client);

    let mut table = Table::new(server.pid());
    let mut search = |table: &mut Table, name: &str, query: &str, want: &[u64]| {
        table.row(name, || {
            let path = format!("/api/search?q={}&start={start_s}&end={end_s}&limit={LIMIT}", encoded(query));
            let found = get(&mut client, &path);
            let ids: Vec<String> = found["traces"].as_array().expect("traces").iter().map(id_of).collect();
            let want: Vec<String> = want.iter().rev().take(LIMIT).map(|number| Corpus::id_hex(*number)).collect();
            assert_eq!(ids, want, "{query}");
        });
    };
    search(&mut table, "search by service and status", "{resource.service.name = \"payment\" && status = error}", &truth.payment_errors);
    search(
        &mut table,
        "search by attribute and duration",
        "{span.http.response.status_code = 500 && duration > 100ms}",
        &truth.slow_and_wrong,
    );
    search(&mut table, "structural", "{resource.service.name = \"checkout\"} >> {status = error}", &truth.error_below_checkout);
    search(&mut table, "aggregate", "{status = error && kind = server} | count() > 1", &truth.two_errors);
    let mut metrics = |table: &mut Table, name: &str, query: &str, check: &dyn Fn(&Value)| {
        table.row(name, || {
            let path = format!("/api/metrics/query_range?q={}&start={start_s}&end={end_s}&step=60s&exemplars=1", encoded(query));
            check(&get(&mut client, &path));
        });
    };
    metrics(
        &mut table,
        "structural, counted over all",
        "{resource.service.name = \"checkout\"} >> {status = error} | count_over_time()",
        &|found| {
            let total: f64 = found["series"].as_array().expect("series").iter().map(sum).sum();
            assert!(total >= truth.error_below_checkout.len() as f64, "{total}");
        },
    );
    metrics(&mut table, "rate by service", "{} | rate() by (resource.service.name)", &|found| {
        assert_eq!(counts(found, 60.0), truth.by_service);
    });
    metrics(&mut table, "errors by service", "{status = error} | rate() by (resource.service.name)", &|found| {
        assert_eq!(counts(found, 60.0), truth.errors_by_service);
    });
    metrics(&mut table, "quantiles by service", "{} | quantile_over_time(duration, 0.5, 0.99) by (resource.service.name)", &|found| {
        assert_eq!(found["series"].as_array().expect("series").len(), 2 * truth.durations.len());
    });
    table.print();
    println!("memory: {} MiB now, {} MiB at most", status_mib(server.pid(), "VmRSS:"), status_mib(server.pid(), "VmHWM:"));
}

/// Pushes the corpus as OTLP's protobuf and computes what queries must answer.
fn push(corpus: &Corpus, server: &Server) -> Truth {
    let mut truth = Truth::default();
    let mut client = Client::connect(server.address);
    let (before, started) = (cpu_seconds(server.pid()), Instant::now());
    let mut at = 0;
    while at < corpus.traces {
        let end = (at + TRACES_PER_REQUEST).min(corpus.traces);
        for number in at..end {
            note(corpus, number, &mut truth);
        }
        let body = corpus.request(at..end).encode_to_vec();
        loop {
            let (status, answer) = client.request("POST", "/v1/traces", "application/x-protobuf", &body);
            match status {
                200 => break,
                // Told to come back: clients do.
                429 | 503 => std::thread::sleep(Duration::from_millis(200)),
                other => panic!("the request was answered {other}: {}", String::from_utf8_lossy(&answer)),
            }
        }
        at = end;
    }
    let spans = (corpus.traces * SPANS as u64) as f64;
    let pushed = cpu_seconds(server.pid()) - before;
    println!("pushed: {pushed:.2} CPU s, {:.2} µs a span, {:.1} s", pushed / spans * 1e6, started.elapsed().as_secs_f64());
    settle(server.pid());
    let (whole, disk) = (cpu_seconds(server.pid()) - before, size_of(&server.data_dir.join("traces")) as f64);
    println!(
        "ingest with flush and compaction: {whole:.2} CPU s, {:.2} µs a span; disk {:.1} MB, {:.1} B a span; memory at most {} MiB",
        whole / spans * 1e6,
        disk / 1e6,
        disk / spans,
        status_mib(server.pid(), "VmHWM:")
    );
    truth
}

fn note(corpus: &Corpus, number: u64, truth: &mut Truth) {
    let spans = corpus.trace(number);
    let below_checkout = |mut at: usize| {
        while spans[at].parent < SPANS {
            at = spans[at].parent;
            if SERVICES[spans[at].service] == "checkout" {
                return true;
            }
        }
        false
    };
    for span in &spans {
        let service = SERVICES[span.service];
        *truth.by_service.entry(service).or_default() += 1;
        truth.durations.entry(service).or_default().push(span.duration_ns);
        if span.error {
            *truth.errors_by_service.entry(service).or_default() += 1;
        }
    }
    if spans.iter().any(|s| s.error && SERVICES[s.service] == "payment") {
        truth.payment_errors.push(number);
    }
    if corpus.is_http_error_over(number, 100_000_000) {
        truth.slow_and_wrong.push(number);
    }
    if spans.iter().enumerate().any(|(i, s)| s.error && below_checkout(i)) {
        truth.error_below_checkout.push(number);
    }
    if corpus.server_errors(number) > 1 {
        truth.two_errors.push(number);
    }
}

/// Traces by their ids, each checked.
fn lookups(corpus: &Corpus, client: &mut Client) {
    let mut times = Vec::new();
    for i in 0..LOOKUPS {
        let number = i * corpus.traces / LOOKUPS;
        let started = Instant::now();
        let found = get(client, &format!("/api/traces/{}", Corpus::id_hex(number)));
        times.push(started.elapsed().as_secs_f64() * 1e3);
        let spans = found["batches"].as_array().expect("batches").iter().flat_map(|b| b["scopeSpans"].as_array().expect("scopes"));
        assert_eq!(spans.map(|s| s["spans"].as_array().expect("spans").len()).sum::<usize>(), SPANS);
    }
    times.sort_by(f64::total_cmp);
    println!("trace by id: p50 {:.2} ms, p99 {:.2} ms", times[times.len() / 2], times[times.len() * 99 / 100]);
}

fn get(client: &mut Client, path: &str) -> Value {
    let (status, body) = client.request("GET", path, "application/json", b"");
    assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
    serde_json::from_slice(&body).expect("the API answers JSON")
}

fn encoded(query: &str) -> String {
    url::form_urlencoded::byte_serialize(query.as_bytes()).collect()
}

/// Tempo leaves out zeros at the beginning of an id.
fn id_of(trace: &Value) -> String {
    format!("{:0>32}", trace["traceID"].as_str().unwrap_or_default())
}

fn sum(series: &Value) -> f64 {
    series["samples"].as_array().map_or(0.0, |samples| samples.iter().filter_map(|s| s["value"].as_f64()).sum())
}

/// Spans by service, from their rates over steps of so many seconds.
fn counts(found: &Value, step_s: f64) -> BTreeMap<&'static str, u64> {
    let series = found["series"].as_array().expect("series").iter();
    let named = series.map(|s| {
        let name = s["labels"][0]["value"]["stringValue"].as_str().unwrap_or_default();
        let name = SERVICES.iter().find(|known| **known == name).expect("a service of the shop");
        (*name, (sum(s) * step_s).round() as u64)
    });
    named.filter(|(_, count)| *count > 0).collect()
}
