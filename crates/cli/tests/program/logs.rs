//! Logs for tests of the whole program: pushing in every encoding, reading everything back as `logcli`
//! does, tailing over a WebSocket, and a bucket.

use super::{Server, eventually, exchange, request};
use prost::Message;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

pub const PUSH: &str = "/loki/api/v1/push";
pub const JSON: (&str, &str) = ("Content-Type", "application/json");
pub const PROTOBUF: (&str, &str) = ("Content-Type", "application/x-protobuf");

/// Nanoseconds of a second.
pub const SECOND_NS: i64 = 1_000_000_000;

/// Entries of one answer; more are asked for again.
const PAGE: usize = 5_000;

/// The wall clock, in nanoseconds since the Unix epoch.
pub fn now_ns() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock is right");
    i64::try_from(since.as_nanos()).expect("this century")
}

/// Writes phoenix.yaml. OTLP is off unless the text says otherwise, so that tests don't compete for its ports.
pub fn configure(dir: &Path, text: &str) -> PathBuf {
    let path = dir.join("phoenix.yaml");
    let otlp = if text.contains("otlp:") { "" } else { "otlp: off\n" };
    std::fs::write(&path, format!("{otlp}{text}")).expect("the folder is writable");
    path
}

/// A push of one stream in JSON.
pub fn stream_json(labels: &Value, entries: &[(i64, String)]) -> String {
    let values: Vec<Value> = entries.iter().map(|(ns, line)| json!([ns.to_string(), line])).collect();
    json!({"streams": [{"stream": labels, "values": values}]}).to_string()
}

/// Pushes one stream; the status and what was said.
pub fn push(address: SocketAddr, labels: &Value, entries: &[(i64, String)]) -> (u16, String) {
    request(address, "POST", PUSH, &[JSON], stream_json(labels, entries).as_bytes())
}

/// Pushes one stream and tries again while the store is busy, as every client does.
pub fn push_until_taken(address: SocketAddr, labels: &Value, entries: &[(i64, String)]) {
    let body = stream_json(labels, entries);
    eventually("the push is taken", Duration::from_mins(1), || {
        let (status, text) = request(address, "POST", PUSH, &[JSON], body.as_bytes());
        assert!(status == 204 || status == 429, "{status} {text}");
        (status == 204).then_some(())
    });
}

/// Parameters as a query string.
pub fn query_string(pairs: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish()
}

/// GET of JSON from a path of Loki's API; fails when it is no success.
pub fn ask(server: &Server, path: &str, pairs: &[(&str, &str)]) -> Value {
    let (status, body) = server.get(&format!("/loki/api/v1/{path}?{}", query_string(pairs)));
    assert_eq!(status, 200, "{path} {pairs:?}: {body}");
    serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path} answered no JSON ({e}): {body}"))
}

/// The one number that an instant query gives; `None` for an empty answer.
pub fn count(server: &Server, query: &str) -> Option<u64> {
    let answer = ask(server, "query", &[("query", query)]);
    let result = answer["data"]["result"].as_array().expect("a vector");
    assert!(result.len() <= 1, "{query}: {answer}");
    result.first().map(|sample| sample["value"][1].as_str().and_then(|v| v.parse().ok()).expect("a whole number"))
}

/// The entries of an answer with their labels, in the order of the answer.
pub fn entries_of(answer: &Value) -> Vec<(i64, String, String)> {
    let mut found = Vec::new();
    for stream in answer["data"]["result"].as_array().expect("streams") {
        let labels = stream["stream"].to_string();
        for entry in stream["values"].as_array().expect("values") {
            let ns = entry[0].as_str().and_then(|ns| ns.parse().ok()).expect("nanoseconds in a string");
            found.push((ns, entry[1].as_str().expect("a line").to_owned(), labels.clone()));
        }
    }
    found
}

/// Reads all entries of a range page by page as `logcli` does: backward it asks again up to the last
/// entry's time and a nanosecond more, since ends are exclusive, forward from the last entry's time on;
/// what it has seen at that time already is left out.
pub fn read_as_logcli(server: &Server, query: &str, range: (i64, i64), batch: usize, forward: bool) -> Vec<(i64, String, String)> {
    let (mut start, mut end) = range;
    let mut all: Vec<(i64, String, String)> = Vec::new();
    let mut last: Vec<(i64, String, String)> = Vec::new();
    loop {
        let answer = ask(
            server,
            "query_range",
            &[
                ("query", query),
                ("start", &start.to_string()),
                ("end", &end.to_string()),
                ("limit", &batch.to_string()),
                ("direction", if forward { "FORWARD" } else { "BACKWARD" }),
            ],
        );
        let mut page = entries_of(&answer);
        page.sort_by_key(|entry| if forward { entry.0 } else { -entry.0 });
        let full = page.len() >= batch;
        let Some(at) = page.last().map(|entry| entry.0) else { return all };
        let fresh: Vec<_> = page.iter().filter(|entry| !last.contains(entry)).cloned().collect();
        let moved = !fresh.is_empty();
        all.extend(fresh);
        if !full {
            return all;
        }
        assert!(moved, "{batch} entries at one moment can't be paged through");
        last = page.into_iter().filter(|entry| entry.0 == at).collect();
        if forward {
            start = at;
        } else {
            end = at + 1;
        }
    }
}

