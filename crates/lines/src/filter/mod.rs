//! Decides which lines pass conditions without putting them together, where that is possible.
//!
//! Each condition becomes texts that lines must have. For each pattern and text it is decided once
//! where the text can lie: in static text (all lines have it), nowhere (none has), or in variables,
//! whose columns are then searched as a whole. Lines are put together only when the texts are not
//! all that the condition asks for, and only those that are left.

mod column;
mod needle;
mod placement;
mod required;
mod verdict;

use crate::render::{Lines, render_view};
use crate::view::View;
use crate::{Columns, LinesError, Patterns, RowSet};
use column::Found;
use phoenix_model::logs::{LineFilter, LinePattern, ReadError};
use required::{Required, exactly, required};
use verdict::{Judge, Verdict};

/// Conditions on lines, prepared once per query.
#[derive(Debug, Clone)]
pub struct Filter {
    conditions: Vec<Condition>,
}

#[derive(Debug, Clone)]
struct Condition {
    negated: bool,
    alternatives: Vec<Alternative>,
}

#[derive(Debug, Clone)]
struct Alternative {
    pattern: LinePattern,
    required: Required,
    /// Better than the former, for segments of few patterns.
    exactly: Option<Required>,
}

/// Texts times patterns up to which each text is looked for in each pattern.
const MOST_LOOKS: usize = 16_384;

impl Filter {
    /// Prepares conditions that must all hold.
    ///
    /// The flags of a regular expression must stand in its text (`(?i)`), not be set beside it
    /// when it was built.
    pub fn new(filters: &[LineFilter]) -> Self {
        let conditions = filters
            .iter()
            .map(|filter| Condition { negated: filter.negated, alternatives: filter.alternatives.iter().map(Alternative::new).collect() });
        Self { conditions: conditions.collect() }
    }

    /// Whether every line passes because there is no condition.
    pub fn is_empty(&self) -> bool {
        self.conditions.is_empty()
    }

    /// Decides for each pattern of a segment what there is to look for.
    pub fn plan(&self, patterns: &Patterns) -> Plan {
        let conditions = self.conditions.iter().map(|condition| ConditionPlan {
            negated: condition.negated,
            alternatives: condition.alternatives.iter().map(|alternative| alternative.plan(patterns)).collect(),
        });
        Plan { conditions: conditions.collect(), patterns: patterns.len() }
    }

    /// Whether a line passes.
    pub fn passes(&self, line: &str) -> bool {
        self.conditions.iter().all(|c| c.alternatives.iter().any(|a| a.pattern.is_in(line)) != c.negated)
    }
}

impl Alternative {
    fn new(pattern: &LinePattern) -> Self {
        let required = match pattern {
            LinePattern::Contains(text) => Required { groups: vec![vec![text.clone().into_bytes()]], exact: true, local: true },
            LinePattern::Literals(literals) => {
                let groups = literals.iter().filter(|text| !text.is_empty()).map(|text| vec![text.clone().into_bytes()]);
                Required { groups: groups.collect(), exact: false, local: false }
            }
            LinePattern::Regex(regex) => required(regex.as_str()),
        };
        let exactly = if let LinePattern::Regex(regex) = pattern { exactly(regex.as_str()) } else { None };
        Self { pattern: pattern.clone(), required, exactly }
    }

    fn plan(&self, patterns: &Patterns) -> AlternativePlan {
        let mut judge = Judge::default();
        let is_small = |required: &&Required| required.groups[0].len() * patterns.len() <= MOST_LOOKS;
        let required = self.exactly.as_ref().filter(is_small).unwrap_or(&self.required);
        let verdicts = patterns.iter().map(|pattern| judge.verdict(&self.pattern, required, pattern)).collect();
        AlternativePlan { pattern: self.pattern.clone(), verdicts }
    }
}

/// A [`Filter`] against the patterns of a segment.
#[derive(Debug, Clone)]
pub struct Plan {
    conditions: Vec<ConditionPlan>,
    patterns: usize,
}

#[derive(Debug, Clone)]
struct ConditionPlan {
    negated: bool,
    alternatives: Vec<AlternativePlan>,
}

#[derive(Debug, Clone)]
struct AlternativePlan {
    pattern: LinePattern,
    /// For each pattern.
    verdicts: Vec<Verdict>,
}

