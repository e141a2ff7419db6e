//! The answers of `/api/v1/targets`, `/api/v1/metadata` and `/api/v1/targets/metadata`.

use super::Scraper;
use super::state::Health;
use phoenix_engine::MetricMetadata;
use phoenix_model::{Labels, Matcher, format_duration};
use serde::Serialize;
use std::collections::BTreeMap;

/// The body of `/api/v1/targets`; keys beyond Prometheus' begin with `phoenix`.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TargetsStatus {
    /// Targets that are scraped.
    pub active_targets: Vec<ActiveTarget>,
    /// Targets that a rule dropped; not all of them when there are many.
    pub dropped_targets: Vec<DroppedTarget>,
    /// How many targets each job's rules dropped.
    pub dropped_target_counts: BTreeMap<String, usize>,
    /// What discovery found and can't be scraped, and why.
    pub phoenix_broken_targets: Vec<BrokenTarget>,
    /// What is wrong with sources of targets.
    pub phoenix_discovery_errors: Vec<DiscoveryError>,
}

/// A target that is scraped.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ActiveTarget {
    /// Labels before relabelling.
    pub discovered_labels: Labels,
    /// Labels of its series.
    pub labels: Labels,
    /// The job's name in the config.
    pub scrape_pool: String,
    /// What is asked for.
    pub scrape_url: String,
    /// The same, with loopback addresses replaced by the host of the external URL.
    pub global_url: String,
    /// Why the last scrape failed, or the empty string.
    pub last_error: String,
    /// When the last scrape began, by RFC 3339.
    pub last_scrape: String,
    /// How long it took, in seconds.
    pub last_scrape_duration: f64,
    /// Whether it succeeded.
    pub health: Health,
    /// How often it is scraped.
    pub scrape_interval: String,
    /// How long a scrape may take.
    pub scrape_timeout: String,
    /// Samples of the last scrape.
    pub phoenix_samples: u64,
    /// Why the samples of the last scrape are not stored.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phoenix_write_error: Option<String>,
}

/// A target that a rule dropped.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DroppedTarget {
    /// Labels before relabelling.
    pub discovered_labels: Labels,
    /// The job's name in the config.
    pub scrape_pool: String,
}

/// Something discovered that can't be scraped.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BrokenTarget {
    /// Labels before relabelling.
    pub discovered_labels: Labels,
    /// The job's name in the config.
    pub scrape_pool: String,
    /// Why.
    pub error: String,
}

/// A source of targets that can't be read.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DiscoveryError {
    /// The job's name in the config.
    pub scrape_pool: String,
    /// The file or address.
    pub source: String,
    /// What is wrong with it.
    pub error: String,
}

/// One entry of `/api/v1/targets/metadata`.
#[derive(Debug, Clone, Serialize)]
pub struct TargetMetadata {
    /// The target's labels.
    pub target: Labels,
    /// The metric family; left out when the request named one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metric: Option<String>,
    /// `counter`, `gauge`, …
    #[serde(rename = "type")]
    pub kind: String,
    /// The help text.
    pub help: String,
    /// The unit.
    pub unit: String,
}

impl Scraper {
    /// The state of all targets. `external_host` replaces loopback hosts in `globalUrl`.
    pub fn targets(&self, external_host: Option<&str>) -> TargetsStatus {
        let mut dropped_target_counts = BTreeMap::new();
        let (mut dropped_targets, mut broken, mut errors) = (Vec::new(), Vec::new(), Vec::new());
        self.views(|job, view| {
            dropped_target_counts.insert(job.to_owned(), view.dropped_count);
            let scrape_pool = || job.to_owned();
            dropped_targets
                .extend(view.dropped.iter().map(|labels| DroppedTarget { discovered_labels: labels.clone(), scrape_pool: scrape_pool() }));
            broken.extend(view.broken.iter().map(|(labels, error)| BrokenTarget {
                discovered_labels: labels.clone(),
                scrape_pool: scrape_pool(),
                error: error.clone(),
            }));
            errors.extend(view.discovery_errors.iter().map(|(source, error)| DiscoveryError {
                scrape_pool: scrape_pool(),
                source: source.clone(),
                error: error.clone(),
            }));
        });
        let active_targets = self.states().iter().map(|state| active(state, external_host)).collect();
        TargetsStatus {
            active_targets,
            dropped_targets,
            dropped_target_counts,
            phoenix_broken_targets: broken,
            phoenix_discovery_errors: errors,
        }
    }

