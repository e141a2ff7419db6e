//! Durations as Prometheus writes them: `1h30m`, `15s`, `5d`.

use std::time::Duration;

const UNITS_MS: [(&str, u64); 7] =
    [("y", 31_536_000_000), ("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1)];

/// Reads a duration: one or more of `y w d h m s ms` with whole numbers, largest unit first,
/// each unit at most once; `0` alone is zero. A year is 365 days, as in Prometheus.
///
/// Returns what is wrong in words, without the input.
pub fn parse_duration(text: &str) -> Result<Duration, String> {
    if text == "0" {
        return Ok(Duration::ZERO);
    }
    if text.is_empty() {
        return Err("a duration is empty; write it as `30s`, `5m` or `1h30m`".to_owned());
    }
    let mut rest = text;
    let mut next_unit = 0;
    let mut total_ms = 0_u64;
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        if digits == 0 {
            return Err(format!("expected a number at `{rest}`; write a duration as `30s`, `5m` or `1h30m`"));
        }
        let number: u64 = rest[..digits].parse().map_err(|_| format!("the number `{}` is too large", &rest[..digits]))?;
        let letters = rest[digits..].bytes().take_while(u8::is_ascii_alphabetic).count();
        let unit = &rest[digits..digits + letters];
        if unit.is_empty() {
            return Err(format!("`{}` has no unit; one of y, w, d, h, m, s, ms", &rest[..digits]));
        }
        let position = UNITS_MS
            .iter()
            .position(|(name, _)| *name == unit)
            .ok_or_else(|| format!("unknown unit `{unit}`; one of y, w, d, h, m, s, ms"))?;
        if position < next_unit {
            return Err(format!("unit `{unit}` is out of order; write the largest unit first and each once"));
        }
        next_unit = position + 1;
        total_ms = number
            .checked_mul(UNITS_MS[position].1)
            .and_then(|ms| ms.checked_add(total_ms))
            .filter(|ms| *ms <= (i64::MAX / 1_000_000) as u64)
            .ok_or_else(|| "the duration is too long (the limit is about 292 years)".to_owned())?;
        rest = &rest[digits + letters..];
    }
    Ok(Duration::from_millis(total_ms))
}

/// Writes a duration as Prometheus does: `1h30m`, `15s`, `1d`, `0s`. Below a millisecond is cut off.
pub fn format_duration(duration: Duration) -> String {
    let mut rest = duration.as_millis() as u64;
    if rest == 0 {
        return "0s".to_owned();
    }
    let mut out = String::new();
    for (unit, size) in UNITS_MS {
        // As Prometheus: years and weeks only when nothing smaller is left over, since 90d reads easier than 12w6d.
        let exact_only = matches!(unit, "y" | "w");
        if (exact_only && !rest.is_multiple_of(size)) || rest < size {
            continue;
        }
        out.push_str(&(rest / size).to_string());
        out.push_str(unit);
        rest %= size;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn reads_and_refuses() {
        for (text, want_ms) in
            [("0", 0), ("0s", 0), ("15s", 15_000), ("1h30m", 5_400_000), ("2d", 172_800_000), ("1m500ms", 60_500), ("1y", 31_536_000_000)]
        {
            assert_eq!(parse_duration(text), Ok(Duration::from_millis(want_ms)), "{text}");
        }
        for text in ["", "5", "m", "1m1h", "1s1s", "-1s", "1.5h", "1 h", "1x", "99999999999y", "30000000000000000000s"] {
            assert!(parse_duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn writes_as_prometheus() {
        for (text, want) in
            [("90m", "1h30m"), ("60s", "1m"), ("48h", "2d"), ("36h", "1d12h"), ("7d", "1w"), ("0", "0s"), ("1500ms", "1s500ms")]
        {
            assert_eq!(format_duration(parse_duration(text).unwrap()), want);
        }
    }

    proptest! {
        #[test]
        fn round_trips(ms in 0_u64..9_000_000_000_000) {
            let duration = Duration::from_millis(ms);
            prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
        }

        #[test]
        fn never_panics(text in ".{0,20}") {
            let _ = parse_duration(&text);
        }
    }
}
