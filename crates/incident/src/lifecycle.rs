//! The life of an incident: it opens with its alerts, is taken on, and closes with them.

use crate::error::IncidentError;
use crate::incident::{AlertStatus, Incident, IncidentAlert, IncidentId, MAX_ALERTS, Status, Unsaved, fingerprint};
use crate::schedule::OnCallConfig;
use crate::timeline::EventKind;
use phoenix_alert::FlushedGroup;
use phoenix_model::{Alert, format_duration};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

/// Texts that people give (names, notes) are cut to so many characters.
const MAX_TEXT: usize = 4_000;
/// An alert that nobody has spoken of for this long counts as ended, at the least.
const LOST_AFTER_MS: i64 = 15 * 60_000;

/// By which way somebody acted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Via {
    /// The web page.
    Ui,
    /// The HTTP API.
    Api,
    /// The command line.
    Cli,
    /// A signed link in a message.
    Link,
}

impl Via {
    /// In words: `by a link in a message`.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Ui => "on the web page",
            Self::Api => "through the API",
            Self::Cli => "on the command line",
            Self::Link => "by a link in a message",
        }
    }
}

/// When what an alert tells of began, as far as is known.
fn condition_since_ms(alert: &Alert) -> i64 {
    alert.condition_since_ms.map_or(alert.starts_at_ms, |since| since.min(alert.starts_at_ms))
}

impl Incident {
    /// Opens an incident for a group that has a firing alert which is not muted; otherwise `None`.
    pub fn open(id: IncidentId, group: &FlushedGroup, config: &OnCallConfig, now_ms: i64) -> Option<Self> {
        let firing: Vec<&Alert> = group.alerts.iter().filter(|a| !a.is_resolved_at(group.at_ms)).collect();
        let first = firing.iter().copied().min_by_key(|a| a.starts_at_ms)?;
        let mut incident = Self {
            id,
            is_new: true,
            group_key: group.key.clone(),
            receiver: group.receiver.clone(),
            title: String::new(),
            severity: String::new(),
            status: Status::Open,
            labels: group.group_labels.clone(),
            annotations: first.annotations.clone(),
            expression: first.expression.clone(),
            condition_since_ms: firing.iter().map(|a| condition_since_ms(a)).min().unwrap_or(first.starts_at_ms),
            opened_ms: now_ms,
            reopened_ms: None,
            paged_ms: None,
            acknowledged_ms: None,
            acknowledged_by: String::new(),
            resolved_ms: None,
            resolved_by: String::new(),
            round: 1,
            alerts: BTreeMap::new(),
            escalation: None,
            pages: Vec::new(),
            last_flush_ms: group.at_ms,
            flush_interval_ms: 0,
            event_count: 0,
            unsaved: Unsaved { any: true, ..Unsaved::default() },
        };
        incident.begin_round(group, &firing, config, now_ms, EventKind::Opened);
        Some(incident)
    }

    fn begin_round(&mut self, group: &FlushedGroup, firing: &[&Alert], config: &OnCallConfig, now_ms: i64, kind: EventKind) {
        for alert in firing {
            let rule = alert.expression.as_ref().map_or_else(String::new, |(_, text)| format!("{} holds", text.trim()));
            if condition_since_ms(alert) < alert.starts_at_ms {
                let text = format!("the condition of {} became true", alert.name());
                self.event(condition_since_ms(alert), EventKind::ConditionTrue, text, "", rule.clone());
            }
            self.event(alert.starts_at_ms, EventKind::AlertFiring, format!("{} fires: {}", alert.name(), alert.labels), "", rule);
        }
        let text = format!(
            "group {} of route receiver {} was flushed with {} firing",
            group.group_labels,
            shown(&group.receiver),
            counted(firing.len())
        );
        self.event(group.at_ms, EventKind::GroupFlushed, text, "", String::new());
        self.take_alerts(group, now_ms, true);
        self.summarise();
        let paging = self.matching_page_on(config);
        let verb = if kind == EventKind::Opened { "opened" } else { "opened again" };
        let text = format!("{} {verb}: {}", self.id, self.title);
        if let Some(entry) = paging {
            self.event(now_ms, kind, text, "", format!("page_on {entry} matched, so somebody is paged"));
            self.start_paging(&entry, now_ms);
        } else {
            self.event(
                now_ms,
                kind,
                text,
                "",
                format!(
                    "{} in its group",
                    if firing.len() == 1 { "1 alert fires".to_owned() } else { format!("{} alerts fire", firing.len()) }
                ),
            );
            self.event(now_ms, EventKind::NotPaged, "nobody is paged", "", "no entry of page_on matches an alert that fires");
        }
    }

