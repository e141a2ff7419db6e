//! The store as a whole: what it is made of, opening and closing.

use crate::LakeError;
use crate::adopt::{find_manifest, find_orphans, taken_over};
use crate::deletes::Deletion;
use crate::flush::Frozen;
use crate::journal::{Journal, Place};
use crate::manifest::{Manifest, SegmentEntry};
use crate::metrics::Metrics;
use crate::options::LakeOptions;
use crate::retention::{ClockWatch, KeptFrom, Retention};
use crate::schema::{Schema, Table};
use crate::status::Problem;
use crate::upkeep::{Doomed, Upkeep, Wake};
use crate::wal::{file_numbers, file_path, replay_file};
use parking_lot::{Condvar, Mutex, RwLock};
use phoenix_env::objects::SharedObjects;
use phoenix_env::{DiskLock, SharedClock, SharedDisk};
use phoenix_model::PastChanges;
use prometheus_client::registry::Registry;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// What nobody names in a bucket is removed only after this long, since another machine may be
/// about to name it.
const REMOTE_GRACE: Duration = Duration::from_hours(1);

/// A segment that is part of the store.
pub(crate) struct Held<S: Schema> {
    pub(crate) entry: SegmentEntry,
    pub(crate) segment: S::Segment,
    /// Whether upkeep has found it damaged or gone.
    damaged: AtomicBool,
    /// See [`Held::kept_from`], for one retention: worked out once, since it may need the segment's streams.
    kept_from: Mutex<Option<(Arc<Retention>, KeptFrom)>>,
}

impl<S: Schema> Held<S> {
    pub(crate) fn new(entry: SegmentEntry, segment: S::Segment) -> Arc<Self> {
        Arc::new(Self { entry, segment, damaged: AtomicBool::new(false), kept_from: Mutex::default() })
    }

    /// Notes that it is damaged or gone.
    pub(crate) fn set_damaged(&self) {
        self.damaged.store(true, Ordering::Relaxed);
    }

    /// Whether somebody noted that it is damaged or gone.
    pub(crate) fn is_damaged(&self) -> bool {
        self.damaged.load(Ordering::Relaxed)
    }

    /// From which moments on its entries are kept, by a retention.
    pub(crate) fn kept_from(&self, retention: &Arc<Retention>) -> Result<KeptFrom, LakeError> {
        let mut known = self.kept_from.lock();
        if let Some((of, kept_from)) = &*known
            && Arc::ptr_eq(of, retention)
        {
            return Ok(*kept_from);
        }
        let at_zero = retention.cutoffs(0);
        let kept_from = if at_zero.is_uniform() {
            KeptFrom { earliest: at_zero.earliest(), latest: at_zero.earliest() }
        } else {
            S::kept_from(&self.segment, &at_zero)?
        };
        *known = Some((Arc::clone(retention), kept_from));
        Ok(kept_from)
    }
}

/// What a reader looks at: it takes a copy and is not disturbed by what happens next.
pub(crate) struct View<S: Schema> {
    /// On its way to segments.
    pub(crate) frozen: Option<Arc<Frozen<S>>>,
    pub(crate) segments: Arc<[Arc<Held<S>>]>,
    /// Requests to delete, oldest first.
    pub(crate) deletes: Arc<[Arc<Deletion>]>,
    pub(crate) retention: Arc<Retention>,
}

// Not derived: the schema itself need not be cloned.
impl<S: Schema> Clone for View<S> {
    fn clone(&self) -> Self {
        Self {
            frozen: self.frozen.clone(),
            segments: Arc::clone(&self.segments),
            deletes: Arc::clone(&self.deletes),
            retention: Arc::clone(&self.retention),
        }
    }
}

/// What is written down of the store.
pub(crate) struct Record {
    pub(crate) owner: String,
    pub(crate) sequence: u64,
    pub(crate) first_wal: u64,
    pub(crate) next_segment: u64,
    pub(crate) next_delete: u64,
    /// The sequence of the manifest whose copy is in the object store.
    pub(crate) copied: u64,
    /// The number of the active memtable in this life.
    pub(crate) generation: u64,
    /// Requests to delete up to this number can't be taken back any more.
    pub(crate) carried_out: u64,
}

