//! What goes in comes out, once, and takes no more memory than was said.

use super::*;
use phoenix_model::logs::Level;
use phoenix_model::{Labels, LabelsRef};
use proptest::prelude::*;

fn table() -> Memtable {
    Memtable::new(DefaultHashBuilder::default(), None)
}

fn write(entries: &[(u8, i64, String)]) -> LogWrite {
    let mut write = LogWrite::default();
    for (stream, timestamp_ns, line) in entries {
        write.begin_stream(Labels::from_pairs([("app", stream.to_string())]));
        write.push(*timestamp_ns, line, LabelsRef::EMPTY, Level::Info);
    }
    write
}

fn rows(view: &MemoryView) -> Vec<(String, i64, String)> {
    let of = |block: &Arc<Block>| {
        let row = |row| {
            let stream = view.streams.get(block.streams[row]);
            (stream.labels.value("app").to_owned(), block.timestamps_ns[row], block.line(row).to_owned())
        };
        (0..block.len()).map(row).collect::<Vec<_>>()
    };
    view.blocks.iter().flat_map(of).collect()
}

proptest! {
    #[test]
    fn each_entry_is_held_once_in_the_order_of_arrival(
        batches in prop::collection::vec(prop::collection::vec((0u8..3, 0i64..4, "[ab]{0,2}"), 0..20), 0..8),
        views in prop::collection::vec(any::<bool>(), 8),
        frozen_after in 0usize..8,
    ) {
        let mut table = table();
        let (mut wanted, mut before) = (Vec::new(), Vec::new());
        for (number, batch) in batches.iter().enumerate() {
            if number == frozen_after {
                // As when it is on its way to segments: its entries are still known.
                table.close();
                before = rows(&table.closed_view());
                let hasher = table.hasher.clone();
                table = Memtable::new(hasher, Some(Arc::new(table)));
            }
            let write = write(batch);
            let (estimate, bytes) = (Memtable::estimate(&write), table.bytes());
            let mut told = Vec::new();
            let inserted = table.insert(&write, &Cutoffs::NONE, Duration::ZERO, Some(&mut told));
            prop_assert!(table.bytes() - bytes <= estimate);
            let mut stored = 0;
            for (stream, timestamp_ns, line) in batch {
                let entry = (stream.to_string(), *timestamp_ns, line.clone());
                if !wanted.contains(&entry) {
                    wanted.push(entry);
                    stored += 1;
                }
            }
            prop_assert_eq!((inserted.stored, inserted.duplicates), (stored, batch.len() as u64 - stored));
            prop_assert_eq!(told.len() as u64, stored);
            if views[number] {
                prop_assert_eq!([before.clone(), rows(&table.view())].concat(), wanted.clone());
            }
        }
        prop_assert_eq!([before, rows(&table.view())].concat(), wanted);
    }
}

#[test]
fn a_view_does_not_change_and_blocks_stay_small() {
    let mut table = table();
    let line = "x".repeat(1000);
    let batch = |first: i64| (0..400).map(|i| (1, first + i, line.clone())).collect::<Vec<_>>();
    let mut views = Vec::new();
    for round in 0..20 {
        table.insert(&write(&batch(round * 1000)), &Cutoffs::NONE, Duration::ZERO, None);
        views.push(table.view());
    }
    for (round, view) in views.iter().enumerate() {
        assert_eq!(rows(view).len(), (round + 1) * 400);
        assert!(view.blocks.iter().all(|block| block.bytes() < BLOCK_BYTES + 2000));
    }
    // Empty lines take room too.
    let empty: Vec<_> = (0..100_000).map(|i| (1, 1_000_000 + i, String::new())).collect();
    table.insert(&write(&empty), &Cutoffs::NONE, Duration::ZERO, None);
    assert!(table.view().blocks.iter().all(|block| block.bytes() < BLOCK_BYTES + 2000));
    assert!(table.bytes() > 100_000 * 30);
}
