//! Sizes as queries and log lines write them.

use phoenix_query::units::{decimal, part_of};

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

/// Reads a size such as `20MB`, `1.5KiB`, `42b` or `5k` into bytes; units in any case. `None` when
/// it is none, or does not fit into 64 bits. What is below a byte is cut off.
pub fn parse_bytes(text: &str) -> Option<u64> {
    let (whole, fraction, unit) = decimal(text)?;
    let unit = unit.trim_start().to_ascii_lowercase();
    let (_, unit) = *SIZE.iter().find(|(name, _)| unit.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest == "b"))?;
    let whole = if whole.is_empty() { 0 } else { whole.parse::<u64>().ok()? };
    whole.checked_mul(unit)?.checked_add(part_of(fraction, unit))
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
        for (bytes, want) in [(20_000_000, "20MB"), (5_120, "5KiB"), (1_500, "1500B"), (0, "0B"), (1 << 20, "1MiB")] {
            assert_eq!(format_bytes(bytes), want);
        }
    }

    proptest! {
        #[test]
        fn written_sizes_read_back(bytes in any::<u64>(), small in 0_u64..100_000) {
            prop_assert_eq!(parse_bytes(&format_bytes(bytes)), Some(bytes));
            prop_assert_eq!(parse_bytes(&format_bytes(small << 20)), Some(small << 20));
        }

        #[test]
        fn any_text_is_survived(text in "[0-9.a-zA-Zµ ]{0,30}|\\PC{0,20}") {
            let _ = parse_bytes(&text);
        }
    }
}
