//! Figures of the store of spans: CPU of writing and merging, bytes on disk, time of reads. One run,
//! printed as a table.
//!
//! `cargo bench -p phoenix-lake --bench spans -- [traces]`

use phoenix_env::objects::FolderObjects;
use phoenix_env::{Disk, RealClock, RealDisk};
use phoenix_lake::{LakeOptions, SyncPolicy, TraceLake};
use phoenix_model::Budget;
use phoenix_model::logs::{ReadError, ReadLimits};
use phoenix_model::traces::{
    AttributeValue, ColumnValues, Compare, Intrinsic, Scope, SpanBatch, SpanCondition, SpanField, SpanId, SpanKind, SpanPredicate,
    SpanRecord, SpanRows, SpanSelect, SpanStatus, SpanTime, SpanValue, SpanVisitor, TraceId, TraceWrite,
};
use prometheus_client::registry::Registry;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

const SPANS: u64 = 10;
const SERVICES: [&str; 12] =
    ["frontend", "checkout", "cart", "payment", "shipping", "email", "currency", "catalog", "recommendation", "ad", "search", "users"];

/// Nanoseconds that this process has been on CPUs.
fn cpu_ns() -> u64 {
    let text = RealDisk.read(Path::new("/proc/self/stat"), 4096).expect("Linux says how long a process ran");
    let text = String::from_utf8_lossy(&text).into_owned();
    let fields: Vec<&str> = text.rsplit(") ").next().unwrap_or_default().split(' ').collect();
    let ticks: u64 = [11, 12].iter().filter_map(|at| fields.get(*at)?.parse::<u64>().ok()).sum();
    ticks * 10_000_000
}

fn resident_bytes() -> u64 {
    let text = RealDisk.read(Path::new("/proc/self/statm"), 4096).expect("Linux says how much is resident");
    String::from_utf8_lossy(&text).split(' ').nth(1).and_then(|n| n.parse::<u64>().ok()).expect("the second number") * 4096
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit
    }
}

fn trace_id(number: u64) -> TraceId {
    let mut random = Random(number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1);
    random.next();
    TraceId([random.next().to_be_bytes(), random.next().to_be_bytes()].concat().try_into().expect("16 bytes"))
}

/// Traces as an OpenTelemetry SDK sends them.
fn write_of(traces: std::ops::Range<u64>, start_ns: i64, random: &mut Random, write: &mut TraceWrite) {
    write.clear();
    let resources = SERVICES.map(|service| {
        write.add_resource("https://opentelemetry.io/schemas/1.26.0", 0, |set| {
            set.text("service.name", service);
            set.text("service.version", "1.4.2");
            set.text("deployment.environment", "production");
            set.text("host.name", &format!("node-{}", service.len()));
            set.text("telemetry.sdk.language", "go");
        })
    });
    let scope = write.add_scope("go.opentelemetry.io/contrib/instrumentation/net/http/otelhttp", "0.53.0", "", 0, |_| ());
    for number in traces {
        let mut ids: Vec<[u8; 8]> = Vec::new();
        let trace_start = start_ns + number as i64 * 250_000 + random.below(200_000) as i64;
        for span in 0..SPANS {
            let id = (random.next() | 1).to_be_bytes();
            let parent = if span == 0 { [0; 8] } else { ids[random.below(ids.len() as u64) as usize] };
            ids.push(id);
            let failed = random.below(100) == 0;
            let longest = 1 << (10 + random.below(20));
            let service = if span == 0 { 0 } else { random.below(12) as usize };
            let fixed = SpanRecord {
                trace_id: trace_id(number),
                span_id: SpanId(id),
                parent_id: SpanId(parent),
                start_ns: trace_start + (span * 1_500_000 + random.below(1_000_000)) as i64,
                duration_ns: (random.below(longest) + 20_000) as i64,
                kind: if span % 2 == 0 { SpanKind::Server } else { SpanKind::Client },
                status: if failed { SpanStatus::Error } else { SpanStatus::Unset },
                flags: 257,
                dropped: [0; 3],
            };
            let route = random.below(8);
            write.begin_span(resources[service], scope, fixed, &format!("GET /api/{}/{route}", SERVICES[service]));
            if failed {
                write.set_status_message("context deadline exceeded");
            }
            write.set_attributes(|set| {
                set.text("http.request.method", "GET");
                set.text("http.route", &format!("/api/{}/{route}", SERVICES[service]));
                set.push("http.response.status_code", &AttributeValue::Int(if failed { 500 } else { 200 }));
                set.text("server.address", SERVICES[service]);
                set.push("server.port", &AttributeValue::Int(8080));
                if span == 0 {
                    set.text("user.id", &format!("u{}", random.below(100_000)));
                }
            });
            if failed {
                write.push_event(fixed.start_ns + 1000, "exception", 0, |set| {
                    set.text("exception.type", "DeadlineExceeded");
                    set.text("exception.message", "context deadline exceeded");
                });
            }
        }
    }
}

#[derive(Default)]
struct Count {
    traces: usize,
    rows: usize,
    sum: u64,
}

impl SpanVisitor for Count {
    fn batch(&mut self, batch: &SpanBatch<'_>) -> Result<(), ReadError> {
        self.traces += batch.traces.len();
        self.rows += batch.rows;
        for column in batch.columns {
            if let ColumnValues::Coded(codes, _) = column.values {
                self.sum += codes.iter().map(|code| u64::from(*code)).sum::<u64>();
            }
        }
        Ok(())
    }
}

fn is(field: SpanField, compare: Compare) -> SpanPredicate {
    SpanPredicate::Is(SpanCondition { field, compare })
}

fn text(text: &str) -> Compare {
    Compare::Eq(SpanValue::Text(text.into()))
}

