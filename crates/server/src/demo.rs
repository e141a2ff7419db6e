//! The door for the demo: a mailbox to show and faults to cause. The demo itself is the command's.

use serde::Serialize;
use std::future::Future;
use std::pin::Pin;

/// One message that a local sink received, as it came.
#[derive(Debug, Clone, Serialize)]
pub struct Message {
    /// Rising from 1.
    pub id: u64,
    /// RFC 3339.
    pub received_at: String,
    /// `email` or `webhook`.
    pub kind: &'static str,
    /// The address or path it was sent to.
    pub to: String,
    /// The sender's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// The subject, or for a webhook its title.
    pub subject: String,
    /// The text.
    pub text: String,
    /// The HTML, when there is some.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub html: Option<String>,
    /// The links in it, without repetitions.
    pub links: Vec<String>,
    /// What came over the wire.
    pub raw: String,
}

/// A fault that the demo can cause.
#[derive(Debug, Clone, Serialize)]
pub struct Fault {
    /// The name for the command line, such as `api-down`.
    pub name: String,
    /// What it does, for people.
    pub title: String,
    /// Whether it is on.
    pub active: bool,
    /// Since when, RFC 3339.
    pub since: Option<String>,
    /// The alert that has to come of it.
    pub expected_alert: String,
}

/// A running demo.
pub trait Demo: Send + Sync {
    /// The newest messages first.
    fn messages(&self, limit: usize) -> Vec<Message>;

    /// The faults with their state.
    fn faults(&self) -> Vec<Fault>;

    /// Turns a fault on or off; the error says why it could not be done.
    fn set_fault<'a>(&'a self, name: &'a str, active: bool) -> Pin<Box<dyn Future<Output = Result<Fault, String>> + Send + 'a>>;
}
