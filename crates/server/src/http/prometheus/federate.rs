//! `/federate`: the newest sample of each selected series, in the text format.

use super::values::format_value;
use crate::http::Api;
use crate::http::envelope::ApiError;
use crate::http::params::Params;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use phoenix_model::labels::{METRIC_NAME, is_legacy_metric_name};
use phoenix_model::{Histogram, Labels, SeriesSamples, is_stale};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::sync::Arc;

pub(super) async fn federate(State(api): State<Api>, params: Params) -> Result<Response, ApiError> {
    let sets = params.matcher_sets()?;
    let at_ms = api.clock.now_ms();
    let external_labels = api.external_labels();
    let body = api
        .queries
        .run(None, move |engine, limits| {
            let start_ms = at_ms - limits.lookback.as_millis() as i64;
            let mut newest: BTreeMap<Labels, (i64, Newest)> = BTreeMap::new();
            for matchers in &sets {
                for series in engine.select(matchers, start_ms + 1, at_ms, limits)? {
                    if let Some(sample) = newest_of(&series)
                        && !series.labels.metric_name().is_empty()
                    {
                        newest.insert(series.labels, sample);
                    }
                }
            }
            Ok(render(&newest, &external_labels))
        })
        .await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], body).into_response())
}

/// A series' newest sample.
enum Newest {
    Float(f64),
    Histogram(Arc<Histogram>),
}

/// The newest sample with its time, unless the series has ended.
fn newest_of(series: &SeriesSamples) -> Option<(i64, Newest)> {
    let float = series.timestamps_ms.last().copied().zip(series.values.last().copied());
    match (float, series.histograms.last()) {
        (float, Some((at_ms, histogram))) if float.is_none_or(|(time_ms, _)| time_ms < *at_ms) => {
            (!histogram.is_stale()).then(|| (*at_ms, Newest::Histogram(Arc::clone(histogram))))
        }
        (Some((at_ms, value)), _) => (!is_stale(value)).then_some((at_ms, Newest::Float(value))),
        (None, _) => None,
    }
}

/// The samples of a native histogram in a format that knows classic ones only: buckets for custom
/// bounds, which are a classic histogram's; otherwise, as Prometheus writes it, all in one bucket.
fn classic_samples(name: &str, labels: &Labels, histogram: &Histogram) -> Vec<(Labels, f64)> {
    let with = |suffix: &str, le: Option<&str>| {
        let mut builder = labels.to_builder();
        builder.set(METRIC_NAME, &format!("{name}_{suffix}"));
        if let Some(le) = le {
            builder.set("le", le);
        }
        builder.build()
    };
    let mut samples = Vec::new();
    for bound in &histogram.custom_values {
        let below = histogram.buckets().filter(|bucket| bucket.upper <= *bound).map(|bucket| bucket.count).sum();
        samples.push((with("bucket", Some(&format_value(*bound))), below));
    }
    samples.push((with("bucket", Some("+Inf")), histogram.count));
    samples.push((with("sum", None), histogram.sum));
    samples.push((with("count", None), histogram.count));
    samples
}

fn render(newest: &BTreeMap<Labels, (i64, Newest)>, external_labels: &Labels) -> String {
    let mut out = String::new();
    let mut previous = ("", "");
    for (labels, (timestamp, sample)) in newest {
        let name = labels.metric_name();
        let (kind, samples) = match sample {
            Newest::Float(value) => ("untyped", vec![(labels.clone(), *value)]),
            Newest::Histogram(histogram) => ("histogram", classic_samples(name, labels, histogram)),
        };
        if (name, kind) != previous {
            let _ = writeln!(out, "# TYPE {} {kind}", quoted_name(name));
            previous = (name, kind);
        }
        for (labels, value) in samples {
            push_sample(&mut out, &labels, value, *timestamp, external_labels);
        }
    }
    out
}

