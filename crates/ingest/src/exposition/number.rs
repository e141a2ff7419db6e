//! Values and timestamps.

use super::{NORMAL_NAN_BITS, excerpt};

/// A value by Go's `strconv.ParseFloat`, without hexadecimal numbers and digit separators, which
/// Prometheus refuses as well.
pub(super) fn value(token: &str) -> Result<f64, String> {
    match token.parse::<f64>() {
        // `+NaN` is refused.
        Ok(number) if number.is_nan() && token.len() == 3 => Ok(f64::from_bits(NORMAL_NAN_BITS)),
        Ok(number) if !number.is_nan() => {
            if number.is_infinite() && token.bytes().any(|b| b.is_ascii_digit()) {
                return Err(format!("the value {} is out of range for a float", excerpt(token)));
            }
            Ok(number)
        }
        _ => Err(format!("expected a value, found {}", excerpt(token))),
    }
}

/// A timestamp of the text format: whole milliseconds.
pub(super) fn timestamp_ms(token: &str) -> Result<i64, String> {
    token.parse().map_err(|_| format!("expected a timestamp in whole milliseconds, found {}", excerpt(token)))
}

/// A timestamp of OpenMetrics: seconds, with fractions. Returns milliseconds.
pub(super) fn timestamp_seconds(token: &str) -> Result<i64, String> {
    let seconds = value(token).map_err(|_| format!("expected a timestamp in seconds, found {}", excerpt(token)))?;
    let milliseconds = (seconds * 1000.0).round();
    if milliseconds.is_finite() && milliseconds.abs() < 9.2e18 {
        Ok(milliseconds as i64)
    } else {
        Err(format!("the timestamp {} is not a moment in time", excerpt(token)))
    }
}
