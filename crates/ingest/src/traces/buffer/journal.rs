//! The journal of spans that wait: files of records, of which the first go when nothing waits for them.
//!
//! Writers queue their records. Whoever finds nobody at work takes the whole queue, writes it with one
//! write (and one fsync) and tells the others. Each acknowledged record holds its file by a pin until
//! its spans are in memory, where their traces hold the file in turn.

use super::record::{self, Record};
use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};
use phoenix_env::records::Records;
use phoenix_env::{DiskError, DiskFile, DiskLock, OpenMode, SharedDisk};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The end of the names of files.
const SUFFIX: &str = ".spans";

pub(super) struct Journal {
    disk: SharedDisk,
    folder: PathBuf,
    file_bytes: u64,
    sync: bool,
    waiting: Mutex<Waiting>,
    done: Condvar,
    files: Mutex<Files>,
    _lock: Box<dyn DiskLock>,
}

type Outcome = Result<u64, Arc<DiskError>>;

#[derive(Default)]
struct Waiting {
    next_ticket: u64,
    records: Vec<(u64, Vec<u8>)>,
    outcomes: HashMap<u64, Outcome>,
    somebody_writes: bool,
}

struct Files {
    /// The file that is written; `None` until the next record makes one.
    current: Option<(u64, Box<dyn DiskFile>)>,
    next_number: u64,
    /// Bytes of each file that is there.
    bytes: BTreeMap<u64, u64>,
    /// How many traces and records hold each file.
    pins: BTreeMap<u64, u64>,
}

