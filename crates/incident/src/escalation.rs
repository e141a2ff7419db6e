//! Escalation: whom to page when, as decisions over an explicit `now_ms`.
//!
//! The first level is paged at once. Each step of the escalation counts from there, as long as
//! nobody acknowledges. A level that names nobody, or only people without a contact method, is
//! skipped with an entry in the timeline; when nobody at all has been paged yet, the next level does
//! not wait for its time, since an empty level must not let everybody sleep.
//!
//! A page tries the person's contact methods in their order. When all have failed it begins again
//! after a pause that doubles from 10 seconds up to 5 minutes, until it is delivered, the incident is
//! acknowledged or ends, or a day has passed. A method that refuses for good is not tried again.

use crate::incident::{Incident, IncidentId, Status};
use crate::schedule::{Contact, Method, OnCallConfig, Override, Person, who_is};
use crate::timeline::EventKind;
use jiff::Timestamp;
use phoenix_model::format_duration;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::time::Duration;

/// The first pause after all methods of a person have failed; it doubles with each further round.
const RETRY_FIRST_MS: i64 = 10_000;
/// The longest pause.
const RETRY_LONGEST_MS: i64 = 300_000;
/// How long a page is tried.
const RETRY_FOR_MS: i64 = 86_400_000;

/// How far paging of one round has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Escalation {
    /// When paging began; moved on by the time for which it was paused.
    pub started_ms: i64,
    /// Since when it waits because all alerts are muted.
    pub paused_since_ms: Option<i64>,
    /// The delay of the last step taken: -1 after the first level, `None` before it.
    pub climbed_ms: Option<i64>,
    /// The level, team or person of the last step that paged somebody.
    #[serde(default)]
    pub level: Option<String>,
    /// The entry of `page_on` that matched.
    pub page_on: String,
    /// Whether the end was reached and written down.
    pub finished: bool,
}

impl Escalation {
    /// The first step that has not been taken, with its delay in milliseconds; the first level has -1.
    pub(crate) fn next_step(&self, config: &OnCallConfig) -> Option<(i64, String)> {
        let climbed = self.climbed_ms.unwrap_or(-2);
        let first = config.first_level().map(|level| (-1, level.name.clone()));
        let steps = config.escalation.iter().map(|step| (step.after.as_millis() as i64, step.target.clone()));
        first.into_iter().chain(steps).find(|(delay_ms, _)| *delay_ms > climbed)
    }
}

/// Where a page stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum PageStatus {
    /// To be sent at `next_attempt_ms`.
    Waiting,
    /// An attempt is under way.
    Sending,
    /// It was delivered.
    Sent,
    /// It will not be tried again.
    GivenUp,
    /// It is no longer needed.
    Cancelled,
}

impl PageStatus {
    /// All of them.
    pub const ALL: [Self; 5] = [Self::Waiting, Self::Sending, Self::Sent, Self::GivenUp, Self::Cancelled];

    /// The name in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::GivenUp => "given_up",
            Self::Cancelled => "cancelled",
        }
    }
}

/// A page to one person. Its identity is incident, round, level and person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// The round of the incident.
    pub round: i64,
    /// The level, team or person that the escalation named.
    pub level: String,
    /// Who is paged.
    pub person: String,
    /// Where it stands.
    pub status: PageStatus,
    /// The method of the last attempt, or the first one to come.
    pub method: Option<Method>,
    /// What may be shown of its address.
    pub address: String,
    /// Attempts begun.
    pub attempts: i64,
    /// Positions of contacts that refused for good.
    pub refused: BTreeSet<usize>,
    /// When it was decided.
    pub intended_ms: i64,
    /// When to try (again).
    pub next_attempt_ms: i64,
    /// When it was delivered.
    pub sent_ms: Option<i64>,
    /// Why the last attempt failed.
    pub last_error: String,
    /// Why this person is paged.
    pub why: String,
}

impl Page {
    fn key(&self) -> (i64, String, String) {
        (self.round, self.level.clone(), self.person.clone())
    }

    fn is_pending(&self) -> bool {
        matches!(self.status, PageStatus::Waiting | PageStatus::Sending)
    }

