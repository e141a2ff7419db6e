//! The timeline of an incident: what happened when, who did it, and why.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Events that a timeline holds. One more is written to say that it is full.
pub const MAX_EVENTS: i64 = 10_000;

/// What kind of event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EventKind {
    /// The condition of an alert became true; it fires once its `for` has passed.
    ConditionTrue,
    /// An alert of the group began to fire.
    AlertFiring,
    /// The group of alerts was handed over.
    GroupFlushed,
    /// The incident was opened.
    Opened,
    /// The incident was opened again.
    Reopened,
    /// Another alert joined.
    AlertJoined,
    /// An alert has ended.
    AlertResolved,
    /// An alert was silenced, inhibited or muted.
    Silenced,
    /// An alert is no longer muted.
    AlertUnmuted,
    /// It was decided to page somebody.
    PageIntended,
    /// A page is on its way.
    PageStarted,
    /// A page was delivered.
    PageSent,
    /// An attempt to deliver a page failed.
    PageFailed,
    /// A page will not be tried again.
    PageGivenUp,
    /// A page that was not delivered yet is no longer needed.
    PageCancelled,
    /// Nobody acknowledged in time: the next level is paged.
    Escalated,
    /// A level that names nobody was passed over.
    LevelSkipped,
    /// Nobody is paged: no entry of `page_on` matched, or the escalation came to its end without reaching anybody.
    NotPaged,
    /// Paging waits while all alerts are muted.
    PagingPaused,
    /// Paging goes on.
    PagingResumed,
    /// Somebody has taken it on.
    Acknowledged,
    /// Somebody wrote something down.
    Note,
    /// The incident ended.
    Resolved,
    /// No more is written down: the timeline is full.
    TimelineFull,
}

impl EventKind {
    /// The name in the API: `page_sent`.
    pub fn name(self) -> String {
        serde_json::to_value(self).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        serde_json::from_value(name.into()).ok()
    }
}

/// One entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// Its place in the timeline, from 1.
    pub seq: i64,
    /// When it happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
    /// What kind.
    pub kind: EventKind,
    /// What happened, in words.
    pub text: String,
    /// Who did it; empty when nobody in person did.
    pub who: String,
    /// Why; may be empty.
    pub why: String,
}

/// `2026-10-20T12:00:00Z page_sent: paged platform-1 … (because …)`, for logs and tests.
impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = Timestamp::from_millisecond(self.at_ms).unwrap_or_default();
        write!(f, "{at} {}: {}", self.kind.name(), self.text)?;
        if self.why.is_empty() { Ok(()) } else { write!(f, " (because {})", self.why) }
    }
}