    /// Metadata by metric family, of all targets together: `/api/v1/metadata`. At most `limit` families
    /// and `limit_per_metric` different entries for each; `metric` names one family.
    pub fn metadata(&self, metric: Option<&str>, limit: usize, limit_per_metric: usize) -> BTreeMap<String, Vec<MetricMetadata>> {
        let mut all: BTreeMap<String, Vec<MetricMetadata>> = BTreeMap::new();
        for state in self.states() {
            let families = state.families.lock();
            let mut add = |name: &str, metadata: MetricMetadata| {
                let is_new = !all.contains_key(name);
                if is_new && all.len() >= limit {
                    return;
                }
                let entries = all.entry(name.to_owned()).or_default();
                if entries.len() < limit_per_metric && !entries.contains(&metadata) {
                    entries.push(metadata);
                }
            };
            match metric {
                Some(name) => families.get(name).into_iter().for_each(|metadata| add(name, metadata)),
                None => families.iter().for_each(|(name, metadata)| add(name, metadata)),
            }
        }
        all
    }

    /// Metadata by target: `/api/v1/targets/metadata`. At most `limit` entries, of targets whose
    /// labels match all of `matchers`.
    pub fn target_metadata(&self, matchers: &[Matcher], metric: Option<&str>, limit: usize) -> Vec<TargetMetadata> {
        let mut all = Vec::new();
        for state in self.states() {
            let labels = &state.target.labels;
            if !matchers.iter().all(|matcher| matcher.matches_labels(labels)) {
                continue;
            }
            let entry = |name: Option<&str>, metadata: MetricMetadata| TargetMetadata {
                target: labels.clone(),
                metric: name.map(str::to_owned),
                kind: metadata.kind,
                help: metadata.help,
                unit: metadata.unit,
            };
            let families = state.families.lock();
            if let Some(name) = metric {
                all.extend(families.get(name).map(|metadata| entry(None, metadata)));
            } else {
                let mut of_target: Vec<_> = families.iter().map(|(name, metadata)| entry(Some(name), metadata)).collect();
                of_target.sort_by(|a, b| a.metric.cmp(&b.metric));
                all.extend(of_target);
            }
            if all.len() >= limit {
                break;
            }
        }
        all.truncate(limit);
        all
    }
}

fn active(state: &super::state::TargetState, external_host: Option<&str>) -> ActiveTarget {
    let target = &state.target;
    let last = state.last.lock().clone();
    let mut global = target.url.clone();
    if let (Some(host), Some("localhost" | "127.0.0.1" | "[::1]")) = (external_host, target.url.host_str()) {
        // A host that is not one leaves the address as it is.
        let _ = global.set_host(Some(host));
    }
    ActiveTarget {
        discovered_labels: state.discovered.lock().clone(),
        labels: target.labels.clone(),
        scrape_pool: state.job.clone(),
        scrape_url: target.url.to_string(),
        global_url: global.to_string(),
        last_error: last.error,
        last_scrape: rfc3339(last.at_ms),
        last_scrape_duration: last.duration.as_secs_f64(),
        health: last.health,
        scrape_interval: format_duration(target.interval),
        scrape_timeout: format_duration(target.timeout),
        phoenix_samples: last.samples,
        phoenix_write_error: last.write_error,
    }
}

/// Go's zero time stands for "never".
fn rfc3339(at_ms: Option<i64>) -> String {
    let never = || "0001-01-01T00:00:00Z".to_owned();
    at_ms.and_then(|ms| jiff::Timestamp::from_millisecond(ms).ok()).map_or_else(never, |time| format!("{time:.3}"))
}
