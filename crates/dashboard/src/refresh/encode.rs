//! Answers as lines of JSON, written straight into bytes.

use super::{Answer, Body, Failure, Matrix};
use phoenix_engine::traces::SearchOutput;
use phoenix_model::Histogram;
use phoenix_model::traces::TraceWrite;
use phoenix_query::{Annotation, AnnotationLevel, Column, is_absent};
use serde::Serialize;
use std::io::Write;

/// The line after all answers: without it the answer was cut off.
pub const DONE: &[u8] = b"{\"done\":true}\n";

/// How traces are written, which other APIs have in common.
pub trait TraceJson {
    /// The list of found traces.
    fn found(&self, output: &SearchOutput) -> String;

    /// A trace as an object of OTLP's.
    fn trace(&self, trace: &TraceWrite) -> String;
}

/// What stands before an answer in its line: the names of its queries.
pub fn line_begin(ids: &[String]) -> Vec<u8> {
    let mut out = Vec::with_capacity(64);
    out.extend_from_slice(b"{\"ids\":");
    push_json(&mut out, &ids);
    out.push(b',');
    out
}

/// The rest of an answer's line.
pub fn answer(answer: &Answer, traces: &dyn TraceJson) -> Vec<u8> {
    let mut out = Vec::with_capacity(4 << 10);
    let (mut cached, mut computed) = (0, 0);
    match &answer.body {
        Body::Matrix(matrix) => {
            (cached, computed) = matrix.points();
            // Values of six digits and a comma; a guess that saves most of the copying.
            out.reserve((cached + computed) as usize * 7);
            push_matrix(&mut out, matrix);
        }
        Body::Vector { time_ms, series } => {
            computed = series.len() as u64;
            let _ = write!(out, "\"kind\":\"vector\",\"time_ms\":{time_ms},\"series\":");
            push_list(&mut out, series, |out, element| {
                out.extend_from_slice(b"{\"labels\":");
                push_pairs(out, element.labels.iter());
                if let Some(histogram) = &element.histogram {
                    out.extend_from_slice(b",\"value\":null,\"histogram\":");
                    push_histogram(out, histogram);
                } else {
                    out.extend_from_slice(b",\"value\":");
                    push_number(out, element.sample.value);
                }
                out.push(b'}');
            });
        }
        Body::Scalar(sample) => {
            computed = 1;
            let _ = write!(out, "\"kind\":\"scalar\",\"time_ms\":{},\"value\":", sample.timestamp_ms);
            push_number(&mut out, sample.value);
        }
        Body::Text { time_ms, text } => {
            computed = 1;
            let _ = write!(out, "\"kind\":\"string\",\"time_ms\":{time_ms},\"value\":");
            push_json(&mut out, text);
        }
        Body::Logs(entries) => {
            out.extend_from_slice(b"\"kind\":\"logs\",\"entries\":");
            push_list(&mut out, entries, |out, entry| {
                let _ = write!(out, "{{\"time_ns\":\"{}\",\"labels\":", entry.timestamp_ns);
                push_pairs(out, entry.stream.iter().chain(entry.parsed.iter()));
                out.extend_from_slice(b",\"metadata\":");
                push_pairs(out, entry.metadata.iter());
                out.extend_from_slice(b",\"line\":");
                push_json(out, &entry.line);
                out.push(b'}');
            });
        }
        Body::Traces(found) => {
            out.extend_from_slice(b"\"kind\":\"traces\",\"traces\":");
            out.extend_from_slice(traces.found(found).as_bytes());
        }
        Body::Trace(trace) => {
            out.extend_from_slice(b"\"kind\":\"trace\",\"trace\":");
            out.extend_from_slice(traces.trace(trace).as_bytes());
        }
        Body::Exemplars(series) => {
            out.extend_from_slice(b"\"kind\":\"exemplars\",\"series\":");
            push_list(&mut out, series, |out, (labels, exemplars)| {
                out.extend_from_slice(b"{\"labels\":");
                push_pairs(out, labels.iter());
                out.extend_from_slice(b",\"exemplars\":");
                push_list(out, exemplars, |out, exemplar| {
                    out.extend_from_slice(b"{\"labels\":");
                    push_pairs(out, exemplar.labels.iter());
                    out.extend_from_slice(b",\"value\":");
                    push_number(out, exemplar.value);
                    let _ = write!(out, ",\"time_ms\":{}}}", exemplar.timestamp_ms);
                });
                out.push(b'}');
            });
        }
    }
    push_remarks(&mut out, &answer.annotations);
    let milliseconds = answer.took.as_secs_f64() * 1e3;
    let _ = writeln!(out, ",\"stats\":{{\"milliseconds\":{milliseconds:.3},\"cached_points\":{cached},\"computed_points\":{computed}}}}}");
    out
}

