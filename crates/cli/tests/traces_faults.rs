//! Traces when things fail: processes that are killed, segments that are damaged, a bucket that fails, and
//! spans that grow old.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{Faults, Mode, Moto};
use program::tmpfs::Tmpfs;
use program::traces::{
    JSON, MS_NS, Made, OTLP, PROTOBUF, SECOND_NS, ask, configure, counted, found, ids, metric, now_ns, otlp, push, query_string, root,
    send, spans_of, trace, try_send,
};
use program::{Server, command, eventually, free_address};
use prost::Message;
use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(90);
const HOUR_NS: i64 = 3_600 * SECOND_NS;

fn restart(dir: &Path, address: SocketAddr) -> Server {
    Server::start_at(dir, Some(&dir.join("phoenix.yaml")), address)
}

/// Traces of one request, and spans of each.
const TRACES: u64 = 10;
const SPANS: u64 = 3;

/// The id of a trace by its number, spread as those of SDKs are (splitmix64).
fn id_of(number: u64) -> u128 {
    let mix = |seed: u64| {
        let mut mixed = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(0x1234_5678);
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    };
    u128::from(mix(number * 2)) << 64 | u128::from(mix(number * 2 + 1))
}

/// OpenTelemetry's rule: one of two is kept whose highest bit of 56 is set.
fn is_one_of_two(id: u128) -> bool {
    id & (1 << 55) != 0
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

fn request_of(number: u64) -> Vec<Made> {
    let filler = "some text that takes room ".repeat(20);
    let traces = (number * TRACES..(number + 1) * TRACES).map(|number| {
        let first = root(id_of(number), "kill", "root").with("filler", filler.as_str());
        let children: Vec<Made> = (2..=SPANS).map(|id| first.child(id, "kill", "child")).collect();
        [vec![first], children].concat()
    });
    traces.flatten().collect()
}

/// Pushes until the process dies; the numbers of the requests that were acknowledged.
fn push_until_death(address: SocketAddr, in_json: bool, next: &AtomicU64, begun: &AtomicBool) -> Vec<u64> {
    let mut acknowledged = Vec::new();
    loop {
        let number = next.fetch_add(1, Ordering::SeqCst);
        let request = otlp(&request_of(number));
        let (header, body) =
            if in_json { (JSON, serde_json::to_vec(&request).expect("it can be written")) } else { (PROTOBUF, request.encode_to_vec()) };
        match try_send(address, "POST", OTLP, &[header], &body) {
            Some((200, _)) => {
                acknowledged.push(number);
                begun.store(true, Ordering::SeqCst);
            }
            Some((429 | 503, _)) => std::thread::sleep(Duration::from_millis(20)),
            Some((other, body)) => panic!("{other} {}", String::from_utf8_lossy(&body)),
            None => return acknowledged,
        }
    }
}

/// That each acknowledged trace that is to be kept is there, whole and once, and no request in part.
fn check_all(server: &Server, acknowledged: &[u64], keeps: fn(u128) -> bool, when: &str) {
    let answer = ask(server, "/api/search", &[("q", "{ }"), ("limit", "100000"), ("spss", "1")]);
    let there: BTreeSet<u128> = ids(&answer).into_iter().collect();
    for one in answer["traces"].as_array().unwrap() {
        assert_eq!(one["spanSets"][0]["matched"].as_u64(), Some(SPANS), "{when}: {one}");
    }
    for number in acknowledged.iter().flat_map(|request| request * TRACES..(request + 1) * TRACES) {
        let id = id_of(number);
        assert_eq!(there.contains(&id), keeps(id), "{when}: trace {number} ({id:032x}) of an acknowledged request");
    }
    // Of what was under way all is there, or nothing.
    let mut known = 0;
    for start in [0, OTHER] {
        let newest =
            acknowledged.iter().filter(|number| (start..start + OTHER).contains(*number)).max().map_or(start, |newest| newest + 40);
        for request in start..=newest {
            let of_it: Vec<u128> = (request * TRACES..(request + 1) * TRACES).map(id_of).filter(|id| keeps(*id)).collect();
            let found = of_it.iter().filter(|id| there.contains(id)).count();
            assert!(found == 0 || found == of_it.len(), "{when}: request {request} is there in part: {found} of {}", of_it.len());
            known += found;
        }
    }
    assert_eq!(known, there.len(), "{when}: nothing is made up");
    let counted = counted(server, "{ } | count_over_time() with (weighted=false)");
    assert_eq!(counted, (there.len() as u64 * SPANS) as f64, "{when}: each span counts once");
}

/// Where the numbers of the second sender begin.
const OTHER: u64 = 1 << 20;

fn kill_twenty_times(config: &str, sampling: Option<&str>, keeps: fn(u128) -> bool) {
    let dir = tempfile::tempdir().unwrap();
    if let Some(rules) = sampling {
        std::fs::write(dir.path().join("sampling.yaml"), rules).unwrap();
    }
    configure(dir.path(), config);
    let seed = now_ns() as u64 | 1;
    println!("seed {seed}");
    let mut random = Random(seed);
    let mut server = Server::start(dir.path(), Some(&dir.path().join("phoenix.yaml")));
    let address = server.address;
    let next = [Arc::new(AtomicU64::new(0)), Arc::new(AtomicU64::new(OTHER))];
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
        // With sampling also around the time when traces are decided.
        std::thread::sleep(Duration::from_millis(random.below(if sampling.is_some() { 1_500 } else { 400 })));
        server.kill();
        for sender in senders {
            acknowledged.extend(sender.join().unwrap());
        }
        server = restart(dir.path(), address);
        if sampling.is_some() {
            eventually("all traces are decided", LIMIT, || {
                metric(&server, "phoenix_sampling_waiting_traces").filter(|waiting| *waiting < 0.5)
            });
        }
        check_all(&server, &acknowledged, keeps, &format!("round {round}, seed {seed}"));
    }
    assert!(metric(&server, "phoenix_lake_segments").is_some());
    assert_eq!(server.stop().code(), Some(0));
    let server = restart(dir.path(), address);
    check_all(&server, &acknowledged, keeps, &format!("after a clean end, seed {seed}"));
    println!("{} requests acknowledged", acknowledged.len());
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_kill_9() {
    kill_twenty_times("traces: {memtable: 1MiB}\n", None, |_| true);
}

#[test]
fn nothing_acknowledged_is_lost_or_doubled_by_kill_9_under_sampling() {
    let rules = "sampling_rules: []\ndefault_sample_rate: 0.5\ncomplete_wait: 1s\ndecision_wait: 3s\n";
    kill_twenty_times("traces: {memtable: 1MiB, sampling: sampling.yaml}\n", Some(rules), is_one_of_two);
}

fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path, extension));
        } else if path.extension().is_some_and(|e| e == extension) {
            found.push(path);
        }
    }
    found.sort();
    found
}

