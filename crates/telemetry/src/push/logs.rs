//! Log entries on their way.

use super::{pair, scope, text};
use crate::logs::{Entry, severity};
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::{LogRecord, ResourceLogs, ScopeLogs};
use opentelemetry_proto::tonic::resource::v1::Resource;
use serde_json::Value;

/// An entry as OTLP has it: the message is the body, fields are attributes.
pub(crate) fn record(entry: Entry) -> LogRecord {
    let at = entry.at.as_nanos() as u64;
    let (number, name) = severity(entry.level);
    let (trace_id, span_id) =
        entry.ids.map_or((Vec::new(), Vec::new()), |ids| (ids.trace_id().to_bytes().to_vec(), ids.span_id().to_bytes().to_vec()));
    let mut attributes = vec![pair("code.namespace", entry.target)];
    attributes.extend(entry.fields.into_iter().map(|(key, value)| KeyValue { key, value: Some(any(&value)), ..KeyValue::default() }));
    LogRecord {
        time_unix_nano: at,
        observed_time_unix_nano: at,
        severity_number: number,
        severity_text: name.to_owned(),
        body: Some(text(&entry.message)),
        attributes,
        trace_id,
        span_id,
        ..LogRecord::default()
    }
}

fn any(value: &Value) -> AnyValue {
    let value = match value {
        Value::Bool(value) => any_value::Value::BoolValue(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => any_value::Value::IntValue(whole),
            None => any_value::Value::DoubleValue(number.as_f64().unwrap_or(f64::NAN)),
        },
        Value::String(text) => any_value::Value::StringValue(text.clone()),
        other => any_value::Value::StringValue(other.to_string()),
    };
    AnyValue { value: Some(value) }
}

pub(super) fn request(batch: Vec<LogRecord>, resource: &Resource) -> ExportLogsServiceRequest {
    let logs = ScopeLogs { scope: Some(scope()), log_records: batch, ..ScopeLogs::default() };
    ExportLogsServiceRequest {
        resource_logs: vec![ResourceLogs { resource: Some(resource.clone()), scope_logs: vec![logs], ..ResourceLogs::default() }],
    }
}
