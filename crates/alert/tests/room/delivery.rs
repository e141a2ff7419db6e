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
    world.advance(5 * MINUTE - SECOND).await;
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
