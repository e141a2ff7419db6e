//! From a flush to a delivered message, for one integration: is there anything new to tell, say so
//! in the notification log, send until it is delivered or too late, write down the result.
//!
//! What a crash can do: before the intent is written, nothing was sent, and the group's next flush
//! (after the restart) sends. Between intent and result the receiver may or may not have taken the
//! message; the log has no result, so it is sent again: at least once. Mail is then sent with the
//! same Message-ID, and a webhook carries the same `groupKey`. After the result nothing is repeated.

use super::retry::Backoff;
use super::{FailureKind, Notification, NotifyError, Sender};
use crate::alerting::Room;
use crate::alerts::HeldAlert;
use crate::dispatch::Now;
use crate::template::Data;
use phoenix_model::Labels;
use phoenix_state::{Claim, Delivery, Intent, NotificationEntry, NotificationKey};
use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

/// How often the log is looked at again when another replica was faster.
const LOOKS: usize = 3;

/// One integration's share of a flush.
pub(crate) struct Job {
    pub sender: Arc<Sender>,
    pub key: NotificationKey,
    pub group_labels: Labels,
    pub alerts: Vec<Arc<HeldAlert>>,
    pub repeat_interval: Duration,
    pub now: Now,
    /// In monotonic time.
    pub deadline: Duration,
}

/// What the log says about a flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Verdict {
    /// There is something to tell.
    Send,
    /// Everybody knows already.
    Nothing,
    /// The receiver does not want to hear of it, but the log has to know.
    OnlyLog,
}

/// Tells what there is to tell. `false`: somebody does not know yet, so keep what has resolved.
pub(crate) async fn notify(room: &Room, job: Job) -> bool {
    let Some(_busy) = room.claim_locally(&job.key) else {
        // The attempt of the flush before is still on its way.
        return false;
    };
    let delivery = delivery(&job);
    for _ in 0..LOOKS {
        let known = room.log_entry(&job.key).await;
        let verdict = verdict(known.entry.as_ref(), &delivery, job.sender.integration.send_resolved, job.repeat_interval, job.now.wall_ms);
        if verdict == Verdict::Nothing {
            return true;
        }
        let left = job.deadline.saturating_sub(room.clock.monotonic());
        let now_ms = room.clock.now_ms();
        let intent = Intent {
            delivery: &delivery,
            holder: &room.replica,
            seen_sent_at_ms: known.stored_ms,
            at_ms: now_ms,
            until_ms: now_ms.saturating_add(left.as_millis() as i64),
            expires_at_ms: expiry(&job),
        };
        match room.log_intent(&job.key, &intent).await {
            Claim::Granted => {}
            Claim::Outdated => continue,
            Claim::HeldBy { .. } => return false,
        }
        if verdict == Verdict::OnlyLog {
            room.log_sent(&job.key, &delivery, job.now.wall_ms, expiry(&job)).await;
            return true;
        }
        let previous_ms = known.entry.and_then(|entry| entry.sent_at_ms);
        return send(room, &job, &delivery, previous_ms).await;
    }
    false
}

async fn send(room: &Room, job: &Job, delivery: &Delivery, previous_ms: Option<i64>) -> bool {
    let name = job.sender.integration.kind.name();
    let kind = [("integration", name)];
    room.metrics.notifications.get_or_create(&kind).inc();
    let started = room.clock.monotonic();
    let result = attempt_until_deadline(room, job, delivery, previous_ms).await;
    room.metrics.latency.observe(name, room.clock.monotonic().saturating_sub(started).as_secs_f64());
    match result {
        Ok(()) => {
            tracing::debug!(receiver = job.key.receiver, integration = name, group = job.key.group_key, "notified");
            room.log_sent(&job.key, delivery, job.now.wall_ms, expiry(job)).await;
            true
        }
        Err(error) => {
            room.metrics.notifications_failed.get_or_create(&[("integration", name), ("reason", error.kind.as_str())]).inc();
            tracing::error!(receiver = job.key.receiver, integration = name, group = job.key.group_key, "cannot notify: {error}");
            room.log_failed(&job.key, &error.reason).await;
            false
        }
    }
}

