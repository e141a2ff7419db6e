//! A generated shop: twelve services, ten spans a trace, errors and slow tails. A trace is a function of its number.

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::common::v1::{AnyValue, InstrumentationScope, KeyValue};
use opentelemetry_proto::tonic::resource::v1::Resource;
use opentelemetry_proto::tonic::trace::v1::{ResourceSpans, ScopeSpans, Span, Status, span};
use std::collections::BTreeMap;

pub const SERVICES: [&str; 12] =
    ["frontend", "cart", "checkout", "payment", "shipping", "catalog", "recommendation", "ads", "currency", "email", "auth", "inventory"];
const INSTANCES: u64 = 3;
pub const SPANS: usize = 10;
/// For each span of a shape: service, the span above it, name, kind (OTLP's number).
type Shape = [(usize, usize, &'static str, i32); SPANS];
const ROOT: usize = usize::MAX;
const SHAPES: [Shape; 4] = [
    [
        (0, ROOT, "GET /product/{id}", 2),
        (5, 0, "catalog.GetProduct", 2),
        (5, 1, "SELECT products", 3),
        (6, 0, "recommend", 2),
        (5, 3, "catalog.ListProducts", 2),
        (5, 4, "SELECT products", 3),
        (7, 0, "ads.Get", 2),
        (8, 0, "currency.Convert", 2),
        (10, 0, "auth.Check", 2),
        (10, 8, "GET session", 3),
    ],
    [
        (0, ROOT, "POST /cart/checkout", 2),
        (2, 0, "checkout.Place", 2),
        (1, 1, "cart.Get", 2),
        (1, 2, "HGETALL cart", 3),
        (3, 1, "payment.Charge", 2),
        (3, 4, "POST /v1/charges", 3),
        (4, 1, "shipping.Quote", 2),
        (11, 1, "inventory.Reserve", 2),
        (11, 7, "UPDATE stock", 3),
        (9, 1, "email.Send", 4),
    ],
    [
        (0, ROOT, "GET /cart", 2),
        (10, 0, "auth.Check", 2),
        (10, 1, "GET session", 3),
        (1, 0, "cart.Get", 2),
        (1, 3, "HGETALL cart", 3),
        (5, 0, "catalog.GetProduct", 2),
        (5, 5, "SELECT products", 3),
        (8, 0, "currency.Convert", 2),
        (4, 0, "shipping.Quote", 2),
        (7, 0, "ads.Get", 2),
    ],
    [
        (0, ROOT, "GET /", 2),
        (10, 0, "auth.Check", 2),
        (6, 0, "recommend", 2),
        (5, 2, "catalog.ListProducts", 2),
        (5, 3, "SELECT products", 3),
        (7, 0, "ads.Get", 2),
        (5, 0, "catalog.ListProducts", 2),
        (5, 6, "SELECT products", 3),
        (8, 0, "currency.Convert", 2),
        (1, 0, "cart.Count", 2),
    ],
];

pub struct Corpus {
    pub traces: u64,
    pub start_ns: i64,
    pub span_ns: i64,
}

/// What of a span the bench looks at.
pub struct Made {
    pub service: usize,
    pub parent: usize,
    pub start_ns: i64,
    pub duration_ns: i64,
    pub error: bool,
    pub status_code: i64,
}

fn mix(mut x: u64) -> u64 {
    x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// A number that depends on the trace and on what it is for.
fn roll(number: u64, what_for: u64) -> u64 {
    mix(number.wrapping_mul(131).wrapping_add(what_for))
}

impl Corpus {
    pub fn id(number: u64) -> [u8; 16] {
        let mut id = [0; 16];
        id[..8].copy_from_slice(&mix(number).to_be_bytes());
        id[8..].copy_from_slice(&mix(!number).to_be_bytes());
        id
    }

    pub fn id_hex(number: u64) -> String {
        Self::id(number).iter().map(|byte| format!("{byte:02x}")).collect()
    }

    pub fn trace_start_ns(&self, number: u64) -> i64 {
        self.start_ns + (i128::from(self.span_ns) * i128::from(number) / i128::from(self.traces)) as i64
    }

    /// The spans of a trace.
    pub fn trace(&self, number: u64) -> [Made; SPANS] {
        let shape = Self::shape(number);
        let start_ns = self.trace_start_ns(number);
        let slow = if roll(number, 11).is_multiple_of(100) { 20 } else { 1 };
        let failing = (roll(number, 13).is_multiple_of(50)).then(|| 1 + (roll(number, 17) % 9) as usize);
        std::array::from_fn(|i| {
            let (service, parent, _, _) = shape[i];
            let depth = {
                let mut at = i;
                let mut depth = 0;
                while shape[at].1 != ROOT {
                    at = shape[at].1;
                    depth += 1;
                }
                depth
            };
            let random = mix(number.wrapping_mul(31).wrapping_add(i as u64)) % 4_000;
            let duration_ns = (200_000_000 >> (2 * depth)) / 10 * slow + random as i64 * 1_000;
            let error = failing == Some(i) || (i == 0 && failing.is_some());
            Made {
                service,
                parent,
                start_ns: start_ns + i as i64 * 137_000 + random as i64,
                duration_ns,
                error,
                status_code: if error { 500 } else { 200 },
            }
        })
    }

    fn shape(number: u64) -> &'static Shape {
        &SHAPES[(roll(number, 7) % 4) as usize]
    }

    /// Whether a span that answers over HTTP did so with status 500 after more than so long.
    pub fn is_http_error_over(&self, number: u64, over_ns: i64) -> bool {
        let shape = Self::shape(number);
        self.trace(number).iter().zip(shape).any(|(span, of)| of.3 != 3 && span.error && span.duration_ns > over_ns)
    }

    /// How many of its spans of servers erred.
    pub fn server_errors(&self, number: u64) -> usize {
        self.trace(number).iter().zip(Self::shape(number)).filter(|(span, of)| of.3 == 2 && span.error).count()
    }

    /// The request that brings traces, with spans grouped by their service's instance.
    pub fn request(&self, numbers: std::ops::Range<u64>) -> ExportTraceServiceRequest {
        let mut by_instance: BTreeMap<(usize, u64), Vec<Span>> = BTreeMap::new();
        for number in numbers {
            let made = self.trace(number);
            let shape = Self::shape(number);
            for (i, span) in made.iter().enumerate() {
                let instance = roll(number, span.service as u64) % INSTANCES;
                by_instance.entry((span.service, instance)).or_default().push(message(number, i, span, shape[i].2, shape[i].3));
            }
        }
        let resource_spans = by_instance.into_iter().map(|((service, instance), spans)| ResourceSpans {
            resource: Some(Resource { attributes: resource(service, instance), ..Resource::default() }),
            scope_spans: vec![ScopeSpans {
                scope: Some(InstrumentationScope {
                    name: "shop/http".to_owned(),
                    version: "1.4.2".to_owned(),
                    ..InstrumentationScope::default()
                }),
                spans,
                ..ScopeSpans::default()
            }],
            ..ResourceSpans::default()
        });
        ExportTraceServiceRequest { resource_spans: resource_spans.collect() }
    }
}

fn text(key: &str, text: impl Into<String>) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Value::StringValue(text.into())) }), ..KeyValue::default() }
}

