//! Segments against what was written to them, row by row.

use super::{LineEncoding, PageCache, Prepared, Segment, SegmentError, SegmentInfo, SegmentOptions, SegmentWriter};
use crate::Tombstone;
use parking_lot::Mutex;
use phoenix_env::objects::{ObjectError, ObjectErrorKind, ObjectStore, ObjectWriter, SharedObjects};
use phoenix_model::logs::{
    Direction, EntryRef, Level, LineFilter, LinePattern, LogBatch, LogSelect, LogVisitor, Need, ReadError, ReadLimits, ReadStats, Stream,
    StreamCounts,
};
use phoenix_model::{Budget, Labels, MatchOp, Matcher};
use proptest::prelude::*;
use regex::Regex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

mod metadata;
mod version_one;

type Objects = Arc<Mutex<BTreeMap<String, Vec<u8>>>>;

/// Objects in memory.
#[derive(Clone, Default)]
struct MemoryObjects {
    objects: Objects,
    remote: bool,
    reads: Arc<AtomicUsize>,
    /// Bytes that an object may have; more fill the store.
    limit_bytes: Option<usize>,
}

struct MemoryWriter {
    objects: Objects,
    key: String,
    bytes: Vec<u8>,
    limit_bytes: Option<usize>,
}

impl ObjectWriter for MemoryWriter {
    fn write(&mut self, bytes: &[u8]) -> Result<(), ObjectError> {
        self.bytes.extend_from_slice(bytes);
        if self.limit_bytes.is_some_and(|limit| self.bytes.len() > limit) {
            let reason = "no room".to_owned();
            return Err(ObjectError { action: "write", key: self.key.clone(), reason, kind: ObjectErrorKind::Full });
        }
        Ok(())
    }

    fn finish(self: Box<Self>) -> Result<(), ObjectError> {
        self.objects.lock().insert(self.key, self.bytes);
        Ok(())
    }
}

impl ObjectStore for MemoryObjects {
    fn create(&self, key: &str) -> Result<Box<dyn ObjectWriter>, ObjectError> {
        Ok(Box::new(MemoryWriter {
            objects: Arc::clone(&self.objects),
            key: key.to_owned(),
            bytes: Vec::new(),
            limit_bytes: self.limit_bytes,
        }))
    }

    fn read_range(&self, key: &str, offset: u64, length: usize) -> Result<Vec<u8>, ObjectError> {
        self.reads.fetch_add(1, Ordering::Relaxed);
        let objects = self.objects.lock();
        let found = objects.get(key).and_then(|bytes| bytes.get(offset as usize..(offset as usize).checked_add(length)?));
        found.map(<[u8]>::to_vec).ok_or_else(|| ObjectError {
            action: "read",
            key: key.to_owned(),
            reason: format!("no {length} bytes at {offset}"),
            kind: ObjectErrorKind::Other,
        })
    }

    fn size(&self, key: &str) -> Result<u64, ObjectError> {
        Ok(self.objects.lock().get(key).map_or(0, |bytes| bytes.len() as u64))
    }

    fn list(&self, _: &str) -> Result<Vec<String>, ObjectError> {
        Ok(self.objects.lock().keys().cloned().collect())
    }

    fn delete(&self, key: &str) -> Result<(), ObjectError> {
        self.objects.lock().remove(key);
        Ok(())
    }

    fn is_remote(&self) -> bool {
        self.remote
    }
}

/// An entry with all that belongs to it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Row {
    stream: Labels,
    timestamp_ns: i64,
    line: String,
    metadata: Labels,
    level: Level,
}

fn stream(name: &str) -> Labels {
    Labels::from_pairs([("app", name), ("env", if name.len().is_multiple_of(2) { "prod" } else { "test" })])
}

fn options(encoding: LineEncoding) -> SegmentOptions {
    SegmentOptions { page_rows: 7, page_bytes: 1 << 20, row_group_pages: 3, zstd_level: 1, lines: encoding, metadata_columns: 2 }
}

/// Sorts rows as a segment wants them, keeping the order of rows at the same time.
fn sorted(mut rows: Vec<Row>) -> Vec<Row> {
    rows.sort_by(|a, b| (&a.stream, a.timestamp_ns).cmp(&(&b.stream, b.timestamp_ns)));
    rows
}

