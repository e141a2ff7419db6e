//! What reaches receivers, and when.

use crate::world::World;
use std::time::Duration;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_mins(1);

const WEBHOOK: &str = "
route:
  receiver: hook
  group_by: [alertname]
  group_wait: 30s
  group_interval: 5m
  repeat_interval: 1h
receivers:
- name: hook
  webhook_configs: [{url: WEBHOOK/hook}]
";

#[tokio::test]
async fn the_three_timers() {
    let world = World::new(WEBHOOK).await;
    world.fire(&["alertname=A instance=1"]);
    world.advance(29 * SECOND).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "group_wait has not passed");
    world.fire(&["alertname=A instance=2"]);
    world.advance(SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A +A"], "group_wait has passed");
    world.fire(&["alertname=A instance=3"]);
    world.advance(4 * MINUTE + 59 * SECOND).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "group_interval has not passed");
    world.advance(SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A +A +A"], "group_interval has passed");
    world.advance(59 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "nothing new, and not yet time to repeat");
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A +A +A"], "repeat_interval has passed");
    world.resolve(&["alertname=A instance=1", "alertname=A instance=2", "alertname=A instance=3"]);
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook resolved: -A -A -A"]);
    world.advance(120 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "it is over");
}

#[tokio::test]
async fn a_restart_neither_loses_nor_repeats() {
    let mut world = World::new(WEBHOOK).await;
    world.fire(&["alertname=A"]);
    world.advance(10 * SECOND).await;
    world.kill_and_restart().await;
    world.advance(30 * SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"], "killed between firing and notifying: notified once");
    world.kill_and_restart().await;
    world.advance(10 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "killed after notifying: not notified again");
    world.resolve(&["alertname=A"]);
    world.settle().await;
    world.kill_and_restart().await;
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook resolved: -A"], "killed between resolving and notifying");
    world.kill_and_restart().await;
    world.advance(10 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new());
}

#[tokio::test]
async fn a_webhook_gets_alertmanagers_json() {
    let world = World::new(&WEBHOOK.replace("[alertname]", "[alertname, job]")).await;
    world.fire(&["alertname=A job=api instance=1", "alertname=A job=api instance=2"]);
    world.advance(20 * SECOND).await;
    world.resolve(&["alertname=A job=api instance=2"]);
    world.advance(10 * SECOND).await;
    let mut posted = world.webhooks.taken();
    assert_eq!(posted.len(), 1);
    let posted = posted.remove(0);
    assert_eq!(posted.headers["content-type"], "application/json");
    assert!(posted.headers["user-agent"].to_str().unwrap().starts_with("Phoenix/"));
    insta::assert_json_snapshot!(posted.body, @r#"
    {
      "receiver": "hook",
      "status": "firing",
      "alerts": [
        {
          "status": "firing",
          "labels": {
            "alertname": "A",
            "instance": "1",
            "job": "api"
          },
          "annotations": {
            "summary": "something is wrong"
          },
          "startsAt": "2026-03-02T09:00:00Z",
          "endsAt": "0001-01-01T00:00:00Z",
          "generatorURL": "http://phoenix.test/graph?g0.expr=up",
          "fingerprint": "b8952b7cf48196dc"
        },
        {
          "status": "resolved",
          "labels": {
            "alertname": "A",
            "instance": "2",
            "job": "api"
          },
          "annotations": {
            "summary": "something is wrong"
          },
          "startsAt": "2026-03-02T09:00:00Z",
          "endsAt": "2026-03-02T09:00:20Z",
          "generatorURL": "http://phoenix.test/graph?g0.expr=up",
          "fingerprint": "0eac2fa9a22647ff"
        }
      ],
      "groupLabels": {
        "alertname": "A",
        "job": "api"
      },
      "commonLabels": {
        "alertname": "A",
        "job": "api"
      },
      "commonAnnotations": {
        "summary": "something is wrong"
      },
      "externalURL": "http://phoenix.test",
      "version": "4",
      "groupKey": "{}:{alertname=\"A\", job=\"api\"}",
      "truncatedAlerts": 0
    }
    "#);
}

#[tokio::test]
async fn what_fails_is_tried_again_and_what_is_refused_is_not() {
    let world = World::new(WEBHOOK).await;
    world.webhooks.answer([503, 500, 429]);
    world.fire(&["alertname=A"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"]);
    assert_eq!(world.webhooks.attempts(), 4);
    world.webhooks.answer([400]);
    world.fire(&["alertname=B"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.attempts(), 5, "a 400 is not tried again");
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +B"], "before the next flush of the group");
    let metrics = world.metrics();
    for line in [
        "alertmanager_notifications_total{integration=\"webhook\"} 3",
        "alertmanager_notifications_failed_total{integration=\"webhook\",reason=\"clientError\"} 1",
        "alertmanager_notification_requests_total{integration=\"webhook\"} 6",
        "alertmanager_notification_requests_failed_total{integration=\"webhook\"} 4",
        "alertmanager_alerts{state=\"active\"} 2",
        "alertmanager_dispatcher_aggregation_groups 2",
        "alertmanager_alerts_received_total{status=\"firing\",version=\"v2\"} 2",
        "alertmanager_config_last_reload_successful 1",
    ] {
        assert!(metrics.contains(line), "{line} in\n{metrics}");
    }
    assert!(metrics.contains("alertmanager_notification_latency_seconds_count{integration=\"webhook\"} 3"), "{metrics}");
}

#[tokio::test]
async fn a_receiver_that_hangs_delays_nobody() {
    let config = WEBHOOK.replace("webhook_configs: [{url: WEBHOOK/hook}]", "webhook_configs: [{url: WEBHOOK/hang}, {url: WEBHOOK/hook}]");
    let world = World::new(&config).await;
    let alerts: Vec<String> = (0..40).map(|i| format!("alertname=A{i}")).collect();
    world.fire(&alerts.iter().map(String::as_str).collect::<Vec<_>>());
    world.advance_without_settling(31 * SECOND).await;
    world.eventually(|world| world.webhooks.count() == 40, "the other integration is told of every group").await;
}

#[tokio::test]
async fn what_resolves_before_anybody_was_told_is_no_news() {
    let world = World::new(WEBHOOK).await;
    world.fire(&["alertname=A"]);
    world.advance(10 * SECOND).await;
    world.resolve(&["alertname=A"]);
    world.advance(10 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new());
}

#[tokio::test]
async fn what_is_not_reported_again_resolves_by_itself() {
    let world = World::new(WEBHOOK).await;
    world.fire_for(4, &["alertname=A"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"]);
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook resolved: -A"]);
}

#[tokio::test]
async fn only_firing_alerts_without_send_resolved_and_no_more_than_wanted() {
    let config = WEBHOOK.replace("{url: WEBHOOK/hook}", "{url: WEBHOOK/quiet, send_resolved: false}, {url: WEBHOOK/few, max_alerts: 1}");
    let world = World::new(&config).await;
    world.fire(&["alertname=A i=1", "alertname=A i=2"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/few firing: +A", "/quiet firing: +A +A"]);
    world.resolve(&["alertname=A i=1"]);
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/few firing: -A"], "only one alert is told, and the quiet one is not");
    world.resolve(&["alertname=A i=2"]);
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/few resolved: -A"]);
    world.fire(&["alertname=A i=2"]);
    world.advance(5 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/few firing: +A", "/quiet firing: +A"], "fires again: told again");
}

#[tokio::test]
async fn restarts_in_the_middle_of_an_attempt() {
    let mut world = World::new(WEBHOOK).await;
    // The receiver takes the message, but the process dies before it hears so.
    world.webhooks.answer([0]);
    world.fire(&["alertname=A"]);
    world.advance_without_settling(31 * SECOND).await;
    world.eventually(|world| world.webhooks.attempts() == 1, "an attempt is made").await;
    world.kill().await;
    let log = world.state().await.notifications().await.unwrap();
    assert_eq!(log.len(), 1);
    assert!(log[0].intent.is_some() && log[0].sent_at_ms.is_none(), "the intent is on record: {log:?}");
    world.restart().await;
    world.advance(SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"], "sent again at once");
    let log = world.state().await.notifications().await.unwrap();
    assert!(log[0].intent.is_none() && log[0].sent_at_ms.is_some(), "{log:?}");
}

#[tokio::test]
async fn an_alert_that_was_firing_gets_time_to_be_reported_after_a_long_stop() {
    let mut world = World::new(WEBHOOK).await;
    world.fire_for(4, &["alertname=A"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"]);
    world.kill().await;
    world.clock.advance(30 * MINUTE);
    world.restart().await;
    world.advance(2 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "not called resolved only because nobody listened");
    world.advance(10 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook resolved: -A"], "nobody reports it any more");
}

#[tokio::test]
async fn setting_the_clock_neither_delays_nor_repeats() {
    let world = World::new(WEBHOOK).await;
    world.fire(&["alertname=A"]);
    world.clock.jump_wall_ms(-3_600_000);
    world.advance(31 * SECOND).await;
    assert_eq!(world.webhooks.summary().len(), 1, "an hour back: told in time");
    world.clock.jump_wall_ms(3_600_000);
    world.advance(20 * MINUTE).await;
    assert!(world.webhooks.summary().len() <= 1, "an hour forward: repeat_interval may seem to have passed, once");
}

#[tokio::test]
async fn limits_are_named() {
    let limits = phoenix_alert::Limits { alerts: 3, groups: 2, silences: 1 };
    let world = World::with_limits(WEBHOOK, limits).await;
    world.fire(&["alertname=A", "alertname=B", "alertname=C", "alertname=D"]);
    world.advance(MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A", "/hook firing: +B"]);
    let metrics = world.metrics();
    assert!(metrics.contains("phoenix_alert_limit_hits_total{limit=\"alerts\"} 1"), "{metrics}");
}

#[tokio::test]
async fn two_replicas_on_one_database_send_once() {
    let mut world = World::new(WEBHOOK).await;
    let second = world.replica("second").await;
    let both = |world: &World, alerts: &[&str]| {
        world.fire(alerts);
        second.sink().send(world.alerts(alerts));
    };
    both(&world, &["alertname=A"]);
    world.advance(31 * SECOND).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"]);
    both(&world, &["alertname=A i=2"]);
    world.advance(6 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A +A"]);
}

#[tokio::test]
async fn a_state_store_that_does_not_answer_delays_but_does_not_stop() {
    let world = World::new(WEBHOOK).await;
    world.fire(&["alertname=A"]);
    world.settle().await;
    let blocked = world.state().await.begin().await.unwrap();
    world.advance_without_settling(30 * SECOND).await;
    world.advance_until(|world| world.webhooks.count() == 1, "told although nothing can be written").await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A"]);
    drop(blocked);
    world.advance(6 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), Vec::<String>::new(), "what was told is remembered meanwhile");
    world.fire(&["alertname=A i=2"]);
    world.advance(6 * MINUTE).await;
    assert_eq!(world.webhooks.summary(), ["/hook firing: +A +A"], "and it goes on once the store is back");
    assert!(!world.metrics().contains("phoenix_alert_state_errors_total 0"), "{}", world.metrics());
}
