//! Alertmanager's concepts by their own names: route, group, inhibit, silence, notify.
//!
//! [`Alerting`] is the room as a whole. Alerts come in through [`Alerting::sink`] and the API; the
//! [`dispatch`] state machine puts them into groups; a flush goes past [`inhibit`], [`timeinterval`]
//! and [`silence`], tells every [`GroupObserver`], and is told to the integrations of the route's
//! receiver by [`notify`], with an intent in the state store before and a result after.

pub mod alerting;
pub mod alerts;
pub mod api;
pub mod config;
pub mod dispatch;
mod error;
pub mod fingerprint;
mod http;
pub mod inhibit;
pub mod matchers;
mod metrics;
pub mod notify;
pub mod observer;
pub mod route;
pub mod silence;
pub mod template;
pub mod timeinterval;

pub use alerting::{Alerting, ConfigError, Limits, Parts};
pub use config::AlertConfig;
pub use error::AlertError;
pub use notify::{Channel, Contact, Message, NotifyError};
pub use observer::{FlushedGroup, GroupObserver};
