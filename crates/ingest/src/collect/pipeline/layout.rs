//! Moments read by a layout of Go's `time` package: the reference moment `Mon Jan 2 15:04:05 MST 2006`,
//! spelled as the text is.

use jiff::civil::Date;
use jiff::tz::TimeZone;

const MONTHS: [&str; 12] =
    ["January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November", "December"];
const WEEKDAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

/// Layouts with names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Named {
    /// `2006-01-02T15:04:05Z07:00`, with or without a fraction.
    Rfc3339,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Literal(String),
    /// A year with four or two digits.
    Year(usize),
    /// Whether two digits are a must.
    Month(bool),
    MonthName,
    MonthShort,
    /// Whether two digits are a must, and whether a space may stand for the first.
    Day(bool, bool),
    YearDay,
    Weekday,
    WeekdayShort,
    Hour24,
    Hour12(bool),
    Minute(bool),
    Second(bool),
    /// `.000` or `.999`: digits, and whether they may be absent.
    Fraction(usize, bool),
    Noon,
    ZoneName,
    /// Whether `Z` may stand for UTC, whether there are colons, and how many pairs of digits.
    Offset(bool, bool, usize),
}

/// A layout, taken apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    parts: Vec<Part>,
}

/// Elements in the order in which Go looks for them: longer ones before those that they begin with.
const ELEMENTS: &[(&str, Part)] = &[
    ("January", Part::MonthName),
    ("Jan", Part::MonthShort),
    ("Monday", Part::Weekday),
    ("Mon", Part::WeekdayShort),
    ("MST", Part::ZoneName),
    ("2006", Part::Year(4)),
    ("002", Part::YearDay),
    ("01", Part::Month(true)),
    ("02", Part::Day(true, false)),
    ("03", Part::Hour12(true)),
    ("04", Part::Minute(true)),
    ("05", Part::Second(true)),
    ("06", Part::Year(2)),
    ("15", Part::Hour24),
    ("__2", Part::YearDay),
    ("_2", Part::Day(false, true)),
    ("1", Part::Month(false)),
    ("2", Part::Day(false, false)),
    ("3", Part::Hour12(false)),
    ("4", Part::Minute(false)),
    ("5", Part::Second(false)),
    ("PM", Part::Noon),
    ("pm", Part::Noon),
    ("-07:00:00", Part::Offset(false, true, 3)),
    ("-070000", Part::Offset(false, false, 3)),
    ("-07:00", Part::Offset(false, true, 2)),
    ("-0700", Part::Offset(false, false, 2)),
    ("-07", Part::Offset(false, false, 1)),
    ("Z07:00:00", Part::Offset(true, true, 3)),
    ("Z070000", Part::Offset(true, false, 3)),
    ("Z07:00", Part::Offset(true, true, 2)),
    ("Z0700", Part::Offset(true, false, 2)),
    ("Z07", Part::Offset(true, false, 1)),
];

/// What was read so far.
#[derive(Default)]
struct Found {
    year: Option<i64>,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    hour: i64,
    minute: i64,
    second: i64,
    nanosecond: i64,
    afternoon: Option<bool>,
    offset_seconds: Option<i64>,
    zone: Option<String>,
}

impl Layout {
    /// Takes a layout apart.
    pub fn new(layout: &str) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        let mut rest = layout;
        while let Some(c) = rest.chars().next() {
            if let Some((part, used)) = element(rest) {
                parts.push(part);
                rest = &rest[used..];
                continue;
            }
            // `_2006` is a literal and a year.
            match parts.last_mut() {
                Some(Part::Literal(text)) => text.push(c),
                _ => parts.push(Part::Literal(c.to_string())),
            }
            rest = &rest[c.len_utf8()..];
            if c == '_' && rest.starts_with("2006") {
                parts.push(Part::Year(4));
                rest = &rest[4..];
            }
        }
        Self { parts }
    }

    pub(super) fn named(named: Named) -> Self {
        match named {
            Named::Rfc3339 => Self::new("2006-01-02T15:04:05Z07:00"),
        }
    }

    /// Whether the layout has a year.
    fn has_year(&self) -> bool {
        self.parts.iter().any(|part| matches!(part, Part::Year(_)))
    }

    /// Reads a text: nanoseconds since the Unix epoch. A text without an offset is in `zone`, or UTC. Where the
    /// layout has no year, the one that puts the moment next to `now_ns` over a turn of the year.
    pub fn parse(&self, text: &str, zone: Option<&TimeZone>, now_ns: i64) -> Result<i64, String> {
        let mut found = Found::default();
        let mut rest = text;
        for (i, part) in self.parts.iter().enumerate() {
            let wrong = || format!("`{text}` does not fit the format at `{rest}`");
            let mut tail = part.read(rest, &mut found).ok_or_else(wrong)?;
            let fraction_follows = matches!(self.parts.get(i + 1), Some(Part::Fraction(..)));
            // Go takes a fraction after the seconds also where the layout has none.
            if matches!(part, Part::Second(_)) && !fraction_follows && tail.starts_with(['.', ',']) {
                let digits = digits(&tail[1..]);
                if digits > 0 {
                    found.nanosecond = fraction(&tail[1..=digits]);
                    tail = &tail[1 + digits..];
                }
            }
            rest = tail;
        }
        if !rest.is_empty() {
            return Err(format!("`{text}` does not fit the format: there is more at `{rest}`"));
        }
        if !self.has_year() {
            found.year = Some(nearest_year(found.month.unwrap_or(1), zone, now_ns));
        }
        found.moment(zone).ok_or_else(|| format!("`{text}` is not a moment of the calendar"))
    }
}

