//! A real process is killed in the middle of writing; nothing that it acknowledged is lost.

mod support;

use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealClock, RealDisk};
use phoenix_lake::{Lake, LakeError, LakeOptions};
use phoenix_model::Labels;
use phoenix_model::logs::{Level, LogWrite};
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use support::{kill, read, with_limits};

const ENTRIES: u64 = 20;
const BASE_NS: i64 = 1_700_000_000_000_000_000;

fn open(folder: &Path) -> Result<Lake, LakeError> {
    let options = kill::busy(LakeOptions::new(folder.join("logs")), 512 << 10);
    let disk = RealDisk::shared();
    let objects = FolderObjects::open(disk.clone(), folder.join("objects")).map_err(LakeError::from)?;
    Lake::open(options, disk, Arc::new(objects), RealClock::shared(), &mut Registry::default())
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
    kill::write_from(first, |number| {
        let mut write = LogWrite::default();
        for entry in 0..ENTRIES {
            write.begin_stream(Labels::from_pairs([("app", format!("app-{}", entry % 4))]));
            let line = format!("batch={number} entry={entry} {}", "some text that takes room ".repeat(4));
            write.push(BASE_NS + (number * ENTRIES + entry) as i64, &line, phoenix_model::LabelsRef::EMPTY, Level::Info);
        }
        store.write(&write).map(|_| ())
    });
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let mut segments = 0;
    let alive = |folder: &Path| {
        let refused = open(folder).expect_err("the folder is in use");
        assert!(matches!(refused, LakeError::Locked { .. }), "{refused}");
    };
    let batches = kill::rounds(20, ENTRIES, alive, |folder| {
        let store = open(folder).unwrap();
        let mut found: HashMap<u64, u64> = HashMap::new();
        for entry in read(&store).unwrap() {
            *found.entry((entry.1 - BASE_NS) as u64 / ENTRIES).or_default() += 1;
        }
        let (counts, _) = with_limits(|limits| store.counts(&[], &[BASE_NS, i64::MAX], limits)).unwrap();
        assert_eq!(counts.iter().map(|c| c.counts[0].0).sum::<u64>(), found.values().sum::<u64>());
        segments += store.status().segments;
        found
    });
    assert!(batches > 1000 && segments > 10, "{batches} {segments}");
}
