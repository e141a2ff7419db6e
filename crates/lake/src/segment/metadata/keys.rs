//! Names of metadata that occur, how often, and in which pages.

use crate::table::encoding::{Input, put_varint};
use crate::table::layout::{put_text, take_text};
use hashbrown::HashMap;
use phoenix_model::LabelsRef;

/// The most keys that are known of one segment.
const MAX_KEYS: usize = 1000;
/// The most bytes of them.
const MAX_KEY_BYTES: usize = 64 << 10;
/// A key gets a column when one entry in so many has it.
const RARE: u64 = 50;
/// Fewer entries are not worth what a column takes in Parquet's own description of the file.
const FEW: u64 = 16;
/// A longer key makes no good name of a column.
const COLUMN_KEY_BYTES: usize = 128;
/// Up to so many keys each page says which of them it has.
const PAGE_KEYS: usize = u64::BITS as usize;

/// Counts keys, within bounds.
#[derive(Debug, Default)]
pub(crate) struct KeyCounts {
    /// The number of each key, in the order in which they came.
    numbers: HashMap<Box<str>, usize>,
    counts: Vec<u64>,
    bytes: usize,
    /// Whether keys were left out.
    cut: bool,
}

/// The keys of a segment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::segment) struct Keys {
    /// Ascending, each with the number of entries that have it.
    pub list: Vec<(String, u64)>,
    /// Whether these are all.
    pub complete: bool,
}

impl KeyCounts {
    /// Adds a key that some entries have; gives its number, or nothing beyond the bounds.
    pub(super) fn add(&mut self, key: &str, entries: u64) -> Option<usize> {
        let number = if let Some(number) = self.numbers.get(key) {
            *number
        } else {
            if self.counts.len() >= MAX_KEYS || self.bytes + key.len() > MAX_KEY_BYTES {
                self.cut = true;
                return None;
            }
            self.bytes += key.len();
            self.numbers.insert(key.into(), self.counts.len());
            self.counts.push(0);
            self.counts.len() - 1
        };
        self.counts[number] = self.counts[number].saturating_add(entries);
        Some(number)
    }

    /// Adds the keys of some entries that have the same metadata.
    pub(crate) fn add_set(&mut self, metadata: LabelsRef<'_>, entries: u64) {
        for (key, _) in metadata {
            self.add(key, entries);
        }
    }

    /// Adds what another segment says.
    pub(in crate::segment) fn add_keys(&mut self, keys: &Keys) {
        for (key, entries) in &keys.list {
            self.add(key, *entries);
        }
        self.cut |= !keys.complete;
    }

    /// The keys that get columns in a segment of so many entries, at most `most`: ascending.
    pub(crate) fn columns(&self, entries: u64, most: usize) -> Vec<String> {
        let is_name = |key: &str| !key.is_empty() && key.len() <= COLUMN_KEY_BYTES && !key.contains(char::is_control);
        let mut frequent: Vec<(u64, &str)> = self.numbers.iter().map(|(key, number)| (self.counts[*number], key.as_ref())).collect();
        frequent.retain(|(count, key)| *count >= (entries / RARE).max(FEW) && is_name(key));
        frequent.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
        // Many programs do not tell the names of columns apart by case.
        let mut names: Vec<String> = Vec::new();
        frequent.retain(|(_, key)| {
            let name = key.to_lowercase();
            let new = !names.contains(&name);
            names.push(name);
            new
        });
        frequent.truncate(most);
        let mut columns: Vec<String> = frequent.into_iter().map(|(_, key)| key.to_owned()).collect();
        columns.sort_unstable();
        columns
    }

    /// The keys, and what becomes of a page's set of them, in which bits are numbers.
    pub(in crate::segment) fn finish(self) -> (Keys, impl Fn(u64) -> Option<u64>) {
        let mut list: Vec<(String, usize)> = self.numbers.into_iter().map(|(key, number)| (key.into(), number)).collect();
        list.sort_unstable();
        let mut places = vec![0; list.len()];
        for (place, (_, number)) in list.iter().enumerate() {
            places[*number] = place;
        }
        let short = !self.cut && list.len() <= PAGE_KEYS;
        let renumber = move |bits: u64| {
            let bit = |(number, place): (usize, &usize)| if bits >> number & 1 == 1 { 1_u64 << place } else { 0 };
            short.then(|| places.iter().enumerate().map(bit).sum())
        };
        (Keys { list: list.into_iter().map(|(key, number)| (key, self.counts[number])).collect(), complete: !self.cut }, renumber)
    }
}

/// The bit of a key in a page's set; zero for one that sets cannot tell.
pub(super) fn bit(number: Option<usize>) -> u64 {
    number.filter(|number| *number < PAGE_KEYS).map_or(0, |number| 1 << number)
}

