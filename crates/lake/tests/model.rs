//! The store beside a list of entries, through random writes, flushes, merges, deletes, passing time
//! and restarts, each replayed by its seed: whatever is asked, both give the same answer.

mod support;

use phoenix_env::{Clock, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeOptions, Retention, StreamRetention, Tombstone};
use phoenix_model::logs::{Direction, LineFilter, LinePattern, LogBatch, LogSelect, LogVisitor, ReadError};
use phoenix_model::{Labels, MatchOp, Matcher};
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;
use support::*;

struct World {
    disk: SimDisk,
    clock: Arc<SimClock>,
    random: Random,
    entries: Vec<Input>,
    deletes: Vec<(String, Tombstone)>,
    retention: Retention,
    /// The labels of each stream.
    labels: Vec<Labels>,
}

/// The value of one name of metadata, by stream, time and line.
struct Named<'a>(&'a str, BTreeMap<(String, i64, String), Option<String>>);

impl LogVisitor for Named<'_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        for (i, timestamp_ns) in batch.timestamps_ns.iter().enumerate() {
            let value = batch.metadata[i].get(self.0).map(str::to_owned);
            self.1.insert((batch.stream.labels.to_string(), *timestamp_ns, batch.lines[i].to_owned()), value);
        }
        Ok(())
    }
}

impl World {
    fn now_ns(&self) -> i64 {
        self.clock.now_ms() * 1_000_000
    }

    fn open(&self) -> Lake {
        let options = LakeOptions {
            retention: self.retention.clone(),
            delete_cancel_period: Duration::from_mins(20),
            flush_after: Duration::from_mins(30),
            memtable_bytes: 128 << 10,
            ..options()
        };
        open_with(&self.disk, &self.clock, options, objects_of(&self.disk)).unwrap()
    }

    fn matchers(&mut self) -> Vec<Matcher> {
        match self.random.below(4) {
            0 => vec![],
            1 => vec![Matcher::equal("host", format!("host-{}", self.random.below(8)))],
            2 => vec![Matcher::new("app", MatchOp::Regex, "app-[0-2]").unwrap()],
            _ => vec![Matcher::new("host", MatchOp::NotEqual, format!("host-{}", self.random.below(8))).unwrap()],
        }
    }

    fn filters(&mut self) -> Vec<LineFilter> {
        (0..self.random.below(3))
            .map(|_| {
                let text = format!("request {}", self.random.below(10));
                let pattern = match self.random.below(3) {
                    0 => LinePattern::Contains(text),
                    1 => LinePattern::Contains(self.random.below(10).to_string()),
                    _ => LinePattern::Regex(regex::Regex::new("took [0-9]{2}ms").unwrap()),
                };
                LineFilter { negated: self.random.below(2) == 0, alternatives: vec![pattern] }
            })
            .collect()
    }

    /// Adds a name that many entries have, and some that few have.
    fn metadata(&mut self, mut metadata: Vec<(String, String)>) -> Vec<(String, String)> {
        if self.random.below(2) == 0 {
            metadata.push(("method".to_owned(), ["GET", "PO\"ST\\", "é"][self.random.below(3) as usize].to_owned()));
        }
        if self.random.below(20) == 0 {
            metadata.push((format!("key {}", self.random.below(10)), "rare".to_owned()));
        }
        metadata
    }

    fn random_retention(&mut self) -> Retention {
        let rule = |random: &mut Random| StreamRetention {
            matchers: vec![Matcher::equal("host", format!("host-{}", random.below(7)))],
            period: Duration::from_mins(random.below(400)),
            priority: random.below(3) as i32,
        };
        let default = [None, Some(Duration::from_hours(4)), Some(Duration::from_hours(30))][self.random.below(3) as usize];
        let streams = (0..self.random.below(3)).map(|_| rule(&mut self.random)).collect();
        Retention { default, streams, max_bytes: None }
    }

    /// When entries of a stream are too old, by the rules in words.
    fn cutoff_ns(&self, entry: &Input) -> i64 {
        let labels = &self.labels[entry.stream as usize];
        let matching = self.retention.streams.iter().filter(|rule| rule.matchers.iter().all(|m| m.matches_labels(labels)));
        let keep = |period: Duration| if period.is_zero() { None } else { Some(period) };
        let highest = matching.clone().map(|rule| rule.priority).max();
        let chosen = matching.filter(|rule| Some(rule.priority) == highest).map(|rule| rule.period);
        // Zero keeps everything, so it is the longest.
        let shortest = chosen.min_by_key(|period| keep(*period).unwrap_or(Duration::MAX));
        let period = shortest.or(self.retention.default).and_then(keep);
        period.map_or(i64::MIN, |period| self.now_ns() - period.as_nanos() as i64)
    }

    /// What readers may see.
    fn visible(&self) -> Vec<&Input> {
        let hidden = |e: &Input| {
            let labels = &self.labels[e.stream as usize];
            self.deletes.iter().any(|(_, t)| t.matchers.iter().all(|m| m.matches_labels(labels)) && t.covers(e.timestamp_ns, &e.line))
        };
        self.entries.iter().filter(|e| e.timestamp_ns >= self.cutoff_ns(e) && !hidden(e)).collect()
    }

