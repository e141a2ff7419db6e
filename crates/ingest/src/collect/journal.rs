//! systemd's journal, read by `journalctl`: the format of its files is not meant for others, and the library
//! that reads it would have to be linked. `journalctl` follows the journal as a child process, from the cursor
//! of the last entry that was stored.

use super::config::JournalConfig;
use super::consume::{Line, line_labels};
use super::metrics::CollectMetrics;
use super::syslog::{Frame, Frames};
use crate::relabel::RelabelConfig;
use phoenix_env::SharedClock;
use phoenix_model::Labels;
use serde_json::{Map, Value};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::process::Command;
use tokio::sync::{mpsc, watch};

/// Bytes of one entry in JSON; a longer one is left out.
const ENTRY_LIMIT_BYTES: usize = 4 << 20;
const READ_BYTES: usize = 64 * 1024;
/// Bytes that are kept of what `journalctl` says is wrong.
const ERROR_BYTES: u64 = 1_000;
const RETRY_FIRST: Duration = Duration::from_secs(1);
const RETRY_LONGEST: Duration = Duration::from_mins(1);
const PRIORITIES: [&str; 8] = ["emerg", "alert", "crit", "error", "warning", "notice", "info", "debug"];

/// Reads the journal for a job.
pub(super) struct Journal {
    pub(super) job: Arc<str>,
    pub(super) config: JournalConfig,
    pub(super) relabel: Arc<[RelabelConfig]>,
    pub(super) clock: SharedClock,
    pub(super) metrics: CollectMetrics,
    pub(super) lines: mpsc::Sender<Line>,
    /// `journalctl`, or what stands for it in a test.
    pub(super) program: PathBuf,
}

impl Journal {
    /// Reads until told to stop. `problem` is told what is wrong, or that nothing is any more.
    pub(super) async fn run(self, cursor: Option<String>, mut stop: watch::Receiver<bool>, problem: impl Fn(Option<String>) + Send) {
        tokio::select! {
            _ = stop.wait_for(|stopped| *stopped) => {}
            () = self.follow(cursor, problem) => {}
        }
    }

    async fn follow(&self, mut cursor: Option<String>, problem: impl Fn(Option<String>)) {
        let started_ms = self.clock.now_ms();
        let mut pause = RETRY_FIRST;
        loop {
            let before = cursor.clone();
            let result = self.read_on(&mut cursor, started_ms, &problem).await;
            let why = match result {
                Err(e) if e.kind() == std::io::ErrorKind::NotFound => {
                    format!(
                        "`{}` is not there: the journal can't be read; install systemd, or remove `journal` from the job",
                        self.program.display()
                    )
                }
                Err(e) => format!("`{}` can't be run: {e}", self.program.display()),
                Ok(None) => return,
                Ok(Some(why)) => why,
            };
            tracing::warn!(job = %self.job, "{why}");
            problem(Some(why));
            if cursor != before {
                pause = RETRY_FIRST;
            }
            self.clock.sleep(pause).await;
            pause = (pause * 2).min(RETRY_LONGEST);
        }
    }

    /// Runs the child until it ends, and says why it did. `None` when nobody takes lines any more.
    async fn read_on(
        &self,
        cursor: &mut Option<String>,
        started_ms: i64,
        problem: &impl Fn(Option<String>),
    ) -> std::io::Result<Option<String>> {
        let mut child = Command::new(&self.program)
            .args(arguments(&self.config, cursor.as_deref(), started_ms))
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()?;
        let (Some(mut output), Some(errors)) = (child.stdout.take(), child.stderr.take()) else {
            return Ok(Some("the child has no output".to_owned()));
        };
        // Read beside, so that a child that complains much does not stand still.
        let complaint = tokio::spawn(async move {
            let mut text = Vec::new();
            let mut errors = errors;
            let _ = (&mut errors).take(ERROR_BYTES).read_to_end(&mut text).await;
            let _ = tokio::io::copy(&mut errors, &mut tokio::io::sink()).await;
            String::from_utf8_lossy(&text).trim().to_owned()
        });
        let mut frames = Frames::lines(ENTRY_LIMIT_BYTES);
        let mut buffer = vec![0; READ_BYTES];
        loop {
            let length = output.read(&mut buffer).await?;
            if length == 0 {
                break;
            }
            problem(None);
            frames.push(&buffer[..length]);
            while let Some(frame) = frames.next_frame() {
                let Frame::Message(bytes) = frame else {
                    self.metrics.lose(&self.job, "entry_too_long", 1);
                    continue;
                };
                let Some(line) = self.line(&bytes) else { continue };
                cursor.clone_from(&line.cursor);
                if self.lines.send(line).await.is_err() {
                    return Ok(None);
                }
            }
        }
        let status = child.wait().await?;
        let complaint = complaint.await.unwrap_or_default();
        Ok(Some(format!("`{}` ended with {status}: {complaint}", self.program.display())))
    }

