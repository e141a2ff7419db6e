//! Jaeger's spans, in Thrift and in protobuf, as the OpenTelemetry collector puts them.
//! <https://github.com/open-telemetry/opentelemetry-collector-contrib/tree/main/pkg/translator/jaeger>

pub(super) mod protobuf;
pub(super) mod thrift;

use super::foreign::{ForeignEvent, ForeignSpan, Reference, Tags};
use super::intake::Intake;
use phoenix_model::traces::{AttributeValue, SpanId, SpanKind, SpanStatus};
use std::borrow::Cow;

/// Logs, and references, of one span that are looked at.
const MOST_PARTS: usize = 4096;

/// A process: what a service says of itself.
#[derive(Debug, Default)]
struct Process<'a> {
    service: Cow<'a, str>,
    tags: Tags<'a>,
}

impl Process<'_> {
    /// The resource that says the same.
    fn resource(&mut self, intake: &mut Intake<'_>) -> Result<usize, String> {
        self.tags.rename("hostname", "host.name");
        if self.tags.get("opencensus.exporterversion").is_none()
            && let Some(version) = self.tags.take_text("jaeger.version")
        {
            let version = format!("Jaeger-{version}");
            self.tags.push(Cow::Borrowed("opencensus.exporterversion"), AttributeValue::Text(Cow::Owned(version)));
        }
        intake.known_resource(|packer| {
            // What the collector's exporter writes for a resource without a name.
            if !self.service.is_empty() && self.service != "OTLPResourceNoServiceName" {
                packer.add("service.name", AttributeValue::Text(Cow::Borrowed(&self.service)));
            }
            self.tags.pack(packer);
            Ok(())
        })
    }
}

/// A span as Jaeger has it; its references stand in `links`, its logs in `events` without names.
#[derive(Debug, Default)]
struct JaegerSpan<'a>(ForeignSpan<'a>);

impl<'a> JaegerSpan<'a> {
    fn push_reference(&mut self, reference: Reference) {
        if self.0.links.len() < MOST_PARTS {
            self.0.links.push(reference);
        } else {
            self.0.head.dropped[2] = self.0.head.dropped[2].saturating_add(1);
        }
    }

    fn push_log(&mut self, mut log: ForeignEvent<'a>) {
        if self.0.events.len() < MOST_PARTS {
            log.name = log.tags.take_text("event").unwrap_or_default();
            self.0.events.push(log);
        } else {
            self.0.head.dropped[1] = self.0.head.dropped[1].saturating_add(1);
        }
    }

    /// Puts the span into the write.
    fn put(mut self, resource: usize, intake: &mut Intake<'_>) -> Result<(), String> {
        self.find_parent();
        let span = &mut self.0;
        let (name, version) = scope(&mut span.tags);
        let scope = intake.known_scope(&name, &version);
        if let Some(kind) = span.tags.take_text("span.kind") {
            span.head.kind = SpanKind::ALL.into_iter().find(|k| k.as_str() == kind && *k != SpanKind::Unspecified).unwrap_or_default();
        }
        (span.head.status, span.status_message) = status(&mut span.tags, span.head.kind);
        span.trace_state = span.tags.take_text("w3c.tracestate").unwrap_or_default();
        span.put(resource, scope, intake)
    }

    /// The parent is the one that is named; else the first reference within the trace, those of children
    /// first. As the parent it is no link.
    fn find_parent(&mut self) {
        let head = &mut self.0.head;
        let links = &mut self.0.links;
        if head.parent_id == Some(SpanId::NONE) {
            let in_trace = |reference: &&Reference| Some(reference.trace_id) == head.trace_id;
            let parent = links.iter().filter(in_trace).find(|r| r.is_child_of).or_else(|| links.iter().find(in_trace));
            head.parent_id = Some(parent.map_or(SpanId::NONE, |parent| parent.span_id));
        }
        links.retain(|reference| !(reference.is_child_of && Some(reference.span_id) == head.parent_id));
    }
}

fn scope<'a>(tags: &mut Tags<'a>) -> (Cow<'a, str>, Cow<'a, str>) {
    for [name, version] in [["otel.scope.name", "otel.scope.version"], ["otel.library.name", "otel.library.version"]] {
        if let Some(name) = tags.take_text(name) {
            return (name, tags.take_text(version).unwrap_or_default());
        }
    }
    (Cow::Borrowed(""), Cow::Borrowed(""))
}

/// How the span ended: as the tag `error` says, or `otel.status_code`, or a status of HTTP.
fn status<'a>(tags: &mut Tags<'a>, kind: SpanKind) -> (SpanStatus, Cow<'a, str>) {
    let http_message = |tags: &Tags<'a>| match tags.get("http.status_message") {
        Some(AttributeValue::Text(text)) => text.clone(),
        _ => Cow::Borrowed(""),
    };
    if tags.get("error") == Some(&AttributeValue::Bool(true)) {
        tags.take("error");
        tags.take("otel.status_code");
        let message = tags.take_text("otel.status_description").unwrap_or_else(|| http_message(tags));
        return (SpanStatus::Error, message);
    }
    if let Some(code) = tags.take_text("otel.status_code") {
        let status = match code.to_ascii_uppercase().as_str() {
            "OK" => SpanStatus::Ok,
            "ERROR" => SpanStatus::Error,
            _ => SpanStatus::Unset,
        };
        return (status, tags.take_text("otel.status_description").unwrap_or_default());
    }
    let code = match tags.get("http.status_code") {
        Some(AttributeValue::Int(code)) => Some(*code),
        Some(AttributeValue::Text(code)) => code.parse().ok(),
        _ => None,
    };
    // <https://opentelemetry.io/docs/specs/semconv/http/http-spans/#status>
    let is_error = match code {
        Some(400..=499) => kind != SpanKind::Server,
        Some(code) => !(100..=399).contains(&code),
        None => false,
    };
    if is_error { (SpanStatus::Error, http_message(tags)) } else { (SpanStatus::Unset, Cow::Borrowed("")) }
}
