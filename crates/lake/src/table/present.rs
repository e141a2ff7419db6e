//! Which rows of a page have a value.

use super::encoding::Input;

/// A bit for each row of a page.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Present {
    words: Vec<u64>,
    rows: usize,
}

impl Present {
    /// No row has a value.
    pub(crate) fn none(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)], rows }
    }

    /// Reads levels of one bit: the hybrid of runs and packed numbers, of exactly `rows` values.
    pub(super) fn take(bytes: &[u8], rows: usize) -> Option<Self> {
        let mut present = Self::none(rows);
        let mut input = Input::new(bytes);
        let mut at = 0;
        while at < rows {
            let header = input.varint()?;
            let left = rows - at;
            let length = usize::try_from(header >> 1).ok()?;
            if header & 1 == 1 {
                let packed = input.bytes(length)?;
                let here = left.min(length.checked_mul(8)?);
                present.put_packed(at, packed, here);
                at += here;
                if here == 0 {
                    return None;
                }
            } else {
                let here = left.min(length);
                match input.byte()? {
                    0 => {}
                    1 => present.put_ones(at, here),
                    _ => return None,
                }
                at += here;
                if here == 0 {
                    return None;
                }
            }
        }
        Some(present)
    }

    fn put_packed(&mut self, at: usize, packed: &[u8], count: usize) {
        for (number, eight) in packed[..count.div_ceil(8)].chunks(8).enumerate() {
            let mut bytes = [0; 8];
            bytes[..eight.len()].copy_from_slice(eight);
            let held = (count - number * 64).min(64);
            let bits = u64::from_le_bytes(bytes) & ones(held);
            let (word, shift) = ((at + number * 64) / 64, (at + number * 64) % 64);
            self.words[word] |= bits << shift;
            if shift > 0
                && let Some(next) = self.words.get_mut(word + 1)
            {
                *next |= bits >> (64 - shift);
            }
        }
    }

    fn put_ones(&mut self, start: usize, count: usize) {
        let end = start + count;
        for word in start / 64..end.div_ceil(64) {
            let from = start.saturating_sub(word * 64);
            let to = (end - word * 64).min(64);
            self.words[word] |= ones(to) & !ones(from);
        }
    }

    /// How many rows have a value.
    pub(crate) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether a row has a value.
    pub(crate) fn has(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    /// The rows that have a value.
    pub(crate) fn rows(&self) -> impl Iterator<Item = u32> {
        self.words.iter().enumerate().flat_map(|(number, word)| {
            let mut bits = *word;
            std::iter::from_fn(move || {
                let row = number as u32 * 64 + bits.trailing_zeros();
                (bits != 0).then(|| {
                    bits &= bits - 1;
                    row
                })
            })
        })
    }

    /// Whether each row has none.
    pub(crate) fn absent(&self) -> Vec<bool> {
        (0..self.rows).map(|row| !self.has(row)).collect()
    }

    /// Puts values to the rows that have one, and `filler` to the others.
    pub(super) fn spread<T: Copy>(&self, values: &[T], filler: T) -> Vec<T> {
        let mut out = vec![filler; self.rows];
        let mut next = 0;
        for (number, word) in self.words.iter().enumerate() {
            let first = number * 64;
            if *word == u64::MAX {
                out[first..first + 64].copy_from_slice(&values[next..next + 64]);
                next += 64;
                continue;
            }
            let mut bits = *word;
            while bits != 0 {
                out[first + bits.trailing_zeros() as usize] = values[next];
                next += 1;
                bits &= bits - 1;
            }
        }
        out
    }
}

/// So many ones, from the lowest bit.
fn ones(count: usize) -> u64 {
    if count >= 64 { u64::MAX } else { (1 << count) - 1 }
}

#[cfg(test)]
mod tests {
    use super::super::encoding::put_hybrid;
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn levels_come_back(runs in prop::collection::vec((any::<bool>(), 1_usize..90), 0..40)) {
            let flags: Vec<u32> = runs.iter().flat_map(|(flag, run)| std::iter::repeat_n(u32::from(*flag), *run)).collect();
            let mut bytes = Vec::new();
            put_hybrid(&mut bytes, &flags, 1);
            let present = Present::take(&bytes, flags.len()).unwrap();
            prop_assert_eq!(present.count(), flags.iter().filter(|flag| **flag == 1).count());
            let rows: Vec<u32> = (0..flags.len() as u32).filter(|row| flags[*row as usize] == 1).collect();
            prop_assert_eq!(present.rows().collect::<Vec<_>>(), rows);
            prop_assert!(flags.iter().enumerate().all(|(row, flag)| present.has(row) == (*flag == 1)));
            let values: Vec<usize> = (1..=present.count()).collect();
            let mut next = 0;
            let expected: Vec<usize> = flags.iter().map(|flag| if *flag == 1 { next += 1; next } else { 0 }).collect();
            prop_assert_eq!(present.spread(&values, 0), expected);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..100), rows in 0_usize..2000) {
            let _ = Present::take(&bytes, rows);
        }
    }
}
