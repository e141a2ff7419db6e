//! What a target exposed last time, so that a repeated scrape neither reads labels nor relabels,
//! and so that series which vanish can be marked stale.
//!
//! Two tables: *texts*, each a series as the target writes it, point to *series*, each a set of
//! labels after relabelling. Several texts may lead to one series (labels in another order), and a
//! text whose series was dropped by relabelling is remembered as such.
//!
//! Targets nearly always write their series in the same order. The order of the last scrape gives
//! the text that should come next; a hash table is asked only where the target departs from it.

use crate::exposition::ToldExemplar;
use hashbrown::{DefaultHashBuilder, HashTable};
use phoenix_model::Labels;
use std::hash::BuildHasher;

const DROPPED: u32 = u32::MAX;

/// The number of a series in its cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct SeriesId(u32);

/// What is known of a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Known {
    /// It is this series.
    Series(SeriesId),
    /// Relabelling drops it.
    Dropped,
}

#[derive(Debug, Default)]
struct Text {
    written: Box<str>,
    series: u32,
    /// The scrape in which it was last seen.
    seen: u32,
    /// Its place in the order of the last scrape.
    position: u32,
}

#[derive(Debug, Default)]
struct Series {
    labels: Labels,
    /// The scrape in which it was last seen.
    seen: u32,
    /// Whether it was seen in this scrape without a timestamp of its own.
    tracked: bool,
    /// Whether it would have to be marked stale when it vanishes.
    live: bool,
    /// The last exemplar that came without a time, which the target tells with each scrape.
    exemplar: Option<Box<ToldExemplar>>,
}

/// The cache of one target.
#[derive(Debug, Default)]
pub(crate) struct SeriesCache {
    texts: Slab<Text>,
    by_text: HashTable<u32>,
    series: Slab<Series>,
    by_labels: HashTable<u32>,
    hasher: DefaultHashBuilder,
    /// The number of the current scrape; 0 is never one.
    scrape: u32,
    order: Vec<u32>,
    next_order: Vec<u32>,
    cursor: usize,
    /// Whether this scrape's texts so far are those of the last one, in its order.
    in_order: bool,
    new_texts: Vec<u32>,
    new_series: Vec<u32>,
}

impl SeriesCache {
    /// Begins a scrape.
    pub(crate) fn begin(&mut self) {
        self.scrape = self.scrape.wrapping_add(1).max(1);
        self.next_order.clear();
        self.new_texts.clear();
        self.new_series.clear();
        self.cursor = 0;
        self.in_order = true;
    }

    /// The text that stood next in the last scrape.
    pub(crate) fn expected(&self) -> Option<&str> {
        self.order.get(self.cursor).map(|id| &*self.texts.get(*id).written)
    }

    /// Looks a text up and notes that it was seen.
    pub(crate) fn find(&mut self, text: &str) -> Option<Known> {
        let id = match self.order.get(self.cursor) {
            Some(&id) if &*self.texts.get(id).written == text => id,
            _ => {
                let hash = self.hasher.hash_one(text);
                let id = *self.by_text.find(hash, |id| &*self.texts.get(*id).written == text)?;
                self.in_order = false;
                self.cursor = self.texts.get(id).position as usize;
                id
            }
        };
        self.cursor += 1;
        let scrape = self.scrape;
        let entry = self.texts.get_mut(id);
        if entry.seen != scrape {
            entry.seen = scrape;
            self.next_order.push(id);
        }
        Some(if entry.series == DROPPED { Known::Dropped } else { Known::Series(SeriesId(entry.series)) })
    }

    /// Remembers a new text with the labels that relabelling made of it; `None` for dropped.
    pub(crate) fn insert(&mut self, text: &str, labels: Option<Labels>) -> Known {
        let series = labels.map_or(DROPPED, |labels| self.series_of(labels));
        self.in_order = false;
        let position = self.order.len() as u32; // no place in the last scrape: nothing is expected after it
        let id = self.texts.add(Text { written: text.into(), series, seen: self.scrape, position });
        let Self { texts, by_text, hasher, .. } = self;
        by_text.insert_unique(hasher.hash_one(text), id, |id| hasher.hash_one(&*texts.get(*id).written));
        self.next_order.push(id);
        self.new_texts.push(id);
        if series == DROPPED { Known::Dropped } else { Known::Series(SeriesId(series)) }
    }

    fn series_of(&mut self, labels: Labels) -> u32 {
        let Self { series, by_labels, hasher, new_series, .. } = self;
        let hash = hasher.hash_one(labels.as_bytes());
        if let Some(id) = by_labels.find(hash, |id| series.get(*id).labels == labels) {
            return *id;
        }
        let id = series.add(Series { labels, ..Series::default() });
        by_labels.insert_unique(hash, id, |id| hasher.hash_one(series.get(*id).labels.as_bytes()));
        new_series.push(id);
        id
    }

