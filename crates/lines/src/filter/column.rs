//! Finds the rows whose variable has a text: over whole columns where that is faster.

use super::placement::{Atom, Relation};
use crate::number::{self, POWERS};
use crate::view::View;
use crate::{Kind, LinesError, RowSet, Store, Texts, Value, hex};
use hashbrown::HashMap;
use memchr::memmem;
use phoenix_model::logs::ReadError;
use std::cell::Cell;

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
    pub(super) fn retain(&mut self, view: &View<'_>, atom: &'p Atom, rows: &mut RowSet) -> Result<(), ReadError> {
        if rows.is_empty() {
            return Ok(());
        }
        match atom.variable.kind.store() {
            Store::Texts => self.retain_texts(view, atom, rows),
            Store::Hex => self.retain_ids(view, atom, rows),
            Store::Numbers => self.retain_numbers(view, atom, rows),
        }
    }

    fn retain_texts(&mut self, view: &View<'_>, atom: &'p Atom, rows: &mut RowSet) -> Result<(), ReadError> {
        let texts = view.texts(atom.variable.slot)?;
        if !self.texts.contains_key(atom) {
            if texts.ends.len() > rows.count() * 4 {
                return retain(rows, |row| Ok(atom.relation.holds(texts.row(row)?, &atom.text)));
            }
            self.texts.insert(atom, codes_of(texts, atom)?);
        }
        let Codes::Some(hits) = &self.texts[atom] else {
            rows.clear(rows.capacity());
            return Ok(());
        };
        rows.mask(|start, word| {
            let codes = texts.codes.get(start..).unwrap_or_default();
            let (mut keep, mut unknown) = (0, 0);
            for (bit, code) in codes.iter().take(64).enumerate() {
                match hits.get(*code as usize) {
                    Some(hit) => keep |= u64::from(*hit) << bit,
                    None => unknown |= 1 << bit,
                }
            }
            if codes.len() < 64 {
                unknown |= u64::MAX << codes.len();
            }
            if unknown & word != 0 { Err(LinesError::Columns("a row has no text").into()) } else { Ok(keep) }
        })
    }

    fn retain_ids(&mut self, view: &View<'_>, atom: &'p Atom, rows: &mut RowSet) -> Result<(), ReadError> {
        if !self.ids.contains_key(atom) {
            let nibbles: Vec<u8> = atom.text.iter().filter_map(|b| hex::nibble(*b)).collect();
            if nibbles.len() < 3 {
                return self.retain_written(view, atom, rows);
            }
            let found = rows_with_nibbles(view, atom, &nibbles)?;
            self.ids.insert(atom, found);
        }
        rows.intersect(&self.ids[atom]);
        Ok(())
    }

    fn retain_numbers(&mut self, view: &View<'_>, atom: &Atom, rows: &mut RowSet) -> Result<(), ReadError> {
        let numbers = view.numbers(atom.variable.slot)?;
        let number = |row: usize| numbers.get(row).copied().ok_or(LinesError::Columns("a row has no number"));
        let kind = atom.variable.kind;
        if atom.relation == Relation::Equals {
            // A number has one text only.
            let want = match kind {
                Kind::Int => Some(number::parse_int(&atom.text)),
                Kind::Decimal => Some(number::parse_decimal(&atom.text)),
                Kind::Ip => Some(number::parse_ip(&atom.text)),
                _ => None,
            };
            if let Some(want) = want {
                return retain(rows, |row| Ok(Some(number(row)?) == want));
            }
        }
        let digits = atom.text.len();
        if kind == Kind::Int
            && digits < POWERS.len()
            && let Some(want) = number::digits(&atom.text)
        {
            let shift = POWERS[digits];
            match atom.relation {
                Relation::Begins => {
                    return retain(rows, |row| {
                        let value = number(row)?;
                        let power = number::int_len(value).checked_sub(digits).and_then(|rest| POWERS.get(rest));
                        Ok(power.is_some_and(|power| value / power == want))
                    });
                }
                Relation::Ends => {
                    return retain(rows, |row| {
                        let value = number(row)?;
                        Ok(value % shift == want && number::int_len(value) >= digits)
                    });
                }
                Relation::Contains | Relation::Equals => {}
            }
        }
        if atom.relation == Relation::Contains && matches!(kind, Kind::Int | Kind::Decimal) {
            return self.retain_digits(kind, &atom.text, rows, number);
        }
        self.retain_written(view, atom, rows)
    }

    /// Writes integers or decimals into fields of the same width and searches all of them at once.
    fn retain_digits(
        &mut self,
        kind: Kind,
        needle: &[u8],
        rows: &mut RowSet,
        number: impl Fn(usize) -> Result<i64, LinesError>,
    ) -> Result<(), ReadError> {
        const WIDTH: usize = 24;
        let text = &mut self.scratch.text;
        text.clear();
        text.resize(rows.count() * WIDTH, BETWEEN);
        let mut longest = 0;
        for (field, row) in text.chunks_exact_mut(WIDTH).zip(rows.iter()) {
            let value = number(row)?;
            let (mantissa, digits) = if kind == Kind::Int { (value, 0) } else { number::decimal_parts(value) };
            // From the last digit on; the field's last byte stays free.
            let mut at = WIDTH - 1;
            let mut rest = mantissa.unsigned_abs();
            let mut count = 0;
            loop {
                if count == digits && digits > 0 {
                    at -= 1;
                    field[at] = b'.';
                }
                at -= 1;
                field[at] = b'0' + (rest % 10) as u8;
                rest /= 10;
                count += 1;
                if rest == 0 && count > digits {
                    break;
                }
            }
            longest = longest.max(WIDTH - 1 - at);
        }
        if longest < needle.len() {
            rows.clear(rows.capacity());
            return Ok(());
        }
        let mut hits = memmem::find_iter(text, needle).map(|at| at / WIDTH);
        let mut next = hits.next();
        let mut field = 0;
        rows.retain(|_| {
            let is_hit = next == Some(field);
            while next == Some(field) {
                next = hits.next();
            }
            field += 1;
            is_hit
        });
        Ok(())
    }

    /// Writes all values and searches their text.
    fn retain_written(&mut self, view: &View<'_>, atom: &Atom, rows: &mut RowSet) -> Result<(), ReadError> {
        let Scratch { text, ends } = &mut self.scratch;
        text.clear();
        ends.clear();
        let day = Cell::default();
        for row in rows.iter() {
            match (view.value(atom.variable, row)?, atom.variable.kind) {
                (Value::Number(number), Kind::Time(spelling)) => spelling.push_remembering(text, number, &day),
                (value, kind) => value.push(kind, text),
            }
            ends.push(text.len() as u32);
            text.push(BETWEEN);
        }
        let mut i = 0;
        if atom.relation == Relation::Contains {
            let mut hits = memmem::find_iter(text, &atom.text);
            let mut next = hits.next();
            rows.retain(|_| {
                let end = ends[i] as usize;
                let is_hit = next.is_some_and(|at| at < end);
                while next.is_some_and(|at| at < end) {
                    next = hits.next();
                }
                i += 1;
                is_hit
            });
        } else {
            let mut start = 0;
            rows.retain(|_| {
                let end = ends[i] as usize;
                let is_hit = atom.relation.holds(&text[start..end], &atom.text);
                start = end + 1;
                i += 1;
                is_hit
            });
        }
        Ok(())
    }
}

/// Keeps rows while nothing fails.
fn retain(rows: &mut RowSet, mut keep: impl FnMut(usize) -> Result<bool, ReadError>) -> Result<(), ReadError> {
    let mut failed = None;
    rows.retain(|row| {
        failed.is_none()
            && keep(row).unwrap_or_else(|error| {
                failed = Some(error);
                false
            })
    });
    failed.map_or(Ok(()), Err)
}

/// Which texts of a column have a property.
fn codes_of(texts: Texts<'_>, atom: &Atom) -> Result<Codes, LinesError> {
    if atom.relation == Relation::Contains {
        return Ok(texts_with(texts.bytes, texts.ends, &atom.text));
    }
    let (mut start, mut any) = (0, false);
    let mut hits = Vec::with_capacity(texts.ends.len());
    for end in texts.ends {
        let text = texts.bytes.get(start..*end as usize).ok_or(LinesError::Columns("texts are cut"))?;
        let hit = atom.relation.holds(text, &atom.text);
        any |= hit;
        hits.push(hit);
        start = *end as usize;
    }
    Ok(if any { Codes::Some(hits) } else { Codes::None })
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
