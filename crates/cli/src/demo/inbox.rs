//! The demo's mailbox: a real SMTP server and a real webhook receiver that keep what they get.

use phoenix_env::SharedClock;
use phoenix_server::demo::Message;
use std::collections::VecDeque;
use std::sync::Arc;

pub(super) mod smtp;
pub(super) mod webhook;

/// Messages kept; the oldest goes first.
const MAX_MESSAGES: usize = 500;
/// The longest message taken, in bytes.
const MAX_MESSAGE_BYTES: usize = 1 << 20;

/// Received messages, newest last.
pub(super) struct Inbox {
    clock: SharedClock,
    state: parking_lot::Mutex<(u64, VecDeque<Message>)>,
    changed: Box<dyn Fn() + Send + Sync>,
}

impl Inbox {
    /// An empty mailbox; `changed` is called after each message.
    pub(super) fn new(clock: SharedClock, changed: impl Fn() + Send + Sync + 'static) -> Arc<Self> {
        Arc::new(Self { clock, state: parking_lot::Mutex::default(), changed: Box::new(changed) })
    }

    /// The newest messages first.
    pub(super) fn newest(&self, limit: usize) -> Vec<Message> {
        self.state.lock().1.iter().rev().take(limit).cloned().collect()
    }

    fn receive(&self, mut message: Message) {
        message.received_at = rfc3339(self.clock.now_ms());
        message.links = links(&message);
        {
            let mut state = self.state.lock();
            state.0 += 1;
            message.id = state.0;
            if state.1.len() == MAX_MESSAGES {
                state.1.pop_front();
            }
            state.1.push_back(message);
        }
        (self.changed)();
    }
}

/// Milliseconds since the epoch as RFC 3339.
pub(super) fn rfc3339(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| ms.to_string(), |t| t.to_string())
}

/// The links in a message's text and HTML, in order, each once.
fn links(message: &Message) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    for text in [Some(&message.text), message.html.as_ref()].into_iter().flatten() {
        let mut rest = text.as_str();
        while let Some(start) = rest.find("http://").into_iter().chain(rest.find("https://")).min() {
            let tail = &rest[start..];
            let end = tail.find(|c: char| c.is_whitespace() || "\"'<>)".contains(c)).unwrap_or(tail.len());
            let link = tail[..end].trim_end_matches(['.', ',']).replace("&#43;", "+").replace("&amp;", "&");
            if !found.contains(&link) {
                found.push(link);
            }
            rest = &tail[end..];
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_found_once() {
        let message = Message {
            id: 0,
            received_at: String::new(),
            kind: "email",
            to: String::new(),
            from: None,
            subject: String::new(),
            text: "See http://a/b?c=1. Or (https://d/e), http://a/b?c=1".into(),
            html: Some("<a href=\"http://f/?x=1&amp;y=2\">f</a> <a href=\"http://g/?x=a&#43;b\">g</a>".into()),
            links: vec![],
            raw: String::new(),
        };
        assert_eq!(links(&message), ["http://a/b?c=1", "https://d/e", "http://f/?x=1&y=2", "http://g/?x=a+b"]);
    }
}
