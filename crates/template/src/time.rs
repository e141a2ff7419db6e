//! Moments and durations as Go's `time` package writes them.

use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use std::fmt::{self, Write as _};

/// A moment in a time zone.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct GoTime(Zoned);

impl GoTime {
    /// Milliseconds since the Unix epoch, in a zone of the tz database; an unknown zone is an error.
    pub(crate) fn new(ms: i64, zone: &str) -> Result<Self, String> {
        Self::from_ns(i128::from(ms) * 1_000_000, zone)
    }

    /// As [`GoTime::new`], from nanoseconds.
    pub(crate) fn from_ns(ns: i128, zone: &str) -> Result<Self, String> {
        let moment =
            Timestamp::from_nanosecond(ns).map_err(|_| format!("{} ms is not a moment of the calendar", ns.div_euclid(1_000_000)))?;
        let zone = match zone {
            "" | "UTC" => TimeZone::UTC,
            name => TimeZone::get(name).map_err(|_| format!("unknown time zone {name}"))?,
        };
        Ok(Self(moment.to_zoned(zone)))
    }

    /// Seconds since the Unix epoch, cut to milliseconds, in UTC.
    pub(crate) fn from_seconds(seconds: f64) -> Result<Self, String> {
        let nanoseconds = seconds * 1e9;
        // The bounds that Prometheus inherits from Go's nanoseconds in an int64.
        if !(nanoseconds >= i64::MIN as f64 && nanoseconds <= i64::MAX as f64) {
            return Err(format!(
                "{} cannot be represented as a nanoseconds timestamp since it overflows int64",
                crate::format_float(seconds, None)
            ));
        }
        Self::new((nanoseconds as i64).div_euclid(1_000_000), "UTC")
    }

    pub(crate) fn ms(&self) -> i64 {
        self.0.timestamp().as_millisecond()
    }

    pub(crate) fn ns(&self) -> i128 {
        self.0.timestamp().as_nanosecond()
    }

    pub(crate) fn zoned(&self) -> &Zoned {
        &self.0
    }

    /// Writes the moment by a Go layout, which is the reference time `Mon Jan 2 15:04:05 MST 2006`
    /// spelled as the result shall look.
    pub(crate) fn format(&self, layout: &str) -> String {
        let mut out = String::with_capacity(layout.len() + 8);
        let mut rest = layout;
        while let Some(c) = rest.chars().next() {
            if let Some(used) = self.element(rest, &mut out) {
                rest = &rest[used..];
            } else {
                out.push(c);
                rest = &rest[c.len_utf8()..];
            }
        }
        out
    }

    /// Writes the layout element that `rest` starts with, and says how many bytes it took.
    fn element(&self, rest: &str, out: &mut String) -> Option<usize> {
        let t = &self.0;
        let hour12 = match t.hour() % 12 {
            0 => 12,
            hour => hour,
        };
        let (_, offset, zone) = zone_parts(t);
        let month = MONTHS[t.month() as usize - 1];
        let weekday = WEEKDAYS[t.weekday().to_sunday_zero_offset() as usize];
        let zulu = |colon: bool| if offset == 0 { "Z".to_owned() } else { offset_text(offset, colon, false) };
        // Longest first where one element begins with another.
        let (token, text): (&str, String) = if rest.starts_with("January") {
            ("January", month.to_owned())
        } else if rest.starts_with("Jan") {
            ("Jan", month[..3].to_owned())
        } else if rest.starts_with("Monday") {
            ("Monday", weekday.to_owned())
        } else if rest.starts_with("Mon") {
            ("Mon", weekday[..3].to_owned())
        } else if rest.starts_with("MST") {
            ("MST", zone)
        } else if rest.starts_with("2006") {
            ("2006", format!("{:04}", t.year()))
        } else if rest.starts_with("-07:00:00") {
            ("-07:00:00", offset_text(offset, true, true))
        } else if rest.starts_with("-07:00") {
            ("-07:00", offset_text(offset, true, false))
        } else if rest.starts_with("-0700") {
            ("-0700", offset_text(offset, false, false))
        } else if rest.starts_with("-07") {
            ("-07", offset_text(offset, false, false)[..3].to_owned())
        } else if rest.starts_with("Z07:00") {
            ("Z07:00", zulu(true))
        } else if rest.starts_with("Z0700") {
            ("Z0700", zulu(false))
        } else if rest.starts_with("002") {
            ("002", format!("{:03}", t.day_of_year()))
        } else if rest.starts_with("__2") {
            ("__2", format!("{:3}", t.day_of_year()))
        } else if rest.starts_with("01") {
            ("01", format!("{:02}", t.month()))
        } else if rest.starts_with("02") {
            ("02", format!("{:02}", t.day()))
        } else if rest.starts_with("03") {
            ("03", format!("{hour12:02}"))
        } else if rest.starts_with("04") {
            ("04", format!("{:02}", t.minute()))
        } else if rest.starts_with("05") {
            ("05", format!("{:02}", t.second()))
        } else if rest.starts_with("06") {
            ("06", format!("{:02}", t.year().rem_euclid(100)))
        } else if rest.starts_with("15") {
            ("15", format!("{:02}", t.hour()))
        } else if rest.starts_with("_2006") {
            ("_2006", format!("_{:04}", t.year()))
        } else if rest.starts_with("_2") {
            ("_2", format!("{:2}", t.day()))
        } else if rest.starts_with("PM") {
            ("PM", if t.hour() >= 12 { "PM" } else { "AM" }.to_owned())
        } else if rest.starts_with("pm") {
            ("pm", if t.hour() >= 12 { "pm" } else { "am" }.to_owned())
        } else if rest.starts_with('1') {
            ("1", t.month().to_string())
        } else if rest.starts_with('2') {
            ("2", t.day().to_string())
        } else if rest.starts_with('3') {
            ("3", hour12.to_string())
        } else if rest.starts_with('4') {
            ("4", t.minute().to_string())
        } else if rest.starts_with('5') {
            ("5", t.second().to_string())
        } else if rest.starts_with(['.', ',']) {
            return self.fraction(rest, out);
        } else {
            return None;
        };
        out.push_str(&text);
        Some(token.len())
    }

