//! Incidents: what the incident room has to keep so that a restart continues where it stood.
//!
//! The room owns what the words mean; here are rows. One [`IncidentChange`] is one transaction.
//! One process at a time writes incidents of one database.

mod on_call;
mod read;
mod rows;
mod write;

#[cfg(test)]
mod tests;

pub use read::IncidentFilter;
pub use rows::{EventRow, IncidentAlertRow, IncidentChange, IncidentRow, OverrideRow, PageRow};
