//! Reading samples.

use crate::TsdbError;
use crate::head::Gathered;
use crate::part::{Column, PartCursor, PartError, ReadError};
use crate::runs::{HistogramSamples, Merged, MergedTimes, Run, with_times};
use crate::series::SeriesId;
use crate::store::Tsdb;
use hashbrown::HashMap;
use phoenix_model::{Budget, Charge, Labels, Matcher, SeriesSamples, SeriesSink};
use std::sync::Arc;

/// What bounds a read.
pub struct SelectLimits<'a> {
    /// Memory that the read may use, and that its result holds.
    pub budget: &'a Budget,
    /// Samples that the read may return. A native histogram counts as the floats that would take as
    /// much memory, as in Prometheus.
    pub max_samples: u64,
    /// Asked now and then; true ends the read.
    pub cancelled: &'a (dyn Fn() -> bool + Sync),
    /// Samples that [`Tsdb::select_each`] hands on at one time, unless one series has more.
    pub piece_samples: u64,
}

impl<'a> SelectLimits<'a> {
    /// Enough that a piece costs little on top, and few enough to stay near the processor.
    pub const PIECE_SAMPLES: u64 = 1 << 16;

    /// Bounded by memory alone.
    pub fn within(budget: &'a Budget) -> Self {
        Self { budget, max_samples: u64::MAX, cancelled: &|| false, piece_samples: Self::PIECE_SAMPLES }
    }
}

/// What a read gave. The memory stays charged until this is dropped.
#[derive(Debug)]
pub struct Selected {
    /// Sorted by labels. No series is empty.
    pub series: Vec<SeriesSamples>,
    /// The memory of `series`.
    pub charge: Charge,
}

/// Bytes that a sample takes in a result.
const SAMPLE_BYTES: u64 = 16;

/// Bytes that a histogram takes in a result, on top of its own.
const HISTOGRAM_BYTES: u64 = 32;

/// Bytes that a series takes in a result, on top of its samples and labels.
const SERIES_BYTES: u64 = 128;

/// Series read under one hold of the head's lock.
const SERIES_AT_A_TIME: usize = 64;

/// Timestamp columns that are kept to be shared.
const SHARED_COLUMNS: usize = 512;

/// A series with where its samples are.
struct Place {
    labels: Labels,
    /// The positions of parts in the view, each with the series' number there.
    parts: Vec<(usize, u32)>,
    in_memory: Option<SeriesId>,
}

/// What takes the pieces of a read, with the memory of their samples.
type Take<'a> = dyn FnMut(Vec<SeriesSamples>, Charge) -> Result<(), TsdbError> + 'a;

/// A piece of a read on its way.
struct Piece<'a> {
    limits: &'a SelectLimits<'a>,
    /// Of the samples that are not handed on yet.
    charge: Charge,
    series: Vec<SeriesSamples>,
    /// Samples that are not handed on yet.
    waiting: u64,
    /// Samples of the whole read.
    samples: u64,
    /// Those of the series that is being read. Later ones take precedence.
    runs: Vec<Run>,
    columns: HashMap<(i64, i64, usize), Arc<[i64]>>,
    merged: MergedTimes,
}

impl<'a> Piece<'a> {
    fn new(limits: &'a SelectLimits<'a>) -> Result<Self, TsdbError> {
        Ok(Self {
            limits,
            charge: limits.budget.charge(0)?,
            series: Vec::new(),
            waiting: 0,
            samples: 0,
            runs: Vec::new(),
            columns: HashMap::new(),
            merged: MergedTimes::default(),
        })
    }

    fn add_floats(&mut self, timestamps_ms: &[i64], values: Vec<f64>) -> Result<(), TsdbError> {
        if timestamps_ms.is_empty() {
            return Ok(());
        }
        let run = Run::Floats { timestamps_ms: self.share(timestamps_ms), values };
        self.add(timestamps_ms.len() as u64, run)
    }

    fn add_histograms(&mut self, histograms: HistogramSamples) -> Result<(), TsdbError> {
        if histograms.is_empty() {
            return Ok(());
        }
        let samples = histograms.iter().map(|(_, histogram)| (histogram.memory_bytes() + HISTOGRAM_BYTES) / SAMPLE_BYTES).sum();
        self.add(samples, Run::Histograms(histograms))
    }

