//! Reading from one part, with what was unpacked on the way.

use super::pairs::{PairRow, decode_pair_rows, decode_postings};
use super::tables::{COLUMN_ROW_BYTES, ColumnRow, Place, SeriesRow, decode_series_rows};
use super::{Part, PartError, TABLE_ROWS};
use crate::cache::BlockCache;
use crate::codec::{MAX_COLUMN, decode_histograms, decode_timestamps, decode_values, is_histograms};
use crate::series::{intersect, unite};
use hashbrown::HashMap;
use phoenix_env::DiskFile;
use phoenix_model::{Histogram, Labels, LabelsBuilder, Matcher};
use std::sync::Arc;

/// Reads one part for one purpose. Without a cache it leaves the block cache alone, as merges do.
pub(crate) struct PartCursor<'a> {
    part: &'a Part,
    cache: Option<&'a BlockCache>,
    file: Option<Box<dyn DiskFile>>,
    pair_rows: HashMap<u32, Arc<[PairRow]>>,
    series_rows: Option<(u32, Vec<SeriesRow>)>,
    column_rows: Option<(u32, Arc<[u8]>)>,
    columns: HashMap<u32, Arc<[i64]>>,
    values: Option<(u32, Arc<[u8]>)>,
}

/// The samples of one chunk.
pub(crate) enum Column {
    Floats(Vec<f64>),
    Histograms(Vec<Histogram>),
}

/// Unpacked columns kept by a cursor.
const KEPT_COLUMNS: usize = 512;

const BAD_TABLE: PartError = PartError::Corrupt("a table can't be understood");

impl<'a> PartCursor<'a> {
    pub(crate) fn new(part: &'a Part, cache: Option<&'a BlockCache>) -> Self {
        Self {
            part,
            cache,
            file: None,
            pair_rows: HashMap::new(),
            series_rows: None,
            column_rows: None,
            columns: HashMap::new(),
            values: None,
        }
    }

    fn blob(&mut self, number: u32) -> Result<Arc<[u8]>, PartError> {
        self.part.blob(number, self.cache, &mut self.file)
    }

    /// Which of the part's series match all matchers, ascending.
    pub(crate) fn select(&mut self, matchers: &[Matcher]) -> Result<Vec<u32>, PartError> {
        let (mut positive, filters): (Vec<_>, Vec<_>) = matchers.iter().partition(|m| !m.matches_empty());
        positive.sort_by_key(|m| m.literal_values().is_none());
        let mut found: Option<Vec<u32>> = None;
        for matcher in positive {
            let ids = self.matching(matcher)?;
            let both = match found {
                None => ids,
                Some(before) => intersect(&before, &ids),
            };
            if both.is_empty() {
                return Ok(both);
            }
            found = Some(both);
        }
        let mut ids = found.unwrap_or_else(|| (0..self.part.series()).collect());
        for matcher in filters {
            // Series that have the label with a value that does not match go; the others stay.
            if self.part.name(&matcher.name).is_some() {
                let refused = self.with_values(matcher, false)?;
                ids.retain(|id| refused.binary_search(id).is_err());
            }
        }
        Ok(ids)
    }

