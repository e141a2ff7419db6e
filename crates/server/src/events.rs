//! What changed, for views that want to fetch again.

use tokio::sync::broadcast;

/// A change. The names are those of the `event:` field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// An incident, by its id.
    Incident(String),
    /// Alerts began or ended to fire.
    Alerts,
    /// A target's health.
    Targets,
    /// A rule's health or state.
    Rules,
    /// The configuration was loaded again.
    Config,
    /// A silence.
    Silences,
    /// A dashboard, by its uid; several or a folder without one.
    Dashboards(Option<String>),
    /// What the linter finds.
    Findings,
    /// An annotation.
    Annotations,
    /// The demo's mailbox.
    Inbox,
    /// The demo's faults.
    Demo,
}

impl Event {
    /// The name in the stream.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Incident(_) => "incidents",
            Self::Alerts => "alerts",
            Self::Targets => "targets",
            Self::Rules => "rules",
            Self::Config => "config",
            Self::Silences => "silences",
            Self::Dashboards(_) => "dashboards",
            Self::Findings => "findings",
            Self::Annotations => "annotations",
            Self::Inbox => "inbox",
            Self::Demo => "demo",
        }
    }
}

/// Where changes are published; a slow reader loses the oldest and is told so.
#[derive(Debug, Clone)]
pub struct Events(broadcast::Sender<Event>);

impl Default for Events {
    fn default() -> Self {
        Self(broadcast::channel(256).0)
    }
}

impl Events {
    /// Publishes; nobody listening is fine.
    pub fn publish(&self, event: Event) {
        let _ = self.0.send(event);
    }

    /// Listens from now on.
    pub fn subscribe(&self) -> broadcast::Receiver<Event> {
        self.0.subscribe()
    }
}
