//! Finds the rows whose variable has a text: over whole columns where that is faster.

use super::needle::Needle;
use super::placement::{Relation, within};
use super::verdict::Atom;
use crate::number::{self, POWERS};
use crate::view::View;
use crate::{Kind, LinesError, RowSet, Spelling, Store, Texts, Value, hex};
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
                return retain(rows, |row| Ok(atom.needle.holds(atom.relation, texts.row(row)?)));
            }
            self.texts.insert(atom, codes_of(texts, atom)?);
        }
        let Codes::Some(hits) = &self.texts[atom] else {
            rows.clear(rows.capacity());
            return Ok(());
        };
        if rows.count() * 8 < rows.capacity() {
            return retain(rows, |row| {
                let hit = texts.codes.get(row).and_then(|code| hits.get(*code as usize));
                hit.copied().ok_or_else(|| LinesError::Columns("a row has no text").into())
            });
        }
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
            let is_short = |text: &[u8]| text.iter().filter(|b| **b != b'-').count() < 3;
            if atom.needle.texts().iter().any(|text| is_short(text)) {
                return self.retain_written(view, atom, rows);
            }
            let mut found = RowSet::none(view.ids.len());
            for text in atom.needle.texts() {
                add_rows_with_digits(view, atom, text, &mut found)?;
            }
            self.ids.insert(atom, found);
        }
        rows.intersect(&self.ids[atom]);
        Ok(())
    }

    fn retain_numbers(&mut self, view: &View<'_>, atom: &Atom, rows: &mut RowSet) -> Result<(), ReadError> {
        let numbers = view.numbers(atom.variable.slot)?;
        let number = |row: usize| numbers.get(row).copied().ok_or(LinesError::Columns("a row has no number"));
        let kind = atom.variable.kind;
        let texts = atom.needle.texts();
        let first = rows.iter().next();
        if let Some(first) = first {
            // Many columns hold the same number over and over; one look is enough then.
            let only = number(first)?;
            let mut is_only = true;
            for row in rows.iter() {
                is_only &= number(row)? == only;
                if !is_only {
                    break;
                }
            }
            if is_only {
                let text = &mut self.scratch.text;
                text.clear();
                kind.push_number(text, only);
                if !atom.needle.holds(atom.relation, text) {
                    rows.clear(rows.capacity());
                }
                return Ok(());
            }
        }
        if let (Kind::Time(spelling), Relation::Contains) = (kind, atom.relation) {
            let within = within(spelling, texts);
            if !within.elsewhere {
                let mut left = std::mem::take(rows);
                *rows = left.clone();
                self.retain_days(spelling, &atom.needle, rows, number)?;
                if within.fraction {
                    left.subtract(rows);
                    self.retain_fractions(spelling, &atom.needle, &mut left, number)?;
                    rows.union(&left);
                }
                return Ok(());
            }
        }
        if atom.relation == Relation::Equals {
            // A number has one text only.
            let parse = match kind {
                Kind::Int => Some(number::parse_int as fn(&[u8]) -> Option<i64>),
                Kind::Decimal => Some(number::parse_decimal as fn(&[u8]) -> Option<i64>),
                Kind::Ip => Some(number::parse_ip as fn(&[u8]) -> Option<i64>),
                _ => None,
            };
            if let Some(parse) = parse {
                let mut wanted: Vec<i64> = texts.iter().filter_map(|text| parse(text)).collect();
                wanted.sort_unstable();
                return match wanted.as_slice() {
                    [only] => retain(rows, |row| Ok(number(row)? == *only)),
                    _ => retain(rows, |row| Ok(wanted.binary_search(&number(row)?).is_ok())),
                };
            }
        }
        if let (Kind::Int, Relation::Begins | Relation::Ends, true) = (kind, atom.relation, texts.len() <= 4) {
            let wanted: Option<Vec<(usize, i64)>> =
                texts.iter().map(|text| (text.len() < POWERS.len()).then(|| Some((text.len(), number::digits(text)?))).flatten()).collect();
            if let Some(wanted) = wanted {
                let is_begin = atom.relation == Relation::Begins;
                return retain(rows, |row| {
                    let value = number(row)?;
                    let len = number::int_len(value);
                    Ok(wanted.iter().any(|(digits, want)| match len.checked_sub(*digits).and_then(|rest| POWERS.get(rest)) {
                        Some(power) if is_begin => value / power == *want,
                        Some(_) => value % POWERS[*digits] == *want,
                        None => false,
                    }))
                });
            }
        }
        if atom.relation == Relation::Contains && matches!(kind, Kind::Int | Kind::Decimal) {
            return self.retain_digits(kind, &atom.needle, rows, number);
        }
        self.retain_written(view, atom, rows)
    }

    /// Keeps the rows whose day has what is looked for; looks once at each day.
    fn retain_days(
        &mut self,
        spelling: Spelling,
        needle: &Needle,
        rows: &mut RowSet,
        number: impl Fn(usize) -> Result<i64, LinesError>,
    ) -> Result<(), ReadError> {
        let text = &mut self.scratch.text;
        let mut last = None;
        retain(rows, |row| {
            let value = number(row)?;
            let day = spelling.day(value);
            if let Some((known, hit)) = last
                && known == day
            {
                return Ok(hit);
            }
            text.clear();
            spelling.push(text, value);
            text.truncate(spelling.day_len());
            let hit = needle.holds(Relation::Contains, text);
            last = Some((day, hit));
            Ok(hit)
        })
    }

    /// Keeps the rows the digits of whose fraction have what is looked for.
    fn retain_fractions(
        &mut self,
        spelling: Spelling,
        needle: &Needle,
        rows: &mut RowSet,
        number: impl Fn(usize) -> Result<i64, LinesError>,
    ) -> Result<(), ReadError> {
        const WIDTH: usize = 10;
        let text = &mut self.scratch.text;
        text.clear();
        text.resize(rows.count() * WIDTH, BETWEEN);
        let digits = usize::from(spelling.digits);
        for (field, row) in text.chunks_exact_mut(WIDTH).zip(rows.iter()) {
            let mut rest = number(row)?.rem_euclid(POWERS[9]) / POWERS[9 - digits];
            for digit in field[..digits].iter_mut().rev() {
                *digit = b'0' + (rest % 10) as u8;
                rest /= 10;
            }
        }
        retain_fields(text, WIDTH, needle, rows);
        Ok(())
    }

    /// Writes integers or decimals into fields of the same width and searches all of them at once.
    fn retain_digits(
        &mut self,
        kind: Kind,
        needle: &Needle,
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
        if longest < needle.shortest() {
            rows.clear(rows.capacity());
            return Ok(());
        }
        retain_fields(text, WIDTH, needle, rows);
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
            let mut next = atom.needle.find(text, 0);
            rows.retain(|_| {
                let end = ends[i] as usize;
                let is_hit = next.is_some_and(|(at, _)| at < end);
                if is_hit {
                    next = atom.needle.find(text, end);
                }
                i += 1;
                is_hit
            });
        } else {
            let mut start = 0;
            rows.retain(|_| {
                let end = ends[i] as usize;
                let is_hit = atom.needle.holds(atom.relation, &text[start..end]);
                start = end + 1;
                i += 1;
                is_hit
            });
        }
        Ok(())
    }
}

