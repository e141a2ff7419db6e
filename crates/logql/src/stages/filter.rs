//! Conditions on labels.

use super::StageError;
use super::address::AddressRange;
use super::row::{ERROR, ERROR_DETAILS, FILTER_ERROR, Row, Wanted};
use crate::ast::{CompareOp, LabelFilter};
use crate::units;
use phoenix_model::logs::DETECTED_LEVEL;
use phoenix_model::{MatchOp, Matcher};
use phoenix_query::units::parse_duration_ns;

/// A condition, ready to be asked.
#[derive(Debug, Clone)]
pub(crate) enum Filter {
    Matcher(Matcher),
    Number(String, CompareOp, f64),
    Duration(String, CompareOp, i64),
    Bytes(String, CompareOp, u64),
    Address(String, bool, AddressRange),
    And(Vec<Filter>),
    Or(Vec<Filter>),
}

impl Filter {
    pub(crate) fn new(filter: &LabelFilter) -> Result<Self, StageError> {
        Ok(match filter {
            LabelFilter::Matcher(matcher) => Self::Matcher(matcher.clone()),
            LabelFilter::Number { name, op, value } => Self::Number(name.clone(), *op, *value),
            LabelFilter::Duration { name, op, value_ns } => Self::Duration(name.clone(), *op, *value_ns),
            LabelFilter::Bytes { name, op, value } => Self::Bytes(name.clone(), *op, *value),
            LabelFilter::Ip { name, negated, range } => Self::Address(name.clone(), *negated, address(range)?),
            LabelFilter::And(..) => Self::And(flat(filter, &|f| if let LabelFilter::And(a, b) = f { Some((a, b)) } else { None })?),
            LabelFilter::Or(..) => Self::Or(flat(filter, &|f| if let LabelFilter::Or(a, b) = f { Some((a, b)) } else { None })?),
        })
    }

    /// Notes the labels that it looks at.
    pub(crate) fn want(&self, wanted: &mut Wanted) {
        match self {
            Self::Matcher(matcher) => wanted.add(&matcher.name),
            Self::Number(name, ..) | Self::Duration(name, ..) | Self::Bytes(name, ..) | Self::Address(name, ..) => wanted.add(name),
            Self::And(filters) | Self::Or(filters) => filters.iter().for_each(|filter| filter.want(wanted)),
        }
    }

    /// Texts that an entry which passes must hold, provided that labels are parts of it.
    pub(crate) fn hints(&self, hints: &mut Vec<String>) {
        match self {
            Self::Matcher(matcher)
                if matcher.op == MatchOp::Equal
                    && !matcher.value.is_empty()
                    && matcher.name != DETECTED_LEVEL
                    && !matcher.name.starts_with(ERROR.trim_end_matches('_'))
                    && !hints.contains(&matcher.value) =>
            {
                hints.push(matcher.value.clone());
            }
            Self::And(filters) => filters.iter().for_each(|filter| filter.hints(hints)),
            _ => {}
        }
    }

    /// Whether the entry passes. What cannot be read as the value that it is compared with passes
    /// with an error; a label that is not there never compares.
    pub(crate) fn passes(&self, row: &mut Row) -> bool {
        match self {
            Self::Matcher(matcher) => matcher.matches(row.get(&matcher.name).unwrap_or("")),
            Self::Number(name, op, value) => {
                compare(name, *op, value, row, |text| text.parse::<f64>().map_err(|_| format!("{text:?} is not a number")))
            }
            Self::Duration(name, op, value) => {
                compare(name, *op, value, row, |text| signed_duration_ns(text).ok_or_else(|| format!("time: invalid duration {text:?}")))
            }
            Self::Bytes(name, op, value) => {
                compare(name, *op, value, row, |text| units::parse_bytes(text).ok_or_else(|| format!("{text:?} is not a size in bytes")))
            }
            // What failed before is let through, whichever way this compares.
            Self::Address(name, negated, range) => row.error().is_some() || row.get(name).is_some_and(|text| range.is_in(text) != *negated),
            Self::And(filters) => filters.iter().all(|filter| filter.passes(row)),
            Self::Or(filters) => filters.iter().any(|filter| filter.passes(row)),
        }
    }
}

/// The members of a chain of one operator, in order. Chains may be long, so it does not recurse
/// along them.
fn flat<'a>(
    filter: &'a LabelFilter,
    sides: &dyn Fn(&'a LabelFilter) -> Option<(&'a LabelFilter, &'a LabelFilter)>,
) -> Result<Vec<Filter>, StageError> {
    let mut members = Vec::new();
    let mut open = vec![filter];
    while let Some(next) = open.pop() {
        match sides(next) {
            Some((left, right)) => open.extend([right, left]),
            None => members.push(Filter::new(next)?),
        }
    }
    Ok(members)
}

pub(crate) fn address(text: &str) -> Result<AddressRange, StageError> {
    AddressRange::parse(text).ok_or_else(|| StageError(format!("ip: pattern {text:?} is not an address, a range or a block")))
}

/// A duration as Go reads it, which may have a sign; `0` needs no unit.
pub(crate) fn signed_duration_ns(text: &str) -> Option<i64> {
    let (negative, rest) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text.strip_prefix('+').unwrap_or(text)),
    };
    let ns = if rest == "0" { 0 } else { parse_duration_ns(rest)? };
    Some(if negative { -ns } else { ns })
}

fn compare<T: PartialOrd>(name: &str, op: CompareOp, with: &T, row: &mut Row, read: impl Fn(&str) -> Result<T, String>) -> bool {
    // Only texts can be compared with errors.
    let Some(text) = row.get(name).filter(|_| name != ERROR && name != ERROR_DETAILS) else { return false };
    match read(text) {
        Ok(value) => match op {
            CompareOp::Equal => value == *with,
            CompareOp::NotEqual => value != *with,
            CompareOp::Greater => value > *with,
            CompareOp::GreaterOrEqual => value >= *with,
            CompareOp::Less => value < *with,
            CompareOp::LessOrEqual => value <= *with,
        },
        Err(why) => {
            row.fail(FILTER_ERROR, format_args!("{why}"), false);
            true
        }
    }
}
