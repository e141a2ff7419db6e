//! Values in Prometheus' JSON: `[1700000000.5,"1.25"]`, metrics as maps.

use phoenix_model::{Labels, Sample};
use phoenix_query::{MatrixSeries, QueryOutput, Value, VectorSample};
use std::fmt::Write;

/// The `data` of a query's answer: `{"resultType":…,"result":…}`.
pub fn query_data(output: &QueryOutput) -> String {
    format!("{{\"resultType\":\"{}\",\"result\":{}}}", output.value.kind(), result_json(&output.value))
}

/// The `result` alone.
pub fn result_json(value: &Value) -> String {
    let mut out = String::with_capacity(256);
    match value {
        Value::Scalar(sample) => push_sample(&mut out, *sample),
        Value::String(sample, text) => {
            out.push('[');
            push_time(&mut out, sample.timestamp_ms);
            out.push(',');
            push_text(&mut out, text);
            out.push(']');
        }
        Value::Vector(samples) => push_list(&mut out, samples, |out, VectorSample { labels, sample }| {
            out.push_str("{\"metric\":");
            push_labels(out, labels);
            out.push_str(",\"value\":");
            push_sample(out, *sample);
            out.push('}');
        }),
        Value::Matrix(series) => push_list(&mut out, series, |out, MatrixSeries { labels, samples }| {
            out.push_str("{\"metric\":");
            push_labels(out, labels);
            out.push_str(",\"values\":");
            push_list(out, samples, |out, sample| push_sample(out, *sample));
            out.push('}');
        }),
    }
    out
}

fn push_list<T>(out: &mut String, items: &[T], mut push: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

fn push_labels(out: &mut String, labels: &Labels) {
    out.push('{');
    for (i, (name, value)) in labels.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push_text(out, name);
        out.push(':');
        push_text(out, value);
    }
    out.push('}');
}

fn push_text(out: &mut String, text: &str) {
    out.push_str(&serde_json::to_string(text).expect("strings serialize"));
}

fn push_sample(out: &mut String, sample: Sample) {
    out.push('[');
    push_time(out, sample.timestamp_ms);
    out.push_str(",\"");
    out.push_str(&format_value(sample.value));
    out.push_str("\"]");
}

/// Seconds with at most three decimals, without an exponent.
pub fn push_time(out: &mut String, ms: i64) {
    if ms < 0 {
        out.push('-');
    }
    let ms = ms.unsigned_abs();
    let _ = write!(out, "{}", ms / 1000);
    if !ms.is_multiple_of(1000) {
        let _ = write!(out, ".{:03}", ms % 1000);
    }
}

/// A float as Go's `strconv.FormatFloat(v, 'f', -1, 64)` writes it.
pub fn format_value(value: f64) -> String {
    if value.is_nan() {
        "NaN".to_owned()
    } else if value.is_infinite() {
        if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned()
    } else {
        value.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_prometheus_writes_them() {
        for (value, want) in [
            (1.0, "1"),
            (-0.0, "-0"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e21, "1000000000000000000000"),
            (1e-7, "0.0000001"),
            (f64::INFINITY, "+Inf"),
            (f64::NEG_INFINITY, "-Inf"),
            (f64::NAN, "NaN"),
        ] {
            assert_eq!(format_value(value), want);
        }
        let times: Vec<String> = [1_700_000_000_000, 1_700_000_000_050, -1_500, 0]
            .map(|ms| {
                let mut out = String::new();
                push_time(&mut out, ms);
                out
            })
            .into();
        assert_eq!(times, ["1700000000", "1700000000.050", "-1.500", "0"]);
    }

    #[test]
    fn bodies() {
        let labels = Labels::from_pairs([("__name__", "up"), ("job", "a\"b")]);
        let sample = Sample { timestamp_ms: 1_500, value: 1.5 };
        for (value, want) in [
            (Value::Scalar(sample), r#"{"resultType":"scalar","result":[1.500,"1.5"]}"#),
            (Value::String(sample, "x".into()), r#"{"resultType":"string","result":[1.500,"x"]}"#),
            (
                Value::Vector(vec![VectorSample { labels: labels.clone(), sample }]),
                r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a\"b"},"value":[1.500,"1.5"]}]}"#,
            ),
            (
                Value::Matrix(vec![MatrixSeries { labels, samples: vec![sample, sample] }]),
                r#"{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a\"b"},"values":[[1.500,"1.5"],[1.500,"1.5"]]}]}"#,
            ),
        ] {
            assert_eq!(query_data(&QueryOutput { value, annotations: vec![] }), want);
        }
    }
}
