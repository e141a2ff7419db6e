use super::*;
use jiff::{Timestamp, civil};
use phoenix_model::{Diagnostic, Source};
use proptest::prelude::*;

/// Section 7.1 of the strategy, as it stands.
const STRATEGY: &str = r#"on_call_schedule:
  primary:
    schedule: "weekly"
    teams:
      - platform
      - backend
  secondary:
    schedule: "weekly"
    teams:
      - sre
  escalation:
    15_minutes: "secondary"
    30_minutes: "engineering_manager"
    60_minutes: "director"
"#;

/// What stands beside it in the plan of the house.
const PEOPLE: &str = r#"people:   {platform-1: {email: platform-1@example.org}, platform-2: {email: platform-2@example.org}, backend-1: {email: backend-1@example.org}}
teams:    {platform: [platform-1, platform-2], backend: [backend-1], sre: [platform-2]}
rotation: {day: monday, time: "09:00", zone: Europe/Berlin}
page_on:  ['severity="critical"']
"#;

fn load(text: &str) -> (OnCallConfig, Vec<Diagnostic>) {
    OnCallConfig::load(&Source::new("on-call.yaml", text)).unwrap_or_else(|found| panic!("{}", shown(&found)))
}

fn shown(found: &[Diagnostic]) -> String {
    found.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}

fn errors(text: &str) -> String {
    match OnCallConfig::load(&Source::new("on-call.yaml", text)) {
        Ok((_, warnings)) => panic!("it loads, with\n{}", shown(&warnings)),
        Err(found) => shown(&found),
    }
}

fn at(local: &str, zone: &str) -> Timestamp {
    local.parse::<civil::DateTime>().unwrap().in_tz(zone).unwrap().timestamp()
}

