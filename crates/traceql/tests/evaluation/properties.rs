//! Generated traces and queries: columns and row by row, with and without a store that decides, and
//! in threads, everything gives the same.

use crate::script::{SECOND, Traces};
use phoenix_model::Budget;
use phoenix_traceql::memory::MemorySource;
use phoenix_traceql::{EvalError, EvalOptions, MetricsParams, SearchParams, metrics_range, parse, search};
use proptest::prelude::*;

fn attribute() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec!["a", "b", "@a", "@b", "scope.a"]);
    let value = prop::sample::select(vec!["1", "2", "2.0", "2.5", "x", "y", "true", "false", "[1;2]", "[x;y]", "\"\""]);
    (key, value).prop_map(|(key, value)| format!(" {key}={value}"))
}

fn extra() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => attribute(),
        1 => Just(" error".to_owned()),
        1 => Just(" server".to_owned()),
        1 => Just(" orphan".to_owned()),
        1 => Just(" !e+1ms{a=1,b=x}".to_owned()),
        1 => Just(" !f+2ms{a=x}".to_owned()),
        1 => Just(" ^1/1{b=2}".to_owned()),
        1 => Just(" weight=4".to_owned()),
    ]
}

/// Depth, service, name, start, duration, and what else there is.
fn span() -> impl Strategy<Value = (usize, String)> {
    let names = (prop::sample::select(vec!["s", "t", "-"]), prop::sample::select(vec!["n", "m"]));
    (0..4_usize, names, 0..5_u32, 1..6_u32, prop::collection::vec(extra(), 0..4)).prop_map(
        |(depth, (service, name), start, duration, more)| {
            let mut seen = std::collections::BTreeSet::new();
            let more: String =
                more.into_iter().filter(|extra| seen.insert(extra.split('=').next().unwrap_or_default().to_owned())).collect();
            (depth, format!("{service} {name} +{start}ms {duration}ms{more}"))
        },
    )
}

fn traces() -> impl Strategy<Value = Vec<(u32, Vec<(usize, String)>)>> {
    prop::collection::vec((0..40_u32, prop::collection::vec(span(), 1..8)), 1..8)
}

fn built(traces: &[(u32, Vec<(usize, String)>)]) -> Traces {
    let mut built = Traces::default();
    for (number, (start, spans)) in traces.iter().enumerate() {
        built.begin(&format!("{:x} {start}", number + 1));
        let mut depth = 0;
        for (wanted, text) in spans {
            // No further in than one below the span before.
            depth = (*wanted + 1).min(depth + 1);
            built.span(&format!("{}{text}", "  ".repeat(depth)));
        }
    }
    built
}

fn field() -> impl Strategy<Value = String> {
    prop::sample::select(vec![
        "span.a",
        "span.b",
        "resource.a",
        "resource.b",
        ".a",
        ".b",
        "event.a",
        "link.b",
        "instrumentation.a",
        "parent.a",
        "parent.span.b",
        "duration",
        "name",
        "status",
        "kind",
        "event:name",
        "trace:duration",
        "rootName",
        "span:childCount",
        "nestedSetParent",
        "resource.service.name",
        "event:timeSinceStart",
    ])
    .prop_map(str::to_owned)
}

fn attribute_name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "span.a",
        "span.b",
        "resource.a",
        "resource.b",
        ".a",
        ".b",
        "event.a",
        "link.b",
        "instrumentation.a",
        "parent.a",
        "parent.span.b",
    ])
}

fn condition() -> impl Strategy<Value = String> {
    let equality = prop::sample::select(vec!["=", "!="]);
    let value = prop::sample::select(vec!["1", "2", "2.5", "\"x\"", "true", "nil", "span.a", "resource.b"]);
    let order = || prop::sample::select(vec!["=", "!=", "<", "<=", ">=", ">"]);
    let number = prop::sample::select(vec!["1", "2", "2.0", "\"s\"", "2ms", ".a"]);
    let intrinsic = prop::sample::select(vec![
        "duration > 2ms",
        "duration <= 2ms",
        "name = \"n\"",
        "name != \"n\"",
        "name =~ \"m|x\"",
        "status = error",
        "status != error",
        "kind = server",
        "event:name = \"e\"",
        "event:name != \"e\"",
        "trace:duration > 5ms",
        "rootName = \"n\"",
        "rootName != \"n\"",
        "rootServiceName =~ \"s|\"",
        "span:childCount > 0",
        "nestedSetParent = -1",
        "nestedSetLeft > 1",
        "event:timeSinceStart = 2ms",
        "resource.service.name = \"s\"",
        "resource.service.name != \"s\"",
        "trace:id = \"2\"",
        "trace:id != \"2\"",
        "span:id = \"101\"",
        "span:parentID = \"101\"",
        "span:parentID != \"101\"",
        "link:spanID = \"101\"",
        "statusMessage = \"\"",
        "span.a * 2 >= 2",
        "!(span.a = 1)",
        "!span.a",
        "span.a",
        "true",
        "false",
        "span.b + span.a > 2",
        "2 < span.b",
    ]);
    let leaf = prop_oneof![
        4 => (attribute_name(), equality, value).prop_map(|(field, op, value)| format!("{field} {op} {value}")),
        4 => (attribute_name(), order(), number).prop_map(|(field, op, value)| format!("{field} {op} {value}")),
        2 => attribute_name().prop_map(|field| format!("{field} =~ \"x|s|n\"")),
        2 => attribute_name().prop_map(|field| format!("{field} !~ \"x|e\"")),
        5 => intrinsic.prop_map(str::to_owned),
    ];
    leaf.prop_recursive(2, 6, 2, |inner| {
        (inner.clone(), prop::sample::select(vec!["&&", "||"]), inner).prop_map(|(a, op, b)| format!("({a}) {op} ({b})"))
    })
}

