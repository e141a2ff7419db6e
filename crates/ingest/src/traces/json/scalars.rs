//! Keys and simple values as JSON writes them.

/// Whether a key names a field, in camel case or with underscores.
pub(super) fn is_key(name: &str, key: &str) -> bool {
    if name == key {
        return true;
    }
    let mut rest = key.bytes();
    for byte in name.bytes() {
        let is_next = if byte.is_ascii_uppercase() {
            rest.next() == Some(b'_') && rest.next() == Some(byte.to_ascii_lowercase())
        } else {
            rest.next() == Some(byte)
        };
        if !is_next {
            return false;
        }
    }
    rest.next().is_none()
}

/// A whole number of 64 bits, negative ones as their two's complement. JSON may write `1e3` and `1.0`.
pub(super) fn whole(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse::<u64>() {
        return Some(number);
    }
    if let Ok(number) = text.parse::<i64>() {
        return Some(number as u64);
    }
    let number: f64 = serde_json::from_str(text).ok()?;
    let is_whole = number.fract() == 0.0 && number.abs() < 9.2e18;
    is_whole.then_some(number as i64 as u64)
}

/// Bytes in hexadecimal digits, at most 32.
pub(super) fn hex(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text.chars().map(|digit| digit.to_digit(16).map(|digit| digit as u8)).collect::<Option<_>>()?;
    let is_whole = digits.len().is_multiple_of(2) && digits.len() <= 64;
    is_whole.then(|| digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect())
}

/// So many bytes in hexadecimal digits, which may be fewer; none of no digits. `length` is at most 16.
pub(super) fn padded_hex(text: &str, length: usize) -> Option<Vec<u8>> {
    if text.is_empty() {
        return Some(Vec::new());
    }
    let number = u128::from_str_radix(text, 16).ok().filter(|_| text.len() <= 2 * length && !text.starts_with('+'))?;
    Some(number.to_be_bytes()[16 - length..].to_vec())
}

/// Base64 with the alphabet of RFC 4648 in either form, with padding or without.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() / 4 * 3);
    let (mut bits, mut number) = (0_u32, 0);
    for byte in text.trim_end_matches('=').bytes() {
        let digit = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' | b'-' => 62,
            b'/' | b'_' => 63,
            _ => return None,
        };
        bits = bits << 6 | u32::from(digit);
        number += 6;
        if number >= 8 {
            number -= 8;
            out.push((bits >> number) as u8);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_come_in_two_cases() {
        for (name, key, want) in [
            ("startTimeUnixNano", "startTimeUnixNano", true),
            ("startTimeUnixNano", "start_time_unix_nano", true),
            ("startTimeUnixNano", "start_timeUnixNano", false),
            ("name", "name", true),
            ("name", "names", false),
            ("name", "nam", false),
        ] {
            assert_eq!(is_key(name, key), want, "{key}");
        }
    }

    #[test]
    fn whole_numbers() {
        for (text, want) in [
            ("7", Some(7)),
            ("-1", Some(u64::MAX)),
            ("18446744073709551615", Some(u64::MAX)),
            ("1e3", Some(1000)),
            ("2.0", Some(2)),
            ("2.5", None),
            ("1e30", None),
            ("", None),
            ("x", None),
        ] {
            assert_eq!(whole(text), want, "{text}");
        }
    }

    #[test]
    fn base64_in_its_forms() {
        for (text, want) in [("YW55", Some("any")), ("YW4=", Some("an")), ("YW4", Some("an")), ("", Some("")), ("Y W", None)] {
            assert_eq!(from_base64(text), want.map(|text| text.as_bytes().to_vec()), "{text}");
        }
        assert_eq!(from_base64("-_+/"), Some(vec![0xfb, 0xff, 0xbf]));
    }

    #[test]
    fn ids_in_digits() {
        for (text, length, exact, padded) in [
            ("", 8, Some(vec![]), Some(vec![])),
            ("0a1B", 2, Some(vec![10, 27]), Some(vec![10, 27])),
            ("a1B", 2, None, Some(vec![10, 27])),
            ("1b", 2, Some(vec![27]), Some(vec![0, 27])),
            ("0a1b2c", 2, Some(vec![10, 27, 44]), None),
            ("+1", 2, None, None),
            ("-1", 2, None, None),
            ("1g", 2, None, None),
            ("é", 2, None, None),
            (&"f".repeat(32), 16, Some(vec![255; 16]), Some(vec![255; 16])),
            (&"f".repeat(33), 16, None, None),
            (&"f".repeat(66), 16, None, None),
        ] {
            assert_eq!((hex(text), padded_hex(text, length)), (exact, padded), "{text}");
        }
    }
}
