//! The files of a job: found again and again, read in turn, stored, and their positions kept.

use super::file::{Counted, Read, Tailed};
use super::glob::Glob;
use crate::collect::batch::write_of;
use crate::collect::config::{CollectConfig, Job, LineLimits};
use crate::collect::metrics::{CollectMetrics, JobLabel};
use crate::collect::pipeline::{Context, Entry, Pipeline};
use crate::collect::positions::{FilePosition, Positions};
use crate::collect::sink::{EntrySink, SinkError};
use crate::collect::targets::TargetStatus;
use crate::relabel::{self, RelabelConfig};
use phoenix_env::{FileIdentity, SharedDisk};
use phoenix_model::Labels;
use phoenix_model::logs::LogWrite;
use std::collections::BTreeMap;
use std::ops::Bound;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Files that one job may follow.
const FILES_LIMIT: usize = 10_000;
/// Files that a job keeps open; further ones are opened for each look.
const OPEN_LIMIT: usize = 500;
/// Bytes of lines after which a write goes out.
const WRITE_BYTES: u64 = 512 * 1024;
/// How long a file that no path leads to is still looked at: its writer may not have noticed yet.
const LEAVE_AFTER: Duration = Duration::from_secs(5);
/// For so long after its last line a file is looked at often.
const ACTIVE_FOR: Duration = Duration::from_secs(10);
const LOOK_ACTIVE: Duration = Duration::from_millis(20);
/// How often it is checked that paths still lead to the same files.
const CHECK_PATHS: Duration = Duration::from_secs(1);
const RETRY_FILE: Duration = Duration::from_secs(5);
const BUSY_FIRST: Duration = Duration::from_millis(100);
const BUSY_LONGEST: Duration = Duration::from_secs(5);

/// What a tailer is told.
#[derive(Clone)]
pub(in crate::collect) struct TailSpec {
    pub(in crate::collect) job: Arc<str>,
    /// Relative patterns are relative to this.
    pub(in crate::collect) folder: PathBuf,
    pub(in crate::collect) relabel: Vec<RelabelConfig>,
    pub(in crate::collect) pipeline: Pipeline,
    pub(in crate::collect) limits: LineLimits,
    pub(in crate::collect) external: Labels,
    /// How often files are looked for.
    pub(in crate::collect) sync_period: Duration,
    /// How often a quiet file is looked at.
    pub(in crate::collect) look_quiet: Duration,
    pub(in crate::collect) host: String,
}

impl TailSpec {
    /// What a job of the configuration is told; `host` is the name of this one.
    pub(in crate::collect) fn new(job: &Job, config: &CollectConfig, host: String) -> Self {
        Self {
            job: job.name.as_str().into(),
            folder: config.folder.clone(),
            relabel: job.relabel_configs.clone(),
            pipeline: job.pipeline.instance(),
            limits: config.limits,
            external: config.external_labels.clone(),
            sync_period: config.sync_period,
            look_quiet: config.look_quiet,
            host,
        }
    }
}

/// How long to wait until the next round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::collect) enum Pause {
    /// There is more to read.
    None,
    /// Nothing is to be done before.
    For(Duration),
}

/// A pattern with the labels of the files that it finds.
struct Target {
    include: Glob,
    exclude: Option<Glob>,
    labels: Labels,
}

/// Follows the files of one job. It has no thread of its own: each [`Tailer::round`] does what is due.
pub(in crate::collect) struct Tailer {
    spec: TailSpec,
    disk: SharedDisk,
    sink: Arc<dyn EntrySink>,
    positions: Arc<Positions>,
    metrics: CollectMetrics,
    targets: Vec<Target>,
    files: BTreeMap<FileIdentity, Tailed>,
    problems: BTreeMap<String, String>,
    out: Vec<Entry>,
    out_bytes: u64,
    /// What the sink has still to take.
    pending: Option<LogWrite>,
    busy: Duration,
    next_sync: Duration,
    next_check: Duration,
    recovered: bool,
    last_served: Option<FileIdentity>,
    sink_error: Option<String>,
}

impl Tailer {
    pub(in crate::collect) fn new(
        spec: TailSpec,
        disk: SharedDisk,
        sink: Arc<dyn EntrySink>,
        positions: Arc<Positions>,
        metrics: CollectMetrics,
    ) -> Self {
        Self {
            spec,
            disk,
            sink,
            positions,
            metrics,
            targets: Vec::new(),
            files: BTreeMap::new(),
            problems: BTreeMap::new(),
            out: Vec::new(),
            out_bytes: 0,
            pending: None,
            busy: Duration::ZERO,
            next_sync: Duration::ZERO,
            next_check: Duration::ZERO,
            recovered: false,
            last_served: None,
            sink_error: None,
        }
    }

