//! Finds the rows whose variable has a text: over whole columns where that is faster.

use super::placement::{Atom, Relation};
use crate::view::View;
use crate::{Kind, LinesError, RowSet, Store, Value, hex};
use hashbrown::HashMap;
use memchr::memmem;
use phoenix_model::logs::ReadError;

/// Stands between values that are searched together; never part of a text that is searched.
const BETWEEN: u8 = 0xff;

/// What was found in columns of a page so far.
#[derive(Default)]
pub(super) struct Found<'p> {
    /// For each text of a column whether it is one.
    texts: HashMap<&'p Atom, Codes>,
    /// Rows with an id.
    ids: HashMap<&'p Atom, RowSet>,
    scratch: Scratch,
}

#[derive(Default)]
struct Scratch {
    text: Vec<u8>,
    ends: Vec<u32>,
}

/// Which texts of a column have a property.
enum Codes {
    None,
    Some(Vec<bool>),
}

impl<'p> Found<'p> {
    /// Keeps the rows of which the condition holds. All have the variable.
    pub(super) fn retain(&mut self, view: &View<'_>, atom: &'p Atom, rows: &mut Vec<u32>) -> Result<(), ReadError> {
        if rows.is_empty() {
            return Ok(());
        }
        match atom.variable.kind.store() {
            Store::Texts => self.retain_texts(view, atom, rows),
            Store::Hex => self.retain_ids(view, atom, rows),
            Store::Numbers => self.retain_numbers(view, atom, rows),
        }
    }

    fn retain_texts(&mut self, view: &View<'_>, atom: &'p Atom, rows: &mut Vec<u32>) -> Result<(), ReadError> {
        let texts = view.texts(atom.variable.slot)?;
        if texts.ends.len() > rows.len() * 4 && !self.texts.contains_key(atom) {
            return retain(rows, |row| Ok(atom.relation.holds(texts.row(row)?, &atom.text)));
        }
        if !self.texts.contains_key(atom) {
            let codes = match atom.relation {
                Relation::Contains => texts_with(texts.bytes, texts.ends, &atom.text),
                relation => {
                    let mut start = 0;
                    let mut any = false;
                    let mut hits = Vec::with_capacity(texts.ends.len());
                    for end in texts.ends {
                        let text = texts.bytes.get(start..*end as usize).ok_or(LinesError::Columns("texts are cut"))?;
                        let hit = relation.holds(text, &atom.text);
                        any |= hit;
                        hits.push(hit);
                        start = *end as usize;
                    }
                    if any { Codes::Some(hits) } else { Codes::None }
                }
            };
            self.texts.insert(atom, codes);
        }
        match &self.texts[atom] {
            Codes::None => rows.clear(),
            Codes::Some(hits) => {
                return retain(rows, |row| {
                    let hit = texts.codes.get(row).and_then(|code| hits.get(*code as usize));
                    hit.copied().ok_or(LinesError::Columns("a row has no text").into())
                });
            }
        }
        Ok(())
    }

    fn retain_ids(&mut self, view: &View<'_>, atom: &'p Atom, rows: &mut Vec<u32>) -> Result<(), ReadError> {
        if !self.ids.contains_key(atom) {
            let nibbles: Vec<u8> = atom.text.iter().filter_map(|b| hex::nibble(*b)).collect();
            if nibbles.len() < 3 {
                return self.retain_written(view, atom, rows);
            }
            let found = rows_with_nibbles(view, atom, &nibbles)?;
            self.ids.insert(atom, found);
        }
        let found = &self.ids[atom];
        rows.retain(|row| found.contains(*row as usize));
        Ok(())
    }

    fn retain_numbers(&mut self, view: &View<'_>, atom: &Atom, rows: &mut Vec<u32>) -> Result<(), ReadError> {
        let numbers = view.numbers(atom.variable.slot)?;
        let number = |row: usize| numbers.get(row).copied().ok_or(LinesError::Columns("a row has no number"));
        if atom.relation == Relation::Equals {
            // A kind's text is the only one of its number.
            let want = match atom.variable.kind {
                Kind::Int => Some(crate::number::parse_int(&atom.text)),
                Kind::Decimal => Some(crate::number::parse_decimal(&atom.text)),
                Kind::Ip => Some(crate::number::parse_ip(&atom.text)),
                _ => None,
            };
            if let Some(want) = want {
                return retain(rows, |row| Ok(Some(number(row)?) == want));
            }
        }
        if atom.variable.kind == Kind::Int {
            let mut highest = 0;
            for row in rows.iter() {
                highest = highest.max(number(*row as usize)?.unsigned_abs());
            }
            if highest.checked_ilog10().map_or(1, |log| log as usize + 1) < atom.text.len() {
                rows.clear();
                return Ok(());
            }
        }
        self.retain_written(view, atom, rows)
    }

