//! A set of labels in one allocation.
//!
//! The pairs stand in one byte string, sorted by name: varint length, name, varint length, value,
//! and so on. Two sets are equal when their bytes are, so equality and hashing need no parsing,
//! and a clone is a reference count.

use std::borrow::Cow;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::{Arc, OnceLock};

/// The label that holds the metric's name.
pub const METRIC_NAME: &str = "__name__";

/// An immutable, sorted set of labels. No name occurs twice and no value is empty:
/// in Prometheus' data model an empty value means that the label is absent.
#[derive(Clone)]
pub struct Labels {
    bytes: Arc<[u8]>,
}

impl Labels {
    /// The set without labels.
    pub fn empty() -> Self {
        static EMPTY: OnceLock<Labels> = OnceLock::new();
        EMPTY.get_or_init(|| Self { bytes: Arc::from(&[][..]) }).clone()
    }

    /// Builds a set from pairs in any order; a later pair replaces an earlier one of the same
    /// name, and pairs with an empty value are left out.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(pairs: impl IntoIterator<Item = (N, V)>) -> Self {
        let mut builder = LabelsBuilder::default();
        for (name, value) in pairs {
            builder.set(name.as_ref(), value.as_ref());
        }
        builder.build()
    }

    /// The packed form: stable within one version of Phoenix, and what the stores hash.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Reads the packed form back.
    ///
    /// Returns `None` when the bytes are not a well-formed, strictly sorted set of labels.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        LabelsRef::checked(bytes)?;
        Some(Self { bytes: Arc::from(bytes) })
    }

    /// The pairs, sorted by name.
    pub fn iter(&self) -> Iter<'_> {
        Iter { rest: &self.bytes }
    }

    /// The value of a label; `None` when it is absent.
    pub fn get(&self, name: &str) -> Option<&str> {
        for (n, v) in self {
            if n == name {
                return Some(v);
            }
            if n > name {
                return None;
            }
        }
        None
    }

    /// The value of a label, or the empty string when it is absent.
    pub fn value(&self, name: &str) -> &str {
        self.get(name).unwrap_or("")
    }

    /// The metric's name, or the empty string.
    pub fn metric_name(&self) -> &str {
        self.value(METRIC_NAME)
    }

    /// The number of labels.
    pub fn len(&self) -> usize {
        self.iter().count()
    }

    /// Whether there is no label.
    pub fn is_empty(&self) -> bool {
        self.bytes.is_empty()
    }

    /// The set with only those labels for which `keep(name)` holds.
    #[must_use]
    pub fn filter(&self, mut keep: impl FnMut(&str) -> bool) -> Self {
        let mut bytes = Vec::with_capacity(self.bytes.len());
        for (name, value) in self {
            if keep(name) {
                push_str(&mut bytes, name);
                push_str(&mut bytes, value);
            }
        }
        if bytes.len() == self.bytes.len() { self.clone() } else { Self { bytes: bytes.into() } }
    }

    /// The set without the metric's name.
    #[must_use]
    pub fn without_name(&self) -> Self {
        self.filter(|name| name != METRIC_NAME)
    }

    /// A builder that starts from this set.
    pub fn to_builder(&self) -> LabelsBuilder {
        LabelsBuilder { pairs: self.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect() }
    }
}

impl Labels {
    /// The same set, borrowed.
    pub fn as_ref(&self) -> LabelsRef<'_> {
        LabelsRef { bytes: &self.bytes }
    }
}

/// A borrowed set of labels, in the packed form of [`Labels::as_bytes`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct LabelsRef<'a> {
    bytes: &'a [u8],
}

impl<'a> LabelsRef<'a> {
    /// The set without labels.
    pub const EMPTY: LabelsRef<'static> = LabelsRef { bytes: &[] };

    /// Bytes that come from [`Labels::as_bytes`] or [`LabelsRef::as_bytes`]. Reading pairs of any
    /// other bytes panics; bytes of a file go through [`LabelsRef::checked`] or a checksum first.
    pub fn trusted(bytes: &'a [u8]) -> Self {
        Self { bytes }
    }

    /// `None` when the bytes are not a well-formed, strictly sorted set of labels.
    pub fn checked(bytes: &'a [u8]) -> Option<Self> {
        let mut rest = bytes;
        let mut previous: Option<&str> = None;
        while !rest.is_empty() {
            let name = checked_str(&mut rest)?;
            let value = checked_str(&mut rest)?;
            if previous.is_some_and(|p| p >= name) || value.is_empty() {
                return None;
            }
            previous = Some(name);
        }
        Some(Self { bytes })
    }

