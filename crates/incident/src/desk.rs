//! All incidents that are open or may open again, and what to do next. No I/O; time is a parameter.

use crate::escalation::{PageFailure, PageOrder};
use crate::incident::{AlertStatus, Incident, IncidentId};
use crate::schedule::{OnCallConfig, Override};
use phoenix_alert::FlushedGroup;
use std::collections::{BTreeMap, HashMap};

/// Incidents that may be open at once; groups beyond that open none.
pub const MAX_INCIDENTS: usize = 10_000;

/// The incidents in mind.
#[derive(Debug)]
pub struct Desk {
    config: OnCallConfig,
    overrides: Vec<Override>,
    incidents: BTreeMap<IncidentId, Incident>,
    /// The latest incident of each group.
    by_key: HashMap<String, IncidentId>,
    next_id: i64,
    started_ms: i64,
    /// Groups that opened no incident because of [`MAX_INCIDENTS`].
    pub refused: u64,
}

impl Desk {
    /// A desk with the incidents that were watched when the process ended.
    pub fn new(config: OnCallConfig, overrides: Vec<Override>, watched: Vec<Incident>, last_id: i64, now_ms: i64) -> Self {
        let mut desk = Self {
            config,
            overrides,
            incidents: BTreeMap::new(),
            by_key: HashMap::new(),
            next_id: last_id + 1,
            started_ms: now_ms,
            refused: 0,
        };
        for mut incident in watched {
            incident.resume_pages(now_ms);
            desk.by_key.insert(incident.group_key.clone(), incident.id);
            desk.incidents.insert(incident.id, incident);
        }
        desk
    }

    /// The on-call file in force.
    pub fn config(&self) -> &OnCallConfig {
        &self.config
    }

    /// Puts another on-call file in force. Steps already taken stay taken.
    pub fn set_config(&mut self, config: OnCallConfig) {
        self.config = config;
    }

    /// Overrides in force or to come.
    pub fn overrides(&self) -> &[Override] {
        &self.overrides
    }

    /// Replaces the overrides.
    pub fn set_overrides(&mut self, overrides: Vec<Override>) {
        self.overrides = overrides;
    }

    /// An incident in mind.
    pub fn get(&self, id: IncidentId) -> Option<&Incident> {
        self.incidents.get(&id)
    }

    /// An incident in mind, to note what was written.
    pub fn get_mut(&mut self, id: IncidentId) -> Option<&mut Incident> {
        self.incidents.get_mut(&id)
    }

    /// Puts a changed copy in the place of an incident in mind; others are not taken in.
    pub fn replace(&mut self, incident: Incident) {
        if let Some(place) = self.incidents.get_mut(&incident.id) {
            *place = incident;
        }
    }

    /// All incidents in mind, oldest first.
    pub fn iter(&self) -> impl Iterator<Item = &Incident> {
        self.incidents.values()
    }

    /// Incidents with something to write.
    pub fn unsaved(&self) -> Vec<IncidentId> {
        self.incidents.values().filter(|i| i.unsaved.any).map(|i| i.id).collect()
    }

    /// The flush of a group: opens, changes, closes or reopens its incident.
    pub fn flushed(&mut self, group: &FlushedGroup, now_ms: i64) {
        let known = self.by_key.get(&group.key).copied();
        if let Some(incident) = known.and_then(|id| self.incidents.get_mut(&id)) {
            if incident.is_live() {
                incident.flushed(group, &self.config, now_ms);
                return;
            }
            if !incident.flushed_after_end(group, now_ms) {
                return;
            }
            let ended_ms = incident.resolved_ms.unwrap_or(i64::MIN);
            if now_ms.saturating_sub(ended_ms) <= self.config.reopen_within.as_millis() as i64 {
                incident.reopen(group, &self.config, now_ms);
                return;
            }
        }
        if self.incidents.values().filter(|i| i.is_live()).count() >= MAX_INCIDENTS {
            self.refused += 1;
            tracing::error!(group = group.key, "no incident opened: {MAX_INCIDENTS} are open already (limit `incident.open`)");
            return;
        }
        if let Some(incident) = Incident::open(IncidentId(self.next_id), group, &self.config, now_ms) {
            self.next_id += 1;
            self.by_key.insert(group.key.clone(), incident.id);
            self.incidents.insert(incident.id, incident);
        }
    }

    /// Takes every step that is due and gives the pages to send now.
    pub fn tick(&mut self, now_ms: i64) -> Vec<PageOrder> {
        let mut orders = Vec::new();
        for incident in self.incidents.values_mut() {
            incident.end_if_lost(self.started_ms, now_ms);
            orders.extend(incident.tick(&self.config, &self.overrides, now_ms));
        }
        orders
    }

    /// The outcome of a page.
    pub fn page_result(&mut self, order: &PageOrder, result: Result<(), PageFailure>, now_ms: i64) {
        if let Some(incident) = self.incidents.get_mut(&order.incident) {
            incident.page_result(order, result, &self.config, now_ms);
        }
    }

    /// Whether an incident has to be kept in mind: it is open, could be reopened, or was closed by
    /// hand while its alerts go on firing.
    pub fn watches(&self, incident: &Incident, now_ms: i64) -> bool {
        incident.is_live() || self.forget_at_ms(incident).is_none_or(|at| at > now_ms)
    }

    fn forget_at_ms(&self, incident: &Incident) -> Option<i64> {
        let newest = self.by_key.get(&incident.group_key).is_none_or(|id| *id <= incident.id);
        if !newest {
            return Some(i64::MIN);
        }
        let resolved_ms = incident.resolved_ms?;
        let fires_on = incident.alerts.values().filter(|a| a.status != AlertStatus::Resolved).map(|a| a.alert.ends_at_ms).max();
        let reopens_until = resolved_ms.saturating_add(self.config.reopen_within.as_millis() as i64);
        // The last moment at which it could be reopened still counts.
        Some(
            1 + match fires_on {
                // As patient as with a live incident: flushes may be rare.
                Some(ends) => {
                    reopens_until.max(ends).max(incident.last_flush_ms.saturating_add((3 * incident.flush_interval_ms).max(900_000)))
                }
                None => reopens_until,
            },
        )
    }

    /// Removes what need not be kept in mind any longer; the caller writes that down first.
    pub fn forget(&mut self, now_ms: i64) -> Vec<Incident> {
        let ids: Vec<IncidentId> = self.incidents.values().filter(|i| !self.watches(i, now_ms)).map(|i| i.id).collect();
        let mut forgotten = Vec::new();
        for id in ids {
            if let Some(incident) = self.incidents.remove(&id) {
                if self.by_key.get(&incident.group_key) == Some(&id) {
                    self.by_key.remove(&incident.group_key);
                }
                forgotten.push(incident);
            }
        }
        forgotten
    }

    /// When [`Desk::tick`] or [`Desk::forget`] has something to do next; `None` when nothing is in mind.
    pub fn next_deadline_ms(&self) -> Option<i64> {
        self.incidents
            .values()
            .flat_map(|i| {
                let forget = if i.is_live() { None } else { self.forget_at_ms(i) };
                [i.paging_deadline_ms(&self.config), i.lost_deadline_ms(self.started_ms), forget]
            })
            .flatten()
            .min()
    }
}

#[cfg(test)]
mod tests;