impl Journal {
    /// Opens the journal of a folder, and gives each sound record that is there, with its file's number, to
    /// `replay`. What is damaged is left out; what was torn was never acknowledged.
    pub(super) fn open(
        disk: SharedDisk,
        folder: &Path,
        file_bytes: u64,
        sync: bool,
        mut replay: impl FnMut(u64, Record),
    ) -> Result<Self, DiskError> {
        disk.create_dir_all(folder)?;
        let lock = disk.lock(&folder.join("LOCK"))?;
        // The folder's own name, and that of the one above; those further up were most likely there before.
        for parent in folder.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).take(2) {
            match disk.sync_dir(parent) {
                // It may be somebody else's, and then it was there before.
                Err(error) if error.source.kind() == std::io::ErrorKind::PermissionDenied => {}
                synced => synced?,
            }
        }
        let mut bytes = BTreeMap::new();
        for name in disk.list(folder)? {
            if let Some(number) = name.strip_suffix(SUFFIX).and_then(|number| number.parse::<u64>().ok()) {
                let file = disk.open(&folder.join(&name), OpenMode::Read)?;
                bytes.insert(number, file.len()?);
                let apply = |body: &[u8]| record::read(body).map(|record| replay(number, record)).is_some();
                for problem in Records::of(&*file, record::checksum)?.replay(0, apply)?.problems {
                    tracing::warn!(file = name, problem, "a journal of spans is damaged, or was not written to its end");
                }
            }
        }
        let next_number = bytes.last_key_value().map_or(1, |(number, _)| number + 1);
        let files = Files { current: None, next_number, bytes, pins: BTreeMap::new() };
        Ok(Self {
            disk,
            folder: folder.to_owned(),
            file_bytes,
            sync,
            waiting: Mutex::default(),
            done: Condvar::new(),
            files: Mutex::new(files),
            _lock: lock,
        })
    }

    /// Returns once the record is durable, with the number of its file, which is pinned.
    pub(super) fn commit(&self, record: Vec<u8>) -> Outcome {
        let mut waiting = self.waiting.lock();
        let ticket = waiting.next_ticket;
        waiting.next_ticket += 1;
        waiting.records.push((ticket, record));
        while waiting.somebody_writes {
            self.done.wait(&mut waiting);
            if let Some(outcome) = waiting.outcomes.remove(&ticket) {
                return outcome;
            }
        }
        waiting.somebody_writes = true;
        let group = std::mem::take(&mut waiting.records);
        drop(waiting);

        let joined: Vec<u8>;
        let bytes = match group.as_slice() {
            [(_, only)] => only,
            several => {
                joined = several.iter().map(|(_, record)| record.as_slice()).collect::<Vec<_>>().concat();
                &joined
            }
        };
        let outcome = self.append(bytes, self.sync, group.len() as u64).map_err(Arc::new);

        let mut waiting = self.waiting.lock();
        waiting.somebody_writes = false;
        for (other, _) in group.iter().filter(|(other, _)| *other != ticket) {
            waiting.outcomes.insert(*other, outcome.clone());
        }
        drop(waiting);
        self.done.notify_all();
        outcome
    }

    /// Writes a record that may be lost: what it says can be found out again.
    pub(super) fn note(&self, record: &[u8]) -> Result<(), DiskError> {
        self.append(record, false, 0).map(|_| ())
    }

    fn append(&self, bytes: &[u8], sync: bool, pins: u64) -> Result<u64, DiskError> {
        let mut files = self.files.lock();
        let (number, file) = if let Some(current) = files.current.take() {
            current
        } else {
            let number = files.next_number;
            // Also after an error: the name may be taken by what is left of the try.
            files.next_number += 1;
            let file = self.disk.open(&self.path(number), OpenMode::Create)?;
            self.disk.sync_dir(&self.folder)?;
            files.bytes.insert(number, 0);
            (number, file)
        };
        // After an error the end of the file is not known: the next record goes to a new one. What is
        // left of this record is not sound, or was not acknowledged.
        let written = file.append(bytes).and_then(|()| if sync { file.sync() } else { Ok(()) });
        let length = files.bytes.entry(number).or_default();
        *length += bytes.len() as u64;
        let is_full = *length >= self.file_bytes;
        written?;
        *files.pins.entry(number).or_default() += pins;
        if !is_full {
            files.current = Some((number, file));
        }
        Ok(number)
    }

    /// Adds pins to a file.
    pub(super) fn pin(&self, number: u64, pins: u64) {
        *self.files.lock().pins.entry(number).or_default() += pins;
    }

    /// Takes pins from files.
    pub(super) fn unpin(&self, numbers: impl IntoIterator<Item = u64>) {
        let mut files = self.files.lock();
        for number in numbers {
            if let Some(pins) = files.pins.get_mut(&number) {
                *pins -= 1;
                if *pins == 0 {
                    files.pins.remove(&number);
                }
            }
        }
    }

    /// Removes the files before the first that is pinned or written. They go from the front only, since
    /// a decision stands behind the spans that it is about.
    pub(super) fn prune(&self) -> Result<(), DiskError> {
        let mut files = self.files.lock();
        let current = files.current.as_ref().map_or(u64::MAX, |(number, _)| *number);
        let first = files.pins.keys().next().map_or(current, |pinned| current.min(*pinned));
        let mut removed = false;
        while let Some((&number, _)) = files.bytes.first_key_value().filter(|(number, _)| **number < first) {
            match self.disk.remove_file(&self.path(number)) {
                Err(error) if !error.is_not_found() => return Err(error),
                _ => files.bytes.remove(&number),
            };
            removed = true;
        }
        drop(files);
        if removed { self.disk.sync_dir(&self.folder) } else { Ok(()) }
    }

    /// Ends the file that is written, so that it can go.
    pub(super) fn end_file(&self) {
        self.files.lock().current = None;
    }

    /// The first file that is pinned.
    pub(super) fn first_pinned(&self) -> Option<u64> {
        self.files.lock().pins.keys().next().copied()
    }

    /// Bytes of all files.
    pub(super) fn bytes(&self) -> u64 {
        self.files.lock().bytes.values().sum()
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("{number:016}{SUFFIX}"))
    }
}
