//! Samples of one series from several sources.

use std::sync::Arc;

/// Samples of one series from one source, timestamps strictly ascending.
pub(crate) struct Run {
    pub(crate) timestamps_ms: Arc<[i64]>,
    pub(crate) values: Vec<f64>,
}

/// Puts runs together, timestamps strictly ascending; at equal timestamps a later run takes precedence.
pub(crate) fn merge_runs(mut runs: Vec<Run>) -> (Arc<[i64]>, Vec<f64>) {
    if runs.len() == 1 {
        let Run { timestamps_ms, values } = runs.swap_remove(0);
        return (timestamps_ms, values);
    }
    let total = runs.iter().map(|run| run.values.len()).sum();
    let (mut timestamps_ms, mut values) = (Vec::with_capacity(total), Vec::with_capacity(total));
    let apart = runs.windows(2).all(|pair| pair[0].timestamps_ms.last() < pair[1].timestamps_ms.first());
    if apart {
        for run in runs {
            timestamps_ms.extend_from_slice(&run.timestamps_ms);
            values.extend_from_slice(&run.values);
        }
        return (timestamps_ms.into(), values);
    }
    let mut samples: Vec<(i64, f64)> = Vec::with_capacity(total);
    for run in runs {
        samples.extend(run.timestamps_ms.iter().copied().zip(run.values));
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
    (timestamps_ms.into(), values)
}
