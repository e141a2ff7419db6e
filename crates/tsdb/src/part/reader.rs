//! A part that can be read.

use super::PartError;
use super::meta::{Blob, Meta, Name, read_exact};
use crate::cache::BlockCache;
use phoenix_env::{DiskFile, OpenMode, SharedDisk};
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// An immutable part. The file is opened when something is read, so that parts do not use up file
/// descriptors; a part that was replaced removes its file when its last reader has gone.
pub(crate) struct Part {
    disk: SharedDisk,
    path: PathBuf,
    number: u64,
    pub(super) meta: Meta,
    file_bytes: u64,
    doomed: AtomicBool,
}

impl fmt::Debug for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Part")
            .field("path", &self.path)
            .field("day", &self.meta.day)
            .field("order", &self.meta.order)
            .finish_non_exhaustive()
    }
}

impl Part {
    /// Reads what of the part stays in memory. `number` is that of its file, never used twice in a process.
    pub(crate) fn open(disk: &SharedDisk, path: &Path, number: u64) -> Result<Self, PartError> {
        let file = disk.open(path, OpenMode::Read)?;
        let (meta, file_bytes) = Meta::read(&*file)?;
        Ok(Self { disk: disk.clone(), path: path.to_owned(), number, meta, file_bytes, doomed: AtomicBool::new(false) })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// The name of its file.
    pub(crate) fn file_name(&self) -> String {
        self.path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
    }

    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    pub(crate) fn day(&self) -> i64 {
        self.meta.day
    }

    pub(crate) fn order(&self) -> u64 {
        self.meta.order
    }

    pub(crate) fn bounds_ms(&self) -> (i64, i64) {
        (self.meta.oldest_ms, self.meta.newest_ms)
    }

    pub(crate) fn overlaps(&self, start_ms: i64, end_ms: i64) -> bool {
        self.meta.oldest_ms <= end_ms && self.meta.newest_ms >= start_ms
    }

    pub(crate) fn series(&self) -> u32 {
        self.meta.series
    }

    pub(crate) fn samples(&self) -> u64 {
        self.meta.samples
    }

    pub(crate) fn file_bytes(&self) -> u64 {
        self.file_bytes
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        self.meta.memory_bytes()
    }

    /// The names of its labels, sorted.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.meta.names.iter().map(|name| &*name.text)
    }

    pub(super) fn name(&self, name: &str) -> Option<&Name> {
        let at = self.meta.names.binary_search_by(|known| (*known.text).cmp(name)).ok()?;
        Some(&self.meta.names[at])
    }

    /// Its file goes with its last reader.
    pub(crate) fn doom(&self) {
        self.doomed.store(true, Ordering::Relaxed);
    }

    pub(super) fn open_file(&self) -> Result<Box<dyn DiskFile>, PartError> {
        Ok(self.disk.open(&self.path, OpenMode::Read)?)
    }

    /// The bytes of a blob, checked.
    pub(super) fn blob(
        &self,
        number: u32,
        cache: Option<&BlockCache>,
        file: &mut Option<Box<dyn DiskFile>>,
    ) -> Result<Arc<[u8]>, PartError> {
        let blob: Blob = *self.meta.blobs.get(number as usize).ok_or(PartError::Corrupt("it refers to a piece that it does not have"))?;
        let key = (self.number, number);
        if let Some(bytes) = cache.and_then(|cache| cache.get(key)) {
            return Ok(bytes);
        }
        let file = match file {
            Some(file) => file,
            None => file.insert(self.open_file()?),
        };
        let mut bytes = vec![0; blob.length as usize];
        read_exact(&**file, blob.offset, &mut bytes)?;
        if crc32fast::hash(&bytes) != blob.crc {
            return Err(PartError::Corrupt("a checksum is wrong"));
        }
        let bytes: Arc<[u8]> = bytes.into();
        if let Some(cache) = cache {
            cache.put(key, bytes.clone());
        }
        Ok(bytes)
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.doomed.load(Ordering::Relaxed)
            && let Err(error) = self.disk.remove_file(&self.path)
        {
            // The next start removes what the manifest does not name.
            tracing::debug!(%error, "a replaced part could not be removed");
        }
    }
}
