//! Rule files, with their expressions and templates.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_engine::Language;
use phoenix_model::Source;

fuzz_target!(|text: &str| {
    let source = Source::new("rules.yml", text);
    let checker = |_: Language, expr: &str| phoenix_promql::parse(expr).diagnostics;
    let (file, diagnostics) = phoenix_rules::parse(&source, &checker);
    for found in &diagnostics {
        assert!(found.span.start <= found.span.end && found.span.end <= text.len(), "{found:?} stands outside of the text");
    }
    drop(file);
});
