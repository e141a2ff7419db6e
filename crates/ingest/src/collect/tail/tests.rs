use super::*;
use crate::collect::config::{CollectConfig, parse};
use crate::collect::metrics::CollectMetrics;
use crate::collect::positions::Positions;
use crate::collect::sink::{EntrySink, SinkError};
use parking_lot::Mutex;
use phoenix_env::{Disk, OpenMode, SharedDisk, SimDisk};
use phoenix_model::Source;
use phoenix_model::logs::LogWrite;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const LOG: &str = "/log/app.log";
const POSITIONS: &str = "/data/positions.json";

/// Keeps `filename line` of all that it took.
#[derive(Default)]
struct Store {
    lines: Mutex<Vec<String>>,
    answers: Mutex<Vec<SinkError>>,
}

impl EntrySink for Store {
    fn accept(&self, write: &LogWrite) -> Result<(), SinkError> {
        if let Some(error) = self.answers.lock().pop() {
            return Err(error);
        }
        let mut lines = self.lines.lock();
        for (labels, entries) in write.streams() {
            let name = labels.value("filename").rsplit('/').next().unwrap_or("");
            lines.extend(entries.map(|entry| format!("{name} {}", entry.line)));
        }
        Ok(())
    }
}

/// A simulated machine with one tailer that can be killed.
struct World {
    disk: SimDisk,
    store: Arc<Store>,
    config: CollectConfig,
    tailer: Tailer,
    positions: Arc<Positions>,
    now: Duration,
}

impl World {
    fn new(job: &str) -> Self {
        Self::with("", job)
    }

    fn with(globals: &str, job: &str) -> Self {
        let disk = SimDisk::new(1);
        for folder in ["/log", "/data"] {
            disk.create_dir_all(Path::new(folder)).unwrap();
        }
        let yaml = format!("{globals}scrape_configs:\n- job_name: j\n{job}");
        let (config, diagnostics) = parse(&Source::new("p.yaml", yaml), Path::new("/"));
        let config = config.unwrap_or_else(|| panic!("{diagnostics:?}"));
        let store = Arc::new(Store::default());
        let (tailer, positions) = tailer(&disk, &store, &config);
        Self { disk, store, config, tailer, positions, now: Duration::from_secs(100) }
    }

    fn append(&self, path: &str, text: &str) {
        self.disk.open(Path::new(path), OpenMode::Append).unwrap().append(text.as_bytes()).unwrap();
    }

    fn rename(&self, from: &str, to: &str) {
        self.disk.rename(Path::new(from), Path::new(to)).unwrap();
    }

    /// Lets time pass, a round each quarter of a second.
    fn pass(&mut self, seconds: f64) {
        let end = self.now + Duration::from_secs_f64(seconds);
        while self.now < end {
            self.now += Duration::from_millis(250);
            while self.round() == Pause::None {}
        }
    }

    fn round(&mut self) -> Pause {
        self.tailer.round(1_623_715_200_000_000_000 + self.now.as_nanos() as i64, self.now)
    }

    /// Kills the tailer and starts another, with what was saved last.
    fn restart(&mut self) {
        (self.tailer, self.positions) = tailer(&self.disk, &self.store, &self.config);
    }

    fn lines(&self) -> Vec<String> {
        std::mem::take(&mut *self.store.lines.lock())
    }
}

fn tailer(disk: &SimDisk, store: &Arc<Store>, config: &CollectConfig) -> (Tailer, Arc<Positions>) {
    let shared: SharedDisk = Arc::new(disk.clone());
    let positions = Arc::new(Positions::load(Arc::clone(&shared), POSITIONS.into()).unwrap());
    let job = &config.jobs[0];
    let spec = TailSpec::new(job, config, "here".to_owned());
    let sink: Arc<dyn EntrySink> = Arc::<Store>::clone(store);
    let mut tailer = Tailer::new(spec, shared, sink, Arc::clone(&positions), CollectMetrics::default());
    tailer.set_targets(&job.static_targets);
    (tailer, positions)
}

const FILES: &str = "  static_configs:\n  - labels: {__path__: /log/*.log}\n";

