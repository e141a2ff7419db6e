//! Integers, decimals and IPv4 addresses: read only where writing them gives the same bytes.

/// Powers of ten that fit an `i64`.
pub(crate) const POWERS: [i64; 19] = {
    let mut powers = [1i64; 19];
    let mut i = 1;
    while i < 19 {
        powers[i] = powers[i - 1] * 10;
        i += 1;
    }
    powers
};

/// The bits of a decimal's number that say how many digits follow the point.
const DIGITS_BITS: u32 = 4;
const DIGITS_MASK: i64 = (1 << DIGITS_BITS) - 1;

/// Reads decimal digits without a leading zero that fit an `i64`.
pub(crate) fn parse_int(bytes: &[u8]) -> Option<i64> {
    if bytes.is_empty() || bytes.len() > 19 || (bytes[0] == b'0' && bytes.len() > 1) {
        return None;
    }
    digits(bytes)
}

/// Reads decimal digits, leading zeros or not.
pub(crate) fn digits(bytes: &[u8]) -> Option<i64> {
    let mut value = 0i64;
    for byte in bytes {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value.checked_mul(10)?.checked_add(i64::from(digit))?;
    }
    Some(value)
}

/// Reads `12.345` as mantissa and number of digits behind the point: `mantissa << 4 | digits`.
pub(crate) fn parse_decimal(bytes: &[u8]) -> Option<i64> {
    let point = bytes.iter().position(|b| *b == b'.')?;
    let (whole, fraction) = (&bytes[..point], &bytes[point + 1..]);
    if fraction.is_empty() || fraction.len() > 15 || bytes.len() > 19 {
        return None;
    }
    let mantissa = parse_int(whole)?.checked_mul(POWERS[fraction.len()])?.checked_add(digits(fraction)?)?;
    (mantissa < 1 << (63 - DIGITS_BITS)).then_some(mantissa << DIGITS_BITS | fraction.len() as i64)
}

/// Mantissa and number of digits behind the point of a decimal's number.
pub(crate) fn decimal_parts(number: i64) -> (i64, usize) {
    (number >> DIGITS_BITS, (number & DIGITS_MASK) as usize)
}

/// Reads `10.0.0.1`.
pub(crate) fn parse_ip(bytes: &[u8]) -> Option<i64> {
    if !(7..=15).contains(&bytes.len()) {
        return None;
    }
    let mut value = 0i64;
    let mut parts = 0;
    for part in bytes.split(|b| *b == b'.') {
        if part.len() > 3 {
            return None;
        }
        let octet = parse_int(part)?;
        parts += 1;
        if octet > 255 || parts > 4 {
            return None;
        }
        value = value << 8 | octet;
    }
    (parts == 4).then_some(value)
}

const PAIRS: &[u8; 200] = b"0001020304050607080910111213141516171819202122232425262728293031323334353637383940414243444546474849\
5051525354555657585960616263646566676869707172737475767778798081828384858687888990919293949596979899";

/// Writes an integer.
pub(crate) fn push_int(out: &mut Vec<u8>, value: i64) {
    if value < 0 {
        out.push(b'-');
    }
    let mut rest = value.unsigned_abs();
    if rest < 10 {
        out.push(b'0' + rest as u8);
        return;
    }
    let mut buffer = [0u8; 20];
    let mut at = buffer.len();
    while rest >= 100 {
        let pair = (rest % 100) as usize * 2;
        rest /= 100;
        at -= 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    }
    if rest >= 10 {
        at -= 2;
        let pair = rest as usize * 2;
        buffer[at..at + 2].copy_from_slice(&PAIRS[pair..pair + 2]);
    } else {
        at -= 1;
        buffer[at] = b'0' + rest as u8;
    }
    out.extend_from_slice(&buffer[at..]);
}

/// Writes exactly `width` digits, with zeros in front.
pub(crate) fn push_padded(out: &mut Vec<u8>, value: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    let mut rest = value;
    for slot in out[start..].iter_mut().rev() {
        *slot = b'0' + (rest % 10) as u8;
        rest /= 10;
    }
}