    /// `.000` writes that many digits of the second's fraction, `.999` cuts trailing zeros.
    fn fraction(&self, rest: &str, out: &mut String) -> Option<usize> {
        let digit = rest[1..].chars().next().filter(|c| matches!(c, '0' | '9'))?;
        let width = rest[1..].chars().take_while(|c| *c == digit).count();
        if width > 9 || rest[1 + width..].starts_with(|c: char| c.is_ascii_digit()) {
            return None;
        }
        let all = format!("{:09}", self.0.subsec_nanosecond());
        let digits = if digit == '9' { all[..width].trim_end_matches('0') } else { &all[..width] };
        if digit == '0' || !digits.is_empty() {
            out.push_str(&rest[..1]);
            out.push_str(digits);
        }
        Some(1 + width)
    }
}

/// As Go prints a `time.Time`: `2024-05-01 12:00:00.5 +0000 UTC`.
impl fmt::Display for GoTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.format("2006-01-02 15:04:05.999999999 -0700 MST"))
    }
}

pub(crate) const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
pub(crate) const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

fn zone_parts(t: &Zoned) -> (bool, i32, String) {
    let info = t.time_zone().to_offset_info(t.timestamp());
    let abbreviation = match info.abbreviation() {
        "" => offset_text(info.offset().seconds(), false, false),
        text => text.to_owned(),
    };
    (info.dst().is_dst(), info.offset().seconds(), abbreviation)
}

fn offset_text(seconds: i32, colon: bool, with_seconds: bool) -> String {
    let sign = if seconds < 0 { '-' } else { '+' };
    let all = seconds.abs();
    let between = if colon { ":" } else { "" };
    let mut out = format!("{sign}{:02}{between}{:02}", all / 3600, all / 60 % 60);
    if with_seconds {
        let _ = write!(out, "{between}{:02}", all % 60);
    }
    out
}

/// Writes a moment (milliseconds since the Unix epoch, in UTC) by a Go layout such as
/// `2006-01-02 15:04`; a moment beyond the calendar is written as a number.
pub fn format_time(ms: i64, layout: &str) -> String {
    GoTime::new(ms, "UTC").map_or_else(|_| ms.to_string(), |t| t.format(layout))
}

/// Nanoseconds as Go prints a `time.Duration`: `1h2m3.5s`, `15ms`, `0s`.
pub fn format_go_duration(nanoseconds: i64) -> String {
    let sign = if nanoseconds < 0 { "-" } else { "" };
    let all = nanoseconds.unsigned_abs();
    let decimal = |value: u64, unit: u64| {
        let fraction = format!("{:0width$}", value % unit, width = unit.ilog10() as usize);
        match fraction.trim_end_matches('0') {
            "" => (value / unit).to_string(),
            digits => format!("{}.{digits}", value / unit),
        }
    };
    match all {
        0 => "0s".to_owned(),
        1..1_000 => format!("{sign}{all}ns"),
        1_000..1_000_000 => format!("{sign}{}µs", decimal(all, 1_000)),
        1_000_000..1_000_000_000 => format!("{sign}{}ms", decimal(all, 1_000_000)),
        _ => {
            let (minutes, rest) = (all / 60_000_000_000, all % 60_000_000_000);
            let seconds = decimal(rest, 1_000_000_000);
            match (minutes / 60, minutes % 60) {
                (0, 0) => format!("{sign}{seconds}s"),
                (0, minutes) => format!("{sign}{minutes}m{seconds}s"),
                (hours, minutes) => format!("{sign}{hours}h{minutes}m{seconds}s"),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn layouts() {
        let ms = 1_717_243_509_070; // 2024-06-01 12:05:09.07 UTC, a Saturday
        for (layout, want) in [
            ("2006-01-02T15:04:05Z07:00", "2024-06-01T12:05:09Z"),
            ("Mon, 02 Jan 2006 15:04:05 MST", "Sat, 01 Jun 2024 12:05:09 UTC"),
            ("Monday, January _2 2006 at 3:04PM", "Saturday, June  1 2024 at 12:05PM"),
            ("1/2/06 03:4:5 pm -07:00", "6/1/24 12:5:9 pm +00:00"),
            ("15:04:05.000", "12:05:09.070"),
            ("15:04:05.999", "12:05:09.07"),
            ("002", "153"),
            ("", ""),
            ("äöü %", "äöü %"),
        ] {
            assert_eq!(format_time(ms, layout), want, "{layout}");
        }
    }

    #[test]
    fn durations() {
        for (nanoseconds, want) in [
            (0, "0s"),
            (1, "1ns"),
            (1_500, "1.5µs"),
            (15_000_000, "15ms"),
            (1_000_000_000, "1s"),
            (61_500_000_000, "1m1.5s"),
            (3_600_000_000_000, "1h0m0s"),
            (-90_000_000_000, "-1m30s"),
        ] {
            assert_eq!(format_go_duration(nanoseconds), want);
        }
        let _ = format_go_duration(i64::MIN);
    }
}
