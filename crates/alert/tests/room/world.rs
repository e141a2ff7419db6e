//! A room in simulated time, with a real database, a real webhook sink and a real mail sink.

use crate::sinks::{MailSink, WebhookSink};
use parking_lot::Mutex;
use phoenix_alert::{AlertConfig, Alerting, FlushedGroup, GroupObserver, Limits, Parts};
use phoenix_env::{Clock, RealClock, RealDisk, SharedClock, SimClock};
use phoenix_model::{Alert, Labels, Source};
use phoenix_state::State;
use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// 2026-03-02 09:00:00 UTC, a Monday.
pub const START_MS: i64 = 1_772_442_000_000;

#[derive(Default)]
pub struct Watcher(Mutex<Vec<FlushedGroup>>);

impl GroupObserver for Watcher {
    fn group_flushed(&self, group: &FlushedGroup) {
        self.0.lock().push(group.clone());
    }
}

pub struct World {
    pub clock: Arc<SimClock>,
    pub webhooks: WebhookSink,
    pub mail: MailSink,
    pub alerting: Alerting,
    pub registry: Registry,
    watcher: Arc<Watcher>,
    config: String,
    folder: tempfile::TempDir,
    limits: Limits,
    driver: Option<tokio::task::JoinHandle<()>>,
    others: Vec<Alerting>,
}

