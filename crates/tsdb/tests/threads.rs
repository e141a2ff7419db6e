//! Writers, readers and upkeep at the same time.

mod support;

use phoenix_env::{SimClock, SimDisk};
use phoenix_model::{Budget, Labels, Matcher, WriteBatch};
use phoenix_tsdb::{FsyncPolicy, SelectLimits, TsdbOptions};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use support::{NOW_MS, open_with, options};

const WRITERS: usize = 4;
const BATCHES: u64 = 150;
const SERIES: u64 = 20;

/// Ends the other threads when one of them panics, so that the test fails instead of running on.
struct EndAll<'a>(&'a AtomicBool);

impl Drop for EndAll<'_> {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.0.store(true, Ordering::Relaxed);
        }
    }
}

#[test]
fn readers_see_whole_batches_and_nothing_is_lost() {
    for fsync in [FsyncPolicy::Always, FsyncPolicy::Never] {
        let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
        let store = open_with(&disk, &clock, TsdbOptions { fsync, ..options() }).unwrap();
        let written: [AtomicU64; WRITERS] = Default::default();
        let done = AtomicBool::new(false);
        let labels =
            |writer: usize, s: u64| Labels::from_pairs([("__name__", "m"), ("s", &s.to_string()), ("writer", &writer.to_string())]);
        std::thread::scope(|scope| {
            for (writer, written) in written.iter().enumerate() {
                let store = &store;
                let done = &done;
                scope.spawn(move || {
                    let _end = EndAll(done);
                    for number in 1..=BATCHES {
                        // Some series come and go, so that groups, the index and its clean-up are exercised.
                        let extra = (number % 7 == 0).then(|| (labels(writer, 1000 + number), vec![(NOW_MS + number as i64, 0.0)]));
                        let series = (0..SERIES).map(|s| (labels(writer, s), vec![(NOW_MS + number as i64, number as f64)])).chain(extra);
                        store.write(&WriteBatch::floats(series.collect())).unwrap();
                        written.store(number, Ordering::Release);
                    }
                });
            }
            let (store, written, done) = (&store, &written, &done);
            scope.spawn(move || {
                let _end = EndAll(done);
                while !done.load(Ordering::Relaxed) {
                    store.flush_now().unwrap();
                    store.maintain().unwrap();
                    std::thread::yield_now();
                }
            });
            scope.spawn(move || {
                let _end = EndAll(done);
                while !done.load(Ordering::Relaxed) {
                    for (writer, written) in written.iter().enumerate() {
                        let acknowledged = written.load(Ordering::Acquire);
                        let budget = Budget::unlimited();
                        let matchers = [Matcher::equal("writer", writer.to_string()), Matcher::equal("s", "3")];
                        let found = store.select(&matchers, i64::MIN, i64::MAX, &SelectLimits::within(&budget)).unwrap();
                        let seen: Vec<u64> = found.series.iter().flat_map(|s| s.values.iter().map(|v| *v as u64)).collect();
                        assert!(seen.len() as u64 >= acknowledged, "{} of {acknowledged} acknowledged batches are visible", seen.len());
                        assert!(seen.iter().copied().eq(1..=seen.len() as u64), "no gaps: {seen:?}");
                    }
                    if written.iter().all(|w| w.load(Ordering::Acquire) == BATCHES) {
                        done.store(true, Ordering::Relaxed);
                    }
                }
            });
        });
        drop(store);
        disk.restart();
        let store = open_with(&disk, &clock, options()).unwrap();
        let budget = Budget::unlimited();
        let found = store.select(&[Matcher::equal("__name__", "m")], i64::MIN, i64::MAX, &SelectLimits::within(&budget)).unwrap();
        let samples: u64 = found.series.iter().map(|s| s.values.len() as u64).sum();
        assert_eq!(samples, WRITERS as u64 * (BATCHES * SERIES + BATCHES / 7));
    }
}
