//! From batches to the log and the head, several writers at a time.
//!
//! Writers queue their batches. Whoever finds nobody at work takes the whole queue, writes it to
//! the log with one write (and, by policy, one fsync), applies it to the head and tells the others.

use crate::TsdbError;
use crate::options::FsyncPolicy;
use crate::rows::Rows;
use crate::store::Tsdb;
use crate::wal::{Segment, encode_record};
use hashbrown::HashMap;
use parking_lot::{Condvar, Mutex};
use std::time::Duration;

/// Batches that wait for their turn.
#[derive(Default)]
pub(crate) struct CommitQueue {
    waiting: Mutex<Waiting>,
    done: Condvar,
}

#[derive(Default)]
struct Waiting {
    next_ticket: u64,
    batches: Vec<(u64, Rows)>,
    outcomes: HashMap<u64, Result<(), TsdbError>>,
    somebody_writes: bool,
}

/// The end of the log. Holding its lock also keeps the head in the order of the log.
pub(crate) struct Journal {
    /// `None` until the next batch makes one.
    pub(crate) segment: Option<Segment>,
    /// The number of the next segment.
    pub(crate) next_number: u64,
    /// Bytes of the segments before the current one.
    pub(crate) older_bytes: u64,
    /// [`phoenix_env::Clock::monotonic`] at the last sync.
    pub(crate) last_sync: Duration,
    /// Whether there is something to sync.
    pub(crate) unsynced: bool,
    /// Whether acknowledged batches may be missing from stable storage although nothing says so
    /// any more (a failed fsync): the head has to move to a part.
    pub(crate) distrusted: bool,
    /// Whether the store has been shut down.
    pub(crate) closed: bool,
    buffer: Vec<u8>,
}

impl Journal {
    pub(crate) fn new(next_number: u64, older_bytes: u64, now: Duration) -> Self {
        Self {
            segment: None,
            next_number,
            older_bytes,
            last_sync: now,
            unsynced: false,
            distrusted: false,
            closed: false,
            buffer: Vec::new(),
        }
    }

    /// Bytes that a restart would replay.
    pub(crate) fn wal_bytes(&self) -> u64 {
        self.older_bytes + self.segment.as_ref().map_or(0, Segment::length)
    }

    /// Ends the current segment; the next batch begins another.
    pub(crate) fn end_segment(&mut self) {
        if let Some(segment) = self.segment.take() {
            self.older_bytes += segment.length();
        }
    }
}

/// A buffer that a huge batch has grown is not kept.
const KEPT_BUFFER_BYTES: usize = 4 << 20;

impl Tsdb {
    /// Returns once the batch is durable by policy and visible.
    pub(crate) fn commit(&self, rows: Rows) -> Result<(), TsdbError> {
        let mut waiting = self.queue.waiting.lock();
        let ticket = waiting.next_ticket;
        waiting.next_ticket += 1;
        waiting.batches.push((ticket, rows));
        while waiting.somebody_writes {
            self.queue.done.wait(&mut waiting);
            if let Some(outcome) = waiting.outcomes.remove(&ticket) {
                return outcome;
            }
        }
        waiting.somebody_writes = true;
        let group = std::mem::take(&mut waiting.batches);
        drop(waiting);

        let outcome = self.write_group(&group);

        let mut waiting = self.queue.waiting.lock();
        waiting.somebody_writes = false;
        for (other, _) in group.iter().filter(|(other, _)| *other != ticket) {
            waiting.outcomes.insert(*other, outcome.clone());
        }
        drop(waiting);
        self.queue.done.notify_all();
        if outcome.is_ok()
            && let FsyncPolicy::Interval(interval) = self.options.fsync
        {
            self.sync_if_due(interval);
        }
        outcome
    }