impl Plan {
    /// Whether no line of a pattern can pass. Asked by number.
    pub fn refuses(&self, pattern: u32) -> bool {
        self.conditions.iter().any(|condition| {
            let verdicts = || condition.alternatives.iter().filter_map(|a| a.verdicts.get(pattern as usize));
            if condition.negated {
                verdicts().any(|verdict| matches!(verdict, Verdict::All))
            } else {
                verdicts().all(|verdict| matches!(verdict, Verdict::None))
            }
        })
    }

    /// Keeps exactly the rows whose lines pass.
    ///
    /// Fails when a column cannot be loaded, and when columns and patterns don't fit together.
    ///
    /// # Panics
    /// When the patterns are fewer than those of [`Filter::plan`], or more.
    pub fn select(&self, patterns: &Patterns, columns: &dyn Columns, rows: &mut RowSet) -> Result<(), ReadError> {
        if self.conditions.is_empty() || rows.is_empty() {
            return Ok(());
        }
        assert_eq!(self.patterns, patterns.len(), "a plan is for the patterns of its segment");
        let view = View::new(patterns, columns)?;
        if rows.capacity() != view.ids.len() {
            return Err(LinesError::Columns("a page has not the rows that were asked for").into());
        }
        let mut lines = Lines::default();
        let mut found = Found::default();
        for condition in &self.conditions {
            let mut passing = RowSet::none(view.ids.len());
            let mut open = rows.clone();
            for alternative in &condition.alternatives {
                alternative.select(&view, &mut found, &mut lines, &open, &mut passing)?;
                open.subtract(&passing);
            }
            if condition.negated {
                rows.subtract(&passing);
            } else {
                rows.intersect(&passing);
            }
            if rows.is_empty() {
                break;
            }
        }
        Ok(())
    }
}

impl AlternativePlan {
    /// Adds those of the open rows that have it to those that pass.
    fn select<'p>(
        &'p self,
        view: &View<'_>,
        found: &mut Found<'p>,
        lines: &mut Lines,
        open: &RowSet,
        passing: &mut RowSet,
    ) -> Result<(), ReadError> {
        if let Some(single) = view.single {
            match &self.verdicts[single as usize] {
                Verdict::All => passing.union(open),
                Verdict::None => {}
                Verdict::Look { .. } => self.look(view, found, lines, single, open.clone(), passing)?,
            }
            return Ok(());
        }
        let mut by_pattern: Vec<(u32, RowSet)> = Vec::new();
        let mut places = vec![0u32; view.patterns.len()];
        for row in open.iter() {
            let id = view.ids[row];
            match &self.verdicts[id as usize] {
                Verdict::All => passing.insert(row),
                Verdict::None => {}
                Verdict::Look { .. } => {
                    let place = &mut places[id as usize];
                    if *place == 0 {
                        by_pattern.push((id, RowSet::none(view.ids.len())));
                        *place = by_pattern.len() as u32;
                    }
                    by_pattern[*place as usize - 1].1.insert(row);
                }
            }
        }
        for (id, rows) in by_pattern {
            self.look(view, found, lines, id, rows, passing)?;
        }
        Ok(())
    }

    /// Looks at the rows of one pattern.
    fn look<'p>(
        &'p self,
        view: &View<'_>,
        found: &mut Found<'p>,
        lines: &mut Lines,
        pattern: u32,
        mut rows: RowSet,
        passing: &mut RowSet,
    ) -> Result<(), ReadError> {
        let Verdict::Look { groups, exact } = &self.verdicts[pattern as usize] else { return Ok(()) };
        for ways in groups {
            let mut have = RowSet::none(view.ids.len());
            for way in ways {
                if rows.is_empty() {
                    break;
                }
                let mut left = rows.clone();
                for atom in way {
                    found.retain(view, atom, &mut left)?;
                }
                rows.subtract(&left);
                have.union(&left);
            }
            rows = have;
        }
        if *exact {
            passing.union(&rows);
            return Ok(());
        }
        let rows: Vec<u32> = rows.iter().map(|row| row as u32).collect();
        // Some at a time, so that a page of long lines does not stand in memory twice.
        for some in rows.chunks(256) {
            lines.clear();
            render_view(view, some.iter().map(|row| *row as usize), lines)?;
            for (row, line) in some.iter().zip(lines.iter()) {
                if self.pattern.is_in(line) {
                    passing.insert(*row as usize);
                }
            }
        }
        Ok(())
    }
}
