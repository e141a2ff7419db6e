//! Random writes, flushes, merges and restarts against a plain map.

mod support;

use phoenix_env::{SimClock, SimDisk};
use proptest::prelude::*;
use std::time::Duration;
use support::{MINUTE, Model, NOW_MS, Random, apply, expect, open_with, options, read, to_batch};

fn run(seed: u64, steps: u64) {
    let (disk, clock) = (SimDisk::new(seed), SimClock::new(NOW_MS));
    let mut random = Random(seed);
    let mut model = Model::new();
    let mut store = open_with(&disk, &clock, options()).unwrap();
    for step in 0..steps {
        match random.below(40) {
            0 => store.flush_now().unwrap(),
            1 => store.maintain().unwrap(),
            2 => {
                store.shutdown().unwrap();
                drop(store);
                store = open_with(&disk, &clock, options()).unwrap();
            }
            3 => {
                drop(store);
                disk.restart();
                store = open_with(&disk, &clock, options()).unwrap();
            }
            4 => clock.advance(Duration::from_hours(1 + random.below(30))),
            5 | 6 => {
                use phoenix_env::Clock;
                let start = clock.now_ms() - random.below(4 * 86_400_000) as i64;
                let end = start + random.below(86_400_000) as i64;
                assert_eq!(read(&store, start, end).unwrap(), expect(&model, start, end), "seed {seed}, step {step}");
            }
            _ => {
                use phoenix_env::Clock;
                clock.advance(MINUTE);
                let batch = random.batch(clock.now_ms());
                store.write(&to_batch(&batch)).unwrap();
                apply(&mut model, &batch);
            }
        }
    }
    assert_eq!(read(&store, i64::MIN, i64::MAX).unwrap(), expect(&model, i64::MIN, i64::MAX), "seed {seed}, at the end");
    assert_eq!(store.status(10).unwrap().problems, []);
    store.flush_now().unwrap();
    while store.status(0).unwrap().parts > expect_days(&model) {
        let before = store.status(0).unwrap().parts;
        clock.advance(Duration::from_hours(48));
        store.maintain().unwrap();
        if store.status(0).unwrap().parts == before {
            break;
        }
    }
    assert_eq!(read(&store, i64::MIN, i64::MAX).unwrap(), expect(&model, i64::MIN, i64::MAX), "seed {seed}, after merging");
}

fn expect_days(model: &Model) -> u64 {
    let days: std::collections::BTreeSet<i64> = model.values().flat_map(|s| s.keys().map(|t| t.div_euclid(86_400_000))).collect();
    days.len() as u64
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn the_store_is_a_map_where_the_last_write_wins(seed: u64, steps in 50_u64..400) {
        run(seed, steps);
    }
}
