//! The handle that the rest of the house holds: flushed groups go in, people act, pages read.
//!
//! Everything that changes something is handed to the [`Driver`](crate::Driver), which runs on the
//! paging threads; reading asks the state store and disturbs nobody.

use crate::driver::{Command, Driver};
use crate::figures::{MeanFigures, means};
use crate::incident::{IncidentId, Status, moment};
use crate::link::{LinkClaims, LinkError, LinkSigner};
use crate::message::{Links, Pager};
use crate::metrics::IncidentMetrics;
use crate::schedule::{OnCallConfig, Override};
use crate::view::{
    self, EventView, HandoverView, IncidentDetail, IncidentList, IncidentSummary, LevelView, OnCallView, OverrideView, Update,
};
use crate::{Desk, IncidentError, Via, store};
use parking_lot::{Mutex, RwLock};
use phoenix_alert::{FlushedGroup, GroupObserver};
use phoenix_env::SharedClock;
use phoenix_state::State;
use phoenix_state::incident::IncidentFilter;
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::{Notify, broadcast, mpsc, oneshot};

/// Flushed groups that may wait for the driver.
pub(crate) const MAX_WAITING_GROUPS: usize = 10_000;
/// Requests that may wait for the driver.
const MAX_WAITING_REQUESTS: usize = 256;
/// Updates that a slow listener may fall behind.
const UPDATES_KEPT: usize = 256;
/// Values that a filter of the list may have.
const MAX_FILTER_VALUES: usize = 100;
/// How far ahead [`Incidents::upcoming`] looks.
const UPCOMING: Duration = Duration::from_hours(5 * 7 * 24);

/// What the driver and the handles share.
pub(crate) struct Shared {
    pub(crate) groups: Mutex<Vec<FlushedGroup>>,
    pub(crate) wake: Notify,
    pub(crate) on_call: RwLock<(Arc<OnCallConfig>, Vec<Override>)>,
    pub(crate) updates: broadcast::Sender<Update>,
    pub(crate) metrics: IncidentMetrics,
    pub(crate) links: Links,
}

/// The handle; cloning it is cheap.
#[derive(Clone)]
pub struct Incidents {
    shared: Arc<Shared>,
    commands: mpsc::Sender<Command>,
    state: State,
    clock: SharedClock,
}

impl Incidents {
    /// Brings back what the state store knows. Nothing happens before the driver runs; put it on
    /// the paging runtime.
    ///
    /// One process at a time may run a driver on one state store.
    pub async fn open(
        state: State,
        config: OnCallConfig,
        external_url: &str,
        pager: Arc<dyn Pager>,
        clock: SharedClock,
        registry: &mut Registry,
    ) -> Result<(Self, Driver), IncidentError> {
        let now_ms = clock.now_ms();
        let key = state.kept_key("incident_link", &LinkSigner::fresh_key()).await?;
        let overrides: Vec<Override> = state.overrides(now_ms).await?.into_iter().map(store::override_of).collect();
        let watched = store::load_watched(&state).await?;
        let last_id = state.last_incident_id().await?;
        let metrics = IncidentMetrics::register(registry);
        let mut counts = [0; Status::ALL.len()];
        for (name, count) in state.incident_counts().await? {
            if let Some(status) = Status::from_name(&name) {
                counts[status as usize] = count;
            }
        }
        let shared = Arc::new(Shared {
            groups: Mutex::new(Vec::new()),
            wake: Notify::new(),
            on_call: RwLock::new((Arc::new(config.clone()), overrides.clone())),
            updates: broadcast::Sender::new(UPDATES_KEPT),
            metrics,
            links: Links { external_url: external_url.to_owned(), signer: LinkSigner::new(key) },
        });
        let (commands, inbox) = mpsc::channel(MAX_WAITING_REQUESTS);
        let desk = Desk::new(config, overrides, watched, last_id, now_ms);
        let driver = Driver::new(desk, state.clone(), pager, Arc::clone(&clock), Arc::clone(&shared), inbox, counts);
        Ok((Self { shared, commands, state, clock }, driver))
    }

    /// Incidents, newest first, at most `limit` (1 to 1,000).
    pub async fn list(&self, filter: &IncidentFilter, limit: u32) -> Result<IncidentList, IncidentError> {
        let limit = limit.clamp(1, 1_000);
        if filter.status.len() + filter.severity.len() > MAX_FILTER_VALUES {
            return Err(IncidentError::Invalid(format!(
                "a filter has at most {MAX_FILTER_VALUES} values (limit `incident.filter_values`)"
            )));
        }
        let mut rows = self.state.incidents(filter, limit + 1).await?;
        let more = rows.len() > limit as usize;
        rows.truncate(limit as usize);
        let next = rows.last().filter(|_| more).map(|row| IncidentId(row.id));
        let config = self.config();
        let incidents = rows.iter().map(|row| IncidentSummary::of(row, &config)).collect::<Result<_, _>>()?;
        Ok(IncidentList { incidents, next })
    }

    /// How many incidents are open, and how many acknowledged.
    pub async fn counts(&self) -> Result<(i64, i64), IncidentError> {
        let counts = self.state.incident_counts().await?;
        let of = |status: Status| counts.iter().find(|(name, _)| name == status.as_str()).map_or(0, |(_, count)| *count);
        Ok((of(Status::Open), of(Status::Acknowledged)))
    }

    /// One incident with its alerts, pages and timeline.
    pub async fn get(&self, id: IncidentId) -> Result<IncidentDetail, IncidentError> {
        view::detail(&self.state, id, &self.config()).await
    }

