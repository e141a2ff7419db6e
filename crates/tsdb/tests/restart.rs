//! What was acknowledged is there after a restart.

use phoenix_env::{SharedDisk, SimClock, SimDisk};
use phoenix_model::{Budget, Labels, Matcher, WriteBatch, WriteOutcome, stale_nan};
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
