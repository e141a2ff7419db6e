//! From a body to samples: labels of the target put on, relabelled, counted, limited.

use super::cache::{Known, SeriesCache};
use super::job::{Limit, SampleRules};
use super::metadata::Families;
use crate::exposition::{Entry, Format, Parser, Series};
use crate::relabel::apply_all;
use phoenix_model::labels::{METRIC_NAME, is_legacy_label_name, is_legacy_metric_name};
use phoenix_model::{Labels, LabelsBuilder, WriteBatch, stale_nan};

/// What a body brought.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    /// Samples in the body.
    pub(crate) scraped: u64,
    /// Samples left after `metric_relabel_configs`.
    pub(crate) kept: u64,
    /// Series that were not there before.
    pub(crate) added: u64,
    /// Samples left out because their series had one at the same time already.
    pub(crate) duplicates: u64,
    /// Exemplars, which are checked and left out.
    pub(crate) exemplars: u64,
}

/// Samples being collected for one write. The vectors of an earlier write are used again.
#[derive(Debug, Default)]
pub(crate) struct Samples {
    batch: WriteBatch,
    used: usize,
}

impl Samples {
    /// Begins anew.
    pub(crate) fn clear(&mut self) {
        self.used = 0;
    }

    /// Adds a sample.
    pub(crate) fn push(&mut self, labels: &Labels, timestamp_ms: i64, value: f64) {
        if let Some((place, samples)) = self.batch.series.get_mut(self.used) {
            // The same labels in the same place, as nearly always: nothing to count up and down.
            if !std::ptr::eq(place.as_bytes(), labels.as_bytes()) {
                place.clone_from(labels);
            }
            samples.clear();
            samples.push((timestamp_ms, value));
        } else {
            self.batch.series.push((labels.clone(), vec![(timestamp_ms, value)]));
        }
        self.used += 1;
    }

    /// What was collected.
    pub(crate) fn batch(&mut self) -> &WriteBatch {
        self.batch.series.truncate(self.used);
        &self.batch
    }
}

/// Where and when samples are put.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Into<'a> {
    /// The time of the scrape, in milliseconds since the Unix epoch.
    pub(crate) now_ms: i64,
    /// The labels that the target's series carry.
    pub(crate) target_labels: &'a Labels,
    /// The job's rules.
    pub(crate) rules: &'a SampleRules,
}

/// Reads a body into `samples`, with staleness markers for series that vanished. On an error
/// `samples` holds the staleness markers of everything that was live, and the counts of what was
/// read stand beside the error.
pub(crate) fn append(
    body: &[u8],
    format: Format,
    into: Into<'_>,
    cache: &mut SeriesCache,
    families: &mut Families,
    samples: &mut Samples,
) -> (Counts, Result<(), String>) {
    samples.clear();
    cache.begin();
    families.begin();
    let mut counts = Counts::default();
    let result = read(body, format, into, cache, families, samples, &mut counts);
    let now_ms = into.now_ms;
    counts.added = cache.added() as u64;
    if result.is_err() {
        samples.clear();
        counts.added = 0;
        cache.roll_back(|labels| samples.push(labels, now_ms, stale_nan()));
    } else {
        families.end();
        cache.commit(|labels| samples.push(labels, now_ms, stale_nan()));
    }
    (counts, result)
}

/// Marks everything stale that is live: the target did not answer, or is gone.
pub(crate) fn append_nothing(now_ms: i64, cache: &mut SeriesCache, samples: &mut Samples) {
    samples.clear();
    cache.begin();
    cache.roll_back(|labels| samples.push(labels, now_ms, stale_nan()));
}

