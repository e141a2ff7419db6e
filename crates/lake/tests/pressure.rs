//! Limits on memory, many streams, many writers, tails.

mod support;

use parking_lot::Mutex;
use phoenix_env::{SimClock, SimDisk};
use phoenix_lake::{Lake, LakeError, LakeOptions};
use phoenix_model::logs::{Level, LogWrite};
use phoenix_model::{Labels, LabelsRef, Matcher};
use std::sync::Arc;
use std::time::Duration;
use support::*;

#[test]
fn a_full_memtable_pushes_back_and_takes_entries_again_after_a_flush() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = open(&disk, &clock);
    let mut random = Random(1);
    let mut all = Vec::new();
    let refused = loop {
        let batch = random.batch(NOW_NS);
        match write(&store, &batch) {
            Ok(()) => all.extend(batch),
            Err(error) => break error,
        }
        let status = store.status();
        assert!(status.memory_bytes <= status.memory_limit_bytes, "{status:?}");
    };
    assert!(matches!(&refused, LakeError::Busy(text) if text.contains("memtable_bytes")), "{refused}");
    assert!(store.wait_for_work(Duration::from_hours(1)), "the thread of upkeep was woken");
    store.maintain().unwrap();
    assert_eq!(store.status().memory_bytes, 0);
    let batch = random.batch(NOW_NS);
    write(&store, &batch).unwrap();
    all.extend(batch);
    assert_eq!(read(&store).unwrap(), expect(&all));
    let huge = vec![Input::new(1, NOW_NS, "x".repeat(100_000))];
    let error = write(&store, &huge).unwrap_err();
    assert!(matches!(&error, LakeError::Limit(text) if text.contains("memtable_bytes")), "{error}");
}

#[test]
fn a_write_waits_for_room_and_gets_it() {
    let (disk, clock) = (SimDisk::new(6), SimClock::new(NOW_MS));
    let options = LakeOptions { busy_wait: Duration::from_hours(1), ..options() };
    let store = Arc::new(open_with(&disk, &clock, options, objects_of(&disk)).unwrap());
    let upkeep = Arc::clone(&store);
    let worker = std::thread::spawn(move || {
        while upkeep.wait_for_work(Duration::from_hours(1)) {
            // Closed in the meantime is fine.
            while upkeep.maintain().unwrap_or(false) {}
        }
    });
    let mut random = Random(6);
    let mut all = Vec::new();
    for _ in 0..400 {
        let batch = random.batch(NOW_NS);
        write(&store, &batch).unwrap();
        all.extend(batch);
    }
    assert!(store.status().segments > 0);
    assert_eq!(read(&store).unwrap(), expect(&all));
    store.close().unwrap();
    worker.join().unwrap();
}

#[test]
fn the_same_batch_again_and_again_does_not_fill_the_disk() {
    let (disk, clock) = (SimDisk::new(2), SimClock::new(NOW_MS));
    let store = open(&disk, &clock);
    let batch = Random(2).batch(NOW_NS);
    let mut busy = 0;
    for round in 0..2000 {
        match write(&store, &batch) {
            Ok(()) => {}
            Err(LakeError::Busy(_)) => busy += 1,
            Err(error) => panic!("{error}"),
        }
        assert!(store.status().wal_bytes < (64 << 10) * 5, "{:?}", store.status());
        if round == 1500 {
            assert!(busy > 0);
            store.maintain().unwrap();
            write(&store, &batch).unwrap();
        }
    }
}

const STREAMS: u64 = 100_000;

