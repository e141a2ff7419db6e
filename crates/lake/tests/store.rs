//! What goes in comes out, from memory, from segments and after a restart.

mod support;

use phoenix_env::{Clock, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeError};
use phoenix_model::logs::{Direction, Level, LineFilter, LinePattern, LogSelect, Need, ReadError, ReadLimits};
use phoenix_model::{Budget, Labels, MatchOp, Matcher};
use std::collections::BTreeMap;
use support::*;

fn setup() -> (SimDisk, std::sync::Arc<SimClock>, Lake) {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = open(&disk, &clock);
    (disk, clock, store)
}

#[test]
fn entries_are_there_at_once_after_a_flush_and_after_a_restart() {
    let (disk, clock, store) = setup();
    let mut random = Random(5);
    let mut all = Vec::new();
    for round in 0..60 {
        let batch = random.batch(NOW_NS);
        write(&store, &batch).unwrap();
        all.extend(batch);
        if round % 20 == 10 {
            store.flush().unwrap();
        }
        assert_eq!(read(&store).unwrap(), expect(&all), "round {round}");
    }
    let status = store.status();
    assert!(status.segments > 3 && status.memory_entries > 0, "{status:?}");
    assert_eq!(status.segment_entries + status.memory_entries, all.len() as u64);
    drop(store);
    disk.restart();
    let store = open(&disk, &clock);
    assert_eq!(read(&store).unwrap(), expect(&all));
    store.close().unwrap();
    assert!(matches!(write(&store, &all[..1]), Err(LakeError::Closed)));
    let store = open(&disk, &clock);
    assert_eq!((store.status().memory_entries, store.status().wal_bytes), (0, 0), "closing moved everything to segments");
    assert_eq!(read(&store).unwrap(), expect(&all));
}

#[test]
fn merging_keeps_every_entry_and_removes_the_old_objects() {
    let (disk, clock, store) = setup();
    let mut random = Random(6);
    let mut all = Vec::new();
    for _ in 0..30 {
        let batch = random.batch(NOW_NS);
        write(&store, &batch).unwrap();
        all.extend(batch);
        store.flush().unwrap();
    }
    let before = store.status().segments;
    while store.maintain().unwrap() {}
    let after = store.status().segments;
    assert!(after * 3 < before, "{before} segments became {after}");
    assert_eq!(read(&store).unwrap(), expect(&all));
    let objects = objects_of(&disk).list("logs").unwrap();
    assert_eq!(objects.len() as u64, after * 2 + 1, "two for each segment, and the copy of the manifest: {objects:?}");
    drop(store);
    disk.restart();
    let store = open(&disk, &clock);
    assert_eq!(read(&store).unwrap(), expect(&all));
}

#[test]
fn days_that_are_over_become_one_segment() {
    let (_disk, clock, store) = setup();
    let mut random = Random(7);
    let mut all = Vec::new();
    for _ in 0..10 {
        let batch = random.batch(NOW_NS);
        write(&store, &batch).unwrap();
        all.extend(batch);
        store.flush().unwrap();
    }
    clock.advance(std::time::Duration::from_hours(60));
    while store.maintain().unwrap() {}
    let days: std::collections::BTreeSet<i64> = all.iter().map(|entry| entry.timestamp_ns.div_euclid(DAY_NS)).collect();
    assert_eq!(store.status().segments, days.len() as u64);
    assert_eq!(read(&store).unwrap(), expect(&all));
}