impl Keys {
    /// Whether pages say which keys they have.
    pub(in crate::segment) fn are_short(&self) -> bool {
        self.complete && self.list.len() <= PAGE_KEYS
    }

    /// Whether a page may have a key; `page` is its set, if there is one.
    pub(in crate::segment) fn may_have(&self, page: Option<u64>, key: &str) -> bool {
        match self.list.binary_search_by(|(known, _)| known.as_str().cmp(key)) {
            Ok(place) => page.is_none_or(|bits| bits >> place & 1 == 1),
            Err(_) => !self.complete,
        }
    }

    /// Memory that it takes, roughly.
    pub(in crate::segment) fn size_bytes(&self) -> usize {
        self.list.iter().map(|(key, _)| key.len() + size_of::<(String, u64)>()).sum()
    }

    pub(in crate::segment) fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(self.complete));
        put_varint(out, self.list.len() as u64);
        for (key, entries) in &self.list {
            put_text(out, key.as_bytes());
            put_varint(out, *entries);
        }
    }

    /// Reads what [`Keys::put`] wrote. `None` when it makes no sense.
    pub(in crate::segment) fn take(input: &mut Input<'_>) -> Option<Self> {
        let complete = match input.byte()? {
            0 => false,
            1 => true,
            _ => return None,
        };
        let count = input.count(1)?;
        let mut list = Vec::with_capacity(count);
        for _ in 0..count {
            let key = std::str::from_utf8(take_text(input)?).ok()?.to_owned();
            list.push((key, input.varint()?));
        }
        list.is_sorted_by(|a, b| a.0 < b.0).then_some(Self { list, complete })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..60)) {
            let _ = Keys::take(&mut Input::new(&bytes));
        }
    }

    fn counted(keys: &[(&str, u64)]) -> KeyCounts {
        let mut counts = KeyCounts::default();
        for (key, entries) in keys {
            counts.add(key, *entries);
        }
        counts
    }

    #[test]
    fn frequent_keys_get_columns() {
        let long = "k".repeat(COLUMN_KEY_BYTES + 1);
        let check = |keys: &[(&str, u64)], entries, most, want: &[&str]| assert_eq!(counted(keys).columns(entries, most), want, "{keys:?}");
        check(&[("b", 20), ("a", 16), ("c", 15)], 30, 9, &["a", "b"]);
        check(&[("b", 199), ("a", 200)], 10_000, 9, &["a"]);
        check(&[("c", 30), ("b", 50), ("a", 40)], 60, 2, &["a", "b"]);
        check(&[("c", 30), ("b", 30), ("a", 30)], 60, 2, &["a", "b"]);
        check(&[("Id", 30), ("id", 40), ("", 50), ("x\ny", 50), (&long, 50)], 60, 9, &["id"]);
        check(&[("a", 30)], 60, 0, &[]);
    }

    #[test]
    fn many_keys_are_cut_and_pages_say_nothing_then() {
        let mut counts = KeyCounts::default();
        for number in 0..MAX_KEYS + 5 {
            counts.add(&format!("key {number:04}"), 1);
        }
        let (keys, renumber) = counts.finish();
        assert_eq!((keys.list.len(), keys.complete, renumber(1)), (MAX_KEYS, false, None));
        assert!(keys.may_have(None, "key 0001") && keys.may_have(None, "another"));
        let mut counts = KeyCounts::default();
        for number in 0..=PAGE_KEYS {
            counts.add(&number.to_string(), 1);
        }
        let (keys, renumber) = counts.finish();
        assert!(keys.complete && renumber(1).is_none() && !keys.may_have(None, "another"));
        let mut long = KeyCounts::default();
        assert!(long.add(&"k".repeat(MAX_KEY_BYTES), 1).is_some() && long.add("k", 1).is_none());
    }

    #[test]
    fn pages_say_which_keys_they_have() {
        let (keys, renumber) = counted(&[("z", 1), ("a", 2), ("m", 3)]).finish();
        let page = renumber(bit(Some(0)) | bit(Some(2)));
        let has = |key| keys.may_have(page, key);
        assert_eq!(["z", "a", "m", "x"].map(has), [true, false, true, false]);
        let mut bytes = Vec::new();
        keys.put(&mut bytes);
        assert_eq!(Keys::take(&mut Input::new(&bytes)), Some(keys));
        for (at, byte) in [(0, 2), (1, 9), (3, b'n')] {
            let mut wrong = bytes.clone();
            wrong[at] = byte;
            assert_eq!(Keys::take(&mut Input::new(&wrong)), None, "{at}");
        }
    }
}