    /// Sets what was discovered: the labels of each target before relabelling.
    pub(in crate::collect) fn set_targets(&mut self, discovered: &[Labels]) {
        self.targets = discovered.iter().filter_map(|labels| self.target(labels)).collect();
        self.next_sync = Duration::ZERO;
    }

    fn target(&self, discovered: &Labels) -> Option<Target> {
        let labels = relabel::relabel(discovered, &self.spec.relabel)?;
        let host = labels.value("__host__");
        if !host.is_empty() && host != self.spec.host {
            return None;
        }
        let include = Glob::new(labels.get("__path__")?, &self.spec.folder);
        let exclude = labels.get("__path_exclude__").map(|pattern| Glob::new(pattern, &self.spec.folder));
        Some(Target { include, exclude, labels: labels.filter(|name| !name.starts_with("__")) })
    }

    /// Does what is due. `now_ns` is the moment since the Unix epoch, `now` that of the clock that never goes back.
    pub(in crate::collect) fn round(&mut self, now_ns: i64, now: Duration) -> Pause {
        if self.pending.is_some() && !self.send() {
            return Pause::For(self.busy);
        }
        if now >= self.next_check {
            self.next_check = now + CHECK_PATHS;
            if self.paths_changed() {
                self.next_sync = now;
            }
        }
        if now >= self.next_sync {
            self.next_sync = now + self.spec.sync_period;
            self.sync(now);
        }
        let metrics = self.metrics.pipeline.clone();
        let mut context = Context { now_ns, monotonic: now, wait: Duration::ZERO, metrics: &metrics, trace: None };
        let mut more = false;
        let keep_open = self.files.values().filter(|file| file.file.is_some()).count() <= OPEN_LIMIT;
        for identity in self.turn(now) {
            self.last_served = Some(identity);
            more |= self.serve(identity, keep_open, &mut context);
            if self.out_bytes >= WRITE_BYTES || !context.wait.is_zero() {
                more = true;
                break;
            }
        }
        if !self.flush() {
            return Pause::For(self.busy);
        }
        match context.wait {
            wait if !wait.is_zero() => Pause::For(wait.min(BUSY_LONGEST)),
            _ if more => Pause::None,
            _ => Pause::For(self.until_next_look(now)),
        }
    }

    /// The files that are due, beginning after the one that was served last, so that a busy file does not starve
    /// others.
    fn turn(&self, now: Duration) -> Vec<FileIdentity> {
        let last = self.last_served.unwrap_or(FileIdentity { device: 0, inode: 0 });
        let after = self.files.range((Bound::Excluded(last), Bound::Unbounded));
        let due = after.chain(self.files.range(..=last)).filter(|(_, file)| now >= file.next_look && !file.done);
        due.map(|(identity, _)| *identity).collect()
    }

    fn until_next_look(&self, now: Duration) -> Duration {
        let looks = self.files.values().map(|file| file.next_look).min().unwrap_or(now + self.spec.look_quiet);
        let next = looks.min(self.next_sync).min(self.next_check);
        next.saturating_sub(now).max(Duration::from_millis(1))
    }

    /// Reads one file as far as is due. True when there is more.
    fn serve(&mut self, identity: FileIdentity, keep_open: bool, context: &mut Context<'_>) -> bool {
        let now = context.monotonic;
        let Some(file) = self.files.get_mut(&identity) else { return false };
        let mut counted = Counted::default();
        let before = file.offset;
        let result = file.read(&*self.disk, self.spec.limits, context, &mut self.out, &mut counted);
        if file.offset == before {
            file.pipeline.flush(false, context, &mut self.out);
        } else {
            file.active = now;
        }
        let more = match result {
            Ok(read) => {
                file.last_error = None;
                let left = file.leaving.or(file.renamed);
                let is_left = left.is_some_and(|since| now.saturating_sub(since.max(file.active)) >= LEAVE_AFTER);
                if is_left && read == Read::UpToDate {
                    match file.finish(self.spec.limits, context, &mut self.out, &mut counted) {
                        Ok(()) => file.done = file.leaving.is_some(),
                        Err(e) => file.last_error = Some(e.to_string()),
                    }
                    file.renamed = None;
                }
                read == Read::More
            }
            Err(e) => {
                file.last_error = Some(e.to_string());
                file.next_look = now + RETRY_FILE;
                // A file that is gone and that nobody holds open can't be read to its end.
                file.done |= e.is_not_found() && file.leaving.is_some();
                false
            }
        };
        if file.last_error.is_none() {
            let often = file.lines > 0 && now.saturating_sub(file.active) < ACTIVE_FOR;
            let look = if often { LOOK_ACTIVE.min(self.spec.look_quiet) } else { self.spec.look_quiet };
            file.next_look = if more { now } else { now + look };
        }
        if !keep_open && !more && file.leaving.is_none() {
            file.file = None;
        }
        self.out_bytes += counted.bytes;
        self.count(&counted);
        more
    }