fn element(rest: &str) -> Option<(Part, usize)> {
    if rest.starts_with("_2006") {
        return None;
    }
    if let Some(tail) = rest.strip_prefix(['.', ',']) {
        let digit = tail.bytes().next().filter(|b| matches!(b, b'0' | b'9'))?;
        let count = tail.bytes().take_while(|b| *b == digit).count();
        let ends = !tail.as_bytes().get(count).is_some_and(u8::is_ascii_digit);
        return ends.then_some((Part::Fraction(count, digit == b'9'), count + 1));
    }
    let (name, part) = ELEMENTS.iter().find(|(name, _)| rest.starts_with(name))?;
    // `Monk` and `Janet` are words.
    let word_goes_on = rest[name.len()..].starts_with(|c: char| c.is_ascii_lowercase());
    (!(matches!(*name, "Jan" | "Mon") && word_goes_on)).then(|| (part.clone(), name.len()))
}

fn digits(text: &str) -> usize {
    text.bytes().take_while(u8::is_ascii_digit).count()
}

/// Digits behind a point as nanoseconds; beyond the ninth they are cut off.
fn fraction(digits: &str) -> i64 {
    digits.bytes().chain(std::iter::repeat(b'0')).take(9).fold(0, |sum, digit| sum * 10 + i64::from(digit - b'0'))
}

/// Reads a number of one or two digits, or exactly two.
fn number(text: &str, two: bool) -> Option<(i64, &str)> {
    let count = digits(text).min(2);
    if count == 0 || (two && count < 2) {
        return None;
    }
    Some((text[..count].parse().ok()?, &text[count..]))
}

fn exactly(text: &str, count: usize) -> Option<(i64, &str)> {
    (digits(text) >= count).then_some(())?;
    Some((text[..count].parse().ok()?, &text[count..]))
}

/// Finds one of the names, in any case; its first letters where `short`.
fn name<'a>(text: &'a str, names: &[&str], short: bool) -> Option<(usize, &'a str)> {
    names.iter().enumerate().find_map(|(i, name)| {
        let name = if short { &name[..3] } else { name };
        let head = text.get(..name.len())?;
        head.eq_ignore_ascii_case(name).then(|| (i, &text[name.len()..]))
    })
}

impl Part {
    /// Reads the part at the beginning of a text and gives the rest.
    fn read<'a>(&self, text: &'a str, found: &mut Found) -> Option<&'a str> {
        let (slot, (value, rest)): (&mut i64, (i64, &str)) = match self {
            Self::Literal(literal) => return skip(text, literal),
            Self::Year(4) => {
                let (year, rest) = exactly(text, 4)?;
                found.year = Some(year);
                return Some(rest);
            }
            Self::Year(_) => {
                let (year, rest) = exactly(text, 2)?;
                found.year = Some(if year >= 69 { year + 1900 } else { year + 2000 });
                return Some(rest);
            }
            Self::Month(two) => {
                let (month, rest) = number(text, *two)?;
                found.month = Some(month);
                return Some(rest);
            }
            Self::MonthName | Self::MonthShort => {
                let (month, rest) = name(text, &MONTHS, *self == Self::MonthShort)?;
                found.month = Some(month as i64 + 1);
                return Some(rest);
            }
            Self::Day(two, space) => {
                let text = if *space { text.strip_prefix(' ').unwrap_or(text) } else { text };
                let (day, rest) = number(text, *two)?;
                found.day = Some(day);
                return Some(rest);
            }
            Self::YearDay => {
                let (day, rest) = exactly(text.trim_start_matches(' '), 3).or_else(|| number(text.trim_start_matches(' '), false))?;
                found.year_day = Some(day);
                return Some(rest);
            }
            Self::Weekday | Self::WeekdayShort => return name(text, &WEEKDAYS, *self == Self::WeekdayShort).map(|(_, rest)| rest),
            Self::Noon => {
                let (half, rest) = text.split_at_checked(2)?;
                found.afternoon = match half {
                    "PM" | "pm" => Some(true),
                    "AM" | "am" => Some(false),
                    _ => return None,
                };
                return Some(rest);
            }
            Self::Fraction(count, optional) => {
                let Some(tail) = text.strip_prefix(['.', ',']) else { return optional.then_some(text) };
                let there = digits(tail);
                if there == 0 || (!optional && there < *count) {
                    return None;
                }
                let taken = if *optional { there } else { *count };
                found.nanosecond = fraction(&tail[..taken]);
                return Some(&tail[taken..]);
            }
            Self::ZoneName => return read_zone(text, found),
            Self::Offset(zulu, colons, pairs) => {
                if *zulu && let Some(rest) = text.strip_prefix('Z') {
                    found.offset_seconds = Some(0);
                    return Some(rest);
                }
                return read_offset(text, *colons, *pairs, found);
            }
            Self::Hour24 => (&mut found.hour, number(text, false)?),
            Self::Hour12(two) => (&mut found.hour, number(text, *two)?),
            Self::Minute(two) => (&mut found.minute, number(text, *two)?),
            Self::Second(two) => (&mut found.second, number(text, *two)?),
        };
        *slot = value;
        Some(rest)
    }
}

