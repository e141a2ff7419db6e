//! A real process that is killed while it writes.

use phoenix_lake::{CompactionLimits, LakeError, LakeOptions, SyncPolicy};
use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const FOLDER: &str = "PHOENIX_LAKE_KILL_FOLDER";
const FIRST: &str = "PHOENIX_LAKE_KILL_FIRST";

/// Options with much to flush and to merge.
pub fn busy(options: LakeOptions, memtable_bytes: u64) -> LakeOptions {
    let mut options = LakeOptions { sync: SyncPolicy::Never, memtable_bytes, ..options };
    options.retention.default = None;
    options.compaction = CompactionLimits { fan_in: 3, quiet_for: Duration::ZERO, ..options.compaction };
    options
}

/// Where the process that is killed writes, and the number of its first batch; `None` in the test itself.
pub fn task() -> Option<(PathBuf, u64)> {
    let first = std::env::var(FIRST).ok()?.parse().expect("a number");
    Some((std::env::var_os(FOLDER)?.into(), first))
}

/// Writes numbered batches and prints the number of each one that was acknowledged, until it is killed.
pub fn write_from(first: u64, write: impl Fn(u64) -> Result<(), LakeError>) {
    let mut out = std::io::stdout();
    for number in first.. {
        while let Err(error) = write(number) {
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

/// Kills the test `writer_process` of this binary again and again. `alive` looks at the folder while the
/// process has it; `found` opens the store afterwards and counts what is there of each batch, which must be
/// `whole` for all that were acknowledged. The number of batches.
pub fn rounds(rounds: u64, whole: u64, alive: impl Fn(&Path), mut found: impl FnMut(&Path) -> HashMap<u64, u64>) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..rounds {
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
            alive(folder.path());
        }
        child.kill().unwrap();
        // What it had said before it died counts as well; the last line may be torn.
        for line in lines.map_while(Result::ok) {
            acknowledged = number(&line).unwrap_or(acknowledged).max(acknowledged);
        }
        child.wait().unwrap();
        let found = found(folder.path());
        for wanted in 1..=acknowledged {
            assert_eq!(found.get(&wanted), Some(&whole), "round {round}: batch {wanted} of {acknowledged}");
        }
        // A batch that was written but not acknowledged any more may be there.
        acknowledged = acknowledged.max(found.keys().copied().max().unwrap_or_default());
    }
    acknowledged
}
