//! Values that configuration files are made of.

use crate::error_with_help;
use phoenix_model::matcher::AnchoredRegex;
use serde::de::{Deserialize, Deserializer};
use std::fmt;
use std::ops::Deref;

/// A duration as Prometheus writes them: `1h30m`, `15s`, `0`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Duration(pub std::time::Duration);

impl Duration {
    /// A whole number of seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// The standard library's duration.
    pub fn get(self) -> std::time::Duration {
        self.0
    }
}

impl Deref for Duration {
    type Target = std::time::Duration;

    fn deref(&self) -> &std::time::Duration {
        &self.0
    }
}

impl From<Duration> for std::time::Duration {
    fn from(duration: Duration) -> Self {
        duration.0
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&phoenix_model::format_duration(self.0))
    }
}

impl serde::Serialize for Duration {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Duration {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(deserializer)?;
        phoenix_model::parse_duration(&text).map(Self).map_err(|reason| {
            let help = if text.parse::<f64>().is_ok() {
                format!("add a unit, as in `{text}s` or `{text}m`")
            } else {
                "write a duration as `30s`, `5m` or `1h30m`".to_owned()
            };
            error_with_help(format_args!("`{text}` is not a duration: {}", reason.split("; write").next().unwrap_or(&reason)), help)
        })
    }
}

/// A regular expression that has to match a whole value. Equal when the patterns are.
#[derive(Debug, Clone)]
pub struct Regex {
    pattern: String,
    compiled: AnchoredRegex,
}

impl Regex {
    /// Compiles a pattern.
    pub fn new(pattern: impl Into<String>) -> Result<Self, phoenix_model::MatcherError> {
        let pattern = pattern.into();
        let compiled = AnchoredRegex::new(&pattern)?;
        Ok(Self { pattern, compiled })
    }

    /// The pattern as written.
    pub fn pattern(&self) -> &str {
        &self.pattern
    }
}

impl Deref for Regex {
    type Target = AnchoredRegex;

    fn deref(&self) -> &AnchoredRegex {
        &self.compiled
    }
}

impl PartialEq for Regex {
    fn eq(&self, other: &Self) -> bool {
        self.pattern == other.pattern
    }
}

impl Eq for Regex {}

impl fmt::Display for Regex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.pattern)
    }
}

impl<'de> Deserialize<'de> for Regex {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pattern = text(deserializer)?;
        Self::new(pattern.as_str()).map_err(|e| {
            error_with_help(
                format_args!("`{pattern}` is not a regular expression: {}", e.reason),
                "write it in RE2's syntax, without look-around; in single quotes a backslash needs no doubling",
            )
        })
    }
}

/// A number of bytes: `512MB`, `64MiB`, `1.5GiB`, `0`. As in Prometheus, `KB`, `MB`, `GB` count in
/// powers of 1024 like `KiB`, `MiB`, `GiB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Bytes(pub u64);

const BYTE_UNITS: [(&str, u64); 7] =
    [("EiB", 1 << 60), ("PiB", 1 << 50), ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Bytes {
    /// The number.
    pub fn get(self) -> u64 {
        self.0
    }

    fn parse(text: &str) -> Option<Self> {
        if text == "0" {
            return Some(Self(0));
        }
        let digits = text.find(|c: char| !c.is_ascii_digit() && c != '.')?;
        let number: f64 = text[..digits].parse().ok()?;
        let unit = text[digits..].trim_start();
        let (_, size) = BYTE_UNITS.iter().find(|(name, _)| unit == *name || unit == name.replace('i', ""))?;
        let bytes = number * *size as f64;
        (bytes <= u64::MAX as f64).then_some(Self(bytes as u64))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = BYTE_UNITS.iter().find(|(_, size)| self.0 >= *size && self.0.is_multiple_of(*size));
        match unit {
            Some((name, size)) => write!(f, "{}{name}", self.0 / size),
            None => write!(f, "0"),
        }
    }
}

impl serde::Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            let help = if text.parse::<u64>().is_ok() {
                format!("add a unit, as in `{text}B` or `{text}MB`")
            } else {
                "write a size as `512MB` or `2GiB`; the units are B, KB, MB, GB, TB, PB, EB".to_owned()
            };
            error_with_help(format_args!("`{text}` is not a size in bytes"), help)
        })
    }
}

/// An absolute `http` or `https` address.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Url(url::Url);

impl Url {
    /// Reads an address; says what is wrong in words.
    pub fn parse(text: &str) -> Result<Self, String> {
        let url = url::Url::parse(text).map_err(|e| match e {
            url::ParseError::RelativeUrlWithoutBase => "it does not begin with `http://` or `https://`".to_owned(),
            other => other.to_string(),
        })?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err(format!("its scheme is `{}`, not `http` or `https`", url.scheme()));
        }
        if url.host_str().is_none_or(str::is_empty) {
            return Err("it names no host".to_owned());
        }
        Ok(Self(url))
    }

    /// The parsed address.
    pub fn get(&self) -> &url::Url {
        &self.0
    }
}

impl Deref for Url {
    type Target = url::Url;

    fn deref(&self) -> &url::Url {
        &self.0
    }
}

impl fmt::Debug for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// With a password in it shown as `xxxxx`, as Prometheus does.
impl fmt::Display for Url {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.password().is_some() {
            let mut shown = self.0.clone();
            if shown.set_password(Some("xxxxx")).is_ok() {
                return f.write_str(shown.as_str());
            }
        }
        f.write_str(self.0.as_str())
    }
}

impl serde::Serialize for Url {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = text(deserializer)?;
        // The address itself is not repeated: it may hold a password.
        Self::parse(&text)
            .map_err(|reason| error_with_help(format_args!("this is not a URL: {reason}"), "write it whole, as in `http://host:9090/path`"))
    }
}

fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    String::deserialize(deserializer)
}
