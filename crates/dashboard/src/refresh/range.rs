//! Ranges: of what is known, the steps that still hold are taken, and the others are evaluated.

use super::cache::{Key, Known};
use super::evaluate::Evaluation;
use super::{Ask, Matrix, Refresher};
use phoenix_engine::{Changed, Language, QueryError, QueryLimits, Settled};
use phoenix_query::{ABSENT, Annotation, AnnotationLevel, Column, Grid};
use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

const NS_PER_MS: i64 = 1_000_000;

/// The most steps of an entry: those of the largest range.
const MAX_STEPS: usize = 11_001;

impl Refresher {
    /// Evaluates PromQL, or numbers of LogQL, at the steps of a range.
    pub(super) fn range(&self, ask: &Ask, limits: &QueryLimits) -> Result<(Matrix, Vec<Annotation>), QueryError> {
        let grid = Grid::range(ask.from_ms, ask.to_ms, ask.step_ms);
        let whole = || self.engines.range(ask, grid, limits).map(|fresh| (Matrix::computed(grid, fresh.columns), fresh.annotations));
        // With one step evaluations may order their sums differently.
        let reach_ms = (grid.steps > 1).then(|| self.reach_ms(ask, limits)).flatten();
        let (Some(reach_ms), Some(settled)) = (reach_ms, self.settled(ask.language)) else {
            self.cache.metrics.uncacheable.inc();
            return whole();
        };
        let key = Key {
            language: ask.language,
            text: ask.text.clone(),
            step_ms: ask.step_ms,
            phase_ms: ask.from_ms.rem_euclid(ask.step_ms),
            lookback_ms: millis(limits.lookback),
        };
        let known = self.cache.get(&key);
        // After `settled`: what changes later is told to who asks with that mark.
        let changed = known.as_ref().map_or(Changed::EVERYTHING, |known| self.changed_since(ask.language, known.mark));
        let found = known.as_ref().and_then(|known| Found::new(known, grid, reach_ms, settled, changed));
        match &found {
            Some(_) => self.cache.metrics.hits.inc(),
            None => self.cache.metrics.misses.inc(),
        };
        if let Some(found) = found.as_ref().filter(|found| found.missing.is_empty()) {
            return Ok((found.matrix(grid), found.known.infos.clone()));
        }
        let missing = found.as_ref().map_or_else(|| vec![grid], |found| found.missing.clone());
        let mut pieces = Vec::with_capacity(missing.len());
        for piece in missing {
            pieces.push((piece, self.engines.range(ask, piece, limits)?));
        }
        if !pieces.iter().all(|(_, piece)| can_be_kept(&piece.columns)) {
            self.cache.metrics.uncacheable.inc();
            if found.is_none()
                && let Some((_, fresh)) = pieces.pop()
            {
                return Ok((Matrix::computed(grid, fresh.columns), fresh.annotations));
            }
            return whole();
        }
        let union = found.as_ref().map_or(grid, |found| found.union(grid));
        let (columns, mut annotations) = unite(union, found.as_ref(), pieces, limits)?;
        annotations.sort_by(|a, b| (a.span.start, a.span.end, &a.message).cmp(&(b.span.start, b.span.end, &b.message)));
        annotations.dedup();
        let place = |at_ms: i64| ((at_ms - union.start_ms) / union.step_ms) as usize;
        let first = place(grid.start_ms);
        let matrix = Matrix {
            grid: union,
            columns: Arc::new(columns),
            shown: first..first + grid.steps,
            cached: found.as_ref().map_or(0..0, |found| place(found.inside.start_ms)..place(found.inside.start_ms) + found.inside.steps),
        };
        // Loki's limit on series is one of the whole range, and so is its error.
        if ask.language == Language::LogQl && matrix.series().count() > limits.max_log_series {
            return whole();
        }
        // A warning may be of any step: such answers are not kept.
        if annotations.iter().all(|annotation| annotation.level == AnnotationLevel::Info) {
            // What is past its retention may have gone while the evaluation went on.
            let kept_from_ms = self.settled(ask.language).map_or(i64::MAX, |after| after.from_ms.max(settled.from_ms));
            let holds = steps_within(union, kept_from_ms.saturating_add(reach_ms), settled.until_ms);
            if !holds.is_empty() {
                let columns = Arc::clone(&matrix.columns);
                self.cache.put(key, Known { grid: union, columns, settled: holds, mark: settled.mark, infos: annotations.clone() });
            }
        }
        Ok((matrix, annotations))
    }