    /// What is asked of one name of metadata. `entries` are those of the streams and the time.
    fn check_names(&mut self, store: &Lake, select: &LogSelect<'_>, entries: &[Input], context: &str) {
        let names = [["trace_id", "method", "key 7", "no such key"][self.random.below(4) as usize].to_owned()];
        let value = |e: &Input| e.metadata.iter().find(|(name, _)| *name == names[0]).map(|(_, value)| value.clone());
        let may = store.may_have_metadata(Some(&[names[0].as_str()]), select.start_ns, select.end_ns);
        assert!(may || entries.iter().all(|e| value(e).is_none()), "{context}: {names:?} of {select:?}");
        let hints: Vec<String> = if self.random.below(2) == 0 { entries.iter().find_map(value).into_iter().collect() } else { Vec::new() };
        let select = LogSelect { hints: &hints, filters: &[], metadata_names: Some(&names), ..select.clone() };
        let mut got = Named(&names[0], BTreeMap::new());
        with_limits(|limits| store.read(&select, limits, &mut got)).unwrap();
        for entry in entries {
            let key = (self.labels[entry.stream as usize].to_string(), entry.timestamp_ns, entry.line.clone());
            match got.1.remove(&key) {
                Some(found) => assert_eq!(found, value(entry), "{context}: {key:?} of {select:?}"),
                None => assert!(!hints.is_empty() && value(entry).as_ref() != hints.first(), "{context}: {key:?} of {select:?}"),
            }
        }
        assert!(got.1.is_empty(), "{context}: {:?} of {select:?}", got.1);
    }

    fn check(&mut self, store: &Lake, context: &str) {
        let (matchers, filters) = (self.matchers(), self.filters());
        let now_ns = self.now_ns();
        let a = now_ns - self.random.below(40 * 3600 * SECOND_NS as u64) as i64;
        let b = now_ns - self.random.below(3600 * SECOND_NS as u64) as i64;
        let (start_ns, end_ns) = if self.random.below(3) == 0 { (i64::MIN, i64::MAX) } else { (a.min(b), a.max(b)) };
        let direction = [None, Some(Direction::Forward), Some(Direction::Backward)][self.random.below(3) as usize];
        let of_streams = |e: &&Input| matchers.iter().all(|m| m.matches_labels(&self.labels[e.stream as usize]));
        let visible: Vec<Input> = self.visible().into_iter().filter(of_streams).cloned().collect();
        let in_range = |e: &&Input| start_ns <= e.timestamp_ns && e.timestamp_ns < end_ns;
        let wanted: Vec<Input> = visible.iter().filter(in_range).filter(|e| filters.iter().all(|f| f.passes(&e.line))).cloned().collect();
        let select =
            LogSelect { matchers: &matchers, start_ns, end_ns, direction, filters: &filters, hints: &[], need: ALL, metadata_names: None };
        let (got, _) = read_select(store, &select).unwrap();
        assert_eq!(set(&got).len(), got.len(), "{context}: {select:?}: an entry came twice");
        let (got, wanted) = (set(&got), set(&expect(&wanted)));
        let (missing, extra): (Vec<_>, Vec<_>) = (wanted.difference(&got).collect(), got.difference(&wanted).collect());
        assert!(missing.is_empty() && extra.is_empty(), "{context}: {select:?}: missing {missing:?}, too much {extra:?}");
        self.check_names(store, &select, &visible.iter().filter(in_range).cloned().collect::<Vec<_>>(), context);
        let middle = start_ns.midpoint(end_ns);
        let edges = [start_ns, middle, end_ns];
        let (counts, _) = with_limits(|limits| store.counts(&matchers, &edges, limits)).unwrap();
        for side in 0..2 {
            let of_side = visible.iter().filter(|e| (edges[side]..edges[side + 1]).contains(&e.timestamp_ns));
            let (entries, bytes) = of_side.fold((0, 0), |(n, bytes), e| (n + 1, bytes + e.line.len() as u64));
            let sum = counts.iter().fold((0, 0), |(n, b), c| (n + c.counts[side].0, b + c.counts[side].1));
            assert_eq!(sum, (entries, bytes), "{context}: counts of {select:?}");
        }
    }
}

fn run(seed: u64) {
    let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
    let mut world = World {
        disk,
        clock,
        random: Random(seed),
        entries: vec![],
        deletes: vec![],
        retention: Retention::default(),
        labels: (0..7).map(labels).collect(),
    };
    world.retention = world.random_retention();
    let mut store = world.open();
    for step in 0..60 {
        let context = format!("seed {seed}, step {step}");
        world.clock.advance(Duration::from_secs(180 + world.random.below(1200)));
        match world.random.below(13) {
            0..6 => {
                let now_ns = world.now_ns();
                // Not so far back that an earlier request to delete could cover it.
                let batch: Vec<Input> = world
                    .random
                    .batch(now_ns)
                    .into_iter()
                    .map(|e| Input { timestamp_ns: e.timestamp_ns.max(now_ns - 60 * SECOND_NS), ..e })
                    .map(|e| Input { metadata: world.metadata(e.metadata), ..e })
                    .collect();
                write(&store, &batch).unwrap();
                world.entries.extend(batch);
            }
            6 => store.flush().unwrap(),
            7 | 8 => {
                store.maintain().unwrap();
            }
            9 => {
                let end_ns = world.now_ns() - 120 * SECOND_NS;
                let start_ns = end_ns - world.random.below(5 * 3600 * SECOND_NS as u64) as i64;
                let tombstone = Tombstone { matchers: world.matchers(), start_ns, end_ns, filters: world.filters() };
                world.deletes.push((store.delete("{}", tombstone.clone()).unwrap(), tombstone));
            }
            10 if !world.deletes.is_empty() => {
                let at = world.random.below(world.deletes.len() as u64) as usize;
                if store.cancel_delete(&world.deletes[at].0).unwrap() {
                    world.deletes.remove(at);
                }
            }
            11 => {
                drop(store);
                world.disk.restart();
                store = world.open();
            }
            _ => while store.maintain().unwrap() {},
        }
        for _ in 0..2 {
            world.check(&store, &context);
        }
    }
}

#[test]
fn the_store_answers_as_a_list_does() {
    for seed in 0..5 {
        run(seed);
    }
}
