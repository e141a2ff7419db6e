//! Expressions outside of rules: in dashboards, and in files of queries.

use super::text::Text;
use phoenix_model::{Source, Span};
use phoenix_promql::Expr;
use phoenix_yaml::Node;

/// An expression that somebody asks.
#[derive(Debug)]
pub struct Asked {
    /// Whose it is: the title of a panel; empty for a file of queries.
    pub panel: String,
    /// As written.
    pub text: Text,
    /// What its data source speaks, when that is said.
    pub language: Option<Language>,
    /// As read, when it is PromQL without variables and without an error.
    pub parsed: Option<Expr>,
}

/// What a query is written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Of Prometheus and what answers like it.
    PromQl,
    /// Of Loki.
    LogQl,
}

impl Asked {
    /// The text with a range in the place of each variable that stands for one; every byte stays where it is.
    pub fn with_ranges(&self) -> String {
        with_ranges(&self.text.value)
    }
}

/// How deep rows and panels are followed.
const MAX_DEPTH: usize = 8;

/// The expressions of all panels.
pub(super) fn of_dashboard(source: &Source, tree: &Node) -> Vec<Asked> {
    let mut found = Vec::new();
    panels(source, tree.get("dashboard").unwrap_or(tree), 0, &mut found);
    found
}

fn panels(source: &Source, node: &Node, depth: usize, found: &mut Vec<Asked>) {
    if depth > MAX_DEPTH {
        return;
    }
    for key in ["panels", "rows"] {
        for panel in node.get(key).map(Node::items).unwrap_or_default() {
            let title = panel.get("title").and_then(Node::text).unwrap_or("").to_owned();
            for target in panel.get("targets").map(Node::items).unwrap_or_default() {
                let Speaks::Known(language) = speaks(target).or_else(|| speaks(panel)).unwrap_or(Speaks::Known(None)) else { continue };
                if let Some(text) = target.get("expr").and_then(|expr| Text::of(source, expr)) {
                    let promql = language != Some(Language::LogQl);
                    let parsed = promql.then(|| phoenix_promql::parse(&with_ranges(&text.value)).into_result().ok()).flatten();
                    found.push(Asked { panel: title.clone(), text, language, parsed });
                }
            }
            panels(source, panel, depth + 1, found);
        }
    }
}

/// What a data source speaks.
enum Speaks {
    /// One of these, or one that is not known.
    Known(Option<Language>),
    /// Something else.
    Other,
}

/// What the data source of a target or panel speaks: by its type, and in old dashboards by its name.
fn speaks(node: &Node) -> Option<Speaks> {
    let source = node.get("datasource")?;
    if let Some(kind) = source.get("type").and_then(Node::text) {
        return Some(match kind {
            "prometheus" => Speaks::Known(Some(Language::PromQl)),
            "loki" => Speaks::Known(Some(Language::LogQl)),
            _ => Speaks::Other,
        });
    }
    let name = source.text()?.to_ascii_lowercase();
    let language = if name.contains("loki") { Some(Language::LogQl) } else { name.contains("prometheus").then_some(Language::PromQl) };
    Some(Speaks::Known(language))
}

/// With a range in the place of each variable that stands for one, so that every byte stays where it is:
/// `[$__rate_interval]` becomes `[000…5m]`. Other variables are left, and what needs their values is not read.
fn with_ranges(text: &str) -> String {
    let (mut out, mut rest) = (String::with_capacity(text.len()), text);
    let (mut quote, mut brackets) = (None, 0_usize);
    while let Some(c) = rest.chars().next() {
        let variable = if quote.is_none() && brackets > 0 { variable(rest) } else { None };
        let taken = variable.unwrap_or(c.len_utf8());
        match (c, quote) {
            _ if variable.is_some() => {
                out.extend(std::iter::repeat_n('0', taken.saturating_sub(2)));
                out.push_str("5m");
            }
            ('\\', Some('"' | '\'')) => {
                let escaped = 1 + rest[1..].chars().next().map_or(0, char::len_utf8);
                out.push_str(&rest[..escaped]);
                rest = &rest[escaped..];
                continue;
            }
            _ => {
                match (c, quote) {
                    ('"' | '\'' | '`', None) => quote = Some(c),
                    (c, Some(open)) if c == open => quote = None,
                    ('[', None) => brackets += 1,
                    (']', None) => brackets = brackets.saturating_sub(1),
                    _ => {}
                }
                out.push(c);
            }
        }
        rest = &rest[taken..];
    }
    out
}

/// The length of a variable at the beginning of a text: `$name`, `${name}`, `${name:format}`.
fn variable(text: &str) -> Option<usize> {
    let rest = text.strip_prefix('$')?;
    let length = match rest.strip_prefix('{') {
        Some(braced) => braced.find('}')? + 3,
        None => 1 + rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len()),
    };
    (length >= 2).then_some(length)
}

/// Expressions apart by empty lines.
pub(super) fn of_lines(source: &Source) -> Vec<Asked> {
    let (mut found, mut start, mut at) = (Vec::new(), None, 0);
    for line in source.text.split_inclusive('\n').chain(std::iter::once("")) {
        if line.trim().is_empty() {
            found.extend(start.take().map(|from| Span::new(from, from + source.text[from..at].trim_end().len())));
        } else if start.is_none() {
            start = Some(at);
        }
        at += line.len();
    }
    let asked = |span| {
        let text = Text::bare(source, span);
        let parsed = phoenix_promql::parse(&text.value).into_result().ok();
        Asked { panel: String::new(), text, language: Some(Language::PromQl), parsed }
    };
    found.into_iter().map(asked).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_take_the_place_of_variables() {
        for (text, want) in [
            ("rate(a[$__rate_interval])", "rate(a[000000000000005m])"),
            ("rate(a[${w}]) offset $x", "rate(a[005m]) offset $x"),
            ("max_over_time(a[$a:$bcd])", "max_over_time(a[5m:005m])"),
            ("a{b=\"[$abc]\", c='\\'[$abc]'}[$abc]", "a{b=\"[$abc]\", c='\\'[$abc]'}[005m]"),
            ("sum by ($abc) (a[5m])", "sum by ($abc) (a[5m])"),
            ("a[${", "a[${"),
            ("é[$]", "é[$]"),
        ] {
            let shown = with_ranges(text);
            assert_eq!(shown, want, "{text}");
            assert_eq!(shown.len(), text.len(), "{text}");
        }
    }
}
