//! What must hold for any entries: pushing work into the store, reading only what is wanted and
//! cutting time into buckets change no result.

use phoenix_logql::memory::MemoryLogs;
use phoenix_logql::source::{
    FieldSelect, FieldValue, FieldVisitor, LogBatch, LogSelect, LogVisitor, ReadError, ReadLimits, ReadStats, StreamCounts,
};
use phoenix_logql::{EvalOptions, LogEntry, LogSource, LogValue, RangeParams, range};
use phoenix_model::logs::{Direction, Level, Stream};
use phoenix_model::{Budget, Labels, LabelsRef, Matcher};
use phoenix_query::{MatrixSeries, Value};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

/// How a source differs from the plainest one; answers must not.
#[derive(Debug, Clone, Copy, Default)]
struct Habits {
    /// Leaves out all that hints and names of metadata allow to leave out.
    strict_hints: bool,
    /// Does not know which metadata there are, so that nothing is answered from counts.
    knows_nothing: bool,
    /// Gives each entry as a batch of its own.
    single: bool,
}

struct Source<'a>(&'a MemoryLogs, Habits);

struct Relay<'a, 'v> {
    to: &'v mut dyn LogVisitor,
    hints: &'a [String],
    metadata_names: Option<&'a [String]>,
    habits: Habits,
}

fn pick<T: Copy>(all: &[T], order: &[usize]) -> Vec<T> {
    if all.is_empty() { Vec::new() } else { order.iter().map(|i| all[*i]).collect() }
}

impl LogVisitor for Relay<'_, '_> {
    fn batch(&mut self, batch: &LogBatch<'_>) -> Result<(), ReadError> {
        let named = |name: &str| !self.habits.strict_hints || self.metadata_names.is_none_or(|names| names.iter().any(|n| n == name));
        let left: Vec<Labels> = batch.metadata.iter().map(|set| set.to_labels().filter(named)).collect();
        let left: Vec<LabelsRef<'_>> = left.iter().map(Labels::as_ref).collect();
        let batch = &LogBatch { metadata: &left, ..*batch };
        let holds = |i: usize| {
            // Without lines, what stands in them does not count.
            let line = batch.lines.get(i).copied().unwrap_or_default();
            line.contains('\\')
                || self.hints.iter().all(|hint| {
                    line.contains(hint.as_str())
                        || batch.stream.labels.iter().any(|(_, v)| v.contains(hint.as_str()))
                        // Without its metadata nobody can tell.
                        || batch.metadata.get(i).is_none_or(|m| m.iter().any(|(_, v)| v.contains(hint.as_str())))
                })
        };
        let mut order: Vec<usize> = (0..batch.timestamps_ns.len()).filter(|i| !self.habits.strict_hints || holds(*i)).collect();
        if self.habits.single {
            order.reverse();
        }
        let groups: Vec<Vec<usize>> = if self.habits.single { order.iter().map(|i| vec![*i]).collect() } else { vec![order] };
        for order in groups {
            self.to.batch(&LogBatch {
                stream: batch.stream,
                timestamps_ns: &pick(batch.timestamps_ns, &order),
                levels: &pick(batch.levels, &order),
                lines: &pick(batch.lines, &order),
                metadata: &pick(batch.metadata, &order),
                sizes: &pick(batch.sizes, &order),
            })?;
        }
        Ok(())
    }

    fn bound_ns(&self) -> Option<i64> {
        if self.habits.single { None } else { self.to.bound_ns() }
    }
}

impl LogSource for Source<'_> {
    fn read(&self, select: &LogSelect<'_>, limits: &ReadLimits<'_>, visitor: &mut dyn LogVisitor) -> Result<ReadStats, ReadError> {
        self.0.read(select, limits, &mut Relay { to: visitor, hints: select.hints, metadata_names: select.metadata_names, habits: self.1 })
    }

    fn counts(&self, matchers: &[Matcher], edges_ns: &[i64], limits: &ReadLimits<'_>) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        self.0.counts(matchers, edges_ns, limits)
    }

    fn may_have_metadata(&self, names: Option<&[&str]>, start_ns: i64, end_ns: i64) -> bool {
        self.1.knows_nothing || self.0.may_have_metadata(names, start_ns, end_ns)
    }
}

#[derive(Debug, Clone)]
struct Entry {
    app: &'static str,
    at: i64,
    line: String,
    metadata: Vec<(&'static str, &'static str)>,
    level: Level,
}

