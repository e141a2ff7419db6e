//! What is read without an error writes back as text that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = phoenix_logql::parse(text);
    for found in &parsed.diagnostics {
        assert!(found.span.start <= found.span.end && found.span.end <= text.len(), "{found:?} stands outside of {text:?}");
    }
    let _ = phoenix_logql::loki_message(&parsed.diagnostics, text);
    let _ = phoenix_logql::parse_any_selector(text);
    let Ok(expr) = parsed.into_result() else { return };
    let line = expr.to_string();
    let again = phoenix_logql::parse(&line).into_result().unwrap_or_else(|found| panic!("{text:?} writes as {line:?}: {found:?}"));
    assert_eq!(again.to_string(), line, "{text:?}");
    let pretty = phoenix_logql::pretty(&expr);
    let again = phoenix_logql::parse(&pretty).into_result().unwrap_or_else(|found| panic!("{text:?} is laid out as {pretty:?}: {found:?}"));
    assert_eq!(again.to_string(), line, "{text:?} laid out as {pretty:?}");
});
