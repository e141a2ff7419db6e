//! Matchers as people write them in the config, in API filters and with amtool:
//! `foo="bar"`, `foo=~"a|b"`, `{foo=bar, "füü"!="x"}`.
//!
//! Alertmanager has two grammars and is moving from the one to the other. As in its default
//! ("fallback") mode a text is read by the newer, UTF-8 grammar; where only the classic grammar
//! accepts it, or both do and disagree, the classic reading counts and comes with a warning.

mod classic;
mod utf8;

use crate::fingerprint::go_quote;
use phoenix_model::{Labels, MatchOp, Matcher};

/// A list of matchers, all of which have to match; kept in Alertmanager's order (name, value, operator).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Matchers(Vec<Matcher>);

impl Matchers {
    /// Puts matchers into order.
    pub fn new(mut matchers: Vec<Matcher>) -> Self {
        matchers.sort_by(|a, b| (&a.name, &a.value, a.op.as_str()).cmp(&(&b.name, &b.value, b.op.as_str())));
        Self(matchers)
    }

    /// Whether all match; an empty list matches everything.
    pub fn matches(&self, labels: &Labels) -> bool {
        self.0.iter().all(|matcher| matcher.matches_labels(labels))
    }

    /// The matchers.
    pub fn iter(&self) -> std::slice::Iter<'_, Matcher> {
        self.0.iter()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'a> IntoIterator for &'a Matchers {
    type Item = &'a Matcher;
    type IntoIter = std::slice::Iter<'a, Matcher>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

/// As Alertmanager writes a list: `{a="b",c=~"d"}`.
impl std::fmt::Display for Matchers {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("{")?;
        for (i, matcher) in self.0.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            f.write_str(&write_matcher(matcher))?;
        }
        f.write_str("}")
    }
}

/// One matcher as Alertmanager writes it.
pub fn write_matcher(matcher: &Matcher) -> String {
    let name =
        if matcher.name.is_empty() || matcher.name.chars().any(utf8::is_reserved) { go_quote(&matcher.name) } else { matcher.name.clone() };
    let value = matcher.value.replace('\\', "\\\\").replace('\n', "\\n").replace('"', "\\\"");
    format!("{name}{}\"{value}\"", matcher.op.as_str())
}

/// What was read, and whether the text should be written differently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParsedMatchers {
    /// The matchers in the order in which they stood.
    pub matchers: Vec<Matcher>,
    /// Why the classic grammar had to be used, and how to write it instead.
    pub warning: Option<String>,
}

/// Why a text is not a list of matchers.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct MatchersError {
    /// In words.
    pub message: String,
    /// The byte at which it was noticed.
    pub offset: usize,
}

impl MatchersError {
    fn new(offset: usize, message: impl Into<String>) -> Self {
        Self { message: message.into(), offset }
    }
}

/// Reads a list of matchers, with or without braces. An empty list is fine here.
pub fn parse_matchers(text: &str) -> Result<ParsedMatchers, MatchersError> {
    match (utf8::parse(text), classic::parse(text)) {
        (Ok(new), Ok(old)) if new != old => {
            let warning = "reads differently in Alertmanager's classic and UTF-8 grammars; the classic reading is used".to_owned();
            Ok(ParsedMatchers { matchers: old, warning: Some(warning) })
        }
        (Ok(matchers), _) => Ok(ParsedMatchers { matchers, warning: None }),
        (Err(error), Ok(matchers)) => {
            let suggestion: Vec<String> = matchers.iter().map(write_matcher).collect();
            let warning = format!("is deprecated syntax ({}); write it as {}", error.message, suggestion.join(", "));
            Ok(ParsedMatchers { matchers, warning: Some(warning) })
        }
        (Err(error), Err(_)) => Err(error),
    }
}

/// Reads exactly one matcher.
pub fn parse_matcher(text: &str) -> Result<Matcher, MatchersError> {
    let mut matchers = parse_matchers(text)?.matchers;
    match matchers.len() {
        1 => Ok(matchers.remove(0)),
        0 => Err(MatchersError::new(0, "expected a matcher such as severity=\"critical\"")),
        n => Err(MatchersError::new(0, format!("expected one matcher, found {n}"))),
    }
}

