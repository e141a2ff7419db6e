//! Scraping, discovery, relabelling, remote write and host metrics.

pub mod collect;
pub mod config;
mod discovery;
mod error;
pub mod exposition;
pub mod host;
pub mod log_limits;
mod native_histogram;
pub mod otlp;
pub mod push;
pub mod relabel;
pub mod remote_write;
pub mod sampling_config;
mod scan;
pub mod scrape;
#[cfg(test)]
pub(crate) mod test_metrics;
pub mod traces;
mod wire;

pub use error::IngestError;
