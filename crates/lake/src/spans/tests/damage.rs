//! Segments that do not hold what was written to them.

use super::spans::requests;
use super::*;
use std::path::Path;

#[test]
fn damage_is_an_error_and_never_a_wrong_answer() {
    let write = requests(30, 5, 17);
    let want = by_trace(&write);
    let mut place = Place::small();
    place.insert(&write);
    place.flush();
    let info = place.segments[0].info().clone();
    let mut failed = [0, 0];
    for (file, key) in info.keys("p").into_iter().enumerate() {
        let path = Path::new("/objects").join(&key);
        let bytes = place.disk.bytes(&path).unwrap();
        let damaged = |at: usize| {
            let mut bytes = bytes.clone();
            bytes[at] ^= 0x10;
            bytes
        };
        let cut = [0, 1, bytes.len() / 2, bytes.len() - 1].map(|length| bytes[..length].to_vec());
        for changed in (0..bytes.len()).step_by(bytes.len() / 150 + 1).map(damaged).chain(cut) {
            place.disk.replace(&path, &changed);
            let cache = Arc::new(PageCache::new(8 << 20));
            let objects: SharedObjects = Arc::new(FolderObjects::open(Arc::new(place.disk.clone()), "/objects").unwrap());
            let segment = SpanSegment::open(&objects, "p", &info, &cache).unwrap();
            let scene = SpanScene { memory: Vec::new(), segments: vec![&segment], cutoff_ns: i64::MIN };
            let mut errors = 0;
            for (id, spans) in &want {
                match scene.trace(*id, None, &limits(&Budget::unlimited())) {
                    Ok(found) => assert_eq!(&whole(&found), spans),
                    Err(ReadError::Storage(text)) => {
                        assert!(text.contains(&info.id), "{text}");
                        errors += 1;
                    }
                    Err(other) => panic!("{other}"),
                }
            }
            failed[file] += usize::from(errors > 0);
            let target = SpanTarget { objects: &objects, prefix: "p", id: "merged", options: &place.options };
            let merged = merge_spans(&[&segment], &target, i64::MIN, &mut |_| Ok(false), &mut || true);
            if let Ok(SpanMerged::Segment(merged)) = merged {
                assert_eq!(merged.rows, info.rows);
            }
        }
        place.disk.replace(&path, &bytes);
    }
    assert!(failed.iter().all(|failed| *failed > 20), "{failed:?}");
}

#[test]
fn a_merge_can_be_given_up() {
    let mut place = Place::new(SpanSegmentOptions::default());
    place.insert(&requests(500, 10, 19));
    place.flush();
    let target = SpanTarget { objects: &place.objects, prefix: "p", id: "merged", options: &place.options };
    let mut asked = 0;
    let mut go_on = || {
        asked += 1;
        false
    };
    let merged = merge_spans(&[&place.segments[0]], &target, i64::MIN, &mut |_| Ok(false), &mut go_on).unwrap();
    assert!(matches!(merged, SpanMerged::GivenUp));
    assert_eq!(asked, 1);
    // What is past its retention is left out.
    let merged = merge_spans(&[&place.segments[0]], &target, i64::MAX, &mut |_| Ok(false), &mut || true).unwrap();
    assert!(matches!(merged, SpanMerged::Nothing));
}
