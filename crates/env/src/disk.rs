//! Files: the contract that the stores are written against, and the real implementation.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A disk shared by everything that runs in one process, or in one simulation.
pub type SharedDisk = Arc<dyn Disk>;

/// What went wrong with which file, doing what.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {path}: {source}")]
pub struct DiskError {
    /// What was tried, as a verb: `open`, `write`, `sync`.
    pub action: &'static str,
    /// The file or folder.
    pub path: PathDisplay,
    /// The operating system's error. `ErrorKind::StorageFull` means that the disk is full.
    #[source]
    pub source: std::io::Error,
}

impl DiskError {
    /// Puts what was tried, and with which file, to an error of the operating system.
    pub fn new(action: &'static str, path: &Path, source: std::io::Error) -> Self {
        Self { action, path: PathDisplay(path.to_owned()), source }
    }

    /// Whether the file does not exist.
    pub fn is_not_found(&self) -> bool {
        self.source.kind() == std::io::ErrorKind::NotFound
    }

    /// Whether the disk (or the quota) is full.
    pub fn is_full(&self) -> bool {
        matches!(self.source.kind(), std::io::ErrorKind::StorageFull | std::io::ErrorKind::QuotaExceeded)
    }
}

/// A path that can be shown.
#[derive(Debug, Clone)]
pub struct PathDisplay(pub PathBuf);

impl fmt::Display for PathDisplay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

/// Which file it is, whatever its name: it stays the same when the file is renamed. The number of a
/// removed file may come again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileIdentity {
    /// The file system.
    pub device: u64,
    /// The file's number on it.
    pub inode: u64,
}

/// What the file system knows of a file or folder.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileStat {
    /// Which file it is.
    pub identity: FileIdentity,
    /// Its length in bytes; meaningless for a folder.
    pub length: u64,
    /// Whether it is a folder.
    pub is_folder: bool,
    /// Whether it is a regular file, not a folder, pipe or device.
    pub is_file: bool,
}

/// How to open a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OpenMode {
    /// An existing file, to read.
    Read,
    /// A new file, to write; an existing one is cut to nothing.
    Create,
    /// To write at the end; made if it does not exist.
    Append,
}

/// An open file. Reads are positional; writes go to the end.
#[expect(clippy::len_without_is_empty, reason = "asking for a length can fail, so `is_empty` would hide an error or repeat it")]
pub trait DiskFile: Send + Sync {
    /// Reads up to `buffer.len()` bytes at `offset`; fewer only at the end of the file.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError>;

    /// Writes all of `bytes` at the end. After an error the file may hold any prefix of them.
    fn append(&self, bytes: &[u8]) -> Result<(), DiskError>;

    /// Returns once everything written is on stable storage. After an error the state of the
    /// unsynced bytes is unknown: reopen and check before writing on.
    fn sync(&self) -> Result<(), DiskError>;

    /// The file's length in bytes.
    fn len(&self) -> Result<u64, DiskError>;

    /// Which file it is.
    fn identity(&self) -> Result<FileIdentity, DiskError>;

    /// Cuts the file to `length` bytes.
    fn truncate(&self, length: u64) -> Result<(), DiskError>;
}

/// A file held for this process alone until dropped.
pub trait DiskLock: Send + Sync {}

/// A file system.
pub trait Disk: Send + Sync + 'static {
    /// Opens a file.
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn DiskFile>, DiskError>;

    /// Renames a file or folder over whatever was there. Durable after [`Disk::sync_dir`] on the parent.
    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError>;

    /// Removes a file.
    fn remove_file(&self, path: &Path) -> Result<(), DiskError>;

    /// Removes a folder and all below it; fine if it does not exist.
    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError>;

    /// Makes a folder and its parents; fine if it exists.
    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError>;

    /// The names of a folder's entries, sorted.
    fn list(&self, path: &Path) -> Result<Vec<String>, DiskError>;

    /// Whether a file or folder exists.
    fn exists(&self, path: &Path) -> bool;

    /// Makes new, renamed and removed names in a folder durable.
    fn sync_dir(&self, path: &Path) -> Result<(), DiskError>;

    /// Takes an exclusive lock that the operating system gives up when the process dies.
    /// An error of kind `WouldBlock` means that another process holds it.
    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>, DiskError>;

    /// Bytes free for this process on the file system of `path`.
    fn free_bytes(&self, path: &Path) -> Result<u64, DiskError>;

    /// When a file was last changed, in milliseconds since the Unix epoch.
    fn modified_ms(&self, path: &Path) -> Result<i64, DiskError>;

    /// What stands at a path. Symbolic links are followed.
    fn stat(&self, path: &Path) -> Result<FileStat, DiskError>;

    /// Reads a whole file of at most `limit_bytes`; a longer one is an error.
    fn read(&self, path: &Path, limit_bytes: u64) -> Result<Vec<u8>, DiskError> {
        let file = self.open(path, OpenMode::Read)?;
        let length = file.len()?;
        if length > limit_bytes {
            let reason = format!("it has {length} bytes, the limit is {limit_bytes}");
            return Err(DiskError::new("read", path, std::io::Error::other(reason)));
        }
        // Files of /proc and pipes say that they are empty: read until there is no more.
        let mut bytes = vec![0; (length as usize).max(4096)];
        let mut filled = 0;
        loop {
            if filled == bytes.len() {
                if filled as u64 > limit_bytes {
                    let reason = format!("it is longer than the limit of {limit_bytes} bytes");
                    return Err(DiskError::new("read", path, std::io::Error::other(reason)));
                }
                bytes.resize(filled * 2, 0);
            }
            match file.read_at(filled as u64, &mut bytes[filled..])? {
                0 => break,
                n => filled += n,
            }
        }
        bytes.truncate(filled);
        Ok(bytes)
    }

    /// Writes a file whole or not at all: to `path.tmp`, synced, renamed, the folder synced.
    fn write_atomic(&self, path: &Path, bytes: &[u8]) -> Result<(), DiskError> {
        let mut temporary = path.as_os_str().to_owned();
        temporary.push(".tmp");
        let temporary = PathBuf::from(temporary);
        let file = self.open(&temporary, OpenMode::Create)?;
        file.append(bytes)?;
        file.sync()?;
        drop(file);
        self.rename(&temporary, path)?;
        match path.parent() {
            Some(parent) if !parent.as_os_str().is_empty() => self.sync_dir(parent),
            _ => self.sync_dir(Path::new(".")),
        }
    }
}

mod real;
pub mod sim;
pub use real::RealDisk;
pub use sim::{DiskFaults, SimDisk};
