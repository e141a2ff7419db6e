//! The incident itself: a group of alerts that needs attention, with all that is known of it.
//!
//! Everything here is plain data and decisions over an explicit `now_ms`. What a method changed is
//! noted in [`Unsaved`], so that it can be written in one transaction.

use crate::escalation::{Escalation, Page};
use crate::timeline::{Event, EventKind, MAX_EVENTS};
use jiff::Timestamp;
use phoenix_alert::fingerprint::Fingerprint;
use phoenix_model::{Alert, Labels};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::str::FromStr;

/// Alerts that one incident holds; more are counted in its title only.
pub const MAX_ALERTS: usize = 1_000;

/// The number of an incident, written INC-42.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IncidentId(pub i64);

impl fmt::Display for IncidentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "INC-{}", self.0)
    }
}

/// Reads `INC-42`, `inc-42` and `42`.
impl FromStr for IncidentId {
    type Err = crate::IncidentError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix("INC-").or_else(|| text.strip_prefix("inc-")).unwrap_or(text);
        match digits.parse() {
            Ok(number) if number > 0 && digits.bytes().all(|b| b.is_ascii_digit()) => Ok(Self(number)),
            _ => Err(crate::IncidentError::BadId(text.chars().take(50).collect())),
        }
    }
}

impl Serialize for IncidentId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Where an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Nobody has taken it on.
    Open,
    /// Somebody has.
    Acknowledged,
    /// It has ended.
    Resolved,
}

impl Status {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Open, Self::Acknowledged, Self::Resolved];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
        }
    }

    /// Reads the name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

/// Where an alert of an incident stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AlertStatus {
    /// It fires.
    Firing,
    /// It fires, but is silenced, inhibited or muted.
    Muted,
    /// It has ended, or is no longer in the group.
    Resolved,
}

impl AlertStatus {
    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Muted => "muted",
            Self::Resolved => "resolved",
        }
    }
}

/// An alert that belongs or belonged to an incident.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct IncidentAlert {
    /// Where it stands.
    pub status: AlertStatus,
    /// The alert as last seen.
    pub alert: Alert,
    /// Why it is muted; otherwise empty.
    pub muted_by: String,
    /// When it joined.
    pub joined_ms: i64,
    /// When it ended.
    pub left_ms: Option<i64>,
}

/// What has to be written.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Unsaved {
    /// Whether anything has.
    pub any: bool,
    /// Fingerprints of alerts.
    pub alerts: BTreeSet<String>,
    /// Events.
    pub events: Vec<Event>,
    /// Pages by round, level and person.
    pub pages: BTreeSet<(i64, String, String)>,
}

/// An incident with its alerts and pages; of the timeline only what is not written yet.
#[derive(Debug, Clone)]
pub struct Incident {
    /// Its number.
    pub id: IncidentId,
    /// Whether it was never written.
    pub is_new: bool,
    /// The key of its alert group.
    pub group_key: String,
    /// The receiver's name of the route; may be empty.
    pub receiver: String,
    /// One line for people.
    pub title: String,
    /// The label `severity` of the worst alert; may be empty.
    pub severity: String,
    /// Where it stands.
    pub status: Status,
    /// Labels that all its alerts share.
    pub labels: Labels,
    /// Annotations of its leading alert: the worst, then the oldest.
    pub annotations: Labels,
    /// Language and text of the query that raised the leading alert.
    pub expression: Option<(String, String)>,
    /// When the condition began to hold, as far as the alerts tell.
    pub condition_since_ms: i64,
    /// When it was first opened.
    pub opened_ms: i64,
    /// When it was last reopened.
    pub reopened_ms: Option<i64>,
    /// When the first page of this round was delivered.
    pub paged_ms: Option<i64>,
    /// When somebody took it on in this round.
    pub acknowledged_ms: Option<i64>,
    /// Who did; empty when nobody has.
    pub acknowledged_by: String,
    /// When it ended.
    pub resolved_ms: Option<i64>,
    /// Who ended it by hand; empty when it ended with its alerts.
    pub resolved_by: String,
    /// 1 for the first opening, one more for each reopening.
    pub round: i64,
    /// Its alerts by fingerprint.
    pub alerts: BTreeMap<String, IncidentAlert>,
    /// How far paging has come; `None` when nobody is to be paged.
    pub escalation: Option<Escalation>,
    /// All pages of all rounds.
    pub pages: Vec<Page>,
    /// When its group was last flushed.
    pub last_flush_ms: i64,
    /// The time between the last two flushes; 0 before the second.
    pub flush_interval_ms: i64,
    /// Events written or to be written so far.
    pub event_count: i64,
    /// What has to be written.
    pub unsaved: Unsaved,
}

