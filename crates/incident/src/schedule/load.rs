//! Reads and checks `on-call.yaml`.

use super::file::{Entries, LevelEntry, OnCallFile, OneOrMany, RotationEntry, ScheduleEntry};
use super::{Contact, Level, Method, OnCallConfig, PageOn, Period, Person, Rotation, Step};
use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use phoenix_model::suggest::nearest;
use phoenix_model::{Diagnostic, Severity, Source, Span, parse_duration};
use phoenix_yaml::{Spanned, mask, span_of};
use std::collections::BTreeMap;
use std::time::Duration;

const SECTIONS: &str = "`people`, `teams`, `rotation`, `page_on`, `reopen_within`, `on_call_schedule`";
const DAYS: [(&str, Weekday); 7] = [
    ("monday", Weekday::Monday),
    ("tuesday", Weekday::Tuesday),
    ("wednesday", Weekday::Wednesday),
    ("thursday", Weekday::Thursday),
    ("friday", Weekday::Friday),
    ("saturday", Weekday::Saturday),
    ("sunday", Weekday::Sunday),
];
/// People, teams, levels, matchers and steps that one file may hold, each.
const MAX_ENTRIES: usize = 1_000;

impl OnCallConfig {
    /// Reads the file. On success the diagnostics are warnings; otherwise at least one is an error.
    pub fn load(source: &Source) -> Result<(Self, Vec<Diagnostic>), Vec<Diagnostic>> {
        let (file, found) = phoenix_yaml::read::<OnCallFile>(source);
        let mut check = Check { source, partial: !found.is_empty(), found };
        let config = file.map(|file| check.file(file));
        // Diagnostics show the line that they are about: without the addresses that are secret.
        let masked = mask(source, is_secret);
        for diagnostic in check.found.iter_mut().filter(|d| d.source.is_some()) {
            diagnostic.source = Some(masked.clone());
        }
        match config {
            Some(config) if check.found.iter().all(|d| d.severity != Severity::Error) => Ok((config, check.found)),
            _ => Err(check.found),
        }
    }
}

/// Whether the value at this path of `on-call.yaml` (as in `phoenix_yaml::keys`) is secret: URLs of
/// webhooks carry their authorisation.
pub fn is_secret(path: &str) -> bool {
    path.starts_with("people.") && path.rsplit('.').next().is_some_and(|key| matches!(key, "webhook" | "slack"))
}

