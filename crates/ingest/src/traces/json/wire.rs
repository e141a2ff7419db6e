//! Writes the wire format of protobuf.
//! <https://protobuf.dev/programming-guides/encoding/>

/// Bytes of a length that is put in before it is known: a number may have more digits than it needs.
const LENGTH_BYTES: usize = 5;

fn put_varint(mut number: u64, out: &mut Vec<u8>) {
    while number >= 0x80 {
        out.push(number as u8 | 0x80);
        number >>= 7;
    }
    out.push(number as u8);
}

pub(super) fn put_tag(field: u32, wire_type: u32, out: &mut Vec<u8>) {
    put_varint(u64::from(field << 3 | wire_type), out);
}

pub(super) fn put_number(field: u32, number: u64, out: &mut Vec<u8>) {
    put_tag(field, 0, out);
    put_varint(number, out);
}

pub(super) fn put_bytes(field: u32, bytes: &[u8], out: &mut Vec<u8>) {
    put_tag(field, 2, out);
    put_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

/// Writes a field of bytes whose length is known behind them.
pub(super) fn within(field: u32, out: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>) -> Result<(), String>) -> Result<(), String> {
    put_tag(field, 2, out);
    let at = out.len();
    out.extend([0; LENGTH_BYTES]);
    fill(out)?;
    let length = out.len() - at - LENGTH_BYTES;
    if length >> (7 * LENGTH_BYTES) != 0 {
        return Err("a message is too long".to_owned());
    }
    for (i, byte) in out[at..at + LENGTH_BYTES].iter_mut().enumerate() {
        *byte = (length >> (7 * i)) as u8 & 0x7f | if i + 1 < LENGTH_BYTES { 0x80 } else { 0 };
    }
    Ok(())
}
