//! Structured metadata in columns of its own.

use super::*;
use crate::segment::metadata::KeyCounts;
use std::collections::BTreeSet;

/// Some are names of columns, some would be next to them, some are odd.
const KEYS: [&str; 12] = ["", "a", "a b", "aa", "A", "method", "metadata", "trace_id", "x.y", "\"q\"", "back\\slash", "é\u{1}"];

fn set_strategy() -> impl Strategy<Value = Labels> {
    let value =
        prop_oneof![3 => "[a-c]{1,2}", 1 => Just("with \"quotes\" and \\ and \n".to_owned()), 1 => "\\PC{1,20}", 2 => "[0-9a-f]{16}"];
    let key = prop_oneof![6 => prop::sample::select(&KEYS[..]).prop_map(str::to_owned), 1 => "\\PC{0,5}"];
    prop::collection::vec((key, value), 0..6).prop_map(Labels::from_pairs)
}

fn metadata_rows() -> impl Strategy<Value = Vec<Row>> {
    let sets = prop::collection::vec(set_strategy(), 1..8);
    (sets, prop::collection::vec((any::<prop::sample::Index>(), prop::option::of(set_strategy()), 0_usize..3), 0..60)).prop_map(
        |(sets, rows)| {
            let row = |(at, (set, own, app)): (usize, (prop::sample::Index, Option<Labels>, usize))| Row {
                metadata: own.unwrap_or_else(|| sets[set.index(sets.len())].clone()),
                ..row(["a", "b", "cc"][app], at as i64, if at % 3 == 0 { "a line with ab in it" } else { "another" })
            };
            sorted(rows.into_iter().enumerate().map(row).collect())
        },
    )
}

fn columns_strategy() -> impl Strategy<Value = Vec<&'static str>> {
    prop::collection::btree_set(prop::sample::select(&KEYS[1..]), 0..KEYS.len()).prop_map(|keys| keys.into_iter().collect())
}

