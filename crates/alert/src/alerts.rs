//! The alerts that are held: merged by labels, kept until they have resolved and nobody needs
//! them any more.

use crate::fingerprint::Fingerprint;
use phoenix_model::Alert;
use std::collections::BTreeMap;
use std::sync::Arc;

/// An alert that is held.
#[derive(Debug, Clone, PartialEq)]
pub struct HeldAlert {
    /// The identity of its labels.
    pub fingerprint: Fingerprint,
    /// The alert itself.
    pub alert: Alert,
}

impl HeldAlert {
    /// Takes an alert in.
    pub fn new(alert: Alert) -> Self {
        Self { fingerprint: Fingerprint::of(&alert.labels), alert }
    }
}

/// All alerts by fingerprint.
#[derive(Debug, Default)]
pub(crate) struct Alerts {
    held: BTreeMap<Fingerprint, Arc<HeldAlert>>,
    /// What the state store has of each: the end it was last written with.
    stored_ends_ms: BTreeMap<Fingerprint, i64>,
}

impl Alerts {
    pub(crate) fn len(&self) -> usize {
        self.held.len()
    }

    pub(crate) fn contains(&self, fingerprint: Fingerprint) -> bool {
        self.held.contains_key(&fingerprint)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<HeldAlert>> {
        self.held.values()
    }

    /// Takes an update in, merged with what is held if their times overlap. Returns the alert as
    /// it is held now, and whether the state store has to be told: for a new alert, a change that
    /// people would see, or when the end on record is about to pass.
    pub(crate) fn put(&mut self, update: Alert, now_ms: i64) -> (Arc<HeldAlert>, bool) {
        let mut update = HeldAlert::new(update);
        let old = self.held.get(&update.fingerprint);
        let visible = old.is_none_or(|old| {
            old.alert.annotations != update.alert.annotations
                || old.alert.is_resolved_at(now_ms) != update.alert.is_resolved_at(now_ms)
                || old.alert.generator_url != update.alert.generator_url
        });
        if let Some(old) = old {
            let (old, new) = (&old.alert, &update.alert);
            let end_inside = new.ends_at_ms > old.starts_at_ms && new.ends_at_ms < old.ends_at_ms;
            let start_inside = new.starts_at_ms > old.starts_at_ms && new.starts_at_ms < old.ends_at_ms;
            if end_inside || start_inside {
                update.alert = merge(old, new, now_ms);
            }
        }
        let ends_at_ms = update.alert.ends_at_ms;
        let stored_end = self.stored_ends_ms.get(&update.fingerprint).copied();
        // Written again once half of the time on record is used up, not with every evaluation.
        let running_out = stored_end.is_none_or(|stored| ends_at_ms > stored && stored - now_ms < (ends_at_ms - now_ms) / 2);
        let to_store = visible || running_out;
        if to_store {
            self.stored_ends_ms.insert(update.fingerprint, ends_at_ms);
        }
        let held = Arc::new(update);
        self.held.insert(held.fingerprint, Arc::clone(&held));
        (held, to_store)
    }

    /// Takes in what the state store had.
    pub(crate) fn restore(&mut self, alert: Alert) -> Arc<HeldAlert> {
        let held = Arc::new(HeldAlert::new(alert));
        self.stored_ends_ms.insert(held.fingerprint, held.alert.ends_at_ms);
        self.held.insert(held.fingerprint, Arc::clone(&held));
        held
    }

    /// Forgets resolved alerts that nobody `needs`; returns their fingerprints.
    pub(crate) fn collect_garbage(&mut self, now_ms: i64, needed: impl Fn(Fingerprint) -> bool) -> Vec<Fingerprint> {
        let gone: Vec<Fingerprint> = self
            .held
            .values()
            .filter(|held| held.alert.is_resolved_at(now_ms) && !needed(held.fingerprint))
            .map(|h| h.fingerprint)
            .collect();
        for fingerprint in &gone {
            self.held.remove(fingerprint);
            self.stored_ends_ms.remove(fingerprint);
        }
        gone
    }
}

/// Joins two reports of one alert whose times overlap: the later report counts, the earlier start
/// is kept, and of the ends the latest one that somebody really stated.
fn merge(a: &Alert, b: &Alert, now_ms: i64) -> Alert {
    let (older, newer) = if b.updated_at_ms < a.updated_at_ms { (b, a) } else { (a, b) };
    let mut merged = newer.clone();
    merged.starts_at_ms = older.starts_at_ms.min(newer.starts_at_ms);
    if merged.expression.is_none() {
        merged.expression.clone_from(&older.expression);
    }
    let older_end_counts = if newer.is_resolved_at(now_ms) { older.is_resolved_at(now_ms) } else { !older.timeout };
    if older.ends_at_ms > newer.ends_at_ms && older_end_counts {
        merged.ends_at_ms = older.ends_at_ms;
    }
    merged
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Labels;

    fn alert(starts: i64, ends: i64, updated: i64, timeout: bool) -> Alert {
        Alert {
            labels: Labels::from_pairs([("alertname", "A")]),
            annotations: Labels::empty(),
            starts_at_ms: starts,
            ends_at_ms: ends,
            generator_url: String::new(),
            condition_since_ms: None,
            expression: None,
            updated_at_ms: updated,
            timeout,
        }
    }

    #[test]
    fn overlapping_reports_are_joined() {
        // (first report, second report, now) -> (start, end)
        for (first, second, now, want) in [
            // the same alert, reported again later: the start stays
            (alert(10, 100, 10, true), alert(20, 120, 20, true), 20, (10, 120)),
            // a guessed end never holds against a later report that ends earlier
            (alert(10, 100, 10, true), alert(20, 60, 20, false), 20, (10, 60)),
            // a stated end does
            (alert(10, 100, 10, false), alert(20, 60, 20, false), 20, (10, 100)),
            // resolved now: it is over
            (alert(10, 100, 10, false), alert(10, 30, 30, false), 30, (10, 30)),
            // fires again after it had ended: a new alert
            (alert(10, 30, 30, false), alert(50, 150, 50, true), 50, (50, 150)),
        ] {
            let mut alerts = Alerts::default();
            alerts.put(first, now);
            let (held, _) = alerts.put(second, now);
            assert_eq!((held.alert.starts_at_ms, held.alert.ends_at_ms), want);
        }
    }

    #[test]
    fn the_store_is_told_when_it_matters() {
        let mut alerts = Alerts::default();
        let report = |alerts: &mut Alerts, now: i64, end: i64| alerts.put(alert(0, end, now, true), now).1;
        assert!(report(&mut alerts, 0, 240), "new");
        assert!(!report(&mut alerts, 60, 300), "the end on record is far enough away");
        assert!(report(&mut alerts, 150, 390), "less than half of it is left");
        assert!(report(&mut alerts, 160, 160), "resolved");
    }

    #[test]
    fn resolved_alerts_are_forgotten_when_nobody_needs_them() {
        let mut alerts = Alerts::default();
        let (held, _) = alerts.put(alert(0, 100, 0, false), 0);
        assert!(alerts.collect_garbage(99, |_| false).is_empty());
        assert!(alerts.collect_garbage(100, |_| true).is_empty());
        assert_eq!(alerts.collect_garbage(100, |_| false), [held.fingerprint]);
        assert_eq!(alerts.len(), 0);
    }
}
