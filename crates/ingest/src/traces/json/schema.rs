//! The messages of OTLP and Zipkin, as their definitions in protobuf give them.

use super::{Field, Kind, Message};

const fn one(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, is_repeated: false }
}

const fn many(name: &'static str, number: u32, kind: Kind) -> Field {
    Field { name, number, kind, is_repeated: true }
}

/// `ExportTraceServiceRequest`
pub(in super::super) static OTLP: Message =
    Message { what: "a request of OTLP for traces", fields: &[many("resourceSpans", 1, Kind::Message(&RESOURCE_SPANS))] };

static RESOURCE_SPANS: Message = Message {
    what: "an object of `resourceSpans`",
    fields: &[
        one("resource", 1, Kind::Message(&RESOURCE)),
        many("scopeSpans", 2, Kind::Message(&SCOPE_SPANS)),
        one("schemaUrl", 3, Kind::Text),
    ],
};

static RESOURCE: Message = Message {
    what: "an object for `resource`",
    fields: &[many("attributes", 1, Kind::Message(&KEY_VALUE)), one("droppedAttributesCount", 2, Kind::Number)],
};

static SCOPE_SPANS: Message = Message {
    what: "an object of `scopeSpans`",
    fields: &[one("scope", 1, Kind::Message(&SCOPE)), many("spans", 2, Kind::Message(&SPAN)), one("schemaUrl", 3, Kind::Text)],
};

static SCOPE: Message = Message {
    what: "an object for `scope`",
    fields: &[
        one("name", 1, Kind::Text),
        one("version", 2, Kind::Text),
        many("attributes", 3, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 4, Kind::Number),
    ],
};

static SPAN: Message = Message {
    what: "a span",
    fields: &[
        one("traceId", 1, Kind::Hex(16)),
        one("spanId", 2, Kind::Hex(8)),
        one("traceState", 3, Kind::Text),
        one("parentSpanId", 4, Kind::Hex(8)),
        one("name", 5, Kind::Text),
        one("kind", 6, Kind::Enumeration(&KINDS)),
        one("startTimeUnixNano", 7, Kind::Fixed64),
        one("endTimeUnixNano", 8, Kind::Fixed64),
        many("attributes", 9, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 10, Kind::Number),
        many("events", 11, Kind::Message(&EVENT)),
        one("droppedEventsCount", 12, Kind::Number),
        many("links", 13, Kind::Message(&LINK)),
        one("droppedLinksCount", 14, Kind::Number),
        one("status", 15, Kind::Message(&STATUS)),
        one("flags", 16, Kind::Fixed32),
    ],
};

const KINDS: [&str; 6] =
    ["SPAN_KIND_UNSPECIFIED", "SPAN_KIND_INTERNAL", "SPAN_KIND_SERVER", "SPAN_KIND_CLIENT", "SPAN_KIND_PRODUCER", "SPAN_KIND_CONSUMER"];

static EVENT: Message = Message {
    what: "an event",
    fields: &[
        one("timeUnixNano", 1, Kind::Fixed64),
        one("name", 2, Kind::Text),
        many("attributes", 3, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 4, Kind::Number),
    ],
};

static LINK: Message = Message {
    what: "a link",
    fields: &[
        one("traceId", 1, Kind::Hex(16)),
        one("spanId", 2, Kind::Hex(8)),
        one("traceState", 3, Kind::Text),
        many("attributes", 4, Kind::Message(&KEY_VALUE)),
        one("droppedAttributesCount", 5, Kind::Number),
        one("flags", 6, Kind::Fixed32),
    ],
};

static STATUS: Message = Message {
    what: "a status",
    fields: &[
        one("message", 2, Kind::Text),
        one("code", 3, Kind::Enumeration(&["STATUS_CODE_UNSET", "STATUS_CODE_OK", "STATUS_CODE_ERROR"])),
    ],
};

static KEY_VALUE: Message =
    Message { what: "an attribute", fields: &[one("key", 1, Kind::Text), one("value", 2, Kind::Message(&ANY_VALUE))] };

static ANY_VALUE: Message = Message {
    what: "the value of an attribute",
    fields: &[
        one("stringValue", 1, Kind::Text),
        one("boolValue", 2, Kind::Bool),
        one("intValue", 3, Kind::Number),
        one("doubleValue", 4, Kind::Double),
        one("arrayValue", 5, Kind::Message(&ARRAY_VALUE)),
        one("kvlistValue", 6, Kind::Message(&KEY_VALUE_LIST)),
        one("bytesValue", 7, Kind::Base64),
    ],
};

static ARRAY_VALUE: Message = Message { what: "an array", fields: &[many("values", 1, Kind::Message(&ANY_VALUE))] };

static KEY_VALUE_LIST: Message = Message { what: "a map", fields: &[many("values", 1, Kind::Message(&KEY_VALUE))] };

/// A span of Zipkin v2.
/// <https://github.com/openzipkin/zipkin-api/blob/master/zipkin.proto>
pub(in super::super) static ZIPKIN: Message = Message {
    what: "a list of Zipkin's spans",
    fields: &[
        one("traceId", 1, Kind::PaddedHex),
        one("parentId", 2, Kind::PaddedHex),
        one("id", 3, Kind::PaddedHex),
        one("kind", 4, Kind::Enumeration(&["SPAN_KIND_UNSPECIFIED", "CLIENT", "SERVER", "PRODUCER", "CONSUMER"])),
        one("name", 5, Kind::Text),
        one("timestamp", 6, Kind::Fixed64),
        one("duration", 7, Kind::Number),
        one("localEndpoint", 8, Kind::Message(&ENDPOINT)),
        one("remoteEndpoint", 9, Kind::Message(&ENDPOINT)),
        many("annotations", 10, Kind::Message(&ANNOTATION)),
        one("tags", 11, Kind::Map),
        one("debug", 12, Kind::Bool),
        one("shared", 13, Kind::Bool),
    ],
};

static ENDPOINT: Message = Message {
    what: "an endpoint",
    fields: &[
        one("serviceName", 1, Kind::Text),
        one("ipv4", 2, Kind::Address),
        one("ipv6", 3, Kind::Address),
        one("port", 4, Kind::Number),
    ],
};

static ANNOTATION: Message = Message { what: "an annotation", fields: &[one("timestamp", 1, Kind::Fixed64), one("value", 2, Kind::Text)] };
