//! `limit`: a rate of lines, overall or for each value of a label. Shared by all files of a job.

use super::{Context, Entry, Flow};
use parking_lot::Mutex;
use phoenix_yaml::KeyError;
use serde::Deserialize;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

/// `limit`
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "RawLimit")]
pub(super) struct Limit {
    rate: f64,
    burst: f64,
    by_label_name: Option<String>,
    max_distinct_labels: usize,
    drop: bool,
    buckets: Arc<Mutex<HashMap<String, Bucket>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawLimit {
    rate: f64,
    burst: f64,
    by_label_name: Option<String>,
    max_distinct_labels: Option<usize>,
    #[serde(default)]
    drop: bool,
}

impl TryFrom<RawLimit> for Limit {
    type Error = KeyError;

    fn try_from(raw: RawLimit) -> Result<Self, KeyError> {
        if raw.rate.is_nan() || raw.rate <= 0.0 {
            return Err(KeyError::at("rate", "`rate` must be above 0"));
        }
        if raw.burst.is_nan() || raw.burst < 1.0 {
            return Err(KeyError::at("burst", "`burst` must be at least 1"));
        }
        let by_label_name = raw.by_label_name.filter(|name| !name.is_empty());
        if by_label_name.is_some() && !raw.drop {
            return Err(KeyError::at("by_label_name", "`by_label_name` needs `drop: true`"));
        }
        Ok(Self {
            rate: raw.rate,
            burst: raw.burst,
            by_label_name,
            max_distinct_labels: raw.max_distinct_labels.filter(|n| *n > 0).unwrap_or(10_000).min(1_000_000),
            drop: raw.drop,
            buckets: Arc::default(),
        })
    }
}

/// Lines that may pass now. Below zero are lines that passed on credit, which whoever reads waits for.
#[derive(Debug)]
struct Bucket {
    lines: f64,
    at: Duration,
}

impl Limit {
    pub(super) fn apply(&self, entry: Entry, context: &mut Context<'_>) -> Flow {
        let key = match &self.by_label_name {
            None => String::new(),
            Some(name) => match entry.labels.value(name) {
                "" => return Flow::Pass(entry),
                value => value.to_owned(),
            },
        };
        let mut buckets = self.buckets.lock();
        if buckets.len() >= self.max_distinct_labels && !buckets.contains_key(&key) {
            let oldest = buckets.iter().min_by_key(|(_, bucket)| bucket.at).map(|(key, _)| key.clone());
            oldest.and_then(|oldest| buckets.remove(&oldest));
        }
        let bucket = buckets.entry(key).or_insert(Bucket { lines: self.burst, at: context.monotonic });
        let passed = context.monotonic.saturating_sub(bucket.at);
        bucket.lines = (bucket.lines + passed.as_secs_f64() * self.rate).min(self.burst);
        bucket.at = context.monotonic;
        if self.drop && bucket.lines < 1.0 {
            return Flow::Drop("limit_stage".to_owned());
        }
        bucket.lines -= 1.0;
        if bucket.lines < 0.0 {
            context.wait = context.wait.max(Duration::from_secs_f64(-bucket.lines / self.rate));
        }
        Flow::Pass(entry)
    }
}
