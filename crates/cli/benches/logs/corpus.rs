//! Lines as services write them: `key=value`, JSON and access logs, each with an id of 128 bits.
//! Line `i` is a function of `i` alone, so that results can be checked without keeping the corpus.

use std::fmt::Write;

/// Nanoseconds of a second.
pub const SECOND: i64 = 1_000_000_000;

const APPS: [&str; 20] = [
    "checkout",
    "cart",
    "catalog",
    "search",
    "payments",
    "shipping",
    "accounts",
    "sessions",
    "mail",
    "recommend",
    "experiments",
    "gateway",
    "inventory",
    "pricing",
    "reviews",
    "media",
    "billing",
    "audit",
    "scheduler",
    "exports",
];
const INSTANCES: u64 = 10;
const LEVELS: [&str; 10] = ["info", "info", "info", "info", "info", "info", "debug", "debug", "warn", "error"];
const MESSAGES: [&str; 12] = [
    "request done",
    "order placed",
    "cache miss, reading from the database",
    "retrying after a lost connection",
    "session renewed",
    "index refreshed",
    "payment authorised",
    "timeout while waiting for upstream",
    "queue drained",
    "configuration reloaded",
    "stock level corrected",
    "mail handed over",
];
const PATHS: [&str; 8] = [
    "/api/v1/orders/",
    "/api/v1/carts/",
    "/api/v1/items/",
    "/api/v1/users/",
    "/search?page=",
    "/static/img/",
    "/api/v2/experiments/",
    "/healthz/",
];
const METHODS: [&str; 4] = ["GET", "GET", "POST", "PUT"];
const STATUS: [u32; 12] = [200, 200, 200, 200, 200, 201, 204, 301, 404, 400, 500, 503];

/// A corpus of `lines` lines over `span_ns`, the first at `start_ns`.
pub struct Corpus {
    pub lines: u64,
    pub start_ns: i64,
    pub span_ns: i64,
}

/// What is known of a line without reading it.
pub struct Line {
    pub app: usize,
    pub instance: u64,
    pub timestamp_ns: i64,
    pub id: (u64, u64),
    pub duration_ms: f64,
    pub status: u32,
    pub level: &'static str,
    pub message: &'static str,
}

fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

impl Corpus {
    pub fn app_name(app: usize) -> &'static str {
        APPS[app]
    }

    pub fn apps() -> usize {
        APPS.len()
    }

    /// Whether the lines of an app are `key=value`.
    pub fn is_logfmt(app: usize) -> bool {
        app.is_multiple_of(3)
    }

    /// Line `i`; its text is appended to `text`.
    pub fn line(&self, i: u64, text: &mut String) -> Line {
        let r = |salt: u64| mix(i.wrapping_mul(31).wrapping_add(salt << 48));
        let timestamp_ns = self.start_ns + (i as f64 / self.lines as f64 * self.span_ns as f64) as i64 + (r(1) % 1000) as i64;
        let app = (r(2) % APPS.len() as u64) as usize;
        let duration_ms = (r(3) % 4_000) as f64 / 8.0 * if r(4) % 50 == 0 { 20.0 } else { 1.0 };
        let line = Line {
            app,
            instance: r(5) % INSTANCES,
            timestamp_ns,
            id: (r(6), r(7)),
            duration_ms,
            status: STATUS[(r(8) % 12) as usize],
            level: LEVELS[(r(9) % 10) as usize],
            message: MESSAGES[(r(10) % 12) as usize],
        };
        let (path, number, method) = (PATHS[(r(11) % 8) as usize], r(12) % 100_000, METHODS[(r(13) % 4) as usize]);
        let (high, low) = line.id;
        let at = jiff::Timestamp::from_nanosecond(i128::from(timestamp_ns)).expect("times of a corpus are those of our days");
        let written = match app % 3 {
            0 => write!(
                text,
                "ts={at:.6} level={} caller=handler.rs:{} msg=\"{}\" trace_id={high:016x}{low:016x} user=u{} method={method} path={path}{number} status={} duration_ms={duration_ms}",
                line.level,
                r(14) % 900,
                line.message,
                r(15) % 20_000,
                line.status,
            ),
            1 => write!(
                text,
                "{{\"@timestamp\":\"{at:.3}\",\"level\":\"{}\",\"message\":\"{}\",\"trace_id\":\"{high:016x}{low:016x}\",\"method\":\"{method}\",\"path\":\"{path}{number}\",\"status\":{},\"duration_ms\":{duration_ms}}}",
                line.level, line.message, line.status,
            ),
            _ => write!(
                text,
                "10.{}.{}.{} - - [{}] \"{method} {path}{number}?id={high:016x}{low:016x} HTTP/1.1\" {} {} \"-\" \"Mozilla/5.0 (X11; Linux x86_64)\" {:.3}",
                r(16) % 4,
                r(17) % 256,
                r(18) % 256,
                at.to_zoned(jiff::tz::TimeZone::UTC).strftime("%d/%b/%Y:%H:%M:%S %z"),
                line.status,
                r(19) % 60_000,
                duration_ms / 1000.0,
            ),
        };
        written.expect("a string takes what is written");
        line
    }
}
