//! Evaluates each group at its interval, on threads of its own.
//!
//! One thread waits for the clock, [`Options::threads`] threads evaluate. Nothing else runs on
//! them, so neither a slow query of a user nor an ingest flood delays an alert.

use crate::active::DetectionObserver;
use crate::error::RulesError;
use crate::group::{Context, Group, end_series};
use crate::metrics::RuleMetrics;
use crate::options::{Bounds, Options};
use crate::query::QueryDoor;
use crate::restore::AlertStateStore;
use crate::schedule::Slots;
use crate::spec::GroupSpec;
use crate::status::GroupStatus;
use parking_lot::Mutex;
use phoenix_engine::{Cancel, Language, MetricsEngine, QueryLimits};
use phoenix_env::SharedClock;
use phoenix_model::AlertSink;
use std::any::Any;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Handle, Runtime};
use tokio::sync::watch;
use tokio::task::{AbortHandle, JoinHandle};

/// Through which doors rules reach the rest of the house.
#[derive(Clone)]
pub struct Doors {
    /// Asked for results in PromQL, and given what rules of all languages record.
    pub engine: Arc<dyn MetricsEngine>,
    /// Asked for results in LogQL.
    pub logs: Option<Arc<dyn QueryDoor>>,
    /// Asked for results in TraceQL.
    pub traces: Option<Arc<dyn QueryDoor>>,
    /// Where alerts go.
    pub sink: Arc<dyn AlertSink>,
    /// Told how long detection took.
    pub detections: Option<Arc<dyn DetectionObserver>>,
    /// Where the state of alerts outlives the process; without one, only `ALERTS_FOR_STATE` does.
    pub store: Option<Arc<dyn AlertStateStore>>,
    /// What bounds each query, beside [`Options::query_timeout`]; its cancel flag is not used.
    pub limits: QueryLimits,
    /// Counts evaluations.
    pub metrics: RuleMetrics,
}

/// The groups at work. Dropping it ends their evaluation without waiting; see [`Scheduler::stop`].
pub struct Scheduler {
    handle: Handle,
    /// Taken by [`Scheduler::stop`].
    runtime: Mutex<Option<Runtime>>,
    clock: SharedClock,
    doors: Doors,
    stopping: watch::Sender<bool>,
    state: Mutex<State>,
}

struct State {
    loaded_once: bool,
    options: Arc<Options>,
    /// Read by each group before each evaluation, as external labels may change without it.
    shared: Arc<Mutex<Arc<Options>>>,
    groups: Vec<Running>,
}

struct Running {
    spec: GroupSpec,
    group: Place,
    status: Arc<Mutex<GroupStatus>>,
    stop: watch::Sender<bool>,
    task: JoinHandle<()>,
}

/// A group, until the one that replaces it takes it out.
type Place = Arc<Mutex<Option<Group>>>;

impl Scheduler {
    /// Starts the threads; nothing is evaluated before [`Scheduler::load`].
    pub fn start(doors: Doors, options: Options, clock: SharedClock) -> Result<Self, RulesError> {
        let runtime = Builder::new_multi_thread()
            .worker_threads(1)
            .max_blocking_threads(options.threads.max(1))
            .thread_name("rules")
            .enable_time()
            .build()
            .map_err(|e| RulesError::Threads(e.to_string()))?;
        let options = Arc::new(options);
        let shared = Arc::new(Mutex::new(Arc::clone(&options)));
        let state = Mutex::new(State { loaded_once: false, options, shared, groups: Vec::new() });
        let handle = runtime.handle().clone();
        Ok(Self { handle, runtime: Mutex::new(Some(runtime)), clock, doors, stopping: watch::Sender::new(false), state })
    }