    fn matching_page_on(&self, config: &OnCallConfig) -> Option<String> {
        self.firing().find_map(|a| config.pages(&a.alert.labels)).map(str::to_owned)
    }

    /// What a flush of its group means for an incident that is not resolved.
    pub fn flushed(&mut self, group: &FlushedGroup, config: &OnCallConfig, now_ms: i64) {
        self.note_flush(group);
        let changed = self.take_alerts(group, now_ms, false);
        if changed {
            self.summarise();
        }
        if self.alerts.values().all(|a| a.status == AlertStatus::Resolved) {
            self.close("all its alerts have resolved", "", now_ms);
            return;
        }
        self.pause_or_resume(now_ms);
        if self.escalation.is_none()
            && let Some(entry) = self.matching_page_on(config)
        {
            if self.status == Status::Acknowledged {
                let why = format!("an alert that page_on {entry} matches has joined since {} acknowledged", self.acknowledged_by);
                self.status = Status::Open;
                self.acknowledged_ms = None;
                self.event(now_ms, EventKind::Reopened, format!("{} is open again: it pages now", self.id), "", why);
            }
            self.start_paging(&entry, now_ms);
        }
    }

    /// What a flush means for a resolved incident: its alerts are followed, so that one which was
    /// closed by hand does not open again for an alert that simply goes on firing. Returns whether
    /// something fires that did not when it was resolved.
    pub fn flushed_after_end(&mut self, group: &FlushedGroup, now_ms: i64) -> bool {
        let is_news = |alert: &Alert| {
            let known = self.alerts.get(&fingerprint(&alert.labels));
            !known.is_some_and(|k| k.status != AlertStatus::Resolved && k.alert.starts_at_ms == alert.starts_at_ms)
        };
        let news = group.alerts.iter().filter(|a| !a.is_resolved_at(group.at_ms)).any(is_news);
        if !news {
            self.note_flush(group);
            self.take_alerts(group, now_ms, true);
        }
        news
    }

    /// Opens a resolved incident again.
    pub fn reopen(&mut self, group: &FlushedGroup, config: &OnCallConfig, now_ms: i64) {
        self.note_flush(group);
        self.status = Status::Open;
        self.round += 1;
        self.reopened_ms = Some(now_ms);
        self.resolved_ms = None;
        self.resolved_by.clear();
        self.acknowledged_ms = None;
        self.acknowledged_by.clear();
        self.paged_ms = None;
        self.escalation = None;
        let firing: Vec<&Alert> = group.alerts.iter().filter(|a| !a.is_resolved_at(group.at_ms)).collect();
        self.begin_round(group, &firing, config, now_ms, EventKind::Reopened);
    }

    fn note_flush(&mut self, group: &FlushedGroup) {
        if group.at_ms > self.last_flush_ms {
            self.flush_interval_ms = group.at_ms - self.last_flush_ms;
            self.last_flush_ms = group.at_ms;
            self.unsaved.any = true;
        }
    }

    /// Brings the alerts in line with the group. Returns whether any joined, left, or was (un)muted.
    fn take_alerts(&mut self, group: &FlushedGroup, now_ms: i64, quietly: bool) -> bool {
        let mut changed = false;
        let mut seen = BTreeSet::new();
        let audible = group.alerts.iter().map(|a| (a, ""));
        let muted = group.muted.iter().map(|(a, why)| (a, why.as_str()));
        for (alert, muted_by) in audible.chain(muted) {
            let id = fingerprint(&alert.labels);
            let status = if alert.is_resolved_at(group.at_ms) {
                AlertStatus::Resolved
            } else if muted_by.is_empty() {
                AlertStatus::Firing
            } else {
                AlertStatus::Muted
            };
            seen.insert(id.clone());
            changed |= self.take_alert(&id, alert, status, muted_by, now_ms, quietly);
        }
        let gone: Vec<String> = self
            .alerts
            .iter()
            .filter(|(id, a)| a.status != AlertStatus::Resolved && !seen.contains(*id))
            .map(|(id, _)| id.clone())
            .collect();
        for id in gone {
            changed = true;
            self.end_alert(&id, "it is no longer in the group", now_ms, quietly);
        }
        changed
    }