fn word() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "err", "200", "500", "7", "1.5", "x y", "", "ä\"", "1s", "back\\slash"])
}

fn json_line() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        word().prop_map(serde_json::Value::from),
        any::<i16>().prop_map(serde_json::Value::from),
        any::<bool>().prop_map(serde_json::Value::from),
        Just(serde_json::Value::Null),
    ];
    let value = leaf.prop_recursive(2, 8, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(serde_json::Value::from),
            prop::collection::btree_map("[abc]|s\\.t|x", inner, 0..3).prop_map(|m| serde_json::Value::Object(m.into_iter().collect())),
        ]
    });
    prop::collection::btree_map("app|status|ms|[abc]|a_b|m|a\\.b", value, 0..5)
        .prop_map(|m| serde_json::Value::Object(m.into_iter().collect()).to_string())
}

fn logfmt_line() -> impl Strategy<Value = String> {
    prop::collection::vec(("app|status|ms|a|b|m", word()), 0..5).prop_map(|pairs| {
        let pairs: Vec<String> =
            pairs.into_iter().map(|(k, v)| if v.contains([' ', '"', '\\']) { format!("{k}={v:?}") } else { format!("{k}={v}") }).collect();
        pairs.join(" ")
    })
}

fn entries() -> impl Strategy<Value = Vec<Entry>> {
    let line = prop_oneof![4 => json_line(), 4 => logfmt_line(), 1 => "[a-c {}\"=:,\\\\]{0,12}"];
    let entry = (
        prop::sample::select(vec!["a", "b"]),
        0_i64..40,
        line,
        prop::sample::subsequence(vec![("m", "err"), ("status", "500")], 0..2),
        prop::sample::select(vec![Level::Absent, Level::Info, Level::Error]),
    );
    prop::collection::vec(entry.prop_map(|(app, at, line, metadata, level)| Entry { app, at, line, metadata, level }), 0..25)
}

fn logs(entries: &[Entry]) -> MemoryLogs {
    let mut logs = MemoryLogs::new();
    for entry in entries {
        let labels = Labels::from_pairs([("app", entry.app)]);
        logs.push(&labels, entry.at, &entry.line, Labels::from_pairs(entry.metadata.iter().copied()).as_ref(), entry.level);
    }
    logs
}

const ALL: RangeParams = RangeParams { start_ns: 0, end_ns: 100, step_ns: 7, interval_ns: 0, limit: 1_000, direction: Direction::Forward };

fn ask(source: &dyn LogSource, query: &str, params: RangeParams) -> Result<LogValue, String> {
    let budget = Budget::new("test", 64 << 20);
    range(query, &params, source, &EvalOptions::new(&budget, 0)).map(|output| output.value).map_err(|error| {
        // Which of several bad entries is met first depends on the source.
        error.to_string().split(" for series").next().unwrap_or("").to_owned()
    })
}

fn entries_of(value: LogValue) -> Vec<LogEntry> {
    match value {
        LogValue::Entries(entries) => entries,
        LogValue::Metric(_) => panic!("numbers"),
    }
}

fn series_of(value: LogValue) -> Vec<MatrixSeries> {
    match value {
        LogValue::Metric(output) => match output.value {
            Value::Matrix(series) => series,
            other => panic!("{other:?}"),
        },
        LogValue::Entries(_) => panic!("entries"),
    }
}

