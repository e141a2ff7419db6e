//! The data of one notification, as templates and webhooks see it.

use crate::alerts::HeldAlert;
use phoenix_model::Labels;
use phoenix_template::{Value, value};
use serde::Serialize;
use std::sync::Arc;

/// A group's alerts at one notification. Its JSON is the body of a webhook.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Data {
    /// The receiver's name.
    pub receiver: String,
    /// `firing` if at least one alert is, else `resolved`.
    pub status: &'static str,
    /// The alerts, sorted by labels.
    pub alerts: Vec<AlertData>,
    /// The labels by which they are grouped.
    pub group_labels: Labels,
    /// The labels that all of them have.
    pub common_labels: Labels,
    /// The annotations that all of them have.
    pub common_annotations: Labels,
    /// Where people find Phoenix, without a slash at the end.
    #[serde(rename = "externalURL")]
    pub external_url: String,
}

/// One alert of a notification.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AlertData {
    /// `firing` or `resolved`.
    pub status: &'static str,
    /// Its labels.
    pub labels: Labels,
    /// Its annotations.
    pub annotations: Labels,
    /// When it began.
    #[serde(serialize_with = "as_go_time")]
    pub starts_at: i64,
    /// When it ended; Go's zero time while it fires.
    #[serde(serialize_with = "as_go_time")]
    pub ends_at: i64,
    /// A link to what raised it.
    #[serde(rename = "generatorURL")]
    pub generator_url: String,
    /// Identifies it.
    pub fingerprint: String,
}

/// Milliseconds since the Unix epoch of Go's zero time, year 1.
pub(crate) const GO_ZERO_MS: i64 = -62_135_596_800_000;

/// A moment as Go writes it in JSON: RFC 3339 with as many digits after the second as it needs.
pub fn go_time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| "0001-01-01T00:00:00Z".to_owned(), |at| at.to_string())
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde's signature")]
fn as_go_time<S: serde::Serializer>(ms: &i64, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&go_time(*ms))
}

impl Data {
    /// The data of `alerts` at a moment.
    pub fn new(receiver: &str, group_labels: &Labels, alerts: &[Arc<HeldAlert>], external_url: &str, now_ms: i64) -> Self {
        let data: Vec<AlertData> = alerts.iter().map(|held| AlertData::new(held, now_ms)).collect();
        Self {
            receiver: receiver.to_owned(),
            status: if data.iter().any(|alert| alert.status == "firing") { "firing" } else { "resolved" },
            group_labels: group_labels.clone(),
            common_labels: common(alerts.iter().map(|held| &held.alert.labels)),
            common_annotations: common(alerts.iter().map(|held| &held.alert.annotations)),
            external_url: external_url.to_owned(),
            alerts: data,
        }
    }

    /// As templates see it.
    pub fn to_value(&self) -> Value {
        value::object(
            "notification",
            [
                ("Receiver", value::string(self.receiver.as_str())),
                ("Status", value::string(self.status)),
                ("Alerts", value::list(self.alerts.iter().map(AlertData::to_value))),
                ("GroupLabels", value::labels(&self.group_labels)),
                ("CommonLabels", value::labels(&self.common_labels)),
                ("CommonAnnotations", value::labels(&self.common_annotations)),
                ("ExternalURL", value::string(self.external_url.as_str())),
            ],
        )
    }
}

impl AlertData {
    fn new(held: &HeldAlert, now_ms: i64) -> Self {
        let resolved = held.alert.is_resolved_at(now_ms);
        Self {
            status: if resolved { "resolved" } else { "firing" },
            labels: held.alert.labels.clone(),
            annotations: held.alert.annotations.clone(),
            starts_at: held.alert.starts_at_ms,
            // What fires has no end yet, even if an end is on record for the case that nobody reports it again.
            ends_at: if resolved { held.alert.ends_at_ms } else { GO_ZERO_MS },
            generator_url: held.alert.generator_url.clone(),
            fingerprint: held.fingerprint.to_string(),
        }
    }

    fn to_value(&self) -> Value {
        value::object(
            "alert",
            [
                ("Status", value::string(self.status)),
                ("Labels", value::labels(&self.labels)),
                ("Annotations", value::labels(&self.annotations)),
                ("StartsAt", value::time(self.starts_at)),
                ("EndsAt", value::time(self.ends_at)),
                ("GeneratorURL", value::string(self.generator_url.as_str())),
                ("Fingerprint", value::string(self.fingerprint.as_str())),
            ],
        )
    }
}

/// The pairs that all sets share.
fn common<'a>(mut sets: impl Iterator<Item = &'a Labels>) -> Labels {
    let Some(first) = sets.next() else { return Labels::empty() };
    let mut shared = first.clone();
    for set in sets {
        if shared.is_empty() {
            break;
        }
        shared = shared.filter(|name| set.get(name).is_some() && set.get(name) == first.get(name));
    }
    shared
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_in_go() {
        for (ms, want) in
            [(GO_ZERO_MS, "0001-01-01T00:00:00Z"), (0, "1970-01-01T00:00:00Z"), (1_700_000_000_120, "2023-11-14T22:13:20.12Z")]
        {
            assert_eq!(go_time(ms), want);
        }
    }
}
