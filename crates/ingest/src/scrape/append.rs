//! From a body to samples: labels of the target put on, relabelled, counted, limited.

use super::cache::{Known, SeriesCache, SeriesId};
use super::classic::{ClassicHistograms, Converted};
use super::job::{HistogramScrape, Limit, SampleRules};
use super::metadata::Families;
use crate::exposition::protobuf::{self, HistogramRules, Told};
use crate::exposition::{Comment, Entry, Format, Pair, Parser, Series, ToldExemplar};
use crate::relabel::apply_all;
use phoenix_model::labels::{METRIC_NAME, is_legacy_label_name, is_legacy_metric_name};
use phoenix_model::{Exemplar, Histogram, Labels, LabelsBuilder, WriteBatch, stale_nan};

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
    /// Exemplars in the body.
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
        self.batch.histograms.clear();
        self.batch.exemplars.clear();
    }

    /// Adds a native histogram.
    fn push_histogram(&mut self, labels: &Labels, timestamp_ms: i64, histogram: Histogram) {
        self.batch.histograms.push((labels.clone(), vec![(timestamp_ms, histogram)]));
    }

    /// Adds exemplars of a series.
    fn push_exemplars(&mut self, labels: &Labels, exemplars: Vec<Exemplar>) {
        if !exemplars.is_empty() {
            self.batch.exemplars.push((labels.clone(), exemplars));
        }
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
    let classic = into.rules.histograms.convert_classic.then(ClassicHistograms::default);
    let mut reader = Reader { into, cache, families, samples, counts, over_limit: false, classic };
    if format == Format::Protobuf {
        reader.protobuf(body)?;
    } else {
        reader.text(body, format)?;
    }
    let last = reader.classic.as_mut().map(ClassicHistograms::finish);
    reader.converted(last.unwrap_or_default())?;
    if reader.over_limit {
        let Limit { max, name } = into.rules.sample_limit;
        return Err(format!("the target has more than {max} samples after relabelling, the limit of `{name}`"));
    }
    Ok(())
}

/// A body on its way to samples.
struct Reader<'a> {
    into: Into<'a>,
    cache: &'a mut SeriesCache,
    families: &'a mut Families,
    samples: &'a mut Samples,
    counts: &'a mut Counts,
    over_limit: bool,
    /// Where classic histograms are to become native ones.
    classic: Option<ClassicHistograms>,
}