/// Writes a segment with columns for the first of some keys of metadata.
fn write(objects: &SharedObjects, rows: &[Row], options: &SegmentOptions, keys: &[&str]) -> SegmentInfo {
    let columns = keys.iter().take(options.metadata_columns).map(|key| (*key).to_owned()).collect();
    let mut writer = SegmentWriter::create(objects, "logs", "one", options, columns).unwrap();
    let mut last: Option<&Labels> = None;
    for row in rows {
        if last != Some(&row.stream) {
            writer.begin_stream(&Arc::new(Stream { labels: row.stream.clone() })).unwrap();
            last = Some(&row.stream);
        }
        let entry = EntryRef { timestamp_ns: row.timestamp_ns, line: &row.line, metadata: row.metadata.as_ref(), level: row.level };
        writer.push(entry).unwrap();
    }
    writer.finish().unwrap()
}

fn open(rows: &[Row], options: &SegmentOptions, remote: bool) -> (MemoryObjects, SegmentInfo, Segment) {
    open_with(rows, options, remote, &["pod", "trace_id"])
}

fn open_with(rows: &[Row], options: &SegmentOptions, remote: bool, keys: &[&str]) -> (MemoryObjects, SegmentInfo, Segment) {
    let memory = MemoryObjects { remote, ..MemoryObjects::default() };
    let objects: SharedObjects = Arc::new(memory.clone());
    let info = write(&objects, rows, options, keys);
    let segment = Segment::open(&objects, "logs", &info, &Arc::new(PageCache::new(1 << 20))).unwrap();
    (memory, info, segment)
}

/// Keeps all that it is given, and may set a bound.
#[derive(Default)]
struct Keeper {
    rows: Vec<Row>,
    sizes: Vec<u32>,
    bound_ns: Option<i64>,
}

impl LogVisitor for Keeper {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        assert!(batch.timestamps_ns.is_sorted());
        for (i, timestamp_ns) in batch.timestamps_ns.iter().enumerate() {
            self.rows.push(Row {
                stream: batch.stream.labels.clone(),
                timestamp_ns: *timestamp_ns,
                line: batch.lines.get(i).map_or_else(String::new, |line| (*line).to_owned()),
                metadata: batch.metadata.get(i).map_or_else(Labels::empty, |metadata| metadata.to_labels()),
                level: batch.levels[i],
            });
            self.sizes.extend(batch.sizes.get(i));
        }
        Ok(())
    }

    fn bound_ns(&self) -> Option<i64> {
        self.bound_ns
    }
}

fn limits(budget: &Budget) -> ReadLimits<'_> {
    ReadLimits { budget, cancelled: &|| false, max_bytes: u64::MAX }
}

fn read(segment: &Segment, select: &LogSelect<'_>, tombstones: &[Tombstone], keeper: &mut Keeper) -> Result<ReadStats, ReadError> {
    let budget = Budget::unlimited();
    let prepared = Prepared::new(select);
    let mut stats = ReadStats::default();
    for page in segment.plan(&prepared, &mut stats)? {
        segment.read_page(&page, &prepared, tombstones, &limits(&budget), &mut stats, keeper)?;
    }
    assert_eq!(budget.used_bytes(), 0);
    Ok(stats)
}

const ALL: Need = Need { lines: true, metadata: true, sizes: true };

fn everything<'a>() -> LogSelect<'a> {
    LogSelect {
        matchers: &[],
        start_ns: i64::MIN,
        end_ns: i64::MAX,
        direction: None,
        filters: &[],
        hints: &[],
        need: ALL,
        metadata_names: None,
    }
}

fn line_strategy() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,3}",
        Just(String::new()),
        "\\PC{0,30}",
        (0_u32..60, 0_u32..1_000_000, 0_u32..4).prop_map(|(second, fraction, kind)| match kind {
            0 => format!("ts=1970-01-01T00:00:{second:02}.{fraction:06}Z level=info took={fraction}"),
            1 => format!("[2024/05/06 07:08:{second:02}] started at 07:08:{second:02}.{:03}", fraction / 1000),
            2 => format!("10.0.0.{second} - - [06/May/2024:07:08:{second:02} +0200] \"GET /{fraction} HTTP/1.1\""),
            _ => format!("1700-01-01T00:00:{second:02}.{fraction}Z x 2261-12-31T23:59:{second:02}Z"),
        }),
        (0_u32..50, "[0-9a-f]{32}", 0_u32..3).prop_map(|(took, id, kind)| match kind {
            0 => format!("level=info msg=\"request done\" took={took}.5ms id={id} path=/api/v1/users/{took}"),
            1 => format!("{{\"took\":{took},\"id\":\"{id}\",\"msg\":\"request \\\"done\\\"\"}}"),
            _ => format!("GET /api/{took} HTTP/1.1 {id} 200"),
        }),
    ]
}

