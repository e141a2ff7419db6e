//! What a dashboard asks: its queries as they come, and each different one once.

use super::Failure;
use phoenix_engine::Language;
use phoenix_model::logs::Direction;
use serde::Deserialize;
use std::collections::HashMap;

/// The most queries of one request. The largest dashboards in public have about three hundred.
pub const MAX_QUERIES: usize = 500;

/// The longest text of one query.
const MAX_QUERY_BYTES: usize = 256 << 10;

/// The longest name of one query.
const MAX_ID_BYTES: usize = 256;

/// The most points of a series, as in Prometheus.
const MAX_POINTS: i64 = 11_000;

/// Times beyond this leave no room for ranges and offsets in 64 bits of nanoseconds.
const MAX_TIME_MS: i64 = i64::MAX / 4_000_000;

/// Entries or traces when nothing is said: what Grafana asks Loki for, and what Tempo gives.
const DEFAULT_ENTRIES: usize = 1_000;
const DEFAULT_TRACES: usize = 20;

/// All queries of a dashboard, or of those of its panels that are in view.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Request {
    /// At most [`MAX_QUERIES`].
    pub queries: Vec<Query>,
}

/// One query as it comes.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Query {
    /// How the asker calls it, such as `3/A`: it stands at the answer.
    pub id: String,
    /// `promql`, `logql` or `traceql`.
    pub language: String,
    /// `range`, `instant`, `logs`, `traces`, `trace` or `exemplars`.
    pub kind: String,
    /// The text; for `trace`, its id.
    pub query: String,
    /// The first moment, in milliseconds since the Unix epoch.
    #[serde(default)]
    pub from_ms: Option<i64>,
    /// The last moment; the moment of an instant query.
    #[serde(default)]
    pub to_ms: Option<i64>,
    /// The distance of two points, for `range`.
    #[serde(default)]
    pub step_ms: Option<i64>,
    /// The most entries or traces.
    #[serde(default)]
    pub limit: Option<usize>,
    /// `backward` (newest entries first) or `forward`.
    #[serde(default)]
    pub direction: Option<String>,
}

/// The kinds of query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Values at `from_ms`, `from_ms + step_ms`, … up to `to_ms`.
    Range,
    /// Values at `to_ms`.
    Instant,
    /// Log entries.
    Logs,
    /// A search for traces.
    Traces,
    /// A trace as a whole.
    Trace,
    /// Exemplars of series.
    Exemplars,
}

impl Kind {
    fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "range" => Self::Range,
            "instant" => Self::Instant,
            "logs" => Self::Logs,
            "traces" => Self::Traces,
            "trace" => Self::Trace,
            "exemplars" => Self::Exemplars,
            _ => return None,
        })
    }
}

/// A query that was read and checked. Two that are equal have the same answer.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Ask {
    /// The language.
    pub language: Language,
    /// What is asked for.
    pub kind: Kind,
    /// The text as the language's formatter writes it, so that two spellings are one query.
    pub text: String,
    /// The first moment, in milliseconds since the Unix epoch.
    pub from_ms: i64,
    /// The last moment.
    pub to_ms: i64,
    /// The distance of two points; 0 where there are none.
    pub step_ms: i64,
    /// The most entries or traces; 0 where it says nothing.
    pub limit: usize,
    /// Which entries come first.
    pub direction: Direction,
}

/// What is to be answered with one line: a query, or why it is none.
#[derive(Debug, Clone)]
pub struct Job {
    /// All names under which it was asked.
    pub ids: Vec<String>,
    /// The query.
    pub ask: Result<Ask, Failure>,
}

/// The different queries of a request in its order, each with all of its names.
///
/// Errors: the request as a whole can't be answered; the text says why.
pub fn plan(request: Request, max_entries: usize) -> Result<Vec<Job>, String> {
    if request.queries.len() > MAX_QUERIES {
        return Err(format!(
            "{} queries in one request, the limit is {MAX_QUERIES}: ask for some of the panels at a time",
            request.queries.len()
        ));
    }
    let mut jobs: Vec<Job> = Vec::with_capacity(request.queries.len());
    let mut places: HashMap<Ask, usize> = HashMap::new();
    for query in request.queries {
        if query.id.len() > MAX_ID_BYTES {
            return Err(format!("the id of a query has {} bytes, the limit is {MAX_ID_BYTES}", query.id.len()));
        }
        let ask = read(&query, max_entries);
        if let Ok(ask) = &ask {
            let place = *places.entry(ask.clone()).or_insert(jobs.len());
            if let Some(job) = jobs.get_mut(place) {
                job.ids.push(query.id);
                continue;
            }
        }
        jobs.push(Job { ids: vec![query.id], ask });
    }
    Ok(jobs)
}