    /// How far back the query reads from a step, if its steps stand alone.
    fn reach_ms(&self, ask: &Ask, limits: &QueryLimits) -> Option<i64> {
        match ask.language {
            Language::PromQl => {
                let expr = phoenix_promql::parse(&ask.text).into_result().ok()?;
                phoenix_promql::analysis::reach_ms(&expr, ask.step_ms, millis(limits.lookback), millis(self.default_step))
            }
            Language::LogQl => {
                let expr = phoenix_logql::parse(&ask.text).into_result().ok()?;
                phoenix_logql::analysis::reach_ns(&expr).map(|ns| ns / NS_PER_MS + 1)
            }
            Language::TraceQl => None,
        }
    }

    fn settled(&self, language: Language) -> Option<Settled> {
        match language {
            Language::PromQl => self.engines.metrics.settled(),
            Language::LogQl => self.engines.logs.settled(),
            Language::TraceQl => None,
        }
    }

    fn changed_since(&self, language: Language, mark: u64) -> Changed {
        match language {
            Language::PromQl => self.engines.metrics.changed_since(mark),
            Language::LogQl => self.engines.logs.changed_since(mark),
            Language::TraceQl => Changed::EVERYTHING,
        }
    }
}

fn millis(duration: std::time::Duration) -> i64 {
    i64::try_from(duration.as_millis()).unwrap_or(i64::MAX)
}

/// The steps of a grid from one moment up to another.
fn steps_within(grid: Grid, from_ms: i64, to_ms: i64) -> Range<usize> {
    let since = |ms: i64| i128::from(ms) - i128::from(grid.start_ms);
    let step = i128::from(grid.step_ms);
    let first = (since(from_ms) + step - 1).div_euclid(step).clamp(0, grid.steps as i128) as usize;
    let end = (since(to_ms).div_euclid(step) + 1).clamp(0, grid.steps as i128) as usize;
    first..end.max(first)
}

fn part(grid: Grid, steps: &Range<usize>) -> Grid {
    Grid { start_ms: grid.time_ms(steps.start), step_ms: grid.step_ms, steps: steps.len() }
}

/// What is known of a query, and how it lies to a range.
struct Found {
    known: Arc<Known>,
    /// The steps that hold.
    held: Grid,
    /// Those of them that the range has.
    inside: Grid,
    /// The parts of the range before and after them; of several steps each.
    missing: Vec<Grid>,
}

impl Found {
    /// `None` if no step of the range is known and holds.
    fn new(known: &Arc<Known>, grid: Grid, reach_ms: i64, settled: Settled, changed: Changed) -> Option<Self> {
        let all = part(known.grid, &known.settled);
        let kept_from_ms = settled.from_ms.max(changed.removed_to_ms.saturating_add(1)).saturating_add(reach_ms);
        let held = part(all, &steps_within(all, kept_from_ms, changed.from_ms.saturating_sub(1)));
        // `inside` is a part of the range and not of the entry, whose grid has the same phase.
        let steps = if held.steps == 0 { 0..0 } else { steps_within(grid, held.start_ms, held.end_ms()) };
        let mut inside = steps;
        // A part of a single step would be evaluated as a moment is: it takes a second one along.
        if inside.start == 1 {
            inside.start += 1;
        }
        if inside.end + 1 == grid.steps {
            inside.end = inside.end.saturating_sub(1);
        }
        if inside.is_empty() {
            return None;
        }
        let missing = [0..inside.start, inside.end..grid.steps];
        let missing = missing.into_iter().filter(|steps| !steps.is_empty()).map(|steps| part(grid, &steps)).collect();
        Some(Self { known: Arc::clone(known), held, inside: part(grid, &inside), missing })
    }

    /// An answer of which everything is known.
    fn matrix(&self, grid: Grid) -> Matrix {
        let all = self.known.grid;
        let first = ((grid.start_ms - all.start_ms) / all.step_ms) as usize;
        let shown = first..first + grid.steps;
        Matrix { grid: all, columns: Arc::clone(&self.known.columns), cached: shown.clone(), shown }
    }

