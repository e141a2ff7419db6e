//! Incidents, their timeline, on-call schedules and escalation.

pub mod schedule;
