//! Logs when things go wrong: `kill -9` at any moment, a full disk, a folder that can't be written, and
//! damaged files. What was acknowledged is there afterwards, once.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{JSON, configure, count, lines, metric, now_ns, push, push_until_taken, read_as_logcli, stream_json};
use program::tmpfs::Tmpfs;
use program::{Server, command, eventually, request, run, told};
use serde_json::json;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const HOUR_NS: i64 = 3_600_000_000_000;

/// Entries of one push.
const BATCH: u64 = 20;

fn restart(dir: &Path, address: SocketAddr) -> Server {
    Server::start_at(dir, Some(&dir.join("phoenix.yaml")), address)
}

/// The body of a push, and the path it goes to.
fn batch(over_otlp: bool, first: u64) -> (&'static str, String) {
    let now = now_ns();
    let line = |n: u64| format!("n={n} otlp={over_otlp} {}", "some text that takes room ".repeat(12));
    if over_otlp {
        let record = |i: u64| json!({"timeUnixNano": (now + i as i64).to_string(), "body": {"stringValue": line(first + i)}});
        let records: Vec<_> = (0..BATCH).map(record).collect();
        let resource = json!({"attributes": [{"key": "service.name", "value": {"stringValue": "kill"}}]});
        ("/v1/logs", json!({"resourceLogs": [{"resource": resource, "scopeLogs": [{"logRecords": records}]}]}).to_string())
    } else {
        let entries: Vec<(i64, String)> = (0..BATCH).map(|i| (now + i as i64, line(first + i))).collect();
        ("/loki/api/v1/push", stream_json(&json!({"service_name": "kill", "shard": (first / BATCH % 3).to_string()}), &entries))
    }
}

/// Pushes until the process dies; the first number of each batch that was acknowledged.
fn push_until_death(address: SocketAddr, over_otlp: bool, next: &AtomicU64, begun: &AtomicBool) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    loop {
        let first = next.fetch_add(BATCH, Ordering::SeqCst);
        let (path, body) = batch(over_otlp, first);
        match try_request(address, path, &body) {
            Some(200 | 204) => {
                acknowledged.push(first);
                begun.store(true, Ordering::SeqCst);
            }
            // Too much at once.
            Some(429) => std::thread::sleep(Duration::from_millis(2)),
            Some(other) => panic!("{path}: {other}"),
            None => return acknowledged,
        }
    }
}

/// A POST to a process that may die meanwhile; the status if one came.
fn try_request(address: SocketAddr, path: &str, body: &str) -> Option<u16> {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).ok()?;
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n{}: {}\r\nContent-Length: {}\r\n\r\n",
        JSON.0,
        JSON.1,
        body.len()
    );
    stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body.as_bytes())).ok()?;
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    answer.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()
}

