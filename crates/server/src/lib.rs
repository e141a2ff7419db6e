//! Config, HTTP APIs and the embedded UI: the room that wires all others together.

mod annotations;
mod blind;
pub mod check;
mod collection;
pub mod config;
pub mod current;
mod dashboards;
pub mod demo;
pub mod events;
mod findings;
mod http;
mod log_store;
mod named_files;
mod object_store;
mod otlp;
pub mod own_logs;
mod pager;
mod problems;
mod query_pool;
mod reload;
mod rule_doors;
mod runtimes;
mod shutdown;
mod start;
pub mod test_notify;
mod trace_store;

pub use dashboards::STARTER_DASHBOARDS;
pub use start::{ServeOptions, Server, StartError};
