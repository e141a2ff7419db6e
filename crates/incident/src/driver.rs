//! Moves the desk along in time: takes in what happens, writes it down, sends what is due.
//!
//! A page is written down as an intent before it is sent, and its outcome after. When the process
//! dies between sending and writing the outcome, the page is sent once more after the restart: at
//! least once. When the store cannot be written, paging goes on from memory (a repeated page is
//! better than none) and writing is tried again every few seconds.

use crate::escalation::{PageFailure, PageOrder};
use crate::incident::{Incident, IncidentId, Status};
use crate::incidents::Shared;
use crate::message::{PageMessage, Pager};
use crate::schedule::OnCallConfig;
use crate::view::{EventView, IncidentSummary, Update};
use crate::{Desk, IncidentError, Via, store};
use phoenix_env::SharedClock;
use phoenix_state::incident::OverrideRow;
use phoenix_state::{State, StateError};
use std::collections::HashMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Semaphore, mpsc, oneshot};

/// How long one attempt to send may take.
const SEND_LIMIT: Duration = Duration::from_secs(30);
/// How long one write may keep a page waiting.
const SAVE_LIMIT: Duration = Duration::from_secs(5);
/// When to try again to write.
const SAVE_AGAIN_MS: i64 = 5_000;
/// Pages that are sent at the same time.
const SENDS_AT_ONCE: usize = 16;
/// Outcomes that may wait.
const MAX_WAITING_RESULTS: usize = 1_024;
/// The wall clock may be set: look at it at least this often.
const LONGEST_SLEEP: Duration = Duration::from_mins(1);
/// How long a stop waits for pages that are under way.
const STOP_LIMIT: Duration = Duration::from_secs(5);
/// How long somebody may stand in.
const LONGEST_OVERRIDE_MS: i64 = 366 * 86_400_000;

pub(crate) type Reply<T> = oneshot::Sender<Result<T, IncidentError>>;

pub(crate) enum Command {
    Acknowledge { id: IncidentId, who: String, via: Via, note: String, reply: Reply<()> },
    Resolve { id: IncidentId, who: String, via: Via, note: String, reply: Reply<()> },
    Note { id: IncidentId, who: String, text: String, reply: Reply<EventView> },
    AddOverride { row: OverrideRow, reply: Reply<i64> },
    EndOverride { id: i64, who: String, reply: Reply<()> },
    SetConfig { config: Box<OnCallConfig>, reply: Reply<()> },
}

type Outcome = (PageOrder, Result<(), PageFailure>);

/// Runs incidents and paging. There is one for each state store.
pub struct Driver {
    desk: Desk,
    state: State,
    pager: Arc<dyn Pager>,
    clock: SharedClock,
    shared: Arc<Shared>,
    inbox: mpsc::Receiver<Command>,
    results: (mpsc::Sender<Outcome>, mpsc::Receiver<Outcome>),
    senders: Arc<Semaphore>,
    under_way: usize,
    /// Incidents that could not be written, with the time of the next attempt.
    save_again: HashMap<IncidentId, i64>,
    store_silent_until_ms: Option<i64>,
    /// Incidents of each state, in the order of [`Status::ALL`].
    counts: [i64; Status::ALL.len()],
    counted: HashMap<IncidentId, Status>,
    refused: u64,
}

impl Driver {
    pub(crate) fn new(
        desk: Desk,
        state: State,
        pager: Arc<dyn Pager>,
        clock: SharedClock,
        shared: Arc<Shared>,
        inbox: mpsc::Receiver<Command>,
        counts: [i64; Status::ALL.len()],
    ) -> Self {
        let counted = desk.iter().map(|incident| (incident.id, incident.status)).collect();
        let driver = Self {
            desk,
            state,
            pager,
            clock,
            shared,
            inbox,
            results: mpsc::channel(MAX_WAITING_RESULTS),
            senders: Arc::new(Semaphore::new(SENDS_AT_ONCE)),
            under_way: 0,
            save_again: HashMap::new(),
            store_silent_until_ms: None,
            counts,
            counted,
            refused: 0,
        };
        driver.show_counts();
        driver
    }

