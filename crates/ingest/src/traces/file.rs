//! Traces of a file in OTLP's JSON, for whoever looks at them without a server.
//! <https://opentelemetry.io/docs/specs/otel/protocol/file-exporter/>

use super::intake::Intake;
use super::limits::TraceLimits;
use super::{json, otlp};
use phoenix_model::traces::TraceWrite;

/// Reads requests of OTLP in JSON, which stand one after the other: one a line, as exporters write them, or in any
/// other layout. None of a server's limits holds. Since people write such files by hand, ids may be shorter than
/// they should and are padded with zeros on the left, and a span needs no id but that of its trace.
///
/// # Errors
/// What is wrong, and in which line.
pub fn read_json(bytes: &[u8]) -> Result<TraceWrite, String> {
    let at_line = |at: usize, what: &str| format!("line {}: {what}", 1 + memchr::memchr_iter(b'\n', &bytes[..at]).count());
    let text = std::str::from_utf8(bytes).map_err(|error| at_line(error.valid_up_to(), "the text is not UTF-8"))?;
    let mut intake = Intake::lenient(&TraceLimits::NONE);
    let mut requests = json::Messages::new(text, &json::OTLP);
    while let Some(start) = requests.start() {
        let wire = requests.next().map_err(|what| at_line(requests.at(), &what))?;
        let wire = wire.ok_or_else(|| at_line(start, "the object has no `resourceSpans`"))?;
        otlp::read(&wire, &mut intake).map_err(|what| at_line(start, &what))?;
        if intake.refused().spans() > 0 {
            return Err(at_line(start, &intake.refused().message()));
        }
    }
    Ok(intake.finish().write)
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::traces::{AttributeValue, SpanId, SpanKind, SpanStatus, TraceId};

    #[test]
    fn names_numbers_and_types_are_read() {
        let text = r#"{"resourceSpans":[{"scopeSpans":[{"scope":{"name":"lib"},"spans":[
            {"traceId":"01","spanId":"02","parentSpanId":"03","name":"n","kind":"SPAN_KIND_CLIENT","status":{"code":"STATUS_CODE_ERROR"},
             "startTimeUnixNano":5,"endTimeUnixNano":"7","flags":257,"attributes":[
              {"key":"i","value":{"intValue":"-4"}},{"key":"j","value":{"intValue":4}},{"key":"d","value":{"doubleValue":1.5}},{"key":"b","value":{"boolValue":false}}]}]}]}]}"#;
        let write = read_json(text.as_bytes()).unwrap();
        let span = write.span(0);
        assert_eq!(
            (span.fixed.kind, span.fixed.status, span.fixed.start_ns, span.fixed.duration_ns),
            (SpanKind::Client, SpanStatus::Error, 5, 2)
        );
        let ids = (span.fixed.trace_id, span.fixed.span_id, span.fixed.parent_id);
        assert_eq!(ids, (TraceId(1_u128.to_be_bytes()), SpanId(2_u64.to_be_bytes()), SpanId(3_u64.to_be_bytes())));
        assert_eq!((span.fixed.flags, write.scope(span.scope).name), (257, "lib"));
        let values: Vec<_> = span.attributes.iter().map(|attribute| attribute.value).collect();
        assert_eq!(values, [AttributeValue::Int(-4), AttributeValue::Int(4), AttributeValue::Float(1.5), AttributeValue::Bool(false)]);
    }

    #[test]
    fn requests_stand_one_after_the_other() {
        let request = |span: &str| format!(r#"{{"resourceSpans":[{{"scopeSpans":[{{"spans":[{{{span}}}]}}]}}]}}"#);
        let long = "x".repeat(100_000);
        let parts = [
            request(r#""traceId":"1","name":"a""#),
            request(r#""traceId":"1","spanId":"no id","parentSpanId":"12345678123456781","name":"b""#),
            request(&format!(
                r#""traceId":"{}","name":"c","attributes":[{{"key":"k","value":{{"stringValue":"{long}"}}}}]"#,
                "f".repeat(32)
            )),
            r#"{"resourceSpans":[]}"#.to_owned(),
        ];
        for separator in ["", "\n", " \r\n\r\n"] {
            let write = read_json(parts.join(separator).as_bytes()).unwrap();
            assert_eq!(write.spans().map(|span| span.name).collect::<Vec<_>>(), ["a", "b", "c"]);
            assert!(write.spans().all(|span| span.fixed.span_id.is_none() && span.fixed.parent_id.is_none()));
            assert_eq!(write.span(2).attributes.text("k"), Some(long.as_str()));
        }
        for nothing in ["", " \n"] {
            assert!(read_json(nothing.as_bytes()).unwrap().is_empty());
        }
    }

    #[test]
    fn mistakes_say_where_they_stand() {
        let fine = r#"{"resourceSpans":[]}"#;
        for (text, want) in [
            ("{}", "line 1: the object has no `resourceSpans`"),
            ("\n{\"resourceLogs\":[]}", "line 2: the object has no `resourceSpans`"),
            ("{\"resourceSpans\":null}", "line 1: the object has no `resourceSpans`"),
            ("[", "line 1: expected a request of OTLP for traces, found '[' at byte 0"),
            ("{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[\n{\"name\":7}]}]}]}", "line 2: expected name, found '7' at byte 52"),
            (
                "{\"resourceSpans\":[{\"scopeSpans\":[{\"spans\":[{\"name\":\"x\"}]}]}]}",
                "line 1: 1 span has a trace id that is not 16 bytes of which one is not zero, first the span \"x\"",
            ),
        ] {
            assert_eq!(read_json(text.as_bytes()).err().as_deref(), Some(want), "{text}");
            let behind = format!("{fine}\n{text}");
            assert!(read_json(behind.as_bytes()).is_err(), "{behind}");
        }
        let mut bytes = format!("{fine}\n").into_bytes();
        bytes.push(0xff);
        assert_eq!(read_json(&bytes).unwrap_err(), "line 2: the text is not UTF-8");
    }

    #[test]
    fn what_ends_too_early_is_refused() {
        let text = r#"{"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"1","name":"é\u00e9"}]}]}]}"#;
        assert_eq!(read_json(text.as_bytes()).unwrap().span(0).name, "éé");
        for length in 1..text.len() {
            assert!(read_json(&text.as_bytes()[..length]).is_err(), "{length}");
        }
    }
}
