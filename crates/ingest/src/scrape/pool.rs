//! One job: what its discovery finds becomes targets, and each target a loop.

use super::cache::SeriesCache;
use super::job::Job;
use super::metrics::JobLabel;
use super::run::{Loop, Memory, Remains, Shared, end_of_run};
use super::schedule;
use super::state::TargetState;
use super::target::{Outcome, Target, build};
use crate::discovery::{Discovery, Found, Provider};
use parking_lot::Mutex;
use phoenix_http::HttpClient;
use phoenix_model::Labels;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, oneshot};
use tokio::task::{AbortHandle, JoinHandle};

/// New targets of one job are scraped for the first time spread over this long, and over a
/// millisecond for each target if that is longer: a point on a chart comes soon, a flood does not.
const FIRST_SCRAPES_WITHIN: Duration = Duration::from_secs(1);

/// Everything that a job needs to run.
pub(crate) struct Setup {
    pub(crate) job: Arc<Job>,
    pub(crate) client: Arc<HttpClient>,
    pub(crate) providers: Vec<Provider>,
}

/// What a job shows to the API.
#[derive(Debug, Default)]
pub(crate) struct PoolView {
    pub(crate) targets: Vec<Arc<TargetState>>,
    pub(crate) dropped: Vec<Labels>,
    pub(crate) dropped_count: usize,
    /// Labels of what can't be scraped, and why.
    pub(crate) broken: Vec<(Labels, String)>,
    pub(crate) broken_count: usize,
    /// What is wrong with each source of targets, by its name.
    pub(crate) discovery_errors: BTreeMap<String, String>,
}

/// Series that outlive their loop: a target that is gone until it is sure that it does not come back.
#[derive(Debug, Default)]
pub(crate) struct Parked {
    places: Mutex<HashMap<Labels, (u64, SeriesCache)>>,
    next: AtomicU64,
    /// How many loops run for targets with these labels, over all jobs.
    running: Mutex<HashMap<Labels, usize>>,
}

impl Parked {
    fn put(&self, labels: Labels, cache: SeriesCache) -> u64 {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        self.places.lock().insert(labels, (id, cache));
        id
    }

    fn take(&self, labels: &Labels) -> Option<SeriesCache> {
        self.places.lock().remove(labels).map(|(_, cache)| cache)
    }

    /// Takes back what was put, unless somebody went on with it or writes the same series.
    fn take_own(&self, labels: &Labels, id: u64) -> Option<SeriesCache> {
        let mut places = self.places.lock();
        let own = (places.get(labels)?.0 == id).then(|| places.remove(labels)).flatten().map(|(_, cache)| cache);
        own.filter(|_| !self.running.lock().contains_key(labels))
    }

    fn began(&self, labels: &Labels) {
        *self.running.lock().entry(labels.clone()).or_default() += 1;
    }

    fn ended(&self, labels: &Labels) {
        let mut running = self.running.lock();
        if let Some(count) = running.get_mut(labels) {
            *count -= 1;
            if *count == 0 {
                running.remove(labels);
            }
        }
    }
}

/// What is said to a running job.
pub(crate) enum Command {
    /// Go on with another setup.
    Change(Setup),
    /// The job is gone from the config: its series end.
    End,
    /// Phoenix stops: nothing is marked stale, since it will scrape on after the restart.
    Stop(oneshot::Sender<()>),
}

struct Running {
    state: Arc<TargetState>,
    stop: oneshot::Sender<()>,
    task: JoinHandle<Remains>,
}

struct RunningProvider {
    provider: Provider,
    abort: AbortHandle,
    found: Option<Vec<Labels>>,
}

impl Drop for RunningProvider {
    fn drop(&mut self) {
        self.abort.abort();
    }
}

/// A job at run time; owned by its task.
pub(crate) struct Pool {
    shared: Arc<Shared>,
    discovery: Discovery,
    parked: Arc<Parked>,
    view: Arc<Mutex<PoolView>>,
    job: Arc<Job>,
    client: Arc<HttpClient>,
    providers: HashMap<u64, RunningProvider>,
    next_provider: u64,
    found_sender: mpsc::Sender<(u64, Found)>,
    found: mpsc::Receiver<(u64, Found)>,
    loops: HashMap<u64, Running>,
}

