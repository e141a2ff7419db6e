//! A store beside a plain set of entries that says what it should hold.
#![allow(dead_code, reason = "each test binary uses its share")]
#![allow(missing_docs, reason = "test code")]

pub mod faults;
pub mod kill;
pub mod spans;

use parking_lot::Mutex;
use phoenix_env::objects::{FolderObjects, ObjectError, ObjectErrorKind, ObjectStore, ObjectWriter, SharedObjects};
use phoenix_env::{SharedDisk, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeError, LakeOptions};
use phoenix_model::logs::{Direction, Level, LogBatch, LogSelect, LogVisitor, LogWrite, Need, ReadError, ReadLimits, ReadStats};
use phoenix_model::{Budget, Labels, Matcher};
use prometheus_client::registry::Registry;
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

pub const NOW_MS: i64 = 1_800_000_000_000;
pub const NOW_NS: i64 = NOW_MS * 1_000_000;
pub const SECOND_NS: i64 = 1_000_000_000;
pub const DAY_NS: i64 = 86_400 * SECOND_NS;
pub const DIR: &str = "/data/logs";
pub const MINUTE: Duration = Duration::from_mins(1);

/// Stream, time, line, metadata, level.
pub type Entry = (String, i64, String, String, Level);

pub fn options() -> LakeOptions {
    let mut options = LakeOptions::new(DIR);
    options.memtable_bytes = 64 << 10;
    options.busy_wait = Duration::ZERO;
    options.retention.default = None;
    options.delete_cancel_period = Duration::ZERO;
    options.compaction.fan_in = 4;
    options.compaction.quiet_for = Duration::ZERO;
    options
}

pub fn objects_of(disk: &SimDisk) -> SharedObjects {
    Arc::new(FolderObjects::open(Arc::new(disk.clone()), "/data/objects").unwrap())
}

pub fn open_with(disk: &SimDisk, clock: &Arc<SimClock>, options: LakeOptions, objects: SharedObjects) -> Result<Lake, LakeError> {
    let disk: SharedDisk = Arc::new(disk.clone());
    Lake::open(options, disk, objects, clock.clone(), &mut Registry::default())
}

pub fn open(disk: &SimDisk, clock: &Arc<SimClock>) -> Lake {
    open_with(disk, clock, options(), objects_of(disk)).unwrap()
}

pub fn labels(stream: u64) -> Labels {
    Labels::from_pairs([("app", format!("app-{}", stream % 5)), ("host", format!("host-{stream}"))])
}

/// An entry as it goes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    pub stream: u64,
    pub timestamp_ns: i64,
    pub line: String,
    pub metadata: Vec<(String, String)>,
    pub level: Level,
}

impl Input {
    pub fn new(stream: u64, timestamp_ns: i64, line: impl Into<String>) -> Self {
        Self { stream, timestamp_ns, line: line.into(), metadata: Vec::new(), level: Level::Info }
    }

    pub fn entry(&self) -> Entry {
        let metadata = Labels::from_pairs(self.metadata.iter().map(|(n, v)| (n, v)));
        (labels(self.stream).to_string(), self.timestamp_ns, self.line.clone(), metadata.to_string(), self.level)
    }
}

pub fn to_write(entries: &[Input]) -> LogWrite {
    let mut write = LogWrite::default();
    for entry in entries {
        write.begin_stream(labels(entry.stream));
        let metadata = Labels::from_pairs(entry.metadata.iter().map(|(n, v)| (n, v)));
        write.push(entry.timestamp_ns, &entry.line, metadata.as_ref(), entry.level);
    }
    write
}

pub fn expect(entries: &[Input]) -> Vec<Entry> {
    let mut all: Vec<Entry> = entries.iter().map(Input::entry).collect();
    all.sort();
    all
}

#[derive(Default)]
pub struct Collect {
    pub entries: Vec<Entry>,
    pub batches: usize,
    pub bound_ns: Option<i64>,
}

impl LogVisitor for Collect {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        self.batches += 1;
        assert!(!batch.timestamps_ns.is_empty());
        for row in 0..batch.timestamps_ns.len() {
            self.entries.push((
                batch.stream.labels.to_string(),
                batch.timestamps_ns[row],
                batch.lines[row].to_owned(),
                batch.metadata[row].to_labels().to_string(),
                batch.levels[row],
            ));
        }
        Ok(())
    }

    fn bound_ns(&self) -> Option<i64> {
        self.bound_ns
    }
}

pub const ALL: Need = Need { lines: true, metadata: true, sizes: false };

pub fn select(matchers: &[Matcher], start_ns: i64, end_ns: i64) -> LogSelect<'_> {
    LogSelect {
        matchers,
        start_ns,
        end_ns,
        direction: Some(Direction::Backward),
        filters: &[],
        hints: &[],
        need: ALL,
        metadata_names: None,
    }
}

