//! Answers from what is known equal those of a fresh evaluation, bit for bit, whatever was written,
//! deleted or dropped in between: random histories over the stores that Phoenix runs with.

use phoenix_dashboard::refresh::{Ask, Body, Engines, Matrix, Query, Refresher, RefresherOptions, Request, plan};
use phoenix_engine::logs::DeleteRequest;
use phoenix_engine::{EmbeddedLogs, EmbeddedMetrics, EmbeddedTraces, LogsEngine, QueryLimits, WriteBatch};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{Clock, SharedClock, SharedDisk, SimClock, SimDisk};
use phoenix_lake::{Lake, LakeOptions, Retention, StreamRetention, TraceLake};
use phoenix_model::logs::{Level, LogWrite};
use phoenix_model::{Labels, LabelsRef, Matcher, stale_nan};
use phoenix_tsdb::{Tsdb, TsdbOptions};
use prometheus_client::registry::Registry;
use std::sync::Arc;
use std::time::Duration;

const NOW_MS: i64 = 1_800_000_000_000;
const MINUTE_MS: i64 = 60_000;

const PROMQL: [&str; 30] = [
    "x",
    "rate(x[1m])",
    "sum by (job) (rate(x[5m]))",
    "sum(rate(x{job=\"a\"}[2m])) / sum(rate(x[2m]))",
    "sum(sum by (job, i) (y)) by (job)",
    "topk(2, sum by (i) (round(y)))",
    "avg(avg by (job) (y))",
    "quantile(0.9, y)",
    "stddev by (job) (y)",
    "histogram_quantile(0.9, sum by (le) (rate(h_bucket[5m])))",
    "max_over_time(y[10m])",
    "avg_over_time(y[3m])",
    "sum_over_time(y[30m])",
    "quantile_over_time(0.5, y[10m])",
    "max_over_time(sum(rate(x[1m]))[10m:1m])",
    "changes(y[10m]) + resets(x[10m])",
    "y offset 10m",
    "y offset -10m",
    "y - y offset 1h",
    "absent(y{i=\"3\"})",
    "count(y) or vector(0)",
    "time() - timestamp(y)",
    "y > 3 unless on (i) x",
    "label_replace(y, \"k\", \"$1\", \"i\", \"(.*)\")",
    "rate({__name__=~\"x|y\"}[5m])",
    "y @ end()",
    "y * on (i, job) group_left () x",
    "deriv(y[5m])",
    "vector(1)",
    "increase(x[90s])",
];

const LOGQL: [&str; 10] = [
    "count_over_time({app=~\".+\"}[1m])",
    "sum by (app) (rate({app=~\".+\"} |= \"1\" [5m]))",
    "avg(rate({app=~\".+\"}[2m]))",
    "bytes_rate({app=\"a\"}[90s])",
    "topk(1, sum by (app) (count_over_time({app=~\".+\"} | logfmt | n > 3 [5m])))",
    "quantile_over_time(0.5, {app=\"a\"} | logfmt | unwrap n [5m]) by (app)",
    "sum_over_time({app=\"b\"} | logfmt | unwrap n [5m])",
    "absent_over_time({app=\"a\"}[1m])",
    "sum(rate({app=\"a\"}[5m])) / sum(rate({app=~\".+\"}[5m]))",
    "count_over_time({app=\"a\"}[5m] offset 20m)",
];

struct Dice(u64);

impl Dice {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 8) % end
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }
}

struct House {
    clock: Arc<SimClock>,
    tsdb: Arc<Tsdb>,
    lake: Arc<Lake>,
    logs: Arc<EmbeddedLogs>,
    cached: Refresher,
    fresh: Refresher,
}

fn house(seed: u64, cache_bytes: u64) -> House {
    let clock = SimClock::new(NOW_MS);
    let shared: SharedClock = clock.clone();
    let disk: SharedDisk = Arc::new(SimDisk::with_clock(seed, shared.clone()));
    let objects = Arc::new(FolderObjects::open(disk.clone(), "/data/objects").unwrap());
    let mut registry = Registry::default();
    let options =
        TsdbOptions { retention: Some(Duration::from_hours(5)), retention_bytes: Some(60_000), ..TsdbOptions::new("/data/metrics") };
    let tsdb = Tsdb::open(options, disk.clone(), shared.clone(), &mut registry).unwrap();
    let hours = |hours| Duration::from_hours(hours);
    let short = StreamRetention { matchers: vec![Matcher::equal("app", "c")], period: hours(2), priority: 1 };
    let retention = Retention { default: Some(hours(4)), streams: vec![short], max_bytes: None };
    let options = LakeOptions { retention, delete_cancel_period: hours(1), ..LakeOptions::new("/data/logs") };
    let lake = Arc::new(Lake::open(options, disk.clone(), objects.clone(), shared.clone(), &mut registry).unwrap());
    let traces = TraceLake::open(LakeOptions::traces("/data/traces"), disk, objects, shared.clone(), &mut registry).unwrap();
    let logs = Arc::new(EmbeddedLogs::new(Arc::clone(&lake), shared.clone()));
    let engines = Engines {
        metrics: Arc::new(EmbeddedMetrics::new(Arc::clone(&tsdb), Duration::from_mins(1))),
        logs: logs.clone(),
        traces: Arc::new(EmbeddedTraces::new(Arc::new(traces), 1)),
        text_of: |value| format!("{value:?}"),
    };
    let refresher = |cache_bytes| {
        let options =
            RefresherOptions { engines: engines.clone(), default_step: Duration::from_mins(1), cache_bytes, clock: shared.clone() };
        Refresher::new(options, &mut Registry::default())
    };
    House { clock, tsdb, lake, logs, cached: refresher(cache_bytes), fresh: refresher(0) }
}

