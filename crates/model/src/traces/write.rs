//! Spans on their way into a store, and out of it when a whole trace is asked for.

use super::events::{put_event, put_link};
use super::{Attributes, AttributesBuilder, Events, LinkRef, Links, ResourceRef, ScopeRef, SpanRecord, SpanRef};
use std::ops::Range;

/// Spans with their resources and instrumentation scopes. Everything of variable length stands in
/// one of two arenas, so that reading a request makes no allocation for a span.
#[derive(Debug, Clone, Default)]
pub struct TraceWrite {
    /// Names and other texts: whatever is cut out of it is text again without being looked at.
    texts: String,
    /// Attributes, events and links.
    arena: Vec<u8>,
    resources: Vec<Resource>,
    scopes: Vec<Instrumentation>,
    spans: Vec<SpanRow>,
}

type Place = Range<u32>;

#[derive(Debug, Clone)]
struct Resource {
    attributes: Place,
    schema_url: Place,
    dropped_attributes: u32,
}

#[derive(Debug, Clone)]
struct Instrumentation {
    name: Place,
    version: Place,
    attributes: Place,
    schema_url: Place,
    dropped_attributes: u32,
}

#[derive(Debug, Clone)]
struct SpanRow {
    fixed: SpanRecord,
    resource: u32,
    scope: u32,
    name: Place,
    status_message: Place,
    trace_state: Place,
    attributes: Place,
    events: Place,
    links: Place,
}

