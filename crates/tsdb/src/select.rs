//! Reading samples.

use crate::TsdbError;
use crate::head::Gathered;
use crate::part::{Column, PartCursor, PartError, ReadError};
use crate::runs::{HistogramSamples, Merged, Run, merge_runs, with_times};
use crate::series::SeriesId;
use crate::store::Tsdb;
use hashbrown::HashMap;
use phoenix_model::{Budget, Charge, Labels, Matcher, SeriesSamples};
use std::sync::Arc;

/// What bounds a read.
pub struct SelectLimits<'a> {
    /// Memory that the read may use, and that its result holds.
    pub budget: &'a Budget,
    /// Samples that the read may return. A native histogram counts as the floats that would take as
    /// much memory, as in Prometheus.
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

/// Bytes that a sample takes in a result.
const SAMPLE_BYTES: u64 = 16;

/// Bytes that a histogram takes in a result, on top of its own.
const HISTOGRAM_BYTES: u64 = 32;

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
    fn add_floats(&mut self, labels: &Labels, timestamps_ms: &[i64], values: Vec<f64>) -> Result<(), TsdbError> {
        if timestamps_ms.is_empty() {
            return Ok(());
        }
        let run = Run::Floats { timestamps_ms: self.share(timestamps_ms), values };
        self.add(labels, timestamps_ms.len() as u64, run)
    }

    fn add_histograms(&mut self, labels: &Labels, histograms: HistogramSamples) -> Result<(), TsdbError> {
        if histograms.is_empty() {
            return Ok(());
        }
        let samples = histograms.iter().map(|(_, histogram)| (histogram.memory_bytes() + HISTOGRAM_BYTES) / SAMPLE_BYTES).sum();
        self.add(labels, samples, Run::Histograms(histograms))
    }

    fn add(&mut self, labels: &Labels, samples: u64, run: Run) -> Result<(), TsdbError> {
        self.samples += samples;
        if self.samples > self.limits.max_samples {
            return Err(TsdbError::Limit(format!(
                "limit `max_samples` reached: the query would load more than {} samples",
                self.limits.max_samples
            )));
        }
        self.charge.grow(samples * SAMPLE_BYTES)?;
        let position = if let Some(position) = self.positions.get(labels) {
            *position
        } else {
            self.charge.grow(SERIES_BYTES + labels.as_bytes().len() as u64)?;
            self.positions.insert(labels.clone(), self.found.len());
            self.found.push((labels.clone(), Vec::new()));
            self.found.len() - 1
        };
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
        let mut series: Vec<SeriesSamples> = self
            .found
            .into_iter()
            .map(|(labels, runs)| {
                let Merged { timestamps_ms, values, histograms } = merge_runs(runs);
                SeriesSamples { labels, timestamps_ms, values, histograms }
            })
            .collect();
        series.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
        Selected { series, charge: self.charge }
    }
}

/// Times that a read starts over because it met a damaged part.
const RETRIES: usize = 16;

impl Tsdb {
    /// The samples with `start_ms <= t <= end_ms` of the series that match all matchers, staleness
    /// markers included; each batch that was acknowledged before is seen whole.
    ///
    /// A damaged part that is met is put aside and reported ([`Tsdb::status`]), and the answer is given
    /// without it. Errors: a limit was hit, the read was cancelled, or the disk fails.
    pub fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, limits: &SelectLimits<'_>) -> Result<Selected, TsdbError> {
        let start_ms = start_ms.max(self.options.oldest_ms(self.clock.now_ms()));
        self.without_damaged_parts(|| self.try_select(matchers, start_ms, end_ms, limits))
    }

    /// Reads; puts a damaged part aside and reads again.
    pub(crate) fn without_damaged_parts<T>(&self, read: impl Fn() -> Result<T, ReadError>) -> Result<T, TsdbError> {
        for _ in 0..RETRIES {
            match read() {
                Ok(value) => return Ok(value),
                Err(ReadError::Corrupt(part, reason)) => self.quarantine(&part, reason),
                Err(ReadError::Other(error)) => return Err(error),
            }
        }
        read().map_err(|error| self.read_error(error))
    }

    fn try_select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, limits: &SelectLimits<'_>) -> Result<Selected, ReadError> {
        let mut collector = Collector {
            limits,
            charge: limits.budget.charge(0).map_err(TsdbError::from)?,
            samples: 0,
            positions: HashMap::new(),
            found: Vec::new(),
            columns: HashMap::new(),
        };
        // The series before the view: a series that goes in between stands in a part of the view.
        let series = self.series_in_memory(matchers);
        let view = self.view();
        for part in view.parts.iter().filter(|part| part.overlaps(start_ms, end_ms)) {
            let mut cursor = PartCursor::new(part, Some(&self.cache));
            let found = cursor.select(matchers).map_err(|e| e.of(part))?;
            for (position, number) in found.into_iter().enumerate() {
                if position % SERIES_AT_A_TIME == 0 {
                    collector.check_cancelled()?;
                }
                if !cursor.reaches_into(number, start_ms, end_ms).map_err(|e| e.of(part))? {
                    continue;
                }
                let labels = cursor.labels(number).map_err(|e| e.of(part))?;
                let added = cursor.read(number, start_ms, end_ms, |timestamps_ms, column| {
                    let added = match column {
                        Column::Floats(values) => collector.add_floats(&labels, timestamps_ms, values),
                        Column::Histograms(histograms) => collector.add_histograms(&labels, with_times(timestamps_ms, histograms)),
                    };
                    added.map_err(AddError::Add)
                });
                added.map_err(|error| match error {
                    AddError::Add(error) => ReadError::Other(error),
                    AddError::Part(error) => error.of(part),
                })?;
            }
        }
        for head in view.frozen.iter().map(|frozen| &frozen.head).chain([&view.active]) {
            let next_batch = head.read().next_batch();
            let mut gathered = Gathered::default();
            for some in series.chunks(SERIES_AT_A_TIME) {
                collector.check_cancelled()?;
                let head = head.read();
                for (id, labels) in some {
                    gathered.clear();
                    head.gather(*id, start_ms, end_ms, next_batch, &mut gathered);
                    gathered.finish();
                    collector.add_floats(labels, &gathered.timestamps_ms, gathered.values.clone())?;
                    collector.add_histograms(labels, std::mem::take(&mut gathered.histograms))?;
                }
            }
        }
        Ok(collector.finish())
    }

    pub(crate) fn series_in_memory(&self, matchers: &[Matcher]) -> Vec<(SeriesId, Labels)> {
        let index = self.index.read();
        let ids = index.select(matchers);
        ids.into_iter().filter_map(|id| Some((id, index.labels(id)?.clone()))).collect()
    }
}

/// Why a chunk could not be read or added.
enum AddError {
    Part(PartError),
    Add(TsdbError),
}

impl From<PartError> for AddError {
    fn from(error: PartError) -> Self {
        Self::Part(error)
    }
}
