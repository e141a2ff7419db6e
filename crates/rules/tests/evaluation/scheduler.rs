//! The scheduler with a simulated clock. Its threads are real: what they do is waited for.

use crate::sim::{FakeEngine, Outbox, specs, vector};
use parking_lot::Mutex;
use phoenix_engine::{QueryError, QueryLimits};
use phoenix_env::{Clock, SimClock};
use phoenix_query::Value;
use phoenix_rules::{Doors, Health, Options, RuleMetrics, Scheduler};
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// Longer than any wait of a group, so that the timers of queries can be told apart.
const QUERY_TIMEOUT: Duration = Duration::from_hours(10);

/// A simulated clock that knows how many groups wait for a later moment, so that time moves only
/// when everybody has done what was due.
struct WatchedClock {
    inner: Arc<SimClock>,
    waiting: Arc<Mutex<Vec<(u64, Duration)>>>,
    next: AtomicU64,
}

/// A sleep that is counted until it is over or given up.
struct WatchedSleep {
    inner: Pin<Box<dyn Future<Output = ()> + Send>>,
    waiting: Arc<Mutex<Vec<(u64, Duration)>>>,
    id: u64,
}

impl Future for WatchedSleep {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut TaskContext<'_>) -> Poll<()> {
        self.inner.as_mut().poll(context)
    }
}

impl Drop for WatchedSleep {
    fn drop(&mut self) {
        self.waiting.lock().retain(|(id, _)| *id != self.id);
    }
}

impl Clock for WatchedClock {
    fn now_ms(&self) -> i64 {
        self.inner.now_ms()
    }

    fn monotonic(&self) -> Duration {
        self.inner.monotonic()
    }

    fn sleep_until(&self, deadline: Duration) -> Pin<Box<dyn Future<Output = ()> + Send>> {
        let id = self.next.fetch_add(1, Ordering::Relaxed);
        let inner = self.inner.sleep_until(deadline);
        if deadline < self.monotonic() + QUERY_TIMEOUT {
            self.waiting.lock().push((id, deadline));
        }
        Box::pin(WatchedSleep { inner, waiting: Arc::clone(&self.waiting), id })
    }
}

impl WatchedClock {
    fn waiting(&self) -> usize {
        let now = self.monotonic();
        self.waiting.lock().iter().filter(|(_, deadline)| *deadline > now).count()
    }
}

struct House {
    clock: Arc<WatchedClock>,
    engine: Arc<FakeEngine>,
    outbox: Arc<Outbox>,
    scheduler: Scheduler,
    registry: prometheus_client::registry::Registry,
}

fn options() -> Options {
    Options { threads: 2, query_timeout: QUERY_TIMEOUT, ..Options::default() }
}

impl House {
    fn new(engine: Arc<FakeEngine>, now_ms: i64, outbox: Arc<Outbox>) -> Self {
        let clock = Arc::new(WatchedClock { inner: SimClock::new(now_ms), waiting: Arc::default(), next: AtomicU64::new(0) });
        let metrics = RuleMetrics::default();
        let mut registry = prometheus_client::registry::Registry::default();
        metrics.register(&mut registry);
        let doors = Doors {
            engine: engine.clone(),
            logs: None,
            traces: None,
            sink: outbox.clone(),
            detections: Some(outbox.clone()),
            store: Some(outbox.clone()),
            limits: QueryLimits::unlimited(),
            metrics,
        };
        let scheduler = Scheduler::start(doors, options(), clock.clone()).unwrap();
        Self { clock, engine, outbox, scheduler, registry }
    }

    fn load(&self, yaml: &str) {
        self.scheduler.load(specs(yaml), options());
    }

    /// Lets simulated time pass until something holds: from one deadline to the next, whenever at
    /// least `groups` wait for a later moment.
    fn pass_until(&self, what: &str, groups: usize, holds: impl Fn(&Self) -> bool) {
        for _ in 0..500 {
            for _ in 0..50_000 {
                if self.clock.waiting() >= groups {
                    break;
                }
                // The threads need real time, while the simulated one stands still.
                let (_keep, nobody) = mpsc::channel::<()>();
                let _ = nobody.recv_timeout(Duration::from_micros(200));
            }
            assert!(self.clock.waiting() >= groups, "nobody waits, but not yet: {what}");
            if holds(self) {
                return;
            }
            // Whoever waited may have given up just now, to wait anew.
            if let Some(next) = self.clock.inner.next_deadline_in() {
                self.clock.inner.advance(next);
            }
        }
        panic!("never came: {what}; status {:?}", self.scheduler.status());
    }

    fn metric(&self, line_start: &str) -> Option<String> {
        let mut text = String::new();
        prometheus_client::encoding::text::encode(&mut text, &self.registry).unwrap();
        text.lines().find(|l| l.starts_with(line_start)).map(|l| l.rsplit(' ').next().unwrap().to_owned())
    }
}

