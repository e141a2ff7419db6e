//! Logs from end to end: push, disk, memory, queries, each answer checked first.
//!
//! `make bench-logs` runs it on 2 million lines; `BENCH_LINES=N` on another number. CPU seconds are
//! those of the server's process from `/proc`, wall times include HTTP and JSON on loopback.

#![expect(clippy::disallowed_methods, reason = "a bench measures real time on a real disk")]

#[path = "logs/corpus.rs"]
mod corpus;
#[path = "logs/live.rs"]
mod live;
#[path = "measure/mod.rs"]
mod measure;
#[path = "../tests/program/mod.rs"]
mod program;

use corpus::{Corpus, SECOND};
use measure::{Client, Table, cpu_seconds, settle, size_of, status_mib};
use program::Server;
use serde_json::Value;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

const LINES_PER_PUSH: u64 = 5_000;
const SUBSTRING: &str = "imeout while wait";
const REGEX: &str = "status=5\\d\\d";
const SELECTOR: &str = "{job=\"bench\"}";

/// What the answers must be.
#[derive(Default)]
struct Truth {
    lines: u64,
    bytes: u64,
    by_app: BTreeMap<String, u64>,
    by_level: BTreeMap<String, u64>,
    substring: u64,
    regex: u64,
    durations: BTreeMap<String, Vec<f64>>,
}

fn main() {
    let lines: u64 = std::env::var("BENCH_LINES").ok().and_then(|n| n.parse().ok()).unwrap_or(2_000_000);
    let now_ns = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right").as_nanos() as i64;
    let span_ns = 6 * 3600 * SECOND;
    // Whole minutes, so that steps of the queries below fall on them.
    let start_ns = (now_ns - span_ns) / (300 * SECOND) * (300 * SECOND) - 300 * SECOND;
    let corpus = Corpus { lines, start_ns, span_ns };
    let dir = tempfile::tempdir().expect("a temporary folder");
    let plain = dir.path().join("corpus.log");
    let config = dir.path().join("phoenix.yaml");
    std::fs::write(&config, "otlp: off\n").expect("the folder is writable");
    let server = Server::start(dir.path(), Some(&config));
    println!("{lines} lines, {} streams", Corpus::apps() * 10);

    let truth = push(&corpus, &server, &plain);
    let (middle, mut client) = (lines / 2, Client::connect(server.address));
    let needle_line =
        (middle..lines).find(|i| Corpus::is_logfmt(corpus.line(*i, &mut String::new()).app)).expect("a third of the lines is logfmt");
    let needle = corpus.line(needle_line, &mut String::new());
    let id = format!("{:016x}{:016x}", needle.id.0, needle.id.1);
    let hex = id[9..19].to_owned();
    let range_s = span_ns / SECOND + 600;
    let end_ns = start_ns + range_s * SECOND;

    let mut table = Table::new(server.pid());
    table.row("one id as a word", || {
        let data = client.query_range(&format!("{SELECTOR} |= \"{id}\""), start_ns, end_ns, 60, 100);
        assert_eq!(entries(&data), 1);
    });
    table.row("one id as a field", || {
        let data = client.query_range(&format!("{SELECTOR} | logfmt | trace_id=\"{id}\""), start_ns, end_ns, 60, 100);
        assert_eq!(entries(&data), 1);
    });
    table.row("arbitrary substring of a text, counted", || {
        let data = client.query(&format!("sum(count_over_time({SELECTOR} |= \"{SUBSTRING}\" [{range_s}s]))"), end_ns);
        assert_eq!(number(&data), truth.substring);
    });
    table.row("10 digits from the middle of an id", || {
        let data = client.query(&format!("sum(count_over_time({SELECTOR} |= \"{hex}\" [{range_s}s]))"), end_ns);
        assert!(number(&data) >= 1);
    });
    table.row("regex, counted", || {
        let query = format!("sum(count_over_time({SELECTOR} |~ `{REGEX}` [{range_s}s]))");
        let data = client.query(&query, end_ns);
        assert_eq!(number(&data), truth.regex);
    });
    table.row("logfmt, unwrap, quantile by app", || {
        let query = format!("quantile_over_time(0.99, {SELECTOR} | logfmt | unwrap duration_ms | __error__=\"\" [{range_s}s]) by (app)");
        check_quantiles(&client.query(&query, end_ns), &truth);
    });
    table.row("count by app", || {
        let data = client.query(&format!("sum by (app) (count_over_time({SELECTOR}[{range_s}s]))"), end_ns);
        assert_eq!(by(&data, "app"), truth.by_app);
    });
    table.row("level histogram, each 5 min", || {
        let query = format!("sum by (detected_level) (count_over_time({SELECTOR}[5m]))");
        let data = client.query_range(&query, start_ns, end_ns, 300, 100);
        assert_eq!(sums_by(&data, "detected_level"), truth.by_level);
    });
    table.row("last 100 lines", || {
        let data = client.query_range(SELECTOR, start_ns, end_ns, 60, 100);
        assert_eq!(entries(&data), 100);
    });
    table.print();
    println!("memory: {} MiB now, {} MiB at most", status_mib(server.pid(), "VmRSS:"), status_mib(server.pid(), "VmHWM:"));
    live::measure(server.address, 300);
    machine(&plain);
}

