//! The series in memory: from label bytes to a number, and from label pairs to numbers.
//!
//! A series' number is given out once per life of the process and never used again, so that a
//! reader that still holds one can at worst find nothing.

mod postings;

use hashbrown::{DefaultHashBuilder, HashMap, HashTable};
use phoenix_model::{Labels, Matcher};
use postings::Postings;
use std::hash::BuildHasher;

pub(crate) use postings::{intersect, unite};

/// A series' number.
pub(crate) type SeriesId = u32;

/// Labels are kept in pages, so that a page whose series have all gone gives its memory back.
const PAGE: usize = 256;

type Page = Box<[Option<Labels>; PAGE]>;

/// All series that are in memory.
#[derive(Default)]
pub(crate) struct SeriesIndex {
    hasher: DefaultHashBuilder,
    table: HashTable<SeriesId>,
    pages: Vec<Option<Page>>,
    next_id: SeriesId,
    values_by_name: HashMap<Box<str>, HashMap<Box<str>, Postings>>,
    label_bytes: u64,
}

impl SeriesIndex {
    /// The number of series.
    pub(crate) fn len(&self) -> usize {
        self.table.len()
    }

    /// The number of different label pairs.
    pub(crate) fn pairs(&self) -> usize {
        self.values_by_name.values().map(HashMap::len).sum()
    }

    /// A rough figure of the bytes that labels and postings take.
    pub(crate) fn memory_bytes(&self) -> u64 {
        self.label_bytes + self.len() as u64 * 24
    }

    /// The series with exactly these labels: one hash and one comparison of bytes.
    #[inline]
    pub(crate) fn find(&self, labels: &Labels) -> Option<SeriesId> {
        let bytes = labels.as_bytes();
        let hash = self.hasher.hash_one(bytes);
        self.table.find(hash, |id| self.labels(*id).is_some_and(|known| known.as_bytes() == bytes)).copied()
    }

    /// The labels of a series; `None` when it has gone.
    #[inline]
    pub(crate) fn labels(&self, id: SeriesId) -> Option<&Labels> {
        self.pages.get(id as usize / PAGE)?.as_ref()?[id as usize % PAGE].as_ref()
    }

    /// Adds a series that [`SeriesIndex::find`] did not find; `None` when all numbers are given out.
    pub(crate) fn insert(&mut self, labels: &Labels) -> Option<SeriesId> {
        let id = self.next_id;
        self.next_id = id.checked_add(1)?;
        let page = id as usize / PAGE;
        if self.pages.len() <= page {
            self.pages.resize_with(page + 1, || None);
        }
        self.pages[page].get_or_insert_with(|| Box::new([const { None }; PAGE]))[id as usize % PAGE] = Some(labels.clone());
        let hash = self.hasher.hash_one(labels.as_bytes());
        let Self { table, hasher, pages, .. } = self;
        table.insert_unique(hash, id, |id| hash_of(hasher, pages, *id));
        for (name, value) in labels {
            let values = match self.values_by_name.get_mut(name) {
                Some(values) => values,
                None => self.values_by_name.entry(name.into()).or_default(),
            };
            match values.get_mut(value) {
                Some(postings) => postings.push(id),
                None => {
                    values.insert(value.into(), Postings::one(id));
                }
            }
            self.label_bytes += 8;
        }
        self.label_bytes += labels.as_bytes().len() as u64 + 32;
        Some(id)
    }

    /// Removes the series for which `keep` does not hold.
    pub(crate) fn retain(&mut self, keep: impl Fn(SeriesId) -> bool) -> usize {
        let before = self.table.len();
        self.table.retain(|id| keep(*id));
        let removed = before - self.table.len();
        if removed == 0 {
            return 0;
        }
        for (number, slot) in self.pages.iter_mut().enumerate() {
            let Some(page) = slot else { continue };
            let mut used = false;
            for (offset, labels) in page.iter_mut().enumerate() {
                if let Some(held) = labels {
                    if keep((number * PAGE + offset) as SeriesId) {
                        used = true;
                    } else {
                        self.label_bytes -= held.as_bytes().len() as u64 + 32 + 8 * held.len() as u64;
                        *labels = None;
                    }
                }
            }
            if !used {
                *slot = None;
            }
        }
        self.values_by_name.retain(|_, values| {
            values.retain(|_, postings| postings.retain(&keep));
            values.shrink_to_fit();
            !values.is_empty()
        });
        let Self { table, hasher, pages, .. } = self;
        table.shrink_to_fit(|id| hash_of(hasher, pages, *id));
        removed
    }

    /// The series that match all matchers, ascending.
    pub(crate) fn select(&self, matchers: &[Matcher]) -> Vec<SeriesId> {
        let (mut positive, filters): (Vec<_>, Vec<_>) = matchers.iter().partition(|m| !m.matches_empty());
        // Those that name their values first: they find few series without looking at every value.
        positive.sort_by_key(|m| m.literal_values().is_none());
        let mut found: Option<Vec<SeriesId>> = None;
        for matcher in positive {
            match &mut found {
                // Looking at the labels of a few series is cheaper than at all values of a label.
                Some(ids) if ids.len() <= 64 || matcher.literal_values().is_none() && ids.len() <= 4096 => {
                    ids.retain(|id| self.labels(*id).is_some_and(|labels| matcher.matches_labels(labels)));
                }
                Some(ids) => *ids = intersect(ids, &self.matching(matcher)),
                None => found = Some(self.matching(matcher)),
            }
            if found.as_ref().is_some_and(Vec::is_empty) {
                return Vec::new();
            }
        }
        let mut ids = found.unwrap_or_else(|| self.all());
        if !filters.is_empty() {
            ids.retain(|id| self.labels(*id).is_some_and(|labels| filters.iter().all(|m| m.matches_labels(labels))));
        }
        ids
    }