    /// The contact to try next: in their order, going around, without those that refused for good.
    fn next_contact<'a>(&self, person: &'a Person) -> Option<&'a Contact> {
        let usable: Vec<&Contact> = person.contacts.iter().enumerate().filter(|(i, _)| !self.refused.contains(i)).map(|(_, c)| c).collect();
        if usable.is_empty() { None } else { Some(usable[self.attempts as usize % usable.len()]) }
    }
}

/// Send this now. The intent is in the incident's unsaved changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageOrder {
    /// Which incident.
    pub incident: IncidentId,
    /// Which round.
    pub round: i64,
    /// The level, team or person that the escalation named.
    pub level: String,
    /// To whom.
    pub person: Person,
    /// By which way.
    pub contact: Contact,
    /// Which attempt, from 1.
    pub attempt: i64,
    /// Why this person is paged.
    pub why: String,
}

/// Why a page was not delivered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageFailure {
    /// In words.
    pub reason: String,
    /// Whether trying the same address again is of no use.
    pub for_good: bool,
}

impl Incident {
    /// Begins to page, now.
    pub(crate) fn start_paging(&mut self, page_on: &str, now_ms: i64) {
        let page_on = page_on.to_owned();
        self.escalation =
            Some(Escalation { started_ms: now_ms, paused_since_ms: None, climbed_ms: None, level: None, page_on, finished: false });
        self.unsaved.any = true;
    }

    /// Takes every step that is due, and gives the pages that are to be sent now.
    pub fn tick(&mut self, config: &OnCallConfig, overrides: &[Override], now_ms: i64) -> Vec<PageOrder> {
        if self.status == Status::Open && self.escalation.as_ref().is_some_and(|e| e.paused_since_ms.is_none()) {
            while let Some((delay_ms, target)) = self.next_step(config) {
                let started_ms = self.escalation.as_ref().map_or(now_ms, |e| e.started_ms);
                if started_ms.saturating_add(delay_ms.max(0)) > now_ms && self.somebody_is_paged() {
                    break;
                }
                self.climb(delay_ms, &target, config, overrides, now_ms);
            }
            self.note_the_end(config, now_ms);
        }
        self.due_pages(config, now_ms)
    }

    /// When [`Incident::tick`] has something to do next.
    pub fn paging_deadline_ms(&self, config: &OnCallConfig) -> Option<i64> {
        if self.status != Status::Open {
            return None;
        }
        let escalation = self.escalation.as_ref().filter(|e| e.paused_since_ms.is_none())?;
        let step = self.next_step(config).map(|(delay_ms, _)| {
            if self.somebody_is_paged() { escalation.started_ms.saturating_add(delay_ms.max(0)) } else { escalation.started_ms }
        });
        let waiting = self.pages.iter().filter(|p| p.round == self.round && p.status == PageStatus::Waiting);
        step.into_iter().chain(waiting.map(|p| p.next_attempt_ms)).min()
    }

    fn next_step(&self, config: &OnCallConfig) -> Option<(i64, String)> {
        self.escalation.as_ref()?.next_step(config)
    }

    fn somebody_is_paged(&self) -> bool {
        self.pages.iter().any(|p| p.round == self.round && (p.is_pending() || p.status == PageStatus::Sent))
    }

