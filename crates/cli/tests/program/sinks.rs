//! What stands around Phoenix in a test: an HTTP server that is scraped or notified, and a mailbox.

use serde_json::Value;
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

/// A request that arrived.
#[derive(Debug, Clone)]
pub struct Received {
    pub method: String,
    pub path: String,
    /// The request line and the headers.
    pub head: String,
    pub body: String,
}

impl Received {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|e| panic!("{} {} got no JSON ({e}): {}", self.method, self.path, self.body))
    }
}

/// A mail that arrived.
#[derive(Debug, Clone)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub raw: String,
}

impl Mail {
    /// Its subject, decoded.
    pub fn subject(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(self.raw.as_bytes());
        parsed.as_ref().and_then(|m| m.subject()).unwrap_or_default().to_owned()
    }

    /// Its text, decoded.
    pub fn text(&self) -> String {
        let parsed = mail_parser::MessageParser::default().parse(self.raw.as_bytes());
        parsed.as_ref().and_then(|m| m.body_text(0)).unwrap_or_default().into_owned()
    }
}

/// A listener in threads of this test: it stops listening when it is dropped.
struct Listener {
    address: SocketAddr,
    end: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn open(address: SocketAddr, serve: impl Fn(TcpStream) + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind(address).unwrap_or_else(|e| panic!("cannot listen on {address}: {e}"));
        let address = listener.local_addr().expect("a listener has an address");
        listener.set_nonblocking(true).expect("a listener can be polled");
        let end = Arc::new(AtomicBool::new(false));
        let (ended, serve) = (Arc::clone(&end), Arc::new(serve));
        let thread = std::thread::spawn(move || {
            while !ended.load(Ordering::Relaxed) {
                match listener.accept() {
                    Ok((stream, _)) => {
                        let serve = Arc::clone(&serve);
                        let _ = stream.set_nonblocking(false);
                        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
                        std::thread::spawn(move || serve(stream));
                    }
                    Err(e) if e.kind() == ErrorKind::WouldBlock => std::thread::sleep(Duration::from_millis(10)),
                    Err(_) => {}
                }
            }
        });
        Self { address, end, thread: Some(thread) }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.end.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn any_port() -> SocketAddr {
    "127.0.0.1:0".parse().expect("an address")
}

/// An HTTP server that keeps what it gets and gives one answer to everything.
pub struct HttpSink {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Received>>>,
    answer: Arc<Mutex<(u16, String)>>,
    listener: Option<Listener>,
}

impl HttpSink {
    /// On a free port.
    pub fn open(status: u16, body: &str) -> Self {
        let mut sink =
            Self { address: any_port(), received: Arc::default(), answer: Arc::new(Mutex::new((status, body.to_owned()))), listener: None };
        sink.reopen();
        sink
    }

    /// Stops listening: connections are refused.
    pub fn close(&mut self) {
        self.listener = None;
    }

    /// Listens again on its port.
    pub fn reopen(&mut self) {
        let (received, answer) = (Arc::clone(&self.received), Arc::clone(&self.answer));
        let listener = Listener::open(self.address, move |stream| {
            let _ = answer_one(stream, &received, &answer);
        });
        self.address = listener.address;
        self.listener = Some(listener);
    }

    /// The answer from now on.
    pub fn set_answer(&self, status: u16, body: &str) {
        *self.answer.lock().expect("no handler panics") = (status, body.to_owned());
    }

    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Everything that arrived, oldest first.
    pub fn received(&self) -> Vec<Received> {
        self.received.lock().expect("no handler panics").clone()
    }

    /// What arrived at one path.
    pub fn at(&self, path: &str) -> Vec<Received> {
        self.received().into_iter().filter(|r| r.path == path).collect()
    }
}

fn answer_one(mut stream: TcpStream, received: &Mutex<Vec<Received>>, answer: &Mutex<(u16, String)>) -> std::io::Result<()> {
    let mut read = BufReader::new(stream.try_clone()?);
    let mut head = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if read.read_line(&mut line)? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    read.read_exact(&mut body)?;
    let mut words = head.split(' ').map(str::to_owned);
    let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    received.lock().expect("no handler panics").push(Received { method, path, head, body: String::from_utf8_lossy(&body).into_owned() });
    let (status, text) = answer.lock().expect("no handler panics").clone();
    let length = text.len();
    write!(
        stream,
        "HTTP/1.1 {status} It\r\nContent-Type: text/plain; version=0.0.4\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}"
    )
}

/// An SMTP server (RFC 5321) that takes every mail.
pub struct MailSink {
    pub address: SocketAddr,
    received: Arc<Mutex<Vec<Mail>>>,
    _listener: Listener,
}

impl MailSink {
    /// On a free port.
    pub fn open() -> Self {
        let received: Arc<Mutex<Vec<Mail>>> = Arc::default();
        let kept = Arc::clone(&received);
        let listener = Listener::open(any_port(), move |stream| {
            let _ = take_mail(stream, &kept);
        });
        Self { address: listener.address, received, _listener: listener }
    }

    /// Everything that arrived, oldest first.
    pub fn received(&self) -> Vec<Mail> {
        self.received.lock().expect("no handler panics").clone()
    }
}

fn take_mail(mut stream: TcpStream, received: &Mutex<Vec<Mail>>) -> std::io::Result<()> {
    let mut read = BufReader::new(stream.try_clone()?);
    stream.write_all(b"220 test ESMTP\r\n")?;
    let address = |line: &str| line.split_once('<').and_then(|(_, r)| r.split_once('>')).map_or("", |(a, _)| a).to_owned();
    let mut mail = Mail { from: String::new(), to: Vec::new(), raw: String::new() };
    let mut line = String::new();
    while read.read_line(&mut line)? > 0 {
        let verb = line.get(..4).unwrap_or("").to_ascii_uppercase();
        let answer = match verb.as_str() {
            "MAIL" => {
                mail = Mail { from: address(&line), to: Vec::new(), raw: String::new() };
                "250 OK"
            }
            "RCPT" => {
                mail.to.push(address(&line));
                "250 OK"
            }
            "DATA" => {
                stream.write_all(b"354 go on\r\n")?;
                loop {
                    line.clear();
                    if read.read_line(&mut line)? == 0 {
                        return Ok(());
                    }
                    if line == ".\r\n" {
                        break;
                    }
                    mail.raw.push_str(line.strip_prefix('.').unwrap_or(&line));
                }
                received.lock().expect("no handler panics").push(mail.clone());
                "250 OK"
            }
            "QUIT" => {
                stream.write_all(b"221 bye\r\n")?;
                return Ok(());
            }
            _ => "250 OK",
        };
        stream.write_all(answer.as_bytes())?;
        stream.write_all(b"\r\n")?;
        line.clear();
    }
    Ok(())
}