impl TraceWrite {
    /// Adds a resource, and gives its number. Spans name it; the same resource may come again.
    pub fn add_resource(&mut self, schema_url: &str, dropped_attributes: u32, fill: impl FnOnce(&mut AttributesBuilder<'_>)) -> usize {
        let schema_url = put_text(&mut self.texts, schema_url);
        let attributes = filled(&mut self.arena, |arena| fill(&mut AttributesBuilder::new(arena)));
        self.resources.push(Resource { attributes, schema_url, dropped_attributes });
        self.resources.len() - 1
    }

    /// Adds an instrumentation scope, and gives its number.
    pub fn add_scope(
        &mut self,
        name: &str,
        version: &str,
        schema_url: &str,
        dropped_attributes: u32,
        fill: impl FnOnce(&mut AttributesBuilder<'_>),
    ) -> usize {
        let name = put_text(&mut self.texts, name);
        let version = put_text(&mut self.texts, version);
        let schema_url = put_text(&mut self.texts, schema_url);
        let attributes = filled(&mut self.arena, |arena| fill(&mut AttributesBuilder::new(arena)));
        self.scopes.push(Instrumentation { name, version, attributes, schema_url, dropped_attributes });
        self.scopes.len() - 1
    }

    /// Begins a span of a resource and a scope by their numbers. What is pushed from now on is its.
    ///
    /// # Panics
    /// When there is no such resource or scope.
    pub fn begin_span(&mut self, resource: usize, scope: usize, fixed: SpanRecord, name: &str) {
        assert!(resource < self.resources.len() && scope < self.scopes.len(), "resource and scope are added before their spans");
        let name = put_text(&mut self.texts, name);
        let none = 0..0;
        self.spans.push(SpanRow {
            fixed,
            resource: resource as u32,
            scope: scope as u32,
            name,
            status_message: none.clone(),
            trace_state: none.clone(),
            attributes: none.clone(),
            events: none.clone(),
            links: none,
        });
    }

    /// Gives the span begun last its status message.
    pub fn set_status_message(&mut self, message: &str) {
        let place = put_text(&mut self.texts, message);
        self.last().status_message = place;
    }

    /// Gives the span begun last its `tracestate`.
    pub fn set_trace_state(&mut self, trace_state: &str) {
        let place = put_text(&mut self.texts, trace_state);
        self.last().trace_state = place;
    }

    /// Adds to what was left out of the span begun last: attributes, events and links.
    pub fn add_dropped(&mut self, dropped: [u32; 3]) {
        let before = &mut self.last().fixed.dropped;
        *before = [0, 1, 2].map(|i| before[i].saturating_add(dropped[i]));
    }

    /// Gives the span begun last its attributes.
    pub fn set_attributes(&mut self, fill: impl FnOnce(&mut AttributesBuilder<'_>)) {
        let place = filled(&mut self.arena, |arena| fill(&mut AttributesBuilder::new(arena)));
        self.last().attributes = place;
    }

    /// Adds an event to the span begun last. Events come after all else but links, one after the other.
    pub fn push_event(&mut self, time_ns: i64, name: &str, dropped_attributes: u32, fill: impl FnOnce(&mut AttributesBuilder<'_>)) {
        let place = filled(&mut self.arena, |arena| put_event(time_ns, name, dropped_attributes, fill, arena));
        extend(&mut self.last().events, place);
    }

    /// Adds a link to the span begun last. Links come after all else, one after the other.
    pub fn push_link(&mut self, link: &LinkRef<'_>) {
        let place = filled(&mut self.arena, |arena| put_link(link, arena));
        extend(&mut self.last().links, place);
    }

    /// Adds a span of another write, whose resource and scope were added here under these numbers.
    pub fn copy_span(&mut self, resource: usize, scope: usize, span: &SpanRef<'_>) {
        self.begin_span(resource, scope, span.fixed, span.name);
        let status_message = put_text(&mut self.texts, span.status_message);
        let trace_state = put_text(&mut self.texts, span.trace_state);
        let attributes = put(&mut self.arena, span.attributes.as_bytes());
        let events = put(&mut self.arena, span.events.as_bytes());
        let links = put(&mut self.arena, span.links.as_bytes());
        let row = self.last();
        (row.status_message, row.trace_state, row.attributes, row.events, row.links) =
            (status_message, trace_state, attributes, events, links);
    }

    /// Adds a resource of another write, and gives its number here.
    pub fn copy_resource(&mut self, resource: &ResourceRef<'_>) -> usize {
        let schema_url = put_text(&mut self.texts, resource.schema_url);
        let attributes = put(&mut self.arena, resource.attributes.as_bytes());
        self.resources.push(Resource { attributes, schema_url, dropped_attributes: resource.dropped_attributes });
        self.resources.len() - 1
    }

    /// Adds a scope of another write, and gives its number here.
    pub fn copy_scope(&mut self, scope: &ScopeRef<'_>) -> usize {
        let name = put_text(&mut self.texts, scope.name);
        let version = put_text(&mut self.texts, scope.version);
        let schema_url = put_text(&mut self.texts, scope.schema_url);
        let attributes = put(&mut self.arena, scope.attributes.as_bytes());
        self.scopes.push(Instrumentation { name, version, attributes, schema_url, dropped_attributes: scope.dropped_attributes });
        self.scopes.len() - 1
    }

    fn last(&mut self) -> &mut SpanRow {
        self.spans.last_mut().expect("a span is begun before what it holds")
    }

    /// The number of spans.
    pub fn len(&self) -> usize {
        self.spans.len()
    }

    /// Whether there is no span.
    pub fn is_empty(&self) -> bool {
        self.spans.is_empty()
    }

    /// The number of resources.
    pub fn resource_count(&self) -> usize {
        self.resources.len()
    }

    /// The number of scopes.
    pub fn scope_count(&self) -> usize {
        self.scopes.len()
    }

    /// Bytes of all that has a variable length.
    pub fn size_bytes(&self) -> usize {
        self.texts.len() + self.arena.len()
    }

    /// A resource by its number.
    pub fn resource(&self, number: usize) -> ResourceRef<'_> {
        let resource = &self.resources[number];
        ResourceRef {
            attributes: Attributes::trusted(self.bytes(&resource.attributes)),
            schema_url: self.text(&resource.schema_url),
            dropped_attributes: resource.dropped_attributes,
        }
    }

    /// A scope by its number.
    pub fn scope(&self, number: usize) -> ScopeRef<'_> {
        let scope = &self.scopes[number];
        ScopeRef {
            name: self.text(&scope.name),
            version: self.text(&scope.version),
            attributes: Attributes::trusted(self.bytes(&scope.attributes)),
            schema_url: self.text(&scope.schema_url),
            dropped_attributes: scope.dropped_attributes,
        }
    }

    /// A span by its number.
    pub fn span(&self, number: usize) -> SpanRef<'_> {
        let row = &self.spans[number];
        SpanRef {
            fixed: row.fixed,
            resource: row.resource as usize,
            scope: row.scope as usize,
            name: self.text(&row.name),
            status_message: self.text(&row.status_message),
            trace_state: self.text(&row.trace_state),
            attributes: Attributes::trusted(self.bytes(&row.attributes)),
            events: Events::trusted(self.bytes(&row.events)),
            links: Links::trusted(self.bytes(&row.links)),
        }
    }

    /// Ids, times, kind and status of a span by its number, without what stands in the arena.
    pub fn fixed(&self, number: usize) -> &SpanRecord {
        &self.spans[number].fixed
    }

    /// The spans, in the order in which they came.
    pub fn spans(&self) -> impl ExactSizeIterator<Item = SpanRef<'_>> {
        (0..self.spans.len()).map(|number| self.span(number))
    }

