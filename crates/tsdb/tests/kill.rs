//! A real process is killed in the middle of writing; nothing that it acknowledged is lost.

use phoenix_env::{RealClock, RealDisk};
use phoenix_model::{Budget, Labels, Matcher, WriteBatch};
use phoenix_tsdb::{FsyncPolicy, SelectLimits, Tsdb, TsdbError, TsdbOptions};
use prometheus_client::registry::Registry;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

const FOLDER: &str = "PHOENIX_TSDB_KILL_FOLDER";
const FIRST: &str = "PHOENIX_TSDB_KILL_FIRST";
const ROUNDS: u64 = 20;
const SERIES: u64 = 50;
const BASE_MS: i64 = 1_700_000_000_000;

fn open(folder: &Path) -> Result<Arc<Tsdb>, TsdbError> {
    let options = TsdbOptions { retention: None, fsync: FsyncPolicy::Never, head_wal_bytes: 64 << 10, ..TsdbOptions::new(folder) };
    Tsdb::open(options, RealDisk::shared(), RealClock::shared(), &mut Registry::default())
}

/// Not a test of its own: the process that is killed. It writes numbered batches and prints the number
/// of each one that was acknowledged, until it dies.
#[test]
fn writer_process() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let store = open(Path::new(&folder)).unwrap();
    let mut out = std::io::stdout();
    for number in first.parse::<u64>().unwrap().. {
        let series = (0..SERIES).map(|s| {
            (Labels::from_pairs([("__name__", "m"), ("s", &s.to_string())]), vec![(BASE_MS + number as i64, (number * SERIES + s) as f64)])
        });
        store.write(&WriteBatch::floats(series.collect())).unwrap();
        writeln!(out, "acknowledged {number}").unwrap();
        out.flush().unwrap();
        if number % 50 == 0 {
            store.maintain().unwrap();
        }
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
        if round == 0 {
            let refused = open(folder.path()).expect_err("the folder is in use");
            assert!(matches!(refused, TsdbError::Locked { .. }), "{refused}");
            assert!(refused.to_string().contains(&folder.path().display().to_string()), "{refused}");
        }
        child.kill().unwrap();
        // What it had said before it died counts as well; the last line may be torn.
        for line in lines.map_while(Result::ok) {
            acknowledged = number(&line).unwrap_or(acknowledged).max(acknowledged);
        }
        child.wait().unwrap();

        let store = open(folder.path()).unwrap();
        let budget = Budget::unlimited();
        let found = store.select(&[Matcher::equal("__name__", "m")], i64::MIN, i64::MAX, &SelectLimits::within(&budget)).unwrap();
        assert_eq!(found.series.len() as u64, SERIES);
        for series in &found.series {
            let s: u64 = series.labels.value("s").parse().unwrap();
            for wanted in 1..=acknowledged {
                let at =
                    series.timestamps_ms.binary_search(&(BASE_MS + wanted as i64)).unwrap_or_else(|_| panic!("batch {wanted} is lost"));
                assert_eq!(series.values[at], (wanted * SERIES + s) as f64, "batch {wanted}");
            }
            // A batch that was written but not acknowledged any more may be there.
            acknowledged = acknowledged.max((series.timestamps_ms.last().unwrap() - BASE_MS) as u64);
        }
    }
    assert!(acknowledged > 1000, "{acknowledged}");
}
