//! Moments for lines that tell none themselves.

/// Gives moments that grow with each line, so that lines read within one millisecond keep their order.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Stamps {
    last_ns: i64,
}

impl Stamps {
    /// The moment of the next line.
    pub(super) fn next(&mut self, now_ns: i64) -> i64 {
        // When the clock was set back by more than this, it is followed.
        const FOLLOW_NS: i64 = 1_000_000_000;
        let ahead = self.last_ns.saturating_sub(now_ns);
        self.last_ns = if (0..FOLLOW_NS).contains(&ahead) { self.last_ns + 1 } else { now_ns };
        self.last_ns
    }
}
