//! LogQL over the real store, on a simulated disk.

use phoenix_engine::logs::{DeleteRequest, LogRange, LogScope};
use phoenix_engine::{EmbeddedLogs, LogsEngine, QueryLimits};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{SharedClock, SharedDisk, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeOptions};
use phoenix_logql::LogValue;
use phoenix_model::Labels;
use phoenix_model::logs::{Direction, Level, LogWrite};
use phoenix_query::Value;
use prometheus_client::registry::Registry;
use std::sync::{Arc, Mutex};

const SECOND: i64 = 1_000_000_000;

struct World {
    engine: EmbeddedLogs,
    store: Arc<Lake>,
    now_ns: i64,
}

fn world() -> World {
    let now_ms = 1_790_000_000_000;
    let disk: SharedDisk = Arc::new(SimDisk::new(7));
    let clock: SharedClock = SimClock::new(now_ms);
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), "/data/logs/objects").unwrap());
    let store = Lake::open(LakeOptions::new("/data/logs"), disk, objects, Arc::clone(&clock), &mut Registry::default()).unwrap();
    let store = Arc::new(store);
    World { engine: EmbeddedLogs::new(Arc::clone(&store), clock), store, now_ns: now_ms * 1_000_000 }
}

impl World {
    /// Forty lines of two apps, a second apart.
    fn fill(&self, from: i64) {
        let mut write = LogWrite::default();
        for app in ["api", "web"] {
            write.begin_stream(Labels::from_pairs([("app", app)]));
            for i in 0..20 {
                let level = if i % 5 == 0 { Level::Error } else { Level::Info };
                let line = format!("level={level} took={i}ms id={app}-{}", from + i);
                let metadata = Labels::from_pairs([("trace_id", format!("t{}", from + i))]);
                write.push(self.now_ns - (from + i) * SECOND, &line, metadata.as_ref(), level);
            }
        }
        assert_eq!(self.engine.write(&write).unwrap().stored, 40);
    }

    fn lines(&self, query: &str) -> Vec<String> {
        let range = LogRange {
            start_ns: self.now_ns - 3600 * SECOND,
            end_ns: self.now_ns + 1,
            step_ns: SECOND,
            interval_ns: 0,
            limit: 1000,
            direction: Direction::Backward,
        };
        match self.engine.range(query, &range, &QueryLimits::unlimited()).unwrap().value {
            LogValue::Entries(entries) => entries.into_iter().map(|entry| entry.line).collect(),
            LogValue::Metric(other) => panic!("{other:?}"),
        }
    }

    fn number(&self, query: &str) -> f64 {
        let output = self.engine.instant(query, self.now_ns, 100, Direction::Backward, &QueryLimits::unlimited()).unwrap();
        match output.value {
            LogValue::Metric(output) => match output.value {
                Value::Vector(samples) => samples.iter().map(|s| s.sample.value).sum(),
                other => panic!("{other:?}"),
            },
            LogValue::Entries(_) => panic!("entries"),
        }
    }
}

#[test]
fn queries_see_memory_and_segments_alike() {
    let world = world();
    world.fill(0);
    while world.store.flush().is_ok() && world.store.status().memory_entries > 0 {}
    assert!(world.store.status().segments > 0);
    world.fill(100);
    assert_eq!(world.lines(r#"{app="api"}"#).len(), 40);
    assert_eq!(world.lines(r#"{app="api"} |= "id=api-105""#), ["level=error took=5ms id=api-105"]);
    assert_eq!(world.lines(r#"{app=~".+"} | trace_id="t3""#).len(), 2);
    assert_eq!(world.lines(r#"{app=~".+"} | logfmt | took="7ms" | id=~"web-.*""#).len(), 2);
    assert_eq!(world.number("sum(count_over_time({app=~\".+\"}[1h]))"), 80.0);
    assert_eq!(world.number("sum(count_over_time({app=~\".+\"} | detected_level=\"error\" [1h]))"), 16.0);
    assert!((world.number("sum(sum_over_time({app=\"web\"} | logfmt | unwrap duration(took) [1h]))") - 0.38).abs() < 1e-9);

    let scope = LogScope { sets: &[], start_ns: 0, end_ns: i64::MAX };
    assert_eq!(world.engine.label_values("app", &scope, 10).unwrap().0, ["api", "web"]);
    let start_ns = world.now_ns - 3600 * SECOND;
    let found = world.engine.patterns(r#"{app="api"}"#, start_ns, world.now_ns + 1, 60 * SECOND, &QueryLimits::unlimited()).unwrap();
    let counted: u64 = found.iter().flat_map(|pattern| &pattern.samples).map(|(_, count)| count).sum();
    assert_eq!(counted, 40);
    assert!(found[0].pattern.contains("took=<_>"), "{}", found[0].pattern);
}

#[test]
fn deleted_lines_are_gone_at_once_and_come_back_when_that_is_taken_back() {
    let world = world();
    world.fill(0);
    let query = r#"{app="web"} |= "level=error""#.to_owned();
    let id = world.engine.delete(&DeleteRequest { query: query.clone(), start_ns: 0, end_ns: i64::MAX }).unwrap();
    assert_eq!(world.lines(&query).len(), 0);
    assert_eq!(world.lines(r#"{app="web"}"#).len(), 16);
    assert_eq!(world.number("sum(count_over_time({app=~\".+\"}[1h]))"), 36.0);
    assert_eq!(world.engine.deletes().unwrap()[0].query, query);
    assert!(world.engine.cancel_delete(&id).unwrap());
    assert_eq!(world.lines(&query).len(), 4);
    let error = world.engine.delete(&DeleteRequest { query: "{app=\"web\"} | json".to_owned(), start_ns: 0, end_ns: 1 }).unwrap_err();
    assert!(error.to_string().contains("line filters"), "{error}");
}

#[test]
fn a_tail_is_told_what_passes() {
    let world = world();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sink = Arc::clone(&seen);
    let told = move |entry: phoenix_logql::LogEntry| sink.lock().unwrap().push(entry.line);
    let query = r#"{app="api"} | logfmt | took > 17ms | line_format "{{.id}}""#;
    let guard = world.engine.tail(query, Box::new(told)).unwrap();
    world.fill(0);
    assert_eq!(*seen.lock().unwrap(), ["api-18", "api-19"]);
    drop(guard);
    world.fill(50);
    assert_eq!(seen.lock().unwrap().len(), 2);
}
