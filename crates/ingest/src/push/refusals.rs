//! What of a request is not stored.

use super::body;
use super::metrics::LogMetrics;
use crate::remote_write::Refusal;

/// Messages in one answer; the others are counted.
const NAMED: usize = 10;

/// Entries that are not stored, and what the answer says about them.
#[derive(Debug, Default)]
pub(crate) struct Refusals {
    messages: Vec<String>,
    errors: u64,
    counts: Vec<(&'static str, u64, u64)>,
    throttled: bool,
}

impl Refusals {
    /// Adds entries of `bytes` bytes together that can never be stored.
    pub(super) fn add(&mut self, reason: &'static str, entries: u64, bytes: u64, message: impl FnOnce() -> String) {
        self.count(reason, entries, bytes);
        self.errors += 1;
        if self.messages.len() < NAMED {
            let message = message();
            if self.messages.last() == Some(&message) {
                self.errors -= 1;
            } else {
                self.messages.push(message);
            }
        }
    }

    /// Adds entries about which the answer says enough already.
    pub(super) fn count(&mut self, reason: &'static str, entries: u64, bytes: u64) {
        match self.counts.iter_mut().find(|(r, _, _)| *r == reason) {
            Some((_, total, total_bytes)) => {
                *total += entries;
                *total_bytes += bytes;
            }
            None => self.counts.push((reason, entries, bytes)),
        }
    }

    /// Adds entries that may be stored when they are sent again.
    pub(super) fn throttle(&mut self, reason: &'static str, entries: u64, bytes: u64, message: impl FnOnce() -> String) {
        self.throttled = true;
        self.add(reason, entries, bytes, message);
    }

    /// The number of entries.
    pub(crate) fn entries(&self) -> u64 {
        self.counts.iter().map(|(_, entries, _)| entries).sum()
    }

    /// Counts them, and gives the answer: 429 when sending again helps, 400 when it does not.
    pub(super) fn into_result(self, metrics: &LogMetrics) -> Result<(), Refusal> {
        for (reason, entries, bytes) in &self.counts {
            metrics.discard(reason, *entries, *bytes);
        }
        let message = match self.messages.as_slice() {
            [] => return Ok(()),
            [only] if self.errors == 1 => only.clone(),
            several => {
                let more = self.errors - several.len() as u64;
                let more = if more > 0 { format!("; and {more} more") } else { String::new() };
                format!("{} errors: {}{more}", self.errors, several.join("; "))
            }
        };
        Err(if self.throttled { body::later(429, message) } else { body::refusal(400, message) })
    }
}
