//! The whole room in simulated time: groups go in, pages come out, the process dies and returns.

use jiff::Timestamp;
use phoenix_alert::{FlushedGroup, GroupObserver};
use phoenix_env::{Clock, SharedClock, SimClock};
use phoenix_incident::{
    EventKind, IncidentError, IncidentFilter, IncidentId, Incidents, LinkAction, OnCallConfig, PageFailure, PageMessage, Pager, Status,
    Update, Via,
};
use phoenix_model::{Alert, Labels, Source};
use phoenix_state::State;
use prometheus_client::registry::Registry;
use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::task::JoinHandle;

const ON_CALL: &str = r#"
people:
  anna: {email: anna@example.org, webhook: http://pager.example.org/anna}
  bert: {slack: https://hooks.example.org/bert}
teams: {platform: [anna], sre: [bert]}
rotation: {day: monday, time: "09:00", zone: Europe/Berlin}
page_on: ['severity="critical"']
on_call_schedule:
  primary: {schedule: weekly, teams: [platform]}
  secondary: {schedule: weekly, teams: [sre]}
  escalation: {15_minutes: secondary, 30_minutes: engineering_manager}
"#;

#[derive(Clone, Copy, PartialEq)]
enum Mood {
    Takes,
    Fails,
    Hangs,
}

/// Records what it is asked to send, with what the store says of the page at that moment.
struct Recorder {
    clock: Arc<SimClock>,
    start_ms: i64,
    mood: Mutex<Mood>,
    state: Mutex<Option<State>>,
    asked: Mutex<Vec<String>>,
    last: Mutex<Option<PageMessage>>,
}

impl Pager for Recorder {
    fn send<'a>(&'a self, message: &'a PageMessage) -> Pin<Box<dyn Future<Output = Result<(), PageFailure>> + Send + 'a>> {
        Box::pin(async move {
            let after = (self.clock.now_ms() - self.start_ms) / 1000;
            let state = self.state.lock().unwrap().clone();
            let rows = match state {
                Some(state) => state.incident_pages(1).await.unwrap(),
                None => Vec::new(),
            };
            let kept = rows.iter().rfind(|row| row.person == message.person).map_or("not kept", |row| row.status.as_str()).to_owned();
            self.asked.lock().unwrap().push(format!(
                "{}m{:02}s {} by {} ({kept})",
                after / 60,
                after % 60,
                message.key,
                message.contact.method.as_str()
            ));
            *self.last.lock().unwrap() = Some(message.clone());
            let mood = *self.mood.lock().unwrap();
            match mood {
                Mood::Takes => Ok(()),
                Mood::Fails => Err(PageFailure { reason: "connection refused".to_owned(), for_good: false }),
                Mood::Hangs => std::future::pending().await,
            }
        })
    }
}

/// A process that can be killed and started again on the same data folder.
struct House {
    dir: tempfile::TempDir,
    clock: Arc<SimClock>,
    pager: Arc<Recorder>,
    registry: Registry,
    running: Option<(Incidents, JoinHandle<()>)>,
}

fn config() -> OnCallConfig {
    match OnCallConfig::load(&Source::new("on-call.yaml", ON_CALL)) {
        Ok((config, _)) => config,
        Err(found) => panic!("{found:?}"),
    }
}

impl House {
    async fn start() -> Self {
        let start_ms = "2026-10-20T12:00:00Z".parse::<Timestamp>().unwrap().as_millisecond();
        let clock = SimClock::new(start_ms);
        let pager = Recorder {
            clock: Arc::clone(&clock),
            start_ms,
            mood: Mutex::new(Mood::Takes),
            state: Mutex::new(None),
            asked: Mutex::default(),
            last: Mutex::default(),
        };
        let dir = tempfile::tempdir().unwrap();
        let mut house = Self { dir, clock, pager: Arc::new(pager), registry: Registry::default(), running: None };
        house.restart().await;
        house
    }

    fn database(&self) -> PathBuf {
        self.dir.path().join("state.db")
    }

    /// Nothing is told to the driver: it just ends, as with `kill -9`. (The database's own
    /// behaviour under a kill is the state room's test.)
    async fn kill(&mut self) {
        if let Some((_, task)) = self.running.take() {
            task.abort();
            let _ = task.await;
        }
        let state = self.pager.state.lock().unwrap().take();
        if let Some(state) = state {
            state.close().await;
        }
    }

    async fn restart(&mut self) {
        self.kill().await;
        let state = State::open(self.database().to_str().unwrap()).await.unwrap();
        *self.pager.state.lock().unwrap() = Some(state.clone());
        self.registry = Registry::default();
        let clock: SharedClock = Arc::clone(&self.clock) as SharedClock;
        let pager = Arc::clone(&self.pager) as Arc<dyn Pager>;
        let (incidents, driver) =
            Incidents::open(state, config(), "http://127.0.0.1:9090/", pager, clock, &mut self.registry).await.unwrap();
        let task = tokio::spawn(driver.run(std::future::pending()));
        self.running = Some((incidents, task));
        self.settle().await;
    }

    fn incidents(&self) -> &Incidents {
        &self.running.as_ref().unwrap().0
    }

    /// Returns once everything handed in so far has been taken in, written and sent.
    async fn settle(&self) {
        for _ in 0..4 {
            // A request is answered only after the driver has gone round.
            let nobody = self.incidents().note(IncidentId(i64::MAX), "nobody", "-").await;
            assert!(matches!(nobody, Err(IncidentError::NotFound(_))));
            tokio::task::yield_now().await;
        }
    }

    async fn advance(&self, duration: Duration) {
        let end = self.clock.monotonic() + duration;
        loop {
            self.settle().await;
            let left = end.saturating_sub(self.clock.monotonic());
            let step = self.clock.next_deadline_in().unwrap_or(left).min(left);
            self.clock.advance(step);
            if left == step {
                break;
            }
        }
        self.settle().await;
    }

    async fn minutes(&self, minutes: u64) {
        self.advance(Duration::from_secs(60 * minutes)).await;
    }

    fn alert(&self, severity: &str, fires: bool) -> Alert {
        let now_ms = self.clock.now_ms();
        Alert {
            labels: Labels::from_pairs([("alertname", "ApiDown"), ("job", "api"), ("severity", severity)]),
            annotations: Labels::from_pairs([
                ("summary", "The <API> is down"),
                ("description", "Nothing answers & nobody knows why"),
                ("runbook_url", "https://wiki.example.org/api-down"),
            ]),
            starts_at_ms: self.pager.start_ms - 5_000,
            ends_at_ms: if fires { now_ms + 86_400_000 } else { now_ms },
            generator_url: String::new(),
            condition_since_ms: None,
            expression: Some(("promql".to_owned(), "up{job=\"api\"} == 0".to_owned())),
            updated_at_ms: now_ms,
            timeout: false,
        }
    }

    async fn flush(&self, severity: &str, fires: bool) {
        let alerts = vec![self.alert(severity, fires)];
        self.incidents().group_flushed(&FlushedGroup {
            key: "{}:{alertname=\"ApiDown\"}".to_owned(),
            receiver: "team".to_owned(),
            group_labels: Labels::from_pairs([("alertname", "ApiDown")]),
            alerts,
            muted: Vec::new(),
            at_ms: self.clock.now_ms(),
        });
        self.settle().await;
    }

    fn asked(&self) -> Vec<String> {
        self.pager.asked.lock().unwrap().clone()
    }

    fn mood(&self, mood: Mood) {
        *self.pager.mood.lock().unwrap() = mood;
    }
}

const INC_1: IncidentId = IncidentId(1);

#[tokio::test]
async fn from_a_flush_to_the_end_with_everything_kept() {
    let house = House::start().await;
    let mut updates = house.incidents().updates();
    house.flush("critical", true).await;
    house.minutes(20).await;
    assert_eq!(
        house.asked(),
        ["0m00s INC-1/1/primary/anna by email (sending)", "15m00s INC-1/1/secondary/bert by slack (sending)"],
        "the intent is kept before the page is sent"
    );
    let detail = house.incidents().acknowledge(INC_1, "Cora", Via::Api, "on it").await.unwrap();
    assert_eq!(detail.summary.state, Status::Acknowledged);
    // The shape that docs/reference/http-api.md promises.
    insta::assert_snapshot!(serde_json::to_string_pretty(&detail.summary).unwrap(), @r#"
    {
      "id": "INC-1",
      "title": "ApiDown: The <API> is down",
      "severity": "critical",
      "state": "acknowledged",
      "labels": {
        "alertname": "ApiDown",
        "job": "api",
        "severity": "critical"
      },
      "annotations": {
        "description": "Nothing answers & nobody knows why",
        "runbook_url": "https://wiki.example.org/api-down",
        "summary": "The <API> is down"
      },
      "group_key": "{}:{alertname=\"ApiDown\"}",
      "receiver": "team",
      "paging": true,
      "opened_at": "2026-10-20T12:00:00Z",
      "reopened_at": null,
      "acknowledged_at": "2026-10-20T12:20:00Z",
      "acknowledged_by": "Cora",
      "resolved_at": null,
      "resolved_by": null,
      "reopened": 0,
      "expression": {
        "language": "promql",
        "text": "up{job=\"api\"} == 0"
      },
      "runbook_url": "https://wiki.example.org/api-down",
      "figures": {
        "condition_started_at": "2026-10-20T11:59:55Z",
        "detected_at": "2026-10-20T12:00:00Z",
        "paged_at": "2026-10-20T12:00:00Z",
        "time_to_detect_seconds": 5.0,
        "time_to_page_seconds": 0.0,
        "time_to_acknowledge_seconds": 1200.0,
        "time_to_resolve_seconds": null
      },
      "escalation": {
        "level": "secondary",
        "next_level": null,
        "next_at": null,
        "stopped_because": "acknowledged by Cora"
      }
    }
    "#);
    insta::assert_snapshot!(serde_json::to_string(&detail.pages[0]).unwrap(), @r#"{"round":1,"level":"primary","person":"anna","status":"sent","method":"email","address":"anna@example.org","attempts":1,"intended_at":"2026-10-20T12:00:00Z","next_attempt_at":null,"sent_at":"2026-10-20T12:00:00Z","error":null,"why":"page_on severity=\"critical\" matched and anna is primary until Mon 2026-10-26 09:00 CET"}"#);
    insta::assert_snapshot!(serde_json::to_string(detail.timeline.last().unwrap()).unwrap(), @r#"{"id":11,"at":"2026-10-20T12:20:00Z","kind":"acknowledged","text":"Cora acknowledged through the API: on it","who":"Cora","why":null}"#);
    insta::assert_snapshot!(serde_json::to_string(&detail.alerts[0]).unwrap(), @r#"{"fingerprint":"a5d757aa43d51b09","status":"firing","labels":{"alertname":"ApiDown","job":"api","severity":"critical"},"annotations":{"description":"Nothing answers & nobody knows why","runbook_url":"https://wiki.example.org/api-down","summary":"The <API> is down"},"starts_at":"2026-10-20T11:59:55Z","joined_at":"2026-10-20T12:00:00Z","resolved_at":null,"muted_by":null,"generator_url":"","expression":{"language":"promql","text":"up{job=\"api\"} == 0"}}"#);
    insta::assert_snapshot!(serde_json::to_string_pretty(&house.incidents().on_call()).unwrap(), @r#"
    {
      "levels": [
        {
          "level": "primary",
          "people": [
            {
              "name": "anna",
              "full_name": null,
              "methods": [
                "email",
                "webhook"
              ]
            }
          ],
          "team": "platform",
          "after_seconds": 0,
          "from": "2026-10-19T07:00:00Z",
          "until": "2026-10-26T08:00:00Z",
          "why": "anna is primary until Mon 2026-10-26 09:00 CET"
        },
        {
          "level": "secondary",
          "people": [
            {
              "name": "bert",
              "full_name": null,
              "methods": [
                "slack"
              ]
            }
          ],
          "team": "sre",
          "after_seconds": 900,
          "from": "2026-10-19T07:00:00Z",
          "until": "2026-10-26T08:00:00Z",
          "why": "bert is secondary until Mon 2026-10-26 09:00 CET"
        },
        {
          "level": "engineering_manager",
          "people": [],
          "team": null,
          "after_seconds": 1800,
          "from": null,
          "until": null,
          "why": "engineering_manager names nobody: there is no level, team or person of this name"
        }
      ],
      "upcoming": [],
      "page_on": [
        "severity=\"critical\""
      ],
      "overrides": []
    }
    "#);
    house.minutes(60).await;
    house.flush("critical", false).await;
    let detail = house.incidents().get(INC_1).await.unwrap();
    assert_eq!(detail.summary.state, Status::Resolved);
    assert_eq!(detail.summary.runbook_url.as_deref(), Some("https://wiki.example.org/api-down"));
    assert_eq!(detail.summary.expression.unwrap().text, "up{job=\"api\"} == 0");
    let figures = detail.summary.figures;
    assert_eq!(
        (
            figures.time_to_detect_seconds,
            figures.time_to_page_seconds,
            figures.time_to_acknowledge_seconds,
            figures.time_to_resolve_seconds
        ),
        (5.0, Some(0.0), Some(1_200.0), Some(4_800.0))
    );
    let kinds: Vec<String> = detail.timeline.iter().map(|event| event.kind.name()).collect();
    insta::assert_snapshot!(kinds.join(" "), @"alert_firing group_flushed opened page_intended page_started page_sent escalated page_intended page_started page_sent acknowledged alert_resolved resolved");
    let mut statuses = Vec::new();
    while let Ok(update) = updates.try_recv() {
        if let Update::Incident { incident, .. } = update {
            statuses.push(incident.state);
        }
    }
    statuses.dedup();
    assert_eq!(statuses, [Status::Open, Status::Acknowledged, Status::Resolved]);
    let means = house.incidents().figures(0, i64::MAX).await.unwrap();
    assert_eq!((means.incidents, means.mtta_seconds), (1, Some(1_200.0)));
}

#[tokio::test]
async fn a_restart_in_the_middle_neither_loses_nor_repeats_a_page() {
    let mut house = House::start().await;
    house.flush("critical", true).await;
    house.minutes(14).await;
    house.restart().await;
    assert_eq!(house.asked().len(), 1);
    // The process is away when the escalation is due: it is made up for at once.
    house.kill().await;
    house.clock.advance(Duration::from_mins(10));
    house.restart().await;
    assert_eq!(house.asked()[1..], ["24m00s INC-1/1/secondary/bert by slack (sending)"]);
    house.restart().await;
    house.minutes(60).await;
    assert_eq!(house.asked().len(), 2);
    house.incidents().acknowledge(INC_1, "anna", Via::Ui, "").await.unwrap();
    house.restart().await;
    let detail = house.incidents().get(INC_1).await.unwrap();
    assert_eq!(detail.summary.acknowledged_by.as_deref(), Some("anna"));
    assert_eq!(detail.timeline.iter().filter(|event| event.kind == EventKind::LevelSkipped).count(), 1);
    let places: Vec<i64> = detail.timeline.iter().map(|event| event.id).collect();
    assert_eq!(places, (1..=places.len() as i64).collect::<Vec<_>>(), "no event was lost or overwritten");
}

#[tokio::test]
async fn killed_between_sending_and_knowing_it_is_sent_again() {
    let mut house = House::start().await;
    house.mood(Mood::Hangs);
    house.flush("critical", true).await;
    assert_eq!(house.asked().len(), 1);
    house.mood(Mood::Takes);
    house.restart().await;
    assert_eq!(
        house.asked(),
        ["0m00s INC-1/1/primary/anna by email (sending)", "0m00s INC-1/1/primary/anna by email (sending)"],
        "with the same key"
    );
    house.restart().await;
    assert_eq!(house.asked().len(), 2);
}

#[tokio::test]
async fn a_reopened_incident_survives_a_restart_before_it_reopens() {
    let mut house = House::start().await;
    house.flush("critical", true).await;
    house.flush("critical", false).await;
    house.minutes(10).await;
    house.restart().await;
    house.flush("critical", true).await;
    assert_eq!(house.incidents().get(INC_1).await.unwrap().summary.reopened, 1);
    assert_eq!(house.asked().last().unwrap(), "10m00s INC-1/2/primary/anna by email (sending)");
    house.flush("critical", false).await;
    house.minutes(31).await;
    house.restart().await;
    house.flush("critical", true).await;
    let list = house.incidents().list(&IncidentFilter::default(), 1).await.unwrap();
    assert_eq!((list.incidents[0].id, list.next), (IncidentId(2), Some(IncidentId(2))));
    let rest = IncidentFilter { before_id: list.next.map(|id| id.0), ..IncidentFilter::default() };
    let list = house.incidents().list(&rest, 1).await.unwrap();
    assert_eq!((list.incidents[0].id, list.next), (INC_1, None));
    assert_eq!(house.incidents().counts().await.unwrap(), (1, 0));
}

#[tokio::test]
async fn what_fails_or_hangs_goes_to_the_next_method_and_is_counted() {
    let house = House::start().await;
    house.mood(Mood::Fails);
    house.flush("critical", true).await;
    house.advance(Duration::from_secs(5)).await;
    assert_eq!(house.asked(), ["0m00s INC-1/1/primary/anna by email (sending)", "0m00s INC-1/1/primary/anna by webhook (sending)"]);
    house.mood(Mood::Hangs);
    house.advance(Duration::from_secs(6)).await;
    house.mood(Mood::Takes);
    house.advance(Duration::from_secs(30)).await;
    assert_eq!(house.asked()[2..], ["0m10s INC-1/1/primary/anna by email (sending)", "0m40s INC-1/1/primary/anna by webhook (sending)"]);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &house.registry).unwrap();
    let mut ours: Vec<&str> =
        text.lines().filter(|l| l.starts_with("phoenix_") && !l.contains("bucket") && !l.contains("dropped")).collect();
    ours.sort_unstable();
    insta::assert_snapshot!(ours.join("\n"), @r#"
    phoenix_incident_store_failures_total 0
    phoenix_incidents{state="acknowledged"} 0
    phoenix_incidents{state="open"} 1
    phoenix_incidents{state="resolved"} 0
    phoenix_page_delay_seconds_count 1
    phoenix_page_delay_seconds_sum 40.0
    phoenix_pages_total{method="email",outcome="failed"} 2
    phoenix_pages_total{method="webhook",outcome="failed"} 1
    phoenix_pages_total{method="webhook",outcome="sent"} 1
    "#);
}

#[tokio::test]
async fn the_message_says_what_why_and_what_to_do() {
    let house = House::start().await;
    house.flush("critical", true).await;
    let message = house.pager.last.lock().unwrap().clone().unwrap();
    let cut = |text: &str| {
        let (before, token) = text.split_once("/act/").unwrap();
        let end = token.find(|c: char| !c.is_ascii_hexdigit() && c != '.').unwrap();
        (format!("{before}/ACT/{}", &token[end..]), token[..end].to_owned())
    };
    let (text, token) = cut(&message.text);
    let (text, _) = cut(&text);
    insta::assert_snapshot!(message.subject, @"[INC-1] critical: ApiDown: The <API> is down");
    insta::assert_snapshot!(text, @r#"
    ApiDown: The <API> is down

    Nothing answers & nobody knows why

    INC-1 was opened Tue 2026-10-20 14:00:00 CEST. Firing:
      - {alertname="ApiDown",job="api",severity="critical"} since Tue 2026-10-20 13:59:55 CEST

    Acknowledge: http://127.0.0.1:9090/ACT/
    Resolve:     http://127.0.0.1:9090/ACT/
    Incident:    http://127.0.0.1:9090/incidents/INC-1
    Runbook:     https://wiki.example.org/api-down

    Why you: page_on severity="critical" matched and anna is primary until Mon 2026-10-26 09:00 CET.
    The acknowledge and resolve links work for 24 hours.
    "#);
    assert!(message.html.contains("The &lt;API&gt; is down") && !message.html.contains("<API>"), "{}", message.html);
    let claims = house.incidents().verify_link(&token).unwrap();
    assert_eq!((claims.incident, claims.action, claims.person.as_str()), (INC_1, LinkAction::Acknowledge, "anna"));
    assert!(!serde_json::to_string(&message).unwrap().contains("anna@example.org"), "the address is not part of the body");
    house.clock.advance(Duration::from_hours(24));
    assert!(house.incidents().verify_link(&token).unwrap_err().to_string().contains("2026-10-21T12:00:00Z"));
}

#[tokio::test]
async fn links_survive_a_restart() {
    let mut house = House::start().await;
    house.flush("critical", true).await;
    let link = house.pager.last.lock().unwrap().clone().unwrap().links.resolve;
    house.restart().await;
    let claims = house.incidents().verify_link(link.rsplit_once('/').unwrap().1).unwrap();
    assert_eq!(claims.action, LinkAction::Resolve);
}

#[tokio::test]
async fn killed_at_any_moment_every_page_is_sent_once() {
    for seed in 1..=12_u64 {
        // A linear congruential generator is enough to choose moments; the seed is in the message.
        let mut random = seed;
        let mut next = |below: u64| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % below
        };
        let mut house = House::start().await;
        house.flush("critical", true).await;
        let mut minutes = 0;
        while minutes < 70 {
            let step = next(20);
            minutes += step;
            if next(2) == 0 {
                house.minutes(step).await;
                house.restart().await;
            } else {
                house.kill().await;
                house.clock.advance(Duration::from_mins(step));
                house.restart().await;
            }
        }
        let keys: Vec<String> = house.asked().iter().map(|line| line.split(' ').nth(1).unwrap().to_owned()).collect();
        assert_eq!(keys, ["INC-1/1/primary/anna", "INC-1/1/secondary/bert"], "seed {seed}");
    }
}

#[tokio::test]
async fn a_store_that_cannot_be_written_does_not_keep_pages_back() {
    let house = House::start().await;
    let state = house.pager.state.lock().unwrap().take().unwrap();
    state.close().await;
    let alerts = vec![house.alert("critical", true)];
    let (key, at_ms) = ("{}:{alertname=\"ApiDown\"}".to_owned(), house.clock.now_ms());
    house.incidents().group_flushed(&FlushedGroup {
        key,
        receiver: String::new(),
        group_labels: Labels::empty(),
        alerts,
        muted: Vec::new(),
        at_ms,
    });
    // An acknowledgement that cannot be kept is refused; that it was answered shows that the driver goes on.
    for _ in 0..3 {
        let refused = house.incidents().acknowledge(INC_1, "anna", Via::Ui, "").await;
        assert!(refused.unwrap_err().to_string().starts_with("not done, because it could not be kept"));
        tokio::task::yield_now().await;
    }
    assert_eq!(house.asked(), ["0m00s INC-1/1/primary/anna by email (not kept)"]);
    let mut text = String::new();
    prometheus_client::encoding::text::encode(&mut text, &house.registry).unwrap();
    assert!(!text.contains("phoenix_incident_store_failures_total 0"), "{text}");
}

#[tokio::test]
async fn overrides_change_who_is_paged() {
    let mut house = House::start().await;
    let now_ms = house.clock.now_ms();
    let id = house.incidents().add_override("primary", "bert", now_ms, now_ms + 3_600_000, "anna").await.unwrap();
    house.restart().await;
    house.flush("critical", true).await;
    assert_eq!(house.asked(), ["0m00s INC-1/1/primary/bert by slack (sending)"]);
    let now = house.incidents().on_call_now();
    let person = |view: &phoenix_incident::view::LevelView| view.people.first().map_or("nobody", |p| p.name.as_str()).to_owned();
    let shown: Vec<_> = now.iter().map(|view| format!("{} {} {:?}", view.level, person(view), view.after_seconds)).collect();
    assert_eq!(shown, ["primary bert Some(0)", "secondary bert Some(900)", "engineering_manager nobody Some(1800)"]);
    assert_eq!(house.incidents().upcoming().len(), 1, "back to anna in an hour");
    house.incidents().end_override(id, "anna").await.unwrap();
    assert_eq!(person(&house.incidents().on_call_now()[0]), "anna");
    for (level, person, from, until, who, part) in [
        ("tertiary", "bert", 0, 10, "anna", "the levels are primary, secondary"),
        ("primary", "zoe", 0, 10, "anna", "no person `zoe`"),
        ("primary", "bert", 10, 10, "anna", "ends after it begins"),
        ("primary", "bert", -20, -10, "anna", "in the future"),
        ("primary", "bert", 0, 10, " ", "say who you are"),
        ("primary", "bert", 0, 400 * 86_400_000, "anna", "at most a year"),
    ] {
        let error = house.incidents().add_override(level, person, now_ms + from, now_ms + until, who).await.unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn notes_go_to_incidents_that_are_long_over_and_others_do_not_exist() {
    let house = House::start().await;
    house.flush("info", true).await;
    house.flush("info", false).await;
    house.minutes(45).await;
    let event = house.incidents().note(INC_1, "anna", "postmortem: it was the cable").await.unwrap();
    assert_eq!((event.text.as_str(), event.who.as_deref()), ("postmortem: it was the cable", Some("anna")));
    assert_eq!(house.incidents().get(INC_1).await.unwrap().timeline.last(), Some(&event));
    assert!(matches!(house.incidents().acknowledge(INC_1, "anna", Via::Ui, "").await, Err(IncidentError::WrongState { .. })));
    assert!(matches!(house.incidents().get(IncidentId(7)).await, Err(IncidentError::NotFound(_))));
    assert!(house.asked().is_empty());
}
