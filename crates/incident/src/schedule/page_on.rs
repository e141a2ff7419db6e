//! `page_on`: which alerts wake somebody.
//!
//! Each entry is one or more matchers as in Alertmanager's config, separated by commas, all of
//! which must match; one matching entry of the list is enough.

use phoenix_alert::matchers::{Matchers, parse_matchers};
use phoenix_model::Labels;

/// One entry of `page_on`.
#[derive(Debug, Clone, PartialEq)]
pub struct PageOn {
    /// As written, for the timeline.
    pub text: String,
    /// All have to match.
    pub matchers: Matchers,
}

impl PageOn {
    /// Reads `severity="critical"`, `severity=~"critical|page",team!=sre`; braces around are allowed.
    ///
    /// Also gives a warning when the text should be written differently. On error: the byte offset
    /// in `text`, and what is wrong there.
    pub fn parse(text: &str) -> Result<(Self, Option<String>), (usize, String)> {
        let parsed = parse_matchers(text).map_err(|e| (e.offset, e.message))?;
        if parsed.matchers.is_empty() {
            return Err((0, "there is no matcher; write one as `severity=\"critical\"`".to_owned()));
        }
        Ok((Self { text: text.trim().to_owned(), matchers: Matchers::new(parsed.matchers) }, parsed.warning))
    }

    /// Whether an alert with these labels pages.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.matchers.matches(labels)
    }
}
