//! Groups and their timers, as a state machine: alerts go in, flushes come out, and time is
//! whatever the caller says it is.
//!
//! A group is flushed `group_wait` after its first alert (at once when that alert has been firing
//! for longer already), and every `group_interval` from then on. What a flush leads to is the
//! notification's business; it reports back with [`Dispatcher::flushed`].

mod group;

pub use group::Group;

use crate::alerts::HeldAlert;
use crate::fingerprint::Fingerprint;
use crate::route::{RouteIndex, RouteTree};
use phoenix_model::Labels;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

/// The time, by both clocks: timers follow the monotonic one, so that setting the wall clock
/// neither delays nor repeats a notification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Milliseconds since the Unix epoch.
    pub wall_ms: i64,
    /// Since an arbitrary start.
    pub monotonic: Duration,
}

/// Which group: its route and its labels.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupId {
    /// The route's position in the tree.
    pub route: RouteIndex,
    /// The labels that the group shares.
    pub labels: Labels,
}

/// A group whose time has come.
#[derive(Debug, Clone)]
pub struct Flush {
    /// Which group.
    pub id: GroupId,
    /// Its alerts, firing and resolved, sorted by labels.
    pub alerts: Vec<Arc<HeldAlert>>,
    /// When the next flush is due: what is not delivered by then has failed.
    pub deadline: Duration,
    /// The routes under which it happened.
    pub routes: Arc<RouteTree>,
}

/// There are as many groups as there may be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("limit of {limit} alert groups reached; the alert {alert} is not grouped: group by fewer labels")]
pub struct TooManyGroups {
    /// The limit.
    pub limit: usize,
    /// The alert that found no place.
    pub alert: String,
}

/// All groups.
#[derive(Debug)]
pub struct Dispatcher {
    routes: Arc<RouteTree>,
    groups: BTreeMap<GroupId, Group>,
    max_groups: usize,
}

impl Dispatcher {
    /// No groups yet.
    pub fn new(routes: Arc<RouteTree>, max_groups: usize) -> Self {
        Self { routes, groups: BTreeMap::new(), max_groups }
    }

    /// The routes in force.
    pub fn routes(&self) -> &Arc<RouteTree> {
        &self.routes
    }

    /// Puts an alert into its groups. A resolved alert only goes where it has been firing.
    pub fn insert(&mut self, alert: &Arc<HeldAlert>, now: Now) -> Result<(), TooManyGroups> {
        let mut outcome = Ok(());
        for index in self.routes.matching(&alert.alert.labels) {
            let route = self.routes.route(index);
            let id = GroupId { route: index, labels: route.group_labels(&alert.alert.labels) };
            let resolved = alert.alert.is_resolved_at(now.wall_ms);
            if let Some(group) = self.groups.get_mut(&id) {
                if !resolved || group.holds(alert.fingerprint) {
                    group.insert(Arc::clone(alert), route, now);
                }
            } else if resolved {
                // It has left its groups, so everybody who was told that it fires knows that it ended.
            } else if self.groups.len() >= self.max_groups {
                outcome = Err(TooManyGroups { limit: self.max_groups, alert: alert.alert.labels.to_string() });
            } else {
                let mut group = Group::new(route, now);
                group.insert(Arc::clone(alert), route, now);
                self.groups.insert(id, group);
            }
        }
        outcome
    }

    /// Puts back an alert that a restart interrupted: even a resolved one opens its group, since
    /// somebody may still have to be told.
    pub fn restore(&mut self, alert: &Arc<HeldAlert>, now: Now) -> Result<(), TooManyGroups> {
        for index in self.routes.matching(&alert.alert.labels) {
            let route = self.routes.route(index);
            let id = GroupId { route: index, labels: route.group_labels(&alert.alert.labels) };
            if !self.groups.contains_key(&id) && self.groups.len() >= self.max_groups {
                return Err(TooManyGroups { limit: self.max_groups, alert: alert.alert.labels.to_string() });
            }
            self.groups.entry(id).or_insert_with(|| Group::new(route, now)).insert(Arc::clone(alert), route, now);
        }
        Ok(())
    }

    /// The groups that are due; their timers start again.
    pub fn tick(&mut self, now: Now) -> Vec<Flush> {
        let mut due = Vec::new();
        for (id, group) in &mut self.groups {
            if group.deadline() <= now.monotonic {
                let deadline = group.start_flush(self.routes.route(id.route), now);
                due.push(Flush { id: id.clone(), alerts: group.alerts(), deadline, routes: Arc::clone(&self.routes) });
            }
        }
        due
    }

    /// When to call [`Dispatcher::tick`] next, in monotonic time; `None` without groups.
    pub fn next_deadline(&self) -> Option<Duration> {
        self.groups.values().map(Group::deadline).min()
    }

    /// Reports that everybody was told what `flush` says: resolved alerts that have not changed
    /// since are forgotten, and so is a group without alerts.
    pub fn flushed(&mut self, flush: &Flush, told_at_ms: i64) {
        if !Arc::ptr_eq(&self.routes, &flush.routes) {
            // Other routes since then: the group of that name may be another one.
            return;
        }
        if let Some(group) = self.groups.get_mut(&flush.id) {
            group.forget_resolved(&flush.alerts, told_at_ms);
            if group.is_empty() {
                self.groups.remove(&flush.id);
            }
        }
    }

    /// Whether any group holds the alert.
    pub fn holds(&self, fingerprint: Fingerprint) -> bool {
        self.groups.values().any(|group| group.holds(fingerprint))
    }

    /// All groups, by route and labels.
    pub fn groups(&self) -> impl Iterator<Item = (&GroupId, &Group)> {
        self.groups.iter()
    }

    /// Changes the routes. Groups that exist under the new routes too (same key, same receiver)
    /// keep their timers; all `alerts` are routed anew.
    pub fn apply_routes<'a>(&mut self, routes: Arc<RouteTree>, alerts: impl Iterator<Item = &'a Arc<HeldAlert>>, now: Now) -> usize {
        let old_routes = std::mem::replace(&mut self.routes, routes);
        let old_groups = std::mem::take(&mut self.groups);
        let mut timers: BTreeMap<(String, String), Group> = BTreeMap::new();
        for (id, group) in old_groups {
            let route = old_routes.route(id.route);
            timers.insert((route.group_key(&id.labels), route.receiver.clone()), group);
        }
        let mut refused = 0;
        for alert in alerts {
            for index in self.routes.matching(&alert.alert.labels) {
                let route = self.routes.route(index);
                let id = GroupId { route: index, labels: route.group_labels(&alert.alert.labels) };
                let old = timers.get(&(route.group_key(&id.labels), route.receiver.clone()));
                let was_in_it = old.is_some_and(|group| group.holds(alert.fingerprint));
                if alert.alert.is_resolved_at(now.wall_ms) && !was_in_it && !self.groups.contains_key(&id) {
                    continue;
                }
                if !self.groups.contains_key(&id) && self.groups.len() >= self.max_groups {
                    refused += 1;
                    continue;
                }
                let group =
                    self.groups.entry(id).or_insert_with(|| old.map_or_else(|| Group::new(route, now), |old| old.emptied(route, now)));
                group.insert(Arc::clone(alert), route, now);
            }
        }
        refused
    }
}

#[cfg(test)]
mod tests;
