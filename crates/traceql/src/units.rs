//! Durations as queries write them.

const NS_PER_MS: i64 = 1_000_000;

/// Units of time in nanoseconds: Go's, and the longer ones of Prometheus.
const UNITS: [(&str, i64); 11] = [
    ("y", 365 * 86_400_000 * NS_PER_MS),
    ("w", 7 * 86_400_000 * NS_PER_MS),
    ("d", 86_400_000 * NS_PER_MS),
    ("h", 3_600_000 * NS_PER_MS),
    ("m", 60_000 * NS_PER_MS),
    ("s", 1_000 * NS_PER_MS),
    ("ms", NS_PER_MS),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// Reads a duration without a sign, such as `1h15m30.918s`, into nanoseconds: numbers with units,
/// in any order. `None` when it is none, or longer than some 292 years. What is below a nanosecond
/// is cut off, as in Go.
pub fn parse_duration_ns(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (_, unit) = *UNITS.iter().find(|(name, _)| *name == &after[..letters])?;
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if (whole.is_empty() && fraction.is_empty()) || fraction.contains('.') {
            return None;
        }
        let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(part_of(fraction, unit))?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// `fraction` are the digits behind the point.
fn part_of(fraction: &str, unit: i64) -> i64 {
    let mut part = 0_i128;
    let mut scale = 1_i128;
    // More than 18 digits cannot matter for units below 2^55 nanoseconds, and would overflow.
    for digit in fraction.bytes().take(18) {
        part = part * 10 + i128::from(digit - b'0');
        scale *= 10;
    }
    i64::try_from(part * i128::from(unit) / scale).unwrap_or(i64::MAX)
}

/// Writes nanoseconds such that [`parse_duration_ns`] reads them back behind their sign: `1h30m`,
/// `1s500ms`, `-5m`. Hours are the longest unit, as in Go.
pub fn format_duration_ns(ns: i64) -> String {
    if ns == 0 {
        return "0s".to_owned();
    }
    let mut rest = ns.unsigned_abs();
    let mut out = if ns < 0 { "-".to_owned() } else { String::new() };
    for (unit, size) in
        [("h", 3_600_000_000_000_u64), ("m", 60_000_000_000), ("s", 1_000_000_000), ("ms", 1_000_000), ("us", 1_000), ("ns", 1)]
    {
        if rest >= size {
            out.push_str(&(rest / size).to_string());
            out.push_str(unit);
            rest %= size;
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_are_read_and_written() {
        for (text, ns, written) in [
            ("10ms", 10_000_000, "10ms"),
            ("1h2m", 3_720_000_000_000, "1h2m"),
            ("1.5s", 1_500_000_000, "1s500ms"),
            (".5us", 500, "500ns"),
            ("3µs", 3_000, "3us"),
            ("1d", 86_400_000_000_000, "24h"),
            ("1w1s", 604_801_000_000_000, "168h1s"),
            ("0s", 0, "0s"),
        ] {
            assert_eq!(parse_duration_ns(text), Some(ns), "{text}");
            assert_eq!(format_duration_ns(ns), written, "{text}");
        }
        for text in ["", "5", "s", "1.2.3s", ".s", "5x", "5 s", "300y", "-5s"] {
            assert_eq!(parse_duration_ns(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn written_durations_read_back(ns in any::<i64>()) {
            let text = format_duration_ns(ns);
            let read = parse_duration_ns(text.trim_start_matches('-'));
            prop_assert_eq!(read.map(i64::unsigned_abs), (ns != i64::MIN).then_some(ns.unsigned_abs()));
        }
    }
}
