//! Crashes, power cuts, failing disks and failing buckets under a store of spans, each replayed by
//! its seed: what was acknowledged is there, once, as whole traces, and what never was written is not.

mod support;

use phoenix_env::{Clock, DiskFaults, SimClock, SimDisk};
use phoenix_lake::{LakeError, LakeOptions, SyncPolicy, TraceLake};
use std::sync::Arc;
use support::spans::*;
use support::{DAY_NS, FaultyObjects, MINUTE, NOW_MS, NOW_NS, Random, objects_of, with_limits};

fn faults(random: &mut Random) -> DiskFaults {
    let p = |random: &mut Random| if random.below(2) == 0 { 0.0 } else { random.below(10) as f64 / 100.0 };
    DiskFaults { write_error: p(random), sync_error: p(random), read_error: 0.0, capacity_bytes: None }
}

fn options_of(seed: u64) -> LakeOptions {
    let sync = if seed.is_multiple_of(2) { SyncPolicy::Each } else { SyncPolicy::Interval(std::time::Duration::from_secs(90)) };
    LakeOptions { sync, memtable_bytes: 192 << 10, flush_after: MINUTE * 10, ..span_options() }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>, seed: u64) -> TraceLake {
    disk.set_faults(DiskFaults::default());
    open_spans(disk, clock, options_of(seed), objects_of(disk)).unwrap()
}

fn run(seed: u64) -> u64 {
    let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
    let mut spans = Spans::new(seed ^ 0xabcd);
    let mut promise = SpanPromise::default();
    let mut failed = 0;
    let mut store = reopen(&disk, &clock, seed);
    for life in 0..4 {
        if spans.random.below(2) == 0 {
            disk.set_faults(faults(&mut spans.random));
        }
        if spans.random.below(3) > 0 {
            disk.die_after(spans.random.below(500));
        }
        for _ in 0..30 {
            clock.advance(MINUTE);
            let batch = spans.batch(clock.now_ms() * 1_000_000);
            // A client tries again what failed, which must not double it.
            let written = write_spans(&store, &batch).or_else(|_| write_spans(&store, &batch));
            if written.is_ok() {
                promise.acknowledged.extend(batch);
            } else {
                failed += 1;
                promise.unknown.extend(batch);
            }
            if spans.random.below(8) == 0 {
                let _ = store.maintain();
            }
            if spans.random.below(20) == 0 {
                let _ = store.flush();
            }
        }
        // The power may only go where each acknowledgement was forced to disk before.
        let power = seed.is_multiple_of(2) && spans.random.below(2) == 0;
        if power {
            disk.crash();
        } else {
            disk.restart();
        }
        drop(store);
        store = reopen(&disk, &clock, seed);
        let context = format!("seed {seed}, life {life}, power cut {power}");
        promise.check(&store, &context);
        // What a client sends again after the crash, since it heard nothing.
        let again: Vec<Span> = promise.unknown.iter().take(20).cloned().collect();
        while let Err(error) = write_spans(&store, &again) {
            assert!(matches!(error, LakeError::Busy(_)), "{context}: {error}");
            store.maintain().unwrap();
        }
        promise.acknowledged.extend(again);
        if spans.random.below(3) == 0 {
            while store.maintain().unwrap() {}
            promise.check(&store, &format!("{context}, after upkeep"));
        }
    }
    failed
}

#[test]
fn what_was_acknowledged_survives_crashes_and_faults() {
    let mut failed = 0;
    for seed in 0..30 {
        failed += run(seed);
    }
    assert!(failed > 100, "the faults must bite: {failed} failed writes");
}

