//! Traces written as text.
//!
//! ```text
//! trace 1 10
//!   shop GET_/ +0ms 100ms server ok http.method=GET @region=eu
//!     db query +10ms 20ms client error rows=3 tags=[a;b] !exception+5ms{type=io} ^2/7
//! ```
//!
//! A trace has an id and a start in seconds; its spans follow, those below others two blanks further
//! in: service, name, start behind that of the trace, duration, then in any order kind, status,
//! `key=value` (`@key=value` of the resource), `message=…`, `scope=name/version`, `scope.key=value`,
//! `weight=N`, events, links to a trace and span, and `orphan` for a parent that is not there. Ids
//! of spans are the trace's with two digits behind, counted from 1.

use phoenix_model::traces::{
    AttributeValue, Attributes, AttributesBuilder, LinkRef, Scalar, SpanId, SpanKind, SpanRecord, SpanStatus, TraceId, TraceWrite,
};

pub const SECOND: i64 = 1_000_000_000;

/// Nanoseconds of `1.5s`, `20ms`, `3us`, `7ns`.
pub fn duration(text: &str) -> i64 {
    let at = text.find(|c: char| c.is_ascii_alphabetic()).unwrap_or_else(|| panic!("{text} has no unit"));
    let unit = match &text[at..] {
        "s" => 1e9,
        "ms" => 1e6,
        "us" => 1e3,
        "ns" => 1.0,
        other => panic!("{other} is no unit"),
    };
    (text[..at].parse::<f64>().unwrap_or_else(|_| panic!("{text} is no duration")) * unit).round() as i64
}

fn scalar(text: &str) -> Scalar<'_> {
    if let Some(quoted) = text.strip_prefix('"').and_then(|t| t.strip_suffix('"')) {
        return Scalar::Text(quoted.into());
    }
    if let Ok(bool) = text.parse() {
        return Scalar::Bool(bool);
    }
    let int = || text.parse().ok().map(Scalar::Int);
    let float = || text.parse().ok().map(Scalar::Float);
    int().or_else(float).unwrap_or(Scalar::Text(text.into()))
}

fn value(text: &str) -> AttributeValue<'_> {
    if let Some(inner) = text.strip_prefix('[').and_then(|t| t.strip_suffix(']')) {
        return AttributeValue::Array(inner.split(';').map(scalar).collect());
    }
    match scalar(text) {
        Scalar::Text(text) => AttributeValue::Text(text),
        Scalar::Int(int) => AttributeValue::Int(int),
        Scalar::Float(float) => AttributeValue::Float(float),
        Scalar::Bool(bool) => AttributeValue::Bool(bool),
    }
}

fn pairs<'t>(tokens: &[&'t str], builder: &mut AttributesBuilder<'_>) {
    for token in tokens {
        let (key, text): (&'t str, &'t str) = token.split_once('=').unwrap_or_else(|| panic!("{token} is not understood"));
        builder.push(key, &value(text));
    }
}

#[derive(Default)]
pub struct Traces {
    pub write: TraceWrite,
    trace: (u64, i64),
    count: u64,
    /// The spans that the next one may stand below.
    open: Vec<SpanId>,
}

fn span_id(trace: u64, span: u64) -> SpanId {
    SpanId((trace << 8 | span).to_be_bytes())
}

fn trace_id(trace: u64) -> TraceId {
    TraceId(u128::from(trace).to_be_bytes())
}

impl Traces {
    pub fn begin(&mut self, rest: &str) {
        let (id, start) = rest.split_once(' ').expect("an id and a start");
        let id = u64::from_str_radix(id, 16).expect("an id");
        self.trace = (id, (start.parse::<f64>().expect("seconds") * SECOND as f64) as i64);
        self.count = 0;
        self.open.clear();
    }

