//! The YAML tree under all configuration, read into a shape with most kinds of values.
#![no_main]

use libfuzzer_sys::fuzz_target;
use phoenix_model::Source;
use phoenix_yaml::{Bytes, Duration, Regex, Spanned, Url};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Document {
    text: Option<Spanned<String>>,
    number: Option<f64>,
    whole: Option<i64>,
    flag: bool,
    list: Vec<Document>,
    map: BTreeMap<String, Document>,
    duration: Option<Duration>,
    size: Option<Bytes>,
    regex: Option<Regex>,
    url: Option<Url>,
}

fn visit(document: &Document) {
    if let Some(text) = &document.text {
        std::hint::black_box(text.value.len());
    }
    std::hint::black_box((document.number, document.whole, document.flag));
    std::hint::black_box((&document.duration, &document.size, &document.regex, &document.url));
    document.list.iter().chain(document.map.values()).for_each(visit);
}

fuzz_target!(|text: &str| {
    let source = Source::new("f.yaml", text);
    let (document, diagnostics) = phoenix_yaml::read::<Document>(&source);
    assert!(document.is_some() || !diagnostics.is_empty(), "refused without a reason: {text:?}");
    for found in &diagnostics {
        assert!(found.span.start <= found.span.end && found.span.end <= text.len(), "{found:?} stands outside of the text");
        let _ = found.to_string();
    }
    if let Some(document) = document {
        visit(&document);
    }
    // What hides secrets, and what looks for keys.
    let _ = phoenix_yaml::redact(&source, |path| path.ends_with("text"));
    let _ = phoenix_yaml::keys(&source);
});
