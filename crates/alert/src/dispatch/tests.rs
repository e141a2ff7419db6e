//! Timers of groups, by example and by property.

use super::{Dispatcher, Now};
use crate::alerts::HeldAlert;
use crate::config::AlertConfig;
use phoenix_model::{Alert, Labels, Source};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const CONFIG: &str = "
route: {receiver: r, group_by: [g], group_wait: 30s, group_interval: 2m, routes: [{matchers: [fast=yes], group_wait: 0s, group_interval: 10s, continue: true}]}
receivers: [{name: r}]
";

fn dispatcher(max_groups: usize) -> Dispatcher {
    let (config, _) = AlertConfig::parse(&Source::new("c", CONFIG), Path::new(".")).unwrap();
    Dispatcher::new(config.routes, max_groups)
}

fn at(seconds: u64) -> Now {
    Now { wall_ms: seconds as i64 * 1_000, monotonic: Duration::from_secs(seconds) }
}

fn alert(labels: &[(&str, &str)], starts: i64, ends: i64) -> Arc<HeldAlert> {
    Arc::new(HeldAlert::new(Alert {
        labels: Labels::from_pairs(labels.iter().copied()),
        annotations: Labels::empty(),
        starts_at_ms: starts * 1_000,
        ends_at_ms: ends * 1_000,
        generator_url: String::new(),
        condition_since_ms: None,
        expression: None,
        updated_at_ms: starts * 1_000,
        timeout: false,
    }))
}

#[test]
fn a_group_comes_and_goes() {
    let mut dispatcher = dispatcher(10);
    dispatcher.insert(&alert(&[("g", "1")], 100, 1_000), at(100)).unwrap();
    assert_eq!(dispatcher.next_deadline(), Some(Duration::from_secs(130)));
    assert!(dispatcher.tick(at(129)).is_empty());
    let flush = dispatcher.tick(at(130)).remove(0);
    assert_eq!((flush.alerts.len(), flush.deadline), (1, Duration::from_secs(250)));
    dispatcher.flushed(&flush, 130_000);
    assert_eq!(dispatcher.groups().count(), 1, "it still fires");
    dispatcher.insert(&alert(&[("g", "1")], 100, 200), at(200)).unwrap();
    let flush = dispatcher.tick(at(250)).remove(0);
    // It fires again before everybody has been told that it had resolved.
    dispatcher.insert(&alert(&[("g", "1")], 251, 900), at(251)).unwrap();
    dispatcher.flushed(&flush, 250_000);
    assert_eq!(dispatcher.groups().count(), 1);
    dispatcher.insert(&alert(&[("g", "1")], 251, 300), at(300)).unwrap();
    let flush = dispatcher.tick(at(370)).remove(0);
    dispatcher.flushed(&flush, 370_000);
    assert_eq!((dispatcher.groups().count(), dispatcher.next_deadline()), (0, None));
    dispatcher.insert(&alert(&[("g", "1")], 251, 300), at(380)).unwrap();
    assert_eq!(dispatcher.groups().count(), 0, "what has ended opens no group");
}

#[test]
fn what_has_waited_elsewhere_does_not_wait_again() {
    let mut dispatcher = dispatcher(10);
    dispatcher.insert(&alert(&[("g", "1")], 60, 1_000), at(100)).unwrap();
    assert_eq!(dispatcher.tick(at(100)).len(), 1);
}

#[test]
fn too_many_groups_are_refused_by_name() {
    let mut dispatcher = dispatcher(1);
    dispatcher.insert(&alert(&[("g", "1")], 0, 1_000), at(0)).unwrap();
    let error = dispatcher.insert(&alert(&[("g", "2")], 0, 1_000), at(0)).unwrap_err();
    assert!(error.to_string().contains("limit of 1 alert groups") && error.to_string().contains("g=\"2\""), "{error}");
}

proptest! {
    /// Whatever comes in, and whenever the driver wakes up: a group is never flushed twice within
    /// its interval, and what fires is flushed at the latest one interval after it came in.
    #[test]
    fn flushes_keep_their_distance_and_miss_nobody(
        events in prop::collection::vec((0..40_u64, 0..3_usize, any::<bool>(), any::<bool>()), 1..60)
    ) {
        let mut dispatcher = dispatcher(10);
        let mut now = 1_000_u64;
        let mut last: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let mut waiting: BTreeMap<String, u64> = BTreeMap::new();
        for (wait, group, fast, resolved) in events {
            now += wait;
            for flush in dispatcher.tick(at(now)) {
                let interval = flush.routes.route(flush.id.route).group_interval.as_secs();
                let name = format!("{} {}", flush.id.route, flush.id.labels);
                if let Some((before, _)) = last.insert(name, (now, interval)) {
                    prop_assert!(now - before >= interval, "{now} comes too soon after {before}");
                }
                for told in &flush.alerts {
                    waiting.remove(&told.alert.labels.to_string());
                }
                dispatcher.flushed(&flush, now as i64 * 1_000);
                if flush.alerts.iter().all(|told| told.alert.is_resolved_at(now as i64 * 1_000)) {
                    // The group is gone; a new one of that name starts with its own wait.
                    last.remove(&format!("{} {}", flush.id.route, flush.id.labels));
                }
            }
            for since in waiting.values() {
                prop_assert!(now - since <= 120 + 40, "fires since {since} and nobody was told by {now}");
            }
            let (g, f) = (group.to_string(), if fast { "yes" } else { "no" });
            let ends = if resolved { now } else { now + 100_000 };
            let reported = alert(&[("g", &g), ("fast", f)], now as i64, ends as i64);
            dispatcher.insert(&reported, at(now)).unwrap();
            let name = reported.alert.labels.to_string();
            if resolved {
                waiting.remove(&name);
            } else {
                waiting.entry(name).or_insert(now);
            }
        }
    }
}
