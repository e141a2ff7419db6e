//! The data folder: who may use it, what damage does, what is kept how long.

mod support;

use phoenix_env::{Clock, Disk, SimClock, SimDisk};
use phoenix_model::{Budget, Matcher, WriteBatch, WriteOutcome};
use phoenix_tsdb::{SelectLimits, Tsdb, TsdbError, TsdbOptions};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::{FOLDER, MINUTE, Model, NOW_MS, Random, apply, expect, labels, open, open_with, options, read, to_batch};

#[test]
fn two_stores_do_not_share_a_folder() {
    let disk = SimDisk::new(1);
    let store = open(&disk);
    let error = open_with(&disk, &SimClock::new(NOW_MS), options()).err().unwrap().to_string();
    assert_eq!(error, "the data folder /data/metrics is in use: is another Phoenix running? Stop it, or give this one another `data_dir`");
    store.shutdown().unwrap();
    open(&disk);
    assert!(matches!(store.write(&to_batch(&Random(1).batch(NOW_MS))), Err(TsdbError::Closed)));
}

#[test]
fn a_folder_of_a_newer_version_is_left_alone() {
    let disk = SimDisk::new(1);
    let version = Path::new("/data/metrics/VERSION");
    disk.create_dir_all(Path::new(FOLDER)).unwrap();
    disk.replace(version, b"phoenix-tsdb format 3\n");
    let error = open_with(&disk, &SimClock::new(NOW_MS), options()).err().unwrap();
    assert!(matches!(error, TsdbError::NewerFormat { found: 3, supported: 2, .. }), "{error}");
    assert_eq!(disk.files(), [version]);
    disk.replace(version, b"something else");
    let error = open_with(&disk, &SimClock::new(NOW_MS), options()).err().unwrap();
    assert!(matches!(error, TsdbError::BadFormatFile { .. }), "{error}");
    assert_eq!(disk.files(), [version]);
}

/// A folder with parts and a log, and what stands in it.
fn example() -> (SimDisk, Model) {
    let (disk, clock) = (SimDisk::new(9), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, options()).unwrap();
    let (mut random, mut model) = (Random(9), Model::new());
    for i in 0..120 {
        clock.advance(MINUTE);
        let batch = random.batch(clock.now_ms());
        store.write(&to_batch(&batch)).unwrap();
        apply(&mut model, &batch);
        if i % 40 == 39 && i < 100 {
            store.flush_now().unwrap();
        }
    }
    drop(store);
    disk.restart();
    (disk, model)
}

/// Opens a damaged folder and uses it. What is read must be a part of what was written, or a value
/// that was written before another one; damage must be reported unless nothing is missing.
fn check_damaged(disk: &SimDisk, model: &Model, context: &str) {
    let store = match open_with(disk, &SimClock::new(NOW_MS + 86_400_000), options()) {
        Ok(store) => store,
        Err(error) => {
            assert!(matches!(error, TsdbError::BadFormatFile { .. } | TsdbError::NewerFormat { .. }), "{context}: {error}");
            return;
        }
    };
    let got = read(&store, i64::MIN, i64::MAX).unwrap_or_else(|error| panic!("{context}: {error}"));
    let want = expect(model, i64::MIN, i64::MAX);
    for (series, samples) in &got {
        let written = &want[series];
        assert!(samples.keys().all(|t| written.contains_key(t)), "{context}: samples that nobody wrote");
    }
    if got != want {
        let problems = store.status(0).unwrap().problems;
        // A log that is cut before its first record, or between two, can't be told from a shorter one.
        assert!(!problems.is_empty() || context.contains("cut") && context.contains("wal"), "{context}: silent loss");
    }
    store.write(&to_batch(&Random(2).batch(NOW_MS))).unwrap();
    store.maintain().unwrap();
    store.shutdown().unwrap_or_else(|error| panic!("{context}: {error}"));
}

#[test]
fn damaged_files_are_healed_or_reported() {
    let (disk, model) = example();
    check_damaged(&disk.fork(0), &model, "whole");
    let mut cases = 0;
    for path in disk.files() {
        let bytes = disk.bytes(&path).unwrap();
        let step = (bytes.len() / 15).max(1);
        for at in (0..bytes.len()).step_by(step) {
            let name = path.display();
            let flipped = disk.fork(0);
            flipped.flip_bit(&path, at as u64, (at % 8) as u8);
            check_damaged(&flipped, &model, &format!("{name} flipped at {at}"));
            let cut = disk.fork(0);
            cut.replace(&path, &bytes[..at]);
            check_damaged(&cut, &model, &format!("{name} cut at {at}"));
            cases += 2;
        }
    }
    assert!(cases > 150, "{cases}");
}