#[test]
fn lines_come_as_they_are_written() {
    let mut world = World::new(FILES);
    world.append(LOG, "one\r\ntwo\npar");
    world.append("/log/b.log", "b\n");
    world.append("/log/c.txt", "c\n");
    world.append("/log/d.log", "");
    world.pass(0.25);
    assert_eq!(world.lines(), ["app.log one", "app.log two", "b.log b"]);
    world.append(LOG, "t\nthree\n\n");
    world.append("/log/d.log", "d \u{fffd}\n");
    world.pass(0.25);
    assert_eq!(world.lines(), ["d.log d \u{fffd}", "app.log part", "app.log three", "app.log "]);
    world.disk.open(Path::new("/log/d.log"), OpenMode::Append).unwrap().append(b"\xff\xfe!\n").unwrap();
    world.append("/log/new.log", "new\n");
    world.pass(6.0);
    assert_eq!(world.lines(), ["d.log \u{fffd}\u{fffd}!", "new.log new"]);
}

#[test]
fn rotations_lose_nothing() {
    // By renaming; the writer goes on with the old file for a while.
    let mut world = World::new(FILES);
    world.append(LOG, "1\n");
    world.pass(0.5);
    let old = world.disk.open(Path::new(LOG), OpenMode::Append).unwrap();
    old.append(b"2\n").unwrap();
    world.rename(LOG, "/log/app.log.1");
    world.append(LOG, "4\n");
    world.pass(2.0);
    old.append(b"3\nlast without its end").unwrap();
    world.pass(2.0);
    world.append(LOG, "5\n");
    world.pass(20.0);
    assert_eq!(world.lines(), ["app.log 1", "app.log 2", "app.log 4", "app.log 3", "app.log 5", "app.log last without its end"]);
    assert_eq!(world.tailer.followed().len(), 1, "the old file is let go");
    assert_eq!(world.positions.files_of("j").len(), 1);

    // The same within the pattern: the old file is not read again.
    let mut world = World::new("  static_configs:\n  - labels: {__path__: '/log/app.*'}\n");
    world.append(LOG, "1\n");
    world.pass(1.0);
    world.append(LOG, "2\n");
    world.rename(LOG, "/log/app.1.log");
    world.append(LOG, "3\n");
    world.pass(20.0);
    let mut lines = world.lines();
    lines.sort();
    assert_eq!(lines, ["app.log 1", "app.log 2", "app.log 3"]);
    world.positions.save().unwrap();
    world.restart();
    world.pass(20.0);
    assert_eq!(world.lines(), [""; 0]);

    // By copying and cutting, shorter and longer than before.
    for again in ["3\n", "3 and more than was there before\n"] {
        let mut world = World::new(FILES);
        world.append(LOG, "1\n2\n");
        world.pass(1.0);
        world.disk.open(Path::new(LOG), OpenMode::Append).unwrap().truncate(0).unwrap();
        world.append(LOG, again);
        world.pass(1.0);
        assert_eq!(world.lines(), ["app.log 1", "app.log 2", format!("app.log {}", again.trim()).as_str()]);
    }

    // A file that is removed is read to its end.
    let mut world = World::new(FILES);
    world.append(LOG, "1\n");
    world.pass(1.0);
    world.append(LOG, "2\nend");
    world.disk.remove_file(Path::new(LOG)).unwrap();
    world.pass(20.0);
    assert_eq!(world.lines(), ["app.log 1", "app.log 2", "app.log end"]);
    assert!(world.tailer.followed().is_empty() && world.positions.files_of("j").is_empty());
}

#[test]
fn a_restart_goes_on_where_all_was_stored() {
    let mut world = World::new(FILES);
    world.append(LOG, "1\n2\npart");
    world.pass(1.0);
    world.positions.save().unwrap();
    world.lines();
    // Rotated, and written on, while nobody looked.
    world.append(LOG, " of 3\n");
    world.rename(LOG, "/log/app.log.1");
    world.append(LOG, "4\n");
    world.restart();
    world.pass(20.0);
    assert_eq!(world.lines(), ["app.log part of 3", "app.log 4"]);

    // Another file under the same number: replaced by a shorter and by a longer one.
    for text in ["x\n", "longer than what was there before\n"] {
        let mut world = World::new(FILES);
        world.append(LOG, "1\n2\n");
        world.pass(1.0);
        world.positions.save().unwrap();
        world.lines();
        world.disk.open(Path::new(LOG), OpenMode::Append).unwrap().truncate(0).unwrap();
        world.append(LOG, text);
        world.restart();
        world.pass(1.0);
        assert_eq!(world.lines(), [format!("app.log {}", text.trim())]);
    }
}

