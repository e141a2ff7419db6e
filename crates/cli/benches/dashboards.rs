//! A dashboard of thirty queries over ten thousand series of a day, on the server's side: when the first
//! line of its answer is there and when the last, and the same for the refresh fifteen seconds later.
//!
//! `make bench-dashboards`; `BENCH_SERIES=500` for another number of series. Samples come by remote
//! write, every value is known, and the first answers are checked. CPU seconds are those of the server's
//! process from `/proc`; wall times include HTTP and JSON on loopback. At the end headless Chromium opens
//! the same thirty queries as a dashboard of thirty panels (`web/scripts/bench-dashboard.mjs`).

#![expect(clippy::disallowed_methods, reason = "a bench measures real time on a real disk")]

#[path = "measure/mod.rs"]
mod measure;
#[path = "../tests/program/mod.rs"]
mod program;

use measure::{cpu_seconds, settle, size_of, status_mib};
use program::Server;
use program::metrics::{REFRESH, TimeSeries, remote_write, series};
use serde_json::{Value, json};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

const SCRAPE_MS: i64 = 15_000;
const DAY_MS: i64 = 86_400_000;
/// Samples of each series in one request of remote write.
const SAMPLES_PER_WRITE: i64 = 20;
/// The step that a browser asks a day for: about seven hundred points.
const STEP_MS: i64 = 120_000;
const BUCKETS: [&str; 10] = ["0.005", "0.01", "0.05", "0.1", "0.25", "0.5", "1", "2.5", "10", "+Inf"];

