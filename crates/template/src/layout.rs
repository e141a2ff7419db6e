//! Reading moments by one of Go's layouts.

use crate::time::{MONTHS, WEEKDAYS};
use jiff::civil::DateTime;
use jiff::tz::{Offset, TimeZone};

/// What became of an element of a layout.
enum Read<'a> {
    /// It was read: the bytes of the layout, and what follows in the text.
    Element(usize, &'a str),
    /// The layout does not begin with an element.
    Literal,
}

/// What a text says of a moment; what it does not say is as in Go: the first of January of year 0,
/// midnight.
#[derive(Debug)]
struct Parts {
    year: i16,
    month: i8,
    day: i8,
    day_of_year: Option<i16>,
    hour: i8,
    afternoon: Option<bool>,
    minute: i8,
    second: i8,
    nanosecond: i32,
    offset_seconds: Option<i32>,
}

/// Reads a moment, in nanoseconds since the Unix epoch. `zone` holds where the text names no
/// offset; a name that the tz database does not know means UTC, as in sprig's functions.
pub(crate) fn parse(layout: &str, zone: &str, text: &str) -> Option<i128> {
    let mut parts = Parts {
        year: 0,
        month: 1,
        day: 1,
        day_of_year: None,
        hour: 0,
        afternoon: None,
        minute: 0,
        second: 0,
        nanosecond: 0,
        offset_seconds: None,
    };
    let (mut layout, mut text) = (layout, text);
    while let Some(c) = layout.chars().next() {
        match parts.element(layout, text)? {
            Read::Element(used, rest) => {
                layout = &layout[used..];
                text = rest;
            }
            Read::Literal => {
                text = text.strip_prefix(c)?;
                layout = &layout[c.len_utf8()..];
            }
        }
    }
    text.is_empty().then_some(())?;
    parts.moment(zone)
}

/// Takes between `least` and `most` digits.
fn number(text: &str, least: usize, most: usize) -> Option<(i32, &str)> {
    let digits = text.bytes().take(most).take_while(u8::is_ascii_digit).count();
    (digits >= least).then_some(())?;
    Some((text[..digits].parse().ok()?, &text[digits..]))
}

fn name<'a>(text: &'a str, names: &[&str], length: Option<usize>) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(index, name)| {
        let name = &name[..length.unwrap_or(name.len())];
        let head = text.get(..name.len())?;
        head.eq_ignore_ascii_case(name).then(|| (index, &text[name.len()..]))
    })
}

/// `+07:00` and its kin.
fn offset<'a>(text: &'a str, layout: &str) -> Option<(i32, &'a str)> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let (hours, mut rest) = number(&text[1..], 2, 2)?;
    let mut seconds = hours * 3600;
    if layout.len() > 3 {
        let colon = layout.contains(':');
        if colon {
            rest = rest.strip_prefix(':')?;
        }
        let (minutes, after) = number(rest, 2, 2)?;
        seconds += minutes * 60;
        rest = after;
        if layout == "-07:00:00" {
            let (more, after) = number(rest.strip_prefix(':')?, 2, 2)?;
            seconds += more;
            rest = after;
        }
    }
    Some((sign * seconds, rest))
}