#[test]
fn what_stages_hold_is_read_again() {
    let stages = format!("{FILES}  pipeline_stages:\n  - multiline: {{firstline: '^\\['}}\n");
    let mut world = World::new(&stages);
    world.append(LOG, "[1]\n a\n[2]\n b\n");
    world.round();
    world.positions.save().unwrap();
    assert_eq!(world.lines(), ["app.log [1]\n a"]);
    world.restart();
    world.append(LOG, " c\n");
    world.pass(1.0);
    assert_eq!(world.lines(), [""; 0]);
    world.pass(3.0);
    assert_eq!(world.lines(), ["app.log [2]\n b\n c"]);
    world.positions.save().unwrap();
    world.restart();
    world.pass(5.0);
    assert_eq!(world.lines(), [""; 0]);
}

#[test]
fn a_busy_store_stops_reading_and_loses_nothing() {
    let mut world = World::new(FILES);
    world.append(LOG, "1\n");
    world.store.answers.lock().extend((0..5).map(|_| SinkError::Busy("429".to_owned())));
    let pauses: Vec<Pause> = (0..5)
        .map(|_| {
            world.append(LOG, "more\n");
            world.round()
        })
        .collect();
    assert_eq!(pauses, [100, 200, 400, 800, 1600].map(|ms| Pause::For(Duration::from_millis(ms))));
    world.positions.save().unwrap();
    assert!(world.disk.bytes(Path::new(POSITIONS)).is_none_or(|bytes| !String::from_utf8_lossy(&bytes).contains("\"offset\":2")));
    assert!(world.tailer.status().iter().any(|status| status.last_error.as_deref() == Some("429")));
    // Killed while it waits: everything comes.
    world.restart();
    world.pass(1.0);
    assert_eq!(world.lines(), ["app.log 1", "app.log more", "app.log more", "app.log more", "app.log more", "app.log more"]);
    // What is refused does not come again.
    world.append(LOG, "bad\n");
    world.store.answers.lock().push(SinkError::Refused("400".to_owned()));
    world.pass(1.0);
    world.append(LOG, "good\n");
    world.pass(1.0);
    assert_eq!(world.lines(), ["app.log good"]);
}

#[test]
fn long_lines_are_bounded() {
    let long = "é".repeat(200_000);
    let mut world = World::new(FILES);
    world.append(LOG, &format!("{long}\nshort\n"));
    world.pass(1.0);
    let lines = world.lines();
    assert_eq!(lines.last().unwrap(), "app.log short");
    assert_eq!(lines[..lines.len() - 1].iter().map(|line| &line["app.log ".len()..]).collect::<String>(), long);
    assert!(lines.iter().all(|line| line.len() <= 256 * 1024 + 8));
    for (truncates, want) in [(false, vec!["app.log a", "app.log b"]), (true, vec!["app.log a", "app.log éééé", "app.log b"])] {
        let mut world = World::with(&format!("limits_config: {{max_line_size: 9b, max_line_size_truncate: {truncates}}}\n"), FILES);
        world.append(LOG, "a\n");
        // Both as a whole and bit by bit.
        for part in long.as_bytes().chunks(150_000) {
            world.disk.open(Path::new(LOG), OpenMode::Append).unwrap().append(part).unwrap();
            world.pass(0.5);
        }
        world.append(LOG, "\nb\n");
        world.pass(0.5);
        assert_eq!(world.lines(), want);
    }
}

