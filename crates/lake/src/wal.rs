//! The write-ahead log: records in the order in which they were written, in numbered files.
//!
//! A file starts with a magic, its number and a checksum. A record is its length, a CRC-32 over
//! length and payload, and the payload (all little-endian). The log knows nothing of what records
//! hold. A file is never written to after a restart, and goes when all it holds stands in segments.

mod file;
mod replay;

pub(crate) use file::{WalFile, file_numbers, file_path};
pub(crate) use replay::replay_file;

/// What each file starts with.
const MAGIC: &[u8; 8] = b"PHXLAK1\n";

/// Magic, number and checksum.
const FILE_HEADER_BYTES: u64 = 8 + 8 + 4;

/// Length and checksum.
const RECORD_HEADER_BYTES: usize = 8;

fn record_crc(length: u32, payload: &[u8]) -> u32 {
    let mut crc = crc32fast::Hasher::new();
    crc.update(&length.to_le_bytes());
    crc.update(payload);
    crc.finalize()
}

/// Makes a record: `fill` writes its payload, which must not be empty nor longer than 4 GiB.
pub(crate) fn frame<T>(fill: impl FnOnce(&mut Vec<u8>) -> T) -> (Vec<u8>, T) {
    let mut bytes = vec![0; RECORD_HEADER_BYTES];
    let result = fill(&mut bytes);
    let length = (bytes.len() - RECORD_HEADER_BYTES) as u32;
    let crc = record_crc(length, &bytes[RECORD_HEADER_BYTES..]);
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    bytes[4..RECORD_HEADER_BYTES].copy_from_slice(&crc.to_le_bytes());
    (bytes, result)
}

#[cfg(test)]
mod tests;