pub fn with_limits<T>(run: impl FnOnce(&ReadLimits<'_>) -> T) -> T {
    let budget = Budget::unlimited();
    run(&ReadLimits { budget: &budget, cancelled: &|| false, max_bytes: u64::MAX })
}

pub fn read_select(store: &Lake, select: &LogSelect<'_>) -> Result<(Vec<Entry>, ReadStats), ReadError> {
    let mut collect = Collect::default();
    let stats = with_limits(|limits| store.read(select, limits, &mut collect))?;
    collect.entries.sort();
    Ok((collect.entries, stats))
}

/// All entries, sorted.
pub fn read(store: &Lake) -> Result<Vec<Entry>, ReadError> {
    Ok(read_select(store, &select(&[], i64::MIN, i64::MAX))?.0)
}

pub fn write(store: &Lake, entries: &[Input]) -> Result<(), LakeError> {
    store.write(&to_write(entries)).map(|_| ())
}

/// A small generator, so that a seed alone says what happens.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Some entries around `now_ns`, none like another; now and then some of days ago.
    pub fn batch(&mut self, now_ns: i64) -> Vec<Input> {
        let count = 1 + self.below(12);
        (0..count)
            .map(|_| {
                let back = if self.below(10) == 0 { self.below(3 * DAY_NS as u64) } else { self.below(90 * SECOND_NS as u64) };
                let number = self.next();
                let filler = "x".repeat(self.below(60) as usize);
                let metadata = if self.below(3) == 0 { vec![("trace_id".to_owned(), format!("{number:x}"))] } else { Vec::new() };
                let level = Level::ALL[self.below(9) as usize];
                let line = format!("request {} took {}ms id={number:016x} {filler}", self.below(100), self.below(1000));
                Input { stream: self.below(7), timestamp_ns: now_ns - back as i64, line, metadata, level }
            })
            .collect()
    }
}

/// How an object store misbehaves.
#[derive(Debug, Clone, Copy, Default)]
pub struct ObjectFaults {
    /// Every so many calls one fails.
    pub every: Option<u64>,
    /// All calls fail.
    pub down: bool,
    /// Writes fail as if there were no room.
    pub full: bool,
}

/// An object store that fails as it is told to.
pub struct FaultyObjects {
    inner: SharedObjects,
    pub faults: Mutex<ObjectFaults>,
    calls: Mutex<u64>,
    remote: bool,
}

impl FaultyObjects {
    pub fn new(inner: SharedObjects, remote: bool) -> Arc<Self> {
        Arc::new(Self { inner, faults: Mutex::default(), calls: Mutex::new(0), remote })
    }

    fn fails(&self, action: &'static str, key: &str) -> Result<(), ObjectError> {
        let faults = *self.faults.lock();
        let mut calls = self.calls.lock();
        *calls += 1;
        let error = |kind, reason: &str| Err(ObjectError { action, key: key.to_owned(), reason: reason.to_owned(), kind });
        if faults.full && action == "write" {
            return error(ObjectErrorKind::Full, "there is no room");
        }
        if faults.down || faults.every.is_some_and(|every| calls.is_multiple_of(every)) {
            return error(ObjectErrorKind::Other, "the store does not answer");
        }
        Ok(())
    }
}

struct FaultyWriter {
    inner: Option<Box<dyn ObjectWriter>>,
    fail: Option<ObjectError>,
}

impl ObjectWriter for FaultyWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        self.inner.as_mut().expect("not finished").write(bytes)
    }

    fn finish(mut self: Box<Self>) -> Result<(), ObjectError> {
        match self.fail.take() {
            Some(error) => Err(error),
            None => self.inner.take().expect("not finished").finish(),
        }
    }
}

impl ObjectStore for FaultyObjects {
    fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>, ObjectError> {
        // As with a bucket: what goes wrong shows at the end.
        let fail = self.fails("write", key).err();
        Ok(Box::new(FaultyWriter { inner: Some(self.inner.create(key)?), fail }))
    }

    fn read_range(&self, key: &str, offset: u64, length: usize) -> Result<Vec<u8>, ObjectError> {
        self.fails("read", key)?;
        self.inner.read_range(key, offset, length)
    }

    fn size(&self, key: &str) -> Result<u64, ObjectError> {
        self.fails("read", key)?;
        self.inner.size(key)
    }

    fn list(&self, prefix: &str) -> Result<Vec<String>, ObjectError> {
        self.fails("list", prefix)?;
        self.inner.list(prefix)
    }

    fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.fails("delete", key)?;
        self.inner.delete(key)
    }

    fn is_remote(&self) -> bool {
        self.remote
    }
}

/// The entries as a set, for looking up.
pub fn set(entries: &[Entry]) -> BTreeSet<Entry> {
    entries.iter().cloned().collect()
}