fn row_strategy() -> impl Strategy<Value = Row> {
    let metadata = prop_oneof![
        3 => Just(Labels::empty()),
        2 => "[0-9a-f]{4}".prop_map(|id| Labels::from_pairs([("trace_id", id.as_str())])),
        1 => ("\\PC{1,8}", "\\PC{1,8}").prop_map(|(name, value)| Labels::from_pairs([(name.as_str(), value.as_str()), ("pod", "a-1")])),
    ];
    // Around minutes, and few enough that times are equal now and then.
    let time = prop_oneof![(0_i64..400).prop_map(|s| s * 1_000_000_000 - 60_000_000_000), -5_i64..5, any::<i64>().prop_map(|t| t / 4)];
    ("[a-e]{1,2}", time, line_strategy(), metadata, 0_u8..9).prop_map(|(name, timestamp_ns, line, metadata, level)| Row {
        stream: stream(&name),
        timestamp_ns,
        line,
        metadata,
        level: Level::from_number(level).unwrap(),
    })
}

fn rows_strategy(most: usize) -> impl Strategy<Value = Vec<Row>> {
    prop::collection::vec(row_strategy(), 0..most).prop_map(sorted)
}

fn encoding_strategy() -> impl Strategy<Value = LineEncoding> {
    prop_oneof![Just(LineEncoding::Text), Just(LineEncoding::Patterns)]
}

/// A condition made of a piece of one of the lines, so that it often passes.
fn filter_strategy() -> impl Strategy<Value = (prop::sample::Index, usize, usize, u8, bool)> {
    (any::<prop::sample::Index>(), 0_usize..40, 0_usize..40, 0_u8..8, prop::bool::weighted(0.3))
}

fn filter_of(rows: &[Row], (at, from, length, kind, negated): &(prop::sample::Index, usize, usize, u8, bool)) -> LineFilter {
    let line = if rows.is_empty() { "" } else { &rows[at.index(rows.len())].line };
    let piece: String = line.chars().skip(*from).take(*length).collect();
    let pattern = match kind {
        0..4 => LinePattern::Contains(piece.clone()),
        4 => LinePattern::Regex(Regex::new(&regex::escape(&piece)).unwrap()),
        5 => LinePattern::Regex(Regex::new(&format!("(?i){}", regex::escape(&piece.to_uppercase()))).unwrap()),
        6 => LinePattern::Literals(vec![String::new(), piece.clone(), String::new()]),
        _ => LinePattern::Contains(format!("{piece}!")),
    };
    let mut alternatives = vec![pattern];
    if *length % 5 == 0 {
        alternatives.push(LinePattern::Contains("request done".to_owned()));
    }
    LineFilter { negated: *negated, alternatives }
}

fn matchers() -> impl Strategy<Value = Vec<Matcher>> {
    prop_oneof![
        Just(Vec::new()),
        Just(vec![Matcher::equal("env", "prod")]),
        "[a-e]{1,2}".prop_map(|name| vec![Matcher::equal("app", name)]),
        Just(vec![Matcher::new("app", MatchOp::Regex, "a.*|b").unwrap()]),
    ]
}

fn is_asked(row: &Row, matchers: &[Matcher]) -> bool {
    matchers.iter().all(|matcher| matcher.matches_labels(&row.stream))
}

fn is_deleted(row: &Row, tombstones: &[Tombstone]) -> bool {
    tombstones.iter().any(|t| is_asked(row, &t.matchers) && t.covers(row.timestamp_ns, &row.line))
}

/// Times between which there are rows.
fn span_strategy() -> impl Strategy<Value = (i64, i64)> {
    let edge = || prop_oneof![(0_i64..420).prop_map(|s| s * 1_000_000_000 - 70_000_000_000), Just(i64::MIN), Just(i64::MAX), -5_i64..5];
    (edge(), edge()).prop_map(|(a, b)| (a.min(b), a.max(b)))
}