    /// The labels of a series.
    pub(crate) fn labels(&self, id: SeriesId) -> &Labels {
        &self.series.get(id.0).labels
    }

    /// Notes that a series has a sample; `tracked` when it is to be marked stale once it vanishes.
    /// Returns whether it had one in this scrape already.
    pub(crate) fn mark(&mut self, id: SeriesId, tracked: bool) -> bool {
        let scrape = self.scrape;
        let series = self.series.get_mut(id.0);
        let is_repeated = series.seen == scrape;
        series.tracked = tracked || (is_repeated && series.tracked);
        series.seen = scrape;
        is_repeated
    }

    /// Whether an exemplar without a time is the one that its series had last.
    pub(crate) fn is_told_again(&mut self, id: SeriesId, exemplar: &ToldExemplar) -> bool {
        let last = &mut self.series.get_mut(id.0).exemplar;
        if exemplar.timestamp_ms.is_some() {
            return false;
        }
        if last.as_deref() == Some(exemplar) {
            return true;
        }
        *last = Some(Box::new(exemplar.clone()));
        false
    }

    /// The number of series that were not known before this scrape.
    pub(crate) fn added(&self) -> usize {
        self.new_series.len()
    }

    /// Ends a scrape that succeeded: forgets what was not seen, and hands the labels of those series
    /// that have to be marked stale to `vanished`.
    pub(crate) fn commit(&mut self, mut vanished: impl FnMut(&Labels)) {
        let scrape = self.scrape;
        let is_as_before = self.in_order && self.next_order.len() == self.texts.len();
        if self.next_order.len() < self.texts.len() {
            for id in self.texts.ids_where(|text| text.seen != scrape) {
                self.forget_text(id);
            }
        }
        let mut gone = Vec::new();
        for (id, series) in self.series.iter_mut() {
            if series.seen == scrape {
                series.live = series.tracked;
                continue;
            }
            if series.live {
                vanished(&series.labels);
            }
            gone.push(id);
        }
        for id in gone {
            self.forget_series(id);
        }
        if is_as_before {
            return;
        }
        for (position, id) in self.next_order.iter().enumerate() {
            self.texts.get_mut(*id).position = position as u32;
        }
        std::mem::swap(&mut self.order, &mut self.next_order);
    }

    /// Ends a scrape that failed: takes back what it brought, and hands the labels of all live
    /// series to `vanished`. The texts of the last good scrape stay for the next one.
    pub(crate) fn roll_back(&mut self, mut vanished: impl FnMut(&Labels)) {
        for id in std::mem::take(&mut self.new_texts) {
            self.forget_text(id);
        }
        for id in std::mem::take(&mut self.new_series) {
            self.forget_series(id);
        }
        for (_, series) in self.series.iter_mut() {
            if std::mem::take(&mut series.live) {
                vanished(&series.labels);
            }
        }
    }

    /// Forgets the texts but not which series are live: for a job whose labels or rules changed.
    pub(crate) fn forget_texts(&mut self) {
        self.texts = Slab::default();
        self.by_text.clear();
        self.order.clear();
        self.next_order.clear();
    }

    /// The number of series, for tests and figures.
    pub(crate) fn len(&self) -> usize {
        self.series.len()
    }

    fn forget_text(&mut self, id: u32) {
        let Self { texts, by_text, hasher, .. } = self;
        if let Ok(entry) = by_text.find_entry(hasher.hash_one(&*texts.get(id).written), |other| *other == id) {
            entry.remove();
        }
        texts.remove(id);
    }

    fn forget_series(&mut self, id: u32) {
        let Self { series, by_labels, hasher, .. } = self;
        if let Ok(entry) = by_labels.find_entry(hasher.hash_one(series.get(id).labels.as_bytes()), |other| *other == id) {
            entry.remove();
        }
        series.remove(id);
    }
}

/// Numbered places; the numbers of removed ones are given out again.
#[derive(Debug)]
struct Slab<T> {
    places: Vec<Option<T>>,
    free: Vec<u32>,
}

impl<T> Default for Slab<T> {
    fn default() -> Self {
        Self { places: Vec::new(), free: Vec::new() }
    }
}

impl<T> Slab<T> {
    fn add(&mut self, item: T) -> u32 {
        if let Some(id) = self.free.pop() {
            self.places[id as usize] = Some(item);
            return id;
        }
        self.places.push(Some(item));
        self.places.len() as u32 - 1
    }

