//! Values in Prometheus' JSON: `[1700000000.5,"1.25"]`, metrics as maps.

use phoenix_model::{Histogram, Labels, Sample};
use phoenix_query::{MatrixSeries, QueryOutput, Value, VectorSample};
use std::fmt::Write;

/// How a float is written.
pub type Format = fn(f64) -> String;

/// The `data` of a query's answer: `{"resultType":…,"result":…}`.
pub fn query_data(output: &QueryOutput) -> String {
    format!("{{\"resultType\":\"{}\",\"result\":{}}}", output.value.kind(), result_json(&output.value, format_element))
}

/// The `result` alone, with the floats of vectors and matrices as `format` writes them.
pub fn result_json(value: &Value, format: Format) -> String {
    let mut out = String::with_capacity(256);
    match value {
        Value::Scalar(sample) => push_sample(&mut out, *sample, format_value),
        Value::String(sample, text) => {
            out.push('[');
            push_time(&mut out, sample.timestamp_ms);
            out.push(',');
            push_text(&mut out, text);
            out.push(']');
        }
        Value::Vector(samples) => push_list(&mut out, samples, |out, VectorSample { labels, sample, histogram }| {
            out.push_str("{\"metric\":");
            push_labels(out, labels);
            if let Some(histogram) = histogram {
                out.push_str(",\"histogram\":");
                push_histogram(out, sample.timestamp_ms, histogram);
            } else {
                out.push_str(",\"value\":");
                push_sample(out, *sample, format);
            }
            out.push('}');
        }),
        Value::Matrix(series) => push_list(&mut out, series, |out, MatrixSeries { labels, samples, histograms }| {
            out.push_str("{\"metric\":");
            push_labels(out, labels);
            if !samples.is_empty() || histograms.is_empty() {
                out.push_str(",\"values\":");
                push_list(out, samples, |out, sample| push_sample(out, *sample, format));
            }
            if !histograms.is_empty() {
                out.push_str(",\"histograms\":");
                push_list(out, histograms, |out, (timestamp_ms, histogram)| push_histogram(out, *timestamp_ms, histogram));
            }
            out.push('}');
        }),
    }
    out
}

pub(super) fn push_list<T>(out: &mut String, items: &[T], mut push: impl FnMut(&mut String, &T)) {
    out.push('[');
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            out.push(',');
        }
        push(out, item);
    }
    out.push(']');
}