    fn count(&self, counted: &Counted) {
        if counted.lines > 0 {
            let job = JobLabel { job: self.spec.job.to_string() };
            self.metrics.lines.get_or_create(&job).inc_by(counted.lines);
            self.metrics.bytes.get_or_create(&job).inc_by(counted.bytes);
        }
        if counted.too_long > 0 {
            self.metrics.lose(&self.spec.job, "line_too_long", counted.too_long);
        }
    }

    /// Stores what came out. False when the sink is busy.
    fn flush(&mut self) -> bool {
        self.out_bytes = 0;
        if !self.out.is_empty() {
            self.pending = Some(write_of(std::mem::take(&mut self.out), &self.spec.external));
        }
        self.send()
    }

    /// Offers what is pending. After it was taken, all that was read is stored, apart from what stages hold.
    fn send(&mut self) -> bool {
        if let Some(write) = &self.pending {
            match self.sink.accept(write) {
                Ok(()) => self.sink_error = None,
                Err(SinkError::Busy(why)) => {
                    self.busy = (self.busy * 2).clamp(BUSY_FIRST, BUSY_LONGEST);
                    self.metrics.busy.get_or_create(&JobLabel { job: self.spec.job.to_string() }).inc();
                    self.sink_error = Some(why);
                    return false;
                }
                Err(SinkError::Refused(why)) => {
                    tracing::warn!(job = %self.spec.job, "lines were refused: {why}");
                    self.metrics.lose(&self.spec.job, "refused", 1);
                    self.sink_error = Some(why);
                }
            }
            self.pending = None;
            self.busy = Duration::ZERO;
        }
        let mut gone = Vec::new();
        for (identity, file) in &mut self.files {
            let stored = file.checkpoint();
            if file.done {
                gone.push(*identity);
            } else if stored != file.stored || !file.recorded {
                file.stored = stored;
                file.recorded = true;
                self.positions.set_file(*identity, file.position(&self.spec.job));
            }
        }
        for identity in gone {
            self.files.remove(&identity);
            self.positions.forget_file(&self.spec.job, identity);
        }
        true
    }

    /// Whether a path leads to another file than before.
    fn paths_changed(&self) -> bool {
        let mut followed = self.files.values().filter(|file| file.leaving.is_none());
        followed.any(|file| self.disk.stat(&file.path).map_or_else(|e| e.is_not_found(), |stat| stat.identity != file.identity))
    }

    /// Looks which files there are, begins with new ones, and notes which are gone.
    fn sync(&mut self, now: Duration) {
        self.problems.clear();
        let mut found: BTreeMap<FileIdentity, Vec<(PathBuf, Labels)>> = BTreeMap::new();
        for target in &self.targets {
            let matches = target.include.look(&*self.disk);
            if let Some(limit) = matches.limit {
                self.problems.insert(format!("{}", target.labels), limit);
            }
            for path in matches.paths {
                if target.exclude.as_ref().is_some_and(|exclude| exclude.matches(&path)) {
                    continue;
                }
                if is_compressed(&path) {
                    self.problems.insert(path.display().to_string(), "it is compressed, and not read".to_owned());
                    continue;
                }
                match self.disk.stat(&path) {
                    Ok(stat) if stat.is_file => found.entry(stat.identity).or_default().push((path, target.labels.clone())),
                    Ok(_) => {}
                    Err(e) if e.is_not_found() => {}
                    Err(e) => drop(self.problems.insert(path.display().to_string(), e.to_string())),
                }
            }
        }
        self.leave(&found, now);
        let known = self.positions.files_of(&self.spec.job);
        for (identity, places) in &found {
            if self.files.contains_key(identity) {
                continue;
            }
            if self.files.len() >= FILES_LIMIT {
                self.problems.insert("files".to_owned(), format!("the job finds more than {FILES_LIMIT} files; the others are left out"));
                break;
            }
            let (path, labels) = &places[0];
            let position = known.iter().find(|(of, _)| of == identity).map(|(_, position)| position);
            self.begin(path, labels, position, None);
            if let Some(file) = self.files.get_mut(identity) {
                file.renamed = position.filter(|position| position.path != *path).map(|_| now);
            }
        }
        if !self.recovered && !self.targets.is_empty() {
            self.recovered = true;
            for (identity, position) in known {
                self.recover(identity, &position, now);
            }
        }
        self.metrics.files.get_or_create(&JobLabel { job: self.spec.job.to_string() }).set(self.files.len() as i64);
    }