impl Parts {
    /// Reads the layout element that `layout` starts with. `None` when the text does not fit.
    fn element<'a>(&mut self, layout: &str, text: &'a str) -> Option<Read<'a>> {
        const OFFSETS: [&str; 4] = ["-07:00:00", "-07:00", "-0700", "-07"];
        let starts = |token: &str| layout.starts_with(token);
        let done = |token: &str, rest: &'a str| Some(Read::Element(token.len(), rest));
        if starts("January") || starts("Jan") {
            let token = if starts("January") { "January" } else { "Jan" };
            let (month, rest) = name(text, &MONTHS, (token.len() == 3).then_some(3))?;
            self.month = month as i8 + 1;
            return done(token, rest);
        }
        if starts("Monday") || starts("Mon") {
            let token = if starts("Monday") { "Monday" } else { "Mon" };
            return done(token, name(text, &WEEKDAYS, (token.len() == 3).then_some(3))?.1);
        }
        if starts("MST") {
            // As Go: an abbreviation that is not UTC has no offset of its own.
            let letters = text.bytes().take(5).take_while(u8::is_ascii_uppercase).count();
            (letters >= 3).then_some(())?;
            if matches!(&text[..letters], "UTC" | "GMT") {
                self.offset_seconds = Some(0);
            }
            return done("MST", &text[letters..]);
        }
        if starts("2006") {
            let (year, rest) = number(text, 4, 4)?;
            self.year = year as i16;
            return done("2006", rest);
        }
        if let Some(token) = OFFSETS.into_iter().find(|token| starts(token)) {
            let (seconds, rest) = offset(text, token)?;
            self.offset_seconds = Some(seconds);
            return done(token, rest);
        }
        if let Some(token) = ["Z07:00", "Z0700", "Z07"].into_iter().find(|token| starts(token)) {
            if let Some(rest) = text.strip_prefix('Z') {
                self.offset_seconds = Some(0);
                return done(token, rest);
            }
            let (seconds, rest) = offset(text, &token.replace('Z', "-"))?;
            self.offset_seconds = Some(seconds);
            return done(token, rest);
        }
        if starts("PM") || starts("pm") {
            let afternoon = match text.get(..2)? {
                half if half.eq_ignore_ascii_case("pm") => true,
                half if half.eq_ignore_ascii_case("am") => false,
                _ => return None,
            };
            self.afternoon = Some(afternoon);
            return done("PM", &text[2..]);
        }
        if starts("002") {
            let (day, rest) = number(text, 3, 3)?;
            self.day_of_year = Some(day as i16);
            return done("002", rest);
        }
        if layout.starts_with(['.', ',']) {
            return self.fraction(layout, text);
        }
        for (token, least) in [("01", 2), ("02", 2), ("03", 2), ("04", 2), ("05", 2), ("06", 2), ("15", 2), ("_2", 1)] {
            if starts(token) && !starts("_2006") {
                let text = if token == "_2" { text.trim_start_matches(' ') } else { text };
                let (value, rest) = number(text, least, 2)?;
                return self.set(token, value).then_some(Read::Element(token.len(), rest));
            }
        }
        for token in ["1", "2", "3", "4", "5"] {
            if starts(token) {
                let (value, rest) = number(text, 1, 2)?;
                let padded = ["", "01", "02", "03", "04", "05"][token.parse::<usize>().unwrap_or(0)];
                return self.set(padded, value).then_some(Read::Element(token.len(), rest));
            }
        }
        Some(Read::Literal)
    }

    fn set(&mut self, token: &str, value: i32) -> bool {
        let small = value as i8;
        match token {
            "01" => self.month = small,
            "02" | "_2" => self.day = small,
            "03" | "15" => self.hour = small,
            "04" => self.minute = small,
            "05" => self.second = small,
            // As Go: 69 and above belong to the last century.
            _ => self.year = if value >= 69 { 1900 + value as i16 } else { 2000 + value as i16 },
        }
        value <= 99
    }

    /// `.000` wants that many digits; `.999` takes any number of them, also none at all.
    fn fraction<'a>(&mut self, layout: &str, text: &'a str) -> Option<Read<'a>> {
        let Some(digit) = layout[1..].chars().next().filter(|c| matches!(c, '0' | '9')) else { return Some(Read::Literal) };
        let width = layout[1..].chars().take_while(|c| *c == digit).count();
        if width > 9 || layout[1 + width..].starts_with(|c: char| c.is_ascii_digit()) {
            return Some(Read::Literal);
        }
        let Some(rest) = text.strip_prefix(['.', ',']) else {
            return (digit == '9').then_some(Read::Element(1 + width, text));
        };
        let digits = rest.bytes().take(9).take_while(u8::is_ascii_digit).count();
        if digits == 0 || (digit == '0' && digits != width) {
            return None;
        }
        self.nanosecond = rest[..digits].parse::<i32>().ok()? * 10_i32.pow(9 - digits as u32);
        Some(Read::Element(1 + width, rest[digits..].trim_start_matches(|c: char| c.is_ascii_digit())))
    }

    fn moment(&self, zone: &str) -> Option<i128> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let mut moment = DateTime::new(self.year, self.month, self.day, hour, self.minute, self.second, self.nanosecond).ok()?;
        if let Some(day) = self.day_of_year {
            moment = moment.with().day_of_year(day).build().ok()?;
        }
        let zone = match self.offset_seconds {
            Some(seconds) => Offset::from_seconds(seconds).ok()?.to_time_zone(),
            None => match zone {
                "" | "UTC" => TimeZone::UTC,
                "Local" => TimeZone::system(),
                name => TimeZone::get(name).unwrap_or(TimeZone::UTC),
            },
        };
        Some(moment.to_zoned(zone).ok()?.timestamp().as_nanosecond())
    }
}