/// A generator of which the seed is printed (xorshift).
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % limit
    }
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_kill_9() {
    let dir = tempfile::tempdir().unwrap();
    // Small, so that entries are in the log, in memory and in segments when it happens.
    configure(dir.path(), "logs: {memtable: 1MiB}\n");
    let seed = now_ns() as u64 | 1;
    println!("seed {seed}");
    let mut random = Random(seed);
    let mut server = Server::start(dir.path(), Some(&dir.path().join("phoenix.yaml")));
    let address = server.address;
    let began_ns = now_ns() - 1;
    let next = [Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(BATCH << 40))];
    let mut acknowledged: Vec<u64> = Vec::new();
    for round in 0..20 {
        let begun = Arc::new(AtomicBool::new(false));
        let senders: Vec<_> = next
            .iter()
            .enumerate()
            .map(|(i, next)| {
                let (next, begun) = (Arc::clone(next), Arc::clone(&begun));
                std::thread::spawn(move || push_until_death(address, i == 1, &next, &begun))
            })
            .collect();
        eventually("something is acknowledged", Duration::from_secs(30), || begun.load(Ordering::SeqCst).then_some(()));
        std::thread::sleep(Duration::from_millis(random.below(400)));
        server.kill();
        for sender in senders {
            acknowledged.extend(sender.join().unwrap());
        }
        server = restart(dir.path(), address);
        let range = (began_ns, now_ns() + 1);
        let mut found: BTreeMap<u64, usize> = BTreeMap::new();
        for (line, times) in lines(&server, "{service_name=\"kill\"}", range) {
            let number = line.strip_prefix("n=").and_then(|rest| rest.split(' ').next()).and_then(|n| n.parse().ok()).unwrap();
            *found.entry(number).or_default() += times;
        }
        for number in acknowledged.iter().flat_map(|first| *first..first + BATCH) {
            assert_eq!(found.get(&number), Some(&1), "round {round}, seed {seed}: entry {number} of an acknowledged push");
        }
        // What was under way may be there, but whole or not at all, and once.
        assert!(found.values().all(|times| *times == 1), "round {round}, seed {seed}: an entry is there twice");
        let mut batches: BTreeMap<u64, u64> = BTreeMap::new();
        for number in found.keys() {
            *batches.entry(number / BATCH).or_default() += 1;
        }
        assert!(batches.values().all(|entries| *entries == BATCH), "round {round}, seed {seed}: half a push is there");
        let counted = count(&server, "sum(count_over_time({service_name=\"kill\"}[1h]))");
        assert_eq!(counted, Some(found.len() as u64), "round {round}, seed {seed}: counting agrees with reading");
    }
    assert!(metric(&server, "phoenix_lake_segments").is_some_and(|segments| segments > 0.0), "segments were written meanwhile");
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn a_full_disk_refuses_pushes_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = Tmpfs::mount(&dir.path().join("data"), 48) else {
        println!("skipped: this user may not mount a tmpfs");
        return;
    };
    configure(dir.path(), "logs: {memtable: 1MiB}\n");
    let server = Server::start(dir.path(), Some(&dir.path().join("phoenix.yaml")));
    let address = server.address;
    let mut taken = 0;
    let mut send = |want: Option<u16>| {
        let entries: Vec<(i64, String)> = (0..50).map(|i| (now_ns(), format!("{i} {}", "x".repeat(200)))).collect();
        let (status, body) = push(address, &json!({"job": "full"}), &entries);
        taken += if status == 204 { 50 } else { 0 };
        if let Some(want) = want {
            assert_eq!(status, want, "{body}");
        }
        (status, body, taken)
    };
    for _ in 0..10 {
        send(Some(204));
    }
    let ballast = disk.fill();
    // What is in the log's last block may still fit.
    let (status, body, taken) = (0..20).map(|_| send(None)).find(|(status, ..)| *status != 204).expect("it is full");
    assert_eq!(status, 503, "{body}");
    assert!(body.contains("the disk is full") && body.contains("/wal/"), "{body}");
    // What is there can be read meanwhile.
    assert_eq!(count(&server, "sum(count_over_time({job=\"full\"}[1h]))"), Some(taken));
    std::fs::remove_file(ballast).unwrap();
    for _ in 0..10 {
        send(Some(204));
    }
    let taken = send(Some(204)).2;
    assert_eq!(count(&server, "sum(count_over_time({job=\"full\"}[1h]))"), Some(taken));
    server.kill();
    let server = restart(dir.path(), address);
    assert_eq!(count(&server, "sum(count_over_time({job=\"full\"}[1h]))"), Some(taken));
    drop(server);
}

#[test]
fn a_data_folder_that_is_read_only_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let Some(_disk) = Tmpfs::mount(&data, 8) else {
        println!("skipped: this user may not mount a tmpfs");
        return;
    };
    let remounted = Command::new("mount").args(["-o", "remount,ro"]).arg(&data).status().unwrap();
    assert!(remounted.success());
    let config = configure(dir.path(), "");
    let mut serve = command(&["serve", "--listen", &program::free_address().to_string()]);
    serve.arg("--config").arg(config).arg("--data-dir").arg(&data);
    let output = run(serve);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains(&data.display().to_string()) && told.contains("Read-only file system"), "{told}");
}

/// A folder with segments of two days and a log, and how many entries there are today and the day before.
struct Stored {
    dir: tempfile::TempDir,
    today: u64,
    before: u64,
}

fn store_two_days() -> Stored {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "logs: {memtable: 1MiB}\n")));
    let now = now_ns();
    let (mut today, mut before) = (0, 0);
    for round in 0..6_i64 {
        for (age, counter) in [(0, &mut today), (48 * HOUR_NS, &mut before)] {
            let at = |i: i64| now - age - HOUR_NS / 60 + (round * 300 + i) * 1_000_000;
            let entries: Vec<(i64, String)> = (0..300).map(|i| (at(i), format!("entry {round} {i} {}", "filler ".repeat(40)))).collect();
            push_until_taken(server.address, &json!({"job": "kept"}), &entries);
            *counter += 300;
        }
    }
    eventually("segments", Duration::from_secs(30), || metric(&server, "phoenix_lake_segments").filter(|n| *n >= 2.0));
    // The copy follows the manifest a moment later.
    let manifest = |folder: &str| std::fs::read(dir.path().join("data/logs").join(folder).join("MANIFEST")).ok();
    eventually("the copy of the manifest", Duration::from_secs(30), || {
        let copy = manifest("segments")?;
        (manifest("") == Some(copy)).then_some(())
    });
    // With what is in memory still in the log.
    server.kill();
    Stored { dir, today, before }
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension)
            || (extension.is_empty() && path.file_name().is_some_and(|n| n == "MANIFEST"))
        {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Turns bits around in the middle of a file.
fn damage(path: &Path) {
    let mut bytes = std::fs::read(path).unwrap();
    let middle = bytes.len() / 2;
    let end = (middle + 64).min(bytes.len());
    bytes[middle..end].iter_mut().for_each(|byte| *byte ^= 0x55);
    std::fs::write(path, bytes).unwrap();
}

fn cut(path: &Path) {
    let bytes = std::fs::read(path).unwrap();
    std::fs::write(path, &bytes[..bytes.len() / 3]).unwrap();
}

fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
}

