//! Aggregations over ranges: from entries to one column for each set of labels.

use super::accumulate::{Accumulator, accumulator};
use super::series::{Kept, SeriesTable};
use super::windows::Windows;
use super::{EvalError, EvalOptions};
use crate::ast::{Conversion, LogExpr, RangeAggregation, RangeOp, Stage, StageKind, Unwrap};
use crate::source::{
    FieldFormat, FieldSelect, FieldValue, FieldVisitor, LogBatch, LogSelect, LogSource, LogVisitor, Need, ReadError, ReadStats,
};
use crate::stages::row::{ERROR, ERROR_DETAILS, Row, SAMPLE_ERROR, Wanted};
use crate::stages::{LabelFilters, Pipeline, signed_duration_ns};
use crate::units;
use phoenix_model::logs::{DETECTED_LEVEL, Level, Stream};
use phoenix_model::{Charge, Labels, LabelsRef, MatchOp, Matcher};
use phoenix_query::{ABSENT, Column, Grouping, is_absent};
use std::sync::Arc;

/// How many moments may be asked of the store's counts at once; beyond that times are read.
const MAX_EDGES: usize = 6_000;

/// Evaluates an aggregation. `grouping` is what the aggregation around it keeps of the labels, if
/// that may be applied entry by entry.
pub(super) fn evaluate(
    aggregation: &RangeAggregation,
    grouping: Option<&Grouping>,
    windows: &Windows,
    source: &dyn LogSource,
    options: &EvalOptions<'_>,
    stats: &mut ReadStats,
) -> Result<Vec<Column>, EvalError> {
    let absent = aggregation.op == RangeOp::AbsentOverTime;
    let nothing = Grouping::default();
    let grouping = if absent { Some(&nothing) } else { aggregation.grouping.as_ref().or(grouping) };
    let mut reader = Reader::new(aggregation, grouping, windows, source, options)?;
    if !reader.count(&aggregation.logs, source, stats)? {
        reader.read(&aggregation.logs, source, stats)?;
    }
    let columns = reader.finish()?;
    Ok(if absent { missing(&columns, &aggregation.logs.matchers, windows) } else { columns })
}

/// What `absent_over_time` gives: 1 where there is no entry, under the labels that the selector
/// says an entry would have.
fn missing(columns: &[Column], matchers: &[Matcher], windows: &Windows) -> Vec<Column> {
    let count = windows.steps.count;
    let values: Vec<f64> = match columns.first() {
        Some(column) => column.values.iter().map(|value| if is_absent(*value) { 1.0 } else { ABSENT }).collect(),
        None => vec![1.0; count],
    };
    let equal = matchers.iter().filter(|m| m.op == MatchOp::Equal && matchers.iter().filter(|other| other.name == m.name).count() == 1);
    let labels = Labels::from_pairs(equal.map(|m| (&m.name, &m.value)));
    vec![Column::floats(labels, values)]
}

struct Reader<'a> {
    op: RangeOp,
    windows: &'a Windows,
    options: &'a EvalOptions<'a>,
    pipeline: Pipeline,
    unwrap: Option<(Unwrap, LabelFilters)>,
    kept: Kept,
    keeps_errors: bool,
    need: Need,
    /// The names of metadata that matter; all if there are none.
    metadata_names: Option<Vec<String>>,
    table: SeriesTable,
    accumulator: Box<dyn Accumulator + 'a>,
    row: Row,
    stream: Option<Arc<Stream>>,
    /// Series of the current stream by level, where labels depend on nothing else.
    by_level: [Option<usize>; Level::ALL.len()],
    /// Whether all labels that are kept are the current stream's, so that all of its entries belong
    /// to one series.
    one_series: bool,
    series: Option<usize>,
    /// Whether the current stream and the level say all labels that are kept.
    stream_decides: bool,
    /// The fields of lines that are all that stages look at.
    names: Option<(FieldFormat, Vec<String>)>,
    key: Vec<u8>,
    charge: Charge,
    failure: Option<EvalError>,
}

