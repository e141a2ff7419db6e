//! Moments as people spell them: read to nanoseconds only where writing them gives the same bytes.

use crate::number::{POWERS, digits, push_padded, push_two};
use std::cell::Cell;
use std::fmt;

const DAY_SECONDS: i64 = 86_400;
const SECOND_NS: i64 = 1_000_000_000;
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
/// Years whose every nanosecond fits an `i64`.
const YEARS: std::ops::RangeInclusive<i64> = 1678..=2261;

/// How the day is spelled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Date {
    /// No day: the number counts from midnight.
    Absent,
    /// `2000-10-10`, as in RFC 3339.
    Dashes,
    /// `2000/10/10`, as in nginx' error log.
    Slashes,
    /// `10/Oct/2000`, as in the Common Log Format.
    Common,
}

/// What follows the seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Zone {
    /// Nothing: the number counts as UTC.
    Absent,
    /// `Z`
    Utc,
    /// `+02:00`, minutes east.
    Colon(i16),
    /// `+0200`, minutes east.
    Plain(i16),
    /// ` +0200`, minutes east.
    Spaced(i16),
}

/// The day that was written last, and its text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Day {
    number: i64,
    text: [u8; 12],
    len: u8,
}

/// How a moment is spelled; the same for all lines of a pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Spelling {
    /// How the day is spelled.
    pub date: Date,
    /// The byte between day and time of day; zero without a day.
    pub between: u8,
    /// The byte before the fraction of the second, `.` or `,`.
    pub point: u8,
    /// Digits of the fraction, 0 to 9, or [`Spelling::TRIMMED`].
    pub digits: u8,
    /// What follows.
    pub zone: Zone,
}

impl Spelling {
    /// As many digits as the fraction needs, at least one; Go's `RFC3339Nano`.
    pub const TRIMMED: u8 = 10;

    /// Reads a moment at the start of the bytes: its spelling, its number, and how many bytes it takes.
    pub(crate) fn scan(bytes: &[u8]) -> Option<(Self, i64, usize)> {
        let (date, day, between, mut at) = match (bytes.get(2)?, bytes.get(4)?) {
            (b':', _) => (Date::Absent, 0, 0, 0),
            (b'/', _) => {
                let month = bytes.get(3..6)?;
                let month = MONTHS.iter().position(|m| m.as_bytes() == month)? as i64 + 1;
                if bytes.get(6) != Some(&b'/') || bytes.get(11) != Some(&b':') {
                    return None;
                }
                (Date::Common, day_number(digits(bytes.get(7..11)?)?, month, digits(&bytes[..2])?)?, b':', 12)
            }
            (_, mark @ (b'-' | b'/')) => {
                let between = *bytes.get(10)?;
                if bytes.get(7) != Some(mark) || !matches!(between, b'T' | b't' | b' ' | b'_') {
                    return None;
                }
                let day = day_number(digits(&bytes[..4])?, digits(&bytes[5..7])?, digits(&bytes[8..10])?)?;
                (if *mark == b'-' { Date::Dashes } else { Date::Slashes }, day, between, 11)
            }
            _ => return None,
        };
        let clock = bytes.get(at..at + 8)?;
        if clock[2] != b':' || clock[5] != b':' {
            return None;
        }
        let (hour, minute, second) = (digits(&clock[..2])?, digits(&clock[3..5])?, digits(&clock[6..])?);
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        at += 8;
        let mut spelling = Self { date, between, point: b'.', digits: 0, zone: Zone::Absent };
        let mut fraction_ns = 0;
        if let Some(point @ (b'.' | b',')) = bytes.get(at) {
            let count = bytes[at + 1..].iter().take(10).take_while(|b| b.is_ascii_digit()).count();
            if count > 9 {
                return None;
            }
            if count > 0 {
                let fraction = &bytes[at + 1..=at + count];
                fraction_ns = digits(fraction)? * POWERS[9 - count];
                spelling.point = *point;
                spelling.digits = match count {
                    3 | 6 | 9 => count as u8,
                    _ if fraction[count - 1] != b'0' => Self::TRIMMED,
                    _ => count as u8,
                };
                at += count + 1;
            }
        }
        let (zone, zone_len) = if date == Date::Absent { (Zone::Absent, 0) } else { Zone::scan(&bytes[at..]) };
        spelling.zone = zone;
        at += zone_len;
        let seconds = day * DAY_SECONDS + hour * 3600 + minute * 60 + second - i64::from(zone.minutes()) * 60;
        Some((spelling, seconds * SECOND_NS + fraction_ns, at))
    }

