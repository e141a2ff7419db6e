//! `/api/v2/alerts` and `/api/v2/alerts/groups`.

use super::{ApiError, api_time, filters, flag, moment};
use crate::alerting::{Alerting, Core, Room, quiet_time};
use crate::alerts::HeldAlert;
use crate::inhibit::Inhibitor;
use crate::matchers::Matchers;
use phoenix_model::matcher::AnchoredRegex;
use phoenix_model::{Alert, Labels};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::sync::Arc;

/// The most alerts in one request.
const MAX_POSTED: usize = 20_000;
/// The most bytes of all labels and annotations of one alert.
const MAX_ALERT_BYTES: usize = 64 * 1024;

/// Which alerts are asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "they are the parameters of Alertmanager's API")]
pub struct AlertsQuery {
    /// Those that nothing mutes.
    pub active: bool,
    /// Silenced ones.
    pub silenced: bool,
    /// Inhibited ones.
    pub inhibited: bool,
    /// Those in groups that a time interval mutes.
    pub muted: bool,
    /// Those that have not been routed yet; Phoenix routes at once, so there are none.
    pub unprocessed: bool,
    /// Matchers on labels; all have to match.
    pub filter: Vec<String>,
    /// A regular expression on the whole name of the receiver.
    pub receiver: Option<String>,
}

impl Default for AlertsQuery {
    fn default() -> Self {
        Self { active: true, silenced: true, inhibited: true, muted: true, unprocessed: true, filter: Vec::new(), receiver: None }
    }
}

impl AlertsQuery {
    /// Reads the parameters of a request; unknown ones are ignored, as Alertmanager does.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Result<Self, ApiError> {
        let mut query = Self::default();
        for (name, value) in pairs {
            match name {
                "active" => query.active = flag(name, value)?,
                "silenced" => query.silenced = flag(name, value)?,
                "inhibited" => query.inhibited = flag(name, value)?,
                "muted" => query.muted = flag(name, value)?,
                "unprocessed" => query.unprocessed = flag(name, value)?,
                "filter" => query.filter.push(value.to_owned()),
                "receiver" => query.receiver = Some(value.to_owned()).filter(|r| !r.is_empty()),
                _ => {}
            }
        }
        Ok(query)
    }
}

/// An alert as the API gives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct GettableAlert {
    pub annotations: Labels,
    pub ends_at: String,
    pub fingerprint: String,
    pub receivers: Vec<ReceiverName>,
    pub starts_at: String,
    pub status: AlertStatus,
    pub updated_at: String,
    #[serde(rename = "generatorURL", skip_serializing_if = "String::is_empty")]
    pub generator_url: String,
    pub labels: Labels,
}

/// What becomes of an alert.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertStatus {
    /// Fingerprints of the alerts that inhibit it.
    pub inhibited_by: Vec<String>,
    /// Time intervals that mute the group in which it was asked for.
    pub muted_by: Vec<String>,
    /// Ids of the silences that match it.
    pub silenced_by: Vec<String>,
    /// `active` or `suppressed`.
    pub state: &'static str,
}

/// A receiver's name.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReceiverName {
    /// The name.
    pub name: String,
}

/// A group as the API gives it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AlertGroup {
    /// Its alerts.
    pub alerts: Vec<GettableAlert>,
    /// The labels that it shares.
    pub labels: Labels,
    /// Where it goes.
    pub receiver: ReceiverName,
}

/// An alert as it is posted.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct PostableAlert {
    pub labels: BTreeMap<String, String>,
    pub annotations: BTreeMap<String, String>,
    pub starts_at: Option<String>,
    pub ends_at: Option<String>,
    #[serde(rename = "generatorURL")]
    pub generator_url: Option<String>,
}

