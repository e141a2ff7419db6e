//! What is known of a target at run time, for its loop, the API and the Targets page.

use super::metadata::Families;
use super::target::Target;
use parking_lot::Mutex;
use phoenix_model::Labels;
use serde::Serialize;
use std::sync::Arc;
use std::time::Duration;

/// A target, what its last scrape brought, and its metadata.
#[derive(Debug)]
pub(crate) struct TargetState {
    pub(crate) job: String,
    pub(crate) target: Target,
    /// Labels before relabelling; they may change without the target becoming another one.
    pub(crate) discovered: Mutex<Labels>,
    pub(crate) last: Mutex<LastScrape>,
    pub(crate) families: Mutex<Families>,
    /// Why the target is not asked at all, as when its job has too many targets.
    pub(crate) held_back: Mutex<Option<String>>,
}

/// Whether a target answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// The last scrape succeeded.
    Up,
    /// The last scrape failed.
    Down,
}

/// What the last scrape brought.
#[derive(Debug, Clone, Default)]
pub(crate) struct LastScrape {
    pub(crate) health: Health,
    pub(crate) error: String,
    pub(crate) at_ms: Option<i64>,
    pub(crate) duration: Duration,
    pub(crate) samples: u64,
    /// Why the samples of the last scrape are not stored.
    pub(crate) write_error: Option<String>,
}

impl TargetState {
    pub(crate) fn new(job: &str, target: Target) -> Arc<Self> {
        Arc::new(Self {
            job: job.to_owned(),
            discovered: Mutex::new(target.discovered.clone()),
            target,
            last: Mutex::default(),
            families: Mutex::default(),
            held_back: Mutex::default(),
        })
    }
}
