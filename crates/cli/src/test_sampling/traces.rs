//! Traces of a file in OTLP's JSON: <https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding>

use phoenix_model::traces::{AttributeValue, AttributesBuilder, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite};
use serde_json::Value;
use std::collections::HashMap;

/// The spans of a file, by trace.
pub(super) struct Traces {
    pub write: TraceWrite,
    /// The numbers of the spans of each trace, in the order in which the traces begin in the file.
    pub spans: Vec<Vec<u32>>,
}

/// Reads requests one after the other, as the collector's file exporter writes them, one a line.
pub(super) fn read(text: &str) -> Result<Traces, String> {
    let mut traces = Traces { write: TraceWrite::default(), spans: Vec::new() };
    let mut places: HashMap<TraceId, usize> = HashMap::new();
    for document in serde_json::Deserializer::from_str(text).into_iter::<Value>() {
        let document = document.map_err(|error| error.to_string())?;
        if !document["resourceSpans"].is_array() {
            return Err("a document has no `resourceSpans`".to_owned());
        }
        for of_resource in list(&document["resourceSpans"]) {
            let resource = traces.write.add_resource("", 0, |out| attributes(&of_resource["resource"]["attributes"], out));
            for of_scope in list(&of_resource["scopeSpans"]) {
                let scope = traces.write.add_scope(text_of(&of_scope["scope"]["name"]), "", "", 0, |_| ());
                for span in list(&of_scope["spans"]) {
                    let trace_id = add(span, resource, scope, &mut traces.write)?;
                    let place = *places.entry(trace_id).or_insert_with(|| {
                        traces.spans.push(Vec::new());
                        traces.spans.len() - 1
                    });
                    traces.spans[place].push(traces.write.len() as u32 - 1);
                }
            }
        }
    }
    if traces.spans.is_empty() { Err("there is no span in it".to_owned()) } else { Ok(traces) }
}

fn add(span: &Value, resource: usize, scope: usize, write: &mut TraceWrite) -> Result<TraceId, String> {
    let name = text_of(&span["name"]);
    let trace_id = text_of(&span["traceId"]);
    let trace_id = TraceId::from_hex(trace_id).filter(|id| !id.is_zero()).ok_or_else(|| format!("the span `{name}` has no trace id"))?;
    let start_ns = number(&span["startTimeUnixNano"]);
    let fixed = SpanRecord {
        trace_id,
        span_id: SpanId::from_hex(text_of(&span["spanId"])).unwrap_or_default(),
        parent_id: SpanId::from_hex(text_of(&span["parentSpanId"])).unwrap_or_default(),
        start_ns,
        duration_ns: number(&span["endTimeUnixNano"]).saturating_sub(start_ns).max(0),
        kind: SpanKind::from_number(enumeration(&span["kind"], "SPAN_KIND_", SpanKind::ALL.map(SpanKind::as_str))),
        status: SpanStatus::from_number(enumeration(&span["status"]["code"], "STATUS_CODE_", SpanStatus::ALL.map(SpanStatus::as_str))),
        flags: number(&span["flags"]) as u32,
        dropped: [0; 3],
    };
    write.begin_span(resource, scope, fixed, name);
    write.set_trace_state(text_of(&span["traceState"]));
    write.set_attributes(|out| attributes(&span["attributes"], out));
    Ok(trace_id)
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// A whole number, which OTLP writes as text when it has 64 bits.
fn number(value: &Value) -> i64 {
    value.as_i64().or_else(|| value.as_str()?.parse().ok()).unwrap_or_default()
}

/// A member of an enumeration, by its number or by its name.
fn enumeration<const N: usize>(value: &Value, prefix: &str, names: [&str; N]) -> i32 {
    let by_name = |text: &str| {
        let name = text.strip_prefix(prefix)?.to_ascii_lowercase();
        names.iter().position(|known| *known == name)
    };
    value.as_str().and_then(by_name).map_or_else(|| number(value) as i32, |number| number as i32)
}

/// Attributes of simple types; arrays and maps are not asked for by any rule.
fn attributes(value: &Value, out: &mut AttributesBuilder<'_>) {
    for pair in list(value) {
        let (key, value) = (text_of(&pair["key"]), &pair["value"]);
        if let Some(text) = value["stringValue"].as_str() {
            out.text(key, text);
        } else if let Some(bool) = value["boolValue"].as_bool() {
            out.push(key, &AttributeValue::Bool(bool));
        } else if let Some(float) = value["doubleValue"].as_f64() {
            out.push(key, &AttributeValue::Float(float));
        } else if !value["intValue"].is_null() {
            out.push(key, &AttributeValue::Int(number(&value["intValue"])));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_numbers_and_types_are_read() {
        let text = r#"{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"lib"},"spans":[
            {"traceId":"01","spanId":"02","parentSpanId":"03","name":"n","kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"},
             "startTimeUnixNano":5,"endTimeUnixNano":"7","flags":257,"attributes":[
              {"key":"i","value":{"intValue":"-4"}},{"key":"j","value":{"intValue":4}},{"key":"d","value":{"doubleValue":1.5}},{"key":"b","value":{"boolValue":false}}]}]}]}]}"#;
        let traces = read(text).unwrap();
        let span = traces.write.span(0);
        assert_eq!(
            (span.fixed.kind, span.fixed.status, span.fixed.start_ns, span.fixed.duration_ns),
            (SpanKind::Client, SpanStatus::Error, 5, 2)
        );
        assert_eq!((span.fixed.parent_id, span.fixed.flags), (SpanId([0, 0, 0, 0, 0, 0, 0, 3]), 257));
        let values: Vec<_> = span.attributes.iter().map(|attribute| attribute.value).collect();
        assert_eq!(values, [AttributeValue::Int(-4), AttributeValue::Int(4), AttributeValue::Float(1.5), AttributeValue::Bool(false)]);
    }

    #[test]
    fn what_is_not_traces_is_refused() {
        for (text, want) in [
            ("", "there is no span in it"),
            ("{}", "a document has no `resourceSpans`"),
            ("{\"resourceSpans\":[]}", "there is no span in it"),
            ("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"x\"}]}]}]}", "the span `x` has no trace id"),
            ("[", "EOF while parsing a list at line 1 column 1"),
        ] {
            assert_eq!(read(text).err().as_deref(), Some(want), "{text}");
        }
    }
}
