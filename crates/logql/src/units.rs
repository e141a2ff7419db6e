//! Durations and sizes as queries write them.

const NS_PER_MS: i64 = 1_000_000;

/// Units of time in nanoseconds, longest first. The first three are Prometheus', the others Go's.
const TIME: [(&str, i64); 11] = [
    ("y", 365 * 86_400_000 * NS_PER_MS),
    ("w", 7 * 86_400_000 * NS_PER_MS),
    ("d", 86_400_000 * NS_PER_MS),
    ("h", 3_600_000 * NS_PER_MS),
    ("ms", NS_PER_MS),
    ("m", 60_000 * NS_PER_MS),
    ("s", 1_000 * NS_PER_MS),
    ("us", 1_000),
    ("µs", 1_000),
    ("μs", 1_000),
    ("ns", 1),
];

/// Units of size in bytes, without the `b` that may follow: `k` is a thousand, `ki` 1,024.
const SIZE: [(&str, u64); 13] = [
    ("", 1),
    ("k", 1_000),
    ("ki", 1 << 10),
    ("m", 1_000_000),
    ("mi", 1 << 20),
    ("g", 1_000_000_000),
    ("gi", 1 << 30),
    ("t", 1_000_000_000_000),
    ("ti", 1 << 40),
    ("p", 1_000_000_000_000_000),
    ("pi", 1 << 50),
    ("e", 1_000_000_000_000_000_000),
    ("ei", 1 << 60),
];

/// Reads a duration without a sign, such as `1h15m30.918s`, into nanoseconds: numbers with units
/// of Go's durations or Prometheus' (`y`, `w` and `d`), in any order. `None` when it is none, or
/// longer than some 292 years.
pub fn parse_duration_ns(text: &str) -> Option<i64> {
    let mut rest = text;
    let mut total = 0_i64;
    while !rest.is_empty() {
        let (whole, fraction, after) = decimal(rest)?;
        let letters = after.find(|c: char| c.is_ascii_digit() || c == '.').unwrap_or(after.len());
        let (_, unit) = *TIME.iter().find(|(name, _)| *name == &after[..letters])?;
        let whole = if whole.is_empty() { 0 } else { whole.parse::<i64>().ok()? };
        total = total.checked_add(whole.checked_mul(unit)?)?.checked_add(part_of(fraction, unit))?;
        rest = &after[letters..];
    }
    (!text.is_empty()).then_some(total)
}

/// `fraction` are the digits behind the point; what is below a nanosecond is cut off.
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

/// The digits before and behind the point, and what follows.
fn decimal(text: &str) -> Option<(&str, &str, &str)> {
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let (whole, rest) = text.split_at(digits(text));
    let (fraction, rest) = match rest.strip_prefix('.') {
        Some(rest) => rest.split_at(digits(rest)),
        None => ("", rest),
    };
    (!whole.is_empty() || !fraction.is_empty()).then_some((whole, fraction, rest))
}

/// Reads a size such as `20MB`, `1.5KiB`, `42b` or `5k` into bytes; units in any case. `None` when
/// it is none, or does not fit into 64 bits. What is below a byte is cut off.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let (whole, fraction, unit) = decimal(text)?;
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, unit) = *SIZE.iter().find(|(name, _)| unit.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest == "b"))?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    let part = u64::try_from(part_of(fraction, i64::try_from(unit).ok()?)).ok()?;
    whole.checked_mul(unit)?.checked_add(part)
}

