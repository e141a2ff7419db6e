//! The room as a whole: alerts come in, groups are flushed when due, receivers and observers are told.

mod flush;
mod intake;
mod log;
mod reload;

pub(crate) use flush::quiet_time;
pub use intake::AlertsRefused;
pub use reload::ConfigError;

use crate::alerts::Alerts;
use crate::config::AlertConfig;
use crate::dispatch::{Dispatcher, Now};
use crate::error::AlertError;
use crate::metrics::{Counts, CountsCollector, Metrics};
use crate::notify::Channel;
use crate::observer::GroupObserver;
use crate::silence::{RETENTION_MS, Silence, SilenceState, Silences};
use parking_lot::{Mutex, RwLock};
use phoenix_env::{SharedClock, SharedDisk};
use phoenix_model::{Alert, AlertSink};
use phoenix_state::{NotificationEntry, NotificationKey, State};
use prometheus_client::registry::Registry;
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reload::Active;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

/// How often what is no longer needed is forgotten.
const TIDY_INTERVAL: Duration = Duration::from_mins(1);
/// How long an orderly stop waits for messages that are on their way.
const STOP_GRACE: Duration = Duration::from_secs(5);
/// A flush has at least this long to deliver, however short the group's interval is.
const SHORTEST_DEADLINE: Duration = Duration::from_secs(10);

/// What the room needs.
pub struct Parts {
    /// Time.
    pub clock: SharedClock,
    /// Files: templates, secrets, certificates.
    pub disk: SharedDisk,
    /// Where silences, alerts and the notification log are kept.
    pub state: State,
    /// What is configured; [`AlertConfig::without_file`] without a file.
    pub config: AlertConfig,
    /// Where people find Phoenix, for links; without a slash at the end.
    pub external_url: String,
    /// The name of this replica: the same after a restart, different from other replicas on one database.
    pub replica: String,
    /// For backoff and ids.
    pub seed: u64,
    /// How much is held.
    pub limits: Limits,
    /// Who is told of every flush beside the receivers.
    pub observers: Vec<Arc<dyn GroupObserver>>,
}

/// How much the room holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Alerts at the same time.
    pub alerts: usize,
    /// Groups at the same time.
    pub groups: usize,
    /// Silences, expired ones among them.
    pub silences: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { alerts: 100_000, groups: 20_000, silences: 10_000 }
    }
}

/// The alerting room. Cloning it shares it.
#[derive(Clone)]
pub struct Alerting {
    pub(crate) room: Arc<Room>,
}

/// What the parts of the room share.
pub(crate) struct Room {
    pub clock: SharedClock,
    pub disk: SharedDisk,
    pub state: State,
    pub external_url: String,
    pub replica: String,
    pub limits: Limits,
    pub metrics: Metrics,
    pub observers: Vec<Arc<dyn GroupObserver>>,
    pub started_at_ms: i64,
    active: RwLock<Arc<Active>>,
    pub core: Mutex<Core>,
    random: Mutex<StdRng>,
    /// Wakes the driver when an alert may have moved the next deadline.
    wake: tokio::sync::Notify,
    /// Alerts that the state store has not been told of yet, by fingerprint.
    unsaved: Mutex<BTreeMap<String, phoenix_state::StoredAlert>>,
    wake_saver: tokio::sync::Notify,
    /// Makes writes of alerts happen one after the other, in the order of the updates.
    saving: tokio::sync::Mutex<()>,
    /// Makes changes of silences happen one after the other, from the decision to the write.
    pub silencing: tokio::sync::Mutex<()>,
    /// What is on its way.
    busy_keys: Mutex<HashSet<NotificationKey>>,
    /// The last known entries of the notification log, for when the state store fails, with their expiry.
    mirror: Mutex<HashMap<NotificationKey, (NotificationEntry, i64)>>,
    /// Flushes on their way, to be able to stop them.
    tasks: Mutex<Vec<tokio::task::AbortHandle>>,
    /// Flushes that are neither done nor waiting for a timer.
    working: AtomicUsize,
    /// Flushes that are not done.
    flushing: AtomicUsize,
}

/// What changes with every alert.
pub(crate) struct Core {
    pub alerts: Alerts,
    pub dispatcher: Dispatcher,
    pub silences: Silences,
}

