//! The rows of the page that is being filled.

use super::lines::{moments, rounded};
use super::metadata::MetadataRows;
use crate::table::chunk::{ChunkWriter, Values};
use parquet::errors::ParquetError;
use phoenix_lines::{Columns, Encoder, HEX_SLOTS, LinesError, NUMBER_SLOTS, Page, Pattern, Patterns, RowSet, Store, TEXT_SLOTS, Texts};
use phoenix_model::logs::Level;

/// The rows of the page that is being filled.
#[derive(Default)]
pub(super) struct PageRows {
    pub timestamps: Vec<i64>,
    pub levels: Vec<Level>,
    pub sizes: Vec<i64>,
    pub lines: LineRows,
    pub metadata: MetadataRows,
    pub raw_bytes: u64,
    pub metadata_bytes: u64,
    /// Runs of earlier pages.
    pub first_run: usize,
}

/// The lines of a page.
pub(super) enum LineRows {
    /// Where each ends, and all of them.
    Text(Vec<u32>, Vec<u8>),
    Patterns(Box<Encoder>, Page),
}

impl Default for LineRows {
    fn default() -> Self {
        Self::Text(Vec::new(), Vec::new())
    }
}

impl LineRows {
    pub(super) fn push(&mut self, line: &str) -> Result<(), LinesError> {
        match self {
            Self::Text(ends, bytes) => {
                bytes.extend_from_slice(line.as_bytes());
                ends.push(bytes.len() as u32);
                Ok(())
            }
            Self::Patterns(encoder, page) => encoder.encode(line, page),
        }
    }

    /// Empties it. Memory is kept unless a very long line made it large.
    pub(super) fn clear(&mut self, keep_bytes: usize) {
        match self {
            Self::Text(ends, bytes) => {
                ends.clear();
                bytes.clear();
                bytes.shrink_to(keep_bytes);
            }
            Self::Patterns(_, page) if page.size_bytes() > keep_bytes => *page = Page::default(),
            Self::Patterns(_, page) => page.clear(),
        }
    }

    /// Writes the columns behind those that all encodings have.
    pub(super) fn write(
        &mut self,
        times: &[i64],
        chunks: &mut [ChunkWriter],
        zstd: &mut zstd::bulk::Compressor<'_>,
    ) -> Result<(), ParquetError> {
        match self {
            Self::Text(ends, bytes) => chunks[0].page(&Values::Bytes(ends, bytes), times.len(), None, zstd),
            Self::Patterns(encoder, page) => {
                page.pad();
                write_patterns(encoder.patterns(), page, times, chunks, zstd).map_err(|error| ParquetError::General(error.to_string()))
            }
        }
    }
}

/// What columns the rows of a pattern have.
#[derive(Default)]
struct Slots {
    numbers: u8,
    texts: u8,
    /// Bytes in each column of bytes.
    hex: Vec<usize>,
    /// See [`moments`].
    moments: [i64; NUMBER_SLOTS as usize],
}

impl Slots {
    fn of(pattern: &Pattern) -> Self {
        let mut slots = Self { moments: moments(pattern), ..Self::default() };
        for variable in pattern.variables() {
            match variable.kind.store() {
                Store::Numbers => slots.numbers += 1,
                Store::Texts => slots.texts += 1,
                Store::Hex => slots.hex.push(variable.kind.hex_bytes()),
            }
        }
        slots
    }
}

/// Writes a page of lines that were taken apart.
fn write_patterns(
    patterns: &Patterns,
    page: &Page,
    times: &[i64],
    chunks: &mut [ChunkWriter],
    zstd: &mut zstd::bulk::Compressor<'_>,
) -> Result<(), Box<dyn std::error::Error>> {
    let rows = page.len();
    let ids = page.patterns()?;
    let (mut codes, mut ends, mut bytes) = (Vec::with_capacity(rows), Vec::new(), Vec::new());
    let mut code_of: Vec<u32> = vec![u32::MAX; patterns.len()];
    let mut used: Vec<Slots> = Vec::new();
    for id in ids {
        let code = &mut code_of[*id as usize];
        if *code == u32::MAX {
            let pattern = patterns.get(*id).ok_or("a row has a pattern that does not exist")?;
            *code = ends.len() as u32;
            bytes.extend_from_slice(pattern.text().as_bytes());
            ends.push(bytes.len() as u32);
            used.push(Slots::of(pattern));
        }
        codes.push(*code);
    }
    let (pattern, chunks) = chunks.split_first_mut().ok_or("columns are missing")?;
    pattern.page(&Values::Texts(Texts { codes: &codes, ends: &ends, bytes: &bytes }), rows, None, zstd)?;
    let (numbers, chunks) = chunks.split_at_mut(usize::from(NUMBER_SLOTS));
    let (hex, texts) = chunks.split_at_mut(usize::from(HEX_SLOTS));
    let mut present = RowSet::none(rows);
    let mut fill = |has: &dyn Fn(&Slots) -> bool| {
        let has: Vec<bool> = used.iter().map(has).collect();
        present.clear(rows);
        if has.contains(&true) {
            (0..rows).filter(|row| has[codes[*row] as usize]).for_each(|row| present.insert(row));
        }
        present.clone()
    };
    for (slot, chunk) in (0..NUMBER_SLOTS).zip(numbers) {
        let present = fill(&|slots| slots.numbers > slot);
        let mut numbers = page.numbers(slot)?;
        let relative: Vec<i64>;
        if used.iter().any(|slots| slots.moments[usize::from(slot)] > 0) {
            let relate = |(row, number): (usize, &i64)| match used[codes[row] as usize].moments[usize::from(slot)] {
                0 => *number,
                unit => number.wrapping_sub(rounded(times[row], unit)),
            };
            relative = numbers.iter().enumerate().map(relate).collect();
            numbers = &relative;
        }
        chunk.page(&Values::Numbers(numbers), rows, Some(&present), zstd)?;
    }
    for (slot, chunk) in (0..HEX_SLOTS).zip(hex) {
        let present = fill(&|slots| slots.hex.len() > usize::from(slot));
        let mut end = 0;
        let ends: Vec<u32> = present
            .iter()
            .map(|row| {
                end += used[codes[row] as usize].hex[usize::from(slot)] as u32;
                end
            })
            .collect();
        chunk.page(&Values::Bytes(&ends, page.hex(slot)?), rows, Some(&present), zstd)?;
    }
    for (slot, chunk) in (0..TEXT_SLOTS).zip(texts) {
        let present = fill(&|slots| slots.texts > slot);
        chunk.page(&Values::Texts(page.texts(slot)?), rows, Some(&present), zstd)?;
    }
    Ok(())
}