/// Identifies an alert within an incident: its fingerprint as in Alertmanager's API.
pub fn fingerprint(labels: &Labels) -> String {
    Fingerprint::of(labels).to_string()
}

/// Lower-case hexadecimal.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use fmt::Write;
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// A moment for people and the API.
pub(crate) fn moment(ms: i64) -> Timestamp {
    Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX })
}

impl Incident {
    /// Whether it still needs somebody or something.
    pub fn is_live(&self) -> bool {
        self.status != Status::Resolved
    }

    /// When the present round began.
    pub fn round_started_ms(&self) -> i64 {
        self.reopened_ms.unwrap_or(self.opened_ms)
    }

    /// Alerts that fire and are not muted.
    pub fn firing(&self) -> impl Iterator<Item = &IncidentAlert> {
        self.alerts.values().filter(|a| a.status == AlertStatus::Firing)
    }

    /// Adds an event to the timeline.
    pub fn event(&mut self, at_ms: i64, kind: EventKind, text: impl Into<String>, who: &str, why: impl Into<String>) {
        self.unsaved.any = true;
        let (kind, text, why) = match self.event_count.cmp(&MAX_EVENTS) {
            std::cmp::Ordering::Less => (kind, text.into(), why.into()),
            std::cmp::Ordering::Equal => {
                (EventKind::TimelineFull, format!("the timeline holds {MAX_EVENTS} events; nothing more is written down"), String::new())
            }
            std::cmp::Ordering::Greater => return,
        };
        self.event_count += 1;
        self.unsaved.events.push(Event { seq: self.event_count, at_ms, kind, text, who: who.to_owned(), why });
    }

    /// Notes that an alert has to be written.
    pub(crate) fn touch_alert(&mut self, fingerprint: &str) {
        self.unsaved.any = true;
        self.unsaved.alerts.insert(fingerprint.to_owned());
    }

    /// Brings title, severity, labels and annotations in line with the alerts that fire (muted ones
    /// included); when none does, they stay as they were.
    pub(crate) fn summarise(&mut self) {
        let live: Vec<&Alert> = self.alerts.values().filter(|a| a.status != AlertStatus::Resolved).map(|a| &a.alert).collect();
        let Some(leading) =
            live.iter().copied().min_by_key(|a| (severity_rank(a.labels.value("severity")), a.starts_at_ms, a.labels.clone()))
        else {
            return;
        };
        let shared = leading.labels.iter().filter(|(name, value)| live.iter().all(|a| a.labels.get(name) == Some(value)));
        let labels = Labels::from_pairs(shared);
        let name = match leading.name() {
            "" => "Alert without a name",
            name => name,
        };
        let mut title = match leading.annotations.get("summary") {
            Some(summary) => format!("{name}: {}", shortened(summary, 200)),
            None => name.to_owned(),
        };
        if live.len() > 1 {
            title = format!("{title} (and {} more)", live.len() - 1);
        }
        let severity = leading.labels.value("severity").to_owned();
        let (annotations, expression) = (leading.annotations.clone(), leading.expression.clone());
        (self.title, self.severity, self.labels, self.annotations) = (title, severity, labels, annotations);
        if expression.is_some() {
            self.expression = expression;
        }
        self.unsaved.any = true;
    }
}

/// The first line of a text, cut to so many characters.
pub(crate) fn shortened(text: &str, limit: usize) -> String {
    let line = text.trim().lines().next().unwrap_or("");
    if line.chars().count() <= limit { line.to_owned() } else { line.chars().take(limit - 1).chain(['…']).collect() }
}

/// Lower is worse. The usual names in their usual order, P0 to P2 as in the strategy's section 3;
/// unknown ones between warning and info.
fn severity_rank(severity: &str) -> u8 {
    match severity.to_ascii_lowercase().as_str() {
        "critical" | "page" | "emergency" | "fatal" | "p0" => 0,
        "error" | "high" | "major" => 1,
        "warning" | "warn" | "medium" | "p1" => 2,
        "info" | "informational" | "low" | "minor" | "none" | "p2" | "p3" => 4,
        "" => 5,
        _ => 3,
    }
}