/// Pushes the corpus as Loki's JSON and computes what queries must answer.
fn push(corpus: &Corpus, server: &Server, plain: &std::path::Path) -> Truth {
    let mut truth = Truth::default();
    let regex = regex_like();
    let mut client = Client::connect(server.address);
    let mut file = std::io::BufWriter::new(std::fs::File::create(plain).expect("the folder is writable"));
    let (before, started) = (cpu_seconds(server.pid()), Instant::now());
    let mut sending = Duration::ZERO;
    let mut at = 0;
    while at < corpus.lines {
        let mut streams: BTreeMap<(usize, u64), String> = BTreeMap::new();
        for i in at..(at + LINES_PER_PUSH).min(corpus.lines) {
            let mut text = String::new();
            let line = corpus.line(i, &mut text);
            let app = Corpus::app_name(line.app).to_owned();
            truth.lines += 1;
            truth.bytes += text.len() as u64;
            *truth.by_app.entry(app.clone()).or_default() += 1;
            let level = if line.app % 3 == 2 { "unknown" } else { line.level };
            *truth.by_level.entry(level.to_owned()).or_default() += 1;
            truth.substring += u64::from(text.contains(SUBSTRING));
            truth.regex += u64::from(regex(&text));
            if Corpus::is_logfmt(line.app) {
                truth.durations.entry(app).or_default().push(line.duration_ms);
            }
            file.write_all(text.as_bytes()).and_then(|()| file.write_all(b"\n")).expect("the disk has room");
            let values = streams.entry((line.app, line.instance)).or_default();
            let quoted = serde_json::to_string(&text).expect("a string is JSON");
            let _ = write!(values, "{}[\"{}\",{quoted}]", if values.is_empty() { "" } else { "," }, line.timestamp_ns);
        }
        let mut body = String::from("{\"streams\":[");
        for (n, ((app, instance), values)) in streams.iter().enumerate() {
            let comma = if n == 0 { "" } else { "," };
            let app = Corpus::app_name(*app);
            let _ = write!(
                body,
                "{comma}{{\"stream\":{{\"job\":\"bench\",\"app\":\"{app}\",\"instance\":\"{app}-{instance}\"}},\"values\":[{values}]}}"
            );
        }
        body.push_str("]}");
        let sent = Instant::now();
        loop {
            let (status, answer) = client.request("POST", "/loki/api/v1/push", "application/json", body.as_bytes());
            match status {
                204 => break,
                // Told to come back: clients do.
                429 => std::thread::sleep(Duration::from_millis(200)),
                other => panic!("push was answered {other}: {}", String::from_utf8_lossy(&answer)),
            }
        }
        sending += sent.elapsed();
        at += LINES_PER_PUSH;
    }
    drop(file);
    println!(
        "pushed: {:.2} CPU s, {:.1} s waited for answers of {:.1} s; {} MB of lines",
        cpu_seconds(server.pid()) - before,
        sending.as_secs_f64(),
        started.elapsed().as_secs_f64(),
        truth.bytes / 1_000_000
    );
    settle(server.pid());
    println!(
        "ingest with flush and compaction: {:.2} CPU s; disk {:.1} MB; memory at most {} MiB",
        cpu_seconds(server.pid()) - before,
        size_of(&server.data_dir.join("logs")) as f64 / 1e6,
        status_mib(server.pid(), "VmHWM:")
    );
    truth
}