    /// The steps to keep: those of the range, and those known around it as far as there is room, so
    /// that a look at a part does not lose the whole.
    fn union(&self, grid: Grid) -> Grid {
        let room = grid.steps.max(self.known.grid.steps).min(MAX_STEPS) as i64;
        // Parts that are missing on a side mean that nothing is known beyond them.
        let missing_before = self.missing.first().is_some_and(|piece| piece.start_ms < self.inside.start_ms);
        let missing_after = self.missing.last().is_some_and(|piece| piece.start_ms > self.inside.start_ms);
        let mut end_ms = grid.end_ms();
        if !missing_after {
            end_ms = end_ms.max(self.held.end_ms()).min(grid.start_ms + (room - 1) * grid.step_ms).max(end_ms);
        }
        let mut start_ms = grid.start_ms;
        if !missing_before {
            start_ms = start_ms.min(self.held.start_ms).max(end_ms - (room - 1) * grid.step_ms).min(start_ms);
        }
        Grid::range(start_ms, end_ms, grid.step_ms)
    }
}

/// Whether an evaluation gave what can be put together with others: floats, each series once, in
/// the order of labels.
fn can_be_kept(columns: &[Column]) -> bool {
    columns.iter().all(|column| column.histograms.is_empty()) && columns.windows(2).all(|pair| pair[0].labels < pair[1].labels)
}

/// The columns of the steps that are known and of those that were evaluated.
fn unite(
    union: Grid,
    found: Option<&Found>,
    mut pieces: Vec<(Grid, Evaluation)>,
    limits: &QueryLimits,
) -> Result<(Vec<Column>, Vec<Annotation>), QueryError> {
    let mut annotations: Vec<Annotation> = found.map_or_else(Vec::new, |found| found.known.infos.clone());
    let Some(found) = found else {
        let fresh = pieces.pop().map(|(_, fresh)| fresh).unwrap_or_default();
        return Ok((fresh.columns, fresh.annotations));
    };
    let known = found.known.columns.len() + pieces.iter().map(|(_, piece)| piece.columns.len()).max().unwrap_or(0);
    let bytes = known.saturating_mul(union.steps.saturating_mul(size_of::<f64>())) as u64;
    let _charge = limits.budget.charge(bytes).map_err(|error| QueryError::Limit(error.to_string()))?;
    let place = |at_ms: i64| ((at_ms - union.start_ms) / union.step_ms) as usize;

    // What is known inside, and beyond the range on the sides where nothing is missing.
    let kept_from_ms =
        if found.missing.iter().any(|piece| piece.start_ms < found.inside.start_ms) { found.inside.start_ms } else { union.start_ms };
    let kept_to_ms =
        if found.missing.iter().any(|piece| piece.start_ms > found.inside.start_ms) { found.inside.end_ms() } else { union.end_ms() };
    let kept = steps_within(found.known.grid, kept_from_ms.max(found.held.start_ms), kept_to_ms.min(found.held.end_ms()));
    let kept_at = place(found.known.grid.time_ms(kept.start));
    let mut columns: Vec<Column> = Vec::with_capacity(known);
    let mut places = HashMap::with_capacity(known);
    for column in found.known.columns.iter() {
        let mut values = vec![ABSENT; union.steps];
        values[kept_at..kept_at + kept.len()].copy_from_slice(&column.values[kept.clone()]);
        places.insert(column.labels.clone(), columns.len());
        columns.push(Column::floats(column.labels.clone(), values));
    }
    for (grid, piece) in pieces {
        let at = place(grid.start_ms);
        for column in piece.columns {
            let index = *places.entry(column.labels).or_insert_with_key(|labels| {
                columns.push(Column::absent(labels.clone(), union.steps));
                columns.len() - 1
            });
            columns[index].values[at..at + grid.steps].copy_from_slice(&column.values);
        }
        annotations.extend(piece.annotations);
    }
    // Series that ended are gone once none of their steps is kept.
    columns.retain(|column| !column.is_empty());
    columns.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
    Ok((columns, annotations))
}
