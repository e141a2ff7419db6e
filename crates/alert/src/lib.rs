//! Alertmanager's concepts: route, group, inhibit, silence, notify.

pub mod alerts;
pub mod config;
pub mod dispatch;
pub mod fingerprint;
mod http;
pub mod inhibit;
pub mod matchers;
pub mod observer;
pub mod route;
pub mod timeinterval;

pub use config::AlertConfig;
pub use observer::{FlushedGroup, GroupObserver};
