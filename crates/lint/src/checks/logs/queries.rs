//! Queries in LogQL, wherever they stand: in files of their own, in rules, in dashboards, in the code of prose.

use crate::project::{File, FileKind, Language, Text};
use phoenix_model::Span;

/// A query, where it stands.
pub(super) struct LogQuery<'a> {
    pub file: &'a File,
    pub expr: phoenix_logql::Expr,
    /// All of it.
    pub span: Span,
    pub text: String,
}

/// All queries of a file that can be read.
pub(super) fn of(file: &File) -> Vec<LogQuery<'_>> {
    let mut found = Vec::new();
    let mut take = |text: &str, span: Span| {
        if let Ok(expr) = phoenix_logql::parse(text).into_result() {
            found.push(LogQuery { file, expr, span, text: text.to_owned() });
        }
    };
    match file.kind {
        FileKind::Prose => prose(&file.source.text, &mut take),
        FileKind::Rules | FileKind::RulesFragment => {
            for text in
                file.groups.iter().flat_map(|group| &group.rules).filter(|rule| rule.parsed.is_none()).filter_map(|rule| rule.expr.as_ref())
            {
                take(&text.value, Text::locate(text, Span::new(0, text.value.len())));
            }
        }
        FileKind::Dashboard => {
            // A query that both languages could be is Prometheus' unless the data source says otherwise.
            for asked in file.asked.iter().filter(|asked| asked.parsed.is_none() && asked.language != Some(Language::PromQl)) {
                take(&asked.with_ranges(), asked.text.locate(Span::new(0, asked.text.value.len())));
            }
        }
        _ if file.source.name.ends_with(".logql") => {
            let text = file.source.text.trim_end();
            take(text, Span::new(0, text.len()));
        }
        _ => {}
    }
    found
}

/// Blocks of code that say they are LogQL, and code within lines that begins with a selector and goes on with a stage.
fn prose(text: &str, take: &mut impl FnMut(&str, Span)) {
    let (mut at, mut block): (usize, Option<(bool, usize)>) = (0, None);
    for line in text.split_inclusive('\n') {
        let fence = line.trim_start().strip_prefix("```");
        match (fence, block) {
            (Some(info), None) => block = Some((info.trim() == "logql", at + line.len())),
            (Some(_), Some((is_logql, start))) => {
                if is_logql {
                    take(text[start..at].trim_end(), Span::new(start, start + text[start..at].trim_end().len()));
                }
                block = None;
            }
            (None, Some(_)) => {}
            (None, None) => {
                let mut start = at;
                for (nth, part) in line.split('`').enumerate() {
                    if nth % 2 == 1 && part.starts_with('{') && part.contains("} |") {
                        take(part, Span::new(start, start + part.len()));
                    }
                    start += part.len() + 1;
                }
            }
        }
        at += line.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use phoenix_model::Source;

    #[test]
    fn queries_are_found() {
        for (name, text, want) in [
            ("a.md", "Look: `{a=\"b\"} |= \"x\"` and `{{ $value }}`, `{c=\"d\"}`.\n", "{a=\"b\"} |= \"x\""),
            ("a.md", "```logql\n{a=\"b\"}\n```\n```promql\n{c=\"d\"}\n```\n```traceql\n{ .a = 1 }\n```\n", "{a=\"b\"}"),
            ("a.md", "1. In a list:\n\n   ```logql\n   {a=\"b\"}\n   ```\n", "   {a=\"b\"}"),
            ("a.logql", "{a=\"b\"} | json\n", "{a=\"b\"} | json"),
            (
                "a.json",
                r#"{"panels": [{"datasource": {"type": "loki"}, "targets": [{"expr": "rate({a=`b`}[$__auto])"}]}]}"#,
                "rate({a=`b`}[$__auto])",
            ),
            (
                "a.json",
                r#"{"panels": [{"datasource": "Loki", "targets": [{"expr": "{a=`$b`}"}]}, {"datasource": "x", "targets": [{"expr": "{a=b}"}]}]}"#,
                "{a=`$b`}",
            ),
            (
                "a.yaml",
                "groups:\n- name: g\n  language: logql\n  rules:\n  - {alert: A, expr: 'sum(rate({a=\"b\"}[5m])) > 1'}\n  - {alert: B, expr: up ==}\n",
                "sum(rate({a=\"b\"}[5m])) > 1",
            ),
        ] {
            let file = File::read(Source::new(name, text));
            let found = of(&file);
            let shown: Vec<&str> = found.iter().map(|query| &text[query.span.start..query.span.end]).collect();
            assert_eq!(shown, [want], "{text}");
        }
    }
}
