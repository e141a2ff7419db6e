//! How bad an entry says it is: by a field of its metadata or line, or else by a word of the line.
//!
//! The order and the names are Loki's. Three things go beyond it: the names of syslog's severities
//! are understood, a word counts only when it stands alone (`error_count` and `/debug/` say
//! nothing), and of several words the first decides.

use memchr::{memchr, memchr_iter, memchr2};
use phoenix_model::logs::Level;

/// How much of a line is searched.
const SEARCHED_BYTES: usize = 4096;
/// How deep in a line of JSON a field may stand.
const JSON_DEPTH: usize = 2;

/// The level that a text names, in any case.
pub(crate) fn from_value(value: &str) -> Option<Level> {
    let mut lower = [0; 13];
    let lower = lower.get_mut(..value.len())?;
    lower.copy_from_slice(value.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"trace" | b"trc" | b"trce" => Level::Trace,
        b"debug" | b"dbg" | b"dbug" => Level::Debug,
        b"info" | b"inf" | b"information" | b"informational" | b"notice" => Level::Info,
        b"warn" | b"wrn" | b"warning" => Level::Warn,
        b"error" | b"err" | b"eror" => Level::Error,
        b"critical" | b"crit" | b"alert" => Level::Critical,
        b"fatal" | b"panic" | b"emerg" | b"emergency" => Level::Fatal,
        _ => return None,
    })
}

/// The level of OTLP's `SeverityNumber`: four steps for each.
pub(crate) fn from_severity_number(number: i32) -> Option<Level> {
    Some(match number {
        1..=4 => Level::Trace,
        5..=8 => Level::Debug,
        9..=12 => Level::Info,
        13..=16 => Level::Warn,
        17..=20 => Level::Error,
        21..=24 => Level::Fatal,
        _ => return None,
    })
}

/// The level of a line; [`Level::Unknown`] when it says none. `fields` are the names that count.
pub(crate) fn of_line(line: &str, fields: &[String]) -> Level {
    let bytes = &line.as_bytes()[..line.len().min(SEARCHED_BYTES)];
    let first = bytes.iter().position(|b| !b.is_ascii_whitespace()).unwrap_or(bytes.len());
    let field = if bytes.get(first) == Some(&b'{') { json_field(&bytes[first..], fields) } else { logfmt_field(bytes, fields) };
    field.and_then(|value| std::str::from_utf8(value).ok()).and_then(from_value).or_else(|| word(bytes)).unwrap_or(Level::Unknown)
}

fn is_field(name: &[u8], fields: &[String]) -> bool {
    fields.iter().any(|field| field.as_bytes() == name)
}

/// The value of the first field of a `key=value` line that counts.
fn logfmt_field<'a>(line: &'a [u8], fields: &[String]) -> Option<&'a [u8]> {
    memchr_iter(b'=', line).find_map(|at| {
        let start = line[..at].iter().rposition(|b| b.is_ascii_whitespace() || matches!(b, b',' | b'[' | b'(')).map_or(0, |i| i + 1);
        if !is_field(&line[start..at], fields) {
            return None;
        }
        let value = &line[at + 1..];
        if let Some(value) = value.strip_prefix(b"\"") {
            return memchr(b'"', value).map(|end| &value[..end]);
        }
        let end = value.iter().position(|b| b.is_ascii_whitespace() || matches!(b, b',' | b']' | b')')).unwrap_or(value.len());
        Some(&value[..end])
    })
}

/// The value of the first field of a JSON object that counts, an outer one before an inner one. What
/// is no JSON gives what could be read.
fn json_field<'a>(line: &'a [u8], fields: &[String]) -> Option<&'a [u8]> {
    let mut inner = None;
    let mut depth = 0_usize;
    let mut at = 0;
    // A string, and whether the last thing before it was a key's colon.
    let mut key: Option<&[u8]> = None;
    while let Some(&byte) = line.get(at) {
        at += 1;
        match byte {
            b'{' | b'[' => {
                depth += 1;
                key = None;
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                key = None;
            }
            b',' => key = None,
            b'"' => {
                let start = at;
                loop {
                    at += memchr2(b'"', b'\\', line.get(at..)?)?;
                    if line[at] == b'"' {
                        break;
                    }
                    at += 2;
                }
                let text = &line[start..at];
                at += 1;
                let Some(name) = key.take() else {
                    key = (line.get(at..)?.iter().find(|b| !b.is_ascii_whitespace()) == Some(&b':')).then_some(text);
                    continue;
                };
                if depth <= JSON_DEPTH && is_field(name, fields) {
                    if depth == 1 {
                        return Some(text);
                    }
                    inner = inner.or(Some(text));
                }
            }
            _ => {}
        }
    }
    inner
}

