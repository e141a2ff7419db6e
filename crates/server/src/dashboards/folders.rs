//! Folders: those on disk below the patterns of `dashboards:`, and those that people make.

use super::files::Files;
use super::identity::{check_title, check_uid, fresh_uid};
use super::permission::{Subject, may_edit};
use super::{Library, LibraryError, Who};
use crate::events::Event;
use phoenix_state::dashboard::{Expected, FolderRow, FolderSave, Saved};
use std::collections::HashMap;

/// Folders within each other, at most.
const MAX_DEPTH: usize = 8;

/// A folder. Times are milliseconds since the Unix epoch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Folder {
    pub(crate) uid: String,
    pub(crate) title: String,
    /// Empty at the root.
    pub(crate) parent_uid: String,
    /// Whether it is one on disk.
    pub(crate) of_files: bool,
    pub(crate) version: i64,
    pub(crate) created_ms: i64,
    pub(crate) updated_ms: i64,
    pub(crate) created_by: String,
    pub(crate) updated_by: String,
}

impl From<FolderRow> for Folder {
    fn from(row: FolderRow) -> Self {
        Self {
            uid: row.uid,
            title: row.title,
            parent_uid: row.parent_uid,
            of_files: false,
            version: row.version,
            created_ms: row.created_ms,
            updated_ms: row.updated_ms,
            created_by: row.created_by,
            updated_by: row.updated_by,
        }
    }
}

/// A change of a folder; `None` leaves things as they are.
#[derive(Debug, Default)]
pub(crate) struct FolderChange {
    pub(crate) title: Option<String>,
    pub(crate) parent_uid: Option<String>,
    /// The version that it has to have.
    pub(crate) version: Option<i64>,
}

impl Library {
    /// All folders, by title.
    pub(crate) async fn folders(&self) -> Result<Vec<Folder>, LibraryError> {
        let files = self.files().await;
        self.folders_beside(&files).await
    }

    pub(super) async fn folders_beside(&self, files: &Files) -> Result<Vec<Folder>, LibraryError> {
        let made = self.state.dashboard_folders().await?.into_iter().map(Folder::from);
        let made = made.filter(|folder| files.folders.iter().all(|other| other.uid != folder.uid));
        let mut folders: Vec<Folder> = files.folders.iter().cloned().chain(made).collect();
        folders.sort_by(|a, b| (a.title.to_lowercase(), &a.uid).cmp(&(b.title.to_lowercase(), &b.uid)));
        Ok(folders)
    }

    /// The folder of this uid; none for the root, and for one that is gone.
    pub(super) async fn folder(&self, uid: &str) -> Result<Option<Folder>, LibraryError> {
        if uid.is_empty() {
            return Ok(None);
        }
        Ok(self.folders().await?.into_iter().find(|folder| folder.uid == uid))
    }

    /// Makes a folder; without a uid it gets one.
    pub(crate) async fn create_folder(&self, who: &Who, uid: Option<&str>, title: &str, parent_uid: &str) -> Result<Folder, LibraryError> {
        let uid = uid.filter(|uid| !uid.is_empty()).map_or_else(fresh_uid, str::to_owned);
        check_uid(&uid)?;
        check_title(title)?;
        let files = self.files().await;
        may_edit(who, Subject::Folder(&uid), &files)?;
        self.check_parent(who, None, parent_uid, &files).await?;
        let save = FolderSave {
            uid: &uid,
            parent_uid,
            title: title.trim(),
            by: who.name(),
            now_ms: self.clock.now_ms(),
            expected: Expected::Absent,
        };
        self.kept(self.state.save_dashboard_folder(&save).await?, &uid)
    }

    /// Renames or moves a folder.
    pub(crate) async fn change_folder(&self, who: &Who, uid: &str, change: &FolderChange) -> Result<Folder, LibraryError> {
        let files = self.files().await;
        may_edit(who, Subject::Folder(uid), &files)?;
        let folder = self.folder(uid).await?.ok_or_else(|| LibraryError::no_folder(uid))?;
        let title = change.title.as_deref().unwrap_or(&folder.title).trim();
        check_title(title)?;
        let parent_uid = change.parent_uid.as_deref().unwrap_or(&folder.parent_uid);
        if parent_uid != folder.parent_uid {
            self.check_parent(who, Some(uid), parent_uid, &files).await?;
        }
        // What was read here has to be what is changed, whatever the caller knows.
        let expected = Expected::Version(change.version.unwrap_or(folder.version));
        let save = FolderSave { uid, parent_uid, title, by: who.name(), now_ms: self.clock.now_ms(), expected };
        match self.state.save_dashboard_folder(&save).await? {
            Saved::Conflict(current) => Err(LibraryError::Changed { what: "folder", current }),
            saved => self.kept(saved, uid),
        }
    }

