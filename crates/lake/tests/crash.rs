//! Crashes, power cuts, failing disks and failing buckets, each replayed by its seed: what was
//! acknowledged is there, once, and what never was written is not.

mod support;

use phoenix_env::{Clock, DiskFaults, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeError, LakeOptions, SyncPolicy};
use std::collections::BTreeSet;
use std::sync::Arc;
use support::*;

/// What the store must hold, and what it may hold: batches whose outcome is unknown.
#[derive(Default)]
struct Promise {
    acknowledged: BTreeSet<Entry>,
    unknown: BTreeSet<Entry>,
}

impl Promise {
    fn check(&self, store: &Lake, context: &str) {
        let got = read(store).unwrap();
        let held = set(&got);
        assert_eq!(held.len(), got.len(), "{context}: an entry is there twice");
        let lost: Vec<_> = self.acknowledged.difference(&held).collect();
        assert!(lost.is_empty(), "{context}: {} entries are lost, as {:?}", lost.len(), lost[0]);
        let invented: Vec<_> = held.iter().filter(|e| !self.acknowledged.contains(*e) && !self.unknown.contains(*e)).collect();
        assert!(invented.is_empty(), "{context}: {} entries are invented, as {:?}", invented.len(), invented[0]);
    }
}

fn faults(random: &mut Random) -> DiskFaults {
    let p = |random: &mut Random| if random.below(2) == 0 { 0.0 } else { random.below(10) as f64 / 100.0 };
    DiskFaults { write_error: p(random), sync_error: p(random), read_error: 0.0, capacity_bytes: None }
}

fn options_of(seed: u64) -> LakeOptions {
    let sync = if seed.is_multiple_of(2) { SyncPolicy::Each } else { SyncPolicy::Interval(std::time::Duration::from_secs(90)) };
    LakeOptions { sync, memtable_bytes: 64 << 10, flush_after: MINUTE * 10, ..options() }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>, seed: u64) -> Lake {
    disk.set_faults(DiskFaults::default());
    open_with(disk, clock, options_of(seed), objects_of(disk)).unwrap()
}

fn run(seed: u64) -> u64 {
    let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
    let mut random = Random(seed ^ 0xabcd);
    let mut promise = Promise::default();
    let mut failed = 0;
    let mut store = reopen(&disk, &clock, seed);
    for life in 0..4 {
        if random.below(2) == 0 {
            disk.set_faults(faults(&mut random));
        }
        if random.below(3) > 0 {
            disk.die_after(random.below(500));
        }
        for _ in 0..30 {
            clock.advance(MINUTE);
            let batch = random.batch(clock.now_ms() * 1_000_000);
            if write(&store, &batch).is_ok() {
                promise.acknowledged.extend(expect(&batch));
            } else {
                failed += 1;
                promise.unknown.extend(expect(&batch));
            }
            if random.below(8) == 0 {
                let _ = store.maintain();
            }
            if random.below(20) == 0 {
                let _ = store.flush();
            }
        }
        // The power may only go where each acknowledgement was forced to disk before.
        let power = seed.is_multiple_of(2) && random.below(2) == 0;
        if power {
            disk.crash();
        } else {
            disk.restart();
        }
        drop(store);
        store = reopen(&disk, &clock, seed);
        let context = format!("seed {seed}, life {life}, power cut {power}");
        promise.check(&store, &context);
        if random.below(3) == 0 {
            while store.maintain().unwrap() {}
            promise.check(&store, &format!("{context}, after upkeep"));
        }
    }
    failed
}

#[test]
fn what_was_acknowledged_survives_crashes_and_faults() {
    let mut failed = 0;
    for seed in 0..40 {
        failed += run(seed);
    }
    assert!(failed > 200, "the faults must bite: {failed} failed writes");
}

