//! TraceQL over the real store, on a simulated disk: the same answers as over spans in memory, of
//! which each is looked at.

use phoenix_engine::traces::SearchRange;
use phoenix_engine::{EmbeddedTraces, QueryLimits, TracesEngine};
use phoenix_env::objects::FolderObjects;
use phoenix_env::{SharedClock, SharedDisk, SimClock, SimDisk};
use phoenix_lake::{LakeOptions, TraceLake};
use phoenix_model::Budget;
use phoenix_model::traces::{AttributeValue, Scalar, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite};
use phoenix_traceql::ast::IntrinsicName;
use phoenix_traceql::memory::MemorySource;
use phoenix_traceql::{EvalOptions, MetricsParams, SearchParams, TagField, TagParams, metrics_range, parse, search, tag_values};
use prometheus_client::registry::Registry;
use std::sync::Arc;

const SECOND: i64 = 1_000_000_000;
const NOW_MS: i64 = 1_790_000_000_000;

struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) % end
    }
}

/// Adds a span of a trace: each below an earlier one, but for a few whose parent is not there.
fn push(write: &mut TraceWrite, random: &mut Random, trace: u64, span: u64) {
    let service = ["shop", "cart", "db"][random.below(3) as usize];
    let resource = write.add_resource("", 0, |builder| {
        builder.text("service.name", service);
        builder.push("shard", &AttributeValue::Int(random.below(3) as i64));
    });
    let scope = write.add_scope(["lib", "other"][random.below(2) as usize], "1", "", 0, |_| ());
    let parent = match random.below(20) {
        _ if span == 1 => 0,
        0 => 99,
        other => 1 + other % (span - 1),
    };
    let fixed = SpanRecord {
        trace_id: TraceId(u128::from(trace).to_be_bytes()),
        span_id: SpanId((trace << 8 | span).to_be_bytes()),
        parent_id: if parent == 0 { SpanId::NONE } else { SpanId((trace << 8 | parent).to_be_bytes()) },
        start_ns: NOW_MS * 1_000_000 - 600 * SECOND + (trace as i64 * 7 % 300) * SECOND + span as i64 * 1_000_000,
        duration_ns: (1 + random.below(2000) as i64) * 1_000_000,
        kind: SpanKind::ALL[random.below(6) as usize],
        status: SpanStatus::ALL[random.below(3) as usize],
        ..SpanRecord::default()
    };
    write.begin_span(resource, scope, fixed, ["GET /", "SELECT", "work"][random.below(3) as usize]);
    if random.below(3) == 0 {
        write.set_trace_state("ot=th:8");
    }
    write.set_attributes(|builder| {
        if random.below(2) == 0 {
            builder.push("http.status_code", &AttributeValue::Int([200, 404, 500][random.below(3) as usize]));
        }
        match random.below(6) {
            0 => builder.push("mixed", &AttributeValue::Float(1.5)),
            1 => builder.text("mixed", "text"),
            2 => builder.push("mixed", &AttributeValue::Bool(true)),
            3 => builder.push("mixed", &AttributeValue::Array(vec![Scalar::Int(1), Scalar::Text("text".into())])),
            _ => {}
        }
    });
    if random.below(4) == 0 {
        write.push_event(fixed.start_ns + 5_000_000, "exception", 0, |builder| builder.text("kind", "io"));
    }
}

/// The same spans in the store, some in memory and some in segments, and traces in several places; and in memory.
fn world(seed: u64) -> (Arc<TraceLake>, MemorySource) {
    let disk: SharedDisk = Arc::new(SimDisk::new(seed));
    let clock: SharedClock = SimClock::new(NOW_MS);
    let objects = Arc::new(FolderObjects::open(Arc::clone(&disk), "/data/traces/objects").unwrap());
    let store = TraceLake::open(LakeOptions::new("/data/traces"), disk, objects, clock, &mut Registry::default()).unwrap();
    let mut random = Random(seed | 1 << 40);
    let mut all = TraceWrite::default();
    for part in 0..3_u64 {
        let mut write = TraceWrite::default();
        for trace in 1..80 {
            for span in 1 + part * 4..=part * 4 + 1 + random.below(4) {
                push(&mut write, &mut random, trace, span);
            }
        }
        for span in write.spans() {
            let (resource, scope) = (all.copy_resource(&write.resource(span.resource)), all.copy_scope(&write.scope(span.scope)));
            all.copy_span(resource, scope, &span);
        }
        store.write(&write).unwrap();
        if part < 2 {
            store.flush().unwrap();
        }
    }
    (Arc::new(store), MemorySource::new(all))
}