impl<'a> Reader<'a> {
    fn new(
        aggregation: &RangeAggregation,
        grouping: Option<&Grouping>,
        windows: &'a Windows,
        source: &dyn LogSource,
        options: &'a EvalOptions<'a>,
    ) -> Result<Self, EvalError> {
        if aggregation.logs.stages.iter().any(|Stage { kind, .. }| matches!(kind, StageKind::Distinct(_))) {
            return Err(EvalError::Execution("`distinct` is for queries that give lines, not for aggregations".to_owned()));
        }
        let value = aggregation.unwrap.as_ref().map(|unwrap| unwrap.label.clone());
        let kept = match grouping {
            None => Kept::All { but: value.clone() },
            Some(Grouping { without: false, labels }) => Kept::By(labels.clone()),
            Some(Grouping { without: true, labels }) => Kept::Without(labels.iter().cloned().chain(value.clone()).collect()),
        };
        let mut wanted = kept.wanted();
        let unwrap = match &aggregation.unwrap {
            Some(unwrap) => {
                wanted.add(&unwrap.label);
                let filters = LabelFilters::new(&unwrap.filters)?;
                filters.want(&mut wanted);
                Some((unwrap.clone(), filters))
            }
            None => None,
        };
        let names_error = |wanted: &Wanted| matches!(wanted, Wanted::Names(_)) && wanted.has(ERROR);
        let mut keeps_errors = names_error(&wanted);
        if let Some((_, filters)) = &unwrap {
            keeps_errors |= filters.names(ERROR);
        }
        let mut pipeline = Pipeline::new(&aggregation.logs.stages, wanted)?;
        pipeline.now_ns = Some(options.now_ns);
        keeps_errors |= pipeline.asks_errors;
        let bytes = matches!(aggregation.op, RangeOp::BytesOverTime | RangeOp::BytesRate);
        let lines = pipeline.reads_line();
        let metadata_names = metadata_names(&pipeline.wanted);
        let need = Need { lines, sizes: bytes && !lines, metadata: needs_metadata(metadata_names.as_deref(), windows, source) };
        let names = if bytes { None } else { pipeline.fields() };
        let param = aggregation.param.unwrap_or(f64::NAN);
        let accumulator = accumulator(aggregation.op, param, unwrap.is_some(), windows, options)?;
        Ok(Self {
            op: aggregation.op,
            windows,
            options,
            pipeline,
            unwrap,
            kept,
            keeps_errors,
            need,
            metadata_names,
            table: SeriesTable::default(),
            accumulator,
            row: Row::default(),
            stream: None,
            by_level: [None; Level::ALL.len()],
            one_series: false,
            series: None,
            stream_decides: false,
            names,
            key: Vec::new(),
            charge: options.budget.charge(0)?,
            failure: None,
        })
    }

    /// Whether entries are only counted.
    fn is_plain(&self) -> bool {
        self.pipeline.is_empty() && self.unwrap.is_none()
    }

    /// Answers from the store's counts, if they say enough.
    fn count(&mut self, logs: &LogExpr, source: &dyn LogSource, stats: &mut ReadStats) -> Result<bool, EvalError> {
        let plain = self.is_plain() && self.pipeline.filters.is_empty();
        let names = match &self.kept {
            _ if !self.need.metadata => None,
            Kept::By(names) => Some(names),
            _ => return Ok(false),
        };
        if !plain || self.windows.buckets() >= MAX_EDGES {
            return Ok(false);
        }
        let bytes = matches!(self.op, RangeOp::BytesOverTime | RangeOp::BytesRate);
        let edges = self.windows.edges();
        let (counts, read) = source.counts(&logs.matchers, &edges, &self.options.read_limits())?;
        // A label of the stream is not one of the metadata, which get another name beside it.
        let is_streams = |name: &String, labels: &Labels| is_pipelines(name) || labels.get(name).is_some();
        if names.is_some_and(|names| counts.iter().any(|counted| !names.iter().all(|name| is_streams(name, &counted.stream.labels)))) {
            return Ok(false);
        }
        *stats += read;
        for counted in counts {
            let series = self.plain_series(&counted.stream, counted.level)?;
            for (bucket, (entries, size)) in counted.counts.iter().enumerate().filter(|(_, (entries, _))| *entries > 0) {
                // Buckets between windows are edges too; nobody looks at them.
                let value = if bytes { *size } else { *entries };
                self.accumulator.add(series, bucket, edges[bucket], value as f64)?;
            }
        }
        Ok(true)
    }

    fn read(&mut self, logs: &LogExpr, source: &dyn LogSource, stats: &mut ReadStats) -> Result<(), EvalError> {
        let (filters, hints) = (std::mem::take(&mut self.pipeline.filters), std::mem::take(&mut self.pipeline.hints));
        let metadata_names = self.metadata_names.take();
        let select = LogSelect {
            matchers: &logs.matchers,
            start_ns: self.windows.start_ns(),
            end_ns: self.windows.end_ns(),
            direction: None,
            filters: &filters,
            hints: &hints,
            need: self.need,
            metadata_names: metadata_names.as_deref(),
        };
        let number = self.number();
        let asked = self.names.take();
        let result = match &asked {
            Some((format, names)) => {
                let fields = FieldSelect { format: *format, names, number: number.as_deref() };
                source.read_fields(
                    &select,
                    &fields,
                    &self.options.read_limits(),
                    &mut Fields { reader: self, names, number: number.as_deref(), looked_at: Vec::new() },
                )
            }
            None => None,
        };
        let result = result.unwrap_or_else(|| source.read(&select, &self.options.read_limits(), self));
        if let Some(failure) = self.failure.take() {
            return Err(failure);
        }
        *stats += result?;
        Ok(())
    }