/// Two days with 300 traces each, in segments.
fn store_two_days() -> (tempfile::TempDir, SocketAddr) {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "traces: {memtable: 1MiB}\n")));
    for (first, age) in [(1, 0), (1_001, 48 * HOUR_NS)] {
        let spans = (first..first + 300).flat_map(|n| {
            let at = now_ns() - age - 600 * SECOND_NS + n as i64 * MS_NS;
            let front = root(n, "kept", "root").at(at, 50 * MS_NS).with("filler", format!("filler {n}"));
            [front.child(2, "kept", "child"), front]
        });
        push(server.address, &spans.collect::<Vec<_>>());
    }
    let address = server.address;
    assert_eq!(server.stop().code(), Some(0));
    (dir, address)
}

/// What a search of a day gives: its traces, or the error.
fn day(server: &Server, age_ns: i64) -> Result<usize, String> {
    let (start, end) = ((now_ns() - age_ns - HOUR_NS) / SECOND_NS, (now_ns() - age_ns) / SECOND_NS + 60);
    let pairs = [("q", "{ span.filler != nil }"), ("limit", "1000"), ("start", &start.to_string()), ("end", &end.to_string())];
    let (status, body) = server.get(&format!("/api/search?{}", query_string(&pairs)));
    match status {
        200 => Ok(ids(&serde_json::from_str(&body).unwrap()).len()),
        500 => Err(body),
        other => panic!("{other} {body}"),
    }
}