    /// An entry as a line. `None` when a rule drops it, or when it has no text.
    fn line(&self, bytes: &[u8]) -> Option<Line> {
        let Ok(entry) = serde_json::from_slice::<Map<String, Value>>(bytes) else {
            self.metrics.lose(&self.job, "not_json", 1);
            return None;
        };
        let found = entry_labels(&entry, &self.config.labels);
        let labels = line_labels(&found, &self.relabel, &self.job)?;
        let text = if self.config.json { Value::Object(plain(&entry)).to_string() } else { text_of(entry.get("MESSAGE")?)? };
        let microseconds = entry.get("__REALTIME_TIMESTAMP").and_then(Value::as_str).and_then(|text| text.parse::<i64>().ok());
        let cursor = entry.get("__CURSOR").and_then(Value::as_str).map(str::to_owned);
        Some(Line { text, timestamp_ns: microseconds.and_then(|us| us.checked_mul(1_000)), labels, cursor })
    }
}

/// What `journalctl` is told. Without a cursor it begins `max_age` before `started_ms`.
fn arguments(config: &JournalConfig, cursor: Option<&str>, started_ms: i64) -> Vec<String> {
    let mut arguments: Vec<String> =
        ["--output=json", "--all", "--follow", "--no-tail", "--no-pager", "--quiet"].map(str::to_owned).to_vec();
    match cursor {
        Some(cursor) => arguments.push(format!("--after-cursor={cursor}")),
        None => arguments.push(format!("--since=@{}", (started_ms / 1000).saturating_sub(config.max_age.as_secs() as i64))),
    }
    if let Some(path) = &config.path {
        arguments.push(format!("--directory={}", path.display()));
    }
    // What begins with a dash would be an option.
    arguments.push("--".to_owned());
    arguments.extend(config.matches.iter().cloned());
    arguments
}

/// The text of a field: a string, bytes as numbers where it is no UTF-8, or the first of several values.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Array(items) if items.iter().all(Value::is_u64) && !items.is_empty() => {
            let bytes: Vec<u8> = items.iter().filter_map(|item| u8::try_from(item.as_u64()?).ok()).collect();
            Some(String::from_utf8_lossy(&bytes).into_owned())
        }
        Value::Array(items) => items.first().and_then(text_of_once),
        _ => None,
    }
}

fn text_of_once(value: &Value) -> Option<String> {
    match value {
        Value::Array(items) if !items.iter().all(Value::is_u64) => None,
        other => text_of(other),
    }
}

/// The labels that Promtail gives to relabelling.
fn entry_labels(entry: &Map<String, Value>, own: &Labels) -> Labels {
    let mut labels = own.to_builder();
    for (name, value) in entry {
        // The text is no label, and what begins with two underscores is the entry's address.
        if name == "MESSAGE" || name.starts_with("__") {
            continue;
        }
        if let Some(text) = text_of(value) {
            labels.set(&format!("__journal_{}", name.to_ascii_lowercase()), &text);
        }
    }
    let priority = entry.get("PRIORITY").and_then(Value::as_str).and_then(|text| text.parse::<usize>().ok());
    if let Some(keyword) = priority.and_then(|priority| PRIORITIES.get(priority)) {
        labels.set("__journal_priority_keyword", keyword);
    }
    labels.build()
}

