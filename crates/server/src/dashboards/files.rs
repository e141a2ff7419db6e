//! Dashboards in files: read when they change, kept as they were when they break.

use super::identity::{check_uid, number};
use super::starter::STARTER_DASHBOARDS;
use super::{Folder, LibraryError, Origin, Sources, Summary, problems};
use crate::config::{DashboardFile, FoundDashboards};
use phoenix_dashboard::{Finding, MAX_BYTES, ReadOptions};
use phoenix_env::{Disk, FileIdentity};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Bytes of all dashboards of files, in the newest form.
const MAX_TOTAL_BYTES: usize = 256 << 20;
/// A file that changed this shortly before it was read is read again: its time may not show a later change.
const SETTLES_AFTER_MS: i64 = 2_000;

/// A dashboard of a file.
#[derive(Debug)]
pub(super) struct FileDashboard {
    /// The file as people know it.
    pub(super) name: String,
    pub(super) summary: Summary,
    /// In the newest form.
    pub(super) json: Arc<str>,
    pub(super) report: Arc<[Finding]>,
}

/// What all files hold.
#[derive(Debug, Default)]
pub(super) struct Files {
    /// By uid.
    pub(super) dashboards: BTreeMap<String, Arc<FileDashboard>>,
    /// Folders on disk that hold them.
    pub(super) folders: Vec<Folder>,
    /// What is wrong, for people.
    pub(super) problems: Vec<String>,
}

/// What tells that a file changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Stamp {
    identity: FileIdentity,
    length: u64,
    modified_ms: i64,
}

/// A file with what was last read from it.
#[derive(Debug, Default)]
struct Known {
    folders: Vec<String>,
    /// `None` makes it read again.
    stamp: Option<Stamp>,
    /// A hash of the content that was last made a dashboard of.
    content: Option<u64>,
    /// What could be read last.
    good: Option<Arc<FileDashboard>>,
    /// Why the content is no dashboard.
    broken: Option<String>,
    /// Why the disk does not give the content.
    unreadable: Option<String>,
}

/// The files that are watched.
#[derive(Debug, Default)]
pub(super) struct Watched {
    known: BTreeMap<PathBuf, Known>,
    problems: Vec<String>,
    order: Vec<PathBuf>,
    starter: Option<Vec<Arc<FileDashboard>>>,
    has_looked: bool,
}

impl Watched {
    /// Looks at all files; what they hold, when anything changed since the last look.
    pub(super) fn look(&mut self, disk: &dyn Disk, sources: &Sources, now_ms: i64) -> Option<Files> {
        let mut changed = !self.has_looked;
        self.has_looked = true;
        let found = if let Some(patterns) = &sources.patterns {
            changed |= self.starter.take().is_some();
            FoundDashboards::look(disk, patterns)
        } else {
            if self.starter.is_none() {
                changed = true;
                self.starter = Some(starter(now_ms));
            }
            FoundDashboards::default()
        };
        let mut order: Vec<PathBuf> = found.files.iter().map(|file| file.path.clone()).collect();
        let listed: BTreeSet<&Path> = found.files.iter().map(|file| file.path.as_path()).collect();
        let missing = |path: &PathBuf| !listed.contains(path.as_path());
        // A folder that cannot be listed for now may still hold what it held.
        let unknown = |path: &PathBuf| found.unknown.iter().any(|folder| path.starts_with(folder));
        order.extend(self.known.keys().filter(|path| missing(path) && unknown(path)).cloned());
        self.known.retain(|path, _| !missing(path) || unknown(path));
        changed |= order != self.order || found.problems != self.problems;
        (self.order, self.problems) = (order, found.problems);
        for file in &found.files {
            changed |= self.known.entry(file.path.clone()).or_default().look(disk, file, now_ms);
        }
        changed.then(|| self.files())
    }

    /// What is known now, of all files in their order.
    fn files(&self) -> Files {
        let mut files = Files { problems: self.problems.clone(), ..Files::default() };
        let mut bytes = 0;
        for dashboard in self.starter.iter().flatten() {
            files.dashboards.insert(dashboard.summary.uid.clone(), Arc::clone(dashboard));
        }
        for path in &self.order {
            let Some(known) = self.known.get(path) else { continue };
            if let Some(error) = known.unreadable.as_ref().or(known.broken.as_ref()) {
                let kept = if known.good.is_some() { "; the dashboard that was read before stays" } else { "" };
                files.problems.push(format!("{}: {error}{kept}", path.display()));
            }
            let Some(dashboard) = &known.good else { continue };
            if let Some(first) = files.dashboards.get(&dashboard.summary.uid) {
                let message = format!(
                    "{} and {} have the same uid `{}`: the first one is shown; give the other a `uid` of its own",
                    first.name, dashboard.name, dashboard.summary.uid
                );
                files.problems.push(message);
                continue;
            }
            bytes += dashboard.json.len();
            if bytes > MAX_TOTAL_BYTES {
                files
                    .problems
                    .push(format!("{}: it is left out, since all dashboards of files may have {MAX_TOTAL_BYTES} bytes", dashboard.name));
                bytes -= dashboard.json.len();
                continue;
            }
            files.add_folders(&known.folders, dashboard.summary.updated_ms);
            files.dashboards.insert(dashboard.summary.uid.clone(), Arc::clone(dashboard));
        }
        files
    }
}

