//! Numbers with units, as queries and log lines write them: durations in nanoseconds, and the
//! decimals that sizes are made of as well.

const NS_PER_MS: u64 = 1_000_000;

/// Units of time in nanoseconds, longest first. The first three are Prometheus', the others Go's.
const TIME: [(&str, u64); 9] = [
    ("y", 365 * 86_400_000 * NS_PER_MS),
    ("w", 7 * 86_400_000 * NS_PER_MS),
    ("d", 86_400_000 * NS_PER_MS),
    ("h", 3_600_000 * NS_PER_MS),
    ("m", 60_000 * NS_PER_MS),
    ("s", 1_000 * NS_PER_MS),
    ("ms", NS_PER_MS),
    ("us", 1_000),
    ("ns", 1),
];

/// Where Go's units begin in [`TIME`].
const GO: usize = 3;

/// Reads a duration without a sign, such as `1h15m30.918s`, into nanoseconds: numbers with units
/// of Go's durations or Prometheus' (`y`, `w` and `d`), in any order. `None` when it is none, or
/// longer than some 292 years. What is below a nanosecond is cut off, as in Go.
pub fn parse_duration_ns(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let (whole, fraction, after) = decimal(rest)?;
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let name = match &after[..letters] {
            // The micro sign and the Greek letter.
            "µs" | "μs" => "us",
            name => name,
        };
        let (_, unit) = *TIME.iter().find(|(unit, _)| *unit == name)?;
        let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
        let part = whole.checked_mul(unit)?.checked_add(part_of(fraction, unit))?;
        total = total.checked_add_unsigned(part)?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// The digits before and behind the point of a decimal, and what follows. `None` without a digit.
pub fn decimal(text: &str) -> Option<(&str, &str, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    (!whole.is_empty() || !fraction.is_empty()).then_some((whole, fraction, rest))
}

/// How much of a unit a decimal's fraction is, which are the digits behind its point. What is below
/// 1 is cut off.
pub fn part_of(fraction: &str, unit: u64) -> u64 {
    let mut part = 0_u128;
    let mut scale = 1_u128;
    // With more digits it would overflow; they matter for units above 10^18 alone, and by 1.
    for digit in fraction.bytes().take(18) {
        part = part * 10 + u128::from(digit - b'0');
        scale *= 10;
    }
    // Less than the unit, because the fraction is less than 1.
    (part * u128::from(unit) / scale) as u64
}

/// Writes nanoseconds such that [`parse_duration_ns`] reads them back behind their sign: `1h30m`,
/// `1s500ms`, `-5m`. Days and longer are written as Prometheus does.
pub fn format_duration_ns(ns: i64) -> String {
    format(ns, &TIME)
}

/// As [`format_duration_ns`], with hours as the longest unit, as in Go.
pub fn format_go_duration_ns(ns: i64) -> String {
    format(ns, &TIME[GO..])
}

fn format(ns: i64, units: &[(&str, u64)]) -> String {
    if ns == 0 {
        return "0s".to_owned();
    }
    let mut rest = ns.unsigned_abs();
    let mut out = if ns < 0 { "-".to_owned() } else { String::new() };
    for &(unit, size) in units {
        // As Prometheus: years and weeks only when nothing smaller is left over.
        let exact_only = matches!(unit, "y" | "w");
        if rest < size || (exact_only && !rest.is_multiple_of(size)) {
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
    fn reads_durations() {
        for (text, want) in [
            ("5m", Some(300_000_000_000)),
            ("1h15m30.918273645s", Some(4_530_918_273_645)),
            ("1.5h", Some(5_400_000_000_000)),
            (".5s", Some(500_000_000)),
            (".5us", Some(500)),
            ("250ms", Some(250_000_000)),
            ("3us", Some(3_000)),
            ("3µs", Some(3_000)),
            ("3μs", Some(3_000)),
            ("7ns", Some(7)),
            ("1d", Some(86_400_000_000_000)),
            ("1y", Some(31_536_000_000_000_000)),
            ("1s1w", Some(604_801_000_000_000)),
            ("0s", Some(0)),
            ("0.1234567890123456789s", Some(123_456_789)),
            ("292y", Some(292 * 31_536_000_000_000_000)),
            ("9223372036854775807ns", Some(i64::MAX)),
            ("9223372036854775808ns", None),
            ("18446744073709551615ns1ns", None),
            ("293y", None),
            ("", None),
            ("5", None),
            ("5x", None),
            ("m", None),
            ("s", None),
            (".s", None),
            ("5 m", None),
            ("1.2.3s", None),
            ("-5s", None),
        ] {
            assert_eq!(parse_duration_ns(text), want, "{text}");
        }
    }

    #[test]
    fn writes_short_forms() {
        for (ns, want, go) in [
            (5_400_000_000_000, "1h30m", "1h30m"),
            (-300_000_000_000, "-5m", "-5m"),
            (0, "0s", "0s"),
            (604_800_000_000_000, "1w", "168h"),
            (604_801_000_000_000, "7d1s", "168h1s"),
            (86_400_000_000_000, "1d", "24h"),
            (1_500_000_000, "1s500ms", "1s500ms"),
            (3_001, "3us1ns", "3us1ns"),
        ] {
            assert_eq!((format_duration_ns(ns).as_str(), format_go_duration_ns(ns).as_str()), (want, go));
        }
    }

    proptest! {
        #[test]
        fn written_durations_read_back(ns in any::<i64>()) {
            for text in [format_duration_ns(ns), format_go_duration_ns(ns)] {
                let unsigned = text.trim_start_matches('-');
                prop_assert_eq!(parse_duration_ns(unsigned), i64::try_from(ns.unsigned_abs()).ok(), "{}", text);
            }
        }

        #[test]
        fn any_text_is_survived(text in "[0-9.a-zA-Zµ ]{0,30}|\\PC{0,20}") {
            let _ = parse_duration_ns(&text);
        }
    }
}
