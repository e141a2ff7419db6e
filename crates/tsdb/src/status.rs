//! What the store holds, for the status page and its API.

use crate::TsdbError;
use crate::problem::Problem;
use crate::store::Tsdb;
use hashbrown::HashMap;
use phoenix_model::labels::METRIC_NAME;

/// A name with a figure.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopEntry {
    /// A metric, a label or a `label=value` pair.
    pub name: String,
    /// How many, or how many bytes.
    pub value: u64,
}

/// The state of the store. Counts of series, labels and pairs are of the series in memory.
#[derive(Debug, Clone, Default)]
pub struct Status {
    /// Series in memory: those that got samples lately.
    pub series: u64,
    /// Different label pairs of these.
    pub label_pairs: u64,
    /// Samples that are not in parts yet.
    pub head_samples: u64,
    /// About the bytes of memory that samples and index take.
    pub head_bytes: u64,
    /// The oldest timestamp; `None` when the store is empty.
    pub oldest_ms: Option<i64>,
    /// The newest timestamp.
    pub newest_ms: Option<i64>,
    /// Immutable parts.
    pub parts: u64,
    /// Samples in parts, duplicates included.
    pub part_samples: u64,
    /// Bytes of the parts on disk.
    pub part_bytes: u64,
    /// About the bytes of memory that tables of parts take.
    pub part_memory_bytes: u64,
    /// Bytes of the log that a restart would replay.
    pub wal_bytes: u64,
    /// Metric names with the most series.
    pub series_by_metric: Vec<TopEntry>,
    /// Labels with the most values.
    pub values_by_label: Vec<TopEntry>,
    /// Labels whose values take the most bytes.
    pub bytes_by_label: Vec<TopEntry>,
    /// Label pairs with the most series.
    pub series_by_pair: Vec<TopEntry>,
    /// Damage that was met since the start, oldest first.
    pub problems: Vec<Problem>,
}

impl Tsdb {
    /// What the store holds; each list has at most `limit` entries, largest first.
    pub fn status(&self, limit: usize) -> Result<Status, TsdbError> {
        let mut status = Status { wal_bytes: self.journal.lock().wal_bytes(), problems: self.problems.lock().clone(), ..Status::default() };
        let view = self.view();
        let mut bounds = Vec::new();
        for head in view.frozen.iter().map(|frozen| &frozen.head).chain([&view.active]) {
            let head = head.read();
            status.head_samples += head.samples();
            status.head_bytes += head.memory_bytes();
            bounds.extend(head.bounds_ms());
        }
        for part in view.parts.iter() {
            status.parts += 1;
            status.part_samples += part.samples();
            status.part_bytes += part.file_bytes();
            status.part_memory_bytes += part.memory_bytes();
            bounds.push(part.bounds_ms());
        }
        status.oldest_ms = bounds.iter().map(|b| b.0).min();
        status.newest_ms = bounds.iter().map(|b| b.1).max();
        let index = self.index.read();
        status.series = index.len() as u64;
        status.label_pairs = index.pairs() as u64;
        status.head_bytes += index.memory_bytes();
        let mut metrics = Vec::new();
        let mut pairs = Vec::new();
        let mut labels: HashMap<&str, (u64, u64)> = HashMap::new();
        for (name, value, series) in index.pair_counts() {
            if name == METRIC_NAME {
                metrics.push((series as u64, value));
            }
            pairs.push((series as u64, name, value));
            let (values, bytes) = labels.entry(name).or_default();
            *values += 1;
            *bytes += value.len() as u64;
        }
        status.series_by_metric = top(metrics, limit).into_iter().map(|(value, name)| TopEntry { name: name.to_owned(), value }).collect();
        status.series_by_pair = top(pairs.into_iter().map(|(n, name, value)| (n, (name, value))).collect(), limit)
            .into_iter()
            .map(|(series, (name, value))| TopEntry { name: format!("{name}={value}"), value: series })
            .collect();
        let by = |figure: fn(&(u64, u64)) -> u64| {
            let all = labels.iter().map(|(name, figures)| (figure(figures), *name)).collect();
            top(all, limit).into_iter().map(|(value, name)| TopEntry { name: name.to_owned(), value }).collect()
        };
        status.values_by_label = by(|figures| figures.0);
        status.bytes_by_label = by(|figures| figures.1);
        Ok(status)
    }
}

/// The entries with the largest figures; of equal ones those that sort first.
fn top<T: Ord>(mut all: Vec<(u64, T)>, limit: usize) -> Vec<(u64, T)> {
    all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
    all.truncate(limit);
    all
}