    fn matching(&mut self, matcher: &Matcher) -> Result<Vec<u32>, PartError> {
        let Some(values) = matcher.literal_values() else { return self.with_values(matcher, true) };
        let mut lists = Vec::new();
        for value in values {
            if let Some(row) = self.find_pair(&matcher.name, value)? {
                lists.push(self.postings(&row)?);
            }
        }
        Ok(unite(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    /// The series with the label and a value that does, or does not, match.
    fn with_values(&mut self, matcher: &Matcher, wanted: bool) -> Result<Vec<u32>, PartError> {
        let mut rows = Vec::new();
        self.for_values(&matcher.name, |row| {
            if matcher.matches(&row.value) == wanted {
                rows.push(row.clone());
            }
        })?;
        let mut lists = Vec::with_capacity(rows.len());
        for row in &rows {
            lists.push(self.postings(row)?);
        }
        Ok(unite(&lists.iter().map(Vec::as_slice).collect::<Vec<_>>()))
    }

    /// Calls for each value of a label, sorted.
    pub(super) fn for_values(&mut self, name: &str, mut call: impl FnMut(&PairRow)) -> Result<(), PartError> {
        let Some(name) = self.part.name(name) else { return Ok(()) };
        let (first, end) = (name.first_pair as usize, (name.first_pair + name.pairs) as usize);
        for block in first / TABLE_ROWS..end.div_ceil(TABLE_ROWS) {
            let rows = self.pair_block(block as u32)?;
            let start = block * TABLE_ROWS;
            let within = rows.get(first.saturating_sub(start)..(end - start).min(rows.len())).ok_or(BAD_TABLE)?;
            within.iter().for_each(&mut call);
        }
        Ok(())
    }

    /// The values of a label with the number of series of each, sorted.
    pub(crate) fn label_values(&mut self, name: &str) -> Result<Vec<(Box<str>, u32)>, PartError> {
        let mut values = Vec::new();
        self.for_values(name, |row| values.push((row.value.clone(), row.series)))?;
        Ok(values)
    }

    fn find_pair(&mut self, name: &str, value: &str) -> Result<Option<PairRow>, PartError> {
        let Some(name) = self.part.name(name) else { return Ok(None) };
        let (first, end) = (name.first_pair as usize, (name.first_pair + name.pairs) as usize);
        let (first_block, end_block) = (first / TABLE_ROWS, end.div_ceil(TABLE_ROWS));
        // The first block may begin with another name; those behind it begin with this one.
        let later = self.part.meta.first_values.get(first_block + 1..end_block).ok_or(BAD_TABLE)?;
        let block = first_block + later.partition_point(|first_value| &**first_value <= value);
        let rows = self.pair_block(block as u32)?;
        let start = block * TABLE_ROWS;
        let within = rows.get(first.saturating_sub(start)..(end - start).min(rows.len())).ok_or(BAD_TABLE)?;
        Ok(within.binary_search_by(|row| (*row.value).cmp(value)).ok().map(|at| within[at].clone()))
    }

    fn pair_block(&mut self, block: u32) -> Result<Arc<[PairRow]>, PartError> {
        if let Some(rows) = self.pair_rows.get(&block) {
            return Ok(rows.clone());
        }
        let number = self.part.meta.pairs_at.checked_add(block).ok_or(BAD_TABLE)?;
        let bytes = self.blob(number)?;
        let rows: Arc<[PairRow]> = decode_pair_rows(&bytes).ok_or(BAD_TABLE)?.into();
        self.pair_rows.insert(block, rows.clone());
        Ok(rows)
    }

    fn postings(&mut self, row: &PairRow) -> Result<Vec<u32>, PartError> {
        let blob = self.blob(row.postings.blob)?;
        decode_postings(within(&blob, row.postings)?, row.series, self.part.series())
            .ok_or(PartError::Corrupt("a posting list can't be understood"))
    }

    fn series_row(&mut self, series: u32) -> Result<SeriesRow, PartError> {
        let block = series / TABLE_ROWS as u32;
        if self.series_rows.as_ref().is_none_or(|(held, _)| *held != block) {
            let number = self.part.meta.series_at.checked_add(block).ok_or(BAD_TABLE)?;
            let bytes = self.blob(number)?;
            self.series_rows = Some((block, decode_series_rows(&bytes).ok_or(BAD_TABLE)?));
        }
        let rows = self.series_rows.as_ref().map(|(_, rows)| rows).ok_or(BAD_TABLE)?;
        rows.get(series as usize % TABLE_ROWS).cloned().ok_or(BAD_TABLE)
    }

    /// The labels of a series.
    pub(crate) fn labels(&mut self, series: u32) -> Result<Labels, PartError> {
        let row = self.series_row(series)?;
        let mut builder = LabelsBuilder::default();
        for pair in row.pairs {
            let rows = self.pair_block(pair / TABLE_ROWS as u32)?;
            let value = &rows.get(pair as usize % TABLE_ROWS).ok_or(BAD_TABLE)?.value;
            let after = self.part.meta.names.partition_point(|name| name.first_pair <= pair);
            let name = after.checked_sub(1).ok_or(BAD_TABLE)?;
            builder.set(&self.part.meta.names[name].text, value);
        }
        Ok(builder.build())
    }

    /// Whether a chunk of the series reaches into the range, by its first and last timestamp.
    pub(crate) fn reaches_into(&mut self, series: u32, start_ms: i64, end_ms: i64) -> Result<bool, PartError> {
        for chunk in self.series_row(series)?.chunks {
            let column = self.column_row(chunk.column)?;
            if column.oldest_ms <= end_ms && column.newest_ms >= start_ms {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Calls with timestamps and samples of each chunk with `start_ms <= t <= end_ms`: those of floats by
    /// time, then those of histograms by time.
    pub(crate) fn read<E: From<PartError>>(
        &mut self,
        series: u32,
        start_ms: i64,
        end_ms: i64,
        mut call: impl FnMut(&[i64], Column) -> Result<(), E>,
    ) -> Result<(), E> {
        for chunk in self.series_row(series)?.chunks {
            let row = self.column_row(chunk.column)?;
            if row.oldest_ms > end_ms || row.newest_ms < start_ms {
                continue;
            }
            let timestamps_ms = self.column(chunk.column, &row)?;
            let blob = match &self.values {
                Some((number, blob)) if *number == chunk.values.blob => blob.clone(),
                _ => {
                    let blob = self.blob(chunk.values.blob)?;
                    self.values = Some((chunk.values.blob, blob.clone()));
                    blob
                }
            };
            let bytes = within(&blob, chunk.values)?;
            let from = timestamps_ms.partition_point(|t| *t < start_ms);
            let to = timestamps_ms.partition_point(|t| *t <= end_ms);
            if from >= to {
                continue;
            }
            let column = if is_histograms(bytes) {
                let histograms = decode_histograms(bytes, timestamps_ms.len());
                Column::Histograms(cut(histograms.ok_or(PartError::Corrupt("a column of histograms can't be understood"))?, from, to))
            } else {
                let values = decode_values(bytes, timestamps_ms.len());
                Column::Floats(cut(values.ok_or(PartError::Corrupt("a column of values can't be understood"))?, from, to))
            };
            call(&timestamps_ms[from..to], column)?;
        }
        Ok(())
    }

    fn column_row(&mut self, column: u32) -> Result<ColumnRow, PartError> {
        let number = self.part.meta.columns_at.checked_add(column / TABLE_ROWS as u32).ok_or(BAD_TABLE)?;
        let bytes = match &self.column_rows {
            Some((held, bytes)) if *held == number => bytes.clone(),
            _ => {
                let bytes = self.blob(number)?;
                self.column_rows = Some((number, bytes.clone()));
                bytes
            }
        };
        let start = column as usize % TABLE_ROWS * COLUMN_ROW_BYTES;
        bytes
            .get(start..start + COLUMN_ROW_BYTES)
            .and_then(ColumnRow::decode)
            .filter(|row| row.count as usize <= MAX_COLUMN)
            .ok_or(BAD_TABLE)
    }

    fn column(&mut self, number: u32, row: &ColumnRow) -> Result<Arc<[i64]>, PartError> {
        if let Some(column) = self.columns.get(&number) {
            return Ok(column.clone());
        }
        let blob = self.blob(row.place.blob)?;
        let column: Arc<[i64]> = decode_timestamps(within(&blob, row.place)?, row.count as usize)
            .ok_or(PartError::Corrupt("a column of timestamps can't be understood"))?
            .into();
        if self.columns.len() >= KEPT_COLUMNS {
            self.columns.clear();
        }
        self.columns.insert(number, column.clone());
        Ok(column)
    }
}

fn cut<T>(mut samples: Vec<T>, from: usize, to: usize) -> Vec<T> {
    samples.truncate(to);
    samples.drain(..from);
    samples
}

fn within(blob: &[u8], place: Place) -> Result<&[u8], PartError> {
    let start = place.offset as usize;
    blob.get(start..start + place.length as usize).ok_or(PartError::Corrupt("it refers to a piece beyond the end of another"))
}
