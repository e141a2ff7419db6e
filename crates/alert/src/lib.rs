//! Alertmanager's concepts: route, group, inhibit, silence, notify.

pub mod observer;

pub use observer::{FlushedGroup, GroupObserver};