#[test]
fn a_hundred_thousand_streams() {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, LakeOptions { memtable_bytes: 64 << 20, ..options() }, objects_of(&disk)).unwrap();
    for chunk in 0..100 {
        let mut batch = LogWrite::default();
        for i in 0..STREAMS / 100 {
            let stream = chunk * (STREAMS / 100) + i;
            batch.begin_stream(Labels::from_pairs([("app", "a"), ("pod", &format!("pod-{stream:06}"))]));
            batch.push(NOW_NS + stream as i64, &format!("hello from {stream}"), LabelsRef::EMPTY, Level::Info);
        }
        store.write(&batch).unwrap();
    }
    assert_eq!(store.status().active_streams, STREAMS);
    let one = [Matcher::equal("pod", "pod-031415")];
    let check = |store: &Lake| {
        let (entries, _) = read_select(store, &select(&one, i64::MIN, i64::MAX)).unwrap();
        assert_eq!((entries.len(), entries[0].2.as_str()), (1, "hello from 31415"));
        let stats = with_limits(|limits| store.index_stats(&[], i64::MIN, i64::MAX, limits)).unwrap();
        assert_eq!((stats.streams, stats.entries), (STREAMS, STREAMS));
        let (values, more) = with_limits(|limits| store.label_values("pod", &[], i64::MIN, i64::MAX, 10, limits)).unwrap();
        assert_eq!((values.len(), more, values[9].as_str()), (10, true, "pod-000009"));
    };
    check(&store);
    store.flush().unwrap();
    let status = store.status();
    assert_eq!((status.active_streams, status.memory_bytes), (0, 0), "streams go with their entries");
    check(&store);
}

#[test]
fn many_writers_share_the_log_and_all_is_there() {
    let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
    let store = Arc::new(open_with(&disk, &clock, LakeOptions { memtable_bytes: 1 << 20, ..options() }, objects_of(&disk)).unwrap());
    let done = std::sync::atomic::AtomicBool::new(false);
    let all: Vec<Input> = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..4)
            .map(|writer| {
                let store = Arc::clone(&store);
                scope.spawn(move || {
                    let mut random = Random(writer);
                    let mut all = Vec::new();
                    for _ in 0..200 {
                        let batch = random.batch(NOW_NS);
                        while let Err(error) = write(&store, &batch) {
                            assert!(matches!(error, LakeError::Busy(_)), "{error}");
                            std::thread::yield_now();
                        }
                        all.extend(batch);
                    }
                    all
                })
            })
            .collect();
        let (upkeep, done) = (Arc::clone(&store), &done);
        let worker = scope.spawn(move || {
            while !done.load(std::sync::atomic::Ordering::Relaxed) {
                upkeep.maintain().unwrap();
                upkeep.flush().unwrap();
            }
        });
        let (reader, done_reading) = (Arc::clone(&store), done);
        let looker = scope.spawn(move || {
            let mut before = std::collections::BTreeSet::new();
            while !done_reading.load(std::sync::atomic::Ordering::Relaxed) {
                let got = read(&reader).unwrap();
                let now = set(&got);
                assert_eq!(now.len(), got.len(), "each entry once");
                assert!(now.is_superset(&before), "what was there stays");
                before = now;
            }
        });
        let all = writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect();
        done.store(true, std::sync::atomic::Ordering::Relaxed);
        worker.join().unwrap();
        looker.join().unwrap();
        all
    });
    assert_eq!(read(&store).unwrap(), expect(&all));
    drop(store);
    disk.restart();
    assert_eq!(read(&open(&disk, &clock)).unwrap(), expect(&all));
}

#[test]
fn subscribers_are_told_of_what_is_stored_and_only_of_that() {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let mut options = options();
    options.retention.default = Some(Duration::from_hours(48));
    let store = open_with(&disk, &clock, options, objects_of(&disk)).unwrap();
    let told: Arc<Mutex<Vec<String>>> = Arc::default();
    let into = Arc::clone(&told);
    let subscription = store.subscribe(
        vec![Matcher::equal("app", "app-1")],
        Box::new(move |stream, entry| into.lock().push(format!("{} {}", stream.labels.value("host"), entry.line))),
    );
    let batch = [
        Input::new(1, NOW_NS, "first"),
        Input::new(2, NOW_NS, "of another stream"),
        Input::new(6, NOW_NS + 1, "second"),
        Input::new(1, NOW_NS - 4 * DAY_NS, "too old"),
        Input::new(1, NOW_NS, "first"),
    ];
    write(&store, &batch).unwrap();
    write(&store, &batch).unwrap();
    assert_eq!(*told.lock(), ["host-1 first", "host-6 second"]);
    disk.set_faults(phoenix_env::DiskFaults { write_error: 1.0, ..Default::default() });
    assert!(write(&store, &[Input::new(1, NOW_NS, "not durable")]).is_err());
    disk.set_faults(phoenix_env::DiskFaults::default());
    drop(subscription);
    write(&store, &[Input::new(1, NOW_NS + 2, "nobody listens")]).unwrap();
    assert_eq!(told.lock().len(), 2);
}
