//! Segments of the first version of the format, which had all metadata in one column. The files in
//! `tests/data` were written by the last program before the second one.

use super::*;
use crate::segment::metadata::KeyCounts;

const FILES: [(&str, &[u8], &[u8]); 2] = [
    ("text", include_bytes!("../../../tests/data/logs_v1_text.parquet"), include_bytes!("../../../tests/data/logs_v1_text.index")),
    (
        "patterns",
        include_bytes!("../../../tests/data/logs_v1_patterns.parquet"),
        include_bytes!("../../../tests/data/logs_v1_patterns.index"),
    ),
];

/// What the segments of `tests/data` hold.
fn rows() -> Vec<Row> {
    let level = |i: i64| Level::from_number((i % 9) as u8).unwrap();
    let metadata = |i: i64| match i % 5 {
        0 => Labels::empty(),
        1 => {
            Labels::from_pairs([("trace_id", format!("{:032x}", (i as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)))])
        }
        2 => Labels::from_pairs([("method", "GET"), ("status", "200")]),
        3 => Labels::from_pairs([("method", "PO\"ST\\"), ("a key, \"odd\"", "\n\u{1}é")]),
        _ => Labels::from_pairs([("", "no name"), ("pod", "a-1"), ("status", "500"), ("z", "\u{1f600}")]),
    };
    let row = |app: &str, i: i64| Row {
        stream: stream(app),
        timestamp_ns: 1_700_000_000_000_000_000 + i * 7_000_000_000,
        line: format!("level=info msg=\"request {i} done\" took={}ms id={:032x}", i * 37 % 911, i * 7919),
        metadata: metadata(i),
        level: level(i),
    };
    sorted(["a", "bb", "c"].iter().flat_map(|app| (0..40).map(move |i| row(app, i))).collect())
}

/// One of the files as a segment.
fn open_file((name, parquet, index): (&str, &[u8], &[u8])) -> Segment {
    let memory = MemoryObjects::default();
    let rows = rows();
    let info = SegmentInfo {
        id: name.to_owned(),
        rows: rows.len() as u64,
        raw_bytes: rows.iter().map(|row| row.line.len() as u64).sum(),
        size_bytes: (parquet.len() + index.len()) as u64,
        index_bytes: index.len() as u64,
        min_ns: rows.iter().map(|row| row.timestamp_ns).min().unwrap(),
        max_ns: rows.iter().map(|row| row.timestamp_ns).max().unwrap(),
        streams: 3,
    };
    for (key, bytes) in info.keys("logs").into_iter().zip([parquet, index]) {
        memory.objects.lock().insert(key, bytes.to_vec());
    }
    let objects: SharedObjects = Arc::new(memory);
    Segment::open(&objects, "logs", &info, &Arc::new(PageCache::new(1 << 20))).unwrap()
}

#[test]
fn segments_of_version_one_are_read() {
    let rows = rows();
    for file in FILES {
        let segment = open_file(file);
        let mut keeper = Keeper::default();
        read(&segment, &everything(), &[], &mut keeper).unwrap();
        assert_eq!(keeper.rows, rows, "{}", file.0);
        let names = ["status".to_owned()];
        let mut keeper = Keeper::default();
        read(&segment, &LogSelect { metadata_names: Some(&names), ..everything() }, &[], &mut keeper).unwrap();
        for (read, row) in keeper.rows.iter().zip(&rows) {
            assert_eq!(read.metadata.get("status"), row.metadata.get("status"), "{}", file.0);
        }
        // It does not say which keys it has.
        assert!(segment.may_have_metadata(Some(&["no such key"]), i64::MIN, i64::MAX).unwrap());
    }
}

#[test]
fn segments_of_version_one_become_segments_with_columns() {
    let rows = rows();
    for file in FILES {
        let segment = open_file(file);
        let mut counts = KeyCounts::default();
        segment.count_keys(&mut counts).unwrap();
        let keys = counts.columns(rows.len() as u64, 32);
        assert_eq!(keys, ["a key, \"odd\"", "method", "pod", "status", "trace_id", "z"], "{}", file.0);
        let memory = MemoryObjects::default();
        let objects: SharedObjects = Arc::new(memory);
        let mut writer = SegmentWriter::create(&objects, "logs", "two", &options(LineEncoding::default()), keys).unwrap();
        let mut cursor = segment.rows().unwrap();
        let mut last: Option<Arc<Stream>> = None;
        while let Some((stream, entry)) = cursor.current() {
            if last.as_ref() != Some(stream) {
                writer.begin_stream(stream).unwrap();
                last = Some(Arc::clone(stream));
            }
            writer.push(entry).unwrap();
            cursor.advance().unwrap();
        }
        let info = writer.finish().unwrap();
        let merged = Segment::open(&objects, "logs", &info, &Arc::new(PageCache::new(1 << 20))).unwrap();
        let mut keeper = Keeper::default();
        read(&merged, &everything(), &[], &mut keeper).unwrap();
        assert_eq!(keeper.rows, rows);
        assert!(!merged.may_have_metadata(Some(&["no such key"]), i64::MIN, i64::MAX).unwrap());
    }
}
