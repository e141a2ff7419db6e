//! From a target that stops to a person who is paged, in real time: with a target, a webhook receiver and
//! a mail server in this test, and with `kill -9` at the worst moments.

#![expect(clippy::disallowed_methods, reason = "tests of whole programs run in real time on a real disk")]

mod program;

use program::sinks::{HttpSink, MailSink};
use program::{Server, eventually, free_address, request};
use serde_json::Value;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

/// Far more than any step takes, even on a machine that does much else.
const LIMIT: Duration = Duration::from_secs(20);

/// The world around one Phoenix.
struct World {
    dir: tempfile::TempDir,
    address: SocketAddr,
    target: HttpSink,
    /// What the route's receiver and the people's phones get, on different paths.
    hooks: HttpSink,
    mail: MailSink,
}

struct Timers {
    group_wait: &'static str,
    secondary_after: &'static str,
    manager_after: &'static str,
}

impl World {
    fn new(timers: &Timers) -> Self {
        let world = Self {
            dir: tempfile::tempdir().expect("a temporary folder"),
            address: free_address(),
            target: HttpSink::open(200, "# TYPE api_answers_total counter\napi_answers_total 1\n"),
            hooks: HttpSink::open(200, "ok"),
            mail: MailSink::open(),
        };
        let Timers { group_wait, secondary_after, manager_after } = timers;
        world.write("phoenix.yaml", &format!(
            "external_url: http://{}\nmetrics: {{config: prometheus.yaml}}\nrules: [rules.yaml]\nalerting: {{config: alertmanager.yaml}}\non_call: on-call.yaml\n",
            world.address
        ));
        world.write("prometheus.yaml", &format!(
            "global: {{scrape_interval: 1s, scrape_timeout: 1s, evaluation_interval: 1s}}\nscrape_configs:\n  - job_name: api\n    static_configs:\n      - targets: ['{}']\n",
            world.target.address
        ));
        world.write(
            "rules.yaml",
            r#"groups:
  - name: api
    rules:
      - alert: ApiDown
        expr: up{job="api"} == 0
        labels: {severity: critical, team: platform}
        annotations:
          summary: "{{ $labels.job }} does not answer"
          description: "value {{ $value }}"
          runbook_url: "https://wiki.example.org/api-down"
      - alert: ApiDownForTheCurious
        expr: up{job="api"} == 0
        labels: {severity: info}
"#,
        );
        world.write(
            "alertmanager.yaml",
            &format!(
                r#"global: {{smtp_smarthost: '{mail}', smtp_from: 'phoenix@example.org', smtp_require_tls: false}}
route:
  receiver: curious
  group_by: [alertname]
  group_wait: {group_wait}
  group_interval: 1s
  repeat_interval: 1h
  routes:
    - matchers: ['severity="critical"']
      receiver: critical
receivers:
  - name: curious
    webhook_configs: [{{url: 'http://{hooks}/curious'}}]
  - name: critical
    webhook_configs: [{{url: 'http://{hooks}/critical', send_resolved: true}}]
    email_configs: [{{to: 'team@example.org', send_resolved: true}}]
"#,
                mail = world.mail.address,
                hooks = world.hooks.address
            ),
        );
        world.write(
            "on-call.yaml",
            &format!(
                r#"people:
  ada: {{webhook: 'http://{hooks}/ada'}}
  ben: {{email: ben@example.org}}
  eve: {{webhook: 'http://{hooks}/eve'}}
teams: {{platform: [ada], sre: [ben], managers: [eve]}}
rotation: {{day: monday, time: "09:00", zone: Europe/Berlin}}
page_on: ['severity="critical"']
on_call_schedule:
  primary: {{schedule: weekly, teams: [platform]}}
  secondary: {{schedule: weekly, teams: [sre]}}
  escalation:
    {secondary_after}: "secondary"
    {manager_after}: "managers"
"#,
                hooks = world.hooks.address
            ),
        );
        world
    }

    fn write(&self, name: &str, text: &str) {
        std::fs::write(self.dir.path().join(name), text).expect("the folder is writable");
    }