fn counts_by_hand(
    rows: &[Row],
    matchers: &[Matcher],
    edges_ns: &[i64],
    tombstones: &[Tombstone],
) -> BTreeMap<(Labels, Level), Vec<(u64, u64)>> {
    let mut counts = BTreeMap::new();
    for row in rows.iter().filter(|row| is_asked(row, matchers) && !is_deleted(row, tombstones)) {
        for (at, pair) in edges_ns.windows(2).enumerate() {
            if pair[0] <= row.timestamp_ns && row.timestamp_ns < pair[1] {
                let counts = counts.entry((row.stream.clone(), row.level)).or_insert_with(|| vec![(0, 0); edges_ns.len() - 1]);
                counts[at].0 += 1;
                counts[at].1 += row.line.len() as u64;
            }
        }
    }
    counts
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, ..ProptestConfig::default() })]

    #[test]
    fn rows_come_back(rows in rows_strategy(120), encoding in encoding_strategy(), remote in any::<bool>()) {
        let (_, info, segment) = open(&rows, &options(encoding), remote);
        prop_assert_eq!(info.rows, rows.len() as u64);
        prop_assert_eq!(info.raw_bytes, rows.iter().map(|row| row.line.len() as u64).sum::<u64>());
        prop_assert_eq!(info.min_ns, rows.iter().map(|row| row.timestamp_ns).min().unwrap_or(0));
        let mut cursor = segment.rows().unwrap();
        for row in &rows {
            let (stream, entry) = cursor.current().unwrap();
            prop_assert_eq!(&stream.labels, &row.stream);
            let want = EntryRef { timestamp_ns: row.timestamp_ns, line: &row.line, metadata: row.metadata.as_ref(), level: row.level };
            prop_assert_eq!(entry, want);
            cursor.advance().unwrap();
        }
        prop_assert!(cursor.current().is_none());
        let mut keeper = Keeper::default();
        read(&segment, &everything(), &[], &mut keeper).unwrap();
        let sizes: Vec<u32> = rows.iter().map(|row| row.line.len() as u32).collect();
        prop_assert_eq!(keeper.sizes, sizes);
        prop_assert_eq!(&keeper.rows, &rows);
        let mut streams: Vec<_> = rows.iter().map(|row| row.stream.clone()).collect();
        streams.dedup();
        prop_assert_eq!(segment.streams().unwrap().iter().map(|s| s.labels.clone()).collect::<Vec<_>>(), streams);
    }

    #[test]
    fn what_passes_is_what_passes_row_by_row(
        rows in rows_strategy(120),
        encoding in encoding_strategy(),
        pieces in prop::collection::vec(filter_strategy(), 0..3),
        deleted in prop::collection::vec((matchers(), span_strategy(), prop::option::of(filter_strategy())), 0..3),
        matchers in matchers(),
        (start_ns, end_ns) in span_strategy(),
    ) {
        let filters: Vec<LineFilter> = pieces.iter().map(|piece| filter_of(&rows, piece)).collect();
        let tombstones: Vec<Tombstone> = deleted
            .into_iter()
            .map(|(matchers, (start_ns, end_ns), piece)| Tombstone {
                matchers,
                start_ns,
                end_ns,
                filters: piece.iter().map(|piece| filter_of(&rows, piece)).collect(),
            })
            .collect();
        let (_, _, segment) = open(&rows, &options(encoding), false);
        let select = LogSelect { matchers: &matchers, start_ns, end_ns, filters: &filters, ..everything() };
        let mut keeper = Keeper::default();
        let stats = read(&segment, &select, &tombstones, &mut keeper).unwrap();
        let want: Vec<Row> = rows
            .iter()
            .filter(|row| is_asked(row, &matchers) && start_ns <= row.timestamp_ns && row.timestamp_ns < end_ns)
            .filter(|row| filters.iter().all(|filter| filter.passes(&row.line)) && !is_deleted(row, &tombstones))
            .cloned()
            .collect();
        prop_assert_eq!(stats.passed, want.len() as u64);
        prop_assert_eq!(keeper.rows, want);
    }

    #[test]
    fn counts_are_exact(
        rows in rows_strategy(120),
        mut edges in prop::collection::vec(prop_oneof![(0_i64..8).prop_map(|m| m * 60_000_000_000 - 60_000_000_000), (0_i64..420).prop_map(|s| s * 1_000_000_000 - 70_000_000_000), any::<i64>()], 0..6),
        deleted in prop::collection::vec((matchers(), span_strategy(), prop::option::of(filter_strategy())), 0..3),
        matchers in matchers(),
        encoding in encoding_strategy(),
    ) {
        edges.sort_unstable();
        let tombstones: Vec<Tombstone> = deleted
            .into_iter()
            .map(|(matchers, (start_ns, end_ns), piece)| Tombstone {
                matchers,
                start_ns,
                end_ns,
                filters: piece.iter().map(|piece| filter_of(&rows, piece)).collect(),
            })
            .collect();
        let (_, _, segment) = open(&rows, &options(encoding), false);
        let budget = Budget::unlimited();
        let counts = segment.counts(&matchers, &edges, &tombstones, &limits(&budget), &mut ReadStats::default()).unwrap();
        let got: BTreeMap<_, _> = counts.into_iter().map(|StreamCounts { stream, level, counts }| ((stream.labels.clone(), level), counts)).collect();
        prop_assert_eq!(got, counts_by_hand(&rows, &matchers, &edges, &tombstones));
    }

    #[test]
    fn patterns_count_every_line(rows in rows_strategy(100), pieces in prop::collection::vec(filter_strategy(), 0..2), encoding in encoding_strategy()) {
        let filters: Vec<LineFilter> = pieces.iter().map(|piece| filter_of(&rows, piece)).collect();
        let (_, _, segment) = open(&rows, &options(encoding), false);
        let select = LogSelect { filters: &filters, ..everything() };
        let budget = Budget::unlimited();
        let step_ns = 10_000_000_000;
        let found = segment.patterns(&Prepared::new(&select), step_ns, &[], &limits(&budget), &mut ReadStats::default()).unwrap();
        let mut got: BTreeMap<(Level, i64), u64> = BTreeMap::new();
        for pattern in &found {
            assert!(pattern.counts.is_sorted());
            pattern.counts.iter().for_each(|(step, count)| *got.entry((pattern.level, *step)).or_default() += count);
        }
        let mut want = BTreeMap::new();
        for row in rows.iter().filter(|row| filters.iter().all(|filter| filter.passes(&row.line))) {
            *want.entry((row.level, row.timestamp_ns.div_euclid(step_ns) * step_ns)).or_default() += 1;
            let literal = |text: &str| LinePattern::Literals(text.split("<_>").map(str::to_owned).collect());
            let fits = found.iter().any(|p| p.level == row.level && (literal(&p.pattern).is_in(&row.line) || !row.line.contains("id=")));
            prop_assert!(fits, "{:?} {found:?}", row.line);
        }
        prop_assert_eq!(got, want);
    }

    #[test]
    fn hints_lose_nothing_that_matters(rows in rows_strategy(80), at in any::<prop::sample::Index>(), from in 0_usize..6, length in 1_usize..12, encoding in encoding_strategy()) {
        prop_assume!(!rows.is_empty());
        let row = &rows[at.index(rows.len())];
        let texts: Vec<&str> = row.metadata.iter().chain(&row.stream).map(|(_, value)| value).chain([row.line.as_str()]).collect();
        let hint: String = texts[from % texts.len()].chars().skip(from).take(length).collect();
        let (_, _, segment) = open(&rows, &options(encoding), false);
        let hints = [hint.clone()];
        let mut keeper = Keeper::default();
        read(&segment, &LogSelect { hints: &hints, ..everything() }, &[], &mut keeper).unwrap();
        let holds = |row: &&Row| {
            let values = row.metadata.iter().chain(&row.stream).any(|(_, value)| value.contains(&hint));
            values || row.line.contains(&hint) || row.line.contains('\\')
        };
        let got: std::collections::BTreeSet<_> = keeper.rows.iter().collect();
        for row in rows.iter().filter(holds) {
            prop_assert!(got.contains(row), "{hint:?} {row:?}");
        }
    }

    #[test]
    fn a_flipped_byte_is_an_error_or_changes_nothing(rows in rows_strategy(60), at in any::<prop::sample::Index>(), index in any::<bool>(), bit in 0_u8..8, encoding in encoding_strategy()) {
        let (memory, info, segment) = open(&rows, &options(encoding), false);
        let key = &info.keys("logs")[usize::from(index)];
        {
            let mut objects = memory.objects.lock();
            let bytes = objects.get_mut(key).unwrap();
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        let check = |error: &dyn std::fmt::Display| assert!(error.to_string().contains(key.as_str()), "{error}");
        let mut keeper = Keeper::default();
        let filters = [LineFilter { negated: false, alternatives: vec![LinePattern::Contains(String::new())] }];
        match read(&segment, &LogSelect { filters: &filters, ..everything() }, &[], &mut keeper) {
            Ok(_) => prop_assert_eq!(&keeper.rows, &rows),
            Err(error) => check(&error),
        }
        match segment.rows() {
            Ok(mut cursor) => {
                let mut seen = 0;
                while let Some((_, entry)) = cursor.current() {
                    prop_assert_eq!((entry.line, entry.metadata), (rows[seen].line.as_str(), rows[seen].metadata.as_ref()));
                    seen += 1;
                    if let Err(error) = cursor.advance() {
                        check(&error);
                        break;
                    }
                }
            }
            Err(error) => check(&error),
        }
        let edges = [i64::MIN, 0, 60_000_000_000, i64::MAX];
        let budget = Budget::unlimited();
        match segment.counts(&[], &edges, &[], &limits(&budget), &mut ReadStats::default()) {
            Ok(counts) => {
                let got: BTreeMap<_, _> = counts.into_iter().map(|c| ((c.stream.labels.clone(), c.level), c.counts)).collect();
                prop_assert_eq!(got, counts_by_hand(&rows, &[], &edges, &[]));
            }
            Err(error) => check(&error),
        }
    }
}

