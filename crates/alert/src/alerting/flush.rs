//! Flushes: who is muted, who is told.

use super::{Core, Room, SHORTEST_DEADLINE, TIDY_INTERVAL};
use crate::alerting::reload::Active;
use crate::alerts::HeldAlert;
use crate::dispatch::{Flush, Now};
use crate::inhibit::Inhibitor;
use crate::notify::pipeline::{self, Job};
use crate::observer::FlushedGroup;
use crate::route::Route;
use futures_util::future::join_all;
use phoenix_state::NotificationKey;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// The longest time the driver sleeps, so that a lost wake-up delays nothing for long.
const LONGEST_SLEEP: Duration = Duration::from_secs(5);

/// A group at its flush, with what mutes it.
struct Sorted {
    flush: Flush,
    telling: Vec<Arc<HeldAlert>>,
    muted: Vec<(Arc<HeldAlert>, String)>,
}

/// Counts a flush as being worked on until dropped.
struct Working(Arc<Room>);

impl Working {
    fn new(room: &Arc<Room>) -> Self {
        room.working.fetch_add(1, Ordering::SeqCst);
        room.flushing.fetch_add(1, Ordering::SeqCst);
        Self(Arc::clone(room))
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.working.fetch_sub(1, Ordering::SeqCst);
        self.0.flushing.fetch_sub(1, Ordering::SeqCst);
    }
}

impl Room {
    pub(super) async fn flush_forever(self: Arc<Self>) {
        let mut next_tidy = self.clock.monotonic() + TIDY_INTERVAL;
        loop {
            self.flush_due();
            let now = self.clock.monotonic();
            if now >= next_tidy {
                next_tidy = now + TIDY_INTERVAL;
                let (room, working) = (Arc::clone(&self), Working::new(&self));
                self.spawn(async move {
                    room.tidy().await;
                    drop(working);
                });
            }
            let due = self.core.lock().dispatcher.next_deadline().unwrap_or(next_tidy).min(next_tidy).min(now + LONGEST_SLEEP);
            tokio::select! {
                () = self.clock.sleep_until(due) => {}
                () = self.wake.notified() => {}
            }
        }
    }

    /// Begins the flushes that are due.
    fn flush_due(self: &Arc<Self>) {
        let now = self.now();
        let (active, sorted) = {
            let mut core = self.core.lock();
            let flushes = core.dispatcher.tick(now);
            if flushes.is_empty() {
                return;
            }
            let active = self.active();
            let inhibitor = Inhibitor::new(&active.config.inhibit_rules, core.alerts.iter(), now.wall_ms);
            let sorted: Vec<Sorted> = flushes.into_iter().map(|flush| self.sort(flush, &mut core, &active, &inhibitor, now)).collect();
            (active, sorted)
        };
        for sorted in sorted {
            let (room, active, working) = (Arc::clone(self), Arc::clone(&active), Working::new(self));
            self.spawn(async move {
                room.tell(&active, sorted, now).await;
                drop(working);
            });
        }
    }

    fn sort(&self, flush: Flush, core: &mut Core, active: &Active, inhibitor: &Inhibitor, now: Now) -> Sorted {
        let route = flush.routes.route(flush.id.route);
        let quiet = quiet_time(route, active, now.wall_ms);
        let mut sorted = Sorted { telling: Vec::new(), muted: Vec::new(), flush };
        for held in &sorted.flush.alerts {
            let labels = &held.alert.labels;
            let reason = if let Some(source) = inhibitor.inhibited_by(labels) {
                Some(("inhibition", format!("inhibited by {source}")))
            } else if let Some(reason) = &quiet {
                Some(("time", reason.clone()))
            } else {
                let silences = core.silences.silencing(held.fingerprint, labels, now.wall_ms);
                (!silences.is_empty()).then(|| ("silence", format!("silenced by {}", silences.join(", "))))
            };
            match reason {
                None => sorted.telling.push(Arc::clone(held)),
                Some((kind, reason)) => {
                    self.metrics.suppressed.get_or_create(&[("reason", kind)]).inc();
                    sorted.muted.push((Arc::clone(held), reason));
                }
            }
        }
        sorted
    }

    /// Tells observers and the route's receiver; when everybody knows, what has resolved can go.
    async fn tell(self: &Arc<Self>, active: &Active, sorted: Sorted, now: Now) {
        let Sorted { flush, telling, muted } = sorted;
        let route = flush.routes.route(flush.id.route);
        let group_key = route.group_key(&flush.id.labels);
        let group = FlushedGroup {
            key: group_key.clone(),
            receiver: route.receiver.clone(),
            group_labels: flush.id.labels.clone(),
            alerts: telling.iter().map(|held| held.alert.clone()).collect(),
            muted: muted.into_iter().map(|(held, reason)| (held.alert.clone(), reason)).collect(),
            at_ms: now.wall_ms,
        };
        for observer in &self.observers {
            observer.group_flushed(&group);
        }
        let mut jobs = Vec::new();
        if !telling.is_empty() {
            for sender in active.senders.get(&route.receiver).into_iter().flatten() {
                let job = Job {
                    key: NotificationKey {
                        group_key: group_key.clone(),
                        receiver: route.receiver.clone(),
                        integration: sender.integration.kind.name().to_owned(),
                        position: sender.integration.position,
                    },
                    sender: Arc::clone(sender),
                    group_labels: flush.id.labels.clone(),
                    alerts: telling.clone(),
                    repeat_interval: route.repeat_interval,
                    now,
                    deadline: flush.deadline.max(now.monotonic + SHORTEST_DEADLINE),
                };
                let (room, working) = (Arc::clone(self), Working::new(self));
                jobs.push(self.spawn(async move {
                    let told = pipeline::notify(&room, job).await;
                    drop(working);
                    told
                }));
            }
        }
        // The jobs count for themselves.
        let outcomes = self.resting(join_all(jobs)).await;
        if outcomes.into_iter().all(|outcome| outcome.unwrap_or(false)) {
            self.core.lock().dispatcher.flushed(&flush, now.wall_ms);
        }
    }
}

/// Why the route does not notify at this time of day, week or year; `None`: it does.
pub(crate) fn quiet_time(route: &Route, active: &Active, now_ms: i64) -> Option<String> {
    let inside = |name: &String| active.config.time_intervals.get(name).is_some_and(|interval| interval.contains(now_ms));
    if let Some(name) = route.mute_time_intervals.iter().find(|name| inside(name)) {
        return Some(format!("muted by the time interval {name}"));
    }
    if !route.active_time_intervals.is_empty() && !route.active_time_intervals.iter().any(inside) {
        return Some(format!("outside of the active time intervals {}", route.active_time_intervals.join(", ")));
    }
    None
}
