//! Scraping, discovery, relabelling, remote write and host metrics.

pub mod exposition;
pub mod relabel;
pub mod scrape;