fn read(
    body: &[u8],
    format: Format,
    into: Into<'_>,
    cache: &mut SeriesCache,
    families: &mut Families,
    samples: &mut Samples,
    counts: &mut Counts,
) -> Result<(), String> {
    let Into { now_ms, target_labels, rules } = into;
    let mut parser = Parser::new(body, format).map_err(|e| e.to_string())?;
    let mut over_limit = false;
    let mut pairs = Vec::new();
    while let Some(entry) = parser.next_entry(cache.expected()) {
        let sample = match entry.map_err(|e| e.to_string())? {
            Entry::Sample(sample) => sample,
            Entry::Comment(line) => {
                families.take_line(line, format).map_err(|e| parser.error_here(e).to_string())?;
                continue;
            }
        };
        counts.scraped += 1;
        counts.exemplars += u64::from(sample.has_exemplar);
        if over_limit {
            continue; // read on for the right count, as Prometheus does
        }
        let known = if let Some(known) = cache.find(sample.series.as_str()) {
            known
        } else {
            sample.series.pairs(&mut pairs).map_err(|e| parser.error_here(e).to_string())?;
            let labels = finish(&pairs, target_labels, rules);
            if let Some(labels) = &labels {
                check(labels, sample.series, rules)?;
                if rules.sample_limit.is_exceeded_by(counts.kept + 1) {
                    over_limit = true; // not remembered: the cache does not outgrow the limit
                    continue;
                }
            }
            cache.insert(sample.series.as_str(), labels)
        };
        let Known::Series(id) = known else { continue };
        if rules.sample_limit.is_exceeded_by(counts.kept + 1) {
            over_limit = true;
            continue;
        }
        counts.kept += 1;
        let own_time = sample.timestamp_ms.filter(|_| rules.honor_timestamps);
        let is_repeated = cache.mark(id, own_time.is_none() || rules.track_timestamps_staleness);
        if is_repeated && own_time.is_none() {
            counts.duplicates += 1;
            continue;
        }
        samples.push(cache.labels(id), own_time.unwrap_or(now_ms), sample.value);
    }
    if over_limit {
        let Limit { max, name } = rules.sample_limit;
        return Err(format!("the target has more than {max} samples after relabelling, the limit of `{name}`"));
    }
    Ok(())
}

/// The labels as they are stored; `None` when relabelling drops the series.
fn finish(pairs: &[crate::exposition::Pair<'_>], target_labels: &Labels, rules: &SampleRules) -> Option<Labels> {
    let mut labels = LabelsBuilder::default();
    for (name, value) in pairs {
        labels.set(name, value);
    }
    put_target_labels(&mut labels, target_labels, rules.honor_labels);
    apply_all(&mut labels, &rules.metric_relabel).then(|| labels.build()).filter(|labels| !labels.is_empty())
}

/// Puts the target's labels on. Where the series has a label of the same name, its own is kept
/// (`honor_labels`) or moved to `exported_…`.
fn put_target_labels(labels: &mut LabelsBuilder, target_labels: &Labels, honor_labels: bool) {
    let mut moved: Vec<(String, String)> = Vec::new();
    for (name, value) in target_labels {
        let own = labels.value(name);
        if own.is_empty() {
            labels.set(name, value);
        } else if !honor_labels {
            moved.push((name.to_owned(), own.to_owned()));
            labels.set(name, value);
        }
    }
    // Shorter names first, so that the outcome does not depend on the order of the labels.
    moved.sort_by_key(|(name, _)| name.len());
    for (name, value) in moved {
        let mut free = format!("exported_{name}");
        while !labels.value(&free).is_empty() {
            free.insert_str(0, "exported_");
        }
        labels.set(&free, &value);
    }
}

fn check(labels: &Labels, series: Series<'_>, rules: &SampleRules) -> Result<(), String> {
    let shown = || series.as_str().chars().take(200).collect::<String>();
    if labels.get(METRIC_NAME).is_none() {
        return Err(format!("series `{}` has no metric name", shown()));
    }
    if rules.label_limit.is_exceeded_by(labels.len() as u64) {
        let Limit { max, name } = rules.label_limit;
        return Err(format!("series `{}` has {} labels, the limit of `{name}` is {max}", shown(), labels.len()));
    }
    for (name, value) in labels {
        let is_legacy = if name == METRIC_NAME { is_legacy_metric_name(value) } else { is_legacy_label_name(name) };
        if rules.only_legacy_names && !is_legacy {
            return Err(format!("series `{}` has a name that `metric_name_validation_scheme: legacy` refuses", shown()));
        }
        for (what, length, limit) in
            [("name", name.len(), rules.label_name_length_limit), ("value", value.len(), rules.label_value_length_limit)]
        {
            if limit.is_exceeded_by(length as u64) {
                let Limit { max, name: setting } = limit;
                let label: String = name.chars().take(100).collect();
                return Err(format!(
                    "series `{}`: the {what} of label {label:?} has {length} bytes, the limit of `{setting}` is {max}",
                    shown()
                ));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
