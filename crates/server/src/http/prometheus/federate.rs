//! `/federate`: the newest sample of each selected series, in the text format.

use super::values::format_value;
use crate::http::Api;
use crate::http::envelope::ApiError;
use crate::http::params::Params;
use axum::extract::State;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use phoenix_model::labels::{METRIC_NAME, is_legacy_metric_name};
use phoenix_model::{Labels, is_stale};
use std::collections::BTreeMap;
use std::fmt::Write;

pub(super) async fn federate(State(api): State<Api>, params: Params) -> Result<Response, ApiError> {
    let sets = params.matcher_sets()?;
    let at_ms = api.clock.now_ms();
    let external_labels = api.external_labels();
    let body = api
        .queries
        .run(None, move |engine, limits| {
            let start_ms = at_ms - limits.lookback.as_millis() as i64;
            let mut newest: BTreeMap<Labels, (i64, f64)> = BTreeMap::new();
            for matchers in &sets {
                for series in engine.select(matchers, start_ms + 1, at_ms, limits)? {
                    if let (Some(&timestamp), Some(&value)) = (series.timestamps_ms.last(), series.values.last())
                        && !is_stale(value)
                        && !series.labels.metric_name().is_empty()
                    {
                        newest.insert(series.labels, (timestamp, value));
                    }
                }
            }
            Ok(render(&newest, &external_labels))
        })
        .await?;
    Ok(([(CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], body).into_response())
}

fn render(newest: &BTreeMap<Labels, (i64, f64)>, external_labels: &Labels) -> String {
    let mut out = String::new();
    let mut previous = "";
    for (labels, (timestamp, value)) in newest {
        let name = labels.metric_name();
        if name != previous {
            let _ = writeln!(out, "# TYPE {} untyped", quoted_name(name));
            previous = name;
        }
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
            let _ = writeln!(out, "{name}{shown} {} {timestamp}", format_value(*value));
        } else {
            let _ = writeln!(out, "{{{},{} {} {timestamp}", quoted_name(name), &shown[1..], format_value(*value));
        }
    }
    out
}

fn quoted_name(name: &str) -> String {
    if is_legacy_metric_name(name) { name.to_owned() } else { format!("{name:?}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_text_format_with_external_labels() {
        let newest = BTreeMap::from([
            (Labels::from_pairs([("__name__", "up"), ("job", "a"), ("instance", "x:1")]), (5, 1.0)),
            (Labels::from_pairs([("__name__", "a.b"), ("job", "a")]), (6, f64::NAN)),
        ]);
        insta::assert_snapshot!(render(&newest, &Labels::from_pairs([("cluster", "c"), ("job", "no")])), @r#"
        # TYPE "a.b" untyped
        {"a.b",instance="",cluster="c",job="a"} NaN 6
        # TYPE up untyped
        up{cluster="c",instance="x:1",job="a"} 1 5
        "#);
    }
}
