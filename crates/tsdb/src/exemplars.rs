//! Exemplars: the newest ones of all series, in memory.
//!
//! A ring of fixed length, as in Prometheus: a new exemplar takes the place of the oldest one of any
//! series. They go to the log with the batch they came in. A move of the head to parts takes the log
//! away, so it leaves the ring behind in a file of its own, `EXEMPLARS`; a start reads that file and
//! then the log. What the file and the log both have is not taken twice, by the rules below.

use crate::TsdbError;
use crate::bytes::{Reader, put_i64, put_slice, put_u64};
use crate::store::Tsdb;
use hashbrown::HashMap;
use phoenix_model::{Exemplar, Labels, Matcher};
use std::collections::{BTreeMap, VecDeque};

/// What the file starts with.
const MAGIC: &[u8; 8] = b"PHXEXMP1";

const FILE: &str = "EXEMPLARS";

/// No file of exemplars is longer.
const LIMIT_BYTES: u64 = 1 << 30;

/// The most characters that the names and values of an exemplar's labels may have together, as
/// OpenMetrics has it.
const MAX_LABEL_CHARACTERS: usize = 128;

/// The newest exemplars.
pub(crate) struct ExemplarRing {
    limit: usize,
    /// In the order of writing.
    entries: VecDeque<(Labels, Exemplar)>,
    series: HashMap<Labels, Newest>,
    /// Whether the file lacks something.
    changed: bool,
}

struct Newest {
    exemplar: Exemplar,
    /// Exemplars of the series in the ring.
    count: usize,
}

/// Whether an exemplar comes behind another one of its series. An equal one is a duplicate; of those
/// at the same time the larger value counts as the later one.
fn is_behind(exemplar: &Exemplar, newest: &Exemplar) -> bool {
    exemplar.timestamp_ms > newest.timestamp_ms || exemplar.timestamp_ms == newest.timestamp_ms && exemplar.value > newest.value
}

/// Whether the labels are as short as they have to be.
fn fits(exemplar: &Exemplar) -> bool {
    exemplar.labels.iter().map(|(name, value)| name.chars().count() + value.chars().count()).sum::<usize>() <= MAX_LABEL_CHARACTERS
}

