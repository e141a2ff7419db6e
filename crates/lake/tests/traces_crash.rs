//! Crashes, power cuts, failing disks and failing buckets under a store of spans: what was
//! acknowledged is there as whole traces.

mod support;

use phoenix_env::objects::SharedObjects;
use phoenix_env::{SimClock, SimDisk};
use phoenix_lake::{LakeError, LakeOptions, LakeStatus, TraceLake};
use std::sync::Arc;
use support::faults::{self, Promise, Subject, spoil};
use support::spans::*;
use support::{DAY_NS, MINUTE, NOW_MS, NOW_NS, Random, with_limits};

/// A store of spans.
struct Traces {
    spans: Spans,
    last: Vec<Span>,
    promise: Promise<Span>,
}

impl Subject for Traces {
    type Store = TraceLake;

    fn new(seed: u64) -> Self {
        Self { spans: Spans::new(seed), last: Vec::new(), promise: Promise::default() }
    }

    fn options() -> LakeOptions {
        LakeOptions { memtable_bytes: 192 << 10, ..span_options() }
    }

    fn open(disk: &SimDisk, clock: &Arc<SimClock>, options: LakeOptions, objects: SharedObjects) -> Result<TraceLake, LakeError> {
        open_spans(disk, clock, options, objects)
    }

    fn random(&mut self) -> &mut Random {
        &mut self.spans.random
    }

    fn write(&mut self, store: &TraceLake, now_ns: i64) -> Result<(), LakeError> {
        self.last = self.spans.batch(now_ns);
        // A client tries again what failed, which must not double it.
        write_spans(store, &self.last).or_else(|_| write_spans(store, &self.last))?;
        self.promise.acknowledged.extend(self.last.iter().cloned());
        Ok(())
    }

    fn doubt(&mut self) {
        self.promise.unknown.extend(self.last.iter().cloned());
    }

    fn resend(&mut self, store: &TraceLake, context: &str) {
        let again: Vec<Span> = self.promise.unknown.iter().take(20).cloned().collect();
        while let Err(error) = write_spans(store, &again) {
            assert!(matches!(error, LakeError::Busy(_)), "{context}: {error}");
            store.maintain().unwrap();
        }
        self.promise.acknowledged.extend(again);
    }

    fn check(&self, store: &TraceLake, context: &str) {
        check_spans(&self.promise, store, context);
    }

    fn maintain(store: &TraceLake) -> Result<bool, LakeError> {
        store.maintain()
    }

    fn flush(store: &TraceLake) -> Result<(), LakeError> {
        store.flush()
    }

    fn status(store: &TraceLake) -> LakeStatus {
        store.status()
    }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>, seed: u64) -> TraceLake {
    faults::reopen::<Traces>(disk, clock, seed)
}

#[test]
fn what_was_acknowledged_survives_crashes_and_faults() {
    let failed: u64 = (0..30).map(faults::lives::<Traces>).sum();
    assert!(failed > 100, "the faults must bite: {failed} failed writes");
}

#[test]
fn a_flush_and_a_merge_can_be_killed_anywhere() {
    faults::killed_anywhere::<Traces>(4);
}

#[test]
fn a_full_disk_refuses_writes_and_recovers() {
    faults::full_disk::<Traces>(80_000);
}

#[test]
fn a_bucket_that_fails_now_and_then_loses_nothing() {
    for every in [5, 11, 29] {
        faults::failing_bucket::<Traces>(every, 200);
    }
}

#[test]
fn a_bucket_that_is_gone_for_long_pushes_back_and_loses_nothing() {
    faults::gone_bucket::<Traces>("spans in memory");
}

#[test]
fn a_new_machine_finds_the_segments_of_the_bucket() {
    faults::another_machine::<Traces>("/other/traces");
}

#[test]
fn a_damaged_segment_stops_neither_flushes_nor_merges() {
    for ending in ["parquet", "index"] {
        let (disk, clock) = (SimDisk::new(10), SimClock::new(NOW_MS));
        let store = reopen(&disk, &clock, 0);
        for number in 0..9 {
            write_spans(&store, &wide_trace(number, 0..20, NOW_NS)).unwrap();
            store.flush().unwrap();
        }
        let damaged = spoil(&disk, ending);
        drop(store);
        disk.restart();
        let store = reopen(&disk, &clock, 0);
        let name = damaged.file_name().unwrap().to_string_lossy().into_owned();
        let error = read_spans(&store).map(|_| ()).unwrap_err();
        assert!(error.to_string().contains(&name), "{error}");
        for number in 20..30 {
            clock.advance(MINUTE);
            write_spans(&store, &wide_trace(number, 0..20, NOW_NS)).unwrap();
            store.flush().unwrap();
            let _ = store.maintain();
        }
        let status = store.status();
        assert!(status.segments < 9 && status.problems.len() == 1 && status.memory_entries == 0, "{ending}: {status:?}");
        // Late spans of its traces, two days later.
        let later_ns = NOW_NS + 2 * DAY_NS;
        for number in 0..9 {
            write_spans(&store, &wide_trace(number, 20..21, later_ns)).unwrap();
        }
        store.flush().unwrap();
        let (found, _) = with_limits(|limits| read_with(&store, limits, (later_ns, i64::MAX), &[])).unwrap();
        let mut lengths: Vec<usize> = found.traces.iter().map(|trace| trace.2.len()).collect();
        lengths.sort_unstable();
        assert_eq!(lengths, [1, 21, 21, 21, 21, 21, 21, 21, 21], "{ending}: what is left of its trace, and the others");
        assert!(read_spans(&store).is_err(), "{ending}: who asks for its time is told");
    }
}
