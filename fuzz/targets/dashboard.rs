//! Grafana's dashboards: what was read once stays as it is when its export is read.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_dashboard::{ReadOptions, read};
use phoenix_model::Source;

fuzz_target!(|text: &str| {
    let options = ReadOptions::default();
    let first = match read(text, &options) {
        Ok(first) => first,
        Err(error) => {
            let found = error.diagnostic(&Source::new("x.json", text));
            assert!(found.span.start <= found.span.end && found.span.end <= text.len(), "{found:?} stands outside of {text:?}");
            return;
        }
    };
    let exported = first.dashboard.export().to_string();
    let again = read(&exported, &options).unwrap_or_else(|error| panic!("{text:?} is exported as {exported}: {error}"));
    assert_eq!(again.dashboard, first.dashboard, "{text:?}");
    for finding in &first.report {
        assert!(finding.path.is_empty() || finding.path.starts_with('/'), "{finding:?} is nowhere");
    }
});
