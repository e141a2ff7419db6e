//! What people and alerts do, kept in SQLite or PostgreSQL.
//!
//! One [`State`] is one database: SQLite by default, PostgreSQL where several replicas share it.
//! Each concept has its own file of queries and its own migration; every query is plain SQL that
//! both databases understand, with `$1` placeholders.
//!
//! Whatever a function of this room has returned `Ok` for is on stable storage: it survives the
//! death of the process and of the machine (SQLite: WAL journal with `synchronous=FULL`).

pub mod alert;
pub mod annotation;
pub mod audit;
mod connection;
pub mod dashboard;
mod error;
pub mod incident;
mod migrations;
pub mod nflog;
pub mod rule_state;
pub mod silence;

pub use alert::StoredAlert;
pub use audit::AuditEntry;
pub use connection::{Dialect, State, StateTransaction};
pub use error::StateError;
pub use nflog::{Claim, Delivery, Intent, NotificationEntry, NotificationKey};
pub use silence::{StoredMatcher, StoredSilence};
