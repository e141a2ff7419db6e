//! Texts that are looked for together.

use super::placement::Relation;
use memchr::memmem;
use regex::bytes::Regex;
use std::hash::{Hash, Hasher};

/// Texts one of which is looked for; none is empty unless it is the only one.
#[derive(Debug, Clone)]
pub(super) struct Needle {
    /// Sorted.
    texts: Vec<Box<[u8]>>,
    /// How long they are, each length once.
    lengths: Vec<usize>,
    search: Search,
}

#[derive(Debug, Clone)]
enum Search {
    One(Box<memmem::Finder<'static>>),
    /// All at once.
    Many(Regex),
    /// One after the other, when they are only compared or cannot be one expression.
    Each,
}

impl Needle {
    /// Prepares texts; that they will be searched for and not only compared costs more.
    pub(super) fn new(mut texts: Vec<Box<[u8]>>, is_searched: bool) -> Self {
        texts.sort_unstable();
        texts.dedup();
        let search = if let [only] = texts.as_slice() {
            Search::One(Box::new(memmem::Finder::new(only).into_owned()))
        } else if !is_searched {
            Search::Each
        } else {
            // The texts of an expression are UTF-8; of other bytes there is no such search.
            let escaped: Option<Vec<String>> = texts.iter().map(|text| std::str::from_utf8(text).ok().map(regex::escape)).collect();
            let regex = escaped.and_then(|texts| Regex::new(&texts.join("|")).ok());
            regex.map_or(Search::Each, Search::Many)
        };
        let mut lengths: Vec<usize> = texts.iter().map(|text| text.len()).collect();
        lengths.sort_unstable();
        lengths.dedup();
        Self { texts, lengths, search }
    }

    pub(super) fn texts(&self) -> &[Box<[u8]>] {
        &self.texts
    }

    fn has(&self, text: &[u8]) -> bool {
        self.texts.binary_search_by(|known| known.as_ref().cmp(text)).is_ok()
    }

    /// The length of the shortest text.
    pub(super) fn shortest(&self) -> usize {
        self.texts.iter().map(|text| text.len()).min().unwrap_or(0)
    }

    /// Where the first text begins and ends, from a byte on.
    pub(super) fn find(&self, bytes: &[u8], from: usize) -> Option<(usize, usize)> {
        let rest = bytes.get(from..)?;
        match &self.search {
            Search::One(finder) => finder.find(rest).map(|at| (from + at, from + at + self.texts[0].len())),
            Search::Many(regex) => regex.find(rest).map(|found| (from + found.start(), from + found.end())),
            Search::Each => {
                let found = |text: &[u8]| memmem::find(rest, text).map(|at| (from + at, from + at + text.len()));
                self.texts.iter().filter_map(|text| found(text)).min()
            }
        }
    }

    /// Whether a value has one of them so.
    pub(super) fn holds(&self, relation: Relation, value: &[u8]) -> bool {
        match (&self.search, relation) {
            (Search::Many(regex), Relation::Contains) => regex.is_match(value),
            // An expression may stand for hundreds of texts: they are not compared one by one.
            (_, Relation::Equals) => self.has(value),
            (_, Relation::Begins) => self.lengths.iter().any(|length| value.get(..*length).is_some_and(|start| self.has(start))),
            (_, Relation::Ends) => {
                let end = |length: usize| value.len().checked_sub(length).map(|from| &value[from..]);
                self.lengths.iter().any(|length| end(*length).is_some_and(|end| self.has(end)))
            }
            _ => self.texts.iter().any(|text| relation.holds(value, text)),
        }
    }
}

impl PartialEq for Needle {
    fn eq(&self, other: &Self) -> bool {
        self.texts == other.texts
    }
}

impl Eq for Needle {}

impl Hash for Needle {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.texts.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_them_is_found() {
        let make = |texts: &[&[u8]]| Needle::new(texts.iter().map(|text| (*text).into()).collect(), true);
        for (needle, from, want) in [
            (make(&[b"bc"]), 0, Some((2, 4))),
            (make(&[b"bc"]), 3, None),
            (make(&[b"c", b"a."]), 0, Some((3, 4))),
            (make(&[b"x", b"c", b"c"]), 0, Some((3, 4))),
            (make(&[b"\xff", b"b"]), 0, Some((2, 3))),
            (make(&[b"x", b"y"]), 9, None),
        ] {
            assert_eq!(needle.find(b"aabc", from), want, "{needle:?}");
        }
        let needle = make(&[b"ab", b"cd"]);
        assert!(
            needle.holds(Relation::Begins, b"cde") && needle.holds(Relation::Contains, b"xab") && !needle.holds(Relation::Equals, b"abc")
        );
        assert_eq!((needle.shortest(), needle.texts().len()), (2, 2));
    }
}
