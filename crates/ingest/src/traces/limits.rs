//! Limits on spans that come in.

/// Limits on spans that come in, beneath which those on a request's body hold.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct TraceLimits {
    /// Spans of one request; one with more is refused as a whole. Default 200,000.
    pub max_spans_per_request: usize,
    /// Attributes of a span, an event, a link, a resource or a scope; those beyond are left out and
    /// counted as dropped. Default 256; SDKs of OpenTelemetry send at most 128.
    pub max_attributes: usize,
    /// Bytes of an attribute's key, and of its value; what is longer is cut, as Tempo's setting of the
    /// same name does. Names of spans and events and status messages are cut as well, and a
    /// `tracestate` that is longer is left out. 0 cuts nothing. Default 2048.
    pub max_attribute_bytes: usize,
    /// Events of a span; those beyond are left out and counted as dropped. Default 1024.
    pub max_events: usize,
    /// Links of a span; those beyond are left out and counted as dropped. Default 1024.
    pub max_links: usize,
    /// Bytes of bodies without compression a second, of all protocols. 0 does not limit. Default 256 MiB;
    /// Tempo's 15 MB share a cluster between tenants.
    pub rate_limit_bytes: u64,
    /// Bytes that may come at once. Default 512 MiB.
    pub burst_size_bytes: u64,
}

impl Default for TraceLimits {
    fn default() -> Self {
        Self {
            max_spans_per_request: 200_000,
            max_attributes: 256,
            max_attribute_bytes: 2048,
            max_events: 1024,
            max_links: 1024,
            rate_limit_bytes: 256 << 20,
            burst_size_bytes: 512 << 20,
        }
    }
}

impl TraceLimits {
    /// Takes everything whole, for files that are there already.
    pub(super) const NONE: Self = Self {
        max_spans_per_request: usize::MAX,
        max_attributes: usize::MAX,
        max_attribute_bytes: 0,
        max_events: usize::MAX,
        max_links: usize::MAX,
        rate_limit_bytes: 0,
        burst_size_bytes: 0,
    };

    /// A text, cut at a character's border if it is too long; whether it was.
    pub(super) fn cut<'t>(&self, text: &'t str) -> (&'t str, bool) {
        if self.max_attribute_bytes != 0 && text.len() > self.max_attribute_bytes {
            (&text[..text.floor_char_boundary(self.max_attribute_bytes)], true)
        } else {
            (text, false)
        }
    }
}
