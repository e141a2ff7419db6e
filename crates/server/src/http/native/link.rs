//! Signed links of messages: looking shows a page, only its button acts, since mail scanners follow links.

use crate::http::Api;
use axum::Router;
use axum::extract::{Form, Path, State};
use axum::http::StatusCode;
use axum::response::{Html, IntoResponse, Response};
use axum::routing::get;
use phoenix_incident::{IncidentDetail, IncidentSummary, LinkAction, LinkClaims, LinkError, Status, Via};
use serde::Deserialize;

/// How moments are written, to the second.
const MOMENT: &str = "%Y-%m-%d %H:%M:%S UTC";

pub(in crate::http) fn router() -> Router<Api> {
    Router::new().route("/act/{token}", get(show).post(act))
}

#[derive(Deserialize)]
struct Answer {
    #[serde(default)]
    who: String,
    #[serde(default)]
    note: String,
}

async fn show(State(api): State<Api>, Path(token): Path<String>) -> Response {
    let claims = match api.parts.incidents.verify_link(&token) {
        Ok(claims) => claims,
        Err(error) => return refused(&error),
    };
    match api.parts.incidents.get(claims.incident).await {
        Ok(incident) => page(StatusCode::OK, &form(&claims, &incident, "")),
        Err(error) => page(StatusCode::NOT_FOUND, &format!("<h1>Not found</h1><p>{}</p>", escape(&error.to_string()))),
    }
}

async fn act(State(api): State<Api>, Path(token): Path<String>, Form(answer): Form<Answer>) -> Response {
    let claims = match api.parts.incidents.verify_link(&token) {
        Ok(claims) => claims,
        Err(error) => return refused(&error),
    };
    let who = answer.who.trim();
    if who.is_empty() {
        return match api.parts.incidents.get(claims.incident).await {
            Ok(incident) => {
                page(StatusCode::BAD_REQUEST, &form(&claims, &incident, "Say who you are, so that the others know who has it."))
            }
            Err(error) => page(StatusCode::NOT_FOUND, &format!("<p>{}</p>", escape(&error.to_string()))),
        };
    }
    let incidents = &api.parts.incidents;
    let done = match claims.action {
        LinkAction::Acknowledge => incidents.acknowledge(claims.incident, who, Via::Link, answer.note.trim()).await,
        LinkAction::Resolve => incidents.resolve(claims.incident, who, Via::Link, answer.note.trim()).await,
    };
    let (status, text) = match done {
        Ok(_) => (StatusCode::OK, format!("<h1>{} is {}</h1><p>Thank you, {}.</p>", claims.incident, past(claims.action), escape(who))),
        Err(error) => (StatusCode::CONFLICT, format!("<h1>Nothing changed</h1><p>{}</p>", escape(&error.to_string()))),
    };
    page(status, &format!("{text}<p><a href=\"/incidents/{}\">The incident</a></p>", claims.incident))
}

fn past(action: LinkAction) -> &'static str {
    match action {
        LinkAction::Acknowledge => "acknowledged",
        LinkAction::Resolve => "resolved",
    }
}

fn refused(error: &LinkError) -> Response {
    let status = if matches!(error, LinkError::Expired { .. }) { StatusCode::GONE } else { StatusCode::BAD_REQUEST };
    page(
        status,
        &format!("<h1>This link does not work</h1><p>{}</p><p><a href=\"/incidents\">All incidents</a></p>", escape(&error.to_string())),
    )
}

fn form(claims: &LinkClaims, incident: &IncidentDetail, problem: &str) -> String {
    let summary = &incident.summary;
    let (verb, explanation) = match claims.action {
        LinkAction::Acknowledge => ("Acknowledge", "You take it: nobody else is paged for it."),
        LinkAction::Resolve => ("Resolve", "It is closed. If its alerts still fire, they open it again."),
    };
    let problem = if problem.is_empty() { String::new() } else { format!("<p role=alert class=problem>{problem}</p>") };
    if let Some(done) = done_before(claims.action, summary) {
        return format!(
            "<h1>{id} is already {done}</h1><p class=title>{title}</p><p><a href=\"/incidents/{id}\">The incident</a></p>",
            id = claims.incident,
            title = escape(&summary.title),
        );
    }
    format!(
        "<h1>{verb} {id}?</h1><p class=title>{title}</p><p>{state} since {since}<br><small>{labels}</small></p>{problem}\
         <form method=post><label>Who are you? <input name=who value=\"{who}\" required autocomplete=name></label>\
         <label>Note for the others (optional) <input name=note></label>\
         <button>{verb}</button></form><p>{explanation}</p><p><a href=\"/incidents/{id}\">Look at the incident first</a></p>",
        id = claims.incident,
        title = escape(&summary.title),
        state = summary.state.as_str(),
        since = summary.acknowledged_at.or(summary.reopened_at).unwrap_or(summary.opened_at).strftime(MOMENT),
        labels = escape(&super::incidents::heading(&summary.labels)),
        who = escape(&claims.person),
    )
}

/// Says that there is nothing left to do, when somebody was here before.
fn done_before(action: LinkAction, incident: &IncidentSummary) -> Option<String> {
    let (state, who, when) = match (incident.state, action) {
        (Status::Resolved, _) => ("resolved", &incident.resolved_by, incident.resolved_at),
        (Status::Acknowledged, LinkAction::Acknowledge) => ("acknowledged", &incident.acknowledged_by, incident.acknowledged_at),
        (Status::Acknowledged, LinkAction::Resolve) | (Status::Open, _) => return None,
    };
    let who = who.as_deref().map_or(String::new(), |who| format!(" by {}", escape(who)));
    let when = when.map_or(String::new(), |at| format!(" at {}", at.strftime(MOMENT)));
    Some(format!("{state}{who}{when}"))
}

fn page(status: StatusCode, body: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=en><meta charset=utf-8><meta name=viewport content=\"width=device-width\"><title>Phoenix</title>\
         <link rel=icon href=/favicon.svg type=image/svg+xml><style>\
         :root{{color-scheme:light dark}}body{{font:16px/1.5 system-ui,sans-serif;max-width:34rem;margin:3rem auto;padding:0 1rem}}\
         h1{{font-size:1.5rem}}.title{{font-size:1.2rem}}small{{overflow-wrap:anywhere}}.problem{{color:#c92a2a;font-weight:600}}label{{display:block;margin:.8rem 0}}\
         input{{display:block;width:100%;font:inherit;padding:.5rem;box-sizing:border-box}}\
         button{{font:inherit;font-weight:600;padding:.6rem 1.2rem;margin:.5rem 0;border:0;border-radius:4px;background:#14697c;color:#fff;cursor:pointer}}</style><main>{body}</main></html>"
    );
    (status, Html(html)).into_response()
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
