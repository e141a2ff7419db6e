//! What is wrong with the names, labels, templates and expressions of a rule file.

use phoenix_engine::Language;
use phoenix_model::labels::{METRIC_NAME, is_legacy_label_name, is_legacy_metric_name};
use phoenix_model::{Diagnostic, Severity, Source, Span};
use phoenix_template::{Functions, Template};
use phoenix_yaml::{Places, Spanned};

/// Judges expressions: the engines above do.
pub trait ExprChecker {
    /// What is wrong with an expression; spans are bytes of the expression.
    fn check(&self, language: Language, expr: &str) -> Vec<Diagnostic>;
}

impl<F: Fn(Language, &str) -> Vec<Diagnostic>> ExprChecker for F {
    fn check(&self, language: Language, expr: &str) -> Vec<Diagnostic> {
        self(language, expr)
    }
}

/// Moves what the checker found into the file.
pub(crate) fn expression(
    source: &Source,
    expr: &Spanned<String>,
    language: Language,
    checker: &dyn ExprChecker,
    out: &mut Vec<Diagnostic>,
) {
    let places = Places::new(source, phoenix_yaml::span_of(expr, source), expr);
    out.extend(checker.check(language, expr).into_iter().map(|mut found| {
        found.span = places.locate(found.span);
        found.source = Some(source.clone());
        found
    }));
}

/// The name of what a recording rule records.
pub(crate) fn metric_name(source: &Source, name: &Spanned<String>, out: &mut Vec<Diagnostic>) {
    let span = phoenix_yaml::span_of(name, source);
    if name.is_empty() {
        out.push(
            Diagnostic::error(source, span, "`record` is empty").with_help("give the name of the metric to record, such as `job:up:sum`"),
        );
    } else if name.contains(['{', '}', '(', ')', '[', ']', '"', '\n']) {
        out.push(
            Diagnostic::error(source, span, format!("`{}` is not a metric name", name.value))
                .with_help("`record` takes a name such as `job:up:sum`; the expression belongs to `expr`, labels to `labels`"),
        );
    } else if !is_legacy_metric_name(name) {
        out.push(
            Diagnostic::warning(source, span, format!("the metric name `{}` has to be quoted in queries", name.value))
                .with_help("letters, digits, `_` and `:` need no quotes"),
        );
    }
}

/// A label that a rule puts on.
pub(crate) fn label(source: &Source, name: &Spanned<String>, out: &mut Vec<Diagnostic>) {
    let span = phoenix_yaml::span_of(name, source);
    if name.is_empty() {
        out.push(Diagnostic::error(source, span, "a label's name is empty"));
    } else if **name == METRIC_NAME {
        out.push(
            Diagnostic::error(source, span, "a rule can't put on the label `__name__`")
                .with_help("the name comes from `record` or `alert`"),
        );
    } else if !is_legacy_label_name(name) {
        out.push(
            Diagnostic::warning(source, span, format!("the label name `{}` has to be quoted in queries", name.value))
                .with_help("letters, digits and `_` need no quotes"),
        );
    }
}

/// A template of an alert's label or annotation.
pub(crate) fn template(source: &Source, what: &str, text: &Spanned<String>, functions: &Functions, out: &mut Vec<Diagnostic>) {
    if let Err(error) = Template::parse_rule(what, text, functions) {
        let places = Places::new(source, phoenix_yaml::span_of(text, source), text);
        let in_text = Source::new(what, text.as_str());
        let at = if error.line == 0 { 0 } else { in_text.offset(error.line, error.column) };
        let span = places.locate(Span::new(at, at));
        out.push(Diagnostic::error(source, span, format!("the template of {what} can't be used: {}", error.message)));
    }
}

/// Whether any of them keeps the file from being used.
pub(crate) fn has_errors(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|d| d.severity == Severity::Error)
}
