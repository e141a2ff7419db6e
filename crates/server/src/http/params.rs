//! Parameters of a request, from the query string and from a form body, as Prometheus takes them.

use axum::body::Bytes;
use axum::extract::{FromRequest, Request};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use phoenix_model::Matcher;
use std::time::Duration;

use super::envelope::ApiError;

/// The parameters in order: first the form's, then the query string's. A name may occur many times.
#[derive(Debug, Default)]
pub struct Params(Vec<(String, String)>);

impl Params {
    /// The first value of a name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The first value of a name that is not blank.
    pub fn non_empty(&self, name: &str) -> Option<&str> {
        self.get(name).filter(|v| !v.is_empty())
    }

    /// All values of a name.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// All of them, in order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// A required value.
    pub fn required(&self, name: &str) -> Result<&str, ApiError> {
        self.get(name).ok_or_else(|| ApiError::bad_data(format!("invalid parameter \"{name}\": it is missing")))
    }

    /// A moment in milliseconds, or `default_ms` when the parameter is absent.
    pub fn time_ms(&self, name: &str, default_ms: i64) -> Result<i64, ApiError> {
        self.non_empty(name).map_or(Ok(default_ms), |text| {
            parse_time_ms(text)
                .ok_or_else(|| ApiError::bad_data(format!("invalid parameter \"{name}\": cannot parse \"{text}\" to a valid timestamp")))
        })
    }

    /// A moment in milliseconds that has to be there.
    pub fn required_time_ms(&self, name: &str) -> Result<i64, ApiError> {
        let text = self.required(name)?;
        parse_time_ms(text)
            .ok_or_else(|| ApiError::bad_data(format!("invalid parameter \"{name}\": cannot parse \"{text}\" to a valid timestamp")))
    }

    /// A duration, or `None` when the parameter is absent.
    pub fn duration(&self, name: &str) -> Result<Option<Duration>, ApiError> {
        self.non_empty(name)
            .map(|text| {
                parse_duration(text)
                    .ok_or_else(|| ApiError::bad_data(format!("invalid parameter \"{name}\": cannot parse \"{text}\" to a valid duration")))
            })
            .transpose()
    }

    /// A count; 0 and an absent parameter mean "no limit of the caller's".
    pub fn limit(&self) -> Result<usize, ApiError> {
        match self.non_empty("limit") {
            None => Ok(usize::MAX),
            Some(text) => match text.parse::<usize>() {
                Ok(0) => Ok(usize::MAX),
                Ok(n) => Ok(n),
                Err(_) => Err(ApiError::bad_data(format!("invalid parameter \"limit\": cannot parse \"{text}\" to a count"))),
            },
        }
    }

    /// A whole number, or `None` when the parameter is absent.
    pub fn integer(&self, name: &str) -> Result<Option<i64>, ApiError> {
        self.non_empty(name)
            .map(|text| {
                text.parse()
                    .map_err(|_| ApiError::bad_data(format!("invalid parameter \"{name}\": cannot parse \"{text}\" to a whole number")))
            })
            .transpose()
    }

    /// The matcher sets of `match[]`.
    pub fn matcher_sets(&self) -> Result<Vec<Vec<Matcher>>, ApiError> {
        self.all("match[]").map(parse_selector).collect()
    }
}

/// Reads one series selector such as `up{job="api"}`.
pub fn parse_selector(text: &str) -> Result<Vec<Matcher>, ApiError> {
    phoenix_promql::parse_selector(text).map(|selector| selector.matchers).map_err(|diagnostics| {
        let reason = diagnostics.first().map_or_else(String::new, |d| d.message.clone());
        ApiError::bad_data(format!("invalid parameter \"match[]\": {reason}"))
    })
}

/// Seconds since the epoch as a decimal number, or RFC 3339, as milliseconds.
pub fn parse_time_ms(text: &str) -> Option<i64> {
    if let Ok(seconds) = text.parse::<f64>() {
        // Bounds as in Prometheus, whose smallest and largest times stay clear of overflow.
        return (seconds.is_finite() && seconds.abs() < 9.0e15).then(|| (seconds * 1000.0).round() as i64);
    }
    text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_millisecond)
}

