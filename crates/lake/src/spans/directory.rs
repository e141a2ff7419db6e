//! The directory of a segment: in which pages a trace begins.

use phoenix_model::traces::TraceId;

/// Bytes of a hash in the directory.
pub(super) const FINGERPRINT_BYTES: usize = 3;

/// The bucket of a trace among `buckets`, and the fingerprint under which it stands there.
pub(super) fn directory_place(id: TraceId, buckets: usize) -> (usize, [u8; FINGERPRINT_BYTES]) {
    let hash = super::filter::trace_hash(id);
    let bits = buckets.trailing_zeros();
    let bucket = if bits == 0 { 0 } else { hash >> (64 - bits) };
    let fingerprint = (hash << bits).to_be_bytes();
    (bucket as usize, [fingerprint[0], fingerprint[1], fingerprint[2]])
}

/// Traces of a bucket of the directory.
const BUCKET_TRACES: usize = 256;

/// The directory: for each trace its pages.
pub(super) fn put_directory(traces: &[(TraceId, u32)], pages: usize) -> (Vec<Vec<u8>>, u8) {
    let page_bytes = 4 - ((pages as u32).leading_zeros() / 8).min(3);
    let count = traces.len().div_ceil(BUCKET_TRACES).next_power_of_two().min(1 << 20);
    let mut entries: Vec<Vec<([u8; FINGERPRINT_BYTES], u32)>> = vec![Vec::new(); count];
    for (id, page) in traces {
        let (bucket, fingerprint) = directory_place(*id, count);
        entries[bucket].push((fingerprint, *page));
    }
    let encode = |mut entries: Vec<([u8; FINGERPRINT_BYTES], u32)>| {
        entries.sort_unstable();
        entries.dedup();
        let mut bytes = Vec::with_capacity(entries.len() * (FINGERPRINT_BYTES + page_bytes as usize));
        for (fingerprint, page) in entries {
            bytes.extend_from_slice(&fingerprint);
            bytes.extend_from_slice(&page.to_le_bytes()[..page_bytes as usize]);
        }
        bytes
    };
    (entries.into_iter().map(encode).collect(), page_bytes as u8)
}

/// The pages in which a bucket of the directory says that a trace is.
pub(super) fn find_pages(bucket: &[u8], page_bytes: u8, fingerprint: [u8; FINGERPRINT_BYTES]) -> Vec<u32> {
    let width = FINGERPRINT_BYTES + usize::from(page_bytes);
    let entry = |at: usize| &bucket[at * width..(at + 1) * width];
    let (mut low, mut high) = (0, bucket.len() / width);
    while low < high {
        let middle = usize::midpoint(low, high);
        if entry(middle)[..FINGERPRINT_BYTES] < fingerprint[..] { low = middle + 1 } else { high = middle }
    }
    let found = (low..bucket.len() / width).map(entry).take_while(|entry| entry[..FINGERPRINT_BYTES] == fingerprint[..]);
    let page = |entry: &[u8]| {
        let mut bytes = [0; 4];
        bytes[..usize::from(page_bytes)].copy_from_slice(&entry[FINGERPRINT_BYTES..]);
        u32::from_le_bytes(bytes)
    };
    found.map(page).collect()
}