#[cfg(test)]
mod tests {
    use super::parse;
    use crate::time::GoTime;
    use proptest::prelude::*;

    #[test]
    fn reads_what_layouts_say() {
        for (layout, zone, text, want) in [
            ("2006-01-02", "UTC", "2021-11-02", Some(1_635_811_200_000_000_000)),
            ("2006-01-02", "Europe/Berlin", "2021-11-02", Some(1_635_807_600_000_000_000)),
            ("2006-01-02T15:04:05.999999999Z", "UTC", "2021-11-02T01:02:03.5Z", Some(1_635_814_923_500_000_000)),
            ("2006-01-02T15:04:05Z07:00", "UTC", "2021-11-02T01:02:03+01:00", Some(1_635_811_323_000_000_000)),
            ("2006-01-02T15:04:05Z07:00", "Europe/Berlin", "2021-11-02T01:02:03Z", Some(1_635_814_923_000_000_000)),
            ("02/Jan/2006:15:04:05 -0700", "UTC", "10/Oct/2000:13:55:36 -0700", Some(971_211_336_000_000_000)),
            ("Jan _2 2006 3:04PM", "UTC", "Nov  2 2021 1:02PM", Some(1_635_858_120_000_000_000)),
            ("1/2/06 15:04", "UTC", "11/2/21 00:00", Some(1_635_811_200_000_000_000)),
            ("2006-01-02", "Nowhere/Land", "2021-11-02", Some(1_635_811_200_000_000_000)),
            ("2006-01-02", "UTC", "2021-11-2", None),
            ("2006-01-02", "UTC", "2021-13-02", None),
            ("2006-01-02", "UTC", "2021-11-02 ", None),
            ("15:04:05.000", "UTC", "01:02:03.5", None),
        ] {
            assert_eq!(parse(layout, zone, text), want, "{text} by {layout}");
        }
    }

    proptest! {
        #[test]
        fn reads_back_what_was_written(ns in 0_i64..4_000_000_000_000_000_000) {
            for layout in ["2006-01-02T15:04:05.000000000Z07:00", "Mon, 02 Jan 2006 03:04:05.999999999 PM -0700", "2006 002 15 4 5.999999999"] {
                let text = GoTime::from_ns(ns.into(), "UTC").unwrap().format(layout);
                prop_assert_eq!(parse(layout, "UTC", &text), Some(ns.into()), "{} by {}", text, layout);
            }
        }

        #[test]
        fn never_panics(layout in "[ .,:0-9A-Za-z_ä-]{0,20}", text in ".{0,20}") {
            let _ = parse(&layout, "UTC", &text);
        }
    }
}
