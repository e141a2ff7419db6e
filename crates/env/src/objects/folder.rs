//! Objects as files below a folder of a [`Disk`](crate::Disk).

use super::{ObjectError, ObjectErrorKind, ObjectStore, ObjectWriter};
use crate::{DiskError, DiskFile, OpenMode, SharedDisk};
use parking_lot::Mutex;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many files stay open for reading.
const OPEN_FILES: usize = 64;

/// Files that end like this are not finished; they are removed when the store is opened.
const UNFINISHED: &str = ".unfinished";

/// Objects as files below a folder.
pub struct FolderObjects {
    disk: SharedDisk,
    root: PathBuf,
    /// Files read lately, the latest last.
    open: Mutex<Vec<(String, Arc<dyn DiskFile>)>>,
}

impl FolderObjects {
    /// A store below `root`, which is made if it does not exist. Unfinished objects of an earlier
    /// life are removed.
    pub fn open(disk: SharedDisk, root: impl Into<PathBuf>) -> Result<Self, ObjectError> {
        let store = Self { disk, root: root.into(), open: Mutex::default() };
        store.disk.create_dir_all(&store.root).map_err(|e| object_error("write", "", &e))?;
        // The folder's own name, and that of the one above; those further up were most likely there before.
        for parent in store.root.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).take(2) {
            match store.disk.sync_dir(parent) {
                // It may be somebody else's, and then it was there before.
                Err(error) if error.source.kind() == std::io::ErrorKind::PermissionDenied => {}
                synced => synced.map_err(|e| object_error("write", "", &e))?,
            }
        }
        for key in store.files("")?.into_iter().filter(|key| key.ends_with(UNFINISHED)) {
            store.disk.remove_file(&store.path(&key)).map_err(|e| object_error("delete", &key, &e))?;
        }
        Ok(store)
    }

    fn path(&self, key: &str) -> PathBuf {
        self.root.join(key)
    }

    /// All files below a prefix, unfinished ones included.
    fn files(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        let mut found = Vec::new();
        let mut folders = vec![prefix.to_owned()];
        while let Some(folder) = folders.pop() {
            let names = match self.disk.list(&self.path(&folder)) {
                Ok(names) => names,
                // A file cannot be listed: it is an object itself.
                Err(_) if !folder.is_empty() && self.disk.exists(&self.path(&folder)) => {
                    found.push(folder);
                    continue;
                }
                Err(error) if error.is_not_found() => continue,
                Err(error) => return Err(object_error("list", &folder, &error)),
            };
            folders.extend(names.into_iter().map(|name| if folder.is_empty() { name } else { format!("{folder}/{name}") }));
        }
        found.sort();
        Ok(found)
    }

    fn reader(&self, key: &str) -> Result<Arc<dyn DiskFile>, ObjectError> {
        let mut open = self.open.lock();
        if let Some(at) = open.iter().position(|(name, _)| name == key) {
            let entry = open.remove(at);
            let file = Arc::clone(&entry.1);
            open.push(entry);
            return Ok(file);
        }
        let file: Arc<dyn DiskFile> =
            Arc::from(self.disk.open(&self.path(key), OpenMode::Read).map_err(|e| object_error("read", key, &e))?);
        if open.len() >= OPEN_FILES {
            open.remove(0);
        }
        open.push((key.to_owned(), Arc::clone(&file)));
        Ok(file)
    }

    fn forget(&self, key: &str) {
        self.open.lock().retain(|(name, _)| name != key);
    }
}

fn object_error(action: &'static str, key: &str, error: &DiskError) -> ObjectError {
    let kind = match error {
        e if e.is_not_found() => ObjectErrorKind::NotFound,
        e if e.is_full() => ObjectErrorKind::Full,
        _ => ObjectErrorKind::Other,
    };
    ObjectError { action, key: key.to_owned(), reason: error.to_string(), kind }
}

impl ObjectStore for FolderObjects {
    fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>, ObjectError> {
        let path = self.path(key);
        let temporary = PathBuf::from(format!("{}{UNFINISHED}", path.display()));
        let folder = path.parent().unwrap_or(&self.root).to_owned();
        let failed = |e: DiskError| object_error("write", key, &e);
        self.disk.create_dir_all(&folder).map_err(failed)?;
        let file = self.disk.open(&temporary, OpenMode::Create).map_err(failed)?;
        self.forget(key);
        let writer =
            FileWriter { disk: Arc::clone(&self.disk), key: key.to_owned(), path, temporary, root: self.root.clone(), file: Some(file) };
        Ok(Box::new(writer))
    }