const TODAY: &str = "sum(count_over_time({job=\"kept\"}[3h]))";
const BEFORE: &str = "sum(count_over_time({job=\"kept\"}[24h] offset 36h))";

#[test]
fn damaged_segments_take_only_what_they_held() {
    let stored = store_two_days();
    let (dir, data) = (stored.dir.path(), stored.dir.path().join("data"));
    let address = program::free_address();
    let server = restart(dir, address);
    assert_eq!((count(&server, TODAY), count(&server, BEFORE)), (Some(stored.today), Some(stored.before)), "before any damage");
    server.kill();
    let pristine = dir.join("pristine");
    assert!(run_copy(&data, &pristine));
    // The oldest day's first segment.
    for (extension, harm) in
        [("parquet", damage as fn(&Path)), ("index", damage), ("parquet", cut), ("index", cut), ("parquet", remove), ("index", remove)]
    {
        std::fs::remove_dir_all(&data).unwrap();
        assert!(run_copy(&pristine, &data));
        let victim = files(&data.join("logs/segments"), extension).into_iter().next().expect("a segment");
        harm(&victim);
        let name = victim.file_name().unwrap().to_string_lossy().into_owned();
        let server = restart(dir, address);
        assert_eq!(count(&server, TODAY), Some(stored.today), "{name}: another day is not touched");
        // All lines of the day: what can be read is answered, or it is said which file is damaged.
        let (start, end) = ((now_ns() - 60 * HOUR_NS).to_string(), (now_ns() - 36 * HOUR_NS).to_string());
        let pairs = [("query", "{job=\"kept\"}"), ("start", start.as_str()), ("end", end.as_str()), ("limit", "5000")];
        let (status, body) = server.get(&format!("/loki/api/v1/query_range?{}", program::logs::query_string(&pairs)));
        match status {
            200 => {
                let answer = serde_json::from_str(&body).unwrap();
                let got = program::logs::entries_of(&answer);
                assert!(got.len() as u64 <= stored.before, "{name}");
                assert!(
                    got.iter().all(|entry| entry.1.starts_with("entry ") && entry.1.ends_with("filler ")),
                    "{name}: no line is made up"
                );
                if (got.len() as u64) < stored.before {
                    assert!(server.log().contains(&name), "{name}: what is missing is told");
                }
            }
            500 => assert!(body.contains(&name), "{name}: {body}"),
            other => panic!("{name}: {other} {body}"),
        }
        // It goes on taking and answering.
        assert_eq!(push(address, &json!({"job": "after"}), &[(now_ns(), "x".to_owned())]).0, 204);
        assert_eq!(count(&server, "sum(count_over_time({job=\"after\"}[1h]))"), Some(1));
        assert!(!server.log().contains("panicked"), "{name}: {}", server.log());
        server.kill();
    }
}