fn many(encoding: LineEncoding) -> SegmentOptions {
    SegmentOptions { metadata_columns: 32, ..options(encoding) }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn metadata_comes_back_from_columns(
        rows in metadata_rows(),
        columns in columns_strategy(),
        names in prop::collection::vec(prop::sample::select(&KEYS[..]).prop_map(str::to_owned), 0..4),
        encoding in encoding_strategy(),
    ) {
        let (_, _, segment) = open_with(&rows, &many(encoding), false, &columns);
        let mut cursor = segment.rows().unwrap();
        for row in &rows {
            prop_assert_eq!(cursor.current().unwrap().1.metadata, row.metadata.as_ref());
            cursor.advance().unwrap();
        }
        let mut keeper = Keeper::default();
        read(&segment, &everything(), &[], &mut keeper).unwrap();
        prop_assert_eq!(&keeper.rows, &rows);
        // Of the names that are looked at nothing is missing, and nothing is there that was not.
        let mut keeper = Keeper::default();
        read(&segment, &LogSelect { metadata_names: Some(&names), ..everything() }, &[], &mut keeper).unwrap();
        prop_assert_eq!(keeper.rows.len(), rows.len());
        for (read, row) in keeper.rows.iter().zip(&rows) {
            prop_assert!(names.iter().all(|name| read.metadata.get(name) == row.metadata.get(name)), "{read:?} {row:?}");
            prop_assert!(read.metadata.iter().all(|(name, value)| row.metadata.get(name) == Some(value)), "{read:?} {row:?}");
        }
        // There are few keys, so that it is known of each whether it occurs.
        for name in KEYS.into_iter().chain(["no such key"]) {
            let has = |rows: &[Row]| rows.iter().any(|row| row.metadata.get(name).is_some());
            let may = segment.may_have_metadata(Some(&[name]), i64::MIN, i64::MAX).unwrap();
            prop_assert_eq!(may, has(&rows), "{}", name);
            if let Some(last) = rows.last() {
                let at_the_end = segment.may_have_metadata(Some(&[name]), last.timestamp_ns, i64::MAX).unwrap();
                prop_assert!(at_the_end || !has(std::slice::from_ref(last)));
            }
        }
    }

    #[test]
    fn hints_find_values_in_columns_and_beside_them(
        rows in metadata_rows(),
        columns in columns_strategy(),
        at in any::<prop::sample::Index>(),
        skip in 0_usize..4,
        length in 1_usize..9,
        encoding in encoding_strategy(),
    ) {
        let values: Vec<(&str, &str)> = rows.iter().flat_map(|row| row.metadata.iter()).collect();
        prop_assume!(!values.is_empty());
        let (name, value) = values[at.index(values.len())];
        let hint: String = value.chars().skip(skip).take(length).collect();
        prop_assume!(!hint.is_empty());
        let (_, _, segment) = open_with(&rows, &many(encoding), false, &columns);
        let (hints, names) = ([hint.clone()], [name.to_owned()]);
        for (metadata_names, lines) in [(None, true), (Some(&names[..]), true), (Some(&names[..]), false)] {
            let mut keeper = Keeper::default();
            let need = Need { lines, ..ALL };
            read(&segment, &LogSelect { hints: &hints, metadata_names, need, ..everything() }, &[], &mut keeper).unwrap();
            let got: BTreeSet<i64> = keeper.rows.iter().map(|row| row.timestamp_ns).collect();
            let holds = |row: &&Row| {
                let looked_at = |key: &str| metadata_names.is_none_or(|names| names.iter().any(|name| name == key));
                lines && row.line.contains(&hint) || row.metadata.iter().any(|(key, value)| looked_at(key) && value.contains(&hint))
            };
            for row in rows.iter().filter(holds) {
                prop_assert!(got.contains(&row.timestamp_ns), "{hint:?} {row:?}");
            }
        }
    }

    #[test]
    fn a_flipped_byte_of_columns_is_an_error_or_changes_nothing(
        rows in metadata_rows(),
        columns in columns_strategy(),
        at in any::<prop::sample::Index>(),
        index in any::<bool>(),
        bit in 0_u8..8,
    ) {
        let (memory, info, segment) = open_with(&rows, &many(LineEncoding::Text), false, &columns);
        let key = &info.keys("logs")[usize::from(index)];
        {
            let mut objects = memory.objects.lock();
            let bytes = objects.get_mut(key).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let mut keeper = Keeper::default();
        match read(&segment, &everything(), &[], &mut keeper) {
            Ok(_) => prop_assert_eq!(&keeper.rows, &rows),
            Err(error) => prop_assert!(error.to_string().contains(key.as_str()), "{error}"),
        }
        if let Err(error) = segment.count_keys(&mut KeyCounts::default()) {
            prop_assert!(error.to_string().contains(key.as_str()), "{error}");
        }
    }
}

fn served(i: u64) -> Row {
    let id = u128::from(i + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
    let metadata = [
        ("trace_id", format!("{id:032x}")),
        ("method", if i.is_multiple_of(3) { "POST" } else { "GET" }.to_owned()),
        ("status", if i.is_multiple_of(50) { "500" } else { "200" }.to_owned()),
        ("route", format!("/api/v1/{}", ["users", "carts", "orders", "items"][i as usize % 4])),
        ("user", (i * 7919 % 5000).to_string()),
        ("pod", format!("shop-{}", i % 8)),
    ];
    Row { metadata: Labels::from_pairs(metadata), ..row("a", i as i64 * 1_000_000, "served") }
}

#[test]
fn columns_take_no_more_than_json() {
    let rows: Vec<Row> = (0..3000).map(served).collect();
    let keys = ["method", "pod", "route", "status", "trace_id", "user"];
    let size = |metadata_columns: usize| {
        let options = SegmentOptions { metadata_columns, ..SegmentOptions::default() };
        open_with(&rows, &options, false, &keys).1.size_bytes
    };
    assert!(size(32) < size(0), "{} {}", size(32), size(0));
}

#[test]
fn what_nobody_looks_at_is_not_read() {
    let rows: Vec<Row> = (0..2000).map(served).collect();
    let options = SegmentOptions { page_rows: 500, ..many(LineEncoding::default()) };
    let (_, _, segment) = open_with(&rows, &options, false, &["method", "pod", "status", "trace_id"]);
    let bytes = |metadata: bool, names: Option<&[&str]>| {
        let names: Option<Vec<String>> = names.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
        let need = Need { metadata, ..Need::default() };
        let mut keeper = Keeper::default();
        let select = LogSelect { need, metadata_names: names.as_deref(), ..everything() };
        // The dictionaries come into the cache.
        read(&segment, &select, &[], &mut keeper).unwrap();
        read(&segment, &select, &[], &mut keeper).unwrap().compressed_bytes
    };
    let (nothing, all) = (bytes(false, None), bytes(true, None));
    assert_eq!(bytes(true, Some(&["no such key"])), nothing);
    let method = bytes(true, Some(&["method"]));
    assert!(nothing < method && method - nothing < (all - nothing) / 10, "{nothing} {method} {all}");
}

#[test]
fn a_value_of_metadata_is_found_in_its_column() {
    let rows: Vec<Row> = (0..2000).map(served).collect();
    let options = SegmentOptions { page_rows: 500, ..many(LineEncoding::default()) };
    let (_, _, segment) = open_with(&rows, &options, false, &["trace_id"]);
    // Who looks at another name, and not at lines, reads nothing.
    let (hints, names) = (["GET".to_owned()], ["no such key".to_owned()]);
    let need = Need { lines: false, ..ALL };
    let select = LogSelect { hints: &hints, metadata_names: Some(&names), need, ..everything() };
    let stats = read(&segment, &select, &[], &mut Keeper::default()).unwrap();
    assert_eq!((stats.passed, stats.compressed_bytes), (0, 0));
    for (name, value) in rows[777].metadata.iter().filter(|(name, _)| ["trace_id", "user"].contains(name)) {
        let hints = [value.to_owned()];
        let mut keeper = Keeper::default();
        let stats = read(&segment, &LogSelect { hints: &hints, ..everything() }, &[], &mut keeper).unwrap();
        assert!(keeper.rows.contains(&rows[777]) && keeper.rows.len() < 20, "{name}: {stats:?}");
    }
}
