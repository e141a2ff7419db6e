//! `tail`: entries as they arrive, over a WebSocket.

use super::Loki;
use super::error::LokiError;
use super::legacy;
use super::params::{SECOND_NS, must_be_entries};
use super::streams::{ENCODING_HEADER, Encoding, Pieces, group, push_labels, shown_labels};
use crate::http::params::Params;
use axum::extract::State;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade, close_code};
use axum::http::HeaderMap;
use axum::response::Response;
use parking_lot::Mutex;
use phoenix_engine::logs::{LogRange, TailGuard};
use phoenix_logql::{LogEntry, LogValue};
use phoenix_model::Labels;
use phoenix_model::logs::Direction;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::mpsc;

/// Entries that wait for one client, and their bytes. What does not fit is dropped and told.
const QUEUE_ENTRIES: usize = 8_192;
const QUEUE_BYTES: usize = 4 << 20;
/// What an entry takes beside its line, about.
const ENTRY_BYTES: usize = 256;
/// Entries of one message.
const MESSAGE_ENTRIES: usize = 1_000;
/// Dropped entries that are told one by one.
const DROPPED_TOLD: usize = 1_000;
/// The longest `delay_for`, in seconds, as in Loki.
const MAX_DELAY_SECONDS: u64 = 5;
/// How long after the look back an entry of it may still arrive.
const OVERLAP: Duration = Duration::from_secs(10);
/// How often a silent connection is tried.
const PING_INTERVAL: Duration = Duration::from_secs(15);
/// How long a client may take for one message before it is given up.
const SEND_TIMEOUT: Duration = Duration::from_secs(30);

/// How messages are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// `/loki/api/v1/tail`
    Current(Encoding),
    /// `/api/prom/tail`
    Legacy,
}

/// What is not taken by a client in time.
#[derive(Default)]
struct Dropped {
    told: Vec<(Labels, i64)>,
}

/// The writer's end of a client's queue.
struct Inlet {
    sender: mpsc::Sender<LogEntry>,
    bytes: Arc<AtomicUsize>,
    dropped: Arc<Mutex<Dropped>>,
    encoding: Encoding,
}

impl Inlet {
    /// Never waits: what does not fit is dropped.
    fn take(&self, entry: LogEntry) {
        let size = entry.line.len() + ENTRY_BYTES;
        let fits = self.bytes.fetch_add(size, Ordering::Relaxed) + size <= QUEUE_BYTES;
        let refused = if fits {
            match self.sender.try_send(entry) {
                Ok(()) => return,
                Err(mpsc::error::TrySendError::Full(entry) | mpsc::error::TrySendError::Closed(entry)) => entry,
            }
        } else {
            entry
        };
        self.bytes.fetch_sub(size, Ordering::Relaxed);
        let mut dropped = self.dropped.lock();
        if dropped.told.len() < DROPPED_TOLD {
            dropped.told.push((shown_labels(&refused, self.encoding), refused.timestamp_ns));
        }
    }
}

/// One client's tail.
struct Tail {
    loki: Loki,
    form: Form,
    receiver: mpsc::Receiver<LogEntry>,
    bytes: Arc<AtomicUsize>,
    dropped: Arc<Mutex<Dropped>>,
    delay: Duration,
    /// Entries that the look back already gave; those that arrived meanwhile may be among them.
    seen: HashSet<(i64, String, Labels)>,
    /// Until when, on the clock that never goes backwards, entries of the look back may arrive.
    seen_until: Duration,
    _guard: TailGuard,
}

pub(super) async fn tail(
    State(loki): State<Loki>,
    headers: HeaderMap,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    params: Params,
) -> Result<Response, LokiError> {
    let encoding = Encoding::from_header(headers.get(ENCODING_HEADER).and_then(|v| v.to_str().ok()));
    open(loki, upgrade, &params, Form::Current(encoding)).await
}

