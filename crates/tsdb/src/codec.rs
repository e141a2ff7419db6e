//! Columns of timestamps, values and native histograms as bytes, bit for bit.
//!
//! Two efforts: [`Effort::Fast`] for new data (byte-aligned, a few nanoseconds a value), and
//! [`Effort::Small`] for merged parts, where long columns go through `pco`. A column says by its
//! first byte how it is packed, so both can stand side by side.

mod decimal;
mod histograms;
mod layout;
mod timestamps;
mod values;

pub(crate) use histograms::{column_length, decode_histograms, encode_histograms, is_histograms};
pub(crate) use layout::{Layout, hint_of};
pub(crate) use timestamps::{decode_timestamps, encode_timestamps};
pub(crate) use values::{decode_values, encode_values};

/// How much work to spend on a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effort {
    /// For columns that are soon packed again.
    Fast,
    /// For columns that stay.
    Small,
}

/// Below this many entries `pco` costs more time than it saves space.
const PCO_FROM: usize = 200;

/// No column is longer: one day of samples at 10 ms, far above what a series has in one chunk.
pub(crate) const MAX_COLUMN: usize = 1 << 16;

fn pco_config() -> pco::ChunkConfig {
    pco::ChunkConfig::default().with_compression_level(8)
}

/// Unpacks exactly `count` numbers; `None` when the bytes are not that.
fn pco_decode<T: pco::data_types::Number + Default>(bytes: &[u8], count: usize) -> Option<Vec<T>> {
    let mut out = vec![T::default(); count];
    let progress = pco::standalone::simple_decompress_into(bytes, &mut out).ok()?;
    (progress.n_processed == count).then_some(out)
}

#[cfg(test)]
mod tests;