/// Kills at each operation of one flush and one merge, in turn.
#[test]
fn a_flush_and_a_merge_can_be_killed_anywhere() {
    let (disk, clock) = (SimDisk::new(77), SimClock::new(NOW_MS));
    let mut spans = Spans::new(77);
    let mut promise = SpanPromise::default();
    let store = reopen(&disk, &clock, 0);
    let mut add = |store: &TraceLake| {
        let batch = spans.batch(NOW_NS);
        write_spans(store, &batch).unwrap();
        promise.acknowledged.extend(batch);
    };
    for _ in 0..4 {
        add(&store);
        store.flush().unwrap();
    }
    add(&store);
    let work = |store: &TraceLake| store.flush().and_then(|()| store.maintain().map(|_| ()));
    let whole = disk.fork(1);
    whole.restart();
    let before = reopen(&whole, &clock, 0);
    let first = whole.operations();
    work(&before).unwrap();
    assert!(before.status().segments < 6, "{:?}", before.status());
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
    let mut spans = Spans::new(3);
    let mut promise = SpanPromise::default();
    disk.set_faults(DiskFaults { capacity_bytes: Some(80_000), ..DiskFaults::default() });
    let mut refused = 0;
    for _ in 0..400 {
        clock.advance(MINUTE);
        let batch = spans.batch(clock.now_ms() * 1_000_000);
        match write_spans(&store, &batch) {
            Ok(()) => promise.acknowledged.extend(batch),
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
        let batch = spans.batch(clock.now_ms() * 1_000_000);
        write_spans(&store, &batch).unwrap();
        promise.acknowledged.extend(batch);
    }
    promise.check(&store, "there is room again");
    assert_eq!(store.status().stalled, None);
    drop(store);
    disk.restart();
    promise.check(&reopen(&disk, &clock, 0), "restarted");
}

#[test]
fn a_bucket_that_fails_now_and_then_loses_nothing() {
    for every in [5, 11, 29] {
        let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
        let objects = bucket(&disk);
        let store = open_spans(&disk, &clock, options_of(0), objects.clone()).unwrap();
        objects.faults.lock().every = Some(every);
        let mut spans = Spans::new(every);
        let mut promise = SpanPromise::default();
        for round in 0..200 {
            clock.advance(MINUTE);
            let batch = spans.batch(clock.now_ms() * 1_000_000);
            match write_spans(&store, &batch) {
                Ok(()) => promise.acknowledged.extend(batch),
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
        promise.check(&open_spans(&disk, &clock, options_of(0), objects_of(&disk)).unwrap(), "restarted");
    }
}

#[test]
fn a_bucket_that_is_gone_for_long_pushes_back_and_loses_nothing() {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let objects = bucket(&disk);
    let store = open_spans(&disk, &clock, options_of(0), objects.clone()).unwrap();
    let mut spans = Spans::new(6);
    let mut promise = SpanPromise::default();
    let mut busy = 0;
    objects.faults.lock().down = true;
    for _ in 0..400 {
        clock.advance(std::time::Duration::from_secs(2));
        let batch = spans.batch(clock.now_ms() * 1_000_000);
        match write_spans(&store, &batch) {
            Ok(()) => promise.acknowledged.extend(batch),
            Err(LakeError::Busy(text)) => {
                assert!(text.contains("spans in memory") && text.contains("does not answer"), "{text}");
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
    // Killed in this state, and started while the bucket is still gone.
    drop(store);
    disk.restart();
    let store = open_spans(&disk, &clock, options_of(0), objects.clone()).unwrap();
    promise.check(&store, "restarted without the bucket");
    objects.faults.lock().down = false;
    clock.advance(MINUTE);
    while store.maintain().unwrap() {}
    assert_eq!((store.status().stalled, store.status().copy_is_behind), (None, false));
    promise.check(&store, "it is back");
}

#[test]
fn a_new_machine_finds_the_segments_of_the_bucket() {
    let (disk, clock) = (SimDisk::new(6), SimClock::new(NOW_MS));
    let bucket = || -> Arc<FaultyObjects> { bucket(&disk) };
    let mut spans = Spans::new(9);
    let mut promise = SpanPromise::default();
    {
        let store = open_spans(&disk, &clock, options_of(0), bucket()).unwrap();
        let batch = spans.batch(NOW_NS);
        write_spans(&store, &batch).unwrap();
        promise.acknowledged.extend(batch);
        store.flush().unwrap();
        store.maintain().unwrap();
    }
    disk.restart();
    // The other machine has a folder of its own and the same bucket.
    let other = LakeOptions { dir: "/other/traces".into(), ..options_of(0) };
    let store = open_spans(&disk, &clock, other, bucket()).unwrap();
    promise.check(&store, "what was in segments is there");
    let batch = spans.batch(NOW_NS);
    write_spans(&store, &batch).unwrap();
    promise.acknowledged.extend(batch);
    store.flush().unwrap();
    promise.check(&store, "and what is new");
    drop(store);
    disk.restart();
    let error = open_spans(&disk, &clock, options_of(0), bucket()).unwrap_err();
    assert!(matches!(&error, LakeError::Locked { .. }) && error.to_string().contains("taken it over"), "{error}");
}

#[test]
fn a_damaged_segment_stops_neither_flushes_nor_merges() {
    for ending in ["parquet", "index"] {
        let (disk, clock) = (SimDisk::new(10), SimClock::new(NOW_MS));
        let store = reopen(&disk, &clock, 0);
        for number in 0..9 {
            write_spans(&store, &wide_trace(number, 0..20, NOW_NS)).unwrap();
            store.flush().unwrap();
        }
        let damaged = disk.files().into_iter().filter(|path| path.extension().is_some_and(|e| e == ending)).nth(1).unwrap();
        let bytes = disk.bytes(&damaged).unwrap();
        disk.replace(&damaged, &bytes.iter().enumerate().map(|(at, byte)| if at > 8 { byte ^ 0x55 } else { *byte }).collect::<Vec<_>>());
        drop(store);
        disk.restart();
        let store = reopen(&disk, &clock, 0);
        let name = damaged.file_name().unwrap().to_string_lossy().into_owned();
        let error = read_spans(&store).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(&name), "{error}");
        for number in 20..30 {
            clock.advance(MINUTE);
            write_spans(&store, &wide_trace(number, 0..20, NOW_NS)).unwrap();
            store.flush().unwrap();
            let _ = store.maintain();
        }
        let status = store.status();
        assert!(status.segments < 9 && status.problems.len() == 1 && status.memory_entries == 0, "{ending}: {status:?}");
        // Late spans of its traces, two days later.
        let later_ns = NOW_NS + 2 * DAY_NS;
        for number in 0..9 {
            write_spans(&store, &wide_trace(number, 20..21, later_ns)).unwrap();
        }
        store.flush().unwrap();
        let (found, _) = with_limits(|limits| read_with(&store, limits, (later_ns, i64::MAX), &[])).unwrap();
        let mut lengths: Vec<usize> = found.traces.iter().map(|trace| trace.2.len()).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [1, 21, 21, 21, 21, 21, 21, 21, 21], "{ending}: what is left of its trace, and the others");
        assert!(read_spans(&store).is_err(), "{ending}: who asks for its time is told");
    }
}
