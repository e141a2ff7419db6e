//! Requests to delete.
//!
//! A request hides its entries from readers at once. After the period in which it can be taken
//! back, entries are left out of what is flushed, and the segments that it touches are written anew;
//! when none is left, the request is processed and plays no part any more. An entry that arrives
//! later than the request and lies in its range goes with it if it arrives before that moment.

use crate::LakeError;
use crate::logs::Logs;
use crate::manifest::DeleteEntry;
use crate::schema::Schema;
use crate::store::{Held, Store, View};
use crate::tombstone::{StoredTombstone, Tombstone};
use phoenix_model::logs::ReadError;
use std::sync::Arc;

/// Processed requests that are remembered; the newest stay.
const KEPT_PROCESSED: usize = 100;

/// A request to delete.
pub(crate) struct Deletion {
    pub(crate) entry: DeleteEntry,
    pub(crate) tombstone: Tombstone,
    /// Memtables up to this number may hold entries that it covers.
    pub(crate) generation: u64,
}

/// A request to delete that is on record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeleteStatus {
    /// Its name.
    pub id: String,
    /// The query as written.
    pub query: String,
    /// The first moment that counts, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// When it was asked for, in milliseconds since the Unix epoch.
    pub created_ms: i64,
    /// Whether the entries are gone from storage too. They are gone from answers at once.
    pub processed: bool,
}

impl Deletion {
    /// One that was written down in an earlier life.
    pub(crate) fn restore(entry: DeleteEntry) -> Result<Self, String> {
        let tombstone = entry.tombstone.restore()?;
        Ok(Self { entry, tombstone, generation: 0 })
    }
}

impl<S: Schema> View<S> {
    /// The tombstones that count for entries of this range of time (both ends count) from which
    /// the requests up to number `clean_to` have been removed.
    pub(crate) fn tombstones(&self, clean_to: u64, min_ns: i64, max_ns: i64) -> Vec<Tombstone> {
        let counts = |deletion: &&Arc<Deletion>| {
            !deletion.entry.processed && deletion.entry.number > clean_to && deletion.tombstone.touches_time(min_ns, max_ns)
        };
        self.deletes.iter().filter(counts).map(|deletion| deletion.tombstone.clone()).collect()
    }

    /// Requests up to this number can't be taken back any more at `now_ms`.
    pub(crate) fn due_to(&self, now_ms: i64, cancel_period_ms: i64) -> u64 {
        let is_due = |deletion: &&Arc<Deletion>| deletion.entry.processed || now_ms - deletion.entry.created_ms >= cancel_period_ms;
        self.deletes.iter().take_while(is_due).last().map_or(0, |deletion| deletion.entry.number)
    }
}

impl Held<Logs> {
    /// Whether the segment has to be written anew for a request that is due.
    pub(crate) fn is_touched(&self, deletion: &Deletion) -> Result<bool, ReadError> {
        let info = &self.entry.info;
        if self.entry.clean_to >= deletion.entry.number || !deletion.tombstone.touches_time(info.min_ns, info.max_ns) {
            return Ok(false);
        }
        Ok(self.segment.streams()?.iter().any(|stream| deletion.tombstone.touches_stream(stream)))
    }
}

impl Store<Logs> {
    /// Deletes what the tombstone covers. It is gone from answers when this returns, also after a restart.
    /// `query` is what was asked, for [`Store::deletes`]. Gives the request's name.
    pub fn delete(&self, query: &str, tombstone: Tombstone) -> Result<String, LakeError> {
        let mut record = self.record.lock();
        let view = self.view.read().clone();
        let pending = view.deletes.iter().filter(|deletion| !deletion.entry.processed).count();
        if pending >= self.options.max_deletes {
            return Err(LakeError::Limit(format!("limit `max_deletes` reached: {pending} requests to delete are not carried out yet")));
        }
        let number = record.next_delete;
        record.next_delete += 1;
        let entry = DeleteEntry {
            number,
            query: query.to_owned(),
            created_ms: self.clock.now_ms(),
            processed: false,
            tombstone: StoredTombstone::from(&tombstone),
        };
        let start_ms = tombstone.start_ns.div_euclid(1_000_000);
        let deletion = Deletion { entry, tombstone, generation: record.generation };
        let deletes: Arc<[Arc<Deletion>]> = view.deletes.iter().cloned().chain([Arc::new(deletion)]).collect();
        self.store_manifest(&mut record, &view.segments, &deletes)?;
        self.view.write().deletes = deletes;
        drop(record);
        self.past.changed_from(start_ms);
        self.show();
        Ok(number.to_string())
    }

