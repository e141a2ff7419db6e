//! One line of the text format.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use super::{Entry, Format, Line, Sample, comment, excerpt, number, series};

const BLANKS: [char; 2] = [' ', '\t'];

pub(super) fn line<'a>(line: &'a str, expected: Option<&str>) -> Result<Line<'a>, String> {
    let line = line.trim_start_matches(BLANKS);
    if line.is_empty() {
        return Ok(Line::Nothing);
    }
    if line.starts_with('#') {
        let says_something = comment::keyword(line, Format::Text).is_some();
        return Ok(if says_something { Line::Entry(Entry::Comment(line)) } else { Line::Nothing });
    }
    let (series, rest) = series::split(line, expected)?;
    let (value, rest) = token(rest.trim_start_matches(BLANKS));
    let value = number::value(value)?;
    let rest = rest.trim_start_matches(BLANKS);
    let (timestamp, rest) = token(rest);
    let timestamp_ms = if timestamp.is_empty() { None } else { Some(number::timestamp_ms(timestamp)?) };
    let rest = rest.trim_start_matches(BLANKS);
    if !rest.is_empty() {
        return Err(format!("expected the end of the line, found {}", excerpt(rest)));
    }
    Ok(Line::Entry(Entry::Sample(Sample { series, value, timestamp_ms, has_exemplar: false })))
}

fn token(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(text.len());
    text.split_at(end)
}