#[test]
fn the_strategy_with_people_loads_and_says_whom_the_escalation_does_not_reach() {
    let (config, warnings) = load(&format!("{PEOPLE}{STRATEGY}"));
    assert_eq!(config.levels.len(), 2);
    let steps: Vec<_> = config.escalation.iter().map(|s| (s.after.as_secs() / 60, s.target.as_str())).collect();
    assert_eq!(steps, [(15, "secondary"), (30, "engineering_manager"), (60, "director")]);
    insta::assert_snapshot!(shown(&warnings), @r#"
    on-call.yaml:17:17: warning: `engineering_manager` names nobody: this step is skipped
     17 |     30_minutes: "engineering_manager"
        |                 ^^^^^^^^^^^^^^^^^^^^^
      help: define a person or a team of the name `engineering_manager`, or a level in `on_call_schedule`
    on-call.yaml:18:17: warning: `director` names nobody: this step is skipped
     18 |     60_minutes: "director"
        |                 ^^^^^^^^^^
      help: define a person or a team of the name `director`, or a level in `on_call_schedule`
    "#);
}

#[test]
fn the_strategy_alone_loads_and_says_what_is_missing() {
    let (config, warnings) = load(STRATEGY);
    assert!(who_is(&config, &[], "primary", Timestamp::UNIX_EPOCH).is_err());
    insta::assert_snapshot!(shown(&warnings), @r#"
    on-call.yaml:1:1: warning: no `rotation`: turns change on Mondays at 09:00 UTC
     1 | on_call_schedule:
       | ^
      help: add `rotation: {day: monday, time: "09:00", zone: Europe/Berlin}`
    on-call.yaml:1:1: warning: no `page_on`: alerts with severity="critical" page, others only open an incident
     1 | on_call_schedule:
       | ^
      help: add `page_on: ['severity="critical"']`
    on-call.yaml:5:9: warning: team `platform` has nobody: this file has no `teams`
     5 |       - platform
       |         ^^^^^^^^
      help: add `teams: {platform: [person, …]}` and `people`
    on-call.yaml:6:9: warning: team `backend` has nobody: this file has no `teams`
     6 |       - backend
       |         ^^^^^^^
      help: add `teams: {backend: [person, …]}` and `people`
    on-call.yaml:2:3: warning: level `primary` names nobody: it is skipped when its turn to be paged comes
     2 |   primary:
       |   ^^^^^^^
      help: give it a team with people in it
    on-call.yaml:10:9: warning: team `sre` has nobody: this file has no `teams`
     10 |       - sre
        |         ^^^
      help: add `teams: {sre: [person, …]}` and `people`
    on-call.yaml:7:3: warning: level `secondary` names nobody: it is skipped when its turn to be paged comes
     7 |   secondary:
       |   ^^^^^^^^^
      help: give it a team with people in it
    on-call.yaml:13:17: warning: `engineering_manager` names nobody: this step is skipped
     13 |     30_minutes: "engineering_manager"
        |                 ^^^^^^^^^^^^^^^^^^^^^
      help: define a person or a team of the name `engineering_manager`, or a level in `on_call_schedule`
    on-call.yaml:14:17: warning: `director` names nobody: this step is skipped
     14 |     60_minutes: "director"
        |                 ^^^^^^^^^^
      help: define a person or a team of the name `director`, or a level in `on_call_schedule`
    "#);
}

#[test]
fn an_empty_file_pages_nobody_and_says_so() {
    let (config, warnings) = load("");
    assert!(config.first_level().is_none());
    insta::assert_snapshot!(shown(&warnings), @"
    on-call.yaml:1:1: warning: no `on_call_schedule`: incidents open, but nobody is paged
     1 | 
       | ^
      help: add `on_call_schedule`; the sections of this file are `people`, `teams`, `rotation`, `page_on`, `reopen_within`, `on_call_schedule`
    ");
}

#[test]
fn mistakes_are_shown_where_they_stand() {
    insta::assert_snapshot!(errors(r#"people:
  anna: {email: anna.example.org, pager: x}
  bert: {webhook: "ftp://x", emial: bert@example.org}
teams:
  core: [anna, bret]
rotation: {day: mondy, time: "9 am", zone: Europe/Berlim, start: soon}
page_on: ['severity="critical', 'severity', 'team=~"("', '']
reopen_within: half an hour
on_call_schedule:
  primary: {schedule: hourly, teams: [cores]}
  spare: {teams: [core]}
  escalation: {15_minuets: primary, 60_minutes: primary, 1_hour: bert, soon: bert, 9999_hours: bert, 5m: berta}
"#), @r#"
    on-call.yaml:2:10: error: email of `anna` is not a mail address, as `name@example.org`
     2 |   anna: {email: anna.example.org, pager: x}
       |          ^^^^^
    on-call.yaml:2:35: error: unknown contact method `pager`
     2 |   anna: {email: anna.example.org, pager: x}
       |                                   ^^^^^
      help: a person has `email`, `webhook`, `slack` (a webhook URL) and `name`
    on-call.yaml:3:10: error: webhook of `bert` is not an http or https URL
     3 |   bert: {webhook: *********, emial: bert@example.org}
       |          ^^^^^^^
    on-call.yaml:3:30: error: unknown contact method `emial`
     3 |   bert: {webhook: *********, emial: bert@example.org}
       |                              ^^^^^
      help: did you mean `email`?
    on-call.yaml:5:16: error: team `core` names `bret`, who is not among `people`
     5 |   core: [anna, bret]
       |                ^^^^
      help: did you mean `bert`?
    on-call.yaml:6:17: error: `mondy` is not a day of the week
     6 | rotation: {day: mondy, time: "9 am", zone: Europe/Berlim, start: soon}
       |                 ^^^^^
      help: did you mean `monday`?
    on-call.yaml:6:30: error: `9 am` is not a time of day
     6 | rotation: {day: mondy, time: "9 am", zone: Europe/Berlim, start: soon}
       |                              ^^^^^^
      help: write hours and minutes in quotes, as "09:00"; 00:00 to 23:59
    on-call.yaml:6:44: error: unknown time zone `Europe/Berlim`
     6 | rotation: {day: mondy, time: "9 am", zone: Europe/Berlim, start: soon}
       |                                            ^^^^^^^^^^^^^
      help: did you mean `Europe/Berlin`?
    on-call.yaml:6:66: error: `soon` is not a date
     6 | rotation: {day: mondy, time: "9 am", zone: Europe/Berlim, start: soon}
       |                                                                  ^^^^
      help: write it as "2026-01-05"; years 1900 to 2200
    on-call.yaml:7:21: error: `page_on` has a bad matcher: the string has no closing quote
     7 | page_on: ['severity="critical', 'severity', 'team=~"("', '']
       |                     ^^^^^^^^^^
      help: an entry is `severity="critical"` or several matchers separated by commas, all of which must match
    on-call.yaml:7:42: error: `page_on` has a bad matcher: expected an operator such as '=', found the end
     7 | page_on: ['severity="critical', 'severity', 'team=~"("', '']
       |                                          ^
      help: an entry is `severity="critical"` or several matchers separated by commas, all of which must match
    on-call.yaml:7:52: error: `page_on` has a bad matcher: invalid regular expression "(": unclosed group
     7 | page_on: ['severity="critical', 'severity', 'team=~"("', '']
       |                                                    ^^^^
      help: an entry is `severity="critical"` or several matchers separated by commas, all of which must match
    on-call.yaml:7:58: error: `page_on` has a bad matcher: there is no matcher; write one as `severity="critical"`
     7 | page_on: ['severity="critical', 'severity', 'team=~"("', '']
       |                                                          ^^
      help: an entry is `severity="critical"` or several matchers separated by commas, all of which must match
    on-call.yaml:8:16: error: `reopen_within` is not a duration: expected a number at `half an hour`; write a duration as `30s`, `5m` or `1h30m`
     8 | reopen_within: half an hour
       |                ^^^^^^^^^^^^
    on-call.yaml:10:23: error: unknown schedule `hourly`
     10 |   primary: {schedule: hourly, teams: [cores]}
        |                       ^^^^^^
      help: use `weekly` or `daily`
    on-call.yaml:10:39: error: unknown team `cores`
     10 |   primary: {schedule: hourly, teams: [cores]}
        |                                       ^^^^^
      help: did you mean `core`?
    on-call.yaml:10:3: warning: level `primary` names nobody: it is skipped when its turn to be paged comes
     10 |   primary: {schedule: hourly, teams: [cores]}
        |   ^^^^^^^
      help: give it a team with people in it
    on-call.yaml:12:16: error: bad escalation time `15_minuets`: unknown unit `minuets`; one of seconds, minutes, hours
     12 |   escalation: {15_minuets: primary, 60_minutes: primary, 1_hour: bert, soon: bert, 9999_hours: bert, 5m: berta}
        |                ^^^^^^^^^^
      help: write the time since the first page as `15_minutes`, `90_seconds`, `1_hour`, or as a duration such as `20s`
    on-call.yaml:12:58: error: `1_hour` is the same time as `60_minutes`: one step for each time
     12 |   escalation: {15_minuets: primary, 60_minutes: primary, 1_hour: bert, soon: bert, 9999_hours: bert, 5m: berta}
        |                                                          ^^^^^^
    on-call.yaml:12:72: error: bad escalation time `soon`: expected a number at `soon`; write a duration as `30s`, `5m` or `1h30m`
     12 |   escalation: {15_minuets: primary, 60_minutes: primary, 1_hour: bert, soon: bert, 9999_hours: bert, 5m: berta}
        |                                                                        ^^^^
      help: write the time since the first page as `15_minutes`, `90_seconds`, `1_hour`, or as a duration such as `20s`
    on-call.yaml:12:84: error: bad escalation time `9999_hours`: the limit is one week
     12 |   escalation: {15_minuets: primary, 60_minutes: primary, 1_hour: bert, soon: bert, 9999_hours: bert, 5m: berta}
        |                                                                                    ^^^^^^^^^^
      help: write the time since the first page as `15_minutes`, `90_seconds`, `1_hour`, or as a duration such as `20s`
    on-call.yaml:12:106: warning: `berta` names nobody: this step is skipped
     12 |   escalation: {15_minuets: primary, 60_minutes: primary, 1_hour: bert, soon: bert, 9999_hours: bert, 5m: berta}
        |                                                                                                          ^^^^^
      help: did you mean `bert`?
    on-call.yaml:11:3: warning: level `spare` is never paged: no step of `escalation` names it
     11 |   spare: {teams: [core]}
        |   ^^^^^
      help: add a step, as `15_minutes: "spare"`
    "#);
}

#[test]
fn what_does_not_fit_is_named_and_secrets_are_not_shown() {
    insta::assert_snapshot!(errors(r#"
peeple: {}
people: {anna: {slack: https://hooks.example.org/T0/hunter2, pager: 1}}
rotation: monday
page_on: severity="critical"
on_call_schedule: {primary: {schedul: weekly, teams: platform}}
"#), @r#"
    on-call.yaml:2:1: error: unknown key `peeple`
     2 | peeple: {}
       | ^^^^^^
      help: did you mean `people`?
    on-call.yaml:3:69: error: expected a text or a list of texts, found a number
     3 | people: {anna: {slack: ************************************, pager: 1}}
       |                                                                     ^
    on-call.yaml:4:11: error: expected a mapping, found text
     4 | rotation: monday
       |           ^^^^^^
    on-call.yaml:5:10: error: expected a list, found text
     5 | page_on: severity="critical"
       |          ^^^^^^^^^^^^^^^^^^^
      help: write `- item` on lines of its own, or `[item, item]`
    on-call.yaml:6:30: error: unknown key `schedul`
     6 | on_call_schedule: {primary: {schedul: weekly, teams: platform}}
       |                              ^^^^^^^
      help: did you mean `schedule`?
    on-call.yaml:6:54: error: expected a list, found text
     6 | on_call_schedule: {primary: {schedul: weekly, teams: platform}}
       |                                                      ^^^^^^^^
      help: write `- item` on lines of its own, or `[item, item]`
    on-call.yaml:6:20: warning: level `primary` names nobody: it is skipped when its turn to be paged comes
     6 | on_call_schedule: {primary: {schedul: weekly, teams: platform}}
       |                    ^^^^^^^
      help: give it a team with people in it
    "#);
    insta::assert_snapshot!(errors("on_call_schedule: {primary: {}, primary: {}}"), @"
    on-call.yaml:1:33: error: the key `primary` comes twice in this mapping
     1 | on_call_schedule: {primary: {}, primary: {}}
       |                                 ^^^^^^^
      help: it is already set on line 1; keep one of them
    ");
}

#[test]
fn methods_keep_their_order() {
    let (config, _) = load(
        "people: {a: {slack: https://hooks.example.org/x, name: Ann, email: [a@x.org, a@y.org], webhook: http://h/x}}\non_call_schedule: {}",
    );
    let person = &config.people["a"];
    let methods: Vec<_> = person.contacts.iter().map(ToString::to_string).collect();
    assert_eq!(methods, ["slack", "email to a@x.org", "email to a@y.org", "webhook"]);
    assert_eq!(person.name.as_deref(), Some("Ann"));
    assert!(!format!("{config:?}").contains("hooks.example.org"), "addresses of webhooks are secret");
}

#[test]
fn delays_have_several_spellings() {
    for (key, seconds) in
        [("15_minutes", 900), ("90_seconds", 90), ("1_hour", 3600), ("20s", 20), ("1h30m", 5400), ("1_minute", 60), ("500ms", 0)]
    {
        let (config, _) = load(&format!("on_call_schedule: {{primary: {{}}, escalation: {{{key}: primary}}}}"));
        assert_eq!(config.escalation[0].after.as_secs(), seconds, "{key}");
    }
}

#[test]
fn page_on_reads_matchers() {
    for (text, labels, want) in [
        (r#"severity="critical""#, vec![("severity", "critical")], true),
        (r#"severity="critical""#, vec![("severity", "info")], false),
        (r#"severity="critical",team!="sre""#, vec![("severity", "critical"), ("team", "sre")], false),
        (r#"{ severity =~ "critical|page" , team != sre, }"#, vec![("severity", "page")], true),
        ("severity=critical", vec![("severity", "critical")], true),
        (r#""service.name"!~"a.*""#, vec![("service.name", "abc")], false),
        (r#"summary="say \"hi\"""#, vec![("summary", "say \"hi\"")], true),
        (r#"team="""#, vec![("severity", "critical")], true),
    ] {
        let (entry, _) = PageOn::parse(text).unwrap_or_else(|e| panic!("{text}: {e:?}"));
        assert_eq!(entry.matches(&Labels::from_pairs(labels)), want, "{text}");
    }
}

/// Who is primary and secondary, over both changes of daylight saving in 2026 and in spring 2027.
/// Turn 0 begins on Monday, 1 January 2024; Monday, 23 March 2026 begins turn 116.
#[test]
fn turns_follow_the_local_clock_across_daylight_saving() {
    let (config, _) = load(&format!("{PEOPLE}{STRATEGY}"));
    for (utc, primary, secondary) in [
        // Winter time: 09:00 in Berlin is 08:00 UTC.
        ("2026-03-23T07:59:59Z", "backend-1", "platform-2"),
        ("2026-03-23T08:00:00Z", "platform-1", "platform-2"),
        // The night of 29 March 2026 has no 02:30; the next handover is at 07:00 UTC.
        ("2026-03-30T06:59:59.999Z", "platform-1", "platform-2"),
        ("2026-03-30T07:00:00Z", "backend-1", "platform-2"),
        ("2026-04-06T06:59:59Z", "backend-1", "platform-2"),
        // Platform's second turn of the round goes to its second person.
        ("2026-04-06T07:00:00Z", "platform-2", "platform-2"),
        ("2026-04-20T07:00:00Z", "platform-1", "platform-2"),
        // 25 October 2026 has 02:30 twice; the handover after it is at 08:00 UTC again.
        ("2026-10-19T07:00:00Z", "platform-2", "platform-2"),
        ("2026-10-26T07:59:59Z", "platform-2", "platform-2"),
        ("2026-10-26T08:00:00Z", "backend-1", "platform-2"),
        // Spring 2027: 28 March.
        ("2027-03-29T06:59:59Z", "platform-1", "platform-2"),
        ("2027-03-29T07:00:00Z", "backend-1", "platform-2"),
        // Autumn 2027: 31 October.
        ("2027-11-01T07:59:59Z", "backend-1", "platform-2"),
        ("2027-11-01T08:00:00Z", "platform-1", "platform-2"),
        // Before the first turn the round goes on backwards.
        ("2023-12-31T12:00:00Z", "backend-1", "platform-2"),
    ] {
        let instant: Timestamp = utc.parse().unwrap();
        let duty = |level| who_is(&config, &[], level, instant).unwrap();
        assert_eq!((duty("primary").person.id.as_str(), duty("secondary").person.id.as_str()), (primary, secondary), "{utc}");
    }
}

#[test]
fn a_year_of_handovers_is_always_at_nine_in_berlin() {
    let (config, _) = load(&format!("{PEOPLE}{STRATEGY}"));
    let (from, to) = (at("2026-01-01T00:00", "Europe/Berlin"), at("2028-01-01T00:00", "Europe/Berlin"));
    let handovers = config.handovers(&[], from, to);
    assert_eq!(handovers.len(), 104, "secondary never changes hands");
    for handover in &handovers {
        let local = handover.at.in_tz("Europe/Berlin").unwrap();
        assert_eq!((local.weekday(), local.hour(), local.minute()), (civil::Weekday::Monday, 9, 0), "{local}");
    }
}

#[test]
fn zones_are_known_without_tzdata_on_the_machine() {
    assert!(jiff::tz::TimeZoneDatabase::bundled().get("Europe/Berlin").is_ok());
}

#[test]
fn daily_turns_and_a_handover_inside_of_the_gap() {
    let text = r#"
people: {a: {email: a@x.org}, b: {email: b@x.org}, c: {email: c@x.org}}
teams: {all: [a, b, c]}
rotation: {time: "02:30", zone: Europe/Berlin, start: "2026-03-27"}
on_call_schedule: {primary: {schedule: daily, teams: [all]}}
"#;
    let (config, _) = load(text);
    for (utc, who) in [
        ("2026-03-27T01:29:00Z", "c"),
        ("2026-03-27T01:30:00Z", "a"),
        ("2026-03-28T01:30:00Z", "b"),
        // 02:30 does not exist on the 29th: the handover is at 03:30 summer time, 01:30 UTC.
        ("2026-03-29T01:29:59Z", "b"),
        ("2026-03-29T01:30:00Z", "c"),
        ("2026-03-30T00:29:59Z", "c"),
        ("2026-03-30T00:30:00Z", "a"),
    ] {
        assert_eq!(who_is(&config, &[], "primary", utc.parse().unwrap()).unwrap().person.id, who, "{utc}");
    }
}

#[test]
fn the_reason_is_given_in_words() {
    let (config, _) = load(&format!("{PEOPLE}{STRATEGY}"));
    let instant = "2026-10-20T12:00:00Z".parse().unwrap();
    let reason = |target: &str| match who_is(&config, &[], target, instant) {
        Ok(duty) => duty.reason,
        Err(why) => why,
    };
    insta::assert_snapshot!(["primary", "secondary", "sre", "platform", "backend-1", "director"].map(reason).join("\n"), @"
    platform-2 is primary until Mon 2026-10-26 09:00 CET: it is platform's week, 2nd of 2 in platform has the turn
    platform-2 is secondary until Mon 2026-10-26 09:00 CET
    platform-2 has the turn of team sre until Mon 2026-10-26 09:00 CET
    platform-1 has the turn of team platform until Mon 2026-10-26 09:00 CET, 1st of 2 in platform has the turn
    the escalation names backend-1 directly
    director names nobody: there is no level, team or person of this name
    ");
}

#[test]
fn overrides_stand_in_and_the_latest_wins() {
    let (config, _) = load(&format!("{PEOPLE}{STRATEGY}"));
    let ms = |utc: &str| utc.parse::<Timestamp>().unwrap().as_millisecond();
    let stand_in = |id, person: &str, from, until| Override {
        id,
        level: "primary".to_owned(),
        person: person.to_owned(),
        from_ms: ms(from),
        until_ms: ms(until),
        created_by: "anna".to_owned(),
        created_ms: 0,
    };
    let overrides = [
        stand_in(1, "backend-1", "2026-10-20T08:00:00Z", "2026-10-22T08:00:00Z"),
        stand_in(2, "platform-1", "2026-10-21T08:00:00Z", "2026-10-21T20:00:00Z"),
        stand_in(3, "gone", "2026-10-20T08:00:00Z", "2026-10-22T08:00:00Z"),
    ];
    for (utc, who) in [
        ("2026-10-20T07:59:59Z", "platform-2"),
        ("2026-10-20T08:00:00Z", "backend-1"),
        ("2026-10-21T08:00:00Z", "platform-1"),
        ("2026-10-21T20:00:00Z", "backend-1"),
        ("2026-10-22T08:00:00Z", "platform-2"),
    ] {
        assert_eq!(who_is(&config, &overrides, "primary", utc.parse().unwrap()).unwrap().person.id, who, "{utc}");
    }
    let changes = config.handovers(&overrides, "2026-10-20T00:00:00Z".parse().unwrap(), "2026-10-25T00:00:00Z".parse().unwrap());
    assert_eq!(
        changes.iter().map(|h| h.duty.person.id.as_str()).collect::<Vec<_>>(),
        ["backend-1", "platform-1", "backend-1", "platform-2"]
    );
    assert_eq!(changes[0].duty.reason, "backend-1 stands in as primary until Thu 2026-10-22 10:00 CEST, asked for by anna");
}

proptest! {
    /// Every instant lies in the turn that it is told to be in, and turns follow each other without gap.
    #[test]
    fn turns_tile_time(seconds in -2_000_000_000_i64..6_000_000_000, zone in prop::sample::select(vec!["Europe/Berlin", "Pacific/Apia", "America/St_Johns", "Africa/Casablanca", "Australia/Lord_Howe"]), hour in 0_i8..24, day in 0_i8..7, daily: bool) {
        let period = if daily { Period::Daily } else { Period::Weekly };
        let rotation = Rotation {
            day: civil::Weekday::from_monday_zero_offset(day).unwrap(),
            time: civil::time(hour, 30, 0, 0),
            zone: jiff::tz::TimeZone::get(zone).unwrap(),
            start: civil::date(2024, 1, 1),
        };
        let instant = Timestamp::from_second(seconds).unwrap();
        let turn = rotation.turn_at(period, instant);
        prop_assert!(turn.from.timestamp() <= instant && instant < turn.until.timestamp(), "{instant} not in {turn:?}");
        let next = rotation.turn_at(period, turn.until.timestamp());
        // Samoa skipped 30 December 2011: two handovers fell onto one instant there.
        prop_assert!(next.index > turn.index && next.index <= turn.index + 2);
        prop_assert_eq!(next.from.timestamp(), turn.until.timestamp());
    }

    #[test]
    fn matchers_never_panic(text in "[a-z=!~\",{}\\\\( ]{0,30}|.{0,20}") {
        if let Err((offset, _)) = PageOn::parse(&text) {
            prop_assert!(offset <= text.len(), "{offset} in {text:?}");
        }
    }

    /// Mutations of a good file load or are refused; they never panic.
    #[test]
    fn broken_files_never_panic(place in 0_usize..900, cut in 0_usize..20, insert in "[a-z:\\[\\]{}\"'\n ,_0-9é-]{0,6}") {
        let mut text: Vec<char> = format!("{PEOPLE}{STRATEGY}").chars().collect();
        let place = place.min(text.len());
        let end = (place + cut).min(text.len());
        text.splice(place..end, insert.chars());
        let source = Source::new("on-call.yaml", text.into_iter().collect::<String>());
        match OnCallConfig::load(&source) {
            Ok((config, warnings)) => {
                let _ = (shown(&warnings), config.handovers(&[], Timestamp::UNIX_EPOCH, Timestamp::from_second(2_000_000).unwrap()));
            }
            Err(found) => prop_assert!(!shown(&found).is_empty()),
        }
    }
}
