//! The write-ahead log: batches in the order in which they were applied, in numbered segments.
//!
//! A segment starts with a magic, its number and a checksum, and is self-contained: it names the
//! labels of each series before it uses the series' number. A record is its length, a CRC-32 over
//! length and payload, and the payload (all little-endian). A segment is never written to after a
//! restart, and goes when everything in it stands in parts.

mod more;
mod record;
mod replay;
mod segment;

pub(crate) use record::{SeriesDefinition, decode_record, encode_record};
pub(crate) use replay::replay_segment;
pub(crate) use segment::{Segment, segment_numbers, segment_path};

/// What each segment starts with.
const MAGIC: &[u8; 8] = b"PHXWAL1\n";

/// Magic, number and checksum.
const SEGMENT_HEADER_BYTES: u64 = 8 + 8 + 4;

/// Length and checksum.
const RECORD_HEADER_BYTES: usize = 8;

fn record_crc(length: u32, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length.to_le_bytes());
    crc.update(payload);
    crc.finalize()
}
