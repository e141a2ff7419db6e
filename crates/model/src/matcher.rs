//! Label matchers: `name="value"` and its kin.

use crate::Labels;
use regex::Regex;
use std::fmt;

/// How a matcher compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MatchOp {
    /// `=`
    Equal,
    /// `!=`
    NotEqual,
    /// `=~`, anchored at both ends
    Regex,
    /// `!~`, anchored at both ends
    NotRegex,
}

impl MatchOp {
    /// The operator as written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Regex => "=~",
            Self::NotRegex => "!~",
        }
    }
}

/// Why a matcher could not be built.
#[derive(Debug, Clone, thiserror::Error)]
#[error("invalid regular expression {pattern:?}: {reason}")]
pub struct MatcherError {
    /// The pattern as given.
    pub pattern: String,
    /// What the regex engine says of it, in one line.
    pub reason: String,
}

/// One label matcher, with its regular expression compiled. An absent label has the value "".
#[derive(Clone)]
pub struct Matcher {
    /// The label's name.
    pub name: String,
    /// The comparison.
    pub op: MatchOp,
    /// The value or pattern as given.
    pub value: String,
    regex: Option<AnchoredRegex>,
}

impl Matcher {
    /// Builds a matcher; fails only for a pattern that is not a regular expression.
    pub fn new(name: impl Into<String>, op: MatchOp, value: impl Into<String>) -> Result<Self, MatcherError> {
        let value = value.into();
        let regex = match op {
            MatchOp::Equal | MatchOp::NotEqual => None,
            MatchOp::Regex | MatchOp::NotRegex => Some(AnchoredRegex::new(&value)?),
        };
        Ok(Self { name: name.into(), op, value, regex })
    }

    /// `name="value"`
    pub fn equal(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self { name: name.into(), op: MatchOp::Equal, value: value.into(), regex: None }
    }

    /// Whether a value of this label matches; pass "" for an absent label.
    pub fn matches(&self, value: &str) -> bool {
        match (self.op, &self.regex) {
            (MatchOp::Equal, _) => value == self.value,
            (MatchOp::NotEqual, _) => value != self.value,
            (MatchOp::Regex, Some(regex)) => regex.is_match(value),
            (MatchOp::NotRegex, Some(regex)) => !regex.is_match(value),
            (MatchOp::Regex | MatchOp::NotRegex, None) => unreachable!("regex matchers are built with their regex"),
        }
    }

    /// Whether the set of labels matches.
    pub fn matches_labels(&self, labels: &Labels) -> bool {
        self.matches(labels.value(&self.name))
    }

    /// Whether an absent label matches, so that the index cannot be used to find the series.
    pub fn matches_empty(&self) -> bool {
        self.matches("")
    }

    /// The values that can match, when the pattern is a plain alternation such as `a|b|c`
    /// (or the operator is `=`); `None` when there may be others.
    pub fn literal_values(&self) -> Option<Vec<&str>> {
        match self.op {
            MatchOp::Equal => Some(vec![&self.value]),
            MatchOp::Regex if is_plain_alternation(&self.value) => Some(self.value.split('|').collect()),
            _ => None,
        }
    }
}

fn is_plain_alternation(pattern: &str) -> bool {
    !pattern.contains(|c: char| "\\.+*?()[]{}^$".contains(c) || c == '#')
}

impl PartialEq for Matcher {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name && self.op == other.op && self.value == other.value
    }
}

impl Eq for Matcher {}

impl fmt::Display for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if crate::labels::is_legacy_label_name(&self.name) {
            write!(f, "{}{}{:?}", self.name, self.op.as_str(), self.value)
        } else {
            write!(f, "{:?}{}{:?}", self.name, self.op.as_str(), self.value)
        }
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A regular expression that has to match the whole value, with `.` matching newlines too,
/// as Prometheus anchors every pattern in matchers and relabelling (`^(?s:…)$`). The syntax is
/// RE2's, as in Go.
#[derive(Debug, Clone)]
pub struct AnchoredRegex {
    regex: Regex,
}

impl AnchoredRegex {
    /// Compiles the pattern; the compiled form may use up to 10 MiB.
    pub fn new(pattern: &str) -> Result<Self, MatcherError> {
        let to_error = |e: &regex::Error| MatcherError {
            pattern: pattern.to_owned(),
            reason: e.to_string().lines().last().unwrap_or("not a regular expression").trim_start_matches("error: ").to_owned(),
        };
        let translated = crate::re2::translate(pattern);
        // Alone first: `a)|(b` is an error by itself, but not inside of the group.
        Regex::new(&translated).map_err(|e| to_error(&e))?;
        let regex = Regex::new(&format!("^(?s:{translated})$")).map_err(|e| to_error(&e))?;
        Ok(Self { regex })
    }

    /// Whether the whole value matches.
    pub fn is_match(&self, value: &str) -> bool {
        self.regex.is_match(value)
    }

    /// The compiled expression, for captures.
    pub fn regex(&self) -> &Regex {
        &self.regex
    }
}

/// Compiles a pattern in RE2's syntax that matches anywhere in a text, with `.` matching newlines
/// too, as LogQL's line filters and its `regexp` want it. The compiled form may use up to 10 MiB.
pub fn search_regex(pattern: &str) -> Result<Regex, MatcherError> {
    let anchored = AnchoredRegex::new(pattern)?;
    let inner = anchored.regex.as_str().trim_start_matches('^').trim_end_matches('$');
    Regex::new(inner).map_err(|e| MatcherError { pattern: pattern.to_owned(), reason: e.to_string() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_are_not_anchored() {
        for (pattern, text, want) in [("a.b", "xa\nbx", true), ("^b", "ab", false), ("b$", "ab", true), ("(?i)B", "abc", true)] {
            assert_eq!(search_regex(pattern).unwrap().is_match(text), want, "{pattern} in {text:?}");
        }
        assert!(search_regex("a)|(b").is_err());
    }

    #[test]
    fn patterns_are_anchored() {
        for (op, value, input, want) in [
            (MatchOp::Equal, "a", "a", true),
            (MatchOp::NotEqual, "a", "", true),
            (MatchOp::Regex, "a|b", "b", true),
            (MatchOp::Regex, "a", "ab", false),
            (MatchOp::Regex, "a.*", "a\nb", true),
            (MatchOp::Regex, "", "", true),
            (MatchOp::NotRegex, ".+", "", true),
            (MatchOp::NotRegex, "a.*", "ab", false),
        ] {
            let matcher = Matcher::new("l", op, value).unwrap();
            assert_eq!(matcher.matches(input), want, "{matcher} on {input:?}");
        }
    }

    #[test]
    fn broken_patterns_are_named() {
        for pattern in ["(", "a)|(b", "[z-a]", "*"] {
            let error = Matcher::new("l", MatchOp::Regex, pattern).unwrap_err();
            assert!(error.to_string().contains(&format!("{pattern:?}")), "{error}");
        }
    }

    #[test]
    fn literal_values_only_for_plain_alternations() {
        let values = |op, v: &str| Matcher::new("l", op, v).unwrap().literal_values().map(|v| v.join(","));
        assert_eq!(values(MatchOp::Regex, "a|b-c|d e"), Some("a,b-c,d e".to_owned()));
        assert_eq!(values(MatchOp::Regex, "a.b"), None);
        assert_eq!(values(MatchOp::NotEqual, "a"), None);
    }
}