    /// Writes the moment of a number.
    pub(crate) fn push(self, out: &mut Vec<u8>, number: i64) {
        self.push_remembering(out, number, &Cell::default());
    }

    /// Writes the moment of a number; the day is put together only when it is not the one written
    /// last.
    #[inline]
    pub(crate) fn push_remembering(self, out: &mut Vec<u8>, number: i64, last: &Cell<Day>) {
        let (seconds, fraction_ns) = (number.div_euclid(SECOND_NS), number.rem_euclid(SECOND_NS) as u64);
        let seconds = seconds + i64::from(self.zone.minutes()) * 60;
        let (days, clock) = (seconds.div_euclid(DAY_SECONDS), seconds.rem_euclid(DAY_SECONDS) as u32);
        if self.date != Date::Absent {
            let mut day = last.get();
            if day.len == 0 || day.number != days {
                let start = out.len();
                self.push_day(out, days);
                day.number = days;
                day.len = (out.len() - start) as u8;
                day.text[..out.len() - start].copy_from_slice(&out[start..]);
                last.set(day);
            } else {
                out.extend_from_slice(&day.text[..usize::from(day.len)]);
            }
        }
        push_two(out, clock / 3600);
        out.push(b':');
        push_two(out, clock / 60 % 60);
        out.push(b':');
        push_two(out, clock % 60);
        let digits = self.fraction_digits(number);
        if digits > 0 {
            out.push(self.point);
            push_padded(out, fraction_ns / POWERS[9 - digits] as u64, digits);
        }
        self.zone.push(out);
    }

    /// Writes a day and what stands behind it.
    fn push_day(self, out: &mut Vec<u8>, days: i64) {
        let (year, month, day) = civil(days);
        let year = year.unsigned_abs();
        match self.date {
            Date::Absent => {}
            Date::Dashes | Date::Slashes => {
                let mark = if self.date == Date::Dashes { b'-' } else { b'/' };
                push_padded(out, year, 4);
                out.push(mark);
                push_two(out, month);
                out.push(mark);
                push_two(out, day);
            }
            Date::Common => {
                push_two(out, day);
                out.push(b'/');
                out.extend_from_slice(MONTHS[month as usize - 1].as_bytes());
                out.push(b'/');
                push_padded(out, year, 4);
            }
        }
        out.push(self.between);
    }

    /// The day of a number, counted where the moment is spelled.
    pub(crate) fn day(self, number: i64) -> i64 {
        (number.div_euclid(SECOND_NS) + i64::from(self.zone.minutes()) * 60).div_euclid(DAY_SECONDS)
    }

    /// How many bytes the day takes, with what stands behind it.
    pub(crate) fn day_len(self) -> usize {
        match self.date {
            Date::Absent => 0,
            Date::Dashes | Date::Slashes => 11,
            Date::Common => 12,
        }
    }

    /// How many digits of the fraction are written for a number.
    fn fraction_digits(self, number: i64) -> usize {
        if self.digits < Self::TRIMMED {
            return usize::from(self.digits);
        }
        let (mut rest, mut digits) = (number.rem_euclid(SECOND_NS), 9);
        while digits > 1 && rest % 10 == 0 {
            rest /= 10;
            digits -= 1;
        }
        digits
    }

    /// How many bytes [`Spelling::push`] writes.
    pub(crate) fn len(self, number: i64) -> usize {
        let digits = self.fraction_digits(number);
        let fraction = if digits > 0 { digits + 1 } else { 0 };
        self.day_len() + 8 + fraction + self.zone.len()
    }

    /// A text with `0` wherever a digit stands, and `A` for the letters of a month; the fraction
    /// as long as it can be.
    pub(crate) fn shape(self) -> Vec<u8> {
        let mut out = Vec::new();
        self.push(&mut out, i64::from(self.digits == Self::TRIMMED));
        let month = if self.date == Date::Common { 3..6 } else { 0..0 };
        let zone_start = out.len() - self.zone.len();
        for (i, byte) in out.iter_mut().enumerate() {
            if month.contains(&i) {
                *byte = b'A';
            } else if i < zone_start && byte.is_ascii_digit() {
                *byte = b'0';
            }
        }
        out
    }

