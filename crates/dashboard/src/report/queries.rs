//! Queries that are not answered: of other data sources, or wrong.

use super::Report;
use crate::dashboard::{Dashboard, PanelView};
use crate::json::{Fields, Object};
use crate::stand_ins;
use phoenix_engine::Language;
use phoenix_model::{Diagnostic, Severity};
use serde_json::Value;

/// The language of a kind of data source.
pub(crate) fn language(kind: &str) -> Option<Language> {
    Some(match kind {
        "prometheus"
        | "grafana-amazonprometheus-datasource"
        | "grafana-azureprometheus-datasource"
        | "victoriametrics-datasource"
        | "victoriametrics-metrics-datasource" => Language::PromQl,
        "loki" => Language::LogQl,
        "tempo" => Language::TraceQl,
        _ => return None,
    })
}

/// Longer queries are not looked at; the language's own parser has a limit as well.
const MAX_QUERY_BYTES: usize = 64 << 10;

/// Tells which queries of a panel are not answered.
pub(crate) fn check(panel: &PanelView<'_>, dashboard: &Dashboard, report: &mut Report) {
    for (at, target) in panel.json.list("targets").iter().enumerate() {
        let Some(target) = target.as_object() else { continue };
        // What is hidden is not missed.
        if target.flag("hide") == Some(true) {
            continue;
        }
        let path = format!("{}/targets/{at}", panel.path);
        let name = target.text("refId").unwrap_or_default();
        let source = target.object("datasource").cloned().unwrap_or_default();
        match asked(&source, dashboard) {
            Asked::Language(language) => query(target, language, panel, &path, report),
            Asked::Panel => other_panel(target, panel, dashboard, &path, report),
            Asked::Later => {}
            Asked::Nothing(message, help) => {
                report.add(Severity::Error, Some(panel), format!("{path}/datasource"), format!("query {name}: {message}"), Some(help));
            }
        }
    }
}

/// What a data source leads to.
pub(crate) enum Asked {
    Language(Language),
    /// Another panel's data.
    Panel,
    /// What a variable of an unknown kind will say.
    Later,
    /// Why not, and what to do.
    Nothing(String, String),
}

/// What a data source leads to.
pub(crate) fn asked(source: &Object, dashboard: &Dashboard) -> Asked {
    let (kind, uid) = (source.text("type").unwrap_or_default(), source.text("uid").unwrap_or_default());
    if let Some(language) = language(kind) {
        return Asked::Language(language);
    }
    let answered = "Phoenix answers queries of Prometheus, Loki and Tempo".to_owned();
    match (kind, uid) {
        ("datasource", "-- Dashboard --") => Asked::Panel,
        ("__expr__", _) | (_, "__expr__" | "-100") => {
            Asked::Nothing("expressions over other queries are not evaluated".to_owned(), "write the expression in PromQL".to_owned())
        }
        ("", uid) => {
            let variables = dashboard.json().object("templating").map_or(&[][..], |templating| templating.list("list"));
            let name = uid.trim_start_matches(['$', '{', '[']).split([':', '}', ']']).next().unwrap_or_default();
            let variable = variables.iter().filter_map(Value::as_object).find(|variable| variable.text("name") == Some(name));
            match variable.filter(|_| uid.starts_with('$') || uid.starts_with("[[")) {
                // What it is filled with is known when the dashboard is shown.
                Some(_) => Asked::Later,
                None => Asked::Nothing(
                    format!("the kind of its data source `{}` is not told", uid.chars().take(80).collect::<String>()),
                    "write `\"datasource\": {\"type\": \"prometheus\"}`, or `loki`, or `tempo`".to_owned(),
                ),
            }
        }
        (kind, _) => {
            Asked::Nothing(format!("there is no data source of the kind `{}`", kind.chars().take(80).collect::<String>()), answered)
        }
    }
}

fn other_panel(target: &Object, panel: &PanelView<'_>, dashboard: &Dashboard, path: &str, report: &mut Report) {
    let id = target.integer("panelId");
    if !id.is_some_and(|id| id != panel.id && dashboard.panels().any(|other| other.id == id)) {
        let message = match id {
            Some(id) if id == panel.id => "the panel is to show its own data".to_owned(),
            Some(id) => format!("the data of the panel with the id {id} is to be shown, which is not there"),
            None => "the data of another panel is to be shown, but not which".to_owned(),
        };
        report.add(Severity::Error, Some(panel), format!("{path}/panelId"), message, None);
    }
}

fn query(target: &Object, language: Language, panel: &PanelView<'_>, path: &str, report: &mut Report) {
    let name = target.text("refId").unwrap_or_default();
    let (key, text) = match language {
        Language::PromQl | Language::LogQl => ("expr", target.text("expr").unwrap_or_default()),
        Language::TraceQl => ("query", target.text("query").unwrap_or_default()),
    };
    if language == Language::TraceQl {
        match target.text("queryType").unwrap_or("traceql") {
            "traceql" | "traceqlSearch" | "nativeSearch" => {}
            "clear" | "serviceMap" => return,
            other => {
                let message = format!("query {name}: Tempo's query type `{}` is not answered", other.chars().take(40).collect::<String>());
                report.add(
                    Severity::Error,
                    Some(panel),
                    format!("{path}/queryType"),
                    message,
                    Some("write the query in TraceQL".to_owned()),
                );
                return;
            }
        }
    }
    if let Some(found) = wrong(text, language) {
        let message = format!("query {name} cannot be read: {}", found.message);
        report.add(Severity::Error, Some(panel), format!("{path}/{key}"), message, found.help);
    }
}

/// What is surely wrong with a query. One with variables outside of quotes may become anything.
pub(crate) fn wrong(text: &str, language: Language) -> Option<Diagnostic> {
    if text.trim().is_empty() || text.len() > MAX_QUERY_BYTES || stand_ins::is_open(text) {
        return None;
    }
    // The id of a trace is a query too.
    if language == Language::TraceQl && text.trim().bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return None;
    }
    let filled = stand_ins::fill(text);
    let found = match language {
        Language::PromQl => phoenix_promql::parse(&filled).diagnostics,
        Language::LogQl => phoenix_logql::parse(&filled).diagnostics,
        Language::TraceQl => phoenix_traceql::parse(&filled).diagnostics,
    };
    found.into_iter().find(|diagnostic| diagnostic.severity == Severity::Error)
}
