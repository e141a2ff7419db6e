//! How far everything was read and stored, kept in one file that is replaced as a whole.

use parking_lot::Mutex;
use phoenix_env::{DiskError, FileIdentity, SharedDisk};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Bytes of the file.
const LIMIT_BYTES: u64 = 64 << 20;
const VERSION: u32 = 1;

/// The first bytes of a file, by which it is known again when its number was given to another one, or when
/// it was cut and written anew.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct Head {
    /// How many bytes.
    pub(super) length: u64,
    /// Their MD5 sum in hexadecimal.
    pub(super) sum: String,
}

/// How far a file was stored.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FilePosition {
    pub(super) job: String,
    pub(super) path: PathBuf,
    pub(super) device: u64,
    pub(super) inode: u64,
    /// Bytes from the start.
    pub(super) offset: u64,
    pub(super) head: Head,
}

#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    version: u32,
    #[serde(default)]
    files: Vec<FilePosition>,
    /// The journal's cursor by job.
    #[serde(default)]
    journals: BTreeMap<String, String>,
}

#[derive(Debug, Default)]
struct State {
    files: BTreeMap<(String, FileIdentity), FilePosition>,
    journals: BTreeMap<String, String>,
    changed: bool,
}

/// All positions of a collector.
pub(super) struct Positions {
    disk: SharedDisk,
    path: PathBuf,
    state: Mutex<State>,
}

impl Positions {
    /// Reads the file. One that is there and can't be read is an error: to begin anew would store everything twice.
    pub(super) fn load(disk: SharedDisk, path: PathBuf) -> Result<Self, String> {
        let mut state = State::default();
        match disk.read(&path, LIMIT_BYTES) {
            Ok(bytes) => {
                let written: Written = serde_json::from_slice(&bytes).map_err(|e| format!("{} can't be read: {e}", path.display()))?;
                if written.version != VERSION {
                    return Err(format!("{} has version {}, this Phoenix reads {VERSION}", path.display(), written.version));
                }
                state.journals = written.journals;
                for file in written.files {
                    state.files.insert((file.job.clone(), FileIdentity { device: file.device, inode: file.inode }), file);
                }
            }
            Err(e) if e.is_not_found() => {}
            Err(e) => return Err(e.to_string()),
        }
        Ok(Self { disk, path, state: Mutex::new(state) })
    }

    /// The positions of a job's files.
    pub(super) fn files_of(&self, job: &str) -> Vec<(FileIdentity, FilePosition)> {
        let state = self.state.lock();
        state.files.iter().filter(|((of, _), _)| of == job).map(|((_, identity), position)| (*identity, position.clone())).collect()
    }

    pub(super) fn set_file(&self, identity: FileIdentity, position: FilePosition) {
        let mut state = self.state.lock();
        let key = (position.job.clone(), identity);
        if state.files.get(&key) != Some(&position) {
            state.files.insert(key, position);
            state.changed = true;
        }
    }

    pub(super) fn forget_file(&self, job: &str, identity: FileIdentity) {
        let mut state = self.state.lock();
        state.changed |= state.files.remove(&(job.to_owned(), identity)).is_some();
    }

    pub(super) fn cursor(&self, job: &str) -> Option<String> {
        self.state.lock().journals.get(job).cloned()
    }

    pub(super) fn set_cursor(&self, job: &str, cursor: String) {
        let mut state = self.state.lock();
        state.journals.insert(job.to_owned(), cursor);
        state.changed = true;
    }

    /// Writes the file when something changed.
    pub(super) fn save(&self) -> Result<(), DiskError> {
        let bytes = {
            let mut state = self.state.lock();
            if !state.changed {
                return Ok(());
            }
            state.changed = false;
            let written = Written { version: VERSION, files: state.files.values().cloned().collect(), journals: state.journals.clone() };
            serde_json::to_vec(&written).expect("positions are plain data")
        };
        let result = self.disk.write_atomic(&self.path, &bytes);
        if result.is_err() {
            self.state.lock().changed = true;
        }
        result
    }
}