const CONDITIONS: [&str; 18] = [
    "{}",
    "{ resource.service.name = \"shop\" && status = error }",
    "{ span.http.status_code >= 404 }",
    "{ span.http.status_code != 404 }",
    "{ span.http.status_code = nil && kind = server }",
    "{ .mixed = 1.5 || .mixed =~ \"te.*\" }",
    "{ .mixed != \"other\" }",
    "{ span.mixed = true }",
    "{ resource.shard < 2 && duration > 1s }",
    "{ parent.http.status_code = 500 }",
    "{ event:name = \"exception\" && event.kind != nil }",
    "{ rootServiceName = \"db\" && name != \"work\" }",
    "{ trace:duration > 1900ms } && { status = ok }",
    "{ status = error } >> { span.http.status_code = 200 }",
    "{ resource.service.name = \"db\" } !> { kind = client }",
    "{ name = \"GET /\" } &~ { name = \"work\" }",
    "{ status = error } | by(resource.service.name) | count() > 1 | select(span.mixed, name)",
    "{ instrumentation:name = \"lib\" && span:childCount > 1 } | avg(duration) > 800ms",
];

#[test]
fn the_store_answers_as_memory_does() {
    let (budget, limits) = (Budget::unlimited(), QueryLimits::unlimited());
    for seed in [1, 2] {
        let (store, memory) = world(seed);
        let start_ns = NOW_MS * 1_000_000 - 500 * SECOND;
        let end_ns = start_ns + 150 * SECOND;
        for threads in [1, 2] {
            let engine = EmbeddedTraces::new(Arc::clone(&store), threads);
            let options = EvalOptions { threads, ..EvalOptions::new(&budget) };
            for condition in CONDITIONS {
                let query = parse(condition).into_result().unwrap_or_else(|why| panic!("{condition}: {why:?}"));
                for limit in [5, 1000] {
                    let range = SearchRange { start_ns, end_ns, limit, spans_per_set: 3 };
                    let params = SearchParams { start_ns, end_ns, limit, spans_per_set: 3 };
                    let got = engine.search(condition, &range, &limits).unwrap().traces;
                    let want = search(&query, &params, &memory, &options).unwrap().traces;
                    assert_eq!(got, want, "seed {seed}, {threads} threads: {condition}");
                    assert!(limit == 5 || !want.is_empty(), "{condition} finds something");
                }
                if condition.contains("count()") || condition.contains("avg(") {
                    continue;
                }
                for stage in [
                    "rate() by (resource.service.name, span.http.status_code)",
                    "quantile_over_time(duration, .9) by (status)",
                    "sum_over_time(span.http.status_code) by (.mixed)",
                    "compare({ kind = client })",
                ] {
                    let text = format!("{condition} | {stage}");
                    let query = parse(&text).into_result().unwrap_or_else(|why| panic!("{text}: {why:?}"));
                    let params = MetricsParams { start_ns, end_ns, step_ns: 30 * SECOND, exemplars: 5 };
                    let got = engine.metrics_range(&text, start_ns, end_ns, params.step_ns, params.exemplars, &limits).unwrap();
                    let want = metrics_range(&query, &params, &memory, &options).unwrap();
                    let (got, want) = (format!("{:#?}", got.series), format!("{:#?}", want.series));
                    assert_eq!(got, want, "seed {seed}, {threads} threads: {text}");
                }
            }
            let params = TagParams { start_ns, end_ns, limit: 100 };
            for (tag, field) in [
                ("name", IntrinsicName::Name),
                ("kind", IntrinsicName::Kind),
                ("rootServiceName", IntrinsicName::RootService),
                ("event:name", IntrinsicName::EventName),
            ] {
                let got = engine.tag_values(tag, "", start_ns, end_ns, params.limit, &limits).unwrap();
                let want = tag_values(&TagField::Intrinsic(field), None, &params, &memory, &options).unwrap();
                assert_eq!(got, want, "{tag}");
            }
        }
    }
}
