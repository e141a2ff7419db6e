//! What is wrong with a query in one line, as clients of Tempo show it.

use phoenix_model::{Diagnostic, Severity, Source};

/// What Tempo says without a place, because it finds it only once the whole query is read.
const WITHOUT_PLACE: [&str; 14] = [
    "binary operations must operate",
    "illegal operation for",
    "span filter field expressions",
    "aggregate field expressions",
    "grouping field expressions",
    "invalid regex",
    "invalid type for",
    "quantile must be",
    "topk() limit must be",
    "bottomk() limit must be",
    "`compare()` cannot be",
    "compare() top number",
    "compare() end time",
    "input size too long",
];

/// The first error as Tempo words it: `parse error at line 1, col 5: syntax error: unexpected STRING`,
/// or the message alone for what Tempo gives no place. Line and column count from 1, columns in
/// characters. `text` is the query that the diagnostics are about.
pub fn tempo_message(diagnostics: &[Diagnostic], text: &str) -> String {
    let without_place =
        |d: &Diagnostic| WITHOUT_PLACE.iter().any(|start| d.message.starts_with(start)) || d.message.ends_with("intrinsics cannot be nil");
    let errors = diagnostics.iter().filter(|d| d.severity == Severity::Error);
    // Tempo looks at types once it has read the whole query.
    let Some(first) = errors.min_by_key(|d| (without_place(d), d.span.start)) else {
        return "parse error".to_owned();
    };
    if without_place(first) {
        return first.message.clone();
    }
    let (line, column) = Source::new("query", text).position(first.span.start);
    format!("parse error at line {line}, col {column}: {}", first.message)
}
