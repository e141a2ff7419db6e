//! Variables and annotations that are not loaded.

use super::Report;
use super::queries::{Asked, asked, language, wrong};
use crate::dashboard::Dashboard;
use crate::json::{Fields, Object};
use phoenix_engine::Language;
use phoenix_model::Severity;
use serde_json::Value;

/// Types of variables that are loaded.
const TYPES: [&str; 10] = ["query", "custom", "interval", "textbox", "constant", "datasource", "adhoc", "groupby", "snapshot", "switch"];

/// Tells which variables and annotations of a dashboard are not loaded.
pub(crate) fn check(dashboard: &Dashboard, report: &mut Report) {
    let list = |key: &str| dashboard.json().object(key).map_or(&[][..], |part| part.list("list"));
    for (at, variable) in list("templating").iter().enumerate() {
        if let Some(variable) = variable.as_object() {
            one(variable, dashboard, &format!("/templating/list/{at}"), report);
        }
    }
    for (at, query) in list("annotations").iter().enumerate() {
        if let Some(query) = query.as_object() {
            annotation(query, dashboard, &format!("/annotations/list/{at}"), report);
        }
    }
}

fn one(variable: &Object, dashboard: &Dashboard, path: &str, report: &mut Report) {
    let name = variable.text("name").unwrap_or_default();
    let kind = variable.text("type").unwrap_or_default();
    if !TYPES.contains(&kind) {
        let message = format!("the variable `{name}` is not loaded: its type `{}` is not known", kind.chars().take(40).collect::<String>());
        report.add(Severity::Error, None, format!("{path}/type"), message, None);
        return;
    }
    if kind == "datasource" {
        let of = variable.text("query").unwrap_or_default();
        if language(of).is_none() && of != "alertmanager" && !of.contains('$') {
            let message = format!("the variable `{name}` has no choices: there is no data source of the kind `{of}`");
            let help = "Phoenix answers queries of Prometheus, Loki and Tempo".to_owned();
            report.add(Severity::Error, None, format!("{path}/query"), message, Some(help));
        }
        return;
    }
    if !["query", "adhoc", "groupby"].contains(&kind) {
        return;
    }
    let source = variable.object("datasource").cloned().unwrap_or_default();
    // Grafana's own sources hold what is not a query.
    if let Asked::Nothing(message, help) = asked(&source, dashboard) {
        report.add(
            Severity::Error,
            None,
            format!("{path}/datasource"),
            format!("the variable `{name}` is not loaded: {message}"),
            Some(help),
        );
    }
}

fn annotation(query: &Object, dashboard: &Dashboard, path: &str, report: &mut Report) {
    let source = query.object("datasource").cloned().unwrap_or_default();
    if source.text("uid") == Some("-- Grafana --") || query.flag("enable") == Some(false) && query.flag("hide") == Some(true) {
        return;
    }
    let name = query.text("name").unwrap_or_default();
    match asked(&source, dashboard) {
        Asked::Language(language @ (Language::PromQl | Language::LogQl)) => {
            if let Some(found) = query.get("expr").and_then(Value::as_str).and_then(|expr| wrong(expr, language)) {
                let message = format!("the annotations `{name}` are not shown: the query cannot be read: {}", found.message);
                report.add(Severity::Error, None, format!("{path}/expr"), message, found.help);
            }
        }
        Asked::Later => {}
        Asked::Language(Language::TraceQl) | Asked::Panel => {
            let message = format!("the annotations `{name}` are not shown: traces do not give any");
            report.add(Severity::Error, None, format!("{path}/datasource"), message, None);
        }
        Asked::Nothing(message, help) => {
            report.add(
                Severity::Error,
                None,
                format!("{path}/datasource"),
                format!("the annotations `{name}` are not shown: {message}"),
                Some(help),
            );
        }
    }
}