    /// Empties it and keeps its memory.
    pub fn clear(&mut self) {
        self.texts.clear();
        self.arena.clear();
        self.resources.clear();
        self.scopes.clear();
        self.spans.clear();
    }

    fn bytes(&self, place: &Place) -> &[u8] {
        &self.arena[place.start as usize..place.end as usize]
    }

    fn text(&self, place: &Place) -> &str {
        &self.texts[place.start as usize..place.end as usize]
    }
}

fn put_text(texts: &mut String, text: &str) -> Place {
    let start = texts.len() as u32;
    texts.push_str(text);
    start..texts.len() as u32
}

fn put(arena: &mut Vec<u8>, bytes: &[u8]) -> Place {
    filled(arena, |arena| arena.extend_from_slice(bytes))
}

fn filled(arena: &mut Vec<u8>, fill: impl FnOnce(&mut Vec<u8>)) -> Place {
    let start = arena.len() as u32;
    fill(arena);
    start..arena.len() as u32
}

fn extend(place: &mut Place, by: Place) {
    if place.start == place.end {
        *place = by;
    } else {
        assert_eq!(place.end, by.start, "events and links of a span come one after the other");
        place.end = by.end;
    }
}

#[cfg(test)]
mod tests {
    use super::super::{AttributeValue, SpanId, TraceId};
    use super::*;

    #[test]
    fn a_write_gives_back_what_was_pushed() {
        let mut write = TraceWrite::default();
        let resource = write.add_resource("https://schema", 1, |attributes| attributes.text("service.name", "shop"));
        let scope = write.add_scope("lib", "1.2", "", 0, |attributes| attributes.push("a", &AttributeValue::Int(7)));
        let fixed =
            SpanRecord { trace_id: TraceId([1; 16]), span_id: SpanId([2; 8]), start_ns: 5, duration_ns: 6, ..SpanRecord::default() };
        write.begin_span(resource, scope, fixed, "GET /");
        write.set_attributes(|attributes| attributes.text("http.method", "GET"));
        write.set_status_message("bad");
        write.set_trace_state("ot=th:8");
        write.push_event(7, "first", 0, |attributes| attributes.text("k", &"v".repeat(300)));
        write.push_event(8, "second", 3, |_| ());
        let link = LinkRef {
            trace_id: TraceId([9; 16]),
            span_id: SpanId([8; 8]),
            trace_state: "x=y",
            attributes: Attributes::EMPTY,
            flags: 256,
            dropped_attributes: 2,
        };
        write.push_link(&link);
        write.begin_span(resource, scope, SpanRecord::default(), "");

        let mut copy = TraceWrite::default();
        let (r, s) = (copy.copy_resource(&write.resource(0)), copy.copy_scope(&write.scope(0)));
        write.spans().for_each(|span| copy.copy_span(r, s, &span));
        for write in [&write, &copy] {
            assert_eq!(
                (write.resource(0).service(), write.resource(0).schema_url, write.resource(0).dropped_attributes),
                ("shop", "https://schema", 1)
            );
            assert_eq!(
                (write.scope(0).name, write.scope(0).version, write.scope(0).attributes.get("a")),
                ("lib", "1.2", Some(AttributeValue::Int(7)))
            );
            let span = write.span(0);
            assert_eq!((span.fixed, span.name, span.status_message, span.trace_state), (fixed, "GET /", "bad", "ot=th:8"));
            assert_eq!(span.attributes.text("http.method"), Some("GET"));
            let events: Vec<_> = Events::checked(span.events.as_bytes()).unwrap().iter().collect();
            assert_eq!((events[0].time_ns, events[0].name, events[0].attributes.text("k").unwrap().len()), (7, "first", 300));
            assert_eq!((events[1].time_ns, events[1].name, events[1].dropped_attributes, events.len()), (8, "second", 3, 2));
            assert_eq!(Links::checked(span.links.as_bytes()).unwrap().iter().collect::<Vec<_>>(), [link]);
            assert!(write.span(1).events.is_empty() && write.span(1).name.is_empty());
            assert_eq!(write.len(), 2);
        }
    }
}
