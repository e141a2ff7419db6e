//! Structured metadata through flushes and merges: what goes in comes back, whichever keys had
//! columns in the segments that it came through.

mod support;

use phoenix_env::{SimClock, SimDisk};
use phoenix_lake::LakeOptions;
use proptest::prelude::*;
use support::*;

type Set = Vec<(String, String)>;

fn set() -> impl Strategy<Value = Set> {
    let key = prop_oneof![
        4 => prop::sample::select(vec!["a", "A", "a b", "method", "trace_id", "", "\"q\"", "back\\slash", "é\u{1}"]).prop_map(str::to_owned),
        1 => "\\PC{0,6}",
    ];
    let value = prop_oneof![2 => "[a-c]{0,2}", 1 => "\\PC{1,20}", 1 => Just("\"\\\n\u{1}".to_owned())];
    prop::collection::vec((key, value), 0..6)
}

/// Rounds of entries, most of which share their sets with others.
fn rounds() -> impl Strategy<Value = Vec<Vec<Set>>> {
    let round = (
        prop::collection::vec(set(), 1..5),
        prop::collection::vec((any::<prop::sample::Index>(), prop::option::weighted(0.2, set())), 1..70),
    );
    let spread = |(sets, entries): (Vec<Set>, Vec<(prop::sample::Index, Option<Set>)>)| -> Vec<Set> {
        entries.into_iter().map(|(at, own)| own.unwrap_or_else(|| sets[at.index(sets.len())].clone())).collect()
    };
    prop::collection::vec(round.prop_map(spread), 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    #[test]
    fn metadata_comes_back_from_flushes_and_merges(rounds in rounds(), most in prop::sample::select(vec![0, 1, 3, 32])) {
        let (disk, clock) = (SimDisk::new(1), SimClock::new(NOW_MS));
        let mut options = LakeOptions { memtable_bytes: 1 << 20, ..options() };
        options.segment.metadata_columns = most;
        options.compaction.fan_in = 2;
        let store = open_with(&disk, &clock, options, objects_of(&disk)).unwrap();
        let mut all = Vec::new();
        for (round, sets) in rounds.into_iter().enumerate() {
            let input = |(at, metadata): (usize, Set)| Input { metadata, ..Input::new(at as u64 % 3, NOW_NS - (round * 1000 + at) as i64, format!("{round} {at}")) };
            let inputs: Vec<Input> = sets.into_iter().enumerate().map(input).collect();
            write(&store, &inputs).unwrap();
            store.flush().unwrap();
            all.extend(inputs);
            prop_assert_eq!(read(&store).unwrap(), expect(&all));
        }
        while store.maintain().unwrap() {}
        prop_assert_eq!(read(&store).unwrap(), expect(&all));
    }
}
