//! Which streams there are.

use crate::logs::Lake;
use crate::memtable::{MemoryQuery, matches};
use crate::read::Scene;
use hashbrown::HashSet;
use phoenix_model::logs::{LogSelect, Need, ReadError, ReadLimits, ReadStats, Stream};
use phoenix_model::{Labels, Matcher};
use std::collections::BTreeSet;
use std::sync::Arc;

/// Nanoseconds of a minute.
const MINUTE_NS: i64 = 60_000_000_000;

impl Lake {
    /// Calls `visit` for each stream that meets one of the sets of conditions (none means all) and
    /// has entries in `[start_ns, end_ns)`; in segments this holds to the minute. A stream may come
    /// more than once.
    fn visit_streams(
        &self,
        sets: &[Vec<Matcher>],
        start_ns: i64,
        end_ns: i64,
        limits: &ReadLimits<'_>,
        mut visit: impl FnMut(&Arc<Stream>) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        let retention = self.view.read().retention.clone();
        let cutoffs = retention.cutoffs(self.clock.now_ms());
        let scene = Scene::new(self, start_ns.max(cutoffs.earliest()), end_ns);
        let select = LogSelect {
            matchers: &[],
            start_ns,
            end_ns,
            direction: None,
            filters: &[],
            hints: &[],
            need: Need::default(),
            metadata_names: None,
        };
        let wanted = |stream: &Arc<Stream>| sets.is_empty() || sets.iter().any(|set| matches(set, stream));
        for view in &scene.memory {
            let query = MemoryQuery::new(view, &select, &cutoffs, &scene.buried_memory, limits)?;
            let mut seen = vec![false; view.streams.len()];
            for block in view.blocks.iter().filter(|block| block.min_ns < end_ns && block.max_ns >= start_ns) {
                if (limits.cancelled)() {
                    return Err(ReadError::Cancelled);
                }
                for row in query.rows(block) {
                    seen[block.streams[row] as usize] = true;
                }
            }
            for (stream, _) in view.streams.iter().zip(seen).filter(|(stream, seen)| *seen && wanted(stream)) {
                visit(stream)?;
            }
        }
        for (held, tombstones) in scene.view.segments.iter().zip(&scene.buried) {
            if (limits.cancelled)() {
                return Err(ReadError::Cancelled);
            }
            let info = &held.entry.info;
            let is_kept = |stream: &Arc<Stream>| info.max_ns >= cutoffs.of(stream);
            if start_ns <= info.min_ns && info.max_ns < end_ns && tombstones.is_empty() {
                for stream in held.segment.streams()?.iter().filter(|stream| is_kept(stream) && wanted(stream)) {
                    visit(stream)?;
                }
                continue;
            }
            // Between whole minutes the index knows without reading any entry.
            let minutes = [whole_minute(start_ns, 0), whole_minute(end_ns, MINUTE_NS - 1)];
            let all = [Vec::new()];
            for set in if sets.is_empty() { &all[..] } else { sets } {
                for counts in held.segment.counts(set, &minutes, tombstones, limits, &mut ReadStats::default())? {
                    if is_kept(&counts.stream) {
                        visit(&counts.stream)?;
                    }
                }
            }
        }
        Ok(())
    }

    /// The labels of the streams that meet one of the sets of conditions (none means all) and have
    /// entries in `[start_ns, end_ns)`, sorted, at most `limit` (0 for all); the flag says whether some were left out.
    ///
    /// The range is exact for entries in memory; for those in segments it grows to whole minutes.
    pub fn series(
        &self,
        sets: &[Vec<Matcher>],
        start_ns: i64,
        end_ns: i64,
        limit: usize,
        limits: &ReadLimits<'_>,
    ) -> Result<(Vec<Labels>, bool), ReadError> {
        let mut charge = limits.budget.charge(0)?;
        let mut found: HashSet<Labels> = HashSet::new();
        self.visit_streams(sets, start_ns, end_ns, limits, |stream| {
            if !found.contains(&stream.labels) {
                charge.grow(64)?;
                found.insert(stream.labels.clone());
            }
            Ok(())
        })?;
        let mut all: Vec<Labels> = found.into_iter().collect();
        all.sort_unstable();
        Ok(cut(all, limit))
    }

    /// The names of labels of these streams, as [`Lake::series`] finds them, sorted.
    pub fn label_names(
        &self,
        sets: &[Vec<Matcher>],
        start_ns: i64,
        end_ns: i64,
        limit: usize,
        limits: &ReadLimits<'_>,
    ) -> Result<(Vec<String>, bool), ReadError> {
        self.texts(sets, start_ns, end_ns, limit, limits, |labels, add| labels.iter().try_for_each(|(name, _)| add(name)))
    }

    /// The values of one label of these streams, as [`Lake::series`] finds them, sorted.
    pub fn label_values(
        &self,
        name: &str,
        sets: &[Vec<Matcher>],
        start_ns: i64,
        end_ns: i64,
        limit: usize,
        limits: &ReadLimits<'_>,
    ) -> Result<(Vec<String>, bool), ReadError> {
        self.texts(sets, start_ns, end_ns, limit, limits, |labels, add| labels.get(name).map_or(Ok(()), add))
    }

    fn texts(
        &self,
        sets: &[Vec<Matcher>],
        start_ns: i64,
        end_ns: i64,
        limit: usize,
        limits: &ReadLimits<'_>,
        of: impl Fn(&Labels, &mut dyn FnMut(&str) -> Result<(), ReadError>) -> Result<(), ReadError>,
    ) -> Result<(Vec<String>, bool), ReadError> {
        let mut charge = limits.budget.charge(0)?;
        let mut found: BTreeSet<String> = BTreeSet::new();
        self.visit_streams(sets, start_ns, end_ns, limits, |stream| {
            of(&stream.labels, &mut |text| {
                if !found.contains(text) {
                    charge.grow(text.len() as u64 + 48)?;
                    found.insert(text.to_owned());
                }
                Ok(())
            })
        })?;
        Ok(cut(found.into_iter().collect(), limit))
    }
}

/// The start of the minute in which `timestamp_ns + add_ns` lies.
fn whole_minute(timestamp_ns: i64, add_ns: i64) -> i64 {
    // As in segments, a minute holds its end and not its start.
    timestamp_ns.saturating_sub(1).saturating_add(add_ns).div_euclid(MINUTE_NS).saturating_mul(MINUTE_NS).saturating_add(1)
}

fn cut<T>(mut all: Vec<T>, limit: usize) -> (Vec<T>, bool) {
    let more = limit > 0 && all.len() > limit;
    if more {
        all.truncate(limit);
    }
    (all, more)
}
