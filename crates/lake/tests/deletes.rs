//! What was deleted is gone: at once, from storage too after a while, and after a restart.

mod support;

use phoenix_env::{SimClock, SimDisk};
use phoenix_lake::{Lake, LakeError, LakeOptions, Tombstone};
use phoenix_model::Matcher;
use phoenix_model::logs::{LineFilter, LinePattern};
use std::sync::Arc;
use std::time::Duration;
use support::*;

const HOUR: Duration = Duration::from_hours(1);

fn tombstone(stream: u64, start_ns: i64, end_ns: i64, text: Option<&str>) -> Tombstone {
    let filters =
        text.map(|text| LineFilter { negated: false, alternatives: vec![LinePattern::Contains(text.to_owned())] }).into_iter().collect();
    Tombstone { matchers: vec![Matcher::equal("host", format!("host-{stream}"))], start_ns, end_ns, filters }
}

fn with_period() -> LakeOptions {
    LakeOptions { delete_cancel_period: HOUR, ..options() }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>) -> Lake {
    open_with(disk, clock, with_period(), objects_of(disk)).unwrap()
}

/// Entries in segments of several days and in memory.
fn fill(store: &Lake, seed: u64) -> Vec<Input> {
    let mut random = Random(seed);
    let mut all = Vec::new();
    for round in 0..16 {
        let batch = random.batch(NOW_NS);
        write(store, &batch).unwrap();
        all.extend(batch);
        if round % 4 == 3 && round < 12 {
            store.flush().unwrap();
        }
    }
    all
}

fn without(all: &[Input], tombstone: &Tombstone) -> Vec<Input> {
    let gone =
        |e: &&Input| !(tombstone.matchers.iter().all(|m| m.matches_labels(&labels(e.stream))) && tombstone.covers(e.timestamp_ns, &e.line));
    all.iter().filter(gone).cloned().collect()
}

fn total(store: &Lake) -> u64 {
    let (counts, _) = with_limits(|limits| store.counts(&[], &[i64::MIN, NOW_NS - DAY_NS, i64::MAX], limits)).unwrap();
    counts.iter().flat_map(|c| &c.counts).map(|(entries, _)| entries).sum()
}

#[test]
fn deletes_hold_at_once_after_a_restart_and_in_storage() {
    for (name, tombstone) in [
        ("a stream", tombstone(3, i64::MIN, i64::MAX, None)),
        ("a range", tombstone(2, NOW_NS - 60 * SECOND_NS, NOW_NS - 10 * SECOND_NS, None)),
        ("some lines", tombstone(1, i64::MIN, i64::MAX, Some("request 7"))),
        ("everything", Tombstone { matchers: vec![], ..tombstone(0, i64::MIN, i64::MAX, None) }),
    ] {
        let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
        let store = reopen(&disk, &clock);
        let all = fill(&store, 21);
        let left = without(&all, &tombstone);
        assert!(left.len() < all.len(), "{name}");
        let id = store.delete("{host=\"x\"}", tombstone.clone()).unwrap();
        let check = |store: &Lake, when: &str| {
            assert_eq!(read(store).unwrap(), expect(&left), "{name}, {when}");
            assert_eq!(total(store), left.len() as u64, "{name}, {when}");
        };
        check(&store, "at once");
        store.flush().unwrap();
        while store.maintain().unwrap() {}
        check(&store, "flushed");
        assert!(!store.deletes()[0].processed, "{name}: it can still be taken back");
        drop(store);
        disk.restart();
        let store = reopen(&disk, &clock);
        check(&store, "restarted");
        clock.advance(HOUR);
        while store.maintain().unwrap() {}
        check(&store, "removed from storage");
        let deletes = store.deletes();
        assert!(deletes[0].processed && deletes[0].id == id && deletes[0].query == "{host=\"x\"}", "{name}: {deletes:?}");
        assert_eq!(store.status().segment_entries, left.len() as u64, "{name}");
        assert!(!store.cancel_delete(&id).unwrap());
        drop(store);
        disk.restart();
        let store = reopen(&disk, &clock);
        check(&store, "restarted again");
        // It is over: what arrives now stays.
        let late = Input::new(3, NOW_NS - 30 * SECOND_NS, "request 7 comes late");
        write(&store, std::slice::from_ref(&late)).unwrap();
        assert_eq!(read(&store).unwrap(), expect(&[left.clone(), vec![late]].concat()), "{name}");
    }
}

#[test]
fn entries_in_memory_are_deleted_too() {
    let (disk, clock) = (SimDisk::new(2), SimClock::new(NOW_MS));
    let store = reopen(&disk, &clock);
    let all = vec![Input::new(1, NOW_NS, "stays"), Input::new(2, NOW_NS, "goes")];
    write(&store, &all).unwrap();
    store.delete("{}", tombstone(2, i64::MIN, i64::MAX, None)).unwrap();
    clock.advance(HOUR * 2);
    store.maintain().unwrap();
    assert_eq!(store.status().segment_entries, 1, "old enough to be flushed, without what was deleted");
    assert!(store.deletes()[0].processed);
    drop(store);
    disk.restart();
    assert_eq!(read(&reopen(&disk, &clock)).unwrap(), expect(&all[..1]));
}

#[test]
fn a_delete_can_be_taken_back_for_a_while() {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let store = reopen(&disk, &clock);
    let all = fill(&store, 22);
    let tombstone = tombstone(3, i64::MIN, i64::MAX, None);
    let id = store.delete("{}", tombstone.clone()).unwrap();
    store.flush().unwrap();
    while store.maintain().unwrap() {}
    assert_eq!(read(&store).unwrap(), expect(&without(&all, &tombstone)));
    assert!(!store.cancel_delete("77").unwrap() && !store.cancel_delete("x").unwrap());
    assert!(store.cancel_delete(&id).unwrap());
    assert_eq!(read(&store).unwrap(), expect(&all), "nothing was lost");
    assert_eq!(store.deletes(), []);
    drop(store);
    disk.restart();
    let store = reopen(&disk, &clock);
    assert_eq!(read(&store).unwrap(), expect(&all));
    let again = store.delete("{}", tombstone).unwrap();
    assert!(again != id, "numbers are not used twice");
}

#[test]
fn there_is_a_limit_on_deletes() {
    let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
    let store = open_with(&disk, &clock, LakeOptions { max_deletes: 2, ..with_period() }, objects_of(&disk)).unwrap();
    for _ in 0..2 {
        store.delete("{}", tombstone(1, 0, 1, None)).unwrap();
    }
    let error = store.delete("{}", tombstone(1, 0, 1, None)).unwrap_err();
    assert!(matches!(&error, LakeError::Limit(text) if text.contains("max_deletes")), "{error}");
    clock.advance(HOUR);
    store.maintain().unwrap();
    store.delete("{}", tombstone(1, 0, 1, None)).unwrap();
}