impl Files {
    fn add_folders(&mut self, titles: &[String], at_ms: i64) {
        for depth in 1..=titles.len() {
            let uid = folder_uid(&titles[..depth]);
            if self.folders.iter().any(|folder| folder.uid == uid) {
                continue;
            }
            self.folders.push(Folder {
                uid,
                title: titles[depth - 1].clone(),
                parent_uid: folder_uid(&titles[..depth - 1]),
                of_files: true,
                version: 1,
                created_ms: at_ms,
                updated_ms: at_ms,
                created_by: String::new(),
                updated_by: String::new(),
            });
        }
    }
}

/// The uid of a folder on disk, by the folders that lead to it; empty for the root.
fn folder_uid(titles: &[String]) -> String {
    if titles.is_empty() { String::new() } else { format!("disk-{:012x}", number(&titles.join("/"))) }
}

impl Known {
    /// Reads the file if it changed. Returns whether what is known of it is another now.
    fn look(&mut self, disk: &dyn Disk, file: &DashboardFile, now_ms: i64) -> bool {
        let stamp = stamp(disk, &file.path);
        let moved = self.folders != file.folders;
        if !moved && stamp.is_some() && stamp == self.stamp {
            return false;
        }
        let bytes = match disk.read(&file.path, MAX_BYTES as u64) {
            Ok(bytes) => bytes,
            Err(error) => {
                let reason = Some(error.to_string());
                self.stamp = None;
                let changed = self.unreadable != reason;
                self.unreadable = reason;
                return changed;
            }
        };
        self.stamp = stamp.filter(|stamp| stamp.modified_ms < now_ms - SETTLES_AFTER_MS);
        let was_unreadable = self.unreadable.take().is_some();
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        let content = Some(hasher.finish());
        if !moved && content == self.content {
            return was_unreadable;
        }
        self.content = content;
        self.folders.clone_from(&file.folders);
        match read(bytes, file, stamp.map_or(now_ms, |stamp| stamp.modified_ms)) {
            Ok(dashboard) => {
                self.broken = None;
                self.good = Some(Arc::new(dashboard));
            }
            Err(reason) => self.broken = Some(reason),
        }
        true
    }
}

fn stamp(disk: &dyn Disk, path: &Path) -> Option<Stamp> {
    let stat = disk.stat(path).ok()?;
    Some(Stamp { identity: stat.identity, length: stat.length, modified_ms: disk.modified_ms(path).ok()? })
}

fn read(bytes: Vec<u8>, file: &DashboardFile, modified_ms: i64) -> Result<FileDashboard, String> {
    let text = String::from_utf8(bytes).map_err(|e| format!("byte {} is not UTF-8 text", e.utf8_error().valid_up_to()))?;
    let hint = file.path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    of_text(&text, hint, file.path.display().to_string(), &folder_uid(&file.folders), modified_ms)
}

fn of_text(text: &str, uid_hint: Option<String>, name: String, folder_uid: &str, at_ms: i64) -> Result<FileDashboard, String> {
    let options = ReadOptions { uid_hint, inputs: BTreeMap::new() };
    let mut read = phoenix_dashboard::read(text, &options).map_err(|e| LibraryError::Unreadable(e).to_string())?;
    check_uid(read.dashboard.uid()).map_err(|e| e.to_string())?;
    let version = read.dashboard.version().max(1);
    read.dashboard.set_version(version);
    let summary = Summary {
        uid: read.dashboard.uid().to_owned(),
        title: read.dashboard.title().to_owned(),
        tags: read.dashboard.tags().map(str::to_owned).collect(),
        folder_uid: folder_uid.to_owned(),
        origin: Origin::File(name.clone()),
        version,
        created_ms: at_ms,
        updated_ms: at_ms,
        created_by: String::new(),
        updated_by: String::new(),
        problems: problems(&read.report),
    };
    let json = Value::Object(read.dashboard.into_json()).to_string().into();
    Ok(FileDashboard { name, summary, json, report: read.report.into() })
}

/// The dashboards that are built in.
fn starter(now_ms: i64) -> Vec<Arc<FileDashboard>> {
    let read = |(name, text): &(&str, &str)| {
        let dashboard = of_text(text, None, (*name).to_owned(), "", now_ms);
        Arc::new(dashboard.unwrap_or_else(|e| panic!("the built-in dashboards are valid: {name}: {e}")))
    };
    STARTER_DASHBOARDS.iter().map(read).collect()
}

#[cfg(test)]
mod tests;
