//! The samples of one series that came in no group.

use crate::codec::{Effort, decode_timestamps, decode_values, encode_timestamps, encode_values};

/// After this many samples the newest ones are packed.
const SEAL_SAMPLES: usize = 32;

/// Samples in the order of writing.
#[derive(Default)]
pub(super) struct Loose {
    tail: Vec<(i64, f64, u32)>,
    sealed: Vec<Sealed>,
    sealed_bytes: u64,
}

struct Sealed {
    count: u32,
    /// Where the values and the batch numbers start.
    values_at: u32,
    batches_at: u32,
    bytes: Box<[u8]>,
    oldest_ms: i64,
    newest_ms: i64,
}

impl Loose {
    pub(super) fn memory_bytes(&self) -> u64 {
        self.sealed_bytes + (self.tail.capacity() * size_of::<(i64, f64, u32)>() + size_of::<Self>()) as u64
    }

    pub(super) fn push(&mut self, timestamp_ms: i64, value: f64, batch: u32) {
        self.tail.push((timestamp_ms, value, batch));
        if self.tail.len() >= SEAL_SAMPLES {
            self.seal();
        }
    }

    fn seal(&mut self) {
        let timestamps_ms: Vec<i64> = self.tail.iter().map(|s| s.0).collect();
        let values: Vec<f64> = self.tail.iter().map(|s| s.1).collect();
        let batches: Vec<i64> = self.tail.iter().map(|s| i64::from(s.2)).collect();
        let mut bytes = Vec::new();
        encode_timestamps(&timestamps_ms, Effort::Fast, &mut bytes);
        let values_at = bytes.len() as u32;
        encode_values(&values, Effort::Fast, &mut bytes);
        let batches_at = bytes.len() as u32;
        encode_timestamps(&batches, Effort::Fast, &mut bytes);
        self.sealed.push(Sealed {
            count: self.tail.len() as u32,
            values_at,
            batches_at,
            oldest_ms: timestamps_ms.iter().copied().min().unwrap_or(i64::MAX),
            newest_ms: timestamps_ms.iter().copied().max().unwrap_or(i64::MIN),
            bytes: bytes.into(),
        });
        self.sealed_bytes += (self.sealed.last().map_or(0, |s| s.bytes.len()) + size_of::<Sealed>()) as u64;
        self.tail.clear();
    }

    pub(super) fn has_samples(&self, start_ms: i64, end_ms: i64) -> bool {
        let mut found = false;
        self.gather(start_ms, end_ms, &mut |timestamp_ms, _, _| found |= timestamp_ms >= start_ms && timestamp_ms <= end_ms);
        found
    }

    /// Hands (timestamp, value, batch) to `keep`; may hand over more than the range.
    pub(super) fn gather(&self, start_ms: i64, end_ms: i64, keep: &mut impl FnMut(i64, f64, u32)) {
        const PACKED_HERE: &str = "this process packed the column";
        for sealed in self.sealed.iter().filter(|s| s.newest_ms >= start_ms && s.oldest_ms <= end_ms) {
            let (count, values_at, batches_at) = (sealed.count as usize, sealed.values_at as usize, sealed.batches_at as usize);
            let timestamps_ms = decode_timestamps(&sealed.bytes[..values_at], count).expect(PACKED_HERE);
            let values = decode_values(&sealed.bytes[values_at..batches_at], count).expect(PACKED_HERE);
            let batches = decode_timestamps(&sealed.bytes[batches_at..], count).expect(PACKED_HERE);
            for i in 0..count {
                keep(timestamps_ms[i], values[i], batches[i] as u32);
            }
        }
        for (timestamp_ms, value, batch) in &self.tail {
            keep(*timestamp_ms, *value, *batch);
        }
    }
}
