//! Saved dashboards as they were read, so that looking at one again does not migrate it again; and how many problems
//! they have, which a newer Phoenix counts anew.

use super::{Library, LibraryError, problems, read_saved};
use crate::events::Event;
use crate::shutdown::Shutdown;
use parking_lot::Mutex;
use phoenix_dashboard::{Finding, Read};
use phoenix_model::Recent;
use phoenix_state::dashboard::DashboardRow;
use serde_json::Value;
use std::sync::Arc;

/// Memory for dashboards as they were read.
const MAX_KEPT_BYTES: u64 = 32 << 20;

/// Who counted the problems of a dashboard.
pub(super) const COUNTED_BY: &str = env!("CARGO_PKG_VERSION");

/// A dashboard in the newest form.
#[derive(Debug, Clone)]
pub(super) struct Reading {
    /// JSON.
    pub(super) json: Arc<str>,
    pub(super) report: Arc<[Finding]>,
    /// JSON as it was saved.
    pub(super) original: Arc<str>,
}

impl Reading {
    pub(super) fn new(read: Read, original: impl Into<Arc<str>>) -> Self {
        let json = Value::Object(read.dashboard.into_json()).to_string();
        Self { json: json.into(), report: read.report.into(), original: original.into() }
    }

    fn size_bytes(&self) -> u64 {
        let texts = |finding: &Finding| {
            let title = finding.panel.as_ref().map_or(0, |panel| panel.title.len() + panel.kind.len());
            finding.path.len() + finding.message.len() + finding.help.as_ref().map_or(0, String::len) + title
        };
        let findings: usize = self.report.iter().map(|finding| size_of::<Finding>() + texts(finding)).sum();
        (self.json.len() + self.original.len() + findings) as u64
    }
}

/// Which text a reading is of. One that was deleted and made anew has its versions again, at another time.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Of {
    uid: String,
    version: i64,
    updated_ms: i64,
}

impl Of {
    fn row(row: &DashboardRow) -> Self {
        Self { uid: row.uid.clone(), version: row.version, updated_ms: row.updated_ms }
    }
}

/// What was read lately.
pub(super) struct Readings(Mutex<Recent<Of, Reading>>);

impl Default for Readings {
    fn default() -> Self {
        Self(Mutex::new(Recent::new(MAX_KEPT_BYTES)))
    }
}

impl Readings {
    pub(super) fn get(&self, row: &DashboardRow) -> Option<Reading> {
        self.0.lock().get(&Of::row(row)).cloned()
    }

    pub(super) fn put(&self, row: &DashboardRow, reading: Reading) {
        let bytes = reading.size_bytes();
        self.0.lock().put(Of::row(row), reading, bytes, MAX_KEPT_BYTES / 4);
    }

    /// Forgets all versions of a dashboard.
    pub(super) fn forget(&self, uid: &str) {
        self.0.lock().retain(|of| of.uid != uid);
    }
}

impl Library {
    /// The newest version of a saved dashboard, read now or before.
    pub(super) async fn newest(&self, uid: &str) -> Result<(DashboardRow, Reading), LibraryError> {
        let none = || LibraryError::no_dashboard(uid);
        let row = self.state.dashboard_row(uid).await?.ok_or_else(none)?;
        if let Some(reading) = self.readings.get(&row) {
            return Ok((row, reading));
        }
        let (mut row, body) = self.state.dashboard(uid).await?.ok_or_else(none)?;
        let (named, version) = (row.uid.clone(), row.version);
        let reading = self.reading(move || read_saved(&body, &named, version).map(|read| Reading::new(read, body))).await??;
        let problems = problems(&reading.report);
        if problems != row.problems || row.counted_by != COUNTED_BY {
            self.state.set_dashboard_problems(&row.uid, row.version, problems, COUNTED_BY).await?;
            row.problems = problems;
        }
        self.readings.put(&row, reading.clone());
        Ok((row, reading))
    }

    /// Counts anew what another Phoenix counted: this one may show more, or see more that it does not show.
    pub(crate) async fn recount(self: Arc<Self>, shutdown: Shutdown) {
        let counted = tokio::select! {
            () = shutdown.wait() => return,
            counted = self.recount_all() => counted,
        };
        match counted {
            Ok(true) => self.events.publish(Event::Dashboards(None)),
            Ok(false) => {}
            Err(error) => tracing::warn!(%error, "the problems of saved dashboards are those that another version of Phoenix counted"),
        }
    }

    /// Whether any dashboard has other problems than it had.
    async fn recount_all(&self) -> Result<bool, LibraryError> {
        let mut changed = false;
        for row in self.state.dashboards().await?.into_iter().filter(|row| row.counted_by != COUNTED_BY) {
            let Some((now, body)) = self.state.dashboard(&row.uid).await? else { continue };
            let (uid, version) = (now.uid.clone(), now.version);
            match self.reading(move || read_saved(&body, &uid, version).map(|read| problems(&read.report))).await? {
                Ok(problems) => {
                    self.state.set_dashboard_problems(&now.uid, now.version, problems, COUNTED_BY).await?;
                    changed |= problems != row.problems;
                }
                Err(error) => tracing::warn!(uid = row.uid, %error, "a saved dashboard cannot be read"),
            }
        }
        Ok(changed)
    }
}