    /// Runs until `stop` resolves, or nobody holds an [`Incidents`](crate::Incidents) any more.
    /// Pages that are under way get five seconds to end.
    pub async fn run(mut self, stop: impl Future<Output = ()> + Send) {
        tokio::pin!(stop);
        let shared = Arc::clone(&self.shared);
        loop {
            self.step().await;
            let sleep = self.clock.sleep(self.pause());
            tokio::select! {
                biased;
                () = &mut stop => break,
                Some((order, result)) = self.results.1.recv() => self.take_result(&order, result),
                () = shared.wake.notified() => {}
                command = self.inbox.recv() => match command {
                    Some(command) => self.obey(command).await,
                    None => break,
                },
                () = sleep => {}
            }
        }
        let give_up = self.clock.sleep(STOP_LIMIT);
        tokio::pin!(give_up);
        while self.under_way > 0 {
            tokio::select! {
                Some((order, result)) = self.results.1.recv() => self.take_result(&order, result),
                () = &mut give_up => break,
            }
        }
        self.save_all().await;
    }

    /// Takes in flushed groups, takes every step that is due, writes, sends.
    async fn step(&mut self) {
        let groups = std::mem::take(&mut *self.shared.groups.lock());
        let now_ms = self.clock.now_ms();
        for group in &groups {
            self.desk.flushed(group, now_ms);
        }
        if self.desk.refused > self.refused {
            self.shared.metrics.groups_dropped(self.desk.refused - self.refused);
            self.refused = self.desk.refused;
        }
        // Each page goes out right after its own intent is written, before the rest is.
        for order in self.desk.tick(now_ms) {
            self.save_one(order.incident).await;
            self.send(order, now_ms);
        }
        self.save_all().await;
        for mut incident in self.desk.forget(now_ms) {
            incident.unsaved.any = true;
            self.counted.remove(&incident.id);
            self.save_again.remove(&incident.id);
            // If this fails it is forgotten after the next start.
            if let Err(e) = self.save(&incident, false).await {
                tracing::warn!(incident = %incident.id, error = %e, "could not write that an incident need not be watched");
            }
        }
    }

    fn pause(&self) -> Duration {
        let now_ms = self.clock.now_ms();
        let deadlines = self.desk.next_deadline_ms().into_iter().chain(self.save_again.values().copied());
        let deadline_ms = deadlines.chain(self.store_silent_until_ms.filter(|at| *at > now_ms)).min();
        let wait_ms = deadline_ms.map_or(i64::MAX, |at| at.saturating_sub(now_ms)).max(1);
        Duration::from_millis(wait_ms as u64).min(LONGEST_SLEEP)
    }

    async fn save_all(&mut self) {
        for id in self.desk.unsaved() {
            self.save_one(id).await;
        }
    }

    /// Writes what is new of an incident. One that failed a moment ago is left for later, so that it
    /// does not hold up the others; when the store did not answer at all, everything is.
    async fn save_one(&mut self, id: IncidentId) {
        let now_ms = self.clock.now_ms();
        let later = |at: Option<&i64>| at.is_some_and(|at| *at > now_ms);
        if later(self.save_again.get(&id)) || later(self.store_silent_until_ms.as_ref()) {
            return;
        }
        let Some(incident) = self.desk.get(id).filter(|incident| incident.unsaved.any).cloned() else { return };
        let watched = self.desk.watches(&incident, now_ms);
        let result = self.save(&incident, watched).await;
        self.save_again.remove(&id);
        match result {
            Ok(()) => {
                if let Some(kept) = self.desk.get_mut(id) {
                    kept.saved();
                }
                self.tell(&incident);
            }
            Err(e) => {
                self.shared.metrics.store_failure();
                tracing::error!(incident = %id, error = %e, "an incident could not be written; paging goes on, and writing is tried again");
                let again_ms = self.clock.now_ms() + SAVE_AGAIN_MS;
                if matches!(e, IncidentError::StoreSilent { .. }) {
                    self.store_silent_until_ms = Some(again_ms);
                } else {
                    self.save_again.insert(id, again_ms);
                }
            }
        }
    }

