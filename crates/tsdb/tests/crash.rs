//! Crashes, power cuts and failing disks, each replayed by its seed: what was acknowledged is there.

mod support;

use phoenix_env::{Clock, DiskFaults, SimClock, SimDisk};
use phoenix_tsdb::{FsyncPolicy, Tsdb, TsdbError};
use std::collections::BTreeMap;
use std::sync::Arc;
use support::{MINUTE, Model, NOW_MS, Random, apply, expect, in_order, open_with, options, read, to_batch};

/// What each sample may be: the last acknowledged value, or that of any batch since whose outcome is unknown.
#[derive(Default)]
struct Promise(BTreeMap<(u64, i64), (Option<u64>, Vec<u64>)>);

impl Promise {
    fn acknowledged(&mut self, batch: &[(u64, Vec<(i64, f64)>)]) {
        self.each(batch, |slot, bits| *slot = (Some(bits), Vec::new()));
    }

    fn unknown(&mut self, batch: &[(u64, Vec<(i64, f64)>)]) {
        self.each(batch, |slot, bits| slot.1.push(bits));
    }

    fn each(&mut self, batch: &[(u64, Vec<(i64, f64)>)], change: impl Fn(&mut (Option<u64>, Vec<u64>), u64)) {
        for (series, t, bits) in in_order(batch) {
            change(self.0.entry((series, t)).or_default(), bits);
        }
    }

    fn check(&self, store: &Tsdb, context: &str) {
        let got = read(store, i64::MIN, i64::MAX).unwrap();
        for ((series, t), (kept, possible)) in &self.0 {
            let value = got.get(&support::labels(*series).to_string()).and_then(|samples| samples.get(t)).copied();
            let allowed = value == *kept || value.is_some_and(|bits| possible.contains(&bits));
            assert!(allowed, "{context}: series {series} at {t}: {value:?}, acknowledged {kept:?}, possible {possible:?}");
        }
    }
}

fn policies(seed: u64) -> FsyncPolicy {
    if seed.is_multiple_of(2) { FsyncPolicy::Always } else { FsyncPolicy::Interval(std::time::Duration::from_secs(90)) }
}

fn faults(random: &mut Random) -> DiskFaults {
    let p = |random: &mut Random| if random.below(2) == 0 { 0.0 } else { random.below(10) as f64 / 100.0 };
    DiskFaults { write_error: p(random), sync_error: p(random), read_error: 0.0, capacity_bytes: None }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>, policy: FsyncPolicy) -> Arc<Tsdb> {
    disk.set_faults(DiskFaults::default());
    open_with(disk, clock, phoenix_tsdb::TsdbOptions { fsync: policy, ..options() }).unwrap()
}

fn run(seed: u64) -> (u32, u32) {
    let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
    let policy = policies(seed);
    let mut random = Random(seed ^ 0xabcd);
    let mut promise = Promise::default();
    let (mut failed, mut crashes) = (0, 0);
    let mut store = reopen(&disk, &clock, policy);
    for life in 0..6 {
        if random.below(2) == 0 {
            disk.set_faults(faults(&mut random));
        }
        if random.below(3) > 0 {
            disk.die_after(random.below(250));
        }
        for _ in 0..80 {
            clock.advance(MINUTE);
            let batch = random.batch(clock.now_ms());
            if store.write(&to_batch(&batch)).is_ok() {
                promise.acknowledged(&batch);
            } else {
                failed += 1;
                promise.unknown(&batch);
            }
            if random.below(8) == 0 {
                let _ = store.maintain();
            }
        }
        // The power may only go where each acknowledgement was forced to disk before.
        let power = policy == FsyncPolicy::Always && random.below(2) == 0;
        if power {
            disk.crash();
        } else {
            disk.restart();
        }
        drop(store);
        crashes += 1;
        store = reopen(&disk, &clock, policy);
        promise.check(&store, &format!("seed {seed}, life {life}, power cut {power}"));
    }
    (failed, crashes)
}

#[test]
fn what_was_acknowledged_survives_crashes_and_faults() {
    let mut failed = 0;
    for seed in 0..40 {
        failed += run(seed).0;
    }
    assert!(failed > 300, "the faults must bite: {failed} failed writes");
}

#[test]
fn the_same_seed_gives_the_same_files() {
    let files = |seed| {
        let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
        let store = open_with(&disk, &clock, options()).unwrap();
        let mut random = Random(seed);
        for _ in 0..300 {
            clock.advance(MINUTE);
            store.write(&to_batch(&random.batch(clock.now_ms()))).unwrap();
            store.maintain().unwrap();
        }
        disk.files().into_iter().map(|path| (path.clone(), disk.bytes(&path).unwrap())).collect::<Vec<_>>()
    };
    assert!(files(7) == files(7));
}

#[test]
fn a_full_disk_refuses_writes_and_recovers() {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, options()).unwrap();
    let mut random = Random(3);
    let mut model = Model::new();
    let check = |store: &Tsdb, model: &Model, when: &str| {
        assert!(read(store, i64::MIN, i64::MAX).unwrap() == expect(model, i64::MIN, i64::MAX), "{when}");
    };
    disk.set_faults(DiskFaults { capacity_bytes: Some(20_000), ..DiskFaults::default() });
    let mut refused = 0;
    for _ in 0..400 {
        clock.advance(MINUTE);
        let batch = random.batch(clock.now_ms());
        match store.write(&to_batch(&batch)) {
            Ok(_) => apply(&mut model, &batch),
            Err(TsdbError::DiskFull(_)) => refused += 1,
            Err(error) => panic!("{error}"),
        }
        let _ = store.maintain();
    }
    assert!(refused > 50, "{refused}");
    check(&store, &model, "reads go on, and nothing of a refused batch is visible");
    disk.set_faults(DiskFaults::default());
    for _ in 0..20 {
        clock.advance(MINUTE);
        let batch = random.batch(clock.now_ms());
        store.write(&to_batch(&batch)).unwrap();
        apply(&mut model, &batch);
        store.maintain().unwrap();
    }
    check(&store, &model, "there is room again");
    drop(store);
    disk.restart();
    check(&open_with(&disk, &clock, options()).unwrap(), &model, "restarted");
}

#[test]
fn failing_reads_are_errors_and_put_nothing_aside() {
    let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, phoenix_tsdb::TsdbOptions { cache_bytes: 0, ..options() }).unwrap();
    store.write(&to_batch(&Random(4).batch(NOW_MS))).unwrap();
    store.flush_now().unwrap();
    disk.set_faults(DiskFaults { read_error: 1.0, ..DiskFaults::default() });
    assert!(matches!(read(&store, i64::MIN, i64::MAX), Err(TsdbError::Disk(_))));
    disk.set_faults(DiskFaults::default());
    assert_eq!(read(&store, i64::MIN, i64::MAX).unwrap().len(), store.series(&[], i64::MIN, i64::MAX, 0).unwrap().0.len());
    assert_eq!(store.status(0).unwrap().problems, []);
}