    fn get(&self, id: u32) -> &T {
        self.places[id as usize].as_ref().expect("numbers in the cache's tables are in use")
    }

    fn get_mut(&mut self, id: u32) -> &mut T {
        self.places[id as usize].as_mut().expect("numbers in the cache's tables are in use")
    }

    fn remove(&mut self, id: u32) {
        self.places[id as usize] = None;
        self.free.push(id);
    }

    fn len(&self) -> usize {
        self.places.len() - self.free.len()
    }

    fn iter_mut(&mut self) -> impl Iterator<Item = (u32, &mut T)> {
        self.places.iter_mut().enumerate().filter_map(|(id, place)| place.as_mut().map(|item| (id as u32, item)))
    }

    fn ids_where(&self, test: impl Fn(&T) -> bool) -> Vec<u32> {
        let ids = self.places.iter().enumerate();
        ids.filter(|(_, place)| place.as_ref().is_some_and(&test)).map(|(id, _)| id as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeSet;

    fn labels(name: &str) -> Labels {
        Labels::from_pairs([("__name__", name)])
    }

    /// One scrape of the texts; those that begin with `-` are dropped by relabelling. Returns the
    /// names that vanished.
    fn scrape(cache: &mut SeriesCache, texts: &[&str], fails: bool) -> Vec<String> {
        cache.begin();
        for text in texts {
            let known = cache.find(text).unwrap_or_else(|| cache.insert(text, (!text.starts_with('-')).then(|| labels(text.trim()))));
            match known {
                Known::Dropped => assert!(text.starts_with('-')),
                Known::Series(id) => {
                    assert_eq!(cache.labels(id), &labels(text.trim()));
                    cache.mark(id, true);
                }
            }
        }
        let mut vanished = Vec::new();
        let sink = |labels: &Labels| vanished.push(labels.metric_name().to_owned());
        if fails {
            cache.roll_back(sink);
        } else {
            cache.commit(sink);
        }
        vanished.sort();
        vanished
    }

    #[test]
    fn vanished_series_are_told_once() {
        let mut cache = SeriesCache::default();
        assert!(scrape(&mut cache, &["a", "b", "-c"], false).is_empty());
        assert_eq!(cache.added(), 2);
        assert!(scrape(&mut cache, &["b", "a", "-c"], false).is_empty(), "the order does not matter");
        assert_eq!(cache.added(), 0);
        assert_eq!(scrape(&mut cache, &["b"], false), ["a"]);
        assert!(scrape(&mut cache, &["b"], false).is_empty());
        assert_eq!(scrape(&mut cache, &["b", "d"], true), ["b"]);
        assert!(scrape(&mut cache, &[], true).is_empty());
        assert!(scrape(&mut cache, &["b "], false).is_empty(), "the same series in another writing");
        assert_eq!(cache.added(), 0);
        assert_eq!(cache.len(), 1);
    }

    #[test]
    fn a_new_writing_of_a_live_series_is_not_a_new_series() {
        let mut cache = SeriesCache::default();
        scrape(&mut cache, &["a", "b"], false);
        assert!(scrape(&mut cache, &["a ", "b"], false).is_empty());
        cache.forget_texts();
        assert_eq!(scrape(&mut cache, &["a"], false), ["b"]);
    }

    #[test]
    fn the_next_text_is_expected() {
        let mut cache = SeriesCache::default();
        scrape(&mut cache, &["a", "b", "c"], false);
        cache.begin();
        assert_eq!(cache.expected(), Some("a"));
        cache.find("a");
        assert_eq!(cache.expected(), Some("b"));
        cache.find("c"); // b is left out
        assert_eq!(cache.expected(), None);
    }

    proptest! {
        /// Against sets: what vanishes is what was live and is not there any more.
        #[test]
        fn agrees_with_sets(scrapes in prop::collection::vec((prop::collection::vec(0_u8..12, 0..12), any::<bool>()), 1..12)) {
            let mut cache = SeriesCache::default();
            let mut live: BTreeSet<String> = BTreeSet::new();
            for (numbers, fails) in scrapes {
                let texts: Vec<String> = numbers.iter().map(|n| match n { 10 => "-x".to_owned(), 11 => "s1 ".to_owned(), n => format!("s{n}") }).collect();
                let refs: Vec<&str> = texts.iter().map(String::as_str).collect();
                let now: BTreeSet<String> =
                    if fails { BTreeSet::new() } else { texts.iter().filter(|t| !t.starts_with('-')).map(|t| t.trim().to_owned()).collect() };
                let want: Vec<String> = live.difference(&now).cloned().collect();
                prop_assert_eq!(scrape(&mut cache, &refs, fails), want);
                live = now;
            }
        }
    }
}