/// A store: [`crate::Lake`] of logs, [`crate::TraceLake`] of spans. All methods block and may be
/// called from any thread.
///
/// Locks are taken in this order: `upkeep`, `gate`, `record`, `view`, `active`; those of the
/// journal, of subscribers and of problems are taken last and alone.
pub struct Store<S: Schema> {
    pub(crate) schema: S,
    pub(crate) options: LakeOptions,
    pub(crate) disk: SharedDisk,
    pub(crate) objects: SharedObjects,
    pub(crate) clock: SharedClock,
    pub(crate) metrics: Arc<Metrics>,
    lock: Mutex<Option<Box<dyn DiskLock>>>,
    /// Held for reading by writers from before their record is in the log until their entries are
    /// in the memtable, so that a rotation finds both in step.
    pub(crate) gate: RwLock<()>,
    pub(crate) journal: Journal,
    /// Takes new entries.
    pub(crate) active: Mutex<S::Table>,
    /// Bytes of both memtables, and of batches on their way there.
    pub(crate) memory: AtomicU64,
    /// Told when `memory` has shrunk.
    pub(crate) room: (Mutex<()>, Condvar),
    pub(crate) view: RwLock<View<S>>,
    pub(crate) record: Mutex<Record>,
    pub(crate) upkeep: Mutex<Upkeep<S>>,
    pub(crate) wake: Wake,
    pub(crate) problems: Mutex<Vec<Problem>>,
    /// Told to those who keep answers.
    pub(crate) past: PastChanges,
    /// Why entries in memory could not be moved to segments the last time.
    pub(crate) stalled: Mutex<Option<String>>,
    /// Whether the copy of the manifest is older than the manifest.
    pub(crate) copy_is_behind: AtomicBool,
}

impl<S: Schema> std::fmt::Debug for Store<S> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("dir", &self.options.dir).finish_non_exhaustive()
    }
}

