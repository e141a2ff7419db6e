//! Prometheus' rule files.

use crate::check::{self, ExprChecker};
use crate::spec::{AlertingSpec, GroupSpec, RuleKind, RuleSpec};
use phoenix_engine::Language;
use phoenix_model::suggest::nearest;
use phoenix_model::{Diagnostic, Source, Span};
use phoenix_template::Functions;
use phoenix_yaml::{Duration, Spanned, span_of};
use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;

/// A rule file, read.
#[derive(Debug, Clone)]
pub struct RuleFile {
    /// The text it was read from.
    pub source: Source,
    /// The groups that can be evaluated, in order.
    pub groups: Vec<GroupSpec>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawFile {
    #[serde(default)]
    groups: Vec<RawGroup>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawGroup {
    name: Spanned<String>,
    interval: Option<Duration>,
    query_offset: Option<Duration>,
    limit: Option<Spanned<i64>>,
    language: Option<Spanned<String>>,
    #[serde(default)]
    labels: Pairs,
    #[serde(default)]
    rules: Vec<Spanned<RawRule>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawRule {
    record: Option<Spanned<String>>,
    alert: Option<Spanned<String>>,
    expr: Option<Spanned<String>>,
    #[serde(rename = "for")]
    hold: Option<Spanned<Duration>>,
    keep_firing_for: Option<Spanned<Duration>>,
    #[serde(default)]
    labels: Pairs,
    annotations: Option<Spanned<Pairs>>,
}

/// A mapping of texts whose keys know where they stand.
#[derive(Debug, Clone, Default)]
struct Pairs(Vec<(Spanned<String>, Spanned<String>)>);

impl<'de> Deserialize<'de> for Pairs {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PairsVisitor;

        impl<'de> Visitor<'de> for PairsVisitor {
            type Value = Pairs;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a mapping of names to texts")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Pairs, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(Pairs(pairs))
            }
        }

        deserializer.deserialize_map(PairsVisitor)
    }
}

/// Reads a rule file: the groups that can be used, and what is wrong. When one of the diagnostics
/// is an error, the file as a whole is not to be used; groups are still given as far as they could
/// be read, for editors. Groups in a language whose engine is yet to come are left out with a
/// warning.
pub fn parse(source: &Source, checker: &dyn ExprChecker) -> (RuleFile, Vec<Diagnostic>) {
    let (raw, mut out) = phoenix_yaml::read::<RawFile>(source);
    let functions = Functions::prometheus("");
    let mut groups = Vec::new();
    let mut names: BTreeMap<String, Span> = BTreeMap::new();
    for raw in raw.map(|raw| raw.groups).unwrap_or_default() {
        let span = span_of(&raw.name, source);
        if raw.name.is_empty() {
            out.push(Diagnostic::error(source, span, "a group's name is empty"));
        } else if let Some(first) = names.insert(raw.name.value.clone(), span) {
            let (line, _) = source.position(first.start);
            out.push(
                Diagnostic::error(source, span, format!("the group `{}` exists twice in this file", raw.name.value))
                    .with_help(format!("the first one is in line {line}")),
            );
        }
        if let Some(group) = read_group(source, raw, checker, &functions, &mut out) {
            groups.push(group);
        }
    }
    out.sort_by_key(|d| d.span.start);
    (RuleFile { source: source.clone(), groups }, out)
}

impl RuleFile {
    /// Whether the diagnostics that came with a file keep it from being used.
    pub fn is_refused(diagnostics: &[Diagnostic]) -> bool {
        check::has_errors(diagnostics)
    }
}

fn read_group(
    source: &Source,
    raw: RawGroup,
    checker: &dyn ExprChecker,
    functions: &Functions,
    out: &mut Vec<Diagnostic>,
) -> Option<GroupSpec> {
    let language = read_language(source, raw.language.as_ref(), out)?;
    let limit = raw.limit.as_ref().map_or(0, |limit| {
        if limit.value < 0 {
            out.push(Diagnostic::error(source, span_of(limit, source), "`limit` is negative").with_help("0 means no limit"));
        }
        limit.value.max(0) as usize
    });
    for (name, _) in &raw.labels.0 {
        check::label(source, name, out);
    }
    let mut rules: Vec<RuleSpec> = Vec::with_capacity(raw.rules.len());
    for rule in raw.rules {
        let span = span_of(&rule, source);
        let Some(rule) = read_rule(source, span, rule.value, &raw.labels, language, checker, functions, out) else { continue };
        if let Some(first) = rules.iter().find(|r| r.same_identity(&rule)) {
            let what = if rule.kind == RuleKind::Recording { "recording rule" } else { "alert" };
            out.push(
                Diagnostic::warning(
                    source,
                    first_line(source, span),
                    format!("the {what} `{}` exists twice with the same labels", rule.name),
                )
                .with_help(format!("the first one is in line {}; both give the same series", first.line)),
            );
        }
        rules.push(rule);
    }
    let (line, _) = source.position(span_of(&raw.name, source).start);
    Some(GroupSpec {
        file: source.name.clone(),
        name: raw.name.value,
        interval: raw.interval.map(Duration::get),
        query_offset: raw.query_offset.map(Duration::get),
        limit,
        language,
        rules,
        line,
    })
}

fn read_language(source: &Source, name: Option<&Spanned<String>>, out: &mut Vec<Diagnostic>) -> Option<Language> {
    let Some(name) = name else { return Some(Language::PromQl) };
    let span = span_of(name, source);
    let language = Language::from_name(name);
    if language.is_none() {
        let known = ["promql", "logql", "traceql"];
        let help =
            nearest(name, known).map_or_else(|| "one of promql, logql, traceql".to_owned(), |near| format!("did you mean `{near}`?"));
        out.push(Diagnostic::error(source, span, format!("unknown query language `{}`", name.value)).with_help(help));
    }
    language
}

#[expect(clippy::too_many_arguments, reason = "what a rule is read with; a struct for one caller would only rename it")]
fn read_rule(
    source: &Source,
    span: Span,
    raw: RawRule,
    group_labels: &Pairs,
    language: Language,
    checker: &dyn ExprChecker,
    functions: &Functions,
    out: &mut Vec<Diagnostic>,
) -> Option<RuleSpec> {
    let here = first_line(source, span);
    let (name, alerts) = match (&raw.record, &raw.alert) {
        (Some(record), Some(_)) => {
            out.push(
                Diagnostic::error(source, span_of(record, source), "a rule has both `record` and `alert`")
                    .with_help("make two rules of it: one records, one alerts"),
            );
            return None;
        }
        (None, None) => {
            out.push(
                Diagnostic::error(source, here, "a rule has neither `record` nor `alert`")
                    .with_help("`record` names a new metric, `alert` an alert"),
            );
            return None;
        }
        (Some(name), None) => (name, false),
        (None, Some(name)) => (name, true),
    };
    let shown = format!("`{}`", name.value);
    if alerts && name.is_empty() {
        out.push(
            Diagnostic::error(source, span_of(name, source), "`alert` is empty").with_help("give the alert a name, such as `ApiDown`"),
        );
    } else if !alerts {
        check::metric_name(source, name, out);
    }
    match &raw.expr {
        Some(expr) if !expr.trim().is_empty() => check::expression(source, expr, language, checker, out),
        Some(expr) => out.push(Diagnostic::error(source, span_of(expr, source), format!("`expr` of {shown} is empty"))),
        None => out.push(Diagnostic::error(source, here, format!("{shown} has no `expr`"))),
    }
    if !alerts {
        let only_alerts = [
            ("for", raw.hold.as_ref().map(|v| span_of(v, source))),
            ("keep_firing_for", raw.keep_firing_for.as_ref().map(|v| span_of(v, source))),
            ("annotations", raw.annotations.as_ref().map(|v| span_of(v, source))),
        ];
        for (key, found) in only_alerts {
            if let Some(span) = found {
                out.push(Diagnostic::error(
                    source,
                    first_line(source, span),
                    format!("the recording rule {shown} has `{key}`, which only alerts have"),
                ));
            }
        }
    }
    for (name, text) in &raw.labels.0 {
        check::label(source, name, out);
        if alerts {
            check::template(source, &format!("the label `{}` of {shown}", name.value), text, functions, out);
        }
    }
    let annotations = raw.annotations.map(|a| a.value).unwrap_or_default();
    for (name, text) in &annotations.0 {
        if name.is_empty() {
            out.push(Diagnostic::error(source, span_of(name, source), "an annotation's name is empty"));
        }
        check::template(source, &format!("the annotation `{}` of {shown}", name.value), text, functions, out);
    }
    let mut labels: BTreeMap<String, String> = texts(group_labels);
    labels.extend(texts(&raw.labels));
    let (line, column) = source.position(span.start);
    let name = name.value.clone();
    Some(RuleSpec {
        name,
        expr: raw.expr.map(|expr| expr.value.trim().to_owned()).unwrap_or_default(),
        labels: labels.into_iter().collect(),
        kind: if alerts {
            RuleKind::Alerting(AlertingSpec {
                hold: raw.hold.map(|v| v.value.get()).unwrap_or_default(),
                keep_firing: raw.keep_firing_for.map(|v| v.value.get()).unwrap_or_default(),
                annotations: texts(&annotations).into_iter().collect(),
            })
        } else {
            RuleKind::Recording
        },
        line,
        column,
    })
}

fn texts(pairs: &Pairs) -> BTreeMap<String, String> {
    pairs.0.iter().map(|(name, text)| (name.value.clone(), text.value.clone())).collect()
}

/// A mark under a whole block would be long: its first line is enough to find it.
fn first_line(source: &Source, span: Span) -> Span {
    let text = &source.text[span.start..span.end];
    Span::new(span.start, span.start + text.find('\n').unwrap_or(text.len()))
}