    fn climb(&mut self, delay_ms: i64, target: &str, config: &OnCallConfig, overrides: &[Override], now_ms: i64) {
        let Some(escalation) = &mut self.escalation else { return };
        escalation.climbed_ms = Some(delay_ms);
        let matched = format!("page_on {} matched", escalation.page_on);
        self.unsaved.any = true;
        let early = self.pages.iter().all(|p| p.round != self.round) && delay_ms >= 0;
        let mut why = match delay_ms {
            ..0 => matched,
            _ if early => format!("{matched} and no level before it could be paged"),
            _ => format!("nobody acknowledged within {}", format_duration(Duration::from_millis(delay_ms as u64))),
        };
        let duty = match who_is(config, overrides, target, moment(now_ms)) {
            Ok(duty) if duty.person.contacts.is_empty() => Err(format!("{} has no contact method", duty.person.id)),
            other => other,
        };
        let duty = match duty {
            Ok(duty) => duty,
            Err(nobody) => {
                self.event(now_ms, EventKind::LevelSkipped, format!("skipped {target}"), "", nobody);
                return;
            }
        };
        if let Some(escalation) = &mut self.escalation {
            escalation.level = Some(target.to_owned());
        }
        let by_name = duty.person.id == target;
        if delay_ms >= 0 {
            let escalated = if by_name { format!("escalated to {target}") } else { format!("escalated to {target}: {}", duty.person.id) };
            self.event(now_ms, EventKind::Escalated, escalated, "", &why);
        }
        why = format!("{why} and {}", duty.reason);
        let person = &duty.person;
        let again = self.pages.iter().any(|p| p.round == self.round && p.person == person.id);
        let role = if by_name { String::new() } else { format!(" as {target}") };
        let text = format!("to page {}{role}{} by {}", person.id, if again { " once more" } else { "" }, person.contacts[0]);
        self.event(now_ms, EventKind::PageIntended, text, "", &why);
        let page = Page {
            round: self.round,
            level: target.to_owned(),
            person: person.id.clone(),
            status: PageStatus::Waiting,
            method: Some(person.contacts[0].method),
            address: person.contacts[0].shown_address(),
            attempts: 0,
            refused: BTreeSet::new(),
            intended_ms: now_ms,
            next_attempt_ms: now_ms,
            sent_ms: None,
            last_error: String::new(),
            why,
        };
        // A step that a changed file moved to a later time may name the same level and person again.
        if self.pages.iter().any(|p| p.key() == page.key()) {
            return;
        }
        self.unsaved.pages.insert(page.key());
        self.pages.push(page);
    }

    fn note_the_end(&mut self, config: &OnCallConfig, now_ms: i64) {
        if self.next_step(config).is_some() || self.somebody_is_paged() {
            return;
        }
        let Some(escalation) = self.escalation.as_mut().filter(|e| !e.finished) else { return };
        escalation.finished = true;
        let why = if config.levels.is_empty() { "there is no on_call_schedule" } else { "no level of the escalation could be paged" };
        tracing::error!(incident = %self.id, "nobody could be paged: {why}");
        self.event(now_ms, EventKind::NotPaged, "nobody could be paged", "", why);
    }

    fn due_pages(&mut self, config: &OnCallConfig, now_ms: i64) -> Vec<PageOrder> {
        let mut orders = Vec::new();
        let paused = self.escalation.as_ref().is_none_or(|e| e.paused_since_ms.is_some());
        if self.status != Status::Open || paused {
            return orders;
        }
        for index in 0..self.pages.len() {
            let page = &self.pages[index];
            if page.round != self.round || page.status != PageStatus::Waiting || page.next_attempt_ms > now_ms {
                continue;
            }
            let person = config.people.get(&page.person).cloned();
            let contact = person.as_ref().and_then(|person| page.next_contact(person)).cloned();
            let (Some(person), Some(contact)) = (person, contact) else {
                let why = if config.people.contains_key(&page.person) {
                    "no contact method is left"
                } else {
                    "the person is no longer in the on-call file"
                };
                self.give_up(index, why, now_ms);
                continue;
            };
            let page = &mut self.pages[index];
            page.status = PageStatus::Sending;
            page.method = Some(contact.method);
            page.address = contact.shown_address();
            page.attempts += 1;
            let (level, attempt, why, key) = (page.level.clone(), page.attempts, page.why.clone(), page.key());
            self.unsaved.pages.insert(key);
            let text = match attempt {
                1 => format!("paging {} by {contact}", person.id),
                _ => format!("paging {} by {contact}, attempt {attempt}", person.id),
            };
            self.event(now_ms, EventKind::PageStarted, text, "", String::new());
            orders.push(PageOrder { incident: self.id, round: self.round, level, person, contact, attempt, why });
        }
        orders
    }

    fn give_up(&mut self, index: usize, why: &str, now_ms: i64) {
        let page = &mut self.pages[index];
        page.status = PageStatus::GivenUp;
        let (person, key) = (page.person.clone(), page.key());
        self.unsaved.pages.insert(key);
        self.event(now_ms, EventKind::PageGivenUp, format!("gave up paging {person}"), "", why);
    }

