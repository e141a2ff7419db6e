//! A real process is killed in the middle of writing spans; nothing that it acknowledged is lost.

mod support;

use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealClock, RealDisk};
use phoenix_lake::{LakeError, LakeOptions, TraceLake};
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::kill;
use support::spans::{Span, read_spans, write_spans};

const SPANS: u64 = 20;
const BASE_NS: i64 = 1_700_000_000_000_000_000;

fn open(folder: &Path) -> Result<TraceLake, LakeError> {
    let options = kill::busy(LakeOptions::traces(folder.join("traces")), 128 << 10);
    let disk = RealDisk::shared();
    let objects = FolderObjects::open(disk.clone(), folder.join("objects")).map_err(LakeError::from)?;
    TraceLake::open(options, disk, Arc::new(objects), RealClock::shared(), &mut Registry::default())
}

/// A batch's spans: half of them go on with the trace of the batch before.
fn batch(number: u64) -> Vec<Span> {
    let span = |at: u64| Span {
        trace: number + at % 2,
        id: number * SPANS + at + 1,
        parent: if at == 0 { 0 } else { number * SPANS + 1 },
        start_ns: BASE_NS + (number * SPANS + at) as i64,
        duration_ns: 100,
        service: at % 4,
        name: "some name".into(),
        status: 0,
        text: "some text that takes room ".repeat(4),
    };
    (0..SPANS).map(span).collect()
}

/// Not a test of its own: the process that is killed.
#[test]
fn writer_process() {
    let Some((folder, first)) = kill::task() else { return };
    let store = Arc::new(open(&folder).unwrap());
    let upkeep = Arc::clone(&store);
    std::thread::spawn(move || {
        while upkeep.wait_for_work(Duration::from_millis(20)) {
            while upkeep.maintain().unwrap() {}
        }
    });
    kill::write_from(first, |number| write_spans(&store, &batch(number)));
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let mut segments = 0;
    let batches = kill::rounds(
        12,
        SPANS,
        |_| {},
        |folder| {
            let store = open(folder).unwrap();
            let mut found: HashMap<u64, u64> = HashMap::new();
            for span in read_spans(&store).unwrap().traces.into_iter().flat_map(|trace| trace.2) {
                *found.entry((span.start_ns - BASE_NS) as u64 / SPANS).or_default() += 1;
            }
            segments += store.status().segments;
            found
        },
    );
    assert!(batches > 500 && segments > 10, "{batches} {segments}");
}
