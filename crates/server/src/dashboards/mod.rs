//! All dashboards: those of files, which win, and those that people save; their folders, versions and changes.

mod error;
mod files;
mod folders;
mod identity;
mod permission;
mod readings;
mod save;
mod starter;
mod watch;

pub(crate) use error::LibraryError;
pub(crate) use folders::{Folder, FolderChange, around};
pub(crate) use identity::{number, slug};
pub(crate) use permission::Who;
use permission::{Subject, may_edit};
use readings::{Reading, Readings};
pub(crate) use save::NewDashboard;
pub use starter::STARTER_DASHBOARDS;
pub(crate) use watch::Sources;

use crate::events::Events;
use files::{FileDashboard, Files};
use parking_lot::{Mutex, RwLock};
use phoenix_dashboard::{Finding, Read, ReadOptions};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::Severity;
use phoenix_state::State;
use phoenix_state::dashboard::DashboardRow;
use serde_json::Value;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::sync::{Notify, Semaphore, watch as flag};

/// Dashboards that requests read at one time.
const READERS: usize = 4;

/// Where a dashboard comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Origin {
    /// A file, named as people know it.
    File(String),
    /// Somebody saved it.
    State,
}

/// A dashboard without its JSON. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone)]
pub(crate) struct Summary {
    pub(crate) uid: String,
    pub(crate) title: String,
    pub(crate) tags: Vec<String>,
    /// Empty at the root.
    pub(crate) folder_uid: String,
    pub(crate) origin: Origin,
    pub(crate) version: i64,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    /// Empty for files.
    pub(crate) created_by: String,
    /// Empty for files.
    pub(crate) updated_by: String,
    /// Findings of its report that are errors or warnings.
    pub(crate) problems: i64,
}

/// A dashboard in the newest form, with its report.
#[derive(Debug, Clone)]
pub(crate) struct Whole {
    pub(crate) summary: Summary,
    /// The title of its folder and of those around it, outermost first.
    pub(crate) folder: Option<Folder>,
    /// JSON in the newest form.
    pub(crate) json: Arc<str>,
    pub(crate) report: Arc<[Finding]>,
    /// JSON as it was saved or exported, which tools compare with what they hold.
    pub(crate) original: Arc<str>,
}

/// All dashboards and folders.
#[derive(Debug)]
pub(crate) struct Listing {
    /// By title.
    pub(crate) dashboards: Vec<Summary>,
    /// By title.
    pub(crate) folders: Vec<Folder>,
}

/// All dashboards; see the module.
pub(crate) struct Library {
    state: State,
    clock: SharedClock,
    disk: SharedDisk,
    events: Events,
    /// What the watched files hold.
    files: RwLock<Arc<Files>>,
    sources: Mutex<Sources>,
    sources_changed: Notify,
    /// Whether files have been looked at once.
    looked: flag::Sender<bool>,
    /// Saved dashboards that a file's hides, as messages.
    hidden: RwLock<Vec<String>>,
    /// Dashboards that are read at one time: each may take many times its length.
    readers: Semaphore,
    readings: Readings,
}

impl Library {
    /// Files are looked at once [`Library::watch`] runs.
    pub(crate) fn new(state: State, clock: SharedClock, disk: SharedDisk, events: Events, sources: Sources) -> Self {
        Self {
            state,
            clock,
            disk,
            events,
            files: RwLock::default(),
            sources: Mutex::new(sources),
            sources_changed: Notify::new(),
            looked: flag::channel(false).0,
            hidden: RwLock::default(),
            readers: Semaphore::new(READERS),
            readings: Readings::default(),
        }
    }

    /// The files, once they have been looked at.
    async fn files(&self) -> Arc<Files> {
        // The sender lives as long as `self`, so an error cannot happen while somebody waits.
        let _ = self.looked.subscribe().wait_for(|looked| *looked).await;
        Arc::clone(&self.files.read())
    }

    /// All dashboards and folders.
    pub(crate) async fn list(&self) -> Result<Listing, LibraryError> {
        let files = self.files().await;
        let saved = self.state.dashboards().await?.into_iter().filter(|row| !files.dashboards.contains_key(&row.uid)).map(of_row);
        let mut dashboards: Vec<Summary> = files.dashboards.values().map(|file| file.summary.clone()).chain(saved).collect();
        dashboards.sort_by(|a, b| (a.title.to_lowercase(), &a.uid).cmp(&(b.title.to_lowercase(), &b.uid)));
        Ok(Listing { dashboards, folders: self.folders_beside(&files).await? })
    }

