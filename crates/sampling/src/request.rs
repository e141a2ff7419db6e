//! What was asked of a service: the endpoint and the method of a span.

use crate::pattern::Pattern;
use phoenix_model::traces::SpanRef;

/// The methods of HTTP (RFC 9110, and RFC 5789 for `PATCH`), for the names of spans.
const METHODS: [&str; 9] = ["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"];

/// A request as a span tells it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Request<'a> {
    /// `service.name`; empty if there is none.
    pub service: &'a str,
    /// `http.request.method`, else `http.method`, else the method that the span's name begins with;
    /// empty if there is none.
    pub method: &'a str,
    /// What counts as its endpoint; empty texts are none: `url.path`, `http.target` without its query,
    /// `http.route`, and the span's name without its method.
    pub endpoints: [&'a str; 4],
}

impl<'a> Request<'a> {
    /// The request of a span of a service.
    pub fn of(service: &'a str, span: &SpanRef<'a>) -> Self {
        Self::read(service, span.name, |key| span.attributes.text(key))
    }

    /// The request of a span of this name, from its attributes that are texts.
    pub fn read(service: &'a str, span_name: &'a str, attribute: impl Fn(&str) -> Option<&'a str>) -> Self {
        let text = |key| attribute(key).filter(|text| !text.is_empty());
        let (name_method, name) = match span_name.split_once(' ') {
            Some((method, rest)) if METHODS.contains(&method) => (method, rest.trim_start()),
            _ => ("", span_name),
        };
        let target = text("http.target").unwrap_or_default();
        Self {
            service,
            method: text("http.request.method").or_else(|| text("http.method")).unwrap_or(name_method),
            endpoints: [
                text("url.path").unwrap_or_default(),
                target.split('?').next().unwrap_or_default(),
                text("http.route").unwrap_or_default(),
                name,
            ],
        }
    }

    /// The request that somebody is about to make, of which the endpoint is known.
    pub fn known(service: &'a str, endpoint: &'a str, method: &'a str) -> Self {
        Self { service, method, endpoints: [endpoint.split('?').next().unwrap_or_default(), "", "", ""] }
    }

    /// Whether one of its endpoints matches.
    pub fn is_for(&self, endpoint: &Pattern) -> bool {
        self.endpoints.iter().any(|text| !text.is_empty() && endpoint.matches(text))
    }

    /// The endpoint under which requests are counted: the route, else the span's name without its
    /// method. A path may hold ids, so it is taken only when there is nothing else.
    pub fn counted_endpoint(&self) -> &'a str {
        let [path, target, route, name] = self.endpoints;
        [route, name, path, target].into_iter().find(|text| !text.is_empty()).unwrap_or_default()
    }
}