const TWO: &str = "groups:\n- name: a\n  interval: 10s\n  rules:\n  - {record: ra, expr: x}\n- name: b\n  interval: 30s\n  rules:\n  - {alert: B, expr: x, for: 30s}\n";

fn one(at_ms: i64) -> Value {
    vector(&[(&[("job", "a")], 1.0)], at_ms)
}

#[test]
fn groups_run_at_their_intervals_and_alerts_fire() {
    let house = House::new(FakeEngine::new(|_, at_ms, _| Ok(one(at_ms))), 1_000_000, Arc::default());
    house.load(TWO);
    house.pass_until("an alert", 2, |h| !h.outbox.alerts.lock().is_empty());
    let asked: Vec<i64> =
        house.engine.written.lock().get(&crate::sim::labels(&[("__name__", "ra"), ("job", "a")])).unwrap().iter().map(|s| s.0).collect();
    assert!(asked.len() >= 3 && asked.windows(2).all(|w| w[1] - w[0] == 10_000), "{asked:?}");
    let detections = house.outbox.detections.lock();
    assert_eq!(detections[0].fired_at_ms - detections[0].condition_since_ms, 30_000);
    let status = house.scheduler.status();
    assert_eq!(status.iter().map(|s| s.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    assert!(status.iter().all(|s| s.rules[0].health == Health::Ok && s.last_evaluation_ms.is_some()));
    drop(detections);
    house.scheduler.stop(Duration::from_secs(5));
}

#[test]
fn a_slow_group_misses_iterations_and_holds_up_no_other() {
    let gate = Arc::new(Mutex::new(()));
    let closed = gate.lock();
    let inner = Arc::clone(&gate);
    let engine = FakeEngine::new(move |query, at_ms, _| {
        if query == "slow" {
            drop(inner.lock());
        }
        Ok(one(at_ms))
    });
    let house = House::new(engine, 1_000_000, Arc::default());
    house.load("groups:\n- name: slow\n  interval: 10s\n  rules:\n  - {record: s, expr: slow}\n- name: quick\n  interval: 10s\n  rules:\n  - {record: q, expr: x}\n");
    let quick = crate::sim::labels(&[("__name__", "q"), ("job", "a")]);
    house.pass_until("five evaluations of the quick group", 1, |h| h.engine.written.lock().get(&quick).is_some_and(|s| s.len() >= 5));
    assert!(house.scheduler.status()[0].last_evaluation_ms.is_none());
    drop(closed);
    house.pass_until("missed iterations", 2, |h| {
        h.metric("prometheus_rule_group_iterations_missed_total{rule_group=\"rules.yaml;slow\"}")
            .is_some_and(|n| n.parse::<u64>().unwrap() >= 2)
    });
    assert_eq!(house.metric("prometheus_rule_group_iterations_missed_total{rule_group=\"rules.yaml;quick\"}").as_deref(), Some("0"));
}

#[test]
fn a_query_that_takes_too_long_is_cancelled() {
    // The fake gives up when it is told to, as an engine does.
    let engine = FakeEngine::new(|_, _, _| Err(QueryError::Cancelled));
    let house = House::new(engine, 1_000_000, Arc::default());
    house.load("groups:\n- name: a\n  interval: 10s\n  rules:\n  - {record: r, expr: x}\n");
    house.pass_until("an evaluation", 1, |h| h.scheduler.status()[0].last_evaluation_ms.is_some());
    assert_eq!(house.scheduler.status()[0].rules[0].last_error, "query timed out after 36000s");
}

#[test]
fn a_panic_in_one_evaluation_is_not_the_end_of_the_group() {
    let count = Mutex::new(0);
    let engine = FakeEngine::new(move |_, at_ms, _| {
        let mut count = count.lock();
        *count += 1;
        assert!(*count != 1, "a fault in the engine");
        Ok(one(at_ms))
    });
    let house = House::new(engine, 1_000_000, Arc::default());
    house.load("groups:\n- name: a\n  interval: 10s\n  rules:\n  - {record: r, expr: x}\n");
    house.pass_until("an evaluation after the fault", 1, |h| h.scheduler.status()[0].rules[0].health == Health::Ok);
}

#[test]
fn a_reload_keeps_state_and_ends_what_is_gone() {
    let house = House::new(FakeEngine::new(|_, at_ms, _| Ok(one(at_ms))), 1_000_000, Arc::default());
    house.load(TWO);
    house.pass_until("an alert", 2, |h| !h.outbox.alerts.lock().is_empty());
    let since = house.scheduler.status()[1].rules[0].alerting.as_ref().unwrap().alerts[0].condition_since_ms;
    // Group a is gone, b has another rule in front.
    house.load("# moved\ngroups:\n- name: b\n  interval: 30s\n  rules:\n  - {record: new, expr: x}\n  - {alert: B, expr: x, for: 30s}\n");
    house.pass_until("an evaluation of the new rule", 1, |h| {
        h.scheduler.status().first().is_some_and(|s| s.rules[0].health == Health::Ok && s.rules.len() == 2)
    });
    let status = house.scheduler.status();
    assert_eq!(status.len(), 1);
    assert_eq!(status[0].rules[1].alerting.as_ref().unwrap().alerts[0].condition_since_ms, since);
    assert_eq!(house.outbox.detections.lock().len(), 1, "it did not fire a second time");
    let gone = crate::sim::labels(&[("__name__", "ra"), ("job", "a")]);
    house.pass_until("the end of the removed group's series", 1, |h| {
        h.engine.written.lock().get(&gone).is_some_and(|s| phoenix_model::is_stale(s.last().unwrap().1))
    });
    assert_eq!(house.metric("prometheus_rule_group_rules{rule_group=\"rules.yaml;a\"}"), None);
    // The same again: nothing changes but the lines.
    house.load("groups:\n- name: b\n  interval: 30s\n  rules:\n  - {record: new, expr: x}\n  - {alert: B, expr: x, for: 30s}\n");
    assert_eq!(house.scheduler.status()[0].rules[0].health, Health::Ok);
    assert_eq!(house.scheduler.status()[0].rules[0].line, 5);
}

#[test]
fn a_second_process_takes_up_the_alerts() {
    let outbox: Arc<Outbox> = Arc::default();
    let yaml = "groups:\n- name: b\n  interval: 30s\n  rules:\n  - {alert: B, expr: x, for: 5m}\n";
    let first = House::new(FakeEngine::new(|_, at_ms, _| Ok(one(at_ms))), 1_000_000, outbox.clone());
    first.load(yaml);
    first.pass_until("three minutes of pending", 1, |h| {
        let status = h.scheduler.status();
        let alerting = status[0].rules[0].alerting.as_ref().unwrap();
        alerting.alerts.first().is_some_and(|a| status[0].last_evaluation_ms.unwrap() - a.active_at_ms >= 180_000)
    });
    let began = first.scheduler.status()[0].rules[0].alerting.as_ref().unwrap().alerts[0].active_at_ms;
    let now_ms = first.clock.now_ms();
    first.scheduler.stop(Duration::from_secs(5));
    let second = House::new(FakeEngine::new(|_, at_ms, _| Ok(one(at_ms))), now_ms + 5_000, outbox.clone());
    second.load(yaml);
    second.pass_until("the alert", 1, |h| !h.outbox.alerts.lock().is_empty());
    let detection = outbox.detections.lock()[0].clone();
    assert_eq!((detection.condition_since_ms, detection.fired_at_ms), (began, began + 300_000));
}

/// The operating system's clock and tokio's timers, which need a runtime around them.
#[test]
fn real_time_works_as_well() {
    let engine = FakeEngine::new(|_, at_ms, _| Ok(one(at_ms)));
    let outbox: Arc<Outbox> = Arc::default();
    let doors = Doors {
        engine: engine.clone(),
        logs: None,
        traces: None,
        sink: outbox.clone(),
        detections: None,
        store: None,
        limits: QueryLimits::unlimited(),
        metrics: RuleMetrics::default(),
    };
    let scheduler = Scheduler::start(doors, options(), phoenix_env::RealClock::shared()).unwrap();
    scheduler.load(specs("groups:\n- name: a\n  interval: 50ms\n  rules:\n  - {alert: A, expr: x}\n"), options());
    for _ in 0..10_000 {
        if outbox.alerts.lock().len() == 1 {
            break;
        }
        let (_keep, nobody) = mpsc::channel::<()>();
        let _ = nobody.recv_timeout(Duration::from_millis(1));
    }
    scheduler.stop(Duration::from_secs(5));
    assert_eq!(outbox.alerts.lock().len(), 1);
    assert_eq!(scheduler.status()[0].rules[0].health, Health::Ok);
    // After the end, nothing is begun.
    scheduler.load(Vec::new(), options());
}

#[test]
fn a_clock_set_back_does_not_stop_the_rules() {
    let house = House::new(FakeEngine::new(|_, at_ms, _| Ok(one(at_ms))), 100_000_000, Arc::default());
    house.load("groups:\n- name: a\n  interval: 10s\n  rules:\n  - {record: r, expr: x}\n");
    house.pass_until("an evaluation", 1, |h| h.scheduler.status()[0].last_evaluation_ms.is_some());
    house.clock.inner.jump_wall_ms(-50_000_000);
    house.pass_until("an evaluation in the new time", 1, |h| h.scheduler.status()[0].last_evaluation_ms.is_some_and(|t| t < 60_000_000));
}
