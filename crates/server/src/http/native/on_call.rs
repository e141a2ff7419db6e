//! Who is on call.

use crate::http::Api;
use axum::Json;
use axum::extract::State;
use serde_json::{Value, json};

pub(super) async fn read(State(api): State<Api>) -> Json<Value> {
    let current = api.reloader.current();
    let mut body = json!(api.parts.incidents.on_call());
    body["configured"] = json!(current.on_call.is_some());
    body["warnings"] = json!(current.on_call_warnings());
    Json(body)
}
