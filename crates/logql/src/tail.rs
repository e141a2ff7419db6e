//! A query of entries over what arrives from now on.

use crate::ast::LogExpr;
use crate::eval::EvalError;
use crate::result::LogEntry;
use crate::stages::Pipeline;
use crate::stages::row::{Row, Wanted};
use phoenix_model::Matcher;
use phoenix_model::logs::{EntryRef, LineFilter, Stream};
use std::sync::Arc;

/// A compiled query that entries are given to as they come.
#[derive(Debug)]
pub struct Tail {
    matchers: Vec<Matcher>,
    filters: Vec<LineFilter>,
    pipeline: Pipeline,
    row: Row,
    /// The stream of the entry before, and whether it is one of ours.
    stream: Option<(Arc<Stream>, bool)>,
}

impl Tail {
    /// Reads a query that gives entries; one that gives numbers is an error.
    pub fn new(query: &str) -> Result<Self, EvalError> {
        Self::compile(&crate::parse_log(query).map_err(EvalError::Parse)?)
    }

    /// As [`Tail::new`], of a query that was parsed already.
    pub fn compile(logs: &LogExpr) -> Result<Self, EvalError> {
        let mut pipeline = Pipeline::new(&logs.stages, Wanted::All)?;
        let filters = std::mem::take(&mut pipeline.filters);
        Ok(Self { matchers: logs.matchers.clone(), filters, pipeline, row: Row::default(), stream: None })
    }

    /// The conditions on streams.
    pub fn matchers(&self) -> &[Matcher] {
        &self.matchers
    }

    /// What `now` gives in templates, in nanoseconds since the Unix epoch. Without this it is the
    /// time of the entry.
    pub fn set_now(&mut self, now_ns: i64) {
        self.pipeline.now_ns = Some(now_ns);
    }

    /// The entry after its way through the pipeline, if it passes; none for a stream that does not
    /// match. `distinct` gives the first entries that arrive.
    pub fn process(&mut self, stream: &Arc<Stream>, entry: EntryRef<'_>) -> Option<LogEntry> {
        let known = self.stream.as_ref().filter(|(known, _)| Arc::ptr_eq(known, stream));
        let matches = if let Some((_, matches)) = known {
            *matches
        } else {
            let matches = self.matchers.iter().all(|matcher| matcher.matches_labels(&stream.labels));
            if matches {
                self.pipeline.begin_stream(&stream.labels, &mut self.row);
            }
            self.stream = Some((Arc::clone(stream), matches));
            matches
        };
        if !matches || !self.filters.iter().all(|filter| filter.passes(entry.line)) {
            return None;
        }
        self.row.begin_entry(entry.timestamp_ns, entry.metadata, entry.level, &Wanted::All);
        self.pipeline.process(entry.line, &mut self.row).then(|| self.row.to_entry(entry.line))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::logs::Level;
    use phoenix_model::{Labels, LabelsRef};

    #[test]
    fn entries_pass_as_they_come() {
        fn is_send<T: Send>(value: T) -> T {
            value
        }
        let mut tail = is_send(Tail::new("{app=\"a\"} |= \"x\" | logfmt | n > 1 | line_format \"{{.n}} {{now | unixEpoch}}\"").unwrap());
        assert_eq!(tail.matchers().len(), 1);
        let ours = Arc::new(Stream { labels: Labels::from_pairs([("app", "a")]) });
        let other = Arc::new(Stream { labels: Labels::from_pairs([("app", "b")]) });
        let mut lines = |stream: &Arc<Stream>, line: &str| {
            let entry = EntryRef { timestamp_ns: 5_000_000_000, line, metadata: LabelsRef::EMPTY, level: Level::Info };
            tail.process(stream, entry).map(|entry| (entry.line, entry.parsed.to_string(), entry.metadata.to_string()))
        };
        for (stream, line, want) in [(&ours, "x n=2", Some("2 5")), (&other, "x n=2", None), (&ours, "y n=2", None), (&ours, "x n=1", None)]
        {
            let want = want.map(|line| (line.to_owned(), "{n=\"2\"}".to_owned(), "{detected_level=\"info\"}".to_owned()));
            assert_eq!(lines(stream, line), want, "{line}");
        }
        assert!(matches!(Tail::new("count_over_time({a=\"b\"}[5m])"), Err(EvalError::Parse(_))));
    }
}