fn push_sample(out: &mut String, labels: &Labels, value: f64, timestamp: i64, external_labels: &Labels) {
    let name = labels.metric_name();
    let mut builder = labels.to_builder();
    for (name, value) in external_labels {
        if labels.get(name).is_none() {
            builder.set(name, value);
        }
    }
    // Prometheus always writes an `instance`, so that the federating side does not add its own.
    let with_external = builder.build();
    let mut shown = with_external.filter(|n| n != METRIC_NAME).to_string();
    if with_external.get("instance").is_none() {
        shown = if shown == "{}" { "{instance=\"\"}".to_owned() } else { format!("{{instance=\"\",{}", &shown[1..]) };
    }
    if is_legacy_metric_name(name) {
        let _ = writeln!(out, "{name}{shown} {} {timestamp}", format_value(value));
    } else {
        let _ = writeln!(out, "{{{},{} {} {timestamp}", quoted_name(name), &shown[1..], format_value(value));
    }
}

fn quoted_name(name: &str) -> String {
    if is_legacy_metric_name(name) { name.to_owned() } else { format!("{name:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::BucketSpan;
    use phoenix_model::histogram::CUSTOM_BUCKETS_SCHEMA;

    #[test]
    fn the_text_format_with_external_labels() {
        let newest = BTreeMap::from([
            (Labels::from_pairs([("__name__", "up"), ("job", "a"), ("instance", "x:1")]), (5, Newest::Float(1.0))),
            (Labels::from_pairs([("__name__", "a.b"), ("job", "a")]), (6, Newest::Float(f64::NAN))),
        ]);
        insta::assert_snapshot!(render(&newest, &Labels::from_pairs([("cluster", "c"), ("job", "no")])), @r#"
        # TYPE "a.b" untyped
        {"a.b",instance="",cluster="c",job="a"} NaN 6
        # TYPE up untyped
        up{cluster="c",instance="x:1",job="a"} 1 5
        "#);
    }

    #[test]
    fn histograms_as_classic_ones() {
        let span = |offset, length| BucketSpan { offset, length };
        let custom = Histogram {
            schema: CUSTOM_BUCKETS_SCHEMA,
            count: 6.0,
            sum: 7.5,
            positive_spans: vec![span(0, 1), span(1, 1)],
            positive: vec![4.0, 2.0],
            custom_values: vec![0.5, 1.0],
            ..Histogram::default()
        };
        let exponential = Histogram { count: 3.0, sum: 4.0, positive_spans: vec![span(0, 1)], positive: vec![3.0], ..Histogram::default() };
        let labels = |name| Labels::from_pairs([("__name__", name), ("instance", "x:1")]);
        let newest = BTreeMap::from([
            (labels("c"), (5, Newest::Histogram(custom.into()))),
            (labels("e"), (5, Newest::Histogram(exponential.into()))),
        ]);
        insta::assert_snapshot!(render(&newest, &Labels::empty()), @r#"
        # TYPE c histogram
        c_bucket{instance="x:1",le="0.5"} 4 5
        c_bucket{instance="x:1",le="1"} 4 5
        c_bucket{instance="x:1",le="+Inf"} 6 5
        c_sum{instance="x:1"} 7.5 5
        c_count{instance="x:1"} 6 5
        # TYPE e histogram
        e_bucket{instance="x:1",le="+Inf"} 3 5
        e_sum{instance="x:1"} 4 5
        e_count{instance="x:1"} 3 5
        "#);
    }

    #[test]
    fn the_newest_of_both_kinds() {
        let series = |floats: &[(i64, f64)], histograms: &[(i64, Histogram)]| SeriesSamples {
            labels: Labels::empty(),
            timestamps_ms: floats.iter().map(|(t, _)| *t).collect(),
            values: floats.iter().map(|(_, v)| *v).collect(),
            histograms: histograms.iter().map(|(t, h)| (*t, Arc::new(h.clone()))).collect(),
        };
        let (histogram, stale) = (Histogram::default(), Histogram::stale());
        for (series, want) in [
            (series(&[], &[]), "none"),
            (series(&[(1, 7.0)], &[]), "1 float"),
            (series(&[(1, 7.0)], &[(2, histogram.clone())]), "2 histogram"),
            (series(&[(3, 7.0)], &[(2, histogram.clone())]), "3 float"),
            (series(&[(1, 7.0)], &[(2, stale)]), "none"),
            (series(&[(3, phoenix_model::stale_nan())], &[(2, histogram)]), "none"),
        ] {
            let shown = newest_of(&series).map_or_else(
                || "none".to_owned(),
                |(at_ms, sample)| format!("{at_ms} {}", if matches!(sample, Newest::Float(_)) { "float" } else { "histogram" }),
            );
            assert_eq!(shown, want, "{series:?}");
        }
    }
}
