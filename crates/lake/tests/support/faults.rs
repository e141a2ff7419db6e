//! What either store goes through: crashes, power cuts, full disks, failing buckets, each replayed
//! by its seed. What was acknowledged is there, once, and what never was written is not.

use super::{FaultyObjects, MINUTE, NOW_MS, NOW_NS, Random, objects_of};
use phoenix_env::objects::SharedObjects;
use phoenix_env::{Clock, DiskFaults, SimClock, SimDisk};
use phoenix_lake::{LakeError, LakeOptions, LakeStatus, SyncPolicy};
use std::collections::BTreeSet;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

/// What a store must hold, and what it may hold: batches whose outcome is unknown.
pub struct Promise<T> {
    pub acknowledged: BTreeSet<T>,
    pub unknown: BTreeSet<T>,
}

impl<T> Default for Promise<T> {
    fn default() -> Self {
        Self { acknowledged: BTreeSet::new(), unknown: BTreeSet::new() }
    }
}

impl<T: Ord + Debug> Promise<T> {
    pub fn check_held(&self, held: &BTreeSet<T>, context: &str) {
        let lost: Vec<_> = self.acknowledged.difference(held).collect();
        assert!(lost.is_empty(), "{context}: {} are lost, as {:?}", lost.len(), lost[0]);
        let invented: Vec<_> = held.iter().filter(|one| !self.acknowledged.contains(*one) && !self.unknown.contains(*one)).collect();
        assert!(invented.is_empty(), "{context}: {} are invented, as {:?}", invented.len(), invented[0]);
    }
}

/// A store, what is written to it, and what it must hold then.
pub trait Subject {
    type Store;

    fn new(seed: u64) -> Self;
    fn options() -> LakeOptions;
    fn open(disk: &SimDisk, clock: &Arc<SimClock>, options: LakeOptions, objects: SharedObjects) -> Result<Self::Store, LakeError>;
    fn random(&mut self) -> &mut Random;
    /// Writes a new batch. What is acknowledged is noted.
    fn write(&mut self, store: &Self::Store, now_ns: i64) -> Result<(), LakeError>;
    /// The batch of the last write, which failed, may be there or not.
    fn doubt(&mut self);
    /// Sends again what clients would after a crash, since they heard nothing.
    fn resend(&mut self, _: &Self::Store, _context: &str) {}
    fn check(&self, store: &Self::Store, context: &str);
    fn maintain(store: &Self::Store) -> Result<bool, LakeError>;
    fn flush(store: &Self::Store) -> Result<(), LakeError>;
    fn status(store: &Self::Store) -> LakeStatus;
}

pub fn options_of<S: Subject>(seed: u64) -> LakeOptions {
    let sync = if seed.is_multiple_of(2) { SyncPolicy::Each } else { SyncPolicy::Interval(Duration::from_secs(90)) };
    LakeOptions { sync, flush_after: MINUTE * 10, ..S::options() }
}

pub fn reopen<S: Subject>(disk: &SimDisk, clock: &Arc<SimClock>, seed: u64) -> S::Store {
    disk.set_faults(DiskFaults::default());
    S::open(disk, clock, options_of::<S>(seed), objects_of(disk)).unwrap()
}

pub fn bucket(disk: &SimDisk) -> Arc<FaultyObjects> {
    FaultyObjects::new(objects_of(disk), true)
}

fn disk_faults(random: &mut Random) -> DiskFaults {
    let p = |random: &mut Random| if random.below(2) == 0 { 0.0 } else { random.below(10) as f64 / 100.0 };
    DiskFaults { write_error: p(random), sync_error: p(random), read_error: 0.0, capacity_bytes: None }
}

/// Four lives of a store between crashes; how many writes failed.
pub fn lives<S: Subject>(seed: u64) -> u64 {
    let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
    let mut subject = S::new(seed ^ 0xabcd);
    let mut failed = 0;
    let mut store = reopen::<S>(&disk, &clock, seed);
    for life in 0..4 {
        if subject.random().below(2) == 0 {
            disk.set_faults(disk_faults(subject.random()));
        }
        if subject.random().below(3) > 0 {
            disk.die_after(subject.random().below(500));
        }
        for _ in 0..30 {
            clock.advance(MINUTE);
            if subject.write(&store, clock.now_ms() * 1_000_000).is_err() {
                failed += 1;
                subject.doubt();
            }
            if subject.random().below(8) == 0 {
                let _ = S::maintain(&store);
            }
            if subject.random().below(20) == 0 {
                let _ = S::flush(&store);
            }
        }
        // The power may only go where each acknowledgement was forced to disk before.
        let power = seed.is_multiple_of(2) && subject.random().below(2) == 0;
        if power {
            disk.crash();
        } else {
            disk.restart();
        }
        drop(store);
        store = reopen::<S>(&disk, &clock, seed);
        let context = format!("seed {seed}, life {life}, power cut {power}");
        subject.check(&store, &context);
        subject.resend(&store, &context);
        if subject.random().below(3) == 0 {
            while S::maintain(&store).unwrap() {}
            subject.check(&store, &format!("{context}, after upkeep"));
        }
    }
    failed
}

