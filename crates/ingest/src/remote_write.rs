//! The receiver of Prometheus' remote write protocol, version 1.0, with native histograms and exemplars.
//! <https://prometheus.io/docs/specs/prw/remote_write_spec/>
//!
//! Senders give up a request that is answered with 4xx (429 aside) and try one again that is answered
//! with 5xx or 429. So what can never be stored is a 400 that names it, with the rest of the request
//! stored; what may be stored later is a 503 with nothing acknowledged.

mod metrics;
mod proto;
mod receiver;

pub use receiver::{Headers, Receiver, ReceiverLimits, Refusal};
