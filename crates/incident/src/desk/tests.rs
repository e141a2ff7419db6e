use super::*;
use crate::schedule::Method;
use crate::timeline::EventKind;
use crate::{IncidentError, Status, Via};
use jiff::Timestamp;
use phoenix_model::{Alert, Labels, Source};

const MINUTE: i64 = 60_000;
/// Tuesday, 20 October 2026, noon UTC: platform-2 is primary and secondary, backend-1 takes over on Monday.
const NOON: &str = "2026-10-20T12:00:00Z";

const ON_CALL: &str = r#"
people:
  platform-1: {email: platform-1@example.org}
  platform-2: {slack: https://hooks.example.org/2, email: platform-2@example.org}
  backend-1: {email: backend-1@example.org}
  boss: {email: boss@example.org}
teams: {platform: [platform-1, platform-2], backend: [backend-1], sre: [platform-1]}
rotation: {day: monday, time: "09:00", zone: Europe/Berlin}
page_on: ['severity="critical"']
on_call_schedule:
  primary: {schedule: weekly, teams: [platform, backend]}
  secondary: {schedule: weekly, teams: [sre]}
  escalation: {15_minutes: secondary, 30_minutes: engineering_manager, 60_minutes: boss}
"#;

fn config(text: &str) -> OnCallConfig {
    match OnCallConfig::load(&Source::new("on-call.yaml", text)) {
        Ok((config, _)) => config,
        Err(found) => panic!("{found:?}"),
    }
}

/// A desk in simulated time. Pages are "delivered" at once, unless their method is among `down`.
struct Sim {
    desk: Desk,
    now_ms: i64,
    start_ms: i64,
    down: Vec<Method>,
    refusing: Vec<Method>,
    sent: Vec<String>,
    timeline: Vec<(IncidentId, crate::Event)>,
}

impl Sim {
    fn new(text: &str) -> Self {
        let now_ms = NOON.parse::<Timestamp>().unwrap().as_millisecond();
        let desk = Desk::new(config(text), Vec::new(), Vec::new(), 0, now_ms);
        Self { desk, now_ms, start_ms: now_ms, down: Vec::new(), refusing: Vec::new(), sent: Vec::new(), timeline: Vec::new() }
    }

    fn settle(&mut self) {
        loop {
            let orders = self.desk.tick(self.now_ms);
            self.keep();
            if orders.is_empty() {
                break;
            }
            for order in orders {
                let failure = |for_good| Err(PageFailure { reason: "connection refused".to_owned(), for_good });
                let result = if self.refusing.contains(&order.contact.method) {
                    failure(true)
                } else if self.down.contains(&order.contact.method) {
                    failure(false)
                } else {
                    let after = (self.now_ms - self.start_ms) / 1000;
                    self.sent.push(format!(
                        "{}m{:02}s {} {} as {} by {}",
                        after / 60,
                        after % 60,
                        order.incident,
                        order.person.id,
                        order.level,
                        order.contact.method.as_str()
                    ));
                    Ok(())
                };
                self.desk.page_result(&order, result, self.now_ms);
            }
        }
        self.keep();
        self.desk.forget(self.now_ms);
    }

    /// Takes over what would be written.
    fn keep(&mut self) {
        for id in self.desk.unsaved() {
            let incident = self.desk.get_mut(id).unwrap();
            let unsaved = std::mem::take(&mut incident.unsaved);
            self.timeline.extend(unsaved.events.into_iter().map(|event| (id, event)));
            incident.is_new = false;
        }
    }

    /// Lets time pass, stopping at every deadline on the way.
    fn advance(&mut self, ms: i64) {
        let end = self.now_ms + ms;
        self.settle();
        while let Some(deadline) = self.desk.next_deadline_ms().filter(|deadline| *deadline <= end) {
            assert!(deadline > self.now_ms, "a deadline that is past was not taken");
            self.now_ms = deadline;
            self.settle();
        }
        self.now_ms = end;
    }

    fn flush(&mut self, firing: &[Alert], muted: &[Alert]) {
        let group = FlushedGroup {
            key: "{}:{alertname=\"Down\"}".to_owned(),
            receiver: "team".to_owned(),
            group_labels: Labels::from_pairs([("alertname", "Down")]),
            alerts: firing.to_vec(),
            muted: muted.iter().map(|a| (a.clone(), "silenced by 1f2e".to_owned())).collect(),
            at_ms: self.now_ms,
        };
        self.desk.flushed(&group, self.now_ms);
        self.settle();
    }

    fn alert(&self, instance: &str, severity: &str) -> Alert {
        Alert {
            labels: Labels::from_pairs([("alertname", "Down"), ("instance", instance), ("severity", severity)]),
            annotations: Labels::from_pairs([("summary", format!("{instance} is down"))]),
            starts_at_ms: self.now_ms - 10_000,
            ends_at_ms: self.now_ms + 7 * 86_400_000,
            generator_url: String::new(),
            condition_since_ms: None,
            expression: Some(("promql".to_owned(), "up == 0".to_owned())),
            updated_at_ms: self.now_ms,
            timeout: false,
        }
    }

    fn resolved(&self, alert: &Alert) -> Alert {
        Alert { ends_at_ms: self.now_ms, ..alert.clone() }
    }

    fn incident(&self, id: i64) -> &Incident {
        self.desk.get(IncidentId(id)).unwrap()
    }

    fn act(&mut self, id: i64, action: impl FnOnce(&mut Incident, i64) -> Result<(), IncidentError>) -> Result<(), IncidentError> {
        let now_ms = self.now_ms;
        let result = action(self.desk.get_mut(IncidentId(id)).unwrap(), now_ms);
        self.settle();
        result
    }

    fn acknowledge(&mut self, id: i64) {
        self.act(id, |incident, now_ms| incident.acknowledge("anna", Via::Ui, "", now_ms)).unwrap();
    }

    fn story(&self) -> String {
        let lines: Vec<String> = self.timeline.iter().map(|(id, event)| format!("{id} {event}")).collect();
        lines.join("\n")
    }

    fn kinds(&self) -> Vec<EventKind> {
        self.timeline.iter().map(|(_, event)| event.kind).collect()
    }

    fn reopenings(&self) -> usize {
        self.kinds().into_iter().filter(|kind| *kind == EventKind::Reopened).count()
    }
}

#[test]
fn an_unanswered_page_climbs_and_skips_whoever_is_nobody() {
    let mut sim = Sim::new(ON_CALL);
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    sim.advance(120 * MINUTE);
    insta::assert_snapshot!(sim.sent.join("\n"), @"
    0m00s INC-1 platform-2 as primary by slack
    15m00s INC-1 platform-1 as secondary by email
    60m00s INC-1 boss as boss by email
    ");
    insta::assert_snapshot!(sim.story(), @r#"
    INC-1 2026-10-20T11:59:50Z alert_firing: Down fires: {alertname="Down",instance="api",severity="critical"} (because up == 0 holds)
    INC-1 2026-10-20T12:00:00Z group_flushed: group {alertname="Down"} of route receiver `team` was flushed with 1 alert firing
    INC-1 2026-10-20T12:00:00Z opened: INC-1 opened: Down: api is down (because page_on severity="critical" matched, so somebody is paged)
    INC-1 2026-10-20T12:00:00Z page_intended: to page platform-2 as primary by slack (because page_on severity="critical" matched and platform-2 is primary until Mon 2026-10-26 09:00 CET: it is platform's week, 2nd of 2 in platform has the turn)
    INC-1 2026-10-20T12:00:00Z page_started: paging platform-2 by slack
    INC-1 2026-10-20T12:00:00Z page_sent: paged platform-2 by slack (because page_on severity="critical" matched and platform-2 is primary until Mon 2026-10-26 09:00 CET: it is platform's week, 2nd of 2 in platform has the turn)
    INC-1 2026-10-20T12:15:00Z escalated: escalated to secondary: platform-1 (because nobody acknowledged within 15m)
    INC-1 2026-10-20T12:15:00Z page_intended: to page platform-1 as secondary by email to platform-1@example.org (because nobody acknowledged within 15m and platform-1 is secondary until Mon 2026-10-26 09:00 CET)
    INC-1 2026-10-20T12:15:00Z page_started: paging platform-1 by email to platform-1@example.org
    INC-1 2026-10-20T12:15:00Z page_sent: paged platform-1 by email to platform-1@example.org (because nobody acknowledged within 15m and platform-1 is secondary until Mon 2026-10-26 09:00 CET)
    INC-1 2026-10-20T12:30:00Z level_skipped: skipped engineering_manager (because engineering_manager names nobody: there is no level, team or person of this name)
    INC-1 2026-10-20T13:00:00Z escalated: escalated to boss (because nobody acknowledged within 1h)
    INC-1 2026-10-20T13:00:00Z page_intended: to page boss by email to boss@example.org (because nobody acknowledged within 1h and the escalation names boss directly)
    INC-1 2026-10-20T13:00:00Z page_started: paging boss by email to boss@example.org
    INC-1 2026-10-20T13:00:00Z page_sent: paged boss by email to boss@example.org (because nobody acknowledged within 1h and the escalation names boss directly)
    "#);
}

#[test]
fn an_acknowledgement_ends_the_climb() {
    for (after_minutes, pages) in [(0, 1), (14, 1), (15, 2), (59, 2), (60, 3)] {
        let mut sim = Sim::new(ON_CALL);
        let alert = sim.alert("api", "critical");
        sim.flush(&[alert], &[]);
        sim.advance(after_minutes * MINUTE);
        sim.acknowledge(1);
        sim.advance(600 * MINUTE);
        assert_eq!(sim.sent.len(), pages, "acknowledged after {after_minutes} minutes");
        assert_eq!(sim.incident(1).status, Status::Acknowledged);
        assert_eq!(sim.incident(1).acknowledged_by, "anna");
    }
}

#[test]
fn an_informational_alert_opens_an_incident_and_wakes_nobody() {
    let mut sim = Sim::new(ON_CALL);
    let alert = sim.alert("api", "info");
    sim.flush(std::slice::from_ref(&alert), &[]);
    sim.advance(120 * MINUTE);
    assert_eq!((sim.sent.len(), sim.incident(1).status), (0, Status::Open));
    // The group turns critical: now it pages, even after an acknowledgement.
    sim.acknowledge(1);
    let critical = sim.alert("db", "critical");
    sim.flush(&[alert, critical], &[]);
    assert_eq!(sim.sent.len(), 1);
    assert_eq!((sim.incident(1).status, sim.incident(1).severity.as_str()), (Status::Open, "critical"));
    assert_eq!(sim.incident(1).title, "Down: db is down (and 1 more)");
}

#[test]
fn silenced_groups_neither_open_nor_page_and_a_silence_pauses_the_climb() {
    let mut sim = Sim::new(ON_CALL);
    let alert = sim.alert("api", "critical");
    sim.flush(&[], std::slice::from_ref(&alert));
    sim.advance(60 * MINUTE);
    assert!(sim.timeline.is_empty());
    sim.flush(std::slice::from_ref(&alert), &[]);
    sim.advance(10 * MINUTE);
    sim.flush(&[], std::slice::from_ref(&alert));
    sim.advance(60 * MINUTE);
    assert_eq!(sim.sent.len(), 1, "the primary, before the silence");
    // Ten of the fifteen minutes had passed.
    sim.flush(&[alert], &[]);
    sim.advance(4 * MINUTE);
    assert_eq!(sim.sent.len(), 1);
    sim.advance(MINUTE);
    assert_eq!(sim.sent.len(), 2);
    for kind in [EventKind::Silenced, EventKind::PagingPaused, EventKind::AlertUnmuted, EventKind::PagingResumed] {
        assert_eq!(sim.kinds().into_iter().filter(|k| *k == kind).count(), 1, "{kind:?}");
    }
}

#[test]
fn it_closes_with_its_last_alert_and_reopens_within_half_an_hour() {
    for (quiet_minutes, reopens) in [(1, true), (30, true), (31, false), (600, false)] {
        let mut sim = Sim::new(ON_CALL);
        let (api, db) = (sim.alert("api", "critical"), sim.alert("db", "critical"));
        sim.flush(&[api.clone(), db.clone()], &[]);
        sim.acknowledge(1);
        sim.advance(5 * MINUTE);
        sim.flush(&[sim.resolved(&api), db.clone()], &[]);
        assert_eq!(sim.incident(1).status, Status::Acknowledged);
        sim.flush(&[sim.resolved(&db)], &[]);
        assert_eq!(sim.incident(1).status, Status::Resolved);
        sim.advance(quiet_minutes * MINUTE);
        let again = sim.alert("api", "critical");
        sim.flush(&[again], &[]);
        if reopens {
            assert_eq!((sim.incident(1).status, sim.incident(1).round), (Status::Open, 2), "after {quiet_minutes} minutes");
            assert!(sim.incident(1).acknowledged_by.is_empty());
        } else {
            assert_eq!(sim.incident(2).status, Status::Open, "after {quiet_minutes} minutes");
        }
        assert_eq!(sim.reopenings(), usize::from(reopens));
        assert_eq!(sim.sent.len(), 2, "who was paged before is paged again");
    }
}

#[test]
fn resolved_by_hand_stays_resolved_until_something_new_fires() {
    let mut sim = Sim::new(ON_CALL);
    let alert = sim.alert("api", "critical");
    sim.flush(std::slice::from_ref(&alert), &[]);
    sim.act(1, |incident, now_ms| incident.resolve("anna", Via::Cli, "known, is being replaced", now_ms)).unwrap();
    // It goes on firing for hours, flushed every five minutes: nobody is bothered again.
    for _ in 0..60 {
        sim.advance(5 * MINUTE);
        sim.flush(std::slice::from_ref(&alert), &[]);
    }
    assert_eq!((sim.incident(1).status, sim.sent.len(), sim.reopenings()), (Status::Resolved, 1, 0));
    // Resolved, and fires anew: the half hour since the manual resolution is long over.
    sim.flush(&[sim.resolved(&alert)], &[]);
    sim.advance(MINUTE);
    let anew = sim.alert("api", "critical");
    sim.flush(&[anew], &[]);
    assert_eq!((sim.incident(2).status, sim.sent.len()), (Status::Open, 2));
}

#[test]
fn the_next_method_is_tried_then_pauses_double() {
    let mut sim = Sim::new(ON_CALL);
    sim.desk.set_config(config(&ON_CALL.replace("platform-1: {email", "platform-1: {slack: https://hooks.example.org/1, email")));
    sim.down = vec![Method::Slack];
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    assert_eq!(sim.sent, ["0m00s INC-1 platform-2 as primary by email"]);
    let mut sim = Sim::new(ON_CALL);
    sim.down = vec![Method::Slack, Method::Email];
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    sim.advance(9 * MINUTE);
    let pauses: Vec<&str> =
        sim.timeline.iter().filter_map(|(_, e)| e.text.split_once("next attempt in ")).map(|(_, pause)| pause).collect();
    assert_eq!(pauses, ["10s", "20s", "40s", "1m20s", "2m40s", "5m"]);
    sim.down.clear();
    sim.advance(3 * MINUTE);
    assert_eq!(sim.sent, ["10m10s INC-1 platform-2 as primary by slack"]);
}

#[test]
fn who_refuses_for_good_is_given_up_and_the_next_level_is_paged_at_once() {
    let mut sim =
        Sim::new(&ON_CALL.replace("platform-1: {email: platform-1@example.org}", "platform-1: {webhook: http://pager.example.org}"));
    sim.refusing = vec![Method::Slack, Method::Email];
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    sim.advance(120 * MINUTE);
    assert_eq!(sim.sent, ["0m00s INC-1 platform-1 as secondary by webhook"]);
    let given_up: Vec<&str> = sim.timeline.iter().filter(|(_, e)| e.kind == EventKind::PageGivenUp).map(|(_, e)| e.text.as_str()).collect();
    assert_eq!(given_up, ["gave up paging platform-2", "gave up paging boss"]);
}

#[test]
fn with_nobody_to_page_that_is_said_once() {
    for text in ["", "on_call_schedule: {primary: {teams: []}, escalation: {15_minutes: ghost}}"] {
        let mut sim = Sim::new(text);
        let alert = sim.alert("api", "critical");
        sim.flush(&[alert], &[]);
        sim.advance(120 * MINUTE);
        assert_eq!(sim.kinds().into_iter().filter(|k| *k == EventKind::NotPaged).count(), 1, "{text}");
    }
}

#[test]
fn an_empty_first_level_passes_the_page_on_at_once() {
    let mut sim = Sim::new(&ON_CALL.replace("teams: [platform, backend]}", "teams: []}"));
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    sim.advance(120 * MINUTE);
    assert_eq!(sim.sent, ["0m00s INC-1 platform-1 as secondary by email", "60m00s INC-1 boss as boss by email"]);
}

#[test]
fn an_incident_whose_alerts_fall_silent_ends_some_time_after_their_end() {
    let mut sim = Sim::new(ON_CALL);
    let alert = Alert { ends_at_ms: sim.now_ms + 4 * MINUTE, ..sim.alert("api", "info") };
    sim.flush(&[alert], &[]);
    sim.advance(14 * MINUTE);
    assert_eq!(sim.incident(1).status, Status::Open);
    sim.advance(MINUTE);
    assert_eq!(sim.incident(1).status, Status::Resolved);
    assert!(sim.story().contains("nothing was heard of its alerts since 2026-10-20T12:00:00Z"), "{}", sim.story());
}

#[test]
fn a_page_after_the_handover_goes_to_the_next_week() {
    let mut sim = Sim::new(ON_CALL);
    sim.advance(6 * 24 * 60 * MINUTE);
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    assert_eq!(sim.sent, ["8640m00s INC-1 backend-1 as primary by email"]);
}

#[test]
fn actions_in_the_wrong_state_say_why() {
    let mut sim = Sim::new(ON_CALL);
    let alert = sim.alert("api", "critical");
    sim.flush(&[alert], &[]);
    let shown = |result: Result<(), IncidentError>| result.unwrap_err().to_string();
    assert_eq!(shown(sim.act(1, |i, now| i.acknowledge("  ", Via::Ui, "", now))), "say who you are: the name is empty");
    sim.acknowledge(1);
    assert_eq!(
        shown(sim.act(1, |i, now| i.acknowledge("bert", Via::Ui, "", now))),
        "INC-1 cannot be acknowledged: anna has done so already"
    );
    sim.act(1, |i, now| i.resolve("bert", Via::Link, "", now)).unwrap();
    assert_eq!(shown(sim.act(1, |i, now| i.resolve("bert", Via::Ui, "", now))), "INC-1 cannot be resolved: it is resolved already");
    assert_eq!(shown(sim.act(1, |i, now| i.note("bert", " \n", now))), "the note is empty");
    sim.act(1, |i, now| i.note("bert", "it was the network", now)).unwrap();
}

#[test]
fn a_timeline_has_an_end() {
    let mut sim = Sim::new(ON_CALL);
    let alert = sim.alert("api", "info");
    sim.flush(&[alert], &[]);
    for _ in 0..crate::timeline::MAX_EVENTS + 5 {
        let now_ms = sim.now_ms;
        sim.desk.get_mut(IncidentId(1)).unwrap().note("anna", "again", now_ms).unwrap();
    }
    sim.keep();
    assert_eq!(sim.timeline.len() as i64, crate::timeline::MAX_EVENTS + 1);
    assert_eq!(sim.kinds().last(), Some(&EventKind::TimelineFull));
}
