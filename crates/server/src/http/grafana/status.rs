//! What clients ask first: whether it answers, which version it is, who they are.

use super::{VERSION, data_sources};
use crate::http::Api;
use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use serde_json::{Value, json};

pub(super) async fn health(State(api): State<Api>) -> (StatusCode, Json<Value>) {
    let (status, database) = match api.parts.state.ping().await {
        Ok(()) => (StatusCode::OK, "ok"),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "failing"),
    };
    (status, Json(json!({"commit": "", "database": database, "version": VERSION, "phoenixVersion": env!("CARGO_PKG_VERSION")})))
}

pub(super) async fn settings(State(api): State<Api>) -> Json<Value> {
    let build =
        json!({"version": VERSION, "commit": "", "env": "production", "edition": "Phoenix", "phoenixVersion": env!("CARGO_PKG_VERSION")});
    Json(json!({"buildInfo": build, "datasources": data_sources::by_names(&api), "defaultDatasource": "Prometheus"}))
}

/// There is one.
pub(super) async fn organisation() -> Json<Value> {
    let address = json!({"address1": "", "address2": "", "city": "", "zipCode": "", "state": "", "country": ""});
    Json(json!({"id": 1, "name": "Main Org.", "address": address}))
}

/// There is no authentication yet: everybody is the same user, who may do everything.
pub(super) async fn user() -> Json<Value> {
    Json(json!({
        "id": 1,
        "uid": "anonymous",
        "login": "anonymous",
        "name": "anonymous",
        "email": "",
        "theme": "",
        "orgId": 1,
        "isGrafanaAdmin": true,
        "isDisabled": false,
        "isExternal": false,
        "authLabels": [],
    }))
}