impl Alerting {
    /// Opens the room: reads silences and alerts back from the state store and routes them. Nothing
    /// is sent before [`Alerting::run`].
    pub async fn open(parts: Parts, registry: &mut Registry) -> Result<Self, AlertError> {
        let Parts { clock, disk, state, config, external_url, replica, seed, limits, observers } = parts;
        let active = Active::new(config, &disk, &clock)?;
        let now = Now { wall_ms: clock.now_ms(), monotonic: clock.monotonic() };
        let mut core = Core {
            alerts: Alerts::default(),
            dispatcher: Dispatcher::new(Arc::clone(&active.config.routes), limits.groups),
            silences: Silences::default(),
        };
        for stored in state.load_silences().await? {
            let id = stored.id.clone();
            match Silence::from_stored(stored) {
                Ok(silence) => core.silences.take_in([silence]),
                Err(reason) => tracing::error!(id, "a silence in the state store can't be read and is left out: {reason}"),
            }
        }
        let resolve_timeout_ms = active.config.resolve_timeout.as_millis() as i64;
        for stored in state.load_alerts().await? {
            let mut alert: Alert = match serde_json::from_str(&stored.body) {
                Ok(alert) => alert,
                Err(error) => {
                    tracing::error!(stored.fingerprint, "an alert in the state store can't be read and is left out: {error}");
                    continue;
                }
            };
            let was_firing = alert.ends_at_ms > alert.updated_at_ms;
            if was_firing && alert.ends_at_ms < now.wall_ms + resolve_timeout_ms {
                // While nobody listened it could not be reported again: its source gets the time to speak.
                alert.ends_at_ms = now.wall_ms + resolve_timeout_ms;
                alert.timeout = true;
            }
            let held = core.alerts.restore(alert);
            if let Err(error) = core.dispatcher.restore(&held, now) {
                tracing::error!("{error}");
            }
        }
        let room = Arc::new(Room {
            started_at_ms: now.wall_ms,
            clock,
            disk,
            state,
            external_url: external_url.trim_end_matches('/').to_owned(),
            replica,
            limits,
            metrics: Metrics::default(),
            observers,
            active: RwLock::new(Arc::new(active)),
            core: Mutex::new(core),
            random: Mutex::new(StdRng::seed_from_u64(seed)),
            wake: tokio::sync::Notify::new(),
            unsaved: Mutex::new(BTreeMap::new()),
            wake_saver: tokio::sync::Notify::new(),
            saving: tokio::sync::Mutex::new(()),
            silencing: tokio::sync::Mutex::new(()),
            busy_keys: Mutex::new(HashSet::new()),
            mirror: Mutex::new(HashMap::new()),
            tasks: Mutex::new(Vec::new()),
            working: AtomicUsize::new(0),
            flushing: AtomicUsize::new(0),
        });
        room.metrics.register(registry);
        room.loaded();
        let weak: Weak<Room> = Arc::downgrade(&room);
        registry.register_collector(Box::new(CountsCollector(move || weak.upgrade().map(|room| room.counts()))));
        Ok(Self { room })
    }

    /// Flushes groups when they are due, until `stop` resolves; then gives messages that are on
    /// their way a few seconds. What is not delivered by then is delivered after the next start.
    pub async fn run(&self, stop: impl Future<Output = ()>) {
        let saver = self.room.spawn(Arc::clone(&self.room).save_alerts_forever());
        tokio::select! {
            () = stop => {}
            () = Arc::clone(&self.room).flush_forever() => {}
        }
        saver.abort();
        self.room.save_alerts().await.unwrap_or_else(|error| tracing::error!("{error}"));
        let give_up = self.room.clock.monotonic() + STOP_GRACE;
        while self.room.flushing.load(Ordering::SeqCst) > 0 && self.room.clock.monotonic() < give_up {
            self.room.clock.sleep(Duration::from_millis(50)).await;
        }
    }

    /// Where alerts come in: [`AlertSink`] for the rules.
    pub fn sink(&self) -> Arc<dyn AlertSink> {
        Arc::new(Sink(Arc::clone(&self.room)))
    }

    /// The transports of the config in force, for messages that are not notifications.
    pub fn channel(&self) -> Channel {
        self.room.active().channel()
    }

    /// Drops what is on its way, as the death of the process would: nothing is sent or written by
    /// this room any more. For tests.
    pub fn abandon(&self) {
        for task in self.room.tasks.lock().drain(..) {
            task.abort();
        }
    }

    /// Writes down the alerts that have come in and are not on stable storage yet. [`Alerting::run`]
    /// does so all the time; this waits for it.
    pub async fn save(&self) -> Result<(), phoenix_state::StateError> {
        self.room.save_alerts().await
    }