    async fn save(&self, incident: &Incident, watched: bool) -> Result<(), IncidentError> {
        let change = incident.change(watched);
        let limit = self.clock.sleep(SAVE_LIMIT);
        tokio::select! {
            done = self.state.save_incident(&change) => Ok(done?),
            () = limit => Err(IncidentError::StoreSilent { seconds: SAVE_LIMIT.as_secs() }),
        }
    }

    /// Tells listeners and metrics what was written.
    fn tell(&mut self, incident: &Incident) {
        if self.counted.get(&incident.id) != Some(&incident.status) {
            if let Some(before) = self.counted.insert(incident.id, incident.status) {
                self.counts[before as usize] -= 1;
            }
            self.counts[incident.status as usize] += 1;
            self.show_counts();
        }
        if let Ok(summary) = IncidentSummary::of(&incident.change(true).incident, self.desk.config()) {
            let events = incident.unsaved.events.iter().cloned().map(Into::into).collect();
            // An error means only that nobody listens.
            let _ = self.shared.updates.send(Update::Incident { incident: Box::new(summary), events });
        }
    }

    fn show_counts(&self) {
        for status in Status::ALL {
            self.shared.metrics.set_incidents(status, self.counts[status as usize]);
        }
    }

    fn send(&mut self, order: PageOrder, now_ms: i64) {
        let Some(incident) = self.desk.get(order.incident) else { return };
        let config = self.desk.config();
        if order.attempt == 1 && config.first_level().is_none_or(|level| level.name != order.level) {
            self.shared.metrics.escalation(&order.level);
        }
        let message = PageMessage::new(&order, incident, config, &self.shared.links, now_ms);
        let (pager, senders, results) = (Arc::clone(&self.pager), Arc::clone(&self.senders), self.results.0.clone());
        let clock = Arc::clone(&self.clock);
        self.under_way += 1;
        tokio::spawn(async move {
            let _turn = senders.acquire().await;
            let result = tokio::select! {
                result = pager.send(&message) => result,
                () = clock.sleep(SEND_LIMIT) => {
                    Err(PageFailure { reason: format!("no answer within {} seconds", SEND_LIMIT.as_secs()), for_good: false })
                }
            };
            // The receiver is gone only when the driver has stopped.
            let _ = results.send((order, result)).await;
        });
    }

    fn take_result(&mut self, order: &PageOrder, result: Result<(), PageFailure>) {
        self.under_way = self.under_way.saturating_sub(1);
        let outcome = if result.is_ok() { "sent" } else { "failed" };
        self.shared.metrics.page(order.contact.method.as_str(), outcome);
        if let Err(failure) = &result {
            let (incident, person) = (order.incident, &order.person.id);
            tracing::warn!(%incident, person, method = order.contact.method.as_str(), reason = failure.reason, "a page failed");
        }
        let paged_before = self.desk.get(order.incident).and_then(|i| i.paged_ms);
        self.desk.page_result(order, result, self.clock.now_ms());
        if let Some(incident) = self.desk.get(order.incident)
            && let (None, Some(paged_ms)) = (paged_before, incident.paged_ms)
        {
            self.shared.metrics.page_delay(paged_ms - incident.round_started_ms());
        }
    }

