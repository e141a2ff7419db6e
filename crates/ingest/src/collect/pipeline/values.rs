//! Values of stages: durations as Go writes them, sizes, regular expressions.

use phoenix_yaml::error_with_help;
use serde::{Deserialize, Deserializer};
use std::time::Duration;

/// A duration as Go's `time.ParseDuration` reads it (`1.5h`, `250ms`, `1h30m`), or as Prometheus does (`7d`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GoDuration(pub Duration);

/// Reads one of Go's durations, without a sign. `None` when it is none.
pub fn parse_go_duration(text: &str) -> Option<Duration> {
    if text == "0" {
        return Some(Duration::ZERO);
    }
    let mut rest = text;
    let mut seconds = 0.0;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = rest[..digits].parse().ok()?;
        rest = &rest[digits..];
        let letters = rest.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(rest.len());
        let unit = match &rest[..letters] {
            "ns" => 1e-9,
            "us" | "µs" | "μs" => 1e-6,
            "ms" => 1e-3,
            "s" => 1.0,
            "m" => 60.0,
            "h" => 3600.0,
            _ => return None,
        };
        seconds += number * unit;
        rest = &rest[letters..];
    }
    (!text.is_empty()).then(|| Duration::try_from_secs_f64(seconds).ok()).flatten()
}

impl<'de> Deserialize<'de> for GoDuration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_go_duration(&text)
            .or_else(|| phoenix_model::parse_duration(&text).ok())
            .map(Self)
            .ok_or_else(|| error_with_help(format_args!("`{text}` is not a duration"), "write a duration as `30s`, `5m` or `1h30m`"))
    }
}

/// A number of bytes: `8192`, `8kb`, `1MiB`. Units count in powers of 1024, in any case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Size(pub usize);

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        parse_size(&text)
            .map(Self)
            .ok_or_else(|| error_with_help(format_args!("`{text}` is not a size in bytes"), "write a size as `8192`, `8kb` or `1MB`"))
    }
}

fn parse_size(text: &str) -> Option<usize> {
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let number: f64 = text[..digits].parse().ok()?;
    let power = match text[digits..].trim().to_ascii_lowercase().as_str() {
        "" | "b" => 0,
        "k" | "kb" | "kib" => 1,
        "m" | "mb" | "mib" => 2,
        "g" | "gb" | "gib" => 3,
        _ => return None,
    };
    let bytes = number * 1024_f64.powi(power);
    (bytes <= 1e15).then_some(bytes as usize)
}

/// A regular expression that may match anywhere.
#[derive(Debug, Clone)]
pub struct Pattern(pub regex::Regex);

/// Bytes that one compiled expression may take.
const REGEX_LIMIT_BYTES: usize = 4 << 20;

/// Compiles an expression in RE2's syntax.
pub fn compile(pattern: &str) -> Result<regex::Regex, String> {
    regex::RegexBuilder::new(pattern).size_limit(REGEX_LIMIT_BYTES).build().map_err(|e| {
        let text = e.to_string();
        let reason = text.lines().last().unwrap_or(&text).trim_start_matches("error: ");
        format!("`{pattern}` is not a regular expression: {reason}")
    })
}

impl<'de> Deserialize<'de> for Pattern {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        compile(&text).map(Self).map_err(|message| {
            error_with_help(message, "write it in RE2's syntax, without look-around; in single quotes a backslash needs no doubling")
        })
    }
}

/// One name or several.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Names(pub Vec<String>);

impl<'de> Deserialize<'de> for Names {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NamesVisitor;

        impl<'de> serde::de::Visitor<'de> for NamesVisitor {
            type Value = Names;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a name or a list of names")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Names, E> {
                Ok(Names(vec![text.to_owned()]))
            }

            fn visit_unit<E: serde::de::Error>(self) -> Result<Names, E> {
                Ok(Names::default())
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut items: A) -> Result<Names, A::Error> {
                let mut names = Vec::new();
                while let Some(name) = items.next_element()? {
                    names.push(name);
                }
                Ok(Names(names))
            }
        }

        deserializer.deserialize_any(NamesVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_and_sizes() {
        for (text, ms) in [
            ("1.5h", Some(5_400_000)),
            ("300ms", Some(300)),
            ("1h30m", Some(5_400_000)),
            ("0", Some(0)),
            ("", None),
            ("5", None),
            ("1d", None),
        ] {
            assert_eq!(parse_go_duration(text).map(|d| d.as_millis()), ms, "{text}");
        }
        for (text, bytes) in
            [("8192", Some(8192)), ("8kb", Some(8192)), ("1MiB", Some(1 << 20)), ("1.5k", Some(1536)), ("x", None), ("1 tb", None)]
        {
            assert_eq!(parse_size(text), bytes, "{text}");
        }
    }
}