    /// Puts these groups in the place of the present ones, with these options (the number of
    /// threads stays as it was). Groups that did not change go on as if nothing had happened;
    /// changed ones take over the state of rules with the same name and labels; the series of
    /// removed ones get staleness markers. The first load takes up the state of an earlier process.
    /// Does not wait for evaluations that are running.
    pub fn load(&self, specs: Vec<GroupSpec>, options: Options) {
        if self.runtime.lock().is_none() {
            return;
        }
        let handle = self.handle.clone();
        let mut state = self.state.lock();
        let essence = |o: &Options| (o.external_url.clone(), o.interval, o.query_offset);
        let same_options = essence(&options) == essence(&state.options);
        let options = Arc::new(options);
        *state.shared.lock() = Arc::clone(&options);
        state.options = Arc::clone(&options);
        let restore = !std::mem::replace(&mut state.loaded_once, true);
        let mut old: Vec<Option<Running>> = std::mem::take(&mut state.groups).into_iter().map(Some).collect();
        for spec in specs {
            if state.groups.iter().any(|running| running.spec.key() == spec.key()) {
                tracing::warn!(group = %spec.key(), "the same file was loaded twice; its groups are evaluated once");
                continue;
            }
            let place = old.iter_mut().find(|o| o.as_ref().is_some_and(|o| o.spec.file == spec.file && o.spec.name == spec.name));
            let before = place.and_then(Option::take);
            let running = match before {
                Some(mut same) if same_options && same.spec == spec => {
                    // It may stand at other lines now, which only its status tells.
                    for (rule, moved) in same.status.lock().rules.iter_mut().zip(&spec.rules) {
                        (rule.line, rule.column) = (moved.line, moved.column);
                    }
                    same.spec = spec;
                    same
                }
                before => self.run(&handle, spec, &options, Arc::clone(&state.shared), before, restore),
            };
            state.groups.push(running);
        }
        for gone in old.into_iter().flatten() {
            self.end(&handle, gone, &state.shared);
        }
    }

    /// All groups as they are now, in the order in which they were loaded.
    pub fn status(&self) -> Vec<GroupStatus> {
        self.state.lock().groups.iter().map(|running| running.status.lock().clone()).collect()
    }

    /// Ends evaluation and waits until what is running is done, at most for `patience`. It blocks:
    /// call it from a thread that may, not from within an async task.
    pub fn stop(&self, patience: Duration) {
        self.stopping.send_replace(true);
        for running in &self.state.lock().groups {
            running.stop.send_replace(true);
        }
        let runtime = self.runtime.lock().take();
        if let Some(runtime) = runtime {
            runtime.shutdown_timeout(patience);
        }
    }

    /// What one group works with.
    fn context(&self, handle: &Handle, options: Arc<Options>, language: Language) -> Context {
        let doors = self.doors.clone();
        let bounds =
            TimedBounds { handle: handle.clone(), clock: Arc::clone(&self.clock), limits: doors.limits, timeout: options.query_timeout };
        Context {
            engine: doors.engine,
            logs: doors.logs,
            traces: doors.traces,
            language,
            sink: doors.sink,
            detections: doors.detections,
            store: doors.store,
            bounds: Arc::new(bounds),
            clock: Arc::clone(&self.clock),
            options,
            metrics: doors.metrics,
        }
    }

    fn run(
        &self,
        handle: &Handle,
        spec: GroupSpec,
        options: &Arc<Options>,
        shared: Arc<Mutex<Arc<Options>>>,
        before: Option<Running>,
        restore: bool,
    ) -> Running {
        let group = Group::new(spec.clone(), options);
        let status = group.shared_status();
        let slots = Slots::new(&spec.key(), group.interval());
        self.doors.metrics.group_loaded(&spec.key(), group.interval(), spec.rules.len());
        let mut task = Task {
            key: spec.key(),
            slots,
            interval: group.interval(),
            context: self.context(handle, Arc::clone(options), spec.language),
            shared,
        };
        let place: Place = Arc::new(Mutex::new(Some(group)));
        let (stop, mut stopped) = watch::channel(false);
        let taken = Arc::clone(&place);
        let task = handle.spawn(async move {
            if let Some(before) = before {
                before.stop.send_replace(true);
                let _ = before.task.await;
                if let (Some(new), Some(old)) = (&mut *taken.lock(), before.group.lock().take()) {
                    new.take_over(old);
                }
            }
            if restore {
                let (group, context, now_ms) = (Arc::clone(&taken), task.context.clone(), task.context.clock.now_ms());
                let restored = tokio::task::spawn_blocking(move || {
                    if let Some(group) = &mut *group.lock() {
                        group.restore(now_ms, &context);
                    }
                });
                if let Err(error) = restored.await {
                    tracing::error!(group = %task.key, %error, "restoring the state of alerts failed");
                }
            }
            task.evaluate_until(&mut stopped, &taken).await;
        });
        Running { spec, group: place, status, stop, task }
    }