fn build(name: String, op: MatchOp, value: String, offset: usize) -> Result<Matcher, MatchersError> {
    Matcher::new(name, op, value).map_err(|e| MatchersError::new(offset, e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn check(text: &str, want: &str) {
        let got = match parse_matchers(text) {
            Ok(parsed) => {
                let list: Vec<String> = parsed.matchers.iter().map(write_matcher).collect();
                format!("{}{}", list.join(" "), if parsed.warning.is_some() { " (warned)" } else { "" })
            }
            Err(error) => format!("error at {}: {}", error.offset, error.message),
        };
        assert_eq!(got, want, "{text:?}");
    }

    #[test]
    fn what_is_read() {
        for (text, want) in [
            ("foo=bar", r#"foo="bar""#),
            ("foo = bar", r#"foo="bar""#),
            (r#"{alertname="Watchdog", severity=~"warning|critical",}"#, r#"alertname="Watchdog" severity=~"warning|critical""#),
            (r#"alertname!="Watchdog", severity!~"a.*""#, r#"alertname!="Watchdog" severity!~"a.*""#),
            (" {\n foo = \"a\" ,\n} ", r#"foo="a""#),
            ("{}", ""),
            ("", ""),
            ("Προμηθεύς=a", r#"Προμηθεύς="a""#),
            (r#""foo bar"=baz"#, r#""foo bar"="baz""#),
            ("foo=[a-z]+", r#"foo="[a-z]+""#),
            (r#"foo="\xf0\x9f\x99\x82""#, r#"foo="\\xf0\\x9f\\x99\\x82" (warned)"#),
            (r#"foo="a\tb""#, r#"foo="a\\tb" (warned)"#),
            (r#"foo="a,b""#, r#"foo="a,b""#),
            (r#"foo="\\d+""#, r#"foo="\\d+""#),
            (r#"{quote=~"She said: \"Hi, all!( How're you…)?\""}"#, r#"quote=~"She said: \"Hi, all!( How're you…)?\"""#),
            // only the classic grammar reads these
            ("foo=", r#"foo="" (warned)"#),
            ("foo=a b", r#"foo="a b" (warned)"#),
            (r#"foo=~"\d+""#, r#"foo=~"\\d+" (warned)"#),
            ("foo==bar", r#"foo="=bar" (warned)"#),
        ] {
            check(text, want);
        }
    }

    #[test]
    fn what_is_refused() {
        for (text, want) in [
            ("foo", "error at 3: expected an operator such as '=', found the end"),
            ("=bar", "error at 0: expected a label name, found '='"),
            (r#"{foo="bar""#, "error at 10: expected '}' at the end, since there is a '{' at the start"),
            (r#"foo="bar"}"#, "error at 9: there is a '}' at the end, but no '{' at the start"),
            ("{{foo=bar}}", "error at 1: expected a label name, found '{'"),
            (r#"foo="bar" x=y"#, "error at 10: expected a ',' between matchers, found 'x'"),
            ("foo=~(", r#"error at 5: invalid regular expression "(": unclosed group"#),
            (r#"foo="bar"#, "error at 4: the string has no closing quote"),
            (",", "error at 0: expected a label name, found ','"),
            ("foo=bar,,", "error at 8: expected a label name, found ','"),
        ] {
            check(text, want);
        }
    }

    #[test]
    fn lists_are_sorted_for_keys() {
        let parsed = parse_matchers(r#"b="1",a=~"x",a="x""#).unwrap();
        assert_eq!(Matchers::new(parsed.matchers).to_string(), r#"{a="x",a=~"x",b="1"}"#);
    }

    proptest! {
        #[test]
        fn never_panics(text in "[{}=!~,\"\\\\a-zü \n.()|x0-9]{0,24}") {
            let _ = parse_matchers(&text);
        }

        #[test]
        fn what_is_written_is_read_back(name in "[a-z_][a-z0-9_]{0,5}", value in "[^\\\\]{0,12}", op in 0..2_usize) {
            let matcher = Matcher::new(name, [MatchOp::Equal, MatchOp::NotEqual][op], value).unwrap();
            let parsed = parse_matchers(&write_matcher(&matcher)).unwrap();
            prop_assert_eq!(parsed.matchers, vec![matcher]);
        }
    }
}