/// [`REGEX`] written out, so that the bench shares no regex engine with the program.
fn regex_like() -> impl Fn(&str) -> bool {
    |line| {
        line.match_indices("status=5").any(|(at, _)| {
            let rest = &line.as_bytes()[at + 8..];
            rest.len() >= 2 && rest[0].is_ascii_digit() && rest[1].is_ascii_digit()
        })
    }
}

fn entries(data: &Value) -> usize {
    data["result"].as_array().expect("streams").iter().map(|s| s["values"].as_array().map_or(0, Vec::len)).sum()
}

fn sample(value: &Value) -> f64 {
    value[1].as_str().expect("values are strings").parse().expect("values are numbers")
}

fn number(data: &Value) -> u64 {
    data["result"].as_array().expect("a vector").first().map_or(0, |s| sample(&s["value"]) as u64)
}

fn by(data: &Value, label: &str) -> BTreeMap<String, u64> {
    let samples = data["result"].as_array().expect("a vector").iter();
    samples.map(|s| (s["metric"][label].as_str().unwrap_or("").to_owned(), sample(&s["value"]) as u64)).collect()
}

fn sums_by(data: &Value, label: &str) -> BTreeMap<String, u64> {
    let series = data["result"].as_array().expect("a matrix").iter();
    let sum = |s: &Value| s["values"].as_array().expect("values").iter().map(|v| sample(v) as u64).sum();
    series.map(|s| (s["metric"][label].as_str().unwrap_or("").to_owned(), sum(s))).collect()
}

fn check_quantiles(data: &Value, truth: &Truth) {
    let found = data["result"].as_array().expect("a vector");
    assert_eq!(found.len(), truth.durations.len(), "apps that write logfmt");
    for series in found {
        let mut sorted = truth.durations[series["metric"]["app"].as_str().unwrap_or("")].clone();
        sorted.sort_by(f64::total_cmp);
        let rank = 0.99 * (sorted.len() - 1) as f64;
        let (low, high) = (sorted[rank.floor() as usize], sorted[rank.ceil() as usize]);
        let want = low + (high - low) * rank.fract();
        let got = sample(&series["value"]);
        assert!((got - want).abs() <= want.abs() * 1e-9, "{got} for {want}");
    }
}

/// What the machine itself needs for the same bytes: to unpack them, and to look for a text in them.
fn machine(plain: &std::path::Path) {
    let packed = plain.with_extension("zst");
    let timed = |name: &str, command: &mut Command| {
        let started = Instant::now();
        // To a pipe: grep looks for one hit only when nobody reads what it writes.
        match command.stderr(Stdio::null()).output() {
            Ok(_) => println!("{name}: {:.0} ms", started.elapsed().as_secs_f64() * 1e3),
            Err(error) => println!("{name}: not measured ({error})"),
        }
    };
    timed("zstd -3 of the corpus", Command::new("zstd").args(["-q", "-f", "-3", "-o"]).arg(&packed).arg(plain));
    println!("its size: {:.1} MB", std::fs::metadata(&packed).map_or(0, |m| m.len()) as f64 / 1e6);
    timed("zstd -dc of it", Command::new("zstd").arg("-dc").arg(&packed));
    timed("grep -F -c of the substring", Command::new("grep").args(["-F", "-c", SUBSTRING]).arg(plain));
}
