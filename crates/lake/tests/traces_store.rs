//! The store of spans: what is written is read, as whole traces, wherever their parts lie.

mod support;

use phoenix_env::{Clock, SimClock, SimDisk};
use phoenix_lake::{LakeError, LakeOptions, TraceLake};
use phoenix_model::Budget;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{Compare, Intrinsic, SpanCondition, SpanField, SpanPredicate, SpanValue};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use support::faults::Promise;
use support::spans::*;
use support::{DAY_NS, MINUTE, NOW_MS, NOW_NS, SECOND_NS, objects_of, with_limits};

fn open(disk: &SimDisk, clock: &Arc<SimClock>, options: LakeOptions) -> TraceLake {
    open_spans(disk, clock, options, objects_of(disk)).unwrap()
}

fn has(name: &str) -> SpanPredicate {
    let field = SpanField::Intrinsic(Intrinsic::Name);
    SpanPredicate::Is(SpanCondition { field, compare: Compare::Eq(SpanValue::Text(name.into())) })
}

/// Numbers of the traces that have a span of each name.
fn with_names(store: &TraceLake, range: (i64, i64), names: &[&str]) -> Vec<(u64, usize)> {
    let required: Vec<SpanPredicate> = names.iter().map(|name| has(name)).collect();
    let (found, _) = with_limits(|limits| read_with(store, limits, range, &required)).unwrap();
    let met = |spans: &[Span]| names.iter().all(|name| spans.iter().any(|span| span.name == *name));
    let number = |id| (0..100).find(|number| trace_id(*number) == id).unwrap();
    let mut traces: Vec<(u64, usize)> =
        found.traces.into_iter().filter(|trace| met(&trace.2)).map(|trace| (number(trace.0), trace.2.len())).collect();
    traces.sort_unstable();
    traces
}

fn span(trace: u64, span: u64, parent: u64, start_ns: i64, name: &str) -> Span {
    let text = format!("{trace} {span}");
    Span { trace, id: span, parent, start_ns, duration_ns: SECOND_NS, service: span % 3, name: name.into(), status: 0, text }
}

/// Batches in random order of time, flushed and merged at random, without faults.
#[test]
fn what_is_written_is_read_wherever_it_lies() {
    for seed in 0..12 {
        let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
        let mut store = open(&disk, &clock, span_options());
        let mut spans = Spans::new(seed);
        let mut promise = Promise::default();
        for round in 0..60 {
            clock.advance(MINUTE);
            let batch = spans.batch(clock.now_ms() * 1_000_000);
            write_spans(&store, &batch).unwrap();
            promise.acknowledged.extend(batch);
            match spans.random.below(12) {
                0 | 1 => store.flush().unwrap(),
                2 | 3 => while store.maintain().unwrap() {},
                4 => {
                    store.close().unwrap();
                    store = open(&disk, &clock, span_options());
                }
                5 => check_spans(&promise, &store, &format!("seed {seed}, round {round}")),
                6 => {
                    // Some of what was written long ago comes again.
                    let again: Vec<Span> = promise.acknowledged.iter().step_by(9).cloned().collect();
                    write_spans(&store, &again).unwrap();
                }
                _ => {}
            }
        }
        check_spans(&promise, &store, &format!("seed {seed}, at the end"));
        store.flush().unwrap();
        clock.advance(Duration::from_hours(60));
        while store.maintain().unwrap() {}
        check_spans(&promise, &store, &format!("seed {seed}, after all merges"));
    }
}

