//! Scripts of series, expressions and expected results.
//!
//! ```text
//! every 15s                          samples below stand 15 s apart, the first at 0 s
//! up{job="a"} = 1 1 _ stale 0        `_` is a gap, `stale` a staleness marker
//! x_total = 0 by 10 until 300        an arithmetic sequence
//! h = {{schema:0 buckets:[1 2]}} 3   a native histogram, as Prometheus' unit tests write them, and a float
//! at 60s: rate(x_total[1m])          an instant query …
//!   {} 0.66                          … and its elements, in any order
//! at 60s ordered: sort(up)           … in this order
//! from 0s to 60s every 30s: up       a range query …
//!   up{job="a"} 1 _ 0                … and its series, `_` where a step has no sample
//! at 60s fails: 1 +                  a query that fails …
//!   unexpected end of input          … and a part of its message
//!   note "…"                         an annotation that must be among the result's
//!   nothing                          an empty result
//! clear                              forgets all series
//! ```

pub mod histogram;
pub mod memory;

use memory::Memory;
use phoenix_model::{Budget, Histogram, Labels, parse_duration, stale_nan};
use phoenix_promql::ExprKind;
use phoenix_promql::eval::{EvalOptions, instant, range};
use phoenix_query::{QueryOutput, Value};
use std::sync::Arc;

/// A sample of a script or of a result.
#[derive(Debug, Clone)]
enum Sample {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// Runs a script; panics with the line that does not hold.
pub fn run(name: &str, text: &str) {
    let mut memory = Memory::default();
    let mut every_ms = 0;
    let mut lines = text.lines().enumerate().peekable();
    while let Some((number, line)) = lines.next() {
        let line = line.split(" ## ").next().unwrap().trim_end();
        let place = format!("{name}:{}: {line}", number + 1);
        if line.is_empty() || line.starts_with("##") {
            continue;
        }
        if line == "clear" {
            memory = Memory::default();
        } else if let Some(step) = line.strip_prefix("every ") {
            every_ms = ms(step);
        } else if line.starts_with("at ") || line.starts_with("from ") {
            let mut expected = Vec::new();
            while let Some((_, next)) = lines.peek().filter(|(_, next)| next.starts_with(' ')) {
                expected.push(next.split(" ## ").next().unwrap().trim().to_owned());
                lines.next();
            }
            query(&place, line, &memory, &expected);
        } else {
            let (labels, values) = line.split_once(" = ").unwrap_or_else(|| panic!("{place}: neither a series nor a query"));
            let labels = series(labels);
            for (i, sample) in samples(values).into_iter().enumerate() {
                let at_ms = i as i64 * every_ms;
                match sample {
                    Some(Sample::Float(value)) => memory.series.entry(labels.clone()).or_default().push((at_ms, value)),
                    Some(Sample::Histogram(histogram)) => memory.histograms.entry(labels.clone()).or_default().push((at_ms, histogram)),
                    None => {}
                }
            }
        }
    }
}

fn ms(text: &str) -> i64 {
    let (sign, text) = text.strip_prefix('-').map_or((1, text), |rest| (-1, rest));
    sign * parse_duration(text).unwrap_or_else(|e| panic!("{text}: {e}")).as_millis() as i64
}

/// Reads labels as PromQL writes them.
pub fn series(text: &str) -> Labels {
    if text == "{}" {
        return Labels::empty();
    }
    let expr = phoenix_promql::parse(text).into_result().unwrap_or_else(|d| panic!("{text}: {}", d[0]));
    let ExprKind::Selector(selector) = expr.kind else { panic!("{text} is no series") };
    Labels::from_pairs(selector.matchers.iter().map(|m| (&m.name, &m.value)))
}

fn value(text: &str) -> Option<Sample> {
    match text {
        "_" => None,
        "stale" => Some(Sample::Float(stale_nan())),
        "{{stale}}" => Some(Sample::Histogram(Histogram::stale().into())),
        _ if text.starts_with("{{") => Some(Sample::Histogram(histogram::read(text).into())),
        _ => Some(Sample::Float(text.parse().unwrap_or_else(|_| panic!("{text} is no value")))),
    }
}

/// The words of a text; a histogram in its braces is one.
fn words(text: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let end = if rest.starts_with("{{") { rest.find("}}").map(|i| i + 2) } else { rest.find(' ') };
        let (word, tail) = rest.split_at(end.unwrap_or(rest.len()));
        words.push(word);
        rest = tail.trim_start();
    }
    words
}

fn samples(text: &str) -> Vec<Option<Sample>> {
    let mut words = words(text).into_iter().peekable();
    let mut samples = Vec::new();
    while let Some(word) = words.next() {
        let start = value(word);
        samples.push(start.clone());
        if words.peek() == Some(&"by") {
            let by: f64 = words.nth(1).unwrap().parse().unwrap();
            assert_eq!(words.next(), Some("until"));
            let until: f64 = words.next().unwrap().parse().unwrap();
            let Some(Sample::Float(start)) = start else { panic!("{word} by {by}") };
            let mut next = start + by;
            while (by > 0.0 && next <= until) || (by < 0.0 && next >= until) {
                samples.push(Some(Sample::Float(next)));
                next += by;
            }
        }
    }
    samples
}

