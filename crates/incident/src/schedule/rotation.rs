//! When one turn ends and the next begins.
//!
//! A handover is a local time of day in a time zone: across changes of daylight saving it stays at
//! that local time, so the turn before it is an hour shorter or longer. A local time that does not
//! exist on the day (it fell into the gap) is moved on by the length of the gap; one that exists
//! twice is taken the first time.

use jiff::civil::{Date, Time, Weekday, date};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan, Zoned};

/// How long one turn lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Period {
    /// Turns change at each day's handover time.
    Daily,
    /// Turns change once a week.
    Weekly,
}

impl Period {
    /// The name as written in `schedule:`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
        }
    }

    /// A turn, as a noun: `day`, `week`.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Daily => "day",
            Self::Weekly => "week",
        }
    }

    fn days(self) -> i64 {
        match self {
            Self::Daily => 1,
            Self::Weekly => 7,
        }
    }
}

/// The handover: on which day of the week, at which local time, in which zone, counted from when.
#[derive(Debug, Clone)]
pub struct Rotation {
    /// The day of the week on which weekly turns change.
    pub day: Weekday,
    /// The local time of day of every handover.
    pub time: Time,
    /// The zone of `time`.
    pub zone: TimeZone,
    /// Turn 0 begins with the first handover on or after this date.
    pub start: Date,
}

/// One turn: its number counted from [`Rotation::start`], and when it lasts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// 0 for the first turn on or after `start`; negative before it.
    pub index: i64,
    /// The handover that began it.
    pub from: Zoned,
    /// The handover that ends it.
    pub until: Zoned,
}

impl Default for Rotation {
    /// Mondays at 09:00 UTC, counted from Monday, 1 January 2024.
    fn default() -> Self {
        Self { day: Weekday::Monday, time: jiff::civil::time(9, 0, 0, 0), zone: TimeZone::UTC, start: date(2024, 1, 1) }
    }
}

impl Rotation {
    /// The turn that holds the moment; a handover's own instant belongs to the turn that it begins.
    ///
    /// Beyond the calendar (years -9999 to 9999) the nearest turn inside of it is given.
    pub fn turn_at(&self, period: Period, at: Timestamp) -> Turn {
        let local = at.to_zoned(self.zone.clone()).date();
        let first = self.first_date(period);
        // A zone may move the day's handover past the local date's own midnight: look one turn ahead and at two before.
        let mut index = days_between(first, local).div_euclid(period.days()) + 1;
        for _ in 0..3 {
            if self.handover(first, period, index).timestamp() <= at {
                break;
            }
            index -= 1;
        }
        Turn { index, from: self.handover(first, period, index), until: self.handover(first, period, index + 1) }
    }

    /// The date of turn 0's handover.
    fn first_date(&self, period: Period) -> Date {
        match period {
            Period::Daily => self.start,
            Period::Weekly => {
                let ahead = i64::from(self.day.to_monday_zero_offset() - self.start.weekday().to_monday_zero_offset()).rem_euclid(7);
                self.start.saturating_add(ahead.days())
            }
        }
    }

    fn handover(&self, first: Date, period: Period, index: i64) -> Zoned {
        let date = first.saturating_add((index * period.days()).clamp(-7_000_000, 7_000_000).days());
        date.to_datetime(self.time)
            .to_zoned(self.zone.clone())
            // Only the calendar's very first and last days can fail: they are not within any zone's range.
            .unwrap_or_else(|_| Timestamp::UNIX_EPOCH.to_zoned(self.zone.clone()))
    }
}

fn days_between(from: Date, to: Date) -> i64 {
    from.until(to).map_or(0, |span| i64::from(span.get_days()))
}
