//! A store of spans whose disk fills up, whose log is damaged, and whose segments of other days are.

mod support;

use phoenix_env::{DiskFaults, SimClock, SimDisk};
use phoenix_lake::{LakeError, LakeOptions, TraceLake};
use phoenix_model::logs::ReadError;
use std::path::PathBuf;
use std::sync::Arc;
use support::faults::Promise;
use support::spans::*;
use support::{DAY_NS, MINUTE, NOW_MS, NOW_NS, objects_of, with_limits};

fn options() -> LakeOptions {
    LakeOptions { memtable_bytes: 1 << 20, ..span_options() }
}

fn reopen(disk: &SimDisk, clock: &Arc<SimClock>) -> TraceLake {
    disk.set_faults(DiskFaults::default());
    open_spans(disk, clock, options(), objects_of(disk)).unwrap()
}

fn files(disk: &SimDisk, ending: &str) -> Vec<PathBuf> {
    disk.files().into_iter().filter(|path| path.extension().is_some_and(|e| e == ending)).collect()
}

/// The lengths of the traces that a query finds.
type Lengths = Result<Vec<usize>, ReadError>;

fn lengths(store: &TraceLake, range: (i64, i64)) -> Lengths {
    let (found, _) = with_limits(|limits| read_with(store, limits, range, &[]))?;
    Ok(found.traces.iter().map(|trace| trace.2.len()).collect())
}