impl House {
    /// What series have at a moment: some come and go, counters begin again.
    fn scrape(&self, at_ms: i64, dice: &mut Dice) {
        let mut series = Vec::new();
        for i in 0..5_u64 {
            let there = (at_ms / (MINUTE_MS * (7 + i as i64))) % 4 != 0;
            if !there && i > 1 {
                continue;
            }
            for job in ["a", "b"] {
                let labels = |name: &str| Labels::from_pairs([("__name__", name), ("job", job), ("i", &i.to_string())]);
                let counter = (at_ms / 1_000 % (900 + 100 * i as i64)) as f64 * (i as f64 + 0.1);
                let gauge = if dice.below(30) == 0 { stale_nan() } else { dice.below(1_000) as f64 / 7.0 };
                series.push((labels("x"), vec![(at_ms, counter)]));
                series.push((labels("y"), vec![(at_ms, gauge)]));
            }
        }
        for (le, share) in [("1", 0.3), ("5", 0.7), ("+Inf", 1.0)] {
            let labels = Labels::from_pairs([("__name__", "h_bucket"), ("le", le)]);
            series.push((labels, vec![(at_ms, ((at_ms / 1_000 % 3_000) as f64 * share).floor())]));
        }
        self.tsdb.write(&WriteBatch::floats(series)).unwrap();
    }

    fn log(&self, at_ms: i64, dice: &mut Dice) {
        let mut write = LogWrite::default();
        for _ in 0..=dice.below(4) {
            write.begin_stream(Labels::from_pairs([("app", dice.pick(&["a", "b", "c"])), ("i", dice.pick(&["1", "2", "3"]))]));
            for _ in 0..=dice.below(3) {
                let line = format!("n={} x={}", dice.below(10), dice.below(100));
                write.push(at_ms * 1_000_000 + dice.below(2_000_000_000) as i64, &line, LabelsRef::EMPTY, Level::Info);
            }
        }
        self.logs.write(&write).unwrap();
    }

    fn refresh(&self, dice: &mut Dice, queries: &[(&str, &str)]) -> (u64, u64, String) {
        let (language, query) = dice.pick(queries);
        let step_ms = dice.pick(&[15_000, MINUTE_MS, MINUTE_MS, 5 * MINUTE_MS]);
        let now_ms = self.clock.now_ms();
        let to_ms = match dice.below(6) {
            0 => now_ms - dice.below(7_200_000) as i64,
            1 => (now_ms - dice.below(7_200_000) as i64).div_euclid(step_ms) * step_ms,
            _ => now_ms.div_euclid(step_ms) * step_ms,
        };
        let span_ms = dice.pick(&[0, 1, 10, 30, 60, 60, 60, 180, 360]) * MINUTE_MS;
        let asked = Query {
            id: String::new(),
            language: language.to_owned(),
            kind: "range".to_owned(),
            query: query.to_owned(),
            from_ms: Some((to_ms - span_ms).div_euclid(step_ms) * step_ms + to_ms.rem_euclid(step_ms)),
            to_ms: Some(to_ms),
            step_ms: Some(step_ms),
            ..Query::default()
        };
        let ask: Ask = plan(Request { queries: vec![asked] }, 1_000).unwrap().remove(0).ask.unwrap();
        let limits = QueryLimits::unlimited();
        let what = format!("{ask:?} at {now_ms}");
        let matrix = |refresher: &Refresher| match refresher.answer(&ask, &limits) {
            Ok(answer) => match answer.body {
                Body::Matrix(matrix) => Ok((matrix, answer.annotations)),
                other => panic!("{what}: {other:?}"),
            },
            Err(failure) => Err(failure),
        };
        match (matrix(&self.cached), matrix(&self.fresh)) {
            (Ok((cached, cached_notes)), Ok((fresh, fresh_notes))) => {
                assert_eq!(cached.shown_grid(), fresh.shown_grid(), "{what}");
                let (got, want) = (shown(&cached), shown(&fresh));
                assert_eq!(got.len(), want.len(), "{what}");
                for (got, want) in got.iter().zip(&want) {
                    assert_eq!(got.0, want.0, "{what}: series and their order");
                    for (step, (got, want)) in got.1.iter().zip(&want.1).enumerate() {
                        assert_eq!(
                            got.to_bits(),
                            want.to_bits(),
                            "{what}: step {step} is {got} instead of {want}; known are {:?}",
                            cached.cached
                        );
                    }
                }
                let warnings =
                    |notes: &[phoenix_query::Annotation]| notes.iter().filter(|n| n.level > phoenix_query::AnnotationLevel::Info).count();
                assert_eq!(warnings(&cached_notes), warnings(&fresh_notes), "{what}");
                let (known, computed) = cached.points();
                assert_eq!(fresh.points(), (0, known + computed), "{what}");
                (known, computed, query.to_owned())
            }
            (Err(cached), Err(fresh)) => {
                assert_eq!(cached, fresh, "{what}");
                (0, 0, query.to_owned())
            }
            (cached, fresh) => panic!("{what}: {:?} instead of {:?}", cached.map(|_| ()), fresh.map(|_| ())),
        }
    }
}

