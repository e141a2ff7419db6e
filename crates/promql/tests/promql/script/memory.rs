//! A store in memory.

use phoenix_model::{Budget, Histogram, Labels, SeriesSamples, SeriesSink};
use phoenix_promql::{SelectHints, SeriesSource, SourceError};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

/// Series with their samples, ordered by time.
#[derive(Debug, Clone, Default)]
pub struct Memory {
    pub series: BTreeMap<Labels, Vec<(i64, f64)>>,
    pub histograms: BTreeMap<Labels, Vec<(i64, Arc<Histogram>)>>,
}

impl SeriesSource for Memory {
    fn select(&self, hints: &SelectHints, _budget: &Budget) -> Result<Vec<SeriesSamples>, SourceError> {
        let all: BTreeSet<&Labels> = self.series.keys().chain(self.histograms.keys()).collect();
        let inside = |t: &i64| (hints.start_ms..=hints.end_ms).contains(t);
        Ok(all
            .into_iter()
            .filter(|labels| hints.matchers.iter().all(|m| m.matches_labels(labels)))
            .map(|labels| {
                let floats = self.series.get(labels).into_iter().flatten().filter(|(t, _)| inside(t));
                let (times, values): (Vec<i64>, Vec<f64>) = floats.copied().unzip();
                let histograms = self.histograms.get(labels).into_iter().flatten().filter(|(t, _)| inside(t)).cloned().collect();
                SeriesSamples { labels: labels.clone(), timestamps_ms: times.into(), values, histograms }
            })
            .filter(|series| !series.values.is_empty() || !series.histograms.is_empty())
            .collect())
    }

    /// Series by series, and from the beginning again after the first one.
    fn select_each(&self, hints: &SelectHints, budget: &Budget, sink: &mut dyn SeriesSink) -> Result<(), SourceError> {
        let series = self.select(hints, budget)?;
        let mut taken = sink.take(series.iter().take(1).cloned().collect());
        sink.start_over();
        for one in series {
            if taken.is_break() {
                return Err(SourceError::Cancelled);
            }
            taken = sink.take(vec![one]);
        }
        if taken.is_break() { Err(SourceError::Cancelled) } else { Ok(()) }
    }
}