    fn all(&self) -> Vec<SeriesId> {
        let mut ids: Vec<_> = self.table.iter().copied().collect();
        ids.sort_unstable();
        ids
    }

    /// The series with a value of the matcher's label that matches.
    fn matching(&self, matcher: &Matcher) -> Vec<SeriesId> {
        let Some(values) = self.values_by_name.get(matcher.name.as_str()) else { return Vec::new() };
        let lists: Vec<&[SeriesId]> = match matcher.literal_values() {
            Some(literals) => literals.iter().filter_map(|value| values.get(*value)).map(Postings::as_slice).collect(),
            None => values.iter().filter(|(value, _)| matcher.matches(value)).map(|(_, postings)| postings.as_slice()).collect(),
        };
        unite(&lists)
    }

    /// The names of all labels, in no order.
    pub(crate) fn label_names(&self) -> impl Iterator<Item = &str> {
        self.values_by_name.keys().map(|name| &**name)
    }

    /// The values of a label, in no order.
    pub(crate) fn label_values(&self, name: &str) -> impl Iterator<Item = &str> {
        self.values_by_name.get(name).into_iter().flat_map(|values| values.keys().map(|value| &**value))
    }

    /// Each label name with each value and the number of series that have it, in no order.
    pub(crate) fn pair_counts(&self) -> impl Iterator<Item = (&str, &str, usize)> {
        self.values_by_name
            .iter()
            .flat_map(|(name, values)| values.iter().map(move |(value, postings)| (&**name, &**value, postings.as_slice().len())))
    }
}

fn hash_of(hasher: &DefaultHashBuilder, pages: &[Option<Page>], id: SeriesId) -> u64 {
    let labels = pages[id as usize / PAGE].as_ref().and_then(|page| page[id as usize % PAGE].as_ref());
    hasher.hash_one(labels.expect("every series in the table has its labels").as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::MatchOp;

    fn index(series: &[&[(&str, &str)]]) -> SeriesIndex {
        let mut index = SeriesIndex::default();
        for pairs in series {
            index.insert(&Labels::from_pairs(pairs.iter().copied())).unwrap();
        }
        index
    }

    #[test]
    fn matchers_find_series_with_and_without_the_label() {
        let index = index(&[
            &[("__name__", "up"), ("job", "a")],
            &[("__name__", "up"), ("job", "b"), ("zone", "x")],
            &[("__name__", "up")],
            &[("__name__", "load"), ("job", "b")],
        ]);
        for (matchers, want) in [
            (vec![("__name__", MatchOp::Equal, "up")], vec![0, 1, 2]),
            (vec![("job", MatchOp::Equal, "")], vec![2]),
            (vec![("job", MatchOp::NotEqual, "")], vec![0, 1, 3]),
            (vec![("job", MatchOp::NotEqual, "a")], vec![1, 2, 3]),
            (vec![("job", MatchOp::Regex, "a|b")], vec![0, 1, 3]),
            (vec![("job", MatchOp::Regex, "a|")], vec![0, 2]),
            (vec![("job", MatchOp::Regex, ".+")], vec![0, 1, 3]),
            (vec![("job", MatchOp::NotRegex, "a.*")], vec![1, 2, 3]),
            (vec![("zone", MatchOp::Regex, ".*"), ("__name__", MatchOp::Equal, "load")], vec![3]),
            (vec![("nope", MatchOp::Equal, "1")], vec![]),
            (vec![("nope", MatchOp::NotEqual, "1")], vec![0, 1, 2, 3]),
            (vec![], vec![0, 1, 2, 3]),
        ] {
            let matchers: Vec<_> = matchers.into_iter().map(|(n, op, v)| Matcher::new(n, op, v).unwrap()).collect();
            assert_eq!(index.select(&matchers), want, "{matchers:?}");
        }
    }

    #[test]
    fn series_that_go_leave_nothing_behind() {
        let mut index = SeriesIndex::default();
        for i in 0..1000 {
            index.insert(&Labels::from_pairs([("__name__", "m"), ("i", &i.to_string())])).unwrap();
        }
        assert_eq!(index.retain(|id| id >= 990), 990);
        assert_eq!((index.len(), index.pairs()), (10, 11));
        assert_eq!(index.select(&[Matcher::equal("__name__", "m")]).len(), 10);
        assert_eq!(index.find(&Labels::from_pairs([("__name__", "m"), ("i", "5")])), None);
        assert_eq!(index.find(&Labels::from_pairs([("__name__", "m"), ("i", "995")])), Some(995));
        assert_eq!(index.insert(&Labels::from_pairs([("__name__", "m"), ("i", "5")])), Some(1000), "numbers are not used again");
        assert_eq!(index.pages.iter().flatten().count(), 1);
        index.retain(|_| false);
        assert_eq!(index.label_bytes, 0);
    }
}
