//! Alerts through simulated time.

use crate::sim::{FakeEngine, Outbox, context, group, vector};
use phoenix_engine::QueryError;
use phoenix_model::Alert;
use phoenix_query::Value;
use phoenix_rules::{AlertState, AlertStateStore, Context, Group, Health, Options};
use std::sync::Arc;

const MINUTE_MS: i64 = 60_000;

/// Leads one alert through a timeline with a step of one minute, and writes its state after each.
///
/// The timeline: `1` the expression gives the alert, `.` it does not, `e` it fails. In front of a
/// step, `R` is a restart, `X` one that loses the store, and `h` half an hour's outage, `z` an hour's. The states: `i`nactive, `p`ending, `f`iring, `k`ept firing.
fn timeline(rule: &str, line: &str) -> String {
    let yaml = format!("groups:\n- name: g\n  interval: 1m\n  rules:\n  - alert: A\n    expr: x\n{rule}");
    let steps: Vec<char> = line.chars().filter(|c| "1.e".contains(*c)).collect();
    let now = Arc::new(parking_lot::Mutex::new('.'));
    let answer = Arc::clone(&now);
    let engine = FakeEngine::new(move |_, at_ms, _| match *answer.lock() {
        '1' => Ok(vector(&[(&[("job", "a")], 1.0)], at_ms)),
        'e' => Err(QueryError::Execution("broken".to_owned())),
        _ => Ok(Value::Vector(Vec::new())),
    });
    let outbox = Arc::new(Outbox::default());
    let context = context(&engine, &outbox, Options::default());
    let mut group = group(&yaml);
    let mut at_ms = 0;
    let mut states = String::new();
    for c in line.chars() {
        match c {
            'R' | 'X' => {
                if c == 'X' {
                    outbox.saved.lock().clear();
                }
                group = Group::new(group.spec().clone(), &context.options);
                group.restore(at_ms + MINUTE_MS, &context);
            }
            'z' => at_ms += 60 * MINUTE_MS,
            'h' => at_ms += 30 * MINUTE_MS,
            step => {
                at_ms += MINUTE_MS;
                *now.lock() = step;
                group.evaluate(at_ms, &context);
                states.push(shown(&group));
            }
        }
    }
    assert_eq!(states.len(), steps.len());
    states
}

fn shown(group: &Group) -> char {
    let status = group.status();
    let alerting = status.rules[0].alerting.as_ref().expect("an alert");
    match (alerting.state, alerting.alerts.first().and_then(|a| a.keep_firing_since_ms)) {
        (AlertState::Inactive, _) => 'i',
        (AlertState::Pending, _) => 'p',
        (AlertState::Firing, None) => 'f',
        (AlertState::Firing, Some(_)) => 'k',
    }
}

const FOR: &str = "    for: 3m\n";
const KEEP: &str = "    keep_firing_for: 3m\n";

#[test]
fn for_and_keep_firing_for() {
    for (rule, line, want) in [
        ("", ".1.1", "ifif"),
        (FOR, "11111..", "pppffii"),
        // A gap begins anew.
        (FOR, "11.1111", "ppipppf"),
        // A failing query changes nothing, and time goes on.
        (FOR, "1ee1", "pppf"),
        (FOR, "11111ee.", "pppffffi"),
        (KEEP, "1.....", "fkkkii"),
        // Seen again within the time: kept anew from the next gap on.
        (KEEP, "1..1....", "fkkfkkki"),
        ("    for: 2m\n    keep_firing_for: 2m\n", "111...1", "ppfkkip"),
    ] {
        assert_eq!(timeline(rule, line), want, "{rule} {line}");
    }
}

#[test]
fn a_restart_neither_forgets_nor_restarts_an_alert() {
    for (rule, line, want) in [
        // In the middle of `for`.
        (FOR, "11R111", "pppff"),
        (FOR, "1R1R1R1", "pppf"),
        // Firing stays firing.
        (FOR, "1111R11.", "pppfffi"),
        // In the middle of `keep_firing_for`.
        (KEEP, "1.R....", "fkkkii"),
        (KEEP, "1R....", "ffkkk"),
        // An outage below the tolerance (one hour less one interval here) does not count into `for`.
        (FOR, "1111R1", "pppff"),
        // Beyond the tolerance everything begins anew.
        (FOR, "11zzR1111", "pppppf"),
        (FOR, "1111zzR11", "pppfpp"),
    ] {
        assert_eq!(timeline(rule, line), want, "{rule} {line}");
    }
}