#[test]
fn damaged_segments_take_only_what_they_held() {
    let (dir, address) = store_two_days();
    let data = dir.path().join("data");
    let server = restart(dir.path(), address);
    assert_eq!((day(&server, 0), day(&server, 48 * HOUR_NS)), (Ok(300), Ok(300)), "before any damage");
    assert_eq!(server.stop().code(), Some(0));
    let folder = data.join("traces/segments");
    let segments: Vec<PathBuf> = [files(&folder, "parquet"), files(&folder, "index")].concat();
    assert!(segments.len() >= 4, "{segments:?}");
    let mut harmed = BTreeSet::new();
    for segment in &segments {
        let whole = std::fs::read(segment).unwrap();
        let name = segment.file_stem().unwrap().to_string_lossy().into_owned();
        let middle = whole.len() / 2;
        let mut turned = whole.clone();
        turned[middle..middle + 64].iter_mut().for_each(|byte| *byte ^= 0x55);
        for (what, bytes) in [("bits turned around", Some(turned.as_slice())), ("cut", Some(&whole[..whole.len() / 3])), ("gone", None)] {
            match bytes {
                Some(bytes) => std::fs::write(segment, bytes).unwrap(),
                None => std::fs::remove_file(segment).unwrap(),
            }
            let server = restart(dir.path(), address);
            // Who comes first meets the damage of another day, and is answered nevertheless.
            let days = [day(&server, 0), day(&server, 48 * HOUR_NS)];
            let what = format!("{} {what}", segment.display());
            let refused = days.iter().filter(|day| day.is_err()).count();
            for said in days.iter().filter_map(|day| day.as_ref().err()) {
                assert!(said.contains(&name), "{what}: the error names {name}: {said}");
            }
            assert!(refused <= 1, "{what}: the other day is answered: {days:?}");
            for found in days.iter().flatten() {
                assert!(*found <= 300, "{what}: nothing is made up");
            }
            let missing = days.iter().any(|day| day.as_ref().is_ok_and(|found| *found < 300));
            let problems = server.json("/api/phoenix/v1/home")["problems"].to_string();
            if refused > 0 || missing {
                harmed.insert(what.clone());
                assert!(problems.contains(&name), "{what}: Home names {name}: {problems}");
            }
            // It goes on taking and answering.
            push(address, &[root(5_000, "after", "after").at(now_ns() - 100 * MS_NS, MS_NS)]);
            let (start, end) = (now_ns() / SECOND_NS - 30, now_ns() / SECOND_NS + 1);
            let pairs = [("q", "{ resource.service.name = \"after\" }"), ("start", &start.to_string()), ("end", &end.to_string())];
            assert_eq!(ids(&ask(&server, "/api/search", &pairs)), [5_000], "{what}");
            assert!(!server.log().contains("panicked"), "{what}: {}", server.log());
            server.kill();
            // As it was before.
            std::fs::write(segment, &whole).unwrap();
        }
    }
    // Bits may have been turned around where no query of these looks.
    let told = |kind: &str| harmed.iter().filter(|what| what.ends_with(kind)).count();
    assert_eq!((told("cut"), told("gone")), (segments.len(), segments.len()), "each is noticed: {harmed:?}");
}

/// Ten traces with a text that takes room; the status and what is said.
fn push_ten(address: SocketAddr, first: u128) -> (u16, String) {
    let filler = "some text that takes room ".repeat(20);
    let spans: Vec<Made> = (first..first + 10).map(|n| root(n, "faults", "root").with("filler", format!("{n} {filler}"))).collect();
    let (status, said) = send(address, "POST", OTLP, &[JSON], &serde_json::to_vec(&otlp(&spans)).unwrap());
    (status, String::from_utf8_lossy(&said).into_owned())
}

#[test]
fn a_full_disk_refuses_spans_and_goes_on_when_there_is_room() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = Tmpfs::mount(&dir.path().join("data"), 48) else {
        println!("skipped: this user may not mount a tmpfs");
        return;
    };
    configure(dir.path(), "traces: {memtable: 1MiB}\n");
    let server = Server::start(dir.path(), Some(&dir.path().join("phoenix.yaml")));
    let address = server.address;
    let (mut next, mut taken) = (1, BTreeSet::new());
    let mut push_more = || {
        let (first, (status, said)) = (next, push_ten(address, next));
        next += 10;
        if status == 200 {
            taken.extend(first..first + 10);
        }
        (status, said, taken.clone())
    };
    let there = |server: &Server| found(server, "{ }").into_iter().collect::<BTreeSet<u128>>();
    for _ in 0..10 {
        let (status, said, _) = push_more();
        assert_eq!(status, 200, "{said}");
    }
    let ballast = disk.fill();
    // What is in the log's last block may still fit.
    let (status, said, taken) = (0..20).map(|_| push_more()).find(|(status, ..)| *status != 200).expect("it is full");
    assert_eq!(status, 503, "{said}");
    assert!(said.contains("the disk is full") && said.contains("/wal/"), "{said}");
    assert_eq!(there(&server), taken, "what is there can be read meanwhile");
    std::fs::remove_file(ballast).unwrap();
    for _ in 0..10 {
        let (status, said, _) = push_more();
        assert_eq!(status, 200, "{said}");
    }
    let (_, _, taken) = push_more();
    assert_eq!(there(&server), taken);
    server.kill();
    let server = restart(dir.path(), address);
    assert_eq!(there(&server), taken, "after a kill");
    drop(server);
}

