//! Time intervals: when a route notifies, and when it is quiet.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;
use std::ops::RangeInclusive;

/// A named interval: an instant is inside when it satisfies one of the periods.
#[derive(Debug, Clone, PartialEq)]
pub struct TimeInterval {
    /// Its name.
    pub name: String,
    /// Its periods.
    pub periods: Vec<TimePeriod>,
}

/// What an instant has to satisfy: of every list that is not empty, one entry.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TimePeriod {
    /// Minutes of the day: from the first up to, not including, the second.
    pub times: Vec<(u16, u16)>,
    /// Days of the week, Sunday = 0.
    pub weekdays: Vec<RangeInclusive<i16>>,
    /// Days of the month; negative ones count from its end.
    pub days_of_month: Vec<RangeInclusive<i16>>,
    /// Months, January = 1.
    pub months: Vec<RangeInclusive<i16>>,
    /// Years.
    pub years: Vec<RangeInclusive<i16>>,
    /// The time zone in which all this is meant; UTC by default.
    pub zone: Option<TimeZone>,
}

impl TimeInterval {
    /// Whether an instant (milliseconds since the Unix epoch) is inside.
    pub fn contains(&self, at_ms: i64) -> bool {
        self.periods.iter().any(|period| period.contains(at_ms))
    }
}

impl TimePeriod {
    /// Whether an instant satisfies all lists.
    pub fn contains(&self, at_ms: i64) -> bool {
        let Ok(instant) = Timestamp::from_millisecond(at_ms) else { return false };
        let local = instant.to_zoned(self.zone.clone().unwrap_or(TimeZone::UTC));
        let minute = local.hour() as u16 * 60 + local.minute() as u16;
        let satisfies = |ranges: &[RangeInclusive<i16>], value: i16| ranges.is_empty() || ranges.iter().any(|range| range.contains(&value));
        (self.times.is_empty() || self.times.iter().any(|(start, end)| (*start..*end).contains(&minute)))
            && satisfies(&self.weekdays, i16::from(local.weekday().to_sunday_zero_offset()))
            && (self.days_of_month.is_empty()
                || self
                    .days_of_month
                    .iter()
                    .any(|range| days_in(range, i16::from(local.days_in_month())).contains(&i16::from(local.day()))))
            && satisfies(&self.months, i16::from(local.month()))
            && satisfies(&self.years, local.year())
    }
}

/// A range of days in a month of `length` days: negative days count from its end, and what lies
/// outside of the month is cut off.
fn days_in(range: &RangeInclusive<i16>, length: i16) -> RangeInclusive<i16> {
    let day = |day: i16| if day < 0 { length + 1 + day } else { day };
    day(*range.start()).max(1)..=day(*range.end()).min(length)
}

/// Reads `HH:MM` (up to `24:00`) as minutes of the day.
pub(crate) fn parse_time(text: &str) -> Result<u16, String> {
    let bad = || format!("`{text}` is not a time of day; write it as 09:00, at most 24:00");
    let (hours, minutes) = text.split_once(':').ok_or_else(bad)?;
    if hours.len() != 2 || minutes.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return Err(bad());
    }
    let (hours, minutes): (u16, u16) = (hours.parse().map_err(|_| bad())?, minutes.parse().map_err(|_| bad())?);
    if minutes > 59 || hours * 60 + minutes > 24 * 60 {
        return Err(bad());
    }
    Ok(hours * 60 + minutes)
}

/// What a range counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum RangeOf {
    Weekdays,
    DaysOfMonth,
    Months,
    Years,
}

/// Reads `a` or `a:b`, both ends included.
pub(crate) fn parse_range(text: &str, of: RangeOf) -> Result<RangeInclusive<i16>, String> {
    let text = text.trim().to_lowercase();
    let (start, end) = text.split_once(':').unwrap_or((&text, &text));
    let (start, end) = (parse_point(start.trim(), of)?, parse_point(end.trim(), of)?);
    if of == RangeOf::DaysOfMonth && (start < 0) != (end < 0) {
        // "1:-1" reads from the first to the last day; "-3:5" can't be meant.
        if start < 0 {
            return Err(format!("`{text}` begins at the end of the month and ends at its beginning"));
        }
    } else if start > end {
        return Err(format!("`{text}` ends before it begins"));
    }
    Ok(start..=end)
}