#[test]
fn the_same_entry_is_stored_once() {
    let (disk, clock, store) = setup();
    let entries = Random(8).batch(NOW_NS);
    let mut other = entries.clone();
    other[0].metadata.push(("trace_id".into(), "other".into()));
    for _ in 0..3 {
        assert_eq!(store.write(&to_write(&entries)).unwrap().stored, entries.len() as u64);
    }
    write(&store, &other).unwrap();
    let mut all = entries.clone();
    all.push(other[0].clone());
    assert_eq!(read(&store).unwrap(), expect(&all), "in memory");
    store.flush().unwrap();
    assert_eq!(read(&store).unwrap(), expect(&all), "flushed");
    // Now they stand in several segments, and merging finds them.
    for _ in 0..4 {
        write(&store, &other).unwrap();
        store.flush().unwrap();
    }
    clock.advance(std::time::Duration::from_hours(100));
    while store.maintain().unwrap() {}
    assert_eq!(read(&store).unwrap(), expect(&all), "merged");
    write(&store, &[Input::new(1, NOW_NS, "twice"), Input::new(1, NOW_NS, "twice")]).unwrap();
    drop(store);
    disk.restart();
    all.push(Input::new(1, NOW_NS, "twice"));
    assert_eq!(read(&open(&disk, &clock)).unwrap(), expect(&all), "replayed");
}

/// A store with entries in all places: merged and unmerged segments, and memory.
fn mixed(store: &Lake, seed: u64) -> Vec<Input> {
    let mut random = Random(seed);
    let mut all = Vec::new();
    for round in 0..24 {
        let batch = random.batch(NOW_NS);
        write(store, &batch).unwrap();
        all.extend(batch);
        if round % 3 == 2 && round < 20 {
            store.flush().unwrap();
        }
        if round == 14 {
            store.maintain().unwrap();
        }
    }
    all
}

#[test]
fn selectors_ranges_and_filters_are_exact() {
    let (_disk, _clock, store) = setup();
    let all = mixed(&store, 9);
    let contains = |text: &str, negated| LineFilter { negated, alternatives: vec![LinePattern::Contains(text.to_owned())] };
    let regex = |pattern: &str| LineFilter {
        negated: false,
        alternatives: vec![LinePattern::Regex(regex::Regex::new(pattern).unwrap()), LinePattern::Contains("took 7".into())],
    };
    let matchers: Vec<Vec<Matcher>> = vec![
        vec![],
        vec![Matcher::equal("app", "app-1")],
        vec![Matcher::new("app", MatchOp::Regex, "app-[12]").unwrap(), Matcher::new("host", MatchOp::NotEqual, "host-6").unwrap()],
        vec![Matcher::equal("app", "none")],
    ];
    let filters: Vec<Vec<LineFilter>> = vec![
        vec![],
        vec![contains("request 4", false)],
        vec![contains("xxxx", true), contains("ms id=", false)],
        vec![regex("request [0-9]5 ")],
        vec![contains(&all[7].line[20..30], false)],
    ];
    let ranges = [(i64::MIN, i64::MAX), (NOW_NS - 40 * SECOND_NS, NOW_NS - 20 * SECOND_NS), (NOW_NS - 2 * DAY_NS, NOW_NS - DAY_NS), (5, 5)];
    let mut checked = 0;
    for matchers in &matchers {
        for filters in &filters {
            for (start_ns, end_ns) in ranges {
                for direction in [None, Some(Direction::Forward), Some(Direction::Backward)] {
                    let select = LogSelect { matchers, start_ns, end_ns, direction, filters, hints: &[], need: ALL, metadata_names: None };
                    let wanted: Vec<Input> = all
                        .iter()
                        .filter(|e| matchers.iter().all(|m| m.matches_labels(&labels(e.stream))))
                        .filter(|e| start_ns <= e.timestamp_ns && e.timestamp_ns < end_ns)
                        .filter(|e| filters.iter().all(|f| f.passes(&e.line)))
                        .cloned()
                        .collect();
                    checked += wanted.len();
                    let (got, stats) = read_select(&store, &select).unwrap();
                    assert_eq!(got, expect(&wanted), "{select:?}");
                    assert_eq!(stats.passed, wanted.len() as u64, "{select:?}");
                }
            }
        }
    }
    assert!(checked > 1000, "{checked}");
}