    fn add(&mut self, samples: u64, run: Run) -> Result<(), TsdbError> {
        self.samples += samples;
        self.waiting += samples;
        if self.samples > self.limits.max_samples {
            return Err(TsdbError::Limit(format!(
                "limit `max_samples` reached: the query would load more than {} samples",
                self.limits.max_samples
            )));
        }
        self.charge.grow(samples * SAMPLE_BYTES)?;
        self.runs.push(run);
        Ok(())
    }

    /// Series of one scrape have the same timestamps: keeps one column for all of them.
    fn share(&mut self, timestamps_ms: &[i64]) -> Arc<[i64]> {
        let key = (timestamps_ms[0], timestamps_ms[timestamps_ms.len() - 1], timestamps_ms.len());
        match self.columns.get(&key) {
            Some(column) if **column == *timestamps_ms => column.clone(),
            _ => {
                if self.columns.len() >= SHARED_COLUMNS {
                    self.columns.clear();
                }
                let column: Arc<[i64]> = timestamps_ms.into();
                self.columns.insert(key, column.clone());
                column
            }
        }
    }

    /// Ends a series, which is left out when it has no samples.
    fn end_series(&mut self, labels: Labels) {
        if !self.runs.is_empty() {
            let Merged { timestamps_ms, values, histograms } = self.merged.merge(std::mem::take(&mut self.runs));
            self.series.push(SeriesSamples { labels, timestamps_ms, values, histograms });
        }
    }

    fn hand_on(&mut self, take: &mut Take<'_>) -> Result<(), TsdbError> {
        self.waiting = 0;
        let charge = std::mem::replace(&mut self.charge, self.limits.budget.charge(0)?);
        take(std::mem::take(&mut self.series), charge)
    }
}

/// Times that a read starts over because it met a damaged part.
const RETRIES: usize = 16;

impl Tsdb {
    /// The samples with `start_ms <= t <= end_ms` of the series that match all matchers, staleness
    /// markers included; each batch that was acknowledged before is seen whole.
    ///
    /// A damaged part that is met is put aside and reported ([`Tsdb::status`]), and the answer is given
    /// without it. Errors: a limit was hit, the read was cancelled, or the disk fails.
    pub fn select(&self, matchers: &[Matcher], start_ms: i64, end_ms: i64, limits: &SelectLimits<'_>) -> Result<Selected, TsdbError> {
        let start_ms = start_ms.max(self.options.oldest_ms(self.clock.now_ms()));
        self.without_damaged_parts(|| {
            let (mut all, mut held) = (Vec::new(), limits.budget.charge(0).map_err(TsdbError::from)?);
            let places = self.read_each(matchers, start_ms, end_ms, limits, &mut |series, charge| {
                all.extend(series);
                held.absorb(charge);
                Ok(())
            })?;
            held.absorb(places);
            Ok(Selected { series: all, charge: held })
        })
    }

    /// The same in pieces ([`SelectLimits::piece_samples`]), each gone from the budget once it is taken. A sink that breaks off
    /// ends the read with [`TsdbError::Cancelled`].
    pub fn select_each(
        &self,
        matchers: &[Matcher],
        start_ms: i64,
        end_ms: i64,
        limits: &SelectLimits<'_>,
        sink: &mut dyn SeriesSink,
    ) -> Result<(), TsdbError> {
        let start_ms = start_ms.max(self.options.oldest_ms(self.clock.now_ms()));
        let mut is_first = true;
        self.without_damaged_parts(|| {
            if !std::mem::take(&mut is_first) {
                sink.start_over();
            }
            let mut take = |series, _charge| if sink.take(series).is_break() { Err(TsdbError::Cancelled) } else { Ok(()) };
            self.read_each(matchers, start_ms, end_ms, limits, &mut take).map(|_| ())
        })
    }

    /// Reads; puts a damaged part aside and reads again.
    pub(crate) fn without_damaged_parts<T>(&self, mut read: impl FnMut() -> Result<T, ReadError>) -> Result<T, TsdbError> {
        for _ in 0..RETRIES {
            match read() {
                Ok(value) => return Ok(value),
                Err(ReadError::Corrupt(part, reason)) => self.quarantine(&part, reason),
                Err(ReadError::Other(error)) => return Err(error),
            }
        }
        read().map_err(|error| self.read_error(error))
    }