fn query(place: &str, line: &str, memory: &Memory, expected: &[String]) {
    let (head, text) = line.split_once(": ").unwrap_or_else(|| panic!("{place}: no expression"));
    let words: Vec<&str> = head.split_whitespace().collect();
    let budget = Budget::unlimited();
    let options = EvalOptions::new(text, &budget);
    let result = match words.as_slice() {
        ["at", at, ..] => instant(text, ms(at), memory, &options),
        ["from", from, "to", to, "every", step, ..] => range(text, ms(from), ms(to), ms(step), memory, &options),
        _ => panic!("{place}: not a query"),
    };
    if words.last() == Some(&"fails") {
        let error = result.expect_err(place).to_string();
        for part in expected {
            assert!(error.contains(part.as_str()), "{place}\nmessage: {error}\nwanted: {part}");
        }
        return;
    }
    let output = result.unwrap_or_else(|e| panic!("{place}\n{e}"));
    let (notes, wanted): (Vec<&String>, Vec<&String>) = expected.iter().partition(|line| line.starts_with("note "));
    for note in &notes {
        let note = note.strip_prefix("note ").unwrap().trim_matches('"');
        assert!(output.annotations.iter().any(|a| a.message == note), "{place}\nnotes: {:#?}", output.annotations);
    }
    if notes.is_empty() && !wanted.is_empty() {
        assert_eq!(output.annotations, [], "{place}");
    }
    let wanted: Vec<(String, Vec<Option<Sample>>)> =
        wanted.into_iter().filter(|line| *line != "nothing").map(|line| expectation(line)).collect();
    let ordered = words.contains(&"ordered");
    compare(place, rows(&output, &words), wanted, ordered);
}

/// A line of an expected result: labels and values, or a value alone for a scalar.
fn expectation(line: &str) -> (String, Vec<Option<Sample>>) {
    // Labels may hold blanks within quotes; floats don't.
    let labels = line.split(" {{").next().unwrap();
    let end = labels.rfind('}').map_or_else(|| line.find(' ').unwrap_or(0), |i| i + 1);
    let (labels, values) = line.split_at(end);
    let labels = if labels.is_empty() { "scalar".to_owned() } else { series(labels).to_string() };
    (labels, words(values).into_iter().map(value).collect())
}

fn rows(output: &QueryOutput, words: &[&str]) -> Vec<(String, Vec<Option<Sample>>)> {
    match &output.value {
        Value::Scalar(sample) => vec![("scalar".to_owned(), vec![Some(Sample::Float(sample.value))])],
        Value::String(_, text) => vec![(format!("string {text}"), Vec::new())],
        Value::Vector(samples) => samples
            .iter()
            .map(|s| {
                let sample = s.histogram.clone().map_or(Sample::Float(s.sample.value), Sample::Histogram);
                (s.labels.to_string(), vec![Some(sample)])
            })
            .collect(),
        Value::Matrix(series) => series
            .iter()
            .map(|s| {
                let floats = s.samples.iter().map(|s| (s.timestamp_ms, Sample::Float(s.value)));
                let histograms = s.histograms.iter().map(|(t, h)| (*t, Sample::Histogram(h.clone())));
                let mut all: Vec<(i64, Sample)> = floats.chain(histograms).collect();
                all.sort_by_key(|(t, _)| *t);
                assert!(all.windows(2).all(|pair| pair[0].0 < pair[1].0), "one sample at a time: {s:?}");
                let values = match words {
                    ["from", from, "to", to, "every", step, ..] => (0..=(ms(to) - ms(from)) / ms(step))
                        .map(|i| all.iter().find(|(t, _)| *t == ms(from) + i * ms(step)).map(|(_, sample)| sample.clone()))
                        .collect(),
                    _ => all.into_iter().map(|(_, sample)| Some(sample)).collect(),
                };
                (s.labels.to_string(), values)
            })
            .collect(),
    }
}

fn compare(place: &str, mut got: Vec<(String, Vec<Option<Sample>>)>, mut wanted: Vec<(String, Vec<Option<Sample>>)>, ordered: bool) {
    if !ordered {
        got.sort_by(|a, b| a.0.cmp(&b.0));
        wanted.sort_by(|a, b| a.0.cmp(&b.0));
    }
    let same = |a: &Option<Sample>, b: &Option<Sample>| match (a, b) {
        (Some(Sample::Float(a)), Some(Sample::Float(b))) => histogram::nearly(*a, *b),
        (Some(Sample::Histogram(a)), Some(Sample::Histogram(b))) => histogram::same(a, b),
        (None, None) => true,
        _ => false,
    };
    let agrees = got.len() == wanted.len()
        && got.iter().zip(&wanted).all(|(g, w)| g.0 == w.0 && g.1.len() == w.1.len() && g.1.iter().zip(&w.1).all(|(a, b)| same(a, b)));
    assert!(agrees, "{place}\ngot:    {got:#?}\nwanted: {wanted:#?}");
}