#[test]
fn a_damaged_log_takes_only_what_it_touches() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "traces: {memtable: 16MiB}\n")));
    for request in 0..6 {
        let (status, said) = push_ten(server.address, 1 + request * 10);
        assert_eq!(status, 200, "{said}");
    }
    let address = server.address;
    server.kill();
    let log = files(&dir.path().join("data/traces/wal"), "wal").pop().expect("a log");
    let mut bytes = std::fs::read(&log).unwrap();
    // The length of the third request's record.
    let mut at = 20;
    let length = |at: usize| u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap()) as usize;
    for _ in 0..2 {
        at += 8 + length(at);
    }
    bytes[at + 1] ^= 0x15;
    std::fs::write(&log, bytes).unwrap();
    let server = restart(dir.path(), address);
    let there: BTreeSet<u128> = found(&server, "{ }").into_iter().collect();
    assert_eq!(there, (1..=60).filter(|n| !(21..=30).contains(n)).collect(), "one request was damaged");
    assert!(metric(&server, "phoenix_traces_corruptions_total").is_some_and(|n| n > 0.0));
    let problems = server.json("/api/phoenix/v1/home")["problems"].to_string();
    assert!(problems.contains(".wal"), "Home tells: {problems}");
    assert_eq!(server.stop().code(), Some(0));
}

#[test]
fn spans_are_kept_as_long_as_they_should_be() {
    let (dir, address) = store_two_days();
    configure(dir.path(), "traces: {retention: 1d}\n");
    let server = restart(dir.path(), address);
    eventually("the day before goes", LIMIT, || (found(&server, "{ }").len() == 300).then_some(()));
    assert_eq!(trace(&server, 1_001), None);
    assert!(trace(&server, 1).is_some());
    assert_eq!(counted(&server, "{ } | count_over_time()"), 600.0);
    eventually("its file goes", LIMIT, || {
        let all = files(&dir.path().join("data/traces"), "parquet");
        (all.len() == 1).then_some(())
    });
    // What is too old is not taken, and that is said.
    let old = root(7, "old", "old").at(now_ns() - 30 * HOUR_NS, MS_NS);
    let (status, body) = send(address, "POST", OTLP, &[JSON], &serde_json::to_vec(&otlp(&[old])).unwrap());
    let said = String::from_utf8_lossy(&body).into_owned();
    assert_eq!(status, 200, "{said}");
    assert!(said.contains("\"rejectedSpans\":\"1\"") && said.contains("old"), "{said}");
    assert_eq!(found(&server, "{ resource.service.name = \"old\" }"), Vec::<u128>::new());
}

/// Starts Phoenix on a data folder of this name, with its segments in the bucket.
fn start_with_bucket(dir: &Path, data: &str, bucket: SocketAddr) -> Server {
    let data = dir.join(data);
    let address = free_address();
    let mut serve = command(&["serve", "--listen", &address.to_string()]);
    serve.arg("--config").arg(dir.join("phoenix.yaml")).arg("--data-dir").arg(&data);
    serve.envs([("AWS_ALLOW_HTTP", "true"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")]);
    serve.env("AWS_ENDPOINT", format!("http://{bucket}"));
    Server::spawn(serve, dir, data, address)
}

#[test]
fn a_bucket_that_fails_loses_nothing() {
    let moto = Moto::start("phoenix");
    let bucket = Faults::before(moto.address);
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), "traces: {memtable: 1MiB}\nstorage: {url: 's3://phoenix/some/prefix'}\n");
    bucket.set(Mode::FailThird);
    let server = start_with_bucket(dir.path(), "first", bucket.address);
    let requests: Vec<u64> = (0..200).collect();
    for number in &requests {
        let body = otlp(&request_of(*number)).encode_to_vec();
        eventually("spans are taken", LIMIT, || {
            let (status, said) = send(server.address, "POST", OTLP, &[PROTOBUF], &body);
            assert!(matches!(status, 200 | 429 | 503), "{status} {}", String::from_utf8_lossy(&said));
            (status == 200).then_some(())
        });
    }
    check_all(&server, &requests, |_| true, "while the bucket fails");
    assert!(bucket.failed() > 0);
    assert_eq!(server.stop().code(), Some(0));
    // Another machine finds it all, with nothing of its own.
    let server = start_with_bucket(dir.path(), "second", bucket.address);
    check_all(&server, &requests, |_| true, "on another machine");
    assert_eq!(spans_of(&trace(&server, id_of(5)).unwrap(), "batches").len() as u64, SPANS);
    assert_eq!(server.stop().code(), Some(0));
}