impl ExemplarRing {
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, entries: VecDeque::new(), series: HashMap::new(), changed: false }
    }

    /// Those that are new: not the newest one again, not older than it, and within the limit on labels.
    pub(crate) fn admitted(&self, labels: &Labels, exemplars: &[Exemplar]) -> Vec<Exemplar> {
        let mut kept: Vec<Exemplar> = Vec::new();
        if self.limit == 0 {
            return kept;
        }
        for exemplar in exemplars {
            let newest = kept.last().or_else(|| self.series.get(labels).map(|newest| &newest.exemplar));
            if fits(exemplar) && newest.is_none_or(|newest| is_behind(exemplar, newest)) {
                kept.push(exemplar.clone());
            }
        }
        kept
    }

    /// Adds those that are new; gives how many.
    pub(crate) fn push(&mut self, labels: &Labels, exemplars: &[Exemplar]) -> usize {
        let admitted = self.admitted(labels, exemplars);
        let number = admitted.len();
        for exemplar in admitted {
            self.changed = true;
            while self.entries.len() >= self.limit {
                let Some((oldest, _)) = self.entries.pop_front() else { break };
                if let Some(newest) = self.series.get_mut(&oldest) {
                    newest.count -= 1;
                    if newest.count == 0 {
                        self.series.remove(&oldest);
                    }
                }
            }
            match self.series.get_mut(labels) {
                Some(newest) => {
                    newest.exemplar = exemplar.clone();
                    newest.count += 1;
                }
                None => {
                    self.series.insert(labels.clone(), Newest { exemplar: exemplar.clone(), count: 1 });
                }
            }
            self.entries.push_back((labels.clone(), exemplar));
        }
        number
    }

    /// The exemplars of the series that match any of the sets, by series.
    fn select(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64) -> Vec<(Labels, Vec<Exemplar>)> {
        let matches = |labels: &&Labels| sets.iter().any(|set| set.iter().all(|matcher| matcher.matches_labels(labels)));
        let mut found: BTreeMap<&Labels, Vec<Exemplar>> = self.series.keys().filter(matches).map(|labels| (labels, Vec::new())).collect();
        if found.is_empty() {
            return Vec::new();
        }
        for (labels, exemplar) in self.entries.iter().filter(|(_, e)| e.timestamp_ms >= start_ms && e.timestamp_ms <= end_ms) {
            if let Some(exemplars) = found.get_mut(labels) {
                exemplars.push(exemplar.clone());
            }
        }
        found.into_iter().filter(|(_, exemplars)| !exemplars.is_empty()).map(|(labels, exemplars)| (labels.clone(), exemplars)).collect()
    }

    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn encode(&self) -> Vec<u8> {
        let mut out = MAGIC.to_vec();
        put_u64(&mut out, self.entries.len() as u64);
        for (labels, exemplar) in &self.entries {
            put_slice(&mut out, labels.as_bytes());
            put_exemplar(exemplar, &mut out);
        }
        let crc = crc32fast::hash(&out);
        out.extend_from_slice(&crc.to_le_bytes());
        out
    }

    /// Adds what a file has; `None` when it is damaged.
    fn decode(&mut self, bytes: &[u8]) -> Option<()> {
        let (body, crc) = bytes.split_last_chunk::<4>()?;
        if crc32fast::hash(body) != u32::from_le_bytes(*crc) {
            return None;
        }
        let mut reader = Reader::new(body.strip_prefix(MAGIC)?);
        for _ in 0..reader.count()? {
            let labels = Labels::from_bytes(reader.slice()?)?;
            let exemplar = read_exemplar(&mut reader)?;
            self.push(&labels, &[exemplar]);
        }
        self.changed = false;
        reader.rest.is_empty().then_some(())
    }
}

/// Appends an exemplar without its series.
pub(crate) fn put_exemplar(exemplar: &Exemplar, out: &mut Vec<u8>) {
    put_slice(out, exemplar.labels.as_bytes());
    put_i64(out, exemplar.timestamp_ms);
    out.extend_from_slice(&exemplar.value.to_bits().to_le_bytes());
}

/// Reads an exemplar; `None` when it is none.
pub(crate) fn read_exemplar(reader: &mut Reader<'_>) -> Option<Exemplar> {
    let labels = Labels::from_bytes(reader.slice()?)?;
    Some(Exemplar { labels, timestamp_ms: reader.i64()?, value: f64::from_bits(reader.fixed_u64()?) })
}

impl Tsdb {
    /// The exemplars with `start_ms <= t <= end_ms` of the series that match all matchers of any of the
    /// sets: sorted by the labels of the series, those of one series by time.
    pub fn exemplars(&self, sets: &[Vec<Matcher>], start_ms: i64, end_ms: i64) -> Vec<(Labels, Vec<Exemplar>)> {
        let start_ms = start_ms.max(self.options.oldest_ms(self.clock.now_ms()));
        self.exemplars.lock().select(sets, start_ms, end_ms)
    }

    /// Reads the file; a damaged one is put aside and reported.
    pub(crate) fn load_exemplars(&self) -> Result<(), TsdbError> {
        let path = self.folder.root.join(FILE);
        let bytes = match self.disk.read(&path, LIMIT_BYTES) {
            Err(error) if error.is_not_found() => return Ok(()),
            read => read?,
        };
        let mut ring = ExemplarRing::new(self.options.max_exemplars);
        if ring.decode(&bytes).is_some() {
            *self.exemplars.lock() = ring;
        } else {
            self.disk.rename(&path, &self.folder.root.join(format!("{FILE}.corrupt")))?;
            self.report(FILE, format!("it is damaged and was renamed to {FILE}.corrupt; its exemplars are missing from answers"));
        }
        Ok(())
    }