#[test]
fn counts_are_those_of_counting_by_hand() {
    let (_disk, clock, store) = setup();
    let all = mixed(&store, 10);
    let mut random = Random(11);
    for round in 0..60 {
        let matchers = if round % 2 == 0 { vec![] } else { vec![Matcher::equal("app", "app-2")] };
        let first = NOW_NS - random.below(4 * DAY_NS as u64) as i64;
        let mut edges = vec![first];
        for _ in 0..random.below(20) {
            edges.push(edges.last().unwrap() + random.below(if round % 3 == 0 { DAY_NS as u64 } else { 30 * SECOND_NS as u64 }) as i64);
        }
        // Edges on entries are the ones that go wrong.
        edges.extend(all.iter().skip(round).step_by(37).map(|entry| entry.timestamp_ns));
        edges.sort_unstable();
        edges.dedup();
        let mut wanted: BTreeMap<(Labels, Level), Vec<(u64, u64)>> = BTreeMap::new();
        for entry in all.iter().filter(|e| matchers.iter().all(|m| m.matches_labels(&labels(e.stream)))) {
            let bucket = edges.partition_point(|edge| *edge <= entry.timestamp_ns);
            if bucket > 0 && bucket < edges.len() {
                let counts = wanted.entry((labels(entry.stream), entry.level)).or_insert_with(|| vec![(0, 0); edges.len() - 1]);
                counts[bucket - 1].0 += 1;
                counts[bucket - 1].1 += entry.line.len() as u64;
            }
        }
        let (got, _) = with_limits(|limits| store.counts(&matchers, &edges, limits)).unwrap();
        let got: Vec<_> = got.into_iter().map(|c| ((c.stream.labels.clone(), c.level), c.counts)).collect();
        assert_eq!(got, wanted.into_iter().collect::<Vec<_>>(), "round {round}");
    }
    let stats = with_limits(|limits| store.index_stats(&[], i64::MIN, i64::MAX, limits)).unwrap();
    assert_eq!((stats.entries, stats.bytes), (all.len() as u64, all.iter().map(|e| e.line.len() as u64).sum()));
    assert_eq!(stats.streams, 7);
    assert!(clock.now_ms() == NOW_MS);
}

#[test]
fn streams_names_and_values_are_listed() {
    let (_disk, _clock, store) = setup();
    mixed(&store, 12);
    let (names, more) = with_limits(|limits| store.label_names(&[], i64::MIN, i64::MAX, 0, limits)).unwrap();
    assert_eq!((names, more), (vec!["app".to_owned(), "host".to_owned()], false));
    let sets = vec![vec![Matcher::equal("app", "app-1")], vec![Matcher::equal("host", "host-2")]];
    let (hosts, _) = with_limits(|limits| store.label_values("host", &sets, i64::MIN, i64::MAX, 0, limits)).unwrap();
    assert_eq!(hosts, ["host-1", "host-2", "host-6"]);
    let (series, more) = with_limits(|limits| store.series(&sets, i64::MIN, i64::MAX, 2, limits)).unwrap();
    assert_eq!((series, more), (vec![labels(1), labels(6)], true));
    store.flush().unwrap();
    write(&store, &[Input::new(42, NOW_NS - 10 * DAY_NS, "long ago")]).unwrap();
    store.flush().unwrap();
    // A segment with streams at different times: only those within the minutes that are asked for count.
    let minute = 60 * SECOND_NS;
    write(&store, &(0..20).map(|i| Input::new(100 + i, NOW_NS + i as i64 * minute, "one a minute")).collect::<Vec<_>>()).unwrap();
    for flushed in [false, true] {
        if flushed {
            store.flush().unwrap();
        }
        let hosts = with_limits(|limits| store.label_values("host", &[], NOW_NS + 3 * minute, NOW_NS + 5 * minute + 1, 0, limits));
        assert_eq!(hosts.unwrap().0, ["host-103", "host-104", "host-105"], "flushed {flushed}");
    }
    let (series, _) = with_limits(|limits| store.series(&[], 0, 1, 0, limits)).unwrap();
    assert_eq!(series, Vec::<Labels>::new());
}

/// Keeps the newest twenty lines.
struct Last {
    held: std::collections::BTreeSet<(i64, String)>,
}

