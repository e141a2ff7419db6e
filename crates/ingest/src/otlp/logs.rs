//! Log records as entries, the way Loki puts them.
//! <https://grafana.com/docs/loki/latest/send-data/otel/#format-considerations>

use super::value::{Flat, hex, text};
use crate::log_limits::AttributeAction;
use crate::push::{Intake, label_name};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::InstrumentationScope;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use phoenix_model::Labels;
use std::borrow::Cow;

/// Bytes of metadata that are put together for an entry. One byte more is too much for any entry.
const MOST_METADATA_BYTES: usize = 1 << 20;

/// Puts the records of a request into a batch. `now_ns` is the time of records that have none.
pub(super) fn put(request: &ExportLogsServiceRequest, now_ns: i64, intake: &mut Intake<'_>) {
    for resource_logs in &request.resource_logs {
        let (labels, resource) = resource(resource_logs.resource.as_ref(), intake);
        for scope_logs in &resource_logs.scope_logs {
            let mut shared = resource.clone();
            scope(scope_logs.scope.as_ref(), intake, &mut shared);
            intake.begin_labels(&labels);
            for record in &scope_logs.log_records {
                put_record(record, &labels, &shared, now_ns, intake);
            }
        }
    }
}

/// The labels of a resource, and what of it becomes metadata of each entry.
fn resource(resource: Option<&Resource>, intake: &Intake<'_>) -> (Labels, Vec<(String, String)>) {
    let config = &intake.limits().otlp_config;
    let (mut labels, mut metadata) = (Flat::new(MOST_METADATA_BYTES), Flat::new(MOST_METADATA_BYTES));
    for attribute in resource.into_iter().flat_map(|resource| &resource.attributes) {
        let Some(value) = &attribute.value else { continue };
        match config.resource(&attribute.key) {
            AttributeAction::IndexLabel => labels.add(&attribute.key, value),
            AttributeAction::StructuredMetadata => metadata.add(&attribute.key, value),
            AttributeAction::Drop => {}
        }
    }
    let dropped = resource.map_or(0, |resource| resource.dropped_attributes_count);
    if dropped > 0 {
        metadata.pairs.push(("resource_dropped_attributes_count".to_owned(), dropped.to_string()));
    }
    if labels.pairs.is_empty() {
        labels.pairs.push(("service_name".to_owned(), "unknown_service".to_owned()));
    }
    (Labels::from_pairs(labels.pairs), metadata.pairs)
}

fn scope(scope: Option<&InstrumentationScope>, intake: &Intake<'_>, shared: &mut Vec<(String, String)>) {
    let Some(scope) = scope else { return };
    let mut flat = Flat::new(MOST_METADATA_BYTES);
    for attribute in &scope.attributes {
        if let Some(value) = attribute.value.as_ref().filter(|_| intake.limits().otlp_config.keeps_scope(&attribute.key)) {
            flat.add(&attribute.key, value);
        }
    }
    shared.append(&mut flat.pairs);
    for (name, value) in [("scope_name", &scope.name), ("scope_version", &scope.version)] {
        if !value.is_empty() {
            shared.push((name.to_owned(), value.clone()));
        }
    }
    if scope.dropped_attributes_count > 0 {
        shared.push(("scope_dropped_attributes_count".to_owned(), scope.dropped_attributes_count.to_string()));
    }
}

fn put_record(record: &LogRecord, labels: &Labels, shared: &[(String, String)], now_ns: i64, intake: &mut Intake<'_>) {
    let line = record.body.as_ref().and_then(text).unwrap_or(Cow::Borrowed(""));
    if intake.is_full() {
        return intake.refuse_for_size(line.len() as u64);
    }
    let config = &intake.limits().otlp_config;
    let severity_is_label = config.severity_text_as_label && !record.severity_text.is_empty();
    if severity_is_label {
        let mut builder = labels.to_builder();
        builder.set("severity_text", &record.severity_text);
        intake.begin_labels(&builder.build());
    }
    intake.clear_metadata();
    for (name, value) in shared {
        intake.add_metadata(name, value);
    }
    let mut flat = Flat::new(MOST_METADATA_BYTES);
    for attribute in &record.attributes {
        if let Some(value) = attribute.value.as_ref().filter(|_| config.keeps_log(&attribute.key)) {
            flat.add(&attribute.key, value);
        }
    }
    for (name, value) in &flat.pairs {
        intake.add_metadata(name, value);
    }
    let numbers = [
        ("observed_timestamp", if record.time_unix_nano == 0 { 0 } else { record.observed_time_unix_nano }),
        ("severity_number", u64::try_from(record.severity_number).unwrap_or(0)),
        ("flags", u64::from(record.flags)),
        ("dropped_attributes_count", u64::from(record.dropped_attributes_count)),
    ];
    for (name, number) in numbers.iter().filter(|(_, number)| *number != 0) {
        intake.add_metadata(name, &number.to_string());
    }
    let severity = if severity_is_label { "" } else { &record.severity_text };
    for (name, value) in [("severity_text", severity), ("event_name", &record.event_name)] {
        if !value.is_empty() {
            intake.add_metadata(&label_name(name), value);
        }
    }
    for (name, id) in [("trace_id", &record.trace_id), ("span_id", &record.span_id)] {
        if id.iter().any(|byte| *byte != 0) {
            intake.add_metadata(name, &hex(id));
        }
    }
    let time = [record.time_unix_nano, record.observed_time_unix_nano].into_iter().find(|time| *time != 0);
    let timestamp_ns = time.map_or(now_ns, |time| i64::try_from(time).unwrap_or(i64::MAX));
    intake.entry(timestamp_ns, &line);
    if severity_is_label {
        intake.begin_labels(labels);
    }
}
