//! Fields of lines, read from the columns in which they stand.

use super::layout::{PageHead, Section};
use super::lines::PageColumns;
use super::prepared::LoadedFilters;
use super::read::{Reading, rows_between};
use super::words::Needle;
use super::{PageReader, PageRef, Prepared, Segment, SegmentError};
use crate::Tombstone;
use parking_lot::Mutex;
use phoenix_lines::{Columns, Fields, Filter, Lines, Patterns, Place, Plan, RowSet, Store, Value, Variable, render};
use phoenix_model::LabelsRef;
use phoenix_model::logs::{
    FieldFormat, FieldSelect, FieldValue, FieldVisitor, Level, LineFilter, LinePattern, LogBatch, ReadError, ReadLimits, ReadStats,
};
use regex::Regex;
use std::sync::{Arc, OnceLock};

/// Bytes that reading holds for each row and field.
const VALUE_BYTES: u64 = 32;
/// Segments for which it is kept where fields stand.
const PLACES: usize = 32;

/// Which fields are asked for, prepared once per query.
pub(crate) struct PreparedFields<'a> {
    fields: &'a FieldSelect<'a>,
    /// What `key=value` lines hold that have one of the fields, where that is sure.
    holds: Option<KeyConditions>,
    /// By the number of the segment.
    places: Mutex<Vec<(u64, Arc<Places>)>>,
}

/// Where the fields stand in the lines of a segment.
struct Places {
    /// For each name.
    of: Vec<Fields>,
    holds: Option<KeyPlans>,
}

/// What lines hold that have one of some keys.
struct KeyConditions {
    /// In pages without a sign in [`SPACES`] before an equals sign.
    plain: Filter,
    /// In the few others: each text more that may stand there is looked for in every row.
    spaced: Filter,
    signs: Vec<Needle>,
}

/// The conditions against the patterns of a segment; the rare one is made when it is first needed.
struct KeyPlans {
    plain: Plan,
    spaced: OnceLock<Plan>,
}

impl<'a> PreparedFields<'a> {
    pub(crate) fn new(fields: &'a FieldSelect<'a>) -> Self {
        let holds = match fields.format {
            FieldFormat::Logfmt => key_conditions(fields.names),
            // Whether a line is JSON at all only the whole line tells.
            FieldFormat::Json => None,
        };
        Self { fields, holds, places: Mutex::default() }
    }

    fn places(&self, segment: u64, patterns: &Patterns) -> Arc<Places> {
        let mut places = self.places.lock();
        if let Some((_, known)) = places.iter().find(|(number, _)| *number == segment) {
            return Arc::clone(known);
        }
        let field = |name: &String| match self.fields.format {
            FieldFormat::Logfmt => Fields::logfmt(patterns, name),
            FieldFormat::Json => Fields::json(patterns, name),
        };
        let made = Arc::new(Places {
            of: self.fields.names.iter().map(field).collect(),
            holds: self.holds.as_ref().map(|holds| KeyPlans { plain: holds.plain.plan(patterns), spaced: OnceLock::new() }),
        });
        if places.len() == PLACES {
            places.remove(0);
        }
        places.push((segment, Arc::clone(&made)));
        made
    }
}

/// The spaces of Unicode beyond ASCII.
const SPACES: &str = "\u{85}\u{a0}\u{1680}\u{2000}\u{2001}\u{2002}\u{2003}\u{2004}\u{2005}\u{2006}\u{2007}\u{2008}\u{2009}\u{200a}\u{2028}\u{2029}\u{202f}\u{205f}\u{3000}";

/// What stands in every `key=value` line that has one of the keys: the end of the key with its sign,
/// which rules most out at once, and all of it, with anything in the place of each `_`. `None` where
/// nothing is sure. Spaces beyond ASCII behind a key are cut off it: a line with one may have the key too.
fn key_conditions(names: &[String]) -> Option<KeyConditions> {
    let (mut alternatives, mut ends) = (Vec::new(), Vec::new());
    for name in names {
        if name.is_empty() || name.ends_with("_extracted") || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            return None;
        }
        // A name may begin with a `_` that stands in for nothing, before a digit; one letter may be several `_`.
        let parts: Vec<&str> = name.trim_start_matches('_').split('_').filter(|part| !part.is_empty()).collect();
        let end = if name.ends_with('_') { "[^0-9A-Za-z]+=" } else { r"\s*=" };
        alternatives.push(format!("{}{end}", parts.join("[^0-9A-Za-z]+")));
        let last = if name.ends_with('_') { "" } else { parts.last().copied().unwrap_or("") };
        ends.push(LinePattern::Contains(format!("{last}=")));
    }
    let whole = Regex::new(&format!("(?s){}", alternatives.join("|"))).ok()?;
    let signs: Vec<String> = SPACES.chars().map(|space| format!("{space}=")).collect();
    let any = |alternatives| LineFilter { negated: false, alternatives };
    let whole = any(vec![LinePattern::Regex(whole)]);
    let plain = Filter::new(&[any(ends.clone()), whole.clone()]);
    ends.extend(signs.iter().cloned().map(LinePattern::Contains));
    Some(KeyConditions { plain, spaced: Filter::new(&[any(ends), whole]), signs: signs.iter().map(|sign| Needle::exact(sign)).collect() })
}