#[test]
fn a_trace_in_several_places_is_judged_as_one() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = open(&disk, &clock, span_options());
    let parts = [
        [span(1, 1, 0, NOW_NS, "root"), span(2, 1, 0, NOW_NS, "root")],
        // Before midnight and after it, and long ago.
        [span(1, 2, 1, NOW_NS - DAY_NS, "early"), span(3, 1, 0, NOW_NS, "early")],
        [span(1, 3, 2, NOW_NS + DAY_NS, "late"), span(4, 1, 0, NOW_NS, "late")],
    ];
    for part in parts {
        write_spans(&store, &part).unwrap();
        store.flush().unwrap();
    }
    write_spans(&store, &[span(1, 4, 3, NOW_NS, "last"), span(2, 2, 1, NOW_NS, "late")]).unwrap();
    let all = (i64::MIN, i64::MAX);
    let check = |store: &TraceLake, context: &str| {
        assert_eq!(with_names(store, all, &["root", "early", "late", "last"]), [(1, 4)], "{context}");
        assert_eq!(with_names(store, all, &["root", "late"]), [(1, 4), (2, 2)], "{context}");
        assert_eq!(with_names(store, all, &["early"]), [(1, 4), (3, 1)], "{context}");
        // The range has one of its parts.
        let evening = (NOW_NS + DAY_NS, NOW_NS + DAY_NS + 1);
        assert_eq!(with_names(store, evening, &["root", "early", "late"]), [(1, 4)], "{context}");
        let trace = read_trace(store, 1).unwrap();
        assert_eq!(trace.iter().map(|span| span.id).collect::<Vec<_>>(), [1, 2, 3, 4], "{context}");
    };
    check(&store, "three segments and memory");
    store.flush().unwrap();
    check(&store, "segments");
    clock.advance(Duration::from_hours(80));
    while store.maintain().unwrap() {}
    check(&store, "merged segments");
    drop(store);
    disk.restart();
    check(&open(&disk, &clock, span_options()), "restarted");
}

#[test]
fn what_is_sent_again_is_stored_once() {
    let (disk, clock) = (SimDisk::new(8), SimClock::new(NOW_MS));
    let store = open(&disk, &clock, span_options());
    let spans = wide_trace(1, 0..50, NOW_NS);
    let mut promise = Promise::default();
    promise.acknowledged.extend(spans.iter().cloned());
    write_spans(&store, &spans).unwrap();
    let again = store.write(&to_write(&spans)).unwrap();
    assert_eq!((again.stored, store.status().memory_entries), (50, 50), "it is fine, and there already");
    for round in 0..4 {
        store.flush().unwrap();
        check_spans(&promise, &store, &format!("round {round}"));
        write_spans(&store, &spans).unwrap();
        check_spans(&promise, &store, &format!("round {round}, again in memory"));
    }
    store.flush().unwrap();
    clock.advance(Duration::from_hours(60));
    while store.maintain().unwrap() {}
    let status = store.status();
    assert_eq!((status.segments, status.segment_entries), (1, 50), "{status:?}");
    check_spans(&promise, &store, "merged");
}

#[test]
fn what_is_past_its_retention_is_not_taken_and_goes() {
    let (disk, clock) = (SimDisk::new(2), SimClock::new(NOW_MS));
    let mut options = span_options();
    options.retention.default = Some(Duration::from_hours(24));
    let store = open(&disk, &clock, options);
    let old = [span(1, 1, 0, NOW_NS - DAY_NS - 2 * SECOND_NS, "old"), span(2, 1, 0, NOW_NS - DAY_NS, "young")];
    let outcome = store.write(&to_write(&old)).unwrap();
    assert_eq!((outcome.stored, outcome.too_old), (1, 1));
    write_spans(&store, &[span(3, 1, 0, NOW_NS, "new")]).unwrap();
    assert_eq!(with_names(&store, (i64::MIN, i64::MAX), &[]), [(2, 1), (3, 1)]);
    store.flush().unwrap();
    assert_eq!(store.status().segments, 2);
    clock.advance(MINUTE);
    assert_eq!(with_names(&store, (i64::MIN, i64::MAX), &[]), [(3, 1)], "readers see it no more at once");
    assert!(read_trace(&store, 2).unwrap().is_empty());
    store.maintain().unwrap();
    assert_eq!(store.status().segments, 1, "and the segment goes as a whole");
    clock.advance(Duration::from_hours(25));
    store.maintain().unwrap();
    // The clock jumped by more than an hour.
    clock.advance(Duration::from_hours(2));
    store.maintain().unwrap();
    assert_eq!((store.status().segments, disk.files().iter().filter(|f| f.extension().is_some_and(|e| e == "parquet")).count()), (0, 0));
}

