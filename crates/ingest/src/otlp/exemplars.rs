//! Exemplars of points, with `trace_id`, `span_id` and what of their attributes has room.
//! <https://opentelemetry.io/docs/specs/otel/compatibility/prometheus_and_openmetrics/#exemplars>

use super::names;
use super::value::text;
use opentelemetry_proto::tonic::metrics::v1::Exemplar as OtlpExemplar;
use opentelemetry_proto::tonic::metrics::v1::exemplar::Value;
use phoenix_model::{Exemplar, Labels};
use std::fmt::Write;

/// The most characters of an exemplar's labels, names and values together, as OpenMetrics has it.
const MOST_CHARACTERS: usize = 128;

/// The exemplars of a point by time; those without a value are left out. Attributes are left out when
/// there is no room for all of them.
pub(super) fn exemplars(point: &[OtlpExemplar]) -> Vec<Exemplar> {
    let mut all: Vec<Exemplar> = point.iter().filter_map(exemplar).collect();
    all.sort_by_key(|exemplar| exemplar.timestamp_ms);
    all
}

fn exemplar(point: &OtlpExemplar) -> Option<Exemplar> {
    let value = match point.value? {
        Value::AsDouble(value) => value,
        Value::AsInt(value) => value as f64,
    };
    let mut labels: Vec<(String, String)> = Vec::new();
    for (name, id) in [("trace_id", &point.trace_id), ("span_id", &point.span_id)] {
        if !id.is_empty() && id.iter().any(|byte| *byte != 0) && id.len() <= 16 {
            labels.push((name.to_owned(), hex(id)));
        }
    }
    let attributes = point.filtered_attributes.iter().filter_map(|attribute| {
        let value = attribute.value.as_ref().and_then(text)?;
        Some((names::label(&attribute.key), value.into_owned()))
    });
    let attributes: Vec<(String, String)> = attributes.take(MOST_CHARACTERS).filter(|(name, _)| !name.is_empty()).collect();
    let characters: usize = labels.iter().chain(&attributes).map(|(name, value)| name.chars().count() + value.chars().count()).sum();
    if characters <= MOST_CHARACTERS {
        // The ids win over attributes of their names.
        labels.splice(0..0, attributes);
    }
    let timestamp_ms = i64::try_from(point.time_unix_nano / 1_000_000).ok()?;
    Some(Exemplar { labels: Labels::from_pairs(labels), value, timestamp_ms })
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        let _ = write!(out, "{byte:02x}");
        out
    })
}
