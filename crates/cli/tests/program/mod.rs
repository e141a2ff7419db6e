//! Runs the real `phoenix` for tests: on a free port, in a folder of its own, ended with the test.

#![allow(dead_code, reason = "each test file uses its part of this")]
#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

pub mod dashboards;
pub mod demo;
pub mod logs;
pub mod metrics;
pub mod sinks;
pub mod tmpfs;
pub mod traces;

use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

/// The program that cargo built for this test.
pub const PHOENIX: &str = env!("CARGO_BIN_EXE_phoenix");

/// No command of a test runs longer than this; one that would is a failure.
const COMMAND_LIMIT: Duration = Duration::from_mins(2);

/// `phoenix` without anything from the environment of whoever runs the tests.
pub fn command(arguments: &[&str]) -> Command {
    let mut command = Command::new(PHOENIX);
    for name in ["PHOENIX_CONFIG", "PHOENIX_DATA_DIR", "PHOENIX_LISTEN", "PHOENIX_LOG", "PHOENIX_URL", "NO_COLOR", "RUST_LOG"] {
        command.env_remove(name);
    }
    command.args(arguments).env("USER", "tester").stdin(Stdio::null());
    command
}

/// Runs a command to its end.
pub fn phoenix(arguments: &[&str]) -> Output {
    run(command(arguments))
}

/// The path of a peer's program, or `None` with a word on why the test did not run.
pub fn installed(name: &'static str) -> Option<String> {
    let path = format!("/usr/bin/{name}");
    if Path::new(&path).exists() {
        return Some(path);
    }
    eprintln!("NOT TESTED: {name} is not installed; `apt-get install {name}` brings it");
    None
}

/// Runs any command to its end, and fails when it does not come to one.
pub fn run(mut command: Command) -> Output {
    let name = format!("{command:?}");
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap_or_else(|e| panic!("{name}: {e}"));
    let (stdout, stderr) = (drain(child.stdout.take()), drain(child.stderr.take()));
    let started = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("the child can be waited for") {
            break status;
        }
        if started.elapsed() > COMMAND_LIMIT {
            let _ = child.kill();
            let _ = child.wait();
            panic!("{name} did not end within {COMMAND_LIMIT:?}");
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    Output { status, stdout: stdout.join().expect("the reader ends"), stderr: stderr.join().expect("the reader ends") }
}

fn drain(pipe: Option<impl Read + Send + 'static>) -> std::thread::JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut all = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.read_to_end(&mut all);
        }
        all
    })
}

/// Exit code, standard output and standard error as one text for snapshots.
pub fn transcript(arguments: &[&str]) -> String {
    told(&phoenix(arguments))
}

/// The same of a command that ran. Log lines, which begin with a time, are left out.
pub fn told(output: &Output) -> String {
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    let is_log = |line: &str| line.as_bytes().first().is_some_and(u8::is_ascii_digit) && line.contains("Z ");
    let plain = strip_colours(&errors);
    let errors: String = plain.split_inclusive('\n').filter(|line| !is_log(line)).collect();
    format!(
        "exit code: {}\n--- stdout\n{}--- stderr\n{errors}",
        output.status.code().map_or("signal".to_owned(), |c| c.to_string()),
        String::from_utf8_lossy(&output.stdout),
    )
}

fn strip_colours(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find("\u{1b}[") {
        out.push_str(&rest[..at]);
        rest = rest[at..].find('m').map_or("", |end| &rest[at + end + 1..]);
    }
    out + rest
}

/// A port that was free a moment ago.
pub fn free_address() -> SocketAddr {
    TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("loopback has free ports")
}

/// A running server.
pub struct Server {
    pub address: SocketAddr,
    pub data_dir: PathBuf,
    dir: PathBuf,
    child: Child,
    said: Arc<Mutex<String>>,
    /// From the start of the process until it said that it is ready.
    pub ready_after: Duration,
}

impl Server {
    /// Starts `phoenix serve` and waits until it is ready; its log goes to `dir/phoenix.log`.
    pub fn start(dir: &Path, config: Option<&Path>) -> Self {
        Self::start_at(dir, config, free_address())
    }

    /// The same on a given port.
    pub fn start_at(dir: &Path, config: Option<&Path>, address: SocketAddr) -> Self {
        let data_dir = dir.join("data");
        let mut command = command(&["serve"]);
        command.arg("--data-dir").arg(&data_dir).arg("--listen").arg(address.to_string());
        if let Some(config) = config {
            command.arg("--config").arg(config);
        }
        Self::spawn(command, dir, data_dir, address)
    }

    /// Runs a command that serves.
    pub fn spawn(mut command: Command, dir: &Path, data_dir: PathBuf, address: SocketAddr) -> Self {
        let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.join("phoenix.log")).expect("the folder is writable");
        let started = Instant::now();
        let mut child = command.stdout(Stdio::piped()).stderr(log).spawn().expect("phoenix starts");
        let mut line = String::new();
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        stdout.read_line(&mut line).expect("phoenix writes text");
        let ready_after = started.elapsed();
        let said = Arc::new(Mutex::new(line.clone()));
        let server = Self { address, data_dir, dir: dir.to_owned(), child, said: Arc::clone(&said), ready_after };
        // Whatever it says later must not fill the pipe.
        std::thread::spawn(move || {
            let mut line = String::new();
            while stdout.read_line(&mut line).is_ok_and(|n| n > 0) {
                said.lock().expect("no reader panics").push_str(&std::mem::take(&mut line));
            }
        });
        assert!(
            line.contains("ready") || line.starts_with('{') || line.contains("demo runs"),
            "phoenix did not start: {line}\n{}",
            server.log()
        );
        server
    }

    /// What it has written to standard output.
    pub fn said(&self) -> String {
        self.said.lock().expect("no reader panics").clone()
    }

    /// Its log until now, with that of earlier servers in the same folder.
    pub fn log(&self) -> String {
        strip_colours(&std::fs::read_to_string(self.dir.join("phoenix.log")).unwrap_or_default())
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
    pub fn stop(self) -> ExitStatus {
        self.end_with("TERM")
    }

    /// Ends it with a signal; fails when it does not end.
    pub fn end_with(mut self, name: &str) -> ExitStatus {
        signal(self.child.id(), name);
        eventually("phoenix ends", COMMAND_LIMIT, || self.child.try_wait().expect("the child can be waited for"))
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

/// One HTTP/1.1 request on a connection of its own; the status and the body.
pub fn request(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String) {
    let (status, _, body) = exchange(address, method, path, headers, body);
    (status, body)
}

/// The same with the answer's head. A `Host` among the headers replaces the right one.
pub fn exchange(address: SocketAddr, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> (u16, String, String) {
    let mut stream = TcpStream::connect(address).unwrap_or_else(|e| panic!("nobody listens on {address}: {e}"));
    // Far more than any answer takes, even on a machine that does much else.
    stream.set_read_timeout(Some(Duration::from_mins(2))).expect("a timeout can be set");
    let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
    if !headers.iter().any(|(name, _)| *name == "Host") {
        head.push_str(&format!("Host: {address}\r\n"));
    }
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
    (status, head.to_owned(), body)
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
