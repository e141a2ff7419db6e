//! Merging parts in the background.
//!
//! Parts of one day that follow each other in precedence become one, with the precedence of the
//! last. Few and large parts read fast, and long columns pack well. A day that is over becomes one
//! part; while it lasts, parts of similar size are merged, so that a sample is written a few times
//! in its life and not with every flush.

use crate::TsdbError;
use crate::codec::Effort;
use crate::flush::part_order;
use crate::part::{Column, DAY_MS, Part, PartCursor, PartIdentity, ReadError};
use crate::runs::{Merged, Run, merge_runs, with_times};
use crate::store::Tsdb;
use phoenix_model::Labels;
use std::collections::BTreeMap;
use std::sync::Arc;

/// This many parts of similar size are merged while their day lasts.
const FAN_IN: usize = 4;

/// More parts of one day are merged whatever their size.
const MAX_PARTS_A_DAY: usize = 12;

/// Late samples of a day are waited for this long before it becomes one part.
const GRACE_MS: i64 = 3_600_000;

/// A day that is over is rewritten for late samples only when they are at least one in this many bytes.
const REWRITE_SHARE: u64 = 16;

/// Parts that shall become one, in order of precedence.
pub(crate) fn choose(parts: &[Arc<Part>], now_ms: i64) -> Option<Vec<Arc<Part>>> {
    let mut days: BTreeMap<i64, Vec<Arc<Part>>> = BTreeMap::new();
    for part in parts {
        days.entry(part.day()).or_default().push(part.clone());
    }
    // The newest days first: that is what queries read.
    days.into_iter()
        .rev()
        .find_map(|(day, parts)| choose_in_day(&parts, (day + 1).saturating_mul(DAY_MS).saturating_add(GRACE_MS) <= now_ms))
}

fn choose_in_day(parts: &[Arc<Part>], over: bool) -> Option<Vec<Arc<Part>>> {
    let sizes: Vec<u64> = parts.iter().map(|part| part.file_bytes()).collect();
    let range = choose_range(&sizes, over)?;
    Some(parts[range].to_vec())
}

/// Which neighbours to merge, by their sizes.
fn choose_range(sizes: &[u64], over: bool) -> Option<std::ops::Range<usize>> {
    if sizes.len() < 2 {
        return None;
    }
    let total: u64 = sizes.iter().sum();
    let largest = sizes.iter().copied().max().unwrap_or(0);
    if sizes.len() > MAX_PARTS_A_DAY || over && (total - largest) >= largest / REWRITE_SHARE {
        return Some(0..sizes.len());
    }
    // The longest run in which no part is larger than the others together.
    let mut best: Option<std::ops::Range<usize>> = None;
    for start in 0..sizes.len() {
        for end in start + FAN_IN..=sizes.len() {
            let run = &sizes[start..end];
            let (sum, largest) = (run.iter().sum::<u64>(), run.iter().copied().max().unwrap_or(0));
            if largest <= sum - largest && best.as_ref().is_none_or(|best| best.len() < end - start) {
                best = Some(start..end);
            }
        }
    }
    best
}

/// The next series of one of the parts that are merged.
struct Source<'a> {
    cursor: PartCursor<'a>,
    part: &'a Arc<Part>,
    next: u32,
    labels: Option<Labels>,
}

impl Source<'_> {
    fn advance(&mut self) -> Result<(), ReadError> {
        self.labels = None;
        if self.next < self.part.series() {
            self.labels = Some(self.cursor.labels(self.next).map_err(|e| e.of(self.part))?);
            self.next += 1;
        }
        Ok(())
    }
}

impl Tsdb {
    /// Merges some parts, if that is worth it; whether it did.
    pub(crate) fn merge_once(&self) -> Result<bool, TsdbError> {
        let Some(inputs) = choose(&self.view().parts, self.clock.now_ms()) else { return Ok(false) };
        self.merge(&inputs).map_err(|error| self.read_error(error))?;
        Ok(true)
    }

