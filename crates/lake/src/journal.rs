//! From records to the write-ahead log, several writers at a time.
//!
//! Writers queue their records. Whoever finds nobody at work takes the whole queue, writes it with
//! one write (and, by policy, one fsync) and tells the others.

use crate::LakeError;
use crate::metrics::Metrics;
use crate::options::SyncPolicy;
use crate::wal::WalFile;
use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};
use phoenix_env::{SharedClock, SharedDisk};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// The write-ahead log, open for writing.
pub(crate) struct Journal {
    disk: SharedDisk,
    clock: SharedClock,
    signal: &'static str,
    folder: PathBuf,
    sync: SyncPolicy,
    metrics: Arc<Metrics>,
    waiting: Mutex<Waiting>,
    done: Condvar,
    end: Mutex<End>,
    /// As [`End::bytes`], for those who must not wait for an fsync under way.
    bytes: AtomicU64,
    closed: AtomicBool,
}

/// Where a log goes on.
pub(crate) struct Place {
    /// What is written there: `logs`.
    pub(crate) signal: &'static str,
    pub(crate) folder: PathBuf,
    /// The number of the next file.
    pub(crate) next_number: u64,
    /// Bytes of the files before it.
    pub(crate) older_bytes: u64,
}

#[derive(Default)]
struct Waiting {
    next_ticket: u64,
    records: Vec<(u64, Vec<u8>)>,
    outcomes: HashMap<u64, Result<(), LakeError>>,
    somebody_writes: bool,
}

/// The end of the log.
struct End {
    /// `None` until the next record makes one.
    file: Option<WalFile>,
    /// The number of the next file.
    next_number: u64,
    /// Bytes of the files before the current one.
    older_bytes: u64,
    /// [`phoenix_env::Clock::monotonic`] at the last sync.
    last_sync: Duration,
    /// Whether there is something to sync.
    unsynced: bool,
    /// Whether acknowledged records may be missing from stable storage although nothing says so
    /// any more (a failed fsync): the entries in memory have to move to segments.
    distrusted: bool,
}

/// What a rotation ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rotated {
    /// All records so far stand in files with lower numbers.
    pub(crate) end: u64,
    /// Bytes of those files.
    pub(crate) bytes: u64,
}

impl Journal {
    /// A log that goes on at a place.
    pub(crate) fn new(disk: SharedDisk, clock: SharedClock, place: Place, sync: SyncPolicy, metrics: Arc<Metrics>) -> Self {
        let Place { signal, folder, next_number, older_bytes } = place;
        let end = End { file: None, next_number, older_bytes, last_sync: clock.monotonic(), unsynced: false, distrusted: false };
        Self {
            disk,
            clock,
            signal,
            folder,
            sync,
            metrics,
            waiting: Mutex::default(),
            done: Condvar::new(),
            end: Mutex::new(end),
            bytes: AtomicU64::new(older_bytes),
            closed: AtomicBool::new(false),
        }
    }

    /// Returns once the record is durable by policy.
    pub(crate) fn commit(&self, record: Vec<u8>) -> Result<(), LakeError> {
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

        let outcome = self.write_group(&group);

        let mut waiting = self.waiting.lock();
        waiting.somebody_writes = false;
        for (other, _) in group.iter().filter(|(other, _)| *other != ticket) {
            waiting.outcomes.insert(*other, outcome.clone());
        }
        drop(waiting);
        self.done.notify_all();
        if outcome.is_ok() {
            self.sync_if_due();
        }
        outcome
    }