/// A series' labels, and its value at a number of scrapes after the start.
type Told = (Vec<(&'static str, String)>, Box<dyn Fn(i64) -> f64>);

/// What a service of ten routes on some instances tells: per instance a hundred series.
struct Corpus {
    instances: usize,
    start_ms: i64,
}

impl Corpus {
    fn series(&self) -> Vec<Told> {
        let mut all: Vec<Told> = Vec::new();
        for instance in 0..self.instances {
            let name = format!("node-{instance:03}:9100");
            let of = |metric: &str, more: &[(&'static str, String)]| {
                let mut labels =
                    vec![("__name__", metric.to_owned()), ("instance", name.clone()), ("job", format!("job-{}", instance % 4))];
                labels.extend_from_slice(more);
                labels
            };
            for route in 0..10_u32 {
                let route_label = ("route", format!("/r{route}"));
                let rate = f64::from(route + 1);
                for code in ["200", "500"] {
                    let share = if code == "200" { 0.9 } else { 0.1 };
                    let labels = of("http_requests_total", &[route_label.clone(), ("code", code.to_owned())]);
                    all.push((labels, Box::new(move |i| i as f64 * 15.0 * rate * share)));
                }
                if route < 6 {
                    for (b, le) in BUCKETS.iter().enumerate() {
                        let labels = of("http_request_seconds_bucket", &[route_label.clone(), ("le", (*le).to_owned())]);
                        all.push((labels, Box::new(move |i| (i as f64 * 15.0 * rate * (b + 1) as f64 / 10.0).floor())));
                    }
                }
            }
            for gauge in 0..20 {
                let labels = of("pool_used_bytes", &[("pool", format!("p{gauge}"))]);
                let (phase, height) = ((instance * 31 + gauge * 17) as f64, 1e6 * (gauge + 1) as f64);
                all.push((labels, Box::new(move |i| (height * (1.0 + ((i as f64 + phase) / 240.0).sin())).round())));
            }
        }
        all
    }

    fn write(&self, server: &Server, scrapes: std::ops::Range<i64>) {
        let all = self.series();
        let mut from = scrapes.start;
        while from < scrapes.end {
            let to = (from + SAMPLES_PER_WRITE).min(scrapes.end);
            let batch: Vec<TimeSeries> = all
                .iter()
                .map(|(labels, value)| {
                    let pairs: Vec<(&str, &str)> = labels.iter().map(|(name, value)| (*name, value.as_str())).collect();
                    let samples: Vec<(i64, f64)> = (from..to).map(|i| (self.start_ms + i * SCRAPE_MS, value(i))).collect();
                    series(&pairs, &samples)
                })
                .collect();
            remote_write(server, batch);
            from = to;
        }
    }
}

/// Queries such as dashboards have: rates by a label, ratios, quantiles over buckets, sums and tops.
fn queries() -> Vec<String> {
    let mut all = Vec::new();
    for job in 0..4 {
        let of = format!("job=\"job-{job}\"");
        all.push(format!("sum(rate(http_requests_total{{{of}}}[5m]))"));
        all.push(format!("sum by (route) (rate(http_requests_total{{{of}}}[5m]))"));
        all.push(format!("sum(rate(http_requests_total{{{of},code=~\"5..\"}}[5m])) / sum(rate(http_requests_total{{{of}}}[5m]))"));
        all.push(format!("histogram_quantile(0.99, sum by (le) (rate(http_request_seconds_bucket{{{of}}}[5m])))"));
        all.push(format!("sum by (instance) (pool_used_bytes{{{of}}})"));
        all.push(format!("max by (pool) (pool_used_bytes{{{of}}})"));
    }
    all.extend(
        [
            "sum(rate(http_requests_total[5m]))",
            "sum by (code) (rate(http_requests_total[5m]))",
            "topk(5, sum by (instance) (rate(http_requests_total[5m])))",
            "histogram_quantile(0.5, sum by (le, route) (rate(http_request_seconds_bucket[5m])))",
            "sum(pool_used_bytes)",
            "count(count by (instance) (pool_used_bytes))",
        ]
        .map(str::to_owned),
    );
    all
}

/// Thirty charts, six in a row.
fn dashboard() -> Value {
    let panels: Vec<Value> = queries()
        .iter()
        .enumerate()
        .map(|(i, query)| {
            json!({"id": i + 1, "type": "timeseries", "title": query,
                "gridPos": {"x": i % 6 * 4, "y": i / 6 * 5, "w": 4, "h": 5},
                "datasource": {"type": "prometheus", "uid": "phoenix"},
                "targets": [{"refId": "A", "expr": query}]})
        })
        .collect();
    json!({"uid": "bench", "title": "Thirty panels", "schemaVersion": 39, "time": {"from": "now-24h", "to": "now"}, "panels": panels})
}

/// What a person waits for. Its figures are printed by the script.
fn browse(server: &Server) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../web/scripts/bench-dashboard.mjs");
    let number = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let status = Command::new("node")
        .arg(script)
        .args(["--path", "/d/bench", "--url", &format!("http://{}", server.address)])
        .args(["--loads", &number("BENCH_LOADS", "7"), "--refreshes", &number("BENCH_REFRESHES", "720")])
        .status()
        .expect("node runs");
    assert!(status.success(), "the browser's part failed");
}

/// When lines came, in milliseconds, the server's CPU seconds, bytes, and values known and computed.
struct Refreshed {
    first_ms: f64,
    last_ms: f64,
    cpu_ms: f64,
    bytes: usize,
    cached: u64,
    computed: u64,
    lines: Vec<Value>,
}

fn refresh(server: &Server, range_ms: (i64, i64)) -> Refreshed {
    let queries: Vec<Value> = queries()
        .iter()
        .enumerate()
        .map(|(i, query)| {
            json!({"id": i.to_string(), "language": "promql", "kind": "range", "query": query,
                "from_ms": range_ms.0, "to_ms": range_ms.1, "step_ms": STEP_MS})
        })
        .collect();
    let body = json!({"queries": queries}).to_string();
    let mut stream = TcpStream::connect(server.address).expect("the server listens");
    stream.set_nodelay(true).expect("a TCP stream has the option");
    let head = format!(
        "POST {REFRESH} HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
        server.address,
        body.len()
    );
    let (cpu, begun) = (cpu_seconds(server.pid()), Instant::now());
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).expect("the server reads");
    let mut lines = BufReader::with_capacity(1 << 20, stream).lines().map(|line| line.expect("the answer is text"));
    let (mut first_ms, mut bytes, mut texts) = (None, 0, Vec::new());
    // Chunks' sizes stand on lines of their own, and a line may be cut into chunks.
    let mut text = String::new();
    let mut done = false;
    for line in lines.by_ref().skip_while(|line| !line.is_empty()).skip(1) {
        let is_size = !line.is_empty() && line.len() <= 8 && line.bytes().all(|b| b.is_ascii_hexdigit());
        if is_size {
            continue;
        }
        bytes += line.len();
        text.push_str(&line);
        if text.starts_with("{\"done\"") {
            done = true;
            break;
        }
        if text.starts_with("{\"ids\":") && text.ends_with("}}") {
            first_ms.get_or_insert_with(|| begun.elapsed().as_secs_f64() * 1e3);
            texts.push(std::mem::take(&mut text));
        }
    }
    assert!(done, "the answer was cut off");
    let last_ms = begun.elapsed().as_secs_f64() * 1e3;
    // The tick of /proc is 10 ms.
    let cpu_ms = (cpu_seconds(server.pid()) - cpu) * 1e3;
    let lines: Vec<Value> = texts.iter().map(|text| serde_json::from_str(text).expect("the API answers JSON")).collect();
    let sum = |name: &str| lines.iter().filter_map(|line| line["stats"][name].as_u64()).sum();
    Refreshed {
        first_ms: first_ms.unwrap_or(last_ms),
        last_ms,
        cpu_ms,
        bytes,
        cached: sum("cached_points"),
        computed: sum("computed_points"),
        lines,
    }
}

/// The rate of all requests is known: an instance's routes have 1, 2, … 10 a second.
fn check(refreshed: &Refreshed, instances: usize) {
    assert_eq!(refreshed.lines.len(), 30);
    for line in &refreshed.lines {
        assert_eq!(line["error"], Value::Null, "{line}");
    }
    let total = refreshed.lines.iter().find(|line| line["ids"] == json!(["24"])).expect("every query has its line");
    let values = total["series"][0]["values"].as_array().expect("a series of values");
    let want = 55.0 * instances as f64;
    let wrong = values.iter().filter_map(Value::as_f64).filter(|got| (got - want).abs() > want * 1e-9).count();
    assert_eq!(wrong, 0, "the sum of all rates is {want}: {values:?}");
    assert!(values.iter().all(Value::is_number), "every step has a value: {values:?}");
}

fn main() {
    let series: usize = std::env::var("BENCH_SERIES").ok().and_then(|n| n.parse().ok()).unwrap_or(10_000);
    let instances = (series / 100).max(1);
    let now_ms = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_millis() as i64;
    let end_ms = now_ms / STEP_MS * STEP_MS;
    let corpus = Corpus { instances, start_ms: end_ms - DAY_MS };
    let scrapes = DAY_MS / SCRAPE_MS;
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = dir.path().join("phoenix.yaml");
    std::fs::write(&config, "otlp: off\ndashboards:\n  - bench.json\n").expect("the folder is writable");
    std::fs::write(dir.path().join("bench.json"), dashboard().to_string()).expect("the folder is writable");
    let server = Server::start(dir.path(), Some(&config));
    let begun = Instant::now();
    corpus.write(&server, 0..scrapes + 1);
    println!(
        "{} series, {} samples written in {:.0} s",
        instances * 100,
        instances as i64 * 100 * (scrapes + 1),
        begun.elapsed().as_secs_f64()
    );
    settle(server.pid());
    println!("{} MiB on disk, {} MiB in memory", size_of(&server.data_dir) >> 20, status_mib(server.pid(), "VmRSS:"));

    // The first window of five minutes is full of samples.
    let range = (end_ms - DAY_MS + 3 * STEP_MS, end_ms);
    println!("| refresh | first line, ms | all lines, ms | CPU ms | KiB | known | computed |\n|---|---|---|---|---|---|---|");
    let row = |name: &str, got: &Refreshed| {
        println!(
            "| {name} | {:.0} | {:.0} | {:.0} | {} | {} | {} |",
            got.first_ms,
            got.last_ms,
            got.cpu_ms,
            got.bytes >> 10,
            got.cached,
            got.computed
        );
    };
    let first = refresh(&server, range);
    check(&first, instances);
    row("first", &first);
    corpus.write(&server, scrapes + 1..scrapes + 2);
    let later = refresh(&server, range);
    check(&later, instances);
    assert!(later.cached > later.computed * 10, "a refresh computes what is new: {} of {}", later.computed, later.cached);
    row("15 s later", &later);
    // The next step: what slides in is computed, what slides out is left.
    corpus.write(&server, scrapes + 2..scrapes + 9);
    let next = refresh(&server, (range.0 + STEP_MS, range.1 + STEP_MS));
    check(&next, instances);
    row("a step later", &next);
    let again: Vec<Refreshed> = (0..5).map(|_| refresh(&server, (range.0 + STEP_MS, range.1 + STEP_MS))).collect();
    let middle = |of: fn(&Refreshed) -> f64| {
        let mut all: Vec<f64> = again.iter().map(of).collect();
        all.sort_by(f64::total_cmp);
        all[all.len() / 2]
    };
    println!("the same five times: first line after {:.0} ms, all after {:.0} ms", middle(|r| r.first_ms), middle(|r| r.last_ms));
    // Another phase: nothing is known of it, but blocks are in memory.
    let warm = refresh(&server, (range.0 + SCRAPE_MS, range.1));
    row("first, blocks in memory", &warm);
    browse(&server);
}