fn parse_point(text: &str, of: RangeOf) -> Result<i16, String> {
    const MONTHS: [&str; 12] =
        ["january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december"];
    match of {
        RangeOf::Weekdays => {
            [Weekday::Sunday, Weekday::Monday, Weekday::Tuesday, Weekday::Wednesday, Weekday::Thursday, Weekday::Friday, Weekday::Saturday]
                .iter()
                .position(|day| format!("{day:?}").to_lowercase() == text)
                .map(|position| position as i16)
                .ok_or_else(|| format!("`{text}` is not a weekday; write it out, as in monday"))
        }
        RangeOf::Months => {
            let number = MONTHS.iter().position(|name| *name == text).map(|position| position as i16 + 1).or_else(|| text.parse().ok());
            number
                .filter(|month| (1..=12).contains(month))
                .ok_or_else(|| format!("`{text}` is not a month; write it out, as in january, or as a number from 1 to 12"))
        }
        RangeOf::DaysOfMonth => text
            .parse()
            .ok()
            .filter(|day| (1..=31).contains(day) || (-31..=-1).contains(day))
            .ok_or_else(|| format!("`{text}` is not a day of a month; it has to lie in 1 to 31, or -31 to -1 to count from the end")),
        RangeOf::Years => text.parse().ok().filter(|year| *year > 0).ok_or_else(|| format!("`{text}` is not a year")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn period(times: &str, weekdays: &str, days: &str, months: &str, years: &str, zone: &str) -> TimePeriod {
        let ranges = |text: &str, of| text.split_whitespace().map(|range| parse_range(range, of).unwrap()).collect();
        TimePeriod {
            times: times
                .split_whitespace()
                .map(|t| t.split_once('-').unwrap())
                .map(|(a, b)| (parse_time(a).unwrap(), parse_time(b).unwrap()))
                .collect(),
            weekdays: ranges(weekdays, RangeOf::Weekdays),
            days_of_month: ranges(days, RangeOf::DaysOfMonth),
            months: ranges(months, RangeOf::Months),
            years: ranges(years, RangeOf::Years),
            zone: (!zone.is_empty()).then(|| TimeZone::get(zone).unwrap()),
        }
    }

    #[test]
    fn when_an_instant_is_inside() {
        let work = period("09:00-17:00", "monday:friday", "", "", "", "Europe/Berlin");
        let month_end = period("", "", "-3:-1", "", "", "");
        for (period, at, want) in [
            // 1 March 2026 is a Sunday
            (&work, "2026-03-02T09:00:00+01:00", true),
            (&work, "2026-03-02T08:59:59+01:00", false),
            (&work, "2026-03-02T16:59:59+01:00", true),
            (&work, "2026-03-02T17:00:00+01:00", false),
            (&work, "2026-03-01T12:00:00+01:00", false),
            // the week before and after the clocks go forward (29 March 2026) and back (25 October 2026)
            (&work, "2026-03-27T08:00:00Z", true),
            (&work, "2026-03-30T07:00:00Z", true),
            (&work, "2026-03-30T06:59:59Z", false),
            (&work, "2026-10-23T07:00:00Z", true),
            (&work, "2026-10-26T07:00:00Z", false),
            (&work, "2026-10-26T08:00:00Z", true),
            (&month_end, "2026-02-26T00:00:00Z", true),
            (&month_end, "2026-02-25T23:59:59Z", false),
            (&month_end, "2026-01-28T12:00:00Z", false),
            (&month_end, "2026-01-29T12:00:00Z", true),
            (&period("", "", "31", "", "", ""), "2026-02-28T00:00:00Z", false),
            (&period("", "", "1:31", "", "", ""), "2026-02-28T00:00:00Z", true),
            (&period("", "", "1:-1", "", "", ""), "2026-02-28T00:00:00Z", true),
            (&period("", "", "", "january:march 12", "", ""), "2026-12-01T00:00:00Z", true),
            (&period("", "", "", "january:march 12", "", ""), "2026-04-01T00:00:00Z", false),
            (&period("", "", "", "", "2026:2027", ""), "2028-01-01T00:00:00Z", false),
            // a new year in Auckland is still the old one in UTC
            (&period("", "", "1", "1", "2027", "Pacific/Auckland"), "2026-12-31T12:00:00Z", true),
            (&period("00:00-24:00", "", "", "", "", ""), "2026-01-01T23:59:59Z", true),
            // the hour that is skipped, and the one that comes twice
            (&period("02:00-03:00", "", "", "", "", "Europe/Berlin"), "2026-03-29T01:30:00Z", false),
            (&period("02:00-03:00", "", "", "", "", "Europe/Berlin"), "2026-10-25T00:30:00Z", true),
            (&period("02:00-03:00", "", "", "", "", "Europe/Berlin"), "2026-10-25T01:30:00Z", true),
        ] {
            let at_ms = at.parse::<Timestamp>().unwrap().as_millisecond();
            assert_eq!(period.contains(at_ms), want, "{at} in {period:?}");
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, of) in [
            ("mon", RangeOf::Weekdays),
            ("friday:monday", RangeOf::Weekdays),
            ("0", RangeOf::DaysOfMonth),
            ("32", RangeOf::DaysOfMonth),
            ("-1:3", RangeOf::DaysOfMonth),
            ("5:3", RangeOf::DaysOfMonth),
            ("-1:-3", RangeOf::DaysOfMonth),
            ("13", RangeOf::Months),
            ("december:january", RangeOf::Months),
            ("2027:2026", RangeOf::Years),
            ("", RangeOf::Years),
        ] {
            assert!(parse_range(text, of).is_err(), "{text} {of:?}");
        }
        for text in ["9:00", "24:01", "12:60", "noon", "12", "1200", "-1:00"] {
            assert!(parse_time(text).is_err(), "{text}");
        }
    }
}
