//! Incidents, their timeline, on-call schedules and escalation.
//!
//! A group of alerts becomes an [`Incident`] (through `phoenix_alert`'s `GroupObserver`); `page_on`
//! decides whether somebody is paged; the [`escalation`] climbs the on-call [`schedule`] until
//! somebody acknowledges; the [`timeline`] says what happened and why; the incident closes with its
//! alerts. [`Desk`] holds all of that as plain data and decisions over an explicit time; the
//! [`Driver`] moves it along, writes it down and sends pages through a [`Pager`]; [`Incidents`] is
//! the handle for everybody else.
//!
//! The wall clock decides when to escalate, since escalation goes on across restarts. A clock that
//! is set forward makes it climb early, one that is set back makes it climb late.

pub mod desk;
mod driver;
mod error;
pub mod escalation;
pub mod figures;
pub mod incident;
mod incidents;
pub mod lifecycle;
pub mod link;
pub mod message;
mod metrics;
pub mod schedule;
mod store;
pub mod timeline;
pub mod view;

pub use desk::Desk;
pub use driver::Driver;
pub use error::IncidentError;
pub use escalation::{Escalation, Page, PageFailure, PageOrder, PageStatus};
pub use incident::{AlertStatus, Incident, IncidentAlert, IncidentId, Status};
pub use incidents::Incidents;
pub use lifecycle::Via;
pub use link::{LinkAction, LinkClaims, LinkError, LinkSigner};
pub use message::{PageLinks, PageMessage, Pager};
pub use phoenix_state::incident::IncidentFilter;
pub use schedule::{Contact, Method, OnCallConfig, Override, Person};
pub use timeline::{Event, EventKind};
pub use view::{IncidentDetail, IncidentSummary, Update};