    fn start(&self) -> Server {
        let config: PathBuf = self.dir.path().join("phoenix.yaml");
        Server::start_at(self.dir.path(), Some(&config), self.address)
    }
}

/// Waits until the target has been seen alive.
fn seen_alive(server: &Server) {
    eventually("the target is up", LIMIT, || (server.value("up{job=\"api\"}") == Some(1.0)).then_some(()));
}

/// The only incident that pages, with its timeline.
fn incident(server: &Server) -> Option<Value> {
    let list = server.json("/api/phoenix/v1/incidents?state=open,acknowledged,resolved");
    let critical: Vec<&Value> = list["incidents"].as_array()?.iter().filter(|i| i["severity"] == "critical").collect();
    assert!(critical.len() <= 1, "one group, one incident: {list}");
    let id = critical.first()?["id"].as_str()?;
    Some(server.json(&format!("/api/phoenix/v1/incidents/{id}")))
}

fn state(server: &Server) -> String {
    incident(server).map_or_else(String::new, |i| i["state"].as_str().unwrap_or_default().to_owned())
}

/// The kinds of the timeline's events, in order.
fn kinds(incident: &Value) -> Vec<String> {
    let events = incident["timeline"].as_array().cloned().unwrap_or_default();
    events.iter().map(|e| e["kind"].as_str().unwrap_or_default().to_owned()).collect()
}

/// The path of a link with this action in a message's text.
fn link(text: &str, action: &str) -> String {
    let line = text.lines().find(|l| l.starts_with(action)).unwrap_or_else(|| panic!("no link to `{action}`: {text}"));
    let at = line.find("/act/").unwrap_or_else(|| panic!("no signed link: {line}"));
    line[at..].trim().to_owned()
}

