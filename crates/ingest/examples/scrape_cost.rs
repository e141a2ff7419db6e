//! What a scrape of an unchanged page costs: parsing, finding the series in the cache, and collecting
//! the samples, in CPU time of this thread.
//!
//! `cargo run --release -p phoenix-ingest --example scrape_cost [FILE]`; without a file a page of
//! 1,500 samples is made that looks like node_exporter's.

use phoenix_ingest::scrape::replay::Replay;
use std::fmt::Write;

#[expect(clippy::disallowed_methods, reason = "a measurement reads a file that the user names")]
fn page() -> Vec<u8> {
    if let Some(path) = std::env::args().nth(1) {
        return std::fs::read(path).expect("the file can be read");
    }
    let mut page = String::new();
    for family in 0..300 {
        let name = format!("node_family_{family}_seconds_total");
        let _ = writeln!(page, "# HELP {name} A family of five series as node_exporter has many.\n# TYPE {name} counter");
        for device in 0..5 {
            let _ = writeln!(page, "{name}{{device=\"device-{device}\",mode=\"user\"}} {}", family * 1_000 + device);
        }
    }
    page.into_bytes()
}

fn thread_cpu_seconds() -> f64 {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    time.tv_sec as f64 + time.tv_nsec as f64 / 1e9
}

fn main() {
    const ROUNDS: u32 = 2_000;
    let page = page();
    let mut replay = Replay::default();
    let began = thread_cpu_seconds();
    let samples = replay.scrape(&page, 0).expect("the page can be read");
    let first = thread_cpu_seconds() - began;
    let began = thread_cpu_seconds();
    for round in 1..=ROUNDS {
        replay.scrape(&page, i64::from(round) * 15_000).expect("the page can be read");
    }
    let each = (thread_cpu_seconds() - began) / f64::from(ROUNDS);
    println!("{samples} samples in {} bytes", page.len());
    println!("first scrape:      {:8.1} µs, {:6.1} ns a sample", first * 1e6, first * 1e9 / samples as f64);
    println!("repeated scrape:   {:8.1} µs, {:6.1} ns a sample", each * 1e6, each * 1e9 / samples as f64);
}