impl phoenix_model::logs::LogVisitor for Last {
    fn batch(&mut self, batch: &phoenix_model::logs::LogBatch<'_>) -> Result<(), ReadError> {
        for (t, line) in batch.timestamps_ns.iter().zip(batch.lines) {
            self.held.insert((*t, (*line).to_owned()));
            if self.held.len() > 20 {
                self.held.pop_first();
            }
        }
        Ok(())
    }
    fn bound_ns(&self) -> Option<i64> {
        if self.held.len() < 20 { None } else { self.held.first().map(|(t, _)| *t) }
    }
}

#[test]
fn the_last_lines_are_found_without_reading_all() {
    let (_disk, _clock, store) = setup();
    for minute in 0..30_i64 {
        let entries: Vec<Input> =
            (0..50).map(|i| Input::new(1, NOW_NS - minute * 60 * SECOND_NS - i * SECOND_NS, format!("line {minute} {i}"))).collect();
        write(&store, &entries).unwrap();
        if minute % 3 == 2 {
            store.flush().unwrap();
        }
    }
    let mut last = Last { held: std::collections::BTreeSet::new() };
    let select = LogSelect { need: Need { lines: true, ..Need::default() }, ..select(&[], i64::MIN, i64::MAX) };
    let stats = with_limits(|limits| store.read(&select, limits, &mut last)).unwrap();
    let wanted: Vec<i64> = (0..20).rev().map(|i| NOW_NS - i * SECOND_NS).collect();
    assert_eq!(last.held.iter().map(|(t, _)| *t).collect::<Vec<_>>(), wanted);
    assert!(stats.segments <= 2 && stats.lines < 400, "{stats:?}");
}

#[test]
fn patterns_are_counted_in_memory_and_in_segments() {
    let (_disk, _clock, store) = setup();
    for i in 0..40 {
        write(&store, &[Input::new(i % 3, NOW_NS + i as i64, format!("user {i} logged in after {}ms", i * 3))]).unwrap();
        if i == 20 {
            store.flush().unwrap();
        }
    }
    write(&store, &[Input::new(1, NOW_NS, "something else entirely")]).unwrap();
    let (patterns, _) = with_limits(|limits| store.patterns(&select(&[], i64::MIN, i64::MAX), 10, limits)).unwrap();
    assert_eq!(patterns[0].pattern, "user <_> logged in after <_>ms");
    assert_eq!(patterns[0].counts, (0..4).map(|i| (NOW_NS + i * 10, 10)).collect::<Vec<_>>());
    assert_eq!((patterns[1].pattern.as_str(), patterns.len()), ("something else entirely", 2));
}

#[test]
fn limits_of_readers_hold() {
    let (_disk, _clock, store) = setup();
    mixed(&store, 13);
    let select = select(&[], i64::MIN, i64::MAX);
    let run = |budget: &Budget, cancelled: &(dyn Fn() -> bool + Sync), max_bytes| {
        store.read(&select, &ReadLimits { budget, cancelled, max_bytes }, &mut Collect::default()).unwrap_err()
    };
    assert!(
        matches!(run(&Budget::new("limits.query_memory", 100), &|| false, u64::MAX), ReadError::Limit(text) if text.contains("limits.query_memory"))
    );
    assert_eq!(run(&Budget::unlimited(), &|| true, u64::MAX), ReadError::Cancelled);
    assert!(matches!(run(&Budget::unlimited(), &|| false, 100), ReadError::Limit(_)));
}

/// Merges all segments away when it is given its first batch.
struct Meddler<'a> {
    store: &'a Lake,
    seen: Collect,
}

impl phoenix_model::logs::LogVisitor for Meddler<'_> {
    fn batch(&mut self, batch: &phoenix_model::logs::LogBatch<'_>) -> Result<(), ReadError> {
        if self.seen.batches == 0 {
            self.store.flush().unwrap();
            while self.store.maintain().unwrap() {}
        }
        self.seen.batch(batch)
    }
}