#[test]
fn the_size_is_bounded_too() {
    let (disk, clock) = (SimDisk::new(3), SimClock::new(NOW_MS));
    let mut options = span_options();
    options.compaction.fan_in = 100;
    let store = open(&disk, &clock, options);
    for day in 0..6 {
        write_spans(&store, &wide_trace(day, 0..100, NOW_NS + day as i64 * DAY_NS)).unwrap();
        store.flush().unwrap();
    }
    let bytes = store.status().segment_bytes;
    let retention = phoenix_lake::Retention { max_bytes: Some(bytes / 2), ..phoenix_lake::Retention::default() };
    store.set_retention(retention);
    store.maintain().unwrap();
    let status = store.status();
    assert!(status.segment_bytes <= bytes / 2 && status.segments == 3, "{status:?}");
    assert_eq!(with_names(&store, (i64::MIN, i64::MAX), &[]), [(3, 100), (4, 100), (5, 100)], "the oldest go");
}

/// A trace that is larger than memory may ever be, in hundreds of segments.
#[test]
fn a_huge_trace_is_merged_and_its_reader_has_a_limit() {
    const SPANS: u64 = 20_000;
    let (disk, clock) = (SimDisk::new(4), SimClock::new(NOW_MS));
    let mut options = span_options();
    options.segment.page_rows = 512;
    let store = open(&disk, &clock, options);
    for first in (0..SPANS).step_by(50) {
        let batch = wide_trace(7, first..first + 50, NOW_NS);
        while let Err(error) = write_spans(&store, &batch) {
            assert!(matches!(error, LakeError::Busy(_)), "{error}");
            store.maintain().unwrap();
        }
    }
    write_spans(&store, &wide_trace(8, 0..10, NOW_NS)).unwrap();
    store.flush().unwrap();
    while store.maintain().unwrap() {}
    clock.advance(Duration::from_hours(60));
    while store.maintain().unwrap() {}
    let status = store.status();
    assert_eq!(status.segment_entries, SPANS + 10, "{status:?}");
    assert!(status.segments < 10, "{status:?}");
    assert_eq!(with_names(&store, (i64::MIN, i64::MAX), &[]), [(7, SPANS as usize), (8, 10)]);
    let budget = Budget::new("limits.query_memory", 200_000);
    let limits = ReadLimits { budget: &budget, cancelled: &|| false, max_bytes: u64::MAX };
    for read in [read_with(&store, &limits, (i64::MIN, i64::MAX), &[]).map(|_| ()), store.trace(trace_id(7), None, &limits).map(|_| ())] {
        assert!(matches!(&read, Err(ReadError::Limit(text)) if text.contains("limits.query_memory")), "{read:?}");
    }
    assert_eq!(store.trace(trace_id(8), None, &limits).unwrap().len(), 10);
    assert_eq!(budget.used_bytes(), 0, "all is given back");
    let cancelled = ReadLimits { budget: &Budget::unlimited(), cancelled: &|| true, max_bytes: u64::MAX };
    assert!(matches!(read_with(&store, &cancelled, (i64::MIN, i64::MAX), &[]), Err(ReadError::Cancelled)));
}

#[test]
fn a_batch_that_is_too_large_is_refused_for_good() {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let store = open(&disk, &clock, span_options());
    let error = write_spans(&store, &wide_trace(1, 0..3000, NOW_NS)).unwrap_err();
    assert!(matches!(&error, LakeError::Limit(text) if text.contains("memtable_bytes") && text.contains("spans")), "{error}");
    store.close().unwrap();
    assert!(matches!(write_spans(&store, &wide_trace(1, 0..3, NOW_NS)), Err(LakeError::Closed)));
}

