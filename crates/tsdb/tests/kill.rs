//! A real process is killed in the middle of writing; nothing that it acknowledged is lost.

use phoenix_env::{RealClock, RealDisk};
use phoenix_model::{BucketSpan, Budget, Exemplar, Histogram, Labels, Matcher, WriteBatch};
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

fn histogram(value: f64) -> Histogram {
    let spans = vec![BucketSpan { offset: -1, length: 3 }];
    Histogram { count: value, sum: value, positive_spans: spans, positive: vec![value, value / 2.0, 1.0], ..Histogram::default() }
}

/// Not a test of its own: the process that is killed. It writes numbered batches and prints the number
/// of each one that was acknowledged, until it dies.
#[test]
fn writer_process() {
    let (Ok(folder), Ok(first)) = (std::env::var(FOLDER), std::env::var(FIRST)) else { return };
    let store = open(Path::new(&folder)).unwrap();
    let mut out = std::io::stdout();
    for number in first.parse::<u64>().unwrap().. {
        let mut batch = WriteBatch::default();
        for s in 0..SERIES {
            let labels = Labels::from_pairs([("__name__", "m"), ("s", &s.to_string())]);
            let (t, value) = (BASE_MS + number as i64, (number * SERIES + s) as f64);
            if s.is_multiple_of(5) {
                batch.histograms.push((labels, vec![(t, histogram(value))]));
            } else {
                batch.series.push((labels, vec![(t, value)]));
            }
        }
        let exemplar = Exemplar { labels: Labels::empty(), value: number as f64, timestamp_ms: BASE_MS + number as i64 };
        batch.exemplars.push((Labels::from_pairs([("__name__", "m")]), vec![exemplar]));
        store.write(&batch).unwrap();
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
                let (t, value) = (BASE_MS + wanted as i64, (wanted * SERIES + s) as f64);
                if s.is_multiple_of(5) {
                    let at = series.histograms.binary_search_by_key(&t, |h| h.0).unwrap_or_else(|_| panic!("batch {wanted} is lost"));
                    assert_eq!(*series.histograms[at].1, histogram(value), "batch {wanted}");
                } else {
                    let at = series.timestamps_ms.binary_search(&t).unwrap_or_else(|_| panic!("batch {wanted} is lost"));
                    assert_eq!(series.values[at], value, "batch {wanted}");
                }
            }
            // A batch that was written but not acknowledged any more may be there.
            let newest_ms = series.timestamps_ms.last().copied().max(series.histograms.last().map(|h| h.0)).unwrap();
            acknowledged = acknowledged.max((newest_ms - BASE_MS) as u64);
        }
        let exemplars = store.exemplars(&[vec![Matcher::equal("__name__", "m")]], i64::MIN, i64::MAX);
        let times_ms = exemplars[0].1.iter().map(|e| e.timestamp_ms);
        assert!(times_ms.eq((1..=acknowledged).map(|number| BASE_MS + number as i64)), "none is lost, and none twice");
    }
    assert!(acknowledged > 1000, "{acknowledged}");
}
