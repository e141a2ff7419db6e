//! What is wrong with a query in one line, as clients of Loki show it.

use phoenix_model::{Diagnostic, Severity, Source};

/// What Loki says without a place, because it finds it only once the whole query is read.
const WITHOUT_PLACE: [&str; 12] = [
    "queries require at least one",
    "invalid aggregation",
    "grouping not allowed",
    "parameter required",
    "unsupported parameter",
    "invalid parameter",
    "unexpected type for",
    "unexpected literal for",
    "multiple label name",
    "input size too long",
    "only label matchers are supported",
    "only log selector is supported",
];

/// The first error as Loki words it: `parse error at line 1, col 5: syntax error: unexpected STRING`,
/// or `parse error : …` for what Loki gives no place. Line and column count from 1, columns in
/// characters. `text` is the query that the diagnostics are about.
pub fn loki_message(diagnostics: &[Diagnostic], text: &str) -> String {
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    // Loki looks at what selectors select once it has read the whole query.
    let Some(first) = errors.min_by_key(|d| (d.message.starts_with(WITHOUT_PLACE[0]), d.span.start)) else {
        return "parse error".to_owned();
    };
    let message = &first.message;
    if message.starts_with("only ") {
        return message.clone();
    }
    if WITHOUT_PLACE.iter().any(|start| message.starts_with(start)) {
        return format!("parse error : {message}");
    }
    let (line, column) = Source::new("query", text).position(first.span.start);
    format!("parse error at line {line}, col {column}: {message}")
}
