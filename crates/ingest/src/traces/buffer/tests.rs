use super::settle::in_store_bytes;
use super::*;
use crate::traces::test_store::Traces;
use phoenix_env::{DiskFaults, SimClock, SimDisk};
use phoenix_model::traces::{SpanId, SpanRecord, SpanStatus};
use phoenix_sampling::{EarlyDecision, Pattern, Rules, SamplingRule, SamplingRules, Settings, Strategy};
use std::path::PathBuf;

const FOLDER: &str = "/data/sampling";

/// Rules that keep errors, and of the others none.
fn errors_only(settings: Settings) -> Sampler {
    let rule = SamplingRule {
        name: Arc::from("errors"),
        service: Pattern::new("*"),
        endpoint: None,
        method: None,
        error: Some(true),
        sample_rate: 1.0,
    };
    let rules = SamplingRules { rules: vec![rule], default_sample_rate: 0.0, adaptive: None };
    Sampler::new(Rules { strategy: Strategy::Rules(rules), settings })
}

fn settings() -> Settings {
    Settings { decision_wait: Duration::from_secs(10), early: EarlyDecision::Complete(Duration::from_secs(2)), ..Settings::default() }
}

struct World {
    disk: SimDisk,
    clock: Arc<SimClock>,
    store: Arc<Traces>,
    buffer: SamplingBuffer,
    registry: Registry,
}

impl World {
    fn new(settings: Settings, limits: BufferLimits) -> Self {
        Self::over(SimDisk::new(7), SimClock::new(1_700_000_000_000), settings, limits)
    }

    fn over(disk: SimDisk, clock: Arc<SimClock>, settings: Settings, limits: BufferLimits) -> Self {
        let store = Arc::new(Traces::default());
        let mut registry = Registry::default();
        let (shared, sampler): (SharedDisk, _) = (Arc::new(disk.clone()), errors_only(settings));
        let folder = PathBuf::from(FOLDER);
        let buffer = SamplingBuffer::open(store.clone(), sampler, shared, clock.clone(), &folder, limits, &mut registry).unwrap();
        Self { disk, clock, store, buffer, registry }
    }

    /// The process dies, and another takes over.
    fn killed(self) -> Self {
        self.disk.restart();
        Self::over(self.disk, self.clock, settings(), BufferLimits::default())
    }

    fn pass(&self, seconds: u64) -> Vec<String> {
        self.clock.advance(Duration::from_secs(seconds));
        self.buffer.tick();
        self.store.take()
    }

    fn metric(&self, line: &str) -> bool {
        let mut out = String::new();
        prometheus_client::encoding::text::encode(&mut out, &self.registry).unwrap();
        out.lines().any(|l| l == line)
    }

    fn journal_files(&self) -> usize {
        self.disk.files().iter().filter(|path| path.to_string_lossy().ends_with(".spans")).count()
    }
}

/// Spans written as `trace span parent name`, with `!` behind the name for an error.
fn spans(lines: &str) -> TraceWrite {
    let mut write = TraceWrite::default();
    let resource = write.add_resource("", 0, |attributes| attributes.text("service.name", "shop"));
    let scope = write.add_scope("", "", "", 0, |_| ());
    for line in lines.split(';') {
        let parts: Vec<&str> = line.split_whitespace().collect();
        let [trace, span, parent, name] = parts[..] else { panic!("{line}") };
        let fixed = SpanRecord {
            trace_id: TraceId([trace.parse().unwrap(); 16]),
            span_id: SpanId([span.parse().unwrap(); 8]),
            parent_id: if parent == "-" { SpanId::NONE } else { SpanId([parent.parse().unwrap(); 8]) },
            status: if name.ends_with('!') { SpanStatus::Error } else { SpanStatus::Unset },
            ..SpanRecord::default()
        };
        write.begin_span(resource, scope, fixed, name);
    }
    write
}

#[test]
fn traces_are_decided_whole() {
    let world = World::new(settings(), BufferLimits::default());
    // The root of the first comes after its child; the second never gets the parent that is named.
    world.buffer.write(&spans("1 2 1 a!; 2 2 1 b!; 3 1 - c")).unwrap();
    assert_eq!(world.pass(1), [""; 0]);
    world.buffer.write(&spans("1 1 - root")).unwrap();
    assert_eq!(world.pass(1), [""; 0]);
    assert!(world.metric("phoenix_sampling_traces_total{decision=\"dropped\",rule=\"default\"} 1"));
    assert_eq!(world.pass(1), ["shop/a!", "shop/root"]);
    assert_eq!(world.pass(6), [""; 0]);
    assert_eq!(world.buffer.waiting(), 1);
    assert_eq!(world.pass(1), ["shop/b!"]);
    assert_eq!(world.buffer.waiting(), 0);
    assert!(world.metric("phoenix_sampling_traces_total{decision=\"kept\",rule=\"errors\"} 2"));
    assert!(world.metric("phoenix_sampling_spans_total{decision=\"kept\",rule=\"errors\"} 3"));
    assert!(world.metric("phoenix_sampling_wait_seconds_count 3"));
    assert!(world.metric("phoenix_sampling_waiting_bytes 0"));
}

