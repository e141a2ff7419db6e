//! Reading samples.

use crate::TsdbError;
use crate::head::Gathered;
use crate::store::Tsdb;
use hashbrown::HashMap;
use phoenix_model::{Budget, Charge, Labels, Matcher, SeriesSamples};
use std::sync::Arc;

/// What bounds a read.
pub struct SelectLimits<'a> {
    /// Memory that the read may use, and that its result holds.
    pub budget: &'a Budget,
    /// Samples that the read may return.
    pub max_samples: u64,
    /// Asked now and then; true ends the read.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
}

impl<'a> SelectLimits<'a> {
    /// Bounded by memory alone.
    pub fn within(budget: &'a Budget) -> Self {
        Self { budget, max_samples: u64::MAX, cancelled: &|| false }
    }
}

/// What a read gave. The memory stays charged until this is dropped.
#[derive(Debug)]
pub struct Selected {
    /// Sorted by labels. No series is empty.
    pub series: Vec<SeriesSamples>,
    /// The memory of `series`.
    pub charge: Charge,
}

/// The samples of one series from one source.
struct Run {
    timestamps_ms: Arc<[i64]>,
    values: Vec<f64>,
}

/// Bytes that a sample takes in a result.
const SAMPLE_BYTES: u64 = 16;

/// Bytes that a series takes in a result, on top of its samples and labels.
const SERIES_BYTES: u64 = 128;

/// Series read under one hold of the head's lock.
const SERIES_AT_A_TIME: usize = 64;

struct Collector<'a> {
    limits: &'a SelectLimits<'a>,
    charge: Charge,
    samples: u64,
    positions: HashMap<Labels, usize>,
    /// Later runs take precedence.
    found: Vec<(Labels, Vec<Run>)>,
    columns: HashMap<(i64, i64, usize), Arc<[i64]>>,
}

impl Collector<'_> {
    fn add(&mut self, labels: &Labels, timestamps_ms: &[i64], values: Vec<f64>) -> Result<(), TsdbError> {
        if timestamps_ms.is_empty() {
            return Ok(());
        }
        self.samples += timestamps_ms.len() as u64;
        if self.samples > self.limits.max_samples {
            return Err(TsdbError::Limit(format!(
                "limit `max_samples` reached: the query would load more than {} samples",
                self.limits.max_samples
            )));
        }
        self.charge.grow(timestamps_ms.len() as u64 * SAMPLE_BYTES)?;
        let position = match self.positions.get(labels) {
            Some(position) => *position,
            None => {
                self.charge.grow(SERIES_BYTES + labels.as_bytes().len() as u64)?;
                self.positions.insert(labels.clone(), self.found.len());
                self.found.push((labels.clone(), Vec::new()));
                self.found.len() - 1
            }
        };
        let run = Run { timestamps_ms: self.share(timestamps_ms), values };
        self.found[position].1.push(run);
        Ok(())
    }

    /// Series of one scrape have the same timestamps: keeps one column for all of them.
    fn share(&mut self, timestamps_ms: &[i64]) -> Arc<[i64]> {
        let key = (timestamps_ms[0], timestamps_ms[timestamps_ms.len() - 1], timestamps_ms.len());
        match self.columns.get(&key) {
            Some(column) if **column == *timestamps_ms => column.clone(),
            _ => {
                let column: Arc<[i64]> = timestamps_ms.into();
                self.columns.insert(key, column.clone());
                column
            }
        }
    }

    fn check_cancelled(&self) -> Result<(), TsdbError> {
        if (self.limits.cancelled)() { Err(TsdbError::Cancelled) } else { Ok(()) }
    }

    fn finish(self) -> Selected {
        let mut series: Vec<SeriesSamples> = self.found.into_iter().map(|(labels, runs)| merge_runs(labels, runs)).collect();
        series.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
        Selected { series, charge: self.charge }
    }
}

fn merge_runs(labels: Labels, mut runs: Vec<Run>) -> SeriesSamples {
    if runs.len() == 1 {
        let Run { timestamps_ms, values } = runs.swap_remove(0);
        return SeriesSamples { labels, timestamps_ms, values };
    }
    let mut samples: Vec<(i64, f64)> = Vec::with_capacity(runs.iter().map(|run| run.values.len()).sum());
    let last = |run: &Run| run.timestamps_ms.last().copied();
    let apart = runs.windows(2).all(|pair| last(&pair[0]) < pair[1].timestamps_ms.first().copied());
    for run in runs {
        samples.extend(run.timestamps_ms.iter().copied().zip(run.values));
    }
    if !apart {
        // Stable, and later runs come later: the last of equal timestamps was written last.
        samples.sort_by_key(|sample| sample.0);
        let mut merged: Vec<(i64, f64)> = Vec::with_capacity(samples.len());
        for sample in samples {
            match merged.last_mut() {
                Some(previous) if previous.0 == sample.0 => previous.1 = sample.1,
                _ => merged.push(sample),
            }
        }
        samples = merged;
    }
    let (timestamps_ms, values): (Vec<i64>, Vec<f64>) = samples.into_iter().unzip();
    SeriesSamples { labels, timestamps_ms: timestamps_ms.into(), values }
}

impl Tsdb {
    /// The samples with `start_ms <= t <= end_ms` of the series that match all matchers, staleness
    /// markers included; each batch that was acknowledged before is seen whole.
    ///
    /// Errors: a limit was hit, the read was cancelled, or the disk fails.
    pub fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, limits: &SelectLimits<'_>) -> Result<Selected, TsdbError> {
        let start_ms = start_ms.max(self.options.oldest_ms(self.clock.now_ms()));
        let mut collector = Collector {
            limits,
            charge: limits.budget.charge(0)?,
            samples: 0,
            positions: HashMap::new(),
            found: Vec::new(),
            columns: HashMap::new(),
        };
        // The series before the view: a series that goes in between stands in a part of the view.
        let series = self.series_in_memory(matchers);
        let view = self.view();
        for head in view.frozen.iter().chain([&view.active]) {
            let next_batch = head.read().next_batch();
            let mut gathered = Gathered::default();
            for some in series.chunks(SERIES_AT_A_TIME) {
                collector.check_cancelled()?;
                let head = head.read();
                for (id, labels) in some {
                    gathered.clear();
                    head.gather(*id, start_ms, end_ms, next_batch, &mut gathered);
                    gathered.finish();
                    collector.add(labels, &gathered.timestamps_ms, gathered.values.clone())?;
                }
            }
        }
        Ok(collector.finish())
    }

    pub(crate) fn series_in_memory(&self, matchers: &[Matcher]) -> Vec<(crate::series::SeriesId, Labels)> {
        let index = self.index.read();
        let ids = index.select(matchers);
        ids.into_iter().filter_map(|id| Some((id, index.labels(id)?.clone()))).collect()
    }
}