    async fn obey(&mut self, command: Command) {
        let now_ms = self.clock.now_ms();
        // Who asked may have gone away; what was done stays done.
        match command {
            Command::Acknowledge { id, who, via, note, reply } => {
                let _ = reply.send(self.act(id, |incident| incident.acknowledge(&who, via, &note, now_ms)).await);
            }
            Command::Resolve { id, who, via, note, reply } => {
                let _ = reply.send(self.act(id, |incident| incident.resolve(&who, via, &note, now_ms)).await);
            }
            Command::Note { id, who, text, reply } => {
                let mut written = None;
                let done = self.act(id, |incident| {
                    incident.note(&who, &text, now_ms)?;
                    written = incident.unsaved.events.last().cloned();
                    Ok(())
                });
                let done = done.await;
                let full = || IncidentError::Invalid("the timeline is full".to_owned());
                let _ = reply.send(done.and_then(|()| written.map(EventView::from).ok_or_else(full)));
            }
            Command::AddOverride { row, reply } => {
                let _ = reply.send(self.add_override(row, now_ms).await);
            }
            Command::EndOverride { id, who, reply } => {
                let _ = reply.send(self.end_override(id, &who, now_ms).await);
            }
            Command::SetConfig { config, reply } => {
                self.desk.set_config(*config);
                self.show_on_call();
                let _ = reply.send(Ok(()));
            }
        }
    }

    /// Changes a copy, writes it, and only then lets it count.
    async fn act(&mut self, id: IncidentId, change: impl FnOnce(&mut Incident) -> Result<(), IncidentError>) -> Result<(), IncidentError> {
        let in_mind = self.desk.get(id).cloned();
        let mut incident = match in_mind {
            Some(incident) => incident,
            None => store::load(&self.state, id).await?.ok_or(IncidentError::NotFound(id))?,
        };
        change(&mut incident)?;
        let watched = self.desk.get(id).is_some() && self.desk.watches(&incident, self.clock.now_ms());
        self.save(&incident, watched).await?;
        self.tell(&incident);
        incident.saved();
        self.desk.replace(incident);
        Ok(())
    }

    async fn add_override(&mut self, mut row: OverrideRow, now_ms: i64) -> Result<i64, IncidentError> {
        let config = self.desk.config();
        let invalid = |text: String| Err(IncidentError::Invalid(text));
        row.created_by = row.created_by.trim().chars().filter(|c| !c.is_control()).take(200).collect();
        if row.created_by.is_empty() {
            return invalid("say who you are: the name is empty".to_owned());
        }
        if !config.levels.iter().any(|level| level.name == row.level) {
            let levels: Vec<&str> = config.levels.iter().map(|level| level.name.as_str()).collect();
            return invalid(format!("there is no level `{}`; the levels are {}", row.level, levels.join(", ")));
        }
        if !config.people.contains_key(&row.person) {
            return invalid(format!("there is no person `{}` in the on-call file", row.person));
        }
        if row.from_ms >= row.until_ms || row.until_ms <= now_ms {
            return invalid("an override ends after it begins, and in the future".to_owned());
        }
        if row.until_ms - row.from_ms > LONGEST_OVERRIDE_MS {
            return invalid("an override lasts at most a year; change the on-call file instead".to_owned());
        }
        let id = self.state.add_override(&row).await?;
        self.reload_overrides(now_ms).await?;
        Ok(id)
    }

    async fn end_override(&mut self, id: i64, who: &str, now_ms: i64) -> Result<(), IncidentError> {
        if !self.state.end_override(id, who, now_ms).await? {
            return Err(IncidentError::Invalid(format!("there is no override {id} that could be ended")));
        }
        Ok(self.reload_overrides(now_ms).await?)
    }

    async fn reload_overrides(&mut self, now_ms: i64) -> Result<(), StateError> {
        let overrides = self.state.overrides(now_ms).await?.into_iter().map(store::override_of).collect();
        self.desk.set_overrides(overrides);
        self.show_on_call();
        Ok(())
    }

    fn show_on_call(&self) {
        *self.shared.on_call.write() = (Arc::new(self.desk.config().clone()), self.desk.overrides().to_vec());
        let _ = self.shared.updates.send(Update::OnCall);
    }
}
