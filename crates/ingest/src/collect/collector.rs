//! Running jobs: started, exchanged at a reload, stopped.

use super::config::{CollectConfig, Job, SyslogConfig};
use super::consume::{Consumer, QUEUE_LINES};
use super::journal::Journal;
use super::metrics::CollectMetrics;
use super::positions::Positions;
use super::sink::EntrySink;
use super::syslog::{self, Listener};
use super::tail::{Pause, TailSpec, Tailer};
use super::targets::TargetStatus;
use crate::discovery::{Discovery, Found, Provider};
use parking_lot::Mutex;
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::Labels;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, watch};
use tokio::task::JoinHandle;

/// How often what is shown of files is brought up to date.
const SHOW_EVERY: Duration = Duration::from_secs(1);
/// How often idle series of `metrics` stages are looked for.
const EXPIRE_EVERY: Duration = Duration::from_secs(30);

/// Why logs can't be collected.
#[derive(Debug, thiserror::Error)]
pub enum CollectError {
    /// What is known of how far files were read can't be read.
    #[error("{0}; move the file away to collect everything anew")]
    Positions(String),
    /// The address of a syslog listener can't be opened.
    #[error("job `{job}` can't listen for syslog on {address}: {source}")]
    Listen {
        /// The job.
        job: String,
        /// The address.
        address: SocketAddr,
        /// Why.
        #[source]
        source: std::io::Error,
    },
}

/// What the collector works with.
#[derive(Clone)]
pub struct Doors {
    /// Where files are read and positions kept.
    pub disk: SharedDisk,
    /// The time.
    pub clock: SharedClock,
    /// Where entries go.
    pub sink: Arc<dyn EntrySink>,
    /// Where tasks run; calls that block go to its blocking threads.
    pub runtime: Handle,
    /// The file that positions are kept in.
    pub positions: PathBuf,
    /// What is counted.
    pub metrics: CollectMetrics,
}

