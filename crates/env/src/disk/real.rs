//! The operating system's files.

use super::{Disk, DiskError, DiskFile, DiskLock, FileIdentity, FileStat, OpenMode, SharedDisk};
use std::fs::{File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::{FileExt, MetadataExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The real file system.
#[derive(Debug, Default, Clone, Copy)]
pub struct RealDisk;

impl RealDisk {
    /// The process' disk.
    pub fn shared() -> SharedDisk {
        Arc::new(Self)
    }
}

struct RealFile {
    file: File,
    path: PathBuf,
}

impl DiskFile for RealFile {
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> Result<usize, DiskError> {
        let mut filled = 0;
        while filled < buffer.len() {
            match self.file.read_at(&mut buffer[filled..], offset + filled as u64) {
                Ok(0) => break,
                Ok(n) => filled += n,
                Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
                Err(e) => return Err(DiskError::new("read", &self.path, e)),
            }
        }
        Ok(filled)
    }

    fn append(&self, bytes: &[u8]) -> Result<(), DiskError> {
        (&self.file).write_all(bytes).map_err(|e| DiskError::new("write", &self.path, e))
    }

    fn sync(&self) -> Result<(), DiskError> {
        self.file.sync_data().map_err(|e| DiskError::new("sync", &self.path, e))
    }

    fn len(&self) -> Result<u64, DiskError> {
        self.file.metadata().map(|m| m.len()).map_err(|e| DiskError::new("measure", &self.path, e))
    }

    fn identity(&self) -> Result<FileIdentity, DiskError> {
        self.file.metadata().map(|m| identity(&m)).map_err(|e| DiskError::new("measure", &self.path, e))
    }

    fn truncate(&self, length: u64) -> Result<(), DiskError> {
        self.file.set_len(length).map_err(|e| DiskError::new("truncate", &self.path, e))
    }
}

fn identity(metadata: &std::fs::Metadata) -> FileIdentity {
    FileIdentity { device: metadata.dev(), inode: metadata.ino() }
}

struct RealLock {
    _file: File,
}

impl DiskLock for RealLock {}

#[expect(clippy::disallowed_methods, reason = "this is the room that may touch files")]
impl Disk for RealDisk {
    fn open(&self, path: &Path, mode: OpenMode) -> Result<Box<dyn DiskFile>, DiskError> {
        let mut options = OpenOptions::new();
        match mode {
            OpenMode::Read => options.read(true),
            // Appending, so that what is written always goes to the end, also after a truncate.
            OpenMode::Create | OpenMode::Append => options.read(true).append(true).create(true),
        };
        let file = options.open(path).map_err(|e| DiskError::new("open", path, e))?;
        if mode == OpenMode::Create {
            file.set_len(0).map_err(|e| DiskError::new("truncate", path, e))?;
        }
        Ok(Box::new(RealFile { file, path: path.to_owned() }))
    }

    fn rename(&self, from: &Path, to: &Path) -> Result<(), DiskError> {
        std::fs::rename(from, to).map_err(|e| DiskError::new("rename", from, e))
    }

    fn remove_file(&self, path: &Path) -> Result<(), DiskError> {
        std::fs::remove_file(path).map_err(|e| DiskError::new("remove", path, e))
    }

    fn remove_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        match std::fs::remove_dir_all(path) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => Err(DiskError::new("remove", path, e)),
            _ => Ok(()),
        }
    }

    fn create_dir_all(&self, path: &Path) -> Result<(), DiskError> {
        std::fs::create_dir_all(path).map_err(|e| DiskError::new("create folder", path, e))
    }

    fn list(&self, path: &Path) -> Result<Vec<String>, DiskError> {
        let to_error = |e| DiskError::new("list", path, e);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(path).map_err(to_error)? {
            names.push(entry.map_err(to_error)?.file_name().to_string_lossy().into_owned());
        }
        names.sort();
        Ok(names)
    }

    fn exists(&self, path: &Path) -> bool {
        path.exists()
    }

    fn sync_dir(&self, path: &Path) -> Result<(), DiskError> {
        File::open(path).and_then(|dir| dir.sync_all()).map_err(|e| DiskError::new("sync folder", path, e))
    }

    fn lock(&self, path: &Path) -> Result<Box<dyn DiskLock>, DiskError> {
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .open(path)
            .map_err(|e| DiskError::new("open", path, e))?;
        match file.try_lock() {
            Ok(()) => Ok(Box::new(RealLock { _file: file })),
            Err(std::fs::TryLockError::WouldBlock) => {
                Err(DiskError::new("lock", path, std::io::Error::new(std::io::ErrorKind::WouldBlock, "another process holds it")))
            }
            Err(std::fs::TryLockError::Error(e)) => Err(DiskError::new("lock", path, e)),
        }
    }

    #[expect(unsafe_code, reason = "statvfs has no safe binding in the standard library")]
    fn free_bytes(&self, path: &Path) -> Result<u64, DiskError> {
        use std::os::unix::ffi::OsStrExt;
        let c_path =
            std::ffi::CString::new(path.as_os_str().as_bytes()).map_err(|e| DiskError::new("measure", path, std::io::Error::other(e)))?;
        let mut stat = std::mem::MaybeUninit::<libc::statvfs>::uninit();
        // SAFETY: `c_path` ends with NUL and `stat` has room for the struct that the call fills on success.
        let stat = unsafe {
            if libc::statvfs(c_path.as_ptr(), stat.as_mut_ptr()) != 0 {
                return Err(DiskError::new("measure", path, std::io::Error::last_os_error()));
            }
            stat.assume_init()
        };
        Ok(stat.f_bavail * stat.f_frsize)
    }

    fn modified_ms(&self, path: &Path) -> Result<i64, DiskError> {
        let to_error = |e| DiskError::new("measure", path, e);
        let modified = std::fs::metadata(path).and_then(|m| m.modified()).map_err(to_error)?;
        Ok(modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64))
    }

    fn stat(&self, path: &Path) -> Result<FileStat, DiskError> {
        let metadata = std::fs::metadata(path).map_err(|e| DiskError::new("measure", path, e))?;
        Ok(FileStat { identity: identity(&metadata), length: metadata.len(), is_folder: metadata.is_dir(), is_file: metadata.is_file() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_whole_files_and_reads_proc() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a");
        RealDisk.write_atomic(&path, b"one").unwrap();
        RealDisk.write_atomic(&path, b"three").unwrap();
        assert_eq!(RealDisk.read(&path, 100).unwrap(), b"three");
        assert_eq!(RealDisk.list(dir.path()).unwrap(), ["a"]);
        assert!(RealDisk.read(&path, 3).unwrap_err().to_string().contains("limit"));
        assert!(!RealDisk.read(Path::new("/proc/meminfo"), 1 << 20).unwrap().is_empty());
        assert!(RealDisk.free_bytes(dir.path()).unwrap() > 0);
    }

    #[test]
    fn a_file_stays_the_same_under_another_name() {
        let dir = tempfile::tempdir().unwrap();
        let (path, moved) = (dir.path().join("a"), dir.path().join("b"));
        RealDisk.write_atomic(&path, b"one").unwrap();
        let before = RealDisk.stat(&path).unwrap();
        assert_eq!((before.length, before.is_folder, before.is_file), (3, false, true));
        assert_eq!(RealDisk.open(&path, OpenMode::Read).unwrap().identity().unwrap(), before.identity);
        RealDisk.rename(&path, &moved).unwrap();
        RealDisk.write_atomic(&path, b"other").unwrap();
        assert_eq!(RealDisk.stat(&moved).unwrap(), before);
        assert_ne!(RealDisk.stat(&path).unwrap().identity, before.identity);
        assert!(RealDisk.stat(dir.path()).unwrap().is_folder);
        assert!(RealDisk.stat(&dir.path().join("none")).unwrap_err().is_not_found());
    }

    #[test]
    fn a_lock_is_held_once() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("lock");
        let held = RealDisk.lock(&path).unwrap();
        assert_eq!(RealDisk.lock(&path).err().unwrap().source.kind(), std::io::ErrorKind::WouldBlock);
        drop(held);
        RealDisk.lock(&path).unwrap();
    }
}