fn segments_of(disk: &SimDisk) -> BTreeSet<std::path::PathBuf> {
    disk.files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "parquet")).collect()
}

/// Kills at each operation of one flush and one merge, after so many other flushes, in turn.
pub fn killed_anywhere<S: Subject>(flushes: u64) {
    let (disk, clock) = (SimDisk::new(77), SimClock::new(NOW_MS));
    let mut subject = S::new(77);
    let store = reopen::<S>(&disk, &clock, 0);
    for _ in 0..flushes {
        subject.write(&store, NOW_NS).unwrap();
        S::flush(&store).unwrap();
    }
    subject.write(&store, NOW_NS).unwrap();
    let work = |store: &S::Store| S::flush(store).and_then(|()| S::maintain(store).map(|_| ()));
    let whole = disk.fork(1);
    whole.restart();
    let before = reopen::<S>(&whole, &clock, 0);
    let (first, segments) = (whole.operations(), segments_of(&whole));
    work(&before).unwrap();
    assert!(!segments.is_subset(&segments_of(&whole)), "some were merged");
    let operations = whole.operations() - first;
    assert!(operations > 40, "{operations}");
    let mut stopped = 0;
    for stop in 0..operations {
        for power in [false, true] {
            let disk = disk.fork(stop * 2 + u64::from(power));
            disk.restart();
            let store = reopen::<S>(&disk, &clock, 0);
            disk.die_after(stop);
            stopped += usize::from(work(&store).is_err());
            if power {
                disk.crash();
            } else {
                disk.restart();
            }
            drop(store);
            let store = reopen::<S>(&disk, &clock, 0);
            subject.check(&store, &format!("stopped at {stop} of {operations}, power cut {power}"));
            work(&store).unwrap();
            subject.check(&store, &format!("stopped at {stop} of {operations}, power cut {power}, and then done"));
        }
    }
    // Objects that could not be removed at the end are no error.
    assert!(stopped as u64 > operations, "{stopped} of {operations} twice");
}

