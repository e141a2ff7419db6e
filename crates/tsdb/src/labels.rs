//! Which series, label names and label values there are.

use crate::TsdbError;
use crate::part::{PartCursor, ReadError};
use crate::store::Tsdb;
use phoenix_model::{Labels, Matcher};
use std::collections::BTreeSet;

impl Tsdb {
    /// The labels of the series that match any of the sets of matchers and have samples in the range,
    /// sorted, at most `limit` (0 for all); the flag says whether some were left out. No sets means all
    /// series. In parts the range is compared with the first and last sample of a series' chunk.
    pub fn series(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64, limit: usize) -> Result<(Vec<Labels>, bool), TsdbError> {
        let start_ms = start_ms.max(self.options.oldest_ms(self.clock.now_ms()));
        let all = [Vec::new()];
        let sets = if sets.is_empty() { &all } else { sets };
        let found = self.without_damaged_parts(|| {
            let mut found = BTreeSet::new();
            sets.iter().try_for_each(|set| self.collect_series(set, start_ms, end_ms, &mut found))?;
            Ok(found)
        })?;
        Ok(cut(found.into_iter(), limit))
    }

    fn collect_series(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, found: &mut BTreeSet<Labels>) -> Result<(), ReadError> {
        let series = self.series_in_memory(matchers);
        let view = self.view();
        for part in view.parts.iter().filter(|part| part.overlaps(start_ms, end_ms)) {
            let mut cursor = PartCursor::new(part, Some(&self.cache));
            for number in cursor.select(matchers).map_err(|e| e.of(part))? {
                if cursor.reaches_into(number, start_ms, end_ms).map_err(|e| e.of(part))? {
                    found.insert(cursor.labels(number).map_err(|e| e.of(part))?);
                }
            }
        }
        for head in view.frozen.iter().map(|frozen| &frozen.head).chain([&view.active]) {
            for some in series.chunks(256) {
                let head = head.read();
                found.extend(some.iter().filter(|(id, _)| head.has_samples(*id, start_ms, end_ms)).map(|(_, labels)| labels.clone()));
            }
        }
        Ok(())
    }

    /// The names of the labels of those series, sorted. Without sets of matchers the range is compared
    /// with whole parts and with the samples in memory as a whole, which is much faster.
    pub fn label_names(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64, limit: usize) -> Result<(Vec<String>, bool), TsdbError> {
        if !sets.is_empty() {
            let (series, _) = self.series(sets, start_ms, end_ms, 0)?;
            let names: BTreeSet<&str> = series.iter().flat_map(|labels| labels.iter().map(|(name, _)| name)).collect();
            return Ok(cut(names.into_iter().map(str::to_owned), limit));
        }
        let mut names = BTreeSet::new();
        if self.memory_overlaps(start_ms, end_ms) {
            names.extend(self.index.read().label_names().map(str::to_owned));
        }
        for part in self.view().parts.iter().filter(|part| part.overlaps(start_ms, end_ms)) {
            names.extend(part.label_names().map(str::to_owned));
        }
        Ok(cut(names.into_iter(), limit))
    }

    /// The values of one label of those series, sorted; with the range as in [`Tsdb::label_names`].
    pub fn label_values(
        &self,
        name: &str,
        sets: &[Vec<Matcher>],
        start_ms: i64,
        end_ms: i64,
        limit: usize,
    ) -> Result<(Vec<String>, bool), TsdbError> {
        if !sets.is_empty() {
            let (series, _) = self.series(sets, start_ms, end_ms, 0)?;
            let values: BTreeSet<&str> = series.iter().filter_map(|labels| labels.get(name)).collect();
            return Ok(cut(values.into_iter().map(str::to_owned), limit));
        }
        let values = self.without_damaged_parts(|| {
            let mut values: BTreeSet<String> = BTreeSet::new();
            if self.memory_overlaps(start_ms, end_ms) {
                values.extend(self.index.read().label_values(name).map(str::to_owned));
            }
            for part in self.view().parts.iter().filter(|part| part.overlaps(start_ms, end_ms)) {
                let mut cursor = PartCursor::new(part, Some(&self.cache));
                let found = cursor.label_values(name).map_err(|e| e.of(part))?;
                values.extend(found.into_iter().map(|(value, _)| value.into_string()));
            }
            Ok(values)
        })?;
        Ok(cut(values.into_iter(), limit))
    }

    fn memory_overlaps(&self, start_ms: i64, end_ms: i64) -> bool {
        let view = self.view();
        let mut heads = view.frozen.iter().map(|frozen| &frozen.head).chain([&view.active]);
        heads.any(|head| head.read().bounds_ms().is_some_and(|(oldest, newest)| oldest <= end_ms && newest >= start_ms))
    }
}

/// The first `limit` (0 for all), and whether there are more.
fn cut<T>(all: impl Iterator<Item = T>, limit: usize) -> (Vec<T>, bool) {
    let limit = if limit == 0 { usize::MAX } else { limit };
    let mut all = all.peekable();
    let some: Vec<T> = all.by_ref().take(limit).collect();
    (some, all.peek().is_some())
}
