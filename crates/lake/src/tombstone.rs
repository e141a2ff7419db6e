//! Entries that were deleted but may still stand in segments.

use phoenix_model::logs::{LineFilter, LinePattern, Stream};
use phoenix_model::{MatchOp, Matcher};
use regex::Regex;
use serde::{Deserialize, Serialize};

/// What entries must meet, all of it, to be hidden from readers and left out when segments are merged.
#[derive(Debug, Clone)]
pub struct Tombstone {
    /// Conditions on the stream's labels.
    pub matchers: Vec<Matcher>,
    /// The first moment that counts, in nanoseconds since the Unix epoch.
    pub start_ns: i64,
    /// The first moment that does not count any more.
    pub end_ns: i64,
    /// Conditions on the line.
    pub filters: Vec<LineFilter>,
}

impl Tombstone {
    /// Whether entries of the stream can be covered.
    pub fn touches_stream(&self, stream: &Stream) -> bool {
        self.matchers.iter().all(|matcher| matcher.matches_labels(&stream.labels))
    }

    /// Whether entries of this range of time (both ends count) can be covered.
    pub fn touches_time(&self, min_ns: i64, max_ns: i64) -> bool {
        self.start_ns <= max_ns && min_ns < self.end_ns
    }

    /// Whether an entry of a stream that [`Tombstone::touches_stream`] is covered.
    pub fn covers(&self, timestamp_ns: i64, line: &str) -> bool {
        self.start_ns <= timestamp_ns && timestamp_ns < self.end_ns && self.filters.iter().all(|filter| filter.passes(line))
    }
}

/// A tombstone as it is written down.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct StoredTombstone {
    matchers: Vec<(String, String, String)>,
    start_ns: i64,
    end_ns: i64,
    filters: Vec<StoredFilter>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct StoredFilter {
    negated: bool,
    alternatives: Vec<StoredPattern>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum StoredPattern {
    Contains(String),
    Regex(String),
    Literals(Vec<String>),
}

impl From<&Tombstone> for StoredTombstone {
    fn from(tombstone: &Tombstone) -> Self {
        let matcher = |m: &Matcher| (m.name.clone(), m.op.as_str().to_owned(), m.value.clone());
        let pattern = |p: &LinePattern| match p {
            LinePattern::Contains(text) => StoredPattern::Contains(text.clone()),
            LinePattern::Regex(regex) => StoredPattern::Regex(regex.as_str().to_owned()),
            LinePattern::Literals(literals) => StoredPattern::Literals(literals.clone()),
        };
        let filter = |f: &LineFilter| StoredFilter { negated: f.negated, alternatives: f.alternatives.iter().map(pattern).collect() };
        Self {
            matchers: tombstone.matchers.iter().map(matcher).collect(),
            start_ns: tombstone.start_ns,
            end_ns: tombstone.end_ns,
            filters: tombstone.filters.iter().map(filter).collect(),
        }
    }
}

impl StoredTombstone {
    /// Compiles it again; the error says what can't be understood.
    pub(crate) fn restore(&self) -> Result<Tombstone, String> {
        let matcher = |(name, op, value): &(String, String, String)| {
            let op = [MatchOp::Equal, MatchOp::NotEqual, MatchOp::Regex, MatchOp::NotRegex].into_iter().find(|known| known.as_str() == op);
            let op = op.ok_or_else(|| format!("{name} has an operator that is not known"))?;
            Matcher::new(name, op, value).map_err(|error| error.to_string())
        };
        let pattern = |p: &StoredPattern| match p {
            StoredPattern::Contains(text) => Ok(LinePattern::Contains(text.clone())),
            StoredPattern::Regex(regex) => Regex::new(regex).map(LinePattern::Regex).map_err(|error| error.to_string()),
            StoredPattern::Literals(literals) => Ok(LinePattern::Literals(literals.clone())),
        };
        let filter = |f: &StoredFilter| {
            let alternatives = f.alternatives.iter().map(pattern).collect::<Result<_, String>>()?;
            Ok::<_, String>(LineFilter { negated: f.negated, alternatives })
        };
        Ok(Tombstone {
            matchers: self.matchers.iter().map(matcher).collect::<Result<_, String>>()?,
            start_ns: self.start_ns,
            end_ns: self.end_ns,
            filters: self.filters.iter().map(filter).collect::<Result<_, String>>()?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Labels;

    #[test]
    fn a_tombstone_is_the_same_after_writing_and_reading() {
        let tombstone = Tombstone {
            matchers: vec![Matcher::equal("app", "a"), Matcher::new("env", MatchOp::NotRegex, "dev|test").unwrap()],
            start_ns: 10,
            end_ns: 20,
            filters: vec![
                LineFilter { negated: false, alternatives: vec![LinePattern::Contains("user=7".into())] },
                LineFilter {
                    negated: true,
                    alternatives: vec![
                        LinePattern::Regex(Regex::new("keep|hold").unwrap()),
                        LinePattern::Literals(vec!["a".into(), String::new()]),
                    ],
                },
            ],
        };
        let stored = StoredTombstone::from(&tombstone);
        let text = serde_json::to_string(&stored).unwrap();
        let again = serde_json::from_str::<StoredTombstone>(&text).unwrap();
        assert_eq!(again, stored);
        let again = again.restore().unwrap();
        let stream = |env: &str| Stream { labels: Labels::from_pairs([("app", "a"), ("env", env)]) };
        assert!(again.touches_stream(&stream("prod")) && !again.touches_stream(&stream("dev")));
        for (timestamp_ns, line, covered) in [
            (10, "x user=7", true),
            (9, "x user=7", false),
            (20, "x user=7", false),
            (15, "x user=7 keep", false),
            (15, "a user=7", false),
            (15, "x user=8", false),
        ] {
            assert_eq!(again.covers(timestamp_ns, line), covered, "{timestamp_ns} {line}");
        }
        assert!(again.touches_time(5, 10) && !again.touches_time(20, 30) && !again.touches_time(0, 9));
    }
}
