//! What was acknowledged is there after a restart.

use phoenix_env::{SharedDisk, SimClock, SimDisk};
use phoenix_model::{Budget, Exemplar, Histogram, Labels, Matcher, WriteBatch, WriteOutcome, stale_nan};
use phoenix_tsdb::{SelectLimits, Tsdb, TsdbOptions};
use prometheus_client::registry::Registry;
use std::sync::Arc;

const NOW_MS: i64 = 1_800_000_000_000;

fn open(disk: &SimDisk) -> Arc<Tsdb> {
    let disk: SharedDisk = Arc::new(disk.clone());
    Tsdb::open(TsdbOptions::new("/data/metrics"), disk, SimClock::new(NOW_MS), &mut Registry::default()).unwrap()
}

fn labels(name: &str) -> Labels {
    Labels::from_pairs([("__name__", name), ("job", "a")])
}

fn read(store: &Tsdb) -> Vec<(String, Vec<(i64, u64)>)> {
    let budget = Budget::new("query", 1 << 20);
    let selected = store.select(&[Matcher::equal("job", "a")], 0, i64::MAX, &SelectLimits::within(&budget)).unwrap();
    let series = selected.series.iter();
    series.map(|s| (s.labels.to_string(), s.samples().map(|x| (x.timestamp_ms - NOW_MS, x.value.to_bits())).collect())).collect()
}

#[test]
fn a_restart_continues() {
    let disk = SimDisk::new(1);
    let store = open(&disk);
    let row = |t: i64, x: f64| WriteBatch::floats(vec![(labels("x"), vec![(NOW_MS + t, x)]), (labels("y"), vec![(NOW_MS + t, -0.0)])]);
    let stored = WriteOutcome { stored: 2, ..WriteOutcome::default() };
    assert_eq!(store.write(&row(1000, 1.0)).unwrap(), stored);
    assert_eq!(store.write(&row(0, 0.5)).unwrap(), stored);
    assert_eq!(store.write(&row(1000, stale_nan())).unwrap(), stored);
    let before = read(&store);
    assert_eq!(before[0].1, [(0, 0.5_f64.to_bits()), (1000, stale_nan().to_bits())]);
    drop(store);
    disk.restart();
    let store = open(&disk);
    assert_eq!(read(&store), before);
    store.write(&row(2000, 3.0)).unwrap();
    drop(store);
    disk.restart();
    let store = open(&disk);
    assert_eq!(read(&store)[1].1.len(), 3);
}

fn exemplars(store: &Tsdb) -> Vec<i64> {
    let found = store.exemplars(&[vec![Matcher::equal("job", "a")]], i64::MIN, i64::MAX);
    found.iter().flat_map(|(_, exemplars)| exemplars.iter().map(|e| e.timestamp_ms - NOW_MS)).collect()
}

#[test]
fn exemplars_stay_through_flushes_crashes_and_shutdowns() {
    let disk = SimDisk::new(1);
    let mut store = open(&disk);
    let exemplar = |t: i64| {
        let labels = Labels::from_pairs([("trace_id", t.to_string())]);
        vec![Exemplar { labels, value: 1.5, timestamp_ms: NOW_MS + t }]
    };
    let mut want = Vec::new();
    for (t, end) in ["flush", "crash", "shutdown", "crash", "flush and crash", "shutdown"].into_iter().enumerate() {
        let t = t as i64;
        let batch = WriteBatch { exemplars: vec![(labels("x"), exemplar(t))], ..WriteBatch::default() };
        assert_eq!(store.write(&batch).unwrap(), WriteOutcome::default());
        want.push(t);
        assert_eq!(exemplars(&store), want);
        if end.contains("flush") {
            store.flush_now().unwrap();
        }
        if end == "shutdown" {
            store.shutdown().unwrap();
        }
        if end != "flush" {
            drop(store);
            disk.restart();
            store = open(&disk);
        }
        assert_eq!(exemplars(&store), want, "after {end}");
    }
    drop(store);
    disk.restart();
    let file = std::path::Path::new("/data/metrics/EXEMPLARS");
    disk.flip_bit(file, 30, 1);
    let store = open(&disk);
    assert_eq!(exemplars(&store), [], "damage costs the exemplars");
    assert_eq!(store.status(0).unwrap().problems[0].file, "EXEMPLARS", "and is reported");
}

#[test]
fn a_folder_of_format_1_becomes_one_of_format_2() {
    let disk = SimDisk::new(1);
    let store = open(&disk);
    let version = std::path::Path::new("/data/metrics/VERSION");
    store.write(&WriteBatch::floats(vec![(labels("x"), vec![(NOW_MS, 1.0)])])).unwrap();
    store.flush_now().unwrap();
    store.write(&WriteBatch::floats(vec![(labels("x"), vec![(NOW_MS + 1, 2.0)])])).unwrap();
    drop(store);
    disk.restart();
    // Floats alone are written as format 1 has them.
    disk.replace(version, b"phoenix-tsdb format 1\n");
    let store = open(&disk);
    assert_eq!(read(&store)[0].1.len(), 2);
    assert_eq!(disk.bytes(version).unwrap(), b"phoenix-tsdb format 2\n");
}

#[test]
fn a_batch_with_something_that_is_no_histogram_is_refused_as_a_whole() {
    let store = open(&SimDisk::new(1));
    let bad = Histogram { positive: vec![1.0], ..Histogram::default() };
    let batch = WriteBatch {
        series: vec![(labels("x"), vec![(NOW_MS, 1.0)])],
        histograms: vec![(labels("h"), vec![(NOW_MS, bad)])],
        ..WriteBatch::default()
    };
    let error = store.write(&batch).unwrap_err().to_string();
    assert_eq!(
        error,
        "the native histogram of h{job=\"a\"} can't be stored: the spans of its positive buckets have 0 buckets, and there are 1"
    );
    assert_eq!(read(&store), []);
}