/// Begins a tail: what is wrong with the request is said before the connection becomes a WebSocket.
pub(super) async fn open(
    loki: Loki,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    params: &Params,
    form: Form,
) -> Result<Response, LokiError> {
    let asked = loki.asked(params);
    let query = asked.query()?.to_owned();
    must_be_entries(&query, "tails")?;
    let limit = asked.limit()?.min(loki.max_entries);
    let start_ns = asked.time_ns("start", asked.now_ns.saturating_sub(3_600 * SECOND_NS))?;
    let delay = params.non_empty("delay_for").map_or(Ok(0), str::parse::<u64>);
    let delay = delay.map_err(|_| LokiError::bad_request("delay_for is not a number of seconds"))?;
    if delay > MAX_DELAY_SECONDS {
        return Err(LokiError::bad_request(format!("delay_for can't be greater than {MAX_DELAY_SECONDS}")));
    }
    let upgrade = upgrade.map_err(|e| LokiError::bad_request(format!("a tail needs a WebSocket: {e}")))?;
    let permit = Arc::clone(&loki.tails).try_acquire_owned().map_err(|_| {
        LokiError::bad_request(format!(
            "max concurrent tail requests limit exceeded, count > limit ({} > {}); see `limits.log_tails`",
            loki.max_tails + 1,
            loki.max_tails
        ))
    })?;
    let (sender, receiver) = mpsc::channel(QUEUE_ENTRIES);
    let (bytes, dropped) = (Arc::new(AtomicUsize::new(0)), Arc::new(Mutex::new(Dropped::default())));
    let encoding = match form {
        Form::Current(encoding) => encoding,
        Form::Legacy => Encoding::Merged,
    };
    let inlet = Inlet { sender, bytes: Arc::clone(&bytes), dropped: Arc::clone(&dropped), encoding };
    let text = query.clone();
    // From here on nothing is missed; what the look back gives too is left out later.
    let guard = loki.run(&query, move |engine, _| engine.tail(&text, Box::new(move |entry| inlet.take(entry)))).await?;
    let end_ns = loki.clock.now_ms().saturating_mul(1_000_000).saturating_add(SECOND_NS);
    let range = LogRange { start_ns, end_ns, step_ns: SECOND_NS, interval_ns: 0, limit, direction: Direction::Backward };
    let text = query.clone();
    let past = loki.run(&query, move |engine, limits| engine.range(&text, &range, limits)).await?;
    let mut past = match past.value {
        LogValue::Entries(entries) => entries,
        LogValue::Metric(_) => Vec::new(),
    };
    past.reverse();
    let seen = past.iter().map(identity).collect();
    let seen_until = loki.clock.monotonic() + OVERLAP;
    let delay = Duration::from_secs(delay);
    let tail = Tail { loki, form, receiver, bytes, dropped, delay, seen, seen_until, _guard: guard };
    Ok(upgrade.on_upgrade(move |socket| async move {
        tail.run(socket, past).await;
        drop(permit);
    }))
}

fn identity(entry: &LogEntry) -> (i64, String, Labels) {
    (entry.timestamp_ns, entry.line.clone(), shown_labels(entry, Encoding::Merged))
}

/// Why a tail goes on or ends.
enum Next {
    Entry(LogEntry),
    Ping,
    /// Something from the client that needs no answer.
    Heard,
    ClientGone,
    Shutdown,
}

impl Tail {
    async fn run(mut self, mut socket: WebSocket, past: Vec<LogEntry>) {
        if !past.is_empty() && !self.send(&mut socket, past).await {
            return;
        }
        loop {
            match self.next(&mut socket).await {
                Next::Entry(first) => {
                    let batch = self.batch(first).await;
                    let told = !self.dropped.lock().told.is_empty();
                    if (told || !batch.is_empty()) && !self.send(&mut socket, batch).await {
                        return;
                    }
                }
                Next::Ping => {
                    if !self.deliver(&mut socket, Message::Ping(axum::body::Bytes::new())).await {
                        return;
                    }
                }
                Next::Heard => {}
                Next::ClientGone => return,
                Next::Shutdown => {
                    let frame = CloseFrame { code: close_code::AWAY, reason: "Phoenix is shutting down".into() };
                    self.deliver(&mut socket, Message::Close(Some(frame))).await;
                    return;
                }
            }
        }
    }

    async fn next(&mut self, socket: &mut WebSocket) -> Next {
        tokio::select! {
            () = self.loki.shutdown.wait() => Next::Shutdown,
            heard = socket.recv() => match heard {
                None | Some(Err(_) | Ok(Message::Close(_))) => Next::ClientGone,
                Some(Ok(_)) => Next::Heard,
            },
            entry = self.receiver.recv() => entry.map_or(Next::ClientGone, Next::Entry),
            () = self.loki.clock.sleep(PING_INTERVAL) => Next::Ping,
        }
    }