fn row(name: &str, timestamp_ns: i64, line: &str) -> Row {
    Row { stream: stream(name), timestamp_ns, line: line.to_owned(), metadata: Labels::empty(), level: Level::Info }
}

#[test]
fn entries_beyond_the_bound_are_left_out() {
    let rows: Vec<Row> = ["a", "b", "c"].iter().flat_map(|name| (0..20).map(move |i| row(name, i, &format!("{name} {i}")))).collect();
    for encoding in [LineEncoding::Text, LineEncoding::Patterns] {
        let (_, _, segment) = open(&rows, &options(encoding), false);
        for (direction, want) in [(Direction::Backward, 15..20), (Direction::Forward, 0..14)] {
            let mut keeper = Keeper { bound_ns: Some(14), ..Keeper::default() };
            read(&segment, &LogSelect { direction: Some(direction), ..everything() }, &[], &mut keeper).unwrap();
            let want: Vec<Row> = rows.iter().filter(|row| want.contains(&row.timestamp_ns)).cloned().collect();
            assert_eq!(sorted(keeper.rows), want);
        }
    }
}

#[test]
fn a_very_long_line_stands_among_short_ones() {
    let long = "x=1 ".repeat(10 << 18);
    assert_eq!(long.len(), 10 << 20);
    let rows = vec![row("a", 1, "short"), row("a", 2, &long), row("a", 3, ""), row("b", 1, "after")];
    for encoding in [LineEncoding::Text, LineEncoding::Patterns] {
        let (_, info, segment) = open(&rows, &SegmentOptions { lines: encoding, ..SegmentOptions::default() }, false);
        let mut keeper = Keeper::default();
        read(&segment, &everything(), &[], &mut keeper).unwrap();
        assert!(keeper.rows == rows);
        assert!(info.size_bytes < 1 << 20, "{}", info.size_bytes);
        let small = Budget::new("limits.query_memory", 1 << 20);
        let select = everything();
        let prepared = Prepared::new(&select);
        let page = segment.plan(&prepared, &mut ReadStats::default()).unwrap()[0];
        let error =
            segment.read_page(&page, &prepared, &[], &limits(&small), &mut ReadStats::default(), &mut Keeper::default()).unwrap_err();
        assert!(error.to_string().contains("limits.query_memory"), "{error}");
    }
}

