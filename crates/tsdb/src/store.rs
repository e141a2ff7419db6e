//! The store as a whole: what it is made of, opening and closing.

use crate::TsdbError;
use crate::commit::{CommitQueue, Journal};
use crate::folder::Folder;
use crate::head::Head;
use crate::metrics::Metrics;
use crate::options::TsdbOptions;
use crate::rows::Rows;
use crate::series::{SeriesId, SeriesIndex};
use crate::wal::{SeriesDefinition, replay_segment, segment_numbers};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};
use phoenix_env::{SharedClock, SharedDisk};
use prometheus_client::registry::Registry;
use std::sync::Arc;

pub(crate) type SharedHead = Arc<RwLock<Head>>;

/// What a reader looks at: it takes a copy and is not disturbed by what happens next.
#[derive(Clone)]
pub(crate) struct View {
    /// Takes new batches.
    pub(crate) active: SharedHead,
    /// On its way to parts.
    pub(crate) frozen: Option<SharedHead>,
}

/// The metrics store of one data folder. All methods block and may be called from any thread.
pub struct Tsdb {
    pub(crate) options: TsdbOptions,
    pub(crate) disk: SharedDisk,
    pub(crate) clock: SharedClock,
    pub(crate) metrics: Metrics,
    pub(crate) folder: Mutex<Folder>,
    pub(crate) index: RwLock<SeriesIndex>,
    /// Read by writers from finding their series until their samples are in the head.
    pub(crate) in_flight: RwLock<()>,
    pub(crate) queue: CommitQueue,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) view: RwLock<View>,
}

impl Tsdb {
    /// Opens the data folder, making it if needed, and replays the log.
    ///
    /// Errors: the folder belongs to another process or to a newer version, or the disk fails.
    /// Damaged files are no error: they are left out and reported.
    pub fn open(options: TsdbOptions, disk: SharedDisk, clock: SharedClock, registry: &mut Registry) -> Result<Arc<Self>, TsdbError> {
        let folder = Folder::take(&*disk, &options.folder)?;
        let metrics = Metrics::register(registry);
        let view = View { active: SharedHead::default(), frozen: None };
        let store = Self {
            journal: Mutex::new(Journal::new(1, 0, clock.monotonic())),
            options,
            disk,
            clock,
            metrics,
            folder: Mutex::new(folder),
            index: RwLock::default(),
            in_flight: RwLock::new(()),
            queue: CommitQueue::default(),
            view: RwLock::new(view),
        };
        store.replay()?;
        Ok(Arc::new(store))
    }

    pub(crate) fn view(&self) -> View {
        self.view.read().clone()
    }

    fn replay(&self) -> Result<(), TsdbError> {
        let wal = self.folder.lock().wal.clone();
        let mut journal = self.journal.lock();
        let head = self.view().active;
        let mut head = head.write();
        let mut index = self.index.write();
        let now_ms = self.clock.now_ms();
        let numbers = segment_numbers(&*self.disk, &wal)?;
        for number in &numbers {
            let mut ids = HashMap::new();
            let mut orphans = 0;
            let replayed = replay_segment(&*self.disk, &wal, *number, |definitions, rows| {
                orphans += apply(&mut index, &mut head, &mut ids, definitions, rows, now_ms);
            })?;
            journal.older_bytes += replayed.bytes;
            for problem in &replayed.problems {
                self.metrics.corruptions.inc();
                tracing::warn!(segment = number, problem, "the write-ahead log is damaged");
            }
            if orphans > 0 {
                tracing::warn!(
                    segment = number,
                    samples = orphans,
                    "samples were left out, since the record that names their series is damaged"
                );
            }
        }
        journal.next_number = numbers.last().map_or(1, |last| last + 1);
        self.metrics.head_series.set(index.len() as i64);
        self.metrics.head_samples.set(head.samples() as i64);
        self.metrics.head_bytes.set(head.memory_bytes() as i64);
        self.metrics.wal_bytes.set(journal.wal_bytes() as i64);
        Ok(())
    }

    /// Background work: to be called every few seconds, from one thread.
    pub fn maintain(&self) -> Result<(), TsdbError> {
        if let crate::FsyncPolicy::Interval(interval) = self.options.fsync {
            self.sync_if_due(interval);
        }
        Ok(())
    }

    /// Ends writing and gives the folder up.
    pub fn shutdown(&self) -> Result<(), TsdbError> {
        let mut journal = self.journal.lock();
        journal.closed = true;
        journal.end_segment();
        self.folder.lock().release();
        Ok(())
    }
}

/// Applies a record with the numbers of another life; gives the number of samples of unknown series.
fn apply(
    index: &mut SeriesIndex,
    head: &mut Head,
    ids: &mut HashMap<SeriesId, SeriesId>,
    definitions: Vec<SeriesDefinition>,
    mut rows: Rows,
    now_ms: i64,
) -> u64 {
    for (old, labels) in definitions {
        if let Some(new) = index.find(&labels).or_else(|| index.insert(&labels)) {
            ids.insert(old, new);
        }
    }
    let known: Vec<Option<SeriesId>> = rows.ids.iter().map(|old| ids.get(old).copied()).collect();
    let before = rows.len();
    if known.iter().any(Option::is_none) {
        rows.retain(|position| known[position].is_some());
    }
    rows.ids = known.into_iter().flatten().collect();
    let left_out = (before - rows.len()) as u64;
    head.apply(&rows, now_ms);
    left_out
}