    /// One dashboard.
    pub(crate) async fn get(&self, uid: &str) -> Result<Whole, LibraryError> {
        let files = self.files().await;
        if let Some(file) = files.dashboards.get(uid) {
            let folder = files.folders.iter().find(|folder| folder.uid == file.summary.folder_uid).cloned();
            return Ok(of_file(file, folder));
        }
        let (row, reading) = self.newest(uid).await?;
        self.whole(row, reading).await
    }

    /// A saved dashboard that was read.
    async fn whole(&self, row: DashboardRow, reading: Reading) -> Result<Whole, LibraryError> {
        let folder = self.folder(&row.folder_uid).await?;
        let Reading { json, report, original } = reading;
        Ok(Whole { summary: of_row(row), folder, json, report, original })
    }

    /// The uid of a dashboard by the number that stands for it in Grafana's older API.
    pub(crate) async fn uid_of_number(&self, wanted: i64) -> Result<Option<String>, LibraryError> {
        Ok(self.list().await?.dashboards.into_iter().map(|dashboard| dashboard.uid).find(|uid| number(uid) == wanted))
    }

    /// The JSON that Grafana imports.
    pub(crate) async fn export(&self, json: Arc<str>) -> Result<Value, LibraryError> {
        let export = move || phoenix_dashboard::read(&json, &ReadOptions::default()).map(|read| read.dashboard.export());
        self.reading(export).await?.map_err(LibraryError::Unreadable)
    }

    /// Reads any dashboard without keeping it.
    pub(crate) async fn preview(&self, text: String, inputs: BTreeMap<String, String>) -> Result<Read, LibraryError> {
        let read = move || phoenix_dashboard::read(&text, &ReadOptions { uid_hint: None, inputs });
        self.reading(read).await?.map_err(LibraryError::Unreadable)
    }

    /// Runs what takes long for large dashboards in its turn, where it holds up no other request.
    async fn reading<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T, LibraryError> {
        let _turn = self.readers.acquire().await.map_err(|_| LibraryError::Ended)?;
        tokio::task::spawn_blocking(work).await.map_err(|_| LibraryError::Ended)
    }

    /// Whether somebody may add, change and forget annotations of a dashboard, by its uid; empty for those of none.
    pub(crate) async fn may_annotate(&self, who: &Who, dashboard_uid: &str) -> Result<(), LibraryError> {
        may_edit(who, Subject::Annotations(dashboard_uid), &*self.files().await)
    }

    /// What is wrong with files of dashboards, for Home.
    pub(crate) fn problems(&self) -> Vec<String> {
        let files = Arc::clone(&self.files.read());
        files.problems.iter().chain(self.hidden.read().iter()).cloned().collect()
    }
}

/// Reads what was saved, under the uid and version that it has in the store.
fn read_saved(body: &str, uid: &str, version: i64) -> Result<Read, LibraryError> {
    let options = ReadOptions { uid_hint: Some(uid.to_owned()), inputs: BTreeMap::new() };
    let mut read = phoenix_dashboard::read(body, &options).map_err(LibraryError::Unreadable)?;
    read.dashboard.set_uid(uid);
    read.dashboard.set_version(version);
    Ok(read)
}

fn of_row(row: DashboardRow) -> Summary {
    Summary {
        uid: row.uid,
        title: row.title,
        tags: row.tags,
        folder_uid: row.folder_uid,
        origin: Origin::State,
        version: row.version,
        created_ms: row.created_ms,
        updated_ms: row.updated_ms,
        created_by: row.created_by,
        updated_by: row.updated_by,
        problems: row.problems,
    }
}

fn of_file(file: &FileDashboard, folder: Option<Folder>) -> Whole {
    Whole {
        summary: file.summary.clone(),
        folder,
        json: Arc::clone(&file.json),
        report: Arc::clone(&file.report),
        original: Arc::clone(&file.json),
    }
}

/// How many findings say that something is not shown as it was meant.
pub(crate) fn problems(report: &[Finding]) -> i64 {
    report.iter().filter(|finding| finding.severity > Severity::Info).count() as i64
}

#[cfg(test)]
mod tests;