#[test]
fn filters_rule_out_pages_without_the_text() {
    let id = |i: i64| format!("{:032x}", (i as u128 + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835));
    let rows: Vec<Row> = (0..7000).map(|i| row("a", i, &format!("level=info id={} took={}ms", id(i), i % 90))).collect();
    for encoding in [LineEncoding::Text, LineEncoding::Patterns] {
        let options = SegmentOptions { page_rows: 100, ..options(encoding) };
        let (_, _, segment) = open(&rows, &options, false);
        let wanted = id(4321);
        for (text, most_pages, lines) in
            [(wanted.as_str(), 5, 1), (&wanted[3..30], 70, 1), ("no such words", 1, 0), ("took=89ms", 70, 77), ("level=warn", 1, 0)]
        {
            let filters = [LineFilter { negated: false, alternatives: vec![LinePattern::Contains(text.to_owned())] }];
            let mut keeper = Keeper::default();
            let stats = read(&segment, &LogSelect { filters: &filters, ..everything() }, &[], &mut keeper).unwrap();
            assert_eq!(keeper.rows.len(), lines, "{text}");
            assert!(stats.pages_read <= most_pages, "{text}: {stats:?}");
        }
    }
}

#[test]
fn levels_are_hints_too() {
    let rows: Vec<Row> =
        (0..70).map(|i| Row { level: if i == 40 { Level::Critical } else { Level::Info }, ..row("a", i, "a line") }).collect();
    let (_, _, segment) = open(&rows, &options(LineEncoding::default()), false);
    let hints = ["critical".to_owned()];
    let mut keeper = Keeper::default();
    let stats = read(&segment, &LogSelect { hints: &hints, ..everything() }, &[], &mut keeper).unwrap();
    assert!(keeper.rows.iter().any(|row| row.level == Level::Critical));
    assert!(stats.pages_read <= 2 && stats.pages_skipped >= 8, "{stats:?}");
}

