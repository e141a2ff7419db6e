//! Alerts: what they say, when they fire, when they stay silent.

mod metadata;

pub(super) use metadata::check as metadata;