#[test]
fn late_spans_follow_the_decision() {
    let world = World::new(settings(), BufferLimits::default());
    world.buffer.write(&spans("1 1 - a!; 2 1 - b")).unwrap();
    assert_eq!(world.pass(2), ["shop/a!"]);
    let outcome = world.buffer.write(&spans("1 2 1 late; 2 2 1 late!; 3 1 - new")).unwrap();
    assert_eq!(outcome, TraceWriteOutcome { stored: 3, too_old: 0 });
    assert_eq!(world.store.take(), ["shop/late"]);
    assert!(world.metric("phoenix_sampling_late_spans_total{decision=\"kept\"} 1"));
    assert!(world.metric("phoenix_sampling_late_spans_total{decision=\"dropped\"} 1"));
    // A late span that can't be stored is not acknowledged.
    *world.store.answer.lock() = Err(WriteError::Busy("full".into()));
    assert!(world.buffer.write(&spans("1 3 1 late")).is_err());
}

#[test]
fn other_rules_hold_for_traces_that_wait() {
    let hours = Duration::from_hours(1);
    let world = World::new(Settings { decision_wait: hours, early: EarlyDecision::Complete(hours), ..settings() }, BufferLimits::default());
    world.buffer.write(&spans("1 1 - a!; 2 2 1 b!")).unwrap();
    assert_eq!(world.pass(60), [""; 0]);
    world.buffer.set_sampler(errors_only(settings()));
    assert_eq!(world.pass(0), ["shop/a!", "shop/b!"], "both have waited longer than they have to now");
    world.buffer.write(&spans("3 1 - c!")).unwrap();
    world.buffer.set_sampler(errors_only(Settings { early: EarlyDecision::Complete(hours), ..settings() }));
    assert_eq!(world.pass(3), [""; 0]);
    assert_eq!(world.pass(7), ["shop/c!"], "not before");
}

#[test]
fn the_oldest_is_decided_when_there_is_no_room() {
    let tests = [
        (Settings { num_traces: 2, ..settings() }, BufferLimits::default()),
        (settings(), BufferLimits { spans: 2, ..BufferLimits::default() }),
        (settings(), BufferLimits { memory_bytes: 2_000, ..BufferLimits::default() }),
    ];
    for (settings, limits) in tests {
        let world = World::new(settings, limits);
        world.buffer.write(&spans("1 2 1 a!; 2 2 1 b!")).unwrap();
        assert_eq!(world.store.take(), [""; 0], "{limits:?}");
        world.buffer.write(&spans("3 2 1 c!")).unwrap();
        assert_eq!(world.store.take(), ["shop/a!"], "{limits:?}");
        assert!(world.metric("phoenix_sampling_evicted_traces_total 1"));
    }
}

#[test]
fn what_is_acknowledged_survives_a_kill() {
    let world = World::new(settings(), BufferLimits::default());
    world.buffer.write(&spans("1 1 - a!; 2 2 1 b!; 3 1 - c")).unwrap();
    assert_eq!(world.pass(2), ["shop/a!"]);
    world.buffer.write(&spans("4 2 1 d!")).unwrap();
    let world = world.killed();
    assert_eq!(world.buffer.waiting(), 2, "the first and the third are decided");
    assert!(world.metric("phoenix_sampling_waiting_traces 2"), "which is told before anything else happens");
    assert_eq!(world.store.take(), [""; 0], "what was decided before is not stored again");
    // The decisions are still known.
    world.buffer.write(&spans("1 5 1 late; 3 5 1 late!")).unwrap();
    assert_eq!(world.store.take(), ["shop/late"]);
    assert_eq!(world.pass(10), ["shop/b!", "shop/d!"]);
    // All is decided: the journal goes with the next file.
    let world = world.killed();
    assert_eq!(world.buffer.waiting(), 0);
    assert_eq!(world.pass(1), [""; 0]);
    assert_eq!(world.journal_files(), 0);
}

