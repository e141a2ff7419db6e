//! Objects: whole files under keys, in a folder or in a cloud's bucket. Calls block.

mod folder;

pub use folder::FolderObjects;

use std::sync::Arc;

/// An object store shared by everything that runs in one process, or in one simulation.
pub type SharedObjects = Arc<dyn ObjectStore>;

/// What went wrong with which object, doing what.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action} {key}: {reason}")]
pub struct ObjectError {
    /// What was tried, as a verb: `read`, `write`, `list`, `delete`.
    pub action: &'static str,
    /// The object's key, or the prefix.
    pub key: String,
    /// The store's words.
    pub reason: String,
    /// What kind of failure it is.
    pub kind: ObjectErrorKind,
}

/// What a caller may have to tell apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ObjectErrorKind {
    /// There is no object under this key.
    NotFound,
    /// There is no room.
    Full,
    /// Anything else; it may help to try again.
    Other,
}

impl ObjectError {
    /// Whether the object does not exist.
    pub fn is_not_found(&self) -> bool {
        self.kind == ObjectErrorKind::NotFound
    }

    /// Whether there is no room.
    pub fn is_full(&self) -> bool {
        self.kind == ObjectErrorKind::Full
    }
}

/// An object that is being written. Dropped without [`ObjectWriter::finish`], nothing of it exists.
pub trait ObjectWriter: Send {
    /// Adds bytes.
    fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectError>;

    /// Makes the object exist, whole and durable.
    fn finish(self: Box<Self>) -> Result<(), ObjectError>;
}

/// A store of objects. Keys are relative, with `/` between their parts; objects never change.
pub trait ObjectStore: Send + Sync + 'static {
    /// Begins an object. One that exists under the key is replaced when the new one is finished.
    fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>, ObjectError>;

    /// Reads `length` bytes at `offset`; fewer are an error.
    fn read_range(&self, key: &str, offset: u64, length: usize) -> Result<Vec<u8>, ObjectError>;

    /// The object's length in bytes.
    fn size(&self, key: &str) -> Result<u64, ObjectError>;

    /// The keys that begin with `prefix` (a whole number of parts, without a `/` at its end), sorted.
    fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError>;

    /// Removes an object; fine if it does not exist.
    fn delete(&self, key: &str) -> Result<(), ObjectError>;

    /// Whether reading costs a journey over a network, so that fewer and larger reads are better.
    fn is_remote(&self) -> bool {
        false
    }

    /// Writes a whole object.
    fn put(&self, key: &str, bytes: &[u8]) -> Result<(), ObjectError> {
        let mut writer = self.create(key)?;
        writer.write(bytes)?;
        writer.finish()
    }

    /// Reads a whole object of at most `limit_bytes`; a longer one is an error.
    fn get(&self, key: &str, limit_bytes: u64) -> Result<Vec<u8>, ObjectError> {
        let size = self.size(key)?;
        if size > limit_bytes {
            let reason = format!("it has {size} bytes, the limit is {limit_bytes}");
            return Err(ObjectError { action: "read", key: key.to_owned(), reason, kind: ObjectErrorKind::Other });
        }
        self.read_range(key, 0, size as usize)
    }
}
