//! The patterns of lines and how often they occur.

use crate::logs::Lake;
use crate::read::{Scene, read_scene};
use crate::segment::{PatternCounts, Prepared};
use hashbrown::HashMap;
use phoenix_lines::{Columns, Encoder, Page};
use phoenix_model::Charge;
use phoenix_model::logs::{Level, LogBatch, LogSelect, LogVisitor, Need, ReadError, ReadLimits, ReadStats};
use std::collections::BTreeMap;
use std::sync::Arc;

/// What a pattern's count takes in memory.
const COUNT_BYTES: u64 = 48;

/// Takes lines apart and counts their patterns.
struct PatternCounter {
    encoder: Encoder,
    page: Page,
    step_ns: i64,
    counts: HashMap<(u32, Level, i64), u64>,
    charge: Charge,
}

impl LogVisitor for PatternCounter {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        self.page.clear();
        for line in batch.lines {
            self.encoder.encode(line, &mut self.page).map_err(|error| ReadError::Storage(error.to_string()))?;
        }
        for ((pattern, level), timestamp_ns) in self.page.patterns()?.iter().zip(batch.levels).zip(batch.timestamps_ns) {
            let step = timestamp_ns.div_euclid(self.step_ns).saturating_mul(self.step_ns);
            let mut is_new = false;
            *self.counts.entry((*pattern, *level, step)).or_insert_with(|| {
                is_new = true;
                0
            }) += 1;
            if is_new {
                self.charge.grow(COUNT_BYTES)?;
            }
        }
        Ok(())
    }
}

impl Lake {
    /// Counts the patterns of the lines that are asked for, for each level and step of `step_ns`
    /// (which begin at multiples of it); most frequent first. Lines beyond the most patterns that are
    /// told apart count as `<_>`.
    pub fn patterns(
        &self,
        select: &LogSelect<'_>,
        step_ns: i64,
        limits: &ReadLimits<'_>,
    ) -> Result<(Vec<PatternCounts>, ReadStats), ReadError> {
        let select = LogSelect { need: Need { lines: true, ..Need::default() }, ..select.clone() };
        let mut counter = PatternCounter {
            encoder: Encoder::default(),
            page: Page::default(),
            step_ns: step_ns.max(1),
            counts: HashMap::new(),
            charge: limits.budget.charge(0)?,
        };
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let select = LogSelect { start_ns: select.start_ns.max(cutoffs.earliest()), ..select };
        let mut scene = Scene::new(self, select.start_ns, select.end_ns);
        let mut of_segments = ReadStats::default();
        let mut found: BTreeMap<(String, Level), BTreeMap<i64, u64>> = BTreeMap::new();
        // Segments count for themselves, without putting lines together, unless streams have to be cut
        // at moments of their own.
        if cutoffs.is_uniform() {
            let segments = std::mem::replace(&mut scene.view.segments, Arc::from([]));
            let prepared = Prepared::new(&select);
            for (held, tombstones) in segments.iter().zip(&scene.buried) {
                of_segments.segments += 1;
                for counts in held.segment.patterns(&prepared, counter.step_ns, tombstones, limits, &mut of_segments)? {
                    let steps = found.entry((counts.pattern, counts.level)).or_default();
                    for (step, count) in counts.counts {
                        *steps.entry(step).or_default() += count;
                    }
                }
            }
        }
        let mut stats = read_scene(&scene, &select, &cutoffs, limits, &mut counter)?;
        stats += of_segments;
        for ((pattern, level, step), count) in counter.counts {
            let text = counter.encoder.patterns().get(pattern).map(phoenix_lines::Pattern::placeholders).unwrap_or_default();
            *found.entry((text, level)).or_default().entry(step).or_default() += count;
        }
        let mut found: Vec<PatternCounts> = found
            .into_iter()
            .map(|((pattern, level), counts)| PatternCounts { pattern, level, counts: counts.into_iter().collect() })
            .collect();
        found.sort_by_key(|counts| std::cmp::Reverse(counts.counts.iter().map(|(_, count)| count).sum::<u64>()));
        Ok((found, stats))
    }
}
