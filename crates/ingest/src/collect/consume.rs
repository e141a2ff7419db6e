//! Lines that come by themselves, from syslog and the journal: through the pipeline and into the store in
//! batches, with a pause while the store is busy.

use super::batch::write_of;
use super::metrics::{CollectMetrics, JobLabel};
use super::pipeline::{Context, Entry, Pipeline};
use super::positions::Positions;
use super::sink::{EntrySink, SinkError};
use super::stamps::Stamps;
use phoenix_env::SharedClock;
use phoenix_model::Labels;
use phoenix_model::logs::LogWrite;
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{mpsc, watch};

/// Lines that wait for the store.
pub(super) const QUEUE_LINES: usize = 1_000;
/// Lines of one write.
const WRITE_LINES: usize = 1_000;
/// How often it is looked whether what stages hold is due.
const FLUSH_EVERY: Duration = Duration::from_millis(500);
const BUSY_FIRST: Duration = Duration::from_millis(100);
const BUSY_LONGEST: Duration = Duration::from_secs(5);
/// Cursors that are kept while stages hold entries back.
const CURSORS_LIMIT: usize = 100_000;

/// A line that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) text: String,
    /// Its own moment; `None` takes the moment of its coming.
    pub(super) timestamp_ns: Option<i64>,
    pub(super) labels: Labels,
    /// Where to go on after it, for the journal.
    pub(super) cursor: Option<String>,
}

/// What takes lines in.
pub(super) struct Consumer {
    pub(super) job: Arc<str>,
    pub(super) pipeline: Pipeline,
    pub(super) sink: Arc<dyn EntrySink>,
    pub(super) clock: SharedClock,
    pub(super) metrics: CollectMetrics,
    pub(super) external: Labels,
    pub(super) positions: Arc<Positions>,
}

impl Consumer {
    /// Takes lines until all senders are gone, and stores what is left. Once told to stop it waits for a busy
    /// store no longer.
    pub(super) async fn run(mut self, mut lines: mpsc::Receiver<Line>, mut stop: watch::Receiver<bool>) {
        let mut stamps = Stamps::default();
        let mut mark = 0;
        let mut cursors: VecDeque<(u64, String)> = VecDeque::new();
        let pipeline_metrics = self.metrics.pipeline.clone();
        let mut rereads = false;
        loop {
            let first = tokio::select! {
                line = lines.recv() => Some(line),
                () = self.clock.sleep(FLUSH_EVERY) => None,
            };
            let ends = matches!(first, Some(None));
            let mut taken: Vec<Line> = first.flatten().into_iter().collect();
            while taken.len() < WRITE_LINES
                && let Ok(line) = lines.try_recv()
            {
                taken.push(line);
            }
            let mut out = Vec::new();
            let mut context = Context {
                now_ns: self.clock.now_ms() * 1_000_000,
                monotonic: self.clock.monotonic(),
                wait: Duration::ZERO,
                metrics: &pipeline_metrics,
                trace: None,
            };
            self.count(&taken);
            for line in taken {
                mark += 1;
                if let Some(cursor) = line.cursor {
                    rereads = true;
                    cursors.push_back((mark, cursor));
                }
                let timestamp_ns = line.timestamp_ns.unwrap_or_else(|| stamps.next(context.now_ns));
                self.pipeline.process(Entry::new(timestamp_ns, line.text, line.labels, mark), &mut context, &mut out);
            }
            // What can be read again is left to the next start.
            self.pipeline.flush(ends && !rereads, &mut context, &mut out);
            let wait = context.wait;
            if !out.is_empty() && !self.store(write_of(out, &self.external), &mut stop).await {
                return;
            }
            let held = self.pipeline.held().unwrap_or(u64::MAX);
            let mut reached = None;
            while cursors.front().is_some_and(|(at, _)| *at < held) || cursors.len() > CURSORS_LIMIT {
                reached = cursors.pop_front();
            }
            if let Some((_, cursor)) = reached {
                self.positions.set_cursor(&self.job, cursor);
            }
            if ends {
                return;
            }
            if !wait.is_zero() {
                tokio::select! {
                    () = self.clock.sleep(wait.min(BUSY_LONGEST)) => {}
                    _ = stop.changed() => {}
                }
            }
        }
    }

    fn count(&self, lines: &[Line]) {
        if !lines.is_empty() {
            let job = JobLabel { job: self.job.to_string() };
            self.metrics.lines.get_or_create(&job).inc_by(lines.len() as u64);
            self.metrics.bytes.get_or_create(&job).inc_by(lines.iter().map(|line| line.text.len() as u64).sum());
        }
    }

    /// Offers a write until it is taken. False when it was not and the collector ends.
    async fn store(&self, write: LogWrite, stop: &mut watch::Receiver<bool>) -> bool {
        let write = Arc::new(write);
        let mut pause = BUSY_FIRST;
        loop {
            let (sink, offered) = (Arc::clone(&self.sink), Arc::clone(&write));
            let result = tokio::task::spawn_blocking(move || sink.accept(&offered)).await.expect("a sink does not panic");
            match result {
                Ok(()) => return true,
                Err(SinkError::Refused(why)) => {
                    tracing::warn!(job = %self.job, "lines were refused: {why}");
                    self.metrics.lose(&self.job, "refused", 1);
                    return true;
                }
                Err(SinkError::Busy(_)) => {
                    self.metrics.busy.get_or_create(&JobLabel { job: self.job.to_string() }).inc();
                    if *stop.borrow() {
                        self.metrics.lose(&self.job, "stopped", write.len() as u64);
                        return false;
                    }
                    tokio::select! {
                        () = self.clock.sleep(pause) => {}
                        _ = stop.changed() => {}
                    }
                    pause = (pause * 2).min(BUSY_LONGEST);
                }
            }
        }
    }
}

/// The labels of a line after relabelling, without the collector's own; the job's name where nothing is left.
/// `None` when a rule drops the line.
pub(super) fn line_labels(found: &Labels, rules: &[crate::relabel::RelabelConfig], job: &str) -> Option<Labels> {
    let labels = crate::relabel::relabel(found, rules)?.filter(|name| !name.starts_with("__"));
    Some(if labels.is_empty() { Labels::from_pairs([("job", job)]) } else { labels })
}
