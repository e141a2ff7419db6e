//! What the store tells of itself.

use crate::retention::Retention;
use crate::schema::{Schema, Table};
use crate::store::{Held, Store};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Something that is wrong with the data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// When it was noticed, in milliseconds since the Unix epoch.
    pub noticed_ms: i64,
    /// The file.
    pub file: String,
    /// What is wrong, and what became of it.
    pub message: String,
}

/// Problems that are remembered; the newest stay.
const KEPT_PROBLEMS: usize = 100;

/// The state of a store at one moment. Its entries are log entries, or spans.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LakeStatus {
    /// Entries in memory that are not in segments yet.
    pub memory_entries: u64,
    /// About the bytes that they take.
    pub memory_bytes: u64,
    /// The most that they may take; then writes are refused as busy.
    pub memory_limit_bytes: u64,
    /// Streams that entries arrived for since the last move to segments; of spans, traces.
    pub active_streams: u64,
    /// Bytes of the write-ahead log.
    pub wal_bytes: u64,
    /// Segments.
    pub segments: u64,
    /// Entries in them.
    pub segment_entries: u64,
    /// Bytes of the lines of these; of spans, of all that they hold.
    pub segment_raw_bytes: u64,
    /// Bytes that segments take in storage, indexes included.
    pub segment_bytes: u64,
    /// The time of the oldest entry in segments, in nanoseconds since the Unix epoch.
    pub oldest_ns: Option<i64>,
    /// The time of the newest entry in segments.
    pub newest_ns: Option<i64>,
    /// Requests to delete that are not carried out in storage yet.
    pub pending_deletes: u64,
    /// Why entries could not be moved to segments the last time; `None` when that works.
    pub stalled: Option<String>,
    /// Whether the copy of the manifest in the object store is behind.
    pub copy_is_behind: bool,
    /// Damage that was met, oldest first.
    pub problems: Vec<Problem>,
}

impl<S: Schema> Store<S> {
    /// The state of the store now. Cheap.
    pub fn status(&self) -> LakeStatus {
        let view = self.view.read().clone();
        let (rows, streams) = {
            let active = self.active.lock();
            (active.rows(), active.groups())
        };
        let infos = || view.segments.iter().map(|held| &held.entry.info);
        LakeStatus {
            memory_entries: rows + view.frozen.as_ref().map_or(0, |frozen| frozen.table.rows()),
            memory_bytes: self.memory.load(Ordering::Relaxed),
            memory_limit_bytes: self.options.memtable_bytes,
            active_streams: streams,
            wal_bytes: self.journal.bytes(),
            segments: view.segments.len() as u64,
            segment_entries: infos().map(|info| info.rows).sum(),
            segment_raw_bytes: infos().map(|info| info.raw_bytes).sum(),
            segment_bytes: infos().map(|info| info.size_bytes).sum(),
            oldest_ns: infos().map(|info| info.min_ns).min(),
            newest_ns: infos().map(|info| info.max_ns).max(),
            pending_deletes: view.deletes.iter().filter(|deletion| !deletion.entry.processed).count() as u64,
            stalled: self.stalled.lock().clone(),
            copy_is_behind: self.copy_is_behind.load(Ordering::Relaxed),
            problems: self.problems.lock().clone(),
        }
    }

    /// Changes how long entries are kept, from now on: readers at once, storage at the next upkeep.
    pub fn set_retention(&self, retention: Retention) {
        self.view.write().retention = Arc::new(retention);
        self.wake.up();
    }

    /// Brings the metrics up to date that are not counted on the way.
    pub(crate) fn show(&self) {
        let status = self.status();
        self.metrics.memory_entries.set(status.memory_entries as i64);
        self.metrics.memory_bytes.set(status.memory_bytes as i64);
        self.metrics.memory_groups.set(status.active_streams as i64);
        self.metrics.wal_bytes.set(status.wal_bytes as i64);
        self.metrics.segments.set(status.segments as i64);
        self.metrics.segment_bytes.set(status.segment_bytes as i64);
        self.metrics.segment_entries.set(status.segment_entries as i64);
        self.metrics.pending_deletes.set(status.pending_deletes as i64);
    }

    /// Logs, counts and remembers damage.
    pub(crate) fn report(&self, file: &str, message: String) {
        tracing::error!(file, message, "a file of the store of {} is damaged", S::WORDS.signal);
        self.metrics.corruptions.inc();
        let mut problems = self.problems.lock();
        if problems.len() >= KEPT_PROBLEMS {
            problems.remove(0);
        }
        problems.push(Problem { noticed_ms: self.clock.now_ms(), file: file.to_owned(), message });
    }

    /// Notes segments as damaged or gone that the error of a reader names, if they are. A store of
    /// objects that is away is no such reason. Each file is told once.
    pub(crate) fn note_damage<'h>(&self, segments: impl Iterator<Item = &'h Arc<Held<S>>>, error: &str)
    where
        S: 'h,
    {
        for held in segments {
            let info = &held.entry.info;
            let sizes = [info.size_bytes - info.index_bytes, info.index_bytes];
            for (key, want) in info.keys(&self.options.prefix).into_iter().zip(sizes).filter(|(key, _)| error.contains(key.as_str())) {
                let reason = match self.objects.size(&key) {
                    Ok(size) if size != want => format!("it has {size} bytes in the place of {want}"),
                    Ok(_) => match error.split_once(&format!("{key} is damaged: ")) {
                        Some((_, reason)) => reason.to_owned(),
                        None => continue,
                    },
                    Err(error) if error.is_not_found() => "it is missing".to_owned(),
                    Err(_) => continue,
                };
                held.set_damaged();
                let is_known = self.problems.lock().iter().any(|problem| problem.file == key);
                if !is_known {
                    self.report(&key, format!("{reason}; queries that need it fail"));
                }
            }
        }
    }
}
