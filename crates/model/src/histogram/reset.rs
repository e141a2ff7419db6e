//! Whether a counter began again between two histograms.

use super::sum::{HistogramSum, index_among, shared_bounds};
use super::{CounterReset, Histogram};
use std::collections::BTreeMap;

impl Histogram {
    /// Whether counts begin again here, seen from the sample before: what the hint says, or that a
    /// count or a bucket fell, or a change of the layout that is no loss of resolution. A fall of
    /// the sum is none.
    ///
    /// <https://prometheus.io/docs/specs/native_histograms/#counter-reset-considerations>
    pub fn is_reset_after(&self, previous: &Self) -> bool {
        match self.counter_reset {
            CounterReset::Yes => return true,
            CounterReset::No => return false,
            CounterReset::Unknown | CounterReset::Gauge => {}
        }
        if self.count < previous.count || self.uses_custom_buckets() != previous.uses_custom_buckets() {
            return true;
        }
        if self.uses_custom_buckets() {
            return self.custom_bucket_fell(previous);
        }
        if self.schema > previous.schema || self.zero_threshold < previous.zero_threshold {
            return true;
        }
        if self.schema == previous.schema && self.zero_threshold == previous.zero_threshold {
            return self.bucket_fell(previous);
        }
        let mut coarser = HistogramSum::new(previous);
        coarser.coarsen(self.schema);
        coarser.widen_zero_bucket(self.zero_threshold);
        let coarser = coarser.finish();
        // A threshold within a populated bucket is not what reducing the resolution gives.
        coarser.zero_threshold != self.zero_threshold || self.bucket_fell(&coarser)
    }

    fn bucket_fell(&self, previous: &Self) -> bool {
        self.zero_count < previous.zero_count
            || cell_fell(self.positive_cells(), previous.positive_cells())
            || cell_fell(self.negative_cells(), previous.negative_cells())
    }

    fn custom_bucket_fell(&self, previous: &Self) -> bool {
        if self.custom_values == previous.custom_values {
            return cell_fell(self.positive_cells(), previous.positive_cells());
        }
        let shared = shared_bounds(&self.custom_values, &previous.custom_values);
        let cells = |histogram: &Self| {
            let mut cells = BTreeMap::new();
            for (index, count) in histogram.positive_cells() {
                *cells.entry(index_among(&shared, &histogram.custom_values, index)).or_insert(0.0) += count;
            }
            cells
        };
        cell_fell(cells(self).into_iter(), cells(previous).into_iter())
    }
}

/// Whether a count is smaller than before; a bucket that is not there has none.
fn cell_fell(now: impl Iterator<Item = (i32, f64)>, before: impl Iterator<Item = (i32, f64)>) -> bool {
    let mut now = now.peekable();
    for (index, count) in before {
        while now.next_if(|(at, _)| *at < index).is_some() {}
        let still = now.next_if(|(at, _)| *at == index).map_or(0.0, |(_, count)| count);
        if still < count {
            return true;
        }
    }
    false
}
