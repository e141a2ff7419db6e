//! Incidents, their timeline, on-call schedules and escalation.
//!
//! A group of alerts becomes an [`Incident`] (through `phoenix_alert`'s `GroupObserver`); `page_on`
//! decides whether somebody is paged; the [`escalation`] climbs the on-call [`schedule`] until
//! somebody acknowledges; the [`timeline`] says what happened and why; the incident closes with its
//! alerts. [`Desk`] holds all of that as plain data and decisions over an explicit time.

pub mod desk;
mod error;
pub mod escalation;
pub mod incident;
pub mod lifecycle;
pub mod schedule;
pub mod timeline;

pub use desk::Desk;
pub use error::IncidentError;
pub use escalation::{Escalation, Page, PageFailure, PageOrder, PageStatus};
pub use incident::{AlertStatus, Incident, IncidentAlert, IncidentId, Status};
pub use lifecycle::Via;
pub use schedule::{Contact, Method, OnCallConfig, Override, Person};
pub use timeline::{Event, EventKind};