/// The entry's fields as texts, for `json: true`.
fn plain(entry: &Map<String, Value>) -> Map<String, Value> {
    let fields = entry.iter().filter(|(name, _)| !name.starts_with("__"));
    fields.filter_map(|(name, value)| Some((name.clone(), Value::String(text_of(value)?)))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_env::{RealClock, SimClock};
    use phoenix_model::Source;
    use proptest::prelude::*;

    fn journal(json: bool, program: &str, lines: mpsc::Sender<Line>) -> Journal {
        let rules = "- source_labels: [__journal__systemd_unit]\n  target_label: unit\n- source_labels: [__journal_priority_keyword]\n  target_label: severity\n- source_labels: [unit]\n  regex: noisy\n  action: drop\n";
        let relabel: Vec<RelabelConfig> = phoenix_yaml::from_str(&Source::new("r", rules)).unwrap();
        Journal {
            job: "j".into(),
            config: JournalConfig {
                json,
                max_age: Duration::from_hours(7),
                labels: Labels::from_pairs([("job", "systemd")]),
                path: None,
                matches: vec!["_TRANSPORT=kernel".to_owned()],
            },
            relabel: relabel.into(),
            clock: SimClock::new(0),
            metrics: CollectMetrics::default(),
            lines,
            program: program.into(),
        }
    }

    #[test]
    fn entries_become_lines() {
        let (lines, _keep) = mpsc::channel(1);
        let plain = journal(false, "journalctl", lines.clone());
        let as_json = journal(true, "journalctl", lines);
        let entry = |fields: &str| format!("{{\"__CURSOR\":\"s=1\",\"__REALTIME_TIMESTAMP\":\"1623715200000001\",{fields}}}");
        for (journal, fields, want) in [
            (
                &plain,
                r#""MESSAGE":"hi","_SYSTEMD_UNIT":"a.service","PRIORITY":"4""#,
                Some(r#"1623715200000001000 {job="systemd",severity="warning",unit="a.service"} hi"#),
            ),
            (&plain, r#""MESSAGE":[104,105,255]"#, Some("1623715200000001000 {job=\"systemd\"} hi\u{fffd}")),
            (&plain, r#""MESSAGE":["one","two"]"#, Some("1623715200000001000 {job=\"systemd\"} one")),
            (&plain, r#""MESSAGE":null"#, None),
            (&plain, r#""MESSAGE":"x","_SYSTEMD_UNIT":"noisy""#, None),
            (&as_json, r#""MESSAGE":"x","ERRNO":"2""#, Some(r#"1623715200000001000 {job="systemd"} {"MESSAGE":"x","ERRNO":"2"}"#)),
        ] {
            let line = journal.line(entry(fields).as_bytes());
            let shown = line.map(|line| {
                assert_eq!(line.cursor.as_deref(), Some("s=1"));
                format!("{} {} {}", line.timestamp_ns.unwrap(), line.labels, line.text)
            });
            assert_eq!(shown.as_deref(), want, "{fields}");
        }
    }

    #[test]
    fn the_child_is_told_where_to_go_on() {
        let (lines, _keep) = mpsc::channel(1);
        let config = journal(false, "journalctl", lines).config;
        assert!(arguments(&config, None, 100_000_000).contains(&"--since=@74800".to_owned()));
        let go_on = arguments(&config, Some("s=1;i=2"), 0);
        assert!(go_on.contains(&"--after-cursor=s=1;i=2".to_owned()) && !go_on.iter().any(|a| a.starts_with("--since")));
        assert_eq!(go_on[go_on.len() - 2..], ["--", "_TRANSPORT=kernel"]);
    }

    #[tokio::test]
    async fn a_missing_program_is_told() {
        let (lines, _keep) = mpsc::channel(1);
        let (stop, stopped) = watch::channel(false);
        let (tell, mut told) = mpsc::unbounded_channel();
        let running = tokio::spawn(journal(false, "/nowhere/journalctl", lines).run(None, stopped, move |why| drop(tell.send(why))));
        let why = told.recv().await.flatten().unwrap();
        assert!(why.contains("`/nowhere/journalctl` is not there"), "{why}");
        stop.send(true).unwrap();
        running.await.unwrap();
    }

    #[tokio::test]
    async fn a_child_that_ends_is_started_again_after_the_last_entry() {
        let (lines, mut came) = mpsc::channel(10);
        let (stop, stopped) = watch::channel(false);
        // `printf` prints its first argument once for each of the others: what it was told, as entries.
        let mut journal = Journal { clock: RealClock::shared(), ..journal(false, "/bin/sh", lines) };
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("journalctl");
        let text = "#!/bin/sh\nfor a in \"$@\"; do case $a in --since*) c=first;; --after-cursor=first) c=second;; --after-cursor=*) sleep 60;; esac; done\necho \"{\\\"__CURSOR\\\":\\\"$c\\\",\\\"MESSAGE\\\":\\\"$c\\\"}\"\n";
        phoenix_env::Disk::write_atomic(&phoenix_env::RealDisk, &script, text.as_bytes()).unwrap();
        rustix::fs::chmod(&script, rustix::fs::Mode::RWXU).unwrap();
        journal.program = script;
        let running = tokio::spawn(journal.run(None, stopped, |_| {}));
        let first = came.recv().await.unwrap();
        let second = came.recv().await.unwrap();
        assert_eq!((first.text.as_str(), second.text.as_str()), ("first", "second"));
        stop.send(true).unwrap();
        running.await.unwrap();
    }

    proptest! {
        #[test]
        fn arbitrary_entries_never_panic(message in "null|[0-9]{1,3}|\\[[0-9,]{0,9}\\]|\"x\"|\\[\"a\"\\]|\\[\\[\\]\\]|\\{\\}") {
            let (lines, _keep) = mpsc::channel(1);
            let _ = journal(false, "x", lines.clone()).line(format!("{{\"MESSAGE\":{message},\"A\":{message}}}").as_bytes());
            let _ = journal(true, "x", lines).line(message.as_bytes());
        }
    }
}
