//! The classic grammar, inspired by PromQL and OpenMetrics: plain label names, values with or
//! without quotes, everything between operator and comma is the value.

use super::{MatchersError, build};
use phoenix_model::{MatchOp, Matcher};

pub(super) fn parse(text: &str) -> Result<Vec<Matcher>, MatchersError> {
    let mut body = text.trim();
    body = match (body.strip_prefix('{'), body.ends_with('}')) {
        (Some(rest), true) => &rest[..rest.len() - 1],
        (None, false) => body,
        _ => return Err(MatchersError::new(0, "braces do not pair")),
    };
    let mut matchers = Vec::new();
    let mut parts = split_at_commas(body)?;
    if parts.last().is_some_and(|last| last.trim().is_empty()) {
        parts.pop();
    }
    for part in parts {
        matchers.push(matcher(part)?);
    }
    Ok(matchers)
}

fn split_at_commas(body: &str) -> Result<Vec<&str>, MatchersError> {
    let (mut parts, mut start, mut quoted, mut escaped) = (Vec::new(), 0, false, false);
    for (at, c) in body.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => quoted = !quoted,
            ',' if !quoted => {
                parts.push(&body[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    if quoted {
        return Err(MatchersError::new(start, "the string has no closing quote"));
    }
    parts.push(&body[start..]);
    Ok(parts)
}

fn matcher(part: &str) -> Result<Matcher, MatchersError> {
    let bad = |message: &str| MatchersError::new(0, message);
    let part = part.trim();
    let end = part.find(|c: char| !(c.is_ascii_alphanumeric() || c == '_' || c == ':')).ok_or_else(|| bad("no operator"))?;
    let (name, rest) = part.split_at(end);
    if name.is_empty() || name.starts_with(|c: char| c.is_ascii_digit()) {
        return Err(bad("no label name"));
    }
    let rest = rest.trim_start();
    let (op, value) = [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)]
        .into_iter()
        .find_map(|(token, op)| rest.strip_prefix(token).map(|value| (op, value)))
        .ok_or_else(|| bad("no operator"))?;
    build(name.to_owned(), op, unquote(value.trim())?, 0)
}

fn unquote(value: &str) -> Result<String, MatchersError> {
    let bad = || MatchersError::new(0, "quotes do not pair");
    let (inner, quoted) = match value.strip_prefix('"') {
        Some(rest) => (rest, true),
        None => (value, false),
    };
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' => match chars.next() {
                Some('n') => out.push('\n'),
                Some('"') => out.push('"'),
                Some('\\') | None => out.push('\\'),
                Some(other) => out.extend(['\\', other]),
            },
            // A bare quote may only be the closing one.
            '"' if quoted && chars.as_str().is_empty() => return Ok(out),
            '"' => return Err(bad()),
            c => out.push(c),
        }
    }
    if quoted { Err(bad()) } else { Ok(out) }
}