async fn attempt_until_deadline(room: &Room, job: &Job, delivery: &Delivery, previous_ms: Option<i64>) -> Result<(), NotifyError> {
    let only_firing = !job.sender.integration.send_resolved;
    let told: Vec<_> = job.alerts.iter().filter(|held| !(only_firing && held.alert.is_resolved_at(job.now.wall_ms))).cloned().collect();
    let data = Data::new(&job.key.receiver, &job.group_labels, &told, &room.external_url, job.now.wall_ms);
    let notification =
        Notification { group_key: &job.key.group_key, value: data.to_value(), data: &data, delivery, previous_ms, now_ms: job.now.wall_ms };
    let name = [("integration", job.sender.integration.kind.name())];
    let mut backoff = Backoff::new(room.next_seed());
    let mut last: Option<NotifyError> = None;
    let too_late = |last: Option<NotifyError>| NotifyError {
        kind: FailureKind::DeadlineExceeded,
        reason: match last {
            Some(error) => format!("gave up until the next flush of the group; the last attempt failed: {error}"),
            None => "no attempt could begin before the next flush of the group: too many messages are on their way".to_owned(),
        },
        retryable: true,
        retry_after: None,
    };
    loop {
        let attempt = async {
            let _permit = job.sender.permits.acquire().await.map_err(|_| NotifyError::permanent("shutting down"))?;
            room.metrics.requests.get_or_create(&name).inc();
            job.sender.send(&notification).await
        };
        let result = tokio::select! {
            result = attempt => result,
            () = room.clock.sleep_until(job.deadline) => return Err(too_late(last)),
        };
        let error = match result {
            Ok(()) => return Ok(()),
            Err(error) => error,
        };
        room.metrics.requests_failed.get_or_create(&name).inc();
        if !error.retryable {
            return Err(error);
        }
        tracing::warn!(receiver = job.key.receiver, integration = name[0].1, "attempt failed, trying again: {error}");
        let wait = backoff.wait(error.retry_after);
        last = Some(error);
        if room.clock.monotonic() + wait >= job.deadline {
            return Err(too_late(last));
        }
        room.resting(room.clock.sleep(wait)).await;
    }
}

fn delivery(job: &Job) -> Delivery {
    let mut delivery = Delivery::default();
    for held in &job.alerts {
        let list = if held.alert.is_resolved_at(job.now.wall_ms) { &mut delivery.resolved } else { &mut delivery.firing };
        list.push(held.fingerprint.to_string());
    }
    delivery.firing.sort_unstable();
    delivery.resolved.sort_unstable();
    delivery
}

/// Twice as long as the log is needed for; Alertmanager keeps it as long.
fn expiry(job: &Job) -> i64 {
    job.now.wall_ms.saturating_add(2 * job.repeat_interval.as_millis().min(i64::MAX as u128 / 4) as i64)
}

/// Whether a flush tells something that the last delivery did not, or the time to repeat has come.
fn verdict(entry: Option<&NotificationEntry>, flush: &Delivery, send_resolved: bool, repeat: Duration, now_ms: i64) -> Verdict {
    let Some((sent_at_ms, told)) = entry.and_then(|entry| Some((entry.sent_at_ms?, &entry.delivered))) else {
        // Nobody was told anything: what has resolved meanwhile is no news.
        return if flush.firing.is_empty() { Verdict::Nothing } else { Verdict::Send };
    };
    let subset = |part: &[String], whole: &[String]| {
        let whole: BTreeSet<&String> = whole.iter().collect();
        part.iter().all(|fingerprint| whole.contains(fingerprint))
    };
    if !subset(&flush.firing, &told.firing) {
        return Verdict::Send;
    }
    if flush.firing.is_empty() {
        return match (told.firing.is_empty(), send_resolved) {
            (true, _) => Verdict::Nothing,
            (false, true) => Verdict::Send,
            (false, false) => Verdict::OnlyLog,
        };
    }
    if send_resolved && !subset(&flush.resolved, &told.resolved) {
        return Verdict::Send;
    }
    if now_ms.saturating_sub(sent_at_ms) >= repeat.as_millis() as i64 { Verdict::Send } else { Verdict::Nothing }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_worth_telling() {
        use Verdict::{Nothing, OnlyLog, Send};
        let list = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        // told (firing/resolved) 10 minutes ago, now (firing/resolved), with and without send_resolved
        for (told, now, want_resolved, want_without) in [
            (None, ("a", ""), Send, Send),
            (None, ("", "a"), Nothing, Nothing),
            (Some(("a", "")), ("a", ""), Nothing, Nothing),
            (Some(("a", "")), ("a b", ""), Send, Send),
            (Some(("a b", "")), ("a", "b"), Send, Nothing),
            (Some(("a", "b")), ("a", "b"), Nothing, Nothing),
            (Some(("a b", "")), ("a", ""), Nothing, Nothing),
            (Some(("a", "")), ("", "a"), Send, OnlyLog),
            (Some(("", "a")), ("", "a"), Nothing, Nothing),
            (Some(("", "a")), ("a", ""), Send, Send),
        ] {
            let entry = told.map(|(firing, resolved)| NotificationEntry {
                key: NotificationKey { group_key: String::new(), receiver: String::new(), integration: String::new(), position: 0 },
                sent_at_ms: Some(0),
                delivered: Delivery { firing: list(firing), resolved: list(resolved) },
                receiver_data: String::new(),
                intent: None,
                failed_at_ms: None,
                failures: 0,
                last_error: String::new(),
            });
            let flush = Delivery { firing: list(now.0), resolved: list(now.1) };
            for (send_resolved, want) in [(true, want_resolved), (false, want_without)] {
                let got = verdict(entry.as_ref(), &flush, send_resolved, Duration::from_mins(20), 600_000);
                assert_eq!(got, want, "{told:?} then {now:?}, send_resolved {send_resolved}");
            }
            if let (Some(told), false) = (told, now.0.is_empty()) {
                let got = verdict(entry.as_ref(), &flush, true, Duration::from_mins(10), 600_000);
                assert_eq!(got, Send, "{told:?}: the time to repeat has come");
            }
        }
    }
}