impl Pool {
    pub(crate) fn new(shared: Arc<Shared>, discovery: Discovery, parked: Arc<Parked>, view: Arc<Mutex<PoolView>>, setup: Setup) -> Self {
        let (found_sender, found) = mpsc::channel(16);
        let Setup { job, client, providers } = setup;
        let mut pool = Self {
            shared,
            discovery,
            parked,
            view,
            job,
            client,
            providers: HashMap::new(),
            next_provider: 0,
            found_sender,
            found,
            loops: HashMap::new(),
        };
        pool.start_providers(providers);
        pool
    }

    /// Runs until it is told to end or to stop.
    pub(crate) async fn run(mut self, mut commands: mpsc::UnboundedReceiver<Command>) {
        loop {
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Change(setup)) => self.change(setup).await,
                    Some(Command::End) => {
                        self.providers.clear();
                        self.replace(Vec::new(), None).await;
                        return;
                    }
                    Some(Command::Stop(done)) => {
                        self.stop().await;
                        let _ = done.send(());
                        return;
                    }
                    None => return self.stop().await,
                },
                found = self.found.recv() => {
                    let Some((id, found)) = found else { continue };
                    self.take(id, found);
                    while let Ok((id, found)) = self.found.try_recv() {
                        self.take(id, found);
                    }
                    self.sync().await;
                }
            }
        }
    }

    fn start_providers(&mut self, providers: Vec<Provider>) {
        for provider in providers {
            let id = self.next_provider;
            self.next_provider += 1;
            let sender = self.found_sender.clone();
            let (report, mut reports) = mpsc::channel(1);
            let task = self.discovery.clone().run(provider.clone(), report);
            let forward = async move {
                tokio::join!(task, async move {
                    while let Some(found) = reports.recv().await {
                        if sender.send((id, found)).await.is_err() {
                            return;
                        }
                    }
                });
            };
            let abort = tokio::spawn(forward).abort_handle();
            self.providers.insert(id, RunningProvider { provider, abort, found: None });
        }
    }

    fn take(&mut self, id: u64, found: Found) {
        let Some(running) = self.providers.get_mut(&id) else { return }; // of an earlier setup
        let mut view = self.view.lock();
        for (source, error) in found.errors {
            match error {
                Some(error) => {
                    self.shared.metrics.discovery_failures.get_or_create(&JobLabel { scrape_job: self.job.name.clone() }).inc();
                    if view.discovery_errors.get(&source) != Some(&error) {
                        tracing::warn!(job = self.job.name, source, "discovery failed, the last good targets stay: {error}");
                    }
                    view.discovery_errors.insert(source, error);
                }
                None => {
                    view.discovery_errors.remove(&source);
                }
            }
        }
        // Nothing new: what was found before stays, or there is nothing yet.
        if let Some(targets) = found.targets {
            running.found = Some(targets);
        } else {
            running.found.get_or_insert_default();
        }
    }

    async fn change(&mut self, setup: Setup) {
        let Setup { job, client, mut providers } = setup;
        let keeps_loops = job == self.job && client.config() == self.client.config();
        self.providers.retain(|_, running| match providers.iter().position(|p| *p == running.provider) {
            Some(index) => {
                providers.remove(index);
                true
            }
            None => false,
        });
        self.view.lock().discovery_errors.clear();
        self.start_providers(providers);
        if !keeps_loops {
            self.job = job;
            self.client = client;
            let loops = std::mem::take(&mut self.loops);
            self.halt(loops.into_values().collect(), true).await;
        }
        self.sync().await;
    }

    /// Makes the loops be those of what was found.
    async fn sync(&mut self) {
        // While a new source has not told what it has, targets of an earlier one are not taken away.
        if self.providers.values().any(|running| running.found.is_none()) && !self.loops.is_empty() {
            return;
        }
        let mut ids: Vec<u64> = self.providers.keys().copied().collect();
        ids.sort_unstable();
        let mut targets: Vec<Target> = Vec::new();
        let mut seen: HashMap<u64, usize> = HashMap::new();
        let mut view = PoolView::default();
        for labels in ids.iter().filter_map(|id| self.providers[id].found.as_ref()).flatten() {
            match build(&self.job, labels) {
                Outcome::Target(target) => {
                    seen.entry(target.hash).or_insert_with(|| {
                        targets.push(*target);
                        targets.len()
                    });
                }
                Outcome::Dropped { discovered } => {
                    view.dropped_count += 1;
                    if view.dropped.len() < self.job.keep_dropped_targets {
                        view.dropped.push(discovered);
                    }
                }
                Outcome::Broken { discovered, reason } => {
                    view.broken_count += 1;
                    if view.broken.len() < self.job.keep_dropped_targets {
                        view.broken.push((discovered, reason));
                    }
                }
            }
        }
        let held_back = self.job.target_limit.is_exceeded_by(targets.len() as u64).then(|| {
            let limit = self.job.target_limit;
            let count = targets.len();
            targets.truncate(limit.max as usize + 1);
            format!("the job has {count} targets, the limit of `{}` is {}; none of them is scraped", limit.name, limit.max)
        });
        self.shared.metrics.targets.get_or_create(&JobLabel { scrape_job: self.job.name.clone() }).set(targets.len() as i64);
        self.replace(targets, held_back).await;
        let mut states: Vec<_> = self.loops.values().map(|running| Arc::clone(&running.state)).collect();
        states.sort_by(|a, b| a.target.labels.cmp(&b.target.labels));
        let mut shown = self.view.lock();
        view.targets = states;
        view.discovery_errors = std::mem::take(&mut shown.discovery_errors);
        *shown = view;
    }

    /// Ends the loops of targets that are gone, then begins those of new ones.
    async fn replace(&mut self, targets: Vec<Target>, held_back: Option<String>) {
        let mut wanted: HashMap<u64, Target> = targets.into_iter().map(|target| (target.hash, target)).collect();
        let mut gone = Vec::new();
        let hashes: Vec<u64> = self.loops.keys().copied().collect();
        for hash in hashes {
            if let Some(target) = wanted.remove(&hash) {
                let state = &self.loops[&hash].state;
                *state.discovered.lock() = target.discovered;
                state.held_back.lock().clone_from(&held_back);
            } else {
                gone.extend(self.loops.remove(&hash));
            }
        }
        self.halt(gone, false).await;
        let spread_ms = FIRST_SCRAPES_WITHIN.as_millis().max(wanted.len() as u128) as u64;
        for (hash, target) in wanted {
            let state = TargetState::new(&self.job.name, target);
            state.held_back.lock().clone_from(&held_back);
            let cache = self.parked.take(&state.target.labels).unwrap_or_default();
            self.parked.began(&state.target.labels);
            let interval_ms = state.target.interval.as_millis() as u64;
            let next = Loop {
                shared: Arc::clone(&self.shared),
                job: Arc::clone(&self.job),
                client: Arc::clone(&self.client),
                first_after: Duration::from_millis(state.target.offset().as_millis() as u64 % spread_ms.min(interval_ms).max(1)),
                memory: Memory::new(cache, &state, &self.job),
                state: Arc::clone(&state),
            };
            let (stop, stopped) = oneshot::channel();
            self.loops.insert(hash, Running { state, stop, task: tokio::spawn(next.run(stopped)) });
        }
    }

    /// Ends loops and parks their series. If nobody goes on with them they are marked stale some two
    /// intervals later: a target that moves from one job or config to another leaves no gap.
    async fn halt(&self, loops: Vec<Running>, are_replaced: bool) {
        let stopping: Vec<_> = loops
            .into_iter()
            .map(|Running { state, stop, task }| {
                let _ = stop.send(());
                (state, task)
            })
            .collect();
        for (state, task) in stopping {
            self.parked.ended(&state.target.labels);
            let Ok(Remains { memory, has_scraped }) = task.await else {
                tracing::error!(job = state.job, url = %state.target.url, "the loop of a target has ended by itself; its series are not marked stale");
                continue;
            };
            if !has_scraped && memory.cache.len() == 0 {
                continue;
            }
            let Target { labels, interval, .. } = &state.target;
            let clock = &self.shared.clock;
            let stale_ms = schedule::next_ms(clock.now_ms(), *interval, state.target.offset());
            let wait = Duration::from_millis((stale_ms - clock.now_ms()) as u64) + *interval + *interval / 10;
            let (labels, job) = (labels.clone(), Arc::clone(&self.job));
            let id = self.parked.put(labels.clone(), memory.cache);
            if are_replaced {
                tracing::debug!(job = job.name, %labels, "the loop of a target begins anew");
            }
            let (shared, parked) = (Arc::clone(&self.shared), Arc::clone(&self.parked));
            tokio::spawn(async move {
                shared.clock.sleep(wait).await;
                if let Some(cache) = parked.take_own(&labels, id) {
                    end_of_run(&shared, Memory::new(cache, &state, &job), stale_ms).await;
                }
            });
        }
    }

    async fn stop(&mut self) {
        self.providers.clear();
        let stopping: Vec<_> = self
            .loops
            .drain()
            .map(|(_, Running { stop, task, .. })| {
                let _ = stop.send(());
                task
            })
            .collect();
        for task in stopping {
            let _ = task.await;
        }
    }
}