#[test]
fn the_store_gets_no_more_at_once_than_it_has_room_for() {
    let limits = BufferLimits { write_bytes: 3_000, ..BufferLimits::default() };
    let world = World::new(settings(), limits);
    // Ten traces of three spans, and one of thirty.
    let small = (1..=10).map(|trace| format!("{trace} 1 - a!; {trace} 2 1 b; {trace} 3 1 c"));
    let large = std::iter::once("99 1 - a!".to_owned()).chain((2..=30).map(|span| format!("99 {span} 1 d")));
    let lines: Vec<String> = small.chain(large).collect();
    world.buffer.write(&spans(&lines.join(";"))).unwrap();
    world.clock.advance(Duration::from_secs(10));
    world.buffer.tick();
    let writes = world.store.writes.lock().clone();
    assert_eq!(writes.iter().map(TraceWrite::len).sum::<usize>(), 60);
    let largest = writes.iter().map(in_store_bytes).max().unwrap();
    assert!(largest < 3_000 + 1_000, "{largest}: a span more than fits at most");
    // Late spans, too.
    world.store.take();
    let late: Vec<String> = (40..=60).map(|span| format!("99 {span} 1 late")).collect();
    assert_eq!(world.buffer.write(&spans(&late.join(";"))).unwrap().stored, 21);
    assert!(world.store.writes.lock().len() > 2);
    assert_eq!(world.store.take().len(), 21);
}

#[test]
fn traces_wait_for_a_store_that_is_away() {
    let limits = BufferLimits { memory_bytes: 4_000, ..BufferLimits::default() };
    let world = World::new(settings(), limits);
    *world.store.answer.lock() = Err(WriteError::Busy("full".into()));
    for number in 0..40 {
        // A trace takes some 700 bytes while it waits; a kept one takes those of its texts.
        let name = "n".repeat(200);
        if world.buffer.write(&spans(&format!("{} 2 1 {name}!", number + 1))).is_err() {
            break;
        }
        assert!(number < 39, "the buffer has a limit");
    }
    assert!(world.metric("phoenix_sampling_waiting_traces 4") || world.buffer.waiting() < 6);
    assert_eq!(world.buffer.stalled().as_deref(), Some("the store is busy: full"));
    *world.store.answer.lock() = Ok(TraceWriteOutcome::default());
    let stored = world.pass(10).len();
    assert_eq!(world.buffer.stalled(), None);
    assert!(stored > 5, "{stored}");
    assert!(world.buffer.write(&spans("99 1 - a")).is_ok());
}

#[test]
fn the_journal_is_bounded_and_its_files_go() {
    let limits = BufferLimits { journal_bytes: 256 << 10, ..BufferLimits::default() };
    let world = World::new(settings(), limits);
    let name = "n".repeat(2000);
    for number in 0..250 {
        world.buffer.write(&spans(&format!("{number} 2 1 {name}!"))).unwrap_or_else(|e| panic!("{number}: {e}"));
        let bytes: usize = world.disk.files().iter().filter_map(|path| world.disk.bytes(path)).map(|bytes| bytes.len()).sum();
        assert!(bytes <= (256 << 10) + (64 << 10) + 3_000, "{number}: {bytes}");
    }
    let stored = world.store.take().len();
    assert!(stored > 50 && stored < 250, "{stored}");
    assert_eq!(world.pass(10).len() + stored, 250);
}

#[test]
fn a_disk_that_is_full_or_broken_is_said() {
    let world = World::new(settings(), BufferLimits::default());
    world.buffer.write(&spans("1 2 1 a!")).unwrap();
    let used: usize = world.disk.files().iter().filter_map(|path| world.disk.bytes(path)).map(|bytes| bytes.len()).sum();
    world.disk.set_faults(DiskFaults { capacity_bytes: Some(used as u64 + 20), ..DiskFaults::default() });
    assert!(matches!(world.buffer.write(&spans("2 2 1 b!")), Err(WriteError::DiskFull(_))));
    world.disk.set_faults(DiskFaults { sync_error: 1.0, ..DiskFaults::default() });
    assert!(matches!(world.buffer.write(&spans("3 2 1 c!")), Err(WriteError::Storage(_))));
    world.disk.set_faults(DiskFaults::default());
    world.buffer.write(&spans("4 2 1 d!")).unwrap();
    let world = world.killed();
    let kept = world.pass(10);
    assert!(kept.contains(&"shop/a!".to_owned()) && kept.contains(&"shop/d!".to_owned()), "{kept:?}");
    assert!(!kept.contains(&"shop/b!".to_owned()), "{kept:?}");
}

