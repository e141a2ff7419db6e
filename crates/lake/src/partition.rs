//! Partitions: the UTC days by which segments are kept apart.

use std::collections::BTreeSet;

/// Nanoseconds of a day.
pub(crate) const DAY_NS: i64 = 86_400_000_000_000;

/// The partition of entries that lie further back than the newest [`MAX_DAYS`] days of a memtable.
pub(crate) const LATE: i64 = i64::MIN;

/// A memtable becomes at most so many segments.
pub(crate) const MAX_DAYS: usize = 32;

/// The partitions of a memtable with entries at these moments, ascending.
pub(crate) fn partitions(times_ns: impl Iterator<Item = i64>) -> Vec<i64> {
    let mut days = BTreeSet::new();
    let mut before = None;
    for time_ns in times_ns {
        let day = time_ns.div_euclid(DAY_NS);
        if before != Some(day) {
            days.insert(day);
            before = Some(day);
        }
    }
    let oldest = if days.len() > MAX_DAYS { days.iter().rev().nth(MAX_DAYS - 2).copied() } else { None };
    let mut partitions: Vec<i64> = days.into_iter().filter(|day| oldest.is_none_or(|oldest| *day >= oldest)).collect();
    if oldest.is_some() {
        partitions.insert(0, LATE);
    }
    partitions
}

/// The place of a moment's partition among those that [`partitions`] gave.
pub(crate) fn partition_of(partitions: &[i64], time_ns: i64) -> usize {
    // What is older than the oldest day of its own comes before them all.
    partitions.partition_point(|day| *day <= time_ns.div_euclid(DAY_NS)).saturating_sub(1)
}

/// A partition as the first part of its segments' names: `2026-11-22`.
pub(crate) fn partition_name(partition: i64) -> String {
    if partition == LATE {
        return "late".to_owned();
    }
    // Days to a date of the proleptic Gregorian calendar, after Howard Hinnant's `civil_from_days`.
    let shifted = partition + 719_468;
    let era = shifted.div_euclid(146_097);
    let day_of_era = shifted.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 { month_from_march + 3 } else { month_from_march - 9 };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!("{year:04}-{month:02}-{day:02}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_are_named_by_their_date() {
        for (days, name) in [
            (0, "1970-01-01"),
            (-1, "1969-12-31"),
            (11_016, "2000-02-29"),
            (20_779, "2026-11-22"),
            (106_751, "2262-04-11"),
            (-106_752, "1677-09-21"),
            (LATE, "late"),
        ] {
            assert_eq!(partition_name(days), name);
        }
    }
}