/// The rest of the line of a query without an answer.
pub fn failure(failure: &Failure) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    let _ = write!(out, "\"error\":{{\"type\":\"{}\",\"message\":", failure.kind.as_str());
    push_json(&mut out, &failure.message);
    if !failure.diagnostics.is_empty() {
        out.extend_from_slice(b",\"diagnostics\":");
        push_json(&mut out, &failure.diagnostics);
    }
    out.extend_from_slice(b"}}\n");
    out
}

fn push_matrix(out: &mut Vec<u8>, matrix: &Matrix) {
    let grid = matrix.shown_grid();
    let _ = write!(
        out,
        "\"kind\":\"matrix\",\"start_ms\":{},\"step_ms\":{},\"points\":{},\"series\":[",
        grid.start_ms, grid.step_ms, grid.steps
    );
    for (i, column) in matrix.series().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        out.extend_from_slice(b"{\"labels\":");
        push_pairs(out, column.labels.iter());
        out.extend_from_slice(b",\"values\":[");
        for (i, value) in column.values[matrix.shown.clone()].iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            if is_absent(*value) {
                out.extend_from_slice(b"null");
            } else {
                push_number(out, *value);
            }
        }
        out.push(b']');
        push_step_histograms(out, column, matrix);
        out.push(b'}');
    }
    out.push(b']');
}

fn push_step_histograms(out: &mut Vec<u8>, column: &Column, matrix: &Matrix) {
    let mut shown = column.histograms.iter().filter(|(step, _)| matrix.shown.contains(step)).peekable();
    if shown.peek().is_none() {
        return;
    }
    out.extend_from_slice(b",\"histograms\":[");
    for (i, (step, histogram)) in shown.enumerate() {
        let _ = write!(out, "{}[{},", if i > 0 { "," } else { "" }, step - matrix.shown.start);
        push_histogram(out, histogram);
        out.push(b']');
    }
    out.push(b']');
}

/// A native histogram with the bounds and counts of its buckets; those that are empty are left out.
fn push_histogram(out: &mut Vec<u8>, histogram: &Histogram) {
    out.extend_from_slice(b"{\"count\":");
    push_number(out, histogram.count);
    out.extend_from_slice(b",\"sum\":");
    push_number(out, histogram.sum);
    out.extend_from_slice(b",\"buckets\":[");
    for (i, bucket) in histogram.buckets().filter(|bucket| bucket.count != 0.0).enumerate() {
        out.extend_from_slice(if i > 0 { b",[" } else { b"[" });
        for (i, number) in [bucket.lower, bucket.upper, bucket.count].into_iter().enumerate() {
            if i > 0 {
                out.push(b',');
            }
            push_number(out, number);
        }
        out.push(b']');
    }
    out.extend_from_slice(b"]}");
}

fn push_remarks(out: &mut Vec<u8>, annotations: &[Annotation]) {
    for (name, level) in [("warnings", AnnotationLevel::Warning), ("infos", AnnotationLevel::Info)] {
        let texts: Vec<&str> = annotations.iter().filter(|a| a.level == level).map(|a| a.message.as_str()).collect();
        let _ = write!(out, ",\"{name}\":");
        push_json(out, &texts);
    }
}

fn push_list<T>(out: &mut Vec<u8>, items: &[T], mut push: impl FnMut(&mut Vec<u8>, &T)) {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push(out, item);
    }
    out.push(b']');
}

fn push_pairs<'a>(out: &mut Vec<u8>, pairs: impl Iterator<Item = (&'a str, &'a str)>) {
    out.push(b'{');
    for (i, (name, value)) in pairs.enumerate() {
        if i > 0 {
            out.push(b',');
        }
        push_json(out, name);
        out.push(b':');
        push_json(out, value);
    }
    out.push(b'}');
}

fn push_json(out: &mut Vec<u8>, value: &(impl Serialize + ?Sized)) {
    serde_json::to_writer(out, value).expect("texts and findings serialize, and memory takes bytes");
}

/// A float as the shortest text that reads as the same float. What JSON has no numbers for is a text.
fn push_number(out: &mut Vec<u8>, value: f64) {
    /// Whole numbers up to here have one float each.
    const WHOLE: f64 = 9_007_199_254_740_992.0;
    if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else if value.is_infinite() {
        out.extend_from_slice(if value > 0.0 { b"\"+Inf\"" } else { b"\"-Inf\"" });
    } else if value.abs() < WHOLE && value.trunc() == value && (value != 0.0 || value.is_sign_positive()) {
        push_json(out, &(value as i64));
    } else {
        push_json(out, &value);
    }
}

#[cfg(test)]
mod tests;