    fn take_alert(&mut self, id: &str, alert: &Alert, status: AlertStatus, muted_by: &str, now_ms: i64, quietly: bool) -> bool {
        let before = self.alerts.get(id).map(|known| known.status);
        if status == AlertStatus::Resolved {
            if before.is_some_and(|before| before != AlertStatus::Resolved) {
                if let Some(known) = self.alerts.get_mut(id) {
                    known.alert = alert.clone();
                }
                self.end_alert(id, "", now_ms, quietly);
                return true;
            }
            return false;
        }
        // Muted alerts that were never audible do not belong to the incident.
        if before.is_none() && (status == AlertStatus::Muted || self.alerts.len() >= MAX_ALERTS) {
            return false;
        }
        let name = format!("{}: {}", alert.name(), alert.labels);
        if !quietly {
            match (before, status) {
                (Some(AlertStatus::Firing), AlertStatus::Muted) => {
                    self.event(now_ms, EventKind::Silenced, format!("muted {name}"), "", muted_by);
                }
                (Some(AlertStatus::Muted), AlertStatus::Firing) => {
                    self.event(now_ms, EventKind::AlertUnmuted, format!("no longer muted {name}"), "", String::new());
                }
                (None | Some(AlertStatus::Resolved), AlertStatus::Firing) => {
                    self.event(now_ms, EventKind::AlertJoined, format!("joined {name}"), "", String::new());
                }
                _ => {}
            }
        }
        let fresh = IncidentAlert { status, alert: alert.clone(), muted_by: muted_by.to_owned(), joined_ms: now_ms, left_ms: None };
        let known = self.alerts.entry(id.to_owned()).or_insert_with(|| fresh.clone());
        let joined_ms = if before == Some(AlertStatus::Resolved) || before.is_none() { now_ms } else { known.joined_ms };
        let updated = IncidentAlert { joined_ms, ..fresh };
        // The end of an alert moves with every update; it is written when something else changes too, or it has moved far.
        let moved = (updated.alert.ends_at_ms - known.alert.ends_at_ms).abs() > 60_000;
        let changed = before != Some(status) || known.alert.annotations != updated.alert.annotations;
        *known = updated;
        if changed || moved {
            self.touch_alert(id);
        }
        changed
    }

    fn end_alert(&mut self, id: &str, why: &str, now_ms: i64, quietly: bool) {
        let Some(known) = self.alerts.get_mut(id) else { return };
        known.status = AlertStatus::Resolved;
        known.left_ms = Some(now_ms);
        let text = format!("resolved {}: {}", known.alert.name(), known.alert.labels);
        self.touch_alert(id);
        if !quietly {
            self.event(now_ms, EventKind::AlertResolved, text, "", why);
        }
    }

    fn pause_or_resume(&mut self, now_ms: i64) {
        let audible = self.firing().next().is_some();
        let by = self.alerts.values().find(|a| a.status == AlertStatus::Muted).map(|a| a.muted_by.clone()).unwrap_or_default();
        let Some(escalation) = &mut self.escalation else { return };
        match (escalation.paused_since_ms, audible) {
            (None, false) => {
                escalation.paused_since_ms = Some(now_ms);
                if self.status == Status::Open {
                    self.event(now_ms, EventKind::PagingPaused, "paging waits: every alert that still fires is muted", "", by);
                }
                self.unsaved.any = true;
            }
            (Some(since_ms), true) => {
                escalation.paused_since_ms = None;
                escalation.started_ms += (now_ms - since_ms).max(0);
                if self.status == Status::Open {
                    self.event(now_ms, EventKind::PagingResumed, "paging goes on", "", "an alert fires that is not muted");
                }
                self.unsaved.any = true;
            }
            _ => {}
        }
    }

    /// Somebody takes it on: paging ends.
    pub fn acknowledge(&mut self, who: &str, via: Via, note: &str, now_ms: i64) -> Result<(), IncidentError> {
        let who = name_of(who)?;
        let wrong = |reason: String| IncidentError::WrongState { id: self.id, action: "acknowledged", reason };
        match self.status {
            Status::Resolved => return Err(wrong("it is resolved".to_owned())),
            Status::Acknowledged => return Err(wrong(format!("{} has done so already", self.acknowledged_by))),
            Status::Open => {}
        }
        self.status = Status::Acknowledged;
        self.acknowledged_ms = Some(now_ms);
        self.acknowledged_by.clone_from(&who);
        let mut text = format!("{who} acknowledged {}", via.in_words());
        if !note.trim().is_empty() {
            text = format!("{text}: {}", text_of(note));
        }
        self.event(now_ms, EventKind::Acknowledged, text, &who, String::new());
        self.cancel_pages(&format!("{who} acknowledged"), now_ms);
        Ok(())
    }