    /// The outcome of an order. One that is not awaited (any more) changes nothing but the timeline.
    pub fn page_result(&mut self, order: &PageOrder, result: Result<(), PageFailure>, config: &OnCallConfig, now_ms: i64) {
        let who = order.person.id.as_str();
        let key = (order.round, order.level.clone(), who.to_owned());
        let Some(index) = self.pages.iter().position(|p| p.key() == key) else { return };
        let failure = match result {
            Ok(()) => {
                let page = &mut self.pages[index];
                page.status = PageStatus::Sent;
                page.sent_ms = Some(now_ms);
                page.last_error.clear();
                self.unsaved.pages.insert(key);
                if self.round == order.round {
                    self.paged_ms.get_or_insert(now_ms);
                }
                self.event(now_ms, EventKind::PageSent, format!("paged {who} by {}", order.contact), "", &order.why);
                return;
            }
            Err(failure) => failure,
        };
        let page = &mut self.pages[index];
        let was_awaited = page.status == PageStatus::Sending;
        page.last_error = crate::incident::shortened(&failure.reason, 500);
        let why = page.last_error.clone();
        if failure.for_good
            && let Some(position) = order.person.contacts.iter().position(|c| *c == order.contact)
        {
            page.refused.insert(position);
        }
        self.unsaved.pages.insert(key);
        let failed = format!("could not page {who} by {}", order.contact);
        if !was_awaited {
            self.event(now_ms, EventKind::PageFailed, failed, "", why);
            return;
        }
        let contacts = config.people.get(who).map_or(0, |person| person.contacts.len());
        let page = &mut self.pages[index];
        let usable = contacts.saturating_sub(page.refused.len()) as i64;
        if usable == 0 || now_ms - page.intended_ms >= RETRY_FOR_MS {
            self.event(now_ms, EventKind::PageFailed, failed, "", why);
            let why = if usable == 0 { "every contact method refused" } else { "it has failed for a day" };
            self.give_up(index, why, now_ms);
            return;
        }
        let around = page.attempts % usable == 0 || failure.for_good;
        let turns = (page.attempts / usable.max(1)).clamp(1, 16);
        let pause_ms = if around && !failure.for_good { (RETRY_FIRST_MS << (turns - 1)).min(RETRY_LONGEST_MS) } else { 0 };
        page.status = PageStatus::Waiting;
        page.next_attempt_ms = now_ms + pause_ms;
        let next = match pause_ms {
            0 => "the next method is tried now".to_owned(),
            _ => format!("next attempt in {}", format_duration(Duration::from_millis(pause_ms as u64))),
        };
        self.event(now_ms, EventKind::PageFailed, format!("{failed}; {next}"), "", why);
    }

    /// After a restart: what was under way has an unknown outcome and is sent again.
    pub(crate) fn resume_pages(&mut self, now_ms: i64) {
        let under_way: Vec<usize> = (0..self.pages.len()).filter(|i| self.pages[*i].status == PageStatus::Sending).collect();
        for index in under_way {
            let page = &mut self.pages[index];
            page.status = PageStatus::Waiting;
            page.next_attempt_ms = now_ms;
            // The same method again: it may well have worked.
            page.attempts = (page.attempts - 1).max(0);
            let (key, who) = (page.key(), page.person.clone());
            self.unsaved.pages.insert(key);
            let text = format!("the page to {who} is sent again");
            self.event(now_ms, EventKind::PageFailed, text, "", "the process ended before it knew the outcome");
        }
    }

    /// Pages that are not delivered yet are no longer needed.
    pub(crate) fn cancel_pages(&mut self, why: &str, now_ms: i64) {
        for index in 0..self.pages.len() {
            let page = &mut self.pages[index];
            if !page.is_pending() {
                continue;
            }
            page.status = PageStatus::Cancelled;
            let (key, who) = (page.key(), page.person.clone());
            self.unsaved.pages.insert(key);
            self.event(now_ms, EventKind::PageCancelled, format!("the page to {who} is no longer needed"), "", why);
        }
    }
}

fn moment(ms: i64) -> Timestamp {
    crate::incident::moment(ms)
}