type Board = Arc<Mutex<BTreeMap<(String, &'static str), Vec<TargetStatus>>>>;

struct RunningJob {
    job: Job,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

struct Running {
    config: CollectConfig,
    jobs: Vec<RunningJob>,
}

/// Collects logs until it is stopped. Dropped without [`LogCollector::stop`], it stops as after `kill -9`: nothing
/// is lost, and what was stored after the last saved checkpoint comes twice.
pub struct LogCollector {
    doors: Doors,
    positions: Arc<Positions>,
    board: Board,
    running: tokio::sync::Mutex<Running>,
    saver: JoinHandle<()>,
    saver_period: watch::Sender<Duration>,
}

impl Drop for LogCollector {
    fn drop(&mut self) {
        self.saver.abort();
        for job in &self.running.get_mut().jobs {
            job.tasks.iter().for_each(JoinHandle::abort);
        }
    }
}

impl LogCollector {
    /// Reads the positions, which blocks, and starts all jobs.
    pub fn start(config: &CollectConfig, doors: Doors) -> Result<Self, CollectError> {
        let positions = Positions::load(Arc::clone(&doors.disk), doors.positions.clone()).map_err(CollectError::Positions)?;
        let positions = Arc::new(positions);
        let (saver_period, period) = watch::channel(config.positions_sync);
        let saver = doors.runtime.spawn(save_positions(Arc::clone(&positions), doors.clone(), period));
        let collector = Self {
            running: tokio::sync::Mutex::new(Running { config: config.clone(), jobs: Vec::new() }),
            board: Board::default(),
            positions,
            saver,
            saver_period,
            doors,
        };
        let mut jobs = Vec::new();
        for job in &config.jobs {
            // The error ends the jobs that run already, by dropping the collector.
            jobs.push(collector.start_job(job, config)?);
        }
        collector.running.try_lock().expect("nobody else has the collector yet").jobs = jobs;
        Ok(collector)
    }

    /// Goes on with another configuration. Jobs that are written as before go on undisturbed. When a job can't be
    /// started, the others run, and the first error is given.
    pub async fn reload(&self, config: CollectConfig) -> Result<(), CollectError> {
        let mut running = self.running.lock().await;
        let same_frame = running.config.same_frame(&config);
        let mut before = std::mem::take(&mut running.jobs);
        let mut kept = Vec::new();
        for job in &config.jobs {
            let same = before.iter().position(|run| same_frame && CollectConfig::same_job(&run.job, job));
            kept.push(same.map(|at| before.swap_remove(at)));
        }
        // Stopped before others start: a new job may take the address of an old one.
        for job in before {
            self.stop_job(job).await;
        }
        self.saver_period.send_replace(config.positions_sync);
        let mut result = Ok(());
        for (job, kept) in config.jobs.iter().zip(kept) {
            match kept.map_or_else(|| self.start_job(job, &config), Ok) {
                Ok(job) => running.jobs.push(job),
                Err(e) => {
                    self.show(&job.name, "syslog", vec![problem(&job.name, "syslog", &Labels::empty(), Some(e.to_string()))]);
                    result = result.and(Err(e));
                }
            }
        }
        running.config = config;
        result
    }

    /// What is collected, job by job.
    pub fn targets(&self) -> Vec<TargetStatus> {
        self.board.lock().values().flatten().cloned().collect()
    }

    /// Ends all jobs and saves how far they came.
    pub async fn stop(self) {
        let jobs = std::mem::take(&mut self.running.lock().await.jobs);
        for job in jobs {
            self.stop_job(job).await;
        }
        self.saver.abort();
        let positions = Arc::clone(&self.positions);
        let saved = tokio::task::spawn_blocking(move || positions.save()).await;
        if let Ok(Err(e)) = saved {
            tracing::error!("how far logs were collected was not saved: {e}");
        }
    }

    async fn stop_job(&self, job: RunningJob) {
        job.stop.send_replace(true);
        for task in job.tasks {
            let _ = task.await;
        }
        self.board.lock().retain(|(name, _), _| *name != job.job.name);
    }

    fn show(&self, job: &str, kind: &'static str, status: Vec<TargetStatus>) {
        self.board.lock().insert((job.to_owned(), kind), status);
    }

    fn start_job(&self, job: &Job, config: &CollectConfig) -> Result<RunningJob, CollectError> {
        let (stop, stopped) = watch::channel(false);
        let mut tasks = Vec::new();
        if let Some(syslog) = &job.syslog {
            tasks.extend(self.start_syslog(job, syslog, config, &stopped)?);
        }
        if let Some(journal) = &job.journal {
            let (lines, consumer) = self.start_consumer(job, config, &stopped);
            tasks.push(consumer);
            let reader = Journal {
                job: job.name.as_str().into(),
                config: journal.clone(),
                relabel: job.relabel_configs.clone().into(),
                clock: Arc::clone(&self.doors.clock),
                metrics: self.doors.metrics.clone(),
                lines,
                program: PathBuf::from("journalctl"),
            };
            let (board, name, labels) = (Arc::clone(&self.board), job.name.clone(), journal.labels.clone());
            let tell = move |why: Option<String>| {
                board.lock().insert((name.clone(), "journal"), vec![problem(&name, "journal", &labels, why)]);
            };
            tell(None);
            let cursor = self.positions.cursor(&job.name);
            tasks.push(self.doors.runtime.spawn(reader.run(cursor, stopped.clone(), tell)));
        }
        if job.has_files() {
            tasks.push(self.doors.runtime.spawn(self.files(job, config).run(stopped)));
        }
        Ok(RunningJob { job: job.clone(), stop, tasks })
    }

    fn start_syslog(
        &self,
        job: &Job,
        config: &SyslogConfig,
        all: &CollectConfig,
        stopped: &watch::Receiver<bool>,
    ) -> Result<[JoinHandle<()>; 2], CollectError> {
        let socket = {
            let _runtime = self.doors.runtime.enter();
            syslog::bind(config)
        };
        let socket = socket.map_err(|source| CollectError::Listen { job: job.name.clone(), address: config.listen, source })?;
        let address = socket.address().unwrap_or(config.listen);
        self.show(&job.name, "syslog", vec![problem(&job.name, &address.to_string(), &config.labels, None)]);
        let (lines, consumer) = self.start_consumer(job, all, stopped);
        let listener = Listener {
            job: job.name.as_str().into(),
            config: Arc::new(config.clone()),
            relabel: job.relabel_configs.clone().into(),
            clock: Arc::clone(&self.doors.clock),
            metrics: self.doors.metrics.clone(),
            lines,
        };
        Ok([consumer, self.doors.runtime.spawn(listener.run(socket, stopped.clone()))])
    }

    fn start_consumer(
        &self,
        job: &Job,
        config: &CollectConfig,
        stopped: &watch::Receiver<bool>,
    ) -> (mpsc::Sender<super::consume::Line>, JoinHandle<()>) {
        let (lines, taken) = mpsc::channel(QUEUE_LINES);
        let consumer = Consumer {
            job: job.name.as_str().into(),
            pipeline: job.pipeline.instance(),
            sink: Arc::clone(&self.doors.sink),
            clock: Arc::clone(&self.doors.clock),
            metrics: self.doors.metrics.clone(),
            external: config.external_labels.clone(),
            positions: Arc::clone(&self.positions),
        };
        (lines, self.doors.runtime.spawn(consumer.run(taken, stopped.clone())))
    }

    fn files(&self, job: &Job, config: &CollectConfig) -> FilesTask {
        let spec = TailSpec::new(job, config, rustix::system::uname().nodename().to_string_lossy().into_owned());
        let tailer = Tailer::new(
            spec,
            Arc::clone(&self.doors.disk),
            Arc::clone(&self.doors.sink),
            Arc::clone(&self.positions),
            self.doors.metrics.clone(),
        );
        let providers = job.file_sd_configs.iter().map(|sd| Provider::Files { patterns: sd.files.clone(), refresh: sd.refresh_interval });
        FilesTask {
            job: job.name.clone(),
            tailer,
            static_targets: job.static_targets.clone(),
            providers: providers.collect(),
            clock: Arc::clone(&self.doors.clock),
            disk: Arc::clone(&self.doors.disk),
            board: Arc::clone(&self.board),
        }
    }
}

fn problem(job: &str, target: &str, labels: &Labels, last_error: Option<String>) -> TargetStatus {
    TargetStatus {
        job: job.to_owned(),
        target: target.to_owned(),
        labels: labels.clone(),
        offset_bytes: 0,
        stored_bytes: 0,
        length_bytes: 0,
        lines: 0,
        last_error,
    }
}

/// Follows the files of a job.
struct FilesTask {
    job: String,
    tailer: Tailer,
    static_targets: Vec<Labels>,
    providers: Vec<Provider>,
    clock: SharedClock,
    disk: SharedDisk,
    board: Board,
}

impl FilesTask {
    async fn run(self, mut stop: watch::Receiver<bool>) {
        let Self { job, mut tailer, static_targets, providers, clock, disk, board } = self;
        let discovery = Discovery { clock: Arc::clone(&clock), disk };
        let mut found: Vec<Option<Vec<Labels>>> = vec![None; providers.len()];
        let (reports, mut news) = mpsc::channel::<(usize, Found)>(8);
        let mut looking = tokio::task::JoinSet::new();
        for (at, provider) in providers.into_iter().enumerate() {
            let (one, mut ones) = mpsc::channel(1);
            looking.spawn(discovery.clone().run(provider, one));
            let reports = reports.clone();
            looking.spawn(async move {
                while let Some(found) = ones.recv().await {
                    if reports.send((at, found)).await.is_err() {
                        return;
                    }
                }
            });
        }
        drop(reports);
        let mut changed = found.is_empty();
        let mut show_at = Duration::ZERO;
        while !*stop.borrow() {
            // Files of targets that are not known yet must not be taken for gone.
            let complete = found.iter().all(Option::is_some);
            if changed && complete {
                let all: Vec<Labels> = static_targets.iter().chain(found.iter().flatten().flatten()).cloned().collect();
                tailer.set_targets(&all);
                changed = false;
            }
            let mut pause = Pause::For(Duration::from_hours(1));
            if complete {
                let (now_ns, now) = (clock.now_ms() * 1_000_000, clock.monotonic());
                let round = tokio::task::spawn_blocking(move || {
                    let pause = tailer.round(now_ns, now);
                    (tailer, pause)
                });
                (tailer, pause) = round.await.expect("following files does not panic");
                if now >= show_at {
                    show_at = now + SHOW_EVERY;
                    board.lock().insert((job.clone(), "files"), tailer.status());
                }
            }
            let wait = match pause {
                Pause::None => continue,
                Pause::For(wait) => wait,
            };
            tokio::select! {
                () = clock.sleep(wait) => {}
                _ = stop.changed() => {}
                Some((at, report)) = news.recv() => {
                    if let Some(targets) = report.targets {
                        found[at] = Some(targets);
                        changed = true;
                    } else if found[at].is_none() {
                        found[at] = Some(Vec::new());
                        changed = true;
                    }
                    for (source, error) in report.errors {
                        if let Some(error) = error {
                            tracing::warn!(%job, "targets in {source}: {error}");
                        }
                    }
                }
            }
        }
        looking.shutdown().await;
    }
}

async fn save_positions(positions: Arc<Positions>, doors: Doors, mut period: watch::Receiver<Duration>) {
    let mut expire_at = Duration::ZERO;
    let mut told = false;
    loop {
        let wait = *period.borrow_and_update();
        doors.clock.sleep(wait).await;
        let positions = Arc::clone(&positions);
        let saved = tokio::task::spawn_blocking(move || positions.save()).await.expect("saving positions does not panic");
        match saved {
            Err(e) if !told => {
                tracing::error!("how far logs were collected was not saved; it is tried again: {e}");
                told = true;
            }
            Err(_) => {}
            Ok(()) => told = false,
        }
        let now = doors.clock.monotonic();
        if now >= expire_at {
            expire_at = now + EXPIRE_EVERY;
            doors.metrics.pipeline.expire(now);
        }
    }
}

#[cfg(test)]
mod tests;
