//! Fields read from columns are those that a parser finds in the lines.

use phoenix_engine::{EmbeddedLogs, LogsEngine, QueryLimits};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{SharedClock, SharedDisk, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeOptions};
use phoenix_logql::memory::MemoryLogs;
use phoenix_logql::{EvalOptions, LogValue};
use phoenix_model::logs::{Direction, Level, LogWrite};
use phoenix_model::{Budget, Labels, LabelsRef};
use phoenix_query::Value;
use prometheus_client::registry::Registry;
use proptest::prelude::*;
use std::sync::Arc;

const NOW_MS: i64 = 1_790_000_000_000;

const QUERIES: [&str; 14] = [
    r#"sum by (app) (sum_over_time({app=~".+"} | logfmt | unwrap took | __error__="" [1h]))"#,
    r#"sum(sum_over_time({app=~".+"} | logfmt | unwrap took_ms | __error__="" [1h]))"#,
    r#"quantile_over_time(0.5, {app=~".+"} | logfmt | unwrap took | __error__="" [1h]) by (app)"#,
    r#"max_over_time({app=~".+"} | logfmt | unwrap duration(wait) | __error__="" [1h]) by (app)"#,
    r#"sum by (user) (count_over_time({app=~".+"} | logfmt | user!="" [1h]))"#,
    r#"sum by (id) (count_over_time({app=~".+"} | logfmt | id!="" [1h]))"#,
    r#"sum by (app) (count_over_time({app=~".+"} | logfmt | took > 5 [1h]))"#,
    r#"sum by (took) (count_over_time({app=~".+"} |= "took" | logfmt | user=~"a.*" [1h]))"#,
    r#"sum by (app) (sum_over_time({app=~".+"} | json | unwrap took | __error__="" [1h]))"#,
    r#"min_over_time({app=~".+"} | json | __error__="" | unwrap took_ms | __error__="" [1h]) by (app)"#,
    r#"sum by (user, app) (count_over_time({app=~".+"} | json | __error__="" | user!="" [1h]))"#,
    r#"sum by (__error__) (count_over_time({app=~".+"} | json [1h]))"#,
    r#"sum by (took) (count_over_time({app=~".+"} | json | took!="" | __error__="" [1h]))"#,
    r#"sum by (app) (count_over_time({app=~".+"} | json | id=~"[0-9a-f]+" | __error__="" [1h]))"#,
];

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..50_i64).prop_map(|n| n.to_string()),
        (-9..9_i64).prop_map(|n| n.to_string()),
        (0..999_u32).prop_map(|n| format!("{}.{:02}", n / 100, n % 100)),
        (0..99_u32).prop_map(|n| format!("{n}ms")),
        Just("9007199254740993".to_owned()),
        Just("0.1000".to_owned()),
        Just("1e3".to_owned()),
        Just("007".to_owned()),
        Just("true".to_owned()),
        Just("null".to_owned()),
        Just(String::new()),
        "[a-c]{1,3}",
        (0..9_u64).prop_map(|n| format!("4bf92f3577b34da6a3ce929d0e0e473{n}")),
        Just("2026-09-21T10:00:00.123Z".to_owned()),
        Just("10.0.0.7".to_owned()),
        Just("ünï".to_owned()),
    ]
}

fn key() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["took", "took_ms", "took.ms", "wait", "user", "id", "level", "a=", "\"took", "tooky", "took\u{a0}", "x"])
}

fn line() -> impl Strategy<Value = String> {
    let pairs = || prop::collection::vec((key(), value(), any::<bool>()), 1..5);
    prop_oneof![
        4 => pairs().prop_map(|pairs| {
            let pairs: Vec<String> = pairs.into_iter().map(|(k, v, q)| if q { format!("{k}=\"{v}\"") } else { format!("{k}={v}") }).collect();
            pairs.join(" ")
        }),
        3 => pairs().prop_map(|pairs| {
            let pairs: Vec<String> = pairs
                .into_iter()
                .map(|(k, v, q)| {
                    let k = k.replace('"', "");
                    if q || v.parse::<f64>().is_err() && v != "true" && v != "null" { format!("\"{k}\":\"{v}\"") } else { format!("\"{k}\":{v}") }
                })
                .collect();
            format!("{{{}}}", pairs.join(","))
        }),
        1 => pairs().prop_map(|pairs| pairs.into_iter().map(|(k, v, _)| format!("GET /{k}?{k}={v} done; ")).collect()),
        1 => "[ -~]{0,40}",
    ]
}

fn engine() -> (EmbeddedLogs, Arc<Lake>) {
    let disk: SharedDisk = Arc::new(SimDisk::new(1));
    let clock: SharedClock = SimClock::new(NOW_MS);
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), "/data/logs/objects").unwrap());
    let store = Lake::open(LakeOptions::new("/data/logs"), disk, objects, Arc::clone(&clock), &mut Registry::default()).unwrap();
    let store = Arc::new(store);
    (EmbeddedLogs::new(Arc::clone(&store), clock), store)
}

/// The answer as text; sums may differ in their last bits, as entries come in another order.
fn shown(value: Result<LogValue, String>) -> String {
    match value {
        Ok(LogValue::Metric(output)) => match output.value {
            Value::Vector(samples) => {
                let mut lines: Vec<String> = samples.iter().map(|s| format!("{} {:.9e}", s.labels, s.sample.value)).collect();
                lines.sort();
                lines.join("\n")
            }
            other => format!("{other:?}"),
        },
        Ok(other) => format!("{other:?}"),
        Err(error) => error,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn columns_and_lines_say_the_same(lines in prop::collection::vec(line(), 1..40), apps in 1..4_usize) {
        let (engine, store) = engine();
        let mut memory = MemoryLogs::default();
        let now_ns = NOW_MS * 1_000_000;
        let mut write = LogWrite::default();
        for app in 0..apps {
            write.begin_stream(Labels::from_pairs([("app", format!("a{app}"))]));
            for (i, line) in lines.iter().enumerate().filter(|(i, _)| i % apps == app) {
                write.push(now_ns - i as i64 * 1_000_000_000, line, LabelsRef::EMPTY, Level::Absent);
            }
        }
        engine.write(&write).unwrap();
        memory.write(&write);
        while store.flush().is_ok() && store.status().memory_entries > 0 {}
        let budget = Budget::unlimited();
        for query in QUERIES {
            let options = EvalOptions::new(&budget, now_ns);
            let want = phoenix_logql::instant(query, now_ns, 100, Direction::Backward, &memory, &options);
            let got = engine.instant(query, now_ns, 100, Direction::Backward, &QueryLimits::unlimited());
            let want = shown(want.map(|o| o.value).map_err(|e| e.to_string()));
            prop_assert_eq!(shown(got.map(|o| o.value).map_err(|e| e.to_string())), want, "{}", query);
        }
    }
}