/// Writes two digits.
pub(crate) fn push_two(out: &mut Vec<u8>, value: u32) {
    let pair = (value % 100) as usize * 2;
    out.extend_from_slice(&PAIRS[pair..pair + 2]);
}

/// Writes a decimal's number.
pub(crate) fn push_decimal(out: &mut Vec<u8>, number: i64) {
    let (mantissa, digits) = decimal_parts(number);
    push_int(out, mantissa / POWERS[digits]);
    out.push(b'.');
    push_padded(out, (mantissa % POWERS[digits]).unsigned_abs(), digits);
}

/// Writes an address.
pub(crate) fn push_ip(out: &mut Vec<u8>, value: i64) {
    let [.., a, b, c, d] = value.to_be_bytes();
    for (i, octet) in [a, b, c, d].into_iter().enumerate() {
        if i > 0 {
            out.push(b'.');
        }
        push_int(out, i64::from(octet));
    }
}

/// How many bytes [`push_int`] writes.
pub(crate) fn int_len(value: i64) -> usize {
    value.unsigned_abs().checked_ilog10().map_or(1, |log| log as usize + 1) + usize::from(value < 0)
}

/// How many bytes [`push_decimal`] writes.
pub(crate) fn decimal_len(number: i64) -> usize {
    let (mantissa, digits) = decimal_parts(number);
    int_len(mantissa / POWERS[digits]) + 1 + digits
}

/// How many bytes [`push_ip`] writes.
pub(crate) fn ip_len(value: i64) -> usize {
    let [.., a, b, c, d] = value.to_be_bytes();
    3 + [a, b, c, d].into_iter().map(|octet| int_len(i64::from(octet))).sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, parse: fn(&[u8]) -> Option<i64>, push: fn(&mut Vec<u8>, i64), len: fn(i64) -> usize) -> bool {
        let Some(value) = parse(text.as_bytes()) else { return false };
        let mut out = Vec::new();
        push(&mut out, value);
        assert_eq!(String::from_utf8(out).unwrap(), text);
        assert_eq!(len(value), text.len(), "{text}");
        true
    }

    #[test]
    fn what_is_read_is_written_again() {
        for (text, int, decimal, ip) in [
            ("0", true, false, false),
            ("10", true, false, false),
            ("9223372036854775807", true, false, false),
            ("9223372036854775808", false, false, false),
            ("007", false, false, false),
            ("", false, false, false),
            ("-1", false, false, false),
            ("0.5", false, true, false),
            ("00.5", false, false, false),
            ("12.340", false, true, false),
            ("12.", false, false, false),
            (".5", false, false, false),
            ("1.2.3", false, false, false),
            ("0.000000000000001", false, true, false),
            ("0.0000000000000001", false, false, false),
            ("576460752303423487.5", false, false, false),
            ("10.0.0.1", false, false, true),
            ("255.255.255.255", false, false, true),
            ("256.0.0.1", false, false, false),
            ("10.0.0.01", false, false, false),
            ("1.2.3.4.5", false, false, false),
        ] {
            assert_eq!(check(text, parse_int, push_int, int_len), int, "{text} as an integer");
            assert_eq!(check(text, parse_decimal, push_decimal, decimal_len), decimal, "{text} as a decimal");
            assert_eq!(check(text, parse_ip, push_ip, ip_len), ip, "{text} as an address");
        }
    }

    proptest! {
        #[test]
        fn numbers_survive(text in "[0-9]{1,20}(\\.[0-9]{1,16}){0,4}") {
            check(&text, parse_int, push_int, int_len);
            check(&text, parse_decimal, push_decimal, decimal_len);
            check(&text, parse_ip, push_ip, ip_len);
        }

        #[test]
        fn any_number_can_be_written(value: i64) {
            for (push, len) in [(push_int as fn(&mut Vec<u8>, i64), int_len as fn(i64) -> usize), (push_decimal, decimal_len), (push_ip, ip_len)] {
                let mut out = Vec::new();
                push(&mut out, value);
                prop_assert_eq!(out.len(), len(value));
            }
        }
    }
}