    fn finish(mut self) -> Result<Vec<Column>, EvalError> {
        let labels = std::mem::take(&mut self.table.labels);
        self.charge.grow(labels.len() as u64 * self.windows.steps.count as u64 * size_of::<f64>() as u64)?;
        let mut columns = Vec::with_capacity(labels.len());
        for (series, labels) in labels.into_iter().enumerate() {
            let column = Column::floats(labels, self.accumulator.finish(series, self.windows)?);
            if !column.is_empty() {
                columns.push(column);
            }
        }
        Ok(columns)
    }

    /// The series of entries whose labels are those of the stream and the level.
    fn plain_series(&mut self, stream: &Arc<Stream>, level: Level) -> Result<usize, EvalError> {
        let level = if level == Level::Absent || stream.labels.get(DETECTED_LEVEL).is_some() || !self.kept.keeps(DETECTED_LEVEL) {
            None
        } else {
            Some((DETECTED_LEVEL, level.as_str()))
        };
        let labels = match level {
            None => stream.labels.filter(|name| self.kept.keeps(name)),
            Some(level) => Labels::from_pairs(stream.labels.iter().filter(|(name, _)| self.kept.keeps(name)).chain([level])),
        };
        self.table.intern(labels, self.options, &mut self.charge)
    }

    /// Counts entries that go through no stage. Neighbours of the same series and bucket are added
    /// at once; their sum is exact, as they are whole numbers.
    fn plain_batch(&mut self, batch: &LogBatch<'_>) -> Result<(), EvalError> {
        let mut run: Option<(usize, usize, u64)> = None;
        for (i, (timestamp_ns, level)) in batch.timestamps_ns.iter().zip(batch.levels).enumerate() {
            let Some(bucket) = self.windows.bucket(*timestamp_ns) else { continue };
            let metadata = batch.metadata.get(i).copied().unwrap_or(LabelsRef::EMPTY);
            let series = if !self.stream_decides && !metadata.is_empty() {
                self.row.begin_entry(*timestamp_ns, metadata, *level, &self.pipeline.wanted);
                self.row_series()?
            } else if let Some(series) = self.by_level[*level as usize] {
                series
            } else {
                let series = self.plain_series(batch.stream, *level)?;
                self.by_level[*level as usize] = Some(series);
                series
            };
            let value = if self.need.sizes { u64::from(batch.sizes[i]) } else { 1 };
            match &mut run {
                Some((of, within, total)) if (*of, *within) == (series, bucket) => *total += value,
                _ => {
                    self.add_run(run)?;
                    run = Some((series, bucket, value));
                }
            }
        }
        self.add_run(run)
    }

    fn add_run(&mut self, run: Option<(usize, usize, u64)>) -> Result<(), EvalError> {
        // Only `first` and `last` look at times, and they need `unwrap`.
        run.map_or(Ok(()), |(series, bucket, total)| self.accumulator.add(series, bucket, 0, total as f64))
    }

    fn row_batch(&mut self, batch: &LogBatch<'_>) -> Result<(), EvalError> {
        let slow = self.pipeline.is_slow();
        for i in 0..batch.timestamps_ns.len() {
            if slow && (self.options.cancelled)() {
                return Err(EvalError::Cancelled);
            }
            let Some(bucket) = self.begin_row(batch, i) else { continue };
            let line = batch.lines.get(i).copied().unwrap_or("");
            if self.pipeline.process(line, &mut self.row) {
                self.take_row(batch, i, bucket, None)?;
            }
        }
        Ok(())
    }

    /// Begins an entry, if it lies in a window.
    fn begin_row(&mut self, batch: &LogBatch<'_>, i: usize) -> Option<usize> {
        let bucket = self.windows.bucket(batch.timestamps_ns[i])?;
        let metadata = batch.metadata.get(i).copied().unwrap_or(LabelsRef::EMPTY);
        self.row.begin_entry(batch.timestamps_ns[i], metadata, batch.levels[i], &self.pipeline.wanted);
        Some(bucket)
    }