impl PostableAlert {
    fn into_alert(self, now_ms: i64, resolve_timeout_ms: i64) -> Result<Alert, String> {
        let bytes: usize = self.labels.iter().chain(&self.annotations).map(|(name, value)| name.len() + value.len()).sum();
        if bytes > MAX_ALERT_BYTES {
            return Err(format!("labels and annotations have {bytes} bytes, the limit is {MAX_ALERT_BYTES}"));
        }
        let labels = Labels::from_pairs(&self.labels);
        if labels.is_empty() {
            return Err("at least one label pair required".to_owned());
        }
        if self.labels.keys().chain(self.annotations.keys()).any(String::is_empty) {
            return Err("a label or annotation has an empty name".to_owned());
        }
        let ends_at = moment("endsAt", self.ends_at.as_deref())?;
        let starts_at_ms = moment("startsAt", self.starts_at.as_deref())?.or(ends_at).unwrap_or(now_ms);
        let ends_at_ms = ends_at.unwrap_or(now_ms.saturating_add(resolve_timeout_ms));
        if ends_at_ms < starts_at_ms {
            return Err("start time must be before end time".to_owned());
        }
        Ok(Alert {
            labels,
            annotations: Labels::from_pairs(&self.annotations),
            starts_at_ms,
            ends_at_ms,
            generator_url: self.generator_url.unwrap_or_default(),
            condition_since_ms: None,
            expression: None,
            updated_at_ms: now_ms,
            timeout: ends_at.is_none(),
        })
    }
}

/// A query that has been read.
struct Selection {
    filter: Matchers,
    receiver: Option<AnchoredRegex>,
}

impl Selection {
    fn new(query: &AlertsQuery) -> Result<Self, ApiError> {
        let receiver = query.receiver.as_deref().map(AnchoredRegex::new).transpose();
        let receiver = receiver.map_err(|e| ApiError::BadRequest(format!("failed to parse receiver param: {e}")))?;
        Ok(Self { filter: filters(&query.filter)?, receiver })
    }

    fn wants_receiver(&self, name: &str) -> bool {
        self.receiver.as_ref().is_none_or(|regex| regex.is_match(name))
    }
}

impl AlertsQuery {
    fn wants(&self, status: &AlertStatus) -> bool {
        (self.active || status.state != "active")
            && (self.silenced || status.silenced_by.is_empty())
            && (self.inhibited || status.inhibited_by.is_empty())
            && (self.muted || status.muted_by.is_empty())
    }
}

impl Alerting {
    /// `GET /api/v2/alerts`: those that have not resolved, by fingerprint.
    pub fn get_alerts(&self, query: &AlertsQuery) -> Result<Vec<GettableAlert>, ApiError> {
        let selection = Selection::new(query)?;
        let room = &self.room;
        let (now_ms, active) = (room.clock.now_ms(), room.active());
        let mut core = room.core.lock();
        let inhibitor = Inhibitor::new(&active.config.inhibit_rules, core.alerts.iter(), now_ms);
        let held: Vec<Arc<HeldAlert>> =
            core.alerts.iter().filter(|h| !h.alert.is_resolved_at(now_ms) && selection.filter.matches(&h.alert.labels)).cloned().collect();
        let mut found = Vec::new();
        for alert in held {
            let shown = show(&mut core, &alert, &inhibitor, Vec::new(), now_ms);
            if shown.receivers.iter().any(|receiver| selection.wants_receiver(&receiver.name)) && query.wants(&shown.status) {
                found.push(shown);
            }
        }
        Ok(found)
    }

