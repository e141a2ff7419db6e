//! From a config to what a job needs to run.

use super::job::{FetchRules, HistogramScrape, Job, Limit, MAX_BUCKETS_NAME, SampleRules, ScrapeLimits};
use super::pool::Setup;
use super::scraper::Scraper;
use crate::IngestError;
use crate::config::{NameEscaping, NameValidation, ScrapeConfig};
use crate::discovery::Provider;
use crate::native_histogram::schema_of_factor;
use phoenix_env::SharedDisk;
use phoenix_http::{ClientOptions, HttpError};
use phoenix_model::histogram::MAX_BUCKETS;
use std::collections::HashSet;
use std::sync::Arc;

impl Scraper {
    /// Makes the jobs of a config run. Loops of targets that stay as they are run on. On an error
    /// nothing is changed: a certificate that can't be read, or two jobs of one name.
    pub fn apply(&self, configs: &[ScrapeConfig]) -> Result<(), IngestError> {
        let mut names = HashSet::new();
        let mut setups = Vec::with_capacity(configs.len());
        for config in configs {
            if !names.insert(&config.job_name) {
                return Err(IngestError::DuplicateJob(config.job_name.clone()));
            }
            let setup = setup(config, &self.options.limits, &self.options.disk);
            setups.push(setup.map_err(|source| IngestError::Job { job: config.job_name.clone(), source })?);
        }
        self.set(setups);
        Ok(())
    }
}

fn setup(config: &ScrapeConfig, own: &ScrapeLimits, disk: &SharedDisk) -> Result<Setup, HttpError> {
    let client = config.http.client(disk, ClientOptions::default())?;
    let mut providers = Vec::new();
    if !config.static_configs.is_empty() {
        providers.push(Provider::Static(config.static_configs.clone()));
    }
    for files in &config.file_sd_configs {
        providers.push(Provider::Files { patterns: files.files.clone(), refresh: files.refresh_interval });
    }
    for server in &config.http_sd_configs {
        let client = Arc::new(server.http.client(disk, ClientOptions::default())?);
        providers.push(Provider::Http { url: server.url.get().clone(), refresh: server.refresh_interval, client });
    }
    Ok(Setup { job: Arc::new(job(config, own)), client: Arc::new(client), providers })
}

fn job(config: &ScrapeConfig, own: &ScrapeLimits) -> Job {
    let limits = &config.limits;
    Job {
        name: config.job_name.clone(),
        interval: config.scrape_interval,
        timeout: config.scrape_timeout,
        metrics_path: config.metrics_path.clone(),
        scheme: config.scheme.as_str().to_owned(),
        params: config.params.clone().into_iter().collect(),
        relabel: config.relabel_configs.clone(),
        samples: SampleRules {
            honor_labels: config.honor_labels,
            honor_timestamps: config.honor_timestamps,
            track_timestamps_staleness: config.track_timestamps_staleness,
            metric_relabel: config.metric_relabel_configs.clone(),
            only_legacy_names: config.name_validation == NameValidation::Legacy,
            sample_limit: Limit::of(limits.samples, "sample_limit", own.samples, "limits.samples_per_scrape"),
            label_limit: Limit::of(limits.labels, "label_limit", own.labels, "limits.labels_per_series"),
            label_name_length_limit: Limit::of(
                limits.label_name_length,
                "label_name_length_limit",
                own.label_name_bytes,
                "limits.label_name_length",
            ),
            label_value_length_limit: Limit::of(
                limits.label_value_length,
                "label_value_length_limit",
                own.label_value_bytes,
                "limits.label_value_length",
            ),
            histograms: HistogramScrape {
                native: config.histograms.native,
                keep_classic: config.histograms.keep_classic,
                convert_classic: config.histograms.convert_classic,
                bucket_limit: Limit::of(
                    config.histograms.bucket_limit,
                    "native_histogram_bucket_limit",
                    MAX_BUCKETS as u64,
                    MAX_BUCKETS_NAME,
                ),
                max_schema: schema_of_factor(config.histograms.min_bucket_factor),
            },
        },
        fetch: FetchRules {
            protocols: config.scrape_protocols.clone(),
            escaping: match config.name_escaping {
                NameEscaping::AllowUtf8 => "allow-utf-8",
                NameEscaping::Underscores => "underscores",
                NameEscaping::Dots => "dots",
                NameEscaping::Values => "values",
            },
            fallback: config.fallback_scrape_protocol,
            compression: config.enable_compression,
            body_size_limit: Limit::of(limits.body_size_bytes, "body_size_limit", own.body_bytes, "limits.scrape_body_size"),
        },
        target_limit: Limit::of(limits.targets, "target_limit", own.targets, "limits.targets_per_job"),
        keep_dropped_targets: match limits.keep_dropped_targets {
            0 => own.dropped_targets,
            configured => own.dropped_targets.min(configured as usize),
        },
        extra_metrics: config.extra_scrape_metrics,
        configured_sample_limit: limits.samples,
    }
}