impl<S: Schema> Store<S> {
    /// Opens the store, making its folder if needed, and replays the log.
    ///
    /// A folder without a manifest takes over the segments that a copy of the manifest below
    /// `options.prefix` names; then another Phoenix that wrote there before must not run any more.
    ///
    /// Errors: the folder or the prefix belongs to another process or to a newer version, the disk
    /// fails, or the object store fails while the folder is empty. A damaged log is no error: what
    /// can't be read is left out and reported.
    pub fn open(
        options: LakeOptions,
        disk: SharedDisk,
        objects: SharedObjects,
        clock: SharedClock,
        registry: &mut Registry,
    ) -> Result<Self, LakeError> {
        let mut options = options;
        options.memtable_bytes = options.memtable_bytes.clamp(64 << 10, u64::from(u32::MAX));
        let wal = options.dir.join("wal");
        disk.create_dir_all(&options.dir)?;
        let lock = disk.lock(&options.dir.join("LOCK")).map_err(|error| match error.source.kind() {
            ErrorKind::WouldBlock => LakeError::Locked {
                place: format!("the data folder {}", options.dir.display()),
                reason: "is another Phoenix running? Stop it, or give this one another `data_dir`".to_owned(),
            },
            _ => LakeError::from(error),
        })?;
        let mut problems = Vec::new();
        let (manifest, adopted) = find_manifest(S::WORDS.signal, &options, &disk, &objects, &mut problems)?;
        disk.create_dir_all(&wal)?;
        disk.sync_dir(&options.dir)?;
        // The folder's own name, and that of the one above; those further up were most likely there before.
        for parent in options.dir.ancestors().skip(1).filter(|parent| !parent.as_os_str().is_empty()).take(2) {
            match disk.sync_dir(parent) {
                // It may be somebody else's, and then it was there before.
                Err(error) if error.source.kind() == ErrorKind::PermissionDenied => {}
                synced => synced?,
            }
        }
        let metrics = Arc::new(Metrics::register(registry, &S::WORDS));
        let schema = S::new(&options);
        let mut segments = Vec::new();
        for entry in &manifest.segments {
            let segment = schema.open_segment(&objects, &options.prefix, &entry.info)?;
            segments.push(Held::new(entry.clone(), segment));
        }
        let deletes = manifest.deletes.iter().map(|entry| Deletion::restore(entry.clone()).map(Arc::new));
        let deletes = deletes.collect::<Result<Vec<_>, String>>().map_err(|reason| LakeError::Corrupt {
            file: options.dir.join("MANIFEST").display().to_string(),
            reason: format!("a request to delete can't be understood: {reason}"),
        })?;
        let view =
            View { frozen: None, segments: segments.into(), deletes: deletes.into(), retention: Arc::new(options.retention.clone()) };
        let (next_segment, mut orphans) = find_orphans(&options, &objects, &manifest);
        if manifest.sequence == 0 && !orphans.is_empty() {
            // A store has a manifest before it has segments: it was lost, and they may be all that is left.
            problems.push((
                "MANIFEST".to_owned(),
                format!(
                    "it is missing, here and in the object store, although there are {} objects below {}; they are left alone and their entries are missing",
                    orphans.len(),
                    options.prefix
                ),
            ));
            orphans.clear();
        }

        let mut active = schema.table(None);
        let mut wal_bytes = 0;
        let numbers = file_numbers(&*disk, &wal)?;
        let stale = numbers.iter().copied().filter(|number| *number < manifest.first_wal).collect::<Vec<_>>();
        for number in numbers.iter().copied().filter(|number| *number >= manifest.first_wal) {
            let now = clock.monotonic();
            let replayed = replay_file(&*disk, &wal, number, |payload| schema.replay(payload, &mut active, now))?;
            wal_bytes += replayed.bytes;
            problems.extend(replayed.problems.into_iter().map(|problem| (format!("wal/{number:016}.wal"), problem)));
        }
        let next_number = numbers.last().map_or(1, |last| last + 1).max(manifest.first_wal);
        let place = Place { signal: S::WORDS.signal, folder: wal.clone(), next_number, older_bytes: wal_bytes };
        let journal = Journal::new(disk.clone(), clock.clone(), place, options.sync, metrics.clone());
        let record = Record {
            owner: manifest.owner.clone(),
            sequence: manifest.sequence,
            first_wal: manifest.first_wal,
            next_segment,
            next_delete: manifest.next_delete,
            copied: if adopted { 0 } else { manifest.sequence.saturating_sub(1) },
            generation: 0,
            carried_out: manifest.segments.iter().map(|entry| entry.clean_to).max().unwrap_or(0),
        };
        let upkeep = Upkeep::new(ClockWatch::new(&*clock, S::WORDS.signal));
        let grace = if objects.is_remote() || adopted { clock.monotonic() + REMOTE_GRACE } else { Duration::ZERO };
        let store = Self {
            memory: AtomicU64::new(active.bytes()),
            room: (Mutex::new(()), Condvar::new()),
            schema,
            options,
            disk,
            objects,
            clock,
            metrics,
            lock: Mutex::new(Some(lock)),
            gate: RwLock::new(()),
            journal,
            active: Mutex::new(active),
            view: RwLock::new(view),
            record: Mutex::new(record),
            upkeep: Mutex::new(upkeep),
            wake: Wake::default(),
            problems: Mutex::default(),
            past: PastChanges::default(),
            stalled: Mutex::default(),
            copy_is_behind: AtomicBool::new(true),
        };
        for (file, problem) in problems {
            store.report(&file, problem);
        }
        if adopted || manifest.sequence == 0 {
            let mut record = store.record.lock();
            let view = store.view.read().clone();
            store.store_manifest(&mut record, &view.segments, &view.deletes)?;
            drop(record);
            if adopted && let Err(error) = store.refresh_copy() {
                tracing::warn!(%error, "the copy of the manifest could not be written, it will be tried again");
            }
        }
        store.remove_wal_files(&stale);
        store.upkeep.lock().doomed.extend(orphans.into_iter().map(|key| Doomed::orphan(key, grace)));
        store.show();
        Ok(store)
    }

