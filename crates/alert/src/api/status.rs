//! `/api/v2/status` and `/api/v2/receivers`.

use super::{ReceiverName, api_time};
use crate::alerting::Alerting;
use serde::Serialize;

/// The state of this Phoenix, as Alertmanager's API has it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Status {
    /// Replicas find each other through the state store, so there is no cluster to speak of.
    pub cluster: ClusterStatus,
    /// The config in force.
    pub config: ConfigStatus,
    /// Since when it runs.
    pub uptime: String,
    /// What runs.
    pub version_info: VersionInfo,
}

/// Always `disabled`, without peers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct ClusterStatus {
    pub peers: Vec<String>,
    pub status: &'static str,
}

/// The config's text without secrets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct ConfigStatus {
    pub original: String,
}

/// What runs.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
#[expect(missing_docs, reason = "the names are those of Alertmanager's OpenAPI document")]
pub struct VersionInfo {
    pub branch: String,
    pub build_date: String,
    pub build_user: String,
    pub go_version: String,
    pub revision: String,
    pub version: String,
}

impl Alerting {
    /// `GET /api/v2/status`.
    pub fn status(&self) -> Status {
        Status {
            cluster: ClusterStatus { peers: Vec::new(), status: "disabled" },
            config: ConfigStatus { original: self.room.active().config.shown.clone() },
            uptime: api_time(self.room.started_at_ms),
            version_info: VersionInfo { version: env!("CARGO_PKG_VERSION").to_owned(), ..VersionInfo::default() },
        }
    }

    /// `GET /api/v2/receivers`: in the order of their names.
    pub fn receivers(&self) -> Vec<ReceiverName> {
        self.room.active().config.receivers.keys().map(|name| ReceiverName { name: name.clone() }).collect()
    }
}
