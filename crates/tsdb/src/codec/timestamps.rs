//! Columns of timestamps.

use super::{Effort, PCO_FROM, pco_config, pco_decode};
use crate::bytes::{Reader, put_i64, put_u64};

const REGULAR: u8 = 0;
const DELTAS: u8 = 1;
const PCO: u8 = 2;

/// Packs a column; its length is kept elsewhere.
pub(crate) fn encode_timestamps(timestamps: &[i64], effort: Effort, out: &mut Vec<u8>) {
    let Some(&first) = timestamps.first() else { return };
    let step = timestamps.get(1).map_or(0, |second| second.wrapping_sub(first));
    if timestamps.windows(2).all(|pair| pair[1].wrapping_sub(pair[0]) == step) {
        out.push(REGULAR);
        put_i64(out, first);
        put_i64(out, step);
        return;
    }
    if effort == Effort::Small
        && timestamps.len() >= PCO_FROM
        && let Ok(bytes) = pco::standalone::simple_compress(timestamps, &pco_config())
    {
        out.push(PCO);
        out.extend_from_slice(&bytes);
        return;
    }
    // The change of the step, zeroes as a run: 0, then how many.
    out.push(DELTAS);
    put_i64(out, first);
    let (mut previous, mut previous_step, mut zeroes) = (first, 0_i64, 0_u64);
    for &timestamp in &timestamps[1..] {
        let step = timestamp.wrapping_sub(previous);
        let change = step.wrapping_sub(previous_step);
        if change == 0 {
            zeroes += 1;
        } else {
            flush_zeroes(&mut zeroes, out);
            put_i64(out, change);
        }
        (previous, previous_step) = (timestamp, step);
    }
    flush_zeroes(&mut zeroes, out);
}

pub(super) fn flush_zeroes(zeroes: &mut u64, out: &mut Vec<u8>) {
    if *zeroes > 0 {
        out.push(0);
        put_u64(out, *zeroes);
        *zeroes = 0;
    }
}

/// Unpacks `count` timestamps; `None` when the bytes are not a column of that length.
pub(crate) fn decode_timestamps(bytes: &[u8], count: usize) -> Option<Vec<i64>> {
    if count == 0 {
        return Some(Vec::new());
    }
    let mut reader = Reader::new(bytes);
    match reader.u8()? {
        REGULAR => {
            let (first, step) = (reader.i64()?, reader.i64()?);
            Some((0..count as i64).map(|i| first.wrapping_add(step.wrapping_mul(i))).collect())
        }
        DELTAS => {
            let mut timestamp = reader.i64()?;
            let mut out = Vec::with_capacity(count);
            out.push(timestamp);
            let mut step = 0_i64;
            while out.len() < count {
                let change = reader.i64()?;
                let repeats = if change == 0 { reader.usize()? } else { 1 };
                if repeats == 0 || repeats > count - out.len() {
                    return None;
                }
                step = step.wrapping_add(change);
                for _ in 0..repeats {
                    timestamp = timestamp.wrapping_add(step);
                    out.push(timestamp);
                }
            }
            Some(out)
        }
        PCO => pco_decode(reader.rest, count),
        _ => None,
    }
}
