//! A real process is killed in the middle of writing spans; nothing that it acknowledged is lost.

mod support;

use phoenix_env::objects::FolderObjects;
use phoenix_env::{RealClock, RealDisk};
use phoenix_lake::{LakeError, LakeOptions, SyncPolicy, TraceLake};
use prometheus_client::registry::Registry;
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;
use support::spans::{Span, read_spans, write_spans};

const FOLDER: &str = "PHOENIX_TRACES_KILL_FOLDER";
const FIRST: &str = "PHOENIX_TRACES_KILL_FIRST";
const ROUNDS: u64 = 12;
const SPANS: u64 = 20;
const BASE_NS: i64 = 1_700_000_000_000_000_000;

fn open(folder: &Path) -> Result<TraceLake, LakeError> {
    let mut options = LakeOptions::traces(folder.join("traces"));
    options.retention.default = None;
    options.sync = SyncPolicy::Never;
    options.memtable_bytes = 128 << 10;
    options.compaction.fan_in = 3;
    options.compaction.quiet_for = Duration::ZERO;
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

/// Not a test of its own: the process that is killed. It writes numbered batches and prints the number
/// of each one that was acknowledged, until it dies.
#[test]
fn writer_process() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let store = Arc::new(open(Path::new(&folder)).unwrap());
    let upkeep = Arc::clone(&store);
    std::thread::spawn(move || {
        while upkeep.wait_for_work(Duration::from_millis(20)) {
            while upkeep.maintain().unwrap() {}
        }
    });
    let mut out = std::io::stdout();
    for number in first.parse::<u64>().unwrap().. {
        while let Err(error) = write_spans(&store, &batch(number)) {
            assert!(matches!(error, LakeError::Busy(_)), "{error}");
            std::thread::yield_now();
        }
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
    }
}

fn spawn(folder: &Path, first: u64) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "writer_process", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(FIRST, first.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

fn number(line: &str) -> Option<u64> {
    // The harness may have written its own words before, without ending the line.
    line.split("acknowledged ").nth(1)?.trim().parse().ok()
}

#[test]
fn nothing_acknowledged_is_lost_by_kill_9() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    let mut segments = 0;
    for round in 0..ROUNDS {
        let mut child = spawn(folder.path(), acknowledged + 1);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Die after a different number of batches each time, so that flushes and merges are hit as well.
        let die_after = 5 + round * 37 % 160;
        let mut seen = 0;
        while seen < die_after {
            let line = lines.next().expect("the writer goes on until it is killed").unwrap();
            if let Some(number) = number(&line) {
                acknowledged = number;
                seen += 1;
            }
        }
        child.kill().unwrap();
        // What it had said before it died counts as well; the last line may be torn.
        for line in lines.map_while(Result::ok) {
            acknowledged = number(&line).unwrap_or(acknowledged).max(acknowledged);
        }
        child.wait().unwrap();

        let store = open(folder.path()).unwrap();
        let mut found: HashMap<u64, u64> = HashMap::new();
        for span in read_spans(&store).unwrap().traces.into_iter().flat_map(|trace| trace.2) {
            *found.entry((span.start_ns - BASE_NS) as u64 / SPANS).or_default() += 1;
        }
        for wanted in 1..=acknowledged {
            assert_eq!(found.get(&wanted), Some(&SPANS), "round {round}: batch {wanted} of {acknowledged}");
        }
        // A batch that was written but not acknowledged any more may be there.
        acknowledged = acknowledged.max(found.keys().copied().max().unwrap_or_default());
        segments += store.status().segments;
    }
    assert!(acknowledged > 500 && segments > 10, "{acknowledged} {segments}");
}
