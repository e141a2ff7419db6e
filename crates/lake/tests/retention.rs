//! What is past its retention is not in answers, and goes from storage.

mod support;

use phoenix_env::{SimClock, SimDisk};
use phoenix_lake::{LakeOptions, Retention, StreamRetention};
use phoenix_model::Matcher;
use phoenix_model::logs::Level;
use std::time::Duration;
use support::*;

const DAY: Duration = Duration::from_hours(24);

fn days_of_entries() -> Vec<Input> {
    (0..40_i64)
        .flat_map(|quarter| (0..3).map(move |stream| Input::new(stream, NOW_NS - quarter * DAY_NS / 4, format!("{quarter} of {stream}"))))
        .collect()
}

fn rule(stream: u64, period: Duration, priority: i32) -> StreamRetention {
    StreamRetention { matchers: vec![Matcher::equal("host", format!("host-{stream}"))], period, priority }
}

fn kept(all: &[Input], now_ns: i64, periods: [Option<Duration>; 3]) -> Vec<Input> {
    let stays = |e: &&Input| periods[e.stream as usize].is_none_or(|p| e.timestamp_ns >= now_ns - p.as_nanos() as i64);
    all.iter().filter(stays).cloned().collect()
}

#[test]
fn retention_by_age_and_by_selector() {
    let by_age = Retention { default: Some(DAY * 3), ..Retention::default() };
    let by_selector = Retention {
        default: Some(DAY * 5),
        streams: vec![rule(1, DAY * 2, 1), rule(1, DAY, 0), rule(2, Duration::ZERO, 1)],
        max_bytes: None,
    };
    for (retention, periods) in [(by_age, [Some(DAY * 3); 3]), (by_selector, [Some(DAY * 5), Some(DAY * 2), None])] {
        let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
        let store = open(&disk, &clock);
        let all = days_of_entries();
        for part in all.chunks(40) {
            write(&store, part).unwrap();
            store.flush().unwrap();
        }
        let newest = Input::new(0, NOW_NS - 1, "in memory");
        let old = Input::new(0, NOW_NS - 9 * DAY_NS, "old in memory");
        write(&store, &[newest.clone(), old.clone()]).unwrap();
        let mut all = all;
        all.extend([newest, old]);
        assert_eq!(read(&store).unwrap(), expect(&all));
        store.set_retention(retention.clone());
        let check = |store: &phoenix_lake::Lake, now_ns: i64, when: &str| {
            let wanted = kept(&all, now_ns, periods);
            assert_eq!(read(store).unwrap(), expect(&wanted), "{when}");
            let edges = [i64::MIN, NOW_NS - 4 * DAY_NS - 7, NOW_NS - DAY_NS, NOW_NS + 1];
            let (counts, _) = with_limits(|limits| store.counts(&[], &edges, limits)).unwrap();
            for stream in 0..3_u64 {
                let got: Vec<u64> =
                    (0..3).map(|i| counts.iter().filter(|c| c.stream.labels == labels(stream)).map(|c| c.counts[i].0).sum()).collect();
                let of = |i: usize| wanted.iter().filter(move |e| e.stream == stream && (edges[i]..edges[i + 1]).contains(&e.timestamp_ns));
                assert_eq!(got, (0..3).map(|i| of(i).count() as u64).collect::<Vec<_>>(), "{when}, stream {stream}");
            }
        };
        check(&store, NOW_NS, "at once");
        while store.maintain().unwrap() {}
        check(&store, NOW_NS, "after upkeep");
        clock.advance(DAY / 2);
        while store.maintain().unwrap() {}
        check(&store, NOW_NS + DAY_NS / 2, "later");
        store.flush().unwrap();
        while store.maintain().unwrap() {}
        let wanted = kept(&all, NOW_NS + DAY_NS / 2, periods).len() as u64;
        let held = store.status().segment_entries;
        assert!(held >= wanted && held < wanted + 12, "{held} in storage, {wanted} wanted: no more than a day's rest");
        drop(store);
        disk.restart();
        let store = open_with(&disk, &clock, LakeOptions { retention, ..options() }, objects_of(&disk)).unwrap();
        check(&store, NOW_NS + DAY_NS / 2, "restarted");
    }
}

