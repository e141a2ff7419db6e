//! Which traces other segments may hold.

use super::Spans;
use crate::segment::SegmentError;
use crate::store::Held;
use phoenix_model::traces::TraceId;
use std::sync::Arc;

/// Segments that are asked for traces while another one is written. Where nobody knows, a trace may
/// be there: then it is listed as split, which costs readers time and nothing else.
pub(super) struct Elsewhere {
    segments: Vec<Arc<Held<Spans>>>,
    /// Whether the store of objects has failed: then nobody waits for it once for each trace.
    unknown: bool,
}

impl Elsewhere {
    pub(super) fn new(segments: impl Iterator<Item = Arc<Held<Spans>>>) -> Self {
        Self { segments: segments.collect(), unknown: false }
    }

    /// Whether one of the segments may hold the trace.
    pub(super) fn may_hold(&mut self, id: TraceId) -> bool {
        let mut at = 0;
        while !self.unknown && at < self.segments.len() {
            match self.segments[at].segment.may_hold(id) {
                Ok(true) => return true,
                Ok(false) => at += 1,
                Err(error) => {
                    let lost = match &error {
                        SegmentError::Object(object) => object.is_not_found(),
                        _ => true,
                    };
                    tracing::warn!(%error, "whether a segment holds a trace can't be told");
                    if lost {
                        // No reader will ever see a span of it.
                        self.segments.swap_remove(at);
                    } else {
                        self.unknown = true;
                    }
                }
            }
        }
        self.unknown
    }
}