    /// Somebody takes an incident on; paging ends. When this returns, it is on stable storage.
    pub async fn acknowledge(&self, id: IncidentId, who: &str, via: Via, note: &str) -> Result<IncidentDetail, IncidentError> {
        let (who, note) = (who.to_owned(), note.to_owned());
        self.ask(|reply| Command::Acknowledge { id, who, via, note, reply }).await?;
        self.get(id).await
    }

    /// Somebody ends an incident.
    pub async fn resolve(&self, id: IncidentId, who: &str, via: Via, note: &str) -> Result<IncidentDetail, IncidentError> {
        let (who, note) = (who.to_owned(), note.to_owned());
        self.ask(|reply| Command::Resolve { id, who, via, note, reply }).await?;
        self.get(id).await
    }

    /// Somebody writes something into the timeline.
    pub async fn note(&self, id: IncidentId, who: &str, text: &str) -> Result<EventView, IncidentError> {
        let (who, text) = (who.to_owned(), text.to_owned());
        self.ask(|reply| Command::Note { id, who, text, reply }).await
    }

    /// What a signed link allows now.
    pub fn verify_link(&self, token: &str) -> Result<LinkClaims, LinkError> {
        self.shared.links.signer.verify(token, self.clock.now_ms())
    }

    /// The on-call file in force.
    pub fn config(&self) -> Arc<OnCallConfig> {
        Arc::clone(&self.shared.on_call.read().0)
    }

    /// Whose turn it is on every level, in the order in which they are paged.
    pub fn on_call_now(&self) -> Vec<LevelView> {
        let (config, overrides) = self.shared.on_call.read().clone();
        view::levels(&config, &overrides, moment(self.clock.now_ms()))
    }

    /// The handovers of the next five weeks.
    pub fn upcoming(&self) -> Vec<HandoverView> {
        let (config, overrides) = self.shared.on_call.read().clone();
        let now_ms = self.clock.now_ms();
        let until = moment(now_ms.saturating_add(UPCOMING.as_millis() as i64));
        config.handovers(&overrides, moment(now_ms), until).into_iter().map(HandoverView::from).collect()
    }

    /// All about on-call.
    pub fn on_call(&self) -> OnCallView {
        let now_ms = self.clock.now_ms();
        let (config, overrides) = self.shared.on_call.read().clone();
        OnCallView {
            levels: self.on_call_now(),
            upcoming: self.upcoming(),
            page_on: config.page_on.iter().map(|entry| entry.text.clone()).collect(),
            overrides: overrides.iter().filter(|o| o.until_ms > now_ms).map(OverrideView::from).collect(),
        }
    }

    /// A person stands in on a level from `from_ms` up to `until_ms`. Returns the override's number.
    pub async fn add_override(&self, level: &str, person: &str, from_ms: i64, until_ms: i64, who: &str) -> Result<i64, IncidentError> {
        let row = phoenix_state::incident::OverrideRow {
            id: 0,
            level: level.to_owned(),
            person: person.to_owned(),
            from_ms,
            until_ms,
            created_by: who.to_owned(),
            created_ms: self.clock.now_ms(),
        };
        self.ask(|reply| Command::AddOverride { row, reply }).await
    }

    /// Ends an override now.
    pub async fn end_override(&self, id: i64, who: &str) -> Result<(), IncidentError> {
        let who = who.to_owned();
        self.ask(|reply| Command::EndOverride { id, who, reply }).await
    }

    /// Puts another on-call file in force.
    pub async fn set_config(&self, config: OnCallConfig) -> Result<(), IncidentError> {
        self.ask(|reply| Command::SetConfig { config: Box::new(config), reply }).await
    }

    /// Means over the incidents that ended in `from_ms..to_ms`.
    pub async fn figures(&self, from_ms: i64, to_ms: i64) -> Result<MeanFigures, IncidentError> {
        Ok(means(&self.state.closed_incidents(from_ms, to_ms).await?))
    }

    /// Changes from now on. A listener that falls more than 256 behind is told so and misses some.
    pub fn updates(&self) -> broadcast::Receiver<Update> {
        self.shared.updates.subscribe()
    }

    async fn ask<T>(&self, command: impl FnOnce(oneshot::Sender<Result<T, IncidentError>>) -> Command) -> Result<T, IncidentError> {
        let (reply, answer) = oneshot::channel();
        self.commands.try_send(command(reply)).map_err(|e| match e {
            mpsc::error::TrySendError::Full(_) => IncidentError::Busy { limit: MAX_WAITING_REQUESTS },
            mpsc::error::TrySendError::Closed(_) => IncidentError::Stopped,
        })?;
        answer.await.map_err(|_| IncidentError::Stopped)?
    }
}

impl GroupObserver for Incidents {
    fn group_flushed(&self, group: &FlushedGroup) {
        {
            let mut groups = self.shared.groups.lock();
            if groups.len() < MAX_WAITING_GROUPS {
                groups.push(group.clone());
            } else if let Some(place) = groups.iter_mut().rfind(|g| g.key == group.key) {
                // The driver is far behind: the latest flush of a group says most.
                *place = group.clone();
            } else {
                self.shared.metrics.groups_dropped(1);
                tracing::error!(group = group.key, "a flush is lost: {MAX_WAITING_GROUPS} wait already (limit `incident.groups`)");
            }
        }
        self.shared.wake.notify_one();
    }
}
