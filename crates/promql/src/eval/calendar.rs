//! Functions of the calendar, all in UTC.

use super::EvalError;
use super::block::Block;
use super::call::seconds;
use super::evaluator::Evaluator;
use crate::ast::Call;
use phoenix_model::Labels;
use phoenix_query::{Column, Grid};

const DAY_S: i64 = 86_400;

/// The functions of a moment in seconds since the Unix epoch; `None` for any other name.
fn part(name: &str) -> Option<fn(i64) -> f64> {
    Some(match name {
        "minute" => |s| (s.rem_euclid(3_600) / 60) as f64,
        "hour" => |s| (s.rem_euclid(DAY_S) / 3_600) as f64,
        // The epoch was a Thursday.
        "day_of_week" => |s| (s.div_euclid(DAY_S) + 4).rem_euclid(7) as f64,
        "day_of_month" => |s| Date::of(s).day as f64,
        "day_of_year" => |s| Date::of(s).day_of_year() as f64,
        "days_in_month" => |s| Date::of(s).days_in_month() as f64,
        "month" => |s| Date::of(s).month as f64,
        "year" => |s| Date::of(s).year as f64,
        _ => return None,
    })
}

/// A date in the Gregorian calendar, extended to all times.
struct Date {
    year: i64,
    month: i64,
    day: i64,
}

impl Date {
    /// The date of a moment. Counts days in years that begin in March, so that the leap day is the
    /// last (H. Hinnant, "chrono-Compatible Low-Level Date Algorithms").
    fn of(seconds: i64) -> Self {
        let days = seconds.div_euclid(DAY_S) + 719_468;
        let era = days.div_euclid(146_097);
        let of_era = days.rem_euclid(146_097);
        let year_of_era = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
        let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        let month_from_march = (5 * of_year + 2) / 153;
        let day = of_year - (153 * month_from_march + 2) / 5 + 1;
        let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
        Self { year: year_of_era + era * 400 + i64::from(month <= 2), month, day }
    }

    fn is_leap_year(&self) -> bool {
        self.year % 4 == 0 && (self.year % 100 != 0 || self.year % 400 == 0)
    }

    fn days_in_month(&self) -> i64 {
        match self.month {
            2 => 28 + i64::from(self.is_leap_year()),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        }
    }

    fn day_of_year(&self) -> i64 {
        (1..self.month).map(|month| Self { month, ..*self }.days_in_month()).sum::<i64>() + self.day
    }
}

impl Evaluator<'_> {
    /// Evaluates a call of such a function; `None` when it is another one.
    pub(super) fn calendar(&self, call: &Call, grid: Grid) -> Result<Option<Block>, EvalError> {
        let Some(part) = part(call.function.name) else { return Ok(None) };
        // Beyond this, dates have no meaning and the arithmetic would leave 64 bits.
        let part = |seconds: f64| if seconds.abs() < 1e17 { part(seconds as i64) } else { f64::NAN };
        if call.args.is_empty() {
            let values = grid.times_ms().map(|ms| part(seconds(ms))).collect();
            let charges = vec![self.charge_columns(1, grid)?];
            return Ok(Some(Block { columns: vec![Column::floats(Labels::empty(), values)], charges }));
        }
        self.map(call, grid, |_, v| Some(part(v))).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::part;

    #[test]
    fn dates_of_moments() {
        for (seconds, want) in [
            (0, "1970-1-1 day 1 of the year, weekday 4, month of 31 days, 0:0"),
            (951_826_500, "2000-2-29 day 60 of the year, weekday 2, month of 29 days, 12:15"),
            (-1, "1969-12-31 day 365 of the year, weekday 3, month of 31 days, 23:59"),
            (4_107_542_400, "2100-3-1 day 60 of the year, weekday 1, month of 31 days, 0:0"),
            (1_735_689_599, "2024-12-31 day 366 of the year, weekday 2, month of 31 days, 23:59"),
        ] {
            let get = |name| part(name).unwrap()(seconds);
            let got = format!(
                "{}-{}-{} day {} of the year, weekday {}, month of {} days, {}:{}",
                get("year"),
                get("month"),
                get("day_of_month"),
                get("day_of_year"),
                get("day_of_week"),
                get("days_in_month"),
                get("hour"),
                get("minute")
            );
            assert_eq!(got, want, "{seconds}");
        }
    }
}
