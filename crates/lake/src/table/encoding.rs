//! Parquet's encodings of values, as far as segments use them.
//!
//! Written here and not by the library, so that pages end at the same rows in all columns and can
//! be read from one range of bytes straight into buffers. After the specification at
//! <https://parquet.apache.org/docs/file-format/data-pages/encodings/>. Readers get bytes whose
//! checksum was right; they still refuse what does not fit, with `None`.

/// Values of a block of `DELTA_BINARY_PACKED`, in four miniblocks.
const BLOCK: usize = 128;
const MINIBLOCK: usize = 32;

/// Appends an unsigned number, seven bits a byte.
pub(crate) fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push((value as u8) | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Appends a signed number, small ones of either sign in few bytes.
pub(crate) fn put_signed(out: &mut Vec<u8>, value: i64) {
    put_varint(out, ((value << 1) ^ (value >> 63)) as u64);
}

/// Reads bytes from the front of a slice.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Input<'a> {
    rest: &'a [u8],
}

impl<'a> Input<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn byte(&mut self) -> Option<u8> {
        let (&byte, rest) = self.rest.split_first()?;
        self.rest = rest;
        Some(byte)
    }

    pub(crate) fn bytes(&mut self, length: usize) -> Option<&'a [u8]> {
        let (bytes, rest) = self.rest.split_at_checked(length)?;
        self.rest = rest;
        Some(bytes)
    }

    pub(crate) fn u32(&mut self) -> Option<u32> {
        Some(u32::from_le_bytes(self.bytes(4)?.try_into().ok()?))
    }

    pub(crate) fn varint(&mut self) -> Option<u64> {
        let mut value = 0_u64;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(value);
            }
        }
        None
    }

    pub(crate) fn signed(&mut self) -> Option<i64> {
        let value = self.varint()?;
        Some((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number that says how many things of at least one byte follow, so that it cannot ask for
    /// more memory than there are bytes times `per_byte`.
    pub(crate) fn count(&mut self, per_byte: usize) -> Option<usize> {
        let count = usize::try_from(self.varint()?).ok()?;
        (count <= self.rest.len().saturating_add(8).saturating_mul(per_byte)).then_some(count)
    }
}

/// Packs numbers of `width` bits, lowest bits first, and fills the last byte with zeros.
fn pack(out: &mut Vec<u8>, values: &[u64], width: u32) {
    let mut bits = 0_u128;
    let mut held = 0;
    for value in values {
        bits |= u128::from(*value) << held;
        held += width;
        while held >= 8 {
            out.push(bits as u8);
            bits >>= 8;
            held -= 8;
        }
    }
    if held > 0 {
        out.push(bits as u8);
    }
}

/// Reads [`MINIBLOCK`] packed numbers of up to 64 bits from the beginning of the bytes; behind their
/// end stand zeros.
fn unpack(bytes: &[u8], width: u32, out: &mut [u64; MINIBLOCK]) {
    // Each number is read from whole words, the last one from a word that begins in the last byte.
    let needed = MINIBLOCK / 8 * width as usize + 16;
    if let Some(bytes) = bytes.get(..needed) {
        return unpack_padded(bytes, width, out);
    }
    let mut padded = [0_u8; MINIBLOCK * 8 + 16];
    padded[..bytes.len()].copy_from_slice(bytes);
    unpack_padded(&padded, width, out);
}

fn unpack_padded(bytes: &[u8], width: u32, out: &mut [u64; MINIBLOCK]) {
    // With the width known, shifts and places are constants.
    macro_rules! widths {
        ($($width:literal)*) => {
            match width {
                0 => out.fill(0),
                $($width => unpack_words::<$width>(bytes, out),)*
                _ => unpack_wide(bytes, width as usize, out),
            }
        };
    }
    widths!(1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48);
}

fn word(bytes: &[u8], at: usize) -> u64 {
    u64::from_le_bytes(bytes[at..at + 8].try_into().expect("eight bytes"))
}

fn unpack_words<const WIDTH: usize>(bytes: &[u8], out: &mut [u64; MINIBLOCK]) {
    let mask = (1 << WIDTH) - 1;
    // Checked once; the places below are constants.
    let bytes = &bytes[..MINIBLOCK / 8 * WIDTH + 8];
    for (eight, out) in out.as_chunks_mut::<8>().0.iter_mut().enumerate() {
        let bytes = &bytes[eight * WIDTH..eight * WIDTH + WIDTH + 8];
        for (i, out) in out.iter_mut().enumerate() {
            let bit = i * WIDTH;
            *out = word(bytes, bit / 8) >> (bit % 8) & mask;
        }
    }
}

fn unpack_wide(bytes: &[u8], width: usize, out: &mut [u64; MINIBLOCK]) {
    let mask = if width == 64 { u64::MAX } else { (1 << width) - 1 };
    for (i, out) in out.iter_mut().enumerate() {
        let bit = i * width;
        let both = u128::from(word(bytes, bit / 8)) | u128::from(word(bytes, bit / 8 + 8)) << 64;
        *out = (both >> (bit % 8)) as u64 & mask;
    }
}

/// `DELTA_BINARY_PACKED`.
pub(crate) fn put_deltas(out: &mut Vec<u8>, values: impl ExactSizeIterator<Item = i64>) {
    let mut values = values;
    put_varint(out, BLOCK as u64);
    put_varint(out, (BLOCK / MINIBLOCK) as u64);
    put_varint(out, values.len() as u64);
    let Some(mut previous) = values.next() else {
        put_signed(out, 0);
        return;
    };
    put_signed(out, previous);
    let mut deltas = [0_i64; BLOCK];
    let mut packed = [0_u64; MINIBLOCK];
    loop {
        let mut filled = 0;
        let mut least = i64::MAX;
        for value in values.by_ref().take(BLOCK) {
            let delta = value.wrapping_sub(previous);
            previous = value;
            least = least.min(delta);
            deltas[filled] = delta;
            filled += 1;
        }
        if filled == 0 {
            return;
        }
        put_signed(out, least);
        let widths_at = out.len();
        out.extend_from_slice(&[0; BLOCK / MINIBLOCK]);
        for (at, part) in deltas[..filled].chunks(MINIBLOCK).enumerate() {
            packed.fill(0);
            let mut all = 0;
            for (packed, delta) in packed.iter_mut().zip(part) {
                *packed = delta.wrapping_sub(least) as u64;
                all |= *packed;
            }
            let width = 64 - all.leading_zeros();
            out[widths_at + at] = width as u8;
            pack(out, &packed, width);
        }
    }
}

/// Reads `DELTA_BINARY_PACKED` of exactly `count` values and leaves the input behind them.
pub(crate) fn take_deltas(input: &mut Input<'_>, count: usize, out: &mut Vec<i64>) -> Option<()> {
    let block = usize::try_from(input.varint()?).ok()?;
    let miniblocks = usize::try_from(input.varint()?).ok()?;
    if block != BLOCK || miniblocks != BLOCK / MINIBLOCK || input.varint()? != count as u64 {
        return None;
    }
    out.clear();
    let mut previous = input.signed()?;
    if count == 0 {
        return Some(());
    }
    out.reserve(count);
    out.push(previous);
    let mut left = count - 1;
    let mut unpacked = [0; MINIBLOCK];
    while left > 0 {
        let least = input.signed()?;
        let widths = input.bytes(BLOCK / MINIBLOCK)?;
        for width in widths {
            if left == 0 {
                break;
            }
            let width = u32::from(*width);
            if width > 64 {
                return None;
            }
            let bytes = input.rest();
            input.bytes(MINIBLOCK / 8 * width as usize)?;
            let here = left.min(MINIBLOCK);
            unpack(bytes, width, &mut unpacked);
            out.extend(unpacked[..here].iter().map(|delta| {
                previous = previous.wrapping_add(least).wrapping_add(*delta as i64);
                previous
            }));
            left -= here;
        }
    }
    Some(())
}

/// The bits that hold numbers up to `largest`.
pub(crate) fn bit_width(largest: u64) -> u32 {
    64 - largest.leading_zeros()
}

/// The hybrid of runs and packed numbers that holds codes of dictionaries and levels.
pub(crate) fn put_hybrid(out: &mut Vec<u8>, values: &[u32], width: u32) {
    let value_bytes = width.div_ceil(8) as usize;
    let mut literals: Vec<u64> = Vec::new();
    let flush = |out: &mut Vec<u8>, literals: &mut Vec<u64>| {
        if !literals.is_empty() {
            literals.resize(literals.len().next_multiple_of(8), 0);
            put_varint(out, ((literals.len() / 8) as u64) << 1 | 1);
            pack(out, literals, width);
            literals.clear();
        }
    };
    let mut at = 0;
    while at < values.len() {
        let value = values[at];
        let run = values[at..].iter().take_while(|v| **v == value).count();
        // A group of packed numbers is full before a run begins.
        let missing = literals.len().next_multiple_of(8) - literals.len();
        if run >= missing + 8 {
            literals.extend(std::iter::repeat_n(u64::from(value), missing));
            flush(out, &mut literals);
            let run_left = run - missing;
            put_varint(out, (run_left as u64) << 1);
            out.extend_from_slice(&value.to_le_bytes()[..value_bytes]);
        } else {
            literals.extend(std::iter::repeat_n(u64::from(value), run));
        }
        at += run;
    }
    flush(out, &mut literals);
}

/// Reads the hybrid of exactly `count` values.
pub(crate) fn take_hybrid(bytes: &[u8], width: u32, count: usize, out: &mut Vec<u32>) -> Option<()> {
    out.clear();
    if width > 32 {
        return None;
    }
    out.reserve(count);
    let mut input = Input::new(bytes);
    let mut unpacked = [0; MINIBLOCK];
    while out.len() < count {
        let header = input.varint()?;
        let left = count - out.len();
        if header & 1 == 1 {
            let groups = usize::try_from(header >> 1).ok()?;
            let packed = input.bytes(groups.checked_mul(width as usize)?)?;
            let here = left.min(groups.checked_mul(8)?);
            if here == 0 {
                return None;
            }
            // Thirty-two numbers take four bytes for each bit of their width.
            let mut packed = packed;
            let mut missing = if width == 0 { 0 } else { here };
            while missing > 0 {
                unpack(packed, width, &mut unpacked);
                let taken = missing.min(MINIBLOCK);
                out.extend(unpacked[..taken].iter().map(|value| *value as u32));
                packed = packed.get(4 * width as usize..).unwrap_or_default();
                missing -= taken;
            }
            if width == 0 {
                out.extend(std::iter::repeat_n(0, here));
            }
        } else {
            let run = usize::try_from(header >> 1).ok()?.min(left);
            let mut value = [0; 4];
            let value_bytes = width.div_ceil(8) as usize;
            value[..value_bytes].copy_from_slice(input.bytes(value_bytes)?);
            if run == 0 {
                return None;
            }
            out.extend(std::iter::repeat_n(u32::from_le_bytes(value), run));
        }
    }
    Some(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn deltas_come_back(values in prop::collection::vec(prop_oneof![any::<i64>(), -100_i64..100, Just(i64::MIN), Just(i64::MAX)], 0..700)) {
            let mut bytes = Vec::new();
            put_deltas(&mut bytes, values.iter().copied());
            bytes.push(77);
            let mut input = Input::new(&bytes);
            let mut read = Vec::new();
            prop_assert!(take_deltas(&mut input, values.len(), &mut read).is_some());
            prop_assert_eq!(input.rest(), &[77][..]);
            prop_assert_eq!(read, values);
        }

        #[test]
        fn hybrids_come_back(runs in prop::collection::vec((0_u32..9, 1_usize..30), 0..60), width in 4_u32..33) {
            let values: Vec<u32> = runs.iter().flat_map(|(value, run)| std::iter::repeat_n(*value, *run)).collect();
            let mut bytes = Vec::new();
            put_hybrid(&mut bytes, &values, width);
            let mut read = Vec::new();
            prop_assert!(take_hybrid(&bytes, width, values.len(), &mut read).is_some());
            prop_assert_eq!(read, values);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200), count in 0_usize..10_000, width in 0_u32..40) {
            let mut numbers = Vec::new();
            let _ = take_deltas(&mut Input::new(&bytes), count, &mut numbers);
            let mut codes = Vec::new();
            let _ = take_hybrid(&bytes, width, count, &mut codes);
        }
    }
}
