//! A store in memory.

use phoenix_model::{Budget, Labels, SeriesSamples};
use phoenix_promql::{SelectHints, SeriesSource, SourceError};
use std::collections::BTreeMap;

/// Series with their samples, ordered by time.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub series: BTreeMap<Labels, Vec<(i64, f64)>>,
}

impl SeriesSource for Memory {
    fn select(&self, hints: &SelectHints, _budget: &Budget) -> Result<Vec<SeriesSamples>, SourceError> {
        Ok(self
            .series
            .iter()
            .filter(|(labels, _)| hints.matchers.iter().all(|m| m.matches_labels(labels)))
            .map(|(labels, samples)| {
                let inside = samples.iter().filter(|(t, _)| (hints.start_ms..=hints.end_ms).contains(t));
                let (times, values): (Vec<i64>, Vec<f64>) = inside.copied().unzip();
                SeriesSamples { labels: labels.clone(), timestamps_ms: times.into(), values, histograms: Vec::new() }
            })
            .filter(|series| !series.values.is_empty())
            .collect())
    }
}
