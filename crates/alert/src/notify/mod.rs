//! Telling people: one integration of a receiver, one message at a time.

pub mod channel;
mod email;
pub(crate) mod pipeline;
mod retry;
pub(crate) mod sender;
mod slack;
mod smtp;
mod trial;
mod webhook;

pub use channel::{Channel, Contact, Message};
pub(crate) use sender::{Notification, Sender};
pub use trial::send_trial;

use std::time::Duration;

/// Why a message was not delivered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{reason}")]
pub struct NotifyError {
    /// In words, without secrets.
    pub reason: String,
    /// Whether trying again can help.
    pub retryable: bool,
    /// How long the receiver asked to wait before the next attempt.
    pub retry_after: Option<Duration>,
    /// What kind of failure it is.
    pub kind: FailureKind,
}

/// Kinds of failure, as Alertmanager's metric `alertmanager_notifications_failed_total` names them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum FailureKind {
    /// Our fault: the receiver refuses what we send, or the config does not fit.
    ClientError,
    /// The receiver's fault.
    ServerError,
    /// No answer in time.
    DeadlineExceeded,
    /// Anything else, as a connection that can't be made.
    Other,
}

impl FailureKind {
    /// The metric's label.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ClientError => "clientError",
            Self::ServerError => "serverError",
            Self::DeadlineExceeded => "contextDeadlineExceeded",
            Self::Other => "other",
        }
    }
}

impl NotifyError {
    pub(crate) fn permanent(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retryable: false, retry_after: None, kind: FailureKind::ClientError }
    }

    pub(crate) fn transient(kind: FailureKind, reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), retryable: true, retry_after: None, kind }
    }
}
