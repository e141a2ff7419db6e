//! Which traces other segments may hold.

use super::Spans;
use crate::segment::SegmentError;
use crate::store::Held;
use hashbrown::HashSet;
use phoenix_model::traces::TraceId;
use std::sync::Arc;

/// What segments say of traces that are about to be written into another one. Where nobody knows, a
/// trace may be there: then it is listed as split, which costs readers time and nothing else.
pub(super) struct Elsewhere {
    held: HashSet<TraceId>,
    /// Whether the store of objects has failed. It is not asked again for each segment: who writes
    /// must not wait for it that often.
    unknown: bool,
}

impl Elsewhere {
    /// Asks segments for traces.
    pub(super) fn ask<'h>(segments: impl Iterator<Item = &'h Arc<Held<Spans>>>, mut ids: Vec<TraceId>) -> Self {
        let mut elsewhere = Self { held: HashSet::new(), unknown: false };
        for held in segments {
            match held.segment.may_hold_which(&ids) {
                Ok(which) => {
                    let mut which = which.into_iter();
                    ids.retain(|id| {
                        let held = which.next().unwrap_or(true);
                        if held {
                            elsewhere.held.insert(*id);
                        }
                        !held
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "which traces a segment holds can't be told");
                    match &error {
                        SegmentError::Object(object) if !object.is_not_found() => elsewhere.unknown = true,
                        // No reader will ever see a span of it.
                        _ => held.set_damaged(),
                    }
                }
            }
            if elsewhere.unknown || ids.is_empty() {
                break;
            }
        }
        elsewhere
    }

    /// Whether one of the segments may hold a trace of those that were asked for.
    pub(super) fn may_hold(&self, id: TraceId) -> bool {
        self.unknown || self.held.contains(&id)
    }
}