struct Check<'a> {
    source: &'a Source,
    /// Whether something was left out because it could not be read.
    partial: bool,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn file(&mut self, file: OnCallFile) -> OnCallConfig {
        let mut config = OnCallConfig::default();
        let has_people = file.people.is_some();
        let has_teams = file.teams.is_some();
        self.people(file.people, &mut config);
        self.teams(file.teams, has_people, &mut config);
        match file.rotation {
            Some(entry) => config.rotation = self.rotation(&entry),
            None if file.on_call_schedule.is_some() => {
                self.bare(
                    "no `rotation`: turns change on Mondays at 09:00 UTC",
                    "add `rotation: {day: monday, time: \"09:00\", zone: Europe/Berlin}`",
                );
            }
            None => {}
        }
        match file.page_on {
            Some(entries) => config.page_on = self.page_on(&entries),
            None if file.on_call_schedule.is_some() => {
                self.bare(
                    "no `page_on`: alerts with severity=\"critical\" page, others only open an incident",
                    "add `page_on: ['severity=\"critical\"']`",
                );
            }
            None => {}
        }
        if let Some(text) = &file.reopen_within {
            match parse_duration(&text.value) {
                Ok(window) => config.reopen_within = window,
                Err(reason) => self.error(text, format!("`reopen_within` is not a duration: {reason}"), None),
            }
        }
        match file.on_call_schedule {
            Some(schedule) => self.schedule(schedule, has_people, has_teams, &mut config),
            None => self.bare(
                "no `on_call_schedule`: incidents open, but nobody is paged",
                &format!("add `on_call_schedule`; the sections of this file are {SECTIONS}"),
            ),
        }
        config
    }

    fn people(&mut self, people: Option<Entries<Option<Entries<OneOrMany>>>>, config: &mut OnCallConfig) {
        for (name, entry) in self.bounded("people", people.map_or_else(Vec::new, |p| p.0)) {
            let mut person = Person { id: name.value.clone(), name: None, contacts: Vec::new() };
            for (key, values) in entry.map_or_else(Vec::new, |e| e.0) {
                let Some(method) = Method::from_name(&key.value) else {
                    if key.value == "name" {
                        person.name = values.0.into_iter().next();
                    } else {
                        let known = ["name", "email", "webhook", "slack"];
                        let help = match nearest(&key.value, known) {
                            Some(near) => format!("did you mean `{near}`?"),
                            None => "a person has `email`, `webhook`, `slack` (a webhook URL) and `name`".to_owned(),
                        };
                        self.error(&key, format!("unknown contact method `{}`", key.value), Some(help));
                    }
                    continue;
                };
                for address in values.0 {
                    if let Some(wrong) = method.reject(&address) {
                        self.error(&key, format!("{} of `{}` {wrong}", method.as_str(), name.value), None);
                    } else {
                        person.contacts.push(Contact::new(method, address));
                    }
                }
            }
            if person.contacts.is_empty() && !self.found.iter().any(|d| d.severity == Severity::Error) {
                let message = format!("`{}` has no contact method and cannot be paged", name.value);
                self.warning(&name, message, format!("add one, as `{}: {{email: {}@example.org}}`", name.value, name.value));
            }
            config.people.insert(name.value, person);
        }
    }

    fn teams(&mut self, teams: Option<Entries<Option<Vec<Spanned<String>>>>>, has_people: bool, config: &mut OnCallConfig) {
        for (team, members) in self.bounded("teams", teams.map_or_else(Vec::new, |t| t.0)) {
            let mut names = Vec::new();
            for member in members.unwrap_or_default() {
                if !config.people.contains_key(&member.value) {
                    let message = format!("team `{}` names `{}`, who is not among `people`", team.value, member.value);
                    if has_people {
                        let near = nearest(&member.value, config.people.keys().map(String::as_str));
                        let help =
                            near.map_or_else(|| format!("add `{}` to `people`", member.value), |near| format!("did you mean `{near}`?"));
                        self.error(&member, message, Some(help));
                    } else {
                        self.warning(&member, message, "add a `people` section with contact methods".to_owned());
                    }
                    continue;
                }
                if names.contains(&member.value) {
                    self.warning(
                        &member,
                        format!("team `{}` names `{}` twice: two turns in each round", team.value, member.value),
                        String::new(),
                    );
                }
                names.push(member.value);
            }
            config.teams.insert(team.value, names);
        }
    }

    fn rotation(&mut self, entry: &RotationEntry) -> Rotation {
        let mut rotation = Rotation::default();
        if let Some(day) = &entry.day {
            if let Some((_, weekday)) = DAYS.iter().find(|(name, _)| name.eq_ignore_ascii_case(&day.value)) {
                rotation.day = *weekday;
            } else {
                let near = nearest(&day.value, DAYS.iter().map(|(name, _)| *name));
                let help = near.map_or_else(|| "use `monday` to `sunday`".to_owned(), |near| format!("did you mean `{near}`?"));
                self.error(day, format!("`{}` is not a day of the week", day.value), Some(help));
            }
        }
        if let Some(time) = &entry.time {
            match parse_time(&time.value) {
                Some(parsed) => rotation.time = parsed,
                None => self.error(
                    time,
                    format!("`{}` is not a time of day", time.value),
                    Some("write hours and minutes in quotes, as \"09:00\"; 00:00 to 23:59".to_owned()),
                ),
            }
        }
        match &entry.zone {
            Some(zone) => {
                if let Ok(known) = TimeZone::get(&zone.value) {
                    rotation.zone = known;
                } else {
                    let names: Vec<String> = jiff::tz::db().available().map(|name| name.as_str().to_owned()).collect();
                    let near = nearest(&zone.value, names.iter().map(String::as_str));
                    let help = near.map_or_else(
                        || "use a name of the IANA time zone database, as `Europe/Berlin` or `UTC`".to_owned(),
                        |near| format!("did you mean `{near}`?"),
                    );
                    self.error(zone, format!("unknown time zone `{}`", zone.value), Some(help));
                }
            }
            None => self.bare("`rotation` has no `zone`: its time is UTC", "add `zone: Europe/Berlin`"),
        }
        if let Some(start) = &entry.start {
            match start.value.parse::<Date>() {
                Ok(date) if (1900..=2200).contains(&date.year()) => rotation.start = date,
                _ => self.error(
                    start,
                    format!("`{}` is not a date", start.value),
                    Some("write it as \"2026-01-05\"; years 1900 to 2200".to_owned()),
                ),
            }
        }
        rotation
    }

    fn page_on(&mut self, entries: &[Spanned<String>]) -> Vec<PageOn> {
        if entries.len() > MAX_ENTRIES {
            self.found.push(Diagnostic::bare_error(format!("`page_on` has {} entries, the limit is {MAX_ENTRIES}", entries.len())));
            return Vec::new();
        }
        let mut read = Vec::new();
        for entry in entries {
            match PageOn::parse(&entry.value) {
                Ok((parsed, warning)) => {
                    if let Some(warning) = warning {
                        self.warning(entry, format!("this entry of `page_on` {warning}"), String::new());
                    }
                    read.push(parsed);
                }
                Err((offset, reason)) => {
                    let mut span = span_of(entry, self.source);
                    // Point into the text when it stands there as it is, without YAML escapes.
                    if let Some(at) = self.source.text[span.start..span.end].find(&entry.value) {
                        span = Span::new((span.start + at + offset).min(span.end.saturating_sub(1)), span.end);
                    }
                    self.found.push(
                        Diagnostic::error(self.source, span, format!("`page_on` has a bad matcher: {reason}")).with_help(
                            "an entry is `severity=\"critical\"` or several matchers separated by commas, all of which must match",
                        ),
                    );
                }
            }
        }
        read
    }

    fn schedule(&mut self, schedule: ScheduleEntry, has_people: bool, has_teams: bool, config: &mut OnCallConfig) {
        let level_names: Vec<String> = schedule.levels.iter().map(|(name, _)| name.value.clone()).collect();
        let places: BTreeMap<String, Spanned<String>> = schedule.levels.iter().map(|(n, _)| (n.value.clone(), n.clone())).collect();
        for (name, entry) in self.bounded("on_call_schedule", schedule.levels) {
            let level = self.level(&name, &entry, has_people, has_teams, config);
            config.levels.push(level);
        }
        if config.levels.is_empty() {
            self.bare("`on_call_schedule` has no level: nobody is paged", "add `primary: {schedule: weekly, teams: […]}`");
        }
        for (key, target) in self.bounded("escalation", schedule.escalation.map_or_else(Vec::new, |e| e.0)) {
            let Some(after) = self.delay(&key) else { continue };
            if let Some(other) = config.escalation.iter().find(|step| step.after == after) {
                let message = format!("`{}` is the same time as `{}`: one step for each time", key.value, other.written);
                self.error(&key, message, None);
                continue;
            }
            if !level_names.contains(&target.value)
                && !config.people.contains_key(&target.value)
                && !config.teams.contains_key(&target.value)
            {
                let known = level_names.iter().map(String::as_str);
                let known = known.chain(config.people.keys().map(String::as_str)).chain(config.teams.keys().map(String::as_str));
                let help = nearest(&target.value, known).map_or_else(
                    || format!("define a person or a team of the name `{}`, or a level in `on_call_schedule`", target.value),
                    |near| format!("did you mean `{near}`?"),
                );
                self.warning(&target, format!("`{}` names nobody: this step is skipped", target.value), help);
            }
            config.escalation.push(Step { after, target: target.value, written: key.value });
        }
        config.escalation.sort_by_key(|step| step.after);
        for name in &level_names {
            let first = config.first_level().is_some_and(|level| level.name == *name);
            if !first && !config.escalation.iter().any(|step| step.target == *name) {
                let message = format!("level `{name}` is never paged: no step of `escalation` names it");
                self.warning(&places[name], message, format!("add a step, as `15_minutes: \"{name}\"`"));
            }
        }
    }

    fn level(&mut self, name: &Spanned<String>, entry: &LevelEntry, has_people: bool, has_teams: bool, config: &OnCallConfig) -> Level {
        let period = match &entry.schedule {
            None => Period::Weekly,
            Some(text) => match text.value.as_str() {
                "weekly" => Period::Weekly,
                "daily" => Period::Daily,
                other => {
                    self.error(text, format!("unknown schedule `{other}`"), Some("use `weekly` or `daily`".to_owned()));
                    Period::Weekly
                }
            },
        };
        let mut teams = Vec::new();
        for team in &entry.teams {
            match config.teams.get(&team.value) {
                Some(people) if people.is_empty() => {
                    // Without a `people` section each member has been warned about already.
                    if has_people {
                        let message = format!("team `{}` has nobody and gets no turn in `{}`", team.value, name.value);
                        self.warning(team, message, format!("name its people: `{}: [person, …]`", team.value));
                    }
                }
                Some(_) => teams.push(team.value.clone()),
                None if has_teams => {
                    let near = nearest(&team.value, config.teams.keys().map(String::as_str));
                    let help = near
                        .map_or_else(|| format!("define it: `teams: {{{}: [person, …]}}`", team.value), |n| format!("did you mean `{n}`?"));
                    self.error(team, format!("unknown team `{}`", team.value), Some(help));
                }
                None => {
                    let message = format!("team `{}` has nobody: this file has no `teams`", team.value);
                    self.warning(team, message, format!("add `teams: {{{}: [person, …]}}` and `people`", team.value));
                }
            }
        }
        if teams.is_empty() {
            let message = format!("level `{}` names nobody: it is skipped when its turn to be paged comes", name.value);
            self.warning(name, message, "give it a team with people in it".to_owned());
        }
        Level { name: name.value.clone(), period, teams }
    }

    /// `15_minutes`, `90_seconds`, `1_hour`, or a duration as `20s`, `1h30m`.
    fn delay(&mut self, key: &Spanned<String>) -> Option<Duration> {
        match parse_delay(&key.value) {
            Ok(delay) => Some(delay),
            Err(reason) => {
                let help = "write the time since the first page as `15_minutes`, `90_seconds`, `1_hour`, or as a duration such as `20s`";
                self.error(key, format!("bad escalation time `{}`: {reason}", key.value), Some(help.to_owned()));
                None
            }
        }
    }

    fn bounded<T>(&mut self, what: &str, entries: Vec<T>) -> Vec<T> {
        if entries.len() > MAX_ENTRIES {
            self.found.push(Diagnostic::bare_error(format!("`{what}` has {} entries, the limit is {MAX_ENTRIES}", entries.len())));
            return Vec::new();
        }
        entries
    }

    fn error(&mut self, at: &Spanned<String>, message: String, help: Option<String>) {
        let diagnostic = Diagnostic::error(self.source, span_of(at, self.source), message);
        self.found.push(match help {
            Some(help) => diagnostic.with_help(help),
            None => diagnostic,
        });
    }

    fn warning(&mut self, at: &Spanned<String>, message: String, help: String) {
        let diagnostic = Diagnostic::warning(self.source, span_of(at, self.source), message);
        self.found.push(if help.is_empty() { diagnostic } else { diagnostic.with_help(help) });
    }

    /// A warning about something that is missing: it points at the beginning of the file.
    fn bare(&mut self, message: &str, help: &str) {
        if !self.partial {
            self.found.push(Diagnostic::warning(self.source, Span::default(), message).with_help(help));
        }
    }
}

fn parse_time(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    if !(1..=2).contains(&hour.len()) || minute.len() != 2 || !text.bytes().all(|b| b.is_ascii_digit() || b == b':') {
        return None;
    }
    Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
}

fn parse_delay(text: &str) -> Result<Duration, String> {
    let delay = match text.split_once('_') {
        None => parse_duration(text)?,
        Some((number, unit)) => {
            let number: u64 = number.parse().map_err(|_| format!("`{number}` is not a whole number"))?;
            let seconds = match unit {
                "second" | "seconds" => 1,
                "minute" | "minutes" => 60,
                "hour" | "hours" => 3_600,
                _ => return Err(format!("unknown unit `{unit}`; one of seconds, minutes, hours")),
            };
            Duration::from_secs(number.checked_mul(seconds).ok_or("the time is too long")?)
        }
    };
    if delay > Duration::from_hours(7 * 24) {
        return Err("the limit is one week".to_owned());
    }
    Ok(delay)
}
