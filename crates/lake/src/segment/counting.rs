//! Counts entries: whole minutes from the index, and only what edges and deletes cut from pages.

use super::layout::{Head, Run, Section};
use super::lines::PageColumns;
use super::minutes::{self, MINUTE_NS};
use super::read::{keep_passing, rows_between};
use super::{PageReader, Segment};
use crate::Tombstone;
use phoenix_lines::RowSet;
use phoenix_model::Matcher;
use phoenix_model::logs::{Level, ReadError, ReadLimits, ReadStats, StreamCounts};
use std::sync::Arc;

/// Counts of one stream by level, for each pair of neighbouring edges.
type LevelCounts = [Vec<(u64, u64)>; Level::ALL.len()];

/// Times of a run that have to be counted row by row.
struct RowsToCount {
    run: Run,
    /// Ranges `[from, to)` in nanoseconds, ascending.
    times: Arc<Vec<(i64, i64)>>,
}

impl Segment {
    /// Counts entries and bytes of their lines between neighbouring edges, exactly. Streams and
    /// levels without entries there are left out. Edges ascend.
    pub fn counts(
        &self,
        matchers: &[Matcher],
        edges_ns: &[i64],
        tombstones: &[Tombstone],
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
    ) -> Result<Vec<StreamCounts>, ReadError> {
        let (Some(first), Some(last)) = (edges_ns.first(), edges_ns.last()) else { return Ok(Vec::new()) };
        if first >= last || !self.info.overlaps(*first, *last) {
            return Ok(Vec::new());
        }
        if (limits.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        stats.segments += 1;
        let head = self.head()?;
        let minutes = self.section(Section::Minutes)?;
        let mut charge = limits.budget.charge(0)?;
        let mut counted: Vec<(u32, LevelCounts)> = Vec::new();
        let mut by_rows: Vec<RowsToCount> = Vec::new();
        for (number, stream) in head.streams.iter().enumerate() {
            let number = number as u32;
            if !matchers.iter().all(|matcher| matcher.matches_labels(&stream.labels)) {
                continue;
            }
            let runs = head.runs_of(number);
            if !runs.iter().any(|run| run.min_ns < *last && run.max_ns >= *first) {
                continue;
            }
            let deletes: Vec<&Tombstone> =
                tombstones.iter().filter(|t| t.touches_time(*first, *last) && t.touches_stream(stream)).collect();
            let bytes = head.minutes[number as usize] as usize..head.minutes[number as usize + 1] as usize;
            let bytes = minutes.get(bytes).ok_or_else(|| self.files.corrupt("counts of a stream are missing".to_owned()))?;
            let mut levels = LevelCounts::default();
            let mut cut: Vec<(i64, i64)> = Vec::new();
            // The number of edges up to a minute's start, as minutes of a level ascend.
            let mut before = 0;
            let mut of_level = None;
            minutes::for_each(bytes, |level, count| {
                let from = count.minute.saturating_mul(MINUTE_NS).saturating_add(1);
                let to = from.saturating_add(MINUTE_NS);
                if to <= *first || from >= *last {
                    return;
                }
                // The edges up to the minute's start, and those before its end, are the same unless one cuts it.
                if of_level != Some(level) {
                    (before, of_level) = (0, Some(level));
                }
                while edges_ns.get(before).is_some_and(|edge| *edge <= from) {
                    before += 1;
                }
                let is_cut = edges_ns.get(before).is_some_and(|edge| *edge < to);
                if is_cut || deletes.iter().any(|delete| delete.touches_time(from, to - 1)) {
                    cut.push((from, to));
                } else {
                    add(&mut levels[level as usize], edges_ns.len() - 1, before - 1, count.entries, count.bytes);
                }
            })
            .ok_or_else(|| self.files.corrupt("counts of a stream make no sense".to_owned()))?;
            if !cut.is_empty() {
                cut.sort_unstable();
                cut.dedup();
                let times = Arc::new(cut);
                let overlaps = |run: &&Run| times.iter().any(|(from, to)| run.min_ns < *to && run.max_ns >= *from);
                by_rows.extend(runs.iter().filter(overlaps).map(|run| RowsToCount { run: *run, times: Arc::clone(&times) }));
            }
            let used = levels.iter().filter(|counts| !counts.is_empty()).count().max(1);
            charge.grow((used * (edges_ns.len() - 1) * size_of::<(u64, u64)>()) as u64)?;
            counted.push((number, levels));
        }
        by_rows.sort_by_key(|rows| (rows.run.page, rows.run.start));
        let mut reader = PageReader::new(&self.files, Arc::clone(&head), true);
        for page in by_rows.chunk_by(|a, b| a.run.page == b.run.page) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let _page_charge = limits.budget.charge(head.pages[page[0].run.page as usize].raw_bytes)?;
            count_rows(&head, &mut reader, page, edges_ns, tombstones, &mut counted)?;
            stats.pages_read += 1;
        }
        stats.compressed_bytes += reader.bytes;
        let mut out = Vec::new();
        for (number, levels) in counted {
            for (level, counts) in Level::ALL.into_iter().zip(levels).filter(|(_, counts)| counts.iter().any(|c| c.0 > 0)) {
                out.push(StreamCounts { stream: Arc::clone(&head.streams[number as usize]), level, counts });
            }
        }
        Ok(out)
    }
}

fn count_rows(
    head: &Head,
    reader: &mut PageReader<'_>,
    page: &[RowsToCount],
    edges_ns: &[i64],
    tombstones: &[Tombstone],
    counted: &mut [(u32, LevelCounts)],
) -> Result<(), ReadError> {
    let (Some(first), Some(last)) = (edges_ns.first(), edges_ns.last()) else { return Ok(()) };
    let number = page[0].run.page;
    let times = reader.cached_times(number)?;
    let (levels, sizes) = (reader.levels(number)?, reader.sizes(number)?);
    let columns = PageColumns::new(reader, number);
    let mut rows = RowSet::none(times.len());
    for part in page {
        let of_run = part.run.start as usize..part.run.end as usize;
        for (from, to) in part.times.iter() {
            rows_between(&times, of_run.clone(), (*from).max(*first), (*to).min(*last)).for_each(|row| rows.insert(row));
        }
        let stream = &head.streams[part.run.stream as usize];
        for tombstone in tombstones.iter().filter(|t| t.touches_time(part.run.min_ns, part.run.max_ns) && t.touches_stream(stream)) {
            let mut covered = RowSet::none(times.len());
            rows_between(&times, of_run.clone(), tombstone.start_ns, tombstone.end_ns)
                .filter(|row| rows.contains(*row))
                .for_each(|row| covered.insert(row));
            keep_passing(&tombstone.filters, &head.patterns, &columns, &mut covered)?;
            rows.subtract(&covered);
        }
    }
    let mut parts = page.iter().peekable();
    for row in rows.iter() {
        while parts.peek().is_some_and(|part| part.run.end as usize <= row) {
            parts.next();
        }
        let Some(part) = parts.peek() else { break };
        let Ok(at) = counted.binary_search_by_key(&part.run.stream, |(stream, _)| *stream) else { continue };
        let between = edges_ns.partition_point(|edge| *edge <= times[row]) - 1;
        add(&mut counted[at].1[levels[row] as usize], edges_ns.len() - 1, between, 1, sizes[row] as u64);
    }
    Ok(())
}

fn add(counts: &mut Vec<(u64, u64)>, length: usize, at: usize, entries: u64, bytes: u64) {
    if counts.is_empty() {
        counts.resize(length, (0, 0));
    }
    counts[at].0 += entries;
    counts[at].1 += bytes;
}
