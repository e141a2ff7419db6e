//! Whose turn it is, until when, and why.

use super::{OnCallConfig, Period, Person, Turn};
use jiff::{Timestamp, Zoned};

/// Handovers that one question may return.
const MAX_HANDOVERS: usize = 1_000;

/// A person stands in for whoever would have the turn.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Override {
    /// Given by the store.
    pub id: i64,
    /// The level it changes.
    pub level: String,
    /// Who stands in.
    pub person: String,
    /// From this moment, in milliseconds since the Unix epoch,
    pub from_ms: i64,
    /// up to, not including, this one.
    pub until_ms: i64,
    /// Who asked for it.
    pub created_by: String,
    /// When it was made.
    pub created_ms: i64,
}

/// Somebody has the duty, from when until when, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Duty {
    /// The level, team or person that was asked for.
    pub target: String,
    /// Who it is.
    pub person: Person,
    /// Whose turn it is among the level's teams; `None` for a person named directly or standing in.
    pub team: Option<String>,
    /// When it began; `None` for a person named directly.
    pub from: Option<Timestamp>,
    /// When it ends; `None` for a person named directly.
    pub until: Option<Timestamp>,
    /// In words: `platform-1 is primary until …: …`.
    pub reason: String,
}

/// At this moment the level passes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Handover {
    /// The level.
    pub level: String,
    /// When.
    pub at: Timestamp,
    /// Who had it until then.
    pub before: Option<String>,
    /// Who has it from then on.
    pub duty: Duty,
}

/// Who has the duty of a level, a team or a person of this name (in this order of precedence).
///
/// On error: why it names nobody, in words. Overrides concern levels and teams; of several that
/// hold at the moment the one made last wins.
pub fn who_is(config: &OnCallConfig, overrides: &[Override], target: &str, at: Timestamp) -> Result<Duty, String> {
    let level = config.levels.iter().find(|level| level.name == target);
    let (period, teams): (Period, Vec<&str>) = match level {
        Some(level) => (level.period, level.teams.iter().map(String::as_str).collect()),
        None if config.teams.get(target).is_some_and(|members| !members.is_empty()) => (Period::Weekly, vec![target]),
        None => return named_person(config, target),
    };
    if let Some(duty) = overriding(config, overrides, target, at) {
        return Ok(duty);
    }
    if teams.is_empty() {
        return Err(format!("level {target} names nobody: none of its teams has anybody in it"));
    }
    let turn = config.rotation.turn_at(period, at);
    let count = teams.len() as i64;
    let team = teams[turn.index.rem_euclid(count) as usize];
    let members = &config.teams[team];
    let place = turn.index.div_euclid(count).rem_euclid(members.len() as i64) as usize;
    let person = config.people[&members[place]].clone();
    let reason = turn_reason(target, &person, period, team, teams.len(), place, members.len(), &turn);
    let team = Some(team.to_owned());
    Ok(Duty { target: target.to_owned(), person, team, from: Some(turn.from.timestamp()), until: Some(turn.until.timestamp()), reason })
}

fn named_person(config: &OnCallConfig, target: &str) -> Result<Duty, String> {
    match config.people.get(target) {
        Some(person) => Ok(Duty {
            target: target.to_owned(),
            person: person.clone(),
            team: None,
            from: None,
            until: None,
            reason: format!("the escalation names {target} directly"),
        }),
        None if config.teams.contains_key(target) => Err(format!("team {target} has nobody in it")),
        None => Err(format!("{target} names nobody: there is no level, team or person of this name")),
    }
}

fn overriding(config: &OnCallConfig, overrides: &[Override], target: &str, at: Timestamp) -> Option<Duty> {
    let at_ms = at.as_millisecond();
    let chosen = overrides
        .iter()
        .filter(|o| o.level == target && o.from_ms <= at_ms && at_ms < o.until_ms && config.people.contains_key(&o.person))
        .max_by_key(|o| o.id)?;
    let until = Timestamp::from_millisecond(chosen.until_ms).ok()?;
    let local = until.to_zoned(config.rotation.zone.clone());
    Some(Duty {
        target: target.to_owned(),
        person: config.people[&chosen.person].clone(),
        team: None,
        from: Timestamp::from_millisecond(chosen.from_ms).ok(),
        until: Some(until),
        reason: format!("{} stands in as {target} until {}, asked for by {}", chosen.person, in_words(&local), chosen.created_by),
    })
}

#[expect(clippy::too_many_arguments, reason = "each is one word of the sentence")]
fn turn_reason(
    target: &str,
    person: &Person,
    period: Period,
    team: &str,
    teams: usize,
    place: usize,
    members: usize,
    turn: &Turn,
) -> String {
    let mut reason = format!("{} is {target} until {}", person.id, in_words(&turn.until));
    if target == team {
        reason = format!("{} has the turn of team {team} until {}", person.id, in_words(&turn.until));
    } else if teams > 1 {
        reason = format!("{reason}: it is {team}'s {}", period.noun());
    }
    if members > 1 {
        reason = format!("{reason}, {} of {members} in {team} has the turn", ordinal(place + 1));
    }
    reason
}

/// `Mon 2026-10-26 09:00 CET`
fn in_words(at: &Zoned) -> String {
    at.strftime("%a %Y-%m-%d %H:%M %Z").to_string()
}

fn ordinal(n: usize) -> String {
    let ending = match (n % 10, n % 100) {
        (1, teen) if teen != 11 => "st",
        (2, teen) if teen != 12 => "nd",
        (3, teen) if teen != 13 => "rd",
        _ => "th",
    };
    format!("{n}{ending}")
}

impl OnCallConfig {
    /// Levels first, in the order of the file, then what else the escalation names: everything that can be asked of [`who_is`].
    pub fn targets(&self) -> Vec<&str> {
        let mut targets: Vec<&str> = self.levels.iter().map(|level| level.name.as_str()).collect();
        for step in &self.escalation {
            if !targets.contains(&step.target.as_str()) {
                targets.push(&step.target);
            }
        }
        targets
    }

    /// Every moment after `from` and before `to` at which a level passes to another person, in order of time, at most 1,000.
    ///
    /// Begins and ends of overrides count. A turn that goes to the same person again is left out.
    pub fn handovers(&self, overrides: &[Override], from: Timestamp, to: Timestamp) -> Vec<Handover> {
        let mut handovers = Vec::new();
        for level in self.levels.iter().filter(|level| !level.teams.is_empty()) {
            let mut moments: Vec<Timestamp> = overrides
                .iter()
                .filter(|o| o.level == level.name)
                .flat_map(|o| [o.from_ms, o.until_ms])
                .filter_map(|ms| Timestamp::from_millisecond(ms).ok())
                .filter(|at| from < *at && *at < to)
                .collect();
            let mut next = self.rotation.turn_at(level.period, from).until.timestamp();
            while next < to && moments.len() < MAX_HANDOVERS {
                moments.push(next);
                let after = self.rotation.turn_at(level.period, next).until.timestamp();
                if after <= next {
                    break;
                }
                next = after;
            }
            moments.sort_unstable();
            moments.dedup();
            let mut person = who_is(self, overrides, &level.name, from).ok().map(|duty| duty.person.id);
            for at in moments {
                let Ok(duty) = who_is(self, overrides, &level.name, at) else { continue };
                if person.as_deref() != Some(&duty.person.id) {
                    let before = person.replace(duty.person.id.clone());
                    handovers.push(Handover { level: level.name.clone(), at, before, duty });
                }
            }
        }
        handovers.sort_by_key(|handover| handover.at);
        handovers.truncate(MAX_HANDOVERS);
        handovers
    }
}
