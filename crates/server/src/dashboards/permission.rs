//! Who may change what. There is no authentication yet, so everybody may change what no file holds.

use super::files::Files;
use super::{LibraryError, folders};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Who(String);

impl Who {
    /// As somebody names themselves; `way` (`ui`, `api`, `grafana-api`) when they don't.
    pub(crate) fn named(name: Option<&str>, way: &str) -> Self {
        /// Longer names are cut.
        const MAX_CHARS: usize = 100;
        let name = name.map_or("", str::trim);
        Self(if name.is_empty() { way.to_owned() } else { name.chars().take(MAX_CHARS).collect() })
    }

    /// For the audit log and versions.
    pub(crate) fn name(&self) -> &str {
        &self.0
    }
}

/// What somebody wants to change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Subject<'a> {
    /// A dashboard, by its uid.
    Dashboard(&'a str),
    /// A folder, by its uid: itself, or what is in it.
    Folder(&'a str),
    /// The annotations of a dashboard, by its uid; empty for those of none. A file does not hold them.
    Annotations(&'a str),
}

/// Whether somebody may change something. Permissions will be asked here, and nowhere else.
pub(super) fn may_edit(_who: &Who, subject: Subject<'_>, files: &Files) -> Result<(), LibraryError> {
    match subject {
        Subject::Dashboard(uid) => match files.dashboards.get(uid) {
            Some(file) => Err(LibraryError::OfFile { what: "dashboard", file: file.name.clone() }),
            None => Ok(()),
        },
        Subject::Folder(uid) => match files.folders.iter().find(|folder| folder.uid == uid) {
            Some(folder) => Err(LibraryError::OfFile {
                what: "folder",
                file: format!("the folder `{}` on disk", folders::path(folder, &files.folders)),
            }),
            None => Ok(()),
        },
        Subject::Annotations(_) => Ok(()),
    }
}
