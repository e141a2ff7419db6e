//! Crashes, power cuts, failing disks and failing buckets under a store of logs.

mod support;

use phoenix_env::objects::SharedObjects;
use phoenix_env::{SimClock, SimDisk};
use phoenix_lake::{Lake, LakeError, LakeOptions, LakeStatus};
use std::sync::Arc;
use support::faults::{self, Promise, Subject, bucket, options_of, spoil};
use support::*;

/// A store of logs.
struct Logs {
    random: Random,
    last: Vec<Input>,
    promise: Promise<Entry>,
}

impl Subject for Logs {
    type Store = Lake;

    fn new(seed: u64) -> Self {
        Self { random: Random(seed), last: Vec::new(), promise: Promise::default() }
    }

    fn options() -> LakeOptions {
        options()
    }

    fn open(disk: &SimDisk, clock: &Arc<SimClock>, options: LakeOptions, objects: SharedObjects) -> Result<Lake, LakeError> {
        open_with(disk, clock, options, objects)
    }

    fn random(&mut self) -> &mut Random {
        &mut self.random
    }

    fn write(&mut self, store: &Lake, now_ns: i64) -> Result<(), LakeError> {
        self.last = self.random.batch(now_ns);
        write(store, &self.last)?;
        self.promise.acknowledged.extend(expect(&self.last));
        Ok(())
    }

    fn doubt(&mut self) {
        self.promise.unknown.extend(expect(&self.last));
    }

    fn check(&self, store: &Lake, context: &str) {
        let got = read(store).unwrap();
        let held = set(&got);
        assert_eq!(held.len(), got.len(), "{context}: an entry is there twice");
        self.promise.check_held(&held, context);
    }

    fn maintain(store: &Lake) -> Result<bool, LakeError> {
        store.maintain()
    }

    fn flush(store: &Lake) -> Result<(), LakeError> {
        store.flush()
    }

    fn status(store: &Lake) -> LakeStatus {
        store.status()
    }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>, seed: u64) -> Lake {
    faults::reopen::<Logs>(disk, clock, seed)
}

#[test]
fn what_was_acknowledged_survives_crashes_and_faults() {
    let failed: u64 = (0..40).map(faults::lives::<Logs>).sum();
    assert!(failed > 200, "the faults must bite: {failed} failed writes");
}

#[test]
fn a_flush_and_a_merge_can_be_killed_anywhere() {
    faults::killed_anywhere::<Logs>(7);
}

#[test]
fn a_full_disk_refuses_writes_and_recovers() {
    faults::full_disk::<Logs>(60_000);
}

#[test]
fn a_bucket_that_fails_every_third_call_loses_nothing() {
    for every in [3, 4, 7] {
        faults::failing_bucket::<Logs>(every, 300);
    }
}

#[test]
fn a_bucket_that_is_gone_for_long_pushes_back_and_loses_nothing() {
    faults::gone_bucket::<Logs>("memtable_bytes");
}

#[test]
fn a_new_machine_finds_the_segments_of_the_bucket() {
    faults::another_machine::<Logs>("/other/logs");
}

#[test]
fn a_damaged_manifest_is_made_good_from_its_copy() {
    let (disk, clock) = (SimDisk::new(7), SimClock::new(NOW_MS));
    let mut random = Random(10);
    let mut all = Vec::new();
    let store = reopen(&disk, &clock, 0);
    for _ in 0..3 {
        let batch = random.batch(NOW_NS);
        write(&store, &batch).unwrap();
        all.extend(batch);
        store.flush().unwrap();
    }
    let batch = random.batch(NOW_NS);
    write(&store, &batch).unwrap();
    all.extend(batch);
    drop(store);
    disk.restart();
    disk.flip_bit(std::path::Path::new("/data/logs/MANIFEST"), 20, 3);
    let store = reopen(&disk, &clock, 0);
    assert_eq!(read(&store).unwrap(), expect(&all));
    assert_eq!(store.status().problems.len(), 1);
}

#[test]
fn failing_reads_are_errors() {
    let (disk, clock) = (SimDisk::new(8), SimClock::new(NOW_MS));
    let objects = bucket(&disk);
    let store = open_with(&disk, &clock, LakeOptions { cache_bytes: 0, ..options_of::<Logs>(0) }, objects.clone()).unwrap();
    let all = Random(11).batch(NOW_NS);
    write(&store, &all).unwrap();
    store.flush().unwrap();
    objects.faults.lock().down = true;
    let error = read(&store).unwrap_err();
    assert!(error.to_string().contains("does not answer"), "{error}");
    objects.faults.lock().down = false;
    assert_eq!(read(&store).unwrap(), expect(&all));
}

#[test]
fn a_folder_has_one_owner() {
    let (disk, clock) = (SimDisk::new(9), SimClock::new(NOW_MS));
    let _store = reopen(&disk, &clock, 0);
    let error = open_with(&disk, &clock, options_of::<Logs>(0), objects_of(&disk)).unwrap_err();
    assert!(matches!(&error, LakeError::Locked { .. }) && error.to_string().contains(DIR), "{error}");
}

#[test]
fn a_damaged_segment_is_named_and_the_rest_goes_on() {
    let (disk, clock) = (SimDisk::new(10), SimClock::new(NOW_MS));
    let store = reopen(&disk, &clock, 0);
    for number in 0..9_i64 {
        write(&store, &[Input::new(1, NOW_NS - number, format!("entry {number} {}", "x".repeat(300)))]).unwrap();
        store.flush().unwrap();
    }
    let damaged = spoil(&disk, "parquet");
    drop(store);
    disk.restart();
    let store = reopen(&disk, &clock, 0);
    let name = damaged.file_name().unwrap().to_string_lossy().into_owned();
    let error = read(&store).unwrap_err();
    assert!(error.to_string().contains(&name), "{error}");
    assert!(matches!(store.maintain(), Err(LakeError::Corrupt { file, .. }) if file.contains(&name)));
    for _ in 0..10 {
        clock.advance(MINUTE);
        let _ = store.maintain();
    }
    let status = store.status();
    assert!(status.segments < 6 && status.problems.len() == 1, "{status:?}");
    let (after, _) = read_select(&store, &select(&[], NOW_NS, i64::MAX)).unwrap();
    assert_eq!(after.len(), 1, "what does not need it can be read");
}