fn int(key: &str, int: i64) -> KeyValue {
    KeyValue { key: key.to_owned(), value: Some(AnyValue { value: Some(Value::IntValue(int)) }), ..KeyValue::default() }
}

fn resource(service: usize, instance: u64) -> Vec<KeyValue> {
    let name = SERVICES[service];
    vec![
        text("service.name", name),
        text("service.version", "2.7.1"),
        text("service.instance.id", format!("{name}-{instance}")),
        text("host.name", format!("node-{}", (service as u64 + instance) % 5)),
        text("k8s.namespace.name", "shop"),
        text("k8s.pod.name", format!("{name}-7d9f8b{instance}")),
        text("telemetry.sdk.language", "go"),
    ]
}

fn span_id(number: u64, i: usize) -> Vec<u8> {
    mix(number.wrapping_mul(64).wrapping_add(i as u64 + 1)).to_be_bytes().to_vec()
}

fn message(number: u64, i: usize, made: &Made, name: &str, kind: i32) -> Span {
    let mut attributes = Vec::new();
    if kind == 3 {
        attributes.push(text("db.system", if made.service == 1 || made.service == 10 { "redis" } else { "postgresql" }));
        attributes.push(text("db.statement", format!("{name} where id = {}", mix(number) % 5_000)));
        attributes.push(text("server.address", "db-1.shop.svc"));
    } else {
        attributes.push(text("http.request.method", if number.is_multiple_of(3) { "POST" } else { "GET" }));
        attributes.push(text("http.route", name));
        attributes.push(int("http.response.status_code", made.status_code));
        attributes.push(text("url.path", format!("/p/{}", roll(number, 3) % 2_000)));
        attributes.push(text("user_agent.original", "Mozilla/5.0 (X11; Linux x86_64) shop/3.1"));
    }
    if i == 0 {
        attributes.push(text("user.id", format!("u-{}", roll(number, 5) % 20_000)));
        attributes.push(text("session.id", format!("{:016x}", roll(number, 9))));
    }
    let events = if made.error && i > 0 {
        vec![span::Event {
            time_unix_nano: (made.start_ns + made.duration_ns / 2) as u64,
            name: "exception".to_owned(),
            attributes: vec![text("exception.type", "TimeoutError"), text("exception.message", "upstream did not answer in time")],
            ..span::Event::default()
        }]
    } else {
        Vec::new()
    };
    Span {
        trace_id: Corpus::id(number).to_vec(),
        span_id: span_id(number, i),
        parent_span_id: if made.parent == ROOT { Vec::new() } else { span_id(number, made.parent) },
        flags: 0x101,
        name: name.to_owned(),
        kind,
        start_time_unix_nano: made.start_ns as u64,
        end_time_unix_nano: (made.start_ns + made.duration_ns) as u64,
        attributes,
        events,
        status: made.error.then(|| Status { code: 2, message: "failed".to_owned() }),
        ..Span::default()
    }
}