/// Stages that may stand in a pipeline in any order.
fn stage() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "| json",
        "| logfmt",
        "| json status, x=\"a.b\"",
        "| logfmt status, m",
        "| status = \"500\"",
        "| m = \"err\" or a = \"b\"",
        "| status =~ \"5.*|\"",
        "| ms > 3",
        "| a = \"a\", b != \"b\"",
        "|= \"a\"",
        "!= \"err\"",
        "|~ \"[0-9]\"",
        "| line_format \"{{.a}} status={{.status}}\"",
        "| label_format status=a",
        "| label_format a=\"{{.b}}{{.m}}\"",
        "| drop a, status=\"500\"",
        "| keep app, status, ms, m",
        "| m_extracted != \"x\"",
        "| pattern \"<a>=<b> <_>\"",
        "| decolorize",
        "| __error__ = \"\"",
        "| app_extracted = \"a\"",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn sources_habits_change_nothing(
        entries in entries(),
        stages in prop::collection::vec(stage(), 0..5),
        limit in 1_usize..12,
        backward in any::<bool>(),
        strict_hints in any::<bool>(),
        knows_nothing in any::<bool>(),
    ) {
        let logs = logs(&entries);
        let habits = Habits { strict_hints, knows_nothing, single: false };
        let direction = if backward { Direction::Backward } else { Direction::Forward };
        let params = RangeParams { limit, direction, ..ALL };
        let query = format!("{{app=~\".+\"}} {}", stages.join(" "));
        prop_assert_eq!(ask(&logs, &query, params), ask(&Source(&logs, habits), &query, params), "{}", query);
        // The bound is only a promise that nobody needs more.
        let all = entries_of(ask(&logs, &query, RangeParams { limit: 1_000, direction, ..ALL }).unwrap());
        let some = entries_of(ask(&logs, &query, params).unwrap());
        prop_assert_eq!(some.iter().map(|e| e.timestamp_ns).collect::<Vec<_>>(), all.iter().take(limit).map(|e| e.timestamp_ns).collect::<Vec<_>>());

        for by in ["", "by (app)", "by (status, detected_level)", "by (a)", "without (ms)", "by (m, status_extracted)"] {
            for (op, stages) in [
                ("sum", format!("{} | unwrap ms | __error__=\"\"", stages.join(" "))),
                ("sum", format!("| logfmt {} | unwrap ms | __error__=\"\"", stages.join(" "))),
                ("sum", "| json | unwrap ms | __error__=\"\"".to_owned()),
                ("sum", "| logfmt | unwrap status | __error__=\"\"".to_owned()),
                ("count", stages.join(" ")), ("bytes", stages.join(" ")), ("bytes", String::new())] {
                let query = format!("sum {by} ({op}_over_time({{app=~\".+\"}} {stages} [9ns]))");
                let plain = ask(&logs, &query, ALL);
                for habits in [habits, Habits { single: true, ..habits }] {
                    prop_assert_eq!(&plain, &ask(&Source(&logs, habits), &query, ALL), "{}", query);
                }
            }
        }
    }

}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(100))]

    /// Counting what the query of entries gives is what the aggregation gives, though it looks only
    /// for the labels that it needs.
    #[test]
    fn numbers_are_those_of_the_entries(entries in entries(), stages in prop::collection::vec(stage(), 0..5)) {
        let logs = logs(&entries);
        let pipeline = format!("{} | __error__ = \"\"", stages.join(" "));
        let found = entries_of(ask(&logs, &format!("{{app=~\".+\"}} {pipeline}"), ALL).unwrap());
        for name in ["status", "a", "m_extracted", "detected_level", "none"] {
            let mut want: BTreeMap<String, f64> = BTreeMap::new();
            for entry in &found {
                let value = [&entry.stream, &entry.metadata, &entry.parsed].into_iter().find_map(|labels| labels.get(name)).unwrap_or("");
                *want.entry(value.to_owned()).or_default() += 1.0;
            }
            let query = format!("sum by ({name}) (count_over_time({{app=~\".+\"}} {pipeline} [100ns]))");
            let params = RangeParams { start_ns: 99, end_ns: 99, ..ALL };
            let got: BTreeMap<String, f64> =
                series_of(ask(&logs, &query, params).unwrap()).into_iter().map(|s| (s.labels.value(name).to_owned(), s.samples[0].value)).collect();
            prop_assert_eq!(got, want, "{}", query);
        }
    }

    /// Line filters that the store applies are those that are applied to an untouched line.
    #[test]
    fn filters_may_be_pushed(entries in entries(), filter in prop::sample::select(vec!["|= \"a\"", "!= \"a\" or \"5\"", "|~ \"a|b\"", "!~ \"[0-9]\"", "|> \"<_>a<_>\"", "!> \"<_>=<_>\"", "|= ip(\"7.0.0.0/8\")"])) {
        let logs = logs(&entries);
        let pushed = ask(&logs, &format!("{{app=~\".+\"}} | logfmt {filter}"), ALL);
        let kept = ask(&logs, &format!("{{app=~\".+\"}} | logfmt | decolorize {filter}"), ALL);
        prop_assert_eq!(pushed, kept);
    }

    #[test]
    fn windows_are_what_they_say(
        values in prop::collection::vec((0_i64..60, -5_i32..20), 0..30),
        start in 0_i64..50, step in 1_i64..15, count in 0_i64..8, range_ns in 1_i64..90, offset in -10_i64..20,
        op in prop::sample::select(vec!["count", "sum", "min", "max", "avg", "stdvar", "first", "last", "quantile", "absent"]),
    ) {
        let mut logs = MemoryLogs::new();
        // Times are apart, so that first and last are certain.
        let values: BTreeMap<i64, i32> = values.into_iter().collect();
        for (at, value) in &values {
            logs.push(&Labels::from_pairs([("app", "a")]), *at * 1_000_000, &format!("v={value}"), Labels::empty().as_ref(), Level::Absent);
        }
        let unwrap = if matches!(op, "count" | "absent") { "" } else { "| logfmt | unwrap v" };
        let param = if op == "quantile" { "0.3, " } else { "" };
        let offset_text = if offset == 0 { String::new() } else { format!(" offset {offset}ms") };
        let query = format!("{op}_over_time({param}{{app=\"a\"}} {unwrap} [{range_ns}ms]{offset_text})");
        let ms = 1_000_000;
        let params = RangeParams { start_ns: start * ms, end_ns: (start + step * count) * ms, step_ns: step * ms, ..ALL };
        let got: Vec<(i64, f64)> = series_of(ask(&logs, &query, params).unwrap())
            .into_iter()
            .flat_map(|series| series.samples)
            .map(|sample| (sample.timestamp_ms, sample.value))
            .collect();
        let mut want = Vec::new();
        for i in 0..=count {
            let t = start + i * step;
            let inside: Vec<f64> = values.iter().filter(|(at, _)| t - range_ns - offset < **at && **at <= t - offset).map(|(_, v)| f64::from(*v)).collect();
            let n = inside.len() as f64;
            let sum: f64 = inside.iter().sum();
            let value = match op {
                "absent" if inside.is_empty() => 1.0,
                _ if inside.is_empty() || op == "absent" => continue,
                "count" => n,
                "sum" => sum,
                "avg" => sum / n,
                "min" => inside.iter().copied().fold(f64::MAX, f64::min),
                "max" => inside.iter().copied().fold(f64::MIN, f64::max),
                "first" => inside[0],
                "last" => inside[inside.len() - 1],
                "quantile" => phoenix_query::numeric::quantile(0.3, &mut inside.clone()),
                _ => inside.iter().map(|v| (v - sum / n).powi(2)).sum::<f64>() / n,
            };
            want.push((t, value));
        }
        prop_assert_eq!(got.iter().map(|g| g.0).collect::<Vec<_>>(), want.iter().map(|w| w.0).collect::<Vec<_>>(), "{}", query);
        for (got, want) in got.iter().zip(&want) {
            prop_assert!((got.1 - want.1).abs() < 1e-6, "{}: {:?} and not {:?}", query, got, want);
        }
    }

    /// The one pass over a line finds what a whole tree has.
    #[test]
    fn json_is_read_as_a_tree_would_be(line in json_line()) {
        fn flat(prefix: &str, value: &serde_json::Value, out: &mut BTreeMap<String, String>) {
            for (key, value) in value.as_object().unwrap() {
                let name: String = key.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
                let name = if prefix.is_empty() { name } else { format!("{prefix}_{name}") };
                match value {
                    serde_json::Value::Object(_) => flat(&name, value, out),
                    serde_json::Value::Array(_) | serde_json::Value::Null => {}
                    serde_json::Value::String(text) => { out.entry(name).or_insert_with(|| text.clone()); }
                    other => { out.entry(name).or_insert_with(|| other.to_string()); }
                }
            }
        }
        let mut want = BTreeMap::new();
        flat("", &serde_json::from_str(&line).unwrap(), &mut want);
        want.retain(|_, value| !value.is_empty());
        let mut logs = MemoryLogs::new();
        logs.push(&Labels::from_pairs([("stream", "s")]), 1, &line, Labels::empty().as_ref(), Level::Absent);
        let found = entries_of(ask(&logs, "{stream=\"s\"} | json", ALL).unwrap());
        let got: BTreeMap<String, String> = found[0].parsed.iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect();
        prop_assert_eq!(got, want);
    }

    #[test]
    fn any_line_is_survived(line in "\\PC{0,40}|[a-c{}\\[\\]\",:\\\\=<> u0-9\u{1b}]{0,40}", stage in stage()) {
        let mut logs = MemoryLogs::new();
        logs.push(&Labels::from_pairs([("app", "s")]), 1, &line, Labels::empty().as_ref(), Level::Absent);
        for more in ["| json", "| logfmt", "| logfmt --strict --keep-empty", "| unpack", "| json x=\"a[0].b\", y=\"c\"", "| decolorize", "| regexp \"(?P<x>.)(?P<y>a*)\"", "|= ip(\"1.2.3.4\")"] {
            let _ = ask(&logs, &format!("{{app=\"s\"}} {more} {stage}"), ALL).unwrap();
        }
    }
}

