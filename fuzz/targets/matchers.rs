//! Alertmanager's matchers, in both grammars.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_alert::matchers::{parse_matcher, parse_matchers, write_matcher};

fuzz_target!(|text: &str| {
    match parse_matchers(text) {
        Err(error) => assert!(error.offset <= text.len(), "{error:?} stands outside of {text:?}"),
        Ok(parsed) => {
            for matcher in &parsed.matchers {
                let written = write_matcher(matcher);
                let again = parse_matcher(&written).unwrap_or_else(|error| panic!("{text:?} writes as {written:?}: {error:?}"));
                assert_eq!(&again, matcher, "{text:?} writes as {written:?}");
            }
        }
    }
});