    /// Hands on all series in the order of labels; gives the memory of what is known of them beside their samples.
    fn read_each(
        &self,
        matchers: &[Matcher],
        start_ms: i64,
        end_ms: i64,
        limits: &SelectLimits<'_>,
        take: &mut Take<'_>,
    ) -> Result<Charge, ReadError> {
        // The series before the view: a series that goes in between stands in a part of the view.
        let series = self.series_in_memory(matchers);
        let view = self.view();
        let heads: Vec<_> = view.frozen.iter().map(|frozen| &frozen.head).chain([&view.active]).collect();
        let next_batches: Vec<u32> = heads.iter().map(|head| head.read().next_batch()).collect();
        let parts: Vec<_> = view.parts.iter().filter(|part| part.overlaps(start_ms, end_ms)).collect();
        let mut cursors: Vec<PartCursor<'_>> = parts.iter().map(|part| PartCursor::new(part, Some(&self.cache))).collect();
        let mut places = Places { charge: limits.budget.charge(0).map_err(TsdbError::from)?, list: Vec::new(), by_labels: HashMap::new() };
        for (at, (part, cursor)) in parts.iter().zip(&mut cursors).enumerate() {
            for (position, number) in cursor.select(matchers).map_err(|e| e.of(part))?.into_iter().enumerate() {
                if position % SERIES_AT_A_TIME == 0 {
                    check_cancelled(limits)?;
                }
                if cursor.reaches_into(number, start_ms, end_ms).map_err(|e| e.of(part))? {
                    let labels = cursor.labels(number).map_err(|e| e.of(part))?;
                    places.of(labels)?.parts.push((at, number));
                }
            }
        }
        for (id, labels) in series {
            places.of(labels)?.in_memory = Some(id);
        }
        let Places { charge, list: mut places, by_labels } = places;
        drop(by_labels);
        places.sort_unstable_by(|a, b| a.labels.cmp(&b.labels));
        let mut piece = Piece::new(limits)?;
        let mut gathered = Gathered::default();
        for (position, place) in places.into_iter().enumerate() {
            if position % SERIES_AT_A_TIME == 0 {
                check_cancelled(limits)?;
            }
            for (at, number) in place.parts {
                let added = cursors[at].read(number, start_ms, end_ms, |timestamps_ms, column| {
                    let added = match column {
                        Column::Floats(values) => piece.add_floats(timestamps_ms, values),
                        Column::Histograms(histograms) => piece.add_histograms(with_times(timestamps_ms, histograms)),
                    };
                    added.map_err(AddError::Add)
                });
                added.map_err(|error| match error {
                    AddError::Add(error) => ReadError::Other(error),
                    AddError::Part(error) => error.of(parts[at]),
                })?;
            }
            for (head, next_batch) in heads.iter().zip(&next_batches) {
                let Some(id) = place.in_memory else { break };
                gathered.clear();
                head.read().gather(id, start_ms, end_ms, *next_batch, &mut gathered);
                gathered.finish();
                piece.add_floats(&gathered.timestamps_ms, gathered.values.clone())?;
                piece.add_histograms(std::mem::take(&mut gathered.histograms))?;
            }
            piece.end_series(place.labels);
            if piece.waiting >= limits.piece_samples {
                piece.hand_on(take)?;
            }
        }
        if !piece.series.is_empty() {
            piece.hand_on(take)?;
        }
        Ok(charge)
    }

    pub(crate) fn series_in_memory(&self, matchers: &[Matcher]) -> Vec<(SeriesId, Labels)> {
        let index = self.index.read();
        let ids = index.select(matchers);
        ids.into_iter().filter_map(|id| Some((id, index.labels(id)?.clone()))).collect()
    }
}

fn check_cancelled(limits: &SelectLimits<'_>) -> Result<(), TsdbError> {
    if (limits.cancelled)() { Err(TsdbError::Cancelled) } else { Ok(()) }
}

/// The series of a read, each once.
struct Places {
    /// Their memory.
    charge: Charge,
    list: Vec<Place>,
    by_labels: HashMap<Labels, usize>,
}

impl Places {
    fn of(&mut self, labels: Labels) -> Result<&mut Place, TsdbError> {
        let at = if let Some(at) = self.by_labels.get(&labels) {
            *at
        } else {
            self.charge.grow(SERIES_BYTES + labels.as_bytes().len() as u64)?;
            self.by_labels.insert(labels.clone(), self.list.len());
            self.list.push(Place { labels, parts: Vec::new(), in_memory: None });
            self.list.len() - 1
        };
        Ok(&mut self.list[at])
    }
}

/// Why a chunk could not be read or added.
enum AddError {
    Part(PartError),
    Add(TsdbError),
}

impl From<PartError> for AddError {
    fn from(error: PartError) -> Self {
        Self::Part(error)
    }
}
