//! Resolving time intervals.

use super::{Findings, file};
use crate::timeinterval::{RangeOf, TimeInterval, TimePeriod, parse_range, parse_time};
use jiff::tz::TimeZone;
use phoenix_model::Span;
use phoenix_yaml::Spanned;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

impl Findings<'_> {
    pub(super) fn time_intervals(&mut self, file: &file::File) -> BTreeMap<String, TimeInterval> {
        let mut intervals = BTreeMap::new();
        for written in file.mute_time_intervals.iter().chain(&file.time_intervals) {
            let start = Span::new(written.span.start, written.span.start);
            let Some(name) = written.name.as_ref().filter(|name| !name.is_empty()) else {
                self.error(start, "this time interval has no `name`");
                continue;
            };
            let periods = written.time_intervals.iter().map(|period| self.period(period)).collect();
            if intervals.insert(name.value.clone(), TimeInterval { name: name.value.clone(), periods }).is_some() {
                self.error(name.span, format!("there are two time intervals named `{}`", name.value));
            }
        }
        intervals
    }

    fn period(&mut self, written: &file::TimePeriod) -> TimePeriod {
        TimePeriod {
            times: written.times.iter().filter_map(|range| self.time_range(range)).collect(),
            weekdays: self.ranges(&written.weekdays, RangeOf::Weekdays),
            days_of_month: self.ranges(&written.days_of_month, RangeOf::DaysOfMonth),
            months: self.ranges(&written.months, RangeOf::Months),
            years: self.ranges(&written.years, RangeOf::Years),
            zone: written.location.as_ref().and_then(|location| self.zone(location)),
        }
    }

    fn time_range(&mut self, range: &Spanned<file::TimeRange>) -> Option<(u16, u16)> {
        let (Some(start), Some(end)) = (&range.start_time, &range.end_time) else {
            self.error(range.span, "a range of times needs `start_time` and `end_time`");
            return None;
        };
        let mut read = |time: &Spanned<String>| parse_time(time).map_err(|reason| _ = self.error(time.span, reason)).ok();
        let (from, to) = (read(start)?, read(end)?);
        if from >= to {
            self.error_with_help(
                end.span,
                format!("`end_time` {} does not lie after `start_time` {}", end.value, start.value),
                "a range can't go over midnight: write two, up to 24:00 and from 00:00",
            );
            return None;
        }
        Some((from, to))
    }

    fn ranges(&mut self, written: &[Spanned<String>], of: RangeOf) -> Vec<RangeInclusive<i16>> {
        let mut ranges = Vec::new();
        for text in written {
            match parse_range(text, of) {
                Ok(range) => ranges.push(range),
                Err(reason) => _ = self.error(text.span, reason),
            }
        }
        ranges
    }

    fn zone(&mut self, location: &Spanned<String>) -> Option<TimeZone> {
        match location.as_str() {
            "Local" => Some(TimeZone::system()),
            "" => None,
            name => {
                let zone = TimeZone::get(name).ok();
                if zone.is_none() {
                    self.error_with_help(
                        location.span,
                        format!("there is no time zone `{name}`"),
                        "write a name of the IANA database such as Europe/Berlin; if it is one, install the package tzdata",
                    );
                }
                zone
            }
        }
    }
}
