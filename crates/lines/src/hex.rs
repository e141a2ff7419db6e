//! Ids in hexadecimal digits as bytes.

const DIGITS: &[u8; 16] = b"0123456789abcdef";

/// The value of a lower-case hexadecimal digit.
pub(crate) fn nibble(byte: u8) -> Option<u8> {
    match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        _ => None,
    }
}

/// Appends the bytes of lower-case hexadecimal text of even length. Nothing is appended when it
/// is not that.
pub(crate) fn decode(text: &[u8], out: &mut Vec<u8>) -> bool {
    let start = out.len();
    for pair in text.chunks(2) {
        let (Some(high), Some(low)) = (nibble(pair[0]), pair.get(1).and_then(|b| nibble(*b))) else {
            out.truncate(start);
            return false;
        };
        out.push(high << 4 | low);
    }
    true
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