    /// A line with two blanks in front for each level.
    pub fn span(&mut self, line: &str) {
        let depth = (line.len() - line.trim_start().len()) / 2;
        assert!(depth >= 1 && depth <= self.open.len() + 1, "{line:?} stands too far in");
        self.open.truncate(depth - 1);
        let mut tokens: Vec<&str> = line.split_whitespace().collect();
        let (service, name) = (tokens[0], tokens[1].replace('_', " "));
        let offset = duration(tokens[2].strip_prefix('+').expect("+offset"));
        let duration_ns = duration(tokens[3]);
        tokens.drain(..4);
        self.count += 1;
        let mut fixed = SpanRecord {
            trace_id: trace_id(self.trace.0),
            span_id: span_id(self.trace.0, self.count),
            parent_id: self.open.last().copied().unwrap_or(SpanId::NONE),
            start_ns: self.trace.1 + offset,
            duration_ns,
            ..SpanRecord::default()
        };
        self.open.push(fixed.span_id);
        let mut take = |wanted: &dyn Fn(&str) -> bool| {
            let taken: Vec<&str> = tokens.iter().copied().filter(|token| wanted(token)).collect();
            tokens.retain(|token| !wanted(token));
            taken
        };
        for word in take(&|token| !token.contains('=') && !token.starts_with(['!', '^'])) {
            let kind = SpanKind::ALL.into_iter().find(|kind| kind.as_str() == word);
            let status = SpanStatus::ALL.into_iter().find(|status| status.as_str() == word);
            match (kind, status, word) {
                (Some(kind), ..) => fixed.kind = kind,
                (_, Some(status), _) => fixed.status = status,
                (.., "orphan") => fixed.parent_id = SpanId([0xff; 8]),
                _ => panic!("{word} is not understood"),
            }
        }
        let events = take(&|token| token.starts_with('!'));
        let links = take(&|token| token.starts_with('^'));
        let resource: Vec<&str> = take(&|token| token.starts_with('@')).into_iter().map(|token| &token[1..]).collect();
        let message = take(&|token| token.starts_with("message="));
        let weight = take(&|token| token.starts_with("weight="));
        let scope = take(&|token| token.starts_with("scope="));
        let in_scope: Vec<&str> = take(&|token| token.starts_with("scope.")).into_iter().map(|token| &token[6..]).collect();
        let resource = self.write.add_resource("", 0, |builder| {
            if service != "-" {
                builder.text("service.name", service);
            }
            pairs(&resource, builder);
        });
        let (library, version) = scope.first().map_or(("", ""), |scope| scope[6..].split_once('/').expect("name/version"));
        let scope = self.write.add_scope(library, version, "", 0, |builder| pairs(&in_scope, builder));
        self.write.begin_span(resource, scope, fixed, &name);
        if let Some(message) = message.first() {
            self.write.set_status_message(&message[8..]);
        }
        if let Some(weight) = weight.first() {
            let weight: f64 = weight[7..].parse().expect("a weight");
            let threshold = ((1.0 - 1.0 / weight) * (1_u64 << 56) as f64) as u64;
            self.write.set_trace_state(&format!("ot=th:{threshold:014x}"));
        }
        self.write.set_attributes(|builder| pairs(&tokens, builder));
        for event in events {
            let (head, inner) = event[1..].strip_suffix('}').and_then(|e| e.split_once('{')).unwrap_or((&event[1..], ""));
            let (name, after) = head.split_once('+').expect("event+offset");
            let inner: Vec<&str> = inner.split(',').filter(|pair| !pair.is_empty()).collect();
            self.write.push_event(fixed.start_ns + duration(after), name, 0, |builder| pairs(&inner, builder));
        }
        for link in links {
            let (head, inner) = link[1..].strip_suffix('}').and_then(|e| e.split_once('{')).unwrap_or((&link[1..], ""));
            let (trace, span) = head.split_once('/').expect("trace/span");
            let mut packed = Vec::new();
            pairs(&inner.split(',').filter(|pair| !pair.is_empty()).collect::<Vec<_>>(), &mut AttributesBuilder::new(&mut packed));
            let trace = u64::from_str_radix(trace, 16).expect("an id");
            let attributes = Attributes::trusted(&packed);
            let span = span_id(trace, span.parse().expect("a number"));
            self.write.push_link(&LinkRef {
                trace_id: trace_id(trace),
                span_id: span,
                trace_state: "",
                attributes,
                flags: 0,
                dropped_attributes: 0,
            });
        }
    }
}