#[test]
fn a_damaged_log_or_manifest_is_healed_or_named() {
    let stored = store_two_days();
    let (dir, data) = (stored.dir.path(), stored.dir.path().join("data"));
    let address = program::free_address();
    let pristine = dir.join("pristine");
    assert!(run_copy(&data, &pristine));
    let again = |harm: &dyn Fn()| {
        std::fs::remove_dir_all(&data).unwrap();
        assert!(run_copy(&pristine, &data));
        harm();
    };
    // A torn end: nothing before it is lost. The last record is a whole push.
    again(&|| {
        let log = files(&data.join("logs/wal"), "wal").pop().expect("a log");
        let bytes = std::fs::read(&log).unwrap();
        std::fs::write(&log, &bytes[..bytes.len() - 10]).unwrap();
    });
    let server = restart(dir, address);
    let all = count(&server, TODAY).unwrap_or(0) + count(&server, BEFORE).unwrap_or(0);
    assert_eq!(all, stored.today + stored.before - 300, "one push was torn");
    server.kill();

    // Damage within the log: the record is left out, what comes behind it is there, and it is told.
    again(&|| {
        let log = files(&data.join("logs/wal"), "wal").pop().expect("a log");
        let mut bytes = std::fs::read(&log).unwrap();
        // In the middle of the first push. Phoenix' own entries stand in the log too, in short records.
        let mut at = 20;
        let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
        while length(at) < 5_000 {
            at += 8 + length(at);
        }
        let middle = at + 8 + length(at) / 2;
        bytes[middle..middle + 64].iter_mut().for_each(|byte| *byte ^= 0x55);
        std::fs::write(&log, bytes).unwrap();
    });
    let server = restart(dir, address);
    let all = count(&server, TODAY).unwrap_or(0) + count(&server, BEFORE).unwrap_or(0);
    assert_eq!(all, stored.today + stored.before - 300, "one push was damaged");
    assert!(metric(&server, "phoenix_lake_corruptions_total").is_some_and(|n| n > 0.0));
    let home = server.json("/api/phoenix/v1/home");
    assert!(home["problems"].to_string().contains(".wal"), "Home tells: {}", home["problems"]);
    server.kill();

    // The manifest has a copy beside the segments.
    again(&|| damage(&data.join("logs/MANIFEST")));
    let server = restart(dir, address);
    assert_eq!((count(&server, TODAY), count(&server, BEFORE)), (Some(stored.today), Some(stored.before)));
    assert!(data.join("logs/MANIFEST.corrupt").exists());
    let home = server.json("/api/phoenix/v1/home");
    assert!(home["problems"].to_string().contains("MANIFEST"), "Home tells: {}", home["problems"]);
    server.kill();

    // Without either it does not begin, and removes nothing.
    again(&|| {
        damage(&data.join("logs/MANIFEST"));
        damage(&data.join("logs/segments/MANIFEST"));
    });
    let segments = files(&data.join("logs/segments"), "parquet");
    let mut serve = command(&["serve", "--listen", &address.to_string()]);
    serve.arg("--config").arg(dir.join("phoenix.yaml")).arg("--data-dir").arg(&data);
    let output = run(serve);
    let told = told(&output);
    assert_eq!(output.status.code(), Some(4), "{told}");
    assert!(told.contains("cannot open the store of logs") && told.contains("MANIFEST is corrupt"), "{told}");
    assert_eq!(files(&data.join("logs/segments"), "parquet"), segments);

    // Lost altogether, it is told, and what may be all that is left is not removed.
    again(&|| {
        remove(&data.join("logs/MANIFEST"));
        remove(&data.join("logs/segments/MANIFEST"));
    });
    let server = restart(dir, address);
    let problems = server.json("/api/phoenix/v1/home")["problems"].to_string();
    assert!(problems.contains("MANIFEST") && problems.contains("left alone"), "Home tells: {problems}");
    push_until_taken(address, &json!({"job": "after"}), &[(now_ns(), "x".to_owned())]);
    assert_eq!(server.stop().code(), Some(0));
    let left = files(&data.join("logs/segments"), "parquet");
    assert!(segments.iter().all(|file| left.contains(file)), "{left:?}");
}

fn run_copy(from: &Path, to: &Path) -> bool {
    Command::new("cp").arg("-a").arg(from).arg(to).status().is_ok_and(|status| status.success())
}

#[test]
fn what_was_read_before_a_clean_end_is_read_after_it() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "")));
    let address = server.address;
    let base = now_ns() - HOUR_NS;
    let entries: Vec<(i64, String)> =
        (0..2_000).map(|i| (base + i * 1_000_000, format!("n={i} id={:x}", i.wrapping_mul(0x9e37_79b9)))).collect();
    push_until_taken(address, &json!({"job": "clean"}), &entries);
    let read = |server: &Server| read_as_logcli(server, "{job=\"clean\"} | logfmt | n >= 1990", (base, base + HOUR_NS), 1_000, true);
    let before = read(&server);
    assert_eq!(before.len(), 10);
    assert_eq!(server.stop().code(), Some(0));
    let server = restart(dir.path(), address);
    assert!(metric(&server, "phoenix_lake_segments").is_some_and(|n| n >= 1.0), "a clean end leaves segments");
    assert_eq!(read(&server), before);
    let (status, _) = request(address, "POST", "/loki/api/v1/push", &[JSON], b"{");
    assert_eq!(status, 400);
}