fn main() {
    let traces = std::env::args().skip(1).find_map(|arg| arg.parse().ok()).unwrap_or(200_000_u64);
    let spans = traces * SPANS;
    let dir = tempfile::tempdir().expect("a folder for the data");
    let clock = RealClock::shared();
    let mut options = LakeOptions::traces(dir.path().join("traces"));
    options.sync = SyncPolicy::Interval(Duration::from_secs(1));
    options.compaction.quiet_for = Duration::ZERO;
    let objects = Arc::new(FolderObjects::open(RealDisk::shared(), dir.path().join("objects")).expect("a folder for objects"));
    let store = TraceLake::open(options, RealDisk::shared(), objects, Arc::clone(&clock), &mut Registry::default()).expect("it opens");
    let start_ns = clock.now_ms() * 1_000_000 - 3_600_000_000_000;
    let mut random = Random(7);
    let mut write = TraceWrite::default();
    let (mut generating, mut writing, mut moving) = (0, 0, 0);
    for first in (0..traces).step_by(100) {
        let before = cpu_ns();
        write_of(first..(first + 100).min(traces), start_ns, &mut random, &mut write);
        let generated = cpu_ns();
        store.write(&write).expect("it is stored");
        let written = cpu_ns();
        if first % 1000 == 0 {
            while store.maintain().expect("it is kept up") {}
        }
        generating += generated - before;
        writing += written - generated;
        moving += cpu_ns() - written;
    }
    let before = cpu_ns();
    store.flush().expect("it is moved");
    while store.maintain().expect("it is kept up") {}
    moving += cpu_ns() - before;
    let micros = |ns: u64| ns as f64 / spans as f64 / 1000.0;
    println!("{traces} traces of {SPANS} spans");
    println!(
        "CPU a span: write {:.2} µs, flush and merge {:.2} µs (made in {:.2} µs)",
        micros(writing),
        micros(moving),
        micros(generating)
    );
    println!(
        "disk: {:.1} B a span, resident {} MB",
        bytes_below(&dir.path().join("objects")) as f64 / spans as f64,
        resident_bytes() >> 20
    );

    let budget = Budget::unlimited();
    let limits = ReadLimits { budget: &budget, cancelled: &|| false, max_bytes: u64::MAX };
    let mut times: Vec<Duration> = (0..300)
        .map(|_| {
            let id = trace_id(random.below(traces));
            let before = clock.monotonic();
            assert_eq!(store.trace(id, None, &limits).expect("it is read").len(), SPANS as usize);
            clock.monotonic().saturating_sub(before)
        })
        .collect();
    times.sort();
    println!("trace by id: p50 {:.2?}, p99 {:.2?}", times[150], times[297]);

    let service = SpanField::Attribute(Scope::Resource, "service.name".into());
    let intrinsic = SpanField::Intrinsic;
    let by_service =
        [SpanPredicate::All(vec![is(service.clone(), text("payment")), is(intrinsic(Intrinsic::Status), Compare::Eq(SpanValue::Int(2)))])];
    let by_attribute = [SpanPredicate::All(vec![
        is(SpanField::Attribute(Scope::Span, "http.route".into()), text("/api/cart/3")),
        is(intrinsic(Intrinsic::Duration), Compare::Gt(SpanValue::Int(400_000_000))),
    ])];
    let by_user = [is(SpanField::Attribute(Scope::Span, "user.id".into()), text("u4711"))];
    let structural = [is(service.clone(), text("frontend")), is(intrinsic(Intrinsic::Status), Compare::Eq(SpanValue::Int(2)))];
    let found = [intrinsic(Intrinsic::SpanId), intrinsic(Intrinsic::Start), intrinsic(Intrinsic::Duration)];
    let nested = [service.clone(), intrinsic(Intrinsic::Status), intrinsic(Intrinsic::NestedSetLeft), intrinsic(Intrinsic::NestedSetRight)];
    let rate = [intrinsic(Intrinsic::Start), service];
    let all = [SpanPredicate::True];
    for (name, required, columns, time) in [
        ("service and status", &by_service[..], &found[..], SpanTime::Trace),
        ("attribute and duration", &by_attribute[..], &found[..], SpanTime::Trace),
        ("one user", &by_user[..], &found[..], SpanTime::Trace),
        ("structural", &structural[..], &nested[..], SpanTime::Trace),
        ("rate by service", &all[..], &rate[..], SpanTime::Span),
    ] {
        let select = SpanSelect {
            start_ns: 0,
            end_ns: i64::MAX,
            time,
            required,
            rows: SpanRows::Matching(&[]),
            columns,
            services: false,
            roots: false,
        };
        let mut times = Vec::new();
        let mut counted = (0, 0);
        for _ in 0..7 {
            let mut counts = [Count::default(), Count::default()];
            let [a, b] = &mut counts;
            let before = clock.monotonic();
            store.read(&select, &limits, &mut [a, b]).expect("it is read");
            times.push(clock.monotonic().saturating_sub(before));
            counted = (counts[0].traces + counts[1].traces, counts[0].rows + counts[1].rows);
            std::hint::black_box(counts[0].sum + counts[1].sum);
        }
        times.sort();
        println!("{name}: best {:.1?}, median {:.1?} ({} traces, {} spans)", times[0], times[3], counted.0, counted.1);
    }
    println!("resident {} MB", resident_bytes() >> 20);
    store.close().expect("it closes");
}

fn bytes_below(folder: &Path) -> u64 {
    let names = RealDisk.list(folder).unwrap_or_default();
    let size = |name: &String| {
        let path = folder.join(name);
        let stat = RealDisk.stat(&path).expect("it is there");
        if stat.is_folder { bytes_below(&path) } else { stat.length }
    };
    names.iter().map(size).sum()
}
