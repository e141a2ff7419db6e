//! Scrapes without a network: bodies that are given, for measurements and fuzzing.

use super::append::{Into, Samples, append};
use super::cache::SeriesCache;
use super::job::{HistogramScrape, Limit, SampleRules, ScrapeLimits};
use super::metadata::Families;
use crate::exposition::Format;
use phoenix_model::{Labels, WriteBatch};

/// One target whose bodies are given.
pub struct Replay {
    labels: Labels,
    rules: SampleRules,
    cache: SeriesCache,
    families: Families,
    samples: Samples,
}

impl Default for Replay {
    /// A target with the labels `job` and `instance` and no rules.
    fn default() -> Self {
        let own = ScrapeLimits::default();
        let rules = SampleRules {
            honor_labels: false,
            honor_timestamps: true,
            track_timestamps_staleness: false,
            metric_relabel: Vec::new(),
            only_legacy_names: false,
            sample_limit: Limit { max: own.samples, name: "limits.samples_per_scrape" },
            label_limit: Limit { max: own.labels, name: "limits.labels_per_series" },
            label_name_length_limit: Limit { max: own.label_name_bytes, name: "limits.label_name_length" },
            label_value_length_limit: Limit { max: own.label_value_bytes, name: "limits.label_value_length" },
            histograms: HistogramScrape::classic_alone(),
        };
        Self {
            labels: Labels::from_pairs([("job", "replay"), ("instance", "127.0.0.1:9100")]),
            rules,
            cache: SeriesCache::default(),
            families: Families::default(),
            samples: Samples::default(),
        }
    }
}

impl Replay {
    /// Takes a body in the text format as scraped at a moment. Returns the number of its samples.
    pub fn scrape(&mut self, body: &[u8], now_ms: i64) -> Result<u64, String> {
        let Self { labels, rules, cache, families, samples } = self;
        let into = Into { now_ms, target_labels: labels, rules };
        let (counts, result) = append(body, Format::Text, into, cache, families, samples);
        result.map(|()| counts.scraped)
    }

    /// What the last scrape would write.
    pub fn batch(&mut self) -> &WriteBatch {
        self.samples.batch()
    }
}
