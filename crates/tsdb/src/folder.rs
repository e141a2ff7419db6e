//! The data folder: whose it is, and which format it has.

use crate::TsdbError;
use parking_lot::Mutex;
use phoenix_env::{Disk, DiskLock};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

/// The format that this version writes. A version reads every format up to its own, and makes a folder
/// of an older one its own when it takes it.
///
/// - 1: floats
/// - 2: native histograms and exemplars in the log, chunks of native histograms in parts
const FORMAT: u64 = 2;

/// The words before the number in `VERSION`.
const PREFIX: &str = "phoenix-tsdb format ";

/// The data folder, held for this process.
pub(crate) struct Folder {
    pub(crate) root: PathBuf,
    pub(crate) wal: PathBuf,
    pub(crate) parts: PathBuf,
    lock: Mutex<Option<Box<dyn DiskLock>>>,
}

impl Folder {
    /// Makes the folder if needed, and takes it for this process.
    pub(crate) fn take(disk: &dyn Disk, root: &Path) -> Result<Self, TsdbError> {
        let version = root.join("VERSION");
        // Before anything is made or written: a newer version's folder stays as it is.
        let is_current = disk.exists(&version) && check_format(disk, root, &version)? == FORMAT;
        disk.create_dir_all(root)?;
        let lock = disk.lock(&root.join("LOCK")).map_err(|error| match error.source.kind() {
            ErrorKind::WouldBlock => TsdbError::Locked { folder: root.display().to_string() },
            _ => TsdbError::from(error),
        })?;
        let folder = Self { root: root.to_owned(), wal: root.join("wal"), parts: root.join("parts"), lock: Mutex::new(Some(lock)) };
        disk.create_dir_all(&folder.wal)?;
        disk.create_dir_all(&folder.parts)?;
        if !is_current {
            disk.write_atomic(&version, format!("{PREFIX}{FORMAT}\n").as_bytes())?;
        }
        disk.sync_dir(root)?;
        let parents = root.ancestors().skip(1).filter(|p| !p.as_os_str().is_empty());
        // The folder's own name; those further up were most likely there before.
        for parent in parents.take(2) {
            match disk.sync_dir(parent) {
                // It may be somebody else's, and then it was there before.
                Err(error) if error.source.kind() == ErrorKind::PermissionDenied => {}
                synced => synced?,
            }
        }
        Ok(folder)
    }

    /// Gives the folder up for other processes.
    pub(crate) fn release(&self) {
        *self.lock.lock() = None;
    }
}

fn check_format(disk: &dyn Disk, root: &Path, version: &Path) -> Result<u64, TsdbError> {
    let bytes = disk.read(version, 4096)?;
    let bad = |reason: &str| TsdbError::BadFormatFile { file: version.display().to_string(), reason: reason.to_owned() };
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("it is not text"))?;
    let number = text.strip_prefix(PREFIX).ok_or_else(|| bad("it does not start as expected"))?;
    let found: u64 = number.trim_end().parse().map_err(|_| bad("there is no number"))?;
    if found > FORMAT {
        return Err(TsdbError::NewerFormat { folder: root.display().to_string(), found, supported: FORMAT });
    }
    Ok(found)
}
