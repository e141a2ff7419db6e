//! The store as a whole: what it is made of, opening, upkeep and closing.

use crate::TsdbError;
use crate::cache::BlockCache;
use crate::commit::{CommitQueue, Journal};
use crate::exemplars::ExemplarRing;
use crate::flush::Frozen;
use crate::folder::Folder;
use crate::head::Head;
use crate::manifest::Manifest;
use crate::metrics::Metrics;
use crate::options::TsdbOptions;
use crate::part::Part;
use crate::problem::Problem;
use crate::retention::ClockWatch;
use crate::rows::Rows;
use crate::series::{SeriesId, SeriesIndex};
use crate::wal::{SeriesDefinition, replay_segment, segment_numbers, segment_path};
use hashbrown::HashMap;
use parking_lot::{Mutex, RwLock};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::{Changed, PastChanges, Settled};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

pub(crate) type SharedHead = Arc<RwLock<Head>>;

/// What a reader looks at: it takes a copy and is not disturbed by what happens next.
#[derive(Clone)]
pub(crate) struct View {
    /// Takes new batches.
    pub(crate) active: SharedHead,
    /// On its way to parts.
    pub(crate) frozen: Option<Frozen>,
    /// In order of precedence.
    pub(crate) parts: Arc<[Arc<Part>]>,
}

/// The metrics store of one data folder. All methods block and may be called from any thread.
///
/// Locks are taken in this order: `upkeep`, `manifest`, `in_flight`, `journal`, `view`, a head, `index`,
/// `exemplars`.
pub struct Tsdb {
    pub(crate) options: TsdbOptions,
    pub(crate) disk: SharedDisk,
    pub(crate) clock: SharedClock,
    pub(crate) metrics: Metrics,
    pub(crate) folder: Folder,
    pub(crate) index: RwLock<SeriesIndex>,
    /// Read by writers from finding their series until their samples are in the head.
    pub(crate) in_flight: RwLock<()>,
    pub(crate) queue: CommitQueue,
    pub(crate) journal: Mutex<Journal>,
    pub(crate) view: RwLock<View>,
    pub(crate) cache: BlockCache,
    /// What is on disk; held while the list of parts changes.
    pub(crate) manifest: Mutex<Manifest>,
    pub(crate) next_part: AtomicU64,
    pub(crate) exemplars: Mutex<ExemplarRing>,
    pub(crate) problems: Mutex<Vec<Problem>>,
    pub(crate) clock_watch: Mutex<ClockWatch>,
    /// Told to those who keep answers.
    pub(crate) past: PastChanges,
    /// Held by whoever flushes or merges.
    upkeep: Mutex<()>,
}

impl std::fmt::Debug for Tsdb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tsdb").field("folder", &self.options.folder).finish_non_exhaustive()
    }
}

impl Tsdb {
    /// Opens the data folder, making it if needed, and replays the log.
    ///
    /// Errors: the folder belongs to another process or to a newer version, or the disk fails.
    /// Damaged files are no error: they are left out and reported.
    pub fn open(options: TsdbOptions, disk: SharedDisk, clock: SharedClock, registry: &mut Registry) -> Result<Arc<Self>, TsdbError> {
        let folder = Folder::take(&*disk, &options.folder)?;
        let metrics = Metrics::register(registry);
        let view = View { active: SharedHead::default(), frozen: None, parts: Arc::from([]) };
        let store = Self {
            journal: Mutex::new(Journal::new(1, 0, clock.monotonic())),
            cache: BlockCache::new(options.cache_bytes, &metrics),
            clock_watch: Mutex::new(ClockWatch::new(&*clock)),
            exemplars: Mutex::new(ExemplarRing::new(options.max_exemplars)),
            options,
            disk,
            clock,
            metrics,
            folder,
            index: RwLock::default(),
            in_flight: RwLock::new(()),
            queue: CommitQueue::default(),
            view: RwLock::new(view),
            manifest: Mutex::default(),
            next_part: AtomicU64::new(1),
            problems: Mutex::default(),
            past: PastChanges::default(),
            upkeep: Mutex::new(()),
        };
        store.load_parts()?;
        store.load_exemplars()?;
        store.replay()?;
        Ok(Arc::new(store))
    }

    /// How far an answer holds whose samples are read after this call.
    pub fn settled(&self) -> Settled {
        let now_ms = self.clock.now_ms();
        self.past.settled(now_ms, self.options.oldest_ms(now_ms))
    }

    /// Which answers about the past may be different from what they were at [`Settled::mark`].
    pub fn changed_since(&self, mark: u64) -> Changed {
        self.past.since(mark)
    }