/// What a query is asked, by its name.
type Query = (&'static str, fn(&TraceLake, (i64, i64)) -> Lengths);

const QUERIES: [Query; 3] = [
    ("search", lengths),
    ("trace", |store, (start_ns, end_ns)| {
        let of = |number| with_limits(|limits| store.trace(trace_id(number), Some(start_ns..end_ns), limits)).map(|write| write.len());
        (10..15).map(of).collect()
    }),
    ("tags", |store, (start_ns, end_ns)| {
        let names = with_limits(|limits| store.tag_names(start_ns, end_ns, limits))?;
        Ok(if names.is_empty() { Vec::new() } else { vec![7; 5] })
    }),
];

/// Whoever asks first after a start learns nothing of another day's damage: it is told, and left out.
#[test]
fn damage_of_another_day_fails_not_even_the_first_query() {
    let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
    let store = reopen(&disk, &clock);
    let days = [NOW_NS - 2 * DAY_NS, NOW_NS];
    for (day, start_ns) in days.into_iter().enumerate() {
        for number in 0..5 {
            write_spans(&store, &wide_trace(day as u64 * 10 + number, 0..7, start_ns)).unwrap();
        }
        store.flush().unwrap();
    }
    drop(store);
    let before = files(&disk, "index").into_iter().chain(files(&disk, "parquet")).map(|path| (path.clone(), disk.bytes(&path).unwrap()));
    let before: Vec<(PathBuf, Vec<u8>)> = before.collect();
    // Names of segments ascend with their days.
    let (of_yesterday, index) = (&before[0].0, &before[0].1);
    assert!(before.len() == 4 && of_yesterday < &before[1].0, "{before:?}");
    let flipped = |from: usize| index.iter().enumerate().map(|(at, byte)| if at >= from { byte ^ 0x55 } else { *byte }).collect();
    let damages: [(&str, Option<Vec<u8>>); 4] = [
        ("from its beginning", Some(flipped(0))),
        ("behind its head", Some(flipped(64))),
        ("cut", Some(index[..9].to_vec())),
        ("gone", None),
    ];
    for (damage, bytes) in &damages {
        for (name, query) in QUERIES {
            let context = format!("{name}, {damage}");
            disk.restart();
            match bytes {
                Some(bytes) => disk.replace(of_yesterday, bytes),
                None => phoenix_env::Disk::remove_file(&disk, of_yesterday).unwrap(),
            }
            let store = reopen(&disk, &clock);
            let file = of_yesterday.file_name().unwrap().to_string_lossy().into_owned();
            assert_eq!(query(&store, (days[1], i64::MAX)), Ok(vec![7; 5]), "{context}: the first query");
            let error = query(&store, (i64::MIN, days[0] + DAY_NS)).unwrap_err().to_string();
            assert!(error.contains(&file), "{context}: who asks for its time is told: {error}");
            assert_eq!(query(&store, (days[1], i64::MAX)), Ok(vec![7; 5]), "{context}: a later query");
            let told: Vec<String> = store.status().problems.into_iter().map(|problem| problem.file).collect();
            assert!(told.len() == 1 && told[0].contains(&file), "{context}: {told:?}");
            drop(store);
            disk.replace(of_yesterday, index);
        }
    }
}

fn used(disk: &SimDisk) -> u64 {
    disk.files().iter().filter_map(|path| disk.bytes(path)).map(|bytes| bytes.len() as u64).sum()
}

/// The disk is full at one place after the other: in the middle of a record, while segments are written,
/// while the manifest is.
#[test]
fn a_full_disk_refuses_spans_by_name_and_loses_none() {
    let mut refused = 0;
    for room in (0..12_000).step_by(1_500) {
        let (disk, clock) = (SimDisk::new(room), SimClock::new(NOW_MS));
        let store = reopen(&disk, &clock);
        let mut spans = Spans::new(room);
        let mut promise = Promise::default();
        let mut take = |store: &TraceLake, promise: &mut Promise<Span>| {
            let batch = spans.batch(NOW_NS);
            let taken = write_spans(store, &batch);
            if taken.is_ok() {
                promise.acknowledged.extend(batch);
            }
            taken
        };
        for _ in 0..5 {
            take(&store, &mut promise).unwrap();
        }
        store.flush().unwrap();
        let is_full = DiskFaults { capacity_bytes: Some(used(&disk) + room), ..DiskFaults::default() };
        disk.set_faults(is_full);
        for _ in 0..20 {
            if let Err(error) = take(&store, &mut promise) {
                refused += 1;
                assert!(matches!(&error, LakeError::DiskFull(said) if said.contains("/data/traces/wal/")), "room {room}: {error}");
            }
        }
        check_spans(&promise, &store, &format!("room {room}: nothing of what was refused is there"));
        // With little room left, memory can't move to segments either: it stays where it is.
        let flushed = store.flush();
        assert!(matches!(flushed, Ok(()) | Err(LakeError::DiskFull(_))), "room {room}: {flushed:?}");
        assert_eq!(store.status().stalled.is_some(), flushed.is_err(), "room {room}");
        check_spans(&promise, &store, &format!("room {room}: after a flush that ended with {flushed:?}"));
        // Killed in this state, and started on a disk that is still full.
        drop(store);
        disk.restart();
        let store = open_spans(&disk, &clock, options(), objects_of(&disk)).unwrap();
        check_spans(&promise, &store, &format!("room {room}: started on a full disk"));
        disk.set_faults(DiskFaults::default());
        clock.advance(MINUTE);
        take(&store, &mut promise).unwrap();
        store.flush().unwrap();
        take(&store, &mut promise).unwrap();
        while store.maintain().unwrap() {}
        assert_eq!(store.status().stalled, None, "room {room}");
        check_spans(&promise, &store, &format!("room {room}: there is room again"));
        drop(store);
        disk.restart();
        check_spans(&promise, &reopen(&disk, &clock), &format!("room {room}: restarted"));
    }
    assert!(refused > 50, "{refused}");
}

/// The records of a file of the log: where they begin, and where the last one ends.
fn records_of(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![20];
    while let Some(length) = bytes.get(*starts.last().unwrap()..).and_then(|rest| rest.first_chunk::<4>()) {
        starts.push(starts.last().unwrap() + 8 + u32::from_le_bytes(*length) as usize);
    }
    starts
}

/// Damage in the log takes the batch that it touches, whether it hits lengths, contents or a whole block
/// of the disk, and it is told.
#[test]
fn a_damaged_record_of_the_log_takes_only_its_own_spans() {
    let (disk, clock) = (SimDisk::new(5), SimClock::new(NOW_MS));
    let store = reopen(&disk, &clock);
    let mut spans = Spans::new(5);
    let batches: Vec<Vec<Span>> = (0..12).map(|_| spans.batch(NOW_NS)).collect();
    for batch in &batches {
        write_spans(&store, batch).unwrap();
    }
    drop(store);
    disk.restart();
    let log = files(&disk, "wal").pop().unwrap();
    let whole = disk.bytes(&log).unwrap();
    let starts = records_of(&whole);
    assert_eq!((starts.len(), starts.last()), (batches.len() + 1, Some(&whole.len())));
    let middle = |number: usize| usize::midpoint(starts[number] + 8, starts[number + 1]);
    let harms = [
        ("a length grows", starts[4] + 1..starts[4] + 2, 0x10),
        ("a length reaches beyond the file", starts[4] + 3..starts[4] + 4, 0x7f),
        ("a checksum", starts[4] + 4..starts[4] + 8, 0xff),
        ("contents", middle(4)..middle(4) + 20, 0x55),
        ("contents of two that follow each other", middle(4)..middle(5), 0x55),
        ("a block over several records", starts[3] + 5..middle(8), 0x55),
        ("the first record", starts[0]..starts[0] + 12, 0x55),
        ("the last record", middle(11)..middle(11) + 1, 0x01),
        ("the header of the file", 0..20, 0x55),
    ];
    for (what, place, mask) in harms {
        let mut bytes = whole.clone();
        bytes[place.clone()].iter_mut().for_each(|byte| *byte ^= mask);
        disk.replace(&log, &bytes);
        let store = reopen(&disk, &clock);
        let mut promise = Promise::default();
        for (number, batch) in batches.iter().enumerate() {
            let is_touched = place.start < starts[number + 1] && place.end > starts[number];
            if is_touched { &mut promise.unknown } else { &mut promise.acknowledged }.extend(batch.iter().cloned());
        }
        check_spans(&promise, &store, what);
        let problems = store.status().problems;
        assert!(!problems.is_empty() && problems.iter().all(|problem| problem.file.starts_with("wal/")), "{what}: {problems:?}");
        // It goes on, and the damaged file goes once all of it stands in segments.
        let more = spans.batch(NOW_NS);
        write_spans(&store, &more).unwrap();
        promise.acknowledged.extend(more);
        store.flush().unwrap();
        check_spans(&promise, &store, what);
        assert!(!files(&disk, "wal").contains(&log), "{what}");
        drop(store);
        disk.restart();
        check_spans(&promise, &reopen(&disk, &clock), what);
        // The next harm begins with the log alone.
        for path in disk.files() {
            phoenix_env::Disk::remove_file(&disk, &path).unwrap();
        }
    }
}
