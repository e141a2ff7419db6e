//! Scraping, discovery, relabelling, remote write and host metrics.