    /// Whether flushes are being worked on right now, other than waiting for a timer. For tests in
    /// simulated time.
    pub fn is_working(&self) -> bool {
        self.room.working.load(Ordering::SeqCst) > 0
    }
}

struct Sink(Arc<Room>);

impl AlertSink for Sink {
    fn send(&self, alerts: Vec<Alert>) {
        self.0.take_in(alerts);
    }
}

impl Room {
    pub(crate) fn now(&self) -> Now {
        Now { wall_ms: self.clock.now_ms(), monotonic: self.clock.monotonic() }
    }

    pub(crate) fn active(&self) -> Arc<Active> {
        Arc::clone(&self.active.read())
    }

    pub(crate) fn next_seed(&self) -> u64 {
        self.random.lock().next_u64()
    }

    /// A random UUID (RFC 9562, version 4).
    pub(crate) fn new_id(&self) -> String {
        let mut bytes = [0_u8; 16];
        self.random.lock().fill_bytes(&mut bytes);
        bytes[6] = bytes[6] & 0x0f | 0x40;
        bytes[8] = bytes[8] & 0x3f | 0x80;
        let hex = crate::fingerprint::hex(&bytes);
        format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..])
    }

    /// Runs a part of a flush beside the others.
    pub(crate) fn spawn<T: Send + 'static>(&self, task: impl Future<Output = T> + Send + 'static) -> tokio::task::JoinHandle<T> {
        let handle = tokio::spawn(task);
        let mut tasks = self.tasks.lock();
        tasks.retain(|task| !task.is_finished());
        tasks.push(handle.abort_handle());
        handle
    }

    /// Waits without counting as working.
    pub(crate) async fn resting<T>(&self, wait: impl Future<Output = T>) -> T {
        self.working.fetch_sub(1, Ordering::SeqCst);
        let result = wait.await;
        self.working.fetch_add(1, Ordering::SeqCst);
        result
    }

    /// Forgets what is no longer needed.
    async fn tidy(&self) {
        let now_ms = self.clock.now_ms();
        let gone = {
            let mut core = self.core.lock();
            let Core { alerts, dispatcher, silences } = &mut *core;
            let gone = alerts.collect_garbage(now_ms, |fingerprint| dispatcher.holds(fingerprint));
            silences.forget_alerts(&gone);
            silences.collect_garbage(now_ms - RETENTION_MS);
            gone
        };
        let gone: Vec<String> = gone.iter().map(ToString::to_string).collect();
        {
            let mut unsaved = self.unsaved.lock();
            for fingerprint in &gone {
                unsaved.remove(fingerprint);
            }
        }
        self.mirror.lock().retain(|_, (_, expires_at_ms)| *expires_at_ms >= now_ms);
        let done = async {
            let _saving = self.saving.lock().await;
            self.state.remove_alerts(&gone).await?;
            self.state.remove_silences_ended_before(now_ms - RETENTION_MS).await?;
            self.state.remove_expired_notifications(now_ms).await
        };
        if let Err(error) = done.await {
            self.metrics.state_errors.inc();
            tracing::error!("{error}");
        }
    }

    fn counts(&self) -> Counts {
        let now_ms = self.clock.now_ms();
        let active = self.active();
        let mut core = self.core.lock();
        let Core { alerts, dispatcher, silences } = &mut *core;
        let inhibitor = crate::inhibit::Inhibitor::new(&active.config.inhibit_rules, alerts.iter(), now_ms);
        let mut counts = Counts {
            groups: dispatcher.groups().count(),
            receivers: active.config.receivers.len(),
            integrations: active.config.receivers.values().map(|receiver| receiver.integrations.len()).sum(),
            ..Counts::default()
        };
        for held in alerts.iter().filter(|held| !held.alert.is_resolved_at(now_ms)) {
            let labels = &held.alert.labels;
            let suppressed = inhibitor.inhibited_by(labels).is_some() || !silences.silencing(held.fingerprint, labels, now_ms).is_empty();
            *(if suppressed { &mut counts.alerts_suppressed } else { &mut counts.alerts_active }) += 1;
        }
        for silence in silences.listed(now_ms) {
            match silence.state(now_ms) {
                SilenceState::Active => counts.silences_active += 1,
                SilenceState::Pending => counts.silences_pending += 1,
                SilenceState::Expired => counts.silences_expired += 1,
            }
        }
        counts
    }
}
