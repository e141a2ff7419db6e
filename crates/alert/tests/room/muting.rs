//! Inhibition, silences and time intervals in the whole room, and what observers hear.

use crate::world::{START_MS, World};
use phoenix_alert::api::{ApiMatcher, PostableSilence, SilencesQuery};
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

const CONFIG: &str = "
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
  routes:
  - matchers: [team=nights]
    receiver: hook
    mute_time_intervals: [morning]
receivers:
- name: hook
  webhook_configs: [{url: WEBHOOK/hook}]
- name: other
  webhook_configs: [{url: WEBHOOK/other}]
inhibit_rules:
- {source_matchers: [severity=critical], target_matchers: [severity=warning], equal: [cluster]}
time_intervals:
- name: morning
  time_intervals: [{times: [{start_time: '08:00', end_time: '10:00'}]}]
";

pub fn silence(matcher: (&str, &str), minutes: i64) -> PostableSilence {
    let time = |ms: i64| phoenix_alert::template::go_time(ms);
    PostableSilence {
        id: None,
        matchers: vec![ApiMatcher { is_equal: true, is_regex: false, name: matcher.0.to_owned(), value: matcher.1.to_owned() }],
        starts_at: time(START_MS),
        ends_at: time(START_MS + minutes * 60_000),
        created_by: "ann".to_owned(),
        comment: "maintenance".to_owned(),
    }
}

#[tokio::test]
async fn an_alert_is_muted_while_another_explains_it() {
    let world = World::new(CONFIG).await;
    world.fire(&["alertname=Down severity=critical cluster=a", "alertname=Slow severity=warning cluster=a"]);
    world.fire(&["alertname=Slow2 severity=warning cluster=b"]);
    world.advance(31 * SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +Down", "/hook firing: +Slow2"]);
    let flushed = world.flushed();
    let slow = flushed.iter().find(|group| group.key.contains("\"Slow\"")).expect("observers hear of muted groups too");
    assert!(slow.alerts.is_empty());
    assert!(slow.muted[0].1.starts_with("inhibited by "), "{}", slow.muted[0].1);
    assert_eq!((slow.key.as_str(), slow.receiver.as_str()), ("{}:{alertname=\"Slow\"}", "hook"));
    world.resolve(&["alertname=Down severity=critical cluster=a"]);
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +Slow", "/hook resolved: -Down"]);
}

#[tokio::test]
async fn a_silence_mutes_until_it_ends_and_survives_a_restart() {
    let mut world = World::new(CONFIG).await;
    let id = world.alerting.set_silence(silence(("alertname", "Down"), 20)).await.unwrap();
    world.fire(&["alertname=Down", "alertname=Up"]);
    world.advance(31 * SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +Up"]);
    assert!(world.flushed().iter().any(|group| group.muted.iter().any(|(_, why)| *why == format!("silenced by {id}"))));
    world.kill_and_restart().await;
    world.advance(10 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new());
    world.alerting.delete_silence(&id, "bob").await.unwrap();
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +Down"]);
    assert_eq!(world.alerting.get_silences(&SilencesQuery::default()).unwrap().len(), 1, "expired ones are kept");
    let audit = world.state().await.audit_log(None, 10).await.unwrap();
    let told: Vec<String> = audit.iter().map(|entry| format!("{} {}", entry.who, entry.action)).collect();
    assert_eq!(told, ["bob silence.expire", "ann silence.set"]);
    // Forgotten five days after its end.
    world.clock.advance(Duration::from_hours(121));
    world.advance(2 * MINUTE).await;
    assert_eq!(world.alerting.get_silences(&SilencesQuery::default()).unwrap().len(), 0);
    assert_eq!(world.state().await.load_silences().await.unwrap().len(), 0);
}

#[tokio::test]
async fn a_route_is_quiet_in_its_time_intervals() {
    let world = World::new(CONFIG).await;
    world.fire(&["alertname=Batch team=nights"]);
    world.advance(59 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new());
    assert!(world.flushed().iter().all(|group| group.muted[0].1 == "muted by the time interval morning"));
    world.advance(6 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +Batch"]);
}

#[tokio::test]
async fn a_reload_keeps_what_was_told() {
    let mut world = World::new(CONFIG).await;
    world.fire(&["alertname=Down"]);
    world.advance(31 * SECOND).await;
    assert_eq!(world.webhooks.summary().len(), 1);
    world.apply(CONFIG);
    world.advance(10 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "the same config again: nothing is repeated");
    world.apply(&CONFIG.replacen("receiver: hook", "receiver: other", 1));
    world.advance(6 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/other firing: +Down"], "another receiver has not been told");
    let bad = CONFIG
        .replace("webhook_configs: [{url: WEBHOOK/other}]", "slack_configs: [{api_url: 'http://x', title: '{{ template \"x\" . }}'}]");
    let bad = crate::world::read_config(&bad.replace("WEBHOOK", &world.webhooks.url), std::path::Path::new("."));
    let error = world.alerting.apply_config(bad).unwrap_err();
    assert!(error.to_string().starts_with("receiver other: template"), "{error}");
    assert!(world.metrics().contains("alertmanager_config_last_reload_successful 0"));
    world.fire(&["alertname=Next"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/other firing: +Next"], "the old config is still in force");
}

#[tokio::test]
async fn without_a_config_observers_hear_of_groups() {
    let world = World::new("").await;
    world.fire(&["alertname=Down job=api instance=1", "alertname=Down job=api instance=2", "alertname=Down job=db instance=3"]);
    world.advance(11 * SECOND).await;
    let mut heard: Vec<String> = world.flushed().iter().map(|g| format!("{} {} {:?}", g.key, g.alerts.len(), g.receiver)).collect();
    heard.sort();
    assert_eq!(heard, [r#"{}:{alertname="Down", job="api"} 2 """#, r#"{}:{alertname="Down", job="db"} 1 """#]);
    world.resolve(&["alertname=Down job=db instance=3"]);
    world.advance(31 * SECOND).await;
    let last = world.flushed().into_iter().rfind(|group| group.key.contains("db")).unwrap();
    assert!(last.alerts[0].is_resolved_at(last.at_ms), "and of their end");
}