    /// What waits, after the delay that the client asked for.
    async fn batch(&mut self, first: LogEntry) -> Vec<LogEntry> {
        if !self.delay.is_zero() {
            tokio::select! {
                () = self.loki.clock.sleep(self.delay) => {}
                () = self.loki.shutdown.wait() => {}
            }
        }
        let mut batch = vec![first];
        while batch.len() < MESSAGE_ENTRIES
            && let Ok(entry) = self.receiver.try_recv()
        {
            batch.push(entry);
        }
        let size: usize = batch.iter().map(|entry| entry.line.len() + ENTRY_BYTES).sum();
        self.bytes.fetch_sub(size, Ordering::Relaxed);
        if !self.seen.is_empty() {
            batch.retain(|entry| !self.seen.remove(&identity(entry)));
            if self.loki.clock.monotonic() > self.seen_until {
                self.seen = HashSet::new();
            }
        }
        if !self.delay.is_zero() {
            batch.sort_by_key(|entry| entry.timestamp_ns);
        }
        batch
    }

    async fn send(&mut self, socket: &mut WebSocket, entries: Vec<LogEntry>) -> bool {
        let dropped = std::mem::take(&mut *self.dropped.lock());
        let text = message(entries, &dropped, self.form);
        self.deliver(socket, Message::Text(text.into())).await
    }

    /// Whether the client took it in time.
    async fn deliver(&mut self, socket: &mut WebSocket, message: Message) -> bool {
        tokio::select! {
            sent = socket.send(message) => sent.is_ok(),
            () = self.loki.clock.sleep(SEND_TIMEOUT) => false,
        }
    }
}

fn message(entries: Vec<LogEntry>, dropped: &Dropped, form: Form) -> String {
    let mut tail = String::new();
    if !dropped.told.is_empty() {
        tail.push_str(",\"dropped_entries\":[");
        for (i, (labels, timestamp_ns)) in dropped.told.iter().enumerate() {
            tail.push_str(if i > 0 { ",{\"labels\":" } else { "{\"labels\":" });
            push_labels(&mut tail, labels);
            tail.push_str(&format!(",\"timestamp\":\"{timestamp_ns}\"}}"));
        }
        tail.push(']');
    }
    match form {
        Form::Current(encoding) => {
            if encoding == Encoding::Categorized {
                tail.push_str(",\"encodingFlags\":[\"categorize-labels\"]");
            }
            tail.push('}');
            Pieces::new("{\"streams\":".to_owned(), group(entries, encoding), tail, encoding).collect()
        }
        Form::Legacy => {
            let mut out = "{\"streams\":".to_owned();
            legacy::push_streams(&mut out, group(entries, Encoding::Merged));
            out.push_str(&tail);
            out.push('}');
            out
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(timestamp_ns: i64, line: &str) -> LogEntry {
        LogEntry {
            timestamp_ns,
            line: line.to_owned(),
            stream: Labels::from_pairs([("app", "a")]),
            metadata: Labels::empty(),
            parsed: Labels::empty(),
        }
    }

    #[test]
    fn what_a_slow_client_does_not_take_is_told() {
        let (sender, mut receiver) = mpsc::channel(2);
        let dropped = Arc::new(Mutex::new(Dropped::default()));
        let inlet = Inlet { sender, bytes: Arc::default(), dropped: Arc::clone(&dropped), encoding: Encoding::Merged };
        for i in 0..4 {
            inlet.take(entry(i, "x"));
        }
        inlet.take(entry(9, &"x".repeat(QUEUE_BYTES)));
        let mut queued = Vec::new();
        while let Ok(entry) = receiver.try_recv() {
            queued.push(entry);
        }
        assert_eq!(queued.iter().map(|e| e.timestamp_ns).collect::<Vec<_>>(), [0, 1]);
        assert_eq!(inlet.bytes.load(Ordering::Relaxed), 2 * (ENTRY_BYTES + 1));
        let text = message(queued, &dropped.lock(), Form::Current(Encoding::Merged));
        let told =
            r#"{"labels":{"app":"a"},"timestamp":"2"},{"labels":{"app":"a"},"timestamp":"3"},{"labels":{"app":"a"},"timestamp":"9"}"#;
        let want = format!(r#"{{"streams":[{{"stream":{{"app":"a"}},"values":[["0","x"],["1","x"]]}}],"dropped_entries":[{told}]}}"#);
        assert_eq!(text, want);
    }
}