    pub(crate) fn view(&self) -> View {
        self.view.read().clone()
    }

    fn replay(&self) -> Result<(), TsdbError> {
        let wal = &self.folder.wal;
        let first_segment = self.manifest.lock().first_segment;
        let mut journal = self.journal.lock();
        let head = self.view().active;
        let mut head = head.write();
        let mut index = self.index.write();
        let now = self.clock.monotonic();
        let numbers = segment_numbers(&*self.disk, wal)?;
        for number in &numbers {
            if *number < first_segment {
                // Its samples stand in parts; only its name was left.
                if let Err(error) = self.disk.remove_file(&segment_path(wal, *number)) {
                    tracing::debug!(%error, "a segment of the log that is not needed any more could not be removed");
                }
                continue;
            }
            let mut ids = HashMap::new();
            let mut orphans = 0;
            let replayed = replay_segment(&*self.disk, wal, *number, |definitions, rows| {
                self.keep_exemplars(&rows);
                orphans += apply(&mut index, &mut head, &mut ids, definitions, rows, now);
            })?;
            journal.older_bytes += replayed.bytes;
            let file = format!("wal/{number:016}.wal");
            if orphans > 0 {
                self.report(&file, format!("{orphans} samples are left out, since the record that names their series is damaged"));
            }
            for problem in replayed.problems {
                self.report(&file, problem);
            }
        }
        journal.next_number = numbers.last().map_or(1, |last| last + 1).max(first_segment);
        self.metrics.head_series.set(index.len() as i64);
        self.metrics.head_samples.set(head.samples() as i64);
        self.metrics.exemplars.set(self.exemplars.lock().len() as i64);
        self.metrics.head_bytes.set(head.memory_bytes() as i64);
        self.metrics.wal_bytes.set(journal.wal_bytes() as i64);
        Ok(())
    }

    /// Background work, to be called every few seconds on a thread of its own: forces the log to disk,
    /// moves the head to parts when it is big or old, drops what is past its retention, and merges
    /// parts, one merge a call. What fails is tried again at the next call; the first failure is returned.
    pub fn maintain(&self) -> Result<(), TsdbError> {
        let _alone = self.upkeep.lock();
        if self.journal.lock().closed {
            return Err(TsdbError::Closed);
        }
        if let Some(interval) = self.sync_interval() {
            self.sync_if_due(interval);
        }
        let flushed = if self.flush_is_due() { self.flush() } else { Ok(()) };
        let dropped = self.drop_expired();
        let merged = self.merge_once().map(|_| ());
        let outcome = flushed.and(dropped).and(merged);
        if let Err(error) = &outcome {
            self.metrics.maintain_failures.inc();
            tracing::warn!(%error, "upkeep of the metrics store failed, it will be tried again");
        }
        outcome
    }

    /// Ends writing, moves the head to parts so that the next start is quick, and gives the folder up.
    /// After an error nothing is lost: the next start replays the log.
    pub fn shutdown(&self) -> Result<(), TsdbError> {
        let _alone = self.upkeep.lock();
        {
            let mut journal = self.journal.lock();
            if journal.closed {
                return Ok(());
            }
            journal.closed = true;
        }
        // A flush that failed before has left one head frozen; the active one is the second.
        let flushed = self.flush().and_then(|()| self.flush());
        self.folder.release();
        flushed
    }

    /// Puts the exemplars of a batch that stands in the log into the ring.
    pub(crate) fn keep_exemplars(&self, rows: &Rows) {
        if rows.exemplars.is_empty() {
            return;
        }
        let mut ring = self.exemplars.lock();
        let kept: usize = rows.exemplars.iter().map(|(labels, exemplars)| ring.push(labels, exemplars)).sum();
        self.metrics.exemplars_appended.inc_by(kept as u64);
        self.metrics.exemplars.set(ring.len() as i64);
    }

    /// Moves the head to parts now, whatever its size: for tests, benches and backups.
    pub fn flush_now(&self) -> Result<(), TsdbError> {
        let _alone = self.upkeep.lock();
        self.flush()
    }
}

/// Applies a record with the numbers of another life; gives the number of samples of unknown series.
fn apply(
    index: &mut SeriesIndex,
    head: &mut Head,
    ids: &mut HashMap<SeriesId, SeriesId>,
    definitions: Vec<SeriesDefinition>,
    mut rows: Rows,
    now: std::time::Duration,
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
    rows.histograms.retain_mut(|(id, _)| {
        ids.get(id).is_some_and(|new| {
            *id = *new;
            true
        })
    });
    let left_out = (before - rows.len()) as u64;
    head.apply(&rows, now);
    left_out
}