/// Keeps the rows whose field has what is looked for; fields are as wide as each other.
fn retain_fields(text: &[u8], width: usize, needle: &Needle, rows: &mut RowSet) {
    let mut next = needle.find(text, 0).map(|(at, _)| at / width);
    let mut field = 0;
    rows.retain(|_| {
        let is_hit = next == Some(field);
        field += 1;
        if is_hit {
            next = needle.find(text, field * width).map(|(at, _)| at / width);
        }
        is_hit
    });
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
        return Ok(texts_with(texts, &atom.needle));
    }
    let (mut start, mut any) = (0, false);
    let mut hits = Vec::with_capacity(texts.ends.len());
    for end in texts.ends {
        let text = texts.bytes.get(start..*end as usize).ok_or(LinesError::Columns("texts are cut"))?;
        let hit = atom.needle.holds(atom.relation, text);
        any |= hit;
        hits.push(hit);
        start = *end as usize;
    }
    Ok(if any { Codes::Some(hits) } else { Codes::None })
}

/// The texts that have another one in them, found by searching all of them at once.
fn texts_with(texts: Texts<'_>, needle: &Needle) -> Codes {
    let mut hits = Vec::new();
    let (mut code, mut from) = (0, 0);
    while let Some((at, found_end)) = needle.find(texts.bytes, from) {
        code += texts.ends[code..].partition_point(|end| *end as usize <= at);
        let Some(end) = texts.ends.get(code).map(|end| *end as usize) else { break };
        let is_inside = found_end <= end;
        // What was found reaches into the next text; a shorter one may not.
        if is_inside || (needle.texts().len() > 1 && needle.holds(Relation::Contains, &texts.bytes[at..end])) {
            if hits.is_empty() {
                hits.resize(texts.ends.len(), false);
            }
            hits[code] = true;
            from = end;
        } else {
            from = at + 1;
        }
    }
    if hits.is_empty() { Codes::None } else { Codes::Some(hits) }
}

/// Adds rows of a kind of id that have a text as the condition says: its digits are looked for as
/// bytes, at both halves of a byte, and what is found is looked at again as text. At least three
/// digits.
fn add_rows_with_digits(view: &View<'_>, atom: &Atom, needle: &[u8], rows: &mut RowSet) -> Result<(), ReadError> {
    let nibbles: Vec<u8> = needle.iter().filter_map(|b| hex::nibble(*b)).collect();
    let column = view.hex(atom.variable.slot)?;
    let mut text = Vec::new();
    let digits = nibbles.len();
    let is_aligned = matches!(atom.relation, Relation::Begins | Relation::Equals);
    let is_at_end = atom.relation == Relation::Ends;
    for skip in [0, 1] {
        if (skip == 1 && is_aligned) || (is_at_end && (digits - skip) % 2 == 1) {
            continue;
        }
        let bytes: Vec<u8> = nibbles[skip..].chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        for at in memmem::find_iter(column.bytes, &bytes) {
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
                if atom.relation.holds(&text, needle) {
                    rows.insert(row);
                }
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_searched_each_for_itself() {
        let texts = Texts { codes: &[], ends: &[2, 2, 5, 6], bytes: b"abcdeb" };
        for (needles, want) in [
            (vec!["bc"], vec![]),
            (vec!["b"], vec![0, 3]),
            (vec!["cde"], vec![2]),
            (vec!["eb", "abcd"], vec![]),
            (vec!["bc", "b"], vec![0, 3]),
            (vec!["bcd", "ab", "de"], vec![0, 2]),
        ] {
            let needle = Needle::new(needles.iter().map(|text| text.as_bytes().into()).collect(), true);
            let got: Vec<usize> = match texts_with(texts, &needle) {
                Codes::None => Vec::new(),
                Codes::Some(hits) => (0..hits.len()).filter(|i| hits[*i]).collect(),
            };
            assert_eq!(got, want, "{needles:?}");
        }
    }
}