    /// The requests to delete, oldest first; of those that are processed, the latest hundred.
    pub fn deletes(&self) -> Vec<DeleteStatus> {
        let status = |deletion: &Arc<Deletion>| DeleteStatus {
            id: deletion.entry.number.to_string(),
            query: deletion.entry.query.clone(),
            start_ns: deletion.tombstone.start_ns,
            end_ns: deletion.tombstone.end_ns,
            created_ms: deletion.entry.created_ms,
            processed: deletion.entry.processed,
        };
        self.view.read().deletes.iter().map(status).collect()
    }

    /// Takes back a request that is not being carried out in storage yet; its entries are in answers
    /// again. Whether there was one.
    pub fn cancel_delete(&self, id: &str) -> Result<bool, LakeError> {
        let Ok(number) = id.parse::<u64>() else { return Ok(false) };
        let mut record = self.record.lock();
        let view = self.view.read().clone();
        let can_go = |deletion: &Arc<Deletion>| deletion.entry.number == number && !deletion.entry.processed && number > record.carried_out;
        let Some(goes) = view.deletes.iter().find(|deletion| can_go(deletion)) else {
            return Ok(false);
        };
        let start_ms = goes.tombstone.start_ns.div_euclid(1_000_000);
        let deletes: Arc<[Arc<Deletion>]> = view.deletes.iter().filter(|d| d.entry.number != number).cloned().collect();
        self.store_manifest(&mut record, &view.segments, &deletes)?;
        self.view.write().deletes = deletes;
        drop(record);
        self.past.changed_from(start_ms);
        self.show();
        Ok(true)
    }

    /// Notes which requests have nothing left to remove.
    pub(crate) fn settle_deletes(&self) -> Result<(), LakeError> {
        let due_to = self.begin_deletes();
        let mut record = self.record.lock();
        let view = self.view.read().clone();
        let oldest_memory = match (&view.frozen, self.active.lock().rows()) {
            (Some(frozen), _) => frozen.generation,
            (None, 0) => u64::MAX,
            (None, _) => record.generation,
        };
        let mut settled = Vec::new();
        for deletion in view.deletes.iter().filter(|d| !d.entry.processed && d.entry.number <= due_to && d.generation < oldest_memory) {
            let mut touched = false;
            for held in view.segments.iter() {
                // Of a segment that can't be read nobody knows.
                touched = touched || held.is_touched(deletion).unwrap_or(true);
            }
            if !touched {
                settled.push(deletion.entry.number);
            }
        }
        if settled.is_empty() {
            return Ok(());
        }
        let mut deletes: Vec<Arc<Deletion>> = Vec::new();
        for deletion in view.deletes.iter() {
            deletes.push(if settled.contains(&deletion.entry.number) {
                let entry = DeleteEntry { processed: true, ..deletion.entry.clone() };
                Arc::new(Deletion { entry, tombstone: deletion.tombstone.clone(), generation: deletion.generation })
            } else {
                Arc::clone(deletion)
            });
        }
        let mut too_many = deletes.iter().filter(|d| d.entry.processed).count().saturating_sub(KEPT_PROCESSED);
        deletes.retain(|d| {
            let goes = d.entry.processed && too_many > 0;
            too_many -= usize::from(goes);
            !goes
        });
        let deletes: Arc<[Arc<Deletion>]> = deletes.into();
        self.store_manifest(&mut record, &view.segments, &deletes)?;
        self.view.write().deletes = deletes;
        drop(record);
        self.show();
        Ok(())
    }
}

impl<S: Schema> Store<S> {
    /// The requests that can be carried out in storage now; from now on they can't be taken back.
    pub(crate) fn begin_deletes(&self) -> u64 {
        let mut record = self.record.lock();
        let cancel_period_ms = i64::try_from(self.options.delete_cancel_period.as_millis()).unwrap_or(i64::MAX);
        let due_to = self.view.read().due_to(self.clock.now_ms(), cancel_period_ms);
        record.carried_out = record.carried_out.max(due_to);
        record.carried_out
    }
}