    /// Where the zone's bytes, which are the same in all lines, begin in [`Spelling::shape`].
    pub(crate) fn zone_len(self) -> usize {
        self.zone.len()
    }

    /// Reads what [`fmt::Display`] writes.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        // A spelling is written as its layout; reading it means reading a moment in that layout.
        let mut sample = text.replace("YYYY", "2000").replace("DD", "10").replace("MM", "11").replace("Mon", "Oct");
        sample = sample.replace("hh:mm:ss", "12:13:14");
        let trimmed = sample.contains("f*");
        sample = sample.replace("f*", "1").replace('f', "1");
        let (mut spelling, _, used) = Self::scan(sample.as_bytes())?;
        let letters = text.matches('f').count();
        spelling.digits = if trimmed { Self::TRIMMED } else { letters as u8 };
        (used == sample.len() && letters <= 9 && spelling.to_string() == text).then_some(spelling)
    }
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.date {
            Date::Absent => "",
            Date::Dashes => "YYYY-MM-DD",
            Date::Slashes => "YYYY/MM/DD",
            Date::Common => "DD/Mon/YYYY",
        })?;
        if self.date != Date::Absent {
            write!(f, "{}", char::from(self.between))?;
        }
        f.write_str("hh:mm:ss")?;
        if self.digits == Self::TRIMMED {
            write!(f, "{}f*", char::from(self.point))?;
        } else if self.digits > 0 {
            write!(f, "{}{}", char::from(self.point), "f".repeat(usize::from(self.digits)))?;
        }
        let mut zone = Vec::new();
        self.zone.push(&mut zone);
        f.write_str(&String::from_utf8_lossy(&zone))
    }
}

impl Zone {
    fn scan(bytes: &[u8]) -> (Self, usize) {
        let (space, rest) = match bytes {
            [b'Z', ..] => return (Self::Utc, 1),
            [b' ', rest @ ..] => (1, rest),
            _ => (0, bytes),
        };
        let (sign, hours, minutes, len) = match rest {
            [sign @ (b'+' | b'-'), h1, h2, b':', m1, m2, ..] if space == 0 => (*sign, [*h1, *h2], [*m1, *m2], 6),
            [sign @ (b'+' | b'-'), h1, h2, m1, m2, ..] => (*sign, [*h1, *h2], [*m1, *m2], 5),
            _ => return (Self::Absent, 0),
        };
        let (Some(hours), Some(minutes)) = (digits(&hours), digits(&minutes)) else { return (Self::Absent, 0) };
        let east = (hours * 60 + minutes) as i16;
        if minutes > 59 || hours > 23 || (sign == b'-' && east == 0) {
            return (Self::Absent, 0);
        }
        let east = if sign == b'-' { -east } else { east };
        let zone = match (space, len) {
            (1, _) => Self::Spaced(east),
            (_, 6) => Self::Colon(east),
            _ => Self::Plain(east),
        };
        (zone, space + len)
    }

    fn minutes(self) -> i16 {
        match self {
            Self::Absent | Self::Utc => 0,
            Self::Colon(east) | Self::Plain(east) | Self::Spaced(east) => east,
        }
    }

    fn len(self) -> usize {
        match self {
            Self::Absent => 0,
            Self::Utc => 1,
            Self::Colon(_) | Self::Spaced(_) => 6,
            Self::Plain(_) => 5,
        }
    }

    fn push(self, out: &mut Vec<u8>) {
        match self {
            Self::Absent => return,
            Self::Utc => return out.push(b'Z'),
            Self::Spaced(_) => out.push(b' '),
            Self::Colon(_) | Self::Plain(_) => {}
        }
        let east = self.minutes();
        out.push(if east < 0 { b'-' } else { b'+' });
        push_two(out, u32::from(east.unsigned_abs() / 60));
        if matches!(self, Self::Colon(_)) {
            out.push(b':');
        }
        push_two(out, u32::from(east.unsigned_abs() % 60));
    }
}

