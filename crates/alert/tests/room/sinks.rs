//! What receives notifications in tests: a web server and a mail server that really listen.

use axum::Router;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::Value;
use std::collections::VecDeque;
use std::sync::Arc;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// One request.
#[derive(Debug, Clone)]
pub struct Posted {
    pub path: String,
    pub body: Value,
    pub headers: HeaderMap,
}

#[derive(Default)]
struct Webhooks {
    taken: Mutex<Vec<Posted>>,
    /// Answers before 200 is given: status codes; 0 never answers.
    answers: Mutex<VecDeque<u16>>,
    answer_body: Mutex<String>,
    attempts: Mutex<usize>,
}

/// A web server that takes JSON.
#[derive(Clone)]
pub struct WebhookSink {
    pub url: String,
    shared: Arc<Webhooks>,
}

impl WebhookSink {
    pub async fn start() -> Self {
        let shared = Arc::new(Webhooks::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let app = Router::new().route("/{*path}", post(take)).with_state(Arc::clone(&shared));
        tokio::spawn(async move { axum::serve(listener, app).await });
        Self { url, shared }
    }

    /// What was accepted since the last call.
    pub fn taken(&self) -> Vec<Posted> {
        std::mem::take(&mut *self.shared.taken.lock())
    }

    /// How much was accepted since it was last taken.
    pub fn count(&self) -> usize {
        self.shared.taken.lock().len()
    }

    /// What was accepted since the last call, in short: `path status: firing/resolved alertnames`.
    pub fn summary(&self) -> Vec<String> {
        let mut all: Vec<String> = self
            .taken()
            .iter()
            .map(|posted| {
                let alerts = posted.body["alerts"].as_array().cloned().unwrap_or_default();
                let names: Vec<String> = alerts
                    .iter()
                    .map(|alert| {
                        format!(
                            "{}{}",
                            if alert["status"] == "firing" { "+" } else { "-" },
                            alert["labels"]["alertname"].as_str().unwrap_or("?")
                        )
                    })
                    .collect();
                format!("{} {}: {}", posted.path, posted.body["status"].as_str().unwrap_or("?"), names.join(" "))
            })
            .collect();
        all.sort();
        all
    }

    /// The next requests are answered so; 0 stands for no answer at all.
    pub fn answer(&self, statuses: impl IntoIterator<Item = u16>) {
        self.shared.answers.lock().extend(statuses);
    }

    pub fn answer_body(&self, body: &str) {
        body.clone_into(&mut self.shared.answer_body.lock());
    }

    pub fn attempts(&self) -> usize {
        *self.shared.attempts.lock()
    }
}

async fn take(State(shared): State<Arc<Webhooks>>, uri: axum::http::Uri, headers: HeaderMap, body: String) -> (StatusCode, String) {
    *shared.attempts.lock() += 1;
    let hangs = uri.path().contains("hang");
    let answer = if hangs { Some(0) } else { shared.answers.lock().pop_front() };
    match answer {
        Some(0) => std::future::pending().await,
        Some(status) => (StatusCode::from_u16(status).expect("a status"), "no".to_owned()),
        None => {
            let body = serde_json::from_str(&body).expect("JSON");
            shared.taken.lock().push(Posted { path: uri.path().to_owned(), body, headers });
            (StatusCode::OK, shared.answer_body.lock().clone())
        }
    }
}

#[derive(Default)]
struct Mails {
    taken: Mutex<Vec<Mail>>,
    down: Mutex<bool>,
    refuse: Mutex<Option<String>>,
    connections: Mutex<usize>,
}

/// One mail.
#[derive(Debug, Clone, Default)]
pub struct Mail {
    pub from: String,
    pub to: Vec<String>,
    pub data: String,
    pub user: String,
}

impl Mail {
    pub fn header(&self, name: &str) -> Option<&str> {
        let headers = self.data.split("\r\n\r\n").next()?;
        headers.split("\r\n").find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
    }
}

impl Mail {
    /// The body with the line breaks of its encoding taken out (RFC 2045, quoted-printable).
    pub fn body(&self) -> String {
        self.data.replace("=\r\n", "").replace("=3D", "=")
    }
}

/// A mail server that takes what it gets (RFC 5321, with AUTH PLAIN and LOGIN).
#[derive(Clone)]
pub struct MailSink {
    pub address: String,
    shared: Arc<Mails>,
}

impl MailSink {
    pub async fn start() -> Self {
        let shared = Arc::new(Mails::default());
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        let for_task = Arc::clone(&shared);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                *for_task.connections.lock() += 1;
                if *for_task.down.lock() {
                    continue;
                }
                let shared = Arc::clone(&for_task);
                tokio::spawn(async move { talk(stream, shared).await });
            }
        });
        Self { address, shared }
    }

    pub fn taken(&self) -> Vec<Mail> {
        std::mem::take(&mut *self.shared.taken.lock())
    }

    /// While down, connections are closed at once.
    pub fn set_down(&self, down: bool) {
        *self.shared.down.lock() = down;
    }

    /// Every RCPT is answered so.
    pub fn refuse(&self, answer: Option<&str>) {
        *self.shared.refuse.lock() = answer.map(str::to_owned);
    }

    pub fn connections(&self) -> usize {
        *self.shared.connections.lock()
    }
}

async fn talk(stream: TcpStream, shared: Arc<Mails>) -> Option<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read).lines();
    let mut mail = Mail::default();
    write.write_all(b"220 sink.test ESMTP\r\n").await.ok()?;
    while let Some(line) = lines.next_line().await.ok()? {
        let upper = line.to_uppercase();
        let answer: String = if upper.starts_with("EHLO") {
            "250-sink.test\r\n250-8BITMIME\r\n250 AUTH PLAIN LOGIN".to_owned()
        } else if upper.starts_with("AUTH PLAIN") {
            line["AUTH PLAIN ".len()..].clone_into(&mut mail.user);
            "235 welcome".to_owned()
        } else if upper.starts_with("MAIL FROM:") {
            line["MAIL FROM:".len()..].split_whitespace().next()?.clone_into(&mut mail.from);
            "250 fine".to_owned()
        } else if upper.starts_with("RCPT TO:") {
            let refusal = shared.refuse.lock().clone();
            if refusal.is_none() {
                mail.to.push(line["RCPT TO:".len()..].to_owned());
            }
            refusal.unwrap_or_else(|| "250 fine".to_owned())
        } else if upper == "DATA" {
            write.write_all(b"354 go on\r\n").await.ok()?;
            while let Some(line) = lines.next_line().await.ok()? {
                if line == "." {
                    break;
                }
                mail.data.push_str(line.strip_prefix('.').unwrap_or(&line));
                mail.data.push_str("\r\n");
            }
            shared.taken.lock().push(std::mem::take(&mut mail));
            "250 taken".to_owned()
        } else if upper == "QUIT" {
            write.write_all(b"221 bye\r\n").await.ok()?;
            return None;
        } else {
            "250 fine".to_owned()
        };
        write.write_all(format!("{answer}\r\n").as_bytes()).await.ok()?;
    }
    None
}