    /// Takes an entry that went through the pipeline. `number` is the value to unwrap, if it is
    /// known without its text.
    fn take_row(&mut self, batch: &LogBatch<'_>, i: usize, bucket: usize, number: Option<f64>) -> Result<(), EvalError> {
        let value = match self.op {
            _ if self.unwrap.is_some() => match self.unwrapped(number) {
                Some(value) => value,
                None => return Ok(()),
            },
            RangeOp::BytesOverTime | RangeOp::BytesRate if self.need.sizes => f64::from(batch.sizes[i]),
            RangeOp::BytesOverTime | RangeOp::BytesRate => self.row.line(batch.lines.get(i).copied().unwrap_or("")).len() as f64,
            _ => 1.0,
        };
        if let Some(error) = self.row.error()
            && !self.keeps_errors
        {
            return Err(pipeline_error(error, &self.row));
        }
        let series = match self.series {
            Some(series) => series,
            None => self.row_series()?,
        };
        if self.one_series {
            self.series = Some(series);
        }
        self.accumulator.add(series, bucket, batch.timestamps_ns[i], value)
    }

    /// The label of which only the number matters.
    fn number(&self) -> Option<String> {
        let (unwrap, filters) = self.unwrap.as_ref()?;
        let named = match &self.kept {
            Kept::By(names) => names.contains(&unwrap.label),
            _ => true,
        };
        let plain = unwrap.conversion == Conversion::None && self.pipeline.is_single() && !named && !filters.names(&unwrap.label);
        plain.then(|| unwrap.label.clone())
    }

    /// Whose entries follow; whether it is another stream than before.
    fn begin_stream(&mut self, stream: &Arc<Stream>) -> bool {
        if self.stream.as_ref().is_some_and(|known| Arc::ptr_eq(known, stream)) {
            return false;
        }
        self.stream = Some(Arc::clone(stream));
        self.by_level = [None; Level::ALL.len()];
        self.pipeline.begin_stream(&stream.labels, &mut self.row);
        self.series = None;
        let named = |but: fn(&str) -> bool| match &self.kept {
            Kept::By(names) => names.iter().all(|name| but(name) || self.row.has_base(name)),
            _ => false,
        };
        self.one_series = !self.pipeline.changes_labels() && named(|_| false);
        self.stream_decides = !self.need.metadata || named(is_pipelines);
        true
    }

    /// Runs over a batch, and keeps why it failed.
    fn guarded(&mut self, run: impl FnOnce(&mut Self) -> Result<(), EvalError>) -> Result<(), ReadError> {
        if (self.options.cancelled)() {
            return Err(ReadError::Cancelled);
        }
        run(self).map_err(|failure| {
            self.failure = Some(failure);
            ReadError::Cancelled
        })
    }

    /// The value of the label to unwrap; none where there is no such label, or where a filter
    /// behind it refuses the entry.
    fn unwrapped(&mut self, number: Option<f64>) -> Option<f64> {
        let (unwrap, filters) = self.unwrap.as_ref()?;
        if let Some(number) = number {
            return filters.pass(&mut self.row).then_some(number);
        }
        let text = self.row.get(&unwrap.label).filter(|text| !text.is_empty())?;
        let converted = match unwrap.conversion {
            Conversion::None => text.parse::<f64>().map_err(|_| format!("{text:?} is not a number")),
            Conversion::Bytes => {
                units::parse_bytes(text).map(|bytes| bytes as f64).ok_or_else(|| format!("{text:?} is not a size in bytes"))
            }
            Conversion::Duration | Conversion::DurationSeconds => {
                signed_duration_ns(text).map(|ns| ns as f64 / 1e9).ok_or_else(|| format!("time: invalid duration {text:?}"))
            }
        };
        let value = converted.unwrap_or_else(|why| {
            self.row.fail(SAMPLE_ERROR, format_args!("{why}"), true);
            0.0
        });
        filters.pass(&mut self.row).then_some(value)
    }