fn shown(matrix: &Matrix) -> Vec<(Labels, Vec<f64>)> {
    matrix.series().map(|column| (column.labels.clone(), column.values[matrix.shown.clone()].to_vec())).collect()
}

/// What a history gave.
#[derive(Default)]
struct Told {
    known: u64,
    computed: u64,
    with_known: std::collections::BTreeSet<String>,
}

fn run(seed: u64, cache_bytes: u64, queries: &[(&str, &str)], told: &mut Told) {
    let house = house(seed, cache_bytes);
    let mut dice = Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    // A past to look at.
    for i in (1..=120).rev() {
        house.scrape(NOW_MS - i * MINUTE_MS / 2, &mut dice);
        house.log(NOW_MS - i * MINUTE_MS / 2, &mut dice);
    }
    let mut deletes = Vec::new();
    for _ in 0..120 {
        let now_ms = house.clock.now_ms();
        match dice.below(40) {
            // Late: of minutes, of hours, of what is past its retention.
            0 => house.scrape(now_ms - dice.below(6 * 3_600_000) as i64, &mut dice),
            1 => house.log(now_ms - dice.below(5 * 3_600_000) as i64, &mut dice),
            2 => {
                let start_ns = (now_ms - dice.below(3 * 3_600_000) as i64) * 1_000_000;
                let end_ns = start_ns + dice.below(1_800_000_000_000) as i64;
                let query = dice.pick(&["{app=\"a\"}", "{app=~\".+\"} |= \"n=4\""]).to_owned();
                deletes.push(house.logs.delete(&DeleteRequest { query, start_ns, end_ns }).unwrap());
            }
            3 => {
                if let Some(id) = deletes.pop() {
                    house.logs.cancel_delete(&id).unwrap();
                }
            }
            4 => house.tsdb.flush_now().unwrap(),
            5 => {
                house.tsdb.maintain().unwrap();
                while house.lake.maintain().unwrap() {}
            }
            6 => house.clock.advance(Duration::from_millis(dice.below(3_600_000))),
            7 => house.clock.jump_wall_ms(dice.below(1_200_000) as i64 - 600_000),
            8..=20 => {
                house.clock.advance(Duration::from_millis(dice.below(60_000)));
                let lag_ms = dice.below(20_000) as i64;
                house.scrape(house.clock.now_ms() - lag_ms, &mut dice);
                house.log(house.clock.now_ms() - lag_ms, &mut dice);
            }
            _ => {
                let (known, computed, query) = house.refresh(&mut dice, queries);
                told.known += known;
                told.computed += computed;
                if known > 0 {
                    told.with_known.insert(query);
                }
            }
        }
    }
}

/// A few queries a history, so that they meet again.
fn some_of(queries: &[(&'static str, &'static str)], seed: u64) -> Vec<(&'static str, &'static str)> {
    (0..3).map(|i| queries[(seed as usize * 3 + i) % queries.len()]).collect()
}

fn histories(seeds: std::ops::Range<u64>, cache_bytes: u64) -> Told {
    let promql = PROMQL.iter().map(|query| ("promql", *query));
    let all: Vec<(&str, &str)> = promql.chain(LOGQL.iter().map(|query| ("logql", *query))).collect();
    let mut told = Told::default();
    for seed in seeds {
        println!("seed {seed}");
        run(seed, cache_bytes, &some_of(&all, seed), &mut told);
    }
    told
}

#[test]
fn answers_from_the_cache_equal_fresh_ones() {
    let told = histories(0..16, 64 << 20);
    assert!(told.known > told.computed / 8, "many steps are known: {} known, {} computed", told.known, told.computed);
    let never = ["@", "offset -", "label_replace", "__name__", "unwrap n [5m])"];
    for query in &told.with_known {
        assert!(!never.iter().any(|part| query.contains(part)) || query.contains("quantile"), "{query} must not be kept");
    }
    assert!(told.with_known.len() > 25, "{:?}", told.with_known);
}

#[test]
fn a_cache_without_room_is_as_right() {
    let told = histories(100..103, 60_000);
    assert!(told.computed > 0);
}