    fn write_group(&self, group: &[(u64, Rows)]) -> Result<(), TsdbError> {
        let mut journal = self.journal.lock();
        if journal.closed {
            return Err(TsdbError::Closed);
        }
        self.push_back()?;
        let mut segment = if let Some(segment) = journal.segment.take() {
            segment
        } else {
            let number = journal.next_number;
            // Also after an error: the name may be taken by what is left of the try.
            journal.next_number += 1;
            Segment::create(&*self.disk, &self.folder.wal, number)?
        };
        let mut buffer = std::mem::take(&mut journal.buffer);
        buffer.clear();
        let mut defined = Vec::new();
        for (_, rows) in group {
            let first_new = defined.len();
            defined.extend(rows.all_ids().filter(|id| segment.define(*id)));
            let index = self.index.read();
            let definitions: Vec<_> = defined[first_new..].iter().filter_map(|id| Some((*id, index.labels(*id)?.clone()))).collect();
            drop(index);
            encode_record(&definitions, rows, &mut buffer);
        }
        let always = self.options.fsync == FsyncPolicy::Always;
        let started = self.clock.monotonic();
        let written = segment.append(&buffer, always);
        let bytes = buffer.len() as u64;
        if buffer.capacity() <= KEPT_BUFFER_BYTES {
            journal.buffer = buffer;
        }
        if let Err((error, clean)) = written {
            for id in defined {
                segment.forget(id);
            }
            journal.segment = Some(segment);
            if !clean {
                journal.end_segment();
            }
            if error.action == "sync" {
                self.metrics.fsync_failures.inc();
            }
            // Not louder: a full disk would fill the log with it, and the caller and a metric tell as well.
            tracing::debug!(%error, "a batch could not be written to the log");
            return Err(error.into());
        }
        journal.segment = Some(segment);
        if always {
            self.metrics.fsync_seconds.observe(self.clock.monotonic().saturating_sub(started).as_secs_f64());
        } else {
            journal.unsynced = true;
        }
        let now = self.clock.monotonic();
        let head = self.view().active;
        let mut head = head.write();
        for (_, rows) in group {
            head.apply(rows, now);
            self.keep_exemplars(rows);
            self.metrics.samples_appended.inc_by(rows.len() as u64);
        }
        self.metrics.head_samples.set(head.samples() as i64);
        self.metrics.head_bytes.set(head.memory_bytes() as i64);
        drop(head);
        if let Some(oldest_ms) = group.iter().filter_map(|(_, rows)| rows.oldest_ms()).min() {
            self.past.stored(oldest_ms, self.clock.now_ms());
        }
        self.metrics.wal_written_bytes.inc_by(bytes);
        self.metrics.wal_bytes.set(journal.wal_bytes() as i64);
        Ok(())
    }

    /// An error when the head has grown far beyond its limit, since it can't be moved to the disk.
    fn push_back(&self) -> Result<(), TsdbError> {
        let view = self.view();
        let limit = self.options.head_memory_bytes.saturating_mul(2);
        if view.frozen.is_some() && view.active.read().memory_bytes() > limit {
            return Err(TsdbError::Busy(format!(
                "the samples in memory exceed twice their share of `limits.memory` ({limit} bytes) and can't be moved to the disk; see the log for why"
            )));
        }
        Ok(())
    }

    /// Syncs the log when this long has passed since the last time. Writers go on meanwhile.
    pub(crate) fn sync_if_due(&self, interval: Duration) {
        let now = self.clock.monotonic();
        let file = {
            let mut journal = self.journal.lock();
            if !journal.unsynced || now.saturating_sub(journal.last_sync) < interval {
                return;
            }
            journal.last_sync = now;
            journal.unsynced = false;
            match &journal.segment {
                Some(segment) => (segment.number(), segment.file().clone()),
                None => return,
            }
        };
        let (number, file) = file;
        let synced = file.sync();
        self.metrics.fsync_seconds.observe(self.clock.monotonic().saturating_sub(now).as_secs_f64());
        if let Err(error) = synced {
            self.metrics.fsync_failures.inc();
            tracing::warn!(%error, "the log could not be forced onto the disk; the samples in memory will be moved to a part");
            let mut journal = self.journal.lock();
            journal.distrusted = true;
            if journal.segment.as_ref().is_some_and(|segment| segment.number() == number) {
                journal.end_segment();
            }
        }
    }
}
