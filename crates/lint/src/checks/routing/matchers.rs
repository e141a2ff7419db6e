//! Alertmanager's matchers in all of their forms.

use crate::checks::keys::texts;
use crate::checks::matching::exclude_each_other;
use phoenix_model::{MatchOp, Matcher};
use phoenix_yaml::Node;

/// The matchers of a route, or of a side of an inhibition: `prefix` is empty, `source_` or `target_`. `None` when one
/// of them can't be read.
pub(super) fn of(node: &Node, prefix: &str) -> Option<Vec<Matcher>> {
    let mut found = Vec::new();
    for text in texts(node, &format!("{prefix}matchers")) {
        for part in split(text.text()?) {
            found.push(matcher(&part)?);
        }
    }
    for (key, op) in [("match", MatchOp::Equal), ("match_re", MatchOp::Regex)] {
        for (name, value) in node.get(&format!("{prefix}{key}")).map(Node::entries).unwrap_or_default() {
            found.push(Matcher::new(name.text()?, op, value.text()?).ok()?);
        }
    }
    Some(found)
}

/// `{a="b",c="d"}` and `a="b"` as single matchers.
fn split(text: &str) -> Vec<String> {
    let text = text.trim();
    let text = text.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or(text);
    let (mut parts, mut quoted, mut escaped) = (vec![String::new()], false, false);
    for c in text.chars() {
        match c {
            '"' if !escaped => quoted = !quoted,
            ',' if !quoted => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        escaped = c == '\\' && !escaped;
        parts.last_mut().expect("it begins with one part").push(c);
    }
    parts.retain(|part| !part.trim().is_empty());
    parts
}

fn matcher(text: &str) -> Option<Matcher> {
    let at = text.find(['=', '!'])?;
    let (name, rest) = text.split_at(at);
    let ops = [("=~", MatchOp::Regex), ("!~", MatchOp::NotRegex), ("!=", MatchOp::NotEqual), ("=", MatchOp::Equal)];
    let (op, value) = ops.into_iter().find_map(|(sign, op)| Some((op, rest.strip_prefix(sign)?)))?;
    let value = value.trim();
    let value = value.strip_prefix('"').and_then(|value| value.strip_suffix('"')).unwrap_or(value);
    Matcher::new(name.trim().trim_matches('"'), op, value.replace("\\\"", "\"").replace("\\\\", "\\")).ok()
}

/// Whether every alert that fits `held` fits the matcher too.
pub(super) fn implies(held: &[Matcher], matcher: &Matcher) -> bool {
    let everything = matches!(matcher.op, MatchOp::Regex) && matches!(matcher.value.as_str(), ".*" | "");
    let by = |other: &Matcher| {
        other.name == matcher.name
            && (other == matcher || other.literal_values().is_some_and(|values| values.iter().all(|value| matcher.matches(value))))
    };
    (everything && matcher.value == ".*") || held.iter().any(by)
}

/// Two matchers that no alert fits.
pub(super) fn contradiction<'a>(matchers: &'a [Matcher], held: &'a [Matcher]) -> Option<(&'a Matcher, &'a Matcher)> {
    let pair = |a: &'a Matcher| Some((a, matchers.iter().chain(held).find(|b| a.name == b.name && exclude_each_other(a, b))?));
    matchers.iter().find_map(pair)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matchers_are_read() {
        for (text, want) in [
            ("a=\"b\"", "a=\"b\""),
            ("severity =~ \"warning|critical\"", "severity=~\"warning|critical\""),
            ("{a=\"b,c\", d!=e}", "a=\"b,c\" d!=\"e\""),
            ("a=~^(?:x|y)$", "a=~\"^(?:x|y)$\""),
            ("a!~\"x\\\"y\"", "a!~\"x\\\"y\""),
            ("", ""),
        ] {
            let shown: Vec<String> = split(text).iter().filter_map(|part| Some(matcher(part)?.to_string())).collect();
            assert_eq!(shown.join(" "), want, "{text}");
        }
        assert_eq!(matcher("a"), None);
        assert_eq!(matcher("a=~("), None);
    }
}