#[test]
fn a_damaged_part_is_put_aside_and_the_rest_works() {
    let (disk, model) = example();
    let part = disk.files().into_iter().find(|path| path.extension().is_some_and(|e| e == "part")).unwrap();
    disk.flip_bit(&part, 20, 0);
    let store = open(&disk);
    let got = read(&store, i64::MIN, i64::MAX).unwrap();
    assert!(!got.is_empty() && got != expect(&model, i64::MIN, i64::MAX));
    let problems = store.status(0).unwrap().problems;
    assert_eq!(problems.len(), 1);
    assert!(problems[0].message.starts_with("a checksum is wrong; renamed to"), "{problems:?}");
    assert!(disk.files().contains(&part.with_extension("part.corrupt")));
    drop(store);
    disk.restart();
    let store = open(&disk);
    assert_eq!(read(&store, i64::MIN, i64::MAX).unwrap(), got);
    assert_eq!(store.status(0).unwrap().problems, [], "put aside once and for all");
}

fn day(store: &Tsdb, clock: &SimClock, series: u64) {
    for _ in 0..24 {
        clock.advance(Duration::from_hours(1));
        let rows = (0..series).map(|s| (labels(s), (0..60).map(|m| (clock.now_ms() - m * 60_000, m as f64)).collect()));
        store.write(&WriteBatch::floats(rows.collect())).unwrap();
    }
    store.flush_now().unwrap();
}

#[test]
fn days_past_the_retention_go() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let retention = Some(Duration::from_hours(72));
    let store = open_with(&disk, &clock, TsdbOptions { retention, ..options() }).unwrap();
    for _ in 0..10 {
        day(&store, &clock, 3);
        store.maintain().unwrap();
        let oldest = read(&store, i64::MIN, i64::MAX).unwrap().values().flat_map(|s| s.keys().copied()).min().unwrap();
        assert!(oldest >= clock.now_ms() - 72 * 3_600_000);
    }
    let status = store.status(0).unwrap();
    assert!(status.oldest_ms.unwrap() >= clock.now_ms() - 97 * 3_600_000, "whole days go");
    let late = vec![(clock.now_ms() - 73 * 3_600_000, 1.0), (clock.now_ms() + 90_000_000, 1.0), (clock.now_ms(), 1.0)];
    let late = WriteBatch::floats(vec![(labels(1), late)]);
    assert_eq!(store.write(&late).unwrap(), WriteOutcome { stored: 1, out_of_bounds: 2, over_series_limit: 0 });
}

#[test]
fn a_clock_that_jumps_ahead_does_not_empty_the_store() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let retention = Some(Duration::from_hours(72));
    let store = open_with(&disk, &clock, TsdbOptions { retention, ..options() }).unwrap();
    day(&store, &clock, 3);
    let before = read(&store, i64::MIN, i64::MAX).unwrap();
    clock.jump_wall_ms(365 * 86_400_000);
    for _ in 0..5 {
        clock.advance(MINUTE);
        store.maintain().unwrap();
    }
    clock.jump_wall_ms(-365 * 86_400_000);
    store.maintain().unwrap();
    assert_eq!(read(&store, i64::MIN, i64::MAX).unwrap(), before);
    clock.jump_wall_ms(365 * 86_400_000);
    store.maintain().unwrap();
    clock.advance(Duration::from_mins(61));
    store.maintain().unwrap();
    assert_eq!(store.status(0).unwrap().parts, 0, "if nobody mends it, it was meant");
}

#[test]
fn the_oldest_days_go_when_parts_take_too_much() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, TsdbOptions { retention_bytes: Some(12_000), ..options() }).unwrap();
    for _ in 0..12 {
        day(&store, &clock, 20);
        store.maintain().unwrap();
        store.maintain().unwrap();
    }
    let status = store.status(0).unwrap();
    assert!(status.part_bytes <= 14_000 && status.parts >= 1, "{status:?}");
    assert!(status.oldest_ms.unwrap() > NOW_MS + 2 * 86_400_000, "the oldest went");
    assert_eq!(status.newest_ms, Some(clock.now_ms()), "the newest stay");
}

