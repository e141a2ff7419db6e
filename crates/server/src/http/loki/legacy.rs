//! `/api/prom/…`: the paths of Loki's first API, with their own shapes.

use super::error::LokiError;
use super::params::must_be_entries;
use super::streams::push_text;
use super::tail::{Form, open};
use super::{Loki, labels, push, query, streams};
use crate::http::envelope::json;
use crate::http::params::Params;
use axum::Router;
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::ws::rejection::WebSocketUpgradeRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::get;
use phoenix_logql::{LogEntry, LogValue};
use phoenix_model::Labels;
use serde_json::json;

pub(super) fn router() -> Router<Loki> {
    Router::new()
        .route("/query", get(entries).post(entries))
        .route("/label", get(names))
        .route("/label/{name}/values", get(values))
        .route("/series", get(labels::series).post(labels::series))
        .route("/tail", get(tail))
        .route("/push", push::legacy_handler())
}

async fn entries(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let asked = loki.asked(&params);
    let mut text = asked.query()?.to_owned();
    must_be_entries(&text, "queries of this path")?;
    if let Some(regexp) = params.non_empty("regexp") {
        text.push_str(" |~ ");
        push_text(&mut text, regexp);
    }
    let evaluated = query::evaluate(&loki, asked, text).await?;
    let LogValue::Entries(entries) = evaluated.output.value else {
        return Err(LokiError::bad_request("queries of this path take a query of log lines, not of metrics"));
    };
    let mut out = "{\"streams\":".to_owned();
    push_streams(&mut out, streams::group(entries, streams::Encoding::Merged));
    out.push_str(&format!(",\"stats\":{}}}", evaluated.stats.json()));
    Ok(json(StatusCode::OK, out))
}

async fn names(State(loki): State<Loki>, params: Params) -> Result<Response, LokiError> {
    let names = labels::name_list(&loki, &params).await?;
    Ok(json(StatusCode::OK, json!({"values": names}).to_string()))
}

async fn values(State(loki): State<Loki>, Path(name): Path<String>, params: Params) -> Result<Response, LokiError> {
    let values = labels::value_list(&loki, name, &params).await?;
    Ok(json(StatusCode::OK, json!({"values": values}).to_string()))
}

async fn tail(
    State(loki): State<Loki>,
    upgrade: Result<WebSocketUpgrade, WebSocketUpgradeRejection>,
    params: Params,
) -> Result<Response, LokiError> {
    open(loki, upgrade, &params, Form::Legacy).await
}

/// Streams in the first API's shape: labels as text, times in RFC 3339.
pub(super) fn push_streams(out: &mut String, streams: Vec<(Labels, Vec<LogEntry>)>) {
    out.push('[');
    for (i, (labels, entries)) in streams.into_iter().enumerate() {
        out.push_str(if i > 0 { ",{\"labels\":" } else { "{\"labels\":" });
        push_text(out, &labels.to_string());
        out.push_str(",\"entries\":[");
        for (i, entry) in entries.into_iter().enumerate() {
            out.push_str(if i > 0 { ",{\"ts\":\"" } else { "{\"ts\":\"" });
            match jiff::Timestamp::from_nanosecond(entry.timestamp_ns.into()) {
                Ok(time) => out.push_str(&time.to_string()),
                Err(_) => out.push_str(&entry.timestamp_ns.to_string()),
            }
            out.push_str("\",\"line\":");
            push_text(out, &entry.line);
            out.push('}');
        }
        out.push_str("]}");
    }
    out.push(']');
}