#[test]
fn only_what_is_needed_is_there() {
    let rows = vec![row("a", 1, "one"), row("a", 2, "two")];
    let (_, _, segment) = open(&rows, &options(LineEncoding::default()), false);
    let mut keeper = Keeper::default();
    let stats = read(&segment, &LogSelect { need: Need::default(), ..everything() }, &[], &mut keeper).unwrap();
    assert_eq!((keeper.rows[1].line.as_str(), keeper.rows[1].timestamp_ns, keeper.sizes.len()), ("", 2, 0));
    assert_eq!((stats.lines, stats.bytes, stats.passed), (2, 0, 2));
}

#[test]
fn limits_end_a_read() {
    let rows: Vec<Row> = (0..50).map(|i| row("a", i, "some words of a line")).collect();
    let (_, _, segment) = open(&rows, &options(LineEncoding::default()), false);
    let (budget, select) = (Budget::unlimited(), everything());
    let prepared = Prepared::new(&select);
    let page = segment.plan(&prepared, &mut ReadStats::default()).unwrap()[0];
    let mut stats = ReadStats::default();
    let cancelled = ReadLimits { budget: &budget, cancelled: &|| true, max_bytes: u64::MAX };
    assert_eq!(segment.read_page(&page, &prepared, &[], &cancelled, &mut stats, &mut Keeper::default()), Err(ReadError::Cancelled));
    let few = ReadLimits { budget: &budget, cancelled: &|| false, max_bytes: 20 };
    let error = segment.read_page(&page, &prepared, &[], &few, &mut stats, &mut Keeper::default()).unwrap_err();
    assert!(matches!(&error, ReadError::Limit(text) if text.contains("20 bytes")), "{error}");
}

#[test]
fn entries_in_the_wrong_order_are_refused() {
    let objects: SharedObjects = Arc::new(MemoryObjects::default());
    let mut writer = SegmentWriter::create(&objects, "logs", "one", &SegmentOptions::default(), Vec::new()).unwrap();
    let entry = |timestamp_ns| EntryRef { timestamp_ns, line: "", metadata: phoenix_model::LabelsRef::EMPTY, level: Level::Absent };
    assert!(matches!(writer.push(entry(1)), Err(SegmentError::Order { .. })));
    writer.begin_stream(&Arc::new(Stream { labels: stream("b") })).unwrap();
    writer.push(entry(2)).unwrap();
    assert!(matches!(writer.push(entry(1)), Err(SegmentError::Order { .. })));
    assert!(matches!(writer.begin_stream(&Arc::new(Stream { labels: stream("a") })), Err(SegmentError::Order { .. })));
    drop(writer);
    assert!(objects.list("").unwrap().is_empty());
}