#[test]
fn a_target_stops_and_a_person_answers() {
    let mut world = World::new(&Timers { group_wait: "0s", secondary_after: "3_seconds", manager_after: "9_seconds" });
    let server = world.start();
    seen_alive(&server);
    world.target.close();

    // The route's receiver gets Alertmanager's payload.
    let webhook = eventually("the receiver is told", LIMIT, || world.hooks.at("/critical").first().cloned());
    let body = webhook.json();
    assert!(webhook.head.to_ascii_lowercase().contains("content-type: application/json"), "{}", webhook.head);
    assert_eq!(webhook.method, "POST");
    let instance = world.target.address.to_string();
    let mut steady: Value =
        serde_json::from_str(&body.to_string().replace(&instance, "TARGET").replace(&world.address.to_string(), "PHOENIX")).unwrap();
    for name in ["startsAt", "fingerprint", "generatorURL"] {
        assert!(steady["alerts"][0][name].as_str().is_some_and(|v| !v.is_empty()), "{name}: {body}");
        steady["alerts"][0][name] = "…".into();
    }
    insta::assert_snapshot!(serde_json::to_string_pretty(&steady).unwrap(), @r#"
    {
      "receiver": "critical",
      "status": "firing",
      "alerts": [
        {
          "status": "firing",
          "labels": {
            "alertname": "ApiDown",
            "instance": "TARGET",
            "job": "api",
            "severity": "critical",
            "team": "platform"
          },
          "annotations": {
            "description": "value 0",
            "runbook_url": "https://wiki.example.org/api-down",
            "summary": "api does not answer"
          },
          "startsAt": "…",
          "endsAt": "0001-01-01T00:00:00Z",
          "generatorURL": "…",
          "fingerprint": "…"
        }
      ],
      "groupLabels": {
        "alertname": "ApiDown"
      },
      "commonLabels": {
        "alertname": "ApiDown",
        "instance": "TARGET",
        "job": "api",
        "severity": "critical",
        "team": "platform"
      },
      "commonAnnotations": {
        "description": "value 0",
        "runbook_url": "https://wiki.example.org/api-down",
        "summary": "api does not answer"
      },
      "externalURL": "http://PHOENIX",
      "version": "4",
      "groupKey": "{}/{severity=\"critical\"}:{alertname=\"ApiDown\"}",
      "truncatedAlerts": 0
    }
    "#);
    assert!(body["alerts"][0]["generatorURL"].as_str().unwrap().starts_with(&server.url()), "{body}");

    // So does the mailbox.
    let mail = eventually("the mail arrives", LIMIT, || world.mail.received().into_iter().find(|m| m.to == ["team@example.org"]));
    assert_eq!(mail.from, "phoenix@example.org");
    assert!(mail.subject().contains("FIRING:1") && mail.subject().contains("ApiDown"), "{}", mail.subject());

    // The primary is paged, and an incident stands open.
    let page = eventually("the primary is paged", LIMIT, || world.hooks.at("/ada").first().cloned()).json();
    let text = page["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Runbook:     https://wiki.example.org/api-down"), "{text}");
    let open = incident(&server).expect("an incident is open");
    // Both alerts' groups flush at once: which incident has the number 1 is open.
    let id = open["id"].as_str().unwrap();
    assert_eq!(page["subject"], format!("[{id}] critical: ApiDown: api does not answer"), "{page}");
    assert_eq!((&open["state"], &open["paging"]), (&"open".into(), &true.into()), "{open}");
    assert_eq!(open["expression"]["text"], "up{job=\"api\"} == 0");
    assert!(open["figures"]["time_to_detect_seconds"].as_f64().unwrap() < 10.0, "{open}");

    // Nobody answers: the secondary gets a mail.
    let climbed = eventually("the secondary is paged", LIMIT, || world.mail.received().into_iter().find(|m| m.to == ["ben@example.org"]));
    assert!(climbed.subject().contains("escalated to secondary"), "{}", climbed.subject());
    eventually("both pages are written down", LIMIT, || incident(&server).filter(|i| i["pages"][1]["status"] == "sent"));

    // A mail scanner follows the links: nothing happens. A person presses the button.
    for path in [link(&text, "Acknowledge"), link(&text, "Resolve"), link(&climbed.text(), "Acknowledge")] {
        let (status, form) = server.get(&path);
        assert_eq!(status, 200, "{form}");
        assert!(form.contains("<form method=post>"), "{form}");
    }
    assert_eq!(state(&server), "open", "looking at a link changes nothing");
    let act =
        |path: &str, form: &[u8]| request(server.address, "POST", path, &[("Content-Type", "application/x-www-form-urlencoded")], form);
    let acknowledge = link(&climbed.text(), "Acknowledge");
    assert_eq!(act(&acknowledge, b"who=&note=").0, 400, "who acknowledges is asked");
    assert_eq!(act(&format!("{acknowledge}x"), b"who=mallory").0, 400, "a forged link is refused");
    assert_eq!(state(&server), "open");
    assert_eq!(act(&acknowledge, b"who=ben&note=I+look").0, 200);
    let taken = incident(&server).unwrap();
    assert_eq!((&taken["state"], &taken["acknowledged_by"]), (&"acknowledged".into(), &"ben".into()), "{taken}");

    // The target comes back: everybody is told, the incident closes.
    world.target.reopen();
    eventually("the incident closes", LIMIT, || (state(&server) == "resolved").then_some(()));
    let resolved = eventually("the receiver is told of the end", LIMIT, || {
        world.hooks.at("/critical").into_iter().map(|r| r.json()).find(|b| b["status"] == "resolved")
    });
    assert_eq!(resolved["groupKey"], body["groupKey"]);
    eventually("the mailbox is told of the end", LIMIT, || world.mail.received().into_iter().find(|m| m.subject().contains("RESOLVED")));

    // The manager's turn has passed: nobody was told after the acknowledgement.
    let opened_ms = |i: &Value| i["opened_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond();
    let passed = (opened_ms(&taken) + 10_000) as f64 / 1000.0;
    eventually("the manager's turn has passed", LIMIT, || (server.value("vector(time())")? > passed).then_some(()));
    assert_eq!(world.hooks.at("/eve").len(), 0, "an acknowledged incident climbs no further");
    assert_eq!(world.hooks.at("/ada").len(), 1, "one page for each");
    assert_eq!(world.mail.received().iter().filter(|m| m.to == ["ben@example.org"]).count(), 1);
    assert_eq!(world.hooks.at("/critical").len(), 2, "one message for firing, one for resolved");
    // The informational alert was told to its receiver and woke nobody.
    assert!(!world.hooks.at("/curious").is_empty());
    insta::assert_debug_snapshot!(kinds(&incident(&server).unwrap()), @r#"
    [
        "alert_firing",
        "group_flushed",
        "opened",
        "page_intended",
        "page_started",
        "page_sent",
        "escalated",
        "page_intended",
        "page_started",
        "page_sent",
        "acknowledged",
        "alert_resolved",
        "resolved",
    ]
    "#);
    let end = server.json("/api/phoenix/v1/home");
    assert_eq!(end["incidents"], serde_json::json!({"open": 0, "acknowledged": 0}));
}

#[test]
fn killed_between_firing_and_notifying_it_notifies_once() {
    let mut world = World::new(&Timers { group_wait: "4s", secondary_after: "10_minutes", manager_after: "20_minutes" });
    let server = world.start();
    seen_alive(&server);
    world.target.close();
    eventually("the alert has reached routing", LIMIT, || {
        let alerts = server.json("/api/v2/alerts");
        alerts.as_array()?.iter().any(|a| a["labels"]["alertname"] == "ApiDown").then_some(())
    });
    assert_eq!(world.hooks.received().len(), 0, "the group still waits");
    server.kill();
    assert_eq!(world.hooks.received().len(), 0);

    let _server = world.start();
    eventually("the receiver is told", LIMIT, || world.hooks.at("/critical").first().cloned());
    eventually("the primary is paged", LIMIT, || world.hooks.at("/ada").first().cloned());
    // Three more flushes of the group.
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(world.hooks.at("/critical").len(), 1, "exactly once");
    assert_eq!(world.hooks.at("/ada").len(), 1, "exactly once");
    assert_eq!(world.mail.received().len(), 1, "exactly once");
}

#[test]
fn killed_after_the_page_it_repeats_nothing() {
    let mut world = World::new(&Timers { group_wait: "0s", secondary_after: "10_minutes", manager_after: "20_minutes" });
    let server = world.start();
    seen_alive(&server);
    world.target.close();
    eventually("the page is delivered and written down", LIMIT, || incident(&server).filter(|i| i["pages"][0]["status"] == "sent"));
    eventually("both messages have been delivered", LIMIT, || {
        (!world.mail.received().is_empty() && !world.hooks.at("/critical").is_empty() && !world.hooks.at("/curious").is_empty())
            .then_some(())
    });
    // The log of notifications is written right after the answer.
    std::thread::sleep(Duration::from_millis(500));
    server.kill();

    let server = world.start();
    eventually("the alert fires again", LIMIT, || (server.value("ALERTS{alertname=\"ApiDown\"}") == Some(1.0)).then_some(()));
    std::thread::sleep(Duration::from_secs(3));
    assert_eq!(world.hooks.at("/ada").len(), 1, "the page is not repeated");
    assert_eq!(world.hooks.at("/critical").len(), 1, "the notification is not repeated");
    assert_eq!(world.mail.received().len(), 1, "the mail is not repeated");
    assert_eq!(state(&server), "open");

    // The incident is the same one, and can be taken. (Its alert would be held for half a minute after
    // the start, so that a target that is not scraped yet resolves nothing.)
    // Which of the two groups came first, and has the number 1, is open.
    let id = incident(&server).unwrap()["id"].as_str().unwrap().to_owned();
    let taken = program::phoenix(&["incident", "ack", &id, "--who", "ada", "--server", &server.url()]);
    assert!(taken.status.success(), "{}", program::told(&taken));
    assert_eq!(incident(&server).unwrap()["acknowledged_by"], "ada");
}
