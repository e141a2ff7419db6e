//! What is read without an error writes back as text that reads the same.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let parsed = phoenix_traceql::parse(text);
    for found in &parsed.diagnostics {
        assert!(found.span.start <= found.span.end && found.span.end <= text.len(), "{found:?} stands outside of {text:?}");
    }
    let _ = phoenix_traceql::tempo_message(&parsed.diagnostics, text);
    if let Ok(query) = phoenix_traceql::from_tags(text, None, None) {
        let line = query.to_string();
        let again = phoenix_traceql::parse(&line).into_result().unwrap_or_else(|found| panic!("tags {text:?} are {line:?}: {found:?}"));
        assert_eq!(again.to_string(), line, "{text:?}");
    }
    let Ok(query) = parsed.into_result() else { return };
    let line = query.to_string();
    let again = phoenix_traceql::parse(&line).into_result().unwrap_or_else(|found| panic!("{text:?} writes as {line:?}: {found:?}"));
    assert_eq!(again.to_string(), line, "{text:?}");
    assert_eq!((query.attributes(), query.intrinsics()), (again.attributes(), again.intrinsics()), "{text:?}");
    let pretty = phoenix_traceql::pretty(&query);
    let again = phoenix_traceql::parse(&pretty).into_result().unwrap_or_else(|found| panic!("{text:?} is laid out as {pretty:?}: {found:?}"));
    assert_eq!(again.to_string(), line, "{text:?} laid out as {pretty:?}");
});