    fn merge(&self, inputs: &[Arc<Part>]) -> Result<(), ReadError> {
        let Some(last) = inputs.last() else { return Ok(()) };
        let identity = PartIdentity { day: last.day(), order: last.order() };
        let oldest_ms = self.removable_before_ms();
        let merged = self.write_part_as(identity, self.take_part_number(), Effort::Small, |writer| {
            let mut sources = Vec::with_capacity(inputs.len());
            for part in inputs {
                let mut source = Source { cursor: PartCursor::new(part, None), part, next: 0, labels: None };
                source.advance()?;
                sources.push(source);
            }
            while let Some(labels) = sources.iter().filter_map(|s| s.labels.as_ref()).min_by(|a, b| part_order(a, b)).cloned() {
                let mut runs = Vec::new();
                for source in sources.iter_mut().filter(|s| s.labels.as_ref() == Some(&labels)) {
                    let part = source.part;
                    source
                        .cursor
                        .read(source.next - 1, oldest_ms, i64::MAX, |timestamps_ms, column| {
                            runs.push(match column {
                                Column::Floats(values) => Run::Floats { timestamps_ms: timestamps_ms.into(), values },
                                Column::Histograms(histograms) => Run::Histograms(with_times(timestamps_ms, histograms)),
                            });
                            Ok::<(), crate::part::PartError>(())
                        })
                        .map_err(|e| e.of(part))?;
                    source.advance()?;
                }
                if !runs.is_empty() {
                    let Merged { timestamps_ms, values, histograms } = merge_runs(runs);
                    writer.add(&labels, &timestamps_ms, &values, &histograms).map_err(|e| ReadError::Other(e.into()))?;
                }
            }
            Ok(())
        })?;
        let manifest = self.manifest.lock();
        let before = self.view().parts;
        let is_input = |part: &Arc<Part>| inputs.iter().any(|input| Arc::ptr_eq(input, part));
        if before.iter().filter(|part| is_input(part)).count() < inputs.len() {
            // One was put aside meanwhile: what was read from it may be wrong.
            merged.iter().for_each(Part::doom);
            return Ok(());
        }
        let bytes = merged.as_ref().map_or(0, Part::file_bytes);
        let after = before.iter().filter(|part| !is_input(part)).cloned().chain(merged.map(Arc::new)).collect();
        self.commit_parts(manifest, after, inputs, None)?;
        self.metrics.merges.inc();
        self.metrics.merged_bytes.inc_by(bytes);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_similar_size_are_merged() {
        for (sizes, over, want) in [
            (&[][..], true, None),
            (&[5], true, None),
            (&[5, 5], false, None),
            (&[5, 5], true, Some(0..2)),
            (&[5, 5, 5, 5], false, Some(0..4)),
            (&[100, 5, 5, 5, 5], false, Some(1..5)),
            (&[100, 5, 5, 5], false, None),
            (&[100, 2], true, None),
            (&[100, 2, 2, 3], true, Some(0..4)),
            (&[20, 5, 5, 5, 5], false, Some(0..5)),
            (&[1000, 100, 10, 5, 3, 2, 1, 1000, 100, 10, 5, 3, 1], false, Some(0..13)),
        ] {
            assert_eq!(choose_range(sizes, over), want, "{sizes:?}");
        }
    }

    #[test]
    fn a_sample_is_rewritten_a_few_times_a_day() {
        let (mut sizes, mut written) = (Vec::new(), 0);
        for _ in 0..48 {
            sizes.extend([100_u64]);
            while let Some(range) = choose_range(&sizes, false) {
                let sum = sizes[range.clone()].iter().sum();
                written += sum;
                sizes.splice(range, [sum]);
            }
        }
        assert!(written <= 48 * 100 * 4, "{written}");
        assert!(sizes.len() <= MAX_PARTS_A_DAY, "{sizes:?}");
    }
}
