//! One line of the text format.
//! <https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>

use super::{Entry, Format, Line, Sample, comment, excerpt, number, series};

pub(super) fn line<'a>(line: &'a str, expected: Option<&str>) -> Result<Line<'a>, String> {
    let line = trim(line);
    if line.is_empty() {
        return Ok(Line::Nothing);
    }
    if line.starts_with('#') {
        // Nearly all are written with one blank on each side.
        let is_usual = line.starts_with("# HELP ") || line.starts_with("# TYPE ");
        let says_something = is_usual || comment::keyword(line, Format::Text).is_some();
        return Ok(if says_something { Line::Entry(Entry::Comment(line)) } else { Line::Nothing });
    }
    let (series, rest) = series::split(line, expected)?;
    let (value, rest) = token(trim(rest));
    let value = number::value(value)?;
    let rest = trim(rest);
    let (timestamp, rest) = token(rest);
    let timestamp_ms = if timestamp.is_empty() { None } else { Some(number::timestamp_ms(timestamp)?) };
    let rest = trim(rest);
    if !rest.is_empty() {
        return Err(format!("expected the end of the line, found {}", excerpt(rest)));
    }
    Ok(Line::Entry(Entry::Sample(Sample { series, value, timestamp_ms, exemplar: None })))
}

fn trim(text: &str) -> &str {
    &text[series::skip_blanks(text, 0)..]
}

fn token(text: &str) -> (&str, &str) {
    let end = text.bytes().position(|b| matches!(b, b' ' | b'\t')).unwrap_or(text.len());
    text.split_at(end)
}
