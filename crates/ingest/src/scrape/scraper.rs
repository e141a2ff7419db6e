//! All jobs together.

use super::job::{Job, ScrapeLimits};
use super::metrics::ScrapeMetrics;
use super::pool::{Command, Parked, Pool, PoolView, Setup};
use super::run::Shared;
use super::state::TargetState;
use crate::discovery::Discovery;
use crate::relabel::{Step, explain};
use parking_lot::Mutex;
use phoenix_engine::MetricsEngine;
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::{Budget, Labels};
use prometheus_client::registry::Registry;
use std::collections::BTreeMap;
use std::sync::Arc;
use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

/// What a scraper needs.
#[derive(Clone)]
pub struct ScraperOptions {
    /// Time and timers.
    pub clock: SharedClock,
    /// For files of targets, secrets and certificates.
    pub disk: SharedDisk,
    /// Where samples go.
    pub engine: Arc<dyn MetricsEngine>,
    /// Limits beneath those of the config.
    pub limits: ScrapeLimits,
    /// The runtime on which targets are scraped; its blocking threads read bodies and write samples.
    pub runtime: Handle,
}

/// Runs the jobs of a config: discovery, scraping, writing. Everything stops when it is dropped.
pub struct Scraper {
    pub(super) options: ScraperOptions,
    shared: Arc<Shared>,
    parked: Arc<Parked>,
    pools: Mutex<BTreeMap<String, RunningPool>>,
}

struct RunningPool {
    job: Arc<Job>,
    commands: mpsc::UnboundedSender<Command>,
    view: Arc<Mutex<PoolView>>,
    task: tokio::task::JoinHandle<()>,
}

impl Scraper {
    /// A scraper without jobs. Its own metrics go to `registry`.
    pub fn new(options: ScraperOptions, registry: &mut Registry) -> Self {
        let shared = Shared {
            clock: Arc::clone(&options.clock),
            engine: Arc::clone(&options.engine),
            metrics: ScrapeMetrics::new(registry),
            bodies: Budget::new("limits.memory (share of scraped bodies)", options.limits.bodies_in_flight_bytes),
        };
        Self { options, shared: Arc::new(shared), parked: Arc::default(), pools: Mutex::default() }
    }

    /// Makes the running jobs be these. Loops of targets that stay as they are run on.
    pub(super) fn set(&self, setups: Vec<Setup>) {
        let _runtime = self.options.runtime.enter();
        let mut pools = self.pools.lock();
        let mut running = std::mem::take(&mut *pools);
        for setup in setups {
            let name = setup.job.name.clone();
            let pool = match running.remove(&name) {
                Some(mut pool) => {
                    pool.job = Arc::clone(&setup.job);
                    // Its task ends only when told to, so somebody listens.
                    let _ = pool.commands.send(Command::Change(setup));
                    pool
                }
                None => self.start(setup),
            };
            pools.insert(name, pool);
        }
        for pool in running.into_values() {
            let _ = pool.commands.send(Command::End);
        }
    }

    fn start(&self, setup: Setup) -> RunningPool {
        let (commands, receiver) = mpsc::unbounded_channel();
        let view = Arc::new(Mutex::new(PoolView::default()));
        let discovery = Discovery { clock: Arc::clone(&self.options.clock), disk: Arc::clone(&self.options.disk) };
        let job = Arc::clone(&setup.job);
        let pool = Pool::new(Arc::clone(&self.shared), discovery, Arc::clone(&self.parked), Arc::clone(&view), setup);
        RunningPool { job, commands, view, task: self.options.runtime.spawn(pool.run(receiver)) }
    }

    /// Stops scraping, and returns once the writes under way are finished. Nothing is marked stale:
    /// after a restart the targets are scraped on.
    pub async fn shutdown(&self) {
        let pools: Vec<RunningPool> = std::mem::take(&mut *self.pools.lock()).into_values().collect();
        let mut waits = Vec::new();
        for pool in &pools {
            let (done, wait) = oneshot::channel();
            let _ = pool.commands.send(Command::Stop(done));
            waits.push(wait);
        }
        for wait in waits {
            let _ = wait.await;
        }
        for pool in pools {
            pool.task.abort();
        }
    }

    /// What the rules of a job make of labels before relabelling, rule by rule; `None` when there is no
    /// such job.
    pub fn explain(&self, job: &str, discovered: &Labels) -> Option<Vec<Step>> {
        let job = Arc::clone(&self.pools.lock().get(job)?.job);
        Some(explain(discovered, &job.relabel))
    }

    /// Looks at each job's name and view.
    pub(super) fn views<T>(&self, mut look: impl FnMut(&str, &PoolView) -> T) -> Vec<T> {
        let pools: Vec<_> = self.pools.lock().iter().map(|(name, pool)| (name.clone(), Arc::clone(&pool.view))).collect();
        pools.iter().map(|(name, view)| look(name, &view.lock())).collect()
    }

    /// All targets, by job and labels.
    pub(super) fn states(&self) -> Vec<Arc<TargetState>> {
        self.views(|_, view| view.targets.clone()).into_iter().flatten().collect()
    }
}