/// The level that the first word says which says one.
fn word(line: &[u8]) -> Option<Level> {
    let mut at = 0;
    while let Some(gap) = line[at..].iter().position(|byte| IN_WORDS[usize::from(*byte)]) {
        let start = at + gap;
        let length = line[start..].iter().position(|byte| !IN_WORDS[usize::from(*byte)]).unwrap_or(line.len() - start);
        at = start + length;
        // The shortest that counts is `err`, the longest `informational`; most words begin otherwise.
        if (3..=13).contains(&length) && begins_a_level(line[start]) {
            let before = start.checked_sub(1).map(|i| line[i]);
            let alone = !matches!(before, Some(b'/' | b'.' | b'-')) && !matches!(line.get(at), Some(b'/' | b'-' | b'='));
            // Infinity is no level.
            let level = std::str::from_utf8(&line[start..at]).ok().filter(|word| !matches!(*word, "inf" | "Inf")).and_then(from_value);
            if alone && level.is_some() {
                return level;
            }
        }
    }
    None
}

/// The bytes that words are made of.
const IN_WORDS: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        table[byte] = (byte as u8).is_ascii_alphanumeric() || byte as u8 == b'_' || byte >= 0x80;
        byte += 1;
    }
    table
};

/// `alert`, `notice` and `panic` are left out: they are words of every day.
fn begins_a_level(byte: u8) -> bool {
    matches!(byte | 0x20, b'c' | b'd' | b'e' | b'f' | b'i' | b't' | b'w')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log_limits::LogLimits;
    use proptest::prelude::*;

    #[test]
    fn levels_of_lines() {
        let fields = LogLimits::default().log_level_fields;
        for (line, want) in [
            ("", "unknown"),
            ("nothing to see", "unknown"),
            ("ts=2024-01-01T00:00:00Z level=warn msg=\"an error\"", "warn"),
            ("level=\"error\" msg=x", "error"),
            ("time=1 lvl=dbug msg=x", "debug"),
            ("xlevel=warn level=info", "info"),
            ("level=odd msg=\"a warning\"", "warn"),
            (r#"{"msg":"error","level":"info"}"#, "info"),
            (r#"{"a":{"level":"debug"},"severity":"WARNING"}"#, "warn"),
            (r#"{"a":{"level":"debug"}}"#, "debug"),
            (r#"{"a":{"b":{"level":"debug"}}}"#, "debug"),
            (r#"{"a":{"b":{"level":"odd"}},"m":"x"}"#, "unknown"),
            (r#"{"msg":"say \"level\":\"info\" loudly","level":"fatal"}"#, "fatal"),
            (r#"{"level": "Error"}"#, "error"),
            (r#"{"level":30,"msg":"fatal mistake"}"#, "fatal"),
            (r#"{"level":"#, "unknown"),
            (r#"{"level":"in"#, "unknown"),
            ("le=\"+Inf\"", "unknown"),
            ("10:00AM INF ready", "info"),
            (r#"{"\"#, "unknown"),
            ("2024-01-01 12:00:00 [ERROR] it failed, info follows", "error"),
            ("I0101 12:00:00 main.go:1] Warning: low disk", "warn"),
            ("CRITICAL: out of memory", "critical"),
            ("GET /debug/pprof error_count=3 200", "unknown"),
            ("something FATAL happened", "fatal"),
            ("panic: runtime error: index out of range", "error"),
            ("an err: was here", "error"),
        ] {
            assert_eq!(of_line(line, &fields).as_str(), want, "{line}");
        }
    }

    #[test]
    fn severity_numbers_are_those_of_otlp() {
        let levels: Vec<_> = [0, 1, 4, 5, 9, 13, 17, 20, 21, 24, 25].map(|n| from_severity_number(n).map_or("", Level::as_str)).into();
        assert_eq!(levels, ["", "trace", "trace", "debug", "info", "warn", "error", "error", "fatal", "fatal", ""]);
    }

    proptest! {
        #[test]
        fn arbitrary_lines_never_panic(line in prop_oneof![any::<String>(), r#"[{}\[\]"\\:=a-e ,é]{0,40}"#]) {
            let fields = LogLimits::default().log_level_fields;
            prop_assert_ne!(of_line(&line, &fields), Level::Absent);
        }
    }
}