    /// Writes the file when the ring has changed since the last time.
    pub(crate) fn store_exemplars(&self) -> Result<(), TsdbError> {
        let bytes = {
            let mut ring = self.exemplars.lock();
            if !ring.changed {
                return Ok(());
            }
            // What comes from here on stands in the log as well.
            ring.changed = false;
            ring.encode()
        };
        let written = self.disk.write_atomic(&self.folder.root.join(FILE), &bytes);
        if written.is_err() {
            self.exemplars.lock().changed = true;
        }
        Ok(written?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn labels(series: &str) -> Labels {
        Labels::from_pairs([("__name__", "m"), ("s", series)])
    }

    fn exemplar(trace: &str, value: f64, timestamp_ms: i64) -> Exemplar {
        Exemplar { labels: Labels::from_pairs([("trace_id", trace)]), value, timestamp_ms }
    }

    fn all(ring: &ExemplarRing) -> Vec<String> {
        let found = ring.select(&[vec![]], i64::MIN, i64::MAX);
        found
            .iter()
            .flat_map(|(s, es)| es.iter().map(move |e| format!("{} {} {}@{}", s.value("s"), e.labels, e.value, e.timestamp_ms)))
            .collect()
    }

    #[test]
    fn duplicates_and_older_ones_are_left_out() {
        let mut ring = ExemplarRing::new(10);
        for (exemplar, new) in [
            (exemplar("a", 1.0, 10), 1),
            (exemplar("a", 1.0, 10), 0),
            (exemplar("b", 2.0, 9), 0),
            (exemplar("b", 0.5, 10), 0),
            (exemplar("b", 2.0, 10), 1),
            (exemplar("a", 1.0, 11), 1),
            (exemplar(&"x".repeat(121), 1.0, 20), 0),
            (exemplar(&"é".repeat(120), 1.0, 20), 1),
        ] {
            assert_eq!(ring.push(&labels("1"), std::slice::from_ref(&exemplar)), new, "{exemplar:?}");
        }
        assert_eq!(ring.push(&labels("2"), &[exemplar("c", 1.0, 5), exemplar("c", 1.0, 5), exemplar("d", 1.0, 4)]), 1);
        assert_eq!(all(&ring)[..2], ["1 {trace_id=\"a\"} 1@10", "1 {trace_id=\"b\"} 2@10"]);
        assert_eq!(ring.select(&[vec![Matcher::equal("s", "2")], vec![Matcher::equal("s", "3")]], 0, 9).len(), 1);
        assert_eq!(ring.select(&[vec![Matcher::equal("s", "2")]], 6, 9).len(), 0);
    }

    #[test]
    fn the_oldest_leave() {
        let mut ring = ExemplarRing::new(3);
        for (series, t) in [("1", 1), ("2", 2), ("2", 3), ("3", 4), ("2", 5)] {
            ring.push(&labels(series), &[exemplar("a", 1.0, t)]);
        }
        assert_eq!(all(&ring), ["2 {trace_id=\"a\"} 1@3", "2 {trace_id=\"a\"} 1@5", "3 {trace_id=\"a\"} 1@4"]);
        assert_eq!(ring.series.len(), 2, "what has no exemplars is forgotten");
        let mut none = ExemplarRing::new(0);
        assert_eq!(none.push(&labels("1"), &[exemplar("a", 1.0, 1)]), 0);
    }

    proptest! {
        #[test]
        fn a_file_gives_the_ring_back_and_damage_is_noticed(
            pushed in prop::collection::vec((0_u8..3, 0_i64..50, any::<f64>()), 0..40), at: prop::sample::Index, bit in 0_u8..8,
        ) {
            let mut ring = ExemplarRing::new(20);
            for (series, t, value) in pushed {
                ring.push(&labels(&series.to_string()), &[exemplar("a", value, t)]);
            }
            let mut bytes = ring.encode();
            let mut again = ExemplarRing::new(20);
            prop_assert!(again.decode(&bytes).is_some());
            prop_assert_eq!(again.encode(), bytes.clone());
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
            prop_assert!(ExemplarRing::new(20).decode(&bytes).is_none());
            prop_assert!(ExemplarRing::new(20).decode(&bytes[..at]).is_none());
        }
    }
}
