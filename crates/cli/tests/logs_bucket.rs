//! Logs in a bucket: a server that speaks S3's protocol (moto), with requests that fail before it.
//! And what others read from it: DuckDB.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{Faults, Mode, Moto, configure, count, lines, metric, now_ns, push, push_until_taken};
use program::{Server, command, eventually, free_address};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

/// Longer than a flush may take with every request tried several times.
const LIMIT: Duration = Duration::from_secs(90);

/// Starts Phoenix on a data folder of this name, with its logs in the bucket.
fn start(dir: &Path, data: &str, bucket: SocketAddr, address: SocketAddr) -> Server {
    let data = dir.join(data);
    let mut serve = command(&["serve", "--listen", &address.to_string()]);
    serve.arg("--config").arg(dir.join("phoenix.yaml")).arg("--data-dir").arg(&data);
    serve.envs([("AWS_ALLOW_HTTP", "true"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")]);
    serve.env("AWS_ENDPOINT", format!("http://{bucket}"));
    Server::spawn(serve, dir, data, address)
}

fn entries(first: u64, of: u64) -> Vec<(i64, String)> {
    (first..first + of).map(|n| (now_ns() - 60_000_000_000, format!("n={n} {}", "some text that takes room ".repeat(8)))).collect()
}

/// That all of these lines are there, each once.
fn check(server: &Server, taken: u64) {
    let found = lines(server, "{job=\"bucket\"}", (now_ns() - 3_600_000_000_000, now_ns()));
    let numbers: BTreeMap<u64, usize> =
        found.into_iter().map(|(line, times)| (line[2..].split(' ').next().and_then(|n| n.parse().ok()).unwrap(), times)).collect();
    for number in 0..taken {
        assert_eq!(numbers.get(&number), Some(&1), "entry {number} of {taken}");
    }
    assert_eq!(numbers.len() as u64, taken);
    assert_eq!(count(server, "sum(count_over_time({job=\"bucket\"}[1h]))"), Some(taken));
}

#[test]
fn a_bucket_that_fails_loses_nothing() {
    let moto = Moto::start("phoenix");
    let bucket = Faults::before(moto.address);
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), "logs: {memtable: 1MiB}\nstorage: {url: 's3://phoenix/some/prefix'}\n");
    let address = free_address();
    let labels = json!({"job": "bucket"});
    let mut taken = 0;

    // Every third request fails.
    bucket.set(Mode::FailThird);
    let server = start(dir.path(), "first", bucket.address, address);
    while taken < 12_000 {
        push_until_taken(address, &labels, &entries(taken, 500));
        taken += 500;
    }
    eventually("segments are in the bucket", LIMIT, || metric(&server, "phoenix_lake_segments").filter(|n| *n >= 2.0));
    assert!(bucket.failed() > 0);
    check(&server, taken);
    assert_eq!(server.stop().code(), Some(0));

    // Another machine finds it all, with nothing of its own.
    let server = start(dir.path(), "second", bucket.address, address);
    check(&server, taken);

    // With some of Phoenix' own.
    let stored = || metric(&server, "phoenix_lake_segment_entries").unwrap();
    let before = stored();
    assert!(before >= 12_000.0);

    // Nobody answers: entries are taken until the memory for them is used, then clients are told to wait.
    bucket.set(Mode::Down);
    let said = eventually("pushes are held back", LIMIT, || {
        let (status, said) = push(address, &labels, &entries(taken, 500));
        if status == 204 {
            taken += 500;
            return None;
        }
        assert_eq!(status, 429, "{said}");
        Some(said)
    });
    assert!(said.contains("memtable"), "{said}");
    assert_eq!(server.get("/-/ready").0, 200);
    assert!((stored() - before).abs() < 0.5, "nothing more came into the bucket");
    let problem = eventually("Home tells", LIMIT, || {
        let problems = server.json("/api/phoenix/v1/home")["problems"].to_string();
        problems.contains("can't be moved from memory to storage").then_some(problems)
    });
    assert!(problem.contains("\"error\""), "{problem}");

    // It dies meanwhile, and starts while the bucket is away: its own folder is enough.
    server.kill();
    let server = start(dir.path(), "second", bucket.address, address);
    let stored = || metric(&server, "phoenix_lake_segment_entries").unwrap();
    assert!((stored() - before).abs() < 0.5);

    bucket.set(Mode::Work);
    push_until_taken(address, &labels, &entries(taken, 500));
    taken += 500;
    eventually("what waited is in the bucket", LIMIT, || (stored() > before).then_some(()));
    check(&server, taken);
    eventually("Home is calm", LIMIT, || (server.json("/api/phoenix/v1/home")["problems"] == json!([])).then_some(()));
    assert_eq!(server.stop().code(), Some(0));
    let server = start(dir.path(), "third", bucket.address, address);
    check(&server, taken);
}

#[test]
fn a_bucket_that_does_not_exist_is_named() {
    let moto = Moto::start("phoenix");
    let dir = tempfile::tempdir().unwrap();
    configure(dir.path(), "storage: {url: 's3://nobody'}\n");
    let mut serve = command(&["serve", "--listen", &free_address().to_string()]);
    serve.arg("--config").arg(dir.path().join("phoenix.yaml")).arg("--data-dir").arg(dir.path().join("data"));
    serve.envs([("AWS_ALLOW_HTTP", "true"), ("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test"), ("AWS_REGION", "us-east-1")]);
    serve.env("AWS_ENDPOINT", format!("http://{}", moto.address));
    // Reading from a bucket that is not there looks like an empty one; it is told when it is written to.
    let mut child = serve.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().unwrap();
    let mut said = String::new();
    let ended = (0..600).find_map(|_| {
        std::thread::sleep(Duration::from_millis(50));
        child.try_wait().unwrap()
    });
    if ended.is_none() {
        child.kill().unwrap();
        child.wait().unwrap();
    }
    std::io::Read::read_to_string(&mut child.stderr.take().unwrap(), &mut said).unwrap();
    assert!(said.contains("NoSuchBucket") || said.contains("nobody"), "{said}");
}

#[test]
fn duckdb_reads_what_was_pushed() {
    let dir = tempfile::tempdir().unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "")));
    let now = now_ns() - 60_000_000_000;
    let kinds = ["level=info msg=\"served\" took=", "level=error msg=\"broke\" took="];
    for (app, kind, n) in [("a", 0, 700_i64), ("a", 1, 50), ("b", 0, 300)] {
        let entries: Vec<(i64, String)> = (0..n).map(|i| (now + i, format!("{}{i}ms", kinds[kind]))).collect();
        push_until_taken(server.address, &json!({"app": app}), &entries);
    }
    // What many entries have stands in a column, what few have in JSON.
    let method = |i: i64| if i % 2 == 0 { "GET" } else { "PUT" };
    let many: Vec<Value> = (0..100).map(|i| json!([(now + i).to_string(), "with method", {"method": method(i)}])).collect();
    let metadata = json!({"streams": [
        {"stream": {"app": "c"}, "values": [[now.to_string(), "with more", {"trace_id": "abc", "method": "GET"}]]},
        {"stream": {"app": "d"}, "values": many},
    ]});
    assert_eq!(server.post("/loki/api/v1/push", &metadata).0, 204);
    assert_eq!(server.stop().code(), Some(0));
    let glob = dir.path().join("data/logs/segments/**/*.parquet");
    let script = r#"
