//! An alert that needs no store: when samples cannot be stored, rules soon see nothing, and nothing
//! else would tell anybody.

use phoenix_model::{Alert, Labels};
use std::time::Duration;

/// How long samples have to be refused before somebody is told.
const HOLD: Duration = Duration::from_secs(30);
/// How often the alert is told again while it fires.
const RESEND: Duration = Duration::from_secs(15);
/// How long the alert lives without being told again.
const LIFE_MS: i64 = 120_000;

/// Watches whether scraped samples are stored.
#[derive(Debug, Default)]
pub(crate) struct Blindness {
    /// Since when samples are refused: by the monotonic clock, and by the wall.
    since: Option<(Duration, i64)>,
    told: Option<Duration>,
}

impl Blindness {
    /// Looks at the present state; gives the alert when it has to be told, or told to be over.
    pub(crate) fn look(&mut self, error: Option<&str>, monotonic: Duration, now_ms: i64) -> Option<Alert> {
        let Some(error) = error else {
            let since = self.since.take();
            let was_told = self.told.take().is_some();
            return since.filter(|_| was_told).map(|(_, since_ms)| alert("samples are stored again", since_ms, now_ms, now_ms));
        };
        let (since, since_ms) = *self.since.get_or_insert((monotonic, now_ms));
        let due = monotonic.saturating_sub(since) >= HOLD && self.told.is_none_or(|told| monotonic.saturating_sub(told) >= RESEND);
        due.then(|| {
            self.told = Some(monotonic);
            alert(error, since_ms, now_ms + LIFE_MS, now_ms)
        })
    }
}

fn alert(reason: &str, since_ms: i64, ends_at_ms: i64, now_ms: i64) -> Alert {
    Alert {
        labels: Labels::from_pairs([("alertname", "PhoenixCannotStoreSamples"), ("job", "phoenix"), ("severity", "critical")]),
        annotations: Labels::from_pairs([("summary", "Phoenix cannot store samples: rules soon see nothing"), ("description", reason)]),
        starts_at_ms: since_ms,
        ends_at_ms,
        generator_url: String::new(),
        expression: None,
        condition_since_ms: Some(since_ms),
        updated_at_ms: now_ms,
        timeout: false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_told_after_a_while_again_and_when_it_is_over() {
        let mut blindness = Blindness::default();
        let mut told = Vec::new();
        // Refused from second 10 to 69, with one good moment before that does not count.
        for second in 0..90_u64 {
            let error = (second == 3 || (10..70).contains(&second)).then_some("the disk is full");
            let now_ms = second as i64 * 1000;
            if let Some(alert) = blindness.look(error, Duration::from_secs(second), now_ms) {
                told.push((second, alert.starts_at_ms, alert.is_resolved_at(now_ms)));
            }
        }
        assert_eq!(told, [(40, 10_000, false), (55, 10_000, false), (70, 10_000, true)]);
    }
}
