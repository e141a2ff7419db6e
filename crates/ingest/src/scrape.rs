//! Scraping: targets, their loops, and what becomes of the bodies they answer.

mod append;
mod cache;
mod classic;
mod fetch;
mod job;
mod metadata;
mod metrics;
mod pool;
pub mod replay;
mod report;
mod run;
mod schedule;
mod scraper;
mod setup;
mod state;
mod status;
mod target;

pub use job::ScrapeLimits;
pub use scraper::{Scraper, ScraperOptions};
pub use state::Health;
pub use status::{ActiveTarget, BrokenTarget, DiscoveryError, DroppedTarget, TargetMetadata, TargetsStatus};
pub use target::Target;
