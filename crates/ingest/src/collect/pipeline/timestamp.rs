//! `timestamp`: the entry's moment from what was extracted.

use super::layout::Layout;
use super::{Context, Entry};
use jiff::tz::TimeZone;
use phoenix_model::Labels;
use phoenix_yaml::KeyError;
use serde::Deserialize;
use std::collections::HashMap;

/// Streams of which the last moment is kept for `fudge`; beyond, all are forgotten.
const STREAMS_LIMIT: usize = 10_000;

#[derive(Debug, Clone)]
enum Format {
    /// A number in units of this many nanoseconds.
    Unix(i64),
    Layout(Layout),
}

impl Format {
    fn new(name: &str) -> Self {
        let layout = match name {
            "Unix" => return Self::Unix(1_000_000_000),
            "UnixMs" => return Self::Unix(1_000_000),
            "UnixUs" => return Self::Unix(1_000),
            "UnixNs" => return Self::Unix(1),
            "ANSIC" => "Mon Jan _2 15:04:05 2006",
            "UnixDate" => "Mon Jan _2 15:04:05 MST 2006",
            "RubyDate" => "Mon Jan 02 15:04:05 -0700 2006",
            "RFC822" => "02 Jan 06 15:04 MST",
            "RFC822Z" => "02 Jan 06 15:04 -0700",
            "RFC850" => "Monday, 02-Jan-06 15:04:05 MST",
            "RFC1123" => "Mon, 02 Jan 2006 15:04:05 MST",
            "RFC1123Z" => "Mon, 02 Jan 2006 15:04:05 -0700",
            "RFC3339" => "2006-01-02T15:04:05Z07:00",
            "RFC3339Nano" => "2006-01-02T15:04:05.999999999Z07:00",
            layout => layout,
        };
        Self::Layout(Layout::new(layout))
    }

    fn parse(&self, text: &str, zone: Option<&TimeZone>, now_ns: i64) -> Result<i64, String> {
        match self {
            Self::Layout(layout) => layout.parse(text, zone, now_ns),
            Self::Unix(unit_ns) => unix(text, *unit_ns).ok_or_else(|| format!("`{text}` is not a number of that format")),
        }
    }
}

/// A number with or without a fraction, in units of nanoseconds. Digits below a nanosecond are cut off.
fn unix(text: &str, unit_ns: i64) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    let mut below = 0_i64;
    let mut weight = unit_ns;
    for digit in fraction.bytes() {
        weight /= 10;
        below += i64::from(digit - b'0') * weight;
    }
    let below = if whole.starts_with('-') { -below } else { below };
    number.checked_mul(unit_ns)?.checked_add(below)
}

/// `timestamp`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawTimestamp")]
pub(super) struct TimestampStage {
    source: String,
    formats: Vec<Format>,
    zone: Option<TimeZone>,
    fudges: bool,
    last: HashMap<Labels, i64>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawTimestamp {
    source: String,
    format: String,
    #[serde(default)]
    fallback_formats: Vec<String>,
    location: Option<String>,
    action_on_failure: Option<String>,
}

impl TryFrom<RawTimestamp> for TimestampStage {
    type Error = KeyError;

    fn try_from(raw: RawTimestamp) -> Result<Self, KeyError> {
        if raw.source.is_empty() {
            return Err(KeyError::at("source", "`source` is empty"));
        }
        if raw.format.is_empty() {
            return Err(
                KeyError::at("format", "`format` is empty").with_help("name one, as `RFC3339`, or write a layout as `2006-01-02 15:04:05`")
            );
        }
        let zone =
            match raw.location.as_deref() {
                None | Some("") => None,
                Some(name) => Some(TimeZone::get(name).map_err(|_| {
                    KeyError::at("location", format!("`{name}` is not a time zone")).with_help("write it as `Europe/London`")
                })?),
            };
        let fudges = match raw.action_on_failure.as_deref() {
            None | Some("" | "fudge") => true,
            Some("skip") => false,
            Some(other) => return Err(KeyError::at("action_on_failure", format!("`{other}` is not one of fudge, skip"))),
        };
        let formats = std::iter::once(&raw.format).chain(&raw.fallback_formats).map(|format| Format::new(format)).collect();
        Ok(Self { source: raw.source, formats, zone, fudges, last: HashMap::new() })
    }
}

impl TimestampStage {
    pub(super) fn apply(&mut self, entry: &mut Entry, context: &mut Context<'_>) {
        let parsed = match entry.field(&self.source) {
            None => Err(format!("`{}` was not extracted", self.source)),
            Some(text) => {
                let mut tries = self.formats.iter().map(|format| format.parse(&text, self.zone.as_ref(), context.now_ns));
                let first = tries.next().unwrap_or_else(|| Err("there is no format".to_owned()));
                first.or_else(|first| tries.find_map(Result::ok).ok_or(first))
            }
        };
        match parsed {
            Ok(timestamp_ns) => {
                entry.timestamp_ns = timestamp_ns;
                if self.fudges {
                    self.remember(entry);
                }
            }
            Err(why) => {
                context.note(|| why);
                // As Promtail: next to the last entry of the stream, so that its order holds.
                if self.fudges
                    && let Some(last) = self.last.get(&entry.labels.build())
                {
                    entry.timestamp_ns = last + 1;
                    self.remember(entry);
                }
            }
        }
    }

    fn remember(&mut self, entry: &Entry) {
        let labels = entry.labels.build();
        if self.last.len() >= STREAMS_LIMIT && !self.last.contains_key(&labels) {
            self.last.clear();
        }
        self.last.insert(labels, entry.timestamp_ns);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unix_times_are_read_in_their_unit() {
        for (text, unit_ns, want) in [
            ("1562708916", 1_000_000_000, Some(1_562_708_916_000_000_000)),
            ("1562708916.000000123", 1_000_000_000, Some(1_562_708_916_000_000_123)),
            ("1562708916414", 1_000_000, Some(1_562_708_916_414_000_000)),
            ("1562708916414123", 1_000, Some(1_562_708_916_414_123_000)),
            ("1562708916000000123", 1, Some(1_562_708_916_000_000_123)),
            ("-1.5", 1_000_000_000, Some(-1_500_000_000)),
            ("1.5.5", 1_000_000_000, None),
            ("x", 1, None),
            ("99999999999999999", 1_000_000_000, None),
        ] {
            assert_eq!(unix(text, unit_ns), want, "{text}");
        }
    }
}