#[test]
fn series_beyond_the_limit_are_refused_while_others_go_on() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, TsdbOptions { max_series: 10, ..options() }).unwrap();
    let row = |from: u64, to: u64, t: i64| WriteBatch::floats((from..to).map(|s| (labels(s), vec![(t, 1.0)])).collect());
    assert_eq!(store.write(&row(0, 8, NOW_MS)).unwrap().stored, 8);
    let outcome = store.write(&row(4, 20, NOW_MS + 1)).unwrap();
    assert_eq!(outcome, WriteOutcome { stored: 6, out_of_bounds: 0, over_series_limit: 10 });
    store.flush_now().unwrap();
    let outcome = store.write(&row(0, 20, NOW_MS + 2)).unwrap();
    assert_eq!(outcome, WriteOutcome { stored: 10, out_of_bounds: 0, over_series_limit: 10 }, "a flush does not forget who was first");
    // Series that end give way to others after two flushes.
    store.write(&row(0, 2, NOW_MS + 3)).unwrap();
    store.flush_now().unwrap();
    store.write(&row(0, 2, NOW_MS + 4)).unwrap();
    store.flush_now().unwrap();
    assert_eq!(store.write(&row(100, 108, NOW_MS + 5)).unwrap().stored, 8);
}

#[test]
fn reads_end_at_their_limits() {
    let disk = SimDisk::new(1);
    let store = open(&disk);
    store.write(&WriteBatch::floats((0..100).map(|s| (labels(s), (0..50).map(|t| (NOW_MS + t, 1.0)).collect())).collect())).unwrap();
    let everything = [Matcher::equal("job", "test")];
    let budget = Budget::new("limits.query_memory", 50_000);
    let error = store.select(&everything, 0, i64::MAX, &SelectLimits::within(&budget)).unwrap_err();
    assert!(error.to_string().contains("limits.query_memory"), "{error}");
    assert_eq!(budget.used_bytes(), 0);
    let budget = Budget::new("limits.query_memory", 1 << 20);
    let few = SelectLimits { max_samples: 4999, ..SelectLimits::within(&budget) };
    assert!(store.select(&everything, 0, i64::MAX, &few).unwrap_err().to_string().contains("4999 samples"));
    let gone = SelectLimits { cancelled: &|| true, ..SelectLimits::within(&budget) };
    assert!(matches!(store.select(&everything, 0, i64::MAX, &gone), Err(TsdbError::Cancelled)));
    let selected = store.select(&everything, 0, i64::MAX, &SelectLimits::within(&budget)).unwrap();
    assert!(Arc::ptr_eq(&selected.series[0].timestamps_ms, &selected.series[99].timestamps_ms), "one column for all");
    assert!(budget.used_bytes() >= 5000 * 16);
    drop(selected);
    assert_eq!(budget.used_bytes(), 0);
}

#[test]
fn labels_of_head_and_parts_are_found() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, options()).unwrap();
    let batch = |from: u64, to: u64, t: i64| WriteBatch::floats((from..to).map(|s| (labels(s), vec![(t, 1.0)])).collect());
    store.write(&batch(0, 6, NOW_MS)).unwrap();
    store.flush_now().unwrap();
    store.write(&batch(4, 8, NOW_MS + 60_000)).unwrap();
    let all = (i64::MIN, i64::MAX);
    let names = |sets: &[Vec<Matcher>], limit| store.label_names(sets, all.0, all.1, limit).unwrap();
    assert_eq!(names(&[], 0), (vec!["__name__".to_owned(), "instance".to_owned(), "job".to_owned()], false));
    assert_eq!(names(&[vec![Matcher::equal("job", "test")]], 1), (vec!["__name__".to_owned()], true));
    let one = vec![vec![Matcher::equal("__name__", "metric_1")], vec![Matcher::equal("instance", "host-7")]];
    for (sets, range, want) in [
        (&[][..], all, vec!["host-0", "host-1", "host-2", "host-3", "host-4", "host-5", "host-6", "host-7"]),
        (&one, all, vec!["host-1", "host-6", "host-7"]),
        (&one, (NOW_MS, NOW_MS), vec!["host-1"]),
        (&one, (NOW_MS + 1, NOW_MS + 60_000), vec!["host-6", "host-7"]),
    ] {
        let (values, truncated) = store.label_values("instance", sets, range.0, range.1, 0).unwrap();
        assert_eq!((values, truncated), (want.iter().map(|v| (*v).to_owned()).collect(), false), "{range:?}");
        let (series, _) = store.series(sets, range.0, range.1, 0).unwrap();
        assert_eq!(series.len(), want.len());
        assert!(series.is_sorted());
    }
    assert!(store.series(&[], all.0, all.1, 3).unwrap().1);
    let status = store.status(2).unwrap();
    assert_eq!((status.series, status.parts, status.head_samples, status.part_samples), (8, 1, 4, 6));
    assert_eq!(status.series_by_metric[0], phoenix_tsdb::TopEntry { name: "metric_0".to_owned(), value: 2 });
    assert_eq!(status.values_by_label[0], phoenix_tsdb::TopEntry { name: "instance".to_owned(), value: 8 });
}
