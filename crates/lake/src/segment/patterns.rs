//! Counts the patterns of lines.

use super::lines::PageColumns;
use super::read::Reading;
use super::{LineEncoding, PageReader, PatternCounts, Prepared, Segment};
use crate::Tombstone;
use phoenix_lines::{Columns, Encoder, Lines, LinesError, Page, Patterns, render};
use phoenix_model::logs::{Level, ReadError, ReadLimits, ReadStats};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Bytes that a step of a pattern takes while it is counted.
const STEP_BYTES: u64 = 48;

impl Segment {
    /// Counts the patterns of lines per level and step of `step_ns` (at least one; steps begin at
    /// multiples of it), among the entries that are asked for. Lines that are kept whole are taken
    /// apart for it.
    pub fn patterns(
        &self,
        prepared: &Prepared<'_>,
        step_ns: i64,
        tombstones: &[Tombstone],
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
    ) -> Result<Vec<PatternCounts>, ReadError> {
        let step_ns = step_ns.max(1);
        let head = self.head()?;
        let mut counted: HashMap<(u32, Level, i64), u64> = HashMap::new();
        let mut charge = limits.budget.charge(0)?;
        let mut encoder = Encoder::default();
        for page in self.plan(prepared, stats)? {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let before = counted.len();
            let page_head = &head.pages[page.page as usize];
            let _page_charge = limits.budget.charge(page_head.raw_bytes * 2)?;
            let mut reader = PageReader::new(&self.files, Arc::clone(&head), true);
            let columns = PageColumns::new(&mut reader, page.page);
            let reading = Reading { page: page.page, prepared, tombstones, limits };
            let select = prepared.select();
            if let Some(found) = reading.select(&head, &columns, (select.start_ns, select.end_ns), stats)? {
                let levels = columns.reader.borrow_mut().levels(page.page)?;
                let times = columns.times()?;
                let mut add = |pattern, row: usize| {
                    let step = times[row].div_euclid(step_ns).saturating_mul(step_ns);
                    *counted.entry((pattern, levels[row], step)).or_default() += 1;
                };
                match head.encoding {
                    LineEncoding::Patterns => {
                        let patterns = columns.patterns()?;
                        found.rows.iter().for_each(|row| add(patterns[row], row));
                    }
                    LineEncoding::Text => {
                        let mut lines = Lines::default();
                        render(&head.patterns, &columns, &found.rows, &mut lines)?;
                        let mut taken_apart = Page::default();
                        lines.iter().try_for_each(|line| encoder.encode(line, &mut taken_apart))?;
                        let patterns = taken_apart.patterns()?;
                        found.rows.iter().zip(patterns).for_each(|(row, pattern)| add(*pattern, row));
                    }
                }
            }
            drop(columns);
            stats.compressed_bytes += reader.bytes;
            charge.grow((counted.len() - before) as u64 * STEP_BYTES)?;
        }
        let patterns = if head.encoding == LineEncoding::Text { encoder.patterns() } else { &head.patterns };
        merged(&counted, patterns)
    }
}

/// Patterns that differ in the kinds of their variables only are shown as one.
fn merged(counted: &HashMap<(u32, Level, i64), u64>, patterns: &Patterns) -> Result<Vec<PatternCounts>, ReadError> {
    let mut by_text: BTreeMap<(String, Level), BTreeMap<i64, u64>> = BTreeMap::new();
    let mut texts: HashMap<u32, String> = HashMap::new();
    for ((pattern, level, step), count) in counted {
        let text = if let Some(text) = texts.get(pattern) {
            text.clone()
        } else {
            let text = patterns.get(*pattern).ok_or(LinesError::Columns("a row has a pattern that does not exist"))?.placeholders();
            texts.insert(*pattern, text.clone());
            text
        };
        *by_text.entry((text, *level)).or_default().entry(*step).or_default() += count;
    }
    let counts =
        by_text.into_iter().map(|((pattern, level), counts)| PatternCounts { pattern, level, counts: counts.into_iter().collect() });
    Ok(counts.collect())
}
