//! The search by tags that Tempo had before TraceQL, as a query.

use crate::ast::Query;
use phoenix_model::traces::SpanStatus;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_query::cursor::{Cursor, quote, read_string};
use phoenix_query::units::format_go_duration_ns;
use std::time::Duration;

/// The query that the parameters `tags`, `minDuration` and `maxDuration` of a search stand for.
///
/// `tags` are pairs of logfmt, such as `service.name=api http.url="/a b"`. As Tempo documents it, a
/// value is matched as a part of a text in any case; numbers and `true`/`false` also match attributes
/// of these types, exactly. A trace counts when each pair is found on one of its spans or their
/// resources. `name`, `status`, `error=true`, `root.name` and `root.service.name` are intrinsics.
/// Durations are those of the whole trace, both ends included.
pub fn from_tags(tags: &str, min: Option<Duration>, max: Option<Duration>) -> Result<Query, Vec<Diagnostic>> {
    let pairs = pairs(tags)?;
    let mut bounds = Vec::new();
    for (op, bound) in [(">=", min), ("<=", max)] {
        if let Some(bound) = bound {
            let ns = i64::try_from(bound.as_nanos()).unwrap_or(i64::MAX);
            bounds.push(format!("traceDuration {op} {}", format_go_duration_ns(ns)));
        }
    }
    // The bounds hold for each span of a trace alike, so that they stand with the first condition.
    let mut sets: Vec<Vec<String>> = pairs.iter().map(|(key, value)| vec![condition(key, value)]).collect();
    match sets.first_mut() {
        Some(first) => first.extend(bounds),
        None if !bounds.is_empty() => sets.push(bounds),
        None => return crate::parse("{ }").into_result(),
    }
    let sets: Vec<String> = sets.into_iter().map(|conditions| format!("{{ {} }}", conditions.join(" && "))).collect();
    crate::parse(&sets.join(" && ")).into_result()
}

/// What has to hold for a pair.
fn condition(key: &str, value: &str) -> String {
    let part = quote(&format!("(?i).*{}.*", regex::escape(value)));
    let status = SpanStatus::ALL.into_iter().find(|status| status.as_str() == value);
    match (key, status) {
        ("name", _) => return format!("name =~ {part}"),
        ("root.name", _) => return format!("rootName =~ {part}"),
        ("root.service.name", _) => return format!("rootServiceName =~ {part}"),
        ("status" | "status.code", Some(status)) => return format!("status = {}", status.as_str()),
        ("error", _) if value == "true" => return "status = error".to_owned(),
        _ => {}
    }
    let name = crate::ast::AttributeName { of_parent: false, scope: None, key: key.into() };
    let exact = if matches!(value, "true" | "false") {
        Some(value.to_owned())
    } else if let Ok(number) = value.parse::<i64>() {
        Some(number.to_string())
    } else {
        let is_number = value.bytes().any(|b| b.is_ascii_digit()) && value.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        value.parse::<f64>().ok().filter(|number| is_number && number.is_finite()).map(|number| format!("{number:?}"))
    };
    match exact {
        Some(exact) => format!("({name} = {exact} || {name} =~ {part})"),
        None => format!("{name} =~ {part}"),
    }
}

/// The pairs of a text in logfmt, in order.
fn pairs(text: &str) -> Result<Vec<(String, String)>, Vec<Diagnostic>> {
    let source = Source::new("tags", text);
    let mut cursor = Cursor::new(text);
    let mut found: Vec<(String, String)> = Vec::new();
    let mut wrong = Vec::new();
    loop {
        cursor.eat_while(char::is_whitespace);
        let start = cursor.offset();
        if cursor.peek().is_none() {
            break;
        }
        let key = cursor.eat_while(|c| !c.is_whitespace() && c != '=' && c != '"').to_owned();
        let key_span = cursor.span_since(start);
        let mut error = |span: Span, message: String, help: &str| wrong.push(Diagnostic::error(&source, span, message).with_help(help));
        if key.is_empty() {
            cursor.eat_while(|c| !c.is_whitespace());
            let span = cursor.span_since(start);
            error(span, "invalid tags: a key is missing".to_owned(), "write pairs such as `service.name=api`");
            continue;
        }
        if !cursor.eat("=") {
            cursor.eat_while(|c| !c.is_whitespace());
            error(key_span, format!("invalid tags: `{key}` has no value"), "write pairs such as `service.name=api`");
            continue;
        }
        let at = cursor.offset();
        let value = if cursor.peek() == Some('"') {
            match read_string(&mut cursor) {
                Ok(value) => value,
                Err(found) => {
                    error(found.span, format!("invalid tags: {}", found.message), "values with blanks stand in double quotes");
                    continue;
                }
            }
        } else {
            cursor.eat_while(|c| !c.is_whitespace()).to_owned()
        };
        if value.is_empty() {
            error(Span::new(start, at), format!("invalid tags: `{key}` has no value"), "leave the pair out, or give it a value");
        } else if found.iter().any(|(known, _)| *known == key) {
            error(key_span, format!("invalid tags: tag {key} has been set twice"), "each tag has one value");
        } else {
            found.push((key, value));
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}
