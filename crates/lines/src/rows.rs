//! Sets of rows of a page.

/// Rows of a page, by number from zero.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct RowSet {
    words: Vec<u64>,
    rows: usize,
}

impl RowSet {
    /// No row of that many.
    pub fn none(rows: usize) -> Self {
        Self { words: vec![0; rows.div_ceil(64)], rows }
    }

    /// All rows of that many.
    pub fn all(rows: usize) -> Self {
        let mut set = Self::none(rows);
        set.fill(rows);
        set
    }

    /// Becomes all rows of that many; memory is kept.
    pub fn fill(&mut self, rows: usize) {
        self.rows = rows;
        self.words.clear();
        self.words.resize(rows.div_ceil(64), u64::MAX);
        if let (Some(last), 1..) = (self.words.last_mut(), rows % 64) {
            *last = (1 << (rows % 64)) - 1;
        }
    }

    /// Becomes no row of that many; memory is kept.
    pub fn clear(&mut self, rows: usize) {
        self.rows = rows;
        self.words.clear();
        self.words.resize(rows.div_ceil(64), 0);
    }

    /// How many rows there are to choose from.
    pub fn capacity(&self) -> usize {
        self.rows
    }

    /// How many rows are in it.
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether no row is in it.
    pub fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    /// Whether a row is in it.
    #[inline]
    pub fn contains(&self, row: usize) -> bool {
        self.words.get(row / 64).is_some_and(|word| word & 1 << (row % 64) != 0)
    }

    /// Adds a row.
    ///
    /// # Panics
    /// When there is no such row.
    #[inline]
    pub fn insert(&mut self, row: usize) {
        assert!(row < self.rows, "a row of the page");
        self.words[row / 64] |= 1 << (row % 64);
    }

    /// Takes a row out.
    #[inline]
    pub fn remove(&mut self, row: usize) {
        if let Some(word) = self.words.get_mut(row / 64) {
            *word &= !(1 << (row % 64));
        }
    }

    /// Takes out what is not in the other one.
    pub fn intersect(&mut self, other: &Self) {
        for (i, word) in self.words.iter_mut().enumerate() {
            *word &= other.words.get(i).copied().unwrap_or(0);
        }
    }

    /// Takes out what is in the other one.
    pub fn subtract(&mut self, other: &Self) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word &= !theirs;
        }
    }

    /// Adds what is in the other one, of the same page.
    pub fn union(&mut self, other: &Self) {
        for (word, theirs) in self.words.iter_mut().zip(&other.words) {
            *word |= theirs;
        }
    }

    /// Keeps the rows of which the condition holds.
    pub fn retain(&mut self, mut keep: impl FnMut(usize) -> bool) {
        for (i, word) in self.words.iter_mut().enumerate() {
            let mut rest = *word;
            while rest != 0 {
                let bit = rest.trailing_zeros() as usize;
                rest &= rest - 1;
                if !keep(i * 64 + bit) {
                    *word &= !(1 << bit);
                }
            }
        }
    }

    /// Keeps, of each 64 rows from a row on, those that are given as bits.
    pub(crate) fn mask<E>(&mut self, mut keep: impl FnMut(usize, u64) -> Result<u64, E>) -> Result<(), E> {
        for (i, word) in self.words.iter_mut().enumerate() {
            if *word != 0 {
                *word &= keep(i * 64, *word)?;
            }
        }
        Ok(())
    }

    /// The rows, in ascending order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = usize> + '_ {
        self.words.iter().enumerate().flat_map(|(i, word)| Bits(*word).map(move |bit| i * 64 + bit))
    }
}

/// The bits that are set in a word.
struct Bits(u64);

impl Iterator for Bits {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        let bit = self.0.trailing_zeros() as usize;
        self.0 &= self.0.checked_sub(1)?;
        Some(bit)
    }
}

impl DoubleEndedIterator for Bits {
    fn next_back(&mut self) -> Option<usize> {
        let bit = 63u32.checked_sub(self.0.leading_zeros())?;
        self.0 &= !(1 << bit);
        Some(bit as usize)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::btree_set;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn sets_are_sets(rows in 1usize..200, a in btree_set(0usize..200, 0..50), b in btree_set(0usize..200, 0..50)) {
            let make = |from: &std::collections::BTreeSet<usize>| {
                let mut set = RowSet::none(rows);
                from.iter().filter(|row| **row < rows).for_each(|row| set.insert(*row));
                set
            };
            let (left, right) = (make(&a), make(&b));
            let want = |keep: &dyn Fn(usize) -> bool| (0..rows).filter(|row| keep(*row)).collect::<Vec<_>>();
            let got = |set: &RowSet| set.iter().collect::<Vec<_>>();
            prop_assert_eq!(got(&left), want(&|row| a.contains(&row)));
            let mut both = left.clone();
            both.intersect(&right);
            prop_assert_eq!(got(&both), want(&|row| a.contains(&row) && b.contains(&row)));
            let mut one = left.clone();
            one.subtract(&right);
            prop_assert_eq!(got(&one), want(&|row| a.contains(&row) && !b.contains(&row)));
            let mut any = left.clone();
            any.union(&right);
            prop_assert_eq!(any.count(), want(&|row| a.contains(&row) || b.contains(&row)).len());
            let mut even = left.clone();
            even.retain(|row| row % 2 == 0);
            prop_assert_eq!(got(&even), want(&|row| a.contains(&row) && row % 2 == 0));
            let mut back = left.iter().rev().collect::<Vec<_>>();
            back.reverse();
            prop_assert_eq!(back, got(&left));
            let mut all = RowSet::all(rows);
            prop_assert_eq!((all.count(), all.capacity()), (rows, rows));
            all.remove(rows - 1);
            prop_assert!(!all.contains(rows - 1) && !all.contains(rows) && (all.is_empty() == (rows == 1)));
        }
    }
}
