//! Native histograms in the notation of Prometheus' unit tests:
//! `{{schema:0 sum:5 count:4 z_bucket:1 z_bucket_w:0.001 buckets:[1 2 1] offset:0}}`.
//!
//! <https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/#series>

use phoenix_model::{BucketSpan, CounterReset, Histogram};

/// Reads a histogram. What is left out is zero.
pub fn read(text: &str) -> Histogram {
    let inner = text.strip_prefix("{{").and_then(|t| t.strip_suffix("}}")).unwrap_or_else(|| panic!("{text} is no histogram"));
    let mut histogram = Histogram::default();
    let (mut offset, mut negative_offset) = (0, 0);
    let mut rest = inner.trim();
    while !rest.is_empty() {
        let (key, tail) = rest.split_once(':').unwrap_or_else(|| panic!("{text}: {rest}"));
        let (value, tail) = match tail.strip_prefix('[') {
            Some(list) => list.split_once(']').unwrap_or_else(|| panic!("{text}: {rest}")),
            None => tail.split_once(' ').unwrap_or((tail, "")),
        };
        let number = || value.parse::<f64>().unwrap_or_else(|_| panic!("{text}: {value}"));
        let list = || value.split_whitespace().map(|n| n.parse().unwrap_or_else(|_| panic!("{text}: {n}"))).collect::<Vec<f64>>();
        match key {
            "schema" => histogram.schema = number() as i32,
            "sum" => histogram.sum = number(),
            "count" => histogram.count = number(),
            "z_bucket" => histogram.zero_count = number(),
            "z_bucket_w" => histogram.zero_threshold = number(),
            "custom_values" => histogram.custom_values = list(),
            "buckets" => histogram.positive = list(),
            "offset" => offset = number() as i32,
            "n_buckets" => histogram.negative = list(),
            "n_offset" => negative_offset = number() as i32,
            "counter_reset_hint" => {
                histogram.counter_reset = match value {
                    "unknown" => CounterReset::Unknown,
                    "reset" => CounterReset::Yes,
                    "not_reset" => CounterReset::No,
                    "gauge" => CounterReset::Gauge,
                    other => panic!("{text}: {other}"),
                }
            }
            other => panic!("{text}: {other}"),
        }
        rest = tail.trim_start();
    }
    let span = |offset, counts: &[f64]| match counts.len() as u32 {
        0 => Vec::new(),
        length => vec![BucketSpan { offset, length }],
    };
    histogram.positive_spans = span(offset, &histogram.positive);
    histogram.negative_spans = span(negative_offset, &histogram.negative);
    histogram
}

/// Whether two floats differ by no more than rounding.
pub fn nearly(a: f64, b: f64) -> bool {
    (a.is_nan() && b.is_nan()) || a == b || (a - b).abs() <= 1e-9 * a.abs().max(b.abs())
}

/// Whether two histograms are the same but for rounding, among them whether they are gauges and
/// what is known of resets.
pub fn same(a: &Histogram, b: &Histogram) -> bool {
    let buckets = |h: &Histogram| h.buckets().filter(|bucket| bucket.count != 0.0).collect::<Vec<_>>();
    let (left, right) = (buckets(a), buckets(b));
    a.schema == b.schema
        && a.custom_values == b.custom_values
        && a.counter_reset == b.counter_reset
        && nearly(a.zero_threshold, b.zero_threshold)
        && nearly(a.count, b.count)
        && nearly(a.sum, b.sum)
        && left.len() == right.len()
        && left.iter().zip(&right).all(|(l, r)| nearly(l.lower, r.lower) && nearly(l.upper, r.upper) && nearly(l.count, r.count))
}