/// A disk with too little room refuses writes, and takes them again when there is some.
pub fn full_disk<S: Subject>(capacity_bytes: u64) {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let store = reopen::<S>(&disk, &clock, 0);
    let mut subject = S::new(3);
    disk.set_faults(DiskFaults { capacity_bytes: Some(capacity_bytes), ..DiskFaults::default() });
    let mut refused = 0;
    for _ in 0..400 {
        clock.advance(MINUTE);
        match subject.write(&store, clock.now_ms() * 1_000_000) {
            Ok(()) => {}
            Err(LakeError::DiskFull(_) | LakeError::Busy(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        let _ = S::maintain(&store);
    }
    assert!(refused > 50, "{refused}");
    subject.check(&store, "reads go on, and nothing of a refused batch is visible");
    disk.set_faults(DiskFaults::default());
    for _ in 0..20 {
        clock.advance(MINUTE);
        S::maintain(&store).unwrap();
        subject.write(&store, clock.now_ms() * 1_000_000).unwrap();
    }
    subject.check(&store, "there is room again");
    assert_eq!(S::status(&store).stalled, None);
    drop(store);
    disk.restart();
    subject.check(&reopen::<S>(&disk, &clock, 0), "restarted");
}

/// A bucket of which one in `every` calls fails loses nothing.
pub fn failing_bucket<S: Subject>(every: u64, rounds: u64) {
    let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
    let objects = bucket(&disk);
    let store = S::open(&disk, &clock, options_of::<S>(0), objects.clone()).unwrap();
    objects.faults.lock().every = Some(every);
    let mut subject = S::new(every);
    for round in 0..rounds {
        clock.advance(MINUTE);
        match subject.write(&store, clock.now_ms() * 1_000_000) {
            Ok(()) | Err(LakeError::Busy(_)) => {}
            Err(error) => panic!("{error}"),
        }
        let _ = S::maintain(&store);
        if round % 100 == 50 {
            objects.faults.lock().every = None;
            subject.check(&store, &format!("every {every}, round {round}"));
            objects.faults.lock().every = Some(every);
        }
    }
    assert!(S::status(&store).segments > 0, "every {every}");
    objects.faults.lock().every = None;
    clock.advance(MINUTE);
    while S::maintain(&store).unwrap() {}
    subject.check(&store, "it answers again");
    drop(store);
    disk.restart();
    subject.check(&S::open(&disk, &clock, options_of::<S>(0), objects_of(&disk)).unwrap(), "restarted");
}

/// A bucket that is gone for long: writes are pushed back, in words that hold `limit`, and nothing is lost.
pub fn gone_bucket<S: Subject>(limit: &str) {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let objects = bucket(&disk);
    let store = S::open(&disk, &clock, options_of::<S>(0), objects.clone()).unwrap();
    let mut subject = S::new(6);
    let (mut taken, mut busy) = (0, 0);
    objects.faults.lock().down = true;
    for _ in 0..400 {
        clock.advance(Duration::from_secs(2));
        match subject.write(&store, clock.now_ms() * 1_000_000) {
            Ok(()) => taken += 1,
            Err(LakeError::Busy(text)) => {
                assert!(text.contains(limit) && text.contains("does not answer"), "{text}");
                busy += 1;
            }
            Err(error) => panic!("{error}"),
        }
        let _ = S::maintain(&store);
        let status = S::status(&store);
        assert!(status.memory_bytes <= status.memory_limit_bytes, "{status:?}");
    }
    assert!(busy > 100 && taken > 0, "{busy} {taken}");
    subject.check(&store, "what is in memory can be read");
    assert!(S::status(&store).stalled.unwrap().contains("does not answer"));
    // Killed in this state, and started while the bucket is still gone.
    drop(store);
    disk.restart();
    let store = S::open(&disk, &clock, options_of::<S>(0), objects.clone()).unwrap();
    subject.check(&store, "restarted without the bucket");
    objects.faults.lock().down = false;
    clock.advance(MINUTE);
    while S::maintain(&store).unwrap() {}
    assert_eq!((S::status(&store).stalled, S::status(&store).copy_is_behind), (None, false));
    subject.write(&store, NOW_NS).unwrap();
    subject.check(&store, "it is back");
}

/// A machine with a folder of its own takes over the bucket of another, which is refused then.
pub fn another_machine<S: Subject>(dir: &str) {
    let (disk, clock) = (SimDisk::new(6), SimClock::new(NOW_MS));
    let mut subject = S::new(9);
    {
        let store = S::open(&disk, &clock, options_of::<S>(0), bucket(&disk)).unwrap();
        subject.write(&store, NOW_NS).unwrap();
        S::flush(&store).unwrap();
        S::maintain(&store).unwrap();
        // What was in memory only stays behind with its log.
        S::new(10).write(&store, NOW_NS).unwrap();
    }
    disk.restart();
    let other = LakeOptions { dir: dir.into(), ..options_of::<S>(0) };
    let store = S::open(&disk, &clock, other.clone(), bucket(&disk)).unwrap();
    subject.check(&store, "what was in segments is there");
    subject.write(&store, NOW_NS).unwrap();
    S::flush(&store).unwrap();
    subject.check(&store, "and what is new");
    drop(store);
    disk.restart();
    let Err(error) = S::open(&disk, &clock, options_of::<S>(0), bucket(&disk)) else { panic!("the bucket has another owner") };
    assert!(matches!(&error, LakeError::Locked { .. }) && error.to_string().contains("taken it over"), "{error}");
    subject.check(&S::open(&disk, &clock, other, bucket(&disk)).unwrap(), "the owner goes on");
}

/// Spoils all but the beginning of the second object with an ending; its path.
pub fn spoil(disk: &SimDisk, ending: &str) -> std::path::PathBuf {
    let damaged = disk.files().into_iter().filter(|path| path.extension().is_some_and(|e| e == ending)).nth(1).unwrap();
    let bytes = disk.bytes(&damaged).unwrap();
    // The whole body: footers may be read elsewhere.
    disk.replace(&damaged, &bytes.iter().enumerate().map(|(at, byte)| if at > 8 { byte ^ 0x55 } else { *byte }).collect::<Vec<_>>());
    damaged
}