    /// Notes which files no path leads to any more, and which have another name.
    fn leave(&mut self, found: &BTreeMap<FileIdentity, Vec<(PathBuf, Labels)>>, now: Duration) {
        for (identity, file) in &mut self.files {
            match found.get(identity) {
                None => drop(file.leaving.get_or_insert(now)),
                Some(places) => {
                    file.leaving = None;
                    // A renamed file goes on under its labels: it is the same lines.
                    if !places.iter().any(|(path, _)| *path == file.path) {
                        file.path.clone_from(&places[0].0);
                        file.renamed = Some(now);
                        file.recorded = false;
                    }
                }
            }
        }
    }

    fn begin(&mut self, path: &Path, labels: &Labels, position: Option<&FilePosition>, leaving: Option<Duration>) {
        let mut with_name = labels.to_builder();
        let name = position.filter(|_| leaving.is_some()).map_or(path, |position| &position.path);
        with_name.set("filename", &name.display().to_string());
        match Tailed::open(&*self.disk, path, with_name.build(), self.spec.pipeline.instance(), position) {
            Ok(mut file) => {
                file.leaving = leaving;
                self.files.insert(file.identity, file);
            }
            Err(e) => drop(self.problems.insert(path.display().to_string(), e.to_string())),
        }
    }

    /// Finds a file that was renamed while nobody looked, and reads what is left in it.
    fn recover(&mut self, identity: FileIdentity, position: &FilePosition, now: Duration) {
        if self.files.contains_key(&identity) {
            return;
        }
        let target = self.targets.iter().find(|target| {
            target.include.matches(&position.path) && !target.exclude.as_ref().is_some_and(|exclude| exclude.matches(&position.path))
        });
        let folder = position.path.parent().unwrap_or(Path::new("/"));
        let renamed = || {
            let names = self.disk.list(folder).ok()?;
            let paths = names.iter().map(|name| folder.join(name)).filter(|path| !is_compressed(path));
            paths.into_iter().find(|path| self.disk.stat(path).is_ok_and(|stat| stat.is_file && stat.identity == identity))
        };
        if let Some(target) = target
            && let Some(path) = renamed()
        {
            let labels = target.labels.clone();
            self.begin(&path, &labels, Some(position), Some(now));
            // With another beginning it was cut before it was renamed, or is another file that got the number of one
            // that is gone. Only a name that begins as the old one tells them apart.
            let stem = position.path.file_stem().unwrap_or_default().as_encoded_bytes();
            let named_alike = path.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(stem));
            if self.files.get(&identity).is_some_and(|file| named_alike || file.stored == position.offset) {
                return;
            }
            self.files.remove(&identity);
        }
        self.positions.forget_file(&self.spec.job, identity);
    }

    /// What is followed, and what could not be.
    pub(in crate::collect) fn status(&self) -> Vec<TargetStatus> {
        let job = self.spec.job.to_string();
        let files = self.files.values().map(|file| TargetStatus {
            job: job.clone(),
            target: file.path.display().to_string(),
            labels: file.labels.clone(),
            offset_bytes: file.offset,
            stored_bytes: file.stored,
            length_bytes: file.length,
            lines: file.lines,
            last_error: file.last_error.clone().or_else(|| self.sink_error.clone()),
        });
        let problems = self.problems.iter().map(|(target, problem)| TargetStatus {
            job: job.clone(),
            target: target.clone(),
            labels: Labels::empty(),
            offset_bytes: 0,
            stored_bytes: 0,
            length_bytes: 0,
            lines: 0,
            last_error: Some(problem.clone()),
        });
        files.chain(problems).collect()
    }

    /// The identities that are followed, for tests.
    #[cfg(test)]
    pub(super) fn followed(&self) -> Vec<FileIdentity> {
        self.files.keys().copied().collect()
    }
}

fn is_compressed(path: &Path) -> bool {
    const ENDINGS: [&str; 7] = ["gz", "bz2", "xz", "zst", "zip", "z", "lz4"];
    path.extension().and_then(|ending| ending.to_str()).is_some_and(|ending| ENDINGS.contains(&ending.to_ascii_lowercase().as_str()))
}
