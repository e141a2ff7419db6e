//! How unquoted text reads as a truth value or a number: as in the YAML library that Prometheus
//! uses, which follows YAML 1.1 for truth values and leading zeros.

/// `true`, `yes`, `on` and their kin.
pub(crate) fn as_bool(text: &str) -> Option<bool> {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => Some(true),
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => Some(false),
        _ => None,
    }
}

/// A number as it was written.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Number {
    Unsigned(u64),
    Negative(i64),
    Float(f64),
}

/// Reads `12`, `-3`, `1_000`, `0x1f`, `0b101`, `0o17`, `017` (octal), `1.5`, `1e3`, `.inf`, `.nan`.
pub(crate) fn as_number(text: &str) -> Option<Number> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    match digits {
        ".inf" | ".Inf" | ".INF" => return Some(Number::Float(if negative { f64::NEG_INFINITY } else { f64::INFINITY })),
        ".nan" | ".NaN" | ".NAN" => return (digits.len() == text.len()).then_some(Number::Float(f64::NAN)),
        _ => {}
    }
    if !digits.as_bytes().first()?.is_ascii_digit() && !digits.starts_with('.') {
        return None;
    }
    let plain: String = digits.chars().filter(|c| *c != '_').collect();
    let (radix, number) = match plain.as_bytes() {
        [b'0', b'x' | b'X', ..] => (16, &plain[2..]),
        [b'0', b'b' | b'B', ..] => (2, &plain[2..]),
        [b'0', b'o' | b'O', ..] => (8, &plain[2..]),
        [b'0', _, ..] if plain.bytes().all(|b| b.is_ascii_digit()) => (8, &plain[1..]),
        _ => (10, &*plain),
    };
    if !number.starts_with(['+', '-'])
        && let Ok(value) = u64::from_str_radix(number, radix)
    {
        return if negative { 0_i64.checked_sub_unsigned(value).map(Number::Negative) } else { Some(Number::Unsigned(value)) };
    }
    let decimal = plain.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'e' | b'E' | b'+' | b'-'));
    let value: f64 = if decimal { plain.parse().ok()? } else { return None };
    Some(Number::Float(if negative { -value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_read_as_in_prometheus() {
        for (text, want) in [
            ("0", Some(Number::Unsigned(0))),
            ("0755", Some(Number::Unsigned(493))),
            ("0x1F", Some(Number::Unsigned(31))),
            ("0o17", Some(Number::Unsigned(15))),
            ("1_000", Some(Number::Unsigned(1000))),
            ("-5", Some(Number::Negative(-5))),
            ("1e3", Some(Number::Float(1000.0))),
            (".5", Some(Number::Float(0.5))),
            ("09", Some(Number::Float(9.0))),
            ("-.inf", Some(Number::Float(f64::NEG_INFINITY))),
            ("16:9", None),
            ("15s", None),
            ("inf", None),
            ("nan", None),
            ("1-2", None),
            ("--1", None),
            ("0x-1", None),
            ("", None),
            ("-", None),
            (".", None),
        ] {
            assert_eq!(as_number(text), want, "{text}");
        }
    }
}
