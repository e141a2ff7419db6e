//! Who is told of a group of alerts beside its receivers: incidents are, through this door.

use phoenix_model::{Alert, Labels};

/// A group of alerts at one flush, after inhibition, time intervals and silences.
#[derive(Debug, Clone)]
pub struct FlushedGroup {
    /// Stable identity of the group across flushes and restarts: route and group labels.
    pub key: String,
    /// The receiver's name of the route; empty when the route has none.
    pub receiver: String,
    /// The labels that the group shares by its route's `group_by`.
    pub group_labels: Labels,
    /// Alerts that are neither inhibited, silenced nor muted; firing and resolved ones.
    pub alerts: Vec<Alert>,
    /// Alerts left out, each with the reason in words (`silenced by 1f2e…`, `inhibited by …`).
    pub muted: Vec<(Alert, String)>,
    /// When the flush happened, in milliseconds since the Unix epoch.
    pub at_ms: i64,
}

/// Is told of every flush of every group, whether or not a notification is sent.
pub trait GroupObserver: Send + Sync {
    /// One flush. Must hand over quickly and not block.
    fn group_flushed(&self, group: &FlushedGroup);
}