/// A moment: a whole number of seconds (up to ten digits) or of nanoseconds, seconds with a fraction,
/// or RFC 3339; in nanoseconds since the Unix epoch.
pub fn parse_time_ns(text: &str) -> Option<i64> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) {
        let number: i64 = text.parse().ok()?;
        return if digits.len() <= 10 { number.checked_mul(1_000_000_000) } else { Some(number) };
    }
    if let Ok(seconds) = text.parse::<f64>() {
        // Beyond this, nanoseconds don't fit 64 bits.
        return (seconds.abs() < 9.2e9).then(|| {
            let whole = seconds.floor();
            whole as i64 * 1_000_000_000 + ((seconds - whole) * 1e9).round() as i64
        });
    }
    text.parse::<jiff::Timestamp>().ok().and_then(|t| i64::try_from(t.as_nanosecond()).ok())
}

/// Seconds as a decimal number, or Prometheus' notation.
pub fn parse_duration(text: &str) -> Option<Duration> {
    if let Ok(seconds) = text.parse::<f64>() {
        return (seconds.is_finite() && (0.0..9.0e9).contains(&seconds)).then(|| Duration::from_secs_f64(seconds));
    }
    phoenix_model::parse_duration(text).ok()
}

impl<S: Send + Sync> FromRequest<S> for Params {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let is_form = request
            .headers()
            .get(CONTENT_TYPE)
            .and_then(|v| v.to_str().ok())
            .is_some_and(|v| v.starts_with("application/x-www-form-urlencoded"));
        let query = request.uri().query().unwrap_or("").to_owned();
        let mut pairs = Vec::new();
        if is_form {
            let body = Bytes::from_request(request, state).await.map_err(IntoResponse::into_response)?;
            pairs.extend(url::form_urlencoded::parse(&body).into_owned());
        }
        pairs.extend(url::form_urlencoded::parse(query.as_bytes()).into_owned());
        Ok(Self(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_seconds_or_rfc3339() {
        for (text, want) in [
            ("1700000000", Some(1_700_000_000_000)),
            ("1700000000.1234", Some(1_700_000_000_123)),
            ("2023-11-14T22:13:20Z", Some(1_700_000_000_000)),
            ("2023-11-14T23:13:20.5+01:00", Some(1_700_000_000_500)),
            ("-1", Some(-1_000)),
            ("now", None),
            ("NaN", None),
            ("1e300", None),
        ] {
            assert_eq!(parse_time_ms(text), want, "{text}");
        }
    }

    #[test]
    fn durations_are_seconds_or_prometheus() {
        for (text, want_ms) in [("15", Some(15_000)), ("0.5", Some(500)), ("1m", Some(60_000)), ("-1", None), ("1x", None), ("Inf", None)] {
            assert_eq!(parse_duration(text).map(|d| d.as_millis()), want_ms, "{text}");
        }
    }

    #[test]
    fn times_in_nanoseconds_have_four_spellings() {
        for (text, want) in [
            ("1700000000", Some(1_700_000_000_000_000_000)),
            ("1700000000000000001", Some(1_700_000_000_000_000_001)),
            ("1700000000.5", Some(1_700_000_000_500_000_000)),
            ("-1.25", Some(-1_250_000_000)),
            ("2023-11-14T22:13:20.000000001Z", Some(1_700_000_000_000_000_001)),
            ("0", Some(0)),
            ("99999999999999999999", None),
            ("1e300", None),
            ("NaN", None),
            ("now", None),
            ("-", None),
        ] {
            assert_eq!(parse_time_ns(text), want, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn times_never_panic(text in "\\PC{0,30}|[-+0-9.eE]{0,30}") {
            let _ = parse_time_ns(&text);
        }
    }
}
