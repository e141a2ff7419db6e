//! Dashboards that people save, their versions and folders. What a dashboard means is another room's business.

mod folder;
mod read;
mod write;

pub use folder::{FolderRow, FolderSave};
pub use write::DashboardSave;

/// Versions of one dashboard that are kept; with one more the oldest is forgotten.
pub const MAX_VERSIONS: i64 = 50;
/// Dashboards that are kept.
pub const MAX_DASHBOARDS: i64 = 10_000;
/// Folders that are kept.
pub const MAX_FOLDERS: i64 = 2_000;

/// A dashboard without its text. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DashboardRow {
    /// Its name in links.
    pub uid: String,
    /// The folder's; empty at the root.
    pub folder_uid: String,
    /// Its title.
    pub title: String,
    /// Its tags.
    pub tags: Vec<String>,
    /// The newest version's number.
    pub version: i64,
    /// What its report says is not shown as it was meant.
    pub problems: i64,
    /// The version of Phoenix that counted them.
    pub counted_by: String,
    /// When its first version was saved.
    pub created_ms: i64,
    /// When its newest version was saved.
    pub updated_ms: i64,
    /// Who saved the first version.
    pub created_by: String,
    /// Who saved the newest version.
    pub updated_by: String,
}

/// One version without its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionRow {
    /// Rising from 1.
    pub version: i64,
    /// When it was saved.
    pub created_ms: i64,
    /// Who saved it.
    pub created_by: String,
    /// What was said about the change; may be empty.
    pub message: String,
    /// The version that was brought back, or 0.
    pub restored_from: i64,
}

/// What has to be there for a change to happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing yet.
    Absent,
    /// This version.
    Version(i64),
    /// Whatever there is, or nothing.
    Any,
}

/// What became of a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved<T> {
    /// It is kept; so it stands now.
    Done(T),
    /// Something else is there: its version.
    Conflict(i64),
    /// There is nothing to change.
    Missing,
    /// As many are kept as may be: the limit.
    Full(i64),
}