    fn write_group(&self, group: &[(u64, Vec<u8>)]) -> Result<(), LakeError> {
        let mut end = self.end.lock();
        if self.is_closed() {
            return Err(LakeError::Closed);
        }
        let mut file = if let Some(file) = end.file.take() {
            file
        } else {
            let number = end.next_number;
            // Also after an error: the name may be taken by what is left of the try.
            end.next_number += 1;
            WalFile::create(&*self.disk, &self.folder, number)?
        };
        let joined: Vec<u8>;
        let records = match group {
            [(_, only)] => only,
            several => {
                joined = several.iter().map(|(_, record)| record.as_slice()).collect::<Vec<_>>().concat();
                &joined
            }
        };
        let each = self.sync == SyncPolicy::Each;
        let started = self.clock.monotonic();
        let written = file.append(records, each);
        let length = file.length();
        if let Err((error, clean)) = written {
            if clean {
                end.file = Some(file);
            } else {
                end.older_bytes += length;
                self.show(&end);
                // Earlier records of this file may wait for a sync that nobody can do any more.
                end.distrusted |= end.unsynced;
            }
            if error.action == "sync" {
                self.metrics.fsync_failures.inc();
            }
            // Not louder: a full disk would fill the log with it, and the caller and a metric tell as well.
            tracing::debug!(%error, "a batch could not be written to the log of {}", self.signal);
            return Err(error.into());
        }
        end.file = Some(file);
        if each {
            self.metrics.fsync_seconds.observe(self.clock.monotonic().saturating_sub(started).as_secs_f64());
        } else {
            end.unsynced = true;
        }
        self.metrics.wal_written_bytes.inc_by(records.len() as u64);
        self.show(&end);
        Ok(())
    }

    /// Syncs when the policy's interval has passed since the last time. Writers go on meanwhile.
    pub(crate) fn sync_if_due(&self) {
        let SyncPolicy::Interval(interval) = self.sync else { return };
        let now = self.clock.monotonic();
        let (number, file) = {
            let mut end = self.end.lock();
            if !end.unsynced || now.saturating_sub(end.last_sync) < interval {
                return;
            }
            end.last_sync = now;
            end.unsynced = false;
            match &end.file {
                Some(file) => (file.number(), file.file().clone()),
                None => return,
            }
        };
        let synced = file.sync();
        self.metrics.fsync_seconds.observe(self.clock.monotonic().saturating_sub(now).as_secs_f64());
        if let Err(error) = synced {
            self.metrics.fsync_failures.inc();
            tracing::warn!(%error, "the log of {} could not be forced onto the disk; the entries in memory will be moved to segments", self.signal);
            let mut end = self.end.lock();
            end.distrusted = true;
            if end.file.as_ref().is_some_and(|file| file.number() == number) {
                end.end_file();
            }
        }
    }

    /// Ends the current file. The caller sees to it that no writer is under way.
    pub(crate) fn rotate(&self) -> Rotated {
        let mut end = self.end.lock();
        if end.unsynced
            && self.sync != SyncPolicy::Never
            && let Some(file) = &end.file
            && let Err(error) = file.file().sync()
        {
            // What it holds is about to move to segments.
            self.metrics.fsync_failures.inc();
            tracing::warn!(%error, "the log of {} could not be forced onto the disk", self.signal);
        }
        end.end_file();
        end.distrusted = false;
        end.unsynced = false;
        Rotated { end: end.next_number, bytes: end.older_bytes }
    }

    /// Says that the files of a rotation are not needed any more.
    pub(crate) fn forget(&self, rotated: Rotated) {
        let mut end = self.end.lock();
        end.older_bytes = end.older_bytes.saturating_sub(rotated.bytes);
        self.show(&end);
    }

    /// Bytes that a restart would replay.
    pub(crate) fn bytes(&self) -> u64 {
        self.bytes.load(Ordering::Relaxed)
    }

    fn show(&self, end: &End) {
        self.bytes.store(end.bytes(), Ordering::Relaxed);
        self.metrics.wal_bytes.set(end.bytes() as i64);
    }

    /// Whether the entries in memory have to move to segments since the log can't be trusted.
    pub(crate) fn is_distrusted(&self) -> bool {
        self.end.lock().distrusted
    }

    /// Whether [`Journal::close`] was called.
    pub(crate) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::Acquire)
    }

    /// Takes no more records; whether it did until now. What was written is synced if the policy wants it.
    pub(crate) fn close(&self) -> bool {
        let end = self.end.lock();
        let was_open = !self.closed.swap(true, Ordering::AcqRel);
        if was_open
            && end.unsynced
            && let Some(file) = &end.file
            && let Err(error) = file.file().sync()
        {
            self.metrics.fsync_failures.inc();
            tracing::warn!(%error, "the log of {} could not be forced onto the disk", self.signal);
        }
        was_open
    }
}

impl End {
    fn end_file(&mut self) {
        if let Some(file) = self.file.take() {
            self.older_bytes += file.length();
        }
    }

    fn bytes(&self) -> u64 {
        self.older_bytes + self.file.as_ref().map_or(0, WalFile::length)
    }
}