#[test]
fn what_is_too_old_is_not_taken() {
    let (disk, clock) = (SimDisk::new(2), SimClock::new(NOW_MS));
    let retention = Retention { default: Some(DAY * 5), streams: vec![rule(1, DAY, 0)], max_bytes: None };
    let store = open_with(&disk, &clock, LakeOptions { retention, ..options() }, objects_of(&disk)).unwrap();
    let all = days_of_entries();
    let outcome = store.write(&to_write(&all)).unwrap();
    let wanted = kept(&all, NOW_NS, [Some(DAY * 5), Some(DAY), Some(DAY * 5)]);
    assert_eq!((outcome.stored, outcome.too_old), (wanted.len() as u64, (all.len() - wanted.len()) as u64));
    assert_eq!(read(&store).unwrap(), expect(&wanted));
}

#[test]
fn retention_by_size_drops_the_oldest() {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let store = open(&disk, &clock);
    let all = days_of_entries();
    write(&store, &all).unwrap();
    store.flush().unwrap();
    let bytes = store.status().segment_bytes;
    store.set_retention(Retention { max_bytes: Some(bytes / 2), ..Retention::default() });
    while store.maintain().unwrap() {}
    let status = store.status();
    assert!(status.segment_bytes <= bytes / 2 && status.segments >= 3, "{status:?}");
    let got = read(&store).unwrap();
    let oldest_ns = got.iter().map(|entry| entry.1).min().unwrap();
    let wanted: Vec<Input> = all.iter().filter(|e| e.timestamp_ns >= oldest_ns).cloned().collect();
    assert_eq!(got, expect(&wanted), "the newest are there without a gap");
    assert!(objects_of(&disk).list("logs").unwrap().len() as u64 <= 2 * status.segments + 1);
}

#[test]
fn a_clock_that_jumps_ahead_removes_nothing_for_an_hour() {
    let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
    let retention = Retention { default: Some(DAY * 15), ..Retention::default() };
    let store = open_with(&disk, &clock, LakeOptions { retention, ..options() }, objects_of(&disk)).unwrap();
    let all = days_of_entries();
    write(&store, &all).unwrap();
    store.flush().unwrap();
    store.maintain().unwrap();
    let year_ms = 365 * 86_400_000;
    clock.jump_wall_ms(year_ms);
    store.maintain().unwrap();
    assert_eq!(read(&store).unwrap().len(), 0, "answers go by the clock");
    assert_eq!(store.status().segment_entries, all.len() as u64, "storage waits");
    clock.jump_wall_ms(-year_ms);
    store.maintain().unwrap();
    assert_eq!(read(&store).unwrap(), expect(&all), "it was mended in time");
    clock.jump_wall_ms(year_ms);
    store.maintain().unwrap();
    clock.advance(Duration::from_mins(61));
    store.maintain().unwrap();
    assert_eq!(store.status().segment_entries, 0);
}

#[test]
fn levels_and_metadata_survive_a_rewrite() {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let store = open(&disk, &clock);
    let mut all: Vec<Input> = Vec::new();
    for (at, level) in Level::ALL.into_iter().enumerate() {
        for stream in 0..3 {
            let metadata = if at % 2 == 0 { vec![("trace_id".to_owned(), format!("{at}"))] } else { vec![] };
            all.push(Input { metadata, level, ..Input::new(stream, NOW_NS - 2 * DAY_NS + at as i64, format!("line {at}")) });
        }
    }
    write(&store, &all).unwrap();
    store.flush().unwrap();
    store.set_retention(Retention { streams: vec![rule(1, DAY, 0)], ..Retention::default() });
    while store.maintain().unwrap() {}
    assert_eq!(store.status().segment_entries, 18);
    assert_eq!(read(&store).unwrap(), expect(&kept(&all, NOW_NS, [None, Some(DAY), None])));
}
