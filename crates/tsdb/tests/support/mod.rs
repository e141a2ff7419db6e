//! A store beside a plain map that says what it should hold.
#![allow(dead_code, reason = "each test binary uses its share")]
#![allow(missing_docs, reason = "test code")]

use phoenix_env::{SharedDisk, SimClock, SimDisk};
use phoenix_model::{BucketSpan, Budget, CounterReset, Histogram, Labels, Matcher, SeriesSamples, SeriesSink, WriteBatch};
use phoenix_tsdb::{FsyncPolicy, SelectLimits, Tsdb, TsdbError, TsdbOptions};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

pub const NOW_MS: i64 = 1_800_000_000_000;
pub const FOLDER: &str = "/data/metrics";

/// Series, then timestamp, to the bits of the value; those of a histogram are its sum's.
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
    let matchers = [Matcher::equal("job", "test")];
    let limits = SelectLimits { piece_samples: 7, ..SelectLimits::within(&budget) };
    let mut pieces = Pieces::default();
    store.select_each(&matchers, start_ms, end_ms, &limits, &mut pieces)?;
    let selected = store.select(&matchers, start_ms, end_ms, &SelectLimits::within(&budget))?;
    // By text, since NaN does not equal itself.
    assert_eq!(format!("{:?}", pieces.0), format!("{:?}", selected.series), "the same in pieces");
    assert_eq!(budget.used_bytes(), selected.charge.bytes(), "pieces that were taken are charged no more");
    for series in &selected.series {
        assert!(series.timestamps_ms.windows(2).all(|pair| pair[0] < pair[1]), "timestamps ascend");
        assert!(series.histograms.windows(2).all(|pair| pair[0].0 < pair[1].0), "so do those of histograms");
        assert_eq!(series.timestamps_ms.len(), series.values.len());
        assert!(!series.values.is_empty() || !series.histograms.is_empty());
        assert!(series.histograms.iter().all(|(t, _)| series.timestamps_ms.binary_search(t).is_err()), "one sample at a time");
        for (_, found) in &series.histograms {
            let written = histogram(found.sum.to_bits()).expect("histograms have a sum that says so");
            // By text, since NaN does not equal itself; the sum is compared by its bits below.
            assert_eq!(format!("{found:?}"), format!("{written:?}"));
        }
    }
    assert!(selected.series.windows(2).all(|pair| pair[0].labels < pair[1].labels), "sorted, each series once");
    let bits = selected.series.iter().map(|s| {
        let floats = s.samples().map(|x| (x.timestamp_ms, x.value.to_bits()));
        (s.labels.to_string(), floats.chain(s.histograms.iter().map(|(t, h)| (*t, h.sum.to_bits()))).collect())
    });
    Ok(bits.collect())
}

/// Puts the pieces of a read together.
#[derive(Default)]
struct Pieces(Vec<SeriesSamples>);

impl SeriesSink for Pieces {
    fn start_over(&mut self) {
        self.0.clear();
    }

    fn take(&mut self, series: Vec<SeriesSamples>) -> ControlFlow<()> {
        let samples = |series: &SeriesSamples| series.values.len() + series.histograms.len();
        let all_but_last = &series[..series.len().saturating_sub(1)];
        assert!(all_but_last.iter().map(samples).sum::<usize>() < 7, "a piece ends once it has as many samples as it may");
        self.0.extend(series);
        ControlFlow::Continue(())
    }
}

/// The first bits of a value that stands for a histogram.
const HISTOGRAM: u64 = 0xfff9;

/// The histogram that a value stands for, if it does.
pub fn histogram(bits: u64) -> Option<Histogram> {
    if bits >> 48 != HISTOGRAM {
        return None;
    }
    let buckets = (bits % 7) as u32;
    let spans = vec![BucketSpan { offset: (bits % 5) as i32 - 2, length: buckets }, BucketSpan { offset: 3, length: 1 }];
    Some(Histogram {
        counter_reset: if bits & 1 == 0 { CounterReset::Gauge } else { CounterReset::Unknown },
        schema: (bits % 3) as i32,
        zero_threshold: 0.001,
        zero_count: (bits % 11) as f64,
        count: (bits % 1013) as f64,
        sum: f64::from_bits(bits),
        positive_spans: spans.clone(),
        positive: (0..=buckets).map(|i| f64::from(i) * (bits % 101) as f64).collect(),
        negative_spans: if bits & 2 == 0 { spans } else { Vec::new() },
        negative: if bits & 2 == 0 { vec![0.5; buckets as usize + 1] } else { Vec::new() },
        custom_values: Vec::new(),
    })
}

/// The samples of a batch in the order in which they count: within a batch histograms come last.
pub fn in_order(batch: &[(u64, Vec<(i64, f64)>)]) -> Vec<(u64, i64, u64)> {
    let mut all: Vec<_> =
        batch.iter().flat_map(|(series, samples)| samples.iter().map(move |(t, value)| (*series, *t, value.to_bits()))).collect();
    all.sort_by_key(|(_, _, bits)| histogram(*bits).is_some());
    all
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
    for (series, t, bits) in in_order(batch) {
        model.entry(series).or_default().insert(t, bits);
    }
}

pub fn to_batch(batch: &[(u64, Vec<(i64, f64)>)]) -> WriteBatch {
    let mut out = WriteBatch::default();
    for (series, samples) in batch {
        let (histograms, floats): (Vec<_>, Vec<_>) = samples.iter().partition(|(_, value)| histogram(value.to_bits()).is_some());
        if !histograms.is_empty() {
            let histograms = histograms.into_iter().filter_map(|(t, value)| Some((t, histogram(value.to_bits())?)));
            out.histograms.push((labels(*series), histograms.collect()));
        }
        if !floats.is_empty() {
            out.series.push((labels(*series), floats));
        }
    }
    out
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
            4..=6 => f64::from_bits(HISTOGRAM << 48 | random.below(1 << 16)),
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