    /// Deletes a folder, those in it and all their dashboards.
    pub(crate) async fn delete_folder(&self, who: &Who, uid: &str) -> Result<Folder, LibraryError> {
        let files = self.files().await;
        may_edit(who, Subject::Folder(uid), &files)?;
        let all = self.folders_beside(&files).await?;
        let folder = all.iter().find(|folder| folder.uid == uid).cloned().ok_or_else(|| LibraryError::no_folder(uid))?;
        let inside: Vec<String> = levels(uid, &all).into_iter().flatten().map(str::to_owned).collect();
        for uid in self.state.delete_dashboard_folders(&inside, who.name(), self.clock.now_ms()).await? {
            self.readings.forget(&uid);
        }
        self.events.publish(Event::Dashboards(None));
        Ok(folder)
    }

    /// Whether something may be put into a folder.
    pub(super) async fn check_folder(&self, who: &Who, uid: &str, files: &Files) -> Result<(), LibraryError> {
        if uid.is_empty() {
            return Ok(());
        }
        may_edit(who, Subject::Folder(uid), files)?;
        if self.folder(uid).await?.is_none() {
            return Err(LibraryError::Invalid(format!("there is no folder `{uid}` to put it into")));
        }
        Ok(())
    }

    /// Whether a folder (a new one without a uid) may stand in another.
    async fn check_parent(&self, who: &Who, uid: Option<&str>, parent_uid: &str, files: &Files) -> Result<(), LibraryError> {
        self.check_folder(who, parent_uid, files).await?;
        let all = self.folders_beside(files).await?;
        let around = around(parent_uid, &all);
        if let Some(uid) = uid
            && around.iter().any(|folder| folder.uid == uid)
        {
            return Err(LibraryError::Invalid("a folder cannot stand in itself".to_owned()));
        }
        // What stands in the folder moves with it.
        if around.len() + uid.map_or(1, |uid| levels(uid, &all).len()) > MAX_DEPTH {
            return Err(LibraryError::Invalid(format!("folders may stand {MAX_DEPTH} deep within each other")));
        }
        Ok(())
    }

    fn kept(&self, saved: Saved<FolderRow>, uid: &str) -> Result<Folder, LibraryError> {
        match saved {
            Saved::Done(row) => {
                self.events.publish(Event::Dashboards(None));
                Ok(row.into())
            }
            Saved::Conflict(_) => Err(LibraryError::Exists { what: "folder", uid: uid.to_owned() }),
            Saved::Missing => Err(LibraryError::no_folder(uid)),
            Saved::Full(limit) => Err(LibraryError::Full { what: "folders", limit }),
        }
    }
}

/// A folder and those around it, innermost first; none for the root.
pub(crate) fn around<'a>(uid: &str, all: &'a [Folder]) -> Vec<&'a Folder> {
    let mut chain: Vec<&Folder> = Vec::new();
    let mut next = all.iter().find(|folder| folder.uid == uid);
    while let Some(folder) = next.filter(|folder| !chain.contains(folder)) {
        chain.push(folder);
        next = all.iter().find(|other| other.uid == folder.parent_uid);
    }
    chain
}

/// The folder, those in it, those in these, and so on: the uids of each level.
fn levels<'a>(uid: &'a str, all: &'a [Folder]) -> Vec<Vec<&'a str>> {
    let mut children: HashMap<&str, Vec<&str>> = HashMap::new();
    for folder in all {
        children.entry(&folder.parent_uid).or_default().push(&folder.uid);
    }
    let mut levels = vec![vec![uid]];
    loop {
        // Two moves at once can make folders stand in each other; that ends where it began.
        let below = levels[levels.len() - 1].iter().flat_map(|above| children.remove(above).unwrap_or_default());
        let next: Vec<&str> = below.filter(|below| *below != uid).collect();
        if next.is_empty() {
            return levels;
        }
        levels.push(next);
    }
}

/// Its titles from the root on.
pub(super) fn path(folder: &Folder, all: &[Folder]) -> String {
    let titles: Vec<&str> = around(&folder.uid, all).into_iter().rev().map(|folder| folder.title.as_str()).collect();
    titles.join("/")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_go_down_and_end() {
        let folder = |(uid, parent_uid): &(&str, &str)| {
            Folder::from(FolderRow { uid: (*uid).to_owned(), parent_uid: (*parent_uid).to_owned(), ..FolderRow::default() })
        };
        let all: Vec<Folder> = [("a", ""), ("b", "a"), ("c", "a"), ("d", "c"), ("x", "y"), ("y", "x")].iter().map(folder).collect();
        for (uid, want) in [
            ("a", vec![vec!["a"], vec!["b", "c"], vec!["d"]]),
            ("c", vec![vec!["c"], vec!["d"]]),
            ("d", vec![vec!["d"]]),
            ("x", vec![vec!["x"], vec!["y"]]),
        ] {
            assert_eq!(levels(uid, &all), want, "{uid}");
        }
    }
}
