//! Numbers as Go and Prometheus write them.

use std::fmt::Write as _;

/// Writes a float as Go's `%g` does: with `significant` digits, or the fewest that identify the
/// value. An exponent below -4, or from `significant` on (6 when there is none), switches to the
/// scientific form, as in `strconv.FormatFloat(value, 'g', significant, 64)`.
pub fn format_float(value: f64, significant: Option<usize>) -> String {
    if value.is_nan() {
        return "NaN".to_owned();
    }
    if value.is_infinite() {
        return if value > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let scientific = match significant {
        Some(digits) => format!("{value:.*e}", digits.max(1) - 1),
        None => format!("{value:e}"),
    };
    let (mantissa, exponent) = scientific.split_once('e').expect("`{:e}` writes an exponent");
    let exponent: i32 = exponent.parse().expect("`{:e}` writes a whole exponent");
    let (sign, mantissa) = mantissa.strip_prefix('-').map_or(("", mantissa), |rest| ("-", rest));
    let digits: String = mantissa.chars().filter(|c| *c != '.').collect();
    let digits = match digits.trim_end_matches('0') {
        "" => "0",
        trimmed => trimmed,
    };
    let limit = significant.map_or(6, |digits| digits.max(1) as i32);
    let mut out = sign.to_owned();
    if exponent < -4 || exponent >= limit {
        out.push_str(&digits[..1]);
        if digits.len() > 1 {
            out.push('.');
            out.push_str(&digits[1..]);
        }
        let exponent_sign = if exponent < 0 { '-' } else { '+' };
        let _ = write!(out, "e{exponent_sign}{:02}", exponent.abs());
    } else if exponent < 0 {
        out.push_str("0.");
        out.push_str(&"0".repeat(exponent.unsigned_abs() as usize - 1));
        out.push_str(digits);
    } else {
        let whole = exponent as usize + 1;
        if digits.len() <= whole {
            out.push_str(digits);
            out.push_str(&"0".repeat(whole - digits.len()));
        } else {
            out.push_str(&digits[..whole]);
            out.push('.');
            out.push_str(&digits[whole..]);
        }
    }
    out
}

const SMALL: [&str; 8] = ["m", "u", "n", "p", "f", "a", "z", "y"];

fn scale_up(mut value: f64, base: f64, prefixes: [&'static str; 8]) -> (f64, &'static str) {
    let mut prefix = "";
    for next in prefixes {
        if value.abs() < base {
            break;
        }
        prefix = next;
        value /= base;
    }
    (value, prefix)
}

fn scale_down(mut value: f64) -> (f64, &'static str) {
    let mut prefix = "";
    for next in SMALL {
        if value.abs() >= 1.0 {
            break;
        }
        prefix = next;
        value *= 1000.0;
    }
    (value, prefix)
}

fn four_digits(value: f64) -> String {
    format_float(value, Some(4))
}

/// With a metric prefix and four significant digits: 1234567 becomes `1.235M`.
pub fn humanize(value: f64) -> String {
    if value == 0.0 || !value.is_finite() {
        return four_digits(value);
    }
    let (value, prefix) =
        if value.abs() >= 1.0 { scale_up(value, 1000.0, ["k", "M", "G", "T", "P", "E", "Z", "Y"]) } else { scale_down(value) };
    four_digits(value) + prefix
}

/// With a binary prefix and four significant digits: 1048576 becomes `1Mi`.
pub fn humanize_1024(value: f64) -> String {
    if value.abs() <= 1.0 || !value.is_finite() {
        return four_digits(value);
    }
    let (value, prefix) = scale_up(value, 1024.0, ["ki", "Mi", "Gi", "Ti", "Pi", "Ei", "Zi", "Yi"]);
    four_digits(value) + prefix
}

/// Seconds in words: 5400 becomes `1h 30m 0s`, 0.0154 becomes `15.4ms`.
pub fn humanize_duration(seconds: f64) -> String {
    if !seconds.is_finite() {
        return four_digits(seconds);
    }
    if seconds == 0.0 {
        return four_digits(seconds) + "s";
    }
    if seconds.abs() < 1.0 {
        let (value, prefix) = scale_down(seconds);
        return format!("{}{prefix}s", four_digits(value));
    }
    let sign = if seconds < 0.0 { "-" } else { "" };
    let whole = seconds.abs() as i64;
    let (days, hours, minutes, rest) = (whole / 86_400, whole / 3_600 % 24, whole / 60 % 60, whole % 60);
    if days != 0 {
        format!("{sign}{days}d {hours}h {minutes}m {rest}s")
    } else if hours != 0 {
        format!("{sign}{hours}h {minutes}m {rest}s")
    } else if minutes != 0 {
        format!("{sign}{minutes}m {rest}s")
    } else {
        format!("{sign}{}s", four_digits(seconds.abs()))
    }
}

/// A ratio as a percentage with four significant digits: 0.1234 becomes `12.34%`.
pub fn humanize_percentage(ratio: f64) -> String {
    four_digits(ratio * 100.0) + "%"
}

/// Seconds since the Unix epoch as a date in UTC, as Go prints one: `2024-05-01 12:00:00 +0000 UTC`.
/// Fails for a moment that nanoseconds in 64 bits can't hold.
pub fn humanize_timestamp(seconds: f64) -> Result<String, String> {
    if !seconds.is_finite() {
        return Ok(four_digits(seconds));
    }
    Ok(crate::time::GoTime::from_seconds(seconds)?.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_are_written_as_go_writes_them() {
        for (value, digits, want) in [
            (0.0, None, "0"),
            (-0.0, None, "-0"),
            (0.05, None, "0.05"),
            (123_456.0, None, "123456"),
            (1e6, None, "1e+06"),
            (123_456_789.0, None, "1.23456789e+08"),
            (0.0001, None, "0.0001"),
            (0.000_01, None, "1e-05"),
            (1.5e-7, None, "1.5e-07"),
            (f64::INFINITY, None, "+Inf"),
            (f64::NEG_INFINITY, None, "-Inf"),
            (f64::NAN, None, "NaN"),
            (1e300, None, "1e+300"),
            (123_456.0, Some(4), "1.235e+05"),
            (999.95, Some(4), "1000"),
            (9999.5, Some(4), "1e+04"),
            (100.0, Some(4), "100"),
            (0.5, Some(4), "0.5"),
            (-12.3456, Some(4), "-12.35"),
        ] {
            assert_eq!(format_float(value, digits), want, "{value} with {digits:?}");
        }
    }

    /// The cases follow from the definitions in Prometheus' template reference.
    #[test]
    fn numbers_for_people() {
        type Format = fn(f64) -> String;
        let table: &[(Format, f64, &str)] = &[
            (humanize, 0.0, "0"),
            (humanize, 1.0, "1"),
            (humanize, 1_234_567.0, "1.235M"),
            (humanize, 999.0, "999"),
            (humanize, 1000.0, "1k"),
            (humanize, -1000.0, "-1k"),
            (humanize, 0.12, "120m"),
            (humanize, 0.000_012, "12u"),
            (humanize, 1e27, "1000Y"),
            (humanize, f64::NAN, "NaN"),
            (humanize, f64::INFINITY, "+Inf"),
            (humanize, f64::NEG_INFINITY, "-Inf"),
            (humanize_1024, 0.0, "0"),
            (humanize_1024, 0.5, "0.5"),
            (humanize_1024, 1024.0, "1ki"),
            (humanize_1024, 1_048_576.0, "1Mi"),
            (humanize_1024, 1.5e9, "1.397Gi"),
            (humanize_1024, f64::NAN, "NaN"),
            (humanize_1024, f64::INFINITY, "+Inf"),
            (humanize_duration, 0.0, "0s"),
            (humanize_duration, 1.0, "1s"),
            (humanize_duration, 59.5, "59.5s"),
            (humanize_duration, 60.0, "1m 0s"),
            (humanize_duration, 3600.0, "1h 0m 0s"),
            (humanize_duration, 5400.0, "1h 30m 0s"),
            (humanize_duration, 90_061.0, "1d 1h 1m 1s"),
            (humanize_duration, -1.0, "-1s"),
            (humanize_duration, -3661.0, "-1h 1m 1s"),
            (humanize_duration, 0.1, "100ms"),
            (humanize_duration, 0.0154, "15.4ms"),
            (humanize_duration, 0.000_1, "100us"),
            (humanize_duration, 1e-9, "1ns"),
            (humanize_duration, f64::NAN, "NaN"),
            (humanize_duration, f64::INFINITY, "+Inf"),
            (humanize_duration, f64::NEG_INFINITY, "-Inf"),
            (humanize_percentage, 0.1234, "12.34%"),
            (humanize_percentage, 1.0, "100%"),
            (humanize_percentage, 0.0, "0%"),
            (humanize_percentage, 0.956_78, "95.68%"),
            (humanize_percentage, f64::NAN, "NaN%"),
            (humanize_percentage, f64::INFINITY, "+Inf%"),
        ];
        for (format, value, want) in table {
            assert_eq!(format(*value), *want, "{value}");
        }
    }

    #[test]
    fn moments_for_people() {
        for (seconds, want) in [
            (0.0, "1970-01-01 00:00:00 +0000 UTC"),
            (1_435_065_584.128, "2015-06-23 13:19:44.128 +0000 UTC"),
            (-62_000_000_000.0, "error"),
            (1e300, "error"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "+Inf"),
        ] {
            assert_eq!(humanize_timestamp(seconds).unwrap_or_else(|_| "error".to_owned()), want, "{seconds}");
        }
    }
}