/// Days since 1970-01-01 of a day that exists; after Howard Hinnant's `days_from_civil`.
fn day_number(year: i64, month: i64, day: i64) -> Option<i64> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 => 28 + i64::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !YEARS.contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// Year, month and day of a number of days since 1970-01-01; after Howard Hinnant's `civil_from_days`.
fn civil(days: i64) -> (i64, u32, u32) {
    let days = days + 719_468;
    let (era, of_era) = (days.div_euclid(146_097), days.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * shifted + 2) / 5 + 1) as u32;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 } as u32;
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str) -> Option<(Spelling, i64)> {
        let (spelling, number, used) = Spelling::scan(text.as_bytes())?;
        let mut out = Vec::new();
        spelling.push(&mut out, number);
        assert_eq!(String::from_utf8(out).unwrap(), text[..used], "{spelling}");
        assert_eq!(spelling.len(number), used, "{text}");
        assert_eq!(Spelling::parse(&spelling.to_string()), Some(spelling), "{spelling}");
        let shape = spelling.shape();
        assert!(shape.len() >= used);
        Some((spelling, number))
    }

    #[test]
    fn moments_are_read_and_written() {
        for (text, layout, number) in [
            ("1970-01-01T00:00:00Z", "YYYY-MM-DDThh:mm:ssZ", 0),
            ("2000-02-29T23:59:59.123+02:00", "YYYY-MM-DDThh:mm:ss.fff+02:00", 951_861_599_123_000_000),
            ("2000-02-29 23:59:59,12", "YYYY-MM-DD hh:mm:ss,f*", 951_868_799_120_000_000),
            ("2000-02-29 23:59:59,10", "YYYY-MM-DD hh:mm:ss,ff", 951_868_799_100_000_000),
            ("10/Oct/2000:13:55:36 -0700", "DD/Mon/YYYY:hh:mm:ss -0700", 971_211_336_000_000_000),
            ("2024/05/06 07:08:09", "YYYY/MM/DD hh:mm:ss", 1_714_979_289_000_000_000),
            ("13:55:36.000001", "hh:mm:ss.ffffff", 50_136_000_001_000),
            ("1969-12-31T23:59:59.999999999Z", "YYYY-MM-DDThh:mm:ss.fffffffffZ", -1),
            ("2024-05-06T07:08:09-0000", "YYYY-MM-DDThh:mm:ss", 1_714_979_289_000_000_000),
        ] {
            let (spelling, read) = check(text).unwrap();
            assert_eq!((spelling.to_string().as_str(), read), (layout, number), "{text}");
        }
        for text in
            ["2001-02-29T00:00:00Z", "2001-13-01T00:00:00Z", "1600-01-01T00:00:00Z", "24:00:00", "10/Foo/2000:13:55:36 -0700", "12:34", ""]
        {
            assert!(check(text).is_none(), "{text}");
        }
        for layout in ["", "hh:mm", "f*", "hh:mm:ss.f*f", "YYYY", "hh:mm:ss.ffffffffff", "12:13:14"] {
            assert_eq!(Spelling::parse(layout), None, "{layout}");
        }
    }

    proptest! {
        #[test]
        fn moments_survive(
            text in "([0-9]{2}/(Jan|Oct)/[12][0-9]{3}:|(19|20)[0-9]{2}[-/][01][0-9][-/][0-3][0-9][T _])?[0-2][0-9]:[0-5][0-9]:[0-5][0-9]([.,][0-9]{1,10})?(Z|[+-][012][0-9]:?[0-5]0| [+-]0[0-9]00)?",
        ) {
            check(&text);
        }

        #[test]
        fn anything_may_be_scanned(bytes: Vec<u8>, layout in "[YMDhms:.,f*TZ+0-9/ -]{0,30}") {
            let _ = Spelling::scan(&bytes);
            let _ = Spelling::parse(&layout);
        }

        #[test]
        fn any_number_can_be_written(number: i64, digits in 0u8..=10, east in -1439i16..1439) {
            let spelling = Spelling { date: Date::Common, between: b':', point: b'.', digits, zone: Zone::Spaced(east) };
            let mut out = Vec::new();
            spelling.push(&mut out, number);
            prop_assert_eq!(out.len(), spelling.len(number));
        }
    }
}
