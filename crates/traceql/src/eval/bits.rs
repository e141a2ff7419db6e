//! Sets of rows of a batch, one bit each.

use std::ops::Range;

/// One bit for each row. Bits beyond the last row are zero.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Bits {
    words: Vec<u64>,
    len: usize,
}

impl Bits {
    /// All rows or none.
    pub fn of(len: usize, all: bool) -> Self {
        let mut bits = Self { words: vec![if all { u64::MAX } else { 0 }; len.div_ceil(64)], len };
        bits.trim();
        bits
    }

    /// The rows for which it holds.
    pub fn fill(len: usize, mut holds: impl FnMut(usize) -> bool) -> Self {
        let word = |first: usize| (first..len.min(first + 64)).fold(0_u64, |word, row| word | (u64::from(holds(row)) << (row - first)));
        Self { words: (0..len).step_by(64).map(word).collect(), len }
    }

    fn trim(&mut self) {
        if !self.len.is_multiple_of(64)
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << (self.len % 64)) - 1;
        }
    }

    pub fn get(&self, row: usize) -> bool {
        self.words[row / 64] >> (row % 64) & 1 == 1
    }

    pub fn set(&mut self, row: usize) {
        self.words[row / 64] |= 1 << (row % 64);
    }

    pub fn set_range(&mut self, rows: Range<usize>) {
        for (at, word) in self.words.iter_mut().enumerate().take(rows.end.div_ceil(64)).skip(rows.start / 64) {
            *word |= mask(at, &rows);
        }
    }

    pub fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= b);
    }

    pub fn and_not(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a &= !b);
    }

    pub fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(a, b)| *a |= b);
    }

    pub fn negate(&mut self) {
        self.words.iter_mut().for_each(|word| *word = !*word);
        self.trim();
    }

    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// The rows of the set within a range, in order.
    pub fn rows_in(&self, rows: Range<usize>) -> impl Iterator<Item = usize> + '_ {
        (rows.start / 64..rows.end.div_ceil(64)).flat_map(move |at| {
            let mut word = self.words[at] & mask(at, &rows);
            std::iter::from_fn(move || {
                let bit = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(at * 64 + bit)
            })
        })
    }

    /// The rows of the set, in order.
    pub fn rows(&self) -> impl Iterator<Item = usize> + '_ {
        self.rows_in(0..self.len)
    }
}

/// The bits of the word number `at` that stand for these rows.
fn mask(at: usize, rows: &Range<usize>) -> u64 {
    let from = rows.start.saturating_sub(at * 64);
    let to = rows.end.saturating_sub(at * 64).min(64);
    if from >= to {
        return 0;
    }
    let below = |bit: usize| if bit == 64 { u64::MAX } else { (1 << bit) - 1 };
    below(to) & !below(from)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sets_act_as_sets(a in prop::collection::vec(any::<bool>(), 1..300), from in 0..300_usize, to in 0..300_usize) {
            let len = a.len();
            let (from, to) = (from.min(to).min(len), from.max(to).min(len));
            let bits = Bits::fill(len, |row| a[row]);
            prop_assert_eq!(bits.rows().collect::<Vec<_>>(), (0..len).filter(|r| a[*r]).collect::<Vec<_>>());
            prop_assert_eq!(bits.rows_in(from..to).collect::<Vec<_>>(), (from..to).filter(|r| a[*r]).collect::<Vec<_>>());
            let mut not = bits.clone();
            not.negate();
            prop_assert!((0..len).all(|row| not.get(row) != a[row]));
            not.or(&bits);
            prop_assert_eq!(&not, &Bits::of(len, true));
            let mut range = Bits::of(len, false);
            range.set_range(from..to);
            prop_assert_eq!(range.rows().collect::<Vec<_>>(), (from..to).collect::<Vec<_>>());
            range.and_not(&bits);
            prop_assert_eq!(range.is_empty(), a[from..to].iter().all(|b| *b));
        }
    }
}
