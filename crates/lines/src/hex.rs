//! Ids in hexadecimal digits as bytes.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// For each byte the value of the lower-case hexadecimal digit that it is, or [`NO_DIGIT`].
const VALUES: [u8; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut value = 0;
    while value < 16 {
        values[DIGITS[value] as usize] = value as u8;
        value += 1;
    }
    values
};
const NO_DIGIT: u8 = 0xff;

/// The value of a lower-case hexadecimal digit.
#[inline]
pub(crate) fn nibble(byte: u8) -> Option<u8> {
    Some(VALUES[usize::from(byte)]).filter(|value| *value != NO_DIGIT)
}

/// Appends the bytes of lower-case hexadecimal text of even length. Nothing is appended when it
/// is not that.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    let mut all = 0;
    out.extend(text.chunks_exact(2).map(|pair| {
        let (high, low) = (VALUES[usize::from(pair[0])], VALUES[usize::from(pair[1])]);
        all |= high | low;
        high << 4 | low
    }));
    let is_hex = all & 0xf0 == 0 && text.len().is_multiple_of(2);
    if !is_hex {
        out.truncate(start);
    }
    is_hex
}

/// Appends the text of bytes.
pub(crate) fn encode(bytes: &[u8], out: &mut Vec<u8>) {
    let start = out.len();
    out.resize(start + bytes.len() * 2, 0);
    for (pair, byte) in out[start..].chunks_exact_mut(2).zip(bytes) {
        pair[0] = DIGITS[usize::from(byte >> 4)];
        pair[1] = DIGITS[usize::from(byte & 15)];
    }
}

/// Where the dashes of a UUID stand.
const DASHES: [usize; 4] = [8, 13, 18, 23];
/// The length of a UUID's text.
pub(crate) const UUID_LEN: usize = 36;

/// Whether the text is a UUID in lower case.
pub(crate) fn is_uuid(text: &[u8]) -> bool {
    text.len() == UUID_LEN && text.iter().enumerate().all(|(i, b)| if DASHES.contains(&i) { *b == b'-' } else { nibble(*b).is_some() })
}

/// Whether a dash stands at a place of a UUID's text.
pub(crate) fn is_dash(at: usize) -> bool {
    DASHES.contains(&at)
}

/// Appends the 16 bytes of a UUID's text, of which [`is_uuid`] holds.
pub(crate) fn decode_uuid(text: &[u8], out: &mut Vec<u8>) {
    for part in text.split(|b| *b == b'-') {
        decode(part, out);
    }
}

/// Appends the text of a UUID.
pub(crate) fn encode_uuid(bytes: &[u8], out: &mut Vec<u8>) {
    for (i, range) in [0..4, 4..6, 6..8, 8..10, 10..16].into_iter().enumerate() {
        if i > 0 {
            out.push(b'-');
        }
        encode(&bytes[range], out);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive() {
        for text in ["00ff", "deadbeef01234567"] {
            let (mut bytes, mut back) = (Vec::new(), Vec::new());
            assert!(decode(text.as_bytes(), &mut bytes));
            encode(&bytes, &mut back);
            assert_eq!(back, text.as_bytes());
        }
        let uuid = b"123e4567-e89b-12d3-a456-426614174000";
        assert!(is_uuid(uuid));
        let (mut bytes, mut back) = (Vec::new(), Vec::new());
        decode_uuid(uuid, &mut bytes);
        encode_uuid(&bytes, &mut back);
        assert_eq!((bytes.len(), back.as_slice()), (16, uuid.as_slice()));
        for text in ["abc", "0G", "AB", "é"] {
            let mut bytes = vec![1];
            assert!(!decode(text.as_bytes(), &mut bytes), "{text}");
            assert_eq!(bytes, [1]);
        }
        for text in ["123e4567-e89b-12d3-a456-42661417400", "123E4567-e89b-12d3-a456-426614174000", "123e4567+e89b-12d3-a456-426614174000"]
        {
            assert!(!is_uuid(text.as_bytes()), "{text}");
        }
    }
}