/// Writes nanoseconds such that [`parse_duration_ns`] reads them back: `1h30m`, `1s500ms`, `-5m`.
/// Days and longer are written as Prometheus does.
pub fn format_duration_ns(ns: i64) -> String {
    if ns == 0 {
        return "0s".to_owned();
    }
    let mut rest = ns.unsigned_abs();
    let mut out = if ns < 0 { "-".to_owned() } else { String::new() };
    for (unit, size) in [
        ("y", 365 * 86_400_000_000_000_u64),
        ("w", 7 * 86_400_000_000_000),
        ("d", 86_400_000_000_000),
        ("h", 3_600_000_000_000),
        ("m", 60_000_000_000),
        ("s", 1_000_000_000),
        ("ms", 1_000_000),
        ("us", 1_000),
        ("ns", 1),
    ] {
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

/// Writes bytes such that [`parse_bytes`] reads them back, in the largest unit that leaves a whole
/// number: `20MB`, `5KiB`, `1500B`.
pub fn format_bytes(bytes: u64) -> String {
    let units = [
        ("EB", 1_000_000_000_000_000_000_u64),
        ("EiB", 1 << 60),
        ("PB", 1_000_000_000_000_000),
        ("PiB", 1 << 50),
        ("TB", 1_000_000_000_000),
        ("TiB", 1 << 40),
        ("GB", 1_000_000_000),
        ("GiB", 1 << 30),
        ("MB", 1_000_000),
        ("MiB", 1 << 20),
        ("KB", 1_000),
        ("KiB", 1 << 10),
    ];
    let fits = units.into_iter().filter(|(_, size)| bytes != 0 && bytes.is_multiple_of(*size));
    match fits.min_by_key(|(_, size)| bytes / size) {
        Some((unit, size)) => format!("{}{unit}", bytes / size),
        None => format!("{bytes}B"),
    }
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
            ("250ms", Some(250_000_000)),
            ("3us", Some(3_000)),
            ("3µs", Some(3_000)),
            ("7ns", Some(7)),
            ("1d", Some(86_400_000_000_000)),
            ("1y", Some(31_536_000_000_000_000)),
            ("0s", Some(0)),
            ("0.1234567890123456789s", Some(123_456_789)),
            ("", None),
            ("5", None),
            ("5x", None),
            ("m", None),
            (".s", None),
            ("5 m", None),
            ("293y", None),
        ] {
            assert_eq!(parse_duration_ns(text), want, "{text}");
        }
    }

    #[test]
    fn reads_sizes() {
        for (text, want) in [
            ("20MB", Some(20_000_000)),
            ("20mb", Some(20_000_000)),
            ("5KiB", Some(5_120)),
            ("1.5KiB", Some(1_536)),
            ("42b", Some(42)),
            ("42", Some(42)),
            ("3k", Some(3_000)),
            ("1G", Some(1_000_000_000)),
            ("5 MiB", Some(5 << 20)),
            ("1EiB", Some(1 << 60)),
            ("15eib", Some(15 << 60)),
            ("17eib", None),
            ("MB", None),
            ("5MBs", None),
            ("", None),
        ] {
            assert_eq!(parse_bytes(text), want, "{text}");
        }
    }

    #[test]
    fn writes_short_forms() {
        for (ns, want) in [(5_400_000_000_000, "1h30m"), (-300_000_000_000, "-5m"), (0, "0s"), (604_800_000_000_000, "1w"), (1, "1ns")] {
            assert_eq!(format_duration_ns(ns), want);
        }
        for (bytes, want) in [(20_000_000, "20MB"), (5_120, "5KiB"), (1_500, "1500B"), (0, "0B"), (1 << 20, "1MiB")] {
            assert_eq!(format_bytes(bytes), want);
        }
    }

    proptest! {
        #[test]
        fn written_units_read_back(ns in any::<i64>(), bytes in any::<u64>(), small in 0_u64..100_000) {
            let text = format_duration_ns(ns);
            let unsigned = text.trim_start_matches('-');
            prop_assert_eq!(parse_duration_ns(unsigned), i64::try_from(ns.unsigned_abs()).ok());
            prop_assert_eq!(parse_bytes(&format_bytes(bytes)), Some(bytes));
            prop_assert_eq!(parse_bytes(&format_bytes(small << 20)), Some(small << 20));
        }

        #[test]
        fn any_text_is_survived(text in "[0-9.a-zA-Zµ ]{0,30}|\\PC{0,20}") {
            let _ = parse_duration_ns(&text);
            let _ = parse_bytes(&text);
        }
    }
}