#[test]
fn labels_and_targets_follow_the_rules() {
    let mut world = World::with(
        "clients: [{url: 'http://x/', external_labels: {site: a, job: other}}]\n",
        "  static_configs:\n  - labels: {__path__: '/log/*.log', __path_exclude__: '/log/no*', job: files}\n  - targets: [elsewhere]\n    labels: {__path__: '/log/*.log', __host__: elsewhere}\n  relabel_configs:\n  - {source_labels: [job], target_label: kind}\n",
    );
    for path in [LOG, "/log/no.log", "/log/z.log.gz"] {
        world.append(path, "x\n");
    }
    world.pass(1.0);
    assert_eq!(world.lines(), ["app.log x"]);
    let status = world.tailer.status();
    assert_eq!(status[0].labels.to_string(), r#"{filename="/log/app.log",job="files",kind="files"}"#);
    assert_eq!((status[0].offset_bytes, status[0].stored_bytes, status[0].lines), (2, 2, 1));
}

#[test]
fn compressed_files_are_told_and_not_read() {
    let mut world = World::new("  static_configs:\n  - labels: {__path__: '/log/*'}\n");
    world.append("/log/a.log.1.gz", "x\n");
    world.pass(1.0);
    assert_eq!(world.lines(), [""; 0]);
    assert!(world.tailer.status()[0].last_error.as_deref().is_some_and(|e| e.contains("compressed")));
}

#[derive(Debug, Clone)]
enum Deed {
    Write(u8),
    Part,
    Rotate,
    Cut,
    Pass(u8),
    Save,
    Kill,
    Busy,
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (1_u8..5).prop_map(Deed::Write),
        1 => Just(Deed::Part),
        2 => Just(Deed::Rotate),
        1 => Just(Deed::Cut),
        4 => (1_u8..40).prop_map(Deed::Pass),
        2 => Just(Deed::Save),
        1 => Just(Deed::Kill),
        1 => Just(Deed::Busy),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 100, ..ProptestConfig::default() })]

    /// Whatever is done to the file, and whenever the tailer is killed, each line comes; and once only where
    /// nobody was killed. With a second file in the pattern and a stage that joins lines.
    #[test]
    fn nothing_is_lost(deeds in prop::collection::vec(deed(), 1..40), rotated_matches in any::<bool>()) {
        let path = if rotated_matches { "/log/app*" } else { "/log/*.log" };
        let mut world = World::new(&format!("  static_configs:\n  - labels: {{__path__: '{path}'}}\n"));
        let (mut written, mut rotation, mut killed, mut ends) = (0, 0, false, true);
        let mut all = Vec::new();
        let write = |world: &World, written: &mut usize, ends: &mut bool, whole: bool| {
            let start = if *ends { String::new() } else { "\n".to_owned() };
            *written += 1;
            world.append(LOG, &format!("{start}line {written:03}{}", if whole { "\n" } else { "" }));
            *ends = whole;
        };
        write(&world, &mut written, &mut ends, true);
        // What was never looked at before it is renamed is not known to anyone.
        world.pass(1.0);
        world.positions.save().unwrap();
        for deed in &deeds {
            match deed {
                Deed::Write(count) => (0..*count).for_each(|_| write(&world, &mut written, &mut ends, true)),
                Deed::Part => write(&world, &mut written, &mut ends, false),
                Deed::Rotate => {
                    rotation += 1;
                    world.rename(LOG, &format!("/log/app.{rotation}"));
                    ends = true;
                    write(&world, &mut written, &mut ends, true);
                    world.pass(7.0);
                    world.positions.save().unwrap();
                }
                // Copying and cutting loses what nobody has read, for anyone: it is cut when all is read, and saved.
                Deed::Cut => {
                    world.append(LOG, "\n");
                    world.pass(12.0);
                    world.positions.save().unwrap();
                    world.disk.open(Path::new(LOG), OpenMode::Append).unwrap().truncate(0).unwrap();
                    ends = true;
                    write(&world, &mut written, &mut ends, true);
                }
                Deed::Pass(quarters) => world.pass(f64::from(*quarters) / 4.0),
                Deed::Save => world.positions.save().unwrap(),
                Deed::Kill => {
                    world.restart();
                    killed = true;
                }
                Deed::Busy => world.store.answers.lock().push(SinkError::Busy(String::new())),
            }
            all.extend(world.lines());
        }
        world.append(LOG, "\n");
        world.pass(30.0);
        all.extend(world.lines());
        let came: Vec<&str> = all.iter().filter_map(|line| line.split_once(' ')).map(|(_, line)| line).filter(|line| !line.is_empty()).collect();
        let want: BTreeSet<String> = (1..=written).map(|i| format!("line {i:03}")).collect();
        let got: BTreeSet<String> = came.iter().map(|line| (*line).to_owned()).collect();
        prop_assert_eq!(&got, &want);
        if !killed {
            prop_assert_eq!(came.len(), written, "a line came twice: {:?}", came);
        }
    }
}
