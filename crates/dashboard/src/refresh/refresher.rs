//! What answers the queries of dashboards.

use super::cache::RangeCache;
use super::{Answer, Ask, Body, Engines, Failure, Kind};
use phoenix_engine::{Language, QueryLimits};
use phoenix_env::SharedClock;
use prometheus_client::registry::Registry;
use std::time::Duration;

/// What a [`Refresher`] works with.
#[derive(Clone)]
pub struct RefresherOptions {
    /// The engines that queries go to.
    pub engines: Engines,
    /// The step of PromQL's subqueries that name none.
    pub default_step: Duration,
    /// Memory for what is known of earlier queries.
    pub cache_bytes: u64,
    /// For how long an evaluation took.
    pub clock: SharedClock,
}

/// Answers queries of dashboards, ranges from what is known of them as far as it holds. Calls block
/// and may come from any thread.
pub struct Refresher {
    pub(super) engines: Engines,
    pub(super) default_step: Duration,
    pub(super) cache: RangeCache,
    clock: SharedClock,
}

impl Refresher {
    /// One that knows nothing yet.
    pub fn new(options: RefresherOptions, registry: &mut Registry) -> Self {
        let RefresherOptions { engines, default_step, cache_bytes, clock } = options;
        Self { engines, default_step, cache: RangeCache::new(cache_bytes, registry), clock }
    }

    /// Answers a query.
    pub fn answer(&self, ask: &Ask, limits: &QueryLimits) -> Result<Answer, Failure> {
        let begun = self.clock.monotonic();
        let (body, annotations) = match ask.language {
            Language::PromQl | Language::LogQl if ask.kind == Kind::Range => {
                let (matrix, annotations) = self.range(ask, limits)?;
                (Body::Matrix(matrix), annotations)
            }
            _ => self.engines.evaluate(ask, limits)?,
        };
        Ok(Answer { body, annotations, took: self.clock.monotonic().saturating_sub(begun) })
    }
}