impl Reader<'_> {
    fn text(&mut self, body: &[u8], format: Format) -> Result<(), String> {
        let mut parser = Parser::new(body, format).map_err(|e| e.to_string())?;
        while let Some(entry) = parser.next_entry(self.cache.expected()) {
            let sample = match entry.map_err(|e| e.to_string())? {
                Entry::Sample(sample) => sample,
                Entry::Comment(line) => {
                    self.families.take_line(line, format).map_err(|e| parser.error_here(e).to_string())?;
                    self.begin_family(line, format)?;
                    continue;
                }
            };
            let told = || sample.exemplar.and_then(|exemplar| exemplar.read().ok());
            if self.convert(sample.series, sample.value, sample.timestamp_ms, told)? {
                continue;
            }
            self.counts.exemplars += u64::from(sample.exemplar.is_some());
            let place = self.place(sample.series, sample.timestamp_ms).map_err(|e| e.in_line(|e| parser.error_here(e).to_string()))?;
            let Some((id, at_ms)) = place else { continue };
            self.samples.push(self.cache.labels(id), at_ms, sample.value);
            if let Some(exemplar) = told() {
                self.exemplars(id, at_ms, vec![exemplar]);
            }
        }
        Ok(())
    }

    fn protobuf(&mut self, body: &[u8]) -> Result<(), String> {
        let HistogramScrape { native, keep_classic, .. } = self.into.rules.histograms;
        let rules = HistogramRules { native, classic_too: keep_classic };
        protobuf::read(body, rules, |told| self.told(told)).map_err(|e| format!("metric family {}: {}", e.line, e.message))
    }

    fn told(&mut self, told: Told<'_>) -> Result<(), String> {
        match told {
            Told::Comment(line) => {
                self.families.take_line(line, Format::OpenMetrics)?;
                self.begin_family(line, Format::OpenMetrics)
            }
            Told::Float { series, value, timestamp_ms, exemplar, is_beside_native } => {
                if !is_beside_native && self.convert(series, value, timestamp_ms, || exemplar.clone())? {
                    return Ok(());
                }
                self.counts.exemplars += u64::from(exemplar.is_some());
                let Some((id, at_ms)) = self.place(series, timestamp_ms).map_err(PlaceError::into_text)? else { return Ok(()) };
                self.samples.push(self.cache.labels(id), at_ms, value);
                self.exemplars(id, at_ms, exemplar.into_iter().collect());
                Ok(())
            }
            Told::Histogram { series, histogram, timestamp_ms, exemplars } => self.histogram(series, *histogram, timestamp_ms, exemplars),
        }
    }

    fn histogram(
        &mut self,
        series: Series<'_>,
        mut histogram: Histogram,
        timestamp_ms: Option<i64>,
        exemplars: Vec<ToldExemplar>,
    ) -> Result<(), String> {
        self.counts.exemplars += exemplars.len() as u64;
        let HistogramScrape { bucket_limit, max_schema, .. } = self.into.rules.histograms;
        histogram.reduce_resolution(max_schema);
        if !histogram.fit_buckets(bucket_limit.max as usize) {
            let shown: String = series.as_str().chars().take(200).collect();
            let Limit { max, name } = bucket_limit;
            return Err(format!("the native histogram `{shown}` has more than {max} buckets that can't be merged, the limit of `{name}`"));
        }
        let Some((id, at_ms)) = self.place(series, timestamp_ms).map_err(PlaceError::into_text)? else { return Ok(()) };
        self.samples.push_histogram(self.cache.labels(id), at_ms, histogram);
        self.exemplars(id, at_ms, exemplars);
        Ok(())
    }

    fn exemplars(&mut self, id: SeriesId, at_ms: i64, mut told: Vec<ToldExemplar>) {
        told.retain(|exemplar| !self.cache.is_told_again(id, exemplar));
        self.samples.push_exemplars(self.cache.labels(id), told.into_iter().map(|exemplar| exemplar.at(at_ms)).collect());
    }

    /// Where a sample goes: known series are found by their text. `None` when it is left out.
    fn place(&mut self, series: Series<'_>, timestamp_ms: Option<i64>) -> Result<Option<(SeriesId, i64)>, PlaceError> {
        let Into { now_ms, target_labels, rules } = self.into;
        self.counts.scraped += 1;
        if self.over_limit {
            return Ok(None); // read on for the right count, as Prometheus does
        }
        let known = if let Some(known) = self.cache.find(series.as_str()) {
            known
        } else {
            let mut pairs = Vec::new();
            series.pairs(&mut pairs).map_err(PlaceError::Line)?;
            let labels = finish(&pairs, target_labels, rules);
            if let Some(labels) = &labels {
                check(labels, series, rules).map_err(PlaceError::Series)?;
                if rules.sample_limit.is_exceeded_by(self.counts.kept + 1) {
                    self.over_limit = true; // not remembered: the cache does not outgrow the limit
                    return Ok(None);
                }
            }
            self.cache.insert(series.as_str(), labels)
        };
        let Known::Series(id) = known else { return Ok(None) };
        if rules.sample_limit.is_exceeded_by(self.counts.kept + 1) {
            self.over_limit = true;
            return Ok(None);
        }
        self.counts.kept += 1;
        let own_time = timestamp_ms.filter(|_| rules.honor_timestamps);
        let is_repeated = self.cache.mark(id, own_time.is_none() || rules.track_timestamps_staleness);
        if is_repeated && own_time.is_none() {
            self.counts.duplicates += 1;
            return Ok(None);
        }
        Ok(Some((id, own_time.unwrap_or(now_ms))))
    }

    /// Notes which family comes next, where classic histograms are to become native ones.
    fn begin_family(&mut self, line: &str, format: Format) -> Result<(), String> {
        let Some(classic) = &mut self.classic else { return Ok(()) };
        let Comment::Type { name, kind } = Comment::parse(line, format)? else { return Ok(()) };
        let done = classic.begin(&name, kind);
        self.converted(done)
    }

    /// Takes a sample for a histogram that is put together; whether it is done with that.
    fn convert(
        &mut self,
        series: Series<'_>,
        value: f64,
        timestamp_ms: Option<i64>,
        exemplar: impl FnOnce() -> Option<ToldExemplar>,
    ) -> Result<bool, String> {
        let Some(classic) = &mut self.classic else { return Ok(false) };
        let mut pairs: Vec<Pair<'_>> = Vec::new();
        series.pairs(&mut pairs)?;
        Ok(classic.take(&pairs, value, timestamp_ms, exemplar) && !self.into.rules.histograms.keep_classic)
    }

    fn converted(&mut self, done: Vec<Converted>) -> Result<(), String> {
        done.into_iter().try_for_each(|Converted { series, histogram, timestamp_ms, exemplars }| {
            self.histogram(Series::written(&series), histogram, timestamp_ms, exemplars)
        })
    }
}

/// Why a sample has no place.
enum PlaceError {
    /// Its line is wrong.
    Line(String),
    /// Its series is one that is not taken.
    Series(String),
}

impl PlaceError {
    fn into_text(self) -> String {
        self.in_line(|message| message)
    }

    fn in_line(self, name_line: impl FnOnce(String) -> String) -> String {
        match self {
            Self::Line(message) => name_line(message),
            Self::Series(message) => message,
        }
    }
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
