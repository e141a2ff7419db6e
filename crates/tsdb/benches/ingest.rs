//! Figures of the store on data like node_exporter's: ingest per CPU second, bytes per sample on disk,
//! memory per series, time of reads. One run, printed as a table.
//!
//! `cargo bench -p phoenix-tsdb --bench ingest -- [targets] [hours]`

use phoenix_env::{Disk, RealClock, RealDisk, SimClock};
use phoenix_model::{Budget, Labels, Matcher, WriteBatch};
use phoenix_tsdb::{FsyncPolicy, SelectLimits, Tsdb, TsdbOptions};
use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const START_MS: i64 = 1_800_000_000_000 / 86_400_000 * 86_400_000;
const STEP_MS: i64 = 15_000;
const SERIES_PER_TARGET: usize = 1000;

/// Nanoseconds that this thread has been on a CPU.
fn cpu_ns() -> u64 {
    let text = RealDisk.read(Path::new("/proc/thread-self/schedstat"), 4096).expect("Linux says how long a thread ran");
    String::from_utf8_lossy(&text).split(' ').next().and_then(|n| n.parse().ok()).expect("it starts with a number")
}

/// Bytes of memory that are resident.
fn resident_bytes() -> u64 {
    let text = RealDisk.read(Path::new("/proc/self/statm"), 4096).expect("Linux says how much is resident");
    String::from_utf8_lossy(&text).split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).expect("the second number") * 4096
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

fn target(number: usize) -> WriteBatch {
    let instance = format!("node-{number:04}.example.org:9100");
    let series = (0..SERIES_PER_TARGET).map(|i| {
        let (metric, device) = (format!("node_metric_{:03}_total", i / 8), format!("device-{}", i % 8));
        let pairs = [
            ("__name__", metric.as_str()),
            ("device", &device),
            ("instance", &instance),
            ("job", "node"),
            ("env", "production"),
            ("region", "eu-central-1"),
        ];
        (Labels::from_pairs(pairs), vec![(0, 0.0)])
    });
    WriteBatch::floats(series.collect())
}

/// Moves each series of a target on by one scrape: constants, counters, CPU seconds, loads, bytes.
fn scrape(batch: &mut WriteBatch, timestamp_ms: i64, random: &mut Random) {
    for (i, (_, samples)) in batch.series.iter_mut().enumerate() {
        let (t, value) = &mut samples[0];
        *t = timestamp_ms;
        *value = match i % 20 {
            0..=8 => (i % 7) as f64,
            9..=13 => *value + (random.next() % 300) as f64,
            14..=16 => ((*value * 100.0).round() + (random.next() % 1500) as f64) / 100.0,
            17 => (random.next() % 400) as f64 / 100.0,
            18 => 4_096.0 * (1_000_000 + random.next() % 5000) as f64,
            _ => random.next() as f64 / u64::MAX as f64,
        };
    }
}

fn open(folder: &Path, clock: &Arc<SimClock>) -> Arc<Tsdb> {
    let options = TsdbOptions { retention: None, fsync: FsyncPolicy::Never, ..TsdbOptions::new(folder) };
    Tsdb::open(options, RealDisk::shared(), clock.clone(), &mut Registry::default()).expect("a fresh folder opens")
}

fn main() {
    let mut numbers = std::env::args().filter_map(|argument| argument.parse::<usize>().ok());
    let (targets, hours) = (numbers.next().unwrap_or(20), numbers.next().unwrap_or(24));
    let scrapes = hours * 3600 * 1000 / STEP_MS as usize;
    memory();

    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = SimClock::new(START_MS);
    let store = open(folder.path(), &clock);
    let mut batches: Vec<_> = (0..targets).map(target).collect();
    let (mut random, mut write_ns, mut upkeep_ns) = (Random(1), 0, 0);
    for number in 0..scrapes {
        clock.advance(Duration::from_millis(STEP_MS as u64));
        for (offset, batch) in batches.iter_mut().enumerate() {
            // Timestamps jitter by a few milliseconds, as they do without alignment.
            let jitter = (random.next() % 3) as i64 + offset as i64 * 37;
            scrape(batch, START_MS + number as i64 * STEP_MS + jitter, &mut random);
            let before = cpu_ns();
            store.write(batch).expect("there is room");
            write_ns += cpu_ns() - before;
        }
        let before = cpu_ns();
        store.maintain().expect("there is room");
        upkeep_ns += cpu_ns() - before;
    }
    let samples = (targets * SERIES_PER_TARGET * scrapes) as f64;
    println!("targets {targets}, series {}, hours {hours}, samples {samples}", targets * SERIES_PER_TARGET);
    println!("write: {:.0} samples per CPU second", samples / write_ns as f64 * 1e9);
    println!("write and upkeep (flush, merge): {:.0} samples per CPU second", samples / (write_ns + upkeep_ns) as f64 * 1e9);
    store.flush_now().expect("there is room");
    clock.advance(Duration::from_hours(48));
    for _ in 0..4 {
        store.maintain().expect("there is room");
    }
    let status = store.status(0).expect("it has a status");
    println!(
        "parts {}, bytes per sample on disk after merging: {:.3}",
        status.parts,
        status.part_bytes as f64 / status.part_samples as f64
    );
    reads(&store);
}

fn memory() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let clock = SimClock::new(START_MS);
    let store = open(folder.path(), &clock);
    let before = resident_bytes();
    let targets = 200;
    let mut random = Random(1);
    for number in 0..targets {
        let mut batch = target(number);
        scrape(&mut batch, START_MS, &mut random);
        store.write(&batch).expect("there is room");
    }
    let series = (targets * SERIES_PER_TARGET) as f64;
    println!("memory per series with its labels and one sample: {:.0} bytes", (resident_bytes() - before) as f64 / series);
    for number in 0..targets {
        let mut batch = target(number);
        for step in 1..=240 {
            scrape(&mut batch, START_MS + step * STEP_MS, &mut random);
            store.write(&batch).expect("there is room");
        }
    }
    println!("memory per series with an hour of samples: {:.0} bytes", (resident_bytes() - before) as f64 / series);
}

fn reads(store: &Tsdb) {
    let clock = RealClock::shared();
    let budget = Budget::unlimited();
    let metric = Matcher::equal("__name__", "node_metric_050_total");
    let instance = Matcher::equal("instance", "node-0003.example.org:9100");
    let device = Matcher::equal("device", "device-1");
    let day = (START_MS, START_MS + 86_400_000);
    let hour = (START_MS + 36_000_000, START_MS + 39_600_000);
    for (what, matchers, (start, end)) in [
        ("one series, an hour", vec![metric.clone(), instance.clone(), device], hour),
        ("one metric of all targets, an hour", vec![metric.clone()], hour),
        ("one metric of all targets, a day", vec![metric], day),
        ("one target, an hour", vec![instance], hour),
    ] {
        let mut best = Duration::MAX;
        let mut figures = (0, 0);
        for _ in 0..5 {
            let before = clock.monotonic();
            let selected = store.select(&matchers, start, end, &SelectLimits::within(&budget)).expect("it can be read");
            best = best.min(clock.monotonic().saturating_sub(before));
            figures = (selected.series.len(), selected.series.iter().map(|s| s.values.len()).sum::<usize>());
        }
        println!("select {what}: {best:?} for {} series, {} samples", figures.0, figures.1);
    }
}
