//! The bodies of Alertmanager's API, `/api/v2`; the HTTP around them is the server's.
//!
//! Bodies follow the OpenAPI document of Alertmanager 0.25 and later; `mutedBy` is there for clients
//! of 0.28 and later, others ignore it.

mod alerts;
mod silences;
mod status;

pub use alerts::{AlertGroup, AlertStatus, AlertsQuery, GettableAlert, PostableAlert, ReceiverName};
pub use silences::{ApiMatcher, GettableSilence, PostableSilence, SilenceStatus, SilencesQuery};
pub use status::{ClusterStatus, ConfigStatus, Status, VersionInfo};

use crate::matchers::{Matchers, parse_matchers};

/// What a request is answered with when it fails. The body is the message as a JSON string.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ApiError {
    /// 400: the request makes no sense.
    #[error("{0}")]
    BadRequest(String),
    /// 404: there is no such thing.
    #[error("{0}")]
    NotFound(String),
    /// 500: what was asked for could not be kept; ask again.
    #[error("{0}")]
    Internal(String),
}

impl ApiError {
    /// The HTTP status.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::NotFound(_) => 404,
            Self::Internal(_) => 500,
        }
    }
}

/// Reads the `filter` parameters: each a matcher, or a list of them.
fn filters(texts: &[String]) -> Result<Matchers, ApiError> {
    let mut all = Vec::new();
    for text in texts {
        let parsed = parse_matchers(text).map_err(|e| ApiError::BadRequest(format!("bad matcher format: {text}: {e}")))?;
        all.extend(parsed.matchers);
    }
    Ok(Matchers::new(all))
}

/// Reads a moment (RFC 3339) as milliseconds since the Unix epoch; Go's zero time counts as none.
fn moment(what: &str, text: Option<&str>) -> Result<Option<i64>, String> {
    let Some(text) = text.filter(|text| !text.is_empty()) else { return Ok(None) };
    let at: jiff::Timestamp = text.parse().map_err(|_| format!("{what} {text:?} is not a time; write it as 2026-03-02T09:00:00Z"))?;
    let at_ms = at.as_millisecond();
    Ok((at_ms != crate::template::GO_ZERO_MS).then_some(at_ms))
}

/// A moment as the API writes it: RFC 3339 with three digits after the second.
fn api_time(ms: i64) -> String {
    jiff::Timestamp::from_millisecond(ms).map_or_else(|_| "0001-01-01T00:00:00.000Z".to_owned(), |at| format!("{at:.3}"))
}

/// A truth value of a query, as Go reads it.
fn flag(name: &str, value: &str) -> Result<bool, ApiError> {
    match value {
        "true" | "1" | "t" | "T" | "TRUE" | "True" => Ok(true),
        "false" | "0" | "f" | "F" | "FALSE" | "False" => Ok(false),
        other => Err(ApiError::BadRequest(format!("{name} must be true or false, not {other:?}"))),
    }
}