    pub(crate) fn wal_folder(&self) -> PathBuf {
        self.options.dir.join("wal")
    }

    pub(crate) fn remove_wal_files(&self, numbers: &[u64]) {
        for number in numbers {
            if let Err(error) = self.disk.remove_file(&file_path(&self.wal_folder(), *number)) {
                tracing::debug!(%error, "a file of the log that is not needed any more could not be removed");
            }
        }
    }

    /// What a reader looks at: segments and rows in memory, each entry once.
    pub(crate) fn look(&self) -> (View<S>, Vec<<S::Table as Table>::View>) {
        let view = self.view.read();
        let active = self.active.lock().view();
        let view = view.clone();
        let mut memory = vec![active];
        memory.extend(view.frozen.as_ref().map(|frozen| frozen.table.closed_view()));
        (view, memory)
    }

    /// Writes the manifest down. After an error either manifest may be in place.
    pub(crate) fn store_manifest(
        &self,
        record: &mut Record,
        segments: &[Arc<Held<S>>],
        deletes: &[Arc<Deletion>],
    ) -> Result<(), LakeError> {
        // Also after an error: the number may have been used.
        record.sequence += 1;
        self.copy_is_behind.store(true, Ordering::Relaxed);
        manifest_of(record, segments, deletes).store(&*self.disk, &self.options.dir)
    }

    /// Brings the copy of the manifest up to date. Called by whoever holds `upkeep`; nobody waits for
    /// the object store meanwhile.
    pub(crate) fn refresh_copy(&self) -> Result<(), LakeError> {
        let manifest = {
            let record = self.record.lock();
            if record.copied == record.sequence {
                return Ok(());
            }
            let view = self.view.read().clone();
            manifest_of(&record, &view.segments, &view.deletes)
        };
        if self.objects.is_remote()
            && let Some(there) = Manifest::load_copy(&*self.objects, &self.options.prefix)?
            && there.owner != manifest.owner
            && there.sequence >= manifest.sequence
        {
            return Err(taken_over(&self.options));
        }
        self.objects.put(&crate::manifest::copy_key(&self.options.prefix), &manifest.encode())?;
        let mut record = self.record.lock();
        record.copied = manifest.sequence;
        self.copy_is_behind.store(record.copied != record.sequence, Ordering::Relaxed);
        Ok(())
    }

    /// Ends writing, moves the entries in memory to segments so that the next start is quick, and
    /// gives the folder up. After an error nothing is lost: the next start replays the log.
    pub fn close(&self) -> Result<(), LakeError> {
        self.wake.close();
        let mut upkeep = self.upkeep.lock();
        {
            // No writer is between log and memtable.
            let _alone = self.gate.write();
            if !self.journal.close() {
                return Ok(());
            }
        }
        // A flush that failed before has left one memtable frozen; the active one is the second.
        let flushed = self.flush_frozen(&mut upkeep).and_then(|_| self.flush_frozen(&mut upkeep)).map(|_| ());
        let copied = self.refresh_copy();
        self.remove_doomed(&mut upkeep);
        *self.lock.lock() = None;
        flushed.and(copied)
    }
}

fn manifest_of<S: Schema>(record: &Record, segments: &[Arc<Held<S>>], deletes: &[Arc<Deletion>]) -> Manifest {
    Manifest {
        sequence: record.sequence,
        first_wal: record.first_wal,
        next_segment: record.next_segment,
        next_delete: record.next_delete,
        segments: segments.iter().map(|held| held.entry.clone()).collect(),
        deletes: deletes.iter().map(|deletion| deletion.entry.clone()).collect(),
        ..Manifest::new(S::WORDS.signal, record.owner.clone())
    }
}
