//! Parameters as Tempo takes them.

use super::error::TempoError;
use crate::http::params::{Params, parse_duration, parse_time_ns};

const SECOND_NS: i64 = 1_000_000_000;
/// How far back metrics look when nothing is said.
const DEFAULT_SINCE_NS: i64 = 3_600 * SECOND_NS;
/// The most steps of a range.
const MAX_STEPS: i64 = 11_000;

/// A range of time: `[start_ns, end_ns)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
}

impl Bounds {
    /// All of time.
    pub(super) const ALL: Self = Self { start_ns: i64::MIN, end_ns: i64::MAX };
}

fn time_ns(params: &Params, name: &str) -> Result<Option<i64>, TempoError> {
    let Some(text) = params.non_empty(name) else { return Ok(None) };
    match parse_time_ns(text) {
        Some(ns) => Ok(Some(ns)),
        None => Err(TempoError::bad_request(format!("invalid {name}: cannot parse \"{text}\" to a valid timestamp"))),
    }
}

/// `start` and `end` of a search: seconds, of which `end`'s counts. Without them, and with zeros, all of time.
pub(super) fn search_bounds(params: &Params) -> Result<Bounds, TempoError> {
    let at = |name| time_ns(params, name).map(|ns| ns.filter(|ns| *ns != 0));
    match (at("start")?, at("end")?) {
        (None, None) => Ok(Bounds::ALL),
        (start, end) => {
            let (start_ns, end_ns) = (start.unwrap_or(0), end.unwrap_or(i64::MAX));
            if end_ns <= start_ns {
                return Err(TempoError::bad_request(format!(
                    "http parameter start must be before end. received start={} end={}",
                    start_ns / SECOND_NS,
                    end_ns / SECOND_NS
                )));
            }
            Ok(Bounds { start_ns, end_ns })
        }
    }
}

/// `start`, `end` and `since` of a metrics query.
pub(super) fn metrics_bounds(params: &Params, now_ns: i64) -> Result<Bounds, TempoError> {
    let end_ns = time_ns(params, "end")?.unwrap_or(now_ns);
    let since_ns = duration_ns(params, "since")?.unwrap_or(DEFAULT_SINCE_NS);
    let start_ns = time_ns(params, "start")?.unwrap_or(end_ns.saturating_sub(since_ns));
    if end_ns <= start_ns {
        return Err(TempoError::bad_request("http parameter start must be before end"));
    }
    Ok(Bounds { start_ns, end_ns })
}

/// A duration in nanoseconds: seconds as a number, or with a unit.
pub(super) fn duration_ns(params: &Params, name: &str) -> Result<Option<i64>, TempoError> {
    let Some(text) = params.non_empty(name) else { return Ok(None) };
    match parse_duration(text).and_then(|duration| i64::try_from(duration.as_nanos()).ok()) {
        Some(ns) => Ok(Some(ns)),
        None => Err(TempoError::bad_request(format!("invalid {name}: cannot parse \"{text}\" to a valid duration"))),
    }
}

/// `step`, or the one that Tempo chooses.
pub(super) fn step_ns(params: &Params, bounds: Bounds) -> Result<i64, TempoError> {
    match duration_ns(params, "step")? {
        Some(0) => Err(TempoError::bad_request("step must be greater than 0")),
        written => checked_step(written.unwrap_or(0), bounds),
    }
}

/// A step that is not too short for the range; 0 means the one that Tempo chooses: about 240 for the
/// range, of a round length.
pub(super) fn checked_step(written_ns: i64, bounds: Bounds) -> Result<i64, TempoError> {
    let length_ns = bounds.end_ns.saturating_sub(bounds.start_ns);
    let step_ns = if written_ns > 0 { written_ns } else { default_step_ns(length_ns) };
    if length_ns / step_ns > MAX_STEPS {
        return Err(TempoError::bad_request(format!(
            "the range has more than {MAX_STEPS} steps: ask for a longer step or a shorter range"
        )));
    }
    Ok(step_ns)
}

fn default_step_ns(length_ns: i64) -> i64 {
    const MS_NS: i64 = 1_000_000;
    let about = length_ns / 240;
    if length_ns < 60 * SECOND_NS {
        return (about / (50 * MS_NS)).max(1) * 50 * MS_NS;
    }
    let unit = [3_600, 300, 60, 15, 5, 1].into_iter().map(|seconds| seconds * SECOND_NS).find(|unit| *unit < about);
    unit.map_or(SECOND_NS, |unit| about / unit * unit)
}

/// A count that must not be zero.
pub(super) fn positive(params: &Params, name: &str, default: usize) -> Result<usize, TempoError> {
    match count(params, name, default)? {
        0 => Err(TempoError::bad_request(format!("invalid {name}: must be a positive number"))),
        n => Ok(n),
    }
}

/// A count.
pub(super) fn count(params: &Params, name: &str, default: usize) -> Result<usize, TempoError> {
    let Some(text) = params.non_empty(name) else { return Ok(default) };
    text.parse::<u32>()
        .map(|n| n as usize)
        .map_err(|_| TempoError::bad_request(format!("invalid {name}: cannot parse \"{text}\" to a count")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_round() {
        for (length_s, want_ms) in [(1, 50), (30, 100), (60, 1_000), (3_600, 15_000), (86_400, 300_000), (7 * 86_400, 2_400_000)] {
            assert_eq!(default_step_ns(length_s * SECOND_NS) / 1_000_000, want_ms, "{length_s} s");
        }
    }
}