/// A literal; a run of spaces in it fits any run of spaces.
fn skip<'a>(mut text: &'a str, mut literal: &str) -> Option<&'a str> {
    while let Some(c) = literal.chars().next() {
        if c == ' ' {
            if !text.is_empty() && !text.starts_with(' ') {
                return None;
            }
            literal = literal.trim_start_matches(' ');
            text = text.trim_start_matches(' ');
        } else {
            text = text.strip_prefix(c)?;
            literal = &literal[c.len_utf8()..];
        }
    }
    Some(text)
}

fn read_zone<'a>(text: &'a str, found: &mut Found) -> Option<&'a str> {
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    let name = &text[..letters];
    if !(3..=5).contains(&letters) {
        return None;
    }
    let mut rest = &text[letters..];
    found.zone = Some(name.to_owned());
    if name == "GMT"
        && let Some(tail) = rest.strip_prefix(['+', '-'])
        && let Some((hours, after)) = number(tail, false)
    {
        found.offset_seconds = Some(if rest.starts_with('-') { -hours * 3600 } else { hours * 3600 });
        rest = after;
    }
    Some(rest)
}

fn read_offset<'a>(text: &'a str, colons: bool, pairs: usize, found: &mut Found) -> Option<&'a str> {
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let mut rest = &text[1..];
    let mut seconds = 0;
    for (i, unit) in [3600, 60, 1].into_iter().take(pairs).enumerate() {
        if i > 0 && colons {
            rest = rest.strip_prefix(':')?;
        }
        let (value, tail) = exactly(rest, 2)?;
        seconds += value * unit;
        rest = tail;
    }
    found.offset_seconds = Some(sign * seconds);
    Some(rest)
}

fn nearest_year(month: i64, zone: Option<&TimeZone>, now_ns: i64) -> i64 {
    let Ok(now) = jiff::Timestamp::from_nanosecond(i128::from(now_ns)) else { return 1970 };
    let now = now.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC));
    let year = i64::from(now.year());
    match (now.month(), month) {
        (1, 12) => year - 1,
        (12, 1) => year + 1,
        _ => year,
    }
}