/// Reads and checks one query.
fn read(query: &Query, max_entries: usize) -> Result<Ask, Failure> {
    let language = Language::from_name(&query.language)
        .ok_or_else(|| Failure::bad_data(format!("unknown query language `{}`; one of promql, logql, traceql", query.language)))?;
    let kind = Kind::from_name(&query.kind).ok_or_else(|| {
        Failure::bad_data(format!("unknown kind of query `{}`; one of range, instant, logs, traces, trace, exemplars", query.kind))
    })?;
    let direction = match query.direction.as_deref() {
        None => Direction::Backward,
        Some(text) if text.eq_ignore_ascii_case("backward") => Direction::Backward,
        Some(text) if text.eq_ignore_ascii_case("forward") => Direction::Forward,
        Some(text) => return Err(Failure::bad_data(format!("unknown direction `{text}`; one of backward, forward"))),
    };
    if query.query.len() > MAX_QUERY_BYTES {
        return Err(Failure::bad_data(format!("the query has {} bytes, the limit is {MAX_QUERY_BYTES}", query.query.len())));
    }
    let (text, kind) = canonical(language, kind, &query.query)?;
    let mut ask = Ask { language, kind, text, from_ms: 0, to_ms: 0, step_ms: 0, limit: 0, direction: Direction::Backward };
    times(query, &mut ask)?;
    if kind == Kind::Range || (kind == Kind::Exemplars && language == Language::TraceQl) {
        ask.step_ms = step(query, &ask)?;
    }
    match kind {
        Kind::Logs => {
            ask.limit = query.limit.unwrap_or(DEFAULT_ENTRIES.min(max_entries));
            ask.direction = direction;
            if ask.limit > max_entries {
                return Err(Failure::bad_data(format!(
                    "{} log entries are asked for, more than `limits.query_max_log_entries` allows ({max_entries})",
                    ask.limit
                )));
            }
        }
        Kind::Traces => ask.limit = query.limit.unwrap_or(DEFAULT_TRACES),
        _ => {}
    }
    Ok(ask)
}

/// `from_ms` and `to_ms`, as far as the kind of query looks at them.
fn times(query: &Query, ask: &mut Ask) -> Result<(), Failure> {
    let within = |name: &str, value: Option<i64>| match value {
        Some(ms) if ms.unsigned_abs() > MAX_TIME_MS.unsigned_abs() => Err(Failure::bad_data(format!("`{name}` is out of range: {ms}"))),
        Some(ms) => Ok(ms),
        None => Err(Failure::bad_data(format!("`{name}` is missing: milliseconds since the Unix epoch"))),
    };
    // A trace is found by its id; the times only say where to look.
    if ask.kind == Kind::Trace && query.from_ms.is_none() && query.to_ms.is_none() {
        (ask.from_ms, ask.to_ms) = (-MAX_TIME_MS, MAX_TIME_MS);
        return Ok(());
    }
    ask.to_ms = within("to_ms", query.to_ms)?;
    // TraceQL's numbers at one moment are those of the whole span.
    let at_one_moment = ask.kind == Kind::Instant && ask.language != Language::TraceQl;
    ask.from_ms = if at_one_moment { ask.to_ms } else { within("from_ms", query.from_ms)? };
    if ask.to_ms < ask.from_ms {
        return Err(Failure::bad_data(format!("`to_ms` ({}) is before `from_ms` ({})", ask.to_ms, ask.from_ms)));
    }
    Ok(())
}

fn step(query: &Query, ask: &Ask) -> Result<i64, Failure> {
    let step_ms = query.step_ms.ok_or_else(|| Failure::bad_data("`step_ms` is missing: the distance of two points in milliseconds"))?;
    if step_ms <= 0 {
        return Err(Failure::bad_data(format!("`step_ms` is {step_ms}: it must be above zero")));
    }
    if (ask.to_ms - ask.from_ms) / step_ms > MAX_POINTS {
        return Err(Failure::bad_data(format!(
            "more than {MAX_POINTS} points for each series: ask for a longer step than {step_ms} ms, or a shorter range"
        )));
    }
    Ok(step_ms)
}

/// The text as its formatter writes it. A query's text says whether it gives lines, traces or
/// numbers, so that decides where the kind leaves it open.
fn canonical(language: Language, kind: Kind, text: &str) -> Result<(String, Kind), Failure> {
    let refused = || Failure::bad_data(format!("{language} has no queries of the kind `{}`", name_of(kind)));
    match (language, kind) {
        (Language::PromQl, Kind::Range | Kind::Instant | Kind::Exemplars) => {
            let expr = phoenix_promql::parse(text).into_result().map_err(Failure::parse)?;
            Ok((expr.to_string(), kind))
        }
        (Language::LogQl, Kind::Range | Kind::Instant | Kind::Logs) => {
            use phoenix_logql::analysis::QueryKind;
            let expr = phoenix_logql::parse(text).into_result().map_err(Failure::parse)?;
            let kind = match (expr.query_kind(), kind) {
                (QueryKind::Logs, Kind::Range) => Kind::Logs,
                (QueryKind::Metric | QueryKind::Scalar, Kind::Logs) => Kind::Range,
                _ => kind,
            };
            Ok((expr.to_string(), kind))
        }
        (Language::TraceQl, Kind::Trace) => Ok((text.trim().to_ascii_lowercase(), kind)),
        (Language::TraceQl, Kind::Range | Kind::Instant | Kind::Traces | Kind::Exemplars) => {
            use phoenix_traceql::Body;
            let query = phoenix_traceql::parse(text).into_result().map_err(Failure::parse)?;
            let kind = match (&query.body, kind) {
                (Body::Search(_), Kind::Range) => Kind::Traces,
                (Body::Search(_), Kind::Instant | Kind::Exemplars) => {
                    return Err(Failure::bad_data(
                        "this query gives traces and no numbers: end it with a metrics stage, such as `| rate()`",
                    ));
                }
                (Body::Metrics(_), Kind::Traces) => Kind::Range,
                _ => kind,
            };
            Ok((query.to_string(), kind))
        }
        _ => Err(refused()),
    }
}

fn name_of(kind: Kind) -> &'static str {
    match kind {
        Kind::Range => "range",
        Kind::Instant => "instant",
        Kind::Logs => "logs",
        Kind::Traces => "traces",
        Kind::Trace => "trace",
        Kind::Exemplars => "exemplars",
    }
}