/// Kills at each operation of one flush and one merge, in turn.
#[test]
fn a_flush_and_a_merge_can_be_killed_anywhere() {
    let (disk, clock) = (SimDisk::new(77), SimClock::new(NOW_MS));
    let mut random = Random(77);
    let mut promise = Promise::default();
    let store = reopen(&disk, &clock, 0);
    for _ in 0..7 {
        let batch = random.batch(NOW_NS);
        write(&store, &batch).unwrap();
        promise.acknowledged.extend(expect(&batch));
        store.flush().unwrap();
    }
    let batch = random.batch(NOW_NS);
    write(&store, &batch).unwrap();
    promise.acknowledged.extend(expect(&batch));
    let work = |store: &Lake| store.flush().and_then(|()| store.maintain().map(|_| ()));
    let whole = disk.fork(1);
    whole.restart();
    let before = reopen(&whole, &clock, 0);
    let first = whole.operations();
    work(&before).unwrap();
    let operations = whole.operations() - first;
    assert!(operations > 40, "{operations}");
    let mut stopped = 0;
    for stop in 0..operations {
        for power in [false, true] {
            let disk = disk.fork(stop * 2 + u64::from(power));
            disk.restart();
            let store = reopen(&disk, &clock, 0);
            disk.die_after(stop);
            stopped += usize::from(work(&store).is_err());
            if power {
                disk.crash();
            } else {
                disk.restart();
            }
            drop(store);
            let store = reopen(&disk, &clock, 0);
            promise.check(&store, &format!("stopped at {stop} of {operations}, power cut {power}"));
            work(&store).unwrap();
            promise.check(&store, &format!("stopped at {stop} of {operations}, power cut {power}, and then done"));
        }
    }
    // Objects that could not be removed at the end are no error.
    assert!(stopped as u64 > operations, "{stopped} of {operations} twice");
}