    fn read_range(&self, key: &str, offset: u64, length: usize) -> Result<Vec<u8>, ObjectError> {
        let file = self.reader(key)?;
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match file.read_at(offset + filled as u64, &mut bytes[filled..]).map_err(|e| object_error("read", key, &e))? {
                0 => {
                    let reason = format!("it ends after {} bytes, {length} at {offset} were wanted", offset + filled as u64);
                    return Err(ObjectError { action: "read", key: key.to_owned(), reason, kind: ObjectErrorKind::Other });
                }
                n => filled += n,
            }
        }
        Ok(bytes)
    }

    fn size(&self, key: &str) -> Result<u64, ObjectError> {
        self.reader(key)?.len().map_err(|e| object_error("read", key, &e))
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        Ok(self.files(prefix)?.into_iter().filter(|key| !key.ends_with(UNFINISHED)).collect())
    }

    fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.forget(key);
        match self.disk.remove_file(&self.path(key)) {
            Err(error) if !error.is_not_found() => Err(object_error("delete", key, &error)),
            _ => Ok(()),
        }
    }
}

struct FileWriter {
    disk: SharedDisk,
    key: String,
    path: PathBuf,
    temporary: PathBuf,
    root: PathBuf,
    file: Option<Box<dyn DiskFile>>,
}

impl ObjectWriter for FileWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        let file = self.file.as_ref().expect("the file is open until it is finished");
        file.append(bytes).map_err(|e| object_error("write", &self.key, &e))
    }

    fn finish(mut self: Box<Self>) -> Result<(), ObjectError> {
        let finished = || -> Result<(), DiskError> {
            let file = self.file.take().expect("the file is open until it is finished");
            file.sync()?;
            drop(file);
            self.disk.rename(&self.temporary, &self.path)?;
            // The folders above may be new as well.
            let mut folder: Option<&Path> = self.path.parent();
            while let Some(at) = folder {
                self.disk.sync_dir(at)?;
                folder = at.parent().filter(|_| at != self.root);
            }
            Ok(())
        };
        let key = self.key.clone();
        let mut finished = finished;
        finished().map_err(|e| object_error("write", &key, &e))
    }
}

impl Drop for FileWriter {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            let _ = self.disk.remove_file(&self.temporary);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Disk, SimDisk};

    fn store() -> (Arc<SimDisk>, FolderObjects) {
        let disk = Arc::new(SimDisk::new(1));
        let store = FolderObjects::open(disk.clone(), "/objects").unwrap();
        (disk, store)
    }

    #[test]
    fn what_is_put_is_read_listed_and_deleted() {
        let (_, store) = store();
        store.put("logs/a/1.parquet", b"hello").unwrap();
        store.put("logs/a/2.parquet", b"world").unwrap();
        store.put("logs/b", b"!").unwrap();
        assert_eq!(store.list("logs/a").unwrap(), ["logs/a/1.parquet", "logs/a/2.parquet"]);
        assert_eq!(store.list("").unwrap().len(), 3);
        assert_eq!(store.list("nothing").unwrap(), Vec::<String>::new());
        assert_eq!(store.read_range("logs/a/2.parquet", 1, 3).unwrap(), b"orl");
        assert_eq!(store.get("logs/b", 10).unwrap(), b"!");
        assert!(store.get("logs/a/1.parquet", 4).unwrap_err().to_string().contains("the limit is 4"));
        assert!(store.read_range("logs/a/1.parquet", 3, 3).unwrap_err().to_string().contains("ends after 5 bytes"));
        store.delete("logs/b").unwrap();
        store.delete("logs/b").unwrap();
        assert!(store.size("logs/b").unwrap_err().is_not_found());
    }

    #[test]
    fn an_unfinished_object_does_not_exist() {
        let (disk, store) = store();
        let mut writer = store.create("x").unwrap();
        writer.write(b"half").unwrap();
        assert!(store.list("").unwrap().is_empty());
        drop(writer);
        assert!(disk.list(Path::new("/objects")).unwrap().is_empty());
        let mut writer = store.create("y").unwrap();
        writer.write(b"half").unwrap();
        std::mem::forget(writer);
        let again = FolderObjects::open(disk.clone(), "/objects").unwrap();
        assert!(again.list("").unwrap().is_empty());
        assert!(disk.list(Path::new("/objects")).unwrap().is_empty());
    }

    #[test]
    fn replacing_shows_the_new_bytes() {
        let (_, store) = store();
        store.put("k", b"old").unwrap();
        assert_eq!(store.get("k", 10).unwrap(), b"old");
        store.put("k", b"newer").unwrap();
        assert_eq!(store.get("k", 10).unwrap(), b"newer");
    }
}
