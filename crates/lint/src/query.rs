//! One query by itself, as an editor holds it.

use crate::facts::Facts;
use crate::finding::Finding;
use crate::project::Project;
use crate::run::{Options, lint};
use phoenix_model::Source;

/// What is found in one query. The ending of the source's name says its language: `query.promql`, `query.logql`.
pub fn lint_query(query: &Source, facts: &Facts, options: &Options) -> Vec<Finding> {
    let whole = Source::new(query.name.clone(), in_one_piece(&query.text));
    let mut found = lint(&Project::of(vec![whole]), facts, options);
    for finding in &mut found {
        finding.diagnostic.source = Some(query.clone());
    }
    found
}

/// The text with every byte where it was and no empty lines, which end an expression in a file of queries. The break
/// before an empty line becomes a space, so that a comment above it ends with the break behind.
fn in_one_piece(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut lines = text.split_inclusive('\n').peekable();
    while let Some(line) = lines.next() {
        let joins = lines.peek().is_some_and(|next| next.trim().is_empty());
        match line.strip_suffix('\n').filter(|_| joins) {
            Some(line) => {
                out.push_str(line);
                out.push(' ');
            }
            None => out.push_str(line),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(name: &str, text: &str) -> Vec<String> {
        let source = Source::new(name, text);
        let facts = Facts::of(&Project::default(), None);
        let shown = |finding: &Finding| {
            let span = finding.diagnostic.span;
            assert_eq!(finding.diagnostic.source.as_ref(), Some(&source));
            format!("{} at `{}`", finding.rule.id, &text[span.start..span.end])
        };
        lint_query(&source, &facts, &Options::default()).iter().map(shown).collect()
    }

    #[test]
    fn one_query_is_one_expression_however_it_is_laid_out() {
        let never = "promql/labels-never-match";
        for (text, want) in [
            ("up", None),
            ("sum by (a) (x) / sum by (b) (y)", Some(never)),
            ("sum by (a) (x)\n\n  /\n\n\nsum by (b) (y)\n", Some(never)),
            ("sum by (a) (x) # é\n\n/ sum by (b) (y)", Some(never)),
            ("sum by (a) (x) /", None),
            ("", None),
        ] {
            let all = found("query.promql", text);
            assert_eq!(all.iter().map(|f| f.split(' ').next().unwrap()).next(), want, "{text:?}: {all:?}");
            assert_eq!(in_one_piece(text).len(), text.len());
        }
    }

    #[test]
    fn logql_is_linted_as_logql() {
        let all = Options { level: phoenix_model::Severity::Info, ..Options::default() };
        let facts = Facts::of(&Project::default(), None);
        let rules = |text: &str| -> Vec<&str> {
            lint_query(&Source::new("query.logql", text), &facts, &all).iter().map(|finding| finding.rule.id).collect()
        };
        assert_eq!(rules("{app=\"a\"} |= \"ERROR\""), ["logs/text-instead-of-level"]);
        assert_eq!(rules("{app=\"a\"} | json | level = `error`"), [""; 0]);
        assert!(found("query.promql", "{app=\"a\"} |= \"ERROR\"").is_empty(), "what can't be read is left to the parser");
    }
}
