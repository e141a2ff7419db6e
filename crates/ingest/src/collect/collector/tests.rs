use super::*;
use crate::collect::config::parse;
use crate::collect::sink::SinkError;
use phoenix_env::{Disk, OpenMode, RealClock, RealDisk};
use phoenix_model::Source;
use phoenix_model::logs::LogWrite;
use std::path::Path;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpStream, UdpSocket};

/// Hands on what it took, as `{labels} line`.
struct Channel(mpsc::UnboundedSender<String>);

impl EntrySink for Channel {
    fn accept(&self, write: &LogWrite) -> Result<(), SinkError> {
        for (labels, entries) in write.streams() {
            for entry in entries {
                let _ = self.0.send(format!("{labels} {}", entry.line));
            }
        }
        Ok(())
    }
}

struct World {
    folder: tempfile::TempDir,
    came: mpsc::UnboundedReceiver<String>,
    doors: Doors,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (sent, came) = mpsc::unbounded_channel();
        let doors = Doors {
            disk: RealDisk::shared(),
            clock: RealClock::shared(),
            sink: Arc::new(Channel(sent)),
            runtime: Handle::current(),
            positions: folder.path().join("positions.json"),
            metrics: CollectMetrics::default(),
        };
        Self { folder, came, doors }
    }

    fn config(&self, jobs: &str) -> CollectConfig {
        let (config, diagnostics) = parse(&Source::new("p.yaml", format!("scrape_configs:\n{jobs}")), self.folder.path());
        config.unwrap_or_else(|| panic!("{diagnostics:?}"))
    }

    fn append(&self, name: &str, text: &str) {
        RealDisk.open(&self.folder.path().join(name), OpenMode::Append).unwrap().append(text.as_bytes()).unwrap();
    }

    async fn next(&mut self) -> String {
        let folder = format!("{}/", self.folder.path().display());
        self.came.recv().await.expect("the sink is there").replace(&folder, "")
    }
}

/// The address of the only listener.
fn address(collector: &LogCollector) -> SocketAddr {
    collector.targets().iter().find_map(|target| target.target.parse().ok()).expect("a listener is shown with its address")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn files_are_followed_over_restarts() {
    let mut world = World::new();
    let config = world
        .config("- job_name: a\n  static_configs: [{labels: {__path__: '*.log', app: x}}]\n  pipeline_stages: [{static_labels: {s: t}}]\n");
    world.append("a.log", "one\n");
    let collector = LogCollector::start(&config, world.doors.clone()).unwrap();
    assert_eq!(world.next().await, r#"{app="x",filename="a.log",s="t"} one"#);
    world.append("a.log", "two\n");
    assert_eq!(world.next().await, r#"{app="x",filename="a.log",s="t"} two"#);
    collector.stop().await;
    world.append("a.log", "three\n");
    let collector = LogCollector::start(&config, world.doors.clone()).unwrap();
    assert_eq!(world.next().await, r#"{app="x",filename="a.log",s="t"} three"#);
    collector.stop().await;
    assert!(world.came.try_recv().is_err());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn targets_in_files_are_followed() {
    let mut world = World::new();
    RealDisk.write_atomic(&world.folder.path().join("sd.yml"), b"- labels: {__path__: 'b.txt', app: y}\n  targets: [localhost]\n").unwrap();
    world.append("b.txt", "b\n");
    let config = world.config("- job_name: a\n  file_sd_configs: [{files: [sd.yml]}]\n");
    let collector = LogCollector::start(&config, world.doors.clone()).unwrap();
    assert_eq!(world.next().await, r#"{app="y",filename="b.txt"} b"#);
    collector.stop().await;
}

const SYSLOG: &str = "  relabel_configs:\n  - {source_labels: [__syslog_message_severity], target_label: level}\n  - {source_labels: [__syslog_message_app_name], target_label: app}\n  - {source_labels: [__syslog_message_sd_e_1_k], target_label: k}\n";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn syslog_is_received_over_tcp() {
    let mut world = World::new();
    let config = world.config(&format!(
        "- job_name: s\n  syslog: {{listen_address: '127.0.0.1:0', label_structured_data: true, labels: {{job: s}}}}\n{SYSLOG}"
    ));
    let collector = LogCollector::start(&config, world.doors.clone()).unwrap();
    let mut stream = TcpStream::connect(address(&collector)).await.unwrap();
    stream
        .write_all(b"<34>1 2003-10-11T22:14:15.003Z h su - ID47 [e@1 k=\"v\"] one\n28 <13>Oct 11 22:14:15 h b: two<13>1 - - - - - - three")
        .await
        .unwrap();
    assert_eq!(world.next().await, r#"{app="su",job="s",k="v",level="critical"} one"#);
    assert_eq!(world.next().await, r#"{app="b",job="s",level="notice"} two"#);
    stream.shutdown().await.unwrap();
    assert_eq!(world.next().await, r#"{job="s",level="notice"} three"#);
    // The address is free again for the next.
    let port = address(&collector).port();
    let same = world.config(&format!("- job_name: other\n  syslog: {{listen_address: '127.0.0.1:{port}'}}\n"));
    collector.reload(same.clone()).await.unwrap();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    stream.write_all(b"<13>1 - - - - - - four\n").await.unwrap();
    assert_eq!(world.next().await, r#"{job="other"} four"#);
    // A job that is written as before goes on: its connection stays.
    collector.reload(same).await.unwrap();
    stream.write_all(b"<13>1 - - - - - - five\n").await.unwrap();
    assert_eq!(world.next().await, r#"{job="other"} five"#);
    let taken = LogCollector::start(
        &world.config(&format!("- job_name: t\n  syslog: {{listen_address: '127.0.0.1:{port}'}}\n")),
        world.doors.clone(),
    );
    let message = taken.err().expect("the address is taken").to_string();
    assert!(message.starts_with(&format!("job `t` can't listen for syslog on 127.0.0.1:{port}")), "{message}");
    collector.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn syslog_is_received_over_udp() {
    let mut world = World::new();
    let config = world.config(&format!(
        "- job_name: s\n  syslog: {{listen_address: '127.0.0.1:0', listen_protocol: udp, syslog_format: rfc3164, use_rfc5424_message: true}}\n{SYSLOG}"
    ));
    let collector = LogCollector::start(&config, world.doors.clone()).unwrap();
    let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
    socket.connect(address(&collector)).await.unwrap();
    socket.send(b"no syslog").await.unwrap();
    socket.send(&[b'<'; 10_000]).await.unwrap();
    socket.send(b"<13>Oct 11 22:14:15 h b[7]: two").await.unwrap();
    let line = world.next().await;
    assert!(line.starts_with(r#"{app="b",level="notice"} <13>1 "#) && line.ends_with("-10-11T22:14:15Z h b 7 - - two"), "{line}");
    collector.stop().await;
}

#[tokio::test]
async fn broken_positions_are_told_and_kept() {
    let world = World::new();
    let path = world.doors.positions.clone();
    RealDisk.write_atomic(&path, b"{not json").unwrap();
    let error = LogCollector::start(&world.config("- job_name: a\n"), world.doors.clone()).err().unwrap().to_string();
    assert!(error.contains("positions.json can't be read") && error.contains("move the file away"), "{error}");
    assert_eq!(RealDisk.read(Path::new(&path), 100).unwrap(), b"{not json");
}
