//! What a process used, how long queries take, and requests over one connection.

#![allow(dead_code, reason = "each bench uses a part of it")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

const ROUNDS: usize = 5;

/// CPU seconds of a process so far, in user and system mode, from `/proc`.
pub fn cpu_seconds(pid: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or("").split_whitespace().collect();
    let ticks = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).unwrap_or(0.0);
    // Fields 14 and 15 of the file; two came before the bracket. The tick is 10 ms on Linux.
    (ticks(11) + ticks(12)) / 100.0
}

/// A figure of `/proc/PID/status` in MiB.
pub fn status_mib(pid: u32, name: &str) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = status.lines().find_map(|l| l.strip_prefix(name)).and_then(|l| l.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) / 1024
}

/// Bytes of all files below a folder.
pub fn size_of(dir: &std::path::Path) -> u64 {
    let Ok(entries) = std::fs::read_dir(dir) else { return 0 };
    entries.flatten().map(|e| if e.path().is_dir() { size_of(&e.path()) } else { e.metadata().map_or(0, |m| m.len()) }).sum()
}

/// Waits until the server has been idle for fifteen seconds: flushed, and merged, which begins when
/// writes have been quiet for ten.
pub fn settle(pid: u32) {
    let mut last = cpu_seconds(pid);
    let mut quiet = 0;
    for _ in 0..120 {
        std::thread::sleep(Duration::from_secs(1));
        let now = cpu_seconds(pid);
        quiet = if now - last < 0.1 { quiet + 1 } else { 0 };
        last = now;
        if quiet == 15 {
            return;
        }
    }
    println!("the server was still busy after two minutes");
}

/// Queries with the time they took.
pub struct Table {
    pid: u32,
    rows: Vec<(String, f64, f64, f64)>,
}

impl Table {
    /// An empty table for a process.
    pub fn new(pid: u32) -> Self {
        Self { pid, rows: Vec::new() }
    }

    /// Runs it once to check and warm, then for the medians of [`ROUNDS`] rounds.
    pub fn row(&mut self, name: &str, mut run: impl FnMut()) {
        // BENCH_ROW=regex BENCH_ROUNDS=100 is for a profiler.
        if std::env::var("BENCH_ROW").is_ok_and(|wanted| !name.contains(&wanted)) {
            return;
        }
        let rounds = std::env::var("BENCH_ROUNDS").ok().and_then(|n| n.parse().ok()).unwrap_or(ROUNDS);
        let cold = Instant::now();
        run();
        let cold = cold.elapsed().as_secs_f64();
        let (mut wall, mut cpu) = (Vec::new(), Vec::new());
        for _ in 0..rounds {
            // The tick of /proc is 10 ms: short queries are repeated within a round.
            let (before, started) = (cpu_seconds(self.pid), Instant::now());
            let mut times = 0;
            while times == 0 || (started.elapsed() < Duration::from_millis(300) && times < 50) {
                run();
                times += 1;
            }
            wall.push(started.elapsed().as_secs_f64() / f64::from(times));
            cpu.push((cpu_seconds(self.pid) - before) / f64::from(times));
        }
        let median = |mut all: Vec<f64>| {
            all.sort_by(f64::total_cmp);
            all[all.len() / 2]
        };
        self.rows.push((name.to_owned(), cold, median(wall), median(cpu)));
    }

    /// Prints it as Markdown.
    pub fn print(&self) {
        println!("| query | first, ms | then, ms | CPU ms |\n|---|---|---|---|");
        for (name, cold, wall, cpu) in &self.rows {
            println!("| {name} | {:.1} | {:.1} | {:.1} |", cold * 1e3, wall * 1e3, cpu * 1e3);
        }
    }
}

/// One connection to the server.
pub struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

impl Client {
    pub fn connect(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).expect("the server listens");
        stream.set_nodelay(true).expect("a TCP stream has the option");
        Self { address, stream: BufReader::new(stream) }
    }

    /// Sends a request; returns the status and the body.
    pub fn request(&mut self, method: &str, path: &str, content_type: &str, body: &[u8]) -> (u16, Vec<u8>) {
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nContent-Type: {content_type}\r\nContent-Length: {}\r\n\r\n",
            self.address,
            body.len()
        );
        let stream = self.stream.get_mut();
        stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the server reads");
        let mut line = String::new();
        self.stream.read_line(&mut line).expect("the server answers");
        let status = line.split_whitespace().nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
        let (mut length, mut chunked) = (0, false);
        loop {
            line.clear();
            self.stream.read_line(&mut line).expect("the server answers");
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap_or(0);
            }
            chunked |= lower.starts_with("transfer-encoding:") && lower.contains("chunked");
            if line.trim().is_empty() {
                break;
            }
        }
        let mut answer = Vec::new();
        if chunked {
            loop {
                line.clear();
                self.stream.read_line(&mut line).expect("the server answers");
                let size = usize::from_str_radix(line.trim(), 16).unwrap_or(0);
                let at = answer.len();
                answer.resize(at + size, 0);
                self.stream.read_exact(&mut answer[at..]).expect("the server answers");
                self.stream.read_line(&mut line).expect("the server answers");
                if size == 0 {
                    break;
                }
            }
        } else {
            answer.resize(length, 0);
            self.stream.read_exact(&mut answer).expect("the server answers");
        }
        (status, answer)
    }

    /// Asks for a range; the answer's `data`.
    pub fn query_range(&mut self, query: &str, start_ns: i64, end_ns: i64, step_s: u64, limit: usize) -> Value {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        self.data(&format!("/loki/api/v1/query_range?query={query}&start={start_ns}&end={end_ns}&step={step_s}&limit={limit}"))
    }

    /// Asks for one moment; the answer's `data`.
    pub fn query(&mut self, query: &str, time_ns: i64) -> Value {
        let query: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        self.data(&format!("/loki/api/v1/query?query={query}&time={time_ns}"))
    }

    fn data(&mut self, path: &str) -> Value {
        let (status, body) = self.request("GET", path, "application/json", b"");
        assert_eq!(status, 200, "{path}: {}", String::from_utf8_lossy(&body));
        let mut answer: Value = serde_json::from_slice(&body).expect("the API answers JSON");
        answer["data"].take()
    }
}
