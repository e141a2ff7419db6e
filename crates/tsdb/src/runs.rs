//! Samples of one series from several sources.

use phoenix_model::Histogram;
use std::sync::Arc;

/// Native histograms by time in milliseconds.
pub(crate) type HistogramSamples = Vec<(i64, Arc<Histogram>)>;

/// Histograms with their times.
pub(crate) fn with_times(timestamps_ms: &[i64], histograms: Vec<Histogram>) -> HistogramSamples {
    timestamps_ms.iter().copied().zip(histograms.into_iter().map(Arc::new)).collect()
}

/// Samples of one series and one kind from one source, timestamps strictly ascending. Within one
/// source no time has samples of both kinds.
pub(crate) enum Run {
    Floats { timestamps_ms: Arc<[i64]>, values: Vec<f64> },
    Histograms(HistogramSamples),
}

/// Runs put together, timestamps strictly ascending; no time has samples of both kinds.
#[derive(Default)]
pub(crate) struct Merged {
    pub(crate) timestamps_ms: Arc<[i64]>,
    pub(crate) values: Vec<f64>,
    pub(crate) histograms: HistogramSamples,
}

impl Run {
    fn bounds_ms(&self) -> Option<(i64, i64)> {
        match self {
            Self::Floats { timestamps_ms, .. } => Some((*timestamps_ms.first()?, *timestamps_ms.last()?)),
            Self::Histograms(histograms) => Some((histograms.first()?.0, histograms.last()?.0)),
        }
    }
}

/// The timestamps that runs came to when they were put together. Series of one scrape have the same ones, run by run,
/// and share the column that comes of them.
#[derive(Default)]
pub(crate) struct MergedTimes {
    of: Vec<Arc<[i64]>>,
    together: Arc<[i64]>,
}

impl MergedTimes {
    /// Puts runs together; at equal timestamps a later run takes precedence.
    pub(crate) fn merge(&mut self, runs: Vec<Run>) -> Merged {
        if runs.len() == 1 || !follow_each_other(&runs) || runs.iter().any(|run| matches!(run, Run::Histograms(_))) {
            return merge_runs(runs);
        }
        let times = |run: &Run| match run {
            Run::Floats { timestamps_ms, .. } => Some(Arc::clone(timestamps_ms)),
            Run::Histograms(_) => None,
        };
        let of: Vec<Arc<[i64]>> = runs.iter().filter_map(times).collect();
        if of.len() != self.of.len() || !of.iter().zip(&self.of).all(|(a, b)| Arc::ptr_eq(a, b)) {
            self.together = of.concat().into();
            self.of = of;
        }
        let mut values = Vec::with_capacity(self.together.len());
        for run in runs {
            if let Run::Floats { values: some, .. } = run {
                values.extend_from_slice(&some);
            }
        }
        Merged { timestamps_ms: Arc::clone(&self.together), values, histograms: Vec::new() }
    }
}

/// Whether each run begins after the one before has ended.
fn follow_each_other(runs: &[Run]) -> bool {
    let bounds: Vec<_> = runs.iter().filter_map(Run::bounds_ms).collect();
    bounds.windows(2).all(|pair| pair[0].1 < pair[1].0)
}

/// Puts runs together; at equal timestamps a later run takes precedence.
pub(crate) fn merge_runs(mut runs: Vec<Run>) -> Merged {
    if runs.len() == 1 {
        return match runs.swap_remove(0) {
            Run::Floats { timestamps_ms, values } => Merged { timestamps_ms, values, histograms: Vec::new() },
            Run::Histograms(histograms) => Merged { histograms, ..Merged::default() },
        };
    }
    let total = runs.iter().map(|run| if let Run::Floats { values, .. } = run { values.len() } else { 0 }).sum();
    let (mut timestamps_ms, mut values, mut histograms) = (Vec::with_capacity(total), Vec::with_capacity(total), Vec::new());
    if follow_each_other(&runs) {
        for run in runs {
            match run {
                Run::Floats { timestamps_ms: t, values: v } => {
                    timestamps_ms.extend_from_slice(&t);
                    values.extend_from_slice(&v);
                }
                Run::Histograms(some) => histograms.extend(some),
            }
        }
        return Merged { timestamps_ms: timestamps_ms.into(), values, histograms };
    }
    if runs.iter().all(|run| matches!(run, Run::Floats { .. })) {
        merge_floats(runs, total, &mut timestamps_ms, &mut values);
    } else {
        merge_both(runs, &mut timestamps_ms, &mut values, &mut histograms);
    }
    Merged { timestamps_ms: timestamps_ms.into(), values, histograms }
}

fn merge_floats(runs: Vec<Run>, total: usize, timestamps_ms: &mut Vec<i64>, values: &mut Vec<f64>) {
    let mut samples: Vec<(i64, f64)> = Vec::with_capacity(total);
    for run in runs {
        if let Run::Floats { timestamps_ms, values } = run {
            samples.extend(timestamps_ms.iter().copied().zip(values));
        }
    }
    // Stable, so that of equal timestamps that of the last run comes last.
    samples.sort_by_key(|sample| sample.0);
    for (timestamp_ms, value) in samples {
        if timestamps_ms.last() == Some(&timestamp_ms) {
            *values.last_mut().expect("both columns have the same length") = value;
        } else {
            timestamps_ms.push(timestamp_ms);
            values.push(value);
        }
    }
}

enum Value {
    Float(f64),
    Histogram(Arc<Histogram>),
}

fn merge_both(runs: Vec<Run>, timestamps_ms: &mut Vec<i64>, values: &mut Vec<f64>, histograms: &mut HistogramSamples) {
    let mut samples: Vec<(i64, Value)> = Vec::new();
    for run in runs {
        match run {
            Run::Floats { timestamps_ms, values } => {
                samples.extend(timestamps_ms.iter().zip(values).map(|(t, value)| (*t, Value::Float(value))));
            }
            Run::Histograms(some) => samples.extend(some.into_iter().map(|(t, histogram)| (t, Value::Histogram(histogram)))),
        }
    }
    samples.sort_by_key(|sample| sample.0);
    let mut samples = samples.into_iter().peekable();
    while let Some((timestamp_ms, value)) = samples.next() {
        if samples.peek().is_some_and(|(next_ms, _)| *next_ms == timestamp_ms) {
            continue;
        }
        match value {
            Value::Float(value) => {
                timestamps_ms.push(timestamp_ms);
                values.push(value);
            }
            Value::Histogram(histogram) => histograms.push((timestamp_ms, histogram)),
        }
    }
}
