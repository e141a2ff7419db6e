//! The receiver of logs: Loki's push API, and the one gate for entries of every origin.
//! <https://grafana.com/docs/loki/latest/reference/loki-http-api/#ingest-logs>
//!
//! A body becomes a [`LogWrite`](phoenix_model::logs::LogWrite) in one pass: each entry is checked
//! against [`LogLimits`](crate::log_limits::LogLimits) as it is read, its level is found, and it is
//! put into the arena. What is wrong with single entries is named in the answer (status 400) while
//! the others are stored; what may be stored later is a 429 or 503.

pub(crate) mod body;
mod intake;
mod json;
mod label_text;
mod level;
mod metrics;
mod protobuf;
mod rates;
mod receiver;
mod refusals;
mod streams;
#[cfg(test)]
pub(crate) mod test_store;

pub use body::{HttpBody, PushBody, PushFormat};
pub use receiver::{LogReceiver, PushLimits};

pub(crate) use intake::{Intake, label_name};
pub(crate) use rates::Bucket;