import duckdb, json, sys
q = lambda text: duckdb.sql(text.replace("LOGS", f"read_parquet('{sys.argv[1]}', union_by_name=true)")).fetchall()
print(json.dumps({
    "all": q("select count(*) from LOGS where stream not like '%phoenix%'"),
    "streams": q("select stream, level, count(*), sum(size) from LOGS where stream not like '%phoenix%' group by all order by all"),
    "hour": q("select count(*) from LOGS where stream not like '%phoenix%' and timestamp::timestamptz > now() - interval 1 hour"),
    "metadata": q("select metadata, coalesce(\"metadata.method\", metadata ->> 'method') from LOGS where stream like '%app=\"c\"%'"),
    "methods": q("select \"metadata.method\", count(*) from LOGS where stream like '%app=\"d\"%' group by all order by all"),
}, default=str))
"#;
    let output = Command::new("python3").args(["-c", script]).arg(glob).output().expect("python3 runs");
    assert!(output.status.success(), "is duckdb installed? tools/install.sh duckdb: {}", String::from_utf8_lossy(&output.stderr));
    let read: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(read["all"], json!([[1_151]]));
    assert_eq!(read["hour"], json!([[1_151]]));
    let size = |kind: usize, n: u64| (0..n).map(|i| kinds[kind].len() + i.to_string().len() + 2).sum::<usize>();
    assert_eq!(
        read["streams"],
        json!([
            ["{app=\"a\",service_name=\"a\"}", "error", 50, size(1, 50)],
            ["{app=\"a\",service_name=\"a\"}", "info", 700, size(0, 700)],
            ["{app=\"b\",service_name=\"b\"}", "info", 300, size(0, 300)],
            ["{app=\"c\",service_name=\"c\"}", "unknown", 1, 9],
            ["{app=\"d\",service_name=\"d\"}", "unknown", 100, 1_100],
        ])
    );
    assert_eq!(read["metadata"], json!([["{\"trace_id\":\"abc\"}", "GET"]]));
    assert_eq!(read["methods"], json!([["GET", 50], ["PUT", 50]]));
}