impl Found {
    fn moment(&self, zone: Option<&TimeZone>) -> Option<i64> {
        let hour = match self.afternoon {
            Some(true) if self.hour < 12 => self.hour + 12,
            Some(false) if self.hour == 12 => 0,
            _ => self.hour,
        };
        let year = i16::try_from(self.year.unwrap_or(0)).ok()?;
        let date = match self.year_day {
            Some(day) => Date::new(year, 1, 1).ok()?.checked_add(jiff::Span::new().try_days(day - 1).ok()?).ok()?,
            None => Date::new(year, i8::try_from(self.month.unwrap_or(1)).ok()?, i8::try_from(self.day.unwrap_or(1)).ok()?).ok()?,
        };
        let (hour, minute) = (i8::try_from(hour).ok()?, i8::try_from(self.minute).ok()?);
        let (second, nanosecond) = (i8::try_from(self.second).ok()?, i32::try_from(self.nanosecond).ok()?);
        let time = date.to_datetime(jiff::civil::Time::new(hour, minute, second, nanosecond).ok()?);
        let in_zone = || {
            let zoned = time.to_zoned(zone.cloned().unwrap_or(TimeZone::UTC)).ok()?;
            Some(zoned.timestamp().as_nanosecond())
        };
        let utc = || time.to_zoned(TimeZone::UTC).ok().map(|zoned| zoned.timestamp().as_nanosecond());
        let nanoseconds = match (self.offset_seconds, &self.zone) {
            (Some(offset), _) => utc()? - i128::from(offset) * 1_000_000_000,
            // An abbreviation counts where the zone knows it; any other is taken for UTC, as Go does.
            (None, Some(name)) => match zone {
                Some(zone) => {
                    let zoned = time.to_zoned(zone.clone()).ok()?;
                    let known = zone.to_offset_info(zoned.timestamp()).abbreviation() == name;
                    if known { zoned.timestamp().as_nanosecond() } else { utc()? }
                }
                None => utc()?,
            },
            (None, None) => in_zone()?,
        };
        i64::try_from(nanoseconds).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2021-06-15T00:00:00Z
    const NOW_NS: i64 = 1_623_715_200_000_000_000;

    #[test]
    fn layouts_of_go_are_read() {
        for (layout, text, zone, want) in [
            ("2006-01-02T15:04:05Z07:00", "2019-01-01T01:00:00.000000001Z", "", Some("2019-01-01T01:00:00.000000001Z")),
            ("2006-01-02T15:04:05Z07:00", "2019-01-01T01:00:00+02:00", "", Some("2018-12-31T23:00:00Z")),
            ("2006-01-02T15:04:05.999999999Z07:00", "2019-04-30T02:12:41.8443515Z", "", Some("2019-04-30T02:12:41.8443515Z")),
            ("Mon Jan _2 15:04:05 2006", "Tue Feb  3 04:05:06 2009", "", Some("2009-02-03T04:05:06Z")),
            ("Mon Jan _2 15:04:05 MST 2006", "Tue Feb  3 04:05:06 CET 2009", "Europe/Berlin", Some("2009-02-03T03:05:06Z")),
            ("Mon Jan _2 15:04:05 MST 2006", "Tue Feb  3 04:05:06 XYZ 2009", "Europe/Berlin", Some("2009-02-03T04:05:06Z")),
            ("Monday, 02-Jan-06 15:04:05 MST", "Sunday, 06-Nov-94 08:49:37 GMT", "", Some("1994-11-06T08:49:37Z")),
            ("02/Jan/2006:15:04:05 -0700", "25/Jan/2000:14:00:01 -0500", "", Some("2000-01-25T19:00:01Z")),
            ("2006/01/02 03:04:05 PM", "2020/07/01 12:30:00 AM", "", Some("2020-07-01T00:30:00Z")),
            ("2006-01-02 15:04:05", "2020-07-01 12:00:00", "Europe/Berlin", Some("2020-07-01T10:00:00Z")),
            ("2006-01-02 15:04:05,000", "2020-07-01 12:00:00,250", "", Some("2020-07-01T12:00:00.25Z")),
            ("Jan _2 15:04:05", "Jun  1 00:00:01", "", Some("2021-06-01T00:00:01Z")),
            ("2006-002", "2020-366", "", Some("2020-12-31T00:00:00Z")),
            ("2006-01-02", "2020-02-30", "", None),
            ("2006-01-02 15:04", "2020-02-03 25:00", "", None),
            ("2006-01-02", "2020-02-03x", "", None),
            ("2006-01-02", "20-02-03", "", None),
        ] {
            let zone = (!zone.is_empty()).then(|| TimeZone::get(zone).unwrap());
            let got = Layout::new(layout).parse(text, zone.as_ref(), NOW_NS).ok().map(super::super::trace::show_time);
            assert_eq!(got.as_deref(), want, "{text} by {layout}");
        }
    }

    #[test]
    fn a_year_that_is_not_told_is_the_nearest() {
        let layout = Layout::new("Jan 2 15:04:05");
        let january = 1_609_545_600_000_000_000; // 2021-01-02
        let got = layout.parse("Dec 31 23:59:59", None, january).map(super::super::trace::show_time);
        assert_eq!(got.as_deref(), Ok("2020-12-31T23:59:59Z"));
    }

    proptest! {
        #[test]
        fn arbitrary_texts_never_panic(layout in ".{0,30}", text in ".{0,30}", now in any::<i64>()) {
            let _ = Layout::new(&layout).parse(&text, None, now);
        }

        #[test]
        fn digits_never_panic(text in "[0-9:. +Z-]{0,40}") {
            for layout in ["2006-01-02T15:04:05Z07:00", "06 1 2 3 4 5 .000 PM", "02 Jan 06 15:04 MST", "2006-002 -070000"] {
                let _ = Layout::new(layout).parse(&text, None, NOW_NS);
            }
        }
    }
}
