//! PromQL against the real Prometheus: the same samples go to both by remote write, the same
//! expressions are asked of both, and every difference has to be one that is listed with its reason.
//!
//! Debian's Prometheus is 2.42, whose ranges are closed on the left; Phoenix' are open, as in
//! Prometheus 3. Samples therefore lie off every boundary that an expression can have.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

#[path = "differential/expressions.rs"]
mod expressions;
mod program;
#[path = "differential/wire.rs"]
mod wire;

use program::{Server, eventually, free_address, request};
use prost::Message;
use serde_json::Value;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use wire::{Label, Sample, TimeSeries, WriteRequest};

/// Two hours of samples every 15 seconds.
const POINTS: i64 = 480;
const INTERVAL_MS: i64 = 15_000;
/// Keeps every sample off the boundaries of windows that end at whole seconds.
const PHASE_MS: i64 = 217;
/// Relative difference allowed between two floats: summation order and compensation differ.
const TOLERANCE: f64 = 1e-9;

struct Prometheus {
    child: Child,
    address: SocketAddr,
    _dir: tempfile::TempDir,
}

impl Prometheus {
    fn start() -> Option<Self> {
        let binary = std::path::Path::new("/usr/bin/prometheus");
        if !binary.exists() {
            return None;
        }
        let dir = tempfile::tempdir().expect("a temporary folder");
        let config = dir.path().join("prometheus.yml");
        std::fs::write(&config, "global: {evaluation_interval: 1m}\n").expect("the folder is writable");
        let address = free_address();
        let child = Command::new(binary)
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.tsdb.path={}", dir.path().join("data").display()))
            .arg(format!("--web.listen-address={address}"))
            .args(["--web.enable-remote-write-receiver", "--log.level=error"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("prometheus starts");
        let prometheus = Self { child, address, _dir: dir };
        eventually("prometheus is ready", Duration::from_secs(30), || {
            std::net::TcpStream::connect(address).ok()?;
            (request(address, "GET", "/-/ready", &[], b"").0 == 200).then_some(())
        });
        Some(prometheus)
    }
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A small generator (xorshift64*), so that the data is the same in each run.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

type Series = (Vec<(&'static str, String)>, Vec<(i64, f64)>);

/// Counters with resets, gauges with gaps, special values and ends, and classic histograms.
fn data(start_ms: i64) -> Vec<Series> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut all: Vec<Series> = Vec::new();
    let at = |i: i64| start_ms + i * INTERVAL_MS + PHASE_MS;
    for (job, instance) in [("api", "a:1"), ("api", "b:1"), ("web", "c:1"), ("web", "d:1")] {
        let base = |name: &str| vec![("__name__", name.to_owned()), ("instance", instance.to_owned()), ("job", job.to_owned())];
        for code in ["200", "404", "500"] {
            let mut labels = base("http_requests_total");
            labels.push(("code", code.to_owned()));
            let mut value = (random.next() * 100.0).floor();
            let mut samples = Vec::new();
            for i in 0..POINTS {
                value += (random.next() * if code == "200" { 50.0 } else { 2.0 }).floor();
                if random.next() < 0.004 {
                    value = (random.next() * 5.0).floor();
                }
                samples.push((at(i), value));
            }
            all.push((labels, samples));
        }
        let mut temperature = 20.0;
        let mut samples = Vec::new();
        for i in 0..POINTS {
            temperature += random.next() - 0.5;
            let in_gap = instance == "b:1" && (200..250).contains(&i);
            let ended = instance == "d:1" && i > 400;
            if !in_gap && !ended {
                samples.push((at(i), temperature));
            }
            if instance == "d:1" && i == 401 {
                samples.push((at(i), f64::from_bits(0x7ff0_0000_0000_0002)));
            }
        }
        all.push((base("temperature_celsius"), samples));
        all.push((base("limit"), (0..POINTS).map(|i| (at(i), 20.0 + f64::from(u8::from(job == "web")))).collect()));
        let special = [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 0.0, 1e300, -1.5];
        all.push((
            base("odd_values"),
            (0..POINTS).map(|i| (at(i), special[(i as usize + instance.len() * job.len()) % special.len()])).collect(),
        ));
        let mut counts = [0.0_f64; 6];
        let mut histogram: Vec<Vec<(i64, f64)>> = vec![Vec::new(); 6];
        let mut total = Vec::new();
        let mut sum = 0.0;
        for i in 0..POINTS {
            for _ in 0..(random.next() * 8.0) as usize {
                let value = random.next().powi(3) * 3.0;
                sum += value;
                for (bucket, limit) in [0.05, 0.1, 0.5, 1.0, 2.5, f64::INFINITY].into_iter().enumerate() {
                    counts[bucket] += f64::from(u8::from(value <= limit));
                }
            }
            for (bucket, samples) in histogram.iter_mut().enumerate() {
                samples.push((at(i), counts[bucket]));
            }
            total.push((at(i), sum));
        }
        for (bucket, le) in ["0.05", "0.1", "0.5", "1", "2.5", "+Inf"].into_iter().enumerate() {
            let mut labels = base("latency_seconds_bucket");
            labels.push(("le", le.to_owned()));
            all.push((labels, histogram[bucket].clone()));
        }
        all.push((base("latency_seconds_count"), histogram[5].clone()));
        all.push((base("latency_seconds_sum"), total));
    }
    for (version, os) in [("1.2.3", "linux"), ("1.10.0", "bsd")] {
        let labels =
            vec![("__name__", "build_info".to_owned()), ("version", version.to_owned()), ("os", os.to_owned()), ("job", "api".to_owned())];
        all.push((labels, (0..POINTS).map(|i| (at(i), 1.0)).collect()));
    }
    all
}

/// Sends the samples in order of time, as both stores like it.
fn send(address: SocketAddr, series: &[Series]) {
    for step in 0..POINTS.div_euclid(40) {
        let timeseries = series
            .iter()
            .filter_map(|(labels, samples)| {
                let first = series[0].1[0].0 + step * 40 * INTERVAL_MS;
                let samples: Vec<Sample> = samples
                    .iter()
                    .filter(|(t, _)| (first..first + 40 * INTERVAL_MS).contains(t))
                    .map(|&(timestamp, value)| Sample { value, timestamp })
                    .collect();
                let mut labels: Vec<Label> = labels.iter().map(|(n, v)| Label { name: (*n).to_owned(), value: v.clone() }).collect();
                labels.sort_by(|a, b| a.name.cmp(&b.name));
                (!samples.is_empty()).then_some(TimeSeries { labels, samples })
            })
            .collect();
        let body = WriteRequest { timeseries }.encode_to_vec();
        let compressed = snap::raw::Encoder::new().compress_vec(&body).expect("snappy compresses");
        let headers =
            [("Content-Type", "application/x-protobuf"), ("Content-Encoding", "snappy"), ("X-Prometheus-Remote-Write-Version", "0.1.0")];
        let (status, answer) = request(address, "POST", "/api/v1/write", &headers, &compressed);
        assert!(status == 204 || status == 200, "remote write to {address} answered {status}: {answer}");
    }
}

/// How two answers differ; `None` when they agree.
fn difference(ours: &Value, theirs: &Value, ordered: bool) -> Option<String> {
    let status = |v: &Value| v["status"].as_str().unwrap_or("none").to_owned();
    if status(ours) != status(theirs) {
        return Some(format!("status {} ({}) against {} ({})", status(ours), ours["error"], status(theirs), theirs["error"]));
    }
    if status(ours) == "error" {
        return (ours["errorType"] != theirs["errorType"]).then(|| format!("error {} against {}", ours["errorType"], theirs["errorType"]));
    }
    let (ours, theirs) = (&ours["data"], &theirs["data"]);
    if ours["resultType"] != theirs["resultType"] {
        return Some(format!("type {} against {}", ours["resultType"], theirs["resultType"]));
    }
    if ours["resultType"] == "scalar" || ours["resultType"] == "string" {
        return (!same_point(&ours["result"], &theirs["result"])).then(|| format!("{} against {}", ours["result"], theirs["result"]));
    }
    let list = |v: &Value| v["result"].as_array().cloned().unwrap_or_default();
    let (ours, theirs) = (list(ours), list(theirs));
    if ordered {
        let order = |list: &[Value]| list.iter().map(|e| e["metric"].to_string()).collect::<Vec<_>>();
        // Prometheus leaves the order of equal values open; compare the values in order instead of the names.
        let values = |list: &[Value]| list.iter().map(|e| e["value"][1].to_string()).collect::<Vec<_>>();
        if order(&ours) != order(&theirs) && values(&ours) != values(&theirs) {
            return Some(format!("order {:?} against {:?}", values(&ours), values(&theirs)));
        }
    }
    let keyed = |list: Vec<Value>| -> BTreeMap<String, Value> {
        list.into_iter()
            .map(|e| {
                let labels: BTreeMap<String, Value> = serde_json::from_value(e["metric"].clone()).unwrap_or_default();
                (format!("{labels:?}"), e)
            })
            .collect()
    };
    let (ours, theirs) = (keyed(ours), keyed(theirs));
    for key in ours.keys().chain(theirs.keys()) {
        let (Some(a), Some(b)) = (ours.get(key), theirs.get(key)) else {
            return Some(format!("only {} has {key}", if ours.contains_key(key) { "Phoenix" } else { "Prometheus" }));
        };
        let points = |v: &Value| v["values"].as_array().cloned().unwrap_or_else(|| vec![v["value"].clone()]);
        let (a, b) = (points(a), points(b));
        if a.len() != b.len() {
            return Some(format!("{key}: {} points against {}", a.len(), b.len()));
        }
        if let Some((a, b)) = a.iter().zip(&b).find(|(a, b)| !same_point(a, b)) {
            return Some(format!("{key}: {a} against {b}"));
        }
    }
    None
}

fn same_point(a: &Value, b: &Value) -> bool {
    if a[0].as_f64() != b[0].as_f64() {
        return false;
    }
    let (a, b) = (a[1].as_str().unwrap_or(""), b[1].as_str().unwrap_or(""));
    let (Ok(x), Ok(y)) = (a.parse::<f64>(), b.parse::<f64>()) else { return a == b };
    a == b || (x.is_nan() && y.is_nan()) || (x - y).abs() <= TOLERANCE * x.abs().max(y.abs()).max(1e-9)
}

#[test]
fn expressions_give_what_prometheus_gives() {
    let Some(prometheus) = Prometheus::start() else {
        eprintln!("skipped: /usr/bin/prometheus is not installed (`apt-get install prometheus`)");
        return;
    };
    let dir = tempfile::tempdir().expect("a temporary folder");
    // The step of subqueries that name none is the global evaluation interval.
    let config = dir.path().join("prometheus.yml");
    std::fs::write(&config, "global: {evaluation_interval: 1m}\n").expect("the folder is writable");
    let server = Server::start(dir.path(), Some(&config));
    let now_s = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is set").as_secs() as i64;
    let start_ms = (now_s - 2 * 3600 - 600) / 3600 * 3_600_000;
    let series = data(start_ms);
    send(prometheus.address, &series);
    send(server.address, &series);

    let all = expressions::all();
    assert!(all.len() >= 400, "{} expressions", all.len());
    let start_s = start_ms / 1000;
    let (mut asked, mut known, mut wrong) = (0, BTreeMap::<&str, u32>::new(), Vec::new());
    for expression in &all {
        let encoded: String = url::form_urlencoded::byte_serialize(expression.as_bytes()).collect();
        let instants = [1_000, 3_601, 5_003].map(|offset| format!("/api/v1/query?query={encoded}&time={}", start_s + offset));
        let range = format!("/api/v1/query_range?query={encoded}&start={}&end={}&step=60", start_s + 607, start_s + 6_907);
        for path in instants.iter().chain([&range]) {
            let ask = |address| serde_json::from_str::<Value>(&request(address, "GET", path, &[], b"").1).unwrap_or(Value::Null);
            asked += 1;
            let ordered = path.starts_with("/api/v1/query?") && expressions::is_ordered(expression);
            if let Some(difference) = difference(&ask(server.address), &ask(prometheus.address), ordered) {
                match expressions::explained(expression) {
                    Some(reason) => *known.entry(reason).or_default() += 1,
                    None => wrong.push(format!("{expression}\n    {difference}\n    {path}")),
                }
            }
        }
    }
    // Steps end 7 s after a full minute, so that no step of a subquery lies on the edge of its range.
    println!("{} expressions, {asked} queries, {} differ without an explanation", all.len(), wrong.len());
    for (reason, count) in known {
        println!("  {count} answers differ as listed: {reason}");
    }
    assert!(wrong.is_empty(), "{} of {asked} answers differ:\n{}", wrong.len(), wrong[..wrong.len().min(40)].join("\n"));
}
