//! Columns of floats.

use super::decimal::{self, Decimal, to_decimal};
use super::timestamps::flush_zeroes;
use super::{Effort, PCO_FROM, pco_config, pco_decode};
use crate::bytes::{Reader, put_i64, put_u64};

const CONSTANT: u8 = 0;
const DECIMAL_DELTAS: u8 = 1;
const XOR: u8 = 2;
const DECIMAL_PCO: u8 = 3;
const FLOAT_PCO: u8 = 4;

/// Packs a column; its length is kept elsewhere.
pub(crate) fn encode_values(values: &[f64], effort: Effort, out: &mut Vec<u8>) {
    let Some(first) = values.first() else { return };
    if values.iter().all(|value| value.to_bits() == first.to_bits()) {
        out.push(CONSTANT);
        out.extend_from_slice(&first.to_bits().to_le_bytes());
        return;
    }
    let long = effort == Effort::Small && values.len() >= PCO_FROM;
    match to_decimal(values) {
        Some(decimal) if long => encode_decimal_pco(&decimal, out),
        Some(decimal) => {
            out.push(DECIMAL_DELTAS);
            put_decimal_header(&decimal, out);
            put_deltas(&decimal.mantissas, out);
        }
        None if long && encode_float_pco(values, out) => {}
        None => encode_xor(values, out),
    }
}

fn put_decimal_header(decimal: &Decimal, out: &mut Vec<u8>) {
    out.push(decimal.exponent);
    put_u64(out, decimal.exceptions.len() as u64);
    for (position, bits) in &decimal.exceptions {
        put_u64(out, u64::from(*position));
        out.extend_from_slice(&bits.to_le_bytes());
    }
}

fn put_deltas(mantissas: &[i64], out: &mut Vec<u8>) {
    let (mut previous, mut zeroes) = (0_i64, 0_u64);
    for &mantissa in mantissas {
        let delta = mantissa.wrapping_sub(previous);
        if delta == 0 {
            zeroes += 1;
        } else {
            flush_zeroes(&mut zeroes, out);
            put_i64(out, delta);
        }
        previous = mantissa;
    }
    flush_zeroes(&mut zeroes, out);
}

fn encode_decimal_pco(decimal: &Decimal, out: &mut Vec<u8>) {
    // A few scattered steps are shorter as runs than in the smallest chunk of pco.
    let mut runs = Vec::new();
    let changes = decimal.mantissas.windows(2).filter(|pair| pair[0] != pair[1]).count();
    if changes * 8 <= decimal.mantissas.len() {
        put_deltas(&decimal.mantissas, &mut runs);
    }
    let packed = pco::standalone::simple_compress(&decimal.mantissas, &pco_config());
    match packed {
        Ok(bytes) if runs.is_empty() || bytes.len() < runs.len() => {
            out.push(DECIMAL_PCO);
            put_decimal_header(decimal, out);
            out.extend_from_slice(&bytes);
        }
        _ => {
            if runs.is_empty() {
                put_deltas(&decimal.mantissas, &mut runs);
            }
            out.push(DECIMAL_DELTAS);
            put_decimal_header(decimal, out);
            out.extend_from_slice(&runs);
        }
    }
}

fn encode_float_pco(values: &[f64], out: &mut Vec<u8>) -> bool {
    let Ok(bytes) = pco::standalone::simple_compress(values, &pco_config()) else { return false };
    // Whether every payload of a NaN comes back is pco's promise; being wrong would be silent, so look.
    let same = pco_decode::<f64>(&bytes, values.len()).is_some_and(|back| back.iter().zip(values).all(|(a, b)| a.to_bits() == b.to_bits()));
    if same {
        out.push(FLOAT_PCO);
        out.extend_from_slice(&bytes);
    }
    same
}

/// Exclusive or with the previous value, without its zero bytes at both ends.
fn encode_xor(values: &[f64], out: &mut Vec<u8>) {
    out.push(XOR);
    let mut previous = 0_u64;
    for value in values {
        let bits = value.to_bits();
        let changed = bits ^ previous;
        previous = bits;
        if changed == 0 {
            out.push(0x80);
            continue;
        }
        let high_zeroes = (changed.leading_zeros() / 8) as usize;
        let low_zeroes = (changed.trailing_zeros() / 8) as usize;
        out.push(((high_zeroes << 4) | low_zeroes) as u8);
        out.extend_from_slice(&changed.to_le_bytes()[low_zeroes..8 - high_zeroes]);
    }
}

/// Unpacks `count` values; `None` when the bytes are not a column of that length.
pub(crate) fn decode_values(bytes: &[u8], count: usize) -> Option<Vec<f64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let mut reader = Reader::new(bytes);
    match reader.u8()? {
        CONSTANT => Some(vec![f64::from_bits(reader.fixed_u64()?); count]),
        kind @ (DECIMAL_DELTAS | DECIMAL_PCO) => {
            let power = decimal::power(reader.u8()?)?;
            let exceptions = reader.count()?;
            let mut aside = Vec::with_capacity(exceptions);
            for _ in 0..exceptions {
                let position = reader.usize().filter(|position| *position < count)?;
                aside.push((position, reader.fixed_u64()?));
            }
            let mantissas = if kind == DECIMAL_PCO { pco_decode(reader.rest, count)? } else { decode_deltas(reader, count)? };
            // Whole numbers are most of what there is, and a division costs more than all else here.
            let mut values: Vec<f64> = if power == 1.0 {
                mantissas.into_iter().map(|mantissa: i64| mantissa as f64).collect()
            } else {
                mantissas.into_iter().map(|mantissa: i64| mantissa as f64 / power).collect()
            };
            for (position, bits) in aside {
                values[position] = f64::from_bits(bits);
            }
            Some(values)
        }
        XOR => decode_xor(reader, count),
        FLOAT_PCO => pco_decode(reader.rest, count),
        _ => None,
    }
}

fn decode_deltas(mut reader: Reader<'_>, count: usize) -> Option<Vec<i64>> {
    let mut out = Vec::with_capacity(count);
    let mut mantissa = 0_i64;
    while out.len() < count {
        let delta = reader.i64()?;
        let repeats = if delta == 0 { reader.usize()? } else { 1 };
        if repeats == 0 || repeats > count - out.len() {
            return None;
        }
        mantissa = mantissa.wrapping_add(delta);
        out.resize(out.len() + repeats, mantissa);
    }
    Some(out)
}

fn decode_xor(mut reader: Reader<'_>, count: usize) -> Option<Vec<f64>> {
    let mut out = Vec::with_capacity(count);
    let mut previous = 0_u64;
    for _ in 0..count {
        let control = reader.u8()?;
        if control & 0x80 == 0 {
            let (high_zeroes, low_zeroes) = (usize::from(control >> 4), usize::from(control & 15));
            let length = 8_usize.checked_sub(high_zeroes + low_zeroes)?;
            let mut changed = [0; 8];
            changed[low_zeroes..low_zeroes + length].copy_from_slice(reader.take(length)?);
            previous ^= u64::from_le_bytes(changed);
        }
        out.push(f64::from_bits(previous));
    }
    Some(out)
}
