//! `annotations`: events such as deploys.

use super::NativeError;
use super::dashboards::who;
use crate::annotations::Marked;
use crate::http::Api;
use crate::http::params::Params;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::routing::{delete, get};
use axum::{Json, Router};
use phoenix_state::annotation::{AnnotationFilter, AnnotationRow};
use serde::Deserialize;
use serde_json::{Value, json};

pub(super) fn router() -> Router<Api> {
    Router::new().route("/annotations", get(list).post(add)).route("/annotations/{id}", delete(remove).get(read))
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct NewAnnotation {
    time_ms: Option<i64>,
    time_end_ms: Option<i64>,
    text: Option<String>,
    #[serde(default)]
    tags: Vec<String>,
    dashboard_uid: Option<String>,
    panel_id: Option<i64>,
    who: Option<String>,
}

async fn add(State(api): State<Api>, headers: HeaderMap, Json(new): Json<NewAnnotation>) -> Result<(StatusCode, Json<Value>), NativeError> {
    let marked = Marked {
        time_ms: new.time_ms,
        time_end_ms: new.time_end_ms,
        text: new.text,
        tags: Some(new.tags),
        dashboard_uid: new.dashboard_uid,
        panel_id: new.panel_id,
    };
    let id = api.parts.annotations.add(&who(new.who.as_deref(), &headers), marked).await?;
    Ok((StatusCode::CREATED, Json(json!({"id": id}))))
}

async fn list(State(api): State<Api>, params: Params) -> Result<Json<Value>, NativeError> {
    let filter = AnnotationFilter {
        from_ms: params.integer("from_ms")?,
        to_ms: params.integer("to_ms")?,
        tags: params.all("tags").filter(|tag| !tag.is_empty()).map(str::to_owned).collect(),
        match_any: params.get("match_any") == Some("true"),
        dashboard_uid: params.non_empty("dashboard_uid").map(str::to_owned),
        panel_id: params.integer("panel_id")?,
    };
    let rows = api.parts.annotations.list(&filter, params.integer("limit")?).await?;
    Ok(Json(json!({"annotations": rows.iter().map(shown).collect::<Vec<_>>()})))
}

async fn read(State(api): State<Api>, Path(id): Path<i64>) -> Result<Json<Value>, NativeError> {
    Ok(Json(shown(&api.parts.annotations.get(id).await?)))
}

async fn remove(State(api): State<Api>, Path(id): Path<i64>, headers: HeaderMap) -> Result<Json<Value>, NativeError> {
    api.parts.annotations.delete(&who(None, &headers), id).await?;
    Ok(Json(json!({"id": id})))
}

fn shown(row: &AnnotationRow) -> Value {
    json!({
        "id": row.id,
        "time_ms": row.time_ms,
        "time_end_ms": row.time_end_ms,
        "text": row.text,
        "tags": row.tags,
        "dashboard_uid": (!row.dashboard_uid.is_empty()).then_some(&row.dashboard_uid),
        "panel_id": (row.panel_id != 0).then_some(row.panel_id),
        "created_by": row.created_by,
    })
}