/// How often each line is there.
pub fn lines(server: &Server, query: &str, range: (i64, i64)) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for (_, line, _) in read_as_logcli(server, query, range, PAGE, true) {
        *found.entry(line).or_default() += 1;
    }
    found
}

/// The value of one of Phoenix' own metrics, as `/metrics` has it.
pub fn metric(server: &Server, name: &str) -> Option<f64> {
    let (_, text) = server.get("/metrics");
    text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ')?.parse().ok())
}

/// The most memory that a process ever had, in megabytes.
pub fn peak_memory_mb(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("the process lives");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("the kernel tells");
    line.trim().trim_end_matches(" kB").trim().parse::<u64>().expect("kilobytes") / 1024
}

/// Loki's push request, as Promtail and Alloy send it.
#[derive(Clone, PartialEq, Message)]
pub struct PushRequest {
    #[prost(message, repeated, tag = "1")]
    pub streams: Vec<PushStream>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PushStream {
    #[prost(string, tag = "1")]
    pub labels: String,
    #[prost(message, repeated, tag = "2")]
    pub entries: Vec<PushEntry>,
    #[prost(uint64, tag = "3")]
    pub hash: u64,
}

#[derive(Clone, PartialEq, Message)]
pub struct PushEntry {
    #[prost(message, optional, tag = "1")]
    pub timestamp: Option<PushTime>,
    #[prost(string, tag = "2")]
    pub line: String,
    #[prost(message, repeated, tag = "3")]
    pub metadata: Vec<PushPair>,
}

#[derive(Clone, PartialEq, Message)]
pub struct PushTime {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

#[derive(Clone, PartialEq, Message)]
pub struct PushPair {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub value: String,
}

/// Time, line and metadata.
pub type Entry<'a> = (i64, &'a str, &'a [(&'a str, &'a str)]);

impl PushRequest {
    /// One stream.
    pub fn of(labels: &str, entries: &[Entry<'_>]) -> Self {
        let entry = |(ns, line, metadata): &Entry<'_>| PushEntry {
            timestamp: Some(PushTime { seconds: ns.div_euclid(SECOND_NS), nanos: ns.rem_euclid(SECOND_NS) as i32 }),
            line: (*line).to_owned(),
            metadata: metadata.iter().map(|(name, value)| PushPair { name: (*name).to_owned(), value: (*value).to_owned() }).collect(),
        };
        Self { streams: vec![PushStream { labels: labels.to_owned(), entries: entries.iter().map(entry).collect(), hash: 0 }] }
    }

    /// In snappy's block format.
    pub fn snappy(&self) -> Vec<u8> {
        snap::raw::Encoder::new().compress_vec(&self.encode_to_vec()).expect("it is small")
    }
}

/// A client's end of a WebSocket.
pub struct WebSocket(TcpStream);

impl WebSocket {
    /// Opens one; the status and the body when the server refuses.
    pub fn open(address: SocketAddr, path: &str) -> Result<Self, (u16, String)> {
        let mut stream = TcpStream::connect(address).expect("Phoenix listens");
        stream.set_read_timeout(Some(Duration::from_secs(20))).expect("a timeout can be set");
        let head = format!(
            "GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(head.as_bytes()).expect("the request can be sent");
        let mut answer = Vec::new();
        while !answer.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            assert_eq!(stream.read(&mut byte).expect("an answer"), 1, "the connection ended");
            answer.push(byte[0]);
        }
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status: u16 = answer.split(' ').nth(1).and_then(|s| s.parse().ok()).expect("a status");
        if status == 101 {
            assert!(answer.contains("s3pPLMBiTxaQ9kYGzzhZRbK+xOo="), "the key is answered as RFC 6455 says: {answer}");
            return Ok(Self(stream));
        }
        let length = answer.to_ascii_lowercase().split("content-length: ").nth(1).and_then(|rest| rest.lines().next()?.parse().ok());
        let mut body = vec![0; length.expect("refusals tell their length")];
        stream.read_exact(&mut body).expect("the whole body comes");
        Err((status, String::from_utf8_lossy(&body).into_owned()))
    }