#[test]
fn pending_traces_can_be_dropped_at_the_end() {
    let world = World::new(Settings { drop_pending_on_shutdown: true, ..settings() }, BufferLimits::default());
    world.buffer.write(&spans("1 2 1 a!; 2 2 1 b!")).unwrap();
    assert_eq!(world.buffer.close(), 2);
    let world = world.killed();
    assert_eq!((world.buffer.waiting(), world.pass(10)), (0, vec![]));
    let world = World::new(settings(), BufferLimits::default());
    world.buffer.write(&spans("1 2 1 a!")).unwrap();
    assert_eq!(world.buffer.close(), 0);
    assert_eq!(world.killed().buffer.waiting(), 1);
}

/// Crashes at any operation on the disk, with everything unsynced lost or torn: what was acknowledged
/// and is to be kept is stored in the end.
#[test]
fn nothing_acknowledged_is_lost_in_a_crash() {
    for seed in 0..150_u64 {
        let disk = SimDisk::new(seed);
        let clock = SimClock::new(1_700_000_000_000);
        let limits = BufferLimits { journal_bytes: 1 << 20, ..BufferLimits::default() };
        let mut acknowledged = Vec::new();
        let mut stored = Vec::new();
        {
            let world = World::over(disk.clone(), clock.clone(), settings(), limits);
            disk.die_after(seed % 40);
            for number in 1..20_u8 {
                if world.buffer.write(&spans(&format!("{number} 2 1 n{number}!; {number} 3 1 m{number}"))).is_ok() {
                    acknowledged.push(number);
                }
                if number % 3 == 0 {
                    clock.advance(Duration::from_secs(4));
                    world.buffer.tick();
                }
            }
            stored.append(&mut world.store.take());
        }
        disk.crash();
        let world = World::over(disk, clock, settings(), limits);
        stored.extend(world.pass(10));
        for number in acknowledged {
            for name in [format!("shop/n{number}!"), format!("shop/m{number}")] {
                assert!(stored.contains(&name), "seed {seed}: {name} was acknowledged and is lost; {stored:?}");
            }
        }
    }
}

/// Damage in a file of the journal takes the records that it touches; those behind them are there.
#[test]
fn damage_in_the_journal_takes_only_the_records_that_it_touches() {
    let path = PathBuf::from(FOLDER).join("0000000000000001.spans");
    let world = World::new(settings(), BufferLimits::default());
    for number in 1..=6 {
        world.buffer.write(&spans(&format!("{number} 2 1 n{number}!; {number} 3 1 m{number}"))).unwrap();
    }
    let World { disk, clock, .. } = world;
    disk.restart();
    let whole = disk.bytes(&path).unwrap();
    let mut starts = vec![0];
    while let Some(length) = whole.get(*starts.last().unwrap()..).and_then(|rest| rest.first_chunk::<4>()) {
        starts.push(starts.last().unwrap() + record::HEAD_BYTES + u32::from_le_bytes(*length) as usize);
    }
    assert_eq!((starts.len(), starts.last()), (7, Some(&whole.len())));
    // Of a record: the length in two ways, the checksum, the body; and more than one record.
    let harms = [(1, 1, 1, 0x20), (1, 3, 1, 0x7f), (1, 4, 4, 0xff), (1, 40, 9, 0x55), (0, 0, 12, 0x55), (5, 30, 1, 1), (2, 6, 400, 0x55)];
    for (number, offset, length, mask) in harms {
        let mut bytes = whole.clone();
        let (start, end) = (starts[number] + offset, starts[number] + offset + length);
        bytes[start..end].iter_mut().for_each(|byte| *byte ^= mask);
        for path in disk.files() {
            phoenix_env::Disk::remove_file(&disk, &path).unwrap();
        }
        disk.replace(&path, &bytes);
        let world = World::over(disk.clone(), clock.clone(), settings(), BufferLimits::default());
        let sound = (0..6).filter(|record| end <= starts[*record] || start >= starts[record + 1]);
        let mut want: Vec<String> = sound.flat_map(|record| [format!("shop/m{}", record + 1), format!("shop/n{}!", record + 1)]).collect();
        want.sort();
        assert!(want.len() >= 6 && want.len() < 12);
        let mut got = world.pass(10);
        got.sort();
        assert_eq!(got, want, "record {number}, {length} bytes at {offset}");
        // All is decided: the damaged file goes.
        disk.restart();
        drop(world);
    }
}