    /// Packs pairs, in any order, into `out`, which is emptied first, and gives what stands there.
    /// As in [`Labels::from_pairs`] a later pair replaces an earlier one of the same name, and pairs
    /// with an empty value are left out. Sorts `pairs` on the way. For those who pack often and
    /// would rather not allocate.
    pub fn pack<N: AsRef<str>, V: AsRef<str>>(pairs: &mut [(N, V)], out: &'a mut Vec<u8>) -> Self {
        out.clear();
        pairs.sort_by(|a, b| a.0.as_ref().cmp(b.0.as_ref()));
        for (i, (name, value)) in pairs.iter().enumerate() {
            let replaced = pairs.get(i + 1).is_some_and(|(next, _)| next.as_ref() == name.as_ref());
            if !replaced && !value.as_ref().is_empty() {
                push_str(out, name.as_ref());
                push_str(out, value.as_ref());
            }
        }
        Self { bytes: out }
    }

    /// The packed form.
    pub fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// Whether there is no label.
    pub fn is_empty(self) -> bool {
        self.bytes.is_empty()
    }

    /// The pairs, sorted by name.
    pub fn iter(self) -> Iter<'a> {
        Iter { rest: self.bytes }
    }

    /// The value of a label; `None` when it is absent.
    pub fn get(self, name: &str) -> Option<&'a str> {
        self.iter().take_while(|(n, _)| *n <= name).find(|(n, _)| *n == name).map(|(_, value)| value)
    }

    /// A set of its own.
    pub fn to_labels(self) -> Labels {
        if self.bytes.is_empty() { Labels::empty() } else { Labels { bytes: self.bytes.into() } }
    }
}

impl<'a> IntoIterator for LabelsRef<'a> {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

/// Collects labels in any order.
#[derive(Debug, Clone, Default)]
pub struct LabelsBuilder {
    pairs: Vec<(String, String)>,
}

impl LabelsBuilder {
    /// Sets a label; an empty value removes it.
    pub fn set(&mut self, name: &str, value: &str) -> &mut Self {
        if value.is_empty() {
            return self.remove(name);
        }
        match self.pairs.iter_mut().find(|(n, _)| n == name) {
            Some((_, v)) => value.clone_into(v),
            None => self.pairs.push((name.to_owned(), value.to_owned())),
        }
        self
    }

    /// Removes a label.
    pub fn remove(&mut self, name: &str) -> &mut Self {
        self.pairs.retain(|(n, _)| n != name);
        self
    }

    /// The current value of a label, or the empty string.
    pub fn value(&self, name: &str) -> &str {
        self.pairs.iter().find(|(n, _)| n == name).map_or("", |(_, v)| v)
    }

    /// The pairs collected so far, in no particular order.
    pub fn pairs(&self) -> impl Iterator<Item = (&str, &str)> {
        self.pairs.iter().map(|(n, v)| (n.as_str(), v.as_str()))
    }

    /// The finished set.
    pub fn build(mut self) -> Labels {
        self.pairs.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        let size = self.pairs.iter().map(|(n, v)| n.len() + v.len() + 4).sum();
        let mut bytes = Vec::with_capacity(size);
        for (name, value) in &self.pairs {
            push_str(&mut bytes, name);
            push_str(&mut bytes, value);
        }
        Labels { bytes: bytes.into() }
    }
}

/// Iterates over the pairs of a [`Labels`].
pub struct Iter<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Iter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let name = checked_str(&mut self.rest).expect("labels are checked when built");
        let value = checked_str(&mut self.rest).expect("labels are checked when built");
        Some((name, value))
    }
}

impl<'a> IntoIterator for &'a Labels {
    type Item = (&'a str, &'a str);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        self.iter()
    }
}

fn push_str(out: &mut Vec<u8>, text: &str) {
    put_varint(text.len(), out);
    out.extend_from_slice(text.as_bytes());
}

fn checked_str<'a>(rest: &mut &'a [u8]) -> Option<&'a str> {
    let length = take_varint(rest)?;
    let (text, tail) = rest.split_at_checked(length)?;
    *rest = tail;
    std::str::from_utf8(text).ok()
}

/// Writes a length, seven bits a byte, lowest first.
pub(crate) fn put_varint(mut length: usize, out: &mut Vec<u8>) {
    while length >= 0x80 {
        out.push((length as u8) | 0x80);
        length >>= 7;
    }
    out.push(length as u8);
}

/// Takes a length of up to 35 bits from the front; `None` when it is torn, longer, or not in its shortest form.
pub(crate) fn take_varint(rest: &mut &[u8]) -> Option<usize> {
    let mut length = 0_usize;
    let mut shift = 0;
    loop {
        let (&byte, tail) = rest.split_first()?;
        *rest = tail;
        length |= usize::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            // A length has one form only, since equality and hashes are those of the bytes.
            if byte == 0 && shift > 0 {
                return None;
            }
            break;
        }
        shift += 7;
        if shift > 28 {
            return None;
        }
    }
    Some(length)
}

impl PartialEq for Labels {
    fn eq(&self, other: &Self) -> bool {
        self.bytes == other.bytes
    }
}

impl Eq for Labels {}

impl Hash for Labels {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.bytes.hash(state);
    }
}