/// Gives fields and never a whole line.
struct OnlyFields(&'static str);

impl LogSource for OnlyFields {
    fn read(&self, _: &LogSelect<'_>, _: &ReadLimits<'_>, _: &mut dyn LogVisitor) -> Result<ReadStats, ReadError> {
        Err(ReadError::Storage("lines were asked for".to_owned()))
    }

    fn counts(&self, _: &[Matcher], _: &[i64], _: &ReadLimits<'_>) -> Result<(Vec<StreamCounts>, ReadStats), ReadError> {
        Err(ReadError::Storage("counts were asked for".to_owned()))
    }

    fn read_fields(
        &self,
        _: &LogSelect<'_>,
        fields: &FieldSelect<'_>,
        _: &ReadLimits<'_>,
        visitor: &mut dyn FieldVisitor,
    ) -> Option<Result<ReadStats, ReadError>> {
        assert_eq!(format!("{:?} {:?}", fields.format, fields.number), self.0);
        let stream = Arc::new(Stream { labels: Labels::from_pairs([("app", "a")]) });
        let batch = LogBatch {
            stream: &stream,
            timestamps_ns: &[1, 2, 3],
            levels: &[Level::Info; 3],
            lines: &["", "", "ms=7 status=x"],
            metadata: &[],
            sizes: &[],
        };
        let columns: Vec<[FieldValue<'_>; 3]> = fields
            .names
            .iter()
            .map(|name| match name.as_str() {
                "ms" if fields.number == Some("ms") => [FieldValue::Number(1.5), FieldValue::Absent, FieldValue::Unknown],
                "ms" => [FieldValue::Text("1.5"), FieldValue::Absent, FieldValue::Unknown],
                "status" => [FieldValue::Text("x"), FieldValue::Text("y"), FieldValue::Text("x")],
                "app" => [FieldValue::Unknown; 3],
                other => panic!("{other}"),
            })
            .collect();
        Some(visitor.fields(&batch, &columns.iter().map(|column| &column[..]).collect::<Vec<_>>()).map(|()| ReadStats::default()))
    }
}

#[test]
fn fields_take_the_place_of_lines() {
    let params = RangeParams { start_ns: 10, end_ns: 10, ..ALL };
    for (query, asked, want) in [
        ("sum by (app) (sum_over_time({app=\"a\"} | logfmt | unwrap ms [10ns]))", "Logfmt Some(\"ms\")", "{app=\"a\"} 8.5"),
        (
            "quantile_over_time(1, {app=\"a\"} | logfmt | unwrap ms | __error__=\"\" [10ns]) by (app)",
            "Logfmt Some(\"ms\")",
            "{app=\"a\"} 7",
        ),
        ("sum by (status) (count_over_time({app=\"a\"} | logfmt | ms > 2 [10ns]))", "Logfmt None", "{status=\"x\"} 1"),
        ("sum by (status) (count_over_time({app=\"a\"} | logfmt [10ns]))", "Logfmt None", "{status=\"x\"} 2,{status=\"y\"} 1"),
    ] {
        let series = series_of(ask(&OnlyFields(asked), query, params).unwrap());
        let shown: Vec<String> = series.iter().map(|s| format!("{} {}", s.labels, s.samples[0].value)).collect();
        assert_eq!(shown.join(","), want, "{query}");
    }
    for query in ["sum(bytes_over_time({app=\"a\"} | logfmt | ms > 2 [10ns]))", "count_over_time({app=\"a\"} | logfmt [10ns])"] {
        assert_eq!(ask(&OnlyFields(""), query, params), Err("lines were asked for".to_owned()), "{query}");
    }
}
