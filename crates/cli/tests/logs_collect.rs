//! What Phoenix collects itself, by a Promtail config: files that rotate, syslog over TCP and UDP; and
//! stages that are tried on the command line.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::logs::{ask, configure, count, entries_of, lines, now_ns};
use program::{Server, command, eventually, free_address};
use std::fs::OpenOptions;
use std::io::Write;
use std::net::{TcpStream, UdpSocket};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

const LIMIT: Duration = Duration::from_secs(30);

fn append(path: &Path, text: &str) {
    OpenOptions::new().create(true).append(true).open(path).unwrap().write_all(text.as_bytes()).unwrap();
}

fn restart(dir: &Path, server: Server) -> Server {
    let address = server.address;
    server.kill();
    Server::start_at(dir, Some(&dir.join("phoenix.yaml")), address)
}

#[test]
fn files_are_followed_through_rotation_and_restarts() {
    let dir = tempfile::tempdir().unwrap();
    let logs = dir.path().join("logs");
    std::fs::create_dir(&logs).unwrap();
    let file = logs.join("app.log");
    append(&file, "level=info n=1 msg=first\nlevel=error n=2 password=hunter2\n");
    let promtail = format!(
        r"server: {{http_listen_port: 9080}}
positions: {{filename: /tmp/positions.yaml}}
clients: [{{url: http://localhost:3100/loki/api/v1/push}}]
scrape_configs:
  - job_name: app
    static_configs:
      - targets: [localhost]
        labels: {{job: app, __path__: '{}/*.log'}}
    pipeline_stages:
      - logfmt: {{mapping: {{level: , n: }}}}
      - labels: {{level: }}
      - structured_metadata: {{n: }}
      - replace: {{expression: 'password=(\S+)', replace: '****'}}
      - drop: {{expression: 'heartbeat'}}
",
        logs.display()
    );
    std::fs::write(dir.path().join("promtail.yaml"), promtail).unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "logs: {config: promtail.yaml}\n")));
    let wait = |server: &Server, want: u64| {
        eventually(&format!("{want} lines"), LIMIT, || {
            (count(server, "sum(count_over_time({job=\"app\"}[1h]))") == Some(want)).then_some(())
        });
    };
    wait(&server, 2);
    let found = entries_of(&ask(&server, "query_range", &[("query", "{job=\"app\",level=\"error\"} | n=2")]));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].1, "level=error n=2 password=****", "redacted before it is stored");
    assert!(found[0].2.contains("app.log"), "the file is a label: {}", found[0].2);

    append(&file, "level=info n=3 heartbeat\nlevel=info n=4 msg=tor");
    append(&file, "n\n");
    wait(&server, 3);
    // Renamed as logrotate does, still written to for a moment, and made anew.
    std::fs::rename(&file, logs.join("app.log.1")).unwrap();
    append(&logs.join("app.log.1"), "level=info n=5 msg=late\n");
    append(&file, "level=info n=6 msg=fresh\n");
    wait(&server, 5);

    // Killed; meanwhile it rotates again, and more is written.
    std::thread::sleep(Duration::from_millis(1_500));
    let server = {
        let address = server.address;
        server.kill();
        append(&file, "level=info n=7 msg=meanwhile\n");
        std::fs::rename(&file, logs.join("app.log.2")).unwrap();
        append(&file, "level=info n=8 msg=after\n");
        Server::start_at(dir.path(), Some(&dir.path().join("phoenix.yaml")), address)
    };
    eventually("what was written meanwhile", LIMIT, || {
        (lines(&server, "{job=\"app\"}", (now_ns() - 3_600_000_000_000, now_ns())).len() == 7).then_some(())
    });
    let found = lines(&server, "{job=\"app\"}", (now_ns() - 3_600_000_000_000, now_ns()));
    let numbers: Vec<&str> = found.keys().filter_map(|line| line.split(' ').nth(1)).collect();
    let mut sorted = numbers.clone();
    sorted.sort_unstable();
    assert_eq!(sorted, ["n=1", "n=2", "n=4", "n=5", "n=6", "n=7", "n=8"]);
    // Positions were saved a second before: nothing comes twice.
    assert!(found.values().all(|times| *times == 1), "{found:?}");
    let server = restart(dir.path(), server);
    append(&file, "level=info n=9 msg=on\n");
    eventually("it goes on", LIMIT, || count(&server, "sum(count_over_time({job=\"app\"} |= \"n=9\" [1h]))").filter(|n| *n == 1));
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn syslog_comes_over_tcp_and_udp() {
    let dir = tempfile::tempdir().unwrap();
    let (tcp, udp) = (free_address(), free_address());
    let promtail = format!(
        "scrape_configs:
  - job_name: tcp
    syslog: {{listen_address: '{tcp}', label_structured_data: true, labels: {{job: syslog, via: tcp}}}}
    relabel_configs: &relabel
      - {{source_labels: [__syslog_message_severity], target_label: level}}
      - {{source_labels: [__syslog_message_hostname], target_label: host}}
      - {{source_labels: [__syslog_message_app_name], target_label: app}}
  - job_name: udp
    syslog: {{listen_address: '{udp}', listen_protocol: udp, labels: {{job: syslog, via: udp}}}}
    relabel_configs: *relabel
"
    );
    std::fs::write(dir.path().join("promtail.yaml"), promtail).unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "logs: {config: promtail.yaml}\n")));
    let message = "<11>1 2026-01-01T00:00:00.5Z web-1 shop 77 ID47 [x@1 k=\"v\"] card refused";
    let counted = format!("{} {message}", message.len());
    let mut stream = eventually("syslog listens", LIMIT, || TcpStream::connect(tcp).ok());
    stream.write_all(format!("{counted}{counted}").as_bytes()).unwrap();
    let mut lines = TcpStream::connect(tcp).unwrap();
    lines
        .write_all(b"<13>1 2026-01-01T00:00:00Z web-2 shop - - - one a line\n<34>Oct 11 22:14:15 mymachine su: 'su root' failed\n")
        .unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").unwrap();
    socket.send_to(b"<12>1 2026-01-01T00:00:00Z web-3 shop - - - by datagram", udp).unwrap();
    // Garbage ends its connection, and nothing else.
    TcpStream::connect(tcp).unwrap().write_all(&[0xff; 4_000]).unwrap();
    eventually("all of it", LIMIT, || (count(&server, "sum(count_over_time({job=\"syslog\", host!=\"\"}[1h]))") == Some(5)).then_some(()));
    for (selector, want) in [
        ("{via=\"tcp\",host=\"web-1\",app=\"shop\",level=\"error\"} |= \"card refused\"", 2),
        ("{via=\"tcp\",host=\"web-2\",level=\"notice\"} |= \"one a line\"", 1),
        ("{via=\"tcp\",host=\"mymachine\",app=\"su\",level=\"critical\"} |= \"failed\"", 1),
        ("{via=\"udp\",host=\"web-3\",level=\"warning\"} |= \"by datagram\"", 1),
    ] {
        assert_eq!(count(&server, &format!("sum(count_over_time({selector} [1h]))")), Some(want), "{selector}");
    }
    assert!(!server.log().contains("panicked"), "{}", server.log());
}