/// With a long `for`, time without the process is not taken for time of the condition.
#[test]
fn an_outage_does_not_count_into_for() {
    let before = "1".repeat(30);
    let after = "1".repeat(40);
    let hour = "    for: 1h\n";
    let fires = |line: String| timeline(hour, &line).find('f');
    assert_eq!(fires(format!("{before}{after}")), Some(60));
    assert_eq!(fires(format!("{before}R{after}")), Some(60));
    assert_eq!(fires(format!("{before}hR{after}")), Some(60), "half an hour away is not half an hour of the condition");
    assert_eq!(fires(format!("{before}zR{after}")), None, "61 minutes are beyond the tolerance, so all begins anew");
}

/// Without a store there is still what Prometheus does with `ALERTS_FOR_STATE`.
#[test]
fn alerts_for_state_is_the_fallback() {
    let hour = "    for: 1h\n";
    let pending = |n: usize| "1".repeat(n);
    // 20 minutes pending, 40 remain, more than the grace period: the outage is taken off.
    // Restored after the second evaluation: 20 before, and the state goes on.
    let states = timeline(hour, &format!("{}X{}", pending(20), pending(60)));
    assert_eq!(states.find('f'), Some(62), "{states}");
    // 55 minutes pending: 5 remain, below the grace period of 10, which is given in full.
    let states = timeline(hour, &format!("{}X{}", pending(55), pending(30)));
    assert_eq!(states.find('f'), Some(55 + 1 + 10), "{states}");
    // It was firing: it fires again at the evaluation after the restoration.
    let states = timeline(hour, &format!("{}X{}", pending(65), pending(10)));
    assert_eq!(&states[60..], "fffffppffffffff");
    // Below the grace period nothing is restored.
    assert_eq!(timeline(FOR, "11X1111"), "pppppf");
}

#[test]
fn a_restored_alert_waits_for_the_first_scrapes() {
    let engine = FakeEngine::new(|_, at_ms, _| {
        Ok(if at_ms == 60_000 { vector(&[(&[("job", "a")], 1.0)], at_ms) } else { Value::Vector(Vec::new()) })
    });
    let outbox = Arc::new(Outbox::default());
    let context = context(&engine, &outbox, Options::default());
    let yaml = "groups:\n- name: g\n  interval: 10s\n  rules:\n  - alert: A\n    expr: x\n";
    let mut first = group(yaml);
    first.evaluate(60_000, &context);
    let mut second = group(yaml);
    second.restore(65_000, &context);
    let mut states = String::new();
    for at_ms in (70_000..120_000).step_by(10_000) {
        second.evaluate(at_ms, &context);
        states.push(shown(&second));
    }
    assert_eq!(states, "fffii", "held for 30 seconds");
}