    /// Stops a group and, two intervals later, ends its series as of now: should another group
    /// have taken over the same series, its samples are newer and stay.
    fn end(&self, handle: &Handle, gone: Running, shared: &Arc<Mutex<Arc<Options>>>) {
        self.doors.metrics.group_removed(&gone.spec.key());
        gone.stop.send_replace(true);
        let context = self.context(handle, Arc::clone(&shared.lock()), gone.spec.language);
        let mut stopping = self.stopping.subscribe();
        handle.spawn(async move {
            let at_ms = context.clock.now_ms();
            let _ = gone.task.await;
            let Some(group) = gone.group.lock().take() else { return };
            let (interval, key) = (group.interval(), group.key.clone());
            let series = group.into_series();
            if series.is_empty() {
                return;
            }
            tokio::select! {
                () = context.clock.sleep(interval * 2) => {}
                _ = stopping.changed() => return,
            }
            let written = tokio::task::spawn_blocking(move || end_series(series, at_ms, &context)).await;
            if let Ok(Err(error)) = written {
                tracing::warn!(group = %key, %error, "the series of a removed group could not be marked stale");
            }
        });
    }
}

/// One group's evaluation loop.
struct Task {
    key: String,
    slots: Slots,
    interval: Duration,
    context: Context,
    shared: Arc<Mutex<Arc<Options>>>,
}

impl Task {
    async fn evaluate_until(&mut self, stopped: &mut watch::Receiver<bool>, group: &Place) {
        let clock = Arc::clone(&self.context.clock);
        let mut last_ms = self.slots.at_or_before(clock.now_ms());
        while !*stopped.borrow() {
            let now_ms = clock.now_ms();
            if now_ms + (self.interval.as_millis() as i64) < last_ms {
                tracing::warn!(group = %self.key, "the clock was set back; the group goes on with the new time");
                last_ms = self.slots.at_or_before(now_ms);
            }
            let Some((slot_ms, missed)) = self.slots.due(last_ms, now_ms) else {
                tokio::select! {
                    () = clock.sleep(self.slots.wait(last_ms, now_ms)) => {}
                    _ = stopped.changed() => {}
                }
                continue;
            };
            if missed > 0 {
                self.context.metrics.missed(&self.key, missed);
                tracing::warn!(group = %self.key, missed, "evaluations were missed: the last one took too long, or the clock was set forward");
            }
            last_ms = slot_ms;
            self.context.options = Arc::clone(&self.shared.lock());
            let (group, context) = (Arc::clone(group), self.context.clone());
            let evaluated = tokio::task::spawn_blocking(move || {
                if let Some(group) = &mut *group.lock() {
                    group.evaluate(slot_ms, &context);
                }
            });
            if let Err(error) = evaluated.await {
                tracing::error!(group = %self.key, %error, "an evaluation broke off; the group is evaluated again at its next time");
            }
        }
    }
}

/// Fresh limits for each query, with a timer that cancels it.
struct TimedBounds {
    handle: Handle,
    clock: SharedClock,
    limits: QueryLimits,
    timeout: Duration,
}

impl Bounds for TimedBounds {
    fn next(&self) -> (QueryLimits, Box<dyn Any>) {
        let cancelled = Cancel::default();
        let (clock, timeout, flag) = (Arc::clone(&self.clock), self.timeout, cancelled.clone());
        let timer = self.handle.spawn(async move {
            clock.sleep(timeout).await;
            flag.cancel();
        });
        (QueryLimits { cancelled, ..self.limits.clone() }, Box::new(Timer(timer.abort_handle())))
    }
}

/// Stops the timer of a query that is over.
struct Timer(AbortHandle);

impl Drop for Timer {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Drop for Scheduler {
    fn drop(&mut self) {
        // A runtime must not be dropped where waiting is forbidden, as in another runtime.
        if let Some(runtime) = self.runtime.get_mut().take() {
            runtime.shutdown_background();
        }
    }
}
