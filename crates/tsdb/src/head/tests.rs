use super::*;
use proptest::prelude::*;
use std::collections::BTreeMap;

fn read(head: &Head, id: SeriesId, start_ms: i64, end_ms: i64, next_batch: u32) -> Vec<(i64, u64)> {
    let mut gathered = Gathered::default();
    head.gather(id, start_ms, end_ms, next_batch, &mut gathered);
    gathered.finish();
    assert!(gathered.timestamps_ms.is_sorted() && gathered.histograms.is_sorted_by_key(|h| h.0), "each kind is in order");
    let floats = gathered.timestamps_ms.iter().copied().zip(gathered.values.iter().map(|v| v.to_bits()));
    let mut all: Vec<_> = floats.chain(gathered.histograms.iter().map(|(t, h)| (*t, h.sum.to_bits()))).collect();
    all.sort_unstable();
    all
}

/// In the model a histogram stands as its sum, which no float of these tests has.
fn histogram(count: u32) -> Histogram {
    Histogram { count: f64::from(count), sum: 1e9 + f64::from(count), ..Histogram::default() }
}

fn any_rows() -> impl Strategy<Value = Rows> {
    let row =
        (prop::sample::select(vec![vec![0, 1, 2], vec![2, 1, 0], vec![1], vec![0, 3], vec![4, 4]]), 0_i64..200).prop_map(|(ids, t)| {
            let values = ids.iter().map(|id| f64::from(*id) + t as f64 / 4.0).collect();
            Rows::floats(ids, Samples::Row { timestamp_ms: t, values })
        });
    let mixed = prop::collection::vec((0_u32..5, prop::collection::vec((0_i64..200, any::<f64>()), 1..5)), 1..5).prop_map(|series| {
        let samples = Samples::Mixed {
            counts: series.iter().map(|s| s.1.len() as u32).collect(),
            timestamps_ms: series.iter().flat_map(|s| s.1.iter().map(|x| x.0)).collect(),
            values: series.iter().flat_map(|s| s.1.iter().map(|x| x.1)).collect(),
        };
        Rows::floats(series.iter().map(|s| s.0).collect(), samples)
    });
    let histograms = prop::collection::vec((0_u32..5, prop::collection::vec((0_i64..200, 0_u32..1000), 1..4)), 1..4);
    let histograms = histograms.prop_map(|series| Rows {
        histograms: series
            .into_iter()
            .map(|(id, samples)| (id, samples.into_iter().map(|(t, count)| (t, Arc::new(histogram(count)))).collect()))
            .collect(),
        ..Rows::floats(Vec::new(), Samples::Mixed { counts: Vec::new(), timestamps_ms: Vec::new(), values: Vec::new() })
    });
    let both = (row.clone(), histograms.clone()).prop_map(|(row, histograms)| Rows { histograms: histograms.histograms, ..row });
    prop_oneof![8 => row, 2 => mixed, 2 => histograms, 1 => both]
}

proptest! {
    #[test]
    fn a_head_is_a_map_where_the_last_write_wins(batches in prop::collection::vec(any_rows(), 1..250), start in 0_i64..200, length in 0_i64..200) {
        let (mut head, mut model) = (Head::default(), BTreeMap::new());
        let (mut half, half_batch) = (BTreeMap::new(), batches.len() as u32 / 2);
        for (number, rows) in batches.iter().enumerate() {
            if number as u32 == half_batch {
                half = model.clone();
            }
            head.apply(rows, Duration::ZERO);
            match &rows.samples {
                Samples::Row { timestamp_ms, values } => {
                    for (id, value) in rows.ids.iter().zip(values) {
                        model.insert((*id, *timestamp_ms), value.to_bits());
                    }
                }
                Samples::Mixed { counts, timestamps_ms, values } => {
                    let ids = rows.ids.iter().zip(counts).flat_map(|(id, n)| std::iter::repeat_n(*id, *n as usize));
                    for ((id, t), value) in ids.zip(timestamps_ms).zip(values) {
                        model.insert((id, *t), value.to_bits());
                    }
                }
            }
            for (id, samples) in &rows.histograms {
                for (t, histogram) in samples {
                    model.insert((*id, *t), histogram.sum.to_bits());
                }
            }
        }
        let end = start + length;
        for (model, next_batch) in [(&model, head.next_batch()), (&half, half_batch)] {
            for id in 0..5 {
                let want: Vec<_> = model.range((id, start)..=(id, end)).map(|((_, t), v)| (*t, *v)).collect();
                prop_assert_eq!(read(&head, id, start, end, next_batch), want);
            }
        }
        for id in 0..5 {
            prop_assert_eq!(head.has_samples(id, start, end), model.range((id, start)..=(id, end)).next().is_some());
        }
        prop_assert_eq!(head.ids(), (0..5).filter(|id| head.contains(*id)).collect::<Vec<_>>());
    }
}

#[test]
fn a_source_that_never_repeats_itself_does_not_leave_groups_behind() {
    let mut head = Head::default();
    for i in 0..2000 {
        head.apply(&Rows::floats(vec![i, i + 1], Samples::Row { timestamp_ms: i64::from(i), values: vec![1.0, 2.0] }), Duration::ZERO);
    }
    assert_eq!(head.groups.len(), FREE_GROUPS);
    assert_eq!(read(&head, 1500, 0, 2000, u32::MAX), [(1499, 2.0_f64.to_bits()), (1500, 1.0_f64.to_bits())]);
}