impl PartialOrd for Labels {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Ordered as Prometheus orders labels: pair by pair, name before value, shorter first.
impl Ord for Labels {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.iter().cmp(other.iter())
    }
}

impl Default for Labels {
    fn default() -> Self {
        Self::empty()
    }
}

/// Whether a label's name fits the classic pattern `[a-zA-Z_][a-zA-Z0-9_]*`.
pub fn is_legacy_label_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_') && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_')
}

/// Whether a metric's name fits the classic pattern `[a-zA-Z_:][a-zA-Z0-9_:]*`.
pub fn is_legacy_metric_name(name: &str) -> bool {
    let mut bytes = name.bytes();
    bytes.next().is_some_and(|b| b.is_ascii_alphabetic() || b == b'_' || b == b':')
        && bytes.all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b':')
}

/// Written as in PromQL: `up{instance="a:1",job="x"}`; names outside the classic pattern are quoted.
impl fmt::Display for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let metric = self.get(METRIC_NAME);
        let bare = metric.is_none_or(is_legacy_metric_name);
        if let (Some(metric), true) = (metric, bare) {
            f.write_str(metric)?;
        }
        let mut pairs = self.iter().filter(|(n, _)| *n != METRIC_NAME).peekable();
        if metric.is_some() && bare && pairs.peek().is_none() {
            return Ok(());
        }
        f.write_str("{")?;
        let mut first = true;
        if let (Some(metric), false) = (metric, bare) {
            write!(f, "{metric:?}")?;
            first = false;
        }
        for (name, value) in pairs {
            if !first {
                f.write_str(",")?;
            }
            first = false;
            let name: Cow<'_, str> = if is_legacy_label_name(name) { name.into() } else { format!("{name:?}").into() };
            write!(f, "{name}=\"{}\"", escape(value))?;
        }
        f.write_str("}")
    }
}

fn escape(value: &str) -> Cow<'_, str> {
    if value.contains(['"', '\\', '\n']) {
        value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n").into()
    } else {
        value.into()
    }
}

impl fmt::Debug for Labels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A map from name to value, as in Prometheus' HTTP API.
impl serde::Serialize for Labels {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.iter())
    }
}

impl<'de> serde::Deserialize<'de> for Labels {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let pairs = std::collections::BTreeMap::<String, String>::deserialize(deserializer)?;
        Ok(Self::from_pairs(pairs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn display_follows_promql() {
        for (pairs, want) in [
            (vec![], "{}"),
            (vec![("__name__", "up")], "up"),
            (vec![("job", "b"), ("__name__", "up"), ("a", "1")], "up{a=\"1\",job=\"b\"}"),
            (vec![("job", "say \"hi\"\n")], "{job=\"say \\\"hi\\\"\\n\"}"),
            (vec![("__name__", "http.requests"), ("job", "b")], "{\"http.requests\",job=\"b\"}"),
            (vec![("a.b", "c")], "{\"a.b\"=\"c\"}"),
        ] {
            assert_eq!(Labels::from_pairs(pairs).to_string(), want);
        }
    }

    #[test]
    fn empty_values_are_absent() {
        let labels = Labels::from_pairs([("a", "1"), ("b", ""), ("a", "")]);
        assert!(labels.is_empty());
        assert_eq!(labels, Labels::empty());
    }

    #[test]
    fn torn_bytes_are_refused() {
        let whole = Labels::from_pairs([("a", "1"), ("b", "2")]);
        for cut in 1..whole.as_bytes().len() {
            if cut == 4 {
                continue; // the first pair alone is well-formed
            }
            assert!(Labels::from_bytes(&whole.as_bytes()[..cut]).is_none(), "cut at {cut}");
        }
        assert!(Labels::from_bytes(b"\x01b\x011\x01a\x011").is_none(), "unsorted");
        assert!(Labels::from_bytes(b"\xff\xff\xff\xff\xff\xff").is_none(), "length without end");
        assert!(Labels::from_bytes(b"\x81\x00a\x011").is_none(), "a second form of the same labels");
    }

    proptest! {
        #[test]
        fn bytes_round_trip(pairs in prop::collection::btree_map(".{0,200}", ".{1,200}", 0..8)) {
            let labels = Labels::from_pairs(&pairs);
            prop_assert_eq!(Labels::from_bytes(labels.as_bytes()), Some(labels.clone()));
            prop_assert_eq!(labels.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect::<std::collections::BTreeMap<_, _>>(), pairs);
        }

        #[test]
        fn packing_is_building(pairs in prop::collection::vec(("[ab]{1,2}", "[xy]{0,2}"), 0..8)) {
            let built = Labels::from_pairs(pairs.iter().map(|(n, v)| (n.as_str(), v.as_str())));
            let mut out = vec![7];
            prop_assert_eq!(LabelsRef::pack(&mut pairs.clone(), &mut out).to_labels(), built);
        }

        #[test]
        fn arbitrary_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
            if let Some(labels) = Labels::from_bytes(&bytes) {
                let _ = labels.to_string();
            }
        }
    }
}
