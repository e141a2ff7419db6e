//! A store beside a plain map that says what it should hold.
#![allow(dead_code, reason = "each test binary uses its share")]
#![allow(missing_docs, reason = "test code")]

use phoenix_env::{SharedDisk, SimClock, SimDisk};
use phoenix_model::{Budget, Labels, Matcher, WriteBatch};
use phoenix_tsdb::{FsyncPolicy, SelectLimits, Tsdb, TsdbError, TsdbOptions};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

pub const NOW_MS: i64 = 1_800_000_000_000;
pub const FOLDER: &str = "/data/metrics";

/// Series, then timestamp, to the bits of the value.
pub type Model = BTreeMap<u64, BTreeMap<i64, u64>>;

pub fn labels(series: u64) -> Labels {
    let (metric, instance) = (format!("metric_{}", series % 5), format!("host-{series}"));
    Labels::from_pairs([("__name__", metric.as_str()), ("instance", &instance), ("job", "test")])
}

pub fn options() -> TsdbOptions {
    TsdbOptions { retention: None, fsync: FsyncPolicy::Never, head_wal_bytes: 4096, ..TsdbOptions::new(FOLDER) }
}

pub fn open_with(disk: &SimDisk, clock: &Arc<SimClock>, options: TsdbOptions) -> Result<Arc<Tsdb>, TsdbError> {
    let disk: SharedDisk = Arc::new(disk.clone());
    Tsdb::open(options, disk, clock.clone(), &mut Registry::default())
}

pub fn open(disk: &SimDisk) -> Arc<Tsdb> {
    open_with(disk, &SimClock::new(NOW_MS), options()).unwrap()
}

pub fn read(store: &Tsdb, start_ms: i64, end_ms: i64) -> Result<BTreeMap<String, BTreeMap<i64, u64>>, TsdbError> {
    let budget = Budget::unlimited();
    let selected = store.select(&[Matcher::equal("job", "test")], start_ms, end_ms, &SelectLimits::within(&budget))?;
    for series in &selected.series {
        assert!(series.timestamps_ms.windows(2).all(|pair| pair[0] < pair[1]), "timestamps ascend");
        assert_eq!(series.timestamps_ms.len(), series.values.len());
        assert!(!series.values.is_empty());
    }
    assert!(selected.series.windows(2).all(|pair| pair[0].labels < pair[1].labels), "sorted, each series once");
    Ok(selected.series.iter().map(|s| (s.labels.to_string(), s.samples().map(|x| (x.timestamp_ms, x.value.to_bits())).collect())).collect())
}

pub fn expect(model: &Model, start_ms: i64, end_ms: i64) -> BTreeMap<String, BTreeMap<i64, u64>> {
    model
        .iter()
        .map(|(series, samples)| {
            (labels(*series).to_string(), samples.range(start_ms..=end_ms).map(|(t, v)| (*t, *v)).collect::<BTreeMap<_, _>>())
        })
        .filter(|(_, samples)| !samples.is_empty())
        .collect()
}

pub fn apply(model: &mut Model, batch: &[(u64, Vec<(i64, f64)>)]) {
    for (series, samples) in batch {
        for (t, value) in samples {
            model.entry(*series).or_default().insert(*t, value.to_bits());
        }
    }
}

pub fn to_batch(batch: &[(u64, Vec<(i64, f64)>)]) -> WriteBatch {
    WriteBatch::floats(batch.iter().map(|(series, samples)| (labels(*series), samples.clone())).collect())
}

pub const MINUTE: Duration = Duration::from_mins(1);

/// A small generator, so that a seed alone says what happens.
pub struct Random(pub u64);

impl Random {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// A scrape, a late sample, or a mixed batch.
    pub fn batch(&mut self, now_ms: i64) -> Vec<(u64, Vec<(i64, f64)>)> {
        let value = |random: &mut Self| match random.below(12) {
            0 => f64::from_bits(phoenix_model::STALE_NAN_BITS),
            1 => -0.0,
            2 => f64::from_bits(random.next()),
            3 => f64::INFINITY,
            _ => random.below(1000) as f64 / 4.0,
        };
        match self.below(4) {
            0 => {
                let t = now_ms - self.below(3 * 86_400_000) as i64;
                vec![(self.below(12), vec![(t, value(self))])]
            }
            1 => (0..=self.below(6))
                .map(|_| (self.below(12), (0..=self.below(9)).map(|_| (now_ms - self.below(3_000_000) as i64, value(self))).collect()))
                .collect(),
            _ => {
                let first = self.below(3) * 4;
                (first..first + 4).map(|series| (series, vec![(now_ms, value(self))])).collect()
            }
        }
    }
}