/// Reads a config; `WEBHOOK` and `MAIL` in it stand for the sinks' addresses.
pub fn read_config(text: &str, folder: &Path) -> AlertConfig {
    let source = Source::new("alertmanager.yaml", text);
    let (config, _) = AlertConfig::parse(&source, folder)
        .unwrap_or_else(|all| panic!("{}", all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")));
    config
}

pub fn labels(text: &str) -> Labels {
    Labels::from_pairs(text.split_whitespace().map(|pair| pair.split_once('=').expect("label=value")))
}

impl World {
    pub async fn new(config: &str) -> Self {
        Self::with_limits(config, Limits::default()).await
    }

    pub async fn with_limits(config: &str, limits: Limits) -> Self {
        let (webhooks, mail) = (WebhookSink::start().await, MailSink::start().await);
        let config = config.replace("WEBHOOK", &webhooks.url).replace("MAIL", &mail.address);
        let folder = tempfile::tempdir().expect("a temporary folder");
        let clock = SimClock::new(START_MS);
        let watcher = Arc::new(Watcher::default());
        let (alerting, registry) = open(&config, folder.path(), &clock, &watcher, limits, "test").await;
        let mut world =
            Self { clock, webhooks, mail, alerting, registry, watcher, config, folder, limits, driver: None, others: Vec::new() };
        world.start();
        world.settle().await;
        world
    }

    fn start(&mut self) {
        let alerting = self.alerting.clone();
        self.driver = Some(tokio::spawn(async move { alerting.run(std::future::pending()).await }));
    }

    /// Kills the room as `kill -9` would, and opens it again on the same database.
    /// Kills after the alerts that came in are on record. A kill before that loses what the rules tell
    /// again within their resend delay, which is another matter than what these tests look at.
    pub async fn kill_and_restart(&mut self) {
        self.alerting.save().await.expect("the state store works");
        self.kill().await;
        self.restart().await;
    }

    pub async fn kill(&mut self) {
        let driver = self.driver.take().expect("the room runs");
        driver.abort();
        let _ = driver.await;
        // What was on its way dies with the process.
        self.alerting.abandon();
    }

    pub async fn restart(&mut self) {
        (self.alerting, self.registry) = open(&self.config, self.folder.path(), &self.clock, &self.watcher, self.limits, "test").await;
        self.start();
        self.settle().await;
    }

    pub fn apply(&mut self, config: &str) {
        self.config = config.replace("WEBHOOK", &self.webhooks.url).replace("MAIL", &self.mail.address);
        self.alerting.apply_config(read_config(&self.config, self.folder.path())).expect("a good config");
    }

    /// Reports alerts that fire from now until `minutes` from now unless reported again.
    pub fn fire_for(&self, minutes: i64, alerts: &[&str]) {
        let now = self.clock.now_ms();
        self.report(alerts, now, now + minutes * 60_000);
    }

    pub fn fire(&self, alerts: &[&str]) {
        self.fire_for(60 * 24, alerts);
    }

    pub fn resolve(&self, alerts: &[&str]) {
        let now = self.clock.now_ms();
        self.report(alerts, now - 1_000, now);
    }

    pub fn report(&self, alerts: &[&str], starts_at_ms: i64, ends_at_ms: i64) {
        self.alerting.sink().send(self.made(alerts, starts_at_ms, ends_at_ms));
    }

    /// Alerts as [`World::fire`] reports them.
    pub fn alerts(&self, alerts: &[&str]) -> Vec<Alert> {
        let now = self.clock.now_ms();
        self.made(alerts, now, now + 24 * 3_600_000)
    }

    fn made(&self, alerts: &[&str], starts_at_ms: i64, ends_at_ms: i64) -> Vec<Alert> {
        let updated_at_ms = self.clock.now_ms();
        alerts
            .iter()
            .map(|text| Alert {
                labels: labels(text),
                annotations: Labels::from_pairs([("summary", "something is wrong")]),
                starts_at_ms,
                ends_at_ms,
                generator_url: "http://phoenix.test/graph?g0.expr=up".to_owned(),
                condition_since_ms: None,
                expression: None,
                updated_at_ms,
                timeout: false,
            })
            .collect()
    }

    /// Another process with the same config on the same database.
    pub async fn replica(&mut self, name: &str) -> Alerting {
        let (other, _) = open(&self.config, self.folder.path(), &self.clock, &self.watcher, self.limits, name).await;
        self.others.push(other.clone());
        tokio::spawn({
            let other = other.clone();
            async move { other.run(std::future::pending()).await }
        });
        other
    }

    /// Moves time forward while something hangs that would never settle.
    pub async fn advance_without_settling(&self, by: Duration) {
        let real = RealClock::shared();
        for _ in 0..by.as_secs() {
            self.clock.advance(Duration::from_secs(1));
            real.sleep(Duration::from_millis(3)).await;
        }
    }

    /// Moves time on slowly until something holds.
    pub async fn advance_until(&self, holds: impl Fn(&Self) -> bool, what: &str) {
        let real = RealClock::shared();
        for _ in 0..100 {
            if holds(self) {
                return;
            }
            self.clock.advance(Duration::from_secs(1));
            real.sleep(Duration::from_millis(20)).await;
        }
        panic!("in vain: {what}");
    }

    /// Waits in real time, while simulated time stands still.
    pub async fn eventually(&self, holds: impl Fn(&Self) -> bool, what: &str) {
        let real = RealClock::shared();
        for _ in 0..4_000 {
            if holds(self) {
                return;
            }
            real.sleep(Duration::from_millis(5)).await;
        }
        panic!("in vain: {what}");
    }

    /// Lets everything that can happen now happen.
    pub async fn settle(&self) {
        let real = RealClock::shared();
        for _ in 0..2_000 {
            for _ in 0..20 {
                tokio::task::yield_now().await;
            }
            if !self.alerting.is_working() && !self.others.iter().any(Alerting::is_working) {
                return;
            }
            real.sleep(Duration::from_micros(500)).await;
        }
    }

    /// Moves time forward, stopping at every timer on the way.
    pub async fn advance(&self, by: Duration) {
        let end = self.clock.monotonic() + by;
        loop {
            self.settle().await;
            let left = end.saturating_sub(self.clock.monotonic());
            if left.is_zero() {
                return;
            }
            let step = self.clock.next_deadline_in().map_or(left, |next| next.max(Duration::from_millis(1)).min(left));
            self.clock.advance(step);
        }
    }

    /// Everything that observers were told since the last call, in short.
    pub fn flushed(&self) -> Vec<FlushedGroup> {
        std::mem::take(&mut *self.watcher.0.lock())
    }

    pub async fn state(&self) -> State {
        State::open(self.folder.path().join("state.db").to_str().expect("UTF-8")).await.expect("the state opens")
    }

    pub fn metrics(&self) -> String {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).expect("metrics can be written");
        text
    }
}

async fn open(
    config: &str,
    folder: &Path,
    clock: &Arc<SimClock>,
    watcher: &Arc<Watcher>,
    limits: Limits,
    replica: &str,
) -> (Alerting, Registry) {
    let mut registry = Registry::default();
    let state = State::open(folder.join("state.db").to_str().expect("UTF-8")).await.expect("the state opens");
    let parts = Parts {
        clock: Arc::clone(clock) as SharedClock,
        disk: RealDisk::shared(),
        state,
        config: if config.is_empty() { AlertConfig::without_file() } else { read_config(config, folder) },
        external_url: "http://phoenix.test/".to_owned(),
        replica: replica.to_owned(),
        seed: 1,
        limits,
        observers: vec![Arc::clone(watcher) as Arc<dyn GroupObserver>],
    };
    let alerting = Alerting::open(parts, &mut registry).await.expect("the room opens");
    (alerting, registry)
}
