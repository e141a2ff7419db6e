//! Puts lines together again.

use crate::moment::Day;
use crate::view::{HexColumn, View};
use crate::{Columns, Kind, LinesError, Patterns, RowSet, Spelling, Store, Texts};
use phoenix_model::logs::ReadError;
use std::cell::Cell;

/// Lines in one buffer.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Lines {
    text: String,
    ends: Vec<u32>,
}

impl Lines {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// A line by its number, in the order of their rows.
    ///
    /// # Panics
    /// When there is no such line.
    #[inline]
    pub fn get(&self, i: usize) -> &str {
        let start = i.checked_sub(1).map_or(0, |before| self.ends[before] as usize);
        &self.text[start..self.ends[i] as usize]
    }

    /// All lines.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &str> {
        (0..self.ends.len()).map(|i| self.get(i))
    }

    /// Bytes of all lines.
    pub fn size_bytes(&self) -> usize {
        self.text.len()
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.text.clear();
        self.ends.clear();
    }
}

/// Appends the lines of rows, in ascending order.
///
/// Fails when a column cannot be loaded, when columns and patterns don't fit together, and when
/// the lines would be longer than 4 GiB together; there are no lines then.
pub fn render(patterns: &Patterns, columns: &dyn Columns, rows: &RowSet, out: &mut Lines) -> Result<(), ReadError> {
    render_view(&View::new(patterns, columns)?, rows.iter(), out)
}

/// Appends the length in bytes of the line of each row, in ascending order.
///
/// Fails as [`render`] does.
pub fn sizes(patterns: &Patterns, columns: &dyn Columns, rows: &RowSet, out: &mut Vec<u32>) -> Result<(), ReadError> {
    let view = View::new(patterns, columns)?;
    let mut plans = Plans::new(&view);
    for row in rows.iter() {
        let plan = plans.of(row)?;
        let mut len = plan.static_len;
        for step in &plan.steps {
            len += match &step.source {
                Source::Numbers(numbers) | Source::Moments(numbers, ..) => {
                    step.kind.number_len(*numbers.get(row).ok_or(LinesError::Columns("a row has no number"))?)
                }
                Source::Hex(_) => step.kind.hex_len(),
                Source::Texts(texts) => texts.row(row)?.len(),
            };
        }
        out.push(u32::try_from(len).map_err(|_| LinesError::PageFull)?);
    }
    Ok(())
}

pub(crate) fn render_view(view: &View<'_>, rows: impl Iterator<Item = usize>, out: &mut Lines) -> Result<(), ReadError> {
    let done = append(view, rows, out);
    if done.is_err() {
        out.clear();
    }
    done
}

fn append(view: &View<'_>, rows: impl Iterator<Item = usize>, out: &mut Lines) -> Result<(), ReadError> {
    let mut text = std::mem::take(&mut out.text).into_bytes();
    let mut plans = Plans::new(view);
    for row in rows {
        let plan = plans.of(row)?;
        for step in &plan.steps {
            text.extend_from_slice(step.before);
            match &step.source {
                Source::Moments(numbers, spelling, day) => {
                    let number = *numbers.get(row).ok_or(LinesError::Columns("a row has no number"))?;
                    spelling.push_remembering(&mut text, number, day);
                }
                Source::Numbers(numbers) => {
                    step.kind.push_number(&mut text, *numbers.get(row).ok_or(LinesError::Columns("a row has no number"))?);
                }
                Source::Hex(column) => step.kind.push_hex(&mut text, column.row(row)),
                Source::Texts(texts) => text.extend_from_slice(texts.row(row)?),
            }
        }
        text.extend_from_slice(plan.after);
        out.ends.push(u32::try_from(text.len()).map_err(|_| LinesError::PageFull)?);
    }
    out.text = String::from_utf8(text).map_err(|_| LinesError::Columns("a line is not UTF-8"))?;
    // Each line begins and ends where a character does, or the text of a column was cut.
    if out.ends.iter().any(|end| !out.text.is_char_boundary(*end as usize)) {
        return Err(LinesError::Columns("a line is not UTF-8").into());
    }
    Ok(())
}

/// How the lines of a pattern are put together.
struct LinePlan<'v, 'a> {
    steps: Vec<Step<'v, 'a>>,
    /// Static text after the last variable.
    after: &'a [u8],
    static_len: usize,
}

struct Step<'v, 'a> {
    /// Static text before the variable.
    before: &'a [u8],
    kind: Kind,
    source: Source<'v, 'a>,
}

enum Source<'v, 'a> {
    Numbers(&'a [i64]),
    Moments(&'a [i64], Spelling, Cell<Day>),
    Hex(&'v HexColumn<'a>),
    Texts(Texts<'a>),
}

/// The plans of a page's patterns, made when they are needed.
struct Plans<'v, 'a> {
    view: &'v View<'a>,
    made: Vec<LinePlan<'v, 'a>>,
    /// For each pattern, where its plan is, from one; zero without a plan.
    by_pattern: Vec<u32>,
}

impl<'v, 'a> Plans<'v, 'a> {
    fn new(view: &'v View<'a>) -> Self {
        Self { view, made: Vec::new(), by_pattern: vec![0; view.patterns.len()] }
    }

    #[inline]
    fn of(&mut self, row: usize) -> Result<&LinePlan<'v, 'a>, ReadError> {
        let id = *self.view.ids.get(row).ok_or(LinesError::Columns("there is no such row"))?;
        if self.by_pattern[id as usize] == 0 {
            let plan = self.make(id)?;
            self.made.push(plan);
            self.by_pattern[id as usize] = self.made.len() as u32;
        }
        Ok(&self.made[self.by_pattern[id as usize] as usize - 1])
    }

    fn make(&self, id: u32) -> Result<LinePlan<'v, 'a>, ReadError> {
        let pattern = self.view.patterns.get(id).ok_or(LinesError::Columns("a row has a pattern that does not exist"))?;
        let mut steps = Vec::with_capacity(pattern.variables().len());
        for (i, variable) in pattern.variables().iter().enumerate() {
            let source = match variable.kind.store() {
                Store::Numbers => {
                    let numbers = self.view.numbers(variable.slot)?;
                    match variable.kind {
                        Kind::Time(spelling) => Source::Moments(numbers, spelling, Cell::default()),
                        _ => Source::Numbers(numbers),
                    }
                }
                Store::Hex => Source::Hex(self.view.hex(variable.slot)?),
                Store::Texts => Source::Texts(self.view.texts(variable.slot)?),
            };
            steps.push(Step { before: pattern.static_text(i).as_bytes(), kind: variable.kind, source });
        }
        let after = pattern.static_text(steps.len()).as_bytes();
        Ok(LinePlan { steps, after, static_len: pattern.static_len() })
    }
}