pub(super) fn push_labels(out: &mut String, labels: &Labels) {
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

fn push_sample(out: &mut String, sample: Sample, format: Format) {
    out.push('[');
    push_time(out, sample.timestamp_ms);
    out.push_str(",\"");
    out.push_str(&format(sample.value));
    out.push_str("\"]");
}

/// A histogram as the API's "native histograms" section shows it: each bucket with the rule for its
/// bounds, the bounds and the count. Empty buckets are left out.
fn push_histogram(out: &mut String, timestamp_ms: i64, histogram: &Histogram) {
    out.push('[');
    push_time(out, timestamp_ms);
    let _ = write!(out, ",{{\"count\":\"{}\",\"sum\":\"{}\"", format_element(histogram.count), format_element(histogram.sum));
    let mut buckets = histogram.buckets().filter(|bucket| bucket.count != 0.0).peekable();
    if buckets.peek().is_some() {
        out.push_str(",\"buckets\":[");
        for (i, bucket) in buckets.enumerate() {
            if i > 0 {
                out.push(',');
            }
            // 0: open left, 1: open right, 2: open both, 3: closed both.
            let rule = match (bucket.lower_inclusive, bucket.upper_inclusive) {
                (false, true) => 0,
                (true, false) => 1,
                (false, false) => 2,
                (true, true) => 3,
            };
            let [lower, upper, count] = [bucket.lower, bucket.upper, bucket.count].map(format_element);
            let _ = write!(out, "[{rule},\"{lower}\",\"{upper}\",\"{count}\"]");
        }
        out.push(']');
    }
    out.push_str("}]");
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

/// A float as Prometheus writes it in vectors and matrices: with an exponent of at least two digits
/// below a millionth and from 10^21 on. Its scalars have none.
pub fn format_element(value: f64) -> String {
    let magnitude = value.abs();
    if magnitude == 0.0 || !magnitude.is_finite() || (1e-6..1e21).contains(&magnitude) {
        return format_value(value);
    }
    let text = format!("{value:e}");
    let (mantissa, exponent) = text.split_once('e').expect("`{:e}` writes an exponent");
    let (sign, digits) = exponent.strip_prefix('-').map_or(('+', exponent), |digits| ('-', digits));
    format!("{mantissa}e{sign}{digits:0>2}")
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
    use phoenix_model::BucketSpan;
    use phoenix_model::histogram::CUSTOM_BUCKETS_SCHEMA;
    use std::sync::Arc;

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
        // Seen of Prometheus 2.42: `vector(1e-9)`, and the scalar `1e-9` above.
        for (value, want) in
            [(1e-9, "1e-09"), (1e-6, "0.000001"), (-1.23e22, "-1.23e+22"), (1e20, "100000000000000000000"), (0.0, "0"), (1e-300, "1e-300")]
        {
            assert_eq!(format_element(value), want);
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
        let span = |offset, length| BucketSpan { offset, length };
        let histogram = Arc::new(Histogram {
            zero_threshold: 0.5,
            zero_count: 1.0,
            count: 10.0,
            sum: -1.5,
            positive_spans: vec![span(1, 1), span(0, 2)],
            positive: vec![3.0, 0.0, 4.0],
            negative_spans: vec![span(1, 1)],
            negative: vec![2.0],
            ..Histogram::default()
        });
        let custom = Arc::new(Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            count: 3.0,
            sum: 7.0,
            positive_spans: vec![span(0, 1), span(1, 1)],
            positive: vec![1.0, 2.0],
            custom_values: vec![1.0, 5.0],
            ..Histogram::default()
        });
        for (value, want) in [
            (Value::Scalar(sample), r#"{"resultType":"scalar","result":[1.500,"1.5"]}"#),
            (Value::String(sample, "x".into()), r#"{"resultType":"string","result":[1.500,"x"]}"#),
            (
                Value::Vector(vec![VectorSample::float(labels.clone(), sample)]),
                r#"{"resultType":"vector","result":[{"metric":{"__name__":"up","job":"a\"b"},"value":[1.500,"1.5"]}]}"#,
            ),
            (
                Value::Matrix(vec![MatrixSeries::floats(labels.clone(), vec![sample, sample])]),
                r#"{"resultType":"matrix","result":[{"metric":{"__name__":"up","job":"a\"b"},"values":[[1.500,"1.5"],[1.500,"1.5"]]}]}"#,
            ),
            (
                Value::Vector(vec![VectorSample::histogram(Labels::empty(), 1_500, Arc::clone(&histogram))]),
                r#"{"resultType":"vector","result":[{"metric":{},"histogram":[1.500,{"count":"10","sum":"-1.5","buckets":[[1,"-2","-1","2"],[3,"-0.5","0.5","1"],[0,"1","2","3"],[0,"4","8","4"]]}]}]}"#,
            ),
            (
                Value::Matrix(vec![MatrixSeries {
                    labels: Labels::empty(),
                    samples: vec![sample],
                    histograms: vec![(2_000, Arc::new(Histogram::default()))],
                }]),
                r#"{"resultType":"matrix","result":[{"metric":{},"values":[[1.500,"1.5"]],"histograms":[[2,{"count":"0","sum":"0"}]]}]}"#,
            ),
            (
                Value::Matrix(vec![MatrixSeries { labels: Labels::empty(), samples: vec![], histograms: vec![(2_000, custom)] }]),
                r#"{"resultType":"matrix","result":[{"metric":{},"histograms":[[2,{"count":"3","sum":"7","buckets":[[0,"-Inf","1","1"],[0,"5","+Inf","2"]]}]]}]}"#,
            ),
        ] {
            assert_eq!(query_data(&QueryOutput { value, annotations: vec![] }), want);
        }
    }
}
