//! Scraping: targets, their loops, and what becomes of the bodies they answer.

mod append;
mod cache;
mod job;
mod metadata;
mod target;

pub use job::ScrapeLimits;
pub use target::Target;