    /// The next message of text; pings are passed over. `None` when the server closes.
    pub fn next(&mut self) -> Option<Value> {
        loop {
            let mut head = [0; 2];
            self.0.read_exact(&mut head).ok()?;
            let length = match head[1] & 0x7f {
                126 => {
                    let mut length = [0; 2];
                    self.0.read_exact(&mut length).ok()?;
                    u64::from(u16::from_be_bytes(length))
                }
                127 => {
                    let mut length = [0; 8];
                    self.0.read_exact(&mut length).ok()?;
                    u64::from_be_bytes(length)
                }
                short => u64::from(short),
            };
            let mut payload = vec![0; usize::try_from(length).expect("it fits memory")];
            self.0.read_exact(&mut payload).ok()?;
            match head[0] & 0x0f {
                1 => return Some(serde_json::from_slice(&payload).expect("messages are JSON")),
                8 => return None,
                _ => {}
            }
        }
    }
}

/// A server that speaks S3's protocol, in memory (moto).
pub struct Moto {
    process: Child,
    pub address: SocketAddr,
}

impl Moto {
    /// Starts it and makes a bucket.
    pub fn start(bucket: &str) -> Self {
        let address = super::free_address();
        let path = format!("{}:{}/.local/bin", std::env::var("PATH").unwrap_or_default(), std::env::var("HOME").unwrap_or_default());
        let process = Command::new("sh")
            .args(["-c", &format!("exec moto_server -H 127.0.0.1 -p {}", address.port())])
            .env("PATH", path)
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("sh runs");
        let mut moto = Self { process, address };
        eventually("moto_server listens (is it installed? tools/install.sh moto_server)", Duration::from_mins(1), || {
            assert!(
                moto.process.try_wait().expect("it can be waited for").is_none(),
                "moto_server ended: run tools/install.sh moto_server"
            );
            TcpStream::connect(address).ok()
        });
        let (status, _, body) = exchange(address, "PUT", &format!("/{bucket}"), &[], b"");
        assert_eq!(status, 200, "{body}");
        moto
    }
}

impl Drop for Moto {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Stands before a bucket and lets requests fail.
pub struct Faults {
    pub address: SocketAddr,
    mode: Arc<AtomicU8>,
    failed: Arc<AtomicU64>,
}

/// What becomes of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mode {
    Work,
    /// Every third one is answered 500.
    FailThird,
    /// Nobody answers.
    Down,
}

impl Faults {
    /// Listens before a server.
    pub fn before(upstream: SocketAddr) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("loopback has free ports");
        let address = listener.local_addr().expect("it is bound");
        let (mode, failed) = (Arc::new(AtomicU8::new(Mode::Work as u8)), Arc::new(AtomicU64::new(0)));
        let (mode_seen, failures, requests) = (Arc::clone(&mode), Arc::clone(&failed), Arc::new(AtomicU64::new(0)));
        std::thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let now = mode_seen.load(Ordering::SeqCst);
                let fails = now == Mode::Down as u8 || (now == Mode::FailThird as u8 && requests.fetch_add(1, Ordering::SeqCst) % 3 == 2);
                if fails {
                    failures.fetch_add(1, Ordering::SeqCst);
                }
                if now != Mode::Down as u8 {
                    std::thread::spawn(move || pass(client, upstream, fails));
                }
            }
        });
        Self { address, mode, failed }
    }

    pub fn set(&self, mode: Mode) {
        self.mode.store(mode as u8, Ordering::SeqCst);
    }

    /// Requests that failed so far.
    pub fn failed(&self) -> u64 {
        self.failed.load(Ordering::SeqCst)
    }
}

/// Passes one request on, on a connection of its own, or answers 500.
fn pass(mut client: TcpStream, upstream: SocketAddr, fails: bool) -> Option<()> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        let mut byte = [0];
        if client.read(&mut byte).ok()? == 0 {
            return None;
        }
        head.push(byte[0]);
    }
    let text = String::from_utf8_lossy(&head).into_owned();
    let is = |line: &str, name: &str| line.to_ascii_lowercase().starts_with(name);
    let length = text.lines().find(|line| is(line, "content-length:")).and_then(|line| line[15..].trim().parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    client.read_exact(&mut body).ok()?;
    if fails {
        client.write_all(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok()?;
        return Some(());
    }
    let kept: Vec<&str> = text.trim_end().lines().filter(|line| !is(line, "connection:")).collect();
    let mut server = TcpStream::connect(upstream).ok()?;
    server.write_all(format!("{}\r\nConnection: close\r\n\r\n", kept.join("\r\n")).as_bytes()).ok()?;
    server.write_all(&body).ok()?;
    std::io::copy(&mut server, &mut client).ok()?;
    Some(())
}
