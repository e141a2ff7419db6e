//! Series that grow, and what of them is written.

use hashbrown::HashMap;
use phoenix_model::labels::METRIC_NAME;
use phoenix_model::traces::TraceId;
use phoenix_model::{Exemplar, Labels, LabelsBuilder, WriteBatch};

/// The label of series that stand for those beyond the limit.
pub(super) const OVERFLOW: &str = "metric_overflow";

/// Which metrics a group has.
#[derive(Debug, Clone)]
pub(super) struct Shape {
    pub(super) plain: Vec<&'static str>,
    pub(super) histograms: Vec<&'static str>,
    pub(super) buckets: Vec<f64>,
    /// Whether the plain ones are gauges, which do not begin at zero.
    pub(super) is_gauge: bool,
}

impl Shape {
    fn series(&self) -> usize {
        // A bucket without end, sum and number beside the buckets.
        self.plain.len() + self.histograms.len() * (self.buckets.len() + 3)
    }
}

/// All series of one set of labels.
#[derive(Debug)]
pub(super) struct Group {
    labels: Vec<Labels>,
    pub(super) plain: Vec<f64>,
    histograms: Vec<Growing>,
    /// Milliseconds of the monotonic clock.
    updated_ms: i64,
    /// The number of the collection before which it came.
    since: u64,
}

#[derive(Debug)]
struct Growing {
    counts: Vec<f64>,
    sum: f64,
    exemplars: Vec<Option<(TraceId, f64, i64)>>,
}

impl Group {
    fn new(shape: &Shape, base: &LabelsBuilder, now_ms: i64, since: u64) -> Self {
        let named = |name: &str, le: Option<&str>| {
            let mut builder = base.clone();
            builder.set(METRIC_NAME, name);
            if let Some(le) = le {
                builder.set("le", le);
            }
            builder.build()
        };
        let mut labels: Vec<Labels> = shape.plain.iter().map(|name| named(name, None)).collect();
        for name in &shape.histograms {
            let bucket = format!("{name}_bucket");
            labels.extend(shape.buckets.iter().map(|bound| named(&bucket, Some(&bound.to_string()))));
            labels.push(named(&bucket, Some("+Inf")));
            labels.push(named(&format!("{name}_sum"), None));
            labels.push(named(&format!("{name}_count"), None));
        }
        let growing = || Growing { counts: vec![0.0; shape.buckets.len() + 1], sum: 0.0, exemplars: vec![None; shape.buckets.len() + 1] };
        Self {
            labels,
            plain: vec![0.0; shape.plain.len()],
            histograms: shape.histograms.iter().map(|_| growing()).collect(),
            updated_ms: now_ms,
            since,
        }
    }

    /// Adds a measurement that stands for `weight` of them.
    pub(super) fn observe(&mut self, histogram: usize, buckets: &[f64], value: f64, weight: f64, exemplar: (TraceId, i64)) {
        let growing = &mut self.histograms[histogram];
        let bucket = buckets.partition_point(|bound| *bound < value);
        growing.counts[bucket] += weight;
        growing.sum += value * weight;
        growing.exemplars[bucket] = Some((exemplar.0, value, exemplar.1));
    }

    /// Adds its samples to a batch. `zero_ms` is the time of the zero with which new counters begin.
    fn collect(&mut self, shape: &Shape, now_ms: i64, zero_ms: Option<i64>, batch: &mut WriteBatch) {
        let mut labels = self.labels.iter();
        let mut put = |value: f64, batch: &mut WriteBatch| {
            if let Some(labels) = labels.next() {
                let begins = zero_ms.filter(|_| !shape.is_gauge).map(|zero_ms| (zero_ms, 0.0));
                batch.series.push((labels.clone(), begins.into_iter().chain([(now_ms, value)]).collect()));
            }
        };
        for value in &self.plain {
            put(*value, batch);
        }
        for growing in &mut self.histograms {
            let mut total = 0.0;
            for (count, exemplar) in growing.counts.iter().zip(&mut growing.exemplars) {
                total += count;
                put(total, batch);
                if let Some((trace_id, value, timestamp_ms)) = exemplar.take()
                    && let Some((labels, _)) = batch.series.last()
                {
                    let of = Labels::from_pairs([("trace_id", trace_id.to_string())]);
                    batch.exemplars.push((labels.clone(), vec![Exemplar { labels: of, value, timestamp_ms }]));
                }
            }
            put(growing.sum, batch);
            put(total, batch);
        }
    }
}

/// How many series there are of all tables, and may be.
#[derive(Debug, Default)]
pub(super) struct SeriesCount {
    pub(super) used: usize,
    pub(super) most: usize,
    /// Spans that were counted in the series of the overflow.
    pub(super) overflowed: u64,
}

/// Groups of one shape, by a key of their labels' values.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) shape: Shape,
    groups: HashMap<Box<[u8]>, Group>,
}

/// The time, as a table needs it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Now {
    /// Milliseconds of the monotonic clock.
    pub(super) monotonic_ms: i64,
    /// Milliseconds since the Unix epoch.
    pub(super) wall_ms: i64,
    /// The number of the next collection.
    pub(super) collection: u64,
}

/// What a collection goes by.
#[derive(Debug, Clone, Copy)]
pub(super) struct Collection {
    /// The time of its samples, in milliseconds since the Unix epoch.
    pub(super) now_ms: i64,
    /// The time of the zero with which new counters begin.
    pub(super) zero_ms: i64,
    /// The number of the last collection that was written.
    pub(super) written: u64,
    /// Groups without a span since then end, in milliseconds of the monotonic clock.
    pub(super) stale_ms: i64,
}

impl Table {
    pub(super) fn new(shape: Shape) -> Self {
        Self { shape, groups: HashMap::new() }
    }

    /// The group of a key; one that is new gets the labels that `build` gives, or is that of the overflow.
    pub(super) fn group(
        &mut self,
        key: &[u8],
        now: Now,
        count: &mut SeriesCount,
        external: &[(String, String)],
        build: impl FnOnce(&mut LabelsBuilder),
    ) -> (&mut Group, &[f64]) {
        // The key of the overflow is empty, which no other is.
        let mut wanted = key;
        if !self.groups.contains_key(key) {
            let series = self.shape.series();
            let is_over = count.used + series > count.most;
            if is_over {
                count.overflowed += 1;
                wanted = b"";
            }
            if !self.groups.contains_key(wanted) {
                count.used += series;
                let mut builder = LabelsBuilder::default();
                for (name, value) in external {
                    builder.set(name, value);
                }
                if is_over {
                    builder.set(OVERFLOW, "true");
                } else {
                    build(&mut builder);
                }
                self.groups.insert(wanted.into(), Group::new(&self.shape, &builder, now.monotonic_ms, now.collection));
            }
        }
        let group = self.groups.get_mut(wanted).expect("it was found or inserted");
        group.updated_ms = now.monotonic_ms;
        (group, &self.shape.buckets)
    }

    /// Adds all samples to a batch. The labels of groups that end go to `ended`.
    pub(super) fn collect(&mut self, times: Collection, count: &mut SeriesCount, batch: &mut WriteBatch, ended: &mut Vec<Labels>) {
        let shape = &self.shape;
        self.groups.retain(|_, group| {
            if group.updated_ms <= times.stale_ms {
                count.used -= shape.series();
                ended.append(&mut group.labels);
                return false;
            }
            let zero_ms = (group.since > times.written).then_some(times.zero_ms);
            group.collect(shape, times.now_ms, zero_ms, batch);
            true
        });
    }
}
