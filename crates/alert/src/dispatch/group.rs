//! One group of alerts and its timer.

use super::Now;
use crate::alerts::HeldAlert;
use crate::fingerprint::Fingerprint;
use crate::route::Route;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// Alerts that are notified together.
#[derive(Debug, Clone)]
pub struct Group {
    alerts: BTreeMap<Fingerprint, Arc<HeldAlert>>,
    next_flush: Duration,
    has_flushed: bool,
}

impl Group {
    pub(super) fn new(route: &Route, now: Now) -> Self {
        Self { alerts: BTreeMap::new(), next_flush: now.monotonic + route.group_wait, has_flushed: false }
    }

    /// The group's timer without its alerts, under a route whose intervals may have changed.
    pub(super) fn emptied(&self, route: &Route, now: Now) -> Self {
        let longest = if self.has_flushed { route.group_interval } else { route.group_wait };
        Self { alerts: BTreeMap::new(), next_flush: self.next_flush.min(now.monotonic + longest), has_flushed: self.has_flushed }
    }

    pub(super) fn insert(&mut self, alert: Arc<HeldAlert>, route: &Route, now: Now) {
        let waited_ms = now.wall_ms.saturating_sub(alert.alert.starts_at_ms);
        if !self.has_flushed && waited_ms >= route.group_wait.as_millis() as i64 {
            self.next_flush = self.next_flush.min(now.monotonic);
        }
        self.alerts.insert(alert.fingerprint, alert);
    }

    /// Starts the timer for the flush after this one; returns its deadline.
    pub(super) fn start_flush(&mut self, route: &Route, now: Now) -> Duration {
        self.has_flushed = true;
        self.next_flush = now.monotonic + route.group_interval;
        self.next_flush
    }

    pub(super) fn forget_resolved(&mut self, told: &[Arc<HeldAlert>], told_at_ms: i64) {
        for alert in told {
            let unchanged = self.alerts.get(&alert.fingerprint).is_some_and(|held| held.alert.ends_at_ms == alert.alert.ends_at_ms);
            if unchanged && alert.alert.is_resolved_at(told_at_ms) {
                self.alerts.remove(&alert.fingerprint);
            }
        }
    }

    /// The alerts, sorted by labels.
    pub fn alerts(&self) -> Vec<Arc<HeldAlert>> {
        let mut alerts: Vec<_> = self.alerts.values().cloned().collect();
        alerts.sort_by(|a, b| a.alert.labels.cmp(&b.alert.labels));
        alerts
    }

    /// When the group is due, in monotonic time.
    pub fn deadline(&self) -> Duration {
        self.next_flush
    }

    /// Whether the group holds the alert.
    pub fn holds(&self, fingerprint: Fingerprint) -> bool {
        self.alerts.contains_key(&fingerprint)
    }

    /// Whether there is no alert left.
    pub fn is_empty(&self) -> bool {
        self.alerts.is_empty()
    }
}
