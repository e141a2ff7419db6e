//! Good and bad files.

use super::AlertConfig;
use phoenix_model::{Labels, Source};
use proptest::prelude::*;
use std::path::Path;

const FULL: &str = r#"
global:
  resolve_timeout: 10m
  smtp_smarthost: smtp.example.org:587
  smtp_from: alerts@example.org
  smtp_auth_username: alerts
  smtp_auth_password: hunter2
  slack_api_url: https://hooks.slack.com/services/T/B/hunter2
  pagerduty_url: https://events.pagerduty.com/v2/enqueue
  http_config: {follow_redirects: false}
templates: ['templates/*.tmpl']
tracing: {endpoint: "localhost:4317"}
route:
  receiver: default
  group_by: [alertname, cluster]
  group_wait: 10s
  routes:
  - matchers: ['severity="critical"']
    receiver: pager
    group_by: ['...']
    continue: true
    repeat_interval: 1h
    routes:
    - match: {team: db}
      receiver: db
      mute_time_intervals: [nights]
  - match_re: {service: "web|api"}
    receiver: web
    active_time_intervals: [work]
receivers:
- name: default
  email_configs: [{to: "ops@example.org, oncall@example.org", headers: {subject: '{{ .Status }}'}}]
- name: pager
  pagerduty_configs: [{routing_key: hunter2}]
  slack_configs:
  - channel: '#pages'
    fields: [{title: a, value: b, short: true}]
    actions: [{type: button, text: open, url: 'http://x'}]
- name: db
  webhook_configs: [{url_file: secrets/db-url, max_alerts: 5, timeout: 3s}]
- name: web
  webhook_configs:
  - url: https://example.org/hunter2
    http_config: {basic_auth: {username: u, password: hunter2}}
inhibit_rules:
- source_matchers: ['severity="critical"']
  target_matchers: ['severity="warning"']
  equal: [cluster]
mute_time_intervals:
- name: nights
  time_intervals: [{times: [{start_time: "20:00", end_time: "24:00"}], location: Europe/Berlin}]
time_intervals:
- name: work
  time_intervals: [{weekdays: ['monday:friday'], days_of_month: ['1:5', '-3:-1'], months: ['january:3', '12'], years: ['2026:2030']}]
"#;

fn parse(text: &str) -> Result<(AlertConfig, String), String> {
    let show = |all: &[phoenix_model::Diagnostic]| all.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
    match AlertConfig::parse(&Source::new("am.yaml", text), Path::new("/etc/phoenix")) {
        Ok((config, warnings)) => Ok((config, show(&warnings))),
        Err(all) => Err(show(&all)),
    }
}

