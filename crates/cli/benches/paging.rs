//! From a fault to the page, alone and beside the worst queries (invariant 4).
//!
//! `cargo bench -p phoenix-cli --bench paging` prints, for each round, the seconds from the moment a
//! target says that something is wrong until the on-call person's webhook is called, then the medians.

#![expect(clippy::disallowed_methods, reason = "a bench measures real time")]

#[path = "../tests/program/mod.rs"]
mod program;

use program::{Server, free_address, request};
use std::fmt::Write as _;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc;
use std::time::{Duration, Instant};

const ROUNDS: usize = 7;
const SERIES: usize = 5_000;
const CLIENTS: usize = 8;
const QUERIES: [&str; 4] = [
    "sum by (a) (rate(bench_series[10m]))",
    "quantile_over_time(0.9, bench_series[10m:1s])",
    "topk(10, bench_series) * on (i) group_left count by (i) ({__name__=~\".+\"})",
    "max_over_time(stddev(bench_series * bench_series)[10m:1s])",
];

fn main() {
    let fault = Arc::new(AtomicBool::new(false));
    let target = serve_target(Arc::clone(&fault));
    let (pages, paged) = mpsc::channel();
    let pager = serve_pager(pages);
    let dir = tempfile::tempdir().expect("a temporary folder");
    let config = write_config(dir.path(), target, pager);
    let server = Server::start(dir.path(), Some(&config));
    println!("ready after {:?}", server.ready_after);
    std::thread::sleep(Duration::from_secs(10));
    println!("resident memory after 10 s: {} MiB", resident_mib(server.pid()));

    let quiet = rounds("alone", &fault, &paged);
    let stop = Arc::new(AtomicBool::new(false));
    let asked = Arc::new(AtomicU64::new(0));
    let clients: Vec<_> = (0..CLIENTS)
        .map(|client| {
            let (stop, asked, address) = (Arc::clone(&stop), Arc::clone(&asked), server.address);
            std::thread::spawn(move || {
                for i in client.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let query: String = url::form_urlencoded::byte_serialize(QUERIES[i % QUERIES.len()].as_bytes()).collect();
                    request(address, "GET", &format!("/api/v1/query?query={query}"), &[], b"");
                    asked.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();
    std::thread::sleep(Duration::from_secs(2));
    let loaded = rounds("beside queries", &fault, &paged);
    stop.store(true, Ordering::Relaxed);
    for client in clients {
        let _ = client.join();
    }
    println!("queries answered meanwhile: {}", asked.load(Ordering::Relaxed));
    println!("median alone {quiet:.2} s, beside {CLIENTS} clients with the worst queries {loaded:.2} s, ratio {:.2}", loaded / quiet);
    println!("resident memory at the end: {} MiB", resident_mib(server.pid()));
}

fn rounds(name: &str, fault: &AtomicBool, paged: &mpsc::Receiver<String>) -> f64 {
    let mut seconds = Vec::new();
    for _ in 0..ROUNDS {
        while paged.try_recv().is_ok() {}
        let started = Instant::now();
        fault.store(true, Ordering::Relaxed);
        match paged.recv_timeout(Duration::from_mins(1)) {
            Ok(_) => seconds.push(started.elapsed().as_secs_f64()),
            Err(_) => println!("{name}: NOT PAGED within 60 s"),
        }
        fault.store(false, Ordering::Relaxed);
        std::thread::sleep(Duration::from_secs(6));
    }
    let shown: Vec<String> = seconds.iter().map(|s| format!("{s:.2}")).collect();
    println!("{name}: {} s", shown.join(" "));
    seconds.sort_by(f64::total_cmp);
    seconds.get(seconds.len() / 2).copied().unwrap_or(f64::NAN)
}

fn resident_mib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix("VmRSS:")).and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

fn write_config(dir: &std::path::Path, target: SocketAddr, pager: SocketAddr) -> std::path::PathBuf {
    for (name, text) in [
        (
            "prometheus.yaml",
            format!(
                "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nrule_files: [rules.yaml]\nscrape_configs:\n  - job_name: bench\n    static_configs: [{{targets: ['{target}']}}]\n"
            ),
        ),
        (
            "rules.yaml",
            "groups:\n  - name: bench\n    rules:\n      - alert: BenchFault\n        expr: bench_fault == 1\n        labels: {severity: critical}\n".to_owned(),
        ),
        (
            "alertmanager.yaml",
            "route: {receiver: none, group_by: [alertname], group_wait: 0s, group_interval: 1s, repeat_interval: 1h}\nreceivers: [{name: none}]\n".to_owned(),
        ),
        (
            "on-call.yaml",
            format!(
                "people: {{ada: {{webhook: 'http://{pager}/page'}}}}\nteams: {{one: [ada]}}\npage_on: ['severity=\"critical\"']\nreopen_within: 0s\non_call_schedule:\n  primary: {{schedule: weekly, teams: [one]}}\n"
            ),
        ),
        (
            "phoenix.yaml",
            "metrics: {config: prometheus.yaml}\nalerting: {config: alertmanager.yaml}\non_call: on-call.yaml\n".to_owned(),
        ),
    ] {
        std::fs::write(dir.join(name), text).expect("the folder is writable");
    }
    dir.join("phoenix.yaml")
}

fn serve_target(fault: Arc<AtomicBool>) -> SocketAddr {
    let address = free_address();
    let listener = TcpListener::bind(address).expect("the port was free a moment ago");
    std::thread::spawn(move || {
        for (count, stream) in listener.incoming().flatten().enumerate() {
            let mut body = format!("bench_fault {}\n", u8::from(fault.load(Ordering::Relaxed)));
            for i in 0..SERIES {
                let _ = writeln!(body, "bench_series{{i=\"{i}\",a=\"{}\"}} {}", i % 7, count * (i + 1));
            }
            answer(stream, &body);
        }
    });
    address
}

fn serve_pager(pages: mpsc::Sender<String>) -> SocketAddr {
    let address = free_address();
    let listener = TcpListener::bind(address).expect("the port was free a moment ago");
    std::thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let mut start = vec![0; 8192];
            let read = stream.read(&mut start).unwrap_or(0);
            let _ = pages.send(String::from_utf8_lossy(&start[..read]).into_owned());
            let _ = stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    address
}

fn answer(mut stream: std::net::TcpStream, body: &str) {
    let mut request = [0; 4096];
    let _ = stream.read(&mut request);
    let head = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes()));
}
