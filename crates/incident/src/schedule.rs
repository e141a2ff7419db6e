//! On-call: people, teams, levels, and whose turn it is.
//!
//! The file is `on-call.yaml`: `on_call_schedule` as in the strategy's section 7.1, and beside it
//! what that leaves open (people and how to reach them, who is in which team, when turns change,
//! which alerts page).
//!
//! Teams of a level turn with its period, people within a team turn with each of the team's own
//! turns: with teams `[platform, backend]`, turn k belongs to team k mod 2, and it is that team's
//! turn number k div 2, which gives the person. Teams with nobody in them get no turn.

mod file;
mod load;
mod page_on;
mod rotation;
mod turns;

#[cfg(test)]
mod tests;

pub use load::is_secret;
pub use page_on::PageOn;
pub use rotation::{Period, Rotation, Turn};
pub use turns::{Duty, Handover, Override, who_is};

use phoenix_alert::matchers::Matchers;
use phoenix_model::{Labels, Matcher, Secret};
use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

/// What fires again within this time of its incident's end reopens it, unless the file says otherwise.
pub const REOPEN_WITHIN: Duration = Duration::from_mins(30);

/// The checked content of `on-call.yaml`.
#[derive(Debug, Clone)]
pub struct OnCallConfig {
    /// By the name that teams and escalation use.
    pub people: BTreeMap<String, Person>,
    /// Members in their order of turns; every member is in `people`.
    pub teams: BTreeMap<String, Vec<String>>,
    /// When turns change.
    pub rotation: Rotation,
    /// One matching entry is enough for an alert to page.
    pub page_on: Vec<PageOn>,
    /// In the order of the file.
    pub levels: Vec<Level>,
    /// Sorted by time; no two steps have the same.
    pub escalation: Vec<Step>,
    /// What fires again within this time of its incident's end reopens that incident.
    pub reopen_within: Duration,
}

/// A person who can be on call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// The key under `people`.
    pub id: String,
    /// The full name, if given.
    pub name: Option<String>,
    /// How to reach them, the first to be tried first.
    pub contacts: Vec<Contact>,
}

/// A way to send a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Method {
    /// A mail address.
    Email,
    /// A URL that takes a JSON body by POST.
    Webhook,
    /// The URL of a Slack incoming webhook.
    Slack,
}

impl Method {
    /// The name as written in `people`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Email => "email",
            Self::Webhook => "webhook",
            Self::Slack => "slack",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Email, Self::Webhook, Self::Slack].into_iter().find(|m| m.as_str() == name)
    }

    /// Why an address cannot be right for this method; the address itself may be secret and is not repeated.
    fn reject(self, address: &str) -> Option<&'static str> {
        match self {
            Self::Email => {
                let (user, host) = address.rsplit_once('@').unwrap_or_default();
                let good = !user.is_empty() && !host.is_empty() && !address.contains(|c: char| c.is_whitespace() || c.is_control());
                (!good).then_some("is not a mail address, as `name@example.org`")
            }
            Self::Webhook | Self::Slack => {
                let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
                (!rest.is_some_and(|r| !r.is_empty() && !r.starts_with('/') && !r.contains(char::is_whitespace)))
                    .then_some("is not an http or https URL")
            }
        }
    }
}

/// One way to reach one person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contact {
    /// How.
    pub method: Method,
    /// The mail address or URL. URLs of webhooks carry their authorisation, so all are kept as secrets.
    pub address: Secret,
}

impl Contact {
    /// A way to reach somebody.
    pub fn new(method: Method, address: impl Into<String>) -> Self {
        Self { method, address: Secret::new(address) }
    }

    /// What people may see of the address: a mail address in full, of a URL the host.
    pub fn shown_address(&self) -> String {
        let address = self.address.expose();
        match self.method {
            Method::Email => address.to_owned(),
            Method::Webhook | Method::Slack => {
                let rest = address.split_once("://").map_or(address, |(_, rest)| rest);
                let authority = rest.split(['/', '?', '#']).next().unwrap_or("");
                authority.rsplit_once('@').map_or(authority, |(_, host)| host).to_owned()
            }
        }
    }
}

/// What people may see of it: a mail address in full, of the others the method only.
impl fmt::Display for Contact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.method {
            Method::Email => write!(f, "email to {}", self.address.expose()),
            Method::Webhook | Method::Slack => f.write_str(self.method.as_str()),
        }
    }
}

/// A level of the schedule, such as `primary`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Level {
    /// The key under `on_call_schedule`.
    pub name: String,
    /// How often its teams turn.
    pub period: Period,
    /// Teams with at least one person, in their order of turns. None: the level names nobody.
    pub teams: Vec<String>,
}

/// A step of the escalation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Time since the first page.
    pub after: Duration,
    /// A level, a person or a team; may name nobody.
    pub target: String,
    /// The key as written: `15_minutes`.
    pub written: String,
}

impl Default for OnCallConfig {
    /// Nobody is on call; alerts with severity="critical" would page.
    fn default() -> Self {
        Self {
            people: BTreeMap::new(),
            teams: BTreeMap::new(),
            rotation: Rotation::default(),
            page_on: vec![PageOn {
                text: "severity=\"critical\"".to_owned(),
                matchers: Matchers::new(vec![Matcher::equal("severity", "critical")]),
            }],
            levels: Vec::new(),
            escalation: Vec::new(),
            reopen_within: REOPEN_WITHIN,
        }
    }
}

impl OnCallConfig {
    /// The level that is paged at once: `primary`, or the first of the file when there is none of this name.
    pub fn first_level(&self) -> Option<&Level> {
        self.levels.iter().find(|level| level.name == "primary").or_else(|| self.levels.first())
    }

    /// The first entry of `page_on` that an alert with these labels matches, as written.
    pub fn pages(&self, labels: &Labels) -> Option<&str> {
        self.page_on.iter().find(|entry| entry.matches(labels)).map(|entry| entry.text.as_str())
    }
}