    /// Writes all values and searches their text.
    fn retain_written(&mut self, view: &View<'_>, atom: &Atom, rows: &mut Vec<u32>) -> Result<(), ReadError> {
        let Scratch { text, ends } = &mut self.scratch;
        text.clear();
        ends.clear();
        for row in rows.iter() {
            view.value(atom.variable, *row as usize)?.push(atom.variable.kind, text);
            ends.push(text.len() as u32);
            text.push(BETWEEN);
        }
        let mut kept = 0;
        if atom.relation == Relation::Contains {
            let mut i = 0;
            let mut last = None;
            for at in memmem::find_iter(text, &atom.text) {
                while ends[i] as usize <= at {
                    i += 1;
                }
                if last != Some(i) {
                    rows[kept] = rows[i];
                    kept += 1;
                    last = Some(i);
                }
            }
        } else {
            let mut start = 0;
            for i in 0..rows.len() {
                let end = ends[i] as usize;
                if atom.relation.holds(&text[start..end], &atom.text) {
                    rows[kept] = rows[i];
                    kept += 1;
                }
                start = end + 1;
            }
        }
        rows.truncate(kept);
        Ok(())
    }
}

/// Keeps rows while nothing fails.
fn retain(rows: &mut Vec<u32>, mut keep: impl FnMut(usize) -> Result<bool, ReadError>) -> Result<(), ReadError> {
    let mut kept = 0;
    for i in 0..rows.len() {
        if keep(rows[i] as usize)? {
            rows[kept] = rows[i];
            kept += 1;
        }
    }
    rows.truncate(kept);
    Ok(())
}

/// The texts that have another one in them, found by searching all of them at once.
fn texts_with(bytes: &[u8], ends: &[u32], text: &[u8]) -> Codes {
    let finder = memmem::Finder::new(text);
    let mut hits = Vec::new();
    let (mut code, mut from) = (0, 0);
    while let Some(found) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        let at = from + found;
        code += ends[code..].partition_point(|end| *end as usize <= at);
        let Some(end) = ends.get(code).map(|end| *end as usize) else { break };
        if at + text.len() <= end {
            if hits.is_empty() {
                hits.resize(ends.len(), false);
            }
            hits[code] = true;
            from = end;
        } else {
            from = at + 1;
        }
    }
    if hits.is_empty() { Codes::None } else { Codes::Some(hits) }
}

/// Rows of a kind of id of which the condition holds: its digits are looked for as bytes, at both
/// halves of a byte, and what is found is looked at again as text. At least three digits.
fn rows_with_nibbles(view: &View<'_>, atom: &Atom, nibbles: &[u8]) -> Result<RowSet, ReadError> {
    let column = view.hex(atom.variable.slot)?;
    let mut rows = RowSet::none(view.ids.len());
    let mut text = Vec::new();
    let digits = nibbles.len();
    let aligned = matches!(atom.relation, Relation::Begins | Relation::Equals);
    let at_end = atom.relation == Relation::Ends;
    for skip in [0, 1] {
        if (skip == 1 && aligned) || (at_end && (digits - skip) % 2 == 1) {
            continue;
        }
        let bytes: Vec<u8> = nibbles[skip..].chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        let finder = memmem::Finder::new(&bytes);
        let mut from = 0;
        while let Some(found) = column.bytes.get(from..).and_then(|rest| finder.find(rest)) {
            let at = from + found;
            from = at + 1;
            if skip == 1 && (at == 0 || column.bytes[at - 1] & 15 != nibbles[0]) {
                continue;
            }
            if (digits - skip) % 2 == 1 && column.bytes.get(at + bytes.len()).is_none_or(|b| b >> 4 != nibbles[digits - 1]) {
                continue;
            }
            let row = column.row_at(at);
            if rows.contains(row) {
                continue;
            }
            let kind = atom.variable.kind;
            let value = column.row(row);
            if value.len() == kind.hex_bytes() {
                text.clear();
                Value::Hex(value).push(kind, &mut text);
                if atom.relation.holds(&text, &atom.text) {
                    rows.insert(row);
                }
            }
        }
    }
    Ok(rows)
}
