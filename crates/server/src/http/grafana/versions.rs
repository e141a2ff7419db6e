//! Versions of dashboards. By uid they are told as Grafana 11 tells them, by number as older ones do: a list alone.

use super::dashboards::{link, model};
use super::{GrafanaError, body, who};
use crate::dashboards::{number, slug};
use crate::http::Api;
use crate::http::native::rfc3339;
use crate::http::params::Params;
use axum::Json;
use axum::body::Bytes;
use axum::extract::{Path, State};
use phoenix_state::dashboard::VersionRow;
use serde::Deserialize;
use serde_json::{Value, json};

fn shown(uid: &str, row: &VersionRow) -> Value {
    json!({
        "id": row.version,
        "dashboardId": number(uid),
        "dashboardUID": uid,
        "uid": uid,
        "parentVersion": row.version - 1,
        "restoredFrom": row.restored_from,
        "version": row.version,
        "created": rfc3339(row.created_ms),
        "createdBy": row.created_by,
        "message": row.message,
    })
}

async fn all(api: &Api, uid: &str, params: &Params) -> Result<Vec<Value>, GrafanaError> {
    let limit = params.integer("limit")?.filter(|limit| *limit > 0).map_or(usize::MAX, |limit| limit as usize);
    let start = params.integer("start")?.unwrap_or(0).max(0) as usize;
    let versions = api.parts.dashboards.versions(uid).await?;
    Ok(versions.iter().skip(start).take(limit).map(|row| shown(uid, row)).collect())
}

async fn uid_of(api: &Api, id: i64) -> Result<String, GrafanaError> {
    api.parts.dashboards.uid_of_number(id).await?.ok_or_else(|| GrafanaError::not_found("Dashboard not found"))
}

pub(super) async fn list(State(api): State<Api>, Path(uid): Path<String>, params: Params) -> Result<Json<Value>, GrafanaError> {
    Ok(Json(json!({"continueToken": "", "versions": all(&api, &uid, &params).await?})))
}

pub(super) async fn list_by_number(State(api): State<Api>, Path(id): Path<i64>, params: Params) -> Result<Json<Value>, GrafanaError> {
    let uid = uid_of(&api, id).await?;
    Ok(Json(json!(all(&api, &uid, &params).await?)))
}

pub(super) async fn read(State(api): State<Api>, Path((uid, version)): Path<(String, i64)>) -> Result<Json<Value>, GrafanaError> {
    let (row, _, original) = api.parts.dashboards.version(&uid, version).await?;
    let mut shown = shown(&uid, &row);
    shown["data"] = Value::Object(model(&original, &uid, version)?);
    Ok(Json(shown))
}

pub(super) async fn read_by_number(State(api): State<Api>, Path((id, version)): Path<(i64, i64)>) -> Result<Json<Value>, GrafanaError> {
    let uid = uid_of(&api, id).await?;
    read(State(api), Path((uid, version))).await
}

#[derive(Debug, Deserialize)]
struct Restore {
    version: i64,
}

pub(super) async fn restore(State(api): State<Api>, Path(uid): Path<String>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let Restore { version } = body(&bytes)?;
    let summary = api.parts.dashboards.restore(&who(), &uid, version).await?.summary;
    Ok(Json(json!({
        "id": number(&uid),
        "uid": uid,
        "url": link(&uid, &summary.title),
        "slug": slug(&summary.title),
        "status": "success",
        "version": summary.version,
    })))
}

pub(super) async fn restore_by_number(State(api): State<Api>, Path(id): Path<i64>, bytes: Bytes) -> Result<Json<Value>, GrafanaError> {
    let uid = uid_of(&api, id).await?;
    restore(State(api), Path(uid), bytes).await
}