/// Many writers and readers beside upkeep: no trace is ever seen in part of a batch, or twice.
#[test]
fn readers_see_whole_batches_beside_writers_and_upkeep() {
    let (disk, clock) = (SimDisk::new(6), SimClock::new(NOW_MS));
    let options = LakeOptions { busy_wait: Duration::from_hours(1), ..span_options() };
    let store = Arc::new(open(&disk, &clock, options));
    let upkeep = Arc::clone(&store);
    let worker = std::thread::spawn(move || {
        while upkeep.wait_for_work(Duration::from_hours(1)) {
            while upkeep.maintain().unwrap_or(false) {}
        }
    });
    std::thread::scope(|scope| {
        for writer in 0..3 {
            let store = &store;
            scope.spawn(move || {
                for round in 0..60 {
                    // Each trace comes in three batches of ten spans.
                    let (trace, part) = (writer * 1000 + round / 3, round % 3);
                    write_spans(store, &wide_trace(trace, part * 10..part * 10 + 10, NOW_NS)).unwrap();
                }
            });
        }
        for _ in 0..20 {
            for (id, told, spans) in read_spans(&store).unwrap().traces {
                assert_eq!(spans.len() % 10, 0, "{id}");
                assert_eq!(told.duration_ns, spans.len() as i64 - 1 + 1000, "{id}");
            }
        }
    });
    let traces = read_spans(&store).unwrap().traces;
    assert_eq!((traces.len(), traces.iter().map(|trace| trace.2.len()).sum::<usize>()), (60, 1800));
    store.close().unwrap();
    worker.join().unwrap();
}

#[test]
fn stores_of_both_kinds_live_beside_each_other() {
    let (disk, clock) = (SimDisk::new(7), SimClock::new(NOW_MS));
    let mut registry = Registry::default();
    let logs =
        phoenix_lake::Lake::open(support::options(), Arc::new(disk.clone()), objects_of(&disk), clock.clone(), &mut registry).unwrap();
    let traces = TraceLake::open(span_options(), Arc::new(disk.clone()), objects_of(&disk), clock.clone(), &mut registry).unwrap();
    support::write(&logs, &[support::Input::new(1, NOW_NS, "line")]).unwrap();
    write_spans(&traces, &wide_trace(1, 0..5, NOW_NS)).unwrap();
    logs.flush().unwrap();
    traces.flush().unwrap();
    assert_eq!((support::read(&logs).unwrap().len(), read_trace(&traces, 1).unwrap().len()), (1, 5));
    logs.close().unwrap();
    let mixed = LakeOptions { dir: support::DIR.into(), ..span_options() };
    for options in [mixed, LakeOptions { prefix: "logs".into(), dir: "/data/other".into(), ..span_options() }] {
        let error = open_spans(&disk, &clock, options, objects_of(&disk)).unwrap_err();
        assert!(matches!(&error, LakeError::Locked { .. }) && error.to_string().contains("it holds logs"), "{error}");
    }
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &registry).unwrap();
    for line in [
        "phoenix_lake_segment_entries 1",
        "phoenix_lake_memory_streams 0",
        "phoenix_lake_line_bytes_total 4",
        "phoenix_lake_duplicate_entries_total 0",
        "phoenix_lake_pending_deletes 0",
        "phoenix_lake_subscriptions 0",
        "phoenix_traces_spans_total 5",
        "phoenix_traces_segment_spans 5",
        "phoenix_traces_memory_traces 0",
        "phoenix_traces_flushes_total 1",
    ] {
        assert!(text.lines().any(|l| l == line), "{line} is missing in\n{text}");
    }
    assert!(!text.contains("phoenix_traces_pending_deletes"), "spans have no requests to delete");
}
