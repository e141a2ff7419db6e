//! `delete`: requests to delete entries, as Loki's compactor takes them.

use super::Loki;
use super::error::LokiError;
use super::params::{SECOND_NS, must_be_filters};
use crate::http::envelope::json;
use crate::http::params::Params;
use crate::http::prometheus::values::push_time;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::Response;
use phoenix_engine::logs::{DeleteRequest, DeleteStatus};

pub(super) async fn create(State(loki): State<Loki>, params: Params) -> Result<StatusCode, LokiError> {
    let asked = loki.asked(&params);
    let Some(query) = params.non_empty("query").map(str::to_owned) else { return Err(LokiError::bad_request("query not set")) };
    must_be_filters(&query, "deletes")?;
    if params.non_empty("start").is_none() {
        return Err(LokiError::bad_request("start time not set"));
    }
    let start_ns = asked.time_ns("start", 0)?;
    let end_ns = asked.time_ns("end", asked.now_ns)?;
    if end_ns > asked.now_ns.saturating_add(SECOND_NS) {
        return Err(LokiError::bad_request("deletes in the future are not allowed"));
    }
    if start_ns > end_ns {
        return Err(LokiError::bad_request("start time can't be greater than end time"));
    }
    // The entry at `end` belongs to what is deleted.
    let request = DeleteRequest { query: query.clone(), start_ns, end_ns: end_ns.saturating_add(1) };
    loki.run(&query, move |engine, _| engine.delete(&request)).await?;
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list(State(loki): State<Loki>) -> Result<Response, LokiError> {
    let requests = loki.run("", |engine, _| engine.deletes()).await?;
    let list: Vec<String> = requests.iter().map(request_json).collect();
    Ok(json(StatusCode::OK, format!("[{}]", list.join(","))))
}

fn request_json(request: &DeleteStatus) -> String {
    let text = |text: &str| serde_json::to_string(text).expect("strings serialize");
    let time = |ms: i64| {
        let mut out = String::new();
        push_time(&mut out, ms);
        out
    };
    format!(
        "{{\"request_id\":{},\"start_time\":{},\"end_time\":{},\"query\":{},\"status\":\"{}\",\"created_at\":{}}}",
        text(&request.id),
        time(request.start_ns / 1_000_000),
        time(request.end_ns / 1_000_000),
        text(&request.query),
        if request.processed { "processed" } else { "received" },
        time(request.created_ms),
    )
}

pub(super) async fn cancel(State(loki): State<Loki>, params: Params) -> Result<StatusCode, LokiError> {
    let Some(id) = params.non_empty("request_id").map(str::to_owned) else { return Err(LokiError::bad_request("request_id not set")) };
    let there = loki.run("", move |engine, _| engine.cancel_delete(&id)).await?;
    if there { Ok(StatusCode::NO_CONTENT) } else { Err(LokiError::not_found("could not find delete request with given id")) }
}