#[test]
fn a_full_file_is_understood() {
    let (config, warnings) = parse(FULL).unwrap();
    insta::assert_snapshot!(warnings, @r#"
    am.yaml:12:10: warning: `tracing` is not acting yet
     12 | tracing: {endpoint: "localhost:4317"}
        |          ^^^^^^^^^^^^^^^^^^^^^^^^^^^^
    am.yaml:33:9: warning: `pagerduty_configs` is not acting yet
     33 | - name: pager
        |         ^^^^^
    "#);
    assert_eq!(config.resolve_timeout.as_secs(), 600);
    assert_eq!(config.templates, [Path::new("/etc/phoenix/templates/*.tmpl")]);
    let keys: Vec<String> = config
        .routes
        .iter()
        .map(|(_, route)| format!("{} -> {} every {}s", route.key, route.receiver, route.repeat_interval.as_secs()))
        .collect();
    insta::assert_snapshot!(keys.join("\n"), @r#"
    {} -> default every 14400s
    {}/{severity="critical"} -> pager every 3600s
    {}/{severity="critical"}/{team="db"} -> db every 3600s
    {}/{service=~"web|api"} -> web every 14400s
    "#);
}

#[test]
fn secrets_are_not_shown() {
    let (config, _) = parse(FULL).unwrap();
    let debug = format!("{config:?}");
    assert!(!config.shown.contains("hunter2"), "{}", config.shown);
    assert!(!debug.replace(&config.shown, "").contains("hunter2"), "{debug}");
    assert!(config.shown.contains("group_wait: 10s"), "{}", config.shown);
}

#[test]
fn alerts_find_their_receivers() {
    let (config, _) = parse(FULL).unwrap();
    for (labels, want) in [
        ("alertname=A", "default"),
        ("severity=critical", "pager"),
        ("severity=critical team=db", "db"),
        ("severity=critical service=web", "pager web"),
        ("severity=critical team=db service=api", "db web"),
        ("service=api", "web"),
        ("service=webapi", "default"),
        ("team=db", "default"),
    ] {
        let labels = Labels::from_pairs(labels.split(' ').map(|pair| pair.split_once('=').unwrap()));
        let found: Vec<&str> = config.routes.matching(&labels).into_iter().map(|i| config.routes.route(i).receiver.as_str()).collect();
        assert_eq!(found.join(" "), want, "{labels}");
    }
    let route = config.routes.route(config.routes.matching(&Labels::from_pairs([("alertname", "X"), ("cluster", "a"), ("pod", "p")]))[0]);
    let group = route.group_labels(&Labels::from_pairs([("alertname", "X"), ("cluster", "a"), ("pod", "p")]));
    assert_eq!(route.group_key(&group), r#"{}:{alertname="X", cluster="a"}"#);
}

/// A small file with `rest` behind it.
fn with(rest: &str) -> String {
    let text = format!("route: {{receiver: r}}\nreceivers: [{{name: r}}]\n{rest}");
    parse(&text).map_or_else(|errors| errors, |(_, warnings)| format!("fine\n{warnings}"))
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    let whole = |text: &str| parse(text).err().unwrap_or_else(|| "fine".to_owned());
    insta::assert_snapshot!(whole(""), @r#"
    am.yaml:1:1: error: there is no `route`
     1 | 
       | ^
      help: add `route: {receiver: NAME}`, and the receiver under `receivers`
    "#);
    insta::assert_snapshot!(whole("route:\n  receiver: pagr\n  match: {a: b}\nreceivers:\n- name: pager\n"), @r#"
    am.yaml:2:13: error: there is no receiver `pagr`
     2 |   receiver: pagr
       |             ^^^^
      help: did you mean `pager`?
    am.yaml:3:10: error: the top route must match every alert, but it has matchers
     3 |   match: {a: b}
       |          ^^^^^^
      help: move it below as one of its `routes`
    "#);
    insta::assert_snapshot!(whole("route:\n  receiver: r\n  group_wiat: 30s\n  routes:\n  - group_interval: 0s\n    group_by: [a, a, '...']\n    matchers: ['severity=~\"(\"', 'a=b c']\n    mute_time_intervals: [nights]\nreceivers: [{name: r}, {name: r}]\n"), @r#"
    am.yaml:3:3: error: unknown key `group_wiat`
     3 |   group_wiat: 30s
       |   ^^^^^^^^^^
      help: did you mean `group_wait`?
    am.yaml:5:21: error: `group_interval` can't be zero
     5 |   - group_interval: 0s
       |                     ^^
    am.yaml:6:22: error: `...` groups by all labels, so it must stand alone
     6 |     group_by: [a, a, '...']
       |                      ^^^^^
    am.yaml:7:16: error: not a matcher: invalid regular expression "(": unclosed group
     7 |     matchers: ['severity=~"("', 'a=b c']
       |                ^^^^^^^^^^^^^^^
      help: write it as 'severity="critical"' or 'service=~"a|b"'
    am.yaml:7:33: warning: matcher is deprecated syntax (expected a ',' between matchers, found 'c'); write it as a="b c"
     7 |     matchers: ['severity=~"("', 'a=b c']
       |                                 ^^^^^^^
    am.yaml:8:27: error: there is no time interval `nights`
     8 |     mute_time_intervals: [nights]
       |                           ^^^^^^
      help: no time interval is defined
    am.yaml:9:31: error: there are two receivers named `r`
     9 | receivers: [{name: r}, {name: r}]
       |                               ^
    "#);
    insta::assert_snapshot!(with("global: {resolve_timeout: 5, smtp_smarthost: mail}\n"), @r#"
    am.yaml:3:27: error: `5` is not a duration: `5` has no unit; one of y, w, d, h, m, s, ms
     3 | global: {resolve_timeout: 5, smtp_smarthost: mail}
       |                           ^
      help: add a unit, as in `5s` or `5m`
    am.yaml:3:46: error: `mail` is not a host with a port
     3 | global: {resolve_timeout: 5, smtp_smarthost: mail}
       |                                              ^^^^
      help: write it as smtp.example.org:587
    "#);
    insta::assert_snapshot!(with("time_intervals:\n- name: x\n  time_intervals:\n  - times: [{start_time: '22:00', end_time: '06:00'}, {start_time: 9am, end_time: '10:00'}]\n    weekdays: [mo]\n    days_of_month: ['0', '-1:3']\n    months: [13]\n    location: Europe/Berlni\n"), @r#"
    am.yaml:6:45: error: `end_time` 06:00 does not lie after `start_time` 22:00
     6 |   - times: [{start_time: '22:00', end_time: '06:00'}, {start_time: 9am, end_time: '10:00'}]
       |                                             ^^^^^^^
      help: a range can't go over midnight: write two, up to 24:00 and from 00:00
    am.yaml:6:68: error: `9am` is not a time of day; write it as 09:00, at most 24:00
     6 |   - times: [{start_time: '22:00', end_time: '06:00'}, {start_time: 9am, end_time: '10:00'}]
       |                                                                    ^^^
    am.yaml:7:16: error: `mo` is not a weekday; write it out, as in monday
     7 |     weekdays: [mo]
       |                ^^
    am.yaml:8:21: error: `0` is not a day of a month; it has to lie in 1 to 31, or -31 to -1 to count from the end
     8 |     days_of_month: ['0', '-1:3']
       |                     ^^^
    am.yaml:8:26: error: `-1:3` begins at the end of the month and ends at its beginning
     8 |     days_of_month: ['0', '-1:3']
       |                          ^^^^^^
    am.yaml:9:14: error: `13` is not a month; write it out, as in january, or as a number from 1 to 12
     9 |     months: [13]
       |              ^^
    am.yaml:10:15: error: there is no time zone `Europe/Berlni`
     10 |     location: Europe/Berlni
        |               ^^^^^^^^^^^^^
      help: write a name of the IANA database such as Europe/Berlin; if it is one, install the package tzdata
    "#);
}

#[test]
fn receivers_need_what_they_need() {
    let receiver = |body: &str| {
        let text = format!("route: {{receiver: r}}\nreceivers:\n- name: r\n  {body}\n");
        parse(&text).map_or_else(|errors| errors, |(_, warnings)| format!("fine\n{warnings}"))
    };
    insta::assert_snapshot!(receiver("webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]"), @r#"
    am.yaml:4:21: error: a webhook needs `url` or `url_file`
     4 |   webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]
       |                     ^
    am.yaml:4:31: error: this is not a URL: it does not begin with `http://` or `https://`
     4 |   webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]
       |                               ^
      help: write it whole, as in https://host/path
    am.yaml:4:44: error: only one of `url` and `url_file` can be set
     4 |   webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]
       |                                            ^
    am.yaml:4:54: error: this is not a URL: its scheme is `ftp`, not `http` or `https`
     4 |   webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]
       |                                                      ^^^^^^^^^
      help: write it whole, as in https://host/path
    am.yaml:4:66: error: a webhook needs `url` or `url_file`
     4 |   webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]
       |                                                                  ^
    am.yaml:4:67: error: unknown key `urll`
     4 |   webhook_configs: [{}, {url: x, url_file: y}, {url: 'ftp://x'}, {urll: x}]
       |                                                                   ^^^^
      help: did you mean `url`?
    "#);
    insta::assert_snapshot!(receiver("email_configs: [{to: a@example.org}]"), @r#"
    am.yaml:4:19: error: no mail server is set
     4 |   email_configs: [{to: a@example.org}]
       |                   ^
      help: set `smarthost` here or `smtp_smarthost` under `global`
    am.yaml:4:19: error: no sender is set
     4 |   email_configs: [{to: a@example.org}]
       |                   ^
      help: set `from` here or `smtp_from` under `global`
    "#);
    insta::assert_snapshot!(receiver("slack_configs: [{channel: '#x', actions: [{type: a, text: b}]}]"), @r#"
    am.yaml:4:19: error: no Slack address is set
     4 |   slack_configs: [{channel: '#x', actions: [{type: a, text: b}]}]
       |                   ^
      help: set `api_url` or `api_url_file` here, or `slack_api_url` or `slack_app_token` under `global`
    am.yaml:4:45: error: an action needs `url`, or `name` and `value`
     4 |   slack_configs: [{channel: '#x', actions: [{type: a, text: b}]}]
       |                                             ^^^^^^^^^^^^^^^^^^
    "#);
    insta::assert_snapshot!(receiver("telegram_configs: [{chat_id: 1, bot_token: x}]\n  discord_configs: [{webhok_url: x}]"), @r#"
    am.yaml:3:9: warning: `discord_configs` is not acting yet
     3 | - name: r
       |         ^
    am.yaml:3:9: warning: `telegram_configs` is not acting yet
     3 | - name: r
       |         ^
    am.yaml:5:22: error: unknown key `webhok_url`
     5 |   discord_configs: [{webhok_url: x}]
       |                      ^^^^^^^^^^
      help: did you mean `webhook_url`?
    "#);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// Cuts, doubled pieces and foreign characters in a good file give a config or errors, never a panic.
    #[test]
    fn damaged_files_never_panic(from in 0..FULL.len(), length in 0..80_usize, insert in "[ \\-:{}\\[\\]'\"a-z0-9\n]{0,6}", double in any::<bool>()) {
        let from = (0..=from).rev().find(|i| FULL.is_char_boundary(*i)).unwrap_or(0);
        let to = (from + length).min(FULL.len());
        let middle = if double { FULL[from..to].repeat(2) } else { String::new() };
        let _ = parse(&format!("{}{middle}{insert}{}", &FULL[..from], &FULL[to..]));
    }

    #[test]
    fn any_range_and_time_is_read_or_refused(text in "[-a-z0-9:]{0,12}") {
        use crate::timeinterval::{RangeOf, parse_range, parse_time};
        for of in [RangeOf::Weekdays, RangeOf::DaysOfMonth, RangeOf::Months, RangeOf::Years] {
            let _ = parse_range(&text, of);
        }
        let _ = parse_time(&text);
    }
}
