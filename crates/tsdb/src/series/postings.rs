//! Ascending lists of series.

use super::SeriesId;

/// The series with one label pair. Most pairs have either one series or many.
pub(crate) enum Postings {
    One(SeriesId),
    Many(Vec<SeriesId>),
}

impl Postings {
    pub(crate) fn one(id: SeriesId) -> Self {
        Self::One(id)
    }

    /// Adds a series with a number above all before.
    pub(crate) fn push(&mut self, id: SeriesId) {
        match self {
            Self::One(first) => *self = Self::Many(vec![*first, id]),
            Self::Many(ids) => ids.push(id),
        }
    }

    pub(crate) fn as_slice(&self) -> &[SeriesId] {
        match self {
            Self::One(id) => std::slice::from_ref(id),
            Self::Many(ids) => ids,
        }
    }

    /// Keeps the series for which `keep` holds, and says whether there are any.
    pub(crate) fn retain(&mut self, keep: impl Fn(SeriesId) -> bool) -> bool {
        match self {
            Self::One(id) => keep(*id),
            Self::Many(ids) => {
                ids.retain(|id| keep(*id));
                if let [id] = ids[..] {
                    *self = Self::One(id);
                    return true;
                }
                ids.shrink_to_fit();
                !ids.is_empty()
            }
        }
    }
}

/// All numbers that stand in any of the ascending lists, ascending.
pub(crate) fn unite(lists: &[&[u32]]) -> Vec<u32> {
    match lists {
        [] => Vec::new(),
        [only] => only.to_vec(),
        _ => {
            let mut all: Vec<u32> = lists.concat();
            all.sort_unstable();
            all.dedup();
            all
        }
    }
}

/// The numbers that stand in both ascending lists.
pub(crate) fn intersect(a: &[u32], b: &[u32]) -> Vec<u32> {
    let (few, many) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    let mut few = few.to_vec();
    retain_sorted(&mut few, many);
    few
}

/// Keeps of an ascending list what also stands in another, leaping through the other one.
pub(crate) fn retain_sorted(few: &mut Vec<u32>, many: &[u32]) {
    let mut rest = many;
    few.retain(|id| {
        // Double the step until it is too far, then search within it.
        let mut step = 1;
        while step < rest.len() && rest[step] < *id {
            step *= 2;
        }
        let within = &rest[..rest.len().min(step + 1)];
        match within.binary_search(id) {
            Ok(at) => {
                rest = &rest[at + 1..];
                true
            }
            Err(at) => {
                rest = &rest[at..];
                false
            }
        }
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    proptest! {
        #[test]
        fn sets_of_numbers(a in prop::collection::btree_set(0_u32..200, 0..80), b in prop::collection::btree_set(0_u32..200, 0..150)) {
            let list = |set: &BTreeSet<u32>| set.iter().copied().collect::<Vec<_>>();
            prop_assert_eq!(intersect(&list(&a), &list(&b)), a.intersection(&b).copied().collect::<Vec<_>>());
            prop_assert_eq!(unite(&[&list(&a), &list(&b)]), a.union(&b).copied().collect::<Vec<_>>());
        }
    }
}
