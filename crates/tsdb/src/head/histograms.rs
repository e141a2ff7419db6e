//! The native histograms of one series.

use crate::codec::{Effort, decode_histograms, decode_timestamps, encode_histograms, encode_timestamps};
use phoenix_model::Histogram;
use std::sync::Arc;

/// After this many samples the newest ones are packed.
const SEAL_SAMPLES: usize = 24;

/// Samples in the order of writing.
#[derive(Default)]
pub(super) struct Histograms {
    /// Time, batch, sample.
    tail: Vec<(i64, u32, Arc<Histogram>)>,
    sealed: Vec<Sealed>,
    bytes: u64,
}

struct Sealed {
    count: u32,
    /// Where the batch numbers and the histograms start.
    batches_at: u32,
    histograms_at: u32,
    bytes: Box<[u8]>,
    oldest_ms: i64,
    newest_ms: i64,
}

/// What an entry of the tail takes beside its histogram.
const ENTRY_BYTES: u64 = (size_of::<(i64, u32, Arc<Histogram>)>() + 16) as u64;

impl Histograms {
    pub(super) fn is_empty(&self) -> bool {
        self.tail.is_empty() && self.sealed.is_empty()
    }

    pub(super) fn memory_bytes(&self) -> u64 {
        self.bytes + size_of::<Self>() as u64
    }

    pub(super) fn push(&mut self, timestamp_ms: i64, histogram: Arc<Histogram>, batch: u32) {
        self.bytes += histogram.memory_bytes() + ENTRY_BYTES;
        self.tail.push((timestamp_ms, batch, histogram));
        if self.tail.len() >= SEAL_SAMPLES {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let timestamps_ms: Vec<i64> = self.tail.iter().map(|s| s.0).collect();
        let batches: Vec<i64> = self.tail.iter().map(|s| i64::from(s.1)).collect();
        let histograms: Vec<&Histogram> = self.tail.iter().map(|s| &*s.2).collect();
        let mut bytes = Vec::new();
        encode_timestamps(&timestamps_ms, Effort::Fast, &mut bytes);
        let batches_at = bytes.len() as u32;
        encode_timestamps(&batches, Effort::Fast, &mut bytes);
        let histograms_at = bytes.len() as u32;
        encode_histograms(&histograms, Effort::Fast, &mut bytes);
        self.bytes -= self.tail.iter().map(|(_, _, histogram)| histogram.memory_bytes() + ENTRY_BYTES).sum::<u64>();
        self.bytes += (bytes.len() + size_of::<Sealed>()) as u64;
        self.sealed.push(Sealed {
            count: self.tail.len() as u32,
            batches_at,
            histograms_at,
            bytes: bytes.into(),
            oldest_ms: timestamps_ms.iter().copied().min().unwrap_or(i64::MAX),
            newest_ms: timestamps_ms.iter().copied().max().unwrap_or(i64::MIN),
        });
        self.tail = Vec::new();
    }

    pub(super) fn has_samples(&self, start_ms: i64, end_ms: i64) -> bool {
        let within = |t: i64| t >= start_ms && t <= end_ms;
        self.tail.iter().any(|(t, _, _)| within(*t))
            || self.overlapping(start_ms, end_ms).any(|sealed| sealed.timestamps_ms().into_iter().any(within))
    }

    fn overlapping(&self, start_ms: i64, end_ms: i64) -> impl Iterator<Item = &Sealed> {
        self.sealed.iter().filter(move |s| s.newest_ms >= start_ms && s.oldest_ms <= end_ms)
    }

    /// Hands (timestamp, histogram, batch) to `keep`; may hand over more than the range.
    pub(super) fn gather(&self, start_ms: i64, end_ms: i64, keep: &mut impl FnMut(i64, Arc<Histogram>, u32)) {
        for sealed in self.overlapping(start_ms, end_ms) {
            let (count, from, to) = (sealed.count as usize, sealed.batches_at as usize, sealed.histograms_at as usize);
            let batches = decode_timestamps(&sealed.bytes[from..to], count).expect(PACKED_HERE);
            let histograms = decode_histograms(&sealed.bytes[to..], count).expect(PACKED_HERE);
            for ((timestamp_ms, batch), histogram) in sealed.timestamps_ms().into_iter().zip(batches).zip(histograms) {
                keep(timestamp_ms, Arc::new(histogram), batch as u32);
            }
        }
        for (timestamp_ms, batch, histogram) in &self.tail {
            keep(*timestamp_ms, Arc::clone(histogram), *batch);
        }
    }
}

const PACKED_HERE: &str = "this process packed the column";

impl Sealed {
    fn timestamps_ms(&self) -> Vec<i64> {
        decode_timestamps(&self.bytes[..self.batches_at as usize], self.count as usize).expect(PACKED_HERE)
    }
}