#[test]
fn a_full_disk_refuses_writes_and_recovers() {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let store = reopen(&disk, &clock, 0);
    let mut random = Random(3);
    let mut promise = Promise::default();
    disk.set_faults(DiskFaults { capacity_bytes: Some(60_000), ..DiskFaults::default() });
    let mut refused = 0;
    for _ in 0..400 {
        clock.advance(MINUTE);
        let batch = random.batch(clock.now_ms() * 1_000_000);
        match write(&store, &batch) {
            Ok(()) => promise.acknowledged.extend(expect(&batch)),
            Err(LakeError::DiskFull(_) | LakeError::Busy(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        let _ = store.maintain();
    }
    assert!(refused > 50, "{refused}");
    promise.check(&store, "reads go on, and nothing of a refused batch is visible");
    disk.set_faults(DiskFaults::default());
    for _ in 0..20 {
        clock.advance(MINUTE);
        store.maintain().unwrap();
        let batch = random.batch(clock.now_ms() * 1_000_000);
        write(&store, &batch).unwrap();
        promise.acknowledged.extend(expect(&batch));
    }
    promise.check(&store, "there is room again");
    assert_eq!(store.status().stalled, None);
    drop(store);
    disk.restart();
    promise.check(&reopen(&disk, &clock, 0), "restarted");
}

#[test]
fn a_bucket_that_fails_every_third_call_loses_nothing() {
    for every in [3, 4, 7] {
        let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
        let objects = FaultyObjects::new(objects_of(&disk), true);
        let store = open_with(&disk, &clock, options_of(0), objects.clone()).unwrap();
        objects.faults.lock().every = Some(every);
        let mut random = Random(every);
        let mut promise = Promise::default();
        for round in 0..300 {
            clock.advance(MINUTE);
            let batch = random.batch(clock.now_ms() * 1_000_000);
            match write(&store, &batch) {
                Ok(()) => promise.acknowledged.extend(expect(&batch)),
                Err(LakeError::Busy(_)) => {}
                Err(error) => panic!("{error}"),
            }
            let _ = store.maintain();
            if round % 100 == 50 {
                objects.faults.lock().every = None;
                promise.check(&store, &format!("every {every}, round {round}"));
                objects.faults.lock().every = Some(every);
            }
        }
        assert!(store.status().segments > 0, "every {every}");
        objects.faults.lock().every = None;
        clock.advance(MINUTE);
        while store.maintain().unwrap() {}
        promise.check(&store, "it answers again");
        drop(store);
        disk.restart();
        let store = open_with(&disk, &clock, options_of(0), objects_of(&disk)).unwrap();
        promise.check(&store, "restarted");
    }
}

#[test]
fn a_bucket_that_is_gone_for_long_pushes_back_and_loses_nothing() {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let objects = FaultyObjects::new(objects_of(&disk), true);
    let store = open_with(&disk, &clock, options_of(0), objects.clone()).unwrap();
    let mut random = Random(6);
    let mut promise = Promise::default();
    let mut busy = 0;
    objects.faults.lock().down = true;
    for _ in 0..400 {
        clock.advance(std::time::Duration::from_secs(2));
        let batch = random.batch(clock.now_ms() * 1_000_000);
        match write(&store, &batch) {
            Ok(()) => promise.acknowledged.extend(expect(&batch)),
            Err(LakeError::Busy(text)) => {
                assert!(text.contains("memtable_bytes") && text.contains("does not answer"), "{text}");
                busy += 1;
            }
            Err(error) => panic!("{error}"),
        }
        let _ = store.maintain();
        let status = store.status();
        assert!(status.memory_bytes <= status.memory_limit_bytes, "{status:?}");
    }
    assert!(busy > 100 && !promise.acknowledged.is_empty(), "{busy}");
    promise.check(&store, "what is in memory can be read");
    assert!(store.status().stalled.unwrap().contains("does not answer"));
    // Killed in this state, and started while the bucket is still gone.
    drop(store);
    disk.restart();
    let store = open_with(&disk, &clock, options_of(0), objects.clone()).unwrap();
    promise.check(&store, "restarted without the bucket");
    objects.faults.lock().down = false;
    clock.advance(MINUTE);
    while store.maintain().unwrap() {}
    assert_eq!((store.status().stalled, store.status().copy_is_behind), (None, false));
    let batch = random.batch(NOW_NS);
    write(&store, &batch).unwrap();
    promise.acknowledged.extend(expect(&batch));
    promise.check(&store, "it is back");
}

#[test]
fn a_new_machine_finds_the_segments_of_the_bucket() {
    let (disk, clock) = (SimDisk::new(6), SimClock::new(NOW_MS));
    let bucket = || FaultyObjects::new(objects_of(&disk), true);
    let mut random = Random(9);
    let mut all = random.batch(NOW_NS);
    {
        let store = open_with(&disk, &clock, options_of(0), bucket()).unwrap();
        write(&store, &all).unwrap();
        store.flush().unwrap();
        store.maintain().unwrap();
        write(&store, &random.batch(NOW_NS)).unwrap();
    }
    disk.restart();
    // The other machine has a folder of its own and the same bucket.
    let other = LakeOptions { dir: "/other/logs".into(), ..options_of(0) };
    let store = open_with(&disk, &clock, other.clone(), bucket()).unwrap();
    assert_eq!(read(&store).unwrap(), expect(&all), "what was in segments is there");
    let batch = random.batch(NOW_NS);
    write(&store, &batch).unwrap();
    all.extend(batch);
    store.flush().unwrap();
    drop(store);
    disk.restart();
    let error = open_with(&disk, &clock, options_of(0), bucket()).unwrap_err();
    assert!(matches!(&error, LakeError::Locked { .. }) && error.to_string().contains("taken it over"), "{error}");
    let store = open_with(&disk, &clock, other, bucket()).unwrap();
    assert_eq!(read(&store).unwrap(), expect(&all));
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
    let objects = FaultyObjects::new(objects_of(&disk), true);
    let store = open_with(&disk, &clock, LakeOptions { cache_bytes: 0, ..options_of(0) }, objects.clone()).unwrap();
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
    let error = open_with(&disk, &clock, options_of(0), objects_of(&disk)).unwrap_err();
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
    let damaged = disk.files().into_iter().filter(|path| path.extension().is_some_and(|e| e == "parquet")).nth(1).unwrap();
    let bytes = disk.bytes(&damaged).unwrap();
    // The whole body: footers may be read elsewhere.
    disk.replace(&damaged, &bytes.iter().enumerate().map(|(at, byte)| if at > 8 { byte ^ 0x55 } else { *byte }).collect::<Vec<_>>());
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