fn spanset() -> impl Strategy<Value = String> {
    let leaf = condition().prop_map(|condition| format!("{{ {condition} }}"));
    let ops = vec!["&&", "||", ">", ">>", "<", "<<", "~", "!>", "!>>", "!<", "!<<", "!~", "&>", "&>>", "&<", "&<<", "&~"];
    leaf.prop_recursive(2, 6, 2, move |inner| {
        (inner.clone(), prop::sample::select(ops.clone()), inner).prop_map(|(a, op, b)| format!("({a} {op} {b})"))
    })
}

fn pipeline() -> impl Strategy<Value = String> {
    let stage = prop_oneof![
        condition().prop_map(|condition| format!(" | {{ {condition} }}")),
        Just(" | count() > 1".to_owned()),
        Just(" | avg(duration) < 4ms".to_owned()),
        Just(" | sum(span.a) >= 2".to_owned()),
        Just(" | by(.a)".to_owned()),
        Just(" | by(resource.service.name)".to_owned()),
        Just(" | coalesce()".to_owned()),
        Just(" | select(.b, event.a)".to_owned()),
    ];
    (spanset(), prop::collection::vec(stage, 0..3)).prop_map(|(first, stages)| first + &stages.concat())
}

fn metrics() -> impl Strategy<Value = String> {
    let op = prop::sample::select(vec![
        "rate()",
        "count_over_time()",
        "min_over_time(duration)",
        "max_over_time(span.a)",
        "sum_over_time(span.b)",
        "avg_over_time(duration)",
        "quantile_over_time(duration, 0.5, 0.9)",
        "histogram_over_time(duration)",
        "histogram_over_time(span.a)",
    ]);
    let by = prop_oneof![
        1 => Just(String::new()),
        2 => field().prop_map(|field| format!(" by ({field})")),
        1 => (field(), field()).prop_filter("twice the same", |(a, b)| a != b).prop_map(|(a, b)| format!(" by ({a}, {b})")),
    ];
    (pipeline(), op, by).prop_map(|(pipeline, op, by)| format!("{pipeline} | {op}{by}"))
}

/// What a query gives, in all ways.
fn check<T: PartialEq + std::fmt::Debug>(
    text: &str,
    traces: &[(u32, Vec<(usize, String)>)],
    ask: impl Fn(&phoenix_traceql::Query, &MemorySource, &EvalOptions<'_>) -> Result<T, EvalError>,
) -> Result<(), TestCaseError> {
    let Ok(query) = parse(text).into_result() else {
        return Err(TestCaseError::reject("types do not fit"));
    };
    let built = built(traces);
    let budget = Budget::unlimited();
    let plain = EvalOptions { columnar: false, pushdown: false, ..EvalOptions::new(&budget) };
    let want = ask(&query, &MemorySource::new(built.write.clone()), &plain);
    for (columnar, pushdown, batch, threads) in [(true, false, 64, 1), (false, true, 64, 1), (true, true, 2, 1), (true, true, 1, 3)] {
        let options = EvalOptions { columnar, pushdown, threads, ..plain };
        let got = ask(&query, &MemorySource::new(built.write.clone()).with_batches_of(batch), &options);
        prop_assert_eq!(
            &got,
            &want,
            "{} with columns {}, pushdown {}, batches of {}, {} visitors",
            text,
            columnar,
            pushdown,
            batch,
            threads
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, max_global_rejects: 3000, ..ProptestConfig::default() })]

    #[test]
    fn searches_do_not_depend_on_the_way(text in pipeline(), traces in traces(), limit in 1..10_usize) {
        let params = SearchParams { start_ns: 5 * SECOND, end_ns: 30 * SECOND, limit, spans_per_set: 3 };
        check(&text, &traces, |query, source, options| search(query, &params, source, options).map(|output| output.traces))?;
    }

    #[test]
    fn numbers_do_not_depend_on_the_way(text in metrics(), traces in traces(), step in 1..20_i64) {
        let params = MetricsParams { start_ns: 5 * SECOND, end_ns: 30 * SECOND, step_ns: step * SECOND, exemplars: 5 };
        check(&text, &traces, |query, source, options| {
            let output = metrics_range(query, &params, source, options)?;
            // Values of exemplars are NaN where nothing is measured; sums of other threads may differ in the last bit.
            let samples = |samples: &[(i64, f64)]| samples.iter().map(|(at, value)| (*at, format!("{value:.6}"))).collect::<Vec<_>>();
            let exemplars = |series: &phoenix_traceql::result::MetricsSeries| format!("{:?}", series.exemplars);
            Ok(output.series.iter().map(|s| (s.labels.clone(), samples(&s.samples), exemplars(s))).collect::<Vec<_>>())
        })?;
    }
}
