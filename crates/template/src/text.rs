//! What the functions do with texts.

use crate::functions::limited;
use crate::show::MAX_VALUE_BYTES;
use crate::value::{Kind, OBJECT, Value, kind};
use regex::Regex;
use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::IpAddr;

pub(crate) fn compile(pattern: &str) -> Result<Regex, String> {
    Regex::new(pattern).map_err(|e| {
        // The crate draws the pattern over several lines; the last one says what is wrong.
        let text = e.to_string();
        format!("bad regular expression {pattern:?}: {}", text.lines().last().unwrap_or("").trim_start_matches("error: "))
    })
}

/// Whether the pattern matches anywhere in the text.
pub(crate) fn matches(pattern: &str, text: &str) -> Result<bool, String> {
    Ok(compile(pattern)?.is_match(text))
}

/// Replaces all matches; `$1` and `${name}` in the replacement stand for groups, as in Go.
pub(crate) fn replace_all(pattern: &str, replacement: &str, text: &str) -> Result<String, String> {
    replace_with(&compile(pattern)?, replacement, text, true)
}

/// Replaces all matches. With `expand`, `$1` and `${name}` in the replacement stand for groups.
pub(crate) fn replace_with(regex: &Regex, replacement: &str, text: &str, expand: bool) -> Result<String, String> {
    let mut out = String::new();
    let mut end = 0;
    for groups in regex.captures_iter(text) {
        let whole = groups.get(0).expect("group 0 is the match");
        out.push_str(&text[end..whole.start()]);
        if expand {
            groups.expand(replacement, &mut out);
        } else {
            out.push_str(replacement);
        }
        end = whole.end();
        if out.len() > MAX_VALUE_BYTES {
            break;
        }
    }
    out.push_str(&text[end..]);
    limited(out)
}

/// The first letter of each word in upper case, the rest as it is: Go's `strings.Title`, for which
/// a word is made of letters, digits and underscores.
pub(crate) fn title_keep(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    for c in text.chars() {
        if inside {
            out.push(c);
        } else {
            out.extend(c.to_uppercase());
        }
        inside = c.is_alphanumeric() || c == '_';
    }
    out
}

/// The first letter of each word in upper case, the rest in lower case: Go's `cases.Title`, for
/// which a dot or an apostrophe between letters does not end a word.
pub(crate) fn title_lower(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut inside = false;
    let mut letters = text.chars().peekable();
    while let Some(c) = letters.next() {
        if inside {
            out.extend(c.to_lowercase());
        } else {
            out.extend(c.to_uppercase());
        }
        let joins = inside && matches!(c, '.' | '\'' | '\u{2019}') && letters.peek().is_some_and(|next| next.is_alphanumeric());
        inside = c.is_alphanumeric() || c == '_' || joins;
    }
    out
}

/// Escapes a text for the query of a URL, as Go's `url.QueryEscape`: a space becomes `+`.
pub fn query_escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 16);
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => out.push(byte as char),
            b' ' => out.push('+'),
            other => {
                let _ = write!(out, "%{other:02X}");
            }
        }
    }
    out
}

/// As Go's `url.QueryUnescape`.
pub(crate) fn query_unescape(text: &str) -> Result<String, String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |b: Option<u8>| b.and_then(|b| (b as char).to_digit(16));
                match (digit(bytes.next()), digit(bytes.next())) {
                    (Some(high), Some(low)) => (high * 16 + low) as u8,
                    _ => return Err(format!("invalid URL escape in {text:?}")),
                }
            }
            other => other,
        });
    }
    Ok(String::from_utf8_lossy(&out).into_owned())
}

/// Splits `host:port` or `[host]:port`; nothing when there is no port.
fn split_port(host_port: &str) -> Option<(&str, &str)> {
    if let Some(rest) = host_port.strip_prefix('[') {
        let (host, port) = rest.split_once(']')?;
        return port.strip_prefix(':').map(|port| (host, port));
    }
    host_port.rsplit_once(':').filter(|(host, _)| !host.contains(':'))
}

/// The host of `host:port`; other texts as they are.
pub(crate) fn strip_port(host_port: &str) -> &str {
    split_port(host_port).map_or(host_port, |(host, _)| host)
}

/// `web-1.example.org:80` becomes `web-1:80`; an address stays as it is.
pub(crate) fn strip_domain(host_port: &str) -> String {
    let (host, port) = split_port(host_port).map_or((host_port, None), |(host, port)| (host, Some(port)));
    if host.parse::<IpAddr>().is_ok() {
        return host_port.to_owned();
    }
    let short = host.split('.').next().unwrap_or("");
    port.map_or_else(|| short.to_owned(), |port| format!("{short}:{port}"))
}

/// A value as JSON, with `<`, `>` and `&` escaped as Go's encoder does.
pub(crate) fn to_json(value: &Value) -> Result<String, String> {
    let mut out = String::new();
    write_json(value, &mut out, 0)?;
    Ok(out)
}

fn write_json(value: &Value, out: &mut String, depth: usize) -> Result<(), String> {
    if depth > 64 {
        return Err("a value is nested more than 64 levels deep".to_owned());
    }
    match value {
        Value::Nil | Value::Function(_) => out.push_str("null"),
        Value::Bool(flag) => out.push_str(if *flag { "true" } else { "false" }),
        Value::Int(number) => out.push_str(&number.to_string()),
        Value::Uint(number) => out.push_str(&number.to_string()),
        Value::Float(number) if !number.is_finite() => {
            return Err(format!("json: unsupported value: {}", crate::format_float(*number, None)));
        }
        Value::Float(number) => out.push_str(&number.to_string()),
        Value::String(text) | Value::Safe { s: text, .. } => push_json_string(text, out),
        Value::List(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    out.push(',');
                }
                write_json(item, out, depth + 1)?;
            }
            out.push(']');
        }
        Value::Map(fields) => match kind(fields) {
            Kind::Time(moment) => push_json_string(&moment.format("2006-01-02T15:04:05.999999999Z07:00"), out),
            Kind::Duration(nanoseconds) => out.push_str(&nanoseconds.to_string()),
            Kind::Object(_, fields) | Kind::Plain(fields) => {
                out.push('{');
                let mut first = true;
                // Alertmanager's data has `startsAt` in JSON for `.StartsAt` in templates.
                let camel = matches!(kind(fields), Kind::Object(name, _) if name != "Pair" && name != "sample");
                for (name, field) in fields.iter().filter(|(name, field)| &***name != OBJECT && !field.is_function()) {
                    if !first {
                        out.push(',');
                    }
                    first = false;
                    let mut letters = name.chars();
                    match letters.next() {
                        Some(letter) if camel => push_json_string(&format!("{}{}", letter.to_ascii_lowercase(), letters.as_str()), out),
                        _ => push_json_string(name, out),
                    }
                    out.push(':');
                    write_json(field, out, depth + 1)?;
                }
                out.push('}');
            }
        },
    }
    if out.len() > MAX_VALUE_BYTES { Err(format!("a value is longer than {MAX_VALUE_BYTES} bytes")) } else { Ok(()) }
}

fn push_json_string(text: &str, out: &mut String) {
    let json = serde_json::Value::String(text.to_owned()).to_string();
    let json: Cow<'_, str> = if json.contains(['<', '>', '&']) {
        json.replace('<', "\\u003c").replace('>', "\\u003e").replace('&', "\\u0026").into()
    } else {
        json.into()
    };
    out.push_str(&json);
}
