//! A question, with what is worked out once for all segments.

use phoenix_model::logs::LogSelect;

/// What is asked, prepared once per query and used for all segments.
pub struct Prepared<'a> {
    select: &'a LogSelect<'a>,
}

impl<'a> Prepared<'a> {
    /// Prepares a question.
    pub fn new(select: &'a LogSelect<'a>) -> Self {
        Self { select }
    }

    /// The question.
    pub fn select(&self) -> &'a LogSelect<'a> {
        self.select
    }
}
