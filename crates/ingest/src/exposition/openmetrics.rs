//! One line of OpenMetrics 1.0, which is stricter about blanks than the text format.
//! <https://prometheus.io/docs/specs/om/open_metrics_spec/>

use super::{Entry, ExemplarText, Format, Line, Sample, ToldExemplar, comment, excerpt, number, series};
use phoenix_model::LabelsBuilder;

/// OpenMetrics' limit on the characters of an exemplar's label names and values.
const EXEMPLAR_LABELS_LIMIT: usize = 128;

pub(super) fn line<'a>(line: &'a str, expected: Option<&str>) -> Result<Line<'a>, String> {
    if line.is_empty() {
        return Err("OpenMetrics allows no empty lines".to_owned());
    }
    if line.starts_with('#') {
        if line == "# EOF" {
            return Ok(Line::Eof);
        }
        return match comment::keyword(line, Format::OpenMetrics) {
            Some(_) => Ok(Line::Entry(Entry::Comment(line))),
            None => Err(format!("expected `# HELP`, `# TYPE`, `# UNIT` or `# EOF`, found {}", excerpt(line))),
        };
    }
    let (series, rest) = series::split(line, expected)?;
    let (rest, exemplar) = match rest.split_once(" # ") {
        Some((rest, exemplar)) => (rest, Some(exemplar)),
        None => (rest, None),
    };
    let (value, timestamp) = value_and_timestamp(rest)?;
    if let Some(exemplar) = exemplar {
        check_exemplar(exemplar)?;
    }
    Ok(Line::Entry(Entry::Sample(Sample { series, value, timestamp_ms: timestamp, exemplar: exemplar.map(ExemplarText) })))
}

/// ` value` or ` value timestamp`, each after one blank.
fn value_and_timestamp(text: &str) -> Result<(f64, Option<i64>), String> {
    let rest = text.strip_prefix(' ').ok_or_else(|| format!("expected one blank and a value, found {}", excerpt(text)))?;
    match rest.split_once(' ') {
        None => Ok((number::value(rest)?, None)),
        Some((value, timestamp)) => Ok((number::value(value)?, Some(number::timestamp_seconds(timestamp)?))),
    }
}

/// `{label="value",…} value [timestamp]`
fn check_exemplar(text: &str) -> Result<(), String> {
    if !text.starts_with('{') {
        return Err(format!("expected the labels of an exemplar, found {}", excerpt(text)));
    }
    let mut characters = 0;
    let end = series::labels(text, 1, true, &mut |name, value| characters += name.chars().count() + value.chars().count())?;
    if characters > EXEMPLAR_LABELS_LIMIT {
        return Err(format!("the labels of an exemplar have {characters} characters, the limit is {EXEMPLAR_LABELS_LIMIT}"));
    }
    value_and_timestamp(&text[end..]).map(|_| ())
}

/// Reads an exemplar that was checked.
pub(super) fn exemplar(text: &str) -> Result<ToldExemplar, String> {
    let mut labels = LabelsBuilder::default();
    let end = series::labels(text, 1, true, &mut |name, value| {
        labels.set(&name, &value);
    })?;
    let (value, timestamp_ms) = value_and_timestamp(&text[end..])?;
    Ok(ToldExemplar { labels: labels.build(), value, timestamp_ms })
}