#[test]
fn a_full_store_says_so_and_nothing_of_the_segment_exists() {
    let rows: Vec<Row> = (0..400).map(|i| row("a", i, &format!("line {i} of many {:x}", i * 7919))).collect();
    for limit_bytes in [10, 500, 3000] {
        let memory = MemoryObjects { limit_bytes: Some(limit_bytes), ..MemoryObjects::default() };
        let objects: SharedObjects = Arc::new(memory.clone());
        let mut writer = SegmentWriter::create(&objects, "logs", "one", &options(LineEncoding::Patterns), Vec::new()).unwrap();
        writer.begin_stream(&Arc::new(Stream { labels: stream("a") })).unwrap();
        let push = |writer: &mut SegmentWriter, row: &Row| {
            let metadata = row.metadata.as_ref();
            writer.push(EntryRef { timestamp_ns: row.timestamp_ns, line: &row.line, metadata, level: row.level })
        };
        let error = rows.iter().try_for_each(|row| push(&mut writer, row)).and_then(|()| writer.finish().map(|_| ())).unwrap_err();
        assert!(error.is_full(), "{error}");
        assert!(memory.objects.lock().is_empty());
    }
}

#[test]
fn a_remote_store_is_asked_for_large_parts() {
    let rows: Vec<Row> = (0..700).map(|i| row("a", i, &format!("line {i} took={}ms id={:032x}", i % 7, i * 7919))).collect();
    let (memory, _, segment) = open(&rows, &SegmentOptions { page_rows: 50, row_group_pages: 7, ..options(LineEncoding::Patterns) }, true);
    let mut cursor = segment.rows().unwrap();
    while cursor.current().is_some() {
        cursor.advance().unwrap();
    }
    // The beginning of the index, its head, two row groups, and some dictionaries of each.
    assert!(memory.reads.swap(0, Ordering::Relaxed) <= 10);
    for _ in 0..2 {
        read(&segment, &everything(), &[], &mut Keeper::default()).unwrap();
    }
    assert!(memory.reads.load(Ordering::Relaxed) <= 2 * 9, "{:?}", memory.reads);
}

#[test]
fn the_parquet_object_can_be_read_by_others() {
    use parquet::file::reader::{FileReader, SerializedFileReader};
    let rows: Vec<Row> = ["a", "bb"]
        .iter()
        .flat_map(|name| {
            (0..40).map(move |i| Row {
                metadata: if i % 3 == 0 {
                    Labels::from_pairs([("trace_id", format!("{i:04}")), ("other", if i % 2 == 0 { "x" } else { "" }.to_owned())])
                } else {
                    Labels::empty()
                },
                level: if i % 4 == 0 { Level::Absent } else { Level::Warn },
                ..row(name, i * 1_000_000_000, &format!("line {i} of {name}"))
            })
        })
        .collect();
    for encoding in [LineEncoding::Text, LineEncoding::Patterns] {
        let (memory, info, _) = open(&rows, &options(encoding), false);
        let bytes = bytes::Bytes::from(memory.objects.lock()[&info.keys("logs")[0]].clone());
        let reader = SerializedFileReader::new(bytes).unwrap();
        assert_eq!(reader.metadata().file_metadata().num_rows(), rows.len() as i64);
        for (read, row) in reader.get_row_iter(None).unwrap().zip(&rows) {
            let read = read.unwrap();
            let columns: BTreeMap<&str, String> = read.get_column_iter().map(|(name, field)| (name.as_str(), field.to_string())).collect();
            let quoted = |text: &str| format!("\"{text}\"");
            let or_null = |text: Option<String>| text.unwrap_or_else(|| "null".to_owned());
            assert_eq!(columns["stream"], quoted(&row.stream.to_string()));
            assert_eq!(columns["level"], if row.level == Level::Absent { "null".to_owned() } else { quoted(row.level.as_str()) });
            assert_eq!(columns["metadata"], or_null(row.metadata.get("other").map(|_| quoted("{\"other\":\"x\"}"))));
            assert_eq!(columns["metadata.trace_id"], or_null(row.metadata.get("trace_id").map(quoted)));
            assert_eq!(columns["size"], row.line.len().to_string());
            match encoding {
                LineEncoding::Text => assert_eq!(columns["line"], quoted(&row.line)),
                LineEncoding::Patterns => {
                    assert!(columns["pattern"].starts_with("\"line <int> of "), "{}", columns["pattern"]);
                    assert_eq!(columns["n0"], (row.timestamp_ns / 1_000_000_000).to_string());
                    assert_eq!(columns["n23"], "null");
                }
            }
        }
    }
}