fn sent(alerts: &[Alert]) -> String {
    let line = |a: &Alert| {
        let kind = if a.is_resolved_at(a.updated_at_ms) { "resolved" } else { "firing" };
        format!("{} {kind} starts={} ends={}", a.updated_at_ms as f64 / 6e4, a.starts_at_ms as f64 / 6e4, a.ends_at_ms as f64 / 6e4)
    };
    alerts.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn run(yaml: &str, engine: &Arc<FakeEngine>, options: Options, minutes: std::ops::RangeInclusive<i64>) -> (Group, Context, Arc<Outbox>) {
    let outbox = Arc::new(Outbox::default());
    let context = context(engine, &outbox, options);
    let mut group = group(yaml);
    for minute in minutes {
        group.evaluate(minute * MINUTE_MS, &context);
    }
    (group, context, outbox)
}

/// True from minute 1 to 5.
fn five_minutes() -> Arc<FakeEngine> {
    FakeEngine::new(|_, at_ms, _| {
        Ok(if (1..=5).contains(&(at_ms / MINUTE_MS)) {
            vector(&[(&[("__name__", "up"), ("job", "api"), ("instance", "a:1")], 0.25)], at_ms)
        } else {
            Value::Vector(Vec::new())
        })
    })
}

const ONE: &str = "groups:\n- name: g\n  interval: 1m\n  rules:\n  - alert: Down\n    expr: up{job=\"api\"} == 0\n    for: 1m\n    labels: {severity: critical, who: '{{ $labels.job }}-team', instance: ''}\n    annotations: {summary: '{{ $labels.instance }} at {{ $value | humanizePercentage }} in {{ $externalLabels.region }}'}\n";

#[test]
fn what_is_handed_over_and_when() {
    let options = Options {
        external_url: "https://phoenix.example.org/".to_owned(),
        external_labels: crate::sim::labels(&[("region", "eu"), ("severity", "lost")]),
        ..Options::default()
    };
    let (_, _, outbox) = run(ONE, &five_minutes(), options, 0..=30);
    let alerts = outbox.alerts.lock();
    // Every second minute, as in Prometheus: after exactly `resend_delay` it is not yet due.
    insta::assert_snapshot!(sent(&alerts), @r#"
    2 firing starts=2 ends=6
    4 firing starts=2 ends=8
    6 resolved starts=2 ends=6
    8 resolved starts=2 ends=6
    10 resolved starts=2 ends=6
    12 resolved starts=2 ends=6
    14 resolved starts=2 ends=6
    16 resolved starts=2 ends=6
    18 resolved starts=2 ends=6
    20 resolved starts=2 ends=6
    "#);
    let first = &alerts[0];
    insta::assert_snapshot!(
        format!("{}\n{}\n{}\n{:?}", first.labels, first.annotations, first.generator_url, first.expression),
        @r#"
        {alertname="Down",job="api",region="eu",severity="critical",who="api-team"}
        {summary="a:1 at 25% in eu"}
        https://phoenix.example.org/graph?g0.expr=up%7Bjob%3D%22api%22%7D+%3D%3D+0&g0.tab=1
        Some(("promql", "up{job=\"api\"} == 0"))
        "#
    );
    let detections = outbox.detections.lock();
    assert_eq!(detections.len(), 1);
    assert_eq!((detections[0].condition_since_ms, detections[0].fired_at_ms), (MINUTE_MS, 2 * MINUTE_MS));
    assert_eq!((detections[0].group.as_str(), &detections[0].labels), ("rules.yaml;g", &first.labels));
}

#[test]
fn an_alert_lives_four_intervals_when_they_are_longer_than_the_resend_delay() {
    let yaml = ONE.replace("interval: 1m", "interval: 5m").replace("for: 1m", "for: 0s");
    let (_, _, outbox) = run(&yaml, &five_minutes(), Options::default(), 1..=1);
    assert_eq!(sent(&outbox.alerts.lock()), "1 firing starts=1 ends=21");
}

#[test]
fn alerts_and_their_state_are_series() {
    let engine = five_minutes();
    run(ONE, &engine, Options::default(), 0..=7);
    insta::assert_snapshot!(engine.dump(), @r#"
    ALERTS{alertname="Down",alertstate="firing",job="api",severity="critical",who="api-team"} 120:1 180:1 240:1 300:1 360:stale
    ALERTS{alertname="Down",alertstate="pending",job="api",severity="critical",who="api-team"} 60:1 120:stale
    ALERTS_FOR_STATE{alertname="Down",job="api",severity="critical",who="api-team"} 60:60 120:60 180:60 240:60 300:60 360:stale
    "#);
}

#[test]
fn a_failing_template_does_not_keep_an_alert_back() {
    let yaml = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x\n    annotations:\n      a: '{{ $labels.job }} {{ query \"y\" | first | value }}'\n      b: fine\n";
    let engine = FakeEngine::new(|query, at_ms, _| match query {
        "y" => Ok(Value::Vector(Vec::new())),
        _ => Ok(vector(&[(&[("job", "a")], 1.0)], at_ms)),
    });
    let (_, _, outbox) = run(yaml, &engine, Options::default(), 1..=1);
    insta::assert_snapshot!(outbox.alerts.lock()[0].annotations, @r#"{a="<error expanding template: template: __alert_A:1:22: first() called on vector with no elements>",b="fine"}"#);
}

#[test]
fn a_templates_query_asks_at_the_moment_of_the_evaluation() {
    let yaml = "groups:\n- name: g\n  query_offset: 30s\n  rules:\n  - alert: A\n    expr: x\n    annotations: {a: '{{ range query \"y\" }}{{ .Labels.job }}={{ .Value }} {{ end }}'}\n";
    let engine = FakeEngine::new(|query, at_ms, _| match query {
        "y" => Ok(vector(&[(&[("job", "b")], 2.0), (&[("job", "c")], 3.0)], at_ms)),
        _ => Ok(vector(&[(&[("job", "a")], 1.0)], at_ms)),
    });
    let (_, _, outbox) = run(yaml, &engine, Options::default(), 1..=1);
    assert_eq!(outbox.alerts.lock()[0].annotations.value("a"), "b=2 c=3 ");
    assert_eq!(*engine.asked.lock(), [("x".to_owned(), 30_000), ("y".to_owned(), 60_000)]);
    // Samples stand at the moment that was asked about, the state's value is the evaluation's.
    insta::assert_snapshot!(engine.dump(), @r#"
    ALERTS{alertname="A",alertstate="firing",job="a"} 30:1
    ALERTS_FOR_STATE{alertname="A",job="a"} 30:60
    "#);
}

#[test]
fn a_full_disk_does_not_keep_an_alert_back() {
    let engine = five_minutes();
    *engine.full.lock() = true;
    let (group, _, outbox) = run(ONE, &engine, Options::default(), 1..=2);
    assert_eq!(outbox.alerts.lock().len(), 1);
    let status = group.status();
    assert_eq!(status.rules[0].health, Health::Err);
    assert_eq!(status.rules[0].last_error, "the result could not be stored: the disk is full: no space left");
}

#[test]
fn alerts_that_become_the_same_are_an_error() {
    let yaml = "groups:\n- name: g\n  rules:\n  - alert: A\n    expr: x\n    labels: {job: ''}\n";
    let engine = FakeEngine::new(|_, at_ms, _| Ok(vector(&[(&[("job", "a")], 1.0), (&[("job", "b")], 1.0)], at_ms)));
    let (group, _, outbox) = run(yaml, &engine, Options::default(), 1..=1);
    assert!(outbox.alerts.lock().is_empty());
    assert_eq!(group.status().rules[0].last_error, "vector contains metrics with the same labelset after applying alert labels");
}

#[test]
fn beyond_the_limit_all_alerts_of_the_rule_are_dropped() {
    let yaml = "groups:\n- name: g\n  limit: 1\n  rules:\n  - alert: A\n    expr: x\n";
    let engine = FakeEngine::new(|_, at_ms, _| {
        let all: &[(&[(&str, &str)], f64)] = &[(&[("job", "a")], 1.0), (&[("job", "b")], 1.0)];
        Ok(vector(if at_ms == MINUTE_MS { &all[..1] } else { all }, at_ms))
    });
    let (group, _, _) = run(yaml, &engine, Options::default(), 1..=2);
    let status = group.status();
    assert_eq!(status.rules[0].last_error, "exceeded limit of 1 with 2 alerts");
    assert_eq!(status.rules[0].alerting.as_ref().unwrap().state, AlertState::Inactive);
}

#[test]
fn a_reload_keeps_alerts_of_rules_that_stayed() {
    let engine = five_minutes();
    let (old, context, _) = run(ONE, &engine, Options::default(), 0..=2);
    assert_eq!(shown(&old), 'f');
    // Another expression and another `for`, the same name and labels: the alert goes on.
    let mut new = group(&ONE.replace("== 0", "< 1").replace("for: 1m", "for: 1h"));
    new.take_over(old);
    assert_eq!(shown(&new), 'f');
    new.evaluate(3 * MINUTE_MS, &context);
    assert_eq!(shown(&new), 'f');
    // Another label: another alert, which begins anew; the old one's series end.
    let mut other = group(&ONE.replace("critical", "warning"));
    other.take_over(new);
    other.evaluate(4 * MINUTE_MS, &context);
    assert_eq!(shown(&other), 'p');
    insta::assert_snapshot!(engine.dump(), @r#"
    ALERTS{alertname="Down",alertstate="firing",job="api",severity="critical",who="api-team"} 120:1 180:1 240:stale
    ALERTS{alertname="Down",alertstate="pending",job="api",severity="critical",who="api-team"} 60:1 120:stale
    ALERTS{alertname="Down",alertstate="pending",job="api",severity="warning",who="api-team"} 240:1
    ALERTS_FOR_STATE{alertname="Down",job="api",severity="critical",who="api-team"} 60:60 120:60 180:60 240:stale
    ALERTS_FOR_STATE{alertname="Down",job="api",severity="warning",who="api-team"} 240:240
    "#);
}

/// Weeks of an alert that comes and goes: states follow the rules at every step, and nothing grows.
#[test]
fn weeks_in_simulated_time() {
    let engine = FakeEngine::new(|_, at_ms, _| {
        let minute = at_ms / MINUTE_MS;
        Ok(if minute % 97 < 40 { vector(&[(&[("job", "a")], 1.0)], at_ms) } else { Value::Vector(Vec::new()) })
    });
    let outbox = Arc::new(Outbox::default());
    let context = context(&engine, &outbox, Options::default());
    let mut group =
        group("groups:\n- name: g\n  interval: 1m\n  rules:\n  - alert: A\n    expr: x\n    for: 10m\n    keep_firing_for: 5m\n");
    let mut fired = 0;
    for minute in 0..21 * 24 * 60 {
        group.evaluate(minute * MINUTE_MS, &context);
        let phase = minute % 97;
        let want = match phase {
            0..10 => 'p',
            10..40 => 'f',
            40..45 => 'k',
            _ => 'i',
        };
        assert_eq!(shown(&group), want, "minute {minute}");
        fired += usize::from(phase == 10);
    }
    assert_eq!(outbox.detections.lock().len(), fired);
    let took = outbox.detections.lock().iter().map(|d| d.fired_at_ms - d.condition_since_ms).max();
    assert_eq!(took, Some(10 * MINUTE_MS));
    assert_eq!(engine.written.lock().len(), 3);
}

/// What a store may give back that is of no use.
#[test]
fn a_store_that_fails_does_not_stop_the_rules() {
    struct Broken(Result<Option<String>, String>);

    impl AlertStateStore for Broken {
        fn save(&self, _: &str, _: &str) -> Result<(), String> {
            Err("the disk is full".to_owned())
        }

        fn load(&self, _: &str) -> Result<Option<String>, String> {
            self.0.clone()
        }
    }

    for loaded in [
        Err("no such table".to_owned()),
        Ok(None),
        Ok(Some("rubbish".to_owned())),
        Ok(Some("{\"version\":99,\"at_ms\":0,\"rules\":[]}".to_owned())),
    ] {
        let outbox = Arc::new(Outbox::default());
        let engine = FakeEngine::new(|_, at_ms, _| Ok(vector(&[(&[("job", "a")], f64::NAN)], at_ms)));
        let context = Context { store: Some(Arc::new(Broken(loaded.clone()))), ..context(&engine, &outbox, Options::default()) };
        let mut group = group("groups:\n- name: g\n  rules:\n  - {alert: A, expr: x}\n");
        group.restore(0, &context);
        group.evaluate(MINUTE_MS, &context);
        assert_eq!(outbox.alerts.lock().len(), 1, "{loaded:?}");
        assert_eq!(group.status().rules[0].health, Health::Ok);
    }
}

/// JSON knows no NaN, and an alert's value may be one.
#[test]
fn every_value_survives_a_restart() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY, -0.0, 1e-300, 0.1] {
        let outbox = Arc::new(Outbox::default());
        let engine = FakeEngine::new(move |_, at_ms, _| Ok(vector(&[(&[("job", "a")], value)], at_ms)));
        let context = context(&engine, &outbox, Options::default());
        let yaml = "groups:\n- name: g\n  rules:\n  - {alert: A, expr: x}\n";
        group(yaml).evaluate(MINUTE_MS, &context);
        let mut second = group(yaml);
        second.restore(2 * MINUTE_MS, &context);
        let status = second.status();
        let restored: Vec<f64> = status.rules[0].alerting.as_ref().unwrap().alerts.iter().map(|a| a.value).collect();
        assert_eq!(restored.len(), 1);
        assert!(restored[0].to_bits() == value.to_bits() || (restored[0].is_nan() && value.is_nan()), "{value}");
    }
}