#[test]
fn a_reader_is_not_disturbed_by_merges() {
    let (disk, clock) = (SimDisk::new(2), SimClock::new(NOW_MS));
    let options = phoenix_lake::LakeOptions { cache_bytes: 0, ..options() };
    let store = open_with(&disk, &clock, options, objects_of(&disk)).unwrap();
    let all = mixed(&store, 14);
    let before = store.status().segments;
    let mut meddler = Meddler { store: &store, seen: Collect::default() };
    with_limits(|limits| store.read(&select(&[], i64::MIN, i64::MAX), limits, &mut meddler)).unwrap();
    assert!(store.status().segments < before);
    let mut got = meddler.seen.entries;
    got.sort();
    assert_eq!(got, expect(&all));
    store.maintain().unwrap();
    assert_eq!(objects_of(&disk).list("logs").unwrap().len() as u64, store.status().segments * 2 + 1, "then the old objects go");
}

#[test]
fn what_nobody_names_is_removed_at_once_here_and_after_an_hour_in_a_bucket() {
    for remote in [false, true] {
        let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
        // Of a store that has lived: without a manifest, segments may be all that is left of one.
        let first = open_with(&disk, &clock, options(), FaultyObjects::new(objects_of(&disk), remote)).unwrap();
        let mut all = Random(14).batch(NOW_NS);
        write(&first, &all).unwrap();
        first.flush().unwrap();
        first.close().unwrap();
        drop(first);
        let objects = FaultyObjects::new(objects_of(&disk), remote);
        let stray = "logs/2027-01-15/0000000000000099.parquet";
        objects_of(&disk).put(stray, b"left by a crash").unwrap();
        objects_of(&disk).put("logs/somebody/elses.txt", b"not ours").unwrap();
        let store = open_with(&disk, &clock, options(), objects).unwrap();
        let more = Random(15).batch(NOW_NS);
        write(&store, &more).unwrap();
        all.extend(more);
        store.flush().unwrap();
        let has = |key: &str| objects_of(&disk).list("logs").unwrap().iter().any(|held| held == key);
        assert_eq!(has(stray), remote);
        clock.advance(std::time::Duration::from_mins(61));
        store.maintain().unwrap();
        assert!(!has(stray) && has("logs/somebody/elses.txt"));
        assert_eq!(read(&store).unwrap(), expect(&all));
        assert!(
            objects_of(&disk).list("logs").unwrap().iter().any(|key| key.contains("/0000000000000100")),
            "its number is not used again"
        );
    }
}

#[test]
fn a_missing_segment_holds_up_no_other_merge() {
    for cut in [false, true] {
        let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
        let store = open_with(&disk, &clock, options(), objects_of(&disk)).unwrap();
        mixed(&store, 16);
        store.flush().unwrap();
        let before = store.status().segments;
        // The newest day has many segments, which are to be merged.
        let victim = objects_of(&disk).list("logs").unwrap().into_iter().rfind(|key| key.ends_with(".parquet")).unwrap();
        if cut {
            // Of the footer alone merges have no need.
            let whole = objects_of(&disk).get(&victim, 1 << 30).unwrap();
            objects_of(&disk).put(&victim, &whole[..8]).unwrap();
        } else {
            objects_of(&disk).delete(&victim).unwrap();
        }
        store.close().unwrap();
        drop(store);
        let store = open_with(&disk, &clock, options(), objects_of(&disk)).unwrap();
        clock.advance(std::time::Duration::from_hours(72));
        let mut failures = 0;
        for _ in 0..20 {
            failures += u32::from(store.maintain().is_err());
            // After a failure it waits before it tries again.
            clock.advance(std::time::Duration::from_mins(10));
        }
        let status = store.status();
        assert!(failures <= 2 && status.segments < before, "{failures} failures, {} of {before} segments", status.segments);
        assert!(status.problems.iter().any(|problem| problem.file.contains(&victim)), "cut {cut}, {failures} failures: {status:?}");
        let error = read(&store).unwrap_err().to_string();
        assert!(error.contains(&victim), "{error}");
    }
}
