//! Alerts: what they say, when they fire, when they stay silent.

mod files;
mod firing;
mod metadata;
mod silent;
mod timing;

pub(super) use files::check as files;
pub(super) use firing::check as firing;
pub(super) use metadata::check as metadata;
pub(super) use silent::check as silent;
pub(super) use timing::check as timing;
