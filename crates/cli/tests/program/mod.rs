//! Runs the real `phoenix` for tests: on a free port, in a folder of its own, ended with the test.

#![allow(dead_code, reason = "each test file uses its part of this")]
#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

/// The program that cargo built for this test.
pub const PHOENIX: &str = env!("CARGO_BIN_EXE_phoenix");

/// Runs a command to its end.
pub fn phoenix(arguments: &[&str]) -> Output {
    Command::new(PHOENIX).args(arguments).env_remove("PHOENIX_CONFIG").env("USER", "tester").output().expect("phoenix runs")
}

/// Exit code, standard output and standard error as one text for snapshots.
pub fn transcript(arguments: &[&str]) -> String {
    let output = phoenix(arguments);
    format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{}",
        output.status.code().map_or("signal".to_owned(), |c| c.to_string()),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    )
}

/// A port that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("loopback has free ports")
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    child: Child,
    /// From the start of the process until it said that it is ready.
    pub ready_after: Duration,
}

impl Server {
    /// Starts `phoenix serve` and waits until it is ready; its log goes to `data_dir/../phoenix.log`.
    pub fn start(dir: &Path, config: Option<&Path>) -> Self {
        Self::start_at(dir, config, free_address())
    }

    /// The same on a given port.
    pub fn start_at(dir: &Path, config: Option<&Path>, address: SocketAddr) -> Self {
        let data_dir = dir.join("data");
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("phoenix.log")).expect("the folder is writable");
        let mut command = Command::new(PHOENIX);
        command.arg("serve").arg("--data-dir").arg(&data_dir).arg("--listen").arg(address.to_string());
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("phoenix starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        stdout.read_line(&mut line).expect("phoenix writes text");
        let ready_after = started.elapsed();
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut stdout, &mut std::io::sink()));
        assert!(
            line.contains("ready"),
            "phoenix did not start: {line}\n{}",
            std::fs::read_to_string(dir.join("phoenix.log")).unwrap_or_default()
        );
        Self { address, data_dir, child, ready_after }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// GET; the status and the body.
    pub fn get(&self, path: &str) -> (u16, String) {
        request(self.address, "GET", path, &[], b"")
    }

    /// GET of JSON.
    pub fn json(&self, path: &str) -> Value {
        let (status, body) = self.get(path);
        serde_json::from_str(&body).unwrap_or_else(|e| panic!("{path} answered {status} with no JSON ({e}): {body}"))
    }

    /// POST of JSON.
    pub fn post(&self, path: &str, body: &Value) -> (u16, String) {
        request(self.address, "POST", path, &[("Content-Type", "application/json")], body.to_string().as_bytes())
    }

    /// The value of an instant query that gives at most one element.
    pub fn value(&self, query: &str) -> Option<f64> {
        let encoded: String = url::form_urlencoded::byte_serialize(query.as_bytes()).collect();
        let body = self.json(&format!("/api/v1/query?query={encoded}"));
        assert_eq!(body["status"], "success", "{query}: {body}");
        body["data"]["result"][0]["value"][1].as_str().map(|v| v.parse().expect("values are floats"))
    }

    /// Ends it as `kill -9` does.
    pub fn kill(mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Ends it with SIGTERM and waits.
    pub fn stop(mut self) {
        signal(self.child.id(), "TERM");
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Sends a signal to a process that this test started.
pub fn signal(pid: u32, name: &str) {
    let status = Command::new("kill").args([&format!("-{name}"), &pid.to_string()]).status().expect("kill runs");
    assert!(status.success(), "kill -{name} {pid}");
}

/// One HTTP/1.1 request on a connection of its own.
pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let mut stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("nobody listens on {address}: {e}"));
    stream.set_read_timeout(Some(Duration::from_secs(30))).expect("a timeout can be set");
    let mut head = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    head.push_str("\r\n");
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).expect("the request can be sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("the answer ends");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or((&answer, ""));
    let status = head.split(' ').nth(1).and_then(|s| s.parse().ok()).unwrap_or(0);
    let body = if head.to_ascii_lowercase().contains("transfer-encoding: chunked") { unchunk(body) } else { body.to_owned() };
    (status, body)
}

fn unchunk(mut body: &str) -> String {
    let mut out = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 {
            break;
        }
        out.push_str(rest.get(..size).unwrap_or(rest));
        body = rest.get(size + 2..).unwrap_or("");
    }
    out
}

/// Waits until something is there; panics with its name after `limit`.
pub fn eventually<T>(what: &str, limit: Duration, mut look: impl FnMut() -> Option<T>) -> T {
    let started = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(started.elapsed() < limit, "{what}: not within {limit:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
}
