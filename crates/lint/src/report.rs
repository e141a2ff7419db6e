//! Findings in the formats of other programs.

use crate::finding::Finding;
use crate::registry::RULES;
use phoenix_model::{Diagnostic, Severity};
use serde_json::{Value, json};

/// Lines that GitHub's runner makes annotations of.
pub fn github(diagnostics: &[Diagnostic], findings: &[Finding]) -> String {
    let own = diagnostics.iter().map(|diagnostic| annotation(diagnostic, "phoenix check"));
    let found = findings.iter().map(|finding| annotation(&finding.diagnostic, finding.rule.id));
    own.chain(found).collect()
}

fn annotation(diagnostic: &Diagnostic, title: &str) -> String {
    let level = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let message = diagnostic.help.as_ref().map_or_else(|| diagnostic.message.clone(), |help| format!("{}\n{help}", diagnostic.message));
    let mut properties = Vec::new();
    if let (Some(source), Some((line, column))) = (&diagnostic.source, diagnostic.position()) {
        properties.push(format!("file={}", property(&source.name)));
        properties.push(format!("line={line},col={column}"));
    }
    properties.push(format!("title={}", property(title)));
    format!("::{level} {}::{}\n", properties.join(","), data(&message))
}

fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A log in SARIF 2.1.0, as code scanning reads it.
pub fn sarif(diagnostics: &[Diagnostic], findings: &[Finding]) -> Value {
    let rules: Vec<Value> = RULES
        .iter()
        .flat_map(|rules| rules.iter())
        .map(|rule| {
            json!({
                "id": rule.id,
                "shortDescription": {"text": rule.title},
                "fullDescription": {"text": rule.why},
                "defaultConfiguration": {"level": level(rule.level)},
            })
        })
        .collect();
    let own = diagnostics.iter().map(|diagnostic| result(diagnostic, "phoenix/file", None));
    let found = findings.iter().map(|finding| result(&finding.diagnostic, finding.rule.id, Some(finding)));
    let results: Vec<Value> = own.chain(found).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {"name": "phoenix check", "version": env!("CARGO_PKG_VERSION"), "rules": rules}},
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

fn result(diagnostic: &Diagnostic, id: &str, finding: Option<&Finding>) -> Value {
    let text = match (&diagnostic.help, finding) {
        (Some(help), Some(finding)) => format!("{}. {} Help: {help}.", diagnostic.message, finding.why()),
        (None, Some(finding)) => format!("{}. {}", diagnostic.message, finding.why()),
        (Some(help), None) => format!("{}. Help: {help}.", diagnostic.message),
        (None, None) => diagnostic.message.clone(),
    };
    let mut result = json!({"ruleId": id, "level": level(diagnostic.severity), "message": {"text": text}});
    if let (Some(source), Some((line, column))) = (&diagnostic.source, diagnostic.position()) {
        let (end_line, end_column) = source.position(diagnostic.span.end.max(diagnostic.span.start));
        let place = json!({
            "artifactLocation": {"uri": source.name.replace(' ', "%20")},
            "region": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
        });
        result["locations"] = json!([{"physicalLocation": place}]);
        if let Some(fix) = finding.and_then(|finding| finding.fix.as_ref()) {
            let replacements: Vec<Value> = fix
                .edits
                .iter()
                .map(|edit| {
                    let ((line, column), (end_line, end_column)) = (source.position(edit.span.start), source.position(edit.span.end));
                    json!({
                        "deletedRegion": {"startLine": line, "startColumn": column, "endLine": end_line, "endColumn": end_column},
                        "insertedContent": {"text": edit.text},
                    })
                })
                .collect();
            let change = json!({"artifactLocation": {"uri": source.name.replace(' ', "%20")}, "replacements": replacements});
            result["fixes"] = json!([{"description": {"text": fix.title}, "artifactChanges": [change]}]);
        }
    }
    result
}