    fn row_series(&mut self) -> Result<usize, EvalError> {
        let key = &mut self.key;
        key.clear();
        let mut push = |text: &str| {
            key.extend_from_slice(&(text.len() as u32).to_le_bytes());
            key.extend_from_slice(text.as_bytes());
        };
        match &self.kept {
            Kept::By(names) => names.iter().for_each(|name| push(self.row.get(name).unwrap_or(""))),
            kept => self.row.each(&mut |name, value| {
                if kept.keeps(name) {
                    push(name);
                    push(value);
                }
            }),
        }
        if let Some(series) = self.table.by_key.get(self.key.as_slice()) {
            return Ok(*series);
        }
        let labels = match &self.kept {
            Kept::By(names) => Labels::from_pairs(names.iter().filter_map(|name| Some((name, self.row.get(name)?)))),
            kept => {
                let mut pairs = Vec::new();
                self.row.each(&mut |name, value| {
                    if kept.keeps(name) {
                        pairs.push((name, value));
                    }
                });
                Labels::from_pairs(pairs)
            }
        };
        let series = self.table.intern(labels, self.options, &mut self.charge)?;
        self.charge.grow(self.key.len() as u64 + 48)?;
        self.table.by_key.insert(self.key.as_slice().into(), series);
        Ok(series)
    }
}

impl LogVisitor for Reader<'_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        self.begin_stream(batch.stream);
        self.guarded(|reader| if reader.is_plain() { reader.plain_batch(batch) } else { reader.row_batch(batch) })
    }
}

/// A reader that is given fields.
struct Fields<'r, 'a> {
    reader: &'r mut Reader<'a>,
    names: &'r [String],
    number: Option<&'r str>,
    /// Which of them are not labels of the current stream.
    looked_at: Vec<bool>,
}

impl FieldVisitor for Fields<'_, '_> {
    fn fields(&mut self, batch: &LogBatch<'_>, values: &[&[FieldValue<'_>]]) -> Result<(), ReadError> {
        let (names, number) = (self.names, self.number.and_then(|number| self.names.iter().position(|name| name == number)));
        if self.reader.begin_stream(batch.stream) {
            self.looked_at = names.iter().map(|name| !self.reader.row.has_base(name)).collect();
        }
        let looked_at = &self.looked_at;
        self.reader.guarded(|reader| {
            for i in 0..batch.timestamps_ns.len() {
                let Some(bucket) = reader.begin_row(batch, i) else { continue };
                if values.iter().zip(looked_at).any(|(values, looked_at)| *looked_at && values[i] == FieldValue::Unknown) {
                    if reader.pipeline.process(batch.lines[i], &mut reader.row) {
                        reader.take_row(batch, i, bucket, None)?;
                    }
                    continue;
                }
                let number = number.and_then(|at| match values[at][i] {
                    // Under another name it is not the one that is unwrapped.
                    FieldValue::Number(number) if reader.row.is_free(&names[at]) => Some(number),
                    _ => None,
                });
                let texts = values.iter().map(|values| match values[i] {
                    FieldValue::Text(text) => Some(text),
                    _ => None,
                });
                if reader.pipeline.process_fields(names, texts, &mut reader.row) {
                    reader.take_row(batch, i, bucket, number)?;
                }
            }
            Ok(())
        })
    }
}

/// Whether a label is never one of the metadata that a store gives.
fn is_pipelines(name: &str) -> bool {
    [ERROR, ERROR_DETAILS, DETECTED_LEVEL].contains(&name)
}

/// Whether the answer may depend on structured metadata.
fn needs_metadata(names: Option<&[String]>, windows: &Windows, source: &dyn LogSource) -> bool {
    let names: Option<Vec<&str>> = names.map(|names| names.iter().map(String::as_str).collect());
    names.as_ref().is_none_or(|names| !names.is_empty()) && source.may_have_metadata(names.as_deref(), windows.start_ns(), windows.end_ns())
}

/// The names of metadata that somebody looks at.
fn metadata_names(wanted: &Wanted) -> Option<Vec<String>> {
    let Wanted::Names(names) = wanted else { return None };
    let names = names.iter().filter(|name| !is_pipelines(name));
    // An extracted name has its long form because of one of the metadata.
    let names = names.flat_map(|name| [Some(name.as_str()), name.strip_suffix("_extracted")]).flatten();
    Some(names.map(str::to_owned).collect())
}

/// Loki's words for a query of numbers that met an entry whose pipeline failed.
fn pipeline_error(error: &str, row: &Row) -> EvalError {
    let mut pairs = Vec::new();
    row.each(&mut |name, value| pairs.push((name, value)));
    let labels = Labels::from_pairs(pairs);
    let shown: Vec<String> = labels.iter().map(|(name, value)| format!("{name}={value:?}")).collect();
    EvalError::Execution(format!(
        "pipeline error: '{error}' for series: '{{{}}}'.\nUse a label filter to intentionally skip this error. (e.g | __error__!=\"{error}\").\nTo skip all potential errors you can match empty errors.(e.g __error__=\"\")\nThe label filter can also be specified after unwrap. (e.g | unwrap latency | __error__=\"\" )\n",
        shown.join(", ")
    ))
}