    /// `GET /api/v2/alerts/groups`: the groups with the alerts asked for, by labels and receiver.
    pub fn get_groups(&self, query: &AlertsQuery) -> Result<Vec<AlertGroup>, ApiError> {
        let selection = Selection::new(query)?;
        let room = &self.room;
        let (now_ms, active) = (room.clock.now_ms(), room.active());
        let mut core = room.core.lock();
        let inhibitor = Inhibitor::new(&active.config.inhibit_rules, core.alerts.iter(), now_ms);
        let routes = Arc::clone(core.dispatcher.routes());
        let groups: Vec<_> = core.dispatcher.groups().map(|(id, group)| (id.clone(), group.alerts())).collect();
        let mut shown = Vec::new();
        for (id, held) in groups {
            let route = routes.route(id.route);
            if !selection.wants_receiver(&route.receiver) {
                continue;
            }
            let muted_by: Vec<String> = quiet_time(route, &active, now_ms).into_iter().collect();
            let mut alerts = Vec::new();
            for alert in held.iter().filter(|h| !h.alert.is_resolved_at(now_ms) && selection.filter.matches(&h.alert.labels)) {
                let alert = show(&mut core, alert, &inhibitor, muted_by.clone(), now_ms);
                if query.wants(&alert.status) {
                    alerts.push(alert);
                }
            }
            if !alerts.is_empty() {
                shown.push(AlertGroup { alerts, labels: id.labels, receiver: ReceiverName { name: route.receiver.clone() } });
            }
        }
        shown.sort_by(|a, b| (&a.labels, &a.receiver).cmp(&(&b.labels, &b.receiver)));
        Ok(shown)
    }

    /// `POST /api/v2/alerts`. Returns once the alerts are on stable storage: what was answered 200
    /// survives a crash. Of several alerts the good ones are taken even if others are refused.
    pub async fn post_alerts(&self, posted: Vec<PostableAlert>) -> Result<(), ApiError> {
        let room = &self.room;
        if posted.len() > MAX_POSTED {
            return Err(ApiError::BadRequest(format!("{} alerts in one request, the limit is {MAX_POSTED}", posted.len())));
        }
        let (alerts, refused) = read(room, posted);
        let taken = room.try_take_in(alerts);
        room.save_alerts().await.map_err(|e| ApiError::Internal(format!("the alerts are routed, but could not be kept: {e}")))?;
        taken.map_err(|e| ApiError::Internal(e.to_string()))?;
        if refused.is_empty() { Ok(()) } else { Err(ApiError::BadRequest(refused.join("; "))) }
    }
}

fn read(room: &Room, posted: Vec<PostableAlert>) -> (Vec<Alert>, Vec<String>) {
    let now_ms = room.clock.now_ms();
    let resolve_timeout_ms = room.active().config.resolve_timeout.as_millis() as i64;
    let (mut alerts, mut refused) = (Vec::new(), Vec::new());
    for alert in posted {
        match alert.into_alert(now_ms, resolve_timeout_ms) {
            Ok(alert) => alerts.push(alert),
            Err(reason) => {
                room.metrics.invalid.get_or_create(&[("version", "v2")]).inc();
                refused.push(reason);
            }
        }
    }
    (alerts, refused)
}

fn show(core: &mut Core, held: &HeldAlert, inhibitor: &Inhibitor, muted_by: Vec<String>, now_ms: i64) -> GettableAlert {
    let alert = &held.alert;
    let routes = Arc::clone(core.dispatcher.routes());
    let receivers = routes.matching(&alert.labels).into_iter().map(|index| ReceiverName { name: routes.route(index).receiver.clone() });
    let silenced_by = core.silences.silencing(held.fingerprint, &alert.labels, now_ms);
    let inhibited_by: Vec<String> = inhibitor.inhibited_by(&alert.labels).iter().map(ToString::to_string).collect();
    let suppressed = !silenced_by.is_empty() || !inhibited_by.is_empty();
    GettableAlert {
        annotations: alert.annotations.clone(),
        ends_at: api_time(alert.ends_at_ms),
        fingerprint: held.fingerprint.to_string(),
        receivers: receivers.collect(),
        starts_at: api_time(alert.starts_at_ms),
        status: AlertStatus { state: if suppressed { "suppressed" } else { "active" }, silenced_by, inhibited_by, muted_by },
        updated_at: api_time(alert.updated_at_ms),
        generator_url: alert.generator_url.clone(),
        labels: alert.labels.clone(),
    }
}