#[test]
fn stages_are_tried_on_the_command_line() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("promtail.yaml");
    let config = "scrape_configs:\n  - job_name: app\n    static_configs: [{labels: {job: app, __path__: /nowhere/*.log}}]\n    pipeline_stages:\n      - json: {expressions: {level: level, msg: message}}\n      - labels: {level: }\n      - output: {source: msg}\n";
    std::fs::write(&file, config).unwrap();
    let run = |file: &Path, input: &str| {
        let mut child = command(&["test", "pipeline"])
            .arg(file)
            .args(["--job", "app"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, out, err) = run(&file, "{\"level\":\"warn\",\"message\":\"it rains\"}\nnot json\n");
    assert_eq!(code, Some(0), "{out}{err}");
    for part in ["it rains", "level", "warn", "not json"] {
        assert!(out.contains(part), "{part}: {out}");
    }
    std::fs::write(&file, config.replace("expressions", "expresions")).unwrap();
    let (code, out, err) = run(&file, "x\n");
    assert_ne!(code, Some(0), "{out}");
    assert!(err.contains("promtail.yaml:5") && err.contains("expressions"), "a mistake has its place and a suggestion: {err}");
}

/// Writes a journal in systemd's own format, with as many entries of a unit.
fn write_journal(folder: &Path, from: u64, entries: u64) {
    let now_us = now_ns() / 1000;
    let mut export = String::new();
    for i in from..from + entries {
        export += &format!(
            "__REALTIME_TIMESTAMP={}\n__MONOTONIC_TIMESTAMP={}\n_BOOT_ID=d1cd3f2ea07c4a5c8ae4ff1ab1e0cc01\nMESSAGE=entry {i}\nPRIORITY={}\n_SYSTEMD_UNIT=demo.service\n\n",
            now_us + i as i64,
            1_000_000 + i,
            3 + i % 4,
        );
    }
    let mut child = std::process::Command::new("/lib/systemd/systemd-journal-remote")
        .arg("-o")
        .arg(folder.join("remote.journal"))
        .arg("-")
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(export.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn a_real_journal_is_read_once_also_after_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let journal = dir.path().join("journal");
    std::fs::create_dir(&journal).unwrap();
    write_journal(&journal, 0, 5);
    let promtail = format!(
        r"scrape_configs:
  - job_name: journal
    journal: {{path: '{}', max_age: 12h, labels: {{job: journal}}}}
    relabel_configs:
      - {{source_labels: [__journal__systemd_unit], target_label: unit}}
      - {{source_labels: [__journal_priority_keyword], target_label: severity}}
",
        journal.display()
    );
    std::fs::write(dir.path().join("promtail.yaml"), promtail).unwrap();
    let server = Server::start(dir.path(), Some(&configure(dir.path(), "logs: {config: promtail.yaml}\n")));
    let all = "sum(count_over_time({job=\"journal\", unit=\"demo.service\"}[1h]))";
    eventually("five entries", LIMIT, || (count(&server, all) == Some(5)).then_some(()));
    assert_eq!(count(&server, "sum(count_over_time({severity=\"error\"} |= \"entry 0\" [1h]))"), Some(1));
    // Positions are saved each second.
    eventually("the position is saved", LIMIT, || {
        std::fs::read_to_string(server.data_dir.join("positions.yaml")).ok().filter(|text| text.contains("i=5;"))
    });
    let server = restart(dir.path(), server);
    write_journal(&journal, 5, 2);
    eventually("seven entries", LIMIT, || (count(&server, all) == Some(7)).then_some(()));
}
