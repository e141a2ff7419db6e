//! `/datasources`: the four that Phoenix is. They can be read and not changed.

use super::GrafanaError;
use crate::http::Api;
use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use serde_json::{Value, json};

/// Kind (which is the uid, too), name, and where Grafana's own data source of this kind would be pointed to.
const ALL: [(&str, &str); 4] = [("prometheus", "Prometheus"), ("loki", "Loki"), ("tempo", "Tempo"), ("alertmanager", "Alertmanager")];

fn shown(api: &Api, at: usize) -> Value {
    let (kind, name) = ALL[at];
    let current = api.reloader.current();
    json!({
        "id": at + 1,
        "uid": kind,
        "orgId": 1,
        "name": name,
        "type": kind,
        "typeName": name,
        "typeLogoUrl": "",
        "access": "proxy",
        "url": current.settings.external_url.to_string().trim_end_matches('/'),
        "user": "",
        "database": "",
        "basicAuth": false,
        "isDefault": at == 0,
        "jsonData": if kind == "alertmanager" { json!({"implementation": "prometheus"}) } else { json!({}) },
        "readOnly": true,
    })
}

fn find(is_wanted: impl Fn(usize, &str, &str) -> bool) -> Result<usize, GrafanaError> {
    let found = ALL.iter().enumerate().find(|(at, (kind, name))| is_wanted(*at, kind, name));
    found.map(|(at, _)| at).ok_or_else(|| GrafanaError::not_found("Data source not found"))
}

pub(super) async fn list(State(api): State<Api>) -> Json<Value> {
    Json((0..ALL.len()).map(|at| shown(&api, at)).collect())
}

/// For `/frontend/settings`.
pub(super) fn by_names(api: &Api) -> Value {
    ALL.iter().enumerate().map(|(at, (_, name))| ((*name).to_owned(), shown(api, at))).collect()
}

pub(super) async fn by_number(State(api): State<Api>, Path(id): Path<usize>) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(shown(&api, find(|at, _, _| at + 1 == id)?)))
}

pub(super) async fn by_uid(State(api): State<Api>, Path(uid): Path<String>) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(shown(&api, find(|_, kind, _| kind == uid)?)))
}

pub(super) async fn by_name(State(api): State<Api>, Path(name): Path<String>) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(shown(&api, find(|_, _, known| known == name)?)))
}

pub(super) async fn number_of_name(Path(name): Path<String>) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(json!({"id": find(|_, _, known| known == name)? + 1})))
}

/// They are this program, which answers.
pub(super) async fn health(Path(uid): Path<String>) -> Result<Json<Value>, GrafanaError> {
    find(|_, kind, _| kind == uid)?;
    Ok(Json(json!({"status": "OK", "message": "Phoenix answers"})))
}

pub(super) async fn refuse() -> GrafanaError {
    GrafanaError::new(StatusCode::FORBIDDEN, "the data sources are Phoenix itself and cannot be changed")
}