/// The value of a field in a row, before its text is looked up.
#[derive(Clone, Copy)]
enum Found {
    Absent,
    Number(f64),
    /// A part of the texts that were put together.
    Text(u32, u32),
    Unknown,
}

impl Segment {
    /// As [`Segment::read_page`], with fields in the place of lines.
    #[expect(clippy::too_many_arguments, reason = "what a page is read for, and where what is found goes")]
    pub(crate) fn read_page_fields(
        &self,
        page: &PageRef,
        prepared: &Prepared<'_>,
        fields: &PreparedFields<'_>,
        tombstones: &[Tombstone],
        limits: &ReadLimits<'_>,
        stats: &mut ReadStats,
        visitor: &mut dyn FieldVisitor,
    ) -> Result<(), ReadError> {
        if (limits.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        let head = self.head()?;
        let Some(page_head) = head.pages.get(page.page as usize) else { return Ok(()) };
        let select = prepared.select();
        let mut reader = PageReader::new(&self.files, Arc::clone(&head), true);
        let bytes = u64::from(page_head.rows) * VALUE_BYTES * (2 + fields.fields.names.len() as u64) + page_head.raw_bytes;
        let _charge = limits.budget.charge(bytes + if select.need.metadata { head.metadata_memory(page.page) } else { 0 })?;
        let reading = Reading { page: page.page, prepared, tombstones, limits };
        let columns = PageColumns::new(&mut reader, page.page);
        let outcome = (|| {
            let Some(selected) = reading.select(&head, &columns, (select.start_ns, select.end_ns), stats)? else { return Ok(()) };
            let places = fields.places(columns.segment_number(), &head.patterns);
            let holds = match (&places.holds, &fields.holds) {
                (Some(plans), Some(conditions)) if self.may_hold_one(page_head, &conditions.signs)? => {
                    Some(plans.spaced.get_or_init(|| conditions.spaced.plan(&head.patterns)))
                }
                (plans, _) => plans.as_ref().map(|plans| &plans.plain),
            };
            let values = Values::read(fields.fields, &places, holds, &head.patterns, &columns, &selected.rows)?;
            let times = columns.times()?;
            let levels = columns.reader.borrow_mut().levels(page.page)?;
            let sets = columns.sets(select, &selected.rows)?;
            let rows: Vec<usize> = selected.rows.iter().collect();
            for run in selected.runs {
                let range = rows_between(times, run.start as usize..run.end as usize, select.start_ns, select.end_ns);
                let first = rows.partition_point(|row| *row < range.start);
                let taken = first..rows.partition_point(|row| *row < range.end).max(first);
                if taken.is_empty() {
                    continue;
                }
                let timestamps: Vec<i64> = rows[taken.clone()].iter().map(|row| times[*row]).collect();
                let levels: Vec<Level> = rows[taken.clone()].iter().map(|row| levels[*row]).collect();
                let metadata: Vec<LabelsRef<'_>> =
                    if select.need.metadata { rows[taken.clone()].iter().map(|row| sets.get(*row)).collect() } else { Vec::new() };
                let lines: Vec<&str> = taken.clone().map(|i| values.line(i)).collect();
                let found: Vec<Vec<FieldValue<'_>>> =
                    values.found.iter().map(|of_name| of_name[taken.clone()].iter().map(|found| values.shown(*found)).collect()).collect();
                let found: Vec<&[FieldValue<'_>]> = found.iter().map(Vec::as_slice).collect();
                let batch = LogBatch {
                    stream: &head.streams[run.stream as usize],
                    timestamps_ns: &timestamps,
                    levels: &levels,
                    lines: &lines,
                    metadata: &metadata,
                    sizes: &[],
                };
                visitor.fields(&batch, &found)?;
            }
            Ok(())
        })();
        stats.compressed_bytes += reader.bytes;
        outcome
    }

    /// Whether a line of a page may hold one of these, by the page's trigrams.
    fn may_hold_one(&self, page: &PageHead, needles: &[Needle]) -> Result<bool, SegmentError> {
        let bytes = self.section(Section::Trigrams)?;
        let filters = LoadedFilters { words: None, longest_word: page.longest_word, trigrams: bytes.get(page.trigrams.clone()) };
        Ok(needles.iter().any(|needle| filters.allow(needle)))
    }
}

/// The values of all fields in the rows that passed, in the order of these.
struct Values {
    found: Vec<Vec<Found>>,
    text: String,
    /// The lines of rows with a value that is not known.
    lines: Lines,
    /// For each row that passed, where its line is, from one; zero without one.
    line_of: Vec<u32>,
}

impl Values {
    fn read(
        fields: &FieldSelect<'_>,
        places: &Places,
        holds: Option<&Plan>,
        patterns: &Patterns,
        columns: &PageColumns<'_, '_>,
        rows: &RowSet,
    ) -> Result<Self, ReadError> {
        let ids = columns.patterns()?;
        let is_parsed = |place: &Place| match place {
            Place::Parse => true,
            // Where the bytes of a row begin depends on all rows before it.
            Place::Variable(variable) => variable.kind.store() == Store::Hex,
            Place::Absent | Place::Static(_) => false,
        };
        let must_parse = |id: u32| places.of.iter().any(|fields| is_parsed(fields.place(id)));
        let mut parsed = RowSet::none(ids.len());
        let parse: Vec<bool> = (0..patterns.len() as u32).map(must_parse).collect();
        rows.iter().filter(|row| parse[ids[*row] as usize]).for_each(|row| parsed.insert(row));
        if let Some(holds) = holds
            && !parsed.is_empty()
        {
            holds.select(patterns, columns, &mut parsed)?;
        }
        let mut lines = Lines::default();
        render(patterns, columns, &parsed, &mut lines)?;
        let mut line_of = Vec::with_capacity(rows.count());
        let mut known = 0;
        for row in rows.iter() {
            let has = parsed.contains(row);
            known += u32::from(has);
            line_of.push(if has { known } else { 0 });
        }
        let mut text = Vec::new();
        let mut found = Vec::with_capacity(fields.names.len());
        for (name, of_name) in fields.names.iter().zip(&places.of) {
            let is_number = fields.number == Some(name.as_str());
            let mut of_rows = Vec::with_capacity(line_of.len());
            for (row, line) in rows.iter().zip(&line_of) {
                let id = ids[row];
                of_rows.push(if *line > 0 {
                    Found::Unknown
                } else if parse[id as usize] {
                    // A line without the key.
                    Found::Absent
                } else {
                    match of_name.place(id) {
                        Place::Absent => Found::Absent,
                        Place::Static(value) => put(&mut text, |text| text.extend_from_slice(value.as_bytes())),
                        Place::Variable(variable) => value(columns, *variable, row, is_number, &mut text)?,
                        Place::Parse => Found::Unknown,
                    }
                });
            }
            found.push(of_rows);
        }
        let text = String::from_utf8(text).map_err(|_| ReadError::Storage("the text of a field is not UTF-8".to_owned()))?;
        Ok(Self { found, text, lines, line_of })
    }

    /// The line of a row that passed, if one of its values is not known.
    fn line(&self, i: usize) -> &str {
        match self.line_of[i] {
            0 => "",
            at => self.lines.get(at as usize - 1),
        }
    }

    fn shown(&self, found: Found) -> FieldValue<'_> {
        match found {
            Found::Absent => FieldValue::Absent,
            Found::Number(number) => FieldValue::Number(number),
            Found::Text(start, end) => FieldValue::Text(&self.text[start as usize..end as usize]),
            Found::Unknown => FieldValue::Unknown,
        }
    }
}

/// Adds a text; an empty one is no value.
fn put(text: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>)) -> Found {
    let start = text.len() as u32;
    write(text);
    let end = text.len() as u32;
    if start == end { Found::Absent } else { Found::Text(start, end) }
}

/// The value of a variable, as a number where only that counts.
fn value(columns: &PageColumns<'_, '_>, variable: Variable, row: usize, is_number: bool, text: &mut Vec<u8>) -> Result<Found, ReadError> {
    let missing = || ReadError::Storage("a row has no value for a variable of its pattern".to_owned());
    Ok(match variable.kind.store() {
        Store::Numbers => {
            let raw = *columns.numbers(variable.slot)?.get(row).ok_or_else(missing)?;
            match variable.kind.number(raw).filter(|_| is_number) {
                Some(number) => Found::Number(number),
                None => put(text, |text| Value::Number(raw).push(variable.kind, text)),
            }
        }
        Store::Texts => {
            let texts = columns.texts(variable.slot)?;
            let bytes = texts.codes.get(row).and_then(|code| texts.get(*code)).ok_or_else(missing)?;
            put(text, |text| text.extend_from_slice(bytes))
        }
        Store::Hex => return Err(ReadError::Storage("the bytes of an id are not read one by one".to_owned())),
    })
}