    /// Somebody ends it, whatever its alerts do.
    pub fn resolve(&mut self, who: &str, via: Via, note: &str, now_ms: i64) -> Result<(), IncidentError> {
        let who = name_of(who)?;
        if self.status == Status::Resolved {
            return Err(IncidentError::WrongState { id: self.id, action: "resolved", reason: "it is resolved already".to_owned() });
        }
        if self.acknowledged_by.is_empty() {
            self.acknowledged_by.clone_from(&who);
            self.acknowledged_ms = Some(now_ms);
        }
        let mut why = format!("{who} resolved it {}", via.in_words());
        if !note.trim().is_empty() {
            why = format!("{why}: {}", text_of(note));
        }
        self.close(&why, &who, now_ms);
        Ok(())
    }

    /// Somebody writes something down.
    pub fn note(&mut self, who: &str, text: &str, now_ms: i64) -> Result<(), IncidentError> {
        let who = name_of(who)?;
        let text = text_of(text);
        if text.is_empty() {
            return Err(IncidentError::Invalid("the note is empty".to_owned()));
        }
        self.event(now_ms, EventKind::Note, text, &who, String::new());
        Ok(())
    }

    /// Ends the incident.
    pub(crate) fn close(&mut self, why: &str, who: &str, now_ms: i64) {
        self.status = Status::Resolved;
        self.resolved_ms = Some(now_ms);
        who.clone_into(&mut self.resolved_by);
        let lasted = format_duration(Duration::from_millis((now_ms - self.round_started_ms()).max(0) as u64));
        self.event(now_ms, EventKind::Resolved, format!("{} closed after {lasted}", self.id), who, why);
        self.cancel_pages("the incident has ended", now_ms);
    }

    /// When to conclude that its alerts are no longer spoken of at all (as after a restart during
    /// which they ended): three flush intervals, at least 15 minutes, after the last flush or the
    /// start of the process, and not before the alerts' own ends.
    pub fn lost_deadline_ms(&self, process_started_ms: i64) -> Option<i64> {
        if !self.is_live() {
            return None;
        }
        let patience_ms = (3 * self.flush_interval_ms).max(LOST_AFTER_MS);
        let ends = self.alerts.values().filter(|a| a.status != AlertStatus::Resolved).map(|a| a.alert.ends_at_ms);
        let quiet_since = self.last_flush_ms.max(process_started_ms);
        Some(ends.fold(quiet_since.saturating_add(patience_ms), i64::max))
    }

    /// Ends the incident when nothing has been heard of its alerts.
    pub(crate) fn end_if_lost(&mut self, process_started_ms: i64, now_ms: i64) {
        if self.lost_deadline_ms(process_started_ms).is_some_and(|deadline| deadline <= now_ms) {
            let live: Vec<String> =
                self.alerts.iter().filter(|(_, a)| a.status != AlertStatus::Resolved).map(|(id, _)| id.clone()).collect();
            for id in live {
                self.end_alert(&id, "its end has passed without an update", now_ms, false);
            }
            let since = crate::incident::moment(self.last_flush_ms);
            self.close(&format!("nothing was heard of its alerts since {since:.0}, and their ends have passed"), "", now_ms);
        }
    }
}

fn shown(receiver: &str) -> String {
    if receiver.is_empty() { "(none)".to_owned() } else { format!("`{receiver}`") }
}

fn counted(alerts: usize) -> String {
    if alerts == 1 { "1 alert".to_owned() } else { format!("{alerts} alerts") }
}

fn name_of(who: &str) -> Result<String, IncidentError> {
    let name: String = who.trim().chars().filter(|c| !c.is_control()).take(200).collect();
    if name.is_empty() {
        return Err(IncidentError::Invalid("say who you are: the name is empty".to_owned()));
    }
    Ok(name)
}

fn text_of(text: &str) -> String {
    text.trim().chars().filter(|c| *c == '\n' || !c.is_control()).take(MAX_TEXT).collect()
}
