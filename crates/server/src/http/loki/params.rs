//! Parameters as Loki takes them: times in nanoseconds, seconds or RFC 3339; ranges with `since`.

use super::error::{LokiError, of_query};
use crate::http::params::{Params, parse_duration, parse_time_ns};
use phoenix_engine::QueryError;
use phoenix_logql::ast::{Expr, ExprKind, LogExpr, StageKind};
use phoenix_model::Matcher;
use phoenix_model::logs::Direction;

/// Nanoseconds of a second.
pub(super) const SECOND_NS: i64 = 1_000_000_000;
const HOUR_NS: i64 = 3_600 * SECOND_NS;
/// What a query of entries gives when nothing is said.
const DEFAULT_LIMIT: usize = 100;
/// The most steps of a range.
const MAX_STEPS: i64 = 11_000;

/// How far back reading begins when nothing is said, in nanoseconds.
#[derive(Debug, Clone, Copy)]
pub(super) enum Lookback {
    /// For queries.
    Hour,
    /// For labels and streams.
    SixHours,
}

/// A range of time: `[start_ns, end_ns)`, for steps `[start_ns, end_ns]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Bounds {
    pub(super) start_ns: i64,
    pub(super) end_ns: i64,
}

/// Parameters with the moment at which they were read.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) params: &'a Params,
    pub(super) now_ns: i64,
}

impl Asked<'_> {
    /// A moment.
    pub(super) fn time_ns(&self, name: &str, default_ns: i64) -> Result<i64, LokiError> {
        self.params.non_empty(name).map_or(Ok(default_ns), |text| {
            parse_time_ns(text).ok_or_else(|| {
                LokiError::bad_request(format!("could not parse '{name}' parameter: cannot parse \"{text}\" to a valid timestamp"))
            })
        })
    }

    /// A duration, or `None` when the parameter is absent; in nanoseconds.
    pub(super) fn duration_ns(&self, name: &str) -> Result<Option<i64>, LokiError> {
        let Some(text) = self.params.non_empty(name) else { return Ok(None) };
        let (negative, magnitude) = text.strip_prefix('-').map_or((false, text), |rest| (true, rest));
        let parsed = parse_duration(magnitude).and_then(|d| i64::try_from(d.as_nanos()).ok());
        let ns = parsed.ok_or_else(|| {
            LokiError::bad_request(format!("could not parse '{name}' parameter: cannot parse \"{text}\" to a valid duration"))
        })?;
        Ok(Some(if negative { -ns } else { ns }))
    }

    /// `start`, `end` and `since`.
    pub(super) fn bounds(&self, lookback: Lookback) -> Result<Bounds, LokiError> {
        let end_ns = self.time_ns("end", self.now_ns)?;
        let since = self.duration_ns("since")?.unwrap_or(match lookback {
            Lookback::Hour => HOUR_NS,
            Lookback::SixHours => 6 * HOUR_NS,
        });
        let start_ns = self.time_ns("start", end_ns.min(self.now_ns).saturating_sub(since))?;
        if end_ns < start_ns {
            return Err(LokiError::bad_request("end timestamp must not be before or equal to start time"));
        }
        Ok(Bounds { start_ns, end_ns })
    }

    /// `step`, or the step that Loki chooses for the range: a 250th of it in whole seconds.
    pub(super) fn step_ns(&self, bounds: Bounds) -> Result<i64, LokiError> {
        let length = bounds.end_ns.saturating_sub(bounds.start_ns);
        let default = (length / 250 / SECOND_NS).max(1) * SECOND_NS;
        let step_ns = self.duration_ns("step")?.unwrap_or(default);
        if step_ns <= 0 {
            return Err(LokiError::bad_request("zero or negative query resolution step widths are not accepted. Try a positive integer"));
        }
        if length / step_ns > MAX_STEPS {
            return Err(LokiError::bad_request(
                "exceeded maximum resolution of 11,000 points per time series. Try increasing the value of the step parameter",
            ));
        }
        Ok(step_ns)
    }

    /// A positive count.
    pub(super) fn count(&self, name: &str, default: usize) -> Result<usize, LokiError> {
        let Some(text) = self.params.non_empty(name) else { return Ok(default) };
        match text.parse::<i64>() {
            Ok(n) if n > 0 => Ok(n as usize),
            Ok(_) => Err(LokiError::bad_request("limit must be a positive value")),
            Err(_) => Err(LokiError::bad_request(format!("could not parse '{name}' parameter: cannot parse \"{text}\" to a count"))),
        }
    }

    /// `limit` for entries.
    pub(super) fn limit(&self) -> Result<usize, LokiError> {
        self.count("limit", DEFAULT_LIMIT)
    }

    /// `direction`
    pub(super) fn direction(&self) -> Result<Direction, LokiError> {
        match self.params.non_empty("direction") {
            None => Ok(Direction::Backward),
            Some(text) if text.eq_ignore_ascii_case("backward") => Ok(Direction::Backward),
            Some(text) if text.eq_ignore_ascii_case("forward") => Ok(Direction::Forward),
            Some(text) => Err(LokiError::bad_request(format!("invalid direction '{text}'"))),
        }
    }

    /// `query`, which has to be there.
    pub(super) fn query(&self) -> Result<&str, LokiError> {
        let query = self.params.get("query").map(str::trim).unwrap_or_default();
        if query.is_empty() {
            return Err(LokiError::bad_request("parse error : syntax error: unexpected $end"));
        }
        Ok(query)
    }
}

/// Reads a query.
pub(super) fn parse(query: &str) -> Result<Expr, LokiError> {
    let wrong = |diagnostics| of_query(&QueryError::Parse(diagnostics), query);
    phoenix_logql::parse(query).into_result().map_err(wrong)
}

/// The pipeline of a query of entries; `None` for a metric query.
pub(super) fn entries_of(expr: &Expr) -> Option<&LogExpr> {
    match &expr.kind {
        ExprKind::Logs(logs) => Some(logs),
        ExprKind::Paren(inner) => entries_of(inner),
        _ => None,
    }
}

/// Refuses what is not a query of entries, in the words of `what`.
pub(super) fn must_be_entries(query: &str, what: &str) -> Result<(), LokiError> {
    match entries_of(&parse(query)?) {
        Some(_) => Ok(()),
        None => Err(LokiError::bad_request(format!("{what} take a query of log lines, not of metrics"))),
    }
}

/// Refuses anything but a selector with line filters.
pub(super) fn must_be_filters(query: &str, what: &str) -> Result<(), LokiError> {
    let expr = parse(query)?;
    match entries_of(&expr) {
        Some(logs) if logs.stages.iter().all(|stage| matches!(stage.kind, StageKind::LineFilter(_))) => Ok(()),
        _ => Err(LokiError::bad_request(format!("{what} take a selector with line filters only"))),
    }
}

/// Reads a selector; `{}` and the empty text select everything.
pub(super) fn selector(text: &str) -> Result<Vec<Matcher>, LokiError> {
    if text.chars().all(|c| matches!(c, '{' | '}') || c.is_whitespace()) {
        return Ok(Vec::new());
    }
    phoenix_logql::parse_any_selector(text).map_err(|diagnostics| of_query(&QueryError::Parse(diagnostics), text))
}
